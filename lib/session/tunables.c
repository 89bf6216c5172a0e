/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transmission parameters of a session. All sessions share the defaults until
 * one is set; a value that makes no sense is refused with a log line.
 */
#include "base/alloc.h"
#include "session/session.h"

/* This session's own copy, or NULL when out of memory. */
static struct msg_params *
own_params(coap_session_t *session)
{
	struct msg_params *p;

	if (session->own_params)
		return (struct msg_params *)(uintptr_t)session->params;
	p = mem_new(COAP_SESSION, 1, sizeof *p);
	if (!p)
		return NULL;
	*p = *session->params;
	session->params = p;
	session->own_params = true;
	if (!session_reliable(session))
		session->msg.dgram.params = p;
	return p;
}

static void
tell(const coap_session_t *session, bool ok, const char *name)
{
	coap_log(ok ? COAP_LOG_DEBUG : COAP_LOG_WARN, "***%s: session %s %s\n",
	    coap_session_str(session), name, ok ? "set" : "rejected");
}

/* Seconds may have a fraction; zero and below `low` thousandths may not be. */
static void
set_fixed(coap_session_t *session, size_t offset, coap_fixed_point_t value,
    uint32_t low, const char *name)
{
	bool ok = value.fractional_part < 1000 && msg_fixed_ms(value) >= low;
	struct msg_params *p = ok ? own_params(session) : NULL;

	if (p)
		memcpy((char *)p + offset, &value, sizeof value);
	tell(session, p != NULL, name);
}

static void
set_u16(coap_session_t *session, size_t offset, uint16_t value,
    const char *name)
{
	struct msg_params *p = value > 0 ? own_params(session) : NULL;

	if (p)
		memcpy((char *)p + offset, &value, sizeof value);
	tell(session, p != NULL, name);
}

static const struct msg_params *
params_of(const coap_session_t *session)
{
	return session ? session->params : &msg_params_default;
}

/* One setter and one getter for each parameter of a kind. */
#define FIXED(name, low)                                                      \
	void coap_session_set_##name(coap_session_t *session,                 \
	    coap_fixed_point_t value)                                         \
	{                                                                     \
		if (session)                                                  \
			set_fixed(session, offsetof(struct msg_params, name), \
			    value, (low), #name);                             \
	}                                                                     \
	coap_fixed_point_t coap_session_get_##name(                           \
	    const coap_session_t *session)                                    \
	{                                                                     \
		return params_of(session)->name;                              \
	}

#define U16(name)                                                             \
	void coap_session_set_##name(coap_session_t *session, uint16_t value) \
	{                                                                     \
		if (session)                                                  \
			set_u16(session, offsetof(struct msg_params, name),   \
			    value, #name);                                    \
	}                                                                     \
	uint16_t coap_session_get_##name(const coap_session_t *session)       \
	{                                                                     \
		return params_of(session)->name;                              \
	}

FIXED(ack_timeout, 1)
FIXED(ack_random_factor, 1000)
FIXED(default_leisure, 1)
FIXED(non_timeout, 1)
FIXED(non_receive_timeout, 1)
U16(max_retransmit)
U16(nstart)
U16(max_payloads)
U16(non_max_retransmit)

void
coap_session_set_probing_rate(coap_session_t *session, uint32_t value)
{
	struct msg_params *p;

	if (!session)
		return;
	p = value > 0 ? own_params(session) : NULL;
	if (p)
		p->probing_rate = value;
	if (p)
		session_arm(session);
	tell(session, p != NULL, "probing_rate");
}

uint32_t
coap_session_get_probing_rate(const coap_session_t *session)
{
	return params_of(session)->probing_rate;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Echo (RFC 9175 section 2): values that a client gives back, and those by
 * which a server tells whether a request is fresh. A server keeps none of them:
 * a value is the time and a keyed hash of it and of the peer (an integrity-
 * protected timestamp, appendix A). SipHash-2-4 is made for this: 64 bits that
 * nobody can make or change without the key, which is random and of the context
 * alone.
 */
#include "session/traffic/echo.h"

#include <coap3/coap_prng.h>

#include "base/alloc.h"
#include "exchange/transfer.h"
#include "session/context.h"

/* --- a client ------------------------------------------------------------- */

void
echo_take(coap_session_t *session, const coap_pdu_t *response)
{
	coap_bin_const_t value = transfer_echo(response);
	struct session_extra *extra;

	if (value.length == 0)
		return;
	extra = session_extra(session);
	/* Without memory the server asks again. */
	if (!extra)
		return;
	memcpy(extra->echo, value.s, value.length);
	extra->echo_len = (uint8_t)value.length;
}

void
echo_give(coap_session_t *session, coap_pdu_t *request)
{
	struct session_extra *extra = session->extra;
	coap_opt_iterator_t oi;

	if (!extra || extra->echo_len == 0)
		return;
	/* One that does not fit any more is left out: a server that needs it
	 * asks for it. */
	if (!coap_check_option(request, COAP_OPTION_ECHO, &oi))
		pdu_put_option(request, COAP_OPTION_ECHO, extra->echo_len,
		    extra->echo);
	extra->echo_len = 0;
}

void
echo_forget(coap_session_t *session)
{
	if (session->extra)
		session->extra->echo_len = 0;
}

/* --- a server ------------------------------------------------------------- */

/* On the wire: the time, which the hash hides, and the hash. */
struct value {
	uint64_t time; /* ms on the context's clock */
	uint64_t mac;
};

/* What the hash is of: everything is set, also between the members. */
struct claim {
	uint64_t time;
	uint64_t session; /* 0: the peer is its address */
	uint64_t proto;
	uint8_t address[16];
	uint64_t port;
};

static bool
keys_are_there(coap_context_t *context)
{
	if (!context->echo_keyed)
		context->echo_keyed = coap_prng(context->echo_key,
					  sizeof(context->echo_key)) != 0;
	return context->echo_keyed;
}

/* Over UDP a session may have been dropped and come anew meanwhile; all others
 * are peers of their own. */
static uint64_t
mac_of(const coap_session_t *session, uint64_t time)
{
	const coap_address_t *peer = &session->remote;
	struct claim claim;

	memset(&claim, 0, sizeof(claim));
	claim.time = time;
	claim.proto = session->proto->proto;
	if (session_reliable(session) || session->proto->secure)
		claim.session = session->id;
	claim.port = coap_address_get_port(peer);
	if (peer->addr.sa.sa_family == AF_INET6)
		memcpy(claim.address, &peer->addr.sin6.sin6_addr, 16);
	else if (peer->addr.sa.sa_family == AF_INET)
		memcpy(claim.address, &peer->addr.sin.sin_addr, 4);
	return hash_keyed(&session->context->echo_key[0], &claim,
	    sizeof(claim));
}

static uint64_t
mask_of(const coap_session_t *session, uint64_t mac)
{
	return hash_keyed(&session->context->echo_key[1], &mac, sizeof(mac));
}

static uint64_t
now_ms(const coap_session_t *session)
{
	return context_clock_us(session->context) / 1000;
}

bool
echo_is_fresh(const coap_session_t *session, const coap_pdu_t *request,
    unsigned max_age)
{
	coap_bin_const_t given = transfer_echo(request);
	uint64_t now = now_ms(session);
	struct value value;

	if (given.length != sizeof(value) || !keys_are_there(session->context))
		return false;
	memcpy(&value, given.s, sizeof(value));
	value.time ^= mask_of(session, value.mac);
	return value.mac == mac_of(session, value.time) && value.time <= now &&
	    now - value.time <= (uint64_t)max_age * 1000;
}

bool
echo_challenge(coap_session_t *session, coap_pdu_t *response)
{
	uint64_t now = now_ms(session);
	struct value value = { .mac = 0 };

	if (!keys_are_there(session->context))
		return false;
	value.mac = mac_of(session, now);
	value.time = now ^ mask_of(session, value.mac);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_UNAUTHORIZED);
	return coap_add_option(response, COAP_OPTION_ECHO, sizeof(value),
		   (const uint8_t *)&value) > 0;
}

int
coapx_echo_check(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, unsigned max_age)
{
	if (!session || !request || !response)
		return 0;
	/* What its handler is called for again was fresh when it came. */
	if (request->fresh)
		return 1;
	if (echo_is_fresh(session, request, max_age)) {
		((coap_pdu_t *)(uintptr_t)request)->fresh = true;
		return 1;
	}
	if (!echo_challenge(session, response))
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings of a context: limits and times of all its sessions. */
#include <utlist.h>

#include "session/session.h"

#define CSM_TIMEOUT_MIN_MS 10
#define CSM_TIMEOUT_MAX_MS 10000
#define CSM_SIZE_MIN       1152

static unsigned
clamp(unsigned value, unsigned low, unsigned high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

void
coap_context_set_keepalive(coap_context_t *context, unsigned int seconds)
{
	coap_session_t *session;

	if (!context)
		return;
	context_enter(context);
	context->set.keepalive = seconds;
	DL_FOREACH(context->clients, session) {
		if (session->keepalive == KEEPALIVE_OF_CONTEXT)
			keepalive_start(session);
		session_arm(session);
	}
	context_leave(context);
}

void
coap_context_set_max_token_size(coap_context_t *context, size_t max_token_size)
{
	if (!context)
		return;
	if (max_token_size < COAP_TOKEN_DEFAULT_MAX ||
	    max_token_size > COAP_TOKEN_EXT_MAX) {
		coap_log_warn("max token size %zu rejected: not in %d..%d\n",
		    max_token_size, COAP_TOKEN_DEFAULT_MAX, COAP_TOKEN_EXT_MAX);
		return;
	}
	context->set.max_token_size = (uint32_t)max_token_size;
}

void
coap_context_set_max_idle_sessions(coap_context_t *context,
    unsigned int max_idle_sessions)
{
	if (context)
		context->set.max_idle_sessions = max_idle_sessions;
}

unsigned int
coap_context_get_max_idle_sessions(const coap_context_t *context)
{
	return context ? context->set.max_idle_sessions : 0;
}

void
coap_context_set_session_timeout(coap_context_t *context,
    unsigned int session_timeout)
{
	coap_session_t *session;

	if (!context)
		return;
	context_enter(context);
	context->set.session_timeout = session_timeout;
	DL_FOREACH(context->idle, session)
		session_arm(session);
	context_leave(context);
}

unsigned int
coap_context_get_session_timeout(const coap_context_t *context)
{
	return context ? context->set.session_timeout : 0;
}

void
coap_context_set_csm_timeout_ms(coap_context_t *context,
    unsigned int csm_timeout_ms)
{
	if (context)
		context->set.csm_timeout_ms = clamp(csm_timeout_ms,
		    CSM_TIMEOUT_MIN_MS, CSM_TIMEOUT_MAX_MS);
}

unsigned int
coap_context_get_csm_timeout_ms(const coap_context_t *context)
{
	return context ? context->set.csm_timeout_ms : 0;
}

void
coap_context_set_csm_timeout(coap_context_t *context, unsigned int csm_timeout)
{
	coap_context_set_csm_timeout_ms(context,
	    clamp(csm_timeout, 0, CSM_TIMEOUT_MAX_MS / 1000) * 1000);
}

unsigned int
coap_context_get_csm_timeout(const coap_context_t *context)
{
	return (coap_context_get_csm_timeout_ms(context) + 500) / 1000;
}

void
coap_context_set_csm_max_message_size(coap_context_t *context,
    uint32_t csm_max_message_size)
{
	if (!context)
		return;
	if (csm_max_message_size < CSM_SIZE_MIN) {
		coap_log_warn("CSM max message size %u rejected: below %d\n",
		    csm_max_message_size, CSM_SIZE_MIN);
		return;
	}
	context->set.csm_max_message_size = csm_max_message_size;
}

uint32_t
coap_context_get_csm_max_message_size(const coap_context_t *context)
{
	return context ? context->set.csm_max_message_size : 0;
}

void
coap_context_set_max_handshake_sessions(coap_context_t *context,
    unsigned int max_handshake_sessions)
{
	if (context)
		context->set.max_handshake_sessions = max_handshake_sessions;
}

unsigned int
coap_context_get_max_handshake_sessions(const coap_context_t *context)
{
	return context ? context->set.max_handshake_sessions : 0;
}

void
coapx_context_set_max_amplification(coap_context_t *context, unsigned factor)
{
	if (context)
		context->set.amplification = factor;
}

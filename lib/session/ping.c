/* SPDX-License-Identifier: BSD-2-Clause */
/* Pings, asked for by the application or by keepalive. */
#include <utlist.h>

#include "base/alloc.h"
#include "session/app_request.h"

/* Puts a ping on the wire: the message id (0 on streams) or an error. */
static int
send_ping(coap_session_t *session)
{
	coap_context_t *context = session->context;

	if (!session->layer || session->state != COAP_SESSION_STATE_ESTABLISHED)
		return -COAP_E_STATE;
	if (session_reliable(session))
		return stream_ping(&session->msg.stream, false);
	return dgram_ping(&session->msg.dgram, context_now(context));
}

coap_mid_t
coap_session_send_ping(coap_session_t *session)
{
	int err;

	if (!session)
		return COAP_INVALID_MID;
	context_enter(session->context);
	err = send_ping(session);
	session_arm(session);
	context_leave(session->context);
	return err < 0 ? COAP_INVALID_MID : err;
}

/* Only one is on the wire, so that what is given up makes way for the next. */
static void
forget(coap_session_t *session, const coapx_request_t *a)
{
	if (a->sent && session->layer && !session_reliable(session))
		dgram_forget_ping(&session->msg.dgram);
}

static void
send_waiting(coap_session_t *session)
{
	coapx_request_t *a;

	LL_FOREACH(session_pings(session), a) {
		if (a->sent || send_ping(session) < 0)
			continue;
		a->sent = true;
		a->started_us = context_clock_us(session->context);
	}
}

static void
ping_end(coap_session_t *session, coapx_request_t *a, coap_nack_reason_t reason,
    int err)
{
	coapx_result_t result = {
		.error = err,
		.reason = reason,
		.rtt_us = context_clock_us(session->context) - a->started_us,
	};

	if (err < 0)
		forget(session, a);
	LL_DELETE(session->extra->pings, a);
	app_request_end(a, &result);
}

/* Pings are answered in order: the oldest that was sent is the one. */
void
ping_answered(coap_session_t *session)
{
	coapx_request_t *a = session_pings(session);

	session->keepalive_sent = false;
	if (a && a->sent)
		ping_end(session, a, COAP_NACK_NOT_DELIVERABLE, 0);
	ping_expire(session, context_now(session->context));
}

void
ping_failed(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	/* Those that a handler adds now are not this failure's. */
	coapx_request_t *list = session_pings(session);
	coapx_request_t *a;

	LL_FOREACH(list, a)
		a->failing = true;
	for (a = list; a && a->failing; a = session_pings(session))
		ping_end(session, a, reason, err);
}

void
ping_lost(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	coapx_request_t *a = session_pings(session);

	if (a && a->sent)
		ping_end(session, a, reason, err);
	ping_expire(session, context_now(session->context));
}

/* The Pong of a stream's ping still comes, in its order, so the place is kept
 * for it. */
void
ping_cancel(coap_session_t *session, coapx_request_t *a)
{
	if (a->sent && session_reliable(session) && session->layer) {
		a->params.result = NULL;
		a->deadline = TIMER_NEVER;
		return;
	}
	forget(session, a);
	LL_DELETE(session->extra->pings, a);
	coap_free_type(COAP_NODE, a);
	send_waiting(session);
}

void
ping_icmp(coap_session_t *session, int err)
{
	coapx_request_t *a = session_pings(session);

	while (a) {
		if (a->sent && (a->params.flags & COAPX_REQUEST_END_ON_ICMP)) {
			ping_end(session, a, COAP_NACK_ICMP_ISSUE, err);
			a = session_pings(session);
		} else {
			a = a->next;
		}
	}
	ping_expire(session, context_now(session->context));
}

/* Ends those that are late, sends those that waited. */
void
ping_expire(coap_session_t *session, coap_tick_t now)
{
	coapx_request_t *a = session_pings(session);

	while (a) {
		if (a->deadline > now) {
			a = a->next;
			continue;
		}
		session_set_error(session, -COAP_E_TIMEOUT, ERROR_LOCAL);
		ping_end(session, a, COAP_NACK_TOO_MANY_RETRIES,
		    -COAP_E_TIMEOUT);
		a = session_pings(session);
	}
	send_waiting(session);
}

coap_tick_t
ping_next(const coap_session_t *session)
{
	const coapx_request_t *a;
	coap_tick_t next = TIMER_NEVER;

	LL_FOREACH(session_pings(session), a)
		if (a->deadline < next)
			next = a->deadline;
	return next;
}

coapx_request_t *
coapx_ping_send(coap_session_t *session, const coapx_request_params_t *params,
    int *err)
{
	coapx_request_t *a = NULL;
	int e = -COAP_E_INVAL;

	if (session && params && params->size == sizeof *params) {
		e = session_is_open(session) ? -COAP_E_NOMEM : -COAP_E_CLOSED;
		if (e == -COAP_E_NOMEM && session_extra(session))
			a = mem_new(COAP_NODE, 1, sizeof *a);
	}
	if (!a) {
		if (err)
			*err = e;
		return NULL;
	}
	context_enter(session->context);
	a->session = session;
	a->params = *params;
	a->started_us = context_clock_us(session->context);
	a->deadline = params->timeout_ms
	    ? context_now(session->context) + params->timeout_ms
	    : TIMER_NEVER;
	LL_APPEND(session->extra->pings, a);
	if (session_pings(session) == a)
		a->sent = send_ping(session) >= 0;
	session_arm(session);
	context_leave(session->context);
	if (err)
		*err = 0;
	return a;
}

/* --- keepalive ----------------------------------------------------------- */

static coap_tick_t
keepalive_of(const coap_session_t *session)
{
	if (session->keepalive == KEEPALIVE_OF_CONTEXT)
		return session->context->set.keepalive;
	return session->keepalive;
}

static bool
keepalive_applies(const coap_session_t *session)
{
	return keepalive_of(session) > 0 && session->layer &&
	    session->type == COAP_SESSION_TYPE_CLIENT &&
	    session->state == COAP_SESSION_STATE_ESTABLISHED;
}

coap_tick_t
keepalive_next(const coap_session_t *session)
{
	if (!keepalive_applies(session))
		return TIMER_NEVER;
	return session->active + keepalive_of(session) * COAP_TICKS_PER_SECOND;
}

void
keepalive_check(coap_session_t *session, coap_tick_t now)
{
	if (keepalive_next(session) > now)
		return;
	session->active = now;
	if (session->keepalive_sent) {
		session_set_error(session, -COAP_E_TIMEOUT, ERROR_NETWORK);
		session_event(session, COAP_EVENT_KEEPALIVE_FAILURE);
		/* When that one was given up, another asks: it may be back. */
		send_ping(session);
		return;
	}
	session->keepalive_sent = send_ping(session) >= 0;
}

int
coapx_session_set_keepalive(coap_session_t *session, unsigned seconds)
{
	if (!session)
		return -COAP_E_INVAL;
	context_enter(session->context);
	session->keepalive =
	    seconds < KEEPALIVE_OF_CONTEXT ? seconds : KEEPALIVE_OF_CONTEXT - 1;
	session_arm(session);
	context_leave(session->context);
	return 0;
}

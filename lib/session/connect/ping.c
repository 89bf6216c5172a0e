/* SPDX-License-Identifier: BSD-2-Clause */
/* Pings, asked for by the application or by keepalive. */
#include <utlist.h>

#include "base/alloc.h"
#include "base/sized.h"
#include "session/traffic/app_request.h"

/* Puts a ping on the wire: the message id (0 on streams) or an error. */
static int
send_ping(coap_session_t *session)
{
	coap_context_t *context = session->context;

	if (!session->layer || session->state != COAP_SESSION_STATE_ESTABLISHED)
		return -COAP_E_STATE;
	if (session_is_mcast(session))
		return -COAP_E_MCAST;
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
		if (a->sent)
			continue;
		a->started_us = context_clock_us(session->context);
		a->sent = send_ping(session) >= 0;
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

	if (a && a->sent)
		ping_end(session, a, COAP_NACK_NOT_DELIVERABLE, 0);
	ping_expire(session, context_now(session->context));
}

void
ping_failed(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	/* Those that a handler adds now are not this failure's; those that did
	 * not leave yet wait for the next transport, if there will be one. */
	coapx_request_t *list = session_pings(session);
	coapx_request_t *a;

	LL_FOREACH(list, a)
		a->failing = a->sent || !session->reconnecting;
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
	coapx_request_params_t p;
	coapx_request_t *a = NULL;
	int e = -COAP_E_INVAL;

	if (session && sized_take(&p, sizeof p, params)) {
		e = session_is_mcast(session)  ? -COAP_E_MCAST
		    : session_is_open(session) ? -COAP_E_NOMEM
					       : -COAP_E_CLOSED;
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
	a->params = p;
	a->started_us = context_clock_us(session->context);
	a->deadline = p.timeout_ms
	    ? context_now(session->context) + p.timeout_ms
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

/* So many in a row, and the peer is taken for dead. */
#define KEEPALIVE_MISSED_MAX 3

/* A server's session has keepalive only when it was set on itself. */
static coap_tick_t
keepalive_of(const coap_session_t *session)
{
	if (session_is_mcast(session))
		return 0;
	if (session->keepalive != KEEPALIVE_OF_CONTEXT)
		return session->keepalive;
	if (session->type != COAP_SESSION_TYPE_CLIENT)
		return 0;
	return session->context->set.keepalive;
}

void
keepalive_start(coap_session_t *session)
{
	session->keepalive_missed = 0;
	if (keepalive_of(session) > 0 && session_extra(session))
		session->extra->quiet_since = context_now(session->context);
}

void
keepalive_heard(coap_session_t *session)
{
	session->keepalive_missed = 0;
	if (session->extra)
		session->extra->quiet_since = context_now(session->context);
}

/* Without memory for it, what was sent counts as well. */
static coap_tick_t
quiet_since(const coap_session_t *session)
{
	return session->extra ? session->extra->quiet_since : session->active;
}

coap_tick_t
keepalive_next(const coap_session_t *session)
{
	coap_tick_t interval = keepalive_of(session) * COAP_TICKS_PER_SECOND;

	if (interval == 0 || !session->layer ||
	    session->state != COAP_SESSION_STATE_ESTABLISHED)
		return TIMER_NEVER;
	return quiet_since(session) + interval;
}

/*
 * A ping that cannot be sent counts as one that has no answer: a transport
 * that takes nothing is as dead as a peer that says nothing. One that is still
 * out makes way: its next repetition may be minutes away by now.
 */
static void
keepalive_ping(coap_session_t *session, coap_tick_t now)
{
	session->keepalive_missed++;
	session->active = now;
	if (session->extra)
		session->extra->quiet_since = now;
	if (!session_reliable(session))
		dgram_forget_ping(&session->msg.dgram);
	send_ping(session);
}

void
keepalive_check(coap_session_t *session, coap_tick_t now)
{
	unsigned missed = session->keepalive_missed;

	if (keepalive_next(session) > now)
		return;
	if (missed == 0) {
		keepalive_ping(session, now);
		return;
	}
	session_set_error(session, -COAP_E_TIMEOUT, ERROR_NETWORK);
	if (missed < KEEPALIVE_MISSED_MAX)
		keepalive_ping(session, now);
	session_event(session, COAP_EVENT_KEEPALIVE_FAILURE);
	if (missed == KEEPALIVE_MISSED_MAX && session->layer &&
	    session->keepalive_missed == missed &&
	    keepalive_next(session) <= now)
		session_down(session, COAP_NACK_TOO_MANY_RETRIES,
		    -COAP_E_TIMEOUT, false);
}

int
coapx_session_set_keepalive(coap_session_t *session, unsigned seconds)
{
	if (!session)
		return -COAP_E_INVAL;
	context_enter(session->context);
	session->keepalive =
	    seconds < KEEPALIVE_OF_CONTEXT ? seconds : KEEPALIVE_OF_CONTEXT - 1;
	keepalive_start(session);
	session_arm(session);
	context_leave(session->context);
	return 0;
}

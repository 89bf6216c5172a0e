/* SPDX-License-Identifier: BSD-2-Clause */
/* States, events and the one timer of a session. */
#include "session/body/blockwise.h"
#include "session/traffic/async.h"
#include "session/traffic/echo.h"

#include "base/err.h"
#include "session/body/qblock.h"
#include "session/connect/endpoint.h"
#include "session/connect/linger.h"
#include "session/connect/reconnect.h"
#include "session/group/mcast.h"
#include "session/observe/observe_client.h"
#include "session/observe/observe_server.h"
#include "session/proxy/proxy.h"
#include "session/secure/secure.h"
#include "session/traffic/release.h"

void
session_set_error(coap_session_t *session, int err, enum error_source source)
{
	session->error = err;
	session->error_source = (uint8_t)source;
}

void
session_set_state(coap_session_t *session, coap_session_state_t state)
{
	if (session->state == state)
		return;
	session->state = (uint8_t)state;
	trace_text(session, COAPX_TRACE_STATE, coapx_state_name(state));
}

/* Tells both handlers; either may do anything. */
void
session_event(coap_session_t *session, int event)
{
	coap_context_t *context = session->context;

	if (event == PROTO_NO_EVENT)
		return;
	coap_log_debug("%s: event %s\n", coap_session_str(session),
	    coapx_event_name((coap_event_t)event));
	if (context->on.event)
		context->on.event(session, (coap_event_t)event);
	if (context->on.event_arg)
		context->on.event_arg(session, (coap_event_t)event,
		    context->on.event_arg_data);
}

int
coap_handle_event(coap_context_t *context, coap_event_t event,
    coap_session_t *session)
{
	int handled;

	if (!context || !session)
		return 0;
	context_enter(context);
	handled = context->on.event != NULL || context->on.event_arg != NULL;
	session_event(session, (int)event);
	context_leave(context);
	return handled;
}

/* Tells that messages can be exchanged, and sends those that waited. */
static void
announce(coap_session_t *session)
{
	session->announce = false;
	session->connected = true;
	session->settled = true;
	keepalive_start(session);
	session_event(session, COAP_EVENT_SESSION_CONNECTED);
	if (session->endpoint && session->layer)
		session_event(session, COAP_EVENT_SERVER_SESSION_CONNECTED);
	reconnect_established(session);
	if (session->layer)
		session_flush_pending(session);
	ping_expire(session, context_now(session->context));
	session_arm(session);
}

void
session_established(coap_session_t *session)
{
	if (session->state == COAP_SESSION_STATE_ESTABLISHED || !session->layer)
		return;
	session_set_state(session, COAP_SESSION_STATE_ESTABLISHED);
	announce(session);
}

/* A client's plain datagram session stands inside its own constructor, where
 * nobody can be told yet: the state is set, the timer tells. */
static void
datagram_up(coap_session_t *session)
{
	if (reconnect_probe(session))
		return;
	session_set_state(session, COAP_SESSION_STATE_ESTABLISHED);
	if (session->endpoint || session->proto->rungs[0] != RUNG_NONE) {
		announce(session);
		return;
	}
	if (!session->connected)
		session->announce = true;
	session_arm(session);
}

static void
stream_up(coap_session_t *session)
{
	coap_context_t *context = session->context;
	int err;

	session_set_state(session, COAP_SESSION_STATE_CSM);
	stream_free(&session->msg.stream);
	session_messages_init(session);
	err = stream_start(&session->msg.stream, context_now(context),
	    context->set.csm_timeout_ms);
	if (err < 0) {
		session_set_error(session, err, ERROR_LOCAL);
		session_down(session, COAP_NACK_NOT_DELIVERABLE, err, false);
		return;
	}
	session_arm(session);
}

void
session_stands(coap_session_t *session)
{
	if (session_reliable(session))
		stream_up(session);
	else
		datagram_up(session);
}

void
session_up(coap_session_t *session, struct layer *layer, coap_tick_t limit)
{
	int ifindex = 0;

	session->layer = layer;
	session->heard = false;
	if (!session->endpoint &&
	    layer_local(layer, &session->local, &ifindex) == 0 && ifindex > 0)
		session->ifindex = ifindex;
	session->stood = true;
	if (session_reliable(session))
		session_set_state(session,
		    session->proto->rungs[0] == RUNG_NONE
			? COAP_SESSION_STATE_CSM
			: COAP_SESSION_STATE_CONNECTING);
	if (session_reliable(session))
		session_event(session, session->proto->event_connected);
	if (!session->layer)
		return;
	if (session->proto->rungs[0] == RUNG_NONE) {
		session_stands(session);
		return;
	}
	climb_begin(session, limit);
	/* A client's datagram transport stands inside its own constructor,
	 * where no handler may be called: the timer goes on. */
	if (session_reliable(session) || session->endpoint)
		climb(session);
	else
		session_arm(session);
}

/* The layers above the socket, the top first. */
static const struct {
	unsigned owed;
	int event;
} upper[] = {
	{ OWED_WS, COAP_EVENT_WS_CLOSED },
	{ OWED_TLS, COAP_EVENT_DTLS_CLOSED },
	{ OWED_TLS_ERROR, COAP_EVENT_DTLS_ERROR },
};

/* Once in a session's life, and only when no further attempt follows. */
static void
tell_failed(coap_session_t *session)
{
	if (session->settled || session->reconnecting)
		return;
	session->settled = true;
	session_event(session, COAP_EVENT_SESSION_FAILED);
}

/*
 * The pair that every protocol has, after the protocol's own events. A handler
 * may end the session: what is still owed is then told on the way, before
 * SERVER_SESSION_DEL.
 */
static void
tell_closed(coap_session_t *session)
{
	const struct proto *proto = session->proto;
	bool connected = session->connected;
	size_t i;

	for (i = 0; i < sizeof upper / sizeof upper[0]; i++) {
		if (!(session->owed & upper[i].owed))
			continue;
		session->owed &= (uint8_t)~upper[i].owed;
		session_event(session, upper[i].event);
	}
	if (session->owed & OWED_PROTOCOL) {
		session->owed &= (uint8_t)~OWED_PROTOCOL;
		session_event(session,
		    session->owed & OWED_STOOD ? proto->event_closed
					       : proto->event_failed);
	}
	if (session->owed & OWED_SESSION) {
		session->owed &= (uint8_t) ~(OWED_SESSION | OWED_STOOD);
		session->connected = false;
		if (connected)
			session_event(session, COAP_EVENT_SESSION_CLOSED);
		else
			tell_failed(session);
	}
	if (session->owed & OWED_LOST) {
		session->owed &= (uint8_t)~OWED_LOST;
		session_event(session, COAP_EVENT_RECONNECT_FAILED);
	}
	if (session->owed & OWED_NO_MORE) {
		session->owed &= (uint8_t)~OWED_NO_MORE;
		session_event(session, COAP_EVENT_RECONNECT_NO_MORE);
	}
}

/* A datagram session that was never announced tells both, so that each closed
 * event has its connected event. */
static void
tell_connected(coap_session_t *session)
{
	if (!session->announce)
		return;
	session->announce = false;
	session->connected = true;
	session->settled = true;
	session_event(session, COAP_EVENT_SESSION_CONNECTED);
}

/* The transport goes, and nobody has heard of it yet. */
static void
cut(coap_session_t *session, bool orderly)
{
	coap_session_state_t was = session->state;
	struct layer *layer = session->layer;
	bool lingers = orderly && layer && !session->in_layer &&
	    session_reliable(session) && was >= COAP_SESSION_STATE_CSM;
	int released = 0;

	session->owed = (uint8_t)((session->owed & OWED_NO_MORE) |
	    OWED_PROTOCOL | OWED_SESSION | (session->stood ? OWED_STOOD : 0) |
	    climb_owed(session));
	session->stood = false;
	session->rung = 0;
	session->rung_put = false;
	climb_end(session);
	secure_remember(session);
	if (session_reliable(session)) {
		if (lingers)
			released = stream_release(&session->msg.stream);
		stream_stop(&session->msg.stream);
	}
	session->layer = NULL;
	session->blocked = false;
	session->tell_sent = false;
	connect_cancel(session);
	endpoint_retire(session);
	session_set_state(session, COAP_SESSION_STATE_NONE);
	/* A stream's orderly end goes on without the session. */
	if (!lingers || !linger_take(session, layer, released != -COAP_E_AGAIN))
		session_retire_layer(session, layer, orderly);
}

void
session_down(coap_session_t *session, coap_nack_reason_t reason, int err,
    bool orderly)
{
	bool open = session->layer || session->connect || session->announce ||
	    reconnect_is_trying(session);

	if (!open && !session->owed)
		return;
	context_enter(session->context);
	if (open) {
		session_set_error(session, err,
		    session->error == err ? session->error_source
					  : ERROR_LOCAL);
		session->reason = (uint8_t)reason;
		cut(session, orderly);
		reconnect_decide(session);
		tell_connected(session);
	}
	/* A handler may come back here: the end goes on with its reason. */
	reason = (coap_nack_reason_t)session->reason;
	err = session->error;
	session_drop_pending(session, reason);
	session_unsend(session);
	if (!session_reliable(session))
		dgram_reset(&session->msg.dgram, reason);
	requests_end_all(session, reason, err);
	ping_failed(session, reason, err);
	observe_down(session, reason, err);
	notify_forget(session);
	blockwise_forget(session);
	session_async_forget(session);
	mcast_late_forget(session);
	if (session->proxied)
		proxy_client_gone(session);
	echo_forget(session);
	tell_closed(session);
	session_arm(session);
	context_leave(session->context);
}

/* --- the timer ----------------------------------------------------------- */

static coap_tick_t
earlier(coap_tick_t a, coap_tick_t b)
{
	return a < b ? a : b;
}

/* When the message layer wants to be called. */
static coap_tick_t
message_next(const coap_session_t *session)
{
	if (session_reliable(session))
		return stream_next(&session->msg.stream);
	return dgram_next(&session->msg.dgram);
}

static bool
is_busy(const coap_session_t *session)
{
	/* A peer that takes nothing is not waited for longer than an idle one. */
	if (session->requests.count > 0 || observe_count(session) > 0 ||
	    (session->pending_last && !session->blocked))
		return true;
	return !session_reliable(session) && dgram_busy(&session->msg.dgram);
}

/* Nobody holds it and nothing is under way: it may go. */
static coap_tick_t
idle_end(const coap_session_t *session)
{
	if (!session->is_idle)
		return TIMER_NEVER;
	if (!session->layer && session->error != 0)
		return 0;
	if (is_busy(session))
		return TIMER_NEVER;
	return session->active + context_idle_time(session->context);
}

/* What observes is not idle, but a peer that takes nothing is not waited for. */
static coap_tick_t
deaf_end(const coap_session_t *session)
{
	coap_tick_t since;

	if (!session->blocked || session->type != COAP_SESSION_TYPE_SERVER ||
	    session->references > 0 || !notify_has(session))
		return TIMER_NEVER;
	since = session->extra->blocked_since;
	return (since ? since : session->active) +
	    context_idle_time(session->context);
}

/* Messages wait although nothing holds them back. */
static bool
can_flush(const coap_session_t *session)
{
	return session_next_pending(session) && session->layer &&
	    !session->blocked && !session->announce &&
	    session->state == COAP_SESSION_STATE_ESTABLISHED;
}

/* A layer has something that the socket will not tell of. */
static bool
can_read(const coap_session_t *session)
{
	return layer_pending(session->layer) &&
	    !(session_reliable(session) && session->msg.stream.held);
}

void
session_arm(coap_session_t *session)
{
	coap_tick_t next;

	if (session->dead)
		return;
	next = session->announce || session->tell_sent || session->resumes ||
		can_flush(session) || can_read(session)
	    ? 0
	    : TIMER_NEVER;
	if (session->layer)
		next = earlier(next, message_next(session));
	next = earlier(next, climb_next(session));
	next = earlier(next, layer_next(session->layer));
	next = earlier(next, requests_next(&session->requests));
	next = earlier(next, connect_deadline(session));
	next = earlier(next, ping_next(session));
	next = earlier(next, keepalive_next(session));
	next = earlier(next, reconnect_next(session));
	next = earlier(next, blockwise_next(session));
	next = earlier(next, qblock_next(session));
	next = earlier(next, session_async_next(session));
	next = earlier(next, release_next(session));
	next = earlier(next, mcast_late_next(session));
	next = earlier(next, observe_next(session));
	next = earlier(next, notify_next(session));
	next = earlier(next, idle_end(session));
	next = earlier(next, deaf_end(session));
	/* An idle deadline that only moved later is looked at when it comes:
	 * most messages then cost no work on the heap. */
	if (session->timer.queued && session->timer.at <= next &&
	    next != TIMER_NEVER)
		return;
	timers_set(&session->context->timers, &session->timer, next);
}

static void
expire_requests(coap_session_t *session, coap_tick_t now)
{
	struct request *q;

	for (q = requests_expired(&session->requests, now); q;
	     q = requests_expired(&session->requests, now)) {
		if (q->answered) {
			request_over(session, q);
			continue;
		}
		session->stats.timeouts++;
		session_set_error(session, -COAP_E_TIMEOUT, ERROR_LOCAL);
		request_failed(session, q, COAP_NACK_TOO_MANY_RETRIES,
		    -COAP_E_TIMEOUT);
	}
}

static void
timer_work(coap_session_t *session, coap_tick_t now)
{
	if (layer_next(session->layer) <= now) {
		layer_timer(session->layer, now);
		session_read(session);
	} else if (can_read(session)) {
		session_read(session);
	}
	if (climb_next(session) <= now)
		climb_timer(session, now);
	if (session->announce)
		announce(session);
	requests_tell_sent(session);
	blockwise_resume(session);
	if (can_flush(session))
		session_flush_pending(session);
	if (connect_deadline(session) <= now) {
		session_set_error(session, -COAP_E_TIMEOUT, ERROR_NETWORK);
		session_down(session, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_TIMEOUT, false);
	}
	reconnect_timer(session, now);
	if (session->layer && session_reliable(session))
		stream_timer(&session->msg.stream, now);
	else if (session->layer)
		dgram_timer(&session->msg.dgram, now);
	expire_requests(session, now);
	ping_expire(session, now);
	blockwise_expire(session, now);
	qblock_run(session, now);
	session_async_run(session, now);
	release_run(session, now);
	mcast_late_run(session, now);
	observe_expire(session, now);
	notify_run(session, now);
	keepalive_check(session, now);
	if (idle_end(session) <= now || deaf_end(session) <= now)
		session_end(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_CLOSED);
}

void
session_timer(struct timer *t, coap_tick_t now)
{
	coap_session_t *session =
	    (coap_session_t *)((char *)t - offsetof(coap_session_t, timer));

	if (session->context->doomed)
		return;
	timer_work(session, now);
	session_arm(session);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's observers: notifying them in time. */
#include "session/observe/observe_internal.h"

#include "base/err.h"
#include "session/observe/persist.h"
#include "session/traffic/serve.h"

/* Notifications that one pass sends on one session. */
#define NOTIFICATIONS_A_PASS 32
/* After a notification that could not be made for want of memory. */
#define RETRY_WAIT COAP_TICKS_PER_SECOND

/* Whether the transport takes one more, but for the time. */
static bool
can_send(const coap_session_t *session)
{
	const struct dgram *d = &session->msg.dgram;
	uint16_t nstart = session->params->nstart;

	if (!session->layer || session->ending || session->pending_last ||
	    session->state != COAP_SESSION_STATE_ESTABLISHED)
		return false;
	if (session_reliable(session))
		return !session->blocked;
	return d->n_waiting == 0 && d->n_con < (nstart > 0 ? nstart : 1);
}

/* When it is the turn of one that is owed something. */
static coap_tick_t
owed_at(const coap_session_t *session, const struct observer_peer *peer)
{
	const struct observer *o = observer_turn(peer);
	coap_tick_t at;

	if (!o)
		return TIMER_NEVER;
	/* A stream keeps the order by itself. */
	at = session_reliable(session)
	    ? 0
	    : observers_number_at(&o->resource->observers, o);
	return at > peer->quiet_until ? at : peer->quiet_until;
}

coap_tick_t
notify_next(const coap_session_t *session)
{
	const struct observer_peer *peer = notify_peer(session);
	coap_tick_t owed, confirm;

	if (!peer || (!peer->owed && !peer->unsure) || !can_send(session))
		return TIMER_NEVER;
	owed = owed_at(session, peer);
	confirm = observer_confirm_at(peer);
	return owed < confirm ? owed : confirm;
}

static coap_pdu_type_t
type_for(const coap_session_t *session, const struct observer *o,
    coap_tick_t now)
{
	if (o->peer->rtt_us == 0 && session->stats.rtt_n > 0)
		observer_rtt(o->peer, session->stats.rtt_avg_us);
	return session_reliable(session) ? COAP_MESSAGE_NON
					 : observer_type(o, now);
}

static coap_pdu_t *
new_notification(coap_session_t *session, const struct observer *o,
    coap_pdu_type_t type)
{
	coap_pdu_t *pdu = pdu_new(type, 0, coap_new_message_id(session),
	    coap_session_max_pdu_size(session));

	if (!pdu)
		return NULL;
	if (coap_add_token(pdu, o->request->token_len, o->request->token)) {
		notify_mark(pdu, o->serial);
		return pdu;
	}
	coap_delete_pdu(pdu);
	return NULL;
}

/* It is made again later: what is owed stays so. */
static void
try_later(coap_session_t *session, struct observer *o, int err)
{
	session_set_error(session, err, ERROR_LOCAL);
	observer_owe(o);
	o->peer->quiet_until = context_now(session->context) + RETRY_WAIT;
}

/* An answer that is not 2.xx, or none that can be sent, is the last one (RFC
 * 7641 section 4.2). */
static void
send_last(coap_session_t *session, struct observer *o, coap_pdu_t *pdu)
{
	int err;

	if (pdu->type == COAP_MESSAGE_NON && !session_reliable(session) &&
	    !(o->resource->flags & COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS))
		pdu->type = COAP_MESSAGE_CON;
	notify_end(session, o);
	err = session_send_message(session, pdu, NULL);
	if (err < 0)
		session_set_error(session, err, ERROR_LOCAL);
}

static void
send_error(coap_session_t *session, struct observer *o, coap_pdu_t *pdu,
    coap_pdu_code_t code)
{
	static const char format[] = "The format changed";

	pdu_clear(pdu);
	pdu->code = (uint8_t)code;
	if (!coap_add_token(pdu, o->request->token_len, o->request->token)) {
		notify_end(session, o);
		return;
	}
	/* Without the text it is still an answer. */
	if (code == COAP_RESPONSE_CODE_NOT_ACCEPTABLE &&
	    pdu_reserve(pdu, sizeof format) == 0)
		coap_add_data(pdu, sizeof format - 1, (const uint8_t *)format);
	send_last(session, o, pdu);
}

static void
send_notification(coap_session_t *session, struct observer *o, coap_pdu_t *pdu,
    uint32_t number)
{
	coap_pdu_type_t type = (coap_pdu_type_t)pdu->type;
	int err;

	o->number = number;
	o->numbered = true;
	o->sent_us = 0;
	/* Before it is sent: then it is told that it was. */
	if (type == COAP_MESSAGE_CON)
		o->con = pdu_ref(pdu);
	o->rx = session->stats.rx;
	err = session_send_message(session, pdu, NULL);
	if (err == 0) {
		observer_sent(o, type, context_now(session->context));
		if (session_reliable(session)) {
			o->peer->quiet_until = context_now(session->context);
			observer_assure(o);
		}
		return;
	}
	if (o->con)
		coap_delete_pdu(o->con);
	o->con = NULL;
	if (err == -COAP_E_TOOBIG)
		send_error(session, o, pdu, COAP_RESPONSE_CODE_INTERNAL_ERROR);
	else
		try_later(session, o, err);
}

/*
 * Makes a notification of that type by the handler; *out is owned by the
 * caller, and may be NULL. The entry, when there is something to send; NULL:
 * nothing, or not now, or the handler has ended it.
 */
static struct observer *
ask_handler(coap_session_t *session, struct observer *o, coap_pdu_type_t type,
    struct notify_turn *turn, coap_pdu_t **out)
{
	coap_pdu_t *request = pdu_ref(o->request);
	enum dispatch_result result = DISPATCH_SILENT;

	turn->session = session;
	turn->serial = o->serial;
	observer_settle(o);
	*out = new_notification(session, o, type);
	if (*out) {
		result = serve_request(session, request, *out, turn, NULL);
		/* The handler may have ended everything. */
		o = observer_find_serial(notify_peer(session),
		    coap_pdu_get_token(request), turn->serial);
	} else {
		try_later(session, o, -COAP_E_NOMEM);
	}
	coap_delete_pdu(request);
	return session->layer && result == DISPATCH_RESPOND ? o : NULL;
}

/* Runs the handler for what o asked, and sends what it says. */
static void
notify_one(coap_session_t *session, struct observer *o, coap_tick_t now)
{
	struct notify_turn turn = { .serial = 0 };
	coap_pdu_t *pdu;

	o = ask_handler(session, o, type_for(session, o, now), &turn, &pdu);
	if (o && !turn.has_option)
		send_last(session, o, pdu);
	else if (o && !observer_keeps_format(o, pdu))
		send_error(session, o, pdu, COAP_RESPONSE_CODE_NOT_ACCEPTABLE);
	else if (o)
		send_notification(session, o, pdu, turn.number);
	coap_delete_pdu(pdu);
}

/* Whether the message layer will take it. */
static bool
can_replace(const struct observer *o, const coap_pdu_t *sent, coap_pdu_t *pdu)
{
	const uint8_t *data;
	size_t len;

	return o->con == sent &&
	    pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len) == 0;
}

coap_pdu_t *
notify_renew(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = notify_marked(session, sent);
	struct notify_turn turn = { .serial = 0 };
	coap_pdu_t *pdu;

	if (!o || o->con != sent || !o->owes ||
	    observer_pool_take(o->peer->pool) > 0)
		return NULL;
	o = ask_handler(session, o, COAP_MESSAGE_CON, &turn, &pdu);
	if (o && turn.has_option && !observer_keeps_format(o, pdu)) {
		send_error(session, o, pdu, COAP_RESPONSE_CODE_NOT_ACCEPTABLE);
	} else if (o && turn.has_option && !can_replace(o, sent, pdu)) {
		send_error(session, o, pdu, COAP_RESPONSE_CODE_INTERNAL_ERROR);
	} else if (o && turn.has_option) {
		o->number = turn.number;
		o->numbered = true;
		o->sent_us = 0;
		coap_delete_pdu(o->con);
		o->con = pdu_ref(pdu);
		return pdu;
	} else if (o) {
		send_last(session, o, pdu);
	}
	coap_delete_pdu(pdu);
	return NULL;
}

void
notify_run(coap_session_t *session, coap_tick_t now)
{
	struct observer_peer *peer = notify_peer(session);
	unsigned n = NOTIFICATIONS_A_PASS;
	coap_tick_t wait;

	if (peer)
		observer_confirm(peer, now);
	while (n-- > 0 && notify_next(session) <= now &&
	    !session->context->doomed) {
		peer = notify_peer(session);
		wait = observer_pool_take(peer->pool);
		if (wait > 0) {
			peer->quiet_until = now + wait - 1;
			return;
		}
		notify_one(session, observer_turn(peer), now);
	}
	/* Whoever had no turn goes first. */
	peer = notify_peer(session);
	if (peer && peer->quiet_until == now &&
	    peer->pool->n_owing > OBSERVE_A_PASS / NOTIFICATIONS_A_PASS)
		peer->quiet_until++;
}

void
notify_removed(coap_resource_t *resource)
{
	coap_context_t *context = resource->context;
	coap_session_t *session;
	struct observer *o;
	coap_pdu_t *pdu;

	persist_removed(resource);
	if (!resource->observers.list)
		return;
	context_enter(context);
	while (resource->observers.list) {
		o = resource->observers.list;
		session = o->peer->session;
		pdu = new_notification(session, o, COAP_MESSAGE_NON);
		if (pdu)
			send_error(session, o, pdu,
			    COAP_RESPONSE_CODE_NOT_FOUND);
		else
			notify_end(session, o);
		coap_delete_pdu(pdu);
		session_arm(session);
	}
	context_leave(context);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's observers: registering them, and notifying them in time. */
#include "session/observe_server.h"

#include <utlist.h>

#include "base/err.h"
#include "session/blockwise.h"
#include "session/serve.h"
#include "wire/block.h"

/* Notifications that one pass sends on one session. */
#define NOTIFICATIONS_A_PASS 32
/* After a notification that could not be made for want of memory. */
#define RETRY_WAIT COAP_TICKS_PER_SECOND

/* --- finding -------------------------------------------------------------- */

static struct observer_peer *
peer_of(const coap_session_t *session)
{
	return session->extra ? session->extra->observing : NULL;
}

bool
notify_has(const coap_session_t *session)
{
	const struct observer_peer *peer = peer_of(session);

	return peer && peer->n > 0;
}

/* Marks a message as a notification of an entry; nothing is owned by it. */
static void
mark_free(void *app)
{
	(void)app;
}

static void
mark(coap_pdu_t *pdu, uint64_t serial)
{
	pdu->app = (void *)(uintptr_t)serial;
	pdu->app_free = mark_free;
}

/* The entry that a message is a notification of; NULL: none any more. */
static struct observer *
find_marked(const coap_session_t *session, const coap_pdu_t *pdu)
{
	struct observer_peer *peer = peer_of(session);

	if (!peer || pdu->app_free != mark_free)
		return NULL;
	return observer_find_serial(peer, coap_pdu_get_token(pdu),
	    (uintptr_t)pdu->app);
}

/* --- ending --------------------------------------------------------------- */

/* The last notification is not repeated any more (RFC 7641 section 4.5). */
static void
end_observer(coap_session_t *session, struct observer *o)
{
	coap_pdu_t *con = o->con;

	o->con = NULL;
	observer_remove(o);
	if (con)
		session_forget_pdu(session, con);
	coap_delete_pdu(con);
	if (notify_has(session))
		return;
	session->active = context_now(session->context);
	session_idle_check(session);
}

void
notify_forget(coap_session_t *session)
{
	struct observer_peer *peer = peer_of(session);

	if (!peer)
		return;
	session->extra->observing = NULL;
	observer_peer_free(peer);
	session_idle_check(session);
}

/* Their messages are the session's, and are forgotten one by one. */
static void
end_all(coap_session_t *session)
{
	struct observer_peer *peer = peer_of(session);

	/* A message that is forgotten lets another one out, no handler runs. */
	while (peer && peer->list) {
		end_observer(session, peer->list);
		peer = peer_of(session);
	}
}

/* --- registering ---------------------------------------------------------- */

/* 0 or 1 (RFC 7641 section 2); -1: no Observe, or one that says nothing. */
static int
observe_value(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(request, COAP_OPTION_OBSERVE, &oi);
	unsigned value;

	if (!opt)
		return -1;
	value =
	    coap_decode_var_bytes(coap_opt_value(opt), coap_opt_length(opt));
	return value <= 1 ? (int)value : -1;
}

static bool
can_observe(const coap_pdu_t *request)
{
	return request->code == COAP_REQUEST_CODE_GET ||
	    request->code == COAP_REQUEST_CODE_FETCH;
}

/* Whether it asks for the rest of an answer. */
static bool
is_later(const coap_pdu_t *request)
{
	coap_block_b_t block;

	return block_read(request, COAP_OPTION_BLOCK2, true, &block) &&
	    block.num > 0;
}

/* Whether it has a part of a body alone. */
static bool
is_part(const coap_pdu_t *request)
{
	coap_block_b_t block;

	return block_read(request, COAP_OPTION_BLOCK1, true, &block) &&
	    (block.num > 0 || block.m);
}

static bool
add_number(struct notify_turn *turn, coap_pdu_t *response)
{
	uint8_t value[4];
	size_t len = coap_encode_var_safe(value, sizeof(value), turn->number);

	turn->has_option =
	    coap_add_option(response, COAP_OPTION_OBSERVE, len, value) > 0;
	return turn->has_option;
}

static void
before_handler(void *user, coap_resource_t *resource, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	struct notify_turn *turn = user;
	struct observer *o =
	    observer_find(peer_of(turn->session), coap_pdu_get_token(request));
	bool wanted = resource->observable && resource->in_table &&
	    can_observe(request) && observe_value(request) == 0 &&
	    !is_later(request) && !is_part(request);

	turn->began = context_now(turn->session->context);
	if (turn->serial != 0 && (!o || o->serial != turn->serial))
		return;
	if (!wanted)
		return;
	/* The same token at another resource begins anew. */
	if (o && o->resource != resource)
		o = NULL;
	/* What it was owed, this answer has. */
	if (o)
		observer_settle(o);
	turn->number = observers_number(&resource->observers, o, turn->began);
	/* In front of the payload, so that sizes are reckoned with it. */
	add_number(turn, response);
}

static int
add_observer(struct notify_turn *turn, coap_resource_t *resource,
    const coap_pdu_t *request)
{
	coap_session_t *session = turn->session;
	coap_bin_const_t token = coap_pdu_get_token(request);
	struct session_extra *extra = session_extra(session);
	coap_context_t *context = session->context;
	struct observer *o;
	int err;

	if (!extra)
		return -COAP_E_NOMEM;
	if (!extra->observing)
		extra->observing =
		    observer_peer_new(&context->observing, session);
	if (!extra->observing)
		return -COAP_E_NOMEM;
	/* Its CON is forgotten with it. */
	o = observer_find(extra->observing, token);
	if (o && o->con) {
		session_forget_pdu(session, o->con);
		coap_delete_pdu(o->con);
		o->con = NULL;
	}
	err =
	    observer_add(extra->observing, resource, request, turn->began, &o);
	if (err < 0)
		return err;
	o->number = turn->number;
	o->numbered = true;
	turn->added = o->serial;
	session_idle_check(session);
	return 0;
}

static void
after_handler(void *user, coap_resource_t *resource, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	struct notify_turn *turn = user;
	coap_session_t *session = turn->session;
	bool good = turn->has_option && session->layer && resource->in_table &&
	    COAP_RESPONSE_CLASS(response->code) == 2;

	if (good && turn->serial == 0)
		good = add_observer(turn, resource, request) == 0;
	if (!good && turn->has_option) {
		pdu_remove_option(response, COAP_OPTION_OBSERVE);
		turn->has_option = false;
	}
}

const struct dispatch_observe notify_dispatch = {
	.begin = before_handler,
	.end = after_handler,
};

void
notify_answered(struct notify_turn *turn, const coap_pdu_t *request,
    coap_pdu_t *response, bool answered)
{
	struct observer_peer *peer = peer_of(turn->session);
	struct observer *o = observer_find(peer, coap_pdu_get_token(request));

	if (!o || !can_observe(request))
		return;
	if (o->serial == turn->added && answered) {
		mark(response, o->serial);
		return;
	}
	/* A body's other parts may come, or be asked for, with its token; that it
	 * is to end says the first. */
	if (o->serial == turn->added || observe_value(request) == 1 ||
	    (!is_later(request) &&
		response->code != COAP_RESPONSE_CODE_CONTINUE))
		end_observer(turn->session, o);
}

void
notify_unanswered(struct notify_turn *turn, const coap_pdu_t *request)
{
	struct observer *o = observer_find_serial(peer_of(turn->session),
	    coap_pdu_get_token(request), turn->added);

	if (o)
		end_observer(turn->session, o);
}

/* --- what becomes of messages --------------------------------------------- */

void
notify_sent(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = find_marked(session, sent);

	if (o && o->con == sent)
		o->sent_us = context_clock_us(session->context);
}

/* Which of them an ACK answers is not known (RFC 6298 section 3). */
void
notify_repeated(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = find_marked(session, sent);

	if (o && o->con == sent)
		o->sent_us = 0;
}

void
notify_acked(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = find_marked(session, sent);

	if (!o || o->con != sent)
		return;
	if (o->sent_us != 0)
		observer_rtt(o->peer,
		    context_clock_us(session->context) - o->sent_us);
	coap_delete_pdu(o->con);
	o->con = NULL;
}

void
notify_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason)
{
	struct observer *o = find_marked(session, sent);

	if (!o)
		return;
	/* Nobody is there: the others would find the same, one after the other,
	 * for a minute and a half each. */
	if (o->con == sent && reason != COAP_NACK_RST &&
	    session->stats.rx == o->rx)
		end_all(session);
	else
		end_observer(session, o);
}

/* --- notifying ------------------------------------------------------------ */

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

coap_tick_t
notify_next(const coap_session_t *session)
{
	const struct observer_peer *peer = peer_of(session);
	const struct observer *o;
	coap_tick_t at;

	if (!peer || !peer->owed || !can_send(session))
		return TIMER_NEVER;
	o = observer_turn(peer);
	if (!o)
		return TIMER_NEVER;
	/* A stream keeps the order by itself. */
	at = session_reliable(session)
	    ? 0
	    : observers_number_at(&o->resource->observers, o);
	return at > peer->quiet_until ? at : peer->quiet_until;
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
		mark(pdu, o->serial);
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
	end_observer(session, o);
	err = session_send_message(session, pdu, NULL);
	if (err < 0)
		session_set_error(session, err, ERROR_LOCAL);
}

static void
send_error(coap_session_t *session, struct observer *o, coap_pdu_t *pdu,
    coap_pdu_code_t code)
{
	pdu_clear(pdu);
	pdu->code = (uint8_t)code;
	if (coap_add_token(pdu, o->request->token_len, o->request->token))
		send_last(session, o, pdu);
	else
		end_observer(session, o);
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
		if (session_reliable(session))
			o->peer->quiet_until = context_now(session->context);
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
		o = observer_find_serial(peer_of(session),
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
	if (o && turn.has_option)
		send_notification(session, o, pdu, turn.number);
	else if (o)
		send_last(session, o, pdu);
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
	struct observer *o = find_marked(session, sent);
	struct notify_turn turn = { .serial = 0 };
	coap_pdu_t *pdu;

	if (!o || o->con != sent || !o->owes ||
	    observer_pool_take(o->peer->pool) > 0)
		return NULL;
	o = ask_handler(session, o, COAP_MESSAGE_CON, &turn, &pdu);
	if (o && turn.has_option && !can_replace(o, sent, pdu)) {
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
	unsigned n = NOTIFICATIONS_A_PASS;
	struct observer_peer *peer;
	coap_tick_t wait;

	while (n-- > 0 && notify_next(session) <= now &&
	    !session->context->doomed) {
		peer = peer_of(session);
		wait = observer_pool_take(peer->pool);
		if (wait > 0) {
			peer->quiet_until = now + wait - 1;
			return;
		}
		notify_one(session, observer_turn(peer), now);
	}
	/* Whoever had no turn goes first. */
	peer = peer_of(session);
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
			end_observer(session, o);
		coap_delete_pdu(pdu);
		session_arm(session);
	}
	context_leave(context);
}

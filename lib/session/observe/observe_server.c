/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's observers: registering them, and how they end. */
#include "session/observe/observe_internal.h"

#include "base/err.h"
#include "session/body/blockwise.h"
#include "session/observe/persist.h"
#include "session/proxy/proxy_observe.h"
#include "wire/block.h"

/* --- finding -------------------------------------------------------------- */

struct observer_peer *
notify_peer(const coap_session_t *session)
{
	return session->extra ? session->extra->observing : NULL;
}

bool
notify_has(const coap_session_t *session)
{
	const struct observer_peer *peer = notify_peer(session);

	return peer && peer->n > 0;
}

/* Nothing is owned by a message that is marked. */
static void
mark_free(void *app)
{
	(void)app;
}

void
notify_mark(coap_pdu_t *pdu, uint64_t serial)
{
	pdu->app = (void *)(uintptr_t)serial;
	pdu->app_free = mark_free;
}

struct observer *
notify_marked(const coap_session_t *session, const coap_pdu_t *pdu)
{
	struct observer_peer *peer = notify_peer(session);

	if (!peer || pdu->app_free != mark_free)
		return NULL;
	return observer_find_serial(peer, coap_pdu_get_token(pdu),
	    (uintptr_t)pdu->app);
}

/* --- ending --------------------------------------------------------------- */

/* The last notification is not repeated any more (RFC 7641 section 4.5). */
void
notify_end(coap_session_t *session, struct observer *o)
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
	struct observer_peer *peer = notify_peer(session);

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
	struct observer_peer *peer = notify_peer(session);

	/* A message that is forgotten lets another one out, no handler runs. */
	while (peer && peer->list) {
		notify_end(session, peer->list);
		peer = notify_peer(session);
	}
}

/* --- registering ---------------------------------------------------------- */

/* 0 or 1 (RFC 7641 section 2); -1: no Observe, or one that says nothing. */
static int
observe_value(const coap_pdu_t *request)
{
	int64_t value = pdu_option_uint(request, COAP_OPTION_OBSERVE);

	return value <= 1 ? (int)value : -1;
}

static bool
can_observe(const coap_pdu_t *request)
{
	return request->code == COAP_REQUEST_CODE_GET ||
	    request->code == COAP_REQUEST_CODE_FETCH;
}

bool
notify_asks(const coap_pdu_t *request)
{
	return can_observe(request) && observe_value(request) == 0;
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
	struct observer *o = observer_find(notify_peer(turn->session),
	    coap_pdu_get_token(request));
	bool can = resource->observable || proxy_observe_can(resource);
	bool wanted = can && resource->in_table && notify_asks(request) &&
	    !is_later(request) && !is_part(request);
	uint32_t number = resource->observers.number;

	/* What a handler left behind that ran for nobody. */
	proxy_observe_settle(proxy_observe_take(turn->session), NULL);
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
	if (turn->number != number)
		persist_counted(resource);
	/* In front of the payload, so that sizes are reckoned with it. */
	add_number(turn, response);
}

/* What the session has of it, made if need be; NULL: out of memory. */
static struct observer_peer *
make_peer(coap_session_t *session)
{
	struct session_extra *extra = session_extra(session);

	if (extra && !extra->observing)
		extra->observing =
		    observer_peer_new(&session->context->observing, session);
	return extra ? extra->observing : NULL;
}

/* The oldest whose peer was never heard after it had registered: its address may
 * be forged. NULL: none. Each is looked at once. */
static struct observer *
find_unproven(const struct observer_pool *pool)
{
	struct observer *o = pool->unproven;

	for (; o; o = pool->unproven) {
		if (o->peer->session->stats.rx == o->rx_began)
			return o;
		observer_trust(o);
	}
	return NULL;
}

/* When the context's limit is reached they make room, the oldest first. */
static void
make_room(const struct observer_peer *peer, const coap_pdu_t *request)
{
	struct observer *o;

	while (observer_lacks_room(peer, request)) {
		o = find_unproven(peer->pool);
		if (!o)
			return;
		notify_end(o->peer->session, o);
	}
}

/* response: its first answer, if there was one. */
static int
add_observer(struct notify_turn *turn, coap_resource_t *resource,
    const coap_pdu_t *request, const coap_pdu_t *response)
{
	coap_session_t *session = turn->session;
	struct observer_peer *peer = make_peer(session);
	struct observer *o;
	int err;

	if (!peer)
		return -COAP_E_NOMEM;
	/* Its CON is forgotten with it. */
	o = observer_find(peer, coap_pdu_get_token(request));
	if (o && o->con) {
		session_forget_pdu(session, o->con);
		coap_delete_pdu(o->con);
		o->con = NULL;
	}
	make_room(peer, request);
	err = observer_add(peer, resource, request, turn->began, &o);
	if (err < 0)
		return err;
	o->rx_began = session->stats.rx;
	/* A handshake has proved the address already. */
	if (session->proto->rungs[0] == RUNG_NONE && !session_reliable(session))
		observer_doubt(o);
	o->number = turn->number;
	o->numbered = true;
	if (response)
		observer_keeps_format(o, response);
	turn->added = o->serial;
	session_idle_check(session);
	return 0;
}

struct observer *
notify_bring_back(coap_session_t *session, coap_resource_t *resource,
    const coap_pdu_t *request)
{
	struct notify_turn turn = {
		.session = session,
		.began = context_now(session->context),
		.number = resource->observers.number,
	};
	struct observer *o;

	if (add_observer(&turn, resource, request, NULL) < 0)
		return NULL;
	o = observer_find_serial(notify_peer(session),
	    coap_pdu_get_token(request), turn.added);
	observer_owe(o);
	session_arm(session);
	return o;
}

static void
after_handler(void *user, coap_resource_t *resource, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	struct notify_turn *turn = user;
	coap_session_t *session = turn->session;
	struct proxy_watcher *watcher = proxy_observe_take(session);
	coap_option_t option;
	/* A handler may have taken it out. */
	bool good = turn->has_option && session->layer && resource->in_table &&
	    COAP_RESPONSE_CLASS(response->code) == 2 &&
	    pdu_find_option(response, COAP_OPTION_OBSERVE, &option) &&
	    (resource->observable || watcher);

	if (resource->unknown && request->code == COAP_REQUEST_CODE_PUT &&
	    COAP_RESPONSE_CLASS(response->code) == 2)
		persist_made(session, request);
	if (good && turn->serial == 0)
		good = add_observer(turn, resource, request, response) == 0;
	proxy_observe_settle(watcher,
	    good ? observer_find(notify_peer(session),
		       coap_pdu_get_token(request))
		 : NULL);
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
	struct observer_peer *peer = notify_peer(turn->session);
	struct observer *o = observer_find(peer, coap_pdu_get_token(request));

	if (!o || !can_observe(request))
		return;
	if (o->serial == turn->added && answered) {
		notify_mark(response, o->serial);
		return;
	}
	/* A body's other parts may come, or be asked for, with its token; that it
	 * is to end says the first. */
	if (o->serial == turn->added || observe_value(request) == 1 ||
	    (!is_later(request) &&
		response->code != COAP_RESPONSE_CODE_CONTINUE))
		notify_end(turn->session, o);
}

void
notify_unanswered(struct notify_turn *turn, const coap_pdu_t *request)
{
	struct observer *o = observer_find_serial(notify_peer(turn->session),
	    coap_pdu_get_token(request), turn->added);

	if (o)
		notify_end(turn->session, o);
}

/* --- what becomes of messages --------------------------------------------- */

void
notify_sent(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = notify_marked(session, sent);

	if (o && o->con == sent)
		o->sent_us = session->context->left_us;
}

/* Which of them an ACK answers is not known (RFC 6298 section 3). */
void
notify_repeated(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = notify_marked(session, sent);

	if (o && o->con == sent)
		o->sent_us = 0;
}

void
notify_acked(coap_session_t *session, const coap_pdu_t *sent)
{
	struct observer *o = notify_marked(session, sent);

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
	struct observer *o = notify_marked(session, sent);

	if (!o)
		return;
	/* Nobody is there: the others would find the same, one after the other,
	 * for a minute and a half each. */
	if (o->con == sent && reason != COAP_NACK_RST &&
	    session->stats.rx == o->rx)
		end_all(session);
	else
		notify_end(session, o);
}

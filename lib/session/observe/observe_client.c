/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's observations: where they begin, what comes, how they end. */
#include "session/observe/observe_client.h"

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/dispatch.h"
#include "session/body/blockwise.h"

#include <coap3/coap_subscribe.h>

struct observations *
observe_table_of(const coap_session_t *session)
{
	return session->extra ? session->extra->observations : NULL;
}

size_t
observe_count(const coap_session_t *session)
{
	const struct observations *t = observe_table_of(session);

	return t ? t->count : 0;
}

struct observations *
observe_table(coap_session_t *session)
{
	struct session_extra *extra = session_extra(session);

	if (!extra || extra->observations)
		return extra ? extra->observations : NULL;
	extra->observations =
	    mem_new(COAP_SESSION, 1, sizeof *extra->observations);
	if (extra->observations)
		observations_init(extra->observations);
	return extra->observations;
}

void
observe_free(coap_session_t *session)
{
	struct observations *t = observe_table_of(session);

	if (!t)
		return;
	while (t->list)
		observations_remove(t, t->list);
	session->extra->observations = NULL;
	coap_free_type(COAP_SESSION, t);
}

struct observation *
observe_find(const coap_session_t *session, coap_bin_const_t token)
{
	const struct observations *t = observe_table_of(session);

	return t && t->count > 0 ? observations_find(t, token) : NULL;
}

static coap_bin_const_t
token_of(const struct observation *o)
{
	return (coap_bin_const_t){ .length = o->token_len, .s = o->token };
}

/* What it asks with, or ends with, is under way by its own token. */
struct request *
observe_request(const coap_session_t *session, const struct observation *o)
{
	return requests_find(&session->requests, token_of(o));
}

bool
observe_stands(const coap_session_t *session)
{
	return session->layer &&
	    session->state == COAP_SESSION_STATE_ESTABLISHED;
}

bool
observe_waits(const coap_session_t *session)
{
	return session->reconnecting && !session->layer;
}

/* --- messages that it sends ----------------------------------------------- */

coap_pdu_t *
observe_copy(coap_session_t *session, const coap_pdu_t *pdu,
    coap_pdu_type_t type, unsigned value)
{
	coap_opt_filter_t drop;
	coap_pdu_t *copy;
	uint8_t bytes[4];
	size_t len = coap_encode_var_safe(bytes, sizeof bytes, value);

	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_OBSERVE);
	copy = pdu_duplicate(pdu, coap_new_message_id(session), PDU_MAX_SIZE,
	    pdu->token_len, pdu->token, &drop);
	if (!copy)
		return NULL;
	copy->type = (uint8_t)type;
	if (coap_add_option(copy, COAP_OPTION_OBSERVE, len, bytes) == 0 ||
	    (pdu->data &&
		!coap_add_data(copy, pdu_payload_len(pdu), pdu->data))) {
		coap_delete_pdu(copy);
		return NULL;
	}
	return copy;
}

void
observe_attach_body(coap_pdu_t *pdu, const struct observation *o)
{
	if (o->body && !blockwise_has_body(pdu))
		blockwise_attach(pdu, body_out_ref(o->body));
}

coap_pdu_t *
observe_cancel_pdu(coap_session_t *session, const struct observation *o,
    coap_pdu_type_t type)
{
	coap_pdu_t *pdu =
	    observe_copy(session, o->origin, type, COAP_OBSERVE_CANCEL);

	if (pdu)
		observe_attach_body(pdu, o);
	return pdu;
}

static void
observe_drop_request(coap_session_t *session, struct request *q)
{
	requests_take(&session->requests, q);
	session_forget_pdu(session, q->sent);
	request_free(q);
}

static void
mark_silent(void *app)
{
	(void)app;
}

bool
observe_is_silent(const coap_pdu_t *pdu)
{
	return pdu && pdu->app_free == mark_silent;
}

/* A stream may have to take the message yet; a datagram has left. */
static void
forget_answer(coap_session_t *session, struct request *q)
{
	if (!session_reliable(session)) {
		observe_drop_request(session, q);
		return;
	}
	requests_take(&session->requests, q);
	request_free(q);
}

/* Over a stream nothing but all of it ends it at the server. */
static bool
goes_on(const coap_session_t *session, const struct request *q)
{
	return session_reliable(session) && q->transfer && q->transfer->up &&
	    q->transfer->more;
}

/* Nobody waits for the answer, which is rejected as any that is not known; that
 * to a body in parts ends without a word. */
void
observe_tell_server(coap_session_t *session, const struct observation *o)
{
	coap_pdu_t *pdu;
	struct request *q;

	if (!observe_stands(session) || observe_request(session, o))
		return;
	pdu = observe_cancel_pdu(session, o, COAP_MESSAGE_NON);
	if (!pdu)
		return;
	if (!pdu->app_free)
		pdu->app_free = mark_silent;
	if (session_send_pdu(session, pdu, NULL) == 0) {
		q = observe_request(session, o);
		if (q && goes_on(session, q))
			pdu->app_free = mark_silent;
		else if (q)
			forget_answer(session, q);
	}
	coap_delete_pdu(pdu);
}

/* --- the end of one ------------------------------------------------------- */

struct request *
observe_find_fetch(const coap_session_t *session, const struct observation *o)
{
	struct request *q;

	/* One that an Echo repeats asks for it still, with its own token. */
	for (q = session->requests.list; q; q = q->next)
		if (q->transfer && q->transfer->origin == o->origin &&
		    !q->transfer->up && !transfer_repeats(q->transfer))
			return q;
	return NULL;
}

/* The rest of what is not the newest any more: of a notification, or of what
 * ends the observation, of which there is one at most. */
void
observe_drop_fetch(coap_session_t *session, struct observation *o)
{
	struct request *q = observe_find_fetch(session, o);

	o->fetching = false;
	if (q && q->user)
		observe_app_drop(o->user, q->user);
	else if (q)
		observe_drop_request(session, q);
}

bool
observe_owns(const struct observation *o, const struct request *q)
{
	const coap_pdu_t *pdu = q->transfer ? q->transfer->origin : q->sent;

	return pdu == o->origin ||
	    observation_request_value(pdu) == COAP_OBSERVE_CANCEL;
}

void
observe_give_up(coap_session_t *session, struct observation *o)
{
	struct request *q;

	if (o->user) {
		o->fetching = false;
		observe_app_give_up(o->user);
		return;
	}
	observe_drop_fetch(session, o);
	q = observe_request(session, o);
	if (q && !q->user && observe_owns(o, q))
		observe_drop_request(session, q);
}

void
observe_forget(coap_session_t *session, struct observation *o, bool tell)
{
	if (tell && session_reliable(session) && o->any)
		observe_tell_server(session, o);
	observations_remove(observe_table_of(session), o);
	session_arm(session);
}

void
observe_end(coap_session_t *session, struct observation *o,
    coap_nack_reason_t reason, int err)
{
	coap_pdu_t *origin;

	if (o->user) {
		observe_app_end(o->user, reason, err);
		return;
	}
	origin = pdu_ref(o->origin);
	observe_give_up(session, o);
	observe_forget(session, o, true);
	message_failed(session, origin, reason);
	coap_delete_pdu(origin);
}

/* --- what comes ----------------------------------------------------------- */

/* Whether the rest of a response is fetched. */
static bool
observe_fetches(const coap_session_t *session, const struct observation *o,
    const coap_pdu_t *response)
{
	const coapx_observation_t *h = o->user;
	bool wanted = h ? !(h->params.flags & COAPX_OBSERVE_NO_BLOCKS)
			: blockwise_mode(session, COAP_BLOCK_USE_LIBCOAP);

	return wanted && transfer_is_needed(o->origin, response);
}

/* The observation that q registers, or ends, as its response comes. */
static struct observation *
find_asking(const coap_session_t *session, const struct request *q,
    const coap_pdu_t *response)
{
	const struct transfer *t = q->transfer;
	const coapx_observation_t *h;
	struct observation *o;

	/* A body that goes up has its parts' own tokens; its last answer counts
	 * here, and that to the same request once more. */
	if (t && !transfer_repeats(t) &&
	    (!transfer_is_sent(t) || COAP_RESPONSE_CLASS(response->code) != 2))
		return NULL;
	o = observe_find(session, coap_pdu_get_token(t ? t->origin : q->sent));
	if (!o)
		return NULL;
	h = o->user;
	if (!h)
		return q->user ? NULL : o;
	/* A notification that wants an Echo, or smaller blocks, is answered by
	 * asking, too. */
	if (h->asking && h->asking->request == q)
		return o;
	return h->fetching && h->fetching->request == q && t ? o : NULL;
}

static bool
take(coap_session_t *session, struct observation *o, const coap_pdu_t *response,
    bool answer)
{
	const struct observation_arrival how = {
		.now = context_now(session->context),
		.reliable = session_reliable(session),
		.answer = answer,
	};
	bool newest =
	    observation_take(observe_table_of(session), o, response, &how);
	coapx_observation_t *h = o->user;

	if (h)
		h->old = !newest;
	return newest;
}

/* An answer that is older than what has come meanwhile. True: it is dropped,
 * for its other blocks are those of a newer one by now. */
static bool
drop_old(coap_session_t *session, struct observation *o, struct request *q,
    const coap_pdu_t *response)
{
	coapx_observation_t *h = o->user;

	if (!observe_fetches(session, o, response))
		return false;
	coap_log_debug("%s: an old answer dropped\n",
	    coap_session_str(session));
	if (!h) {
		observe_drop_request(session, q);
		return true;
	}
	h->old = false;
	observe_app_drop(h, q->user);
	return true;
}

/* The answer to what registers or ends. It goes on to its handler as any;
 * true: it is not the answer, but a notification that was on its way, or it is
 * of no use. */
static bool
take_answer(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	struct observation *o = find_asking(session, q, response);

	if (!o || !observation_is_notification(response))
		return false;
	if (o->state == COAPX_OBSERVE_CANCELLING)
		return session_reliable(session) ||
		    response->type != COAP_MESSAGE_ACK;
	if (!take(session, o, response, true))
		return drop_old(session, o, q, response);
	observe_drop_fetch(session, o);
	o->fetching = observe_fetches(session, o, response);
	session_arm(session);
	return false;
}

/* It goes the way of an answer to a request that asks for it. */
static void
pass_on(coap_session_t *session, struct observation *o,
    const coap_pdu_t *response)
{
	struct request *q = request_loose(o->origin);

	if (q && o->user && observe_app_attach(o->user, q) < 0) {
		request_free(q);
		q = NULL;
	}
	if (!q) {
		/* What it said is asked for. */
		session_set_error(session, -COAP_E_NOMEM, ERROR_LOCAL);
		o->fetching = false;
		observe_stale(session, o);
		return;
	}
	if (!blockwise_response(session, q, response))
		request_answered(session, q, response);
	session_arm(session);
}

/* An old one is worth nothing but to who wants all of them, and then only if
 * it is whole: its other blocks are those of a newer one by now. */
static bool
is_wanted_old(const coap_session_t *session, const struct observation *o,
    const coap_pdu_t *response)
{
	const coapx_observation_t *h = o->user;

	return (!h || (h->params.flags & COAPX_OBSERVE_ALL)) &&
	    !observe_fetches(session, o, response);
}

/* Something newer is there than what is fetched, or asked for because of what
 * the server said. */
static void
supersede(coap_session_t *session, struct observation *o)
{
	coapx_observation_t *h = o->user;

	observe_drop_fetch(session, o);
	if (h && h->fetching)
		observe_app_drop(h, h->fetching);
}

/* It ends by this once it is whole, or is asked for again at once; then that
 * answer is newer, whatever its number. */
static void
is_last(coap_session_t *session, struct observation *o)
{
	supersede(session, o);
	observation_pause(observe_table_of(session), o,
	    (coapx_observe_state_t)o->state);
	o->anew = true;
}

static void
notified(coap_session_t *session, struct observation *o,
    const coap_pdu_t *response)
{
	coapx_observation_t *h = o->user;

	if (!observation_is_notification(response)) {
		is_last(session, o);
	} else if (take(session, o, response, false)) {
		supersede(session, o);
		o->fetching = observe_fetches(session, o, response);
	} else if (!is_wanted_old(session, o, response)) {
		coap_log_debug("%s: an old notification dropped\n",
		    coap_session_str(session));
		/* What is fetched is the newest still. */
		if (h)
			h->old = false;
		return;
	}
	pass_on(session, o, response);
}

/* Whether it comes while parts of the body that asks for it go up, which have
 * its token: it answers none of them. Some servers observe at the first. */
static bool
comes_between(const struct request *q, const struct observation *o,
    const coap_pdu_t *response)
{
	const struct transfer *t = q->transfer;
	coap_opt_iterator_t oi;

	return t && t->up && t->more && o &&
	    response->type != COAP_MESSAGE_ACK &&
	    observation_is_notification(response) &&
	    !coap_check_option(response, COAP_OPTION_BLOCK1, &oi);
}

bool
observe_response(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	struct observation *o;

	if (observe_count(session) == 0)
		return false;
	o = observe_find(session, coap_pdu_get_token(response));
	if (q && comes_between(q, o, response)) {
		/* Of a part of what is asked for, or to be ended. */
		if (!o->any || o->state == COAPX_OBSERVE_CANCELLING)
			return true;
		q = NULL;
	}
	if (q)
		return options_accept_response(&session->context->resources,
			   response) &&
		    take_answer(session, q, response);
	if (!o)
		return false;
	if (!options_accept_response(&session->context->resources, response)) {
		session_set_error(session, -COAP_E_BAD_RESPONSE, ERROR_PEER);
		observe_end(session, o, COAP_NACK_BAD_RESPONSE,
		    -COAP_E_BAD_RESPONSE);
		return false;
	}
	notified(session, o, response);
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations with a handle: coapx_observe.h. */
#include "session/observe/observe_client.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/sized.h"
#include "session/body/blockwise.h"

#include <coap3/coap_subscribe.h>

/* A first body that changes while it comes is asked for so often. */
#define OBSERVE_TRIES 4

/* --- callbacks ------------------------------------------------------------ */

/* While one of its callbacks is under way a handle stays. */
static void
enter(coapx_observation_t *h)
{
	h->calls++;
}

/* False when it is over; then it may be gone. */
static bool
leave(coapx_observation_t *h)
{
	bool there = h->o != NULL;

	h->calls--;
	if (!there && h->calls == 0)
		coap_free_type(COAP_NODE, h);
	return there;
}

void
observe_app_state(coapx_observation_t *h)
{
	uint8_t state = h->o->state;

	if (state == h->told)
		return;
	h->told = state;
	if (!h->params.state || state == COAPX_OBSERVE_ASKED ||
	    state == COAPX_OBSERVE_CANCELLING)
		return;
	enter(h);
	h->params.state(h, h->session, (coapx_observe_state_t)state,
	    h->params.arg);
	leave(h);
}

/* --- requests of a handle -------------------------------------------------- */

static void
cancel(coapx_request_t **a)
{
	coapx_request_t *request = *a;

	*a = NULL;
	coapx_request_cancel(request);
}

void
observe_app_drop(coapx_observation_t *h, coapx_request_t *a)
{
	if (h->asking == a)
		cancel(&h->asking);
	else if (h->fetching == a)
		cancel(&h->fetching);
}

void
observe_app_give_up(coapx_observation_t *h)
{
	cancel(&h->asking);
	cancel(&h->fetching);
}

/* It has ended for everybody but its owner. */
static void
detach(coapx_observation_t *h, bool tell)
{
	struct observation *o = h->o;

	observe_app_give_up(h);
	h->o = NULL;
	o->user = NULL;
	observe_forget(h->session, o, tell);
}

/* Ends it, and says how. tell: see observe_forget(). */
static void
finish(coapx_observation_t *h, const coapx_result_t *result, bool tell)
{
	coapx_result_t last = *result;
	coap_pdu_t *origin = pdu_ref(h->o->origin);

	last.sent = origin;
	enter(h);
	detach(h, tell);
	if (h->params.end)
		h->params.end(h, h->session, &last, h->params.arg);
	leave(h);
	coap_delete_pdu(origin);
}

void
observe_app_end(coapx_observation_t *h, coap_nack_reason_t reason, int err)
{
	coapx_result_t result = { .error = err, .reason = reason };

	finish(h, &result, true);
}

static void
fill(const coapx_observation_t *h, const coapx_result_t *result, bool old,
    bool answer, coapx_notification_t *n)
{
	const struct observation *o = h->o;

	*n = (coapx_notification_t){
		.size = sizeof *n,
		.flags = o->flags,
		.sent = o->origin,
		.response = result->response,
		.number = o->number,
		.gap = o->gap,
		.max_age = o->max_age,
		.retransmits = result->retransmits,
	};
	if (old) {
		n->flags = COAPX_NOTIFICATION_NUMBERED |
		    COAPX_NOTIFICATION_REORDERED |
		    (answer ? COAPX_NOTIFICATION_ANSWER : 0);
		n->number = observation_number(result->response);
		n->max_age = observation_max_age(result->response);
		n->gap = 0;
	}
	if (!o->delivered)
		n->flags |= COAPX_NOTIFICATION_FIRST;
	if (n->flags & COAPX_NOTIFICATION_ANSWER)
		n->rtt_us = result->rtt_us;
}

static void
notify(coapx_observation_t *h, const coapx_result_t *result, bool old,
    bool answer)
{
	bool wanted = !old || (h->params.flags & COAPX_OBSERVE_ALL);
	coapx_notification_t n;

	fill(h, result, old, answer, &n);
	enter(h);
	if (wanted) {
		h->o->delivered = true;
		h->o->notifications++;
	}
	observe_app_state(h);
	if (wanted && h->o && h->params.notify)
		h->params.notify(h, h->session, &n, h->params.arg);
	leave(h);
}

static void
failed(coapx_observation_t *h, const coapx_result_t *result)
{
	/* With a reconnect to come it is asked for again, unless its own time
	 * is over. */
	if (observe_waits(h->session) && result->error != -COAP_E_TIMEOUT) {
		observation_pause(observe_table_of(h->session), h->o,
		    COAPX_OBSERVE_LOST);
		observe_app_state(h);
		return;
	}
	finish(h, result, true);
}

/* The rest of a notification did not come. What changed meanwhile is asked for
 * again, also the first one, but that not without end. */
static void
not_fetched(coapx_observation_t *h, const coapx_result_t *result)
{
	bool changed = result->error == -COAP_E_BAD_RESPONSE &&
	    h->o->registrations < OBSERVE_TRIES;

	if (observe_waits(h->session)) {
		failed(h, result);
		return;
	}
	/* Its end comes with that of the session. */
	if (!h->session->layer)
		return;
	if (result->error == -COAP_E_TOOBIG || (!h->o->delivered && !changed)) {
		finish(h, result, true);
		return;
	}
	observe_stale(h->session, h->o);
	observe_app_state(h);
}

static void
answered(coapx_observation_t *h, const coapx_result_t *result, bool answer)
{
	struct observation *o = h->o;
	bool fetched = o->fetching && !h->old;
	bool old = h->old;
	bool last;
	bool good = result->error == 0 &&
	    COAP_RESPONSE_CLASS(result->response->code) == 2;

	h->old = false;
	if (!old)
		o->fetching = false;
	/* The last one: of the server's own, or as it was asked to. */
	last = o->state == COAPX_OBSERVE_CANCELLING ||
	    (result->error == 0 && !fetched &&
		!observation_is_notification(result->response));
	if (last)
		finish(h, result, false);
	else if (fetched && !good)
		not_fetched(h, result);
	else if (result->error < 0)
		failed(h, result);
	else
		notify(h, result, old, answer);
}

static void
on_answer(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	coapx_observation_t *h = arg;

	(void)request;
	(void)session;
	h->asking = NULL;
	answered(h, result, true);
}

static void
on_notification(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	coapx_observation_t *h = arg;

	(void)session;
	if (h->fetching == request)
		h->fetching = NULL;
	answered(h, result, false);
}

static coapx_request_params_t
request_params(coapx_observation_t *h)
{
	unsigned flags = 0;

	if (h->params.flags & COAPX_OBSERVE_NO_BLOCKS)
		flags |= COAPX_REQUEST_NO_BLOCKS;
	if (h->params.flags & COAPX_OBSERVE_END_ON_ICMP)
		flags |= COAPX_REQUEST_END_ON_ICMP;
	return (coapx_request_params_t){
		.size = sizeof(coapx_request_params_t),
		.timeout_ms = h->params.timeout_ms,
		.flags = flags,
		.result = on_answer,
		.arg = h,
		.body_max = h->params.body_max,
		.block_size = h->params.block_size,
	};
}

/* pdu stays the caller's. */
static int
send_for(coapx_observation_t *h, coap_pdu_t *pdu)
{
	coapx_request_params_t params = request_params(h);
	int err = 0;

	h->asking = coapx_request_send(h->session, pdu_ref(pdu), &params, &err);
	return err;
}

int
observe_app_register(coapx_observation_t *h)
{
	return send_for(h, h->o->origin);
}

int
observe_app_attach(coapx_observation_t *h, struct request *q)
{
	coapx_request_t *a = mem_new(COAP_NODE, 1, sizeof *a);
	coap_context_t *context = h->session->context;

	if (!a)
		return -COAP_E_NOMEM;
	a->session = h->session;
	a->params = request_params(h);
	a->params.result = on_notification;
	a->request = q;
	a->started_us = context_clock_us(context);
	if (a->params.timeout_ms)
		a->deadline = context_now(context) + a->params.timeout_ms;
	q->user = a;
	/* What is fetched goes on while an old one is told. */
	if (!h->fetching)
		h->fetching = a;
	return 0;
}

/* --- public ---------------------------------------------------------------- */

/* *pdu gets Observe 0 where it has none; another message takes its place when
 * that does not fit in front of its payload. */
static int
put_observe(coap_session_t *session, coap_pdu_t **pdu)
{
	int64_t value = observation_request_value(*pdu);
	coap_pdu_t *copy;

	if (value >= 0)
		return value == COAP_OBSERVE_ESTABLISH ? 0 : -COAP_E_INVAL;
	if (!(*pdu)->data)
		return coap_add_option(*pdu, COAP_OPTION_OBSERVE, 0, NULL)
		    ? 0
		    : -COAP_E_TOOBIG;
	copy = observe_copy(session, *pdu, (coap_pdu_type_t)(*pdu)->type,
	    COAP_OBSERVE_ESTABLISH);
	if (!copy)
		return -COAP_E_NOMEM;
	coap_delete_pdu(*pdu);
	*pdu = copy;
	return 0;
}

static int
begin(coapx_observation_t *h, coap_pdu_t **pdu)
{
	coap_session_t *session = h->session;
	struct observations *t = observe_table(session);
	struct observation *o;
	int err = t ? put_observe(session, pdu) : -COAP_E_NOMEM;

	if (err == 0)
		err = session_make_token(session, *pdu);
	if (err == 0)
		err = observations_add(t, *pdu, context_now(session->context),
		    &o);
	if (err != 0)
		return err;
	if (blockwise_has_body(*pdu))
		o->body = body_out_ref((*pdu)->app);
	o->user = h;
	h->o = o;
	h->told = o->state;
	err = send_for(h, *pdu);
	if (err < 0)
		observations_remove(t, o);
	return err;
}

/* 0 or an error. */
static int
check(const coap_session_t *session, const coap_pdu_t *pdu)
{
	if (session_is_mcast(session))
		return -COAP_E_MCAST;
	return pdu->code == COAP_REQUEST_CODE_GET ||
		pdu->code == COAP_REQUEST_CODE_FETCH
	    ? 0
	    : -COAP_E_INVAL;
}

coapx_observation_t *
coapx_observe_start(coap_session_t *session, coap_pdu_t *pdu,
    const coapx_observe_params_t *params, int *err)
{
	coapx_observe_params_t p;
	coapx_observation_t *h = NULL;
	int e = -COAP_E_INVAL;

	if (session && pdu && sized_take(&p, sizeof p, params))
		e = check(session, pdu);
	if (e == 0) {
		context_enter(session->context);
		h = mem_new(COAP_NODE, 1, sizeof *h);
		e = -COAP_E_NOMEM;
		if (h) {
			h->session = session;
			h->params = p;
			e = begin(h, &pdu);
		}
		if (e < 0) {
			coap_free_type(COAP_NODE, h);
			h = NULL;
		}
		context_leave(session->context);
	}
	coap_delete_pdu(pdu);
	if (err)
		*err = e;
	return h;
}

/* Whether the server may know of it, and can be asked. */
static bool
can_ask(const coapx_observation_t *h)
{
	const coapx_request_t *a = h->asking;

	if (!observe_stands(h->session) || h->o->state == COAPX_OBSERVE_LOST)
		return false;
	return h->o->any || !a || !a->request || a->request->sent_at != 0;
}

static int
deregister(coapx_observation_t *h)
{
	struct observation *o = h->o;
	coap_pdu_t *pdu =
	    observe_cancel_pdu(h->session, o, (coap_pdu_type_t)o->origin->type);
	int err;

	if (!pdu)
		return -COAP_E_NOMEM;
	observe_give_up(h->session, o);
	err = send_for(h, pdu);
	coap_delete_pdu(pdu);
	if (err == 0) {
		observation_pause(observe_table_of(h->session), o,
		    COAPX_OBSERVE_CANCELLING);
		h->told = o->state;
	} else if (o->due == TIMER_NEVER ||
	    o->state != COAPX_OBSERVE_REGISTERED) {
		/* What asked for it was given up. */
		observe_stale(h->session, o);
	}
	return err;
}

int
coapx_observe_stop(coapx_observation_t *observation, coapx_observe_stop_t how)
{
	coapx_observation_t *h = observation;
	coap_context_t *context;
	int err = 0;

	if (!h || !h->o)
		return -COAP_E_INVAL;
	if (how != COAPX_OBSERVE_DEREGISTER && how != COAPX_OBSERVE_FORGET)
		return -COAP_E_INVAL;
	if (how == COAPX_OBSERVE_DEREGISTER &&
	    h->o->state == COAPX_OBSERVE_CANCELLING)
		return -COAP_E_STATE;
	context = h->session->context;
	context_enter(context);
	if (how == COAPX_OBSERVE_DEREGISTER && can_ask(h))
		err = deregister(h);
	else
		observe_app_end(h, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_CANCELLED);
	context_leave(context);
	return err;
}

void
coapx_observe_drop(coapx_observation_t *observation)
{
	coapx_observation_t *h = observation;
	coap_context_t *context;

	if (!h || !h->o)
		return;
	context = h->session->context;
	context_enter(context);
	/* What deregisters goes on, and nobody hears of it. */
	if (h->o->state == COAPX_OBSERVE_CANCELLING && h->asking) {
		h->asking->params.result = NULL;
		h->asking = NULL;
	}
	enter(h);
	detach(h, true);
	leave(h);
	context_leave(context);
}

int
coapx_observation_info(const coapx_observation_t *observation,
    coapx_observation_info_t *info)
{
	coapx_observation_info_t full = { 0 };
	const struct observation *o = observation ? observation->o : NULL;

	if (!o || !info || info->size < sizeof info->size)
		return -COAP_E_INVAL;
	full.session = observation->session;
	full.sent = o->origin;
	full.state = (coapx_observe_state_t)o->state;
	full.has_number = o->numbered;
	full.number = o->number;
	full.last_code = o->last_code;
	full.max_age = o->max_age;
	full.age_ms = context_now(full.session->context) - o->came;
	full.notifications = o->notifications;
	full.gaps = o->gaps;
	full.reordered = o->reordered;
	full.registrations = o->registrations;
	sized_give(info, &full, sizeof full);
	return 0;
}

const char *
coapx_observe_state_name(coapx_observe_state_t state)
{
	static const char *const names[] = {
		[COAPX_OBSERVE_ASKED] = "asked",
		[COAPX_OBSERVE_REGISTERED] = "registered",
		[COAPX_OBSERVE_STALE] = "stale",
		[COAPX_OBSERVE_ASKING] = "asking",
		[COAPX_OBSERVE_LOST] = "lost",
		[COAPX_OBSERVE_CANCELLING] = "cancelling",
	};
	const size_t n = sizeof names / sizeof names[0];

	return (size_t)state < n && names[state] ? names[state] : "?";
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's observations in time: asked for again, lost, restored, ended. */
#include "session/observe/observe_client.h"

#include "base/err.h"
#include "session/body/blockwise.h"

#include <coap3/coap_prng.h>

/* --- asking again --------------------------------------------------------- */

/* Whether what it asked with is under way; in blocks, by other tokens. */
static bool
is_under_way(const coap_session_t *session, const struct observation *o)
{
	const coapx_observation_t *h = o->user;
	const struct request *q;

	if (observe_request(session, o) || (h && (h->asking || h->fetching)))
		return true;
	for (q = session->requests.list; q; q = q->next)
		if (q->transfer && q->transfer->origin == o->origin)
			return true;
	return false;
}

/* The same message as before, with the same token (RFC 7641 section 3.3.1);
 * its message ID is new. */
static int
send_again(coap_session_t *session, struct observation *o)
{
	int err;

	if (is_under_way(session, o))
		return -COAP_E_EXISTS;
	o->origin->mid = coap_new_message_id(session);
	/* It went along once, and was for that peer (RFC 9175 section 2.3). */
	pdu_remove_option(o->origin, COAP_OPTION_ECHO);
	observe_attach_body(o->origin, o);
	err = o->user ? observe_app_register(o->user)
		      : session_send_pdu(session, o->origin, NULL);
	if (err < 0)
		body_out_free(blockwise_detach(o->origin));
	return err;
}

void
observe_stale(coap_session_t *session, struct observation *o)
{
	uint32_t random = 0;

	coap_prng(&random, sizeof random);
	observation_stale(observe_table_of(session), o,
	    context_now(session->context), random);
	session_arm(session);
}

void
observe_hurry(coapx_observation_t *h)
{
	observation_hurry(observe_table_of(h->session), h->o,
	    context_now(h->session->context));
	session_arm(h->session);
}

static void
ask(coap_session_t *session, struct observation *o)
{
	int err;

	observation_asked(observe_table_of(session), o,
	    context_now(session->context));
	err = send_again(session, o);
	/* There may be room later; a new connection may take no such message. */
	if (err == -COAP_E_NOMEM || err == -COAP_E_LIMIT ||
	    err == -COAP_E_EXISTS) {
		observe_stale(session, o);
	} else if (err < 0) {
		session_set_error(session, err, ERROR_LOCAL);
		observe_end(session, o, COAP_NACK_NOT_DELIVERABLE, err);
		return;
	}
	if (o->user)
		observe_app_state(o->user);
}

coap_tick_t
observe_next(const coap_session_t *session)
{
	const struct observations *t = observe_table_of(session);

	return t ? observations_next(t) : TIMER_NEVER;
}

static void
became_stale(struct observations *t, struct observation *o)
{
	coapx_observation_t *h = o->user;

	if (!h)
		return;
	if (h->params.flags & COAPX_OBSERVE_NO_REFRESH)
		observation_pause(t, o, COAPX_OBSERVE_STALE);
	observe_app_state(h);
}

void
observe_expire(coap_session_t *session, coap_tick_t now)
{
	struct observations *t = observe_table_of(session);
	enum observation_step step;
	struct observation *o;
	uint32_t random = 0;

	if (!t || observations_next(t) > now)
		return;
	coap_prng(&random, sizeof random);
	for (o = observations_step(t, now, random, &step); o;
	     o = observations_step(t, now, random, &step)) {
		if (step == OBSERVATION_STALE)
			became_stale(t, o);
		else
			ask(session, o);
	}
}

/* --- the session's end, and its next begin -------------------------------- */

static struct observation *
find_to_lose(const coap_session_t *session)
{
	struct observation *o;

	for (o = observe_table_of(session)->list; o; o = o->next)
		/* What was not sent yet will be. */
		if (o->state != COAPX_OBSERVE_LOST &&
		    !observe_request(session, o))
			return o;
	return NULL;
}

static void
lose_all(coap_session_t *session)
{
	struct observation *o;

	/* A handler may end any of them: begin again after each. */
	for (o = find_to_lose(session); o && session->reconnecting;
	     o = find_to_lose(session)) {
		o->fetching = false;
		observation_pause(observe_table_of(session), o,
		    COAPX_OBSERVE_LOST);
		if (o->user)
			observe_app_state(o->user);
	}
}

void
observe_down(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	struct observations *t = observe_table_of(session);

	if (!t)
		return;
	if (session->reconnecting)
		lose_all(session);
	while (t->list && !session->reconnecting && !session->layer)
		observe_end(session, t->list, reason, err);
}

static struct observation *
find_lost(const coap_session_t *session)
{
	struct observation *o;

	for (o = observe_table_of(session)->list; o; o = o->next)
		if (o->state == COAPX_OBSERVE_LOST)
			return o;
	return NULL;
}

void
observe_restore(coap_session_t *session)
{
	struct observation *o;

	if (!observe_table_of(session))
		return;
	while (observe_stands(session)) {
		o = find_lost(session);
		if (!o)
			return;
		ask(session, o);
	}
}

static bool
is_alive(const struct observation *o)
{
	return o->any && o->state != COAPX_OBSERVE_LOST &&
	    o->state != COAPX_OBSERVE_CANCELLING;
}

void
observe_farewell(coap_session_t *session)
{
	struct observations *t = observe_table_of(session);
	struct observation *o;

	if (!t || session->no_observe_cancel || !observe_stands(session))
		return;
	for (o = t->list; o; o = o->next)
		if (is_alive(o))
			observe_tell_server(session, o);
}

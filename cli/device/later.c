/* SPDX-License-Identifier: BSD-2-Clause */
/* Separate responses (RFC 7252 section 5.2.2): answers that are owed. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/device/resource.h"

#define LATER_MAX       256 /* answers that are owed at a time, */
#define LATER_MAX_BYTES ((size_t)4 * DEVICE_MAX_BODY) /* and their bodies */

struct owed {
	struct owed *prev;
	struct owed *next;
	struct later *later;
	coap_session_t *session; /* a reference */
	coap_pdu_t *request;     /* a copy, without payload */
	coapx_timer_t *timer;
	struct answer answer; /* its body is the bytes below */
	uint8_t body[];
};

struct later {
	struct app *app;
	struct observer observer;
	struct owed *owed;
	unsigned n;
	size_t bytes;
};

/* The library's entry for it, which it may have given up with the session. */
static void
settle(struct owed *o)
{
	coap_free_async(o->session,
	    coap_find_async(o->session, coap_pdu_get_token(o->request)));
}

static void
owed_free(struct owed *o)
{
	settle(o);
	DL_DELETE(o->later->owed, o);
	o->later->n--;
	o->later->bytes -= o->answer.body.length;
	coapx_timer_free(o->timer);
	coap_delete_pdu(o->request);
	coap_session_release(o->session);
	free(o);
}

/* The reference has to go before the session does (coap_free_endpoint()). */
static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct later *later = observer->user;
	struct owed *o;
	struct owed *next;

	if (event != COAP_EVENT_SERVER_SESSION_DEL)
		return;
	DL_FOREACH_SAFE(later->owed, o, next) {
		if (o->session == session)
			owed_free(o);
	}
}

struct later *
later_new(struct app *app)
{
	struct later *later = calloc(1, sizeof(*later));

	if (!later)
		return NULL;
	later->app = app;
	later->observer.event = on_event;
	later->observer.user = later;
	app_observe(app, &later->observer);
	return later;
}

void
later_free(struct later *later)
{
	struct owed *o;
	struct owed *next;

	if (!later)
		return;
	app_unobserve(later->app, &later->observer);
	DL_FOREACH_SAFE(later->owed, o, next) {
		owed_free(o);
	}
	free(later);
}

static void
pay(coapx_timer_t *timer, void *arg)
{
	struct owed *o = arg;
	coap_bin_const_t token = coap_pdu_get_token(o->request);
	bool non = coap_pdu_get_type(o->request) == COAP_MESSAGE_NON;
	coap_pdu_t *pdu =
	    coap_new_pdu(non ? COAP_MESSAGE_NON : COAP_MESSAGE_CON,
		o->answer.code, o->session);

	(void)timer;
	if (pdu && coap_add_token(pdu, token.length, token.s)) {
		device_answer_to(o->session, o->request, pdu, &o->answer);
		coap_send(o->session, pdu);
	} else {
		coap_delete_pdu(pdu);
	}
	owed_free(o);
}

static struct owed *
owed_new(struct later *later, const struct call *call,
    const struct answer *answer)
{
	coap_bin_const_t token = coap_pdu_get_token(call->request);
	struct owed *o = calloc(1, sizeof *o + answer->body.length);

	if (!o)
		return NULL;
	o->timer = coapx_timer_new(later->app->context, pay, o);
	o->request = coap_pdu_duplicate(call->request, call->session,
	    token.length, token.s, NULL);
	if (!o->timer || !o->request) {
		coapx_timer_free(o->timer);
		coap_delete_pdu(o->request);
		free(o);
		return NULL;
	}
	o->later = later;
	o->session = coap_session_reference(call->session);
	o->answer = *answer;
	o->answer.body.s = o->body;
	if (answer->body.length > 0)
		memcpy(o->body, answer->body.s, answer->body.length);
	return o;
}

void
later_answer(struct call *call, uint64_t ms, const struct answer *answer)
{
	struct later *later = call->device->later;
	struct owed *o = NULL;

	if (later->n < LATER_MAX &&
	    later->bytes + answer->body.length <= LATER_MAX_BYTES)
		o = owed_new(later, call, answer);
	if (!o) {
		device_refuse(call, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
		    "too many answers are owed already");
		return;
	}
	DL_APPEND(later->owed, o);
	later->n++;
	later->bytes += answer->body.length;
	coapx_timer_set(o->timer, ms);
	/* The library knows of it, too: a peer that wants to end gets it still.
	 * It calls nobody. */
	(void)coap_register_async(o->session, o->request, 0);
	/* No code in the response: the library acknowledges, and that is all. */
}

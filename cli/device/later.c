/* SPDX-License-Identifier: BSD-2-Clause */
/* Separate responses (RFC 7252 section 5.2.2). */
#include "cli/device/later.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/device/store.h"

#define LATER_DEFAULT_MS 500
#define LATER_MAX_MS     60000
#define LATER_MAX        256 /* answers that are owed at a time */

struct owed {
	struct owed *prev;
	struct owed *next;
	struct device_later *later;
	coap_session_t *session; /* a reference */
	coapx_timer_t *timer;
	coap_pdu_type_t type;
	size_t token_len;
	uint8_t token[];
};

struct device_later {
	struct app *app;
	struct observer observer;
	struct owed *owed;
	unsigned n;
};

static void
owed_free(struct owed *o)
{
	DL_DELETE(o->later->owed, o);
	o->later->n--;
	coapx_timer_free(o->timer);
	coap_session_release(o->session);
	free(o);
}

/* The reference has to go before the session does (coap_free_endpoint()). */
static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct device_later *later = observer->user;
	struct owed *o;
	struct owed *next;

	if (event != COAP_EVENT_SERVER_SESSION_DEL)
		return;
	DL_FOREACH_SAFE(later->owed, o, next) {
		if (o->session == session)
			owed_free(o);
	}
}

struct device_later *
device_later_new(struct app *app)
{
	struct device_later *later = calloc(1, sizeof(*later));

	if (!later)
		return NULL;
	later->app = app;
	later->observer.event = on_event;
	later->observer.user = later;
	app_observe(app, &later->observer);
	return later;
}

void
device_later_free(struct device_later *later)
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
	static const char text[] = "This came by itself, after the ACK.";
	struct owed *o = arg;
	coap_pdu_t *pdu =
	    coap_new_pdu(o->type, COAP_RESPONSE_CODE_CONTENT, o->session);

	(void)timer;
	if (pdu && coap_add_token(pdu, o->token_len, o->token)) {
		device_answer(o->session, NULL, pdu, COAP_RESPONSE_CODE_CONTENT,
		    COAP_MEDIATYPE_TEXT_PLAIN,
		    (coap_bin_const_t){ sizeof text - 1,
			(const uint8_t *)text });
		coap_send(o->session, pdu);
	} else {
		coap_delete_pdu(pdu);
	}
	owed_free(o);
}

static bool
owe(struct device_later *later, coap_session_t *session,
    const coap_pdu_t *request, uint64_t ms)
{
	coap_bin_const_t token = coap_pdu_get_token(request);
	struct owed *o;

	if (later->n >= LATER_MAX)
		return false;
	o = calloc(1, sizeof *o + token.length);
	if (!o)
		return false;
	o->timer = coapx_timer_new(later->app->context, pay, o);
	if (!o->timer) {
		free(o);
		return false;
	}
	o->later = later;
	o->session = coap_session_reference(session);
	o->type = coap_pdu_get_type(request) == COAP_MESSAGE_NON
	    ? COAP_MESSAGE_NON
	    : COAP_MESSAGE_CON;
	o->token_len = token.length;
	if (token.length > 0)
		memcpy(o->token, token.s, token.length);
	DL_APPEND(later->owed, o);
	later->n++;
	coapx_timer_set(o->timer, ms);
	return true;
}

void
device_get_separate(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	struct app *app =
	    coap_context_get_app_data(coap_session_get_context(session));
	uint64_t ms = LATER_DEFAULT_MS;

	(void)resource;
	if (!device_query_number(query, "ms", LATER_MAX_MS, &ms)) {
		device_refuse(response, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "ms=N wants a number up to 60000");
		return;
	}
	/* No code in the response: the library acknowledges, and that is all. */
	if (!owe(app->device, session, request, ms))
		device_refuse(response, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
		    "too many answers are owed already");
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Observations by coap_send(): libcoap's way, with the context's handlers. */
#include "session/observe/observe_client.h"

#include "base/err.h"
#include "session/body/blockwise.h"

#include <coap3/coap_subscribe.h>

/* --- the application's messages ------------------------------------------- */

static int
begin_plain(coap_session_t *session, coap_pdu_t *pdu)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	struct observations *t = observe_table(session);
	struct observation *o;
	int err;

	if (!t)
		return -COAP_E_NOMEM;
	o = observations_find(t, token);
	if (requests_find(&session->requests, token) || (o && o->user))
		return -COAP_E_EXISTS;
	/* Asked for again, by the application. */
	if (o) {
		observe_drop_fetch(session, o);
		observations_remove(t, o);
	}
	err = observations_add(t, pdu, context_now(session->context), &o);
	if (err < 0)
		return err;
	if (blockwise_has_body(pdu))
		o->body = body_out_ref(pdu->app);
	err = session_send_pdu(session, pdu, NULL);
	if (err < 0)
		observations_remove(t, o);
	return err;
}

static int
end_plain(coap_session_t *session, coap_pdu_t *pdu)
{
	int err = session_send_pdu(session, pdu, NULL);
	struct observation *o = observe_find(session, coap_pdu_get_token(pdu));

	if (err < 0 || !o || o->user)
		return err;
	observe_drop_fetch(session, o);
	observation_pause(observe_table_of(session), o,
	    COAPX_OBSERVE_CANCELLING);
	return err;
}

int
observe_send(coap_session_t *session, coap_pdu_t *pdu)
{
	bool can = pdu->code == COAP_REQUEST_CODE_GET ||
	    pdu->code == COAP_REQUEST_CODE_FETCH;
	int64_t value = can ? observation_request_value(pdu) : -1;

	if (session_is_mcast(session))
		value = -1;
	if (value == COAP_OBSERVE_ESTABLISH)
		return begin_plain(session, pdu);
	if (value == COAP_OBSERVE_CANCEL)
		return end_plain(session, pdu);
	return session_send_pdu(session, pdu, NULL);
}

/* Whether the server may know of it. */
static bool
was_sent(const coap_session_t *session, const struct observation *o)
{
	const struct request *q = observe_request(session, o);

	return observe_stands(session) && o->state != COAPX_OBSERVE_LOST &&
	    (o->any || !q || q->sent_at != 0);
}

static int
cancel_plain(coap_session_t *session, struct observation *o,
    coap_pdu_type_t type)
{
	const struct request *q = observe_request(session, o);
	bool tell = was_sent(session, o);
	coap_pdu_t *pdu;
	int err;

	if (q && !observe_owns(o, q))
		return -COAP_E_EXISTS;
	pdu = tell ? observe_cancel_pdu(session, o, type) : NULL;
	if (tell && !pdu)
		return -COAP_E_NOMEM;
	observe_give_up(session, o);
	if (!tell) {
		observe_forget(session, o, false);
		return 0;
	}
	err = session_send_pdu(session, pdu, NULL);
	coap_delete_pdu(pdu);
	if (err == 0)
		observation_pause(observe_table_of(session), o,
		    COAPX_OBSERVE_CANCELLING);
	else if (o->due == TIMER_NEVER || o->state != COAPX_OBSERVE_REGISTERED)
		/* What asked for it was given up. */
		observe_stale(session, o);
	return err;
}

int
coap_cancel_observe(coap_session_t *session, coap_binary_t *token,
    coap_pdu_type_t message_type)
{
	struct observation *o;
	int err;

	if (!session || !token ||
	    (message_type != COAP_MESSAGE_CON &&
		message_type != COAP_MESSAGE_NON))
		return 0;
	o = observe_find(session,
	    (coap_bin_const_t){ .length = token->length, .s = token->s });
	if (!o || o->state == COAPX_OBSERVE_CANCELLING)
		return 0;
	if (o->user)
		return coapx_observe_stop(o->user, COAPX_OBSERVE_DEREGISTER) ==
		    0;
	context_enter(session->context);
	err = cancel_plain(session, o, message_type);
	session_arm(session);
	context_leave(session->context);
	return err == 0;
}

/* --- plain ones: how their requests end ----------------------------------- */

/* The observation that a request of the application's registers or ends, or of
 * whose notification it is; NULL: none. */
static struct observation *
find_plain(const coap_session_t *session, const struct request *q)
{
	const coap_pdu_t *origin = q->transfer ? q->transfer->origin : q->sent;
	struct observation *o =
	    observe_find(session, coap_pdu_get_token(origin));

	if (!o || o->user)
		return NULL;
	if (o->origin == origin || o->state == COAPX_OBSERVE_CANCELLING)
		return o;
	return NULL;
}

/* Whether this is a notification: of one in parts, the first one says so. */
static bool
is_notification(const struct request *q, const coap_pdu_t *response)
{
	const coap_pdu_t *head = q->transfer ? q->transfer->head : NULL;

	return observation_is_notification(head ? head : response);
}

void
observe_delivering(coap_session_t *session, const struct request *q,
    const coap_pdu_t *response)
{
	struct observation *o = find_plain(session, q);
	bool fetched;

	if (!o)
		return;
	fetched = o->fetching;
	/* What is told may be an old one, while the newest is fetched. */
	o->fetching = fetched && observe_find_fetch(session, o);
	if (o->state == COAPX_OBSERVE_CANCELLING ||
	    (!fetched && !is_notification(q, response))) {
		observe_forget(session, o, false);
		return;
	}
	o->delivered = true;
	o->notifications++;
}

void
observe_rejected(coap_session_t *session, const struct request *q)
{
	struct observation *o = find_plain(session, q);

	if (!o)
		return;
	observe_give_up(session, o);
	observe_forget(session, o, true);
}

bool
observe_failed(coap_session_t *session, const struct request *q)
{
	struct observation *o = find_plain(session, q);
	bool fetched;

	if (!o)
		return false;
	fetched = o->fetching;
	o->fetching = false;
	if (o->state != COAPX_OBSERVE_CANCELLING) {
		/* Asked for again when there is a connection. */
		if (observe_waits(session)) {
			observation_pause(observe_table_of(session), o,
			    COAPX_OBSERVE_LOST);
			return true;
		}
		if (fetched && o->delivered) {
			observe_stale(session, o);
			return true;
		}
	}
	observe_forget(session, o, true);
	return false;
}

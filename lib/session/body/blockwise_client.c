/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's transfers that go on: one request of the application is several
 * messages. */
#include "session/body/blockwise.h"

#include "base/alloc.h"
#include "base/err.h"
#include "session/body/qblock.h"
#include "session/observe/observe_client.h"
#include "session/traffic/echo.h"

/* --- an answer ------------------------------------------------------------ */

/* The application gave it up meanwhile, and hears nothing more. */
void
blockwise_drop(struct request *q)
{
	coap_free_type(COAP_NODE, q->user);
	request_free(q);
}

void
blockwise_failed(coap_session_t *session, struct request *q, int err)
{
	if (blockwise_cancelled(q)) {
		blockwise_drop(q);
		return;
	}
	session_set_error(session, err, ERROR_LOCAL);
	request_failed(session, q, COAP_NACK_BAD_RESPONSE, err);
}

void
blockwise_deadline(const coap_session_t *session, coapx_request_t *a)
{
	if (a && a->params.timeout_ms &&
	    (a->params.flags & COAPX_REQUEST_EACH_BLOCK))
		a->deadline =
		    context_now(session->context) + a->params.timeout_ms;
}

/* The next message takes over what q had. */
static void
hand_over(coap_session_t *session, struct request *q, struct request *next)
{
	struct transfer *t = q->transfer;
	coapx_request_t *a = q->user;

	if (t->sent_at == 0)
		t->sent_at = q->sent_at;
	t->retransmits += q->retransmits;
	q->transfer = NULL;
	q->user = NULL;
	next->transfer = t;
	next->user = a;
	t->unsent = false;
	/* Who wants no response waits for the last part to leave. */
	next->sent_told = !a ||
	    !(a->params.flags & COAPX_REQUEST_NO_RESPONSE) ||
	    !transfer_is_sent(t);
	if (!a)
		return;
	if (next->sent_at && !next->sent_told)
		session->tell_sent = true;
	a->request = next;
	blockwise_deadline(session, a);
	if (a->deadline && a->deadline < next->deadline)
		requests_set_deadline(&session->requests, next, a->deadline);
}

/* A new one, but for what is to be observed: that has one as long as it is, in
 * each part of its body, for a server may notify by that of any of them. */
static coap_bin_const_t
next_token(coap_session_t *session, const struct transfer *t, uint8_t bytes[8])
{
	coap_bin_const_t token = { .s = bytes };
	coap_opt_iterator_t oi;

	if (t->unsent ||
	    ((t->up || transfer_repeats(t)) &&
		coap_check_option(t->origin, COAP_OPTION_OBSERVE, &oi)))
		return coap_pdu_get_token(t->origin);
	coap_session_new_token(session, &token.length, bytes);
	return token;
}

static int
send_next(coap_session_t *session, struct request *q, struct request **next)
{
	const struct transfer_link link = { blockwise_max(session),
		blockwise_bert(session) };
	coap_bin_const_t token;
	uint8_t bytes[8];
	coap_pdu_t *msg;
	int err;

	token = next_token(session, q->transfer, bytes);
	blockwise_working(q, true);
	err = transfer_message(q->transfer, &link, coap_new_message_id(session),
	    token, &msg);
	blockwise_working(q, false);
	if (err != 0)
		return err;
	err = blockwise_cancelled(q) ? -COAP_E_CANCELLED
				     : session_send_message(session, msg, next);
	coap_delete_pdu(msg);
	return err;
}

/* With a handler for each part: *part is this one, else NULL. False when out
 * of memory: no part may be missing without a word. */
static bool
make_part(const struct request *q, const coap_pdu_t *response,
    coap_pdu_t **part)
{
	struct transfer *t = q->transfer;

	*part = NULL;
	if (q->user || t->up || !t->head || t->in.keep != BODY_COUNT)
		return true;
	*part = transfer_whole(t, (coap_pdu_t *)(uintptr_t)response);
	return *part != NULL;
}

/* False: the handler does not want this part, nor what is behind it. */
static bool
tell_part(coap_session_t *session, const struct request *q, coap_pdu_t *part)
{
	coap_response_handler_t handler = session->context->on.response;

	if (part && observe_is_silent(q->transfer->origin))
		return false;
	if (!part || !handler ||
	    handler(session, q->transfer->origin, part, part->mid) !=
		COAP_RESPONSE_FAIL)
		return true;
	if (!session_reliable(session) && session->layer &&
	    part->type != COAP_MESSAGE_ACK)
		dgram_send_empty(&session->msg.dgram, COAP_MESSAGE_RST,
		    part->mid, context_now(session->context));
	return false;
}

void
blockwise_ask_on(coap_session_t *session, struct request *q)
{
	struct request *next = NULL;
	int err = blockwise_gone(session);

	if (err == 0)
		err = q->transfer->in.wait ? BODY_WAIT
					   : send_next(session, q, &next);
	if (err == BODY_WAIT && blockwise_gone(session) < 0)
		err = blockwise_gone(session);
	if (err == BODY_WAIT) {
		blockwise_hold(session, q);
		return;
	}
	if (err < 0 || !next) {
		blockwise_failed(session, q, err < 0 ? err : -COAP_E_INVAL);
		return;
	}
	hand_over(session, q, next);
	request_free(q);
	session_arm(session);
	if (next->user)
		blockwise_tell(next->user, next->transfer);
}

/* What it was to observe is not wanted, either. */
static void
give_up(coap_session_t *session, struct request *q)
{
	observe_rejected(session, q);
	request_free(q);
}

static void
go_on(coap_session_t *session, struct request *q, const coap_pdu_t *response)
{
	coap_pdu_t *part;

	if (!make_part(q, response, &part))
		blockwise_failed(session, q, -COAP_E_NOMEM);
	else if (tell_part(session, q, part))
		blockwise_ask_on(session, q);
	else
		give_up(session, q);
	coap_delete_pdu(part);
}

void
blockwise_finish(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	coap_pdu_t *whole =
	    transfer_whole(q->transfer, (coap_pdu_t *)(uintptr_t)response);

	if (!whole) {
		blockwise_failed(session, q, -COAP_E_NOMEM);
		return;
	}
	blockwise_working(q, true);
	if (q->user)
		blockwise_tell(q->user, q->transfer);
	blockwise_working(q, false);
	if (blockwise_cancelled(q))
		blockwise_drop(q);
	else
		request_deliver(session, q, whole);
	coap_delete_pdu(whole);
}

/* Whether it is a client's of our proxy, whose part Echo is: what it sends with
 * one has to be of after that came (RFC 9175 section 2.3). */
static bool
is_relayed(const struct request *q)
{
	const coapx_request_t *a = q->user;

	return a && a->forwarded;
}

/* The first answer that needs it makes a request a transfer. */
static void
begin(coap_session_t *session, struct request *q)
{
	struct transfer_params params = blockwise_params(session, q->user);

	q->transfer = transfer_new(q->sent, NULL, &params);
	if (q->transfer)
		q->transfer->relayed = is_relayed(q);
}

void
blockwise_answered(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	enum transfer_step step;
	int err;

	blockwise_working(q, true);
	step = transfer_answer(q->transfer, response, &err);
	blockwise_working(q, false);
	if (step == TRANSFER_FAILED || blockwise_cancelled(q)) {
		blockwise_failed(session, q, err);
	} else if (step == TRANSFER_DONE) {
		blockwise_finish(session, q, response);
	} else {
		go_on(session, q, response);
	}
}

bool
blockwise_response(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	bool relayed = is_relayed(q);

	if (!relayed)
		echo_take(session, response);
	if (q->transfer)
		q->transfer->relayed = relayed;
	/* Once more what was answered before it had to wait. */
	if (blockwise_is_held(q))
		return true;
	if (q->transfer && q->transfer->q) {
		qblock_response(session, q, response);
		return true;
	}
	if (!q->transfer &&
	    (!blockwise_does(session, q->user) ||
		!transfer_is_needed(q->sent, response) ||
		(relayed && transfer_wants_echo(response))))
		return false;
	/* Out of the table: whatever handlers do, q is ours. */
	request_take_answered(session, q);
	if (!q->transfer)
		begin(session, q);
	if (q->transfer)
		blockwise_answered(session, q, response);
	else
		blockwise_failed(session, q, -COAP_E_NOMEM);
	return true;
}

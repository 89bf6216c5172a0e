/* SPDX-License-Identifier: BSD-2-Clause */
/* How messages end: answered, or one nack each. Called from the loop, or from
 * a call of the application that takes the session down. */
#include "session/traffic/app_request.h"

#include "base/alloc.h"
#include "session/body/blockwise.h"
#include "session/observe/observe_client.h"

void
app_request_end(coapx_request_t *a, const coapx_result_t *result)
{
	coap_session_t *session = a->session;

	a->ended = true;
	if (a->params.result)
		a->params.result(a, session, result, a->params.arg);
	coap_free_type(COAP_NODE, a);
}

static void
count_round_trip(coap_session_t *session, const struct request *q)
{
	struct session_stats *s = &session->stats;
	uint64_t us = context_clock_us(session->context) - q->sent_at;
	/* 0 would mean that there was none yet. */
	uint32_t rtt = us > UINT32_MAX ? UINT32_MAX
	    : us == 0                  ? 1
				       : (uint32_t)us;

	if (q->sent_at == 0)
		return;
	if (s->rtt_n++ == 0 || rtt < s->rtt_min_us)
		s->rtt_min_us = rtt;
	s->rtt_avg_us = (uint32_t)((int64_t)s->rtt_avg_us +
	    ((int64_t)rtt - (int64_t)s->rtt_avg_us) / (int64_t)s->rtt_n);
	if (rtt > s->rtt_max_us)
		s->rtt_max_us = rtt;
}

/* The application's own message, of which q may be only a part. */
static coap_pdu_t *
origin_of(const struct request *q)
{
	return q->transfer ? q->transfer->origin : q->sent;
}

static void
app_result(struct request *q, const coap_pdu_t *response,
    coap_nack_reason_t reason, int err)
{
	coapx_request_t *a = q->user;
	uint64_t now = context_clock_us(a->session->context);
	const struct transfer *t = q->transfer;
	coapx_transfer_t told;
	uint64_t began = t && t->sent_at ? t->sent_at : q->sent_at;
	coapx_result_t result = {
		.error = err,
		.reason = reason,
		.sent = origin_of(q),
		.response = response,
		.rtt_us = began ? now - began : 0,
		.retransmits = q->retransmits,
	};

	if (t) {
		result.retransmits += t->retransmits;
		told = blockwise_told(t);
		result.transfer = &told;
	}
	a->request = NULL;
	app_request_end(a, &result);
}

/* What the message layer still holds of it is not needed any more. */
void
session_forget_pdu(coap_session_t *session, const coap_pdu_t *sent)
{
	session_unqueue(session, sent);
	if (!session_reliable(session))
		dgram_forget(&session->msg.dgram, sent,
		    context_now(session->context));
}

void
request_take_answered(coap_session_t *session, struct request *q)
{
	/* It is in no table, and nothing of it was sent now. */
	if (q->loose)
		return;
	count_round_trip(session, q);
	requests_take(&session->requests, q);
	session_forget_pdu(session, q->sent);
}

/* What is told to the context's handler. */
static void
deliver_plain(coap_session_t *session, const struct request *q,
    const coap_pdu_t *response)
{
	coap_response_handler_t handler = session->context->on.response;
	coap_response_t verdict = COAP_RESPONSE_OK;

	if (observe_is_silent(origin_of(q)))
		return;
	observe_delivering(session, q, response);
	if (handler)
		verdict =
		    handler(session, origin_of(q), response, response->mid);
	if (verdict != COAP_RESPONSE_FAIL)
		return;
	if (!session_reliable(session) && session->layer &&
	    response->type != COAP_MESSAGE_ACK)
		dgram_send_empty(&session->msg.dgram, COAP_MESSAGE_RST,
		    response->mid, context_now(session->context));
	observe_rejected(session, q);
}

void
request_deliver(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	if (q->user)
		app_result(q, response, COAP_NACK_NOT_DELIVERABLE, 0);
	else
		deliver_plain(session, q, response);
	request_free(q);
}

void
request_answered(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	request_take_answered(session, q);
	request_deliver(session, q, response);
}

void
message_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason)
{
	coap_nack_handler_t handler = session->context->on.nack;

	if (handler && !observe_is_silent(sent))
		handler(session, sent, reason, sent ? sent->mid : 0);
}

/* Who has no handler for each gets the first. */
void
request_answered_by_one(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	coap_response_handler_t handler = session->context->on.response;
	coapx_request_t *a = q->user;
	coap_pdu_t *sent = pdu_ref(q->sent);
	coapx_result_t answer = {
		.response = response,
		.sent = sent,
		.rtt_us = q->sent_at
		    ? context_clock_us(session->context) - q->sent_at
		    : 0,
	};

	if (a && !a->params.response) {
		request_answered(session, q, response);
	} else {
		count_round_trip(session, q);
		q->answered = true;
		if (a)
			a->params.response(a, session, &answer, a->params.arg);
		else if (handler)
			handler(session, sent, response, response->mid);
	}
	coap_delete_pdu(sent);
}

void
request_over(coap_session_t *session, struct request *q)
{
	session_forget_pdu(session, q->sent);
	if (q->user)
		app_result(q, NULL, COAP_NACK_NOT_DELIVERABLE, 0);
	request_free(q);
}

/* q is out of the table and ends here. */
void
request_failed(coap_session_t *session, struct request *q,
    coap_nack_reason_t reason, int err)
{
	if (q->answered) {
		request_over(session, q);
		return;
	}
	session_forget_pdu(session, q->sent);
	if (q->user)
		app_result(q, NULL, reason, err);
	else if (!observe_failed(session, q))
		message_failed(session, origin_of(q), reason);
	request_free(q);
}

/* Whether nobody expects more of a request than this. */
static bool
is_enough(const coap_session_t *session, const struct request *q,
    coapx_progress_t progress)
{
	const coapx_request_t *a = q->user;

	if (!(a->params.flags & COAPX_REQUEST_NO_RESPONSE) ||
	    (q->transfer && !transfer_is_sent(q->transfer)))
		return false;
	if (session_reliable(session) || q->sent->type == COAP_MESSAGE_NON)
		return progress == COAPX_PROGRESS_SENT;
	return progress == COAPX_PROGRESS_ACKED;
}

/* True when q is still under way afterwards. */
static bool
tell_progress(coap_session_t *session, struct request *q,
    coapx_progress_t progress, unsigned count)
{
	coapx_request_t *a = q->user;
	coap_pdu_t *sent = pdu_ref(q->sent);
	bool there;

	if (a->params.progress)
		a->params.progress(a, session, progress, count, a->params.arg);
	there = requests_find_pdu(&session->requests, sent) == q;
	coap_delete_pdu(sent);
	if (!there || !is_enough(session, q, progress))
		return there;
	requests_take(&session->requests, q);
	app_result(q, NULL, COAP_NACK_NOT_DELIVERABLE, 0);
	request_free(q);
	return false;
}

/* That it left comes before everything else, though it is told by a timer. */
void
request_progress(coap_session_t *session, struct request *q,
    coapx_progress_t progress, unsigned count)
{
	if (!q->user)
		return;
	if (q->sent_at && !q->sent_told) {
		q->sent_told = true;
		if (!tell_progress(session, q, COAPX_PROGRESS_SENT, 0))
			return;
	}
	if (progress != COAPX_PROGRESS_SENT)
		tell_progress(session, q, progress, count);
}

void
requests_tell_sent(coap_session_t *session)
{
	struct request *q = session->requests.list;

	if (!session->tell_sent)
		return;
	session->tell_sent = false;
	/* A handler may end any request: begin again after each. */
	while (q) {
		if (q->user && q->sent_at && !q->sent_told) {
			request_progress(session, q, COAPX_PROGRESS_SENT, 0);
			q = session->requests.list;
		} else {
			q = q->next;
		}
	}
}

void
requests_end_all(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	struct request *q = session->requests.list;

	/* A handler may end any request: begin again after each. */
	while (q) {
		if (session->reconnecting && q->sent_at == 0) {
			q = q->next;
			continue;
		}
		requests_take(&session->requests, q);
		request_failed(session, q, reason, err);
		q = session->requests.list;
	}
}

static bool
ends_on_icmp(const struct request *q)
{
	const coapx_request_t *a = q->user;

	return a && q->sent_at && !q->icmp_seen &&
	    (a->params.flags & COAPX_REQUEST_END_ON_ICMP);
}

void
requests_icmp(coap_session_t *session, int err)
{
	struct request *q = session->requests.list;

	/* A handler may end any request: begin again after each. */
	while (q) {
		if (ends_on_icmp(q)) {
			requests_take(&session->requests, q);
			request_failed(session, q, COAP_NACK_ICMP_ISSUE, err);
			q = session->requests.list;
			continue;
		}
		if (!q->icmp_seen && q->sent_at) {
			q->icmp_seen = true;
			request_progress(session, q, COAPX_PROGRESS_ICMP, 0);
			q = session->requests.list;
			continue;
		}
		q = q->next;
	}
	if (session_pings(session))
		ping_icmp(session, err);
}

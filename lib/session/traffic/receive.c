/* SPDX-License-Identifier: BSD-2-Clause */
/* From the transport to the message layer, and from there to the exchanges. */
#include "base/alloc.h"
#include "base/err.h"
#include "exchange/dispatch.h"
#include "session/body/blockwise.h"
#include "session/body/qblock.h"
#include "session/connect/reconnect.h"
#include "session/group/mcast.h"
#include "session/observe/observe_client.h"
#include "session/observe/observe_server.h"
#include "session/secure/secure.h"
#include "session/traffic/async.h"
#include "session/traffic/release.h"
#include "session/traffic/serve.h"

/* Datagrams, or reads of a stream, that one pass takes from one session. */
#define READS_A_PASS 32

/* --- a message that is new ----------------------------------------------- */

/* A response nobody can use: Reset, so that the peer stops (RFC 7252
 * section 4.2 and 4.3; RFC 7641 section 3.6 counts on it). */
static void
reject_response(coap_session_t *session, const coap_pdu_t *response)
{
	coap_log_debug("%s: response rejected\n", coap_session_str(session));
	if (session_reliable(session) || response->type == COAP_MESSAGE_ACK)
		return;
	dgram_send_empty(&session->msg.dgram, COAP_MESSAGE_RST, response->mid,
	    context_now(session->context));
}

/* A proxy looks at its answers itself (RFC 7252 section 5.7.1). */
static bool
accepts(const coap_session_t *session, const struct request *q,
    const coap_pdu_t *response)
{
	const coapx_request_t *a = q->user;

	return (a && a->forwarded) ||
	    options_accept_response(&session->context->resources, response);
}

static void
handle_response(coap_session_t *session, const coap_pdu_t *response)
{
	struct request *q =
	    requests_find(&session->requests, coap_pdu_get_token(response));

	if (!q)
		q = qblock_find(session, coap_pdu_get_token(response));
	if (observe_response(session, q, response))
		return;
	if (!q) {
		reject_response(session, response);
		return;
	}
	if (!accepts(session, q, response)) {
		reject_response(session, response);
		session_set_error(session, -COAP_E_BAD_RESPONSE, ERROR_PEER);
		requests_take(&session->requests, q);
		request_failed(session, q, COAP_NACK_BAD_RESPONSE,
		    -COAP_E_BAD_RESPONSE);
		return;
	}
	if (!blockwise_response(session, q, response))
		request_answered(session, q, response);
}

/* An answer waits because the peer does not take what it asked for: it is not
 * asked further until it does, so that little is kept for it. */
static void
hold_back(coap_session_t *session)
{
	if (!session_reliable(session) || !session->layer || !session->blocked)
		return;
	stream_hold(&session->msg.stream);
	layer_want_read(session->layer, false);
}

void
session_resume_input(coap_session_t *session)
{
	if (!session_reliable(session) || !session->layer ||
	    !session->msg.stream.held || session_next_pending(session))
		return;
	layer_want_read(session->layer, true);
	stream_resume(&session->msg.stream, context_now(session->context));
}

/* Messages of a stream are counted one by one, its bytes as they come. */
static void
count_message(coap_session_t *session, const coap_pdu_t *pdu)
{
	if (!session_reliable(session) || !pdu)
		return;
	session->stats.rx++;
	trace_pdu(session, COAPX_TRACE_RX, pdu);
}

static void
deliver(void *user, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;

	if (session->context->doomed)
		return;
	count_message(session, pdu);
	if (pdu->code < 32) {
		if (pdu->token_len > session->context->set.max_token_size)
			session_refuse_token(session, pdu);
		else if (!session_async_waits(session, pdu))
			session_serve(session, pdu);
		hold_back(session);
		return;
	}
	handle_response(session, pdu);
}

static int
transmit(void *user, const uint8_t *data, size_t len)
{
	coap_session_t *session = user;
	int err;

	if (!session->layer)
		return -COAP_E_CLOSED;
	/* Before the system call: within it, the answer may be on its way. */
	session->context->left_us = context_clock_us(session->context);
	err = layer_send(session->layer, data, len);
	if (err < 0)
		return err;
	session->stats.tx++;
	session->stats.bytes_tx += len;
	if (session->context->on.trace)
		trace_bytes(session, COAPX_TRACE_TX, data, len);
	return 0;
}

static void
pinged(void *user, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;
	coap_ping_handler_t handler = session->context->on.ping;

	count_message(session, pdu);
	if (handler)
		handler(session, pdu, pdu->mid);
}

static void
ponged(void *user, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;
	coap_pong_handler_t handler = session->context->on.pong;

	count_message(session, pdu);
	ping_answered(session);
	if (handler && session->layer)
		handler(session, pdu, pdu->mid);
}

/* --- datagrams ----------------------------------------------------------- */

static void
dgram_acked(void *user, coap_pdu_t *sent)
{
	coap_session_t *session = user;
	struct request *q = requests_find_pdu(&session->requests, sent);
	coap_tick_t limit;

	if (!q) {
		notify_acked(session, sent);
		return;
	}
	q->acked = true;
	/* The peer promised a response; it cannot come later than this. */
	limit = context_now(session->context) +
	    msg_exchange_lifetime(session->params);
	if (limit < q->deadline)
		requests_set_deadline(&session->requests, q, limit);
	request_progress(session, q, COAPX_PROGRESS_ACKED, 0);
	session_arm(session);
}

/* The error that a message ends with while the session goes on. */
static int
count_failure(coap_session_t *session, coap_nack_reason_t reason)
{
	int err = -COAP_E_RETRIES;

	if (reason == COAP_NACK_RST) {
		session->stats.resets++;
		session_set_error(session, -COAP_E_RST, ERROR_PEER);
		return -COAP_E_RST;
	}
	session->stats.timeouts++;
	if (reason == COAP_NACK_ICMP_ISSUE)
		err = session->error_source == ERROR_NETWORK ? session->error
							     : -COAP_E_UNREACH;
	session_set_error(session, err, ERROR_NETWORK);
	return err;
}

static void
dgram_failed(void *user, coap_pdu_t *sent, coap_nack_reason_t reason)
{
	coap_session_t *session = user;
	struct request *q;
	int err =
	    session->owed ? session->error : count_failure(session, reason);

	if (!sent) {
		ping_lost(session, reason, err);
		return;
	}
	q = requests_find_pdu(&session->requests, sent);
	if (!q && qblock_failed(session, sent, reason, err))
		return;
	if (!q) {
		notify_failed(session, sent, reason);
		message_failed(session, sent, reason);
		return;
	}
	requests_take(&session->requests, q);
	request_failed(session, q, reason, err);
}

static coap_pdu_t *
dgram_renew(void *user, const coap_pdu_t *sent)
{
	return notify_renew(user, sent);
}

static void
dgram_retransmitted(void *user, coap_pdu_t *sent, unsigned count)
{
	coap_session_t *session = user;
	struct request *q = requests_find_pdu(&session->requests, sent);

	session->stats.retransmits++;
	notify_repeated(session, sent);
	if (q) {
		q->retransmits = (uint16_t)count;
		request_progress(session, q, COAPX_PROGRESS_RETRANSMITTED,
		    count);
	}
	if (session->layer)
		session_event(session, COAP_EVENT_MSG_RETRANSMITTED);
}

static void
dgram_sent(void *user, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;
	struct request *q = requests_find_pdu(&session->requests, pdu);

	if (q)
		session_sent(session, q);
	else
		notify_sent(session, pdu);
}

static void
dgram_duplicate(void *user, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;

	(void)pdu;
	session->stats.duplicates++;
}

static const struct dgram_ops dgram_session_ops = {
	.transmit = transmit,
	.deliver = deliver,
	.acked = dgram_acked,
	.failed = dgram_failed,
	.sent = dgram_sent,
	.renew = dgram_renew,
	.retransmitted = dgram_retransmitted,
	.pinged = pinged,
	.ponged = ponged,
	.duplicate = dgram_duplicate,
};

/* False when a handler has ended the session, which may hear of it here. */
static bool
count_input(coap_session_t *session, size_t len)
{
	const struct layer *layer = session->layer;

	session->stats.bytes_rx += len;
	session->heard = true;
	/* The address is right: the others are not needed any more. */
	if (!session_reliable(session))
		connect_cancel(session);
	keepalive_heard(session);
	session_touch(session);
	reconnect_heard(session);
	return session->layer == layer;
}

void
session_datagram_pdu(coap_session_t *session, const coap_pdu_t *pdu, int err,
    const uint8_t *data, size_t len)
{
	coap_tick_t now = context_now(session->context);

	session->stats.rx++;
	if (session->context->on.trace)
		trace_bytes(session, COAPX_TRACE_RX, data, len);
	if (!count_input(session, len))
		return;
	if (err < 0) {
		session_set_error(session, err, ERROR_PEER);
		if (!session_is_mcast(session))
			dgram_input_bad(&session->msg.dgram, pdu, now);
		session_event(session, COAP_EVENT_BAD_PACKET);
	} else if (session_is_mcast(session)) {
		mcast_input(session, pdu);
	} else {
		dgram_input(&session->msg.dgram, pdu, now);
	}
}

static void
read_datagram(coap_session_t *session, const uint8_t *data, size_t len)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_RST, 0, 0, len);
	int err;

	if (!pdu)
		return;
	mcast_heard(session);
	err = pdu_decode(pdu, FRAMING_DATAGRAM,
	    session_datagram_token_max(session->context), data, len);
	session_datagram_pdu(session, pdu, err, data, len);
	coap_delete_pdu(pdu);
}

/* --- streams ------------------------------------------------------------- */

static void
stream_ready(void *user, const coap_pdu_t *csm)
{
	coap_session_t *session = user;

	count_message(session, csm);
	session->csm_received = csm != NULL;
	if (!csm)
		trace_text(session, COAPX_TRACE_NOTE,
		    "no CSM from the peer in time; going on without");
	session_established(session);
}

static void
stream_settings(void *user, const coap_pdu_t *csm)
{
	coap_session_t *session = user;

	session->csm_received = true;
	count_message(session, csm);
}

static void
stream_ended(void *user, int err, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;
	bool abort = err == -COAP_E_PEER_ABORT;

	count_message(session, pdu);
	if (abort) {
		session->stats.resets++;
		release_abort(session, pdu);
	}
	session_set_error(session, err, ERROR_PEER);
	session_down(session, abort ? COAP_NACK_RST : COAP_NACK_NOT_DELIVERABLE,
	    err, true);
}

static void
stream_released(void *user, const coap_pdu_t *pdu)
{
	coap_session_t *session = user;

	count_message(session, pdu);
	release_came(session, pdu);
}

static const struct stream_ops stream_session_ops = {
	.transmit = transmit,
	.deliver = deliver,
	.ready = stream_ready,
	.settings = stream_settings,
	.pinged = pinged,
	.ponged = ponged,
	.released = stream_released,
	.ended = stream_ended,
};

void
session_messages_init(coap_session_t *session)
{
	if (!session_reliable(session)) {
		dgram_init(&session->msg.dgram, &dgram_session_ops, session,
		    session->params);
		session->msg.dgram.group = session_is_mcast(session);
		return;
	}
	stream_init(&session->msg.stream, session->proto->framing,
	    session->context->set.csm_max_message_size,
	    session->context->set.max_token_size, &stream_session_ops, session);
	session->msg.stream.block_wise =
	    blockwise_mode(session, COAP_BLOCK_USE_LIBCOAP);
}

void
session_messages_free(coap_session_t *session)
{
	if (session_reliable(session))
		stream_free(&session->msg.stream);
	else
		dgram_free(&session->msg.dgram);
}

/* --- the layers ---------------------------------------------------------- */

static void
lost(coap_session_t *session, int err)
{
	/* It had said so. */
	if (release_is_pending(session)) {
		release_end(session, false);
		return;
	}
	session_set_error(session, err,
	    err == -COAP_E_PEER_CLOSED ? ERROR_PEER : ERROR_NETWORK);
	session_down(session, COAP_NACK_NOT_DELIVERABLE, err, false);
}

/* False when this session has nothing more to read now. */
static bool
read_once(coap_session_t *session, uint8_t *rx)
{
	const uint8_t *data = rx;
	ssize_t n = session->proto->framing == FRAMING_WS
	    ? layer_message(session->layer, &data)
	    : layer_recv(session->layer, rx, CONTEXT_RX_SIZE);

	if (n == -COAP_E_AGAIN)
		return false;
	if (!session_reliable(session)) {
		if (n == 0 || (n < 0 && session->proto->secure)) {
			lost(session, n == 0 ? -COAP_E_PEER_CLOSED : (int)n);
			return false;
		}
		if (n < 0) {
			session_layer_events.failed(session, (int)n);
			return false;
		}
		read_datagram(session, data, (size_t)n);
		return true;
	}
	if (n <= 0) {
		lost(session, n == 0 ? -COAP_E_PEER_CLOSED : (int)n);
		return false;
	}
	if (!count_input(session, (size_t)n))
		return false;
	stream_input(&session->msg.stream, data, (size_t)n,
	    context_now(session->context));
	return !session->msg.stream.held;
}

/* Without memory to read into: a stream cannot go on, of datagrams what comes
 * is lost or comes later. */
static void
read_failed(coap_session_t *session)
{
	session_set_error(session, -COAP_E_NOMEM, ERROR_LOCAL);
	if (session_reliable(session))
		session_down(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_NOMEM,
		    false);
}

static void
read_some(coap_session_t *session)
{
	const struct layer *layer = session->layer;
	uint8_t *rx = context_rx(session->context);
	int i;

	if (!rx) {
		read_failed(session);
		return;
	}
	for (i = 0; i < READS_A_PASS && session->layer == layer &&
	     !session->context->doomed;
	     i++)
		if (!read_once(session, rx))
			break;
}

void
session_read(coap_session_t *session)
{
	coap_context_t *context = session->context;

	if (!session->layer || session->in_layer)
		return;
	context_enter(context);
	if (session->climbing)
		climb(session);
	if (session->layer && !session->climbing && !context->doomed)
		read_some(session);
	session_arm(session);
	context_leave(context);
}

static void
on_readable(void *user)
{
	coap_session_t *session = user;

	/* While it climbs, whoever is there has answered. */
	if (session->climbing)
		session->heard = true;
	session_read(session);
}

static void
on_writable(void *user)
{
	coap_session_t *session = user;

	context_enter(session->context);
	session->blocked = false;
	session_flush_pending(session);
	/* A layer may have kept what this one refused. */
	if (session->proto->rungs[0] != RUNG_NONE)
		session_read(session);
	session_arm(session);
	context_leave(session->context);
}

void
session_icmp(coap_session_t *session, int err)
{
	if (!session->layer)
		return;
	session_set_error(session, err, ERROR_NETWORK);
	if (session_secure(session))
		session_secure(session)->icmp = err;
	dgram_icmp(&session->msg.dgram);
	session_event(session, COAPX_EVENT_ICMP_ERROR);
	requests_icmp(session, err);
}

/* The network reported that a datagram did not arrive: true when the session
 * goes on, with this address or the next. */
static bool
outlives_icmp(coap_session_t *session, int err)
{
	if (!session->heard && connect_next_address(session))
		return true;
	if (reconnect_is_trying(session) &&
	    session->state != COAP_SESSION_STATE_ESTABLISHED)
		return false;
	session_icmp(session, err);
	return true;
}

static void
on_failed(void *user, int err)
{
	coap_session_t *session = user;
	coap_context_t *context = session->context;

	context_enter(context);
	if (session_reliable(session) || !outlives_icmp(session, err))
		lost(session, err);
	session_arm(session);
	context_leave(context);
}

const struct layer_events session_layer_events = {
	.readable = on_readable,
	.writable = on_writable,
	.failed = on_failed,
};

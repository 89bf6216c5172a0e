/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's transfers: one request of the application is several messages. */
#include "session/body/blockwise.h"

#include "base/alloc.h"
#include "base/err.h"
#include "session/body/qblock.h"
#include "session/observe/observe_client.h"
#include "session/traffic/echo.h"
#include "wire/block.h"

static unsigned
blockwise_largest(const coap_session_t *session, const coapx_request_t *a)
{
	if (a && a->params.block_size)
		return a->params.block_size;
	return session->context->set.max_block_size;
}

/* Whether the library deals with blocks, and with Echo, by itself. */
bool
blockwise_does(const coap_session_t *session, const coapx_request_t *a)
{
	if (session_is_mcast(session))
		return false;
	return a ? !(a->params.flags & COAPX_REQUEST_NO_BLOCKS)
		 : blockwise_mode(session, COAP_BLOCK_USE_LIBCOAP);
}

bool
blockwise_cancelled(const struct request *q)
{
	const coapx_request_t *a = q->user;

	return a && a->cancelled;
}

/* While a transfer works, callbacks of the application may be called: what it
 * cancels then ends when they have returned. */
void
blockwise_working(const struct request *q, bool working)
{
	coapx_request_t *a = q->user;

	if (a)
		a->working = working;
}

/* --- the application's callbacks ------------------------------------------ */

/* What a callback has said. To wait it needs the time for each block: a peer
 * may be asked for nothing meanwhile. Q-Block does not ask block by block. */
static int
verdict(const coapx_request_t *a, int n)
{
	unsigned flags = a->params.flags &
	    (COAPX_REQUEST_EACH_BLOCK | COAPX_REQUEST_Q_BLOCK);

	if (a->cancelled)
		return -COAP_E_CANCELLED;
	if (n != COAPX_BODY_WAIT)
		return n;
	return flags == COAPX_REQUEST_EACH_BLOCK ? BODY_WAIT : -COAP_E_INVAL;
}

static int
read_body(void *arg, size_t offset, uint8_t *buf, size_t len)
{
	coapx_request_t *a = arg;

	a->resumed = false;
	return verdict(a,
	    a->params.read_body(a, a->session, offset, buf, len,
		a->params.arg));
}

static int
write_body(void *arg, size_t offset, const uint8_t *data, size_t len)
{
	coapx_request_t *a = arg;

	a->resumed = false;
	return verdict(a,
	    a->params.write_body(a, a->session, offset, data, len,
		a->params.arg));
}

coapx_transfer_t
blockwise_told(const struct transfer *t)
{
	const struct body_out *out = transfer_body(t);

	return (coapx_transfer_t){
		.size = sizeof(coapx_transfer_t),
		.sent = t->acked,
		.sent_total =
		    out && out->length != BODY_UNKNOWN ? out->length : 0,
		.received = t->in.length,
		.received_total = t->in.hint,
		.etag = t->in.etag_len > 0 ? t->in.etag : NULL,
		.etag_length = t->in.etag_len,
	};
}

void
blockwise_tell(coapx_request_t *a, const struct transfer *t)
{
	coapx_transfer_t told = blockwise_told(t);

	if (a->params.transfer)
		a->params.transfer(a, a->session, &told, a->params.arg);
}

/* --- a request that begins ------------------------------------------------ */

struct transfer_params
blockwise_params(const coap_session_t *session, coapx_request_t *a)
{
	coap_context_t *context = session->context;
	struct transfer_params p = {
		.szx = body_szx(blockwise_largest(session, a)),
		.body_max = context->set.max_body_size,
		.pool = &context->answers,
		.write = write_body,
		.arg = a,
	};

	if (a) {
		p.keep = a->params.write_body ? BODY_WRITE : BODY_KEEP;
		if (a->params.body_max)
			p.body_max = a->params.body_max;
	} else if (!blockwise_mode(session, COAP_BLOCK_SINGLE_BODY)) {
		p.keep = BODY_COUNT;
	}
	return p;
}

static bool
has_option(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;

	return coap_check_option(pdu, number, &oi) != NULL;
}

/* A GET says which size it wants (RFC 7959 section 2.4). */
bool
blockwise_negotiate(const coap_session_t *session, coap_pdu_t *pdu,
    coapx_request_t *a)
{
	unsigned size = blockwise_largest(session, a);

	if (size == 0 || (!a && !blockwise_mode(session, UINT32_MAX)) ||
	    pdu->code != COAP_REQUEST_CODE_GET || pdu->data ||
	    has_option(pdu, COAP_OPTION_BLOCK2))
		return true;
	return block_add_uint(pdu, COAP_OPTION_BLOCK2, body_szx(size)) != 0;
}

/* Whether another body is on its way to the same resource. */
static bool
is_one_of_several(const coap_session_t *session, const struct transfer *t)
{
	const struct request *q;

	for (q = session->requests.list; q; q = q->next) {
		const struct transfer *other = q->transfer;

		if (other && other->key.len == t->key.len &&
		    memcmp(other->key.data, t->key.data, t->key.len) == 0)
			return true;
	}
	return false;
}

/*
 * RFC 9175 section 3: bodies for one resource are told apart by a tag. Over DTLS
 * each has one that was never used before: else somebody who holds parts of an
 * earlier body back could put them into a later one (section 3.5.1). TLS keeps
 * the order.
 */
static void
choose_tag(coap_session_t *session, struct transfer *t)
{
	bool always = session->proto->secure && !session_reliable(session);

	if (t->key.len == 0 ||
	    blockwise_mode(session, COAP_BLOCK_NO_PREEMPTIVE_RTAG) ||
	    has_option(t->origin, COAP_OPTION_RTAG))
		return;
	if (always || is_one_of_several(session, t))
		t->tag = ++session->context->request_tag;
}

static int
first_message(coap_session_t *session, coap_pdu_t *pdu, struct transfer *t,
    coapx_request_t *a, coap_pdu_t **msg)
{
	const struct transfer_link link = { blockwise_max(session),
		blockwise_bert(session) };
	int err;

	choose_tag(session, t);
	if (a)
		a->working = true;
	err =
	    transfer_message(t, &link, pdu->mid, coap_pdu_get_token(pdu), msg);
	if (a)
		a->working = false;
	return a && a->cancelled && err == 0 ? -COAP_E_CANCELLED : err;
}

/* What makes a transfer of a request before there is an answer: a body that
 * goes up, or one that is there in part. */
int
blockwise_prepare(struct transfer *t, const coapx_request_t *a)
{
	if (a && a->params.first_part)
		return transfer_begin_with(t, a->params.first_part);
	if (!a || a->params.body_offset == 0)
		return t->out ? 0 : transfer_cut_payload(t);
	if (a->params.body_offset > SIZE_MAX)
		return -COAP_E_TOOBIG;
	return a->params.write_body
	    ? transfer_resume(t, (size_t)a->params.body_offset,
		  a->params.body_etag, a->params.body_etag_length)
	    : -COAP_E_INVAL;
}

static int
begin_transfer(coap_session_t *session, coap_pdu_t *pdu, coapx_request_t *a,
    struct request **request)
{
	struct transfer_params params = blockwise_params(session, a);
	struct transfer *t = transfer_new(pdu, blockwise_detach(pdu), &params);
	struct request *q = NULL;
	coap_pdu_t *msg = NULL;
	int err;

	if (!t)
		return -COAP_E_NOMEM;
	err = blockwise_prepare(t, a);
	if (err == 0)
		err = first_message(session, pdu, t, a, &msg);
	if (err == BODY_WAIT)
		err = blockwise_hold_first(session, t, a, &q);
	else if (err == 0)
		err = session_send_message(session, msg, &q);
	coap_delete_pdu(msg);
	if (err < 0 || !q) {
		transfer_free(t);
		return err < 0 ? err : -COAP_E_INVAL;
	}
	q->transfer = t;
	if (request)
		*request = q;
	return 0;
}

static int
attach_reader(coap_pdu_t *pdu, coapx_request_t *a)
{
	size_t length = a->params.body_length >= SIZE_MAX
	    ? BODY_UNKNOWN
	    : (size_t)a->params.body_length;
	struct body_out *out;

	if (pdu->data || blockwise_has_body(pdu))
		return -COAP_E_INVAL;
	out = body_out_reader(length, read_body, a);
	if (!out)
		return -COAP_E_NOMEM;
	blockwise_attach(pdu, out);
	return 0;
}

/* A payload that fits, but not into a block of the size that was asked for. */
bool
blockwise_is_cut(const coap_session_t *session, const coap_pdu_t *pdu,
    const coapx_request_t *a)
{
	return a && a->params.block_size > 0 &&
	    pdu_payload_len(pdu) > (size_t)16
		<< body_szx(a->params.block_size) &&
	    !session_is_mcast(session);
}

static bool
resumes(const coapx_request_t *a)
{
	return a && (a->params.body_offset > 0 || a->params.first_part);
}

int
blockwise_request(coap_session_t *session, coap_pdu_t *pdu, coapx_request_t *a,
    struct request **request)
{
	int err = 0;

	if (a && a->params.read_body)
		err = attach_reader(pdu, a);
	if (err < 0)
		return err;
	err = blockwise_gone(session);
	if (err < 0)
		return err;
	if (request)
		err = session_make_token(session, pdu);
	if (err < 0)
		return err;
	if (request && blockwise_does(session, a))
		echo_give(session, pdu);
	if (session_is_mcast(session) &&
	    (blockwise_has_body(pdu) || resumes(a)))
		return -COAP_E_MCAST;
	if (!resumes(a) && qblock_wanted(session, pdu, a)) {
		err = qblock_request(session, pdu, a, request);
		if (err != -COAP_E_NOTSUP)
			return err;
	}
	if (blockwise_has_body(pdu) || blockwise_is_cut(session, pdu, a) ||
	    resumes(a))
		return begin_transfer(session, pdu, a, request);
	if (!blockwise_negotiate(session, pdu, a))
		return -COAP_E_TOOBIG;
	return session_send_message(session, pdu, request);
}

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

	if (t->unsent ||
	    ((t->up || transfer_repeats(t)) &&
		has_option(t->origin, COAP_OPTION_OBSERVE)))
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

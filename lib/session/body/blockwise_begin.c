/* SPDX-License-Identifier: BSD-2-Clause */
/* A request that begins: what is set for its transfer, the application's
 * callbacks, and its first message. */
#include "session/body/blockwise.h"

#include "base/err.h"
#include "session/body/qblock.h"
#include "session/traffic/echo.h"
#include "wire/block.h"

static unsigned
largest(const coap_session_t *session, const coapx_request_t *a)
{
	if (a && a->params.block_size)
		return a->params.block_size;
	return session->context->set.max_block_size;
}

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
		.szx = body_szx(largest(session, a)),
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

bool
blockwise_negotiate(const coap_session_t *session, coap_pdu_t *pdu,
    coapx_request_t *a)
{
	unsigned size = largest(session, a);

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

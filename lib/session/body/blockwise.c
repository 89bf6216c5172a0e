/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies in blocks: settings, and bodies of any length as libcoap has them. */
#include "session/body/blockwise.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/sized.h"
#include "session/body/qblock.h"
#include "wire/block.h"

/* What there is of libcoap's flags. */
#define BLOCK_FLAGS                                                   \
	(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY |            \
	    COAP_BLOCK_NO_PREEMPTIVE_RTAG | COAP_BLOCK_STLESS_FETCH | \
	    COAP_BLOCK_STLESS_BLOCK2 | COAP_BLOCK_NOT_RANDOM_BLOCK1 | \
	    COAP_BLOCK_TRY_Q_BLOCK | COAP_BLOCK_USE_M_Q_BLOCK |       \
	    COAPX_BLOCK_SERVE_Q_BLOCK)
/* Of a stream whose peer has not said what it takes: the default less the
 * longest header. */
#define STREAM_SAFE_MAX (STREAM_PEER_MAX_SIZE - PDU_HEADROOM)

/* --- settings ----------------------------------------------------------- */

void
coap_context_set_block_mode(coap_context_t *context, uint32_t block_mode)
{
	if (!context)
		return;
	context->set.block_mode =
	    block_mode & COAP_BLOCK_USE_LIBCOAP ? block_mode & BLOCK_FLAGS : 0;
	context->resources.q_block =
	    (context->set.block_mode & QBLOCK_SERVES) != 0;
}

int
coap_context_set_max_block_size(coap_context_t *context, size_t max_block_size)
{
	bool valid = max_block_size == 0 ||
	    (max_block_size <= 1024 &&
		(size_t)1 << (body_szx(max_block_size) + 4) == max_block_size);

	if (!context)
		return 0;
	if (!valid) {
		coap_log_warn("max block size %zu rejected: not 16, 32 .. 1024",
		    max_block_size);
		return 0;
	}
	context->set.max_block_size = (uint32_t)max_block_size;
	return 1;
}

void
coapx_context_set_max_body_size(coap_context_t *context, size_t max_body_size)
{
	if (context)
		context->set.max_body_size =
		    max_body_size > 0 ? max_body_size : CONTEXT_BODY_MAX;
}

/* --- what a session can ------------------------------------------------- */

bool
blockwise_mode(const coap_session_t *session, uint32_t flag)
{
	return (session->context->set.block_mode & flag) != 0;
}

size_t
blockwise_max(const coap_session_t *session)
{
	size_t max = coap_session_max_pdu_size(session);

	if (!session_reliable(session) || session->msg.stream.ready)
		return max;
	return max < STREAM_SAFE_MAX ? max : STREAM_SAFE_MAX;
}

bool
blockwise_bert(const coap_session_t *session)
{
	const struct stream *s = &session->msg.stream;

	/* RFC 8323 section 6. */
	return session_reliable(session) && s->ready && s->peer_block_wise &&
	    s->peer_max_size > STREAM_PEER_MAX_SIZE;
}

/* --- a body that goes with a message ------------------------------------ */

static void
free_body(void *app)
{
	body_out_free(app);
}

bool
blockwise_has_body(const coap_pdu_t *pdu)
{
	return pdu->app_free == free_body;
}

void
blockwise_attach(coap_pdu_t *pdu, struct body_out *out)
{
	pdu->app = out;
	pdu->app_free = free_body;
}

struct body_out *
blockwise_detach(coap_pdu_t *pdu)
{
	struct body_out *out = blockwise_has_body(pdu) ? pdu->app : NULL;

	if (out) {
		pdu->app = NULL;
		pdu->app_free = NULL;
	}
	return out;
}

/* --- libcoap's functions ------------------------------------------------- */

static void
release_now(coap_session_t *session, coap_release_large_data_t release,
    void *app)
{
	if (release)
		release(session, app);
}

/* Whether the body goes into the message as its payload. */
static bool
fits_message(const coap_session_t *session, const coap_pdu_t *pdu,
    size_t length)
{
	size_t limit = session ? session->context->set.max_block_size : 0;
	size_t max = session ? blockwise_max(session) : pdu->max;

	if (limit && length > limit && blockwise_mode(session, UINT32_MAX))
		return false;
	if (session && blockwise_bert(session) && length > BODY_PART_MAX)
		return false;
	return length <= block_room(pdu, 0) && pdu->used + 1 + length <= max;
}

static bool
can_attach(const coap_session_t *session, const coap_pdu_t *pdu)
{
	return session && COAP_PDU_IS_REQUEST(pdu) && !pdu->data &&
	    !pdu->app_free && !session_is_mcast(session);
}

int
coap_add_data_large_request(coap_session_t *session, coap_pdu_t *pdu,
    size_t length, const uint8_t *data, coap_release_large_data_t release_func,
    void *app_ptr)
{
	struct body_out *out = NULL;
	int ok = 0;

	if (!pdu || (length > 0 && !data)) {
		release_now(session, release_func, app_ptr);
		return 0;
	}
	if (fits_message(session, pdu, length)) {
		ok = length == 0 || coap_add_data(pdu, length, data);
	} else if (can_attach(session, pdu)) {
		out =
		    body_out_new(data, length, release_func, session, app_ptr);
		if (out) {
			blockwise_attach(pdu, out);
			return 1;
		}
	}
	release_now(session, release_func, app_ptr);
	return ok;
}

/* Adds the body; whether the response has it, or a part. */
static int
add_answer(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, struct body_out *out)
{
	struct qblock_params times;
	struct bodies_params params = qblock_server_params(session, &times);
	bool keep = blockwise_mode(session, COAP_BLOCK_USE_LIBCOAP) &&
	    !blockwise_mode(session, COAP_BLOCK_STLESS_BLOCK2) &&
	    session->layer && !coap_is_mcast(&session->local);
	struct bodies *b = keep ? blockwise_bodies_of(session) : NULL;

	/* Blocks that are asked for again are taken from what is kept. */
	if (!b)
		params.qblock = NULL;

	return bodies_respond(b, &params, context_now(session->context),
	    request, response, out);
}

/* What the response says when the body is not in it. */
static void
answer_without(const coap_pdu_t *request, coap_pdu_t *response, int err)
{
	pdu_clear(response);
	coap_add_token(response, request->token_len, request->token);
	response->code = err == -COAP_E_INVAL
	    ? COAP_RESPONSE_CODE_BAD_REQUEST
	    : COAP_RESPONSE_CODE_INTERNAL_ERROR;
}

/* A body in parts needs a tag, so that they are not mixed with another's; the
 * handler may have given one already. */
static uint64_t
tag_of(const coap_pdu_t *request, const coap_pdu_t *response, uint64_t etag,
    const struct body_out *out)
{
	coap_opt_iterator_t oi;

	if (etag != 0 || !request ||
	    coap_check_option(response, COAP_OPTION_ETAG, &oi) ||
	    (out->length <= block_room(response, 0) &&
		!coap_check_option(request, COAP_OPTION_Q_BLOCK2, &oi) &&
		!coap_check_option(request, COAP_OPTION_BLOCK2, &oi)))
		return etag;
	return block_etag(out->data, out->length);
}

static int
add_part(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, struct body_out *out)
{
	int err;

	context_enter(session->context);
	err = add_answer(session, request, response, out);
	if (err < 0)
		answer_without(request, response, err);
	/* What was read with may have ended it. */
	if (!session->layer)
		blockwise_forget(session);
	blockwise_bury(session);
	session_arm(session);
	context_leave(session->context);
	return err;
}

/* Without session or request it is the payload, or does not fit. */
static int
add_whole(coap_pdu_t *response, struct body_out *out)
{
	bool ok =
	    out->length == 0 || coap_add_data(response, out->length, out->data);

	if (!ok)
		response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
	body_out_free(out);
	return ok ? 0 : -COAP_E_TOOBIG;
}

int
/* NOLINTNEXTLINE(readability-function-size): libcoap's signature */
coap_add_data_large_response(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response, const coap_string_t *query,
    uint16_t media_type, int maxage, uint64_t etag, size_t length,
    const uint8_t *data, coap_release_large_data_t release_func, void *app_ptr)
{
	struct body_out *out = NULL;

	(void)resource;
	(void)query;
	if (response && (length == 0 || data))
		out =
		    body_out_new(data, length, release_func, session, app_ptr);
	if (!out ||
	    !block_add_body_options(response, media_type, maxage,
		tag_of(request, response, etag, out))) {
		if (response)
			response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
		if (out)
			body_out_free(out);
		else
			release_now(session, release_func, app_ptr);
		return 0;
	}
	if (session && request)
		return add_part(session, request, response, out) == 0;
	return add_whole(response, out) == 0;
}

int
blockwise_add_answer(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct blockwise_answer *answer)
{
	struct body_out *out = body_out_new(answer->data, answer->length,
	    answer->release, session, answer->app);
	uint64_t tag;

	if (!out) {
		release_now(session, answer->release, answer->app);
		response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
		return 0;
	}
	tag = tag_of(request, response, 0, out);
	if (tag == 0 || block_add_uint(response, COAP_OPTION_ETAG, tag))
		return add_part(session, request, response, out) == 0;
	response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
	body_out_free(out);
	return 0;
}

/* --- an answer that is read ----------------------------------------------- */

struct reader {
	coapx_body_t body;
};

static int
read_answer(void *arg, size_t offset, uint8_t *buf, size_t len)
{
	const struct reader *reader = arg;

	int n = reader->body.read(offset, buf, len, reader->body.arg);

	/* A peer waits for it. */
	return n == COAPX_BODY_WAIT ? -COAP_E_INVAL : n;
}

static void
free_reader(coap_session_t *session, void *arg)
{
	coapx_body_t body = ((struct reader *)arg)->body;

	(void)session;
	coap_free_type(COAP_LG_XMIT, arg);
	if (body.release)
		body.release(body.arg);
}

static struct body_out *
new_reader(const coapx_body_t *body)
{
	size_t length =
	    body->length >= SIZE_MAX ? BODY_UNKNOWN : (size_t)body->length;
	struct reader *reader = mem_new(COAP_LG_XMIT, 1, sizeof *reader);
	struct body_out *out =
	    reader ? body_out_reader(length, read_answer, reader) : NULL;

	if (!out) {
		coap_free_type(COAP_LG_XMIT, reader);
		return NULL;
	}
	reader->body = *body;
	out->release = free_reader;
	out->app = reader;
	return out;
}

int
coapx_add_body_response(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const coapx_body_t *body)
{
	struct body_out *out;
	coapx_body_t b;

	if (!session || !request || !response ||
	    !sized_take(&b, sizeof b, body) || !b.read)
		return 0;
	out = new_reader(&b);
	if (out &&
	    block_add_body_options(response, b.media_type, b.maxage, b.etag)) {
		out->session = session;
		return add_part(session, request, response, out) == 0;
	}
	response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
	if (out)
		body_out_free(out);
	else if (b.release)
		b.release(b.arg);
	return 0;
}

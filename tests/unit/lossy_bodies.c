/* SPDX-License-Identifier: BSD-2-Clause */
/* A body of a MiB through a bad network: both sides, and what came of it. */
#include "lossy_bodies.h"

static uint8_t up[LOSSY_BODY];
static uint8_t down[LOSSY_BODY];

int
lossy_body_fill(void **state)
{
	uint32_t x = 2463534242U;

	(void)state;
	for (size_t i = 0; i < LOSSY_BODY; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		up[i] = (uint8_t)x;
		down[i] = (uint8_t)(x >> 8);
	}
	return 0;
}

/* --- bodies --------------------------------------------------------------- */

struct lossy_body lossy_body;

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data_large_response(resource, session, request,
	    response, query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 42,
	    LOSSY_BODY, down, NULL, NULL));
}

static void
on_put(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	(void)resource;
	(void)session;
	(void)query;
	coap_get_data_large(request, &len, &data, &offset, &total);
	assert_int_equal(offset, 0);
	lossy_body.puts++;
	/* What was cut on its way may be shorter. */
	if (lossy.rule[LOSSY_UP].truncate == 0)
		assert_int_equal(len, LOSSY_BODY);
	if (lossy.rule[LOSSY_UP].truncate == 0)
		assert_memory_equal(data, up, len);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
check_body(const coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	lossy_body.code = coap_pdu_get_code(response);
	if (!coap_get_data_large(response, &len, &data, &offset, &total))
		return;
	if (lossy_body.code != COAP_RESPONSE_CODE_CONTENT)
		return;
	assert_int_equal(offset, 0);
	assert_true(len <= LOSSY_BODY);
	lossy_body.got = len;
	if (lossy.rule[LOSSY_DOWN].truncate == 0)
		assert_memory_equal(data, down, len);
}

/* As libcoap has it: the handlers of the context. */
static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	(void)session;
	(void)mid;
	assert_non_null(sent);
	lossy_body.ends++;
	check_body(received);
	return COAP_RESPONSE_OK;
}

static void
on_nack(coap_session_t *session, const coap_pdu_t *sent,
    const coap_nack_reason_t reason, const coap_mid_t mid)
{
	(void)mid;
	/* A response or a RST of ours; the request has its own end. */
	if (coap_session_get_context(session) != w.client || !sent)
		return;
	lossy_body.ends++;
	lossy_body.error = reason == COAP_NACK_TOO_MANY_RETRIES
	    ? -COAP_E_RETRIES
	    : coapx_session_error(session, NULL, 0);
}

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	assert_ptr_equal(app, up);
	lossy_body.released++;
}

/* As coapx has it: callbacks of the request. */
static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	(void)request;
	(void)session;
	(void)arg;
	lossy_body.ends++;
	lossy_body.error = result->error;
	lossy_body.retransmits = result->retransmits;
	if (result->response)
		lossy_body.code = coap_pdu_get_code(result->response);
}

static void
on_transfer(coapx_request_t *request, coap_session_t *session,
    const coapx_transfer_t *transfer, void *arg)
{
	(void)request;
	(void)session;
	(void)arg;
	lossy_body.restarts +=
	    transfer->sent + transfer->received < lossy_body.moved;
	lossy_body.moved = transfer->sent + transfer->received;
}

static int
read_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    uint8_t *buf, size_t len, void *arg)
{
	size_t n = LOSSY_BODY - (size_t)offset;

	(void)request;
	(void)session;
	(void)arg;
	assert_true(offset <= LOSSY_BODY);
	if (n > len)
		n = len;
	memcpy(buf, up + offset, n);
	return (int)n;
}

static int
write_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    const uint8_t *data, size_t len, void *arg)
{
	(void)request;
	(void)session;
	(void)arg;
	if (offset == 0 && lossy.rule[LOSSY_DOWN].truncate)
		lossy_body.got = 0;
	assert_int_equal(offset, lossy_body.got);
	assert_true(offset + len <= LOSSY_BODY);
	if (lossy.rule[LOSSY_DOWN].truncate == 0)
		assert_memory_equal(data, down + offset, len);
	lossy_body.got += len;
	return 0;
}

void
lossy_body_begin(const struct body_row *row, unsigned seed)
{
	uint32_t mode =
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY | row->mode;

	memset(&lossy_body, 0, sizeof lossy_body);
	lossy_begin(row->name, seed, row->rule);
	coap_context_set_block_mode(w.client, mode);
	coap_context_set_block_mode(w.server, mode);
	if (row->block)
		coap_context_set_max_block_size(w.client, row->block);
	coap_register_response_handler(w.client, on_response);
	coap_register_nack_handler(w.client, on_nack);
	coap_register_nack_handler(w.server, on_nack);
	lossy_add_resource("get", COAP_REQUEST_GET, on_get);
	lossy_add_resource("put", COAP_REQUEST_PUT, on_put);
}

void
lossy_body_send(coap_session_t *session, coap_pdu_type_t type, bool is_put,
    bool handlers)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_result,
		.transfer = on_transfer,
		.read_body = is_put ? read_body : NULL,
		.write_body = is_put ? NULL : write_body,
		.body_length = LOSSY_BODY,
	};
	coap_pdu_t *pdu = lossy_request(session, type,
	    is_put ? COAP_REQUEST_CODE_PUT : COAP_REQUEST_CODE_GET,
	    is_put ? "put" : "get");

	if (!handlers) {
		assert_non_null(
		    coapx_request_send(session, pdu, &params, NULL));
	} else {
		if (is_put)
			assert_true(coap_add_data_large_request(session, pdu,
			    LOSSY_BODY, up, on_release, up));
		assert_true(coap_send(session, pdu) != COAP_INVALID_MID);
	}
	LOSSY_UNTIL(lossy_body.ends > 0);
}

/* It was whole, or it was not and that was said. */
static void
check_end(bool is_put, bool handlers)
{
	assert_int_equal(lossy_body.ends, 1);
	assert_int_equal(lossy_body.released, is_put && handlers);
	assert_int_equal(lossy_body.restarts, 0);
	if (lossy_body.error) {
		assert_true(lossy_body.error == -COAP_E_RETRIES ||
		    lossy_body.error == -COAP_E_TIMEOUT);
		assert_true(lossy_body.puts <= 1);
		/* What came before is known. */
		assert_true(
		    handlers || lossy_body.moved < LOSSY_BODY || is_put);
		return;
	}
	assert_int_equal(lossy_body.puts, is_put);
	assert_int_equal(lossy_body.code,
	    is_put ? COAP_RESPONSE_CODE_CHANGED : COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(lossy_body.got, is_put ? 0 : LOSSY_BODY);
	assert_true(handlers || lossy_body.moved == LOSSY_BODY);
}

int
lossy_body_play(const struct body_row *row, unsigned seed, bool is_put,
    bool handlers)
{
	coap_session_t *session;
	int error;

	lossy_body_begin(row, seed);
	/* Each has losses of its own. */
	lossy.random += is_put * 2 + handlers;
	session = lossy_session();
	lossy_set_retransmits(session, row->retransmits);
	lossy_body_send(session, row->type, is_put, handlers);
	check_end(is_put, handlers);
	error = lossy_body.error;
	if (row->retransmits)
		assert_int_equal(error, 0);
	/* Nothing comes after the end. */
	lossy_advance(600000);
	assert_int_equal(lossy_body.ends, 1);
	assert_int_equal(coap_io_pending(w.client), 0);
	assert_true(lossy.count[LOSSY_UP].delivered > 0);
	coap_session_release(session);
	lossy_end();
	return error;
}

unsigned
lossy_bodies_play(const struct body_row *row, unsigned *whole)
{
	unsigned broken = 0;
	unsigned n = 0;
	unsigned seed;

	for (seed = lossy_first(); seed; seed = lossy_next(seed, row->rounds)) {
		for (int kind = 0; kind < 4; kind++, n++)
			broken +=
			    lossy_body_play(row, seed, kind & 1, kind & 2) != 0;
	}
	*whole = n - broken;
	return broken;
}

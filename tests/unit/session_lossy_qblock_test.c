/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies by Q-Block through a network that loses, repeats, reorders and delays
 * datagrams: each is whole, or its end is told, once. */
#include <stdlib.h>

#include "lossy.h"

#define BODY     ((size_t)1024 * 1024)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint8_t up[BODY];
static uint8_t down[BODY];

static int
fill_bodies(void **state)
{
	uint32_t x = 2463534242U;

	(void)state;
	for (size_t i = 0; i < BODY; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		up[i] = (uint8_t)x;
		down[i] = (uint8_t)(x >> 8);
	}
	return 0;
}

/* --- bodies --------------------------------------------------------------- */

static struct {
	unsigned ends;
	int error; /* 0: answered */
	unsigned code;
	size_t got;     /* bytes of the answer's body */
	unsigned puts;  /* bodies that the server's handler got */
	uint64_t moved; /* bytes, as transfer() told */
	unsigned released;
	unsigned restarts; /* it began anew */
	unsigned retransmits;
} it;

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data_large_response(resource, session, request,
	    response, query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 42,
	    BODY, down, NULL, NULL));
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
	it.puts++;
	/* What was cut on its way may be shorter. */
	if (lossy.rule[LOSSY_UP].truncate == 0)
		assert_int_equal(len, BODY);
	if (lossy.rule[LOSSY_UP].truncate == 0)
		assert_memory_equal(data, up, len);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
check_body(const coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	it.code = coap_pdu_get_code(response);
	if (!coap_get_data_large(response, &len, &data, &offset, &total))
		return;
	if (it.code != COAP_RESPONSE_CODE_CONTENT)
		return;
	assert_int_equal(offset, 0);
	assert_true(len <= BODY);
	it.got = len;
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
	it.ends++;
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
	it.ends++;
	it.error = reason == COAP_NACK_TOO_MANY_RETRIES
	    ? -COAP_E_RETRIES
	    : coapx_session_error(session, NULL, 0);
}

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	assert_ptr_equal(app, up);
	it.released++;
}

/* As coapx has it: callbacks of the request. */
static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	(void)request;
	(void)session;
	(void)arg;
	it.ends++;
	it.error = result->error;
	it.retransmits = result->retransmits;
	if (result->response)
		it.code = coap_pdu_get_code(result->response);
}

static void
on_transfer(coapx_request_t *request, coap_session_t *session,
    const coapx_transfer_t *transfer, void *arg)
{
	(void)request;
	(void)session;
	(void)arg;
	it.restarts += transfer->sent + transfer->received < it.moved;
	it.moved = transfer->sent + transfer->received;
}

static int
read_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    uint8_t *buf, size_t len, void *arg)
{
	size_t n = BODY - (size_t)offset;

	(void)request;
	(void)session;
	(void)arg;
	assert_true(offset <= BODY);
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
		it.got = 0;
	assert_int_equal(offset, it.got);
	assert_true(offset + len <= BODY);
	if (lossy.rule[LOSSY_DOWN].truncate == 0)
		assert_memory_equal(data, down + offset, len);
	it.got += len;
	return 0;
}

struct body_row {
	const char *name;
	const struct lossy_rule *rule;
	unsigned rounds;
	uint16_t retransmits; /* 0: the default */
	unsigned block;       /* 0: 1024 */
	coap_pdu_type_t type;
};

static void
begin_body(const struct body_row *row, unsigned seed)
{
	uint32_t mode = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY |
	    COAP_BLOCK_TRY_Q_BLOCK;

	memset(&it, 0, sizeof it);
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

/* An upload or a download of a MiB, until its end. */
static void
send_body(coap_session_t *session, coap_pdu_type_t type, bool is_put,
    bool handlers)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_result,
		.transfer = on_transfer,
		.read_body = is_put ? read_body : NULL,
		.write_body = is_put ? NULL : write_body,
		.body_length = BODY,
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
			    BODY, up, on_release, up));
		assert_true(coap_send(session, pdu) != COAP_INVALID_MID);
	}
	LOSSY_UNTIL(it.ends > 0);
}

/* It was whole, or it was not and that was said. */
static void
check_end(bool is_put, bool handlers)
{
	assert_int_equal(it.ends, 1);
	assert_int_equal(it.released, is_put && handlers);
	assert_int_equal(it.restarts, 0);
	if (it.error) {
		assert_true(
		    it.error == -COAP_E_RETRIES || it.error == -COAP_E_TIMEOUT);
		assert_true(it.puts <= 1);
		/* What came before is known. */
		assert_true(handlers || it.moved < BODY || is_put);
		return;
	}
	assert_int_equal(it.puts, is_put);
	assert_int_equal(it.code,
	    is_put ? COAP_RESPONSE_CODE_CHANGED : COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(it.got, is_put ? 0 : BODY);
	assert_true(handlers || it.moved == BODY);
}

static int
play_body(const struct body_row *row, unsigned seed, bool is_put, bool handlers)
{
	coap_session_t *session;
	int error;

	begin_body(row, seed);
	/* Each has losses of its own. */
	lossy.random += is_put * 2 + handlers;
	session = lossy_session();
	lossy_set_retransmits(session, row->retransmits);
	send_body(session, row->type, is_put, handlers);
	check_end(is_put, handlers);
	error = it.error;
	if (row->retransmits)
		assert_int_equal(error, 0);
	/* Nothing comes after the end. */
	lossy_advance(600000);
	assert_int_equal(it.ends, 1);
	assert_int_equal(coap_io_pending(w.client), 0);
	assert_true(lossy.count[LOSSY_UP].delivered > 0);
	coap_session_release(session);
	lossy_end();
	return error;
}

/* Both directions, both interfaces. */
static unsigned
play_bodies(const struct body_row *row, unsigned *whole)
{
	unsigned broken = 0;
	unsigned n = 0;
	unsigned seed;

	for (seed = lossy_first(); seed; seed = lossy_next(seed, row->rounds)) {
		for (int kind = 0; kind < 4; kind++, n++)
			broken += play_body(row, seed, kind & 1, kind & 2) != 0;
	}
	*whole = n - broken;
	return broken;
}

/* With the default parameters: what is not confirmed is asked for, too. */
static void
a_mebibyte_not_confirmed(void **state)
{
	static const struct body_row ten = { .name = "q-block, NON, 10",
		.rule = &lossy_ten,
		.rounds = 6,
		.type = COAP_MESSAGE_NON };
	static const struct body_row thirty = { .name = "q-block, NON, 30",
		.rule = &lossy_thirty,
		.rounds = 6,
		.type = COAP_MESSAGE_NON };
	unsigned whole;

	(void)state;
	assert_int_equal(play_bodies(&ten, &whole), 0);
	play_bodies(&thirty, &whole);
	assert_true(whole > 0);
}

static void
a_mebibyte_confirmed(void **state)
{
	static const struct body_row ten = { .name = "q-block, CON, 10",
		.rule = &lossy_ten,
		.rounds = 4 };
	static const struct body_row thirty = { .name = "q-block, CON, 30",
		.rule = &lossy_thirty,
		.rounds = 4 };
	unsigned whole;

	(void)state;
	play_bodies(&ten, &whole);
	assert_true(whole > 0);
	assert_true(play_bodies(&thirty, &whole) > 0);
}

static void
a_mebibyte_confirmed_with_patience(void **state)
{
	static const struct body_row rows[] = {
		{ .name = "q-block, CON, 10, patient",
		    .rule = &lossy_ten,
		    .rounds = 2,
		    .retransmits = 8 },
		{ .name = "q-block, CON, 30, patient",
		    .rule = &lossy_thirty,
		    .rounds = 2,
		    .retransmits = 20 },
	};
	unsigned whole;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(play_bodies(&rows[i], &whole), 0);
}

static void
small_blocks_not_confirmed(void **state)
{
	static const struct body_row row = { .name = "q-block, NON, 64",
		.rule = &lossy_ten,
		.rounds = 1,
		.block = 64,
		.type = COAP_MESSAGE_NON };

	(void)state;
	for (int kind = 0; kind < 4; kind++)
		assert_int_equal(play_body(&row, lossy_first(), kind & 1,
				     kind & 2),
		    0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_mebibyte_not_confirmed,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_mebibyte_confirmed, lossy_teardown),
		cmocka_unit_test_teardown(a_mebibyte_confirmed_with_patience,
		    lossy_teardown),
		cmocka_unit_test_teardown(small_blocks_not_confirmed,
		    lossy_teardown),
	};

	return cmocka_run_group_tests(tests, fill_bodies, NULL);
}

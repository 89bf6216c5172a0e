/* SPDX-License-Identifier: BSD-2-Clause */
/* Exchanges through a network that loses, repeats, reorders, delays and
 * truncates datagrams: each ends once, and what arrives is right. */
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
	uint32_t mode = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY;

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

static void
a_mebibyte_ends_once_at_ten_percent(void **state)
{
	static const struct body_row row = { .name = "body 10",
		.rule = &lossy_ten,
		.rounds = 8 };
	unsigned whole;
	unsigned broken = play_bodies(&row, &whole);

	(void)state;
	/* With the default parameters some come through and some do not. */
	if (whole + broken < 32)
		return;
	assert_true(broken > 0);
	assert_true(whole > 0);
}

static void
a_mebibyte_ends_once_at_thirty_percent(void **state)
{
	static const struct body_row row = { .name = "body 30",
		.rule = &lossy_thirty,
		.rounds = 8 };
	unsigned whole;

	(void)state;
	assert_true(play_bodies(&row, &whole) > 0);
	assert_int_equal(whole, 0);
}

static void
a_mebibyte_is_whole_with_patience(void **state)
{
	static const struct body_row rows[] = {
		{ .name = "body 10, patient",
		    .rule = &lossy_ten,
		    .rounds = 4,
		    .retransmits = 8 },
		{ .name = "body 30, patient",
		    .rule = &lossy_thirty,
		    .rounds = 4,
		    .retransmits = 20 },
	};
	unsigned whole;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(play_bodies(&rows[i], &whole), 0);
}

static void
small_blocks_are_whole_with_patience(void **state)
{
	static const struct body_row row = { .name = "body 10, blocks of 64",
		.rule = &lossy_ten,
		.rounds = 1,
		.retransmits = 8,
		.block = 64 };

	(void)state;
	assert_int_equal(play_body(&row, lossy_first(), false, false), 0);
	assert_int_equal(play_body(&row, lossy_first(), true, true), 0);
}

static void
a_seed_is_played_the_same_again(void **state)
{
	static const struct body_row row = { .name = "again",
		.rule = &lossy_thirty,
		.rounds = 1 };
	uint64_t digest[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		play_body(&row, i < 2 ? 5 : 6, true, false);
		digest[i] = lossy.digest;
	}
	assert_true(digest[0] == digest[1]);
	assert_true(digest[0] != digest[2]);
}

/* A NON is not sent again: who misses its answer hears that there is none. */
static void
parts_that_are_not_confirmed_end_too(void **state)
{
	static const struct lossy_rule rule = {
		.duplicate = 10,
		.reorder = 10,
		.delay_max_ms = 100,
		.late_ms = 9000,
	};
	static const struct lossy_rule once = { .drop = 1 };
	static const struct body_row whole = { .name = "body, NON",
		.rule = &rule,
		.type = COAP_MESSAGE_NON };
	static const struct body_row broken = { .name = "body, NON, lost",
		.rule = &once,
		.type = COAP_MESSAGE_NON };

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		assert_int_equal(play_body(&whole, lossy_first(), kind & 1,
				     kind & 2),
		    0);
		assert_true(
		    play_body(&broken, lossy_first(), kind & 1, kind & 2) != 0);
	}
}

/* The server forgets what it has while the client still waits: 4.08, and the
 * transfer begins anew, once. */
static void
a_server_may_forget_earlier(void **state)
{
	static const struct body_row row = { .name = "hasty server",
		.rule = &lossy_thirty,
		.rounds = 12 };
	unsigned whole = 0;
	unsigned broken = 0;
	unsigned seed;

	(void)state;
	for (seed = lossy_first(); seed; seed = lossy_next(seed, row.rounds)) {
		bool is_put = seed & 1;
		coap_session_t *session;

		begin_body(&row, seed);
		session = lossy_session();
		coap_session_set_max_retransmit(session, 20);
		send_body(session, row.type, is_put, false);
		lossy_advance(600000);
		assert_int_equal(it.ends, 1);
		assert_int_equal(it.error, 0);
		if (it.code == COAP_RESPONSE_CODE_INCOMPLETE) {
			assert_true(is_put);
			broken++;
		} else {
			assert_int_equal(it.got, is_put ? 0 : BODY);
			assert_true(it.puts >= is_put);
			whole++;
		}
		coap_session_release(session);
		lossy_end();
	}
	/* A GET is asked again block by block; a PUT is forgotten twice. */
	if (whole + broken < row.rounds)
		return;
	assert_true(whole > 0);
	assert_true(broken > 0);
}

/* --- what is cut ---------------------------------------------------------- */

static const struct lossy_rule cutting = {
	.drop = 2,
	.duplicate = 5,
	.reorder = 5,
	.truncate = 2,
	.delay_min_ms = 1,
	.delay_max_ms = 100,
	.late_ms = 5000,
};

/* What is left of a message may say something else, so anything may come of
 * it, but once. */
static void
whatever_is_cut_ends_once(void **state)
{
	static const struct body_row row = { .name = "body, cut",
		.rule = &cutting,
		.rounds = 12 };
	unsigned seed;

	(void)state;
	for (seed = lossy_first(); seed; seed = lossy_next(seed, row.rounds)) {
		for (int kind = 0; kind < 4; kind++) {
			coap_session_t *session;

			begin_body(&row, seed);
			lossy.random += (unsigned)kind;
			session = lossy_session();
			send_body(session, row.type, kind & 1, kind & 2);
			lossy_advance(600000);
			assert_int_equal(it.ends, 1);
			assert_true(lossy.count[LOSSY_UP].truncated > 0 ||
			    lossy.count[LOSSY_DOWN].truncated > 0);
			coap_session_release(session);
			lossy_end();
		}
	}
}

static enum lossy_way short_way;
static unsigned shortened;

/* The fifth datagram with a payload loses the end of it. */
static size_t
shorten(enum lossy_way way, uint8_t *data, size_t len)
{
	if (way != short_way || len < 1024 || ++shortened != 5)
		return len;
	memset(data + len - 10, 0, 10);
	return len - 10;
}

/* RFC 7959 section 2.2: a block with more to come has the size it names. */
static void
a_short_block_with_more_is_refused(void **state)
{
	static const struct lossy_rule rule = { .delay_max_ms = 10 };
	static const struct body_row row = { .name = "short block",
		.rule = &rule,
		.rounds = 1 };

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		bool is_put = kind & 1;
		coap_session_t *session;

		begin_body(&row, 1);
		shortened = 0;
		short_way = is_put ? LOSSY_UP : LOSSY_DOWN;
		lossy.edit = shorten;
		session = lossy_session();
		send_body(session, row.type, is_put, kind & 2);
		lossy_advance(600000);
		assert_int_equal(shortened, 5);
		assert_int_equal(it.ends, 1);
		assert_int_equal(it.puts, 0);
		assert_int_equal(it.error, is_put ? 0 : -COAP_E_BAD_RESPONSE);
		assert_int_equal(it.code,
		    is_put ? COAP_RESPONSE_CODE_BAD_REQUEST : 0);
		coap_session_release(session);
		lossy_end();
	}
}

int
main(void)
{
#define PLAYED(test) cmocka_unit_test_teardown(test, lossy_teardown)
	const struct CMUnitTest tests[] = {
		PLAYED(a_seed_is_played_the_same_again),
		PLAYED(a_mebibyte_ends_once_at_ten_percent),
		PLAYED(a_mebibyte_ends_once_at_thirty_percent),
		PLAYED(a_mebibyte_is_whole_with_patience),
		PLAYED(small_blocks_are_whole_with_patience),
		PLAYED(parts_that_are_not_confirmed_end_too),
		PLAYED(a_server_may_forget_earlier),
		PLAYED(whatever_is_cut_ends_once),
		PLAYED(a_short_block_with_more_is_refused),
	};

	return cmocka_run_group_tests(tests, fill_bodies, NULL);
}

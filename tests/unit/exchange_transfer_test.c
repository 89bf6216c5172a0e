/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's transfer against a server's bodies, without a network: every
 * message is encoded and decoded, and a hook may spoil it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <coap3/coap_encode.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/bodies.h"
#include "exchange/transfer.h"
#include "guard.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define BODY_MAX 20000
#define LIFETIME 247000

#define CONTINUE   COAP_RESPONSE_CODE_CONTINUE
#define INCOMPLETE COAP_RESPONSE_CODE_INCOMPLETE
#define CONTENT    COAP_RESPONSE_CODE_CONTENT
#define BAD        COAP_RESPONSE_CODE_BAD_REQUEST

static uint8_t up[BODY_MAX];
static uint8_t down[BODY_MAX];

static struct {
	enum framing framing;
	size_t max; /* of a message */
	struct bodies *bodies;
	struct bodies_params server;
	struct transfer_params client;
	struct transfer_link link;
	size_t answer; /* length of what the server answers */
	size_t up_len; /* of what the client sends; 0: GET */
	uint64_t etag;
	unsigned handled; /* handlers called */
	unsigned messages;
	unsigned released;
	coap_tick_t now;
	/* Spoils what goes to the server, or comes from it; false: the answer
	 * is made by the hook. */
	void (*request)(coap_pdu_t *request);
	void (*response)(coap_pdu_t *response);
} s;

static int
up_and_down(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < BODY_MAX; i++) {
		up[i] = (uint8_t)(i * 7 + i / 256);
		down[i] = (uint8_t)(i * 11 + i / 256);
	}
	memset(&s, 0, sizeof(s));
	s.framing = FRAMING_DATAGRAM;
	s.max = 1148;
	s.bodies = bodies_new();
	assert_non_null(s.bodies);
	s.server.szx = s.client.szx = 6;
	s.server.body_max = s.client.body_max = BODY_MAX;
	s.server.lifetime = LIFETIME;
	s.client.keep = BODY_KEEP;
	s.etag = 1;
	s.link.max = s.max;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	bodies_free(s.bodies);
	return 0;
}

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	(void)app;
	s.released++;
}

static coap_pdu_t *
over_the_wire(coap_pdu_t *pdu)
{
	coap_pdu_t *copy = pdu_new(COAP_MESSAGE_CON, 0, 0, s.max);
	const uint8_t *out;
	struct guard g;
	size_t len;

	s.messages++;
	assert_int_equal(pdu_encode(pdu, s.framing, &out, &len), 0);
	guard_init(&g, len);
	assert_int_equal(pdu_decode(copy, s.framing, 8, guard_put(&g, out, len),
			     len),
	    0);
	guard_free(&g);
	return copy;
}

static void
handle(const coap_pdu_t *request, const struct bodies_result *r,
    enum bodies_step step, coap_pdu_t *response)
{
	const struct pdu_body *part = &r->part;

	s.handled++;
	if (step == BODIES_BODY) {
		assert_true(part->offset + part->length <= s.up_len);
		assert_memory_equal(part->data, up + part->offset,
		    part->length);
		if (!r->more)
			assert_int_equal(part->total, s.up_len);
	} else if (s.up_len > 0) {
		assert_int_equal(pdu_payload_len(request), s.up_len);
		assert_memory_equal(request->data, up, s.up_len);
	}
	if (r->more) {
		response->code = COAP_RESPONSE_CODE_CONTINUE;
		return;
	}
	response->code = 0;
	assert_true(block_add_body_options(response, 0, -1, s.etag));
	assert_int_equal(bodies_respond(s.bodies, &s.server, s.now, request,
			     response,
			     body_out_new(down, s.answer, on_release, NULL,
				 NULL)),
	    0);
	response->code = COAP_RESPONSE_CODE_CONTENT;
}

static coap_pdu_t *
serve(const coap_pdu_t *request)
{
	coap_pdu_t *response =
	    pdu_new(COAP_MESSAGE_ACK, 0, request->mid, s.max);
	struct bodies_result r;
	enum bodies_step step;
	struct body_entry *entry;

	assert_true(
	    coap_add_token(response, request->token_len, request->token));
	step =
	    bodies_request(s.bodies, &s.server, s.now, request, response, &r);
	if (step != BODIES_ANSWERED)
		handle(request, &r, step, response);
	bodies_settle(s.bodies, response);
	body_entry_free(r.entry);
	for (entry = bodies_bury(s.bodies); entry;
	     entry = bodies_bury(s.bodies))
		body_entry_free(entry);
	return response;
}

static coap_pdu_t *
exchange(coap_pdu_t *sent)
{
	coap_pdu_t *request = over_the_wire(sent);
	coap_pdu_t *made, *response;

	if (s.request)
		s.request(request);
	made = serve(request);
	if (s.response)
		s.response(made);
	response = over_the_wire(made);
	coap_delete_pdu(made);
	coap_delete_pdu(request);
	return response;
}

static coap_pdu_t *
request_of(void)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON,
	    s.up_len ? COAP_REQUEST_CODE_PUT : COAP_REQUEST_CODE_GET, 7, s.max);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"t"));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
			(const uint8_t *)"x") > 0);
	return pdu;
}

/* All of a transfer: 0, or its error. *final is the code of the answer. */
static int
run(unsigned *final)
{
	coap_bin_const_t token = { 1, (const uint8_t *)"t" };
	coap_pdu_t *origin = request_of();
	struct transfer *t = NULL;
	coap_pdu_t *msg = NULL, *response = NULL, *whole;
	enum transfer_step step = TRANSFER_NEXT;
	unsigned n = 0;
	int err = 0;

	*final = 0;
	if (s.up_len > 0) {
		t = transfer_new(origin,
		    body_out_new(up, s.up_len, on_release, NULL, NULL),
		    &s.client);
		assert_non_null(t);
	} else {
		msg = pdu_ref(origin);
	}
	while (step == TRANSFER_NEXT) {
		if (t && !msg)
			err = transfer_message(t, &s.link, 8, token, &msg);
		if (err < 0)
			break;
		assert_true(n++ < 5000);
		coap_delete_pdu(response);
		response = exchange(msg);
		coap_delete_pdu(msg);
		msg = NULL;
		token.s = (const uint8_t *)"u";
		if (!t && !transfer_is_needed(origin, response)) {
			*final = response->code;
			coap_delete_pdu(response);
			coap_delete_pdu(origin);
			return 0;
		}
		if (!t)
			t = transfer_new(origin, NULL, &s.client);
		step = transfer_answer(t, response, &err);
	}
	if (step == TRANSFER_DONE) {
		whole = transfer_whole(t, response);
		assert_non_null(whole);
		*final = whole->code;
		assert_int_equal(whole->token[0], 't');
		if (whole->code == COAP_RESPONSE_CODE_CONTENT) {
			const uint8_t *data;
			size_t len, offset, total;

			coap_get_data_large(whole, &len, &data, &offset,
			    &total);
			assert_int_equal(len, s.answer);
			assert_int_equal(total, s.answer);
			assert_int_equal(offset, 0);
			if (len > 0)
				assert_memory_equal(data, down, len);
		}
		coap_delete_pdu(whole);
	}
	coap_delete_pdu(response);
	coap_delete_pdu(origin);
	transfer_free(t);
	return err;
}

static void
over_stream(bool bert)
{
	s.framing = FRAMING_STREAM;
	s.max = s.link.max = 4200;
	s.link.bert = bert;
	s.server.bert = bert;
}

static const size_t lengths[] = { 0, 1, 16, 17, 1024, 1025, 2048, 5000, 9999,
	BODY_MAX };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
every_length(void)
{
	unsigned final;
	size_t i, j;

	for (i = 0; i < COUNT(lengths); i++) {
		for (j = 0; j < COUNT(lengths); j++) {
			s.up_len = lengths[i];
			s.answer = lengths[j];
			s.handled = 0;
			s.released = 0;
			assert_int_equal(run(&final), 0);
			assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
			assert_int_equal(s.handled, 1);
		}
	}
}

static void
bodies_both_ways(void **state)
{
	(void)state;
	every_length();
}

static void
bodies_both_ways_in_smaller_blocks(void **state)
{
	unsigned a, b;

	(void)state;
	for (a = 0; a <= 6; a += 2) {
		for (b = 1; b <= 6; b += 2) {
			s.client.szx = a;
			s.server.szx = b;
			every_length();
		}
	}
}

static void
bodies_both_ways_over_streams(void **state)
{
	(void)state;
	over_stream(false);
	every_length();
	over_stream(true);
	every_length();
}

static void
bert_takes_fewer_messages(void **state)
{
	unsigned final, plain;

	(void)state;
	s.up_len = s.answer = BODY_MAX;
	over_stream(false);
	assert_int_equal(run(&final), 0);
	plain = s.messages;
	s.messages = 0;
	over_stream(true);
	assert_int_equal(run(&final), 0);
	assert_true(s.messages * 3 < plain);
}

static void
each_part_to_the_handler(void **state)
{
	unsigned final;

	(void)state;
	s.server.each = true;
	s.up_len = 5000;
	s.answer = 10;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(s.handled, 5);
}

/* --- what goes wrong ------------------------------------------------------ */

static int
option(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	return opt ? (int)coap_decode_var_bytes(coap_opt_value(opt),
			 coap_opt_length(opt))
		   : -1;
}

static void
expect_size1(coap_pdu_t *response)
{
	if (response->code == COAP_RESPONSE_CODE_REQUEST_TOO_LARGE)
		assert_int_equal(option(response, COAP_OPTION_SIZE1), 3000);
}

static void
body_that_is_too_large(void **state)
{
	unsigned final;

	(void)state;
	s.server.body_max = 3000;
	s.up_len = 5000;
	/* How large it may be (RFC 7252 section 5.9.2.9). */
	s.response = expect_size1;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE);
	assert_int_equal(s.handled, 0);
	s.up_len = 0;
	s.answer = 5000;
	s.client.body_max = 3000;
	assert_int_equal(run(&final), -COAP_E_TOOBIG);
}

static unsigned countdown;

static void
change_etag(coap_pdu_t *request)
{
	/* The server's body is another one, whose handler is asked again. */
	if (countdown > 0 && --countdown == 0) {
		s.etag++;
		bodies_free(s.bodies);
		s.bodies = bodies_new();
	}
	(void)request;
}

static void
change_etag_always(coap_pdu_t *request)
{
	countdown = 1;
	change_etag(request);
}

static void
a_body_that_changes_is_asked_for_once_more(void **state)
{
	unsigned final;

	(void)state;
	s.answer = 5000;
	countdown = 3;
	s.request = change_etag;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
	s.request = change_etag_always;
	assert_int_equal(run(&final), -COAP_E_BAD_RESPONSE);
}

static void
lose_state(coap_pdu_t *request)
{
	(void)request;
	if (countdown > 0 && --countdown == 0) {
		bodies_free(s.bodies);
		s.bodies = bodies_new();
	}
}

static void
lose_state_often(coap_pdu_t *request)
{
	if (countdown == 0)
		countdown = 3;
	lose_state(request);
}

static void
a_server_that_forgot_is_told_again(void **state)
{
	unsigned final;

	(void)state;
	s.up_len = 5000;
	s.answer = 5000;
	countdown = 3;
	s.request = lose_state;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(s.handled, 1);
	s.request = lose_state_often;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_INCOMPLETE);
	/* The answer's rest is lost: what changed something is not repeated. */
	s.handled = 0;
	countdown = 7;
	s.request = lose_state;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_INCOMPLETE);
	assert_int_equal(s.handled, 1);
	/* What is only read is asked for again, and goes on. */
	s.up_len = 0;
	countdown = 3;
	s.handled = 0;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(s.handled, 2);
}

static void
spoil_block2(coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(response, COAP_OPTION_BLOCK2, &oi);
	uint8_t *value;

	if (!opt || coap_opt_length(opt) == 0 || --countdown > 0)
		return;
	value = (uint8_t *)(uintptr_t)coap_opt_value(opt);
	value[coap_opt_length(opt) - 1] += 0x10; /* the next number */
}

static void
shorten(coap_pdu_t *response)
{
	if (response->data)
		response->used--;
}

static void
no_block2(coap_pdu_t *response)
{
	coap_bin_const_t token = { 1, (const uint8_t *)"u" };

	if (s.messages < 2)
		return;
	pdu_clear(response);
	coap_add_token(response, token.length, token.s);
	coap_add_data(response, 1, (const uint8_t *)"x");
}

static void
answers_that_are_not_what_was_asked(void **state)
{
	unsigned final;

	(void)state;
	s.answer = 5000;
	countdown = 2;
	s.response = spoil_block2;
	assert_int_equal(run(&final), -COAP_E_BAD_RESPONSE);
	s.response = shorten;
	assert_int_equal(run(&final), -COAP_E_BAD_RESPONSE);
	s.etag = 0;
	s.messages = 0;
	s.response = no_block2;
	assert_int_equal(run(&final), -COAP_E_BAD_RESPONSE);
}

static void
say_final(coap_pdu_t *response)
{
	if (response->code == COAP_RESPONSE_CODE_CONTINUE)
		response->code = COAP_RESPONSE_CODE_CHANGED;
}

static void
say_continue(coap_pdu_t *response)
{
	response->code = COAP_RESPONSE_CODE_CONTINUE;
}

static void
codes_of_an_upload(void **state)
{
	unsigned final;

	(void)state;
	s.up_len = 5000;
	s.answer = 3;
	/* A server without state. */
	s.response = say_final;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
	/* One that wants more than there is. */
	s.response = say_continue;
	assert_int_equal(run(&final), -COAP_E_BAD_RESPONSE);
}

static void
refuse_large(coap_pdu_t *response)
{
	if (s.messages > 1)
		return;
	pdu_clear(response);
	coap_add_token(response, 1, (const uint8_t *)"t");
	response->code = COAP_RESPONSE_CODE_REQUEST_TOO_LARGE;
	assert_true(block_add_uint(response, COAP_OPTION_BLOCK1, 2));
}

static void
add_to_block(coap_pdu_t *pdu, coap_option_num_t number, int n)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(pdu, number, &oi);
	uint8_t *value;

	if (!opt || coap_opt_length(opt) == 0)
		return;
	value = (uint8_t *)(uintptr_t)coap_opt_value(opt);
	value[coap_opt_length(opt) - 1] =
	    (uint8_t)(value[coap_opt_length(opt) - 1] + n);
}

static void
wrong_number(coap_pdu_t *response)
{
	add_to_block(response, COAP_OPTION_BLOCK1, 3 << 4);
}

static void
answers_for_another_part(void **state)
{
	unsigned final;

	(void)state;
	s.up_len = 5000;
	s.response = wrong_number;
	assert_int_equal(run(&final), -COAP_E_BAD_RESPONSE);
}

static void
no_bert(coap_pdu_t *response)
{
	coap_block_b_t b;

	if (block_read(response, COAP_OPTION_BLOCK1, true, &b) && b.bert)
		add_to_block(response, COAP_OPTION_BLOCK1, -1);
}

static void
a_server_asks_for_smaller_parts(void **state)
{
	unsigned final;

	(void)state;
	/* One of 1024 bytes, the other 1024 in parts of 64. */
	s.up_len = 2048;
	s.answer = 3;
	s.server.szx = 2;
	assert_int_equal(run(&final), 0);
	assert_int_equal(s.messages, 2 * (1 + 16));
	/* One of 3 KiB, the others of 1. */
	s.server.szx = 6;
	s.messages = 0;
	s.up_len = 10 * 1024;
	s.response = no_bert;
	over_stream(true);
	assert_int_equal(run(&final), 0);
	assert_int_equal(s.messages, 2 * (1 + 6));
}

static void
smaller_blocks_after_4_13(void **state)
{
	unsigned final;

	(void)state;
	s.up_len = 1000;
	s.answer = 3;
	s.response = refuse_large;
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_CONTENT);
	/* 16 of 64 bytes, after the one that was refused. */
	assert_int_equal(s.messages, 2 + 2 * 16);
}

static void
refuse_all(coap_pdu_t *response)
{
	pdu_clear(response);
	coap_add_token(response, 1, (const uint8_t *)"t");
	response->code = COAP_RESPONSE_CODE_REQUEST_TOO_LARGE;
	assert_true(block_add_uint(response, COAP_OPTION_BLOCK1, 6));
}

/* 1024 bytes are asked for: that is what the next one has, not BERT again. */
static void
an_endless_4_13(void **state)
{
	unsigned final;

	(void)state;
	s.up_len = 10 * 1024;
	s.response = refuse_all;
	over_stream(true);
	assert_int_equal(run(&final), 0);
	assert_int_equal(final, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE);
	assert_int_equal(s.messages, 2 * 2);
}

/* --- the server's own ----------------------------------------------------- */

static coap_pdu_t *
ask(unsigned code, unsigned num1, bool more, size_t len, unsigned tag)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, code, 7, s.max);
	coap_pdu_t *response;

	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"t"));
	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK1,
	    num1 << 4 | (unsigned)more << 3 | 2));
	if (tag)
		assert_true(block_add_uint(pdu, COAP_OPTION_RTAG, tag));
	assert_true(coap_add_data(pdu, len, up + num1 * 64));
	response = exchange(pdu);
	coap_delete_pdu(pdu);
	/* RFC 9175 section 3.4. */
	assert_int_equal(option(response, COAP_OPTION_RTAG), -1);
	return response;
}

static unsigned
ask_code(unsigned num1, bool more, size_t len, unsigned tag)
{
	coap_pdu_t *response = ask(COAP_REQUEST_CODE_PUT, num1, more, len, tag);
	unsigned code = response->code;

	coap_delete_pdu(response);
	return code;
}

static void
what_a_server_says_to_parts(void **state)
{
	(void)state;
	s.up_len = 150;
	assert_int_equal(ask_code(1, true, 64, 0), INCOMPLETE);
	assert_int_equal(ask_code(0, true, 63, 0), BAD);
	assert_int_equal(ask_code(0, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(0, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(1, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(1, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(3, false, 22, 0), INCOMPLETE);
	assert_int_equal(ask_code(2, false, 22, 0), INCOMPLETE);
	/* Number 0 begins again. */
	assert_int_equal(ask_code(0, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(1, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(0, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(1, true, 64, 0), CONTINUE);
	assert_int_equal(ask_code(2, false, 22, 0), CONTENT);
	assert_int_equal(s.handled, 1);
	assert_null(s.bodies->in);
}

static void
tags_keep_bodies_apart(void **state)
{
	(void)state;
	s.up_len = 100;
	assert_int_equal(ask_code(0, true, 64, 1), CONTINUE);
	assert_int_equal(ask_code(0, true, 64, 2), CONTINUE);
	assert_int_equal(ask_code(1, false, 36, 1), CONTENT);
	assert_int_equal(ask_code(1, false, 36, 2), CONTENT);
	assert_int_equal(s.handled, 2);
}

static void
bodies_are_limited_and_expire(void **state)
{
	unsigned i;

	(void)state;
	s.up_len = 100;
	for (i = 1; i <= BODIES_MAX + 1; i++)
		assert_int_equal(ask_code(0, true, 64, i), CONTINUE);
	assert_int_equal(s.bodies->n_in, BODIES_MAX);
	/* The oldest made room. */
	assert_int_equal(ask_code(1, false, 36, 1), INCOMPLETE);
	assert_int_equal(ask_code(1, false, 36, 2), CONTENT);
	s.now = 1000;
	assert_int_equal(ask_code(0, true, 64, 99), CONTINUE);
	assert_int_equal(bodies_next(s.bodies), LIFETIME);
	bodies_expire(s.bodies, LIFETIME);
	assert_int_equal(s.bodies->n_in, 1);
	bodies_expire(s.bodies, LIFETIME + 1000);
	assert_int_equal(s.bodies->n_in, 0);
	assert_int_equal(bodies_next(s.bodies), 0);
}

static coap_pdu_t *
get_part(unsigned value)
{
	coap_pdu_t *pdu = request_of();
	coap_pdu_t *response;

	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK2, value));
	response = exchange(pdu);
	coap_delete_pdu(pdu);
	return response;
}

static unsigned
get_part_of(char query, unsigned value)
{
	coap_pdu_t *pdu = request_of();
	coap_pdu_t *response;
	unsigned code;

	assert_true(coap_add_option(pdu, COAP_OPTION_URI_QUERY, 1,
	    (const uint8_t *)&query));
	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK2, value));
	response = exchange(pdu);
	code = response->code;
	coap_delete_pdu(pdu);
	coap_delete_pdu(response);
	return code;
}

static void
answers_are_kept_up_to_a_ceiling(void **state)
{
	struct body_pool kept = { .max = 12000 };

	(void)state;
	s.answer = 5000;
	s.server.kept = &kept;
	assert_int_equal(get_part_of('a', 2), CONTENT);
	assert_int_equal(get_part_of('b', 2), CONTENT);
	/* The same anew takes the place of the old. */
	assert_int_equal(get_part_of('b', 2), CONTENT);
	assert_int_equal(kept.used, 10000);
	assert_int_equal(s.released, 1);
	assert_int_equal(get_part_of('c', 2), CONTENT);
	assert_int_equal(s.bodies->n_out, 2);
	assert_int_equal(s.released, 2);
	/* It goes on, by its handler. */
	s.handled = 0;
	assert_int_equal(get_part_of('c', 1 << 4 | 2), CONTENT);
	assert_int_equal(s.handled, 1);
	assert_int_equal(get_part_of('a', 1 << 4 | 2), CONTENT);
	assert_int_equal(s.handled, 1);
	assert_int_equal(kept.used, 10000);
	bodies_expire(s.bodies, LIFETIME);
	assert_int_equal(kept.used, 0);
}

static void
any_part_of_an_answer(void **state)
{
	coap_block_b_t b;
	coap_pdu_t *r;
	unsigned i;

	(void)state;
	s.answer = 1000;
	/* Without state the handler is asked. */
	r = get_part(3 << 4 | 2);
	assert_int_equal(pdu_payload_len(r), 64);
	assert_memory_equal(r->data, down + 192, 64);
	coap_delete_pdu(r);
	assert_int_equal(s.handled, 1);
	for (i = 15; i < 16; i--) {
		r = get_part(i << 4 | 2);
		assert_int_equal(r->code, CONTENT);
		assert_int_equal(block_read(r, COAP_OPTION_BLOCK2, false, &b),
		    1);
		assert_int_equal(b.num, i);
		assert_int_equal(b.m, i < 15);
		assert_memory_equal(r->data, down + (size_t)i * 64,
		    pdu_payload_len(r));
		coap_delete_pdu(r);
	}
	/* Only the first one again. */
	assert_int_equal(s.handled, 2);
	r = get_part(63 << 4);
	assert_int_equal(r->code, BAD);
	coap_delete_pdu(r);
}

static void
an_answer_is_released_once(void **state)
{
	unsigned final;

	(void)state;
	s.answer = 5000;
	assert_int_equal(run(&final), 0);
	assert_int_equal(s.released, 0);
	assert_int_equal(run(&final), 0);
	assert_int_equal(s.released, 1);
	s.answer = 5;
	assert_int_equal(run(&final), 0);
	assert_int_equal(s.released, 2);
	bodies_free(s.bodies);
	s.bodies = NULL;
	assert_int_equal(s.released, 3);
}

/* --- what the messages have ---------------------------------------------- */

static coap_pdu_t *
rich_request(void)
{
	coap_pdu_t *pdu = request_of();

	assert_true(block_add_uint(pdu, COAP_OPTION_OBSERVE, 0));
	assert_true(block_add_uint(pdu, COAP_OPTION_CONTENT_FORMAT, 42));
	assert_true(block_add_uint(pdu, COAP_OPTION_ACCEPT, 60));
	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK2, 2));
	return pdu;
}

static coap_pdu_t *
next_message(struct transfer *t)
{
	coap_bin_const_t token = { 2, (const uint8_t *)"nt" };
	coap_pdu_t *msg = NULL;

	assert_int_equal(transfer_message(t, &s.link, 9, token, &msg), 0);
	assert_int_equal(msg->mid, 9);
	assert_int_equal(msg->token_len, 2);
	assert_int_equal(option(msg, COAP_OPTION_URI_PATH), 'x');
	assert_int_equal(option(msg, COAP_OPTION_CONTENT_FORMAT), 42);
	assert_int_equal(option(msg, COAP_OPTION_ACCEPT), 60);
	assert_int_equal(option(msg, COAP_OPTION_RTAG), 5);
	return msg;
}

static void
give_answer(struct transfer *t, unsigned code, int block1, int block2)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_ACK, code, 9, s.max);
	int err;

	if (block1 >= 0)
		assert_true(
		    block_add_uint(pdu, COAP_OPTION_BLOCK1, (unsigned)block1));
	if (block2 >= 0) {
		assert_true(
		    block_add_uint(pdu, COAP_OPTION_BLOCK2, (unsigned)block2));
		assert_true(coap_add_data(pdu, 64, down));
	}
	assert_int_equal(transfer_answer(t, pdu, &err), TRANSFER_NEXT);
	coap_delete_pdu(pdu);
}

/* Servers take a later part with an ETag for a request of its own. */
static void
etags_are_for_the_first_part(void **state)
{
	coap_pdu_t *origin = rich_request();
	coap_pdu_t *msg;
	struct transfer *t;

	(void)state;
	assert_true(coap_add_option(origin, COAP_OPTION_ETAG, 1,
			(const uint8_t *)"\7") > 0);
	t = transfer_new(origin, NULL, &s.client);
	t->tag = 5;
	give_answer(t, CONTENT, -1, 8 | 2);
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), 1 << 4 | 2);
	assert_int_equal(option(msg, COAP_OPTION_ETAG), -1);
	assert_int_equal(option(origin, COAP_OPTION_ETAG), 7);
	coap_delete_pdu(msg);
	transfer_free(t);
	coap_delete_pdu(origin);
}

static void
messages_repeat_what_they_have_to(void **state)
{
	coap_pdu_t *origin, *msg;
	struct transfer *t;

	(void)state;
	s.up_len = 2000;
	origin = rich_request();
	t = transfer_new(origin, body_out_new(up, 2000, NULL, NULL, NULL),
	    &s.client);
	t->tag = 5;
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK1), 8 | 6);
	assert_int_equal(option(msg, COAP_OPTION_SIZE1), 2000);
	assert_int_equal(option(msg, COAP_OPTION_OBSERVE), 0);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), -1);
	assert_int_equal(pdu_payload_len(msg), 1024);
	coap_delete_pdu(msg);
	give_answer(t, CONTINUE, 8 | 5, -1);
	/* The smaller size begins where the larger one ended. */
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK1), 2 << 4 | 8 | 5);
	assert_int_equal(option(msg, COAP_OPTION_SIZE1), -1);
	assert_int_equal(option(msg, COAP_OPTION_OBSERVE), 0);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), -1);
	coap_delete_pdu(msg);
	give_answer(t, CONTINUE, 2 << 4 | 8 | 5, -1);
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK1), 3 << 4 | 5);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), 2);
	assert_int_equal(pdu_payload_len(msg), 2000 - 1536);
	coap_delete_pdu(msg);
	give_answer(t, CONTENT, 3 << 4 | 5, 8 | 2);
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK1), -1);
	assert_int_equal(option(msg, COAP_OPTION_SIZE1), -1);
	assert_int_equal(option(msg, COAP_OPTION_OBSERVE), -1);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), 1 << 4 | 2);
	assert_int_equal(pdu_payload_len(msg), 0);
	coap_delete_pdu(msg);
	transfer_free(t);
	coap_delete_pdu(origin);
}

/* RFC 7959 section 2.10: on the first part of the body, and on nothing else. */
static void
if_none_match_is_for_the_first_part(void **state)
{
	coap_pdu_t *origin, *msg;
	struct transfer *t;

	(void)state;
	s.up_len = 2000;
	origin = rich_request();
	assert_true(
	    coap_add_option(origin, COAP_OPTION_IF_NONE_MATCH, 0, NULL) > 0);
	t = transfer_new(origin, body_out_new(up, 2000, NULL, NULL, NULL),
	    &s.client);
	t->tag = 5;
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_IF_NONE_MATCH), 0);
	coap_delete_pdu(msg);
	give_answer(t, CONTINUE, 8 | 6, -1);
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK1), 1 << 4 | 6);
	assert_int_equal(option(msg, COAP_OPTION_IF_NONE_MATCH), -1);
	coap_delete_pdu(msg);
	give_answer(t, CONTENT, 1 << 4 | 6, 8 | 2);
	/* What it has made is there now. */
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), 1 << 4 | 2);
	assert_int_equal(option(msg, COAP_OPTION_IF_NONE_MATCH), -1);
	coap_delete_pdu(msg);
	transfer_free(t);
	coap_delete_pdu(origin);
}

/* The next part, which has the Echo, if there was one; then its answer, with an
 * Echo when it is 4.01. */
static enum transfer_step
exchange_up(struct transfer *t, unsigned num, int echo, unsigned code)
{
	coap_pdu_t *msg = next_message(t);
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_ACK, code, 9, s.max);
	enum transfer_step step;
	int err;

	assert_int_equal(option(msg, COAP_OPTION_BLOCK1) >> 4, num);
	assert_int_equal(option(msg, COAP_OPTION_ECHO), echo);
	if (code == COAP_RESPONSE_CODE_UNAUTHORIZED)
		block_add_uint(pdu, COAP_OPTION_ECHO, 77);
	else
		block_add_uint(pdu, COAP_OPTION_BLOCK1,
		    (unsigned)option(msg, COAP_OPTION_BLOCK1));
	coap_delete_pdu(msg);
	step = transfer_answer(t, pdu, &err);
	coap_delete_pdu(pdu);
	return step;
}

/* RFC 9175 section 2.3: a server that throws the body away with its 4.01. */
static void
an_echo_that_costs_the_body_is_no_fault(void **state)
{
	const unsigned refused = COAP_RESPONSE_CODE_UNAUTHORIZED;
	coap_pdu_t *origin = rich_request();
	struct transfer *t = transfer_new(origin,
	    body_out_new(up, 2000, NULL, NULL, NULL), &s.client);

	(void)state;
	t->tag = 5;
	assert_int_equal(exchange_up(t, 0, -1, CONTINUE), TRANSFER_NEXT);
	assert_int_equal(exchange_up(t, 1, -1, refused), TRANSFER_NEXT);
	/* The last part first, for others have kept it. */
	assert_int_equal(exchange_up(t, 1, 77, INCOMPLETE), TRANSFER_NEXT);
	assert_int_equal(t->restarts, 0);
	assert_int_equal(exchange_up(t, 0, 77, CONTINUE), TRANSFER_NEXT);
	/* Now the body is lost: that is another matter, and has its own once. */
	assert_int_equal(exchange_up(t, 1, 77, INCOMPLETE), TRANSFER_NEXT);
	assert_int_equal(t->restarts, 1);
	assert_int_equal(exchange_up(t, 0, 77, CONTINUE), TRANSFER_NEXT);
	/* One that asks and throws away without end is not followed. */
	assert_int_equal(exchange_up(t, 1, 77, refused), TRANSFER_NEXT);
	assert_int_equal(exchange_up(t, 1, 77, INCOMPLETE), TRANSFER_DONE);
	transfer_free(t);
	coap_delete_pdu(origin);
}

/* Who asks with the first part gets it in all of them, and nothing twice. */
static void
an_echo_with_the_first_part_is_for_all(void **state)
{
	coap_pdu_t *origin = rich_request();
	struct transfer *t = transfer_new(origin,
	    body_out_new(up, 2000, NULL, NULL, NULL), &s.client);

	(void)state;
	t->tag = 5;
	assert_int_equal(exchange_up(t, 0, -1, COAP_RESPONSE_CODE_UNAUTHORIZED),
	    TRANSFER_NEXT);
	assert_int_equal(exchange_up(t, 0, 77, CONTINUE), TRANSFER_NEXT);
	assert_int_equal(exchange_up(t, 1, 77, CONTENT), TRANSFER_DONE);
	assert_int_equal(t->restarts, 0);
	transfer_free(t);
	coap_delete_pdu(origin);
}

/* A size larger than what was asked for, although the place is right. */
static void
answers_in_larger_parts(void **state)
{
	coap_pdu_t *origin, *msg, *pdu;
	struct transfer *t;
	int err;

	(void)state;
	s.client.szx = 1;
	origin = rich_request();
	t = transfer_new(origin, NULL, &s.client);
	t->tag = 5;
	give_answer(t, CONTENT, -1, 8 | 2);
	msg = next_message(t);
	assert_int_equal(option(msg, COAP_OPTION_BLOCK2), 2 << 4 | 1);
	coap_delete_pdu(msg);
	pdu = pdu_new(COAP_MESSAGE_ACK, CONTENT, 9, s.max);
	assert_true(block_add_uint(pdu, COAP_OPTION_BLOCK2, 1 << 4 | 8 | 2));
	assert_true(coap_add_data(pdu, 64, down + 64));
	assert_int_equal(transfer_answer(t, pdu, &err), TRANSFER_FAILED);
	assert_int_equal(err, -COAP_E_BAD_RESPONSE);
	coap_delete_pdu(pdu);
	transfer_free(t);
	coap_delete_pdu(origin);
}

/* What a server says instead of a later part is a message of its own. */
static void
an_error_in_the_middle_is_whole(void **state)
{
	coap_pdu_t *origin, *pdu, *shown;
	struct transfer *t;
	const uint8_t *data;
	size_t len, offset, total;
	int err;

	(void)state;
	origin = request_of();
	t = transfer_new(origin, NULL, &s.client);
	give_answer(t, CONTENT, -1, 8 | 2);
	pdu = pdu_new(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_NOT_FOUND, 9, s.max);
	assert_true(coap_add_data(pdu, 4, (const uint8_t *)"gone"));
	assert_int_equal(transfer_answer(t, pdu, &err), TRANSFER_DONE);
	shown = transfer_whole(t, pdu);
	assert_non_null(shown);
	assert_int_equal(shown->code, COAP_RESPONSE_CODE_NOT_FOUND);
	assert_int_equal(coap_get_data_large(shown, &len, &data, &offset,
			     &total),
	    1);
	assert_int_equal(len, 4);
	assert_int_equal(offset, 0);
	assert_int_equal(total, 4);
	coap_delete_pdu(shown);
	coap_delete_pdu(pdu);
	transfer_free(t);
	coap_delete_pdu(origin);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, up_and_down, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bodies_both_ways),
		TEST(bodies_both_ways_in_smaller_blocks),
		TEST(bodies_both_ways_over_streams),
		TEST(bert_takes_fewer_messages),
		TEST(each_part_to_the_handler),
		TEST(body_that_is_too_large),
		TEST(a_body_that_changes_is_asked_for_once_more),
		TEST(a_server_that_forgot_is_told_again),
		TEST(answers_that_are_not_what_was_asked),
		TEST(codes_of_an_upload),
		TEST(answers_for_another_part),
		TEST(a_server_asks_for_smaller_parts),
		TEST(smaller_blocks_after_4_13),
		TEST(an_endless_4_13),
		TEST(what_a_server_says_to_parts),
		TEST(tags_keep_bodies_apart),
		TEST(bodies_are_limited_and_expire),
		TEST(answers_are_kept_up_to_a_ceiling),
		TEST(any_part_of_an_answer),
		TEST(an_answer_is_released_once),
		TEST(etags_are_for_the_first_part),
		TEST(messages_repeat_what_they_have_to),
		TEST(if_none_match_is_for_the_first_part),
		TEST(an_echo_that_costs_the_body_is_no_fault),
		TEST(an_echo_with_the_first_part_is_for_all),
		TEST(answers_in_larger_parts),
		TEST(an_error_in_the_middle_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

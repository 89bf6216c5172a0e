/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies whose other end is slow: callbacks that say COAPX_BODY_WAIT. While
 * they wait nothing is sent, and what ends a request ends one that waits.
 */
#include "session_support.h"

#include "block_support.h"

#define LENGTH 20000
#define EACH   COAPX_REQUEST_EACH_BLOCK
#define GET    COAP_REQUEST_CODE_GET
#define PUT    COAP_REQUEST_CODE_PUT

static const coap_proto_t protos[] = { COAP_PROTO_UDP, COAP_PROTO_TCP };

static int
up(void **state)
{
	block_up(state);
	block.stream = true;
	block.wait = true;
	block.flags = EACH;
	block.answer = LENGTH;
	return 0;
}

static bool
ended(void)
{
	return world_count("C result") > 0;
}

/* To the end, one part for each time that it is told to go on. */
static void
step_through(void)
{
	unsigned waits;

	while (!ended()) {
		waits = block.waits;
		world_settle();
		if (ended())
			break;
		/* However long it takes, nothing more of it happens. */
		WORLD_UNTIL(block.waits > 0);
		waits = block.waits;
		world_settle();
		assert_int_equal(block.waits, waits);
		coapx_request_resume(block.request);
		WORLD_UNTIL(block.waits > waits || ended());
		assert_true(block.waits <= waits + 1);
	}
}

static void
each_part_waits(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		block_request(s, GET, 'a', 0);
		step_through();
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.written, LENGTH);
		assert_true(block.waits > 4);
		world_forget();
		for (int known = 0; known < 2; known++) {
			block.known = known;
			block_request(s, PUT, 'a', LENGTH);
			assert_int_equal(block.waits, 1);
			step_through();
			assert_int_equal(world_count("C result a 0 2.05"), 1);
			assert_int_equal(world_count("S get"), 1);
			assert_int_equal(block.put, LENGTH);
			assert_int_equal(block.written, LENGTH);
			assert_true(block.waits > 8);
			world_forget();
		}
		coap_session_release(s);
		world_settle();
	}
}

/* The first message has the token that the application chose, and waits for a
 * session as any other does. */
static void
the_first_part_is_late(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_session(*p);

		block_request(s, PUT, 'q', 10);
		assert_int_equal(block.waits, 1);
		coapx_request_resume(block.request);
		block.wait = false;
		world_wait("result");
		assert_int_equal(world_count("S get q"), 1);
		assert_int_equal(world_count("C result q 0 2.05"), 1);
		block.wait = true;
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* It goes on all the same, and the loop is not kept busy by it alone. */
static void
resumed_inside_the_callback(void **state)
{
	(void)state;
	block.eager = true;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		block_request(s, PUT, 'a', LENGTH);
		world_wait("result");
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(block.put, LENGTH);
		assert_int_equal(block.written, LENGTH);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* timeout_ms is the peer's, not the application's. */
static void
no_time_counts_while_it_waits(void **state)
{
	coap_session_t *s = world_connected(COAP_PROTO_UDP);
	unsigned waits;

	(void)state;
	block.timeout_ms = 2000;
	block_request(s, PUT, 'a', LENGTH);
	for (int i = 0; i < 4; i++) {
		waits = block.waits;
		world_advance(60000);
		assert_int_equal(block.waits, waits);
		assert_false(ended());
		coapx_request_resume(block.request);
		WORLD_UNTIL(block.waits > waits);
	}
	block.wait = false;
	coapx_request_resume(block.request);
	world_wait("result");
	assert_int_equal(world_count("C result a 0 2.05"), 1);
	assert_int_equal(block.put, LENGTH);
	coap_session_release(s);
	world_settle();
}

/* The server has forgotten the first parts, and gets them again. */
static void
a_long_pause_begins_anew(void **state)
{
	coap_session_t *s = world_connected(COAP_PROTO_UDP);

	(void)state;
	block_request(s, PUT, 'a', LENGTH);
	while (block.waits < 4) {
		coapx_request_resume(block.request);
		world_settle();
	}
	world_advance(600 * 1000);
	assert_false(ended());
	block.eager = true;
	coapx_request_resume(block.request);
	world_wait("result");
	assert_int_equal(world_count("C result a 0 2.05"), 1);
	assert_int_equal(block.put, LENGTH);
	coap_session_release(s);
	world_settle();
}

/* To wait without it there would be no deadline that makes sense. */
static void
only_with_a_time_for_each_block(void **state)
{
	coap_session_t *s = world_connected(COAP_PROTO_UDP);

	(void)state;
	block.flags = 0;
	block_request(s, PUT, 'a', LENGTH);
	assert_null(block.request);
	block_request(s, GET, 'b', 0);
	world_wait("result");
	world_forget();
	assert_int_equal(block.waits, 1);
	coap_session_release(s);
	world_settle();
}

static void
reach_the_third_wait(coap_session_t *s, coap_pdu_code_t code)
{
	block_request(s, code, 'a', code == PUT ? LENGTH : 0);
	while (block.waits < 3) {
		coapx_request_resume(block.request);
		world_settle();
	}
	assert_non_null(block.request);
}

static void
ends_while_it_waits(void **state)
{
	static const coap_pdu_code_t codes[] = { GET, PUT };

	(void)state;
	for (int i = 0; i < 12; i++) {
		coap_session_t *s = world_connected(protos[i % 2]);

		reach_the_third_wait(s, codes[i / 2 % 2]);
		/* What was resumed ends, too. */
		coapx_request_resume(block.request);
		if (i / 4 == 0) {
			coapx_request_cancel(block.request);
			block.request = NULL;
		} else if (i / 4 == 1) {
			coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
		}
		coap_session_release(s);
		world_settle();
		assert_int_equal(world_count("C result"), i / 4 == 0 ? 0 : 1);
		assert_int_equal(world_count("C result a 0"), 0);
		assert_null(block.request);
		world_forget();
	}
}

/* What callbacks do while it is about to wait, or to go on. */
static void
callbacks_may_end_it(void **state)
{
	static const coap_pdu_code_t codes[] = { GET, PUT };

	(void)state;
	block.eager = true;
	for (int n = 0; n < BLOW_WHERES * BLOW_WHATS * 4; n++) {
		block.session = world_connected(protos[n % 2]);
		block.blow_where = n / 4 % BLOW_WHERES;
		block.blow_what = n / 4 / BLOW_WHERES;
		block.blow_at = 2;
		block_request(block.session, codes[n / 2 % 2], 'a',
		    n / 2 % 2 ? LENGTH : 0);
		WORLD_UNTIL(ended() || !block.request);
		block.blow_at = 0;
		if (block.session)
			coap_session_release(block.session);
		world_settle();
		assert_true(world_count("C result") <= 1);
		world_forget();
	}
}

static void
through_a_bad_network(void **state)
{
	(void)state;
	block.eager = true;
	for (unsigned seed = 1; seed <= 8; seed++) {
		struct block_relay relay;
		coap_session_t *s = block_bad_session(&relay, seed);

		block_request(s, PUT, 'a', LENGTH);
		while (!ended())
			world_advance(500);
		assert_int_equal(world_count("C result a 0 2.05"), 1);
		assert_int_equal(world_count("S get"), 1);
		assert_int_equal(block.put, LENGTH);
		assert_int_equal(block.written, LENGTH);
		coap_session_release(s);
		world_settle();
		block_relay_end(&relay);
		world_forget();
	}
}

static void
memory_runs_out(void **state)
{
	(void)state;
	block.eager = true;
	for (size_t n = 1; n < 300; n++) {
		coap_session_t *s = world_connected(COAP_PROTO_UDP);

		mem_fail_at(n, 0);
		block_request(s, PUT, 'a', 3000);
		for (int i = 0; i < 10; i++)
			world_settle();
		mem_fail_at(0, 0);
		if (block.request)
			world_advance(400000);
		assert_null(block.request);
		coap_session_release(s);
		world_settle();
		assert_true(world_count("C result") <= 1);
		world_forget();
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, up, block_down)
	const struct CMUnitTest tests[] = {
		TEST(each_part_waits),
		TEST(the_first_part_is_late),
		TEST(resumed_inside_the_callback),
		TEST(no_time_counts_while_it_waits),
		TEST(a_long_pause_begins_anew),
		TEST(only_with_a_time_for_each_block),
		TEST(ends_while_it_waits),
		TEST(callbacks_may_end_it),
		TEST(through_a_bad_network),
		TEST(memory_runs_out),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

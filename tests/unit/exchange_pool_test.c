/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory that the bodies of all peers share: who fills it with bodies that he
 * does not end keeps nobody out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <coap3/coap_encode.h>

#include "base/err.h"
#include "exchange/bodies.h"

#define PEERS 3
#define BLOCK 1024

static struct world {
	struct bodies *peer[PEERS];
	struct bodies_params params;
	struct body_pool pool;
	coap_tick_t now;
	unsigned code;
} t;

static int
setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	t.pool.max = (size_t)16 * BLOCK;
	t.params = (struct bodies_params){ .szx = 6,
		.body_max = (size_t)64 * BLOCK,
		.lifetime = 1000,
		.pool = &t.pool };
	for (size_t i = 0; i < PEERS; i++)
		t.peer[i] = bodies_new();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < PEERS; i++)
		bodies_free(t.peer[i]);
	/* All of it came back. */
	assert_int_equal(t.pool.used, 0);
	assert_null(t.pool.waiting);
	return 0;
}

/* Part num of the body called name; the step, and the code in t.code. */
static enum bodies_step
send_part(size_t peer, char name, unsigned num, bool more)
{
	static const uint8_t bytes[BLOCK];
	coap_pdu_t *request =
	    coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 2000);
	coap_pdu_t *response = coap_pdu_init(COAP_MESSAGE_ACK, 0, 1, 2000);
	struct bodies_result r;
	enum bodies_step step;
	uint8_t value[4];
	unsigned len =
	    coap_encode_var_safe(value, sizeof value, num << 4 | more << 3 | 6);

	coap_add_option(request, COAP_OPTION_URI_PATH, 1, (uint8_t *)&name);
	coap_add_option(request, COAP_OPTION_BLOCK1, len, value);
	coap_add_data(request, BLOCK, bytes);
	step = bodies_request(t.peer[peer], &t.params, ++t.now, request,
	    response, &r);
	t.code = coap_pdu_get_code(response);
	if (r.entry)
		assert_int_equal(r.part.length, (size_t)(num + 1) * BLOCK);
	body_entry_free(r.entry);
	coap_delete_pdu(request);
	coap_delete_pdu(response);
	return step;
}

static void
assert_goes_on(size_t peer, char name, unsigned num)
{
	assert_int_equal(send_part(peer, name, num, true), BODIES_ANSWERED);
	assert_int_equal(t.code, COAP_RESPONSE_CODE_CONTINUE);
}

static void
the_oldest_makes_room(void **state)
{
	(void)state;
	/* Bodies that nobody goes on with, until the memory is full. */
	for (int i = 0; i < 16; i++)
		assert_goes_on(0, (char)('a' + i), 0);
	assert_int_equal(t.pool.used, t.pool.max);
	for (unsigned i = 0; i < 7; i++)
		assert_goes_on(1, 'x', i);
	assert_int_equal(send_part(1, 'x', 7, false), BODIES_BODY);
	/* The first was the oldest, the last is still there. */
	send_part(0, 'a', 1, true);
	assert_int_equal(t.code, COAP_RESPONSE_CODE_INCOMPLETE);
	assert_goes_on(0, 'p', 1);
}

/* Who goes on is not the oldest. */
static void
who_goes_on_stays(void **state)
{
	(void)state;
	assert_goes_on(0, 'a', 0);
	for (unsigned i = 0; i < 40; i++) {
		assert_goes_on(1, (char)('A' + i), 0);
		if (i < 3)
			assert_goes_on(0, 'a', i + 1);
	}
	/* Sixteen of a peer at most, so one of the others' went each time. */
	assert_true(t.pool.used <= t.pool.max);
}

static void
a_body_does_not_make_room_for_itself(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++)
		assert_goes_on(0, 'a', i);
	assert_goes_on(1, 'b', 0);
	send_part(0, 'a', 16, true);
	assert_int_equal(t.code, COAP_RESPONSE_CODE_INCOMPLETE);
	for (unsigned i = 1; i < 16; i++)
		assert_goes_on(1, 'b', i);
	/* Alone, and there is no more. */
	send_part(1, 'b', 16, true);
	assert_int_equal(t.code, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE);
	assert_int_equal(t.pool.used, 0);
}

/* What ends in another way is not looked for. */
static void
other_ends(void **state)
{
	(void)state;
	assert_goes_on(0, 'a', 0);
	assert_goes_on(1, 'b', 0);
	assert_goes_on(2, 'c', 0);
	bodies_free(t.peer[0]);
	t.peer[0] = bodies_new();
	bodies_expire(t.peer[1], t.now + t.params.lifetime);
	assert_int_equal(send_part(2, 'c', 1, false), BODIES_BODY);
	assert_null(t.pool.waiting);
	for (unsigned i = 0; i < 16; i++)
		assert_goes_on(0, 'a', i);
}

/* With handlers for each part nothing is kept. */
static void
parts_are_not_counted(void **state)
{
	(void)state;
	t.params.each = true;
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(send_part(0, 'a', i, true), BODIES_BODY);
	assert_int_equal(t.pool.used, 0);
	assert_null(t.pool.waiting);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(the_oldest_makes_room),
		TEST(who_goes_on_stays),
		TEST(a_body_does_not_make_room_for_itself),
		TEST(other_ends),
		TEST(parts_are_not_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

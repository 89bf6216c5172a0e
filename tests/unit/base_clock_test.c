/* SPDX-License-Identifier: BSD-2-Clause */
/* Ticks and wall-clock time. The real clock is read, but never waited for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include <coap3/coap_time.h>

#define MINUTE_US 60000000

static void
test_ticks(void **state)
{
	struct timespec ts;
	coap_tick_t a, b, mono;

	(void)state;
	coap_clock_init();
	coap_ticks(&a);
	clock_gettime(CLOCK_MONOTONIC, &ts);
	coap_ticks(&b);
	mono = (coap_tick_t)ts.tv_sec * COAP_TICKS_PER_SECOND +
	    (coap_tick_t)ts.tv_nsec / 1000000;
	assert_true(a <= mono);
	assert_true(mono <= b);
}

static void
test_wall(void **state)
{
	uint64_t wall = (uint64_t)time(NULL) * 1000000;
	coap_tick_t t;
	uint64_t us;

	(void)state;
	coap_ticks(&t);
	us = coap_ticks_to_rt_us(t);
	assert_true(us + MINUTE_US > wall);
	assert_true(us < wall + MINUTE_US);
	assert_true(coap_ticks_to_rt(t) + 60 > us / 1000000);
	assert_true(coap_ticks_to_rt(t) < us / 1000000 + 60);
	/* Ten minutes on. */
	us = coap_ticks_to_rt_us(t + 600 * COAP_TICKS_PER_SECOND);
	assert_true(us + MINUTE_US > wall + 10 * (uint64_t)MINUTE_US);
	assert_true(us < wall + 11 * (uint64_t)MINUTE_US);
}

static void
test_from_wall(void **state)
{
	coap_tick_t t, back;

	(void)state;
	coap_ticks(&t);
	t += 12345;
	back = coap_ticks_from_rt_us(coap_ticks_to_rt_us(t));
	/* A clock that is being adjusted moves the result a little. */
	assert_true(back + 60000 > t);
	assert_true(back < t + 60000);
	assert_int_equal(coap_ticks_from_rt_us(0), 0);
}

static void
test_compare(void **state)
{
	const coap_tick_t end = UINT64_MAX;

	(void)state;
	assert_true(coap_time_lt(1, 2));
	assert_false(coap_time_lt(2, 2));
	assert_false(coap_time_lt(3, 2));
	assert_true(coap_time_le(1, 2));
	assert_true(coap_time_le(2, 2));
	assert_false(coap_time_le(3, 2));
	assert_true(coap_time_lt(end, 0));
	assert_false(coap_time_lt(0, end));
	assert_true(coap_time_le(end - 5, 5));
	assert_false(coap_time_le(5, end - 5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ticks),
		cmocka_unit_test(test_wall),
		cmocka_unit_test(test_from_wall),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Which datagrams are lost on purpose. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_prng.h>

#include "net/loss.h"

static uint16_t next_number;

/* Counts through all numbers of 16 bits. */
static int
numbers(void *out, size_t len)
{
	assert_int_equal(len, sizeof next_number);
	memcpy(out, &next_number, sizeof next_number);
	next_number++;
	return 1;
}

static int
no_numbers(void *out, size_t len)
{
	(void)out;
	(void)len;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	coap_set_prng(NULL);
	return coap_debug_set_packet_loss("0") == 1 ? 0 : -1;
}

/* The fate of the first ten datagrams: "x" is lost. */
static void
expect(const char *level, const char *text)
{
	char got[11] = "";
	int i;

	assert_int_equal(coap_debug_set_packet_loss(level), 1);
	for (i = 0; i < 10; i++)
		got[i] = loss_drops() ? 'x' : '.';
	assert_string_equal(got, text);
}

static void
lists(void **state)
{
	(void)state;
	expect("1", "x.........");
	expect("10", ".........x");
	expect("2,4", ".x.x......");
	expect("1,5-7,9", "x...xxx.x.");
	expect("3-4294967295", "..xxxxxxxx");
	expect("9-99999999999999999999", "........xx");
	expect("4,2-3,3-5", ".xxxx.....");
	expect("1,2,3,4,5,6,7,8,9,10", "xxxxxxxxxx");
	expect("11", "..........");
	expect("0", "..........");
	expect("1", "x.........");
	expect("0%", "..........");
}

static unsigned
lost_of_all(const char *level)
{
	unsigned n = 0;
	unsigned i;

	next_number = 0;
	assert_int_equal(coap_debug_set_packet_loss(level), 1);
	for (i = 0; i < 65536; i++)
		n += loss_drops();
	return n;
}

static void
percent(void **state)
{
	(void)state;
	coap_set_prng(numbers);
	assert_int_equal(lost_of_all("0%"), 0);
	assert_int_equal(lost_of_all("1%"), 655);
	assert_int_equal(lost_of_all("25%"), 16384);
	assert_int_equal(lost_of_all("100%"), 65536);
	assert_int_equal(lost_of_all("250%"), 65536);
	assert_int_equal(lost_of_all("50%"), 32768);
	/* A list takes its place. */
	expect("2", ".x........");
	coap_set_prng(no_numbers);
	expect("100%", "..........");
}

static void
what_is_neither_changes_nothing(void **state)
{
	static const char *const rows[] = { "", "%", "x", "-1", "1-", "-", "1,",
		",1", "1,,2", "5-3", "0,1", "1,0", "0-3", "1 ", " 1", "1;2",
		"5%%", "5% ", "5%,1", "0x", "1.5%", "+1",
		"1,2,3,4,5,6,7,8,9,10,11" };
	size_t i;

	(void)state;
	assert_int_equal(coap_debug_set_packet_loss("1-5"), 1);
	assert_true(loss_drops());
	assert_int_equal(coap_debug_set_packet_loss(NULL), 0);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(coap_debug_set_packet_loss(rows[i]), 0);
	for (i = 0; i < 4; i++)
		assert_true(loss_drops());
	assert_false(loss_drops());
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(lists),
		TEST(percent),
		TEST(what_is_neither_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

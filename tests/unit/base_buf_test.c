/* SPDX-License-Identifier: BSD-2-Clause */
/* The growing buffer: ceiling, growth, text, failing allocations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

static void
assert_content(const struct buf *b, const char *text)
{
	assert_int_equal(b->len, strlen(text));
	assert_memory_equal(b->data, text, b->len);
	assert_true(b->len <= b->cap);
	assert_true(b->cap <= b->max);
}

static void
test_empty(void **state)
{
	size_t start = mem_outstanding();
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	assert_int_equal(b.max, 10);
	assert_int_equal(buf_append(&b, NULL, 0), 0);
	assert_int_equal(buf_printf(&b, "%s", ""), 0);
	buf_consume(&b, 0);
	buf_clear(&b);
	assert_null(b.data);
	assert_int_equal(mem_outstanding(), start);
	buf_free(&b);
}

static void
test_ceiling(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_append(&b, "01234", 5), 0);
	assert_int_equal(buf_append(&b, "567890", 6), -COAP_E_TOOBIG);
	assert_content(&b, "01234");
	assert_int_equal(buf_append(&b, "56789", 5), 0);
	assert_content(&b, "0123456789");
	assert_int_equal(buf_append_u8(&b, 'x'), -COAP_E_TOOBIG);
	assert_int_equal(buf_printf(&b, "x"), -COAP_E_TOOBIG);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -COAP_E_TOOBIG);
	assert_int_equal(buf_reserve(&b, 0), 0);
	assert_content(&b, "0123456789");
	buf_free(&b);
	assert_int_equal(b.max, 10);
	assert_int_equal(buf_append_u8(&b, 'x'), 0);
	assert_content(&b, "x");
	buf_free(&b);

	buf_init(&b, 0);
	assert_int_equal(buf_append_u8(&b, 'x'), -COAP_E_TOOBIG);
	assert_int_equal(buf_append(&b, "", 0), 0);
	assert_null(b.data);
}

static void
test_huge(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, SIZE_MAX);
	assert_int_equal(buf_append(&b, "abc", 3), 0);
	assert_int_equal(buf_reserve(&b, SIZE_MAX), -COAP_E_TOOBIG);
	assert_int_equal(buf_reserve(&b, SIZE_MAX - 3), -COAP_E_NOMEM);
	assert_int_equal(buf_reserve(&b, SIZE_MAX / 2 + 5), -COAP_E_NOMEM);
	assert_content(&b, "abc");
	buf_free(&b);
}

static void
test_growth(void **state)
{
	struct buf b;
	size_t i, moves = 0, cap = 0;

	(void)state;
	buf_init(&b, 100001);
	for (i = 0; i < 100001; i++) {
		assert_int_equal(buf_append_u8(&b, (uint8_t)i), 0);
		assert_true(b.cap <= b.max);
		moves += b.cap != cap;
		cap = b.cap;
	}
	assert_true(moves < 20);
	for (i = 0; i < b.len; i++)
		assert_int_equal(b.data[i], (uint8_t)i);
	assert_int_equal(buf_append_u8(&b, 0), -COAP_E_TOOBIG);
	buf_free(&b);
}

static void
test_consume(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_append(&b, "abcdef", 6), 0);
	buf_consume(&b, 2);
	assert_content(&b, "cdef");
	buf_consume(&b, 3);
	assert_content(&b, "f");
	buf_consume(&b, 1000);
	assert_int_equal(b.len, 0);
	assert_int_equal(buf_append(&b, "xy", 2), 0);
	buf_clear(&b);
	assert_int_equal(b.len, 0);
	assert_non_null(b.data);
	buf_free(&b);
}

static void
test_printf(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_printf(&b, "%d %s", 12, "ab"), 0);
	assert_content(&b, "12 ab");
	/* Beyond the first allocation, then exactly to the ceiling. */
	assert_int_equal(buf_printf(&b, "%70d", 3), 0);
	assert_int_equal(b.len, 75);
	assert_int_equal(b.data[74], '3');
	assert_int_equal(buf_printf(&b, "%26d", 4), -COAP_E_TOOBIG);
	assert_int_equal(b.len, 75);
	assert_int_equal(buf_printf(&b, "%25d", 4), 0);
	assert_int_equal(b.len, 100);
	assert_int_equal(b.data[99], '4');
	buf_free(&b);
}

static void
test_no_memory(void **state)
{
	size_t start = mem_outstanding();
	struct buf b;
	char block[200];

	(void)state;
	memset(block, 'x', sizeof(block));
	buf_init(&b, 1000);
	mem_fail_at(1, 0);
	assert_int_equal(buf_append(&b, "ab", 2), -COAP_E_NOMEM);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	assert_int_equal(buf_append(&b, "ab", 2), 0);

	mem_fail_at(1, 1);
	assert_int_equal(buf_append(&b, "cd", 2), 0); /* there is room */
	assert_int_equal(buf_append(&b, block, 200), -COAP_E_NOMEM);
	assert_int_equal(buf_printf(&b, "%200d", 1), -COAP_E_NOMEM);
	assert_int_equal(buf_reserve(&b, 500), -COAP_E_NOMEM);
	assert_content(&b, "abcd");
	mem_fail_at(0, 0);
	assert_int_equal(buf_append(&b, block, 200), 0);
	assert_int_equal(b.len, 204);
	buf_free(&b);
	assert_int_equal(mem_outstanding(), start);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_consume),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Strings and binary data with a length. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <coap3/coap_str.h>

#include "base/alloc.h"

static void
test_new(void **state)
{
	size_t start = mem_outstanding();
	coap_string_t *s = coap_new_string(3);
	coap_binary_t *b = coap_new_binary(0);

	(void)state;
	assert_non_null(s);
	assert_int_equal(s->length, 3);
	assert_memory_equal(s->s, "\0\0\0", 4);
	assert_non_null(b);
	assert_int_equal(b->length, 0);
	assert_int_equal(b->s[0], 0);
	coap_delete_string(s);
	coap_delete_binary(b);
	coap_delete_string(NULL);
	coap_delete_binary(NULL);
	coap_delete_str_const(NULL);
	coap_delete_bin_const(NULL);
	assert_int_equal(mem_outstanding(), start);
}

static void
test_new_const(void **state)
{
	size_t start = mem_outstanding();
	const uint8_t data[] = { 'a', 0, 'b' };
	coap_str_const_t *s = coap_new_str_const(data, 3);
	coap_bin_const_t *b = coap_new_bin_const(data, 2);
	coap_str_const_t *none = coap_new_str_const(NULL, 0);

	(void)state;
	assert_non_null(s);
	assert_ptr_not_equal(s->s, data);
	assert_int_equal(s->length, 3);
	assert_memory_equal(s->s, "a\0b", 4);
	assert_non_null(b);
	assert_int_equal(b->length, 2);
	assert_memory_equal(b->s, "a\0", 3);
	assert_non_null(none);
	assert_int_equal(none->length, 0);
	assert_null(coap_new_str_const(NULL, 1));
	assert_null(coap_new_bin_const(NULL, 1));
	coap_delete_str_const(s);
	coap_delete_str_const(none);
	coap_delete_bin_const(b);
	assert_int_equal(mem_outstanding(), start);
}

static void
test_resize(void **state)
{
	size_t start = mem_outstanding();
	coap_binary_t *b = coap_resize_binary(NULL, 2), *same;

	(void)state;
	assert_non_null(b);
	memcpy(b->s, "xy", 2);
	b = coap_resize_binary(b, 1000);
	assert_non_null(b);
	assert_int_equal(b->length, 1000);
	assert_ptr_equal(b->s, b + 1);
	assert_memory_equal(b->s, "xy\0\0", 4);
	assert_int_equal(b->s[1000], 0);
	b = coap_resize_binary(b, 1);
	assert_non_null(b);
	assert_int_equal(b->length, 1);
	assert_memory_equal(b->s, "x", 2);

	same = b;
	assert_null(coap_resize_binary(b, SIZE_MAX));
	mem_fail_at(1, 0);
	assert_null(coap_resize_binary(b, 5000));
	assert_ptr_equal(same, b);
	assert_int_equal(b->length, 1);
	assert_memory_equal(b->s, "x", 2);
	coap_delete_binary(b);
	assert_int_equal(mem_outstanding(), start);
}

static void
test_no_memory(void **state)
{
	const uint8_t data[] = "a";

	(void)state;
	mem_fail_at(1, 1);
	assert_null(coap_new_string(1));
	assert_null(coap_new_binary(1));
	assert_null(coap_new_str_const(data, 1));
	assert_null(coap_new_bin_const(data, 1));
	assert_null(coap_resize_binary(NULL, 1));
	mem_fail_at(0, 0);
	assert_null(coap_new_string(SIZE_MAX));
	assert_null(coap_new_binary(SIZE_MAX - 8));
	assert_null(coap_new_str_const(data, SIZE_MAX - sizeof(void *)));
}

static void
test_make(void **state)
{
	const char *text = "abc";
	coap_str_const_t *a = coap_make_str_const(text);
	coap_str_const_t *b = coap_make_str_const("");
	coap_str_const_t *c = coap_make_str_const(NULL);
	coap_str_const_t *d = coap_make_str_const("d");

	(void)state;
	assert_ptr_equal(a->s, text);
	assert_int_equal(a->length, 3);
	assert_int_equal(b->length, 0);
	assert_int_equal(c->length, 0);
	assert_non_null(c->s);
	assert_int_equal(d->length, 1);
	assert_ptr_equal(coap_make_str_const("e"), a);
}

static void
test_equal(void **state)
{
	coap_str_const_t a = { 2, (const uint8_t *)"ab" };
	coap_str_const_t b = { 2, (const uint8_t *)"abc" };
	coap_str_const_t none = { 0, NULL };
	coap_bin_const_t c = { 3, (const uint8_t *)"abc" };
	coap_bin_const_t lost = { 2, NULL };
	coap_str_const_t set;

	(void)state;
	assert_true(coap_string_equal(&a, &b));
	assert_false(coap_string_equal(&b, &c));
	assert_false(coap_string_equal(&a, &none));
	assert_true(coap_string_equal(&none, &none));
	assert_false(coap_binary_equal(&a, &lost));
	COAP_SET_STR(&set, 3, (const uint8_t *)"abc");
	assert_true(coap_binary_equal(&set, &c));
	COAP_SET_STR(&set, 3, (const uint8_t *)"abd");
	assert_false(coap_binary_equal(&set, &c));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_new_const),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

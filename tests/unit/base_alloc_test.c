/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory: counting, sizes at the border, failures on demand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

static char logged[8][80];
static size_t n_logged;

static void
take_log(coap_log_t level, const char *message)
{
	assert_int_equal(level, COAP_LOG_INFO);
	assert_true(n_logged < 8);
	snprintf(logged[n_logged++], sizeof(logged[0]), "%s", message);
}

static void
test_counts(void **state)
{
	size_t start = mem_outstanding();
	void *a, *b;

	(void)state;
	coap_memory_init();
	a = coap_malloc_type(COAP_SESSION, 10);
	b = coap_malloc(10);
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(mem_outstanding(), start + 2);
	a = coap_realloc_type(COAP_SESSION, a, 100000);
	assert_non_null(a);
	assert_int_equal(mem_outstanding(), start + 2);
	coap_free_type(COAP_SESSION, a);
	coap_free(b);
	coap_free_type(COAP_SESSION, NULL);
	assert_int_equal(mem_outstanding(), start);
}

static void
test_zero_sizes(void **state)
{
	size_t start = mem_outstanding();
	void *p = coap_malloc_type(COAP_PDU, 0);

	(void)state;
	assert_non_null(p);
	p = coap_realloc_type(COAP_PDU, p, 0);
	assert_non_null(p);
	coap_free_type(COAP_PDU, p);
	p = coap_realloc_type(COAP_PDU, NULL, 5);
	assert_non_null(p);
	assert_int_equal(mem_outstanding(), start + 1);
	coap_free_type(COAP_PDU, p);
}

static void
test_new_is_zero(void **state)
{
	static const uint8_t zero[400];
	void *p = mem_new(COAP_NODE, 100, 4);

	(void)state;
	assert_non_null(p);
	assert_memory_equal(p, zero, sizeof(zero));
	coap_free_type(COAP_NODE, p);
	p = mem_new(COAP_NODE, 0, 4);
	assert_non_null(p);
	coap_free_type(COAP_NODE, p);
}

static void
test_overflow(void **state)
{
	size_t start = mem_outstanding();
	volatile size_t huge = SIZE_MAX / 2;

	(void)state;
	assert_null(mem_new(COAP_NODE, huge, 3));
	assert_null(mem_new(COAP_NODE, 3, huge));
	assert_int_equal(mem_outstanding(), start);
}

static void
test_fail_once(void **state)
{
	void *a, *b, *c;

	(void)state;
	mem_fail_at(2, 0);
	a = coap_malloc_type(COAP_PDU, 1);
	b = coap_malloc_type(COAP_PDU, 1);
	c = mem_new(COAP_PDU, 1, 1);
	assert_non_null(a);
	assert_null(b);
	assert_non_null(c);
	mem_fail_at(1, 0);
	assert_null(coap_realloc_type(COAP_PDU, a, 50));
	a = coap_realloc_type(COAP_PDU, a, 50);
	assert_non_null(a);
	coap_free_type(COAP_PDU, a);
	coap_free_type(COAP_PDU, c);
}

static void
test_fail_forever(void **state)
{
	void *p;
	int i;

	(void)state;
	mem_fail_at(2, 1);
	p = coap_malloc_type(COAP_PDU, 1);
	assert_non_null(p);
	for (i = 0; i < 5; i++)
		assert_null(mem_new(COAP_PDU, 1, 1));
	mem_fail_at(0, 0);
	coap_free_type(COAP_PDU, p);
	p = coap_malloc_type(COAP_PDU, 1);
	assert_non_null(p);
	coap_free_type(COAP_PDU, p);
}

static void
test_dump(void **state)
{
	void *a = coap_malloc_type(COAP_SESSION, 1);
	void *b = coap_malloc_type(COAP_OPTLIST, 1);
	void *c = coap_malloc_type(COAP_OPTLIST, 1);

	(void)state;
	n_logged = 0;
	coap_set_log_handler(take_log);
	coap_dump_memory_type_counts(COAP_LOG_INFO);
	assert_int_equal(n_logged, 0); /* the level is not wanted */
	coap_set_log_level(COAP_LOG_INFO);
	coap_dump_memory_type_counts(COAP_LOG_INFO);
	coap_set_log_level(COAP_LOG_WARN);
	coap_set_log_handler(NULL);
	assert_int_equal(n_logged, 2);
	assert_string_equal(logged[0], "*  memory: session: 1\n");
	assert_string_equal(logged[1], "*  memory: option list: 2\n");
	coap_free_type(COAP_SESSION, a);
	coap_free_type(COAP_OPTLIST, b);
	coap_free_type(COAP_OPTLIST, c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_zero_sizes),
		cmocka_unit_test(test_new_is_zero),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_fail_once),
		cmocka_unit_test(test_fail_forever),
		cmocka_unit_test(test_dump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

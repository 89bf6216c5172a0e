/* SPDX-License-Identifier: BSD-2-Clause */
/* Random bytes and the program's own source of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <coap3/coap_prng.h>

static int answer;

static int
sevens(void *out, size_t len)
{
	memset(out, 7, len);
	return answer;
}

static void
test_system(void **state)
{
	static uint8_t a[5000], b[5000], tail[16];

	(void)state;
	coap_prng_init(1);
	assert_int_equal(coap_prng(a, sizeof(a)), 1);
	assert_int_equal(coap_prng(b, sizeof(b)), 1);
	assert_memory_not_equal(a, b, sizeof(a));
	/* The end is filled too: 16 zero bytes come once in 2^128. */
	assert_memory_not_equal(a + sizeof(a) - 16, tail, 16);
}

static void
test_bounds(void **state)
{
	uint8_t a[3] = { 1, 2, 3 };

	(void)state;
	assert_int_equal(coap_prng(a, 0), 1);
	assert_int_equal(a[0], 1);
	assert_int_equal(coap_prng(NULL, 0), 1);
	assert_int_equal(coap_prng(a + 1, 1), 1);
	assert_int_equal(a[0], 1);
	assert_int_equal(a[2], 3);
	/* Where the kernel cannot write, there is no endless loop. */
	assert_int_equal(coap_prng((void *)1, 8), 0);
}

static void
test_own(void **state)
{
	uint8_t a[4] = { 0 };

	(void)state;
	coap_set_prng(sevens);
	answer = 1;
	assert_int_equal(coap_prng(a, 3), 1);
	assert_memory_equal(a, "\7\7\7\0", 4);
	answer = 0;
	assert_int_equal(coap_prng(a, 3), 0);
	coap_set_prng(NULL);
	memset(a, 7, sizeof(a));
	do
		assert_int_equal(coap_prng(a, 4), 1);
	while (memcmp(a, "\7\7\7\7", 4) == 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

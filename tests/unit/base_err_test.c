/* SPDX-License-Identifier: BSD-2-Clause */
/* Error texts and what errno values become. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

static const int numbers[] = {
#define NUMBER(name, number, text) COAP_E_##name,
	COAPX_ERRORS(NUMBER)
#undef NUMBER
};

#define COUNT (sizeof(numbers) / sizeof(numbers[0]))

static void
test_texts(void **state)
{
	size_t i, j;

	(void)state;
	assert_string_equal(err_text(0), "");
	assert_string_equal(err_text(-COAP_E_NOMEM), "out of memory");
	assert_string_equal(err_text(COAP_E_NOMEM), "out of memory");
	assert_string_equal(err_text(-COAP_E_LIMIT), "a limit is reached");
	for (i = 0; i < COUNT; i++) {
		assert_true(strlen(err_text(numbers[i])) > 0);
		assert_ptr_equal(err_text(numbers[i]), err_text(-numbers[i]));
		for (j = 0; j < i; j++) {
			assert_int_not_equal(numbers[i], numbers[j]);
			assert_string_not_equal(err_text(numbers[i]),
			    err_text(numbers[j]));
		}
	}
}

static void
test_unknown(void **state)
{
	(void)state;
	assert_string_equal(err_text(100000), "unknown error");
	assert_string_equal(err_text(-100000), "unknown error");
	assert_string_equal(err_text(INT_MAX), "unknown error");
	assert_string_equal(err_text(INT_MIN), "unknown error");
}

static void
test_errno(void **state)
{
	(void)state;
	assert_int_equal(err_from_errno(0), 0);
	assert_int_equal(err_from_errno(ENOMEM), -COAP_E_NOMEM);
	assert_int_equal(err_from_errno(EAGAIN), -COAP_E_AGAIN);
	assert_int_equal(err_from_errno(ECONNREFUSED), -COAP_E_REFUSED);
	assert_int_equal(err_from_errno(EHOSTUNREACH), -COAP_E_UNREACH);
	assert_int_equal(err_from_errno(ECONNRESET), -COAP_E_RESET);
	assert_int_equal(err_from_errno(EPIPE), -COAP_E_PEER_CLOSED);
	assert_int_equal(err_from_errno(EADDRINUSE), -COAP_E_ADDRINUSE);
	assert_int_equal(err_from_errno(EACCES), -COAP_E_PERM);
	assert_int_equal(err_from_errno(EMSGSIZE), -COAP_E_TOOBIG);
	assert_int_equal(err_from_errno(EMFILE), -COAP_E_LIMIT);
	assert_int_equal(err_from_errno(EXDEV), -COAP_E_SYS);
	assert_int_equal(err_from_errno(-1), -COAP_E_SYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64: the examples of RFC 4648 section 10, all lengths, garbage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/err.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *data;
	const char *text;
} pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xff\xef\xbe", "/+++" },
};

static void
test_pairs(void **state)
{
	uint8_t data[8];
	char text[16];
	size_t i, n, len;

	(void)state;
	for (i = 0; i < COUNT(pairs); i++) {
		n = strlen(pairs[i].data);
		assert_int_equal(BASE64_TEXT_SIZE(n),
		    strlen(pairs[i].text) + 1);
		assert_int_equal(base64_encode((const uint8_t *)pairs[i].data,
				     n, text, BASE64_TEXT_SIZE(n)),
		    0);
		assert_string_equal(text, pairs[i].text);
		assert_int_equal(base64_decode(text, strlen(text), data, n,
				     &len),
		    0);
		assert_int_equal(len, n);
		assert_memory_equal(data, pairs[i].data, n);
	}
}

static void
test_sizes(void **state)
{
	uint8_t data[8];
	char text[16] = "untouched";
	size_t len;

	(void)state;
	assert_int_equal(base64_encode((const uint8_t *)"foob", 4, text, 8),
	    -COAP_E_TOOBIG);
	assert_int_equal(base64_encode(data, 0, text, 0), -COAP_E_TOOBIG);
	assert_int_equal(base64_encode(data, SIZE_MAX, text, 16),
	    -COAP_E_TOOBIG);
	assert_int_equal(base64_encode(data, SIZE_MAX / 4 * 3, text, 16),
	    -COAP_E_TOOBIG);
	assert_string_equal(text, "untouched");
	assert_int_equal(base64_decode("Zm9vYg==", 8, data, 3, &len),
	    -COAP_E_TOOBIG);
	assert_int_equal(base64_decode("Zm9v", 4, data, 2, &len),
	    -COAP_E_TOOBIG);
	assert_int_equal(base64_decode("", 0, data, 0, &len), 0);
	assert_int_equal(len, 0);
}

static void
test_garbage(void **state)
{
	static const char *const bad[] = {
		"Z",
		"Zg",
		"Zg=",
		"Zg===",
		"=",
		"==",
		"====",
		"A===",
		"=A==",
		"Zg=A",
		"Z=g=",
		"Zg==Zg==",
		"Zm8=Zm8=",
		"Zh==", /* bits left over */
		"Zm9=",
		"Zm9v\n",
		"Zm9\n",
		" Zm9",
		"Zm-_",
		"Zm9\xff",
		"Zm9v Zg=",
	};
	uint8_t data[16];
	size_t i, len = 99;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), data,
				     sizeof(data), &len),
		    -COAP_E_FORMAT);
	assert_int_equal(base64_decode("Zm9\0", 4, data, sizeof(data), &len),
	    -COAP_E_FORMAT);
	assert_int_equal(len, 99);
}

/* Each character: exactly 64 are digits, and they are told apart. */
static void
test_alphabet(void **state)
{
	char text[] = "AAA?", again[5];
	uint8_t data[3];
	size_t len;
	int c, good = 0;

	(void)state;
	for (c = 0; c < 256; c++) {
		text[3] = (char)c;
		if (c == '=' || base64_decode(text, 4, data, 3, &len) < 0)
			continue;
		assert_int_equal(base64_encode(data, 3, again, 5), 0);
		assert_string_equal(again, text);
		good++;
	}
	assert_int_equal(good, 64);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_alphabet),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 against the examples of NIST for FIPS 180-4 and the lengths around a
 * block, in one piece and in many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/output/sha256.h"

static const char *
sum(const void *data, size_t len, size_t step, char text[SHA256_TEXT_SIZE])
{
	const uint8_t *p = data;
	struct sha256 sha;
	size_t n;

	sha256_begin(&sha);
	for (; len > 0; p += n, len -= n) {
		n = step < len ? step : len;
		sha256_add(&sha, p, n);
	}
	return sha256_end(&sha, text);
}

static void
examples(void **state)
{
	static const struct {
		const char *data;
		const char *sha256;
	} cases[] = {
		{ "",
		    "e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855" },
		{ "abc",
		    "ba7816bf8f01cfea414140de5dae2223"
		    "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		    "248d6a61d20638b8e5c026930c3e6039"
		    "a33ce45964ff2167f6ecedd419db06c1" },
		{ "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
		  "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
		    "cf5b16a778af8380036ce59e7b049237"
		    "0b249b11e8f07a51afac45037afee9d1" },
	};
	char text[SHA256_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t step = 1; step < 70; step += 9)
			assert_string_equal(sum(cases[i].data,
						strlen(cases[i].data), step,
						text),
			    cases[i].sha256);
}

static void
a_million(void **state)
{
	static uint8_t data[1000000];
	char text[SHA256_TEXT_SIZE];

	(void)state;
	memset(data, 'a', sizeof data);
	for (size_t step = 63; step < 200; step += 65)
		assert_string_equal(sum(data, sizeof data, step, text),
		    "cdc76e5c9914fb9281a1c7e284d73e67"
		    "f1809a48a497200e046d39ccc7112cd0");
}

/* Where the padding begins a block of its own, any way gives the same. */
static void
pieces_make_no_difference(void **state)
{
	static uint8_t data[260];
	char whole[SHA256_TEXT_SIZE], parts[SHA256_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= sizeof data; len++) {
		sum(data, len, sizeof data, whole);
		for (size_t step = 1; step < 130; step++)
			assert_string_equal(sum(data, len, step, parts), whole);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(a_million),
		cmocka_unit_test(pieces_make_no_difference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

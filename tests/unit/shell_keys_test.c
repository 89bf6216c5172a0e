/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes from a terminal as keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shell/keys.h"

/* All keys that bytes give, one after the other. */
static size_t
feed(struct keys *keys, const char *bytes, wchar_t *got, size_t room)
{
	size_t n = 0;

	for (; *bytes != '\0'; bytes++) {
		keys_feed(keys, (unsigned char)*bytes);
		while (n < room && keys_next(keys, &got[n]))
			n++;
	}
	return n;
}

static void
assert_keys(const char *bytes, const wchar_t *expected)
{
	struct keys keys = { .n_ready = 0 };
	wchar_t got[32];
	size_t n = feed(&keys, bytes, got, 32);

	assert_int_equal(n, wcslen(expected));
	assert_memory_equal(got, expected, n * sizeof(*got));
	assert_false(keys_waiting(&keys));
	keys_free(&keys);
}

static void
characters(void **state)
{
	(void)state;
	assert_keys("get /a\r", L"get /a\r");
	assert_keys("\xe2\x82\xac\xf0\x9f\x98\x80", L"\u20ac\U0001f600");
	assert_keys("\x03\t\x7f", L"\x03\t\x7f");
}

static void
invalid_utf8_is_dropped(void **state)
{
	(void)state;
	assert_keys("a\xff\x62", L"ab");
	assert_keys("\xe2\x28z", L"z");
	/* C1 controls would be taken for keys. */
	assert_keys("\xc2\x80z", L"z");
}

/* To libedit U+00A0 to U+00FF are keys with Meta. */
static void
latin_letters_are_literal(void **state)
{
	struct keys keys = { .n_ready = 0 };
	wchar_t got[4];

	(void)state;
	assert_int_equal(feed(&keys, "\xc3\xa4", got, 4), 1);
	assert_int_equal(got[0], KEY_LITERAL);
	assert_int_equal(keys.literal, 0xe4);
}

static void
sequences(void **state)
{
	static const struct {
		const char *bytes;
		wchar_t key;
	} known[] = {
		{ "\033[A", KEY_UP },
		{ "\033OA", KEY_UP },
		{ "\033[B", KEY_DOWN },
		{ "\033[C", KEY_RIGHT },
		{ "\033OD", KEY_LEFT },
		{ "\033[Z", KEY_BACKTAB },
		{ "\033[H", KEY_HOME },
		{ "\033[1~", KEY_HOME },
		{ "\033[4~", KEY_END },
		{ "\033[3~", KEY_DELETE },
		{ "\033[1;5C", KEY_WORD_RIGHT },
		{ "\033[1;5D", KEY_WORD_LEFT },
	};
	wchar_t expected[2] = { 0, 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		expected[0] = known[i].key;
		assert_keys(known[i].bytes, expected);
	}
}

static void
unknown_sequences_are_dropped(void **state)
{
	(void)state;
	assert_keys("a\033[15~b", L"ab");
	assert_keys("a\033[?1;2cb", L"ab");
	assert_keys("a\033[1;2;3;4;5;6;7;8;9;10;11;12Ab", L"ab");
	assert_keys("a\033O\x01z", L"az");
}

static void
escape_alone_waits(void **state)
{
	struct keys keys = { .n_ready = 0 };
	wchar_t key;

	(void)state;
	keys_feed(&keys, 0x1b);
	assert_true(keys_waiting(&keys));
	assert_false(keys_next(&keys, &key));
	keys_timeout(&keys);
	assert_true(keys_next(&keys, &key));
	assert_int_equal(key, 0x1b);
	assert_false(keys_waiting(&keys));
}

static void
unfinished_sequence_is_given_up(void **state)
{
	struct keys keys = { .n_ready = 0 };
	wchar_t key;

	(void)state;
	keys_feed(&keys, 0x1b);
	keys_feed(&keys, '[');
	keys_timeout(&keys);
	assert_false(keys_next(&keys, &key));
	keys_feed(&keys, 'D');
	assert_true(keys_next(&keys, &key));
	assert_int_equal(key, 'D');
}

static void
meta_is_escape_and_key(void **state)
{
	(void)state;
	assert_keys("\033b", L"\033b");
	assert_keys("\033\033[A", (const wchar_t[]){ 0x1b, KEY_UP, 0 });
}

static void
assert_paste(const char *bytes, const char *expected)
{
	struct keys keys = { .n_ready = 0 };
	wchar_t got[4];

	assert_int_equal(feed(&keys, bytes, got, 4), 1);
	assert_int_equal(got[0], KEY_PASTE);
	assert_string_equal(text_string(&keys.paste), expected);
	keys_free(&keys);
}

static void
paste_keeps_lines_and_no_controls(void **state)
{
	(void)state;
	assert_paste("\033[200~get /a\rget /b\r\033[201~", "get /a\nget /b");
	assert_paste("\033[200~a\033[31mb\x03\x07"
		     "c\td\033[201~",
	    "a[31mbc\td");
	assert_paste("\033[200~\033\033[20x\033[201~", "[20x");
	assert_paste("\033[200~\xc3\xa4\033[201~", "\xc3\xa4");
}

static void
paste_after_paste(void **state)
{
	struct keys keys = { .n_ready = 0 };
	wchar_t got[8];

	(void)state;
	assert_int_equal(feed(&keys, "\033[200~one\033[201~", got, 8), 1);
	assert_int_equal(feed(&keys, "x\033[200~two\033[201~", got, 8), 2);
	assert_int_equal(got[0], 'x');
	assert_string_equal(text_string(&keys.paste), "two");
	keys_free(&keys);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters),
		cmocka_unit_test(invalid_utf8_is_dropped),
		cmocka_unit_test(latin_letters_are_literal),
		cmocka_unit_test(sequences),
		cmocka_unit_test(unknown_sequences_are_dropped),
		cmocka_unit_test(escape_alone_waits),
		cmocka_unit_test(unfinished_sequence_is_given_up),
		cmocka_unit_test(meta_is_escape_and_key),
		cmocka_unit_test(paste_keeps_lines_and_no_controls),
		cmocka_unit_test(paste_after_paste),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("shell_keys", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What is text, and how bytes are made harmless. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cli/output/payload.h"
#include "guard.h"

#define LEN(s) (sizeof(s) - 1)

struct sample {
	const char *data;
	size_t len;
	bool utf8;
	bool text;
};

#define SAMPLE(s, utf8, text)         \
	{                             \
		s, LEN(s), utf8, text \
	}

static void
what_is_text(void **state)
{
	static const struct sample samples[] = {
		SAMPLE("", true, true),
		SAMPLE("21.4 \xc2\xb0"
		       "C\r\n\tx",
		    true, true),
		SAMPLE("a\0b", true, false),
		SAMPLE("\033[31m", true, false),
		SAMPLE("\x7f", true, false),
		SAMPLE("\xc2\x9b", true, false),         /* C1 CSI */
		SAMPLE("\xe2\x80\xae", true, false),     /* to the left */
		SAMPLE("\xf3\xa0\x81\x81", true, false), /* a tag */
		SAMPLE("\xf0\x9f\x98\x80", true, true),
		SAMPLE("\xff", false, false),
		SAMPLE("\x80", false, false),
		SAMPLE("\xc0\x80", false, false),     /* NUL, too long */
		SAMPLE("\xe0\x80\x9b", false, false), /* too long */
		SAMPLE("\xf0\x80\x80\x9b", false, false),
		SAMPLE("\xed\xa0\x80", false, false),     /* a surrogate */
		SAMPLE("\xf4\x90\x80\x80", false, false), /* too large */
		SAMPLE("\xe2\x82", false, false),         /* cut */
		SAMPLE("\xe2(\xa1", false, false),
	};
	struct guard g;
	uint8_t *p;

	(void)state;
	guard_init(&g, 64);
	assert_non_null(g.map);
	for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		p = guard_put(&g, samples[i].data, samples[i].len);
		assert_int_equal(payload_is_utf8(p, samples[i].len),
		    samples[i].utf8);
		assert_int_equal(payload_is_text(p, samples[i].len),
		    samples[i].text);
	}
	guard_free(&g);
}

static void
check_escape(const char *data, size_t len, enum escape how, bool ascii,
    const char *expected)
{
	struct text text = { .s = NULL };

	payload_escape(&text, data, len, how, ascii);
	assert_non_null(text_string(&text));
	assert_string_equal(text.s, expected);
	assert_int_equal(text.len, strlen(expected));
	text_free(&text);
}

static void
lines_are_escaped(void **state)
{
	static const char data[] = "a\tb\r\nc\rd\n\033[2J\0\x7f\xc2\x9b\xff\\";

	(void)state;
	check_escape(data, LEN(data), ESCAPE_LINES, false,
	    "a       b\nc\\rd\n\\x1b[2J\\x00\\x7f\\xc2\\x9b\\xff\\");
	check_escape("", 0, ESCAPE_LINES, false, "");
	check_escape("\r", 1, ESCAPE_LINES, false, "\\r");
	check_escape("\n\n", 2, ESCAPE_LINES, false, "\n\n");
}

static void
one_line_is_escaped(void **state)
{
	static const char data[] = "a\tb\r\nc\\\033";

	(void)state;
	check_escape(data, LEN(data), ESCAPE_LINE, false,
	    "a\\tb\\r\\nc\\\\x1b");
	check_escape(data, LEN(data), ESCAPE_CELL, false,
	    "a\\tb\\r\\nc\\\\\\x1b");
}

static void
without_utf8_all_is_ascii(void **state)
{
	(void)state;
	check_escape("\xc2\xb0"
		     "C",
	    3, ESCAPE_LINES, true, "\\xc2\\xb0C");
	check_escape("\xc2\xb0"
		     "C",
	    3, ESCAPE_LINES, false,
	    "\xc2\xb0"
	    "C");
}

static void
tabs_go_by_width(void **state)
{
	(void)state;
	check_escape("\t|\n12345678\t|\n1234567\t|", 23, ESCAPE_LINES, false,
	    "        |\n12345678        |\n1234567 |");
	/* Two columns each; an escaped byte is four. */
	check_escape("\xe6\xb8\xa9\t|\n\x01\t|", 9, ESCAPE_LINES, false,
	    "\xe6\xb8\xa9      |\n\\x01    |");
}

static void
widths(void **state)
{
	(void)state;
	assert_int_equal(payload_width("", 0), 0);
	assert_int_equal(payload_width("abc", 3), 3);
	assert_int_equal(payload_width("\xc2\xb0", 2), 1);
	assert_int_equal(payload_width("\xe6\xb8\xa9", 3), 2);
	assert_int_equal(payload_width("e\xcc\x81", 3), 1); /* combining */
}

static void
base64(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xfe", "+//+" },
	};
	struct text text;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text = (struct text){ .s = NULL };
		payload_base64(&text, cases[i][0], strlen(cases[i][0]));
		assert_string_equal(text_string(&text), cases[i][1]);
		text_free(&text);
	}
}

static void
dumps(void **state)
{
	struct text text = { .s = NULL };

	(void)state;
	payload_dump(&text, "", "", 0);
	assert_int_equal(text.len, 0);
	payload_dump(&text, "> ", "0123456789abcde\n\033\xff", 18);
	assert_string_equal(text_string(&text),
	    "> 00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 0a"
	    "  |0123456789abcde.|\n"
	    "> 00000010  1b ff                                           "
	    "  |..|\n"
	    "> 00000012\n");
	text_free(&text);
}

static void
text_grows(void **state)
{
	struct text text = { .s = NULL };

	(void)state;
	for (int i = 0; i < 1000; i++)
		text_addf(&text, "%03d ", i);
	assert_int_equal(text.len, 4000);
	assert_memory_equal(text.s + 3996, "999 ", 4);
	text_add_char(&text, 'x', 100000);
	assert_int_equal(text.len, 104000);
	assert_false(text.failed);
	text_free(&text);
	assert_int_equal(mem_outstanding(), 0);
}

static void
a_failure_sticks(void **state)
{
	struct text text = { .s = NULL };

	(void)state;
	mem_fail_at(1, 0);
	text_add(&text, "a");
	mem_fail_at(0, 0);
	assert_true(text.failed);
	text_add(&text, "b");
	assert_int_equal(text.len, 0);
	assert_null(text_string(&text));
	text_free(&text);
	assert_false(text.failed);
	assert_int_equal(mem_outstanding(), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_text),
		cmocka_unit_test(lines_are_escaped),
		cmocka_unit_test(one_line_is_escaped),
		cmocka_unit_test(without_utf8_all_is_ascii),
		cmocka_unit_test(tabs_go_by_width),
		cmocka_unit_test(widths),
		cmocka_unit_test(base64),
		cmocka_unit_test(dumps),
		cmocka_unit_test(text_grows),
		cmocka_unit_test(a_failure_sticks),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}

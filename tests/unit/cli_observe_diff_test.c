/* SPDX-License-Identifier: BSD-2-Clause */
/* What changed between two payloads: values, lines, bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/observe/observe_diff.h"

#define TEXT       0
#define OCTETS     42
#define JSON       50
#define CBOR       60
#define SENML_JSON 110

static json_t *
diff(int format, const char *before, size_t n_before, const char *now,
    size_t n_now)
{
	const struct decode_in old = {
		.data = (const uint8_t *)before,
		.len = n_before,
		.format = format,
		.now_ms = 1786698723418,
	};
	const struct decode_in new = {
		.data = (const uint8_t *)now,
		.len = n_now,
		.format = format,
		.now_ms = 1786698723418,
	};
	json_t *changes = observe_diff(&old, &new);

	assert_non_null(changes);
	return changes;
}

static void
assert_lines_of(json_t *changes, const char *expected)
{
	struct text text = { .s = NULL };

	observe_diff_lines(&text, changes, "->", false);
	assert_string_equal(text_string(&text), expected);
	text_free(&text);
	json_decref(changes);
}

static void
assert_diff(int format, const char *before, const char *now,
    const char *expected)
{
	assert_lines_of(diff(format, before, strlen(before), now, strlen(now)),
	    expected);
}

static void
values(void **state)
{
	(void)state;
	assert_diff(JSON, "{\"a\":1,\"b\":[1,2]}", "{\"a\":1,\"b\":[1,3]}",
	    "/b/1: 2 -> 3\n");
	assert_diff(JSON, "{\"a\":1}", "{ \"a\" : 1 }", "");
	assert_diff(JSON, "{\"a\":1}", "{\"b\":{\"c\":[]}}",
	    "- /a: 1\n+ /b: {\"c\":[]}\n");
	assert_diff(JSON, "[1,2,3]", "[1]", "- /1: 2\n- /2: 3\n");
	assert_diff(JSON, "[]", "[null]", "+ /0: null\n");
	assert_diff(JSON, "{\"a\":[1]}", "{\"a\":{\"0\":1}}",
	    "/a: [1] -> {\"0\":1}\n");
	assert_diff(JSON, "21.4", "21.5", "21.4 -> 21.5\n");
	assert_diff(JSON, "{\"a\":1}", "{\"a\":1.0}", "/a: 1 -> 1.0\n");
	/* RFC 6901 section 3 */
	assert_diff(JSON, "{\"a/b~\":1}", "{\"a/b~\":2}", "/a~1b~0: 1 -> 2\n");
	/* What a terminal would obey is escaped. */
	assert_diff(JSON, "{\"a\":\"x\"}", "{\"a\":\"\\u001b[2J\"}",
	    "/a: \"x\" -> \"\\u001B[2J\"\n");
}

static void
values_of_cbor(void **state)
{
	(void)state;
	/* {"t": 1} and {"t": 2} */
	assert_lines_of(diff(CBOR, "\xa1\x61t\x01", 4, "\xa1\x61t\x02", 4),
	    "/t: 1 -> 2\n");
}

static void
records_by_name(void **state)
{
	static const char one[] = "[{\"n\":\"t\",\"v\":1}]";
	static const char two[] =
	    "[{\"n\":\"t\",\"v\":1},{\"n\":\"u\",\"v\":2}]";
	json_t *changes;

	(void)state;
	assert_diff(SENML_JSON,
	    "[{\"n\":\"t\",\"v\":1},{\"n\":\"h\",\"v\":40}]",
	    "[{\"n\":\"h\",\"v\":41},{\"n\":\"t\",\"v\":1}]",
	    "/h/v: 40 -> 41\n");
	changes = diff(SENML_JSON, one, strlen(one), two, strlen(two));
	assert_int_equal(json_array_size(changes), 1);
	assert_null(json_object_get(json_array_get(changes, 0), "old"));
	json_decref(changes);
	/* A name that is there twice says nothing: by place. */
	assert_diff(JSON, "[{\"n\":\"t\",\"v\":1},{\"n\":\"t\",\"v\":2}]",
	    "[{\"n\":\"t\",\"v\":1},{\"n\":\"t\",\"v\":3}]", "/1/v: 2 -> 3\n");
}

static void
lines(void **state)
{
	(void)state;
	assert_diff(TEXT, "21.4", "21.5", "21.4 -> 21.5\n");
	assert_diff(TEXT, "on\n", "off\n", "on -> off\n");
	assert_diff(TEXT, "on", "on", "");
	assert_diff(TEXT, "a\nb\nc\n", "a\nx\nc\n", "-b\n+x\n");
	assert_diff(TEXT, "a\nb\nc\nd\n", "b\nc\ne\nd\n", "-a\n+e\n");
	assert_diff(TEXT, "", "a\nb", "+a\n+b\n");
	assert_diff(-1, "a\nb", "", "-a\n-b\n");
	/* JSON that is none is text. */
	assert_diff(JSON, "{1", "{2", "{1 -> {2\n");
}

/* Each has its number, so that one can be found. */
static void
numbers_of_lines(void **state)
{
	json_t *changes = diff(TEXT, "a\nb\nc", 5, "a\nc\nd", 5);

	(void)state;
	assert_int_equal(json_array_size(changes), 2);
	assert_int_equal(json_integer_value(
			     json_object_get(json_array_get(changes, 0),
				 "line")),
	    2);
	assert_string_equal(json_string_value(
				json_object_get(json_array_get(changes, 0),
				    "old")),
	    "b");
	assert_int_equal(json_integer_value(
			     json_object_get(json_array_get(changes, 1),
				 "line")),
	    3);
	json_decref(changes);
}

/* More pairs than are compared: told whole, and in time. */
static void
many_lines(void **state)
{
	enum {
		N = 3000
	};
	struct text old = { .s = NULL };
	struct text new = { .s = NULL };
	json_t *changes;

	(void)state;
	for (int i = 0; i < N; i++) {
		text_addf(&old, "a%d\n", i);
		text_addf(&new, "b%d\n", i);
	}
	changes = diff(TEXT, old.s, old.len, new.s, new.len);
	assert_int_equal(json_array_size(changes), 2 * N);
	json_decref(changes);
	text_free(&old);
	text_free(&new);
}

static void
bytes(void **state)
{
	char long_one[100];

	(void)state;
	assert_lines_of(diff(OCTETS, "\x01\x02\x03", 3, "\x01\xff\x03", 3),
	    "byte 1: 02 -> ff\n");
	assert_lines_of(diff(OCTETS, "\x01\x03", 2, "\x01\x02\x03", 3),
	    "byte 1: -> 02\n");
	assert_lines_of(diff(OCTETS, "\x01", 1, "\x01", 1), "");
	assert_lines_of(diff(-1, "\xff\x00", 2, "\xff\x01", 2),
	    "byte 1: 00 -> 01\n");
	/* Text without a format that becomes none. */
	assert_lines_of(diff(-1, "on", 2, "\xff", 1), "byte 0: 6f6e -> ff\n");
	memset(long_one, 0xaa, sizeof(long_one));
	assert_lines_of(diff(OCTETS, "", 0, long_one, sizeof(long_one)),
	    "byte 0: -> "
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "...\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(values_of_cbor),
		cmocka_unit_test(records_by_name),
		cmocka_unit_test(lines),
		cmocka_unit_test(numbers_of_lines),
		cmocka_unit_test(many_lines),
		cmocka_unit_test(bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

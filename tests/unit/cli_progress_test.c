/* SPDX-License-Identifier: BSD-2-Clause */
/* The line of a long body, and the text that says which body a part is of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/body/part.h"
#include "cli/body/progress.h"
#include "cli/output/text.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
lines(void **state)
{
	static const struct {
		struct progress_view v;
		const char *line;
	} rows[] = {
		{ { 0, 0, 0, 0, 80 }, "0 B" },
		{ { 1023, 0, 0, 512, 80 }, "1023 B  512 B/s" },
		{ { 1536, 0, 0, 0, 0 }, "1.5 KiB" },
		{ { 50, 100, 50, 10, 0 },
		    " 50 % 50 B of 100 B  10 B/s  6.0 s left" },
		{ { 50, 100, 50, 10, 60 },
		    " 50 % [=========         ] 50 B of 100 B  10 B/s  6.0 s "
		    "left" },
		/* No place for a bar, and then not even for all numbers. */
		{ { 50, 100, 50, 10, 45 },
		    " 50 % 50 B of 100 B  10 B/s  6.0 s left" },
		{ { 50, 100, 50, 10, 12 }, " 50 % 50 B o" },
		{ { 100, 100, 0, 10, 40 },
		    "100 % [=========] 100 B of 100 B  10 B/s" },
		/* More than was announced. */
		{ { 200, 100, 0, 10, 80 }, "200 B of 100 B  10 B/s" },
		{ { (uint64_t)64 << 20, (uint64_t)3 << 30, 0, 0, 0 },
		    "  2 % 64 MiB of 3.0 GiB" },
		{ { UINT64_MAX, 0, 0, 0, 10 }, "16777216 T" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct text text = { .s = NULL };

		progress_line(&text, &rows[i].v);
		assert_string_equal(text_string(&text), rows[i].line);
		assert_true(
		    rows[i].v.width == 0 || text.len <= rows[i].v.width);
		text_free(&text);
	}
}

static void
a_part_comes_back(void **state)
{
	struct part part = { .length = 2048,
		.total = 10000,
		.etag = { 1, 0xab },
		.etag_len = 2,
		.uri = "coap://[::1]/x?y z" };
	struct part again;
	struct text text = { .s = NULL };

	(void)state;
	part_text(&text, &part);
	assert_string_equal(text_string(&text),
	    "uri coap://[::1]/x?y z\netag 01ab\ntotal 10000\nlength 2048\n");
	assert_true(part_parse(text.s, &again));
	assert_int_equal(again.length, 2048);
	assert_int_equal(again.total, 10000);
	assert_int_equal(again.etag_len, 2);
	assert_memory_equal(again.etag, part.etag, 2);
	assert_string_equal(again.uri, part.uri);
	text_free(&text);
}

static void
what_is_no_part(void **state)
{
	static const char *const rows[] = { "", "\n", "uri x\n", "etag 01\n",
		"uri x\netag \n", "uri x\netag 0\n", "uri x\netag xy\n",
		"uri x\netag 010203040506070809\n", "uri \netag 01\n",
		"uri x\netag 01\ntotal -1\n", "uri x\netag 01\nlength 1x\n",
		"uri x\netag 01\ntotal 99999999999999999999\n" };
	char uri[PART_TEXT + 32];
	struct part part;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_false(part_parse(rows[i], &part));
	assert_true(part_parse("uri x\nnew 1\n\netag 01", &part));
	assert_int_equal(part.length, 0);
	for (size_t n = PART_URI - 1; n < PART_TEXT + 16; n++) {
		memcpy(uri, "uri ", 4);
		memset(uri + 4, 'x', n);
		strcpy(uri + 4 + n, "\netag 01\n");
		assert_int_equal(part_parse(uri, &part), n < PART_URI);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(a_part_comes_back),
		cmocka_unit_test(what_is_no_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

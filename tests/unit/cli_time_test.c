/* SPDX-License-Identifier: BSD-2-Clause */
/* Durations and times as text, at each border between two units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cli/output/time_text.h"

static void
durations(void **state)
{
	static const struct {
		uint64_t us;
		const char *text;
	} cases[] = {
		{ 0, "0 ms" },
		{ 1, "<0.1 ms" },
		{ 99, "<0.1 ms" },
		{ 100, "0.1 ms" },
		{ 449, "0.4 ms" },
		{ 450, "0.5 ms" },
		{ 9949, "9.9 ms" },
		{ 9950, "10 ms" },
		{ 23100, "23 ms" },
		{ 23500, "24 ms" },
		{ 999499, "999 ms" },
		{ 999500, "1.0 s" },
		{ 1249999, "1.2 s" },
		{ 59949999, "59.9 s" },
		{ 59950000, "1 min" },
		{ 60000000, "1 min" },
		{ 303000000, "5 min 3 s" },
		{ 3599499999, "59 min 59 s" },
		{ 3599500000, "1 h" },
		{ 7500000000, "2 h 5 min" },
		{ 86399000000, "23 h 59 min" },
		{ 86400000000, "1 d" },
		{ 273600000000, "3 d 4 h" },
		{ UINT64_MAX, "213503982 d 8 h" },
	};
	char buf[DURATION_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(duration_text(cases[i].us, buf),
		    cases[i].text);
	}
}

static void
timestamps(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 1786698723418, "2026-08-14T09:12:03.418Z" },
		{ 951782400000, "2000-02-29T00:00:00.000Z" },
		{ -1, "1969-12-31T23:59:59.999Z" },
		{ -1000, "1969-12-31T23:59:59.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
		{ INT64_MAX, "9999-12-31T23:59:59.999Z" },
		{ INT64_MIN, "0000-01-01T00:00:00.000Z" },
	};
	char buf[TIMESTAMP_TEXT_SIZE];

	(void)state;
	setenv("TZ", "America/New_York", 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(timestamp_text(cases[i].ms, buf),
		    cases[i].text);
	}
}

static void
now_is_after_this_was_written(void **state)
{
	(void)state;
	assert_true(time_now_ms() > 1700000000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(now_is_after_this_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

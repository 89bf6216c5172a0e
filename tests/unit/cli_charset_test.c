/* SPDX-License-Identifier: BSD-2-Clause */
/* The character set, by the name of the locale and by the locale. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "cli/output/charset.h"

static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int
begin(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C");
	for (size_t i = 0; i < COUNT(variables); i++)
		unsetenv(variables[i]);
	return 0;
}

static void
assert_taken(const char *name)
{
	assert_string_equal(setlocale(LC_CTYPE, NULL), name);
}

static void
a_name_with_utf8_is_enough(void **state)
{
	static const char *const names[] = { "C.UTF-8", "C.utf8", "xx_XX.UTF-8",
		"xx_XX.utf8@euro", "xx_XX.Utf-8@x" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		setenv("LANG", names[i], 1);
		assert_true(charset_is_utf8());
		assert_taken("C");
	}
}

static void
other_names_are_looked_up(void **state)
{
	static const char *const names[] = { "", "C", "POSIX", "xx_XX",
		"xx_XX.", "xx_XX.ISO-8859-15", "xx_XX.UTF-80", "xx_XX@UTF-8",
		"xx.UTF" };

	(void)state;
	assert_false(charset_is_utf8());
	for (size_t i = 0; i < COUNT(names); i++) {
		setenv("LANG", names[i], 1);
		assert_false(charset_is_utf8());
	}
}

static void
the_first_variable_counts(void **state)
{
	(void)state;
	setenv("LANG", "C.UTF-8", 1);
	setenv("LC_ALL", "", 1);
	assert_true(charset_is_utf8());
	setenv("LC_CTYPE", "C", 1);
	assert_false(charset_is_utf8());
	setenv("LC_ALL", "C.UTF-8", 1);
	assert_true(charset_is_utf8());
	setenv("LC_ALL", "POSIX", 1);
	assert_false(charset_is_utf8());
}

static void
it_is_taken_once(void **state)
{
	(void)state;
	setenv("LC_ALL", "C.UTF-8", 1);
	charset_take();
	assert_taken("C.UTF-8");
	assert_int_equal(wcwidth(0x4e2d), 2);
	setenv("LC_ALL", "POSIX", 1);
	charset_take();
	assert_taken("C.UTF-8");
}

static void
what_is_taken_is_asked_where_the_name_says_nothing(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("LANG", "xx_XX", 1);
	assert_true(charset_is_utf8());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_name_with_utf8_is_enough, begin),
		cmocka_unit_test_setup(other_names_are_looked_up, begin),
		cmocka_unit_test_setup(the_first_variable_counts, begin),
		cmocka_unit_test_setup(it_is_taken_once, begin),
		cmocka_unit_test_setup(
		    what_is_taken_is_asked_where_the_name_says_nothing, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

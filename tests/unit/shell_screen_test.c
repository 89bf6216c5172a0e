/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a line stands on the screen, and what Tab types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include <cmocka.h>

#include "shell/menu.h"
#include "shell/screen.h"

static void
assert_place(const wchar_t *text, unsigned begin, unsigned columns,
    unsigned row, unsigned column)
{
	struct place place =
	    place_of(text, wcslen(text), false, begin, columns);

	assert_int_equal(place.row, row);
	assert_int_equal(place.column, column);
}

static void
plain_text_wraps(void **state)
{
	(void)state;
	assert_place(L"", 12, 80, 0, 12);
	assert_place(L"get /a", 12, 80, 0, 18);
	assert_place(L"12345678", 12, 20, 1, 0);
	assert_place(L"123456789", 12, 20, 1, 1);
	assert_place(L"", 45, 20, 2, 5);
}

static void
wide_and_strange_characters(void **state)
{
	(void)state;
	assert_place(L"\u65e5\u672c", 0, 80, 0, 4);
	/* A wide one does not begin in the last column. */
	assert_place(L"\u65e5", 19, 20, 1, 2);
	assert_place(L"e\u0301", 0, 80, 0, 1);
	assert_place(L"\x01", 0, 80, 0, 2);
	assert_place(L"a\tb", 0, 80, 0, 9);
	assert_place(L"a\nbc", 10, 80, 1, 2);
	assert_place(L"\ue000\uffff", 0, 80, 0,
	    wcwidth(L'\ue000') > 0 ? 8 : 14);
}

/* The cursor stands where the next character will be. */
static void
cursor_before_a_wide_character(void **state)
{
	struct place place = place_of(L"\u65e5", 0, true, 19, 20);

	(void)state;
	assert_int_equal(place.row, 1);
	assert_int_equal(place.column, 0);
}

static char text_get[] = "get";
static char text_geo[] = "geo";
static char text_u1[] = "gr\xc3\xb6";
static char text_u2[] = "gr\xc3\xbc";

static void
common_part(void **state)
{
	const struct completion two[] = {
		{ .value = text_get },
		{ .value = text_geo },
	};
	/* These share a byte, but no character behind gr. */
	const struct completion umlauts[] = {
		{ .value = text_u1 },
		{ .value = text_u2 },
	};

	(void)state;
	assert_int_equal(menu_common(two, 0), 0);
	assert_int_equal(menu_common(two, 1), 3);
	assert_int_equal(menu_common(two, 2), 2);
	assert_int_equal(menu_common(umlauts, 2), 2);
	assert_int_equal(menu_common(umlauts, 1), 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_wraps),
		cmocka_unit_test(wide_and_strange_characters),
		cmocka_unit_test(cursor_before_a_wide_character),
		cmocka_unit_test(common_part),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests_name("shell_screen", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Structs that begin with their size, of programs of another age. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/sized.h"

/* As the library has it, and as older and newer programs have it. */
struct now {
	size_t size;
	long a;
	long b;
};

struct old {
	size_t size;
	long a;
};

struct new
{
	size_t size;
	long a;
	long b;
	long c;
};

static void
test_take(void **state)
{
	struct now in = { sizeof in, 1, 2 };
	struct old old = { sizeof old, 3 };
	struct new new = { sizeof new, 5, 6, 0 };
	struct now now;

	(void)state;
	assert_true(sized_take(&now, sizeof now, &in));
	assert_memory_equal(&now, &in, sizeof now);
	assert_true(sized_take(&now, sizeof now, &old));
	assert_int_equal(now.size, sizeof now);
	assert_int_equal(now.a, 3);
	assert_int_equal(now.b, 0);
	assert_true(sized_take(&now, sizeof now, &new));
	assert_int_equal(now.size, sizeof now);
	assert_int_equal(now.a, 5);
	assert_int_equal(now.b, 6);
}

/* What we would have to do and cannot is refused, and nothing is taken. */
static void
test_take_refused(void **state)
{
	struct new new = { sizeof new, 5, 6, 7 };
	struct now now = { sizeof now, 1, 2 };
	struct now in = { 0, 3, 4 };

	(void)state;
	assert_false(sized_take(&now, sizeof now, NULL));
	assert_false(sized_take(&now, sizeof now, &new));
	assert_false(sized_take(&now, sizeof now, &in));
	in.size = sizeof in.size - 1;
	assert_false(sized_take(&now, sizeof now, &in));
	assert_int_equal(now.a, 1);
	assert_int_equal(now.b, 2);
}

static void
test_give(void **state)
{
	struct now now = { sizeof now, 1, 2 };
	struct new new = { sizeof new, -1, -1, -1 };
	struct {
		struct old old;
		long behind;
	} place = { { sizeof place.old, -1 }, -1 };

	(void)state;
	assert_true(sized_give(&new, &now, sizeof now));
	assert_int_equal(new.size, sizeof new);
	assert_int_equal(new.a, 1);
	assert_int_equal(new.b, 2);
	assert_int_equal(new.c, -1);
	assert_true(sized_give(&place.old, &now, sizeof now));
	assert_int_equal(place.old.size, sizeof place.old);
	assert_int_equal(place.old.a, 1);
	assert_int_equal(place.behind, -1);
	place.old.size = 0;
	assert_false(sized_give(&place.old, &now, sizeof now));
	assert_false(sized_give(NULL, &now, sizeof now));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_take_refused),
		cmocka_unit_test(test_give),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

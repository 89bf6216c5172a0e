/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes of the control socket: numbers, the queue, no memory, what is wiped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cli/control/bytes.h"
#include "cli/output/text.h"
#include "guard.h"
#include "heap_watch.h"

#define SECRET "correct horse battery staple"

static void
assert_zero(const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		assert_int_equal(data[i], 0);
}

/* --- numbers and strings ------------------------------------------------- */

static const uint8_t mixed[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
	0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0, 0, 0, 3, 'a', 0, 'b', 0, 0, 0, 0 };

static void
numbers_are_big_endian(void **state)
{
	struct bytes b = { .data = NULL };

	(void)state;
	assert_null(bytes_front(&b));
	bytes_add_u8(&b, 0x01);
	bytes_add_u32(&b, 0x02030405);
	bytes_add_u64(&b, 0x060708090a0b0c0d);
	bytes_add_string(&b, "a\0b", 3);
	bytes_add_string(&b, NULL, 0);
	assert_false(b.failed);
	assert_int_equal(b.len, sizeof mixed);
	assert_memory_equal(bytes_front(&b), mixed, sizeof mixed);
	bytes_free(&b);
}

/* Whether all of it could be read. */
static bool
read_mixed(struct bytes_reader *r)
{
	const uint8_t *s;
	size_t len;

	bytes_u8(r);
	bytes_u32(r);
	bytes_u64(r);
	s = bytes_string(r, 3, &len);
	assert_true(r->failed ? !s && len == 0 : len == 3);
	s = bytes_string(r, 0, &len);
	assert_true(len == 0 && (r->failed ? !s : s != NULL));
	return !r->failed;
}

static void
reading(void **state)
{
	struct bytes_reader r = { .data = mixed, .len = sizeof mixed };
	size_t len;

	(void)state;
	assert_int_equal(bytes_u8(&r), 0x01);
	assert_int_equal(bytes_u32(&r), 0x02030405);
	assert_true(bytes_u64(&r) == 0x060708090a0b0c0d);
	assert_memory_equal(bytes_string(&r, 3, &len), "a\0b", 3);
	assert_int_equal(len, 3);
	assert_non_null(bytes_string(&r, 0, &len));
	assert_int_equal(len, 0);
	assert_false(r.failed);
	assert_int_equal(r.len, 0);
}

static void
reading_what_is_not_there(void **state)
{
	struct bytes_reader r;
	struct guard guard;

	(void)state;
	guard_init(&guard, sizeof mixed);
	assert_non_null(guard.map);
	for (size_t n = 0; n <= sizeof mixed; n++) {
		r = (struct bytes_reader){ .len = n };
		r.data = guard_put(&guard, mixed, n);
		assert_int_equal(read_mixed(&r), n == sizeof mixed);
		/* There is nothing behind the end. */
		assert_int_equal(bytes_u8(&r), 0);
		assert_true(r.failed);
	}
	guard_free(&guard);
	r = (struct bytes_reader){ .data = NULL };
	assert_false(read_mixed(&r));
}

/* What failed once does not go on, even where there would be bytes. */
static void
reading_too_long_strings(void **state)
{
	static const uint8_t data[] = { 0, 0, 0, 2, 'a', 'b', 'c', 'd', 'e' };
	static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 'a' };
	struct bytes_reader r = { .data = data, .len = sizeof data };
	size_t len = 7;

	(void)state;
	assert_null(bytes_string(&r, 1, &len));
	assert_int_equal(len, 0);
	assert_true(r.failed);
	assert_int_equal(bytes_u8(&r), 0);
	assert_int_equal(bytes_u32(&r), 0);
	assert_int_equal(r.len, 0);
	r = (struct bytes_reader){ .data = huge, .len = sizeof huge };
	assert_null(bytes_string(&r, SIZE_MAX, &len));
	assert_true(r.failed);
}

/* --- the queue ----------------------------------------------------------- */

static uint8_t
nth(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8));
}

/* Adds and takes by turns of all sizes; what comes out is what went in. */
static void
in_and_out(void **state)
{
	struct bytes b = { .data = NULL };
	size_t in = 0, out = 0, most = 0, n;
	uint32_t random = 1;

	(void)state;
	for (unsigned turn = 0; turn < 20000; turn++) {
		random = random * 1664525 + 1013904223;
		n = random >> 22;
		if (turn % 3 == 0)
			n = b.len < n ? b.len : n;
		for (size_t i = 0; turn % 3 != 0 && i < n % 400; i++)
			bytes_add_u8(&b, nth(in++));
		for (size_t i = 0; turn % 3 == 0 && i < n; i++)
			assert_int_equal(bytes_front(&b)[i], nth(out++));
		if (turn % 3 == 0)
			bytes_take(&b, n);
		assert_int_equal(b.len, in - out);
		most = b.len > most ? b.len : most;
	}
	assert_false(b.failed);
	assert_true(out > 1000000);
	assert_true(b.room <= 4 * most);
	bytes_free(&b);
	assert_int_equal(mem_outstanding(), 0);
}

static void
reserved_room(void **state)
{
	struct bytes b = { .data = NULL };
	uint8_t *at = bytes_reserve(&b, 1000);

	(void)state;
	assert_non_null(at);
	memset(at, 'x', 1000);
	bytes_grew(&b, 2);
	assert_int_equal(b.len, 2);
	assert_memory_equal(bytes_front(&b), "xx", 2);
	assert_non_null(bytes_reserve(&b, 0));
	bytes_add(&b, "y", 1);
	assert_memory_equal(bytes_front(&b), "xxy", 3);
	bytes_cut(&b, 5);
	assert_int_equal(b.len, 3);
	bytes_take(&b, 5);
	assert_int_equal(b.len, 0);
	bytes_free(&b);
	bytes_free(&b);
}

/* Taking moves nothing; adding moves only as much as was taken. */
static void
moves_only_when_it_pays(void **state)
{
	struct bytes b = { .data = NULL };
	const uint8_t *data;
	size_t room, half;

	(void)state;
	bytes_add(&b, "", 1);
	room = b.room;
	half = room / 2;
	while (b.len < room)
		bytes_add_u8(&b, nth(b.len));
	data = b.data;
	for (size_t i = 0; i < half; i++)
		bytes_take(&b, 1);
	assert_ptr_equal(bytes_front(&b), data + half);
	bytes_add_u8(&b, 0);
	assert_ptr_equal(b.data, data);
	assert_int_equal(b.begin, 0);
	assert_int_equal(bytes_front(&b)[0], nth(half));
	while (b.len < room)
		bytes_add_u8(&b, 0);
	bytes_take(&b, half - 1);
	bytes_add_u8(&b, 0);
	assert_int_equal(b.room, 2 * room);
	bytes_free(&b);
}

static void
large_room_is_given_back(void **state)
{
	struct bytes b = { .data = NULL };

	(void)state;
	assert_non_null(bytes_reserve(&b, 3U << 20));
	bytes_grew(&b, 3U << 20);
	bytes_take(&b, 1U << 20);
	assert_non_null(b.data);
	bytes_take(&b, 2U << 20);
	assert_int_equal(b.room, 0);
	assert_int_equal(mem_outstanding(), 0);
	bytes_add(&b, "again", 5);
	assert_memory_equal(bytes_front(&b), "again", 5);
	bytes_free(&b);
}

/* --- no memory ----------------------------------------------------------- */

static void
a_failure_sticks(void **state)
{
	struct bytes b = { .data = NULL };
	size_t room;

	(void)state;
	mem_fail_at(1, 0);
	bytes_add_u32(&b, 1);
	assert_true(b.failed);
	bytes_add_u8(&b, 1);
	assert_int_equal(b.len, 0);
	assert_null(bytes_reserve(&b, 1));
	bytes_free(&b);
	assert_false(b.failed);
	bytes_add(&b, SECRET, sizeof SECRET);
	room = b.room;
	mem_fail_at(1, 0);
	bytes_add_string(&b, bytes_front(&b), b.room - b.len - 3);
	mem_fail_at(0, 0);
	assert_true(b.failed);
	assert_int_equal(b.len, sizeof SECRET);
	assert_int_equal(b.room, room);
	assert_memory_equal(bytes_front(&b), SECRET, sizeof SECRET);
	bytes_free(&b);
	assert_int_equal(mem_outstanding(), 0);
}

static void
more_than_there_can_be(void **state)
{
	struct bytes b = { .data = NULL };

	(void)state;
	bytes_add_u8(&b, 1);
	assert_null(bytes_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	b.failed = false;
	bytes_add_string(&b, "", (size_t)UINT32_MAX + 1);
	assert_true(b.failed);
	assert_int_equal(b.len, 1);
	bytes_free(&b);
}

/* --- what is wiped ------------------------------------------------------- */

static void
what_is_taken_is_wiped(void **state)
{
	struct bytes b = { .data = NULL };

	(void)state;
	bytes_add(&b, SECRET, strlen(SECRET));
	bytes_add(&b, "rest", 4);
	bytes_take(&b, strlen(SECRET));
	assert_zero(b.data, strlen(SECRET));
	assert_memory_equal(bytes_front(&b), "rest", 4);
	bytes_take(&b, 4);
	assert_int_equal(b.begin, 0);
	assert_zero(b.data, strlen(SECRET "rest"));
	bytes_free(&b);
}

static void
what_is_cut_is_wiped(void **state)
{
	struct bytes b = { .data = NULL };

	(void)state;
	bytes_add(&b, "xrest", 5);
	bytes_take(&b, 1);
	bytes_add(&b, SECRET, strlen(SECRET));
	bytes_cut(&b, 4);
	assert_int_equal(b.len, 4);
	assert_memory_equal(bytes_front(&b), "rest", 4);
	assert_zero(b.data + 5, strlen(SECRET));
	bytes_free(&b);
}

static void
where_it_was_moved_from_is_wiped(void **state)
{
	struct bytes b = { .data = NULL };

	(void)state;
	bytes_add(&b, "", 1);
	while (b.len < b.room - strlen(SECRET))
		bytes_add_u8(&b, 'x');
	bytes_add(&b, SECRET, strlen(SECRET));
	bytes_take(&b, b.len - strlen(SECRET));
	bytes_add_u8(&b, 'y');
	assert_int_equal(b.begin, 0);
	assert_memory_equal(b.data, SECRET "y", strlen(SECRET "y"));
	assert_zero(b.data + b.len, b.room - b.len);
	bytes_free(&b);
}

static void
what_is_freed_is_wiped(void **state)
{
	struct bytes b = { .data = NULL };
	uint8_t *at;

	(void)state;
	assert_true(heap_watched(SECRET));
	heap.secret = SECRET;
	bytes_add(&b, SECRET, strlen(SECRET));
	while (b.room < 100000)
		bytes_add(&b, SECRET, strlen(SECRET));
	assert_int_equal(heap.found, 0);
	/* Written to, but never said to be there. */
	at = bytes_reserve(&b, strlen(SECRET));
	assert_non_null(at);
	memcpy(at, SECRET, strlen(SECRET));
	bytes_free(&b);
	assert_int_equal(heap.found, 0);
	while (b.room <= 1U << 20)
		bytes_add(&b, SECRET, strlen(SECRET));
	bytes_take(&b, b.len);
	assert_int_equal(b.room, 0);
	assert_int_equal(heap.found, 0);
	heap.secret = NULL;
}

/* An output may be a key (--reveal). */
static void
text_that_is_freed_is_wiped(void **state)
{
	struct text text = { .s = NULL };

	(void)state;
	assert_true(heap_watched(SECRET));
	heap.secret = SECRET;
	while (text.room < 100000)
		text_add(&text, SECRET);
	text_free(&text);
	assert_int_equal(heap.found, 0);
	heap.secret = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_big_endian),
		cmocka_unit_test(reading),
		cmocka_unit_test(reading_what_is_not_there),
		cmocka_unit_test(reading_too_long_strings),
		cmocka_unit_test(in_and_out),
		cmocka_unit_test(reserved_room),
		cmocka_unit_test(moves_only_when_it_pays),
		cmocka_unit_test(large_room_is_given_back),
		cmocka_unit_test(a_failure_sticks),
		cmocka_unit_test(more_than_there_can_be),
		cmocka_unit_test(what_is_taken_is_wiped),
		cmocka_unit_test(what_is_cut_is_wiped),
		cmocka_unit_test(where_it_was_moved_from_is_wiped),
		cmocka_unit_test(what_is_freed_is_wiped),
		cmocka_unit_test(text_that_is_freed_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

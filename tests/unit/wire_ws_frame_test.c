/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over WebSocket frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/ws_frame.h"

struct walk_case {
	bool masked;
	size_t len;
	uint8_t bytes[32];
	size_t used;
	unsigned fault;
};

static const struct walk_case cases[] = {
	{ false, 0, { 0 }, 0, 0 },
	{ false, 2, { 0x82, 0 }, 2, 0 },
	{ false, 5, { 0x82, 3, 'a', 'b', 'c' }, 5, 0 },
	{ true, 9, { 0x82, 0x83, 1, 2, 3, 4, 'a', 'b', 'c' }, 9, 0 },
	/* Not yet complete. */
	{ false, 4, { 0x82, 126, 0, 126 }, 4, 0 },
	{ true, 3, { 0x82, 0x83, 1 }, 3, 0 },
	{ false, 10, { 0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0 }, 10, 0 },
	/* A Ping between fragments, then the rest. */
	{ false, 8, { 0x02, 1, 'a', 0x89, 0, 0x80, 1, 'b' }, 8, 0 },
	/* A Close, and what is after it. */
	{ false, 7, { 0x88, 2, 3, 0xe8, 0x82, 1, 'a' }, 4, 0 },
	{ false, 4, { 0x88, 0, 0xff, 0xff }, 2, 0 },
	/* Faults, and where they are found. */
	{ false, 2, { 0x82, 0x80 }, 1, 1002 },
	{ true, 2, { 0x82, 0 }, 1, 1002 },
	{ false, 1, { 0x92 }, 0, 1002 },
	{ false, 4, { 0x82, 0, 0x80, 0 }, 2, 1002 },
	{ false, 2, { 0x81, 0 }, 0, 1003 },
	{ false, 4, { 0x82, 126, 0, 125 }, 3, 1002 },
	{ false, 10, { 0x82, 127, 0, 0, 0, 0, 0, 0, 255, 255 }, 9, 1002 },
	{ false, 3, { 0x82, 127, 0x80 }, 2, 1002 },
	/* 70000 bytes are taken. */
	{ false, 10, { 0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70 }, 10, 0 },
	{ false, 10, { 0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71 }, 9, 1009 },
	{ false, 10, { 0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255 }, 9,
	    1009 },
};

static void
walks(void **state)
{
	struct ws_walk w;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct walk_case *c = &cases[i];
		size_t used = 0;

		ws_walk_init(&w, c->masked, 70000);
		assert_int_equal(ws_walk(&w, c->bytes, c->len), c->used);
		assert_int_equal(w.fault, c->fault);
		assert_true((w.why != NULL) == (w.fault > 0));
		ws_walk_init(&w, c->masked, 70000);
		for (k = 0; k < c->len && used == k; k++)
			used += ws_walk(&w, c->bytes + k, 1);
		assert_int_equal(used, c->used);
		assert_int_equal(w.fault, c->fault);
	}
}

static void
closes_have_codes(void **state)
{
	static const uint8_t masked[] = { 0x88, 0x85, 1, 2, 3, 4, 3 ^ 1,
		0xf1 ^ 2, 'b' ^ 3, 'y' ^ 4, 'e' ^ 1 };
	static const uint8_t bare[] = { 0x88, 2, 3, 0xe8 };
	struct ws_walk w;
	size_t i;

	(void)state;
	ws_walk_init(&w, true, 10);
	assert_int_equal(ws_walk(&w, masked, sizeof masked), sizeof masked);
	assert_true(w.closed && w.control);
	assert_int_equal(w.close_code, 1009);
	assert_int_equal(ws_walk(&w, masked, sizeof masked), 0);

	ws_walk_init(&w, false, 10);
	for (i = 0; i < sizeof bare; i++) {
		assert_false(w.closed);
		assert_int_equal(ws_walk(&w, bare + i, 1), 1);
	}
	assert_true(w.closed);
	assert_int_equal(w.close_code, 1000);

	ws_walk_init(&w, false, 10);
	assert_int_equal(ws_walk(&w, (const uint8_t[]){ 0x88, 0 }, 2), 2);
	assert_true(w.closed);
	assert_int_equal(w.close_code, 0);
}

static void
controls_are_noted(void **state)
{
	struct ws_walk w;

	(void)state;
	ws_walk_init(&w, false, 10);
	ws_walk(&w, (const uint8_t[]){ 0x82, 1, 'a' }, 3);
	assert_false(w.control);
	ws_walk(&w, (const uint8_t[]){ 0x8a, 1, 'a' }, 3);
	assert_false(w.control);
	ws_walk(&w, (const uint8_t[]){ 0x89, 1 }, 2);
	assert_false(w.control);
	ws_walk(&w, (const uint8_t[]){ 'a' }, 1);
	assert_true(w.control);
}

/* The sum of all fragments counts, and a new message begins with none. */
static void
fragments_add_up(void **state)
{
	static const uint8_t first[] = { 0x02, 6, 1, 2, 3, 4, 5, 6 };
	static const uint8_t last[] = { 0x80, 4, 1, 2, 3, 4 };
	static const uint8_t more[] = { 0x00, 5, 1, 2, 3, 4, 5 };
	struct ws_walk w;
	int i;

	(void)state;
	ws_walk_init(&w, false, 10);
	for (i = 0; i < 3; i++) {
		assert_int_equal(ws_walk(&w, first, 8), 8);
		assert_int_equal(w.message, 6);
		assert_int_equal(ws_walk(&w, last, 6), 6);
		assert_int_equal(w.message, 0);
	}
	assert_int_equal(ws_walk(&w, first, 8), 8);
	assert_int_equal(ws_walk(&w, more, 7), 1);
	assert_int_equal(w.fault, 1009);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks),
		cmocka_unit_test(closes_have_codes),
		cmocka_unit_test(controls_are_noted),
		cmocka_unit_test(fragments_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

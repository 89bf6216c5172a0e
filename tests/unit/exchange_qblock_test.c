/* SPDX-License-Identifier: BSD-2-Clause */
/* Q-Block without messages: lists of blocks, what is sent when, and what is
 * asked for (RFC 9177). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/qblock.h"
#include "guard.h"
#include "wire/pdu.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define MAX      ((size_t)100000)

static const struct qblock_params times = {
	.max_payloads = 10,
	.max_retransmit = 4,
	.non_timeout = 2000,
	.non_timeout_max = 3000,
	.receive_timeout = 4000,
	.partial_timeout = 247000,
	.transmit_span = 100000,
};

/* --- times ---------------------------------------------------------------- */

/* RFC 9177 section 7.2, table 3. */
static void
times_by_default(void **state)
{
	struct qblock_params p = qblock_params(&msg_params_default);

	(void)state;
	assert_int_equal(p.max_payloads, 10);
	assert_int_equal(p.max_retransmit, 4);
	assert_int_equal(p.non_timeout, 2000);
	assert_int_equal(p.non_timeout_max, 3000);
	assert_int_equal(p.receive_timeout, 4000);
	assert_int_equal(p.partial_timeout, 247000);
}

/* NON_RECEIVE_TIMEOUT is longer than any pause by a second. */
static void
a_pause_is_waited_for(void **state)
{
	struct msg_params m = msg_params_default;
	struct qblock_params p;

	(void)state;
	m.non_timeout.integer_part = 8;
	p = qblock_params(&m);
	assert_int_equal(p.non_timeout_max, 12000);
	assert_int_equal(p.receive_timeout, 13000);
	m.non_timeout.integer_part = UINT16_MAX;
	m.non_max_retransmit = UINT16_MAX;
	m.max_retransmit = UINT16_MAX;
	m.ack_timeout.integer_part = UINT16_MAX;
	m.ack_random_factor.integer_part = UINT16_MAX;
	p = qblock_params(&m);
	assert_true(p.partial_timeout < TIMER_NEVER / 2);
	assert_true(p.transmit_span < TIMER_NEVER / 2);
}

/* --- missing blocks ------------------------------------------------------- */

static void
lists_of_missing_blocks(void **state)
{
	static const uint32_t nums[] = { 0, 1, 23, 24, 255, 256, 65535, 65536,
		QBLOCK_NUM_MAX };
	static const uint8_t bytes[] = { 0x00, 0x01, 0x17, 0x18, 0x18, 0x18,
		0xFF, 0x19, 0x01, 0x00, 0x19, 0xFF, 0xFF, 0x1A, 0x00, 0x01,
		0x00, 0x00, 0x1A, 0x00, 0x0F, 0xFF, 0xFF };
	uint32_t back[COUNT(nums)];
	uint8_t data[64];
	size_t len;

	(void)state;
	assert_int_equal(qblock_missing_write(nums, COUNT(nums), data,
			     sizeof data, &len),
	    COUNT(nums));
	assert_int_equal(len, sizeof bytes);
	assert_memory_equal(data, bytes, len);
	assert_int_equal(qblock_missing_read(data, len, back, COUNT(nums)),
	    COUNT(nums));
	assert_memory_equal(back, nums, sizeof nums);
	/* What does not fit is not begun. */
	assert_int_equal(qblock_missing_write(nums, COUNT(nums), data, 9, &len),
	    5);
	assert_int_equal(len, 7);
	/* What is too much is left out. */
	assert_int_equal(qblock_missing_read(bytes, sizeof bytes, back, 3), 3);
}

static void
lists_that_are_none(void **state)
{
	static const struct {
		uint8_t data[16];
		size_t len;
		int n; /* -1: refused */
		uint32_t first;
	} rows[] = {
		{ { 0 }, 0, -1, 0 },
		{ { 5 }, 1, 1, 5 },
		/* A number that is there twice counts once. */
		{ { 1, 1, 2 }, 3, 2, 1 },
		{ { 0, 0 }, 2, 1, 0 },
		/* It has to ascend. */
		{ { 2, 1 }, 2, -1, 0 },
		/* The same number, longer. */
		{ { 0x18, 5 }, 2, 1, 5 },
		{ { 0x1B, 0, 0, 0, 0, 0, 0, 0, 7 }, 9, 1, 7 },
		{ { 0x1B, 1, 0, 0, 0, 0, 0, 0, 7 }, 9, -1, 0 },
		/* No block has that number. */
		{ { 0x1A, 0, 0x10, 0, 0 }, 5, -1, 0 },
		{ { 0x1A, 0xFF, 0xFF, 0xFF, 0xFF }, 5, -1, 0 },
		/* Cut short. */
		{ { 0x18 }, 1, -1, 0 },
		{ { 1, 0x19, 1 }, 3, -1, 0 },
		{ { 0x1B, 0, 0, 0, 0, 0, 0, 0 }, 8, -1, 0 },
		/* No numbers: negative, text, array, float, reserved. */
		{ { 0x20 }, 1, -1, 0 },
		{ { 0x61, 'a' }, 2, -1, 0 },
		{ { 0x81, 1 }, 2, -1, 0 },
		{ { 0xF9, 0, 0 }, 3, -1, 0 },
		{ { 0x1C }, 1, -1, 0 },
		{ { 0x1F }, 1, -1, 0 },
		{ { 0xFF }, 1, -1, 0 },
	};
	uint32_t nums[QBLOCK_LIST_MAX];
	struct guard g;

	(void)state;
	guard_init(&g, 16);
	assert_non_null(g.map);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const uint8_t *data = guard_put(&g, rows[i].data, rows[i].len);
		int n = qblock_missing_read(data, rows[i].len, nums,
		    QBLOCK_LIST_MAX);

		assert_int_equal(n, rows[i].n < 0 ? -COAP_E_FORMAT : rows[i].n);
		if (n > 0)
			assert_int_equal(nums[0], rows[i].first);
	}
	guard_free(&g);
}

/* --- options -------------------------------------------------------------- */

static int
read_options(const char *text, struct qblock_asked *asked)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_NON, 1, 1, 2000);
	unsigned num, m, szx;
	int n, r;

	assert_non_null(pdu);
	while (sscanf(text, "%u/%u/%u%n", &num, &m, &szx, &n) == 3) {
		assert_true(qblock_add(pdu, COAP_OPTION_Q_BLOCK2, num, m, szx));
		text += n;
	}
	r = qblock_read_asked(pdu, asked);
	coap_delete_pdu(pdu);
	return r;
}

/* RFC 9177 section 4.4: the numbers ascend, without duplicates. */
static void
options_of_a_request(void **state)
{
	struct qblock_asked asked;

	(void)state;
	assert_int_equal(read_options("", &asked), 0);
	assert_int_equal(asked.n, 0);
	assert_int_equal(read_options("0/1/6", &asked), 0);
	assert_int_equal(asked.n, 1);
	assert_int_equal(asked.szx, 6);
	assert_true(asked.ask[0].m);
	assert_int_equal(read_options("1/0/6 9/1/6 1048575/0/6", &asked), 0);
	assert_int_equal(asked.n, 3);
	assert_int_equal(asked.ask[2].num, QBLOCK_NUM_MAX);
	assert_int_equal(read_options("1/0/6 1/0/6", &asked), -COAP_E_FORMAT);
	assert_int_equal(read_options("0/0/6 0/1/6", &asked), -COAP_E_FORMAT);
	assert_int_equal(read_options("2/0/6 1/0/6", &asked), -COAP_E_FORMAT);
	assert_int_equal(read_options("1/0/6 2/0/5", &asked), -COAP_E_FORMAT);
	assert_int_equal(read_options("1/0/7", &asked), -COAP_E_FORMAT);
}

static void
more_options_than_are_kept(void **state)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_NON, 1, 1, 2000);
	struct qblock_asked asked;

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		assert_true(
		    qblock_add(pdu, COAP_OPTION_Q_BLOCK2, i * 3, false, 2));
	assert_int_equal(qblock_read_asked(pdu, &asked), 0);
	assert_int_equal(asked.n, QBLOCK_LIST_MAX);
	assert_int_equal(asked.ask[QBLOCK_LIST_MAX - 1].num,
	    (QBLOCK_LIST_MAX - 1) * 3);
	assert_true(qblock_add(pdu, COAP_OPTION_Q_BLOCK2, 0, false, 2));
	assert_int_equal(qblock_read_asked(pdu, &asked), -COAP_E_FORMAT);
	coap_delete_pdu(pdu);
}

/* --- sending -------------------------------------------------------------- */

/* All that may go at this time, as text. */
static const char *
taken(struct qblock_out *o, coap_tick_t now)
{
	static char text[1024];
	size_t len = 0;
	uint32_t num;

	text[0] = '\0';
	while (qblock_out_take(o, now, &num))
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u",
		    len ? " " : "", num);
	return text;
}

static void
a_pause_after_each_set(void **state)
{
	struct qblock_out o;

	(void)state;
	qblock_out_init(&o, 25, false, &times, 500);
	assert_int_equal(o.pause, 2500);
	assert_int_equal(qblock_out_next(&o), 0);
	assert_string_equal(taken(&o, 100), "0 1 2 3 4 5 6 7 8 9");
	assert_int_equal(qblock_out_next(&o), 2600);
	assert_string_equal(taken(&o, 2599), "");
	assert_string_equal(taken(&o, 2600), "10 11 12 13 14 15 16 17 18 19");
	/* A Continue ends the pause, for the set that was sent last. */
	assert_false(qblock_out_continue(&o, 10));
	assert_false(qblock_out_continue(&o, 30));
	assert_true(qblock_out_continue(&o, 20));
	assert_string_equal(taken(&o, 2600), "20 21 22 23 24");
	assert_int_equal(qblock_out_next(&o), TIMER_NEVER);
	assert_false(qblock_out_continue(&o, 25));
}

/* The same pause in all of a body, NON_TIMEOUT to 1.5 times of it. */
static void
pauses_lie_between(void **state)
{
	struct qblock_out o;
	bool low = false, high = false;

	(void)state;
	for (uint32_t r = 0; r < 5000; r++) {
		qblock_out_init(&o, 25, false, &times, r);
		assert_in_range(o.pause, 2000, 3000);
		low = low || o.pause == 2000;
		high = high || o.pause == 3000;
	}
	assert_true(low && high);
}

/* RFC 9177 section 7.2: what is missing goes before what follows, and a pause
 * follows it. */
static void
missing_blocks_go_first(void **state)
{
	struct qblock_out o;

	(void)state;
	qblock_out_init(&o, 25, false, &times, 0);
	taken(&o, 0);
	qblock_out_want(&o, 7);
	qblock_out_want(&o, 2);
	qblock_out_want(&o, 7);
	/* What was never sent, and what there is not. */
	qblock_out_want(&o, 10);
	qblock_out_want(&o, 25);
	qblock_out_want(&o, UINT32_MAX);
	assert_int_equal(qblock_out_next(&o), 0);
	assert_string_equal(taken(&o, 1500), "2 7");
	assert_int_equal(qblock_out_next(&o), 3500);
	assert_string_equal(taken(&o, 3500), "10 11 12 13 14 15 16 17 18 19");
}

/* However much is asked for, it is a set at a time, and each block once. */
static void
no_more_than_a_set_is_repeated(void **state)
{
	struct qblock_out o;

	(void)state;
	qblock_out_init(&o, 1000, false, &times, 0);
	o.next = o.stop = 1000;
	for (uint32_t i = 0; i < 500; i++)
		qblock_out_want(&o, 999 - i);
	assert_int_equal(o.n_wanted, 10);
	taken(&o, 0);
	/* The M bit, and numbers that overlap with it. */
	qblock_out_want(&o, 44);
	qblock_out_want_rest(&o, 43);
	qblock_out_want(&o, 45);
	assert_string_equal(taken(&o, 0), "43 44 45 46 47 48 49");
	qblock_out_want_rest(&o, 997);
	assert_string_equal(taken(&o, 0), "997 998 999");
	qblock_out_want_rest(&o, 1000);
	qblock_out_want_rest(&o, UINT32_MAX);
	assert_string_equal(taken(&o, 0), "");
}

static void
huge_sets_have_bounds(void **state)
{
	struct qblock_params p = times;
	struct qblock_out o;

	(void)state;
	p.max_payloads = UINT16_MAX;
	qblock_out_init(&o, QBLOCK_NUM_MAX + 1u, false, &p, UINT32_MAX);
	o.next = o.stop = o.end;
	qblock_out_want_rest(&o, 0);
	assert_int_equal(o.n_wanted, QBLOCK_LIST_MAX);
	qblock_out_want_rest(&o, QBLOCK_NUM_MAX);
	assert_int_equal(o.n_wanted, QBLOCK_LIST_MAX);
}

static void
blocks_of_a_body(void **state)
{
	(void)state;
	assert_int_equal(qblock_count(0, 6), 1);
	assert_int_equal(qblock_count(1024, 6), 1);
	assert_int_equal(qblock_count(1025, 6), 2);
	assert_int_equal(qblock_count((size_t)1 << 30, 6), 1 << 20);
	assert_int_equal(qblock_count(((size_t)1 << 30) + 1, 6), 0);
	assert_int_equal(qblock_count(SIZE_MAX - 1, 0), 0);
	assert_int_equal(qblock_szx(2000, 6), 6);
	assert_int_equal(qblock_szx(1030, 6), 6);
	assert_int_equal(qblock_szx(1029, 6), 5);
	assert_int_equal(qblock_szx(22, 6), 0);
	assert_int_equal(qblock_szx(21, 6), -COAP_E_TOOBIG);
	assert_int_equal(qblock_szx(0, 0), -COAP_E_TOOBIG);
}

/* --- receiving ------------------------------------------------------------ */

static struct {
	struct qblock_in q;
	struct body_in in;
	struct body_pool pool;
	size_t size;
	uint8_t data[MAX];
} s;

static int
set_up(void **state)
{
	(void)state;
	memset(&s, 0, sizeof s);
	for (size_t i = 0; i < MAX; i++)
		s.data[i] = (uint8_t)(i * 7 + i / 256);
	s.pool.max = 2 * MAX;
	body_in_init(&s.in, BODY_KEEP, MAX, &s.pool);
	qblock_in_init(&s.q, &s.pool, false);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	qblock_in_free(&s.q);
	body_in_free(&s.in);
	assert_int_equal(s.pool.used, 0);
	return 0;
}

/* Block num of 16 bytes; the last one may be shorter. */
static int
part(uint32_t num, bool m)
{
	coap_block_b_t b = { .num = num, .m = m };
	size_t len = m || s.size == 0 ? 16 : s.size - (size_t)num * 16;

	return qblock_in_part(&s.q, &s.in, &b, s.size,
	    s.data + (size_t)num * 16, len);
}

static enum qblock_step
came(uint32_t num, bool m, coap_tick_t now)
{
	int r = part(num, m);

	assert_true(r == 0 || r == BODY_REPEATED);
	return qblock_in_came(&s.q, &times, num, r, now);
}

static const char *
missing(void)
{
	static char text[1024];
	uint32_t nums[QBLOCK_LIST_MAX];
	unsigned n = qblock_in_missing(&s.q, &times, nums, QBLOCK_LIST_MAX);
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s%u",
		    i ? " " : "", nums[i]);
	return text;
}

static void
any_order_makes_the_same_body(void **state)
{
	static const uint32_t order[] = { 3, 1, 4, 0, 2, 6, 5 };

	(void)state;
	s.size = 100;
	for (size_t i = 0; i < 7; i++) {
		enum qblock_step step = came(order[i], order[i] < 6, 0);

		assert_int_equal(step, i < 6 ? QBLOCK_WAIT : QBLOCK_WHOLE);
		/* A duplicate is ignored. */
		if (i < 6)
			assert_int_equal(part(order[i], order[i] < 6),
			    BODY_REPEATED);
	}
	assert_int_equal(s.in.length, 100);
	assert_memory_equal(s.in.data.data, s.data, 100);
	assert_null(s.q.ahead);
}

static void
a_body_of_nothing(void **state)
{
	coap_block_b_t b = { .num = 0 };
	int r;

	(void)state;
	r = qblock_in_part(&s.q, &s.in, &b, 0, NULL, 0);
	assert_int_equal(r, 0);
	assert_int_equal(qblock_in_came(&s.q, &times, 0, r, 0), QBLOCK_WHOLE);
}

/* A Continue for each set that is whole, once, and once more for its last
 * block once more. */
static void
a_continue_for_each_set(void **state)
{
	(void)state;
	s.size = 25 * 16;
	for (uint32_t i = 0; i < 20; i++)
		assert_int_equal(came(i, true, 0),
		    i % 10 == 9 ? QBLOCK_CONTINUE : QBLOCK_WAIT);
	assert_int_equal(came(12, true, 0), QBLOCK_WAIT);
	assert_int_equal(came(19, true, 0), QBLOCK_CONTINUE);
	assert_int_equal(came(9, true, 0), QBLOCK_WAIT);
}

/* A block of the next set shows what is missing of the ones before; what it
 * brings is waited for. */
static void
the_next_set_shows_gaps(void **state)
{
	(void)state;
	s.size = 40 * 16;
	for (uint32_t i = 0; i < 9; i++)
		if (i != 1)
			assert_int_equal(came(i, true, 0), QBLOCK_WAIT);
	assert_int_equal(came(11, true, 2500), QBLOCK_ASK);
	/* 10 may be on its way. */
	assert_string_equal(missing(), "1 9");
	assert_int_equal(came(12, true, 2500), QBLOCK_WAIT);
	assert_int_equal(came(1, true, 2600), QBLOCK_WAIT);
	assert_int_equal(came(9, true, 2600), QBLOCK_WAIT);
	assert_int_equal(qblock_in_timer(&s.q, &times, 6599), QBLOCK_WAIT);
	assert_int_equal(qblock_in_timer(&s.q, &times, 6600), QBLOCK_ASK);
	/* Then all of the set that it is at. */
	assert_string_equal(missing(), "10 13 14 15 16 17 18 19");
}

/* What is left when all that was asked for is here is asked for at once. */
static void
long_lists_are_asked_for_in_pieces(void **state)
{
	(void)state;
	s.size = 60 * 16;
	assert_int_equal(came(0, true, 0), QBLOCK_WAIT);
	assert_int_equal(came(30, true, 0), QBLOCK_ASK);
	assert_string_equal(missing(), "1 2 3 4 5 6 7 8 9 10");
	for (uint32_t i = 1; i < 10; i++)
		assert_int_equal(came(i, true, 0), QBLOCK_WAIT);
	assert_int_equal(came(10, true, 0), QBLOCK_ASK);
	assert_string_equal(missing(), "11 12 13 14 15 16 17 18 19 20");
}

/* NON_RECEIVE_TIMEOUT doubles; after NON_MAX_RETRANSMIT it is enough. */
static void
patience_ends(void **state)
{
	static const coap_tick_t at[] = { 4000, 12000, 28000, 60000 };

	(void)state;
	s.size = 3 * 16;
	assert_int_equal(came(0, true, 0), QBLOCK_WAIT);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(s.q.due, at[i]);
		assert_int_equal(qblock_in_timer(&s.q, &times, at[i] - 1),
		    QBLOCK_WAIT);
		assert_int_equal(qblock_in_timer(&s.q, &times, at[i]),
		    QBLOCK_ASK);
		assert_string_equal(missing(), "1 2");
		/* A duplicate is no news. */
		assert_int_equal(came(0, true, at[i]), QBLOCK_WAIT);
	}
	assert_int_equal(s.q.due, 124000);
	assert_int_equal(qblock_in_timer(&s.q, &times, 124000), QBLOCK_GIVE_UP);
}

static void
something_new_begins_it_anew(void **state)
{
	(void)state;
	s.size = 3 * 16;
	came(0, true, 0);
	assert_int_equal(qblock_in_timer(&s.q, &times, 4000), QBLOCK_ASK);
	assert_int_equal(came(1, true, 5000), QBLOCK_WAIT);
	assert_int_equal(s.q.due, 9000);
	assert_int_equal(s.q.expires, 252000);
	assert_int_equal(qblock_in_timer(&s.q, &times, 252000), QBLOCK_GIVE_UP);
}

/* Without a size nothing is asked for that may not be there. */
static void
an_end_that_is_not_known(void **state)
{
	(void)state;
	came(0, true, 0);
	came(2, true, 0);
	assert_int_equal(qblock_in_timer(&s.q, &times, 4000), QBLOCK_ASK);
	assert_string_equal(missing(), "1");
	came(1, true, 4000);
	assert_int_equal(qblock_in_timer(&s.q, &times, 8000), QBLOCK_ASK);
	assert_string_equal(missing(), "3");
	assert_int_equal(came(3, false, 8000), QBLOCK_WHOLE);
}

static void
parts_that_contradict(void **state)
{
	coap_block_b_t other = { .num = 1, .m = 1, .szx = 1 };
	coap_block_b_t empty = { .num = 4 };
	coap_block_b_t huge = { .num = QBLOCK_NUM_MAX, .m = 1 };

	(void)state;
	s.size = 100;
	assert_int_equal(part(3, true), 0);
	/* Another size of blocks, and of the body. */
	assert_int_equal(qblock_in_part(&s.q, &s.in, &other, 100, s.data, 32),
	    -COAP_E_FORMAT);
	s.size = 101;
	assert_int_equal(part(1, true), -COAP_E_FORMAT);
	s.size = 0;
	assert_int_equal(part(1, true), -COAP_E_FORMAT);
	s.size = 100;
	/* An end that is none, an end that goes on, something behind it. */
	assert_int_equal(part(2, false), -COAP_E_FORMAT);
	assert_int_equal(part(6, true), -COAP_E_FORMAT);
	assert_int_equal(part(7, true), -COAP_E_FORMAT);
	assert_int_equal(qblock_in_part(&s.q, &s.in, &empty, 100, s.data, 0),
	    -COAP_E_FORMAT);
	assert_int_equal(qblock_in_part(&s.q, &s.in, &huge, 100, s.data, 16),
	    -COAP_E_FORMAT);
	/* Nothing of it was taken. */
	assert_int_equal(s.q.n_ahead, 1);
	assert_int_equal(s.in.length, 0);
}

static void
ceilings_hold(void **state)
{
	coap_block_b_t far = { .num = QBLOCK_NUM_MAX, .m = 1 };

	(void)state;
	s.size = MAX + 1;
	assert_int_equal(part(0, true), -COAP_E_TOOBIG);
	s.size = 0;
	assert_int_equal(qblock_in_part(&s.q, &s.in, &far, 0, s.data, 16),
	    -COAP_E_TOOBIG);
	/* What lies far ahead is not kept. */
	for (uint32_t i = 1; i < 1000; i++)
		assert_int_equal(part(i, true),
		    i <= QBLOCK_AHEAD_MAX ? 0 : BODY_REPEATED);
	assert_int_equal(s.q.n_ahead, QBLOCK_AHEAD_MAX);
	assert_true(s.pool.used < 40000);
	assert_int_equal(part(0, true), 0);
	assert_int_equal(s.q.n_ahead, 0);
	assert_int_equal(s.in.length, (QBLOCK_AHEAD_MAX + 1) * 16);
}

static void
an_empty_pool_changes_nothing(void **state)
{
	(void)state;
	s.size = 100;
	assert_int_equal(part(2, true), 0);
	s.pool.max = s.pool.used;
	assert_int_equal(part(3, true), -COAP_E_LIMIT);
	assert_int_equal(part(0, true), -COAP_E_LIMIT);
	s.pool.max = 2 * MAX;
	assert_int_equal(part(0, true), 0);
	assert_int_equal(part(1, true), 0);
	assert_int_equal(s.q.next, 3);
}

static int
large_part(uint32_t num)
{
	coap_block_b_t b = { .num = num, .m = 1, .szx = 6 };

	return qblock_in_part(&s.q, &s.in, &b, 90000, s.data + num * 1024,
	    1024);
}

/* There was room for the part, but not for the one that it joins. */
static void
joining_can_wait_for_room(void **state)
{
	(void)state;
	for (uint32_t i = 1; i < 60; i++)
		assert_int_equal(large_part(i), 0);
	s.pool.max = s.pool.used + 1024;
	assert_int_equal(large_part(0), -COAP_E_LIMIT);
	assert_true(s.q.next > 0);
	assert_true(s.q.next < 60);
	s.pool.max = 2 * MAX;
	assert_int_equal(large_part(0), BODY_REPEATED);
	assert_int_equal(s.q.next, 60);
	assert_int_equal(s.in.length, 60 * 1024);
	assert_memory_equal(s.in.data.data, s.data, 60 * 1024);
}

/* Confirmable ones come by themselves. */
static void
confirmable_ones_are_waited_for(void **state)
{
	(void)state;
	s.q.con = true;
	s.size = 25 * 16;
	for (uint32_t i = 0; i < 10; i++)
		assert_int_equal(came(i, true, 0), QBLOCK_WAIT);
	assert_int_equal(came(20, true, 0), QBLOCK_WAIT);
	assert_int_equal(s.q.due, times.transmit_span);
}

#define IN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_by_default),
		cmocka_unit_test(a_pause_is_waited_for),
		cmocka_unit_test(lists_of_missing_blocks),
		cmocka_unit_test(lists_that_are_none),
		cmocka_unit_test(options_of_a_request),
		cmocka_unit_test(more_options_than_are_kept),
		cmocka_unit_test(a_pause_after_each_set),
		cmocka_unit_test(pauses_lie_between),
		cmocka_unit_test(missing_blocks_go_first),
		cmocka_unit_test(no_more_than_a_set_is_repeated),
		cmocka_unit_test(huge_sets_have_bounds),
		cmocka_unit_test(blocks_of_a_body),
		IN(any_order_makes_the_same_body),
		IN(a_body_of_nothing),
		IN(a_continue_for_each_set),
		IN(the_next_set_shows_gaps),
		IN(long_lists_are_asked_for_in_pieces),
		IN(patience_ends),
		IN(something_new_begins_it_anew),
		IN(an_end_that_is_not_known),
		IN(parts_that_contradict),
		IN(ceilings_hold),
		IN(an_empty_pool_changes_nothing),
		IN(joining_can_wait_for_room),
		IN(confirmable_ones_are_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

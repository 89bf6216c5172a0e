/* SPDX-License-Identifier: BSD-2-Clause */
/* Exchanges through a network that loses, repeats, reorders, delays and
 * truncates datagrams: each ends once, and what arrives is right. */
#include "lossy_bodies.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
a_mebibyte_ends_once_at_ten_percent(void **state)
{
	static const struct body_row row = { .name = "body 10",
		.rule = &lossy_ten,
		.rounds = 8 };
	unsigned whole;
	unsigned broken = lossy_bodies_play(&row, &whole);

	(void)state;
	/* With the default parameters some come through and some do not. */
	if (whole + broken < 32)
		return;
	assert_true(broken > 0);
	assert_true(whole > 0);
}

static void
a_mebibyte_ends_once_at_thirty_percent(void **state)
{
	static const struct body_row row = { .name = "body 30",
		.rule = &lossy_thirty,
		.rounds = 8 };
	unsigned whole;

	(void)state;
	assert_true(lossy_bodies_play(&row, &whole) > 0);
	assert_int_equal(whole, 0);
}

static void
a_mebibyte_is_whole_with_patience(void **state)
{
	static const struct body_row rows[] = {
		{ .name = "body 10, patient",
		    .rule = &lossy_ten,
		    .rounds = 4,
		    .retransmits = 8 },
		{ .name = "body 30, patient",
		    .rule = &lossy_thirty,
		    .rounds = 4,
		    .retransmits = 20 },
	};
	unsigned whole;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(lossy_bodies_play(&rows[i], &whole), 0);
}

static void
small_blocks_are_whole_with_patience(void **state)
{
	static const struct body_row row = { .name = "body 10, blocks of 64",
		.rule = &lossy_ten,
		.rounds = 1,
		.retransmits = 8,
		.block = 64 };

	(void)state;
	assert_int_equal(lossy_body_play(&row, lossy_first(), false, false), 0);
	assert_int_equal(lossy_body_play(&row, lossy_first(), true, true), 0);
}

static void
a_seed_is_played_the_same_again(void **state)
{
	static const struct body_row row = { .name = "again",
		.rule = &lossy_thirty,
		.rounds = 1 };
	uint64_t digest[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		lossy_body_play(&row, i < 2 ? 5 : 6, true, false);
		digest[i] = lossy.digest;
	}
	assert_true(digest[0] == digest[1]);
	assert_true(digest[0] != digest[2]);
}

/* A NON is not sent again: who misses its answer hears that there is none. */
static void
parts_that_are_not_confirmed_end_too(void **state)
{
	static const struct lossy_rule rule = {
		.duplicate = 10,
		.reorder = 10,
		.delay_max_ms = 100,
		.late_ms = 9000,
	};
	static const struct lossy_rule once = { .drop = 1 };
	static const struct body_row whole = { .name = "body, NON",
		.rule = &rule,
		.type = COAP_MESSAGE_NON };
	static const struct body_row broken = { .name = "body, NON, lost",
		.rule = &once,
		.type = COAP_MESSAGE_NON };

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		assert_int_equal(lossy_body_play(&whole, lossy_first(),
				     kind & 1, kind & 2),
		    0);
		assert_true(lossy_body_play(&broken, lossy_first(), kind & 1,
				kind & 2) != 0);
	}
}

/* The server forgets what it has while the client still waits: 4.08, and the
 * transfer begins anew, once. */
static void
a_server_may_forget_earlier(void **state)
{
	static const struct body_row row = { .name = "hasty server",
		.rule = &lossy_thirty,
		.rounds = 12 };
	unsigned whole = 0;
	unsigned broken = 0;
	unsigned seed;

	(void)state;
	for (seed = lossy_first(); seed; seed = lossy_next(seed, row.rounds)) {
		bool is_put = seed & 1;
		coap_session_t *session;

		lossy_body_begin(&row, seed);
		session = lossy_session();
		coap_session_set_max_retransmit(session, 20);
		lossy_body_send(session, row.type, is_put, false);
		lossy_advance(600000);
		assert_int_equal(lossy_body.ends, 1);
		assert_int_equal(lossy_body.error, 0);
		if (lossy_body.code == COAP_RESPONSE_CODE_INCOMPLETE) {
			assert_true(is_put);
			broken++;
		} else {
			assert_int_equal(lossy_body.got,
			    is_put ? 0 : LOSSY_BODY);
			assert_true(lossy_body.puts >= is_put);
			whole++;
		}
		coap_session_release(session);
		lossy_end();
	}
	/* A GET is asked again block by block; a PUT is forgotten twice. */
	if (whole + broken < row.rounds)
		return;
	assert_true(whole > 0);
	assert_true(broken > 0);
}

/* --- what is cut ---------------------------------------------------------- */

static const struct lossy_rule cutting = {
	.drop = 2,
	.duplicate = 5,
	.reorder = 5,
	.truncate = 2,
	.delay_min_ms = 1,
	.delay_max_ms = 100,
	.late_ms = 5000,
};

/* What is left of a message may say something else, so anything may come of
 * it, but once. */
static void
whatever_is_cut_ends_once(void **state)
{
	static const struct body_row row = { .name = "body, cut",
		.rule = &cutting,
		.rounds = 12 };
	unsigned seed;

	(void)state;
	for (seed = lossy_first(); seed; seed = lossy_next(seed, row.rounds)) {
		for (int kind = 0; kind < 4; kind++) {
			coap_session_t *session;

			lossy_body_begin(&row, seed);
			lossy.random += (unsigned)kind;
			session = lossy_session();
			lossy_body_send(session, row.type, kind & 1, kind & 2);
			lossy_advance(600000);
			assert_int_equal(lossy_body.ends, 1);
			assert_true(lossy.count[LOSSY_UP].truncated > 0 ||
			    lossy.count[LOSSY_DOWN].truncated > 0);
			coap_session_release(session);
			lossy_end();
		}
	}
}

static enum lossy_way short_way;
static unsigned shortened;

/* The fifth datagram with a payload loses the end of it. */
static size_t
shorten(enum lossy_way way, uint8_t *data, size_t len)
{
	if (way != short_way || len < 1024 || ++shortened != 5)
		return len;
	memset(data + len - 10, 0, 10);
	return len - 10;
}

/* RFC 7959 section 2.2: a block with more to come has the size it names. */
static void
a_short_block_with_more_is_refused(void **state)
{
	static const struct lossy_rule rule = { .delay_max_ms = 10 };
	static const struct body_row row = { .name = "short block",
		.rule = &rule,
		.rounds = 1 };

	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		bool is_put = kind & 1;
		coap_session_t *session;

		lossy_body_begin(&row, 1);
		shortened = 0;
		short_way = is_put ? LOSSY_UP : LOSSY_DOWN;
		lossy.edit = shorten;
		session = lossy_session();
		lossy_body_send(session, row.type, is_put, kind & 2);
		lossy_advance(600000);
		assert_int_equal(shortened, 5);
		assert_int_equal(lossy_body.ends, 1);
		assert_int_equal(lossy_body.puts, 0);
		assert_int_equal(lossy_body.error,
		    is_put ? 0 : -COAP_E_BAD_RESPONSE);
		assert_int_equal(lossy_body.code,
		    is_put ? COAP_RESPONSE_CODE_BAD_REQUEST : 0);
		coap_session_release(session);
		lossy_end();
	}
}

int
main(void)
{
#define PLAYED(test) cmocka_unit_test_teardown(test, lossy_teardown)
	const struct CMUnitTest tests[] = {
		PLAYED(a_seed_is_played_the_same_again),
		PLAYED(a_mebibyte_ends_once_at_ten_percent),
		PLAYED(a_mebibyte_ends_once_at_thirty_percent),
		PLAYED(a_mebibyte_is_whole_with_patience),
		PLAYED(small_blocks_are_whole_with_patience),
		PLAYED(parts_that_are_not_confirmed_end_too),
		PLAYED(a_server_may_forget_earlier),
		PLAYED(whatever_is_cut_ends_once),
		PLAYED(a_short_block_with_more_is_refused),
	};

	return cmocka_run_group_tests(tests, lossy_body_fill, NULL);
}

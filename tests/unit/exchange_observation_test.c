/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's observations: order, freshness, the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/body.h"
#include "exchange/observation.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define HALF 0x800000u
#define LAST 0xFFFFFFu

static struct observations table;
static size_t memory;

static coap_pdu_t *
make_pdu(unsigned code, uint32_t token)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, code, 7, 1000);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, sizeof token, (const uint8_t *)&token));
	return pdu;
}

static struct observation *
add(uint32_t token, coap_tick_t now)
{
	coap_pdu_t *pdu = make_pdu(COAP_REQUEST_CODE_GET, token);
	struct observation *o;

	assert_int_equal(observations_add(&table, pdu, now, &o), 0);
	coap_delete_pdu(pdu);
	return o;
}

static struct observation *
find(uint32_t token)
{
	return observations_find(&table,
	    (coap_bin_const_t){ sizeof token, (const uint8_t *)&token });
}

/* A notification; number -1: an empty Observe; max_age -1: none. */
static bool
come(struct observation *o, int64_t number, int max_age,
    struct observation_arrival how)
{
	coap_pdu_t *pdu = make_pdu(COAP_RESPONSE_CODE_CONTENT, 0);
	bool newest;

	if (number >= 0)
		assert_true(block_add_uint(pdu, COAP_OPTION_OBSERVE,
				(uint64_t)number) > 0);
	else
		assert_true(
		    coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL) > 0);
	if (max_age >= 0)
		assert_true(block_add_uint(pdu, COAP_OPTION_MAXAGE,
				(uint64_t)max_age) > 0);
	newest = observation_take(&table, o, pdu, &how);
	coap_delete_pdu(pdu);
	return newest;
}

static bool
notify(struct observation *o, uint32_t number, coap_tick_t now)
{
	return come(o, number, -1, (struct observation_arrival){ .now = now });
}

static bool
answer(struct observation *o, uint32_t number, coap_tick_t now)
{
	return come(o, number, -1,
	    (struct observation_arrival){ .now = now, .answer = true });
}

static int
setup(void **state)
{
	(void)state;
	memory = mem_outstanding();
	observations_init(&table);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	while (table.list)
		observations_remove(&table, table.list);
	assert_int_equal(table.count, 0);
	assert_int_equal(mem_outstanding(), memory);
	return 0;
}

/* --- order ---------------------------------------------------------------- */

static void
numbers_wrap(void **state)
{
	static const struct {
		uint32_t before;
		uint32_t number;
		bool newer;
	} rows[] = {
		{ 0, 1, true },
		{ 1, 0, false },
		{ 5, 5, false },
		{ LAST, 0, true },
		{ 0, LAST, false },
		{ 0, HALF - 1, true },
		{ 0, HALF, false },
		{ HALF, 0, false },
		{ 0, HALF + 1, false },
		{ HALF + 1, 0, true },
		{ LAST, HALF - 2, true },
		{ LAST, HALF - 1, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct observation *o = add(1, 0);

		assert_true(answer(o, rows[i].before, 1000));
		assert_int_equal(observation_is_newer(o, rows[i].number, 2000),
		    rows[i].newer);
		assert_int_equal(notify(o, rows[i].number, 2000),
		    rows[i].newer);
		assert_int_equal(o->reordered, !rows[i].newer);
		assert_int_equal(o->number,
		    rows[i].newer ? rows[i].number : rows[i].before);
		observations_remove(&table, o);
	}
}

static void
after_128_seconds_any_number_is_newer(void **state)
{
	struct observation *o = add(1, 0);

	(void)state;
	assert_true(answer(o, 100, 1000));
	assert_false(notify(o, 50, 129000));
	assert_true(notify(o, 50, 129001));
	/* Nothing was skipped: it counts anew. */
	assert_int_equal(o->gaps, 0);
	assert_int_equal(o->number, 50);
	assert_false(notify(o, 49, 129002));
}

/* Against the sentence of RFC 7641 section 3.4, word by word. */
static bool
says_the_rfc(uint32_t v1, uint32_t v2, coap_tick_t t1, coap_tick_t t2)
{
	return (v1 < v2 && v2 - v1 < HALF) || (v1 > v2 && v1 - v2 > HALF) ||
	    t2 > t1 + 128000;
}

static uint32_t
draw(uint32_t below)
{
	static uint32_t x = 7641;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % below;
}

static void
random_stories(void **state)
{
	uint32_t v1, v2;
	uint64_t gaps = 0, old = 0;
	coap_tick_t t1 = 0, t2 = 0;
	struct observation *o = add(1, 0);

	(void)state;
	v1 = draw(LAST + 1);
	assert_true(answer(o, v1, 0));
	for (int i = 0; i < 20000; i++) {
		t2 += draw(8) == 0 ? draw(150000) : draw(100);
		v2 = draw(4) == 0 ? draw(LAST + 1) : (v1 + draw(7) - 3) & LAST;
		if (says_the_rfc(v1, v2, t1, t2)) {
			if (says_the_rfc(v1, v2, 0, 0))
				gaps += ((v2 - v1) & LAST) - 1;
			assert_true(notify(o, v2, t2));
			v1 = v2;
			t1 = t2;
		} else {
			assert_false(notify(o, v2, t2));
			old++;
		}
		assert_int_equal(o->number, v1);
		assert_int_equal(o->came, t1);
		assert_int_equal(o->reordered, old);
		assert_int_equal(o->gaps, gaps);
	}
	assert_true(old > 100 && gaps > 100);
}

static void
answers_are_newer_than_what_was_before_them(void **state)
{
	struct observation *o = add(1, 0);

	(void)state;
	assert_true(answer(o, 100, 1000));
	/* Nothing changed, or the server began anew. */
	observation_asked(&table, o, 61000);
	assert_int_equal(o->state, COAPX_OBSERVE_ASKING);
	assert_true(answer(o, 100, 62000));
	observation_asked(&table, o, 90000);
	assert_true(answer(o, 3, 90001));
	assert_int_equal(o->gaps, 0);
	/* What came after it was asked for is compared. */
	observation_asked(&table, o, 91000);
	assert_true(notify(o, 9, 91001));
	assert_int_equal(o->gap, 5);
	assert_false(answer(o, 4, 91002));
	assert_true(answer(o, 9, 91003));
	/* Numbers of another connection are no count. */
	observation_pause(&table, o, COAPX_OBSERVE_LOST);
	observation_asked(&table, o, 92000);
	assert_true(answer(o, 20, 92000));
	assert_int_equal(o->gap, 0);
	observation_asked(&table, o, 93000);
	assert_true(answer(o, 22, 93001));
	assert_int_equal(o->gap, 1);
}

static void
streams_have_no_order(void **state)
{
	const struct observation_arrival how = { .now = 1000,
		.reliable = true };
	struct observation *o = add(1, 0);

	(void)state;
	assert_true(come(o, 7, -1, how));
	assert_true(o->numbered);
	assert_true(come(o, 6, -1, how));
	assert_int_equal(o->number, 6);
	assert_true(come(o, 60, -1, how));
	assert_int_equal(o->gap, 0);
	assert_true(come(o, -1, -1, how));
	assert_false(o->numbered);
	assert_int_equal(o->flags, 0);
	assert_int_equal(o->reordered, 0);
	assert_int_equal(o->gaps, 0);
}

static void
an_empty_number_is_zero_on_datagrams(void **state)
{
	struct observation *o = add(1, 0);

	(void)state;
	assert_true(come(o, -1, -1,
	    (struct observation_arrival){ .now = 1000, .answer = true }));
	assert_true(o->numbered);
	assert_int_equal(o->number, 0);
	assert_int_equal(o->flags,
	    COAPX_NOTIFICATION_ANSWER | COAPX_NOTIFICATION_NUMBERED);
	assert_true(notify(o, 1, 1000));
}

/* --- what messages say ---------------------------------------------------- */

static void
messages_are_read(void **state)
{
	coap_pdu_t *pdu = make_pdu(COAP_REQUEST_CODE_GET, 1);

	(void)state;
	assert_int_equal(observation_request_value(pdu), -1);
	coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
	assert_int_equal(observation_request_value(pdu), 0);
	pdu->code = COAP_RESPONSE_CODE_VALID;
	assert_true(observation_is_notification(pdu));
	assert_int_equal(observation_max_age(pdu), 60);
	assert_int_equal(observation_number(pdu), 0);
	pdu->code = COAP_RESPONSE_CODE_NOT_FOUND;
	assert_false(observation_is_notification(pdu));
	coap_delete_pdu(pdu);
	pdu = make_pdu(COAP_RESPONSE_CODE_CONTENT, 1);
	assert_false(observation_is_notification(pdu));
	assert_int_equal(observation_number(pdu), 0);
	coap_delete_pdu(pdu);
}

/* --- time ----------------------------------------------------------------- */

static enum observation_step
step_at(coap_tick_t now, uint32_t random, struct observation **o)
{
	enum observation_step step;

	*o = observations_step(&table, now, random, &step);
	assert_int_equal(*o == NULL, step == OBSERVATION_NONE);
	return step;
}

static void
stale_then_asked_for_again(void **state)
{
	static const struct {
		int max_age;
		coap_tick_t fresh; /* ms */
	} rows[] = { { -1, 60000 }, { 0, 0 }, { 30, 30000 },
		{ INT32_MAX, (coap_tick_t)INT32_MAX * 1000 } };
	static const struct {
		uint32_t random;
		coap_tick_t wait;
	} waits[] = { { 0, 5000 }, { 10000, 15000 }, { 10001, 5000 } };
	struct observation *o, *due;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		const coap_tick_t wait = waits[i % 3].wait;
		coap_tick_t at = 1000 + rows[i / 3].fresh;

		o = add(1, 0);
		/* Its first answer has a deadline elsewhere. */
		assert_int_equal(observations_next(&table), TIMER_NEVER);
		assert_true(come(o, 1, rows[i / 3].max_age,
		    (struct observation_arrival){ .now = 1000 }));
		assert_int_equal(observations_next(&table), at);
		if (at > 1000)
			assert_int_equal(step_at(at - 1, 0, &due),
			    OBSERVATION_NONE);
		assert_int_equal(step_at(at, waits[i % 3].random, &due),
		    OBSERVATION_STALE);
		assert_ptr_equal(due, o);
		assert_int_equal(o->state, COAPX_OBSERVE_STALE);
		assert_int_equal(step_at(at + wait - 1, 0, &due),
		    OBSERVATION_NONE);
		assert_int_equal(step_at(at + wait, 0, &due), OBSERVATION_ASK);
		assert_int_equal(step_at(at + wait, 0, &due), OBSERVATION_NONE);
		observation_asked(&table, o, at + wait);
		assert_int_equal(o->registrations, 2);
		assert_int_equal(observations_next(&table), TIMER_NEVER);
		observations_remove(&table, o);
	}
}

static void
what_is_lost_or_cancelled_is_never_due(void **state)
{
	struct observation *o = add(1, 0), *due;

	(void)state;
	assert_true(notify(o, 1, 0));
	observation_pause(&table, o, COAPX_OBSERVE_LOST);
	assert_int_equal(step_at(1000000, 0, &due), OBSERVATION_NONE);
	assert_int_equal(observations_next(&table), TIMER_NEVER);
}

/* Each is due once, in its time, however many there are. */
static void
many_are_due(void **state)
{
	enum {
		N = 200
	};
	struct observation *o;
	unsigned stale = 0, asked = 0;

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		o = add(i, 0);
		assert_true(come(o, 1, (int)(i * 37 % N) + 1,
		    (struct observation_arrival){ .now = 0 }));
	}
	for (coap_tick_t now = 0; now <= N * 1000 + 5000; now += 500) {
		enum observation_step step = step_at(now, 0, &o);

		assert_true(observations_next(&table) >= now ||
		    step != OBSERVATION_NONE);
		while (step != OBSERVATION_NONE) {
			if (step == OBSERVATION_STALE)
				assert_int_equal(now, o->max_age * 1000),
				    stale++;
			else
				assert_int_equal(now, o->max_age * 1000 + 5000),
				    asked++;
			step = step_at(now, 0, &o);
		}
	}
	assert_int_equal(stale, N);
	assert_int_equal(asked, N);
	assert_int_equal(observations_next(&table), TIMER_NEVER);
}

/* --- the table ------------------------------------------------------------ */

static void
found_by_token(void **state)
{
	coap_pdu_t *pdu;
	struct observation *o;

	(void)state;
	for (uint32_t i = 0; i < OBSERVATIONS_MAX; i++)
		add(i, 0);
	pdu = make_pdu(COAP_REQUEST_CODE_GET, 5);
	assert_int_equal(observations_add(&table, pdu, 0, &o), -COAP_E_EXISTS);
	assert_null(o);
	coap_delete_pdu(pdu);
	pdu = make_pdu(COAP_REQUEST_CODE_GET, OBSERVATIONS_MAX);
	assert_int_equal(observations_add(&table, pdu, 0, &o), -COAP_E_LIMIT);
	for (uint32_t i = 0; i < OBSERVATIONS_MAX; i += 2)
		observations_remove(&table, find(i));
	assert_int_equal(observations_add(&table, pdu, 0, &o), 0);
	assert_ptr_equal(find(OBSERVATIONS_MAX), o);
	assert_ptr_equal(o->origin, pdu);
	coap_delete_pdu(pdu);
	for (uint32_t i = 0; i < OBSERVATIONS_MAX; i++)
		assert_int_equal(find(i) != NULL, i % 2);
	/* A token of no length is one. */
	pdu = pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 100);
	assert_int_equal(observations_add(&table, pdu, 0, &o), 0);
	coap_delete_pdu(pdu);
	assert_ptr_equal(observations_find(&table, (coap_bin_const_t){ 0 }), o);
}

static unsigned released;

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	(void)app;
	/* It is out of the table by now. */
	assert_null(find(1));
	released++;
}

static void
its_body_is_released_with_it(void **state)
{
	struct observation *o = add(1, 0);
	struct body_out *body =
	    body_out_new((const uint8_t *)"x", 1, on_release, NULL, NULL);

	(void)state;
	released = 0;
	o->body = body_out_ref(body);
	body_out_free(body);
	assert_int_equal(released, 0);
	observations_remove(&table, o);
	assert_int_equal(released, 1);
	assert_null(body_out_ref(NULL));
}

static void
out_of_memory(void **state)
{
	unsigned failed = 0;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		for (size_t n = 1;; n++) {
			coap_pdu_t *pdu = make_pdu(COAP_REQUEST_CODE_GET, i);
			struct observation *o;
			int err;

			mem_fail_at(n, 0);
			err = observations_add(&table, pdu, 0, &o);
			mem_fail_at(0, 0);
			coap_delete_pdu(pdu);
			if (err == 0)
				break;
			assert_int_equal(err, -COAP_E_NOMEM);
			assert_null(find(i));
			assert_int_equal(table.count, i);
			failed++;
		}
	assert_true(failed >= 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_non_null(find(i));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(numbers_wrap),
		TEST(after_128_seconds_any_number_is_newer),
		TEST(random_stories),
		TEST(answers_are_newer_than_what_was_before_them),
		TEST(streams_have_no_order),
		TEST(an_empty_number_is_zero_on_datagrams),
		TEST(messages_are_read),
		TEST(stale_then_asked_for_again),
		TEST(what_is_lost_or_cancelled_is_never_due),
		TEST(many_are_due),
		TEST(found_by_token),
		TEST(its_body_is_released_with_it),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests_name("exchange_observation", tests, NULL,
	    NULL);
}

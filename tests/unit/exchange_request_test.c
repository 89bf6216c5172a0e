/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests under way: tokens, deadlines, ownership. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/request.h"
#include "wire/pdu.h"

static struct requests table;

static coap_pdu_t *
make_pdu(size_t len, const uint8_t *token)
{
	coap_pdu_t *pdu;

	pdu = pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 7, 70000);
	assert_non_null(pdu);
	assert_int_equal(coap_add_token(pdu, len, token), 1);
	return pdu;
}

/* Adds a request whose token is n in four bytes; the table alone keeps it. */
static struct request *
add(uint32_t n, coap_tick_t deadline)
{
	struct request *q;
	coap_pdu_t *pdu;

	pdu = make_pdu(sizeof(n), (const uint8_t *)&n);
	assert_int_equal(requests_add(&table, pdu, 0, deadline, &q), 0);
	coap_delete_pdu(pdu);
	return q;
}

static struct request *
find(uint32_t n)
{
	const coap_bin_const_t token = { sizeof(n), (const uint8_t *)&n };

	return requests_find(&table, token);
}

static void
drop(struct request *q)
{
	requests_take(&table, q);
	request_free(q);
}

static int
setup(void **state)
{
	(void)state;
	requests_init(&table);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	while (table.list != NULL)
		drop(table.list);
	mem_fail_at(0, 0);
	return mem_outstanding() == 0 ? 0 : -1;
}

static void
test_add_fills_the_request(void **state)
{
	static const uint8_t token[] = { 1, 2, 3 };
	coap_pdu_t *pdu = make_pdu(sizeof(token), token);
	struct request *q;

	(void)state;
	assert_int_equal(requests_add(&table, pdu, 100, 200, &q), 0);
	assert_int_equal(pdu->refs, 2);
	assert_ptr_equal(q->sent, pdu);
	assert_int_equal(q->mid, 7);
	assert_int_equal(q->started, 100);
	assert_int_equal(q->sent_at, 0);
	assert_int_equal(q->deadline, 200);
	assert_int_equal(table.count, 1);
	assert_ptr_equal(requests_find(&table, coap_pdu_get_token(pdu)), q);
	drop(q);
	assert_int_equal(pdu->refs, 1);
	assert_null(requests_find(&table, coap_pdu_get_token(pdu)));
	coap_delete_pdu(pdu);
}

static void
test_tokens_of_any_length_are_keys(void **state)
{
	static const size_t lengths[] = { 0, 1, 8, 9, 300, 65804 };
	uint8_t *token = calloc(1, 65804);
	struct request *q[6];
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	assert_non_null(token);
	for (i = 0; i < 6; i++) {
		pdu = make_pdu(lengths[i], token);
		assert_int_equal(requests_add(&table, pdu, 0, TIMER_NEVER,
				     &q[i]),
		    0);
		coap_delete_pdu(pdu);
	}
	for (i = 0; i < 6; i++) {
		const coap_bin_const_t key = { lengths[i],
			lengths[i] > 0 ? token : NULL };

		assert_ptr_equal(requests_find(&table, key), q[i]);
	}
	token[65803] = 1;
	assert_null(requests_find(&table, (coap_bin_const_t){ 65804, token }));
	free(token);
}

static void
test_same_token_twice_exists(void **state)
{
	uint32_t n = 5;
	struct request *q = (struct request *)&n;
	coap_pdu_t *pdu = make_pdu(sizeof(n), (const uint8_t *)&n);

	(void)state;
	add(5, TIMER_NEVER);
	assert_int_equal(requests_add(&table, pdu, 0, 1, &q), -COAP_E_EXISTS);
	assert_null(q);
	assert_int_equal(pdu->refs, 1);
	assert_int_equal(table.count, 1);
	assert_true(requests_next(&table) == TIMER_NEVER);
	coap_delete_pdu(pdu);
}

static void
test_token_survives_a_change_of_the_pdu(void **state)
{
	static const uint8_t value[600] = { 0 };
	struct request *q = add(9, TIMER_NEVER);

	(void)state;
	assert_true(coap_add_option(q->sent, 15, sizeof(value), value) > 0);
	assert_ptr_equal(find(9), q);
	pdu_clear(q->sent);
	assert_ptr_equal(find(9), q);
}

static void
test_find_pdu_wants_the_very_pdu(void **state)
{
	struct request *q = add(1, TIMER_NEVER);
	coap_pdu_t *twin = make_pdu(q->sent->token_len, q->sent->token);

	(void)state;
	assert_ptr_equal(requests_find_pdu(&table, q->sent), q);
	assert_null(requests_find_pdu(&table, twin));
	assert_null(requests_find_pdu(&table, NULL));
	coap_delete_pdu(twin);
}

static void
test_limit(void **state)
{
	coap_pdu_t *pdu;
	struct request *q;
	uint32_t n;

	(void)state;
	for (n = 0; n < REQUESTS_MAX; n++)
		add(n, TIMER_NEVER);
	pdu = make_pdu(sizeof(n), (const uint8_t *)&n);
	assert_int_equal(requests_add(&table, pdu, 0, 1, &q), -COAP_E_LIMIT);
	assert_null(q);
	drop(find(100));
	assert_int_equal(requests_add(&table, pdu, 0, 1, &q), 0);
	coap_delete_pdu(pdu);
}

static void
test_list_is_in_order_of_sending(void **state)
{
	struct request *q;
	uint32_t n = 0;

	(void)state;
	for (n = 0; n < 5; n++)
		add(n, TIMER_NEVER);
	drop(find(2));
	n = 0;
	for (q = table.list; q != NULL; q = q->next) {
		n += n == 2;
		assert_ptr_equal(q, find(n));
		n++;
	}
	assert_int_equal(n, 5);
}

static void
test_nothing_expires_when_nothing_has_a_deadline(void **state)
{
	(void)state;
	assert_true(requests_next(&table) == TIMER_NEVER);
	assert_null(requests_expired(&table, 1000));
	add(1, TIMER_NEVER);
	assert_true(requests_next(&table) == TIMER_NEVER);
	assert_null(requests_expired(&table, TIMER_NEVER - 1));
}

static void
test_each_expired_one_comes_once(void **state)
{
	struct request *q;
	unsigned n = 0;
	uint32_t i;

	(void)state;
	for (i = 0; i < 100; i++)
		add(i, 100 + i * 7 % 50);
	assert_int_equal(requests_next(&table), 100);
	assert_null(requests_expired(&table, 99));
	for (;;) {
		q = requests_expired(&table, 120);
		if (q == NULL)
			break;
		assert_in_range(q->deadline, 100, 120);
		request_free(q);
		n++;
	}
	assert_int_equal(n, 42);
	assert_int_equal(table.count, 58);
	assert_int_equal(requests_next(&table), 121);
}

static void
test_next_is_due_while_expired_ones_are_left(void **state)
{
	(void)state;
	add(3, 500);
	add(1, 10);
	add(2, 20);
	request_free(requests_expired(&table, 50));
	assert_true(requests_next(&table) <= 50);
	request_free(requests_expired(&table, 50));
	assert_null(requests_expired(&table, 50));
	assert_int_equal(requests_next(&table), 500);
}

static void
test_a_deadline_can_move(void **state)
{
	struct request *a = add(1, 100);
	struct request *b = add(2, 200);

	(void)state;
	requests_set_deadline(&table, b, 50);
	assert_int_equal(requests_next(&table), 50);
	requests_set_deadline(&table, b, TIMER_NEVER);
	/* Maybe once too early, never too late. */
	assert_true(requests_next(&table) <= 100);
	assert_null(requests_expired(&table, 60));
	assert_int_equal(requests_next(&table), 100);
	assert_ptr_equal(requests_expired(&table, 100), a);
	request_free(a);
	drop(b);
	assert_true(requests_next(&table) == TIMER_NEVER);
}

static void
test_moving_an_expired_one_hides_no_other(void **state)
{
	struct request *q;

	(void)state;
	add(4, 1000); /* in front, so that the others are looked for */
	add(1, 10);
	add(2, 20);
	add(3, 30);
	request_free(requests_expired(&table, 100));
	requests_set_deadline(&table, table.list, 2000);
	q = requests_expired(&table, 100);
	assert_non_null(q);
	assert_in_range(q->deadline, 10, 30);
	request_free(q);
	assert_null(requests_expired(&table, 100));
	assert_int_equal(requests_next(&table), 1000);
}

static void
test_taking_the_first_recomputes_lazily(void **state)
{
	struct request *a = add(1, 100);

	(void)state;
	add(2, 300);
	drop(a);
	assert_true(requests_next(&table) <= 300);
	assert_null(requests_expired(&table, 100));
	assert_int_equal(requests_next(&table), 300);
}

/* Against a plain array, with a generator of our own so that it repeats. */
static void
test_random_operations_agree_with_a_model(void **state)
{
	coap_tick_t model[64] = { 0 }; /* 0: not there */
	coap_tick_t now = 1, first;
	uint32_t seed = 1, i, step;
	struct request *q;

	(void)state;
	for (step = 0; step < 20000; step++) {
		seed = seed * 1664525u + 1013904223u;
		i = (seed >> 8) % 64;
		if (model[i] == 0) {
			model[i] = now + 1 + (seed >> 20) % 100;
			add(i, model[i]);
		} else if (seed >> 31) {
			model[i] = now + 1 + (seed >> 20) % 100;
			requests_set_deadline(&table, find(i), model[i]);
		} else {
			drop(find(i));
			model[i] = 0;
		}
		now += (seed >> 16) % 3;
		first = TIMER_NEVER;
		for (i = 0; i < 64; i++) {
			if (model[i] != 0 && model[i] < first)
				first = model[i];
		}
		assert_true(requests_next(&table) <= first);
		for (q = requests_expired(&table, now); q != NULL;
		     q = requests_expired(&table, now)) {
			memcpy(&i, q->token, sizeof(i));
			assert_true(q->deadline == model[i] && model[i] <= now);
			model[i] = 0;
			request_free(q);
		}
		for (i = 0; i < 64; i++)
			assert_true(model[i] == 0 || model[i] > now);
	}
}

static void
test_out_of_memory_leaves_all_as_it_was(void **state)
{
	uint32_t n = 1000;
	coap_pdu_t *pdu = make_pdu(sizeof(n), (const uint8_t *)&n);
	struct request *q;
	size_t at;
	int r;

	(void)state;
	for (at = 1;; at++) {
		mem_fail_at(at, 0);
		r = requests_add(&table, pdu, 0, 5, &q);
		mem_fail_at(0, 0);
		if (r == 0)
			break;
		assert_int_equal(r, -COAP_E_NOMEM);
		assert_null(q);
		assert_int_equal(pdu->refs, 1);
		assert_int_equal(table.count, 0);
		assert_null(table.list);
		assert_null(find(n));
		assert_true(requests_next(&table) == TIMER_NEVER);
	}
	assert_int_equal(at, 2);
	coap_delete_pdu(pdu);
}

static void
test_a_table_that_cannot_grow_keeps_what_it_has(void **state)
{
	unsigned failed = 0;
	struct request *q;
	coap_pdu_t *pdu;
	uint32_t i;
	int r;

	(void)state;
	for (i = 0; i < 2000; i++) {
		pdu = make_pdu(sizeof(i), (const uint8_t *)&i);
		/* The request itself is the first allocation. The first
		 * hundred are a list, for there cannot be a table. */
		if (i != 100)
			mem_fail_at(2, 0);
		r = requests_add(&table, pdu, 0, 5, &q);
		mem_fail_at(0, 0);
		assert_true(table.by_token == NULL || i >= 100);
		assert_true(table.by_token != NULL || i < 100);
		if (r < 0) {
			assert_int_equal(r, -COAP_E_NOMEM);
			assert_null(find(i));
			failed++;
		}
		coap_delete_pdu(pdu);
	}
	assert_true(failed > 0);
	assert_int_equal(table.count, 2000 - failed);
	for (i = 0; i < 2000; i++)
		failed -= find(i) == NULL;
	assert_int_equal(failed, 0);
}

/* The same bucket in any table without a secret: FNV-1a of both is equal. A
 * peer could choose thousands of such keys. */
static void
test_keys_cannot_be_made_to_collide(void **state)
{
	static const uint8_t one[] = { 0x28, 0xaa, 0x45, 0xcc };
	static const uint8_t two[] = { 0x70, 0x18, 0x9d, 0xf2 };
	unsigned h1, h2;

	(void)state;
	HASH_VALUE(one, sizeof(one), h1);
	HASH_VALUE(two, sizeof(two), h2);
	assert_int_not_equal(h1, h2);
}

static void
test_free_takes_null(void **state)
{
	(void)state;
	request_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_fills_the_request),
		TEST(test_tokens_of_any_length_are_keys),
		TEST(test_same_token_twice_exists),
		TEST(test_token_survives_a_change_of_the_pdu),
		TEST(test_find_pdu_wants_the_very_pdu),
		TEST(test_limit),
		TEST(test_list_is_in_order_of_sending),
		TEST(test_nothing_expires_when_nothing_has_a_deadline),
		TEST(test_each_expired_one_comes_once),
		TEST(test_next_is_due_while_expired_ones_are_left),
		TEST(test_a_deadline_can_move),
		TEST(test_moving_an_expired_one_hides_no_other),
		TEST(test_taking_the_first_recomputes_lazily),
		TEST(test_random_operations_agree_with_a_model),
		TEST(test_out_of_memory_leaves_all_as_it_was),
		TEST(test_a_table_that_cannot_grow_keeps_what_it_has),
		TEST(test_keys_cannot_be_made_to_collide),
		TEST(test_free_takes_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

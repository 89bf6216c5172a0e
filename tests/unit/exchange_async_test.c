/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that are answered later: copies, order, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "exchange/async.h"

static struct asyncs list;
static struct async_pool pool;
static size_t memory;

static int
setup(void **state)
{
	(void)state;
	memory = mem_outstanding();
	list = (struct asyncs){ 0 };
	pool = (struct async_pool){ 0 };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	while (list.list)
		async_remove(&list, list.list);
	assert_int_equal(list.count, 0);
	assert_int_equal(pool.entries, 0);
	assert_int_equal(pool.bytes, 0);
	assert_int_equal(mem_outstanding(), memory);
	return 0;
}

/* A request with a token of two bytes. */
static coap_pdu_t *
request(unsigned token)
{
	const uint8_t t[] = { (uint8_t)(token >> 8), (uint8_t)token };
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT,
	    (uint16_t)token, 1000);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 2, t));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
	    (const uint8_t *)"x"));
	return pdu;
}

static int
add(unsigned token, coap_tick_t due, coap_async_t **out)
{
	coap_pdu_t *pdu = request(token);
	int err = async_add(&list, &pool, pdu, due, out);

	coap_delete_pdu(pdu);
	return err;
}

static coap_async_t *
added(unsigned token, coap_tick_t due)
{
	coap_async_t *async = NULL;

	assert_int_equal(add(token, due, &async), 0);
	return async;
}

static coap_async_t *
find(unsigned token)
{
	const uint8_t t[] = { (uint8_t)(token >> 8), (uint8_t)token };

	return async_find(&list, (coap_bin_const_t){ 2, t });
}

static void
the_copy_is_the_request(void **state)
{
	coap_pdu_t *pdu = request(7);
	coap_async_t *async;
	coap_opt_iterator_t oi;
	const uint8_t *data;
	size_t len;

	(void)state;
	pdu->type = COAP_MESSAGE_NON;
	pdu->framing = FRAMING_WS;
	assert_true(coap_add_data(pdu, 4, (const uint8_t *)"body"));
	assert_int_equal(async_add(&list, &pool, pdu, 5, &async), 0);
	coap_delete_pdu(pdu);
	pdu = async->request;
	assert_int_equal(pdu->type, COAP_MESSAGE_NON);
	assert_int_equal(pdu->code, COAP_REQUEST_CODE_PUT);
	assert_int_equal(pdu->mid, 7);
	assert_int_equal(pdu->framing, FRAMING_WS);
	assert_memory_equal(pdu->token, "\0\7", 2);
	assert_non_null(coap_check_option(pdu, COAP_OPTION_URI_PATH, &oi));
	assert_true(coap_get_data(pdu, &len, &data));
	assert_int_equal(len, 4);
	assert_memory_equal(data, "body", 4);
	assert_true(pool.bytes > 0);
}

static void
a_body_in_parts_is_copied(void **state)
{
	uint8_t whole[3000] = { 1, 2, 3 };
	struct pdu_body body = { whole, sizeof whole, 0, sizeof whole };
	coap_pdu_t *pdu = request(7);
	coap_async_t *async;
	const uint8_t *data;
	size_t len, offset, total;

	(void)state;
	pdu->body = &body;
	assert_int_equal(async_add(&list, &pool, pdu, 5, &async), 0);
	coap_delete_pdu(pdu);
	memset(whole, 0, sizeof whole);
	assert_true(
	    coap_get_data_large(async->request, &len, &data, &offset, &total));
	assert_int_equal(len, sizeof whole);
	assert_int_equal(total, sizeof whole);
	assert_memory_equal(data, "\1\2\3", 3);
	assert_true(pool.bytes >= sizeof whole);
}

static void
a_part_with_more_to_come_is_refused(void **state)
{
	uint8_t part[16] = { 0 };
	struct pdu_body body = { part, sizeof part, 0, 0 };
	coap_pdu_t *pdu = request(7);
	coap_async_t *async;
	uint8_t more = 0x08;

	(void)state;
	assert_true(coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, &more));
	pdu->body = &body;
	assert_int_equal(async_add(&list, &pool, pdu, 5, &async),
	    -COAP_E_INVAL);
	coap_delete_pdu(pdu);
	pdu = request(7);
	more = 0x10;
	assert_true(coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, &more));
	pdu->body = &body;
	assert_int_equal(async_add(&list, &pool, pdu, 5, &async), 0);
	coap_delete_pdu(pdu);
}

static void
found_by_token(void **state)
{
	coap_async_t *a = added(1, TIMER_NEVER);
	coap_async_t *b = added(0x101, 5);
	coap_async_t *c;

	(void)state;
	assert_ptr_equal(find(1), a);
	assert_ptr_equal(find(0x101), b);
	assert_null(find(2));
	assert_null(async_find(&list, (coap_bin_const_t){ 0, NULL }));
	assert_int_equal(add(1, 9, &c), -COAP_E_EXISTS);
	async_remove(&list, a);
	assert_null(find(1));
	assert_int_equal(list.count, 1);
}

static void
an_empty_token_is_one(void **state)
{
	coap_pdu_t *pdu =
	    pdu_new(COAP_MESSAGE_NON, COAP_REQUEST_CODE_GET, 1, 100);
	coap_async_t *async;

	(void)state;
	added(1, 3);
	assert_int_equal(async_add(&list, &pool, pdu, 5, &async), 0);
	coap_delete_pdu(pdu);
	assert_ptr_equal(async_find(&list, (coap_bin_const_t){ 0, NULL }),
	    async);
}

static void
due_in_order(void **state)
{
	coap_async_t *a = added(1, TIMER_NEVER);
	coap_async_t *b = added(2, 20);
	coap_async_t *c = added(3, 10);

	(void)state;
	assert_int_equal(async_next(&list), 10);
	assert_null(async_begin(&list, 9));
	assert_ptr_equal(async_begin(&list, 10), c);
	assert_true(async_end(c, true));
	assert_int_equal(async_next(&list), 20);
	async_set_due(&list, a, 15);
	assert_int_equal(async_next(&list), 15);
	assert_ptr_equal(async_begin(&list, 30), a);
	assert_ptr_equal(async_begin(&list, 30), b);
	assert_null(async_begin(&list, 30));
	assert_int_equal(async_next(&list), TIMER_NEVER);
	assert_true(async_end(b, false));
	assert_true(async_end(a, false));
}

static void
set_anew_it_stays(void **state)
{
	coap_async_t *a = added(1, 10);

	(void)state;
	assert_ptr_equal(async_begin(&list, 10), a);
	async_set_due(&list, a, 40);
	assert_false(async_end(a, false));
	assert_int_equal(async_next(&list), 40);
	assert_ptr_equal(find(1), a);
	assert_ptr_equal(async_begin(&list, 40), a);
	async_set_due(&list, a, 50);
	assert_true(async_end(a, true));
}

static void
removed_in_its_call_it_lives_till_the_end(void **state)
{
	coap_async_t *a = added(1, 10);

	(void)state;
	assert_ptr_equal(async_begin(&list, 10), a);
	async_remove(&list, a);
	assert_null(find(1));
	assert_int_equal(a->request->mid, 1);
	/* Neither brings it back. */
	async_set_due(&list, a, 12);
	async_remove(&list, a);
	assert_int_equal(async_next(&list), TIMER_NEVER);
	assert_int_equal(list.count, 0);
	assert_false(async_end(a, false));
}

static void
limits(void **state)
{
	coap_async_t *async;
	size_t used;
	unsigned i;

	(void)state;
	for (i = 0; i < ASYNC_SESSION_MAX; i++)
		added(i, 5);
	assert_int_equal(add(i, 5, &async), -COAP_E_LIMIT);
	async_remove(&list, list.list);
	added(i, 5);
	async_remove(&list, list.list);
	pool.entries += ASYNC_CONTEXT_MAX - list.count;
	assert_int_equal(add(1000, 5, &async), -COAP_E_LIMIT);
	pool.entries -= ASYNC_CONTEXT_MAX - list.count;
	used = pool.bytes;
	pool.bytes = ASYNC_BYTES_MAX - 3;
	assert_int_equal(add(1000, 5, &async), -COAP_E_LIMIT);
	pool.bytes = ASYNC_BYTES_MAX - 4;
	added(1000, 5);
	pool.bytes = used + 4;
}

static void
out_of_memory(void **state)
{
	uint8_t whole[3000] = { 0 };
	struct pdu_body body = { whole, sizeof whole, 0, sizeof whole };
	coap_pdu_t *pdu = request(7);
	coap_async_t *async;
	size_t n = 0;
	int err;

	(void)state;
	assert_true(coap_add_data(pdu, 600, whole));
	pdu->body = &body;
	do {
		mem_fail_at(++n, 1);
		err = async_add(&list, &pool, pdu, 5, &async);
		mem_fail_at(0, 0);
		if (err < 0) {
			assert_int_equal(err, -COAP_E_NOMEM);
			assert_int_equal(pool.entries, 0);
			assert_int_equal(pool.bytes, 0);
		}
	} while (err < 0);
	assert_true(n > 3);
	coap_delete_pdu(pdu);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_copy_is_the_request),
		TEST(a_body_in_parts_is_copied),
		TEST(a_part_with_more_to_come_is_refused),
		TEST(found_by_token),
		TEST(an_empty_token_is_one),
		TEST(due_in_order),
		TEST(set_anew_it_stays),
		TEST(removed_in_its_call_it_lives_till_the_end),
		TEST(limits),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Entries of observers: keys, limits, whose turn it is, numbers, CON or NON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <utlist.h>

#include <coap3/coap.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/observers.h"
#include "exchange/resource.h"
#include "wire/pdu.h"

#define SECOND COAP_TICKS_PER_SECOND

static struct observer_pool pool;
static struct observer_peer *peer;
static coap_resource_t *resource;
static int somebody; /* a session, for all that is known here */

static int
up(void **state)
{
	*state = (void *)mem_outstanding();
	memset(&pool, 0, sizeof pool);
	resource = coap_resource_init(coap_make_str_const("x"), 0);
	peer = observer_peer_new(&pool, (coap_session_t *)&somebody);
	assert_non_null(resource);
	assert_non_null(peer);
	return 0;
}

static int
down(void **state)
{
	mem_fail_at(0, 0);
	observer_peer_free(peer);
	assert_int_equal(pool.n, 0);
	assert_int_equal(pool.bytes, 0);
	assert_int_equal(pool.n_owing, 0);
	assert_null(pool.owing);
	assert_null(resource->observers.list);
	resource_free(resource);
	assert_int_equal(mem_outstanding(), (size_t)*state);
	return 0;
}

static coap_pdu_t *
request(const char *token, const char *query, size_t body)
{
	coap_pdu_t *pdu =
	    pdu_new(COAP_MESSAGE_CON, COAP_REQUEST_CODE_FETCH, 7, body + 1000);
	uint8_t *data;

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, strlen(token), (const uint8_t *)token));
	if (query)
		coap_add_option(pdu, COAP_OPTION_URI_QUERY, strlen(query),
		    (const uint8_t *)query);
	if (body > 0) {
		data = coap_add_data_after(pdu, body);
		assert_non_null(data);
		memset(data, 'b', body);
	}
	return pdu;
}

static int
add_to(struct observer_peer *to, const char *token, const char *query,
    struct observer **o)
{
	coap_pdu_t *pdu = request(token, query, 0);
	int err = observer_add(to, resource, pdu, 0, o);

	coap_delete_pdu(pdu);
	return err;
}

static struct observer *
add(const char *token, const char *query)
{
	struct observer *o = NULL;

	assert_int_equal(add_to(peer, token, query, &o), 0);
	return o;
}

static struct observer *
find(const char *token)
{
	return observer_find(peer,
	    (coap_bin_const_t){ strlen(token), (const uint8_t *)token });
}

static void
found_by_token(void **state)
{
	struct observer_peer *other =
	    observer_peer_new(&pool, (coap_session_t *)&pool);
	struct observer *o, *a, *none;

	(void)state;
	a = add("a", NULL);
	none = add("", NULL);
	assert_ptr_equal(find("a"), a);
	assert_ptr_equal(find(""), none);
	assert_null(find("b"));
	assert_null(find("ab"));
	/* Another peer's may have the same token. */
	assert_int_equal(add_to(other, "a", NULL, &o), 0);
	assert_ptr_not_equal(o, a);
	assert_int_equal(resource->observers.n, 3);
	observer_remove(a);
	assert_null(find("a"));
	assert_int_equal(resource->observers.n, 2);
	observer_peer_free(other);
	assert_int_equal(resource->observers.n, 1);
	assert_null(observer_find(NULL, (coap_bin_const_t){ 0, NULL }));
}

/* RFC 7641 section 4.1: it is not added a second time. */
static void
same_token_replaces(void **state)
{
	struct observer *o = add("a", "one");
	coap_bin_const_t token = { 1, (const uint8_t *)"a" };
	uint64_t serial = o->serial;

	(void)state;
	observer_owe(o);
	o = add("a", "two");
	assert_int_equal(resource->observers.n, 1);
	assert_int_equal(peer->n, 1);
	assert_int_equal(pool.n, 1);
	assert_memory_equal(o->query->s, "two", 3);
	/* What was owed is owed still. */
	assert_true(o->owes);
	assert_ptr_equal(observer_turn(peer), o);
	assert_null(observer_find_serial(peer, token, serial));
	assert_ptr_equal(observer_find_serial(peer, token, o->serial), o);
}

/* Its body comes in the payload, or in blocks. */
static void
request_is_kept_whole(void **state)
{
	static const uint8_t whole[] = "the whole body";
	struct pdu_body body = { whole, sizeof whole, 0, sizeof whole };
	coap_pdu_t *pdu = request("t", "q", 0);
	coap_opt_iterator_t oi;
	const uint8_t *data;
	struct observer *o;
	size_t len;

	(void)state;
	coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, (const uint8_t *)"\020");
	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, (const uint8_t *)"\002");
	coap_add_data(pdu, 4, (const uint8_t *)"part");
	pdu->body = &body;
	assert_int_equal(observer_add(peer, resource, pdu, 0, &o), 0);
	coap_delete_pdu(pdu);
	assert_int_equal(coap_get_data(o->request, &len, &data), 1);
	assert_int_equal(len, sizeof whole);
	assert_memory_equal(data, whole, len);
	assert_null(o->request->body);
	assert_null(coap_check_option(o->request, COAP_OPTION_BLOCK1, &oi));
	assert_non_null(coap_check_option(o->request, COAP_OPTION_BLOCK2, &oi));
	assert_int_equal(o->request->code, COAP_REQUEST_CODE_FETCH);
}

static void
query_selects(void **state)
{
	uint8_t text[] = "one";
	coap_string_t one = { 3, text };
	coap_string_t no = { 2, text };
	coap_string_t empty = { 0, NULL };
	struct observer *a = add("a", "one");
	struct observer *b = add("b", NULL);

	(void)state;
	assert_int_equal(observers_owe(&resource->observers, &no), 0);
	assert_null(pool.owing);
	assert_int_equal(observers_owe(&resource->observers, &one), 1);
	assert_true(a->owes && !b->owes);
	assert_int_equal(observers_owe(&resource->observers, &empty), 1);
	assert_true(b->owes);
	assert_int_equal(pool.n_owing, 1);
	assert_int_equal(observers_owe(&resource->observers, NULL), 2);
	/* Who is owed one already keeps its place. */
	assert_ptr_equal(observer_turn(peer), a);
	observer_settle(a);
	assert_ptr_equal(observer_turn(peer), b);
	/* One that waits for an ACK has to wait. */
	observer_owe(a);
	b->con = request("b", NULL, 0);
	assert_ptr_equal(observer_turn(peer), a);
	observer_settle(a);
	assert_null(observer_turn(peer));
	observer_settle(b);
	assert_null(pool.owing);
}

static void
limits(void **state)
{
	struct observer_peer *other = NULL;
	struct observer *o = NULL;
	char token[16];
	coap_pdu_t *big;
	unsigned i;

	(void)state;
	big = request("big", NULL, OBSERVER_BYTES_MAX);
	assert_int_equal(observer_add(peer, resource, big, 0, &o),
	    -COAP_E_LIMIT);
	coap_delete_pdu(big);
	for (i = 0; i < OBSERVERS_OF_PEER_MAX; i++) {
		snprintf(token, sizeof token, "%u", i);
		assert_int_equal(add_to(peer, token, NULL, &o), 0);
	}
	assert_int_equal(add_to(peer, "more", NULL, &o), -COAP_E_LIMIT);
	/* In the place of another there is room. */
	assert_int_equal(add_to(peer, "7", NULL, &o), 0);
	observer_remove(o);
	assert_int_equal(add_to(peer, "more", NULL, &o), 0);

	other = observer_peer_new(&pool, NULL);
	pool.n += OBSERVERS_OF_CONTEXT_MAX - OBSERVERS_OF_PEER_MAX;
	assert_int_equal(add_to(other, "a", NULL, &o), -COAP_E_LIMIT);
	pool.n -= OBSERVERS_OF_CONTEXT_MAX - OBSERVERS_OF_PEER_MAX;
	observer_peer_free(other);
}

static void
limits_of_bytes(void **state)
{
	size_t body = OBSERVER_BYTES_MAX - 100;
	coap_pdu_t *pdu = NULL;
	struct observer *o = NULL;
	char token[16];
	unsigned n = 0;
	int err = 0;

	(void)state;
	while (err == 0) {
		snprintf(token, sizeof token, "%u", n);
		pdu = request(token, NULL, body);
		err = observer_add(peer, resource, pdu, 0, &o);
		coap_delete_pdu(pdu);
		n += err == 0;
	}
	assert_int_equal(err, -COAP_E_LIMIT);
	assert_int_equal(n, OBSERVERS_OF_PEER_BYTES / OBSERVER_BYTES_MAX);
	/* The same once more costs nothing. */
	pdu = request("1", NULL, body);
	assert_int_equal(observer_add(peer, resource, pdu, 0, &o), 0);
	coap_delete_pdu(pdu);
	assert_int_equal(peer->n, n);
}

/* RFC 7641 section 4.4: what an observer is told grows. */
static void
numbers_grow(void **state)
{
	struct observers *list = &resource->observers;
	struct observer *a = add("a", NULL);
	struct observer *b = add("b", NULL);
	uint32_t first = observers_number(list, NULL, 1);
	coap_tick_t now = 1;

	(void)state;
	a->number = b->number = first;
	a->numbered = b->numbered = true;
	/* One state, one number, for all that are told. */
	assert_int_equal(observers_number(list, a, ++now), first + 1);
	a->number = first + 1;
	assert_int_equal(observers_number(list, b, now), first + 1);
	b->number = first + 1;
	assert_int_equal(observers_number_at(list, a), 0);
	assert_int_equal(observers_number(list, a, now), first + 2);
	list->number = a->number = OBSERVE_NUMBER_MASK;
	assert_int_equal(observers_number(list, a, ++now), 0);
	a->number = 0;
	assert_int_equal(observers_number(list, a, ++now), 1);
}

/* So many a tick, then it is the next one's turn, but for those that were not
 * told the last number. */
static void
numbers_of_a_tick(void **state)
{
	struct observers *list = &resource->observers;
	struct observer *a = add("a", NULL);
	struct observer *b = add("b", NULL);
	uint32_t first = list->number;
	uint32_t last = first + OBSERVE_A_TICK;

	(void)state;
	a->number = b->number = first;
	a->numbered = b->numbered = true;
	while (observers_number_at(list, a) <= 5)
		a->number = observers_number(list, a, 5);
	assert_int_equal(a->number, last);
	assert_int_equal(observers_number_at(list, a), 6);
	assert_int_equal(observers_number(list, a, 5), last);
	assert_int_equal(observers_number_at(list, b), 0);
	assert_int_equal(observers_number(list, b, 5), last);
	assert_int_equal(observers_number(list, a, 6), last + 1);
	a->number = last + 1;
	assert_int_equal(observers_number_at(list, a), 0);
}

/* In 256 s no more than half of the range, whatever the program does. */
static void
numbers_last_for_256_seconds(void **state)
{
	struct observers *list = &resource->observers;
	struct observer *a = add("a", NULL);
	uint32_t first = list->number;
	coap_tick_t now;
	unsigned i;

	(void)state;
	a->numbered = true;
	for (now = 1; now <= 256 * SECOND; now++) {
		for (i = 0; i < 2 * OBSERVE_A_TICK; i++)
			a->number = observers_number(list, a, now);
	}
	assert_true(list->number - first < 1u << 23);
	assert_true(list->number != first);
}

static void
con_now_and_then(void **state)
{
	struct observer *a = add("a", NULL);
	coap_tick_t now = 0;
	char types[16] = "";
	int i;

	(void)state;
	/* The first measures a round trip. */
	assert_int_equal(observer_type(a, now), COAP_MESSAGE_CON);
	observer_rtt(peer, 20000);
	for (i = 0; i < 13; i++) {
		types[i] =
		    observer_type(a, now) == COAP_MESSAGE_CON ? 'c' : 'n';
		observer_sent(a, observer_type(a, now), now);
		now += 21;
	}
	assert_string_equal(types, "nnnnncnnnnncn");
	now += (coap_tick_t)24 * 3600 * SECOND;
	assert_int_equal(observer_type(a, now), COAP_MESSAGE_CON);

	coap_resource_set_mode(resource, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	assert_int_equal(observer_type(a, 0), COAP_MESSAGE_CON);
	coap_resource_set_mode(resource, COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS);
	peer->rtt_us = 0;
	assert_int_equal(observer_type(a, now), COAP_MESSAGE_NON);
}

/* RFC 7641 section 4.5: the latest state arrives at last. */
static void
non_is_confirmed(void **state)
{
	struct observer *a = add("a", NULL);
	struct observer *b = add("b", NULL);

	(void)state;
	observer_rtt(peer, 20000);
	assert_true(observer_confirm_at(peer) == UINT64_MAX);
	observer_sent(a, COAP_MESSAGE_NON, 100);
	observer_sent(b, COAP_MESSAGE_NON, 200);
	observer_sent(a, COAP_MESSAGE_NON, 300);
	assert_int_equal(observer_confirm_at(peer), 200 + OBSERVE_SURE_WAIT);
	observer_confirm(peer, 199 + OBSERVE_SURE_WAIT);
	assert_null(observer_turn(peer));
	observer_confirm(peer, 200 + OBSERVE_SURE_WAIT);
	assert_ptr_equal(observer_turn(peer), b);
	assert_int_equal(observer_type(b, 200), COAP_MESSAGE_CON);
	assert_int_equal(observer_type(a, 300), COAP_MESSAGE_NON);
	observer_settle(b);
	observer_sent(b, COAP_MESSAGE_CON, 201 + OBSERVE_SURE_WAIT);
	assert_int_equal(observer_type(b, 202 + OBSERVE_SURE_WAIT),
	    COAP_MESSAGE_NON);
	assert_int_equal(observer_confirm_at(peer), 300 + OBSERVE_SURE_WAIT);
	/* By a transport that loses nothing, or of an entry that goes. */
	observer_assure(a);
	assert_true(observer_confirm_at(peer) == UINT64_MAX);
	observer_sent(b, COAP_MESSAGE_NON, 400);
	observer_remove(b);
	assert_true(observer_confirm_at(peer) == UINT64_MAX);
	/* Nothing was told for so long: that may be long again. */
	assert_int_equal(observer_type(a, 300 + OBSERVE_SURE_WAIT),
	    COAP_MESSAGE_CON);
	coap_resource_set_mode(resource, COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS);
	assert_int_equal(observer_type(a, 300 + OBSERVE_SURE_WAIT),
	    COAP_MESSAGE_NON);
	observer_sent(a, COAP_MESSAGE_NON, 500);
	assert_true(observer_confirm_at(peer) == UINT64_MAX);
}

/* RFC 7641 section 4.5.1. */
static void
non_wait_a_round_trip(void **state)
{
	struct observer *a = add("a", NULL);

	(void)state;
	observer_sent(a, COAP_MESSAGE_NON, 100);
	assert_int_equal(peer->quiet_until, 100 + 3 * SECOND);
	observer_rtt(peer, 40000);
	observer_sent(a, COAP_MESSAGE_NON, 100);
	assert_int_equal(peer->quiet_until, 141);
	observer_sent(a, COAP_MESSAGE_CON, 100);
	assert_int_equal(peer->quiet_until, 100);
	observer_rtt(peer, 80000);
	assert_in_range(peer->rtt_us, 44900, 45100);
	/* No round trip is none, or longer than a counter. */
	peer->rtt_us = 0;
	observer_rtt(peer, 0);
	assert_int_equal(peer->rtt_us, 1);
	peer->rtt_us = 0;
	observer_rtt(peer, UINT64_MAX);
	observer_rtt(peer, UINT64_MAX);
	assert_true(peer->rtt_us >= UINT32_MAX / 8 - 8);
}

static void
without_memory_nothing_changes(void **state)
{
	struct observer *o = NULL, *old = add("a", "one");
	unsigned n;

	(void)state;
	for (n = 1; n < 100; n++) {
		coap_pdu_t *pdu = request("a", "two", 2000);
		int err;

		mem_fail_at(n, 1);
		err = observer_add(peer, resource, pdu, 0, &o);
		mem_fail_at(0, 0);
		coap_delete_pdu(pdu);
		if (err == 0)
			break;
		assert_int_equal(err, -COAP_E_NOMEM);
		assert_ptr_equal(find("a"), old);
		assert_int_equal(pool.n, 1);
	}
	assert_true(n > 2 && n < 100);
	assert_ptr_equal(find("a"), o);
}

/* Told by NON at last, in the order of that. */
static void
check_unsure(const struct observer_peer *one)
{
	const struct observer *o;
	coap_tick_t before = 0;
	unsigned n = 0;

	if (!one)
		return;
	DL_FOREACH2(one->unsure, o, unsure_next) {
		assert_ptr_equal(o->peer, one);
		assert_true(o->unsure && o->told_at >= before);
		before = o->told_at;
		n++;
	}
	DL_FOREACH(one->list, o)
		n -= o->unsure;
	assert_int_equal(n, 0);
}

/* Anything in any order; what is there is counted anew after each. */
static void
random_stories(void **state)
{
	struct observer_peer *peers[3] = { peer, NULL, NULL };
	struct observer *o;
	uint32_t seed = 1;
	unsigned i, k, n, owed;
	char token[2] = "a";

	(void)state;
	for (i = 0; i < 20000; i++) {
		seed = seed * 1664525 + 1013904223;
		k = seed >> 8 & 3;
		if (k == 3)
			k = 0;
		if (!peers[k])
			peers[k] = observer_peer_new(&pool, NULL);
		observer_rtt(peers[k], 20000);
		token[0] = (char)('a' + (seed >> 12) % 8);
		o = observer_find(peers[k],
		    (coap_bin_const_t){ 1, (const uint8_t *)token });
		switch (seed >> 20 & 7) {
		case 0:
		case 1:
			assert_int_equal(add_to(peers[k], token, "q", &o), 0);
			break;
		case 2:
			if (o)
				observer_remove(o);
			break;
		case 3:
			observers_owe(&resource->observers, NULL);
			break;
		case 4:
			if (o)
				observer_owe(o);
			break;
		case 5:
			o = observer_turn(peers[k]);
			if (!o)
				break;
			observer_settle(o);
			observer_sent(o, observer_type(o, i), i);
			break;
		case 6:
			observer_confirm(peers[k], i);
			break;
		default:
			if (k > 0 && (seed >> 24 & 7) == 0) {
				observer_peer_free(peers[k]);
				peers[k] = NULL;
			}
		}
		for (n = 0, owed = 0, k = 0; k < 3; k++) {
			n += peers[k] ? peers[k]->n : 0;
			owed += peers[k] && peers[k]->owed;
			check_unsure(peers[k]);
		}
		assert_int_equal(pool.n, n);
		assert_int_equal(resource->observers.n, n);
		assert_int_equal(pool.n_owing, owed);
	}
	observer_peer_free(peers[1]);
	observer_peer_free(peers[2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(found_by_token),
		TEST(same_token_replaces),
		TEST(request_is_kept_whole),
		TEST(query_selects),
		TEST(limits),
		TEST(limits_of_bytes),
		TEST(numbers_grow),
		TEST(numbers_of_a_tick),
		TEST(numbers_last_for_256_seconds),
		TEST(con_now_and_then),
		TEST(non_is_confirmed),
		TEST(non_wait_a_round_trip),
		TEST(without_memory_nothing_changes),
		TEST(random_stories),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

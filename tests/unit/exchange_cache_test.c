/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache keys: what they count; entries: time, places, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "exchange/cache.h"

#include "base/alloc.h"
#include "base/err.h"
#include "wire/pdu.h"

#define FETCH COAP_REQUEST_CODE_FETCH
#define GET   COAP_REQUEST_CODE_GET

static struct cache cache;
static struct timers timers;
static struct cache_scope scope;
static size_t memory;
static unsigned freed;

static int
setup(void **state)
{
	(void)state;
	memory = mem_outstanding();
	timers = (struct timers){ 0 };
	scope = (struct cache_scope){ 0 };
	freed = 0;
	cache_init(&cache, &timers);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	cache_free(&cache);
	assert_null(scope.list);
	assert_int_equal(cache.bytes, 0);
	assert_int_equal(timers_next(&timers), TIMER_NEVER);
	assert_int_equal(mem_outstanding(), memory);
	return 0;
}

/* --- keys ----------------------------------------------------------------- */

/* A request with options, "number=value" each, and a payload after a blank. */
static coap_pdu_t *
request(unsigned code, const char *text)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, code, 1, 5000);
	char value[80];
	unsigned number;
	int n;

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)"t"));
	while (sscanf(text, "%u=%79[^, ]%n", &number, value, &n) == 2) {
		assert_true(coap_add_option(pdu, (uint16_t)number,
		    strlen(value), (const uint8_t *)value));
		text += n;
		text += *text == ',';
	}
	if (*text == ' ')
		assert_true(coap_add_data(pdu, strlen(text + 1),
		    (const uint8_t *)text + 1));
	return pdu;
}

static coap_cache_key_t *
key(unsigned code, const char *text, uint64_t session, const uint16_t *ignored,
    size_t n)
{
	coap_pdu_t *pdu = request(code, text);
	coap_cache_key_t *k = cache_key_new(pdu, session, ignored, n);

	coap_delete_pdu(pdu);
	assert_non_null(k);
	return k;
}

static bool
equal(coap_cache_key_t *a, coap_cache_key_t *b)
{
	bool same = a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;

	cache_key_free(a);
	cache_key_free(b);
	return same;
}

static void
what_a_key_counts(void **state)
{
	static const struct {
		unsigned code_a;
		unsigned code_b;
		const char *a;
		const char *b;
		bool same;
	} rows[] = {
		{ GET, GET, "11=x", "11=x", true },
		{ GET, GET, "11=x", "11=y", false },
		{ GET, GET, "11=x", "11=x,15=q", false },
		{ GET, GET, "11=xy", "11=x,11=y", false },
		{ GET, GET, "11=x,15=y", "11=x,17=y", false },
		/* The method. */
		{ GET, FETCH, "11=x", "11=x", false },
		/* Observe (RFC 7641 section 2). */
		{ GET, GET, "6=0,11=x", "11=x", true },
		/* Size1, Size2 and Echo are NoCacheKey, Request-Tag is not
		 * (RFC 9175). */
		{ GET, GET, "11=x,28=1,60=2,252=e", "11=x", true },
		{ GET, GET, "11=x,292=a", "11=x,292=b", false },
		/* Blocks are, and Q-Block (RFC 9177). */
		{ GET, GET, "11=x,23=0", "11=x,23=1", false },
		{ GET, GET, "11=x,31=0", "11=x,31=1", false },
		/* A payload is for FETCH alone (RFC 8132 section 2). */
		{ GET, GET, "11=x one", "11=x two", true },
		{ FETCH, FETCH, "11=x one", "11=x two", false },
		{ FETCH, FETCH, "11=x one", "11=x one", true },
		{ FETCH, FETCH, "11=x one", "11=x", false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(equal(key(rows[i].code_a, rows[i].a, 0, NULL,
					   0),
				     key(rows[i].code_b, rows[i].b, 0, NULL,
					 0)),
		    rows[i].same);
}

static void
what_is_ignored(void **state)
{
	static const uint16_t blocks[] = { 23, 27 };

	(void)state;
	assert_true(equal(key(GET, "11=x,23=a,27=b", 0, blocks, 2),
	    key(GET, "11=x", 0, NULL, 0)));
	assert_false(equal(key(GET, "11=x,23=a,27=b", 0, blocks, 1),
	    key(GET, "11=x", 0, NULL, 0)));
}

static void
sessions_have_keys_of_their_own(void **state)
{
	(void)state;
	assert_false(
	    equal(key(GET, "11=x", 1, NULL, 0), key(GET, "11=x", 2, NULL, 0)));
	assert_false(
	    equal(key(GET, "11=x", 1, NULL, 0), key(GET, "11=x", 0, NULL, 0)));
	assert_true(
	    equal(key(GET, "11=x", 1, NULL, 0), key(GET, "11=x", 1, NULL, 0)));
}

/* A body that came in blocks is no payload of the message. */
static void
the_body_of_a_fetch_counts(void **state)
{
	uint8_t bytes[2000] = { 0 };
	struct pdu_body body = { bytes, sizeof bytes, 0, sizeof bytes };
	coap_pdu_t *pdu = request(FETCH, "11=x");
	coap_cache_key_t *a, *b;

	(void)state;
	pdu->body = &body;
	a = cache_key_new(pdu, 0, NULL, 0);
	bytes[1999] = 1;
	b = cache_key_new(pdu, 0, NULL, 0);
	assert_true(a->len > sizeof bytes);
	assert_false(equal(a, b));
	coap_delete_pdu(pdu);
}

static void
a_key_has_a_ceiling(void **state)
{
	static uint8_t bytes[CACHE_KEY_MAX];
	struct pdu_body body = { bytes, sizeof bytes, 0, sizeof bytes };
	coap_pdu_t *pdu = request(FETCH, "11=x");

	(void)state;
	pdu->body = &body;
	assert_null(cache_key_new(pdu, 0, NULL, 0));
	body.length -= 100;
	cache_key_free(cache_key_new(pdu, 0, NULL, 0));
	coap_delete_pdu(pdu);
}

static void
a_key_out_of_memory(void **state)
{
	coap_pdu_t *pdu = request(GET, "11=x");
	size_t n;

	(void)state;
	for (n = 1; n < 3; n++) {
		mem_fail_at(n, 1);
		assert_null(cache_key_new(pdu, 0, NULL, 0));
		mem_fail_at(0, 0);
	}
	cache_key_free(cache_key_new(pdu, 0, NULL, 0));
	coap_delete_pdu(pdu);
}

static void
the_list_of_ignored_ones_is_copied(void **state)
{
	uint16_t list[] = { 23, 27 };

	(void)state;
	assert_int_equal(cache_ignore(&cache, list, 2), 0);
	list[0] = 99;
	assert_int_equal(cache.n_ignored, 2);
	assert_int_equal(cache.ignored[0], 23);
	mem_fail_at(1, 0);
	assert_int_equal(cache_ignore(&cache, list, 1), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_int_equal(cache.ignored[0], 23);
	assert_int_equal(cache_ignore(&cache, NULL, 0), 0);
	assert_int_equal(cache.n_ignored, 0);
}

/* --- entries -------------------------------------------------------------- */

static coap_cache_entry_t *
add(struct cache_scope *in, const char *text, coap_tick_t idle, coap_tick_t now)
{
	coap_cache_entry_t *entry = NULL;

	assert_int_equal(cache_add(&cache, in, key(GET, text, 0, NULL, 0), NULL,
			     idle, now, &entry),
	    0);
	return entry;
}

static coap_cache_entry_t *
find(const char *text, coap_tick_t now)
{
	coap_cache_key_t *k = key(GET, text, 0, NULL, 0);
	coap_cache_entry_t *entry = cache_find(&cache, k, now);

	cache_key_free(k);
	return entry;
}

static void
on_free(void *data)
{
	assert_ptr_equal(data, &freed);
	freed++;
}

static void
watch(coap_cache_entry_t *entry)
{
	entry->data = &freed;
	entry->data_free = on_free;
}

static void
found_by_key(void **state)
{
	coap_cache_entry_t *a = add(NULL, "11=a", 0, 0);
	coap_cache_entry_t *b = add(NULL, "11=b", 0, 0);

	(void)state;
	assert_ptr_equal(find("11=a", 0), a);
	assert_ptr_equal(find("11=b", 0), b);
	assert_null(find("11=c", 0));
	watch(a);
	cache_remove(a);
	assert_int_equal(freed, 1);
	assert_null(find("11=a", 0));
	/* What was taken back is not freed. */
	a = add(NULL, "11=a", 0, 0);
	watch(a);
	a->data = NULL;
	cache_remove(a);
	assert_int_equal(freed, 1);
	watch(b);
	/* teardown */
	cache_free(&cache);
	assert_int_equal(freed, 2);
}

static void
a_new_one_takes_the_place(void **state)
{
	coap_cache_entry_t *b;

	(void)state;
	watch(add(&scope, "11=a", 10, 0));
	b = add(NULL, "11=a", 0, 0);
	assert_int_equal(freed, 1);
	assert_ptr_equal(find("11=a", 0), b);
	assert_int_equal(HASH_COUNT(cache.by_key), 1);
	assert_null(scope.list);
	assert_int_equal(timers_next(&timers), TIMER_NEVER);
}

static void
it_goes_when_it_is_idle(void **state)
{
	(void)state;
	watch(add(NULL, "11=a", 100, 1000));
	watch(add(NULL, "11=b", 0, 1000));
	assert_int_equal(timers_next(&timers), 1100);
	timers_run(&timers, 1099);
	assert_non_null(find("11=a", 1099));
	assert_int_equal(freed, 0);
	/* It was used, so the first time is too early. */
	timers_run(&timers, 1100);
	assert_int_equal(freed, 0);
	assert_int_equal(timers_next(&timers), 1199);
	timers_run(&timers, 1199);
	assert_int_equal(freed, 1);
	assert_null(find("11=a", 1199));
	/* Nothing is left to look at. */
	assert_int_equal(timers_next(&timers), TIMER_NEVER);
	assert_non_null(find("11=b", 99999));
	watch(add(NULL, "11=c", TIMER_NEVER - 1, 1000));
	assert_int_equal(timers_next(&timers), TIMER_NEVER);
}

static void
those_of_a_session_go_with_it(void **state)
{
	(void)state;
	watch(add(&scope, "11=a", 100, 0));
	watch(add(&scope, "11=b", 0, 0));
	watch(add(NULL, "11=c", 0, 0));
	cache_remove(find("11=a", 0));
	assert_int_equal(freed, 1);
	cache_scope_end(&scope);
	assert_int_equal(freed, 2);
	assert_non_null(find("11=c", 0));
}

static void
the_request_is_recorded(void **state)
{
	coap_pdu_t *pdu = request(GET, "11=x payload");
	coap_cache_entry_t *entry = NULL;
	const uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(cache_add(&cache, NULL, cache_key_new(pdu, 0, NULL, 0),
			     pdu, 0, 0, &entry),
	    0);
	assert_ptr_not_equal(entry->pdu, pdu);
	coap_delete_pdu(pdu);
	assert_true(coap_get_data(entry->pdu, &len, &data));
	assert_int_equal(len, 7);
	assert_memory_equal(data, "payload", 7);
}

/* Removes another entry, as a callback may. */
static void
free_b(void *data)
{
	(void)data;
	freed++;
	if (find("11=b", 0))
		cache_remove(find("11=b", 0));
}

static void
callbacks_may_remove_others(void **state)
{
	coap_cache_entry_t *a = add(&scope, "11=a", 0, 0);

	(void)state;
	watch(add(&scope, "11=b", 0, 0));
	a->data = &freed;
	a->data_free = free_b;
	cache_scope_end(&scope);
	assert_int_equal(freed, 2);

	a = add(NULL, "11=a", 0, 0);
	a->data = &freed;
	a->data_free = free_b;
	watch(add(NULL, "11=b", 0, 0));
	cache_free(&cache);
	assert_int_equal(freed, 4);

	/* The one whose place is taken removes the one that takes it. */
	a = add(&scope, "11=b", 5, 0);
	a->data = &freed;
	a->data_free = free_b;
	add(&scope, "11=b", 5, 0);
	assert_int_equal(freed, 5);
	assert_null(find("11=b", 0));
}

static void
limits(void **state)
{
	coap_cache_entry_t *entry;
	char text[16];
	unsigned i;

	(void)state;
	for (i = 0; i < CACHE_ENTRIES_MAX; i++) {
		sprintf(text, "11=%u", i);
		add(NULL, text, 0, 0);
	}
	assert_int_equal(cache_add(&cache, NULL, key(GET, "11=x", 0, NULL, 0),
			     NULL, 0, 0, &entry),
	    -COAP_E_LIMIT);
	/* In the place of another there is room. */
	add(NULL, "11=7", 0, 0);
	assert_int_equal(HASH_COUNT(cache.by_key), CACHE_ENTRIES_MAX);
}

static void
bytes_have_a_limit(void **state)
{
	static uint8_t bytes[1 << 20];
	struct pdu_body body = { bytes, sizeof bytes, 0, sizeof bytes };
	coap_pdu_t *pdu = request(GET, "11=x");
	coap_cache_entry_t *entry;
	unsigned i;
	int r = 0;

	(void)state;
	pdu->body = &body;
	for (i = 1; i < 100 && r == 0; i++)
		r = cache_add(&cache, NULL, cache_key_new(pdu, i, NULL, 0), pdu,
		    0, 0, &entry);
	assert_int_equal(r, -COAP_E_LIMIT);
	/* Each takes a little more than its megabyte. */
	assert_int_equal(i, 65);
	coap_delete_pdu(pdu);
}

static void
out_of_memory(void **state)
{
	coap_pdu_t *pdu = request(GET, "11=x payload");
	coap_cache_entry_t *entry;
	coap_cache_key_t *k;
	size_t n = 0;
	int r;

	(void)state;
	do {
		k = cache_key_new(pdu, 0, NULL, 0);
		mem_fail_at(++n, 1);
		r = cache_add(&cache, &scope, k, pdu, 9, 0, &entry);
		mem_fail_at(0, 0);
		if (r < 0) {
			assert_int_equal(r, -COAP_E_NOMEM);
			assert_null(scope.list);
			assert_int_equal(cache.bytes, 0);
			assert_int_equal(timers_next(&timers), TIMER_NEVER);
		}
	} while (r < 0);
	assert_true(n > 3);
	coap_delete_pdu(pdu);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_key_counts),
		TEST(what_is_ignored),
		TEST(sessions_have_keys_of_their_own),
		TEST(the_body_of_a_fetch_counts),
		TEST(a_key_has_a_ceiling),
		TEST(a_key_out_of_memory),
		TEST(the_list_of_ignored_ones_is_copied),
		TEST(found_by_key),
		TEST(a_new_one_takes_the_place),
		TEST(it_goes_when_it_is_idle),
		TEST(those_of_a_session_go_with_it),
		TEST(the_request_is_recorded),
		TEST(callbacks_may_remove_others),
		TEST(limits),
		TEST(bytes_have_a_limit),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a proxy keeps: what it is found by, how long, what ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/proxy_cache.h"

#include "base/alloc.h"
#include "wire/block.h"
#include "wire/pdu.h"

#define GET    COAP_REQUEST_CODE_GET
#define PUT    COAP_REQUEST_CODE_PUT
#define POST   COAP_REQUEST_CODE_POST
#define FETCH  COAP_REQUEST_CODE_FETCH
#define SECOND COAP_TICKS_PER_SECOND

static struct proxy_cache cache;
static struct resources resources;
static coap_uri_t device;
static struct proxy_scope scope;
static coap_tick_t now;
static size_t memory;

static int
setup(void **state)
{
	(void)state;
	memory = mem_outstanding();
	resources = (struct resources){ 0 };
	device = (coap_uri_t){
		.host = *coap_make_str_const("dev"),
		.port = 5683,
		.scheme = COAP_URI_SCHEME_COAP,
	};
	scope = (struct proxy_scope){
		.asked = &device,
		.hop = &device,
		.strip = true,
	};
	now = 1000;
	proxy_cache_init(&cache, 10, 100000);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	proxy_cache_clear(&cache);
	assert_null(cache.by_key);
	assert_null(cache.places);
	assert_int_equal(cache.bytes, 0);
	assert_int_equal(cache.n_private, 0);
	assert_int_equal(mem_outstanding(), memory);
	return 0;
}

/* --- messages ------------------------------------------------------------- */

/* With options, "number=value" each; numbers as text, so an empty one is 0. */
static coap_pdu_t *
message(unsigned code, const char *options, const char *payload)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, code, 1, 100000);
	char value[80];
	unsigned number;
	int n;

	assert_non_null(pdu);
	for (; *options; options += n + strspn(options + n, " ")) {
		assert_true(sscanf(options, "%u=%n", &number, &n) == 1);
		options += n;
		n = (int)strcspn(options, " ");
		snprintf(value, sizeof value, "%.*s", n, options);
		assert_true(coap_add_option(pdu, (uint16_t)number,
		    strlen(value), (const uint8_t *)value));
	}
	if (payload)
		assert_true(coap_add_data(pdu, strlen(payload),
		    (const uint8_t *)payload));
	return pdu;
}

/* max_age negative: no Max-Age. */
static coap_pdu_t *
content(int max_age, const char *options, const char *payload)
{
	coap_pdu_t *pdu = message(COAP_RESPONSE_CODE_CONTENT, options, NULL);

	if (max_age >= 0)
		assert_true(
		    block_add_uint(pdu, COAP_OPTION_MAXAGE, (uint64_t)max_age));
	assert_true(
	    coap_add_data(pdu, strlen(payload), (const uint8_t *)payload));
	return pdu;
}

static struct proxy_ask *
ask(coap_pdu_t *request)
{
	return proxy_ask_new(&cache, &resources, request, &scope, now);
}

static enum proxy_use
take(const struct proxy_ask *a, const coap_pdu_t *request, coap_pdu_t *answer)
{
	enum proxy_use use =
	    proxy_cache_take(&cache, &resources, a, request, answer);

	coap_delete_pdu(answer);
	return use;
}

/* A request and its answer, one after the other. */
static void
exchange(unsigned code, const char *options, coap_pdu_t *answer)
{
	coap_pdu_t *request = message(code, options, NULL);
	struct proxy_ask *a = ask(request);

	assert_non_null(a);
	assert_int_equal(take(a, request, answer), PROXY_USE_ANSWER);
	proxy_ask_free(a);
	coap_delete_pdu(request);
}

/* What a request with payload finds: its answer's payload, "stale" for what can
 * be validated, or "". */
static const char *
find_with(unsigned code, const char *options, const char *payload)
{
	static char text[100];
	coap_pdu_t *request = message(code, options, payload);
	struct proxy_ask *a = ask(request);
	struct proxy_entry *entry = a ? proxy_cache_find(&cache, a, now) : NULL;

	snprintf(text, sizeof text, "%s", a && a->stale ? "stale" : "");
	if (entry)
		snprintf(text, sizeof text, "%.*s",
		    (int)pdu_payload_len(entry->answer),
		    (const char *)entry->answer->data);
	proxy_ask_free(a);
	coap_delete_pdu(request);
	return text;
}

static const char *
find(const char *options)
{
	return find_with(GET, options, NULL);
}

/* --- what is found -------------------------------------------------------- */

static void
test_the_request_is_the_key(void **state)
{
	coap_uri_t other = device;

	(void)state;
	exchange(GET, "11=a 15=q 17=x", content(30, "", "one"));
	assert_string_equal(find("11=a 15=q 17=x"), "one");
	assert_string_equal(find("11=a 15=q"), "");
	assert_string_equal(find("11=a 15=r 17=x"), "");
	assert_string_equal(find("11=a 15=q 17=y"), "");
	assert_string_equal(find("11=b 15=q 17=x"), "");
	/* Elective, safe, and not known to us. */
	assert_string_equal(find("11=a 15=q 17=x 65000=1"), "");
	assert_string_equal(find_with(FETCH, "11=a 15=q 17=x", NULL), "");
	other.port = 5684;
	scope.asked = scope.hop = &other;
	assert_string_equal(find("11=a 15=q 17=x"), "");
	other = device;
	other.scheme = COAP_URI_SCHEME_COAP_TCP;
	assert_string_equal(find("11=a 15=q 17=x"), "");
	other = device;
	other.host = *coap_make_str_const("de2");
	assert_string_equal(find("11=a 15=q 17=x"), "");
	other = device;
	assert_string_equal(find("11=a 15=q 17=x"), "one");
}

static void
test_some_options_are_no_part_of_it(void **state)
{
	(void)state;
	exchange(GET, "11=a", content(30, "4=e", "one"));
	/* ETag, Hop-Limit, Size1, and an unknown one that is NoCacheKey. */
	assert_string_equal(find("4=e 11=a"), "one");
	assert_string_equal(find("11=a 16=9"), "one");
	assert_string_equal(find("11=a 60=9"), "one");
	assert_string_equal(find("11=a 65020=9"), "one");
	assert_string_equal(find("11=a 6="), "one");
}

static void
test_a_uri_is_the_same_in_options(void **state)
{
	coap_uri_t uri;

	(void)state;
	exchange(GET, "3=dev 11=a 15=q 39=coap", content(30, "", "one"));
	assert_int_equal(coap_split_proxy_uri((const uint8_t *)"coap://dev/a?q",
			     14, &uri),
	    0);
	scope.asked = &uri;
	assert_string_equal(find("35=coap://dev/a?q"), "one");
	exchange(PUT, "35=coap://dev/a?q",
	    message(COAP_RESPONSE_CODE_CHANGED, "", NULL));
	scope.asked = &device;
	assert_string_equal(find("3=dev 11=a 15=q 39=coap"), "");
}

static void
test_the_body_of_fetch_is_part_of_it(void **state)
{
	coap_pdu_t *request = message(FETCH, "11=a", "abc");
	struct pdu_body part = { (const uint8_t *)"abc", 3, 0, 6 };
	struct proxy_ask *a = ask(request);

	(void)state;
	take(a, request, content(30, "", "one"));
	proxy_ask_free(a);
	assert_string_equal(find_with(FETCH, "11=a", "abc"), "one");
	assert_string_equal(find_with(FETCH, "11=a", "abd"), "");
	assert_string_equal(find_with(FETCH, "11=a", NULL), "");
	/* Nor does what is no part of a GET choose what others get. */
	exchange(GET, "11=a", content(30, "", "two"));
	assert_string_equal(find_with(GET, "11=a", "abc"), "");
	/* A part is not the whole. */
	request->body = &part;
	assert_null(ask(request));
	coap_delete_pdu(request);
}

static void
test_clients_share_what_is_not_private(void **state)
{
	(void)state;
	scope.client = 7;
	exchange(GET, "11=a", content(30, "", "one"));
	assert_string_equal(find("11=a"), "one");
	assert_int_equal(cache.n_private, 1);
	scope.client = 8;
	assert_string_equal(find("11=a"), "");
	scope.client = 0;
	assert_string_equal(find("11=a"), "");
	exchange(GET, "11=a", content(30, "", "all"));
	proxy_cache_forget(&cache, 7);
	assert_int_equal(cache.n_private, 0);
	assert_string_equal(find("11=a"), "all");
	scope.client = 7;
	assert_string_equal(find("11=a"), "");
	/* Who changes it need not be who got it. */
	exchange(GET, "11=a", content(30, "", "one"));
	scope.client = 8;
	exchange(PUT, "11=a", message(COAP_RESPONSE_CODE_CHANGED, "", NULL));
	scope.client = 7;
	assert_string_equal(find("11=a"), "");
}

static void
test_other_credentials_get_other_answers(void **state)
{
	(void)state;
	exchange(GET, "11=a", content(30, "", "one"));
	scope.proof[0] = &device;
	assert_string_equal(find("11=a"), "");
	scope.proof[0] = NULL;
	scope.proof[1] = &device;
	assert_string_equal(find("11=a"), "");
}

static void
test_some_messages_are_for_two(void **state)
{
	coap_pdu_t *request;

	(void)state;
	exchange(GET, "11=a", content(30, "252=x", "echo"));
	assert_string_equal(find("11=a"), "");
	exchange(GET, "11=a", content(30, "9=x", "oscore"));
	assert_string_equal(find("11=a"), "");
	exchange(GET, "11=a", content(30, "", "one"));
	request = message(GET, "11=a 252=x", NULL);
	assert_null(ask(request));
	coap_delete_pdu(request);
	request = message(FETCH, "9=x 11=a", NULL);
	assert_null(ask(request));
	coap_delete_pdu(request);
	assert_string_equal(find("11=a"), "one");
}

/* --- what is kept --------------------------------------------------------- */

static void
test_only_content_is_kept(void **state)
{
	static const uint8_t codes[] = {
		COAP_RESPONSE_CODE_CREATED,
		COAP_RESPONSE_CODE_DELETED,
		COAP_RESPONSE_CODE_CHANGED,
		COAP_RESPONSE_CODE(229),
		COAP_RESPONSE_CODE_NOT_FOUND,
		COAP_RESPONSE_CODE_GATEWAY_TIMEOUT,
	};

	(void)state;
	for (size_t i = 0; i < sizeof codes; i++) {
		exchange(GET, "11=a", message(codes[i], "4=e", "x"));
		assert_string_equal(find("11=a"), "");
	}
	exchange(POST, "11=a", content(30, "4=e", "x"));
	assert_string_equal(find_with(POST, "11=a", NULL), "");
	assert_int_equal(cache.bytes, 0);
}

static void
test_an_error_ends_what_is_kept(void **state)
{
	(void)state;
	exchange(GET, "11=a", content(30, "", "one"));
	/* Not when it is of the server alone. */
	exchange(GET, "11=a",
	    message(COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE, "", NULL));
	assert_string_equal(find("11=a"), "one");
	exchange(GET, "11=a", message(COAP_RESPONSE_CODE_NOT_FOUND, "", NULL));
	assert_string_equal(find("11=a"), "");
}

static void
test_fresh_as_long_as_max_age(void **state)
{
	(void)state;
	exchange(GET, "11=a", content(30, "", "one"));
	now += 30 * SECOND - 1;
	assert_string_equal(find("11=a"), "one");
	now += 1;
	assert_string_equal(find("11=a"), "");
	/* Nothing is left that could not be used. */
	assert_int_equal(cache.bytes, 0);
	/* 60 s without the option; 0 is never fresh. */
	exchange(GET, "11=a", content(-1, "", "one"));
	now += 60 * SECOND - 1;
	assert_string_equal(find("11=a"), "one");
	now += 1;
	assert_string_equal(find("11=a"), "");
	exchange(GET, "11=a", content(0, "", "one"));
	assert_int_equal(cache.bytes, 0);
	exchange(GET, "11=a", content(0, "4=e", "one"));
	assert_string_equal(find("11=a"), "stale");
}

static int64_t
max_age(const char *options)
{
	coap_pdu_t *request = message(GET, options, NULL);
	coap_pdu_t *response = pdu_new(COAP_MESSAGE_ACK, 0, 1, 1000);
	struct proxy_ask *a = ask(request);
	struct proxy_entry *entry = proxy_cache_find(&cache, a, now);
	int64_t age;

	assert_non_null(entry);
	assert_true(proxy_entry_head(entry, &resources, false, now, response));
	assert_int_equal(response->code, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(pdu_option_uint(response, 12), 'f');
	assert_int_equal(pdu_option_uint(response, 65000), 'x');
	age = pdu_option_uint(response, COAP_OPTION_MAXAGE);
	proxy_ask_free(a);
	coap_delete_pdu(response);
	coap_delete_pdu(request);
	return age;
}

static void
test_max_age_is_what_is_left(void **state)
{
	coap_pdu_t *request = message(GET, "11=a", NULL);
	struct proxy_ask *a = ask(request);

	(void)state;
	/* On the way since it was asked for. */
	now += 10 * SECOND;
	take(a, request, content(40, "12=f 65000=x", "one"));
	proxy_ask_free(a);
	coap_delete_pdu(request);
	assert_int_equal(max_age("11=a"), 30);
	now += 1;
	assert_int_equal(max_age("11=a"), 29);
	now += 29 * SECOND + SECOND - 2;
	assert_int_equal(max_age("11=a"), 0);
	now += 1;
	assert_string_equal(find("11=a"), "");
	exchange(GET, "11=a", content(-1, "12=f 65000=x", "one"));
	assert_int_equal(max_age("11=a"), 60);
	exchange(GET, "11=a", content(0x7fffffff, "12=f 65000=x", "one"));
	now += 1000 * SECOND;
	assert_int_equal(max_age("11=a"), 0x7fffffff - 1000);
}

/* --- ceilings ------------------------------------------------------------- */

static void
test_the_longest_unused_makes_room(void **state)
{
	char path[] = "11=0";
	char old[] = "11=0";

	(void)state;
	for (; path[3] < '0' + 10; path[3]++)
		exchange(GET, path, content(30, "", path));
	assert_string_equal(find("11=0"), "11=0");
	exchange(GET, "11=a", content(30, "", "one"));
	assert_string_equal(find("11=0"), "11=0");
	assert_string_equal(find("11=1"), "");
	for (old[3] = '2'; old[3] < '0' + 10; old[3]++)
		assert_string_equal(find(old), old);
	assert_string_equal(find("11=a"), "one");
	proxy_cache_limit(&cache, 1, 100000);
	assert_string_equal(find("11=9"), "");
	assert_string_equal(find("11=a"), "one");
	proxy_cache_limit(&cache, 0, 100000);
	assert_int_equal(cache.bytes, 0);
	assert_string_equal(find("11=a"), "");
}

static void
test_bytes_have_a_ceiling(void **state)
{
	static char large[20001];
	coap_pdu_t *request = message(GET, "11=a", NULL);
	char path[] = "11=0";
	unsigned found = 0;

	(void)state;
	memset(large, 'x', 20000);
	for (; path[3] < '0' + 10; path[3]++) {
		exchange(GET, path, content(30, "", large));
		assert_true(cache.bytes <= 100000);
	}
	for (path[3] = '0'; path[3] < '0' + 10; path[3]++)
		found += find(path)[0] == 'x';
	assert_int_equal(found, 4);
	/* One is never more than a fourth. */
	proxy_cache_limit(&cache, 10, 70000);
	assert_true(cache.bytes <= 70000 && cache.bytes > 0);
	exchange(GET, "11=a", content(30, "", large));
	assert_string_equal(find("11=a"), "");
	proxy_cache_limit(&cache, 10, 0);
	assert_int_equal(cache.bytes, 0);
	/* Off means off. */
	assert_null(ask(request));
	coap_delete_pdu(request);
}

/* Who observes knows of changes all the same, and what he is told then is kept
 * by no key. */
static void
test_changes_are_known_where_nothing_is_kept(void **state)
{
	coap_pdu_t *request = message(GET, "6= 11=a", NULL);
	coap_pdu_t *told = content(30, "", "one");
	struct proxy_ask *a;

	(void)state;
	proxy_cache_limit(&cache, 0, 0);
	a = ask(request);
	assert_non_null(a);
	assert_false(proxy_cache_has_changed(&cache, a));
	exchange(PUT, "11=a 15=q",
	    message(COAP_RESPONSE_CODE_CHANGED, "", NULL));
	assert_true(proxy_cache_has_changed(&cache, a));
	proxy_cache_notified(&cache, &resources, a, told, now);
	assert_false(proxy_cache_has_changed(&cache, a));
	assert_int_equal(cache.bytes, 0);
	proxy_ask_free(a);
	coap_delete_pdu(request);
	/* An OSCORE message has no key. */
	proxy_cache_limit(&cache, 10, 100000);
	request = message(GET, "6= 9=o 11=a", NULL);
	a = ask(request);
	assert_non_null(a);
	assert_int_equal(a->key_len, 0);
	proxy_cache_notified(&cache, &resources, a, told, now);
	assert_int_equal(cache.bytes, 0);
	proxy_ask_free(a);
	coap_delete_pdu(request);
	coap_delete_pdu(told);
}

static void
test_a_long_key_is_none(void **state)
{
	static char body[PROXY_CACHE_KEY_MAX + 1];
	coap_pdu_t *request;

	(void)state;
	memset(body, 'x', sizeof body - 1);
	request = message(FETCH, "11=a", body);
	assert_null(ask(request));
	coap_delete_pdu(request);
	/* What is changed is found by its path. */
	exchange(GET, "11=a", content(30, "", "one"));
	request = message(PUT, "11=a", body);
	proxy_ask_free(ask(request));
	assert_string_equal(find("11=a"), "one");
	coap_delete_pdu(request);
}

/* --- what changes --------------------------------------------------------- */

static void
keep_three(void)
{
	exchange(GET, "11=a 15=q", content(30, "", "one"));
	exchange(FETCH, "11=a", content(30, "", "two"));
	exchange(GET, "11=a 17=x", content(30, "4=e", "three"));
	exchange(GET, "11=a 11=b", content(30, "", "other"));
}

static void
test_unsafe_methods_end_what_is_kept(void **state)
{
	static const uint8_t methods[] = { POST, PUT, COAP_REQUEST_CODE_DELETE,
		COAP_REQUEST_CODE_PATCH, COAP_REQUEST_CODE_IPATCH, 30 };

	(void)state;
	for (size_t i = 0; i < sizeof methods; i++) {
		keep_three();
		exchange(methods[i], "11=a",
		    message(methods[i] == COAP_REQUEST_CODE_DELETE
			    ? COAP_RESPONSE_CODE_DELETED
			    : COAP_RESPONSE_CODE_CHANGED,
			"", NULL));
		assert_string_equal(find("11=a 15=q"), "");
		assert_string_equal(find("11=a 17=x"), "");
		assert_string_equal(find_with(FETCH, "11=a", NULL), "");
		assert_string_equal(find("11=a 11=b"), "other");
	}
}

static void
test_what_is_refused_changes_nothing(void **state)
{
	coap_pdu_t *request = message(PUT, "11=a", NULL);
	struct proxy_ask *a = ask(request);

	(void)state;
	keep_three();
	exchange(PUT, "11=a",
	    message(COAP_RESPONSE_CODE_PRECONDITION_FAILED, "", NULL));
	assert_string_equal(find("11=a 15=q"), "one");
	exchange(PUT, "11=a",
	    message(COAP_RESPONSE_CODE_GATEWAY_TIMEOUT, "", NULL));
	assert_string_equal(find("11=a 15=q"), "");
	/* Nor is it known what was done without an answer. */
	keep_three();
	proxy_cache_unanswered(&cache, a);
	assert_string_equal(find("11=a 15=q"), "");
	proxy_ask_free(a);
	coap_delete_pdu(request);
	request = message(GET, "11=a 11=b", NULL);
	a = ask(request);
	proxy_cache_unanswered(&cache, a);
	assert_string_equal(find("11=a 11=b"), "other");
	proxy_ask_free(a);
	coap_delete_pdu(request);
}

static void
test_what_is_created_changes(void **state)
{
	(void)state;
	keep_three();
	exchange(GET, "11=c 11=d", content(30, "", "old"));
	exchange(POST, "11=c",
	    message(COAP_RESPONSE_CODE_CREATED, "8=c 8=d", NULL));
	assert_string_equal(find("11=c 11=d"), "");
	assert_string_equal(find("11=a 15=q"), "one");
	exchange(POST, "", message(COAP_RESPONSE_CODE_CREATED, "8=a", NULL));
	assert_string_equal(find("11=a 15=q"), "");
	assert_string_equal(find("11=a 11=b"), "other");
}

/* It may say what was before. */
static void
test_what_was_on_the_way_is_not_kept(void **state)
{
	coap_pdu_t *request = message(GET, "11=a", NULL);
	struct proxy_ask *a = ask(request);

	(void)state;
	exchange(PUT, "11=a", message(COAP_RESPONSE_CODE_CHANGED, "", NULL));
	take(a, request, content(30, "", "old"));
	assert_string_equal(find("11=a"), "");
	proxy_ask_free(a);
	a = ask(request);
	take(a, request, content(30, "", "new"));
	assert_string_equal(find("11=a"), "new");
	proxy_ask_free(a);
	coap_delete_pdu(request);
}

/* --- validation ----------------------------------------------------------- */

/* A request for /a that finds it stale, and what goes on with it. */
static struct proxy_ask *
ask_stale(coap_pdu_t *request)
{
	struct proxy_ask *a;

	exchange(GET, "11=a", content(30, "4=e 12=f 65000=x", "one"));
	now += 31 * SECOND;
	a = ask(request);
	assert_null(proxy_cache_find(&cache, a, now));
	assert_non_null(a->stale);
	return a;
}

static unsigned
count(const coap_pdu_t *pdu, unsigned number)
{
	coap_opt_iterator_t oi;
	unsigned n = 0;

	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	while (coap_option_next(&oi))
		n += oi.number == number;
	return n;
}

static void
test_what_is_stale_is_validated(void **state)
{
	coap_pdu_t *request = message(GET, "11=a", NULL);
	coap_pdu_t *on = message(GET, "4=other 11=a", NULL);
	coap_pdu_t *response = pdu_new(COAP_MESSAGE_ACK, 0, 1, 1000);
	struct proxy_ask *a = ask_stale(request);

	(void)state;
	assert_true(proxy_ask_validate(a, on));
	assert_int_equal(count(on, COAP_OPTION_ETAG), 2);
	/* The same twice says nothing. */
	assert_true(proxy_ask_validate(a, on));
	assert_int_equal(count(on, COAP_OPTION_ETAG), 2);
	assert_int_equal(take(a, request,
			     message(COAP_RESPONSE_CODE_VALID,
				 "4=e 14=\x14 65000=y 65000=z", NULL)),
	    PROXY_USE_STALE);
	assert_string_equal(find("11=a"), "one");
	/* Options that came took the place of those that were there. */
	assert_true(
	    proxy_entry_head(a->stale, &resources, false, now, response));
	assert_int_equal(pdu_option_uint(response, COAP_OPTION_MAXAGE), 20);
	assert_int_equal(pdu_option_uint(response, 12), 'f');
	assert_int_equal(pdu_option_uint(response, 65000), 'y');
	assert_int_equal(count(response, COAP_OPTION_ETAG), 1);
	assert_int_equal(count(response, COAP_OPTION_MAXAGE), 1);
	assert_int_equal(count(response, 65000), 2);
	now += 20 * SECOND - 1;
	assert_string_equal(find("11=a"), "one");
	now += 1;
	assert_string_equal(find("11=a"), "stale");
	proxy_ask_free(a);
	coap_delete_pdu(response);
	coap_delete_pdu(on);
	coap_delete_pdu(request);
}

static void
test_a_client_with_the_etag_gets_valid(void **state)
{
	coap_pdu_t *request = message(GET, "4=n 4=e 11=a", NULL);
	coap_pdu_t *response = pdu_new(COAP_MESSAGE_ACK, 0, 1, 1000);
	struct proxy_ask *a = ask(request);
	struct proxy_entry *entry;

	(void)state;
	exchange(GET, "11=a", content(30, "4=e 12=f", "one"));
	entry = proxy_cache_find(&cache, a, now);
	assert_true(proxy_entry_is_known(entry, request));
	assert_true(proxy_entry_head(entry, &resources, true, now, response));
	assert_int_equal(response->code, COAP_RESPONSE_CODE_VALID);
	assert_int_equal(pdu_option_uint(response, COAP_OPTION_ETAG), 'e');
	assert_int_equal(pdu_option_uint(response, COAP_OPTION_MAXAGE), 30);
	assert_int_equal(pdu_option_uint(response, 12), -1);
	coap_delete_pdu(request);
	request = message(GET, "4=n 11=a", NULL);
	assert_false(proxy_entry_is_known(entry, request));
	exchange(GET, "11=a", content(30, "", "without"));
	proxy_ask_free(a);
	a = ask(request);
	entry = proxy_cache_find(&cache, a, now);
	assert_false(proxy_entry_is_known(entry, request));
	proxy_ask_free(a);
	coap_delete_pdu(response);
	coap_delete_pdu(request);
}

static void
test_a_new_answer_replaces_the_stale(void **state)
{
	coap_pdu_t *request = message(GET, "11=a", NULL);
	struct proxy_ask *a = ask_stale(request);

	(void)state;
	assert_int_equal(take(a, request, content(30, "4=f", "two")),
	    PROXY_USE_ANSWER);
	assert_string_equal(find("11=a"), "two");
	proxy_ask_free(a);
	coap_delete_pdu(request);
}

/* The server means what the client has, or nobody. */
static void
test_other_confirmations(void **state)
{
	coap_pdu_t *own = message(GET, "4=own 11=a", NULL);
	coap_pdu_t *request = message(GET, "11=a", NULL);
	struct proxy_ask *a = ask_stale(own);

	(void)state;
	assert_int_equal(take(a, own,
			     message(COAP_RESPONSE_CODE_VALID, "4=own", NULL)),
	    PROXY_USE_ANSWER);
	/* Which of the two? */
	assert_int_equal(take(a, own,
			     message(COAP_RESPONSE_CODE_VALID, "", NULL)),
	    PROXY_USE_ANSWER);
	assert_string_equal(find("11=a"), "stale");
	proxy_ask_free(a);
	a = ask_stale(request);
	assert_int_equal(take(a, request,
			     message(COAP_RESPONSE_CODE_VALID, "", NULL)),
	    PROXY_USE_STALE);
	proxy_ask_free(a);
	a = ask_stale(request);
	assert_int_equal(take(a, request,
			     message(COAP_RESPONSE_CODE_VALID, "4=z", NULL)),
	    PROXY_USE_NONE);
	/* The next request goes without it. */
	assert_string_equal(find("11=a"), "");
	proxy_ask_free(a);
	/* Without anything of ours it is the client's affair. */
	a = ask(request);
	assert_int_equal(take(a, request,
			     message(COAP_RESPONSE_CODE_VALID, "4=z", NULL)),
	    PROXY_USE_ANSWER);
	proxy_ask_free(a);
	coap_delete_pdu(own);
	coap_delete_pdu(request);
}

/* It may have gone while the answer was on its way. */
static void
test_what_is_validated_may_be_gone(void **state)
{
	coap_pdu_t *request = message(GET, "11=a", NULL);
	struct proxy_ask *a = ask_stale(request);

	(void)state;
	exchange(PUT, "11=a", message(COAP_RESPONSE_CODE_CHANGED, "", NULL));
	assert_int_equal(take(a, request,
			     message(COAP_RESPONSE_CODE_VALID, "4=e", NULL)),
	    PROXY_USE_STALE);
	assert_memory_equal(a->stale->answer->data, "one", 3);
	assert_string_equal(find("11=a"), "");
	proxy_ask_free(a);
	coap_delete_pdu(request);
}

static void
test_notifications_are_answers(void **state)
{
	coap_pdu_t *request = message(GET, "6= 11=a", NULL);
	struct proxy_ask *a = ask(request);
	coap_pdu_t *answer = content(30, "6=1", "one");

	(void)state;
	exchange(PUT, "11=a", message(COAP_RESPONSE_CODE_CHANGED, "", NULL));
	now += 100 * SECOND;
	proxy_cache_notified(&cache, &resources, a, answer, now);
	coap_delete_pdu(answer);
	now += 29 * SECOND;
	assert_string_equal(find("11=a"), "one");
	assert_int_equal(pdu_option_uint(cache.list->head, COAP_OPTION_OBSERVE),
	    -1);
	answer = content(5, "4=e 6=2", "two");
	proxy_cache_notified(&cache, &resources, a, answer, now);
	coap_delete_pdu(answer);
	assert_string_equal(find("11=a"), "two");
	now += 6 * SECOND;
	answer = message(COAP_RESPONSE_CODE_VALID, "4=e 6=3", NULL);
	proxy_cache_notified(&cache, &resources, a, answer, now);
	coap_delete_pdu(answer);
	now += 59 * SECOND;
	assert_string_equal(find("11=a"), "two");
	answer = message(COAP_RESPONSE_CODE_NOT_FOUND, "", NULL);
	proxy_cache_notified(&cache, &resources, a, answer, now);
	coap_delete_pdu(answer);
	assert_string_equal(find("11=a"), "");
	proxy_ask_free(a);
	coap_delete_pdu(request);
}

/* --- memory --------------------------------------------------------------- */

/* Each allocation fails once: nothing is kept wrongly, and nothing is lost. */
static void
test_memory_may_run_out(void **state)
{
	coap_pdu_t *put = message(PUT, "11=a", NULL);
	coap_pdu_t *get = message(GET, "11=a", NULL);
	coap_pdu_t *answer;
	struct proxy_ask *a;
	size_t n;

	(void)state;
	for (n = 1; n < 30; n++) {
		answer = content(30, "4=e 12=f", "one");
		mem_fail_at(n, 0);
		a = ask(get);
		if (a)
			proxy_cache_take(&cache, &resources, a, get, answer);
		mem_fail_at(0, 0);
		proxy_ask_free(a);
		assert_true(find("11=a")[0] == 'o' || cache.bytes == 0);
		proxy_cache_clear(&cache);
		coap_delete_pdu(answer);
		/* What changes is never missed. */
		exchange(GET, "11=a", content(30, "4=e", "one"));
		answer = message(COAP_RESPONSE_CODE_CREATED, "8=a", NULL);
		mem_fail_at(n, 0);
		a = ask(put);
		if (a)
			proxy_cache_take(&cache, &resources, a, put, answer);
		mem_fail_at(0, 0);
		proxy_ask_free(a);
		assert_string_equal(find("11=a"), "");
		coap_delete_pdu(answer);
		/* Nor is a confirmation. */
		a = ask_stale(get);
		answer = message(COAP_RESPONSE_CODE_VALID, "4=e", NULL);
		mem_fail_at(n, 0);
		assert_int_equal(proxy_cache_take(&cache, &resources, a, get,
				     answer),
		    PROXY_USE_STALE);
		mem_fail_at(0, 0);
		assert_true(find("11=a")[0] == 'o' || cache.bytes == 0);
		proxy_ask_free(a);
		proxy_cache_clear(&cache);
		coap_delete_pdu(answer);
	}
	coap_delete_pdu(put);
	coap_delete_pdu(get);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_request_is_the_key),
		TEST(test_some_options_are_no_part_of_it),
		TEST(test_a_uri_is_the_same_in_options),
		TEST(test_the_body_of_fetch_is_part_of_it),
		TEST(test_clients_share_what_is_not_private),
		TEST(test_other_credentials_get_other_answers),
		TEST(test_some_messages_are_for_two),
		TEST(test_only_content_is_kept),
		TEST(test_an_error_ends_what_is_kept),
		TEST(test_fresh_as_long_as_max_age),
		TEST(test_max_age_is_what_is_left),
		TEST(test_the_longest_unused_makes_room),
		TEST(test_bytes_have_a_ceiling),
		TEST(test_changes_are_known_where_nothing_is_kept),
		TEST(test_a_long_key_is_none),
		TEST(test_unsafe_methods_end_what_is_kept),
		TEST(test_what_is_refused_changes_nothing),
		TEST(test_what_is_created_changes),
		TEST(test_what_was_on_the_way_is_not_kept),
		TEST(test_what_is_stale_is_validated),
		TEST(test_a_client_with_the_etag_gets_valid),
		TEST(test_a_new_answer_replaces_the_stale),
		TEST(test_other_confirmations),
		TEST(test_what_is_validated_may_be_gone),
		TEST(test_notifications_are_answers),
		TEST(test_memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

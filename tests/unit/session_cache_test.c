/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of a context: a handler keeps what it will need again. */
#include "session_support.h"

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP

#define ANY COAP_CACHE_NOT_SESSION_BASED
#define OWN COAP_CACHE_IS_SESSION_BASED

static struct {
	coap_cache_session_based_t based;
	unsigned idle;
	unsigned hits;
	unsigned freed;
	void (*then)(coap_session_t *session);
} s;

static void
on_free(void *data)
{
	assert_ptr_equal(data, &s);
	s.freed++;
}

static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_cache_entry_t *entry =
	    coap_cache_get_by_pdu(session, request, s.based);

	if (entry) {
		s.hits++;
		assert_ptr_equal(coap_cache_get_app_data(entry), &s);
		assert_int_equal(coap_pdu_get_code(coap_cache_get_pdu(entry)),
		    COAP_REQUEST_CODE_GET);
	} else {
		entry = coap_new_cache_entry(session, request,
		    COAP_CACHE_RECORD_PDU, s.based, s.idle);
		assert_non_null(entry);
		coap_cache_set_app_data(entry, &s, on_free);
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (s.then)
		s.then(session);
}

static int
up(void **state)
{
	world_up(state);
	memset(&s, 0, sizeof s);
	w.serve = serve;
	return 0;
}

static void
ask(coap_session_t *c, char token)
{
	const char line[] = { 'C', ' ', '2', '.', '0', '5', ' ', token, '\0' };

	world_send(c, CON, token);
	world_wait(line);
}

static void
one_for_all_sessions(void **state)
{
	(void)state;
	s.based = ANY;
	coap_session_t *a = world_connected(UDP);
	coap_session_t *b = world_connected(COAP_PROTO_TCP);

	ask(a, 'a');
	assert_int_equal(s.hits, 0);
	/* The token is no part of the key. */
	ask(a, 'b');
	ask(b, 'c');
	assert_int_equal(s.hits, 2);
	coap_session_release(a);
	coap_session_release(b);
	world_advance(1000000);
	assert_int_equal(w.deleted, 2);
	assert_int_equal(s.freed, 0);
	coap_free_context(w.server);
	w.server = NULL;
	assert_int_equal(s.freed, 1);
}

static void
one_for_each_session(void **state)
{
	(void)state;
	s.based = OWN;
	coap_session_t *a = world_connected(UDP);
	coap_session_t *b = world_connected(COAP_PROTO_TCP);

	ask(a, 'a');
	ask(b, 'b');
	assert_int_equal(s.hits, 0);
	ask(a, 'c');
	ask(b, 'd');
	assert_int_equal(s.hits, 2);
	coap_session_release(b);
	world_settle();
	assert_int_equal(s.freed, 1);
	ask(a, 'e');
	assert_int_equal(s.hits, 3);
	coap_session_release(a);
	world_advance(1000000);
	assert_int_equal(w.deleted, 2);
	assert_int_equal(s.freed, 2);
}

static void
it_goes_when_it_is_idle(void **state)
{
	(void)state;
	s.idle = 10;
	coap_session_t *c = world_connected(UDP);

	ask(c, 'a');
	world_advance(9999);
	ask(c, 'b');
	world_advance(9999);
	assert_int_equal(s.freed, 0);
	world_advance(1);
	assert_int_equal(s.freed, 1);
	ask(c, 'c');
	assert_int_equal(s.hits, 1);
	world_advance(1000000);
	assert_int_equal(s.freed, 2);
	coap_session_release(c);
}

static void
keys_of_ones_own(void **state)
{
	static const uint16_t blocks[] = { COAP_OPTION_BLOCK2 };
	coap_session_t *c = world_session(UDP);
	coap_pdu_t *plain = world_get(c, CON, 'a');
	coap_pdu_t *block = world_get(c, CON, 'b');
	coap_cache_entry_t *entry =
	    coap_new_cache_entry(c, plain, COAP_CACHE_NOT_RECORD_PDU, ANY, 0);
	coap_cache_key_t *key;

	(void)state;
	assert_true(coap_add_option(block, COAP_OPTION_BLOCK2, 1,
	    (const uint8_t *)"\x12"));
	assert_non_null(entry);
	assert_null(coap_cache_get_pdu(entry));
	assert_null(coap_cache_get_app_data(entry));
	assert_null(coap_cache_get_by_pdu(c, block, ANY));
	assert_null(coap_cache_get_by_pdu(c, plain, OWN));
	key = coap_cache_derive_key_w_ignore(c, block, ANY, blocks, 1);
	assert_ptr_equal(coap_cache_get_by_key(w.client, key), entry);
	assert_null(coap_cache_get_by_key(w.server, key));
	coap_delete_cache_key(key);

	assert_int_equal(coap_cache_ignore_options(w.client, blocks, 1), 1);
	assert_ptr_equal(coap_cache_get_by_pdu(c, block, ANY), entry);
	/* Its own list takes the place of the context's. */
	key = coap_cache_derive_key_w_ignore(c, block, ANY, NULL, 0);
	assert_null(coap_cache_get_by_key(w.client, key));
	coap_delete_cache_key(key);
	key = coap_cache_derive_key(c, block, ANY);
	assert_ptr_equal(coap_cache_get_by_key(w.client, key), entry);
	coap_delete_cache_key(key);
	coap_delete_cache_entry(w.client, entry);
	assert_null(coap_cache_get_by_pdu(c, plain, ANY));
	coap_delete_pdu(plain);
	coap_delete_pdu(block);
	coap_session_release(c);
}

static void
null_is_harmless(void **state)
{
	coap_session_t *c = world_session(UDP);
	coap_pdu_t *pdu = world_get(c, CON, 'a');

	(void)state;
	assert_null(coap_cache_derive_key(NULL, pdu, ANY));
	assert_null(coap_cache_derive_key(c, NULL, ANY));
	assert_null(coap_cache_derive_key_w_ignore(c, pdu, ANY, NULL, 1));
	assert_null(coap_cache_get_by_key(w.client, NULL));
	assert_null(coap_cache_get_by_key(NULL, NULL));
	assert_null(coap_cache_get_by_pdu(NULL, pdu, ANY));
	assert_null(coap_new_cache_entry(NULL, pdu, 0, ANY, 0));
	assert_null(coap_new_cache_entry(c, NULL, 0, ANY, 0));
	assert_int_equal(coap_cache_ignore_options(NULL, NULL, 0), 0);
	assert_int_equal(coap_cache_ignore_options(w.client, NULL, 1), 0);
	assert_null(coap_cache_get_pdu(NULL));
	assert_null(coap_cache_get_app_data(NULL));
	coap_cache_set_app_data(NULL, &s, on_free);
	coap_delete_cache_key(NULL);
	coap_delete_cache_entry(w.client, NULL);
	coap_delete_pdu(pdu);
	coap_session_release(c);
}

static void
free_context(coap_session_t *session)
{
	(void)session;
	coap_free_context(w.server);
	w.server = NULL;
}

static void
disconnect(coap_session_t *session)
{
	coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
}

static void
a_handler_may_free_anything(void **state)
{
	static void (*const all[])(
	    coap_session_t *) = { free_context, disconnect };
	size_t i;

	for (i = 0; i < 4; i++) {
		world_down(state);
		up(state);
		s.based = i % 2 ? OWN : ANY;
		s.idle = 10;
		s.then = all[i / 2];
		coap_session_t *c = world_connected(COAP_PROTO_TCP);

		world_send(c, CON, 'a');
		world_wait("S get a");
		world_advance(20000);
		assert_int_equal(s.freed, 1);
		coap_session_release(c);
		world_settle();
	}
}

static void
out_of_memory(void **state)
{
	coap_session_t *c = world_session(UDP);
	coap_pdu_t *pdu = world_get(c, CON, 'a');
	coap_cache_entry_t *entry;
	size_t n = 0;

	(void)state;
	do {
		mem_fail_at(++n, 1);
		entry =
		    coap_new_cache_entry(c, pdu, COAP_CACHE_RECORD_PDU, OWN, 5);
		mem_fail_at(0, 0);
	} while (!entry);
	assert_true(n > 4);
	mem_fail_at(1, 1);
	assert_null(coap_cache_get_by_pdu(c, pdu, OWN));
	mem_fail_at(0, 0);
	assert_ptr_equal(coap_cache_get_by_pdu(c, pdu, OWN), entry);
	coap_delete_pdu(pdu);
	coap_session_release(c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_for_all_sessions),
		TEST(one_for_each_session),
		TEST(it_goes_when_it_is_idle),
		TEST(keys_of_ones_own),
		TEST(null_is_harmless),
		TEST(a_handler_may_free_anything),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

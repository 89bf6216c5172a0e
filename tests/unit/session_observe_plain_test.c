/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's observations as libcoap has them: coap_send(), and the handlers of
 * the context. */
#include "observe_peer.h"

#include <coap3/coap_subscribe.h>

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP
#define GET COAP_REQUEST_CODE_GET

static const coap_proto_t protos[] = { UDP, TCP };

static void
plain_cancel(coap_session_t *s, const char *token, int expected)
{
	uint8_t bytes[8];
	coap_binary_t t = { strlen(token), bytes };

	memcpy(bytes, token, t.length);
	assert_int_equal(coap_cancel_observe(s, &t, CON), expected);
	world_settle();
}

static void
plain_observation(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		observe_peer_plain(s, 'a');
		observe_peer_notify(CON, 6, "one");
		observe_peer_notify(NON, 7, "two");
		world_expect('C', "C 2.05 a one\nC 2.05 a two\n");
		assert_int_equal(observe_peer_count(s), 1);
		world_advance(75000);
		world_expect('C', "C 2.05 a hello\n");
		plain_cancel(s, "b", 0);
		plain_cancel(s, "a", 1);
		world_expect('C', "C 2.05 a hello\n");
		assert_int_equal(peer.observe, 1);
		assert_int_equal(observe_peer_count(s), 0);
		plain_cancel(s, "a", 0);
		observe_peer_notify(CON, 8, "late");
		world_expect('C', "");
		assert_int_equal(world_count("S nack"), 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
plain_without_observe_is_a_request(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	peer.number = -1;
	observe_peer_plain(s, 'a');
	assert_int_equal(observe_peer_count(s), 0);
	peer.number = 5;
	/* With Observe 1 by hand. */
	observe_peer_plain(s, 'b');
	assert_int_equal(observe_peer_count(s), 1);
	assert_true(
	    coap_send(s, observe_peer_request(s, GET, CON, 'b', 1)) >= 0);
	world_wait("hello");
	assert_int_equal(observe_peer_count(s), 0);
	/* By 4.04 in a notification. */
	world_forget();
	observe_peer_plain(s, 'c');
	peer.code = COAP_RESPONSE_CODE_NOT_FOUND;
	observe_peer_notify(CON, 6, "gone");
	world_expect('C', "C 4.04 c gone\n");
	assert_int_equal(observe_peer_count(s), 0);
	coap_session_release(s);
}

static void
plain_verdict_ends_it(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_plain(s, 'a');
	w.verdict = COAP_RESPONSE_FAIL;
	observe_peer_notify(CON, 6, "no");
	world_wait("S nack rst a");
	assert_int_equal(observe_peer_count(s), 0);
	w.verdict = COAP_RESPONSE_OK;
	world_forget();
	observe_peer_notify(CON, 7, "no");
	world_expect('C', "");
	coap_session_release(s);
}

/* Where no Reset can be sent. */
static void
plain_verdict_on_a_stream(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	observe_peer_plain(s, 'a');
	w.verdict = COAP_RESPONSE_FAIL;
	observe_peer_notify(NON, 6, "no");
	assert_int_equal(peer.cancelled, 1);
	assert_int_equal(observe_peer_count(s), 0);
	coap_session_release(s);
	world_settle();
	assert_int_equal(peer.cancelled, 1);
}

/* libcoap leaves order to the application. */
static void
plain_ones_are_told_all(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_plain(s, 'a');
	observe_peer_notify(NON, 9, "new");
	observe_peer_notify(NON, 8, "old");
	world_expect('C', "C 2.05 a new\nC 2.05 a old\n");
	/* Once more by hand, with the same token. */
	observe_peer_plain(s, 'a');
	assert_int_equal(observe_peer_count(s), 1);
	coap_session_release(s);
	assert_int_equal(world_count("C nack"), 1);
}

static void
plain_blocks(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	observe_peer_plain(s, 'a');
	peer.body = 200;
	observe_peer_notify(CON, 6, "");
	world_expect('C', "C 2.05 a aaaaaaaaaaaaaaaa\n");
	coap_context_set_block_mode(w.client, COAP_BLOCK_USE_LIBCOAP);
	observe_peer_notify(CON, 7, "");
	world_expect('C',
	    "C 2.05 a aaaaaaaaaaaaaaaa\n"
	    "C 2.05 a bbbbbbbbbbbbbbbb\n"
	    "C 2.05 a cccccccccccccccc\n"
	    "C 2.05 a dddddddd\n");
	assert_int_equal(observe_peer_count(s), 1);
	coap_context_set_block_mode(w.client, 0);
	observe_peer_notify(CON, 8, "");
	world_expect('C', "C 2.05 a aaaaaaaaaaaaaaaa\n");
	assert_int_equal(observe_peer_count(s), 1);
	coap_session_release(s);
}

static void
plain_ends_with_one_nack(void **state)
{
	(void)state;
	for (const coap_proto_t *p = protos; p < protos + 2; p++) {
		coap_session_t *s = world_connected(*p);

		observe_peer_plain(s, 'a');
		coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
		assert_int_equal(world_count("C nack not-deliverable a"), 1);
		assert_int_equal(observe_peer_count(s), 0);
		coap_session_release(s);
		world_settle();
		assert_int_equal(world_count("C nack"), 1);
		world_forget();
	}
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, observe_peer_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plain_observation),
		TEST(plain_without_observe_is_a_request),
		TEST(plain_verdict_ends_it),
		TEST(plain_verdict_on_a_stream),
		TEST(plain_ones_are_told_all),
		TEST(plain_blocks),
		TEST(plain_ends_with_one_nack),
	};

	return cmocka_run_group_tests_name("session_observe_plain", tests, NULL,
	    NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A peer's Release (RFC 8323 section 5.5): the connection is finished in order.
 */
#include "session_support.h"

#include <unistd.h>

#include "session/traffic/release.h"

#define CON COAP_MESSAGE_CON
#define TCP COAP_PROTO_TCP

static const uint8_t csm[] = { 0x00, 0xe1 };
static const uint8_t release[] = { 0x00, 0xe4 };

/* --- a server -------------------------------------------------------------- */

static coap_async_t *deferred;

/* "a" is answered when the test says so, others at once. */
static void
serve_later(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);

	if (token.s[0] == 'a' && !coap_find_async(session, token)) {
		deferred = coap_register_async(session, request, 0);
		assert_non_null(deferred);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
}

/* A connection whose peer asks for /x with these tokens, and then releases. */
static int
ask_and_release(const char *tokens)
{
	static const uint8_t get[] = { 0x21, 0x01, 0, 0xb1, 'x' };
	uint8_t ask[sizeof get];
	int fd = world_raw_connect(&w.tcp_address);

	world_wait("S SERVER_SESSION_CONNECTED");
	memcpy(ask, get, sizeof get);
	for (; *tokens; tokens++) {
		ask[2] = (uint8_t)*tokens;
		world_raw_send(fd, NULL, ask, sizeof ask);
	}
	world_raw_send(fd, NULL, release, sizeof release);
	return fd;
}

/* What comes next, without the CSM. */
static void
expect_bytes(int fd, const void *bytes, size_t len)
{
	uint8_t data[256];
	size_t n = 0;

	while (n < len)
		n += world_raw_recv(fd, data + n, len - n, NULL);
	assert_memory_equal(data, bytes, len);
}

static void
skip_csm(int fd)
{
	uint8_t data[256];
	size_t n = world_raw_recv(fd, data, 1, NULL);

	assert_int_equal(n, 1);
	for (n = 0; n < (size_t)(data[0] >> 4) + 1;)
		n += world_raw_recv(fd, data + 1 + n,
		    (size_t)(data[0] >> 4) + 1 - n, NULL);
	assert_int_equal(data[1], 0xe1);
}

static void
a_request_is_answered_before_the_end(void **state)
{
	int fd;

	(void)state;
	w.serve = serve_later;
	fd = ask_and_release("ab");
	skip_csm(fd);
	expect_bytes(fd,
	    "\x01\x45"
	    "b",
	    3);
	world_settle();
	/* However long it takes. */
	world_advance(60000);
	assert_int_equal(world_count("S SESSION_CLOSED"), 0);
	/* What is asked now is not listened to. */
	world_raw_send(fd, NULL,
	    "\x21\x01"
	    "c\xb1x",
	    5);
	world_settle();
	assert_int_equal(w.requests, 2);
	coap_async_trigger(deferred);
	expect_bytes(fd,
	    "\x01\x45"
	    "a",
	    3);
	world_wait("S SESSION_CLOSED");
	assert_int_equal(world_raw_recv(fd, (uint8_t[1]){ 0 }, 1, NULL), 0);
	close(fd);
	world_wait("SERVER_SESSION_DEL");
	world_forget();
}

static void
an_answer_that_is_given_up_ends_the_wait(void **state)
{
	int fd;

	(void)state;
	w.serve = serve_later;
	fd = ask_and_release("a");
	WORLD_UNTIL(w.requests == 1);
	world_settle();
	assert_int_equal(world_count("S SESSION_CLOSED"), 0);
	coap_free_async(w.last, deferred);
	world_wait("S SESSION_CLOSED");
	close(fd);
	world_wait("SERVER_SESSION_DEL");
	world_forget();
}

static void
with_nothing_owed_it_ends_at_once(void **state)
{
	int fd;

	(void)state;
	w.serve = serve_later;
	fd = ask_and_release("b");
	skip_csm(fd);
	expect_bytes(fd,
	    "\x01\x45"
	    "b",
	    3);
	world_wait("S SESSION_CLOSED");
	/* No Release in return: the end is the answer. */
	assert_int_equal(world_raw_recv(fd, (uint8_t[1]){ 0 }, 1, NULL), 0);
	close(fd);
	world_wait("SERVER_SESSION_DEL");
	world_forget();
}

/* --- a client -------------------------------------------------------------- */

static int listening;
static coap_address_t listening_at;

/* A client whose request "a" the test has got, then the test's Release. */
static coap_session_t *
released_while_asking(int *peer)
{
	uint8_t data[64];
	coap_session_t *s;

	listening = world_raw(SOCK_STREAM, &listening_at);
	s = coap_new_client_session(w.client, NULL, &listening_at, TCP);
	assert_non_null(s);
	*peer = world_raw_accept(listening);
	world_raw_send(*peer, NULL, csm, sizeof csm);
	world_wait("C SESSION_CONNECTED");
	skip_csm(*peer);
	assert_true(world_send(s, CON, 'a') != COAP_INVALID_MID);
	assert_true(world_raw_recv(*peer, data, sizeof data, NULL) > 0);
	world_forget();
	world_raw_send(*peer, NULL, release, sizeof release);
	WORLD_UNTIL(release_is_pending(s));
	world_settle();
	world_expect('C', "");
	return s;
}

static void
client_end(coap_session_t *s, int peer)
{
	coap_session_release(s);
	close(peer);
	close(listening);
	world_settle();
	world_forget();
}

static void
an_answer_that_still_comes_is_taken(void **state)
{
	coap_session_t *s;
	int peer;

	(void)state;
	s = released_while_asking(&peer);
	world_raw_send(peer, NULL,
	    "\x01\x45"
	    "a",
	    3);
	world_wait("C SESSION_CLOSED");
	world_expect('C', "C 2.05 a \nC TCP_CLOSED\nC SESSION_CLOSED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_PEER_RELEASE);
	client_end(s, peer);
}

static void
an_answer_is_waited_for_a_short_time(void **state)
{
	coap_session_t *s;
	int peer;

	(void)state;
	s = released_while_asking(&peer);
	world_advance(RELEASE_WAIT_MS - 100);
	world_expect('C', "");
	world_advance(200);
	world_expect('C', "C nack rst a\nC TCP_CLOSED\nC SESSION_CLOSED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_PEER_RELEASE);
	client_end(s, peer);
}

static void
the_peer_may_close_first(void **state)
{
	coap_session_t *s;
	int peer;

	(void)state;
	s = released_while_asking(&peer);
	shutdown(peer, SHUT_WR);
	world_wait("C SESSION_CLOSED");
	world_expect('C', "C nack rst a\nC TCP_CLOSED\nC SESSION_CLOSED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_PEER_RELEASE);
	client_end(s, peer);
}

/* It ends with the connection, or goes on the next one. */
static void
what_is_asked_meanwhile_waits(void **state)
{
	uint8_t data[64];
	coap_session_t *s;
	unsigned again;
	int peer, second;

	(void)state;
	for (again = 0; again < 2; again++) {
		s = released_while_asking(&peer);
		assert_int_equal(coapx_session_set_reconnect(s, again, 0), 0);
		assert_true(world_send(s, CON, 'b') != COAP_INVALID_MID);
		world_settle();
		world_raw_send(peer, NULL,
		    "\x01\x45"
		    "a",
		    3);
		world_wait("C SESSION_CLOSED");
		assert_int_equal(world_count("C 2.05 a"), 1);
		assert_int_equal(world_count("C nack"), again ? 0 : 1);
		assert_int_equal(world_count("C nack rst b"), again ? 0 : 1);
		if (again) {
			world_advance(1000);
			second = world_raw_accept(listening);
			world_raw_send(second, NULL, csm, sizeof csm);
			skip_csm(second);
			assert_true(world_raw_recv(second, data, 64, NULL) > 0);
			assert_int_equal(data[2], 'b');
			close(second);
		}
		client_end(s, peer);
	}
}

/* Hold-Off 30, of a session that would dial after a second. */
static void
the_next_connection_is_held_off(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_session_t *s;
	int peer;

	(void)state;
	listening = world_raw(SOCK_STREAM, &listening_at);
	s = coap_new_client_session(w.client, NULL, &listening_at, TCP);
	assert_int_equal(coapx_session_set_reconnect(s, 1, 0), 0);
	peer = world_raw_accept(listening);
	world_raw_send(peer, NULL, "\x00\xe1\x20\xe4\x41\x1e", 6);
	world_wait("C SESSION_CLOSED");
	world_forget();
	world_advance(29000);
	world_expect('C', "");
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.reconnecting, 1);
	assert_int_equal(info.reconnect_in_ms, 1000);
	/* Nor do other settings shorten it; who wants it now gets it. */
	assert_int_equal(coapx_session_set_reconnect(s, 1, 0), 0);
	world_settle();
	world_expect('C', "");
	assert_int_equal(coapx_session_reconnect(s), 0);
	world_wait("C RECONNECT_STARTED");
	client_end(s, peer);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	static const struct CMUnitTest tests[] = {
		T(a_request_is_answered_before_the_end),
		T(an_answer_that_is_given_up_ends_the_wait),
		T(with_nothing_owed_it_ends_at_once),
		T(an_answer_that_still_comes_is_taken),
		T(an_answer_is_waited_for_a_short_time),
		T(the_peer_may_close_first),
		T(what_is_asked_meanwhile_waits),
		T(the_next_connection_is_held_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Peers of a server that connect and then do not go on: how many there may be,
 * and for how long. Over DTLS that is in session_dtls_test.c.
 */
#include "session_keys.h"
#include "session_ledger.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static coap_proto_t proto;

static void
hook(coap_session_t *session, const char *line)
{
	ledger_line(session, line);
}

/* The next protocol with streams and something above them. */
static bool
next_world(void **state)
{
	world_down(state);
	world_up(state);
	session_keys_up(false, KEYS_GOOD);
	ledger_begin();
	w.hook = hook;
	do
		proto = world_next_proto(proto);
	while (proto == COAP_PROTO_DTLS || proto == COAP_PROTO_TCP);
	return proto != COAP_PROTO_NONE;
}

#define EACH(state) for (proto = COAP_PROTO_UDP; next_world(state);)

/* A connection that says nothing. */
static int
silent(void)
{
	const coap_address_t *to = world_address(proto);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &to->addr.sa, to->size), 0);
	return fd;
}

/* After whatever it was told. */
static bool
is_ended(int fd)
{
	uint8_t data[256];
	ssize_t n;

	do
		n = recv(fd, data, sizeof data, MSG_DONTWAIT);
	while (n > 0);
	return n == 0 || errno != EAGAIN;
}

static void
let_others_in(void)
{
	unsigned before = world_count("C 2.05 z hello");
	coap_session_t *s = session_keys_session(proto);

	ledger_send(s, 'z');
	WORLD_UNTIL(world_count("C 2.05 z hello") > before);
	coap_session_release(s);
	world_settle();
}

static void
half_open_connections(void **state)
{
	int fd[5];
	int i;

	EACH(state)
	{
		coap_context_set_max_handshake_sessions(w.server, 3);
		for (i = 0; i < 3; i++)
			fd[i] = silent();
		WORLD_UNTIL(w.server->handshakes == 3);
		/* One more ends the one that is at it longest, */
		fd[3] = silent();
		WORLD_UNTIL(is_ended(fd[0]));
		assert_int_equal(w.server->handshakes, 3);
		assert_false(is_ended(fd[1]) || is_ended(fd[3]));
		assert_int_equal(world_count("S SESSION_FAILED"), 1);
		/* and so no number of them keeps others out. */
		let_others_in();
		assert_true(is_ended(fd[1]));
		assert_int_equal(w.server->handshakes, 2);
		close(fd[0]);
		/* Their time is over. */
		world_advance(29000);
		assert_int_equal(w.server->handshakes, 2);
		world_advance(2000);
		assert_int_equal(w.server->handshakes, 0);
		assert_true(is_ended(fd[2]) && is_ended(fd[3]));
		assert_int_equal(world_count("S SESSION_FAILED"), 4);
		let_others_in();
		for (i = 1; i < 4; i++)
			close(fd[i]);
		coap_free_context(w.server);
		w.server = NULL;
		coap_free_context(w.client);
		w.client = NULL;
		ledger_check(coapx_proto_name(proto));
	}
}

/* A byte now and then does not make the time longer. */
static void
slow_ones(void **state)
{
	static const uint8_t hello[] = { 0x16, 0x03, 0x01, 0x40, 0x00, 0x01,
		0x00, 0x3f, 0xfc, 0x03, 0x03 };
	static const char request[] = "GET /.well-known/coap HTTP/1.1\r\n"
				      "X-Slow: aaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	int fd, i;

	EACH(state)
	{
		fd = silent();
		WORLD_UNTIL(w.server->handshakes == 1);
		for (i = 0; i < 62 && w.server->handshakes == 1; i++) {
			if (proto == COAP_PROTO_WS)
				(void)send(fd, request + i, 1, MSG_NOSIGNAL);
			else if (i < (int)sizeof hello)
				(void)send(fd, hello + i, 1, MSG_NOSIGNAL);
			else
				(void)send(fd, "x", 1, MSG_NOSIGNAL);
			world_advance(500);
			assert_int_equal(w.deleted, w.server->handshakes == 0);
		}
		/* After 30 seconds, and not before. */
		assert_true(i >= 59 && i < 62);
		assert_int_equal(world_count("S SESSION_FAILED"), 1);
		close(fd);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(half_open_connections),
		T(slow_ones),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}

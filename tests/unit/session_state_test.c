/* SPDX-License-Identifier: BSD-2-Clause */
/* "SESSION_CONNECTED and SESSION_CLOSED or SESSION_FAILED on every protocol",
 * once each on every path; "after coap_session_disconnected(): state NONE,
 * queues empty, one close event, valid until released". */
#include "session_support.h"

#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static void
walk(coap_session_t *session, const char *line)
{
	static const char *const states[] = { "none", "connecting", "handshake",
		"csm", "established" };

	if (strncmp(line, "state", 5) != 0)
		world_write(session, "state %s",
		    states[coap_session_get_state(session)]);
}

static void
udp_client_walk(void **state)
{
	coap_session_t *s;

	(void)state;
	w.hook = walk;
	s = world_session(UDP);
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	world_expect(0, ""); /* not inside the constructor */
	world_settle();
	world_expect(0, "C SESSION_CONNECTED\nC state established\n");
	coap_session_release(s);
	world_expect(0, "C SESSION_CLOSED\nC state none\n");
}

/* Released before the loop ran: both are told all the same. */
static void
udp_client_released_at_once(void **state)
{
	(void)state;
	coap_session_release(world_session(UDP));
	world_expect(0, "C SESSION_CONNECTED\nC SESSION_CLOSED\n");
	world_settle();
	world_expect(0, "");
}

static void
udp_server_walk(void **state)
{
	coap_session_t *s = world_session(UDP);

	(void)state;
	w.hook = walk;
	world_send(s, CON, 'a');
	world_wait("2.05 a");
	world_expect('S',
	    "S SERVER_SESSION_NEW\nS state established\n"
	    "S SESSION_CONNECTED\nS state established\n"
	    "S SERVER_SESSION_CONNECTED\nS state established\n"
	    "S get a\nS state established\n");
	coap_session_release(s);
	world_forget();
	world_advance(299000);
	world_expect('S', "");
	world_advance(2000);
	world_expect('S',
	    "S SESSION_CLOSED\nS state none\n"
	    "S SERVER_SESSION_DEL\nS state none\n");
}

static void
tcp_walk(void **state)
{
	coap_session_t *s;

	(void)state;
	w.hook = walk;
	s = world_session(TCP);
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_CONNECTING);
	world_expect(0, "");
	WORLD_UNTIL(world_count("C SESSION_CONNECTED") &&
	    world_count("S SERVER_SESSION_CONNECTED"));
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	assert_int_equal(world_count("C"), 4);
	assert_int_equal(world_count("S"), 8);
	assert_non_null(strstr(w.log, "C TCP_CONNECTED\nC state csm\n"));
	assert_non_null(
	    strstr(w.log, "C SESSION_CONNECTED\nC state established\n"));
	assert_non_null(strstr(w.log,
	    "S SERVER_SESSION_NEW\nS state none\n"
	    "S TCP_CONNECTED\nS state csm\n"));
	world_forget();
	coap_session_release(s);
	world_wait("SERVER_SESSION_DEL");
	world_expect(0,
	    "C TCP_CLOSED\nC state none\nC SESSION_CLOSED\nC state none\n"
	    "S TCP_CLOSED\nS state none\nS SESSION_CLOSED\nS state none\n"
	    "S SERVER_SESSION_DEL\nS state none\n");
}

static void
refused(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_STREAM);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &nobody, TCP);
	char text[128];

	(void)state;
	assert_non_null(s);
	world_expect(0, "");
	world_wait("SESSION_FAILED");
	world_settle();
	world_expect(0, "C TCP_FAILED\nC SESSION_FAILED\n");
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	assert_int_equal(coapx_session_error(s, text, sizeof text),
	    -COAP_E_REFUSED);
	assert_non_null(strstr(text, "127.0.0.1"));
	assert_non_null(strstr(text, "connection refused"));
	coap_session_release(s);
	world_expect(0, "");
}

static void
connect_times_out(void **state)
{
	struct net_stuck stuck;
	coap_session_t *s;

	(void)state;
	net_stuck_open(&stuck);
	s = coap_new_client_session(w.client, NULL, &stuck.address, TCP);
	world_advance(29000);
	world_expect(0, "");
	world_advance(2000);
	world_expect(0, "C TCP_FAILED\nC SESSION_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TIMEOUT);
	coap_session_release(s);
	net_stuck_close(&stuck);
}

static void
released_while_connecting(void **state)
{
	struct net_stuck stuck;

	(void)state;
	net_stuck_open(&stuck);
	coap_session_release(
	    coap_new_client_session(w.client, NULL, &stuck.address, TCP));
	world_expect(0, "C TCP_FAILED\nC SESSION_FAILED\n");
	world_advance(60000);
	world_expect(0, "");
	net_stuck_close(&stuck);
}

/* The ways in which an established session ends: by the client. */

static void
end_disconnected(coap_session_t *s)
{
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	assert_null(coap_session_get_tls(s, NULL));
	assert_int_equal(world_send(s, CON, 'z'), COAP_INVALID_MID);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_CLOSED);
	coap_session_disconnected(s, COAP_NACK_RST);
	coapx_session_shutdown(s);
	assert_int_equal(coap_session_send_ping(s), COAP_INVALID_MID);
	/* Valid until released. */
	assert_non_null(strstr(coap_session_str(s), "127.0.0.1"));
	coap_session_release(s);
}

static void
end_shutdown(coap_session_t *s)
{
	coapx_session_shutdown(s);
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	coap_session_release(s);
}

static void
end_context(coap_session_t *s)
{
	(void)s;
	coap_free_context(w.client);
	w.client = NULL;
}

static void
one_pair_on_every_path(void **state)
{
	static void (*const ends[])(coap_session_t *) = {
		coap_session_release,
		end_disconnected,
		end_shutdown,
		end_context,
	};
	static const coap_proto_t protos[] = { UDP, TCP };
	unsigned i, j;

	for (i = 0; i < 8; i++) {
		bool tcp = i / 4 == 1;

		if (!w.client)
			world_up(state);
		ends[i % 4](world_connected(protos[i / 4]));
		for (j = 0; tcp && j < 2000 && w.deleted <= i % 4; j++)
			world_settle();
		/* The client's context may be gone, then all is "S". */
		assert_int_equal(world_count("C SESSION_CLOSED") +
			world_count("S SESSION_CLOSED"),
		    tcp ? 2 : 1);
		assert_int_equal(world_count("C TCP_CLOSED") +
			world_count("S TCP_CLOSED"),
		    tcp ? 2 : 0);
		assert_int_equal(world_count("S SERVER_SESSION_DEL"), tcp);
		assert_null(strstr(w.log, "FAILED"));
		assert_null(strstr(w.log, "SESSION_CONNECTED"));
		world_forget();
		if (!w.client)
			world_down(state);
	}
	world_up(state);
}

/* Release (7.04) and Abort (7.05) of the peer, garbage, and a plain end. */
static void
ended_by_the_peer(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		int err;
		const char *words; /* the end of what is said of it */
	} ends[] = {
		{ "\x00\xe4", 2, -COAP_E_PEER_RELEASE, "" },
		{ "\x00\xe5", 2, -COAP_E_PEER_ABORT, "sent Abort" },
		{ "\x50\xe5\xffto\x1b.", 7, -COAP_E_PEER_ABORT,
		    "the peer sent Abort: to?." },
		{ "\x0f\xff\xff\xff", 4, -COAP_E_FORMAT, "" },
		{ "", 0, -COAP_E_PEER_CLOSED, "" },
		{ "\x50\x45", 2, -COAP_E_PEER_CLOSED, "" }, /* half a message */
	};
	coap_address_t address;
	coap_session_t *s;
	const char *words;
	char said[256];
	unsigned i;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		s = coap_new_client_session(w.client, NULL, &address, TCP);
		peer = world_raw_accept(fd);
		world_raw_send(peer, NULL, "\x00\xe1", 2);
		world_wait("SESSION_CONNECTED");
		world_forget();
		if (ends[i].len)
			world_raw_send(peer, NULL, ends[i].bytes, ends[i].len);
		if (ends[i].err == -COAP_E_PEER_CLOSED)
			shutdown(peer, SHUT_WR);
		world_wait("SESSION_CLOSED");
		world_settle();
		world_expect(0, "C TCP_CLOSED\nC SESSION_CLOSED\n");
		assert_int_equal(coap_session_get_state(s),
		    COAP_SESSION_STATE_NONE);
		assert_int_equal(coapx_session_error(s, said, sizeof said),
		    ends[i].err);
		words = ends[i].words;
		assert_true(strlen(said) > strlen(words));
		assert_string_equal(said + strlen(said) - strlen(words), words);
		assert_int_equal(world_send(s, CON, 'z'), COAP_INVALID_MID);
		assert_int_equal(coapx_session_error(s, NULL, 0), ends[i].err);
		coap_session_release(s);
		world_expect(0, "");
		close(peer);
	}
	close(fd);
}

static void
no_csm_in_time_goes_on(void **state)
{
	coap_address_t address;
	coapx_session_info_t info = { .size = sizeof info };
	coap_session_t *s;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	s = coap_new_client_session(w.client, NULL, &address, TCP);
	peer = world_raw_accept(fd);
	world_wait("TCP_CONNECTED");
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_CSM);
	world_advance(900);
	world_expect(0, "C TCP_CONNECTED\n");
	world_advance(200);
	world_expect(0, "C SESSION_CONNECTED\n");
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.csm_received, 0);
	close(peer);
	coap_session_release(s);
	close(fd);
}

/* A message where the CSM should be. */
static void
something_else_before_the_csm(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	s = coap_new_client_session(w.client, NULL, &address, TCP);
	peer = world_raw_accept(fd);
	world_raw_send(peer, NULL, "\x00\x01", 2);
	world_wait("SESSION_FAILED");
	world_settle();
	world_expect(0, "C TCP_CONNECTED\nC TCP_CLOSED\nC SESSION_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_NO_CSM);
	coap_session_release(s);
	close(peer);
	close(fd);
}

/* --- the server's side ---------------------------------------------------- */

static const char *refuse_at;

static void
hook_refuse(coap_session_t *session, const char *line)
{
	if (coap_session_get_context(session) == w.server &&
	    strcmp(line, refuse_at) == 0)
		coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
}

/* A handler may turn a peer away in each of the events of its beginning. */
static void
server_turns_a_peer_away(void **state)
{
	static const struct {
		coap_proto_t proto;
		const char *at;
		const char *expected;
	} cases[] = {
		{ UDP, "SERVER_SESSION_NEW",
		    "S SERVER_SESSION_NEW\nS SESSION_FAILED\n"
		    "S SERVER_SESSION_DEL\n" },
		{ UDP, "SESSION_CONNECTED",
		    "S SERVER_SESSION_NEW\nS SESSION_CONNECTED\n"
		    "S SESSION_CLOSED\nS SERVER_SESSION_DEL\n" },
		{ UDP, "SERVER_SESSION_CONNECTED",
		    "S SERVER_SESSION_NEW\nS SESSION_CONNECTED\n"
		    "S SERVER_SESSION_CONNECTED\n"
		    "S SESSION_CLOSED\nS SERVER_SESSION_DEL\n" },
		{ UDP, "get a",
		    "S SERVER_SESSION_NEW\nS SESSION_CONNECTED\n"
		    "S SERVER_SESSION_CONNECTED\nS get a\n"
		    "S SESSION_CLOSED\nS SERVER_SESSION_DEL\n" },
		{ TCP, "SERVER_SESSION_NEW",
		    "S SERVER_SESSION_NEW\nS TCP_FAILED\nS SESSION_FAILED\n"
		    "S SERVER_SESSION_DEL\n" },
		{ TCP, "TCP_CONNECTED",
		    "S SERVER_SESSION_NEW\nS TCP_CONNECTED\nS TCP_CLOSED\n"
		    "S SESSION_FAILED\nS SERVER_SESSION_DEL\n" },
		{ TCP, "SESSION_CONNECTED",
		    "S SERVER_SESSION_NEW\nS TCP_CONNECTED\n"
		    "S SESSION_CONNECTED\nS TCP_CLOSED\nS SESSION_CLOSED\n"
		    "S SERVER_SESSION_DEL\n" },
		{ TCP, "get a",
		    "S SERVER_SESSION_NEW\nS TCP_CONNECTED\n"
		    "S SESSION_CONNECTED\nS SERVER_SESSION_CONNECTED\n"
		    "S get a\nS TCP_CLOSED\nS SESSION_CLOSED\n"
		    "S SERVER_SESSION_DEL\n" },
	};
	coap_session_t *s;
	unsigned i;

	(void)state;
	w.hook = hook_refuse;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		refuse_at = cases[i].at;
		s = world_session(cases[i].proto);
		world_send(s, CON, 'a');
		WORLD_UNTIL(w.deleted == i + 1);
		world_expect('S', cases[i].expected);
		assert_int_equal(w.server->n_idle, 0);
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* Nothing that came in the same read is delivered after the end. */
static void
nothing_after_the_end(void **state)
{
	int peer;

	(void)state;
	w.hook = hook_refuse;
	refuse_at = "get a";
	peer = world_raw_connect(&w.tcp_address);
	world_wait("SERVER_SESSION_CONNECTED");
	world_raw_send(peer, NULL,
	    "\x21\x01"
	    "a\xb1x"
	    "\x21\x01"
	    "b\xb1x",
	    10);
	world_wait("SERVER_SESSION_DEL");
	assert_int_equal(w.requests, 1);
	close(peer);
}

static void
endpoint_freed_with_sessions(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_session_t *u = world_connected(UDP);
	coap_session_t *held;

	(void)state;
	world_send(u, CON, 'a');
	world_wait("2.05 a");
	held = coap_session_reference(w.last);
	coap_session_disconnected(held, COAP_NACK_NOT_DELIVERABLE);
	world_forget();
	coap_free_endpoint(w.tcp);
	coap_free_endpoint(w.udp);
	world_expect('S',
	    "S TCP_CLOSED\nS SESSION_CLOSED\nS SERVER_SESSION_DEL\n"
	    "S SERVER_SESSION_DEL\n");
	w.tcp = w.udp = NULL;
	world_wait("SESSION_CLOSED");
	world_expect('C', "C TCP_CLOSED\nC SESSION_CLOSED\n");
	coap_session_release(s);
	coap_session_release(u);
}

/* A disconnected server session that is held is not in the way. */
static void
peer_comes_again(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_session_t *held;

	(void)state;
	world_send(s, CON, 'a');
	world_wait("2.05 a");
	held = coap_session_reference(w.last);
	coap_session_disconnected(held, COAP_NACK_NOT_DELIVERABLE);
	world_forget();
	world_send(s, CON, 'b');
	world_wait("2.05 b");
	world_expect('S',
	    "S SERVER_SESSION_NEW\nS SESSION_CONNECTED\n"
	    "S SERVER_SESSION_CONNECTED\nS get b\n");
	assert_ptr_not_equal(w.last, held);
	coap_session_release(held);
	world_settle();
	world_expect('S', "S SERVER_SESSION_DEL\n");
	coap_session_release(s);
}

static void
hook_release_last(coap_session_t *session, const char *line)
{
	if (strcmp(line, "TCP_CLOSED") == 0 &&
	    coap_session_get_context(session) == w.server && w.tcp) {
		coap_free_endpoint(w.tcp);
		w.tcp = NULL;
	}
}

/* DEL is the last one, also when the endpoint goes in a close event. */
static void
endpoint_freed_in_a_close_event(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	w.hook = hook_release_last;
	coap_session_release(s);
	world_wait("SERVER_SESSION_DEL");
	world_settle();
	world_expect('S',
	    "S TCP_CLOSED\nS SESSION_CLOSED\nS SERVER_SESSION_DEL\n");
}

static void
call_home(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_session_t *home = w.last;

	(void)state;
	assert_int_equal(coap_session_set_type_client(home), 1);
	assert_int_equal(coap_session_get_type(home), COAP_SESSION_TYPE_CLIENT);
	assert_int_equal(coap_session_set_type_client(home), 0);
	assert_int_equal(coapx_session_error(home, NULL, 0), -COAP_E_STATE);
	assert_int_equal(coap_session_set_type_client(s), 0);
	assert_int_equal(coap_session_set_type_client(NULL), 0);
	world_advance(1000000); /* no idle session any more */
	world_expect(0, "");
	assert_true(coapx_session_set_keepalive(home, 5) == 0);
	world_advance(10000); /* one an interval, from now on */
	WORLD_UNTIL(world_count("S pong") == 2);
	world_expect('S', "S pong\nS pong\n");
	world_send(home, CON, 'a'); /* the client's context has no such thing */
	world_wait("4.04 a");
	world_forget();
	coap_session_release(home);
	world_expect('S',
	    "S TCP_CLOSED\nS SESSION_CLOSED\nS SERVER_SESSION_DEL\n");
	coap_session_release(s);
}

static void
call_home_after_the_end(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_session_t *home = coap_session_reference(w.last);

	(void)state;
	coap_session_disconnected(home, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(coap_session_set_type_client(home), 1);
	coap_session_release(home);
	world_settle();
	assert_int_equal(w.deleted, 0);
	coap_session_release(home);
	assert_int_equal(w.deleted, 1);
	coap_session_release(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(udp_client_walk),
		T(udp_client_released_at_once),
		T(udp_server_walk),
		T(tcp_walk),
		T(refused),
		T(connect_times_out),
		T(released_while_connecting),
		T(one_pair_on_every_path),
		T(ended_by_the_peer),
		T(no_csm_in_time_goes_on),
		T(something_else_before_the_csm),
		T(server_turns_a_peer_away),
		T(nothing_after_the_end),
		T(endpoint_freed_with_sessions),
		T(peer_comes_again),
		T(endpoint_freed_in_a_close_event),
		T(call_home),
		T(call_home_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

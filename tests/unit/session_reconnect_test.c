/* SPDX-License-Identifier: BSD-2-Clause */
/* "Connects again: to the same name or address, from the same local address";
 * "what was sent ends with one nack, what was not waits, with its deadline";
 * "a success is told when something proves it". */
#include "session_outage.h"

#include <unistd.h>

#include "session/connect/reconnect.h"

#define CON     COAP_MESSAGE_CON
#define NON     COAP_MESSAGE_NON
#define UDP     COAP_PROTO_UDP
#define TCP     COAP_PROTO_TCP
#define RETRIES COAP_NACK_TOO_MANY_RETRIES

/* --- the way of a session ------------------------------------------------- */

static void
off_by_default(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	server_stop(TCP);
	world_wait("C SESSION_CLOSED");
	world_advance(1000000);
	world_expect('C', "C TCP_CLOSED\nC SESSION_CLOSED\n");
	assert_int_equal(world_send(s, CON, 'a'), COAP_INVALID_MID);
	coap_session_release(s);
}

static void
a_stream_comes_back(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	coap_context_set_session_reconnect_time(w.client, 5);
	server_stop(TCP);
	world_wait("RECONNECT_FAILED");
	world_expect('C',
	    "C TCP_CLOSED\nC SESSION_CLOSED\n"
	    "C RECONNECT_FAILED\n");
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	world_advance(4900);
	world_expect('C', "");
	world_advance(200);
	world_wait("RECONNECT_FAILED");
	world_expect('C',
	    "C RECONNECT_STARTED\nC TCP_FAILED\n"
	    "C RECONNECT_FAILED\n");
	server_start(TCP);
	world_advance(5000);
	world_wait("RECONNECT_SUCCESS");
	world_expect('C',
	    "C RECONNECT_STARTED\nC TCP_CONNECTED\n"
	    "C SESSION_CONNECTED\nC RECONNECT_SUCCESS\n");
	world_send(s, CON, 'a');
	world_wait("C 2.05 a");
	world_forget();
	coap_session_release(s);
	world_expect('C', "C TCP_CLOSED\nC SESSION_CLOSED\n");
	world_advance(100000);
	world_expect('C', "");
}

static void
every_protocol_comes_back(void **state)
{
	coap_proto_t p = world_next_proto(COAP_PROTO_NONE);
	coap_session_t *s;

	(void)state;
	for (; p != COAP_PROTO_NONE; p = world_next_proto(p)) {
		s = world_connected(p);
		assert_int_equal(coapx_session_set_reconnect(s, 5, 0), 0);
		server_stop(p);
		if (p == UDP)
			coap_session_disconnected(s, RETRIES);
		world_wait("RECONNECT_FAILED");
		assert_int_equal(coap_session_get_state(s),
		    COAP_SESSION_STATE_NONE);
		assert_int_equal(world_count("C SESSION_CLOSED"), 1);
		world_forget();
		assert_true(world_send(s, CON, 'a') >= 0);
		world_advance(5000);
		world_wait("RECONNECT_FAILED");
		assert_int_equal(world_count("C nack"), 0);
		assert_int_equal(world_count("C SESSION_"), 0);
		world_forget();
		server_start(p);
		world_advance(5000);
		world_wait("C 2.05 a");
		assert_int_equal(world_count("C SESSION_CONNECTED"), 1);
		assert_int_equal(world_count("C RECONNECT_SUCCESS"), 1);
		coap_session_release(s);
		assert_int_equal(world_count("C SESSION_CLOSED"), 1);
		world_settle();
		world_forget();
	}
}

/* Also one that never was: SESSION_FAILED comes once, when it is given up. */
static void
retries_are_counted(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_STREAM);
	coap_session_t *s;

	(void)state;
	coap_context_set_session_reconnect_time2(w.client, 5, 2);
	s = coap_new_client_session(w.client, NULL, &nobody, TCP);
	world_wait("RECONNECT_FAILED");
	world_advance(5000);
	world_wait("RECONNECT_FAILED");
	world_advance(5000);
	world_wait("RECONNECT_NO_MORE");
	world_advance(100000);
	world_expect('C',
	    "C TCP_FAILED\nC RECONNECT_FAILED\n"
	    "C RECONNECT_STARTED\nC TCP_FAILED\nC RECONNECT_FAILED\n"
	    "C RECONNECT_STARTED\nC TCP_FAILED\nC SESSION_FAILED\n"
	    "C RECONNECT_FAILED\nC RECONNECT_NO_MORE\n");
	assert_int_equal(world_send(s, CON, 'a'), COAP_INVALID_MID);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	coap_session_release(s);
	world_expect('C', "");
}

/* A success counts them from the beginning. */
static void
retries_begin_anew(void **state)
{
	coap_session_t *s = world_connected(TCP);
	int i;

	(void)state;
	assert_int_equal(coapx_session_set_reconnect(s, 5, 1), 0);
	for (i = 0; i < 3; i++) {
		coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
		world_advance(5000);
		world_wait("RECONNECT_SUCCESS");
		assert_int_equal(world_count("C RECONNECT_NO_MORE"), 0);
		world_forget();
	}
	coap_session_release(s);
}

static void
datagrams_come_back(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, RETRIES);
	world_expect('C', "C SESSION_CLOSED\nC RECONNECT_FAILED\n");
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	world_advance(5000);
	world_wait("RECONNECT_SUCCESS");
	world_expect('C',
	    "C RECONNECT_STARTED\nC SESSION_CONNECTED\n"
	    "C RECONNECT_SUCCESS\nC pong\n");
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	world_send(s, CON, 'a');
	world_wait("C 2.05 a");
	coap_session_release(s);
}

/* Nobody listens: the ICMP error of the question ends the attempt. */
static void
datagrams_refused(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	server_stop(UDP);
	coap_session_disconnected(s, RETRIES);
	world_forget();
	world_advance(5000);
	world_wait("RECONNECT_FAILED");
	world_expect('C', "C RECONNECT_STARTED\nC RECONNECT_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	world_send(s, CON, 'a');
	server_start(UDP);
	world_advance(5000);
	world_wait("C 2.05 a");
	world_expect('C',
	    "C RECONNECT_STARTED\nC SESSION_CONNECTED\n"
	    "C RECONNECT_SUCCESS\nC pong\nC 2.05 a hello\n");
	coap_session_release(s);
}

/* The peer is silent: no success, no message is sent to nobody, and after 30 s
 * the attempt has failed. */
static void
datagrams_need_a_proof(void **state)
{
	coap_address_t peer, from;
	int fd = world_raw(SOCK_DGRAM, &peer);
	coap_session_t *s = coap_new_client_session(w.client, NULL, &peer, UDP);
	uint8_t data[64];

	(void)state;
	world_settle();
	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, RETRIES);
	world_forget();
	world_send(s, CON, 'a');
	world_advance(5000);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, &from), 4);
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_CONNECTING);
	world_advance(29000);
	world_expect('C', "C RECONNECT_STARTED\n");
	world_advance(1100);
	world_expect('C', "C RECONNECT_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TIMEOUT);
	world_advance(5000);
	while (recv(fd, data, sizeof data, MSG_DONTWAIT) > 0)
		assert_int_equal(data[1], 0); /* nothing but pings */
	world_expect('C', "C RECONNECT_STARTED\n");
	coap_session_release(s);
	world_expect('C', "C nack not-deliverable a\nC RECONNECT_NO_MORE\n");
	close(fd);
}

/* Whatever comes from the peer is a proof, be it no answer to the question. */
static void
anything_heard_is_a_proof(void **state)
{
	coap_address_t peer, from;
	int fd = world_raw(SOCK_DGRAM, &peer);
	coap_session_t *s = coap_new_client_session(w.client, NULL, &peer, UDP);
	uint8_t data[64];

	(void)state;
	world_settle();
	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, RETRIES);
	world_advance(5000);
	world_raw_recv(fd, data, sizeof data, &from);
	world_forget();
	world_raw_send(fd, &from, "garbage", 7);
	world_wait("RECONNECT_SUCCESS");
	world_expect('C',
	    "C SESSION_CONNECTED\nC RECONNECT_SUCCESS\n"
	    "C BAD_PACKET\n");
	coap_session_release(s);
	close(fd);
}

/* A kernel that accepts is not yet a peer that speaks. */
static void
a_stream_without_a_word(void **state)
{
	coap_address_t address;
	int fd = world_raw(SOCK_STREAM, &address);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &address, TCP);
	int first = world_raw_accept(fd);
	int second;

	(void)state;
	world_raw_send(first, NULL, "\x00\xe1", 2);
	world_wait("SESSION_CONNECTED");
	coapx_session_set_reconnect(s, 5, 0);
	close(first);
	world_wait("RECONNECT_FAILED");
	world_forget();
	world_advance(5000);
	second = world_raw_accept(fd);
	world_wait("TCP_CONNECTED");
	world_advance(1100); /* no CSM */
	world_expect('C',
	    "C RECONNECT_STARTED\nC TCP_CONNECTED\n"
	    "C SESSION_CONNECTED\n");
	world_raw_send(second, NULL, "\x00\xe1", 2);
	world_wait("RECONNECT_SUCCESS");
	world_expect('C', "C RECONNECT_SUCCESS\n");
	coap_session_release(s);
	close(second);
	close(fd);
}

/* "Three pings without an answer: the session is disconnected, so that this
 * can act." */
static void
after_keepalive(void **state)
{
	coap_address_t peer;
	int fd = world_raw(SOCK_DGRAM, &peer);
	coap_session_t *s = coap_new_client_session(w.client, NULL, &peer, UDP);

	(void)state;
	world_settle();
	world_forget();
	coapx_session_set_keepalive(s, 10);
	coapx_session_set_reconnect(s, 5, 1);
	world_advance(39000);
	world_expect('C', "C KEEPALIVE_FAILURE\nC KEEPALIVE_FAILURE\n");
	world_advance(2000);
	world_expect('C',
	    "C KEEPALIVE_FAILURE\nC SESSION_CLOSED\n"
	    "C RECONNECT_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TIMEOUT);
	world_advance(40000);
	world_expect('C',
	    "C RECONNECT_STARTED\nC RECONNECT_FAILED\n"
	    "C RECONNECT_NO_MORE\n");
	coap_session_release(s);
	close(fd);
}

/* --- where to, where from ------------------------------------------------- */

static void
same_bind(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_address_t local;
	coap_session_t *s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		local = own_port(protos[i]);
		s = coap_new_client_session(w.client, &local,
		    world_address(protos[i]), protos[i]);
		assert_non_null(s);
		world_wait("C SESSION_CONNECTED");
		coapx_session_set_reconnect(s, 1, 0);
		world_forget();
		/* The server ends it, so that its side waits, not ours. */
		server_stop(protos[i]);
		server_start(protos[i]);
		if (protos[i] == UDP)
			coap_session_disconnected(s, RETRIES);
		world_wait("RECONNECT_FAILED");
		world_advance(1000);
		world_wait("RECONNECT_SUCCESS");
		assert_true(coap_address_equals(coap_session_get_addr_local(s),
		    &local));
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

static void
the_name_is_resolved_again(void **state)
{
	char uri[64];
	coapx_open_params_t params = { .size = sizeof params, .uri = uri };
	coap_address_t here = net_address("127.0.0.1", 0);
	coap_endpoint_t *ep = coap_new_endpoint(w.server, &here, TCP);
	coap_session_t *s;

	(void)state;
	snprintf(uri, sizeof uri, "coap+tcp://localhost:%u",
	    coap_address_get_port(coapx_endpoint_get_address(ep)));
	s = coapx_session_open(w.client, &params, NULL);
	world_wait("C SESSION_CONNECTED");
	coapx_session_set_reconnect(s, 1, 0);
	/* Were it the address, it would be this. */
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	s->remote = net_refusing(SOCK_STREAM);
	world_forget();
	world_advance(1000);
	world_wait("RECONNECT_SUCCESS");
	assert_true(coap_address_equals(coap_session_get_addr_remote(s),
	    coapx_endpoint_get_address(ep)));
	coap_session_release(s);
}

static char noted[256];

static void
take_note(const coapx_trace_t *trace, void *arg)
{
	(void)arg;
	if (trace->kind == COAPX_TRACE_NOTE)
		snprintf(noted, sizeof noted, "%s", trace->text);
}

/* "A session that came in cannot be dialled by us." */
static void
not_for_one_that_came_in(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_session_t *home = w.last;

	(void)state;
	noted[0] = '\0';
	coapx_context_set_trace(w.server, take_note, NULL);
	assert_int_equal(coapx_session_set_reconnect(home, 1, 0),
	    -COAP_E_STATE);
	assert_int_equal(coap_session_set_type_client(home), 1);
	assert_int_equal(coapx_session_set_reconnect(home, 1, 0),
	    -COAP_E_STATE);
	assert_int_equal(coapx_session_reconnect(home), -COAP_E_STATE);
	coap_context_set_session_reconnect_time(w.server, 1);
	coap_session_release(s);
	world_wait("S SESSION_CLOSED");
	world_advance(10000);
	world_expect('S', "S TCP_CLOSED\nS SESSION_CLOSED\n");
	assert_non_null(strstr(noted, "no reconnect"));
	assert_int_equal(world_send(home, CON, 'a'), COAP_INVALID_MID);
	coap_session_release(home);
	world_expect('S', "S SERVER_SESSION_DEL\n");
}

/* --- what waits ----------------------------------------------------------- */

/* A server's CSM, and the client's to it. */
static int
accept_and_greet(int fd)
{
	int peer = world_raw_accept(fd);

	world_raw_send(peer, NULL, "\x00\xe1", 2);
	return peer;
}

/* The tokens of the requests in a stream's bytes, in their order; each is the
 * letter before the option Uri-Path "x". */
static void
expect_requests(int fd, const char *tokens)
{
	char got[512];
	uint8_t data[512];
	size_t len = 0;
	size_t n = 0;
	size_t i;

	while (len < strlen(tokens)) {
		n += world_raw_recv(fd, data + n, sizeof data - n, NULL);
		for (i = 1, len = 0; i + 1 < n; i++)
			if (data[i] == 0xb1 && data[i + 1] == 'x')
				got[len++] = (char)data[i - 1];
	}
	got[len] = '\0';
	assert_string_equal(got, tokens);
}

static void
on_a_stream(void **state)
{
	coap_address_t address;
	int fd = world_raw(SOCK_STREAM, &address);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &address, TCP);
	int peer = accept_and_greet(fd);

	(void)state;
	world_wait("SESSION_CONNECTED");
	coapx_session_set_reconnect(s, 5, 0);
	world_send(s, CON, 'a');
	expect_requests(peer, "a");
	close(peer);
	world_wait("RECONNECT_FAILED");
	assert_non_null(strstr(w.log, "C nack not-deliverable a\n"));
	world_forget();
	assert_true(world_send(s, CON, 'b') >= 0);
	assert_true(world_send(s, NON, 'c') >= 0);
	world_advance(4000);
	world_expect('C', "");
	world_advance(1500);
	peer = accept_and_greet(fd);
	expect_requests(peer, "bc");
	world_forget();
	coap_session_release(s);
	world_expect('C',
	    "C nack not-deliverable b\n"
	    "C nack not-deliverable c\n"
	    "C TCP_CLOSED\nC SESSION_CLOSED\n");
	close(peer);
	close(fd);
}

/* What waited for NSTART was never sent, so it waits further, in front. */
static void
on_datagrams(void **state)
{
	coap_address_t peer, from;
	int fd = world_raw(SOCK_DGRAM, &peer);
	coap_session_t *s = coap_new_client_session(w.client, NULL, &peer, UDP);
	uint8_t data[64];

	(void)state;
	world_settle();
	coapx_session_set_reconnect(s, 5, 0);
	world_send(s, CON, 'a');
	world_send(s, CON, 'b');
	world_send(s, NON, 'n');
	world_send(s, CON, 'c');
	world_raw_recv(fd, data, sizeof data, &from);
	world_raw_recv(fd, data, sizeof data, &from);
	world_forget();
	coap_session_disconnected(s, RETRIES);
	world_expect('C',
	    "C nack too-many-retries a\n"
	    "C nack too-many-retries n\n"
	    "C SESSION_CLOSED\nC RECONNECT_FAILED\n");
	world_send(s, CON, 'd');
	world_advance(5000);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, &from), 4);
	data[0] = 0x70;
	world_raw_send(fd, &from, data, 4);
	for (const char *next = "bcd"; *next; next++) {
		world_raw_recv(fd, data, sizeof data, &from);
		assert_int_equal(data[4], *next);
		data[0] = 0x61;
		data[1] = 0x45;
		world_raw_send(fd, &from, data, 5);
	}
	world_wait("2.05 d");
	world_expect('C',
	    "C RECONNECT_STARTED\nC SESSION_CONNECTED\n"
	    "C RECONNECT_SUCCESS\nC pong\n"
	    "C 2.05 b \nC 2.05 c \nC 2.05 d \n");
	coap_session_release(s);
	close(fd);
}

static void
deadlines_hold(void **state)
{
	coap_session_t *s = world_connected(TCP);
	int err;

	(void)state;
	coapx_session_set_reconnect(s, 60, 0);
	server_stop(TCP);
	world_wait("RECONNECT_FAILED");
	world_forget();
	assert_non_null(world_request(s, CON, 'a', 2000, 0, &err));
	assert_non_null(world_request(s, CON, '0', 3000, 0, &err));
	assert_non_null(world_request(s, CON, 'b', 0, 0, &err));
	world_advance(1900);
	world_expect('C', "");
	world_advance(200);
	world_expect('C', "C result a -11 0.00\n");
	world_advance(1000);
	world_expect('C', "C result 0 -11 0.00\n");
	server_start(TCP);
	world_advance(60000);
	world_wait("result b 0 2.05");
	coap_session_release(s);
}

static void
cancelled_while_it_waits(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coapx_request_t *a;
	coapx_request_t *p;
	int err;

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	a = world_request(s, CON, 'a', 0, 0, &err);
	p = world_request(s, CON, '0', 0, 0, &err);
	world_request(s, CON, 'b', 0, 0, &err);
	coapx_request_cancel(a);
	coapx_request_cancel(p);
	world_forget();
	world_advance(5000);
	world_wait("result b 0 2.05");
	assert_int_equal(world_count("C result"), 1);
	assert_int_equal(w.requests, 1);
	coap_session_release(s);
}

/* A ping that was out ends; one that was not waits. */
static void
pings(void **state)
{
	coap_session_t *s = world_connected(TCP);
	int err;

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	world_request(s, CON, '0', 0, 0, &err);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(world_count("C result 0 -8"), 1);
	world_request(s, CON, '0', 0, 0, &err);
	world_forget();
	world_advance(5000);
	world_wait("result 0 0");
	coap_session_release(s);
	world_settle();
	world_forget();

	/* Over datagrams one is out at a time. */
	s = world_connected(UDP);
	coapx_session_set_reconnect(s, 5, 0);
	world_request(s, CON, '0', 0, 0, &err);
	world_request(s, CON, '0', 0, 0, &err);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(world_count("C result 0"), 1);
	world_advance(5000);
	WORLD_UNTIL(world_count("C result 0 0") == 1);
	coap_session_release(s);
}

static void
what_is_known(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_session_t *s = world_connected(TCP);

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	coapx_session_get_info(s, &info);
	assert_int_equal(info.reconnecting, 0);
	server_stop(TCP);
	world_wait("RECONNECT_FAILED");
	world_advance(7000);
	coapx_session_get_info(s, &info);
	assert_int_equal(info.reconnecting, 1);
	assert_int_equal(info.reconnect_attempts, 1);
	assert_in_range(info.reconnect_in_ms, 2500, 3500);
	server_start(TCP);
	world_advance(3000);
	world_wait("RECONNECT_SUCCESS");
	coapx_session_get_info(s, &info);
	assert_int_equal(info.reconnecting, 0);
	assert_int_equal(info.reconnect_attempts, 0);
	assert_int_equal(info.reconnect_in_ms, 0);
	coap_session_release(s);
}

/* An answer belongs to the transport that the question came by. */
static void
answers_do_not_wait(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_pdu_t *answer;

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, COAP_NACK_RST);
	answer = coap_new_pdu(CON, COAP_RESPONSE_CODE_CONTENT, s);
	assert_int_equal(coap_send(s, answer), COAP_INVALID_MID);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_RST);
	coap_session_release(s);
}

/* --- ends of waiting ------------------------------------------------------ */

/* "coapx_session_shutdown() and release do not." */
static void
shutdown_while_it_waits(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	coap_session_disconnected(s, COAP_NACK_RST);
	world_send(s, CON, 'a');
	world_forget();
	coap_session_disconnected(s, RETRIES); /* changes nothing */
	world_expect('C', "");
	coapx_session_shutdown(s);
	world_expect('C', "C nack rst a\nC RECONNECT_NO_MORE\n");
	world_advance(100000);
	world_expect('C', "");
	assert_int_equal(world_send(s, CON, 'b'), COAP_INVALID_MID);
	coap_session_release(s);
	world_expect('C', "");
}

static void
shutdown_of_one_that_stands(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	coapx_session_set_reconnect(s, 5, 0);
	coapx_session_shutdown(s);
	world_advance(100000);
	world_expect('C', "C TCP_CLOSED\nC SESSION_CLOSED\n");
	coap_session_release(s);
}

static void
never_established_and_released(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_STREAM);
	coap_session_t *s;

	(void)state;
	coap_context_set_session_reconnect_time(w.client, 5);
	s = coap_new_client_session(w.client, NULL, &nobody, TCP);
	world_send(s, CON, 'a');
	world_wait("RECONNECT_FAILED");
	world_expect('C', "C TCP_FAILED\nC RECONNECT_FAILED\n");
	coap_session_release(s);
	world_expect('C',
	    "C nack not-deliverable a\nC SESSION_FAILED\n"
	    "C RECONNECT_NO_MORE\n");
}

static void
switched_off_while_it_waits(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_session_t *own = world_connected(TCP);

	(void)state;
	coap_context_set_session_reconnect_time(w.client, 3600);
	assert_int_equal(coapx_session_set_reconnect(own, 7200, 0), 0);
	server_stop(TCP);
	WORLD_UNTIL(world_count("C RECONNECT_FAILED") == 2);
	world_send(s, CON, 'a');
	world_forget();
	coap_context_set_session_reconnect_time(w.client, 0);
	world_settle();
	world_expect('C', "C nack rst a\nC RECONNECT_NO_MORE\n");
	/* What was set on a session stands. */
	world_advance(7100000);
	world_expect('C', "");
	assert_int_equal(coapx_session_set_reconnect(own, 0, 0), 0);
	world_settle();
	world_expect('C', "C RECONNECT_NO_MORE\n");
	coap_session_release(s);
	coap_session_release(own);
	world_expect('C', "");
}

static void
a_shorter_time_counts_at_once(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	coap_context_set_session_reconnect_time(w.client, 3600);
	coap_session_disconnected(s, COAP_NACK_RST);
	coap_context_set_session_reconnect_time(w.client, 5);
	world_forget();
	world_advance(5000);
	world_wait("RECONNECT_SUCCESS");
	coap_session_release(s);
}

/* --- when it is asked for ------------------------------------------------- */

static void
asked_for(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *s;
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = world_connected(protos[i]);
		assert_int_equal(coapx_session_reconnect(s), 0); /* stands */
		assert_int_equal(world_count("C SESSION_CLOSED"), 1);
		world_wait("RECONNECT_SUCCESS");
		assert_int_equal(world_count("C RECONNECT_FAILED"), 0);
		world_forget();
		coap_session_disconnected(s, RETRIES);
		assert_int_equal(coapx_session_reconnect(s), 0); /* is dead */
		world_wait("RECONNECT_SUCCESS");
		world_forget();
		coapx_session_shutdown(s);
		assert_int_equal(coapx_session_reconnect(s), 0);
		world_wait("RECONNECT_SUCCESS");
		world_forget();
		coapx_session_set_reconnect(s, 3600, 0);
		coap_session_disconnected(s, RETRIES);
		assert_int_equal(coapx_session_reconnect(s), 0); /* waits */
		world_wait("RECONNECT_SUCCESS");
		coap_session_release(s);
		world_settle();
		world_forget();
	}
	assert_int_equal(coapx_session_reconnect(NULL), -COAP_E_INVAL);
	assert_int_equal(coapx_session_set_reconnect(NULL, 1, 1),
	    -COAP_E_INVAL);
}

/* Without a setting it is one attempt. */
static void
asked_for_in_vain(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	server_stop(TCP);
	world_wait("C SESSION_CLOSED");
	world_forget();
	assert_int_equal(coapx_session_reconnect(s), 0);
	world_send(s, CON, 'a');
	world_wait("RECONNECT_NO_MORE");
	world_advance(100000);
	world_expect('C',
	    "C RECONNECT_STARTED\nC nack not-deliverable a\n"
	    "C TCP_FAILED\nC RECONNECT_FAILED\n"
	    "C RECONNECT_NO_MORE\n");
	coap_session_release(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, outage_up, world_down)
#define ALL(name) \
	cmocka_unit_test_setup_teardown(name, outage_up_all, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(off_by_default),
		T(a_stream_comes_back),
		T(retries_are_counted),
		T(retries_begin_anew),
		T(datagrams_come_back),
		T(datagrams_refused),
		T(datagrams_need_a_proof),
		T(anything_heard_is_a_proof),
		T(a_stream_without_a_word),
		T(after_keepalive),
		T(same_bind),
		T(the_name_is_resolved_again),
		T(not_for_one_that_came_in),
		T(on_a_stream),
		T(on_datagrams),
		T(deadlines_hold),
		T(cancelled_while_it_waits),
		T(pings),
		T(what_is_known),
		T(answers_do_not_wait),
		T(shutdown_while_it_waits),
		T(shutdown_of_one_that_stands),
		T(never_established_and_released),
		T(switched_off_while_it_waits),
		T(a_shorter_time_counts_at_once),
		T(asked_for),
		T(asked_for_in_vain),
		ALL(every_protocol_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

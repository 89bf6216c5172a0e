/* SPDX-License-Identifier: BSD-2-Clause */
/* "Each message handed to coap_send() ends once: a response, or one nack." */
#include "session_support.h"

#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static coap_session_t *
to_raw(const coap_address_t *address, coap_proto_t proto)
{
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, address, proto);

	assert_non_null(s);
	return s;
}

/* A UDP peer that never says anything, and the session to it. */
static coap_session_t *
silent(int *fd)
{
	coap_address_t address;
	coap_session_t *s;

	*fd = world_raw(SOCK_DGRAM, &address);
	s = to_raw(&address, UDP);
	world_settle();
	world_expect(0, "C SESSION_CONNECTED\n");
	return s;
}

static void
a_response_is_the_end(void **state)
{
	static const coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *s;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		s = world_connected(protos[i]);
		assert_true(world_send(s, CON, 'a') >= 0);
		assert_true(world_send(s, NON, 'b') >= 0);
		world_wait("2.05 a");
		world_wait("2.05 b");
		w.log_len = 0;
		world_forget();
		world_advance(400000);
		assert_int_equal(world_count("C nack"), 0);
		assert_int_equal(world_count("C 2.05"), 0);
		coap_session_release(s);
		world_settle();
		assert_int_equal(world_count("C nack"), 0);
		world_forget();
	}
}

static void
con_without_an_answer(void **state)
{
	coap_session_t *s;
	int fd;

	(void)state;
	s = silent(&fd);
	coap_session_set_max_retransmit(s, 2);
	assert_true(world_send(s, CON, 'a') >= 0);
	world_advance(400000);
	world_expect('C', "C nack too-many-retries a\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_RETRIES);
	coap_session_release(s);
	world_expect('C', "C SESSION_CLOSED\n");
	close(fd);
}

static void
non_without_an_answer(void **state)
{
	coap_session_t *s;
	int fd;

	(void)state;
	s = silent(&fd);
	assert_true(world_send(s, NON, 'a') >= 0);
	world_advance(140000);
	world_expect('C', "");
	world_advance(10000); /* NON_LIFETIME is 145 s */
	world_expect('C', "C nack too-many-retries a\n");
	coap_session_release(s);
	world_expect('C', "C SESSION_CLOSED\n");
	close(fd);
}

/* One on the wire, two that wait for NSTART, a NON and a coapx request. */
static void
all_that_is_outstanding(void (*end)(coap_session_t *), const char *expected)
{
	coap_session_t *s;
	int fd;

	s = silent(&fd);
	assert_true(world_send(s, CON, 'a') >= 0);
	assert_true(world_send(s, CON, 'b') >= 0);
	assert_true(world_send(s, NON, 'c') >= 0);
	assert_non_null(world_request(s, CON, 'd', 0, 0, NULL));
	assert_non_null(world_request(s, CON, '0', 0, 0, NULL));
	world_expect('C', "");
	end(s);
	assert_int_equal(world_count("C nack"), 3);
	assert_int_equal(world_count("C nack rst a") +
		world_count("C nack not-deliverable a"),
	    1);
	world_expect('C', expected);
	world_advance(400000);
	world_expect('C', "");
	close(fd);
}

static void
end_release(coap_session_t *s)
{
	coap_session_release(s);
}

static void
end_disconnect(coap_session_t *s)
{
	coap_session_disconnected(s, COAP_NACK_RST);
	assert_int_equal(coap_session_get_state(s), COAP_SESSION_STATE_NONE);
	assert_int_equal(s->requests.count, 0);
	assert_null(s->pending_last);
	assert_false(dgram_busy(&s->msg.dgram));
	assert_int_equal(world_send(s, CON, 'z'), COAP_INVALID_MID);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_RST);
	coap_session_release(s);
}

static void
end_context(coap_session_t *s)
{
	(void)s;
	coap_free_context(w.client);
	w.client = NULL;
	/* Told by the context that is gone: not ours to tell apart. */
	for (char *p = w.log; *p; p++)
		if ((p == w.log || p[-1] == '\n') && *p == 'S')
			*p = 'C';
}

static void
released_with_messages(void **state)
{
	(void)state;
	all_that_is_outstanding(end_release,
	    "C nack not-deliverable a\nC nack not-deliverable b\n"
	    "C result d -8 0.00\nC nack not-deliverable c\n"
	    "C result 0 -8 0.00\nC SESSION_CLOSED\n");
}

static void
disconnected_with_messages(void **state)
{
	(void)state;
	all_that_is_outstanding(end_disconnect,
	    "C nack rst a\nC nack rst b\nC result d -17 0.00\n"
	    "C nack rst c\nC result 0 -17 0.00\nC SESSION_CLOSED\n");
}

static void
context_freed_with_messages(void **state)
{
	(void)state;
	all_that_is_outstanding(end_context,
	    "C nack not-deliverable a\nC nack not-deliverable b\n"
	    "C result d -8 0.00\nC nack not-deliverable c\n"
	    "C result 0 -8 0.00\nC SESSION_CLOSED\n");
}

/* "Nothing outstanding: no nack; the close event carries the reason." */
static void
no_nack_for_nothing(void **state)
{
	coap_session_t *s = world_connected(UDP);
	char text[128];

	(void)state;
	coap_session_disconnected(s, COAP_NACK_BAD_RESPONSE);
	world_expect('C', "C SESSION_CLOSED\n");
	assert_int_equal(coapx_session_error(s, text, sizeof text),
	    -COAP_E_BAD_RESPONSE);
	assert_non_null(strstr(text, "the response could not be used"));
	coap_session_disconnected(s, COAP_NACK_RST);
	world_expect('C', "");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_BAD_RESPONSE);
	coap_session_release(s);
	world_expect('C', "");
}

static void
a_reset_ends_con_and_non(void **state)
{
	uint8_t data[64];
	coap_address_t from;
	coap_session_t *s;
	int fd;
	int i;

	(void)state;
	s = silent(&fd);
	for (i = 0; i < 2; i++) {
		world_send(s, i ? NON : CON, 'a');
		assert_true(world_raw_recv(fd, data, sizeof data, &from) > 4);
		data[0] = 0x70;
		data[1] = 0;
		world_raw_send(fd, &from, data, 4);
		world_raw_send(fd, &from, data, 4);
		world_wait("nack");
		world_settle();
		world_expect('C', "C nack rst a\n");
		assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_RST);
	}
	world_advance(400000);
	world_expect('C', "");
	coap_session_release(s);
	close(fd);
}

/* "An event; the CON goes on, and ends in one nack: ICMP_ISSUE." */
static void
icmp_error_is_an_event_then_one_nack(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	coap_session_t *s = to_raw(&nobody, UDP);

	(void)state;
	coap_session_set_max_retransmit(s, 2);
	world_send(s, CON, 'a');
	world_wait("ICMP_ERROR");
	assert_int_equal(world_count("C nack"), 0);
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	world_advance(400000);
	assert_int_equal(world_count("C ICMP_ERROR"), 3);
	assert_int_equal(world_count("C nack"), 1);
	assert_int_equal(world_count("C nack icmp-issue a"), 1);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	coap_session_release(s);
}

/* COAP_NACK_ICMP_ISSUE only notes an error on UDP. */
static void
disconnected_by_icmp_goes_on(void **state)
{
	coap_session_t *s;
	int fd;

	(void)state;
	s = silent(&fd);
	coap_session_set_max_retransmit(s, 1);
	world_send(s, CON, 'a');
	coap_session_disconnected(s, COAP_NACK_ICMP_ISSUE);
	world_expect('C', "C ICMP_ERROR\n");
	world_advance(400000);
	world_expect('C', "C nack icmp-issue a\n");
	coap_session_release(s);
	close(fd);
}

static void
request_that_ends_at_the_first_icmp_error(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	coap_session_t *s = to_raw(&nobody, UDP);

	(void)state;
	assert_non_null(
	    world_request(s, CON, 'a', 0, COAPX_REQUEST_END_ON_ICMP, NULL));
	world_wait("result");
	world_expect('C',
	    "C SESSION_CONNECTED\nC sent a\nC ICMP_ERROR\n"
	    "C result a -9 0.00\n");
	assert_non_null(world_request(s, CON, 'b', 500, 0, NULL));
	world_wait("icmp b");
	world_advance(1000);
	world_expect('C',
	    "C sent b\nC ICMP_ERROR\nC icmp b\nC result b -11 0.00\n");
	coap_session_release(s);
}

/* Before the connection stands: messages wait, and each has its nack. */
static void
refused_connection(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_STREAM);
	coap_session_t *s = to_raw(&nobody, TCP);

	(void)state;
	world_send(s, CON, 'a');
	world_send(s, NON, 'b');
	assert_non_null(world_request(s, CON, 'c', 0, 0, NULL));
	assert_non_null(world_request(s, CON, '0', 0, 0, NULL));
	world_expect('C', "");
	world_wait("SESSION_FAILED");
	world_expect('C',
	    "C nack not-deliverable a\nC nack not-deliverable b\n"
	    "C result c -9 0.00\nC result 0 -9 0.00\n"
	    "C TCP_FAILED\nC SESSION_FAILED\n");
	assert_int_equal(world_send(s, CON, 'z'), COAP_INVALID_MID);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	coap_session_release(s);
	world_expect('C', "");
}

/* A request that is given up while it waits is not sent later. */
static void
given_up_while_waiting(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	coapx_request_t *r;
	uint8_t data[64];
	size_t n;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	s = to_raw(&address, TCP);
	r = world_request(s, CON, 'a', 0, 0, NULL);
	assert_non_null(r);
	assert_non_null(world_request(s, CON, 'b', 100, 0, NULL));
	world_send(s, CON, 'c');
	coapx_request_cancel(r);
	peer = world_raw_accept(fd);
	world_wait("TCP_CONNECTED");
	world_advance(200);
	world_expect('C', "C TCP_CONNECTED\nC result b -11 0.00\n");
	n = world_raw_recv(peer, data, sizeof data, NULL);
	assert_true(n > 2);
	world_raw_send(peer, NULL, "\x00\xe1", 2);
	world_wait("SESSION_CONNECTED");
	n = world_raw_recv(peer, data, sizeof data, NULL);
	assert_memory_equal(data,
	    "\x21\x01"
	    "c\xb1x",
	    5);
	assert_int_equal(n, 5);
	close(peer);
	world_wait("SESSION_CLOSED");
	world_expect('C',
	    "C SESSION_CONNECTED\nC nack not-deliverable c\n"
	    "C TCP_CLOSED\nC SESSION_CLOSED\n");
	coap_session_release(s);
	close(fd);
}

/* The same for a CON that waits for NSTART. */
static void
cancelled_while_nstart_holds_it(void **state)
{
	coap_session_t *s;
	coapx_request_t *r;
	uint8_t data[64];
	int fd;

	(void)state;
	s = silent(&fd);
	world_send(s, CON, 'a');
	r = world_request(s, CON, 'b', 0, 0, NULL);
	coapx_request_cancel(r);
	coapx_request_cancel(NULL);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, NULL), 7);
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	world_expect('C', "C nack not-deliverable a\nC SESSION_CLOSED\n");
	assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
	coap_session_release(s);
	close(fd);
}

static void
peer_closes_with_two_requests(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	uint8_t data[64];
	size_t n;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	s = to_raw(&address, TCP);
	peer = world_raw_accept(fd);
	world_raw_send(peer, NULL, "\x00\xe1", 2);
	world_wait("SESSION_CONNECTED");
	world_forget();
	world_send(s, CON, 'a');
	assert_non_null(world_request(s, CON, 'b', 0, 0, NULL));
	world_advance(600000);
	world_expect('C', "C sent b\n");
	/* What it has not read would make its end a reset. */
	for (n = 0; n < 2 + 4 + 2 * 5;)
		n += world_raw_recv(peer, data, sizeof data, NULL);
	close(peer);
	world_wait("SESSION_CLOSED");
	assert_int_equal(world_count("C nack"), 1);
	world_expect('C',
	    "C nack not-deliverable a\nC result b -14 0.00\n"
	    "C TCP_CLOSED\nC SESSION_CLOSED\n");
	coap_session_release(s);
	close(fd);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_response_is_the_end),
		T(con_without_an_answer),
		T(non_without_an_answer),
		T(released_with_messages),
		T(disconnected_with_messages),
		T(context_freed_with_messages),
		T(no_nack_for_nothing),
		T(a_reset_ends_con_and_non),
		T(icmp_error_is_an_event_then_one_nack),
		T(disconnected_by_icmp_goes_on),
		T(request_that_ends_at_the_first_icmp_error),
		T(refused_connection),
		T(given_up_while_waiting),
		T(cancelled_while_nstart_holds_it),
		T(peer_closes_with_two_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

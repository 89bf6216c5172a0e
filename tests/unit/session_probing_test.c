/* SPDX-License-Identifier: BSD-2-Clause */
/* PROBING_RATE (RFC 7252 section 4.7) as applications meet it: NON requests to a
 * peer that says nothing. */
#include "session_support.h"

#include <unistd.h>

#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP

/* Bytes of a request of the world's, and how many leave at once: more than 247
 * bytes (a second each for EXCHANGE_LIFETIME) by one. */
#define BYTES 7
#define BURST 36

static struct {
	int fd; /* the peer */
	coap_session_t *session;
	coapx_request_t *last;
} p;

static int
up(void **state)
{
	coap_address_t address;

	world_up(state);
	memset(&p, 0, sizeof(p));
	p.fd = world_raw(SOCK_DGRAM, &address);
	p.session = coap_new_client_session(w.client, NULL, &address, UDP);
	assert_non_null(p.session);
	world_wait("C SESSION_CONNECTED");
	world_forget();
	return 0;
}

static int
down(void **state)
{
	coap_session_release(p.session);
	close(p.fd);
	return world_down(state);
}

/* So many of them, each with a token of its own; '0' is another thing. */
static void
ask(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		p.last =
		    world_request(p.session, NON, (char)('1' + i), 0, 0, NULL);
		assert_non_null(p.last);
	}
	world_settle();
}

static unsigned
arrived(void)
{
	uint8_t data[100];
	unsigned n = 0;

	while (recv(p.fd, data, sizeof(data), MSG_DONTWAIT) == BYTES)
		n++;
	return n;
}

static void
ended_unanswered(unsigned n)
{
	char line[20];

	assert_int_equal(world_count("C result"), n);
	for (unsigned i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "C result %c %d", '1' + i,
		    -COAP_E_TIMEOUT);
		assert_int_equal(world_count(line), 1);
	}
}

/* The time for an answer begins when the request leaves: 5 s later here. */
static void
one_that_waited_has_its_time(void **state)
{
	(void)state;
	ask(BURST + 1);
	assert_int_equal(world_count("C sent"), BURST);
	assert_int_equal(arrived(), BURST);
	world_advance(4900);
	assert_int_equal(arrived(), 0);
	world_advance(100);
	assert_int_equal(arrived(), 1);
	assert_int_equal(world_count("C sent"), BURST + 1);
	world_advance(140100);
	assert_int_equal(world_count("C result"), BURST);
	world_advance(5000);
	ended_unanswered(BURST + 1);
}

/* And one that never leaves ends as well, after the same time. */
static void
what_waits_too_long_is_not_sent(void **state)
{
	unsigned n;

	(void)state;
	ask(70);
	world_advance(145100);
	n = arrived();
	/* One in 7 seconds. */
	assert_in_range(n, BURST + 20, BURST + 22);
	assert_int_equal(world_count("C sent"), n);
	assert_int_equal(world_count("C result"), 70 - (n - BURST));
	world_advance(145000);
	assert_int_equal(arrived(), 0);
	ended_unanswered(70);
}

static void
a_higher_rate_counts_at_once(void **state)
{
	(void)state;
	ask(70);
	assert_int_equal(arrived(), BURST);
	coap_session_set_probing_rate(p.session, 3);
	world_advance(1);
	assert_int_equal(arrived(), 70 - BURST);
}

static void
one_that_is_cancelled_never_leaves(void **state)
{
	(void)state;
	ask(BURST + 1);
	coapx_request_cancel(p.last);
	assert_int_equal(coap_io_pending(w.client), 1);
	world_advance(200000);
	assert_int_equal(arrived(), BURST);
	assert_int_equal(world_count("C result"), BURST);
	assert_int_equal(coap_io_pending(w.client), 0);
}

static void
the_end_of_a_session_ends_them(void **state)
{
	(void)state;
	ask(BURST + 1);
	coap_session_disconnected(p.session, COAP_NACK_NOT_DELIVERABLE);
	world_settle();
	assert_int_equal(world_count("C result"), BURST + 1);
	assert_int_equal(arrived(), BURST);
}

/* Libcoap keeps the value alone; who counts on that raises it. */
static void
a_peer_that_answers_is_asked_as_fast_as_it_does(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		assert_int_not_equal(world_send(s, NON, 'a'), COAP_INVALID_MID);
		WORLD_UNTIL(world_count("C 2.05") == 1);
		world_forget();
	}
	coap_session_release(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_that_waited_has_its_time),
		TEST(what_waits_too_long_is_not_sent),
		TEST(a_higher_rate_counts_at_once),
		TEST(one_that_is_cancelled_never_leaves),
		TEST(the_end_of_a_session_ends_them),
		TEST(a_peer_that_answers_is_asked_as_fast_as_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

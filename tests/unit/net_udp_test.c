/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP on loopback: clients, ports, ICMP errors, groups. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"
#include "skip.h"

/* What a port has handed out; the last datagram in full. */
struct inbox {
	struct udp_port *port;
	int n;
	int failed;
	int err;
	size_t len;
	bool truncated;
	uint8_t data[65536];
	coap_address_t remote, local, failed_remote;
	int ifindex;
	bool free_port;
	int free_at; /* in the handler of which datagram, 0: none */
	bool echo;
	bool nth; /* they are those of nth() */
};

static struct inbox inbox;

/* The i-th datagram of those below. */
static size_t
nth(size_t i, uint8_t *data)
{
	/* Equal ones, shorter and longer ones, one that is too long to go with
	 * others, and more than go together. */
	static const size_t lens[] = { 8, 8, 8, 3, 8, 20, 20, 20, 9, 9, 1400, 9,
		9, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8 };
	const size_t n = sizeof lens / sizeof lens[0];

	if (i >= n)
		return 0;
	memset(data, (int)i, lens[i]);
	return lens[i];
}

static void
on_datagram(void *user, const struct udp_datagram *d)
{
	struct inbox *in = user;
	uint8_t want[1500];

	if (in->nth) {
		assert_int_equal(d->len, nth((size_t)in->n, want));
		assert_memory_equal(d->data, want, d->len);
	}
	in->n++;
	if (in->free_port || in->n == in->free_at) {
		udp_port_free(in->port);
		in->port = NULL;
		in->echo = false;
	}
	in->len = d->len;
	in->truncated = d->truncated;
	memcpy(in->data, d->data, d->len);
	in->remote = d->remote;
	in->local = d->local;
	in->ifindex = d->ifindex;
	if (in->echo)
		assert_int_equal(udp_port_send(in->port, &d->remote, &d->local,
				     d->ifindex, d->data, d->len),
		    0);
}

static void
on_port_failed(void *user, const coap_address_t *remote, int err)
{
	struct inbox *in = user;

	in->failed++;
	in->err = err;
	in->failed_remote = *remote;
	if (in->free_port) {
		udp_port_free(in->port);
		in->port = NULL;
	}
}

static const struct udp_port_events port_events = {
	.datagram = on_datagram,
	.failed = on_port_failed,
};

static coap_address_t
open_port(struct net_world *w, const char *host, uint16_t port)
{
	coap_address_t a = net_address(host, port);

	memset(&inbox, 0, sizeof inbox);
	assert_int_equal(udp_port_open(&w->poller, &a, &port_events, &inbox,
			     &inbox.port),
	    0);
	a = *udp_port_local(inbox.port);
	assert_int_not_equal(coap_address_get_port(&a), 0);
	return a;
}

static void
open_client(struct net_world *w, struct net_seen *seen,
    const coap_address_t *local, const coap_address_t *remote)
{
	memset(seen, 0, sizeof *seen);
	assert_int_equal(layer_udp_client(&w->poller, local, remote,
			     &net_seen_events, seen, &seen->layer),
	    0);
	assert_int_equal(layer_connect(seen->layer), 0);
}

/* A client sends to host, on a port bound to bound, and hears an echo. */
static void
round_trip(struct net_world *w, const char *bound, const char *host)
{
	coap_address_t at = open_port(w, bound, 0);
	coap_address_t to = net_address(host, coap_address_get_port(&at));
	coap_address_t own;
	struct net_seen seen;
	char data[8];
	int ifindex = -1;

	inbox.echo = true;
	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_local(seen.layer, &own, &ifindex), 0);
	assert_int_equal(ifindex, 0);
	assert_int_equal(layer_recv(seen.layer, data, sizeof data),
	    -COAP_E_AGAIN);
	assert_int_equal(layer_send(seen.layer, "hello", 5), 0);
	WAIT_UNTIL(&w->poller, inbox.n == 1);
	assert_int_equal(inbox.len, 5);
	assert_false(inbox.truncated);
	assert_memory_equal(inbox.data, "hello", 5);
	assert_true(coap_address_equals(&inbox.remote, &own));
	assert_true(coap_address_equals(&inbox.local, &to));
	assert_int_equal(inbox.ifindex, if_nametoindex("lo"));

	WAIT_UNTIL(&w->poller, seen.readable > 0);
	assert_int_equal(layer_recv(seen.layer, data, sizeof data), 5);
	assert_memory_equal(data, "hello", 5);
	net_assert_quiet(&w->poller);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

static void
round_trips(void **state)
{
	round_trip(*state, "127.0.0.1", "127.0.0.1");
	round_trip(*state, "0.0.0.0", "127.0.0.1");
	round_trip(*state, "::1", "::1");
	round_trip(*state, "::", "::1");
	round_trip(*state, "::", "127.0.0.1");
}

/* A connected client hears only the address that it sends to. */
static void
answers_come_from_where_requests_went(void **state)
{
	round_trip(*state, "0.0.0.0", "127.0.0.77");
	round_trip(*state, "::", "127.0.0.77");
}

static void
a_stranger_is_not_heard(void **state)
{
	struct net_world *w = *state;
	coap_address_t at = open_port(w, "127.0.0.1", 0);
	coap_address_t own;
	struct net_seen seen;
	char data[8];
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int ifindex;

	assert_true(fd >= 0);
	inbox.echo = true;
	open_client(w, &seen, NULL, &at);
	assert_int_equal(layer_local(seen.layer, &own, &ifindex), 0);
	assert_int_equal(sendto(fd, "strange", 7, 0, &own.addr.sa, own.size),
	    7);
	assert_int_equal(layer_send(seen.layer, "hello", 5), 0);
	WAIT_UNTIL(&w->poller, seen.readable > 0);
	assert_int_equal(layer_recv(seen.layer, data, sizeof data), 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(layer_recv(seen.layer, data, sizeof data),
	    -COAP_E_AGAIN);
	close(fd);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

static void
server_layer_answers(void **state)
{
	struct net_world *w = *state;
	coap_address_t at = open_port(w, "::", 0);
	coap_address_t to =
	    net_address("127.0.0.9", coap_address_get_port(&at));
	coap_address_t local;
	struct net_seen seen;
	struct layer *server;
	char data[8];
	int ifindex;

	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_send(seen.layer, "x", 1), 0);
	WAIT_UNTIL(&w->poller, inbox.n == 1);
	assert_int_equal(layer_udp_server(inbox.port, &inbox.remote, NULL, 0,
			     &net_seen_events, NULL, &server),
	    0);
	assert_int_equal(layer_connect(server), 0);
	assert_int_equal(layer_recv(server, data, sizeof data), -COAP_E_AGAIN);
	layer_udp_server_local(server, &inbox.local, inbox.ifindex);
	layer_udp_server_local(NULL, &inbox.local, 0);
	assert_int_equal(layer_local(server, &local, &ifindex), 0);
	assert_true(coap_address_equals(&local, &to));
	assert_int_equal(ifindex, inbox.ifindex);
	assert_int_equal(layer_send(server, "answer", 6), 0);
	WAIT_UNTIL(&w->poller, seen.readable > 0);
	assert_int_equal(layer_recv(seen.layer, data, sizeof data), 6);

	layer_close(server);
	assert_int_equal(layer_send(server, "z", 1), -COAP_E_CLOSED);
	layer_free(server);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

static void
refused_is_told_and_the_client_lives(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = net_refusing(SOCK_DGRAM);
	struct net_seen seen;

	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_send(seen.layer, "x", 1), 0);
	assert_int_equal(seen.failed, 0);
	WAIT_UNTIL(&w->poller, seen.failed > 0);
	assert_int_equal(seen.failed, 1);
	assert_int_equal(seen.err, -COAP_E_REFUSED);
	net_assert_quiet(&w->poller);

	open_port(w, "127.0.0.1", coap_address_get_port(&to));
	assert_int_equal(layer_send(seen.layer, "y", 1), 0);
	WAIT_UNTIL(&w->poller, inbox.n == 1);
	assert_int_equal(seen.failed, 1);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

/* The second send() meets the error of the first, and is done all the same. */
static void
pending_error_costs_no_datagram(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = net_refusing(SOCK_DGRAM);
	struct net_seen seen;

	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_send(seen.layer, "1", 1), 0);
	open_port(w, "127.0.0.1", coap_address_get_port(&to));
	assert_int_equal(layer_send(seen.layer, "2", 1), 0);
	assert_int_equal(seen.failed, 0);
	WAIT_UNTIL(&w->poller, inbox.n == 1 && seen.failed > 0);
	assert_int_equal(inbox.data[0], '2');
	assert_int_equal(seen.err, -COAP_E_REFUSED);
	WAIT_UNTIL(&w->poller, poller_wait(&w->poller, 0) == 0);
	assert_int_equal(seen.failed, 1);
	assert_int_equal(seen.writable, 0);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

static void
receiving_over_a_pending_error(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = net_refusing(SOCK_DGRAM);
	struct net_seen seen;
	char data[8];

	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_send(seen.layer, "1", 1), 0);
	assert_int_equal(layer_recv(seen.layer, data, sizeof data),
	    -COAP_E_AGAIN);
	assert_int_equal(seen.failed, 0);
	WAIT_UNTIL(&w->poller, seen.failed > 0);
	assert_int_equal(seen.err, -COAP_E_REFUSED);
	WAIT_UNTIL(&w->poller, poller_wait(&w->poller, 0) == 0);
	assert_int_equal(seen.failed, 1);
	layer_free(seen.layer);
}

static void
client_may_be_freed_in_its_events(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = net_refusing(SOCK_DGRAM);
	struct net_seen seen;
	coap_address_t own;

	open_client(w, &seen, NULL, &to);
	seen.then = net_then_free;
	assert_int_equal(layer_send(seen.layer, "1", 1), 0);
	WAIT_UNTIL(&w->poller, seen.failed > 0);
	assert_null(seen.layer);

	to = open_port(w, "127.0.0.1", 0);
	open_client(w, &seen, NULL, &to);
	seen.then = net_then_free;
	assert_int_equal(layer_local(seen.layer, &own, NULL), 0);
	assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, "a", 1), 0);
	WAIT_UNTIL(&w->poller, seen.readable > 0);
	assert_null(seen.layer);
	udp_port_free(inbox.port);
}

static void
sizes(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = open_port(w, "127.0.0.1", 0);
	static uint8_t big[65508];
	struct net_seen seen;
	coap_address_t own;
	char data[8];

	memset(big, 'b', sizeof big);
	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_send(seen.layer, big, 65507), 0);
	WAIT_UNTIL(&w->poller, inbox.n == 1);
	assert_int_equal(inbox.len, 65507);
	assert_memory_equal(inbox.data, big, 65507);
	assert_int_equal(layer_send(seen.layer, big, 65508), -COAP_E_TOOBIG);
	assert_int_equal(layer_send(seen.layer, "", 0), 0);
	WAIT_UNTIL(&w->poller, inbox.n == 2);
	assert_int_equal(inbox.len, 0);

	/* One that does not fit, an empty one, one that fits. */
	assert_int_equal(layer_local(seen.layer, &own, NULL), 0);
	assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, big, 9), 0);
	assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, big, 0), 0);
	assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, big, 8), 0);
	WAIT_UNTIL(&w->poller, seen.readable > 0);
	assert_int_equal(layer_recv(seen.layer, data, 8), -COAP_E_TOOBIG);
	assert_int_equal(layer_recv(seen.layer, data, 8), -COAP_E_AGAIN);
	assert_int_equal(layer_recv(seen.layer, data, 8), 8);
	assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, big, 65508),
	    -COAP_E_TOOBIG);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

static void
assert_nth(struct layer *layer, size_t i)
{
	uint8_t data[1500], want[1500];
	size_t len = nth(i, want);

	assert_int_equal(layer_recv(layer, data, sizeof data), len);
	assert_memory_equal(data, want, len);
}

static void
answer_many(struct net_world *w, const char *bound)
{
	coap_address_t at = open_port(w, bound, 0);
	coap_address_t to =
	    net_address("127.0.0.1", coap_address_get_port(&at));
	struct net_seen seen[2];
	uint8_t data[1500];
	size_t i;

	open_client(w, &seen[0], NULL, &to);
	open_client(w, &seen[1], NULL, &to);
	inbox.echo = true;
	for (i = 0; nth(i, data) > 0; i++)
		assert_int_equal(layer_send(seen[i % 5 == 4].layer, data,
				     nth(i, data)),
		    0);
	WAIT_UNTIL(&w->poller, inbox.n == (int)i);
	for (i = 0; nth(i, data) > 0; i++)
		assert_nth(seen[i % 5 == 4].layer, i);
	assert_int_equal(layer_recv(seen[0].layer, data, 8), -COAP_E_AGAIN);
	layer_free(seen[0].layer);
	layer_free(seen[1].layer);
	udp_port_free(inbox.port);
}

static void
answers_to_many_at_once(void **state)
{
	answer_many(*state, "127.0.0.1");
	answer_many(*state, "0.0.0.0");
	answer_many(*state, "::");
}

/* An answer is not lost when the port goes in the next datagram's handler. */
static void
answer_before_the_end(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = open_port(w, "127.0.0.1", 0);
	struct net_seen seen;
	int i;

	open_client(w, &seen, NULL, &to);
	inbox.echo = true;
	inbox.free_at = 3;
	for (i = 0; i < 4; i++)
		assert_int_equal(layer_send(seen.layer, "12345678", 8), 0);
	WAIT_UNTIL(&w->poller, inbox.port == NULL);
	for (i = 0; i < 2; i++)
		assert_int_equal(layer_recv(seen.layer, inbox.data, 8), 8);
	assert_int_equal(layer_recv(seen.layer, inbox.data, 8), -COAP_E_AGAIN);
	layer_free(seen.layer);
}

static size_t taken;

static void
take_all(struct net_seen *seen)
{
	uint8_t data[8];
	uint8_t want[8];

	while (seen->readable > 0 &&
	    layer_recv(seen->layer, data, sizeof data) == sizeof data) {
		memset(want, (int)taken++, sizeof want);
		assert_memory_equal(data, want, sizeof want);
	}
}

/* One by one first, then in a burst that no single call takes. */
static void
client_takes_many_at_once(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = open_port(w, "127.0.0.1", 0);
	struct net_seen seen;
	coap_address_t own;
	uint8_t data[8];
	size_t sent;

	taken = 0;
	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_local(seen.layer, &own, NULL), 0);
	seen.then = take_all;
	for (sent = 0; sent < 60; sent++) {
		memset(data, (int)sent, sizeof data);
		assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, data,
				     sizeof data),
		    0);
		if (sent < 20)
			WAIT_UNTIL(&w->poller, taken == sent + 1);
	}
	WAIT_UNTIL(&w->poller, taken == sent);
	net_assert_quiet(&w->poller);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

/* Answers each of nth() in the event that brought it, and goes at the end. */
static void
answer_and_go(struct net_seen *seen)
{
	uint8_t data[1500];
	uint8_t want[1500];
	ssize_t n;

	while (seen->readable > 0 && seen->layer) {
		n = layer_recv(seen->layer, data, sizeof data);
		if (n < 0)
			return;
		if (taken < 20) {
			taken++;
			continue;
		}
		assert_int_equal(n, nth(taken++ - 20, want));
		assert_memory_equal(data, want, n);
		assert_int_equal(layer_send(seen->layer, data, n), 0);
		if (nth(taken - 20, want) == 0)
			net_then_free(seen);
	}
}

static void
client_answers_many_at_once(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = open_port(w, "127.0.0.1", 0);
	struct net_seen seen;
	coap_address_t own;
	uint8_t data[1500];
	size_t i;

	taken = 0;
	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_local(seen.layer, &own, NULL), 0);
	seen.then = answer_and_go;
	inbox.nth = true;
	for (i = 0; i < 20; i++)
		assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, "x",
				     1),
		    0);
	WAIT_UNTIL(&w->poller, taken == 20);
	for (i = 0; nth(i, data) > 0; i++)
		assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, data,
				     nth(i, data)),
		    0);
	WAIT_UNTIL(&w->poller, inbox.n == (int)i);
	assert_null(seen.layer);
	udp_port_free(inbox.port);
}

static void
back_pressure(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = open_port(w, "127.0.0.1", 0);
	struct net_seen seen;
	coap_address_t own;

	open_client(w, &seen, NULL, &to);
	assert_int_equal(layer_local(seen.layer, &own, NULL), 0);
	layer_want_read(seen.layer, false);
	assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, "a", 1), 0);
	net_assert_quiet(&w->poller);
	layer_want_read(seen.layer, true);
	WAIT_UNTIL(&w->poller, seen.readable > 0);
	layer_close(seen.layer);
	net_assert_quiet(&w->poller);
	layer_want_read(seen.layer, true);
	assert_int_equal(layer_send(seen.layer, "x", 1), -COAP_E_CLOSED);
	assert_int_equal(layer_recv(seen.layer, &own, 1), -COAP_E_CLOSED);
	assert_int_equal(layer_local(seen.layer, &own, NULL), -COAP_E_STATE);
	layer_free(seen.layer);
	udp_port_free(inbox.port);
}

/* Several batches, and a bound on one pass. */
static void
many_datagrams(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = open_port(w, "::1", 0);
	struct net_seen seen;
	uint8_t i;

	open_client(w, &seen, NULL, &to);
	for (i = 0; i < 100; i++)
		assert_int_equal(layer_send(seen.layer, &i, 1), 0);
	assert_int_equal(poller_wait(&w->poller, 0), 1);
	assert_int_equal(inbox.n, 64);
	WAIT_UNTIL(&w->poller, inbox.n == 100);
	assert_int_equal(inbox.data[0], 99);
	net_assert_quiet(&w->poller);

	assert_int_equal(layer_send(seen.layer, "1", 1), 0);
	assert_int_equal(layer_send(seen.layer, "2", 1), 0);
	inbox.free_port = true;
	WAIT_UNTIL(&w->poller, inbox.n > 100);
	assert_int_equal(inbox.n, 101);
	assert_int_equal(inbox.data[0], '1');
	layer_free(seen.layer);
}

static void
port_tells_icmp_errors(void **state)
{
	struct net_world *w = *state;
	coap_address_t bad = net_refusing(SOCK_DGRAM);
	coap_address_t to;
	struct net_seen seen;
	coap_address_t own;
	const char *const bound[] = { "127.0.0.1", "::" };
	size_t i;

	for (i = 0; i < 2; i++) {
		to = open_port(w, bound[i], 0);
		to = net_address("127.0.0.1", coap_address_get_port(&to));
		open_client(w, &seen, NULL, &to);
		assert_int_equal(layer_local(seen.layer, &own, NULL), 0);
		assert_int_equal(udp_port_send(inbox.port, &bad, NULL, 0, "a",
				     1),
		    0);
		/* The error of one peer is not another's. */
		assert_int_equal(udp_port_send(inbox.port, &own, NULL, 0, "b",
				     1),
		    0);
		assert_int_equal(udp_port_send(inbox.port, &bad, NULL, 0, "c",
				     1),
		    0);
		assert_int_equal(layer_send(seen.layer, "d", 1), 0);
		WAIT_UNTIL(&w->poller, inbox.failed == 2 && inbox.n == 1);
		assert_int_equal(inbox.err, -COAP_E_REFUSED);
		assert_true(coap_address_equals(&inbox.failed_remote, &bad));
		WAIT_UNTIL(&w->poller, seen.readable > 0);
		assert_int_equal(layer_recv(seen.layer, &own, 1), 1);
		net_assert_quiet(&w->poller);
		layer_free(seen.layer);

		inbox.free_port = true;
		assert_int_equal(udp_port_send(inbox.port, &bad, NULL, 0, "a",
				     1),
		    0);
		WAIT_UNTIL(&w->poller, inbox.failed == 3);
		assert_null(inbox.port);
	}
}

static void
group(struct net_world *w, const char *bound, const char *name)
{
	coap_address_t at = open_port(w, bound, 0);
	coap_address_t to = net_address(name, coap_address_get_port(&at));
	int lo = (int)if_nametoindex("lo");

	/* Not joined: not heard. */
	udp_port_send(inbox.port, &to, &at, lo, "g", 1);
	net_assert_quiet(&w->poller);
	if (udp_port_join(inbox.port, &to, lo) < 0) {
		udp_port_free(inbox.port);
		skip_because("no group can be joined on this machine");
	}
	assert_int_equal(udp_port_send(inbox.port, &to, &at, lo, "g", 1), 0);
	WAIT_UNTIL(&w->poller, inbox.n == 1);
	assert_true(coap_address_equals(&inbox.local, &to));
	assert_int_equal(inbox.ifindex, lo);
	/* A group is no source address: the answer comes from a real one. */
	assert_int_equal(udp_port_send(inbox.port, &inbox.remote, &inbox.local,
			     lo, "r", 1),
	    0);
	WAIT_UNTIL(&w->poller, inbox.n == 2);
	at = net_address("127.0.0.1", 0);
	assert_int_equal(udp_port_join(inbox.port, &at, lo), -COAP_E_INVAL);
	udp_port_free(inbox.port);
}

static void
groups_ipv4(void **state)
{
	group(*state, "0.0.0.0", "224.0.1.187");
}

static void
groups_ipv4_on_ipv6_socket(void **state)
{
	group(*state, "::", "224.0.1.187");
}

/* Loopback has no route for IPv6 groups, so nothing is sent. */
static void
groups_ipv6(void **state)
{
	struct net_world *w = *state;
	coap_address_t group = net_address("ff11::fd", 5683);
	int lo = (int)if_nametoindex("lo");

	open_port(w, "::", 0);
	assert_int_equal(udp_port_join(inbox.port, &group, lo), 0);
	assert_int_equal(udp_port_join(inbox.port, &group, lo),
	    -COAP_E_ADDRINUSE);
	udp_port_free(inbox.port);

	open_port(w, "127.0.0.1", 0);
	assert_int_equal(udp_port_join(inbox.port, &group, lo), -COAP_E_INVAL);
	udp_port_free(inbox.port);
}

static void
clear_errors(void **state)
{
	struct net_world *w = *state;
	coap_address_t at = open_port(w, "127.0.0.1", 0);
	coap_address_t six = net_address("::1", 5683);
	struct udp_port *port;
	struct layer *l;

	assert_int_equal(udp_port_open(&w->poller, &at, &port_events, NULL,
			     &port),
	    -COAP_E_ADDRINUSE);
	assert_int_equal(layer_udp_client(&w->poller, &at, &at,
			     &net_seen_events, NULL, &l),
	    -COAP_E_ADDRINUSE);
	assert_int_equal(layer_udp_client(&w->poller, &at, &six,
			     &net_seen_events, NULL, &l),
	    -COAP_E_INVAL);
	assert_int_equal(udp_port_send(inbox.port, &six, NULL, 0, "x", 1),
	    -COAP_E_INVAL);
	udp_port_free(inbox.port);
	udp_port_free(NULL);
}

static void
out_of_memory(void **state)
{
	struct net_world *w = *state;
	coap_address_t at = net_address("127.0.0.1", 0);
	coap_address_t to = net_address("127.0.0.1", 5683);
	struct udp_port *port = NULL;
	struct layer *l = NULL;
	size_t n;

	for (n = 1; n <= 2; n++) {
		mem_fail_at(n, 0);
		assert_int_equal(udp_port_open(&w->poller, &at, &port_events,
				     NULL, &port),
		    -COAP_E_NOMEM);
	}
	mem_fail_at(1, 0);
	assert_int_equal(layer_udp_client(&w->poller, NULL, &to,
			     &net_seen_events, NULL, &l),
	    -COAP_E_NOMEM);
	mem_fail_at(1, 0);
	assert_int_equal(layer_udp_server(NULL, &to, NULL, 0, &net_seen_events,
			     NULL, &l),
	    -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_null(l);
	assert_null(port);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(round_trips),
		TEST(answers_come_from_where_requests_went),
		TEST(a_stranger_is_not_heard),
		TEST(server_layer_answers),
		TEST(refused_is_told_and_the_client_lives),
		TEST(pending_error_costs_no_datagram),
		TEST(receiving_over_a_pending_error),
		TEST(client_may_be_freed_in_its_events),
		TEST(sizes),
		TEST(answers_to_many_at_once),
		TEST(answer_before_the_end),
		TEST(client_takes_many_at_once),
		TEST(client_answers_many_at_once),
		TEST(back_pressure),
		TEST(many_datagrams),
		TEST(port_tells_icmp_errors),
		TEST(groups_ipv4),
		TEST(groups_ipv4_on_ipv6_socket),
		TEST(groups_ipv6),
		TEST(clear_errors),
		TEST(out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

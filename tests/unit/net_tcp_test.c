/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP on loopback: connecting, backlog, half-close, errors, listeners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"

/* A listener, a client, and the connection between them. */
struct pair {
	struct net_world *w;
	struct tcp_port *port;
	coap_address_t address;
	coap_address_t remote, local; /* as the listener told them */
	int accepted;
	bool free_port;
	bool close_all; /* accepted connections are not kept */
	struct net_seen client, server;
};

static struct pair pair;

static void
on_accepted(void *user, int fd, const coap_address_t *remote,
    const coap_address_t *local)
{
	struct pair *p = user;

	p->accepted++;
	p->remote = *remote;
	p->local = *local;
	if (p->free_port) {
		tcp_port_free(p->port);
		p->port = NULL;
	}
	if (p->close_all || p->server.layer) {
		close(fd);
		return;
	}
	assert_int_equal(layer_tcp_server(&p->w->poller, fd, &net_seen_events,
			     &p->server, &p->server.layer),
	    0);
}

static const struct tcp_port_events port_events = {
	.accepted = on_accepted,
};

static void
open_port(struct net_world *w, const char *host)
{
	coap_address_t a = net_address(host, 0);

	memset(&pair, 0, sizeof pair);
	pair.w = w;
	assert_int_equal(tcp_port_open(&w->poller, &a, &port_events, &pair,
			     &pair.port),
	    0);
	pair.address = *tcp_port_local(pair.port);
}

static void
open_client(const coap_address_t *local, const coap_address_t *remote)
{
	assert_int_equal(layer_tcp_client(&pair.w->poller, local, remote,
			     &net_seen_events, &pair.client,
			     &pair.client.layer),
	    0);
}

static void
open_pair(struct net_world *w)
{
	open_port(w, "127.0.0.1");
	open_client(NULL, &pair.address);
	WAIT_UNTIL(&w->poller,
	    layer_connect(pair.client.layer) == 0 && pair.server.layer);
	assert_int_equal(layer_connect(pair.server.layer), 0);
}

static void
close_pair(void)
{
	layer_free(pair.client.layer);
	layer_free(pair.server.layer);
	tcp_port_free(pair.port);
}

/* Bytes whose order can be checked. */
static uint8_t
pattern(size_t i)
{
	return (uint8_t)(i * 31 + i / 251);
}

static uint8_t *
pattern_new(size_t n)
{
	uint8_t *p = malloc(n);
	size_t i;

	assert_non_null(p);
	for (i = 0; i < n; i++)
		p[i] = pattern(i);
	return p;
}

/* Receives what there is; adds to *got; the last result. */
static ssize_t
drain(struct layer *l, size_t *got)
{
	static uint8_t data[65536];
	ssize_t n, i;

	for (;;) {
		n = layer_recv(l, data, sizeof data);
		if (n <= 0)
			return n;
		for (i = 0; i < n; i++)
			if (data[i] != pattern(*got + (size_t)i))
				fail_msg("byte %zu is wrong", *got + (size_t)i);
		*got += (size_t)n;
	}
}

static void
talk(struct net_world *w, const char *bound, const char *host)
{
	coap_address_t to, own;
	char data[16];
	int ifindex = -1;

	open_port(w, bound);
	to = net_address(host, coap_address_get_port(&pair.address));
	open_client(NULL, &to);
	WAIT_UNTIL(&w->poller,
	    layer_connect(pair.client.layer) == 0 && pair.server.layer);
	assert_int_equal(layer_local(pair.client.layer, &own, &ifindex), 0);
	assert_int_equal(ifindex, 0);
	assert_true(coap_address_equals(&pair.remote, &own));
	assert_true(coap_address_equals(&pair.local, &to));
	assert_int_equal(layer_local(pair.server.layer, &own, NULL), 0);
	assert_true(coap_address_equals(&own, &to));

	assert_int_equal(layer_send(pair.client.layer, "question", 8), 0);
	WAIT_UNTIL(&w->poller, pair.server.readable > 0);
	assert_int_equal(layer_recv(pair.server.layer, data, sizeof data), 8);
	assert_memory_equal(data, "question", 8);
	assert_int_equal(layer_recv(pair.server.layer, data, sizeof data),
	    -COAP_E_AGAIN);
	assert_int_equal(layer_send(pair.server.layer, "answer", 6), 0);
	WAIT_UNTIL(&w->poller, pair.client.readable > 0);
	assert_int_equal(layer_recv(pair.client.layer, data, sizeof data), 6);
	assert_int_equal(layer_backlog(pair.client.layer), 0);
	net_assert_quiet(&w->poller);
	close_pair();
}

static void
both_ways(void **state)
{
	talk(*state, "127.0.0.1", "127.0.0.1");
	talk(*state, "::1", "::1");
	talk(*state, "::", "::1");
	talk(*state, "::", "127.0.0.1");
}

static void
refused(void **state)
{
	struct net_world *w = *state;
	coap_address_t to = net_refusing(SOCK_STREAM);
	struct net_seen seen = { 0 };
	int r = layer_tcp_client(&w->poller, NULL, &to, &net_seen_events, &seen,
	    &seen.layer);

	if (r == 0) {
		WAIT_UNTIL(&w->poller, seen.writable > 0);
		r = layer_connect(seen.layer);
		assert_int_equal(layer_send(seen.layer, "x", 1), r);
		assert_int_equal(layer_recv(seen.layer, &to, 1), r);
		net_assert_quiet(&w->poller);
	}
	assert_int_equal(r, -COAP_E_REFUSED);
	layer_free(seen.layer);
}

static void
while_connecting(void **state)
{
	struct net_world *w = *state;
	struct net_stuck stuck;
	struct net_seen seen = { 0 };
	char data[4];

	net_stuck_open(&stuck);
	assert_int_equal(layer_tcp_client(&w->poller, NULL, &stuck.address,
			     &net_seen_events, &seen, &seen.layer),
	    0);
	net_assert_quiet(&w->poller);
	assert_int_equal(layer_connect(seen.layer), -COAP_E_AGAIN);
	assert_int_equal(layer_send(seen.layer, "x", 1), -COAP_E_AGAIN);
	assert_int_equal(layer_recv(seen.layer, data, 4), -COAP_E_AGAIN);
	layer_want_read(seen.layer, false);
	layer_close(seen.layer);
	assert_int_equal(layer_send(seen.layer, "x", 1), -COAP_E_CLOSED);
	net_assert_quiet(&w->poller);
	layer_free(seen.layer);
	net_stuck_close(&stuck);
}

/* The peer does not read: the backlog fills, is refused, and goes out. */
static void
backlog(void **state)
{
	struct net_world *w = *state;
	const size_t chunk = 64 * 1024;
	const size_t max = 64 * 1024 * 1024; /* more than any kernel takes */
	uint8_t *data = pattern_new(max);
	size_t sent = 0, got = 0;
	int r = 0;

	open_pair(w);
	layer_want_read(pair.server.layer, false);
	pair.client.writable = 0;
	for (; r == 0 && sent < max; sent += r == 0 ? chunk : 0)
		r = layer_send(pair.client.layer, data + sent, chunk);
	assert_int_equal(r, -COAP_E_AGAIN);
	assert_true(layer_backlog(pair.client.layer) > LAYER_BACKLOG_MAX);
	assert_true(
	    layer_backlog(pair.client.layer) <= LAYER_BACKLOG_MAX + chunk);
	net_assert_quiet(&w->poller);
	assert_int_equal(pair.server.readable, 0);

	layer_want_read(pair.server.layer, true);
	WAIT_UNTIL(&w->poller,
	    drain(pair.server.layer, &got) == -COAP_E_AGAIN && got == sent);
	WAIT_UNTIL(&w->poller, pair.client.writable > 0);
	assert_int_equal(pair.client.writable, 1);
	assert_int_equal(layer_backlog(pair.client.layer), 0);
	net_assert_quiet(&w->poller);
	close_pair();
	free(data);
}

/* One message larger than the limit is taken; then close() lets it out. */
static void
large_message_then_close(void **state)
{
	struct net_world *w = *state;
	const size_t n = 20 * 1024 * 1024;
	uint8_t *data = pattern_new(n);
	size_t got = 0;

	open_pair(w);
	pair.client.writable = 0;
	assert_int_equal(layer_send(pair.client.layer, data, n), 0);
	assert_true(layer_backlog(pair.client.layer) > LAYER_BACKLOG_MAX);
	layer_close(pair.client.layer);
	layer_close(pair.client.layer);
	assert_int_equal(layer_send(pair.client.layer, "x", 1), -COAP_E_CLOSED);
	WAIT_UNTIL(&w->poller, drain(pair.server.layer, &got) == 0);
	assert_int_equal(got, n);
	/* Nothing was refused: this tells that all is out. */
	WAIT_UNTIL(&w->poller, pair.client.writable > 0);
	assert_int_equal(pair.client.writable, 1);
	assert_int_equal(layer_backlog(pair.client.layer), 0);
	/* The end does not spin, and the other direction still works. */
	WAIT_UNTIL(&w->poller, poller_wait(&w->poller, 0) == 0);
	assert_int_equal(layer_recv(pair.server.layer, &got, 1), 0);
	got = 0;
	assert_int_equal(layer_send(pair.server.layer, data, 100), 0);
	layer_close(pair.server.layer);
	WAIT_UNTIL(&w->poller, drain(pair.client.layer, &got) == 0);
	assert_int_equal(got, 100);
	net_assert_quiet(&w->poller);
	close_pair();
	free(data);
}

static void
too_large_a_message(void **state)
{
	struct net_world *w = *state;

	open_pair(w);
	assert_int_equal(layer_send(pair.client.layer, &pair,
			     LAYER_SEND_MAX + 1),
	    -COAP_E_TOOBIG);
	assert_int_equal(layer_backlog(pair.client.layer), 0);
	close_pair();
}

/* A socket that is closed with something unread resets the connection. */
static void
reset_while_receiving(void **state)
{
	struct net_world *w = *state;
	char data[4];
	ssize_t n;

	open_pair(w);
	assert_int_equal(layer_send(pair.client.layer, "unread", 6), 0);
	WAIT_UNTIL(&w->poller, pair.server.readable > 0);
	layer_free(pair.server.layer);
	pair.server.layer = NULL;
	pair.client.readable = 0;
	WAIT_UNTIL(&w->poller, pair.client.readable > 0);
	n = layer_recv(pair.client.layer, data, sizeof data);
	assert_int_equal(n, -COAP_E_RESET);
	net_assert_quiet(&w->poller);
	n = layer_recv(pair.client.layer, data, sizeof data);
	assert_int_equal(n, -COAP_E_RESET);
	assert_int_equal(layer_send(pair.client.layer, "x", 1), -COAP_E_RESET);
	close_pair();
}

/* The backlog meets the reset first; recv() has the reason all the same. */
static void
reset_while_sending(void **state)
{
	struct net_world *w = *state;
	const size_t n = 20 * 1024 * 1024;
	uint8_t *data = pattern_new(n);
	ssize_t r;

	open_pair(w);
	layer_want_read(pair.server.layer, false);
	assert_int_equal(layer_send(pair.client.layer, data, n), 0);
	layer_want_read(pair.client.layer, false);
	layer_free(pair.server.layer);
	pair.server.layer = NULL;
	pair.client.readable = 0;
	WAIT_UNTIL(&w->poller, pair.client.readable > 0);
	assert_int_equal(layer_backlog(pair.client.layer), 0);
	net_assert_quiet(&w->poller);
	r = layer_recv(pair.client.layer, data, n);
	assert_true(r == -COAP_E_RESET || r == -COAP_E_PEER_CLOSED);
	net_assert_quiet(&w->poller);
	close_pair();
	free(data);
}

static void
no_memory_for_the_backlog(void **state)
{
	struct net_world *w = *state;
	const size_t n = 20 * 1024 * 1024;
	uint8_t *data = pattern_new(n);
	size_t got = 0;

	open_pair(w);
	mem_fail_at(1, 0);
	assert_int_equal(layer_send(pair.client.layer, data, n), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	/* Half a message is out, so the stream is over. */
	assert_int_equal(layer_send(pair.client.layer, "x", 1), -COAP_E_NOMEM);
	assert_int_equal(layer_backlog(pair.client.layer), 0);
	layer_free(pair.client.layer);
	pair.client.layer = NULL;
	WAIT_UNTIL(&w->poller, drain(pair.server.layer, &got) == 0);
	assert_true(got < n);
	close_pair();
	free(data);
}

static int readable_before;

static void
free_when_writable(struct net_seen *seen)
{
	if (seen->writable == 0 || !seen->layer)
		return;
	readable_before = seen->readable;
	net_then_free(seen);
}

static void
freed_in_events(void **state)
{
	struct net_world *w = *state;
	const size_t n = 20 * 1024 * 1024;
	uint8_t *data = pattern_new(n);
	size_t got = 0;

	open_pair(w);
	pair.server.then = net_then_free;
	assert_int_equal(layer_send(pair.client.layer, "x", 1), 0);
	WAIT_UNTIL(&w->poller, pair.server.readable > 0);
	assert_null(pair.server.layer);
	close_pair();

	/* Writable and readable in one pass: the second must not come. */
	open_pair(w);
	layer_want_read(pair.server.layer, false);
	assert_int_equal(layer_send(pair.client.layer, data, n), 0);
	assert_int_equal(layer_send(pair.client.layer, data, n), -COAP_E_AGAIN);
	assert_int_equal(layer_send(pair.server.layer, "x", 1), 0);
	pair.client.then = free_when_writable;
	pair.client.writable = 0;
	WAIT_UNTIL(&w->poller,
	    drain(pair.server.layer, &got) <= 0 && pair.client.layer == NULL);
	assert_int_equal(pair.client.writable, 1);
	assert_int_equal(pair.client.readable, readable_before);
	close_pair();
	free(data);
}

static void
pause_when_writable(struct net_seen *seen)
{
	if (seen->writable == 0)
		return;
	readable_before = seen->readable;
	layer_want_read(seen->layer, false);
	seen->then = NULL;
}

/* Who wants to read no more is told so no more, in the same pass already. */
static void
paused_in_an_event(void **state)
{
	struct net_world *w = *state;
	const size_t n = 20 * 1024 * 1024;
	uint8_t *data = pattern_new(n);
	size_t got = 0;

	open_pair(w);
	layer_want_read(pair.client.layer, false);
	assert_int_equal(layer_send(pair.client.layer, data, n), 0);
	assert_int_equal(layer_send(pair.client.layer, data, n), -COAP_E_AGAIN);
	assert_int_equal(layer_send(pair.server.layer, "x", 1), 0);
	pair.client.then = pause_when_writable;
	pair.client.writable = 0;
	pair.client.readable = 0;
	layer_want_read(pair.client.layer, true);
	WAIT_UNTIL(&w->poller,
	    drain(pair.server.layer, &got) <= 0 && pair.client.writable > 0);
	assert_int_equal(pair.client.readable, readable_before);
	layer_want_read(pair.client.layer, true);
	WAIT_UNTIL(&w->poller, pair.client.readable > readable_before);
	close_pair();
	free(data);
}

static void
listener_freed_in_accepted(void **state)
{
	struct net_world *w = *state;
	struct net_seen other = { 0 };

	open_port(w, "127.0.0.1");
	pair.free_port = true;
	open_client(NULL, &pair.address);
	assert_int_equal(layer_tcp_client(&w->poller, NULL, &pair.address,
			     &net_seen_events, &other, &other.layer),
	    0);
	WAIT_UNTIL(&w->poller, pair.accepted > 0);
	assert_null(pair.port);
	WAIT_UNTIL(&w->poller,
	    poller_wait(&w->poller, 0) == 0 || other.readable > 0);
	assert_int_equal(pair.accepted, 1);
	layer_free(other.layer);
	close_pair();
}

static void
many_connections(void **state)
{
	struct net_world *w = *state;
	struct net_seen seen[100] = { 0 };
	size_t i;

	open_port(w, "127.0.0.1");
	pair.close_all = true;
	for (i = 0; i < 100; i++)
		assert_int_equal(layer_tcp_client(&w->poller, NULL,
				     &pair.address, &net_seen_events, &seen[i],
				     &seen[i].layer),
		    0);
	WAIT_UNTIL(&w->poller, pair.accepted == 100);
	for (i = 0; i < 100; i++)
		layer_free(seen[i].layer);
	close_pair();
}

static void
out_of_descriptors(void **state)
{
	struct net_world *w = *state;
	struct net_seen other = { 0 };
	struct rlimit before, now;
	int tries;

	open_port(w, "127.0.0.1");
	open_client(NULL, &pair.address);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	now = before;
	now.rlim_cur = 3;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	WAIT_UNTIL(&w->poller, layer_connect(pair.client.layer) == 0);
	layer_want_read(pair.client.layer, false);
	/* It tries, and then tries no more before the pause is over. */
	for (tries = 0; tries < 1000; tries++)
		if (poller_wait(&w->poller, 0) == 0)
			break;
	assert_true(tries < 1000);
	assert_int_equal(pair.accepted, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	/* Valgrind's kernel loses the first one. */
	assert_int_equal(layer_tcp_client(&w->poller, NULL, &pair.address,
			     &net_seen_events, &other, &other.layer),
	    0);
	WAIT_UNTIL(&w->poller, pair.accepted > 0);
	layer_free(other.layer);
	close_pair();
}

/* The first connection is in TIME_WAIT on the client's side. */
static void
local_port_is_used_again(void **state)
{
	struct net_world *w = *state;
	coap_address_t own = net_refusing(SOCK_STREAM);
	char data[1];

	open_port(w, "127.0.0.1");
	open_client(&own, &pair.address);
	WAIT_UNTIL(&w->poller,
	    layer_connect(pair.client.layer) == 0 && pair.server.layer);
	layer_close(pair.client.layer);
	WAIT_UNTIL(&w->poller, pair.server.readable > 0);
	assert_int_equal(layer_recv(pair.server.layer, data, 1), 0);
	close_pair();

	open_port(w, "127.0.0.1");
	open_client(&own, &pair.address);
	WAIT_UNTIL(&w->poller,
	    layer_connect(pair.client.layer) == 0 && pair.server.layer);
	assert_true(coap_address_equals(&pair.remote, &own));
	close_pair();
}

static void
clear_errors(void **state)
{
	struct net_world *w = *state;
	coap_address_t six = net_address("::1", 0);
	coap_address_t group = net_address("224.0.0.1", 5683);
	struct tcp_port *port;
	struct layer *l = NULL;

	open_port(w, "127.0.0.1");
	assert_int_equal(tcp_port_open(&w->poller, &pair.address, &port_events,
			     &pair, &port),
	    -COAP_E_ADDRINUSE);
	assert_int_equal(layer_tcp_client(&w->poller, &six, &pair.address,
			     &net_seen_events, NULL, &l),
	    -COAP_E_INVAL);
	assert_int_equal(layer_tcp_client(&w->poller, NULL, &group,
			     &net_seen_events, NULL, &l),
	    -COAP_E_UNREACH);
	mem_fail_at(1, 0);
	assert_int_equal(layer_tcp_client(&w->poller, NULL, &pair.address,
			     &net_seen_events, NULL, &l),
	    -COAP_E_NOMEM);
	mem_fail_at(1, 0);
	assert_int_equal(tcp_port_open(&w->poller, &six, &port_events, &pair,
			     &port),
	    -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	tcp_port_free(NULL);
	close_pair();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways),
		TEST(refused),
		TEST(while_connecting),
		TEST(backlog),
		TEST(large_message_then_close),
		TEST(too_large_a_message),
		TEST(reset_while_receiving),
		TEST(reset_while_sending),
		TEST(no_memory_for_the_backlog),
		TEST(freed_in_events),
		TEST(paused_in_an_event),
		TEST(listener_freed_in_accepted),
		TEST(many_connections),
		TEST(out_of_descriptors),
		TEST(local_port_is_used_again),
		TEST(clear_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

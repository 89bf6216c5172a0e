/* SPDX-License-Identifier: BSD-2-Clause */
/* Dialling several addresses, on loopback, with a clock of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/dial.h"
#include "net_support.h"

#define MAX 4

struct call {
	struct net_world *w;
	struct timers timers;
	coap_tick_t now;
	struct tcp_port *port; /* one that accepts */
	coap_address_t good;
	struct dial *dial;
	struct layer *layer;
	coap_address_t remote;
	int done;
	int err;
	int readable;
	bool free_in_done;
};

static void
on_accepted(void *user, int fd, const coap_address_t *remote,
    const coap_address_t *local)
{
	(void)user;
	(void)remote;
	(void)local;
	assert_int_equal(write(fd, "hi", 2), 2);
	close(fd);
}

static const struct tcp_port_events port_events = {
	.accepted = on_accepted,
};

static void
on_done(void *user, int err, struct layer *l, const coap_address_t *remote)
{
	struct call *c = user;

	c->done++;
	c->err = err;
	c->layer = l;
	assert_int_equal(l != NULL, err == 0);
	assert_int_equal(remote != NULL, err == 0);
	if (remote)
		c->remote = *remote;
	if (c->free_in_done) {
		dial_free(c->dial);
		c->dial = NULL;
	}
}

static void
on_readable(void *user)
{
	((struct call *)user)->readable++;
}

static void
on_writable(void *user)
{
	(void)user;
}

static void
on_failed(void *user, int err)
{
	(void)user;
	(void)err;
}

static const struct layer_events events = {
	.readable = on_readable,
	.writable = on_writable,
	.failed = on_failed,
};

static coap_tick_t
clock_of(void *user)
{
	return ((struct call *)user)->now;
}

static void
call_open(struct call *c, struct net_world *w)
{
	coap_address_t any = net_address("127.0.0.1", 0);

	*c = (struct call){ .w = w, .now = 1000 };
	assert_int_equal(tcp_port_open(&w->poller, &any, &port_events, c,
			     &c->port),
	    0);
	c->good = *tcp_port_local(c->port);
}

static void
call_close(struct call *c)
{
	dial_free(c->dial);
	layer_free(c->layer);
	tcp_port_free(c->port);
	assert_true(timers_next(&c->timers) == TIMER_NEVER);
	net_assert_quiet(&c->w->poller);
}

static int
start(struct call *c, bool stream, const coap_address_t *local,
    const coap_address_t *addrs, size_t n)
{
	struct dial_params params = {
		.poller = &c->w->poller,
		.timers = &c->timers,
		.local = local,
		.addrs = addrs,
		.n = n,
		.stream = stream,
		.now = clock_of,
		.events = &events,
		.user = c,
		.done = on_done,
	};
	int r = dial_start(&params, &c->dial, &c->layer, &c->remote);

	assert_int_equal(c->done, 0);
	return r;
}

/* Time stands still: what is due is run, sockets do what they do. */
static void
wait_done(struct call *c)
{
	coap_tick_t hung = net_now() + NET_HUNG_MS;

	while (c->done == 0 && net_now() < hung) {
		timers_run(&c->timers, c->now);
		if (c->done == 0)
			assert_true(poller_wait(&c->w->poller, 10) >= 0);
	}
	assert_int_equal(c->done, 1);
}

static void
one_address(void **state)
{
	struct call c;
	char data[4];

	call_open(&c, *state);
	assert_int_equal(start(&c, true, NULL, &c.good, 1), 0);
	wait_done(&c);
	assert_int_equal(c.err, 0);
	assert_true(coap_address_equals(&c.remote, &c.good));
	/* From here on the layer's events are the owner's. */
	WAIT_UNTIL(&c.w->poller, c.readable > 0);
	assert_int_equal(layer_recv(c.layer, data, sizeof data), 2);
	WAIT_UNTIL(&c.w->poller, layer_recv(c.layer, data, 4) == 0);
	call_close(&c);
}

static void
refused_goes_on_at_once(void **state)
{
	struct call c;
	coap_address_t addrs[2];

	call_open(&c, *state);
	addrs[0] = net_refusing(SOCK_STREAM);
	addrs[1] = c.good;
	assert_int_equal(start(&c, true, NULL, addrs, 2), 0);
	wait_done(&c);
	assert_int_equal(c.err, 0);
	assert_true(coap_address_equals(&c.remote, &c.good));
	WAIT_UNTIL(&c.w->poller, c.readable > 0);
	layer_want_read(c.layer, false);
	call_close(&c);
}

static void
silence_is_given_a_moment(void **state)
{
	struct call c;
	struct net_stuck stuck;
	coap_address_t addrs[3];
	int fds;

	call_open(&c, *state);
	net_stuck_open(&stuck);
	addrs[0] = stuck.address;
	addrs[1] = c.good;
	addrs[2] = net_refusing(SOCK_STREAM); /* is never needed */
	fds = net_open_fds();
	assert_int_equal(start(&c, true, NULL, addrs, 3), 0);
	assert_true(timers_next(&c.timers) == 1000 + DIAL_ATTEMPT_DELAY_MS);
	c.now = 1000 + DIAL_ATTEMPT_DELAY_MS - 1;
	timers_run(&c.timers, c.now);
	net_assert_quiet(&c.w->poller);
	assert_int_equal(net_open_fds(), fds + 1);

	c.now++;
	timers_run(&c.timers, c.now);
	assert_int_equal(net_open_fds(), fds + 2);
	wait_done(&c);
	assert_int_equal(c.err, 0);
	assert_true(coap_address_equals(&c.remote, &c.good));
	WAIT_UNTIL(&c.w->poller, c.readable > 0);
	assert_int_equal(net_open_fds(), fds + 1); /* the loser is closed */
	layer_want_read(c.layer, false);
	call_close(&c);
	net_stuck_close(&stuck);
}

/* The first attempt still runs when all the others have failed. */
static void
waits_for_the_last_one(void **state)
{
	struct call c;
	struct net_stuck stuck;
	coap_address_t addrs[2];

	call_open(&c, *state);
	net_stuck_open(&stuck);
	addrs[0] = stuck.address;
	addrs[1] = net_refusing(SOCK_STREAM);
	assert_int_equal(start(&c, true, NULL, addrs, 2), 0);
	c.now += DIAL_ATTEMPT_DELAY_MS;
	timers_run(&c.timers, c.now);
	WAIT_UNTIL(&c.w->poller, poller_wait(&c.w->poller, 0) == 0);
	timers_run(&c.timers, c.now);
	assert_int_equal(c.done, 0);
	assert_true(timers_next(&c.timers) == TIMER_NEVER);
	dial_free(c.dial); /* while it is under way */
	c.dial = NULL;
	assert_int_equal(c.done, 0);
	call_close(&c);
	net_stuck_close(&stuck);
}

static void
the_best_error(void **state)
{
	struct call c;
	coap_address_t addrs[3];
	coap_address_t local = net_address("127.0.0.1", 0);

	/* The group is unreachable for TCP; ::1 is of another family. */
	addrs[0] = net_address("224.0.0.1", 5683);
	addrs[1] = net_refusing(SOCK_STREAM);
	addrs[2] = net_address("::1", 5683);
	call_open(&c, *state);
	assert_int_equal(start(&c, true, &local, addrs, 3), 0);
	c.free_in_done = true;
	wait_done(&c);
	assert_int_equal(c.err, -COAP_E_REFUSED);
	assert_null(c.dial);
	call_close(&c);

	call_open(&c, *state);
	assert_int_equal(start(&c, true, NULL, addrs, 1), 0);
	wait_done(&c);
	assert_int_equal(c.err, -COAP_E_UNREACH);
	call_close(&c);

	/* All of another family. */
	call_open(&c, *state);
	assert_int_equal(start(&c, true, &local, &addrs[2], 1), 0);
	wait_done(&c);
	assert_int_equal(c.err, -COAP_E_UNREACH);
	call_close(&c);

	/* An address of ours that is taken says more than nothing. */
	call_open(&c, *state);
	assert_int_equal(start(&c, true, &c.good, &c.good, 1), 0);
	wait_done(&c);
	assert_int_equal(c.err, -COAP_E_ADDRINUSE);
	call_close(&c);
}

static void
family_of_the_local_address(void **state)
{
	struct call c;
	coap_address_t addrs[2];
	coap_address_t local = net_address("127.0.0.5", 0);
	coap_address_t own;

	call_open(&c, *state);
	addrs[0] = net_address("::1", 5683);
	addrs[1] = c.good;
	assert_int_equal(start(&c, true, &local, addrs, 2), 0);
	c.free_in_done = true;
	wait_done(&c);
	assert_int_equal(c.err, 0);
	assert_true(coap_address_equals(&c.remote, &c.good));
	assert_int_equal(layer_local(c.layer, &own, NULL), 0);
	assert_int_equal(own.addr.sin.sin_addr.s_addr,
	    local.addr.sin.sin_addr.s_addr);
	WAIT_UNTIL(&c.w->poller, c.readable > 0);
	layer_want_read(c.layer, false);
	call_close(&c);
}

static void
datagrams_one_by_one(void **state)
{
	struct call c;
	struct layer *next = NULL;
	coap_address_t local = net_address("127.0.0.1", 0);
	coap_address_t addrs[4];

	call_open(&c, *state);
	addrs[0] = net_address("::1", 5683); /* passed over */
	addrs[1] = net_address("127.0.0.1", 5683);
	addrs[2] = net_address("::1", 5684); /* passed over */
	addrs[3] = net_address("127.0.0.2", 5683);
	assert_int_equal(start(&c, false, &local, addrs, 4), 0);
	assert_true(coap_address_equals(&c.remote, &addrs[1]));
	assert_non_null(c.layer);
	assert_true(timers_next(&c.timers) == TIMER_NEVER);
	assert_int_equal(dial_next(c.dial, &next, &c.remote), 0);
	assert_true(coap_address_equals(&c.remote, &addrs[3]));
	layer_free(next);
	assert_int_equal(dial_next(c.dial, &next, &c.remote), -COAP_E_NOTFOUND);
	call_close(&c);

	call_open(&c, *state);
	assert_int_equal(start(&c, false, &local, addrs, 1), -COAP_E_UNREACH);
	assert_null(c.dial);
	assert_null(c.layer);
	call_close(&c);
}

static void
arguments_and_memory(void **state)
{
	struct call c;

	call_open(&c, *state);
	assert_int_equal(start(&c, true, NULL, &c.good, 0), -COAP_E_INVAL);
	mem_fail_at(1, 0);
	assert_int_equal(start(&c, true, NULL, &c.good, 1), -COAP_E_NOMEM);
	mem_fail_at(2, 0);
	assert_int_equal(start(&c, false, NULL, &c.good, 1), -COAP_E_NOMEM);
	mem_fail_at(2, 0);
	assert_int_equal(start(&c, true, NULL, &c.good, 1), 0);
	mem_fail_at(0, 0);
	wait_done(&c);
	assert_int_equal(c.err, -COAP_E_NOMEM);
	dial_free(NULL);
	WAIT_UNTIL(&c.w->poller, poller_wait(&c.w->poller, 0) == 0);
	call_close(&c);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_address),
		TEST(refused_goes_on_at_once),
		TEST(silence_is_given_a_moment),
		TEST(waits_for_the_last_one),
		TEST(the_best_error),
		TEST(family_of_the_local_address),
		TEST(datagrams_one_by_one),
		TEST(arguments_and_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

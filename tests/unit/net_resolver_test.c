/* SPDX-License-Identifier: BSD-2-Clause */
/* The resolver, with a lookup of ours in place of the system's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "net/resolver.h"
#include "net_support.h"
#include "skip.h"

static sem_t begun, go_on; /* of lookup_stuck() */
static atomic_bool signals_blocked;

/* "4 6 6" is one IPv4 and two IPv6 addresses; "?" does not resolve. */
static int
lookup_fake(const char *host, coap_address_t *addrs,
    char detail[RESOLVER_DETAIL_SIZE])
{
	int n = 0;
	char text[32];
	sigset_t set;

	pthread_sigmask(SIG_BLOCK, NULL, &set);
	signals_blocked = sigismember(&set, SIGTERM) == 1;
	if (*host == '?') {
		snprintf(detail, RESOLVER_DETAIL_SIZE, "no such name");
		return -COAP_E_RESOLVE;
	}
	for (; *host; host++) {
		if (*host != '4' && *host != '6')
			continue;
		snprintf(text, sizeof text,
		    *host == '4' ? "192.0.2.%d" : "2001:db8::%d", n);
		addr_parse(&addrs[n++], text, 0);
	}
	return n;
}

static int
lookup_stuck(const char *host, coap_address_t *addrs,
    char detail[RESOLVER_DETAIL_SIZE])
{
	sem_post(&begun);
	sem_wait(&go_on);
	return lookup_fake(host, addrs, detail);
}

struct answer {
	int calls;
	int err;
	size_t n;
	coap_address_t addrs[RESOLVER_MAX_ADDRESSES];
	char detail[RESOLVER_DETAIL_SIZE];
	struct resolver *close; /* what to do inside the callback */
	struct resolver_query *cancel;
	struct resolver_query *own;
};

static void
on_done(void *user, int err, const char *detail, const coap_address_t *addrs,
    size_t n)
{
	struct answer *a = user;

	a->calls++;
	a->err = err;
	a->n = n;
	snprintf(a->detail, sizeof a->detail, "%s", detail);
	if (n > 0)
		memcpy(a->addrs, addrs, n * sizeof *addrs);
	resolver_cancel(a->own);
	resolver_cancel(a->cancel);
	resolver_close(a->close);
}

static struct resolver *
open_resolver(struct net_world *w, resolver_lookup_t lookup)
{
	struct resolver *r;

	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	assert_int_equal(resolver_open(&w->poller, &r), 0);
	if (lookup)
		resolver_set_lookup(r, lookup);
	return r;
}

static struct resolver_query *
ask(struct resolver *r, const char *host, struct answer *a)
{
	struct resolver_query *q;

	memset(a, 0, sizeof *a);
	assert_int_equal(resolver_start(r, host, 5683, on_done, a, &q), 0);
	assert_int_equal(a->calls, 0);
	return q;
}

static void
answers_in_happy_order(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = open_resolver(w, lookup_fake);
	struct answer a;
	coap_address_t second = net_address("192.0.2.3", 5683);

	ask(r, "6 6 6 4 4", &a);
	WAIT_UNTIL(&w->poller, a.calls > 0);
	assert_int_equal(a.calls, 1);
	assert_int_equal(a.err, 0);
	assert_int_equal(a.n, 5);
	assert_true(coap_address_equals(&a.addrs[1], &second));
	assert_int_equal(a.addrs[2].addr.sa.sa_family, AF_INET6);
	assert_int_equal(a.addrs[3].addr.sa.sa_family, AF_INET);
	assert_int_equal(a.addrs[4].addr.sa.sa_family, AF_INET6);
	assert_int_equal(coap_address_get_port(&a.addrs[4]), 5683);
	assert_true(signals_blocked);
	net_assert_quiet(&w->poller);
	resolver_close(r);
}

static void
sorts_in_place(void **state)
{
	coap_address_t a[4] = { net_address("192.0.2.1", 1),
		net_address("192.0.2.2", 1), net_address("192.0.2.3", 1),
		net_address("2001:db8::1", 1) };
	coap_address_t want[4] = { a[0], a[3], a[1], a[2] };
	size_t i;

	(void)state;
	resolver_sort(a, 4);
	for (i = 0; i < 4; i++)
		assert_true(coap_address_equals(&a[i], &want[i]));
	resolver_sort(a, 0);
	resolver_sort(a, 1);
	assert_true(coap_address_equals(&a[0], &want[0]));
}

static void
tells_why_not(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = open_resolver(w, lookup_fake);
	struct answer a, b;

	ask(r, "?", &a);
	ask(r, "-", &b);
	WAIT_UNTIL(&w->poller, a.calls > 0 && b.calls > 0);
	assert_int_equal(a.err, -COAP_E_RESOLVE);
	assert_string_equal(a.detail, "no such name");
	assert_int_equal(b.err, -COAP_E_RESOLVE);
	assert_string_equal(b.detail, "the name has no address");
	resolver_close(r);
}

static void
arguments_and_memory(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = NULL;
	struct resolver_query *q;
	char host[RESOLVER_MAX_NAME + 2];
	struct answer a = { 0 };
	size_t n;

	for (n = 1; n <= 2; n++) {
		mem_fail_at(n, 0);
		assert_int_equal(resolver_open(&w->poller, &r), -COAP_E_NOMEM);
	}
	mem_fail_at(0, 0);
	r = open_resolver(w, lookup_fake);
	memset(host, '4', sizeof host);
	host[sizeof host - 1] = '\0';
	assert_int_equal(resolver_start(r, host, 1, on_done, &a, &q),
	    -COAP_E_INVAL);
	assert_int_equal(resolver_start(r, "", 1, on_done, &a, &q),
	    -COAP_E_INVAL);
	mem_fail_at(1, 0);
	assert_int_equal(resolver_start(r, "4", 1, on_done, &a, &q),
	    -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	net_assert_quiet(&w->poller);
	resolver_close(r);
	resolver_close(NULL);
	resolver_cancel(NULL);
}

/* One is stuck, one waits, one is done: all can be cancelled. */
static void
cancelled_in_every_state(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = open_resolver(w, lookup_stuck);
	struct resolver_query *q[4];
	struct answer a[4];
	int i;

	for (i = 0; i < 4; i++)
		q[i] = ask(r, "4", &a[i]);
	sem_wait(&begun);
	sem_post(&go_on);
	sem_wait(&begun); /* q[0] is done, q[1] runs, the others wait */
	resolver_cancel(q[0]);
	resolver_cancel(q[1]);
	resolver_cancel(q[2]);
	sem_post(&go_on);
	sem_post(&go_on);
	WAIT_UNTIL(&w->poller, a[3].calls > 0);
	for (i = 0; i < 3; i++)
		assert_int_equal(a[i].calls, 0);
	resolver_close(r);
}

static void
closed_with_answers_waiting(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = open_resolver(w, lookup_stuck);
	struct answer a, b, c;

	ask(r, "4", &a);
	ask(r, "4", &b);
	ask(r, "4", &c);
	sem_wait(&begun);
	sem_post(&go_on);
	sem_wait(&begun);
	resolver_close(r); /* returns though b's lookup does not */
	net_assert_quiet(&w->poller);
	/* Afterwards the thread lets go of everything. */
	sem_post(&go_on);
	WAIT_UNTIL(&w->poller, mem_outstanding() == w->memory);
	assert_int_equal(a.calls + b.calls + c.calls, 0);
}

static void
anything_inside_the_callback(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = open_resolver(w, lookup_fake);
	struct resolver_query *q;
	struct answer a, b;

	q = ask(r, "4", &a);
	a.own = q;
	a.cancel = ask(r, "4", &b);
	a.close = r;
	WAIT_UNTIL(&w->poller, a.calls > 0);
	/* b may have been running: then the thread ends a moment later. */
	WAIT_UNTIL(&w->poller, mem_outstanding() == w->memory);
	assert_int_equal(a.calls, 1);
	assert_int_equal(b.calls, 0);
}

/* The system's own lookup, on a name that needs no name server. */
static void
localhost(void **state)
{
	struct net_world *w = *state;
	struct resolver *r = open_resolver(w, NULL);
	struct answer a;

	ask(r, "localhost", &a);
	WAIT_UNTIL(&w->poller, a.calls > 0);
	resolver_close(r);
	if (a.err < 0)
		skip_because("this machine does not know the name localhost");
	assert_true(a.n > 0);
	assert_int_equal(coap_address_get_port(&a.addrs[0]), 5683);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_in_happy_order),
		TEST(sorts_in_place),
		TEST(tells_why_not),
		TEST(arguments_and_memory),
		TEST(cancelled_in_every_state),
		TEST(closed_with_answers_waiting),
		TEST(anything_inside_the_callback),
		TEST(localhost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

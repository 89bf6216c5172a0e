/* SPDX-License-Identifier: BSD-2-Clause */
/* The poller: what may be done inside a pass, and that nothing spins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "net_support.h"

struct probe {
	struct watch watch;
	struct poller *poller;
	struct probe *other;
	int called;
	int result;
	uint32_t events;
	void (*then)(struct probe *probe);
};

static void
probe_ready(struct watch *w, uint32_t events)
{
	struct probe *probe = WATCH_OWNER(w, struct probe, watch);

	probe->called++;
	probe->events = events;
	if (probe->then)
		probe->then(probe);
}

static void
probe_open(struct net_world *w, struct probe *probe, bool ready)
{
	int fd = eventfd(ready, EFD_NONBLOCK);

	*probe = (struct probe){ .poller = &w->poller };
	probe->watch.ready = probe_ready;
	assert_true(fd >= 0);
	assert_int_equal(poller_add(&w->poller, &probe->watch, fd, EPOLLIN), 0);
}

static void
probe_close(struct probe *probe)
{
	int fd = probe->watch.fd;

	poller_remove(probe->poller, &probe->watch);
	assert_int_equal(probe->watch.fd, -1);
	close(fd);
}

static void
calls_what_is_ready(void **state)
{
	struct net_world *w = *state;
	struct probe a, b;

	probe_open(w, &a, true);
	probe_open(w, &b, false);
	assert_int_equal(poller_wait(&w->poller, -1), 1);
	assert_int_equal(a.called, 1);
	assert_int_equal(a.events, EPOLLIN);
	assert_int_equal(b.called, 0);
	probe_close(&a);
	assert_int_equal(poller_wait(&w->poller, 0), 0);
	probe_close(&b);
}

static void
serves_more_than_a_batch(void **state)
{
	struct net_world *w = *state;
	static struct probe probes[POLLER_BATCH + 10];
	size_t n = sizeof probes / sizeof probes[0];
	size_t i;
	int round;

	for (i = 0; i < n; i++)
		probe_open(w, &probes[i], true);
	assert_int_equal(poller_wait(&w->poller, 0), POLLER_BATCH);
	for (round = 0; round < 4; round++)
		poller_wait(&w->poller, 0);
	for (i = 0; i < n; i++) {
		assert_true(probes[i].called > 0);
		probe_close(&probes[i]);
	}
}

static void
close_other(struct probe *probe)
{
	if (probe->other->watch.fd >= 0)
		probe_close(probe->other);
}

static void
removed_watch_is_not_called_in_the_same_pass(void **state)
{
	struct net_world *w = *state;
	struct probe a, b;

	probe_open(w, &a, true);
	probe_open(w, &b, true);
	a.other = &b;
	b.other = &a;
	a.then = b.then = close_other;
	assert_int_equal(poller_wait(&w->poller, 0), 1);
	assert_int_equal(a.called + b.called, 1);
	probe_close(a.called ? &a : &b);
}

static void
remove_between_collect_and_dispatch(void **state)
{
	struct net_world *w = *state;
	struct probe a;

	probe_open(w, &a, true);
	assert_int_equal(poller_collect(&w->poller, 0), 1);
	assert_int_equal(poller_collect(&w->poller, 0), -COAP_E_STATE);
	/* The same place is another watch now; the old event is not its. */
	probe_close(&a);
	probe_open(w, &a, false);
	assert_int_equal(poller_dispatch(&w->poller), 0);
	assert_int_equal(a.called, 0);
	probe_close(&a);
	assert_int_equal(poller_collect(&w->poller, 0), 0);
}

static void
silence_other(struct probe *probe)
{
	poller_change(probe->poller, &probe->other->watch, EPOLLOUT);
}

static void
unwanted_events_are_not_told(void **state)
{
	struct net_world *w = *state;
	struct probe a, b;

	probe_open(w, &a, true);
	probe_open(w, &b, true);
	a.other = &b;
	b.other = &a;
	a.then = b.then = silence_other;
	assert_int_equal(poller_wait(&w->poller, 0), 1);
	probe_close(&a);
	probe_close(&b);
}

static void
wait_again(struct probe *probe)
{
	probe->result = poller_wait(probe->poller, 0);
	assert_int_equal(poller_dispatch(probe->poller), 0);
}

static void
no_pass_inside_a_pass(void **state)
{
	struct net_world *w = *state;
	struct probe a;

	probe_open(w, &a, true);
	a.then = wait_again;
	assert_int_equal(poller_wait(&w->poller, 0), 1);
	assert_int_equal(a.result, -COAP_E_STATE);
	assert_int_equal(a.called, 1);
	probe_close(&a);
}

static void
sleeping_watch_hears_no_hangup(void **state)
{
	struct net_world *w = *state;
	struct probe a = { .poller = &w->poller };
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	a.watch.ready = probe_ready;
	assert_int_equal(poller_add(&w->poller, &a.watch, pair[0], 0), 0);
	close(pair[1]);
	assert_int_equal(poller_wait(&w->poller, 0), 0);
	assert_int_equal(poller_change(&w->poller, &a.watch, EPOLLIN), 0);
	assert_int_equal(poller_wait(&w->poller, 0), 1);
	assert_true(a.events & EPOLLHUP);
	assert_int_equal(poller_change(&w->poller, &a.watch, 0), 0);
	assert_int_equal(poller_wait(&w->poller, 0), 0);
	probe_close(&a);
}

static void
bad_descriptor_is_an_error(void **state)
{
	struct net_world *w = *state;
	struct watch watch = { .fd = -1 };

	assert_true(poller_add(&w->poller, &watch, 9999, EPOLLIN) < 0);
	assert_int_equal(watch.fd, -1);
	poller_remove(&w->poller, &watch);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, net_setup, net_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(calls_what_is_ready),
		TEST(serves_more_than_a_batch),
		TEST(removed_watch_is_not_called_in_the_same_pass),
		TEST(remove_between_collect_and_dispatch),
		TEST(unwanted_events_are_not_told),
		TEST(no_pass_inside_a_pass),
		TEST(sleeping_watch_hears_no_hangup),
		TEST(bad_descriptor_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the tests of lib/net. */
#include "net_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/alloc.h"

coap_tick_t
net_now(void)
{
	coap_tick_t t;

	coap_ticks(&t);
	return t;
}

coap_address_t
net_address(const char *host, uint16_t port)
{
	coap_address_t a;

	assert_int_equal(addr_parse(&a, host, port), 0);
	return a;
}

int
net_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *e;
	int n = 0;

	assert_non_null(dir);
	for (e = readdir(dir); e; e = readdir(dir))
		n++;
	closedir(dir);
	return n;
}

int
net_setup(void **state)
{
	struct net_world *w = calloc(1, sizeof *w);

	if (!w)
		return -1;
	w->fds = net_open_fds();
	w->memory = mem_outstanding();
	*state = w;
	return poller_open(&w->poller);
}

int
net_teardown(void **state)
{
	struct net_world *w = *state;
	int fds = w->fds;
	size_t memory = w->memory;

	poller_close(&w->poller);
	free(w);
	assert_int_equal(net_open_fds(), fds);
	assert_int_equal(mem_outstanding(), memory);
	return 0;
}

void
net_assert_quiet(struct poller *p)
{
	assert_int_equal(poller_wait(p, 0), 0);
}

static void
seen_then(struct net_seen *seen)
{
	if (seen->then)
		seen->then(seen);
}

static void
on_readable(void *user)
{
	struct net_seen *seen = user;

	seen->readable++;
	seen_then(seen);
}

static void
on_writable(void *user)
{
	struct net_seen *seen = user;

	seen->writable++;
	seen_then(seen);
}

static void
on_failed(void *user, int err)
{
	struct net_seen *seen = user;

	seen->failed++;
	seen->err = err;
	seen_then(seen);
}

const struct layer_events net_seen_events = {
	.readable = on_readable,
	.writable = on_writable,
	.failed = on_failed,
};

void
net_then_free(struct net_seen *seen)
{
	layer_free(seen->layer);
	seen->layer = NULL;
}

void
net_stuck_open(struct net_stuck *s)
{
	size_t i;

	s->address = net_address("127.0.0.1", 0);
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	assert_true(s->listener >= 0);
	assert_int_equal(bind(s->listener, &s->address.addr.sa,
			     s->address.size),
	    0);
	assert_int_equal(getsockname(s->listener, &s->address.addr.sa,
			     &s->address.size),
	    0);
	assert_int_equal(listen(s->listener, 0), 0);
	for (i = 0; i < sizeof s->fillers / sizeof s->fillers[0]; i++) {
		s->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		assert_true(s->fillers[i] >= 0);
		(void)connect(s->fillers[i], &s->address.addr.sa,
		    s->address.size);
	}
}

void
net_stuck_close(struct net_stuck *s)
{
	size_t i;

	for (i = 0; i < sizeof s->fillers / sizeof s->fillers[0]; i++)
		close(s->fillers[i]);
	close(s->listener);
}

coap_address_t
net_refusing(int type)
{
	coap_address_t a = net_address("127.0.0.1", 0);
	int fd = socket(AF_INET, type, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, &a.addr.sa, a.size), 0);
	assert_int_equal(getsockname(fd, &a.addr.sa, &a.size), 0);
	close(fd);
	return a;
}

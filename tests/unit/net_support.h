/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the tests of lib/net: addresses on loopback, bounded waiting. */
#ifndef NET_SUPPORT_H
#define NET_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <coap3/coap_address.h>
#include <coap3/coap_time.h>

#include "net/layer.h"
#include "net/port.h"

/* How long anything may take before a test calls it hung. */
#define NET_HUNG_MS 20000

/* Runs the poller until cond holds; the test fails when it never does. */
#define WAIT_UNTIL(p, cond)                                    \
	do {                                                   \
		coap_tick_t hung_ = net_now() + NET_HUNG_MS;   \
		while (!(cond) && net_now() < hung_)           \
			assert_true(poller_wait(p, 100) >= 0); \
		assert_true(cond);                             \
	} while (0)

coap_tick_t net_now(void);
coap_address_t net_address(const char *host, uint16_t port);

/* A poller, and what was open and allocated before it: cmocka's setup and
 * teardown; the latter fails when something was left. */
struct net_world {
	struct poller poller;
	int fds;
	size_t memory;
};
int net_setup(void **state);
int net_teardown(void **state);
/* The number of open descriptors. */
int net_open_fds(void);
/* Nothing is ready: the loop would not spin. */
void net_assert_quiet(struct poller *p);

/* Counts of what the events said. A function may do more through `then`. */
struct net_seen {
	struct layer *layer;
	int readable;
	int writable;
	int failed;
	int err;
	void (*then)(struct net_seen *seen);
};
extern const struct layer_events net_seen_events;

/* For `then`: the owner lets go of the stack. */
void net_then_free(struct net_seen *seen);

/* A TCP address that never answers a SYN: its accept queue is full. */
struct net_stuck {
	int listener;
	int fillers[4];
	coap_address_t address;
};
void net_stuck_open(struct net_stuck *s);
void net_stuck_close(struct net_stuck *s);
/* An address of that type (SOCK_STREAM, SOCK_DGRAM) that refuses. */
coap_address_t net_refusing(int type);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One heap for all timers of a context. Intrusive (a pairing heap), so setting
 * a timer never allocates and never fails.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include <stdbool.h>

#include <coap3/coap_time.h>

#define TIMER_NEVER ((coap_tick_t)-1)

struct timer {
	coap_tick_t at;
	struct timer *child;
	struct timer *sibling;
	struct timer *prev;
	bool queued;
	/* Called once, dequeued; may set or cancel any timer, also this one. */
	void (*fire)(struct timer *t, coap_tick_t now);
};

/* All zero is an empty one. */
struct timers {
	struct timer *root;
	struct timer *due; /* what a pass is about to fire, siblings in order */
};

/* Queues or moves t; TIMER_NEVER takes it out. */
void timers_set(struct timers *h, struct timer *t, coap_tick_t at);
void timers_cancel(struct timers *h, struct timer *t);
/* When the next timer is due; TIMER_NEVER when there is none. */
coap_tick_t timers_next(const struct timers *h);
/*
 * Fires what is due at now. A timer that a callback sets to a time <= now
 * waits for the next call, so a pass always ends. A callback may call this
 * again: the inner call fires what the outer one had left, too.
 */
void timers_run(struct timers *h, coap_tick_t now);

#endif

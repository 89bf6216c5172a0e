/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one epoll descriptor of a context. Work a pass grows with what is ready.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/*
 * A descriptor that is watched. The owner embeds it; it must stay in place
 * until poller_remove(), which may be called at any time, also inside any
 * ready() of the same pass: a removed watch is never called.
 *
 * ready() gets what is wanted and true, and EPOLLERR and EPOLLHUP whether
 * wanted or not; but a watch with events 0 sleeps and is not called at all,
 * so a descriptor in a state that epoll reports for ever cannot spin the loop.
 */
struct watch {
	int fd;
	uint32_t events; /* EPOLLIN, EPOLLOUT */
	void (*ready)(struct watch *w, uint32_t events);
};

/* The struct of type that w is the given member of. */
#define WATCH_OWNER(w, type, member) \
	((type *)(void *)((char *)(w)-offsetof(type, member)))

#define POLLER_BATCH 64

struct udp_batch;

struct poller {
	int epfd;
	int batch_len; /* events of the pass that is under way, else 0 */
	int batch_pos;
	bool dispatching;
	struct udp_batch *udp_batch; /* see there */
	struct epoll_event batch[POLLER_BATCH];
};

int poller_open(struct poller *p); /* 0 or an error */
void poller_close(struct poller *p);
int poller_add(struct poller *p, struct watch *w, int fd, uint32_t events);
int poller_change(struct poller *p, struct watch *w, uint32_t events);
/* Forgets w; w->fd is -1 afterwards; closes nothing. */
void poller_remove(struct poller *p, struct watch *w);
/*
 * Waits at most timeout_ms (-1: for ever, 0: not at all) and notes what is
 * ready; poller_dispatch() must follow. The number of events, 0 also when a
 * signal came, or an error: -COAP_E_STATE before the last ones are dispatched.
 */
int poller_collect(struct poller *p, int timeout_ms);
/* Calls ready() for each that was noted; the number of watches called. Inside
 * a ready() it does nothing. */
int poller_dispatch(struct poller *p);
/* The events that are left of this pass are not told: inside a ready(). */
void poller_drop(struct poller *p);
/* Both. */
int poller_wait(struct poller *p, int timeout_ms);

#endif

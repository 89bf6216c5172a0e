/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations of a proxy at next hops, each with those of its clients who
 * share it: what proxy_watch.c has for proxy_observe.c.
 */
#ifndef SESSION_PROXY_WATCH_H
#define SESSION_PROXY_WATCH_H

#include "session/proxy/proxy_observe.h"

struct proxy_watch {
	struct proxy_watch *prev;
	struct proxy_watch *next;
	struct proxy *proxy;
	struct proxy_link *link; /* until it has ended */
	coap_cache_key_t *key;
	coap_pdu_t *request;     /* what is asked of the next hop, whole */
	unsigned hops;           /* its Hop-Limit */
	coapx_observation_t *up; /* NULL: it has ended */
	coap_pdu_t *state;       /* the newest one, or the last; a copy */
	struct proxy_ask *ask;   /* for the cache; or NULL */
	size_t bytes;            /* of it, counted in proxy->watches.bytes */
	coap_tick_t came;
	uint32_t max_age;           /* seconds from then */
	const coap_pdu_t *received; /* while a handler looks at it */
	struct proxy_watcher *watchers;
	unsigned n;
	coapx_timer_t *unused;
	unsigned code; /* of the end without an answer: what clients are told */
	char why[PROXY_WHY];
	bool ended;
	bool busy; /* a handler is called: it stays until that is over */
	bool dead;
};

/* It waits, or observes; or its handler runs, and this is settled after it. */
struct proxy_watcher {
	struct proxy_watcher *prev;
	struct proxy_watcher *next;
	struct proxy_watch *watch;
	struct observer *observer;
	coap_async_t *async; /* while it waits */
	bool done;           /* there is something to answer it with */
};

/* NULL: there are too many, or no memory. */
struct proxy_watcher *proxy_watcher_new(struct proxy_watch *watch);
/* The last one ends the watch, soon. */
void proxy_watcher_free(struct proxy_watcher *watcher);
/* Its async entry is another's to deal with. */
void proxy_watcher_stop_waiting(struct proxy_watcher *watcher);

/* The one for that request, begun if need be; NULL: there is none. One that
 * stays without watchers ends soon. */
struct proxy_watch *proxy_watch_get(struct proxy *proxy,
    const coap_session_t *session, const coap_pdu_t *request,
    const struct proxy_way *way, const coap_proxy_server_list_t *list);
/* Its watchers go, too. */
void proxy_watch_free(struct proxy_watch *watch);
/* Seconds that its state is fresh still; 0: it is not. */
uint32_t proxy_watch_left(const struct proxy_watch *watch);
/* Whether whoever asks now gets that state. */
bool proxy_watch_is_fresh(const struct proxy_watch *watch);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reaches a peer at one of several addresses. Streams: connection attempts
 * start 250 ms apart or as soon as one fails, the first that stands wins, the
 * others are closed (RFC 8305 section 5). Datagrams: the first address that a
 * socket can be connected to; dial_next() goes on to the one after it.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "base/timer.h"
#include "net/layer.h"

#define DIAL_ATTEMPT_DELAY_MS 250

struct dial;

/*
 * Streams, exactly one call unless dial_free() came first: err 0 and the
 * connected layer (now the callee's) with the address it reached; or err of
 * the attempt that got furthest, l and remote NULL. Of several that is the
 * first one of: an answer (REFUSED, RESET), TIMEOUT, UNREACH, anything else,
 * such as PERM. Never called inside dial_start(). It may call dial_free().
 */
typedef void (*dial_done_t)(void *user, int err, struct layer *l,
    const coap_address_t *remote);

/*
 * A local of AF_UNSPEC is any address of each family, with the port in
 * addr.sin. addrs and local are copied; poller, timers and events stay the caller's. An
 * address of another family than local is passed over; when all are, the error
 * is -COAP_E_UNREACH.
 */
struct dial_params {
	struct poller *poller;
	struct timers *timers;
	const coap_address_t *local; /* NULL: any */
	const coap_address_t *addrs;
	size_t n;
	bool stream;
	coap_tick_t (*now)(void *user);    /* the loop's clock */
	const struct layer_events *events; /* the layer's, once it is given */
	void *user;                        /* for done and for events */
	dial_done_t done;                  /* streams only */
};

/*
 * 0, and *out is the attempt, to be ended by dial_free() also when it is done.
 * Streams: done follows, whatever happens; l and remote are not used.
 * Datagrams: *l and *remote are set at once, *out holds the addresses that are
 * left; if none can be used an error, chosen as for done.
 */
int dial_start(const struct dial_params *params, struct dial **out,
    struct layer **l, coap_address_t *remote);
/* Datagrams: the next address that a socket can be connected to;
 * -COAP_E_NOTFOUND when none is left. */
int dial_next(struct dial *d, struct layer **l, coap_address_t *remote);
/* Ends all attempts; nothing is called afterwards; a layer that was given
 * away lives on; NULL is fine. */
void dial_free(struct dial *d);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observing through a proxy (RFC 7641 section 5): one observation at the next
 * hop for all clients that ask for the same, and what comes of it passed on to
 * each of them, as an observer of the proxy's resource.
 */
#ifndef SESSION_PROXY_OBSERVE_H
#define SESSION_PROXY_OBSERVE_H

#include "session/proxy/proxy.h"

/* Observations at next hops, of a context; clients of one; bytes of the states
 * that they keep. Who asks for one more gets an answer without Observe. */
#define PROXY_WATCHES_MAX  1024
#define PROXY_WATCHERS_MAX 4096
#define PROXY_WATCH_BYTES  ((size_t)64 << 20)
/* A session with observations that is lost: seconds from one attempt to get it
 * back to the next, and how many. */
#define PROXY_RETURN_SECONDS 2
#define PROXY_RETURN_TRIES   5

/* --- for proxy.c ---------------------------------------------------------- */

/* True when the handler runs for one of those who observe, or wait for that:
 * then response is filled, and *ok is what coap_proxy_forward_request()
 * returns. */
bool proxy_observe_serve(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, int *ok);
/* The same for a request that goes that way. False, too, when it does not ask
 * to observe, or cannot, and is to go on as any other. */
bool proxy_observe_begin(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct proxy_way *way,
    const coap_proxy_server_list_t *list, int *ok);
/* Whether this is told to the response handler now, and comes of an
 * observation. */
bool proxy_observe_has(const struct proxy *proxy, const coap_pdu_t *received);
void proxy_observe_free(struct proxy *proxy);

/* --- for a server's observers --------------------------------------------- */

/* Whether what is asked of it may be observed though it does not say so. */
bool proxy_observe_can(const coap_resource_t *resource);
/* Whose answer the handler that has just run took from an observation; NULL:
 * nobody's. To be settled. */
struct proxy_watcher *proxy_observe_take(const coap_session_t *session);
/* It is that observer from now on; o is NULL: it does not observe. watcher may
 * be NULL. */
void proxy_observe_settle(struct proxy_watcher *watcher, struct observer *o);

#endif

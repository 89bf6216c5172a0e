/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getaddrinfo() on one worker thread that is started by the first name and
 * ended by resolver_close(). Names are looked up one after the other. Numeric
 * addresses never come here: use addr_parse().
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <coap3/coap_address.h>

#include "net/poller.h"

#define RESOLVER_MAX_ADDRESSES 16
#define RESOLVER_MAX_NAME      255 /* RFC 1035 section 3.1 */
#define RESOLVER_DETAIL_SIZE   128

struct resolver;
struct resolver_query;

/*
 * err 0 and n > 0 addresses with the port set, in happy-eyeballs order (RFC
 * 8305 section 4: the system's order with the families taking turns); or
 * -COAP_E_RESOLVE, and detail is getaddrinfo's sentence. Both end with the
 * call, as the query does. It may call anything here. Not called after
 * resolver_cancel() or resolver_close().
 */
typedef void (*resolver_done_t)(void *user, int err, const char *detail,
    const coap_address_t *addrs, size_t n);

/* Starts nothing: the thread comes with the first name. */
int resolver_open(struct poller *p, struct resolver **out);
/* Never waits for a name server: a thread that is stuck is left behind to
 * clean up after itself. All queries end. NULL is fine. */
void resolver_close(struct resolver *r);
/* done is called from the loop, never before this returns. host is copied;
 * -COAP_E_INVAL if it is empty or longer than RESOLVER_MAX_NAME. */
int resolver_start(struct resolver *r, const char *host, uint16_t port,
    resolver_done_t done, void *user, struct resolver_query **out);
void resolver_cancel(struct resolver_query *q); /* NULL is fine */
/* The order of RFC 8305, in place. */
void resolver_sort(coap_address_t *addrs, size_t n);

/*
 * For tests: what the thread calls in place of getaddrinfo(), from the next
 * name on. The number of addresses (at most RESOLVER_MAX_ADDRESSES) that it
 * wrote, or a negative error and its sentence in detail.
 */
typedef int (*resolver_lookup_t)(const char *host, coap_address_t *addrs,
    char detail[RESOLVER_DETAIL_SIZE]);
void resolver_set_lookup(struct resolver *r, resolver_lookup_t lookup);

#endif

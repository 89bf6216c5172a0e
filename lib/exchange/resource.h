/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resources of a server and how a request finds its handler. Sessions pass
 * through as opaque pointers.
 */
#ifndef EXCHANGE_RESOURCE_H
#define EXCHANGE_RESOURCE_H

#include <stdbool.h>

#include <coap3/coap_option.h>
#include <coap3/coap_resource.h>

#include "exchange/hash.h"

#include "base/buf.h"
#include "exchange/observers.h"

#define RESOURCE_METHODS 7
/* Bytes of the arguments of a query that selects resources; RFC 6690 section
 * 4.1 knows one argument. Each costs a look at each resource. */
#define RESOURCES_QUERY_MAX 1024
/* Bytes of a description, which is sent in parts where it has to be. */
#define RESOURCES_TEXT_MAX ((size_t)1 << 24)

struct coap_attr_t {
	struct coap_attr_t *next;
	coap_str_const_t *name;  /* owned, whatever the flags were */
	coap_str_const_t *value; /* NULL: no value */
	int flags;
};

struct coap_resource_t {
	UT_hash_handle hh;          /* by key */
	coap_str_const_t *uri_path; /* as the program wrote it; owned */
	coap_str_const_t *key;      /* see exchange/path.h */
	int flags;
	coap_attr_t *attrs; /* in order of addition */
	coap_method_handler_t handlers[RESOURCE_METHODS];
	void *userdata;
	coap_context_t *context; /* set while it is added */
	/* What userdata is released with once it is out of its table. */
	coap_resource_release_userdata_handler_t release;
	struct observers observers;
	unsigned holds; /* dispatches that use it */
	bool observable;
	bool in_table;
	bool unknown; /* takes what no other takes */
	bool reverse; /* ... and all else */
	bool proxy;   /* takes what is for other hosts than these: */
	char **hosts; /* owned, with their texts */
	size_t n_hosts;
	bool dead; /* freed when the last hold ends */
};

struct resources {
	struct coap_resource_t *by_path;
	struct coap_resource_t *unknown; /* takes what no other takes */
	struct coap_resource_t *proxy;   /* takes what is to be forwarded */
	coap_resource_release_userdata_handler_t release_userdata;
	uint16_t *known_options; /* coap_register_option(), sorted */
	size_t n_known_options;
	/* Groups are answered by resources with HAS_MCAST_SUPPORT alone. */
	bool mcast_per_resource;
	bool q_block; /* Q-Block1 and Q-Block2 are known, over datagrams */
	/* One has left the table, and is told before it goes; may be NULL. It
	 * is to end what observes the resource. */
	void (*removed)(coap_resource_t *resource);
};

void resources_init(struct resources *r);
/* Frees all resources (userdata through release_userdata). */
void resources_free(struct resources *r);
/*
 * Replaces a resource with the same path, or the former unknown or proxy
 * resource (the old one is freed). 0, also when it is in r already; -COAP_E_STATE for one
 * that is in another table or deleted; -COAP_E_NOMEM. On failure the caller
 * still owns it.
 */
int resources_add(struct resources *r, coap_resource_t *resource);
/* 1 when it was there and is freed, else 0. */
int resources_remove(struct resources *r, coap_resource_t *resource);
/* By path, as a program writes it: see path_key_from_text(). */
coap_resource_t *resources_find(const struct resources *r, const uint8_t *path,
    size_t len);
/* By key. */
coap_resource_t *resources_find_key(const struct resources *r,
    const uint8_t *key, size_t len);
/* An application's option counts as known (RFC 7252 section 5.4.1). */
int resources_register_option(struct resources *r, uint16_t number);
bool resources_knows_option(const struct resources *r, uint16_t number);

/*
 * A resource that is in no table: releases its userdata and frees it, now or
 * when its last hold ends. NULL is allowed.
 */
void resource_free(coap_resource_t *resource);
/* Between these its memory stays, whatever becomes of it. */
void resource_hold(coap_resource_t *resource);
void resource_let_go(coap_resource_t *resource);

/*
 * The body of /.well-known/core that passes the query ("rt=x*", may be empty),
 * appended to out (RFC 6690 section 4). Of several arguments with "&" between
 * them each has to match. They are percent-encoded, as coap_get_query() gives
 * them. 0, -COAP_E_LIMIT for a query over RESOURCES_QUERY_MAX, or an error of
 * buf_append().
 */
int resources_print(const struct resources *r, const char *query,
    size_t query_len, struct buf *out);
/*
 * The same in libcoap's way, for coap_print_wellknown(): the bytes from offset
 * on that fit *buflen go to buf, *buflen becomes the length of the whole. The
 * result is how many were written, with COAP_PRINT_STATUS_TRUNC when more
 * follow; or COAP_PRINT_STATUS_ERROR.
 */
coap_print_status_t resources_print_part(const struct resources *r,
    const char *query, size_t query_len, unsigned char *buf, size_t *buflen,
    size_t offset);

/* Who puts the parts of bodies together, see bodies.h. */
struct dispatch_bodies {
	/* Before a handler runs: whether it is to, with *request, which may be
	 * exchanged; else the response is filled. single: the handler takes
	 * bodies whole, whatever the context says. */
	bool (*begin)(void *user, bool single, const coap_pdu_t **request,
	    coap_pdu_t *response);
	/* After the handler; then *request is not needed any more. */
	void (*end)(void *user, coap_pdu_t *response);
};

/* Who lets resources be observed. */
struct dispatch_observe {
	/* Right before a handler runs, and right after: then the resource may
	 * be out of its table, and request has the whole body. */
	void (*begin)(void *turn, coap_resource_t *resource,
	    const coap_pdu_t *request, coap_pdu_t *response);
	void (*end)(void *turn, coap_resource_t *resource,
	    const coap_pdu_t *request, coap_pdu_t *response);
};

struct dispatch {
	bool multicast; /* the request came to a group */
	/* NULL: Observe is ignored. */
	const struct dispatch_observe *observe;
	void *turn; /* of observe */
	int *
	    flags; /* NULL, or where those of the resource go, if there is one */
	/* NULL: requests for a part are refused. */
	const struct dispatch_bodies *bodies;
	void *user; /* of bodies */
};

enum dispatch_result {
	DISPATCH_RESPOND,  /* response is filled; its code is not 0 */
	DISPATCH_DEFERRED, /* the handler left the code 0: an empty ACK now, the
	                      response comes by coap_send() later */
	DISPATCH_SILENT,   /* no response is to be sent (multicast,
	                      No-Response); a CON still gets its empty ACK */
	DISPATCH_REJECT,   /* a NON with an option that may not be ignored: to
	                      be answered by a Reset or not at all (RFC 7252
	                      sections 5.4.1 and 4.3) */
};

/*
 * Finds the handler and runs it. response has the request's token and no
 * code; in this order:
 * - A critical option that is not known, has a wrong length or occurs too
 *   often: 4.02 with its number in the diagnostic payload, but a NON datagram
 *   is rejected. Elective ones of that kind do not count.
 * - Proxy-Uri or Proxy-Scheme: 5.05 without a proxy resource, which takes it
 *   unless it is for one of its own hosts. For what is to be forwarded, also by
 *   a reverse proxy, another rule counts: 4.02 for what is not known and
 *   unsafe (RFC 7252 section 5.7.1), and for wrong critical ones.
 * - A reserved block size or a Uri-Path of
 *   dots: 4.00. A part of a body (Block1 with NUM or M), or Block2 with NUM in
 *   a request that is not GET or FETCH: 4.02, unless env has bodies.
 * - A method over 7: 4.05. GET /.well-known/core is answered from the table
 *   unless the application has a resource there, or its unknown resource has
 *   COAP_RESOURCE_HANDLE_WELLKNOWN_CORE; other methods there: 4.05, a query
 *   over RESOURCES_QUERY_MAX: 4.00.
 * - No resource and no unknown resource that has a handler for the method:
 *   4.04. No handler: 4.05. A resource for OSCORE only: 4.01. PUT with
 *   If-None-Match: 4.12.
 * - Then env->bodies, if there are, and the handler decide. If it ignores a
 *   Block2 with NUM, its response is replaced by 4.02, since the client would
 *   take it for a later part.
 * When the application registered Block1 or Block2 by coap_register_option(),
 * that option is left to its handlers.
 *
 * No-Response (RFC 7967) decides what is suppressed; without it a request to a
 * group gets no 4.xx and 5.xx, as far as the flags of the resource do not say
 * otherwise. Diagnostic payloads are short sentences. Handlers may free any
 * session and add or delete any resource, also their own (its memory then
 * lives until the dispatch ends). The session is only passed on.
 */
enum dispatch_result dispatch_request(struct resources *r,
    coap_session_t *session, const struct dispatch *env,
    const coap_pdu_t *request, coap_pdu_t *response);

#endif

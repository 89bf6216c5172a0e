/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests that a handler answers later (RFC 7252 section 5.2.2): copies of
 * them, found by token, in the order in which they are due. Sessions pass
 * through as opaque pointers.
 */
#ifndef EXCHANGE_ASYNC_H
#define EXCHANGE_ASYNC_H

#include <stdbool.h>

#include <coap3/coap_async.h>

#include "wire/pdu.h"

struct forward;
struct proxy_watcher;

/* Entries of a session; of all sessions of a context, and bytes of them. */
#define ASYNC_SESSION_MAX 256
#define ASYNC_CONTEXT_MAX 4096
#define ASYNC_BYTES_MAX   ((size_t)64 << 20)

/* What all sessions of a context have together. */
struct async_pool {
	unsigned entries;
	size_t bytes; /* of the copies */
};

struct coap_async_t {
	struct coap_async_t *prev; /* in order of `due` */
	struct coap_async_t *next;
	coap_session_t *session;
	coap_pdu_t *request; /* a copy */
	struct async_pool *pool;
	size_t counted;  /* in pool->bytes */
	coap_tick_t due; /* TIMER_NEVER: not before it is said */
	void *app_data;
	/* What waits for it in a proxy, one of the two; or NULL. */
	struct forward *forward;
	struct proxy_watcher *watcher;
	uint8_t block1[3]; /* the answer's Block1 */
	uint8_t block1_len;
	bool has_block1;
	bool multicast; /* the request came to a group */
	bool running;   /* its handler is being called */
	bool again;     /* ... and set a time, so it stays */
	bool dead;      /* freed when that call is over */
};

/* Of one session; all zero has none. */
struct asyncs {
	coap_async_t *list;
	unsigned count;
};

/*
 * Copies request. 0; -COAP_E_EXISTS when one with its token is there;
 * -COAP_E_INVAL for a part of a body that is not the last; -COAP_E_LIMIT;
 * -COAP_E_NOMEM.
 */
int async_add(struct asyncs *a, struct async_pool *pool,
    const coap_pdu_t *request, coap_tick_t due, coap_async_t **out);
coap_async_t *async_find(const struct asyncs *a, coap_bin_const_t token);
void async_set_due(struct asyncs *a, coap_async_t *async, coap_tick_t due);
/* Nothing finds it any more; its memory goes, too, or when its call is over. */
void async_remove(struct asyncs *a, coap_async_t *async);
/* When the first is due; TIMER_NEVER: none is. */
coap_tick_t async_next(const struct asyncs *a);

/* The first that is due, to be answered until async_end(); NULL: none. */
coap_async_t *async_begin(struct asyncs *a, coap_tick_t now);
/*
 * Its handler has returned, with an answer or without. Whether it is there and
 * not to be called again: then the caller removes it.
 */
bool async_end(coap_async_t *async, bool answered);

#endif

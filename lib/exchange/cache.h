/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cache keys (RFC 7252 section 5.6), and entries that are found by them. A key
 * holds all that it stands for, no hash of it, so keys are equal only when
 * requests are.
 */
#ifndef EXCHANGE_CACHE_H
#define EXCHANGE_CACHE_H

#include <coap3/coap_cache.h>

#include "exchange/hash.h"

#include "base/timer.h"

/* Bytes of a key; FETCH has its payload in it. */
#define CACHE_KEY_MAX ((size_t)1 << 20)
/* Entries of a context, and bytes of them. */
#define CACHE_ENTRIES_MAX 16384
#define CACHE_BYTES_MAX   ((size_t)64 << 20)

struct coap_cache_key_t {
	size_t len;
	uint8_t bytes[];
};

/* The entries of one session; all zero has none. */
struct cache_scope {
	coap_cache_entry_t *list;
};

struct coap_cache_entry_t {
	UT_hash_handle hh; /* by key */
	struct coap_cache_entry_t *prev;
	struct coap_cache_entry_t *next;
	struct cache *cache;
	struct cache_scope *scope; /* NULL: of no session */
	coap_cache_key_t *key;
	coap_pdu_t *pdu; /* NULL: not recorded */
	size_t bytes;    /* counted in cache->bytes */
	void *data;
	coap_cache_app_data_free_callback_t data_free;
	struct timer timer;
	coap_tick_t idle;    /* 0: no limit */
	coap_tick_t expires; /* the timer may come earlier */
};

struct cache {
	coap_cache_entry_t *by_key;
	struct timers *timers;
	size_t bytes;
	uint16_t *ignored; /* options that are no part of keys */
	size_t n_ignored;
};

void cache_init(struct cache *c, struct timers *timers);
/* Frees all entries; callbacks are called. */
void cache_free(struct cache *c);
/* Copies the list, in place of the former. 0 or -COAP_E_NOMEM. */
int cache_ignore(struct cache *c, const uint16_t *options, size_t count);

/* Whether an option is part of keys: not Observe, nor what is NoCacheKey. */
bool cache_counts(unsigned number);
/*
 * The method, the options but Observe, those that are NoCacheKey and the n of
 * ignored; for FETCH the body (RFC 8132 section 2); and scope, which is 0 for
 * none. NULL when out of memory or over CACHE_KEY_MAX. Freed with
 * cache_key_free().
 */
coap_cache_key_t *cache_key_new(const coap_pdu_t *pdu, uint64_t scope,
    const uint16_t *ignored, size_t n);
void cache_key_free(coap_cache_key_t *key); /* NULL is allowed */

/*
 * A new entry, which takes the place of one with the same key. key is consumed
 * in any case. record and scope may be NULL; idle is in ticks, 0: no limit.
 * 0, -COAP_E_LIMIT or -COAP_E_NOMEM.
 */
int cache_add(struct cache *c, struct cache_scope *scope, coap_cache_key_t *key,
    const coap_pdu_t *record, coap_tick_t idle, coap_tick_t now,
    coap_cache_entry_t **out);
/* NULL: there is none. Its idle time begins anew. */
coap_cache_entry_t *cache_find(struct cache *c, const coap_cache_key_t *key,
    coap_tick_t now);
/* Calls the callback of its data, which may do anything. */
void cache_remove(coap_cache_entry_t *entry);
/* Those of a session. */
void cache_scope_end(struct cache_scope *scope);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a proxy keeps of the answers that it passed on, to give them again (RFC
 * 7252 sections 5.6 and 5.7.1). Only 2.05 to GET and FETCH is kept: an error is
 * soon over, and would be the next client's too. Time is an argument.
 *
 * An entry is found by its key, which is the request as it goes on, and in its
 * place, which is the resource: a request that changes it ends all of them. One
 * that is not fresh stays when it has an ETag, to be validated. The one that
 * was not used for longest makes room.
 */
#ifndef EXCHANGE_PROXY_CACHE_H
#define EXCHANGE_PROXY_CACHE_H

#include "exchange/hash.h"

#include <coap3/coap_time.h>

#include "exchange/proxy.h"

/* Entries, and bytes of them, unless set; an answer may take a fourth. */
#define PROXY_CACHE_ENTRIES 1024
#define PROXY_CACHE_BYTES   ((size_t)16 << 20)
#define PROXY_CACHE_SHARE   4
/* Bytes of a key, where a FETCH has its body. */
#define PROXY_CACHE_KEY_MAX ((size_t)16384)
/* See proxy_cache.changes. */
#define PROXY_CACHE_CHANGES 64

/* All entries of one resource. */
struct proxy_cache_place {
	UT_hash_handle hh;
	struct proxy_entry *entries;
	size_t len;
	uint8_t bytes[];
};

struct proxy_entry {
	UT_hash_handle hh;
	struct proxy_entry *prev; /* the one that was used last is the first */
	struct proxy_entry *next;
	struct proxy_entry *place_prev;
	struct proxy_entry *place_next;
	struct proxy_cache *cache; /* NULL: it has left */
	struct proxy_cache_place *place;
	uint8_t *key;
	size_t key_len;
	uint64_t client;    /* whose alone it is; 0: everybody's */
	coap_pdu_t *answer; /* with its body; never changes */
	coap_pdu_t *head;   /* its options, but Max-Age, as they are by now */
	coap_tick_t born;   /* when it was asked for */
	uint32_t max_age;   /* seconds */
	size_t bytes;       /* counted in cache->bytes */
	unsigned refs;
};

struct proxy_cache {
	struct proxy_entry *by_key;
	struct proxy_entry *list;
	struct proxy_cache_place *places;
	size_t bytes;
	size_t max_bytes;
	unsigned max_entries; /* 0: nothing is kept */
	unsigned n_private;   /* entries with a client */
	/* Places, by their hash, count what changed them: what was asked for
	 * before and comes after is not kept. */
	uint32_t changes[PROXY_CACHE_CHANGES];
};

/* Where a request goes, and for whom. */
struct proxy_scope {
	const coap_uri_t *asked;
	const coap_uri_t *hop;
	bool strip;           /* as proxy_request_options() with asked */
	uint64_t client;      /* the answer is for this one alone; or 0 */
	const void *proof[2]; /* what we prove ourselves there with */
};

/* What a request is for a cache. */
struct proxy_ask {
	uint64_t client;
	coap_tick_t sent;
	uint32_t changes;
	struct proxy_entry *stale; /* a reference: is to be validated */
	bool changing;             /* it may change the resource */
	size_t key_len;            /* 0: neither looked for nor kept */
	size_t place_len;
	uint8_t bytes[]; /* key, place */
};

void proxy_cache_init(struct proxy_cache *c, unsigned entries, size_t bytes);
/* Other ceilings; what is over them goes. A 0 frees all. */
void proxy_cache_limit(struct proxy_cache *c, unsigned entries, size_t bytes);
void proxy_cache_clear(struct proxy_cache *c);
/* What was for that client alone goes. */
void proxy_cache_forget(struct proxy_cache *c, uint64_t client);

/* NULL: it has nothing to do with a cache, or there is no memory. Where nothing
 * is kept it is for those alone that change something or observe. */
struct proxy_ask *proxy_ask_new(struct proxy_cache *c,
    const struct resources *r, const coap_pdu_t *request,
    const struct proxy_scope *scope, coap_tick_t now);
void proxy_ask_free(struct proxy_ask *ask); /* NULL is allowed */

/* One that is fresh, until the next call here; or NULL: then ask->stale has
 * what can be validated. */
struct proxy_entry *proxy_cache_find(struct proxy_cache *c,
    struct proxy_ask *ask, coap_tick_t now);
/* Adds the ETag of ask->stale to the request that goes on: whether there was
 * room. */
bool proxy_ask_validate(const struct proxy_ask *ask, coap_pdu_t *pdu);

enum proxy_use {
	PROXY_USE_ANSWER, /* it goes back, kept or not */
	PROXY_USE_STALE,  /* ask->stale is good again, and goes back */
	PROXY_USE_NONE,   /* confirms what nobody has */
};

/* An answer, which stays the caller's; a reference to it may be kept. request:
 * the client's. */
enum proxy_use proxy_cache_take(struct proxy_cache *c,
    const struct resources *r, const struct proxy_ask *ask,
    const coap_pdu_t *request, coap_pdu_t *answer);
/* A notification to somebody who asked so: it is as good as an answer to a
 * request of now (RFC 7641 section 3.3). */
void proxy_cache_notified(struct proxy_cache *c, const struct resources *r,
    struct proxy_ask *ask, coap_pdu_t *notification, coap_tick_t now);
/* Whether the resource was changed since it was asked for, or since the last
 * notification. */
bool proxy_cache_has_changed(struct proxy_cache *c,
    const struct proxy_ask *ask);
/* None came: what it was to do may have been done. */
void proxy_cache_unanswered(struct proxy_cache *c, const struct proxy_ask *ask);

/* Whether the client has it already: one of the ETags of its request. */
bool proxy_entry_is_known(const struct proxy_entry *entry,
    const coap_pdu_t *request);
/* Seconds, rounded up: it is never older. */
uint32_t proxy_entry_age(const struct proxy_entry *entry, coap_tick_t now);
/* Code and options, with what is left of Max-Age; known: those of 2.03.
 * Whether there was room. */
bool proxy_entry_head(const struct proxy_entry *entry,
    const struct resources *r, bool known, coap_tick_t now,
    coap_pdu_t *response);

/* proxy_ask.c: what both have in common */
/* A message that the cache does not touch: an Echo wants to be seen by who gave
 * it, and OSCORE is between two, never the same twice. */
bool proxy_is_for_two(const coap_pdu_t *pdu);
/* Appends a piece of a key or a place. */
int proxy_ask_put(struct buf *buf, unsigned number, size_t len,
    const void *data);
/* proxy_cache.c */
uint32_t *proxy_cache_changes(struct proxy_cache *c, const uint8_t *place,
    size_t len);
void proxy_entry_unref(struct proxy_entry *entry); /* NULL is allowed */

#endif

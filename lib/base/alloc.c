/* SPDX-License-Identifier: BSD-2-Clause */
/* malloc(3) with a counter for each type, and with failures on demand. */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* What malloc() keeps a cache for. */
#define ZEROED_MAX ((size_t)1024)

/* A counter has a cache line of its own: threads use different types. */
static struct {
	_Alignas(64) atomic_size_t n;
} counts[COAP_MEM_TAG_LAST];

/* 0: no failure is asked for. */
static atomic_size_t fail_at;
static atomic_bool fail_forever;

static const char *const tag_names[COAP_MEM_TAG_LAST] = {
	[COAP_STRING] = "string",
	[COAP_ATTRIBUTE_NAME] = "attribute name",
	[COAP_ATTRIBUTE_VALUE] = "attribute value",
	[COAP_PACKET] = "packet",
	[COAP_NODE] = "node",
	[COAP_CONTEXT] = "context",
	[COAP_ENDPOINT] = "endpoint",
	[COAP_PDU] = "PDU",
	[COAP_PDU_BUF] = "PDU buffer",
	[COAP_RESOURCE] = "resource",
	[COAP_RESOURCEATTR] = "resource attribute",
	[COAP_DTLS_SESSION] = "TLS session",
	[COAP_SESSION] = "session",
	[COAP_OPTLIST] = "option list",
	[COAP_CACHE_KEY] = "cache key",
	[COAP_CACHE_ENTRY] = "cache entry",
	[COAP_LG_XMIT] = "large body to send",
	[COAP_LG_CRCV] = "large body a client receives",
	[COAP_LG_SRCV] = "large body a server receives",
	[COAP_DIGEST_CTX] = "digest",
	[COAP_SUBSCRIPTION] = "subscription",
	[COAP_DTLS_CONTEXT] = "TLS context",
};

static void
count(coap_memory_tag_t type, size_t change)
{
	atomic_fetch_add_explicit(&counts[type].n, change,
	    memory_order_relaxed);
}

/* Counts fail_at down; several threads may be at it. */
static bool
fail_now(void)
{
	size_t n = atomic_load(&fail_at);
	size_t next;

	do {
		if (n == 0)
			return false;
		next = n > 1 ? n - 1 : atomic_load(&fail_forever);
	} while (!atomic_compare_exchange_weak(&fail_at, &n, next));
	return n == 1;
}

static inline bool
should_fail(void)
{
	if (atomic_load_explicit(&fail_at, memory_order_relaxed) == 0)
		return false;
	return fail_now();
}

void
coap_memory_init(void)
{
}

void *
coap_malloc_type(coap_memory_tag_t type, size_t size)
{
	void *p;

	if (should_fail())
		return NULL;
	p = malloc(size ? size : 1);
	if (p)
		count(type, 1);
	return p;
}

void *
coap_realloc_type(coap_memory_tag_t type, void *p, size_t size)
{
	if (!p)
		return coap_malloc_type(type, size);
	if (should_fail())
		return NULL;
	return realloc(p, size ? size : 1);
}

void
coap_free_type(coap_memory_tag_t type, void *p)
{
	if (!p)
		return;
	count(type, (size_t)-1);
	free(p);
}

void
coap_dump_memory_type_counts(coap_log_t log_level)
{
	size_t n;
	int i;

	for (i = 0; i < COAP_MEM_TAG_LAST; i++) {
		n = atomic_load(&counts[i].n);
		if (n > 0)
			coap_log(log_level, "*  memory: %s: %zu\n",
			    tag_names[i], n);
	}
}

/* Out of the compiler's sight, which makes a calloc() of what is below. */
static __attribute__((noinline)) void *
plain(size_t size)
{
	return malloc(size ? size : 1);
}

/* glibc's calloc() passes by the cache of small blocks that malloc() has. */
static void *
zeroed(size_t size)
{
	void *p;

	if (size > ZEROED_MAX)
		return calloc(1, size);
	p = plain(size);
	if (p)
		memset(p, 0, size);
	return p;
}

void *
mem_new(coap_memory_tag_t tag, size_t n, size_t size)
{
	void *p;

	if (size && n > PTRDIFF_MAX / size)
		return NULL;
	if (should_fail())
		return NULL;
	p = zeroed(n * size);
	if (p)
		count(tag, 1);
	return p;
}

void
mem_fail_at(size_t n, int forever)
{
	atomic_store(&fail_forever, forever != 0);
	atomic_store(&fail_at, n);
}

size_t
mem_outstanding(void)
{
	size_t sum = 0;
	int i;

	for (i = 0; i < COAP_MEM_TAG_LAST; i++)
		sum += atomic_load(&counts[i].n);
	return sum;
}

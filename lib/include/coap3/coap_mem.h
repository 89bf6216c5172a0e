/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory of the library: where its allocations come from. */
#ifndef COAP_MEM_H
#define COAP_MEM_H

#include <coap3/coap_debug.h>
#include <coap3/coap_forward_decls.h>

/* What a piece of memory is for. It only chooses the counter. */
typedef enum {
	COAP_STRING,
	COAP_ATTRIBUTE_NAME,
	COAP_ATTRIBUTE_VALUE,
	COAP_PACKET,
	COAP_NODE,
	COAP_CONTEXT,
	COAP_ENDPOINT,
	COAP_PDU,
	COAP_PDU_BUF,
	COAP_RESOURCE,
	COAP_RESOURCEATTR,
	COAP_DTLS_SESSION,
	COAP_SESSION,
	COAP_OPTLIST,
	COAP_CACHE_KEY,
	COAP_CACHE_ENTRY,
	COAP_LG_XMIT,
	COAP_LG_CRCV,
	COAP_LG_SRCV,
	COAP_DIGEST_CTX,
	COAP_SUBSCRIPTION,
	COAP_DTLS_CONTEXT,
	COAP_MEM_TAG_LAST,
} coap_memory_tag_t;

/* Does nothing: memory is ready from the start. */
COAP_API void coap_memory_init(void);

/*
 * size bytes of uninitialised memory, aligned as malloc(3) does it; to be
 * released by coap_free_type() with the same type. A size of 0 gives a pointer
 * that can be released. NULL when there is no memory.
 */
COAP_API void *coap_malloc_type(coap_memory_tag_t type, size_t size);

/*
 * Changes the size of p, which keeps its type and may move. A p of NULL is an
 * allocation; a size of 0 never releases. On failure the result is NULL and p
 * is as before.
 */
COAP_API void *coap_realloc_type(coap_memory_tag_t type, void *p, size_t size);

/* Releases p; NULL is allowed. */
COAP_API void coap_free_type(coap_memory_tag_t type, void *p);

/*
 * Logs, at log_level, one line for each type of which anything is allocated at
 * this moment, with the number of pieces.
 */
COAP_API void coap_dump_memory_type_counts(coap_log_t log_level);

/* coap_malloc_type() for memory without a type of its own. */
static inline void *
coap_malloc(size_t size)
{
	return coap_malloc_type(COAP_STRING, size);
}

/* Releases what coap_malloc() gave; NULL is allowed. */
static inline void
coap_free(void *object)
{
	coap_free_type(COAP_STRING, object);
}

#endif

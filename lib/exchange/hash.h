/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uthash with the library's memory, which may run out. A file that adds to a
 * table includes this before anything else.
 */
#ifndef EXCHANGE_HASH_H
#define EXCHANGE_HASH_H

#include <stdbool.h>

#include <coap3/coap_mem.h>

#define HASH_NONFATAL_OOM 1
/* The default one is a switch that falls through. */
#define HASH_FUNCTION          HASH_FNV
#define uthash_malloc(size)    coap_malloc_type(COAP_NODE, (size))
#define uthash_free(ptr, size) coap_free_type(COAP_NODE, (ptr))

#include <uthash.h>

/* Whether HASH_ADD...() found memory. */
static inline bool
hash_added(const UT_hash_handle *hh)
{
	return hh->tbl != NULL;
}

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * uthash with the library's memory, which may run out, and with a hash that a
 * peer cannot foresee: addresses and paths are of its choice. A file that uses
 * a table includes this before anything else.
 */
#ifndef EXCHANGE_HASH_H
#define EXCHANGE_HASH_H

#include <stdbool.h>

#include <coap3/coap_mem.h>

#include "base/hash.h"

#define HASH_NONFATAL_OOM              1
#define HASH_FUNCTION(key, len, value) ((value) = hash_bytes((key), (len)))
#define uthash_malloc(size)            coap_malloc_type(COAP_NODE, (size))
#define uthash_free(ptr, size)         coap_free_type(COAP_NODE, (ptr))

#include <uthash.h>

/* Whether HASH_ADD...() found memory. */
static inline bool
hash_added(const UT_hash_handle *hh)
{
	return hh->tbl != NULL;
}

#endif

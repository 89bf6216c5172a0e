/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory: every allocation of the library goes through here. */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stddef.h>

#include <coap3/coap_mem.h>

/* Zeroed memory for n objects of size bytes, NULL on overflow or none left. */
void *mem_new(coap_memory_tag_t tag, size_t n, size_t size);
/*
 * For tests: the n-th allocation from now (1 = the next) fails, and every
 * later one with `forever`; 0 switches it off.
 */
void mem_fail_at(size_t n, int forever);
/* Allocations that were not freed yet, for tests. */
size_t mem_outstanding(void);

#endif

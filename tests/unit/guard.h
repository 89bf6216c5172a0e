/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory that ends where a page begins that cannot be read. */
#ifndef TEST_GUARD_H
#define TEST_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
	uint8_t *map;
	uint8_t *end; /* the first byte that cannot be read */
	size_t size;
};

/* Room for max bytes; map is NULL when there is no memory. */
static inline void
guard_init(struct guard *g, size_t max)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (max / page + 1) * page;
	void *map;

	memset(g, 0, sizeof(*g));
	map = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return;
	g->map = map;
	g->end = g->map + room;
	g->size = room + page;
	if (mprotect(g->end, page, PROT_NONE) != 0) {
		munmap(map, g->size);
		g->map = NULL;
	}
}

static inline void
guard_free(struct guard *g)
{
	munmap(g->map, g->size);
}

/* A copy of data whose last byte is the last one that can be read. */
static inline uint8_t *
guard_put(struct guard *g, const void *data, size_t len)
{
	uint8_t *at = g->end - len;

	if (len > 0 && at)
		memcpy(at, data, len);
	return at;
}

#endif

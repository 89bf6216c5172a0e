/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages by message id: a table of intrusive chains. */

#include "message/mids.h"

#include <stddef.h>

#include "base/alloc.h"
#include "base/err.h"

/* Kept while empty: a peer with one message at a time allocates it once. */
#define SIZE_MIN  ((uint32_t)8)
#define SIZE_MOST ((uint32_t)65536)

static struct mid_node **
bucket(const struct mid_table *t, uint16_t mid)
{
	return &t->buckets[mid & (t->size - 1)];
}

/* Without memory for more the chains get longer, and all goes on. */
static int
resize(struct mid_table *t, uint32_t size)
{
	struct mid_table bigger = { NULL, size, t->count };
	struct mid_node *node, *next;

	bigger.buckets = mem_new(COAP_NODE, size, sizeof(*bigger.buckets));
	if (!bigger.buckets)
		return t->buckets ? 0 : -COAP_E_NOMEM;
	for (uint32_t i = 0; i < t->size; i++) {
		for (node = t->buckets[i]; node; node = next) {
			next = node->next;
			node->next = *bucket(&bigger, node->mid);
			*bucket(&bigger, node->mid) = node;
		}
	}
	coap_free_type(COAP_NODE, t->buckets);
	*t = bigger;
	return 0;
}

struct mid_node *
mids_find(const struct mid_table *t, uint16_t mid)
{
	struct mid_node *node;

	if (t->count == 0)
		return NULL;
	node = *bucket(t, mid);
	while (node && node->mid != mid)
		node = node->next;
	return node;
}

int
mids_add(struct mid_table *t, struct mid_node *node)
{
	int r;

	if (t->count >= t->size && t->size < SIZE_MOST) {
		r = resize(t, t->size == 0 ? SIZE_MIN : 2 * t->size);
		if (r < 0)
			return r;
	}
	node->next = *bucket(t, node->mid);
	*bucket(t, node->mid) = node;
	t->count++;
	return 0;
}

void
mids_remove(struct mid_table *t, struct mid_node *node)
{
	struct mid_node **at = bucket(t, node->mid);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->next = NULL;
	t->count--;
	if (t->count == 0 && t->size > SIZE_MIN)
		mids_free(t);
}

void
mids_free(struct mid_table *t)
{
	coap_free_type(COAP_NODE, t->buckets);
	t->buckets = NULL;
	t->size = 0;
	t->count = 0;
}

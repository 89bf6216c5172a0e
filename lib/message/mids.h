/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages by message id. Peers count their ids up, so the low bits of an id
 * are a good hash already; the chains are intrusive, so only the table itself
 * is ever allocated: tens of thousands of messages a second come and go here.
 */
#ifndef MESSAGE_MIDS_H
#define MESSAGE_MIDS_H

#include <stdint.h>

/* The first member of what is kept. */
struct mid_node {
	struct mid_node *next;
	uint16_t mid;
};

/* All zero is an empty table. */
struct mid_table {
	struct mid_node **buckets;
	uint32_t size; /* a power of two, or 0 */
	uint32_t count;
};

struct mid_node *mids_find(const struct mid_table *t, uint16_t mid);
/* The node's mid is set and not in the table yet. 0, or -COAP_E_NOMEM. */
int mids_add(struct mid_table *t, struct mid_node *node);
/* The node is in the table. */
void mids_remove(struct mid_table *t, struct mid_node *node);
/* Forgets all nodes, which stay their owner's. */
void mids_free(struct mid_table *t);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of bodies.h share. */
#ifndef EXCHANGE_BODIES_INTERNAL_H
#define EXCHANGE_BODIES_INTERNAL_H

#include "exchange/bodies.h"

struct body_entry *bodies_find(struct body_entry *list, const struct buf *key);
/* Takes the key's memory. NULL when out of memory. */
struct body_entry *bodies_entry_new(struct buf *key);
/* Its `out` says to which list. */
void bodies_add(struct bodies *b, struct body_entry *entry);
/* The body of a peer that was used longest ago, and is not this one, is
 * forgotten: its next part is answered by 4.08. False: there is none. */
bool bodies_make_room(struct body_pool *pool, const struct body_entry *wanted);
/* Somebody went on with it. */
void bodies_touch(struct bodies *b, struct body_entry *entry,
    coap_tick_t expires);
/* Out of its list; the caller's now. */
struct body_entry *bodies_take(struct bodies *b, struct body_entry *entry);
/* To be buried. NULL is allowed. */
void bodies_drop(struct bodies *b, struct body_entry *entry);

#endif

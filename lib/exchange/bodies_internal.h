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
/* Somebody went on with it. */
void bodies_touch(struct bodies *b, struct body_entry *entry,
    coap_tick_t expires);
/* Out of its list; the caller's now. */
struct body_entry *bodies_take(struct bodies *b, struct body_entry *entry);
/* To be buried. NULL is allowed. */
void bodies_drop(struct bodies *b, struct body_entry *entry);

#endif

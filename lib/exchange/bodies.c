/* SPDX-License-Identifier: BSD-2-Clause */
/* The bodies of a server's session: keeping, finding, dropping. */
#include "exchange/bodies_internal.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"

struct bodies *
bodies_new(void)
{
	return mem_new(COAP_LG_SRCV, 1, sizeof(struct bodies));
}

/* What is dropped makes room at once. */
static void
give_back(struct body_entry *entry)
{
	if (entry->kept != NULL)
		entry->kept->used -= entry->out->length;
	entry->kept = NULL;
}

static void
join_pool(struct body_entry *entry, struct body_pool *pool)
{
	entry->pool = pool;
	DL_APPEND2(pool->waiting, entry, pool_prev, pool_next);
}

static void
leave_pool(struct body_entry *entry)
{
	if (entry->pool != NULL)
		DL_DELETE2(entry->pool->waiting, entry, pool_prev, pool_next);
	entry->pool = NULL;
}

void
body_entry_free(struct body_entry *entry)
{
	struct body_out *out;

	if (entry == NULL)
		return;
	out = entry->out;
	leave_pool(entry);
	give_back(entry);
	buf_free(&entry->key);
	body_in_free(&entry->in);
	coap_delete_pdu(entry->head);
	bodies_qblock_free(entry->q);
	coap_free_type(COAP_LG_SRCV, entry);
	/* Last, for it may do anything. */
	body_out_free(out);
}

struct body_entry *
bodies_bury(struct bodies *b)
{
	struct body_entry *entry = b->reading > 0 ? NULL : b->dropped;

	if (entry != NULL)
		DL_DELETE(b->dropped, entry);
	return entry;
}

static void
free_list(struct body_entry *list)
{
	struct body_entry *entry;

	while (list != NULL) {
		entry = list;
		DL_DELETE(list, entry);
		body_entry_free(entry);
	}
}

void
bodies_free(struct bodies *b)
{
	struct bodies all;

	if (b == NULL)
		return;
	all = *b;
	coap_free_type(COAP_LG_SRCV, b);
	free_list(all.in);
	free_list(all.out);
	free_list(all.dropped);
}

static struct body_entry **
list_of(struct bodies *b, const struct body_entry *entry, unsigned **n)
{
	*n = entry->out != NULL ? &b->n_out : &b->n_in;
	return entry->out != NULL ? &b->out : &b->in;
}

struct body_entry *
bodies_take(struct bodies *b, struct body_entry *entry)
{
	unsigned *n;
	struct body_entry **list = list_of(b, entry, &n);

	if (b->fresh == entry)
		b->fresh = NULL;
	leave_pool(entry);
	DL_DELETE(*list, entry);
	(*n)--;
	return entry;
}

void
bodies_drop(struct bodies *b, struct body_entry *entry)
{
	if (entry == NULL)
		return;
	bodies_take(b, entry);
	give_back(entry);
	body_in_free(&entry->in);
	if (entry->q != NULL)
		qblock_in_free(&entry->q->in);
	DL_APPEND(b->dropped, entry);
}

void
bodies_drop_all(struct bodies *b)
{
	while (b->in != NULL)
		bodies_drop(b, b->in);
	while (b->out != NULL)
		bodies_drop(b, b->out);
}

struct body_entry *
bodies_find(struct body_entry *list, const struct buf *key)
{
	struct body_entry *entry;

	DL_FOREACH(list, entry)
		if (entry->key.len == key->len &&
		    memcmp(entry->key.data, key->data, key->len) == 0)
			return entry;
	return NULL;
}

struct body_entry *
bodies_entry_new(struct buf *key)
{
	struct body_entry *entry = mem_new(COAP_LG_SRCV, 1, sizeof(*entry));

	if (entry == NULL)
		return NULL;
	body_in_init(&entry->in, BODY_COUNT, 0, NULL);
	entry->key = *key;
	buf_init(key, BODY_KEY_MAX);
	return entry;
}

void
bodies_add(struct bodies *b, struct body_entry *entry)
{
	unsigned *n;
	struct body_entry **list = list_of(b, entry, &n);

	if (*n >= BODIES_MAX)
		bodies_drop(b, *list);
	DL_APPEND(*list, entry);
	(*n)++;
	entry->owner = b;
	if (entry->in.keep == BODY_KEEP && entry->in.pool != NULL)
		join_pool(entry, entry->in.pool);
}

void
bodies_put_back(struct bodies *b, struct body_entry *entry, coap_tick_t expires)
{
	entry->expires = expires;
	bodies_add(b, entry);
}

bool
bodies_make_room(struct body_pool *pool, const struct body_entry *wanted)
{
	struct body_entry *oldest = pool != NULL ? pool->waiting : NULL;

	if (oldest == wanted && oldest != NULL)
		oldest = oldest->pool_next;
	if (oldest == NULL)
		return false;
	/* It has no release function, which might do something. */
	body_entry_free(bodies_take(oldest->owner, oldest));
	return true;
}

void
bodies_touch(struct bodies *b, struct body_entry *entry, coap_tick_t expires)
{
	unsigned *n;
	struct body_entry **list = list_of(b, entry, &n);

	struct body_pool *pool = entry->pool;

	entry->expires = expires;
	DL_DELETE(*list, entry);
	DL_APPEND(*list, entry);
	leave_pool(entry);
	if (pool != NULL)
		join_pool(entry, pool);
}

void
bodies_settle(struct bodies *b, const coap_pdu_t *response)
{
	/* 0: the answer comes later, by other means. */
	if (b->fresh != NULL && response->code != 0)
		b->fresh->head->code = response->code;
	b->fresh = NULL;
}

/* The first of a list is the one to go first, as all live equally long. */
void
bodies_expire(struct bodies *b, coap_tick_t now)
{
	while (b->in != NULL && b->in->expires <= now)
		bodies_drop(b, b->in);
	while (b->out != NULL && b->out->expires <= now)
		bodies_drop(b, b->out);
}

coap_tick_t
bodies_next(const struct bodies *b)
{
	coap_tick_t next = b->in != NULL ? b->in->expires : TIMER_NEVER;

	if (b->out != NULL && b->out->expires < next)
		next = b->out->expires;
	return b->dropped != NULL ? 0 : next;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Cache keys, and what is kept under them. */
#include "exchange/cache.h"

#include <string.h>

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/copy.h"

/* What begins a piece of a key. */
enum piece {
	PIECE_OPTION = 1,
	PIECE_BODY = 2,
};

void
cache_init(struct cache *c, struct timers *timers)
{
	*c = (struct cache){ .timers = timers };
}

void
cache_free(struct cache *c)
{
	while (c->by_key)
		cache_remove(c->by_key);
	coap_free_type(COAP_NODE, c->ignored);
	c->ignored = NULL;
	c->n_ignored = 0;
}

int
cache_ignore(struct cache *c, const uint16_t *options, size_t count)
{
	uint16_t *copy = NULL;

	if (count > 0) {
		copy = mem_new(COAP_NODE, count, sizeof(*copy));
		if (copy == NULL)
			return -COAP_E_NOMEM;
		memcpy(copy, options, count * sizeof(*copy));
	}
	coap_free_type(COAP_NODE, c->ignored);
	c->ignored = copy;
	c->n_ignored = count;
	return 0;
}

/* --- keys ----------------------------------------------------------------- */

bool
cache_counts(unsigned number)
{
	/* NoCacheKey is a bit pattern (RFC 7252 section 5.4.6). */
	return number != COAP_OPTION_OBSERVE && (number & 0x1E) != 0x1C;
}

static bool
is_of_key(unsigned number, const uint16_t *ignored, size_t n)
{
	if (!cache_counts(number))
		return false;
	for (; n > 0; n--)
		if (ignored[n - 1] == number)
			return false;
	return true;
}

static int
put_option(struct buf *key, unsigned number, const coap_opt_t *opt)
{
	uint32_t len = coap_opt_length(opt);
	uint8_t head[] = { PIECE_OPTION, (uint8_t)(number >> 8),
		(uint8_t)number, (uint8_t)(len >> 16), (uint8_t)(len >> 8),
		(uint8_t)len };
	int r = buf_append(key, head, sizeof(head));

	return r == 0 ? buf_append(key, coap_opt_value(opt), len) : r;
}

static int
put_body(struct buf *key, const coap_pdu_t *pdu)
{
	int r = buf_append_u8(key, PIECE_BODY);

	if (r == 0 && pdu->body)
		return buf_append(key, pdu->body->data, pdu->body->length);
	if (r == 0 && pdu->data)
		return buf_append(key, pdu->data, pdu_payload_len(pdu));
	return r;
}

static int
put_request(struct buf *key, const coap_pdu_t *pdu, const uint16_t *ignored,
    size_t n)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	int r;

	r = buf_append_u8(key, pdu->code);
	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); r == 0 && opt;
	     opt = coap_option_next(&oi))
		if (is_of_key(oi.number, ignored, n))
			r = put_option(key, oi.number, opt);
	if (r == 0 && pdu->code == COAP_REQUEST_CODE_FETCH)
		r = put_body(key, pdu);
	return r;
}

coap_cache_key_t *
cache_key_new(const coap_pdu_t *pdu, uint64_t scope, const uint16_t *ignored,
    size_t n)
{
	coap_cache_key_t *key = NULL;
	struct buf buf;

	buf_init(&buf, CACHE_KEY_MAX);
	if (buf_append(&buf, &scope, sizeof(scope)) == 0 &&
	    put_request(&buf, pdu, ignored, n) == 0)
		key = coap_malloc_type(COAP_NODE, sizeof(*key) + buf.len);
	if (key) {
		key->len = buf.len;
		memcpy(key->bytes, buf.data, buf.len);
	}
	buf_free(&buf);
	return key;
}

void
cache_key_free(coap_cache_key_t *key)
{
	coap_free_type(COAP_NODE, key);
}

/* --- entries -------------------------------------------------------------- */

static void
entry_free(coap_cache_entry_t *entry)
{
	coap_delete_pdu(entry->pdu);
	cache_key_free(entry->key);
	coap_free_type(COAP_NODE, entry);
}

void
cache_remove(coap_cache_entry_t *entry)
{
	struct cache *c = entry->cache;

	HASH_DEL(c->by_key, entry);
	if (entry->scope)
		DL_DELETE(entry->scope->list, entry);
	timers_cancel(c->timers, &entry->timer);
	c->bytes -= entry->bytes;
	if (entry->data_free && entry->data)
		entry->data_free(entry->data);
	entry_free(entry);
}

void
cache_scope_end(struct cache_scope *scope)
{
	while (scope->list)
		cache_remove(scope->list);
}

static void
fire(struct timer *t, coap_tick_t now)
{
	coap_cache_entry_t *entry = (coap_cache_entry_t *)((char *)t -
	    offsetof(coap_cache_entry_t, timer));

	if (entry->expires > now)
		timers_set(entry->cache->timers, t, entry->expires);
	else
		cache_remove(entry);
}

static void
use(coap_cache_entry_t *entry, coap_tick_t now)
{
	if (entry->idle == 0 || entry->idle >= TIMER_NEVER - now)
		return;
	entry->expires = now + entry->idle;
	if (!entry->timer.queued)
		timers_set(entry->cache->timers, &entry->timer, entry->expires);
}

static coap_cache_entry_t *
find(const struct cache *c, const coap_cache_key_t *key)
{
	coap_cache_entry_t *entry;

	HASH_FIND(hh, c->by_key, key->bytes, key->len, entry);
	return entry;
}

coap_cache_entry_t *
cache_find(struct cache *c, const coap_cache_key_t *key, coap_tick_t now)
{
	coap_cache_entry_t *entry = find(c, key);

	if (entry)
		use(entry, now);
	return entry;
}

/* Its key is in the entry already, which is freed when this fails. */
static int
put_in(struct cache *c, coap_cache_entry_t *entry, const coap_pdu_t *record,
    const coap_cache_entry_t *old)
{
	size_t others = c->bytes - (old ? old->bytes : 0);

	entry->bytes =
	    sizeof(*entry) + entry->key->len + (record ? copy_size(record) : 0);
	if ((!old && HASH_COUNT(c->by_key) >= CACHE_ENTRIES_MAX) ||
	    entry->bytes > CACHE_BYTES_MAX - others)
		return -COAP_E_LIMIT;
	if (record)
		entry->pdu = copy_pdu(record);
	if (record && !entry->pdu)
		return -COAP_E_NOMEM;
	HASH_ADD_KEYPTR(hh, c->by_key, entry->key->bytes, entry->key->len,
	    entry);
	if (!hash_added(&entry->hh))
		return -COAP_E_NOMEM;
	c->bytes += entry->bytes;
	return 0;
}

/* NOLINTBEGIN(readability-function-size): the contract has seven. */
int
cache_add(struct cache *c, struct cache_scope *scope, coap_cache_key_t *key,
    const coap_pdu_t *record, coap_tick_t idle, coap_tick_t now,
    coap_cache_entry_t **out)
{
	coap_cache_entry_t *entry = mem_new(COAP_NODE, 1, sizeof(*entry));
	coap_cache_entry_t *old = find(c, key);
	int r;

	if (entry == NULL) {
		cache_key_free(key);
		return -COAP_E_NOMEM;
	}
	entry->cache = c;
	entry->key = key;
	entry->idle = idle;
	entry->timer.fire = fire;
	r = put_in(c, entry, record, old);
	if (r < 0) {
		entry_free(entry);
		return r;
	}
	entry->scope = scope;
	if (scope)
		DL_APPEND(scope->list, entry);
	use(entry, now);
	*out = entry;
	/* Last of all, for its callback may do anything. */
	if (old)
		cache_remove(old);
	return 0;
}
/* NOLINTEND(readability-function-size) */

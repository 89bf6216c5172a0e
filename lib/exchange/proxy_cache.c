/* SPDX-License-Identifier: BSD-2-Clause */
/* What a proxy keeps: entries, their time and places; what answers do to it. */
#include "exchange/proxy_cache.h"

#include <string.h>

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/copy.h"
#include "wire/block.h"
#include "wire/pdu.h"

static bool
has(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_option_t option;

	return pdu_find_option(pdu, number, &option);
}

static const uint8_t *
place_bytes(const struct proxy_ask *ask)
{
	return ask->bytes + ask->key_len;
}

uint32_t *
proxy_cache_changes(struct proxy_cache *c, const uint8_t *place, size_t len)
{
	return &c->changes[hash_bytes(place, len) % PROXY_CACHE_CHANGES];
}

/* --- entries -------------------------------------------------------------- */

void
proxy_entry_unref(struct proxy_entry *entry)
{
	if (!entry || --entry->refs > 0)
		return;
	coap_delete_pdu(entry->answer);
	coap_delete_pdu(entry->head);
	coap_free_type(COAP_NODE, entry->key);
	coap_free_type(COAP_NODE, entry);
}

static void
place_drop(struct proxy_cache *c, struct proxy_cache_place *place)
{
	if (place->entries)
		return;
	HASH_DEL(c->places, place);
	coap_free_type(COAP_NODE, place);
}

static void
entry_remove(struct proxy_cache *c, struct proxy_entry *entry)
{
	HASH_DEL(c->by_key, entry);
	DL_DELETE(c->list, entry);
	DL_DELETE2(entry->place->entries, entry, place_prev, place_next);
	place_drop(c, entry->place);
	c->bytes -= entry->bytes;
	if (entry->client > 0)
		c->n_private--;
	entry->cache = NULL;
	entry->place = NULL;
	proxy_entry_unref(entry);
}

uint32_t
proxy_entry_age(const struct proxy_entry *entry, coap_tick_t now)
{
	coap_tick_t ticks = now > entry->born ? now - entry->born : 0;
	coap_tick_t seconds =
	    (ticks + COAP_TICKS_PER_SECOND - 1) / COAP_TICKS_PER_SECOND;

	return seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

static bool
is_fresh(const struct proxy_entry *entry, coap_tick_t now)
{
	return now < entry->born ||
	    (now - entry->born) / COAP_TICKS_PER_SECOND < entry->max_age;
}

static struct proxy_entry *
find_key(const struct proxy_cache *c, const struct proxy_ask *ask)
{
	struct proxy_entry *entry;

	HASH_FIND(hh, c->by_key, ask->bytes, ask->key_len, entry);
	return entry;
}

static void
remove_key(struct proxy_cache *c, const struct proxy_ask *ask)
{
	struct proxy_entry *entry = find_key(c, ask);

	if (entry)
		entry_remove(c, entry);
}

/* --- ceilings ------------------------------------------------------------- */

void
proxy_cache_init(struct proxy_cache *c, unsigned entries, size_t bytes)
{
	*c = (struct proxy_cache){ .by_key = NULL };
	proxy_cache_limit(c, entries, bytes);
}

/* Room for so much more, which the limits allow. */
static void
make_room(struct proxy_cache *c, unsigned entries, size_t bytes)
{
	while (c->list &&
	    (HASH_COUNT(c->by_key) > c->max_entries - entries ||
		c->bytes > c->max_bytes - bytes))
		entry_remove(c, c->list->prev);
}

void
proxy_cache_limit(struct proxy_cache *c, unsigned entries, size_t bytes)
{
	bool off = entries == 0 || bytes == 0;

	c->max_entries = off ? 0 : entries;
	c->max_bytes = off ? 0 : bytes;
	make_room(c, 0, 0);
}

void
proxy_cache_clear(struct proxy_cache *c)
{
	while (c->list)
		entry_remove(c, c->list);
	for (size_t i = 0; i < PROXY_CACHE_CHANGES; i++)
		c->changes[i]++;
}

void
proxy_cache_forget(struct proxy_cache *c, uint64_t client)
{
	struct proxy_entry *entry;
	struct proxy_entry *next;

	if (c->n_private == 0)
		return;
	DL_FOREACH_SAFE(c->list, entry, next)
		if (entry->client == client)
			entry_remove(c, entry);
}

/* --- finding -------------------------------------------------------------- */

struct proxy_entry *
proxy_cache_find(struct proxy_cache *c, struct proxy_ask *ask, coap_tick_t now)
{
	struct proxy_entry *entry = ask->key_len > 0 ? find_key(c, ask) : NULL;

	if (!entry)
		return NULL;
	if (is_fresh(entry, now)) {
		DL_DELETE(c->list, entry);
		DL_PREPEND(c->list, entry);
		return entry;
	}
	if (!has(entry->head, COAP_OPTION_ETAG)) {
		entry_remove(c, entry);
		return NULL;
	}
	proxy_entry_unref(ask->stale);
	entry->refs++;
	ask->stale = entry;
	return NULL;
}

/* --- ETags ---------------------------------------------------------------- */

bool
proxy_entry_is_known(const struct proxy_entry *entry, const coap_pdu_t *request)
{
	coap_option_t tag;

	return pdu_find_option(entry->head, COAP_OPTION_ETAG, &tag) &&
	    pdu_has_value(request, COAP_OPTION_ETAG, &tag);
}

bool
proxy_ask_validate(const struct proxy_ask *ask, coap_pdu_t *pdu)
{
	coap_option_t tag;

	if (!ask || !ask->stale || proxy_entry_is_known(ask->stale, pdu))
		return true;
	/* It had one when it was found, and keeps it. */
	pdu_find_option(ask->stale->head, COAP_OPTION_ETAG, &tag);
	return coap_add_option(pdu, COAP_OPTION_ETAG, tag.length, tag.value) >
	    0;
}

/* --- keeping -------------------------------------------------------------- */

static uint32_t
max_age_of(const coap_pdu_t *answer)
{
	int64_t age = pdu_option_uint(answer, COAP_OPTION_MAXAGE);

	if (age < 0)
		return COAP_DEFAULT_MAX_AGE;
	return age < UINT32_MAX ? (uint32_t)age : UINT32_MAX;
}

/* All options that are of more than one answer; Max-Age is told anew each
 * time. */
static coap_pdu_t *
make_head(const coap_pdu_t *answer)
{
	coap_opt_filter_t drop;

	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_MAXAGE);
	coap_option_filter_set(&drop, COAP_OPTION_OBSERVE);
	return pdu_duplicate(answer, 0, PDU_MAX_SIZE, 0, NULL, &drop);
}

static struct proxy_cache_place *
place_of(struct proxy_cache *c, const uint8_t *bytes, size_t len)
{
	struct proxy_cache_place *place;

	HASH_FIND(hh, c->places, bytes, len, place);
	if (place)
		return place;
	place = mem_new(COAP_NODE, 1, sizeof *place + len);
	if (!place)
		return NULL;
	place->len = len;
	memcpy(place->bytes, bytes, len);
	HASH_ADD_KEYPTR(hh, c->places, place->bytes, len, place);
	if (hash_added(&place->hh))
		return place;
	coap_free_type(COAP_NODE, place);
	return NULL;
}

static struct proxy_entry *
entry_new(const struct proxy_ask *ask, coap_pdu_t *answer)
{
	struct proxy_entry *entry = mem_new(COAP_NODE, 1, sizeof *entry);

	if (!entry)
		return NULL;
	entry->refs = 1;
	entry->key = coap_malloc_type(COAP_NODE, ask->key_len);
	entry->head = make_head(answer);
	if (!entry->key || !entry->head) {
		proxy_entry_unref(entry);
		return NULL;
	}
	memcpy(entry->key, ask->bytes, ask->key_len);
	entry->key_len = ask->key_len;
	entry->client = ask->client;
	entry->answer = pdu_ref(answer);
	entry->born = ask->sent;
	entry->max_age = max_age_of(answer);
	return entry;
}

/* Into the table; whether there was memory. */
static bool
entry_insert(struct proxy_cache *c, const struct proxy_ask *ask,
    struct proxy_entry *entry)
{
	struct proxy_cache_place *place =
	    place_of(c, place_bytes(ask), ask->place_len);

	if (!place)
		return false;
	HASH_ADD_KEYPTR(hh, c->by_key, entry->key, entry->key_len, entry);
	if (!hash_added(&entry->hh)) {
		place_drop(c, place);
		return false;
	}
	DL_PREPEND(c->list, entry);
	DL_APPEND2(place->entries, entry, place_prev, place_next);
	entry->place = place;
	entry->cache = c;
	c->bytes += entry->bytes;
	if (entry->client > 0)
		c->n_private++;
	return true;
}

bool
proxy_cache_has_changed(struct proxy_cache *c, const struct proxy_ask *ask)
{
	return ask->changes !=
	    *proxy_cache_changes(c, place_bytes(ask), ask->place_len);
}

/* It has something to give: it is fresh, or can be validated. */
static bool
may_be_kept(struct proxy_cache *c, const struct proxy_ask *ask,
    const coap_pdu_t *answer)
{
	return answer->code == COAP_RESPONSE_CODE_CONTENT &&
	    !proxy_is_for_two(answer) && ask->key_len > 0 &&
	    !proxy_cache_has_changed(c, ask) &&
	    (max_age_of(answer) > 0 || has(answer, COAP_OPTION_ETAG));
}

static void
keep(struct proxy_cache *c, const struct proxy_ask *ask, coap_pdu_t *answer)
{
	struct proxy_entry *entry;
	size_t options = answer->used - pdu_payload_len(answer);
	size_t bytes = sizeof *entry + sizeof(struct proxy_cache_place) +
	    ask->key_len + ask->place_len + 2 * sizeof *answer + options +
	    copy_size(answer);

	if (!may_be_kept(c, ask, answer) || c->max_entries == 0 ||
	    bytes > c->max_bytes / PROXY_CACHE_SHARE)
		return;
	entry = entry_new(ask, answer);
	if (!entry)
		return;
	entry->bytes = bytes;
	make_room(c, 1, bytes);
	if (!entry_insert(c, ask, entry))
		proxy_entry_unref(entry);
}

/* --- what changes --------------------------------------------------------- */

static void
changed(struct proxy_cache *c, const uint8_t *bytes, size_t len)
{
	struct proxy_cache_place *place;
	struct proxy_entry *entry;
	struct proxy_entry *next;

	++*proxy_cache_changes(c, bytes, len);
	HASH_FIND(hh, c->places, bytes, len, place);
	/* It goes with the last of them. */
	for (entry = place ? place->entries : NULL; entry; entry = next) {
		next = entry->place_next;
		entry_remove(c, entry);
	}
}

/* What was created has an address of its own (section 5.9.1.1), on the same
 * server: the place of the request with another path. */
static void
created(struct proxy_cache *c, const struct proxy_ask *ask,
    const coap_pdu_t *answer)
{
	const uint8_t *place = place_bytes(ask);
	coap_opt_iterator_t oi;
	uint32_t head[2];
	struct buf buf;
	size_t at = 0;
	coap_opt_t *opt;
	int r;

	for (; at < ask->place_len; at += sizeof head + head[1]) {
		memcpy(head, place + at, sizeof head);
		if (head[0] == COAP_OPTION_URI_PATH && at > 0)
			break;
	}
	buf_init(&buf, PROXY_CACHE_KEY_MAX);
	r = buf_append(&buf, place, at);
	coap_option_iterator_init(answer, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); r == 0 && opt;
	     opt = coap_option_next(&oi))
		if (oi.number == COAP_OPTION_LOCATION_PATH)
			r = proxy_ask_put(&buf, COAP_OPTION_URI_PATH,
			    coap_opt_length(opt), coap_opt_value(opt));
	/* What is too long for a place is in none. */
	if (r == 0)
		changed(c, buf.data, buf.len);
	else if (r == -COAP_E_NOMEM)
		proxy_cache_clear(c);
	buf_free(&buf);
}

static void
changed_by(struct proxy_cache *c, const struct proxy_ask *ask)
{
	changed(c, place_bytes(ask), ask->place_len);
}

/* --- validation ----------------------------------------------------------- */

/* Whether it takes the place of what is kept (section 5.9.1.3). */
static bool
replaces(const struct resources *r, unsigned number)
{
	return (number & 2) == 0 &&
	    proxy_response_option(r, number) == PROXY_PASS;
}

/* Without newer, those that replace others; else those that newer does not
 * replace. Whether there was memory. */
static bool
add_some(coap_pdu_t *head, const coap_pdu_t *from, const struct resources *r,
    const coap_pdu_t *newer)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	bool wanted;

	coap_option_iterator_init(from, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		wanted = replaces(r, oi.number);
		if (newer)
			wanted = !wanted || !has(newer, oi.number);
		if (wanted &&
		    coap_add_option(head, oi.number, coap_opt_length(opt),
			coap_opt_value(opt)) == 0)
			return false;
	}
	return true;
}

/* NULL when out of memory. */
static coap_pdu_t *
merge(const struct resources *r, const coap_pdu_t *head,
    const coap_pdu_t *newer)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, PDU_MAX_SIZE);

	if (pdu && add_some(pdu, head, r, newer) &&
	    add_some(pdu, newer, r, NULL))
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

static void
refresh(struct proxy_cache *c, const struct resources *r,
    const struct proxy_ask *ask, struct proxy_entry *entry,
    const coap_pdu_t *answer)
{
	coap_pdu_t *head = merge(r, entry->head, answer);

	entry->born = ask->sent;
	entry->max_age = max_age_of(answer);
	if (entry->cache) {
		DL_DELETE(c->list, entry);
		DL_PREPEND(c->list, entry);
	}
	if (!head) {
		/* As it was is good enough for this once. */
		if (entry->cache)
			entry_remove(c, entry);
		return;
	}
	if (entry->cache) {
		c->bytes += head->used;
		c->bytes -= entry->head->used;
		entry->bytes += head->used;
		entry->bytes -= entry->head->used;
	}
	coap_delete_pdu(entry->head);
	entry->head = head;
	make_room(c, 0, 0);
}

/* Whether a 2.03 is about the entry. Some servers leave the ETag out. */
static bool
confirms(const struct proxy_entry *entry, const coap_pdu_t *request,
    const coap_pdu_t *answer)
{
	return has(answer, COAP_OPTION_ETAG)
	    ? proxy_entry_is_known(entry, answer)
	    : !has(request, COAP_OPTION_ETAG);
}

static enum proxy_use
validated(struct proxy_cache *c, const struct resources *r,
    const struct proxy_ask *ask, const coap_pdu_t *request,
    const coap_pdu_t *answer)
{
	struct proxy_entry *stale = ask->stale;

	if (stale && confirms(stale, request, answer)) {
		refresh(c, r, ask, stale, answer);
		return PROXY_USE_STALE;
	}
	if (!stale || has(request, COAP_OPTION_ETAG))
		return PROXY_USE_ANSWER;
	if (stale->cache)
		entry_remove(c, stale);
	return PROXY_USE_NONE;
}

/* --- answers -------------------------------------------------------------- */

enum proxy_use
proxy_cache_take(struct proxy_cache *c, const struct resources *r,
    const struct proxy_ask *ask, const coap_pdu_t *request, coap_pdu_t *answer)
{
	unsigned class = COAP_RESPONSE_CLASS(answer->code);

	if (ask->changing) {
		/* What was refused was not done. */
		if (class != 4)
			changed_by(c, ask);
		if (class != 4 && has(answer, COAP_OPTION_LOCATION_PATH))
			created(c, ask, answer);
		return PROXY_USE_ANSWER;
	}
	if (answer->code == COAP_RESPONSE_CODE_VALID)
		return validated(c, r, ask, request, answer);
	/* A server in trouble says nothing of its resource. */
	if (class != 5) {
		remove_key(c, ask);
		keep(c, ask, answer);
	}
	return PROXY_USE_ANSWER;
}

void
proxy_cache_notified(struct proxy_cache *c, const struct resources *r,
    struct proxy_ask *ask, coap_pdu_t *notification, coap_tick_t now)
{
	struct proxy_entry *entry = find_key(c, ask);
	unsigned class = COAP_RESPONSE_CLASS(notification->code);

	ask->sent = now;
	ask->changes =
	    *proxy_cache_changes(c, place_bytes(ask), ask->place_len);
	if (notification->code == COAP_RESPONSE_CODE_VALID) {
		if (entry && proxy_entry_is_known(entry, notification))
			refresh(c, r, ask, entry, notification);
	} else if (class != 5) {
		remove_key(c, ask);
		keep(c, ask, notification);
	}
}

void
proxy_cache_unanswered(struct proxy_cache *c, const struct proxy_ask *ask)
{
	if (ask->changing)
		changed_by(c, ask);
}

bool
proxy_entry_head(const struct proxy_entry *entry, const struct resources *r,
    bool known, coap_tick_t now, coap_pdu_t *response)
{
	uint32_t age = proxy_entry_age(entry, now);
	uint32_t left = entry->max_age > age ? entry->max_age - age : 0;
	coap_option_t tag;
	bool ok;

	coap_pdu_set_code(response,
	    known ? COAP_RESPONSE_CODE_VALID : COAP_RESPONSE_CODE_CONTENT);
	if (!known)
		ok = proxy_response_options(r, entry->head, response);
	else
		ok = pdu_find_option(entry->head, COAP_OPTION_ETAG, &tag) &&
		    coap_add_option(response, COAP_OPTION_ETAG, tag.length,
			tag.value) > 0;
	return ok && block_add_uint(response, COAP_OPTION_MAXAGE, left);
}

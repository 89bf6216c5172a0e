/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Coming back to a session with a short handshake. TLS 1.2 and DTLS: the
 * server keeps sessions by their IDs, within bounds, since a ticket with a
 * certificate in it makes a ClientHello of several datagrams. TLS 1.3: the
 * server hands out tickets and keeps nothing. A session with a shared key is
 * not kept: that would save nothing, and go around the owner of the keys.
 */
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "tls/gnutls_private.h"

/* What begins the bytes that a client keeps: this library made them. */
static const uint8_t tag[4] = { 'G', 'T', 'L', '1' };

static struct cache_entry *
entry_at(const struct cache *cache, size_t i)
{
	return &cache->entries[(cache->first + i) % CACHE_ENTRIES];
}

static void
drop(struct cache *cache, struct cache_entry *e)
{
	cache->bytes -= e->len;
	tlsg_wipe(e->data, e->len);
	memset(e, 0, sizeof(*e));
}

static void
drop_oldest(struct cache *cache)
{
	drop(cache, entry_at(cache, 0));
	cache->first = (cache->first + 1) % CACHE_ENTRIES;
	cache->n--;
}

void
tlsg_cache_free(struct cache *cache)
{
	while (cache->n > 0)
		drop_oldest(cache);
	coap_free_type(COAP_DTLS_CONTEXT, cache->entries);
	cache->entries = NULL;
}

static struct cache_entry *
find(const struct cache *cache, gnutls_datum_t key)
{
	struct cache_entry *e;
	size_t i;

	for (i = 0; i < cache->n; i++) {
		e = entry_at(cache, i);
		if (e->data && e->key_len == key.size &&
		    memcmp(e->key, key.data, key.size) == 0)
			return e;
	}
	return NULL;
}

/* The oldest ones go: those that were removed, whose time is over, or for
 * which there is no room with len bytes more. */
static void
make_room(struct cache *cache, size_t len)
{
	struct cache_entry *e;
	gnutls_datum_t data;
	time_t now = time(NULL);

	while (cache->n > 0) {
		e = entry_at(cache, 0);
		data.data = e->data;
		data.size = (unsigned)e->len;
		if (e->data && cache->n < CACHE_ENTRIES &&
		    cache->bytes + len <= CACHE_BYTES &&
		    gnutls_db_check_entry_expire_time(&data) > now)
			return;
		drop_oldest(cache);
	}
}

static int
store(void *user, gnutls_datum_t key, gnutls_datum_t data)
{
	struct tls_sess *s = user;
	struct cache *cache = &s->ctx->cache;
	struct cache_entry *e;
	uint8_t *copy;

	if (tlsg_is_psk(s) || key.size > CACHE_KEY_MAX ||
	    data.size > CACHE_BYTES / 16)
		return GNUTLS_E_DB_ERROR;
	if (!cache->entries)
		cache->entries = mem_new(COAP_DTLS_CONTEXT, CACHE_ENTRIES,
		    sizeof(*cache->entries));
	copy = coap_malloc_type(COAP_STRING, data.size);
	if (!copy || !cache->entries) {
		coap_free_type(COAP_STRING, copy);
		return GNUTLS_E_MEMORY_ERROR;
	}
	make_room(cache, data.size);
	memcpy(copy, data.data, data.size);
	e = entry_at(cache, cache->n);
	memcpy(e->key, key.data, key.size);
	e->key_len = key.size;
	e->data = copy;
	e->len = data.size;
	cache->n++;
	cache->bytes += data.size;
	return 0;
}

/* Whether its time is over the library tells by what is in it. */
static gnutls_datum_t
retrieve(void *user, gnutls_datum_t key)
{
	struct tls_sess *s = user;
	gnutls_datum_t data = { NULL, 0 };
	const struct cache_entry *e;

	e = find(&s->ctx->cache, key);
	if (!e)
		return data;
	data.data = gnutls_malloc(e->len);
	if (data.data) {
		memcpy(data.data, e->data, e->len);
		data.size = (unsigned)e->len;
	}
	return data;
}

/* It leaves a hole, which goes when it is the oldest. */
static int
forget(void *user, gnutls_datum_t key)
{
	struct tls_sess *s = user;
	struct cache_entry *e;

	e = find(&s->ctx->cache, key);
	if (!e)
		return GNUTLS_E_DB_ERROR;
	drop(&s->ctx->cache, e);
	return 0;
}

void
tlsg_resume_server(struct tls_sess *s)
{
	gnutls_db_set_ptr(s->tls, s);
	gnutls_db_set_store_function(s->tls, store);
	gnutls_db_set_retrieve_function(s->tls, retrieve);
	gnutls_db_set_remove_function(s->tls, forget);
	gnutls_db_set_cache_expiration(s->tls, RESUME_SECONDS);
}

/* What cannot be used makes a whole handshake. */
void
tlsg_resume_client(struct tls_sess *s, struct tls_bytes blob)
{
	if (blob.len <= sizeof(tag) || memcmp(blob.data, tag, sizeof(tag)) != 0)
		return;
	(void)gnutls_session_set_data(s->tls, blob.data + sizeof(tag),
	    blob.len - sizeof(tag));
}

/* Gives the client's owner what it may come back with. */
static void
hand_out(struct tls_sess *s)
{
	gnutls_datum_t data = { NULL, 0 };
	struct tls_bytes blob;
	uint8_t *copy;

	s->resumable_given = true;
	if (gnutls_session_get_data2(s->tls, &data) < 0)
		return;
	copy = coap_malloc_type(COAP_STRING, sizeof(tag) + data.size);
	if (copy) {
		memcpy(copy, tag, sizeof(tag));
		memcpy(copy + sizeof(tag), data.data, data.size);
		blob.data = copy;
		blob.len = sizeof(tag) + data.size;
		s->host->resumable(s->host_user, blob);
		tlsg_wipe(copy, sizeof(tag) + data.size);
	}
	explicit_bzero(data.data, data.size);
	gnutls_free(data.data);
}

static bool
is_tls13(const struct tls_sess *s)
{
	return gnutls_protocol_get_version(s->tls) == GNUTLS_TLS1_3;
}

void
tlsg_resume_done(struct tls_sess *s)
{
	if (tlsg_is_psk(s))
		return;
	if (s->server && s->ctx->ticket_key.data && is_tls13(s))
		(void)gnutls_session_ticket_send(s->tls, 1, 0);
	if (!s->server && s->host->resumable && !is_tls13(s))
		hand_out(s);
}

void
tlsg_resume_later(struct tls_sess *s)
{
	if (s->server || s->resumable_given || !s->host->resumable ||
	    s->state != SESS_DONE || !is_tls13(s) || tlsg_is_psk(s))
		return;
	if ((gnutls_session_get_flags(s->tls) & GNUTLS_SFLAGS_SESSION_TICKET))
		hand_out(s);
}

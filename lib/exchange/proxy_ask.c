/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request is for a proxy's cache: its key and its place. */
#include "exchange/proxy_cache.h"

#include <string.h>

#include <coap3/coap_subscribe.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/cache.h"
#include "wire/pdu.h"

bool
proxy_is_for_two(const coap_pdu_t *pdu)
{
	coap_option_t option;

	return pdu_find_option(pdu, COAP_OPTION_ECHO, &option) ||
	    pdu_find_option(pdu, COAP_OPTION_OSCORE, &option);
}

static bool
is_safe(unsigned code)
{
	return code == COAP_REQUEST_CODE_GET || code == COAP_REQUEST_CODE_FETCH;
}

int
proxy_ask_put(struct buf *buf, unsigned number, size_t len, const void *data)
{
	uint32_t head[] = { number, (uint32_t)len };
	int r = buf_append(buf, head, sizeof head);

	return r == 0 && len > 0 ? buf_append(buf, data, len) : r;
}

/* ETags choose what comes back, not what is asked for (section 5.10.6). */
static bool
is_of_key(unsigned number)
{
	return number != COAP_OPTION_ETAG && cache_counts(number);
}

static bool
is_of_place(unsigned number)
{
	return number == COAP_OPTION_URI_HOST ||
	    number == COAP_OPTION_URI_PORT || number == COAP_OPTION_URI_PATH;
}

static int
put_options(struct buf *buf, const coap_optlist_t *o, bool (*counts)(unsigned))
{
	int r = 0;

	for (; r == 0 && o; o = o->next)
		if (counts(o->number))
			r = proxy_ask_put(buf, o->number, o->length, o->data);
	return r;
}

/* All of it, or no key. A GET is to have none, but a server may look at it, and
 * what one client sent must not choose what others get. */
static int
put_body(struct buf *buf, const coap_pdu_t *request)
{
	size_t len, offset, total;
	const uint8_t *data;

	coap_get_data_large(request, &len, &data, &offset, &total);
	if (offset > 0 || total > len)
		return -1;
	return len > 0 || request->code == COAP_REQUEST_CODE_FETCH
	    ? proxy_ask_put(buf, 0, len, data)
	    : 0;
}

static int
put_server(struct buf *buf, const coap_uri_t *uri)
{
	uint32_t where[] = { uri->scheme, uri->port };
	int r = buf_append(buf, where, sizeof where);

	return r == 0 ? proxy_ask_put(buf, 0, uri->host.length, uri->host.s)
		      : r;
}

/* Appends the key; whether there is one. */
static bool
make_key(struct buf *buf, const struct resources *r, const coap_pdu_t *request,
    const struct proxy_scope *s)
{
	coap_optlist_t *chain = NULL;
	bool ok = is_safe(request->code) && !proxy_is_for_two(request) &&
	    proxy_request_options(r, request, s->strip ? s->asked : NULL,
		s->hop, 0, &chain) == 0 &&
	    buf_append_u8(buf, request->code) == 0 &&
	    buf_append(buf, &s->client, sizeof s->client) == 0 &&
	    buf_append(buf, s->proof, sizeof s->proof) == 0 &&
	    put_server(buf, s->hop) == 0 &&
	    put_options(buf, chain, is_of_key) == 0 &&
	    put_body(buf, request) == 0;

	coap_delete_optlist(chain);
	return ok;
}

/* Scheme, host, port and path, as if no proxy were asked: queries of one path
 * are one resource, for what changes one may well change all. 0 or an error. */
static int
make_place(struct buf *buf, const struct resources *r,
    const coap_pdu_t *request, const struct proxy_scope *s)
{
	coap_optlist_t *chain = NULL;
	int err = proxy_request_options(r, request, s->asked, NULL, 0, &chain);

	if (err == 0)
		err = proxy_ask_put(buf, s->asked->scheme, 0, NULL);
	if (err == 0)
		err = put_options(buf, chain, is_of_place);
	coap_delete_optlist(chain);
	return err;
}

static struct proxy_ask *
ask_from(struct proxy_cache *c, const struct buf *key, const struct buf *place)
{
	struct proxy_ask *ask =
	    mem_new(COAP_NODE, 1, sizeof *ask + key->len + place->len);

	if (!ask)
		return NULL;
	ask->key_len = key->len;
	ask->place_len = place->len;
	if (key->len > 0)
		memcpy(ask->bytes, key->data, key->len);
	memcpy(ask->bytes + key->len, place->data, place->len);
	ask->changes = *proxy_cache_changes(c, place->data, place->len);
	return ask;
}

struct proxy_ask *
proxy_ask_new(struct proxy_cache *c, const struct resources *r,
    const coap_pdu_t *request, const struct proxy_scope *scope, coap_tick_t now)
{
	bool changing = !is_safe(request->code);
	/* Wants to know of a change, kept or not. */
	bool observing = pdu_option_uint(request, COAP_OPTION_OBSERVE) ==
	    COAP_OBSERVE_ESTABLISH;
	struct proxy_ask *ask = NULL;
	struct buf place;
	struct buf key;
	int err;

	if (c->max_entries == 0 && !changing && !observing)
		return NULL;
	buf_init(&key, PROXY_CACHE_KEY_MAX);
	buf_init(&place, PROXY_CACHE_KEY_MAX);
	if (!make_key(&key, r, request, scope))
		buf_free(&key);
	err = make_place(&place, r, request, scope);
	if (err == 0 && (key.len > 0 || changing || observing))
		ask = ask_from(c, &key, &place);
	buf_free(&place);
	buf_free(&key);
	if (ask) {
		ask->client = scope->client;
		ask->changing = changing;
		ask->sent = now;
	} else if (changing && err != -COAP_E_TOOBIG) {
		/* What it changes would not be known; but what is too long for
		 * a place has nothing there. */
		proxy_cache_clear(c);
	}
	return ask;
}

void
proxy_ask_free(struct proxy_ask *ask)
{
	if (!ask)
		return;
	proxy_entry_unref(ask->stale);
	coap_free_type(COAP_NODE, ask);
}

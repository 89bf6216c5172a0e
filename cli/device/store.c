/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's store: PUT makes and replaces, GET, DELETE, and a list. */
#include "cli/device/store.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_text.h"

#define STORE_PREFIX    "store/"
#define STORE_MAX_ITEMS 64
#define STORE_MAX_SIZE  (1024 * 1024)

struct item {
	struct item *next;
	coap_resource_t *resource;
	struct store *store;
	int format;
	size_t len;
	uint8_t *data;
};

/* Belongs to the unknown resource, and is freed with the last of them. */
struct store {
	coap_context_t *context;
	struct item *items;
	unsigned n;
	unsigned holders;
};

static void
store_release(struct store *store)
{
	if (--store->holders == 0)
		free(store);
}

static void
item_free(struct item *item)
{
	struct store *store = item->store;
	struct item **p;

	for (p = &store->items; *p; p = &(*p)->next)
		if (*p == item) {
			*p = item->next;
			store->n--;
			break;
		}
	free(item->data);
	free(item);
	store_release(store);
}

/* The library releases what resources carry: an item, or the store itself. */
struct carried {
	struct item *item;
	struct store *store;
};

static void
release_userdata(void *user_data)
{
	struct carried *c = user_data;

	if (!c)
		return;
	if (c->item)
		item_free(c->item);
	else
		store_release(c->store);
	free(c);
}

static struct item *
item_of(coap_resource_t *resource)
{
	struct carried *c = coap_resource_get_userdata(resource);

	return c->item;
}

static bool
item_fill(struct item *item, const coap_pdu_t *request)
{
	const uint8_t *data = NULL;
	uint8_t *copy = NULL;
	size_t len = 0;

	coap_get_data(request, &len, &data);
	if (len > 0) {
		copy = malloc(len);
		if (!copy)
			return false;
		memcpy(copy, data, len);
	}
	free(item->data);
	item->data = copy;
	item->len = len;
	item->format = pdu_content_format(request);
	return true;
}

/* --- ETags --------------------------------------------------------------- */

#define ETAG_SIZE 4

/* FNV-1a over the format and the bytes. */
static void
make_etag(const struct item *item, uint8_t etag[ETAG_SIZE])
{
	uint32_t h = (2166136261U ^ (uint32_t)item->format) * 16777619U;

	for (size_t i = 0; i < item->len; i++)
		h = (h ^ item->data[i]) * 16777619U;
	for (int i = 0; i < ETAG_SIZE; i++)
		etag[i] = (uint8_t)(h >> 8 * i);
}

enum match {
	MATCH_NOT_ASKED,
	MATCH_NO,
	MATCH_YES,
};

/* Whether an option of that number has the item's ETag, or is empty (RFC 7252
 * section 5.10.8). item NULL: there is none yet. */
static enum match
match_etag(const coap_pdu_t *request, coap_option_num_t number,
    const struct item *item)
{
	enum match match = MATCH_NOT_ASKED;
	uint8_t etag[ETAG_SIZE];
	coap_opt_iterator_t oi;
	const coap_opt_t *option;
	uint32_t len;

	if (item)
		make_etag(item, etag);
	if (!coap_option_iterator_init(request, &oi, COAP_OPT_ALL))
		return match;
	for (option = coap_option_next(&oi); option && match != MATCH_YES;
	     option = coap_option_next(&oi)) {
		if (oi.number != number)
			continue;
		len = coap_opt_length(option);
		match = MATCH_NO;
		if (item &&
		    (len == 0 ||
			(len == ETAG_SIZE &&
			    memcmp(coap_opt_value(option), etag, len) == 0)))
			match = MATCH_YES;
	}
	return match;
}

/* --- items --------------------------------------------------------------- */

/* Refuses a PUT or DELETE whose If-Match does not hold. */
static bool
is_stale(const coap_pdu_t *request, const struct item *item,
    coap_pdu_t *response)
{
	if (match_etag(request, COAP_OPTION_IF_MATCH, item) != MATCH_NO)
		return false;
	device_refuse(response, COAP_RESPONSE_CODE_PRECONDITION_FAILED,
	    item ? "it has another ETag by now" : "there is no such item");
	return true;
}

static bool
too_large(const coap_pdu_t *request, coap_pdu_t *response)
{
	const uint8_t *data;
	size_t len = 0;

	coap_get_data(request, &len, &data);
	if (len <= STORE_MAX_SIZE)
		return false;
	device_refuse(response, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
	    "an item holds 1 MiB at most");
	return true;
}

static void
get_item(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const struct item *item = item_of(resource);
	uint8_t etag[ETAG_SIZE];

	(void)query;
	make_etag(item, etag);
	coap_add_option(response, COAP_OPTION_ETAG, ETAG_SIZE, etag);
	if (match_etag(request, COAP_OPTION_ETAG, item) == MATCH_YES)
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_VALID);
	else
		device_answer(session, request, response,
		    COAP_RESPONSE_CODE_CONTENT, item->format,
		    (coap_bin_const_t){ item->len, item->data });
}

static void
put_item(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)session;
	(void)query;
	if (is_stale(request, item_of(resource), response) ||
	    too_large(request, response))
		return;
	if (item_fill(item_of(resource), request))
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
	else
		device_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "out of memory");
}

static void
delete_item(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)query;
	if (is_stale(request, item_of(resource), response))
		return;
	coap_delete_resource(coap_session_get_context(session), resource);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_DELETED);
}

/* --- new items ----------------------------------------------------------- */

static coap_resource_t *
resource_for(struct item *item, const coap_string_t *path)
{
	struct carried *c = calloc(1, sizeof *c);
	coap_resource_t *r = c
	    ? coap_resource_init(&(coap_str_const_t){ path->length, path->s },
		  0)
	    : NULL;

	if (!r) {
		free(c);
		return NULL;
	}
	c->item = item;
	coap_resource_set_userdata(r, c);
	coap_register_request_handler(r, COAP_REQUEST_GET, get_item);
	coap_register_request_handler(r, COAP_REQUEST_PUT, put_item);
	coap_register_request_handler(r, COAP_REQUEST_DELETE, delete_item);
	return r;
}

static bool
add_item(struct store *store, const coap_pdu_t *request,
    const coap_string_t *path)
{
	struct item *item = calloc(1, sizeof *item);

	if (!item)
		return false;
	if (!item_fill(item, request) ||
	    !(item->resource = resource_for(item, path))) {
		free(item->data);
		free(item);
		return false;
	}
	item->store = store;
	item->next = store->items;
	store->items = item;
	store->n++;
	store->holders++;
	coap_add_resource(store->context, item->resource);
	return true;
}

static void
put_new(struct store *store, const coap_pdu_t *request,
    const coap_string_t *path, coap_pdu_t *response)
{
	size_t prefix = strlen(STORE_PREFIX);

	if (path->length <= prefix ||
	    memcmp(path->s, STORE_PREFIX, prefix) != 0) {
		device_refuse(response, COAP_RESPONSE_CODE_NOT_FOUND,
		    "only paths below /store can be made");
		return;
	}
	if (is_stale(request, NULL, response) || too_large(request, response))
		return;
	if (store->n >= STORE_MAX_ITEMS)
		device_refuse(response, COAP_RESPONSE_CODE_FORBIDDEN,
		    "the store is full (64 items); delete one");
	else if (add_item(store, request, path))
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
	else
		device_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "out of memory");
}

static void
put_unknown(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	struct carried *c = coap_resource_get_userdata(resource);
	coap_string_t *path = coap_get_uri_path(request);

	(void)session;
	(void)query;
	if (path)
		put_new(c->store, request, path, response);
	else
		device_refuse(response, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "no path");
	coap_delete_string(path);
}

int
device_store_install(coap_context_t *context)
{
	struct carried *c = calloc(1, sizeof *c);
	coap_resource_t *unknown =
	    c ? coap_resource_unknown_init(put_unknown) : NULL;
	coap_str_const_t path = { 5, (const uint8_t *)"store" };

	if (unknown)
		c->store = calloc(1, sizeof *c->store);
	if (!unknown || !c->store) {
		coap_delete_resource(NULL, unknown);
		free(c);
		return -1;
	}
	c->store->context = context;
	c->store->holders = 1;
	coap_resource_set_userdata(unknown, c);
	coap_resource_release_userdata_handler(context, release_userdata);
	coap_add_resource(context, unknown);
	/* The list finds the store through a record of its own. */
	c = calloc(1, sizeof *c);
	if (!c)
		return -1;
	c->store =
	    ((struct carried *)coap_resource_get_userdata(unknown))->store;
	c->store->holders++;
	coap_resource_set_userdata(coap_get_resource_from_uri_path(context,
				       &path),
	    c);
	return 0;
}

/* --- the list ------------------------------------------------------------ */

void
device_get_store(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	struct carried *c = coap_resource_get_userdata(resource);
	const struct item *item;
	coap_str_const_t *path;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)query;
	if (!f) {
		device_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "out of memory");
		return;
	}
	for (item = c->store->items; item; item = item->next) {
		path = coap_resource_get_uri_path(item->resource);
		fprintf(f, "%s</%.*s>;sz=%zu",
		    item == c->store->items ? "" : ",", (int)path->length,
		    (const char *)path->s, item->len);
	}
	if (fclose(f) != 0)
		size = 0;
	device_answer(session, request, response, COAP_RESPONSE_CODE_CONTENT,
	    COAP_MEDIATYPE_APPLICATION_LINK_FORMAT,
	    (coap_bin_const_t){ size, (const uint8_t *)text });
	free(text);
}

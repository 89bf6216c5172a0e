/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of resources, and the options that the application knows. */
#include "exchange/hash.h"

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/path.h"
#include "exchange/resource.h"

void
resources_init(struct resources *r)
{
	*r = (struct resources){ 0 };
}

void
resources_free(struct resources *r)
{
	while (r->by_path != NULL)
		resources_remove(r, r->by_path);
	if (r->unknown != NULL)
		resources_remove(r, r->unknown);
	if (r->proxy != NULL)
		resources_remove(r, r->proxy);
	coap_free_type(COAP_NODE, r->known_options);
	resources_init(r);
}

/* Resources */

coap_resource_t *
resources_find_key(const struct resources *r, const uint8_t *key, size_t len)
{
	const uint8_t *start = len > 0 ? key : (const uint8_t *)"";
	coap_resource_t *resource;

	HASH_FIND(hh, r->by_path, start, len, resource);
	return resource;
}

coap_resource_t *
resources_find(const struct resources *r, const uint8_t *path, size_t len)
{
	coap_resource_t *resource = NULL;
	struct buf key;

	buf_init(&key, PATH_KEY_MAX);
	if (path_key_from_text(&key, path, len) == 0)
		resource = resources_find_key(r, key.data, key.len);
	buf_free(&key);
	return resource;
}

static bool
has_path(const coap_resource_t *resource)
{
	return !resource->unknown && !resource->proxy;
}

/* The place of a resource that has no path. */
static struct coap_resource_t **
slot_of(struct resources *r, const coap_resource_t *resource)
{
	return resource->unknown ? &r->unknown : &r->proxy;
}

static bool
is_here(struct resources *r, const coap_resource_t *resource)
{
	if (!resource->in_table)
		return false;
	if (!has_path(resource))
		return *slot_of(r, resource) == resource;
	return resources_find_key(r, resource->key->s, resource->key->length) ==
	    resource;
}

static int
put_in(struct resources *r, coap_resource_t *resource)
{
	if (!has_path(resource)) {
		*slot_of(r, resource) = resource;
		return 0;
	}
	HASH_ADD_KEYPTR(hh, r->by_path, resource->key->s, resource->key->length,
	    resource);
	return hash_added(&resource->hh) ? 0 : -COAP_E_NOMEM;
}

/* What has left the table goes. */
static void
drop(struct resources *r, coap_resource_t *resource)
{
	resource->in_table = false;
	if (r->removed != NULL)
		r->removed(resource);
	resource->context = NULL;
	resource->release = r->release_userdata;
	resource_free(resource);
}

int
resources_add(struct resources *r, coap_resource_t *resource)
{
	coap_resource_t *old;
	int err;

	if (resource->dead)
		return -COAP_E_STATE;
	if (resource->in_table)
		return is_here(r, resource) ? 0 : -COAP_E_STATE;
	if (!has_path(resource))
		old = *slot_of(r, resource);
	else
		old = resources_find_key(r, resource->key->s,
		    resource->key->length);
	err = put_in(r, resource);
	if (err < 0)
		return err;
	resource->in_table = true;
	if (old == NULL)
		return 0;
	if (has_path(resource))
		HASH_DEL(r->by_path, old);
	drop(r, old);
	return 0;
}

int
resources_remove(struct resources *r, coap_resource_t *resource)
{
	if (!is_here(r, resource))
		return 0;
	if (!has_path(resource))
		*slot_of(r, resource) = NULL;
	else
		HASH_DEL(r->by_path, resource);
	drop(r, resource);
	return 1;
}

/* Options */

/* Where number is, or belongs. */
static size_t
option_place(const struct resources *r, uint16_t number)
{
	size_t low = 0, high = r->n_known_options, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (r->known_options[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
resources_knows_option(const struct resources *r, uint16_t number)
{
	size_t at = option_place(r, number);

	return at < r->n_known_options && r->known_options[at] == number;
}

int
resources_register_option(struct resources *r, uint16_t number)
{
	size_t at = option_place(r, number);
	size_t n = r->n_known_options;
	uint16_t *options;

	if (at < n && r->known_options[at] == number)
		return 0;
	options = coap_realloc_type(COAP_NODE, r->known_options,
	    (n + 1) * sizeof(*options));
	if (options == NULL)
		return -COAP_E_NOMEM;
	memmove(&options[at + 1], &options[at], (n - at) * sizeof(*options));
	options[at] = number;
	r->known_options = options;
	r->n_known_options = n + 1;
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* One resource: what it is called, what it says of itself, who handles it. */
#include <coap3/coap_debug.h>
#include <coap3/coap_mem.h>
#include <coap3/coap_subscribe.h>

#include <string.h>

#include "base/alloc.h"
#include "exchange/path.h"
#include "exchange/resource.h"
#include "wire/uri.h"

#define NOTIFY_FLAGS                                                       \
	(COAP_RESOURCE_FLAGS_NOTIFY_CON | COAP_RESOURCE_FLAGS_NOTIFY_NON | \
	    COAP_RESOURCE_FLAGS_NOTIFY_NON_ALWAYS)

/* A token of RFC 8288 section 3: these beside letters and digits. */
#define ATTR_NAME_CHARS "!#$%&'*+-.^_`|~"

static coap_str_const_t *
copy_str(const coap_str_const_t *text)
{
	static const uint8_t none[1];

	return coap_new_str_const(text->length > 0 ? text->s : none,
	    text->length);
}

/* Becoming and ending */

static coap_str_const_t *
make_key(const coap_str_const_t *path)
{
	coap_str_const_t *key = NULL;
	struct buf buf;

	buf_init(&buf, PATH_KEY_MAX);
	if (path_key_from_text(&buf, path->s, path->length) == 0)
		key = copy_str(&(coap_str_const_t){ buf.len, buf.data });
	buf_free(&buf);
	return key;
}

static coap_resource_t *
resource_new(const coap_str_const_t *path, int flags)
{
	coap_resource_t *resource;

	resource = mem_new(COAP_RESOURCE, 1, sizeof(*resource));
	if (resource == NULL)
		return NULL;
	resource->flags = flags;
	resource->key = make_key(path);
	if (resource->key == NULL) {
		coap_free_type(COAP_RESOURCE, resource);
		return NULL;
	}
	return resource;
}

coap_resource_t *
coap_resource_init(coap_str_const_t *uri_path, int flags)
{
	const coap_str_const_t root = { 0, NULL };
	const coap_str_const_t *path = uri_path != NULL ? uri_path : &root;
	coap_resource_t *resource;

	resource = resource_new(path, flags);
	if (resource == NULL)
		return NULL;
	if (uri_path != NULL && (flags & COAP_RESOURCE_FLAGS_RELEASE_URI))
		resource->uri_path = uri_path;
	else
		resource->uri_path = copy_str(path);
	if (resource->uri_path == NULL) {
		resource_free(resource);
		return NULL;
	}
	return resource;
}

coap_resource_t *
coap_resource_unknown_init2(coap_method_handler_t put_handler, int flags)
{
	coap_resource_t *resource;

	resource = coap_resource_init(NULL, flags);
	if (resource == NULL)
		return NULL;
	resource->unknown = true;
	coap_register_request_handler(resource, COAP_REQUEST_PUT, put_handler);
	return resource;
}

coap_resource_t *
coap_resource_unknown_init(coap_method_handler_t put_handler)
{
	return coap_resource_unknown_init2(put_handler, 0);
}

static void
handle_all(coap_resource_t *resource, coap_method_handler_t handler)
{
	size_t i;

	for (i = 0; i < RESOURCE_METHODS; i++)
		resource->handlers[i] = handler;
}

static bool
copy_hosts(coap_resource_t *resource, size_t count, const char *list[])
{
	size_t i, size;

	if (count == 0)
		return true;
	resource->hosts = mem_new(COAP_STRING, count, sizeof(*resource->hosts));
	if (resource->hosts == NULL)
		return false;
	for (i = 0; i < count; i++) {
		size = strlen(list[i]) + 1;
		resource->hosts[i] = coap_malloc_type(COAP_STRING, size);
		if (resource->hosts[i] == NULL)
			return false;
		memcpy(resource->hosts[i], list[i], size);
		resource->n_hosts++;
	}
	return true;
}

coap_resource_t *
coap_resource_proxy_uri_init2(coap_method_handler_t handler,
    size_t host_name_count, const char *host_name_list[], int flags)
{
	coap_resource_t *resource;

	if (handler == NULL || (host_name_count > 0 && host_name_list == NULL))
		return NULL;
	resource = coap_resource_init(NULL,
	    flags | COAP_RESOURCE_FLAGS_FORCE_SINGLE_BODY);
	if (resource == NULL)
		return NULL;
	resource->proxy = true;
	handle_all(resource, handler);
	if (copy_hosts(resource, host_name_count, host_name_list))
		return resource;
	resource_free(resource);
	return NULL;
}

coap_resource_t *
coap_resource_proxy_uri_init(coap_method_handler_t handler,
    size_t host_name_count, const char *host_name_list[])
{
	return coap_resource_proxy_uri_init2(handler, host_name_count,
	    host_name_list, 0);
}

coap_resource_t *
coap_resource_reverse_proxy_init(coap_method_handler_t handler, int flags)
{
	coap_resource_t *resource;

	if (handler == NULL)
		return NULL;
	resource = coap_resource_init(NULL,
	    flags | COAP_RESOURCE_FLAGS_FORCE_SINGLE_BODY);
	if (resource == NULL)
		return NULL;
	resource->unknown = true;
	resource->reverse = true;
	handle_all(resource, handler);
	return resource;
}

static void
attr_free(coap_attr_t *attr)
{
	coap_delete_str_const(attr->name);
	coap_delete_str_const(attr->value);
	coap_free_type(COAP_RESOURCEATTR, attr);
}

static void
destroy(coap_resource_t *resource)
{
	coap_attr_t *attr, *next;

	if (resource->release != NULL && resource->userdata != NULL)
		resource->release(resource->userdata);
	for (attr = resource->attrs; attr != NULL; attr = next) {
		next = attr->next;
		attr_free(attr);
	}
	while (resource->n_hosts > 0)
		coap_free_type(COAP_STRING,
		    resource->hosts[--resource->n_hosts]);
	coap_free_type(COAP_STRING, resource->hosts);
	coap_delete_str_const(resource->uri_path);
	coap_delete_str_const(resource->key);
	coap_free_type(COAP_RESOURCE, resource);
}

void
resource_free(coap_resource_t *resource)
{
	if (resource == NULL || resource->dead)
		return;
	resource->dead = true;
	if (resource->holds == 0)
		destroy(resource);
}

void
resource_hold(coap_resource_t *resource)
{
	resource->holds++;
}

void
resource_let_go(coap_resource_t *resource)
{
	resource->holds--;
	if (resource->holds == 0 && resource->dead)
		destroy(resource);
}

/* Properties */

coap_str_const_t *
coap_resource_get_uri_path(coap_resource_t *resource)
{
	return resource != NULL ? resource->uri_path : NULL;
}

void
coap_resource_set_mode(coap_resource_t *resource, int mode)
{
	if (resource == NULL)
		return;
	resource->flags &= ~NOTIFY_FLAGS;
	resource->flags |= mode & NOTIFY_FLAGS;
}

void
coap_resource_set_userdata(coap_resource_t *resource, void *data)
{
	if (resource != NULL)
		resource->userdata = data;
}

void *
coap_resource_get_userdata(coap_resource_t *resource)
{
	return resource != NULL ? resource->userdata : NULL;
}

void
coap_resource_set_get_observable(coap_resource_t *resource, int mode)
{
	if (resource != NULL)
		resource->observable = mode != 0;
}

void
coap_register_request_handler(coap_resource_t *resource, coap_request_t method,
    coap_method_handler_t handler)
{
	if (resource == NULL)
		return;
	if (method < COAP_REQUEST_GET || method > COAP_REQUEST_IPATCH) {
		coap_log_warn("there is no method %d\n", (int)method);
		return;
	}
	resource->handlers[method - COAP_REQUEST_GET] = handler;
}

void
coap_register_handler(coap_resource_t *resource, coap_request_t method,
    coap_method_handler_t handler)
{
	coap_register_request_handler(resource, method, handler);
}

/* Attributes */

static bool
is_attr_name(const coap_str_const_t *name)
{
	size_t i;

	for (i = 0; i < name->length; i++) {
		if (!uri_is_char(name->s[i], ATTR_NAME_CHARS))
			return false;
	}
	return name->length > 0;
}

/* Takes text over or copies it; NULL stays NULL. Whether there was memory. */
static bool
keep(coap_str_const_t **to, coap_str_const_t *text, bool take)
{
	if (text == NULL || take)
		*to = text;
	else
		*to = copy_str(text);
	return text == NULL || *to != NULL;
}

static void
append_attr(coap_resource_t *resource, coap_attr_t *attr)
{
	coap_attr_t **end = &resource->attrs;

	while (*end != NULL)
		end = &(*end)->next;
	*end = attr;
}

coap_attr_t *
coap_add_attr(coap_resource_t *resource, coap_str_const_t *name,
    coap_str_const_t *value, int flags)
{
	bool take_name = flags & COAP_ATTR_FLAGS_RELEASE_NAME;
	bool take_value = flags & COAP_ATTR_FLAGS_RELEASE_VALUE;
	coap_attr_t *attr;

	if (resource == NULL || name == NULL)
		return NULL;
	if (!is_attr_name(name)) {
		coap_log_warn("an attribute cannot have this name: \"%.*s\"\n",
		    (int)name->length, (const char *)name->s);
		return NULL;
	}
	attr = mem_new(COAP_RESOURCEATTR, 1, sizeof(*attr));
	if (attr == NULL)
		return NULL;
	attr->flags = flags;
	if (keep(&attr->name, name, take_name) &&
	    keep(&attr->value, value, take_value)) {
		append_attr(resource, attr);
		return attr;
	}
	/* What was to be taken over is still the caller's. */
	if (take_name)
		attr->name = NULL;
	attr_free(attr);
	return NULL;
}

coap_attr_t *
coap_find_attr(coap_resource_t *resource, coap_str_const_t *name)
{
	coap_attr_t *attr;

	if (resource == NULL || name == NULL)
		return NULL;
	for (attr = resource->attrs; attr != NULL; attr = attr->next) {
		if (coap_string_equal(attr->name, name))
			return attr;
	}
	return NULL;
}

coap_str_const_t *
coap_attr_get_value(coap_attr_t *attribute)
{
	return attribute != NULL ? attribute->value : NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What a server says of its resources: RFC 6690 section 4. */
#include "base/alloc.h"
#include "base/err.h"
#include "exchange/path.h"
#include "exchange/resource.h"
#include "wire/link.h"
#include "wire/uri.h"

/* Writing */

/* Whether the program put the quotes around a value itself, with escapes. */
static bool
is_quoted(const coap_str_const_t *value)
{
	size_t end, i;

	if (value->length < 2 || value->s[0] != '"')
		return false;
	end = value->length - 1;
	for (i = 1; i < end; i++) {
		if (value->s[i] == '"')
			return false;
		if (value->s[i] == '\\')
			i++;
		if (value->s[i] < ' ' || value->s[i] == 0x7F)
			return false;
	}
	return i == end && value->s[end] == '"';
}

/* An attribute that link-format has no way to write is left out. */
static int
put_attr(struct buf *out, const coap_attr_t *attr)
{
	const coap_str_const_t *name = attr->name;
	const coap_str_const_t *value = attr->value;
	int r;

	if (value != NULL && is_quoted(value))
		return buf_printf(out, ";%.*s=%.*s", (int)name->length,
		    (const char *)name->s, (int)value->length,
		    (const char *)value->s);
	r = link_put_attr(out, (const char *)name->s, name->length,
	    value != NULL ? (const char *)value->s : NULL,
	    value != NULL ? value->length : 0);
	return r == -COAP_E_INVAL ? 0 : r;
}

/* Whether "obs" (RFC 7641 section 6) is to be said and is no attribute yet. */
static bool
says_obs(const coap_resource_t *resource)
{
	const coap_attr_t *attr;

	for (attr = resource->attrs; attr != NULL; attr = attr->next)
		if (attr->name->length == 3 &&
		    memcmp(attr->name->s, "obs", 3) == 0)
			return false;
	return resource->observable;
}

/* path: the resource's own, as path_put_uri() writes it. */
static int
put_link(struct buf *out, bool first, const coap_resource_t *resource,
    const struct buf *path)
{
	const coap_attr_t *attr;
	int r;

	r = link_put_target(out, first, (const char *)path->data, path->len);
	for (attr = resource->attrs; r == 0 && attr; attr = attr->next)
		r = put_attr(out, attr);
	if (r == 0 && says_obs(resource))
		r = link_put_attr(out, "obs", 3, NULL, 0);
	return r;
}

/* Filtering: a buffer with the arguments of a query, decoded, each with a NUL
 * behind it. */

static int
put_argument(struct buf *out, const char *s, size_t len)
{
	size_t i;
	int byte;
	int r;

	if (len == 0)
		return 0;
	for (i = 0; i < len; i++) {
		byte = uri_hex(s + i, len - i);
		/* No name or value has a NUL, so nothing is lost by it. */
		r = buf_append_u8(out,
		    byte < 0 ? (uint8_t)s[i] : (uint8_t)byte);
		if (r < 0)
			return r;
		if (byte >= 0)
			i += 2;
	}
	return buf_append_u8(out, '\0');
}

static int
put_arguments(struct buf *out, const char *query, size_t len)
{
	const char *end;
	size_t n;
	int r = 0;

	while (r == 0 && len > 0) {
		end = memchr(query, '&', len);
		n = end != NULL ? (size_t)(end - query) : len;
		r = put_argument(out, query, n);
		n += end != NULL;
		query += n;
		len -= n;
	}
	return r;
}

static bool
all_match(const struct buf *arguments, const coapx_link_text_t *target,
    const coapx_link_attr_t *attrs, size_t n_attrs)
{
	const char *s = (const char *)arguments->data;
	size_t left = arguments->len;
	size_t n;

	while (left > 0) {
		n = strnlen(s, left);
		if (!coapx_link_matches(target, attrs, n_attrs, s, n))
			return false;
		s += n + 1;
		left -= n + 1;
	}
	return true;
}

static coapx_link_attr_t
link_attr_of(const coap_attr_t *attr)
{
	coapx_link_attr_t a = { 0 };

	a.name.s = (const char *)attr->name->s;
	a.name.len = attr->name->length;
	if (attr->value == NULL)
		return a;
	a.quoted = is_quoted(attr->value);
	a.value.s = (const char *)attr->value->s + a.quoted;
	a.value.len = attr->value->length - 2 * (size_t)a.quoted;
	return a;
}

static size_t
count_attrs(const coap_resource_t *resource)
{
	const coap_attr_t *attr;
	size_t n = 0;

	for (attr = resource->attrs; attr != NULL; attr = attr->next)
		n++;
	return n;
}

/* 1, 0 or an error. */
static int
passes(const struct buf *arguments, const coap_resource_t *resource,
    const struct buf *path)
{
	const coapx_link_text_t target = { (const char *)path->data,
		path->len };
	bool obs = says_obs(resource);
	size_t i = 0, n = count_attrs(resource) + obs;
	coapx_link_attr_t *attrs;
	const coap_attr_t *attr;
	int r;

	if (arguments->len == 0)
		return 1;
	attrs = mem_new(COAP_NODE, n, sizeof(*attrs));
	if (attrs == NULL)
		return -COAP_E_NOMEM;
	for (attr = resource->attrs; attr != NULL; attr = attr->next)
		attrs[i++] = link_attr_of(attr);
	if (obs)
		attrs[i].name = (coapx_link_text_t){ "obs", 3 };
	r = all_match(arguments, &target, attrs, n);
	coap_free_type(COAP_NODE, attrs);
	return r;
}

int
resources_print(const struct resources *r, const char *query, size_t query_len,
    struct buf *out)
{
	const coap_resource_t *resource;
	struct buf arguments, path;
	bool first = true;
	int err;

	buf_init(&path, RESOURCES_TEXT_MAX);
	buf_init(&arguments, RESOURCES_QUERY_MAX);
	err = put_arguments(&arguments, query, query_len);
	if (err == -COAP_E_TOOBIG)
		err = -COAP_E_LIMIT;
	for (resource = r->by_path; err >= 0 && resource != NULL;
	     resource = resource->hh.next) {
		buf_clear(&path);
		err = path_put_uri(&path, resource->key->s,
		    resource->key->length);
		if (err == 0)
			err = passes(&arguments, resource, &path);
		if (err <= 0)
			continue;
		err = put_link(out, first, resource, &path);
		first = false;
	}
	buf_free(&arguments);
	buf_free(&path);
	return err < 0 ? err : 0;
}

/* libcoap's way */

/* Copies what fits of the text from offset on. */
static coap_print_status_t
copy_part(const struct buf *text, size_t offset, unsigned char *buf,
    size_t size)
{
	size_t rest = offset < text->len ? text->len - offset : 0;
	size_t n = rest < size ? rest : size;
	coap_print_status_t status = (coap_print_status_t)n;

	if (n > 0)
		memcpy(buf, text->data + offset, n);
	return n < rest ? status | COAP_PRINT_STATUS_TRUNC : status;
}

coap_print_status_t
resources_print_part(const struct resources *r, const char *query,
    size_t query_len, unsigned char *buf, size_t *buflen, size_t offset)
{
	coap_print_status_t status = COAP_PRINT_STATUS_ERROR;
	struct buf text;

	buf_init(&text, RESOURCES_TEXT_MAX);
	if (resources_print(r, query, query_len, &text) == 0) {
		status = copy_part(&text, offset, buf, *buflen);
		*buflen = text.len;
	}
	buf_free(&text);
	return status;
}

coap_print_status_t
coap_print_link(const coap_resource_t *resource, unsigned char *buf,
    size_t *len, size_t *offset)
{
	coap_print_status_t status = COAP_PRINT_STATUS_ERROR;
	struct buf path, text;

	if (resource == NULL || len == NULL || offset == NULL ||
	    (buf == NULL && *len > 0))
		return status;
	buf_init(&path, RESOURCES_TEXT_MAX);
	buf_init(&text, RESOURCES_TEXT_MAX);
	if (path_put_uri(&path, resource->key->s, resource->key->length) == 0 &&
	    put_link(&text, true, resource, &path) == 0) {
		status = copy_part(&text, *offset, buf, *len);
		*offset -= *offset < text.len ? *offset : text.len;
		*len = text.len;
	}
	buf_free(&text);
	buf_free(&path);
	return status;
}

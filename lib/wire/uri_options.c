/* SPDX-License-Identifier: BSD-2-Clause */
/* From the components of a URI to options, RFC 7252 section 6.4. */
#include <string.h>

#include <coap3/coap_address.h>
#include <coap3/coap_encode.h>
#include <coap3/coap_pdu.h>

#include "base/err.h"
#include "wire/uri.h"

/* A list under construction: where the next node is linked in. */
struct chain {
	coap_optlist_t *first;
	coap_optlist_t **end;
};

/* The bytes of a part: how many, -COAP_E_URI for a % without two hexadecimal
 * digits, -COAP_E_TOOBIG over URI_PART_MAX. */
static int
uri_decode(struct uri_part part, uint8_t out[URI_PART_MAX])
{
	size_t i, n = 0;
	int c;

	for (i = 0; i < part.len; i++) {
		c = (unsigned char)part.s[i];
		if (c == '%') {
			c = uri_hex(part.s + i, part.len - i);
			if (c < 0)
				return -COAP_E_URI;
			i += 2;
		}
		if (n == URI_PART_MAX)
			return -COAP_E_TOOBIG;
		out[n++] = (uint8_t)c;
	}
	return (int)n;
}

size_t
uri_parts_count(const struct buf *parts)
{
	return parts->len / sizeof(struct uri_part);
}

struct uri_part
uri_parts_at(const struct buf *parts, size_t i)
{
	struct uri_part part;

	memcpy(&part, parts->data + i * sizeof(part), sizeof(part));
	return part;
}

/* 1 for ".", 2 for "..", also with %2E (RFC 3986 section 6.2.2.2); else 0. */
static int
count_dots(struct uri_part part)
{
	int dots = 0;

	while (part.len > 0 && dots <= 2) {
		size_t n = 1;

		if (part.s[0] != '.') {
			if (uri_hex(part.s, part.len) != '.')
				return 0;
			n = 3;
		}
		part.s += n;
		part.len -= n;
		dots++;
	}
	return dots <= 2 ? dots : 0;
}

static size_t
find_any(const uint8_t *s, size_t len, const char *stops)
{
	size_t i = 0;

	while (i < len && (s[i] == '\0' || !strchr(stops, s[i])))
		i++;
	return i;
}

int
uri_path_parts(const uint8_t *path, size_t len, struct buf *parts)
{
	const size_t begin = parts->len;
	struct uri_part part = { (const char *)path, 0 };
	size_t left;
	int dots, r;

	if (!path || len == 0)
		return 0;
	for (left = find_any(path, len, "?#");; left -= part.len + 1) {
		part.len = find_any((const uint8_t *)part.s, left, "/");
		dots = count_dots(part);
		if (dots == 2 && parts->len > begin)
			parts->len -= sizeof(part);
		if (dots == 0) {
			r = buf_append(parts, &part, sizeof(part));
			if (r < 0)
				return r;
		}
		if (part.len == left)
			break;
		part.s += part.len + 1;
	}
	if (dots > 0) {
		part.len = 0;
		r = buf_append(parts, &part, sizeof(part));
		if (r < 0)
			return r;
	}
	if (parts->len == begin + sizeof(part) && part.len == 0)
		parts->len = begin;
	return 0;
}

int
uri_query_parts(const uint8_t *query, size_t len, struct buf *parts)
{
	struct uri_part part = { (const char *)query, 0 };
	size_t left;
	int r;

	if (!query)
		return 0;
	for (left = find_any(query, len, "#");; left -= part.len + 1) {
		part.len = find_any((const uint8_t *)part.s, left, "&");
		r = buf_append(parts, &part, sizeof(part));
		if (r < 0 || part.len == left)
			return r;
		part.s += part.len + 1;
	}
}

static int
chain_add(struct chain *chain, coap_option_num_t number, const uint8_t *data,
    size_t len)
{
	coap_optlist_t *node = coap_new_optlist(number, len, data);

	if (!node)
		return -COAP_E_NOMEM;
	*chain->end = node;
	chain->end = &node->next;
	return 0;
}

static int
chain_add_parts(struct chain *chain, coap_option_num_t number,
    const struct buf *parts)
{
	uint8_t value[URI_PART_MAX];
	size_t i;
	int n, r;

	for (i = 0; i < uri_parts_count(parts); i++) {
		n = uri_decode(uri_parts_at(parts, i), value);
		if (n < 0)
			return n;
		r = chain_add(chain, number, value, (size_t)n);
		if (r < 0)
			return r;
	}
	return 0;
}

static int
chain_add_path(struct chain *chain, coap_option_num_t number,
    const uint8_t *path, size_t len)
{
	struct buf parts;
	int r;

	buf_init(&parts, URI_PARTS_MAX * sizeof(struct uri_part));
	r = uri_path_parts(path, len, &parts);
	if (r == 0)
		r = chain_add_parts(chain, number, &parts);
	buf_free(&parts);
	return r;
}

static int
chain_add_query(struct chain *chain, coap_option_num_t number,
    const uint8_t *query, size_t len)
{
	struct buf parts;
	int r;

	buf_init(&parts, URI_PARTS_MAX * sizeof(struct uri_part));
	r = uri_query_parts(query, len, &parts);
	if (r == 0)
		r = chain_add_parts(chain, number, &parts);
	buf_free(&parts);
	return r;
}

/*
 * Merges in order of number, behind equal ones, or drops all nodes when r is
 * an error: 1 or 0 for the caller. Nodes are in order.
 */
static int
chain_finish(struct chain *chain, int r, coap_optlist_t **into)
{
	coap_optlist_t *node = chain->first, *next;

	if (r < 0) {
		coap_delete_optlist(node);
		return 0;
	}
	for (; node; node = next) {
		next = node->next;
		while (*into && (*into)->number <= node->number)
			into = &(*into)->next;
		node->next = *into;
		*into = node;
		into = &node->next;
	}
	return 1;
}

/* Uri-Host of a literal: without the zone, which means nothing elsewhere. */
static int
add_literal(struct chain *chain, const struct uri_host *host)
{
	char text[URI_LITERAL_SIZE];

	uri_host_literal(host, text);
	return chain_add(chain, COAP_OPTION_URI_HOST, (const uint8_t *)text,
	    strlen(text));
}

static int
add_host(struct chain *chain, const coap_str_const_t *text,
    const coap_address_t *dst)
{
	const struct uri_part part = { (const char *)text->s, text->length };
	uint8_t value[URI_PART_MAX];
	struct uri_host host;
	int i, n;

	n = uri_host_read(text, &host);
	if (n < 0)
		return n;
	if (host.family != AF_UNSPEC && dst && uri_host_is_addr(&host, dst))
		return 0;
	if (host.family != AF_UNSPEC)
		return add_literal(chain, &host);
	n = uri_decode(part, value);
	for (i = 0; i < n; i++) {
		if (value[i] >= 'A' && value[i] <= 'Z')
			value[i] += 'a' - 'A';
	}
	if (n < 0)
		return n;
	return chain_add(chain, COAP_OPTION_URI_HOST, value, (size_t)n);
}

static int
add_port(struct chain *chain, const coap_uri_t *uri, const coap_address_t *dst)
{
	const struct uri_scheme *scheme = uri_scheme(uri->scheme);
	uint16_t port = coap_address_get_port(dst);
	uint8_t value[2];
	size_t n;

	if (port == 0 && scheme)
		port = scheme->port;
	if (uri->port == port)
		return 0;
	n = coap_encode_var_safe(value, sizeof(value), uri->port);
	return chain_add(chain, COAP_OPTION_URI_PORT, value, n);
}

int
coap_uri_into_optlist(const coap_uri_t *uri, const coap_address_t *dst,
    coap_optlist_t **optlist_chain, int create_port_host_opt)
{
	struct chain chain = { .first = NULL };
	int r = 0;

	if (!uri || !optlist_chain)
		return 0;
	chain.end = &chain.first;
	if (create_port_host_opt && uri->host.length > 0 &&
	    !coap_host_is_unix_domain(&uri->host)) {
		r = add_host(&chain, &uri->host, dst);
		if (r == 0)
			r = add_port(&chain, uri, dst);
	}
	if (r == 0)
		r = chain_add_path(&chain, COAP_OPTION_URI_PATH, uri->path.s,
		    uri->path.length);
	if (r == 0)
		r = chain_add_query(&chain, COAP_OPTION_URI_QUERY, uri->query.s,
		    uri->query.length);
	return chain_finish(&chain, r, optlist_chain);
}

/* NOLINTBEGIN(readability-function-size,readability-non-const-parameter):
 * libcoap's signature */
int
coap_uri_into_options(const coap_uri_t *uri, const coap_address_t *dst,
    coap_optlist_t **optlist_chain, int create_port_host_opt, uint8_t *buf,
    size_t buflen)
{
	(void)buf;
	(void)buflen;
	return coap_uri_into_optlist(uri, dst, optlist_chain,
		   create_port_host_opt)
	    ? 0
	    : -1;
}

/* NOLINTEND(readability-function-size,readability-non-const-parameter) */

int
coap_path_into_optlist(const uint8_t *path, size_t length,
    coap_option_num_t optnum, coap_optlist_t **optlist_chain)
{
	struct chain chain = { .first = NULL };
	int r;

	if (!optlist_chain)
		return 0;
	chain.end = &chain.first;
	r = chain_add_path(&chain, optnum, path, length);
	return chain_finish(&chain, r, optlist_chain);
}

int
coap_query_into_optlist(const uint8_t *query, size_t length,
    coap_option_num_t optnum, coap_optlist_t **optlist_chain)
{
	struct chain chain = { .first = NULL };
	int r;

	if (!optlist_chain)
		return 0;
	chain.end = &chain.first;
	r = chain_add_query(&chain, optnum, query, length);
	return chain_finish(&chain, r, optlist_chain);
}

/* Options with a delta of 0 one behind the other; their number, or 0. */
static int
write_options(const struct buf *parts, uint8_t *buf, size_t *buflen)
{
	uint8_t value[URI_PART_MAX];
	size_t i, n, used = 0;
	int len;

	for (i = 0; i < uri_parts_count(parts); i++) {
		len = uri_decode(uri_parts_at(parts, i), value);
		if (len < 0 ||
		    coap_opt_encode_size(0, (size_t)len) > *buflen - used)
			return 0;
		n = coap_opt_encode(buf + used, *buflen - used, 0, value,
		    (size_t)len);
		if (n == 0)
			return 0;
		used += n;
	}
	*buflen = used;
	return (int)i;
}

static int
split_into(int (*get_parts)(const uint8_t *, size_t, struct buf *),
    const uint8_t *s, size_t len, uint8_t *buf, size_t *buflen)
{
	struct buf parts;
	int n = 0;

	if (!buflen)
		return 0;
	buf_init(&parts, URI_PARTS_MAX * sizeof(struct uri_part));
	if (buf && get_parts(s, len, &parts) == 0)
		n = write_options(&parts, buf, buflen);
	if (n == 0)
		*buflen = 0;
	buf_free(&parts);
	return n;
}

int
coap_split_path(const uint8_t *path, size_t length, unsigned char *buf,
    size_t *buflen)
{
	return split_into(uri_path_parts, path, length, buf, buflen);
}

int
coap_split_query(const uint8_t *query, size_t length, unsigned char *buf,
    size_t *buflen)
{
	return split_into(uri_query_parts, query, length, buf, buflen);
}

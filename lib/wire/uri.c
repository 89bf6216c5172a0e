/* SPDX-License-Identifier: BSD-2-Clause */
/* From the text of a URI to its components, RFC 3986 and RFC 7252 section 6. */
#include "wire/uri.h"

#include <string.h>
#include <strings.h>

#include <coap3/coap_mem.h>
#include <coap3/coapx_uri.h>

#include "base/alloc.h"
#include "base/err.h"

enum {
	FAULT_SCHEME = -1,
	FAULT_SLASH = -2,
	FAULT_HOST = -3,
	FAULT_PORT = -4,
	FAULT_REST = -5,
};

#define TEXT_HEX      "a % has to be followed by two hexadecimal digits"
#define TEXT_STRAY    "this character has to be percent-encoded"
#define TEXT_FRAGMENT "a coap URI has no fragment; write %23 for a # in a name"

static const struct uri_scheme schemes[] = {
	[COAP_URI_SCHEME_COAP] = { "coap", 5683, false },
	[COAP_URI_SCHEME_COAPS] = { "coaps", 5684, false },
	[COAP_URI_SCHEME_COAP_TCP] = { "coap+tcp", 5683, false },
	[COAP_URI_SCHEME_COAPS_TCP] = { "coaps+tcp", 5684, false },
	[COAP_URI_SCHEME_HTTP] = { "http", 80, true },
	[COAP_URI_SCHEME_HTTPS] = { "https", 443, true },
	[COAP_URI_SCHEME_COAP_WS] = { "coap+ws", 80, false },
	[COAP_URI_SCHEME_COAPS_WS] = { "coaps+ws", 443, false },
};

struct parser {
	const char *s;
	size_t len;
	size_t pos;
	coap_uri_t *uri;
	struct uri_fault *fault;
};

const struct uri_scheme *
uri_scheme(unsigned scheme)
{
	return scheme < COAP_URI_SCHEME_LAST ? &schemes[scheme] : NULL;
}

bool
uri_is_char(unsigned char c, const char *others)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
		return true;
	if (c >= '0' && c <= '9')
		return true;
	return c != '\0' && strchr(others, c) != NULL;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
uri_hex(const char *s, size_t len)
{
	int high, low;

	if (len < 3 || s[0] != '%')
		return -1;
	high = hex_digit(s[1]);
	low = hex_digit(s[2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

static int
fail(struct parser *p, int code, size_t at, const char *text)
{
	*p->fault = (struct uri_fault){ code, at, text };
	return -COAP_E_URI;
}

static coap_str_const_t
slice(const struct parser *p, size_t from, size_t to)
{
	return (coap_str_const_t){ to - from, (const uint8_t *)p->s + from };
}

/* The first place from pos on where one of `stops` stands, or the end. */
static size_t
find(const struct parser *p, const char *stops)
{
	size_t i = p->pos;

	while (i < p->len && (p->s[i] == '\0' || !strchr(stops, p->s[i])))
		i++;
	return i;
}

/* Every character up to end is allowed or percent-encoded. */
static int
check_chars(struct parser *p, size_t from, size_t end, const char *others,
    int code)
{
	size_t i;

	for (i = from; i < end; i++) {
		if (p->s[i] == '%') {
			if (uri_hex(p->s + i, end - i) < 0)
				return fail(p, code, i, TEXT_HEX);
			i += 2;
		} else if (!uri_is_char((unsigned char)p->s[i], others)) {
			return fail(p, code, i, TEXT_STRAY);
		}
	}
	return 0;
}

/* No part between separators is longer than an option can be. */
static int
check_parts(struct parser *p, size_t from, size_t end, char separator, int code,
    const char *text)
{
	size_t i, start = from, n = 0;

	for (i = from; i < end; i++) {
		if (p->s[i] == separator) {
			start = i + 1;
			n = 0;
			continue;
		}
		if (p->s[i] == '%')
			i += 2;
		if (++n > URI_PART_MAX)
			return fail(p, code, start, text);
	}
	return 0;
}

static int
parse_scheme(struct parser *p, enum uri_accept accept)
{
	size_t i, n = find(p, ":/?#");

	if (n == 0 || n == p->len || p->s[n] != ':')
		return fail(p, FAULT_SCHEME, 0,
		    "a URI begins with its scheme, such as coap://");
	for (i = 0; i < COAP_URI_SCHEME_LAST; i++) {
		if (strlen(schemes[i].name) == n &&
		    strncasecmp(schemes[i].name, p->s, n) == 0)
			break;
	}
	if (i == COAP_URI_SCHEME_LAST)
		return fail(p, FAULT_SCHEME, 0,
		    "the scheme is none of coap, coaps, coap+tcp, coaps+tcp, "
		    "coap+ws, coaps+ws");
	if (schemes[i].proxy_only && accept != URI_ACCEPT_PROXY)
		return fail(p, FAULT_SCHEME, 0,
		    "http and https are only for requests through a proxy");
	p->uri->scheme = (coap_uri_scheme_t)i;
	p->uri->port = schemes[i].port;

	p->pos = n + 1;
	if (p->len - p->pos < 2 || memcmp(p->s + p->pos, "//", 2) != 0)
		return fail(p, FAULT_SLASH, p->pos,
		    "the scheme has to be followed by ://");
	p->pos += 2;
	return 0;
}

/* [ADDRESS] or [ADDRESS%ZONE]; leaves pos behind the bracket. */
static int
parse_literal(struct parser *p, size_t end)
{
	size_t open = p->pos;
	struct uri_host host;
	const char *close;

	close = memchr(p->s + open, ']', end - open);
	if (!close)
		return fail(p, FAULT_HOST, open, "the ] to this [ is missing");
	p->pos = (size_t)(close - p->s) + 1;
	p->uri->host = slice(p, open + 1, p->pos - 1);
	if (uri_host_read(&p->uri->host, &host) < 0 || host.family != AF_INET6)
		return fail(p, FAULT_HOST, open + 1,
		    "between [ and ] there is no IPv6 address");
	if (p->pos < end && p->s[p->pos] != ':')
		return fail(p, FAULT_HOST, p->pos,
		    "behind the ] only a port or a path may follow");
	return 0;
}

static int
parse_name(struct parser *p, size_t end)
{
	size_t start = p->pos, i;
	const char *colon;
	int r;

	for (i = start; i < end; i++) {
		if (p->s[i] == '[' || p->s[i] == ']')
			return fail(p, FAULT_HOST, i,
			    "[ and ] go around an IPv6 address only");
	}
	colon = memchr(p->s + start, ':', end - start);
	if (colon && memchr(colon + 1, ':', (size_t)(p->s + end - colon) - 1))
		return fail(p, FAULT_HOST, start,
		    "an IPv6 address goes between [ and ]");
	p->pos = colon ? (size_t)(colon - p->s) : end;
	if (p->pos == start)
		return fail(p, FAULT_HOST, start, "the host is missing");
	r = check_chars(p, start, p->pos, URI_HOST, FAULT_HOST);
	if (r < 0)
		return r;
	p->uri->host = slice(p, start, p->pos);
	return check_parts(p, start, p->pos, '/', FAULT_HOST,
	    "the host is longer than 255 bytes");
}

/* ":" and digits, maybe none: then it is the default (RFC 3986 6.2.3). */
static int
parse_port(struct parser *p, size_t end)
{
	unsigned port = 0;
	size_t i;

	if (p->pos == end)
		return 0;
	for (i = p->pos + 1; i < end; i++) {
		if (p->s[i] < '0' || p->s[i] > '9')
			return fail(p, FAULT_PORT, i,
			    "a port has decimal digits only");
		port = port * 10 + (unsigned)(p->s[i] - '0');
		if (port > UINT16_MAX)
			return fail(p, FAULT_PORT, p->pos + 1,
			    "a port is at most 65535");
	}
	if (end > p->pos + 1)
		p->uri->port = (uint16_t)port;
	p->pos = end;
	return 0;
}

static int
parse_authority(struct parser *p)
{
	size_t end = find(p, "/?#");
	const char *at;
	int r;

	at = memchr(p->s + p->pos, '@', end - p->pos);
	if (at)
		return fail(p, FAULT_HOST, (size_t)(at - p->s),
		    "a coap URI has no user name");
	if (p->pos < end && p->s[p->pos] == '[')
		r = parse_literal(p, end);
	else
		r = parse_name(p, end);
	if (r < 0)
		return r;
	return parse_port(p, end);
}

/* The path and the query, each with what begins it. */
static int
parse_rest(struct parser *p)
{
	bool limited = !schemes[p->uri->scheme].proxy_only;
	size_t start, end;
	int r;

	if (p->pos < p->len && p->s[p->pos] == '/') {
		start = ++p->pos;
		end = find(p, "?#");
		r = check_chars(p, start, end, URI_QUERY, FAULT_REST);
		if (r == 0 && limited)
			r = check_parts(p, start, end, '/', FAULT_REST,
			    "a path segment is longer than 255 bytes");
		if (r < 0)
			return r;
		if (end > start)
			p->uri->path = slice(p, start, end);
		p->pos = end;
	}
	if (p->pos < p->len && p->s[p->pos] == '?') {
		start = ++p->pos;
		end = find(p, "#");
		r = check_chars(p, start, end, URI_QUERY, FAULT_REST);
		if (r == 0 && limited)
			r = check_parts(p, start, end, '&', FAULT_REST,
			    "an argument of the query is longer than 255 "
			    "bytes");
		if (r < 0)
			return r;
		p->uri->query = slice(p, start, end);
		p->pos = end;
	}
	if (p->pos < p->len)
		return fail(p, FAULT_REST, p->pos, TEXT_FRAGMENT);
	return 0;
}

/*
 * Cuts the text up; what is set in *uri points into it. 0, or -COAP_E_URI with
 * *fault set and *uri empty.
 */
static int
uri_parse(const char *s, size_t len, enum uri_accept accept, coap_uri_t *uri,
    struct uri_fault *fault)
{
	struct parser p = { .s = s, .len = len, .uri = uri, .fault = fault };
	const coap_uri_t empty = {
		.port = schemes[COAP_URI_SCHEME_COAP].port,
		.scheme = COAP_URI_SCHEME_COAP,
	};
	int r;

	*uri = empty;
	if (len > 0 && s[0] == '/' && accept == URI_ACCEPT_COAP) {
		r = parse_rest(&p);
	} else {
		r = parse_scheme(&p, accept);
		if (r == 0)
			r = parse_authority(&p);
		if (r == 0)
			r = parse_rest(&p);
	}
	if (r < 0)
		*uri = empty;
	return r;
}

static int
split(const uint8_t *s, size_t len, enum uri_accept accept, coap_uri_t *uri)
{
	struct uri_fault fault;

	if (!s || !uri)
		return FAULT_SCHEME;
	if (uri_parse((const char *)s, len, accept, uri, &fault) < 0)
		return fault.code;
	return 0;
}

int
coap_split_uri(const uint8_t *str_var, size_t len, coap_uri_t *uri)
{
	return split(str_var, len, URI_ACCEPT_COAP, uri);
}

int
coap_split_proxy_uri(const uint8_t *str_var, size_t len, coap_uri_t *uri)
{
	return split(str_var, len, URI_ACCEPT_PROXY, uri);
}

int
coapx_uri_check(const char *uri, size_t len, size_t *error_at)
{
	struct uri_fault fault = { 0 };
	coap_uri_t parts;
	int r;

	r = uri_parse(uri ? uri : "", uri ? len : 0, URI_ACCEPT_COAP, &parts,
	    &fault);
	if (r < 0 && error_at)
		*error_at = fault.at;
	return r;
}

const char *
coapx_uri_problem(const char *uri, size_t len)
{
	struct uri_fault fault = { 0 };
	coap_uri_t parts;

	uri_parse(uri ? uri : "", uri ? len : 0, URI_ACCEPT_COAP, &parts,
	    &fault);
	return fault.text;
}

const char *
coapx_uri_scheme_name(coap_uri_scheme_t scheme)
{
	const struct uri_scheme *row = uri_scheme(scheme);

	return row ? row->name : NULL;
}

coap_uri_t *
coap_new_uri(const uint8_t *uri, unsigned int length)
{
	coap_uri_t *result;
	uint8_t *copy;

	if (!uri)
		return NULL;
	result = coap_malloc_type(COAP_STRING, sizeof(*result) + length + 1u);
	if (!result)
		return NULL;
	copy = (uint8_t *)(result + 1);
	memcpy(copy, uri, length);
	copy[length] = '\0';
	if (coap_split_uri(copy, length, result) < 0) {
		coap_free_type(COAP_STRING, result);
		return NULL;
	}
	return result;
}

/* Moves *text to *to and that behind it; NULL stays NULL. */
static void
move_copy(coap_str_const_t *text, uint8_t **to)
{
	if (!text->s)
		return;
	memcpy(*to, text->s, text->length);
	text->s = *to;
	*to += text->length;
	*(*to)++ = '\0';
}

coap_uri_t *
coap_clone_uri(const coap_uri_t *uri)
{
	coap_uri_t *result;
	uint8_t *to;

	if (!uri)
		return NULL;
	result = coap_malloc_type(COAP_STRING,
	    sizeof(*result) + uri->host.length + uri->path.length +
		uri->query.length + 3);
	if (!result)
		return NULL;
	*result = *uri;
	to = (uint8_t *)(result + 1);
	move_copy(&result->host, &to);
	move_copy(&result->path, &to);
	move_copy(&result->query, &to);
	return result;
}

void
coap_delete_uri(coap_uri_t *uri)
{
	coap_free_type(COAP_STRING, uri);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From components or options to the text of a URI, RFC 7252 section 6.5. */
#include <string.h>
#include <strings.h>

#include <coap3/coap_encode.h>
#include <coap3/coap_pdu.h>
#include <coap3/coapx_uri.h>

#include "base/err.h"
#include "wire/uri.h"

/* What goes in front of the path of a request. */
struct origin {
	const char *scheme;
	size_t scheme_len;
	unsigned default_port;
	unsigned port;
	struct uri_part host; /* bytes, not percent-encoded */
};

static int
put_text(struct buf *out, const char *text)
{
	return buf_append(out, text, strlen(text));
}

/* One byte as itself when it is in the set, else as %XX. */
static int
put_byte(struct buf *out, uint8_t byte, const char *set)
{
	static const char digits[] = "0123456789ABCDEF";
	const char hex[3] = { '%', digits[byte >> 4], digits[byte & 15] };

	if (uri_is_char(byte, set))
		return buf_append_u8(out, byte);
	return buf_append(out, hex, sizeof(hex));
}

static int
put_bytes(struct buf *out, const uint8_t *bytes, size_t len, const char *set)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < len; i++)
		r = put_byte(out, bytes[i], set);
	return r;
}

/*
 * A part in its canonical form. In the schemes of coap %XX means the same as
 * the character if that is allowed here; in others, where only the server
 * knows that, it is so for unreserved characters only.
 */
static int
put_part(struct buf *out, struct uri_part part, const char *set, bool coap)
{
	size_t i;
	int c, r = 0;

	for (i = 0; r == 0 && i < part.len; i++) {
		if (part.s[i] != '%') {
			r = put_byte(out, (uint8_t)part.s[i], set);
			continue;
		}
		c = uri_hex(part.s + i, part.len - i);
		if (c < 0)
			return -COAP_E_URI;
		r = put_byte(out, (uint8_t)c, coap ? set : URI_UNRESERVED);
		i += 2;
	}
	return r;
}

static void
lower_case(struct buf *b, size_t from)
{
	size_t i;

	for (i = from; i < b->len; i++) {
		if (b->data[i] == '%')
			i += 2;
		else if (b->data[i] >= 'A' && b->data[i] <= 'Z')
			b->data[i] += 'a' - 'A';
	}
}

/* [ADDRESS%25ZONE] */
static int
put_in6(struct buf *out, const struct uri_host *host)
{
	const struct uri_part zone = { host->zone, host->zone_len };
	char literal[URI_LITERAL_SIZE];
	int r;

	uri_host_literal(host, literal);
	if (!host->zone)
		return put_text(out, literal);
	r = buf_append(out, literal, strlen(literal) - 1);
	if (r == 0)
		r = put_text(out, "%25");
	if (r == 0)
		r = put_part(out, zone, URI_UNRESERVED, true);
	return r < 0 ? r : buf_append_u8(out, ']');
}

static int
put_host(struct buf *out, const coap_uri_t *uri)
{
	const coap_str_const_t *text = &uri->host;
	const struct uri_part part = { (const char *)text->s, text->length };
	size_t from = out->len;
	struct uri_host host;
	int r;

	r = uri_host_read(text, &host);
	if (r < 0)
		return r;
	if (host.family == AF_INET6)
		return put_in6(out, &host);
	r = put_part(out, part, URI_HOST, true);
	if (r == 0 && !coap_host_is_unix_domain(text))
		lower_case(out, from);
	return r;
}

static int
put_authority(struct buf *out, const coap_uri_t *uri,
    const struct uri_scheme *scheme)
{
	int r;

	r = buf_printf(out, "%s://", scheme->name);
	if (r == 0)
		r = put_host(out, uri);
	if (r == 0 && uri->port != scheme->port)
		r = buf_printf(out, ":%u", uri->port);
	return r;
}

/* The path, at least a slash. */
static int
put_path(struct buf *out, const coap_uri_t *uri, bool coap)
{
	struct buf parts;
	size_t i;
	int r;

	buf_init(&parts, URI_PARTS_MAX * sizeof(struct uri_part));
	r = uri_path_parts(uri->path.s, uri->path.length, &parts);
	if (r == 0 && parts.len == 0)
		r = buf_append_u8(out, '/');
	for (i = 0; r == 0 && i < uri_parts_count(&parts); i++) {
		r = buf_append_u8(out, '/');
		if (r == 0)
			r = put_part(out, uri_parts_at(&parts, i), URI_SEGMENT,
			    coap);
	}
	buf_free(&parts);
	return r;
}

static int
put_query(struct buf *out, const coap_uri_t *uri, bool coap)
{
	struct buf parts;
	size_t i;
	int r;

	buf_init(&parts, URI_PARTS_MAX * sizeof(struct uri_part));
	r = uri_query_parts(uri->query.s, uri->query.length, &parts);
	for (i = 0; r == 0 && i < uri_parts_count(&parts); i++) {
		r = buf_append_u8(out, i == 0 ? '?' : '&');
		if (r == 0)
			r = put_part(out, uri_parts_at(&parts, i), URI_ARGUMENT,
			    coap);
	}
	buf_free(&parts);
	return r;
}

/* Gives the text away as a string of its own, and frees the buffer. */
static int
finish(struct buf *out, int r, coap_string_t **text)
{
	*text = NULL;
	if (r == 0) {
		*text = coap_new_string(out->len);
		if (!*text)
			r = -COAP_E_NOMEM;
		else if (out->len > 0)
			memcpy((*text)->s, out->data, out->len);
	}
	buf_free(out);
	return r;
}

int
coapx_uri_print(const coap_uri_t *uri, coap_string_t **text)
{
	const struct uri_scheme *scheme;
	struct buf out;
	int r = 0;

	if (!text)
		return -COAP_E_INVAL;
	*text = NULL;
	scheme = uri ? uri_scheme(uri->scheme) : NULL;
	if (!scheme)
		return -COAP_E_INVAL;
	buf_init(&out, URI_TEXT_MAX);
	if (uri->host.length > 0)
		r = put_authority(&out, uri, scheme);
	if (r == 0)
		r = put_path(&out, uri, !scheme->proxy_only);
	if (r == 0)
		r = put_query(&out, uri, !scheme->proxy_only);
	return finish(&out, r, text);
}

/* Every option of that number, each behind a separator. */
static int
put_options(struct buf *out, const coap_pdu_t *pdu, coap_option_num_t number,
    const char separators[2], const char *set)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;
	bool first = true;
	int r = 0;

	if (!coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL))
		return 0;
	for (opt = coap_option_next(&oi); r == 0 && opt;
	     opt = coap_option_next(&oi)) {
		if (oi.number != number)
			continue;
		if (separators[!first] != '\0')
			r = buf_append_u8(out, (uint8_t)separators[!first]);
		if (r == 0)
			r = put_bytes(out, coap_opt_value(opt),
			    coap_opt_length(opt), set);
		first = false;
	}
	return r;
}

coap_string_t *
coap_get_uri_path(const coap_pdu_t *request)
{
	static const char separators[2] = { '\0', '/' };
	coap_string_t *text;
	struct buf out;
	int r;

	if (!request)
		return NULL;
	buf_init(&out, URI_TEXT_MAX);
	r = put_options(&out, request, COAP_OPTION_URI_PATH, separators,
	    URI_SEGMENT);
	finish(&out, r, &text);
	return text;
}

coap_string_t *
coap_get_query(const coap_pdu_t *request)
{
	static const char separators[2] = { '\0', '&' };
	coap_opt_iterator_t oi;
	coap_string_t *text;
	struct buf out;
	int r;

	if (!request || !coap_check_option(request, COAP_OPTION_URI_QUERY, &oi))
		return NULL;
	buf_init(&out, URI_TEXT_MAX);
	r = put_options(&out, request, COAP_OPTION_URI_QUERY, separators,
	    URI_ARGUMENT);
	finish(&out, r, &text);
	return text;
}

/* An option's value; false when it is not there. */
static bool
get_option(const coap_pdu_t *pdu, coap_option_num_t number,
    struct uri_part *value)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt = coap_check_option(pdu, number, &oi);

	if (!opt)
		return false;
	*value = (struct uri_part){ (const char *)coap_opt_value(opt),
		coap_opt_length(opt) };
	return true;
}

/* RFC 3986 section 3.1 */
static bool
is_scheme(struct uri_part name)
{
	size_t i;

	for (i = 0; i < name.len; i++) {
		if (!uri_is_char((unsigned char)name.s[i], "+-."))
			return false;
	}
	return name.len > 0 && uri_is_char((unsigned char)name.s[0], "") &&
	    (name.s[0] < '0' || name.s[0] > '9');
}

static void
known_port(struct origin *o, struct uri_part name)
{
	const struct uri_scheme *row;
	unsigned i;

	o->port = o->default_port = 0;
	for (i = 0; i < COAP_URI_SCHEME_LAST; i++) {
		row = uri_scheme(i);
		if (strlen(row->name) == name.len &&
		    strncasecmp(row->name, name.s, name.len) == 0)
			o->port = o->default_port = row->port;
	}
}

static int
read_origin(const coap_pdu_t *request, const coap_uri_t *base, struct origin *o)
{
	const struct uri_scheme *row = uri_scheme(base->scheme);
	struct uri_part value;

	if (!row)
		return -COAP_E_INVAL;
	*o = (struct origin){ row->name, strlen(row->name), row->port,
		base->port, { NULL, 0 } };
	if (get_option(request, COAP_OPTION_PROXY_SCHEME, &value)) {
		if (!is_scheme(value))
			return -COAP_E_URI;
		o->scheme = value.s;
		o->scheme_len = value.len;
		known_port(o, value);
	}
	if (get_option(request, COAP_OPTION_URI_PORT, &value)) {
		o->port =
		    coap_decode_var_bytes((const uint8_t *)value.s, value.len);
		if (value.len > 4 || o->port > UINT16_MAX)
			return -COAP_E_URI;
	}
	if (get_option(request, COAP_OPTION_URI_HOST, &value)) {
		if (value.len == 0)
			return -COAP_E_URI;
		o->host = value;
	}
	return 0;
}

/* Uri-Host: an address of IPv6 with or without brackets, else a name. */
static int
put_host_value(struct buf *out, struct uri_part value)
{
	coap_str_const_t text = { value.len, (const uint8_t *)value.s };
	size_t from = out->len;
	struct uri_host host;
	int r;

	if (value.len > 2 && value.s[0] == '[' && value.s[value.len - 1] == ']')
		text = (coap_str_const_t){ value.len - 2,
			(const uint8_t *)value.s + 1 };
	if (uri_host_read(&text, &host) == 0 && host.family == AF_INET6)
		return put_in6(out, &host);
	r = put_bytes(out, (const uint8_t *)value.s, value.len, URI_HOST);
	lower_case(out, from);
	return r;
}

static int
put_origin(struct buf *out, const struct origin *o, const coap_uri_t *base)
{
	size_t from = out->len;
	int r;

	r = buf_append(out, o->scheme, o->scheme_len);
	lower_case(out, from);
	if (r == 0)
		r = put_text(out, "://");
	if (r == 0)
		r = o->host.s ? put_host_value(out, o->host)
			      : put_host(out, base);
	if (r == 0 && o->port != o->default_port)
		r = buf_printf(out, ":%u", o->port);
	return r;
}

/* A Uri-Path of "." or ".." must not be (RFC 7252 section 5.10.1). */
static bool
has_dot_segment(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;
	const uint8_t *value;
	size_t len;

	if (!coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL))
		return false;
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		len = coap_opt_length(opt);
		if (oi.number != COAP_OPTION_URI_PATH || len == 0 || len > 2)
			continue;
		value = coap_opt_value(opt);
		if (memcmp(value, "..", len) == 0)
			return true;
	}
	return false;
}

static int
compose(struct buf *out, const coap_pdu_t *request, const coap_uri_t *base)
{
	struct origin origin;
	size_t from;
	int r;

	if (has_dot_segment(request))
		return -COAP_E_URI;
	r = read_origin(request, base, &origin);
	if (r == 0 && (origin.host.s || base->host.length > 0))
		r = put_origin(out, &origin, base);
	from = out->len;
	if (r == 0)
		r = put_options(out, request, COAP_OPTION_URI_PATH, "//",
		    URI_SEGMENT);
	if (r == 0 && out->len == from)
		r = buf_append_u8(out, '/');
	if (r == 0)
		r = put_options(out, request, COAP_OPTION_URI_QUERY, "?&",
		    URI_ARGUMENT);
	return r;
}

int
coapx_uri_from_pdu(const coap_pdu_t *request, const coap_uri_t *base,
    coap_string_t **text)
{
	struct uri_part proxy;
	struct buf out;
	size_t i;
	int r;

	if (!text)
		return -COAP_E_INVAL;
	*text = NULL;
	if (!request || !base)
		return -COAP_E_INVAL;
	buf_init(&out, URI_TEXT_MAX);
	if (get_option(request, COAP_OPTION_PROXY_URI, &proxy)) {
		r = buf_append(&out, proxy.s, proxy.len);
		for (i = 0; i < proxy.len; i++) {
			if (proxy.s[i] < '!' || proxy.s[i] > '~')
				r = -COAP_E_URI;
		}
	} else {
		r = compose(&out, request, base);
	}
	return finish(&out, r, text);
}

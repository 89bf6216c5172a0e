/* SPDX-License-Identifier: BSD-2-Clause */
/* The host of a URI: name, address with zone, or socket in the file system. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/err.h"
#include "wire/uri.h"

int
coap_host_is_unix_domain(const coap_str_const_t *host)
{
	if (!host || !host->s || host->length < 3)
		return 0;
	return strncasecmp((const char *)host->s, "%2F", 3) == 0;
}

/*
 * RFC 6874 writes the % before a zone as %25; a bare one is taken, too. What
 * follows is percent-encoded.
 */
static int
read_zone(const char *s, size_t len, struct uri_host *host)
{
	size_t i;

	if (len >= 2 && memcmp(s, "25", 2) == 0) {
		s += 2;
		len -= 2;
	}
	if (len == 0)
		return -COAP_E_URI;
	for (i = 0; i < len; i++) {
		if (s[i] == '%') {
			if (uri_hex(s + i, len - i) <= 0)
				return -COAP_E_URI;
			i += 2;
		} else if (!uri_is_char((unsigned char)s[i], URI_UNRESERVED)) {
			return -COAP_E_URI;
		}
	}
	host->zone = s;
	host->zone_len = len;
	return 0;
}

/* An address without a zone: whether that is what stands there. */
static bool
read_address(const char *s, size_t len, struct uri_host *host)
{
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text) || memchr(s, '\0', len))
		return false;
	memcpy(text, s, len);
	text[len] = '\0';
	if (addr_parse(&host->addr, text, 0) < 0)
		return false;
	host->family = host->addr.addr.sa.sa_family;
	return true;
}

int
uri_host_read(const coap_str_const_t *text, struct uri_host *host)
{
	const char *s = (const char *)text->s, *percent;
	size_t n;

	*host = (struct uri_host){ .family = AF_UNSPEC };
	if (text->length == 0)
		return 0;
	if (!memchr(s, ':', text->length)) {
		if (!memchr(s, '%', text->length))
			read_address(s, text->length, host);
		return 0;
	}
	percent = memchr(s, '%', text->length);
	n = percent ? (size_t)(percent - s) : text->length;
	if (!read_address(s, n, host))
		return -COAP_E_URI;
	if (!percent)
		return 0;
	return read_zone(percent + 1, text->length - n - 1, host);
}

/* An IPv4 address in a socket of IPv6 is the same peer. */
bool
uri_host_is_addr(const struct uri_host *host, const coap_address_t *dst)
{
	coap_address_t a = host->addr, b = *dst;

	if (host->family == AF_UNSPEC)
		return false;
	addr_unmap(&a);
	addr_unmap(&b);
	coap_address_set_port(&b, 0);
	if (b.addr.sa.sa_family == AF_INET6)
		b.addr.sin6.sin6_scope_id = 0;
	return coap_address_equals(&a, &b);
}

void
uri_host_literal(const struct uri_host *host, char out[URI_LITERAL_SIZE])
{
	char text[ADDR_TEXT_SIZE];
	char *port;

	addr_format(&host->addr, text, sizeof(text));
	port = strrchr(text, ':');
	if (port)
		*port = '\0';
	snprintf(out, URI_LITERAL_SIZE, "%.*s", URI_LITERAL_SIZE - 1, text);
}

/* Percent-decoded behind n bytes of out; the new length. */
static int
decode_text(const char *s, size_t len, bool lower, char *out, size_t size,
    size_t n)
{
	size_t i;
	int c;

	for (i = 0; i < len; i++) {
		c = (unsigned char)s[i];
		if (c == '%') {
			c = uri_hex(s + i, len - i);
			i += 2;
		}
		if (c <= 0)
			return -COAP_E_URI;
		if (lower && c >= 'A' && c <= 'Z')
			c += 'a' - 'A';
		if (n + 1 >= size)
			return -COAP_E_TOOBIG;
		out[n++] = (char)c;
	}
	if (n >= size)
		return -COAP_E_TOOBIG;
	out[n] = '\0';
	return (int)n;
}

int
uri_host_text(const coap_str_const_t *text, char *out, size_t size)
{
	char literal[URI_LITERAL_SIZE];
	struct uri_host host;
	size_t n;
	int r;

	r = uri_host_read(text, &host);
	if (r < 0)
		return r;
	if (!host.zone)
		return decode_text((const char *)text->s, text->length,
		    !coap_host_is_unix_domain(text), out, size, 0);
	uri_host_literal(&host, literal);
	n = strlen(literal) - 1;
	if (size < n + 1)
		return -COAP_E_TOOBIG;
	memcpy(out, literal + 1, n);
	out[n - 1] = '%';
	return decode_text(host.zone, host.zone_len, false, out, size, n);
}

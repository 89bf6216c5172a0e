/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs: the parts that uri*.c share, and what higher rooms need of them. */
#ifndef WIRE_URI_H
#define WIRE_URI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coap3/coap_address.h>
#include <coap3/coap_uri.h>

#include "base/buf.h"

/* Bytes that an option made of one part of a URI can hold. */
#define URI_PART_MAX 255
/* Parts of one path or query; more than any peer would take. */
#define URI_PARTS_MAX 65536
/* Bytes of a URI that is put together here. */
#define URI_TEXT_MAX ((size_t)1 << 20)

/* Characters that stand for themselves beside letters and digits, RFC 3986
 * section 2, appendix A. */
#define URI_UNRESERVED "-._~"
#define URI_HOST       URI_UNRESERVED "!$&'()*+,;="
#define URI_SEGMENT    URI_HOST ":@"
#define URI_QUERY      URI_SEGMENT "/?"
#define URI_ARGUMENT   URI_UNRESERVED "!$'()*+,;=:@/?"

struct uri_scheme {
	const char *name; /* in lower case */
	uint16_t port;
	bool proxy_only;
};

/* The row of a scheme; NULL for a number that is none. */
const struct uri_scheme *uri_scheme(unsigned scheme);

/* What is wrong with a URI. */
struct uri_fault {
	int code; /* what coap_split_uri() returns: -1 to -5 */
	size_t at;
	const char *text;
};

enum uri_accept {
	URI_ACCEPT_COAP,  /* the coap schemes, and a path without a scheme */
	URI_ACCEPT_PROXY, /* the coap schemes and http(s) */
};

/* Whether c is a letter, a digit or one of `others`. */
bool uri_is_char(unsigned char c, const char *others);
/* The byte that %XX at s stands for; -1 when that is not there. */
int uri_hex(const char *s, size_t len);

/* A host that was read: a literal, or a name when family is AF_UNSPEC. */
struct uri_host {
	int family;
	coap_address_t addr; /* without zone and port */
	const char *zone;    /* percent-encoded; NULL when there is none */
	size_t zone_len;
};

/* The longest address without its zone, and brackets around it. */
#define URI_LITERAL_SIZE (INET6_ADDRSTRLEN + 2)

/* Reads the host of a coap_uri_t. 0, or -COAP_E_URI for a colon in something
 * that is no IPv6 address, an empty zone and the like. */
int uri_host_read(const coap_str_const_t *text, struct uri_host *host);
/* The canonical text of a literal, of IPv6 in brackets, without the zone. */
void uri_host_literal(const struct uri_host *host, char out[URI_LITERAL_SIZE]);
/* Whether the host is a literal of the very address in dst. */
bool uri_host_is_addr(const struct uri_host *host, const coap_address_t *dst);
/*
 * The host as a resolver takes it: percent-decoded, in lower case, without
 * brackets, a zone behind a bare %. The length without the NUL,
 * -COAP_E_TOOBIG or -COAP_E_URI (also for a NUL inside).
 */
int uri_host_text(const coap_str_const_t *text, char *out, size_t size);

/* A piece between separators, still percent-encoded. */
struct uri_part {
	const char *s;
	size_t len;
};

/*
 * Appends the struct uri_part of a path, "." and ".." carried out (RFC 3986
 * section 5.2.4), to parts. The path begins behind its first slash and ends at
 * a ? or #. None when it stands for the root. 0, -COAP_E_NOMEM, -COAP_E_TOOBIG.
 */
int uri_path_parts(const uint8_t *path, size_t len, struct buf *parts);
/* The same of a query: split at &, ends at a #, at least one. */
int uri_query_parts(const uint8_t *query, size_t len, struct buf *parts);
/* How many there are, and part i. */
size_t uri_parts_count(const struct buf *parts);
struct uri_part uri_parts_at(const struct buf *parts, size_t i);

#endif

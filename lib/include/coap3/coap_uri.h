/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs of the coap schemes (RFC 7252 section 6, RFC 8323 section 8). */
#ifndef COAP_URI_H
#define COAP_URI_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_option.h>
#include <coap3/coap_str.h>

typedef enum coap_uri_scheme_t {
	COAP_URI_SCHEME_COAP = 0,
	COAP_URI_SCHEME_COAPS = 1,
	COAP_URI_SCHEME_COAP_TCP = 2,
	COAP_URI_SCHEME_COAPS_TCP = 3,
	COAP_URI_SCHEME_HTTP = 4,
	COAP_URI_SCHEME_HTTPS = 5,
	COAP_URI_SCHEME_COAP_WS = 6,
	COAP_URI_SCHEME_COAPS_WS = 7,
	COAP_URI_SCHEME_LAST = 8,
} coap_uri_scheme_t;

/* An odd scheme is a secure one. */
#define COAP_URI_SCHEME_SECURE_MASK 0x01

/*
 * A URI in its components. They are as in the text, still percent-encoded, and
 * point into the text that was split, which has to live as long.
 */
typedef struct {
	coap_str_const_t host;  /* an IPv6 address without its brackets */
	uint16_t port;          /* the default one when the text has none */
	coap_str_const_t path;  /* behind its first slash; NULL when empty */
	coap_str_const_t query; /* behind its ?; s is NULL without a ? */
	enum coap_uri_scheme_t scheme;
} coap_uri_t;

/* 1 for a scheme that runs over DTLS or TLS, 0 for another and for NULL. */
static inline int
coap_uri_scheme_is_secure(const coap_uri_t *uri)
{
	return uri && (uri->scheme & COAP_URI_SCHEME_SECURE_MASK) != 0;
}

/* 1 if the host, still percent-encoded, names a socket in the file system:
 * it begins with %2F. Else 0. */
COAP_API int coap_host_is_unix_domain(const coap_str_const_t *host);

/*
 * Splits a copy of length bytes at uri, as coap_split_uri() does. The result
 * and the copy are one object of the caller's (coap_delete_uri()); NULL when
 * it is not a URI or there is no memory.
 */
COAP_API coap_uri_t *coap_new_uri(const uint8_t *uri, unsigned int length);

/* A copy with texts of its own, each followed by a NUL; NULL without memory. */
COAP_API coap_uri_t *coap_clone_uri(const coap_uri_t *uri);

/* Releases what the two above gave; NULL is allowed. */
COAP_API void coap_delete_uri(coap_uri_t *uri);

/*
 * Splits len bytes of a URI with one of the six coap schemes into *uri, which
 * points into the text afterwards. A text that begins with a slash is path and
 * query alone; scheme and port are then those of plain coap, the host is empty.
 * A zone (RFC 6874, with a bare % too) stays with the host as it is written.
 *
 * Returns 0, or what is wrong: -1 the scheme, or an argument that is NULL; -2
 * no :// behind it; -3 the host, also a user name before it; -4 the port; -5
 * path or query, or a fragment. *uri is then an empty path without a host.
 * coapx_uri_problem() says it in words. libcoap takes more: characters that
 * have to be percent-encoded, fragments, and parts over 255 bytes.
 */
COAP_API int coap_split_uri(const uint8_t *str_var, size_t len,
    coap_uri_t *uri);

/* The same for a URI that a proxy is asked for: also http and https, and never
 * a path alone. */
COAP_API int coap_split_proxy_uri(const uint8_t *str_var, size_t len,
    coap_uri_t *uri);

/* As coap_uri_into_optlist(), but 0 on success and -1 on failure. buf and
 * buflen, once working memory, are not used; buf may be NULL. */
COAP_API int coap_uri_into_options(const coap_uri_t *uri,
    const coap_address_t *dst, coap_optlist_t **optlist_chain,
    int create_port_host_opt, uint8_t *buf, size_t buflen);

/*
 * Adds the options of a URI to a list, each behind those of the same number
 * (RFC 7252 section 6.4). Parts are percent-decoded; "." and ".." are carried
 * out; a path that is empty or the root has no option, and each empty segment
 * of another one has; a query has an option for each argument.
 *
 * With create_port_host_opt other than 0 there are Uri-Host, unless the host is
 * the very address in dst, and Uri-Port, unless the port is that of dst or,
 * when dst is NULL or has none, the default of the scheme. A host name is in
 * lower case there; an address of IPv6 is in brackets, without its zone. A
 * socket in the file system and a missing host give neither.
 *
 * 1 on success. 0 when a part is over 255 bytes or is not percent-encoded
 * right, or there is no memory; the list is then as before.
 */
COAP_API int coap_uri_into_optlist(const coap_uri_t *uri,
    const coap_address_t *dst, coap_optlist_t **optlist_chain,
    int create_port_host_opt);

/*
 * Writes the segments of a path as options with a delta of 0, one behind the
 * other, for coap_opt_value() and its like. The path begins behind its first
 * slash and ends at a ? or #. *buflen is the size of buf, then what was used.
 *
 * Returns how many there are: 0, with *buflen 0, for the root, and also when
 * they do not fit or the path is not right; never a part of them.
 */
COAP_API int coap_split_path(const uint8_t *path, size_t length,
    unsigned char *buf, size_t *buflen);

/*
 * Adds the segments of a path to a list as options of number optnum (Uri-Path
 * or Location-Path). 1 on success, also for the root, which has none; 0 as with
 * coap_uri_into_optlist().
 */
COAP_API int coap_path_into_optlist(const uint8_t *path, size_t length,
    coap_option_num_t optnum, coap_optlist_t **optlist_chain);

/* As coap_split_path(), for the arguments of a query, which & separates. An
 * empty query is one empty argument; NULL is none. */
COAP_API int coap_split_query(const uint8_t *query, size_t length,
    unsigned char *buf, size_t *buflen);

/* As coap_path_into_optlist(), for the arguments of a query (Uri-Query or
 * Location-Query). */
COAP_API int coap_query_into_optlist(const uint8_t *query, size_t length,
    coap_option_num_t optnum, coap_optlist_t **optlist_chain);

/*
 * The Uri-Query options of a request, joined by & and percent-encoded where
 * they must be (also an & inside of one). The caller owns it
 * (coap_delete_string()). NULL without such an option or without memory.
 */
COAP_API coap_string_t *coap_get_query(const coap_pdu_t *request);

/* The same of the Uri-Path options, joined by slashes, without one in front;
 * an empty string for the root. */
COAP_API coap_string_t *coap_get_uri_path(const coap_pdu_t *request);

#endif

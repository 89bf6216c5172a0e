/* SPDX-License-Identifier: BSD-2-Clause */
/* More about URIs than libcoap has: what is wrong with one, and printing. */
#ifndef COAPX_URI_H
#define COAPX_URI_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_uri.h>

/*
 * Whether coap_split_uri() takes the len bytes at uri: 0 or -COAP_E_URI, and
 * then *error_at, unless NULL, is the offset of what is wrong (len at most: the
 * end is where something is missing).
 */
COAP_API int coapx_uri_check(const char *uri, size_t len, size_t *error_at);

/*
 * What coapx_uri_check() finds wrong, for a person, in lower case and without
 * a full stop; NULL when nothing is. The text lives as long as the process.
 */
COAP_API const char *coapx_uri_problem(const char *uri, size_t len);

/* The scheme as a URI has it, such as "coaps+tcp"; NULL for a number that is
 * no scheme. */
COAP_API const char *coapx_uri_scheme_name(coap_uri_scheme_t scheme);

/*
 * The canonical text of a URI: scheme and host in lower case, an IPv6 address
 * as RFC 5952 writes it, the default port left out, "." and ".." carried out,
 * at least a slash as path, percent-encoded exactly where RFC 7252 section 6.5
 * demands it. Without a host it is path and query alone.
 *
 * *text belongs to the caller (coap_delete_string()) and is followed by a NUL
 * that does not count; NULL after an error. 0, -COAP_E_INVAL, -COAP_E_URI for
 * components that no URI has, -COAP_E_TOOBIG (over 1 MiB), -COAP_E_NOMEM.
 */
COAP_API int coapx_uri_print(const coap_uri_t *uri, coap_string_t **text);

/*
 * The URI that a request is for (RFC 7252 sections 5.10.2 and 6.5), in the form
 * of coapx_uri_print(). base gives scheme, host and port of the session that
 * it came or goes by, for what the options leave out; its path and query do not
 * count, and without any host the result is path and query alone.
 *
 * Proxy-Uri is the result as it is. With Proxy-Scheme the port is by default
 * that of the scheme. -COAP_E_URI when the options are not those of a URI: a
 * Uri-Path of "." or "..", an empty Uri-Host, a port over 65535, a Proxy-Scheme
 * that is no scheme. Other errors and *text as with coapx_uri_print().
 */
COAP_API int coapx_uri_from_pdu(const coap_pdu_t *request,
    const coap_uri_t *base, coap_string_t **text);

#endif

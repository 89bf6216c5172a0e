/* SPDX-License-Identifier: BSD-2-Clause */
/* Forwarding of requests. */
#ifndef COAP_PROXY_H
#define COAP_PROXY_H

#include <coap3/coap_cache.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_forward_decls.h>
#include <coap3/coap_net.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_uri.h>

/* How to forward; STRIP: without the proxy's own options. */
typedef enum coap_proxy_t {
	COAP_PROXY_REVERSE = 0,
	COAP_PROXY_REVERSE_STRIP = 1,
	COAP_PROXY_FORWARD = 2,
	COAP_PROXY_FORWARD_STRIP = 3,
	COAP_PROXY_DIRECT = 4,
	COAP_PROXY_DIRECT_STRIP = 5,
} coap_proxy_t;

/* One server and how to prove ourselves there; what is not used is NULL. */
typedef struct coap_proxy_server_t {
	coap_uri_t uri;
	coap_dtls_pki_t *dtls_pki;
	coap_dtls_cpsk_t *dtls_cpsk;
	coap_oscore_conf_t *oscore_conf;
} coap_proxy_server_t;

/*
 * Servers that take turns, next_entry is who is next. track_client_session: a
 * session of its own for each client. idle_timeout_secs: when an unused one
 * ends, 0 for never.
 */
typedef struct coap_proxy_server_list_t {
	coap_proxy_server_t *entry;
	size_t entry_count;
	size_t next_entry;
	coap_proxy_t type;
	int track_client_session;
	unsigned int idle_timeout_secs;
} coap_proxy_server_list_t;

/*
 * 1 when a request can be forwarded to a URI of that scheme, else 0. Not
 * available in this version: always 0, with a warning. See coap_proxy(3).
 */
COAP_API int coap_verify_proxy_scheme_supported(coap_uri_scheme_t scheme);

/*
 * To be called in a handler: sends request on to the server that server_list
 * and the request name, over a session that is made or used again. response is
 * left alone, or tells the error. cache_key, unless NULL, is given to the
 * response handler. 1, or 0. Not available in this version: always 0, with a
 * warning, and the response's code becomes 5.05; cache_key stays the caller's.
 */
COAP_API int coap_proxy_forward_request(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response, coap_resource_t *resource,
    coap_cache_key_t *cache_key, coap_proxy_server_list_t *server_list);

/*
 * To be called in a response handler: sends what a server answered back to the
 * client that asked. *cache_key, unless cache_key is NULL, becomes what
 * coap_proxy_forward_request() was given. Not available in this version: always
 * COAP_RESPONSE_FAIL, with a warning, and *cache_key NULL.
 */
COAP_API coap_response_t coap_proxy_forward_response(coap_session_t *session,
    const coap_pdu_t *received, coap_cache_key_t **cache_key);

#endif

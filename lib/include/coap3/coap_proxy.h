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

/*
 * Where a request goes on to: REVERSE, to a server of the list, whatever the
 * client asked for; FORWARD, to one of the list, which is another proxy; DIRECT,
 * to what Proxy-Uri or Proxy-Scheme names. STRIP: these and Uri-Host, -Port,
 * -Path and -Query are made anew for a server that is no proxy; without it they
 * go on as they came.
 */
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

/* 1 when a request can be forwarded to a URI of that scheme, else 0. */
COAP_API int coap_verify_proxy_scheme_supported(coap_uri_scheme_t scheme);

/*
 * To be called in a handler: sends request on to the server that server_list
 * and the request name, over a session that is made or used again. 1: response
 * is filled where the proxy keeps a fresh answer, or observes what is asked for
 * (RFC 7252 section 5.6, RFC 7641 section 5); else it is left alone, and the
 * handler is called once more when the answer is there, has to call this again,
 * and then response is filled; for a client that observes also with each
 * notification. 0: response says what is wrong: 4.00 for what is no URI, 5.03
 * with too many requests under way, 5.05 for a scheme that is not spoken, 5.08
 * at the end of Hop-Limit. A client is told 5.04 where no answer comes and 5.02
 * for one that cannot be used. cache_key, unless NULL, is taken with a result of
 * 1. The list has to live until all its requests have ended; the context is to
 * have COAP_BLOCK_USE_LIBCOAP and COAP_BLOCK_SINGLE_BODY. See coap_proxy(3).
 */
COAP_API int coap_proxy_forward_request(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response, coap_resource_t *resource,
    coap_cache_key_t *cache_key, coap_proxy_server_list_t *server_list);

/*
 * For a response handler, as libcoap has it: whether received answers a request
 * that was forwarded. The library sends it back to the client by itself when
 * the handler has returned. *cache_key, unless cache_key is NULL, becomes what
 * coap_proxy_forward_request() was given, then the caller's; or NULL.
 * COAP_RESPONSE_FAIL: it answers none.
 */
COAP_API coap_response_t coap_proxy_forward_response(coap_session_t *session,
    const coap_pdu_t *received, coap_cache_key_t **cache_key);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a proxy does with messages (RFC 7252 sections 5.7 and 5.10.2, RFC 8768):
 * whose a request is, and which options go on. No sessions, no sending.
 */
#ifndef EXCHANGE_PROXY_H
#define EXCHANGE_PROXY_H

#include <stdbool.h>

#include <coap3/coap_pdu.h>
#include <coap3/coap_uri.h>

#include "exchange/resource.h"

enum proxy_fate {
	PROXY_PASS,   /* goes on as it is */
	PROXY_HOP,    /* is of this hop alone, and stays here */
	PROXY_NAME,   /* says what is asked for: made anew, unless kept */
	PROXY_REFUSE, /* unsafe, and not known (RFC 7252 section 5.7.1) */
};

/* Of an option of a request and of a response. r: what an application has
 * registered is known, and passes. */
enum proxy_fate proxy_request_option(const struct resources *r,
    unsigned number);
enum proxy_fate proxy_response_option(const struct resources *r,
    unsigned number);

/* Where a request of a server belongs. */
enum proxy_place {
	PROXY_HERE,    /* no proxy is asked for */
	PROXY_OWN,     /* one is, but for a host that this server is */
	PROXY_FORWARD, /* to the proxy's handler */
	PROXY_NONE,    /* one is, and there is none */
};

enum proxy_place proxy_place_of(const struct resources *r,
    const coap_pdu_t *request);
/*
 * The request as it were without a proxy, for PROXY_OWN: Uri-* instead of
 * Proxy-*. 0, -COAP_E_URI, -COAP_E_NOMEM. Its body is the request's.
 */
int proxy_localize(const coap_pdu_t *request, coap_pdu_t **out);

/* What Hop-Limit a request goes on with (RFC 8768 section 3): 0: it must not.
 * Without the option it gets the default. */
unsigned proxy_hop_limit(const coap_pdu_t *request);
/* Whether a 5.08 has that name among those of the proxies that it passed (RFC
 * 8768 section 4). */
bool proxy_is_named(const coap_pdu_t *answer, const char *name);

/*
 * Adds the options of a request that goes on to *chain. asked: the URI that it
 * is for, which is told anew, as to a server at hop; NULL: what names it is
 * kept as it came. 0, -COAP_E_URI, -COAP_E_NOMEM: *chain is the caller's then,
 * too. Options that are refused are not looked for.
 */
int proxy_request_options(const struct resources *r, const coap_pdu_t *request,
    const coap_uri_t *asked, const coap_uri_t *hop, unsigned hop_limit,
    coap_optlist_t **chain);

/* The first option that may not pass, or 0. */
unsigned proxy_bad_response(const struct resources *r,
    const coap_pdu_t *response);
/* Adds the options of an answer that goes on to response: whether there was
 * room. */
bool proxy_response_options(const struct resources *r, const coap_pdu_t *answer,
    coap_pdu_t *response);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of a request: which of them forbid to go on. */
#ifndef EXCHANGE_DISPATCH_H
#define EXCHANGE_DISPATCH_H

#include <stdbool.h>

#include <coap3/coap_pdu.h>

#include "exchange/resource.h"

/* Why a request is refused. */
struct refusal {
	uint8_t code;
	bool bad_option; /* a NON is rejected (RFC 7252 section 5.4.1) */
	char text[96];   /* diagnostic payload */
};

/* Whether the options allow to go on; else *why is filled. forward: the request
 * is for a proxy's handler. */
bool options_check(const struct resources *r, const coap_pdu_t *request,
    bool forward, struct refusal *why);

/* Whether a request is for no part of a body: where nobody puts parts
 * together. */
bool options_check_whole(const struct resources *r, const coap_pdu_t *request,
    struct refusal *why);

/*
 * Whether a response may be used: an unknown critical option says no (RFC 7252
 * section 5.4.1). What an application registered is known.
 */
bool options_accept_response(const struct resources *r,
    const coap_pdu_t *response);

/* NUM of a Block2 that no handler was promised; 0: all or the first part. */
unsigned options_block2_num(const struct resources *r,
    const coap_pdu_t *request);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* No answers much longer than their requests to addresses that nobody has
 * shown to be his (RFC 7252 section 11.3, RFC 9175 section 2.6). */
#ifndef SESSION_AMPLIFY_H
#define SESSION_AMPLIFY_H

#include "session/session.h"

/* Bytes that any request may be answered with. */
#define AMPLIFY_FLOOR 64
/* How old the Echo is, at most, by which a client shows its address, in
 * seconds; from then on it counts as its own as long as the session lives. */
#define AMPLIFY_PROOF 300

/* A request came: whether it may be dealt with. If not, the response is 4.01
 * with an Echo (5.00 without memory): the request is one for many messages. */
bool amplify_admits(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response);
/*
 * The response is made. One that is too long becomes 4.01 with an Echo, where
 * the request only asks; where it has changed something, a block of it that is
 * small enough.
 */
void amplify_cut(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response);

/* A proxy sends it on, as pdu: without the Echo that was its own, and is nobody
 * else's (RFC 9175 section 2.3). */
void amplify_strip(const coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *pdu);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests that come in: from a message to a handler, and back. */
#ifndef SESSION_SERVE_H
#define SESSION_SERVE_H

#include "exchange/resource.h"
#include "session/session.h"

struct notify_turn;

/* Runs the handler of a request, or refuses it; response has the token; flags
 * (NULL is fine): those of its resource. */
enum dispatch_result serve_request(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response, struct notify_turn *turn,
    int *flags);
/* Sends a response, or 5.00 when it is too long for the peer: then, and for
 * other reasons not to send it, an error. */
int session_respond(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response);
/* A new request of the peer: it is answered. */
void session_serve(coap_session_t *session, const coap_pdu_t *request);
/* The longest token that a datagram may have. Who takes longer ones than 8 bytes
 * at all answers those that are too long for him (RFC 8974 section 2.2.2). */
size_t session_datagram_token_max(const coap_context_t *context);
void session_refuse_token(coap_session_t *session, const coap_pdu_t *request);

#endif

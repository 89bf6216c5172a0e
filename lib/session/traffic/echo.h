/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo (RFC 9175 section 2): values that a client was given, and a server's. */
#ifndef SESSION_ECHO_H
#define SESSION_ECHO_H

#include "session/session.h"

/* A response may bring one, for the next request to that peer. */
void echo_take(coap_session_t *session, const coap_pdu_t *response);
/* Puts it into a request, which takes it along; one of its own stays. */
void echo_give(coap_session_t *session, coap_pdu_t *request);
/* The peer may be another one from now on. */
void echo_forget(coap_session_t *session);

/* Whether a request has a value that the peer was given within the last
 * max_age seconds. */
bool echo_is_fresh(const coap_session_t *session, const coap_pdu_t *request,
    unsigned max_age);
/* 4.01 with a value that is fresh now; false: no memory, or no random key. */
bool echo_challenge(coap_session_t *session, coap_pdu_t *response);

#endif

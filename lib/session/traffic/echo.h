/* SPDX-License-Identifier: BSD-2-Clause */
/* Echo values that a client was given (RFC 9175 section 2.3). */
#ifndef SESSION_ECHO_H
#define SESSION_ECHO_H

#include "session/session.h"

/* A response may bring one, for the next request to that peer. */
void echo_take(coap_session_t *session, const coap_pdu_t *response);
/* Puts it into a request, which takes it along; one of its own stays. */
void echo_give(coap_session_t *session, coap_pdu_t *request);
/* The peer may be another one from now on. */
void echo_forget(coap_session_t *session);

#endif

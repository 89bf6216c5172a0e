/* SPDX-License-Identifier: BSD-2-Clause */
/* Separate responses on a session: exchange/async.h with handlers, sending and
 * time. */
#ifndef SESSION_ASYNC_H
#define SESSION_ASYNC_H

#include "session/session.h"

/* Whether a request with that token waits for its response: then this one is
 * it again, or takes back that it observes, and is acknowledged only. */
bool session_async_waits(const coap_session_t *session,
    const coap_pdu_t *request);
/* The handler left the response empty; what is in it already is kept. */
void session_async_deferred(coap_session_t *session, const coap_pdu_t *request,
    const coap_pdu_t *response);
/* All of them are over. */
void session_async_forget(coap_session_t *session);
/* Calls the handlers of those that are due. */
void session_async_run(coap_session_t *session, coap_tick_t now);
coap_tick_t session_async_next(const coap_session_t *session);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A peer that sent a Release (RFC 8323 section 5.5): the connection is closed
 * when its requests have been answered, and after a short wait for answers to
 * ours. What is asked of it meanwhile waits, and ends with the connection or
 * goes on the next one.
 */
#ifndef SESSION_RELEASE_H
#define SESSION_RELEASE_H

#include "session/session.h"

/* How long answers to our own requests are waited for. */
#define RELEASE_WAIT_MS 2000

/* Of the reason for an Abort so many bytes are kept. */
#define SAID_MAX 160

/* An Abort came: what it says is for who asks for the error. */
void release_abort(coap_session_t *session, const coap_pdu_t *pdu);
/* A Release came. */
void release_came(coap_session_t *session, const coap_pdu_t *pdu);
/* Whether the peer sent one, and the connection still stands. */
bool release_is_pending(const coap_session_t *session);
/* The connection goes, by us (orderly) or because it was lost. */
void release_end(coap_session_t *session, bool orderly);
/* When release_run() closes: TIMER_NEVER when not yet, or nothing came. */
coap_tick_t release_next(const coap_session_t *session);
void release_run(coap_session_t *session, coap_tick_t now);

#endif

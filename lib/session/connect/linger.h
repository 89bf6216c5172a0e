/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transports that were closed in good order and have bytes to deliver, or
 * whose peer has not ended its side yet: a close() with unread bytes, or with
 * bytes of ours kept, would lose what the peer was to get.
 */
#ifndef SESSION_LINGER_H
#define SESSION_LINGER_H

#include "session/session.h"

/* Without progress a transport is cut after this time, and in any case after
 * the other. */
#define LINGER_QUIET_MS 5000
#define LINGER_TOTAL_MS 60000
/* Of one context, at most; the oldest goes. */
#define LINGER_MAX 256

/*
 * Closes the session's stack in good order and takes it: the session hears no
 * more of it. released: the peer got the Release; else it gets it when there is
 * room. False when there is no memory for this; the stack, closed
 * in any case, stays the caller's then.
 */
bool linger_take(coap_session_t *session, struct layer *layer, bool released);
/* Cuts all of them. */
void linger_cut_all(coap_context_t *context);
/* Whether one of them has bytes that the kernel did not take. */
bool linger_is_pending(const coap_context_t *context);

#endif

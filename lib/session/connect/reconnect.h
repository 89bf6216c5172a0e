/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a client session after its transport was lost: it waits, dials
 * again, and is established again or gives up.
 *
 * session->reconnecting is set from the loss until something proves that the
 * new transport works: a secure handshake, or the first bytes heard on it. In
 * that time the session takes requests, which wait. A session that is
 * established but not proven (a group; a stream whose peer sent no CSM) sends
 * them all the same.
 */
#ifndef SESSION_RECONNECT_H
#define SESSION_RECONNECT_H

#include "session/session.h"

/*
 * Called by connect.c before each dialling: what to dial again. host NULL: the
 * remote address of the session. Only the first call counts. 0, -COAP_E_NOMEM.
 */
int reconnect_remember(coap_session_t *session, const coap_address_t *local,
    const char *host, uint16_t port, unsigned timeout_ms);
void reconnect_free(coap_session_t *session);

/* The transport is gone: decides whether there will be another one, and what
 * is to be told (session->owed). */
void reconnect_decide(coap_session_t *session);
/* The peer asks that nobody connects for so long: the next attempts by
 * themselves wait at least until then. */
void reconnect_hold_off(coap_session_t *session, uint32_t seconds);
/* The application ends the session; what waited for a new transport is owed
 * its end, which session_down() tells. */
void reconnect_stop(coap_session_t *session);
/*
 * A new socket for datagrams, without a handshake: asks the peer whether it is
 * there. False: nobody is asked, the session is established at once.
 */
bool reconnect_probe(coap_session_t *session);
/* Something came from the peer. */
void reconnect_heard(coap_session_t *session);
/* SESSION_CONNECTED was told, nothing was sent yet. */
void reconnect_established(coap_session_t *session);
/* An attempt is under way that has no transport yet. */
bool reconnect_is_trying(const coap_session_t *session);

void reconnect_info(const coap_session_t *session, coapx_session_info_t *info);
coap_tick_t reconnect_next(const coap_session_t *session);
void reconnect_timer(coap_session_t *session, coap_tick_t now);

#endif

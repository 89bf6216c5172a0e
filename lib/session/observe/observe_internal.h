/* SPDX-License-Identifier: BSD-2-Clause */
/* What observe_server.c has for observe_notify.c. */
#ifndef SESSION_OBSERVE_INTERNAL_H
#define SESSION_OBSERVE_INTERNAL_H

#include "session/observe/observe_server.h"

/* What the session has of it; NULL: nothing. */
struct observer_peer *notify_peer(const coap_session_t *session);
/* Marks a message as a notification of an entry. */
void notify_mark(coap_pdu_t *pdu, uint64_t serial);
/* The entry that a message is a notification of; NULL: none any more. */
struct observer *notify_marked(const coap_session_t *session,
    const coap_pdu_t *pdu);
/* Its last notification is not repeated any more (RFC 7641 section 4.5). */
void notify_end(coap_session_t *session, struct observer *o);

#endif

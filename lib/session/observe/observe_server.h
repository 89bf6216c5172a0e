/* SPDX-License-Identifier: BSD-2-Clause */
/* Observation on a server's sessions: exchange/observers.h with handlers,
 * sending and time (RFC 7641 section 4). */
#ifndef SESSION_OBSERVE_SERVER_H
#define SESSION_OBSERVE_SERVER_H

#include "exchange/observers.h"
#include "exchange/resource.h"
#include "session/session.h"

/* One run of a handler that may have to do with observation. */
struct notify_turn {
	coap_session_t *session;
	uint64_t serial;   /* of the entry that a notification is for; or 0 */
	uint64_t added;    /* of the entry that the request made; or 0 */
	uint32_t number;   /* in the response's Observe option */
	bool has_option;   /* there is one */
	coap_tick_t began; /* now */
};

/* For struct dispatch; its turn is a struct notify_turn. */
extern const struct dispatch_observe notify_dispatch;
/* A request was dispatched; answered: response goes out. What the client
 * observed with this token ends, unless it has asked for it again. */
void notify_answered(struct notify_turn *turn, const coap_pdu_t *request,
    coap_pdu_t *response, bool answered);
/* ... but it could not be sent after all. */
void notify_unanswered(struct notify_turn *turn, const coap_pdu_t *request);

/* What the message layer has to tell of messages; most are something else. */
void notify_sent(coap_session_t *session, const coap_pdu_t *sent);
void notify_repeated(coap_session_t *session, const coap_pdu_t *sent);
void notify_acked(coap_session_t *session, const coap_pdu_t *sent);
/* All that the peer observes ends when nothing was heard of it since. */
void notify_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason);
/* A CON is to be sent again: one with a newer state in its place, the caller's;
 * NULL: as it is, if it is still wanted. May run a handler. */
coap_pdu_t *notify_renew(coap_session_t *session, const coap_pdu_t *sent);

/* Whether a request asks to observe: GET or FETCH with Observe 0. */
bool notify_asks(const coap_pdu_t *request);
/* An entry for a request of an earlier process, which is owed the state of now;
 * NULL: there is no room or no memory. */
struct observer *notify_bring_back(coap_session_t *session,
    coap_resource_t *resource, const coap_pdu_t *request);

/* Whether the peer observes anything: then it is not idle. */
bool notify_has(const coap_session_t *session);
/* When something can be sent that is owed; TIMER_NEVER: nothing, or only after
 * a message of the peer. */
coap_tick_t notify_next(const coap_session_t *session);
/* Sends it. */
void notify_run(coap_session_t *session, coap_tick_t now);
/* The transport is gone. */
void notify_forget(coap_session_t *session);
/* The resource is gone: its observers are told (RFC 7641 section 4.2). */
void notify_removed(coap_resource_t *resource);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations of a client on a session: exchange/observation.h with sending,
 * handlers and time. There are two kinds: those of coap_send(), whose answers
 * the context's handlers get, and those of coapx_observe_start(), which have
 * their own; observe_api.c has what only the latter need.
 */
#ifndef SESSION_OBSERVE_CLIENT_H
#define SESSION_OBSERVE_CLIENT_H

#include "exchange/observation.h"

#include "session/traffic/app_request.h"

struct coapx_observation_t {
	coap_session_t *session;
	struct observation *o; /* NULL: it has ended */
	coapx_observe_params_t params;
	/* The request that (de)registers, or the rest of its answer, and ... */
	coapx_request_t *asking;
	coapx_request_t *fetching; /* ... of a notification */
	unsigned calls;            /* callbacks of it that are under way */
	uint8_t told;              /* the state that was told last */
	bool old; /* what is delivered next is not the newest */
};

/* observe_client.c */
size_t observe_count(const coap_session_t *session);
/* Made at the first use; NULL when out of memory. */
struct observations *observe_table(coap_session_t *session);
void observe_free(coap_session_t *session);

/* session_send_pdu() for a message of the application: one that observes
 * begins an observation, or ends one. */
int observe_send(coap_session_t *session, coap_pdu_t *pdu);
/*
 * A response came; q is the request with its token, or NULL. True when it was
 * dealt with, else it goes on as any other.
 */
bool observe_response(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
/* A request without a handler of its own: what ends it will be told now, its
 * handler said no to it, it failed (true: not to be told). */
void observe_delivering(coap_session_t *session, const struct request *q,
    const coap_pdu_t *response);
void observe_rejected(coap_session_t *session, const struct request *q);
bool observe_failed(coap_session_t *session, const struct request *q);

/* The session's transport is gone: with a reconnect to come they stay. */
void observe_down(coap_session_t *session, coap_nack_reason_t reason, int err);
/* It is there again. */
void observe_restore(coap_session_t *session);
/* The session ends in good order: the server is told, and not waited for. */
void observe_farewell(coap_session_t *session);
coap_tick_t observe_next(const coap_session_t *session);
void observe_expire(coap_session_t *session, coap_tick_t now);

/* For the files of it */
/* NULL: there never was one. */
struct observations *observe_table_of(const coap_session_t *session);
struct observation *observe_find(const coap_session_t *session,
    coap_bin_const_t token);
/* The request of its own token that is under way: it registers, or ends it. */
struct request *observe_request(const coap_session_t *session,
    const struct observation *o);
bool observe_stands(const coap_session_t *session);
/* Whether its transport is gone, and another to come. */
bool observe_waits(const coap_session_t *session);
/* The request once more with that value of Observe, the caller's. NULL when
 * out of memory. */
coap_pdu_t *observe_copy(coap_session_t *session, const coap_pdu_t *pdu,
    coap_pdu_type_t type, unsigned value);
/* Its body goes with a message. */
void observe_attach_body(coap_pdu_t *pdu, const struct observation *o);
/* The message that ends it at the server. */
coap_pdu_t *observe_cancel_pdu(coap_session_t *session,
    const struct observation *o, coap_pdu_type_t type);
/* Sends that, for nobody to wait for; whether a message is such a one, whose
 * end nobody hears of. */
void observe_tell_server(coap_session_t *session, const struct observation *o);
bool observe_is_silent(const coap_pdu_t *pdu);
/* Whether a request of its token registers or ends it: it may be another one of
 * the application's. */
bool observe_owns(const struct observation *o, const struct request *q);
/* The request for the next part of the newest, or the last one; NULL: none. */
struct request *observe_find_fetch(const coap_session_t *session,
    const struct observation *o);
/* What fetches the rest of a notification ends without a word; that, and what
 * asks. */
void observe_drop_fetch(coap_session_t *session, struct observation *o);
void observe_give_up(coap_session_t *session, struct observation *o);
/* Out of the table. tell: where the server cannot learn it from a Reset, it is
 * told, and not waited for. */
void observe_forget(coap_session_t *session, struct observation *o, bool tell);
/* It ends with an error, and its owner hears of it. */
void observe_end(coap_session_t *session, struct observation *o,
    coap_nack_reason_t reason, int err);
/* It is to be asked for again soon. */
void observe_stale(coap_session_t *session, struct observation *o);
/* The same at once, in the next turn of the loop. */
void observe_hurry(coapx_observation_t *h);

/* observe_api.c: of those with a handle */
int observe_app_register(coapx_observation_t *h);
/* A notification is on its way to the handle; q is loose. */
int observe_app_attach(coapx_observation_t *h, struct request *q);
/* The state may have changed. */
void observe_app_state(coapx_observation_t *h);
void observe_app_end(coapx_observation_t *h, coap_nack_reason_t reason,
    int err);
/* A request of it ends without a word; both. */
void observe_app_drop(coapx_observation_t *h, coapx_request_t *a);
void observe_app_give_up(coapx_observation_t *h);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies in blocks on a session: exchange/transfer.h and exchange/bodies.h with
 * handlers, sending and time. */
#ifndef SESSION_BLOCKWISE_H
#define SESSION_BLOCKWISE_H

#include "exchange/bodies.h"
#include "exchange/resource.h"
#include "session/traffic/app_request.h"

/* blockwise.c: what a session may do with blocks */
bool blockwise_mode(const coap_session_t *session, uint32_t flag);
/* Bytes of the largest message to the peer, as far as it is known. */
size_t blockwise_max(const coap_session_t *session);
/* Whether the peer said that it takes BERT. */
bool blockwise_bert(const coap_session_t *session);
/* The body that was put to a message; NULL: none. */
bool blockwise_has_body(const coap_pdu_t *pdu);
/* It takes out, which goes with the message. */
void blockwise_attach(coap_pdu_t *pdu, struct body_out *out);
struct body_out *blockwise_detach(coap_pdu_t *pdu);

/* The body of an answer that has its options already, an ETag perhaps among
 * them; release() is called in any case. 1, or 0 and the response says what is
 * wrong. */
struct blockwise_answer {
	const uint8_t *data;
	size_t length;
	coap_release_large_data_t release;
	void *app;
};

int blockwise_add_answer(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct blockwise_answer *answer);

/* blockwise_begin.c: what is done with a request until it was sent once */
/* session_send_pdu() for a request whose body may take several messages, or
 * whose answer's; a is NULL without a handler of its own. */
int blockwise_request(coap_session_t *session, coap_pdu_t *pdu,
    coapx_request_t *a, struct request **request);
/* Whether the library deals with blocks, and with Echo, by itself. */
bool blockwise_does(const coap_session_t *session, const coapx_request_t *a);
/* A payload that fits, but not into a block of the size that was asked for. */
bool blockwise_is_cut(const coap_session_t *session, const coap_pdu_t *pdu,
    const coapx_request_t *a);
struct transfer_params blockwise_params(const coap_session_t *session,
    coapx_request_t *a);
/* What makes a transfer of a request before there is an answer: a body that
 * goes up, or one that is there in part. 0 or an error. */
int blockwise_prepare(struct transfer *t, const coapx_request_t *a);
/* A GET says which size it wants (RFC 7959 section 2.4). False: it has no room
 * for that. */
bool blockwise_negotiate(const coap_session_t *session, coap_pdu_t *pdu,
    coapx_request_t *a);
/* While a transfer works, callbacks of the application may be called: what it
 * cancels then ends when they have returned. */
void blockwise_working(const struct request *q, bool working);
bool blockwise_cancelled(const struct request *q);
/* How far it has come, for the application; valid as long as t. */
coapx_transfer_t blockwise_told(const struct transfer *t);
void blockwise_tell(coapx_request_t *a, const struct transfer *t);

/* blockwise_client.c: what is done with its answers */
/* Whether a response is a transfer's; then it was dealt with. */
bool blockwise_response(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
/* Its time begins anew, where it is for each block; NULL is fine. */
void blockwise_deadline(const coap_session_t *session, coapx_request_t *a);
/* These end with q, which is in no table: given up by the application; with an
 * error; answered; answered, or to be gone on with; to be gone on with. */
void blockwise_drop(struct request *q);
void blockwise_failed(coap_session_t *session, struct request *q, int err);
void blockwise_finish(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
void blockwise_answered(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
void blockwise_ask_on(coap_session_t *session, struct request *q);

/* blockwise_wait.c */
/* Whether something can be sent still, which a callback may have ended: 0, or
 * the error. */
int blockwise_gone(const coap_session_t *session);
/* A request whose callbacks wait, and that is in no table: in the table it is
 * until coapx_request_resume(). */
void blockwise_hold(coap_session_t *session, struct request *q);
/* The same for one that begins: 0 and *out, or an error. */
int blockwise_hold_first(coap_session_t *session, struct transfer *t,
    coapx_request_t *a, struct request **out);
bool blockwise_is_held(const struct request *q);
/* Those that wait no more go on. */
void blockwise_resume(coap_session_t *session);

/* blockwise_server.c */
struct serving {
	coap_session_t *session;
	coap_pdu_t *whole; /* the request as the handler sees it; or NULL */
	struct bodies_result r;
};

extern const struct dispatch_bodies blockwise_bodies;
struct bodies_params blockwise_server_params(const coap_session_t *session);
/* Made at the first use; NULL when out of memory. */
struct bodies *blockwise_bodies_of(coap_session_t *session);
/* What was dropped goes now: release functions are called. */
void blockwise_bury(coap_session_t *session);
/* All that a peer has begun is over. */
void blockwise_forget(coap_session_t *session);
void blockwise_expire(coap_session_t *session, coap_tick_t now);
coap_tick_t blockwise_next(const coap_session_t *session);

#endif

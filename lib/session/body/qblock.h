/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Q-Block (RFC 9177) on a session: exchange/qtransfer.h and the Q-Block part of
 * exchange/bodies.h with sending and time. Over datagrams, and only where the
 * context tries it.
 */
#ifndef SESSION_QBLOCK_H
#define SESSION_QBLOCK_H

#include "exchange/bodies.h"
#include "exchange/qtransfer.h"
#include "session/traffic/app_request.h"

/* coap_session_t.q_block: what is known of the peer. */
enum qblock_peer_has {
	QBLOCK_UNKNOWN, /* the next CON request asks */
	QBLOCK_YES,
	QBLOCK_NO, /* it has answered 4.02: Block1 and Block2 from then on */
};

/* Modes of a context that answers by it. */
#define QBLOCK_SERVES (COAP_BLOCK_TRY_Q_BLOCK | COAPX_BLOCK_SERVE_Q_BLOCK)

/* qblock.c */
/* Whether requests of the peer may have it. */
bool qblock_serves(const coap_session_t *session);
struct qblock_params qblock_times(const coap_session_t *session);
/* Whether the transport takes a message now: a CON no sooner than NSTART
 * allows. */
bool qblock_can_send(const coap_session_t *session, bool con);
/* A message that no request waits for; without a way to send it is lost. */
void qblock_send(coap_session_t *session, coap_pdu_t *pdu);
/* Not where it leads to any more: what of these a message was. err is what a
 * request ends with. */
bool qblock_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason, int err);
coap_tick_t qblock_next(const coap_session_t *session);
void qblock_run(coap_session_t *session, coap_tick_t now);

/* qblock_client.c */
bool qblock_wanted(const coap_session_t *session, const coap_pdu_t *pdu,
    const coapx_request_t *a);
/* blockwise_request() for one that goes so; -COAP_E_NOTSUP: it can not, and
 * nothing has happened. */
int qblock_request(coap_session_t *session, coap_pdu_t *pdu, coapx_request_t *a,
    struct request **request);
/* A request by the token of one of its later messages; NULL: none. */
struct request *qblock_find(const coap_session_t *session,
    coap_bin_const_t token);
/* A response to a request that goes so. */
void qblock_response(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
bool qblock_client_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason, int err);
coap_tick_t qblock_client_next(const coap_session_t *session);
void qblock_client_run(coap_session_t *session, coap_tick_t now);

/* qblock_server.c */
/* Whether a request has options that are dealt with here. */
bool qblock_is_ours(const coap_session_t *session, const coap_pdu_t *request);
/* blockwise_server_params() with what Q-Block needs; times is filled. */
struct bodies_params qblock_server_params(const coap_session_t *session,
    struct qblock_params *times);
bool qblock_server_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason);
coap_tick_t qblock_server_next(const coap_session_t *session);
void qblock_server_run(coap_session_t *session, coap_tick_t now);

#endif

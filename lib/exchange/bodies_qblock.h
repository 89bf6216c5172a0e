/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of a server's part of Q-Block share. */
#ifndef EXCHANGE_BODIES_QBLOCK_H
#define EXCHANGE_BODIES_QBLOCK_H

#include "exchange/bodies_internal.h"

/* A request with a Q-Block option, and where its answer goes. */
struct qblock_request {
	struct bodies *b;
	const struct bodies_params *params;
	coap_tick_t now;
	const coap_pdu_t *request;
	coap_pdu_t *response;
	struct bodies_result *r;
	struct buf key;
};

/* pool may be NULL when nothing comes in. NULL when out of memory. */
struct qblock_peer *bodies_qblock_peer(struct body_pool *pool);
/* What is sent unasked goes as this request came. False: out of memory. */
bool bodies_qblock_remember(struct qblock_peer *q, const coap_pdu_t *request);
/* Nothing is to be said now. */
enum bodies_step bodies_qblock_silent(struct qblock_request *a);
enum bodies_step bodies_qblock_no_memory(struct qblock_request *a);

/* bodies_qblock_in.c: a part of a body that comes in. */
enum bodies_step bodies_qblock_came_in(struct qblock_request *a);
/* bodies_qblock_out.c: an answer is asked for, or parts of it. */
enum bodies_step bodies_qblock_asked_for(struct qblock_request *a);

#endif

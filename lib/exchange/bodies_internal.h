/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of bodies.h share. */
#ifndef EXCHANGE_BODIES_INTERNAL_H
#define EXCHANGE_BODIES_INTERNAL_H

#include "exchange/bodies.h"

struct bodies_refusal {
	int err;
	unsigned code;
	const char *text;
};

struct body_entry *bodies_find(struct body_entry *list, const struct buf *key);
/* Takes the key's memory. NULL when out of memory. */
struct body_entry *bodies_entry_new(struct buf *key);
/* Its `out` says to which list. */
void bodies_add(struct bodies *b, struct body_entry *entry);
/* The body of a peer that was used longest ago, and is not this one, is
 * forgotten: its next part is answered by 4.08. False: there is none. */
bool bodies_make_room(struct body_pool *pool, const struct body_entry *wanted);
/* Somebody went on with it. */
void bodies_touch(struct bodies *b, struct body_entry *entry,
    coap_tick_t expires);
/* Out of its list; the caller's now. */
struct body_entry *bodies_take(struct bodies *b, struct body_entry *entry);
/* To be buried. NULL is allowed. */
void bodies_drop(struct bodies *b, struct body_entry *entry);

/* bodies_request.c */
/* Fills an answer; text may be NULL. */
enum bodies_step bodies_answer(coap_pdu_t *response, unsigned code,
    const char *text);
/* The same for why a part is not taken. */
enum bodies_step bodies_refuse(coap_pdu_t *response,
    const struct bodies_params *params, int err);
/* Code and options of an answer's other parts. False: out of memory. */
bool bodies_copy_head(const coap_pdu_t *head, coap_pdu_t *response);
/* Whether the handler can tell what was asked for: a request that changes
 * something, or whose body came with the first part, can not be repeated. */
bool bodies_can_ask_again(const coap_pdu_t *request);
/* An answer that is to be kept; NULL when out of memory. */
struct body_entry *bodies_new_answer(const coap_pdu_t *request,
    const coap_pdu_t *response);
/* Takes out, and entry, when there is room. entry may be NULL. */
bool bodies_keep_answer(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, struct body_entry *entry, struct body_out *out);
/* The body is not needed, or could not be sent. */
void bodies_let_go(struct bodies *b, struct body_out *out);

/* bodies_qblock.c */
/* Whether the request has a Q-Block option. */
bool bodies_qblock_has(const coap_pdu_t *request);
enum bodies_step bodies_qblock_request(struct bodies *b,
    const struct bodies_params *params, coap_tick_t now,
    const coap_pdu_t *request, coap_pdu_t *response, struct bodies_result *r);
/* Whether an answer goes by Q-Block2; if so, bodies_respond(). */
bool bodies_qblock_answers(const struct bodies_params *params,
    const coap_pdu_t *request, const struct body_out *out);
int bodies_qblock_respond(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct body_out *out);
void bodies_qblock_free(struct qblock_peer *q);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's part of Q-Block (RFC 9177): to whom a request with its options
 * goes, what a failure ends, and when something is due. */
#include "exchange/bodies_qblock.h"

#include "base/alloc.h"
#include "base/timer.h"

/* Bytes of a token that are kept: RFC 8974 allows more than anybody needs. */
#define TOKEN_MAX 65804

struct qblock_peer *
bodies_qblock_peer(struct body_pool *pool)
{
	struct qblock_peer *q = mem_new(COAP_LG_SRCV, 1, sizeof(*q));

	if (q == NULL)
		return NULL;
	qblock_in_init(&q->in, pool, false);
	buf_init(&q->token, TOKEN_MAX);
	return q;
}

void
bodies_qblock_free(struct qblock_peer *q)
{
	if (q == NULL)
		return;
	qblock_in_free(&q->in);
	buf_free(&q->token);
	coap_delete_pdu(q->answer);
	coap_free_type(COAP_LG_SRCV, q);
}

bool
bodies_qblock_remember(struct qblock_peer *q, const coap_pdu_t *request)
{
	q->con = request->type == COAP_MESSAGE_CON;
	q->in.con = q->con;
	q->out.con = q->con;
	q->token.len = 0;
	return buf_append(&q->token, request->token, request->token_len) == 0;
}

bool
bodies_qblock_has(const coap_pdu_t *request)
{
	return qblock_has(request, COAP_OPTION_Q_BLOCK1) ||
	    qblock_has(request, COAP_OPTION_Q_BLOCK2);
}

enum bodies_step
bodies_qblock_silent(struct qblock_request *a)
{
	a->response->code = COAP_EMPTY_CODE;
	return BODIES_ANSWERED;
}

enum bodies_step
bodies_qblock_no_memory(struct qblock_request *a)
{
	return bodies_answer(a->response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
	    NULL);
}

enum bodies_step
bodies_qblock_request(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct bodies_result *r)
{
	struct qblock_request a = {
		.b = b,
		.params = params,
		.now = now,
		.request = request,
		.response = response,
		.r = r,
	};
	enum bodies_step step;

	buf_init(&a.key, BODY_KEY_MAX);
	if (body_key(&a.key, request) < 0)
		step = bodies_qblock_no_memory(&a);
	else if (qblock_has(request, COAP_OPTION_Q_BLOCK1))
		step = bodies_qblock_came_in(&a);
	else
		step = bodies_qblock_asked_for(&a);
	buf_free(&a.key);
	return step;
}

static bool
has_token(const struct body_entry *entry, coap_bin_const_t token)
{
	return entry->q != NULL && entry->q->token.len == token.length &&
	    (token.length == 0 ||
		memcmp(entry->q->token.data, token.s, token.length) == 0);
}

bool
bodies_qblock_failed(struct bodies *b, coap_bin_const_t token, bool lost)
{
	struct body_entry *entry;

	for (entry = b->in; entry != NULL; entry = entry->next) {
		if (!has_token(entry, token) || entry->q->done)
			continue;
		bodies_drop(b, entry);
		return true;
	}
	for (entry = b->out; entry != NULL; entry = entry->next) {
		if (!has_token(entry, token))
			continue;
		entry->q->out.n_wanted = 0;
		entry->q->out.next = entry->q->out.end;
		entry->q->out.stop = entry->q->out.end;
		/* Who lost one may still ask for the rest. */
		if (!lost)
			bodies_drop(b, entry);
		return true;
	}
	return false;
}

coap_tick_t
bodies_qblock_next_due(const struct bodies *b, bool con)
{
	const struct body_entry *entry;
	coap_tick_t next = TIMER_NEVER;
	coap_tick_t at;

	for (entry = b->out; entry != NULL; entry = entry->next) {
		if (entry->q == NULL || (entry->q->con && !con))
			continue;
		at = qblock_out_next(&entry->q->out);
		next = at < next ? at : next;
	}
	for (entry = b->in; entry != NULL; entry = entry->next) {
		if (entry->q == NULL || entry->q->done)
			continue;
		at = entry->q->in.due < entry->q->in.expires
		    ? entry->q->in.due
		    : entry->q->in.expires;
		next = at < next ? at : next;
	}
	return next;
}

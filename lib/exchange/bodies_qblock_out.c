/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's part of Q-Block2 (RFC 9177): answers that go out in blocks, what
 * requests say about them, and what is sent without one. */
#include "exchange/bodies_qblock.h"

#include "base/err.h"
#include "base/timer.h"
#include "wire/block.h"

/* What the options ask for (RFC 9177 section 4.4). False: all of it lies
 * behind the end. */
static bool
apply(struct qblock_peer *q, const struct qblock_asked *asked)
{
	struct qblock_out *o = &q->out;
	bool any = false;
	unsigned i;

	for (i = 0; i < asked->n; i++) {
		uint32_t num = asked->ask[i].num;

		any = any || num < o->end;
		if (!asked->ask[i].m)
			qblock_out_want(o, num);
		else if (!qblock_out_continue(o, num))
			qblock_out_want_rest(o, num);
	}
	return any;
}

static bool
put_size(coap_pdu_t *response, const struct body_out *out)
{
	return block_add_size(response, COAP_OPTION_SIZE2, out->length);
}

bool
bodies_qblock_head(const struct body_entry *entry, coap_pdu_t *pdu)
{
	return bodies_copy_head(entry->head, pdu) && put_size(pdu, entry->out);
}

static enum bodies_step
answer_part(struct qblock_request *a, struct body_entry *entry,
    const struct qblock_asked *asked)
{
	struct qblock_peer *q = entry->q;
	uint32_t num;

	bodies_touch(a->b, entry, a->now + a->params->lifetime);
	if (asked->szx != q->szx || !bodies_qblock_remember(q, a->request))
		return bodies_answer(a->response,
		    COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The blocks of this body have another size");
	if (!apply(q, asked))
		return bodies_answer(a->response,
		    COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The block lies behind the end of the body");
	if (!qblock_out_take(&q->out, a->now, &num))
		return bodies_qblock_silent(a);
	if (bodies_qblock_head(entry, a->response) &&
	    qblock_put(entry->out, a->response, COAP_OPTION_Q_BLOCK2, num,
		q->szx) == 0)
		return BODIES_ANSWERED;
	pdu_clear(a->response);
	coap_add_token(a->response, a->request->token_len, a->request->token);
	return bodies_qblock_no_memory(a);
}

/* Whether a request is for a body from its begin, as it is now. */
static bool
is_fresh(const struct body_entry *entry, const struct qblock_asked *asked)
{
	if (asked->ask[0].num > 0)
		return false;
	return asked->ask[0].m ||
	    (asked->n == 1 &&
		(entry == NULL ||
		    qblock_out_next(&entry->q->out) == TIMER_NEVER));
}

enum bodies_step
bodies_qblock_asked_for(struct qblock_request *a)
{
	struct body_entry *entry = bodies_find(a->b->out, &a->key);
	struct qblock_asked asked;

	if (qblock_read_asked(a->request, &asked) < 0)
		return bodies_answer(a->response,
		    COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The Q-Block2 options are not in order");
	if (entry != NULL && entry->q == NULL)
		entry = NULL;
	if (is_fresh(entry, &asked))
		return BODIES_HANDLE;
	if (entry != NULL)
		return answer_part(a, entry, &asked);
	if (bodies_can_ask_again(a->request))
		return BODIES_HANDLE;
	return bodies_answer(a->response, COAP_RESPONSE_CODE_INCOMPLETE,
	    "The body of this answer is gone: begin again");
}

/* --- answers -------------------------------------------------------------- */

bool
bodies_qblock_answers(const struct bodies_params *params,
    const coap_pdu_t *request, const struct body_out *out)
{
	/* Size2 has to be exact; notifications go by Block2. */
	return params->qblock != NULL && out->length != BODY_UNKNOWN &&
	    (request->q_block || qblock_has(request, COAP_OPTION_Q_BLOCK2)) &&
	    !qblock_has(request, COAP_OPTION_OBSERVE);
}

/* The size of the blocks, so that each of them fits: a later request may have
 * a longer token. */
static int
choose_size(const struct bodies_params *params,
    const struct qblock_asked *asked, const coap_pdu_t *response)
{
	size_t room = block_room(response, 0) + 1;
	size_t spare = response->token_len < 8 ? 8 - response->token_len : 0;
	unsigned szx = asked->szx < params->szx ? asked->szx : params->szx;

	return qblock_szx(room > spare ? room - spare : 0, szx);
}

/* What goes first, and whether the rest follows by itself. */
static int
begin(struct qblock_request *a, struct qblock_peer *q,
    const struct qblock_asked *asked, uint32_t end, uint32_t *num)
{
	if (!bodies_qblock_remember(q, a->request))
		return -COAP_E_NOMEM;
	qblock_out_init(&q->out, end, q->con, a->params->qblock,
	    a->params->random);
	if (asked->ask[0].num == 0 && asked->n == 1 && !asked->ask[0].m) {
		/* The peer looks what there is. */
		q->out.single = true;
		q->out.next = 1;
		q->out.stop = 1;
		q->out.due = TIMER_NEVER;
		qblock_out_want(&q->out, 0);
	} else if (asked->ask[0].num > 0 || !asked->ask[0].m) {
		q->out.next = end;
		q->out.stop = end;
		if (!apply(q, asked))
			return -COAP_E_INVAL;
	}
	return qblock_out_take(&q->out, a->now, num) ? 0 : -COAP_E_INVAL;
}

/* RFC 9177 section 4.1: who sends by Q-Block1 takes Q-Block2, too. */
static int
read_asked(const coap_pdu_t *request, struct qblock_asked *asked)
{
	int r = qblock_read_asked(request, asked);

	if (r < 0 || asked->n > 0)
		return r;
	asked->n = 1;
	asked->szx = BODY_SZX_MAX;
	asked->ask[0].m = true;
	return 0;
}

static int
respond(struct qblock_request *a, struct body_out *out,
    struct body_entry *entry, const struct qblock_asked *asked)
{
	uint32_t num = 0;
	uint32_t end;
	int szx, r;

	if (!put_size(a->response, out))
		return -COAP_E_TOOBIG;
	szx = choose_size(a->params, asked, a->response);
	if (szx < 0)
		return szx;
	end = qblock_count(out->length, (unsigned)szx);
	if (end == 0)
		return -COAP_E_TOOBIG;
	entry->q->szx = (uint8_t)szx;
	r = begin(a, entry->q, asked, end, &num);
	return r < 0 ? r
		     : qblock_put(out, a->response, COAP_OPTION_Q_BLOCK2, num,
			   (unsigned)szx);
}

int
bodies_qblock_respond(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct body_out *out)
{
	struct qblock_request a = {
		.b = b,
		.params = params,
		.now = now,
		.request = request,
		.response = response,
	};
	struct body_entry *entry = bodies_new_answer(request, response);
	struct qblock_asked asked;
	int r = -COAP_E_NOMEM;

	if (entry != NULL)
		entry->q = bodies_qblock_peer(NULL);
	if (entry != NULL && entry->q != NULL &&
	    read_asked(request, &asked) == 0)
		r = respond(&a, out, entry, &asked);
	if (r == 0 && b != NULL && entry->q->out.end > 1 &&
	    bodies_keep_answer(b, params, now, entry, out))
		return 0;
	body_entry_free(entry);
	bodies_let_go(b, out);
	return r;
}

/* --- without a request ---------------------------------------------------- */

bool
bodies_qblock_take(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, bool con, struct bodies_qblock_next *next)
{
	struct body_entry *entry;

	for (entry = b->out; entry != NULL; entry = entry->next) {
		if (entry->q == NULL || (entry->q->con && !con) ||
		    qblock_out_next(&entry->q->out) > now ||
		    !qblock_out_take(&entry->q->out, now, &next->num))
			continue;
		next->entry = entry;
		next->out = body_out_ref(entry->out);
		next->szx = entry->q->szx;
		bodies_touch(b, entry, now + params->lifetime);
		return true;
	}
	return false;
}

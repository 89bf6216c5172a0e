/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's part of Q-Block (RFC 9177): requests with its options, answers,
 * and what is sent or asked for without one. */
#include "exchange/bodies_internal.h"

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "wire/block.h"

#define CONTENT_FORMAT_MISSING_BLOCKS 272
/* Bytes of a token that are kept: RFC 8974 allows more than anybody needs. */
#define TOKEN_MAX 65804
/* Payload of an answer that is given again to a duplicate. */
#define ANSWER_MAX ((size_t)4096)

struct ask {
	struct bodies *b;
	const struct bodies_params *params;
	coap_tick_t now;
	const coap_pdu_t *request;
	coap_pdu_t *response;
	struct bodies_result *r;
	struct buf key;
};

static struct qblock_peer *
peer_new(struct body_pool *pool)
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

/* What is sent unasked goes as this request came. */
static bool
remember_request(struct qblock_peer *q, const coap_pdu_t *request)
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

/* Nothing is to be said now. */
static enum bodies_step
silent(struct ask *a)
{
	a->response->code = COAP_EMPTY_CODE;
	return BODIES_ANSWERED;
}

static enum bodies_step
no_memory(struct ask *a)
{
	return bodies_answer(a->response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
	    NULL);
}

/* --- Q-Block1 ------------------------------------------------------------- */

/* The body that a part belongs to, new when there is none. */
static struct body_entry *
find_body(struct ask *a)
{
	struct body_entry *entry = bodies_find(a->b->in, &a->key);

	if (entry != NULL && entry->q != NULL)
		return entry;
	bodies_drop(a->b, entry);
	entry = bodies_entry_new(&a->key);
	if (entry == NULL)
		return NULL;
	entry->q = peer_new(a->params->pool);
	if (entry->q == NULL) {
		body_entry_free(entry);
		return NULL;
	}
	body_in_init(&entry->in, BODY_KEEP, a->params->body_max,
	    a->params->pool);
	entry->in.hint = body_size_hint(a->request, COAP_OPTION_SIZE1);
	bodies_add(a->b, entry);
	return entry;
}

/* RFC 9177 section 4.3: a duplicate is answered as if it were new. */
static enum bodies_step
answer_again(struct ask *a, const struct qblock_peer *q)
{
	const coap_pdu_t *answer = q->answer;

	if (answer == NULL)
		return silent(a);
	if (!bodies_copy_head(answer, a->response) ||
	    (answer->data != NULL &&
		!coap_add_data(a->response, pdu_payload_len(answer),
		    answer->data)))
		return no_memory(a);
	return BODIES_ANSWERED;
}

/* What stays of a body that a handler has: who repeats a block of it does not
 * begin it anew. Without memory it is as if it had been long ago. */
static void
leave_trace(struct ask *a, const struct body_entry *whole)
{
	struct body_entry *entry;
	struct buf key;

	buf_init(&key, BODY_KEY_MAX);
	entry = buf_append(&key, whole->key.data, whole->key.len) == 0
	    ? bodies_entry_new(&key)
	    : NULL;
	buf_free(&key);
	if (entry == NULL)
		return;
	entry->q = peer_new(NULL);
	if (entry->q == NULL) {
		body_entry_free(entry);
		return;
	}
	entry->q->done = true;
	entry->expires = a->now + a->params->lifetime;
	bodies_add(a->b, entry);
}

static enum bodies_step
give_whole(struct ask *a, struct body_entry *entry)
{
	a->r->entry = bodies_take(a->b, entry);
	a->r->part.data = entry->in.data.data;
	a->r->part.length = entry->in.data.len;
	a->r->part.total = entry->in.length;
	leave_trace(a, entry);
	return BODIES_BODY;
}

/* All up to the last of a set is there. */
static enum bodies_step
go_on(struct ask *a, const struct qblock_in *in)
{
	if (!qblock_add(a->response, COAP_OPTION_Q_BLOCK1, in->next - 1, true,
		in->szx))
		return no_memory(a);
	return bodies_answer(a->response, COAP_RESPONSE_CODE_CONTINUE, NULL);
}

bool
bodies_qblock_missing(struct body_entry *entry,
    const struct bodies_params *params, coap_pdu_t *response)
{
	uint32_t nums[QBLOCK_LIST_MAX];
	uint8_t list[QBLOCK_LIST_MAX * 5];
	unsigned n;
	size_t len;

	n = qblock_in_missing(&entry->q->in, params->qblock, nums,
	    QBLOCK_LIST_MAX);
	qblock_missing_write(nums, n, list, sizeof(list), &len);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_INCOMPLETE);
	return len > 0 &&
	    block_add_uint(response, COAP_OPTION_CONTENT_FORMAT,
		CONTENT_FORMAT_MISSING_BLOCKS) &&
	    coap_add_data(response, len, list);
}

static enum bodies_step
decide(struct ask *a, struct body_entry *entry, uint32_t num, int result)
{
	switch (qblock_in_came(&entry->q->in, a->params->qblock, num, result,
	    a->now)) {
	case QBLOCK_WHOLE:
		return give_whole(a, entry);
	case QBLOCK_CONTINUE:
		return go_on(a, &entry->q->in);
	case QBLOCK_ASK:
		if (!bodies_qblock_missing(entry, a->params, a->response))
			return no_memory(a);
		return BODIES_ANSWERED;
	default:
		return silent(a);
	}
}

static enum bodies_step
request_body(struct ask *a)
{
	size_t len = pdu_payload_len(a->request);
	size_t size = body_size_hint(a->request, COAP_OPTION_SIZE1);
	struct body_entry *entry;
	coap_block_b_t block;
	int r;

	if (!qblock_read(a->request, COAP_OPTION_Q_BLOCK1, &block) ||
	    !qblock_has(a->request, COAP_OPTION_RTAG))
		return bodies_answer(a->response,
		    COAP_RESPONSE_CODE_BAD_REQUEST,
		    "Q-Block1 needs a Request-Tag");
	entry = find_body(a);
	if (entry == NULL || !remember_request(entry->q, a->request)) {
		bodies_drop(a->b, entry);
		return no_memory(a);
	}
	if (entry->q->done)
		return answer_again(a, entry->q);
	do
		r = qblock_in_part(&entry->q->in, &entry->in, &block, size,
		    a->request->data, len);
	while (r == -COAP_E_LIMIT && bodies_make_room(a->params->pool, entry));
	if (r < 0) {
		bodies_drop(a->b, entry);
		return bodies_refuse(a->response, a->params, r);
	}
	bodies_touch(a->b, entry, a->now + a->params->lifetime);
	return decide(a, entry, block.num, r);
}

void
bodies_qblock_answered(struct bodies *b, const struct bodies_result *r,
    const coap_pdu_t *response)
{
	struct body_entry *entry;
	coap_pdu_t *copy;

	if (r->entry == NULL || r->entry->q == NULL || response->code == 0 ||
	    pdu_payload_len(response) > ANSWER_MAX)
		return;
	entry = bodies_find(b->in, &r->entry->key);
	if (entry == NULL || entry->q == NULL || !entry->q->done ||
	    entry->q->answer != NULL)
		return;
	copy = pdu_duplicate(response, 0, response->max, 0, NULL, NULL);
	if (copy != NULL && response->data != NULL &&
	    !coap_add_data(copy, pdu_payload_len(response), response->data)) {
		coap_delete_pdu(copy);
		copy = NULL;
	}
	entry->q->answer = copy;
}

/* --- Q-Block2 ------------------------------------------------------------- */

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
	return block_add_uint(response, COAP_OPTION_SIZE2, out->length) != 0;
}

bool
bodies_qblock_head(const struct body_entry *entry, coap_pdu_t *pdu)
{
	return bodies_copy_head(entry->head, pdu) && put_size(pdu, entry->out);
}

static enum bodies_step
answer_part(struct ask *a, struct body_entry *entry,
    const struct qblock_asked *asked)
{
	struct qblock_peer *q = entry->q;
	uint32_t num;

	bodies_touch(a->b, entry, a->now + a->params->lifetime);
	if (asked->szx != q->szx || !remember_request(q, a->request))
		return bodies_answer(a->response,
		    COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The blocks of this body have another size");
	if (!apply(q, asked))
		return bodies_answer(a->response,
		    COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The block lies behind the end of the body");
	if (!qblock_out_take(&q->out, a->now, &num))
		return silent(a);
	if (bodies_qblock_head(entry, a->response) &&
	    qblock_put(entry->out, a->response, COAP_OPTION_Q_BLOCK2, num,
		q->szx) == 0)
		return BODIES_ANSWERED;
	pdu_clear(a->response);
	coap_add_token(a->response, a->request->token_len, a->request->token);
	return no_memory(a);
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

static enum bodies_step
request_part(struct ask *a)
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

enum bodies_step
bodies_qblock_request(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct bodies_result *r)
{
	struct ask a = {
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
		step = no_memory(&a);
	else if (qblock_has(request, COAP_OPTION_Q_BLOCK1))
		step = request_body(&a);
	else
		step = request_part(&a);
	buf_free(&a.key);
	return step;
}

/* --- answers -------------------------------------------------------------- */

bool
bodies_qblock_answers(const struct bodies_params *params,
    const coap_pdu_t *request, const struct body_out *out)
{
	/* Size2 has to be exact; notifications go by Block2. */
	return params->qblock != NULL && out->length != BODY_UNKNOWN &&
	    qblock_has(request, COAP_OPTION_Q_BLOCK2) &&
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
begin(struct ask *a, struct qblock_peer *q, const struct qblock_asked *asked,
    uint32_t end, uint32_t *num)
{
	if (!remember_request(q, a->request))
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

static int
respond(struct ask *a, struct body_out *out, struct body_entry *entry,
    const struct qblock_asked *asked)
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
	struct ask a = {
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
		entry->q = peer_new(NULL);
	if (entry != NULL && entry->q != NULL &&
	    qblock_read_asked(request, &asked) == 0)
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

struct body_entry *
bodies_qblock_due(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now)
{
	struct body_entry *entry = b->in;
	struct body_entry *following;
	enum qblock_step step;

	for (; entry != NULL; entry = following) {
		following = entry->next;
		if (entry->q == NULL || entry->q->done)
			continue;
		step = qblock_in_timer(&entry->q->in, params->qblock, now);
		/* A CON that was given up says that the peer has, too. */
		if (step == QBLOCK_GIVE_UP ||
		    (step == QBLOCK_ASK && entry->q->con))
			bodies_drop(b, entry);
		else if (step == QBLOCK_ASK)
			return entry;
	}
	return NULL;
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

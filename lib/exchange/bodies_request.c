/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests with block options, and what a server does with them. */
#include "exchange/bodies_internal.h"
#include "exchange/transfer.h"

#include <utlist.h>

#include <coap3/coap_encode.h>

#include "base/err.h"
#include "wire/block.h"

struct part {
	struct bodies *b;
	const struct bodies_params *params;
	coap_tick_t now;
	const coap_pdu_t *request;
	coap_pdu_t *response;
	coap_block_b_t block1;
	coap_block_b_t block2;
	bool has_block1;
	bool has_block2;
	struct buf key;
	struct bodies_result *r;
};

/* --- answering ------------------------------------------------------------ */

/* RFC 7959 section 2.3: the part that is answered, and the size that we want
 * from now on. */
static bool
echo_block1(struct part *p, bool more)
{
	unsigned szx = p->block1.bert ? BODY_SZX_BERT : p->block1.szx;

	if (p->params->szx < p->block1.szx)
		szx = p->params->szx;
	return block_add_uint(p->response, COAP_OPTION_BLOCK1,
		   (uint64_t)p->block1.num << 4 | (unsigned)more << 3 | szx) >
	    0;
}

enum bodies_step
bodies_answer(coap_pdu_t *response, unsigned code, const char *text)
{
	coap_pdu_set_code(response, (coap_pdu_code_t)code);
	/* Without the text it is still an answer. */
	if (text != NULL && pdu_reserve(response, strlen(text) + 1) == 0)
		coap_add_data(response, strlen(text), (const uint8_t *)text);
	return BODIES_ANSWERED;
}

static enum bodies_step
answer(struct part *p, unsigned code, const char *text)
{
	return bodies_answer(p->response, code, text);
}

/* Why a part is not taken; the codes of RFC 7959 section 2.9. */
static const struct bodies_refusal refusals[] = {
	{ -COAP_E_FORMAT, COAP_RESPONSE_CODE_BAD_REQUEST,
	    "A block has not the size it names" },
	{ -COAP_E_STATE, COAP_RESPONSE_CODE_INCOMPLETE,
	    "A block is missing: begin again" },
	{ -COAP_E_TOOBIG, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
	    "The body is too large" },
	{ -COAP_E_LIMIT, COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE,
	    "Too many bodies are on their way" },
	{ 0, COAP_RESPONSE_CODE_INTERNAL_ERROR, "Out of memory" },
};

enum bodies_step
bodies_refuse(coap_pdu_t *response, const struct bodies_params *params, int err)
{
	size_t i = 0;

	while (refusals[i].err != err && refusals[i].err != 0)
		i++;
	/* How much would do (RFC 7959 section 2.9.3). */
	if (err == -COAP_E_TOOBIG)
		block_add_size(response, COAP_OPTION_SIZE1, params->body_max);
	return bodies_answer(response, refusals[i].code, refusals[i].text);
}

static enum bodies_step
refuse(struct part *p, int err)
{
	echo_block1(p, p->block1.m);
	return bodies_refuse(p->response, p->params, err);
}

/* --- bodies of requests --------------------------------------------------- */

/* 24 bits at most; -1: none, or one that says nothing. */
static int
observe_of(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(request, COAP_OPTION_OBSERVE, &oi);

	if (opt == NULL || coap_opt_length(opt) > 3)
		return -1;
	return (int)coap_decode_var_bytes(coap_opt_value(opt),
	    coap_opt_length(opt));
}

/* The body that the part belongs to: a new one for the first. */
static int
find_body(struct part *p, struct body_entry **out)
{
	struct body_entry *entry = bodies_find(p->b->in, &p->key);
	coap_option_t unused;

	*out = entry;
	if (p->block1.num > 0)
		return entry != NULL && entry->q == NULL ? 0 : -COAP_E_STATE;
	bodies_drop(p->b, entry);
	entry = bodies_entry_new(&p->key);
	*out = entry;
	if (entry == NULL)
		return -COAP_E_NOMEM;
	body_in_init(&entry->in, p->params->each ? BODY_COUNT : BODY_KEEP,
	    p->params->body_max, p->params->pool);
	entry->in.hint = body_size_hint(p->request, COAP_OPTION_SIZE1);
	entry->observe = observe_of(p->request);
	entry->if_none_match =
	    pdu_find_option(p->request, COAP_OPTION_IF_NONE_MATCH, &unused);
	bodies_add(p->b, entry);
	return 0;
}

/* The whole is there; its memory goes with the handler. */
static enum bodies_step
give_whole(struct part *p, struct body_entry *entry)
{
	p->r->entry = bodies_take(p->b, entry);
	p->r->part.data = entry->in.data.data;
	p->r->part.length = entry->in.data.len;
	p->r->part.total = entry->in.length;
	p->r->observe = entry->observe;
	p->r->if_none_match = entry->if_none_match;
	return BODIES_BODY;
}

static enum bodies_step
give_part(struct part *p, struct body_entry *entry, size_t offset)
{
	struct body_in *in = &entry->in;

	p->r->more = p->block1.m;
	p->r->part.data = p->request->data;
	p->r->part.length = pdu_payload_len(p->request);
	p->r->part.offset = offset;
	p->r->part.total = in->hint > in->length ? in->hint : in->length;
	if (!p->block1.m) {
		p->r->part.total = in->length;
		bodies_drop(p->b, entry);
	}
	return BODIES_BODY;
}

/* A handler that takes each part wanted an Echo with this one, and has not taken
 * it. */
static bool
was_refused(const struct part *p)
{
	return p->params->each && transfer_echo(p->request).length > 0;
}

static enum bodies_step
take_part(struct part *p, struct body_entry *entry)
{
	const coap_pdu_t *q = p->request;
	int r;

	do
		r = body_in_part(&entry->in, &p->block1, q->data,
		    pdu_payload_len(q));
	while (r == -COAP_E_LIMIT && bodies_make_room(p->params->pool, entry));
	if (r < 0) {
		bodies_drop(p->b, entry);
		return refuse(p, r);
	}
	bodies_touch(p->b, entry, p->now + p->params->lifetime);
	if (!echo_block1(p, p->block1.m)) {
		bodies_drop(p->b, entry);
		return answer(p, COAP_RESPONSE_CODE_INTERNAL_ERROR, NULL);
	}
	if (r == BODY_REPEATED && p->block1.m && !was_refused(p))
		return answer(p, COAP_RESPONSE_CODE_CONTINUE, NULL);
	if (p->params->each)
		return give_part(p, entry, (size_t)body_offset(&p->block1));
	if (p->block1.m)
		return answer(p, COAP_RESPONSE_CODE_CONTINUE, NULL);
	return give_whole(p, entry);
}

static enum bodies_step
request_body(struct part *p)
{
	struct body_entry *entry = NULL;
	int r;

	/* A body of one part needs no keeping. */
	if (p->block1.num == 0 && !p->block1.m) {
		bodies_drop(p->b, bodies_find(p->b->in, &p->key));
		return echo_block1(p, false)
		    ? BODIES_HANDLE
		    : answer(p, COAP_RESPONSE_CODE_INTERNAL_ERROR, NULL);
	}
	r = find_body(p, &entry);
	return r < 0 ? refuse(p, r) : take_part(p, entry);
}

/* --- bodies of answers ---------------------------------------------------- */

bool
bodies_copy_head(const coap_pdu_t *head, coap_pdu_t *response)
{
	response->code = head->code;
	return pdu_copy_options(response, head, NULL);
}

/* The size that we answer with: never larger than was asked for. */
static coap_block_b_t
our_block(const struct bodies_params *params, const coap_block_b_t *asked)
{
	unsigned szx = asked->szx < params->szx ? asked->szx : params->szx;
	bool bert = asked->bert && szx == BODY_SZX_MAX;

	return body_block_at((size_t)body_offset(asked), szx, bert);
}

/* body_out_part(): what it reads with may end everything but b and out. */
static int
read_part(struct bodies *b, struct body_out *out, coap_pdu_t *response,
    coap_block_b_t *block)
{
	int r;

	if (b == NULL)
		return body_out_part(out, response, COAP_OPTION_BLOCK2, block);
	b->reading++;
	r = body_out_part(out, response, COAP_OPTION_BLOCK2, block);
	b->reading--;
	return r;
}

/* RFC 7959 section 4 wants the size once, with the first part, and where the
 * request asks for it. */
static bool
put_size(const struct body_out *out, const coap_block_b_t *block,
    const coap_pdu_t *request, coap_pdu_t *response)
{
	coap_option_t option;

	if (out->length == BODY_UNKNOWN ||
	    (block->num > 0 &&
		!pdu_find_option(request, COAP_OPTION_SIZE2, &option)))
		return true;
	return block_add_size(response, COAP_OPTION_SIZE2, out->length);
}

static enum bodies_step
answer_part(struct part *p, struct body_entry *entry)
{
	coap_block_b_t block = our_block(p->params, &p->block2);
	int r;

	bodies_touch(p->b, entry, p->now + p->params->lifetime);
	if (!bodies_copy_head(entry->head, p->response) ||
	    !put_size(entry->out, &block, p->request, p->response))
		return answer(p, COAP_RESPONSE_CODE_INTERNAL_ERROR, NULL);
	r = read_part(p->b, entry->out, p->response, &block);
	if (r == 0)
		return BODIES_ANSWERED;
	pdu_clear(p->response);
	coap_add_token(p->response, p->request->token_len, p->request->token);
	if (r == -COAP_E_INVAL)
		return answer(p, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The block lies behind the end of the body");
	return answer(p, COAP_RESPONSE_CODE_INTERNAL_ERROR, NULL);
}

/* Whether the handler can tell what was asked for: a request that changes
 * something, or whose body came with the first part, can not be repeated. */
bool
bodies_can_ask_again(const coap_pdu_t *request)
{
	return request->code == COAP_REQUEST_CODE_GET ||
	    (request->code == COAP_REQUEST_CODE_FETCH && request->data != NULL);
}

static enum bodies_step
request_part(struct part *p)
{
	struct body_entry *entry = bodies_find(p->b->out, &p->key);

	if (entry != NULL)
		return answer_part(p, entry);
	if (bodies_can_ask_again(p->request))
		return BODIES_HANDLE;
	return answer(p, COAP_RESPONSE_CODE_INCOMPLETE,
	    "The body of this answer is gone: begin again");
}

static enum bodies_step
decide(struct part *p)
{
	if (p->has_block1)
		return request_body(p);
	if (p->has_block2 && p->block2.num > 0)
		return request_part(p);
	return BODIES_HANDLE;
}

enum bodies_step
bodies_request(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct bodies_result *r)
{
	bool bert = request->framing != FRAMING_DATAGRAM;
	struct part p = {
		.b = b,
		.params = params,
		.now = now,
		.request = request,
		.response = response,
		.r = r,
	};
	enum bodies_step step;

	memset(r, 0, sizeof(*r));
	r->observe = -1;
	if (params->qblock != NULL && bodies_qblock_has(request))
		return bodies_qblock_request(b, params, now, request, response,
		    r);
	p.has_block1 =
	    block_read(request, COAP_OPTION_BLOCK1, bert, &p.block1) != 0;
	p.has_block2 =
	    block_read(request, COAP_OPTION_BLOCK2, bert, &p.block2) != 0;
	if (!p.has_block1 && !p.has_block2)
		return BODIES_HANDLE;
	buf_init(&p.key, BODY_KEY_MAX);
	step = body_key(&p.key, request) == 0
	    ? decide(&p)
	    : answer(&p, COAP_RESPONSE_CODE_INTERNAL_ERROR, NULL);
	buf_free(&p.key);
	return step;
}

/* --- what handlers answer with -------------------------------------------- */

/* Whether the body goes without a block. */
static bool
fits(const struct bodies_params *params, const coap_pdu_t *response,
    const struct body_out *out)
{
	bool limited = params->szx < BODY_SZX_MAX;

	/* What is read comes in blocks, and if it is one. */
	if (out->read != NULL)
		return false;
	return out->length <= block_room(response, 0) &&
	    (!limited || out->length <= (size_t)1 << (params->szx + 4));
}

struct body_entry *
bodies_new_answer(const coap_pdu_t *request, const coap_pdu_t *response)
{
	struct body_entry *entry = NULL;
	coap_opt_filter_t drop;
	struct buf key;

	buf_init(&key, BODY_KEY_MAX);
	if (body_key(&key, request) == 0)
		entry = bodies_entry_new(&key);
	buf_free(&key);
	if (entry == NULL)
		return NULL;
	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK1);
	coap_option_filter_set(&drop, COAP_OPTION_OBSERVE);
	coap_option_filter_set(&drop, COAP_OPTION_SIZE2);
	entry->head = pdu_duplicate(response, 0, response->max, 0, NULL, &drop);
	if (entry->head != NULL)
		return entry;
	body_entry_free(entry);
	return NULL;
}

/* Whether there is room for it. What nobody releases costs nothing. */
static bool
count_kept(struct body_pool *pool, struct body_entry *entry,
    const struct body_out *out)
{
	if (pool == NULL || out->release == NULL || out->read != NULL)
		return true;
	if (out->length > pool->max - pool->used)
		return false;
	pool->used += out->length;
	entry->kept = pool;
	return true;
}

/* Without memory to keep it the handler is asked again. */
bool
bodies_keep_answer(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, struct body_entry *entry, struct body_out *out)
{
	if (entry == NULL)
		return false;
	bodies_drop(b, bodies_find(b->out, &entry->key));
	if (!count_kept(params->kept, entry, out))
		return false;
	entry->out = out;
	entry->expires = now + params->lifetime;
	bodies_add(b, entry);
	b->fresh = entry;
	return true;
}

static int
put_part(struct bodies *b, coap_block_b_t *block, coap_pdu_t *response,
    struct body_out *out, bool *rest)
{
	int r = read_part(b, out, response, block);

	*rest = r == 0 && (block->m || block->num > 0);
	return r;
}

/* The body is not needed, or could not be sent. */
void
bodies_let_go(struct bodies *b, struct body_out *out)
{
	struct body_entry *entry;
	struct buf none;

	buf_init(&none, 0);
	entry =
	    b != NULL && out->release != NULL ? bodies_entry_new(&none) : NULL;
	if (entry == NULL) {
		body_out_free(out);
		return;
	}
	entry->out = out;
	DL_APPEND(b->dropped, entry);
}

int
bodies_respond(struct bodies *b, const struct bodies_params *params,
    coap_tick_t now, const coap_pdu_t *request, coap_pdu_t *response,
    struct body_out *out)
{
	bool bert = request->framing != FRAMING_DATAGRAM;
	coap_block_b_t asked;
	struct body_entry *entry = NULL;
	bool rest = false;
	int r;

	if (bodies_qblock_answers(params, request, out) &&
	    (qblock_has(request, COAP_OPTION_Q_BLOCK2) ||
		!fits(params, response, out)))
		return bodies_qblock_respond(b, params, now, request, response,
		    out);
	if (!block_read(request, COAP_OPTION_BLOCK2, bert, &asked)) {
		if (fits(params, response, out)) {
			r = out->length == 0 ||
			    coap_add_data(response, out->length, out->data);
			bodies_let_go(b, out);
			return r ? 0 : -COAP_E_TOOBIG;
		}
		asked = body_block_at(0, BODY_SZX_MAX, params->bert);
	}
	if (b != NULL)
		entry = bodies_new_answer(request, response);
	asked = our_block(params, &asked);
	r = put_size(out, &asked, request, response)
	    ? put_part(b, &asked, response, out, &rest)
	    : -COAP_E_TOOBIG;
	if (rest && bodies_keep_answer(b, params, now, entry, out))
		return r;
	body_entry_free(entry);
	bodies_let_go(b, out);
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A server's part of Q-Block1 (RFC 9177): bodies that come in, what is said to
 * their parts, and what is asked for again. */
#include "exchange/bodies_qblock.h"

#include "base/alloc.h"
#include "base/err.h"
#include "wire/block.h"

#define CONTENT_FORMAT_MISSING_BLOCKS 272
/* Payload of an answer that is given again to a duplicate. */
#define ANSWER_MAX ((size_t)4096)

/* The body that a part belongs to, new when there is none. */
static struct body_entry *
find_body(struct qblock_request *a)
{
	struct body_entry *entry = bodies_find(a->b->in, &a->key);

	if (entry != NULL && entry->q != NULL)
		return entry;
	bodies_drop(a->b, entry);
	entry = bodies_entry_new(&a->key);
	if (entry == NULL)
		return NULL;
	entry->q = bodies_qblock_peer(a->params->pool);
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
answer_again(struct qblock_request *a, const struct qblock_peer *q)
{
	const coap_pdu_t *answer = q->answer;

	if (answer == NULL)
		return bodies_qblock_silent(a);
	if (!bodies_copy_head(answer, a->response) ||
	    (answer->data != NULL &&
		!coap_add_data(a->response, pdu_payload_len(answer),
		    answer->data)))
		return bodies_qblock_no_memory(a);
	return BODIES_ANSWERED;
}

/* What stays of a body that a handler has: who repeats a block of it does not
 * begin it anew. Without memory it is as if it had been long ago. */
static void
leave_trace(struct qblock_request *a, const struct body_entry *whole)
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
	entry->q = bodies_qblock_peer(NULL);
	if (entry->q == NULL) {
		body_entry_free(entry);
		return;
	}
	entry->q->done = true;
	entry->expires = a->now + a->params->lifetime;
	bodies_add(a->b, entry);
}

static enum bodies_step
give_whole(struct qblock_request *a, struct body_entry *entry)
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
go_on(struct qblock_request *a, const struct qblock_in *in)
{
	if (!qblock_add(a->response, COAP_OPTION_Q_BLOCK1, in->next - 1, true,
		in->szx))
		return bodies_qblock_no_memory(a);
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
decide(struct qblock_request *a, struct body_entry *entry, uint32_t num,
    int result)
{
	switch (qblock_in_came(&entry->q->in, a->params->qblock, num, result,
	    a->now)) {
	case QBLOCK_WHOLE:
		return give_whole(a, entry);
	case QBLOCK_CONTINUE:
		return go_on(a, &entry->q->in);
	case QBLOCK_ASK:
		if (!bodies_qblock_missing(entry, a->params, a->response))
			return bodies_qblock_no_memory(a);
		return BODIES_ANSWERED;
	default:
		return bodies_qblock_silent(a);
	}
}

enum bodies_step
bodies_qblock_came_in(struct qblock_request *a)
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
	if (entry == NULL || !bodies_qblock_remember(entry->q, a->request)) {
		bodies_drop(a->b, entry);
		return bodies_qblock_no_memory(a);
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

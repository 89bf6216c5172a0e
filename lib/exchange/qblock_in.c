/* SPDX-License-Identifier: BSD-2-Clause */
/* Q-Block: a body whose blocks come in any order, and what of it is asked for
 * again (RFC 9177 sections 4.3, 4.4 and 7.2). */
#include "exchange/qblock.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"

struct qblock_part {
	struct qblock_part *prev;
	struct qblock_part *next;
	coap_block_b_t block;
	size_t len;
	uint8_t data[];
};

void
qblock_in_init(struct qblock_in *q, struct body_pool *pool, bool con)
{
	*q = (struct qblock_in){ .pool = pool, .con = con };
	q->due = TIMER_NEVER;
	q->expires = TIMER_NEVER;
}

static void
drop_part(struct qblock_in *q, struct qblock_part *part)
{
	size_t size = sizeof(*part) + part->len;

	DL_DELETE(q->ahead, part);
	q->n_ahead--;
	if (q->pool != NULL) {
		q->pool->used -= size;
		q->counted -= size;
	}
	coap_free_type(COAP_LG_SRCV, part);
}

void
qblock_in_free(struct qblock_in *q)
{
	while (q->ahead != NULL)
		drop_part(q, q->ahead);
}

/* --- a part --------------------------------------------------------------- */

/* RFC 9177 section 4.6: what Size1 or Size2 say is exact, and stays. */
static int
check_size(const struct qblock_in *q, const struct body_in *in,
    const coap_block_b_t *block, size_t size, size_t len)
{
	uint64_t end = body_offset(block) + len;

	if (q->begun && size != q->size)
		return -COAP_E_FORMAT;
	if (size > in->max || end > in->max)
		return -COAP_E_TOOBIG;
	if (size == 0)
		return 0;
	return (block->m ? end < size : end == size) ? 0 : -COAP_E_FORMAT;
}

static int
check_part(const struct qblock_in *q, const struct body_in *in,
    const coap_block_b_t *block, size_t size, size_t len)
{
	size_t whole = (size_t)1 << (block->szx + 4);

	if (block->m ? len != whole : len > whole)
		return -COAP_E_FORMAT;
	/* Only a body of no length has a block of none. */
	if (len == 0 && block->num > 0)
		return -COAP_E_FORMAT;
	if (q->begun && block->szx != q->szx)
		return -COAP_E_FORMAT;
	/* The last one is the last, and no other is. */
	if (q->end > 0 &&
	    (block->num >= q->end || (block->num + 1 == q->end) == block->m))
		return -COAP_E_FORMAT;
	if (!block->m && block->num + 1 < q->seen)
		return -COAP_E_FORMAT;
	return check_size(q, in, block, size, len);
}

static int
keep_ahead(struct qblock_in *q, const coap_block_b_t *block,
    const uint8_t *data, size_t len)
{
	struct qblock_part *part, *before = NULL, *p;
	size_t size = sizeof(*part) + len;

	DL_FOREACH(q->ahead, p) {
		if (p->block.num == block->num)
			return BODY_REPEATED;
		if (p->block.num < block->num)
			before = p;
	}
	if (block->num - q->next > QBLOCK_AHEAD_MAX)
		return BODY_REPEATED;
	if (q->pool != NULL && size > q->pool->max - q->pool->used)
		return -COAP_E_LIMIT;
	part = coap_malloc_type(COAP_LG_SRCV, size);
	if (part == NULL)
		return -COAP_E_NOMEM;
	part->block = *block;
	part->len = len;
	if (len > 0)
		memcpy(part->data, data, len);
	if (before != NULL)
		DL_APPEND_ELEM(q->ahead, before, part);
	else
		DL_PREPEND(q->ahead, part);
	q->n_ahead++;
	if (q->pool != NULL) {
		q->pool->used += size;
		q->counted += size;
	}
	return 0;
}

/* What lies ahead and is next now. */
static int
join(struct qblock_in *q, struct body_in *in)
{
	struct qblock_part *part;
	int r = 0;

	while (r == 0 && q->ahead != NULL && q->ahead->block.num == q->next) {
		part = q->ahead;
		r = body_in_part(in, &part->block, part->data, part->len);
		if (r < 0)
			break;
		drop_part(q, part);
		q->next++;
	}
	return r < 0 ? r : 0;
}

static void
remember(struct qblock_in *q, const coap_block_b_t *block, size_t size)
{
	if (!q->begun) {
		q->begun = true;
		q->szx = block->szx;
		q->size = size;
		if (size > 0)
			q->end =
			    (uint32_t)((size + ((size_t)1 << (q->szx + 4)) -
					   1) >>
				(q->szx + 4));
	}
	if (!block->m)
		q->end = block->num + 1;
	if (block->num >= q->seen)
		q->seen = block->num + 1;
}

int
qblock_in_part(struct qblock_in *q, struct body_in *in,
    const coap_block_b_t *block, size_t size, const uint8_t *data, size_t len)
{
	int r = check_part(q, in, block, size, len);
	int joined;

	if (r < 0)
		return r;
	if (block->num < q->next)
		r = BODY_REPEATED;
	else if (block->num > q->next)
		r = keep_ahead(q, block, data, len);
	else
		r = body_in_part(in, block, data, len);
	if (r < 0)
		return r;
	if (r == 0) {
		q->next += block->num == q->next;
		remember(q, block, size);
	}
	/* Also where there was no room for it the last time. */
	joined = join(q, in);
	return joined < 0 ? joined : r;
}

/* --- what to do ----------------------------------------------------------- */

static uint32_t
set_of(const struct qblock_params *params, uint32_t num)
{
	return num / params->max_payloads;
}

/* NON_RECEIVE_TIMEOUT, doubled with each repetition. */
static coap_tick_t
patience(const struct qblock_in *q, const struct qblock_params *params)
{
	coap_tick_t t =
	    q->con ? params->transmit_span : params->receive_timeout;
	unsigned n = q->repeats < 20 ? q->repeats : 20;

	return t << n;
}

/* Where the set begins that the last block lies in: what is missing before it
 * was passed over. */
static uint32_t
passed(const struct qblock_in *q, const struct qblock_params *params)
{
	return q->seen > 0 ? set_of(params, q->seen - 1) * params->max_payloads
			   : 0;
}

/* A set before the one that the peer is at has gaps, and they were not asked
 * for since it got there; or all that was asked for is here, and more is
 * missing. */
static bool
must_ask(const struct qblock_in *q, const struct qblock_params *params)
{
	if (q->con || q->next >= passed(q, params))
		return false;
	return set_of(params, q->seen - 1) > q->asked_set ||
	    q->next >= q->asked;
}

enum qblock_step
qblock_in_came(struct qblock_in *q, const struct qblock_params *params,
    uint32_t num, int result, coap_tick_t now)
{
	if (q->end > 0 && q->next == q->end)
		return QBLOCK_WHOLE;
	if (result == 0) {
		q->repeats = 0;
		q->due = now + patience(q, params);
		/* A CON may be on its way for long. */
		q->expires = now + params->partial_timeout +
		    (q->con ? 2 * params->transmit_span : 0);
	}
	if (must_ask(q, params)) {
		q->asked_set = set_of(params, q->seen - 1);
		q->due = now + patience(q, params);
		return QBLOCK_ASK;
	}
	if (q->con || q->next != q->seen || q->next % params->max_payloads != 0)
		return QBLOCK_WAIT;
	/* The last one of a set once more: the answer to it was lost. */
	if (q->next == q->told && (result == 0 || num + 1 != q->next))
		return QBLOCK_WAIT;
	q->told = q->next;
	return QBLOCK_CONTINUE;
}

enum qblock_step
qblock_in_timer(struct qblock_in *q, const struct qblock_params *params,
    coap_tick_t now)
{
	if (now >= q->expires)
		return QBLOCK_GIVE_UP;
	if (now < q->due)
		return QBLOCK_WAIT;
	if (q->repeats >= params->max_retransmit)
		return QBLOCK_GIVE_UP;
	q->repeats++;
	q->due = now + patience(q, params);
	q->asked = q->next;
	return QBLOCK_ASK;
}

/* Behind the last block that may be asked for: of the sets that were passed
 * over, or when it took too long, of the one that the peer is at. */
static uint32_t
ask_end(const struct qblock_in *q, const struct qblock_params *params)
{
	uint32_t last = q->seen > q->next ? q->seen - 1 : q->next;
	uint64_t end;

	if (q->repeats == 0)
		return passed(q, params);
	/* What is behind the last one may not be there at all. */
	if (q->end == 0)
		return q->seen > q->next ? q->seen : q->next + 1;
	end = ((uint64_t)set_of(params, last) + 1) * params->max_payloads;
	return end < q->end ? (uint32_t)end : q->end;
}

unsigned
qblock_in_missing(struct qblock_in *q, const struct qblock_params *params,
    uint32_t *nums, unsigned max)
{
	const struct qblock_part *part = q->ahead;
	uint32_t end = ask_end(q, params);
	uint32_t num;
	unsigned n = 0;

	if (max > params->max_payloads)
		max = params->max_payloads;
	for (num = q->next; num < end && n < max; num++) {
		while (part != NULL && part->block.num < num)
			part = part->next;
		if (part == NULL || part->block.num != num)
			nums[n++] = num;
	}
	if (n > 0)
		q->asked = nums[n - 1] + 1;
	return n;
}

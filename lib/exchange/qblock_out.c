/* SPDX-License-Identifier: BSD-2-Clause */
/* Q-Block: which block is sent when (RFC 9177 sections 4.3, 4.4 and 7.2). */
#include "exchange/qblock.h"

#include "base/err.h"
#include "base/timer.h"
#include "wire/block.h"

uint32_t
qblock_count(size_t length, unsigned szx)
{
	size_t size = (size_t)1 << (szx + 4);
	size_t n = length / size + (length % size != 0);

	if (n > QBLOCK_NUM_MAX + (size_t)1)
		return 0;
	return n > 0 ? (uint32_t)n : 1;
}

/* Behind the last block of the set that num lies in. */
static uint32_t
set_end(const struct qblock_out *o, uint32_t num)
{
	uint64_t end = ((uint64_t)num / o->max_payloads + 1) * o->max_payloads;

	return end < o->end ? (uint32_t)end : o->end;
}

void
qblock_out_init(struct qblock_out *o, uint32_t end, bool con,
    const struct qblock_params *params, uint32_t random)
{
	coap_tick_t more = params->non_timeout_max > params->non_timeout
	    ? params->non_timeout_max - params->non_timeout
	    : 0;

	*o = (struct qblock_out){ .end = end, .con = con };
	o->max_payloads = params->max_payloads > 0 ? params->max_payloads : 1;
	o->pause = params->non_timeout + random % (more + 1);
}

/* After what was sent the peer has time before the next set. */
static void
pause_after(struct qblock_out *o, coap_tick_t now)
{
	if (o->n_wanted > 0 || o->next != o->stop)
		return;
	if (o->single)
		o->due = TIMER_NEVER;
	else
		o->due = o->con ? now : now + o->pause;
}

bool
qblock_out_take(struct qblock_out *o, coap_tick_t now, uint32_t *num)
{
	if (o->n_wanted > 0) {
		*num = o->wanted[0];
		o->n_wanted--;
		memmove(o->wanted, o->wanted + 1,
		    o->n_wanted * sizeof(o->wanted[0]));
		pause_after(o, now);
		return true;
	}
	if (o->next >= o->end || (o->next == o->stop && now < o->due))
		return false;
	if (o->next == o->stop)
		o->stop = set_end(o, o->next);
	*num = o->next++;
	pause_after(o, now);
	return true;
}

bool
qblock_out_continue(struct qblock_out *o, uint32_t num)
{
	if (num != o->next || o->next != o->stop || o->next >= o->end)
		return false;
	o->due = 0;
	o->single = false;
	return true;
}

void
qblock_out_want(struct qblock_out *o, uint32_t num)
{
	unsigned limit = o->max_payloads < QBLOCK_LIST_MAX ? o->max_payloads
							   : QBLOCK_LIST_MAX;
	unsigned i = o->n_wanted;

	/* Where not all follows by itself it may be any block. */
	if (o->single && num >= o->next && num < o->end) {
		o->next = num + 1;
		o->stop = num + 1;
	}
	/* What was never sent comes by itself, in its turn. */
	if (num >= o->next || o->n_wanted >= limit)
		return;
	while (i > 0 && o->wanted[i - 1] > num)
		i--;
	if (i > 0 && o->wanted[i - 1] == num)
		return;
	memmove(o->wanted + i + 1, o->wanted + i,
	    (o->n_wanted - i) * sizeof(o->wanted[0]));
	o->wanted[i] = num;
	o->n_wanted++;
}

void
qblock_out_want_rest(struct qblock_out *o, uint32_t num)
{
	uint32_t end;

	if (num >= o->end)
		return;
	end = set_end(o, num);
	/* The peer wants what follows, too. */
	if (end > o->next && num <= o->next && o->next == o->stop)
		o->stop = end;
	if (end > o->next)
		end = o->next;
	/* No more than the limit are taken. */
	if (end > num + QBLOCK_LIST_MAX)
		end = num + QBLOCK_LIST_MAX;
	for (; num < end; num++)
		qblock_out_want(o, num);
}

coap_tick_t
qblock_out_next(const struct qblock_out *o)
{
	if (o->n_wanted > 0)
		return 0;
	if (o->next >= o->end)
		return TIMER_NEVER;
	return o->next < o->stop ? 0 : o->due;
}

int
qblock_put(struct body_out *out, coap_pdu_t *pdu, coap_option_num_t number,
    uint32_t num, unsigned szx)
{
	coap_block_b_t block = { .num = num, .szx = szx & 7, .aszx = szx & 7 };
	int r = body_out_part(out, pdu, number, &block);

	if (r == 0 && block.szx != (szx & 7))
		return -COAP_E_TOOBIG;
	return r;
}

int
qblock_szx(size_t room, unsigned szx)
{
	/* The longest option, with an extended delta, and the marker. */
	const size_t around = 2 + 3 + 1;

	for (;; szx--) {
		if (room >= around && ((size_t)16 << szx) <= room - around)
			return (int)szx;
		if (szx == 0)
			return -COAP_E_TOOBIG;
	}
}

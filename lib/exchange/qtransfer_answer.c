/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's part of Q-Block: what comes, and what is due. */
#include "exchange/qtransfer.h"

#include "base/err.h"
#include "base/timer.h"
#include "wire/block.h"

static struct qtransfer_answer
fail(int err)
{
	return (
	    struct qtransfer_answer){ .step = QTRANSFER_FAILED, .err = err };
}

static struct qtransfer_answer
step(enum qtransfer_step s)
{
	return (struct qtransfer_answer){ .step = s };
}

/* --- our body ------------------------------------------------------------- */

static struct qtransfer_answer
continue_up(struct qtransfer *q, const coap_pdu_t *response)
{
	struct qtransfer_answer a = { .step = QTRANSFER_WAIT, .known = true };
	coap_block_b_t block;
	uint32_t num = q->out.next;
	size_t acked;

	if (qblock_read(response, COAP_OPTION_Q_BLOCK1, &block))
		num = block.num + 1;
	if (num > q->out.next)
		return a;
	qblock_out_continue(&q->out, num);
	q->repeats = 0;
	q->due = TIMER_NEVER;
	acked = (size_t)num << (q->szx + 4);
	a.news = acked > q->t->acked;
	if (a.news)
		q->t->acked = acked;
	return a;
}

static struct qtransfer_answer
repeat_up(struct qtransfer *q, const coap_pdu_t *response)
{
	struct qtransfer_answer a = { .step = QTRANSFER_WAIT, .known = true };
	uint32_t nums[QBLOCK_LIST_MAX];
	int n = qblock_missing_read(response->data, pdu_payload_len(response),
	    nums, QBLOCK_LIST_MAX);
	int i;

	/* One that is not in order is dropped (RFC 9177 section 5). */
	if (n < 0)
		return a;
	for (i = 0; i < n; i++)
		qblock_out_want(&q->out, nums[i]);
	q->repeats = 0;
	q->due = TIMER_NEVER;
	return a;
}

/* Whatever else is said ends our body: it was taken, or will not be. */
static struct qtransfer_answer
end_up(struct qtransfer *q, const coap_pdu_t *response)
{
	struct qtransfer_answer a = { .step = QTRANSFER_LEAVE };
	unsigned class = COAP_RESPONSE_CLASS(coap_pdu_get_code(response));

	a.known = class == 2;
	/* It is sent once more with an Echo, by other means. */
	if (transfer_wants_echo(response) && !q->t->relayed)
		return a;
	q->t->up = false;
	/* The rest of an answer by Block2 belongs to this request. */
	q->t->tag = q->tag;
	if (class == 2)
		q->t->acked = transfer_body(q->t)->length;
	return a;
}

static struct qtransfer_answer
answer_up(struct qtransfer *q, const coap_pdu_t *response)
{
	if (coap_pdu_get_code(response) == COAP_RESPONSE_CODE_CONTINUE)
		return continue_up(q, response);
	if (qblock_is_missing(response))
		return repeat_up(q, response);
	return end_up(q, response);
}

/* --- the answer's body ---------------------------------------------------- */

static struct qtransfer_etag
read_etag(const coap_pdu_t *pdu)
{
	struct qtransfer_etag etag = { .len = 0 };
	coap_opt_iterator_t oi;
	const coap_opt_t *opt = coap_check_option(pdu, COAP_OPTION_ETAG, &oi);

	/* A longer one is none (RFC 7252 section 5.10). */
	if (opt == NULL || coap_opt_length(opt) > sizeof(etag.s))
		return etag;
	etag.len = (uint8_t)coap_opt_length(opt);
	memcpy(etag.s, coap_opt_value(opt), etag.len);
	return etag;
}

static bool
same(const struct qtransfer_etag *a, const struct qtransfer_etag *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

/* What has come is not fresh any more (RFC 9177 section 4.4): from the begin,
 * once. */
static struct qtransfer_answer
begin_anew(struct qtransfer *q, const struct qtransfer_etag *etag)
{
	struct transfer *t = q->t;

	/* What it answered is not sent again. */
	if (q->restarted || q->turned)
		return fail(-COAP_E_BAD_RESPONSE);
	q->restarted = true;
	q->old = q->etag;
	q->etag = *etag;
	qblock_in_free(&q->in);
	qblock_in_init(&q->in, t->in.pool, q->con);
	body_in_restart(&t->in);
	coap_delete_pdu(t->head);
	t->head = NULL;
	return step(QTRANSFER_ANEW);
}

static void
note_etag(struct qtransfer *q)
{
	q->t->in.etag_len = q->etag.len;
	memcpy(q->t->in.etag, q->etag.s, sizeof(q->etag.s));
}

static enum qtransfer_step
step_of(enum qblock_step s)
{
	static const enum qtransfer_step steps[] = {
		[QBLOCK_WAIT] = QTRANSFER_WAIT,
		[QBLOCK_CONTINUE] = QTRANSFER_CONTINUE,
		[QBLOCK_ASK] = QTRANSFER_ASK,
		[QBLOCK_WHOLE] = QTRANSFER_WHOLE,
		[QBLOCK_GIVE_UP] = QTRANSFER_FAILED,
	};

	return steps[s];
}

static struct qtransfer_answer
take_part(struct qtransfer *q, const struct qblock_params *times,
    const coap_pdu_t *response, const coap_block_b_t *block, coap_tick_t now)
{
	struct qtransfer_answer a = { .known = true };
	struct transfer *t = q->t;
	size_t size = body_size_hint(response, COAP_OPTION_SIZE2);
	int r;

	if (!q->in.begun && block->szx > q->szx)
		return fail(-COAP_E_BAD_RESPONSE);
	r = qblock_in_part(&q->in, &t->in, block, size, response->data,
	    pdu_payload_len(response));
	if (r < 0)
		return fail(r == -COAP_E_FORMAT ? -COAP_E_BAD_RESPONSE : r);
	q->szx = q->in.szx;
	t->in.hint = q->in.size;
	note_etag(q);
	if (!transfer_keep_head(t, response))
		return fail(-COAP_E_NOMEM);
	a.news = r == 0;
	a.step = step_of(qblock_in_came(&q->in, times, block->num, r, now));
	/* The peer knows it: the rest is not to be confirmed. */
	if (q->probe && a.step == QTRANSFER_WAIT)
		a.step = QTRANSFER_CONTINUE;
	q->probe = false;
	return a;
}

static struct qtransfer_answer
answer_down(struct qtransfer *q, const struct qblock_params *times,
    const coap_pdu_t *response, coap_tick_t now)
{
	struct qtransfer_etag etag = read_etag(response);
	struct qtransfer_answer a;
	coap_block_b_t block;

	if (COAP_RESPONSE_CLASS(coap_pdu_get_code(response)) != 2 ||
	    !qblock_read(response, COAP_OPTION_Q_BLOCK2, &block))
		return step(QTRANSFER_LEAVE);
	if (q->restarted && same(&etag, &q->old) && !same(&etag, &q->etag))
		return step(QTRANSFER_WAIT);
	if (!q->in.begun || same(&etag, &q->etag)) {
		q->etag = etag;
		return take_part(q, times, response, &block, now);
	}
	a = begin_anew(q, &etag);
	/* This is the begin already; the rest follows it. */
	if (a.step == QTRANSFER_ANEW && block.num == 0)
		return take_part(q, times, response, &block, now);
	return a;
}

/* Our body has arrived, and the answer's comes by itself: who sends by Q-Block1
 * takes Q-Block2 (section 4.1). */
static void
turn(struct qtransfer *q)
{
	q->t->up = false;
	q->t->tag = q->tag;
	q->t->acked = transfer_body(q->t)->length;
	q->up = false;
	q->turned = true;
	q->probe = false;
	q->szx = BODY_SZX_MAX;
}

static bool
is_turn(const struct qtransfer *q, const coap_pdu_t *response)
{
	coap_pdu_code_t code = coap_pdu_get_code(response);

	return q->up && COAP_RESPONSE_CLASS(code) == 2 &&
	    code != COAP_RESPONSE_CODE_CONTINUE &&
	    qblock_has(response, COAP_OPTION_Q_BLOCK2);
}

struct qtransfer_answer
qtransfer_response(struct qtransfer *q, const struct qblock_params *times,
    const coap_pdu_t *response, coap_tick_t now)
{
	bool heard = q->heard;

	q->heard = true;
	/* Q-Block is critical: who does not know it says so (section 4.1). */
	if (coap_pdu_get_code(response) == COAP_RESPONSE_CODE_BAD_OPTION &&
	    !(heard && !q->up))
		return step(QTRANSFER_FALL_BACK);
	if (is_turn(q, response))
		turn(q);
	return q->up ? answer_up(q, response)
		     : answer_down(q, times, response, now);
}

/* --- time ----------------------------------------------------------------- */

void
qtransfer_sent(struct qtransfer *q, const struct qblock_params *times,
    coap_tick_t now)
{
	unsigned n = q->repeats < 20 ? q->repeats : 20;
	coap_tick_t wait;

	if (!q->up || qblock_out_next(&q->out) != TIMER_NEVER ||
	    q->due != TIMER_NEVER)
		return;
	/* Longer than the peer waits until it asks for what it misses. */
	wait = times->receive_timeout + (times->receive_timeout << (n + 1));
	if (q->con)
		wait = times->transmit_span + times->partial_timeout;
	q->due = now + wait;
}

static enum qtransfer_step
timer_up(struct qtransfer *q, const struct qblock_params *times,
    coap_tick_t now)
{
	if (qblock_out_next(&q->out) != TIMER_NEVER || now < q->due)
		return QTRANSFER_WAIT;
	if (q->con || q->repeats >= times->max_retransmit)
		return QTRANSFER_FAILED;
	/* A duplicate is answered as the first one was: with the answer that
	 * was lost, or with what is missing. */
	q->repeats++;
	q->due = TIMER_NEVER;
	qblock_out_want(&q->out, q->out.end - 1);
	return QTRANSFER_WAIT;
}

enum qtransfer_step
qtransfer_timer(struct qtransfer *q, const struct qblock_params *times,
    coap_tick_t now)
{
	return q->up ? timer_up(q, times, now)
		     : step_of(qblock_in_timer(&q->in, times, now));
}

coap_tick_t
qtransfer_next(const struct qtransfer *q, bool can_send)
{
	coap_tick_t next;

	if (!q->up)
		return q->in.due < q->in.expires ? q->in.due : q->in.expires;
	next = qblock_out_next(&q->out);
	if (next == TIMER_NEVER)
		return q->due;
	return can_send ? next : TIMER_NEVER;
}

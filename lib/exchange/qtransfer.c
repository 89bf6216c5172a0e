/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's part of Q-Block: its life, and the messages it sends. */
#include "exchange/qtransfer.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/timer.h"
#include "wire/block.h"

/* --- messages ------------------------------------------------------------- */

/* The application's request, less what is put anew. first: with what only the
 * first message has. */
static coap_pdu_t *
copy_request(const struct qtransfer *q, const struct qtransfer_frame *frame)
{
	const coap_pdu_t *origin = q->t->origin;
	coap_opt_filter_t drop;
	coap_pdu_t *pdu;

	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK1);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK2);
	coap_option_filter_set(&drop, COAP_OPTION_SIZE1);
	/* It would make an answer of a missing block 2.03. */
	if (!q->up && q->heard)
		coap_option_filter_set(&drop, COAP_OPTION_ETAG);
	pdu = pdu_duplicate(origin, frame->mid, frame->max, frame->token.length,
	    frame->token.s, &drop);
	if (pdu != NULL)
		pdu->type = q->con ? COAP_MESSAGE_CON : COAP_MESSAGE_NON;
	return pdu;
}

static int
give(coap_pdu_t *pdu, int err, coap_pdu_t **out)
{
	*out = err < 0 ? NULL : pdu;
	if (err < 0)
		coap_delete_pdu(pdu);
	return err;
}

/* RFC 9177 sections 4.3 and 4.6: both in each of the messages. */
static bool
put_tag_and_size(const struct qtransfer *q, coap_pdu_t *pdu)
{
	if (q->tag != 0 && !block_add_uint(pdu, COAP_OPTION_RTAG, q->tag))
		return false;
	return block_add_uint(pdu, COAP_OPTION_SIZE1,
		   transfer_body(q->t)->length) != 0;
}

static struct body_out *
body_of(const struct transfer *t)
{
	return t->out != NULL ? t->out : t->payload;
}

int
qtransfer_part(struct qtransfer *q, uint32_t num,
    const struct qtransfer_frame *frame, coap_pdu_t **out)
{
	coap_pdu_t *pdu = copy_request(q, frame);
	int err;

	if (pdu == NULL)
		return give(pdu, -COAP_E_NOMEM, out);
	err = put_tag_and_size(q, pdu)
	    ? qblock_put(body_of(q->t), pdu, COAP_OPTION_Q_BLOCK1, num, q->szx)
	    : -COAP_E_TOOBIG;
	return give(pdu, err, out);
}

/* What says whose answer is asked for: a body that was sent is not sent again
 * (RFC 7959 section 2.7), its Request-Tag stands for it. */
static int
put_payload(const struct qtransfer *q, coap_pdu_t *pdu)
{
	const coap_pdu_t *origin = q->t->origin;

	if (q->turned)
		return q->tag == 0 ||
			block_add_uint(pdu, COAP_OPTION_RTAG, q->tag)
		    ? 0
		    : -COAP_E_TOOBIG;
	if (origin->data == NULL)
		return 0;
	return coap_add_data(pdu, pdu_payload_len(origin), origin->data)
	    ? 0
	    : -COAP_E_TOOBIG;
}

/* From a block on, all: the begin, or what comes after a set; or with m unset
 * that block alone. */
static int
ask_from(struct qtransfer *q, uint32_t num, bool m,
    const struct qtransfer_frame *frame, coap_pdu_t **out)
{
	coap_pdu_t *pdu = copy_request(q, frame);
	int err;

	if (pdu == NULL)
		return give(pdu, -COAP_E_NOMEM, out);
	err = qblock_add(pdu, COAP_OPTION_Q_BLOCK2, num, m, q->szx)
	    ? put_payload(q, pdu)
	    : -COAP_E_TOOBIG;
	return give(pdu, err, out);
}

/* How many at the end of the list are one run to the end of their set, which
 * the M bit can ask for at once. */
static unsigned
rest_of_set(const struct qblock_params *times, const struct qblock_in *in,
    const uint32_t *nums, unsigned n)
{
	unsigned run = 1;

	if (!times->use_m || n < 2 ||
	    ((nums[n - 1] + 1) % times->max_payloads != 0 &&
		nums[n - 1] + 1 != in->end))
		return 0;
	while (run < n && nums[n - run - 1] + 1 == nums[n - run] &&
	    nums[n - run] % times->max_payloads != 0)
		run++;
	/* The first of a set would mean something else: go on. */
	if (nums[n - run] % times->max_payloads == 0)
		run--;
	return run > 1 ? run : 0;
}

static bool
put_missing(struct qtransfer *q, const struct qblock_params *times,
    coap_pdu_t *pdu)
{
	uint32_t nums[QBLOCK_LIST_MAX];
	unsigned n = qblock_in_missing(&q->in, times, nums, QBLOCK_LIST_MAX);
	unsigned run = rest_of_set(times, &q->in, nums, n);
	unsigned i;

	for (i = 0; i < n - run; i++)
		if (!qblock_add(pdu, COAP_OPTION_Q_BLOCK2, nums[i], false,
			q->szx))
			return i > 0;
	if (run > 0)
		return qblock_add(pdu, COAP_OPTION_Q_BLOCK2, nums[n - run],
			   true, q->szx) ||
		    i > 0;
	return n > 0;
}

int
qtransfer_ask(struct qtransfer *q, enum qtransfer_step step,
    const struct qblock_params *times, const struct qtransfer_frame *frame,
    coap_pdu_t **out)
{
	coap_pdu_t *pdu;
	int err;

	if (step != QTRANSFER_ASK)
		return ask_from(q, step == QTRANSFER_ANEW ? 0 : q->in.next,
		    true, frame, out);
	pdu = copy_request(q, frame);
	if (pdu == NULL)
		return give(pdu, -COAP_E_NOMEM, out);
	err = put_missing(q, times, pdu) ? put_payload(q, pdu) : -COAP_E_TOOBIG;
	return give(pdu, err, out);
}

int
qtransfer_first(struct qtransfer *q, const struct qtransfer_frame *frame,
    coap_pdu_t **out)
{
	uint32_t num = 0;
	int err;

	if (q->up && !qblock_out_take(&q->out, 0, &num))
		return -COAP_E_INVAL;
	err = q->up ? qtransfer_part(q, num, frame, out)
		    : ask_from(q, 0, !q->probe, frame, out);
	if (err == 0 && q->probe)
		(*out)->type = COAP_MESSAGE_CON;
	return err;
}

/* --- its life ------------------------------------------------------------- */

/* The size of our blocks: each message must hold one. */
static int
size_up(struct qtransfer *q, const struct qtransfer_params *params)
{
	const struct body_out *body = transfer_body(q->t);
	const struct qtransfer_frame frame = { .max = params->max,
		.token = coap_pdu_get_token(q->t->origin) };
	coap_pdu_t *pdu = copy_request(q, &frame);
	size_t spare, room;
	int szx = -COAP_E_NOMEM;

	if (pdu != NULL && !put_tag_and_size(q, pdu))
		szx = -COAP_E_TOOBIG;
	else if (pdu != NULL) {
		spare = pdu->token_len < 8 ? 8 - pdu->token_len : 0;
		room = block_room(pdu, 0) + 1;
		szx = qblock_szx(room > spare ? room - spare : 0, q->szx);
	}
	coap_delete_pdu(pdu);
	if (szx < 0)
		return szx;
	q->szx = (uint8_t)szx;
	if (qblock_count(body->length, q->szx) == 0)
		return -COAP_E_TOOBIG;
	qblock_out_init(&q->out, qblock_count(body->length, q->szx), q->con,
	    params->times, params->random);
	return 0;
}

int
qtransfer_begin(struct transfer *t, struct qtransfer **list,
    const struct qtransfer_params *params)
{
	struct qtransfer *q = mem_new(COAP_LG_CRCV, 1, sizeof(*q));
	coap_opt_iterator_t oi;
	int err = 0;

	if (q == NULL)
		return -COAP_E_NOMEM;
	q->t = t;
	q->up = t->up;
	q->con = params->con;
	q->probe = params->probe;
	q->szx = t->szx < BODY_SZX_MAX ? t->szx : BODY_SZX_MAX;
	q->due = TIMER_NEVER;
	if (coap_check_option(t->origin, COAP_OPTION_RTAG, &oi) == NULL)
		q->tag = params->tag;
	qblock_in_init(&q->in, t->in.pool, q->con);
	if (q->up)
		err = size_up(q, params);
	if (err < 0) {
		coap_free_type(COAP_LG_CRCV, q);
		return err;
	}
	q->list = list;
	DL_APPEND(*list, q);
	t->q = q;
	return 0;
}

void
qtransfer_free(struct qtransfer *q)
{
	if (q == NULL)
		return;
	DL_DELETE(*q->list, q);
	qblock_in_free(&q->in);
	q->t->q = NULL;
	coap_free_type(COAP_LG_CRCV, q);
}

void
qtransfer_put_token(struct qtransfer *q, coap_bin_const_t token)
{
	struct qtransfer_token *at = &q->tokens[q->n_tokens % QTRANSFER_TOKENS];

	if (token.length > sizeof(at->s))
		return;
	at->len = (uint8_t)token.length;
	if (token.length > 0)
		memcpy(at->s, token.s, token.length);
	q->n_tokens++;
}

bool
qtransfer_has_token(const struct qtransfer *q, coap_bin_const_t token)
{
	unsigned n =
	    q->n_tokens < QTRANSFER_TOKENS ? q->n_tokens : QTRANSFER_TOKENS;
	unsigned i;

	for (i = 0; i < n; i++)
		if (q->tokens[i].len == token.length && token.length > 0 &&
		    memcmp(q->tokens[i].s, token.s, token.length) == 0)
			return true;
	return false;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's transfer: its life, and the messages it sends. */
#include "exchange/qtransfer.h"

#include "base/alloc.h"
#include "base/err.h"
#include "wire/block.h"

/* A block's number has 20 bits. */
#define NUM_MAX 0xFFFFFu

static bool
has_block2(const coap_pdu_t *pdu)
{
	coap_option_t option;

	return pdu_find_option(pdu, COAP_OPTION_BLOCK2, &option);
}

struct transfer *
transfer_new(coap_pdu_t *origin, struct body_out *out,
    const struct transfer_params *params)
{
	struct transfer *t = mem_new(COAP_LG_CRCV, 1, sizeof(*t));

	if (t == NULL) {
		body_out_free(out);
		return NULL;
	}
	t->origin = pdu_ref(origin);
	t->out = out;
	t->up = out != NULL;
	t->szx = (uint8_t)params->szx;
	body_in_init(&t->in, params->keep, params->body_max, params->pool);
	t->in.write = params->write;
	t->in.arg = params->arg;
	buf_init(&t->key, BODY_KEY_MAX);
	if (out == NULL || body_key(&t->key, origin) == 0)
		return t;
	transfer_free(t);
	return NULL;
}

int
transfer_cut_payload(struct transfer *t)
{
	const coap_pdu_t *origin = t->origin;

	t->payload = body_out_new(origin->data, pdu_payload_len(origin), NULL,
	    NULL, NULL);
	if (t->payload == NULL || body_key(&t->key, origin) < 0)
		return -COAP_E_NOMEM;
	t->up = true;
	return 0;
}

void
transfer_jump(struct transfer *t)
{
	t->in.length = t->resume.offset;
	t->in.etag_len = t->resume.etag_len;
	memcpy(t->in.etag, t->resume.etag, sizeof(t->in.etag));
}

int
transfer_resume(struct transfer *t, size_t offset, const uint8_t *etag,
    size_t etag_len)
{
	if (offset % 16 != 0 || etag == NULL || etag_len == 0 ||
	    etag_len > sizeof(t->in.etag) || t->out != NULL ||
	    coap_pdu_get_code(t->origin) != COAP_REQUEST_CODE_GET ||
	    t->origin->data != NULL || has_block2(t->origin))
		return -COAP_E_INVAL;
	if (offset >= t->in.max)
		return -COAP_E_TOOBIG;
	t->resume.offset = offset;
	t->resume.etag_len = (uint8_t)etag_len;
	memcpy(t->resume.etag, etag, etag_len);
	transfer_jump(t);
	while (offset % ((size_t)16 << t->szx) != 0)
		t->szx--;
	t->down_bert = t->szx == BODY_SZX_MAX;
	t->resumed = true;
	return 0;
}

void
transfer_free(struct transfer *t)
{
	struct body_out *out;

	if (t == NULL)
		return;
	out = t->out;
	qtransfer_free(t->q);
	body_out_free(t->payload);
	body_in_free(&t->in);
	buf_free(&t->key);
	coap_delete_pdu(t->head);
	coap_delete_pdu(t->origin);
	coap_free_type(COAP_LG_CRCV, t);
	body_out_free(out);
}

/* Our body may also be the payload of a message that was too large. */
static struct body_out *
body_of(const struct transfer *t)
{
	return t->out != NULL ? t->out : t->payload;
}

const struct body_out *
transfer_body(const struct transfer *t)
{
	return body_of(t);
}

/* --- the next message ----------------------------------------------------- */

bool
transfer_repeats(const struct transfer *t)
{
	return t->again && !t->up && !t->asked && t->in.length == 0;
}

/* The options of the application's request that this message repeats. */
static void
choose_options(const struct transfer *t, bool last, coap_opt_filter_t *drop)
{
	coap_option_filter_clear(drop);
	if (t->echo_len > 0)
		coap_option_filter_set(drop, COAP_OPTION_ECHO);
	if (transfer_repeats(t))
		return;
	coap_option_filter_set(drop, COAP_OPTION_BLOCK1);
	coap_option_filter_set(drop, COAP_OPTION_SIZE1);
	if (!t->up || !last)
		coap_option_filter_set(drop, COAP_OPTION_BLOCK2);
	/* RFC 7959 section 2.6. What goes up has it in each part, as libcoap
	 * does: there are servers that look at the last one alone. */
	if (!t->up)
		coap_option_filter_set(drop, COAP_OPTION_OBSERVE);
	/* The first part has said that none of them is valid. */
	if (!t->up && t->in.length > 0)
		coap_option_filter_set(drop, COAP_OPTION_ETAG);
	/* RFC 7959 section 2.10; and what the body made is there now. */
	if (t->up ? t->offset > 0 : t->in.length > 0)
		coap_option_filter_set(drop, COAP_OPTION_IF_NONE_MATCH);
}

static bool
put_tag(const struct transfer *t, coap_pdu_t *pdu)
{
	return t->tag == 0 || block_add_uint(pdu, COAP_OPTION_RTAG, t->tag) > 0;
}

/* RFC 7959 section 4: with the first part alone. */
static bool
put_size(const struct transfer *t, coap_pdu_t *pdu)
{
	size_t length = body_of(t)->length;

	if (t->offset > 0 || length == BODY_UNKNOWN)
		return true;
	return block_add_uint(pdu, COAP_OPTION_SIZE1, length) > 0;
}

/* Whether blocks of this size can be counted to the end of the body. */
static bool
has_numbers(const struct body_out *out, const coap_block_b_t *block)
{
	return out->length == BODY_UNKNOWN || out->length == 0 ||
	    (out->length - 1) >> (block->szx + 4) <= NUM_MAX;
}

static int
put_up(struct transfer *t, const struct transfer_link *link, coap_pdu_t *pdu)
{
	coap_block_b_t block;
	int r;

	t->no_bert = t->no_bert || !link->bert;
	block = body_block_at(t->offset, t->szx,
	    !t->no_bert && t->szx == BODY_SZX_MAX);
	if (!put_tag(t, pdu) || !put_size(t, pdu) || block.num > NUM_MAX ||
	    !has_numbers(body_of(t), &block))
		return -COAP_E_TOOBIG;
	r = body_out_part(body_of(t), pdu, COAP_OPTION_BLOCK1, &block);
	if (r != 0)
		return r;
	/* It may be smaller now. */
	if (!has_numbers(body_of(t), &block))
		return -COAP_E_TOOBIG;
	t->sent = block.chunk_size;
	t->more = block.m;
	t->bert = block.bert;
	t->szx = block.szx;
	return 0;
}

/* RFC 7959 section 4: 0 asks for the size, which comes by itself with the first
 * part alone. */
static bool
ask_size(const struct transfer *t, coap_pdu_t *pdu)
{
	coap_option_t option;

	return !t->resumed ||
	    pdu_find_option(pdu, COAP_OPTION_SIZE2, &option) ||
	    block_add_uint(pdu, COAP_OPTION_SIZE2, 0) > 0;
}

static int
put_down(struct transfer *t, const struct transfer_link *link, coap_pdu_t *pdu)
{
	coap_block_b_t block = body_block_at(t->in.length, t->szx,
	    link->bert && t->down_bert && t->szx == BODY_SZX_MAX);

	t->offset = t->in.length;
	t->asked = true;
	t->bert = block.bert;
	if (block.num > NUM_MAX)
		return -COAP_E_TOOBIG;
	/* M is 0 in what asks (RFC 7959 section 2.2). */
	if (!block_add_uint(pdu, COAP_OPTION_BLOCK2,
		(uint64_t)block.num << 4 | block.aszx))
		return -COAP_E_TOOBIG;
	return ask_size(t, pdu) && put_tag(t, pdu) ? 0 : -COAP_E_TOOBIG;
}

static int
put_payload(const struct transfer *t, coap_pdu_t *pdu)
{
	return coap_add_data(pdu, pdu_payload_len(t->origin), t->origin->data)
	    ? 0
	    : -COAP_E_TOOBIG;
}

static int
put_rest(struct transfer *t, const struct transfer_link *link, coap_pdu_t *pdu)
{
	if (t->echo_len > 0 &&
	    !coap_add_option(pdu, COAP_OPTION_ECHO, t->echo_len, t->echo))
		return -COAP_E_TOOBIG;
	if (transfer_repeats(t))
		return put_payload(t, pdu);
	return t->up ? put_up(t, link, pdu) : put_down(t, link, pdu);
}

/* last: with the options that only the last part of our body has. */
static int
make(struct transfer *t, const struct transfer_link *link, uint16_t mid,
    coap_bin_const_t token, bool last, coap_pdu_t **out)
{
	coap_opt_filter_t drop;
	int r;

	choose_options(t, last, &drop);
	*out = pdu_duplicate(t->origin, mid, link->max, token.length, token.s,
	    &drop);
	if (*out == NULL)
		return -COAP_E_NOMEM;
	r = put_rest(t, link, *out);
	if (r == 0)
		return 0;
	coap_delete_pdu(*out);
	*out = NULL;
	return r;
}

int
transfer_message(struct transfer *t, const struct transfer_link *link,
    uint16_t mid, coap_bin_const_t token, coap_pdu_t **out)
{
	bool asks = t->up && has_block2(t->origin);
	int r = make(t, link, mid, token, asks, out);

	if (r != 0 || !asks || !t->more)
		return r;
	/* The size of the answer is asked for with the last part alone. */
	coap_delete_pdu(*out);
	return make(t, link, mid, token, false, out);
}

bool
transfer_is_sent(const struct transfer *t)
{
	return t->up && !t->more;
}

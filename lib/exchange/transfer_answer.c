/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's transfer: what the answers to its messages mean. */
#include "exchange/transfer.h"

#include "base/err.h"
#include "wire/block.h"

/* How often a transfer begins anew when the peer's state was lost, or when
 * what it sends has changed meanwhile. */
#define RESTARTS_MAX 1

struct answer {
	const coap_pdu_t *pdu;
	unsigned code;
	unsigned class;
	coap_block_b_t block1;
	coap_block_b_t block2;
	bool has_block1;
	bool has_block2;
	const uint8_t *data; /* the payload */
	size_t len;
};

static void
read_answer(const coap_pdu_t *pdu, struct answer *a)
{
	bool bert = pdu->framing != FRAMING_DATAGRAM;

	a->pdu = pdu;
	a->code = coap_pdu_get_code(pdu);
	a->class = COAP_RESPONSE_CLASS(a->code);
	a->has_block1 =
	    block_read(pdu, COAP_OPTION_BLOCK1, bert, &a->block1) != 0;
	a->has_block2 =
	    block_read(pdu, COAP_OPTION_BLOCK2, bert, &a->block2) != 0;
	a->len = pdu_payload_len(pdu);
	a->data = pdu->data;
}

/* Whether 4.13 says that smaller blocks might do (RFC 7959 section 2.9.3). */
static bool
wants_smaller(const struct answer *a, size_t sent)
{
	return a->code == COAP_RESPONSE_CODE_REQUEST_TOO_LARGE &&
	    a->has_block1 && !a->block1.bert &&
	    ((size_t)1 << (a->block1.szx + 4)) < sent;
}

/* The application asked for one part of its own choice. */
static bool
is_random_access(const coap_pdu_t *request)
{
	coap_block_b_t block;

	return block_read(request, COAP_OPTION_BLOCK2, true, &block) &&
	    block.num > 0;
}

bool
transfer_is_needed(const coap_pdu_t *request, const coap_pdu_t *response)
{
	struct answer a;

	read_answer(response, &a);
	if (wants_smaller(&a, pdu_payload_len(request)))
		return true;
	return a.class == 2 && a.has_block2 && a.block2.m &&
	    !is_random_access(request);
}

static enum transfer_step
fail(int *err, int error)
{
	*err = error;
	return TRANSFER_FAILED;
}

/* --- our body ------------------------------------------------------------- */

/* From the first byte on again; false when that was done before. */
static bool
restart_up(struct transfer *t)
{
	if (t->restarts >= RESTARTS_MAX)
		return false;
	t->restarts++;
	t->offset = 0;
	t->acked = 0;
	return true;
}

/* A payload that the peer wants in blocks becomes our body. */
static enum transfer_step
make_smaller(struct transfer *t, const struct answer *a, int *err)
{
	const coap_pdu_t *origin = t->origin;

	if (t->out == NULL && t->payload == NULL) {
		t->payload = body_out_new(origin->data, pdu_payload_len(origin),
		    NULL, NULL, NULL);
		if (t->payload == NULL || body_key(&t->key, origin) < 0)
			return fail(err, -COAP_E_NOMEM);
	}
	t->up = true;
	t->szx = (uint8_t)a->block1.szx;
	t->offset = 0;
	t->acked = 0;
	return TRANSFER_NEXT;
}

/* Whether it answers the part that was sent: its number, or with a smaller
 * size that of the place where it began. */
static bool
is_of_part(const struct transfer *t, const struct answer *a)
{
	return a->has_block1 &&
	    (a->block1.num == t->offset >> (t->szx + 4) ||
		body_offset(&a->block1) == t->offset);
}

static enum transfer_step
go_on_up(struct transfer *t, const struct answer *a)
{
	t->offset += t->sent;
	t->no_bert = t->no_bert || (t->bert && !a->block1.bert);
	if (a->block1.szx < t->szx)
		t->szx = (uint8_t)a->block1.szx;
	return TRANSFER_NEXT;
}

static enum transfer_step answer_down(struct transfer *t,
    const struct answer *a, int *err);

static enum transfer_step
answer_up(struct transfer *t, const struct answer *a, int *err)
{
	bool more = t->more;

	if (wants_smaller(a, t->sent))
		return make_smaller(t, a, err);
	if (a->code == COAP_RESPONSE_CODE_INCOMPLETE && restart_up(t))
		return TRANSFER_NEXT;
	if (a->class != 2)
		return TRANSFER_DONE;
	/* 2.31 asks for more, where there is more; anything else that is good
	 * means that the server deals with each part by itself. */
	if (!is_of_part(t, a) && (more || a->has_block1))
		return fail(err, -COAP_E_BAD_RESPONSE);
	if (!more && a->code == COAP_RESPONSE_CODE_CONTINUE)
		return fail(err, -COAP_E_BAD_RESPONSE);
	t->acked = t->offset + t->sent;
	if (more)
		return go_on_up(t, a);
	t->up = false;
	return answer_down(t, a, err);
}

/* --- the answer's body ---------------------------------------------------- */

/* Only what was not done by a body, and changes nothing, may be asked for from
 * the first part on again: without its body it would be another request. */
static bool
can_restart_down(const struct transfer *t)
{
	unsigned code = coap_pdu_get_code(t->origin);

	return t->restarts < RESTARTS_MAX && t->out == NULL &&
	    t->origin->data == NULL &&
	    (code == COAP_REQUEST_CODE_GET || code == COAP_REQUEST_CODE_FETCH);
}

static enum transfer_step
restart_down(struct transfer *t, int *err)
{
	if (!can_restart_down(t))
		return fail(err, -COAP_E_BAD_RESPONSE);
	t->restarts++;
	body_in_restart(&t->in);
	coap_delete_pdu(t->head);
	t->head = NULL;
	return TRANSFER_NEXT;
}

static bool
keep_head(struct transfer *t, const struct answer *a)
{
	coap_bin_const_t token = coap_pdu_get_token(t->origin);
	coap_opt_filter_t drop;

	if (t->head != NULL)
		return true;
	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK1);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK2);
	t->head = pdu_duplicate(a->pdu, a->pdu->mid, PDU_MAX_SIZE, token.length,
	    token.s, &drop);
	return t->head != NULL;
}

static enum transfer_step
take_part(struct transfer *t, const struct answer *a, int *err)
{
	int r;

	if (t->asked && a->block2.szx > t->szx)
		return fail(err, -COAP_E_BAD_RESPONSE);
	r = body_in_part(&t->in, &a->block2, a->data, a->len);
	if (r == -COAP_E_STATE || r == -COAP_E_FORMAT || r == BODY_REPEATED)
		r = -COAP_E_BAD_RESPONSE;
	if (r < 0)
		return fail(err, r);
	if (!keep_head(t, a))
		return fail(err, -COAP_E_NOMEM);
	t->in.hint =
	    t->in.hint ? t->in.hint : body_size_hint(a->pdu, COAP_OPTION_SIZE2);
	if (a->block2.szx < t->szx)
		t->szx = (uint8_t)a->block2.szx;
	return a->block2.m ? TRANSFER_NEXT : TRANSFER_DONE;
}

static enum transfer_step
answer_down(struct transfer *t, const struct answer *a, int *err)
{
	bool begun = t->in.length > 0;

	/* What it had of this body is gone. */
	if (begun && a->code == COAP_RESPONSE_CODE_INCOMPLETE &&
	    can_restart_down(t))
		return restart_down(t, err);
	if (a->class != 2 || (!begun && !a->has_block2))
		return TRANSFER_DONE;
	/* An answer to a part of the application's choice is no whole. */
	if (!begun && is_random_access(t->origin))
		return TRANSFER_DONE;
	/* Without a block, or with another tag, this is of another body. */
	if (!body_in_same_etag(&t->in, a->pdu))
		return restart_down(t, err);
	if (!a->has_block2)
		return fail(err, -COAP_E_BAD_RESPONSE);
	return take_part(t, a, err);
}

enum transfer_step
transfer_answer(struct transfer *t, const coap_pdu_t *response, int *err)
{
	struct answer a;

	*err = 0;
	read_answer(response, &a);
	if (t->up)
		return answer_up(t, &a, err);
	if (t->in.length == 0 && wants_smaller(&a, pdu_payload_len(t->origin)))
		return make_smaller(t, &a, err);
	return answer_down(t, &a, err);
}

/* --- for the application -------------------------------------------------- */

static coap_pdu_t *
copy_response(const struct transfer *t, const coap_pdu_t *response, bool whole)
{
	coap_bin_const_t token = coap_pdu_get_token(t->origin);
	const coap_pdu_t *head = whole ? t->head : response;
	coap_pdu_t *copy = pdu_duplicate(head, response->mid, PDU_MAX_SIZE,
	    token.length, token.s, NULL);

	if (copy == NULL)
		return NULL;
	copy->type = response->type;
	copy->code = response->code;
	return copy;
}

static void
show_part(struct transfer *t, const coap_pdu_t *response)
{
	size_t len = pdu_payload_len(response);

	t->part.data = response->data;
	t->part.length = len;
	t->part.offset = t->head != NULL ? t->in.length - len : 0;
	t->part.total = t->in.hint > t->in.length ? t->in.hint : t->in.length;
	if (t->head == NULL)
		t->part.total = len;
}

coap_pdu_t *
transfer_whole(struct transfer *t, const coap_pdu_t *response)
{
	unsigned class = COAP_RESPONSE_CLASS(coap_pdu_get_code(response));
	bool whole =
	    t->head != NULL && class == 2 && !t->up && t->in.keep != BODY_COUNT;
	coap_pdu_t *copy = copy_response(t, response, whole);

	if (copy == NULL)
		return NULL;
	if (whole)
		t->part = (struct pdu_body){
			.data = t->in.data.data,
			.length = t->in.data.len,
			.total = t->in.length,
		};
	else
		show_part(t, response);
	copy->body = &t->part;
	return copy;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's transfer: what the answers to its messages mean. */
#include "exchange/transfer.h"

#include "base/alloc.h"
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
	bool echoed;         /* to a message that was repeated with an Echo */
	const uint8_t *data; /* the payload */
	size_t len;
};

static void
read_answer(const coap_pdu_t *pdu, struct answer *a)
{
	bool bert = pdu->framing != FRAMING_DATAGRAM;

	a->pdu = pdu;
	a->echoed = false;
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

coap_bin_const_t
transfer_echo(const coap_pdu_t *pdu)
{
	coap_bin_const_t echo = { 0, NULL };
	coap_opt_iterator_t oi;
	const coap_opt_t *opt = coap_check_option(pdu, COAP_OPTION_ECHO, &oi);

	/* Of another length it is an option that nobody knows. */
	if (opt == NULL || coap_opt_length(opt) == 0 ||
	    coap_opt_length(opt) > ECHO_MAX)
		return echo;
	echo.length = coap_opt_length(opt);
	echo.s = coap_opt_value(opt);
	return echo;
}

/* RFC 9175 section 2.3. */
bool
transfer_wants_echo(const coap_pdu_t *response)
{
	return coap_pdu_get_code(response) == COAP_RESPONSE_CODE_UNAUTHORIZED &&
	    transfer_echo(response).length > 0;
}

/* The message that was refused is to be sent again, once. */
static bool
take_echo(struct transfer *t, const coap_pdu_t *response)
{
	coap_bin_const_t echo = transfer_echo(response);

	t->again = echo.length > 0 && transfer_wants_echo(response) &&
	    !t->echoed && !t->relayed;
	t->echoed = t->again;
	if (!t->again || echo.s == NULL)
		return false;
	memcpy(t->echo, echo.s, echo.length);
	t->echo_len = (uint8_t)echo.length;
	return true;
}

bool
transfer_is_needed(const coap_pdu_t *request, const coap_pdu_t *response)
{
	struct answer a;

	read_answer(response, &a);
	if (wants_smaller(&a, pdu_payload_len(request)) ||
	    transfer_wants_echo(response))
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

/* A server that wanted an Echo with the last part, and has thrown away the others
 * with it: they come once more, with the Echo from the first one on. */
static bool
restart_with_echo(struct transfer *t, const struct answer *a)
{
	if (!a->echoed || t->offset == 0 || t->echo_restarted)
		return false;
	t->echo_restarted = true;
	t->offset = 0;
	t->acked = 0;
	return true;
}

/* A payload that the peer wants in blocks becomes our body. */
static enum transfer_step
make_smaller(struct transfer *t, const struct answer *a, int *err)
{
	if (t->out == NULL && t->payload == NULL && transfer_cut_payload(t) < 0)
		return fail(err, -COAP_E_NOMEM);
	t->up = true;
	/* BERT would be as large again, and be refused without end. */
	t->no_bert = true;
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
	if (a->code == COAP_RESPONSE_CODE_INCOMPLETE &&
	    (restart_with_echo(t, a) || restart_up(t)))
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

/* A notification: what is asked for from the first part on again may be newer
 * than its number says, and what is older would then be taken for newer. */
static bool
is_numbered(const struct transfer *t)
{
	coap_opt_iterator_t oi;

	return t->head != NULL &&
	    coap_check_option(t->head, COAP_OPTION_OBSERVE, &oi) != NULL;
}

/* Only what was not done by a body, and changes nothing, may be asked for from
 * the first part on again: without its body it would be another request. */
static bool
can_restart_down(const struct transfer *t)
{
	unsigned code = coap_pdu_get_code(t->origin);

	return (t->resumed || t->restarts < RESTARTS_MAX) && t->out == NULL &&
	    t->origin->data == NULL && !is_numbered(t) &&
	    (code == COAP_REQUEST_CODE_GET || code == COAP_REQUEST_CODE_FETCH);
}

static enum transfer_step
restart_down(struct transfer *t, int *err)
{
	if (!can_restart_down(t))
		return fail(err, -COAP_E_BAD_RESPONSE);
	/* That it begins where it did not end is no fault of the peer's. */
	if (!t->resumed)
		t->restarts++;
	t->resumed = false;
	body_in_restart(&t->in);
	coap_delete_pdu(t->head);
	t->head = NULL;
	return TRANSFER_NEXT;
}

bool
transfer_keep_head(struct transfer *t, const coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(t->origin);
	coap_opt_filter_t drop;

	if (t->head != NULL)
		return true;
	coap_option_filter_clear(&drop);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK1);
	coap_option_filter_set(&drop, COAP_OPTION_BLOCK2);
	coap_option_filter_set(&drop, COAP_OPTION_Q_BLOCK2);
	/* What asks for a part observes nothing. */
	if (t->asked)
		coap_option_filter_set(&drop, COAP_OPTION_OBSERVE);
	t->head = pdu_duplicate(response, response->mid, PDU_MAX_SIZE,
	    token.length, token.s, &drop);
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
	t->resumed = false;
	if (!transfer_keep_head(t, a->pdu))
		return fail(err, -COAP_E_NOMEM);
	t->in.hint =
	    t->in.hint ? t->in.hint : body_size_hint(a->pdu, COAP_OPTION_SIZE2);
	t->down_bert = a->block2.bert;
	if (a->block2.szx < t->szx)
		t->szx = (uint8_t)a->block2.szx;
	return a->block2.m ? TRANSFER_NEXT : TRANSFER_DONE;
}

/* Whether an answer to what goes on with an earlier transfer says that the
 * server has no such part: its body is shorter now. */
static bool
has_no_such_part(const struct transfer *t, const struct answer *a)
{
	return t->resumed &&
	    (a->code == COAP_RESPONSE_CODE_BAD_REQUEST ||
		a->code == COAP_RESPONSE_CODE_BAD_OPTION ||
		a->code == COAP_RESPONSE_CODE_INCOMPLETE);
}

static bool
has_etag(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;

	return coap_check_option(pdu, COAP_OPTION_ETAG, &oi) != NULL;
}

/* Some servers give an ETag with block 0 alone, and send the others of one body
 * as they are: block 0 tells whether it is still the same. */
static enum transfer_step
probe(struct transfer *t)
{
	body_in_restart(&t->in);
	t->resumed = false;
	t->resume.probing = true;
	return TRANSFER_NEXT;
}

/* Block 0 is here: whether its body is the one that is there in part. If not,
 * this is its first part. */
static bool
is_as_before(struct transfer *t, const struct answer *a)
{
	bool same = a->class == 2 && a->has_block2 && a->block2.m &&
	    body_in_same_etag(&t->in, a->pdu) &&
	    t->in.etag_len == t->resume.etag_len &&
	    memcmp(t->in.etag, t->resume.etag, t->in.etag_len) == 0;

	t->resume.probing = false;
	if (!same)
		return false;
	transfer_jump(t);
	t->in.hint = body_size_hint(a->pdu, COAP_OPTION_SIZE2);
	t->down_bert = a->block2.bert;
	if (a->block2.szx < t->szx)
		t->szx = (uint8_t)a->block2.szx;
	return true;
}

static enum transfer_step
answer_down(struct transfer *t, const struct answer *a, int *err)
{
	bool begun = t->in.length > 0;

	if (t->resume.probing && is_as_before(t, a))
		return TRANSFER_NEXT;
	if (t->resumed && a->class == 2 && a->has_block2 && !has_etag(a->pdu))
		return probe(t);
	if (has_no_such_part(t, a))
		return restart_down(t, err);
	/* Now all of it fits into one message. */
	if (t->resumed && a->class == 2 && !a->has_block2) {
		body_in_restart(&t->in);
		return TRANSFER_DONE;
	}
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
	bool echoed = t->again;
	struct answer a;

	*err = 0;
	if (take_echo(t, response))
		return TRANSFER_NEXT;
	read_answer(response, &a);
	a.echoed = echoed;
	if (t->up)
		return answer_up(t, &a, err);
	if (t->in.length == 0 && wants_smaller(&a, pdu_payload_len(t->origin)))
		return make_smaller(t, &a, err);
	return answer_down(t, &a, err);
}

int
transfer_begin_with(struct transfer *t, const coap_pdu_t *first)
{
	struct answer a;
	int err = -COAP_E_INVAL;

	read_answer(first, &a);
	if (coap_pdu_get_code(t->origin) != COAP_REQUEST_CODE_GET ||
	    t->out != NULL || t->origin->data != NULL ||
	    is_random_access(t->origin) || a.class != 2 || !a.has_block2 ||
	    a.block2.num != 0 || !a.block2.m)
		return err;
	return answer_down(t, &a, &err) == TRANSFER_NEXT ? 0 : err;
}

/* --- for the application -------------------------------------------------- */

/* The bytes that a response for the application stands for. */
struct shown {
	struct pdu_body part;
	struct body_in in; /* the whole; or ... */
	coap_pdu_t *of;    /* ... the message that has the part */
};

static void
free_shown(void *app)
{
	struct shown *shown = app;

	body_in_free(&shown->in);
	coap_delete_pdu(shown->of);
	coap_free_type(COAP_LG_CRCV, shown);
}

/* The body moves to what is shown. */
static void
show_whole(struct transfer *t, struct shown *shown)
{
	body_in_leave_pool(&t->in);
	shown->in = t->in;
	body_in_init(&t->in, BODY_COUNT, t->in.max, NULL);
	t->in.length = shown->in.length;
	t->in.hint = shown->in.hint;
	t->in.etag_len = shown->in.etag_len;
	memcpy(t->in.etag, shown->in.etag, sizeof(t->in.etag));
	shown->part.data = shown->in.data.data;
	shown->part.length = shown->in.data.len;
	shown->part.total = shown->in.length;
}

static void
show_part(const struct transfer *t, coap_pdu_t *response, struct shown *shown)
{
	size_t len = pdu_payload_len(response);

	shown->of = pdu_ref(response);
	shown->part.data = response->data;
	shown->part.length = len;
	shown->part.total = len;
	/* What went wrong with a later part is no part. */
	if (t->head == NULL || len > t->in.length ||
	    COAP_RESPONSE_CLASS(coap_pdu_get_code(response)) != 2)
		return;
	shown->part.offset = t->in.length - len;
	shown->part.total =
	    t->in.hint > t->in.length ? t->in.hint : t->in.length;
}

static coap_pdu_t *
copy_response(const struct transfer *t, const coap_pdu_t *response,
    const coap_pdu_t *head)
{
	coap_bin_const_t token = coap_pdu_get_token(t->origin);
	coap_pdu_t *copy = pdu_duplicate(head, response->mid, PDU_MAX_SIZE,
	    token.length, token.s, NULL);

	if (copy == NULL)
		return NULL;
	copy->type = response->type;
	copy->code = response->code;
	return copy;
}

coap_pdu_t *
transfer_whole(struct transfer *t, coap_pdu_t *response)
{
	bool whole = t->head != NULL && !t->up && t->in.keep != BODY_COUNT &&
	    COAP_RESPONSE_CLASS(coap_pdu_get_code(response)) == 2;
	struct shown *shown = mem_new(COAP_LG_CRCV, 1, sizeof(*shown));
	coap_pdu_t *copy = NULL;

	if (shown != NULL)
		copy = copy_response(t, response, whole ? t->head : response);
	if (copy == NULL) {
		coap_free_type(COAP_LG_CRCV, shown);
		return NULL;
	}
	if (whole)
		show_whole(t, shown);
	else
		show_part(t, response, shown);
	copy->body = &shown->part;
	copy->app = shown;
	copy->app_free = free_shown;
	return copy;
}

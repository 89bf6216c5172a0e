/* SPDX-License-Identifier: BSD-2-Clause */
/* A client's part of Q-Block: one request of the application is several
 * messages, of which only the first is in the table of requests. */
#include <coap3/coap_prng.h>

#include "base/err.h"
#include "session/body/blockwise.h"
#include "session/body/qblock.h"

/* --- a request that begins ------------------------------------------------ */

static bool
has_any(const coap_pdu_t *pdu)
{
	static const coap_option_num_t numbers[] = { COAP_OPTION_OBSERVE,
		COAP_OPTION_Q_BLOCK1, COAP_OPTION_Q_BLOCK2, COAP_OPTION_BLOCK1,
		COAP_OPTION_BLOCK2 };
	size_t i;

	for (i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (qblock_has(pdu, numbers[i]))
			return true;
	return false;
}

static bool
asks_for_it(const coapx_request_t *a)
{
	return a && (a->params.flags & COAPX_REQUEST_Q_BLOCK) != 0;
}

static bool
is_tried(const coap_session_t *session, const coapx_request_t *a)
{
	return !session_reliable(session) && session->q_block != QBLOCK_NO &&
	    (asks_for_it(a) || blockwise_mode(session, COAP_BLOCK_TRY_Q_BLOCK));
}

/* Whether the answer's body is put together here: parts that are told one by
 * one, in order, come by Block2, as do bodies that may wait. */
static bool
is_whole(const coap_session_t *session, const coapx_request_t *a)
{
	if (!a)
		return blockwise_mode(session, COAP_BLOCK_SINGLE_BODY);
	if (a->params.flags & COAPX_REQUEST_NO_RESPONSE)
		return false;
	return asks_for_it(a) || !(a->params.flags & COAPX_REQUEST_EACH_BLOCK);
}

bool
qblock_wanted(const coap_session_t *session, const coap_pdu_t *pdu,
    const coapx_request_t *a)
{
	bool reads = pdu->code == COAP_REQUEST_CODE_GET ||
	    pdu->code == COAP_REQUEST_CODE_FETCH;

	if (!is_tried(session, a) || !blockwise_does(session, a) ||
	    !is_whole(session, a) || has_any(pdu))
		return false;
	return blockwise_has_body(pdu) || blockwise_is_cut(session, pdu, a) ||
	    reads;
}

static int
begin(coap_session_t *session, struct transfer *t)
{
	struct session_extra *extra = session_extra(session);
	const struct qblock_params times = qblock_times(session);
	struct qtransfer_params params = {
		.max = blockwise_max(session),
		.con = t->origin->type == COAP_MESSAGE_CON,
		.times = &times,
		.tag = session->context->request_tag + 1,
	};

	if (!extra)
		return -COAP_E_NOMEM;
	if (t->up && transfer_body(t)->length == BODY_UNKNOWN)
		return -COAP_E_NOTSUP;
	/* RFC 9177 section 4.1: a CON is answered in any case. */
	params.probe = session->q_block == QBLOCK_UNKNOWN && !params.con;
	coap_prng(&params.random, sizeof params.random);
	if (t->up)
		session->context->request_tag++;
	return qtransfer_begin(t, &extra->qblocks, &params);
}

static int
send_first(coap_session_t *session, struct transfer *t, coapx_request_t *a,
    struct request **q)
{
	const struct qtransfer_frame frame = { blockwise_max(session),
		t->origin->mid, coap_pdu_get_token(t->origin) };
	coap_pdu_t *msg = NULL;
	int err;

	if (a)
		a->working = true;
	err = qtransfer_first(t->q, &frame, &msg);
	if (a)
		a->working = false;
	if (err == 0 && a && a->cancelled)
		err = -COAP_E_CANCELLED;
	if (err == 0)
		err = session_send_message(session, msg, q);
	coap_delete_pdu(msg);
	return err == 0 && !*q ? -COAP_E_INVAL : err;
}

/* It was not sent: the body goes back to where it came from. */
static int
undo(struct transfer *t, coap_pdu_t *pdu)
{
	struct body_out *out = t->out;

	t->out = NULL;
	transfer_free(t);
	if (out)
		blockwise_attach(pdu, out);
	return -COAP_E_NOTSUP;
}

int
qblock_request(coap_session_t *session, coap_pdu_t *pdu, coapx_request_t *a,
    struct request **request)
{
	struct transfer_params params = blockwise_params(session, a);
	bool up = blockwise_has_body(pdu) || blockwise_is_cut(session, pdu, a);
	struct transfer *t = transfer_new(pdu, blockwise_detach(pdu), &params);
	struct request *q = NULL;
	int err;

	if (!t)
		return -COAP_E_NOMEM;
	err = up ? blockwise_prepare(t, a) : 0;
	if (err == 0)
		err = begin(session, t);
	if (err == -COAP_E_NOTSUP || err == -COAP_E_TOOBIG)
		return undo(t, pdu);
	if (err == 0)
		err = send_first(session, t, a, &q);
	if (err < 0 || !q) {
		transfer_free(t);
		return err;
	}
	q->transfer = t;
	t->q->user = q;
	if (request)
		*request = q;
	session_arm(session);
	return 0;
}

/* --- its messages --------------------------------------------------------- */

struct request *
qblock_find(const coap_session_t *session, coap_bin_const_t token)
{
	struct qtransfer *t = session->extra ? session->extra->qblocks : NULL;

	for (; t; t = t->next)
		if (!t->busy && t->user && qtransfer_has_token(t, token))
			return t->user;
	return NULL;
}

/* Out of the table, for as long as the application may be called. */
static void
take(coap_session_t *session, struct request *q)
{
	q->transfer->q->busy = true;
	requests_take(&session->requests, q);
	blockwise_working(q, true);
}

/* False when it has ended meanwhile. err: why it is to end; 0: it is not. */
static bool
give_back(coap_session_t *session, struct request *q, int err)
{
	coapx_request_t *a = q->user;

	blockwise_working(q, false);
	if (blockwise_cancelled(q)) {
		session_forget_pdu(session, q->sent);
		blockwise_drop(q);
		return false;
	}
	if (err == 0 && (!session_is_open(session) || session->ending))
		err = session->error < 0 ? session->error : -COAP_E_CLOSED;
	if (err < 0) {
		blockwise_failed(session, q, err);
		return false;
	}
	q->transfer->q->busy = false;
	/* How long it may take is ours to say, unless it was said. */
	requests_put_back(&session->requests, q,
	    a && a->deadline ? a->deadline : TIMER_NEVER);
	return true;
}

/* For a message that follows, with a token of its own. */
static struct qtransfer_frame
new_frame(coap_session_t *session, struct qtransfer *t, uint8_t bytes[8])
{
	struct qtransfer_frame frame = { .max = blockwise_max(session),
		.mid = coap_new_message_id(session),
		.token.s = bytes };

	coap_session_new_token(session, &frame.token.length, bytes);
	qtransfer_put_token(t, frame.token);
	return frame;
}

static int
send_part(coap_session_t *session, struct qtransfer *t, uint32_t num)
{
	uint8_t bytes[8];
	const struct qtransfer_frame frame = new_frame(session, t, bytes);
	coap_pdu_t *pdu;
	int err = qtransfer_part(t, num, &frame, &pdu);

	if (err < 0)
		return err;
	if (session_is_open(session))
		qblock_send(session, pdu);
	coap_delete_pdu(pdu);
	return 0;
}

static int
ask(coap_session_t *session, struct qtransfer *t, enum qtransfer_step step)
{
	const struct qblock_params times = qblock_times(session);
	uint8_t bytes[8];
	const struct qtransfer_frame frame = new_frame(session, t, bytes);
	coap_pdu_t *pdu;
	int err = qtransfer_ask(t, step, &times, &frame, &pdu);

	if (err < 0)
		return err;
	qblock_send(session, pdu);
	coap_delete_pdu(pdu);
	return 0;
}

/* --- an answer ------------------------------------------------------------ */

/* The peer has none of it: the request goes once more, as ever. */
static void
fall_back(coap_session_t *session, struct request *q)
{
	struct transfer *t = q->transfer;

	trace_text(session, COAPX_TRACE_NOTE,
	    "the peer does not take Q-Block: once more by Block1 and Block2");
	if (session->q_block == QBLOCK_UNKNOWN)
		session->q_block = QBLOCK_NO;
	qtransfer_free(t->q);
	t->again = !t->up;
	if (t->again && !blockwise_negotiate(session, t->origin, q->user))
		blockwise_failed(session, q, -COAP_E_TOOBIG);
	else
		blockwise_ask_on(session, q);
}

/* q is out of the table, and ends, or goes on without Q-Block. */
static void
leave(coap_session_t *session, struct request *q, enum qtransfer_step step,
    const coap_pdu_t *response)
{
	blockwise_working(q, false);
	session_forget_pdu(session, q->sent);
	if (blockwise_cancelled(q)) {
		blockwise_drop(q);
	} else if (step == QTRANSFER_FALL_BACK) {
		fall_back(session, q);
	} else {
		qtransfer_free(q->transfer->q);
		if (step == QTRANSFER_WHOLE)
			blockwise_finish(session, q, response);
		else
			blockwise_answered(session, q, response);
	}
}

static bool
ends(enum qtransfer_step step)
{
	return step == QTRANSFER_WHOLE || step == QTRANSFER_LEAVE ||
	    step == QTRANSFER_FALL_BACK;
}

static bool
asks(enum qtransfer_step step)
{
	return step == QTRANSFER_CONTINUE || step == QTRANSFER_ASK ||
	    step == QTRANSFER_ANEW;
}

/* Whatever answers the first message settles it. */
static void
settle(coap_session_t *session, struct request *q, const coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(response);

	if (token.length == q->token_len &&
	    memcmp(token.s, q->token, token.length) == 0)
		session_forget_pdu(session, q->sent);
}

void
qblock_response(coap_session_t *session, struct request *q,
    const coap_pdu_t *response)
{
	const struct qblock_params times = qblock_times(session);
	struct qtransfer *t = q->transfer->q;
	struct qtransfer_answer answer;
	int err;

	settle(session, q, response);
	take(session, q);
	answer = qtransfer_response(t, &times, response,
	    context_now(session->context));
	if (answer.known)
		session->q_block = QBLOCK_YES;
	if (ends(answer.step)) {
		leave(session, q, answer.step, response);
		return;
	}
	if (answer.news)
		blockwise_deadline(session, q->user);
	err = answer.step == QTRANSFER_FAILED ? answer.err : 0;
	if (asks(answer.step) && !blockwise_cancelled(q) &&
	    session_is_open(session))
		err = ask(session, t, answer.step);
	if (!give_back(session, q, err))
		return;
	session_arm(session);
	if (answer.news && q->user)
		blockwise_tell(q->user, q->transfer);
}

/* --- failures and time ---------------------------------------------------- */

bool
qblock_client_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason, int err)
{
	struct request *q = qblock_find(session, coap_pdu_get_token(sent));

	if (!q)
		return false;
	requests_take(&session->requests, q);
	request_failed(session, q, reason, err);
	return true;
}

/* Whether a part of our body may go now. */
static bool
can_send(const coap_session_t *session, const struct qtransfer *t)
{
	const struct request *q = t->user;

	if (q->sent_at == 0 || !qblock_can_send(session, t->con))
		return false;
	/* The first one asks whether there is anybody who knows the others. */
	return !t->probe || q->acked || t->heard;
}

static coap_tick_t
next_of(const coap_session_t *session, const struct qtransfer *t)
{
	if (t->busy || !t->user)
		return TIMER_NEVER;
	return qtransfer_next(t, t->up && can_send(session, t));
}

coap_tick_t
qblock_client_next(const coap_session_t *session)
{
	const struct qtransfer *t = session->extra->qblocks;
	coap_tick_t next = TIMER_NEVER;

	for (; t; t = t->next) {
		coap_tick_t at = next_of(session, t);

		next = at < next ? at : next;
	}
	return next;
}

static int
send_parts(coap_session_t *session, struct request *q, struct qtransfer *t,
    coap_tick_t now)
{
	uint32_t num;
	int err = 0;

	while (err == 0 && !blockwise_cancelled(q) &&
	    session_is_open(session) && can_send(session, t) &&
	    qblock_out_take(&t->out, now, &num))
		err = send_part(session, t, num);
	return err;
}

static void
give_up(coap_session_t *session, struct request *q)
{
	session->stats.timeouts++;
	session_set_error(session, -COAP_E_TIMEOUT, ERROR_NETWORK);
	blockwise_working(q, false);
	request_failed(session, q, COAP_NACK_TOO_MANY_RETRIES, -COAP_E_TIMEOUT);
}

static void
work(coap_session_t *session, struct qtransfer *t, coap_tick_t now)
{
	const struct qblock_params times = qblock_times(session);
	struct request *q = t->user;
	enum qtransfer_step step = qtransfer_timer(t, &times, now);
	int err = 0;

	take(session, q);
	if (step == QTRANSFER_FAILED) {
		give_up(session, q);
		return;
	}
	if (asks(step))
		err = ask(session, t, step);
	else if (t->up)
		err = send_parts(session, q, t, now);
	if (err == 0)
		qtransfer_sent(t, &times, now);
	give_back(session, q, err);
}

void
qblock_client_run(coap_session_t *session, coap_tick_t now)
{
	struct qtransfer *t = session->extra->qblocks;

	/* An application may end any of them: begin again after each. */
	while (t) {
		if (next_of(session, t) > now) {
			t = t->next;
			continue;
		}
		work(session, t, now);
		t = session->extra->qblocks;
	}
}

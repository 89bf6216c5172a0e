/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Q-Block: messages one after the other, each with its length and some time in
 * front, to a server's bodies and as answers to a client's transfers; and lists
 * of missing blocks. What is made of them can be encoded, is no more than a set
 * at a time, and keeps to its pool.
 */
#include "base/err.h"
#include "base/timer.h"
#include "exchange/bodies.h"
#include "exchange/qtransfer.h"
#include "wire/block.h"
#include "wire/pdu.h"

#include "tests/fuzz/body_fuzz.h"

#define POOL_MAX ((size_t)6000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static coap_tick_t now;

static const struct qblock_params times = {
	.max_payloads = 5,
	.max_retransmit = 3,
	.non_timeout = 2000,
	.non_timeout_max = 3000,
	.receive_timeout = 4000,
	.partial_timeout = 247000,
	.transmit_span = 100000,
};

/* The next message, or NULL; the time goes on by what is in front of it. */
static coap_pdu_t *
take(const uint8_t **data, size_t *size)
{
	coap_pdu_t *pdu = NULL;
	size_t len;

	while (*size >= 2 && pdu == NULL) {
		len = (size_t)(*data)[0] << 8 | (*data)[1];
		now += (coap_tick_t)(len >> 11) * 1000;
		len &= 0x7FF;
		*data += 2;
		*size -= 2;
		if (len > *size)
			len = *size;
		pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, MESSAGE_MAX);
		require(pdu != NULL);
		if (pdu_decode(pdu, FRAMING_DATAGRAM, 8, *data, len) < 0 ||
		    pdu->code == 0) {
			coap_delete_pdu(pdu);
			pdu = NULL;
		}
		*data += len;
		*size -= len;
	}
	return pdu;
}

/* --- a server ------------------------------------------------------------- */

static void
bury(struct bodies *b)
{
	struct body_entry *entry;

	for (entry = bodies_bury(b); entry; entry = bodies_bury(b))
		body_entry_free(entry);
}

static void
serve(struct bodies *b, const struct bodies_params *params,
    const coap_pdu_t *request, size_t length)
{
	coap_pdu_t *response =
	    pdu_new(COAP_MESSAGE_ACK, 0, request->mid, MESSAGE_MAX);
	struct bodies_result r;
	enum bodies_step step;

	require(response != NULL);
	require(coap_add_token(response, request->token_len, request->token));
	step = bodies_request(b, params, now, request, response, &r);
	require(step == BODIES_BODY || r.entry == NULL);
	if (step == BODIES_BODY)
		require(r.part.offset + r.part.length <= r.part.total &&
		    r.part.total <= params->body_max);
	if (step != BODIES_ANSWERED) {
		response->code = COAP_RESPONSE_CODE_CONTENT;
		if (bodies_respond(b, params, now, request, response,
			answer(length)) < 0) {
			pdu_clear(response);
			response->code = COAP_RESPONSE_CODE_INTERNAL_ERROR;
		}
	}
	bodies_settle(b, response);
	bodies_qblock_answered(b, &r, response);
	if (response->code != 0)
		check_encodes(response, FRAMING_DATAGRAM);
	body_entry_free(r.entry);
	bury(b);
	coap_delete_pdu(response);
}

/* What is sent without a request: for each body a set and what was asked for,
 * and one list. */
static void
pump(struct bodies *b, const struct bodies_params *params, bool con)
{
	struct bodies_qblock_next next;
	struct body_entry *entry;
	unsigned n = 0;
	coap_pdu_t *pdu;

	while (bodies_qblock_take(b, params, now, con, &next)) {
		pdu = pdu_new(COAP_MESSAGE_NON, 69, 1, MESSAGE_MAX);
		require(pdu != NULL && bodies_qblock_head(next.entry, pdu));
		require(qblock_put(next.out, pdu, COAP_OPTION_Q_BLOCK2,
			    next.num, next.szx) == 0);
		check_encodes(pdu, FRAMING_DATAGRAM);
		coap_delete_pdu(pdu);
		body_out_free(next.out);
		n++;
		require(con || n <= BODIES_MAX * 2 * times.max_payloads);
	}
	for (entry = bodies_qblock_due(b, params, now); entry;
	     entry = bodies_qblock_due(b, params, now)) {
		pdu = pdu_new(COAP_MESSAGE_NON, 69, 1, MESSAGE_MAX);
		require(pdu != NULL);
		require(bodies_qblock_missing(entry, params, pdu));
		check_encodes(pdu, FRAMING_DATAGRAM);
		coap_delete_pdu(pdu);
	}
	bury(b);
}

static void
be_server(const uint8_t *data, size_t size, uint8_t mode)
{
	struct body_pool pool = { .max = POOL_MAX };
	struct bodies_params params = {
		.szx = mode & 3,
		.body_max = 2500,
		.lifetime = 247000,
		.pool = &pool,
		.qblock = &times,
		.random = mode,
	};
	struct bodies *b = bodies_new();
	coap_pdu_t *pdu;

	require(b != NULL);
	for (pdu = take(&data, &size); pdu; pdu = take(&data, &size)) {
		bodies_expire(b, now);
		serve(b, &params, pdu, (size_t)mode * 15);
		if (mode & 4)
			bodies_qblock_failed(b, coap_pdu_get_token(pdu),
			    mode & 8);
		pump(b, &params, mode & 16);
		require(pool.used <= pool.max);
		coap_delete_pdu(pdu);
	}
	bodies_expire(b, now + 300000);
	bury(b);
	require(b->in == NULL && b->out == NULL);
	bodies_free(b);
	require(pool.used == 0 && held == 0);
}

/* --- a client ------------------------------------------------------------- */

/* What is due: at most so much is sent at once. */
static bool
work(struct qtransfer *q)
{
	const struct qtransfer_frame frame = { MESSAGE_MAX, 1,
		{ 2, (const uint8_t *)"tt" } };
	enum qtransfer_step step;
	coap_pdu_t *msg;
	unsigned n = 0;
	uint32_t num;

	if (qtransfer_next(q, true) > now)
		return true;
	step = qtransfer_timer(q, &times, now);
	if (step == QTRANSFER_FAILED)
		return false;
	if (step == QTRANSFER_ASK) {
		if (qtransfer_ask(q, step, &times, &frame, &msg) < 0)
			return false;
		check_encodes(msg, FRAMING_DATAGRAM);
		coap_delete_pdu(msg);
	}
	while (q->up && qblock_out_take(&q->out, now, &num)) {
		require(qtransfer_part(q, num, &frame, &msg) == 0);
		check_encodes(msg, FRAMING_DATAGRAM);
		coap_delete_pdu(msg);
		n++;
		require(q->con || n <= 3 * times.max_payloads);
	}
	qtransfer_sent(q, &times, now);
	return true;
}

/* False when it is over. */
static bool
give(struct transfer *t, coap_pdu_t *response)
{
	const struct qtransfer_frame frame = { MESSAGE_MAX, 1,
		{ 1, (const uint8_t *)"t" } };
	struct qtransfer_answer a =
	    qtransfer_response(t->q, &times, response, now);
	coap_pdu_t *pdu;
	int err;

	require((a.step == QTRANSFER_FAILED) == (a.err < 0) ||
	    a.step == QTRANSFER_FAILED);
	if (a.step == QTRANSFER_WHOLE) {
		qtransfer_free(t->q);
		pdu = transfer_whole(t, response);
		require(pdu != NULL && pdu->body->length <= t->in.max);
		coap_delete_pdu(pdu);
		return false;
	}
	if (a.step == QTRANSFER_LEAVE) {
		qtransfer_free(t->q);
		transfer_answer(t, response, &err);
		return false;
	}
	if (a.step == QTRANSFER_CONTINUE || a.step == QTRANSFER_ASK ||
	    a.step == QTRANSFER_ANEW) {
		if (qtransfer_ask(t->q, a.step, &times, &frame, &pdu) < 0)
			return false;
		check_encodes(pdu, FRAMING_DATAGRAM);
		coap_delete_pdu(pdu);
	}
	return a.step != QTRANSFER_FAILED && a.step != QTRANSFER_FALL_BACK;
}

static void
play(struct transfer *t, struct qtransfer **list, const uint8_t *data,
    size_t size, uint8_t mode)
{
	const struct qtransfer_frame frame = { MESSAGE_MAX, 1,
		{ 1, (const uint8_t *)"t" } };
	const struct qtransfer_params params = {
		.max = MESSAGE_MAX,
		.con = mode & 16,
		.probe = mode & 32,
		.tag = 1,
		.random = mode,
		.times = &times,
	};
	coap_pdu_t *pdu;
	bool more = true;

	require(qtransfer_begin(t, list, &params) == 0);
	require(qtransfer_first(t->q, &frame, &pdu) == 0);
	check_encodes(pdu, FRAMING_DATAGRAM);
	coap_delete_pdu(pdu);
	while (more && work(t->q)) {
		pdu = take(&data, &size);
		if (pdu == NULL)
			break;
		more = give(t, pdu);
		coap_delete_pdu(pdu);
	}
}

static void
be_client(const uint8_t *data, size_t size, uint8_t mode)
{
	struct body_pool pool = { .max = POOL_MAX };
	const struct transfer_params params = {
		.szx = mode & 3,
		.body_max = 2500,
		.keep = BODY_KEEP,
		.pool = &pool,
	};
	coap_pdu_t *origin =
	    pdu_new(COAP_MESSAGE_NON, mode & 0x80 ? 3 : 1, 1, MESSAGE_MAX);
	struct qtransfer *list = NULL;
	struct transfer *t;

	require(origin != NULL);
	t = transfer_new(origin, mode & 0x80 ? answer((size_t)mode * 15) : NULL,
	    &params);
	require(t != NULL);
	play(t, &list, data, size, mode);
	require(pool.used <= pool.max);
	transfer_free(t);
	require(list == NULL);
	coap_delete_pdu(origin);
	require(pool.used == 0 && held == 0);
}

/* --- lists ---------------------------------------------------------------- */

static void
read_list(const uint8_t *data, size_t size)
{
	uint32_t nums[QBLOCK_LIST_MAX], back[QBLOCK_LIST_MAX];
	uint8_t out[QBLOCK_LIST_MAX * 5];
	int n = qblock_missing_read(data, size, nums, QBLOCK_LIST_MAX);
	size_t len;
	int i;

	require(n == -COAP_E_FORMAT || (n > 0 && n <= QBLOCK_LIST_MAX));
	if (n <= 0)
		return;
	for (i = 1; i < n; i++)
		require(nums[i] > nums[i - 1]);
	require(nums[n - 1] <= QBLOCK_NUM_MAX);
	require(qblock_missing_write(nums, (unsigned)n, out, sizeof(out),
		    &len) == (unsigned)n);
	require(len <= size);
	require(qblock_missing_read(out, len, back, QBLOCK_LIST_MAX) == n);
	require(memcmp(nums, back, (size_t)n * sizeof(*nums)) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const kinds[])(const uint8_t *, size_t,
	    uint8_t) = { be_server, be_client };

	if (size < 2)
		return 0;
	now = 1000;
	if (data[0] % 3 == 2)
		read_list(data + 1, size - 1);
	else
		kinds[data[0] % 3](data + 2, size - 2, data[1]);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages one after the other, each with its length in front: to a server's
 * bodies, of which every answer can be encoded and no byte is lost or counted
 * twice; and as answers to a client's transfers.
 */
#include "base/err.h"
#include "exchange/bodies.h"
#include "exchange/transfer.h"
#include "wire/block.h"
#include "wire/pdu.h"

#include "tests/fuzz/body_fuzz.h"

#define STEPS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	step = bodies_request(b, params, 0, request, response, &r);
	require((step == BODIES_BODY) || r.entry == NULL);
	if (step == BODIES_BODY) {
		require(r.part.offset + r.part.length <= r.part.total);
		require(r.part.total <= params->body_max || r.more);
	}
	if (step != BODIES_ANSWERED) {
		response->code = COAP_RESPONSE_CODE_CONTENT;
		bodies_respond(b, params, 0, request, response, answer(length));
	}
	bodies_settle(b, response);
	require(response->code != 0);
	check_encodes(response, request->framing);
	body_entry_free(r.entry);
	bury(b);
	require(params->pool->used <= params->pool->max);
	coap_delete_pdu(response);
}

/* The next message, or NULL. */
static coap_pdu_t *
take(const uint8_t **data, size_t *size, enum framing framing)
{
	coap_pdu_t *pdu = NULL;
	size_t len;

	while (*size >= 2 && pdu == NULL) {
		len = ((size_t)(*data)[0] << 8 | (*data)[1]) & 0x7FF;
		*data += 2;
		*size -= 2;
		if (len > *size)
			len = *size;
		pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, MESSAGE_MAX);
		require(pdu != NULL);
		if (pdu_decode(pdu, framing, 8, *data, len) < 0 ||
		    pdu->code == 0) {
			coap_delete_pdu(pdu);
			pdu = NULL;
		}
		*data += len;
		*size -= len;
	}
	return pdu;
}

static void
be_server(const uint8_t *data, size_t size, uint8_t mode)
{
	enum framing framing = mode & 1 ? FRAMING_WS : FRAMING_DATAGRAM;
	struct body_pool pool = { .max = 3000 };
	struct bodies_params params = {
		.szx = mode >> 2 & 7,
		.body_max = 2500,
		.each = mode & 2,
		.bert = mode & 1,
		.lifetime = 1000,
		.pool = &pool,
	};
	struct bodies *b = bodies_new();
	coap_pdu_t *pdu;

	if (params.szx > BODY_SZX_MAX)
		params.szx = BODY_SZX_MAX;
	require(b != NULL);
	for (pdu = take(&data, &size, framing); pdu;
	     pdu = take(&data, &size, framing)) {
		serve(b, &params, pdu, (size_t)mode * 15);
		coap_delete_pdu(pdu);
	}
	bodies_expire(b, 1000);
	require(b->in == NULL && b->out == NULL);
	bodies_free(b);
	require(pool.used == 0);
	require(held == 0);
}

static void
play(struct transfer *t, const uint8_t *data, size_t size, uint8_t mode)
{
	enum framing framing = mode & 1 ? FRAMING_WS : FRAMING_DATAGRAM;
	const struct transfer_link link = { MESSAGE_MAX, mode & 1 };
	const coap_bin_const_t token = { 1, (const uint8_t *)"t" };
	coap_pdu_t *msg, *response, *whole;
	enum transfer_step step = TRANSFER_NEXT;
	unsigned n;
	int err;

	for (n = 0; step == TRANSFER_NEXT && n < STEPS_MAX; n++) {
		if (n > 0 || t->up) {
			if (transfer_message(t, &link, 1, token, &msg) < 0)
				return;
			check_encodes(msg, framing);
			coap_delete_pdu(msg);
		}
		response = take(&data, &size, framing);
		if (response == NULL)
			return;
		step = transfer_answer(t, response, &err);
		require((step == TRANSFER_FAILED) == (err < 0));
		if (step == TRANSFER_DONE ||
		    (step == TRANSFER_NEXT && t->in.keep == BODY_COUNT)) {
			whole = transfer_whole(t, response);
			require(whole != NULL);
			coap_delete_pdu(whole);
		}
		coap_delete_pdu(response);
	}
}

static void
be_client(const uint8_t *data, size_t size, uint8_t mode)
{
	struct body_pool pool = { .max = 3000 };
	const struct transfer_params params = {
		.szx = 6,
		.body_max = 2500,
		.keep = mode & 2 ? BODY_COUNT : BODY_KEEP,
		.pool = &pool,
	};
	coap_pdu_t *origin =
	    pdu_new(COAP_MESSAGE_CON, 1 + (mode >> 2 & 3), 1, MESSAGE_MAX);
	struct transfer *t;

	require(origin != NULL);
	t = transfer_new(origin, mode & 0x80 ? answer((size_t)mode * 15) : NULL,
	    &params);
	require(t != NULL);
	play(t, data, size, mode);
	transfer_free(t);
	coap_delete_pdu(origin);
	require(pool.used == 0 && held == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	if (data[0] & 1)
		be_server(data + 2, size - 2, data[1]);
	else
		be_client(data + 2, size - 2, data[1]);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The datagram layer under any sequence of datagrams, sendings and moments,
 * with operations that come back into it. The input is a program of bytes: an
 * instruction, then what it takes.
 */

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "message/dgram.h"
#include "wire/pdu.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

/* Messages of ours whose end is watched. */
#define WATCHED 64

struct world {
	struct dgram dgram;
	struct msg_params params;
	coap_tick_t now;
	const uint8_t *data;
	size_t len;
	coap_pdu_t *sent[WATCHED];
	bool failed[WATCHED];
	unsigned n_sent;
	unsigned depth;
};

static uint8_t
take(struct world *w)
{
	if (w->len == 0)
		return 0;
	w->len--;
	return *w->data++;
}

static void
send_new(struct world *w, coap_pdu_type_t type, unsigned code)
{
	coap_pdu_t *pdu;

	if (w->n_sent == WATCHED)
		return;
	pdu = pdu_new(type, code, dgram_new_mid(&w->dgram), 64);
	CHECK(pdu);
	/* Before it is sent: that may come back here. */
	w->sent[w->n_sent++] = pdu;
	CHECK(dgram_send(&w->dgram, pdu, w->now) == 0);
}

static void
reply(struct world *w, unsigned type, unsigned code, uint16_t mid)
{
	coap_pdu_t *pdu = pdu_new((coap_pdu_type_t)type, code, mid, 64);

	CHECK(pdu);
	(void)dgram_send(&w->dgram, pdu, w->now);
	coap_delete_pdu(pdu);
}

static void
forget(struct world *w, unsigned i)
{
	if (w->n_sent > 0)
		dgram_forget(&w->dgram, w->sent[i % w->n_sent], w->now);
}

/* What an operation does when it comes back; mid is of the message that it is
 * about. */
static void
come_back(struct world *w, uint16_t mid)
{
	uint8_t what = take(w);

	if (w->depth > 3)
		return;
	w->depth++;
	if (what % 16 == 1)
		send_new(w, COAP_MESSAGE_CON, 1);
	else if (what % 16 == 2)
		send_new(w, COAP_MESSAGE_NON, 1);
	else if (what % 16 == 3)
		reply(w, COAP_MESSAGE_ACK, 69, mid);
	else if (what % 16 == 4)
		dgram_send_empty(&w->dgram, COAP_MESSAGE_RST, mid, w->now);
	else if (what % 16 == 5)
		forget(w, what / 16);
	else if (what % 16 == 6)
		dgram_reset(&w->dgram, COAP_NACK_NOT_DELIVERABLE);
	else if (what % 16 == 7)
		(void)dgram_ping(&w->dgram, w->now);
	else if (what % 16 == 8)
		dgram_kick(&w->dgram, w->now);
	w->depth--;
}

static int
on_transmit(void *user, const uint8_t *data, size_t len)
{
	volatile uint8_t last;

	CHECK(len >= 4);
	last = data[len - 1];
	(void)last;
	come_back(user, (uint16_t)(data[2] << 8 | data[3]));
	return 0;
}

static void
on_deliver(void *user, const coap_pdu_t *pdu)
{
	CHECK(
	    pdu->code > 0 && pdu->code < 192 && pdu->type != COAP_MESSAGE_RST);
	come_back(user, pdu->mid);
}

static void
on_acked(void *user, coap_pdu_t *sent)
{
	CHECK(sent->type == COAP_MESSAGE_CON);
	come_back(user, sent->mid);
}

static void
on_failed(void *user, coap_pdu_t *sent, coap_nack_reason_t reason)
{
	struct world *w = user;
	unsigned i;

	(void)reason;
	if (!sent)
		return;
	for (i = 0; i < w->n_sent && w->sent[i] != sent; i++)
		;
	if (i < w->n_sent) {
		CHECK(!w->failed[i]);
		w->failed[i] = true;
	}
	come_back(w, sent->mid);
}

static void
on_retransmitted(void *user, coap_pdu_t *sent, unsigned count)
{
	struct world *w = user;

	CHECK(count > 0 && count <= w->params.max_retransmit);
	come_back(w, sent->mid);
}

static void
on_message(void *user, const coap_pdu_t *pdu)
{
	come_back(user, pdu->mid);
}

static const struct dgram_ops ops = {
	.transmit = on_transmit,
	.deliver = on_deliver,
	.acked = on_acked,
	.failed = on_failed,
	.retransmitted = on_retransmitted,
	.pinged = on_message,
	.ponged = on_message,
	.duplicate = on_message,
};

static void
input(struct world *w)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, 0, 0, 0);
	size_t len = take(w) % 32;
	const uint8_t *data = w->data;

	CHECK(pdu);
	if (len > w->len)
		len = w->len;
	w->data += len;
	w->len -= len;
	if (pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, len) == 0)
		dgram_input(&w->dgram, pdu, w->now);
	else if (len >= 4)
		dgram_input_bad(&w->dgram, pdu, w->now);
	coap_delete_pdu(pdu);
}

/* An empty ACK or RST for one of the last ids. */
static void
input_empty(struct world *w, coap_pdu_type_t type)
{
	coap_pdu_t *pdu;

	pdu = pdu_new(type, 0, (uint16_t)(w->dgram.next_mid - take(w) % 32), 0);
	CHECK(pdu);
	dgram_input(&w->dgram, pdu, w->now);
	coap_delete_pdu(pdu);
}

static void
check(const struct world *w)
{
	const struct dgram *d = &w->dgram;

	CHECK(d->in.count <= DGRAM_DEDUP_MAX);
	CHECK(d->seen_bytes <= DGRAM_DEDUP_BYTES);
	CHECK(d->n_con <= (w->params.nstart > 0 ? w->params.nstart : 1));
	CHECK(d->n_waiting == 0 || d->n_con > 0);
	CHECK(d->in_delivery < 0);
	CHECK(!d->lists[DGRAM_ENDING]);
	CHECK((d->n_con > 0 || d->ping_mid >= 0) ==
	    (d->lists[DGRAM_WIRE] != NULL));
	CHECK(!dgram_busy(d) || dgram_next(d) != TIMER_NEVER);
}

static void
step(struct world *w)
{
	uint8_t what = take(w);

	switch (what % 12) {
	case 0:
	case 1:
		input(w);
		break;
	case 2:
		send_new(w, COAP_MESSAGE_CON, what / 16 % 2 ? 1 : 69);
		break;
	case 3:
		send_new(w, COAP_MESSAGE_NON, what / 16 % 2 ? 1 : 69);
		break;
	case 4:
		input_empty(w, COAP_MESSAGE_ACK);
		break;
	case 5:
		input_empty(w, COAP_MESSAGE_RST);
		break;
	case 6:
		w->now += (coap_tick_t)take(w) * 50;
		break;
	case 7:
		if (dgram_next(&w->dgram) != TIMER_NEVER &&
		    dgram_next(&w->dgram) > w->now)
			w->now = dgram_next(&w->dgram);
		break;
	case 8:
		forget(w, what / 12);
		break;
	case 9:
		(void)dgram_ping(&w->dgram, w->now);
		break;
	case 10:
		dgram_kick(&w->dgram, w->now);
		break;
	default:
		dgram_icmp(&w->dgram);
		break;
	}
	dgram_timer(&w->dgram, w->now);
	check(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .data = data, .len = size };
	size_t before = mem_outstanding();
	unsigned passes = 0;

	w.params = msg_params_default;
	w.params.nstart = take(&w) % 4;
	w.params.max_retransmit = take(&w) % 6;
	w.params.ack_timeout.integer_part = take(&w) % 4;
	dgram_init(&w.dgram, &ops, &w, &w.params);
	while (w.len > 0)
		step(&w);
	/* All comes to an end by itself. */
	while (dgram_next(&w.dgram) != TIMER_NEVER) {
		if (dgram_next(&w.dgram) > w.now)
			w.now = dgram_next(&w.dgram);
		dgram_timer(&w.dgram, w.now);
		CHECK(++passes < 100000);
	}
	CHECK(!dgram_busy(&w.dgram));
	CHECK(w.dgram.out.count == 0 && w.dgram.in.count == 0);
	CHECK(w.dgram.seen_bytes == 0 && w.dgram.held_bytes == 0);
	dgram_free(&w.dgram);
	while (w.n_sent > 0) {
		w.n_sent--;
		CHECK(w.sent[w.n_sent]->refs == 1);
		coap_delete_pdu(w.sent[w.n_sent]);
	}
	CHECK(mem_outstanding() == before);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of ours: the queue, the first sending, and the repetitions. */

#include <stddef.h>

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "message/dgram_internal.h"
#include "wire/pdu.h"

/* No wait between two sendings is longer, however often it was doubled. */
#define WAIT_MAX ((coap_tick_t)1 << 60)
/* How late a repetition may be, in ms. */
#define LATE 1000

/* On the wire */

void
pdu_send(struct dgram *d, coap_pdu_t *pdu)
{
	const uint8_t *data;
	size_t len;

	/* transmit() may make everybody else let go of it. */
	pdu_ref(pdu);
	if (pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len) == 0)
		d->ops->transmit(d->user, data, len);
	coap_delete_pdu(pdu);
}

void
empty_send(struct dgram *d, unsigned type, uint16_t mid)
{
	const uint8_t message[4] = {
		(uint8_t)(1 << 6 | type << 4),
		COAP_EMPTY_CODE,
		(uint8_t)(mid >> 8),
		(uint8_t)mid,
	};

	d->ops->transmit(d->user, message, sizeof(message));
}

static void
out_send(struct dgram *d, const struct dgram_out *out)
{
	if (out->pdu)
		pdu_send(d, out->pdu);
	else
		empty_send(d, COAP_MESSAGE_CON, out->node.mid);
}

/* For the first time. */
static void
first_send(struct dgram *d, coap_pdu_t *pdu)
{
	pdu_ref(pdu);
	pdu_send(d, pdu);
	if (d->ops->sent)
		d->ops->sent(d->user, pdu);
	coap_delete_pdu(pdu);
}

/* Lists */

struct dgram_out *
out_find(const struct dgram *d, uint16_t mid)
{
	return (struct dgram_out *)mids_find(&d->out, mid);
}

static uint32_t
out_memory(const struct dgram_out *out)
{
	return (uint32_t)(sizeof(*out) + sizeof(*out->pdu) + PDU_HEADROOM +
	    out->pdu->cap);
}

/* Counts out in its list, or with -1 out of it. */
static void
count(struct dgram *d, const struct dgram_out *out, int by)
{
	if (out->list == DGRAM_WAITING)
		d->n_waiting = (uint16_t)(d->n_waiting + by);
	if (out->list == DGRAM_PROBES)
		d->probing->n = (uint16_t)(d->probing->n + by);
	if (out->list == DGRAM_WIRE && out->pdu)
		d->n_con = (uint16_t)(d->n_con + by);
	if (out->list == DGRAM_WIRE && !out->pdu)
		d->ping_mid = by > 0 ? out->node.mid : -1;
	if (out->list == DGRAM_HELD)
		d->held_bytes += by > 0 ? out_memory(out) : -out_memory(out);
}

void
out_move(struct dgram *d, struct dgram_out *out, enum dgram_list to)
{
	count(d, out, -1);
	DL_DELETE(*out_list(d, out->list), out);
	timers_cancel(&d->timers, &out->timer);
	out->list = (uint8_t)to;
	DL_APPEND(*out_list(d, to), out);
	count(d, out, 1);
}

void
out_take(struct dgram *d, struct dgram_out *out)
{
	count(d, out, -1);
	DL_DELETE(*out_list(d, out->list), out);
	timers_cancel(&d->timers, &out->timer);
	mids_remove(&d->out, &out->node);
}

void
out_free(struct dgram_out *out)
{
	coap_delete_pdu(out->pdu);
	coap_free_type(COAP_NODE, out);
}

static void
out_drop(struct dgram *d, struct dgram_out *out)
{
	out_take(d, out);
	out_free(out);
}

/* Repetitions */

/* Makes the id free: a NON with it can no longer be told from the new one. */
static int
claim_mid(struct dgram *d, uint16_t mid)
{
	struct dgram_out *out = out_find(d, mid);

	if (!out)
		return 0;
	if (out->list != DGRAM_HELD)
		return -COAP_E_EXISTS;
	out_drop(d, out);
	return 0;
}

/* The n-th wait is twice the one before; the first lies at random between
 * ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR (RFC 7252 section 4.2). */
static coap_tick_t
first_wait(struct dgram *d)
{
	coap_tick_t low = msg_fixed_ms(d->params->ack_timeout);
	coap_tick_t high =
	    low * msg_fixed_ms(d->params->ack_random_factor) / 1000;

	/* xorshift: this spreads load, it protects nothing. */
	d->random ^= d->random << 13;
	d->random ^= d->random >> 17;
	d->random ^= d->random << 5;
	if (high > low)
		low += d->random % (high - low + 1);
	return low > 0 ? low : 1;
}

static void
give_up(struct dgram *d, struct dgram_out *out, coap_tick_t now)
{
	coap_nack_reason_t reason = out->icmp == d->icmp
	    ? COAP_NACK_TOO_MANY_RETRIES
	    : COAP_NACK_ICMP_ISSUE;

	out_take(d, out);
	d->ops->failed(d->user, out->pdu, reason);
	out_free(out);
	out_pump(d, now);
}

/* The same place, count and wait, another message. The old one's id is free:
 * what still comes for it is for nobody. */
static int
put_in_place(struct dgram *d, struct dgram_out *out, coap_pdu_t *fresh,
    coap_tick_t now)
{
	const uint8_t *data;
	size_t len;
	int r = fresh->type == COAP_MESSAGE_CON
	    ? pdu_encode(fresh, FRAMING_DATAGRAM, &data, &len)
	    : -COAP_E_INVAL;

	if (r == 0)
		r = claim_mid(d, fresh->mid);
	if (r < 0)
		return r;
	mids_remove(&d->out, &out->node);
	out->node.mid = fresh->mid;
	/* This has room: one was taken out. */
	mids_add(&d->out, &out->node);
	coap_delete_pdu(out->pdu);
	out->pdu = pdu_ref(fresh);
	out->begun = now;
	return 0;
}

/* Asks for a newer message. True: out is there still, with *renewed or not. */
static bool
renew(struct dgram *d, struct dgram_out *out, coap_tick_t now, bool *renewed)
{
	coap_pdu_t *pdu = pdu_ref(out->pdu);
	coap_pdu_t *fresh = d->ops->renew(d->user, pdu);
	bool there;

	/* It may have done anything. */
	out = out_find(d, pdu->mid);
	there = out && out->pdu == pdu && out->list == DGRAM_WIRE;
	*renewed = there && fresh && put_in_place(d, out, fresh, now) == 0;
	coap_delete_pdu(fresh);
	coap_delete_pdu(pdu);
	return there;
}

static void
send_again(struct dgram *d, struct dgram_out *out, bool renewed)
{
	coap_pdu_t *pdu = out->pdu;
	unsigned repeats = out->repeats;

	if (!pdu) {
		out_send(d, out);
		return;
	}
	if (renewed) {
		first_send(d, pdu);
		return;
	}
	pdu_ref(pdu);
	out_send(d, out);
	d->ops->retransmitted(d->user, pdu, repeats);
	coap_delete_pdu(pdu);
}

/*
 * Whether the last moment for a repetition is over, as after a sleep of the
 * machine: no repetition comes after MAX_TRANSMIT_SPAN (RFC 7252 section 4.2),
 * but for what clocks and loops are late.
 */
static bool
is_late(const struct dgram *d, const struct dgram_out *out, coap_tick_t now)
{
	return now - out->begun > msg_max_transmit_span(d->params) + LATE;
}

static void
on_timer(struct timer *t, coap_tick_t now)
{
	struct dgram_out *out =
	    (struct dgram_out *)((char *)t - offsetof(struct dgram_out, timer));
	struct dgram *d = out->dgram;
	bool renewed = false, late;

	if (out->repeats >= d->params->max_retransmit) {
		give_up(d, out, now);
		return;
	}
	late = is_late(d, out, now);
	out->repeats++;
	if (out->wait < WAIT_MAX)
		out->wait *= 2;
	timers_set(&d->timers, t, now + out->wait);
	if (out->pdu && d->ops->renew && !renew(d, out, now, &renewed))
		return;
	if (late && !renewed)
		out->repeats = d->params->max_retransmit;
	else
		send_again(d, out, renewed);
}

static void
start_timer(struct dgram *d, struct dgram_out *out, coap_tick_t now)
{
	out->icmp = d->icmp;
	out->kicks = d->kicks;
	out->begun = now;
	out->wait = first_wait(d);
	timers_set(&d->timers, &out->timer, now + out->wait);
}

/* A NON leaves; it may meet a Reset. */
static void
send_held(struct dgram *d, struct dgram_out *out, coap_tick_t now)
{
	coap_pdu_t *pdu = out->pdu;

	if (probing_counts(d, pdu))
		probing_sent(d, pdu);
	out_move(d, out, DGRAM_HELD);
	out->until = now + msg_non_lifetime(d->params);
	out->kicks = d->kicks;
	held_expire(d, now);
	while (d->held_bytes > DGRAM_HELD_BYTES && d->lists[DGRAM_HELD] != out)
		out_drop(d, d->lists[DGRAM_HELD]);
	first_send(d, pdu);
}

void
out_pump(struct dgram *d, coap_tick_t now)
{
	uint16_t nstart = d->params->nstart > 0 ? d->params->nstart : 1;
	struct dgram_out *out;

	while (d->lists[DGRAM_WAITING] && d->n_con < nstart) {
		out = d->lists[DGRAM_WAITING];
		out_move(d, out, DGRAM_WIRE);
		start_timer(d, out, now);
		first_send(d, out->pdu);
	}
	for (out = probing_ready(d, now); out; out = probing_ready(d, now))
		send_held(d, out, now);
}

/* Sending */

static int
out_new(struct dgram *d, coap_pdu_t *pdu, uint16_t mid, enum dgram_list list,
    struct dgram_out **result)
{
	struct dgram_out *out;
	int r;

	out = mem_new(COAP_NODE, 1, sizeof(*out));
	if (!out)
		return -COAP_E_NOMEM;
	out->node.mid = mid;
	r = mids_add(&d->out, &out->node);
	if (r < 0) {
		coap_free_type(COAP_NODE, out);
		return r;
	}
	out->dgram = d;
	out->pdu = pdu ? pdu_ref(pdu) : NULL;
	out->timer.fire = on_timer;
	out->list = (uint8_t)list;
	DL_APPEND(*out_list(d, list), out);
	count(d, out, 1);
	*result = out;
	return 0;
}

static int
send_con(struct dgram *d, coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_out *out;
	int r;

	if (d->n_waiting >= DGRAM_QUEUE_MAX)
		return -COAP_E_LIMIT;
	r = claim_mid(d, pdu->mid);
	if (r < 0)
		return r;
	r = out_new(d, pdu, pdu->mid, DGRAM_WAITING, &out);
	if (r < 0)
		return r;
	out_pump(d, now);
	return 0;
}

static int
send_non(struct dgram *d, coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_out *out;
	bool waits = false;
	int r = 0;

	if (probing_counts(d, pdu))
		r = probing_begin(d, now, &waits);
	if (r == 0)
		r = claim_mid(d, pdu->mid);
	if (r < 0)
		return r;
	r = out_new(d, pdu, pdu->mid, waits ? DGRAM_PROBES : DGRAM_HELD, &out);
	if (r == 0 && !waits)
		send_held(d, out, now);
	return r;
}

static int
send_reply(struct dgram *d, coap_pdu_t *pdu, coap_tick_t now)
{
	(void)now;
	if (d->in_delivery == pdu->mid)
		d->answered = true;
	dedup_set_reply(d, pdu->type, pdu->mid, pdu);
	pdu_send(d, pdu);
	return 0;
}

/* RFC 7252 section 4.3, table 1. */
static bool
fits_type(const coap_pdu_t *pdu)
{
	bool empty = pdu->code == COAP_EMPTY_CODE;

	if (pdu->type == COAP_MESSAGE_NON)
		return !empty;
	if (pdu->type == COAP_MESSAGE_ACK)
		return !COAP_PDU_IS_REQUEST(pdu);
	return pdu->type == COAP_MESSAGE_CON || empty;
}

int
dgram_send(struct dgram *d, coap_pdu_t *pdu, coap_tick_t now)
{
	static int (*const senders[])(struct dgram *, coap_pdu_t *,
	    coap_tick_t) = {
		[COAP_MESSAGE_CON] = send_con,
		[COAP_MESSAGE_NON] = send_non,
		[COAP_MESSAGE_ACK] = send_reply,
		[COAP_MESSAGE_RST] = send_reply,
	};
	const uint8_t *data;
	size_t len;
	int r;

	if (!fits_type(pdu))
		return -COAP_E_INVAL;
	r = pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len);
	if (r < 0)
		return r;
	return senders[pdu->type & 3](d, pdu, now);
}

int
dgram_send_empty(struct dgram *d, coap_pdu_type_t type, uint16_t mid,
    coap_tick_t now)
{
	(void)now;
	if (type != COAP_MESSAGE_ACK && type != COAP_MESSAGE_RST)
		return -COAP_E_INVAL;
	if (d->in_delivery == mid)
		d->answered = true;
	dedup_set_reply(d, type, mid, NULL);
	empty_send(d, type, mid);
	return 0;
}

int
dgram_ping(struct dgram *d, coap_tick_t now)
{
	struct dgram_out *out;
	uint16_t mid;
	int r;

	if (d->ping_mid >= 0)
		return -COAP_E_STATE;
	mid = dgram_new_mid(d);
	r = claim_mid(d, mid);
	if (r < 0)
		return r;
	r = out_new(d, NULL, mid, DGRAM_WIRE, &out);
	if (r < 0)
		return r;
	start_timer(d, out, now);
	out_send(d, out);
	return mid;
}

static void
kick_list(struct dgram *d, enum dgram_list list)
{
	struct dgram_out *out;

	for (;;) {
		out = d->lists[list];
		if (!out || out->kicks == d->kicks)
			return;
		out->kicks = d->kicks;
		DL_DELETE(d->lists[list], out);
		DL_APPEND(d->lists[list], out);
		out_send(d, out);
	}
}

void
dgram_kick(struct dgram *d, coap_tick_t now)
{
	d->kicks++;
	kick_list(d, DGRAM_WIRE);
	held_expire(d, now);
	kick_list(d, DGRAM_HELD);
}

int
dgram_forget(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_out *out = out_find(d, pdu->mid);

	if (!out || out->pdu != pdu)
		return 0;
	out_drop(d, out);
	out_pump(d, now);
	return 1;
}

int
dgram_unsend(struct dgram *d, const coap_pdu_t *pdu)
{
	struct dgram_out *out = out_find(d, pdu->mid);

	if (!out || out->pdu != pdu ||
	    (out->list != DGRAM_WAITING && out->list != DGRAM_PROBES))
		return 0;
	out_drop(d, out);
	return 1;
}

void
dgram_forget_ping(struct dgram *d)
{
	if (d->ping_mid >= 0)
		out_drop(d, out_find(d, (uint16_t)d->ping_mid));
}

void
held_expire(struct dgram *d, coap_tick_t now)
{
	struct dgram_out *out = d->lists[DGRAM_HELD];

	while (out && out->until <= now) {
		out_drop(d, out);
		out = d->lists[DGRAM_HELD];
	}
}

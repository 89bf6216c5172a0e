/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages of the peer: which reply or message of ours each one concerns. */

#include "base/err.h"
#include "message/dgram_internal.h"
#include "wire/pdu.h"

enum code_kind {
	CODE_EMPTY,
	CODE_REQUEST,
	CODE_RESPONSE,
	CODE_RESERVED, /* classes 1, 6 and 7: RFC 7252 section 4.2 */
};

static enum code_kind
kind_of(const coap_pdu_t *pdu)
{
	static const uint8_t kinds[8] = {
		CODE_REQUEST,
		CODE_RESERVED,
		CODE_RESPONSE,
		CODE_RESPONSE,
		CODE_RESPONSE,
		CODE_RESPONSE,
		CODE_RESERVED,
		CODE_RESERVED,
	};

	if (pdu->code == COAP_EMPTY_CODE)
		return CODE_EMPTY;
	return (enum code_kind)kinds[pdu->code >> 5];
}

static void
repeated(struct dgram *d, const coap_pdu_t *pdu, const struct dgram_seen *seen)
{
	dedup_repeat(d, seen);
	if (d->ops->duplicate)
		d->ops->duplicate(d->user, pdu);
}

static void
deliver_con(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	bool pending;

	d->in_delivery = pdu->mid;
	d->answered = false;
	d->ops->deliver(d->user, pdu);
	/* Empty after a reset: then nobody wants to hear from us any more. */
	pending = d->in_delivery >= 0 && !d->answered;
	d->in_delivery = -1;
	if (pending)
		dgram_send_empty(d, COAP_MESSAGE_ACK, pdu->mid, now);
}

static void
input_con(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	const struct dgram_seen *seen;
	enum code_kind kind = kind_of(pdu);

	if (kind == CODE_EMPTY || kind == CODE_RESERVED) {
		empty_send(d, COAP_MESSAGE_RST, pdu->mid);
		if (kind == CODE_EMPTY)
			d->ops->pinged(d->user, pdu);
		return;
	}
	seen = dedup_find(d, pdu, now);
	if (seen) {
		repeated(d, pdu, seen);
		return;
	}
	/* What could not be remembered might be done twice. */
	if (dedup_add(d, pdu, now) < 0)
		return;
	deliver_con(d, pdu, now);
}

static void
input_non(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	const struct dgram_seen *seen;
	enum code_kind kind = kind_of(pdu);

	if (kind == CODE_EMPTY || kind == CODE_RESERVED)
		return;
	seen = dedup_find(d, pdu, now);
	if (seen) {
		repeated(d, pdu, seen);
		return;
	}
	/* Nobody sends a NON again, so it is taken in any case. */
	(void)dedup_add(d, pdu, now);
	d->ops->deliver(d->user, pdu);
}

static void
ping_ended(struct dgram *d, struct dgram_out *out, const coap_pdu_t *pdu)
{
	out_take(d, out);
	out_free(out);
	d->ops->ponged(d->user, pdu);
}

/* A response in an ACK belongs to a request only with the request's token
 * (RFC 7252 section 5.3.2). */
static bool
is_answer(const coap_pdu_t *sent, const coap_pdu_t *pdu)
{
	return kind_of(sent) == CODE_REQUEST && kind_of(pdu) == CODE_RESPONSE &&
	    sent->token_len == pdu->token_len &&
	    memcmp(sent->token, pdu->token, pdu->token_len) == 0;
}

/* Whatever response an ACK carries, it acknowledges one of ours (RFC 7252
 * section 5.2.2). */
static bool
is_ack_of_response(const coap_pdu_t *sent, const coap_pdu_t *pdu)
{
	return kind_of(sent) == CODE_RESPONSE && kind_of(pdu) == CODE_RESPONSE;
}

static void
input_ack(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_out *out = out_find(d, pdu->mid);
	bool empty = kind_of(pdu) == CODE_EMPTY;
	bool settles;

	if (!out || out->list != DGRAM_WIRE)
		return;
	if (!out->pdu) {
		if (empty)
			ping_ended(d, out, pdu);
		return;
	}
	settles = empty || is_ack_of_response(out->pdu, pdu);
	if (!settles && !is_answer(out->pdu, pdu))
		return;
	out_take(d, out);
	if (settles)
		d->ops->acked(d->user, out->pdu);
	else
		d->ops->deliver(d->user, pdu);
	out_free(out);
	out_pump(d, now);
}

static void
input_rst(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_out *out = out_find(d, pdu->mid);

	if (!out || kind_of(pdu) != CODE_EMPTY ||
	    (out->list != DGRAM_WIRE && out->list != DGRAM_HELD))
		return;
	if (!out->pdu) {
		ping_ended(d, out, pdu);
		return;
	}
	out_take(d, out);
	d->ops->failed(d->user, out->pdu, COAP_NACK_RST);
	out_free(out);
	out_pump(d, now);
}

void
dgram_input(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	static void (*const inputs[])(struct dgram *, const coap_pdu_t *,
	    coap_tick_t) = {
		[COAP_MESSAGE_CON] = input_con,
		[COAP_MESSAGE_NON] = input_non,
		[COAP_MESSAGE_ACK] = input_ack,
		[COAP_MESSAGE_RST] = input_rst,
	};

	dedup_expire(d, now);
	held_expire(d, now);
	probing_heard(d);
	inputs[pdu->type & 3](d, pdu, now);
	out_pump(d, now);
}

void
dgram_input_bad(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	probing_heard(d);
	if (pdu->type == COAP_MESSAGE_CON)
		empty_send(d, COAP_MESSAGE_RST, pdu->mid);
	out_pump(d, now);
}

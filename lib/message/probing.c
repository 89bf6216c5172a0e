/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * PROBING_RATE (RFC 7252 section 4.7): what an endpoint may send, on average,
 * to one that does not respond. CONs have their waits and NSTART for that; NONs
 * that ask have this. What they weigh is counted until something comes from the
 * peer, and goes down by PROBING_RATE. While it is more than that makes in an
 * EXCHANGE_LIFETIME, the next ones wait.
 *
 * Not counted are responses, which somebody asked for, notifications, which
 * have a pace of their own (RFC 7641 section 4.5.1), blocks of Q-Block (RFC 9177
 * section 7.2), and what goes to a group, of which nobody need answer.
 */
#include "base/alloc.h"
#include "base/err.h"
#include "message/dgram_internal.h"
#include "wire/pdu.h"

/* Longer than anybody waits; times any rate it fits into 64 bits. */
#define WINDOW_MAX ((uint64_t)UINT32_MAX)

/* Thousandths of a byte: a rate is so many of them a millisecond. */
static uint64_t
allowed(const struct dgram *d)
{
	uint64_t window = msg_exchange_lifetime(d->params);

	if (window > WINDOW_MAX)
		window = WINDOW_MAX;
	return window * d->params->probing_rate;
}

static void
pay(struct dgram *d, coap_tick_t now)
{
	struct dgram_probing *p = d->probing;
	uint64_t rate = d->params->probing_rate;
	uint64_t passed = now > p->at ? now - p->at : 0;

	p->sent = passed > p->sent / rate ? 0 : p->sent - passed * rate;
	p->at = now;
}

static bool
lets_go(struct dgram *d, coap_tick_t now)
{
	pay(d, now);
	return d->probing->sent <= allowed(d);
}

bool
probing_counts(const struct dgram *d, const coap_pdu_t *pdu)
{
	return !d->group && COAP_PDU_IS_REQUEST(pdu) &&
	    pdu_option_uint(pdu, COAP_OPTION_Q_BLOCK1) < 0 &&
	    pdu_option_uint(pdu, COAP_OPTION_Q_BLOCK2) < 0;
}

int
probing_begin(struct dgram *d, coap_tick_t now, bool *waits)
{
	if (!d->probing)
		d->probing = mem_new(COAP_NODE, 1, sizeof(*d->probing));
	if (!d->probing)
		return -COAP_E_NOMEM;
	*waits = d->probing->list || !lets_go(d, now);
	return *waits && d->probing->n >= DGRAM_QUEUE_MAX ? -COAP_E_LIMIT : 0;
}

struct dgram_out *
probing_ready(struct dgram *d, coap_tick_t now)
{
	return d->probing && d->probing->list && lets_go(d, now)
	    ? d->probing->list
	    : NULL;
}

void
probing_sent(struct dgram *d, coap_pdu_t *pdu)
{
	const uint8_t *data;
	size_t len;

	if (pdu_encode(pdu, FRAMING_DATAGRAM, &data, &len) == 0)
		d->probing->sent += (uint64_t)len * 1000;
}

void
probing_heard(struct dgram *d)
{
	if (d->probing)
		d->probing->sent = 0;
}

unsigned
dgram_held(const struct dgram *d)
{
	return d->probing ? d->probing->n : 0;
}

void
probing_free(struct dgram *d)
{
	coap_free_type(COAP_NODE, d->probing);
	d->probing = NULL;
}

coap_tick_t
probing_next(const struct dgram *d)
{
	const struct dgram_probing *p = d->probing;
	uint64_t rate = d->params->probing_rate;
	uint64_t limit;

	if (!p || !p->list)
		return TIMER_NEVER;
	limit = allowed(d);
	return p->sent <= limit ? p->at
				: p->at + (p->sent - limit + rate - 1) / rate;
}

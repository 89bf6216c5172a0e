/* SPDX-License-Identifier: BSD-2-Clause */
/* The datagram layer: its beginning and end, its ids and its timers. */

#include "message/dgram.h"

#include <coap3/coap_prng.h>

#include "message/dgram_internal.h"
#include "wire/pdu.h"

#define MIDS 65536

void
dgram_init(struct dgram *d, const struct dgram_ops *ops, void *user,
    const struct msg_params *params)
{
	uint32_t seed = 0;

	memset(d, 0, sizeof(*d));
	d->ops = ops;
	d->user = user;
	d->params = params;
	d->ping_mid = -1;
	d->in_delivery = -1;
	coap_prng(&d->next_mid, sizeof(d->next_mid));
	coap_prng(&seed, sizeof(seed));
	d->random = seed | 1; /* never 0, which the generator stays at */
}

void
dgram_free(struct dgram *d)
{
	struct dgram_out *out;

	for (int i = 0; i < DGRAM_LISTS + (d->probing != NULL); i++) {
		while (*out_list(d, (enum dgram_list)i)) {
			out = *out_list(d, (enum dgram_list)i);
			out_take(d, out);
			out_free(out);
		}
	}
	probing_free(d);
	dedup_clear(d);
	mids_free(&d->out);
	mids_free(&d->in);
}

uint16_t
dgram_new_mid(struct dgram *d)
{
	for (unsigned i = 0; i < MIDS && out_find(d, d->next_mid); i++)
		d->next_mid++;
	return d->next_mid++;
}

void
dgram_icmp(struct dgram *d)
{
	d->icmp++;
}

bool
dgram_busy(const struct dgram *d)
{
	return d->n_con > 0 || d->n_waiting > 0 || d->ping_mid >= 0 ||
	    (d->probing && d->probing->list);
}

coap_tick_t
dgram_next(const struct dgram *d)
{
	const struct dgram_out *held = d->lists[DGRAM_HELD];
	coap_tick_t next = timers_next(&d->timers);
	coap_tick_t seen = dedup_next(d);
	coap_tick_t probe = probing_next(d);

	if (probe < next)
		next = probe;
	if (held && held->until < next)
		next = held->until;
	return seen < next ? seen : next;
}

void
dgram_timer(struct dgram *d, coap_tick_t now)
{
	timers_run(&d->timers, now);
	out_pump(d, now);
	held_expire(d, now);
	dedup_expire(d, now);
}

static void
end_list(struct dgram *d, enum dgram_list list)
{
	while (*out_list(d, list))
		out_move(d, *out_list(d, list), DGRAM_ENDING);
}

/* A ping is nobody's message, and of a NON only a request awaits an end. */
static bool
is_reported(const struct dgram_out *out)
{
	return out->pdu &&
	    (out->pdu->type == COAP_MESSAGE_CON ||
		COAP_PDU_IS_REQUEST(out->pdu));
}

void
dgram_reset(struct dgram *d, coap_nack_reason_t reason)
{
	struct dgram_out *out;

	d->in_delivery = -1;
	dedup_clear(d);
	probing_heard(d);
	end_list(d, DGRAM_WIRE);
	end_list(d, DGRAM_WAITING);
	if (d->probing)
		end_list(d, DGRAM_PROBES);
	end_list(d, DGRAM_HELD);
	/* failed() may forget others of these, send, or reset again. */
	while (d->lists[DGRAM_ENDING]) {
		out = d->lists[DGRAM_ENDING];
		out_take(d, out);
		if (is_reported(out))
			d->ops->failed(d->user, out->pdu, reason);
		out_free(out);
	}
}

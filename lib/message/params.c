/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmission parameters: the defaults, and the times that follow from them. */

#include "message/params.h"

/* RFC 7252 section 4.8.2: "arbitrarily defined" there. */
#define MAX_LATENCY_MS ((coap_tick_t)100 * 1000)
/* Longer than any clock runs; two of them can be added without overflow. */
#define TIME_CEILING ((coap_tick_t)1 << 61)

const struct msg_params msg_params_default = {
	.ack_timeout = { 2, 0 },
	.ack_random_factor = { 1, 500 },
	.default_leisure = { 5, 0 },
	.non_timeout = { 2, 0 },
	.non_receive_timeout = { 4, 0 },
	.probing_rate = 1,
	.max_retransmit = 4,
	.nstart = 1,
	.max_payloads = 10,
	.non_max_retransmit = 4,
};

uint32_t
msg_fixed_ms(coap_fixed_point_t v)
{
	return (uint32_t)v.integer_part * 1000 + v.fractional_part;
}

/* ACK_TIMEOUT * (2^doublings - 1) * ACK_RANDOM_FACTOR, at most the ceiling. */
static coap_tick_t
transmit_time(const struct msg_params *p, unsigned doublings)
{
	coap_tick_t t;

	/* Two factors of 26 bits each: no overflow before the doublings. */
	t = (coap_tick_t)msg_fixed_ms(p->ack_timeout) *
	    msg_fixed_ms(p->ack_random_factor) / 1000;
	if (t == 0)
		return 0;
	if (doublings >= 61)
		return TIME_CEILING;
	if (t > TIME_CEILING >> doublings)
		return TIME_CEILING;
	return t * (((coap_tick_t)1 << doublings) - 1);
}

coap_tick_t
msg_max_transmit_span(const struct msg_params *p)
{
	return transmit_time(p, p->max_retransmit);
}

coap_tick_t
msg_exchange_lifetime(const struct msg_params *p)
{
	return msg_max_transmit_span(p) + 2 * MAX_LATENCY_MS +
	    msg_fixed_ms(p->ack_timeout);
}

coap_tick_t
msg_non_lifetime(const struct msg_params *p)
{
	return msg_max_transmit_span(p) + MAX_LATENCY_MS;
}

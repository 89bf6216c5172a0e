/* SPDX-License-Identifier: BSD-2-Clause */
/* Transmission parameters of one session: RFC 7252 section 4.8, RFC 9177. */
#ifndef MESSAGE_PARAMS_H
#define MESSAGE_PARAMS_H

#include <coap3/coap_session.h>
#include <coap3/coap_time.h>

struct msg_params {
	coap_fixed_point_t ack_timeout; /* seconds */
	coap_fixed_point_t ack_random_factor;
	coap_fixed_point_t default_leisure; /* seconds */
	coap_fixed_point_t non_timeout;     /* seconds */
	coap_fixed_point_t non_receive_timeout;
	uint32_t probing_rate; /* bytes a second */
	uint16_t max_retransmit;
	uint16_t nstart;
	uint16_t max_payloads;
	uint16_t non_max_retransmit;
};

extern const struct msg_params msg_params_default;

/* Derived times in ticks (ms), RFC 7252 section 4.8.2. Whatever the parameters
 * are, none is so long that a moment plus that time overflows. */
coap_tick_t msg_max_transmit_span(const struct msg_params *p);
coap_tick_t msg_exchange_lifetime(const struct msg_params *p);
coap_tick_t msg_non_lifetime(const struct msg_params *p);
/* In thousandths, so 1.5 s is 1500. */
uint32_t msg_fixed_ms(coap_fixed_point_t v);

#endif

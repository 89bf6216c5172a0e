/* SPDX-License-Identifier: BSD-2-Clause */
/* One option on the wire, RFC 7252 section 3.1. */
#ifndef WIRE_OPTION_H
#define WIRE_OPTION_H

#include <stdbool.h>

#include <coap3/coap_option.h>
#include <coap3/coap_pdu.h>

/* The largest number that a nibble and its two extra bytes can say. */
#define OPTION_EXT_MAX (269 + 65535)

/*
 * Reads the option at opt, of which at most len bytes may be looked at.
 * Returns how many bytes it takes; 0 when it is not complete, begins with the
 * payload marker, uses a reserved nibble or has a delta over 65535.
 */
size_t option_read(const uint8_t *opt, size_t len, coap_option_t *result);

/* Whether the message may have an option that is in the set. */
bool filter_meets(const coap_opt_filter_t *filter, const coap_pdu_t *pdu);

#endif

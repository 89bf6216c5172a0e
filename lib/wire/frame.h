/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in front of the token, in each of the three framings. */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/pdu.h"

struct frame_head {
	uint8_t type;
	uint8_t code;
	uint16_t mid;
	bool identified; /* type, code and mid above are from the message */
	size_t size;     /* bytes in front of the token */
	size_t token_len;
};

/*
 * Reads the header of one whole message of len bytes: 0, -COAP_E_FORMAT or
 * -COAP_E_TOOBIG. After 0 size + token_len is at most len. `identified` is
 * also set after an error when a datagram got that far.
 */
int frame_read(enum framing framing, const uint8_t *data, size_t len,
    struct frame_head *head);

/* Writes the header so that it ends before pdu->token; returns its size. */
size_t frame_write(enum framing framing, const coap_pdu_t *pdu);

#endif

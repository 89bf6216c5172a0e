/* SPDX-License-Identifier: BSD-2-Clause */
/* The Block1 and Block2 options (RFC 7959 section 2.2, RFC 8323 section 6). */
#ifndef WIRE_BLOCK_H
#define WIRE_BLOCK_H

#include <stdbool.h>

#include <coap3/coap_block.h>

/* Why a block option is not written. */
#define BLOCK_ERR_ARG  (-1) /* an argument is NULL, or the size reserved */
#define BLOCK_ERR_NUM  (-2) /* the block begins behind the body's end */
#define BLOCK_ERR_ROOM (-3) /* not even 16 bytes fit into the message */

/*
 * Reads the option into block, zeroed if this fails. `bert`: the size exponent
 * 7 means BERT, else it is reserved. 1, or 0 when the option is missing or not
 * valid.
 */
int block_read(const coap_pdu_t *pdu, coap_option_num_t number, bool bert,
    coap_block_b_t *block);

/*
 * Adds the option for the part of a body of data_length bytes that block
 * names, with a size that fits; block then says what was written. 1 or one of
 * BLOCK_ERR_.... BERT is used when block->bert is set and 1024 bytes fit.
 */
int block_write(coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_b_t *block, size_t data_length);

/* Bytes of payload that fit behind an option of option_size bytes. */
size_t block_room(const coap_pdu_t *pdu, size_t option_size);

/* Adds an option whose value is a number, as short as it can be. 1 or 0. */
int block_add_uint(coap_pdu_t *pdu, coap_option_num_t number, uint64_t value);
/* The same of Size1 or Size2, which have 4 bytes at most: without it when it is
 * more. */
bool block_add_size(coap_pdu_t *pdu, coap_option_num_t number, uint64_t size);

/* A tag of the bytes: equal bodies have equal tags; never 0. */
uint64_t block_etag(const uint8_t *data, size_t length);

/*
 * Adds ETag (none if 0), Content-Format and Max-Age (none if negative) to a
 * response. 1 or 0.
 */
int block_add_body_options(coap_pdu_t *response, uint16_t media_type,
    int maxage, uint64_t etag);

#endif

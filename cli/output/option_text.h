/* SPDX-License-Identifier: BSD-2-Clause */
/* Codes, Content-Formats and options as text. */
#ifndef CLI_OPTION_TEXT_H
#define CLI_OPTION_TEXT_H

#include <coap3/coapx.h>

#include "cli/output/text.h"

/* "2.05". */
#define CODE_TEXT_SIZE 8
const char *code_text(unsigned code, char buf[static CODE_TEXT_SIZE]);
/* "2.05 Content", or "2.06" when that is not registered. */
void code_text_named(struct text *out, unsigned code);

/* The Content-Format of a message, or -1: none, or too long to be one. */
int pdu_content_format(const coap_pdu_t *pdu);
/* Whether a response says for how many seconds not to ask again: 4.29 (RFC
 * 8516), and 5.03 with Max-Age (RFC 7252 section 5.9.3.4). */
bool pdu_retry_after(const coap_pdu_t *pdu, unsigned *seconds);
/* "text/plain"; with a coding "application/json;coding=deflate"; parameters
 * only in full; "65000" for what is not registered. */
void content_format_text(struct text *out, unsigned number, bool full);
/* Whether its payload is meant for reading: text, JSON, XML, links. */
bool content_format_is_text(unsigned number);
/* application/json, or another media type with +json; without coding. */
bool content_format_is_json(unsigned number);
/* CBOR as one item: application/cbor, what COSE and CWT are, or +cbor. */
bool content_format_is_cbor(unsigned number);
/* Any number of items, one after the other (RFC 8742). */
bool content_format_is_cbor_seq(unsigned number);

/* One option of a message. */
struct option_view {
	unsigned number;
	const coapx_option_info_t *info; /* NULL: not registered */
	const uint8_t *value;
	size_t len;
};

/* Calls each() for the options in order. */
void pdu_each_option(const coap_pdu_t *pdu,
    void (*each)(void *arg, const struct option_view *option), void *arg);
/* Whether the value is an unsigned integer, of at most 8 bytes. */
bool option_is_uint(const struct option_view *option);
uint64_t option_uint(const struct option_view *option);
/*
 * What the value stands for, when that is more than the value itself: the
 * media type of Content-Format and Accept, "0/1/64" of a block option. False,
 * and nothing added, for others.
 */
bool option_meaning(struct text *out, const struct option_view *option);
/* "Content-Format: text/plain", on one line; not registered: "65000: 0x01". */
void option_text(struct text *out, const struct option_view *option,
    bool ascii);

#endif

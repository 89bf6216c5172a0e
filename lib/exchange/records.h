/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records of byte strings in one piece, to be kept in a file: a mark of eight
 * bytes, the fields of one record after the other, each with its length (32
 * bits, big-endian) in front, and a checksum of all before it (64 bits). It
 * finds accidents, not forgery.
 */
#ifndef EXCHANGE_RECORDS_H
#define EXCHANGE_RECORDS_H

#include <stdbool.h>

#include "base/buf.h"

#include <coap3/coap_address.h>
#include <coap3/coap_str.h>

#define RECORDS_MARK 8
/* Bytes of an address as a field. */
#define RECORDS_ADDRESS 24

/* Writing, to the end of an empty buffer: 0 or an error of buf_append(). */
int records_begin(struct buf *out, const char mark[static RECORDS_MARK]);
int records_put(struct buf *out, const void *data, size_t len);
int records_put_address(struct buf *out, const coap_address_t *address);
int records_end(struct buf *out);

struct records {
	const uint8_t *at;
	size_t left;
};

/* Whether bytes have that mark, also when they are damaged. */
bool records_marked(const uint8_t *data, size_t len,
    const char mark[static RECORDS_MARK]);
/*
 * Reading, with n fields in each record: all of it is checked here. 0;
 * -COAP_E_FORMAT: damaged, or something else.
 */
int records_open(struct records *r, const uint8_t *data, size_t len,
    const char mark[static RECORDS_MARK], unsigned n);
/* The fields of the next record, in the bytes that were given; false: there is
 * none. */
bool records_next(struct records *r, coap_bin_const_t *fields, unsigned n);
/* 0; -COAP_E_FORMAT: this is no address. */
int records_address(const coap_bin_const_t *field, coap_address_t *address);

#endif

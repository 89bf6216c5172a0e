/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CBOR (RFC 8949) as bytes: heads, whether it is well-formed, and writing. What
 * walks over data has it checked first, and may then trust its lengths and its
 * depth.
 */
#ifndef CLI_DECODE_CBOR_H
#define CLI_DECODE_CBOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/output/text.h"

/* Arrays, maps, tags and embedded CBOR in each other. */
#define CBOR_DEPTH_MAX 64
/* Items of all depths, each of which may cost some hundred bytes. */
#define CBOR_ITEMS_MAX 131072

enum cbor_major {
	CBOR_UINT,
	CBOR_NEGATIVE,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_SIMPLE,
};

/* Additional information: the argument follows in 1, 2, 4 or 8 bytes. */
#define CBOR_INFO_1          24
#define CBOR_INFO_2          25
#define CBOR_INFO_4          26
#define CBOR_INFO_8          27
#define CBOR_INFO_INDEFINITE 31

/* Of CBOR_SIMPLE. */
#define CBOR_FALSE     20
#define CBOR_TRUE      21
#define CBOR_NULL      22
#define CBOR_UNDEFINED 23

/* Tags that are looked into (RFC 8949 section 3.4). */
#define CBOR_TAG_BIGNUM          2
#define CBOR_TAG_NEGATIVE_BIGNUM 3
#define CBOR_TAG_BASE64URL       21
#define CBOR_TAG_BASE64          22
#define CBOR_TAG_BASE16          23
#define CBOR_TAG_EMBEDDED        24

struct cbor_head {
	enum cbor_major major;
	unsigned info;
	uint64_t value; /* the argument; the bits of a float */
};

struct cbor_reader {
	const uint8_t *data;
	size_t len;
	size_t pos;
};

/* What is wrong with data, and where. */
struct cbor_error {
	size_t at;
	const char *why;
};

/* The next head; false at the end, or when it is cut short or reserved. */
bool cbor_read_head(struct cbor_reader *r, struct cbor_head *head);
/* Whether the next thing is the break of an indefinite length; it is left. */
bool cbor_at_break(const struct cbor_reader *r);
bool cbor_is_float(const struct cbor_head *head);
/* The value of a float of any width. */
double cbor_float(const struct cbor_head *head);

/*
 * Whether data is one data item, or any number of them (sequence): well-formed,
 * text in UTF-8, with no more depth, and no more items than CBOR_ITEMS_MAX.
 * Nothing is allocated.
 */
bool cbor_check(const uint8_t *data, size_t len, bool sequence, unsigned depth,
    struct cbor_error *error);

/* To the end of the item at pos; of data that was checked. */
void cbor_skip(struct cbor_reader *r);

/* --- writing ------------------------------------------------------------- */

/* The shortest info that a value has room in; below 24 it is the value. */
unsigned cbor_shortest(uint64_t value);
/* info: CBOR_INFO_1 to _8, or cbor_shortest(). */
void cbor_put_head(struct text *out, enum cbor_major major, unsigned info,
    uint64_t value);
/* In front of what was written from start on. */
void cbor_insert_head(struct text *out, size_t start, enum cbor_major major,
    unsigned info, uint64_t value);
/* CBOR_INFO_2, _4 or _8: the shortest width that keeps the value. */
unsigned cbor_shortest_float(double value);
/* info: at least cbor_shortest_float(). */
void cbor_put_float(struct text *out, unsigned info, double value);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bytes that grow at the end and are taken from the beginning; numbers in them
 * are big-endian. They may hold secrets: whatever is let go of is wiped. Both
 * ends cost the same for each byte, however many there are. The ceiling is the
 * caller's.
 */
#ifndef CLI_CONTROL_BYTES_H
#define CLI_CONTROL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty one. */
struct bytes {
	uint8_t *data;
	size_t begin; /* of what has not been taken */
	size_t len;   /* of that */
	size_t room;
	bool failed; /* out of memory: something is missing at the end */
};

void bytes_add(struct bytes *b, const void *data, size_t len);
void bytes_add_u8(struct bytes *b, uint8_t v);
void bytes_add_u32(struct bytes *b, uint32_t v);
void bytes_add_u64(struct bytes *b, uint64_t v);
/* Its length (4) and the bytes; all of it or nothing. */
void bytes_add_string(struct bytes *b, const void *data, size_t len);
/* Room for len bytes more, to be written to; NULL: out of memory. */
uint8_t *bytes_reserve(struct bytes *b, size_t len);
/* So many of those that were reserved are there now. */
void bytes_grew(struct bytes *b, size_t len);
/* What has not been taken yet, b->len bytes, until something is added or
 * taken. */
const uint8_t *bytes_front(const struct bytes *b);
/* Takes so many from the beginning; when there are fewer, all of them. */
void bytes_take(struct bytes *b, size_t len);
/* Keeps so many at the beginning, and lets go of what is behind them. */
void bytes_cut(struct bytes *b, size_t len);
/* Makes it an empty one. */
void bytes_free(struct bytes *b);

/* Reading what a peer sent: after the end everything is 0, and failed. */
struct bytes_reader {
	const uint8_t *data;
	size_t len;
	bool failed;
};

uint8_t bytes_u8(struct bytes_reader *r);
uint32_t bytes_u32(struct bytes_reader *r);
uint64_t bytes_u64(struct bytes_reader *r);
/* A string of at most max bytes, inside the data; NULL, and *len is 0, when it
 * failed. */
const uint8_t *bytes_string(struct bytes_reader *r, size_t max, size_t *len);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing buffer with a ceiling that is given at birth. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

/* Invariant: len <= cap <= max; data is NULL while cap is 0. */
struct buf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
};

/* An empty buffer that never holds more than max bytes. Allocates nothing. */
void buf_init(struct buf *b, size_t max);
/* Releases the memory; the buffer stays usable. */
void buf_free(struct buf *b);
/* Room for n more bytes: 0, -COAP_E_NOMEM or -COAP_E_TOOBIG (over max). */
int buf_reserve(struct buf *b, size_t n);
/* The capacity that room for n more bytes would make it have. */
size_t buf_cap_with(const struct buf *b, size_t n);
/* Copies n bytes to the end; all or nothing; errors as buf_reserve(). */
int buf_append(struct buf *b, const void *data, size_t n);
int buf_append_u8(struct buf *b, uint8_t byte);
/* Formatted text without the NUL. */
int buf_printf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Removes n (at most len) bytes from the front. */
void buf_consume(struct buf *b, size_t n);
/* Forgets the content, keeps the memory. */
void buf_clear(struct buf *b);

#endif

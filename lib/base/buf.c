/* SPDX-License-Identifier: BSD-2-Clause */
/* A growing buffer with a ceiling. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

#define BUF_FIRST 64 /* bytes of the first allocation, if max allows */

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void
buf_free(struct buf *b)
{
	coap_free_type(COAP_STRING, b->data);
	buf_init(b, b->max);
}

/* The capacity to have for need bytes: doubled, so that appending is O(1). */
static size_t
grown(const struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_FIRST;

	while (cap < need)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	return cap < b->max ? cap : b->max;
}

size_t
buf_cap_with(const struct buf *b, size_t n)
{
	return n <= b->cap - b->len ? b->cap : grown(b, b->len + n);
}

int
buf_reserve(struct buf *b, size_t n)
{
	uint8_t *data;
	size_t cap;

	if (n > b->max - b->len)
		return -COAP_E_TOOBIG;
	if (n <= b->cap - b->len)
		return 0;

	cap = grown(b, b->len + n);
	if (cap >= PTRDIFF_MAX)
		return -COAP_E_NOMEM;
	/* One byte more than cap, for the NUL of vsnprintf(). */
	data = coap_realloc_type(COAP_STRING, b->data, cap + 1);
	if (!data)
		return -COAP_E_NOMEM;
	b->data = data;
	b->cap = cap;
	return 0;
}

int
buf_append(struct buf *b, const void *data, size_t n)
{
	int r = buf_reserve(b, n);

	if (r < 0 || n == 0)
		return r;
	memcpy(b->data + b->len, data, n);
	b->len += n;
	return 0;
}

int
buf_append_u8(struct buf *b, uint8_t byte)
{
	return buf_append(b, &byte, 1);
}

/* Into the room that is there; returns the length of the whole text. */
static int __attribute__((format(printf, 2, 0)))
print_at_end(struct buf *b, const char *format, va_list ap)
{
	if (!b->data)
		return vsnprintf(NULL, 0, format, ap);
	return vsnprintf((char *)b->data + b->len, b->cap - b->len + 1, format,
	    ap);
}

int
buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap;
	int n, r;

	va_start(ap, format);
	n = print_at_end(b, format, ap);
	va_end(ap);
	if (n < 0)
		return -COAP_E_INVAL;

	if ((size_t)n > b->cap - b->len) {
		r = buf_reserve(b, (size_t)n);
		if (r < 0)
			return r;
		va_start(ap, format);
		n = print_at_end(b, format, ap);
		va_end(ap);
		if (n < 0)
			return -COAP_E_INVAL;
	}
	b->len += (size_t)n;
	return 0;
}

void
buf_consume(struct buf *b, size_t n)
{
	if (n == 0)
		return;
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	b->len -= n;
	memmove(b->data, b->data + n, b->len);
}

void
buf_clear(struct buf *b)
{
	b->len = 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that grow at the end and are taken from the beginning. */
#include "cli/control/bytes.h"

#include <string.h>

#include <coap3/coap_mem.h>

#define BYTES_FIRST 256
/* An empty one gives larger room back. */
#define BYTES_KEEP (1U << 20)

/* --- writing ------------------------------------------------------------- */

static void
release(struct bytes *b)
{
	if (b->data)
		explicit_bzero(b->data, b->room);
	coap_free_type(COAP_STRING, b->data);
	b->data = NULL;
	b->begin = 0;
	b->room = 0;
}

/* Never realloc(), which would leave a copy behind. */
static bool
grow(struct bytes *b, size_t len)
{
	size_t room = b->room ? b->room : BYTES_FIRST / 2;
	size_t kept = b->len;
	uint8_t *data;

	do {
		if (room > SIZE_MAX / 2)
			return false;
		room *= 2;
	} while (room - kept < len);
	data = coap_malloc_type(COAP_STRING, room);
	if (!data)
		return false;
	if (kept > 0)
		memcpy(data, b->data + b->begin, kept);
	release(b);
	b->data = data;
	b->room = room;
	return true;
}

/* Moves what is there to the beginning. */
static void
move(struct bytes *b)
{
	memcpy(b->data, b->data + b->begin, b->len);
	explicit_bzero(b->data + b->begin, b->len);
	b->begin = 0;
}

static bool
make_room(struct bytes *b, size_t len)
{
	if (b->failed)
		return false;
	if (len <= b->room - b->begin - b->len)
		return true;
	/* Pays when not more is moved than was taken since the last time;
	 * then the two places do not overlap either. */
	if (b->begin >= b->len && len <= b->room - b->len) {
		move(b);
		return true;
	}
	b->failed = !grow(b, len);
	return !b->failed;
}

uint8_t *
bytes_reserve(struct bytes *b, size_t len)
{
	if (!make_room(b, len > 0 ? len : 1))
		return NULL;
	return b->data + b->begin + b->len;
}

void
bytes_grew(struct bytes *b, size_t len)
{
	b->len += len;
}

void
bytes_add(struct bytes *b, const void *data, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return;
	at = bytes_reserve(b, len);
	if (!at)
		return;
	memcpy(at, data, len);
	bytes_grew(b, len);
}

/* The lowest n bytes of v. */
static void
add_number(struct bytes *b, uint64_t v, size_t n)
{
	uint8_t out[sizeof v];

	for (size_t i = n; i > 0; i--) {
		out[i - 1] = (uint8_t)v;
		v >>= 8;
	}
	bytes_add(b, out, n);
}

void
bytes_add_u8(struct bytes *b, uint8_t v)
{
	add_number(b, v, 1);
}

void
bytes_add_u32(struct bytes *b, uint32_t v)
{
	add_number(b, v, 4);
}

void
bytes_add_u64(struct bytes *b, uint64_t v)
{
	add_number(b, v, 8);
}

void
bytes_add_string(struct bytes *b, const void *data, size_t len)
{
	/* All of it or nothing. */
	if (len > UINT32_MAX || !bytes_reserve(b, len + 4)) {
		b->failed = true;
		return;
	}
	bytes_add_u32(b, (uint32_t)len);
	bytes_add(b, data, len);
}

/* --- taking -------------------------------------------------------------- */

const uint8_t *
bytes_front(const struct bytes *b)
{
	return b->data ? b->data + b->begin : NULL;
}

void
bytes_take(struct bytes *b, size_t len)
{
	if (len > b->len)
		len = b->len;
	if (len == 0)
		return;
	explicit_bzero(b->data + b->begin, len);
	b->begin += len;
	b->len -= len;
	if (b->len > 0)
		return;
	b->begin = 0;
	if (b->room > BYTES_KEEP)
		release(b);
}

void
bytes_cut(struct bytes *b, size_t len)
{
	if (len >= b->len)
		return;
	explicit_bzero(b->data + b->begin + len, b->len - len);
	b->len = len;
}

void
bytes_free(struct bytes *b)
{
	release(b);
	*b = (struct bytes){ .data = NULL };
}

/* --- reading ------------------------------------------------------------- */

/* The next len bytes; NULL: there are fewer, and nothing is left. */
static const uint8_t *
next(struct bytes_reader *r, size_t len)
{
	const uint8_t *data = r->data;

	if (r->failed || len > r->len) {
		r->failed = true;
		r->len = 0;
		return NULL;
	}
	/* No arithmetic on a reader of nothing. */
	if (len > 0) {
		r->data += len;
		r->len -= len;
	}
	return data;
}

static uint64_t
read_number(struct bytes_reader *r, size_t n)
{
	const uint8_t *data = next(r, n);
	uint64_t v = 0;

	for (size_t i = 0; data && i < n; i++)
		v = v << 8 | data[i];
	return v;
}

uint8_t
bytes_u8(struct bytes_reader *r)
{
	return (uint8_t)read_number(r, 1);
}

uint32_t
bytes_u32(struct bytes_reader *r)
{
	return (uint32_t)read_number(r, 4);
}

uint64_t
bytes_u64(struct bytes_reader *r)
{
	return read_number(r, 8);
}

const uint8_t *
bytes_string(struct bytes_reader *r, size_t max, size_t *len)
{
	const uint8_t *data;
	size_t n = bytes_u32(r);

	*len = 0;
	if (n > max)
		r->failed = true;
	data = next(r, n);
	if (data)
		*len = n;
	return data;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor's messages. A token has four bytes, a path one. */
#include "tests/bench/frame.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN    4
#define CODE_GET 0x01
#define CODE_CSM 0xe1
#define CONTENT  0x45
#define PAYLOAD  0xff
#define WS_FIN   0x82 /* the last frame of a message of bytes */
#define WS_MASK  0x80

static const uint8_t mask[4] = { 0x12, 0x34, 0x56, 0x78 };

/* A client's frame around a short message: its length. */
static size_t
masked(uint8_t *out, const uint8_t *data, size_t len)
{
	size_t i;

	out[0] = WS_FIN;
	out[1] = (uint8_t)(WS_MASK | len);
	memcpy(out + 2, mask, sizeof mask);
	for (i = 0; i < len; i++)
		out[6 + i] = data[i] ^ mask[i % 4];
	return 6 + len;
}

size_t
frame_request(uint8_t out[static FRAME_SHORT], const struct protocol *p,
    uint32_t token, char path)
{
	uint8_t ws[2 + TOKEN + 2] = { TOKEN, CODE_GET };
	size_t n = 0;

	if (p->ws) {
		memcpy(ws + 2, &token, TOKEN);
		ws[2 + TOKEN] = 0xb1;
		ws[3 + TOKEN] = (uint8_t)path;
		return masked(out, ws, sizeof ws);
	}
	out[n++] = p->stream ? 0x20 | TOKEN : 0x40 | TOKEN;
	out[n++] = CODE_GET;
	if (!p->stream) {
		out[n++] = (uint8_t)(token >> 8);
		out[n++] = (uint8_t)token;
	}
	memcpy(out + n, &token, TOKEN);
	n += TOKEN;
	out[n++] = 0xb1; /* Uri-Path */
	out[n++] = (uint8_t)path;
	return n;
}

size_t
frame_csm(uint8_t out[static FRAME_SHORT], const struct protocol *p,
    bool client)
{
	/* Max-Message-Size */
	static const uint8_t stream[] = { 0x40, CODE_CSM, 0x23, 0x40, 0, 0 };
	static const uint8_t ws[] = { 0, CODE_CSM, 0x23, 0x40, 0, 0 };

	if (p->ws && client)
		return masked(out, ws, sizeof ws);
	if (p->ws) {
		out[0] = WS_FIN;
		out[1] = sizeof ws;
		memcpy(out + 2, ws, sizeof ws);
		return 2 + sizeof ws;
	}
	memcpy(out, stream, sizeof stream);
	return sizeof stream;
}

void
frame_parse(const struct protocol *p, uint8_t *data, size_t len,
    struct request *request)
{
	size_t i;

	*request = (struct request){ 0 };
	if (p->ws && len > 6) {
		for (i = 6; i < len; i++)
			data[i] ^= data[2 + (i - 6) % 4];
		data += 6;
		len -= 6;
	}
	if (!p->stream && len > 4)
		request->mid = (uint16_t)(data[2] << 8 | data[3]);
	i = p->stream ? 2 : 4;
	if (len < i + TOKEN + 2 || data[1] != CODE_GET)
		return;
	memcpy(request->token, data + i, TOKEN);
	request->path = (char)data[i + TOKEN + 1];
}

void
response_init(struct response *r, const void *body, size_t len)
{
	r->body = len;
	r->bytes = malloc(FRAME_HEADER + len);
	if (!r->bytes)
		die("out of memory");
	memcpy(r->bytes + FRAME_HEADER, body, len);
}

/* The last n bytes of number in front of p. */
static uint8_t *
put_before(uint8_t *p, uint64_t number, unsigned n)
{
	for (; n > 0; n--) {
		*--p = (uint8_t)number;
		number >>= 8;
	}
	return p;
}

static uint8_t *
stream_header(uint8_t *p, size_t len)
{
	p = put_before(p, CONTENT, 1);
	if (len < 13)
		return put_before(p, len << 4 | TOKEN, 1);
	if (len < 269)
		p = put_before(p, len - 13, 1);
	else if (len < 65805)
		p = put_before(p, len - 269, 2);
	else
		p = put_before(p, len - 65805, 4);
	return put_before(p,
	    (len < 269            ? 0xd0u
		    : len < 65805 ? 0xe0u
				  : 0xf0u) |
		TOKEN,
	    1);
}

static uint8_t *
ws_header(uint8_t *p, size_t len)
{
	p = put_before(p, (unsigned)TOKEN << 8 | CONTENT, 2);
	len += 2;
	if (len < 126)
		p = put_before(p, len, 1);
	else if (len < 65536)
		p = put_before(put_before(p, len, 2), 126, 1);
	else
		p = put_before(put_before(p, len, 8), 127, 1);
	return put_before(p, WS_FIN, 1);
}

const uint8_t *
response_for(const struct response *r, const struct protocol *p,
    const struct request *request, size_t *len)
{
	uint8_t *begin = put_before(r->bytes + FRAME_HEADER, PAYLOAD, 1);

	begin -= TOKEN;
	memcpy(begin, request->token, TOKEN);
	if (p->ws)
		begin = ws_header(begin, TOKEN + 1 + r->body);
	else if (p->stream)
		begin = stream_header(begin, 1 + r->body);
	else
		begin = put_before(begin,
		    (0x60u | TOKEN) << 24 | CONTENT << 16 | request->mid, 4);
	*len = (size_t)(r->bytes + FRAME_HEADER - begin) + r->body;
	return begin;
}

/* --- the beginning of a message ------------------------------------------- */

static uint64_t
number_at(const uint8_t *p, unsigned n)
{
	uint64_t number = 0;

	for (; n > 0; n--)
		number = number << 8 | *p++;
	return number;
}

/* Bytes in front of the code, and what follows them; 0: not yet known. */
static size_t
stream_begin(const uint8_t *data, size_t len, size_t *follows)
{
	static const uint32_t bases[] = { 13, 269, 65805 };
	unsigned nibble = data[0] >> 4;
	unsigned ext = nibble < 13 ? 0 : 1u << (nibble - 13);

	if (len < 1 + ext)
		return 0;
	*follows = 1 + (data[0] & 15) + (size_t)number_at(data + 1, ext) +
	    (nibble < 13 ? nibble : bases[nibble - 13 < 2 ? nibble - 13 : 2]);
	return 1 + ext;
}

static size_t
ws_begin(const uint8_t *data, size_t len, size_t *follows)
{
	unsigned small = len < 2 ? 0 : data[1] & 127;
	unsigned ext = small < 126 ? 0 : small == 126 ? 2 : 8;
	size_t begin = 2 + ext;

	if (len < begin)
		return 0;
	*follows = ext > 0 ? (size_t)number_at(data + 2, ext) : small;
	return begin + (data[1] & WS_MASK ? 4 : 0);
}

size_t
frame_size(const struct protocol *p, const uint8_t *data, size_t len)
{
	size_t follows = 0;
	size_t begin = 0;

	if (len > 0)
		begin = p->ws ? ws_begin(data, len, &follows)
			      : stream_begin(data, len, &follows);
	return begin > 0 ? begin + follows : 0;
}

unsigned
frame_code(const struct protocol *p, const uint8_t *data, size_t len)
{
	size_t follows = 0;

	if (!p->stream)
		return data[1];
	if (p->ws)
		return data[ws_begin(data, len, &follows) + 1];
	return data[stream_begin(data, len, &follows)];
}

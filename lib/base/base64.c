/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4). */
#include "base/base64.h"

#include "base/err.h"

#define BAD 0xff

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int
base64_encode(const uint8_t *in, size_t n, char *out, size_t size)
{
	uint32_t v;
	size_t i;

	/* The first test keeps the second from overflowing. */
	if (n > SIZE_MAX / 4 * 3 - 3 || size < BASE64_TEXT_SIZE(n))
		return -COAP_E_TOOBIG;

	for (i = 0; i < n; i += 3) {
		v = (uint32_t)in[i] << 16;
		v |= i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0;
		v |= i + 2 < n ? in[i + 2] : 0;
		*out++ = alphabet[v >> 18];
		*out++ = alphabet[v >> 12 & 63];
		*out++ = i + 1 < n ? alphabet[v >> 6 & 63] : '=';
		*out++ = i + 2 < n ? alphabet[v & 63] : '=';
	}
	*out = 0;
	return 0;
}

static uint8_t
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0' + 52);
	if (c == '+')
		return 62;
	return c == '/' ? 63 : BAD;
}

/* Four characters, the last `pad` of them '=', to 24 bits; -1 for others. */
static int32_t
quad(const char in[4], size_t pad)
{
	uint32_t v = 0;
	uint8_t digit;
	size_t i;

	for (i = 0; i < 4; i++) {
		digit = i < 4 - pad ? value_of(in[i]) : 0;
		if (digit == BAD)
			return -1;
		v = v << 6 | digit;
	}
	/* The bits of bytes that the padding takes away have to be 0. */
	if (v & ((1U << 8 * pad) - 1))
		return -1;
	return (int32_t)v;
}

int
base64_decode(const char *in, size_t n, uint8_t *out, size_t size, size_t *len)
{
	size_t i, j, pad = 0, done = 0;
	int32_t v;

	if (n % 4)
		return -COAP_E_FORMAT;
	if (n > 0 && in[n - 1] == '=')
		pad = in[n - 2] == '=' ? 2 : 1;
	if (BASE64_DATA_SIZE(n) - pad > size)
		return -COAP_E_TOOBIG;

	for (i = 0; i < n; i += 4) {
		v = quad(in + i, i + 4 == n ? pad : 0);
		if (v < 0)
			return -COAP_E_FORMAT;
		for (j = 0; j < 3 && done < BASE64_DATA_SIZE(n) - pad; j++)
			out[done++] = (uint8_t)(v >> (16 - 8 * j));
	}
	*len = done;
	return 0;
}

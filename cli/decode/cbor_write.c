/* SPDX-License-Identifier: BSD-2-Clause */
/* Writing CBOR: heads, and floats as short as their value allows. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "cli/decode/cbor.h"

#define HEAD_SIZE 9

unsigned
cbor_shortest(uint64_t value)
{
	if (value < CBOR_INFO_1)
		return (unsigned)value;
	if (value <= UINT8_MAX)
		return CBOR_INFO_1;
	if (value <= UINT16_MAX)
		return CBOR_INFO_2;
	return value <= UINT32_MAX ? CBOR_INFO_4 : CBOR_INFO_8;
}

static size_t
make_head(uint8_t head[static HEAD_SIZE], enum cbor_major major, unsigned info,
    uint64_t value)
{
	size_t n = 0;

	head[0] = (uint8_t)(major << 5 | info);
	if (info >= CBOR_INFO_1 && info <= CBOR_INFO_8)
		n = (size_t)1 << (info - CBOR_INFO_1);
	for (size_t i = n; i > 0; i--) {
		head[i] = (uint8_t)value;
		value >>= 8;
	}
	return n + 1;
}

void
cbor_put_head(struct text *out, enum cbor_major major, unsigned info,
    uint64_t value)
{
	uint8_t head[HEAD_SIZE];

	text_add_bytes(out, head, make_head(head, major, info, value));
}

void
cbor_insert_head(struct text *out, size_t start, enum cbor_major major,
    unsigned info, uint64_t value)
{
	uint8_t head[HEAD_SIZE];
	size_t n = make_head(head, major, info, value);

	text_add_bytes(out, head, n); /* room */
	if (out->failed)
		return;
	memmove(out->s + start + n, out->s + start, out->len - n - start);
	memcpy(out->s + start, head, n);
}

/* --- floats -------------------------------------------------------------- */

/* True, and its bits, when a half float is exactly that. */
static bool
half_of(double value, uint16_t *half)
{
	uint64_t bits;
	uint64_t mantissa;
	uint16_t sign;
	int exponent;
	int shift = 42;

	memcpy(&bits, &value, sizeof(bits));
	sign = (uint16_t)(bits >> 48 & 0x8000);
	mantissa = bits & 0xfffffffffffffU;
	if (isnan(value) || isinf(value) || value == 0) {
		*half = isnan(value) ? 0x7e00
		    : value == 0     ? sign
				     : (uint16_t)(sign | 0x7c00);
		return true;
	}
	exponent = (int)(bits >> 52 & 2047) - 1023;
	if (exponent < -24 || exponent > 15)
		return false;
	if (exponent < -14) {
		mantissa |= (uint64_t)1 << 52;
		shift += -14 - exponent;
		exponent = -15;
	}
	*half = (uint16_t)(sign | (unsigned)(exponent + 15) << 10 |
	    mantissa >> shift);
	return (mantissa & (((uint64_t)1 << shift) - 1)) == 0;
}

unsigned
cbor_shortest_float(double value)
{
	uint16_t half;

	if (half_of(value, &half))
		return CBOR_INFO_2;
	if (fabs(value) <= (double)FLT_MAX && (double)(float)value == value)
		return CBOR_INFO_4;
	return CBOR_INFO_8;
}

void
cbor_put_float(struct text *out, unsigned info, double value)
{
	float single;
	uint64_t bits = 0;
	uint32_t word;
	uint16_t half = 0;

	if (info == CBOR_INFO_2) {
		half_of(value, &half);
		bits = half;
	} else if (info == CBOR_INFO_4) {
		single = (float)value;
		memcpy(&word, &single, sizeof(word));
		bits = isnan(value) ? 0x7fc00000 : word;
	} else {
		memcpy(&bits, &value, sizeof(bits));
		if (isnan(value))
			bits = (uint64_t)0x7ff8 << 48;
	}
	cbor_put_head(out, CBOR_SIMPLE, info, bits);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Unsigned integers of variable length, RFC 7252 section 3.2. */
#include <coap3/coap_debug.h>
#include <coap3/coap_encode.h>

int
coap_fls(unsigned int i)
{
	return i ? 8 * (int)sizeof(i) - __builtin_clz(i) : 0;
}

int
coap_flsll(long long i)
{
	return i ? 64 - __builtin_clzll((unsigned long long)i) : 0;
}

unsigned int
coap_decode_var_bytes(const uint8_t *buf, size_t length)
{
	return (unsigned int)coap_decode_var_bytes8(buf, length);
}

uint64_t
coap_decode_var_bytes8(const uint8_t *buf, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value = value << 8 | buf[i];
	return value;
}

unsigned int
coap_encode_var_safe(uint8_t *buf, size_t length, unsigned int value)
{
	return coap_encode_var_safe8(buf, length, value);
}

unsigned int
coap_encode_var_safe8(uint8_t *buf, size_t length, uint64_t value)
{
	unsigned int n = (unsigned int)(coap_flsll((long long)value) + 7) / 8;

	if (n > length) {
		coap_log_warn("an integer of %u bytes, %zu is the room for it",
		    n, length);
		return 0;
	}
	for (unsigned int i = n; i > 0; i--) {
		buf[i - 1] = (uint8_t)value;
		value >>= 8;
	}
	return n;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Unsigned integers of variable length, as option values carry them: network
 * byte order, as short as possible, zero has no bytes at all (RFC 7252 section
 * 3.2).
 */
#ifndef COAP_ENCODE_H
#define COAP_ENCODE_H

#include <coap3/coap_forward_decls.h>

/* The position of the highest bit set, counted from 1; 0 when i is 0. */
COAP_API int coap_fls(unsigned int i);
/* The same for 64 bits; a negative number counts as its bit pattern. */
COAP_API int coap_flsll(long long i);

/*
 * The value of length bytes at buf. Zeros in front are accepted. When the value
 * needs more than 32 bits the lowest 32 are returned: who reads an option from
 * the network checks its length first.
 */
COAP_API unsigned int coap_decode_var_bytes(const uint8_t *buf, size_t length);
/* The same for 64 bits. */
COAP_API uint64_t coap_decode_var_bytes8(const uint8_t *buf, size_t length);

/*
 * Writes value to buf, which has room for length bytes. Returns how many bytes
 * it took: 0 for the value 0 (nothing is written), and also 0, with a line in
 * the log, when there is not enough room.
 */
COAP_API unsigned int coap_encode_var_safe(uint8_t *buf, size_t length,
    unsigned int value);
/* The same for 64 bits. */
COAP_API unsigned int coap_encode_var_safe8(uint8_t *buf, size_t length,
    uint64_t value);

/* Deprecated: as coap_encode_var_safe() with a buf of at least 4 bytes. */
static inline int
coap_encode_var_bytes(uint8_t *buf, unsigned int value)
{
	return (int)coap_encode_var_safe(buf, sizeof(value), value);
}

#endif

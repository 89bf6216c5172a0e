/* SPDX-License-Identifier: BSD-2-Clause */
/* Base64 (RFC 4648 section 4), with padding, without line breaks. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that the text for n bytes takes, with its NUL. */
#define BASE64_TEXT_SIZE(n) (((n) + 2) / 3 * 4 + 1)
/* Bytes that n characters can decode to, at most. */
#define BASE64_DATA_SIZE(n) ((n) / 4 * 3)

/*
 * Writes n bytes at in as text with a NUL: 0, or -COAP_E_TOOBIG when size is
 * under BASE64_TEXT_SIZE(n); nothing is written then.
 */
int base64_encode(const uint8_t *in, size_t n, char *out, size_t size);
/*
 * Reads n characters at in: 0 and *len bytes at out. -COAP_E_FORMAT for what
 * no encoder writes: a foreign character, a wrong length, padding at the wrong
 * place, bits left over that are not 0. -COAP_E_TOOBIG when the result has
 * more than size bytes. out is undefined on failure.
 */
int base64_decode(const char *in, size_t n, uint8_t *out, size_t size,
    size_t *len);

#endif

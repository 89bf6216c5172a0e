/* SPDX-License-Identifier: BSD-2-Clause */
/* CBOR as JSON (RFC 8949 section 6.1). */
#ifndef CLI_DECODE_CBOR_JSON_H
#define CLI_DECODE_CBOR_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/*
 * Data that cbor_check() allowed; a sequence is an array. Byte strings are
 * base64url, or what tags 21 to 23 say; what JSON has not is null, a tag is what
 * it encloses, a key that is no text is its diagnostic notation. NULL: out of
 * memory.
 */
json_t *cbor_to_json(const uint8_t *data, size_t len, bool sequence);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256 (FIPS 180-4) of what comes piece by piece: the name of a payload that
 * is too long to be shown. Nothing secret depends on it. */
#ifndef CLI_SHA256_H
#define CLI_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* In hexadecimal, with a NUL. */
#define SHA256_TEXT_SIZE 65

struct sha256 {
	uint32_t h[8];
	uint64_t len; /* bytes so far */
	uint8_t block[64];
};

void sha256_begin(struct sha256 *sha);
void sha256_add(struct sha256 *sha, const void *data, size_t len);
/* Of all that was added, to which no more is. */
const char *sha256_end(struct sha256 *sha, char text[static SHA256_TEXT_SIZE]);

#endif

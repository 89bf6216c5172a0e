/* SPDX-License-Identifier: BSD-2-Clause */
/* SHA-256, as FIPS 180-4 section 6.2 has it. */
#include "cli/output/sha256.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 64

/* Section 4.2.2. */
static const uint32_t k[BLOCK] = {
	0x428a2f98,
	0x71374491,
	0xb5c0fbcf,
	0xe9b5dba5,
	0x3956c25b,
	0x59f111f1,
	0x923f82a4,
	0xab1c5ed5,
	0xd807aa98,
	0x12835b01,
	0x243185be,
	0x550c7dc3,
	0x72be5d74,
	0x80deb1fe,
	0x9bdc06a7,
	0xc19bf174,
	0xe49b69c1,
	0xefbe4786,
	0x0fc19dc6,
	0x240ca1cc,
	0x2de92c6f,
	0x4a7484aa,
	0x5cb0a9dc,
	0x76f988da,
	0x983e5152,
	0xa831c66d,
	0xb00327c8,
	0xbf597fc7,
	0xc6e00bf3,
	0xd5a79147,
	0x06ca6351,
	0x14292967,
	0x27b70a85,
	0x2e1b2138,
	0x4d2c6dfc,
	0x53380d13,
	0x650a7354,
	0x766a0abb,
	0x81c2c92e,
	0x92722c85,
	0xa2bfe8a1,
	0xa81a664b,
	0xc24b8b70,
	0xc76c51a3,
	0xd192e819,
	0xd6990624,
	0xf40e3585,
	0x106aa070,
	0x19a4c116,
	0x1e376c08,
	0x2748774c,
	0x34b0bcb5,
	0x391c0cb3,
	0x4ed8aa4a,
	0x5b9cca4f,
	0x682e6ff3,
	0x748f82ee,
	0x78a5636f,
	0x84c87814,
	0x8cc70208,
	0x90befffa,
	0xa4506ceb,
	0xbef9a3f7,
	0xc67178f2,
};

void
sha256_begin(struct sha256 *sha)
{
	*sha = (struct sha256){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372,
				    0xa54ff53a, 0x510e527f, 0x9b05688c,
				    0x1f83d9ab, 0x5be0cd19 } };
}

static uint32_t
rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void
schedule(uint32_t w[static BLOCK], const uint8_t *data)
{
	uint32_t a, b;
	size_t t;

	for (t = 0; t < 16; t++)
		w[t] = (uint32_t)data[4 * t] << 24 |
		    (uint32_t)data[4 * t + 1] << 16 |
		    (uint32_t)data[4 * t + 2] << 8 | data[4 * t + 3];
	for (; t < BLOCK; t++) {
		a = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^
		    w[t - 2] >> 10;
		b = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^
		    w[t - 15] >> 3;
		w[t] = a + w[t - 7] + b + w[t - 16];
	}
}

static void
take(struct sha256 *sha, const uint8_t *data)
{
	uint32_t w[BLOCK], s[8], a, b;
	size_t t;

	schedule(w, data);
	memcpy(s, sha->h, sizeof(s));
	for (t = 0; t < BLOCK; t++) {
		a = s[7] +
		    (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) +
		    ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[t] + w[t];
		b = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) +
		    ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
		memmove(s + 1, s, 7 * sizeof(*s));
		s[4] += a;
		s[0] = a + b;
	}
	for (t = 0; t < 8; t++)
		sha->h[t] += s[t];
}

void
sha256_add(struct sha256 *sha, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t used = sha->len % BLOCK, n;

	sha->len += len;
	for (; len > 0; p += n, len -= n, used = 0) {
		n = BLOCK - used < len ? BLOCK - used : len;
		if (n == BLOCK) {
			take(sha, p);
			continue;
		}
		memcpy(sha->block + used, p, n);
		if (used + n == BLOCK)
			take(sha, sha->block);
	}
}

const char *
sha256_end(struct sha256 *sha, char text[static SHA256_TEXT_SIZE])
{
	static const uint8_t padding[BLOCK] = { 0x80 };
	uint64_t bits = sha->len * 8;
	size_t used = sha->len % BLOCK;
	uint8_t length[8];
	size_t i;

	for (i = 0; i < 8; i++)
		length[i] = (uint8_t)(bits >> (56 - 8 * i));
	sha256_add(sha, padding, (used < 56 ? 56 : 120) - used);
	sha256_add(sha, length, sizeof(length));
	for (i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", (unsigned)sha->h[i]);
	return text;
}

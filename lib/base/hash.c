/* SPDX-License-Identifier: BSD-2-Clause */
/* SipHash-2-4, and the key that this process uses; a quick hash. */
#include "base/hash.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>

#include <coap3/coap_prng.h>

#define WORD  sizeof(uint64_t)
#define LANES 4

static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static struct hash_key process_key;

static uint64_t
rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static void
rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32) + v[3];
		v[2] += v[1];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[2] = rotate(v[2], 32);
	}
}

static void
take_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

/* Up to eight bytes, the first one lowest. */
static uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t word = 0;

	if (n > 0)
		memcpy(&word, p, n);
	return le64toh(word);
}

uint64_t
hash_keyed(const struct hash_key *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t left = len;
	uint64_t v[4] = {
		key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d),
		key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573),
	};

	for (; left >= WORD; left -= WORD) {
		take_word(v, load(p, WORD));
		p += WORD;
	}
	take_word(v, load(p, left) | (uint64_t)len << 56);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* Without random numbers it is a hash all the same. */
static void
draw_key(void)
{
	if (!coap_prng(&process_key, sizeof(process_key)))
		process_key = (struct hash_key){ 0 };
}

uint32_t
hash_bytes(const void *data, size_t len)
{
	pthread_once(&key_once, draw_key);
	return (uint32_t)hash_keyed(&process_key, data, len);
}

static uint64_t
mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 32;
}

/* Lanes do not wait for each other's multiplications. */
uint64_t
hash_quick(uint64_t seed, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t lanes[LANES] = { 1, 2, 3, 4 };
	uint64_t words[LANES];
	uint64_t hash = mix(seed, len);
	size_t left = len;
	size_t i;

	for (; left >= sizeof(words); left -= sizeof(words)) {
		memcpy(words, p, sizeof(words));
		for (i = 0; i < LANES; i++)
			lanes[i] = mix(lanes[i], words[i]);
		p += sizeof(words);
	}
	for (i = 0; i < LANES && len >= sizeof(words); i++)
		hash = mix(hash, lanes[i]);
	for (; left >= WORD; left -= WORD) {
		hash = mix(hash, load(p, WORD));
		p += WORD;
	}
	return mix(hash, load(p, left));
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Hashes: for tables whose keys a peer can choose, and a quick one. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0;
	uint64_t k1;
};

/* SipHash-2-4 (Aumasson and Bernstein, 2012) of len bytes. */
uint64_t hash_keyed(const struct hash_key *key, const void *data, size_t len);
/*
 * The same with a random key of this process, so that nobody outside can find
 * keys that share a value. Any thread may call it.
 */
uint32_t hash_bytes(const void *data, size_t len);
/*
 * Of bytes whose sender gains nothing by two that share a value: several times
 * as fast, without a key, and the same in each process of one machine.
 */
uint64_t hash_quick(uint64_t seed, const void *data, size_t len);

#endif

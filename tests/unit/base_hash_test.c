/* SPDX-License-Identifier: BSD-2-Clause */
/* The hash for keys that a peer chooses, and the quick one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* From the paper's appendix, and its authors' table of vectors. */
static void
test_vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{ 0, UINT64_C(0x726fdb47dd0e0e31) },
		{ 1, UINT64_C(0x74f839c593dc67fd) },
		{ 8, UINT64_C(0x93f5f5799a932462) },
		{ 15, UINT64_C(0xa129ca6149be45e5) },
	};
	const struct hash_key key = {
		UINT64_C(0x0706050403020100),
		UINT64_C(0x0f0e0d0c0b0a0908),
	};
	uint8_t data[15];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)i;
	for (i = 0; i < COUNT(rows); i++)
		assert_true(
		    hash_keyed(&key, data, rows[i].len) == rows[i].hash);
}

/* Neighbours, as a network has them, spread over the buckets of a table. */
static void
test_spread(void **state)
{
	static unsigned int buckets[256];
	uint32_t i;

	(void)state;
	for (i = 0; i < 4096; i++)
		buckets[hash_bytes(&i, sizeof(i)) & 255]++;
	for (i = 0; i < COUNT(buckets); i++)
		assert_in_range(buckets[i], 0, 64); /* 16 is the mean */
}

static void
test_the_key_stays(void **state)
{
	(void)state;
	assert_int_equal(hash_bytes("key", 3), hash_bytes("key", 3));
	assert_int_equal(hash_bytes(NULL, 0), hash_bytes("key", 0));
}

/* Each bit, the length and the seed count, and where it lies does not. */
static void
test_quick(void **state)
{
	uint8_t room[101] = { 0 };
	uint8_t *bytes = room + 1;
	uint64_t hash, before = 0;
	size_t len, i;

	(void)state;
	assert_true(hash_quick(7, NULL, 0) == hash_quick(7, room, 0));
	for (len = 0; len < 100; len++) {
		memset(room, 0, sizeof(room));
		hash = hash_quick(7, bytes, len);
		assert_true(hash != before);
		assert_true(hash != hash_quick(8, bytes, len));
		before = hash;
		for (i = 0; i < 8 * len; i++) {
			bytes[i / 8] ^= (uint8_t)(1 << i % 8);
			assert_true(hash != hash_quick(7, bytes, len));
			bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		}
		for (i = 0; i < len; i++)
			bytes[i] = (uint8_t)(i * 37);
		hash = hash_quick(7, bytes, len);
		memmove(room, bytes, len);
		assert_true(hash == hash_quick(7, room, len));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_spread),
		cmocka_unit_test(test_the_key_stays),
		cmocka_unit_test(test_quick),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

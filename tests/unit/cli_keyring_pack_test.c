/* SPDX-License-Identifier: BSD-2-Clause */
/* A keyring as bytes and back: round trips, limits, what is malformed, no
 * memory, and that nothing is left of its secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/control/bytes.h"
#include "cli/secrets/keyring.h"
#include "heap_watch.h"

#define SECRET  "correct horse battery staple"
#define WIRE(s) (const uint8_t *)(s), sizeof(s) - 1

static void
set(struct secret *s, const char *text)
{
	assert_true(secret_set(s, text, strlen(text)));
}

/* One with everything; n entries. */
static struct keyring *
make_full(bool server, size_t n)
{
	struct keyring *k = keyring_new(server);
	char text[32];
	size_t i;

	assert_non_null(k);
	set(&k->identity, "me");
	set(&k->hint, "");
	assert_true(secret_set(&k->key, "k\0y", 3));
	set(&k->ca, "-----BEGIN CERTIFICATE-----\nca");
	set(&k->cert, "-----BEGIN CERTIFICATE-----\nmine");
	set(&k->private_key, "pkcs11:token");
	set(&k->rpk, "rpk");
	set(&k->peer_rpk, "peer");
	set(&k->pin, SECRET);
	k->server_name = strdup("lamp.example");
	k->flags =
	    COAPX_TLS_INSECURE | COAPX_TLS_SYSTEM_TRUST | COAPX_TLS_NO_ALPN;
	k->entries = calloc(n + 1, sizeof *k->entries);
	for (i = 0; i < n; i++) {
		snprintf(text, sizeof text, "id%zu", i);
		set(&k->entries[i].identity, text);
		snprintf(text, sizeof text, "key%zu", i);
		set(&k->entries[i].key, text);
		k->n_entries++;
	}
	return k;
}

static void
assert_same_secret(const struct secret *a, const struct secret *b)
{
	assert_int_equal(!a->data, !b->data);
	assert_int_equal(a->len, b->len);
	if (a->data)
		assert_memory_equal(a->data, b->data, a->len + 1);
}

static void
assert_same(const struct keyring *a, const struct keyring *b)
{
	size_t i;

	assert_same_secret(&a->identity, &b->identity);
	assert_same_secret(&a->hint, &b->hint);
	assert_same_secret(&a->key, &b->key);
	assert_same_secret(&a->ca, &b->ca);
	assert_same_secret(&a->cert, &b->cert);
	assert_same_secret(&a->private_key, &b->private_key);
	assert_same_secret(&a->rpk, &b->rpk);
	assert_same_secret(&a->peer_rpk, &b->peer_rpk);
	assert_same_secret(&a->pin, &b->pin);
	assert_int_equal(!a->server_name, !b->server_name);
	if (a->server_name)
		assert_string_equal(a->server_name, b->server_name);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->n_entries, b->n_entries);
	for (i = 0; i < a->n_entries; i++) {
		assert_same_secret(&a->entries[i].identity,
		    &b->entries[i].identity);
		assert_same_secret(&a->entries[i].key, &b->entries[i].key);
	}
}

static void
pack(const struct keyring *k, struct bytes *out)
{
	*out = (struct bytes){ .data = NULL };
	assert_true(keyring_pack(k, out));
}

static void
test_round_trip(void **state)
{
	static const size_t sizes[] = { 0, 1, 3, KEYRING_ENTRIES };
	struct keyring *k, *back;
	struct bytes packed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		k = make_full(i % 2, sizes[i]);
		pack(k, &packed);
		assert_int_equal(keyring_unpack(i % 2, bytes_front(&packed),
				     packed.len, &back),
		    0);
		assert_same(k, back);
		assert_int_equal(back->server, i % 2);
		assert_int_equal(back->refs, 1);
		assert_non_null(keyring_library(back));
		bytes_free(&packed);
		keyring_unref(back);
		keyring_unref(k);
	}
	/* An empty one has flags alone, and may have nothing at all. */
	k = keyring_new(false);
	pack(k, &packed);
	assert_int_equal(packed.len, 9);
	assert_memory_equal(bytes_front(&packed), "\x0b\0\0\0\4\0\0\0\0", 9);
	bytes_free(&packed);
	assert_int_equal(keyring_unpack(false, WIRE(""), &back), 0);
	assert_same(k, back);
	keyring_unref(back);
	keyring_unref(k);
}

/* Only whole pairs are good. */
static void
test_truncated(void **state)
{
	struct keyring *k = make_full(true, 3), *back;
	struct bytes packed;
	size_t len, good = 0;
	uint8_t *copy;
	int result;

	(void)state;
	pack(k, &packed);
	for (len = 0; len < packed.len; len++) {
		copy = malloc(len + 1);
		memcpy(copy, bytes_front(&packed), len);
		result = keyring_unpack(true, copy, len, &back);
		assert_int_equal(result == 0, back != NULL);
		assert_true(result == 0 || result == -1);
		good += result == 0;
		keyring_unref(back);
		free(copy);
	}
	/* Nine secrets, name, flags, two of three entries; and nothing. */
	assert_int_equal(good, 9 + 1 + 1 + 2 + 1);
	bytes_free(&packed);
	keyring_unref(k);
}

static void
test_malformed(void **state)
{
	static const struct {
		const uint8_t *wire;
		size_t len;
	} bad[] = {
		/* tags that there are not */
		{ WIRE("\0\0\0\0\0") },
		{ WIRE("\x0d\0\0\0\0") },
		{ WIRE("\xff\0\0\0\1x") },
		/* twice */
		{ WIRE("\1\0\0\0\1a\1\0\0\0\1a") },
		{ WIRE("\2\0\0\0\0\2\0\0\0\0") },
		{ WIRE("\x0a\0\0\0\1a\x0a\0\0\0\1a") },
		{ WIRE("\x0b\0\0\0\4\0\0\0\0\x0b\0\0\0\4\0\0\0\0") },
		/* a name with a NUL; flags of another length, and unknown */
		{ WIRE("\x0a\0\0\0\3a\0b") },
		{ WIRE("\x0b\0\0\0\3\0\0\0") },
		{ WIRE("\x0b\0\0\0\5\0\0\0\0\0") },
		{ WIRE("\x0b\0\0\0\4\0\0\0\4") },
		{ WIRE("\x0b\0\0\0\4\x80\0\0\0") },
		/* entries: one string, a third one, cut, longer than they are */
		{ WIRE("\x0c\0\0\0\5\0\0\0\1a") },
		{ WIRE("\x0c\0\0\0\x0f\0\0\0\1a\0\0\0\1b\0\0\0\1c") },
		{ WIRE("\x0c\0\0\0\x0b\0\0\0\1a\0\0\0\1b?") },
		{ WIRE("\x0c\0\0\0\x0a\0\0\0\1a\0\0\0\2b") },
		{ WIRE("\x0c\0\0\0\x0a\0\0\0\7a\0\0\0\1b") },
		{ WIRE("\x0c\0\0\0\0") },
		/* a length of nonsense */
		{ WIRE("\1\xff\xff\xff\xff") },
		{ WIRE("\4\0\x40\0\1") },
	};
	struct keyring *back;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(keyring_unpack(false, bad[i].wire, bad[i].len,
				     &back),
		    -1);
		assert_null(back);
	}
}

/* A secret of so many bytes. */
static int
unpack_long(uint8_t tag, size_t len)
{
	struct bytes b = { .data = NULL };
	uint8_t *data = calloc(1, len + 1);
	struct keyring *back;
	int result;

	bytes_add_u8(&b, tag);
	bytes_add_string(&b, data, len);
	result = keyring_unpack(false, bytes_front(&b), b.len, &back);
	keyring_unref(back);
	bytes_free(&b);
	free(data);
	return result;
}

static void
test_limits(void **state)
{
	static const struct {
		uint8_t tag;
		size_t max;
	} limits[] = {
		{ 1, 65535 },
		{ 2, 65535 },
		{ 3, COAP_DTLS_MAX_PSK },
		{ 4, KEYRING_PEM_FILE },
		{ 5, KEYRING_PEM_FILE },
		{ 6, KEYRING_PEM_FILE },
		{ 7, KEYRING_PEM_FILE },
		{ 8, KEYRING_PEM_FILE },
		{ 9, KEYRING_KEY_FILE },
	};
	struct keyring *k, *back;
	struct bytes packed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof limits / sizeof limits[0]; i++) {
		assert_int_equal(unpack_long(limits[i].tag, limits[i].max), 0);
		assert_int_equal(unpack_long(limits[i].tag, limits[i].max + 1),
		    -1);
	}
	/* One entry more than there may be. */
	k = make_full(true, KEYRING_ENTRIES);
	pack(k, &packed);
	bytes_add(&packed, "\x0c\0\0\0\x0a\0\0\0\1a\0\0\0\1b", 15);
	assert_int_equal(keyring_unpack(true, bytes_front(&packed), packed.len,
			     &back),
	    -1);
	bytes_free(&packed);
	keyring_unref(k);
}

static void
test_no_memory(void **state)
{
	struct keyring *k = make_full(true, 3), *back = NULL;
	struct bytes packed = { .data = NULL };
	bool done = false;
	int result = -2;
	size_t n;

	(void)state;
	for (n = 1; !done; n++) {
		heap.fail_at = n;
		done = keyring_pack(k, &packed);
		assert_int_equal(done, heap.fail_at > 0);
		heap.fail_at = 0;
		if (!done)
			bytes_free(&packed);
	}
	assert_true(n > 3);
	for (n = 1; result != 0; n++) {
		heap.fail_at = n;
		result = keyring_unpack(true, bytes_front(&packed), packed.len,
		    &back);
		assert_int_equal(result, heap.fail_at > 0 ? 0 : -2);
		heap.fail_at = 0;
	}
	assert_true(n > 10);
	assert_same(k, back);
	keyring_unref(back);
	keyring_unref(k);
	bytes_free(&packed);
}

/* What is freed holds nothing of them, also when it comes to nothing. */
static void
test_wiped(void **state)
{
	struct keyring *k = make_full(true, 100), *back;
	struct bytes packed;
	uint8_t *copy;

	(void)state;
	heap.secret = SECRET;
	heap.found = 0;
	pack(k, &packed);
	assert_int_equal(keyring_unpack(true, bytes_front(&packed), packed.len,
			     &back),
	    0);
	keyring_unref(back);
	copy = malloc(packed.len);
	memcpy(copy, bytes_front(&packed), packed.len);
	assert_int_equal(keyring_unpack(true, copy, packed.len - 1, &back), -1);
	keyring_unref(k);
	bytes_free(&packed);
	assert_int_equal(heap.found, 0);
	/* It would have been found. */
	free(copy);
	assert_int_equal(heap.found, 1);
	heap.secret = NULL;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_wiped),
	};

	if (!heap_watched(SECRET))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

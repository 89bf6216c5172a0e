/* SPDX-License-Identifier: BSD-2-Clause */
/* CBOR: what is well-formed and what is not, and what it is in JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/decode/cbor.h"
#include "cli/decode/cbor_json.h"

#define KIB ((size_t)1024)

static bool
check_hex(const char *hex, bool sequence, struct cbor_error *error)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	bool good;

	assert_true(*hex == '\0' || parse_hex(hex, &bytes, &len));
	good = cbor_check(bytes, len, sequence, CBOR_DEPTH_MAX, error);
	free(bytes);
	return good;
}

static void
malformed(void **state)
{
	static const struct {
		const char *hex;
		size_t at;
		const char *why;
	} cases[] = {
		{ "", 0, "the data ends too early" },
		{ "18", 0, "the data ends too early" },
		{ "1b00000000000000", 0, "the data ends too early" },
		{ "1c", 0, "a length that is reserved" },
		{ "1f", 0, "a length that is reserved" },
		{ "df00", 0, "a length that is reserved" },
		{ "fc", 0, "a length that is reserved" },
		{ "f81f", 0, "a simple value that is too long" },
		{ "ff", 0, "a break where none may be" },
		{ "81ff", 1, "a break where none may be" },
		{ "c1ff", 1, "a break where none may be" },
		{ "bf01ff", 2, "a key without a value" },
		{ "9f01", 2, "the data ends too early" },
		{ "5f00ff", 1, "no part of the string that it is in" },
		{ "5f6161ff", 1, "no part of the string that it is in" },
		{ "5f5fffff", 1, "no part of the string that it is in" },
		{ "7f7f6161ffff", 1, "no part of the string that it is in" },
		{ "61ff", 0, "a text that is not UTF-8" },
		{ "7f61c361bcff", 1, "a text that is not UTF-8" },
		{ "4201", 0, "a string that ends after the data" },
		{ "5bffffffffffffffff00", 0,
		    "a string that ends after the data" },
		{ "8201", 0, "more items are announced than follow" },
		{ "a10102a2", 3, "more bytes behind the end" },
		{ "a201", 0, "more items are announced than follow" },
		{ "9bffffffffffffffff00", 0,
		    "more items are announced than follow" },
		{ "bb8000000000000000", 0,
		    "more items are announced than follow" },
		{ "9a00ffffff00", 0, "more items are announced than follow" },
		{ "0102", 1, "more bytes behind the end" },
	};
	struct cbor_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_false(check_hex(cases[i].hex, false, &error));
		if (strcmp(error.why, cases[i].why) != 0 ||
		    error.at != cases[i].at)
			fail_msg("%s: %s at %zu", cases[i].hex, error.why,
			    error.at);
	}
	assert_true(check_hex("", true, &error));
	assert_true(check_hex("0102", true, &error));
	assert_false(check_hex("0181", true, &error));
}

/* 64 levels and no more; neither tags nor arrays take the stack. */
static void
depth(void **state)
{
	static const uint8_t levels[] = { 0x81, 0x9f, 0xa1, 0xc1 };
	uint8_t *deep = malloc(KIB * KIB);
	struct cbor_error error;

	(void)state;
	assert_non_null(deep);
	for (size_t i = 0; i < sizeof(levels); i++) {
		memset(deep, levels[i], KIB * KIB);
		assert_false(
		    cbor_check(deep, KIB * KIB, false, CBOR_DEPTH_MAX, &error));
		assert_string_equal(error.why, "it is nested too deeply");
		assert_int_equal(error.at, CBOR_DEPTH_MAX);
	}
	memset(deep, 0x81, CBOR_DEPTH_MAX);
	deep[CBOR_DEPTH_MAX] = 0x01;
	assert_true(cbor_check(deep, CBOR_DEPTH_MAX + 1, false, CBOR_DEPTH_MAX,
	    &error));
	deep[CBOR_DEPTH_MAX] = 0x80;
	assert_false(cbor_check(deep, CBOR_DEPTH_MAX + 1, false, CBOR_DEPTH_MAX,
	    &error));
	free(deep);
}

static void
too_many_items(void **state)
{
	uint8_t *many = calloc(1, CBOR_ITEMS_MAX + 1);
	struct cbor_error error;

	(void)state;
	assert_non_null(many);
	assert_true(
	    cbor_check(many, CBOR_ITEMS_MAX, true, CBOR_DEPTH_MAX, &error));
	assert_false(
	    cbor_check(many, CBOR_ITEMS_MAX + 1, true, CBOR_DEPTH_MAX, &error));
	assert_string_equal(error.why, "it has too many items");
	free(many);
}

/* RFC 8949 section 6.1. */
static void
as_json(void **state)
{
	static const struct {
		const char *hex;
		const char *json;
	} cases[] = {
		{ "00", "0" },
		{ "1b7fffffffffffffff", "9223372036854775807" },
		{ "1bffffffffffffffff", "1.8446744073709552e19" },
		{ "3b7fffffffffffffff", "-9223372036854775808" },
		{ "3bffffffffffffffff", "-1.8446744073709552e19" },
		{ "44fbffbf00", "\"-_-_AA\"" },
		{ "5f41fb42ffbfff", "\"-_-_\"" },
		{ "d54401020304", "\"AQIDBA\"" },
		{ "d64401020304", "\"AQIDBA==\"" },
		{ "d7440a0b0c0d", "\"0A0B0C0D\"" },
		{ "d7820a4401020304", "[10,\"01020304\"]" },
		{ "82d74100"
		  "4100",
		    "[\"00\",\"AA\"]" },
		{ "c249010000000000000000", "\"AQAAAAAAAAAA\"" },
		{ "c349010000000000000000", "\"~AQAAAAAAAAAA\"" },
		{ "c201", "1" },
		{ "63e6b0b4", "\"\u6c34\"" },
		{ "7f657374726561646d696e67ff", "\"streaming\"" },
		{ "9f01820203ff", "[1,[2,3]]" },
		{ "bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}" },
		{ "a4010220034101f54102f4",
		    "{\"1\":2,\"-1\":3,\"h'01'\":true,\"h'02'\":false}" },
		{ "a18101a0", "{\"[1]\":{}}" },
		{ "a162610001", "{\"\\\"a\\\\u0000\\\"\":1}" },
		{ "a1616201", "{\"b\":1}" },
		{ "a161000a", "{\"\\\"\\\\u0000\\\"\":10}" },
		{ "85f4f5f6f7f0", "[false,true,null,null,null]" },
		{ "84f97c00f97e00f93e00f93c00", "[null,null,1.5,1.0]" },
		{ "c11a514b67b0", "1363896240" },
	};
	struct cbor_error error;
	uint8_t *bytes;
	json_t *value;
	char *json;
	size_t len;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_true(parse_hex(cases[i].hex, &bytes, &len));
		assert_true(
		    cbor_check(bytes, len, false, CBOR_DEPTH_MAX, &error));
		value = cbor_to_json(bytes, len, false);
		json = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		assert_non_null(json);
		assert_string_equal(json, cases[i].json);
		free(json);
		json_decref(value);
		free(bytes);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed),
		cmocka_unit_test(depth),
		cmocka_unit_test(too_many_items),
		cmocka_unit_test(as_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

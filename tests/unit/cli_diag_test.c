/* SPDX-License-Identifier: BSD-2-Clause */
/* Diagnostic notation, printed and parsed: the examples of RFC 8949 appendix A
 * in both directions, indicators, and what is wrong and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/decode/cbor.h"
#include "cli/decode/diag.h"
#include "cli/output/payload.h"

static struct text
from_hex(const char *hex)
{
	struct text out = { .s = NULL };
	uint8_t *bytes = NULL;
	size_t len = 0;

	assert_true(*hex == '\0' || parse_hex(hex, &bytes, &len));
	text_add_bytes(&out, bytes, len);
	free(bytes);
	return out;
}

static void
assert_prints(const char *hex, const char *expected, bool ascii)
{
	struct text bytes = from_hex(hex);
	struct text out = { .s = NULL };
	struct cbor_error error;

	if (!cbor_check((const uint8_t *)bytes.s, bytes.len, true,
		CBOR_DEPTH_MAX, &error))
		fail_msg("%s: %s at %zu", hex, error.why, error.at);
	diag_print(&out, (const uint8_t *)bytes.s, bytes.len, DIAG_LINE, ascii);
	assert_non_null(text_string(&out));
	if (strcmp(out.s, expected) != 0)
		fail_msg("%s: '%s', not '%s'", hex, out.s, expected);
	text_free(&out);
	text_free(&bytes);
}

static void
assert_parses(const char *diag, const char *hex)
{
	struct text bytes = { .s = NULL };
	struct text out = { .s = NULL };
	struct diag_error error;

	if (diag_parse(&bytes, diag, strlen(diag), true, &error) != 0)
		fail_msg("%s: %s at %zu", diag, error.why, error.at);
	payload_hex(&out, bytes.s, bytes.len);
	text_add_char(&out, '\0', 1);
	if (strcmp(out.s, hex) != 0)
		fail_msg("%s: %s, not %s", diag, out.s, hex);
	text_free(&out);
	text_free(&bytes);
}

/* RFC 8949 appendix A; widths that are not the shortest have an indicator. */
static void
appendix_a(void **state)
{
	static const struct {
		const char *hex;
		const char *diag;
	} cases[] = {
		{ "00", "0" },
		{ "01", "1" },
		{ "0a", "10" },
		{ "17", "23" },
		{ "1818", "24" },
		{ "1819", "25" },
		{ "1864", "100" },
		{ "1903e8", "1000" },
		{ "1a000f4240", "1000000" },
		{ "1b000000e8d4a51000", "1000000000000" },
		{ "1bffffffffffffffff", "18446744073709551615" },
		{ "c249010000000000000000", "18446744073709551616" },
		{ "3bffffffffffffffff", "-18446744073709551616" },
		{ "c349010000000000000000", "-18446744073709551617" },
		{ "20", "-1" },
		{ "29", "-10" },
		{ "3863", "-100" },
		{ "3903e7", "-1000" },
		{ "f90000", "0.0" },
		{ "f98000", "-0.0" },
		{ "f93c00", "1.0" },
		{ "fb3ff199999999999a", "1.1" },
		{ "f93e00", "1.5" },
		{ "f97bff", "65504.0" },
		{ "fa47c35000", "100000.0" },
		{ "fa7f7fffff", "3.4028234663852886e+38" },
		{ "fb7e37e43c8800759c", "1.0e+300" },
		{ "f90001", "5.960464477539063e-8" },
		{ "f90400", "0.00006103515625" },
		{ "f9c400", "-4.0" },
		{ "fbc010666666666666", "-4.1" },
		{ "f97c00", "Infinity" },
		{ "f97e00", "NaN" },
		{ "f9fc00", "-Infinity" },
		{ "fa7f800000", "Infinity_2" },
		{ "fa7fc00000", "NaN_2" },
		{ "faff800000", "-Infinity_2" },
		{ "fb7ff0000000000000", "Infinity_3" },
		{ "fb7ff8000000000000", "NaN_3" },
		{ "fbfff0000000000000", "-Infinity_3" },
		{ "f4", "false" },
		{ "f5", "true" },
		{ "f6", "null" },
		{ "f7", "undefined" },
		{ "f0", "simple(16)" },
		{ "f8ff", "simple(255)" },
		{ "c074323031332d30332d32315432303a30343a30305a",
		    "0(\"2013-03-21T20:04:00Z\")" },
		{ "c11a514b67b0", "1(1363896240)" },
		{ "c1fb41d452d9ec200000", "1(1363896240.5)" },
		{ "d74401020304", "23(h'01020304')" },
		{ "d818456449455446", "24(<<\"IETF\">>)" },
		{ "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
		    "32(\"http://www.example.com\")" },
		{ "40", "h''" },
		{ "4401020304", "h'01020304'" },
		{ "60", "\"\"" },
		{ "6161", "\"a\"" },
		{ "6449455446", "\"IETF\"" },
		{ "62225c", "\"\\\"\\\\\"" },
		{ "62c3bc", "\"\u00fc\"" },
		{ "63e6b0b4", "\"\u6c34\"" },
		{ "64f0908591", "\"\U00010151\"" },
		{ "80", "[]" },
		{ "83010203", "[1, 2, 3]" },
		{ "8301820203820405", "[1, [2, 3], [4, 5]]" },
		{ "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
		    "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, "
		    "17, 18, 19, 20, 21, 22, 23, 24, 25]" },
		{ "a0", "{}" },
		{ "a201020304", "{1: 2, 3: 4}" },
		{ "a26161016162820203", "{\"a\": 1, \"b\": [2, 3]}" },
		{ "826161a161626163", "[\"a\", {\"b\": \"c\"}]" },
		{ "a56161614161626142616361436164614461656145",
		    "{\"a\": \"A\", \"b\": \"B\", \"c\": \"C\", \"d\": \"D\", "
		    "\"e\": \"E\"}" },
		{ "5f42010243030405ff", "(_ h'0102', h'030405')" },
		{ "7f657374726561646d696e67ff", "(_ \"strea\", \"ming\")" },
		{ "9fff", "[_ ]" },
		{ "9f018202039f0405ffff", "[_ 1, [2, 3], [_ 4, 5]]" },
		{ "9f01820203820405ff", "[_ 1, [2, 3], [4, 5]]" },
		{ "83018202039f0405ff", "[1, [2, 3], [_ 4, 5]]" },
		{ "83019f0203ff820405", "[1, [_ 2, 3], [4, 5]]" },
		{ "bf61610161629f0203ffff", "{_ \"a\": 1, \"b\": [_ 2, 3]}" },
		{ "826161bf61626163ff", "[\"a\", {_ \"b\": \"c\"}]" },
		{ "bf6346756ef563416d7421ff",
		    "{_ \"Fun\": true, \"Amt\": -2}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_prints(cases[i].hex, cases[i].diag, false);
		assert_parses(cases[i].diag, cases[i].hex);
	}
}

/* What else is the same in both directions. */
static void
both_ways(void **state)
{
	static const struct {
		const char *hex;
		const char *diag;
	} cases[] = {
		{ "1801", "1_0" },
		{ "1b0000000000000001", "1_3" },
		{ "3800", "-1_0" },
		{ "f93c00", "1.0" },
		{ "fa3f800000", "1.0_2" },
		{ "fb3ff0000000000000", "1.0_3" },
		{ "5800", "h''_0" },
		{ "780161", "\"a\"_0" },
		{ "980101", "[_0 1]" },
		{ "b9000101f6", "{_1 1: null}" },
		{ "9800", "[_0 ]" },
		{ "d9000101", "1_1(1)" },
		{ "5fff", "''_" },
		{ "7fff", "\"\"_" },
		{ "c24101", "2(h'01')" },
		{ "c2490001000000000000ff", "2(h'0001000000000000ff')" },
		{ "d81841ff", "24(h'ff')" },
		{ "d8185801f6", "24(h'f6'_0)" },
		{ "d81844d81841f6", "24(<<24(<<null>>)>>)" },
		{ "d9d9f701", "55799(1)" },
		{ "f0", "simple(16)" },
		{ "f820", "simple(32)" },
		{ "e0", "simple(0)" },
		{ "0102", "1, 2" },
		{ "", "" },
		{ "f903ff", "0.00006097555160522461" },
		{ "fb0000000000000001", "4.94065645841247e-324" },
		{ "fb3fb999999999999a", "0.1" },
		{ "fb444b1ae4d6e2ef50", "1.0e+21" },
		{ "fb4415af1d78b58c40", "100000000000000000000.0" },
		{ "fb3fd5555555555555", "0.3333333333333333" },
		{ "fb3ff0000000000001", "1.0000000000000002" },
		{ "6a0008090a0b0c0d1b7f41",
		    "\"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001b\\u007fA\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_prints(cases[i].hex, cases[i].diag, false);
		assert_parses(cases[i].diag, cases[i].hex);
	}
}

/* A terminal without UTF-8; a character that would turn writing round. */
static void
strange_characters(void **state)
{
	(void)state;
	assert_prints("62c3bc", "\"\\u00fc\"", true);
	assert_prints("64f0908591", "\"\\ud800\\udd51\"", true);
	assert_prints("63e280ae", "\"\\u202e\"", false);
	assert_parses("\"\\u00fc\"", "62c3bc");
	assert_parses("\"\\ud800\\udd51\"", "64f0908591");
	assert_parses("\"\\u202e\"", "63e280ae");
}

/* 64 bytes, the longest that is decimal, and one more. */
static void
long_bignums(void **state)
{
	char hex[2 + 4 + 2 * 65 + 1] = "c25840";
	static const char most[] =
	    "1340780792994259709957402499820584612747936582059239337772356144"
	    "3721764030073546976801874298166903427690031858186486050853753882"
	    "811946569946433649006084095";

	(void)state;
	memset(hex + 6, 'f', 128);
	hex[134] = '\0';
	assert_prints(hex, most, false);
	assert_parses(most, hex);
	memcpy(hex, "c25841", 6);
	memset(hex + 6, 'f', 130);
	hex[136] = '\0';
	assert_parses("-1340780792994259709957402499820584612747936582059239337"
		      "7"
		      "7235614437217640300735469768018742981669034276900318581"
		      "8648605085375388281194656994643364900608409"
		      "5",
	    "c35840"
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	    "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe");
}

/* What is written in other ways than it is printed. */
static void
other_notations(void **state)
{
	static const struct {
		const char *diag;
		const char *hex;
	} cases[] = {
		{ " /a/ 1 # b", "01" },
		{ "# a\n[ / b / 1 ,# c\n2/d/]", "820102" },
		{ "+7", "07" },
		{ "-0", "00" },
		{ "-0.0", "f98000" },
		{ "0x1f", "181f" },
		{ "-0b101", "24" },
		{ "0o17", "0f" },
		{ "0xffFFffffffffffffff", "c249ffffffffffffffffff" },
		{ "1e3", "f963d0" },
		{ "1.5E+1", "f94b80" },
		{ "h'0 1\n0A'", "42010a" },
		{ "b64'AQID'", "43010203" },
		{ "b64'AQ=='", "4101" },
		{ "b64'AQI'", "420102" },
		{ "b64'-_+/'", "43fbffbf" },
		{ "'a\\'b'", "43612762" },
		{ "\"'\\/\"", "62272f" },
		{ "<<1, [2]>>", "43018102" },
		{ "<<>>", "40" },
		{ "<<1>>_0", "580101" },
		{ "{1:2,\"a\":{}}", "a201026161a0" },
		{ "[_1]", "990000" },
		{ "18( [ h'', {} ] )", "d28240a0" },
		{ "(_ 'a', h'00')", "5f41614100ff" },
		{ "1.0_1", "f93c00" },
		{ "NaN_3", "fb7ff8000000000000" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_parses(cases[i].diag, cases[i].hex);
}

static void
wrong_notation(void **state)
{
	static const struct {
		const char *diag;
		size_t at;
		const char *why;
	} cases[] = {
		{ "", 0, "expected a value, and there is no more" },
		{ "  ", 2, "expected a value, and there is no more" },
		{ "hello", 0, "expected a value: a number" },
		{ "[1, 2", 5, "expected ',' or ']'" },
		{ "[1 2]", 3, "expected ',' or ']'" },
		{ "[1,]", 3, "expected a value" },
		{ "{1}", 2, "expected ':'" },
		{ "{1: 2", 5, "expected ',' or '}'" },
		{ "<<1>", 3, "expected ',' or '>>'" },
		{ "1 2", 2, "expected the end, for it is complete" },
		{ "1, 2", 1, "expected the end, for it is complete" },
		{ "nullx", 0, "expected a value" },
		{ "h'0'", 3, "expected a second hexadecimal digit" },
		{ "h'0g'", 3, "expected a second hexadecimal digit" },
		{ "h'x'", 2, "expected a hexadecimal digit" },
		{ "h'00", 4, "expected a hexadecimal digit" },
		{ "b64'A'", 5, "base64 that is cut short" },
		{ "b64'A*'", 5, "expected base64" },
		{ "b64'AQ=Q'", 7, "expected the closing" },
		{ "[\"a", 1, "a string without its closing \"" },
		{ "\"\\x\"", 1, "no such escape" },
		{ "\"\\u12\"", 5, "expected four hexadecimal digits" },
		{ "\"\\ud800\"", 1, "half of a character" },
		{ "\"\\ud800\\u0041\"", 1, "no character has this number" },
		{ "\"\\udc00\"", 1, "no character has this number" },
		{ "\"\xff\"", 1, "this is not UTF-8" },
		{ "-", 1, "expected a digit" },
		{ "1.", 2, "expected a digit" },
		{ "1.e3", 4, "expected a digit" },
		{ "1e", 2, "expected a digit" },
		{ "0x", 2, "expected a digit" },
		{ "1e999", 0, "too large for a float" },
		{ "256_0", 3, "does not fit" },
		{ "1_4", 2, "expected _0, _1, _2 or _3" },
		{ "1.1_2", 3, "does not fit" },
		{ "1.5_0", 3, "does not fit" },
		{ "Infinity_0", 8, "does not fit" },
		{ "18446744073709551616_3", 20, "expected the end" },
		{ "simple(24)", 7, "expected 0 to 23 or 32 to 255" },
		{ "simple(256)", 7, "expected 0 to 23 or 32 to 255" },
		{ "simple()", 7, "expected 0 to 23 or 32 to 255" },
		{ "simple(1", 8, "expected ')'" },
		{ "-1(2)", 0, "a tag is a whole number" },
		{ "1.5(2)", 0, "a tag is a whole number" },
		{ "1(2", 3, "expected ')'" },
		{ "(_ 1)", 3, "expected a string" },
		{ "(_ \"a\", h'00')", 8, "expected a string of the same" },
		{ "(_ \"a\"", 6, "expected ',' or ')'" },
		{ "/ 1", 0, "a comment without its end" },
	};
	struct text out = { .s = NULL };
	struct diag_error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(diag_parse(&out, cases[i].diag,
				     strlen(cases[i].diag), false, &error),
		    -COAP_E_FORMAT);
		if (!strstr(error.why, cases[i].why) || error.at != cases[i].at)
			fail_msg("%s: %s at %zu", cases[i].diag, error.why,
			    error.at);
		text_free(&out);
	}
}

/* Deeper than it may be; numbers and text of any length. */
static void
limits(void **state)
{
	char deep[CBOR_DEPTH_MAX + 2];
	struct text out = { .s = NULL };
	struct diag_error error;
	char digits[1000];

	(void)state;
	memset(deep, '[', sizeof(deep));
	assert_int_equal(diag_parse(&out, deep, sizeof(deep), false, &error),
	    -COAP_E_FORMAT);
	assert_string_equal(error.why, "this is nested too deeply");
	assert_int_equal(error.at, CBOR_DEPTH_MAX);
	text_free(&out);
	memset(digits, '9', sizeof(digits));
	assert_int_equal(diag_parse(&out, digits, sizeof(digits), false,
			     &error),
	    -COAP_E_FORMAT);
	assert_string_equal(error.why, "a whole number has 512 bits at most");
	text_free(&out);
	digits[1] = '.';
	assert_int_equal(diag_parse(&out, digits, sizeof(digits), false,
			     &error),
	    -COAP_E_FORMAT);
	assert_string_equal(error.why, "this number is too long");
	text_free(&out);
}

/* What is long has lines; what is short in it has one. */
static void
lines(void **state)
{
	static const char diag[] =
	    "{\n"
	    "  \"title\": \"a text of more than thirty characters\",\n"
	    "  \"list\": [1, 2, 3],\n"
	    "  \"empty\": [_ ]\n"
	    "}";
	struct text bytes = { .s = NULL };
	struct text out = { .s = NULL };
	struct diag_error error;

	(void)state;
	assert_int_equal(diag_parse(&bytes, diag, sizeof(diag) - 1, false,
			     &error),
	    0);
	diag_print(&out, (const uint8_t *)bytes.s, bytes.len, DIAG_LINES,
	    false);
	assert_string_equal(text_string(&out), diag);
	text_free(&out);
	text_free(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_a),
		cmocka_unit_test(both_ways),
		cmocka_unit_test(strange_characters),
		cmocka_unit_test(long_bignums),
		cmocka_unit_test(other_notations),
		cmocka_unit_test(wrong_notation),
		cmocka_unit_test(limits),
		cmocka_unit_test(lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

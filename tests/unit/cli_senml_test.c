/* SPDX-License-Identifier: BSD-2-Clause */
/* SenML: the examples of RFC 8428 resolved, and what is no SenML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/decode/decoders.h"
#include "cli/decode/diag.h"
#include "cli/decode/senml.h"

/* 2026-08-14T09:12:03.418Z */
#define NOW_MS      1786698723418
#define SENML_JSON  110
#define SENML_CBOR  112
#define SENSML_CBOR 113

static enum decoded
decode(int format, const void *data, size_t len, char **json, struct text *why)
{
	const struct decode_in in = {
		.data = data,
		.len = len,
		.format = format,
		.now_ms = NOW_MS,
	};
	enum decoded result;
	json_t *value;

	result = decode_json(&in, &value, why);
	*json = value
	    ? json_dumps(value, JSON_COMPACT | JSON_REAL_PRECISION(15))
	    : NULL;
	json_decref(value);
	return result;
}

static void
assert_resolves(const char *pack, const char *expected)
{
	struct text why = { .s = NULL };
	char *json;

	if (decode(SENML_JSON, pack, strlen(pack), &json, &why) != DECODED)
		fail_msg("%s: %s", pack, text_string(&why));
	assert_non_null(json);
	assert_string_equal(json, expected);
	free(json);
	text_free(&why);
}

static void
resolved(void **state)
{
	(void)state;
	/* RFC 8428 section 5.1.1 */
	assert_resolves("[{\"n\":\"urn:dev:ow:10e2073a01080063\",\"u\":\"Cel\","
			"\"v\":23.1}]",
	    "[{\"n\":\"urn:dev:ow:10e2073a01080063\",\"u\":\"Cel\","
	    "\"v\":23.1}]");
	/* section 5.1.2, with times relative to a base time */
	assert_resolves("[{\"bn\":\"urn:dev:ow:10e2073a0108006:\","
			"\"bt\":1.276020076001e+09,\"bu\":\"A\",\"bver\":5,"
			"\"n\":\"voltage\",\"u\":\"V\",\"v\":120.1},"
			"{\"n\":\"current\",\"t\":-5,\"v\":1.2},"
			"{\"n\":\"current\",\"t\":-4,\"v\":1.3}]",
	    "[{\"n\":\"urn:dev:ow:10e2073a0108006:current\",\"u\":\"A\","
	    "\"v\":1.2,\"t\":1276020071.001,\"bver\":5},"
	    "{\"n\":\"urn:dev:ow:10e2073a0108006:current\",\"u\":\"A\","
	    "\"v\":1.3,\"t\":1276020072.001,\"bver\":5},"
	    "{\"n\":\"urn:dev:ow:10e2073a0108006:voltage\",\"u\":\"V\","
	    "\"v\":120.1,\"t\":1276020076.001,\"bver\":5}]");
	/* Bases change on the way; whole numbers stay whole. */
	assert_resolves("[{\"bn\":\"a/\",\"bv\":20,\"bs\":100},"
			"{\"n\":\"x\",\"v\":1},{\"n\":\"y\",\"s\":5},"
			"{\"bn\":\"b/\",\"bv\":0.5,\"n\":\"z\",\"v\":1},"
			"{\"n\":\"s\",\"vs\":\"on\"}]",
	    "[{\"n\":\"a/\",\"v\":20,\"s\":100},"
	    "{\"n\":\"a/x\",\"v\":21,\"s\":100},"
	    "{\"n\":\"a/y\",\"v\":20,\"s\":105},"
	    "{\"n\":\"b/z\",\"v\":1.5,\"s\":100},"
	    "{\"n\":\"b/s\",\"s\":100,\"vs\":\"on\"}]");
	/* A record that only sets bases is none of its own. */
	assert_resolves("[{\"bn\":\"a\",\"bt\":0},{\"vb\":false},"
			"{\"vd\":\"AQID\",\"ut\":60,\"x\":[1]}]",
	    "[{\"n\":\"a\",\"vb\":false,\"t\":1786698723.418},"
	    "{\"n\":\"a\",\"vd\":\"AQID\",\"ut\":60,\"x\":[1],"
	    "\"t\":1786698723.418}]");
	assert_resolves("[]", "[]");
	assert_resolves("[{\"n\":\"a\",\"v\":9223372036854775807},"
			"{\"bv\":1,\"n\":\"a\",\"v\":9223372036854775807}]",
	    "[{\"n\":\"a\",\"v\":9223372036854775807},"
	    "{\"n\":\"a\",\"v\":9.22337203685478e18}]");
}

/* Below 2**28 s a time is counted from now (section 4.5.3). */
static void
times(void **state)
{
	(void)state;
	assert_resolves("[{\"n\":\"a\",\"t\":-10,\"v\":1}]",
	    "[{\"n\":\"a\",\"v\":1,\"t\":1786698713.418}]");
	assert_resolves("[{\"n\":\"a\",\"t\":268435455,\"v\":1}]",
	    "[{\"n\":\"a\",\"v\":1,\"t\":2055134178.418}]");
	assert_resolves("[{\"n\":\"a\",\"t\":268435456,\"v\":1}]",
	    "[{\"n\":\"a\",\"v\":1,\"t\":268435456}]");
	assert_resolves("[{\"n\":\"a\",\"t\":0,\"v\":1},{\"n\":\"b\",\"v\":2},"
			"{\"n\":\"c\",\"t\":-1,\"v\":3}]",
	    "[{\"n\":\"c\",\"v\":3,\"t\":1786698722.418},"
	    "{\"n\":\"a\",\"v\":1,\"t\":1786698723.418},"
	    "{\"n\":\"b\",\"v\":2}]");
}

static void
from_cbor(void **state)
{
	static const char diag[] =
	    "[{-2: \"urn:dev:ow:10e2:/\", -3: 1786698723, -4: \"A\", -1: 5,"
	    " 0: \"u\", 1: \"V\", 2: 120.5},"
	    "{0: \"d\", 8: h'fbff', 6: -5}, {0: \"b\", 4: true},"
	    "{0: \"s\", 3: \"x\", 5: 7, 7: 60}]";
	struct text bytes = { .s = NULL };
	struct text why = { .s = NULL };
	struct diag_error error;
	char *json;

	(void)state;
	assert_int_equal(diag_parse(&bytes, diag, strlen(diag), false, &error),
	    0);
	for (int format = SENML_CBOR; format <= SENSML_CBOR; format++) {
		assert_int_equal(decode(format, bytes.s, bytes.len, &json,
				     &why),
		    DECODED);
		assert_string_equal(json,
		    "[{\"n\":\"urn:dev:ow:10e2:/d\",\"u\":\"A\",\"vd\":"
		    "\"-_8\",\"t\":1786698718,\"bver\":5},"
		    "{\"n\":\"urn:dev:ow:10e2:/u\",\"u\":\"V\","
		    "\"v\":120.5,\"t\":1786698723,\"bver\":5},"
		    "{\"n\":\"urn:dev:ow:10e2:/b\",\"u\":\"A\","
		    "\"vb\":true,\"t\":1786698723,\"bver\":5},"
		    "{\"n\":\"urn:dev:ow:10e2:/s\",\"u\":\"A\",\"s\":7,"
		    "\"vs\":\"x\",\"ut\":60,\"t\":1786698723,"
		    "\"bver\":5}]");
		free(json);
	}
	text_free(&bytes);
	text_free(&why);
}

static void
wrong(void **state)
{
	static const struct {
		const char *pack;
		const char *why;
	} cases[] = {
		{ "{}", "it is no array of records" },
		{ "[1]", "record 1 is no map" },
		{ "[{\"n\":\"a\",\"v\":1},{\"n\":1}]",
		    "'n' of record 2 is not text" },
		{ "[{\"v\":\"1\"}]", "'v' of record 1 is not a number" },
		{ "[{\"vb\":1}]", "'vb' of record 1 is not true or false" },
		{ "[{\"bver\":11}]", "version 11 of SenML is not known here" },
		{ "[{\"v\":1,\"x_\":2}]",
		    "record 1 has 'x_', which must be understood and is not "
		    "known here" },
		{ "[{\"bv\":1e308,\"v\":1e308}]",
		    "'v' of record 1 and its base are more than a number "
		    "holds" },
		{ "[{\"v\":1},{\"bt\":1e308,\"t\":1e308}]",
		    "'t' of record 2 and its base are more than a number "
		    "holds" },
		{ "[", "line 1, column 1: ']' expected near end of file" },
	};
	struct text why = { .s = NULL };
	char *json;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_int_equal(decode(SENML_JSON, cases[i].pack,
				     strlen(cases[i].pack), &json, &why),
		    DECODED_WRONG);
		assert_null(json);
		assert_string_equal(text_string(&why), cases[i].why);
		text_free(&why);
	}
}

/* A base name that each of many records would repeat. */
static void
long_names(void **state)
{
	enum {
		NAME = 100000,
		RECORDS = 1000
	};
	struct text pack = { .s = NULL };
	struct text why = { .s = NULL };
	char *json;

	(void)state;
	text_add(&pack, "[{\"bn\":\"");
	text_add_char(&pack, 'x', NAME);
	text_add(&pack, "\"}");
	for (size_t i = 0; i < RECORDS; i++)
		text_add(&pack, ",{\"v\":1}");
	text_add(&pack, "]");
	assert_int_equal(decode(SENML_JSON, pack.s, pack.len, &json, &why),
	    DECODED_WRONG);
	assert_non_null(strstr(text_string(&why), "it would be too long"));
	text_free(&pack);
	text_free(&why);
}

static void
table(void **state)
{
	static const char pack[] =
	    "[{\"bn\":\"urn:dev:ow:10e2:/\",\"n\":\"t\",\"u\":\"Cel\","
	    "\"v\":21.4},"
	    "{\"n\":\"door\",\"t\":-3600,\"vb\":true},"
	    "{\"n\":\"e\",\"t\":1786698000.5,\"u\":\"J\",\"s\":12,"
	    "\"ut\":60},"
	    "{\"n\":\"d\",\"t\":1e300,\"vd\":\"AQID\"},"
	    "{\"n\":\"end\",\"t\":253402300799,\"v\":1},"
	    "{\"n\":\"past\",\"t\":253402300800,\"v\":1},"
	    "{\"n\":\"evil\\u001b[2J\",\"t\":1786698000,\"vs\":\"a\\nb\"}]";
	const struct decode_in in = {
		.data = (const uint8_t *)pack,
		.len = sizeof(pack) - 1,
		.format = SENML_JSON,
		.now_ms = NOW_MS,
	};
	struct text out = { .s = NULL };
	struct text why = { .s = NULL };

	(void)state;
	assert_int_equal(decode_lines(&in, &out, &why), DECODED);
	assert_string_equal(text_string(&out),
	    "  2026-08-14 08:12:03.418Z  urn:dev:ow:10e2:/door         true\n"
	    "  2026-08-14 09:00:00Z      urn:dev:ow:10e2:/evil\\x1b[2J  a\\nb"
	    "\n"
	    "  2026-08-14 09:00:00.500Z  urn:dev:ow:10e2:/e            -"
	    "          sum 12 J, again within 60 s\n"
	    "  2026-08-14 09:12:03Z      urn:dev:ow:10e2:/t            "
	    "21.4 Cel\n"
	    "  9999-12-31 23:59:59Z      urn:dev:ow:10e2:/end          1\n"
	    "  253402300800 s            urn:dev:ow:10e2:/past         1\n"
	    "  1e+300 s                  urn:dev:ow:10e2:/d            data "
	    "AQID\n");
	text_free(&out);
	text_free(&why);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resolved),
		cmocka_unit_test(times),
		cmocka_unit_test(from_cbor),
		cmocka_unit_test(wrong),
		cmocka_unit_test(long_names),
		cmocka_unit_test(table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

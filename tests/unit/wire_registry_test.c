/* SPDX-License-Identifier: BSD-2-Clause */
/* The registries: the tables agree with themselves, and look-ups find rows. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/registry.h"

/* Rows of the registries that the tables were made from. */
#define N_OPTIONS 34
#define N_CODES   40
#define N_FORMATS 110

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void
test_options_table(void **state)
{
	const coapx_option_info_t *o, *before = NULL;
	size_t i;

	(void)state;
	for (i = 0, o = coapx_option_at(0); o; o = coapx_option_at(++i)) {
		unsigned n = o->number;

		assert_true(!before || before->number < n);
		assert_int_equal(o->critical, n & 1);
		assert_int_equal(o->unsafe, n >> 1 & 1);
		assert_int_equal(o->no_cache_key,
		    (n & 2) == 0 && (n & 0x1e) == 0x1c);
		assert_true(o->min_length <= o->max_length);
		if (o->format == COAPX_OPTION_EMPTY)
			assert_int_equal(o->max_length, 0);
		else
			assert_true(o->max_length > 0);
		if (o->format == COAPX_OPTION_UINT)
			assert_true(o->max_length <= 4);
		assert_true(o->name[0] != '\0' && o->reference[0] != '\0');
		assert_ptr_equal(coapx_option_by_number(n), o);
		assert_ptr_equal(coapx_option_by_name(o->name), o);
		before = o;
	}
	assert_int_equal(i, N_OPTIONS);
	assert_null(coapx_option_at(SIZE_MAX));
}

static void
test_options(void **state)
{
	(void)state;
	assert_string_equal(coapx_option_by_number(11)->name, "Uri-Path");
	assert_int_equal(coapx_option_by_name("uri-QUERY")->number, 15);
	assert_int_equal(coapx_option_by_number(35)->max_length, 1034);
	assert_int_equal(coapx_option_by_number(252)->min_length, 1);
	assert_true(coapx_option_by_number(31)->repeatable);
	assert_false(coapx_option_by_number(12)->repeatable);
	assert_true(coapx_option_by_number(60)->no_cache_key);
	assert_null(coapx_option_by_number(0));
	assert_null(coapx_option_by_number(2));
	assert_null(coapx_option_by_number(128));
	assert_null(coapx_option_by_number(65000));
	assert_null(coapx_option_by_number(65536 + 11));
	assert_null(coapx_option_by_name("Uri"));
	assert_null(coapx_option_by_name("Uri-Paths"));
	assert_null(coapx_option_by_name(""));
	assert_null(coapx_option_by_name(NULL));
}

static void
test_signaling(void **state)
{
	static const struct {
		unsigned code, number;
		const char *name;
		coapx_option_format_t format;
		unsigned min, max, repeatable;
	} rows[] = {
		{ 225, 2, "Max-Message-Size", COAPX_OPTION_UINT, 0, 4, 0 },
		{ 225, 4, "Block-Wise-Transfer", COAPX_OPTION_EMPTY, 0, 0, 0 },
		{ 225, 6, "Extended-Token-Length", COAPX_OPTION_UINT, 0, 3, 0 },
		{ 226, 2, "Custody", COAPX_OPTION_EMPTY, 0, 0, 0 },
		{ 227, 2, "Custody", COAPX_OPTION_EMPTY, 0, 0, 0 },
		{ 228, 2, "Alternative-Address", COAPX_OPTION_STRING, 1, 255,
		    1 },
		{ 228, 4, "Hold-Off", COAPX_OPTION_UINT, 0, 3, 0 },
		{ 229, 2, "Bad-CSM-Option", COAPX_OPTION_UINT, 0, 2, 0 },
		{ 225, 9, "OSCORE", COAPX_OPTION_OPAQUE, 0, 255, 0 },
		{ 229, 9, "OSCORE", COAPX_OPTION_OPAQUE, 0, 255, 0 },
	};
	const coapx_option_info_t *o;
	unsigned code, number, found = 0;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		o = coapx_signaling_option(rows[i].code, rows[i].number);
		assert_non_null(o);
		assert_string_equal(o->name, rows[i].name);
		assert_int_equal(o->number, rows[i].number);
		assert_int_equal(o->format, rows[i].format);
		assert_int_equal(o->min_length, rows[i].min);
		assert_int_equal(o->max_length, rows[i].max);
		assert_int_equal(o->repeatable, rows[i].repeatable);
		assert_int_equal(o->critical, rows[i].number & 1);
	}
	for (code = 0; code < 256; code++) {
		for (number = 0; number < 64; number++)
			found += coapx_signaling_option(code, number) != NULL;
	}
	/* Eight of their own, OSCORE with each of the 32 codes of class 7. */
	assert_int_equal(found, 8 + 32);
}

static void
test_codes_table(void **state)
{
	const coapx_code_info_t *c, *before = NULL;
	char dotted[8];
	size_t i;

	(void)state;
	for (i = 0, c = coapx_code_at(0); c; c = coapx_code_at(++i)) {
		assert_true(!before || before->code < c->code);
		assert_ptr_equal(coapx_code_by_number(c->code), c);
		/* Names are unique: the first of that name is this one. */
		assert_int_equal(coapx_code_by_name(c->name), c->code);
		snprintf(dotted, sizeof(dotted), "%d.%02d", c->code >> 5,
		    c->code & 31);
		assert_int_equal(coapx_code_by_name(dotted), c->code);
		assert_true(strlen(c->hint) > 8);
		assert_true(c->hint[strlen(c->hint) - 1] != '.');
		assert_true(c->reference[0] != '\0');
		before = c;
	}
	assert_int_equal(i, N_CODES);
}

static void
test_codes(void **state)
{
	static const struct {
		const char *name;
		int code;
	} rows[] = {
		{ "GET", 1 },
		{ "ipatch", 7 },
		{ "content", 69 },
		{ "Not Found", 132 },
		{ "2.05", 69 },
		{ "4.04", 132 },
		{ "0.00", 0 },
		{ "7.31", 255 },
		{ "3.17", 113 },
		{ "8.00", -1 },
		{ "2.32", -1 },
		{ "2.5", -1 },
		{ "2.055", -1 },
		{ "205", -1 },
		{ "", -1 },
		{ "2.", -1 },
		{ "GE", -1 },
		{ " GET", -1 },
		{ "2.0x", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_int_equal(coapx_code_by_name(rows[i].name),
		    rows[i].code);
	assert_int_equal(coapx_code_by_name(NULL), -1);
	assert_string_equal(coapx_code_by_number(133)->hint,
	    "the resource is there but does not take this method");
	assert_null(coapx_code_by_number(8));
	assert_null(coapx_code_by_number(224));
	assert_null(coapx_code_by_number(256 + 69));
}

static int
same(const char *a, const char *b)
{
	return a == b || (a && b && strcasecmp(a, b) == 0);
}

/* TYPE;PARAMETERS;coding=CODING of a row. */
static void
full_name(const coapx_format_info_t *f, char *out, size_t size)
{
	snprintf(out, size, "%s%s%s%s%s", f->media_type,
	    f->parameters ? ";" : "", f->parameters ? f->parameters : "",
	    f->coding ? ";coding=" : "", f->coding ? f->coding : "");
}

static void
test_formats_table(void **state)
{
	const coapx_format_info_t *f, *other, *before = NULL;
	char name[160];
	size_t i, j;

	(void)state;
	for (i = 0, f = coapx_format_at(0); f; f = coapx_format_at(++i)) {
		assert_true(!before || before->number < f->number);
		assert_ptr_equal(coapx_format_by_number(f->number), f);
		assert_non_null(strchr(f->media_type, '/'));
		assert_true(f->reference[0] != '\0');
		for (j = 0; j < i; j++) {
			other = coapx_format_at(j);
			assert_false(same(other->media_type, f->media_type) &&
			    same(other->parameters, f->parameters) &&
			    same(other->coding, f->coding));
		}
		full_name(f, name, sizeof(name));
		/* 340 is 140 without its parameter. */
		assert_int_equal(coapx_format_by_name(name),
		    f->number == 340 ? 140 : f->number);
		before = f;
	}
	assert_int_equal(i, N_FORMATS);
}

static void
test_aliases(void **state)
{
	const char *name, *other;
	unsigned number;
	size_t i, j;

	(void)state;
	for (i = 0, name = coapx_format_alias_at(0, &number); name;
	     name = coapx_format_alias_at(++i, &number)) {
		assert_non_null(coapx_format_by_number(number));
		assert_int_equal(coapx_format_by_name(name), number);
		assert_null(strchr(name, '/'));
		for (j = 0; j < i; j++) {
			other = coapx_format_alias_at(j, NULL);
			assert_int_not_equal(strcasecmp(name, other), 0);
		}
	}
	assert_true(i > 30);
}

static void
test_formats(void **state)
{
	static const struct {
		const char *name;
		int number;
	} rows[] = {
		{ "text", 0 },
		{ "link", 40 },
		{ "xml", 41 },
		{ "octets", 42 },
		{ "binary", 42 },
		{ "JSON", 50 },
		{ "cbor", 60 },
		{ "senml+json", 110 },
		{ "senml+cbor", 112 },
		{ "problem", 257 },
		{ "Application/JSON", 50 },
		{ "text/plain", 0 },
		{ "text/plain;charset=utf-8", 0 },
		{ "text/plain; charset=UTF-8", 0 },
		{ "text/plain;charset=utf-8;coding=zstd", 12000 },
		{ "text/plain;coding=zstd", 12000 },
		{ "application/json;coding=deflate", 11050 },
		{ "application/json; coding=zstd", 12050 },
		{ "application/json;coding=identity", 50 },
		{ "application/cose", 16 },
		{ "application/cose; cose-type=\"cose-sign1\"", 18 },
		{ "application/cose;cose-type=cose-sign", 98 },
		{ "application/aif+cbor;toid=oscore-gname;tperm=oscore-gperm",
		    297 },
		{ "0", 0 },
		{ "65535", 65535 },
		{ "65536", -1 },
		{ "-1", -1 },
		{ "4294967296", -1 },
		{ "60x", -1 },
		{ "", -1 },
		{ "application/", -1 },
		{ "application/jso", -1 },
		{ "application/json2", -1 },
		{ "application/json;", -1 },
		{ "application/json;coding=gzip", -1 },
		{ "plain", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++)
		assert_int_equal(coapx_format_by_name(rows[i].name),
		    rows[i].number);
	assert_int_equal(coapx_format_by_name(NULL), -1);
	assert_null(coapx_format_by_number(1));
	assert_null(coapx_format_by_number(282));
	assert_null(coapx_format_by_number(1542));
	assert_string_equal(coapx_format_by_number(11050)->coding, "deflate");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_table),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_signaling),
		cmocka_unit_test(test_codes_table),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_formats_table),
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

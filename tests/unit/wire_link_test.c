/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format: reading, writing and the filters of RFC 6690 section 4.1. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <coap3/coapx_errors.h>

#include "guard.h"
#include "wire/link.h"

#define COUNT(a)  (sizeof(a) / sizeof(*(a)))
#define ATTRS_MAX 16

static struct guard guard;

/*
 * All links as they were understood: <target>, then (name) or (name=value) or
 * (name="value") with escapes taken off.
 */
static int
understand(const char *text, struct buf *out, size_t *error_at)
{
	size_t len = strlen(text);
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	coapx_link_attr_t attr;
	char value[256];
	int r;

	coapx_link_reader_init(&reader,
	    (const char *)guard_put(&guard, text, len), len);
	for (r = coapx_link_next(&reader, &target); r > 0;
	     r = coapx_link_next(&reader, &target)) {
		buf_printf(out, "<%.*s>", (int)target.len, target.s);
		for (r = coapx_link_next_attr(&reader, &attr); r > 0;
		     r = coapx_link_next_attr(&reader, &attr)) {
			buf_printf(out, "(%.*s%s%s", (int)attr.name.len,
			    attr.name.s, attr.value.s ? "=" : "",
			    attr.quoted ? "\"" : "");
			assert_in_range(coapx_link_attr_value(&attr, value,
					    sizeof(value)),
			    0, sizeof(value) - 1);
			buf_printf(out, "%s%s)", value,
			    attr.quoted ? "\"" : "");
		}
	}
	*error_at = reader.error_at;
	/* The end and an error are final. */
	assert_int_equal(coapx_link_next(&reader, &target), r);
	return r;
}

static void
test_read(void **state)
{
	static const char *const rows[][2] = {
		{ "", "" },
		{ " \t\r\n", "" },
		{ "<>", "<>" },
		{ "</a>", "</a>" },
		{ "</a>,</b>", "</a></b>" },
		{ "</s>;ct=40;title=\"Index\"",
		    "</s>(ct=40)(title=\"Index\")" },
		{ "</s/t>;rt=\"a b\";if=sensor;obs,</x>;sz=8",
		    "</s/t>(rt=\"a b\")(if=sensor)(obs)</x>(sz=8)" },
		{ "<coap://[::1]/x?a,b;c>;anchor=\"/s\";rel=alternate",
		    "<coap://[::1]/x?a,b;c>(anchor=\"/s\")(rel=alternate)" },
		{ "</a>;title=\"q\\\"\\\\u\"", "</a>(title=\"q\"\\u\")" },
		{ "</a>;title=\"a,b;c<d>=\"", "</a>(title=\"a,b;c<d>=\")" },
		{ "</a>;title=\"\"", "</a>(title=\"\")" },
		{ "</a>;title*=UTF-8''%e2%82%ac",
		    "</a>(title*=UTF-8''%e2%82%ac)" },
		{ "</a>;t=\"\xc3\xa9\"", "</a>(t=\"\xc3\xa9\")" },
		{ "</a>;x=<y>=?", "</a>(x=<y>=?)" },
		/* white space that RFC 8288 readers take */
		{ " </a> ; rt = \"x\" ;obs ,\r\n </b> ; ct = 0 ",
		    "</a>(rt=\"x\")(obs)</b>(ct=0)" },
	};
	struct buf out;
	size_t i, at;

	(void)state;
	buf_init(&out, 4096);
	for (i = 0; i < COUNT(rows); i++) {
		buf_clear(&out);
		assert_int_equal(understand(rows[i][0], &out, &at), 0);
		buf_append_u8(&out, 0);
		assert_string_equal((char *)out.data, rows[i][1]);
	}
	buf_free(&out);
}

static void
test_read_errors(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{ "a", 0 },
		{ "</a", 3 },
		{ "</a b>", 3 },
		{ "<a<b>", 2 },
		{ "</a>x", 4 },
		{ "</a>,", 5 },
		{ "</a>,,</b>", 5 },
		{ "</a>;", 5 },
		{ "</a>;;x", 5 },
		{ "</a>;=x", 5 },
		{ "</a>;x=", 7 },
		{ "</a>;x=,", 7 },
		{ "</a>;x=\"a", 9 },
		{ "</a>;x=\"a\\", 10 },
		{ "</a>;x=\"a\x01\"", 9 },
		{ "</a>;x=a\"b\"", 8 },
		{ "</a>;x=\"a\"b", 10 },
		{ "</a></b>", 4 },
		{ "</a>;x y", 7 },
		{ "\"</a>\"", 0 },
		{ "</a>;x=a\\b", 8 },
	};
	struct buf out;
	size_t i, at;

	(void)state;
	buf_init(&out, 4096);
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(understand(rows[i].text, &out, &at),
		    -COAP_E_FORMAT);
		assert_int_equal(at, rows[i].at);
	}
	buf_free(&out);
}

/* A reader that asks for no attributes still finds every link, and errors. */
static void
test_read_targets_only(void **state)
{
	static const char text[] = "</a>;t=\"x,<y>\";obs,</b>;rt=c,</c>;\"";
	coapx_link_reader_t reader;
	coapx_link_text_t target;

	(void)state;
	coapx_link_reader_init(&reader, text, sizeof(text) - 1);
	assert_int_equal(coapx_link_next(&reader, &target), 1);
	assert_memory_equal(target.s, "/a", 2);
	assert_int_equal(coapx_link_next(&reader, &target), 1);
	assert_memory_equal(target.s, "/b", 2);
	assert_int_equal(coapx_link_next(&reader, &target), 1);
	assert_int_equal(coapx_link_next(&reader, &target), -COAP_E_FORMAT);
	assert_int_equal(reader.error_at, sizeof(text) - 2);
}

static void
test_value(void **state)
{
	coapx_link_attr_t attr = { { "t", 1 }, { "a\\\"bc", 5 }, 1 };
	char out[8];

	(void)state;
	assert_int_equal(coapx_link_attr_value(&attr, out, sizeof(out)), 4);
	assert_string_equal(out, "a\"bc");
	assert_int_equal(coapx_link_attr_value(&attr, out, 3), 4);
	assert_string_equal(out, "a\"");
	assert_int_equal(coapx_link_attr_value(&attr, NULL, 0), 4);
	attr = (coapx_link_attr_t){ { "obs", 3 }, { NULL, 0 }, 0 };
	assert_int_equal(coapx_link_attr_value(&attr, out, sizeof(out)), 0);
	assert_string_equal(out, "");
}

static void
test_matches(void **state)
{
	static const char link[] =
	    "</sensors/temp>;rt=\"temperature-c urn:x\";if=\"sensor\";ct=40;"
	    "ct=\"50 60\";obs;title=\"My \\\"one\\\"\";Foo=Bar";
	static const struct {
		const char *query;
		int passes;
	} rows[] = {
		{ "", 1 },
		{ "href=/sensors/temp", 1 },
		{ "href=/sensors*", 1 },
		{ "href=/sensors/temp*", 1 },
		{ "href=*", 1 },
		{ "href=/sensors", 0 },
		{ "href=/sensors/temp/", 0 },
		{ "href=/Sensors/temp", 0 },
		{ "href=", 0 },
		{ "rt=temperature-c", 1 },
		{ "rt=urn:x", 1 },
		{ "rt=temperature-c urn:x", 1 },
		{ "rt=temp*", 1 },
		{ "rt=urn*", 1 },
		{ "rt=*", 1 },
		{ "rt=temperature-c*", 1 },
		{ "rt=temperature-c u*", 1 },
		{ "rt=temp", 0 },
		{ "rt=x", 0 },
		{ "rt=temperature-c urn:y", 0 },
		{ "rt=te*mp", 0 },
		{ "rt=Temp*", 0 },
		{ "RT=temp*", 1 },
		{ "if=sensor", 1 },
		{ "if=sensors", 0 },
		{ "ct=40", 1 },
		{ "ct=60", 1 },
		{ "ct=4", 0 },
		{ "ct=6*", 1 },
		{ "obs", 1 },
		{ "obs=", 1 },
		{ "obs=*", 1 },
		{ "obs=1", 0 },
		{ "title=My \"one\"", 1 },
		{ "title=\"one\"", 1 },
		{ "title=My*", 1 },
		{ "foo=Bar", 1 },
		{ "foo=bar", 0 },
		{ "sz=1", 0 },
		{ "sz=*", 0 },
		{ "sz", 0 },
		{ "=x", 0 },
	};
	coapx_link_attr_t attrs[ATTRS_MAX];
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	const char *query;
	size_t i, len, n = 0;

	(void)state;
	coapx_link_reader_init(&reader, link, sizeof(link) - 1);
	assert_int_equal(coapx_link_next(&reader, &target), 1);
	while (n < ATTRS_MAX && coapx_link_next_attr(&reader, &attrs[n]) == 1)
		n++;
	assert_int_equal(n, 7);
	for (i = 0; i < COUNT(rows); i++) {
		len = strlen(rows[i].query);
		query = (const char *)guard_put(&guard, rows[i].query, len);
		if (coapx_link_matches(&target, attrs, n, query, len) !=
		    rows[i].passes)
			fail_msg("%s", rows[i].query);
	}
}

static void
put(struct buf *out, const char *name, const char *value)
{
	assert_int_equal(link_put_attr(out, name, strlen(name), value,
			     value ? strlen(value) : 0),
	    0);
}

static void
test_write(void **state)
{
	static const char expected[] =
	    "</a%20b%3E>;rt=x.y-z;ct=40;ct=\"40 41\";obs;title=\"T\";"
	    "anchor=\"/\";d=\"q\\\"\\\\\";e=\"\","
	    "</>;n=1";
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out, 4096);
	assert_int_equal(link_put_target(&out, true, "/a b>", 5), 0);
	put(&out, "rt", "x.y-z");
	put(&out, "ct", "40");
	put(&out, "ct", "40 41");
	put(&out, "obs", NULL);
	put(&out, "title", "T");
	put(&out, "anchor", "/");
	put(&out, "d", "q\"\\");
	put(&out, "e", "");
	assert_int_equal(link_put_target(&out, false, "/", 1), 0);
	put(&out, "n", "1");
	assert_int_equal(out.len, sizeof(expected) - 1);
	assert_memory_equal(out.data, expected, out.len);

	len = out.len;
	assert_int_equal(link_put_attr(&out, "", 0, "x", 1), -COAP_E_INVAL);
	assert_int_equal(link_put_attr(&out, "a=", 2, "x", 1), -COAP_E_INVAL);
	assert_int_equal(link_put_attr(&out, "a", 1, "x\0", 2), -COAP_E_INVAL);
	assert_int_equal(out.len, len);
	buf_free(&out);

	buf_init(&out, 6);
	assert_int_equal(link_put_target(&out, true, "/abcd", 5),
	    -COAP_E_TOOBIG);
	assert_int_equal(out.len, 0);
	assert_int_equal(link_put_target(&out, true, "/abc", 4), 0);
	assert_int_equal(link_put_attr(&out, "x", 1, NULL, 0), -COAP_E_TOOBIG);
	assert_int_equal(out.len, 6);
	buf_free(&out);
}

static char
any_char(void)
{
	static const char chars[] = "abzAZ019 \"\\;,=<>*'-._/%\t\xc3\xa9";

	return chars[(size_t)random() % (sizeof(chars) - 1)];
}

/* What is written is read back as it was. */
static void
test_write_read(void **state)
{
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	coapx_link_attr_t attr;
	char value[24], back[24];
	size_t n, i, round;
	struct buf out;

	(void)state;
	srandom(6690);
	buf_init(&out, 4096);
	for (round = 0; round < 5000; round++) {
		buf_clear(&out);
		n = (size_t)random() % (sizeof(value) - 1);
		for (i = 0; i < n; i++)
			value[i] = any_char();
		value[n] = '\0';
		assert_int_equal(link_put_target(&out, true, value, n), 0);
		put(&out, "x", value);
		put(&out, "title", value);
		coapx_link_reader_init(&reader, (char *)out.data, out.len);
		assert_int_equal(coapx_link_next(&reader, &target), 1);
		for (i = 0; i < 2; i++) {
			assert_int_equal(coapx_link_next_attr(&reader, &attr),
			    1);
			assert_int_equal(coapx_link_attr_value(&attr, back,
					     sizeof(back)),
			    n);
			assert_string_equal(back, value);
		}
		assert_int_equal(coapx_link_next(&reader, &target), 0);
	}
	buf_free(&out);
}

static int
set_up(void **state)
{
	(void)state;
	guard_init(&guard, 4096);
	return guard.map ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	guard_free(&guard);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_read_targets_only),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_matches),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Link-format as views. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/links.h"

static int
parse(struct link_list *list, const char *text, link_filter *wanted, void *arg,
    size_t *at)
{
	memset(list, 0, sizeof(*list));
	return links_parse(list, text, strlen(text), wanted, arg, at);
}

static void
test_values(void **state)
{
	static const char text[] = "</a>;rt=\"x y\";ct=40;obs,"
				   "</b>;title=\"say \\\"hi\\\"\",</>;t=\"\"";
	struct link_list list;
	size_t at;

	(void)state;
	assert_int_equal(parse(&list, text, NULL, NULL, &at), 0);
	assert_int_equal(list.n, 3);
	assert_string_equal(list.links[0].target, "/a");
	assert_int_equal(list.links[0].n_attrs, 3);
	assert_string_equal(list.links[0].attrs[0].name, "rt");
	assert_string_equal(list.links[0].attrs[0].value, "x y");
	assert_string_equal(list.links[0].attrs[1].value, "40");
	assert_string_equal(list.links[0].attrs[2].name, "obs");
	assert_null(list.links[0].attrs[2].value);
	assert_string_equal(list.links[1].attrs[0].value, "say \"hi\"");
	assert_string_equal(list.links[2].target, "/");
	assert_string_equal(list.links[2].attrs[0].value, "");
	links_free(&list);
	assert_int_equal(list.n, 0);
}

static void
test_empty(void **state)
{
	struct link_list list = { .n = 0 };
	size_t at;

	(void)state;
	assert_int_equal(links_parse(&list, NULL, 0, NULL, NULL, &at), 0);
	assert_int_equal(list.n, 0);
	links_free(&list);
}

/* However many attributes a link has, none is lost. */
static void
test_many(void **state)
{
	char text[2000] = "</a>";
	struct link_list list;
	size_t at;
	int i;

	(void)state;
	for (i = 0; i < 200; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    ";a%d=%d", i, i);
	assert_int_equal(parse(&list, text, NULL, NULL, &at), 0);
	assert_int_equal(list.links[0].n_attrs, 200);
	assert_string_equal(list.links[0].attrs[199].name, "a199");
	assert_string_equal(list.links[0].attrs[199].value, "199");
	links_free(&list);
}

static bool
matches(void *arg, const coapx_link_text_t *target,
    const coapx_link_attr_t *attrs, size_t n)
{
	const char *query = arg;

	return coapx_link_matches(target, attrs, n, query, strlen(query)) == 1;
}

static void
test_filter(void **state)
{
	char query[] = "rt=te*";
	struct link_list list;
	size_t at;

	(void)state;
	assert_int_equal(parse(&list, "</a>;rt=temp,</b>;rt=hum,</c>;rt=tea",
			     matches, query, &at),
	    0);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.links[1].target, "/c");
	links_free(&list);
}

static void
test_bad(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} cases[] = {
		{ "nonsense", 0 },
		{ "</a>,x", 5 },
		{ "</a>;t=\"x", 9 },
	};
	struct link_list list;
	size_t at;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(&list, cases[i].text, NULL, NULL, &at),
		    -COAP_E_FORMAT);
		assert_int_equal(at, cases[i].at);
		links_free(&list);
	}
}

/* --- lists that are not as they should be -------------------------------- */

/* Each link as "target|name=value|name!" and, when it is malformed, "?". */
static void
describe_all(const struct link_list *list, char *text, size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->n && len < size; i++) {
		const struct view_link *link = &list->links[i];

		len += (size_t)snprintf(text + len, size - len, "%s%s",
		    i > 0 ? " " : "", link->target);
		for (size_t k = 0; k < link->n_attrs && len < size; k++)
			len += (size_t)snprintf(text + len, size - len,
			    "|%s%s%s", link->attrs[k].name,
			    link->attrs[k].value ? "=" : "!",
			    link->attrs[k].value ? link->attrs[k].value : "");
		if (link->malformed && len < size)
			len += (size_t)snprintf(text + len, size - len, "?");
	}
	assert_true(len < size);
}

static const struct {
	const char *text;
	const char *links;
	int at; /* -1: it is as it should be */
	size_t skipped;
} broken[] = {
	{ "", "", -1, 0 },
	{ " </a>;rt=x , </b> ", "/a|rt=x /b", -1, 0 },
	{ "</a>;t=\"x,</b>;y\",</c>", "/a|t=x,</b>;y /c", -1, 0 },
	{ "</a,,b>;ct=0,</c,>", "/a,,b|ct=0 /c,", -1, 0 },
	{ "</a>;t=\"say \\\"hi\\\", x\"", "/a|t=say \"hi\", x", -1, 0 },
	/* commas without a link */
	{ "</a>;ct=0,", "/a|ct=0?", 9, 0 },
	{ "</a>,\n", "/a?", 4, 0 },
	{ "</a>,,</b>", "/a? /b", 5, 0 },
	{ ",</a>", "/a", 0, 0 },
	{ ",", "", 0, 0 },
	/* values without quotes */
	{ "</a>;ct=0 41;obs,</b>;rt=y", "/a|ct=0 41|obs!? /b|rt=y", 10, 0 },
	{ "</a>;title=B\xc3\xbcro;rt=x,</b>", "/a|title=B\xc3\xbcro|rt=x? /b",
	    12, 0 },
	{ "</a>;ct=0,41,</b>", "/a|ct=0,41? /b", 10, 0 },
	{ "</a>;v=a\\b\"c,</b>", "/a|v=a\\b\"c? /b", 8, 0 },
	{ "</a>;rt=,</b>", "/a|rt=? /b", 8, 0 },
	{ "</a>; ;=x;obs;,</b>", "/a|obs!? /b", 6, 0 },
	{ "</a>x;obs,</b>", "/a|obs!? /b", 4, 0 },
	{ "</a>;n m=1,</b>", "/a|n m=1? /b", 7, 0 },
	/* a quote that is never closed */
	{ "</a>;t=\"x,</b>;t=y,</c>", "/a|t=\"x? /b|t=y /c", 9, 0 },
	/* no targets */
	{ "</a>,b,</c>", "/a? /c", 5, 0 },
	{ "</a>,<b,</c>", "/a /c", 7, 1 },
	{ "</a;rt=x,</b>", "/b", 8, 1 },
	{ "/a;rt=x,</b>;x=1", "/b|x=1", 0, 1 },
	{ "<html><body>no", "html?", 6, 0 },
	{ "{\"a\": 1}", "", 0, 1 },
	{ "</a b>,</c>", "/a b? /c", 3, 0 },
};

static void
what_can_be_read_is_read(void **state)
{
	struct link_trouble trouble;
	struct link_list list = { .n = 0 };
	char text[300];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_int_equal(links_read(&list, broken[i].text,
				     strlen(broken[i].text), NULL, NULL,
				     &trouble),
		    0);
		describe_all(&list, text, sizeof(text));
		assert_string_equal(text, broken[i].links);
		assert_int_equal(trouble.any, broken[i].at >= 0);
		if (trouble.any)
			assert_int_equal(trouble.at, broken[i].at);
		assert_int_equal(trouble.skipped, broken[i].skipped);
		links_free(&list);
	}
}

/* What the strict reader takes is the same to both, and what it does not is
 * trouble. */
static void
both_readers_agree(void **state)
{
	static const char alphabet[] = "</a>;t=\"\\, <>,;";
	struct link_trouble trouble;
	struct link_list strict = { .n = 0 }, loose = { .n = 0 };
	char text[16], one[600], other[600];
	uint32_t seed = 1;
	size_t len, at, valid = 0;
	int err;

	(void)state;
	for (size_t i = 0; i < 200000; i++) {
		memcpy(text, "</a>", 4);
		len = 4 + i % 12;
		for (size_t k = 4; k < len; k++) {
			seed = seed * 1664525 + 1013904223;
			text[k] =
			    alphabet[(seed >> 16) % (sizeof(alphabet) - 1)];
		}
		err = links_parse(&strict, text, len, NULL, NULL, &at);
		assert_int_equal(links_read(&loose, text, len, NULL, NULL,
				     &trouble),
		    0);
		assert_int_equal(trouble.any, err < 0);
		if (err == 0) {
			describe_all(&strict, one, sizeof(one));
			describe_all(&loose, other, sizeof(other));
			assert_string_equal(one, other);
			valid++;
		}
		links_free(&strict);
		links_free(&loose);
	}
	assert_true(valid > 1000);
}

static void
filters_hold_for_them_too(void **state)
{
	char query[] = "rt=te*";
	struct link_list list = { .n = 0 };
	struct link_trouble trouble;
	static const char text[] =
	    "</a>;rt=temp;ct=0 1,</b>;rt=hum,</c>;rt=tea,";

	(void)state;
	assert_int_equal(links_read(&list, text, strlen(text), matches, query,
			     &trouble),
	    0);
	assert_int_equal(list.n, 2);
	assert_true(list.links[0].malformed);
	assert_string_equal(list.links[1].target, "/c");
	assert_true(list.links[1].malformed);
	links_free(&list);
	/* The comma is behind a link that is not shown. */
	assert_int_equal(links_read(&list, text, 31, matches, query, &trouble),
	    0);
	assert_int_equal(list.n, 1);
	assert_int_equal(trouble.at, 18);
	links_free(&list);
}

/* --- below a path --------------------------------------------------------- */

/* "a=x b/" for the children a, with the title x, and b. */
static void
check_below(const char *text, const char *path, bool names,
    const char *expected)
{
	struct link_list list;
	struct link_list below = { 0 };
	char got[256] = "";
	size_t at;

	assert_int_equal(parse(&list, text, NULL, NULL, &at), 0);
	assert_int_equal(links_below(&list, path, names, &below), 0);
	for (size_t i = 0; i < below.n; i++) {
		const struct view_link *link = &below.links[i];

		snprintf(got + strlen(got), sizeof(got) - strlen(got),
		    "%s%s%s%s", i > 0 ? " " : "", link->target,
		    link->n_attrs > 0 ? "=" : "",
		    link->n_attrs > 0 ? link->attrs[0].value : "");
	}
	assert_string_equal(got, expected);
	links_free(&below);
	links_free(&list);
}

static void
test_below(void **state)
{
	static const char text[] =
	    "</>;t=r,</b/c>;t=1,</b-c>;t=2,</b>;t=3,</x/y/z>;t=4,</b/c/d>,"
	    "</a%20b/%c3%a9>;t=5,<coap://other/b/q>;t=6,</b/>;t=7,</bc>;t=8";

	(void)state;
	check_below(text, "/", true, "a%20b/ b/=3 b-c=2 bc=8 x/");
	check_below(text, "/", false, "/a%20b /b=3 /b-c=2 /bc=8 /x");
	check_below(text, "/b", true, "c/=1");
	check_below(text, "/b/c", true, "d");
	check_below(text, "/b/c", false, "/b/c/d");
	check_below(text, "/a b", true, "%c3%a9=5");
	check_below(text, "/a b/\xc3\xa9", true, "/a%20b/%c3%a9=5");
	check_below(text, "/x/y/z", true, "/x/y/z=4");
	check_below(text, "/x/y", false, "/x/y/z=4");
	check_below(text, "/nope", true, "");
	check_below(text, "/x/y/z/0", true, "");
	check_below("</%>;t=1,</%4>;t=2", "/%", true, "/%=1");
	check_below("", "/", true, "");
	check_below("</>;t=r", "/", true, "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(what_can_be_read_is_read),
		cmocka_unit_test(both_readers_agree),
		cmocka_unit_test(filters_hold_for_them_too),
		cmocka_unit_test(test_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

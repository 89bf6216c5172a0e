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
	struct link_list list = { NULL, 0 };
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
		cmocka_unit_test(test_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

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

#include "cli/links.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_filter),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

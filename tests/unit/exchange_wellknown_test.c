/* SPDX-License-Identifier: BSD-2-Clause */
/* How the resources of a server are described, RFC 6690. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_subscribe.h>

#include "base/alloc.h"
#include "base/err.h"
#include "exchange/resource.h"

#define STR(text) coap_make_str_const(text)

static struct resources table;

static coap_resource_t *
add(const char *path)
{
	coap_resource_t *resource = coap_resource_init(STR(path), 0);

	assert_non_null(resource);
	assert_int_equal(resources_add(&table, resource), 0);
	assert_true(resource->in_table);
	return resource;
}

static void
attr(coap_resource_t *resource, const char *name, const char *value)
{
	assert_non_null(coap_add_attr(resource, STR(name),
	    value != NULL ? STR(value) : NULL, 0));
}

static void
assert_description(const char *query, const char *wanted)
{
	struct buf out;

	buf_init(&out, 4096);
	assert_int_equal(resources_print(&table, query, strlen(query), &out),
	    0);
	assert_int_equal(buf_append_u8(&out, '\0'), 0);
	assert_string_equal((char *)out.data, wanted);
	buf_free(&out);
}

static int
setup(void **state)
{
	(void)state;
	resources_init(&table);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	resources_free(&table);
	return mem_outstanding() == 0 ? 0 : -1;
}

static void
test_values_are_quoted_where_they_have_to_be(void **state)
{
	coap_resource_t *r = add("");

	(void)state;
	attr(r, "title", "My \"own\"");
	attr(r, "title", "one");
	attr(r, "anchor", "\"/a\"");
	attr(r, "rt", "\"a b\"");
	attr(r, "rt", "a b");
	attr(r, "if", "core.s");
	attr(r, "x", "\"a\"b\"");
	attr(r, "y", "\"a\\\"");
	attr(r, "z", "");
	assert_description("",
	    "</>;title=\"My \\\"own\\\"\";title=\"one\";anchor=\"/a\";rt=\"a "
	    "b\""
	    ";rt=\"a b\";if=core.s;x=\"\\\"a\\\"b\\\"\";y=\"\\\"a\\\\\\\"\""
	    ";z=\"\"");
}

static void
test_what_cannot_be_written_is_left_out(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	attr(r, "x", "\x01");
	attr(r, "y", "\"\x01\"");
	attr(r, "ct", "0");
	assert_description("", "</a>;ct=0");
}

static void
test_targets_are_uris(void **state)
{
	(void)state;
	add("a b/<>\"");
	add("\xC3\xBC");
	add("a:@!$&'()*+,;=-._~");
	add("?#");
	assert_description("",
	    "</a%20b/%3C%3E%22>,</%C3%BC>,</a:@!$&'()*+,;=-._~>,</%3F%23>");
}

static void
fill_for_filters(void)
{
	coap_resource_t *r = add("sensors/temp");

	attr(r, "rt", "\"temperature-c other\"");
	attr(r, "if", "sensor");
	r = add("sensors/light");
	attr(r, "rt", "light-lux");
	attr(r, "if", "sensor");
	attr(r, "obs", NULL);
	add("a b");
}

static void
test_filters(void **state)
{
	static const char temp[] =
	    "</sensors/temp>;rt=\"temperature-c other\";if=sensor";
	static const char light[] =
	    "</sensors/light>;rt=light-lux;if=sensor;obs";

	(void)state;
	fill_for_filters();
	assert_description("rt=light-lux", light);
	assert_description("rt=other", temp);
	assert_description("rt=temp*", temp);
	assert_description("rt=temp", "");
	assert_description("href=/sensors/l*", light);
	assert_description("href=/a%2520b", "</a%20b>");
	assert_description("if=sensor&rt=li*", light);
	assert_description("&if=sensor&&rt=l%69*&", light);
	assert_description("obs", light);
	assert_description("none=x", "");
	assert_description("=", "");
}

/* Whoever can be observed says so, once. */
static void
test_observable(void **state)
{
	coap_resource_t *r = add("lamp");

	(void)state;
	coap_resource_set_get_observable(r, 1);
	assert_description("", "</lamp>;obs");
	attr(r, "rt", "light");
	assert_description("obs", "</lamp>;rt=light;obs");
	assert_description("obs=*", "</lamp>;rt=light;obs");
	attr(r, "obs", NULL);
	assert_description("obs", "</lamp>;rt=light;obs");
	coap_resource_set_get_observable(add("other"), 0);
	assert_description("obs", "</lamp>;rt=light;obs");
}

/* Each argument costs a look at each resource. */
static void
test_a_query_has_a_limit(void **state)
{
	char query[RESOURCES_QUERY_MAX + 1];
	struct buf out;

	(void)state;
	fill_for_filters();
	memset(query, '&', sizeof(query));
	memset(query, 'x', RESOURCES_QUERY_MAX - 1);
	buf_init(&out, 4096);
	assert_int_equal(resources_print(&table, query, sizeof(query), &out),
	    0);
	query[RESOURCES_QUERY_MAX - 1] = 'x';
	assert_int_equal(resources_print(&table, query, sizeof(query), &out),
	    -COAP_E_LIMIT);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void
test_print_out_of_memory_is_an_error(void **state)
{
	size_t before, at;
	struct buf out;
	int r;

	(void)state;
	fill_for_filters();
	before = mem_outstanding();
	for (at = 1;; at++) {
		buf_init(&out, 4096);
		mem_fail_at(at, 0);
		r = resources_print(&table, "if=*", 4, &out);
		mem_fail_at(0, 0);
		buf_free(&out);
		assert_int_equal(mem_outstanding(), before);
		if (r == 0)
			break;
		assert_int_equal(r, -COAP_E_NOMEM);
	}
	assert_true(at > 4);
}

static void
test_print_in_windows(void **state)
{
	static const char all[] = "</first>;ct=0,</second>";
	const size_t total = sizeof(all) - 1;
	coap_print_status_t status;
	size_t size, offset, n, left, len;
	unsigned char buf[64];

	(void)state;
	attr(add("first"), "ct", "0");
	add("second");
	for (size = 0; size < total + 2; size++) {
		for (offset = 0; offset < total + 2; offset++) {
			memset(buf, '#', sizeof(buf));
			len = size;
			status = resources_print_part(&table, "", 0, buf, &len,
			    offset);
			left = offset < total ? total - offset : 0;
			n = left < size ? left : size;
			assert_int_equal(len, total);
			assert_int_equal(COAP_PRINT_OUTPUT_LENGTH(status), n);
			assert_int_equal(status & COAP_PRINT_STATUS_MASK,
			    n < left ? COAP_PRINT_STATUS_TRUNC : 0);
			assert_true(
			    n == 0 || memcmp(buf, all + offset, n) == 0);
			assert_int_equal(buf[n], '#');
		}
	}
}

static void
test_print_link(void **state)
{
	coap_resource_t *r = add("a");
	size_t len = 4, offset = 2;
	unsigned char buf[16];

	(void)state;
	attr(r, "ct", "0");
	assert_int_equal(coap_print_link(r, buf, &len, &offset),
	    4 | COAP_PRINT_STATUS_TRUNC);
	assert_memory_equal(buf, "a>;c", 4);
	assert_int_equal(len, 9);
	assert_int_equal(offset, 0);
	len = 16;
	offset = 20;
	assert_int_equal(coap_print_link(r, buf, &len, &offset), 0);
	assert_int_equal(len, 9);
	assert_int_equal(offset, 11);
	resource_free(NULL);
	assert_int_equal(coap_print_link(NULL, buf, &len, &offset),
	    COAP_PRINT_STATUS_ERROR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_values_are_quoted_where_they_have_to_be),
		TEST(test_what_cannot_be_written_is_left_out),
		TEST(test_targets_are_uris),
		TEST(test_filters),
		TEST(test_observable),
		TEST(test_a_query_has_a_limit),
		TEST(test_print_out_of_memory_is_an_error),
		TEST(test_print_in_windows),
		TEST(test_print_link),
	};

	coap_set_log_level(COAP_LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The resources of a context. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_net.h>

#include "base/alloc.h"
#include "exchange/resource.h"
#include "session/context.h"

#define STR(text) coap_make_str_const(text)

/* Of a context only this part is needed. */
static coap_context_t fake;
static unsigned released;

static coap_context_t *
context(void)
{
	return &fake;
}

static void
on_release(void *data)
{
	assert_ptr_equal(data, &released);
	released++;
}

static coap_resource_t *
add(const char *path)
{
	coap_resource_t *resource = coap_resource_init(STR(path), 0);

	assert_non_null(resource);
	coap_add_resource(context(), resource);
	assert_ptr_equal(resource->context, context());
	return resource;
}

static coap_resource_t *
find(const char *path)
{
	return coap_get_resource_from_uri_path(context(), STR(path));
}

static void
attr(coap_resource_t *resource, const char *name, const char *value)
{
	assert_non_null(coap_add_attr(resource, STR(name), STR(value), 0));
}

static int
setup(void **state)
{
	(void)state;
	resources_init(&fake.resources);
	released = 0;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	resources_free(&fake.resources);
	return mem_outstanding() == 0 ? 0 : -1;
}

static void
test_add_and_find(void **state)
{
	coap_resource_t *r = add("a/b");

	(void)state;
	assert_ptr_equal(find("a/b"), r);
	assert_null(find("a"));
	coap_add_resource(context(), r);
	assert_ptr_equal(find("a/b"), r);
}

static void
test_add_replaces(void **state)
{
	coap_resource_t *r;

	(void)state;
	coap_resource_release_userdata_handler(context(), on_release);
	coap_resource_set_userdata(add("a"), &released);
	r = add("a");
	assert_int_equal(released, 1);
	assert_ptr_equal(find("a"), r);
}

static void
test_add_out_of_memory_leaves_it_to_the_caller(void **state)
{
	coap_resource_t *r = coap_resource_init(STR("a"), 0);

	(void)state;
	mem_fail_at(1, 1);
	coap_add_resource(context(), r);
	mem_fail_at(0, 0);
	assert_null(find("a"));
	assert_null(r->context);
	assert_int_equal(coap_delete_resource(context(), r), 1);
}

static void
test_null_is_harmless(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	assert_null(coap_get_resource_from_uri_path(context(), NULL));
	assert_null(coap_get_resource_from_uri_path(NULL, STR("a")));
	assert_int_equal(coap_delete_resource(context(), NULL), 0);
	coap_add_resource(context(), NULL);
	coap_add_resource(NULL, r);
	coap_register_option(NULL, 9);
	coap_resource_release_userdata_handler(NULL, on_release);
	assert_ptr_equal(find("a"), r);
}

static void
test_delete(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	coap_resource_release_userdata_handler(context(), on_release);
	coap_resource_set_userdata(r, &released);
	assert_int_equal(coap_delete_resource(context(), r), 1);
	assert_int_equal(released, 1);
	assert_null(find("a"));
}

static void
test_delete_twice_in_a_handler_is_refused(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	resource_hold(r);
	assert_int_equal(coap_delete_resource(context(), r), 1);
	assert_int_equal(coap_delete_resource(context(), r), 0);
	resource_let_go(r);
}

static void
test_delete_without_the_context(void **state)
{
	(void)state;
	assert_int_equal(coap_delete_resource(NULL, add("a")), 1);
	assert_null(find("a"));
}

static void
test_delete_of_one_that_was_never_added(void **state)
{
	coap_resource_t *r = coap_resource_init(STR("a"), 0);

	(void)state;
	coap_resource_release_userdata_handler(context(), on_release);
	coap_resource_set_userdata(r, &released);
	assert_int_equal(coap_delete_resource(context(), r), 1);
	assert_int_equal(released, 1);
}

static void
test_registered_options_are_known(void **state)
{
	(void)state;
	coap_register_option(context(), 65001);
	assert_true(resources_knows_option(&fake.resources, 65001));
	assert_false(resources_knows_option(&fake.resources, 65003));
}

static void
test_print_wellknown(void **state)
{
	size_t len = 6;
	unsigned char buf[6];

	(void)state;
	add("a");
	add("b");
	assert_int_equal(coap_print_wellknown(context(), buf, &len, 3, NULL),
	    6);
	assert_memory_equal(buf, ">,</b>", 6);
	assert_int_equal(len, 9);
	len = 2;
	assert_int_equal(coap_print_wellknown(context(), buf, &len, 1, NULL),
	    2 | COAP_PRINT_STATUS_TRUNC);
	assert_int_equal(len, 9);
	len = 0;
	assert_int_equal(coap_print_wellknown(context(), NULL, &len, 9, NULL),
	    0);
}

static void
test_print_wellknown_filters(void **state)
{
	coap_string_t *query = coap_new_string(5);
	size_t len = 64;
	unsigned char buf[64];

	(void)state;
	memcpy(query->s, "rt=a*", 5);
	attr(add("first"), "rt", "b");
	attr(add("second"), "rt", "abc");
	assert_int_equal(coap_print_wellknown(context(), buf, &len, 0, query),
	    16);
	assert_memory_equal(buf, "</second>;rt=abc", 16);
	assert_int_equal(len, 16);
	coap_delete_string(query);
}

static void
test_print_wellknown_errors(void **state)
{
	unsigned char buf[8];
	size_t len = 8;

	(void)state;
	add("a");
	assert_int_equal(coap_print_wellknown(NULL, buf, &len, 0, NULL),
	    COAP_PRINT_STATUS_ERROR);
	assert_int_equal(coap_print_wellknown(context(), buf, NULL, 0, NULL),
	    COAP_PRINT_STATUS_ERROR);
	assert_int_equal(coap_print_wellknown(context(), NULL, &len, 0, NULL),
	    COAP_PRINT_STATUS_ERROR);
	mem_fail_at(1, 1);
	assert_int_equal(coap_print_wellknown(context(), buf, &len, 0, NULL),
	    COAP_PRINT_STATUS_ERROR);
	assert_int_equal(len, 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_and_find),
		TEST(test_add_replaces),
		TEST(test_add_out_of_memory_leaves_it_to_the_caller),
		TEST(test_null_is_harmless),
		TEST(test_delete),
		TEST(test_delete_twice_in_a_handler_is_refused),
		TEST(test_delete_without_the_context),
		TEST(test_delete_of_one_that_was_never_added),
		TEST(test_registered_options_are_known),
		TEST(test_print_wellknown),
		TEST(test_print_wellknown_filters),
		TEST(test_print_wellknown_errors),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

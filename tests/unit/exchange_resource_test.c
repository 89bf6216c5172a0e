/* SPDX-License-Identifier: BSD-2-Clause */
/* Resources: what they own, how they are found, how they are described. */
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
static unsigned released;

static void
on_release(void *data)
{
	assert_ptr_equal(data, &released);
	released++;
}

static void
handle(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)session;
	(void)request;
	(void)query;
	(void)response;
}

static coap_resource_t *
add(const char *path)
{
	coap_resource_t *resource = coap_resource_init(STR(path), 0);

	assert_non_null(resource);
	assert_int_equal(resources_add(&table, resource), 0);
	assert_true(resource->in_table);
	return resource;
}

static coap_resource_t *
find(const char *path)
{
	return resources_find(&table, (const uint8_t *)path, strlen(path));
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
	released = 0;
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

/* One resource */

static void
test_init_copies_the_path(void **state)
{
	char path[] = "a/b";
	coap_str_const_t text = { 3, (const uint8_t *)path };
	coap_resource_t *resource = coap_resource_init(&text, 0);

	(void)state;
	assert_non_null(resource);
	path[0] = 'x';
	assert_ptr_not_equal(coap_resource_get_uri_path(resource), &text);
	assert_true(coap_string_equal(coap_resource_get_uri_path(resource),
	    STR("a/b")));
	resource_free(resource);
}

static void
test_init_takes_the_path_when_told(void **state)
{
	coap_str_const_t *path = coap_new_str_const((const uint8_t *)"a", 1);
	coap_resource_t *resource;

	(void)state;
	resource = coap_resource_init(path, COAP_RESOURCE_FLAGS_RELEASE_URI);
	assert_ptr_equal(coap_resource_get_uri_path(resource), path);
	resource_free(resource);
}

static void
test_init_without_path_is_the_root(void **state)
{
	coap_resource_t *resource;

	(void)state;
	resource = coap_resource_init(NULL, COAP_RESOURCE_FLAGS_RELEASE_URI);
	assert_int_equal(coap_resource_get_uri_path(resource)->length, 0);
	assert_int_equal(resources_add(&table, resource), 0);
	assert_ptr_equal(find(""), resource);
}

static void
test_init_out_of_memory_takes_nothing(void **state)
{
	coap_str_const_t *path = coap_new_str_const((const uint8_t *)"a", 1);
	size_t before = mem_outstanding(), at;
	coap_resource_t *resource = NULL;
	int flags;

	(void)state;
	for (flags = 0; flags <= COAP_RESOURCE_FLAGS_RELEASE_URI; flags++) {
		for (at = 1;; at++) {
			mem_fail_at(at, 0);
			resource = coap_resource_init(path, flags);
			mem_fail_at(0, 0);
			if (resource != NULL)
				break;
			assert_int_equal(mem_outstanding(), before);
		}
		assert_true(at > 2);
		resource_free(resource);
	}
}

static void
test_mode_changes_the_notify_flags_alone(void **state)
{
	coap_resource_t *r;

	(void)state;
	r = coap_resource_init(NULL, COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT);
	coap_resource_set_mode(r, COAP_RESOURCE_FLAGS_NOTIFY_CON | 0x200);
	assert_int_equal(r->flags,
	    COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT |
		COAP_RESOURCE_FLAGS_NOTIFY_CON);
	coap_resource_set_mode(r, COAP_RESOURCE_FLAGS_NOTIFY_NON);
	assert_int_equal(r->flags, COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT);
	resource_free(r);
}

static void
test_handlers_are_by_method(void **state)
{
	coap_resource_t *r = coap_resource_init(NULL, 0);
	unsigned i;

	(void)state;
	coap_register_request_handler(r, COAP_REQUEST_IPATCH, handle);
	coap_register_handler(r, COAP_REQUEST_GET, handle);
	coap_register_request_handler(r, (coap_request_t)0, handle);
	coap_register_request_handler(r, (coap_request_t)8, handle);
	for (i = 0; i < RESOURCE_METHODS; i++)
		assert_true((r->handlers[i] == handle) == (i == 0 || i == 6));
	coap_register_request_handler(r, COAP_REQUEST_GET, NULL);
	assert_true(r->handlers[0] == NULL);
	resource_free(r);
}

static void
test_getters_take_null(void **state)
{
	(void)state;
	assert_null(coap_resource_get_uri_path(NULL));
	assert_null(coap_resource_get_userdata(NULL));
	assert_null(coap_attr_get_value(NULL));
	assert_null(coap_find_attr(NULL, STR("a")));
	assert_null(coap_add_attr(NULL, STR("a"), NULL, 0));
	assert_int_equal(coap_resource_set_dirty(NULL, NULL), 0);
	coap_resource_set_userdata(NULL, NULL);
	coap_resource_set_mode(NULL, 0);
	coap_resource_set_get_observable(NULL, 1);
	coap_register_handler(NULL, COAP_REQUEST_GET, handle);
}

static void
test_attrs_are_copied_and_found(void **state)
{
	coap_resource_t *r = add("a");
	char name[] = "rt";

	(void)state;
	attr(r, name, "x");
	attr(r, "rt", "y");
	attr(r, "flag", NULL);
	name[0] = 'z';
	assert_true(
	    coap_string_equal(coap_attr_get_value(coap_find_attr(r, STR("rt"))),
		STR("x")));
	assert_null(coap_attr_get_value(coap_find_attr(r, STR("flag"))));
	assert_null(coap_find_attr(r, STR("r")));
	assert_description("", "</a>;rt=x;rt=y;flag");
}

static void
test_attrs_are_taken_when_told(void **state)
{
	coap_str_const_t *name = coap_new_str_const((const uint8_t *)"rt", 2);
	coap_str_const_t *value = coap_new_str_const((const uint8_t *)"x", 1);
	coap_resource_t *r = add("a");
	coap_attr_t *a;

	(void)state;
	a = coap_add_attr(r, name, value,
	    COAP_ATTR_FLAGS_RELEASE_NAME | COAP_ATTR_FLAGS_RELEASE_VALUE);
	assert_ptr_equal(a->name, name);
	assert_ptr_equal(coap_attr_get_value(a), value);
}

static void
test_attr_out_of_memory_takes_nothing(void **state)
{
	coap_str_const_t *name = coap_new_str_const((const uint8_t *)"rt", 2);
	coap_str_const_t *value = coap_new_str_const((const uint8_t *)"x", 1);
	coap_resource_t *r = add("a");
	size_t before = mem_outstanding(), at;
	coap_attr_t *a;
	int flags;

	(void)state;
	for (flags = 0; flags < 3; flags++) {
		for (at = 1;; at++) {
			mem_fail_at(at, 0);
			a = coap_add_attr(r, name, value, flags);
			mem_fail_at(0, 0);
			if (a != NULL)
				break;
			assert_int_equal(mem_outstanding(), before);
		}
		assert_true(at > 1);
		if (flags & COAP_ATTR_FLAGS_RELEASE_NAME)
			name = coap_new_str_const((const uint8_t *)"rt", 2);
		if (flags & COAP_ATTR_FLAGS_RELEASE_VALUE)
			value = coap_new_str_const((const uint8_t *)"x", 1);
		before = mem_outstanding();
	}
	coap_delete_str_const(name);
	coap_delete_str_const(value);
}

static void
test_attr_names_are_tokens(void **state)
{
	static const char *const bad[] = { "", "a b", "a;b", "a=", "\"" };
	coap_resource_t *r = add("a");
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_null(coap_add_attr(r, STR(bad[i]), STR("x"), 0));
	attr(r, "title*", "UTF-8''x");
	assert_description("", "</a>;title*=UTF-8''x");
}

/* The table */

static void
test_paths_are_the_same_however_they_are_encoded(void **state)
{
	coap_resource_t *blank = add("a b");
	coap_resource_t *percent = add("100%");

	(void)state;
	assert_ptr_equal(find("a%20b"), blank);
	assert_ptr_equal(find("%61%20%62"), blank);
	assert_ptr_equal(find("100%25"), percent);
	assert_ptr_equal(find("100%"), percent);
	assert_null(find("a+b"));
}

static void
test_a_slash_in_a_segment_is_no_separator(void **state)
{
	coap_resource_t *one = add("a%2Fb");
	coap_resource_t *two = add("a/b");
	coap_resource_t *three = add("a%252Fb");

	(void)state;
	assert_ptr_equal(find("a%2Fb"), one);
	assert_ptr_equal(find("a%2fb"), one);
	assert_ptr_equal(find("a/b"), two);
	assert_ptr_equal(find("a%252Fb"), three);
	assert_description("", "</a%2Fb>,</a/b>,</a%252Fb>");
}

static void
test_same_path_replaces(void **state)
{
	coap_resource_t *old, *new;

	(void)state;
	table.release_userdata = on_release;
	add("first");
	old = add("a");
	coap_resource_set_userdata(old, &released);
	new = add("a");
	assert_ptr_equal(find("a"), new);
	assert_int_equal(released, 1);
	assert_description("", "</first>,</a>");
}

static void
test_adding_twice_is_adding_once(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	assert_int_equal(resources_add(&table, r), 0);
	assert_ptr_equal(find("a"), r);
	assert_description("", "</a>");
}

static void
test_two_tables_do_not_share(void **state)
{
	coap_resource_t *r = add("a");
	struct resources other;

	(void)state;
	resources_init(&other);
	assert_int_equal(resources_add(&other, r), -COAP_E_STATE);
	assert_int_equal(resources_remove(&other, r), 0);
	assert_ptr_equal(find("a"), r);
	resources_free(&other);
}

static void
test_delete(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	table.release_userdata = on_release;
	coap_resource_set_userdata(r, &released);
	assert_ptr_equal(coap_resource_get_userdata(r), &released);
	assert_int_equal(resources_remove(&table, r), 1);
	assert_int_equal(released, 1);
	assert_null(find("a"));
}

static void
test_a_held_resource_lives_on(void **state)
{
	coap_resource_t *r = add("a");

	(void)state;
	table.release_userdata = on_release;
	coap_resource_set_userdata(r, &released);
	resource_hold(r);
	resource_hold(r);
	assert_int_equal(resources_remove(&table, r), 1);
	assert_null(find("a"));
	assert_int_equal(resources_remove(&table, r), 0);
	assert_int_equal(resources_add(&table, r), -COAP_E_STATE);
	resource_let_go(r);
	assert_int_equal(released, 0);
	resource_let_go(r);
	assert_int_equal(released, 1);
}

static void
test_free_releases_all(void **state)
{
	char path[] = "a";

	(void)state;
	table.release_userdata = on_release;
	for (; path[0] <= 'z'; path[0]++)
		coap_resource_set_userdata(add(path), &released);
	resources_free(&table);
	assert_int_equal(released, 26);
}

static void
test_the_unknown_resource_has_no_path(void **state)
{
	coap_resource_t *a = coap_resource_unknown_init(handle);
	coap_resource_t *b = coap_resource_unknown_init2(NULL,
	    COAP_RESOURCE_HANDLE_WELLKNOWN_CORE);

	(void)state;
	assert_true(a->handlers[2] == handle);
	assert_true(b->handlers[2] == NULL);
	assert_int_equal(b->flags, COAP_RESOURCE_HANDLE_WELLKNOWN_CORE);
	assert_int_equal(resources_add(&table, a), 0);
	assert_null(find(""));
	assert_description("", "");
	assert_int_equal(resources_add(&table, b), 0);
	assert_ptr_equal(table.unknown, b);
	assert_int_equal(resources_remove(&table, b), 1);
	assert_null(table.unknown);
}

static void
test_add_out_of_memory_keeps_the_old_one(void **state)
{
	coap_resource_t *r = coap_resource_init(STR("a"), 0);

	(void)state;
	mem_fail_at(1, 1);
	assert_int_equal(resources_add(&table, r), -COAP_E_NOMEM);
	mem_fail_at(2, 1);
	assert_int_equal(resources_add(&table, r), -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	assert_null(find("a"));
	assert_false(r->in_table);
	assert_int_equal(resources_add(&table, r), 0);
	assert_ptr_equal(find("a"), r);
}

static void
test_registered_options_are_a_set(void **state)
{
	static const uint16_t numbers[] = { 65535, 9, 2049, 9, 0, 21 };
	size_t i;

	(void)state;
	assert_false(resources_knows_option(&table, 9));
	for (i = 0; i < 6; i++)
		assert_int_equal(resources_register_option(&table, numbers[i]),
		    0);
	assert_int_equal(table.n_known_options, 5);
	for (i = 1; i < 5; i++)
		assert_true(
		    table.known_options[i - 1] < table.known_options[i]);
	for (i = 0; i < 6; i++)
		assert_true(resources_knows_option(&table, numbers[i]));
	assert_false(resources_knows_option(&table, 10));
	mem_fail_at(1, 0);
	assert_int_equal(resources_register_option(&table, 11), -COAP_E_NOMEM);
	assert_int_equal(table.n_known_options, 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_init_copies_the_path),
		TEST(test_init_takes_the_path_when_told),
		TEST(test_init_without_path_is_the_root),
		TEST(test_init_out_of_memory_takes_nothing),
		TEST(test_mode_changes_the_notify_flags_alone),
		TEST(test_handlers_are_by_method),
		TEST(test_getters_take_null),
		TEST(test_attrs_are_copied_and_found),
		TEST(test_attrs_are_taken_when_told),
		TEST(test_attr_out_of_memory_takes_nothing),
		TEST(test_attr_names_are_tokens),
		TEST(test_paths_are_the_same_however_they_are_encoded),
		TEST(test_a_slash_in_a_segment_is_no_separator),
		TEST(test_same_path_replaces),
		TEST(test_adding_twice_is_adding_once),
		TEST(test_two_tables_do_not_share),
		TEST(test_delete),
		TEST(test_a_held_resource_lives_on),
		TEST(test_free_releases_all),
		TEST(test_the_unknown_resource_has_no_path),
		TEST(test_add_out_of_memory_keeps_the_old_one),
		TEST(test_registered_options_are_a_set),
	};

	coap_set_log_level(COAP_LOG_CRIT);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

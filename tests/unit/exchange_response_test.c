/* SPDX-License-Identifier: BSD-2-Clause */
/* What a request is answered with, and whether: one test for each rule. */
#include "dispatch_fixture.h"

#include <coap3/coap_debug.h>

/* The description of the server */

static void
test_wellknown_is_answered_from_the_table(void **state)
{
	(void)state;
	add(coap_resource_init(STR("c"), 0));
	ask_wellknown(COAP_REQUEST_CODE_GET);
	assert_answer(CODE(205), "</a/b>,</c>");
	assert_int_equal(response_option(COAP_OPTION_CONTENT_FORMAT), 40);
}

static void
test_wellknown_is_filtered(void **state)
{
	(void)state;
	add(coap_resource_init(STR("c&%"), 0));
	ask_wellknown(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_QUERY, "href=/c&*");
	assert_answer(CODE(205), "</c&%25>");
	option(COAP_OPTION_URI_QUERY, "rt=none");
	assert_answer(CODE(205), "");
	assert_int_equal(response_option(COAP_OPTION_CONTENT_FORMAT), 40);
}

static void
test_wellknown_can_only_be_read(void **state)
{
	unsigned code;

	(void)state;
	for (code = 2; code <= RESOURCE_METHODS; code++) {
		ask_wellknown(code);
		assert_answer(CODE(405), "This resource can only be read");
	}
}

static void
test_wellknown_has_one_format(void **state)
{
	(void)state;
	ask_wellknown(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_ACCEPT, 50);
	assert_answer(CODE(406), "This resource is in link-format (40)");
	ask_wellknown(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_ACCEPT, 40);
	assert_code(CODE(205));
}

static void
test_wellknown_comes_in_blocks(void **state)
{
	(void)state;
	add(coap_resource_init(STR("0123456789"), 0));
	ask_wellknown(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_BLOCK2, 0x00);
	assert_answer(CODE(205), "</a/b>,</0123456");
	assert_int_equal(response_option(COAP_OPTION_BLOCK2), 0x08);
	ask_wellknown(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_BLOCK2, 0x10);
	assert_answer(CODE(205), "789>");
	assert_int_equal(response_option(COAP_OPTION_BLOCK2), 0x10);
	ask_wellknown(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_BLOCK2, 0x20);
	assert_code(CODE(400));
}

static void
test_long_wellknown_begins_with_its_first_block(void **state)
{
	char path[256] = { 0 };
	int i;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	for (i = 0; i < 20; i++) {
		path[0] = (char)('a' + i);
		add(coap_resource_init(STR(path), 0));
	}
	ask_wellknown(COAP_REQUEST_CODE_GET);
	assert_code(CODE(205));
	assert_int_equal(pdu_payload_len(response), 1024);
	assert_int_equal(response_option(COAP_OPTION_BLOCK2), 0x0E);
}

static void
test_an_application_can_take_wellknown_over(void **state)
{
	(void)state;
	handle_all(add(coap_resource_init(STR(".well-known/core"), 0)),
	    dispatch_handle);
	ask_wellknown(COAP_REQUEST_CODE_GET);
	assert_answer(CODE(205), "hello");
}

static void
test_the_unknown_resource_takes_wellknown_when_told(void **state)
{
	coap_resource_t *r;

	(void)state;
	r = add(coap_resource_unknown_init(NULL));
	handle_all(r, dispatch_handle);
	ask_wellknown(COAP_REQUEST_CODE_GET);
	assert_answer(CODE(205), "</a/b>");
	r->flags |= COAP_RESOURCE_HANDLE_WELLKNOWN_CORE;
	assert_answer(CODE(205), "hello");
}

/* What is sent */

static void
test_codes_of_handlers_are_kept(void **state)
{
	static const unsigned codes[] = { CODE(201), CODE(203), CODE(299),
		CODE(429), CODE(503) };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		handler_code = codes[i];
		assert_answer(codes[i], "hello");
	}
}

static void
test_no_code_is_deferred(void **state)
{
	(void)state;
	handler_code = 0;
	handler_body = NULL;
	assert_int_equal(run(), DISPATCH_DEFERRED);
	request->type = COAP_MESSAGE_NON;
	assert_int_equal(run(), DISPATCH_DEFERRED);
	env.multicast = true;
	assert_int_equal(run(), DISPATCH_DEFERRED);
	assert_int_equal(calls, 3);
}

static void
test_no_response_silences_classes(void **state)
{
	static const struct {
		uint8_t bits;
		unsigned code;
		enum dispatch_result result;
	} cases[] = {
		{ 0, CODE(205), DISPATCH_RESPOND },
		{ 0, CODE(404), DISPATCH_RESPOND },
		{ 2, CODE(205), DISPATCH_SILENT },
		{ 2, CODE(404), DISPATCH_RESPOND },
		{ 8, CODE(404), DISPATCH_SILENT },
		{ 8, CODE(503), DISPATCH_RESPOND },
		{ 16, CODE(503), DISPATCH_SILENT },
		{ 16, CODE(205), DISPATCH_RESPOND },
		{ 26, CODE(205), DISPATCH_SILENT },
		{ 26, CODE(404), DISPATCH_SILENT },
		{ 26, CODE(503), DISPATCH_SILENT },
		/* Bits without a meaning. */
		{ 0xe5, CODE(205), DISPATCH_RESPOND },
		{ 0xe5, CODE(404), DISPATCH_RESPOND },
		{ 0xe7, CODE(205), DISPATCH_SILENT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ask(COAP_REQUEST_CODE_GET);
		option_uint(COAP_OPTION_NORESPONSE, cases[i].bits);
		handler_code = cases[i].code;
		assert_int_equal(run(), cases[i].result);
		assert_int_equal(calls, i + 1);
	}
}

static void
test_no_response_silences_our_own_errors(void **state)
{
	(void)state;
	option(COAP_OPTION_URI_PATH, "c");
	option_uint(COAP_OPTION_NORESPONSE, 8);
	assert_int_equal(run(), DISPATCH_SILENT);
}

static void
test_empty_no_response_wants_all(void **state)
{
	(void)state;
	option(COAP_OPTION_NORESPONSE, "");
	env.multicast = true;
	handler_code = CODE(404);
	assert_int_equal(run(), DISPATCH_RESPOND);
}

static void
test_a_group_gets_no_errors(void **state)
{
	(void)state;
	env.multicast = true;
	request->type = COAP_MESSAGE_NON;
	assert_int_equal(run(), DISPATCH_RESPOND);
	handler_code = CODE(404);
	assert_int_equal(run(), DISPATCH_SILENT);
	handler_code = CODE(500);
	assert_int_equal(run(), DISPATCH_SILENT);
	option(COAP_OPTION_URI_PATH, "c");
	assert_int_equal(run(), DISPATCH_SILENT);
}

static void
test_flags_say_what_a_group_gets(void **state)
{
	static const struct {
		int flags;
		unsigned code;
		const char *body;
		enum dispatch_result result;
	} cases[] = {
		{ 0, CODE(205), NULL, DISPATCH_RESPOND },
		{ 0x20, CODE(205), NULL, DISPATCH_SILENT },
		{ 0x20, CODE(205), "x", DISPATCH_RESPOND },
		{ 0x20, CODE(204), NULL, DISPATCH_RESPOND },
		{ 0x40, CODE(204), NULL, DISPATCH_SILENT },
		{ 0x40, CODE(205), "x", DISPATCH_SILENT },
		{ 0x80, CODE(404), NULL, DISPATCH_RESPOND },
		{ 0x80, CODE(503), NULL, DISPATCH_SILENT },
		{ 0x100, CODE(503), NULL, DISPATCH_RESPOND },
		{ 0x100, CODE(404), NULL, DISPATCH_SILENT },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		resource->flags = cases[i].flags;
		handler_code = cases[i].code;
		handler_body = cases[i].body;
		env.multicast = true;
		assert_int_equal(run(), cases[i].result);
		env.multicast = false;
		assert_int_equal(run(), DISPATCH_RESPOND);
	}
}

static void
test_flags_count_for_our_own_errors(void **state)
{
	(void)state;
	env.multicast = true;
	coap_register_request_handler(resource, COAP_REQUEST_GET, NULL);
	assert_int_equal(run(), DISPATCH_SILENT);
	resource->flags = COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_SUPPRESS_4_XX;
	assert_int_equal(run(), DISPATCH_RESPOND);
}

static void
test_a_group_hears_of_no_empty_description(void **state)
{
	(void)state;
	env.multicast = true;
	ask_wellknown(COAP_REQUEST_CODE_GET);
	assert_int_equal(run(), DISPATCH_RESPOND);
	option(COAP_OPTION_URI_QUERY, "rt=none");
	assert_int_equal(run(), DISPATCH_SILENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_wellknown_is_answered_from_the_table),
		TEST(test_wellknown_is_filtered),
		TEST(test_wellknown_can_only_be_read),
		TEST(test_wellknown_has_one_format),
		TEST(test_wellknown_comes_in_blocks),
		TEST(test_long_wellknown_begins_with_its_first_block),
		TEST(test_an_application_can_take_wellknown_over),
		TEST(test_the_unknown_resource_takes_wellknown_when_told),
		TEST(test_codes_of_handlers_are_kept),
		TEST(test_no_code_is_deferred),
		TEST(test_no_response_silences_classes),
		TEST(test_no_response_silences_our_own_errors),
		TEST(test_empty_no_response_wants_all),
		TEST(test_a_group_gets_no_errors),
		TEST(test_flags_say_what_a_group_gets),
		TEST(test_flags_count_for_our_own_errors),
		TEST(test_a_group_hears_of_no_empty_description),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

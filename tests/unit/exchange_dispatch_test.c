/* SPDX-License-Identifier: BSD-2-Clause */
/* From a request to its handler: one test for each rule. */
#include "dispatch_fixture.h"

#include <coap3/coap_debug.h>

#include "base/alloc.h"

static void
handle_and_delete(coap_resource_t *r, coap_session_t *s, const coap_pdu_t *req,
    const coap_string_t *query, coap_pdu_t *resp)
{
	(void)s;
	(void)req;
	(void)query;
	assert_int_equal(resources_remove(&table, r), 1);
	/* Its memory is still there. */
	assert_true(
	    coap_string_equal(coap_resource_get_uri_path(r), STR("a/b")));
	coap_pdu_set_code(resp, COAP_RESPONSE_CODE_DELETED);
}

static void
handle_and_free_all(coap_resource_t *r, coap_session_t *s,
    const coap_pdu_t *req, const coap_string_t *query, coap_pdu_t *resp)
{
	(void)r;
	(void)s;
	(void)req;
	(void)query;
	resources_free(&table);
	coap_pdu_set_code(resp, COAP_RESPONSE_CODE_DELETED);
}

/* Finding */

static void
test_the_handler_answers(void **state)
{
	(void)state;
	assert_answer(CODE(205), "hello");
	assert_int_equal(calls, 1);
	assert_string_equal(seen_query, "");
}

static void
test_each_method_has_its_handler(void **state)
{
	unsigned code;

	(void)state;
	for (code = 1; code <= RESOURCE_METHODS; code++) {
		ask(code);
		assert_code(CODE(205));
		assert_int_equal(calls, code);
		coap_register_request_handler(resource, (coap_request_t)code,
		    NULL);
		assert_answer(CODE(405), "This resource has no such method");
		assert_int_equal(calls, code);
	}
}

static void
test_unknown_methods_are_not_allowed(void **state)
{
	unsigned code;

	(void)state;
	for (code = 8; code < 32; code++) {
		ask(code);
		assert_answer(CODE(405), "There is no such method");
	}
	assert_int_equal(calls, 0);
}

static void
test_no_resource_is_not_found(void **state)
{
	unsigned code;

	(void)state;
	for (code = 1; code <= RESOURCE_METHODS; code++) {
		if (code == COAP_REQUEST_CODE_DELETE)
			continue;
		ask(code);
		option(COAP_OPTION_URI_PATH, "c");
		assert_answer(CODE(404), "There is no such resource");
	}
}

static void
test_the_query_reaches_the_handler(void **state)
{
	(void)state;
	option(COAP_OPTION_URI_QUERY, "x=1");
	option(COAP_OPTION_URI_QUERY, "y");
	assert_code(CODE(205));
	assert_string_equal(seen_query, "x=1&y");
}

static void
test_the_root_has_no_path(void **state)
{
	(void)state;
	ask_root(COAP_REQUEST_CODE_GET);
	assert_code(CODE(404));
	handle_all(add(coap_resource_init(NULL, 0)), dispatch_handle);
	assert_code(CODE(205));
	option(COAP_OPTION_URI_PATH, "");
	assert_code(CODE(205));
	option(COAP_OPTION_URI_PATH, "");
	assert_code(CODE(404));
}

static void
test_a_slash_in_a_segment_is_another_path(void **state)
{
	(void)state;
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_PATH, "a/b");
	assert_code(CODE(404));
	handle_all(add(coap_resource_init(STR("a%2Fb"), 0)), dispatch_handle);
	assert_code(CODE(205));
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_PATH, "a%2Fb");
	assert_code(CODE(404));
}

static void
test_segments_are_bytes(void **state)
{
	(void)state;
	handle_all(add(coap_resource_init(STR("x%20y/%C3%BC"), 0)),
	    dispatch_handle);
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_PATH, "x y");
	option(COAP_OPTION_URI_PATH, "\xC3\xBC");
	assert_code(CODE(205));
}

static void
test_dots_are_no_path(void **state)
{
	(void)state;
	option(COAP_OPTION_URI_PATH, "..");
	assert_answer(CODE(400), "A Uri-Path may not be \".\" or \"..\"");
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_PATH, ".");
	assert_code(CODE(400));
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_PATH, "...");
	assert_code(CODE(404));
}

static void
test_a_path_that_is_too_long_is_not_found(void **state)
{
	char segment[256] = { 0 };
	int i;

	(void)state;
	memset(segment, '%', sizeof(segment) - 1);
	for (i = 0; i < 90; i++)
		option(COAP_OPTION_URI_PATH, segment);
	handle_all(add(coap_resource_unknown_init(dispatch_handle)),
	    dispatch_handle);
	assert_code(CODE(404));
}

static void
test_the_unknown_resource_takes_what_it_can(void **state)
{
	(void)state;
	add(coap_resource_unknown_init(dispatch_handle));
	ask_root(COAP_REQUEST_CODE_PUT);
	option(COAP_OPTION_URI_PATH, "new");
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
	request->code = COAP_REQUEST_CODE_DELETE;
	assert_code(CODE(202));
	request->code = COAP_REQUEST_CODE_GET;
	assert_code(CODE(404));
	assert_int_equal(calls, 1);
	coap_register_request_handler(table.unknown, COAP_REQUEST_DELETE,
	    dispatch_handle);
	request->code = COAP_REQUEST_CODE_DELETE;
	assert_code(CODE(205));
}

static void
test_if_none_match_fails_where_there_is_one(void **state)
{
	(void)state;
	ask(COAP_REQUEST_CODE_PUT);
	option(COAP_OPTION_IF_NONE_MATCH, "");
	assert_answer(CODE(412), "This resource exists");
	/* RFC 7252 section 5.10.8: whatever the method is. */
	request->code = COAP_REQUEST_CODE_GET;
	assert_code(CODE(412));
	request->code = COAP_REQUEST_CODE_IPATCH;
	assert_code(CODE(412));
	assert_int_equal(calls, 0);
}

/* RFC 7252 section 5.10.8.1. */
static void
test_if_match_fails_where_there_is_nothing(void **state)
{
	(void)state;
	ask_root(COAP_REQUEST_CODE_PUT);
	option(COAP_OPTION_IF_MATCH, "");
	option(COAP_OPTION_URI_PATH, "new");
	assert_answer(CODE(412), "There is no such resource to match");
	request->code = COAP_REQUEST_CODE_DELETE;
	assert_code(CODE(412));
	/* Whoever takes what is unknown knows better. */
	add(coap_resource_unknown_init(dispatch_handle));
	request->code = COAP_REQUEST_CODE_PUT;
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
}

/* RFC 7252 section 5.8.4, and 8.2: a group's members keep quiet. */
static void
test_delete_of_nothing_succeeds(void **state)
{
	(void)state;
	ask_root(COAP_REQUEST_CODE_DELETE);
	option(COAP_OPTION_URI_PATH, "gone");
	assert_code(CODE(202));
	request->code = COAP_REQUEST_CODE_PUT;
	assert_code(CODE(404));
	request->code = COAP_REQUEST_CODE_DELETE;
	env.multicast = true;
	assert_int_equal(dispatch_request(&table, session, &env, request,
			     response),
	    DISPATCH_SILENT);
	assert_int_equal(calls, 0);
}

/* RFC 7252 section 5.10.8.1: the ETags are the handler's. */
static void
test_if_match_of_a_resource_is_for_its_handler(void **state)
{
	(void)state;
	ask(COAP_REQUEST_CODE_PUT);
	option(COAP_OPTION_IF_MATCH, "tag");
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
}

static void
test_if_none_match_passes_where_there_is_none(void **state)
{
	(void)state;
	add(coap_resource_unknown_init(dispatch_handle));
	ask_root(COAP_REQUEST_CODE_PUT);
	option(COAP_OPTION_IF_NONE_MATCH, "");
	option(COAP_OPTION_URI_PATH, "new");
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
}

static void
test_a_resource_for_oscore_is_not_served_in_clear(void **state)
{
	(void)state;
	resource->flags |= COAP_RESOURCE_FLAGS_OSCORE_ONLY;
	assert_answer(CODE(401), "This resource needs OSCORE");
	assert_int_equal(calls, 0);
}

/* Lifetimes and limits */

static void
test_a_handler_may_delete_its_resource(void **state)
{
	(void)state;
	handle_all(resource, handle_and_delete);
	assert_code(CODE(202));
	assert_code(CODE(404));
}

static void
test_a_handler_may_free_all(void **state)
{
	(void)state;
	handle_all(resource, handle_and_free_all);
	option(COAP_OPTION_URI_QUERY, "x");
	option_uint(COAP_OPTION_BLOCK2, 0);
	assert_code(CODE(202));
	assert_null(table.by_path);
}

static void
test_an_answer_needs_no_room_for_its_text(void **state)
{
	(void)state;
	option(COAP_OPTION_URI_PATH, "c");
	coap_delete_pdu(response);
	response = pdu_new(COAP_MESSAGE_ACK, 0, 1, sizeof(token));
	coap_add_token(response, sizeof(token), token);
	assert_int_equal(dispatch_request(&table, session, &env, request,
			     response),
	    DISPATCH_RESPOND);
	assert_int_equal(coap_pdu_get_code(response), CODE(404));
	assert_body("");
}

static void
test_a_query_for_the_description_has_a_limit(void **state)
{
	char value[256] = { 0 };
	size_t n;

	(void)state;
	ask_wellknown(COAP_REQUEST_CODE_GET);
	memset(value, 'x', sizeof(value) - 1);
	for (n = 0; n < RESOURCES_QUERY_MAX; n += sizeof(value))
		option(COAP_OPTION_URI_QUERY, value);
	assert_answer(CODE(205), "");
	option(COAP_OPTION_URI_QUERY, "x");
	assert_answer(CODE(400), "The query is too long");
}

/* RFC 7252 section 5.5.2: what is in an error is a text, without a format. */
static void
test_diagnostics_have_no_format(void **state)
{
	static const struct {
		coap_option_num_t number;
		const char *value;
		unsigned method;
		unsigned code;
	} rows[] = {
		{ COAP_OPTION_URI_PATH, "c", COAP_REQUEST_CODE_GET, CODE(404) },
		{ COAP_OPTION_URI_QUERY, "q", 31, CODE(405) },
		{ COAP_OPTION_IF_NONE_MATCH, "", COAP_REQUEST_CODE_PUT,
		    CODE(412) },
		{ 9999, "x", COAP_REQUEST_CODE_GET, CODE(402) },
	};
	coap_opt_iterator_t oi;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *text;
		size_t length;

		ask(rows[i].method);
		option(rows[i].number, rows[i].value);
		assert_code(rows[i].code);
		assert_int_equal(coap_get_data(response, &length, &text), 1);
		assert_true(length > 0);
		assert_null(coap_check_option(response,
		    COAP_OPTION_CONTENT_FORMAT, &oi));
	}
}

static void
test_out_of_memory_is_an_internal_error(void **state)
{
	size_t before, at, i;
	unsigned code;

	(void)state;
	for (i = 0; i < 2; i++) {
		if (i == 0)
			ask(COAP_REQUEST_CODE_GET);
		else
			ask_wellknown(COAP_REQUEST_CODE_GET);
		option(COAP_OPTION_URI_QUERY, "href=*");
		run();
		before = mem_outstanding();
		for (at = 1;; at++) {
			coap_delete_pdu(response);
			response =
			    pdu_new(COAP_MESSAGE_ACK, 0, 1, RESPONSE_SIZE);
			coap_add_token(response, sizeof(token), token);
			mem_fail_at(at, 0);
			assert_int_equal(dispatch_request(&table, session, &env,
					     request, response),
			    DISPATCH_RESPOND);
			mem_fail_at(0, 0);
			assert_int_equal(mem_outstanding(), before);
			code = coap_pdu_get_code(response);
			if (code == CODE(205))
				break;
			assert_int_equal(code, CODE(500));
		}
		assert_true(at > 2);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_handler_answers),
		TEST(test_each_method_has_its_handler),
		TEST(test_unknown_methods_are_not_allowed),
		TEST(test_no_resource_is_not_found),
		TEST(test_the_query_reaches_the_handler),
		TEST(test_the_root_has_no_path),
		TEST(test_a_slash_in_a_segment_is_another_path),
		TEST(test_segments_are_bytes),
		TEST(test_dots_are_no_path),
		TEST(test_a_path_that_is_too_long_is_not_found),
		TEST(test_the_unknown_resource_takes_what_it_can),
		TEST(test_if_none_match_fails_where_there_is_one),
		TEST(test_if_match_fails_where_there_is_nothing),
		TEST(test_delete_of_nothing_succeeds),
		TEST(test_if_match_of_a_resource_is_for_its_handler),
		TEST(test_if_none_match_passes_where_there_is_none),
		TEST(test_a_resource_for_oscore_is_not_served_in_clear),
		TEST(test_a_handler_may_delete_its_resource),
		TEST(test_a_handler_may_free_all),
		TEST(test_an_answer_needs_no_room_for_its_text),
		TEST(test_a_query_for_the_description_has_a_limit),
		TEST(test_diagnostics_have_no_format),
		TEST(test_out_of_memory_is_an_internal_error),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that decide about a request: one test for each rule. */
#include "dispatch_fixture.h"

#include <coap3/coap_block.h>
#include <coap3/coap_debug.h>

#include "exchange/dispatch.h"

static void
handle_in_blocks(coap_resource_t *r, coap_session_t *s, const coap_pdu_t *req,
    const coap_string_t *query, coap_pdu_t *resp)
{
	static const uint8_t body[40] = "0123456789abcdef0123456789ABCDEFxyz";

	(void)r;
	(void)s;
	(void)query;
	coap_add_data_blocked_response(req, resp, 0, -1, sizeof(body), body);
}

/* Options */

static void
test_unknown_critical_option_is_bad(void **state)
{
	(void)state;
	option(65001, "x");
	assert_answer(CODE(402), "Option 65001 is not known");
	assert_int_equal(calls, 0);
}

static void
test_unknown_critical_option_comes_before_all_else(void **state)
{
	(void)state;
	ask_root(31);
	option(9, "");
	option(COAP_OPTION_PROXY_URI, "coap://x");
	assert_answer(CODE(402), "Option 9 (OSCORE) is not known");
}

static void
test_unknown_elective_option_is_ignored(void **state)
{
	(void)state;
	option(65000, "x");
	option(COAP_OPTION_HOP_LIMIT, "\x10");
	option(COAP_OPTION_OBSERVE, "");
	option(COAP_OPTION_RTAG, "x");
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
}

static void
test_registered_option_is_known(void **state)
{
	(void)state;
	assert_int_equal(resources_register_option(&table, 65001), 0);
	option(65001, "x");
	assert_code(CODE(205));
	option(65003, "x");
	assert_answer(CODE(402), "Option 65003 is not known");
}

static void
test_unsupported_block_options_are_not_known(void **state)
{
	(void)state;
	option(COAP_OPTION_Q_BLOCK1, "");
	assert_answer(CODE(402), "Option 19 (Q-Block1) is not known");
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_Q_BLOCK2, "");
	assert_answer(CODE(402), "Option 31 (Q-Block2) is not known");
}

static void
test_supported_options_reach_the_handler(void **state)
{
	(void)state;
	option(COAP_OPTION_IF_MATCH, "tag1");
	option(COAP_OPTION_IF_MATCH, "");
	option(COAP_OPTION_URI_HOST, "host");
	option(COAP_OPTION_URI_PORT, "\x16\x33");
	option(COAP_OPTION_ETAG, "etag");
	option(COAP_OPTION_ACCEPT, "\x28");
	assert_code(CODE(205));
}

static void
test_repeated_critical_option_is_bad(void **state)
{
	(void)state;
	option(COAP_OPTION_ACCEPT, "");
	option(COAP_OPTION_ACCEPT, "");
	assert_answer(CODE(402), "Option 17 (Accept) occurs more than once");
}

static void
test_repeated_elective_option_is_ignored(void **state)
{
	(void)state;
	option(COAP_OPTION_OBSERVE, "");
	option(COAP_OPTION_OBSERVE, "");
	assert_code(CODE(205));
}

static void
test_critical_option_of_wrong_length_is_bad(void **state)
{
	(void)state;
	option(COAP_OPTION_URI_PORT, "abc");
	assert_answer(CODE(402), "Option 7 (Uri-Port) has a wrong length");
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_HOST, "");
	assert_answer(CODE(402), "Option 3 (Uri-Host) has a wrong length");
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_IF_NONE_MATCH, "x");
	assert_answer(CODE(402), "Option 5 (If-None-Match) has a wrong length");
}

static void
test_elective_option_of_wrong_length_is_ignored(void **state)
{
	(void)state;
	option(COAP_OPTION_OBSERVE, "abcd");
	option(COAP_OPTION_NORESPONSE, "\x1A\x1A");
	assert_code(CODE(205));
}

static void
test_bad_option_in_a_non_is_rejected(void **state)
{
	(void)state;
	option(65001, "x");
	request->type = COAP_MESSAGE_NON;
	assert_int_equal(run(), DISPATCH_REJECT);
	assert_int_equal(coap_pdu_get_code(response), 0);
	env.multicast = true;
	assert_int_equal(run(), DISPATCH_SILENT);
}

static void
test_bad_option_on_a_stream_is_answered(void **state)
{
	(void)state;
	option(65001, "x");
	request->type = COAP_MESSAGE_NON;
	request->framing = FRAMING_STREAM;
	assert_code(CODE(402));
}

static void
test_other_errors_of_a_non_are_answered(void **state)
{
	(void)state;
	option(COAP_OPTION_URI_PATH, "c");
	request->type = COAP_MESSAGE_NON;
	assert_code(CODE(404));
}

static void
test_proxying_is_not_supported(void **state)
{
	(void)state;
	option(COAP_OPTION_PROXY_URI, "coap://h/");
	assert_answer(CODE(505), "This server is no proxy");
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_PROXY_SCHEME, "coap");
	assert_code(CODE(505));
	assert_int_equal(calls, 0);
}

/* RFC 8768 section 3. */
static void
test_hop_limit_is_1_to_255(void **state)
{
	static const struct {
		size_t len;
		const char *value;
		unsigned code;
	} rows[] = {
		{ 1, "\x01", 205 },
		{ 1, "\xff", 205 },
		{ 1, "\0", 400 },
		{ 0, "", 400 },
		{ 2, "\1\0", 400 },
		{ 2, "\0\1", 400 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask(COAP_REQUEST_CODE_GET);
		coap_add_option(request, COAP_OPTION_HOP_LIMIT, rows[i].len,
		    (const uint8_t *)rows[i].value);
		assert_code(COAP_RESPONSE_CODE(rows[i].code));
	}
	assert_int_equal(calls, 2);
	/* Who registered it deals with it. */
	assert_int_equal(resources_register_option(&table,
			     COAP_OPTION_HOP_LIMIT),
	    0);
	assert_code(CODE(205));
}

/* RFC 8132 sections 2.2 and 2.3.1: whether it needs a Content-Format, and
 * which, the handler knows. */
static void
test_fetch_reaches_its_handler_with_and_without_a_format(void **state)
{
	(void)state;
	ask(COAP_REQUEST_CODE_FETCH);
	assert_code(CODE(205));
	option(COAP_OPTION_CONTENT_FORMAT, "\x32");
	assert_code(CODE(205));
	assert_int_equal(calls, 2);
}

/* Responses: RFC 7252 sections 5.4.1, 5.4.3 and 5.4.5 */

static void
response_with(unsigned number, size_t len, int times, bool ok)
{
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_ACK, CODE(205), 1, RESPONSE_SIZE);

	assert_non_null(pdu);
	while (times-- > 0)
		assert_true(coap_add_option(pdu, (uint16_t)number, len,
				(const uint8_t *)"\1\1\1\1") > 0);
	assert_int_equal(options_accept_response(&table, pdu), ok);
	coap_delete_pdu(pdu);
}

static void
test_critical_options_of_a_response(void **state)
{
	(void)state;
	response_with(65001, 1, 1, false);
	response_with(COAP_OPTION_OSCORE, 1, 1, false);
	response_with(COAP_OPTION_BLOCK2, 3, 1, true);
	response_with(COAP_OPTION_BLOCK2, 4, 1, false);
	response_with(COAP_OPTION_BLOCK2, 1, 2, false);
	response_with(COAP_OPTION_BLOCK1, 1, 2, false);
	assert_int_equal(resources_register_option(&table, 65001), 0);
	response_with(65001, 1, 2, true);
}

/* RFC 7252 section 5.4: what is not defined for responses is not known there. */
static void
test_options_of_requests_are_none_of_a_response(void **state)
{
	static const uint16_t numbers[] = {
		COAP_OPTION_IF_MATCH,
		COAP_OPTION_URI_HOST,
		COAP_OPTION_URI_PORT,
		COAP_OPTION_URI_PATH,
		COAP_OPTION_URI_QUERY,
		COAP_OPTION_ACCEPT,
		COAP_OPTION_PROXY_URI,
		COAP_OPTION_PROXY_SCHEME,
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		response_with(numbers[i], 1, 1, false);
	response_with(COAP_OPTION_IF_NONE_MATCH, 0, 1, false);
	assert_int_equal(resources_register_option(&table,
			     COAP_OPTION_URI_PATH),
	    0);
	response_with(COAP_OPTION_URI_PATH, 1, 1, true);
}

static void
test_elective_options_of_a_response(void **state)
{
	(void)state;
	response_with(65000, 1, 1, true);
	response_with(COAP_OPTION_CONTENT_FORMAT, 3, 1, true);
	response_with(COAP_OPTION_ETAG, 1, 2, true);
	response_with(COAP_OPTION_ECHO, 4, 2, true);
}

/* Blocks */

static void
test_first_block2_is_a_hint(void **state)
{
	(void)state;
	option_uint(COAP_OPTION_BLOCK2, 0x06);
	assert_answer(CODE(205), "hello");
	ask(COAP_REQUEST_CODE_POST);
	option(COAP_OPTION_BLOCK2, "");
	assert_answer(CODE(205), "hello");
}

static void
test_later_block2_is_bad_when_the_handler_ignores_it(void **state)
{
	(void)state;
	option_uint(COAP_OPTION_BLOCK2, 0x16);
	assert_answer(CODE(402), "Option 23 (Block2) asks for a later part");
	handler_code = CODE(404);
	assert_answer(CODE(404), "hello");
}

static void
test_later_block2_is_for_a_handler_that_knows_it(void **state)
{
	(void)state;
	handle_all(resource, handle_in_blocks);
	option_uint(COAP_OPTION_BLOCK2, 0x10);
	assert_answer(CODE(205), "0123456789ABCDEF");
	assert_int_equal(response_option(COAP_OPTION_BLOCK2), 0x18);
}

static void
test_later_block2_repeats_no_unsafe_request(void **state)
{
	(void)state;
	ask(COAP_REQUEST_CODE_POST);
	option_uint(COAP_OPTION_BLOCK2, 0x10);
	assert_code(CODE(402));
	assert_int_equal(calls, 0);
}

static void
test_whole_body_in_block1_is_taken(void **state)
{
	(void)state;
	ask(COAP_REQUEST_CODE_PUT);
	option_uint(COAP_OPTION_BLOCK1, 0x06);
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
}

static void
test_part_of_a_body_is_bad(void **state)
{
	static const uint8_t parts[] = { 0x0E, 0x16, 0x1E };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parts); i++) {
		ask(COAP_REQUEST_CODE_PUT);
		option_uint(COAP_OPTION_BLOCK1, parts[i]);
		assert_answer(CODE(402),
		    "Option 27 (Block1) names a part: send the body in one "
		    "message");
	}
	assert_int_equal(calls, 0);
}

static void
test_reserved_block_size_is_a_bad_request(void **state)
{
	(void)state;
	option_uint(COAP_OPTION_BLOCK2, 0x07);
	assert_answer(CODE(400), "Block size 7 is reserved");
	ask(COAP_REQUEST_CODE_PUT);
	option_uint(COAP_OPTION_BLOCK1, 0x07);
	assert_code(CODE(400));
	request->framing = FRAMING_STREAM;
	assert_code(CODE(205));
}

static void
test_registered_block_options_are_the_handlers(void **state)
{
	(void)state;
	resources_register_option(&table, COAP_OPTION_BLOCK1);
	resources_register_option(&table, COAP_OPTION_BLOCK2);
	ask(COAP_REQUEST_CODE_POST);
	option_uint(COAP_OPTION_BLOCK1, 0x1E);
	option_uint(COAP_OPTION_BLOCK2, 0x16);
	assert_answer(CODE(205), "hello");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_unknown_critical_option_is_bad),
		TEST(test_unknown_critical_option_comes_before_all_else),
		TEST(test_unknown_elective_option_is_ignored),
		TEST(test_registered_option_is_known),
		TEST(test_unsupported_block_options_are_not_known),
		TEST(test_supported_options_reach_the_handler),
		TEST(test_repeated_critical_option_is_bad),
		TEST(test_repeated_elective_option_is_ignored),
		TEST(test_critical_option_of_wrong_length_is_bad),
		TEST(test_elective_option_of_wrong_length_is_ignored),
		TEST(test_bad_option_in_a_non_is_rejected),
		TEST(test_bad_option_on_a_stream_is_answered),
		TEST(test_other_errors_of_a_non_are_answered),
		TEST(test_proxying_is_not_supported),
		TEST(test_hop_limit_is_1_to_255),
		TEST(test_fetch_reaches_its_handler_with_and_without_a_format),
		TEST(test_critical_options_of_a_response),
		TEST(test_options_of_requests_are_none_of_a_response),
		TEST(test_elective_options_of_a_response),
		TEST(test_first_block2_is_a_hint),
		TEST(test_later_block2_is_bad_when_the_handler_ignores_it),
		TEST(test_later_block2_is_for_a_handler_that_knows_it),
		TEST(test_later_block2_repeats_no_unsafe_request),
		TEST(test_whole_body_in_block1_is_taken),
		TEST(test_part_of_a_body_is_bad),
		TEST(test_reserved_block_size_is_a_bad_request),
		TEST(test_registered_block_options_are_the_handlers),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the tests of the dispatch share. */
#include "dispatch_fixture.h"

#include <stdio.h>

#include "base/alloc.h"

const uint8_t token[2] = { 0xAB, 0xCD };
struct resources table;
struct dispatch env;
coap_pdu_t *request;
coap_pdu_t *response;
coap_resource_t *resource;
unsigned handler_code;
const char *handler_body;
unsigned calls;
char seen_query[64];
coap_session_t *const session = (coap_session_t *)&calls;

void
dispatch_handle(coap_resource_t *r, coap_session_t *s, const coap_pdu_t *req,
    const coap_string_t *query, coap_pdu_t *resp)
{
	calls++;
	assert_non_null(r);
	assert_ptr_equal(s, session);
	assert_ptr_equal(req, request);
	seen_query[0] = '\0';
	if (query != NULL)
		snprintf(seen_query, sizeof(seen_query), "%.*s",
		    (int)query->length, (const char *)query->s);
	coap_pdu_set_code(resp, (coap_pdu_code_t)handler_code);
	if (handler_body != NULL)
		coap_add_data(resp, strlen(handler_body),
		    (const uint8_t *)handler_body);
}

coap_resource_t *
add(coap_resource_t *r)
{
	assert_non_null(r);
	assert_int_equal(resources_add(&table, r), 0);
	return r;
}

void
handle_all(coap_resource_t *r, coap_method_handler_t handler)
{
	int method;

	for (method = 1; method <= RESOURCE_METHODS; method++)
		coap_register_request_handler(r, (coap_request_t)method,
		    handler);
}

void
option(coap_option_num_t number, const char *value)
{
	assert_true(coap_add_option(request, number, strlen(value),
			(const uint8_t *)value) > 0);
}

void
option_uint(coap_option_num_t number, uint8_t value)
{
	assert_true(coap_add_option(request, number, 1, &value) > 0);
}

void
ask_root(unsigned code)
{
	coap_delete_pdu(request);
	request = pdu_new(COAP_MESSAGE_CON, code, 1, 100000);
	assert_non_null(request);
	coap_add_token(request, sizeof(token), token);
}

void
ask(unsigned code)
{
	ask_root(code);
	option(COAP_OPTION_URI_PATH, "a");
	option(COAP_OPTION_URI_PATH, "b");
}

void
ask_wellknown(unsigned code)
{
	ask_root(code);
	option(COAP_OPTION_URI_PATH, ".well-known");
	option(COAP_OPTION_URI_PATH, "core");
}

enum dispatch_result
run(void)
{
	coap_bin_const_t got;
	enum dispatch_result result;

	coap_delete_pdu(response);
	response = pdu_new(COAP_MESSAGE_ACK, 0, 1, RESPONSE_SIZE);
	assert_non_null(response);
	coap_add_token(response, sizeof(token), token);
	result = dispatch_request(&table, session, &env, request, response);
	got = coap_pdu_get_token(response);
	assert_int_equal(got.length, sizeof(token));
	assert_memory_equal(got.s, token, sizeof(token));
	return result;
}

void
assert_body(const char *text)
{
	const uint8_t *data;
	size_t len;

	coap_get_data(response, &len, &data);
	assert_int_equal(len, strlen(text));
	if (len > 0)
		assert_memory_equal(data, text, len);
}

void
assert_code(unsigned code)
{
	assert_int_equal(run(), DISPATCH_RESPOND);
	assert_int_equal(coap_pdu_get_code(response), code);
}

void
assert_answer(unsigned code, const char *text)
{
	assert_code(code);
	assert_body(text);
}

unsigned
response_option(coap_option_num_t number)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt = coap_check_option(response, number, &oi);

	assert_non_null(opt);
	return coap_opt_length(opt) == 0 ? 0 : coap_opt_value(opt)[0];
}

int
dispatch_setup(void **state)
{
	(void)state;
	resources_init(&table);
	env = (struct dispatch){ 0 };
	calls = 0;
	handler_code = COAP_RESPONSE_CODE_CONTENT;
	handler_body = "hello";
	resource = add(coap_resource_init(STR("a/b"), 0));
	handle_all(resource, dispatch_handle);
	ask(COAP_REQUEST_CODE_GET);
	return 0;
}

int
dispatch_teardown(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	resources_free(&table);
	coap_delete_pdu(request);
	coap_delete_pdu(response);
	request = response = NULL;
	return mem_outstanding() == 0 ? 0 : -1;
}

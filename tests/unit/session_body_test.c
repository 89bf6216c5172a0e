/* SPDX-License-Identifier: BSD-2-Clause */
/* coap_add_data_large_request() and _response() where the body is the payload
 * of one message: without a session nothing else is possible. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <coap3/coap.h>

#include "option_value.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static uint64_t thing[4];

/* Bodies that fit into one message */

static unsigned released;
static const uint8_t body[100] = { 1, 2, 3 };

static void
count_release(coap_session_t *s, void *app)
{
	assert_null(s);
	assert_ptr_equal(app, thing);
	released++;
}

static void
test_large_request(void **state)
{
	static const struct {
		size_t max, length;
		const uint8_t *data;
		int ok;
	} rows[] = {
		{ 200, 100, body, 1 },
		{ 101, 100, body, 1 },
		{ 100, 100, body, 0 },
		{ 200, 0, NULL, 1 },
		{ 200, 1, NULL, 0 },
	};
	const uint8_t *data;
	coap_pdu_t *p;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		released = 0;
		p = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1,
		    rows[i].max);
		assert_non_null(p);
		assert_int_equal(coap_add_data_large_request(NULL, p,
				     rows[i].length, rows[i].data,
				     count_release, thing),
		    rows[i].ok);
		assert_int_equal(released, 1);
		assert_int_equal(coap_get_data(p, &len, &data),
		    rows[i].ok && rows[i].length > 0);
		assert_int_equal(len, rows[i].ok ? rows[i].length : 0);
		coap_delete_pdu(p);
	}
	assert_int_equal(coap_add_data_large_request(NULL, NULL, 1, body,
			     count_release, thing),
	    0);
	assert_int_equal(released, 2);
	assert_int_equal(coap_add_data_large_request(NULL, NULL, 1, body, NULL,
			     NULL),
	    0);
}

static int
respond(coap_pdu_t *p, int maxage, uint64_t etag)
{
	released = 0;
	return coap_add_data_large_response(NULL, NULL, NULL, p, NULL,
	    COAP_MEDIATYPE_APPLICATION_CBOR, maxage, etag, sizeof(body), body,
	    count_release, thing);
}

static void
test_large_response(void **state)
{
	coap_opt_iterator_t oi;
	const uint8_t *data;
	size_t len;
	coap_pdu_t *p;

	(void)state;
	p = coap_pdu_init(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_CONTENT, 1, 200);
	assert_non_null(p);
	assert_int_equal(respond(p, 300, 0x1234), 1);
	assert_int_equal(released, 1);
	assert_int_equal(coap_pdu_get_code(p), COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(option_value(p, COAP_OPTION_CONTENT_FORMAT), 60);
	assert_int_equal(option_value(p, COAP_OPTION_MAXAGE), 300);
	assert_int_equal(option_value(p, COAP_OPTION_ETAG), 0x1234);
	assert_int_equal(coap_get_data(p, &len, &data), 1);
	assert_int_equal(len, sizeof(body));
	assert_memory_equal(data, body, len);
	coap_delete_pdu(p);

	p = coap_pdu_init(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_CONTENT, 1, 200);
	assert_non_null(p);
	assert_int_equal(respond(p, -1, 0), 1);
	assert_null(coap_check_option(p, COAP_OPTION_MAXAGE, &oi));
	assert_null(coap_check_option(p, COAP_OPTION_ETAG, &oi));
	coap_delete_pdu(p);

	p = coap_pdu_init(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_CONTENT, 1, 100);
	assert_non_null(p);
	assert_int_equal(respond(p, -1, 0), 0);
	assert_int_equal(released, 1);
	assert_int_equal(coap_pdu_get_code(p),
	    COAP_RESPONSE_CODE_INTERNAL_ERROR);
	coap_delete_pdu(p);
	assert_int_equal(respond(NULL, -1, 0), 0);
	assert_int_equal(released, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_large_request),
		cmocka_unit_test(test_large_response),
	};

	coap_set_log_level(COAP_LOG_EMERG);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

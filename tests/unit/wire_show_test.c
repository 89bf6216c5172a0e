/* SPDX-License-Identifier: BSD-2-Clause */
/* A message as text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <coap3/coap_debug.h>

#include "base/alloc.h"
#include "base/err.h"
#include "wire/pdu.h"

#define BYTES(s) ((const uint8_t *)(s))

static void
assert_prints(const coap_pdu_t *pdu, enum framing framing, bool with_data,
    const char *text)
{
	struct buf out;

	buf_init(&out, 65536);
	assert_int_equal(pdu_print(pdu, framing, with_data, &out), 0);
	assert_int_equal(buf_append_u8(&out, 0), 0);
	assert_string_equal((const char *)out.data, text);
	buf_free(&out);
}

static coap_pdu_t *
request(void)
{
	coap_pdu_t *pdu;

	pdu =
	    coap_pdu_init(COAP_MESSAGE_NON, COAP_REQUEST_CODE_PUT, 4660, 70000);
	assert_non_null(pdu);
	coap_add_token(pdu, 2, BYTES("\x01\xab"));
	return pdu;
}

static void
test_head(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	pdu =
	    coap_pdu_init(COAP_MESSAGE_ACK, COAP_RESPONSE_CODE_CONTENT, 1, 10);
	assert_prints(pdu, FRAMING_DATAGRAM, true, "ACK 2.05 Content mid=1");
	assert_prints(pdu, FRAMING_WS, true, "2.05 Content");
	coap_pdu_set_code(pdu, (coap_pdu_code_t)0x3f);
	assert_prints(pdu, FRAMING_STREAM, true, "1.31");
	coap_delete_pdu(pdu);
	pdu = request();
	assert_prints(pdu, FRAMING_DATAGRAM, true,
	    "NON 0.03 PUT mid=4660 token=01ab");
	coap_delete_pdu(pdu);
}

static void
test_options(void **state)
{
	coap_pdu_t *pdu = request();

	(void)state;
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 3, BYTES("a\x1b\xff"));
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 2, BYTES("\xc3\xa9"));
	coap_add_option(pdu, COAP_OPTION_IF_NONE_MATCH, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_ETAG, 2, BYTES("\x00\x10"));
	coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1, BYTES("\x28"));
	coap_add_option(pdu, COAP_OPTION_ACCEPT, 2, BYTES("\xfd\xe8"));
	coap_add_option(pdu, COAP_OPTION_MAXAGE, 2, BYTES("\x01\x00"));
	coap_add_option(pdu, COAP_OPTION_BLOCK2, 1, BYTES("\x1e"));
	coap_add_option(pdu, COAP_OPTION_BLOCK1, 2, BYTES("\x01\x07"));
	coap_add_option(pdu, 65000, 1, BYTES("x"));
	assert_prints(pdu, FRAMING_STREAM, true,
	    "0.03 PUT token=01ab [ETag:0x0010, If-None-Match, Observe:0, "
	    "Uri-Path:a\\x1b\\xff, Uri-Path:\xc3\xa9, "
	    "Content-Format:application/link-format, Max-Age:256, "
	    "Accept:65000, Block2:1/1/1024, Block1:16/0/BERT, 65000:0x78]");
	coap_delete_pdu(pdu);
}

/* Numbers mean something else in a signalling message. */
static void
test_signaling(void **state)
{
	coap_pdu_t *pdu;

	(void)state;
	pdu = pdu_new(COAP_MESSAGE_CON, COAP_SIGNALING_CODE_CSM, 0, 100);
	coap_add_option(pdu, 2, 2, BYTES("\x04\x80"));
	coap_add_option(pdu, 4, 0, NULL);
	assert_prints(pdu, FRAMING_STREAM, true,
	    "7.01 CSM [Max-Message-Size:1152, Block-Wise-Transfer]");
	coap_delete_pdu(pdu);
}

static void
test_data(void **state)
{
	static const char dump[] =
	    "0.03 PUT token=01ab 18 bytes\n"
	    "    0000  00 41 7e 7f 00 00 00 00 00 00 00 00 00 00 00 00"
	    "  .A~.............\n"
	    "    0010  ff 42                                          "
	    "  .B";
	coap_pdu_t *pdu = request();

	(void)state;
	coap_add_data(pdu, 9, BYTES("one\n\ntwo\n"));
	assert_prints(pdu, FRAMING_STREAM, false,
	    "0.03 PUT token=01ab 9 bytes");
	assert_prints(pdu, FRAMING_STREAM, true,
	    "0.03 PUT token=01ab 9 bytes\n    one\n    \n    two");
	coap_delete_pdu(pdu);
	pdu = request();
	coap_add_data(pdu, 18,
	    BYTES("\0A~\x7f\0\0\0\0\0\0\0\0\0\0\0\0\xff"
		  "B"));
	assert_prints(pdu, FRAMING_STREAM, true, dump);
	coap_delete_pdu(pdu);
}

/* What is not printable or not UTF-8 makes a payload a hexdump. */
static void
test_text_or_not(void **state)
{
	static const struct {
		const char *bytes;
		bool text;
	} rows[] = {
		{ "caf\xc3\xa9\t", true },
		{ "\xe2\x82\xac", true },
		{ "\xf0\x9f\x98\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\xc2\xa0", true },
		{ "\x1b[31m", false },
		{ "\r", false },
		{ "\x7f", false },
		{ "\xc2\x9b", false },
		{ "\x80", false },
		{ "\xc3", false },
		{ "\xc0\xaf", false },
		{ "\xe0\x80\xaf", false },
		{ "\xed\xa0\x80", false },
		{ "\xf4\x90\x80\x80", false },
		{ "\xf5\x80\x80\x80", false },
		{ "\xe2\x82", false },
		{ "\xe2\x28\xa1", false },
	};
	struct buf out;
	coap_pdu_t *pdu;

	(void)state;
	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pdu = request();
		coap_add_data(pdu, strlen(rows[i].bytes), BYTES(rows[i].bytes));
		buf_clear(&out);
		assert_int_equal(pdu_print(pdu, FRAMING_WS, true, &out), 0);
		assert_int_equal(buf_append_u8(&out, 0), 0);
		assert_int_equal(!strstr((const char *)out.data, "    0000  "),
		    rows[i].text);
		coap_delete_pdu(pdu);
	}
	buf_free(&out);
}

/* Long things are cut, and a cut never makes text a hexdump. */
static void
test_long(void **state)
{
	static uint8_t bytes[65000];
	coap_pdu_t *pdu;
	struct buf out;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(bytes); i += 2)
		memcpy(bytes + i, "\xc3\xa9", 2);
	bytes[0] = 'a';
	memcpy(bytes + 1, "\xc3\xa9", 2);
	for (size_t i = 1; i + 1 < sizeof(bytes); i += 2)
		memcpy(bytes + i, "\xc3\xa9", 2);
	pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_PUT, 1, 200000);
	coap_add_token(pdu, 65000, bytes);
	coap_add_option(pdu, COAP_OPTION_ETAG, 1000, bytes);
	coap_add_data(pdu, 65000, bytes);
	buf_init(&out, 10000);
	assert_int_equal(pdu_print(pdu, FRAMING_WS, true, &out), 0);
	assert_int_equal(buf_append_u8(&out, 0), 0);
	assert_in_range(out.len, 1024, 2000);
	assert_non_null(strstr((char *)out.data, "...(65000 bytes)"));
	assert_non_null(strstr((char *)out.data, "...(1000 bytes)"));
	assert_non_null(strstr((char *)out.data, "\n    a\xc3\xa9"));
	assert_non_null(
	    strstr((char *)out.data, "\n    ...(63977 more bytes)"));
	buf_free(&out);
	coap_delete_pdu(pdu);
}

/* The printer reports that the buffer is full, or memory out, wherever. */
static void
test_errors(void **state)
{
	coap_pdu_t *pdu = request();
	struct buf out;
	size_t len;

	(void)state;
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 1, BYTES("a"));
	coap_add_option(pdu, COAP_OPTION_IF_NONE_MATCH, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 0, NULL);
	coap_add_option(pdu, COAP_OPTION_BLOCK1, 1, BYTES("\7"));
	coap_add_option(pdu, 65000, 1, BYTES("a"));
	coap_add_data(pdu, 3, BYTES("\0ab"));
	buf_init(&out, 1000);
	assert_int_equal(pdu_print(pdu, FRAMING_DATAGRAM, true, &out), 0);
	len = out.len;
	buf_free(&out);
	for (size_t max = 0; max < len; max++) {
		buf_init(&out, max);
		assert_int_equal(pdu_print(pdu, FRAMING_DATAGRAM, true, &out),
		    -COAP_E_TOOBIG);
		buf_free(&out);
	}
	mem_fail_at(1, 0);
	buf_init(&out, 1000);
	assert_int_equal(pdu_print(pdu, FRAMING_DATAGRAM, true, &out),
	    -COAP_E_NOMEM);
	mem_fail_at(0, 0);
	buf_free(&out);
	coap_delete_pdu(pdu);
}

static char logged[1000];

static void
keep_log(coap_log_t level, const char *message)
{
	assert_int_equal(level, COAP_LOG_INFO);
	strncat(logged, message, sizeof(logged) - strlen(logged) - 1);
}

static void
test_show(void **state)
{
	coap_pdu_t *pdu = request();

	(void)state;
	coap_add_data(pdu, 5, BYTES("a\n%sb"));
	coap_set_log_handler(keep_log);
	coap_set_log_level(COAP_LOG_INFO);
	coap_set_show_pdu_output(0);
	coap_show_pdu(COAP_LOG_INFO, pdu);
	assert_string_equal(logged,
	    "NON 0.03 PUT mid=4660 token=01ab 5 bytes\n"
	    "    a\n    %sb\n");
	logged[0] = '\0';
	coap_show_pdu(COAP_LOG_DEBUG, pdu);
	coap_show_pdu(COAP_LOG_INFO, NULL);
	assert_string_equal(logged, "");
	/* in the framing of the wire that it came from or went to */
	assert_int_equal(coap_pdu_parse(COAP_PROTO_TCP, BYTES("\x21\x45t\xffx"),
			     5, pdu),
	    1);
	coap_enable_pdu_data_output(0);
	coap_show_pdu(COAP_LOG_INFO, pdu);
	assert_string_equal(logged, "2.05 Content token=74 1 byte\n");
	coap_enable_pdu_data_output(1);
	coap_set_show_pdu_output(1);
	coap_delete_pdu(pdu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_signaling),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_text_or_not),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_show),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

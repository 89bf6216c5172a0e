/* SPDX-License-Identifier: BSD-2-Clause */
/* A proxy's rules: which options pass, and whose a request is. */
#include "dispatch_fixture.h"

#include <stdio.h>
#include <string.h>

#include <coap3/coap_net.h>

#include "exchange/proxy.h"

/* --- the table ------------------------------------------------------------ */

static void
test_fates(void **state)
{
	static const struct {
		unsigned number;
		enum proxy_fate request;
		enum proxy_fate response;
	} rows[] = {
		{ COAP_OPTION_IF_MATCH, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_URI_HOST, PROXY_NAME, PROXY_REFUSE },
		{ COAP_OPTION_ETAG, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_IF_NONE_MATCH, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_OBSERVE, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_URI_PORT, PROXY_NAME, PROXY_REFUSE },
		{ COAP_OPTION_LOCATION_PATH, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_OSCORE, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_URI_PATH, PROXY_NAME, PROXY_REFUSE },
		{ COAP_OPTION_CONTENT_FORMAT, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_MAXAGE, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_URI_QUERY, PROXY_NAME, PROXY_REFUSE },
		{ COAP_OPTION_HOP_LIMIT, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_ACCEPT, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_Q_BLOCK1, PROXY_REFUSE, PROXY_REFUSE },
		{ COAP_OPTION_LOCATION_QUERY, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_BLOCK2, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_BLOCK1, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_SIZE2, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_Q_BLOCK2, PROXY_REFUSE, PROXY_REFUSE },
		{ COAP_OPTION_PROXY_URI, PROXY_NAME, PROXY_REFUSE },
		{ COAP_OPTION_PROXY_SCHEME, PROXY_NAME, PROXY_REFUSE },
		{ COAP_OPTION_SIZE1, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_ECHO, PROXY_PASS, PROXY_PASS },
		{ COAP_OPTION_NORESPONSE, PROXY_HOP, PROXY_HOP },
		{ COAP_OPTION_RTAG, PROXY_HOP, PROXY_HOP },
		{ 65000, PROXY_PASS, PROXY_PASS },
		{ 65001, PROXY_PASS, PROXY_PASS },
		{ 65002, PROXY_REFUSE, PROXY_REFUSE },
		{ 65003, PROXY_REFUSE, PROXY_REFUSE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(proxy_request_option(&table, rows[i].number),
		    rows[i].request);
		assert_int_equal(proxy_response_option(&table, rows[i].number),
		    rows[i].response);
	}
	resources_register_option(&table, 65002);
	assert_int_equal(proxy_request_option(&table, 65002), PROXY_PASS);
	assert_int_equal(proxy_response_option(&table, 65002), PROXY_PASS);
}

static void
test_hop_limit(void **state)
{
	(void)state;
	assert_int_equal(proxy_hop_limit(request), 16);
	option_uint(COAP_OPTION_HOP_LIMIT, 5);
	assert_int_equal(proxy_hop_limit(request), 4);
	/* A second one is ignored. */
	option_uint(COAP_OPTION_HOP_LIMIT, 9);
	assert_int_equal(proxy_hop_limit(request), 4);
	ask(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_HOP_LIMIT, 1);
	assert_int_equal(proxy_hop_limit(request), 0);
}

static void
test_names_of_proxies(void **state)
{
	static const struct {
		const char *names;
		bool named;
	} rows[] = {
		{ "", false },
		{ "me", true },
		{ "me a", true },
		{ "a me", true },
		{ "a me b", true },
		{ "a b", false },
		{ "mer", false },
		{ "a mer", false },
		{ "am", false },
		{ "ame b", false },
		{ "a  b ", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK,
		    COAP_RESPONSE_CODE_HOP_LIMIT_REACHED, 1, 100);
		size_t len = strlen(rows[i].names);

		assert_non_null(pdu);
		assert_true(len == 0 ||
		    coap_add_data(pdu, len, (const uint8_t *)rows[i].names));
		assert_int_equal(proxy_is_named(pdu, "me"), rows[i].named);
		coap_delete_pdu(pdu);
	}
}

/* --- options of what goes on ---------------------------------------------- */

/* As "number=value number=value". */
static void
assert_options(const coap_uri_t *asked, const coap_uri_t *hop,
    const char *expected)
{
	coap_optlist_t *chain = NULL;
	const coap_optlist_t *o;
	char text[400] = "";
	size_t n = 0;

	assert_int_equal(proxy_request_options(&table, request, asked, hop, 0,
			     &chain),
	    0);
	for (o = chain; o; o = o->next)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%u=%.*s",
		    n ? " " : "", o->number, (int)o->length,
		    (const char *)o->data);
	coap_delete_optlist(chain);
	assert_string_equal(text, expected);
}

static void
split(const char *text, coap_uri_t *uri)
{
	assert_int_equal(coap_split_proxy_uri((const uint8_t *)text,
			     strlen(text), uri),
	    0);
}

static void
test_proxy_uri_is_taken_apart(void **state)
{
	coap_uri_t uri;

	(void)state;
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_HOST, "other");
	option(COAP_OPTION_URI_PATH, "other");
	option(COAP_OPTION_ACCEPT, "2");
	option(COAP_OPTION_PROXY_URI, "coap://Host:61616/a/b?c&d");
	split("coap://Host:61616/a/b?c&d", &uri);
	assert_options(&uri, &uri, "3=host 11=a 11=b 15=c 15=d 17=2");
	/* Another proxy is told all of it. */
	assert_options(NULL, &uri,
	    "3=other 11=other 17=2 35=coap://Host:61616/a/b?c&d");
}

static void
test_proxy_scheme_is_taken_off(void **state)
{
	coap_uri_t uri;

	(void)state;
	ask(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_URI_HOST, "192.0.2.1");
	option(COAP_OPTION_URI_QUERY, "c");
	option(COAP_OPTION_OBSERVE, "");
	option(COAP_OPTION_PROXY_SCHEME, "coap");
	split("coap://192.0.2.1/a/b?c", &uri);
	assert_options(&uri, &uri, "11=a 11=b 15=c");
}

/* --- whose it is ---------------------------------------------------------- */

static coap_resource_t *
add_proxy(void)
{
	const char *hosts[] = { "Me.Example", "2001:db8::1" };

	return add(coap_resource_proxy_uri_init(dispatch_handle, 2, hosts));
}

static void
test_places(void **state)
{
	static const struct {
		const char *uri;
		const char *host;
		enum proxy_place place;
	} rows[] = {
		{ "coap://me.example/x", NULL, PROXY_OWN },
		{ "coaps+tcp://ME.EXAMPLE:7", NULL, PROXY_OWN },
		{ "coap://[2001:DB8:0::1]/", NULL, PROXY_OWN },
		{ "coap://you.example/x", NULL, PROXY_FORWARD },
		{ "http://you.example/x", NULL, PROXY_FORWARD },
		{ "coap://you.example/x", "me.example", PROXY_FORWARD },
		{ "what is this", "me.example", PROXY_FORWARD },
		{ NULL, "me.example", PROXY_OWN },
		{ NULL, "[2001:db8::1]", PROXY_OWN },
		{ NULL, "you.example", PROXY_FORWARD },
		{ NULL, NULL, PROXY_FORWARD },
	};

	(void)state;
	option(COAP_OPTION_PROXY_SCHEME, "coap");
	assert_int_equal(proxy_place_of(&table, request), PROXY_NONE);
	add_proxy();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ask_root(COAP_REQUEST_CODE_GET);
		if (rows[i].host)
			option(COAP_OPTION_URI_HOST, rows[i].host);
		if (rows[i].uri)
			option(COAP_OPTION_PROXY_URI, rows[i].uri);
		else
			option(COAP_OPTION_PROXY_SCHEME, "coap");
		assert_int_equal(proxy_place_of(&table, request),
		    rows[i].place);
	}
	ask_root(COAP_REQUEST_CODE_GET);
	assert_int_equal(proxy_place_of(&table, request), PROXY_HERE);
}

static void
handle_own(coap_resource_t *r, coap_session_t *s, const coap_pdu_t *req,
    const coap_string_t *query, coap_pdu_t *resp)
{
	coap_opt_iterator_t oi;

	(void)r, (void)s, (void)query;
	assert_null(coap_check_option(req, COAP_OPTION_PROXY_URI, &oi));
	assert_non_null(coap_check_option(req, COAP_OPTION_URI_HOST, &oi));
	coap_pdu_set_code(resp, CODE(203));
}

static void
test_dispatch(void **state)
{
	(void)state;
	add_proxy();
	/* The path is not ours. */
	ask_root(COAP_REQUEST_CODE_PUT);
	option(COAP_OPTION_IF_NONE_MATCH, "");
	option(COAP_OPTION_PROXY_URI, "coap://you.example/nowhere");
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
	/* A name of our own is served here. */
	handle_all(add(coap_resource_init(STR("own"), 0)), handle_own);
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_PROXY_URI, "coap://me.example/own");
	assert_code(CODE(203));
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_PROXY_URI, "coap://me.example/nowhere");
	assert_code(CODE(404));
	ask_root(COAP_REQUEST_CODE_GET);
	option(65002, "x");
	option(COAP_OPTION_PROXY_URI, "coap://you.example/x");
	assert_answer(CODE(402), "Option 65002 is not known to this proxy");
	/* Hop-Limit is looked at first (RFC 8768 section 3). */
	ask_root(COAP_REQUEST_CODE_GET);
	option_uint(COAP_OPTION_HOP_LIMIT, 0);
	option(COAP_OPTION_PROXY_URI, "coap://you.example/x");
	assert_answer(CODE(400), "Option 16 (Hop-Limit) is not 1 to 255");
}

static void
test_reverse_takes_all(void **state)
{
	(void)state;
	add(coap_resource_reverse_proxy_init(dispatch_handle, 0));
	ask_wellknown(COAP_REQUEST_CODE_GET);
	assert_code(CODE(205));
	assert_int_equal(calls, 1);
	ask(COAP_REQUEST_CODE_DELETE);
	assert_code(CODE(205));
	option(65002, "x");
	assert_answer(CODE(402), "Option 65002 is not known to this proxy");
	ask_root(COAP_REQUEST_CODE_GET);
	option(COAP_OPTION_PROXY_URI, "coap://you.example/x");
	assert_code(CODE(505));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fates),
		TEST(test_hop_limit),
		TEST(test_names_of_proxies),
		TEST(test_proxy_uri_is_taken_apart),
		TEST(test_proxy_scheme_is_taken_off),
		TEST(test_places),
		TEST(test_dispatch),
		TEST(test_reverse_takes_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs: splitting, what is wrong with them, printing. */
#include "uri_check.h"

static void
test_split(void **state)
{
	static const struct {
		const char *text;
		int scheme;
		const char *host;
		unsigned port;
		const char *path, *query;
	} rows[] = {
		{ "coap://h", 0, "h", 5683, NULL, NULL },
		{ "coap://h/", 0, "h", 5683, NULL, NULL },
		{ "coap://h/a/b?x=1&y", 0, "h", 5683, "a/b", "x=1&y" },
		{ "coap://h?x", 0, "h", 5683, NULL, "x" },
		{ "coap://h/?", 0, "h", 5683, NULL, "" },
		{ "coap://h//", 0, "h", 5683, "/", NULL },
		{ "coap://h/a?b/c?d", 0, "h", 5683, "a", "b/c?d" },
		{ "coaps://h", 1, "h", 5684, NULL, NULL },
		{ "coap+tcp://h", 2, "h", 5683, NULL, NULL },
		{ "coaps+tcp://h", 3, "h", 5684, NULL, NULL },
		{ "coap+ws://h", 6, "h", 80, NULL, NULL },
		{ "coaps+ws://h", 7, "h", 443, NULL, NULL },
		{ "COAPs+Tcp://H/A", 3, "H", 5684, "A", NULL },
		{ "coap://192.0.2.1:61616/a", 0, "192.0.2.1", 61616, "a",
		    NULL },
		{ "coap://h:", 0, "h", 5683, NULL, NULL },
		{ "coap://h:0", 0, "h", 0, NULL, NULL },
		{ "coap://h:65535", 0, "h", 65535, NULL, NULL },
		{ "coap://h:000080/", 0, "h", 80, NULL, NULL },
		{ "coap://[::1]", 0, "::1", 5683, NULL, NULL },
		{ "coap://[2001:db8::1]:5/a", 0, "2001:db8::1", 5, "a", NULL },
		{ "coap://[fe80::1%25eth0]:5/a", 0, "fe80::1%25eth0", 5, "a",
		    NULL },
		{ "coap://[fe80::1%eth0]", 0, "fe80::1%eth0", 5683, NULL,
		    NULL },
		{ "coap://[::ffff:192.0.2.1]", 0, "::ffff:192.0.2.1", 5683,
		    NULL, NULL },
		{ "coap://%2Ftmp%2Fs/a", 0, "%2Ftmp%2Fs", 5683, "a", NULL },
		{ "coap://a-b_c.d~e!$&'()*+,;=", 0,
		    "a-b_c.d~e!$&'()*+,;=", 5683, NULL, NULL },
		{ "/", 0, NULL, 5683, NULL, NULL },
		{ "/a/b?c", 0, NULL, 5683, "a/b", "c" },
		{ "//h/a", 0, NULL, 5683, "/h/a", NULL },
		{ "/a:b@c", 0, NULL, 5683, "a:b@c", NULL },
	};
	coap_uri_t uri;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		if (split(rows[i].text, &uri) != 0)
			fail_msg("%s", rows[i].text);
		assert_int_equal(uri.scheme, rows[i].scheme);
		assert_text(uri.host, rows[i].host);
		assert_int_equal(uri.port, rows[i].port);
		assert_text(uri.path, rows[i].path);
		assert_text(uri.query, rows[i].query);
		assert_int_equal(coap_uri_scheme_is_secure(&uri),
		    rows[i].scheme & 1);
		assert_int_equal(coapx_uri_check(rows[i].text,
				     strlen(rows[i].text), NULL),
		    0);
		assert_null(
		    coapx_uri_problem(rows[i].text, strlen(rows[i].text)));
	}
}

static void
test_split_errors(void **state)
{
	static const struct {
		const char *text;
		int code;
		size_t at;
	} rows[] = {
		{ "", -1, 0 },
		{ "a/b", -1, 0 },
		{ "h", -1, 0 },
		{ "foo://h", -1, 0 },
		{ "coapx://h", -1, 0 },
		{ "coa://h", -1, 0 },
		{ "://h", -1, 0 },
		{ "http://h/", -1, 0 },
		{ " coap://h", -1, 0 },
		{ "coap:", -2, 5 },
		{ "coap:h", -2, 5 },
		{ "coap:/h", -2, 5 },
		{ "coap://", -3, 7 },
		{ "coap:///a", -3, 7 },
		{ "coap://:5683/", -3, 7 },
		{ "coap://?a", -3, 7 },
		{ "coap://u@h/", -3, 8 },
		{ "coap://u:p@h/", -3, 10 },
		{ "coap://a b/", -3, 8 },
		{ "coap://a%2/", -3, 8 },
		{ "coap://a%zz", -3, 8 },
		{ "coap://a\xc3\xa9", -3, 8 },
		{ "coap://::1/", -3, 7 },
		{ "coap://[::1", -3, 7 },
		{ "coap://[::1/a]", -3, 7 },
		{ "coap://::1]", -3, 10 },
		{ "coap://a[b]", -3, 8 },
		{ "coap://[]", -3, 8 },
		{ "coap://[h]", -3, 8 },
		{ "coap://[192.0.2.1]", -3, 8 },
		{ "coap://[::1::]", -3, 8 },
		{ "coap://[fe80::1%]", -3, 8 },
		{ "coap://[fe80::1%25]", -3, 8 },
		{ "coap://[fe80::1%25a%2]", -3, 8 },
		{ "coap://[fe80::1%25a b]", -3, 8 },
		{ "coap://[::1]5683", -3, 12 },
		{ "coap://h:65536", -4, 9 },
		{ "coap://h:99999999999999999999", -4, 9 },
		{ "coap://h:12x/", -4, 11 },
		{ "coap://h:-1", -4, 9 },
		{ "coap://h: 1", -4, 9 },
		{ "coap://[::1]:x", -4, 13 },
		{ "coap://h/a b", -5, 10 },
		{ "coap://h/a%2", -5, 10 },
		{ "coap://h/%g0", -5, 9 },
		{ "coap://h/a|b", -5, 10 },
		{ "coap://h/[", -5, 9 },
		{ "coap://h/a\"", -5, 10 },
		{ "coap://h/\xc3\xa9", -5, 9 },
		{ "coap://h/a#f", -5, 10 },
		{ "coap://h#f", -5, 8 },
		{ "coap://h/?a#", -5, 11 },
		{ "coap://h/?a b", -5, 11 },
		{ "coap://h/?%", -5, 10 },
		{ "/a b", -5, 2 },
		{ "/a#", -5, 2 },
	};
	coap_uri_t uri;
	size_t i, at;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		size_t len = strlen(rows[i].text);

		if (split(rows[i].text, &uri) != rows[i].code)
			fail_msg("%s", rows[i].text);
		assert_text(uri.host, NULL);
		assert_text(uri.path, NULL);
		assert_text(uri.query, NULL);
		assert_int_equal(uri.port, 5683);
		at = SIZE_MAX;
		assert_int_equal(coapx_uri_check(rows[i].text, len, &at),
		    -COAP_E_URI);
		if (at != rows[i].at)
			fail_msg("%s: at %zu", rows[i].text, at);
		assert_non_null(coapx_uri_problem(rows[i].text, len));
	}
	assert_int_equal(coap_split_uri(NULL, 1, &uri), -1);
	assert_int_equal(coap_split_uri((const uint8_t *)"/", 1, NULL), -1);
	assert_int_equal(coapx_uri_check(NULL, 4, NULL), -COAP_E_URI);
	assert_string_equal(coapx_uri_problem("coap://::1", 10),
	    "an IPv6 address goes between [ and ]");
}

/* A NUL ends nothing: the length counts. */
static void
test_split_nul(void **state)
{
	coap_uri_t uri;

	(void)state;
	assert_int_equal(coap_split_uri((const uint8_t *)"coap://h/a\0b", 12,
			     &uri),
	    -5);
	assert_int_equal(coap_split_uri((const uint8_t *)"coap://h\0", 9, &uri),
	    -3);
	assert_int_equal(coap_split_uri((const uint8_t *)"coap\0://h", 9, &uri),
	    -1);
}

static void
test_split_proxy(void **state)
{
	static const char fault[] = "/a";
	coap_uri_t uri;

	(void)state;
	assert_int_equal(coap_split_proxy_uri((const uint8_t *)"http://h/x?y",
			     12, &uri),
	    0);
	assert_int_equal(uri.scheme, COAP_URI_SCHEME_HTTP);
	assert_int_equal(uri.port, 80);
	assert_text(uri.path, "x");
	assert_text(uri.query, "y");
	assert_int_equal(coap_split_proxy_uri((const uint8_t *)"HTTPS://h", 9,
			     &uri),
	    0);
	assert_int_equal(uri.port, 443);
	assert_int_equal(coap_split_proxy_uri((const uint8_t *)"coaps://h", 9,
			     &uri),
	    0);
	assert_int_equal(coap_split_proxy_uri((const uint8_t *)fault, 2, &uri),
	    -1);
}

static void
test_print(void **state)
{
	static const char *const rows[][2] = {
		{ "coap://h", "coap://h/" },
		{ "COAP://Example.ORG:5683/", "coap://example.org/" },
		{ "coaps://h:5683", "coaps://h:5683/" },
		{ "coap+ws://h:80/a", "coap+ws://h/a" },
		{ "coaps+tcp://h:0/a", "coaps+tcp://h:0/a" },
		{ "coap://EXAMPLE.com:5683/~sensors/temp.xml",
		    "coap://example.com/~sensors/temp.xml" },
		{ "coap://EXAMPLE.com/%7esensors/temp.xml",
		    "coap://example.com/~sensors/temp.xml" },
		{ "coap://[2001:DB8:0:0::1]:1", "coap://[2001:db8::1]:1/" },
		{ "coap://[FE80::1%25Eth0]", "coap://[fe80::1%25Eth0]/" },
		{ "coap://[fe80::1%eth0%2e1]", "coap://[fe80::1%25eth0.1]/" },
		{ "coap://h/a/./b/../c", "coap://h/a/c" },
		{ "coap://h/%61%2f%3a?%61%26%2f", "coap://h/a%2F:?a%26/" },
		{ "coap://h/%c3%a9%20", "coap://h/%C3%A9%20" },
		{ "coap://h/?", "coap://h/?" },
		{ "coap://h//", "coap://h//" },
		{ "coap://%2fTmp%2Fs/a", "coap://%2FTmp%2Fs/a" },
		{ "coap://A%42%c3%89", "coap://ab%C3%89/" },
		{ "/a/../b?c", "/b?c" },
		{ "/", "/" },
	};
	coap_string_t *text;
	coap_uri_t uri;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(split(rows[i][0], &uri), 0);
		assert_printed(&uri, rows[i][1]);
	}
	/* What %XX means in http, the server says. */
	assert_int_equal(coap_split_proxy_uri((const uint8_t
						      *)"http://h/%2b%41?%26",
			     19, &uri),
	    0);
	assert_printed(&uri, "http://h/%2BA?%26");

	COAP_SET_STR(&uri.host, 3, (const uint8_t *)"a:b");
	assert_int_equal(coapx_uri_print(&uri, &text), -COAP_E_URI);
	assert_null(text);
	uri.scheme = COAP_URI_SCHEME_LAST;
	assert_int_equal(coapx_uri_print(&uri, &text), -COAP_E_INVAL);
	assert_int_equal(coapx_uri_print(NULL, &text), -COAP_E_INVAL);
	assert_int_equal(coapx_uri_print(&uri, NULL), -COAP_E_INVAL);
	assert_string_equal(coapx_uri_scheme_name(COAP_URI_SCHEME_COAPS_WS),
	    "coaps+ws");
	assert_null(coapx_uri_scheme_name(COAP_URI_SCHEME_LAST));
}

static void
test_new_clone(void **state)
{
	static const char text[] = "coap://h/a?b";
	coap_uri_t *uri, *clone;
	uint8_t *copy;

	(void)state;
	copy = guard_put(&guard, text, sizeof(text) - 1);
	uri = coap_new_uri(copy, sizeof(text) - 1);
	assert_non_null(uri);
	memset(copy, 0, sizeof(text) - 1);
	assert_text(uri->host, "h");
	clone = coap_clone_uri(uri);
	assert_non_null(clone);
	coap_delete_uri(uri);
	assert_text(clone->host, "h");
	assert_text(clone->path, "a");
	assert_text(clone->query, "b");
	coap_delete_uri(clone);

	uri = coap_new_uri((const uint8_t *)"/", 1);
	clone = coap_clone_uri(uri);
	assert_text(clone->path, NULL);
	assert_text(clone->query, NULL);
	coap_delete_uri(uri);
	coap_delete_uri(clone);
	assert_null(coap_new_uri((const uint8_t *)"x", 1));
	assert_null(coap_new_uri(NULL, 0));
	assert_null(coap_clone_uri(NULL));
	coap_delete_uri(NULL);
}

static void
test_host(void **state)
{
	static const struct {
		const char *uri;
		int r;
		const char *text;
	} rows[] = {
		{ "coap://Ex%41mple", 7, "example" },
		{ "coap://[FE80::1%25Eth%2e0]", 13, "fe80::1%Eth.0" },
		{ "coap://[::1]", 3, "::1" },
		{ "coap://%2fTmp%2fs", 6, "/Tmp/s" },
		{ "coap://a%00b", -COAP_E_URI, NULL },
	};
	coap_str_const_t host;
	coap_uri_t uri;
	char out[64];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(split(rows[i].uri, &uri), 0);
		assert_int_equal(uri_host_text(&uri.host, out, sizeof(out)),
		    rows[i].r);
		if (rows[i].text)
			assert_string_equal(out, rows[i].text);
	}
	assert_int_equal(split("coap://abc", &uri), 0);
	assert_int_equal(uri_host_text(&uri.host, out, 3), -COAP_E_TOOBIG);
	assert_int_equal(uri_host_text(&uri.host, out, 4), 3);
	assert_false(coap_host_is_unix_domain(&uri.host));
	assert_false(coap_host_is_unix_domain(NULL));
	COAP_SET_STR(&host, 3, (const uint8_t *)"%2f");
	assert_true(coap_host_is_unix_domain(&host));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_split_errors),
		cmocka_unit_test(test_split_nul),
		cmocka_unit_test(test_split_proxy),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_new_clone),
		cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

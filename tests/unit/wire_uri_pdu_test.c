/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs: composed from the options of a request, and back. */
#include "uri_check.h"

#define LONG_TEXT 255

static void
test_from_pdu(void **state)
{
	static const struct {
		const char *base;
		const char *options[9];
		const char *uri;
	} rows[] = {
		{ "coap://[2001:DB8::1]:61616/x?y", { NULL },
		    "coap://[2001:db8::1]:61616/" },
		{ "coap://192.0.2.1", { "3", "H\xc3\xa9 x" },
		    "coap://h%C3%A9%20x/" },
		{ "coaps://192.0.2.1", { "3", "[2001:DB8::1]", "7", "5683" },
		    "coaps://[2001:db8::1]:5683/" },
		{ "coaps://h", { "3", "2001:db8::1" },
		    "coaps://[2001:db8::1]/" },
		{ "coap://h", { "3", "a[b", "7", "5683" }, "coap://a%5Bb/" },
		{ "coap://h",
		    { "11", "a", "11", "b/c", "15", "d&e", "15", "/" },
		    "coap://h/a/b%2Fc?d%26e&/" },
		{ "coap://h", { "11", "", "11", "" }, "coap://h//" },
		{ "coap://h", { "11", "" }, "coap://h/" },
		{ "coap://h", { "11", "%\x01:@...", "15", "" },
		    "coap://h/%25%01:@...?" },
		{ "coap://p:1", { "3", "h", "11", "a", "39", "HTTP" },
		    "http://h/a" },
		{ "coap://p", { "3", "h", "7", "5684", "39", "coaps" },
		    "coaps://h/" },
		{ "coap://p", { "3", "h", "7", "99", "39", "x-y+z.1" },
		    "x-y+z.1://h:99/" },
		{ "coap://p", { "11", "a", "35", "urn:X#y" }, "urn:X#y" },
		{ "/", { "11", "a" }, "/a" },
		{ "/", { "3", "h", "11", "a" }, "coap://h/a" },
	};
	coap_string_t *text;
	coap_uri_t base;
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		assert_int_equal(split(rows[i].base, &base), 0);
		pdu = request(rows[i].options);
		assert_int_equal(coapx_uri_from_pdu(pdu, &base, &text), 0);
		assert_string_equal((char *)text->s, rows[i].uri);
		coap_delete_string(text);
		coap_delete_pdu(pdu);
	}
}

static void
test_from_pdu_errors(void **state)
{
	static const char *const rows[][3] = {
		{ "11", "." },
		{ "11", ".." },
		{ "39", "1a" },
		{ "39", "a b" },
		{ "39", "" },
		{ "35", "a b" },
		{ "35", "a\x7f" },
		{ "3", "" },
	};
	static const uint8_t port[] = { 1, 0, 0 };
	coap_string_t *text;
	coap_uri_t base;
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	assert_int_equal(split("coap://h", &base), 0);
	for (i = 0; i < COUNT(rows); i++) {
		pdu = request(rows[i]);
		assert_int_equal(coapx_uri_from_pdu(pdu, &base, &text),
		    -COAP_E_URI);
		assert_null(text);
		coap_delete_pdu(pdu);
	}
	pdu = request(rows[0] + 2);
	coap_add_option(pdu, COAP_OPTION_URI_PORT, sizeof(port), port);
	assert_int_equal(coapx_uri_from_pdu(pdu, &base, &text), -COAP_E_URI);
	assert_int_equal(coapx_uri_from_pdu(pdu, NULL, &text), -COAP_E_INVAL);
	assert_int_equal(coapx_uri_from_pdu(pdu, &base, NULL), -COAP_E_INVAL);
	assert_int_equal(coapx_uri_from_pdu(NULL, &base, &text), -COAP_E_INVAL);
	coap_delete_pdu(pdu);
}

static void
test_get(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const some[] = { "11", "a", "11", "b/c d", "15",
		"x&y", "15", "", "15", "/?", NULL };
	static const char *const empty[] = { "11", "", "11", "", "15", "",
		NULL };
	coap_string_t *text;
	coap_pdu_t *pdu;

	(void)state;
	pdu = request(none);
	text = coap_get_uri_path(pdu);
	assert_string_equal((char *)text->s, "");
	coap_delete_string(text);
	assert_null(coap_get_query(pdu));
	coap_delete_pdu(pdu);

	pdu = request(some);
	text = coap_get_uri_path(pdu);
	assert_string_equal((char *)text->s, "a/b%2Fc%20d");
	coap_delete_string(text);
	text = coap_get_query(pdu);
	assert_string_equal((char *)text->s, "x%26y&&/?");
	coap_delete_string(text);
	coap_delete_pdu(pdu);

	pdu = request(empty);
	text = coap_get_uri_path(pdu);
	assert_string_equal((char *)text->s, "/");
	coap_delete_string(text);
	text = coap_get_query(pdu);
	assert_int_equal(text->length, 0);
	coap_delete_string(text);
	coap_delete_pdu(pdu);
	assert_null(coap_get_uri_path(NULL));
	assert_null(coap_get_query(NULL));
}

/* Random bytes, no "." or ".." and, for a host, none in upper case and no slash,
 * which would make it a socket in the file system. */
static size_t
random_value(uint8_t *out, size_t max, bool host)
{
	size_t n = pick((unsigned)max + 1), i;

	if (pick(50) == 0)
		n = max;
	for (i = 0; i < n; i++) {
		do
			out[i] = (uint8_t)random();
		while (out[i] == '.' ||
		    (host &&
			(out[i] == 0 || out[i] == '/' ||
			    (out[i] >= 'A' && out[i] <= 'Z'))));
	}
	return host && n == 0 ? random_value(out, max, host) : n;
}

static void
random_options(coap_optlist_t **list, unsigned n_path, unsigned n_query)
{
	uint8_t value[LONG_TEXT];
	size_t len;

	if (pick(2)) {
		len = random_value(value, 8, true);
		coap_insert_optlist(list,
		    coap_new_optlist(COAP_OPTION_URI_HOST, len, value));
	}
	if (pick(2)) {
		len = coap_encode_var_safe(value, 4, 1 + pick(5000));
		coap_insert_optlist(list,
		    coap_new_optlist(COAP_OPTION_URI_PORT, len, value));
	}
	while (n_path-- > 0) {
		len = random_value(value, pick(10) ? 6 : LONG_TEXT, false);
		coap_insert_optlist(list,
		    coap_new_optlist(COAP_OPTION_URI_PATH, len, value));
	}
	while (n_query-- > 0) {
		len = random_value(value, 6, false);
		coap_insert_optlist(list,
		    coap_new_optlist(COAP_OPTION_URI_QUERY, len, value));
	}
}

/*
 * Options, made a URI and options again, are the same, but for what has two
 * forms: one empty Uri-Path is the root, and the host of the session is that
 * of the request.
 */
static void
test_options_are_stable(void **state)
{
	coap_optlist_t *list, *back, *x, *y;
	coap_string_t *text;
	coap_address_t dst;
	coap_uri_t base, uri;
	unsigned round;
	coap_pdu_t *pdu;

	(void)state;
	srandom(3986);
	set_addr(&dst, "192.0.2.1", 5683);
	assert_int_equal(coap_split_uri((const uint8_t *)"coap://192.0.2.1", 16,
			     &base),
	    0);
	for (round = 0; round < 5000; round++) {
		list = back = NULL;
		random_options(&list, pick(5), pick(4));
		pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1,
		    65536);
		coap_add_optlist_pdu(pdu, &list);
		assert_int_equal(coapx_uri_from_pdu(pdu, &base, &text), 0);
		assert_int_equal(coap_split_uri(text->s, text->length, &uri),
		    0);
		assert_int_equal(coap_uri_into_optlist(&uri, &dst, &back, 1),
		    1);
		for (x = list, y = back; x; x = x->next) {
			if (x->number == COAP_OPTION_URI_PATH &&
			    x->length == 0 &&
			    (!y || y->number != COAP_OPTION_URI_PATH))
				continue;
			assert_non_null(y);
			assert_int_equal(x->number, y->number);
			assert_int_equal(x->length, y->length);
			assert_memory_equal(x->data, y->data, x->length);
			y = y->next;
		}
		assert_null(y);
		coap_delete_string(text);
		coap_delete_optlist(list);
		coap_delete_optlist(back);
		coap_delete_pdu(pdu);
	}
}

/* Whichever allocation fails: an error, nothing lost, the list untouched. */
static void
test_no_memory(void **state)
{
	static const char *const options[] = { "3", "h", "11", "a", "15", "b",
		NULL };
	size_t n, before = mem_outstanding();
	coap_optlist_t *list = NULL;
	coap_uri_t uri, *copy;
	coap_string_t *text;
	coap_pdu_t *pdu;
	int r = 0;

	(void)state;
	assert_int_equal(split("coap://h/a/b?c", &uri), 0);
	for (n = 1; r == 0; n++) {
		mem_fail_at(n, 0);
		r = coap_uri_into_optlist(&uri, NULL, &list, 1);
		mem_fail_at(0, 0);
		if (r == 0)
			assert_null(list);
		else
			coap_delete_optlist(list);
		assert_int_equal(mem_outstanding(), before);
	}
	assert_true(n > 6);
	for (n = 1, r = -1; r != 0; n++) {
		mem_fail_at(n, 0);
		r = coapx_uri_print(&uri, &text);
		mem_fail_at(0, 0);
		if (r != 0)
			assert_int_equal(r, -COAP_E_NOMEM);
		coap_delete_string(text);
		assert_int_equal(mem_outstanding(), before);
	}
	assert_true(n > 3);
	mem_fail_at(1, 0);
	copy = coap_clone_uri(&uri);
	assert_null(copy);
	mem_fail_at(1, 0);
	assert_null(coap_new_uri((const uint8_t *)"/", 1));
	mem_fail_at(0, 0);
	pdu = request(options);
	before = mem_outstanding();
	for (n = 1; n <= 2; n++) {
		mem_fail_at(n, 0);
		assert_int_equal(coapx_uri_from_pdu(pdu, &uri, &text),
		    -COAP_E_NOMEM);
		mem_fail_at(n, 0);
		assert_null(coap_get_uri_path(pdu));
		mem_fail_at(n, 0);
		assert_null(coap_get_query(pdu));
	}
	mem_fail_at(0, 0);
	assert_int_equal(mem_outstanding(), before);
	coap_delete_pdu(pdu);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_pdu),
		cmocka_unit_test(test_from_pdu_errors),
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_options_are_stable),
		cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

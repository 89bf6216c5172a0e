/* SPDX-License-Identifier: BSD-2-Clause */
/* URIs: their options, RFC 7252 section 6.4. */
#include "uri_check.h"

/* prefix, then n characters, then suffix. */
static const char *
long_text(const char *prefix, size_t n, const char *suffix)
{
	static char text[1024];
	size_t at = strlen(prefix);

	memcpy(text, prefix, at);
	memset(text + at, 'x', n);
	strcpy(text + at + n, suffix);
	return text;
}

static void
test_long_parts(void **state)
{
	coap_optlist_t *list = NULL;
	const char *text;
	coap_uri_t uri;

	(void)state;
	assert_int_equal(split(long_text("/a/", 255, "/b"), &uri), 0);
	assert_int_equal(split(long_text("/a/", 256, "/b"), &uri), -5);
	assert_int_equal(split(long_text("/a/%20", 254, "/b"), &uri), 0);
	assert_int_equal(split(long_text("/a/%20", 255, "/b"), &uri), -5);
	assert_int_equal(split(long_text("/?a&", 255, "&b"), &uri), 0);
	assert_int_equal(split(long_text("/?a&", 256, ""), &uri), -5);
	assert_int_equal(split(long_text("coap://", 255, "/"), &uri), 0);
	assert_int_equal(split(long_text("coap://", 256, "/"), &uri), -3);

	text = long_text("a/", 256, "");
	assert_int_equal(coap_path_into_optlist((const uint8_t *)text,
			     strlen(text), COAP_OPTION_URI_PATH, &list),
	    0);
	assert_null(list);
	text = long_text("a/", 255, "");
	assert_int_equal(coap_path_into_optlist((const uint8_t *)text,
			     strlen(text), COAP_OPTION_URI_PATH, &list),
	    1);
	assert_int_equal(list->next->length, 255);
	coap_delete_optlist(list);
}

static void
test_options(void **state)
{
	static const char *const rows[][2] = {
		{ "coap://h", "" },
		{ "coap://h/", "" },
		{ "coap://h/a", "11=a" },
		{ "coap://h/a/b/c", "11=a 11=b 11=c" },
		{ "coap://h/a/", "11=a 11=" },
		{ "coap://h//", "11= 11=" },
		{ "coap://h//a", "11= 11=a" },
		{ "coap://h/a//b", "11=a 11= 11=b" },
		{ "coap://h/a%2Fb", "11=a/b" },
		{ "coap://h/a%20b%C3%A9", "11=a b\xc3\xa9" },
		{ "coap://h/%25", "11=%" },
		{ "coap://h/a+b", "11=a+b" },
		/* RFC 3986 section 5.2.4 */
		{ "coap://h/.", "" },
		{ "coap://h/..", "" },
		{ "coap://h/./", "" },
		{ "coap://h/a/./b", "11=a 11=b" },
		{ "coap://h/a/../b", "11=b" },
		{ "coap://h/a/b/c/./../../g", "11=a 11=g" },
		{ "coap://h/mid/content=5/../6", "11=mid 11=6" },
		{ "coap://h/../../a", "11=a" },
		{ "coap://h/a/..", "" },
		{ "coap://h/a/b/..", "11=a 11=" },
		{ "coap://h/a/.", "11=a 11=" },
		{ "coap://h/a//../b", "11=a 11=b" },
		{ "coap://h/.//a", "11= 11=a" },
		{ "coap://h/a/%2e%2E/b", "11=b" },
		{ "coap://h/a/.%2e/b", "11=b" },
		{ "coap://h/.../.a/a..", "11=... 11=.a 11=a.." },
		{ "coap://h?a", "15=a" },
		{ "coap://h/?", "15=" },
		{ "coap://h/?a&b=c", "15=a 15=b=c" },
		{ "coap://h/?&", "15= 15=" },
		{ "coap://h/?a&&b", "15=a 15= 15=b" },
		{ "coap://h/?a%26b", "15=a&b" },
		{ "coap://h/?a/../b?.", "15=a/../b?." },
		{ "coap://h/x?y", "11=x 15=y" },
		{ "/x?y", "11=x 15=y" },
	};
	coap_optlist_t *list;
	struct buf text;
	coap_uri_t uri;
	size_t i;

	(void)state;
	buf_init(&text, 4096);
	for (i = 0; i < COUNT(rows); i++) {
		list = NULL;
		assert_int_equal(split(rows[i][0], &uri), 0);
		assert_int_equal(coap_uri_into_optlist(&uri, NULL, &list, 0),
		    1);
		list_text(list, &text);
		assert_string_equal((char *)text.data, rows[i][1]);
		coap_delete_optlist(list);
	}
	buf_free(&text);
}

static void
test_host_port_options(void **state)
{
	static const struct {
		const char *uri, *dst;
		unsigned port;
		const char *options;
	} rows[] = {
		{ "coap://h", "192.0.2.1", 5683, "3=h" },
		{ "coap://ExA%6Dple%2e", "192.0.2.1", 5683, "3=example." },
		{ "coap://h:1", "192.0.2.1", 1, "3=h" },
		{ "coap://h:1", "192.0.2.1", 5683, "3=h 7=1" },
		{ "coap://h", "192.0.2.1", 61616, "3=h 7=5683" },
		{ "coap://h:1", NULL, 0, "3=h 7=1" },
		{ "coap://h", NULL, 0, "3=h" },
		{ "coaps+ws://h", NULL, 0, "3=h" },
		{ "coap://192.0.2.1", "192.0.2.1", 5683, "" },
		{ "coap://192.0.2.1:1", "192.0.2.1", 1, "" },
		{ "coap://192.0.2.2", "192.0.2.1", 5683, "3=192.0.2.2" },
		{ "coap://192.0.2.1", NULL, 0, "3=192.0.2.1" },
		{ "coap://192.0.2.1", "::ffff:192.0.2.1", 5683, "" },
		{ "coap://[::ffff:192.0.2.1]", "192.0.2.1", 5683, "" },
		{ "coap://[::fffe:192.0.2.1]", "192.0.2.1", 5683,
		    "3=[::fffe:c000:201]" },
		{ "coap://[::ffff:192.0.2.2]", "192.0.2.1", 5683,
		    "3=[::ffff:192.0.2.2]" },
		{ "coap://[2001:DB8:0::1]", "2001:db8::1", 5683, "" },
		{ "coap://[2001:DB8:0::1]", "2001:db8::2", 5683,
		    "3=[2001:db8::1]" },
		{ "coap://[fe80::1%25eth0]", "fe80::1", 5683, "" },
		{ "coap://[fe80::1%25eth0]", NULL, 0, "3=[fe80::1]" },
		{ "coap://%2ftmp%2fs:1", NULL, 0, "" },
		{ "/", "192.0.2.1", 5684, "" },
	};
	coap_optlist_t *list;
	coap_address_t dst;
	struct buf text;
	coap_uri_t uri;
	size_t i;

	(void)state;
	buf_init(&text, 4096);
	for (i = 0; i < COUNT(rows); i++) {
		list = NULL;
		if (rows[i].dst)
			set_addr(&dst, rows[i].dst, (uint16_t)rows[i].port);
		assert_int_equal(split(rows[i].uri, &uri), 0);
		assert_int_equal(coap_uri_into_options(&uri,
				     rows[i].dst ? &dst : NULL, &list, 1, NULL,
				     0),
		    0);
		list_text(list, &text);
		assert_string_equal((char *)text.data, rows[i].options);
		coap_delete_optlist(list);
	}
	buf_free(&text);
}

/* New options go behind those of their number; an error changes nothing. */
static void
test_insert(void **state)
{
	coap_optlist_t *list = NULL;
	struct buf text;
	coap_uri_t uri;

	(void)state;
	buf_init(&text, 4096);
	coap_insert_optlist(&list,
	    coap_new_optlist(COAP_OPTION_URI_PATH, 1, (const uint8_t *)"0"));
	coap_insert_optlist(&list,
	    coap_new_optlist(COAP_OPTION_SIZE1, 1, (const uint8_t *)"z"));
	coap_insert_optlist(&list,
	    coap_new_optlist(COAP_OPTION_IF_MATCH, 1, (const uint8_t *)"m"));
	assert_int_equal(split("coap://h/a/b?c", &uri), 0);
	assert_int_equal(coap_uri_into_optlist(&uri, NULL, &list, 1), 1);
	list_text(list, &text);
	assert_string_equal((char *)text.data,
	    "1=m 3=h 11=0 11=a 11=b 15=c 60=z");

	assert_int_equal(coap_query_into_optlist((const uint8_t *)"a&%x", 4,
			     COAP_OPTION_URI_QUERY, &list),
	    0);
	assert_int_equal(coap_query_into_optlist((const uint8_t *)"q#r", 3,
			     COAP_OPTION_LOCATION_QUERY, &list),
	    1);
	assert_int_equal(coap_query_into_optlist(NULL, 0,
			     COAP_OPTION_LOCATION_QUERY, &list),
	    1);
	assert_int_equal(coap_path_into_optlist((const uint8_t *)"p?q", 3,
			     COAP_OPTION_LOCATION_PATH, &list),
	    1);
	list_text(list, &text);
	assert_string_equal((char *)text.data,
	    "1=m 3=h 8=p 11=0 11=a 11=b 15=c 20=q 60=z");
	assert_int_equal(coap_uri_into_optlist(NULL, NULL, &list, 1), 0);
	assert_int_equal(coap_uri_into_options(NULL, NULL, &list, 1, NULL, 0),
	    -1);
	assert_int_equal(coap_uri_into_optlist(&uri, NULL, NULL, 1), 0);
	coap_delete_optlist(list);
	buf_free(&text);
}

static void
test_split_buffers(void **state)
{
	static const struct {
		const char *text, *bytes;
		int n;
		size_t len;
	} rows[] = {
		{ "a/b/c", "\1a\1b\1c", 3, 6 },
		{ "a/", "\1a\0", 2, 3 },
		{ "/", "\0\0", 2, 2 },
		{ "a%2Fb?q", "\3a/b", 1, 4 },
		{ "a/../b", "\1b", 1, 2 },
		{ "..", "", 0, 0 },
		{ "", "", 0, 0 },
		{ "a%zz", "", 0, 0 },
		{ "abcdefghijklm", "\15\0abcdefghijklm", 1, 15 },
		{ "abcdefghijklmnop", "", 0, 0 },
		{ "abcdefgh/abcdefgh", "", 0, 0 },
	};
	uint8_t *buf = guard.end - 16;
	size_t i, len;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		len = 16;
		assert_int_equal(coap_split_path((const uint8_t *)rows[i].text,
				     strlen(rows[i].text), buf, &len),
		    rows[i].n);
		assert_int_equal(len, rows[i].len);
		assert_memory_equal(buf, rows[i].bytes, len);
	}
	len = 16;
	assert_int_equal(coap_split_query((const uint8_t *)"a%26b&&/?#x", 11,
			     buf, &len),
	    3);
	assert_int_equal(len, 8);
	assert_memory_equal(buf, "\3a&b\0\2/?", 8);
	len = 16;
	assert_int_equal(coap_split_query((const uint8_t *)"", 0, buf, &len),
	    1);
	assert_int_equal(len, 1);
}

/* A URI put together from pieces, many of which are wrong. */
static void
random_uri(struct buf *out)
{
	static const char *const pieces[] = { "a", "B", "/", "//", "/.", "/..",
		"?", "&", "%2F", "%2e", "%41", "%c3%a9", ":", "@", "=", "+",
		"~", "%26", "%25", "%", "#", " ", "[", "x" };
	static const char *const begins[] = { "coap://h", "COAPS://Ho%53t:1",
		"coap+tcp://[FE80::1%25e0]", "coaps+ws://192.0.2.1:443", "/",
		"coap://h:", "coap+ws://h/", "coap://[::1]:5683/" };
	unsigned n = pick(10);

	buf_clear(out);
	buf_printf(out, "%s", begins[pick(COUNT(begins))]);
	while (n-- > 0)
		buf_printf(out, "%s", pieces[pick(COUNT(pieces))]);
}

static void
same_options(const coap_uri_t *a, const coap_uri_t *b)
{
	coap_optlist_t *la = NULL, *lb = NULL, *x, *y;

	assert_int_equal(coap_uri_into_optlist(a, NULL, &la, 1), 1);
	assert_int_equal(coap_uri_into_optlist(b, NULL, &lb, 1), 1);
	for (x = la, y = lb; x && y; x = x->next, y = y->next) {
		assert_int_equal(x->number, y->number);
		assert_int_equal(x->length, y->length);
		assert_memory_equal(x->data, y->data, x->length);
	}
	assert_null(x);
	assert_null(y);
	coap_delete_optlist(la);
	coap_delete_optlist(lb);
}

/* Printing what was split gives the same options, and itself once more. */
static void
test_text_is_stable(void **state)
{
	unsigned round, good = 0;
	coap_uri_t uri, again;
	coap_string_t *text;
	struct buf in;

	(void)state;
	srandom(7252);
	buf_init(&in, 4096);
	for (round = 0; round < 20000; round++) {
		random_uri(&in);
		if (coap_split_uri(in.data, in.len, &uri) != 0)
			continue;
		good++;
		assert_int_equal(coapx_uri_print(&uri, &text), 0);
		assert_int_equal(coap_split_uri(text->s, text->length, &again),
		    0);
		assert_int_equal(uri.scheme, again.scheme);
		assert_int_equal(uri.port, again.port);
		same_options(&uri, &again);
		assert_printed(&again, (char *)text->s);
		coap_delete_string(text);
	}
	assert_true(good > 5000);
	buf_free(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_parts),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_host_port_options),
		cmocka_unit_test(test_insert),
		cmocka_unit_test(test_split_buffers),
		cmocka_unit_test(test_text_is_stable),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

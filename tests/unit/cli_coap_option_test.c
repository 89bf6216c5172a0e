/* SPDX-License-Identifier: BSD-2-Clause */
/* Options as people type them, and base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/request/coap_option.h"
#include "cli/words/args.h"

struct good {
	const char *text;
	unsigned number;
	size_t len;
	const char *value;
};

static void
test_good(void **state)
{
	static const struct good cases[] = {
		{ "17=50", COAP_OPTION_ACCEPT, 1, "\x32" },
		{ "accept=0", COAP_OPTION_ACCEPT, 0, "" },
		{ "accept=cbor", COAP_OPTION_ACCEPT, 1, "\x3c" },
		{ "Content-Format=application/json", 12, 1, "\x32" },
		{ "Block2=0/0/64", COAP_OPTION_BLOCK2, 1, "\2" },
		{ "Block1=1048575/1/BERT", COAP_OPTION_BLOCK1, 3,
		    "\xff\xff\xff" },
		{ "Q-Block2=3/1/1024", COAP_OPTION_Q_BLOCK2, 1, "\x3e" },
		{ "Block2=62", COAP_OPTION_BLOCK2, 1, "\x3e" },
		{ "Accept=65535", COAP_OPTION_ACCEPT, 2, "\xff\xff" },
		{ "Accept=hex:0032", COAP_OPTION_ACCEPT, 2, "\0\x32" },
		/* Bytes are taken as they are. */
		{ "Accept=hex:000001", COAP_OPTION_ACCEPT, 3, "\0\0\1" },
		{ "etag=hex:", COAP_OPTION_ETAG, 0, "" },
		{ "if-none-match=hex:01", COAP_OPTION_IF_NONE_MATCH, 1, "\1" },
		{ "hop-limit=hex:00", COAP_OPTION_HOP_LIMIT, 1, "\0" },
		{ "Observe=16777215", COAP_OPTION_OBSERVE, 3, "\xff\xff\xff" },
		{ "uri-query=a=b", COAP_OPTION_URI_QUERY, 3, "a=b" },
		{ "uri-query=", COAP_OPTION_URI_QUERY, 0, "" },
		{ "uri-query", COAP_OPTION_URI_QUERY, 0, "" },
		{ "uri-path=empty", COAP_OPTION_URI_PATH, 5, "empty" },
		{ "uri-path=str:hex:0", COAP_OPTION_URI_PATH, 5, "hex:0" },
		{ "uri-path=hex:ff00", COAP_OPTION_URI_PATH, 2, "\xff\0" },
		{ "etag=0a:0b", COAP_OPTION_ETAG, 2, "\x0a\x0b" },
		{ "if-none-match", COAP_OPTION_IF_NONE_MATCH, 0, "" },
		{ "if-none-match=empty", COAP_OPTION_IF_NONE_MATCH, 0, "" },
		{ "65000=uint:258", 65000, 2, "\x01\x02" },
		{ "65000=uint:18446744073709551615", 65000, 8,
		    "\xff\xff\xff\xff\xff\xff\xff\xff" },
		{ "65000=str:", 65000, 0, "" },
		{ "65000=hex:", 65000, 0, "" },
		{ "65000=empty", 65000, 0, "" },
	};
	const struct good *c = cases;
	coap_optlist_t *o;
	char *problem;

	(void)state;
	for (; c < cases + sizeof(cases) / sizeof(cases[0]); c++) {
		o = option_parse(c->text, &problem);
		if (!o)
			fail_msg("%s: %s", c->text, problem);
		assert_int_equal(o->number, c->number);
		assert_int_equal(o->length, c->len);
		if (c->len > 0)
			assert_memory_equal(o->data, c->value, c->len);
		coap_delete_optlist(o);
	}
}

static void
test_bad(void **state)
{
	static const char *const cases[][2] = {
		{ "", "no option is named ''; a number 0..65535 is taken too" },
		{ "=1",
		    "no option is named ''; a number 0..65535 is taken too" },
		{ "65536=1",
		    "no option is named '65536'; a number 0..65535 is "
		    "taken too" },
		{ "accept",
		    "'' is not a format or its number, which Accept wants" },
		{ "accept=-1",
		    "'-1' is not a format or its number, which Accept wants" },
		{ "accept=uint:cbor",
		    "'cbor' is not a number, which Accept wants" },
		{ "max-age=cbor",
		    "'cbor' is not a number, which Max-Age wants" },
		{ "block2=0/0/65",
		    "'0/0/65' is not NUM/M/SIZE or a number, which Block2 "
		    "wants" },
		{ "block2=0/0/2048",
		    "'0/0/2048' is not NUM/M/SIZE or a number, which Block2 "
		    "wants" },
		{ "block2=0/2/64",
		    "'0/2/64' is not NUM/M/SIZE or a number, which Block2 "
		    "wants" },
		{ "block2=1048576/0/64",
		    "'1048576/0/64' is not NUM/M/SIZE or a number, which "
		    "Block2 wants" },
		{ "block2=0/0/64x",
		    "'0/0/64x' is not NUM/M/SIZE or a number, which Block2 "
		    "wants" },
		{ "accept=65536", "Accept takes numbers up to 65535" },
		{ "accept=uint:65536", "Accept takes numbers up to 65535" },
		{ "etag=", "ETag is 1 to 8 bytes long, this is 0" },
		{ "etag=010203040506070809",
		    "ETag is 1 to 8 bytes long, this is 9" },
		{ "etag=0",
		    "'0' is not pairs of hex digits, which ETag "
		    "wants" },
		{ "if-none-match=1", "If-None-Match takes no value" },
		{ "65000=1",
		    "option 65000 is not registered, so say how its "
		    "value is meant: 65000=uint:5, =str:a, =hex:0a or "
		    "=empty" },
		{ "65000=emptyroom",
		    "option 65000 is not registered, so say how its value is "
		    "meant: 65000=uint:5, =str:a, =hex:0a or =empty" },
		{ "65000=uint:18446744073709551616",
		    "'18446744073709551616' is not a number, which uint: "
		    "wants" },
	};
	char *problem;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(option_parse(cases[i][0], &problem));
		assert_non_null(problem);
		assert_string_equal(problem, cases[i][1]);
		free(problem);
	}
}

static void
test_base64(void **state)
{
	static const char *const good[][2] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYmFy", "foobar" },
		{ "Zm9v\nYm Fy\n", "foobar" },
		{ "Zg=\n=\n", "f" },
		{ "+/+/", "\xfb\xff\xbf" },
	};
	static const char *const bad[] = { "Z", "Zg", "Zg=", "Zg===", "Zm8",
		"Zm8==", "Zh==", "Zm9=", "Zm9v=", "=", "Zg==Zg==", "Zm9-",
		"Zm9v!" };
	uint8_t *bytes;
	size_t len;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(parse_base64(good[i][0], &bytes, &len));
		assert_int_equal(len, strlen(good[i][1]));
		assert_memory_equal(bytes, good[i][1], len);
		free(bytes);
	}
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse_base64(bad[i], &bytes, &len))
			fail_msg("'%s' is taken for base64", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

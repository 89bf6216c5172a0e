/* SPDX-License-Identifier: BSD-2-Clause */
/* Patches of JSON documents, and the pointers in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/device/json_patch.h"
#include "cli/output/json_pointer.h"

static json_t *
parse(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!value)
		fail_msg("not JSON: %s", text);
	return value;
}

/* result NULL: none. */
static void
check_result(const char *what, json_t *got, const char *expected)
{
	json_t *wanted = expected ? parse(expected) : NULL;
	char *shown = got ? json_dumps(got, JSON_ENCODE_ANY) : NULL;

	if ((got != NULL) != (wanted != NULL) ||
	    (got && !json_equal(got, wanted)))
		fail_msg("%s: %s", what, shown ? shown : "nothing");
	free(shown);
	json_decref(wanted);
}

/* The examples of RFC 7396, appendix A, and then some. */
static void
test_merge(void **state)
{
	static const struct {
		const char *document;
		const char *patch;
		const char *result;
	} cases[] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}",
		    "{\"a\":\"b\",\"b\":\"c\"}" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
		{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}",
		    "{\"b\":\"c\"}" },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
		{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
		    "{\"a\":{\"b\":\"d\"}}" },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
		{ "[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]" },
		{ "{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]" },
		{ "{\"a\":\"foo\"}", "null", "null" },
		{ "{\"a\":\"foo\"}", "\"bar\"", "\"bar\"" },
		{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
		{ "[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}" },
		{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}",
		    "{\"a\":{\"bb\":{}}}" },
		{ "{\"a\":[1]}", "{\"a\":[null]}", "{\"a\":[null]}" },
	};
	const char *why = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		json_t *document = parse(cases[i].document);
		json_t *patch = parse(cases[i].patch);
		json_t *got;

		assert_int_equal(json_patch_merge(document, patch, &got, &why),
		    PATCHED);
		check_result(cases[i].patch, got, cases[i].result);
		check_result("the document", document, cases[i].document);
		check_result("the patch", patch, cases[i].patch);
		json_decref(got);
		json_decref(patch);
		json_decref(document);
	}
}

#define DOCUMENT "{\"a\":{\"b\":1,\"m/n\":2,\"~1\":3},\"l\":[10,20,30]}"

struct patch_case {
	const char *patch;
	enum patched expected;
	const char *result;
};

static void
check_patch(const char *from, const struct patch_case *c)
{
	json_t *document = parse(from);
	json_t *patch = parse(c->patch);
	const char *why = NULL;
	json_t *got;
	enum patched r = json_patch_apply(document, patch, &got, &why);

	if (r != c->expected)
		fail_msg("%s: %d, %s", c->patch, (int)r, why ? why : "");
	if (r != PATCHED)
		assert_non_null(why);
	check_result(c->patch, got, c->result);
	check_result("the document", document, from);
	check_result("the patch", patch, c->patch);
	json_decref(got);
	json_decref(patch);
	json_decref(document);
}

#define OP(op, rest) "[{\"op\":\"" op "\"," rest "}]"
#define PATH(p)      "\"path\":\"" p "\""
#define VALUE(v)     ",\"value\":" v
#define FROM(f)      ",\"from\":\"" f "\""
#define A            "\"a\":{\"b\":1,\"m/n\":2,\"~1\":3}"
#define L            "\"l\":[10,20,30]"
#define DONE(p, r)            \
	{                     \
		p, PATCHED, r \
	}
#define CONFLICTS(p)                     \
	{                                \
		p, PATCH_CONFLICTS, NULL \
	}
#define IS_NONE(p)                     \
	{                              \
		p, PATCH_IS_NONE, NULL \
	}

static void
test_apply(void **state)
{
	static const struct patch_case cases[] = {
		DONE("[]", DOCUMENT),
		DONE(OP("add", PATH("/x") VALUE("{}")),
		    "{" A "," L ",\"x\":{}}"),
		DONE(OP("add", PATH("/a") VALUE("0")), "{\"a\":0," L "}"),
		DONE(OP("add", PATH("/l/0") VALUE("5")),
		    "{" A ",\"l\":[5,10,20,30]}"),
		DONE(OP("add", PATH("/l/3") VALUE("5")),
		    "{" A ",\"l\":[10,20,30,5]}"),
		DONE(OP("add", PATH("/l/-") VALUE("5")),
		    "{" A ",\"l\":[10,20,30,5]}"),
		DONE(OP("add", PATH("") VALUE("7")), "7"),
		DONE(OP("remove", PATH("/a/m~1n")),
		    "{\"a\":{\"b\":1,\"~1\":3}," L "}"),
		DONE(OP("remove", PATH("/a/~01")),
		    "{\"a\":{\"b\":1,\"m/n\":2}," L "}"),
		DONE(OP("remove", PATH("/l/1")), "{" A ",\"l\":[10,30]}"),
		DONE(OP("replace", PATH("/l/2") VALUE("null")),
		    "{" A ",\"l\":[10,20,null]}"),
		DONE(OP("replace", PATH("/a") VALUE("[]")), "{\"a\":[]," L "}"),
		DONE(OP("replace", PATH("") VALUE("[1]")), "[1]"),
		DONE(OP("move", PATH("/l/0") FROM("/l/2")),
		    "{" A ",\"l\":[30,10,20]}"),
		DONE(OP("move", PATH("/l") FROM("/l")), DOCUMENT),
		DONE(OP("move", PATH("/ab") FROM("/a")),
		    "{\"ab\":{\"b\":1,\"m/n\":2,\"~1\":3}," L "}"),
		DONE(OP("copy", PATH("/a") FROM("/l")),
		    "{\"a\":[10,20,30]," L "}"),
		DONE(OP("test", PATH("/a/b") VALUE("1.0")), DOCUMENT),
		DONE(OP("test", PATH("/l") VALUE("[10,20,30]")), DOCUMENT),
		/* What was put in is a value of its own. */
		DONE("[{\"op\":\"copy\",\"from\":\"/l\",\"path\":\"/k\"},"
		     "{\"op\":\"add\",\"path\":\"/k/-\",\"value\":[]},"
		     "{\"op\":\"add\",\"path\":\"/k/3/0\",\"value\":1},"
		     "{\"op\":\"remove\",\"path\":\"/a\"}]",
		    "{" L ",\"k\":[10,20,30,[1]]}"),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_patch(DOCUMENT, &cases[i]);
}

static void
test_refuse(void **state)
{
	static const struct patch_case cases[] = {
		CONFLICTS(OP("add", PATH("/x/y") VALUE("1"))),
		CONFLICTS(OP("add", PATH("/l/4") VALUE("1"))),
		CONFLICTS(OP("add", PATH("/l/01") VALUE("1"))),
		CONFLICTS(OP("add", PATH("/l/-1") VALUE("1"))),
		CONFLICTS(OP("add", PATH("/a/b/c") VALUE("1"))),
		CONFLICTS(OP("remove", PATH("/x"))),
		CONFLICTS(OP("remove", PATH("/l/3"))),
		CONFLICTS(OP("remove", PATH("/l/-"))),
		CONFLICTS(OP("remove", PATH(""))),
		CONFLICTS(OP("replace", PATH("/x") VALUE("1"))),
		CONFLICTS(OP("replace", PATH("/l/3") VALUE("1"))),
		CONFLICTS(OP("move", PATH("/a/b/c") FROM("/a"))),
		CONFLICTS(OP("move", PATH("/y") FROM("/x"))),
		CONFLICTS(OP("copy", PATH("/y") FROM("/x"))),
		CONFLICTS(OP("test", PATH("/a/b") VALUE("2"))),
		CONFLICTS(OP("test", PATH("/x") VALUE("null"))),
		/* All or nothing. */
		CONFLICTS("[{\"op\":\"remove\",\"path\":\"/a\"},"
			  "{\"op\":\"remove\",\"path\":\"/a\"}]"),
		IS_NONE("{}"),
		IS_NONE("[1]"),
		IS_NONE("[{}]"),
		IS_NONE(OP("delete", PATH("/a"))),
		IS_NONE(OP("remove", PATH("a"))),
		IS_NONE(OP("remove", PATH("/~2"))),
		IS_NONE(OP("remove", PATH("/~"))),
		IS_NONE(OP("remove", "\"path\":1")),
		IS_NONE(OP("add", PATH("/a"))),
		IS_NONE(OP("move", PATH("/a"))),
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
		check_patch(DOCUMENT, &cases[i]);
}

/* An array of n times text. */
static char *
repeated(const char *text, size_t n)
{
	size_t len = strlen(text) + 1;
	char *s = malloc(n * len + 3);
	char *out = s;

	assert_non_null(s);
	*out++ = '[';
	for (size_t i = 0; i < n; i++)
		out += sprintf(out, "%s%s", i > 0 ? "," : "", text);
	strcpy(out, "]");
	return s;
}

static void
check_too_large(const char *document, const char *patch)
{
	check_patch(document,
	    &(struct patch_case){ patch, PATCH_TOO_LARGE, NULL });
}

static void
test_limits(void **state)
{
	/* Each doubles what is there. */
	char *copies =
	    repeated("{\"op\":\"copy\",\"from\":\"\",\"path\":\"/x\"}", 33);
	char *doubles =
	    repeated("{\"op\":\"copy\",\"from\":\"/l\",\"path\":\"/l/-\"}",
		100);
	char *many = repeated("{\"op\":\"remove\",\"path\":\"/0\"}", 101);
	char *few = repeated("{\"op\":\"remove\",\"path\":\"/0\"}", 100);
	char *numbers = repeated("1", 100);
	char deep[2 * 33 + 1];
	json_t *document = parse("{}");
	const char *why;
	json_t *patch;
	json_t *got;

	(void)state;
	check_too_large("{}", copies);
	check_too_large(DOCUMENT, doubles);
	check_too_large(numbers, many);
	check_patch(numbers, &(struct patch_case){ few, PATCHED, "[]" });
	memset(deep, '[', 33);
	memset(deep + 33, ']', 33);
	deep[66] = '\0';
	patch = parse(deep);
	assert_false(json_patch_fits(patch));
	assert_int_equal(json_patch_merge(document, patch, &got, &why),
	    PATCH_TOO_LARGE);
	assert_null(got);
	json_array_clear(json_array_get(patch, 0));
	assert_true(json_patch_fits(patch));
	json_decref(patch);
	json_decref(document);
	free(copies);
	free(doubles);
	free(many);
	free(few);
	free(numbers);
}

/* RFC 6901 section 5. */
static void
test_pointers(void **state)
{
	static const struct {
		const char *pointer;
		int value; /* -1: none */
	} cases[] = {
		{ "/foo/0", 40 },
		{ "/foo/01", -1 },
		{ "/foo/2", -1 },
		{ "/foo/-", -1 },
		{ "/", 0 },
		{ "/a~1b", 1 },
		{ "/c%d", 2 },
		{ "/ ", 7 },
		{ "/m~0n", 8 },
		{ "/~01", 9 },
		{ "/foo/0/x", -1 },
		{ "/nope/x", -1 },
	};
	json_t *root = parse("{\"foo\":[40,41],\"\":0,\"a/b\":1,\"c%d\":2,"
			     "\" \":7,\"m~n\":8,\"~1\":9}");
	char copy[32];
	json_t *got;

	(void)state;
	copy[0] = '\0';
	assert_ptr_equal(json_pointer_get(root, copy), root);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(json_pointer_is_valid(cases[i].pointer));
		strcpy(copy, cases[i].pointer);
		got = json_pointer_get(root, copy);
		if ((got ? json_integer_value(got) : -1) != cases[i].value)
			fail_msg("%s", cases[i].pointer);
	}
	assert_true(json_pointer_is_valid(""));
	assert_false(json_pointer_is_valid("foo"));
	assert_false(json_pointer_is_valid("/~"));
	json_decref(root);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_apply),
		cmocka_unit_test(test_refuse),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pointers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

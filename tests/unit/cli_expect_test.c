/* SPDX-License-Identifier: BSD-2-Clause */
/* Expectations: what is one, and which response meets it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/request/expect.h"

static char said[1024];

static int
keep(void *user, const void *data, size_t len)
{
	size_t used = strlen(said);

	(void)user;
	assert_true(used + len < sizeof(said));
	memcpy(said + used, data, len);
	said[used + len] = '\0';
	return 0;
}

#define WORDS_MAX 6

struct request {
	struct app app;
	struct job job;
	struct expect expect;
};

/* The status of the words as options of get. */
static int
make(struct request *r, const char *const words[WORDS_MAX])
{
	char *copies[WORDS_MAX];
	char *problem = NULL;
	size_t n;
	size_t i;

	memset(r, 0, sizeof(*r));
	said[0] = '\0';
	r->app.own.sink = (struct sink){ .out = keep, .err = keep };
	r->job.app = &r->app;
	r->job.front = &r->app.own;
	r->job.out = output_new(&r->app.own.sink, &r->app.own.defaults);
	for (n = 0; n < WORDS_MAX && words[n]; n++)
		copies[n] = strdup(words[n]);
	assert_int_equal(args_parse(&r->job.args, &cmd_get, copies, n,
			     &problem),
	    0);
	for (i = 0; i < n; i++)
		free(copies[i]);
	return expect_make(&r->job, &r->expect);
}

static void
drop(struct request *r)
{
	expect_free(&r->expect);
	args_free(&r->job.args);
	output_close(r->job.out);
}

static void
test_wrong(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *sentence;
	} cases[] = {
		{ { "--expect", "" }, "'' is no response code" },
		{ { "--expect", "2.05," }, "'' is no response code" },
		{ { "--expect", "GET" }, "'GET' is no response code" },
		{ { "--expect", "7.02" }, "'7.02' is no response code" },
		{ { "--expect", "nope" }, "'nope' is no response code" },
		{ { "--expect",
		      "2.01,2.02,2.03,2.04,2.05,4.00,4.01,4.02,4.03,4.04,4.05,"
		      "4.06,5.00,5.01,5.02,5.03,5.04" },
		    "--expect takes 16 codes at most" },
		{ { "--expect-ct", "x/y" }, "no format is named 'x/y'" },
		{ { "--expect-text", "(" }, "--expect-text '(': " },
		{ { "--expect-json", "/a" }, "wants POINTER=VALUE" },
		{ { "--expect-json", "a=1" }, "wants POINTER=VALUE" },
		{ { "--expect-json", "" }, "wants POINTER=VALUE" },
	};
	struct request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(make(&r, cases[i].words), STATUS_USAGE);
		if (!strstr(said, cases[i].sentence))
			fail_msg("'%s' is not in: %s", cases[i].sentence, said);
		drop(&r);
	}
}

struct check {
	const char *words[WORDS_MAX];
	unsigned code;
	int format; /* -1: none */
	const char *payload;
	size_t len; /* 0: strlen */
	int status;
	const char *sentence;
};

static coap_pdu_t *
response(const struct check *c)
{
	size_t len = c->len ? c->len : strlen(c->payload);
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_ACK, (coap_pdu_code_t)c->code, 1, 1000);
	uint8_t value[4];
	unsigned n;

	assert_non_null(pdu);
	if (c->format >= 0) {
		n = coap_encode_var_safe(value, sizeof(value),
		    (unsigned)c->format);
		coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, n, value);
	}
	if (len > 0)
		coap_add_data(pdu, len, (const uint8_t *)c->payload);
	return pdu;
}

#define C205 COAP_RESPONSE_CODE_CONTENT
#define C404 COAP_RESPONSE_CODE_NOT_FOUND
#define JSON "{\"a\":[1,{\"b/c\":\"x\",\"~\":2.0,\"\":null}]}"

static const struct check checks[] = {
	{ { NULL }, C205, -1, "", 0, 0, "" },
	{ { NULL }, C404, -1, "", 0, STATUS_CLIENT_ERROR, "" },
	{ { NULL }, COAP_RESPONSE_CODE(500), -1, "", 0, STATUS_SERVER_ERROR,
	    "" },
	{ { NULL }, COAP_RESPONSE_CODE(305), -1, "", 0, STATUS_RESET, "" },
	{ { "--expect", "4.04" }, C404, -1, "", 0, 0, "" },
	{ { "--expect", "valid,content" }, C205, -1, "", 0, 0, "" },
	{ { "--expect", "2.04" }, C205, -1, "", 0, STATUS_EXPECTATION,
	    "expected 2.04, got 2.05" },
	{ { "--expect-ct", "json" }, C205, 50, "", 0, 0, "" },
	{ { "--expect-ct", "json" }, C205, 0, "", 0, STATUS_EXPECTATION,
	    "expected content format application/json, got text/plain" },
	{ { "--expect-ct", "0" }, C205, -1, "", 0, STATUS_EXPECTATION,
	    "the response names none" },
	/* Of an error response nothing else is looked at. */
	{ { "--expect-ct", "json" }, C404, -1, "", 0, STATUS_CLIENT_ERROR, "" },
	{ { "--expect-text", "^a.c$" }, C205, -1, "abc", 0, 0, "" },
	{ { "--expect-text", "^b" }, C205, -1, "abc", 0, STATUS_EXPECTATION,
	    "expected a payload that matches '^b'" },
	{ { "--expect-text", "^$" }, C205, -1, "", 0, 0, "" },
	{ { "--expect-text", "c$" }, C205, -1, "a\0c", 3, 0, "" },
	{ { "--expect-json", "/a/0=1", "--expect-json", "/a/1/b~1c=x" }, C205,
	    50, JSON, 0, 0, "" },
	{ { "--expect-json", "/a/1/~0=2", "--expect-json", "/a/1/=null" }, C205,
	    50, JSON, 0, 0, "" },
	{ { "--expect-json", "/a/1/b~1c=\"x\"" }, C205, 50, JSON, 0, 0, "" },
	{ { "--expect-json", "=" JSON }, C205, 50, JSON, 0, 0, "" },
	{ { "--expect-json", "/a/2=1" }, C205, 50, JSON, 0, STATUS_EXPECTATION,
	    "expected /a/2=1, there is no such value" },
	{ { "--expect-json", "/a/x=1" }, C205, 50, JSON, 0, STATUS_EXPECTATION,
	    "there is no such value" },
	{ { "--expect-json", "/a/0/x=1" }, C205, 50, JSON, 0,
	    STATUS_EXPECTATION, "there is no such value" },
	{ { "--expect-json", "/a/0=2" }, C205, 50, JSON, 0, STATUS_EXPECTATION,
	    "expected /a/0=2, got 1" },
	{ { "--expect-json", "/a=1" }, C205, 50, "{", 0, STATUS_EXPECTATION,
	    "expected JSON, or what can be had as JSON; the payload is none: "
	    "line 1, column" },
	{ { "--expect-json", "/a/0=2", "--expect-json", "/1=AQ" }, C205, 60,
	    "\xa2\x61\x61\x81\x02\x01\x41\x01", 8, STATUS_OK, "" },
	{ { "--expect-json", "/a=2" }, C205, 60, "\xa1\x61\x61\x03", 4,
	    STATUS_EXPECTATION, "expected /a=2, got 3" },
	{ { "--expect-json", "/a=2" }, C205, 60, "\xa1\x61", 2,
	    STATUS_EXPECTATION, "the payload is none: at byte 0: more items" },
	{ { "--expect-json", "/0/n=a/b" }, C205, 112,
	    "\x81\xa3\x21\x62\x61/\x00\x61\x62\x02\x01", 11, STATUS_OK, "" },
	{ { "--expect-json", "/response-code=4.04" }, C404, 257,
	    "\xa1\x23\x18\x84", 4, 4, "" },
	{ { "--expect", "4.04", "--expect-json", "/response-code=4.04" }, C404,
	    257, "\xa1\x23\x18\x84", 4, STATUS_OK, "" },
	{ { "--expect-json", "=1" }, C205, 50, "", 0, STATUS_EXPECTATION,
	    "expected JSON, or what can be had as JSON; the payload is none: "
	    "line 1, column" },
};

static void
test_checks(void **state)
{
	const struct check *c;
	struct request r;
	coap_pdu_t *pdu;
	int status;

	(void)state;
	for (c = checks; c < checks + sizeof(checks) / sizeof(*checks); c++) {
		assert_int_equal(make(&r, c->words), STATUS_OK);
		assert_int_equal(r.expect.any, c->words[0] != NULL);
		pdu = response(c);
		status = expect_response(&r.job, &r.expect, pdu);
		if (status != c->status || !strstr(said, c->sentence) ||
		    (*c->sentence == '\0' && *said))
			fail_msg("check %d: status %d, said: %s",
			    (int)(c - checks), status, said);
		coap_delete_pdu(pdu);
		drop(&r);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_checks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

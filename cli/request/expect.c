/* SPDX-License-Identifier: BSD-2-Clause */
/* Expectations: exit 10 when a response is not what it must be. */
#include "cli/request/expect.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/decode/decoders.h"
#include "cli/output/json_pointer.h"
#include "cli/output/option_text.h"
#include "cli/output/time_text.h"

#define N_CODES (sizeof(((struct expect *)NULL)->codes) / sizeof(unsigned))

const struct option expect_options[] = {
	{ .name = "expect",
	    .arg = "CODE[,CODE]",
	    .complete = COMPLETE_CODE,
	    .help = "succeed with these codes only" },
	{ .name = "expect-ct",
	    .arg = "FORMAT",
	    .complete = COMPLETE_FORMAT,
	    .help = "the response must have this format" },
	{ .name = "expect-text",
	    .arg = "RE",
	    .help = "the payload must match this expression" },
	{ .name = "expect-json",
	    .arg = "POINTER=VALUE",
	    .repeat = true,
	    .help = "a value in a payload of JSON, CBOR or SenML" },
	{ .name = NULL },
};

/* --- what is expected ---------------------------------------------------- */

static int
add_code(struct job *job, struct expect *expect, const char *word)
{
	int code = coapx_code_by_name(word);

	if (code < 64 || code >= 192)
		return job_fail(job, STATUS_USAGE,
		    "--expect: '%s' is no response code; they look like 2.05 "
		    "or Content",
		    word);
	if (expect->n_codes == N_CODES)
		return job_fail(job, STATUS_USAGE,
		    "--expect takes %zu codes at most", N_CODES);
	expect->codes[expect->n_codes++] = (unsigned)code;
	return STATUS_OK;
}

static int
parse_codes(struct job *job, struct expect *expect)
{
	const char *text = args_get(&job->args, "expect");
	int status = STATUS_OK;
	char *copy;
	char *rest;

	if (!text)
		return STATUS_OK;
	copy = rest = strdup(text);
	if (!copy)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	while (rest && status == STATUS_OK)
		status = add_code(job, expect, strsep(&rest, ","));
	free(copy);
	return status;
}

static int
parse_format(struct job *job, struct expect *expect)
{
	const char *format = args_get(&job->args, "expect-ct");

	if (!format)
		return STATUS_OK;
	expect->format = coapx_format_by_name(format);
	if (expect->format >= 0)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "--expect-ct: no format is named '%s'; 'explain FORMAT' knows "
	    "them, a number 0..65535 is taken too",
	    format);
}

static int
parse_expression(struct job *job, struct expect *expect)
{
	const char *text = args_get(&job->args, "expect-text");
	char why[128];
	int err;

	if (!text)
		return STATUS_OK;
	err = regcomp(&expect->text, text, REG_EXTENDED | REG_NOSUB);
	if (err == 0) {
		expect->have_text = true;
		return STATUS_OK;
	}
	regerror(err, &expect->text, why, sizeof(why));
	return job_fail(job, STATUS_USAGE, "--expect-text '%s': %s", text, why);
}

/* A pointer is empty or begins with a slash. */
static int
check_pointers(struct job *job)
{
	const char *text;

	for (size_t i = 0; i < args_count(&job->args, "expect-json"); i++) {
		text = args_nth(&job->args, "expect-json", i);
		if (!strchr("/=", *text) || !strchr(text, '='))
			return job_fail(job, STATUS_USAGE,
			    "--expect-json wants POINTER=VALUE, such as "
			    "/led/on=true, not '%s'",
			    text);
	}
	return STATUS_OK;
}

int
expect_make(struct job *job, struct expect *expect)
{
	int status;

	memset(expect, 0, sizeof(*expect));
	expect->format = -1;
	for (const struct option *o = expect_options; o->name; o++)
		expect->any = expect->any || args_has(&job->args, o->name);
	status = parse_codes(job, expect);
	if (status == STATUS_OK)
		status = parse_format(job, expect);
	if (status == STATUS_OK)
		status = parse_expression(job, expect);
	if (status == STATUS_OK)
		status = check_pointers(job);
	return status;
}

void
expect_free(struct expect *expect)
{
	if (expect->have_text)
		regfree(&expect->text);
	expect->have_text = false;
}

bool
expect_code_ok(const struct expect *expect, unsigned code)
{
	if (expect->n_codes == 0)
		return status_of_code(code) == STATUS_OK;
	for (size_t i = 0; i < expect->n_codes; i++)
		if (expect->codes[i] == code)
			return true;
	return false;
}

static int
check_format(struct job *job, int wanted, const coap_pdu_t *response)
{
	int got = pdu_content_format(response);
	struct text text = { .s = NULL };

	if (wanted < 0 || got == wanted)
		return STATUS_OK;
	text_add(&text, "expected content format ");
	content_format_text(&text, (unsigned)wanted, true);
	if (got < 0)
		text_add(&text, ", the response names none");
	else
		text_add(&text, ", got ");
	if (got >= 0)
		content_format_text(&text, (unsigned)got, true);
	if (text_string(&text))
		job_fail(job, STATUS_EXPECTATION, "%s", text.s);
	text_free(&text);
	return STATUS_EXPECTATION;
}

/* --- JSON (RFC 6901) ----------------------------------------------------- */

/* A wanted value is JSON, or else a plain string: 21.4, true, "x", x. */
static bool
json_is(json_t *got, const char *wanted)
{
	json_t *w = json_loads(wanted, JSON_DECODE_ANY, NULL);
	bool same = w &&
	    (json_equal(got, w) ||
		(json_is_number(got) && json_is_number(w) &&
		    json_number_value(got) == json_number_value(w)));

	json_decref(w);
	if (!same && json_is_string(got))
		same = strcmp(json_string_value(got), wanted) == 0;
	return same;
}

static int
check_pointer(struct job *job, json_t *root, const char *text)
{
	char *copy = strdup(text);
	char *equals = copy ? strchr(copy, '=') : NULL;
	json_t *got;
	char *shown;
	int status = STATUS_OK;

	if (!equals) {
		free(copy);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	*equals = '\0';
	got = json_pointer_get(root, copy);
	if (!got) {
		status = job_fail(job, STATUS_EXPECTATION,
		    "expected %s, there is no such value", text);
	} else if (!json_is(got, equals + 1)) {
		shown = json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT);
		status = job_fail(job, STATUS_EXPECTATION,
		    "expected %s, got %s", text, shown ? shown : "?");
		free(shown);
	}
	free(copy);
	return status;
}

/* What the payload stands for as JSON. NULL: the job was told why not. */
static json_t *
payload_json(struct job *job, int format, const uint8_t *data, size_t len)
{
	const struct decode_in in = {
		.data = data,
		.len = len,
		.format = format,
		.now_ms = time_now_ms(),
	};
	struct text why = { .s = NULL };
	json_t *root = NULL;
	enum decoded result = decode_json(&in, &root, &why);

	if (result == DECODED_NOT)
		root =
		    json_loadb((const char *)data, len, JSON_DECODE_ANY, NULL);
	if (result == DECODED && !root)
		job_fail(job, STATUS_INTERNAL, "out of memory");
	else if (!root)
		job_fail(job, STATUS_EXPECTATION,
		    "expected JSON, or what can be had as JSON; the payload "
		    "is none%s%s",
		    why.len > 0 ? ": " : "",
		    why.len > 0 && text_string(&why) ? why.s : "");
	text_free(&why);
	return root;
}

static int
check_json(struct job *job, int format, const uint8_t *data, size_t len)
{
	const char *text;
	json_t *root;
	int status = STATUS_OK;

	if (!args_has(&job->args, "expect-json"))
		return STATUS_OK;
	root = payload_json(job, format, data, len);
	if (!root)
		return STATUS_EXPECTATION;
	for (size_t i = 0; status == STATUS_OK; i++) {
		text = args_nth(&job->args, "expect-json", i);
		if (!text)
			break;
		status = check_pointer(job, root, text);
	}
	json_decref(root);
	return status;
}

/* The payload may hold NULs. */
static int
check_text(struct job *job, const struct expect *expect, const uint8_t *data,
    size_t len)
{
	regmatch_t where = { .rm_so = 0, .rm_eo = (regoff_t)len };
	char *copy;
	bool met;

	if (!expect->have_text)
		return STATUS_OK;
	copy = calloc(1, len + 1);
	if (!copy)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	if (len > 0)
		memcpy(copy, data, len);
	met = regexec(&expect->text, copy, 1, &where, REG_STARTEND) == 0;
	free(copy);
	if (met)
		return STATUS_OK;
	return job_fail(job, STATUS_EXPECTATION,
	    "expected a payload that matches '%s'",
	    args_get(&job->args, "expect-text"));
}

int
expect_response(struct job *job, const struct expect *expect,
    const coap_pdu_t *response)
{
	unsigned code = coap_pdu_get_code(response);
	const uint8_t *data = NULL;
	char shown[CODE_TEXT_SIZE];
	size_t len = 0;
	int status;

	if (!expect_code_ok(expect, code)) {
		if (expect->n_codes == 0)
			return status_of_code(code);
		return job_fail(job, STATUS_EXPECTATION, "expected %s, got %s",
		    args_get(&job->args, "expect"), code_text(code, shown));
	}
	coap_get_data(response, &len, &data);
	status = check_format(job, expect->format, response);
	if (status == STATUS_OK)
		status = check_text(job, expect, data, len);
	if (status == STATUS_OK)
		status =
		    check_json(job, pdu_content_format(response), data, len);
	return status;
}

bool
expect_reads(const struct job *job)
{
	return args_has(&job->args, "expect-text") ||
	    args_has(&job->args, "expect-json");
}

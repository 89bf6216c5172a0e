/* SPDX-License-Identifier: BSD-2-Clause */
/* The options of requests, and how each becomes an option of the message. */
#include <stdlib.h>
#include <string.h>

#include "cli/decode/diag.h"
#include "cli/output/option_text.h"
#include "cli/request/coap_option.h"
#include "cli/request/request.h"

static const char *const tools[] = { "coap-client", NULL };

const struct option message_options[] = {
	{ .letter = 'N',
	    .name = "non",
	    .help = "do not ask for an acknowledgement (NON)" },
	{ .letter = 'a',
	    .name = "accept",
	    .arg = "FORMAT",
	    .complete = COMPLETE_FORMAT,
	    .help = "the format wanted, by name or number" },
	{ .letter = 'O',
	    .name = "option",
	    .arg = "NAME[=VALUE]",
	    .repeat = true,
	    .complete = COMPLETE_OPTION,
	    .help = "any option, by name or number" },
	{ .letter = 'u',
	    .name = "query",
	    .arg = "K[=V]",
	    .repeat = true,
	    .help = "add a Uri-Query" },
	{ .name = "hop-limit",
	    .arg = "N",
	    .help = "proxies on the way, 1 to 255" },
	{ .letter = 'b',
	    .name = "block-size",
	    .arg = "N",
	    .help = "bytes of a block of a long body: 16, 32 ... 1024" },
	{ .name = "token",
	    .arg = "HEX",
	    .help = "the token to use; none is an empty one" },
	{ .name = NULL },
};

const struct option request_options[] = {
	{ .name = "if-match",
	    .arg = "HEX",
	    .repeat = true,
	    .help = "only if the ETag is this one" },
	{ .name = "if-none-match", .help = "only if there is none yet" },
	{ .name = "etag",
	    .arg = "HEX",
	    .repeat = true,
	    .help = "a version that is known already" },
	{ .name = "resume",
	    .help = "go on with a download to -o FILE that broke" },
	{ .name = "progress", .help = "show how far a long body is" },
	{ .name = "q-block",
	    .help = "long bodies by Q-Block, for links that lose much (UDP, "
		    "DTLS)" },
	{ .name = "no-response",
	    .arg = "CLASSES",
	    .arg_optional = true,
	    .help = "classes not wanted, such as 2,4,5 (all)" },
	{ .name = "dry-run", .help = "show the message, and send nothing" },
	{ .name = "print-command",
	    .arg = "TOOL",
	    .complete = COMPLETE_WORDS,
	    .words = tools,
	    .help = "the same request for another tool: coap-client" },
	{ .name = NULL },
};

const struct option bind_options[] = {
	{ .name = "bind",
	    .arg = "ADDR[%IF][:PORT]",
	    .help = "address and port to send from" },
	{ .name = NULL },
};

const struct option proxy_options[] = {
	{ .name = "proxy",
	    .arg = "URI",
	    .complete = COMPLETE_URI,
	    .help = "ask this proxy; 'none' for no proxy at all" },
	{ .name = NULL },
};

const struct option payload_options[] = {
	{ .letter = 'd',
	    .name = "data",
	    .arg = "TEXT|@FILE|@-",
	    .complete = COMPLETE_AT_FILE,
	    .help = "the payload" },
	{ .name = "data-raw", .arg = "TEXT", .help = "text, also with an @" },
	{ .name = "data-hex", .arg = "HEX", .help = "the payload in hex" },
	{ .name = "data-base64",
	    .arg = "BASE64",
	    .help = "the payload in base64" },
	{ .name = "cbor",
	    .arg = "DIAG",
	    .help = "CBOR, from diagnostic notation" },
	{ .letter = 't',
	    .name = "content-format",
	    .arg = "FORMAT",
	    .complete = COMPLETE_FORMAT,
	    .help = "the payload's format, by name or number" },
	{ .name = NULL },
};

/* --- blocks -------------------------------------------------------------- */

static int
plan_block_size(struct job *job, struct request_plan *plan)
{
	const char *text = args_get(&job->args, "block-size");
	uint64_t n = 0;

	if (!text)
		return STATUS_OK;
	if (!parse_number(text, 1024, &n) || n < 16 || (n & (n - 1)) != 0)
		return job_fail(job, STATUS_USAGE,
		    "--block-size wants 16, 32, 64, 128, 256, 512 or 1024, not "
		    "'%s'",
		    text);
	plan->block_size = (unsigned)n;
	return STATUS_OK;
}

/* --- payload ------------------------------------------------------------- */

static int
set_payload(struct job *job, struct request_plan *plan, const char *text)
{
	plan->payload = (uint8_t *)strdup(text);
	if (!plan->payload)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	plan->payload_len = strlen(text);
	return STATUS_OK;
}

/* Whether the format of the words is a sequence of CBOR items. */
static bool
wants_sequence(struct job *job)
{
	const char *name = args_get(&job->args, "content-format");
	int format = name ? coapx_format_by_name(name) : -1;

	return format >= 0 && content_format_is_cbor_seq((unsigned)format);
}

static int
set_cbor(struct job *job, struct request_plan *plan, const char *text)
{
	struct text bytes = { .s = NULL };
	struct diag_error error;
	int status = STATUS_OK;
	int r;

	r = diag_parse(&bytes, text, strlen(text), wants_sequence(job), &error);
	if (r == 0) {
		plan->payload = malloc(bytes.len ? bytes.len : 1);
		plan->payload_len = bytes.len;
	}
	if (plan->payload && bytes.len > 0)
		memcpy(plan->payload, bytes.s, bytes.len);
	if (r == -COAP_E_FORMAT)
		status = job_fail(job, STATUS_USAGE,
		    "--cbor, at character %zu: %s", error.at + 1, error.why);
	else if (!plan->payload)
		status = job_fail(job, STATUS_INTERNAL, "out of memory");
	text_free(&bytes);
	return status;
}

static size_t
count_payloads(const struct args *args)
{
	static const char *const names[] = { "data", "data-raw", "data-hex",
		"data-base64", "cbor" };
	size_t n = 0;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		n += args_count(args, names[i]);
	return n;
}

static int
plan_payload(struct job *job, struct request_plan *plan)
{
	const char *data = args_get(&job->args, "data");
	const char *raw = args_get(&job->args, "data-raw");
	const char *hex = args_get(&job->args, "data-hex");
	const char *base64 = args_get(&job->args, "data-base64");
	const char *cbor = args_get(&job->args, "cbor");

	if (count_payloads(&job->args) > 1)
		return job_fail(job, STATUS_USAGE,
		    "give the payload once: --data, --data-raw, --data-hex, "
		    "--data-base64 or --cbor");
	if (cbor)
		return set_cbor(job, plan, cbor);
	if (raw)
		return set_payload(job, plan, raw);
	if (hex && !parse_hex(hex, &plan->payload, &plan->payload_len))
		return job_fail(job, STATUS_USAGE,
		    "--data-hex wants pairs of hex digits, not '%s'", hex);
	if (base64 && !parse_base64(base64, &plan->payload, &plan->payload_len))
		return job_fail(job, STATUS_USAGE,
		    "--data-base64 '%s' is not base64", base64);
	if (!data)
		return STATUS_OK;
	if (data[0] != '@')
		return set_payload(job, plan, data);
	plan->payload_file = data + 1;
	if (data[1] == '\0')
		return job_fail(job, STATUS_USAGE,
		    "--data @ wants a file: @FILE, or @- for stdin");
	return STATUS_OK;
}

/* --- options ------------------------------------------------------------- */

static int
add(struct job *job, struct request_plan *plan, unsigned number, size_t len,
    const uint8_t *value)
{
	coap_optlist_t *o = coap_new_optlist((uint16_t)number, len, value);

	if (!o)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	coap_insert_optlist(&plan->options, o);
	return STATUS_OK;
}

static int
add_uint(struct job *job, struct request_plan *plan, unsigned number,
    unsigned value)
{
	uint8_t bytes[4];
	unsigned n = coap_encode_var_safe(bytes, sizeof bytes, value);

	return add(job, plan, number, n, bytes);
}

static int
add_format(struct job *job, struct request_plan *plan, const char *option,
    unsigned number)
{
	const char *name = args_get(&job->args, option);
	int format;

	if (!name)
		return STATUS_OK;
	format = coapx_format_by_name(name);
	if (format < 0)
		return job_fail(job, STATUS_USAGE,
		    "--%s: no format is named '%s'; 'explain FORMAT' knows "
		    "them, a number 0..65535 is taken too",
		    option, name);
	return add_uint(job, plan, number, (unsigned)format);
}

static bool
has_format(const struct request_plan *plan)
{
	const coap_optlist_t *o = plan->options;

	while (o && o->number != COAP_OPTION_CONTENT_FORMAT)
		o = o->next;
	return o != NULL;
}

/* What --cbor made is CBOR, where nothing else says what it is. */
static int
add_cbor_format(struct job *job, struct request_plan *plan)
{
	if (has_format(plan) || !args_has(&job->args, "cbor"))
		return STATUS_OK;
	return add_uint(job, plan, COAP_OPTION_CONTENT_FORMAT,
	    COAP_MEDIATYPE_APPLICATION_CBOR);
}

static int
add_hex(struct job *job, struct request_plan *plan, const char *option,
    unsigned number)
{
	const coapx_option_info_t *info = coapx_option_by_number(number);
	const char *text;
	int status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK; i++) {
		uint8_t *bytes = NULL;
		size_t len = 0;

		text = args_nth(&job->args, option, i);
		if (!text)
			break;
		if (!parse_hex(text, &bytes, &len) || len < info->min_length ||
		    len > info->max_length)
			status = job_fail(job, STATUS_USAGE,
			    "--%s wants %u to %u bytes in hex, not '%s'",
			    option, info->min_length, info->max_length, text);
		else
			status = add(job, plan, number, len, bytes);
		free(bytes);
	}
	return status;
}

static int
add_any(struct job *job, struct request_plan *plan)
{
	const char *text;
	char *problem = NULL;
	coap_optlist_t *o;
	int status;

	for (size_t i = 0;; i++) {
		text = args_nth(&job->args, "option", i);
		if (!text)
			return STATUS_OK;
		o = option_parse(text, &problem);
		if (!o) {
			status = job_fail(job, STATUS_USAGE, "--option %s: %s",
			    text, problem ? problem : "out of memory");
			free(problem);
			return status;
		}
		coap_insert_optlist(&plan->options, o);
	}
}

static int
add_queries(struct job *job, struct request_plan *plan)
{
	const char *text;
	int status = STATUS_OK;

	for (size_t i = 0; status == STATUS_OK; i++) {
		text = args_nth(&job->args, "query", i);
		if (!text)
			break;
		if (strlen(text) > 255)
			return job_fail(job, STATUS_USAGE,
			    "--query is longer than 255 bytes");
		status = add(job, plan, COAP_OPTION_URI_QUERY, strlen(text),
		    (const uint8_t *)text);
	}
	return status;
}

/* "2,4,5" or nothing, which is all of them: bit n - 1 for class n (RFC 7967
 * section 2). */
static int
add_no_response(struct job *job, struct request_plan *plan)
{
	const char *text = args_get(&job->args, "no-response");
	unsigned classes = 0;

	plan->no_response = args_has(&job->args, "no-response");
	if (!plan->no_response)
		return STATUS_OK;
	for (const char *c = text ? text : "2,4,5"; *c; c++) {
		if (!strchr("2,45", *c)) {
			classes = 0;
			break;
		}
		if (*c != ',')
			classes |= 1U << (*c - '1');
	}
	if (classes == 0)
		return job_fail(job, STATUS_USAGE,
		    "--no-response wants classes: 2, 4, 5 or several with "
		    "commas, not '%s'",
		    text);
	return add_uint(job, plan, COAP_OPTION_NORESPONSE, classes);
}

static int
add_hop_limit(struct job *job, struct request_plan *plan)
{
	const char *text = args_get(&job->args, "hop-limit");
	uint64_t n;

	if (!text)
		return STATUS_OK;
	if (!parse_number(text, 255, &n) || n == 0)
		return job_fail(job, STATUS_USAGE,
		    "--hop-limit wants a number from 1 to 255, not '%s'", text);
	return add_uint(job, plan, COAP_OPTION_HOP_LIMIT, (unsigned)n);
}

static int
plan_token(struct job *job, struct request_plan *plan)
{
	const char *text = args_get(&job->args, "token");

	if (!text)
		return STATUS_OK;
	if (*text == '\0' || strcmp(text, "none") == 0) {
		plan->empty_token = true;
		return STATUS_OK;
	}
	if (parse_hex(text, &plan->token, &plan->token_len) &&
	    plan->token_len >= 1 && plan->token_len <= 8)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "--token wants 1 to 8 bytes in hex, or none for an empty one, not "
	    "'%s'",
	    text);
}

static void
tell_lengths(struct job *job, const struct request_plan *plan)
{
	const coapx_option_info_t *info;
	const coap_optlist_t *o;

	for (o = plan->options; o; o = o->next) {
		info = coapx_option_by_number(o->number);
		if (info &&
		    (o->length < info->min_length ||
			o->length > info->max_length))
			output_note(job->out,
			    "%s may be %u to %u bytes long, and is sent with "
			    "%zu",
			    info->name, info->min_length, info->max_length,
			    o->length);
	}
}

/* A tool to look for faults with sends what it is told to. */
static void
tell_repeats(struct job *job, const struct request_plan *plan)
{
	const coapx_option_info_t *info;
	const coap_optlist_t *o = plan->options;

	for (; o && o->next; o = o->next) {
		info = coapx_option_by_number(o->number);
		if (o->next->number == o->number && info && !info->repeatable)
			output_note(job->out,
			    "%s may occur once only, and is sent several "
			    "times%s",
			    info->name,
			    info->critical ? "; a server is to refuse that"
					   : "");
		while (o->next && o->next->next &&
		    o->next->number == o->number &&
		    o->next->next->number == o->number)
			o = o->next;
	}
}

/* RFC 8132 section 2.3.1. */
static void
tell_format(struct job *job, const struct request_plan *plan)
{
	if (plan->code == COAP_REQUEST_CODE_FETCH && !has_format(plan))
		output_note(job->out,
		    "a FETCH has to say what its payload is; add -t FORMAT");
}

static int
plan_options(struct job *job, struct request_plan *plan)
{
	int status = add_queries(job, plan);

	if (status == STATUS_OK)
		status = add_hex(job, plan, "if-match", COAP_OPTION_IF_MATCH);
	if (status == STATUS_OK)
		status = add_hex(job, plan, "etag", COAP_OPTION_ETAG);
	if (status == STATUS_OK && args_has(&job->args, "if-none-match"))
		status = add(job, plan, COAP_OPTION_IF_NONE_MATCH, 0, NULL);
	if (status == STATUS_OK)
		status = add_format(job, plan, "content-format",
		    COAP_OPTION_CONTENT_FORMAT);
	if (status == STATUS_OK)
		status = add_format(job, plan, "accept", COAP_OPTION_ACCEPT);
	if (status == STATUS_OK)
		status = add_hop_limit(job, plan);
	if (status == STATUS_OK)
		status = add_no_response(job, plan);
	if (status == STATUS_OK)
		status = add_any(job, plan);
	if (status == STATUS_OK)
		status = add_cbor_format(job, plan);
	if (status != STATUS_OK)
		return status;
	tell_lengths(job, plan);
	tell_repeats(job, plan);
	tell_format(job, plan);
	return status;
}

int
plan_make(struct job *job, unsigned code, struct request_plan *plan)
{
	int status;

	memset(plan, 0, sizeof *plan);
	plan->code = code;
	plan->non = args_has(&job->args, "non");
	plan->q_block = args_has(&job->args, "q-block");
	status = plan_block_size(job, plan);
	if (status == STATUS_OK)
		status = plan_options(job, plan);
	if (status == STATUS_OK)
		status = plan_token(job, plan);
	if (status == STATUS_OK)
		status = plan_payload(job, plan);
	return status;
}

int
plan_check_way(struct job *job, const struct request_plan *plan,
    coap_proto_t proto, bool group)
{
	if (plan->empty_token && (plan->q_block || group))
		return job_fail(job, STATUS_USAGE,
		    "an empty token is for one request with one "
		    "answer; leave out --token, or %s",
		    group ? "ask one device" : "--q-block");
	if (!plan->q_block)
		return STATUS_OK;
	if (group)
		return job_fail(job, STATUS_USAGE,
		    "not sent: a group takes no Q-Block (RFC 9177 section "
		    "4.8); leave out --q-block");
	if (COAP_PROTO_NOT_RELIABLE(proto))
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "not sent: Q-Block is for UDP and DTLS (RFC 9177), and %s loses "
	    "nothing; leave out --q-block",
	    coapx_proto_scheme(proto));
}

void
plan_free(struct request_plan *plan)
{
	coap_delete_optlist(plan->options);
	free(plan->token);
	free(plan->payload);
	memset(plan, 0, sizeof *plan);
}

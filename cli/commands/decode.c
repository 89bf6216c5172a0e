/* SPDX-License-Identifier: BSD-2-Clause */
/* decode: a message or a payload offline, from hex or from a file. */
#include <stdlib.h>
#include <string.h>

#include "cli/body/input.h"
#include "cli/commands/commands.h"
#include "cli/decode/decoders.h"
#include "cli/output/option_text.h"
#include "cli/output/time_text.h"

static const char *const protos[] = { "udp", "tcp", "ws", NULL };

/* What the bytes are. */
struct kind {
	coap_proto_t proto;
	int format; /* of a payload; -1: it is a message */
};

struct decode_job {
	struct job *job;
	struct kind kind;
	struct input *input;
};

static void
free_state(struct job *job)
{
	struct decode_job *d = job->state;

	input_free(d->input);
	free(d);
}

/* COAP_PROTO_NONE: there is none of that name. */
static coap_proto_t
find_proto(const char *name)
{
	coap_proto_t p;

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++)
		if (strcmp(coapx_proto_name(p), name) == 0)
			return p;
	return COAP_PROTO_NONE;
}

static int
show_pdu(struct job *job, const coap_pdu_t *pdu, coap_proto_t proto)
{
	size_t n = coapx_pdu_print(pdu, proto, 1, NULL, 0);
	char *text = malloc(n + 1);

	if (!text)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	coapx_pdu_print(pdu, proto, 1, text, n + 1);
	output_text(job->out, "message", text);
	free(text);
	return STATUS_OK;
}

static int
decode_payload(struct job *job, int format, const uint8_t *bytes, size_t len)
{
	const struct decode_in in = {
		.data = bytes,
		.len = len,
		.format = format,
		.now_ms = time_now_ms(),
	};
	struct text why = { .s = NULL };
	struct text name = { .s = NULL };
	json_t *value = NULL;
	int status = STATUS_OK;

	if (decode_json(&in, &value, &why) != DECODED_WRONG) {
		output_payload(job->out, format, bytes, len);
	} else {
		content_format_text(&name, (unsigned)format, true);
		status = text_string(&name) && text_string(&why)
		    ? job_fail(job, STATUS_RESET,
			  "these are no bytes of %s: %s", name.s, why.s)
		    : job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	json_decref(value);
	text_free(&why);
	text_free(&name);
	return status;
}

static int
decode_message(struct job *job, coap_proto_t proto, const uint8_t *bytes,
    size_t len)
{
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, len);
	char what[48] = "this byte is";
	int status;

	if (len != 1)
		snprintf(what, sizeof what, "these %zu bytes are", len);
	if (!pdu)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	if (coap_pdu_parse(proto, bytes, len, pdu))
		status = show_pdu(job, pdu, proto);
	else
		status = job_fail(job, STATUS_RESET,
		    "%s no CoAP message over %s; is it another --proto (udp, "
		    "tcp, ws), or not all of it?",
		    what, coapx_proto_name(proto));
	coap_delete_pdu(pdu);
	return status;
}

static int
decode(struct job *job, const struct kind *kind, const uint8_t *bytes,
    size_t len)
{
	return kind->format >= 0 ? decode_payload(job, kind->format, bytes, len)
				 : decode_message(job, kind->proto, bytes, len);
}

static void
file_read(void *arg, int status, uint8_t *data, size_t len)
{
	struct decode_job *d = arg;

	d->input = NULL;
	if (status == STATUS_OK)
		status = decode(d->job, &d->kind, data, len);
	free(data);
	job_end(d->job, status);
}

static int
decode_hex(struct job *job, const struct kind *kind, const char *hex)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	int status;

	if (!parse_hex(hex, &bytes, &len))
		return job_fail(job, STATUS_USAGE,
		    "'%s' is not pairs of hex digits; @FILE reads bytes from a "
		    "file, @- from stdin",
		    hex);
	status = decode(job, kind, bytes, len);
	free(bytes);
	return status;
}

static int
decode_file(struct job *job, const struct kind *kind, const char *name)
{
	struct decode_job *d;
	int status;

	if (*name == '\0')
		return job_fail(job, STATUS_USAGE,
		    "@ wants a file: @FILE, or @- for stdin");
	d = calloc(1, sizeof(*d));
	if (!d)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	d->job = job;
	d->kind = *kind;
	job->state = d;
	job->free_state = free_state;
	job_waits_for(job, "the end of the bytes");
	status = input_start(job, name, INPUT_MAX, file_read, d, &d->input);
	return status == STATUS_OK ? JOB_RUNNING : status;
}

static int
find_kind(struct job *job, struct kind *kind)
{
	const char *proto = args_get(&job->args, "proto");
	const char *format = args_get(&job->args, "content-format");

	kind->proto = proto ? find_proto(proto) : COAP_PROTO_UDP;
	kind->format = format ? coapx_format_by_name(format) : -1;
	if (kind->proto == COAP_PROTO_NONE)
		return job_fail(job, STATUS_USAGE,
		    "--proto takes udp, tcp or ws, not '%s'", proto);
	if (format && kind->format < 0)
		return job_fail(job, STATUS_USAGE,
		    "--content-format: no format is named '%s'; 'explain "
		    "FORMAT' knows them, a number 0..65535 is taken too",
		    format);
	if (format && proto)
		return job_fail(job, STATUS_USAGE,
		    "--proto is for a message, --content-format for a payload "
		    "alone; give one of them");
	return STATUS_OK;
}

static int
start(struct job *job)
{
	const char *operand = args_operand(&job->args, 0);
	struct kind kind;
	int status = find_kind(job, &kind);

	if (status != STATUS_OK)
		return status;
	if (operand[0] == '@')
		return decode_file(job, &kind, operand + 1);
	return decode_hex(job, &kind, operand);
}

static const struct option decode_options[] = {
	{ .name = "proto",
	    .arg = "PROTO",
	    .complete = COMPLETE_WORDS,
	    .words = protos,
	    .help = "the framing: udp (default), tcp or ws" },
	{ .letter = 't',
	    .name = "content-format",
	    .arg = "FORMAT",
	    .complete = COMPLETE_FORMAT,
	    .help = "the bytes are a payload of this format" },
	{ .name = NULL },
};

static const struct option *const options[] = { decode_options, NULL };

static const char *const examples[] = {
	"decode 40017d34bb74656d7065726174757265",
	"decode --proto tcp 0001",
	"decode @message.bin",
	"decode -t cbor a1616101",
	NULL,
};

const struct command cmd_decode = {
	.name = "decode",
	.group = "For the hard days",
	.summary = "show what the bytes of a message or a payload say",
	.details = "Takes hex digits, with blanks or colons between bytes, or "
		   "the bytes themselves from @FILE or stdin (@-).",
	.examples = examples,
	.options = options,
	.operands = { { .name = "HEX|@FILE", .complete = COMPLETE_AT_FILE } },
	.start = start,
};

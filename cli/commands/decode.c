/* SPDX-License-Identifier: BSD-2-Clause */
/* decode: a message offline, from hex or from a file. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/input.h"

static const char *const protos[] = { "udp", "tcp", "ws", NULL };

struct decode_job {
	struct job *job;
	coap_proto_t proto;
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
decode(struct job *job, coap_proto_t proto, const uint8_t *bytes, size_t len)
{
	coap_pdu_t *pdu =
	    coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, len);
	int status;

	if (!pdu)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	if (coap_pdu_parse(proto, bytes, len, pdu))
		status = show_pdu(job, pdu, proto);
	else
		status = job_fail(job, STATUS_RESET,
		    "these %zu bytes are no CoAP message over %s; is it "
		    "another --proto (udp, tcp, ws), or not all of it?",
		    len, coapx_proto_name(proto));
	coap_delete_pdu(pdu);
	return status;
}

static void
file_read(void *arg, int status, uint8_t *data, size_t len)
{
	struct decode_job *d = arg;

	d->input = NULL;
	if (status == STATUS_OK)
		status = decode(d->job, d->proto, data, len);
	free(data);
	job_end(d->job, status);
}

static int
decode_hex(struct job *job, coap_proto_t proto, const char *hex)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	int status;

	if (!parse_hex(hex, &bytes, &len))
		return job_fail(job, STATUS_USAGE,
		    "'%s' is not pairs of hex digits; @FILE reads bytes from a "
		    "file, @- from stdin",
		    hex);
	status = decode(job, proto, bytes, len);
	free(bytes);
	return status;
}

static int
decode_file(struct job *job, coap_proto_t proto, const char *name)
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
	d->proto = proto;
	job->state = d;
	job->free_state = free_state;
	job_waits_for(job, "the end of the message");
	status = input_start(job, name, INPUT_MAX, file_read, d, &d->input);
	return status == STATUS_OK ? JOB_RUNNING : status;
}

static int
start(struct job *job)
{
	const char *operand = args_operand(&job->args, 0);
	const char *name = args_get(&job->args, "proto");
	coap_proto_t proto = name ? find_proto(name) : COAP_PROTO_UDP;

	if (proto == COAP_PROTO_NONE)
		return job_fail(job, STATUS_USAGE,
		    "--proto takes udp, tcp or ws, not '%s'", name);
	if (operand[0] == '@')
		return decode_file(job, proto, operand + 1);
	return decode_hex(job, proto, operand);
}

static const struct option decode_options[] = {
	{ .name = "proto",
	    .arg = "PROTO",
	    .complete = COMPLETE_WORDS,
	    .words = protos,
	    .help = "the framing: udp (default), tcp or ws" },
	{ .name = NULL },
};

static const struct option *const options[] = { decode_options, NULL };

static const char *const examples[] = {
	"decode 40017d34bb74656d7065726174757265",
	"decode --proto tcp 0001",
	"decode @message.bin",
	NULL,
};

const struct command cmd_decode = {
	.name = "decode",
	.group = "For the hard days",
	.summary = "show what the bytes of a message say",
	.details = "Takes hex digits, with blanks or colons between bytes, or "
		   "the bytes themselves from @FILE or stdin (@-).",
	.examples = examples,
	.options = options,
	.operands = { { .name = "HEX|@FILE", .complete = COMPLETE_AT_FILE } },
	.start = start,
};

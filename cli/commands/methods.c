/* SPDX-License-Identifier: BSD-2-Clause */
/* get, put, post, delete, fetch, patch, ipatch and request. */
#include "cli/commands/commands.h"
#include "cli/commands/request_job.h"
#include "cli/failure.h"
#include "cli/request/expect.h"
#include "cli/request/repeat.h"
#include "cli/request/request.h"

static int
start_request(struct job *job, unsigned code)
{
	return request_job_start(job, code, 0);
}

static int
start_get(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_GET);
}

static int
start_put(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_PUT);
}

static int
start_post(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_POST);
}

static int
start_delete(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_DELETE);
}

static int
start_fetch(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_FETCH);
}

static int
start_patch(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_PATCH);
}

static int
start_ipatch(struct job *job)
{
	return start_request(job, COAP_REQUEST_CODE_IPATCH);
}

/* Any code of a request, also one that nobody has registered. */
static int
start_any(struct job *job)
{
	const char *word = args_operand(&job->args, 0);
	int code = coapx_code_by_name(word);

	if (code < 0)
		return job_fail(job, STATUS_USAGE,
		    "'%s' is no code; a method such as FETCH is one, or a "
		    "number from 0.01 to 0.31",
		    word);
	if (code == COAP_EMPTY_CODE)
		return job_fail(job, STATUS_USAGE,
		    "0.00 is an empty message, no request; 'ping' sends one");
	if (code > 31)
		return job_fail(job, STATUS_USAGE,
		    "%s is the code of a %s, and only requests can be sent: "
		    "0.01 to 0.31",
		    word, code >> 5 == 7 ? "signal" : "response");
	return request_job_start(job, (unsigned)code, 1);
}

/* --- the entries --------------------------------------------------------- */

static const struct option *const get_options[] = {
	message_options,
	request_options,
	expect_options,
	repeat_options,
	bind_options,
	proxy_options,
	KEYRING_CLIENT,
	NULL,
};

static const struct option *const payload_request_options[] = {
	payload_options,
	message_options,
	request_options,
	expect_options,
	repeat_options,
	bind_options,
	proxy_options,
	KEYRING_CLIENT,
	NULL,
};

static const char *const get_examples[] = {
	"get coap://[fd00::2]/sensors/t",
	"get /sensors/t --accept senml+cbor --json",
	"get coap://device/state --expect 2.05 --expect-json /on=true",
	NULL,
};

static const char *const put_examples[] = {
	"put coap://device/led --data on",
	"put /config --data @config.json -t json",
	"put /fw --data @image.bin -t octets",
	NULL,
};

static const char *const methods[] = {
	"GET",
	"POST",
	"PUT",
	"DELETE",
	"FETCH",
	"PATCH",
	"iPATCH",
	NULL,
};

static const char *const fetch_examples[] = {
	"fetch /sensors -t cbor -d @query.cbor",
	"fetch coap://device/config -t json -d '[\"led\"]'",
	NULL,
};

static const char *const patch_examples[] = {
	"patch /config -t json-patch -d @change.json",
	NULL,
};

static const char *const ipatch_examples[] = {
	"ipatch /config -t merge-patch -d '{\"led\":\"off\"}'",
	NULL,
};

static const char *const any_examples[] = {
	"request FETCH /sensors -t cbor -d @query.cbor",
	"request 0.31 coap://device/x",
	NULL,
};

#define TARGET                                      \
	{                                           \
		.name = "TARGET", .optional = true, \
		.complete = COMPLETE_TARGET,        \
	}

const struct command cmd_get = {
	.name = "get",
	.group = "Requests",
	.summary = "read a resource",
	.examples = get_examples,
	.options = get_options,
	.operands = { TARGET },
	.start = start_get,
	.reach = REACH_SESSION,
};

const struct command cmd_put = {
	.name = "put",
	.group = "Requests",
	.summary = "write a resource, or create it",
	.examples = put_examples,
	.options = payload_request_options,
	.operands = { TARGET },
	.start = start_put,
	.reach = REACH_SESSION,
};

const struct command cmd_post = {
	.name = "post",
	.group = "Requests",
	.summary = "give a resource something to process",
	.options = payload_request_options,
	.operands = { TARGET },
	.start = start_post,
	.reach = REACH_SESSION,
};

const struct command cmd_delete = {
	.name = "delete",
	.group = "Requests",
	.summary = "delete a resource",
	.options = get_options,
	.operands = { TARGET },
	.start = start_delete,
	.reach = REACH_SESSION,
};

const struct command cmd_fetch = {
	.name = "fetch",
	.group = "Requests",
	.summary = "read the part of a resource that the payload asks for",
	.examples = fetch_examples,
	.options = payload_request_options,
	.operands = { TARGET },
	.start = start_fetch,
	.reach = REACH_SESSION,
};

const struct command cmd_patch = {
	.name = "patch",
	.group = "Requests",
	.summary = "change a part of a resource",
	.examples = patch_examples,
	.options = payload_request_options,
	.operands = { TARGET },
	.start = start_patch,
	.reach = REACH_SESSION,
};

const struct command cmd_ipatch = {
	.name = "ipatch",
	.group = "Requests",
	.summary = "change a part of a resource, in a way that may be repeated",
	.examples = ipatch_examples,
	.options = payload_request_options,
	.operands = { TARGET },
	.start = start_ipatch,
	.reach = REACH_SESSION,
};

const struct command cmd_request = {
	.name = "request",
	.group = "Requests",
	.summary = "send a request with any code",
	.details = "CODE is a method by name, or a number from 0.01 to 0.31, "
		   "also of a method that does not exist.",
	.examples = any_examples,
	.options = payload_request_options,
	.operands = { { .name = "CODE",
			  .complete = COMPLETE_WORDS,
			  .words = methods },
	    TARGET },
	.start = start_any,
	.reach = REACH_SESSION,
};

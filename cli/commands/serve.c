/* SPDX-License-Identifier: BSD-2-Clause */
/* serve: the built-in device, for others to talk to. */
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/commands/commands.h"
#include "cli/device/device.h"
#include "cli/request/group.h"
#include "cli/session/listeners.h"
#include "cli/session/opening.h"

static int
serve_one(struct job *job, const char *uri)
{
	int status;

	return device_listen(job, uri, &status) ? STATUS_OK : status;
}

/* Those behind last, once nothing can fail any more. */
static void
announce(struct job *job, const struct listener *last)
{
	struct view_field field = { .name = "uri", .type = FIELD_TEXT };
	const struct listener *listener =
	    last ? last->next : job->app->listeners;

	for (; listener; listener = listener->next) {
		field.text = listener->uri;
		output_value(job->out, &field);
	}
}

/* Before any of them is there. */
static int
check_one(struct job *job, const char *uri)
{
	char *problem;

	if (strncasecmp(uri, "coaps", 5) != 0 || keyring_proves(job->keyring))
		return STATUS_OK;
	problem = credentials_problem(uri);
	job_fail(job, STATUS_USAGE, "%s", problem ? problem : "out of memory");
	free(problem);
	return STATUS_USAGE;
}

/* Why a protocol is left out where none was asked for; NULL: it is not. */
static const char *
why_not(struct job *job, coap_proto_t proto)
{
	if (proto_is_secure(proto) && !keyring_proves(job->keyring))
		return "it needs credentials: --psk-file or --psk-table, or "
		       "--cert and --key";
	if (coapx_proto_port(proto) < 1024 && geteuid() != 0)
		return "its port is for root; coap-shell serve URI takes "
		       "another";
	return NULL;
}

/* Every protocol there is, on its own port, on all addresses. */
static int
serve_default(struct job *job)
{
	int status = STATUS_OK;
	const char *why;
	coap_proto_t p;
	char uri[32];

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST && status == STATUS_OK;
	     p++) {
		if (!coapx_proto_is_supported(p))
			continue;
		why = why_not(job, p);
		if (why) {
			output_note(job->out, "without %s: %s",
			    coapx_proto_scheme(p), why);
			continue;
		}
		snprintf(uri, sizeof(uri), "%s://*", coapx_proto_scheme(p));
		status = serve_one(job, uri);
	}
	return status;
}

/* Of the context, and so of all that listens in this process. */
static int
limit_answers(struct job *job)
{
	const char *text = args_get(&job->args, "max-amplification");
	uint64_t factor;

	if (!text)
		return STATUS_OK;
	if (!parse_number(text, UINT16_MAX, &factor))
		return job_fail(job, STATUS_USAGE,
		    "--max-amplification wants how many times longer than a "
		    "request an answer may be, such as 3, or 0 for no limit; "
		    "not '%s'",
		    text);
	coapx_context_set_max_amplification(job->app->context,
	    (unsigned)factor);
	return STATUS_OK;
}

/* All or none: those that were opened here are the last of the list. */
static void
undo(struct app *app, struct listener *last)
{
	while (app->listeners && app->listeners->prev != last)
		listener_close(app, app->listeners->prev);
}

static int
start(struct job *job)
{
	struct app *app = job->app;
	struct listener *last = app->listeners ? app->listeners->prev : NULL;
	const struct relay *before = app->relay;
	int status = group_check(job);

	for (size_t i = 0; i < job->args.n_operands && status == STATUS_OK; i++)
		status = check_one(job, job->args.operands[i]);
	if (status == STATUS_OK)
		status = limit_answers(job);
	if (status == STATUS_OK)
		status = relay_start(job);
	for (size_t i = 0; i < job->args.n_operands && status == STATUS_OK; i++)
		status = serve_one(job, job->args.operands[i]);
	if (job->args.n_operands == 0 && status == STATUS_OK)
		status = serve_default(job);
	if (status == STATUS_OK)
		status = group_join(job);
	if (status == STATUS_OK)
		announce(job, last);
	else
		undo(app, last);
	if (status != STATUS_OK && app->relay != before)
		relay_free(app);
	if (status != STATUS_OK || app->keep)
		return status;
	output_note(job->out, "serving; Ctrl-C ends it");
	return JOB_RUNNING;
}

static const struct option limit_options[] = {
	{ .name = "max-amplification",
	    .arg = "N",
	    .help = "longer answers only for clients whose Echo shows that "
		    "the address is theirs (coap://)" },
	{ .name = NULL },
};

static const struct option *const options[] = {
	device_options,
	limit_options,
	group_options,
	relay_options,
	KEYRING_SERVER,
	NULL,
};

static const char *const examples[] = {
	"serve",
	"serve coap://127.0.0.1:5683 coap+tcp://127.0.0.1:5683",
	"serve coap://127.0.0.1:0",
	"serve --group default",
	"serve --max-amplification 3 coap://*",
	"serve --psk-identity dev1 --psk-hex-file dev1.key",
	"serve coap+ws://*:8080 --reverse coap://192.0.2.7",
	NULL,
};

const struct command cmd_serve = {
	.name = "serve",
	.group = "Listening",
	.summary = "run the built-in device, to test a client against",
	.details =
	    "Listens on each URI (port 0: the system chooses one) and prints "
	    "the URIs it really listens on, one a line. Without a URI it takes "
	    "the standard port of every protocol on all addresses, but those "
	    "that it has no credentials for, or no right to. It runs until "
	    "Ctrl-C; at a prompt and in a script it stays in the "
	    "background: 'listen list' shows it. With --proxy it asks any host "
	    "for anybody who reaches it: listen on loopback, want credentials, "
	    "or name the hosts with --proxy-to.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "URI",
	    .optional = true,
	    .repeat = true,
	    .complete = COMPLETE_URI } },
	.start = start,
};

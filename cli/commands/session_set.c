/* SPDX-License-Identifier: BSD-2-Clause */
/* session set: transmission parameters and the like. */
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/session/session_tunables.h"

struct setting {
	const struct tunable *tunable;
	uint64_t value;
};

/* Nothing is set before all of it is understood. */
static int
read_settings(struct job *job, size_t first, struct setting *settings, size_t n)
{
	char *problem = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		settings[i].tunable =
		    tunable_parse(args_operand(&job->args, first + i),
			&settings[i].value, &problem);
		if (settings[i].tunable)
			continue;
		job_fail(job, STATUS_USAGE, "%s",
		    problem ? problem : "out of memory");
		free(problem);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* What only the library knows: a session that came in cannot be dialled. */
static int
apply(struct job *job, struct named *named, const struct setting *setting)
{
	int err = setting->tunable->set(named, setting->value);

	if (err == 0)
		return STATUS_OK;
	if (coapx_session_get_endpoint(named->session))
		return job_fail(job, STATUS_STATE,
		    "%s: %s came in, and cannot be opened by us",
		    setting->tunable->key, named->name);
	return job_fail(job, STATUS_INTERNAL, "%s: %s", setting->tunable->key,
	    coapx_strerror(err));
}

static int
start(struct job *job)
{
	const char *name = args_operand(&job->args, 0);
	size_t first = 1;
	int status = STATUS_OK;
	struct setting *settings;
	struct named *named;
	size_t n;
	size_t i;

	if (strchr(name, '=')) {
		name = NULL;
		first = 0;
	}
	n = job->args.n_operands - first;
	if (n == 0)
		return job_fail(job, STATUS_USAGE,
		    "what to set? 'session set %s KEY=VALUE'", name);
	named = app_session_for(job, name, &status);
	if (!named)
		return status;
	settings = calloc(n, sizeof *settings);
	if (!settings)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	status = read_settings(job, first, settings, n);
	for (i = 0; status == STATUS_OK && i < n; i++)
		status = apply(job, named, &settings[i]);
	free(settings);
	return status;
}

static const char *const examples[] = {
	"session set ack-timeout=0.5 max-retransmit=2",
	"session set lamp keepalive=60 reconnect=5",
	NULL,
};

const struct command cmd_session_set = {
	.name = "session set",
	.group = "Sessions",
	.summary = "set parameters of a session",
	.details =
	    "KEY is one of ack-timeout, ack-random-factor, max-retransmit, "
	    "nstart, default-leisure, probing-rate (RFC 7252 section 4.8), "
	    "mtu, keepalive and reconnect. Times are seconds, 0.5 is one. When "
	    "one of several is wrong, none is set. Three pings of keepalive "
	    "without an answer end the connection; reconnect opens it again, "
	    "so many seconds after each loss.",
	.examples = examples,
	.operands = { { .name = "NAME",
			  .optional = true,
			  .complete = COMPLETE_SESSION },
	    { .name = "KEY=VALUE",
		.repeat = true,
		.complete = COMPLETE_TUNABLE } },
	.start = start,
	.reach = REACH_SESSION,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* observe: what a resource tells, until the user has seen enough. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/body/input.h"
#include "cli/commands/commands.h"
#include "cli/commands/observe.h"
#include "cli/observe/observed.h"
#include "cli/session/opening.h"

struct observing {
	struct job *job;
	struct observe_words words;
	struct showing showing;
	struct target target; /* until it is observed */
	struct follower follower;
	char *uri;
	char *label;             /* where several may be on the screen */
	coapx_timer_t *patience; /* OBSERVE_STOP_MS */
	struct observe_course course;
	bool stopping; /* ends with ... */
	int status;
};

static void
free_state(struct job *job)
{
	struct observing *o = job->state;

	if (o->follower.of)
		observed_discard(o->follower.of);
	coapx_timer_free(o->patience);
	observe_words_free(&o->words);
	showing_free(&o->showing);
	target_close(job->app, &o->target);
	free(o->uri);
	free(o->label);
	free(o);
}

/* --- the end -------------------------------------------------------------- */

static void
finish(struct observing *o)
{
	o->showing.summary.registrations = o->course.again;
	showing_sum_up(&o->showing, o->uri);
	job_end(o->job, o->status);
}

static void
on_patience(coapx_timer_t *timer, void *arg)
{
	struct observing *o = arg;

	(void)timer;
	output_note(o->job->out,
	    "%s did not confirm that it stops; it will when its next "
	    "notification is refused",
	    o->uri);
	finish(o);
}

/* Asks the server to stop; then it is over. */
static void
stop(struct observing *o, int status)
{
	o->status = status;
	if (o->stopping)
		return;
	o->stopping = true;
	job_waits_for(o->job, "%s to stop", o->uri);
	coapx_timer_set(o->patience, OBSERVE_STOP_MS);
	observed_stop(o->follower.of);
}

/* Ctrl-C, or -T. */
static void
cancel(struct job *job)
{
	struct observing *o = job->state;

	if (o->follower.of)
		stop(o, job->status);
	else
		job_end(job, job->status);
}

static void
on_duration(struct showing *showing)
{
	struct observing *o = (struct observing *)(void *)((char *)showing -
	    offsetof(struct observing, showing));
	int status = STATUS_OK;

	if (showing->summary.notifications == 0)
		status =
		    job_fail(o->job, STATUS_TIMEOUT, "%s: no answer within %s",
			o->uri, args_get(&o->job->args, "duration"));
	stop(o, status);
}

/* --- what comes ----------------------------------------------------------- */

static void
on_notify(struct follower *follower, const struct view_notification *v)
{
	struct observing *o = follower->user;
	struct view_notification shown = *v;

	if (o->stopping)
		return;
	job_is_quiet(o->job, true);
	job_waits_for(o->job, "the next notification of %s", o->uri);
	o->job->waits_on = NULL;
	o->course.max_age = v->max_age;
	shown.label = o->label;
	showing_show(&o->showing, &shown);
	if (showing_is_over(&o->showing))
		stop(o, STATUS_OK);
}

static void
on_state(struct follower *follower, coapx_observe_state_t state)
{
	struct observing *o = follower->user;

	observe_tell(o->stopping ? NULL : o->job->out, follower, &o->course,
	    state, o->uri);
}

static void
on_end(struct follower *follower, const struct observed *observed,
    const coapx_result_t *result)
{
	struct observing *o = follower->user;

	if (!o->stopping && observed->stopping)
		output_note(o->job->out, "%s: 'observe stop' has ended this",
		    o->uri);
	else if (!o->stopping)
		o->status = observed_ended(observed, &o->showing, result);
	o->stopping = true;
	finish(o);
}

/* --- the beginning --------------------------------------------------------- */

/* What tells one of several from the others: lamp:/time. */
static bool
make_label(struct observing *o)
{
	const struct named *named = o->target.named;
	char *path;

	if (!o->job->background)
		return true;
	path = target_shown(&o->target);
	if (path)
		o->label = text_format("%s%s%s", named ? named->name : "",
		    named ? ":" : "", path);
	free(path);
	return o->label != NULL;
}

static int
begin(struct job *job)
{
	struct observing *o = job->state;
	int status;

	status = target_open(job, args_operand(&job->args, 0), &o->target);
	if (status != STATUS_OK)
		return status;
	o->uri = strdup(o->target.uri);
	if (!o->uri || !make_label(o))
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	job_waits_for(job, "the first answer from %s", o->uri);
	job->waits_on = o->target.session;
	if (!observed_start(job, &o->target, &o->words.plan, &o->follower,
		&status))
		return status;
	showing_begin(&o->showing);
	return JOB_RUNNING;
}

static int
start(struct job *job)
{
	struct observing *o = calloc(1, sizeof(*o));
	int status;

	if (!o)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	o->job = job;
	o->follower.user = o;
	o->follower.notify = on_notify;
	o->follower.state = on_state;
	o->follower.end = on_end;
	job->state = o;
	job->free_state = free_state;
	job->cancel = cancel;
	job->lingers = true;
	o->patience = coapx_timer_new(job->app->context, on_patience, o);
	if (!o->patience)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	status = showing_make(job, &o->showing, on_duration);
	if (status != STATUS_OK)
		return status;
	return observe_words(job, &o->words, begin);
}

/* --- the words ------------------------------------------------------------ */

const struct option observe_options[] = {
	{ .name = "fetch",
	    .help = "observe what a FETCH with the payload reads" },
	{ .name = NULL },
};

void
observe_words_free(struct observe_words *words)
{
	input_free(words->input);
	words->input = NULL;
	plan_free(&words->plan);
}

static void
payload_read(void *arg, int status, uint8_t *data, size_t len)
{
	struct observe_words *words = arg;

	words->input = NULL;
	words->plan.payload = data;
	words->plan.payload_len = len;
	if (status == STATUS_OK)
		status = words->begin(words->job);
	if (status != JOB_RUNNING)
		job_end(words->job, status);
}

/* GET has no payload that means something. */
static int
check_payload(struct job *job)
{
	const struct option *o;

	for (o = payload_options; o->name; o++)
		if (args_has(&job->args, o->name) &&
		    !args_has(&job->args, "fetch"))
			return job_fail(job, STATUS_USAGE,
			    "--%s is of a payload, and only a FETCH has one: "
			    "add --fetch",
			    o->name);
	return STATUS_OK;
}

/* It is the command's own. */
static int
check_options(struct job *job, const struct request_plan *plan)
{
	const coap_optlist_t *o = plan->options;

	if (plan->empty_token)
		return job_fail(job, STATUS_USAGE,
		    "an empty token is for one request with one answer; leave "
		    "out --token");
	while (o && o->number != COAP_OPTION_OBSERVE)
		o = o->next;
	if (!o)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "'observe' sets Observe by itself; 'get -O Observe=N' sends any "
	    "value, once");
}

int
observe_words(struct job *job, struct observe_words *words,
    int (*begin_request)(struct job *job))
{
	bool fetch = args_has(&job->args, "fetch");
	int status = check_payload(job);

	words->job = job;
	words->begin = begin_request;
	if (status == STATUS_OK)
		status = plan_make(job,
		    fetch ? COAP_REQUEST_CODE_FETCH : COAP_REQUEST_CODE_GET,
		    &words->plan);
	if (status == STATUS_OK)
		status = check_options(job, &words->plan);
	if (status != STATUS_OK)
		return status;
	if (!words->plan.payload_file)
		return begin_request(job);
	status = input_start(job, words->plan.payload_file, INPUT_MAX,
	    payload_read, words, &words->input);
	if (status != STATUS_OK)
		return status;
	job_waits_for(job, "the end of the payload on %s",
	    strcmp(words->plan.payload_file, "-") == 0
		? "stdin"
		: words->plan.payload_file);
	return JOB_RUNNING;
}

static const struct option *const options[] = {
	showing_options,
	message_options,
	observe_options,
	payload_options,
	proxy_options,
	bind_options,
	KEYRING_CLIENT,
	NULL,
};

static const char *const examples[] = {
	"observe coap://device/sensors/t",
	"observe /sensors/t -n 10 --changes-only",
	"observe /config --diff",
	"observe /sensors --fetch -t cbor --cbor '[\"t\"]' -D 1h",
	NULL,
};

const struct command cmd_observe = {
	.name = "observe",
	.group = "Observing",
	.summary = "show a resource, and each change of it",
	.details =
	    "It goes on until Ctrl-C, which ends it with status 130, or until "
	    "-n or -D ends it with 0; the server is asked to stop then. In raw "
	    "form a text ends with a newline, and another payload is a line "
	    "of hexadecimal. What is skipped is the difference of the numbers "
	    "that notifications have; not every server counts by one. A "
	    "server that answers and does not notify is status 9, unless that "
	    "answer was all that -n wanted.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "TARGET",
	    .optional = true,
	    .complete = COMPLETE_TARGET } },
	.start = start,
	.reach = REACH_SESSION,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* observe: what resources tell, until the user has seen enough. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/body/input.h"
#include "cli/commands/commands.h"
#include "cli/commands/observe.h"
#include "cli/observe/observed.h"
#include "cli/session/opening.h"

struct observing;

/* One of the targets. */
struct item {
	struct observing *all;
	struct showing showing;
	struct target target; /* until it is observed */
	struct follower follower;
	char *uri;
	coapx_timer_t *patience; /* OBSERVE_STOP_MS */
	struct observe_course course;
	const coap_session_t *session; /* until its first answer, or its end */
	bool stopping;                 /* ends with ... */
	bool over;
	int status;
};

struct observing {
	struct job *job;
	struct observe_words words;
	struct showing showing; /* what the words say of all of them */
	struct item *items;
	size_t n;
	size_t left; /* that are not over */
	bool busy;   /* with all of them: the job ends after that */
	int status;  /* the worst of those that are over */
};

static void
free_item(struct job *job, struct item *item)
{
	if (item->follower.of)
		observed_discard(item->follower.of);
	coapx_timer_free(item->patience);
	showing_free(&item->showing);
	target_close(job->app, &item->target);
	free(item->uri);
}

static void
free_state(struct job *job)
{
	struct observing *o = job->state;

	for (size_t i = 0; i < o->n; i++)
		free_item(job, &o->items[i]);
	free(o->items);
	observe_words_free(&o->words);
	showing_free(&o->showing);
	free(o);
}

/* --- the end -------------------------------------------------------------- */

/* What the job waits for: answers, as long as one is missing. */
static void
tell_waiting(struct observing *o)
{
	const struct item *item = NULL;
	struct job *job = o->job;

	for (size_t i = 0; i < o->n && !item; i++)
		if (!o->items[i].over && o->items[i].session)
			item = &o->items[i];
	job->waits_on = item ? item->session : NULL;
	if (item)
		job_waits_for(job, "the first answer from %s", item->uri);
	else if (o->n == 1)
		job_waits_for(job, "the next notification of %s",
		    o->items[0].uri);
	else
		job_waits_for(job, "the next notification");
	if (!item)
		job_is_quiet(job, true);
}

/* The job ends when nothing is left. */
static void
settle(struct observing *o)
{
	if (o->left > 0)
		tell_waiting(o);
	else if (!o->busy)
		job_end(o->job, o->status);
}

static void
finish(struct item *item)
{
	struct observing *o = item->all;

	item->over = true;
	coapx_timer_stop(item->patience);
	item->showing.summary.registrations = item->course.again;
	showing_sum_up(&item->showing, item->uri);
	if (item->status > o->status)
		o->status = item->status;
	o->left--;
	settle(o);
}

static void
on_patience(coapx_timer_t *timer, void *arg)
{
	struct item *item = arg;

	(void)timer;
	output_note(item->all->job->out,
	    "%s did not confirm that it stops; it will when its next "
	    "notification is refused",
	    item->uri);
	observed_discard(item->follower.of);
	finish(item);
}

/* Asks the server to stop; then it is over. */
static void
stop(struct item *item, int status)
{
	struct job *job = item->all->job;

	item->status = status;
	if (item->stopping)
		return;
	item->stopping = true;
	job_waits_for(job, "%s to stop", item->uri);
	coapx_timer_set(item->patience, OBSERVE_STOP_MS);
	observed_stop(item->follower.of);
}

/* All of them; each may be over at once. */
static void
stop_all(struct observing *o, int (*status)(struct item *item))
{
	o->busy = true;
	for (size_t i = 0; i < o->n; i++)
		if (!o->items[i].over)
			stop(&o->items[i], status(&o->items[i]));
	o->busy = false;
	if (o->left == 0)
		job_end(o->job, o->status);
}

static int
status_of_job(struct item *item)
{
	return item->all->job->status;
}

/* Ctrl-C, or -T. */
static void
cancel(struct job *job)
{
	struct observing *o = job->state;

	if (o->left > 0)
		stop_all(o, status_of_job);
	else
		job_end(job, job->status);
}

static int
status_of_silence(struct item *item)
{
	struct job *job = item->all->job;

	if (item->stopping)
		return item->status;
	if (item->showing.summary.notifications > 0)
		return STATUS_OK;
	return job_fail(job, STATUS_TIMEOUT, "%s: no answer within %s",
	    item->uri, args_get(&job->args, "duration"));
}

static void
on_duration(struct showing *showing)
{
	struct observing *o = (struct observing *)(void *)((char *)showing -
	    offsetof(struct observing, showing));

	stop_all(o, status_of_silence);
}

/* --- what comes ----------------------------------------------------------- */

static int
status_of_output(struct item *item)
{
	return item->status;
}

static void
on_notify(struct follower *follower, const struct view_notification *v)
{
	struct item *item = follower->user;
	struct observing *o = item->all;

	if (item->stopping)
		return;
	item->session = NULL;
	item->course.max_age = v->max_age;
	tell_waiting(o);
	showing_show(&item->showing, v);
	if (output_failed(o->job->out))
		stop_all(o, status_of_output);
	else if (showing_is_over(&item->showing))
		stop(item, STATUS_OK);
}

static void
on_state(struct follower *follower, coapx_observe_state_t state)
{
	struct item *item = follower->user;

	observe_tell(item->stopping ? NULL : item->all->job->out, follower,
	    &item->course, state, item->uri);
}

static void
on_end(struct follower *follower, const struct observed *observed,
    const coapx_result_t *result)
{
	struct item *item = follower->user;

	if (!item->stopping && observed->stopping)
		output_note(item->all->job->out,
		    "%s: 'observe stop' has ended this", item->uri);
	else if (!item->stopping)
		item->status = observed_ended(observed, &item->showing, result);
	item->stopping = true;
	finish(item);
}

/* --- the beginning --------------------------------------------------------- */

/* What tells one of several from the others: lamp:/time, or the URI where the
 * words have one. */
static bool
make_label(struct item *item, const char *operand)
{
	const struct named *named = item->target.named;
	struct observing *o = item->all;
	char *path;

	item->showing.several = o->n > 1;
	if (o->n == 1 && !o->job->background)
		return true;
	path = o->n > 1 && operand && looks_like_uri(operand)
	    ? NULL
	    : target_shown(&item->target);
	item->showing.label = path
	    ? text_format("%s%s%s", named ? named->name : "", named ? ":" : "",
		  path)
	    : strdup(item->uri);
	free(path);
	return item->showing.label != NULL;
}

static int
begin_item(struct observing *o, struct item *item, const char *operand)
{
	struct job *job = o->job;
	int status;

	item->all = o;
	item->follower.user = item;
	item->follower.notify = on_notify;
	item->follower.state = on_state;
	item->follower.end = on_end;
	showing_join(&item->showing, &o->showing);
	status = target_open(job, operand, &item->target);
	if (status != STATUS_OK)
		return status;
	item->session = item->target.session;
	item->uri = strdup(item->target.uri);
	item->patience = coapx_timer_new(job->app->context, on_patience, item);
	if (!item->uri || !item->patience || !make_label(item, operand))
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	observed_start(job, &item->target, &o->words.plan, &item->follower,
	    &status);
	return status;
}

/* Nothing is sent to the first when the last one's words are wrong. */
static int
check_targets(struct job *job)
{
	const struct args *args = &job->args;
	struct target target;
	int status = STATUS_OK;

	if (args->n_operands < 2)
		return STATUS_OK;
	if (args_has(args, "token"))
		return job_fail(job, STATUS_USAGE,
		    "--token is of one request, and there are %zu targets",
		    args->n_operands);
	for (size_t i = 0; i < args->n_operands; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(args->operands[i], args->operands[k]) == 0)
				return job_fail(job, STATUS_USAGE,
				    "%s is named twice", args->operands[i]);
	for (size_t i = 0; i < args->n_operands && status == STATUS_OK; i++) {
		status = target_name(job, args->operands[i], &target);
		if (status == STATUS_OK)
			target_close(job->app, &target);
	}
	return status;
}

static int
begin(struct job *job)
{
	struct observing *o = job->state;
	size_t n = job->args.n_operands > 1 ? job->args.n_operands : 1;
	int status = check_targets(job);

	if (status != STATUS_OK)
		return status;
	o->items = calloc(n, sizeof(*o->items));
	if (!o->items)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	o->n = n;
	job->shares = n > 1;
	for (size_t i = 0; i < n; i++) {
		status =
		    begin_item(o, &o->items[i], args_operand(&job->args, i));
		o->items[i].over = status != STATUS_OK;
		o->left += status == STATUS_OK;
		if (status > o->status)
			o->status = status;
	}
	if (o->left == 0)
		return o->status;
	tell_waiting(o);
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
	job->state = o;
	job->free_state = free_state;
	job->cancel = cancel;
	job->lingers = true;
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
	"observe lamp:/t door:/open coap://device/sensors/t",
	NULL,
};

const struct command cmd_observe = {
	.name = "observe",
	.group = "Observing",
	.summary = "show resources, and each change of them",
	.details =
	    "It goes on until Ctrl-C, which ends it with status 130, or until "
	    "-n or -D ends it with 0; the server is asked to stop then. In raw "
	    "form a text ends with a newline, and another payload is a line "
	    "of hexadecimal. What is skipped is the difference of the numbers "
	    "that notifications have; not every server counts by one. A "
	    "server that answers and does not notify is status 9, unless that "
	    "answer was all that -n wanted. Of several targets each line "
	    "begins with which one it is of, and with a tab in raw form; -n is "
	    "a number of each, and the command ends when all have ended, with "
	    "the highest status. What is observed already is not observed "
	    "twice: it says how to see it.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "TARGET",
	    .optional = true,
	    .repeat = true,
	    .complete = COMPLETE_TARGET } },
	.start = start,
	.reach = REACH_SESSION,
};

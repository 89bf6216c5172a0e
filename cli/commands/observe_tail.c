/* SPDX-License-Identifier: BSD-2-Clause */
/* observe tail and stop: following what is observed in the background, and
 * ending it. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/commands/commands.h"
#include "cli/commands/observe.h"

/* --- observe tail --------------------------------------------------------- */

struct tailing;

/* One of those that are shown. */
struct tail {
	struct tailing *all;
	struct showing showing;
	struct follower follower;
	char *uri; /* the observation may be gone */
	struct observe_course course;
	bool over;
};

struct tailing {
	struct job *job;
	struct showing showing; /* what the words say of all of them */
	struct tail *tails;
	size_t n;
	size_t left; /* that are not over */
	int status;  /* the worst of those that are over */
};

static void
free_tailing(struct job *job)
{
	struct tailing *t = job->state;

	for (size_t i = 0; i < t->n; i++) {
		observed_unfollow(&t->tails[i].follower);
		showing_free(&t->tails[i].showing);
		free(t->tails[i].uri);
	}
	free(t->tails);
	showing_free(&t->showing);
	free(t);
}

/* It is told no more. */
static void
leave(struct tail *tail, int status)
{
	struct tailing *t = tail->all;

	observed_unfollow(&tail->follower);
	tail->over = true;
	tail->showing.summary.registrations = tail->course.again;
	showing_sum_up(&tail->showing, tail->uri);
	if (status > t->status)
		t->status = status;
	t->left--;
}

static void
leave_all(struct job *job)
{
	struct tailing *t = job->state;

	for (size_t i = 0; i < t->n; i++)
		if (!t->tails[i].over)
			leave(&t->tails[i], STATUS_OK);
}

static void
settle(struct tailing *t)
{
	if (t->left == 0)
		job_end(t->job, t->status);
}

static void
on_duration(struct showing *showing)
{
	struct tailing *t = (struct tailing *)(void *)((char *)showing -
	    offsetof(struct tailing, showing));

	leave_all(t->job);
	settle(t);
}

/* Shows one more. */
static void
show(struct tail *tail, const struct view_notification *v)
{
	struct tailing *t = tail->all;

	tail->course.max_age = v->max_age;
	showing_show(&tail->showing, v);
	if (output_failed(t->job->out))
		leave_all(t->job);
	else if (showing_is_over(&tail->showing))
		leave(tail, STATUS_OK);
}

static void
on_notify(struct follower *follower, const struct view_notification *v)
{
	struct tail *tail = follower->user;
	struct tailing *t = tail->all;

	show(tail, v);
	settle(t);
}

static void
on_state(struct follower *follower, coapx_observe_state_t state)
{
	struct tail *tail = follower->user;

	observe_tell(tail->all->job->out, follower, &tail->course, state,
	    tail->uri);
}

static void
on_end(struct follower *follower, const struct observed *o,
    const coapx_result_t *result)
{
	struct tail *tail = follower->user;
	struct tailing *t = tail->all;
	int status;

	if (o->stopping)
		status = job_fail(t->job, STATUS_STATE,
		    "%s: 'observe stop' has ended this", tail->uri);
	else
		status = observed_ended(o, &tail->showing, result);
	leave(tail, status);
	settle(t);
}

/* --- which ones ----------------------------------------------------------- */

/* lamp:/time, where it is one of several or may be. */
static bool
make_label(struct tail *tail, const struct observed *o)
{
	struct view_notification v = { .uri = NULL };

	if (tail->all->n == 1 && !args_has(&tail->all->job->args, "all"))
		return true;
	observed_view(o, &v);
	tail->showing.several = true;
	tail->showing.label =
	    text_format("%s%s%s", v.session_name ? v.session_name : "",
		v.session_name ? ":" : "", o->path);
	return tail->showing.label != NULL;
}

/* Follows it; all are there before anything is shown. */
static int
follow(struct tailing *t, struct tail *tail, struct observed *o)
{
	tail->all = t;
	showing_join(&tail->showing, &t->showing);
	tail->follower.user = tail;
	tail->follower.notify = on_notify;
	tail->follower.state = on_state;
	tail->follower.end = on_end;
	tail->uri = strdup(o->target.uri);
	if (!tail->uri || !make_label(tail, o))
		return job_fail(t->job, STATUS_INTERNAL, "out of memory");
	tail->course = o->course;
	tail->course.again = 0;
	t->job->session = o->target.session;
	observed_follow(o, &tail->follower);
	t->left++;
	return STATUS_OK;
}

static int
make_room(struct tailing *t, size_t n)
{
	t->tails = calloc(n + 1, sizeof(*t->tails));
	if (!t->tails)
		return job_fail(t->job, STATUS_INTERNAL, "out of memory");
	t->n = n;
	return STATUS_OK;
}

static int
follow_words(struct tailing *t)
{
	struct job *job = t->job;
	size_t n = job->args.n_operands > 1 ? job->args.n_operands : 1;
	int status = make_room(t, n);
	struct observed *o;

	for (size_t i = 0; i < n && status == STATUS_OK; i++) {
		o = observed_of_words(job, i, &status);
		for (size_t k = 0; o && k < i && status == STATUS_OK; k++)
			if (t->tails[k].follower.of == o)
				status = job_fail(job, STATUS_USAGE,
				    "%u is named twice", o->id);
		if (o && status == STATUS_OK)
			status = follow(t, &t->tails[i], o);
	}
	return status;
}

/* Those that 'observe list' has. */
static int
follow_all(struct tailing *t)
{
	struct job *job = t->job;
	struct observed *o;
	size_t n = 0, i = 0;
	int status = app_check_asked(job);

	DL_FOREACH(job->app->observed, o)
		n += observed_is_asked(job, o);
	if (status == STATUS_OK && n == 0)
		status = observed_none(job);
	if (status == STATUS_OK)
		status = make_room(t, n);
	DL_FOREACH(job->app->observed, o)
		if (status == STATUS_OK && observed_is_asked(job, o))
			status = follow(t, &t->tails[i++], o);
	return status;
}

/* What is known already comes first. */
static void
show_known(struct tail *tail)
{
	const struct observed *o = tail->follower.of;
	struct view_notification v;

	if (!o || !o->last.there || !o->last.whole)
		return;
	v = o->last.view;
	v.gap = 0;
	observed_view(o, &v);
	show(tail, &v);
}

static int
begin_tailing(struct tailing *t)
{
	struct job *job = t->job;

	job->cancel = leave_all;
	showing_begin(&t->showing);
	job_is_quiet(job, true);
	job_waits_for(job, "the next notification%s%s", t->n == 1 ? " of " : "",
	    t->n == 1 ? t->tails[0].uri : "");
	for (size_t i = 0; i < t->n; i++)
		show_known(&t->tails[i]);
	return t->left > 0 ? JOB_RUNNING : t->status;
}

static int
start_tail(struct job *job)
{
	bool all = args_has(&job->args, "all");
	struct tailing *t = calloc(1, sizeof(*t));
	int status;

	if (!t)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	t->job = job;
	job->state = t;
	job->free_state = free_tailing;
	status = showing_make(job, &t->showing, on_duration);
	if (status == STATUS_OK && all && job->args.n_operands > 0)
		status = job_fail(job, STATUS_USAGE,
		    "--all is every observation; which ones say their numbers");
	if (status == STATUS_OK)
		status = all ? follow_all(t) : follow_words(t);
	return status == STATUS_OK ? begin_tailing(t) : status;
}

static const struct option tail_all[] = {
	{ .name = "all", .help = "every observation that there is now" },
	{ .name = NULL },
};

static const struct option *const tail_options[] = {
	showing_options,
	tail_all,
	NULL,
};

static const char *const tail_examples[] = {
	"observe tail 1",
	"observe tail 2 --diff -n 10",
	"observe tail 1 2 5",
	"observe tail --all -D 1h",
	NULL,
};

const struct command cmd_observe_tail = {
	.name = "observe tail",
	.group = "Observing",
	.summary = "show what observations told last, and what they tell next",
	.details = "Ctrl-C ends the showing, and the observations stay. The ID "
		   "may be left out where there is one only. Of several each "
		   "line begins with which one it is of, as in 'observe'; -n "
		   "is a number of each. --all is what is observed now, with "
		   "-S of that session alone.",
	.examples = tail_examples,
	.options = tail_options,
	.operands = { { .name = "ID",
	    .optional = true,
	    .repeat = true,
	    .complete = COMPLETE_OBSERVED } },
	.start = start_tail,
	.reach = REACH_SESSION,
};

/* --- observe stop --------------------------------------------------------- */

struct stopping {
	struct job *job;
	struct follower *followers; /* one for each that ends */
	size_t n;
	size_t left; /* that have not ended */
	size_t unconfirmed;
	coapx_timer_t *patience;
};

static void
free_stopping(struct job *job)
{
	struct stopping *s = job->state;
	size_t i;

	for (i = 0; i < s->n; i++)
		observed_unfollow(&s->followers[i]);
	coapx_timer_free(s->patience);
	free(s->followers);
	free(s);
}

static void
end_stopping(struct stopping *s)
{
	output_note(s->job->out, "stopped %zu observation%s", s->n,
	    s->n == 1 ? "" : "s");
	if (s->unconfirmed > 0)
		output_note(s->job->out,
		    "%zu of %zu without an answer of the server",
		    s->unconfirmed, s->n);
	job_end(s->job, STATUS_OK);
}

static void
on_stop_notify(struct follower *follower, const struct view_notification *v)
{
	(void)follower, (void)v;
}

static void
on_stopped(struct follower *follower, const struct observed *o,
    const coapx_result_t *result)
{
	struct stopping *s = follower->user;

	(void)o;
	s->left--;
	s->unconfirmed += result->error < 0;
	/* Else those that end at once would end the job before the last was
	 * asked. */
	if (s->left == 0 && !s->job->held)
		end_stopping(s);
}

/* No server may hold up the command for as long as it takes to give up. */
static void
give_up(struct stopping *s)
{
	struct observed *o;
	size_t i;

	for (i = 0; i < s->n; i++) {
		o = s->followers[i].of;
		if (!o)
			continue;
		s->unconfirmed++;
		observed_unfollow(&s->followers[i]);
		observed_forget(o);
	}
}

static void
on_patience(coapx_timer_t *timer, void *arg)
{
	struct stopping *s = arg;

	(void)timer;
	give_up(s);
	end_stopping(s);
}

static void
cancel_stopping(struct job *job)
{
	give_up(job->state);
}

/* All of them, or one. */
static int
stop(struct stopping *s, struct observed *only)
{
	struct app *app = s->job->app;
	struct observed *o;
	size_t count = 0;

	DL_COUNT(app->observed, o, count);
	s->followers = calloc(count + 1, sizeof(*s->followers));
	s->patience = coapx_timer_new(app->context, on_patience, s);
	if (!s->followers || !s->patience)
		return job_fail(s->job, STATUS_INTERNAL, "out of memory");
	job_waits_for(s->job, "the answer of the server");
	coapx_timer_set(s->patience, OBSERVE_STOP_MS);
	DL_FOREACH(app->observed, o) {
		struct follower *follower = &s->followers[s->n];

		if (only ? o != only : !observed_is_asked(s->job, o))
			continue;
		*follower = (struct follower){
			.notify = on_stop_notify,
			.end = on_stopped,
			.user = s,
		};
		observed_follow(o, follower);
		s->n++;
	}
	s->left = s->n;
	for (size_t i = 0; i < s->n; i++)
		if (s->followers[i].of)
			observed_stop(s->followers[i].of);
	if (s->left > 0)
		return JOB_RUNNING;
	end_stopping(s);
	return STATUS_OK;
}

static int
start_stop(struct job *job)
{
	bool all = args_has(&job->args, "all") && job->args.n_operands == 0;
	struct stopping *s = calloc(1, sizeof(*s));
	struct observed *o = NULL;
	int status = STATUS_OK;

	if (!s)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	s->job = job;
	job->state = s;
	job->free_state = free_stopping;
	job->cancel = cancel_stopping;
	if (!all || !job->app->observed)
		o = all ? NULL : observed_of_words(job, 0, &status);
	if (!all && !o)
		return status;
	if (all)
		status = app_check_asked(job);
	if (status != STATUS_OK || job->app->observed)
		return status == STATUS_OK ? stop(s, o) : status;
	output_note(job->out, "nothing is observed");
	return STATUS_OK;
}

static const struct option stop_options[] = {
	{ .name = "all", .help = "every observation; with -S of that session" },
	{ .name = NULL },
};

static const struct option *const stop_sets[] = { stop_options, NULL };

const struct command cmd_observe_stop = {
	.name = "observe stop",
	.group = "Observing",
	.summary = "end an observation, and tell the server",
	.details = "It waits for the server's answer, 5 s at most. The ID may "
		   "be left out where there is one only.",
	.options = stop_sets,
	.operands = { OBSERVED_OPERAND },
	.start = start_stop,
	.reach = REACH_SESSION,
};

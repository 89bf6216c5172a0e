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

struct tailing {
	struct job *job;
	struct showing showing;
	struct follower follower;
	char *uri; /* the observation may be gone */
	struct observe_course course;
};

static void
free_tailing(struct job *job)
{
	struct tailing *t = job->state;

	observed_unfollow(&t->follower);
	showing_free(&t->showing);
	free(t->uri);
	free(t);
}

static void
sum_up_tailing(struct job *job)
{
	struct tailing *t = job->state;

	t->showing.summary.registrations = t->course.again;
	showing_sum_up(&t->showing, t->uri);
}

static void
end_tailing(struct tailing *t, int status)
{
	sum_up_tailing(t->job);
	job_end(t->job, status);
}

static void
on_duration(struct showing *showing)
{
	end_tailing((struct tailing *)(void *)((char *)showing -
			offsetof(struct tailing, showing)),
	    STATUS_OK);
}

static void
on_notify(struct follower *follower, const struct view_notification *v)
{
	struct tailing *t = follower->user;

	t->course.max_age = v->max_age;
	showing_show(&t->showing, v);
	if (showing_is_over(&t->showing))
		end_tailing(t, STATUS_OK);
}

static void
on_state(struct follower *follower, coapx_observe_state_t state)
{
	struct tailing *t = follower->user;

	observe_tell(t->job->out, follower, &t->course, state, t->uri);
}

static void
on_end(struct follower *follower, const struct observed *o,
    const coapx_result_t *result)
{
	struct tailing *t = follower->user;
	int status;

	if (o->stopping)
		status = job_fail(t->job, STATUS_STATE,
		    "%s: 'observe stop' has ended this", t->uri);
	else
		status = observed_ended(o, &t->showing, result);
	end_tailing(t, status);
}

/* What is known already comes first. */
static int
begin_tailing(struct tailing *t, struct observed *o)
{
	struct view_notification v;

	t->uri = strdup(o->target.uri);
	if (!t->uri)
		return job_fail(t->job, STATUS_INTERNAL, "out of memory");
	t->course = o->course;
	t->course.again = 0;
	t->job->session = o->target.session;
	observed_follow(o, &t->follower);
	showing_begin(&t->showing);
	job_is_quiet(t->job, true);
	job_waits_for(t->job, "the next notification of %s", t->uri);
	if (!o->last.there || !o->last.whole)
		return JOB_RUNNING;
	v = o->last.view;
	v.gap = 0;
	observed_view(o, &v);
	t->course.max_age = v.max_age;
	showing_show(&t->showing, &v);
	if (!showing_is_over(&t->showing))
		return JOB_RUNNING;
	sum_up_tailing(t->job);
	return STATUS_OK;
}

static int
start_tail(struct job *job)
{
	struct tailing *t = calloc(1, sizeof(*t));
	struct observed *o;
	int status;

	if (!t)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	t->job = job;
	t->follower.user = t;
	t->follower.notify = on_notify;
	t->follower.state = on_state;
	t->follower.end = on_end;
	job->state = t;
	job->free_state = free_tailing;
	status = showing_make(job, &t->showing, on_duration);
	if (status != STATUS_OK)
		return status;
	o = observed_of_words(job, &status);
	if (!o)
		return status;
	job->cancel = sum_up_tailing;
	return begin_tailing(t, o);
}

static const struct option *const tail_options[] = { showing_options, NULL };

static const char *const tail_examples[] = {
	"observe tail 1",
	"observe tail 2 --diff -n 10",
	NULL,
};

const struct command cmd_observe_tail = {
	.name = "observe tail",
	.group = "Observing",
	.summary = "show what an observation told last, and what it tells next",
	.details = "Ctrl-C ends the showing, and the observation stays. The ID "
		   "may be left out where there is one only.",
	.examples = tail_examples,
	.options = tail_options,
	.operands = { OBSERVED_OPERAND },
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

		if (only && o != only)
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
		o = all ? NULL : observed_of_words(job, &status);
	if (!all && !o)
		return status;
	if (!job->app->observed) {
		output_note(job->out, "nothing is observed");
		return STATUS_OK;
	}
	return stop(s, o);
}

static const struct option stop_options[] = {
	{ .name = "all", .help = "every observation" },
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

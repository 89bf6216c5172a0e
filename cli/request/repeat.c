/* SPDX-License-Identifier: BSD-2-Clause */
/* -n and --interval. */
#include "cli/request/repeat.h"

#include <inttypes.h>

#include "cli/failure.h"

#define DEFAULT_INTERVAL_MS 1000

const struct option repeat_options[] = {
	{ .letter = 'n',
	    .name = "count",
	    .arg = "N",
	    .help = "how many times" },
	{ .name = "interval", .arg = "DUR", .help = "time between two (1s)" },
	{ .name = NULL },
};

/* --- waiting ------------------------------------------------------------- */

static void
end(struct repeat *repeat, int status)
{
	struct job *job = repeat->job;

	if (job->cancel)
		job->cancel(job);
	job_end(job, status);
}

static void
on_timer(coapx_timer_t *timer, void *arg)
{
	struct repeat *repeat = arg;
	int status;

	(void)timer;
	repeat->session = NULL;
	job_is_quiet(repeat->job, false);
	status = repeat->again(repeat->job);
	if (status != JOB_RUNNING)
		end(repeat, status);
}

/* The job's reference does not keep a session whose listener goes. */
static void
on_event(struct observer *observer, coap_session_t *session, coap_event_t event)
{
	struct repeat *repeat = observer->user;

	if (session == repeat->session &&
	    event == COAP_EVENT_SERVER_SESSION_DEL)
		end(repeat,
		    job_fail(repeat->job, STATUS_UNREACHABLE,
			"the session was closed between two requests"));
}

void
repeat_wait(struct repeat *repeat, coap_session_t *session)
{
	uint64_t ms = repeat->interval_ms;

	repeat->session = session;
	job_is_quiet(repeat->job, repeat->hold_ms <= ms);
	if (repeat->hold_ms > ms) {
		ms = repeat->hold_ms;
		output_note(repeat->job->out,
		    "waiting %" PRIu64 " s, as the device asks", ms / 1000);
		job_waits_for(repeat->job,
		    "the %" PRIu64 " s that the device wants to be left alone",
		    ms / 1000);
	}
	repeat->hold_ms = 0;
	coapx_timer_set(repeat->timer, ms);
}

void
repeat_hold(struct repeat *repeat, unsigned seconds)
{
	repeat->hold_ms = (uint64_t)seconds * 1000;
}

/* --- beginning and end --------------------------------------------------- */

void
repeat_free(struct repeat *repeat)
{
	if (!repeat->timer)
		return;
	coapx_timer_free(repeat->timer);
	app_unobserve(repeat->job->app, &repeat->observer);
	repeat->timer = NULL;
}

static int
begin(struct repeat *repeat)
{
	struct app *app = repeat->job->app;

	repeat->timer = coapx_timer_new(app->context, on_timer, repeat);
	if (!repeat->timer)
		return job_fail(repeat->job, STATUS_INTERNAL, "out of memory");
	repeat->observer.event = on_event;
	repeat->observer.user = repeat;
	app_observe(app, &repeat->observer);
	return STATUS_OK;
}

int
repeat_make(struct job *job, struct repeat *repeat,
    int (*again)(struct job *job))
{
	const char *count = args_get(&job->args, "count");
	const char *interval = args_get(&job->args, "interval");
	int64_t ms = DEFAULT_INTERVAL_MS;

	*repeat = (struct repeat){ .count = 1, .job = job, .again = again };
	if (count &&
	    (!parse_number(count, UINT32_MAX, &repeat->count) ||
		repeat->count == 0))
		return job_fail(job, STATUS_USAGE,
		    "--count wants a number from 1 to %" PRIu32 ", not '%s'",
		    UINT32_MAX, count);
	if (interval)
		ms = parse_duration(interval);
	if (ms < 0)
		return job_fail(job, STATUS_USAGE,
		    "--interval wants a time such as 500ms or 2s, not '%s'",
		    interval);
	repeat->interval_ms = (uint64_t)ms;
	return begin(repeat);
}

void
repeat_answered(struct repeat *repeat, uint64_t rtt_us)
{
	struct view_ping_summary *s = &repeat->summary;

	if (s->answered++ == 0 || rtt_us < s->min_us)
		s->min_us = rtt_us;
	if (rtt_us > s->max_us)
		s->max_us = rtt_us;
	repeat->rtt_sum += rtt_us;
	s->avg_us = repeat->rtt_sum / s->answered;
}

bool
repeat_is_over(const struct repeat *repeat)
{
	return repeat->summary.sent >= repeat->count ||
	    output_failed(repeat->job->out);
}

void
repeat_sum_up(struct repeat *repeat, const coap_session_t *session)
{
	char peer[PEER_SIZE];

	if (repeat->count <= 1 || repeat->summary.sent == 0 || !session)
		return;
	repeat->summary.peer = failure_peer(session, peer);
	output_ping_summary(repeat->job->out, &repeat->summary);
}

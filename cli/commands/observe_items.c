/* SPDX-License-Identifier: BSD-2-Clause */
/* observe start, list, show and diff: what is observed, and in the
 * background. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/commands/commands.h"
#include "cli/commands/observe.h"
#include "cli/output/option_text.h"
#include "cli/output/payload.h"
#include "cli/output/time_text.h"
#include "cli/request/write_out.h"

/* Characters of a value in a table; bytes of it that are looked at. */
#define VALUE_SHOWN 40
#define VALUE_BYTES ((size_t)1024)

/* --- the table ------------------------------------------------------------ */

#define COLUMNS 8

static const char *const columns[COLUMNS + 1] = { "id", "session", "path",
	"state", "notifications", "gaps", "age", "value", NULL };

/* A row that is no pointer into the observation. */
struct row {
	char id[16];
	char notifications[24];
	char gaps[24];
	char age[DURATION_TEXT_SIZE];
	struct text value;
};

/* The beginning of the payload on one line. */
static void
add_value(struct text *text, const struct job *job, const struct kept *last)
{
	const struct view_notification *v = &last->view;
	size_t max =
	    output_form(job->out) == FORM_HUMAN ? VALUE_SHOWN : VALUE_BYTES;
	size_t len = v->len < VALUE_BYTES ? v->len : VALUE_BYTES;
	bool is_text = v->data && payload_is_text(v->data, v->len);

	if (last->there && !last->whole)
		text_addf(text, "(%zu bytes, not kept)", v->len);
	if (!v->data)
		return;
	while (is_text && len > 0 && v->data[len - 1] == '\n')
		len--;
	if (is_text && len > max) {
		len = max;
		while (len > 0 && (v->data[len] & 0xc0) == 0x80)
			len--;
	} else if (!is_text && len > max / 2) {
		len = max / 2;
	}
	if (is_text)
		payload_escape(text, v->data, len, ESCAPE_LINE, false);
	else
		payload_hex(text, v->data, len);
	if (len < v->len && !(is_text && v->data[len] == '\n'))
		text_add(text, "...");
}

static void
add_age(char age[static DURATION_TEXT_SIZE], const struct job *job, uint64_t ms)
{
	if (output_form(job->out) == FORM_HUMAN)
		duration_text(ms * 1000, age);
	else
		snprintf(age, DURATION_TEXT_SIZE, "%" PRIu64, ms);
}

static void
fill_row(const struct job *job, const struct observed *o, struct row *row,
    const char **cells)
{
	coapx_observation_info_t info = { .size = sizeof(info) };
	struct view_notification v = { .uri = NULL };

	coapx_observation_info(o->observation, &info);
	observed_view(o, &v);
	snprintf(row->id, sizeof(row->id), "%u", o->id);
	snprintf(row->notifications, sizeof(row->notifications), "%" PRIu64,
	    info.notifications);
	snprintf(row->gaps, sizeof(row->gaps), "%" PRIu64, info.gaps);
	add_age(row->age, job, info.age_ms);
	add_value(&row->value, job, &o->last);
	cells[0] = row->id;
	cells[1] = v.session_name;
	cells[2] = o->path;
	cells[3] = coapx_observe_state_name(info.state);
	cells[4] = row->notifications;
	cells[5] = row->gaps;
	cells[6] = row->age;
	cells[7] = text_string(&row->value);
}

bool
observed_is_asked(const struct job *job, const struct observed *o)
{
	const char *name = app_asked_session(job);
	struct view_notification v = { .uri = NULL };

	observed_view(o, &v);
	return !name || (v.session_name && strcmp(name, v.session_name) == 0);
}

/* One of them, or those that are asked for (only is NULL). */
static int
list(struct job *job, const struct observed *only)
{
	struct view_table table = { .type = "observation", .columns = columns };
	const struct observed *o;
	struct row *rows;
	const char **cells;
	size_t n = 0;

	DL_COUNT(job->app->observed, o, n);
	rows = calloc(n + 1, sizeof(*rows));
	cells = calloc(n + 1, COLUMNS * sizeof(*cells));
	if (!rows || !cells) {
		free(rows);
		free(cells);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	DL_FOREACH(job->app->observed, o) {
		if (only ? o != only : !observed_is_asked(job, o))
			continue;
		fill_row(job, o, &rows[table.rows],
		    cells + COLUMNS * table.rows);
		table.rows++;
	}
	table.cells = cells;
	output_table(job->out, &table);
	while (table.rows > 0)
		text_free(&rows[--table.rows].value);
	free(rows);
	free(cells);
	return STATUS_OK;
}

static int
start_list(struct job *job)
{
	const struct observed *o;

	if (app_check_asked(job) != STATUS_OK)
		return STATUS_STATE;
	DL_FOREACH(job->app->observed, o)
		if (observed_is_asked(job, o))
			return list(job, NULL);
	/* A guest asks several processes, and speaks for all of them, unless it
	 * is about one session. */
	if (!job->front->guest || app_asked_session(job))
		output_note(job->out,
		    "nothing is observed; 'observe start PATH' does that in "
		    "the background");
	return STATUS_OK;
}

const struct command cmd_observe_list = {
	.name = "observe list",
	.group = "Observing",
	.summary = "list what is observed, in the background or not",
	.details = "A value is cut; 'observe show' has all of it. The age is "
		   "that of the last notification, in milliseconds but for "
		   "people. With -S it is what is observed of that session "
		   "alone.",
	.start = start_list,
	.reach = REACH_ALL,
};

/* --- observe start -------------------------------------------------------- */

struct starting {
	struct job *job;
	struct observe_words words;
	struct target target;
	struct follower follower;
};

static void
free_starting(struct job *job)
{
	struct starting *s = job->state;

	observe_words_free(&s->words);
	observed_unfollow(&s->follower);
	target_close(job->app, &s->target);
	free(s);
}

/* Ctrl-C, or -T, before the server has answered. */
static void
cancel_starting(struct job *job)
{
	struct starting *s = job->state;

	if (s->follower.of)
		observed_discard(s->follower.of);
}

static int
announce(struct job *job, const struct observed *o)
{
	struct view_field field = { .name = "id", .type = FIELD_NUMBER };

	output_note(job->out,
	    "observing %s as %u; 'observe tail %u' shows what comes",
	    o->target.uri, o->id, o->id);
	if (output_form(job->out) == FORM_JSON)
		return list(job, o);
	field.number = o->id;
	if (output_form(job->out) != FORM_HUMAN)
		output_value(job->out, &field);
	return STATUS_OK;
}

static void
on_first(struct follower *follower, const struct view_notification *v)
{
	struct starting *s = follower->user;
	struct observed *o = follower->of;

	(void)v;
	observed_unfollow(follower);
	job_end(s->job, announce(s->job, o));
}

static void
on_refused(struct follower *follower, const struct observed *o,
    const coapx_result_t *result)
{
	struct starting *s = follower->user;
	struct showing showing = { .job = s->job };
	int status = observed_ended(o, &showing, result);

	showing_free(&showing);
	job_end(s->job, status);
}

static int
begin(struct job *job)
{
	struct starting *s = job->state;
	int status;

	status = target_open(job, args_operand(&job->args, 0), &s->target);
	if (status != STATUS_OK)
		return status;
	job_waits_for(job, "the first answer from %s", s->target.uri);
	job->waits_on = s->target.session;
	if (!observed_start(job, &s->target, &s->words.plan, &s->follower,
		&status))
		return status;
	return JOB_RUNNING;
}

static int
start_start(struct job *job)
{
	struct starting *s = calloc(1, sizeof(*s));
	int status;

	if (!s)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	s->job = job;
	s->follower.user = s;
	s->follower.notify = on_first;
	s->follower.end = on_refused;
	job->state = s;
	job->free_state = free_starting;
	job->cancel = cancel_starting;
	if (!job->app->keep && !job->front->guest)
		return job_fail(job, STATUS_USAGE,
		    "this process ends with the command, and what it observes "
		    "with it; 'observe' alone stays, or name a session of a "
		    "prompt or the agent with -S");
	status = refuse_file(job);
	return status == STATUS_OK ? observe_words(job, &s->words, begin)
				   : status;
}

static const struct option *const start_options[] = {
	message_options,
	observe_options,
	payload_options,
	proxy_options,
	bind_options,
	KEYRING_CLIENT,
	NULL,
};

static const char *const start_examples[] = {
	"observe start /sensors/t",
	"observe start lamp:/state",
	NULL,
};

const struct command cmd_observe_start = {
	.name = "observe start",
	.group = "Observing",
	.summary = "observe in the background",
	.details =
	    "It gets a number, which is printed in raw form, and is observed "
	    "until 'observe stop', or until its session is closed; a session "
	    "that reconnects takes it along. What comes is kept, the last two "
	    "of up to 1 MiB each, and not shown: 'observe show', 'observe "
	    "diff' and 'observe tail' do. It is said when it is lost or ends.",
	.examples = start_examples,
	.options = start_options,
	.operands = { { .name = "TARGET",
	    .optional = true,
	    .complete = COMPLETE_TARGET } },
	.start = start_start,
	.reach = REACH_SESSION,
};

/* --- which one ------------------------------------------------------------ */

int
observed_none(struct job *job)
{
	return job_fail(job, STATUS_STATE,
	    "nothing is observed; 'observe start PATH' does that in the "
	    "background");
}

struct observed *
observed_of_words(struct job *job, size_t i, int *status)
{
	const char *word = args_operand(&job->args, i);
	struct app *app = job->app;
	struct observed *o = app->observed;
	uint64_t id = 0;

	*status = STATUS_OK;
	if (!word && o && !o->next)
		return o;
	*status = STATUS_STATE;
	if (!word && o) {
		*status = job_fail(job, STATUS_USAGE,
		    "which one? 'observe list' shows them");
		return NULL;
	}
	if (!word) {
		observed_none(job);
		return NULL;
	}
	o = parse_number(word, UINT32_MAX, &id)
	    ? observed_find(app, (unsigned)id)
	    : NULL;
	if (!o)
		job_fail(job, STATUS_STATE,
		    "there is no observation '%s' here; 'observe list' shows "
		    "what there is, and -S NAME says in whose process",
		    word);
	else
		*status = STATUS_OK;
	return o;
}

/* --- observe show, observe diff ------------------------------------------- */

/* What was kept, as it is told; false: nothing came yet, or it was too long,
 * and the job has been told. */
static bool
kept_view(struct job *job, const struct observed *o, const struct kept *kept,
    struct view_notification *v)
{
	if (kept->there && kept->whole) {
		*v = kept->view;
		observed_view(o, v);
		return true;
	}
	job_fail(job, STATUS_STATE,
	    kept->there ? "%s: it was longer than 1 MiB, and not kept"
			: "%s: no notification came yet",
	    o->target.uri);
	return false;
}

static int
start_show(struct job *job)
{
	int status = refuse_file(job);
	struct view_notification v;
	struct observed *o;

	if (status == STATUS_OK)
		status = write_out_check(job);
	if (status != STATUS_OK)
		return status;
	o = observed_of_words(job, 0, &status);
	if (!o)
		return status;
	if (!kept_view(job, o, &o->last, &v))
		return STATUS_STATE;
	output_notification(job->out, &v);
	return STATUS_OK;
}

static int
start_diff(struct job *job)
{
	int status = refuse_file(job);
	struct view_notification v;
	struct view_notification before;
	struct observed *o;
	json_t *changes;

	if (status == STATUS_OK)
		status = write_out_check(job);
	if (status != STATUS_OK)
		return status;
	o = observed_of_words(job, 0, &status);
	if (!o)
		return status;
	if (o->last.there && !o->before.there)
		return job_fail(job, STATUS_STATE,
		    "%s: one notification came, and two are compared; "
		    "'observe show %u' has it",
		    o->target.uri, o->id);
	if (!kept_view(job, o, &o->last, &v) ||
	    !kept_view(job, o, &o->before, &before))
		return STATUS_STATE;
	changes = notification_diff(&before, &v);
	if (!changes)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	v.changes = changes;
	output_notification(job->out, &v);
	json_decref(changes);
	return STATUS_OK;
}

const struct command cmd_observe_show = {
	.name = "observe show",
	.group = "Observing",
	.summary = "show the last notification of an observation",
	.details = "The ID may be left out where there is one only.",
	.operands = { OBSERVED_OPERAND },
	.start = start_show,
	.reach = REACH_SESSION,
};

const struct command cmd_observe_diff = {
	.name = "observe diff",
	.group = "Observing",
	.summary = "show what the last two notifications differ in",
	.details = "The ID may be left out where there is one only.",
	.operands = { OBSERVED_OPERAND },
	.start = start_diff,
	.reach = REACH_SESSION,
};

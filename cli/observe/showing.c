/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications on their way to the user. */
#include "cli/observe/showing.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/failure.h"
#include "cli/observe/observe_diff.h"
#include "cli/output/option_text.h"
#include "cli/output/time_text.h"
#include "cli/request/write_out.h"

const struct option showing_options[] = {
	{ .letter = 'n',
	    .name = "count",
	    .arg = "N",
	    .help = "end after so many were shown, of each" },
	{ .letter = 'D',
	    .name = "duration",
	    .arg = "DUR",
	    .help = "end after that time" },
	{ .name = "diff", .help = "show what changed, not all of it" },
	{ .name = "changes-only",
	    .help = "only those that differ from the one before" },
	{ .name = "late", .help = "also those that came too late" },
	{ .name = NULL },
};

/* --- notifications that are kept ------------------------------------------ */

void
kept_free(struct kept *kept)
{
	free((void *)(uintptr_t)kept->view.data);
	memset(kept, 0, sizeof(*kept));
}

void
kept_set(struct kept *kept, const struct view_notification *v)
{
	uint8_t *copy = v->len <= KEPT_MAX ? malloc(v->len + 1) : NULL;

	kept_free(kept);
	kept->there = true;
	kept->whole = copy != NULL;
	kept->view = *v;
	kept->view.session_name = NULL;
	kept->view.session = NULL;
	kept->view.uri = NULL;
	kept->view.label = NULL;
	kept->view.several = false;
	kept->view.response = NULL;
	kept->view.changes = NULL;
	kept->view.data = copy;
	if (copy && v->len > 0)
		memcpy(copy, v->data, v->len);
}

void
notification_view(const coap_pdu_t *response, const coapx_notification_t *n,
    struct view_notification *v)
{
	*v = (struct view_notification){
		.response = response,
		.code = coap_pdu_get_code(response),
		.format = pdu_content_format(response),
		.at_ms = time_now_ms(),
	};
	coap_get_data(response, &v->len, &v->data);
	if (!n)
		return;
	v->numbered = n->flags & COAPX_NOTIFICATION_NUMBERED;
	v->reordered = n->flags & COAPX_NOTIFICATION_REORDERED;
	v->number = n->number;
	v->gap = n->gap;
	v->max_age = n->max_age;
}

json_t *
notification_diff(const struct view_notification *before,
    const struct view_notification *now)
{
	const struct decode_in old = {
		.data = before->data,
		.len = before->len,
		.format = before->format,
		.now_ms = before->at_ms,
	};
	const struct decode_in new = {
		.data = now->data,
		.len = now->len,
		.format = now->format,
		.now_ms = now->at_ms,
	};

	if (!before->data || (!now->data && now->len > 0))
		return NULL;
	return observe_diff(&old, &new);
}

/* --- showing -------------------------------------------------------------- */

static bool
is_same(const struct kept *before, const struct view_notification *v)
{
	const struct view_notification *b = &before->view;

	/* 2.03: what is known is still valid. */
	if (v->code == COAP_RESPONSE_CODE_VALID)
		return before->there;
	return before->whole && b->code == v->code && b->format == v->format &&
	    b->len == v->len &&
	    (v->len == 0 || !memcmp(b->data, v->data, b->len));
}

static void
tell_late(struct showing *showing, const struct view_notification *v)
{
	const struct view_notification *b = &showing->before.view;
	char text[120];

	snprintf(text, sizeof(text),
	    "#%" PRIu32 " came after #%" PRIu32
	    " and is not shown (--late does)",
	    v->number, b->number);
	output_event(showing->job->out, v->session_name, "out of order", text);
}

/* False: it is not to be shown. */
static bool
is_wanted(struct showing *showing, const struct view_notification *v)
{
	struct view_observe_summary *sum = &showing->summary;

	sum->notifications++;
	sum->gaps += v->gap;
	sum->reordered += v->reordered;
	if (v->reordered && !showing->late) {
		tell_late(showing, v);
		return false;
	}
	if (!showing->changes_only || v->reordered ||
	    !is_same(&showing->before, v))
		return true;
	sum->unchanged++;
	return false;
}

void
showing_show(struct showing *showing, const struct view_notification *v)
{
	struct view_notification shown = *v;
	json_t *changes = NULL;

	shown.count = showing->summary.notifications + 1;
	shown.label = showing->label;
	shown.several = showing->several;
	if (!is_wanted(showing, v) || showing_is_over(showing))
		return;
	if (showing->diff && showing->before.there && !v->reordered)
		changes = notification_diff(&showing->before.view, v);
	shown.changes = changes;
	output_notification(showing->job->out, &shown);
	json_decref(changes);
	showing->shown++;
	if (!v->reordered && v->code != COAP_RESPONSE_CODE_VALID)
		kept_set(&showing->before, v);
}

bool
showing_is_over(const struct showing *showing)
{
	return (showing->limit > 0 && showing->shown >= showing->limit) ||
	    output_failed(showing->job->out);
}

/* --- beginning and end ---------------------------------------------------- */

static void
on_timer(coapx_timer_t *timer, void *arg)
{
	struct showing *showing = arg;

	(void)timer;
	showing->over(showing);
}

int
refuse_file(struct job *job)
{
	if (!output_to_file(job->out))
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "-o: there is no one payload that the file could have; > FILE "
	    "takes what is printed");
}

static int
read_count(struct job *job, struct showing *showing)
{
	const char *count = args_get(&job->args, "count");

	if (!count ||
	    (parse_number(count, UINT32_MAX, &showing->limit) &&
		showing->limit > 0))
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "--count wants a number from 1 to %" PRIu32 ", not '%s'",
	    UINT32_MAX, count);
}

static int
read_duration(struct job *job, struct showing *showing)
{
	const char *duration = args_get(&job->args, "duration");

	if (!duration)
		return STATUS_OK;
	if (parse_duration(duration) <= 0)
		return job_fail(job, STATUS_USAGE,
		    "--duration wants a time such as 500ms, 30s or 2h, not "
		    "'%s'",
		    duration);
	showing->timer = coapx_timer_new(job->app->context, on_timer, showing);
	return showing->timer ? STATUS_OK
			      : job_fail(job, STATUS_INTERNAL, "out of memory");
}

int
showing_make(struct job *job, struct showing *showing,
    void (*over)(struct showing *showing))
{
	int status = refuse_file(job);

	memset(showing, 0, sizeof(*showing));
	showing->job = job;
	showing->over = over;
	showing->began_ms = time_now_ms();
	showing->diff = args_has(&job->args, "diff");
	showing->changes_only = args_has(&job->args, "changes-only");
	showing->late = args_has(&job->args, "late");
	if (status == STATUS_OK)
		status = write_out_check(job);
	if (status == STATUS_OK)
		status = read_count(job, showing);
	if (status == STATUS_OK)
		status = read_duration(job, showing);
	return status;
}

void
showing_join(struct showing *one, const struct showing *all)
{
	*one = (struct showing){
		.job = all->job,
		.diff = all->diff,
		.changes_only = all->changes_only,
		.late = all->late,
		.limit = all->limit,
		.began_ms = time_now_ms(),
	};
}

void
showing_begin(struct showing *showing)
{
	const char *duration = args_get(&showing->job->args, "duration");

	showing->began_ms = time_now_ms();
	if (showing->timer)
		coapx_timer_set(showing->timer,
		    (uint64_t)parse_duration(duration));
}

void
showing_free(struct showing *showing)
{
	coapx_timer_free(showing->timer);
	showing->timer = NULL;
	free(showing->label);
	showing->label = NULL;
	kept_free(&showing->before);
}

void
showing_sum_up(struct showing *showing, const char *uri)
{
	struct view_observe_summary *sum = &showing->summary;
	int64_t now = time_now_ms();

	if (sum->notifications == 0)
		return;
	sum->uri = uri;
	sum->duration_ms =
	    now > showing->began_ms ? (uint64_t)(now - showing->began_ms) : 0;
	output_observe_summary(showing->job->out, sum);
}

int
showing_ended(struct showing *showing, const struct target *target,
    const coapx_result_t *result, const struct view_response *view)
{
	struct job *job = showing->job;
	bool before = showing->summary.notifications > 0;
	struct view_notification last;
	struct view_response refused = *view;
	unsigned code;

	if (result->error < 0)
		return failure_target(job, target, result, NULL);
	code = coap_pdu_get_code(result->response);
	if (COAP_RESPONSE_CLASS(code) != 2) {
		refused.label = showing->several ? showing->label : NULL;
		output_response(job->out, &refused);
		failure_proxy(job, target, code);
		return status_of_code(code);
	}
	notification_view(result->response, NULL, &last);
	last.session_name = view->session_name;
	last.session = target->session;
	last.insecure = view->insecure;
	last.uri = view->uri;
	showing_show(showing, &last);
	if (showing_is_over(showing))
		return STATUS_OK;
	if (before)
		return job_fail(job, STATUS_STATE,
		    "%s: the server does not tell of changes any more",
		    view->uri);
	if (target->proxy)
		return job_fail(job, STATUS_STATE,
		    "%s: the answer came, and no changes will: the proxy at %s "
		    "passes none on, or the device has none to tell",
		    view->uri, target->proxy);
	return job_fail(job, STATUS_STATE,
	    "%s: the server answers, and will not tell of changes: it cannot "
	    "be observed, or has too many observers already",
	    view->uri);
}

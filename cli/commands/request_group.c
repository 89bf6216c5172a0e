/* SPDX-License-Identifier: BSD-2-Clause */
/* get and its kin to a multicast group: many answers, each with its sender. */
#include "cli/commands/request_group.h"

#include <stdlib.h>

#include "cli/failure.h"

struct request_group {
	struct job *job;
	const struct target *target;
	const struct expect *expect;
	struct group *group;
	struct group_rows rows;
	char session_name[40]; /* it may lose its name meanwhile */
	int worst;
};

void
request_group_free(struct request_group *r)
{
	if (!r)
		return;
	group_free(r->group);
	text_free(&r->rows.cells);
	free(r);
}

static void
on_answer(void *arg, const struct group_answer *answer)
{
	struct request_group *r = arg;
	unsigned code = coap_pdu_get_code(answer->response);
	struct view_response view = {
		.session_name = r->session_name[0] ? r->session_name : NULL,
		.session = answer->session,
		.request = answer->request,
		.response = answer->response,
		.uri = r->target->uri,
		.rtt_us = answer->after_us,
		.ok = expect_code_ok(r->expect, code),
		.from = answer->from,
	};
	int status;

	if (output_form(r->job->out) == FORM_JSON)
		output_response(r->job->out, &view);
	else
		group_row(&r->rows, r->job->out, answer);
	status = expect_response(r->job, r->expect, answer->response);
	if (status == STATUS_OK && answer->part)
		status = job_fail(r->job, STATUS_INCOMPLETE,
		    "%s: this is only the first part of its answer",
		    answer->from);
	if (status > r->worst)
		r->worst = status;
}

static void
on_end(void *arg, const coapx_result_t *result)
{
	struct request_group *r = arg;

	group_rows_end(&r->rows, r->job->out);
	if (result->error == -COAP_E_TIMEOUT)
		r->worst = group_silent(r->job, r->target);
	else if (result->error < 0)
		r->worst = failure_report(r->job, r->target->session,
		    r->target->uri, result, NULL);
	job_end(r->job, r->worst);
}

int
request_group_start(struct job *job, struct request_plan *plan,
    const struct target *target, const struct expect *expect,
    struct request_group **out)
{
	struct request_group *r;
	struct group_params params = {
		.job = job,
		.plan = plan,
		.target = target,
		.answer = on_answer,
		.end = on_end,
	};
	int status = STATUS_INTERNAL;

	if (output_to_file(job->out))
		return job_fail(job, STATUS_USAGE,
		    "-o: the answers of a group are no one file; --json gives "
		    "each on a line");
	if (args_has(&job->args, "count"))
		return job_fail(job, STATUS_USAGE,
		    "--count: a group is asked once, and answers often");
	r = calloc(1, sizeof *r);
	if (!r)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	r->job = job;
	r->target = target;
	r->expect = expect;
	if (target->named)
		snprintf(r->session_name, sizeof r->session_name, "%s",
		    target->named->name);
	params.arg = r;
	*out = r;
	r->group = group_ask(&params, &status);
	return r->group ? JOB_RUNNING : status;
}

void
request_group_show(struct request_group *r)
{
	if (r)
		group_rows_end(&r->rows, r->job->out);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The job of get, put and their like: one request, or several, and what came
 * back. */
#include "cli/commands/request_job.h"

#include <stdlib.h>
#include <string.h>

#include "cli/body/download.h"
#include "cli/body/input.h"
#include "cli/body/upload.h"
#include "cli/commands/request_group.h"
#include "cli/failure.h"
#include "cli/output/option_text.h"
#include "cli/request/dry_run.h"
#include "cli/request/expect.h"
#include "cli/request/repeat.h"
#include "cli/request/request.h"
#include "cli/request/write_out.h"
#include "cli/session/diagnosis.h"

struct request_job {
	struct job *job;
	struct request_plan plan;
	struct expect expect;
	struct repeat repeat;
	struct target target;
	size_t operand;        /* which one is the target */
	char session_name[40]; /* the session may lose its name meanwhile */
	coapx_request_t *pending;
	struct request_group *group; /* the target is one; else NULL */
	struct input *input;         /* while all of the payload is read */
	struct download download;
	struct upload upload;
	int worst;
};

static void
free_state(struct job *job)
{
	struct request_job *r = job->state;

	coapx_request_cancel(r->pending);
	request_group_free(r->group);
	repeat_free(&r->repeat);
	input_free(r->input);
	download_free(&r->download);
	upload_close(&r->upload);
	target_close(job->app, &r->target);
	expect_free(&r->expect);
	plan_free(&r->plan);
	free(r);
}

/* --- results ------------------------------------------------------------- */

static void
sum_up(struct job *job)
{
	struct request_job *r = job->state;

	request_group_show(r->group);
	repeat_sum_up(&r->repeat, r->target.session);
}

/* The body goes on. */
static void
go_on(struct job *job)
{
	const struct request_job *r = job->state;

	coapx_request_resume(r->pending);
}

/* For the sentence of a time limit. */
static char *
what_is_left(struct job *job)
{
	struct request_job *r = job->state;

	download_hide(&r->download);
	return download_left(&r->download);
}

/* The library puts bodies together (RFC 7959), unless a part was asked for. */
static int
check_whole(struct job *job, const coap_pdu_t *response)
{
	coap_block_t block;

	if (!coap_get_block(response, COAP_OPTION_BLOCK2, &block) || !block.m)
		return STATUS_OK;
	return job_fail(job, STATUS_INCOMPLETE,
	    "this is only a part of the body, as Block2 asked for it; without "
	    "that option it comes whole");
}

static bool
sent_body(const coapx_result_t *result)
{
	coap_opt_iterator_t oi;
	const uint8_t *data;
	size_t len;

	return coap_get_data(result->sent, &len, &data) ||
	    coap_check_option(result->sent, COAP_OPTION_BLOCK1, &oi);
}

static int
show_response(struct request_job *r, const coapx_result_t *result)
{
	struct view_response view = {
		.session_name = r->session_name[0] ? r->session_name : NULL,
		.session = r->target.session,
		.request = result->sent,
		.response = result->response,
		.uri = r->target.uri,
		.rtt_us = result->rtt_us,
		.retransmits = result->retransmits,
		.ok = expect_code_ok(&r->expect,
		    coap_pdu_get_code(result->response)),
		.insecure = session_is_insecure(r->target.session),
	};
	unsigned seconds;
	int status;

	download_answered(&r->download, result->response, &view);
	output_response(r->job->out, &view);
	failure_proxy(r->job, &r->target, coap_pdu_get_code(result->response));
	if (pdu_retry_after(result->response, &seconds))
		repeat_hold(&r->repeat, seconds);
	status = expect_response(r->job, &r->expect, result->response);
	if (status == STATUS_OK)
		return check_whole(r->job, result->response);
	/* A body that broke is more than what the last answer says. */
	if (download_check(&r->download, sent_body(result), result->response) !=
	    STATUS_OK)
		return STATUS_INCOMPLETE;
	return status;
}

static int
show_failure(struct request_job *r, const coapx_result_t *result)
{
	char *left = download_left(&r->download);
	int status;

	download_hide(&r->download);
	/* It was refused here, and that has been said. */
	if (output_failed(r->job->out))
		status = STATUS_OUTPUT;
	else if (r->upload.status != STATUS_OK)
		status = r->upload.status;
	else
		status = failure_target(r->job, &r->target, result, left);
	free(left);
	return status;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct request_job *r = arg;
	int status = STATUS_OK;

	(void)request;
	r->pending = NULL;
	if (result->error == 0)
		repeat_answered(&r->repeat, result->rtt_us);
	if (result->error < 0)
		status = show_failure(r, result);
	else if (result->response)
		status = show_response(r, result);
	if (status > r->worst)
		r->worst = status;
	if (!repeat_is_over(&r->repeat)) {
		repeat_wait(&r->repeat, session);
		return;
	}
	sum_up(r->job);
	job_end(r->job, r->worst);
}

/* --- sending ------------------------------------------------------------- */

static int
write_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    const uint8_t *data, size_t len, void *arg)
{
	struct request_job *r = arg;

	(void)request, (void)session;
	return download_write(&r->download, offset, data, len);
}

static int
read_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    uint8_t *buf, size_t len, void *arg)
{
	struct request_job *r = arg;

	(void)request, (void)session;
	return upload_read(&r->upload, offset, buf, len);
}

static void
on_transfer(coapx_request_t *request, coap_session_t *session,
    const coapx_transfer_t *transfer, void *arg)
{
	struct request_job *r = arg;

	(void)request, (void)session;
	download_moved(&r->download, transfer);
}

/* 0: the protocol gives up by itself. */
static unsigned
time_limit(const struct request_job *r)
{
	coap_proto_t proto = coap_session_get_proto(r->target.session);
	bool con = !r->plan.non && COAP_PROTO_NOT_RELIABLE(proto);

	return con || r->job->timeout_ms ? 0 : REQUEST_LIMIT_MS;
}

/* JOB_RUNNING, or how the job ends. */
static int
send_one(struct job *job)
{
	struct request_job *r = job->state;
	coapx_request_params_t params = {
		.size = sizeof(params),
		.timeout_ms = time_limit(r),
		.flags = COAPX_REQUEST_END_ON_ICMP | COAPX_REQUEST_EACH_BLOCK |
		    (r->plan.no_response ? COAPX_REQUEST_NO_RESPONSE : 0) |
		    (r->plan.q_block ? COAPX_REQUEST_Q_BLOCK : 0) |
		    (r->plan.empty_token ? COAPX_REQUEST_EMPTY_TOKEN : 0),
		.block_size = r->plan.block_size,
		/* What goes to a file needs no memory. */
		.body_max = r->download.streams ? SIZE_MAX / 2 : INPUT_MAX,
		.read_body = r->upload.open ? read_body : NULL,
		.body_length = r->upload.length,
		.result = on_result,
		.transfer = on_transfer,
		.write_body = r->download.streams ? write_body : NULL,
		.arg = r,
	};
	coapx_result_t failed = { 0 };
	coap_pdu_t *pdu;
	int status;

	status = upload_check(job,
	    r->upload.open ? r->upload.length : r->plan.payload_len,
	    r->plan.block_size);
	if (status == STATUS_OK)
		status =
		    download_begin(&r->download, &r->plan, &r->target, &params);
	if (status != STATUS_OK)
		return status;
	pdu = plan_pdu(r->job, &r->plan, &r->target, &status);
	if (!pdu)
		return status;
	job_waits_for(r->job, "a response from %s", r->target.uri);
	r->job->waits_on = r->target.session;
	r->pending =
	    coapx_request_send(r->target.session, pdu, &params, &failed.error);
	if (!r->pending)
		return show_failure(r, &failed);
	r->repeat.summary.sent++;
	return JOB_RUNNING;
}

/* The payload is there: opens the target and begins. */
static int
begin(struct request_job *r)
{
	struct job *job = r->job;
	const char *operand = args_operand(&job->args, r->operand);
	int status;

	if (args_has(&job->args, "dry-run"))
		return dry_run(job, &r->plan, operand);
	status = target_open(job, operand, &r->target);
	if (status != STATUS_OK)
		return status;
	if (r->target.named)
		snprintf(r->session_name, sizeof(r->session_name), "%s",
		    r->target.named->name);
	status = plan_check_way(job, &r->plan,
	    coap_session_get_proto(r->target.session),
	    target_is_group(&r->target));
	if (status != STATUS_OK)
		return status;
	if (target_is_group(&r->target) && r->upload.open)
		return job_fail(job, STATUS_USAGE,
		    "not sent: a payload in blocks cannot go to a group");
	if (target_is_group(&r->target))
		return request_group_start(job, &r->plan, &r->target,
		    &r->expect, &r->group);
	return send_one(job);
}

static void
payload_read(void *arg, int status, uint8_t *data, size_t len)
{
	struct request_job *r = arg;

	r->input = NULL;
	r->plan.payload = data;
	r->plan.payload_len = len;
	if (status == STATUS_OK)
		status = begin(r);
	if (status != JOB_RUNNING)
		job_end(r->job, status);
}

/* A long one is sent as it comes, unless all of it is to be known, as Q-Block
 * wants it, or is sent several times. */
static int
read_payload(struct request_job *r)
{
	struct job *job = r->job;
	const char *name = r->plan.payload_file;
	bool whole = args_has(&job->args, "dry-run") || r->plan.q_block;
	int status;

	if (!name || (!whole && upload_open(&r->upload, job, name)))
		return begin(r);
	if (whole || args_has(&job->args, "count"))
		status = input_start(job, name, INPUT_MAX, payload_read, r,
		    &r->input);
	else
		status = upload_start(&r->upload, job, name, payload_read, r);
	if (status != STATUS_OK)
		return status;
	job_waits_for(job, "the end of the payload on %s",
	    strcmp(name, "-") == 0 ? "stdin" : name);
	return JOB_RUNNING;
}

/* --- the words ----------------------------------------------------------- */

/* Everything the words say is checked before anything is opened. */
static int
read_words(struct request_job *r, unsigned code)
{
	struct job *job = r->job;
	int status = plan_make(job, code, &r->plan);

	if (status == STATUS_OK)
		status = repeat_make(job, &r->repeat, send_one);
	if (status == STATUS_OK)
		status = expect_make(job, &r->expect);
	if (status == STATUS_OK)
		status = write_out_check(job);
	if (status == STATUS_OK)
		status = print_command_check(job);
	if (status == STATUS_OK)
		status = download_make(job, &r->plan, expect_reads(job),
		    args_operand(&job->args, r->operand), &r->download);
	if (status == STATUS_OK && r->plan.no_response && r->expect.any)
		status = job_fail(job, STATUS_USAGE,
		    "--no-response asks for no response, so nothing can be "
		    "expected of it");
	if (status == STATUS_OK)
		status = output_prepare(job->out);
	return status;
}

int
request_job_start(struct job *job, unsigned code, size_t operand)
{
	struct request_job *r = calloc(1, sizeof(*r));
	int status;

	if (!r)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	r->job = job;
	r->operand = operand;
	job->state = r;
	job->free_state = free_state;
	job->cancel = sum_up;
	job->left = what_is_left;
	job->ready = go_on;
	status = read_words(r, code);
	r->download.again = send_one;
	if (status != STATUS_OK)
		return status;
	if (args_has(&job->args, "print-command"))
		return print_command(job, &r->plan,
		    args_operand(&job->args, operand));
	return read_payload(r);
}

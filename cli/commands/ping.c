/* SPDX-License-Identifier: BSD-2-Clause */
/* ping: an empty CON (a Reset is the answer it wants) or a 7.02. */
#include <stdlib.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/failure.h"
#include "cli/request/repeat.h"
#include "cli/request/request.h"
#include "cli/session/opening.h"

#define PING_LIMIT_MS 10000 /* for one answer */

struct ping_job {
	struct job *job;
	struct repeat repeat;
	struct target target;
	coapx_request_t *pending;
	int worst;
};

static void
free_state(struct job *job)
{
	struct ping_job *p = job->state;

	coapx_request_cancel(p->pending);
	repeat_free(&p->repeat);
	target_close(job->app, &p->target);
	free(p);
}

static void
sum_up(struct job *job)
{
	struct ping_job *p = job->state;

	repeat_sum_up(&p->repeat, p->target.session);
}

/* Some answer is success, as with ping(8); none is what the worst one met. */
static void
finish(struct ping_job *p)
{
	sum_up(p->job);
	job_end(p->job, p->repeat.summary.answered > 0 ? STATUS_OK : p->worst);
}

/* One of several is a line of the result, the only one a failure. */
static int
show(struct ping_job *p, const coapx_result_t *result)
{
	char peer[PEER_SIZE];
	struct view_ping view = {
		.peer = failure_peer(p->target.session, peer),
		.sequence = p->repeat.summary.sent,
		.rtt_us = result->rtt_us,
		.error = result->error,
	};

	if (result->error < 0 && p->repeat.count == 1)
		return failure_report(p->job, p->target.session, p->target.uri,
		    result, NULL);
	output_ping(p->job->out, &view);
	return status_of_error(result->error);
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct ping_job *p = arg;
	int status;

	(void)request;
	p->pending = NULL;
	if (result->error == 0)
		repeat_answered(&p->repeat, result->rtt_us);
	status = show(p, result);
	if (status > p->worst)
		p->worst = status;
	if (repeat_is_over(&p->repeat))
		finish(p);
	else
		repeat_wait(&p->repeat, session);
}

/* JOB_RUNNING, or how the job ends. */
static int
send_one(struct job *job)
{
	struct ping_job *p = job->state;
	coapx_request_params_t params = {
		.size = sizeof(params),
		.timeout_ms = p->job->timeout_ms && p->repeat.count == 1
		    ? 0
		    : PING_LIMIT_MS,
		.flags = COAPX_REQUEST_END_ON_ICMP,
		.result = on_result,
		.arg = p,
	};
	coapx_result_t failed = { 0 };

	job_waits_for(job, "an answer to a ping of %s", p->target.uri);
	job->waits_on = p->target.session;
	p->pending = coapx_ping_send(p->target.session, &params, &failed.error);
	if (!p->pending)
		return failure_report(p->job, p->target.session, p->target.uri,
		    &failed, NULL);
	p->repeat.summary.sent++;
	return JOB_RUNNING;
}

/* No proxy passes a ping on, and neither going round it nor asking it alone is
 * what was meant. The proxy itself may be what is asked for. */
static int
refuse_proxy(struct job *job)
{
	const char *operand = args_operand(&job->args, 0);
	char *origin = NULL;
	char *asked;
	int status = target_proxy(job, operand, &origin);

	if (!origin)
		return status;
	asked = origin_of_text(operand);
	if (!asked || strcmp(asked, origin) != 0)
		status = job_fail(job, STATUS_USAGE,
		    "a ping goes to the next hop and no further: 'ping %s' "
		    "asks the proxy that %s names, and with --proxy none it "
		    "goes to the device itself",
		    origin,
		    args_has(&job->args, "proxy") ? "--proxy" : "COAP_PROXY");
	free(asked);
	free(origin);
	return status;
}

/* NAME alone means that session; a path says nothing to a ping. */
static int
open_target(struct job *job, struct ping_job *p)
{
	const char *operand = args_operand(&job->args, 0);
	char *with_colon;
	int status;

	if (!operand || strpbrk(operand, ":/"))
		return target_open(job, operand, &p->target);
	with_colon = text_format("%s:/", operand);
	if (!with_colon)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	status = target_open(job, with_colon, &p->target);
	free(with_colon);
	return status;
}

static int
start(struct job *job)
{
	struct ping_job *p = calloc(1, sizeof(*p));
	int status;

	if (!p)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	p->job = job;
	job->state = p;
	job->free_state = free_state;
	job->cancel = sum_up;
	status = repeat_make(job, &p->repeat, send_one);
	if (status == STATUS_OK)
		status = refuse_proxy(job);
	if (status == STATUS_OK)
		status = open_target(job, p);
	if (status != STATUS_OK)
		return status;
	return send_one(job);
}

static const struct option *const options[] = {
	repeat_options,
	proxy_options,
	bind_options,
	KEYRING_CLIENT,
	NULL,
};

static const char *const examples[] = {
	"ping coap://device",
	"ping lamp -n 5 --interval 200ms",
	NULL,
};

const struct command cmd_ping = {
	.name = "ping",
	.group = "Requests",
	.summary = "ask whether the peer is there",
	.details =
	    "Over UDP it sends an empty confirmable message, and a Reset is "
	    "the answer it wants (RFC 7252 section 4.3); over reliable "
	    "transports a Ping (RFC 8323 section 5.4). With --count it goes on "
	    "and ends with a summary. No proxy passes a ping on, so one that "
	    "is named, also by COAP_PROXY, is refused: ping the proxy itself, "
	    "or say --proxy none.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "TARGET",
	    .optional = true,
	    .complete = COMPLETE_TARGET } },
	.start = start,
	.reach = REACH_SESSION,
};

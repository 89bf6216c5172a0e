/* SPDX-License-Identifier: BSD-2-Clause */
/* discover, ls: what a device offers, from its /.well-known/core (RFC 6690). */
#include <stdlib.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/failure.h"
#include "cli/output/links.h"
#include "cli/output/text.h"
#include "cli/request/group.h"
#include "cli/request/request.h"
#include "cli/session/known.h"

struct discover_job {
	struct job *job;
	struct request_plan plan;
	struct target target;
	char session_name[40];
	char *path; /* ls: of which the children are wanted; else NULL */
	coapx_request_t *pending;
	struct group *group; /* the target is one; else NULL */
	const char *from;    /* of it, whose answer is being shown */
	int worst;           /* of its answers */
};

static void
free_state(struct job *job)
{
	struct discover_job *d = job->state;

	coapx_request_cancel(d->pending);
	group_free(d->group);
	target_close(job->app, &d->target);
	plan_free(&d->plan);
	free(d->path);
	free(d);
}

/* Options that are filters, and what they are called in a query. */
static const char *const filters[] = { "rt", "if", "ct", "href", "title" };

#define N_FILTERS  (sizeof(filters) / sizeof(filters[0]))
#define QUERY_SIZE 256 /* an option's limit, and a NUL */

/* "rt=VALUE", or NULL when it is not asked for. */
static const char *
filter_query(const struct job *job, const char *filter, char buf[QUERY_SIZE])
{
	const char *value = args_get(&job->args, filter);

	if (!value)
		return NULL;
	if (strcmp(filter, "ct") == 0)
		snprintf(buf, QUERY_SIZE, "ct=%d", coapx_format_by_name(value));
	else
		snprintf(buf, QUERY_SIZE, "%s=%s", filter, value);
	return buf;
}

/* Filters that the server may not know are applied here as well. */
static bool
wanted(void *arg, const coapx_link_text_t *target,
    const coapx_link_attr_t *attrs, size_t n)
{
	const struct job *job = arg;
	const char *query;
	char buf[QUERY_SIZE];

	for (size_t i = 0; i < N_FILTERS; i++) {
		query = filter_query(job, filters[i], buf);
		if (query &&
		    !coapx_link_matches(target, attrs, n, query, strlen(query)))
			return false;
	}
	if (args_has(&job->args, "obs") &&
	    !coapx_link_matches(target, attrs, n, "obs", 3))
		return false;
	return true;
}

static int
show_below(struct discover_job *d, struct link_list *list)
{
	bool names = output_form(d->job->out) != FORM_JSON;
	struct link_list below = { 0 };
	int err = links_below(list, d->path, names, &below);

	if (err == 0 && below.n == 0)
		output_note(d->job->out, "%s: nothing is listed there",
		    d->path);
	else if (err == 0)
		output_links(d->job->out, below.links, below.n);
	links_free(&below);
	return err;
}

static int
show_list(struct discover_job *d, struct link_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		list->links[i].from = d->from;
	if (d->path)
		return show_below(d, list);
	if (args_has(&d->job->args, "tree"))
		output_link_tree(d->job->out, list->links, list->n);
	else
		output_links(d->job->out, list->links, list->n);
	return 0;
}

/* What of it was wrong is said, also where only data is wanted: the list may
 * not be what the device means. */
static int
tell_trouble(struct discover_job *d, const struct link_trouble *trouble)
{
	struct job *job = d->job;
	struct sink *sink = &job->front->sink;
	char *text;

	if (trouble->skipped > 0)
		return job_fail(job, STATUS_RESET,
		    "the list of resources is not valid link-format at byte "
		    "%zu, and %zu of its links could not be read; "
		    "'get /.well-known/core --raw' shows it as it is",
		    trouble->at, trouble->skipped);
	if (!trouble->any || output_quiet(job->out))
		return STATUS_OK;
	text = text_format("coap-shell: the list of resources is not valid "
			   "link-format at byte %zu; its links are shown as "
			   "they seem to be meant, and 'get /.well-known/core "
			   "--raw' shows the list as it is\n",
	    trouble->at);
	if (text)
		sink->err(sink->user, text, strlen(text));
	free(text);
	return STATUS_OK;
}

static int
show_text(struct discover_job *d, const char *data, size_t len)
{
	struct link_list list = { 0 };
	struct link_trouble trouble;
	int err;

	err = links_read(&list, data, len, wanted, d->job, &trouble);
	/* Where nothing is left, there is nothing to show. */
	if (err == 0 && (trouble.skipped == 0 || list.n > 0))
		err = show_list(d, &list);
	links_free(&list);
	if (err < 0)
		return job_fail(d->job, STATUS_INTERNAL, "out of memory");
	return tell_trouble(d, &trouble);
}

static int
show(struct discover_job *d, const coap_pdu_t *response)
{
	const uint8_t *data = NULL;
	size_t len = 0;

	coap_get_data(response, &len, &data);
	return show_text(d, (const char *)data, len);
}

/* Tab offers it from now on, if it is all that there is. */
static void
keep(const struct discover_job *d, coap_session_t *session,
    const coap_pdu_t *response)
{
	struct named *named = app_find_session(d->job->app, session);
	const coap_optlist_t *o;
	const uint8_t *data = NULL;
	size_t len = 0;

	for (o = d->plan.options; o; o = o->next)
		if (o->number == COAP_OPTION_URI_QUERY)
			return;
	coap_get_data(response, &len, &data);
	if (named && !d->target.proxy)
		known_put(named, data, len);
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct discover_job *d = arg;
	struct view_response view = {
		.session_name = d->session_name[0] ? d->session_name : NULL,
		.session = session,
		.request = result->sent,
		.response = result->response,
		.uri = d->target.uri,
		.rtt_us = result->rtt_us,
		.retransmits = result->retransmits,
	};
	int status;

	(void)request;
	d->pending = NULL;
	if (result->error < 0) {
		status = failure_target(d->job, &d->target, result, NULL);
	} else {
		status = status_of_code(coap_pdu_get_code(result->response));
		if (status == STATUS_OK) {
			keep(d, session, result->response);
			status = show(d, result->response);
		} else {
			output_response(d->job->out, &view);
		}
		failure_proxy(d->job, &d->target,
		    coap_pdu_get_code(result->response));
	}
	job_end(d->job, status);
}

/* --- asking -------------------------------------------------------------- */

static int
add_option(struct job *job, struct request_plan *plan, unsigned number,
    const char *text)
{
	coap_optlist_t *o = coap_new_optlist((uint16_t)number, strlen(text),
	    (const uint8_t *)text);

	if (!o)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	coap_insert_optlist(&plan->options, o);
	return STATUS_OK;
}

/* One filter at most goes along (RFC 6690 section 4.1). */
static int
plan_query(struct job *job, struct request_plan *plan)
{
	const char *query = NULL;
	char buf[QUERY_SIZE];

	for (size_t i = 0; i < N_FILTERS && !query; i++)
		query = filter_query(job, filters[i], buf);
	return query ? add_option(job, plan, COAP_OPTION_URI_QUERY, query)
		     : STATUS_OK;
}

static int
check_filters(struct job *job)
{
	const char *value = args_get(&job->args, "ct");

	if (value && coapx_format_by_name(value) < 0)
		return job_fail(job, STATUS_USAGE,
		    "--ct: no format is named '%s'; 'explain FORMAT' knows "
		    "them, a number 0..65535 is taken too",
		    value);
	for (size_t i = 0; i < N_FILTERS; i++) {
		value = args_get(&job->args, filters[i]);
		if (value &&
		    strlen(filters[i]) + 1 + strlen(value) >= QUERY_SIZE)
			return job_fail(job, STATUS_USAGE,
			    "--%s is longer than an option may be", filters[i]);
	}
	return STATUS_OK;
}

static int
plan_discovery(struct job *job, struct request_plan *plan)
{
	int status = check_filters(job);

	if (status != STATUS_OK)
		return status;
	plan->code = COAP_REQUEST_CODE_GET;
	status = add_option(job, plan, COAP_OPTION_URI_PATH, ".well-known");
	if (status == STATUS_OK)
		status = add_option(job, plan, COAP_OPTION_URI_PATH, "core");
	if (status == STATUS_OK)
		status = plan_query(job, plan);
	return status;
}

/* Whatever path the target has, the request goes to the well-known one. */
static void
drop_path(struct target *target)
{
	coap_optlist_t **link = &target->options;
	coap_optlist_t *o;

	while (*link) {
		o = *link;
		if (o->number != COAP_OPTION_URI_PATH &&
		    o->number != COAP_OPTION_URI_QUERY) {
			link = &o->next;
			continue;
		}
		*link = o->next;
		o->next = NULL;
		coap_delete_optlist(o);
	}
}

/* "/a/b" of a target: malloc()ed, NULL: out of memory. */
static char *
path_of(const struct target *target)
{
	struct text text = { .s = NULL };
	const coap_optlist_t *o;

	for (o = target->options; o; o = o->next) {
		if (o->number != COAP_OPTION_URI_PATH || o->length == 0)
			continue;
		text_add_char(&text, '/', 1);
		text_add_bytes(&text, o->data, o->length);
	}
	if (text.len == 0)
		text_add_char(&text, '/', 1);
	text_string(&text);
	if (!text.failed)
		return text.s;
	text_free(&text);
	return NULL;
}

static void
on_group_answer(void *arg, const struct group_answer *answer)
{
	struct discover_job *d = arg;
	struct job *job = d->job;
	struct view_response view = {
		.session_name = d->session_name[0] ? d->session_name : NULL,
		.session = answer->session,
		.request = answer->request,
		.response = answer->response,
		.uri = d->target.uri,
		.rtt_us = answer->after_us,
		.from = answer->from,
	};
	struct view_field head = { .type = FIELD_TEXT, .text = answer->from };
	int status = status_of_code(coap_pdu_get_code(answer->response));

	d->from = answer->from;
	if (output_form(job->out) == FORM_HUMAN ||
	    (args_has(&job->args, "tree") &&
		output_form(job->out) != FORM_JSON))
		output_value(job->out, &head);
	if (status != STATUS_OK)
		output_response(job->out, &view);
	else if (answer->part)
		status = job_fail(job, STATUS_INCOMPLETE,
		    "%s: only the first part of its list came", answer->from);
	else
		status = show(d, answer->response);
	if (status > d->worst)
		d->worst = status;
}

static void
on_group_end(void *arg, const coapx_result_t *result)
{
	struct discover_job *d = arg;

	if (result->error == -COAP_E_TIMEOUT)
		d->worst = group_silent(d->job, &d->target);
	else if (result->error < 0)
		d->worst = failure_report(d->job, d->target.session,
		    d->target.uri, result, NULL);
	job_end(d->job, d->worst);
}

static int
ask_group(struct job *job, struct discover_job *d)
{
	struct group_params params = {
		.job = job,
		.plan = &d->plan,
		.target = &d->target,
		.answer = on_group_answer,
		.end = on_group_end,
		.arg = d,
	};
	int status = STATUS_INTERNAL;

	d->group = group_ask(&params, &status);
	return d->group ? JOB_RUNNING : status;
}

static int
ask(struct job *job, struct discover_job *d)
{
	coapx_request_params_t params = {
		.size = sizeof(params),
		.timeout_ms = job->timeout_ms ? 0 : REQUEST_LIMIT_MS,
		.flags = COAPX_REQUEST_END_ON_ICMP,
		.result = on_result,
		.arg = d,
	};
	coapx_result_t failed = { 0 };
	int status = STATUS_INTERNAL;
	coap_pdu_t *pdu = plan_pdu(job, &d->plan, &d->target, &status);

	if (!pdu)
		return status;
	job_waits_for(job, "the list of resources of %s", d->target.uri);
	job->waits_on = d->target.session;
	d->pending =
	    coapx_request_send(d->target.session, pdu, &params, &failed.error);
	if (!d->pending)
		return failure_target(job, &d->target, &failed, NULL);
	return JOB_RUNNING;
}

/* The target is there, and is to be asked. */
static int
begin(struct job *job, struct discover_job *d)
{
	const char *text;
	size_t len;

	if (job->command == &cmd_ls) {
		d->path = path_of(&d->target);
		if (!d->path)
			return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	drop_path(&d->target);
	if (d->target.named)
		snprintf(d->session_name, sizeof(d->session_name), "%s",
		    d->target.named->name);
	if (target_is_group(&d->target))
		return ask_group(job, d);
	if (args_has(&job->args, "known") && d->target.named &&
	    known_is_fresh(d->target.named)) {
		text = known_text(d->target.named, &len);
		return show_text(d, text, len);
	}
	return ask(job, d);
}

static int
start(struct job *job)
{
	struct discover_job *d = calloc(1, sizeof(*d));
	int status;

	if (!d)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	d->job = job;
	job->state = d;
	job->free_state = free_state;
	status = plan_discovery(job, &d->plan);
	if (status == STATUS_OK)
		status =
		    target_open(job, args_operand(&job->args, 0), &d->target);
	return status == STATUS_OK ? begin(job, d) : status;
}

static const struct option discover_options[] = {
	{ .name = "rt",
	    .arg = "TYPE",
	    .help = "only resources of this type; a final * matches more" },
	{ .name = "if", .arg = "NAME", .help = "only with this interface" },
	{ .name = "ct",
	    .arg = "FORMAT",
	    .complete = COMPLETE_FORMAT,
	    .help = "only what has this Content-Format" },
	{ .name = "href",
	    .arg = "PATH",
	    .help = "only this path; a final * matches more" },
	{ .name = "title",
	    .arg = "TITLE",
	    .help = "only with this title; a final * matches more" },
	{ .name = "obs", .help = "only what can be observed" },
	{ .name = "known",
	    .help = "what was listed within the last minute, without asking" },
	{ .name = "tree", .help = "draw the paths as a tree" },
	{ .name = NULL },
};

static const struct option *const options[] = {
	discover_options,
	bind_options,
	proxy_options,
	KEYRING_CLIENT,
	NULL,
};

static const struct option *const ls_options[] = {
	bind_options,
	proxy_options,
	KEYRING_CLIENT,
	NULL,
};

static const char *const examples[] = {
	"discover coap://device",
	"discover --rt 'temperature*'",
	"discover coap://[ff02::fd%eth0]",
	"discover --tree --href '/sensors/*'",
	NULL,
};

const struct command cmd_discover = {
	.name = "discover",
	.group = "Discovery and places",
	.summary = "list the resources of a device",
	.details = "Asks for /.well-known/core (RFC 6690) and shows its links. "
		   "Filters are sent along and applied here too, as many "
		   "devices ignore them. A list that is not as it should be "
		   "is shown as far as it can be read, which is said; the "
		   "status is 8 when a link could not be read.",
	.examples = examples,
	.options = options,
	.operands = { { .name = "TARGET",
	    .optional = true,
	    .complete = COMPLETE_TARGET } },
	.start = start,
	.reach = REACH_SESSION,
};

static const char *const ls_examples[] = {
	"ls",
	"ls /sensors",
	"ls lamp:",
	NULL,
};

const struct command cmd_ls = {
	.name = "ls",
	.group = "Discovery and places",
	.summary = "list what is directly below a path",
	.details = "Asks for /.well-known/core as 'discover' does, and shows "
		   "what is below the current path or TARGET; a slash is "
		   "behind what has resources below it.",
	.examples = ls_examples,
	.options = ls_options,
	.operands = { { .name = "TARGET",
	    .optional = true,
	    .complete = COMPLETE_TARGET } },
	.start = start,
	.reach = REACH_SESSION,
};

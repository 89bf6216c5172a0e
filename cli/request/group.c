/* SPDX-License-Identifier: BSD-2-Clause */
/* Asking a multicast group: one request, an answer of each member. */
#include "cli/request/group.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/failure.h"
#include "cli/output/option_text.h"
#include "cli/output/output_form.h"
#include "cli/output/text.h"
#include "cli/output/time_text.h"

/* An answer whose rest is asked for. */
struct fetch {
	struct fetch *prev;
	struct fetch *next;
	struct group *group;
	coap_session_t *session;
	coapx_request_t *request;
	coap_pdu_t *first; /* what the member sent to begin with */
	uint64_t after_us;
	char from[ADDR_SIZE];
};

struct group {
	struct group_params params;
	coapx_request_t *request; /* NULL: its time is over */
	struct fetch *fetches;
	int error; /* of the request */
	unsigned limit_ms;
};

bool
target_is_group(const struct target *target)
{
	return coap_session_get_addr_mcast(target->session) != NULL;
}

static void
fetch_free(struct fetch *fetch)
{
	DL_DELETE(fetch->group->fetches, fetch);
	coapx_request_cancel(fetch->request);
	if (fetch->session)
		coap_session_release(fetch->session);
	coap_delete_pdu(fetch->first);
	free(fetch);
}

void
group_free(struct group *group)
{
	if (!group)
		return;
	coapx_request_cancel(group->request);
	while (group->fetches)
		fetch_free(group->fetches);
	free(group);
}

/* The group may be gone afterwards. */
static void
end_if_over(struct group *group)
{
	coapx_result_t result = { .error = group->error };

	if (!group->request && !group->fetches)
		group->params.end(group->params.arg, &result);
}

/* --- the rest of an answer ------------------------------------------------- */

static bool
reads(const struct group *group)
{
	return group->params.plan->code == COAP_REQUEST_CODE_GET ||
	    group->params.plan->code == COAP_REQUEST_CODE_FETCH;
}

/* RFC 7959 section 2.8, for what may be asked for twice. */
static bool
is_first_part(const struct group *group, const coap_pdu_t *response)
{
	coap_block_t block;

	return reads(group) &&
	    coap_get_block(response, COAP_OPTION_BLOCK2, &block) && block.m &&
	    block.num == 0;
}

/* RFC 9175 section 2.3: it was not done. */
static bool
wants_echo(const coap_pdu_t *response)
{
	coap_opt_iterator_t oi;

	return coap_pdu_get_code(response) == COAP_RESPONSE_CODE_UNAUTHORIZED &&
	    coap_check_option(response, COAP_OPTION_ECHO, &oi);
}

static coap_pdu_t *
copy(coap_session_t *session, const coap_pdu_t *pdu)
{
	coap_bin_const_t token = coap_pdu_get_token(pdu);
	coap_pdu_t *new =
	    coap_pdu_duplicate(pdu, session, token.length, token.s, NULL);
	const uint8_t *data;
	size_t len;

	if (!new || !coap_get_data(pdu, &len, &data) ||
	    coap_add_data(new, len, data))
		return new;
	coap_delete_pdu(new);
	return NULL;
}

static void
on_fetched(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct fetch *fetch = arg;
	struct group *group = fetch->group;
	struct group_answer answer = {
		.from = fetch->from,
		.session = session,
		.request = result->sent,
		.response = result->response,
		.after_us = fetch->after_us,
	};

	(void)request;
	fetch->request = NULL;
	/* What it said first is better than nothing. */
	if (!answer.response) {
		answer.response = fetch->first;
		answer.part = !wants_echo(fetch->first);
	}
	group->params.answer(group->params.arg, &answer);
	fetch_free(fetch);
	end_if_over(group);
}

/* The first part is here, so that a GET asks for the others alone; a FETCH is
 * sent as a whole. */
static coapx_request_t *
send_fetch(struct fetch *fetch, const coap_pdu_t *part)
{
	const struct group *group = fetch->group;
	struct request_plan plan = *group->params.plan;
	struct target target = *group->params.target;
	coapx_request_params_t params = {
		.size = sizeof params,
		.timeout_ms = group->limit_ms,
		.flags = COAPX_REQUEST_END_ON_ICMP,
		.block_size = plan.block_size,
		.result = on_fetched,
		.arg = fetch,
	};
	coap_pdu_t *pdu;
	int status;

	if (plan.code == COAP_REQUEST_CODE_GET)
		params.first_part = part;
	plan.non = false;
	target.session = fetch->session;
	pdu = plan_pdu(group->params.job, &plan, &target, &status);
	return pdu ? coapx_request_send(fetch->session, pdu, &params, NULL)
		   : NULL;
}

/* False: nothing is asked for. */
static bool
fetch(struct group *group, coap_session_t *session,
    const struct group_answer *answer)
{
	coap_context_t *context = coap_session_get_context(session);
	struct fetch *f;
	size_t n;

	DL_COUNT(group->fetches, f, n);
	f = n < GROUP_FETCHES ? calloc(1, sizeof *f) : NULL;
	if (!f)
		return false;
	f->group = group;
	f->after_us = answer->after_us;
	snprintf(f->from, sizeof f->from, "%s", answer->from);
	DL_APPEND(group->fetches, f);
	f->session = coap_new_client_session(context, NULL,
	    coap_session_get_addr_remote(session), COAP_PROTO_UDP);
	f->first = copy(session, answer->response);
	if (f->session && f->first)
		f->request =
		    send_fetch(f, answer->part ? answer->response : NULL);
	if (f->request)
		return true;
	fetch_free(f);
	return false;
}

/* --- answers --------------------------------------------------------------- */

static void
on_answer(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct group *group = arg;
	char from[ADDR_SIZE];
	struct group_answer answer = {
		.from = addr_text(coap_session_get_addr_remote(session), from),
		.session = session,
		.request = result->sent,
		.response = result->response,
		.after_us = result->rtt_us,
	};

	(void)request;
	answer.part = is_first_part(group, result->response);
	if ((answer.part || wants_echo(result->response)) &&
	    fetch(group, session, &answer))
		return;
	group->params.answer(group->params.arg, &answer);
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct group *group = arg;

	(void)request;
	(void)session;
	group->request = NULL;
	group->error = result->error;
	end_if_over(group);
}

/* --- asking ---------------------------------------------------------------- */

/* The time limit of a command is how long answers are waited for. */
static unsigned
take_limit(struct job *job)
{
	coapx_timer_free(job->deadline);
	job->deadline = NULL;
	return job->timeout_ms > UINT32_MAX ? UINT32_MAX
					    : (unsigned)job->timeout_ms;
}

struct group *
group_ask(const struct group_params *params, int *status)
{
	struct job *job = params->job;
	const struct target *target = params->target;
	struct group *group = calloc(1, sizeof *group);
	coapx_result_t failed = { 0 };
	coap_pdu_t *pdu;
	coapx_request_params_t p = {
		.size = sizeof p,
		.result = on_result,
		.response = on_answer,
		.arg = group,
	};

	if (!group) {
		*status = job_fail(job, STATUS_INTERNAL, "out of memory");
		return NULL;
	}
	params->plan->non = true;
	pdu = plan_pdu(job, params->plan, target, status);
	if (!pdu) {
		free(group);
		return NULL;
	}
	group->params = *params;
	group->limit_ms = take_limit(job);
	p.timeout_ms = group->limit_ms;
	if (params->plan->no_response)
		p.flags = COAPX_REQUEST_NO_RESPONSE;
	group->request =
	    coapx_request_send(target->session, pdu, &p, &failed.error);
	if (group->request) {
		job_waits_for(job, "answers from the group %s", target->uri);
		return group;
	}
	free(group);
	*status =
	    failure_report(job, target->session, target->uri, &failed, NULL);
	return NULL;
}

int
group_silent(struct job *job, const struct target *target)
{
	char group[ADDR_SIZE];

	return job_fail(job, STATUS_TIMEOUT,
	    "%s: nobody answered; is the group right, and the interface "
	    "(%%IF behind an IPv6 address, or --bind ADDR)? A firewall may "
	    "drop the answers, and devices leave out errors such as 4.04",
	    addr_text(coap_session_get_addr_mcast(target->session), group));
}

/* --- rows ------------------------------------------------------------------ */

#define COLUMNS 6
/* Columns of a payload for people. */
#define SHORT 60

static const char *const columns[COLUMNS + 1] = { "from", "after", "code",
	"size", "format", "payload", NULL };

/* On one line: text as it is, what has a decoder as JSON, else hexadecimal. */
static void
add_short(struct text *text, int format, const uint8_t *data, size_t len)
{
	struct decode_in in = { .data = data, .len = len, .format = format };
	struct text why = { .s = NULL };
	json_t *value = NULL;
	char *line = NULL;

	if (!payload_is_text(data, len) &&
	    decode_json(&in, &value, &why) == DECODED && value)
		line = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	if (line)
		text_add(text, line);
	else if (payload_is_text(data, len))
		text_add_bytes(text, data, len);
	else
		payload_hex(text, data, len);
	free(line);
	json_decref(value);
	text_free(&why);
}

/* Cut at a character, with a mark. */
static void
cut(struct text *text, size_t start)
{
	size_t end = start + SHORT;

	if (text->len - start <= SHORT)
		return;
	while (end > start && ((unsigned char)text->s[end] & 0xc0) == 0x80)
		end--;
	text->len = end;
	text_add(text, "...");
}

static void
end_cell(struct text *cells)
{
	text_add_char(cells, '\0', 1);
}

static void
add_row(struct text *cells, const struct group_answer *a, bool people)
{
	char number[DURATION_TEXT_SIZE];
	int format = pdu_content_format(a->response);
	const uint8_t *data = NULL;
	size_t len = 0;
	size_t start;

	coap_get_data(a->response, &len, &data);
	text_add(cells, a->from);
	end_cell(cells);
	if (people)
		text_add(cells, duration_text(a->after_us, number));
	else
		add_ms(cells, a->after_us);
	end_cell(cells);
	if (people)
		code_text_named(cells, coap_pdu_get_code(a->response));
	else
		text_add(cells,
		    code_text(coap_pdu_get_code(a->response), number));
	end_cell(cells);
	text_addf(cells, "%zu%s", len, a->part ? "+" : "");
	end_cell(cells);
	if (format >= 0)
		content_format_text(cells, (unsigned)format, false);
	end_cell(cells);
	start = cells->len;
	if (len > 0)
		add_short(cells, format, data, len);
	if (people)
		cut(cells, start);
	end_cell(cells);
}

static void
show_rows(struct group_rows *rows, struct output *out)
{
	const char **cells = calloc(rows->n * COLUMNS + 1, sizeof *cells);
	struct view_table table = {
		.type = "answer",
		.columns = columns,
		.cells = cells,
		.rows = rows->n,
	};
	const char *s = rows->cells.s;

	for (size_t i = 0; cells && i < rows->n * COLUMNS; i++) {
		cells[i] = *s ? s : NULL;
		s += strlen(s) + 1;
	}
	if (cells && rows->n > 0)
		output_table(out, &table);
	free(cells);
}

void
group_row(struct group_rows *rows, struct output *out,
    const struct group_answer *answer)
{
	bool people = output_form(out) == FORM_HUMAN;
	size_t before = rows->cells.len;

	if (rows->n >= GROUP_ROWS)
		return;
	add_row(&rows->cells, answer, people);
	if (rows->cells.failed) {
		rows->cells.failed = false;
		rows->cells.len = before;
		return;
	}
	rows->n++;
	if (!people)
		group_rows_end(rows, out);
}

void
group_rows_end(struct group_rows *rows, struct output *out)
{
	show_rows(rows, out);
	text_free(&rows->cells);
	rows->n = 0;
}

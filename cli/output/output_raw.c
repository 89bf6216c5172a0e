/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For programs that read bytes and columns: payloads as they are, tables with
 * tabs between and no header. Columns are only ever appended.
 */
#include <inttypes.h>
#include <string.h>

#include "cli/output/option_text.h"
#include "cli/output/output_form.h"

static void
add_cell(struct text *text, const char *s, bool ascii)
{
	if (s)
		payload_escape(text, s, strlen(s), ESCAPE_CELL, ascii);
}

/* Cells of one line; NULL is an empty one. */
static void
add_row(struct text *text, const char *const *cells, size_t n, bool ascii)
{
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add_char(text, '\t', 1);
		add_cell(text, cells[i], ascii);
	}
}

void
raw_include(struct output *out, const struct view_response *v)
{
	struct text text = { .s = NULL };

	code_text_named(&text, coap_pdu_get_code(v->response));
	text_add_char(&text, '\n', 1);
	add_options(&text, v->response, out->ascii);
	put_stdout(out, &text);
}

static void
raw_response(struct output *out, const struct view_response *v)
{
	if (!v->response)
		return;
	if (out->options.include)
		raw_include(out, v);
	if (response_is_error(v)) {
		put_diagnostic(out, v, "coap-shell: ");
		return;
	}
	put_body(out, v);
}

/* name, current, type, proto, state, local, remote, RTT in ms, observations,
 * age in ms, security, owner when that was asked for */
void
raw_sessions(struct output *out, const struct view_session *v, size_t n)
{
	struct text text = { .s = NULL };
	struct session_cells c;

	for (size_t i = 0; i < n; i++) {
		session_cells(&c, &v[i]);
		add_row(&text,
		    (const char *const[]){ v[i].name, v[i].current ? "*" : "",
			c.type, c.proto, c.state, c.local, c.remote },
		    7, out->ascii);
		text_add_char(&text, '\t', 1);
		if (v[i].rtt_us > 0)
			add_ms(&text, v[i].rtt_us);
		text_addf(&text, "\t%u\t%" PRIu64 "\t%s", v[i].observations,
		    v[i].age_ms, v[i].security ? v[i].security : "");
		if (v[i].owner)
			text_addf(&text, "\t%s", v[i].owner);
		text_add_char(&text, '\n', 1);
	}
	put_result(out, &text);
}

static void
add_value(struct text *text, const struct view_field *field)
{
	switch (field->type) {
	case FIELD_NULL:
	case FIELD_TEXT:
		break;
	case FIELD_NUMBER:
	case FIELD_MS:
		add_number(text, field->number);
		break;
	case FIELD_BOOL:
		text_add(text, field->number != 0 ? "true" : "false");
		break;
	}
}

void
raw_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n)
{
	struct text text = { .s = NULL };

	(void)title;
	for (size_t i = 0; i < n; i++) {
		add_cell(&text, fields[i].name, out->ascii);
		text_add_char(&text, '\t', 1);
		if (fields[i].type == FIELD_TEXT)
			add_cell(&text, fields[i].text, out->ascii);
		add_value(&text, &fields[i]);
		text_add_char(&text, '\n', 1);
	}
	put_result(out, &text);
}

/* As it is: it is the whole of the output. */
void
raw_value(struct output *out, const struct view_field *field)
{
	struct text text = { .s = NULL };

	if (field->type == FIELD_TEXT && field->text)
		text_add(&text, field->text);
	add_value(&text, field);
	text_add_char(&text, '\n', 1);
	put_result(out, &text);
}

/* A group's member, if it is one; the target, then NAME=VALUE or NAME in each
 * column. */
void
raw_links(struct output *out, const struct view_link *links, size_t n)
{
	const struct view_link_attr *attr;
	struct text text = { .s = NULL };

	for (size_t i = 0; i < n; i++) {
		if (links[i].from) {
			add_cell(&text, links[i].from, out->ascii);
			text_add_char(&text, '\t', 1);
		}
		add_cell(&text, links[i].target, out->ascii);
		for (size_t j = 0; j < links[i].n_attrs; j++) {
			attr = &links[i].attrs[j];
			text_add_char(&text, '\t', 1);
			add_cell(&text, attr->name, out->ascii);
			if (!attr->value)
				continue;
			text_add_char(&text, '=', 1);
			add_cell(&text, attr->value, out->ascii);
		}
		text_add_char(&text, '\n', 1);
	}
	put_result(out, &text);
}

/* peer, sequence, time in ms, error */
void
raw_ping(struct output *out, const struct view_ping *v)
{
	struct text text = { .s = NULL };

	add_cell(&text, v->peer, out->ascii);
	text_addf(&text, "\t%u\t", v->sequence);
	if (v->error == 0)
		add_ms(&text, v->rtt_us);
	text_add_char(&text, '\t', 1);
	if (v->error != 0)
		add_cell(&text, coapx_strerror(v->error), out->ascii);
	text_add_char(&text, '\n', 1);
	put_result(out, &text);
}

/* All of it follows from the lines before. */
void
raw_ping_summary(struct output *out, const struct view_ping_summary *v)
{
	output_note(out, "%u sent, %u answered", v->sent, v->answered);
}

void
raw_table(struct output *out, const struct view_table *v)
{
	struct text text = { .s = NULL };
	size_t columns = 0;

	while (v->columns[columns])
		columns++;
	for (size_t i = 0; i < v->rows; i++) {
		add_row(&text, v->cells + i * columns, columns, out->ascii);
		text_add_char(&text, '\n', 1);
	}
	put_result(out, &text);
}

void
raw_text(struct output *out, const char *type, const char *s)
{
	size_t len = strlen(s);
	struct text text = { .s = NULL };

	(void)type;
	text_add_bytes(&text, s, len);
	if (len > 0 && s[len - 1] != '\n')
		text_add_char(&text, '\n', 1);
	put_result(out, &text);
}

void
raw_event(struct output *out, const char *session, const char *event,
    const char *detail)
{
	if (!out->options.quiet && out->options.verbose > 0)
		put_event_line(out, session, event, detail);
}

void
raw_error(struct output *out, int status, const char *message)
{
	(void)status;
	put_error_line(out, message);
}

const struct form_ops form_raw = {
	.notes = NOTES_VERBOSE,
	.response = raw_response,
	.sessions = raw_sessions,
	.fields = raw_fields,
	.value = raw_value,
	.links = raw_links,
	.ping = raw_ping,
	.ping_summary = raw_ping_summary,
	.notification = raw_notification,
	.observe_summary = raw_observe_summary,
	.table = raw_table,
	.payload = raw_payload,
	.text = raw_text,
	.event = raw_event,
	.error = raw_error,
};

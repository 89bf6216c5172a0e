/* SPDX-License-Identifier: BSD-2-Clause */
/* One JSON object a line (coap-shell.schema.json). */
#include <string.h>

#include "cli/output/output_json.h"
#include "cli/output/time_text.h"

void
json_begin(struct json_line *line, const struct output *out, const char *type)
{
	char buf[TIMESTAMP_TEXT_SIZE];
	int64_t now =
	    out->sink.now_ms ? out->sink.now_ms(out->sink.user) : time_now_ms();

	json_line_begin(line, type);
	json_line_add(line, line->object, "ts",
	    json_string(timestamp_text(now, buf)));
}

void
json_end(struct json_line *line, struct output *out, bool to_file)
{
	struct text text = { .s = NULL };

	json_line_end(line, &text, out->ascii);
	if (to_file)
		put_result(out, &text);
	else
		put_stdout(out, &text);
}

json_t *
json_ms(uint64_t us)
{
	return us % 1000 == 0 ? json_integer((json_int_t)(us / 1000))
			      : json_real((double)us / 1000);
}

/* --- sessions, fields, tables -------------------------------------------- */

static void
json_sessions(struct output *out, const struct view_session *v, size_t n)
{
	struct session_cells c;
	struct json_line line;

	for (size_t i = 0; i < n; i++) {
		session_cells(&c, &v[i]);
		json_begin(&line, out, "session");
		json_line_add(&line, line.object, "name", json_text(v[i].name));
		json_line_add(&line, line.object, "current",
		    json_boolean(v[i].current));
		json_line_add(&line, line.object, "session_type",
		    json_text(c.type));
		json_line_add(&line, line.object, "proto", json_text(c.proto));
		json_line_add(&line, line.object, "state", json_text(c.state));
		json_line_add(&line, line.object, "local", json_text(c.local));
		json_line_add(&line, line.object, "remote",
		    json_text(c.remote));
		json_line_add(&line, line.object, "rtt_ms",
		    v[i].rtt_us > 0 ? json_ms(v[i].rtt_us) : json_null());
		json_line_add(&line, line.object, "observations",
		    json_integer(v[i].observations));
		json_line_add(&line, line.object, "age_ms",
		    json_integer((json_int_t)v[i].age_ms));
		json_line_add(&line, line.object, "security",
		    json_text(v[i].security));
		if (v[i].owner)
			json_line_add(&line, line.object, "owner",
			    json_text(v[i].owner));
		json_end(&line, out, true);
	}
}

static json_t *
field_value(const struct view_field *field)
{
	switch (field->type) {
	case FIELD_NULL:
		break;
	case FIELD_TEXT:
		return json_text(field->text);
	case FIELD_NUMBER:
	case FIELD_MS:
		return json_number_of(field->number);
	case FIELD_BOOL:
		return json_boolean(field->number != 0);
	}
	return json_null();
}

/* Durations have their unit in the name. */
static const char *
field_name(struct text *name, const struct view_field *field)
{
	text_add(name, field->name);
	if (field->type == FIELD_MS)
		text_add(name, "_ms");
	return text_string(name);
}

static void
json_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n)
{
	struct text name = { .s = NULL };
	struct json_line line;
	json_t *object;

	json_begin(&line, out, "info");
	json_line_add(&line, line.object, "title", json_text(title));
	object = json_line_object(&line, line.object, "fields");
	for (size_t i = 0; i < n; i++) {
		json_line_add(&line, object, field_name(&name, &fields[i]),
		    field_value(&fields[i]));
		text_free(&name);
	}
	json_end(&line, out, true);
}

static void
json_value(struct output *out, const struct view_field *field)
{
	struct text name = { .s = NULL };
	struct json_line line;

	json_begin(&line, out, "value");
	json_line_add(&line, line.object, "name",
	    json_text(field_name(&name, field)));
	json_line_add(&line, line.object, "value", field_value(field));
	text_free(&name);
	json_end(&line, out, true);
}

static void
json_links_of_view(struct output *out, const struct view_link *links, size_t n)
{
	struct json_line line;
	json_t *attrs;

	for (size_t i = 0; i < n; i++) {
		json_begin(&line, out, "link");
		if (links[i].from)
			json_line_add(&line, line.object, "from",
			    json_text(links[i].from));
		json_line_add(&line, line.object, "target",
		    json_text(links[i].target));
		attrs = json_line_object(&line, line.object, "attributes");
		for (size_t j = 0; j < links[i].n_attrs; j++)
			if (json_attribute(attrs, links[i].attrs[j].name,
				links[i].attrs[j].value) != 0)
				line.failed = true;
		if (links[i].malformed)
			json_line_add(&line, line.object, "malformed",
			    json_true());
		json_end(&line, out, true);
	}
}

/* The name of a column, "listener_type" if "type" is taken. */
static const char *
column_name(struct text *name, const struct json_line *line,
    const struct view_table *v, const char *column)
{
	if (json_object_get(line->object, column))
		text_addf(name, "%s_", v->type);
	text_add(name, column);
	return text_string(name);
}

static void
json_table(struct output *out, const struct view_table *v)
{
	struct text name = { .s = NULL };
	struct json_line line;
	size_t columns = 0;

	while (v->columns[columns])
		columns++;
	for (size_t i = 0; i < v->rows; i++) {
		json_begin(&line, out, v->type);
		for (size_t j = 0; j < columns; j++) {
			json_line_add(&line, line.object,
			    column_name(&name, &line, v, v->columns[j]),
			    json_text(v->cells[i * columns + j]));
			text_free(&name);
		}
		json_end(&line, out, true);
	}
}

/* --- pings, text, events, errors ----------------------------------------- */

static void
json_ping(struct output *out, const struct view_ping *v)
{
	struct json_line line;

	json_begin(&line, out, "ping");
	json_line_add(&line, line.object, "peer", json_text(v->peer));
	json_line_add(&line, line.object, "seq", json_integer(v->sequence));
	json_line_add(&line, line.object, "ok", json_boolean(v->error == 0));
	if (v->error == 0)
		json_line_add(&line, line.object, "rtt_ms", json_ms(v->rtt_us));
	else
		json_line_add(&line, line.object, "error",
		    json_text(coapx_strerror(v->error)));
	json_end(&line, out, true);
}

static void
json_ping_summary(struct output *out, const struct view_ping_summary *v)
{
	struct json_line line;

	json_begin(&line, out, "ping_summary");
	json_line_add(&line, line.object, "peer", json_text(v->peer));
	json_line_add(&line, line.object, "sent", json_integer(v->sent));
	json_line_add(&line, line.object, "answered",
	    json_integer(v->answered));
	if (v->answered > 0) {
		json_line_add(&line, line.object, "min_ms", json_ms(v->min_us));
		json_line_add(&line, line.object, "avg_ms", json_ms(v->avg_us));
		json_line_add(&line, line.object, "max_ms", json_ms(v->max_us));
	}
	json_end(&line, out, true);
}

static void
json_text_result(struct output *out, const char *type, const char *s)
{
	struct json_line line;

	json_begin(&line, out, type);
	json_line_add(&line, line.object, "text", json_text(s));
	json_end(&line, out, true);
}

static void
json_event(struct output *out, const char *session, const char *event,
    const char *detail)
{
	struct json_line line;

	json_begin(&line, out, "event");
	json_line_add(&line, line.object, "session", json_text(session));
	json_line_add(&line, line.object, "event", json_text(event));
	json_line_add(&line, line.object, "detail", json_text(detail));
	json_end(&line, out, false);
}

static void
json_error_result(struct output *out, int status, const char *message)
{
	struct json_line line;

	json_begin(&line, out, "error");
	json_line_add(&line, line.object, "status", json_integer(status));
	json_line_add(&line, line.object, "error", json_text(message));
	json_end(&line, out, false);
}

const struct form_ops form_json = {
	.notes = NOTES_NEVER,
	.response = json_response,
	.sessions = json_sessions,
	.fields = json_fields,
	.value = json_value,
	.links = json_links_of_view,
	.ping = json_ping,
	.ping_summary = json_ping_summary,
	.notification = json_notification,
	.observe_summary = json_observe_summary,
	.table = json_table,
	.payload = json_payload,
	.text = json_text_result,
	.event = json_event,
	.error = json_error_result,
};

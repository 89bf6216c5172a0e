/* SPDX-License-Identifier: BSD-2-Clause */
/* For people at a terminal: aligned, coloured, and safe to look at. */
#include <inttypes.h>
#include <string.h>

#include "cli/output/option_text.h"
#include "cli/output/output_form.h"
#include "cli/output/output_table.h"
#include "cli/output/time_text.h"

#define KIB ((size_t)1024)

/* --- responses ----------------------------------------------------------- */

void
add_length(struct text *text, size_t len)
{
	static const char *const units[] = { "KiB", "MiB", "GiB" };
	size_t unit = KIB;
	size_t i = 0;

	if (len < KIB) {
		text_addf(text, "%zu B", len);
		return;
	}
	while (i < 2 && len / unit >= KIB) {
		unit *= KIB;
		i++;
	}
	text_addf(text, "%zu.%zu %s", len / unit, len % unit * 10 / unit,
	    units[i]);
}

static enum style
code_style(unsigned code)
{
	static const enum style styles[] = {
		[2] = STYLE_GOOD,
		[4] = STYLE_BAD,
		[5] = STYLE_BAD,
	};
	unsigned class = COAP_RESPONSE_CLASS(code);

	return class == 2 || class == 4 || class == 5 ? styles[class]
						      : STYLE_STRANGE;
}

/* 2.05 Content · text/plain · 41 B · 23 ms · 1 retransmission */
static void
add_head(struct output *out, struct text *text, const struct view_response *v,
    size_t len)
{
	const char *dot = out->sink.utf8 ? " \u00b7 " : " - ";
	unsigned code = coap_pdu_get_code(v->response);
	int format = pdu_content_format(v->response);
	char buf[DURATION_TEXT_SIZE];

	style_begin(text, out->color, code_style(code));
	code_text_named(text, code);
	style_end(text, out->color);
	if (format >= 0) {
		text_add(text, dot);
		content_format_text(text, (unsigned)format, false);
	}
	if (len > 0) {
		text_add(text, dot);
		add_length(text, len);
	}
	text_addf(text, "%s%s", dot, duration_text(v->rtt_us, buf));
	if (v->insecure)
		text_addf(text, "%speer not checked", dot);
	if (v->retransmits > 0)
		text_addf(text, "%s%u retransmission%s", dot, v->retransmits,
		    v->retransmits == 1 ? "" : "s");
	text_add_char(text, '\n', 1);
}

static void
human_response(struct output *out, const struct view_response *v)
{
	bool error = response_is_error(v);
	int format = v->response ? pdu_content_format(v->response) : -1;
	struct text text = { .s = NULL };
	struct text why = { .s = NULL };
	const uint8_t *data = NULL;
	size_t len = 0;

	if (!v->response)
		return;
	coap_get_data(v->response, &len, &data);
	if (out->options.include || (!error && !out->options.quiet))
		add_head(out, &text, v, body_length(v));
	if (out->options.include)
		add_options(&text, v->response, out->ascii);
	if (!error && len > 0 && !out->options.file)
		add_payload(out, &text, format, data, len, &why);
	put_stdout(out, &text);
	put_undecoded(out, format, &why);
	if (error)
		put_diagnostic(out, v, "");
	else if (out->options.file)
		put_body(out, v);
}

/* --- sessions, fields, tables -------------------------------------------- */

static const char *const session_columns[] = { "", "NAME", "TYPE", "PROTO",
	"STATE", "LOCAL", "REMOTE", "RTT", "OBS", "AGE" };
#define PROTO_SIZE      32
#define SESSION_COLUMNS (sizeof(session_columns) / sizeof(*session_columns))

/* "dtls", or "dtls (insecure)". */
static const char *
proto_cell(const struct session_cells *c, const struct view_session *v,
    char buf[static PROTO_SIZE])
{
	if (!v->security || strcmp(v->security, "insecure") != 0)
		return c->proto;
	snprintf(buf, PROTO_SIZE, "%s (insecure)", c->proto);
	return buf;
}

static void
session_row(struct table *table, const struct view_session *v)
{
	char proto[PROTO_SIZE];
	struct session_cells c;
	char rtt[DURATION_TEXT_SIZE] = "-";
	char age[DURATION_TEXT_SIZE];
	char observations[16];

	session_cells(&c, v);
	if (v->rtt_us > 0)
		duration_text(v->rtt_us, rtt);
	snprintf(observations, sizeof(observations), "%u", v->observations);
	table_cell(table, v->current ? "*" : " ",
	    v->current ? STYLE_CURRENT : STYLE_DIM);
	table_cell(table, v->name, STYLE_NAME);
	table_cell(table, c.type, TABLE_PLAIN);
	table_cell(table, proto_cell(&c, v, proto), TABLE_PLAIN);
	table_cell(table, c.state, TABLE_PLAIN);
	table_cell(table, c.local, TABLE_PLAIN);
	table_cell(table, c.remote, TABLE_PLAIN);
	table_cell(table, rtt, TABLE_PLAIN);
	table_cell(table, observations, TABLE_PLAIN);
	table_cell(table, duration_text(v->age_ms * 1000, age), TABLE_PLAIN);
}

static void
human_sessions(struct output *out, const struct view_session *v, size_t n)
{
	struct table table;

	if (n == 0) {
		output_note(out, "no sessions");
		return;
	}
	table_begin(&table, out, SESSION_COLUMNS, "");
	for (size_t i = 0; i < SESSION_COLUMNS; i++)
		table_cell(&table, session_columns[i], STYLE_HEAD);
	for (size_t i = 0; i < n; i++)
		session_row(&table, &v[i]);
	table_end(&table, out);
}

static void
add_value(struct text *text, const struct view_field *field)
{
	char buf[DURATION_TEXT_SIZE];

	switch (field->type) {
	case FIELD_NULL:
		text_add_char(text, '-', 1);
		break;
	case FIELD_TEXT:
		text_add(text, field->text ? field->text : "-");
		break;
	case FIELD_NUMBER:
		add_number(text, field->number);
		break;
	case FIELD_BOOL:
		text_add(text, field->number != 0 ? "yes" : "no");
		break;
	case FIELD_MS:
		text_add(text,
		    duration_text(field->number > 0
			    ? (uint64_t)(field->number * 1000 + 0.5)
			    : 0,
			buf));
		break;
	}
}

static void
human_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n)
{
	struct text text = { .s = NULL };
	struct table table;
	const char *value;

	if (title) {
		style_begin(&text, out->color, STYLE_HEAD);
		add_line(&text, title, out->ascii);
		style_end(&text, out->color);
		text_add_char(&text, '\n', 1);
		put_result(out, &text);
	}
	table_begin(&table, out, 2, title ? "  " : "");
	for (size_t i = 0; i < n; i++) {
		add_value(&text, &fields[i]);
		value = text_string(&text);
		table_cell(&table, fields[i].name, STYLE_NAME);
		table_cell(&table, value, TABLE_PLAIN);
		if (!value)
			out->failed = true;
		text_free(&text);
	}
	table_end(&table, out);
}

/* The same value as raw has, for it is asked for by name; escaped. */
static void
human_value(struct output *out, const struct view_field *field)
{
	struct text text = { .s = NULL };

	if (field->type != FIELD_TEXT) {
		raw_value(out, field);
		return;
	}
	if (field->text)
		payload_escape(&text, field->text, strlen(field->text),
		    ESCAPE_LINES, out->ascii);
	text_add_char(&text, '\n', 1);
	put_result(out, &text);
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* "some_name" as the head of a column: "SOME NAME". */
static void
table_head(struct output *out, struct table *table, const char *column)
{
	struct text head = { .s = NULL };
	const char *s;

	for (s = column; *s; s++)
		text_add_char(&head, *s == '_' ? ' ' : upper(*s), 1);
	s = text_string(&head);
	table_cell(table, s, STYLE_HEAD);
	if (!s)
		out->failed = true;
	text_free(&head);
}

static void
human_table(struct output *out, const struct view_table *v)
{
	struct table table;
	size_t columns = 0;

	while (v->columns[columns])
		columns++;
	if (v->rows == 0)
		return;
	table_begin(&table, out, columns, "");
	for (size_t i = 0; i < columns; i++)
		table_head(out, &table, v->columns[i]);
	for (size_t i = 0; i < v->rows * columns; i++)
		table_cell(&table, v->cells[i] ? v->cells[i] : "-",
		    TABLE_PLAIN);
	table_end(&table, out);
}

/* --- links --------------------------------------------------------------- */

static void
human_links(struct output *out, const struct view_link *links, size_t n)
{
	struct text text = { .s = NULL };

	if (n == 0)
		output_note(out, "no links");
	add_links(&text, links, n, out->ascii, out->color);
	put_result(out, &text);
}

/* --- pings --------------------------------------------------------------- */

static void
human_ping(struct output *out, const struct view_ping *v)
{
	struct text text = { .s = NULL };
	char buf[DURATION_TEXT_SIZE];

	if (v->error == 0) {
		text_add(&text, "reply from ");
		add_line(&text, v->peer, out->ascii);
		text_addf(&text, ": seq=%u time=%s\n", v->sequence,
		    duration_text(v->rtt_us, buf));
	} else {
		style_begin(&text, out->color, STYLE_BAD);
		text_addf(&text, "no answer: seq=%u", v->sequence);
		if (v->error != -COAP_E_TIMEOUT && v->error != -COAP_E_RETRIES)
			text_addf(&text, " (%s)", coapx_strerror(v->error));
		style_end(&text, out->color);
		text_add_char(&text, '\n', 1);
	}
	put_result(out, &text);
}

static void
human_ping_summary(struct output *out, const struct view_ping_summary *v)
{
	struct text text = { .s = NULL };
	unsigned lost = v->sent > v->answered ? v->sent - v->answered : 0;
	char min[DURATION_TEXT_SIZE];
	char avg[DURATION_TEXT_SIZE];
	char max[DURATION_TEXT_SIZE];

	style_begin(&text, out->color, STYLE_HEAD);
	text_add(&text, "--- ");
	add_line(&text, v->peer, out->ascii);
	text_add(&text, " ---");
	style_end(&text, out->color);
	text_addf(&text, "\n%u sent, %u answered, %u%% lost\n", v->sent,
	    v->answered,
	    v->sent > 0 ? (unsigned)((uint64_t)lost * 100 / v->sent) : 0);
	if (v->answered > 0)
		text_addf(&text, "time min/avg/max: %s / %s / %s\n",
		    duration_text(v->min_us, min),
		    duration_text(v->avg_us, avg),
		    duration_text(v->max_us, max));
	put_result(out, &text);
}

/* --- text, events, errors ------------------------------------------------ */

static void
human_text(struct output *out, const char *type, const char *s)
{
	struct text text = { .s = NULL };

	(void)type;
	payload_escape(&text, s, strlen(s), ESCAPE_LINES, out->ascii);
	if (text.len > 0 && text.s[text.len - 1] != '\n')
		text_add_char(&text, '\n', 1);
	put_result(out, &text);
}

static void
human_event(struct output *out, const char *session, const char *event,
    const char *detail)
{
	if (!out->options.quiet)
		put_event_line(out, session, event, detail);
}

const struct form_ops form_human = {
	.notes = NOTES_ALWAYS,
	.response = human_response,
	.sessions = human_sessions,
	.fields = human_fields,
	.value = human_value,
	.links = human_links,
	.ping = human_ping,
	.ping_summary = human_ping_summary,
	.notification = human_notification,
	.observe_summary = human_observe_summary,
	.table = human_table,
	.payload = raw_payload,
	.text = human_text,
	.event = human_event,
	.error = raw_error,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Notifications of observed resources in each form. */
#include <inttypes.h>
#include <string.h>

#include "cli/observe/observe_diff.h"
#include "cli/output/option_text.h"
#include "cli/output/output_json.h"
#include "cli/output/time_text.h"

/* Where nobody says how wide the terminal is. */
#define WIDTH 80
/* "2026-08-14T" of a timestamp, which goes. */
#define DATE_LENGTH 11

/* --- for people ----------------------------------------------------------- */

/* 09:12:03.418Z #14 2.05 text/plain 4 B, 2 skipped */
static void
add_head(struct text *text, const struct output *out,
    const struct view_notification *v)
{
	char time[TIMESTAMP_TEXT_SIZE];
	char code[CODE_TEXT_SIZE];

	text_add(text, timestamp_text(v->at_ms, time) + DATE_LENGTH);
	if (v->label) {
		text_add_char(text, ' ', 1);
		add_line(text, v->label, out->ascii);
	}
	if (v->numbered)
		text_addf(text, " #%" PRIu32, v->number);
	text_addf(text, " %s", code_text(v->code, code));
	if (v->format >= 0) {
		text_add_char(text, ' ', 1);
		content_format_text(text, (unsigned)v->format, false);
	}
	text_add_char(text, ' ', 1);
	add_length(text, v->len);
	if (v->gap > 0)
		text_addf(text, ", %" PRIu32 " skipped", v->gap);
	if (v->reordered)
		text_add(text, ", older than the one before");
	if (v->insecure)
		text_add(text, ", peer not checked");
}

/* The payload, or what changed. */
static void
add_body(struct text *text, struct output *out,
    const struct view_notification *v, struct text *why)
{
	const char *arrow = out->sink.utf8 ? "\u2192" : "->";

	if (v->changes)
		observe_diff_lines(text, v->changes, arrow, out->ascii);
	else if (v->len > 0)
		add_payload(out, text, v->format, v->data, v->len, why);
	if (v->changes && json_array_size(v->changes) == 0)
		text_add(text, "(the same)\n");
}

static bool
fits_behind(const struct output *out, const struct text *head,
    const struct text *body)
{
	size_t width = out->sink.width > 0 ? out->sink.width : WIDTH;

	if (body->len == 0)
		return true;
	return body->s[body->len - 1] == '\n' &&
	    memchr(body->s, '\n', body->len) == body->s + body->len - 1 &&
	    payload_width(head->s, head->len) + 2 +
		payload_width(body->s, body->len - 1) <=
	    width;
}

void
human_notification(struct output *out, const struct view_notification *v)
{
	struct text head = { .s = NULL };
	struct text body = { .s = NULL };
	struct text why = { .s = NULL };
	struct text text = { .s = NULL };
	bool one_line;

	if (!out->options.quiet)
		add_head(&head, out, v);
	else if (v->several)
		add_line(&head, v->label, out->ascii);
	add_body(&body, out, v, &why);
	one_line = fits_behind(out, &head, &body) && !out->options.include;
	if (head.len > 0) {
		style_begin(&text, out->color, STYLE_DIM);
		text_add_bytes(&text, head.s, head.len);
		style_end(&text, out->color);
		text_add(&text, one_line && body.len > 0 ? "  " : "\n");
	}
	if (out->options.include && v->response)
		add_options(&text, v->response, out->ascii);
	text_add_bytes(&text, body.s, body.len);
	text.failed = text.failed || head.failed || body.failed;
	put_result(out, &text);
	put_undecoded(out, v->format, &why);
	text_free(&head);
	text_free(&body);
}

/* 12 notifications in 3.1 s, 2 skipped, ... */
static void
add_summary(struct text *text, const struct view_observe_summary *v)
{
	const struct {
		uint64_t n;
		const char *what;
	} parts[] = {
		{ v->gaps, "skipped" },
		{ v->reordered, "out of order" },
		{ v->unchanged, "unchanged" },
	};
	char duration[DURATION_TEXT_SIZE];

	text_addf(text, "%" PRIu64 " notification%s in %s", v->notifications,
	    v->notifications == 1 ? "" : "s",
	    duration_text(v->duration_ms * 1000, duration));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].n > 0)
			text_addf(text, ", %" PRIu64 " %s", parts[i].n,
			    parts[i].what);
	if (v->registrations > 0)
		text_addf(text, ", asked for again %" PRIu64 " time%s",
		    v->registrations, v->registrations == 1 ? "" : "s");
}

void
human_observe_summary(struct output *out, const struct view_observe_summary *v)
{
	struct text text = { .s = NULL };

	if (out->options.quiet)
		return;
	style_begin(&text, out->color_err, STYLE_HEAD);
	text_add(&text, "--- ");
	add_line(&text, v->uri, out->ascii_err);
	text_add(&text, " ---");
	style_end(&text, out->color_err);
	text_add_char(&text, '\n', 1);
	add_summary(&text, v);
	text_add_char(&text, '\n', 1);
	put_stderr(out, &text);
}

/* --- for programs --------------------------------------------------------- */

/* What its format says it is, so that not each payload is told in another way;
 * without a format, what it looks like. */
static bool
is_text(const struct view_notification *v)
{
	return (v->format < 0 || content_format_is_text((unsigned)v->format)) &&
	    payload_is_utf8(v->data, v->len) &&
	    (v->format >= 0 || payload_is_text(v->data, v->len));
}

/* Of several: which one it is, and what is between that and the rest. */
static void
add_label(struct text *text, const struct output *out,
    const struct view_notification *v, char end)
{
	if (!v->several || !v->label)
		return;
	payload_escape(text, v->label, strlen(v->label), ESCAPE_CELL,
	    out->ascii);
	text_add_char(text, end, 1);
}

/* Of several it is told in front of the code, too. */
static void
put_include(struct output *out, const struct view_notification *v)
{
	struct view_response response = { .response = v->response };
	struct text text = { .s = NULL };

	if (!out->options.include || !v->response)
		return;
	add_label(&text, out, v, '\t');
	put_stdout(out, &text);
	raw_include(out, &response);
}

/* Each line of lines, with the label in front. */
static void
add_labelled(struct text *text, const struct output *out,
    const struct view_notification *v, const struct text *lines)
{
	const char *end, *line = lines->s;
	size_t left = lines->len;

	while (left > 0) {
		end = memchr(line, '\n', left);
		add_label(text, out, v, '\t');
		text_add_bytes(text, line,
		    end ? (size_t)(end + 1 - line) : left);
		left -= end ? (size_t)(end + 1 - line) : left;
		line = end ? end + 1 : line;
	}
	text->failed = text->failed || lines->failed;
}

/* False: there are no changes to show. */
static bool
put_changes(struct output *out, const struct view_notification *v)
{
	struct text lines = { .s = NULL };
	struct text text = { .s = NULL };

	if (!v->changes)
		return false;
	observe_diff_lines(&lines, v->changes, "->", out->ascii);
	add_labelled(&text, out, v, &lines);
	put_result(out, &text);
	text_free(&lines);
	return true;
}

/* One line, as a table has it, so that each line is of one that is named. */
static void
add_text_cell(struct text *text, const struct output *out,
    const struct view_notification *v)
{
	size_t len = v->len;

	while (len > 0 && v->data[len - 1] == '\n')
		len--;
	if (len > 0)
		payload_escape(text, v->data, len, ESCAPE_CELL, out->ascii);
}

void
raw_notification(struct output *out, const struct view_notification *v)
{
	struct text text = { .s = NULL };

	put_include(out, v);
	if (put_changes(out, v))
		return;
	add_label(&text, out, v, '\t');
	if (!is_text(v))
		payload_hex(&text, v->data, v->len);
	else if (v->several)
		add_text_cell(&text, out, v);
	else
		text_add_bytes(&text, v->data, v->len);
	if (text.len == 0 || text.s[text.len - 1] != '\n')
		text_add_char(&text, '\n', 1);
	put_result(out, &text);
}

/* A dump has lines of its own: the label is one above them. */
void
hex_notification(struct output *out, const struct view_notification *v)
{
	struct text text = { .s = NULL };

	put_include(out, v);
	if (put_changes(out, v))
		return;
	if (!out->options.include)
		add_label(&text, out, v, '\n');
	put_result(out, &text);
	out->ops->payload(out, v->format, v->data, v->len);
}

void
diag_notification(struct output *out, const struct view_notification *v)
{
	hex_notification(out, v);
}

void
none_notification(struct output *out, const struct view_notification *v)
{
	(void)out, (void)v;
}

/* All of it follows from the lines before. */
void
raw_observe_summary(struct output *out, const struct view_observe_summary *v)
{
	struct text text = { .s = NULL };

	add_summary(&text, v);
	if (text_string(&text))
		output_note(out, "%s", text.s);
	text_free(&text);
}

/* --- JSON ----------------------------------------------------------------- */

static void
json_add_observe(struct json_line *line, const struct view_notification *v)
{
	char time[TIMESTAMP_TEXT_SIZE];

	json_line_add(line, line->object, "uri", json_text(v->uri));
	if (v->item > 0)
		json_line_add(line, line->object, "item",
		    json_integer(v->item));
	json_line_add(line, line->object, "received",
	    json_string(timestamp_text(v->at_ms, time)));
	json_line_add(line, line->object, "count",
	    json_integer((json_int_t)v->count));
	json_line_add(line, line->object, "number",
	    v->numbered ? json_integer(v->number) : json_null());
	json_line_add(line, line->object, "gap", json_integer(v->gap));
	json_line_add(line, line->object, "reordered",
	    json_boolean(v->reordered));
	json_line_add(line, line->object, "max_age", json_integer(v->max_age));
}

void
json_notification(struct output *out, const struct view_notification *v)
{
	const struct view_response of = {
		.session_name = v->session_name,
		.session = v->session,
		.insecure = v->insecure,
	};
	const coapx_code_info_t *info = coapx_code_by_number(v->code);
	struct json_body body = { v->len, v->data, v->len, NULL };
	char code[CODE_TEXT_SIZE];
	struct json_line line;

	json_begin(&line, out, "notification");
	json_add_session(&line, &of);
	json_add_observe(&line, v);
	json_line_add(&line, line.object, "code",
	    json_text(code_text(v->code, code)));
	json_line_add(&line, line.object, "code_name",
	    json_text(info ? info->name : NULL));
	if (v->response)
		json_add_options(&line, v->response);
	json_add_payload(&line, out, v->format, &body);
	if (v->changes)
		json_line_add(&line, line.object, "changes",
		    json_deep_copy(v->changes));
	json_end(&line, out, true);
}

void
json_observe_summary(struct output *out, const struct view_observe_summary *v)
{
	const struct {
		const char *name;
		uint64_t n;
	} parts[] = {
		{ "notifications", v->notifications },
		{ "unchanged", v->unchanged },
		{ "gaps", v->gaps },
		{ "reordered", v->reordered },
		{ "registrations", v->registrations },
		{ "duration_ms", v->duration_ms },
	};
	struct json_line line;

	json_begin(&line, out, "observe_summary");
	json_line_add(&line, line.object, "uri", json_text(v->uri));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		json_line_add(&line, line.object, parts[i].name,
		    json_integer((json_int_t)parts[i].n));
	json_end(&line, out, false);
}

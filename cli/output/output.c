/* SPDX-License-Identifier: BSD-2-Clause */
/* The choice of form, and what reaches which stream. */
#include "cli/output/output.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cli/body/part.h"
#include "cli/command.h"
#include "cli/job.h"
#include "cli/output/output_form.h"
#include "cli/request/write_out.h"
#include "cli/words/args.h"

/* Where a body begins, for whoever writes it. */
#define BEGIN "begin "

/* --- sinks --------------------------------------------------------------- */

static bool
environment_has(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

/* no-color.org, then bixense.com/clicolors, then what the terminal is. */
static bool
wants_color(bool terminal)
{
	const char *force = getenv("CLICOLOR_FORCE");
	const char *term = getenv("TERM");

	if (environment_has("NO_COLOR"))
		return false;
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	return terminal && term && *term && strcmp(term, "dumb") != 0;
}

void
sink_colors(struct sink *sink)
{
	sink->out_color = wants_color(sink->out_is_terminal);
	sink->err_color = wants_color(sink->err_is_terminal);
}

/* --- an output ----------------------------------------------------------- */

static const struct form_ops *const forms[] = {
	[FORM_HUMAN] = &form_human,
	[FORM_RAW] = &form_raw,
	[FORM_JSON] = &form_json,
	[FORM_HEX] = &form_hex,
	[FORM_NONE] = &form_none,
	[FORM_DIAG] = &form_diag,
};

struct output *
output_new(const struct sink *sink, const struct output_options *options)
{
	struct output *out = coap_malloc_type(COAP_STRING, sizeof(*out));

	if (!out)
		return NULL;
	memset(out, 0, sizeof(*out));
	out->sink = *sink;
	out->options = *options;
	out->form = options->form;
	if (out->form == FORM_AUTO)
		out->form = sink->out_is_terminal ? FORM_HUMAN : FORM_RAW;
	out->ops = forms[out->form];
	out->color = options->color ? options->color > 0 : sink->out_color;
	out->color_err = options->color ? options->color > 0 : sink->err_color;
	out->ascii = sink->out_is_terminal && !sink->utf8;
	out->ascii_err = sink->err_is_terminal && !sink->utf8;
	return out;
}

enum form
output_form(const struct output *out)
{
	return out->form;
}

bool
output_quiet(const struct output *out)
{
	return out->options.quiet;
}

unsigned
output_verbose(const struct output *out)
{
	return out->options.verbose;
}

/* --- streams ------------------------------------------------------------- */

bool
output_to_file(const struct output *out)
{
	const char *file = out->options.file;

	return file && strcmp(file, "-") != 0;
}

int
output_prepare(struct output *out)
{
	struct text message = { .s = NULL };
	const char *s;

	if (!output_to_file(out) || out->file.open || out->failed ||
	    out->sink.file)
		return STATUS_OK;
	if (output_file_open(&out->file, out->options.file) == 0)
		return STATUS_OK;
	text_addf(&message, "cannot create '%s': %s", out->options.file,
	    strerror(errno));
	s = text_string(&message);
	output_error(out, STATUS_LOCAL, s ? s : "out of memory");
	text_free(&message);
	return STATUS_LOCAL;
}

/* "cannot write 'x': No space left on device". */
static const char *
unwritten(struct text *message, const char *what, int error)
{
	text_addf(message, "cannot write %s", what);
	if (error != 0)
		text_addf(message, ": %s", strerror(error));
	return text_string(message);
}

/* Whoever closes a pipe (head does) has seen enough, and is not told. */
static void
write_stdout(struct output *out, const void *data, size_t len)
{
	struct text message = { .s = NULL };
	int error;

	if (out->failed || len == 0)
		return;
	errno = 0;
	if (out->sink.out(out->sink.user, data, len) == 0)
		return;
	error = errno;
	out->failed = true;
	if (error != EPIPE && unwritten(&message, "the output", error))
		put_error_line(out, message.s);
	text_free(&message);
}

/* Nothing more goes to the file of -o, nor to stdout, where an error of JSON
 * is told before. */
static void
fail_file(struct output *out, int error)
{
	struct text what = { .s = NULL };
	struct text message = { .s = NULL };

	text_addf(&what, "'%s'", out->options.file);
	if (error != EPIPE && !out->failed && text_string(&what) &&
	    unwritten(&message, what.s, error))
		output_error(out, STATUS_OUTPUT, message.s);
	out->failed = true;
	text_free(&what);
	text_free(&message);
}

static void
write_file(struct output *out, const void *data, size_t len)
{
	if (!out->failed && output_prepare(out) != STATUS_OK)
		out->failed = true;
	if (out->failed)
		return;
	errno = 0;
	if ((out->sink.file ? out->sink.file(out->sink.user, data, len)
			    : output_file_write(&out->file, data, len)) < 0)
		fail_file(out, errno);
}

void
output_pass_out(struct output *out, const void *data, size_t len)
{
	write_stdout(out, data, len);
}

void
output_pass_err(struct output *out, const void *data, size_t len)
{
	out->sink.err(out->sink.user, data, len);
}

void
output_pass_line(struct output *out, const void *data, size_t len)
{
	if (out->sink.line)
		out->sink.line(out->sink.user, data, len);
}

const char *
output_file_name(const struct output *out)
{
	return output_to_file(out) ? out->options.file : NULL;
}

void
output_pass_file(struct output *out, const void *data, size_t len)
{
	write_file(out, data, len);
}

/* --- a body piece by piece ------------------------------------------------ */

/* "begin OFFSET", "whole", or what a body is: here, or where it is written. */
static int
apply(struct output *out, const char *line)
{
	struct output_file *file = &out->file;
	uint64_t offset;

	if (strcmp(line, "whole") == 0)
		output_file_whole(file);
	else if (strncmp(line, BEGIN, strlen(BEGIN)) == 0)
		return parse_number(line + strlen(BEGIN), INT64_MAX, &offset)
		    ? output_file_begin(file, offset)
		    : -1;
	else
		/* Without it the body comes all the same. */
		output_file_describe(file, line);
	return 0;
}

static void
do_part(struct output *out, const char *line)
{
	if (!out->failed && output_prepare(out) != STATUS_OK)
		out->failed = true;
	if (out->failed)
		return;
	errno = 0;
	if ((out->sink.file ? out->sink.part(out->sink.user, line, strlen(line))
			    : apply(out, line)) < 0)
		fail_file(out, errno);
}

void
output_pass_part(struct output *out, const void *data, size_t len)
{
	char line[PART_TEXT];

	if (len >= sizeof(line) || !output_to_file(out))
		return;
	memcpy(line, data, len);
	line[len] = '\0';
	do_part(out, line);
}

void
output_body_begin(struct output *out, uint64_t offset)
{
	char line[64];

	snprintf(line, sizeof(line), BEGIN "%" PRIu64, offset);
	do_part(out, line);
}

void
output_body_is(struct output *out, const struct part *part)
{
	struct text text = { .s = NULL };
	const char *s;

	part_text(&text, part);
	s = text_string(&text);
	/* Nor is what cannot be told worth the body. */
	if (s && text.len < PART_TEXT)
		do_part(out, s);
	text_free(&text);
}

void
output_body_piece(struct output *out, const void *data, size_t len)
{
	write_file(out, data, len);
}

void
output_body_whole(struct output *out)
{
	do_part(out, "whole");
}

bool
output_body_waits(const struct output *out, int *fd)
{
	struct pollfd pipe = { .fd = out->file.fd, .events = POLLOUT };

	*fd = -1;
	if (out->failed)
		return false;
	if (out->sink.file)
		return out->sink.behind && out->sink.behind(out->sink.user);
	/* A regular file, and what has no reader any more, takes all. */
	if (!out->file.open || out->file.temp || poll(&pipe, 1, 0) != 0)
		return false;
	*fd = out->file.fd;
	return true;
}

int
output_body_find(const struct output *out, struct part *part)
{
	char *text = NULL;
	uint64_t length = 0;
	bool good;

	errno = ENOENT;
	if (!output_to_file(out))
		return -1;
	if (out->sink.file) {
		if (out->sink.found && part_parse(out->sink.found, part))
			return 0;
		errno = out->sink.found ? ENODATA : ENOENT;
		return -1;
	}
	if (output_file_find(out->options.file, &text, &length) != 0)
		return -1;
	good = part_parse(text, part);
	part->length = length;
	free(text);
	errno = ENODATA;
	return good ? 0 : -1;
}

int
output_body_open(const struct output *out)
{
	if (!output_to_file(out) || out->sink.file)
		return -1;
	return output_file_open_part(out->options.file);
}

int
output_close(struct output *out)
{
	bool failed;

	if (!out)
		return 0;
	if (output_file_close(&out->file, !out->failed) != 0)
		fail_file(out, errno);
	failed = out->failed;
	coap_free_type(COAP_STRING, out);
	return failed ? -1 : 0;
}

bool
output_failed(const struct output *out)
{
	return out->failed;
}

/* An incomplete text is given as far as it goes, but never silently. */
static void
note_failure(struct output *out, const struct text *text)
{
	if (text->failed)
		out->failed = true;
}

void
put_stdout(struct output *out, struct text *text)
{
	write_stdout(out, text->s, text->len);
	note_failure(out, text);
	text_free(text);
}

void
put_result(struct output *out, struct text *text)
{
	put_payload(out, text->s, text->len);
	note_failure(out, text);
	text_free(text);
}

void
put_stderr(struct output *out, struct text *text)
{
	if (text->len > 0)
		out->sink.err(out->sink.user, text->s, text->len);
	text_free(text);
}

void
put_payload(struct output *out, const void *data, size_t len)
{
	if (output_to_file(out))
		write_file(out, data, len);
	else
		write_stdout(out, data, len);
}

/* --- views --------------------------------------------------------------- */

static void
put_write_out(struct output *out, const struct view_response *v)
{
	struct text text = { .s = NULL };

	if (!out->options.write_out)
		return;
	write_out(&text, out->options.write_out, v);
	put_stdout(out, &text);
}

void
output_response(struct output *out, const struct view_response *v)
{
	out->ops->response(out, v);
	put_write_out(out, v);
}

void
output_sessions(struct output *out, const struct view_session *v, size_t n)
{
	out->ops->sessions(out, v, n);
}

void
output_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n)
{
	out->ops->fields(out, title, fields, n);
}

void
output_value(struct output *out, const struct view_field *field)
{
	out->ops->value(out, field);
}

void
output_links(struct output *out, const struct view_link *links, size_t n)
{
	out->ops->links(out, links, n);
}

void
output_ping(struct output *out, const struct view_ping *v)
{
	out->ops->ping(out, v);
}

void
output_ping_summary(struct output *out, const struct view_ping_summary *v)
{
	out->ops->ping_summary(out, v);
}

void
output_notification(struct output *out, const struct view_notification *v)
{
	const struct view_response shown = {
		.session_name = v->session_name,
		.session = v->session,
		.uri = v->uri,
		.notification = v,
	};

	out->ops->notification(out, v);
	put_write_out(out, &shown);
}

void
output_observe_summary(struct output *out, const struct view_observe_summary *v)
{
	out->ops->observe_summary(out, v);
}

void
output_table(struct output *out, const struct view_table *v)
{
	out->ops->table(out, v);
}

void
output_payload(struct output *out, int format, const void *data, size_t len)
{
	out->ops->payload(out, format, data, len);
}

void
output_text(struct output *out, const char *type, const char *text)
{
	out->ops->text(out, type, text);
}

void
output_event(struct output *out, const char *session, const char *event,
    const char *detail)
{
	out->ops->event(out, session, event, detail);
}

void
output_error(struct output *out, int status, const char *message)
{
	out->ops->error(out, status, message);
}

void
output_note(struct output *out, const char *format, ...)
{
	struct text line = { .s = NULL };
	char *message;
	va_list args;

	if (out->options.quiet || out->ops->notes == NOTES_NEVER ||
	    (out->ops->notes == NOTES_VERBOSE && out->options.verbose == 0))
		return;
	va_start(args, format);
	message = text_vformat(format, args);
	va_end(args);
	if (!message)
		return;
	style_begin(&line, out->color_err, STYLE_DIM);
	add_line(&line, message, out->ascii_err);
	style_end(&line, out->color_err);
	text_add_char(&line, '\n', 1);
	free(message);
	put_stderr(out, &line);
}

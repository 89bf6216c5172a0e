/* SPDX-License-Identifier: BSD-2-Clause */
/* The template of -w. */
#include "cli/request/write_out.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output/option_text.h"
#include "cli/output/output_form.h"

typedef void add_fn(struct text *out, const struct view_response *v);

/* 0: there is none. */
static unsigned
code_of(const struct view_response *v)
{
	if (v->notification)
		return v->notification->code;
	return v->response ? coap_pdu_get_code(v->response) : 0;
}

static void
add_code(struct text *out, const struct view_response *v)
{
	char buf[CODE_TEXT_SIZE];

	if (code_of(v) != 0)
		text_add(out, code_text(code_of(v), buf));
}

static void
add_code_name(struct text *out, const struct view_response *v)
{
	const coapx_code_info_t *info = NULL;

	if (code_of(v) != 0)
		info = coapx_code_by_number(code_of(v));
	if (info)
		text_add(out, info->name);
}

static void
add_rtt(struct text *out, const struct view_response *v)
{
	if (!v->notification)
		add_ms(out, v->rtt_us);
}

static void
add_size(struct text *out, const struct view_response *v)
{
	size_t len = v->response ? body_length(v) : 0;

	text_addf(out, "%zu", v->notification ? v->notification->len : len);
}

/* The number of a notification. */
static void
add_observe(struct text *out, const struct view_response *v)
{
	if (v->notification && v->notification->numbered)
		text_addf(out, "%" PRIu32, v->notification->number);
}

static void
add_content_format(struct text *out, const struct view_response *v)
{
	int format = v->response ? pdu_content_format(v->response) : -1;

	if (v->notification)
		format = v->notification->format;
	if (format >= 0)
		content_format_text(out, (unsigned)format, false);
}

static void
add_uri(struct text *out, const struct view_response *v)
{
	add_line(out, v->uri, false);
}

static void
add_session(struct text *out, const struct view_response *v)
{
	add_line(out, v->session_name, false);
}

static void
add_remote(struct text *out, const struct view_response *v)
{
	char buf[PEER_TEXT_SIZE];

	text_add(out, peer_text(v->session, buf));
}

static void
add_proto(struct text *out, const struct view_response *v)
{
	if (v->session)
		text_add(out,
		    coapx_proto_name(coap_session_get_proto(v->session)));
}

static void
add_retransmits(struct text *out, const struct view_response *v)
{
	if (!v->notification)
		text_addf(out, "%u", v->retransmits);
}

static const struct variable {
	const char *name;
	add_fn *add;
} variables[] = {
	{ "code", add_code },
	{ "code_name", add_code_name },
	{ "content_format", add_content_format },
	{ "observe", add_observe },
	{ "proto", add_proto },
	{ "remote", add_remote },
	{ "retransmits", add_retransmits },
	{ "rtt_ms", add_rtt },
	{ "session", add_session },
	{ "size", add_size },
	{ "uri", add_uri },
};

/* The variable that "%{name}" at s names, or NULL; *len is how long that is,
 * 0 when there is no such thing at s. */
static const struct variable *
variable_at(const char *s, size_t *len)
{
	const char *end = NULL;

	*len = 0;
	if (s[0] == '%' && s[1] == '{')
		end = strchr(s, '}');
	if (!end)
		return NULL;
	*len = (size_t)(end - s) + 1;
	for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
		if (strlen(variables[i].name) == *len - 3 &&
		    strncmp(variables[i].name, s + 2, *len - 3) == 0)
			return &variables[i];
	return NULL;
}

/* \n, \t, \r, \\ and %%: the one character, or 0. */
static char
escape_at(const char *s)
{
	static const char *const escapes[] = { "\\n\n", "\\t\t", "\\r\r",
		"\\\\\\", "%%%" };

	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++)
		if (strncmp(s, escapes[i], 2) == 0)
			return escapes[i][2];
	return '\0';
}

void
write_out(struct text *out, const char *format, const struct view_response *v)
{
	const struct variable *variable;
	char c;
	size_t n;

	for (const char *s = format; *s; s += n) {
		variable = variable_at(s, &n);
		if (variable) {
			variable->add(out, v);
			continue;
		}
		c = escape_at(s);
		n = c ? 2 : 1;
		text_add_char(out, c ? c : *s, 1);
	}
}

/* NULL, or the first %{name} that there is not: its text in format, and how
 * long. */
static const char *
write_out_unknown(const char *format, size_t *len)
{
	size_t n;

	for (const char *s = format; *s; s += n > 0 ? n : 1) {
		if (!variable_at(s, &n) && n > 0) {
			*len = n;
			return s;
		}
		if (escape_at(s))
			n = 2;
	}
	return NULL;
}

int
write_out_check(struct job *job)
{
	const char *format = job->out->options.write_out;
	size_t len = 0;
	const char *unknown = format ? write_out_unknown(format, &len) : NULL;

	if (!unknown)
		return STATUS_OK;
	return job_fail(job, STATUS_USAGE,
	    "--write-out: there is no %.*s; there are %%{code}, %%{rtt_ms}, "
	    "%%{size} and others, see coap-shell(1)",
	    (int)len, unknown);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads in hexadecimal, and nothing at all; the rest as raw has it. */
#include "cli/output_form.h"

static void
hex_response(struct output *out, const struct view_response *v)
{
	struct text text = { .s = NULL };
	const uint8_t *data = NULL;
	size_t len = 0;

	if (!v->response)
		return;
	if (out->options.include)
		raw_include(out, v);
	if (response_is_error(v)) {
		put_diagnostic(out, v, "coap-shell: ");
		return;
	}
	coap_get_data(v->response, &len, &data);
	if (output_to_file(out)) {
		put_payload(out, data, len);
		return;
	}
	payload_dump(&text, "", data, len);
	put_stdout(out, &text);
}

const struct form_ops form_hex = {
	.notes = NOTES_VERBOSE,
	.response = hex_response,
	.sessions = raw_sessions,
	.fields = raw_fields,
	.value = raw_value,
	.links = raw_links,
	.ping = raw_ping,
	.ping_summary = raw_ping_summary,
	.table = raw_table,
	.text = raw_text,
	.event = raw_event,
	.error = raw_error,
};

/* --- none ---------------------------------------------------------------- */

static void
none_response(struct output *out, const struct view_response *v)
{
	const uint8_t *data = NULL;
	size_t len = 0;

	if (!v->response)
		return;
	if (response_is_error(v)) {
		put_diagnostic(out, v, "coap-shell: ");
		return;
	}
	coap_get_data(v->response, &len, &data);
	if (output_to_file(out))
		put_payload(out, data, len);
}

static void
none_sessions(struct output *out, const struct view_session *v, size_t n)
{
	(void)out, (void)v, (void)n;
}

static void
none_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n)
{
	(void)out, (void)title, (void)fields, (void)n;
}

static void
none_value(struct output *out, const struct view_field *field)
{
	(void)out, (void)field;
}

static void
none_links(struct output *out, const struct view_link *links, size_t n)
{
	(void)out, (void)links, (void)n;
}

static void
none_ping(struct output *out, const struct view_ping *v)
{
	(void)out, (void)v;
}

static void
none_ping_summary(struct output *out, const struct view_ping_summary *v)
{
	(void)out, (void)v;
}

static void
none_table(struct output *out, const struct view_table *v)
{
	(void)out, (void)v;
}

static void
none_text(struct output *out, const char *type, const char *text)
{
	(void)out, (void)type, (void)text;
}

const struct form_ops form_none = {
	.notes = NOTES_VERBOSE,
	.response = none_response,
	.sessions = none_sessions,
	.fields = none_fields,
	.value = none_value,
	.links = none_links,
	.ping = none_ping,
	.ping_summary = none_ping_summary,
	.table = none_table,
	.text = none_text,
	.event = raw_event,
	.error = raw_error,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads in hexadecimal, in diagnostic notation, and nothing at all; the rest
 * as raw has it. */
#include "cli/output/option_text.h"
#include "cli/output/output_form.h"

static void
hex_payload(struct output *out, int format, const void *data, size_t len)
{
	struct text text = { .s = NULL };

	(void)format;
	payload_dump(&text, "", data, len);
	put_result(out, &text);
}

/* How hex and diag show a response: by show(), unless it goes to a file. */
static void
shown_response(struct output *out, const struct view_response *v,
    void (*show)(struct output *out, int format, const void *data, size_t len))
{
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
	if (output_to_file(out))
		put_body(out, v);
	else
		show(out, pdu_content_format(v->response), data, len);
}

static void
hex_response(struct output *out, const struct view_response *v)
{
	shown_response(out, v, hex_payload);
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
	.notification = hex_notification,
	.observe_summary = raw_observe_summary,
	.table = raw_table,
	.payload = hex_payload,
	.text = raw_text,
	.event = raw_event,
	.error = raw_error,
};

/* --- diag ---------------------------------------------------------------- */

/* why: what is wrong with it as CBOR, or nothing: its format is another. */
static void
say_no_cbor(struct output *out, int format, const struct text *why)
{
	struct text line = { .s = NULL };

	if (why->len > 0 || format < 0)
		text_add(&line, "the payload");
	else
		content_format_text(&line, (unsigned)format, true);
	text_add(&line, " is no CBOR that has a diagnostic notation");
	if (why->len > 0) {
		text_add(&line, ": ");
		text_add_bytes(&line, why->s, why->len);
	}
	text_add(&line, "; it is shown as --format human has it");
	if (text_string(&line))
		put_error_line(out, line.s);
	text_free(&line);
}

/* What has no notation is still shown: it is what was asked for. */
static void
diag_payload(struct output *out, int format, const void *data, size_t len)
{
	struct decode_in in = decode_in(out, format, data, len);
	struct text text = { .s = NULL };
	struct text why = { .s = NULL };
	struct text undecoded = { .s = NULL };
	enum decoded result = DECODED;

	if (len > 0)
		result = decode_diag(&in, &text, &why);
	if (result == DECODED_NOT)
		add_payload(out, &text, format, data, len, &undecoded);
	else if (result == DECODED_WRONG)
		add_plain_payload(out, &text, format, data, len);
	put_result(out, &text);
	if (result != DECODED)
		say_no_cbor(out, format, &why);
	put_undecoded(out, format, &undecoded);
	text_free(&why);
}

static void
diag_response(struct output *out, const struct view_response *v)
{
	shown_response(out, v, diag_payload);
}

const struct form_ops form_diag = {
	.notes = NOTES_VERBOSE,
	.response = diag_response,
	.sessions = raw_sessions,
	.fields = raw_fields,
	.value = raw_value,
	.links = raw_links,
	.ping = raw_ping,
	.ping_summary = raw_ping_summary,
	.notification = diag_notification,
	.observe_summary = raw_observe_summary,
	.table = raw_table,
	.payload = diag_payload,
	.text = raw_text,
	.event = raw_event,
	.error = raw_error,
};

/* --- none ---------------------------------------------------------------- */

static void
none_response(struct output *out, const struct view_response *v)
{
	if (!v->response)
		return;
	if (response_is_error(v)) {
		put_diagnostic(out, v, "coap-shell: ");
		return;
	}
	if (output_to_file(out))
		put_body(out, v);
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
none_payload(struct output *out, int format, const void *data, size_t len)
{
	(void)out, (void)format, (void)data, (void)len;
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
	.notification = none_notification,
	.observe_summary = raw_observe_summary,
	.table = none_table,
	.payload = none_payload,
	.text = none_text,
	.event = raw_event,
	.error = raw_error,
};

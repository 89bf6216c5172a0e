/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whatever a device sends, through every form: a terminal gets no control
 * character but '\n' and the colors of this program, a program gets the exact
 * bytes. Input: flags, how many bytes of one option, that option, the payload.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/output/output.h"
#include "cli/output/payload.h"
#include "cli/output/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum flags {
	FLAG_COLOR = 1,
	FLAG_UTF8 = 2,
	FLAG_INCLUDE = 4,
	FLAG_ERROR = 8,
	FLAG_VERBOSE = 16,
};

struct streams {
	struct text out;
	struct text err;
};

static void
need(int condition)
{
	if (!condition)
		abort();
}

static int
to_out(void *user, const void *data, size_t len)
{
	text_add_bytes(&((struct streams *)user)->out, data, len);
	return 0;
}

static int
to_err(void *user, const void *data, size_t len)
{
	text_add_bytes(&((struct streams *)user)->err, data, len);
	return 0;
}

/* Bytes of "ESC [ digits ; m" at s; 0: none. */
static size_t
color_at(const char *s, size_t len)
{
	size_t n = 2;

	if (len < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (n < len && ((s[n] >= '0' && s[n] <= '9') || s[n] == ';'))
		n++;
	return n < len && s[n] == 'm' ? n + 1 : 0;
}

/* Colors that a device chose would still be escaped: they are looked for with
 * color off too. */
static void
check_terminal(const struct text *text, unsigned flags)
{
	const uint8_t *p = (const uint8_t *)text->s;
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < text->len; i += n) {
		n = flags & FLAG_COLOR ? color_at(text->s + i, text->len - i)
				       : 0;
		if (n > 0)
			continue;
		n = payload_char(p + i, text->len - i, &c);
		need(n > 0);
		need(c == '\n' || payload_char_is_plain(c));
		need(n == 1 || flags & FLAG_UTF8);
	}
}

static void
check_json(const struct text *text)
{
	size_t at = 0;
	const char *end;
	json_t *line;

	while (at < text->len) {
		end = memchr(text->s + at, '\n', text->len - at);
		need(end != NULL);
		line = json_loadb(text->s + at, (size_t)(end - text->s) - at,
		    JSON_ALLOW_NUL, NULL);
		need(json_is_object(line));
		json_decref(line);
		at = (size_t)(end - text->s) + 1;
	}
}

static char *
as_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	need(s != NULL);
	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

/* The same string wherever a view has one. */
static void
other_views(struct output *out, const char *s)
{
	const char *columns[] = { "name", "type", NULL };
	const char *cells[] = { s, NULL, s, s };
	const struct view_table table = { "thing", columns, cells, 2 };
	const struct view_session session = { .name = s, .remote = s };
	const struct view_field field = { "name", FIELD_TEXT, s, 0 };
	struct view_link_attr attrs[] = { { s, s }, { "ct", s }, { s, NULL } };
	const struct view_link link = { s, attrs, 3, s, true };
	const struct view_ping ping = { s, 1, 2, 0 };
	const struct view_ping_summary summary = { s, 1, 1, 2, 2, 2 };
	const coapx_trace_t trace = { .kind = COAPX_TRACE_STATE, .text = s };

	output_sessions(out, &session, 1);
	output_fields(out, s, &field, 1);
	output_links(out, &link, 1);
	output_ping(out, &ping);
	output_ping_summary(out, &summary);
	output_table(out, &table);
	output_event(out, s, s, s);
	output_error(out, 7, s);
	output_note(out, "%s", s);
	output_trace(out, s, &trace);
}

/* What raw has for a terminal is exact, so only human and JSON have it. */
static void
value_and_text(struct output *out, const char *s)
{
	const struct view_field field = { "name", FIELD_TEXT, s, 0 };

	output_value(out, &field);
	output_text(out, "text", s);
}

static void
run(enum form form, unsigned flags, const coap_pdu_t *pdu, const char *s)
{
	struct streams streams = { .out = { .s = NULL } };
	const struct sink sink = {
		.user = &streams,
		.out = to_out,
		.err = to_err,
		.out_is_terminal = true,
		.err_is_terminal = true,
		.utf8 = flags & FLAG_UTF8,
	};
	const struct output_options options = {
		.form = form,
		.color = flags & FLAG_COLOR ? 1 : -1,
		.include = flags & FLAG_INCLUDE,
		.verbose = flags & FLAG_VERBOSE ? 2 : 0,
	};
	const struct view_response v = {
		.session_name = s,
		.request = pdu,
		.response = pdu,
		.uri = s,
		.ok = !(flags & FLAG_ERROR),
	};
	struct output *out = output_new(&sink, &options);
	const uint8_t *data = NULL;
	size_t len = 0;

	need(out != NULL);
	output_response(out, &v);
	if (form == FORM_RAW && !(flags & (FLAG_INCLUDE | FLAG_ERROR))) {
		coap_get_data(pdu, &len, &data);
		need(streams.out.len == len);
		need(len == 0 || memcmp(streams.out.s, data, len) == 0);
	}
	if (form == FORM_RAW)
		text_free(&streams.out);
	other_views(out, s);
	if (form == FORM_HUMAN || form == FORM_JSON)
		value_and_text(out, s);
	need(output_close(out) == 0);
	if (form == FORM_JSON)
		check_json(&streams.out);
	if (form != FORM_HUMAN && form != FORM_JSON)
		for (size_t i = 0; i < streams.out.len; i++)
			if (streams.out.s[i] == '\t')
				streams.out.s[i] = ' ';
	check_terminal(&streams.out, flags);
	check_terminal(&streams.err, flags);
	text_free(&streams.out);
	text_free(&streams.err);
}

static coap_pdu_t *
message(unsigned flags, const uint8_t *option, size_t n, const uint8_t *data,
    size_t size)
{
	static const coap_option_num_t numbers[] = { COAP_OPTION_ETAG,
		COAP_OPTION_LOCATION_PATH, COAP_OPTION_CONTENT_FORMAT,
		COAP_OPTION_LOCATION_QUERY, COAP_OPTION_BLOCK2, 65000 };
	coap_pdu_t *pdu;

	pdu = coap_pdu_init(COAP_MESSAGE_ACK,
	    flags & FLAG_ERROR ? COAP_RESPONSE_CODE_NOT_FOUND
			       : COAP_RESPONSE_CODE_CONTENT,
	    1, 6 * (n + 8) + size + 16);
	need(pdu != NULL);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		need(coap_add_option(pdu, numbers[i], n, option) > 0);
	if (size > 0)
		need(coap_add_data(pdu, size, data));
	return pdu;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum form all[] = { FORM_HUMAN, FORM_RAW, FORM_JSON,
		FORM_HEX, FORM_NONE, FORM_DIAG };
	coap_pdu_t *pdu;
	size_t n;
	char *s;

	if (size < 2)
		return 0;
	n = data[1] < size - 2 ? data[1] : size - 2;
	pdu = message(data[0], data + 2, n, data + 2 + n, size - 2 - n);
	s = as_string(data + 2, size - 2);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		run(all[i], data[0], pdu, s);
	coap_delete_pdu(pdu);
	free(s);
	return 0;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Parts of the output that several forms have. */
#include "cli/output/output_form.h"

#include <inttypes.h>
#include <string.h>

#include "cli/output/option_text.h"

/* More of a diagnostic is not told, */
#define DIAGNOSTIC_MAX 1024
/* nor of a sentence with a word in it that somebody typed. */
#define ERROR_MAX 2048
/* Whole numbers up to here are exact in a double. */
#define WHOLE_MAX 9007199254740992.0
/* application/concise-problem-details+cbor */
#define PROBLEM_DETAILS 257

void
add_line(struct text *text, const char *s, bool ascii)
{
	if (s)
		payload_escape(text, s, strlen(s), ESCAPE_LINE, ascii);
}

void
style_begin(struct text *text, bool color, enum style style)
{
	static const char *const sgr[] = {
		[STYLE_HEAD] = "\033[1m",
		[STYLE_NAME] = "\033[36m",
		[STYLE_DIM] = "\033[2m",
		[STYLE_GOOD] = "\033[32m",
		[STYLE_BAD] = "\033[31m",
		[STYLE_STRANGE] = "\033[35m",
		[STYLE_CURRENT] = "\033[1;32m",
	};

	if (color)
		text_add(text, sgr[style]);
}

void
style_end(struct text *text, bool color)
{
	if (color)
		text_add(text, "\033[0m");
}

void
add_number(struct text *text, double number)
{
	if (number >= -WHOLE_MAX && number <= WHOLE_MAX &&
	    (double)(int64_t)number == number)
		text_addf(text, "%.0f", number);
	else
		text_addf(text, "%.15g", number);
}

void
add_ms(struct text *text, uint64_t us)
{
	add_number(text, (double)us / 1000);
}

/* --- responses ----------------------------------------------------------- */

bool
response_is_error(const struct view_response *v)
{
	return v->response && !v->ok &&
	    COAP_RESPONSE_CLASS(coap_pdu_get_code(v->response)) != 2;
}

static void
add_hint(struct text *text, unsigned code)
{
	const coapx_code_info_t *info = coapx_code_by_number(code);

	if (info && info->hint)
		text_addf(text, ": %s", info->hint);
}

/* How much of len bytes is shown: no character is cut in two. */
static size_t
cut(const char *s, size_t len, size_t max)
{
	size_t shown = len < max ? len : max;

	while (shown > 0 && shown < len && (s[shown] & 0xc0) == 0x80)
		shown--;
	return shown;
}

/* What the device says, on one line. */
static void
add_diagnostic(struct text *text, const uint8_t *data, size_t len, bool ascii)
{
	size_t shown;

	while (len > 0 && (data[len - 1] == '\n' || data[len - 1] == '\r'))
		len--;
	shown = cut((const char *)data, len, DIAGNOSTIC_MAX);
	text_add(text, ": ");
	payload_escape(text, data, shown, ESCAPE_LINE, ascii);
	if (shown < len)
		text_add(text, "...");
}

/* Of a diagnostic payload. */
struct word {
	const uint8_t *s;
	size_t len;
};

/* The next word from *at on, which moves behind it; false: there is none. */
static bool
next_word(const uint8_t *data, size_t len, size_t *at, struct word *word)
{
	while (*at < len && data[*at] == ' ')
		++*at;
	word->s = data + *at;
	word->len = 0;
	while (*at < len && data[*at] != ' ') {
		++*at;
		word->len++;
	}
	return word->len > 0;
}

/* How often a word is there from a place on. */
static size_t
count_word(const uint8_t *data, size_t len, size_t at, const struct word *word)
{
	struct word other;
	size_t n = 0;

	while (next_word(data, len, &at, &other))
		n += other.len == word->len &&
		    memcmp(other.s, word->s, word->len) == 0;
	return n;
}

/* RFC 8768 section 4: the proxies that it passed, with blanks between. One of a
 * circle is there once for each round. */
static void
add_proxies(struct text *text, const uint8_t *data, size_t len, bool ascii)
{
	size_t at = 0, names = 0, all, rest;
	struct word word;

	text_add(text, ": it went in a circle, or too far, through ");
	while (names < DIAGNOSTIC_MAX / 8 && next_word(data, len, &at, &word)) {
		all = count_word(data, len, 0, &word);
		rest = count_word(data, len, at, &word);
		if (rest + 1 < all)
			continue;
		text_add(text, names++ > 0 ? ", " : "");
		payload_escape(text, word.s, word.len, ESCAPE_LINE, ascii);
		if (all > 1)
			text_addf(text, " (%zu times)", all);
	}
}

static void
add_payload_of_error(struct text *text, unsigned code, const uint8_t *data,
    size_t len, bool ascii)
{
	if (code == COAP_RESPONSE_CODE_HOP_LIMIT_REACHED &&
	    len <= DIAGNOSTIC_MAX)
		add_proxies(text, data, len, ascii);
	else
		add_diagnostic(text, data, len, ascii);
}

/* Problem details, if they are some: what is wrong, then a line for each thing
 * that the server says about it. */
static bool
add_problem(const struct output *out, struct text *text, const uint8_t *data,
    size_t len)
{
	struct decode_in in = decode_in(out, PROBLEM_DETAILS, data, len);
	struct text lines = { .s = NULL };
	struct text why = { .s = NULL };
	bool valid;

	if (len > DIAGNOSTIC_MAX)
		return false;
	in.ascii = out->ascii_err;
	in.color = false;
	valid = decode_lines(&in, &lines, &why) == DECODED && lines.len > 1;
	if (valid) {
		text_add(text, ": ");
		text_add_bytes(text, lines.s, lines.len - 1);
	}
	text_free(&lines);
	text_free(&why);
	return valid;
}

void
put_diagnostic(struct output *out, const struct view_response *v,
    const char *prefix)
{
	unsigned code = coap_pdu_get_code(v->response);
	int format = pdu_content_format(v->response);
	struct text text = { .s = NULL };
	const uint8_t *data = NULL;
	unsigned seconds;
	size_t len = 0;

	coap_get_data(v->response, &len, &data);
	style_begin(&text, out->color_err, STYLE_BAD);
	text_add(&text, prefix);
	add_line(&text, v->label, out->ascii_err);
	text_add(&text, v->label ? ": " : "");
	code_text_named(&text, code);
	if (len == 0) {
		add_hint(&text, code);
	} else if (format == PROBLEM_DETAILS &&
	    add_problem(out, &text, data, len)) {
		/* said */
	} else if (format < 0 || content_format_is_text((unsigned)format)) {
		add_payload_of_error(&text, code, data, len, out->ascii_err);
	} else {
		add_hint(&text, code);
		text_addf(&text, " (%zu byte%s of ", len, len == 1 ? "" : "s");
		content_format_text(&text, (unsigned)format, false);
		text_add(&text, " came along)");
	}
	if (pdu_retry_after(v->response, &seconds))
		text_addf(&text, "; try again in %u s", seconds);
	style_end(&text, out->color_err);
	text_add_char(&text, '\n', 1);
	put_stderr(out, &text);
}

struct option_lines {
	struct text *text;
	bool ascii;
};

static void
add_option(void *arg, const struct option_view *option)
{
	struct option_lines *lines = arg;

	option_text(lines->text, option, lines->ascii);
	text_add_char(lines->text, '\n', 1);
}

void
add_options(struct text *text, const coap_pdu_t *pdu, bool ascii)
{
	struct option_lines lines = { .text = text, .ascii = ascii };

	pdu_each_option(pdu, add_option, &lines);
	text_add_char(text, '\n', 1);
}

/* --- sessions ------------------------------------------------------------ */

const char *
peer_text(const coap_session_t *session, char buf[static PEER_TEXT_SIZE])
{
	const coap_address_t *remote = NULL;

	buf[0] = '\0';
	if (session)
		remote = coap_session_get_addr_remote(session);
	if (remote)
		coap_print_addr(remote, (unsigned char *)buf, PEER_TEXT_SIZE);
	return buf;
}

void
session_cells(struct session_cells *cells, const struct view_session *v)
{
	const coap_session_t *s = v->session;

	cells->proto = v->proto;
	cells->type = v->type;
	cells->state = v->state;
	cells->local = v->local;
	cells->remote = v->remote;
	if (!s)
		return;
	if (!cells->proto)
		cells->proto = coapx_proto_name(coap_session_get_proto(s));
	if (!cells->type)
		cells->type = coapx_type_name(coap_session_get_type(s));
	if (!cells->state)
		cells->state = coapx_state_name(coap_session_get_state(s));
	if (!cells->remote)
		cells->remote = peer_text(s, cells->peer);
}

/* --- lines on stderr ----------------------------------------------------- */

void
put_error_line(struct output *out, const char *message)
{
	size_t len = strlen(message);
	size_t shown = cut(message, len, ERROR_MAX);
	struct text text = { .s = NULL };

	style_begin(&text, out->color_err, STYLE_BAD);
	text_add(&text, "coap-shell:");
	style_end(&text, out->color_err);
	text_add_char(&text, ' ', 1);
	payload_escape(&text, message, shown, ESCAPE_LINES, out->ascii_err);
	if (shown < len)
		text_add(&text, "...");
	text_add_char(&text, '\n', 1);
	put_stderr(out, &text);
}

void
put_event_line(struct output *out, const char *session, const char *event,
    const char *detail)
{
	struct text text = { .s = NULL };

	style_begin(&text, out->color_err, STYLE_DIM);
	if (session) {
		add_line(&text, session, out->ascii_err);
		text_add(&text, ": ");
	}
	add_line(&text, event, out->ascii_err);
	if (detail) {
		text_add(&text, ": ");
		add_line(&text, detail, out->ascii_err);
	}
	style_end(&text, out->color_err);
	text_add_char(&text, '\n', 1);
	put_stderr(out, &text);
}

/* --- bodies --------------------------------------------------------------- */

size_t
body_length(const struct view_response *v)
{
	size_t len, offset, total = 0;
	const uint8_t *data;

	coap_get_data_large(v->response, &len, &data, &offset, &total);
	return v->streamed ? total : len;
}

const uint8_t *
body_bytes(const struct view_response *v, size_t *len)
{
	const uint8_t *data = NULL;

	if (v->streamed) {
		*len = v->copy ? v->copy_len : 0;
		return v->copy;
	}
	coap_get_data(v->response, len, &data);
	return data;
}

void
put_body(struct output *out, const struct view_response *v)
{
	size_t len;
	const uint8_t *data = body_bytes(v, &len);

	if (!v->streamed)
		put_payload(out, data, len);
}

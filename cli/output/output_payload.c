/* SPDX-License-Identifier: BSD-2-Clause */
/* Payloads for people: decoded, or as they are. */
#include "cli/output/option_text.h"
#include "cli/output/output_form.h"
#include "cli/output/time_text.h"

struct decode_in
decode_in(const struct output *out, int format, const void *data, size_t len)
{
	return (struct decode_in){
		.data = data,
		.len = len,
		.format = format,
		.now_ms = out->sink.now_ms ? out->sink.now_ms(out->sink.user)
					   : time_now_ms(),
		.ascii = out->ascii,
		.color = out->color,
	};
}

void
add_plain_payload(struct output *out, struct text *text, int format,
    const void *data, size_t len)
{
	if (!payload_is_text(data, len) &&
	    (format < 0 || !content_format_is_text((unsigned)format))) {
		payload_dump(text, "", data, len);
		return;
	}
	payload_escape(text, data, len, ESCAPE_LINES, out->ascii);
	if (text->len > 0 && text->s[text->len - 1] != '\n')
		text_add_char(text, '\n', 1);
}

void
add_payload(struct output *out, struct text *text, int format, const void *data,
    size_t len, struct text *why)
{
	struct decode_in in = decode_in(out, format, data, len);
	struct text lines = { .s = NULL };

	if (decode_lines(&in, &lines, why) == DECODED) {
		text_add_bytes(text, lines.s, lines.len);
		text->failed = text->failed || lines.failed;
	} else {
		add_plain_payload(out, text, format, data, len);
	}
	text_free(&lines);
}

/* Quiet is for what is well; here something is not. */
void
put_undecoded(struct output *out, int format, struct text *why)
{
	struct text line = { .s = NULL };

	if (why->len > 0) {
		text_add(&line, "the payload was not decoded as ");
		if (format < 0)
			text_add(&line, "CBOR");
		else
			content_format_text(&line, (unsigned)format, true);
		text_add(&line, ", its bytes are shown: ");
		text_add_bytes(&line, why->s, why->len);
	}
	if (line.len > 0 && text_string(&line))
		put_error_line(out, line.s);
	text_free(&line);
	text_free(why);
}

/* Also raw: whoever asks for a payload to be decoded wants it decoded. */
void
raw_payload(struct output *out, int format, const void *data, size_t len)
{
	struct text text = { .s = NULL };
	struct text why = { .s = NULL };

	add_payload(out, &text, format, data, len, &why);
	put_result(out, &text);
	put_undecoded(out, format, &why);
}

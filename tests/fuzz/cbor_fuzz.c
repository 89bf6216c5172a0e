/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Payloads of any format through each decoder: lines are safe for a terminal,
 * JSON is JSON, and CBOR that was printed parses and prints as the same. Input:
 * a byte that chooses the format, the payload.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode/cbor.h"
#include "cli/decode/decoders.h"
#include "cli/decode/diag.h"
#include "cli/output/payload.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(int condition)
{
	if (!condition)
		abort();
}

static void
check_terminal(const struct text *text, bool ascii)
{
	const uint8_t *p = (const uint8_t *)text->s;
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < text->len; i += n) {
		n = payload_char(p + i, text->len - i, &c);
		need(n > 0);
		need(c == '\n' || payload_char_is_plain(c));
		need(n == 1 || !ascii);
	}
}

static void
check_json(const struct decode_in *in)
{
	struct text why = { .s = NULL };
	json_t *value;
	json_t *again;
	char *s;

	switch (decode_json(in, &value, &why)) {
	case DECODED:
		need(value != NULL);
		s = json_dumps(value, JSON_ENCODE_ANY);
		need(s != NULL);
		again = json_loads(s, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		need(again != NULL);
		json_decref(again);
		json_decref(value);
		free(s);
		break;
	case DECODED_WRONG:
		need(value == NULL && why.len > 0);
		break;
	case DECODED_NOT:
		need(value == NULL && why.len == 0);
		break;
	}
	text_free(&why);
}

static void
check_lines(const struct decode_in *in)
{
	struct text lines = { .s = NULL };
	struct text why = { .s = NULL };
	enum decoded result;

	result = decode_lines(in, &lines, &why);
	need(!lines.failed);
	need((result == DECODED_WRONG) == (why.len > 0));
	need(result == DECODED || lines.len == 0);
	check_terminal(&lines, in->ascii);
	text_free(&lines);
	text_free(&why);
}

/* The payload of a NaN is not in the notation, so the bytes may differ once. */
static void
check_notation(const uint8_t *data, size_t size)
{
	struct text first = { .s = NULL };
	struct text second = { .s = NULL };
	struct text bytes = { .s = NULL };
	struct cbor_error error;
	struct diag_error wrong;

	if (!cbor_check(data, size, true, CBOR_DEPTH_MAX, &error)) {
		need(error.why != NULL && error.at <= size);
		return;
	}
	diag_print(&first, data, size, DIAG_LINES, true);
	check_terminal(&first, true);
	need(diag_parse(&bytes, first.s, first.len, true, &wrong) == 0);
	need(cbor_check((const uint8_t *)bytes.s, bytes.len, true,
	    CBOR_DEPTH_MAX, &error));
	need(bytes.len == size);
	diag_print(&second, (const uint8_t *)bytes.s, bytes.len, DIAG_LINES,
	    true);
	need(first.len == second.len);
	need(first.len == 0 || memcmp(first.s, second.s, first.len) == 0);
	text_free(&first);
	text_free(&second);
	text_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int formats[] = { 60, 63, 112, 257, 110, 50, 40, 61 };
	struct decode_in in = { .now_ms = 1786698723418 };

	if (size == 0)
		return 0;
	in.format = formats[data[0] % (sizeof(formats) / sizeof(*formats))];
	in.ascii = data[0] & 0x80;
	in.data = data + 1;
	in.len = size - 1;
	check_json(&in);
	check_lines(&in);
	check_notation(in.data, in.len);
	return 0;
}

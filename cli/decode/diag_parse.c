/* SPDX-License-Identifier: BSD-2-Clause */
/* From diagnostic notation to CBOR: what items there are, and what is in
 * them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <coap3/coapx.h>

#include "cli/decode/diag_parser.h"

static bool parse_item(struct parser *p);

bool
diag_wrong(struct parser *p, size_t at, const char *format, ...)
{
	va_list args;

	p->error->at = at;
	va_start(args, format);
	vsnprintf(p->error->why, sizeof(p->error->why), format, args);
	va_end(args);
	return false;
}

char
diag_peek(const struct parser *p)
{
	return p->pos < p->len ? p->s[p->pos] : '\0';
}

bool
diag_take(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (p->len - p->pos < n || strncmp(p->s + p->pos, word, n) != 0)
		return false;
	p->pos += n;
	return true;
}

/* Blanks, and comments: / up to a slash /, # up to the end of the line. */
static bool
skip_blanks(struct parser *p)
{
	size_t at;
	char end;

	while (p->pos < p->len && strchr(" \t\r\n/#", diag_peek(p))) {
		at = p->pos++;
		if (p->s[at] != '/' && p->s[at] != '#')
			continue;
		end = p->s[at] == '/' ? '/' : '\n';
		while (p->pos < p->len && p->s[p->pos] != end)
			p->pos++;
		if (p->pos < p->len)
			p->pos++;
		else if (end == '/')
			return diag_wrong(p, at, "a comment without its end");
	}
	return true;
}

bool
diag_indicator(struct parser *p, unsigned *info)
{
	unsigned wanted;
	size_t at = p->pos;

	if (!diag_take(p, "_"))
		return true;
	if (diag_peek(p) < '0' || diag_peek(p) > '3')
		return diag_wrong(p, p->pos, "expected _0, _1, _2 or _3");
	wanted = CBOR_INFO_1 + (unsigned)(p->s[p->pos++] - '0');
	if (wanted < *info)
		return diag_wrong(p, at, "this does not fit into so few bytes");
	*info = wanted;
	return true;
}

static bool
enter(struct parser *p, size_t at)
{
	if (p->depth == CBOR_DEPTH_MAX)
		return diag_wrong(p, at, "this is nested too deeply");
	p->depth++;
	return true;
}

/* --- strings ------------------------------------------------------------- */

static const struct opening {
	const char *word;
	enum cbor_major major;
} openings[] = {
	{ "\"", CBOR_TEXT },
	{ "'", CBOR_BYTES },
	{ "h'", CBOR_BYTES },
	{ "b64'", CBOR_BYTES },
};

static bool
parse_content(struct parser *p, const char *opening)
{
	if (opening[0] == 'h')
		return diag_hex(p);
	if (opening[0] == 'b')
		return diag_base64(p);
	return diag_text(p, opening[0]);
}

/* ""_ and ''_: of indefinite length, and empty. */
static bool
is_empty_stream(const struct parser *p, size_t start, const char *opening)
{
	return p->out->len == start && opening[1] == '\0' &&
	    diag_peek(p) == '_' &&
	    (p->pos + 1 == p->len || p->s[p->pos + 1] < '0' ||
		p->s[p->pos + 1] > '9');
}

static bool
parse_string(struct parser *p, const struct opening *opening)
{
	size_t start = p->out->len;
	unsigned info;
	size_t len;

	if (!parse_content(p, opening->word))
		return false;
	if (is_empty_stream(p, start, opening->word)) {
		p->pos++;
		cbor_put_head(p->out, opening->major, CBOR_INFO_INDEFINITE, 0);
		text_add_char(p->out, '\xff', 1);
		return true;
	}
	len = p->out->len - start;
	info = cbor_shortest(len);
	if (!diag_indicator(p, &info))
		return false;
	cbor_insert_head(p->out, start, opening->major, info, len);
	return true;
}

/* Which of the strings begins here, or NULL; pos is behind its quote. */
static const struct opening *
take_opening(struct parser *p)
{
	for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++)
		if (diag_take(p, openings[i].word))
			return &openings[i];
	return NULL;
}

/* (_ "a", "b"): the parts of a string of indefinite length. */
static bool
parse_stream(struct parser *p)
{
	const struct opening *first = NULL;
	const struct opening *opening;

	for (;;) {
		size_t at;

		if (!skip_blanks(p))
			return false;
		at = p->pos;
		opening = take_opening(p);
		if (!opening || (first && opening->major != first->major))
			return diag_wrong(p, at,
			    first ? "expected a string of the same kind"
				  : "expected a string");
		if (!first)
			cbor_put_head(p->out, opening->major,
			    CBOR_INFO_INDEFINITE, 0);
		first = opening;
		if (!parse_string(p, opening) || !skip_blanks(p))
			return false;
		if (diag_take(p, ","))
			continue;
		if (!diag_take(p, ")"))
			return diag_wrong(p, p->pos, "expected ',' or ')'");
		text_add_char(p->out, '\xff', 1);
		return true;
	}
}

/* --- what has items ------------------------------------------------------ */

/* "_" or "_1" behind a bracket; *info is CBOR_INFO_INDEFINITE, what is
 * demanded, or 0. */
static bool
parse_length(struct parser *p, unsigned *info)
{
	char next;

	*info = 0;
	if (diag_peek(p) != '_')
		return true;
	next = p->pos + 1 < p->len ? p->s[p->pos + 1] : '\0';
	if (next >= '0' && next <= '9')
		return diag_indicator(p, info);
	p->pos++;
	*info = CBOR_INFO_INDEFINITE;
	return true;
}

/* NOLINTBEGIN(misc-no-recursion): enter() counts how deep it is. */

static bool
parse_entry(struct parser *p, bool map)
{
	if (!parse_item(p))
		return false;
	if (!map)
		return true;
	if (!skip_blanks(p))
		return false;
	if (!diag_take(p, ":"))
		return diag_wrong(p, p->pos,
		    "expected ':' and the value of the key");
	return parse_item(p);
}

/* Items up to the closing word, which is taken. */
static bool
parse_items(struct parser *p, const char *closing, bool map, uint64_t *n)
{
	*n = 0;
	if (!skip_blanks(p))
		return false;
	if (diag_take(p, closing))
		return true;
	for (;;) {
		if (!parse_entry(p, map) || !skip_blanks(p))
			return false;
		++*n;
		if (diag_take(p, closing))
			return true;
		if (!diag_take(p, ","))
			return diag_wrong(p, p->pos, "expected ',' or '%s'",
			    closing);
	}
}

static bool
parse_container(struct parser *p, bool map)
{
	enum cbor_major major = map ? CBOR_MAP : CBOR_ARRAY;
	size_t start = p->out->len;
	size_t at = p->pos;
	unsigned info;
	uint64_t n;

	if (!enter(p, at - 1) || !parse_length(p, &info) ||
	    !parse_items(p, map ? "}" : "]", map, &n))
		return false;
	p->depth--;
	if (info == CBOR_INFO_INDEFINITE)
		text_add_char(p->out, '\xff', 1);
	else if (info == 0)
		info = cbor_shortest(n);
	else if (info < cbor_shortest(n))
		return diag_wrong(p, at, "this does not fit into so few bytes");
	cbor_insert_head(p->out, start, major, info, n);
	return true;
}

/* <<1, 2>>: a byte string with CBOR in it. */
static bool
parse_embedded(struct parser *p)
{
	size_t start = p->out->len;
	unsigned info;
	size_t len;
	uint64_t n;

	if (!enter(p, p->pos - 2) || !parse_items(p, ">>", false, &n))
		return false;
	p->depth--;
	len = p->out->len - start;
	info = cbor_shortest(len);
	if (!diag_indicator(p, &info))
		return false;
	cbor_insert_head(p->out, start, CBOR_BYTES, info, len);
	return true;
}

/* --- items --------------------------------------------------------------- */

static bool
parse_simple(struct parser *p)
{
	uint64_t value = 0;
	size_t at = p->pos;

	while (diag_peek(p) >= '0' && diag_peek(p) <= '9' && value < 256)
		value = value * 10 + (uint64_t)(p->s[p->pos++] - '0');
	if (p->pos == at || value > 255 || (value >= 24 && value < 32))
		return diag_wrong(p, at, "expected 0 to 23 or 32 to 255");
	if (!diag_take(p, ")"))
		return diag_wrong(p, p->pos, "expected ')'");
	cbor_put_head(p->out, CBOR_SIMPLE, cbor_shortest(value), value);
	return true;
}

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/* true, null, NaN and the like. *found: whether it was one. */
static bool
parse_word(struct parser *p, bool *found)
{
	static const struct {
		const char *word;
		unsigned value; /* CBOR_INFO_2: a float */
		double number;
	} words[] = {
		{ "false", CBOR_FALSE, 0 },
		{ "true", CBOR_TRUE, 0 },
		{ "null", CBOR_NULL, 0 },
		{ "undefined", CBOR_UNDEFINED, 0 },
		{ "NaN", CBOR_INFO_2, __builtin_nan("") },
		{ "Infinity", CBOR_INFO_2, __builtin_inf() },
		{ "-Infinity", CBOR_INFO_2, -__builtin_inf() },
	};
	unsigned info = CBOR_INFO_2;
	size_t at = p->pos;

	*found = true;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!diag_take(p, words[i].word))
			continue;
		if (is_word_char(diag_peek(p)))
			break;
		if (words[i].value != CBOR_INFO_2) {
			cbor_put_head(p->out, CBOR_SIMPLE, words[i].value, 0);
			return true;
		}
		if (!diag_indicator(p, &info))
			return false;
		cbor_put_float(p->out, info, words[i].number);
		return true;
	}
	p->pos = at;
	*found = false;
	return true;
}

/* 32("a"): behind the number, which is written as if it were one. */
static bool
parse_tagged(struct parser *p, size_t start, size_t at)
{
	uint8_t first;

	if (!p->out->failed) {
		first = (uint8_t)p->out->s[start];
		if (first >> 5 != CBOR_UINT)
			return diag_wrong(p, at,
			    "a tag is a whole number up to "
			    "18446744073709551615");
		p->out->s[start] = (char)(first | CBOR_TAG << 5);
	}
	if (!enter(p, at) || !parse_item(p) || !skip_blanks(p))
		return false;
	p->depth--;
	if (!diag_take(p, ")"))
		return diag_wrong(p, p->pos, "expected ')'");
	return true;
}

static bool
parse_number(struct parser *p)
{
	size_t start = p->out->len;
	size_t at = p->pos;

	if (!diag_number(p))
		return false;
	return diag_take(p, "(") ? parse_tagged(p, start, at) : true;
}

static bool
parse_item(struct parser *p)
{
	const struct opening *opening;
	bool found;

	if (!skip_blanks(p))
		return false;
	opening = take_opening(p);
	if (opening)
		return parse_string(p, opening);
	if (diag_take(p, "["))
		return parse_container(p, false);
	if (diag_take(p, "{"))
		return parse_container(p, true);
	if (diag_take(p, "<<"))
		return parse_embedded(p);
	if (diag_take(p, "(_"))
		return parse_stream(p);
	if (diag_take(p, "simple("))
		return parse_simple(p);
	if (!parse_word(p, &found))
		return false;
	if (found)
		return true;
	if (p->pos < p->len && strchr("+-0123456789", diag_peek(p)))
		return parse_number(p);
	return diag_wrong(p, p->pos,
	    p->pos == p->len
		? "expected a value, and there is no more"
		: "expected a value: a number, \"text\", h'bytes', [, { or a "
		  "word such as true");
}

/* NOLINTEND(misc-no-recursion) */

static bool
parse_all(struct parser *p, bool sequence)
{
	if (!skip_blanks(p))
		return false;
	if (sequence && p->pos == p->len)
		return true;
	for (;;) {
		if (!parse_item(p) || !skip_blanks(p))
			return false;
		if (p->pos == p->len)
			return true;
		if (!sequence || !diag_take(p, ","))
			return diag_wrong(p, p->pos, "expected the end%s",
			    sequence ? " or ','" : ", for it is complete");
	}
}

int
diag_parse(struct text *out, const char *s, size_t len, bool sequence,
    struct diag_error *error)
{
	struct parser p = {
		.s = s,
		.len = len,
		.out = out,
		.error = error,
	};

	if (parse_all(&p, sequence))
		return out->failed ? -COAP_E_NOMEM : 0;
	return out->failed ? -COAP_E_NOMEM : -COAP_E_FORMAT;
}

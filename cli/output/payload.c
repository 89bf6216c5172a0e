/* SPDX-License-Identifier: BSD-2-Clause */
/* Foreign bytes for people and terminals. */
#include "cli/output/payload.h"

#include <wchar.h>

#include "cli/output/charset.h"

#define TAB      8
#define DUMP_ROW 16

size_t
payload_char(const uint8_t *data, size_t len, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t v = data[0];
	size_t n = 1;

	*c = v;
	if (v < 0x80)
		return 1;
	if (v < 0xc2 || v > 0xf4)
		return 0;
	n = v >= 0xf0 ? 4 : v >= 0xe0 ? 3 : 2;
	if (len < n)
		return 0;
	v &= 0x7fU >> n;
	for (size_t i = 1; i < n; i++) {
		if ((data[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (data[i] & 0x3f);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*c = v;
	return n;
}

bool
payload_char_is_plain(uint32_t c)
{
	static const struct {
		uint32_t first;
		uint32_t last;
	} strange[] = {
		{ 0x0, 0x1f },        /* C0 */
		{ 0x7f, 0x9f },       /* DEL, C1 */
		{ 0x61c, 0x61c },     /* direction */
		{ 0x200b, 0x200f },   /* no width, direction */
		{ 0x2028, 0x202e },   /* ends of lines, direction */
		{ 0x2060, 0x206f },   /* no width, direction */
		{ 0xfeff, 0xfeff },   /* byte order mark */
		{ 0xfff9, 0xfffb },   /* annotation */
		{ 0xe0000, 0xe007f }, /* tags */
	};

	for (size_t i = 0; i < sizeof(strange) / sizeof(*strange); i++)
		if (c >= strange[i].first && c <= strange[i].last)
			return false;
	return true;
}

bool
payload_is_utf8(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = payload_char(p + i, len - i, &c);
		if (n == 0)
			return false;
	}
	return true;
}

bool
payload_is_text(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint32_t c;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = payload_char(p + i, len - i, &c);
		if (n == 0 ||
		    (!payload_char_is_plain(c) && c != '\n' && c != '\t' &&
			c != '\r'))
			return false;
	}
	return true;
}

static size_t
char_width(uint32_t c)
{
	int n;

	if (c < 0x7f)
		return 1;
	charset_take();
	n = wcwidth((wchar_t)c);
	return n < 0 ? 1 : (size_t)n;
}

size_t
payload_width(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t width = 0;
	uint32_t c;
	size_t n;

	for (size_t i = 0; i<len; i += n> 0 ? n : 1) {
		n = payload_char(p + i, len - i, &c);
		width += n > 0 ? char_width(c) : 1;
	}
	return width;
}

/* --- escaping ------------------------------------------------------------ */

struct escaper {
	struct text *out;
	enum escape how;
	bool ascii;
	size_t column; /* of the line, for tabs */
};

static void
escape_byte(struct escaper *e, uint8_t c)
{
	static const char hex[] = "0123456789abcdef";
	char escaped[] = { '\\', 'x', hex[c >> 4], hex[c & 15] };
	size_t len = sizeof(escaped);

	if (c == '\n' || c == '\t' || c == '\r') {
		escaped[1] = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
		len = 2;
	}
	text_add_bytes(e->out, escaped, len);
	e->column += len;
}

/* What is special in lines: an end of line, a tab. The bytes used, 0: none. */
static size_t
escape_in_lines(struct escaper *e, const uint8_t *p, size_t len)
{
	size_t blanks = TAB - e->column % TAB;

	if (*p == '\t') {
		text_add_char(e->out, ' ', blanks);
		e->column += blanks;
		return 1;
	}
	if (*p != '\n' && !(*p == '\r' && len > 1 && p[1] == '\n'))
		return 0;
	text_add_char(e->out, '\n', 1);
	e->column = 0;
	return *p == '\n' ? 1 : 2;
}

/* The character, or the byte, at p; the bytes used. */
static size_t
escape_char(struct escaper *e, const uint8_t *p, size_t len)
{
	uint32_t c;
	size_t n;

	n = payload_char(p, len, &c);
	if (n > 0 && payload_char_is_plain(c) && (n == 1 || !e->ascii)) {
		if (e->how == ESCAPE_CELL && c == '\\')
			text_add_char(e->out, '\\', 1);
		text_add_bytes(e->out, p, n);
		e->column += char_width(c);
		return n;
	}
	n = n > 0 ? n : 1;
	for (size_t i = 0; i < n; i++)
		escape_byte(e, p[i]);
	return n;
}

void
payload_escape(struct text *out, const void *data, size_t len, enum escape how,
    bool ascii)
{
	struct escaper e = { .out = out, .how = how, .ascii = ascii };
	const uint8_t *p = data;
	size_t n;

	for (size_t i = 0; i < len && !out->failed; i += n) {
		n = how == ESCAPE_LINES ? escape_in_lines(&e, p + i, len - i)
					: 0;
		if (n == 0)
			n = escape_char(&e, p + i, len - i);
	}
}

/* --- bytes as text ------------------------------------------------------- */

void
payload_base64(struct text *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	char four[4];
	uint32_t v;
	size_t n;

	for (; len > 0; p += n, len -= n) {
		n = len < 3 ? len : 3;
		v = (uint32_t)p[0] << 16;
		if (n > 1)
			v |= (uint32_t)p[1] << 8;
		if (n > 2)
			v |= p[2];
		for (size_t i = 0; i < 4; i++)
			four[i] = i > n ? '=' : digits[v >> (18 - 6 * i) & 63];
		text_add_bytes(out, four, sizeof(four));
	}
}

void
payload_hex(struct text *out, const void *data, size_t len)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++) {
		text_add_char(out, hex[p[i] >> 4], 1);
		text_add_char(out, hex[p[i] & 15], 1);
	}
}

static void
dump_row(struct text *out, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < DUMP_ROW; i++) {
		if (i % (DUMP_ROW / 2) == 0)
			text_add_char(out, ' ', 1);
		if (i < len) {
			text_add_char(out, ' ', 1);
			payload_hex(out, p + i, 1);
		} else {
			text_add_char(out, ' ', 3);
		}
	}
	text_add(out, "  |");
	for (size_t i = 0; i < len; i++)
		text_add_char(out,
		    p[i] >= ' ' && p[i] < 0x7f ? (char)p[i] : '.', 1);
	text_add(out, "|\n");
}

void
payload_dump(struct text *out, const char *margin, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t at = 0; at < len; at += DUMP_ROW) {
		text_addf(out, "%s%08zx", margin, at);
		dump_row(out, p + at,
		    len - at < DUMP_ROW ? len - at : DUMP_ROW);
	}
	if (len > 0)
		text_addf(out, "%s%08zx\n", margin, len);
}

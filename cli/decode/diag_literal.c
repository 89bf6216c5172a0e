/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers and strings of diagnostic notation. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode/diag_parser.h"
#include "cli/output/payload.h"

/* A number with a fraction. */
#define FLOAT_MAX_BYTES 400

/* --- whole numbers ------------------------------------------------------- */

struct big {
	uint8_t bytes[DIAG_BIGNUM_MAX]; /* big-endian */
};

/* times base plus digit; false: it does not fit. */
static bool
big_shift(struct big *big, unsigned base, unsigned digit)
{
	unsigned v = digit;

	for (size_t i = DIAG_BIGNUM_MAX; i > 0; i--) {
		v += big->bytes[i - 1] * base;
		big->bytes[i - 1] = (uint8_t)v;
		v >>= 8;
	}
	return v == 0;
}

static bool
big_is_zero(const struct big *big)
{
	for (size_t i = 0; i < DIAG_BIGNUM_MAX; i++)
		if (big->bytes[i] != 0)
			return false;
	return true;
}

static void
big_decrement(struct big *big)
{
	for (size_t i = DIAG_BIGNUM_MAX; i > 0; i--)
		if (big->bytes[i - 1]-- != 0)
			return;
}

static unsigned
digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 16;
}

/* A value of 64 bits, or a tag and a byte string. */
static bool
put_big(struct parser *p, const struct big *big, bool negative)
{
	uint64_t value = 0;
	size_t first = 0;
	unsigned info;

	while (first < DIAG_BIGNUM_MAX - 8 && big->bytes[first] == 0)
		first++;
	if (first < DIAG_BIGNUM_MAX - 8) {
		cbor_put_head(p->out, CBOR_TAG,
		    negative ? CBOR_TAG_NEGATIVE_BIGNUM : CBOR_TAG_BIGNUM, 0);
		cbor_put_head(p->out, CBOR_BYTES,
		    cbor_shortest(DIAG_BIGNUM_MAX - first),
		    DIAG_BIGNUM_MAX - first);
		text_add_bytes(p->out, big->bytes + first,
		    DIAG_BIGNUM_MAX - first);
		return true;
	}
	for (size_t i = first; i < DIAG_BIGNUM_MAX; i++)
		value = value << 8 | big->bytes[i];
	info = cbor_shortest(value);
	if (!diag_indicator(p, &info))
		return false;
	cbor_put_head(p->out, negative ? CBOR_NEGATIVE : CBOR_UINT, info,
	    value);
	return true;
}

static bool
parse_whole(struct parser *p, size_t at, bool negative, unsigned base)
{
	struct big big = { .bytes = { 0 } };
	size_t first = p->pos;
	unsigned digit;

	for (;; p->pos++) {
		digit = digit_value(diag_peek(p));
		if (digit >= base)
			break;
		if (!big_shift(&big, base, digit))
			return diag_wrong(p, at,
			    "a whole number has %u bits at most",
			    DIAG_BIGNUM_MAX * 8);
	}
	if (p->pos == first)
		return diag_wrong(p, p->pos, "expected a digit");
	negative = negative && !big_is_zero(&big);
	if (negative)
		big_decrement(&big);
	return put_big(p, &big, negative);
}

/* --- floats -------------------------------------------------------------- */

static size_t
skip_digits(const struct parser *p, size_t i)
{
	while (i < p->len && p->s[i] >= '0' && p->s[i] <= '9')
		i++;
	return i;
}

/* Where the number with a fraction or an exponent at pos ends; pos itself: it
 * is a whole one. *good: there are digits wherever they must be. */
static size_t
float_end(const struct parser *p, bool *good)
{
	size_t end = skip_digits(p, p->pos);
	size_t next;
	bool fraction = end < p->len && p->s[end] == '.';

	*good = end > p->pos;
	if (fraction) {
		next = skip_digits(p, end + 1);
		*good = *good && next > end + 1;
		end = next;
	}
	if (end < p->len && (p->s[end] == 'e' || p->s[end] == 'E')) {
		next = end + 1;
		if (next < p->len && (p->s[next] == '+' || p->s[next] == '-'))
			next++;
		end = skip_digits(p, next);
		*good = *good && end > next;
		return end;
	}
	return fraction ? end : p->pos;
}

static bool
parse_float(struct parser *p, size_t at, bool negative, size_t end)
{
	char buf[FLOAT_MAX_BYTES];
	size_t n = end - p->pos;
	unsigned info;
	double value;

	if (n >= sizeof(buf))
		return diag_wrong(p, at, "this number is too long");
	memcpy(buf, p->s + p->pos, n);
	buf[n] = '\0';
	value = strtod(buf, NULL);
	if (isinf(value))
		return diag_wrong(p, at, "this is too large for a float");
	if (negative)
		value = -value;
	info = cbor_shortest_float(value);
	p->pos = end;
	if (!diag_indicator(p, &info))
		return false;
	if (info < CBOR_INFO_2)
		return diag_wrong(p, at, "a float takes _1, _2 or _3");
	cbor_put_float(p->out, info, value);
	return true;
}

bool
diag_number(struct parser *p)
{
	static const struct {
		const char *prefix;
		unsigned base;
	} bases[] = { { "0x", 16 }, { "0o", 8 }, { "0b", 2 } };
	size_t at = p->pos;
	bool negative = diag_take(p, "-");
	size_t end;
	bool good;

	if (!negative)
		diag_take(p, "+");
	for (size_t i = 0; i < sizeof(bases) / sizeof(*bases); i++)
		if (diag_take(p, bases[i].prefix))
			return parse_whole(p, at, negative, bases[i].base);
	end = float_end(p, &good);
	if (!good)
		return diag_wrong(p, end > p->pos ? end : p->pos,
		    "expected a digit");
	if (end > p->pos)
		return parse_float(p, at, negative, end);
	return parse_whole(p, at, negative, 10);
}

/* --- strings ------------------------------------------------------------- */

static void
put_utf8(struct text *out, uint32_t c)
{
	static const uint8_t first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	text_add_char(out, (char)(first[n] | c >> 6 * (n - 1)), 1);
	for (unsigned i = n - 1; i > 0; i--)
		text_add_char(out, (char)(0x80 | (c >> 6 * (i - 1) & 0x3f)), 1);
}

/* Four hexadecimal digits at pos. */
static bool
parse_unit(struct parser *p, uint32_t *unit)
{
	*unit = 0;
	for (unsigned i = 0; i < 4; i++, p->pos++) {
		if (digit_value(diag_peek(p)) > 15)
			return diag_wrong(p, p->pos,
			    "expected four hexadecimal digits behind \\u");
		*unit = *unit << 4 | digit_value(diag_peek(p));
	}
	return true;
}

static bool
parse_unicode(struct parser *p)
{
	size_t at = p->pos - 2;
	uint32_t low = 0;
	uint32_t c;

	if (!parse_unit(p, &c))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (!diag_take(p, "\\u"))
			return diag_wrong(p, at,
			    "half of a character: \\ud8.. to \\udb.. wants a "
			    "second \\u behind it");
		if (!parse_unit(p, &low))
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	if ((low != 0 && (low < 0xdc00 || low > 0xdfff)) ||
	    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return diag_wrong(p, at, "no character has this number");
	put_utf8(p->out, c);
	return true;
}

static bool
parse_escape(struct parser *p)
{
	static const char escapes[] = "\"\"\\\\//''b\bf\fn\nr\rt\t";
	char c = diag_peek(p);

	for (const char *e = escapes; *e; e += 2) {
		if (c != *e)
			continue;
		p->pos++;
		text_add_char(p->out, e[1], 1);
		return true;
	}
	if (c != 'u')
		return diag_wrong(p, p->pos - 1,
		    "no such escape; there are \\\" \\\\ \\/ \\b \\f \\n \\r "
		    "\\t and \\uXXXX");
	p->pos++;
	return parse_unicode(p);
}

bool
diag_text(struct parser *p, char quote)
{
	size_t at = p->pos - 1;
	uint32_t c;
	size_t n;

	while (p->pos < p->len) {
		if (p->s[p->pos] == quote) {
			p->pos++;
			return true;
		}
		if (p->s[p->pos] == '\\') {
			p->pos++;
			if (!parse_escape(p))
				return false;
			continue;
		}
		n = payload_char((const uint8_t *)p->s + p->pos,
		    p->len - p->pos, &c);
		if (n == 0)
			return diag_wrong(p, p->pos, "this is not UTF-8");
		text_add_bytes(p->out, p->s + p->pos, n);
		p->pos += n;
	}
	return diag_wrong(p, at, "a string without its closing %c", quote);
}

/* The next character that is no blank; '\0' at the end. */
static char
next_dense(struct parser *p)
{
	while (p->pos < p->len && strchr(" \t\r\n", p->s[p->pos]))
		p->pos++;
	return diag_peek(p);
}

bool
diag_hex(struct parser *p)
{
	unsigned high;
	unsigned low;

	while (next_dense(p) != '\'') {
		high = digit_value(diag_peek(p));
		if (high > 15)
			return diag_wrong(p, p->pos,
			    "expected a hexadecimal digit or the closing '");
		p->pos++;
		low = digit_value(next_dense(p));
		if (low > 15)
			return diag_wrong(p, p->pos,
			    "expected a second hexadecimal digit");
		p->pos++;
		text_add_char(p->out, (char)(high << 4 | low), 1);
	}
	p->pos++;
	return true;
}

/* Either alphabet of RFC 4648; 64: none. */
static unsigned
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : 64;
}

bool
diag_base64(struct parser *p)
{
	uint32_t bits = 0;
	unsigned n = 0; /* digits so far, of four */
	unsigned value;

	for (; next_dense(p) != '\'' && diag_peek(p) != '='; p->pos++) {
		value = base64_value(diag_peek(p));
		if (value > 63)
			return diag_wrong(p, p->pos,
			    "expected base64 or the closing '");
		bits = bits << 6 | value;
		n = (n + 1) % 4;
		if (n != 1)
			text_add_char(p->out,
			    (char)(bits >> (6 - 2 * ((n + 3) % 4))), 1);
	}
	while (next_dense(p) == '=')
		p->pos++;
	if (diag_peek(p) != '\'')
		return diag_wrong(p, p->pos, "expected the closing '");
	if (n == 1)
		return diag_wrong(p, p->pos, "base64 that is cut short");
	p->pos++;
	return true;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* From CBOR to diagnostic notation. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode/cbor.h"
#include "cli/decode/diag.h"
#include "cli/output/payload.h"

/* A container that is longer is broken into lines. */
#define LINE_MAX_BYTES 64
/* Of the data; more is not broken into lines, which would grow with depth. */
#define LINES_MAX ((size_t)64 * 1024)
#define INDENT    2

/* Limbs of nine digits that DIAG_BIGNUM_MAX bytes take. */
#define LIMB       1000000000U
#define LIMBS      (DIAG_BIGNUM_MAX * 8 / 29 + 1)
#define DIGITS_MAX 17

struct printer {
	struct cbor_reader r;
	struct text *out;
	bool lines;
	bool ascii;
	unsigned depth; /* lines are indented by */
	unsigned room;  /* levels that embedded CBOR may still have */
	size_t limit;   /* of out, where an attempt at one line ends; 0: none */
};

typedef void print_fn(struct printer *p, const struct cbor_head *head);

static void print_item(struct printer *p);

/* --- numbers ------------------------------------------------------------- */

/* "_1" where the argument is longer than it need be. */
static void
print_indicator(struct printer *p, const struct cbor_head *head)
{
	if (head->info >= CBOR_INFO_1 && head->info <= CBOR_INFO_8 &&
	    head->info != cbor_shortest(head->value))
		text_addf(p->out, "_%u", head->info - CBOR_INFO_1);
}

static void
print_uint(struct printer *p, const struct cbor_head *head)
{
	text_addf(p->out, "%" PRIu64, head->value);
	print_indicator(p, head);
}

static void
print_negative(struct printer *p, const struct cbor_head *head)
{
	if (head->value == UINT64_MAX)
		text_add(p->out, "-18446744073709551616");
	else
		text_addf(p->out, "-%" PRIu64, head->value + 1);
	print_indicator(p, head);
}

/* digits times ten to the power, as JavaScript writes it, always with a
 * fraction. */
static void
print_decimal(struct text *out, const char *digits, int n, int power)
{
	if (power < -7 || power > 20) {
		text_addf(out, "%c.%s%se%+d", digits[0],
		    n > 1 ? digits + 1 : "", n > 1 ? "" : "0", power);
		return;
	}
	if (power < 0) {
		text_add(out, "0.");
		text_add_char(out, '0', (size_t)(-power - 1));
		text_add(out, digits);
		return;
	}
	for (int i = 0; i <= power; i++)
		text_add_char(out, i < n ? digits[i] : '0', 1);
	text_addf(out, ".%s", n > power + 1 ? digits + power + 1 : "0");
}

/* Beside a power of two a tie is to be rounded up, and 16 digits will do. */
static void
round_up(char *buf, double value)
{
	char *last = buf + DIGITS_MAX;

	if (buf[1] != '.' || *last != '5' || last[-1] == '9')
		return;
	last[-1]++;
	*last = '0';
	if (strtod(buf, NULL) == value)
		return;
	last[-1]--;
	*last = '5';
}

/* A float as short as it is still the same: 1.0, 1.5e-9, Infinity. */
static void
diag_print_float(struct text *out, double value)
{
	char buf[DIGITS_MAX + 16];
	char digits[DIGITS_MAX + 1];
	int precision = DIGITS_MAX - 3;
	int n = 0;

	if (isnan(value) || isinf(value)) {
		text_add(out,
		    isnan(value)    ? "NaN"
			: value > 0 ? "Infinity"
				    : "-Infinity");
		return;
	}
	do
		snprintf(buf, sizeof(buf), "%.*e", precision, fabs(value));
	while (strtod(buf, NULL) != fabs(value) && ++precision < DIGITS_MAX);
	if (precision == DIGITS_MAX - 1)
		round_up(buf, fabs(value));
	for (const char *s = buf; *s && *s != 'e'; s++)
		if (*s != '.')
			digits[n++] = *s;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	if (signbit(value))
		text_add_char(out, '-', 1);
	print_decimal(out, digits, n,
	    (int)strtol(strchr(buf, 'e') + 1, NULL, 10));
}

static void
print_simple(struct printer *p, const struct cbor_head *head)
{
	static const char *const names[] = { "false", "true", "null",
		"undefined" };
	double value;

	if (!cbor_is_float(head)) {
		if (head->value >= CBOR_FALSE && head->value <= CBOR_UNDEFINED)
			text_add(p->out, names[head->value - CBOR_FALSE]);
		else
			text_addf(p->out, "simple(%" PRIu64 ")", head->value);
		return;
	}
	value = cbor_float(head);
	diag_print_float(p->out, value);
	if (head->info != cbor_shortest_float(value))
		text_addf(p->out, "_%u", head->info - CBOR_INFO_1);
}

/* Big-endian bytes, and carry, in decimal. */
static void
print_big(struct text *out, const uint8_t *s, size_t len, unsigned carry)
{
	uint32_t limbs[LIMBS] = { 0 };
	size_t n = 1;
	uint64_t v;

	for (size_t i = 0; i < len + 1; i++) {
		v = i < len ? s[i] : carry;
		for (size_t k = 0; k < n; k++) {
			v += (uint64_t)limbs[k] * (i < len ? 256 : 1);
			limbs[k] = (uint32_t)(v % LIMB);
			v /= LIMB;
			if (k + 1 == n && v > 0 && n < LIMBS)
				n++;
		}
	}
	text_addf(out, "%" PRIu32, limbs[n - 1]);
	for (size_t k = n - 1; k > 0; k--)
		text_addf(out, "%09" PRIu32, limbs[k - 1]);
}

/* --- strings ------------------------------------------------------------- */

static void
print_unit(struct text *out, uint32_t c)
{
	text_addf(out, "\\u%04" PRIx32, c);
}

static void
print_char(struct printer *p, const uint8_t *s, size_t n, uint32_t c)
{
	static const char short_ones[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *e = short_ones; *e; e += 2) {
		if (c != (uint32_t)*e)
			continue;
		text_add_char(p->out, '\\', 1);
		text_add_char(p->out, e[1], 1);
		return;
	}
	if (payload_char_is_plain(c) && (n == 1 || !p->ascii)) {
		text_add_bytes(p->out, s, n);
	} else if (c > 0xffff) {
		print_unit(p->out, 0xd800 + ((c - 0x10000) >> 10));
		print_unit(p->out, 0xdc00 + ((c - 0x10000) & 0x3ff));
	} else {
		print_unit(p->out, c);
	}
}

static void
print_string_bytes(struct printer *p, enum cbor_major major, const uint8_t *s,
    size_t len)
{
	uint32_t c;
	size_t n;

	if (major == CBOR_BYTES) {
		text_add(p->out, "h'");
		payload_hex(p->out, s, len);
		text_add_char(p->out, '\'', 1);
		return;
	}
	text_add_char(p->out, '"', 1);
	for (size_t i = 0; i < len; i += n) {
		n = payload_char(s + i, len - i, &c);
		if (n == 0)
			break;
		print_char(p, s + i, n, c);
	}
	text_add_char(p->out, '"', 1);
}

static void
print_part(struct printer *p, const struct cbor_head *head)
{
	print_string_bytes(p, head->major, p->r.data + p->r.pos,
	    (size_t)head->value);
	print_indicator(p, head);
	p->r.pos += (size_t)head->value;
}

static void
print_string(struct printer *p, const struct cbor_head *head)
{
	struct cbor_head part = *head;
	const char *before = "(_ ";

	if (head->info != CBOR_INFO_INDEFINITE) {
		print_part(p, head);
		return;
	}
	if (cbor_at_break(&p->r)) {
		text_add(p->out, head->major == CBOR_BYTES ? "''_" : "\"\"_");
		p->r.pos++;
		return;
	}
	while (!cbor_at_break(&p->r) && cbor_read_head(&p->r, &part)) {
		text_add(p->out, before);
		print_part(p, &part);
		before = ", ";
	}
	text_add_char(p->out, ')', 1);
	p->r.pos++;
}

/* --- what has items ------------------------------------------------------ */

static void
print_newline(struct printer *p)
{
	text_add_char(p->out, '\n', 1);
	text_add_char(p->out, ' ', (size_t)p->depth * INDENT);
}

/* Where r stands is then of no use any more. */
static bool
is_over(const struct printer *p)
{
	return p->out->failed || (p->limit > 0 && p->out->len > p->limit);
}

static bool
has_more(const struct printer *p, const struct cbor_head *head, uint64_t done)
{
	if (head->info == CBOR_INFO_INDEFINITE)
		return !cbor_at_break(&p->r);
	return done < head->value;
}

/* The items of an array or a map, up to its end. */
static void
print_items(struct printer *p, const struct cbor_head *head, bool broken)
{
	uint64_t n;

	p->depth++;
	for (n = 0; !is_over(p) && has_more(p, head, n); n++) {
		if (n > 0)
			text_add(p->out, broken ? "," : ", ");
		if (broken)
			print_newline(p);
		print_item(p);
		if (head->major == CBOR_ARRAY)
			continue;
		text_add(p->out, ": ");
		print_item(p);
	}
	p->depth--;
	if (broken)
		print_newline(p);
	if (head->info == CBOR_INFO_INDEFINITE)
		p->r.pos++;
}

/* "[", "[_ " or "[_1 ". */
static void
print_opening(struct printer *p, const struct cbor_head *head)
{
	size_t before;

	text_add_char(p->out, head->major == CBOR_MAP ? '{' : '[', 1);
	before = p->out->len;
	if (head->info == CBOR_INFO_INDEFINITE)
		text_add_char(p->out, '_', 1);
	else
		print_indicator(p, head);
	if (p->out->len > before)
		text_add_char(p->out, ' ', 1);
}

static void
print_container(struct printer *p, const struct cbor_head *head)
{
	char closing = head->major == CBOR_MAP ? '}' : ']';
	bool lines = p->lines;
	size_t pos = p->r.pos;
	size_t start;

	print_opening(p, head);
	if (!lines) {
		print_items(p, head, false);
		text_add_char(p->out, closing, 1);
		return;
	}
	start = p->out->len;
	p->lines = false;
	p->limit = start + LINE_MAX_BYTES;
	print_items(p, head, false);
	p->lines = true;
	p->limit = 0;
	if (p->out->len - start > LINE_MAX_BYTES && !p->out->failed) {
		p->out->len = start;
		p->r.pos = pos;
		print_items(p, head, true);
	}
	text_add_char(p->out, closing, 1);
}

/* 2(h'...') in decimal. */
static bool
print_bignum(struct printer *p, uint64_t tag)
{
	struct cbor_reader r = p->r;
	struct cbor_head head;

	if (!cbor_read_head(&r, &head) || head.major != CBOR_BYTES ||
	    head.info != cbor_shortest(head.value) || head.value <= 8 ||
	    head.value > DIAG_BIGNUM_MAX || r.data[r.pos] == 0)
		return false;
	if (tag == CBOR_TAG_NEGATIVE_BIGNUM)
		text_add_char(p->out, '-', 1);
	print_big(p->out, r.data + r.pos, (size_t)head.value,
	    tag == CBOR_TAG_NEGATIVE_BIGNUM);
	p->r.pos = r.pos + (size_t)head.value;
	return true;
}

/* 24(<<...>>), when the bytes are CBOR themselves. */
static bool
print_embedded(struct printer *p)
{
	struct cbor_reader r = p->r;
	struct cbor_reader inner;
	struct cbor_error error;
	struct cbor_head head;
	size_t len;

	if (!cbor_read_head(&r, &head) || head.major != CBOR_BYTES ||
	    head.info != cbor_shortest(head.value) || p->room == 0)
		return false;
	len = (size_t)head.value;
	if (!cbor_check(r.data + r.pos, len, false, p->room - 1, &error))
		return false;
	inner = (struct cbor_reader){ r.data + r.pos, len, 0 };
	r.pos += len;
	text_add(p->out, "24(<<");
	p->r = inner;
	p->room--;
	print_item(p);
	p->room++;
	p->r = r;
	text_add(p->out, ">>)");
	return true;
}

static void
print_tag(struct printer *p, const struct cbor_head *head)
{
	bool plain = head->info == cbor_shortest(head->value);

	if (plain && head->value == CBOR_TAG_EMBEDDED && print_embedded(p))
		return;
	if (plain &&
	    (head->value == CBOR_TAG_BIGNUM ||
		head->value == CBOR_TAG_NEGATIVE_BIGNUM) &&
	    print_bignum(p, head->value))
		return;
	text_addf(p->out, "%" PRIu64, head->value);
	print_indicator(p, head);
	text_add_char(p->out, '(', 1);
	print_item(p);
	text_add_char(p->out, ')', 1);
}

static void
print_item(struct printer *p)
{
	static print_fn *const prints[] = {
		[CBOR_UINT] = print_uint,
		[CBOR_NEGATIVE] = print_negative,
		[CBOR_BYTES] = print_string,
		[CBOR_TEXT] = print_string,
		[CBOR_ARRAY] = print_container,
		[CBOR_MAP] = print_container,
		[CBOR_TAG] = print_tag,
		[CBOR_SIMPLE] = print_simple,
	};
	struct cbor_head head;
	unsigned room = p->room;

	if (is_over(p) || !cbor_read_head(&p->r, &head))
		return;
	if (head.major >= CBOR_ARRAY && head.major <= CBOR_TAG && room > 0)
		p->room--;
	prints[head.major](p, &head);
	p->room = room;
}

void
diag_print(struct text *out, const uint8_t *data, size_t len,
    enum diag_form form, bool ascii)
{
	bool lines = form == DIAG_LINES;
	struct printer p = {
		.r = { data, len, 0 },
		.out = out,
		.lines = lines && len <= LINES_MAX,
		.ascii = ascii,
		.room = CBOR_DEPTH_MAX,
	};

	while (p.r.pos < len && !out->failed) {
		if (p.r.pos > 0)
			text_add(out, lines ? ",\n" : ", ");
		print_item(&p);
	}
}

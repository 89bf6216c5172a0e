/* SPDX-License-Identifier: BSD-2-Clause */
/* From CBOR to JSON. */
#include "cli/decode/cbor_json.h"

#include <math.h>
#include <string.h>

#include "cli/decode/cbor.h"
#include "cli/decode/diag.h"
#include "cli/output/json_line.h"
#include "cli/output/payload.h"

struct converter {
	struct cbor_reader r;
	uint64_t encoding; /* of byte strings: CBOR_TAG_BASE64URL and so on */
};

typedef json_t *convert_fn(struct converter *c, const struct cbor_head *head);

static json_t *convert(struct converter *c);

/* --- numbers and simple values ------------------------------------------- */

static json_t *
convert_uint(struct converter *c, const struct cbor_head *head)
{
	(void)c;
	return head->value <= INT64_MAX ? json_integer((json_int_t)head->value)
					: json_real((double)head->value);
}

static json_t *
convert_negative(struct converter *c, const struct cbor_head *head)
{
	(void)c;
	return head->value <= INT64_MAX
	    ? json_integer(-1 - (json_int_t)head->value)
	    : json_real(-1 - (double)head->value);
}

static json_t *
convert_simple(struct converter *c, const struct cbor_head *head)
{
	double value;

	(void)c;
	if (!cbor_is_float(head)) {
		if (head->value == CBOR_FALSE || head->value == CBOR_TRUE)
			return json_boolean(head->value == CBOR_TRUE);
		return json_null();
	}
	value = cbor_float(head);
	return isnan(value) || isinf(value) ? json_null() : json_real(value);
}

/* --- strings ------------------------------------------------------------- */

/* The bytes of the string, whose head was read. */
static void
collect(struct converter *c, const struct cbor_head *head, struct text *out)
{
	struct cbor_head part = *head;

	if (head->info != CBOR_INFO_INDEFINITE) {
		text_add_bytes(out, c->r.data + c->r.pos, (size_t)head->value);
		c->r.pos += (size_t)head->value;
		return;
	}
	while (!cbor_at_break(&c->r) && cbor_read_head(&c->r, &part)) {
		text_add_bytes(out, c->r.data + c->r.pos, (size_t)part.value);
		c->r.pos += (size_t)part.value;
	}
	c->r.pos++;
}

static void
add_base16(struct text *out, const struct text *bytes)
{
	for (size_t i = 0; i < bytes->len; i++)
		text_addf(out, "%02X", (unsigned char)bytes->s[i]);
}

/* RFC 4648 section 5, without padding. */
static void
add_base64url(struct text *out, const struct text *bytes)
{
	size_t start = out->len;

	payload_base64(out, bytes->s, bytes->len);
	if (out->failed)
		return;
	while (out->len > start && out->s[out->len - 1] == '=')
		out->len--;
	for (size_t i = start; i < out->len; i++) {
		if (out->s[i] == '+')
			out->s[i] = '-';
		else if (out->s[i] == '/')
			out->s[i] = '_';
	}
}

static json_t *
string_of(struct text *text)
{
	json_t *value = text->failed ? NULL : json_bytes(text->s, text->len);

	text_free(text);
	return value;
}

static json_t *
convert_text(struct converter *c, const struct cbor_head *head)
{
	struct text text = { .s = NULL };

	collect(c, head, &text);
	return string_of(&text);
}

/* sign: what a bignum has in front. */
static json_t *
encode_bytes(struct converter *c, const struct cbor_head *head,
    uint64_t encoding, const char *sign)
{
	struct text bytes = { .s = NULL };
	struct text out = { .s = NULL };

	collect(c, head, &bytes);
	text_add(&out, sign);
	if (encoding == CBOR_TAG_BASE16)
		add_base16(&out, &bytes);
	else if (encoding == CBOR_TAG_BASE64)
		payload_base64(&out, bytes.s, bytes.len);
	else
		add_base64url(&out, &bytes);
	out.failed = out.failed || bytes.failed;
	text_free(&bytes);
	return string_of(&out);
}

static json_t *
convert_bytes(struct converter *c, const struct cbor_head *head)
{
	return encode_bytes(c, head, c->encoding, "");
}

/* --- what has items ------------------------------------------------------ */

static bool
has_more(struct converter *c, const struct cbor_head *head, uint64_t done)
{
	if (head->info != CBOR_INFO_INDEFINITE)
		return done < head->value;
	if (!cbor_at_break(&c->r))
		return true;
	c->r.pos++;
	return false;
}

static json_t *
convert_array(struct converter *c, const struct cbor_head *head)
{
	json_t *array = json_array();
	uint64_t n;

	for (n = 0; array && has_more(c, head, n); n++) {
		if (json_array_append_new(array, convert(c)) == 0)
			continue;
		json_decref(array);
		array = NULL;
	}
	return array;
}

/* A key with a NUL in it could not be read back, so it has its notation. */
static void
convert_key(struct converter *c, struct text *key)
{
	struct cbor_reader start = c->r;
	struct cbor_head head;

	if (!cbor_read_head(&c->r, &head))
		return;
	if (head.major == CBOR_TEXT) {
		collect(c, &head, key);
		if (key->len == 0 || !memchr(key->s, '\0', key->len))
			return;
		key->len = 0;
	}
	c->r = start;
	cbor_skip(&c->r);
	diag_print(key, start.data + start.pos, c->r.pos - start.pos, DIAG_LINE,
	    false);
}

static json_t *
convert_map(struct converter *c, const struct cbor_head *head)
{
	struct text key = { .s = NULL };
	json_t *map = json_object();
	uint64_t n;
	int r = 0;

	for (n = 0; map && r == 0 && has_more(c, head, n); n++) {
		convert_key(c, &key);
		r = key.failed ? -1
			       : json_object_setn_new(map, key.s ? key.s : "",
				     key.len, convert(c));
		text_free(&key);
	}
	if (r == 0)
		return map;
	json_decref(map);
	return NULL;
}

static json_t *
convert_tag(struct converter *c, const struct cbor_head *tag)
{
	struct cbor_reader start = c->r;
	uint64_t encoding = c->encoding;
	struct cbor_head head;
	json_t *value;

	if ((tag->value == CBOR_TAG_BIGNUM ||
		tag->value == CBOR_TAG_NEGATIVE_BIGNUM) &&
	    cbor_read_head(&c->r, &head) && head.major == CBOR_BYTES)
		return encode_bytes(c, &head, CBOR_TAG_BASE64URL,
		    tag->value == CBOR_TAG_BIGNUM ? "" : "~");
	c->r = start;
	if (tag->value >= CBOR_TAG_BASE64URL && tag->value <= CBOR_TAG_BASE16)
		c->encoding = tag->value;
	value = convert(c);
	c->encoding = encoding;
	return value;
}

static json_t *
convert(struct converter *c)
{
	static convert_fn *const converts[] = {
		[CBOR_UINT] = convert_uint,
		[CBOR_NEGATIVE] = convert_negative,
		[CBOR_BYTES] = convert_bytes,
		[CBOR_TEXT] = convert_text,
		[CBOR_ARRAY] = convert_array,
		[CBOR_MAP] = convert_map,
		[CBOR_TAG] = convert_tag,
		[CBOR_SIMPLE] = convert_simple,
	};
	struct cbor_head head;

	if (!cbor_read_head(&c->r, &head))
		return json_null();
	return converts[head.major](c, &head);
}

json_t *
cbor_to_json(const uint8_t *data, size_t len, bool sequence)
{
	struct converter c = { { data, len, 0 }, CBOR_TAG_BASE64URL };
	json_t *array;

	if (!sequence)
		return convert(&c);
	array = json_array();
	while (array && c.r.pos < len) {
		if (json_array_append_new(array, convert(&c)) == 0)
			continue;
		json_decref(array);
		array = NULL;
	}
	return array;
}

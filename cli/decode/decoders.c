/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of decoders, and what each of them does. */
#include "cli/decode/decoders.h"

#include <string.h>

#include <coap3/coapx.h>

#include "cli/decode/cbor.h"
#include "cli/decode/cbor_json.h"
#include "cli/decode/diag.h"
#include "cli/decode/json_layout.h"
#include "cli/decode/problem.h"
#include "cli/decode/senml.h"
#include "cli/output/json_line.h"
#include "cli/output/links.h"
#include "cli/output/option_text.h"
#include "cli/output/output_form.h"
#include "cli/output/payload.h"

/* A longer text of JSON is shown as it is. */
#define LAYOUT_MAX ((size_t)64 * 1024)

/* --- CBOR ---------------------------------------------------------------- */

static bool
check_cbor(const struct decode_in *in, bool sequence, struct text *why)
{
	struct cbor_error error;

	if (cbor_check(in->data, in->len, sequence, CBOR_DEPTH_MAX, &error))
		return true;
	text_addf(why, "at byte %zu: %s", error.at, error.why);
	return false;
}

static enum decoded
cbor_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	if (!check_cbor(in, true, why))
		return DECODED_WRONG;
	diag_print(out, in->data, in->len, DIAG_LINES, in->ascii);
	if (in->len > 0)
		text_add_char(out, '\n', 1);
	return DECODED;
}

static enum decoded
one_cbor_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	if (!check_cbor(in, false, why))
		return DECODED_WRONG;
	return cbor_lines(in, out, why);
}

static enum decoded
one_cbor_json(const struct decode_in *in, json_t **value, struct text *why)
{
	if (!check_cbor(in, false, why))
		return DECODED_WRONG;
	*value = cbor_to_json(in->data, in->len, false);
	return DECODED;
}

static enum decoded
cbor_seq_json(const struct decode_in *in, json_t **value, struct text *why)
{
	if (!check_cbor(in, true, why))
		return DECODED_WRONG;
	*value = cbor_to_json(in->data, in->len, true);
	return DECODED;
}

/* --- JSON ---------------------------------------------------------------- */

static enum decoded
json_json(const struct decode_in *in, json_t **value, struct text *why)
{
	size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
	const char *s = (const char *)in->data;
	json_error_t error;

	*value = json_loadb(in->len ? s : "", in->len, flags, &error);
	if (!*value) /* a whole number of more than 64 bits */
		*value = json_loadb(in->len ? s : "", in->len,
		    flags | JSON_DECODE_INT_AS_REAL, &error);
	if (*value || json_error_code(&error) == json_error_out_of_memory ||
	    error.text[0] == '\0')
		return DECODED;
	text_addf(why, "line %d, column %d: %s", error.line, error.column,
	    error.text);
	return DECODED_WRONG;
}

static enum decoded
json_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	struct text laid = { .s = NULL };
	json_t *value = NULL;

	if (json_json(in, &value, why) == DECODED_WRONG)
		return DECODED_WRONG;
	out->failed = out->failed || !value;
	json_decref(value);
	if (in->len <= LAYOUT_MAX)
		json_layout(&laid, (const char *)in->data, in->len);
	else
		text_add_bytes(&laid, in->data, in->len);
	payload_escape(out, laid.s, laid.len, ESCAPE_LINES, in->ascii);
	text_add_char(out, '\n', 1);
	out->failed = out->failed || laid.failed;
	text_free(&laid);
	return DECODED;
}

/* --- SenML --------------------------------------------------------------- */

/* Takes over the pack. */
static enum decoded
resolved(const struct decode_in *in, json_t *pack, json_t **value,
    struct text *why)
{
	*value = pack ? senml_resolve(pack, in->now_ms, why) : NULL;
	json_decref(pack);
	return *value || why->len == 0 ? DECODED : DECODED_WRONG;
}

static enum decoded
senml_json_json(const struct decode_in *in, json_t **value, struct text *why)
{
	json_t *pack = NULL;

	if (json_json(in, &pack, why) == DECODED_WRONG)
		return DECODED_WRONG;
	return resolved(in, pack, value, why);
}

/* A stream (sensml) is an array of indefinite length, which has come to its end
 * here. */
static enum decoded
senml_cbor_json(const struct decode_in *in, json_t **value, struct text *why)
{
	json_t *pack = NULL;
	json_t *named;

	if (one_cbor_json(in, &pack, why) == DECODED_WRONG)
		return DECODED_WRONG;
	if (pack && !json_is_array(pack))
		return resolved(in, pack, value, why);
	named = pack ? senml_named(pack) : NULL;
	json_decref(pack);
	return resolved(in, named, value, why);
}

static enum decoded
add_senml_table(const struct decode_in *in, enum decoded result,
    json_t *records, struct text *out)
{
	if (result != DECODED)
		return result;
	if (records)
		senml_table(out, records, in->now_ms, in->ascii, in->color);
	else
		out->failed = true;
	json_decref(records);
	return result;
}

static enum decoded
senml_json_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	json_t *records = NULL;
	enum decoded result = senml_json_json(in, &records, why);

	return add_senml_table(in, result, records, out);
}

static enum decoded
senml_cbor_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	json_t *records = NULL;
	enum decoded result = senml_cbor_json(in, &records, why);

	return add_senml_table(in, result, records, out);
}

/* --- links --------------------------------------------------------------- */

static bool
check_links(const struct decode_in *in, struct text *why)
{
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	coapx_link_attr_t attr;
	int r;

	coapx_link_reader_init(&reader, (const char *)in->data, in->len);
	r = coapx_link_next(&reader, &target);
	while (r == 1 && payload_is_utf8(target.s, target.len)) {
		do
			r = coapx_link_next_attr(&reader, &attr);
		while (r == 1);
		if (r == 0)
			r = coapx_link_next(&reader, &target);
	}
	if (r < 0)
		text_addf(why, "at byte %zu it is no list of links",
		    reader.error_at);
	else if (r == 1)
		text_add(why, "a link is not in UTF-8");
	return r == 0;
}

static enum decoded
links_json(const struct decode_in *in, json_t **value, struct text *why)
{
	if (!check_links(in, why))
		return DECODED_WRONG;
	*value = json_links((const char *)in->data, in->len);
	return DECODED;
}

static enum decoded
links_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	struct link_list list = { .n = 0 };
	size_t at;

	if (!check_links(in, why))
		return DECODED_WRONG;
	if (links_parse(&list, (const char *)in->data, in->len, NULL, NULL,
		&at) == 0)
		add_links(out, list.links, list.n, in->ascii, in->color);
	else
		out->failed = true;
	links_free(&list);
	return DECODED;
}

/* --- problem details ----------------------------------------------------- */

static enum decoded
problem_json(const struct decode_in *in, json_t **value, struct text *why)
{
	json_t *map = NULL;

	if (one_cbor_json(in, &map, why) == DECODED_WRONG)
		return DECODED_WRONG;
	*value = map ? problem_named(map, why) : NULL;
	json_decref(map);
	return *value || why->len == 0 ? DECODED : DECODED_WRONG;
}

static enum decoded
problem_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	json_t *problem = NULL;
	enum decoded result = problem_json(in, &problem, why);

	if (result != DECODED)
		return result;
	if (problem)
		problem_text(out, problem, in->ascii);
	else
		out->failed = true;
	text_add_char(out, '\n', 1);
	json_decref(problem);
	return DECODED;
}

/* --- the table ----------------------------------------------------------- */

struct decoder {
	int number;                      /* the content format, or */
	bool (*family)(unsigned number); /* which ones */
	enum decoded (*lines)(const struct decode_in *in, struct text *out,
	    struct text *why);
	enum decoded (*json)(const struct decode_in *in, json_t **value,
	    struct text *why);
	bool cbor; /* has a notation */
	bool sequence;
};

/* The first that fits. */
static const struct decoder decoders[] = {
	{ .number = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT,
	    .lines = links_lines,
	    .json = links_json },
	{ .number = 110, .lines = senml_json_lines, .json = senml_json_json },
	{ .number = 111, .lines = senml_json_lines, .json = senml_json_json },
	{ .number = 112,
	    .lines = senml_cbor_lines,
	    .json = senml_cbor_json,
	    .cbor = true },
	{ .number = 113,
	    .lines = senml_cbor_lines,
	    .json = senml_cbor_json,
	    .cbor = true },
	{ .number = 257,
	    .lines = problem_lines,
	    .json = problem_json,
	    .cbor = true },
	{ .family = content_format_is_json,
	    .lines = json_lines,
	    .json = json_json },
	{ .family = content_format_is_cbor,
	    .lines = one_cbor_lines,
	    .json = one_cbor_json,
	    .cbor = true },
	{ .family = content_format_is_cbor_seq,
	    .lines = cbor_lines,
	    .json = cbor_seq_json,
	    .cbor = true,
	    .sequence = true },
};

static const struct decoder *
find(int format)
{
	const struct decoder *d;

	if (format < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(decoders) / sizeof(*decoders); i++) {
		d = &decoders[i];
		if (d->family ? d->family((unsigned)format)
			      : d->number == format)
			return d;
	}
	return NULL;
}

static bool
is_too_long(const struct decode_in *in, struct text *why)
{
	if (in->len <= DECODE_MAX)
		return false;
	text_addf(why, "%zu bytes are too many to decode, %zu would do",
	    in->len, DECODE_MAX);
	return true;
}

enum decoded
decode_lines(const struct decode_in *in, struct text *out, struct text *why)
{
	const struct decoder *d = find(in->format);

	if (!d || !d->lines)
		return DECODED_NOT;
	return is_too_long(in, why) ? DECODED_WRONG : d->lines(in, out, why);
}

enum decoded
decode_json(const struct decode_in *in, json_t **value, struct text *why)
{
	const struct decoder *d = find(in->format);

	*value = NULL;
	if (!d)
		return DECODED_NOT;
	return is_too_long(in, why) ? DECODED_WRONG : d->json(in, value, why);
}

/* What a device says nothing about may be anything. */
static bool
is_unknown(int format)
{
	return format < 0 ||
	    format == COAP_MEDIATYPE_APPLICATION_OCTET_STREAM ||
	    !coapx_format_by_number((unsigned)format);
}

enum decoded
decode_diag(const struct decode_in *in, struct text *out, struct text *why)
{
	const struct decoder *d = find(in->format);
	bool known = d && d->cbor;

	if (!known && !is_unknown(in->format))
		return DECODED_NOT;
	if (is_too_long(in, why) || !check_cbor(in, known && d->sequence, why))
		return DECODED_WRONG;
	diag_print(out, in->data, in->len, DIAG_LINE, in->ascii);
	text_add_char(out, '\n', 1);
	return DECODED;
}

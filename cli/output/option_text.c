/* SPDX-License-Identifier: BSD-2-Clause */
/* Codes, Content-Formats and options as text. */
#include "cli/output/option_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/output/payload.h"

#define SZX_BERT 7

const char *
code_text(unsigned code, char buf[static CODE_TEXT_SIZE])
{
	snprintf(buf, CODE_TEXT_SIZE, "%u.%02u", code >> 5 & 7, code & 31);
	return buf;
}

void
code_text_named(struct text *out, unsigned code)
{
	const coapx_code_info_t *info = coapx_code_by_number(code);
	char buf[CODE_TEXT_SIZE];

	text_add(out, code_text(code, buf));
	if (info)
		text_addf(out, " %s", info->name);
}

/* --- Content-Formats ----------------------------------------------------- */

int
pdu_content_format(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;

	opt = coap_check_option(pdu, COAP_OPTION_CONTENT_FORMAT, &oi);
	if (!opt || coap_opt_length(opt) > 2)
		return -1;
	return (int)coap_decode_var_bytes(coap_opt_value(opt),
	    coap_opt_length(opt));
}

bool
pdu_retry_after(const coap_pdu_t *pdu, unsigned *seconds)
{
	coap_pdu_code_t code = coap_pdu_get_code(pdu);
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;

	if (code != COAP_RESPONSE_CODE_TOO_MANY_REQUESTS &&
	    code != COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE)
		return false;
	opt = coap_check_option(pdu, COAP_OPTION_MAXAGE, &oi);
	*seconds = COAP_DEFAULT_MAX_AGE;
	if (opt && coap_opt_length(opt) <= 4)
		*seconds = coap_decode_var_bytes(coap_opt_value(opt),
		    coap_opt_length(opt));
	else if (code == COAP_RESPONSE_CODE_SERVICE_UNAVAILABLE)
		return false;
	return true;
}

void
content_format_text(struct text *out, unsigned number, bool full)
{
	const coapx_format_info_t *info = coapx_format_by_number(number);

	if (!info) {
		text_addf(out, "%u", number);
		return;
	}
	text_add(out, info->media_type);
	if (full && info->parameters)
		text_addf(out, ";%s", info->parameters);
	if (info->coding)
		text_addf(out, ";coding=%s", info->coding);
}

static bool
ends_in(const char *s, const char *end)
{
	size_t n = strlen(s);
	size_t k = strlen(end);

	return n >= k && strcmp(s + n - k, end) == 0;
}

static bool
media_type_is_json(const char *type)
{
	return strcmp(type, "application/json") == 0 || ends_in(type, "+json");
}

bool
content_format_is_json(unsigned number)
{
	const coapx_format_info_t *info = coapx_format_by_number(number);

	return info && !info->coding && media_type_is_json(info->media_type);
}

bool
content_format_is_cbor(unsigned number)
{
	static const char *const types[] = { "application/cbor",
		"application/cwt", "application/cose", "application/cose-key",
		"application/cose-key-set", "application/multipart-core" };
	static const char *const suffixes[] = { "+cbor", "+cose", "+cwt" };
	const coapx_format_info_t *info = coapx_format_by_number(number);

	if (!info || info->coding)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(info->media_type, types[i]) == 0)
			return true;
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (ends_in(info->media_type, suffixes[i]))
			return true;
	return false;
}

bool
content_format_is_cbor_seq(unsigned number)
{
	const coapx_format_info_t *info = coapx_format_by_number(number);

	return info && !info->coding &&
	    (strcmp(info->media_type, "application/cbor-seq") == 0 ||
		ends_in(info->media_type, "+cbor-seq"));
}

bool
content_format_is_text(unsigned number)
{
	const coapx_format_info_t *info = coapx_format_by_number(number);

	if (!info || info->coding)
		return false;
	return strncmp(info->media_type, "text/", 5) == 0 ||
	    media_type_is_json(info->media_type) ||
	    ends_in(info->media_type, "/xml") ||
	    ends_in(info->media_type, "+xml") ||
	    number == COAP_MEDIATYPE_APPLICATION_LINK_FORMAT;
}

/* --- options ------------------------------------------------------------- */

void
pdu_each_option(const coap_pdu_t *pdu,
    void (*each)(void *arg, const struct option_view *option), void *arg)
{
	unsigned code = coap_pdu_get_code(pdu);
	struct option_view view;
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;

	if (!coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL))
		return;
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		view.number = oi.number;
		view.info = COAP_PDU_IS_SIGNALING(pdu)
		    ? coapx_signaling_option(code, oi.number)
		    : coapx_option_by_number(oi.number);
		view.value = coap_opt_value(opt);
		view.len = coap_opt_length(opt);
		each(arg, &view);
	}
}

bool
option_is_uint(const struct option_view *option)
{
	return option->info && option->info->format == COAPX_OPTION_UINT &&
	    option->len <= sizeof(uint64_t);
}

uint64_t
option_uint(const struct option_view *option)
{
	return coap_decode_var_bytes8(option->value, option->len);
}

static void
format_meaning(struct text *out, const struct option_view *option)
{
	content_format_text(out, (unsigned)option_uint(option), true);
}

/* number/more/size, as the examples of RFC 7959 write it. */
static void
block_meaning(struct text *out, const struct option_view *option)
{
	unsigned v = (unsigned)option_uint(option);
	unsigned szx = v & 7;

	text_addf(out, "%u/%u/", v >> 4, v >> 3 & 1);
	if (szx == SZX_BERT)
		text_add(out, "BERT");
	else
		text_addf(out, "%u", 16U << szx);
}

bool
option_meaning(struct text *out, const struct option_view *option)
{
	static const struct {
		unsigned number;
		size_t max;
		void (*add)(struct text *out, const struct option_view *option);
	} meanings[] = {
		{ COAP_OPTION_CONTENT_FORMAT, 2, format_meaning },
		{ COAP_OPTION_ACCEPT, 2, format_meaning },
		{ COAP_OPTION_Q_BLOCK1, 3, block_meaning },
		{ COAP_OPTION_BLOCK2, 3, block_meaning },
		{ COAP_OPTION_BLOCK1, 3, block_meaning },
		{ COAP_OPTION_Q_BLOCK2, 3, block_meaning },
	};
	size_t i;

	/* Signalling options share the numbers, not the meanings. */
	if (!option->info ||
	    option->info != coapx_option_by_number(option->number))
		return false;
	for (i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if (meanings[i].number == option->number)
			break;
	if (i == sizeof(meanings) / sizeof(*meanings) ||
	    option->len > meanings[i].max)
		return false;
	meanings[i].add(out, option);
	return true;
}

void
option_text(struct text *out, const struct option_view *option, bool ascii)
{
	const coapx_option_info_t *info = option->info;

	if (info)
		text_add(out, info->name);
	else
		text_addf(out, "%u", option->number);
	if (info && info->format == COAPX_OPTION_EMPTY && option->len == 0)
		return;
	text_add(out, ": ");
	if (option_meaning(out, option))
		return;
	if (option_is_uint(option)) {
		text_addf(out, "%" PRIu64, option_uint(option));
	} else if (info && info->format == COAPX_OPTION_STRING) {
		payload_escape(out, option->value, option->len, ESCAPE_LINE,
		    ascii);
	} else if (option->len > 0) {
		text_add(out, "0x");
		payload_hex(out, option->value, option->len);
	}
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A message as text for people. */
#include <stdio.h>

#include <coap3/coap_debug.h>
#include <coap3/coap_encode.h>
#include <coap3/coapx_registry.h>

#include "base/err.h"
#include "base/log.h"
#include "wire/pdu.h"

/* More bytes of a token or an opaque value, and of a payload, are counted, not
 * shown: a line stays readable, a log stays small. */
#define HEX_MAX  64
#define DATA_MAX 1024

#define DUMP_ROW 16

/* The longest text that coap_show_pdu() writes. */
#define SHOW_MAX ((size_t)1024 * 1024)

static int
put_hex(struct buf *out, const uint8_t *data, size_t len)
{
	size_t shown = len;
	int r = 0;

	if (shown > HEX_MAX)
		shown = HEX_MAX;
	for (size_t i = 0; i < shown && r == 0; i++)
		r = buf_printf(out, "%02x", data[i]);
	if (r == 0 && shown < len)
		r = buf_printf(out, "...(%zu bytes)", len);
	return r;
}

static bool
is_continuation(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * Bytes of the printable character at p: 1 for ASCII, 2 to 4 for well-formed
 * UTF-8 (RFC 3629), 0 for anything else and for control characters, U+0080 to
 * U+009F included.
 */
static size_t
printable(const uint8_t *p, size_t len)
{
	static const uint32_t least[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	uint32_t c;
	size_t n;

	if (p[0] < 0x80)
		return p[0] >= ' ' && p[0] != 0x7f;
	n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len < n)
		return 0;
	c = p[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (!is_continuation(p[i]))
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

/* Text with everything escaped that is not printable. */
static int
put_text(struct buf *out, const uint8_t *s, size_t len)
{
	size_t n;
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i += n) {
		n = printable(s + i, len - i);
		if (n > 0) {
			r = buf_append(out, s + i, n);
			continue;
		}
		n = 1;
		r = buf_printf(out, "\\x%02x", s[i]);
	}
	return r;
}

/* Values */

static int
put_opaque(struct buf *out, const uint8_t *value, size_t len)
{
	int r;

	r = buf_append(out, "0x", len > 0 ? 2 : 0);
	return r < 0 ? r : put_hex(out, value, len);
}

static int
put_uint(struct buf *out, const uint8_t *value, size_t len)
{
	if (len > 8)
		return put_opaque(out, value, len);
	return buf_printf(out, "%llu",
	    (unsigned long long)coap_decode_var_bytes8(value, len));
}

static int
put_content_format(struct buf *out, const uint8_t *value, size_t len)
{
	const coapx_format_info_t *info = NULL;
	int r;

	if (len <= 2)
		info =
		    coapx_format_by_number(coap_decode_var_bytes(value, len));
	if (!info)
		return put_uint(out, value, len);
	r = buf_printf(out, "%s", info->media_type);
	if (r == 0 && info->parameters)
		r = buf_printf(out, ";%s", info->parameters);
	if (r == 0 && info->coding)
		r = buf_printf(out, ";coding=%s", info->coding);
	return r;
}

/* number/more/size, as the examples of RFC 7959 write it. */
static int
put_block(struct buf *out, const uint8_t *value, size_t len)
{
	unsigned v, szx;

	if (len > 3)
		return put_opaque(out, value, len);
	v = coap_decode_var_bytes(value, len);
	szx = v & 7;
	if (szx == 7)
		return buf_printf(out, "%u/%u/BERT", v >> 4, v >> 3 & 1);
	return buf_printf(out, "%u/%u/%u", v >> 4, v >> 3 & 1, 16U << szx);
}

typedef int put_value_fn(struct buf *out, const uint8_t *value, size_t len);

/* How the value of an option is shown. */
static put_value_fn *
value_writer(const coapx_option_info_t *info, bool signaling)
{
	static put_value_fn *const by_format[] = {
		[COAPX_OPTION_EMPTY] = put_opaque,
		[COAPX_OPTION_OPAQUE] = put_opaque,
		[COAPX_OPTION_UINT] = put_uint,
		[COAPX_OPTION_STRING] = put_text,
	};
	static const struct {
		uint16_t number;
		put_value_fn *put;
	} special[] = {
		{ COAP_OPTION_CONTENT_FORMAT, put_content_format },
		{ COAP_OPTION_ACCEPT, put_content_format },
		{ COAP_OPTION_Q_BLOCK1, put_block },
		{ COAP_OPTION_BLOCK2, put_block },
		{ COAP_OPTION_BLOCK1, put_block },
		{ COAP_OPTION_Q_BLOCK2, put_block },
	};

	if (!info)
		return put_opaque;
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++) {
		if (!signaling && special[i].number == info->number)
			return special[i].put;
	}
	return by_format[info->format];
}

/* Parts of the first line */

static int
put_head(struct buf *out, const coap_pdu_t *pdu, enum framing framing)
{
	static const char types[][4] = { "CON", "NON", "ACK", "RST" };
	const coapx_code_info_t *info = coapx_code_by_number(pdu->code);
	int r = 0;

	if (framing == FRAMING_DATAGRAM)
		r = buf_printf(out, "%s ", types[pdu->type & 3]);
	if (r == 0)
		r = buf_printf(out, "%u.%02u", pdu->code >> 5, pdu->code & 31);
	if (r == 0 && info)
		r = buf_printf(out, " %s", info->name);
	if (r == 0 && framing == FRAMING_DATAGRAM)
		r = buf_printf(out, " mid=%u", pdu->mid);
	if (r == 0 && pdu->token_len > 0)
		r = buf_printf(out, " token=");
	if (r == 0)
		r = put_hex(out, pdu->token, pdu->token_len);
	return r;
}

static int
put_option(struct buf *out, const coap_pdu_t *pdu, unsigned number,
    const coap_opt_t *opt)
{
	bool signaling = COAP_PDU_IS_SIGNALING(pdu);
	const coapx_option_info_t *info;
	const uint8_t *value = coap_opt_value(opt);
	size_t len = coap_opt_length(opt);
	int r;

	info = signaling ? coapx_signaling_option(pdu->code, number)
			 : coapx_option_by_number(number);
	r = info ? buf_printf(out, "%s", info->name)
		 : buf_printf(out, "%u", number);
	if (r < 0 || (len == 0 && info && info->format == COAPX_OPTION_EMPTY))
		return r;
	r = buf_append_u8(out, ':');
	return r < 0 ? r : value_writer(info, signaling)(out, value, len);
}

static int
put_options(struct buf *out, const coap_pdu_t *pdu)
{
	const char *between = " [";
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	int r;

	if (!coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL))
		return 0;
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		r = buf_printf(out, "%s", between);
		if (r == 0)
			r = put_option(out, pdu, oi.number, opt);
		if (r < 0)
			return r;
		between = ", ";
	}
	if (oi.bad)
		return buf_printf(out, "%snot valid]", between);
	return buf_append_u8(out, ']');
}

/* The payload */

static bool
is_text(const uint8_t *s, size_t len)
{
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		n = s[i] == '\n' || s[i] == '\t' ? 1
						 : printable(s + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

/* Lines of text, each with a margin. */
static int
put_lines(struct buf *out, const uint8_t *s, size_t len)
{
	bool start = true;
	int r = 0;

	for (size_t i = 0; i < len && r == 0; i++) {
		if (start)
			r = buf_append(out, "\n    ", 5);
		start = s[i] == '\n';
		if (r == 0 && !start)
			r = buf_append_u8(out, s[i]);
	}
	return r;
}

/* Offset, 16 bytes in hex, the same as ASCII. */
static int
put_dump_row(struct buf *out, const uint8_t *data, size_t at, size_t len)
{
	int r;

	r = buf_printf(out, "\n    %04zx ", at);
	for (size_t i = 0; i < DUMP_ROW && r == 0; i++)
		r = i < len ? buf_printf(out, " %02x", data[at + i])
			    : buf_append(out, "   ", 3);
	if (r == 0)
		r = buf_append(out, "  ", 2);
	for (size_t i = 0; i < len && r == 0; i++)
		r = buf_append_u8(out,
		    data[at + i] >= ' ' && data[at + i] < 0x7f ? data[at + i]
							       : '.');
	return r;
}

static int
put_data(struct buf *out, const uint8_t *data, size_t len)
{
	size_t shown = len < DATA_MAX ? len : DATA_MAX;
	int r = 0;

	/* A cut may go through a character; then those before it decide. */
	while (
	    shown < len && shown > DATA_MAX - 3 && is_continuation(data[shown]))
		shown--;
	if (is_text(data, shown)) {
		r = put_lines(out, data, shown);
	} else {
		for (size_t at = 0; at < shown && r == 0; at += DUMP_ROW)
			r = put_dump_row(out, data, at,
			    shown - at < DUMP_ROW ? shown - at : DUMP_ROW);
	}
	if (r == 0 && shown < len)
		r = buf_printf(out, "\n    ...(%zu more bytes)", len - shown);
	return r;
}

int
pdu_print(const coap_pdu_t *pdu, enum framing framing, bool with_data,
    struct buf *out)
{
	size_t len = pdu_payload_len(pdu);
	int r;

	r = put_head(out, pdu, framing);
	if (r == 0)
		r = put_options(out, pdu);
	if (r == 0 && len > 0)
		r = buf_printf(out, " %zu byte%s", len, len == 1 ? "" : "s");
	if (r == 0 && len > 0 && with_data)
		r = put_data(out, pdu->data, len);
	return r;
}

/* One record in the log for each line. */
static void
log_lines(coap_log_t level, const char *text)
{
	size_t len;

	while (*text) {
		len = strcspn(text, "\n");
		coap_log(level, "%.*s", (int)len, text);
		text += len + (text[len] == '\n');
	}
}

void
coap_show_pdu(coap_log_t level, const coap_pdu_t *pdu)
{
	struct buf out;
	int r;

	if (!pdu || !log_wanted(level))
		return;
	buf_init(&out, SHOW_MAX);
	r = pdu_print(pdu, (enum framing)pdu->framing, log_pdu_data(), &out);
	if (r == 0)
		r = buf_append_u8(&out, '\0');
	if (r < 0)
		coap_log(level, "a message that cannot be shown: %s",
		    err_text(r));
	else if (log_pdu_to_stdio())
		fprintf(level <= COAP_LOG_CRIT ? stderr : stdout, "%s\n",
		    (const char *)out.data);
	else
		log_lines(level, (const char *)out.data);
	buf_free(&out);
}

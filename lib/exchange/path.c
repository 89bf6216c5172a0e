/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths of resources. */
#include "exchange/path.h"

#include "base/err.h"
#include "wire/uri.h"

/* One byte of a segment. */
static int
put_byte(struct buf *key, uint8_t byte)
{
	if (byte == '/')
		return buf_append(key, "%2F", 3);
	if (byte == '%')
		return buf_append(key, "%25", 3);
	return buf_append_u8(key, byte);
}

int
path_key_from_text(struct buf *key, const uint8_t *text, size_t len)
{
	const char *s = (const char *)text;
	size_t i;
	int byte;
	int r;

	for (i = 0; i < len; i++) {
		byte = s[i] == '%' ? uri_hex(s + i, len - i) : -1;
		if (s[i] == '/')
			r = buf_append_u8(key, '/');
		else
			r = put_byte(key, byte < 0 ? text[i] : (uint8_t)byte);
		if (r < 0)
			return r;
		if (byte >= 0)
			i += 2;
	}
	return 0;
}

static bool
is_dots(const uint8_t *s, size_t len)
{
	return (len == 1 && s[0] == '.') ||
	    (len == 2 && s[0] == '.' && s[1] == '.');
}

static int
put_segment(struct buf *key, const uint8_t *s, size_t len)
{
	size_t i;
	int r;

	if (is_dots(s, len))
		return -COAP_E_URI;
	for (i = 0; i < len; i++) {
		r = put_byte(key, s[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int
path_key_from_request(struct buf *key, const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;
	bool first = true;
	int r;

	opt = coap_check_option(request, COAP_OPTION_URI_PATH, &oi);
	for (; opt; opt = coap_option_next(&oi)) {
		r = first ? 0 : buf_append_u8(key, '/');
		if (r == 0)
			r = put_segment(key, coap_opt_value(opt),
			    coap_opt_length(opt));
		if (r < 0)
			return r;
		first = false;
	}
	return 0;
}

int
path_put_uri(struct buf *out, const uint8_t *key, size_t len)
{
	size_t i;
	int r;

	r = buf_append_u8(out, '/');
	for (i = 0; r == 0 && i < len; i++) {
		if (uri_is_char(key[i], URI_SEGMENT "/%"))
			r = buf_append_u8(out, key[i]);
		else
			r = buf_printf(out, "%%%02X", key[i]);
	}
	return r;
}

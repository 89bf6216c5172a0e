/* SPDX-License-Identifier: BSD-2-Clause */
/* One option on the wire, and the iterator over those of a message. */
#include <coap3/coap_encode.h>
#include <coap3/coap_option.h>
#include <coap3/coap_pdu.h>

#include "wire/option.h"
#include "wire/pdu.h"

#define NIBBLE_EXT8     13
#define NIBBLE_EXT16    14
#define NIBBLE_RESERVED 15
#define EXT8_BASE       13
#define EXT16_BASE      269

/* How many bytes follow the first one for a delta or length nibble. */
static size_t
ext_len(unsigned nibble)
{
	return nibble < NIBBLE_EXT8 ? 0 : nibble - NIBBLE_EXT8 + 1;
}

static uint32_t
ext_value(unsigned nibble, const uint8_t *ext)
{
	if (nibble < NIBBLE_EXT8)
		return nibble;
	if (nibble == NIBBLE_EXT8)
		return EXT8_BASE + ext[0];
	return EXT16_BASE + ((uint32_t)ext[0] << 8 | ext[1]);
}

/*
 * The numbers in the head of an option. Returns the bytes it takes, without
 * the value; 0 when len is too short or a nibble is reserved.
 */
static size_t
head_read(const uint8_t *opt, size_t len, uint32_t *delta, uint32_t *length)
{
	unsigned d, l;
	size_t d_ext, l_ext;

	if (!opt || len == 0)
		return 0;
	d = opt[0] >> 4;
	l = opt[0] & 15;
	if (d < NIBBLE_EXT8 && l < NIBBLE_EXT8) {
		*delta = d;
		*length = l;
		return 1;
	}
	if (d == NIBBLE_RESERVED || l == NIBBLE_RESERVED)
		return 0;
	d_ext = ext_len(d);
	l_ext = ext_len(l);
	if (len < 1 + d_ext + l_ext)
		return 0;
	*delta = ext_value(d, opt + 1);
	*length = ext_value(l, opt + 1 + d_ext);
	return 1 + d_ext + l_ext;
}

size_t
option_read(const uint8_t *opt, size_t len, coap_option_t *result)
{
	uint32_t delta, length;
	size_t head;

	head = head_read(opt, len, &delta, &length);
	if (head == 0 || length > len - head || delta > UINT16_MAX)
		return 0;
	result->delta = (uint16_t)delta;
	result->length = length;
	result->value = opt + head;
	return head + length;
}

size_t
coap_opt_parse(const coap_opt_t *opt, size_t length, coap_option_t *result)
{
	coap_option_t ignored;

	return option_read(opt, length, result ? result : &ignored);
}

size_t
coap_opt_size(const coap_opt_t *opt)
{
	coap_option_t option;

	return option_read(opt, SIZE_MAX, &option);
}

uint32_t
coap_opt_length(const coap_opt_t *opt)
{
	coap_option_t option;

	return option_read(opt, SIZE_MAX, &option) ? (uint32_t)option.length
						   : 0;
}

const uint8_t *
coap_opt_value(const coap_opt_t *opt)
{
	coap_option_t option;

	return option_read(opt, SIZE_MAX, &option) ? option.value : NULL;
}

/* Writes the extra bytes of one number at ext; returns its nibble. */
static uint8_t
ext_put(uint8_t *ext, uint32_t value)
{
	if (value < EXT8_BASE)
		return (uint8_t)value;
	if (value < EXT16_BASE) {
		ext[0] = (uint8_t)(value - EXT8_BASE);
		return NIBBLE_EXT8;
	}
	ext[0] = (uint8_t)((value - EXT16_BASE) >> 8);
	ext[1] = (uint8_t)(value - EXT16_BASE);
	return NIBBLE_EXT16;
}

static size_t
ext_size(size_t value)
{
	return (value >= EXT8_BASE) + (size_t)(value >= EXT16_BASE);
}

size_t
coap_opt_setheader(coap_opt_t *opt, size_t maxlen, uint16_t delta,
    size_t length)
{
	size_t d_ext = ext_size(delta);
	size_t size = 1 + d_ext + ext_size(length);
	uint8_t d, l;

	if (!opt || length > OPTION_EXT_MAX || size > maxlen)
		return 0;
	d = ext_put(opt + 1, delta);
	l = ext_put(opt + 1 + d_ext, (uint32_t)length);
	opt[0] = (uint8_t)(d << 4 | l);
	return size;
}

size_t
coap_opt_encode_size(uint16_t delta, size_t length)
{
	return 1 + ext_size(delta) + ext_size(length) + length;
}

size_t
coap_opt_encode(coap_opt_t *opt, size_t n, uint16_t delta, const uint8_t *val,
    size_t length)
{
	size_t head;

	head = coap_opt_setheader(opt, n, delta, length);
	if (head == 0 || length > n - head)
		return 0;
	if (val && length > 0)
		memcpy(opt + head, val, length);
	return head + length;
}

/* The iterator */

coap_opt_iterator_t *
coap_option_iterator_init(const coap_pdu_t *pdu, coap_opt_iterator_t *oi,
    const coap_opt_filter_t *filter)
{
	size_t len;

	if (!oi)
		return NULL;
	memset(oi, 0, sizeof(*oi));
	if (!pdu || !pdu_options(pdu, &len) || len == 0) {
		oi->bad = 1;
		return NULL;
	}
	oi->next_option = pdu->token + pdu->token_len;
	oi->length = len;
	if (filter) {
		oi->filter = *filter;
		oi->filtered = 1;
	}
	return oi;
}

/* Steps over one option; NULL at the end, at the marker and after an error. */
static coap_opt_t *
iterator_step(coap_opt_iterator_t *oi)
{
	coap_opt_t *opt = oi->next_option;
	coap_option_t option;
	size_t size;

	if (oi->bad || oi->length == 0 || *opt == COAP_PAYLOAD_START)
		return NULL;
	size = option_read(opt, oi->length, &option);
	if (size == 0 || option.delta > UINT16_MAX - oi->number) {
		oi->bad = 1;
		return NULL;
	}
	oi->next_option += size;
	oi->length -= size;
	oi->number = (coap_option_num_t)(oi->number + option.delta);
	return opt;
}

coap_opt_t *
coap_option_next(coap_opt_iterator_t *oi)
{
	coap_opt_t *opt = NULL;

	if (!oi)
		return NULL;
	do
		opt = iterator_step(oi);
	while (opt && oi->filtered &&
	    !coap_option_filter_get(&oi->filter, oi->number));
	return opt;
}

bool
pdu_find_option(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_option_t *option)
{
	size_t len, size;
	const uint8_t *at;
	uint32_t found = 0;

	if (pdu_lacks(pdu, number))
		return false;
	for (at = pdu_options(pdu, &len); len > 0; at += size, len -= size) {
		size = option_read(at, len, option);
		if (size == 0)
			return false;
		found += option->delta;
		if (found >= number)
			return found == number;
	}
	return false;
}

bool
pdu_has_value(const coap_pdu_t *pdu, coap_option_num_t number,
    const coap_option_t *option)
{
	coap_opt_filter_t only;
	coap_opt_iterator_t oi;
	const coap_opt_t *opt;

	coap_option_filter_clear(&only);
	coap_option_filter_set(&only, number);
	coap_option_iterator_init(pdu, &oi, &only);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (coap_opt_length(opt) == option->length &&
		    (option->length == 0 ||
			memcmp(coap_opt_value(opt), option->value,
			    option->length) == 0))
			return true;
	}
	return false;
}

int64_t
pdu_option_uint(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_option_t option;

	return pdu_find_option(pdu, number, &option)
	    ? (int64_t)coap_decode_var_bytes(option.value, option.length)
	    : -1;
}

coap_opt_t *
coap_check_option(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_opt_iterator_t *oi)
{
	coap_opt_t *opt;

	if (pdu && oi && pdu_lacks(pdu, number)) {
		memset(oi, 0, sizeof(*oi));
		oi->bad = 1;
		return NULL;
	}
	if (!coap_option_iterator_init(pdu, oi, COAP_OPT_ALL))
		return NULL;
	do
		opt = iterator_step(oi);
	while (opt && oi->number < number);
	/* The next one is another of this number. */
	coap_option_filter_set(&oi->filter, number);
	oi->filtered = 1;
	return opt && oi->number == number ? opt : NULL;
}

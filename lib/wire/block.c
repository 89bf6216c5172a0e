/* SPDX-License-Identifier: BSD-2-Clause */
/* Block options, and the parts of a body that they name (RFC 7959). */
#include "wire/block.h"

#include <coap3/coap_encode.h>

#include "base/hash.h"
#include "wire/pdu.h"

#define BLOCK_NUM_MAX   0xFFFFFu /* 20 bits */
#define BLOCK_VALUE_MAX 3
#define BERT_SZX        7
#define BERT_UNIT       1024u

static size_t
min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t
block_size(unsigned int szx)
{
	return (size_t)1 << (szx + 4);
}

/* Where the block begins; 64 bits hold it for any number and size. */
static uint64_t
block_start(uint64_t num, unsigned int szx)
{
	return num << (szx + 4);
}

size_t
block_room(const coap_pdu_t *pdu, size_t option_size)
{
	size_t taken = pdu->used + option_size + 1;

	if (pdu->data != NULL || taken >= pdu->max)
		return 0;
	return pdu->max - taken;
}

/* Reading */

unsigned int
coap_opt_block_num(const coap_opt_t *block_opt)
{
	uint32_t len;

	if (block_opt == NULL)
		return 0;
	len = coap_opt_length(block_opt);
	if (len > BLOCK_VALUE_MAX)
		return 0;
	return coap_decode_var_bytes(coap_opt_value(block_opt), len) >> 4;
}

int
block_read(const coap_pdu_t *pdu, coap_option_num_t number, bool bert,
    coap_block_b_t *block)
{
	coap_option_t option;
	unsigned int value;

	memset(block, 0, sizeof(*block));
	if (!pdu_find_option(pdu, number, &option) ||
	    option.length > BLOCK_VALUE_MAX)
		return 0;
	value = coap_decode_var_bytes(option.value, option.length);
	if ((value & 7) == BERT_SZX && !bert)
		return 0;
	block->num = value >> 4;
	block->m = (value >> 3) & 1;
	block->aszx = value & 7;
	block->bert = block->aszx == BERT_SZX;
	block->szx = block->bert ? COAP_MAX_BLOCK_SZX : value & 7;
	block->defined = 1;
	block->chunk_size = (uint32_t)block_size(block->szx);
	return 1;
}

int
coap_get_block(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_t *block)
{
	coap_block_b_t found;
	int ok;

	if (block == NULL)
		return 0;
	memset(block, 0, sizeof(*block));
	if (pdu == NULL)
		return 0;
	ok = block_read(pdu, number, false, &found);
	block->num = found.num;
	block->m = found.m;
	block->szx = found.szx;
	return ok;
}

/* Writing */

static unsigned int
block_value(const coap_block_b_t *block)
{
	return block->num << 4 | (unsigned int)block->m << 3 | block->aszx;
}

static size_t
option_size(const coap_pdu_t *pdu, coap_option_num_t number,
    const coap_block_b_t *block)
{
	uint8_t value[4];
	unsigned int len =
	    coap_encode_var_safe(value, sizeof(value), block_value(block));
	uint16_t last = pdu->last_option;

	return coap_opt_encode_size(number > last ? number - last : number,
	    len);
}

/*
 * Whether the block, or what is left of the body, fits; sets m and chunk_size.
 * With m set the option is longest, so its room is measured that way.
 */
static bool
block_fits(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_b_t *block, size_t rest)
{
	size_t room;
	size_t full;

	block->aszx = block->bert ? BERT_SZX : block->szx;
	block->m = 1;
	room = block_room(pdu, option_size(pdu, number, block));
	full = block->bert ? room - room % BERT_UNIT : block_size(block->szx);
	if (rest <= room && (block->bert || rest <= full)) {
		block->m = 0;
		block->chunk_size = (uint32_t)rest;
		return true;
	}
	block->chunk_size = (uint32_t)full;
	return full > 0 && full <= room;
}

/* The next smaller size for the same place in the body. */
static bool
block_shrink(coap_block_b_t *block)
{
	if (block->bert) {
		block->bert = 0;
		return true;
	}
	if (block->szx == 0 || block->num > BLOCK_NUM_MAX / 2)
		return false;
	block->szx--;
	block->num *= 2;
	return true;
}

int
block_write(coap_pdu_t *pdu, coap_option_num_t number, coap_block_b_t *block,
    size_t data_length)
{
	coap_block_b_t b = *block;
	uint64_t start = block_start(b.num, b.szx);
	uint8_t value[4];
	unsigned int len;

	if (b.szx > COAP_MAX_BLOCK_SZX)
		return BLOCK_ERR_ARG;
	if (b.num > BLOCK_NUM_MAX || (start > 0 && start >= data_length))
		return BLOCK_ERR_NUM;
	while (!block_fits(pdu, number, &b, data_length - (size_t)start)) {
		if (!block_shrink(&b))
			return BLOCK_ERR_ROOM;
	}
	len = coap_encode_var_safe(value, sizeof(value), block_value(&b));
	if (coap_add_option(pdu, number, len, value) == 0)
		return BLOCK_ERR_ROOM;
	b.defined = 1;
	*block = b;
	return 1;
}

int
coap_write_block_opt(coap_block_t *block, coap_option_num_t number,
    coap_pdu_t *pdu, size_t data_length)
{
	coap_block_b_t b = { 0 };
	int result;

	if (block == NULL || pdu == NULL)
		return BLOCK_ERR_ARG;
	b.num = block->num;
	b.szx = block->szx;
	result = block_write(pdu, number, &b, data_length);
	if (result != 1)
		return result;
	block->num = b.num;
	block->m = b.m;
	block->szx = b.szx;
	return 1;
}

/* Parts of a body */

int
coap_add_block(coap_pdu_t *pdu, size_t len, const uint8_t *data,
    unsigned int block_num, unsigned char block_szx)
{
	uint64_t start = block_start(block_num, block_szx & 7);

	if (pdu == NULL || data == NULL || block_szx > COAP_MAX_BLOCK_SZX ||
	    start >= len)
		return 0;
	return coap_add_data(pdu,
	    min_size(len - (size_t)start, block_size(block_szx)), data + start);
}

int
coap_add_block_b_data(coap_pdu_t *pdu, size_t len, const uint8_t *data,
    coap_block_b_t *block)
{
	uint64_t start;
	size_t room;
	size_t chunk;

	if (pdu == NULL || data == NULL || block == NULL ||
	    block->szx > COAP_MAX_BLOCK_SZX)
		return 0;
	start = block_start(block->num, block->szx);
	if (start >= len)
		return 0;
	chunk = block_size(block->szx);
	if (block->bert) {
		room = block_room(pdu, 0);
		chunk = len - (size_t)start <= room ? room
						    : room - room % BERT_UNIT;
	}
	chunk = min_size(chunk, len - (size_t)start);
	block->chunk_size = (uint32_t)chunk;
	return chunk > 0 && coap_add_data(pdu, chunk, data + start);
}

coap_binary_t *
coap_block_build_body(coap_binary_t *body_data, size_t length,
    const uint8_t *data, size_t offset, size_t total)
{
	size_t need = offset + length;
	coap_binary_t *body = body_data;

	if (need < offset || (length > 0 && data == NULL))
		goto fail;
	if (need < total)
		need = total;
	/* What is added is zeros. */
	if (body == NULL || need > body->length)
		body = coap_resize_binary(body, need);
	if (body == NULL)
		goto fail;
	if (length > 0)
		memcpy(body->s + offset, data, length);
	return body;
fail:
	coap_delete_binary(body_data);
	return NULL;
}

/* A response of which the request names the part */

uint64_t
block_etag(const uint8_t *data, size_t length)
{
	uint64_t hash = hash_quick(0, data, length);

	return hash != 0 ? hash : 1;
}

int
block_add_uint(coap_pdu_t *pdu, coap_option_num_t number, uint64_t value)
{
	uint8_t buf[8];
	unsigned int len = coap_encode_var_safe8(buf, sizeof(buf), value);

	return coap_add_option(pdu, number, len, buf) > 0;
}

bool
block_add_size(coap_pdu_t *pdu, coap_option_num_t number, uint64_t size)
{
	return size > UINT32_MAX || block_add_uint(pdu, number, size);
}

int
block_add_body_options(coap_pdu_t *response, uint16_t media_type, int maxage,
    uint64_t etag)
{
	return (etag == 0 ||
		   block_add_uint(response, COAP_OPTION_ETAG, etag)) &&
	    block_add_uint(response, COAP_OPTION_CONTENT_FORMAT, media_type) &&
	    (maxage < 0 ||
		block_add_uint(response, COAP_OPTION_MAXAGE, (uint64_t)maxage));
}

/* The part that the request asks for; the first when it asks for none. 1 or 0:
 * the option is reserved, too long, or behind the end. */
static int
requested_block(const coap_pdu_t *request, size_t length, coap_block_t *block)
{
	if (!coap_get_block(request, COAP_OPTION_BLOCK2, block))
		return 0;
	return block->num == 0 || block_start(block->num, block->szx) < length;
}

static int
add_part(coap_pdu_t *response, bool asked, coap_block_t *block, size_t length,
    const uint8_t *data)
{
	bool fits = length <= block_room(response, 0);

	if (!asked && fits)
		return coap_add_data(response, length, data);
	/* RFC 7959 section 4 wants the size once, with the first part. */
	if (block->num == 0 && (!fits || length > block_size(block->szx)) &&
	    !block_add_size(response, COAP_OPTION_SIZE2, length))
		return 0;
	if (coap_write_block_opt(block, COAP_OPTION_BLOCK2, response, length) !=
	    1)
		return 0;
	return length == 0 ||
	    coap_add_block(response, length, data, block->num, block->szx);
}

void
coap_add_data_blocked_response(const coap_pdu_t *request, coap_pdu_t *response,
    uint16_t media_type, int maxage, size_t length, const uint8_t *data)
{
	coap_block_t block = { .szx = COAP_MAX_BLOCK_SZX };
	coap_opt_iterator_t oi;
	bool asked;

	if (request == NULL || response == NULL || (length > 0 && data == NULL))
		return;
	asked = coap_check_option(request, COAP_OPTION_BLOCK2, &oi) != NULL;
	if (asked && !requested_block(request, length, &block)) {
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_BAD_REQUEST);
		return;
	}
	if (coap_pdu_get_code(response) == COAP_EMPTY_CODE)
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (!block_add_body_options(response, media_type, maxage,
		block_etag(data, length)) ||
	    !add_part(response, asked, &block, length, data))
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
}

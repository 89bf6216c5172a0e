/* SPDX-License-Identifier: BSD-2-Clause */
/* A message in memory: its life, putting it together, and what is in it. */
#include <coap3/coap_debug.h>
#include <coap3/coap_mem.h>
#include <coap3/coapx_registry.h>

#include "base/err.h"
#include "wire/frame.h"
#include "wire/option.h"
#include "wire/pdu.h"

/* Small messages fit into the block that comes with the struct. */
#define INLINE_CAP 128
/* A block of its own has at least this size, and grows by doubling. */
#define FIRST_CAP 512

coap_pdu_t *
pdu_new(coap_pdu_type_t type, unsigned code, uint16_t mid, size_t max)
{
	size_t cap = max < INLINE_CAP ? max : INLINE_CAP;
	coap_pdu_t *pdu;

	pdu = coap_malloc_type(COAP_PDU, sizeof(*pdu) + PDU_HEADROOM + cap);
	if (!pdu)
		return NULL;
	memset(pdu, 0, sizeof(*pdu));
	pdu->type = (uint8_t)type;
	pdu->code = (uint8_t)code;
	pdu->mid = mid;
	pdu->block = pdu->room;
	pdu->token = pdu->block + PDU_HEADROOM;
	pdu->cap = cap;
	pdu->max = max < PDU_MAX_SIZE ? max : PDU_MAX_SIZE;
	pdu->refs = 1;
	pdu->absent = UINT64_MAX;
	return pdu;
}

coap_pdu_t *
pdu_ref(coap_pdu_t *pdu)
{
	pdu->refs++;
	return pdu;
}

void
pdu_clear(coap_pdu_t *pdu)
{
	pdu->used = 0;
	pdu->token_len = 0;
	pdu->last_option = 0;
	pdu->absent = UINT64_MAX;
	pdu->data = NULL;
	pdu->parsed = false;
	pdu->fresh = false;
}

coap_pdu_t *
coap_pdu_init(coap_pdu_type_t type, coap_pdu_code_t code, coap_mid_t mid,
    size_t size)
{
	if ((unsigned)type > COAP_MESSAGE_RST || (unsigned)code > UINT8_MAX ||
	    mid < 0 || mid > UINT16_MAX)
		return NULL;
	return pdu_new(type, code, (uint16_t)mid, size);
}

void
coap_delete_pdu(coap_pdu_t *pdu)
{
	if (!pdu || --pdu->refs > 0)
		return;
	if (pdu->app_free)
		pdu->app_free(pdu->app);
	if (pdu->block != pdu->room)
		coap_free_type(COAP_PDU_BUF, pdu->block);
	coap_free_type(COAP_PDU, pdu);
}

/* Moves the content into a block of its own with room for cap bytes. */
static int
set_cap(coap_pdu_t *pdu, size_t cap)
{
	size_t data_at = pdu->data ? (size_t)(pdu->data - pdu->token) : 0;
	uint8_t *block;

	block = coap_realloc_type(COAP_PDU_BUF,
	    pdu->block == pdu->room ? NULL : pdu->block, PDU_HEADROOM + cap);
	if (!block)
		return -COAP_E_NOMEM;
	if (pdu->block == pdu->room && pdu->used > 0)
		memcpy(block + PDU_HEADROOM, pdu->token, pdu->used);
	pdu->block = block;
	pdu->token = block + PDU_HEADROOM;
	pdu->cap = cap;
	if (pdu->data)
		pdu->data = pdu->token + data_at;
	return 0;
}

int
pdu_reserve(coap_pdu_t *pdu, size_t n)
{
	size_t need, cap;

	if (pdu->used > pdu->max || n > pdu->max - pdu->used)
		return -COAP_E_TOOBIG;
	need = pdu->used + n;
	if (need <= pdu->cap)
		return 0;
	cap = pdu->cap < FIRST_CAP / 2 ? FIRST_CAP : 2 * pdu->cap;
	if (cap < need)
		cap = need;
	return set_cap(pdu, cap < pdu->max ? cap : pdu->max);
}

/* Room for n more bytes, for the public functions; says why when there is
 * none. */
static bool
make_room(coap_pdu_t *pdu, const char *what, size_t n)
{
	int r;

	r = pdu_reserve(pdu, n);
	if (r < 0)
		coap_log_warn("%s of %zu bytes, %zu of %zu are used: %s", what,
		    n, pdu->used, pdu->max, err_text(r));
	return r == 0;
}

int
coap_add_token(coap_pdu_t *pdu, size_t len, const uint8_t *data)
{
	if (!pdu || len > COAP_TOKEN_EXT_MAX || (len > 0 && !data))
		return 0;
	if (pdu->used > 0) {
		coap_log_warn("the token comes first in a message");
		return 0;
	}
	if (!make_room(pdu, "token", len))
		return 0;
	if (len > 0)
		memcpy(pdu->token, data, len);
	pdu->used = len;
	pdu->token_len = (uint32_t)len;
	return 1;
}

/* Bytes of the head of an option. */
static size_t
head_size(uint16_t delta, size_t len)
{
	return coap_opt_encode_size(delta, len) - len;
}

/* Where an option goes in: behind all whose number is not larger. */
struct place {
	size_t at;      /* offset from the token */
	uint16_t delta; /* of the new option */
	/* The option that is there now and counts from the new one then, with
	 * the size of its head before and after; all 0 at the end. */
	uint16_t next_delta;
	size_t next_len;
	size_t old_head;
	size_t new_head;
};

static bool
find_place(const coap_pdu_t *pdu, uint16_t number, struct place *place)
{
	uint16_t delta = number;
	coap_option_t next;
	size_t size;

	memset(place, 0, sizeof(*place));
	if (number >= pdu->last_option) {
		place->at = pdu->used;
		place->delta = (uint16_t)(number - pdu->last_option);
		return true;
	}
	place->at = pdu->token_len;
	for (;;) {
		size = option_read(pdu->token + place->at,
		    pdu->used - place->at, &next);
		if (size == 0)
			return false;
		if (next.delta > delta)
			break;
		delta = (uint16_t)(delta - next.delta);
		place->at += size;
	}
	place->delta = delta;
	place->next_delta = (uint16_t)(next.delta - delta);
	place->next_len = next.length;
	place->old_head = size - next.length;
	place->new_head = head_size(place->next_delta, next.length);
	return true;
}

/* Opens a gap of size bytes, and writes the head of the option behind it. */
static void
open_gap(coap_pdu_t *pdu, const struct place *place, size_t size)
{
	uint8_t *at = pdu->token + place->at;
	uint8_t *tail = at + place->old_head;

	if (place->old_head > 0) {
		memmove(at + size + place->new_head, tail,
		    (size_t)(pdu->token + pdu->used - tail));
		coap_opt_setheader(at + size, place->new_head,
		    place->next_delta, place->next_len);
	}
	pdu->used += size + place->new_head - place->old_head;
}

size_t
coap_add_option(coap_pdu_t *pdu, coap_option_num_t number, size_t len,
    const uint8_t *data)
{
	struct place place;
	size_t size;

	if (!pdu || len > OPTION_EXT_MAX || (len > 0 && !data))
		return 0;
	if (pdu->data) {
		coap_log_warn("option %u comes behind the payload", number);
		return 0;
	}
	if (!find_place(pdu, number, &place))
		return 0;
	/* The head behind gets shorter by no more than what is put in. */
	size = coap_opt_encode_size(place.delta, len);
	if (!make_room(pdu, "option", size + place.new_head - place.old_head))
		return 0;
	open_gap(pdu, &place, size);
	coap_opt_encode(pdu->token + place.at, size, place.delta, data, len);
	if (number > pdu->last_option)
		pdu->last_option = number;
	if (number < 64)
		pdu->absent &= ~((uint64_t)1 << number);
	return size;
}

/* Takes out the option at offset at, which is one; before: the number of the
 * one in front of it. */
static void
cut_option(coap_pdu_t *pdu, size_t at, size_t end, uint16_t before)
{
	uint8_t *to = pdu->token + at;
	coap_option_t gone, next;
	size_t size = option_read(to, end - at, &gone);
	size_t next_size = option_read(to + size, end - at - size, &next);
	uint16_t delta;
	size_t cut = size;

	if (next_size > 0) {
		/* The joined head is never longer than both were. */
		delta = (uint16_t)(gone.delta + next.delta);
		cut = size + (next_size - next.length) -
		    head_size(delta, next.length);
		coap_opt_setheader(to + cut, head_size(delta, next.length),
		    delta, next.length);
	} else {
		pdu->last_option = before;
	}
	memmove(to, to + cut, pdu->used - at - cut);
	pdu->used -= cut;
	if (pdu->data)
		pdu->data -= cut;
}

void
pdu_remove_option(coap_pdu_t *pdu, coap_option_num_t number)
{
	size_t at = pdu->token_len;
	uint16_t before = 0;
	coap_option_t option;
	size_t len, end, size;

	for (;;) {
		pdu_options(pdu, &len);
		end = pdu->token_len + len;
		size = at < end
		    ? option_read(pdu->token + at, end - at, &option)
		    : 0;
		if (size == 0 || before + option.delta > number)
			return;
		if (before + option.delta == number) {
			cut_option(pdu, at, end, before);
			continue;
		}
		before = (uint16_t)(before + option.delta);
		at += size;
	}
}

/* The marker, and room for a payload; what is in it is left undefined. */
static uint8_t *
add_payload(coap_pdu_t *pdu, size_t len)
{
	if (pdu->data) {
		coap_log_warn("the message has a payload already");
		return NULL;
	}
	if (len > PDU_MAX_SIZE || !make_room(pdu, "payload", len + 1))
		return NULL;
	pdu->token[pdu->used] = COAP_PAYLOAD_START;
	pdu->data = pdu->token + pdu->used + 1;
	pdu->used += len + 1;
	return pdu->data;
}

int
coap_add_data(coap_pdu_t *pdu, size_t len, const uint8_t *data)
{
	uint8_t *to;

	if (!pdu || (len > 0 && !data))
		return 0;
	if (len == 0)
		return 1;
	to = add_payload(pdu, len);
	if (!to)
		return 0;
	memcpy(to, data, len);
	return 1;
}

uint8_t *
coap_add_data_after(coap_pdu_t *pdu, size_t len)
{
	uint8_t *to;

	if (!pdu || len == 0)
		return NULL;
	to = add_payload(pdu, len);
	if (to)
		memset(to, 0, len);
	return to;
}

/* Whether all options of old can go into pdu as they are. */
static bool
can_copy_all(const coap_pdu_t *pdu, const coap_pdu_t *old,
    const coap_opt_filter_t *drop)
{
	return pdu->used == pdu->token_len &&
	    (!drop || !filter_meets(drop, old));
}

static bool
copy_all(coap_pdu_t *pdu, const coap_pdu_t *old)
{
	size_t len;
	const uint8_t *options = pdu_options(old, &len);

	if (!make_room(pdu, "options", len))
		return false;
	if (len > 0)
		memcpy(pdu->token + pdu->used, options, len);
	pdu->used += len;
	pdu->last_option = old->last_option;
	pdu->absent = old->absent;
	return true;
}

bool
pdu_copy_options(coap_pdu_t *pdu, const coap_pdu_t *old,
    coap_opt_filter_t *drop)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	if (can_copy_all(pdu, old, drop))
		return copy_all(pdu, old);
	coap_option_iterator_init(old, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (coap_option_filter_get(drop, oi.number))
			continue;
		if (coap_add_option(pdu, oi.number, coap_opt_length(opt),
			coap_opt_value(opt)) == 0)
			return false;
	}
	return true;
}

coap_pdu_t *
pdu_duplicate(const coap_pdu_t *old, uint16_t mid, size_t max, size_t token_len,
    const uint8_t *token, coap_opt_filter_t *drop)
{
	coap_pdu_t *pdu;

	if (!old)
		return NULL;
	pdu = pdu_new(old->type, old->code, mid, max);
	if (!pdu)
		return NULL;
	pdu->framing = old->framing;
	if (coap_add_token(pdu, token_len, token) &&
	    pdu_copy_options(pdu, old, drop))
		return pdu;
	coap_delete_pdu(pdu);
	return NULL;
}

int
pdu_encode(coap_pdu_t *pdu, enum framing framing, const uint8_t **out,
    size_t *len)
{
	size_t head;

	if (pdu->token_len > COAP_TOKEN_EXT_MAX || pdu->token_len > pdu->used)
		return -COAP_E_INVAL;
	if (framing == FRAMING_DATAGRAM && pdu->code == COAP_EMPTY_CODE &&
	    pdu->used > 0)
		return -COAP_E_INVAL;
	if (pdu->used > PDU_MAX_SIZE)
		return -COAP_E_TOOBIG;
	pdu->framing = (uint8_t)framing;
	head = frame_write(framing, pdu);
	*out = pdu->token - head;
	*len = head + pdu->used;
	return 0;
}

/* What is in it */

const uint8_t *
pdu_options(const coap_pdu_t *pdu, size_t *len)
{
	const uint8_t *at, *end;

	*len = 0;
	if (!pdu->token || pdu->token_len > pdu->used)
		return NULL;
	at = pdu->token + pdu->token_len;
	end = pdu->token + pdu->used;
	if (pdu->data && pdu->data > at && pdu->data <= end)
		end = pdu->data - 1;
	*len = (size_t)(end - at);
	return at;
}

size_t
pdu_payload_len(const coap_pdu_t *pdu)
{
	if (!pdu->data)
		return 0;
	return pdu->used - (size_t)(pdu->data - pdu->token);
}

int
coap_get_data(const coap_pdu_t *pdu, size_t *len, const uint8_t **data)
{
	size_t offset, total;

	return coap_get_data_large(pdu, len, data, &offset, &total);
}

int
coap_get_data_large(const coap_pdu_t *pdu, size_t *len, const uint8_t **data,
    size_t *offset, size_t *total)
{
	const struct pdu_body *body = pdu ? pdu->body : NULL;

	*len = pdu ? pdu_payload_len(pdu) : 0;
	*data = *len > 0 ? pdu->data : NULL;
	*offset = 0;
	*total = *len;
	if (body) {
		*len = body->length;
		*data = *len > 0 ? body->data : NULL;
		*offset = body->offset;
		*total = body->total;
	}
	return *len > 0;
}

coap_pdu_code_t
coap_pdu_get_code(const coap_pdu_t *pdu)
{
	return pdu ? (coap_pdu_code_t)pdu->code : COAP_EMPTY_CODE;
}

void
coap_pdu_set_code(coap_pdu_t *pdu, coap_pdu_code_t code)
{
	if (pdu)
		pdu->code = (uint8_t)code;
}

coap_pdu_type_t
coap_pdu_get_type(const coap_pdu_t *pdu)
{
	return pdu ? (coap_pdu_type_t)pdu->type : COAP_MESSAGE_CON;
}

void
coap_pdu_set_type(coap_pdu_t *pdu, coap_pdu_type_t type)
{
	if (pdu)
		pdu->type = type & 3;
}

coap_bin_const_t
coap_pdu_get_token(const coap_pdu_t *pdu)
{
	coap_bin_const_t token = { 0, NULL };

	if (pdu && pdu->token) {
		token.length = pdu->token_len;
		token.s = pdu->token;
	}
	return token;
}

coap_mid_t
coap_pdu_get_mid(const coap_pdu_t *pdu)
{
	return pdu ? pdu->mid : COAP_INVALID_MID;
}

void
coap_pdu_set_mid(coap_pdu_t *pdu, coap_mid_t mid)
{
	if (pdu)
		pdu->mid = (uint16_t)mid;
}

const char *
coap_response_phrase(unsigned char code)
{
	const coapx_code_info_t *info = NULL;

	if (COAP_RESPONSE_CLASS(code) >= 2 && COAP_RESPONSE_CLASS(code) <= 5)
		info = coapx_code_by_number(code);
	return info ? info->name : NULL;
}

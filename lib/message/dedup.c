/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which messages of the peer were here before, RFC 7252 section 4.5, and what
 * a CON among them was answered. A fast peer is through its 65536 ids in
 * seconds, long before EXCHANGE_LIFETIME is over, so an id alone is no proof: a
 * message with other bytes is a new one.
 */

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "base/hash.h"
#include "message/dgram_internal.h"
#include "wire/block.h"
#include "wire/pdu.h"

/* Replies up to this size are kept in the entry. */
#define REPLY_INLINE 56
/* So many are looked at for one that may go before others lose their reply. */
#define ROOM_STEPS 128

enum reply {
	REPLY_NONE,
	REPLY_EMPTY_ACK,
	REPLY_EMPTY_RST,
	REPLY_BYTES,
	REPLY_PDU,
};

struct dgram_seen {
	struct mid_node node; /* in dgram.in */
	struct dgram_seen *prev;
	struct dgram_seen *next; /* in order of arrival */
	coap_tick_t until;
	uint64_t hash;
	uint32_t len; /* of the message, header not counted */
	uint8_t type;
	bool once;     /* may not be done twice */
	uint8_t reply; /* enum reply */
	uint8_t reply_len;
	coap_pdu_t *reply_pdu; /* a reference */
	uint8_t reply_bytes[REPLY_INLINE];
};

/*
 * Of the whole message. A peer that finds two messages with one hash can only
 * make us drop a message of its own.
 */
static uint64_t
hash_message(const coap_pdu_t *pdu)
{
	uint64_t head = (uint64_t)pdu->mid << 48 | (uint64_t)pdu->type << 40 |
	    (uint64_t)pdu->code << 32 | pdu->token_len;

	return hash_quick(head, pdu->token, pdu->used);
}

static struct dgram_seen *
find_mid(const struct dgram *d, uint16_t mid)
{
	return (struct dgram_seen *)mids_find(&d->in, mid);
}

static size_t
pdu_memory(const coap_pdu_t *pdu)
{
	return sizeof(*pdu) + PDU_HEADROOM + pdu->cap;
}

static void
drop_reply(struct dgram *d, struct dgram_seen *seen)
{
	if (seen->reply == REPLY_PDU) {
		d->seen_bytes -= (uint32_t)pdu_memory(seen->reply_pdu);
		coap_delete_pdu(seen->reply_pdu);
	}
	seen->reply = REPLY_NONE;
}

/* Takes it out of the lists, without its reply; the memory stays. */
static void
unlink_seen(struct dgram *d, struct dgram_seen *seen)
{
	drop_reply(d, seen);
	mids_remove(&d->in, &seen->node);
	DL_DELETE(d->oldest, seen);
}

static void
drop(struct dgram *d, struct dgram_seen *seen)
{
	unlink_seen(d, seen);
	coap_free_type(COAP_NODE, seen);
}

struct dgram_seen *
dedup_find(const struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_seen *seen = find_mid(d, pdu->mid);

	if (!seen || seen->until <= now || seen->len != pdu->used ||
	    seen->hash != hash_message(pdu))
		return NULL;
	return seen;
}

/* Whether a message may not be done twice (RFC 7252 section 4.5): methods that
 * are not idempotent, but for those that ask for another block of an answer. */
static bool
is_once(const coap_pdu_t *pdu)
{
	coap_block_b_t block;

	if (pdu->code != COAP_REQUEST_CODE_POST &&
	    pdu->code != COAP_REQUEST_CODE_PATCH)
		return false;
	return !block_read(pdu, COAP_OPTION_BLOCK2, false, &block) ||
	    block.num == 0;
}

/* An entry to fill: the one with that id, the oldest when there are too many,
 * or a new one. */
static struct dgram_seen *
make_entry(struct dgram *d, uint16_t mid)
{
	struct dgram_seen *seen = find_mid(d, mid);

	if (!seen && d->in.count >= DGRAM_DEDUP_MAX)
		seen = d->oldest;
	if (!seen)
		return coap_malloc_type(COAP_NODE, sizeof(*seen));
	unlink_seen(d, seen);
	return seen;
}

int
dedup_add(struct dgram *d, const coap_pdu_t *pdu, coap_tick_t now)
{
	struct dgram_seen *seen;
	int r;

	seen = make_entry(d, pdu->mid);
	if (!seen)
		return -COAP_E_NOMEM;
	seen->node.mid = pdu->mid;
	r = mids_add(&d->in, &seen->node);
	if (r < 0) {
		coap_free_type(COAP_NODE, seen);
		return r;
	}
	seen->until = now +
	    (pdu->type == COAP_MESSAGE_CON ? msg_exchange_lifetime(d->params)
					   : msg_non_lifetime(d->params));
	seen->hash = hash_message(pdu);
	seen->len = (uint32_t)pdu->used;
	seen->type = pdu->type;
	seen->once = is_once(pdu);
	seen->reply = REPLY_NONE;
	DL_APPEND(d->oldest, seen);
	return 0;
}

/* Takes the oldest away, or what it was answered, or puts it behind the others:
 * what may not be done twice is remembered, with its reply as long as others
 * can go. */
static void
make_room(struct dgram *d, const struct dgram_seen *keep, bool with_once)
{
	struct dgram_seen *oldest = d->oldest;

	if (oldest != keep && !oldest->once) {
		drop(d, oldest);
		return;
	}
	if (oldest != keep && with_once && oldest->reply == REPLY_PDU)
		drop_reply(d, oldest);
	DL_DELETE(d->oldest, oldest);
	DL_APPEND(d->oldest, oldest);
}

/* Until the replies fit; the one at hand stays. */
static void
enforce_bytes(struct dgram *d, const struct dgram_seen *keep)
{
	uint32_t n = d->in.count;
	uint32_t i;

	for (i = 0; d->seen_bytes > DGRAM_DEDUP_BYTES && i < ROOM_STEPS + n;
	     i++)
		make_room(d, keep, i >= ROOM_STEPS);
}

void
dedup_set_reply(struct dgram *d, unsigned type, uint16_t mid, coap_pdu_t *pdu)
{
	struct dgram_seen *seen = find_mid(d, mid);
	const uint8_t *bytes;
	size_t len;

	if (!seen || seen->type != COAP_MESSAGE_CON)
		return;
	if (pdu && pdu_encode(pdu, FRAMING_DATAGRAM, &bytes, &len) < 0)
		return;
	drop_reply(d, seen);
	if (!pdu) {
		seen->reply = type == COAP_MESSAGE_ACK ? REPLY_EMPTY_ACK
						       : REPLY_EMPTY_RST;
	} else if (len <= REPLY_INLINE) {
		memcpy(seen->reply_bytes, bytes, len);
		seen->reply_len = (uint8_t)len;
		seen->reply = REPLY_BYTES;
	} else {
		seen->reply_pdu = pdu_ref(pdu);
		seen->reply = REPLY_PDU;
		d->seen_bytes += (uint32_t)pdu_memory(pdu);
		enforce_bytes(d, seen);
	}
}

void
dedup_repeat(struct dgram *d, const struct dgram_seen *seen)
{
	uint8_t copy[REPLY_INLINE];

	switch ((enum reply)seen->reply) {
	case REPLY_NONE:
		break;
	case REPLY_EMPTY_ACK:
		empty_send(d, COAP_MESSAGE_ACK, seen->node.mid);
		break;
	case REPLY_EMPTY_RST:
		empty_send(d, COAP_MESSAGE_RST, seen->node.mid);
		break;
	case REPLY_BYTES:
		/* The entry may end while the bytes are being sent. */
		memcpy(copy, seen->reply_bytes, seen->reply_len);
		d->ops->transmit(d->user, copy, seen->reply_len);
		break;
	case REPLY_PDU:
		pdu_send(d, seen->reply_pdu);
		break;
	}
}

void
dedup_expire(struct dgram *d, coap_tick_t now)
{
	while (d->oldest && d->oldest->until <= now)
		drop(d, d->oldest);
}

coap_tick_t
dedup_next(const struct dgram *d)
{
	return d->oldest ? d->oldest->until : TIMER_NEVER;
}

void
dedup_clear(struct dgram *d)
{
	while (d->oldest)
		drop(d, d->oldest);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages over reliable transports: from bytes to messages and back. */

#include "message/stream.h"

#include "base/err.h"
#include "message/stream_internal.h"
#include "wire/pdu.h"

void
stream_init(struct stream *s, enum framing framing, uint32_t max_size,
    uint32_t max_token, const struct stream_ops *ops, void *user)
{
	memset(s, 0, sizeof(*s));
	s->ops = ops;
	s->user = user;
	s->framing = framing;
	s->max_size = max_size;
	s->max_token = max_token;
	s->peer_max_size = STREAM_PEER_MAX_SIZE;
	s->peer_max_token = COAP_TOKEN_DEFAULT_MAX;
	s->csm_deadline = TIMER_NEVER;
	buf_init(&s->parked, STREAM_PARKED_MAX);
}

/* The message that has begun to come, if any, will not be one. */
static void
drop_input(struct stream *s)
{
	coap_delete_pdu(s->in);
	s->in = NULL;
	s->head_len = 0;
}

void
stream_free(struct stream *s)
{
	drop_input(s);
	buf_free(&s->parked);
}

int
stream_start(struct stream *s, coap_tick_t now, coap_tick_t csm_timeout)
{
	int r;

	if (s->ended)
		return -COAP_E_CLOSED;
	r = csm_send(s);
	if (r < 0 || s->started)
		return r;
	s->started = true;
	if (csm_timeout > 0 && csm_timeout < TIMER_NEVER - now)
		s->csm_deadline = now + csm_timeout;
	return 0;
}

coap_tick_t
stream_next(const struct stream *s)
{
	return s->ready || s->ended ? TIMER_NEVER : s->csm_deadline;
}

void
stream_timer(struct stream *s, coap_tick_t now)
{
	if (now < stream_next(s) || stream_next(s) == TIMER_NEVER)
		return;
	s->ready = true;
	s->ops->ready(s->user, NULL);
}

/* The end */

void
stream_stop(struct stream *s)
{
	s->ended = true;
	drop_input(s);
	buf_free(&s->parked);
}

void
stream_end(struct stream *s, int err, const coap_pdu_t *pdu)
{
	if (s->ended)
		return;
	s->ended = true;
	drop_input(s);
	buf_free(&s->parked);
	s->ops->ended(s->user, err, pdu);
}

/* Aborts with a reason for the peer, and tells the owner. pdu may be NULL. */
static void
stream_fail(struct stream *s, int err, const char *diagnostic,
    const coap_pdu_t *pdu)
{
	if (s->ended)
		return;
	stream_abort(s, diagnostic, 0);
	s->ops->ended(s->user, err, pdu);
}

/* Out */

int
message_send(struct stream *s, coap_pdu_t *pdu)
{
	const uint8_t *data;
	size_t len;
	int r;

	r = pdu_encode(pdu, s->framing, &data, &len);
	if (r < 0)
		return r;
	return s->ops->transmit(s->user, data, len);
}

int
stream_send(struct stream *s, coap_pdu_t *pdu)
{
	const uint8_t *data;
	size_t len;
	int r;

	if (s->ended || (s->peer_released && COAP_PDU_IS_REQUEST(pdu)))
		return -COAP_E_CLOSED;
	if (!s->started)
		return -COAP_E_STATE;
	if (COAP_PDU_IS_SIGNALING(pdu))
		return -COAP_E_INVAL;
	/* A response has the token that the peer chose. */
	if (COAP_PDU_IS_REQUEST(pdu) && pdu->token_len > s->peer_max_token)
		return -COAP_E_TOOBIG;
	r = pdu_encode(pdu, s->framing, &data, &len);
	if (r < 0)
		return r;
	if (len > s->peer_max_size)
		return -COAP_E_TOOBIG;
	return s->ops->transmit(s->user, data, len);
}

/* In */

static void
dispatch(struct stream *s, const coap_pdu_t *pdu)
{
	if (pdu->code == COAP_EMPTY_CODE)
		return;
	if (!s->ready && pdu->code != COAP_SIGNALING_CODE_CSM &&
	    pdu->code != COAP_SIGNALING_CODE_ABORT) {
		stream_fail(s, -COAP_E_NO_CSM,
		    "A CSM must be the first message", pdu);
		return;
	}
	if (s->peer_released && COAP_PDU_IS_REQUEST(pdu))
		return;
	if (COAP_PDU_IS_SIGNALING(pdu))
		signal_input(s, pdu);
	else if (COAP_RESPONSE_CLASS(pdu->code) != 1 &&
	    COAP_RESPONSE_CLASS(pdu->code) != 6)
		s->ops->deliver(s->user, pdu);
}

/* What is wrong with the peer's bytes, in words for the peer. */
static void
refuse(struct stream *s, int err)
{
	if (err == -COAP_E_TOOBIG)
		stream_fail(s, -COAP_E_PEER_TOOBIG,
		    "Message over Max-Message-Size", NULL);
	else if (err == -COAP_E_NOMEM)
		stream_fail(s, err, "Out of memory", NULL);
	else
		stream_fail(s, err, "Not a valid message", NULL);
}

/* The end of a message, decoded or not; takes the caller's reference. */
static void
take_decoded(struct stream *s, coap_pdu_t *pdu, int r)
{
	if (r < 0)
		refuse(s, r);
	else
		dispatch(s, pdu);
	coap_delete_pdu(pdu);
}

/* One whole message. */
static void
take_message(struct stream *s, const uint8_t *data, size_t len)
{
	coap_pdu_t *pdu;
	int r;

	pdu = pdu_new(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, len);
	r = pdu ? pdu_decode(pdu, s->framing, s->max_token, data, len)
		: -COAP_E_NOMEM;
	take_decoded(s, pdu, r);
}

/* One that came in parts. It is forgotten before anybody hears of it. */
static void
take_filled(struct stream *s)
{
	coap_pdu_t *pdu = s->in;
	int r;

	r = pdu_decode_filled(pdu, s->framing, s->max_token, s->head,
	    s->head_len);
	s->in = NULL;
	s->head_len = 0;
	take_decoded(s, pdu, r);
}

/* How long the message is that begins at data. 0 with *total 0 when that cannot
 * be seen yet. */
static int
message_size(const struct stream *s, const uint8_t *data, size_t len,
    size_t *total)
{
	int r;

	*total = 0;
	r = frame_stream_size(data, len, total);
	if (r < 0)
		return r;
	return r == 1 && *total > s->max_size ? -COAP_E_TOOBIG : 0;
}

/* The header, byte by byte, until it has said how much follows. Returns the
 * bytes taken, or an error. */
static ssize_t
fill_head(struct stream *s, const uint8_t *data, size_t len)
{
	size_t total = 0, used = 0;
	int r;

	while (used < len && total == 0) {
		s->head[s->head_len++] = data[used++];
		r = message_size(s, s->head, s->head_len, &total);
		if (r < 0)
			return r;
	}
	if (total == 0)
		return (ssize_t)used;
	s->in =
	    pdu_new(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, total - s->head_len);
	return s->in ? (ssize_t)used : -COAP_E_NOMEM;
}

/* What follows the header: as fill_head(). Room is made for what is there, not
 * for what is promised, unless that is little more. */
static ssize_t
fill_rest(struct stream *s, const uint8_t *data, size_t len)
{
	coap_pdu_t *pdu = s->in;
	size_t left = pdu->max - pdu->used;
	size_t n = len < left ? len : left;
	int r;

	r = pdu_reserve(pdu, left / 2 > n ? n : left);
	if (r < 0)
		return r;
	if (n > 0)
		memcpy(pdu->token + pdu->used, data, n);
	pdu->used += n;
	return (ssize_t)n;
}

/* Bytes of a message that does not come whole: the number taken, or an error.
 */
static ssize_t
input_part(struct stream *s, const uint8_t *data, size_t len)
{
	ssize_t used = 0;
	ssize_t n;

	if (!s->in) {
		used = fill_head(s, data, len);
		if (used < 0 || !s->in)
			return used;
	}
	n = fill_rest(s, data + used, len - (size_t)used);
	if (n < 0)
		return n;
	if (s->in->used == s->in->max)
		take_filled(s);
	return used + n;
}

/* Bytes that begin with a message: as input_rest(). */
static ssize_t
input_begin(struct stream *s, const uint8_t *data, size_t len)
{
	size_t total;
	int r;

	r = message_size(s, data, len, &total);
	if (r < 0)
		return r;
	if (total == 0 || total > len)
		return input_part(s, data, len);
	take_message(s, data, total);
	return (ssize_t)total;
}

/* The rest waits for stream_resume(). */
static void
park(struct stream *s, const uint8_t *data, size_t len)
{
	int r = buf_append(&s->parked, data, len);

	if (r < 0)
		refuse(s, r);
}

void
stream_input(struct stream *s, const uint8_t *data, size_t len, coap_tick_t now)
{
	ssize_t used;

	stream_timer(s, now);
	if (s->framing == FRAMING_WS && !s->ended) {
		if (len > s->max_size)
			refuse(s, -COAP_E_TOOBIG);
		else
			take_message(s, data, len);
		return;
	}
	while (len > 0 && !s->ended && !s->held) {
		used = s->head_len > 0 ? input_part(s, data, len)
				       : input_begin(s, data, len);
		if (used < 0) {
			refuse(s, (int)used);
			return;
		}
		data += used;
		len -= (size_t)used;
	}
	if (len > 0 && !s->ended)
		park(s, data, len);
}

void
stream_hold(struct stream *s)
{
	s->held = true;
}

void
stream_resume(struct stream *s, coap_tick_t now)
{
	struct buf parked = s->parked;

	s->held = false;
	buf_init(&s->parked, STREAM_PARKED_MAX);
	/* Of nothing a frame would be made. */
	if (parked.len > 0)
		stream_input(s, parked.data, parked.len, now);
	buf_free(&parked);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The walk over WebSocket frames, RFC 6455 section 5.2. */
#include "wire/ws_frame.h"

#define BIT_FIN    0x80
#define BITS_RSV   0x70
#define BIT_MASKED 0x80

/* The opcodes, and what each is. */
enum {
	OP_MORE = 0x0,
	OP_TEXT = 0x1,
	OP_BINARY = 0x2,
	OP_CLOSE = 0x8,
	OP_PING = 0x9,
	OP_PONG = 0xa,
};

#define IS_CONTROL(op) ((op)&0x8)
#define CONTROL_MAX    125
#define LENGTH_16      126
#define LENGTH_64      127

void
ws_walk_init(struct ws_walk *w, bool masked, size_t max)
{
	*w = (struct ws_walk){ .masked = masked, .max = max };
}

static void
fault(struct ws_walk *w, enum ws_close code, const char *why)
{
	w->fault = code;
	w->why = why;
}

static unsigned
opcode(const struct ws_walk *w)
{
	return w->head[0] & 0xfU;
}

/* The first byte of a header. */
static void
check_first(struct ws_walk *w)
{
	unsigned op = opcode(w);
	bool fin = w->head[0] & BIT_FIN;

	if (w->head[0] & BITS_RSV)
		fault(w, WS_CLOSE_PROTOCOL, "a reserved bit is set");
	else if (op > OP_PONG || (op > OP_BINARY && op < OP_CLOSE))
		fault(w, WS_CLOSE_PROTOCOL, "an unknown opcode");
	else if (op == OP_TEXT)
		fault(w, WS_CLOSE_TYPE, "a text frame");
	else if (op == OP_MORE && !w->partial)
		fault(w, WS_CLOSE_PROTOCOL, "a fragment of no message");
	else if (op == OP_BINARY && w->partial)
		fault(w, WS_CLOSE_PROTOCOL, "a message inside another");
	else if (IS_CONTROL(op) && !fin)
		fault(w, WS_CLOSE_PROTOCOL, "a control frame in fragments");
}

/* The second byte. */
static void
check_second(struct ws_walk *w)
{
	unsigned length = w->head[1] & 0x7fU;

	if (!(w->head[1] & BIT_MASKED) == w->masked)
		fault(w, WS_CLOSE_PROTOCOL,
		    w->masked ? "a frame without a mask" : "a masked frame");
	else if (IS_CONTROL(opcode(w)) && length > CONTROL_MAX)
		fault(w, WS_CLOSE_PROTOCOL, "a control frame too long");
	else if (opcode(w) == OP_CLOSE && length == 1)
		fault(w, WS_CLOSE_PROTOCOL, "half a close code");
}

/* How many bytes of the length follow the second byte. */
static unsigned
length_size(const struct ws_walk *w)
{
	unsigned length = w->head[1] & 0x7fU;

	if (length == LENGTH_16)
		return 2;
	return length == LENGTH_64 ? 8 : 0;
}

/* The length is complete: it must be in its shortest form, and fit. */
static void
check_length(struct ws_walk *w)
{
	unsigned size = length_size(w);
	uint64_t length = size > 0 ? 0 : w->head[1] & 0x7fU;
	unsigned i;

	for (i = 0; i < size; i++)
		length = length << 8 | w->head[2 + i];
	w->left = length;
	if (IS_CONTROL(opcode(w)))
		return;
	if ((size == 2 && length <= CONTROL_MAX) ||
	    (size == 8 && length <= UINT16_MAX))
		fault(w, WS_CLOSE_PROTOCOL, "a length in the wrong form");
	else if (length > w->max - w->message)
		fault(w, WS_CLOSE_TOOBIG, "a message too long");
	else
		w->message += (size_t)length;
}

/* The frame has ended. */
static void
end_frame(struct ws_walk *w)
{
	unsigned op = opcode(w);

	w->head_len = 0;
	w->at = 0;
	w->control |= op == OP_CLOSE || op == OP_PING;
	w->closed = op == OP_CLOSE;
	if (IS_CONTROL(op))
		return;
	w->partial = !(w->head[0] & BIT_FIN);
	if (!w->partial)
		w->message = 0;
}

static unsigned
head_size(const struct ws_walk *w)
{
	return 2 + length_size(w) + (w->masked ? 4 : 0);
}

/* One byte of a header; false when it is a fault. */
static bool
take_head(struct ws_walk *w, uint8_t byte)
{
	w->head[w->head_len++] = byte;
	if (w->head_len == 1)
		check_first(w);
	if (w->head_len == 2)
		check_second(w);
	if (w->head_len == 3 && length_size(w) == 8 && byte & 0x80)
		fault(w, WS_CLOSE_PROTOCOL, "a negative length");
	if (w->fault == 0 && w->head_len >= 2 &&
	    w->head_len == 2 + length_size(w))
		check_length(w);
	return w->fault == 0;
}

static bool
head_done(const struct ws_walk *w)
{
	return w->head_len >= 2 && w->head_len == head_size(w);
}

/* The payload of a Close frame begins with its code. */
static void
take_close(struct ws_walk *w, const uint8_t *data, size_t len)
{
	const uint8_t *mask = w->head + head_size(w) - 4;
	size_t i;

	for (i = 0; i < len && w->at < 2; i++, w->at++) {
		uint8_t byte = w->masked ? data[i] ^ mask[w->at] : data[i];

		w->close_code = w->close_code << 8 | byte;
	}
}

size_t
ws_walk(struct ws_walk *w, const uint8_t *data, size_t len)
{
	size_t i = 0;
	size_t n;

	while (i < len && w->fault == 0 && !w->closed) {
		if (!head_done(w)) {
			if (!take_head(w, data[i]))
				break;
			i++;
		} else {
			n = len - i < w->left ? len - i : (size_t)w->left;
			if (opcode(w) == OP_CLOSE)
				take_close(w, data + i, n);
			w->left -= n;
			i += n;
		}
		if (head_done(w) && w->left == 0)
			end_frame(w);
	}
	return i;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A layer in memory below the WebSocket layer, and bytes for it. */
#include "ws_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#define BELOW_MAX ((size_t)256 * 1024 * 1024)

coap_tick_t ws_now = 1000;

static struct ws_shared *shared;

struct ws_shared **
ws_shared_slot(void)
{
	return &shared;
}

int
ws_missing(void)
{
	if (ws_engine_name())
		return 0;
	printf("1..0 # SKIP this build has no WebSocket\n");
	return 1;
}

/* --- the layer below ------------------------------------------------------ */

static struct ws_below *
below_of(struct layer *l)
{
	return (struct ws_below *)l;
}

static int
below_connect(struct layer *l)
{
	return below_of(l)->connect_err;
}

static ssize_t
below_recv(struct layer *l, void *data, size_t size)
{
	struct ws_below *b = below_of(l);
	size_t n = b->in.len < size ? b->in.len : size;

	if (b->in.len == 0) {
		if (b->recv_err < 0)
			return b->recv_err;
		return b->eof ? 0 : -COAP_E_AGAIN;
	}
	if (b->piece > 0 && n > b->piece)
		n = b->piece;
	memcpy(data, b->in.data, n);
	buf_consume(&b->in, n);
	return (ssize_t)n;
}

static int
below_send(struct layer *l, const void *data, size_t len)
{
	struct ws_below *b = below_of(l);

	if (b->send_err < 0)
		return b->send_err;
	if (b->closes > 0)
		return -COAP_E_CLOSED;
	if (b->out.len >= b->room)
		return -COAP_E_AGAIN;
	b->sends++;
	return buf_append(&b->out, data, len);
}

static void
below_close(struct layer *l)
{
	below_of(l)->closes++;
}

static void
below_destroy(struct layer *l)
{
	below_of(l)->destroyed = true;
}

static size_t
below_backlog(const struct layer *l)
{
	(void)l;
	return 7;
}

static void
below_want_read(struct layer *l, bool on)
{
	below_of(l)->paused = !on;
}

static const struct layer_ops below_ops = {
	.name = "below",
	.connect = below_connect,
	.recv = below_recv,
	.send = below_send,
	.close = below_close,
	.destroy = below_destroy,
	.backlog = below_backlog,
	.want_read = below_want_read,
};

void
ws_below_init(struct ws_below *b)
{
	memset(b, 0, sizeof *b);
	b->layer.ops = &below_ops;
	b->room = SIZE_MAX;
	buf_init(&b->in, BELOW_MAX);
	buf_init(&b->out, BELOW_MAX);
}

void
ws_below_free(struct ws_below *b)
{
	buf_free(&b->in);
	buf_free(&b->out);
}

void
ws_below_feed(struct ws_below *b, const void *data, size_t len)
{
	assert_int_equal(buf_append(&b->in, data, len), 0);
}

void
ws_below_say(struct ws_below *b, const char *text)
{
	ws_below_feed(b, text, strlen(text));
}

bool
ws_below_move(struct ws_below *from, struct ws_below *to, size_t n)
{
	if (n > from->out.len)
		n = from->out.len;
	if (n == 0)
		return false;
	ws_below_feed(to, from->out.data, n);
	buf_consume(&from->out, n);
	return true;
}

/* --- ends ----------------------------------------------------------------- */

static coap_tick_t
clock_now(void *user)
{
	(void)user;
	return ws_now;
}

int
ws_try_open(struct ws_end *e, bool server, size_t max_message)
{
	struct layer_ws_params p = {
		.server = server,
		.shared = &shared,
		.host = "[::1]:8080",
		.max_message = max_message,
		.now = clock_now,
	};

	ws_below_init(&e->below);
	e->layer = NULL;
	return layer_ws_new(&e->below.layer, &p, &e->layer);
}

void
ws_end_open(struct ws_end *e, bool server)
{
	assert_int_equal(ws_try_open(e, server, (size_t)8 << 20), 0);
}

void
ws_end_free(struct ws_end *e)
{
	layer_free(e->layer);
	e->layer = NULL;
	assert_true(e->below.destroyed);
	ws_below_free(&e->below);
}

void
ws_pair_move(struct ws_end *a, struct ws_end *b)
{
	bool moved;

	do {
		moved = ws_below_move(&a->below, &b->below, SIZE_MAX);
		moved |= ws_below_move(&b->below, &a->below, SIZE_MAX);
	} while (moved);
}

void
ws_pair_open(struct ws_end *client, struct ws_end *server)
{
	ws_end_open(client, false);
	ws_end_open(server, true);
	assert_int_equal(layer_connect(client->layer), -COAP_E_AGAIN);
	ws_pair_move(client, server);
	assert_int_equal(layer_connect(server->layer), 0);
	ws_pair_move(client, server);
	assert_int_equal(layer_connect(client->layer), 0);
	client->below.sends = 0;
	server->below.sends = 0;
}

/* --- handshakes ----------------------------------------------------------- */

static void
say_lines(struct ws_end *e, const char *const *lines, const char *begins,
    const char *text)
{
	const char *line;

	for (; *lines; lines++) {
		line = *lines;
		if (begins && strncmp(line, begins, strlen(begins)) == 0)
			line = text;
		if (!line)
			continue;
		ws_below_say(&e->below, line);
		ws_below_say(&e->below, "\r\n");
	}
	ws_below_say(&e->below, "\r\n");
}

void
ws_request(struct ws_end *e, const char *begins, const char *text)
{
	static const char *const lines[] = {
		"GET /.well-known/coap HTTP/1.1",
		"Host: example.net",
		"Upgrade: websocket",
		"Connection: Upgrade",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
		"Sec-WebSocket-Protocol: coap",
		"Sec-WebSocket-Version: 13",
		NULL,
	};

	say_lines(e, lines, begins, text);
}

void
ws_server_open(struct ws_end *e)
{
	ws_end_open(e, true);
	ws_request(e, NULL, NULL);
	assert_int_equal(layer_connect(e->layer), 0);
	buf_clear(&e->below.out);
	e->below.sends = 0;
}

/* SHA-1 (RFC 3174) of a short text, for Sec-WebSocket-Accept. */
static uint32_t
rotate(uint32_t v, unsigned n)
{
	return v << n | v >> (32 - n);
}

static void
sha1_block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], v[5], f, k, t;
	unsigned i;

	for (i = 0; i < 16; i++)
		w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 |
		    (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
	for (; i < 80; i++)
		w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	memcpy(v, h, sizeof v);
	for (i = 0; i < 80; i++) {
		if (i < 20) {
			f = (v[1] & v[2]) | (~v[1] & v[3]);
			k = 0x5A827999;
		} else if (i < 40 || i >= 60) {
			f = v[1] ^ v[2] ^ v[3];
			k = i < 40 ? 0x6ED9EBA1 : 0xCA62C1D6;
		} else {
			f = (v[1] & v[2]) | (v[1] & v[3]) | (v[2] & v[3]);
			k = 0x8F1BBCDC;
		}
		t = rotate(v[0], 5) + f + v[4] + k + w[i];
		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate(v[1], 30);
		v[1] = v[0];
		v[0] = t;
	}
	for (i = 0; i < 5; i++)
		h[i] += v[i];
}

static void
sha1(const char *text, uint8_t digest[20])
{
	uint32_t h[5] = { 0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476,
		0xC3D2E1F0 };
	uint8_t data[128] = { 0 };
	size_t len = strlen(text);
	unsigned i;

	assert_true(len >= 56 && len < 119);
	memcpy(data, text, len);
	data[len] = 0x80;
	data[126] = (uint8_t)(len * 8 >> 8);
	data[127] = (uint8_t)(len * 8);
	sha1_block(h, data);
	sha1_block(h, data + 64);
	for (i = 0; i < 20; i++)
		digest[i] = (uint8_t)(h[i / 4] >> (24 - 8 * (i % 4)));
}

static void
base64(const uint8_t *data, size_t len, char *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	for (i = 0; i < len; i += 3) {
		uint32_t v = (uint32_t)data[i] << 16 |
		    (uint32_t)(i + 1 < len ? data[i + 1] : 0) << 8 |
		    (i + 2 < len ? data[i + 2] : 0);

		*text++ = digits[v >> 18];
		*text++ = digits[v >> 12 & 63];
		*text++ = i + 1 < len ? digits[v >> 6 & 63] : '=';
		*text++ = i + 2 < len ? digits[v & 63] : '=';
	}
	*text = '\0';
}

void
ws_response(struct ws_end *e, const char *begins, const char *text)
{
	static const char name[] = "Sec-WebSocket-Key: ";
	char accept[64] = "Sec-WebSocket-Accept: ";
	const char *lines[] = {
		"HTTP/1.1 101 Switching Protocols",
		"Upgrade: websocket",
		"Connection: Upgrade",
		accept,
		"Sec-WebSocket-Protocol: coap",
		NULL,
	};
	uint8_t digest[20];
	char all[80];
	char *key;

	assert_int_equal(buf_append_u8(&e->below.out, 0), 0);
	key = strstr((char *)e->below.out.data, name);
	assert_non_null(key);
	snprintf(all, sizeof all, "%.24s258EAFA5-E914-47DA-95CA-C5AB0DC85B11",
	    key + sizeof name - 1);
	sha1(all, digest);
	base64(digest, sizeof digest, accept + strlen(accept));
	buf_clear(&e->below.out);
	say_lines(e, lines, begins, text);
}

void
ws_client_open(struct ws_end *e)
{
	ws_end_open(e, false);
	assert_int_equal(layer_connect(e->layer), -COAP_E_AGAIN);
	ws_response(e, NULL, NULL);
	assert_int_equal(layer_connect(e->layer), 0);
	e->below.sends = 0;
}

/* --- frames --------------------------------------------------------------- */

void
ws_frame(struct ws_end *e, bool mask, uint8_t first, const void *data,
    size_t len)
{
	static const uint8_t key[4] = { 0x12, 0x00, 0xa5, 0xff };
	uint8_t head[14] = { first };
	size_t n = 2;
	size_t i;
	unsigned bytes = len < 126 ? 0 : len < 65536 ? 2 : 8;

	head[1] = (uint8_t)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (i = 0; i < bytes; i++)
		head[n++] = (uint8_t)((uint64_t)len >> 8 * (bytes - 1 - i));
	if (mask) {
		head[1] |= 0x80;
		memcpy(head + n, key, 4);
		n += 4;
	}
	ws_below_feed(&e->below, head, n);
	ws_below_feed(&e->below, data, len);
	for (i = 0; mask && i < len; i++)
		e->below.in.data[e->below.in.len - len + i] ^= key[i % 4];
}

bool
ws_sent(struct ws_end *e, uint8_t *first, void *data, size_t size, size_t *len)
{
	const uint8_t *p = e->below.out.data;
	uint64_t n;
	size_t head = 2;
	size_t i;

	if (e->below.out.len < 2)
		return false;
	*first = p[0];
	n = p[1] & 0x7f;
	if (n >= 126) {
		unsigned bytes = n == 126 ? 2 : 8;

		for (n = 0, i = 0; i < bytes; i++)
			n = n << 8 | p[head++];
	}
	if (p[1] & 0x80)
		head += 4;
	assert_true(e->below.out.len >= head + n);
	*len = (size_t)n;
	for (i = 0; i < n && i < size; i++)
		((uint8_t *)data)[i] = p[1] & 0x80
		    ? p[head + i] ^ p[head - 4 + i % 4]
		    : p[head + i];
	buf_consume(&e->below.out, head + (size_t)n);
	return true;
}

void
ws_assert_sent_close(struct ws_end *e, unsigned code)
{
	uint8_t first = 0;
	uint8_t data[128] = { 0 };
	size_t len = 0;

	assert_true(ws_sent(e, &first, data, sizeof data, &len));
	assert_int_equal(first, 0x88);
	assert_int_equal(len, 2);
	assert_int_equal(data[0] << 8 | data[1], code);
}

void
ws_assert_message(struct ws_end *e, const void *data, size_t len)
{
	const uint8_t *message = NULL;

	assert_int_equal(layer_message(e->layer, &message), len);
	assert_memory_equal(message, data, len);
}

void
ws_assert_says(struct ws_end *e, int r)
{
	const uint8_t *message = NULL;

	assert_int_equal(layer_message(e->layer, &message), r);
}

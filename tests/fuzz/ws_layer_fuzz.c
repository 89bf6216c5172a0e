/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The WebSocket layer, with its engine, under any bytes. The first byte says
 * which end gets them, and whether the two have done their handshake before;
 * the second how many come at a time.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/layer_ws.h"
#include "net/ws_engine.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

#define MAX_MESSAGE 300

/* One end, and the layer in memory below it. */
struct end {
	struct layer below;
	struct buf in;
	struct buf out;
	size_t piece;
	struct layer *ws;
};

static ssize_t
on_recv(struct layer *l, void *data, size_t size)
{
	struct end *e = (struct end *)l;
	size_t n = e->in.len < size ? e->in.len : size;

	if (n == 0)
		return -COAP_E_AGAIN;
	if (n > e->piece)
		n = e->piece;
	memcpy(data, e->in.data, n);
	buf_consume(&e->in, n);
	return (ssize_t)n;
}

static int
on_send(struct layer *l, const void *data, size_t len)
{
	struct end *e = (struct end *)l;

	CHECK(len > 0);
	return buf_append(&e->out, data, len);
}

static void
nothing(struct layer *l)
{
	(void)l;
}

static const struct layer_ops below_ops = {
	.name = "below",
	.recv = on_recv,
	.send = on_send,
	.close = nothing,
	.destroy = nothing,
};

static coap_tick_t
now(void *user)
{
	(void)user;
	return 1;
}

static void
end_open(struct end *e, bool server, struct ws_shared **shared)
{
	struct layer_ws_params p = {
		.server = server,
		.shared = shared,
		.host = "a",
		.max_message = MAX_MESSAGE,
		.now = now,
	};

	*e = (struct end){ .below.ops = &below_ops, .piece = SIZE_MAX };
	buf_init(&e->in, SIZE_MAX / 4);
	buf_init(&e->out, SIZE_MAX / 4);
	CHECK(layer_ws_new(&e->below, &p, &e->ws) == 0);
}

static void
end_free(struct end *e)
{
	layer_free(e->ws);
	buf_free(&e->in);
	buf_free(&e->out);
}

static void
move(struct end *from, struct end *to)
{
	CHECK(buf_append(&to->in, from->out.data, from->out.len) == 0);
	buf_clear(&from->out);
}

/* Reads all there is; the end must be said again and again. */
static void
drain(struct end *e)
{
	struct layer_ws_info info;
	const uint8_t *data = NULL;
	bool up = false;
	ssize_t n;
	int r;

	do {
		r = up ? 0 : layer_connect(e->ws);
		up |= r == 0;
		n = up ? layer_message(e->ws, &data) : r;
		CHECK(n <= MAX_MESSAGE);
		if (n > 0) {
			e->in.max = SIZE_MAX / 4 - data[0] - data[n - 1];
			(void)layer_send(e->ws, data, (size_t)n);
		}
	} while (n > 0 || (n == -COAP_E_AGAIN && e->in.len > 0));
	CHECK(!layer_pending(e->ws));
	CHECK(layer_ws_info(e->ws, &info) == 0);
	CHECK(memchr(info.detail, 0, sizeof info.detail));
	if (up)
		CHECK(layer_message(e->ws, &data) == n);
	else
		CHECK(layer_connect(e->ws) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ws_shared *shared = NULL;
	size_t before = mem_outstanding();
	struct end ends[2], *e;

	if (size < 2 || !ws_engine_name())
		return 0;
	end_open(&ends[0], false, &shared);
	end_open(&ends[1], true, &shared);
	e = &ends[data[0] & 1];
	if (data[0] & 2) {
		CHECK(layer_connect(ends[0].ws) == -COAP_E_AGAIN);
		move(&ends[0], &ends[1]);
		CHECK(layer_connect(ends[1].ws) == 0);
		move(&ends[1], &ends[0]);
		CHECK(layer_connect(ends[0].ws) == 0);
	}
	if (data[0] & 4)
		layer_close(e->ws);
	CHECK(buf_append(&e->in, data + 2, size - 2) == 0);
	e->piece = 1 + (size_t)data[1];
	if (data[0] & 6 || e == &ends[1] || layer_connect(e->ws) < 0)
		drain(e);
	end_free(&ends[0]);
	end_free(&ends[1]);
	CHECK(!shared && mem_outstanding() == before);
	return 0;
}

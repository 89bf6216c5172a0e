/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * WebSocket as a layer: bytes go through a walk over their frames, which
 * rejects what no peer may send, to the engine, and come back as messages.
 */
#include "net/layer_ws.h"

#include <stdio.h>
#include <string.h>

#include <coap3/coap_debug.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/ws_engine.h"
#include "wire/ws_frame.h"

/* Bytes that are read from below, or from the engine, at a time. */
#define CHUNK 16384
/* The engine wants so much room. */
#define OUTPUT_MIN 4096
/* So many times a call of message() reads from below. */
#define READS_MAX 64
/* Bytes of a frame's header, and of the length in front of a message. */
#define HEAD_MAX 14
/* For a Pong that goes with a message. */
#define CONTROL_ROOM 256
#define PREFIX       sizeof(uint32_t)
#define NO_MESSAGE   SIZE_MAX

enum progress {
	UPGRADING,
	UP,
	ENDED
};

struct ws {
	struct layer layer;
	const struct ws_engine *engine;
	struct ws_conn *conn;
	struct ws_shared *unshared; /* when the params have no place for it */
	coap_tick_t (*now)(void *user);
	void *now_user;
	coap_tick_t close_at; /* when waiting for a Close frame is over */
	struct ws_walk walk;
	struct buf in;  /* messages, the length in front of each */
	struct buf out; /* bytes that the layer below did not take */
	size_t next;    /* the first message in `in` that was not given */
	size_t coming;  /* where the message that comes begins; NO_MESSAGE */
	unsigned whole; /* messages in `in` that are complete */
	int err;        /* once it has ended: why, 0: in good order */
	enum progress progress;
	uint8_t line; /* of a handshake: 1 after \n, 2 after \n\r */
	bool told;    /* the end has been told */
	bool closing; /* close() was called */
	bool closed;  /* so was that of the layer below */
};

static struct ws *
ws_of(struct layer *l)
{
	return (struct ws *)l;
}

/* --- the end -------------------------------------------------------------- */

/* For errors that are found here the walk has the words. */
static void
end(struct ws *w, int err)
{
	if (w->progress == ENDED)
		return;
	w->progress = ENDED;
	w->err = err;
	w->close_at = TIMER_NEVER;
}

static void
close_below(struct ws *w)
{
	if (w->closed)
		return;
	w->closed = true;
	w->close_at = TIMER_NEVER;
	layer_close(w->layer.next);
}

/* --- out ------------------------------------------------------------------ */

/* What was kept: 0 when all of it is gone; an error ends the layer. */
static int
flush(struct ws *w)
{
	int r;

	if (w->out.len == 0)
		return 0;
	r = layer_send(w->layer.next, w->out.data, w->out.len);
	if (r == 0)
		buf_free(&w->out);
	else if (r != -COAP_E_AGAIN)
		end(w, r);
	return r;
}

/* As much as there is room for of what the engine has for the peer. */
static size_t
gather(struct ws *w, uint8_t chunk[CHUNK], bool *more)
{
	size_t n = 0;

	*more = true;
	while (*more && CHUNK - n >= OUTPUT_MIN)
		n += w->engine->output(w->conn, chunk + n, CHUNK - n, more);
	return n;
}

/* All of it goes down in one piece, or is kept. */
static int
push(struct ws *w)
{
	uint8_t chunk[CHUNK];
	bool more;
	size_t n;
	int r = flush(w);

	if (r < 0)
		return r;
	n = gather(w, chunk, &more);
	if (n > 0 && !more) {
		r = layer_send(w->layer.next, chunk, n);
		if (r != -COAP_E_AGAIN)
			n = 0;
	}
	while (n > 0) {
		r = buf_append(&w->out, chunk, n);
		n = r == 0 && more ? gather(w, chunk, &more) : 0;
	}
	if (r < 0) {
		end(w, r);
		return r;
	}
	return flush(w);
}

/* Tells the peer why this is the end. */
static void
close_with(struct ws *w, enum ws_close code, int err)
{
	if (w->engine->close(w->conn, code) == 0)
		push(w);
	end(w, err);
	close_below(w);
}

/* --- in ------------------------------------------------------------------- */

/* From the engine: the next bytes of a message. */
static int
on_piece(void *user, const uint8_t *data, size_t len, bool last)
{
	struct ws *w = user;
	uint32_t n;
	int r = 0;

	if (w->coming == NO_MESSAGE) {
		w->coming = w->in.len;
		r = buf_append(&w->in, &(uint32_t){ 0 }, PREFIX);
	}
	if (r == 0)
		r = buf_append(&w->in, data, len);
	if (r < 0 || !last)
		return r;
	n = (uint32_t)(w->in.len - w->coming - PREFIX);
	if (n == 0)
		w->in.len = w->coming;
	else
		memcpy(w->in.data + w->coming, &n, PREFIX);
	w->whole += n > 0;
	w->coming = NO_MESSAGE;
	return 0;
}

/* How many of the bytes belong to a handshake, up to and with the line feed
 * of an empty line. */
static size_t
handshake_part(struct ws *w, const uint8_t *data, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (data[i] == '\n' && w->line > 0) {
			w->line = 0;
			return i + 1;
		}
		if (data[i] == '\n')
			w->line = 1;
		else
			w->line = data[i] == '\r' && w->line == 1 ? 2 : 0;
	}
	return len;
}

static void
upgrade_failed(struct ws *w)
{
	struct ws_conn_info info;

	w->engine->info(w->conn, &info);
	end(w, info.err < 0 ? info.err : -COAP_E_WS_UPGRADE);
}

/* Bytes of the handshake: how many. */
static size_t
feed_handshake(struct ws *w, const uint8_t *data, size_t len)
{
	size_t n = handshake_part(w, data, len);
	int r = w->engine->input(w->conn, data, n, true);

	if (w->engine->state(w->conn) == WS_OPEN)
		w->progress = UP;
	push(w);
	if (w->engine->state(w->conn) == WS_CLOSED)
		upgrade_failed(w);
	else if (r < 0)
		end(w, r);
	return n;
}

/* The peer has sent a Close frame; the engine answers it. */
static void
closed_by_peer(struct ws *w)
{
	push(w);
	end(w, 0);
	if (w->closing)
		close_below(w);
}

/* Frames: how many bytes were good. */
static size_t
feed_frames(struct ws *w, const uint8_t *data, size_t len)
{
	size_t n = ws_walk(&w->walk, data, len);
	int r = w->engine->input(w->conn, data, n, w->walk.control);

	if (r < 0) {
		close_with(w, WS_CLOSE_INTERNAL, r);
	} else if (w->walk.closed) {
		closed_by_peer(w);
	} else if (w->walk.fault == WS_CLOSE_TOOBIG) {
		close_with(w, w->walk.fault, -COAP_E_PEER_TOOBIG);
	} else if (w->walk.fault > 0) {
		close_with(w, w->walk.fault, -COAP_E_WS_FRAME);
	} else if (w->engine->state(w->conn) == WS_CLOSED) {
		end(w, -COAP_E_WS_FRAME);
	} else if (w->walk.control) {
		w->walk.control = false;
		push(w);
	}
	return n;
}

static void
feed(struct ws *w, const uint8_t *data, size_t len)
{
	size_t n;

	while (len > 0 && w->progress != ENDED) {
		if (w->progress == UPGRADING)
			n = feed_handshake(w, data, len);
		else
			n = feed_frames(w, data, len);
		data += n;
		len -= n;
	}
}

/* Reads once from below: 0, or -COAP_E_AGAIN. */
static int
pull(struct ws *w)
{
	uint8_t chunk[CHUNK];
	ssize_t n = layer_recv(w->layer.next, chunk, sizeof chunk);

	if (n == -COAP_E_AGAIN)
		return -COAP_E_AGAIN;
	if (n > 0)
		feed(w, chunk, (size_t)n);
	else if (n == 0 && w->progress == UPGRADING)
		end(w, -COAP_E_PEER_CLOSED);
	else
		end(w, (int)n);
	return 0;
}

/* What message() gave is done with. */
static void
forget_given(struct ws *w)
{
	if (w->whole > 0 || w->next == 0)
		return;
	if (w->coming == NO_MESSAGE) {
		buf_free(&w->in);
	} else {
		buf_consume(&w->in, w->next);
		w->coming -= w->next;
	}
	w->next = 0;
}

/* --- the table ------------------------------------------------------------ */

static int
ws_connect(struct layer *l)
{
	struct ws *w = ws_of(l);
	int i;
	int r = layer_connect(l->next);

	if (r < 0)
		return r;
	if (w->progress == UPGRADING)
		push(w);
	for (i = 0; w->progress == UPGRADING && i < READS_MAX; i++)
		if (pull(w) < 0)
			return -COAP_E_AGAIN;
	if (w->progress == UP || w->whole > 0)
		return 0;
	if (w->progress == UPGRADING)
		return -COAP_E_AGAIN;
	w->told = true;
	return w->err < 0 ? w->err : -COAP_E_PEER_CLOSED;
}

static ssize_t
give(struct ws *w, const uint8_t **data)
{
	uint32_t n;

	memcpy(&n, w->in.data + w->next, PREFIX);
	*data = w->in.data + w->next + PREFIX;
	w->next += PREFIX + n;
	w->whole--;
	return (ssize_t)n;
}

static ssize_t
ws_message(struct layer *l, const uint8_t **data)
{
	struct ws *w = ws_of(l);
	int i;

	forget_given(w);
	if (w->progress == UP && w->out.len > 0)
		push(w);
	for (i = 0; w->progress == UP && w->whole == 0; i++)
		if (i == READS_MAX || pull(w) < 0)
			return -COAP_E_AGAIN;
	if (w->whole > 0)
		return give(w, data);
	if (w->progress == UPGRADING)
		return -COAP_E_AGAIN;
	w->told = true;
	return w->err;
}

static ssize_t
ws_recv(struct layer *l, void *data, size_t size)
{
	const uint8_t *message = NULL;
	ssize_t n = ws_message(l, &message);

	if (!message)
		return n;
	if ((size_t)n > size)
		return -COAP_E_TOOBIG;
	memcpy(data, message, (size_t)n);
	return n;
}

static int
ws_send(struct layer *l, const void *data, size_t len)
{
	struct ws *w = ws_of(l);
	int r;

	if (w->progress == UPGRADING)
		return -COAP_E_AGAIN;
	if (w->progress == ENDED)
		return w->err < 0 ? w->err : -COAP_E_CLOSED;
	if (w->closing)
		return -COAP_E_CLOSED;
	if (len > LAYER_SEND_MAX - HEAD_MAX)
		return -COAP_E_TOOBIG;
	r = push(w);
	if (r < 0)
		return r;
	/* Once the engine has it, it must be possible to keep it. */
	if (len > CHUNK / 2) {
		r = buf_reserve(&w->out, len + HEAD_MAX + CONTROL_ROOM);
		if (r < 0)
			return r;
	}
	r = w->engine->send(w->conn, data, len);
	if (r == 0) {
		r = push(w);
		return r == -COAP_E_AGAIN ? 0 : r;
	}
	buf_free(&w->out);
	if (w->engine->state(w->conn) != WS_OPEN)
		end(w, r);
	return r;
}

static void
ws_close(struct layer *l)
{
	struct ws *w = ws_of(l);

	if (w->closing)
		return;
	w->closing = true;
	if (w->progress != UP ||
	    w->engine->close(w->conn, WS_CLOSE_NORMAL) < 0) {
		end(w, -COAP_E_CLOSED);
		close_below(w);
		return;
	}
	push(w);
	if (w->progress == UP)
		w->close_at = w->now(w->now_user) +
		    WS_CLOSE_WAIT_MS * COAP_TICKS_PER_SECOND / 1000;
	else
		close_below(w);
}

static void
ws_destroy(struct layer *l)
{
	struct ws *w = ws_of(l);

	w->engine->conn_free(w->conn);
	buf_free(&w->in);
	buf_free(&w->out);
	coap_free_type(COAP_SESSION, w);
}

static size_t
ws_backlog(const struct layer *l)
{
	const struct ws *w = (const struct ws *)l;

	return w->out.len + layer_backlog(l->next);
}

static bool
ws_pending(const struct layer *l)
{
	const struct ws *w = (const struct ws *)l;

	return w->whole > 0 || (w->progress == ENDED && !w->told);
}

static coap_tick_t
ws_next(const struct layer *l)
{
	return ((const struct ws *)l)->close_at;
}

/* The peer did not answer our Close frame. */
static void
ws_timer(struct layer *l, coap_tick_t now)
{
	struct ws *w = ws_of(l);

	if (now < w->close_at)
		return;
	end(w, 0);
	close_below(w);
}

static const struct layer_ops ws_ops = {
	.name = "ws",
	.connect = ws_connect,
	.recv = ws_recv,
	.send = ws_send,
	.close = ws_close,
	.destroy = ws_destroy,
	.backlog = ws_backlog,
	.message = ws_message,
	.pending = ws_pending,
	.next = ws_next,
	.timer = ws_timer,
};

static void
on_log(const char *line)
{
	coap_log_debug("WebSocket: %s\n", line);
}

int
layer_ws_new(struct layer *lower, const struct layer_ws_params *params,
    struct layer **out)
{
	const struct ws_engine *engine = ws_engine(NULL, 0);
	struct ws_conn_params conn = {
		.server = params->server,
		.host = params->host,
		.path = WS_PATH,
		.piece = on_piece,
		.log = on_log,
	};
	struct ws *w;
	int r;

	if (!engine)
		return -COAP_E_NO_MODULE;
	w = mem_new(COAP_SESSION, 1, sizeof *w);
	if (!w)
		return -COAP_E_NOMEM;
	w->layer = (struct layer){ .ops = &ws_ops, .next = lower };
	w->engine = engine;
	w->now = params->now;
	w->now_user = params->now_user;
	w->close_at = TIMER_NEVER;
	w->coming = NO_MESSAGE;
	ws_walk_init(&w->walk, params->server, params->max_message);
	buf_init(&w->in, params->max_message + PREFIX + 4 * CHUNK);
	buf_init(&w->out, LAYER_SEND_MAX + CHUNK);
	conn.user = w;
	r = engine->conn_new(params->shared ? params->shared : &w->unshared,
	    &conn, &w->conn);
	if (r < 0) {
		coap_free_type(COAP_SESSION, w);
		return r;
	}
	*out = &w->layer;
	return 0;
}

int
layer_ws_info(const struct layer *l, struct layer_ws_info *info)
{
	struct ws_conn_info conn;
	const struct ws *w;

	while (l && l->ops != &ws_ops)
		l = l->next;
	if (!l)
		return -COAP_E_NOTFOUND;
	w = (const struct ws *)l;
	w->engine->info(w->conn, &conn);
	info->http_status = conn.http_status;
	info->close_code = w->walk.close_code;
	snprintf(info->detail, sizeof info->detail, "%s",
	    w->walk.why ? w->walk.why : conn.detail);
	return 0;
}

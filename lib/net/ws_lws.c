/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine on libwebsockets: a session has a pair of sockets, of which lws
 * owns one end. What is written into ours it reads when it is called, and what
 * it writes is there to be read; nothing else is ever ready.
 */
#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/ws_lws.h"
#include "net/ws_lws_event.h"

/* A POLLOUT each: lws learns it shall close, it sends the frame, it is done. */
#define OWED_BY_CLOSE 3
/* The answer to a Ping, or to a Close and the end after it. */
#define OWED_BY_INPUT 2
/* Messages up to this size are masked on the stack. */
#define SMALL_MESSAGE 2048

/* --- what lws calls ------------------------------------------------------- */

static int
on_request(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	/* in may point to what lws has released. */
	(void)in;
	(void)len;
	return ws_http_request(c, wsi);
}

static int
on_plain(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)in;
	(void)len;
	return ws_http_plain(c, wsi);
}

/* CONNECT, of which lws would make a connection without any protocol. */
static int
on_raw(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)wsi;
	(void)in;
	(void)len;
	return ws_http_refuse(c, WS_REFUSE_METHOD);
}

static int
on_response(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)in;
	(void)len;
	return ws_http_response(c, wsi);
}

static int
on_failed(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	ws_http_failed(c, wsi, in, len);
	return 0;
}

static int
on_redirect(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)c;
	(void)wsi;
	(void)in;
	(void)len;
	return 1;
}

static int
on_open(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)wsi;
	(void)in;
	(void)len;
	c->opened = true;
	c->state = WS_OPEN;
	c->info.http_status = 101;
	return 0;
}

static int
on_piece(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	if (c->piece_err < 0)
		return 0;
	c->piece_err =
	    c->piece(c->user, in, len, lws_is_final_fragment(wsi) != 0);
	return 0;
}

static int
on_writable(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)in;
	(void)len;
	if (c->code == 0 || c->closing)
		return 0;
	c->closing = true;
	lws_close_reason(wsi, (enum lws_close_status)c->code, NULL, 0);
	return -1;
}

static int
on_closed(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)wsi;
	(void)in;
	(void)len;
	c->state = WS_CLOSED;
	return 0;
}

static int
on_destroy(struct ws_conn *c, struct lws *wsi, void *in, size_t len)
{
	(void)in;
	(void)len;
	if (c->wsi == wsi)
		c->wsi = NULL;
	c->state = WS_CLOSED;
	return 0;
}

static const struct {
	enum lws_callback_reasons reason;
	int (*handle)(struct ws_conn *c, struct lws *wsi, void *in, size_t len);
} events[] = {
	{ LWS_CALLBACK_RECEIVE, on_piece },
	{ LWS_CALLBACK_CLIENT_RECEIVE, on_piece },
	{ LWS_CALLBACK_SERVER_WRITEABLE, on_writable },
	{ LWS_CALLBACK_CLIENT_WRITEABLE, on_writable },
	{ LWS_CALLBACK_HTTP_CONFIRM_UPGRADE, on_request },
	{ LWS_CALLBACK_HTTP, on_plain },
	{ LWS_CALLBACK_RAW_ADOPT, on_raw },
	{ LWS_CALLBACK_RAW_RX, on_raw },
	{ LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP, on_response },
	{ LWS_CALLBACK_CLIENT_HTTP_REDIRECT, on_redirect },
	{ LWS_CALLBACK_CLIENT_CONNECTION_ERROR, on_failed },
	{ LWS_CALLBACK_ESTABLISHED, on_open },
	{ LWS_CALLBACK_CLIENT_ESTABLISHED, on_open },
	{ LWS_CALLBACK_CLOSED, on_closed },
	{ LWS_CALLBACK_CLIENT_CLOSED, on_closed },
	{ LWS_CALLBACK_WSI_DESTROY, on_destroy },
};

int
ws_lws_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len)
{
	struct ws_conn *c = wsi ? lws_get_opaque_user_data(wsi) : NULL;
	size_t i;

	(void)user;
	if (!c)
		return 0;
	for (i = 0; i < sizeof events / sizeof events[0]; i++)
		if (events[i].reason == reason)
			return events[i].handle(c, wsi, in, len);
	return 0;
}

/* --- calling lws ---------------------------------------------------------- */

/* Bytes that lws has not read. */
static int
unread(const struct ws_conn *c)
{
	int n = 0;

	if (!c->wsi || ioctl(c->lws_fd, FIONREAD, &n) < 0)
		return 0;
	return n;
}

/* Lets lws read all there is. False when it does not want to. */
static bool
let_read(struct ws_conn *c)
{
	int left = unread(c);
	int before;

	while (c->wsi && left > 0) {
		before = left;
		ws_pair_serve(c, POLLIN);
		left = unread(c);
		if (left >= before)
			return false;
	}
	/* It should never keep input for later; if it does, this delivers. */
	if (c->wsi && lws_service_adjust_timeout(c->shard->context, 1, 0) == 0)
		lws_service(c->shard->context, -1);
	return true;
}

/* --- birth and death ------------------------------------------------------ */

static void
conn_free(struct ws_conn *c)
{
	if (!c)
		return;
	/* In a child everything is the parent's, and a hang-up reaches it. */
	if (!ws_shard_foreign(c->shard))
		ws_pair_close(c);
	else if (c->fd >= 0)
		close(c->fd);
	ws_shard_give(c->shard);
	coap_free_type(COAP_STRING, c->request);
	coap_free_type(COAP_SESSION, c);
}

static int
conn_new(struct ws_shared **shared, const struct ws_conn_params *params,
    struct ws_conn **out)
{
	struct ws_conn *c = mem_new(COAP_SESSION, 1, sizeof *c);
	int r;

	if (!c)
		return -COAP_E_NOMEM;
	r = ws_shard_take(shared, params->log, &c->shard);
	if (r < 0) {
		coap_free_type(COAP_SESSION, c);
		return r;
	}
	c->fd = -1;
	c->server = params->server;
	c->piece = params->piece;
	c->user = params->user;
	c->path = params->path;
	r = c->server ? ws_pair_server(c) : ws_pair_client(c, params);
	if (r < 0) {
		conn_free(c);
		return r;
	}
	c->state = WS_CONNECTING;
	*out = c;
	return 0;
}

/* --- bytes and messages --------------------------------------------------- */

static enum ws_state
state_of(const struct ws_conn *c)
{
	return c->state;
}

/* A response begins with "HTTP/1."; lws would wait for a line's end. */
static bool
looks_like_http(struct ws_conn *c, const char *data, size_t len)
{
	static const char start[] = "HTTP/1.";
	size_t n = sizeof start - 1 - c->matched;

	if (n > len)
		n = len;
	if (memcmp(data, start + c->matched, n) != 0)
		return false;
	c->matched += (uint8_t)n;
	return true;
}

static int
input(struct ws_conn *c, const void *data, size_t len, bool answer)
{
	const uint8_t *p = data;
	ssize_t n;

	if (ws_shard_foreign(c->shard))
		return -COAP_E_STATE;
	c->heard = true;
	if (!c->server && !c->opened && !looks_like_http(c, data, len)) {
		ws_http_note(c, -COAP_E_FORMAT, "what came is no HTTP");
		c->state = WS_CLOSED;
		return -COAP_E_FORMAT;
	}
	while (c->wsi && len > 0) {
		n = send(c->fd, p, len, MSG_NOSIGNAL);
		if (n < 0)
			return err_from_errno(errno);
		p += n;
		len -= (size_t)n;
		if (!let_read(c))
			return -COAP_E_STATE;
	}
	if (answer && c->owed < OWED_BY_INPUT)
		c->owed = OWED_BY_INPUT;
	if (c->state == WS_CLOSED && !c->opened && c->info.err == 0) {
		ws_http_note(c, -COAP_E_FORMAT, "no valid HTTP header");
		c->info.http_status = ws_http_status(c);
	}
	return c->piece_err;
}

/* What lws says in a handshake that fails is replaced by our answer. */
static size_t
refusal(struct ws_conn *c, char *data, size_t size)
{
	if (c->state != WS_CLOSED || !c->heard || c->answered)
		return 0;
	c->answered = true;
	return ws_http_answer(c, data, size);
}

/* A request of ours, in place of lws's. */
static size_t
whole_request(struct ws_conn *c, char *data, size_t size)
{
	size_t n = strlen(c->request);

	if (n > size)
		return 0;
	memcpy(data, c->request, n);
	coap_free_type(COAP_STRING, c->request);
	c->request = NULL;
	return n;
}

static size_t
output(struct ws_conn *c, void *data, size_t size, bool *more)
{
	size_t n;
	bool partial;

	*more = false;
	if (ws_shard_foreign(c->shard))
		return 0;
	if (c->server && !c->opened)
		return refusal(c, data, size);
	if (c->request)
		return whole_request(c, data, size);
	for (;;) {
		n = ws_pair_read(c, data, size);
		if (n > 0 || !c->wsi || c->owed == 0)
			break;
		partial = lws_partial_buffered(c->wsi) != 0;
		ws_pair_serve(c, POLLOUT);
		if (!partial)
			c->owed--;
	}
	*more = n == size || (c->wsi && c->owed > 0);
	return n;
}

/* lws writes in front of what it sends, and masks it in place. */
static int
write_copy(struct ws_conn *c, uint8_t *room, const void *data, size_t len)
{
	if (len > 0)
		memcpy(room + LWS_PRE, data, len);
	if (lws_write(c->wsi, room + LWS_PRE, len, LWS_WRITE_BINARY) < 0)
		return -COAP_E_NOMEM;
	if (lws_partial_buffered(c->wsi) && c->owed == 0)
		c->owed = 1;
	return 0;
}

static int
send_message(struct ws_conn *c, const void *data, size_t len)
{
	uint8_t small[LWS_PRE + SMALL_MESSAGE];
	uint8_t *room = small;
	int r;

	if (ws_shard_foreign(c->shard) || c->state != WS_OPEN || !c->wsi ||
	    c->code > 0)
		return -COAP_E_STATE;
	if (len > SMALL_MESSAGE) {
		room = coap_malloc_type(COAP_PACKET, LWS_PRE + len);
		if (!room)
			return -COAP_E_NOMEM;
	}
	r = write_copy(c, room, data, len);
	if (room != small)
		coap_free_type(COAP_PACKET, room);
	return r;
}

static int
close_with(struct ws_conn *c, unsigned code)
{
	if (ws_shard_foreign(c->shard) || c->state != WS_OPEN || !c->wsi ||
	    c->code > 0)
		return -COAP_E_STATE;
	c->code = (uint16_t)code;
	c->owed = OWED_BY_CLOSE;
	return 0;
}

static void
info_of(const struct ws_conn *c, struct ws_conn_info *info)
{
	*info = c->info;
}

static const char *
version(void)
{
	return lws_get_library_version();
}

const struct ws_engine ws_engine_table = {
	.name = "libwebsockets",
	.version = version,
	.conn_new = conn_new,
	.conn_free = conn_free,
	.state = state_of,
	.input = input,
	.output = output,
	.send = send_message,
	.close = close_with,
	.info = info_of,
};

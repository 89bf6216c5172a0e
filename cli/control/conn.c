/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection of the control socket. */
#include "cli/control/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes of one reading: few, as most messages are short and the buffer is wiped
 * at the end, until a peer has more to say. */
#define CHUNK_FIRST 4096
#define CHUNK       65536
/* Messages of one call, so that one peer does not hold the loop. */
#define ROUNDS 16

struct conn {
	int fd;
	coapx_watch_t *watch;
	coapx_timer_t *again; /* while it is behind */
	coapx_timer_t *later; /* sends what this turn of the loop said */
	size_t chunk;
	const struct conn_ops *ops;
	void *user;
	struct bytes in;
	struct bytes out;
	bool *gone; /* set when it is freed inside a call */
	bool broken;
	bool behind;    /* messages are left that came already */
	bool no_memory; /* for what was to be sent: the loop tells it */
	bool over;      /* that it ended was told */
};

/* Nobody is answered who does not take the answers. */
static bool
is_held(const struct conn *conn)
{
	return conn->no_memory || conn->out.len > CONN_UNSENT;
}

/* Nothing is read while messages are left, so that they do not pile up. */
static void
watch(struct conn *conn)
{
	coapx_watch_set(conn->watch,
	    (conn->behind || is_held(conn) ? 0 : COAPX_READ) |
		(conn->out.len > 0 ? COAPX_WRITE : 0));
}

/* --- out ----------------------------------------------------------------- */

static void
flush(struct conn *conn)
{
	ssize_t n;

	while (conn->out.len > 0 && !conn->broken) {
		n = send(conn->fd, bytes_front(&conn->out), conn->out.len,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			bytes_take(&conn->out, (size_t)n);
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR)
			conn->broken = true; /* reading tells why */
	}
	if (conn->broken)
		bytes_free(&conn->out);
	if (conn->behind && !is_held(conn))
		coapx_timer_set(conn->again, 0);
	watch(conn);
}

bool
conn_send(struct conn *conn, const struct message *m)
{
	bool idle = conn->out.len == 0;
	int result;

	if (conn->broken || conn->no_memory)
		return true;
	result = message_encode(&conn->out, m);
	if (result == -2 && !conn->over) {
		conn->no_memory = true;
		coapx_timer_set(conn->again, 0);
	}
	/* Messages of one turn are one piece, for which the peer wakes once. */
	if (conn->out.len >= CHUNK)
		flush(conn);
	else if (idle && !conn->over)
		coapx_timer_set(conn->later, 0);
	return result != -1;
}

static void
on_later(coapx_timer_t *timer, void *arg)
{
	(void)timer;
	flush(arg);
}

void
conn_hello(struct conn *conn)
{
	static const char software[] = "coap-shell " COAPX_VERSION;
	struct message m = { .type = MESSAGE_HELLO };

	m.hello.version = CONTROL_VERSION;
	m.hello.software =
	    (struct slice){ (const uint8_t *)software, sizeof software - 1 };
	conn_send(conn, &m);
}

void
conn_error(struct conn *conn, uint32_t request, enum message_error code,
    const char *text)
{
	struct message m = { .type = MESSAGE_ERROR, .request = request };

	m.error.code = code;
	m.error.text = (struct slice){ (const uint8_t *)text, strlen(text) };
	conn_send(conn, &m);
}

void
conn_error_version(struct conn *conn)
{
	char text[80];

	snprintf(text, sizeof text,
	    "this process speaks version %d of the control protocol",
	    CONTROL_VERSION);
	conn_error(conn, 0, ERROR_VERSION, text);
}

size_t
conn_unsent(const struct conn *conn)
{
	return conn->out.len;
}

/* --- in ------------------------------------------------------------------ */

/* Each returns false when the connection is over, or gone. */

static bool
end(struct conn *conn, enum conn_end why)
{
	coapx_watch_free(conn->watch);
	conn->watch = NULL;
	coapx_timer_stop(conn->again);
	coapx_timer_stop(conn->later);
	conn->over = true;
	conn->behind = conn->no_memory = false;
	conn->broken = conn->broken || why == CONN_GONE;
	conn->ops->ended(conn->user, why);
	return false;
}

/* One message of len bytes. */
static bool
take(struct conn *conn, size_t len)
{
	bool gone = false;
	struct message m;
	int result = message_decode(bytes_front(&conn->in), len, &m);

	if (result < 0)
		return end(conn, result == -2 ? CONN_MEMORY : CONN_MALFORMED);
	conn->gone = &gone;
	if (result == 0)
		conn->ops->message(conn->user, &m);
	else
		conn->ops->unknown(conn->user, m.type, m.request);
	if (result == 0)
		message_free(&m);
	if (gone)
		return false;
	conn->gone = NULL;
	bytes_take(&conn->in, len);
	return true;
}

/* The messages that are there. */
static bool
take_all(struct conn *conn)
{
	int64_t len;
	int i;

	conn->behind = false;
	for (i = 0; i < ROUNDS && !is_held(conn); i++) {
		len = message_length(bytes_front(&conn->in), conn->in.len);
		if (len < 0)
			return end(conn, CONN_MALFORMED);
		if (len == 0 || (size_t)len > conn->in.len) {
			watch(conn);
			return true;
		}
		if (!take(conn, (size_t)len))
			return false;
	}
	conn->behind = true;
	watch(conn);
	if (!is_held(conn) || conn->no_memory)
		coapx_timer_set(conn->again, 0);
	return true;
}

static void
on_again(coapx_timer_t *timer, void *arg)
{
	struct conn *conn = arg;

	(void)timer;
	if (conn->no_memory)
		end(conn, CONN_MEMORY);
	else
		take_all(conn);
}

static void
receive(struct conn *conn)
{
	uint8_t *room = bytes_reserve(&conn->in, conn->chunk);
	ssize_t n;

	if (!room) {
		end(conn, CONN_MEMORY);
		return;
	}
	n = recv(conn->fd, room, conn->chunk, MSG_DONTWAIT);
	if (n > 0) {
		if ((size_t)n == conn->chunk)
			conn->chunk = CHUNK;
		bytes_grew(&conn->in, (size_t)n);
		take_all(conn);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		end(conn, CONN_GONE);
	}
}

static void
on_ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct conn *conn = arg;

	(void)watch;
	(void)fd;
	if (conn->out.len > 0)
		flush(conn);
	/* That a peer hung up is told also while nothing is to be read; what it
	 * said before counts. */
	if (what & COAPX_READ && !conn->behind && !conn->no_memory)
		receive(conn);
}

/* --- beginning and end --------------------------------------------------- */

struct conn *
conn_new(coap_context_t *context, int fd, const struct conn_ops *ops,
    void *user)
{
	struct conn *conn = calloc(1, sizeof *conn);

	if (!conn) {
		close(fd);
		return NULL;
	}
	conn->fd = fd;
	conn->ops = ops;
	conn->user = user;
	conn->chunk = CHUNK_FIRST;
	conn->again = coapx_timer_new(context, on_again, conn);
	conn->later = coapx_timer_new(context, on_later, conn);
	conn->watch =
	    coapx_watch_new(context, fd, COAPX_READ, on_ready, conn, NULL);
	if (conn->again && conn->later && conn->watch)
		return conn;
	conn_free(conn);
	return NULL;
}

void
conn_free(struct conn *conn)
{
	if (!conn)
		return;
	if (conn->gone)
		*conn->gone = true;
	flush(conn);
	coapx_watch_free(conn->watch);
	coapx_timer_free(conn->again);
	coapx_timer_free(conn->later);
	bytes_free(&conn->in);
	bytes_free(&conn->out);
	close(conn->fd);
	free(conn);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading and writing on a bare socket, or through GnuTLS. */
#include "tests/bench/chan.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct chan *
chan_new(struct floor *floor, int fd, size_t in_size)
{
	struct chan *c = calloc(1, sizeof *c);

	if (!c)
		die("out of memory");
	c->floor = floor;
	c->fd = fd;
	c->in_size = in_size;
	c->in = in_size > 0 ? malloc(in_size) : NULL;
	if (in_size > 0 && !c->in)
		die("out of memory");
	return c;
}

void
chan_free(struct chan *c)
{
	if (c->tls)
		gnutls_deinit(c->tls);
	if (c->floor->proto.stream || c->peer.sin_port == 0)
		close(c->fd);
	free(c->in);
	free(c);
}

static ssize_t
tls_result(ssize_t n, const char *what)
{
	if (n >= 0)
		return n;
	if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
		return CHAN_AGAIN;
	if (n == GNUTLS_E_PREMATURE_TERMINATION)
		return 0;
	if (!gnutls_error_is_fatal((int)n))
		return CHAN_AGAIN;
	die(what);
}

ssize_t
chan_read(struct chan *c, void *data, size_t size)
{
	ssize_t n;

	if (c->tls)
		return tls_result(gnutls_record_recv(c->tls, data, size),
		    "gnutls_record_recv");
	n = recv(c->fd, data, size, 0);
	if (n < 0 && errno != EAGAIN && errno != ECONNRESET)
		die("recv");
	return n < 0 && errno == ECONNRESET ? 0 : n;
}

static size_t
write_some(struct chan *c, const uint8_t *data, size_t len)
{
	ssize_t n;

	if (c->tls) {
		n = tls_result(gnutls_record_send(c->tls, data, len),
		    "gnutls_record_send");
	} else {
		n = send(c->fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			die("send");
	}
	return n < 0 ? 0 : (size_t)n;
}

void
chan_write(struct chan *c, const void *data, size_t len)
{
	struct pollfd full = { .fd = c->fd, .events = POLLOUT };
	size_t done = write_some(c, data, len);

	while (done < len) {
		poll(&full, 1, -1);
		done += write_some(c, (const uint8_t *)data + done, len - done);
	}
}

void
chan_wait(const struct chan *c, uint32_t events)
{
	struct epoll_event ev = { .events = events };

	if (events != EPOLLIN)
		epoll_ctl(c->floor->epfd, EPOLL_CTL_MOD, c->fd, &ev);
	if (epoll_wait(c->floor->epfd, &ev, 1, 10000) < 1)
		die("nothing came");
	ev.events = EPOLLIN;
	if (events != EPOLLIN)
		epoll_ctl(c->floor->epfd, EPOLL_CTL_MOD, c->fd, &ev);
}

static void
hand_out(struct chan *c,
    void (*message)(struct chan *c, uint8_t *data, size_t len, void *user),
    void *user)
{
	uint8_t *at = c->in;
	size_t left = c->in_len;
	size_t n = frame_size(&c->floor->proto, at, left);

	while (n > 0 && n <= left) {
		message(c, at, n, user);
		at += n;
		left -= n;
		n = frame_size(&c->floor->proto, at, left);
	}
	if (left > 0 && at != c->in)
		memmove(c->in, at, left);
	c->in_len = left;
}

bool
chan_messages(struct chan *c,
    void (*message)(struct chan *c, uint8_t *data, size_t len, void *user),
    void *user)
{
	size_t room;
	ssize_t n;

	do {
		room = c->in_size - c->in_len;
		n = chan_read(c, c->in + c->in_len, room);
		if (n == 0)
			return false;
		if (n == CHAN_AGAIN)
			return true;
		c->in_len += (size_t)n;
		hand_out(c, message, user);
	} while ((size_t)n == room ||
	    (c->tls && gnutls_record_check_pending(c->tls) > 0));
	return true;
}

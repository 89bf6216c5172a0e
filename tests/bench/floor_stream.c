/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor's servers on connections: TCP, TLS, WebSocket on either. */
#include "tests/bench/chan.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define IN_SIZE 512
#define BACKLOG 1024
#define EVENTS  64

/* The key's hash, which nobody looks at here, included. */
static const char upgraded[] =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Protocol: coap\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

static void
message(struct chan *c, uint8_t *data, size_t len, void *user)
{
	struct request request;
	const uint8_t *out;
	size_t n;

	(void)user;
	frame_parse(&c->floor->proto, data, len, &request);
	if (request.path == '\0')
		return;
	out = floor_answer(c->floor, &request, &n);
	chan_write(c, out, n);
}

/* HTTP, whole: false until then. */
static bool
upgrade(struct chan *c)
{
	ssize_t n = chan_read(c, c->in + c->in_len, c->in_size - c->in_len - 1);

	if (n <= 0)
		return false;
	c->in_len += (size_t)n;
	c->in[c->in_len] = '\0';
	if (!strstr((char *)c->in, "\r\n\r\n"))
		return false;
	c->in_len = 0;
	chan_write(c, upgraded, sizeof upgraded - 1);
	return true;
}

static void
say_csm(struct chan *c)
{
	uint8_t csm[FRAME_SHORT];

	chan_write(c, csm, frame_csm(csm, &c->floor->proto, false));
}

static void
input(struct chan *c)
{
	if (c->state == CHAN_HANDSHAKE) {
		if (c->tls && !tls_handshake(c->tls))
			return;
		c->state = c->floor->proto.ws ? CHAN_UPGRADE : CHAN_CSM;
	}
	if (c->state == CHAN_UPGRADE) {
		if (!upgrade(c))
			return;
		c->state = CHAN_CSM;
	}
	if (c->state == CHAN_CSM) {
		say_csm(c);
		c->state = CHAN_OPEN;
	}
	if (!chan_messages(c, message, NULL))
		chan_free(c);
}

static void
take(struct floor *floor, int listener)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
	struct chan *c;
	int on = 1;

	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c = chan_new(floor, fd, IN_SIZE);
	if (floor->proto.secure) {
		c->tls = tls_new(floor, true);
		gnutls_transport_set_int(c->tls, fd);
	} else if (!floor->proto.ws) {
		c->state = CHAN_OPEN;
		say_csm(c);
	}
	ev.data.ptr = c;
	epoll_ctl(floor->epfd, EPOLL_CTL_ADD, fd, &ev);
}

void
serve_streams(struct floor *floor)
{
	struct epoll_event ev[EVENTS] = { { .events = EPOLLIN } };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int on = 1;
	int i, n;

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(listener, (struct sockaddr *)&floor->server,
		sizeof floor->server) < 0 ||
	    listen(listener, BACKLOG) < 0)
		die("bind");
	epoll_ctl(floor->epfd, EPOLL_CTL_ADD, listener, &ev[0]);
	puts("ready");
	fflush(stdout);
	for (;;) {
		n = epoll_wait(floor->epfd, ev, EVENTS, -1);
		for (i = 0; i < n; i++) {
			if (ev[i].data.ptr)
				input(ev[i].data.ptr);
			else
				take(floor, listener);
		}
	}
}

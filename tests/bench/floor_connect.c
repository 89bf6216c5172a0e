/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor's client: how a connection is made and ended. */
#include "tests/bench/chan.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define HTTP_SIZE 2048

static const char upgrade[] =
    "GET /.well-known/coap HTTP/1.1\r\nHost: localhost\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: coap\r\nSec-WebSocket-Version: 13\r\n\r\n";

/* Reads as far as the answer's end; what follows stays. */
static void
do_upgrade(struct chan *c)
{
	char *end = NULL;
	ssize_t n;

	chan_write(c, upgrade, sizeof upgrade - 1);
	while (!end) {
		n = chan_read(c, c->in + c->in_len, HTTP_SIZE - c->in_len);
		if (n == 0)
			die("the server has gone");
		if (n == CHAN_AGAIN) {
			chan_wait(c, EPOLLIN);
			continue;
		}
		c->in_len += (size_t)n;
		c->in[c->in_len] = '\0';
		end = strstr((char *)c->in, "\r\n\r\n");
	}
	end += 4;
	c->in_len -= (size_t)(end - (char *)c->in);
	memmove(c->in, end, c->in_len);
}

static void
is_csm(struct chan *c, uint8_t *data, size_t len, void *user)
{
	(void)user;
	if (frame_code(&c->floor->proto, data, len) != 0xe1)
		die("not a CSM");
	c->state = CHAN_OPEN;
}

static void
do_csm(struct chan *c)
{
	uint8_t csm[FRAME_SHORT];
	size_t n;

	chan_write(c, csm, frame_csm(csm, &c->floor->proto, true));
	/* It may have come with the answer to the upgrade. */
	n = frame_size(&c->floor->proto, c->in, c->in_len);
	if (n > 0 && n == c->in_len) {
		is_csm(c, c->in, n, NULL);
		c->in_len = 0;
	}
	while (c->state != CHAN_OPEN) {
		chan_wait(c, EPOLLIN);
		if (!chan_messages(c, is_csm, NULL))
			die("the server has gone");
	}
}

static int
client_socket(struct floor *floor)
{
	int type = floor->proto.stream ? SOCK_STREAM : SOCK_DGRAM;
	int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		die("socket");
	if (floor->proto.stream)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	return fd;
}

struct chan *
client_connect(struct floor *floor)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = client_socket(floor);
	struct chan *c = chan_new(floor, fd, floor->set.body + HTTP_SIZE + 64);
	int r;

	r = connect(fd, (struct sockaddr *)&floor->server,
	    sizeof floor->server);
	if (r < 0 && errno != EINPROGRESS)
		die("connect");
	epoll_ctl(floor->epfd, EPOLL_CTL_ADD, fd, &ev);
	if (r < 0)
		chan_wait(c, EPOLLOUT);
	if (floor->proto.secure) {
		c->tls = tls_new(floor, false);
		gnutls_transport_set_int(c->tls, fd);
		while (!tls_handshake(c->tls))
			chan_wait(c, EPOLLIN);
	}
	if (floor->proto.ws)
		do_upgrade(c);
	if (floor->proto.stream)
		do_csm(c);
	c->state = CHAN_OPEN;
	return c;
}

void
client_close(struct chan *c)
{
	if (c->tls)
		gnutls_bye(c->tls, GNUTLS_SHUT_WR);
	chan_free(c);
}

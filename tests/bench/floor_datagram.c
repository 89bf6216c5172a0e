/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor's servers on one socket: UDP, and DTLS by the peer's port. */
#include "tests/bench/chan.h"

#include <errno.h>
#include <gnutls/dtls.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define DATAGRAM 2048

struct server {
	struct floor *floor;
	int fd;
	gnutls_datum_t cookie_key;
	/* All peers are on this machine: their port says who they are. */
	struct chan *peers[65536];
};

static void
udp_input(struct server *s, const struct sockaddr_in *from, uint8_t *data,
    size_t n)
{
	struct request request;
	const uint8_t *out;
	size_t len;

	frame_parse(&s->floor->proto, data, n, &request);
	if (request.path == '\0')
		return;
	if (request.path == 'o')
		work_observe(s->floor, from, &request);
	out = floor_answer(s->floor, &request, &len);
	sendto(s->fd, out, len, 0, (const struct sockaddr *)from, sizeof *from);
	if (request.path == 't')
		work_changed(s->floor, s->fd);
}

/* --- DTLS ----------------------------------------------------------------- */

struct reply_to {
	int fd;
	const struct sockaddr_in *peer;
};

static ssize_t
push_cookie(gnutls_transport_ptr_t user, const void *data, size_t len)
{
	const struct reply_to *to = user;

	return sendto(to->fd, data, len, 0, (const struct sockaddr *)to->peer,
	    sizeof *to->peer);
}

static ssize_t
push(gnutls_transport_ptr_t user, const void *data, size_t len)
{
	const struct chan *c = user;

	return sendto(c->fd, data, len, 0, (const struct sockaddr *)&c->peer,
	    sizeof c->peer);
}

static ssize_t
pull(gnutls_transport_ptr_t user, void *data, size_t size)
{
	struct chan *c = user;
	size_t n = c->rx_len < size ? c->rx_len : size;

	if (!c->rx) {
		gnutls_transport_set_errno(c->tls, EAGAIN);
		return -1;
	}
	memcpy(data, c->rx, n);
	c->rx = NULL;
	return (ssize_t)n;
}

static int
pull_timeout(gnutls_transport_ptr_t user, unsigned ms)
{
	const struct chan *c = user;

	(void)ms;
	return c->rx != NULL;
}

/* A peer that shows its cookie gets a session; others are asked to. */
static struct chan *
admit(struct server *s, const struct sockaddr_in *from, uint8_t *data, size_t n)
{
	struct reply_to to = { s->fd, from };
	gnutls_dtls_prestate_st state = { 0 };
	struct sockaddr_in who = *from;
	struct chan *c;

	if (n < 14 || data[0] != 22 || data[13] != 1)
		return NULL;
	if (gnutls_dtls_cookie_verify(&s->cookie_key, &who, sizeof who, data, n,
		&state) < 0) {
		gnutls_dtls_cookie_send(&s->cookie_key, &who, sizeof who,
		    &state, &to, push_cookie);
		return NULL;
	}
	c = chan_new(s->floor, s->fd, 0);
	c->peer = *from;
	c->tls = tls_new(s->floor, true);
	gnutls_dtls_prestate_set(c->tls, &state);
	gnutls_transport_set_ptr(c->tls, c);
	gnutls_transport_set_push_function(c->tls, push);
	gnutls_transport_set_pull_function(c->tls, pull);
	gnutls_transport_set_pull_timeout_function(c->tls, pull_timeout);
	s->peers[from->sin_port] = c;
	return c;
}

static void
dtls_input(struct server *s, const struct sockaddr_in *from, uint8_t *data,
    size_t n)
{
	struct chan *c = s->peers[from->sin_port];
	uint8_t plain[DATAGRAM];
	struct request request;
	const uint8_t *out;
	size_t len;
	ssize_t got;

	if (!c)
		c = admit(s, from, data, n);
	if (!c)
		return;
	c->rx = data;
	c->rx_len = n;
	if (c->state == CHAN_HANDSHAKE) {
		if (!tls_handshake(c->tls))
			return;
		c->state = CHAN_OPEN;
	}
	got = chan_read(c, plain, sizeof plain);
	if (got > 0) {
		frame_parse(&s->floor->proto, plain, (size_t)got, &request);
		out = floor_answer(s->floor, &request, &len);
		chan_write(c, out, len);
	} else if (got == 0) {
		s->peers[from->sin_port] = NULL;
		chan_free(c);
	}
}

void
serve_datagrams(struct floor *floor)
{
	static struct server s;
	static uint8_t data[DATAGRAM];
	bool drain = floor->set.window > 1 || floor->set.observers > 1;
	struct epoll_event ev = { .events = EPOLLIN };
	struct sockaddr_in from;
	socklen_t from_len;
	ssize_t n;

	s.floor = floor;
	gnutls_key_generate(&s.cookie_key, GNUTLS_COOKIE_KEY_SIZE);
	s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (bind(s.fd, (struct sockaddr *)&floor->server,
		sizeof floor->server) < 0)
		die("bind");
	epoll_ctl(floor->epfd, EPOLL_CTL_ADD, s.fd, &ev);
	puts("ready");
	fflush(stdout);
	for (;;) {
		epoll_wait(floor->epfd, &ev, 1, -1);
		do {
			from_len = sizeof from;
			n = recvfrom(s.fd, data, sizeof data, 0,
			    (struct sockaddr *)&from, &from_len);
			if (n > 0 && floor->proto.secure)
				dtls_input(&s, &from, data, (size_t)n);
			else if (n > 0)
				udp_input(&s, &from, data, (size_t)n);
		} while (n > 0 && drain);
	}
}

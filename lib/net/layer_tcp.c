/* SPDX-License-Identifier: BSD-2-Clause */
/* TCP: a connection, ours or accepted, and the bytes that it did not take. */
#include "net/layer.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"
#include "net/socket.h"

/*
 * What is kept is bounded by send(): LAYER_BACKLOG_MAX and one message. Bytes
 * that are flushed stay in front of it until they are more than the rest.
 */
#define KEPT_MAX (2 * (LAYER_BACKLOG_MAX + LAYER_SEND_MAX))

struct tcp {
	struct layer layer;
	struct watch watch; /* its fd is the socket's, also while it sleeps */
	struct poller *poller;
	struct buf kept;
	size_t flushed; /* bytes of kept that the kernel has */
	int err;        /* why it cannot go on, negative */
	bool connecting;
	bool paused;
	bool refused; /* writable() is due: send() said AGAIN, or close() */
	bool closing; /* close() was called */
	bool drained; /* in an event: nothing is left until the next */
	bool ended;   /* recv() has told of the end, or of err */
	bool busy;    /* events are being told: release later */
	bool destroyed;
};

static struct tcp *
tcp_of(struct layer *l)
{
	return (struct tcp *)l;
}

static void
update(struct tcp *t)
{
	uint32_t events = 0;

	/* After an error there may still be something to receive. */
	if (!t->connecting && !t->paused && !t->ended)
		events |= EPOLLIN;
	if (t->connecting || t->kept.len > 0 || t->refused)
		events |= EPOLLOUT;
	poller_change(t->poller, &t->watch, events);
}

static size_t
tcp_backlog(const struct layer *l)
{
	const struct tcp *t = (const struct tcp *)l;

	return t->kept.len - t->flushed;
}

/* The stream is broken: what is kept will never be sent. */
static int
fail(struct tcp *t, int err)
{
	t->err = err;
	t->flushed = 0;
	buf_free(&t->kept);
	update(t);
	return err;
}

static void
half_close(struct tcp *t)
{
	/* An error here is one that recv() meets too. */
	shutdown(t->watch.fd, SHUT_WR);
}

/* Sends what is kept: 0, also when some is left, or why it failed. */
static int
flush(struct tcp *t)
{
	ssize_t n;

	if (t->kept.len == 0)
		return 0;
	while (t->flushed < t->kept.len) {
		n = send(t->watch.fd, t->kept.data + t->flushed,
		    t->kept.len - t->flushed, MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return fail(t, err_from_errno(errno));
		t->flushed += (size_t)n;
	}
	if (t->flushed == t->kept.len) {
		buf_free(&t->kept);
		t->flushed = 0;
		if (t->closing)
			half_close(t);
	} else if (t->flushed > t->kept.len / 2) {
		buf_consume(&t->kept, t->flushed);
		t->flushed = 0;
	}
	return 0;
}

static void
ready_connect(struct tcp *t)
{
	struct layer *l = &t->layer;
	int err = socket_take_error(t->watch.fd);

	t->connecting = false;
	t->refused = false;
	t->err = err;
	t->ended = err < 0;
	if (err == 0 && t->closing)
		half_close(t);
	update(t);
	l->events->writable(l->user);
}

/* A failure is told as something to receive: recv() has the reason, after what
 * came before it. */
static bool
is_readable(const struct tcp *t, uint32_t events)
{
	if (t->ended)
		return false;
	return t->err < 0 ||
	    (!t->paused && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0);
}

static void
tcp_ready(struct watch *w, uint32_t events)
{
	struct tcp *t = WATCH_OWNER(w, struct tcp, watch);
	struct layer *l = &t->layer;
	bool writable = false;

	if (t->connecting) {
		ready_connect(t);
		return;
	}
	if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
		flush(t);
		if (tcp_backlog(l) <= (t->closing ? 0 : LAYER_BACKLOG_MAX)) {
			writable = t->refused;
			t->refused = false;
		}
		update(t);
	}

	t->drained = false;
	t->busy = true;
	if (writable)
		l->events->writable(l->user);
	if (!t->destroyed && is_readable(t, events))
		l->events->readable(l->user);
	t->busy = false;
	if (t->destroyed)
		coap_free_type(COAP_SESSION, t);
}

static int
tcp_connect(struct layer *l)
{
	struct tcp *t = tcp_of(l);

	return t->connecting ? -COAP_E_AGAIN : t->err;
}

static ssize_t
tcp_recv(struct layer *l, void *data, size_t size)
{
	struct tcp *t = tcp_of(l);
	ssize_t n;

	if (t->connecting)
		return -COAP_E_AGAIN;
	if (t->ended)
		return t->err;
	if (t->busy && t->drained && t->err == 0)
		return -COAP_E_AGAIN;
	n = recv(t->watch.fd, data, size, 0);
	/* Less than there was room for: the event tells when there is more. */
	t->drained = n > 0 && (size_t)n < size;
	if (n > 0)
		return n;
	if (n < 0 && errno == EAGAIN && t->err == 0)
		return -COAP_E_AGAIN;
	/* When send() has taken the socket's error this looks like an orderly
	 * end, but t->err has it. */
	t->ended = true;
	if (n < 0 && t->err == 0)
		return fail(t, err_from_errno(errno));
	update(t);
	return t->err;
}

static int
keep(struct tcp *t, const uint8_t *data, size_t len)
{
	int r = buf_append(&t->kept, data, len);

	if (r == 0)
		update(t);
	return r;
}

static int
tcp_send(struct layer *l, const void *data, size_t len)
{
	struct tcp *t = tcp_of(l);
	ssize_t n = 0;
	int r;

	if (t->err < 0)
		return t->err;
	if (t->closing)
		return -COAP_E_CLOSED;
	if (len > LAYER_SEND_MAX)
		return -COAP_E_TOOBIG;
	if (t->connecting || tcp_backlog(l) > LAYER_BACKLOG_MAX) {
		t->refused = true;
		return -COAP_E_AGAIN;
	}
	if (t->kept.len == 0) {
		n = send(t->watch.fd, data, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return fail(t, err_from_errno(errno));
		if (n < 0)
			n = 0;
	}
	if ((size_t)n == len)
		return 0;
	r = keep(t, (const uint8_t *)data + n, len - (size_t)n);
	/* A message that the peer has half of cannot be taken back. */
	return r < 0 && n > 0 ? fail(t, r) : r;
}

static void
tcp_close(struct layer *l)
{
	struct tcp *t = tcp_of(l);

	if (t->closing)
		return;
	t->closing = true;
	t->refused = t->kept.len > 0;
	if (!t->connecting && t->err == 0 && t->kept.len == 0)
		half_close(t);
}

static void
tcp_destroy(struct layer *l)
{
	struct tcp *t = tcp_of(l);
	int fd = t->watch.fd;

	poller_remove(t->poller, &t->watch);
	socket_close(&fd);
	buf_free(&t->kept);
	t->destroyed = true;
	if (!t->busy)
		coap_free_type(COAP_SESSION, t);
}

static void
tcp_want_read(struct layer *l, bool on)
{
	struct tcp *t = tcp_of(l);

	t->paused = !on;
	update(t);
}

/* The kernel tells of room when a third of its buffer is free; for somebody who
 * asks whether the peer takes anything at all, that may be late. */
static void
tcp_timer(struct layer *l, coap_tick_t now)
{
	struct tcp *t = tcp_of(l);

	(void)now;
	if (t->connecting || t->err < 0 || t->kept.len == 0)
		return;
	flush(t);
	update(t);
}

static int
tcp_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	return socket_local(((const struct tcp *)l)->watch.fd, local, ifindex);
}

static const struct layer_ops tcp_ops = {
	.name = "tcp",
	.connect = tcp_connect,
	.recv = tcp_recv,
	.send = tcp_send,
	.close = tcp_close,
	.destroy = tcp_destroy,
	.backlog = tcp_backlog,
	.want_read = tcp_want_read,
	.timer = tcp_timer,
	.local = tcp_local,
};

/* A layer on fd. The descriptor is the caller's when this fails. */
static int
tcp_new(struct poller *p, int fd, bool connecting,
    const struct layer_events *ev, void *user, struct layer **out)
{
	struct tcp *t = mem_new(COAP_SESSION, 1, sizeof *t);
	int r;

	if (!t)
		return -COAP_E_NOMEM;
	t->layer = (struct layer){ &tcp_ops, NULL, ev, user };
	t->poller = p;
	t->watch.ready = tcp_ready;
	t->connecting = connecting;
	buf_init(&t->kept, KEPT_MAX);
	r = poller_add(p, &t->watch, fd, connecting ? EPOLLOUT : EPOLLIN);
	if (r < 0) {
		coap_free_type(COAP_SESSION, t);
		return r;
	}
	*out = &t->layer;
	return 0;
}

/* With a port of its own a client must get over the last connection's
 * TIME_WAIT; without one the kernel picks it late, knowing the peer. */
static int
bind_client(int fd, const coap_address_t *local)
{
	int r;

	if (coap_address_get_port(local) == 0)
		socket_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	r = socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return r < 0 ? r : socket_bind(fd, local);
}

int
layer_tcp_client(struct poller *p, const coap_address_t *local,
    const coap_address_t *remote, const struct layer_events *ev, void *user,
    struct layer **out)
{
	int family = remote->addr.sa.sa_family;
	bool connecting;
	int fd;
	int r = 0;

	if (local && local->addr.sa.sa_family != family)
		return -COAP_E_INVAL;
	fd = socket_new(family, SOCK_STREAM);
	if (fd < 0)
		return fd;
	socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	if (local)
		r = bind_client(fd, local);
	if (r == 0)
		r = socket_connect(fd, remote);
	connecting = r == -COAP_E_AGAIN;
	if (r == 0 || connecting)
		r = tcp_new(p, fd, connecting, ev, user, out);
	if (r < 0)
		socket_close(&fd);
	return r;
}

int
layer_tcp_server(struct poller *p, int fd, const struct layer_events *ev,
    void *user, struct layer **out)
{
	socket_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	return tcp_new(p, fd, false, ev, user, out);
}

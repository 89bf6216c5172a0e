/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP: a client's connected socket, and a peer on a server's shared one. */
#include "net/layer.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/layer_group.h"
#include "net/loss.h"
#include "net/port.h"
#include "net/socket.h"
#include "net/udp_batch.h"

/* Errors taken from the queue a pass: one is as good as many. */
#define ICMP_MAX 64
/*
 * While datagrams come one by one, each is read alone, and every so many
 * events it is looked whether there are more; while there are, all that is
 * there is read with one system call.
 */
#define PROBE 8

struct udp_client {
	struct layer layer;
	struct watch watch; /* its fd is the socket's, also while it sleeps */
	struct poller *poller;
	int pending_err; /* met by send or recv, to be told by the watch */
	struct udp_batch *batch; /* what this event brought; NULL: see below */
	uint8_t events;          /* counts up to PROBE */
	bool many;               /* the last batch had more than one */
	bool drained; /* in an event: nothing is left until the next */
	bool paused;
	bool refused; /* send() said AGAIN, writable() is due */
	bool busy;    /* events are being told: release later */
	bool destroyed;
};

static struct udp_client *
client_of(struct layer *l)
{
	return (struct udp_client *)l;
}

static void
client_update(struct udp_client *c)
{
	uint32_t events = c->paused ? 0 : EPOLLIN;

	if (c->refused || c->pending_err)
		events |= EPOLLOUT;
	poller_change(c->poller, &c->watch, events);
}

/*
 * An error of an earlier datagram may come as the result of any call, which
 * then did nothing: true if it is to be called again. The queue has the error
 * too, as a rule; EPOLLOUT sees to it that it is told in any case.
 */
static bool
client_retry(struct udp_client *c, int e)
{
	if (e == EMSGSIZE) /* the path's MTU changed, nothing is to be told */
		return true;
	if (!socket_is_icmp(e))
		return false;
	c->pending_err = err_from_errno(e);
	client_update(c);
	return true;
}

/* The errors that the kernel has; the first one stands for all. */
static int
client_take_errors(struct udp_client *c)
{
	int first = c->pending_err;
	int err;
	int i;

	c->pending_err = 0;
	for (i = 0; i < ICMP_MAX; i++) {
		err = socket_take_icmp(c->watch.fd, NULL);
		if (err == 0)
			break;
		if (first == 0)
			first = err;
	}
	err = socket_take_error(c->watch.fd);
	if (first == 0 && err != -COAP_E_TOOBIG)
		first = err;
	return first;
}

static ssize_t
send_one(struct udp_client *c, const void *data, size_t len)
{
	ssize_t n = send(c->watch.fd, data, len, MSG_NOSIGNAL);

	if (n < 0 && client_retry(c, errno))
		n = send(c->watch.fd, data, len, MSG_NOSIGNAL);
	return n;
}

static ssize_t
send_cut(struct udp_client *c, struct udp_run *run)
{
	_Alignas(struct cmsghdr) char control[UDP_RUN_CONTROL] = { 0 };
	struct iovec iov = { run->bytes, run->used };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
	};
	ssize_t n;

	udp_run_segment(&msg, run->each);
	n = sendmsg(c->watch.fd, &msg, MSG_NOSIGNAL);
	if (n < 0 && client_retry(c, errno))
		n = sendmsg(c->watch.fd, &msg, MSG_NOSIGNAL);
	return n;
}

/* Sends what was collected in this event. What the kernel has no room for is
 * lost; where it cannot cut, all goes one by one from now on. */
static void
send_run(struct udp_client *c)
{
	struct udp_run *run = c->batch ? c->batch->run : NULL;
	size_t at = 0;

	if (!run || run->n == 0)
		return;
	if (run->n > 1 && send_cut(c, run) >= 0)
		at = run->used;
	else if (run->n > 1)
		c->batch->run = NULL;
	for (; at < run->used; at += run->each)
		send_one(c, run->bytes + at,
		    run->used - at < run->each ? run->used - at : run->each);
	run->n = 0;
	if (!c->batch->run)
		udp_run_free(run);
}

/* True when it goes with others, at the end of the event. */
static bool
collect(struct udp_client *c, const void *data, size_t len)
{
	static const coap_address_t peer; /* the socket's */
	struct udp_run *run;

	if (!c->batch || !c->many)
		return false;
	run = c->batch->run;
	if (run && !udp_run_fits(run, &peer, NULL, 0, len)) {
		send_run(c);
		run = c->batch->run;
	}
	if (!run || len == 0 || len > UDP_RUN_DATAGRAM)
		return false;
	udp_run_add(run, &peer, NULL, 0, data, len);
	return true;
}

/* Receives a batch if that is worth it; else recv() does by itself. */
static void
client_fill(struct udp_client *c)
{
	struct udp_batch *b;
	int n;

	c->drained = false;
	c->events++;
	if (!c->many && c->events % PROBE != 0)
		return;
	b = udp_batch(c->poller, c->watch.fd);
	if (!b)
		return;
	n = udp_batch_receive(b, c->watch.fd);
	c->many = n > 1;
	/* An error is recv()'s to meet. */
	if (n > 0)
		c->batch = b;
}

static void
client_read(struct udp_client *c)
{
	struct layer *l = &c->layer;
	int before;

	client_fill(c);
	l->events->readable(l->user);
	/* A batch has no event of its own for what is left of it. */
	while (c->batch && !c->destroyed && c->batch->at < c->batch->n) {
		before = c->batch->at;
		l->events->readable(l->user);
		if (c->batch->at == before)
			break;
	}
	if (!c->destroyed)
		send_run(c);
	c->batch = NULL;
}

static void
client_ready(struct watch *w, uint32_t events)
{
	struct udp_client *c = WATCH_OWNER(w, struct udp_client, watch);
	struct layer *l = &c->layer;
	bool writable = false;
	int err = 0;

	if ((events & EPOLLERR) || c->pending_err)
		err = client_take_errors(c);
	if (events & EPOLLOUT) {
		writable = c->refused;
		c->refused = false;
		client_update(c);
	}

	c->busy = true;
	if (err < 0)
		l->events->failed(l->user, err);
	if (!c->destroyed && writable)
		l->events->writable(l->user);
	if (!c->destroyed && (events & EPOLLIN) && !c->paused)
		client_read(c);
	c->busy = false;
	if (c->destroyed)
		coap_free_type(COAP_SESSION, c);
}

/* From the batch; an empty datagram means nothing to anybody. */
static ssize_t
client_next(struct udp_client *c, void *data, size_t size)
{
	struct udp_run *run = c->batch->run;
	const uint8_t *bytes;
	size_t len = 0;

	/* Handlers may take their time. */
	if (run && run->n > 0 && udp_run_waits(run))
		send_run(c);
	do
		bytes = udp_batch_next(c->batch, &len);
	while (bytes && len == 0);
	if (!bytes)
		return -COAP_E_AGAIN;
	if (len > size)
		return -COAP_E_TOOBIG;
	memcpy(data, bytes, len);
	return (ssize_t)len;
}

static ssize_t
client_recv(struct layer *l, void *data, size_t size)
{
	struct udp_client *c = client_of(l);
	ssize_t n;

	if (c->watch.fd < 0)
		return -COAP_E_CLOSED;
	if (c->batch)
		return client_next(c, data, size);
	if (c->busy && c->drained)
		return -COAP_E_AGAIN;
	n = recv(c->watch.fd, data, size, MSG_TRUNC);
	if (n < 0 && client_retry(c, errno))
		n = recv(c->watch.fd, data, size, MSG_TRUNC);
	if (n < 0)
		return err_from_errno(errno);
	/* If there is more the watch says so again. */
	c->drained = true;
	if (n == 0)
		return -COAP_E_AGAIN;
	return (size_t)n > size ? -COAP_E_TOOBIG : n;
}

static int
client_send(struct layer *l, const void *data, size_t len)
{
	struct udp_client *c = client_of(l);
	ssize_t n;

	if (c->watch.fd < 0)
		return -COAP_E_CLOSED;
	if (loss_drops() || collect(c, data, len))
		return 0;
	n = send_one(c, data, len);
	if (n >= 0)
		return 0;
	if (errno != EAGAIN && errno != ENOBUFS)
		return err_from_errno(errno);
	c->refused = true;
	client_update(c);
	return -COAP_E_AGAIN;
}

static void
client_close(struct layer *l)
{
	struct udp_client *c = client_of(l);
	int fd = c->watch.fd;

	if (fd >= 0)
		send_run(c);
	poller_remove(c->poller, &c->watch);
	socket_close(&fd);
}

static void
client_destroy(struct layer *l)
{
	struct udp_client *c = client_of(l);

	client_close(l);
	c->destroyed = true;
	if (!c->busy)
		coap_free_type(COAP_SESSION, c);
}

static void
client_want_read(struct layer *l, bool on)
{
	struct udp_client *c = client_of(l);

	c->paused = !on;
	if (c->watch.fd >= 0)
		client_update(c);
}

static int
client_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	const struct udp_client *c = (const struct udp_client *)l;

	if (c->watch.fd < 0)
		return -COAP_E_STATE;
	return socket_local(c->watch.fd, local, ifindex);
}

static const struct layer_ops client_ops = {
	.name = "udp",
	.datagram = true,
	.recv = client_recv,
	.send = client_send,
	.close = client_close,
	.destroy = client_destroy,
	.want_read = client_want_read,
	.local = client_local,
};

/* The socket, connected: the descriptor or an error. */
static int
client_socket(const coap_address_t *local, const coap_address_t *remote)
{
	int family = remote->addr.sa.sa_family;
	int fd;
	int r = 0;

	if (local && local->addr.sa.sa_family != family)
		return -COAP_E_INVAL;
	fd = socket_new(family, SOCK_DGRAM);
	if (fd < 0)
		return fd;
	socket_prepare_udp(fd, family);
	if (local)
		r = socket_bind(fd, local);
	if (r == 0)
		r = socket_connect(fd, remote);
	if (r == 0)
		return fd;
	socket_close(&fd);
	return r;
}

int
layer_udp_client(struct poller *p, const coap_address_t *local,
    const coap_address_t *remote, const struct layer_events *ev, void *user,
    struct layer **out)
{
	struct udp_client *c;
	int fd, r;

	if (coap_is_mcast(remote))
		return layer_group_client(p, local, remote, ev, user, out);
	c = mem_new(COAP_SESSION, 1, sizeof *c);
	if (!c)
		return -COAP_E_NOMEM;
	fd = client_socket(local, remote);
	r = fd;
	if (fd < 0)
		goto fail;
	c->layer = (struct layer){ &client_ops, NULL, ev, user };
	c->poller = p;
	c->watch.ready = client_ready;
	r = poller_add(p, &c->watch, fd, EPOLLIN);
	if (r < 0)
		goto fail;
	*out = &c->layer;
	return 0;

fail:
	socket_close(&fd);
	coap_free_type(COAP_SESSION, c);
	return r;
}

/* --- server --------------------------------------------------------------- */

struct udp_server {
	struct layer layer;
	struct udp_port *port; /* not owned */
	coap_address_t remote;
	coap_address_t local; /* size 0: the kernel chooses */
	int ifindex;
	bool closed;
	const void *fed; /* the datagram at hand; NULL: none */
	size_t fed_len;
};

static ssize_t
server_recv(struct layer *l, void *data, size_t size)
{
	struct udp_server *s = (struct udp_server *)l;
	const void *fed = s->fed;

	s->fed = NULL;
	if (!fed)
		return -COAP_E_AGAIN;
	if (s->fed_len > size)
		return -COAP_E_TOOBIG;
	memcpy(data, fed, s->fed_len);
	return (ssize_t)s->fed_len;
}

static bool
server_pending(const struct layer *l)
{
	return ((const struct udp_server *)l)->fed != NULL;
}

static int
server_send(struct layer *l, const void *data, size_t len)
{
	struct udp_server *s = (struct udp_server *)l;

	if (s->closed)
		return -COAP_E_CLOSED;
	return udp_port_send(s->port, &s->remote,
	    s->local.size > 0 ? &s->local : NULL, s->ifindex, data, len);
}

static void
server_close(struct layer *l)
{
	((struct udp_server *)l)->closed = true;
}

static void
server_destroy(struct layer *l)
{
	coap_free_type(COAP_SESSION, l);
}

static int
server_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	const struct udp_server *s = (const struct udp_server *)l;

	*local = s->local.size > 0 ? s->local : *udp_port_local(s->port);
	if (ifindex)
		*ifindex = s->ifindex;
	return 0;
}

static const struct layer_ops server_ops = {
	.name = "udp",
	.datagram = true,
	.recv = server_recv,
	.send = server_send,
	.close = server_close,
	.destroy = server_destroy,
	.pending = server_pending,
	.local = server_local,
};

static void
server_set_local(struct udp_server *s, const coap_address_t *local, int ifindex)
{
	s->local = local ? *local : (coap_address_t){ 0 };
	s->ifindex = ifindex;
}

/* NOLINTBEGIN(readability-function-size): the contract has seven. */
int
layer_udp_server(struct udp_port *port, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, const struct layer_events *ev,
    void *user, struct layer **out)
{
	struct udp_server *s = mem_new(COAP_SESSION, 1, sizeof *s);

	if (!s)
		return -COAP_E_NOMEM;
	s->layer = (struct layer){ &server_ops, NULL, ev, user };
	s->port = port;
	s->remote = *remote;
	server_set_local(s, local, ifindex);
	*out = &s->layer;
	return 0;
}
/* NOLINTEND(readability-function-size) */

void
layer_udp_server_local(struct layer *l, const coap_address_t *local,
    int ifindex)
{
	while (l && l->ops != &server_ops)
		l = l->next;
	if (l)
		server_set_local((struct udp_server *)l, local, ifindex);
}

void
layer_udp_server_feed(struct layer *l, const void *data, size_t len)
{
	struct udp_server *s;

	while (l && l->ops != &server_ops)
		l = l->next;
	if (!l)
		return;
	s = (struct udp_server *)l;
	s->fed = data;
	s->fed_len = len;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A listening TCP socket. */
#include "net/port.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "net/socket.h"

#define ACCEPT_MAX 64  /* connections a pass */
#define PAUSE_MS   100 /* when there is no descriptor left */

struct tcp_port {
	struct watch watch;
	struct watch pause; /* a timerfd: when it is needed none can be made */
	struct poller *poller;
	const struct tcp_port_events *events;
	void *user;
	coap_address_t local;
	bool busy; /* a callback may be under way: free later */
	bool freed;
};

static void
start_pause(struct tcp_port *port)
{
	struct itimerspec spec = {
		.it_value = { .tv_nsec = PAUSE_MS * 1000000L },
	};

	if (timerfd_settime(port->pause.fd, 0, &spec, NULL) < 0)
		return;
	if (poller_change(port->poller, &port->pause, EPOLLIN) == 0)
		poller_change(port->poller, &port->watch, 0);
}

static void
pause_ready(struct watch *w, uint32_t events)
{
	struct tcp_port *port = WATCH_OWNER(w, struct tcp_port, pause);

	(void)events;
	/* The timer is not read: a watch with events 0 is not called, and the
	 * next start winds it up again. */
	if (poller_change(port->poller, &port->watch, EPOLLIN) == 0)
		poller_change(port->poller, &port->pause, 0);
}

static bool
out_of_resources(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM;
}

/* False when there is nothing more to accept in this pass. */
static bool
accept_one(struct tcp_port *port)
{
	coap_address_t remote, local;
	int fd;

	coap_address_init(&remote);
	fd = accept4(port->watch.fd, &remote.addr.sa, &remote.size,
	    SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (out_of_resources(errno))
			start_pause(port);
		/* Anything else is the fate of one connection. */
		return errno != EAGAIN && !out_of_resources(errno);
	}
	addr_unmap(&remote);
	if (socket_local(fd, &local, NULL) < 0) {
		socket_close(&fd);
		return true;
	}
	port->events->accepted(port->user, fd, &remote, &local);
	return true;
}

static void
release(struct tcp_port *port)
{
	coap_free_type(COAP_ENDPOINT, port);
}

static void
port_ready(struct watch *w, uint32_t events)
{
	struct tcp_port *port = WATCH_OWNER(w, struct tcp_port, watch);
	int i;

	(void)events;
	port->busy = true;
	for (i = 0; i < ACCEPT_MAX && !port->freed; i++)
		if (!accept_one(port))
			break;
	port->busy = false;
	if (port->freed)
		release(port);
}

/* The listening socket: the descriptor or an error. */
static int
listening_socket(const coap_address_t *address)
{
	int fd = socket_new(address->addr.sa.sa_family, SOCK_STREAM);
	int r;

	if (fd < 0)
		return fd;
	r = socket_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (r == 0)
		r = socket_bind(fd, address);
	if (r == 0 && listen(fd, SOMAXCONN) < 0)
		r = err_from_errno(errno);
	if (r == 0)
		return fd;
	socket_close(&fd);
	return r;
}

int
tcp_port_open(struct poller *p, const coap_address_t *listen,
    const struct tcp_port_events *ev, void *user, struct tcp_port **out)
{
	struct tcp_port *port = mem_new(COAP_ENDPOINT, 1, sizeof *port);
	int fd = -1;
	int timer = -1;
	int r = -COAP_E_NOMEM;

	if (!port)
		return r;
	port->poller = p;
	port->events = ev;
	port->user = user;
	port->watch.ready = port_ready;
	port->pause.ready = pause_ready;
	r = listening_socket(listen);
	if (r < 0)
		goto fail;
	fd = r;
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	r = timer < 0 ? err_from_errno(errno) : 0;
	if (r == 0)
		r = socket_local(fd, &port->local, NULL);
	if (r == 0)
		r = poller_add(p, &port->pause, timer, 0);
	if (r == 0)
		r = poller_add(p, &port->watch, fd, EPOLLIN);
	if (r < 0)
		goto fail;
	*out = port;
	return 0;

fail:
	socket_close(&timer);
	socket_close(&fd);
	release(port);
	return r;
}

void
tcp_port_free(struct tcp_port *port)
{
	int fd, timer;

	if (!port || port->freed)
		return;
	fd = port->watch.fd;
	timer = port->pause.fd;
	poller_remove(port->poller, &port->watch);
	poller_remove(port->poller, &port->pause);
	socket_close(&fd);
	socket_close(&timer);
	port->freed = true;
	if (!port->busy)
		release(port);
}

const coap_address_t *
tcp_port_local(const struct tcp_port *port)
{
	return &port->local;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* UDP to a multicast group, and from those in it. */
#include "net/layer_group.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "net/loss.h"
#include "net/socket.h"

struct group {
	struct layer layer;
	struct watch watch; /* its fd is the socket's */
	struct poller *poller;
	coap_address_t group;
	coap_address_t from; /* size 0: nothing came yet */
	bool paused;
	bool refused; /* send() said AGAIN, writable() is due */
	bool busy;    /* events are being told: release later */
	bool destroyed;
};

static void
group_update(struct group *g)
{
	uint32_t events = g->paused ? 0 : EPOLLIN;

	if (g->refused)
		events |= EPOLLOUT;
	poller_change(g->poller, &g->watch, events);
}

static void
group_ready(struct watch *w, uint32_t events)
{
	struct group *g = WATCH_OWNER(w, struct group, watch);
	struct layer *l = &g->layer;

	g->busy = true;
	if ((events & EPOLLOUT) && g->refused) {
		g->refused = false;
		group_update(g);
		l->events->writable(l->user);
	}
	if ((events & (EPOLLIN | EPOLLERR)) && !g->destroyed && !g->paused)
		l->events->readable(l->user);
	g->busy = false;
	if (g->destroyed)
		coap_free_type(COAP_SESSION, g);
}

static ssize_t
group_recv(struct layer *l, void *data, size_t size)
{
	struct group *g = (struct group *)l;
	coap_address_t from;
	socklen_t len = sizeof from.addr;
	ssize_t n;

	if (g->watch.fd < 0)
		return -COAP_E_CLOSED;
	coap_address_init(&from);
	n = recvfrom(g->watch.fd, data, size, MSG_TRUNC, &from.addr.sa, &len);
	if (n < 0)
		return err_from_errno(errno);
	from.size = len;
	addr_unmap(&from);
	g->from = from;
	if (n == 0)
		return -COAP_E_AGAIN;
	return (size_t)n > size ? -COAP_E_TOOBIG : n;
}

static ssize_t
send_to(const struct group *g, const coap_address_t *to, const void *data,
    size_t len)
{
	return sendto(g->watch.fd, data, len, MSG_NOSIGNAL, &to->addr.sa,
	    to->size);
}

static int
group_send(struct layer *l, const void *data, size_t len)
{
	struct group *g = (struct group *)l;

	if (g->watch.fd < 0)
		return -COAP_E_CLOSED;
	if (loss_drops() || send_to(g, &g->group, data, len) >= 0)
		return 0;
	if (errno != EAGAIN && errno != ENOBUFS)
		return err_from_errno(errno);
	g->refused = true;
	group_update(g);
	return -COAP_E_AGAIN;
}

static void
group_close(struct layer *l)
{
	struct group *g = (struct group *)l;
	int fd = g->watch.fd;

	poller_remove(g->poller, &g->watch);
	socket_close(&fd);
}

static void
group_destroy(struct layer *l)
{
	struct group *g = (struct group *)l;

	group_close(l);
	g->destroyed = true;
	if (!g->busy)
		coap_free_type(COAP_SESSION, g);
}

static void
group_want_read(struct layer *l, bool on)
{
	struct group *g = (struct group *)l;

	g->paused = !on;
	if (g->watch.fd >= 0)
		group_update(g);
}

static int
group_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	const struct group *g = (const struct group *)l;

	if (g->watch.fd < 0)
		return -COAP_E_STATE;
	return socket_local(g->watch.fd, local, ifindex);
}

static const struct layer_ops group_ops = {
	.name = "group",
	.datagram = true,
	.recv = group_recv,
	.send = group_send,
	.close = group_close,
	.destroy = group_destroy,
	.want_read = group_want_read,
	.local = group_local,
};

/* --- the interface --------------------------------------------------------- */

static bool
has_address(const struct ifaddrs *i, const coap_address_t *local)
{
	struct sockaddr_in6 six;

	if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET6)
		return false;
	memcpy(&six, i->ifa_addr, sizeof six);
	return memcmp(&six.sin6_addr, &local->addr.sin6.sin6_addr, 16) == 0;
}

/* The one that has an IPv6 address; 0: unknown. */
static unsigned
interface_of(const coap_address_t *local)
{
	struct ifaddrs *list, *i;
	unsigned index = local->addr.sin6.sin6_scope_id;

	if (index > 0 || getifaddrs(&list) < 0)
		return index;
	for (i = list; i && index == 0; i = i->ifa_next)
		if (has_address(i, local))
			index = if_nametoindex(i->ifa_name);
	freeifaddrs(list);
	return index;
}

static int
choose_interface(int fd, const coap_address_t *local,
    const coap_address_t *group)
{
	bool given = local && !coap_address_isany(local);
	unsigned index;

	if (group->addr.sa.sa_family == AF_INET) {
		if (given &&
		    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF,
			&local->addr.sin.sin_addr,
			sizeof local->addr.sin.sin_addr) < 0)
			return err_from_errno(errno);
		return 0;
	}
	index = group->addr.sin6.sin6_scope_id;
	if (index == 0 && given)
		index = interface_of(local);
	return index == 0
	    ? 0
	    : socket_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)index);
}

/* Whether there is a way, which sending would not tell in time. */
static int
probe(const coap_address_t *local, const coap_address_t *group)
{
	int fd = socket_new(group->addr.sa.sa_family, SOCK_DGRAM);
	int r;

	if (fd < 0)
		return fd;
	r = choose_interface(fd, local, group);
	if (r == 0)
		r = socket_connect(fd, group);
	socket_close(&fd);
	return r;
}

/* The socket, or an error. Errors of single members are nobody's. */
static int
group_socket(const coap_address_t *local, const coap_address_t *group)
{
	int family = group->addr.sa.sa_family;
	int r = probe(local, group);
	int fd;

	if (r < 0)
		return r;
	fd = socket_new(family, SOCK_DGRAM);
	if (fd < 0)
		return fd;
	socket_prepare_udp(fd, family);
	socket_set(fd, IPPROTO_IP, IP_RECVERR, 0);
	if (family == AF_INET6)
		socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 0);
	r = choose_interface(fd, local, group);
	if (r == 0 && local)
		r = socket_bind(fd, local);
	if (r == 0)
		return fd;
	socket_close(&fd);
	return r;
}

int
layer_group_client(struct poller *p, const coap_address_t *local,
    const coap_address_t *group, const struct layer_events *ev, void *user,
    struct layer **out)
{
	struct group *g;
	int fd, r;

	if (local && local->addr.sa.sa_family != group->addr.sa.sa_family)
		return -COAP_E_INVAL;
	g = mem_new(COAP_SESSION, 1, sizeof *g);
	if (!g)
		return -COAP_E_NOMEM;
	fd = group_socket(local, group);
	r = fd;
	if (fd < 0)
		goto fail;
	g->layer = (struct layer){ &group_ops, NULL, ev, user };
	g->poller = p;
	g->group = *group;
	g->watch.ready = group_ready;
	r = poller_add(p, &g->watch, fd, EPOLLIN);
	if (r < 0)
		goto fail;
	*out = &g->layer;
	return 0;

fail:
	socket_close(&fd);
	coap_free_type(COAP_SESSION, g);
	return r;
}

/* --- beside the layers' functions ------------------------------------------ */

static struct group *
group_of(const struct layer *l)
{
	while (l && l->ops != &group_ops)
		l = l->next;
	return (struct group *)(uintptr_t)l;
}

bool
layer_group_from(const struct layer *l, coap_address_t *from)
{
	const struct group *g = group_of(l);

	if (!g || g->from.size == 0)
		return false;
	*from = g->from;
	return true;
}

int
layer_group_reply(struct layer *l, const void *data, size_t len)
{
	const struct group *g = group_of(l);

	if (!g || g->watch.fd < 0 || g->from.size == 0)
		return -COAP_E_STATE;
	if (loss_drops() || send_to(g, &g->from, data, len) >= 0)
		return 0;
	return err_from_errno(errno);
}

int
layer_group_hops(struct layer *l, int hops)
{
	const struct group *g = group_of(l);

	if (!g || g->watch.fd < 0)
		return -COAP_E_STATE;
	if (g->group.addr.sa.sa_family == AF_INET6)
		return socket_set(g->watch.fd, IPPROTO_IPV6,
		    IPV6_MULTICAST_HOPS, hops);
	return socket_set(g->watch.fd, IPPROTO_IP, IP_MULTICAST_TTL, hops);
}

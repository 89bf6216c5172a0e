/* SPDX-License-Identifier: BSD-2-Clause */
/* A bound UDP socket that many peers share. */
#include "net/port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "base/err.h"
#include "net/loss.h"
#include "net/socket.h"
#include "net/udp_run.h"

#define BATCH      16    /* datagrams a system call */
#define BATCHES    4     /* system calls a pass */
#define ICMP_MAX   64    /* errors taken from the queue a pass */
#define DATAGRAM   65535 /* no datagram is longer */
#define INFO_SIZE  (CMSG_SPACE(sizeof(struct in6_pktinfo)))
#define INFO4_SIZE (CMSG_SPACE(sizeof(struct in_pktinfo)))

_Static_assert(INFO_SIZE >= INFO4_SIZE, "one control buffer serves both");

/* One datagram of a batch, all but its bytes. */
struct slot {
	struct iovec iov;
	coap_address_t from;
	_Alignas(struct cmsghdr) char control[INFO_SIZE];
};

struct udp_port {
	struct watch watch;
	struct poller *poller;
	const struct udp_port_events *events;
	void *user;
	coap_address_t local;
	int fd;
	int family; /* of the socket */
	bool busy;  /* a callback may be under way: free later */
	bool freed; /* nothing is called any more */
	int used;   /* slots that are to be prepared again */
	/* What is to go to one peer while several datagrams are handed out;
	 * NULL: everything goes at once. */
	struct udp_run *run;
	bool collecting;
	/* A megabyte of address space; the kernel finds pages for what is
	 * used. */
	uint8_t *bytes;
	struct slot slots[BATCH];
	struct mmsghdr batch[BATCH];
};

/* --- sending -------------------------------------------------------------- */

static bool
is_link_local(const coap_address_t *a)
{
	return a->addr.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_LINKLOCAL(&a->addr.sin6.sin6_addr);
}

static bool
needs_interface(const coap_address_t *remote, const coap_address_t *source)
{
	if (is_link_local(remote))
		return remote->addr.sin6.sin6_scope_id == 0;
	return coap_is_mcast(remote) || is_link_local(source);
}

/* The address as the socket wants it: an IPv6 socket takes IPv4 mapped. */
static void
to_family(coap_address_t *a, int family)
{
	struct sockaddr_in6 mapped = {
		.sin6_family = AF_INET6,
		.sin6_port = a->addr.sin.sin_port,
	};

	if (family != AF_INET6 || a->addr.sa.sa_family != AF_INET)
		return;
	mapped.sin6_addr.s6_addr[10] = 0xff;
	mapped.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&mapped.sin6_addr.s6_addr[12], &a->addr.sin.sin_addr, 4);
	a->addr.sin6 = mapped;
	a->size = sizeof a->addr.sin6;
}

/* Packet info into msg's control buffer. source is of the socket's family. */
static void
put_info(struct msghdr *msg, const coap_address_t *source, int ifindex)
{
	struct in6_pktinfo info6 = { .ipi6_ifindex = (unsigned)ifindex };
	struct in_pktinfo info4 = { .ipi_ifindex = ifindex };
	bool ipv6 = source->addr.sa.sa_family == AF_INET6;
	size_t len = ipv6 ? sizeof info6 : sizeof info4;
	struct cmsghdr *c;

	info6.ipi6_addr = source->addr.sin6.sin6_addr;
	if (!ipv6)
		info4.ipi_spec_dst = source->addr.sin.sin_addr;
	msg->msg_controllen = CMSG_SPACE(len);
	c = CMSG_FIRSTHDR(msg);
	c->cmsg_level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
	c->cmsg_type = ipv6 ? IPV6_PKTINFO : IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(len);
	if (ipv6)
		memcpy(CMSG_DATA(c), &info6, len);
	else
		memcpy(CMSG_DATA(c), &info4, len);
}

/* The address to send from, any if the kernel is to choose it. */
static void
choose_source(coap_address_t *source, const coap_address_t *local,
    const coap_address_t *remote)
{
	if (local && local->addr.sa.sa_family == remote->addr.sa.sa_family &&
	    !coap_is_mcast(local)) {
		*source = *local;
		return;
	}
	coap_address_init(source);
	source->addr.sa.sa_family = remote->addr.sa.sa_family;
	source->size = remote->addr.sa.sa_family == AF_INET
	    ? sizeof source->addr.sin
	    : sizeof source->addr.sin6;
}

/* Where a datagram goes, and how. */
struct route {
	const coap_address_t *remote;
	const coap_address_t *local; /* NULL: the kernel's choice */
	int ifindex;
	size_t segment; /* 0: it is one */
};

/* Sends bytes now, as one datagram or as several. */
static int
send_now(struct udp_port *port, const struct route *route, const void *data,
    size_t len)
{
	_Alignas(
	    struct cmsghdr) char control[INFO_SIZE + UDP_RUN_CONTROL] = { 0 };
	coap_address_t to = *route->remote;
	int ifindex = route->ifindex;
	coap_address_t source;
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)data, /* is only read */
		.iov_len = len,
	};
	struct msghdr msg = {
		.msg_name = &to.addr,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
	};
	ssize_t n;

	choose_source(&source, route->local, route->remote);
	if (!needs_interface(route->remote, &source))
		ifindex = 0;
	if (ifindex > 0 || !coap_address_isany(&source)) {
		to_family(&source, port->family);
		put_info(&msg, &source, ifindex);
	}
	if (route->segment > 0)
		udp_run_segment(&msg, route->segment);
	to_family(&to, port->family);
	if (to.addr.sa.sa_family != port->family)
		return -COAP_E_INVAL;
	msg.msg_namelen = to.size;

	/* The first error may be an earlier datagram's, to any peer. */
	n = sendmsg(port->fd, &msg, MSG_NOSIGNAL);
	if (n < 0 && (socket_is_icmp(errno) || errno == EMSGSIZE))
		n = sendmsg(port->fd, &msg, MSG_NOSIGNAL);
	if (n >= 0)
		return 0;
	return errno == ENOBUFS ? -COAP_E_AGAIN : err_from_errno(errno);
}

/* Sends what was collected. Where the kernel cannot cut, one by one from now
 * on. */
static void
send_run(struct udp_port *port)
{
	struct udp_run *run = port->run;
	struct route route;
	size_t at;

	if (!run || run->n == 0)
		return;
	route = (struct route){ &run->remote,
		run->local.size > 0 ? &run->local : NULL, run->ifindex,
		run->n > 1 ? run->each : 0 };
	at = send_now(port, &route, run->bytes, run->used) < 0 ? 0 : run->used;
	if (at == 0 && run->n > 1) {
		port->run = NULL;
		route.segment = 0;
	}
	for (; at < run->used && !port->run; at += run->each)
		send_now(port, &route, run->bytes + at,
		    run->used - at < run->each ? run->used - at : run->each);
	run->n = 0;
	if (!port->run)
		udp_run_free(run);
}

int
udp_port_send(struct udp_port *port, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, const void *data, size_t len)
{
	struct route route = { remote, local, ifindex, 0 };

	if (loss_drops())
		return 0;
	/* What the socket is bound to is the source anyway. */
	if (local && coap_address_equals(local, &port->local))
		route.local = NULL;
	if (port->run &&
	    !udp_run_fits(port->run, remote, route.local, ifindex, len))
		send_run(port);
	if (!port->collecting || !port->run || len == 0 ||
	    len > UDP_RUN_DATAGRAM)
		return send_now(port, &route, data, len);
	udp_run_add(port->run, remote, route.local, ifindex, data, len);
	return 0;
}

/* --- receiving ------------------------------------------------------------ */

/* The kernel overwrites the lengths of those that it fills. */
static int
receive(struct udp_port *port)
{
	struct slot *slot;
	int i;

	for (i = 0; i < port->used; i++) {
		slot = &port->slots[i];
		slot->iov.iov_base = port->bytes + (size_t)i * DATAGRAM;
		slot->iov.iov_len = DATAGRAM;
		port->batch[i].msg_hdr = (struct msghdr){
			.msg_name = &slot->from.addr,
			.msg_namelen = sizeof slot->from.addr,
			.msg_iov = &slot->iov,
			.msg_iovlen = 1,
			.msg_control = slot->control,
			.msg_controllen = sizeof slot->control,
		};
	}
	i = recvmmsg(port->fd, port->batch, BATCH, MSG_DONTWAIT, NULL);
	port->used = i > 0 ? i : 1;
	return i;
}

/* Where the datagram was sent to; the port's own address when unknown. */
static void
read_info(struct msghdr *msg, struct udp_datagram *d)
{
	coap_address_t *local = &d->local;
	uint16_t number = coap_address_get_port(local);
	struct in6_pktinfo info6;
	struct in_pktinfo info4;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&info4, CMSG_DATA(c), sizeof info4);
			d->ifindex = info4.ipi_ifindex;
			local->size = sizeof local->addr.sin;
			local->addr.sin = (struct sockaddr_in){
				.sin_family = AF_INET,
				.sin_addr = info4.ipi_addr,
			};
		}
		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(c), sizeof info6);
			d->ifindex = (int)info6.ipi6_ifindex;
			local->size = sizeof local->addr.sin6;
			local->addr.sin6 = (struct sockaddr_in6){
				.sin6_family = AF_INET6,
				.sin6_addr = info6.ipi6_addr,
			};
			if (IN6_IS_ADDR_LINKLOCAL(&info6.ipi6_addr))
				local->addr.sin6.sin6_scope_id =
				    info6.ipi6_ifindex;
		}
	}
	coap_address_set_port(local, number);
	addr_unmap(local);
}

static void
hand_out(struct udp_port *port, int i)
{
	struct msghdr *msg = &port->batch[i].msg_hdr;
	struct udp_datagram d = {
		.data = port->slots[i].iov.iov_base,
		.len = port->batch[i].msg_len,
		.truncated = (msg->msg_flags & MSG_TRUNC) != 0,
		.remote = port->slots[i].from,
		.local = port->local,
	};

	d.remote.size = msg->msg_namelen;
	addr_unmap(&d.remote);
	read_info(msg, &d);
	port->events->datagram(port->user, &d);
	/* A handler may take its time, and a peer should not wait for that. */
	if (port->run && port->run->n > 0 && udp_run_waits(port->run))
		send_run(port);
}

static void
read_batches(struct udp_port *port)
{
	int n = BATCH;
	int b, i;

	for (b = 0; b < BATCHES && n == BATCH; b++) {
		/* An error belongs to a datagram sent before; it is in the
		 * error queue, and taking it here makes place for reading. */
		n = receive(port);
		if (n < 0 && errno != EAGAIN)
			n = receive(port);
		port->collecting = n > 1;
		for (i = 0; i < n && !port->freed; i++)
			hand_out(port, i);
		port->collecting = false;
		if (port->freed)
			return;
		send_run(port);
	}
}

static void
read_errors(struct udp_port *port)
{
	coap_address_t remote;
	int err;
	int i;

	for (i = 0; i < ICMP_MAX && !port->freed; i++) {
		err = socket_take_icmp(port->fd, &remote);
		if (err == 0)
			break;
		if (remote.size > 0 && port->events->failed)
			port->events->failed(port->user, &remote, err);
	}
	/* Without this EPOLLERR would come for ever. */
	socket_take_error(port->fd);
}

static void
release(struct udp_port *port)
{
	udp_run_free(port->run);
	coap_free_type(COAP_PACKET, port->bytes);
	coap_free_type(COAP_ENDPOINT, port);
}

static void
port_ready(struct watch *w, uint32_t events)
{
	struct udp_port *port = WATCH_OWNER(w, struct udp_port, watch);

	port->busy = true;
	if (events & EPOLLERR)
		read_errors(port);
	if ((events & EPOLLIN) && !port->freed)
		read_batches(port);
	port->busy = false;
	if (port->freed)
		release(port);
}

/* --- groups --------------------------------------------------------------- */

int
udp_port_join(struct udp_port *port, const coap_address_t *group, int ifindex)
{
	int family = group->addr.sa.sa_family;
	struct group_req request = { .gr_interface = (uint32_t)ifindex };
	int level = family == AF_INET6 ? IPPROTO_IPV6 : IPPROTO_IP;

	if (!coap_is_mcast(group) ||
	    (family == AF_INET6 && family != port->family))
		return -COAP_E_INVAL;
	memcpy(&request.gr_group, &group->addr, group->size);
	if (setsockopt(port->fd, level, MCAST_JOIN_GROUP, &request,
		sizeof request) < 0)
		return err_from_errno(errno);
	return 0;
}

/* --- life ----------------------------------------------------------------- */

/* On an IPv6 socket the IPv4 options count for mapped addresses. */
static int
prepare(int fd, int family)
{
	int r;

	socket_prepare_udp(fd, family);
	socket_set(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	if (family == AF_INET)
		return socket_set(fd, IPPROTO_IP, IP_PKTINFO, 1);
	r = socket_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	socket_set(fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
	return r;
}

int
udp_port_open(struct poller *p, const coap_address_t *listen,
    const struct udp_port_events *ev, void *user, struct udp_port **out)
{
	struct udp_port *port = mem_new(COAP_ENDPOINT, 1, sizeof *port);
	int r = -COAP_E_NOMEM;

	if (!port)
		return r;
	port->poller = p;
	port->events = ev;
	port->user = user;
	port->family = listen->addr.sa.sa_family;
	port->watch.fd = -1;
	port->watch.ready = port_ready;
	port->fd = -1;
	port->used = BATCH;
	port->bytes = coap_malloc_type(COAP_PACKET, (size_t)BATCH * DATAGRAM);
	if (!port->bytes)
		goto fail;
	r = socket_new(port->family, SOCK_DGRAM);
	if (r < 0)
		goto fail;
	port->fd = r;
	port->run = udp_run_new(port->fd);
	r = prepare(port->fd, port->family);
	if (r == 0)
		r = socket_bind(port->fd, listen);
	if (r == 0)
		r = socket_local(port->fd, &port->local, NULL);
	if (r == 0)
		r = poller_add(p, &port->watch, port->fd, EPOLLIN);
	if (r < 0)
		goto fail;
	*out = port;
	return 0;

fail:
	socket_close(&port->fd);
	release(port);
	return r;
}

void
udp_port_free(struct udp_port *port)
{
	if (!port || port->freed)
		return;
	send_run(port);
	poller_remove(port->poller, &port->watch);
	socket_close(&port->fd);
	port->freed = true;
	if (!port->busy)
		release(port);
}

const coap_address_t *
udp_port_local(const struct udp_port *port)
{
	return &port->local;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Sockets: making, binding, connecting, and the error queue of UDP. */
#include "net/socket.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/errqueue.h>

#include "base/addr.h"
#include "base/err.h"

/* Room for the extended error, the address of who complained, and the packet
 * info that the socket also asks for. */
#define CONTROL_SIZE 512

int
socket_new(int family, int type)
{
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? err_from_errno(errno) : fd;
}

void
socket_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int
socket_set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof value) < 0)
		return err_from_errno(errno);
	return 0;
}

int
socket_take_error(int fd)
{
	int e = 0;
	socklen_t len = sizeof e;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0)
		e = errno;
	return err_from_errno(e);
}

int
socket_bind(int fd, const coap_address_t *local)
{
	int r;

	if (local->addr.sa.sa_family == AF_INET6) {
		r = socket_set(fd, IPPROTO_IPV6, IPV6_V6ONLY,
		    !coap_address_isany(local));
		if (r < 0)
			return r;
	}
	if (bind(fd, &local->addr.sa, local->size) < 0)
		return err_from_errno(errno);
	return 0;
}

int
socket_connect(int fd, const coap_address_t *remote)
{
	if (connect(fd, &remote->addr.sa, remote->size) < 0)
		return err_from_errno(errno);
	return 0;
}

int
socket_local(int fd, coap_address_t *local, int *ifindex)
{
	int scope = 0;

	coap_address_init(local);
	if (getsockname(fd, &local->addr.sa, &local->size) < 0)
		return err_from_errno(errno);
	if (local->addr.sa.sa_family == AF_INET6)
		scope = (int)local->addr.sin6.sin6_scope_id;
	addr_unmap(local);
	if (ifindex)
		*ifindex = scope;
	return 0;
}

/* None of these is worth a failure. */
void
socket_prepare_udp(int fd, int family)
{
	int size = 0;
	socklen_t len = sizeof size;

	/* The kernel answers with twice what was asked for. */
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, &len) == 0 &&
	    size < 2 * SOCKET_RECEIVE_BUFFER)
		socket_set(fd, SOL_SOCKET, SO_RCVBUF, SOCKET_RECEIVE_BUFFER);
	if (family == AF_INET6)
		socket_set(fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
	socket_set(fd, IPPROTO_IP, IP_RECVERR, 1);
}

/* The errno of an ICMP message that is about reachability, or 0. */
static int
icmp_errno(struct msghdr *msg)
{
	struct sock_extended_err ee;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (!(c->cmsg_level == IPPROTO_IP &&
			c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == IPPROTO_IPV6 &&
			c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&ee, CMSG_DATA(c), sizeof ee);
		if (ee.ee_origin != SO_EE_ORIGIN_ICMP &&
		    ee.ee_origin != SO_EE_ORIGIN_ICMP6)
			return 0;
		return ee.ee_errno == EMSGSIZE ? 0 : (int)ee.ee_errno;
	}
	return 0;
}

int
socket_take_icmp(int fd, coap_address_t *remote)
{
	_Alignas(struct cmsghdr) char control[CONTROL_SIZE];
	coap_address_t to;
	struct msghdr msg;
	int e = 0;

	while (e == 0) {
		coap_address_init(&to);
		msg = (struct msghdr){
			.msg_name = &to.addr,
			.msg_namelen = sizeof to.addr,
			.msg_control = control,
			.msg_controllen = sizeof control,
		};
		if (recvmsg(fd, &msg, MSG_ERRQUEUE) < 0)
			return 0;
		e = icmp_errno(&msg);
	}
	if (remote) {
		*remote = to;
		remote->size = msg.msg_namelen;
		addr_unmap(remote);
	}
	return err_from_errno(e);
}

bool
socket_is_icmp(int e)
{
	static const int known[] = { ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
		EHOSTDOWN, ENETDOWN, ENOPROTOOPT, EPROTO, EACCES, ENONET };
	size_t i;

	for (i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i] == e)
			return true;
	return false;
}

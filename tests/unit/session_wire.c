/* SPDX-License-Identifier: BSD-2-Clause */
/* A wire at which anything can happen: see session_wire.h. */
#include "session_wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

struct wire wire;

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd >= 0 && poll(&p, 1, 0) == 1;
}

/* Else what is small waits for the other side's ACK, on the real clock. */
static void
no_delay(int fd)
{
	int on = 1;

	assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
			     sizeof on),
	    0);
}

static int
to_server(int type, const coap_address_t *address)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &address->addr.sa, address->size), 0);
	return fd;
}

/* --- datagrams ------------------------------------------------------------ */

static void
carry_datagram(bool up)
{
	uint8_t data[4096];
	socklen_t size = sizeof wire.from.addr;
	int in = up ? wire.front : wire.server;
	ssize_t n = up
	    ? recvfrom(in, data, sizeof data, 0, &wire.from.addr.sa, &size)
	    : recv(in, data, sizeof data, 0);

	if (up)
		wire.from.size = size;
	if (n < 0)
		return; /* an ICMP error */
	if (up)
		wire.up++;
	else
		wire.down++;
	if (wire.stopped || (wire.deaf && !up) ||
	    (wire.lose && wire.lose(up, data, (size_t)n)))
		return;
	if (up)
		(void)send(wire.server, data, (size_t)n, 0);
	else
		(void)sendto(wire.front, data, (size_t)n, 0, &wire.from.addr.sa,
		    wire.from.size);
}

void
wire_inject(const void *data, size_t len)
{
	assert_int_equal(send(wire.server, data, len, 0), len);
}

/* --- connections ---------------------------------------------------------- */

static void
end(int *fd, bool reset)
{
	struct linger now = { 1, 0 };

	if (*fd < 0)
		return;
	if (reset)
		setsockopt(*fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(*fd);
	*fd = -1;
}

void
wire_cut(bool reset)
{
	end(&wire.client, reset);
	if (!wire.datagrams)
		end(&wire.server, reset);
}

/* Bytes that one end said and the other did not take yet. */
static struct way {
	uint8_t data[65536];
	size_t len;
	size_t done;
} ways[2];

static void
push_bytes(struct way *way, int to)
{
	ssize_t n;

	while (way->done < way->len) {
		n = send(to, way->data + way->done, way->len - way->done,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break; /* it has gone; the next look sees it */
		way->done += (size_t)n;
	}
	way->len = way->done = 0;
}

/* What one end says the other hears; the end of a stream, too. */
static void
carry_bytes(struct way *way, int from, int to, bool *ended, unsigned *count)
{
	ssize_t n;

	push_bytes(way, to);
	if (way->len > 0 || *ended || !readable(from))
		return;
	n = recv(from, way->data, sizeof way->data, 0);
	if (n < 0) {
		wire_cut(true);
		return;
	}
	if (n == 0) {
		*ended = true;
		shutdown(to, SHUT_WR);
		return;
	}
	++*count;
	way->len = (size_t)n;
	push_bytes(way, to);
}

static void
accept_client(const coap_address_t *server)
{
	if (!readable(wire.front) || wire.client >= 0)
		return;
	wire.client = accept4(wire.front, NULL, NULL, SOCK_CLOEXEC);
	assert_true(wire.client >= 0);
	wire.server = to_server(SOCK_STREAM, server);
	no_delay(wire.client);
	no_delay(wire.server);
}

/* --- both ----------------------------------------------------------------- */

static coap_address_t server_address;

static void
relay(void)
{
	int i;

	if (wire.datagrams) {
		for (i = 0; i < 64 && readable(wire.front); i++)
			carry_datagram(true);
		for (i = 0; i < 64 && readable(wire.server); i++)
			carry_datagram(false);
		return;
	}
	accept_client(&server_address);
	if (wire.stopped)
		return;
	carry_bytes(&ways[0], wire.client, wire.server, &wire.client_ended,
	    &wire.up);
	if (!wire.deaf)
		carry_bytes(&ways[1], wire.server, wire.client,
		    &wire.server_ended, &wire.down);
	if (wire.client_ended && wire.server_ended)
		wire_cut(false);
}

void
wire_open(coap_proto_t proto)
{
	memset(&wire, 0, sizeof wire);
	memset(ways, 0, sizeof ways);
	wire.datagrams = !COAP_PROTO_RELIABLE(proto);
	wire.client = wire.server = -1;
	wire.front =
	    world_raw(wire.datagrams ? SOCK_DGRAM : SOCK_STREAM, &wire.address);
	server_address = *world_address(proto);
	if (wire.datagrams)
		wire.server = to_server(SOCK_DGRAM, &server_address);
	w.relay = relay;
}

void
wire_close(void)
{
	w.relay = NULL;
	end(&wire.client, false);
	end(&wire.server, false);
	end(&wire.front, false);
}

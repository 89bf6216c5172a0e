/* SPDX-License-Identifier: BSD-2-Clause */
/* Listening sockets: a UDP socket that many peers share, a TCP listener. */
#ifndef NET_PORT_H
#define NET_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coap3/coap_address.h>

#include "net/poller.h"

/* One datagram as it came in. `local` is the destination address it was sent
 * to (packet info, port of the socket), a multicast group too. */
struct udp_datagram {
	const uint8_t *data;
	size_t len;
	bool truncated;
	coap_address_t remote;
	coap_address_t local;
	int ifindex;
};

struct udp_port_events {
	void (*datagram)(void *user, const struct udp_datagram *d);
	/* ICMP error for a peer, from the socket's error queue (IP_RECVERR): a
	 * negative error; remote is where the datagram had been sent. */
	void (*failed)(void *user, const coap_address_t *remote, int err);
};

struct udp_port;

/*
 * Binds (port 0: the kernel chooses; IPv6 any takes IPv4 too, shown as IPv4
 * addresses). Reads in batches (recvmmsg) of a bounded number a pass. The
 * callbacks may call udp_port_free(); what the datagram of that call points to
 * stays until the callback returns. Two sockets cannot have one address:
 * -COAP_E_ADDRINUSE.
 */
int udp_port_open(struct poller *p, const coap_address_t *listen,
    const struct udp_port_events *ev, void *user, struct udp_port **out);
void udp_port_free(struct udp_port *port); /* NULL is fine */
/* The address bound to, with the port that the kernel chose. */
const coap_address_t *udp_port_local(const struct udp_port *port);
/*
 * Sends one datagram. local (NULL, any or a group: the kernel's choice) is its
 * source address. ifindex (0: by the routing table) counts for a link-local
 * destination without a zone and for a group; to others the way back need not
 * be the way in. -COAP_E_AGAIN: the kernel's buffer is full, the datagram is
 * lost.
 */
int udp_port_send(struct udp_port *port, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, const void *data, size_t len);
/* Joins a multicast group on an interface (0: the kernel's choice). Only the
 * groups joined here are heard. */
int udp_port_join(struct udp_port *port, const coap_address_t *group,
    int ifindex);

struct tcp_port_events {
	/* A new connection; the callee owns fd. */
	void (*accepted)(void *user, int fd, const coap_address_t *remote,
	    const coap_address_t *local);
};

struct tcp_port;

/*
 * SO_REUSEADDR, backlog SOMAXCONN; IPv6 any takes IPv4 too. Accepts a bounded
 * number a pass; out of descriptors it pauses for a moment instead of
 * spinning. The callback may call tcp_port_free().
 */
int tcp_port_open(struct poller *p, const coap_address_t *listen,
    const struct tcp_port_events *ev, void *user, struct tcp_port **out);
void tcp_port_free(struct tcp_port *port); /* NULL is fine */
const coap_address_t *tcp_port_local(const struct tcp_port *port);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* System calls on sockets with the library's addresses and errors. */
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include <stdbool.h>

#include <coap3/coap_address.h>

/* What the kernel's receive buffer of a UDP socket should hold at least. */
#define SOCKET_RECEIVE_BUFFER (256 * 1024)

/* A non-blocking, close-on-exec socket, or a negative error. */
int socket_new(int family, int type);
/* Closes *fd if it is one; *fd is -1 afterwards. */
void socket_close(int *fd);

/* setsockopt() of an int: 0 or an error. */
int socket_set(int fd, int level, int name, int value);
/* Takes the error that the kernel holds for the socket: 0 or negative. */
int socket_take_error(int fd);

/* Binds to an address; IPv6 any takes IPv4 too. */
int socket_bind(int fd, const coap_address_t *local);
/* 0, -COAP_E_AGAIN (under way) or an error. */
int socket_connect(int fd, const coap_address_t *remote);
/* The local address; IPv4-mapped as IPv4; ifindex (NULL is fine) as
 * layer_local() has it. */
int socket_local(int fd, coap_address_t *local, int *ifindex);

/* Asks for room, and for ICMP errors in the error queue. */
void socket_prepare_udp(int fd, int family);
/*
 * Takes one ICMP error from the error queue: the negative error, and in *remote
 * (NULL is fine; size 0 when unknown) where the datagram had been sent. 0 when
 * the queue is empty. Errors that are not about the peer's reachability, such
 * as a change of the path's MTU, are dropped.
 */
int socket_take_icmp(int fd, coap_address_t *remote);
/* Whether an errno of send or recv tells of an earlier datagram (ICMP). */
bool socket_is_icmp(int e);

#endif

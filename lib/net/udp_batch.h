/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several datagrams a system call for the client sockets of a poller, which
 * share the room for them: it is used only while one of them is served.
 */
#ifndef NET_UDP_BATCH_H
#define NET_UDP_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "net/poller.h"
#include "net/udp_run.h"

#define UDP_BATCH    16    /* datagrams a system call */
#define UDP_DATAGRAM 65535 /* no datagram is longer */

struct udp_batch {
	int n; /* datagrams that are there */
	int at;
	int used;            /* slots that the kernel has written to */
	struct udp_run *run; /* for what is sent meanwhile; may be NULL */
	struct iovec iov[UDP_BATCH];
	struct mmsghdr slots[UDP_BATCH];
	/* A megabyte of address space; the kernel finds pages for what is
	 * used. */
	uint8_t bytes[UDP_BATCH][UDP_DATAGRAM];
};

/* The poller's, made at the first use, for sockets such as fd, and freed with
 * the poller; NULL: no memory. */
struct udp_batch *udp_batch(struct poller *p, int fd);
void udp_batch_free(struct udp_batch *b);
/* Receives what is there: the number of datagrams, or -1 and errno. */
int udp_batch_receive(struct udp_batch *b, int fd);

/* The next datagram: its bytes and real length; NULL when there is none. */
const uint8_t *udp_batch_next(struct udp_batch *b, size_t *len);

#endif

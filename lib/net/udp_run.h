/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams to one peer that are sent with one system call: the answers to
 * requests that came together. All have one length, but the last, which may be
 * shorter; so the kernel wants it (UDP_SEGMENT).
 */
#ifndef NET_UDP_RUN_H
#define NET_UDP_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

#include <coap3/coap_address.h>

#define UDP_RUN          16   /* datagrams */
#define UDP_RUN_DATAGRAM 1280 /* longer ones go alone */

struct udp_run {
	coap_address_t remote;
	coap_address_t local; /* size 0: the kernel's choice */
	int ifindex;
	unsigned n;
	size_t each; /* bytes of each but the last */
	size_t used;
	struct timespec since; /* on the coarse clock */
	uint8_t bytes[UDP_RUN * UDP_RUN_DATAGRAM];
};

/* One for the socket fd; NULL when the kernel cannot, or without memory. */
struct udp_run *udp_run_new(int fd);
void udp_run_free(struct udp_run *run);

/* Whether a datagram can go with those that are there. */
bool udp_run_fits(const struct udp_run *run, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, size_t len);
/* Adds one that fits; local may be NULL. */
void udp_run_add(struct udp_run *run, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, const void *data, size_t len);
/* Bytes that this adds to a message's control buffer: the kernel cuts the
 * message into datagrams of each bytes. */
#define UDP_RUN_CONTROL (CMSG_SPACE(sizeof(uint16_t)))
void udp_run_segment(struct msghdr *msg, size_t each);
/* Whether the first has waited for a tick of the clock (milliseconds). */
bool udp_run_waits(const struct udp_run *run);

#endif

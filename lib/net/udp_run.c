/* SPDX-License-Identifier: BSD-2-Clause */
/* Datagrams to one peer that are sent with one system call. */
#include "net/udp_run.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#include "base/alloc.h"

struct udp_run *
udp_run_new(int fd)
{
	struct udp_run *run;
	socklen_t size = sizeof(int);
	int segment;

	/* An older kernel would send one long datagram. */
	if (getsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &segment, &size) < 0)
		return NULL;
	run = coap_malloc_type(COAP_PACKET, sizeof *run);
	if (run) {
		run->n = 0;
		run->used = 0;
	}
	return run;
}

void
udp_run_free(struct udp_run *run)
{
	coap_free_type(COAP_PACKET, run);
}

bool
udp_run_fits(const struct udp_run *run, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, size_t len)
{
	if (len == 0 || len > UDP_RUN_DATAGRAM)
		return false;
	if (run->n == 0)
		return true;
	if (run->n == UDP_RUN || len > run->each ||
	    run->used != run->n * run->each || run->ifindex != ifindex ||
	    !coap_address_equals(&run->remote, remote))
		return false;
	return local ? coap_address_equals(&run->local, local)
		     : run->local.size == 0;
}

void
udp_run_add(struct udp_run *run, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, const void *data, size_t len)
{
	if (run->n == 0) {
		run->remote = *remote;
		run->local.size = 0;
		if (local)
			run->local = *local;
		run->ifindex = ifindex;
		run->each = len;
		run->used = 0;
		clock_gettime(CLOCK_MONOTONIC_COARSE, &run->since);
	}
	memcpy(run->bytes + run->used, data, len);
	run->used += len;
	run->n++;
}

void
udp_run_segment(struct msghdr *msg, size_t each)
{
	uint16_t size = (uint16_t)each;
	struct cmsghdr *c =
	    (struct cmsghdr *)(void *)((char *)msg->msg_control +
		msg->msg_controllen);

	msg->msg_controllen += UDP_RUN_CONTROL;
	c->cmsg_level = IPPROTO_UDP;
	c->cmsg_type = UDP_SEGMENT;
	c->cmsg_len = CMSG_LEN(sizeof size);
	memcpy(CMSG_DATA(c), &size, sizeof size);
}

bool
udp_run_waits(const struct udp_run *run)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec != run->since.tv_sec ||
	    now.tv_nsec != run->since.tv_nsec;
}

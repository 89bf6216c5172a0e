/* SPDX-License-Identifier: BSD-2-Clause */
/* Several datagrams a system call for the client sockets of a poller. */
#include "net/udp_batch.h"

#include "base/alloc.h"

struct udp_batch *
udp_batch(struct poller *p, int fd)
{
	struct udp_batch *b = p->udp_batch;

	if (b)
		return b;
	b = coap_malloc_type(COAP_PACKET, sizeof *b);
	if (!b)
		return NULL;
	b->n = 0;
	b->at = 0;
	b->used = UDP_BATCH;
	b->run = udp_run_new(fd);
	p->udp_batch = b;
	return b;
}

void
udp_batch_free(struct udp_batch *b)
{
	if (b)
		udp_run_free(b->run);
	coap_free_type(COAP_PACKET, b);
}

int
udp_batch_receive(struct udp_batch *b, int fd)
{
	int i;

	for (i = 0; i < b->used; i++) {
		b->iov[i] = (struct iovec){ b->bytes[i], UDP_DATAGRAM };
		b->slots[i].msg_hdr = (struct msghdr){
			.msg_iov = &b->iov[i],
			.msg_iovlen = 1,
		};
	}
	b->at = 0;
	b->n = 0;
	i = recvmmsg(fd, b->slots, UDP_BATCH, MSG_DONTWAIT, NULL);
	b->used = i > 0 ? i : 1;
	if (i > 0)
		b->n = i;
	return i;
}

const uint8_t *
udp_batch_next(struct udp_batch *b, size_t *len)
{
	if (b->at == b->n)
		return NULL;
	*len = b->slots[b->at].msg_len;
	return b->bytes[b->at++];
}

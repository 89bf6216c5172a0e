/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floor's part of bodies in blocks and of notifications: the datagrams that
 * the library sends, of the same lengths, with nobody who reads them.
 */
#include "tests/bench/chan.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define BLOCK 1024
/* Options: Block2 of a request; Block1, Size1 and Content-Format of one with a
 * body; ETag, Block2 and Size2 of an answer with a block. */
#define OPTIONS_GET    3
#define OPTIONS_PUT    9
#define OPTIONS_ANSWER 18
/* Observe, and the payload. */
#define NOTIFICATION (4 + 4 + 4 + 1 + sizeof BENCH_PAYLOAD - 1)
#define ACK          4

/* --- the server ----------------------------------------------------------- */

void
work_init(struct floor *floor)
{
	char block[OPTIONS_ANSWER + BLOCK] = { 0 };

	response_init(&floor->block, block, sizeof block);
	floor->observers =
	    calloc(floor->set.observers + 1, sizeof(struct observer));
	if (!floor->observers)
		die("out of memory");
}

void
work_observe(struct floor *floor, const struct sockaddr_in *from,
    const struct request *request)
{
	struct observer *o = &floor->observers[floor->n_observers];

	if (floor->n_observers == floor->set.observers)
		die("too many observers");
	floor->n_observers++;
	o->peer = *from;
	memcpy(o->token, request->token, sizeof o->token);
}

void
work_changed(struct floor *floor, int fd)
{
	uint8_t out[NOTIFICATION] = { 0x44, 0x45 };
	const struct observer *o;
	unsigned i;

	for (i = 0; i < floor->n_observers; i++) {
		o = &floor->observers[i];
		memcpy(out + 4, o->token, sizeof o->token);
		sendto(fd, out, sizeof out, 0,
		    (const struct sockaddr *)&o->peer, sizeof o->peer);
	}
}

/* --- the client ----------------------------------------------------------- */

static size_t
receive(struct chan *c, uint8_t *data, size_t size)
{
	ssize_t n;

	do {
		chan_wait(c, EPOLLIN);
		n = chan_read(c, data, size);
	} while (n == CHAN_AGAIN);
	return (size_t)n;
}

/* A body: a request and its answer for each block, of which one has more bytes
 * than the other. */
static void
transfer(struct chan *c, char path, size_t options)
{
	uint8_t out[FRAME_SHORT + OPTIONS_PUT + BLOCK] = { 0 };
	unsigned n = (c->floor->set.blocks + BLOCK - 1) / BLOCK;
	uint8_t in[2048];
	unsigned i;

	for (i = 0; i < n; i++) {
		chan_write(c, out,
		    frame_request(out, &c->floor->proto, i, path) + options);
		receive(c, in, sizeof in);
	}
}

static void
run_transfers(struct floor *floor, char path, size_t options)
{
	struct chan *c = client_connect(floor);
	unsigned long n = 0;
	struct meter m;
	uint64_t end;

	transfer(c, path, options);
	meter_start(&m, floor->server_pid);
	end = now_ns() + floor->set.ms * 1000000ull;
	for (; now_ns() < end; n++)
		transfer(c, path, options);
	meter_print(&m, n);
	client_close(c);
}

void
floor_get_blocks(struct floor *floor)
{
	run_transfers(floor, 'g', OPTIONS_GET);
}

void
floor_put_blocks(struct floor *floor)
{
	run_transfers(floor, 'p', OPTIONS_PUT + BLOCK);
}

/* One change: its request, the answer, and a notification with its ACK for each
 * observer; whatever comes first. */
static void
change(struct chan *c, struct chan **observers)
{
	struct floor *floor = c->floor;
	struct epoll_event ev[64];
	uint8_t out[FRAME_SHORT];
	uint8_t ack[ACK] = { 0x60 };
	uint8_t in[2048];
	unsigned left = floor->set.observers;
	int i, n;

	chan_write(c, out, frame_request(out, &floor->proto, 0, 't'));
	receive(c, in, sizeof in);
	while (left > 0) {
		n = epoll_wait(floor->observing, ev, 64, -1);
		for (i = 0; i < n; i++, left--) {
			chan_read(observers[ev[i].data.u32], in, sizeof in);
			chan_write(observers[ev[i].data.u32], ack, sizeof ack);
		}
	}
}

/* An observer, whose socket is waited for with those of the others. */
static struct chan *
observe(struct floor *floor, unsigned number)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = number };
	struct chan *c = client_connect(floor);
	uint8_t out[FRAME_SHORT];
	uint8_t in[2048];

	chan_write(c, out, frame_request(out, &floor->proto, number, 'o'));
	receive(c, in, sizeof in);
	epoll_ctl(floor->epfd, EPOLL_CTL_DEL, c->fd, NULL);
	epoll_ctl(floor->observing, EPOLL_CTL_ADD, c->fd, &ev);
	return c;
}

void
floor_notify(struct floor *floor)
{
	unsigned n = floor->set.observers;
	struct chan **observers = calloc(n + 1, sizeof(struct chan *));
	unsigned long count = 0;
	struct chan *c;
	struct meter m;
	uint64_t end;
	unsigned i;

	floor->observing = epoll_create1(EPOLL_CLOEXEC);
	if (!observers || floor->observing < 0)
		die("no room for observers");
	for (i = 0; i < n; i++)
		observers[i] = observe(floor, i);
	c = client_connect(floor);
	change(c, observers);
	meter_start(&m, floor->server_pid);
	end = now_ns() + floor->set.ms * 1000000ull;
	for (; now_ns() < end; count += n)
		change(c, observers);
	meter_print(&m, count);
	free(observers);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The floor's client: kinds of work. */
#include "tests/bench/chan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "tests/bench/suite.h"

#define MEMORY_FEW  20
#define MEMORY_MANY 220
#define CONTENT     0x45

/* What the client is at. */
struct flight {
	unsigned in_flight;
	unsigned long answers;
	uint32_t token;
	char number[32]; /* the end of the last short answer */
};

static void
answered(struct chan *c, uint8_t *data, size_t len, void *user)
{
	struct flight *f = user;
	size_t n = len < sizeof f->number ? len : sizeof f->number;
	uint8_t *begin;

	if (frame_code(&c->floor->proto, data, len) != CONTENT)
		die("not the answer");
	f->in_flight--;
	f->answers++;
	if (len > 64)
		return;
	memcpy(f->number, data + len - n, n);
	begin = memchr(f->number, 0xff, n);
	if (!begin)
		die("no payload");
	n -= (size_t)(begin + 1 - (uint8_t *)f->number);
	memmove(f->number, begin + 1, n);
	f->number[n] = '\0';
}

static void
send_get(struct chan *c, struct flight *f, char path)
{
	uint8_t out[FRAME_SHORT];

	chan_write(c, out,
	    frame_request(out, &c->floor->proto, f->token++, path));
	f->in_flight++;
}

/* Everything that has come; of datagrams one unless several are in flight. */
static void
receive(struct chan *c, struct flight *f)
{
	uint8_t data[2048];
	ssize_t n;

	if (c->floor->proto.stream) {
		if (!chan_messages(c, answered, f))
			die("the server has gone");
		return;
	}
	do {
		n = chan_read(c, data, sizeof data);
		if (n > 0)
			answered(c, data, (size_t)n, f);
	} while (n > 0 && c->floor->set.window > 1);
}

static void
wait_answers(struct chan *c, struct flight *f)
{
	while (f->in_flight > 0) {
		chan_wait(c, EPOLLIN);
		receive(c, f);
	}
}

static void
run_window(struct chan *c, struct flight *f, uint64_t end)
{
	char path = c->floor->set.body > 0 ? 'b' : 'r';

	while (now_ns() < end) {
		while (f->in_flight < c->floor->set.window)
			send_get(c, f, path);
		chan_wait(c, EPOLLIN);
		receive(c, f);
	}
	wait_answers(c, f);
}

void
floor_request(struct floor *floor)
{
	struct flight f = { 0 };
	struct chan *c = client_connect(floor);
	struct meter m;

	run_window(c, &f, now_ns() + 5000000);
	f.answers = 0;
	meter_start(&m, floor->server_pid);
	run_window(c, &f, now_ns() + floor->set.ms * 1000000ull);
	meter_print(&m, f.answers);
	client_close(c);
}

void
floor_setup(struct floor *floor)
{
	unsigned long n = 0;
	struct meter m;
	uint64_t end;

	client_close(client_connect(floor));
	meter_start(&m, floor->server_pid);
	end = now_ns() + floor->set.ms * 1000000ull;
	for (; now_ns() < end; n++)
		client_close(client_connect(floor));
	meter_print(&m, n);
}

static unsigned long
server_memory(struct chan *c, struct flight *f)
{
	send_get(c, f, 'm');
	wait_answers(c, f);
	return strtoul(f->number, NULL, 10);
}

void
floor_memory(struct floor *floor)
{
	struct flight f = { 0 };
	struct chan *first = client_connect(floor);
	unsigned long few;
	int i;

	for (i = 1; i < MEMORY_FEW; i++)
		client_connect(floor);
	few = server_memory(first, &f);
	for (; i < MEMORY_MANY; i++)
		client_connect(floor);
	printf("%lu\n",
	    (server_memory(first, &f) - few) / (MEMORY_MANY - MEMORY_FEW));
}

void
floor_suite(struct floor *floor)
{
	struct chan *c = client_connect(floor);

	if (c->tls)
		suite_print(c->tls);
	else
		puts("-");
	client_close(c);
}

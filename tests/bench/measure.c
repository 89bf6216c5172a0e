/* SPDX-License-Identifier: BSD-2-Clause */
/* Settings, clocks, and the result of a round. */
#include "tests/bench/measure.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
die(const char *what)
{
	fprintf(stderr, "%s%s%s\n", what, errno != 0 ? ": " : "",
	    errno != 0 ? strerror(errno) : "");
	exit(1);
}

static unsigned
setting(const char *name, unsigned otherwise)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

void
settings_read(struct settings *s)
{
	s->ms = setting("BENCH_MS", 150);
	s->window = setting("BENCH_WINDOW", 1);
	s->body = setting("BENCH_BODY", 0);
	s->blocks = setting("BENCH_BLOCKS", 0);
	s->observers = setting("BENCH_OBSERVERS", 0);
	s->others = setting("BENCH_OTHERS", 0);
	s->suite = getenv("BENCH_SUITE");
	s->keys = getenv("BENCH_KEYS");
}

void
protocol_parse(struct protocol *p, const char *text)
{
	static const struct protocol rows[] = {
		{ .name = "udp" },
		{ .name = "dtls", .secure = true },
		{ .name = "tcp", .stream = true },
		{ .name = "tls", .stream = true, .secure = true },
		{ .name = "ws", .stream = true, .ws = true },
		{ .name = "wss", .stream = true, .secure = true, .ws = true },
	};
	const size_t n = sizeof rows / sizeof rows[0];
	size_t len = strcspn(text, "-");
	size_t i;

	for (i = 0; i < n; i++)
		if (strlen(rows[i].name) == len &&
		    strncmp(rows[i].name, text, len) == 0)
			break;
	if (i == n)
		die("no such protocol");
	*p = rows[i];
	p->ecdsa = strcmp(text + len, "-ecdsa") == 0;
}

uint64_t
clock_ns(clockid_t id)
{
	struct timespec t;

	if (clock_gettime(id, &t) < 0)
		die("clock_gettime");
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

uint64_t
now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

unsigned long
heap_bytes(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

uint64_t
queued_ns(pid_t pid)
{
	char name[64];
	char line[128] = "";
	char *field = line;
	FILE *f;

	snprintf(name, sizeof name, "/proc/%d/schedstat", (int)pid);
	f = fopen(name, "re");
	if (!f)
		return 0;
	if (!fgets(line, sizeof line, f))
		line[0] = '\0';
	fclose(f);
	/* What it ran, what it waited. */
	strtoull(line, &field, 10);
	return strtoull(field, NULL, 10);
}

static uint64_t
spent(const struct meter *m)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID) + clock_ns(m->clock);
}

static uint64_t
queued(const struct meter *m)
{
	return queued_ns(getpid()) + queued_ns(m->peer);
}

void
meter_start(struct meter *m, pid_t peer)
{
	errno = clock_getcpuclockid(peer, &m->clock);
	if (errno != 0)
		die("the server is gone");
	m->peer = peer;
	m->queued = queued(m);
	m->cpu = spent(m);
	m->wall = now_ns();
}

void
result_print(unsigned long count, uint64_t wall, uint64_t cpu, uint64_t idle)
{
	printf("%lu %llu %llu %llu\n", count, (unsigned long long)wall,
	    (unsigned long long)cpu, (unsigned long long)idle);
}

void
meter_print(const struct meter *m, unsigned long count)
{
	uint64_t wall = now_ns() - m->wall;
	uint64_t cpu = spent(m) - m->cpu;
	uint64_t busy = cpu + queued(m) - m->queued;

	result_print(count, wall, cpu, wall > busy ? wall - busy : 0);
}

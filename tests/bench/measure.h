/* SPDX-License-Identifier: BSD-2-Clause */
/* What the programs of the benchmark share: settings, clocks, the result. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define BENCH_IDENTITY "bench"
#define BENCH_KEY      "sixteen bytes!!!"
#define BENCH_PAYLOAD  "hello"
/* How many sessions begin at the same time, where many are held. */
#define BENCH_BATCH 4

/* What the driver asks for, by environment variables. */
struct settings {
	unsigned ms;        /* BENCH_MS: how long a round measures */
	unsigned window;    /* BENCH_WINDOW: requests in flight */
	unsigned body;      /* BENCH_BODY: bytes of a response, 0: a few */
	unsigned blocks;    /* BENCH_BLOCKS: bytes of a body in blocks */
	unsigned observers; /* BENCH_OBSERVERS */
	unsigned others;    /* BENCH_OTHERS: sessions that are held besides */
	const char *suite;  /* BENCH_SUITE: what suite_print() printed */
	const char *keys; /* BENCH_KEYS: folder of ca.pem, cert.pem, key.pem */
};

void settings_read(struct settings *s);

/* "dtls-ecdsa" */
struct protocol {
	char name[8]; /* "dtls" */
	bool stream;
	bool secure;
	bool ws;
	bool ecdsa; /* else a pre-shared key */
};

/* Ends the program when there is no such protocol. */
void protocol_parse(struct protocol *p, const char *text);

/* Says what is wrong, with the system's reason if errno is set, and ends. */
__attribute__((noreturn)) void die(const char *what);

uint64_t now_ns(void);
uint64_t clock_ns(clockid_t id);
/* How long a process has waited for its core; 0 where the kernel does not say.
 */
uint64_t queued_ns(pid_t pid);
/* Bytes that this process has from malloc(). */
unsigned long heap_bytes(void);

/*
 * What both ends spend: their processor time, and the time in which neither
 * ran nor waited for its core. So what others take from a shared machine does
 * not count, and a wait for the other end or for a timer does.
 */
struct meter {
	pid_t peer;
	clockid_t clock; /* the peer's */
	uint64_t wall;
	uint64_t cpu;
	uint64_t queued;
};

void meter_start(struct meter *m, pid_t peer);
/* Prints "COUNT WALL CPU IDLE", times in nanoseconds. */
void result_print(unsigned long count, uint64_t wall, uint64_t cpu,
    uint64_t idle);
/* The same, of what both ends spent since. */
void meter_print(const struct meter *m, unsigned long count);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole processes, one after the other, and what they and others spend. */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/chan.h"

/* The processes that a command has work done by: a server, an agent. */
#define HELPERS_MAX 4

struct helpers {
	pid_t pids[HELPERS_MAX];
	clockid_t clocks[HELPERS_MAX];
	size_t n;
};

/* Their numbers, with commas between them. */
static void
helpers_find(struct helpers *helpers, const char *text)
{
	char *end;
	pid_t pid;

	for (; *text != '\0'; text = *end == ',' ? end + 1 : end) {
		pid = (pid_t)strtol(text, &end, 10);
		if (end == text || helpers->n == HELPERS_MAX)
			die("these are no process numbers");
		helpers->pids[helpers->n] = pid;
		errno =
		    clock_getcpuclockid(pid, &helpers->clocks[helpers->n++]);
		if (errno != 0)
			die("a process that serves is gone");
	}
}

/* What the processes that have ended have spent, in nanoseconds. */
static uint64_t
spent_by_children(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_CHILDREN, &u) < 0)
		die("getrusage");
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000 +
	    (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000;
}

static uint64_t
spent_by_all(const struct helpers *helpers)
{
	uint64_t spent =
	    clock_ns(CLOCK_PROCESS_CPUTIME_ID) + spent_by_children();
	size_t i;

	for (i = 0; i < helpers->n; i++)
		spent += clock_ns(helpers->clocks[i]);
	return spent;
}

/* Without the commands. */
static uint64_t
queued_by_all(const struct helpers *helpers)
{
	uint64_t queued = queued_ns(getpid());
	size_t i;

	for (i = 0; i < helpers->n; i++)
		queued += queued_ns(helpers->pids[i]);
	return queued;
}

/* Runs it once: how long it has waited for its core. */
static uint64_t
run_once(char **argv, const posix_spawn_file_actions_t *streams)
{
	siginfo_t info;
	uint64_t queued;
	int status = 0;
	pid_t pid;

	errno = posix_spawnp(&pid, argv[0], streams, NULL, argv, environ);
	if (errno != 0)
		die(argv[0]);
	/* Once it is waited for, nothing tells of it. */
	if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
		die("waitid");
	queued = queued_ns(pid);
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	errno = 0;
	if (status != 0)
		die("the command failed");
	return queued;
}

static void
make_quiet(posix_spawn_file_actions_t *streams)
{
	posix_spawn_file_actions_init(streams);
	posix_spawn_file_actions_addopen(streams, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(streams, 2, "/dev/null", O_WRONLY, 0);
}

int
floor_spawn(unsigned long count, char **argv)
{
	posix_spawn_file_actions_t quiet;
	uint64_t wall = now_ns();
	unsigned long i;

	make_quiet(&quiet);
	for (i = 0; i < count; i++)
		run_once(argv, &quiet);
	result_print(count, now_ns() - wall, spent_by_children(), 0);
	return 0;
}

int
floor_whole(unsigned long count, const char *pids, char **argv)
{
	struct helpers helpers = { .n = 0 };
	posix_spawn_file_actions_t quiet;
	uint64_t wall, cpu, queued, busy;
	unsigned long i;

	helpers_find(&helpers, pids);
	make_quiet(&quiet);
	/* So that what is new to this process is not measured. */
	run_once(argv, &quiet);
	queued = queued_by_all(&helpers);
	cpu = spent_by_all(&helpers);
	wall = now_ns();
	queued = 0 - queued;
	for (i = 0; i < count; i++)
		queued += run_once(argv, &quiet);
	wall = now_ns() - wall;
	cpu = spent_by_all(&helpers) - cpu;
	queued += queued_by_all(&helpers);
	busy = cpu + queued;
	result_print(count, wall, cpu, wall > busy ? wall - busy : 0);
	return 0;
}

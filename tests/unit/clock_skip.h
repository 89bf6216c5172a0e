/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The clock of a test program, ahead by as much as a test left out. To be
 * included in one file of a program.
 */
#ifndef TEST_CLOCK_SKIP_H
#define TEST_CLOCK_SKIP_H

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile time_t clock_skipped_s;

/* The library is to find it as well. */
__attribute__((visibility("default"))) int clock_skip_gettime(clockid_t id,
    struct timespec *now) __asm__("clock_gettime");

int
clock_skip_gettime(clockid_t id, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, id, now);

	if (id != CLOCK_REALTIME)
		now->tv_sec += clock_skipped_s;
	return (int)result;
}

#endif

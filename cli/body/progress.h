/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How far a long body is, on stderr: on a terminal its last line (struct sink),
 * once the body takes over a second; elsewhere, where it is asked for, a line
 * now and then.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct progress;
struct text;

/* forced: --progress. NULL: there is to be none. */
struct progress *progress_new(struct job *job, bool forced);
/* Of total bytes (0: not known) so many are there, of which `before` were
 * already when it began. NULL is fine here and below. */
void progress_at(struct progress *progress, uint64_t done, uint64_t total,
    uint64_t before);
/* Erases it, or says the last line, and frees it. */
void progress_free(struct progress *progress);

/* The line: at most width columns; bytes_per_s 0: not known. */
struct progress_view {
	uint64_t done;
	uint64_t total;
	uint64_t left; /* bytes to come, when total is known */
	uint64_t bytes_per_s;
	unsigned width; /* 0: no bar, and as long as it is */
};
void progress_line(struct text *text, const struct progress_view *v);

#endif

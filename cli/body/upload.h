/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A payload that is sent as it is read, so that it is never in memory: a long
 * file of this process, of which any part is read when it is asked for; or what
 * comes by a pipe, or from a client of this process, piece by piece.
 */
#ifndef CLI_UPLOAD_H
#define CLI_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/job.h"

/* What is there of a payload that comes in pieces before its first block is
 * asked for: a shorter one is sent as any other. */
#define UPLOAD_AHEAD ((size_t)256 * 1024)

struct pieces;

/* Told once, from the loop: STATUS_OK, with all of a short payload (malloc()ed,
 * the callee's), or with NULL and the upload open; or an exit status, the job
 * having been told. */
typedef void upload_begun(void *arg, int status, uint8_t *data, size_t len);

/* All zero: none. */
struct upload {
	bool open;
	int status;       /* it failed, and the job has been told */
	uint64_t length;  /* COAPX_LENGTH_UNKNOWN where it ends when it does */
	const char *name; /* not ours */
	struct job *job;
	int fd; /* a file of this process */
	/* Else it comes in pieces. */
	struct pieces *pieces;
	upload_begun *begun; /* NULL: it has been told */
	void *arg;
	uint8_t *data; /* what is there and may be asked for: from ... */
	size_t at;     /* ... here in data ... */
	size_t len;    /* ... to here, and begins ... */
	size_t room;
	uint64_t offset; /* ... there in the payload */
	bool asked;      /* for another piece */
	bool ended;
	bool rewinds; /* as soon as that is here */
	size_t waits; /* read_body does, for so many; 0: it does not */
};

/* Whether it is one for this: a long regular file of this process, which is
 * then open. The name and the job live longer. */
bool upload_open(struct upload *upload, struct job *job, const char *name);
/* The same for all others, which begin when enough has come. STATUS_OK: begun()
 * will be called; or an exit status, the job having been told. */
int upload_start(struct upload *upload, struct job *job, const char *name,
    upload_begun *begun, void *arg);
/* Whether a body of so many bytes can be counted in blocks of that size, 0: the
 * largest. STATUS_OK or an exit status, the job having been told. */
int upload_check(struct job *job, uint64_t length, unsigned block_size);
void upload_close(struct upload *upload);
/* As read_body of the library. Where it waits, job->ready() is to call
 * coapx_request_resume(). */
int upload_read(struct upload *upload, uint64_t offset, uint8_t *buf,
    size_t len);

#endif

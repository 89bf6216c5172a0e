/* SPDX-License-Identifier: BSD-2-Clause */
/* A long file that is sent as it is read, so that it is never in memory. */
#ifndef CLI_UPLOAD_H
#define CLI_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/job.h"

/* All zero: none. */
struct upload {
	bool open;
	bool failed; /* the file, and the job has been told */
	int fd;
	uint64_t length;
	const char *name; /* not ours */
	struct job *job;
};

/* Whether it is one for this: a long regular file of this process, which is
 * then open. The name and the job live longer. */
bool upload_open(struct upload *upload, struct job *job, const char *name);
/* Whether a body of so many bytes can be counted in blocks of that size, 0: the
 * largest. STATUS_OK or an exit status, the job having been told. */
int upload_check(struct job *job, uint64_t length, unsigned block_size);
void upload_close(struct upload *upload);
/* As read_body of the library. */
int upload_read(struct upload *upload, uint64_t offset, uint8_t *buf,
    size_t len);

#endif

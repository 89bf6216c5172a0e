/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of -o: written beside its place and moved there when all of it is
 * written, so that nobody sees half of it and a failure leaves the old one.
 * What is there and no regular file (a device, a FIFO) is written to directly.
 *
 * A body that comes piece by piece is written to FILE.part, and FILE.part.etag
 * says of which body it is (cli/body/part.h). Both stay when it breaks, also when
 * the process is killed. Who writes to FILE.part has a lock on it (flock());
 * another one keeps to a file of its own, which does not stay.
 */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: not open. */
struct output_file {
	bool open;
	bool written; /* something, even if it was 0 bytes */
	int fd;
	char *path;   /* where it goes, symbolic links resolved */
	char *temp;   /* where it is meanwhile; NULL: directly */
	bool partial; /* a body has begun and not ended */
	bool kept;    /* temp is FILE.part, which stays as long as partial */
};

/* 0, or -1 with errno. */
int output_file_open(struct output_file *file, const char *path);
/* All bytes: 0, or -1 with errno. */
int output_file_write(struct output_file *file, const void *data, size_t len);
/* A body begins at offset, which is 0 or what output_file_find() has found or
 * less: what is behind it goes. 0, or -1 with errno. */
int output_file_begin(struct output_file *file, uint64_t offset);
/* Which body it is: only with this it stays when it breaks. 0, or -1 with
 * errno: it does not stay then. */
int output_file_describe(struct output_file *file, const char *text);
/* All of the body is there. */
void output_file_whole(struct output_file *file);
/*
 * What is left of a body that was to go to path. 0 with its length and what
 * describes it, malloc()ed; or -1 with errno: ENOENT, EBUSY when it is being
 * written.
 */
int output_file_find(const char *path, char **text, uint64_t *length);
/* A descriptor at the first byte of that, locked until it is closed; or -1. */
int output_file_open_part(const char *path);
/* Moves it to its place when keep is set and something was written, else
 * removes it. 0, or -1 with errno; closed in any case. */
int output_file_close(struct output_file *file, bool keep);

/* write() until all is written; waits where fd does not. 0, or -1 with
 * errno. */
int write_all(int fd, const void *data, size_t len);

#endif

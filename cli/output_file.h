/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of -o: written beside its place and moved there when all of it is
 * written, so that nobody sees half of it and a failure leaves the old one.
 * What is there and no regular file (a device, a FIFO) is written to directly.
 */
#ifndef CLI_OUTPUT_FILE_H
#define CLI_OUTPUT_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* All zero: not open. */
struct output_file {
	bool open;
	bool written; /* something, even if it was 0 bytes */
	int fd;
	char *path; /* where it goes, symbolic links resolved */
	char *temp; /* where it is meanwhile; NULL: directly */
};

/* 0, or -1 with errno. */
int output_file_open(struct output_file *file, const char *path);
/* All bytes: 0, or -1 with errno. */
int output_file_write(struct output_file *file, const void *data, size_t len);
/* Moves it to its place when keep is set and something was written, else
 * removes it. 0, or -1 with errno; closed in any case. */
int output_file_close(struct output_file *file, bool keep);

/* write() until all is written; waits where fd does not. 0, or -1 with
 * errno. */
int write_all(int fd, const void *data, size_t len);

#endif

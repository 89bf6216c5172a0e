/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A file, a pipe or stdin, read piece by piece as it is wanted, without stopping
 * the loop. A guest's is read by its client.
 */
#ifndef CLI_PIECES_H
#define CLI_PIECES_H

#include "cli/app.h"

struct pieces;

/* Bytes of a piece, at most. */
#define PIECES_MAX ((size_t)64 * 1024)

/* Called from the loop; either may free it. */
struct pieces_ops {
	/* What was wanted: 1 byte at least. */
	void (*piece)(void *arg, const uint8_t *data, size_t len);
	/* STATUS_OK: there is no more; else an exit status, the job having been
	 * told. */
	void (*end)(void *arg, int status);
};

/* "-" is stdin. STATUS_OK and *out, or an exit status, the job having been
 * told. The name and the job live longer. */
int pieces_open(struct job *job, const char *name, const struct pieces_ops *ops,
    void *arg, struct pieces **out);
/* One piece of at most so many bytes, or the end, follows; not while one is
 * awaited. STATUS_OK, or an exit status, the job having been told. */
int pieces_want(struct pieces *pieces, size_t max);
/* Bytes in all; UINT64_MAX: not known. A guest's is known with its first
 * piece. */
uint64_t pieces_length(const struct pieces *pieces);
/* The next piece is the first again; only where the length is known, and not
 * while one is awaited. False: it is not to be. */
bool pieces_rewind(struct pieces *pieces);
/* Nothing is called any more. NULL is fine. */
void pieces_free(struct pieces *pieces);
/* What came of a guest's: how long it is, a piece, at most as much as was asked
 * for; and the end, or the exit status that the client has told its user. */
void pieces_measured(struct pieces *pieces, uint64_t length);
void pieces_feed(struct pieces *pieces, const void *data, size_t len);
void pieces_ended(struct pieces *pieces, int status);
/* As people know it. */
const char *pieces_shown(const char *name);

#endif

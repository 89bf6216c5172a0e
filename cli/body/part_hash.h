/* SPDX-License-Identifier: BSD-2-Clause */
/* The SHA-256 of what there is of a body that goes on, in pieces, so that the
 * loop runs meanwhile. */
#ifndef CLI_PART_HASH_H
#define CLI_PART_HASH_H

#include <stdbool.h>
#include <stdint.h>

struct job;
struct part_hash;
struct sha256;

/* Bytes in one turn of the loop. */
#define PART_HASH_STEP ((size_t)256 * 1024)

/*
 * Adds the first length bytes of the part for the job's -o to sha, which it
 * begins, and calls done() from the loop, with whether they were there: it frees
 * this. NULL: it cannot be read here.
 */
struct part_hash *part_hash_start(struct job *job, uint64_t length,
    struct sha256 *sha, void (*done)(void *arg, bool good), void *arg);
/* NULL is nothing. */
void part_hash_free(struct part_hash *hash);

#endif

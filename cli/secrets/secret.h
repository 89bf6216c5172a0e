/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes that nobody else is to see: wiped when they are let go. */
#ifndef CLI_SECRET_H
#define CLI_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes and a NUL behind them, which does not count; data NULL: none. */
struct secret {
	uint8_t *data;
	size_t len;
};

/* Replaces what was there; false: out of memory, and it is empty. */
bool secret_set(struct secret *s, const void *data, size_t len);
bool secret_append(struct secret *s, const void *data, size_t len);
void secret_free(struct secret *s);
/* One line end at the end, "\n" or "\r\n", is taken away. */
void secret_chomp(struct secret *s);
/* Pairs of hex digits, with blanks, line ends or colons between them, become
 * bytes. False: they are no such thing, or out of memory. */
bool secret_from_hex(struct secret *s);

/*
 * Reads a whole file, of max bytes at most. own: it is for its owner alone, and
 * is refused, as ssh(1) does, when it is ours and others may read it. 0, or an
 * exit status and *problem (malloc()ed; NULL: out of memory).
 */
int secret_read(struct secret *s, const char *path, size_t max, bool own,
    char **problem);

/* --- secrets among words ------------------------------------------------- */

/* Where a secret begins in a word that stands behind another (or NULL): that
 * of --psk KEY, --psk=KEY, or a token's URI with a PIN. SIZE_MAX: there is
 * none. */
size_t secret_begin(const char *before, const char *word);
/* Whether a line of commands has one. */
bool secret_in_line(const char *line);
/* Copies of the words of a process, the originals without their secrets, so
 * that ps(1) does not show them. NULL: out of memory. */
char **secret_take_args(int argc, char **argv);
void secret_free_args(int argc, char **args);
/* free() and wipe; NULL is nothing. */
void secret_free_text(char *text);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Paths on a device, as people type them. */
#ifndef CLI_PATH_H
#define CLI_PATH_H

/*
 * A path joined to the current one, "." and ".." carried out: "x" under "/a" is
 * "/a/x", "/x" is itself, "" is the current one; a query stays behind it as it
 * is. What a URI may not hold (blanks, letters outside of ASCII) is
 * percent-encoded. malloc()ed; NULL: out of memory.
 */
char *path_join(const char *base, const char *path);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that users give to sessions and listeners. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>

/* A letter, then letters, digits, '.', '_' and '-', at most 32; never a URI
 * scheme (NAME:PATH would be one). False: *problem is a sentence, malloc()ed,
 * or NULL when out of memory. */
bool name_check(const char *name, char **problem);

/* NAME of the target "NAME:PATH", malloc()ed; NULL: it has none, or out of
 * memory. */
char *name_of_target(const char *target);

#endif

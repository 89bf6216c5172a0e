/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that users give to sessions and listeners. */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include <stdbool.h>

/* A letter, then letters, digits, '.', '_' and '-', at most 32; never a URI
 * scheme (NAME:PATH would be one). False: *problem is a sentence, malloc()ed,
 * or NULL when out of memory. */
bool name_check(const char *name, char **problem);

/* A name, and a NUL. */
#define NAME_SIZE 33

/* Gives NAME of the target "NAME:PATH", and where PATH begins; NULL: it has no
 * name, which is then empty. */
const char *name_of_target(const char *target, char name[NAME_SIZE]);

#endif

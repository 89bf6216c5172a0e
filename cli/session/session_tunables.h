/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of what can be set on a session. */
#ifndef CLI_SESSION_TUNABLES_H
#define CLI_SESSION_TUNABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/app.h"

struct tunable {
	const char *key;  /* "ack-timeout" */
	const char *help; /* one line */
	/* Values are counted in thousandths, or whole (decimals is 0). */
	unsigned decimals;
	uint64_t min;
	uint64_t max;
	/* 0, or the library's (negative) error. */
	int (*set)(struct named *named, uint64_t value);
	uint64_t (*get)(const struct named *named);
};

/* Ended by a row without a key. */
extern const struct tunable tunables[];

/* NULL: there is none. */
const struct tunable *tunable_find(const char *key, size_t len);
/*
 * KEY=VALUE taken apart and checked, nothing set. NULL: *problem is a sentence
 * (malloc()ed; NULL when out of memory) that names the range or the nearest
 * key.
 */
const struct tunable *tunable_parse(const char *assignment, uint64_t *value,
    char **problem);
/* The value as a plain number: 0.5. */
double tunable_number(const struct tunable *tunable, uint64_t value);

#endif

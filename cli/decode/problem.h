/* SPDX-License-Identifier: BSD-2-Clause */
/* Concise problem details (RFC 9290): why a server says no. */
#ifndef CLI_DECODE_PROBLEM_H
#define CLI_DECODE_PROBLEM_H

#include <jansson.h>

#include "cli/output/text.h"

/*
 * Problem details that became JSON, with names for the numbers of standard
 * entries, and the response code as "4.04". NULL, and what is wrong in why: not
 * valid, "" out of memory.
 */
json_t *problem_named(const json_t *map, struct text *why);

/* "TITLE: DETAIL" and a line for each other entry, the last without its end;
 * escaped. */
void problem_text(struct text *out, const json_t *problem, bool ascii);

#endif

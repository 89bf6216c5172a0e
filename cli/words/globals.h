/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options of every command set. */
#ifndef CLI_GLOBALS_H
#define CLI_GLOBALS_H

#include "cli/output/output.h"
#include "cli/words/args.h"

/* Names of forms; NULL-terminated. */
extern const char *const form_names[];

/* false when there is no such form. */
bool form_find(const char *name, enum form *form);
/* Changes what the options say, in the order given. 0, or -1 and *problem. */
int globals_apply(const struct args *args, struct output_options *options,
    uint64_t *timeout_ms, char **problem);

#endif

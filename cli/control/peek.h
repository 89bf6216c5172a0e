/* SPDX-License-Identifier: BSD-2-Clause */
/* What other processes have, looked at in passing: for completion. */
#ifndef CLI_CONTROL_PEEK_H
#define CLI_CONTROL_PEEK_H

#include <stddef.h>

#include <coap3/coapx.h>

#include "cli/control/control.h"

/* Cells of one row, n of them. */
typedef void peek_row(void *arg, char *const *cells, size_t n);

/*
 * Has all other processes that can be reached as control says run the words (a
 * command that lists something) and tells the rows of what it prints in raw
 * form. Runs the context's loop until all have answered, for limit_ms at most;
 * one that has not answered by then is left out. Not from the loop itself.
 * False: out of memory, and something may be missing.
 */
bool peek(const struct control *control, coap_context_t *context, char **words,
    unsigned limit_ms, peek_row *row, void *arg);

#endif

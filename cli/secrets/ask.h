/* SPDX-License-Identifier: BSD-2-Clause */
/* A question on the terminal whose answer is not shown. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "cli/job.h"
#include "cli/secrets/secret.h"

struct ask;

/* Told once, from the loop: STATUS_OK and the line without its end, the
 * callee's from then on, or an exit status, the job having been told. The
 * question is gone. */
typedef void ask_done(void *arg, int status, struct secret *answer);

/*
 * Asks on the process's terminal, whatever stdin is; the loop goes on.
 * STATUS_OK and *out, or an exit status, the job having been told: 3 when there
 * is no terminal, or nothing may be asked (--no-input, a command in the
 * background).
 */
int ask_start(struct job *job, const char *question, ask_done *done, void *arg,
    struct ask **out);
/* The terminal is as it was before; done() is not called. NULL is fine. */
void ask_free(struct ask *ask);

#endif

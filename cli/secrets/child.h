/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command of the shell prints, read while the loop goes on. */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include "cli/job.h"
#include "cli/secrets/secret.h"

/* A command that takes longer is killed. */
#define CHILD_LIMIT_MS 60000

struct child;

/* Told once, from the loop: STATUS_OK and all that was printed, the callee's
 * from then on, or an exit status, the job having been told. The child is
 * gone. */
typedef void child_done(void *arg, int status, struct secret *output);

struct child_params {
	const char *what; /* who asks for it, for sentences: "--psk-cmd" */
	const char *command;
	size_t max; /* more bytes are an error */
	child_done *done;
	void *arg;
};

/*
 * Runs a command with /bin/sh -c; its stdin is empty, its stderr is ours, and
 * it has the terminal while it runs. A status other than 0 is exit 3. STATUS_OK
 * and *out, or an exit status, the job having been told. The strings outlive
 * the child.
 */
int child_start(struct job *job, const struct child_params *params,
    struct child **out);
/* Kills it if it still runs; done() is not called. NULL is fine. */
void child_free(struct child *child);

#endif

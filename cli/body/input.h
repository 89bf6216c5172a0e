/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading a file, a pipe or stdin to its end without stopping the loop. */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "cli/app.h"

/* More than any message holds. */
#define INPUT_MAX ((size_t)64 * 1024 * 1024)

struct input;

/* Told once, from the loop. STATUS_OK: data is the callee's (malloc()ed);
 * else an exit status, the job having been told. The input is gone. */
typedef void input_done(void *arg, int status, uint8_t *data, size_t len);

/*
 * Begins with the file of that name, "-" is stdin. STATUS_OK and *out, or an
 * exit status, the job having been told. The name and the job live longer.
 */
int input_start(struct job *job, const char *name, size_t max, input_done *done,
    void *arg, struct input **out);
/* Stops; done() is not called. NULL is fine. */
void input_free(struct input *input);

#endif

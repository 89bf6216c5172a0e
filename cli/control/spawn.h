/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the agent as a process of its own, and the word it gives when it
 * listens. */
#ifndef CLI_CONTROL_SPAWN_H
#define CLI_CONTROL_SPAWN_H

#include <stdint.h>

#include <coap3/coapx.h>

/* An agent that says nothing for so long is given up. */
#define AGENT_LIMIT_MS 10000
/* Where it says it, and what the option is called. */
#define AGENT_READY_FD 3

struct agent_spawn;

/*
 * Told once, from the loop: STATUS_OK, it listens; or an exit status and why
 * not, in a sentence that is valid during the call: what the agent said, or
 * STATUS_STATE: it died without a word, or said nothing within the limit. The
 * agent_spawn is gone.
 */
typedef void agent_ready(void *arg, int status, const char *problem);

/*
 * Runs this program anew as `[--control PATH] agent start --foreground
 * --ready-fd 3 [--idle IDLE]`: in a session of its own, no child of this process, in "/",
 * stdin, stdout and stderr on /dev/null, with no other descriptor of ours,
 * signals as a program expects them, and without COAP_SHELL_* variables, which
 * are for a user's commands. control: NULL, or a path, relative to where this
 * process is; idle: NULL, or a duration in words. 0 and *out, or -errno.
 */
int agent_spawn(coap_context_t *context, const char *control, const char *idle,
    agent_ready *ready, void *arg, struct agent_spawn **out);
/* ready() is not called; the agent is not stopped. NULL is fine. */
void agent_spawn_free(struct agent_spawn *spawn);

/* The same with any program. */
struct agent_program {
	const char *path;
	const char *const *words; /* its name and arguments, then NULL */
	uint64_t limit_ms;
};

int agent_spawn_program(coap_context_t *context,
    const struct agent_program *program, agent_ready *ready, void *arg,
    struct agent_spawn **out);

/*
 * The agent's part: says that it listens (STATUS_OK), or that it ends with that
 * status and why, and closes fd. Whoever wanted to know may be gone.
 */
void agent_tell(int fd, int status, const char *problem);

#endif

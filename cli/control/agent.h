/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The agent: a process without a terminal that keeps sessions for others. It
 * ends when nobody has needed it for a while.
 */
#ifndef CLI_CONTROL_AGENT_H
#define CLI_CONTROL_AGENT_H

#include "cli/job.h"

/* How long it stays without sessions, listeners and clients. */
#define AGENT_IDLE_MS 60000

struct agent_params {
	uint64_t idle_ms;
	int ready_fd; /* where it says that it serves, or why not; -1 */
};

/*
 * Makes this process the agent; the job goes on until it ends. JOB_RUNNING, or
 * an exit status, the job (or who started the process) having been told.
 */
int agent_run(struct job *job, const struct agent_params *params);
/* The agent of this process is to end. False: there is none. */
bool agent_stop(struct app *app);

#endif

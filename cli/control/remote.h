/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A job whose command another process runs: the client's side of the control
 * socket.
 */
#ifndef CLI_CONTROL_REMOTE_H
#define CLI_CONTROL_REMOTE_H

#include "cli/job.h"

/* What remote_start() gives when the command is for this process. */
#define REMOTE_HERE (-2)

/*
 * Runs the job where its session is: looks at its words, finds the process that
 * owns it, and sends them. REMOTE_HERE; JOB_RUNNING; or an exit status, the job
 * having been told.
 */
int remote_start(struct job *job);

#endif

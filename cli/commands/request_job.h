/* SPDX-License-Identifier: BSD-2-Clause */
/* The job of the commands that send a request. */
#ifndef CLI_COMMANDS_REQUEST_JOB_H
#define CLI_COMMANDS_REQUEST_JOB_H

#include "cli/job.h"

/* For struct command's start: a request with that code; which of the operands is
 * its target. */
int request_job_start(struct job *job, unsigned code, size_t operand);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* --dry-run and --print-command: a request that is shown and not sent. */
#ifndef CLI_DRY_RUN_H
#define CLI_DRY_RUN_H

#include "cli/request/request.h"

/* Shows the bytes of the message, and what they say. No name is resolved and
 * nothing is opened. An exit status, the job having been told. */
int dry_run(struct job *job, const struct request_plan *plan,
    const char *operand);

/* Whether --print-command names a tool that there is: STATUS_OK, or an exit
 * status. */
int print_command_check(struct job *job);
/* Shows the request as a line of sh with which the tool of --print-command
 * sends the same. What that cannot say stands in comments in front of it. The
 * payload's file is not read. */
int print_command(struct job *job, const struct request_plan *plan,
    const char *operand);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A request to a multicast group, and its answers as a table. */
#ifndef CLI_COMMANDS_REQUEST_GROUP_H
#define CLI_COMMANDS_REQUEST_GROUP_H

#include "cli/request/expect.h"
#include "cli/request/group.h"

struct request_group;

/* What is pointed at outlives it. JOB_RUNNING, and it ends the job; else how
 * the job ends. */
int request_group_start(struct job *job, struct request_plan *plan,
    const struct target *target, const struct expect *expect,
    struct request_group **out);
/* Who gives up sees what there was. NULL is fine, also below. */
void request_group_show(struct request_group *r);
void request_group_free(struct request_group *r);

#endif

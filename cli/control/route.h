/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process a command is for. */
#ifndef CLI_CONTROL_ROUTE_H
#define CLI_CONTROL_ROUTE_H

#include "cli/job.h"

/* Processes of one user that serve; more are not asked. */
#define ROUTE_MAX 64

enum route_to {
	ROUTE_HERE,
	ROUTE_AWAY,  /* the processes of fds, one after the other */
	ROUTE_AGENT, /* the agent, which may have to be started first */
	ROUTE_FAILED,
};

struct route {
	enum route_to to;
	int fds[ROUTE_MAX]; /* connected */
	size_t n;
	char *owners[ROUTE_MAX]; /* what they are called; NULL: not known */
	char *session;           /* that the command names; NULL: none */
	int status;              /* ROUTE_FAILED: the job has been told */
};

void route_find(struct job *job, struct route *route);
/* Closes the connections. */
void route_close(struct route *route);
/* Releases the rest. */
void route_free(struct route *route);
/* Connects to the agent: a descriptor, or -errno. */
int route_agent(struct job *job);
/* Whether a command about that session would go to another process: false also
 * when route went to the one that has just said that there is none. */
bool route_leads_to(struct job *job, const struct route *route,
    const char *session);
/* The path of --control; NULL: the folder. */
const char *route_path(const struct job *job);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the client's side share. */
#ifndef CLI_CONTROL_REMOTE_PRIVATE_H
#define CLI_CONTROL_REMOTE_PRIVATE_H

#include "cli/control/conn.h"
#include "cli/control/route.h"

/* The only one of a connection. */
#define REQUEST 1

struct agent_spawn;

struct remote {
	struct job *job;
	struct route route;
	size_t next; /* of route.fds */
	unsigned attempts;
	struct agent_spawn *spawn;
	struct conn *conn;
	struct start *start;
	pid_t owner;
	coapx_timer_t *patience;
	bool greeted;
	bool stopping; /* CANCEL was sent */
	bool keys_asked;
	int status;            /* the highest so far */
	bool printed;          /* something was, by any process */
	bool headed;           /* of which process that is was told */
	size_t written;        /* bytes that the owner does not know of yet */
	unsigned broken;       /* streams, as bits */
	struct pieces *pieces; /* of the file that the owner reads */
	char *input_name;
	bool reading; /* a piece of it */
	bool line;    /* the owner has one on the terminal (STREAM_LINE) */
};

/* --- remote_start.c ------------------------------------------------------ */

/* session: that the command is about, or NULL. NULL: out of memory. */
struct start *remote_make_start(const struct job *job, const char *session);

/* --- remote_data.c ------------------------------------------------------- */

void remote_send(struct remote *remote, struct message *m);
/* Tells what the owner does, or is: the status. */
int remote_fail(struct remote *remote, int status, const char *what);
/* The owner wants a piece of a file, or the keys. False: it may not now. */
bool remote_read(struct remote *remote, const struct message *m);
bool remote_rewind(struct remote *remote, const struct message *m);
bool remote_want_keys(struct remote *remote);
void remote_forget_data(struct remote *remote);

#endif

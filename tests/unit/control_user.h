/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that has commands run by the owners of sessions, and owners that a
 * test plays, all on one loop, in a folder of their own.
 */
#ifndef CONTROL_USER_H
#define CONTROL_USER_H

#include "cli/app.h"
#include "cli/control/folder.h"
#include "cli/output/text.h"
#include "control_peer.h"

#define CONTROL_USER_OWNERS 4

struct control_user {
	struct app app;
	char root[64];         /* XDG_RUNTIME_DIR */
	struct folder *folder; /* the owners' */
	struct {
		char name[8]; /* "100" ... */
		int fd;       /* that listens; -1: none */
		struct control_peer peer;
	} owners[CONTROL_USER_OWNERS];
	struct text out;
	struct text err;
	bool out_fails; /* as a full disk */
	/* The command. */
	struct job *job;
	bool done;
	int status;
};

void control_user_open(struct control_user *u);
void control_user_close(struct control_user *u);
/* Owner i listens, and claims these names (NULL-terminated). */
void control_user_listen(struct control_user *u, size_t i,
    const char *const *names);
/* Takes the next connection to owner i. */
struct control_peer *control_user_accept(struct control_user *u, size_t i);
/* The same; both say HELLO, and START is p->m. */
struct control_peer *control_user_meet(struct control_user *u, size_t i);
/* Begins a command, of words that are split at blanks. */
void control_user_start(struct control_user *u, const char *line);
/* Runs the loop until it is over: the exit status. out and err are strings. */
int control_user_finish(struct control_user *u);
/* One line from its start to its end: its status; out and err are its own. */
int control_user_run(struct control_user *u, const char *line);
/* What an owner says of request 1. */
void control_user_output(struct control_peer *p, enum message_stream stream,
    const void *data, size_t len);
void control_user_read(struct control_peer *p, const char *name, uint32_t max);
void control_user_exit(struct control_peer *p, uint32_t status,
    const char *session, const char *path);
/* Deletes a folder and all in it, two levels deep. */
void control_user_delete(const char *folder);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a process has of the control socket: which one it uses, and, in a
 * long-lived one, that it serves, and the names it has claimed.
 */
#ifndef CLI_CONTROL_CONTROL_H
#define CLI_CONTROL_CONTROL_H

#include <coap3/coapx.h>

#include "cli/control/folder.h"

struct agent;
struct app;
struct server;

/* app->control; all zero: the folder, not serving. */
struct control {
	bool off;         /* --no-agent */
	const char *path; /* --control PATH: that socket, no folder */
	struct folder *folder;
	char *name; /* under which it serves in the folder */
	int fd;     /* that it serves at; when server is set */
	struct server *server;
	/* An agent: it ends when nobody needs it. */
	bool agent;
	bool activated; /* its socket is systemd's, and stays */
	int lock;       /* held; 0: none */
	struct agent *agent_state;
	void (*idle)(struct app *app); /* looks whether somebody needs it */
};

/* --- serving ------------------------------------------------------------- */

/*
 * Serves this process's sessions: at PATH, else in the folder under its own
 * number, or as FOLDER_AGENT. Sessions there are get their names claimed; one
 * that another process has keeps its name here, and is not seen by others.
 * STATUS_OK, or an exit status and *problem (malloc()ed; NULL: out of memory).
 */
int control_serve(struct app *app, char **problem);
/* The same at a socket that listens already (agents). Takes fd over. */
int control_serve_at(struct app *app, int fd, char **problem);
/* Ends connections, their jobs and claims. */
void control_close(struct app *app);

/* --- names --------------------------------------------------------------- */

/* Whether a name (of a session or a listener) may be used here: 0; -EEXIST:
 * another process has it; in an agent, whose sessions are of no use without
 * their names, also another -errno. Always 0 in a process that does not serve
 * in the folder. */
int control_claim(struct app *app, const char *name);
void control_release(struct app *app, const char *name);

/* --- using --------------------------------------------------------------- */

/* The folder; NULL: there is none, or *problem. STATUS_OK or an exit status. */
int control_folder(struct app *app, bool create, struct folder **out,
    char **problem);

#endif

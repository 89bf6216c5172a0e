/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A front end: somebody whose commands run in this process. One is the
 * process's own (one-shot, script or prompt: app->own); each command that
 * another process sent by the control socket has one, too (a guest's). What a
 * command may find different for each of them is here; sessions and listeners
 * are the app's.
 */
#ifndef CLI_FRONT_H
#define CLI_FRONT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/output/output.h"

struct app;
struct pieces;
struct job;
struct named;

/* What a guest has that is not in this process. */
struct guest_ops {
	/* Asks for bytes of a file of the client's ("-": stdin), max of them;
	 * pieces_feed() or pieces_ended() follow. 0, or -1: no file can have
	 * that name. */
	int (*read)(struct job *job, struct pieces *pieces, const char *name,
	    uint32_t max);
	/* Nobody waits for them any more. */
	void (*forget)(struct job *job, struct pieces *pieces);
	/* The next bytes of it are the first again; the client has said how
	 * many there are. */
	void (*rewind)(struct job *job, const char *name);
	/* Asks for the keys that the job's words name; job->keyring and
	 * job_go_on() follow. 0, or -1: out of memory. */
	int (*want_keys)(struct job *job);
};

/* Where a front end is in a session that is not its own (`cd`). */
struct visit {
	struct visit *prev;
	struct visit *next;
	char *session;
	char *path;
};

struct front {
	struct front *prev;
	struct front *next;
	struct app *app;
	const struct guest_ops *guest; /* NULL: this process's own */
	struct sink sink;
	struct output_options defaults; /* from the words before the command */
	uint64_t timeout_ms;            /* -T before the command; 0: none */
	const char *session_name;       /* -S before the command */
	bool session_asked;             /* that is its, not the environment's */
	struct named *current;          /* NULL: none of this process */
	char *away;           /* then: current session of another process */
	struct visit *visits; /* in sessions of others; a guest's: in ours */
	struct var *vars;     /* set VAR=VALUE (cli/words/vars.h) */
	bool interactive;     /* at a prompt */
	bool script_on_stdin; /* commands come from there */
	bool no_input;
	bool background;  /* commands that begin now have no terminal */
	bool want_prompt; /* set by a command (demo): a prompt follows it */
	bool exiting;     /* `exit` was run: the front end leaves, with ... */
	int exit_status;
	int last_status;       /* $? */
	unsigned source_depth; /* files that source files */
	bool told_udp;         /* that opening over UDP sends nothing */
	bool told_psk;         /* that a key on the command line is seen */
	bool told_key_log;     /* that secrets are written to a file */
};

/* Adds it to those of the app. */
void front_open(struct front *front, struct app *app);
/* Releases what it has; its jobs have ended. */
void front_close(struct front *front);
/* The session is the current one from now on. */
void front_use(struct front *front, struct named *named);
/* The same for one that another process owns; 0, or -1: out of memory. */
int front_use_away(struct front *front, const char *session);
/* Where the front end is in a session of this process: a path. */
const char *front_path(const struct front *front, const struct named *named);
/* Takes the path (malloc()ed). 0, or -1: out of memory. */
int front_go(struct front *front, struct named *named, char *path);
/* The same for sessions of other processes; NULL: it never said. */
const char *front_place(const struct front *front, const char *session);
int front_set_place(struct front *front, const char *session, const char *path);

/* Something that happened by itself, or by a guest. */
void front_event(struct front *front, const char *session, const char *event,
    const char *detail);
/* The terminal wrote ^C: what is said next begins a row. */
void front_interrupted(const struct front *front);
/* A guest did that to a session of this process: tells whoever sits at its
 * prompt. Nothing when front is no guest. */
void front_tell(const struct front *front, const char *session,
    const char *event);
/* An error sentence where there is no job, in the form that the defaults say.
 * The status. */
int front_fail(struct front *front, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

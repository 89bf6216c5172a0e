/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs commands one after the other: those of a text, of a file, of stdin, or
 * one that is in words already. The form with a callback is the primitive
 * (`source`, a line at the prompt); script_run() is the loop over it for front
 * ends without a prompt.
 */
#ifndef CLI_SCRIPT_H
#define CLI_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct front;
struct job;
struct script;

struct script_source {
	/* One of these: */
	char *const *words; /* one command; n_words of them */
	size_t n_words;
	const char *text;  /* commands */
	int fd;            /* commands, when neither of the above is given;
	                     stays the caller's */
	const char *name;  /* for "NAME:LINE: stopped"; NULL: not said */
	char *const *args; /* $1 ... */
	size_t n_args;
	bool keep_going; /* goes on after a failure */
	bool xtrace;
	bool background; /* its commands may not ask on the terminal */
};

/*
 * Begins; done() is called exactly once, perhaps before this returns, with the
 * status of the last command, or the highest with keep_going. The source's
 * strings are read until then. NULL when it is over already.
 */
struct script *script_start(struct front *front,
    const struct script_source *source,
    void (*done)(struct script *script, int status, void *arg), void *arg);
/* Cancels what runs and ends with that status. */
void script_cancel(struct script *script, int status);

/* Runs it on the loop to its end, with INT, TERM and HUP ending it. The
 * exit status. */
int script_run(struct front *front, const struct script_source *source);
/* A file ("-": stdin). An exit status. */
int script_run_file(struct front *front, const char *path,
    struct script_source *source);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A command is a job: start() returns at once, the job lives through callbacks
 * and ends with an exit status. One-shot runs the loop until its job is done,
 * the prompt runs jobs between keystrokes. No command runs the loop itself,
 * none prints: it hands views to job->out.
 */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include <coap3/coapx.h>

#include "cli/front.h"
#include "cli/output/output.h"
#include "cli/words/args.h"

/* Exit statuses (coap-shell(1)). */
enum exit_status {
	STATUS_OK = 0,
	STATUS_INTERNAL = 1,
	STATUS_USAGE = 2,        /* nothing was sent */
	STATUS_LOCAL = 3,        /* configuration, credential or local file */
	STATUS_CLIENT_ERROR = 4, /* the response was 4.xx */
	STATUS_SERVER_ERROR = 5, /* 5.xx */
	STATUS_RESOLVE = 6,
	STATUS_UNREACHABLE = 7, /* refused, unreachable, closed too early */
	STATUS_RESET = 8,       /* Reset, Abort, undecodable answer */
	STATUS_STATE = 9,       /* no such session; wrong state */
	STATUS_EXPECTATION = 10,
	STATUS_INCOMPLETE = 18,
	STATUS_OUTPUT = 23,
	STATUS_TIMEOUT = 28,
	STATUS_HANDSHAKE = 35,
	STATUS_UNTRUSTED = 60,
	STATUS_INTERRUPTED = 130,
	STATUS_TERMINATED = 143,
};

#define JOB_RUNNING (-1)

struct job {
	struct job *prev;
	struct job *next;
	struct app *app;
	struct front *front; /* whose it is */
	const struct command *command;
	struct args args;
	/* The words without those of the command's name, while it starts. */
	char *const *words;
	size_t n_words;
	struct output *out;      /* this job's; flushed and freed at its end */
	coapx_timer_t *deadline; /* -T */
	coapx_timer_t *notice;   /* "waiting for", 300 ms after that began */
	uint64_t timeout_ms;     /* 0: none given */
	char *waiting_for; /* for "still waiting" and "timed out" sentences */
	struct keyring *keyring; /* credentials of its words, or NULL */
	/* The session it works on, to be compared only; NULL: none yet. */
	const coap_session_t *session;
	bool opens;  /* origin_open() is on the stack */
	bool shares; /* what it opens serves its other targets, too */
	/* What it waits for cannot be before this session is established. */
	const coap_session_t *waits_on;
	struct load *loading; /* of the keyring, before the command starts */
	void *state;          /* the command's own */
	/* Releases state; called once at the end, however it ends. */
	void (*free_state)(struct job *job);
	/* The user gave up, or the time is over (-T): stop what is under way;
	 * the core ends the job right after. NULL: nothing to stop. */
	void (*cancel)(struct job *job);
	/* What a time limit interrupts, malloc()ed: a body, which makes the
	 * status STATUS_INCOMPLETE; or NULL. May be NULL. */
	char *(*left)(struct job *job);
	/* The output takes more again, after it was behind (struct sink). */
	void (*ready)(struct job *job);
	/* cancel() only asks for the end (with job->status), and job_end()
	 * follows; a second time it ends at once. */
	bool lingers;
	bool cancelled;
	void (*done)(struct job *job, int status, void *arg);
	void *done_arg;
	bool held; /* start() or cancel() is on the stack: free it later */
	bool ended;
	bool background; /* another command reads the terminal */
	bool quiet;      /* of what it waits for */
	bool told;       /* that it waits for waiting_for */
	int status;      /* once ended */
};

/* Parses the words, makes the job and starts it. done() is called exactly
 * once, perhaps before this returns; the job is freed after it. NULL when it
 * ended at once (done() was called then too). */
struct job *job_start(struct front *front, char *const *words, size_t n,
    void (*done)(struct job *job, int status, void *arg), void *arg);
/* Ends it (once); safe inside any callback of the library. */
void job_end(struct job *job, int status);
/* As Ctrl-C and SIGTERM do: cancel(), then job_end(status). */
void job_cancel(struct job *job, int status);
/* What the job waits for from now on, in words ("a response from
 * [::1]:5683"). */
void job_waits_for(struct job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Says nothing of what it waits for; then does again. */
void job_is_quiet(struct job *job, bool quiet);
/* Its credentials are read (keyring_start()), or it has been told why not:
 * starts the command, or ends. */
void job_go_on(struct job *job, int status);
/* An error sentence to stderr (an error object in JSON), and the status. */
int job_fail(struct job *job, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The exit status of a library error; the same table for every command. */
int status_of_error(int err);
/* 0 for 2.xx, 4 for 4.xx, 5 for 5.xx, 8 for anything else. */
int status_of_code(unsigned code);

#endif

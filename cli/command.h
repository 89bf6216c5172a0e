/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command table: it is dispatch, help, the list in the manual page and
 * completion at once. Each command is one file (cli/commands/NAME.c; a family
 * such as session may share one where they are alike) with const entries.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct app;
struct job;

/* What a word may be completed to. */
enum complete {
	COMPLETE_NONE,
	COMPLETE_FILE,
	COMPLETE_AT_FILE, /* files after '@' */
	COMPLETE_SESSION,
	COMPLETE_LISTENER,
	COMPLETE_OBSERVED, /* numbers of observe start */
	COMPLETE_TARGET,   /* URI, PATH, NAME:PATH */
	COMPLETE_URI,
	COMPLETE_FORMAT,  /* content formats */
	COMPLETE_OPTION,  /* CoAP options */
	COMPLETE_CODE,    /* codes, by name and number */
	COMPLETE_FIELD,   /* fields of a session */
	COMPLETE_TUNABLE, /* KEY= of session set */
	COMPLETE_COMMAND,
	COMPLETE_OUTPUT, /* human, json, raw ... */
	COMPLETE_STATE,
	COMPLETE_TYPE,
	COMPLETE_REASON,
	COMPLETE_WORDS, /* of the list in `words` */
};

struct option {
	char letter;       /* 0: none */
	const char *name;  /* long name without dashes */
	const char *arg;   /* "DUR"; NULL: takes none */
	bool arg_optional; /* only as --name=VALUE */
	bool repeat;
	bool secret; /* its value is wiped, and kept nowhere */
	enum complete complete;
	const char *const *words; /* COMPLETE_WORDS; NULL-terminated */
	const char *help;         /* one line, lower case, no full stop */
};

struct operand {
	const char *name; /* "TARGET" */
	bool optional;
	bool repeat; /* only the last */
	enum complete complete;
	const char *const *words;
};

#define COMMAND_OPERANDS 4

/* Which process runs a command, where several have sessions. */
enum reach {
	REACH_HERE,    /* this one */
	REACH_SESSION, /* the owner of the session that it names */
	REACH_OPENER,  /* this one; with --persist the agent */
	REACH_ALL,     /* this one; when it has no sessions, all others */
	REACH_AGENT,   /* the agent */
};

struct command {
	const char *name;            /* "session open" */
	const char *const *aliases;  /* {"open", "connect", NULL}, or NULL */
	const char *group;           /* heading in help: "Sessions" */
	const char *summary;         /* one line */
	const char *details;         /* help text below, or NULL */
	const char *const *examples; /* NULL-terminated, or NULL */
	const struct option *const *options; /* sets of options, each ended by
	                                        a row without name; NULL-ended */
	struct operand operands[COMMAND_OPERANDS];
	/* Begins the job: an exit status >= 0 when it is over already, or
	 * JOB_RUNNING; it then ends by job_end(). */
	int (*start)(struct job *job);
	bool prompt_only; /* not in one-shot form */
	enum reach reach;
};

/* All commands, in order of help; NULL-terminated. */
extern const struct command *const command_table[];
/* Options that every command takes (-j, -T ...). */
extern const struct option global_options[];
/* -c and -f: before the command word alone. */
extern const struct option leading_options[];

/*
 * The command that the words begin with; *used is how many words name it.
 * Exact name or alias; `prefix` (prompt only) also takes a unique prefix of
 * each word. NULL: *problem is a sentence ("unknown command 'gte'; did you
 * mean 'get'?"), malloc()ed.
 */
const struct command *command_find(char *const *words, size_t n, bool prefix,
    size_t *used, char **problem);

/* "session open [OPTION] URI", malloc()ed; NULL: out of memory. */
char *command_usage(const struct command *command);

/*
 * The candidate that a mistyped word was meant to be. Begin, try all, then
 * look at best: NULL when none is near.
 */
struct nearest {
	const char *word;
	const char *best;
	size_t distance;
};

void nearest_begin(struct nearest *nearest, const char *word);
void nearest_try(struct nearest *nearest, const char *candidate);

/* asprintf() that gives NULL when out of memory; for *problem. */
char *text_format(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
char *text_vformat(const char *format, va_list ap)
    __attribute__((format(printf, 1, 0)));

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that each kind of word may have. */
#ifndef CLI_COMPLETE_VALUES_H
#define CLI_COMPLETE_VALUES_H

#include "cli/command.h"
#include "cli/control/peek.h"
#include "cli/words/complete.h"

/* Takes the candidates that begin with what was typed. */
struct candidates {
	struct app *app; /* NULL: in a shell */
	struct completions *out;
	const char *prefix; /* part of the word that comes before: "--state=" */
	size_t prefix_len;
	const char *typed; /* behind the prefix */
	/* Where other processes are asked; completer NULL: nowhere. */
	const struct completer *completer;
	const char *control_path; /* --control of the line */
	bool no_agent;            /* likewise */
	const char *session;      /* -S of the line */
	bool observes;            /* only what can be observed is wanted */
};

void candidate(struct candidates *c, const char *value,
    const char *description);
/* The next word of names of commands that begin with these words. */
void candidates_commands(struct candidates *c, char *const *words, size_t n);
/* All of a kind; words is the list of COMPLETE_WORDS, or NULL. */
void candidates_values(struct candidates *c, enum complete kind,
    const char *const *words);
void candidates_schemes(struct candidates *c);
/* What other processes print when they run the words; not where the word can
 * only be a path. */
void candidates_ask(struct candidates *c, char **words, peek_row *row,
    void *arg);
/* Paths of the session that the word or the line names, else of the current one.
 * True: the word names one, and is nothing else. Runs the loop for a while at
 * most. */
bool candidates_paths(struct candidates *c);

#endif

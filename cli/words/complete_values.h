/* SPDX-License-Identifier: BSD-2-Clause */
/* The values that each kind of word may have. */
#ifndef CLI_COMPLETE_VALUES_H
#define CLI_COMPLETE_VALUES_H

#include "cli/command.h"
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
};

void candidate(struct candidates *c, const char *value,
    const char *description);
/* The next word of names of commands that begin with these words. */
void candidates_commands(struct candidates *c, char *const *words, size_t n);
/* All of a kind; words is the list of COMPLETE_WORDS, or NULL. */
void candidates_values(struct candidates *c, enum complete kind,
    const char *const *words);
void candidates_schemes(struct candidates *c);

#endif

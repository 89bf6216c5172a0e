/* SPDX-License-Identifier: BSD-2-Clause */
/* The one engine that answers every completion, at the prompt and in shells. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/lexer.h"

struct app;

struct completion {
	char *value;       /* the whole word, without quotes */
	char *description; /* NULL: none */
};

struct completions {
	struct completion *items; /* in order, none twice */
	size_t n;
	size_t begin;        /* offset of the word that they replace */
	enum lex_quote open; /* the quote it is in, at point */
	bool nospace;        /* no blank behind the word: it goes on */
	bool files;          /* names of files as well */
	size_t file_prefix;  /* how much of the word (without quotes) stands
	                        before the name: "@", "--output=" */
	char *word;          /* what is there so far, without quotes */
	bool failed;         /* out of memory on the way; items are good */
};

/*
 * What the word that ends at point may become. app is NULL in shells, which
 * have no sessions; there the line begins with the program's name. Nothing is
 * sent, nothing waits. completions_free() afterwards.
 */
void complete_line(struct app *app, const char *line, size_t point,
    struct completions *out);
/* Puts names of files in as items, for those who cannot do it themselves. */
void completions_add_files(struct completions *out);
void completions_free(struct completions *out);

/* `coap-shell __complete --line LINE --point N`: argv behind __complete. The
 * exit status. */
int complete_main(int argc, char *const *argv);

#endif

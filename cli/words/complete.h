/* SPDX-License-Identifier: BSD-2-Clause */
/* The one engine that answers every completion, at the prompt and in shells. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

#include <stdbool.h>
#include <stddef.h>

#include <coap3/coapx.h>

#include "cli/words/lexer.h"

struct app;
struct control;

/* Whose line it is. */
struct completer {
	struct app *app;         /* NULL: a shell's, which has no sessions; the
	                            line begins with the program's name */
	coap_context_t *context; /* NULL: other processes are not asked */
	const struct control *control; /* which ones */
	unsigned limit_ms;             /* for all of them together */
};

/* What a person may wait for at a prompt, and in a shell, where the program
 * has to start as well. */
#define COMPLETE_PROMPT_MS 230
#define COMPLETE_SHELL_MS  75

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
 * What the word that ends at point may become. To a peer nothing is sent but a
 * question for its list of resources, over a session that is established, once a
 * minute. Other processes are asked where names or paths of their sessions may
 * stand. Both run the context's loop, for a while at most. completions_free()
 * afterwards.
 */
void complete_for(const struct completer *completer, const char *line,
    size_t point, struct completions *out);
/* The same at the prompt of app; NULL: in a shell, no others being asked. */
void complete_line(struct app *app, const char *line, size_t point,
    struct completions *out);
/* Puts names of files in as items, for those who cannot do it themselves. */
void completions_add_files(struct completions *out);
void completions_free(struct completions *out);

/* `coap-shell __complete --line LINE --point N`: argv behind __complete. The
 * exit status. */
int complete_main(int argc, char *const *argv);

#endif

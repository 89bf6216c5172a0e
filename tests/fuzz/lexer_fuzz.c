/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines of commands that nobody checked: their tokens, their words, quoted and
 * read again, and completion at the end and at one offset more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/words/complete.h"
#include "cli/words/lexer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)           \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* A value for one name in two, on which the caller cannot rely. */
static const char *
lookup(void *arg, const char *name)
{
	(void)arg;
	return strlen(name) % 2 != 0 ? "$a ' \\" : NULL;
}

/* A word, quoted, is one word that stands for the same. */
static void
check_quoting(const char *word, enum lex_quote quote)
{
	static const char *const openings[] = {
		[LEX_PLAIN] = "",
		[LEX_SINGLE] = "'",
		[LEX_DOUBLE] = "\"",
	};
	char *quoted = lex_quote(word, quote, 1), *line, *again, *problem;
	struct lex lex;

	MUST(quoted);
	MUST(asprintf(&line, "%s%s", openings[quote], quoted) >= 0);
	MUST(lex_text(&lex, line, strlen(line)) == 0);
	MUST(lex.n == 1 && lex.tokens[0].kind == LEX_WORD);
	MUST(lex.open == LEX_PLAIN);
	again = lex_word(line, &lex.tokens[0], NULL, NULL, &problem);
	MUST(again && strcmp(word, again) == 0);
	free(again);
	lex_free(&lex);
	free(line);
	free(quoted);
}

static void
check_tokens(const char *s, size_t len)
{
	char *word, *problem;
	size_t i, end = 0;
	struct lex lex;

	MUST(lex_text(&lex, s, len) == 0);
	MUST(lex.comment <= len);
	for (i = 0; i < lex.n; i++) {
		MUST(lex.tokens[i].begin >= end);
		MUST(lex.tokens[i].end > lex.tokens[i].begin);
		end = lex.tokens[i].end;
		MUST(end <= len);
		if (lex.tokens[i].kind != LEX_WORD)
			continue;
		word = lex_word(s, &lex.tokens[i], lookup, NULL, &problem);
		MUST(word || problem);
		free(word);
		free(problem);
		word = lex_word(s, &lex.tokens[i], NULL, NULL, &problem);
		MUST(word);
		check_quoting(word, LEX_PLAIN);
		check_quoting(word, LEX_SINGLE);
		check_quoting(word, LEX_DOUBLE);
		free(word);
	}
	lex_free(&lex);
}

static void
check_completion(struct app *app, const char *line, size_t point)
{
	struct completions out;
	size_t i;

	complete_line(app, line, point, &out);
	MUST(!out.failed);
	MUST(out.begin <= point);
	for (i = 0; i < out.n; i++)
		MUST(out.word &&
		    strncmp(out.items[i].value, out.word, strlen(out.word)) ==
			0);
	MUST(!out.files || out.file_prefix <= strlen(out.word));
	completions_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct app app = { .own.interactive = true };
	char *copy = malloc(size ? size : 1), *line;
	size_t len;

	MUST(copy);
	if (size > 0)
		memcpy(copy, data, size);
	check_tokens(copy, size);
	line = strndup(copy, size);
	free(copy);
	MUST(line);
	len = strlen(line);
	check_completion(NULL, line, len);
	check_completion(&app, line, len);
	if (len > 0)
		check_completion(&app, line, (unsigned char)line[0] % len);
	free(line);
	return 0;
}

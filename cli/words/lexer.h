/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A line of commands in tokens, with offsets and the state of quotes, for
 * running it and for completing it.
 *
 * Words are separated by blanks and line ends. '...' is literal; in "..." a
 * backslash keeps " \ $ from being special; elsewhere it keeps any character.
 * Operators are words of their own, because URIs hold these characters; only
 * `;` may also end a word ("get /a; get /b"), and `#` at the beginning of a
 * line needs no blank behind it.
 */
#ifndef CLI_LEXER_H
#define CLI_LEXER_H

#include <stddef.h>

enum lex_kind {
	LEX_WORD,
	LEX_THEN,       /* ; */
	LEX_LINE,       /* the end of a line that is not the last */
	LEX_BACKGROUND, /* & */
	LEX_PIPE,       /* |: what follows is for a shell, as it stands */
	LEX_REDIRECT,   /* > */
};

enum lex_quote {
	LEX_PLAIN,
	LEX_SINGLE, /* inside '...' */
	LEX_DOUBLE, /* inside "..." */
	LEX_ESCAPE, /* behind a backslash: the line goes on */
};

struct lex_token {
	enum lex_kind kind;
	size_t begin; /* offsets in the text */
	size_t end;
};

struct lex {
	struct lex_token *tokens;
	size_t n;
	enum lex_quote open; /* what is not finished at the end */
	size_t comment;      /* where a comment on the last line begins, or
	                        the length of the text */
};

/* 0, or -1 when out of memory. lex_free() in both cases. */
int lex_text(struct lex *lex, const char *s, size_t len);
void lex_free(struct lex *lex);

/*
 * The value of $NAME, ${NAME}, $? and $1; NULL: there is none. The string is
 * read before the next call.
 */
typedef const char *lex_lookup(void *arg, const char *name);

/*
 * What a word stands for: without quotes and escapes, variables replaced, never
 * split. Without lookup a dollar sign is one. malloc()ed; NULL and *problem
 * (malloc()ed; NULL: out of memory) when a variable has no value.
 */
char *lex_word(const char *s, const struct lex_token *token, lex_lookup *lookup,
    void *arg, char **problem);

/*
 * The word as it is to be typed where a quote is open (LEX_PLAIN: none): without
 * the opening quote, and without the closing one unless close. malloc()ed.
 */
char *lex_quote(const char *word, enum lex_quote open, int close);

#endif

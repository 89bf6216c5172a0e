/* SPDX-License-Identifier: BSD-2-Clause */
/* A line of commands in tokens. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/words/lexer.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool
is_space(char c)
{
	return is_blank(c) || c == '\n';
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

/* Whether a word cannot go on at i. */
static bool
ends_at(const char *s, size_t len, size_t i)
{
	return i >= len || is_space(s[i]);
}

static int
add_token(struct lex *lex, enum lex_kind kind, size_t begin, size_t end)
{
	struct lex_token *grown;

	if (lex->n % 16 == 0) {
		grown = realloc(lex->tokens, (lex->n + 16) * sizeof(*grown));
		if (!grown)
			return -1;
		lex->tokens = grown;
	}
	lex->tokens[lex->n++] =
	    (struct lex_token){ .kind = kind, .begin = begin, .end = end };
	return 0;
}

/* The end of the word that begins at i. */
static size_t
scan_word(const char *s, size_t len, size_t i, enum lex_quote *open)
{
	enum lex_quote quote = LEX_PLAIN;

	for (; i < len; i++) {
		if (quote == LEX_SINGLE) {
			if (s[i] == '\'')
				quote = LEX_PLAIN;
		} else if (s[i] == '\\') {
			if (i + 1 == len && quote == LEX_PLAIN)
				quote = LEX_ESCAPE;
			if (i + 1 < len)
				i++;
		} else if (s[i] == '"') {
			quote = quote == LEX_DOUBLE ? LEX_PLAIN : LEX_DOUBLE;
		} else if (quote == LEX_DOUBLE) {
			continue;
		} else if (s[i] == '\'') {
			quote = LEX_SINGLE;
		} else if (is_space(s[i]) ||
		    (s[i] == ';' && ends_at(s, len, i + 1))) {
			break;
		}
	}
	*open = quote;
	return i;
}

static bool
operator_at(const char *s, size_t len, size_t i, enum lex_kind *kind)
{
	static const struct {
		char c;
		enum lex_kind kind;
	} operators[] = {
		{ ';', LEX_THEN },
		{ '&', LEX_BACKGROUND },
		{ '|', LEX_PIPE },
		{ '>', LEX_REDIRECT },
	};
	size_t k;

	if (!ends_at(s, len, i + 1))
		return false;
	for (k = 0; k < sizeof(operators) / sizeof(operators[0]); k++) {
		if (operators[k].c == s[i]) {
			*kind = operators[k].kind;
			return true;
		}
	}
	return false;
}

/* A comment begins with a '#' at the beginning of a line, or one that is a word
 * of its own. */
static bool
comment_at(const struct lex *lex, const char *s, size_t len, size_t i)
{
	if (s[i] != '#')
		return false;
	return lex->n == 0 || lex->tokens[lex->n - 1].kind == LEX_LINE ||
	    ends_at(s, len, i + 1);
}

int
lex_text(struct lex *lex, const char *s, size_t len)
{
	enum lex_kind kind;
	size_t begin, i = 0;

	*lex = (struct lex){ .comment = len };
	while (i < len) {
		begin = i;
		if (is_blank(s[i])) {
			i++;
			continue;
		}
		if (s[i] == '\\' && (i + 1 == len || s[i + 1] == '\n')) {
			lex->open = i + 1 == len ? LEX_ESCAPE : LEX_PLAIN;
			i += 2;
			continue;
		}
		if (comment_at(lex, s, len, i)) {
			while (i < len && s[i] != '\n')
				i++;
			if (i == len)
				lex->comment = begin;
			continue;
		}
		kind = LEX_WORD;
		if (s[i] == '\n') {
			kind = LEX_LINE;
			i++;
		} else if (operator_at(s, len, i, &kind)) {
			i++;
		} else {
			i = scan_word(s, len, i, &lex->open);
		}
		if (add_token(lex, kind, begin, i) < 0)
			return -1;
	}
	return 0;
}

void
lex_free(struct lex *lex)
{
	free(lex->tokens);
	lex->tokens = NULL;
	lex->n = 0;
}

/* --- words --------------------------------------------------------------- */

struct reader {
	const char *s;
	size_t end;
	size_t i;
	FILE *out;
	lex_lookup *lookup;
	void *arg;
	char **problem;
};

/* The length of the name behind a dollar sign, its begin in *name. 0: the
 * dollar sign stands for itself. */
static size_t
name_at(const struct reader *r, size_t *name, size_t *next)
{
	size_t i = r->i + 1, begin = i;
	bool braces = i < r->end && r->s[i] == '{';

	if (braces)
		begin = ++i;
	/* $? and, without braces, one digit. */
	if (i < r->end &&
	    (r->s[i] == '?' || (!braces && r->s[i] >= '0' && r->s[i] <= '9')))
		i++;
	else
		while (i < r->end && is_name(r->s[i]))
			i++;
	if (braces && (i == r->end || r->s[i] != '}'))
		return 0;
	*name = begin;
	*next = i + (braces ? 1 : 0);
	return i - begin;
}

/* A dollar sign. 0, or -1 when the variable has no value. */
static int
put_variable(struct reader *r)
{
	size_t begin = 0, next = 0, len = name_at(r, &begin, &next);
	const char *value;
	char *name;

	if (!r->lookup || len == 0) {
		fputc('$', r->out);
		r->i++;
		return 0;
	}
	name = strndup(r->s + begin, len);
	if (!name)
		return -1;
	value = r->lookup(r->arg, name);
	if (value)
		fputs(value, r->out);
	else if (asprintf(r->problem,
		     "$%s is not set; a dollar sign by itself is \\$",
		     name) < 0)
		*r->problem = NULL;
	free(name);
	r->i = next;
	return value ? 0 : -1;
}

/* A backslash and what is behind it. */
static void
put_escape(struct reader *r, enum lex_quote quote)
{
	bool last = r->i + 1 == r->end;
	char c = last ? '\0' : r->s[r->i + 1];

	if (!last && c != '\n') {
		if (quote == LEX_DOUBLE && !strchr("\"\\$", c))
			fputc('\\', r->out);
		fputc(c, r->out);
	}
	r->i += 2;
}

static int
put_word(struct reader *r)
{
	enum lex_quote quote = LEX_PLAIN;
	char c;

	while (r->i < r->end) {
		c = r->s[r->i];
		if (quote != LEX_SINGLE && c == '\\') {
			put_escape(r, quote);
		} else if (quote != LEX_SINGLE && c == '$') {
			if (put_variable(r) < 0)
				return -1;
		} else if (c == '"' && quote != LEX_SINGLE) {
			quote = quote == LEX_PLAIN ? LEX_DOUBLE : LEX_PLAIN;
			r->i++;
		} else if (c == '\'' && quote != LEX_DOUBLE) {
			quote = quote == LEX_PLAIN ? LEX_SINGLE : LEX_PLAIN;
			r->i++;
		} else {
			fputc(c, r->out);
			r->i++;
		}
	}
	return 0;
}

char *
lex_word(const char *s, const struct lex_token *token, lex_lookup *lookup,
    void *arg, char **problem)
{
	struct reader r = { s, token->end, token->begin, NULL, lookup, arg,
		problem };
	char *text = NULL;
	size_t size;
	bool good;

	*problem = NULL;
	r.out = open_memstream(&text, &size);
	if (!r.out)
		return NULL;
	good = put_word(&r) == 0;
	if (fclose(r.out) == 0 && good)
		return text;
	free(text);
	return NULL;
}

/* --- quoting ------------------------------------------------------------- */

/* Whether a character without quotes needs a backslash. */
static bool
is_special(const char *word, const char *c)
{
	if (*c == '#' || *c == '&' || *c == '|' || *c == '>')
		return c == word && (*c == '#' || c[1] == '\0');
	if (*c == ';')
		return c[1] == '\0';
	return strchr(" \t\r\\\"'$", *c) != NULL;
}

static void
quote_into(FILE *out, const char *word, enum lex_quote open)
{
	const char *c;

	for (c = word; *c != '\0'; c++) {
		if (open == LEX_SINGLE && *c == '\'') {
			fputs("'\\''", out);
			continue;
		}
		if ((open == LEX_DOUBLE && strchr("\"\\$", *c)) ||
		    (open == LEX_PLAIN && is_special(word, c)))
			fputc('\\', out);
		fputc(*c, out);
	}
}

char *
lex_quote(const char *word, enum lex_quote open, int close)
{
	bool whole =
	    open == LEX_PLAIN && (*word == '\0' || strchr(word, '\n') != NULL);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (whole)
		fputc('\'', out);
	quote_into(out, word, whole ? LEX_SINGLE : open);
	if (whole || (close && open == LEX_SINGLE))
		fputc('\'', out);
	else if (close && open == LEX_DOUBLE)
		fputc('"', out);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

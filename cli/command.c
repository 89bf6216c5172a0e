/* SPDX-License-Identifier: BSD-2-Clause */
/* Finding a command by its words. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"

char *
text_vformat(const char *format, va_list ap)
{
	char *text = NULL;

	return vasprintf(&text, format, ap) < 0 ? NULL : text;
}

char *
text_format(const char *format, ...)
{
	va_list ap;
	char *text;

	va_start(ap, format);
	text = text_vformat(format, ap);
	va_end(ap);
	return text;
}

/* --- the nearest word ---------------------------------------------------- */

#define NEAREST_MAX 31 /* longer words are not compared */

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many letters to add, drop, change or swap with the next (Damerau and
 * Levenshtein's distance, each letter touched once). */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1];
	size_t *above = rows[0], *before = rows[1], *row = rows[2], *spare;
	size_t i, j, n = strlen(b);

	for (j = 0; j <= n; j++)
		before[j] = j;
	for (i = 1; a[i - 1] != '\0'; i++) {
		row[0] = i;
		for (j = 1; j <= n; j++) {
			row[j] = before[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = smaller(row[j], before[j] + 1);
			row[j] = smaller(row[j], row[j - 1] + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], above[j - 2] + 1);
		}
		spare = above;
		above = before;
		before = row;
		row = spare;
	}
	return before[n];
}

void
nearest_begin(struct nearest *nearest, const char *word)
{
	size_t len = strlen(word);

	nearest->word = len <= NEAREST_MAX ? word : NULL;
	nearest->best = NULL;
	/* One letter of a short word may be wrong, two of a longer one. */
	nearest->distance = len <= 2 ? 2 : len / 4 + 2;
}

void
nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t d;

	if (!nearest->word || strlen(candidate) > NEAREST_MAX)
		return;
	d = distance(nearest->word, candidate);
	/* Who stops early means what begins so. */
	if (strlen(nearest->word) > 1 &&
	    strncmp(nearest->word, candidate, strlen(nearest->word)) == 0)
		d = 1;
	if (d < nearest->distance && d < strlen(candidate)) {
		nearest->distance = d;
		nearest->best = candidate;
	}
}

/* --- names --------------------------------------------------------------- */

/*
 * How many words a name has when the words begin with it, else 0. With prefix
 * a word may be the beginning of the name's.
 */
static size_t
match(const char *name, char *const *words, size_t n, bool prefix)
{
	size_t len, used = 0;

	while (*name != '\0') {
		if (used == n)
			return 0;
		len = strcspn(name, " ");
		if (strncmp(words[used], name, strlen(words[used])) != 0 ||
		    words[used][0] == '\0' || strlen(words[used]) > len ||
		    (!prefix && strlen(words[used]) != len))
			return 0;
		used++;
		name += len;
		name += *name == ' ';
	}
	return used;
}

struct found {
	const struct command *command;
	const struct command *other; /* as good as command, if ambiguous */
	size_t used;
};

static void
try_name(struct found *found, const struct command *command, const char *name,
    char *const *words, size_t n, bool prefix)
{
	size_t used = match(name, words, n, prefix);

	if (used == 0 || used < found->used)
		return;
	if (used > found->used) {
		found->used = used;
		found->command = command;
		found->other = NULL;
	} else if (command != found->command) {
		found->other = command;
	}
}

static void
try_all(struct found *found, char *const *words, size_t n, bool prefix)
{
	const struct command *const *c;
	const char *const *alias;

	memset(found, 0, sizeof(*found));
	for (c = command_table; *c; c++) {
		try_name(found, *c, (*c)->name, words, n, prefix);
		for (alias = (*c)->aliases; alias && *alias; alias++)
			try_name(found, *c, *alias, words, n, prefix);
	}
}

/* --- problems ------------------------------------------------------------ */

/* What is behind the words of a family in a name: "list" in "session list" for
 * "session". NULL when the name is not of the family. */
static const char *
verb_of(const char *name, const char *family)
{
	size_t len = strlen(family);

	if (strncmp(name, family, len) != 0 || name[len] != ' ')
		return NULL;
	return name + len + 1;
}

static bool
is_family(const char *words)
{
	const struct command *const *c;

	for (c = command_table; *c; c++)
		if (verb_of((*c)->name, words))
			return true;
	return false;
}

/* "session data": as many of the words as make a family, n_words of them.
 * NULL: out of memory, or none. */
static char *
family_of(char *const *words, size_t n, size_t *n_words)
{
	char *family = NULL, *longer;

	for (*n_words = 0; *n_words < n; ++*n_words) {
		longer = family ? text_format("%s %s", family, words[*n_words])
				: text_format("%s", words[0]);
		if (!longer || !is_family(longer)) {
			free(longer);
			break;
		}
		free(family);
		family = longer;
	}
	return family;
}

/* A family without a verb: all that there are. */
static char *
problem_missing(const char *family)
{
	const struct command *const *c;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	const char *verb, *separator = ": ";

	if (!out)
		return NULL;
	fprintf(out, "'%s' wants another word", family);
	for (c = command_table; *c; c++) {
		verb = verb_of((*c)->name, family);
		if (!verb)
			continue;
		fprintf(out, "%s%s", separator, verb);
		separator = ", ";
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

/* A family with a verb that it does not have. */
static char *
problem_verb(const char *family, const char *word)
{
	const struct command *const *c;
	struct nearest nearest;
	const char *verb;

	nearest_begin(&nearest, word);
	for (c = command_table; *c; c++) {
		verb = verb_of((*c)->name, family);
		if (verb)
			nearest_try(&nearest, verb);
	}
	if (nearest.best)
		return text_format("unknown command '%s %s'; did you mean '%s "
				   "%s'?",
		    family, word, family, nearest.best);
	return text_format("unknown command '%s %s'; 'help %s' lists them",
	    family, word, family);
}

static char *
problem_unknown(const char *word)
{
	const struct command *const *c;
	const char *const *alias;
	struct nearest nearest;
	char *first, *text;

	if (strstr(word, "://"))
		return text_format("'%s' is no command; 'open %s' opens a "
				   "session, 'get %s' reads a resource",
		    word, word, word);
	nearest_begin(&nearest, word);
	for (c = command_table; *c; c++) {
		first = strndup((*c)->name, strcspn((*c)->name, " "));
		if (!first)
			return NULL;
		/* The name goes on: what is kept is the name itself. */
		nearest_try(&nearest, first);
		if (nearest.best == first)
			nearest.best = (*c)->name;
		free(first);
		for (alias = (*c)->aliases; alias && *alias; alias++)
			nearest_try(&nearest, *alias);
	}
	if (!nearest.best)
		return text_format("unknown command '%s'; 'help' lists them",
		    word);
	text = text_format("unknown command '%s'; did you mean '%.*s'?", word,
	    (int)strcspn(nearest.best, " "), nearest.best);
	return text;
}

/* Prefixes that several commands have. */
static char *
problem_ambiguous(const struct found *found, char *const *words, size_t n)
{
	const struct command *const *c;
	const char *const *alias;
	const char *separator = ": ";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fprintf(out, "'%s' is ambiguous", words[0]);
	for (c = command_table; *c; c++) {
		if (match((*c)->name, words, n, true) == found->used) {
			fprintf(out, "%s%s", separator, (*c)->name);
			separator = ", ";
			continue;
		}
		for (alias = (*c)->aliases; alias && *alias; alias++) {
			if (match(*alias, words, n, true) != found->used)
				continue;
			fprintf(out, "%s%s", separator, *alias);
			separator = ", ";
			break;
		}
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

static char *
problem_of(const struct found *found, char *const *words, size_t n)
{
	size_t n_words;
	char *family, *text;

	if (n == 0)
		return text_format("no command; 'help' lists them");
	if (found->other)
		return problem_ambiguous(found, words, n);
	family = family_of(words, n, &n_words);
	if (!family)
		return problem_unknown(words[0]);
	text = n_words == n ? problem_missing(family)
			    : problem_verb(family, words[n_words]);
	free(family);
	return text;
}

const struct command *
command_find(char *const *words, size_t n, bool prefix, size_t *used,
    char **problem)
{
	struct found found;

	*problem = NULL;
	*used = 0;
	try_all(&found, words, n, false);
	if (!found.command && prefix)
		try_all(&found, words, n, true);
	if (!found.command || found.other) {
		*problem = problem_of(&found, words, n);
		return NULL;
	}
	*used = found.used;
	return found.command;
}

/* --- usage --------------------------------------------------------------- */

char *
command_usage(const struct command *command)
{
	const struct operand *operand;
	char *text = NULL;
	size_t i, size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	fputs(command->name, out);
	if (command->options && command->options[0])
		fputs(" [OPTION]", out);
	for (i = 0; i < COMMAND_OPERANDS; i++) {
		operand = &command->operands[i];
		if (!operand->name)
			break;
		fprintf(out, operand->optional ? " [%s%s]" : " %s%s",
		    operand->name, operand->repeat ? "..." : "");
	}
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

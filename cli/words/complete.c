/* SPDX-License-Identifier: BSD-2-Clause */
/* What the word at the cursor may become. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/words/complete.h"
#include "cli/words/complete_values.h"

/* More words than any command's name has. */
#define NAME_WORDS 4

/* The words before the one at the cursor, and what they are. */
struct scan {
	const struct completer *completer;
	struct app *app; /* the completer's */
	struct completions *out;
	char **words;
	size_t n;
	size_t i;
	char *name[NAME_WORDS]; /* words that name a command or a family */
	size_t n_name;
	const struct command *command; /* NULL: none yet */
	const struct option *pending;  /* the word is this option's value */
	size_t n_operands;
	bool ended;               /* -- was there */
	const char *session;      /* -S NAME */
	const char *control_path; /* --control PATH */
	bool no_agent;            /* --no-agent */
};

static bool
is_dashed(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

/* --- what the words before are ------------------------------------------- */

/* Whether the words name a family, such as "session". */
static bool
is_family(char *const *name, size_t n)
{
	struct completions out = { .n = 0 };
	struct candidates c = { .out = &out, .prefix = "", .typed = "" };
	bool found;

	candidates_commands(&c, name, n);
	found = out.n > 0;
	completions_free(&out);
	return found;
}

/* Takes the word as part of the name. False: it is not. */
static bool
scan_name(struct scan *scan, char *word)
{
	const struct command *command;
	char *problem;
	size_t used;

	if (scan->n_name == NAME_WORDS)
		return false;
	scan->name[scan->n_name] = word;
	command = command_find(scan->name, scan->n_name + 1,
	    scan->app && scan->app->own.interactive, &used, &problem);
	free(problem);
	if (command && used == scan->n_name + 1) {
		scan->command = command;
		scan->n_name++;
		return true;
	}
	if (!is_family(scan->name, scan->n_name + 1))
		return false;
	scan->n_name++;
	return true;
}

/* Options that say which processes are asked. word is one of scan->words. */
static void
note_option(struct scan *scan, const struct option *option, const char *word,
    bool wants)
{
	const char *equal = strchr(word, '=');
	const char *value = NULL;

	if (!option)
		return;
	if (strcmp(option->name, "no-agent") == 0)
		scan->no_agent = true;
	if (equal)
		value = equal + 1;
	else if (wants && scan->i + 1 < scan->n)
		value = scan->words[scan->i + 1];
	if (value && strcmp(option->name, "control") == 0)
		scan->control_path = value;
	if (value && strcmp(option->name, "session") == 0)
		scan->session = value;
}

/* Takes an option, and its value where it is the next word. False: it is none
 * that is known. */
static bool
scan_option(struct scan *scan, const char *word)
{
	const struct option *option;
	bool wants;

	option = args_option(scan->command, word, &wants);
	note_option(scan, option, word, wants);
	if (wants && scan->i + 1 == scan->n)
		scan->pending = option;
	scan->i += wants ? 2 : 1;
	return option != NULL;
}

/* The command, and the options before and inside its name. */
static void
scan_command(struct scan *scan)
{
	const struct option *option;
	char *word;
	bool wants;

	while (scan->i < scan->n) {
		word = scan->words[scan->i];
		if (!is_dashed(word)) {
			if (!scan_name(scan, word))
				return;
			scan->i++;
			continue;
		}
		option = args_option(NULL, word, &wants);
		if (!option)
			return;
		note_option(scan, option, word, wants);
		if (wants && scan->i + 1 == scan->n)
			scan->pending = option;
		scan->i += wants ? 2 : 1;
	}
}

/* The command's own options and operands. */
static void
scan_arguments(struct scan *scan)
{
	const char *word;

	while (scan->i < scan->n) {
		word = scan->words[scan->i];
		if (scan->ended || !is_dashed(word)) {
			scan->n_operands++;
			scan->i++;
		} else if (strcmp(word, "--") == 0) {
			scan->ended = true;
			scan->i++;
		} else {
			scan_option(scan, word);
		}
	}
}

/* --- what it may become -------------------------------------------------- */

static void
list_options(struct candidates *c, const struct option *set)
{
	char *text;

	for (; set->name; set++) {
		text = text_format("--%s", set->name);
		if (text)
			candidate(c, text, set->help);
		else
			c->out->failed = true;
		free(text);
	}
}

static void
complete_option(struct scan *scan, struct candidates *c)
{
	const struct option *const *sets =
	    scan->command ? scan->command->options : NULL;

	for (; sets && *sets; sets++)
		list_options(c, *sets);
	if (scan->n_name == 0 && !scan->app)
		list_options(c, leading_options);
	list_options(c, global_options);
}

/* --name=VALUE: its value. False: the word is no such thing. */
static bool
complete_inline(struct scan *scan, struct candidates *c)
{
	const char *word = c->typed;
	size_t len = strcspn(word, "=");
	const struct option *option;
	bool wants;

	if (strncmp(word, "--", 2) != 0 || word[len] != '=')
		return false;
	option = args_option(scan->command, word, &wants);
	if (!option || !option->arg)
		return true;
	c->prefix = word;
	c->prefix_len = len + 1;
	c->typed = word + len + 1;
	candidates_values(c, option->complete, option->words);
	return true;
}

/* The words of "help session open" are those of a command. */
static void
complete_command_operand(struct scan *scan, struct candidates *c)
{
	size_t n = scan->n_operands;

	candidates_commands(c, scan->words + scan->n - n, n);
}

/* Operand i of the table, the last one as often as it may be there. */
static const struct operand *
operand_at(const struct operand *operands, size_t i)
{
	size_t k;

	for (k = 0; k < COMMAND_OPERANDS && operands[k].name; k++)
		if (k == i || operands[k].repeat)
			return &operands[k];
	return NULL;
}

/* Whether an optional operand at i or before stands before one that is not:
 * "[NAME] KEY". */
static bool
may_be_shifted(const struct operand *operands, size_t i)
{
	size_t k;
	bool optional = false;

	for (k = 0; k < COMMAND_OPERANDS && operands[k].name; k++) {
		if (optional && !operands[k].optional)
			return true;
		if (k <= i && operands[k].optional)
			optional = true;
	}
	return false;
}

static void
complete_operand(struct scan *scan, struct candidates *c)
{
	const struct operand *operands = scan->command->operands;
	size_t i = scan->n_operands;
	const struct operand *first = operand_at(operands, i);
	const struct operand *second =
	    may_be_shifted(operands, i) ? operand_at(operands, i + 1) : NULL;

	if (first && first->complete == COMPLETE_COMMAND)
		complete_command_operand(scan, c);
	else if (first)
		candidates_values(c, first->complete, first->words);
	if (second && second != first)
		candidates_values(c, second->complete, second->words);
}

static void
complete_word(struct scan *scan, const char *word)
{
	struct candidates c = { .app = scan->app,
		.out = scan->out,
		.prefix = "",
		.typed = word,
		.completer = scan->completer };
	size_t before;

	scan_command(scan);
	if (!scan->command && scan->i < scan->n)
		return; /* no command that there is */
	before = scan->i;
	scan_arguments(scan);
	c.control_path = scan->control_path;
	c.no_agent = scan->no_agent;
	c.session = scan->session;
	c.observes =
	    scan->command && strncmp(scan->command->name, "observe", 7) == 0;
	if (scan->pending) {
		candidates_values(&c, scan->pending->complete,
		    scan->pending->words);
		return;
	}
	if (word[0] == '-' && !scan->ended) {
		if (!complete_inline(scan, &c))
			complete_option(scan, &c);
		return;
	}
	if (before == scan->n)
		candidates_commands(&c, scan->name, scan->n_name);
	if (scan->command)
		complete_operand(scan, &c);
	else if (scan->n_name == 0 && !scan->app &&
	    strncmp(word, "coap", 4) == 0)
		candidates_schemes(&c);
}

/* --- the line ------------------------------------------------------------ */

/* The tokens of the command at the cursor: from the last operator on. */
static size_t
first_token(const struct lex *lex)
{
	size_t i = lex->n;

	while (i > 0 && lex->tokens[i - 1].kind == LEX_WORD)
		i--;
	return i;
}

/* Shells give the program's name as well. */
static size_t
skip_program(const struct scan *scan)
{
	const char *word, *slash;

	if (scan->app || scan->n == 0)
		return 0;
	word = scan->words[0];
	slash = strrchr(word, '/');
	return strcmp(slash ? slash + 1 : word, "coap-shell") == 0 ? 1 : 0;
}

/* All values of the tokens from first on; the last is the word at the cursor.
 * NULL: out of memory. */
static char **
read_words(const char *line, const struct lex *lex, size_t first, bool open,
    size_t *n)
{
	size_t i, count = lex->n - first;
	char **words = calloc(count + 2, sizeof(*words));
	char *problem;

	if (!words)
		return NULL;
	for (i = 0; i < count; i++) {
		words[i] = lex_word(line, &lex->tokens[first + i], NULL, NULL,
		    &problem);
		if (!words[i])
			break;
	}
	if (i == count && !open)
		words[i++] = strdup("");
	*n = i;
	if (i > 0 && words[i - 1] && i == count + (open ? 0 : 1))
		return words;
	while (i > 0)
		free(words[--i]);
	free(words);
	return NULL;
}

/* Nothing behind the last candidate when the word goes on. */
static bool
goes_on(const struct completions *out)
{
	const char *value;
	size_t i;

	for (i = 0; i < out->n; i++) {
		value = out->items[i].value;
		if (value[0] == '\0' ||
		    !strchr("=:/", value[strlen(value) - 1]))
			return false;
	}
	return out->n > 0;
}

static void
complete_lexed(const struct completer *completer, const char *line,
    size_t point, const struct lex *lex, struct completions *out)
{
	struct scan scan = {
		.completer = completer,
		.app = completer->app,
		.out = out,
	};
	size_t first = first_token(lex), skip, i, n;
	bool open = lex->n > first && lex->tokens[lex->n - 1].end == point;
	char **words;

	out->begin = open ? lex->tokens[lex->n - 1].begin : point;
	out->open = lex->open;
	if (first > 0 && lex->tokens[first - 1].kind == LEX_PIPE)
		return;
	words = read_words(line, lex, first, open, &n);
	if (!words) {
		out->failed = true;
		return;
	}
	out->word = words[n - 1];
	scan.words = words;
	scan.n = n - 1;
	skip = skip_program(&scan);
	scan.words += skip;
	scan.n -= skip;
	if (first > 0 && lex->tokens[first - 1].kind == LEX_REDIRECT)
		out->files = scan.n == 0;
	else
		complete_word(&scan, out->word);
	out->nospace = goes_on(out);
	for (i = 0; i + 1 < n; i++)
		free(words[i]);
	free(words);
}

void
complete_for(const struct completer *completer, const char *line, size_t point,
    struct completions *out)
{
	struct lex lex;

	memset(out, 0, sizeof(*out));
	out->begin = point;
	if (lex_text(&lex, line, point) < 0)
		out->failed = true;
	else if (lex.comment == point && lex.open != LEX_ESCAPE)
		complete_lexed(completer, line, point, &lex, out);
	lex_free(&lex);
}

void
complete_line(struct app *app, const char *line, size_t point,
    struct completions *out)
{
	struct completer completer = { .app = app };

	if (app) {
		completer.context = app->context;
		completer.control = &app->control;
		completer.limit_ms = COMPLETE_PROMPT_MS;
	}
	complete_for(&completer, line, point, out);
}

void
completions_free(struct completions *out)
{
	size_t i;

	for (i = 0; i < out->n; i++) {
		free(out->items[i].value);
		free(out->items[i].description);
	}
	free(out->items);
	free(out->word);
	memset(out, 0, sizeof(*out));
}

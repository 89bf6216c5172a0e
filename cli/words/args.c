/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and operands of one call. */
#include <stdlib.h>
#include <string.h>

#include "cli/secrets/secret.h"
#include "cli/words/args.h"

struct parser {
	struct args *args;
	const struct command *command; /* NULL: leading options */
	char *const *words;
	size_t n;
	size_t i;
	bool ended; /* -- was there */
	char **problem;
};

/* --- finding an option --------------------------------------------------- */

/* By letter, or by the len bytes of its name (NULL: by letter). */
static const struct option *
find_in(const struct option *set, char letter, const char *name, size_t len)
{
	bool same;

	for (; set->name; set++) {
		same = name ? strncmp(set->name, name, len) == 0 &&
			set->name[len] == '\0'
			    : set->letter == letter;
		if (same)
			return set;
	}
	return NULL;
}

static const struct option *
find(const struct command *command, char letter, const char *name, size_t len)
{
	const struct option *const *sets = command ? command->options : NULL;
	const struct option *option;

	for (; sets && *sets; sets++) {
		option = find_in(*sets, letter, name, len);
		if (option)
			return option;
	}
	if (!command) {
		option = find_in(leading_options, letter, name, len);
		if (option)
			return option;
	}
	return find_in(global_options, letter, name, len);
}

static void
nearest_in(struct nearest *nearest, const struct option *set)
{
	for (; set->name; set++)
		nearest_try(nearest, set->name);
}

static char *
problem_unknown(const struct parser *p, const char *word)
{
	const struct option *const *sets;
	struct nearest nearest;
	char *name, *text;

	sets = p->command ? p->command->options : NULL;
	name = strndup(word, strcspn(word, "="));
	if (!name)
		return NULL;
	nearest_begin(&nearest, name + 2);
	for (; sets && *sets; sets++)
		nearest_in(&nearest, *sets);
	if (!p->command)
		nearest_in(&nearest, leading_options);
	nearest_in(&nearest, global_options);
	if (nearest.best)
		text = text_format("unknown option '%s'; did you mean '--%s'?",
		    name, nearest.best);
	else if (p->command)
		text = text_format("unknown option '%s'; 'help %s' lists them",
		    name, p->command->name);
	else
		text =
		    text_format("unknown option '%s'; 'help' lists them", name);
	free(name);
	return text;
}

/* --- parsing ------------------------------------------------------------- */

static int
add_option(struct parser *p, const struct option *option, const char *value)
{
	struct args *args = p->args;
	struct arg_option *grown;
	char *copy = NULL;

	if (value) {
		copy = strdup(value);
		if (!copy)
			return -1;
	}
	grown = realloc(args->options, (args->n_options + 1) * sizeof(*grown));
	if (!grown) {
		free(copy);
		return -1;
	}
	args->options = grown;
	grown[args->n_options++] =
	    (struct arg_option){ .option = option, .value = copy };
	return 0;
}

static int
add_operand(struct parser *p, const char *word)
{
	struct args *args = p->args;
	char *copy = strdup(word);
	char **grown;

	if (!copy)
		return -1;
	grown =
	    realloc(args->operands, (args->n_operands + 1) * sizeof(*grown));
	if (!grown) {
		free(copy);
		return -1;
	}
	args->operands = grown;
	grown[args->n_operands++] = copy;
	return 0;
}

/* The option's value: behind it in its word (NULL: nothing is), or the next
 * word. name is the option as it was typed. */
static int
take_value(struct parser *p, const struct option *option, const char *inside,
    const char *name)
{
	if (!option->arg && inside) {
		*p->problem = text_format("option '%s' takes no value", name);
		return -1;
	}
	if (!option->arg || inside || option->arg_optional)
		return add_option(p, option, inside);
	if (p->i + 1 >= p->n) {
		*p->problem =
		    text_format("option '%s' needs %s", name, option->arg);
		return -1;
	}
	p->i++;
	return add_option(p, option, p->words[p->i]);
}

/* --name, --name=VALUE, --name VALUE */
static int
parse_long(struct parser *p, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const char *inside = word[2 + len] == '=' ? word + 3 + len : NULL;
	const struct option *option = find(p->command, 0, word + 2, len);
	char *name;
	int result;

	if (!option) {
		*p->problem = problem_unknown(p, word);
		return -1;
	}
	name = strndup(word, 2 + len);
	if (!name)
		return -1;
	result = take_value(p, option, inside, name);
	free(name);
	return result;
}

/* -abc, -aVALUE, -a VALUE */
static int
parse_letters(struct parser *p, const char *word)
{
	const struct option *option;
	char name[] = "-?";
	const char *c;

	for (c = word + 1; *c != '\0'; c++) {
		option = find(p->command, *c, NULL, 0);
		name[1] = *c;
		if (!option) {
			*p->problem = text_format("unknown option '%s'; "
						  "'help%s%s' lists them",
			    (unsigned char)*c < 0x80 ? name : word,
			    p->command ? " " : "",
			    p->command ? p->command->name : "");
			return -1;
		}
		if (option->arg && !option->arg_optional)
			return take_value(p, option,
			    c[1] != '\0' ? c + 1 : NULL, name);
		if (add_option(p, option, NULL) < 0)
			return -1;
	}
	return 0;
}

/* Whether a word is made of options. */
static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int
parse_word(struct parser *p)
{
	const char *word = p->words[p->i];

	if (p->ended || !is_option(word))
		return add_operand(p, word);
	if (strcmp(word, "--") == 0) {
		p->ended = true;
		return 0;
	}
	return word[1] == '-' ? parse_long(p, word) : parse_letters(p, word);
}

/* The operand that n words leave without one, or NULL. The optional ones go
 * without before any other does. */
static const char *
missing_operand(const struct operand *operands, size_t n)
{
	size_t i;

	for (i = 0; i < COMMAND_OPERANDS && operands[i].name; i++)
		if (!operands[i].optional && n-- == 0)
			return operands[i].name;
	return NULL;
}

/* How many words there may be. */
static size_t
room_of(const struct operand *operands)
{
	size_t i;

	for (i = 0; i < COMMAND_OPERANDS && operands[i].name; i++)
		if (operands[i].repeat)
			return SIZE_MAX;
	return i;
}

static int
check_operands(struct parser *p)
{
	const struct operand *operands = p->command->operands;
	size_t n = p->args->n_operands, room = room_of(operands);
	const char *missing = missing_operand(operands, n);
	char *usage;

	if (!missing && n <= room)
		return 0;
	usage = command_usage(p->command);
	if (!usage)
		return -1;
	if (missing)
		*p->problem =
		    text_format("%s is missing; usage: %s", missing, usage);
	else
		*p->problem =
		    text_format("'%s' is one word too many; usage: %s",
			p->args->operands[room], usage);
	free(usage);
	return -1;
}

int
args_parse(struct args *args, const struct command *command, char *const *words,
    size_t n, char **problem)
{
	struct parser p = { .args = args,
		.command = command,
		.words = words,
		.n = n,
		.problem = problem };

	memset(args, 0, sizeof(*args));
	*problem = NULL;
	for (p.i = 0; p.i < n; p.i++)
		if (parse_word(&p) < 0)
			return -1;
	if (args_has(args, "help"))
		return 0;
	return check_operands(&p);
}

int
args_parse_leading(struct args *args, char *const *words, size_t n,
    size_t *used, char **problem)
{
	struct parser p = { .args = args,
		.words = words,
		.n = n,
		.problem = problem };

	memset(args, 0, sizeof(*args));
	*problem = NULL;
	for (p.i = 0; p.i < n && !p.ended && is_option(words[p.i]); p.i++)
		if (parse_word(&p) < 0)
			return -1;
	*used = p.i;
	return 0;
}

void
args_free(struct args *args)
{
	size_t i;

	for (i = 0; i < args->n_options; i++)
		secret_free_text(args->options[i].value);
	for (i = 0; i < args->n_operands; i++)
		free(args->operands[i]);
	free(args->options);
	free(args->operands);
	memset(args, 0, sizeof(*args));
}

const struct option *
args_option(const struct command *command, const char *word, bool *wants)
{
	const struct option *option = NULL;
	size_t len = strcspn(word, "=");

	*wants = false;
	if (!is_option(word))
		return NULL;
	if (word[1] == '-') {
		option = find(command, 0, word + 2, len - 2);
		*wants = option && option->arg && !option->arg_optional &&
		    word[len] == '\0';
		return option;
	}
	for (word++; *word != '\0'; word++) {
		option = find(command, *word, NULL, 0);
		if (!option || (option->arg && !option->arg_optional)) {
			*wants = option && word[1] == '\0';
			return option;
		}
	}
	return option;
}

/* How many words the options in words[0] take; 0: it is none of every
 * command's. */
static size_t
global_words(char *const *words, size_t n)
{
	const struct option *option;
	const char *word = words[0];
	size_t len = strcspn(word, "=");

	if (word[1] == '-') {
		option = find_in(global_options, 0, word + 2, len - 2);
		if (!option)
			return 0;
		return option->arg && word[len] == '\0' && n > 1 ? 2 : 1;
	}
	while (*++word != '\0') {
		option = find_in(global_options, *word, NULL, 0);
		if (!option)
			return 0;
		if (option->arg)
			return word[1] == '\0' && n > 1 ? 2 : 1;
	}
	return 1;
}

size_t
args_command_words(char *const *words, size_t n, size_t *at, size_t max)
{
	size_t found = 0, i = 0, step;

	while (i < n && found < max) {
		step = 1;
		if (!is_option(words[i]))
			at[found++] = i;
		else
			step = global_words(words + i, n - i);
		if (step == 0)
			break;
		i += step;
	}
	return found;
}

/* --- looking ------------------------------------------------------------- */

size_t
args_count(const struct args *args, const char *name)
{
	size_t i, count = 0;

	for (i = 0; i < args->n_options; i++)
		if (strcmp(args->options[i].option->name, name) == 0)
			count++;
	return count;
}

bool
args_has(const struct args *args, const char *name)
{
	return args_count(args, name) > 0;
}

const char *
args_nth(const struct args *args, const char *name, size_t i)
{
	const struct arg_option *option = args->options;
	size_t n;

	for (n = args->n_options; n > 0; n--, option++) {
		if (strcmp(option->option->name, name) != 0)
			continue;
		if (i-- == 0)
			return option->value;
	}
	return NULL;
}

const char *
args_get(const struct args *args, const char *name)
{
	size_t count = args_count(args, name);

	return count > 0 ? args_nth(args, name, count - 1) : NULL;
}

const char *
args_operand(const struct args *args, size_t i)
{
	return i < args->n_operands ? args->operands[i] : NULL;
}

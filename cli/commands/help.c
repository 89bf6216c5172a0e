/* SPDX-License-Identifier: BSD-2-Clause */
/* help: the overview, a family, or one command; all from the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

/* Where the second column begins, and how wide a text is. */
#define COLUMN 24
#define WIDTH  78

static const char intro[] =
    "usage: coap-shell [OPTION] [COMMAND [ARG]]\n"
    "       coap-shell [OPTION] -c 'COMMAND ; COMMAND'\n"
    "       coap-shell [OPTION] -f FILE [ARG]\n"
    "       coap-shell [OPTION] URI\n"
    "Without a command: a prompt on a terminal, else commands from stdin.\n";

static const char outro[] =
    "\n'help COMMAND' tells more, coap-shell(1) everything.\n";

/* --- pieces -------------------------------------------------------------- */

/* Text in lines of WIDTH; its own line ends stay. It begins in that column, and
 * so does each line. */
static void
put_text(FILE *out, const char *text, int indent)
{
	size_t len, column = 0, width = (size_t)(WIDTH - indent);

	while (*text != '\0') {
		len = strcspn(text, " \n");
		if (column > 0 && column + 1 + len > width) {
			fprintf(out, "\n%*s", indent, "");
			column = 0;
		} else if (column > 0) {
			fputc(' ', out);
			column++;
		}
		fprintf(out, "%.*s", (int)len, text);
		column += len;
		text += len;
		if (*text == '\n') {
			fprintf(out, "\n%*s", indent, "");
			column = 0;
		}
		if (*text != '\0')
			text++;
	}
	fputc('\n', out);
}

static void
put_row(FILE *out, const char *left, const char *right)
{
	if (strlen(left) + 2 > COLUMN)
		fprintf(out, "  %s\n  %*s", left, COLUMN, "");
	else
		fprintf(out, "  %-*s", COLUMN, left);
	put_text(out, right, COLUMN + 2);
}

static void
put_command(FILE *out, const struct command *command)
{
	put_row(out, command->name, command->summary);
}

static void
put_option(FILE *out, const struct option *option)
{
	char letter[] = "    ";
	char *left;

	if (option->letter != 0)
		snprintf(letter, sizeof(letter), "-%c, ", option->letter);
	if (!option->arg)
		left = text_format("%s--%s", letter, option->name);
	else
		left = text_format(option->arg_optional ? "%s--%s[=%s]"
							: "%s--%s %s",
		    letter, option->name, option->arg);
	if (left)
		put_row(out, left, option->help);
	free(left);
}

static void
put_options(FILE *out, const char *title, const struct option *set)
{
	fprintf(out, "\n%s:\n", title);
	for (; set->name; set++)
		put_option(out, set);
}

/* --- pages --------------------------------------------------------------- */

static void
write_overview(FILE *out)
{
	const struct command *const *c;
	const char *group = "";

	fputs(intro, out);
	for (c = command_table; *c; c++) {
		if (strcmp(group, (*c)->group) != 0)
			fprintf(out, "\n%s:\n", (*c)->group);
		group = (*c)->group;
		put_command(out, *c);
	}
	put_options(out, "Options before the command", leading_options);
	put_options(out, "Options of every command", global_options);
	fputs(outro, out);
}

static void
write_aliases(FILE *out, const struct command *command)
{
	const char *const *alias;
	const char *separator = "also: ";

	for (alias = command->aliases; alias && *alias; alias++) {
		fprintf(out, "%s%s", separator, *alias);
		separator = ", ";
	}
	if (command->aliases && command->aliases[0])
		fputc('\n', out);
}

/* "listen list" at "listen". */
static void
write_family(FILE *out, const struct command *command)
{
	const struct command *const *c;
	const char *separator = "\nsee also: ";
	size_t len = strlen(command->name);
	size_t column = 0;

	for (c = command_table; *c; c++) {
		if (strncmp((*c)->name, command->name, len) != 0 ||
		    (*c)->name[len] != ' ')
			continue;
		column += strlen(separator) + strlen((*c)->name);
		if (column > WIDTH) {
			separator = ",\n    ";
			column = strlen(separator) + strlen((*c)->name);
		}
		fprintf(out, "%s%s", separator, (*c)->name);
		separator = ", ";
	}
	if (*separator == ',')
		fputc('\n', out);
}

static void
write_command(FILE *out, const struct command *command)
{
	const struct option *const *sets;
	const struct option *option;
	const char *const *example;
	char *usage = command_usage(command);

	fprintf(out, "usage: %s\n", usage ? usage : command->name);
	free(usage);
	write_aliases(out, command);
	fputc('\n', out);
	put_text(out, command->summary, 0);
	if (command->details) {
		fputc('\n', out);
		put_text(out, command->details, 0);
	}
	if (command->options && command->options[0])
		fputs("\nOptions:\n", out);
	for (sets = command->options; sets && *sets; sets++)
		for (option = *sets; option->name; option++)
			put_option(out, option);
	if (command->examples && command->examples[0])
		fputs("\nExamples:\n", out);
	for (example = command->examples; example && *example; example++)
		fprintf(out, "  %s\n", *example);
	write_family(out, command);
	fputs("\n'help' lists the options of every command.\n", out);
}

/* The commands of a family ("session"), or all names one a line. */
static unsigned
write_names(FILE *out, const char *family, bool bare)
{
	const struct command *const *c;
	size_t len = strlen(family);
	unsigned n = 0;

	for (c = command_table; *c; c++) {
		if (strncmp((*c)->name, family, len) != 0 ||
		    (len > 0 && (*c)->name[len] != ' '))
			continue;
		n++;
		if (bare)
			fprintf(out, "%s\n", (*c)->name);
		else
			put_command(out, *c);
	}
	return n;
}

/* --- jobs ---------------------------------------------------------------- */

/* Prints what was written to *text. */
static int
print(struct job *job, FILE *out, char **text)
{
	int status = STATUS_OK;

	if (fclose(out) == 0)
		output_text(job->out, "help", *text);
	else
		status = job_fail(job, STATUS_INTERNAL, "out of memory");
	free(*text);
	*text = NULL;
	return status;
}

int
help_command(struct job *job, const struct command *command)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	write_command(out, command);
	return print(job, out, &text);
}

/* The operands as one text: "session data". */
static char *
join_operands(const struct args *args)
{
	char *joined = strdup(args_operand(args, 0)), *longer;
	size_t i;

	for (i = 1; joined && i < args->n_operands; i++) {
		longer = text_format("%s %s", joined, args->operands[i]);
		free(joined);
		joined = longer;
	}
	return joined;
}

static int
help_family(struct job *job, bool *found)
{
	char *family = join_operands(&job->args);
	char *text = NULL;
	size_t size;
	FILE *out = family ? open_memstream(&text, &size) : NULL;

	if (!out) {
		free(family);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	*found = write_names(out, family, false) > 0;
	free(family);
	if (*found)
		return print(job, out, &text);
	fclose(out);
	free(text);
	return STATUS_USAGE;
}

static int
help_words(struct job *job)
{
	const struct command *command;
	char *problem;
	size_t used;
	bool found = false;
	int status;

	command = command_find(job->args.operands, job->args.n_operands,
	    job->front->interactive, &used, &problem);
	if (command && used == job->args.n_operands) {
		free(problem);
		return help_command(job, command);
	}
	status = help_family(job, &found);
	if (!found && command)
		job_fail(job, status, "'%s' has no '%s'", command->name,
		    job->args.operands[used]);
	else if (!found)
		job_fail(job, status, "%s",
		    problem ? problem : "no such command");
	free(problem);
	return status;
}

static int
start(struct job *job)
{
	char *text = NULL;
	size_t size;
	FILE *out;

	if (job->args.n_operands > 0)
		return help_words(job);
	out = open_memstream(&text, &size);
	if (!out)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	if (args_has(&job->args, "list"))
		write_names(out, "", true);
	else
		write_overview(out);
	return print(job, out, &text);
}

static const struct option help_options[] = {
	{ .name = "list", .help = "the names of all commands, one a line" },
	{ .name = NULL },
};

static const struct option *const options[] = { help_options, NULL };
static const char *const aliases[] = { "?", NULL };
static const char *const examples[] = {
	"help session open",
	"help session",
	"get --help",
	NULL,
};

const struct command cmd_help = {
	.name = "help",
	.aliases = aliases,
	.group = "Helpers",
	.summary = "tell about all commands, or about one",
	.examples = examples,
	.options = options,
	.operands = { { .name = "COMMAND",
	    .optional = true,
	    .repeat = true,
	    .complete = COMPLETE_COMMAND } },
	.start = start,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* explain: what a code, an option, a content format or an exit status means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/output/status.h"
#include "cli/session/diagnosis.h"

#define COLUMNS 4
/* More is never found of one word. */
#define ROWS 96

/* What was found: kind, number, name, meaning; each cell owned. */
struct found {
	char *cells[ROWS * COLUMNS];
	size_t rows;
};

static void
add(struct found *found, const char *kind, char *number, char *name,
    char *meaning)
{
	char **row = found->cells + found->rows * COLUMNS;

	if (found->rows == ROWS) {
		free(number);
		free(name);
		free(meaning);
		return;
	}
	row[0] = text_format("%s", kind);
	row[1] = number;
	row[2] = name;
	row[3] = meaning;
	found->rows++;
}

static void
find_code(struct found *found, const char *word)
{
	int code = coapx_code_by_name(word);
	const coapx_code_info_t *info;

	if (code < 0)
		return;
	info = coapx_code_by_number((unsigned)code);
	add(found, "code",
	    text_format("%d.%02d", code >> 5, (unsigned)code & 0x1f),
	    text_format("%s", info ? info->name : "not registered"),
	    info ? text_format("%s%s%s", info->hint ? info->hint : "",
		       info->hint ? "; " : "", info->reference)
		 : NULL);
}

static const char *
option_format_name(coapx_option_format_t format)
{
	static const char *const names[] = {
		"empty",
		"opaque",
		"uint",
		"string",
	};

	return (size_t)format < sizeof(names) / sizeof(names[0]) ? names[format]
								 : "?";
}

static void
find_option(struct found *found, const char *word)
{
	const coapx_option_info_t *info;
	uint64_t number;

	info = parse_number(word, UINT16_MAX, &number)
	    ? coapx_option_by_number((unsigned)number)
	    : coapx_option_by_name(word);
	if (!info)
		return;
	add(found, "option", text_format("%u", info->number),
	    text_format("%s", info->name),
	    text_format("%s, %u-%u bytes, %s%s%s%s; %s",
		option_format_name(info->format), info->min_length,
		info->max_length, info->critical ? "critical" : "elective",
		info->unsafe ? ", unsafe to forward" : "",
		info->no_cache_key ? ", not in the cache key" : "",
		info->repeatable ? ", repeatable" : "", info->reference));
}

static void
find_format(struct found *found, const char *word)
{
	int number = coapx_format_by_name(word);
	const coapx_format_info_t *info;

	info = number < 0 ? NULL : coapx_format_by_number((unsigned)number);
	if (!info)
		return;
	add(found, "format", text_format("%u", info->number),
	    text_format("%s%s%s", info->media_type,
		info->parameters ? "; " : "",
		info->parameters ? info->parameters : ""),
	    text_format("%s%s%s", info->coding ? info->coding : "",
		info->coding ? "; " : "", info->reference));
}

static void
find_exit(struct found *found, const char *word)
{
	const struct status_info *info;
	uint64_t number;

	if (!parse_number(word, 255, &number))
		return;
	info = status_find((int)number);
	if (info)
		add(found, "exit", text_format("%d", info->status),
		    text_format("%s", "exit status"),
		    text_format("%s", info->meaning));
}

/* What an exit status may come from. */
static void
find_cause(struct found *found, const char *word)
{
	struct diagnosis d;
	uint64_t number;

	if (!parse_number(word, 255, &number))
		return;
	for (size_t i = 0; diagnosis_at(i, &d); i++)
		if (d.status == (int)number)
			add(found, "cause", text_format("%d", d.status),
			    text_format("%s", d.cause),
			    text_format("%s", d.advice));
}

/* By number or name. */
static void
find_alert(struct found *found, const char *word)
{
	const struct alert_info *a;
	uint64_t number = UINT64_MAX;
	struct diagnosis d;

	parse_number(word, 255, &number);
	for (size_t i = 0;; i++) {
		a = alert_at(i, &d);
		if (!a)
			return;
		if (number == (uint64_t)a->number ||
		    strcasecmp(word, a->name) == 0)
			add(found, "alert", text_format("%d", a->number),
			    text_format("%s", a->name),
			    text_format("%s; %s", d.cause, d.advice));
	}
}

static const struct {
	const char *name;
	const char *with; /* found with this kind, too, and only if asked for */
	void (*find)(struct found *found, const char *word);
} kinds[] = {
	{ "code", NULL, find_code },
	{ "option", NULL, find_option },
	{ "format", NULL, find_format },
	{ "exit", NULL, find_exit },
	{ "cause", "exit", find_cause },
	{ "alert", NULL, find_alert },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static const char *const kind_names[] = {
	"code",
	"option",
	"format",
	"exit",
	"cause",
	"alert",
	NULL,
};

static void
show(struct job *job, const struct found *found)
{
	static const char *const columns[] = {
		"kind",
		"number",
		"name",
		"meaning",
		NULL,
	};
	struct view_table view = { .type = "explanation",
		.columns = columns,
		.cells = (const char *const *)found->cells,
		.rows = found->rows };

	output_table(job->out, &view);
}

static bool
is_kind(const char *kind, const char *name)
{
	return kind && name && strcasecmp(kind, name) == 0;
}

/* All kinds, or the one that was asked for. */
static void
find_all(struct found *found, const char *kind, const char *word)
{
	size_t i;

	for (i = 0; i < N_KINDS; i++)
		if ((!kind && !kinds[i].with) || is_kind(kind, kinds[i].name) ||
		    is_kind(kind, kinds[i].with))
			kinds[i].find(found, word);
}

static int
start(struct job *job)
{
	const char *word = args_operand(&job->args, 1);
	const char *kind = word ? args_operand(&job->args, 0) : NULL;
	struct found found = { .rows = 0 };
	int status = STATUS_OK;
	size_t i;

	if (!word)
		word = args_operand(&job->args, 0);
	find_all(&found, kind, word);
	if (found.rows > 0)
		show(job, &found);
	else
		status = job_fail(job, STATUS_USAGE,
		    "'%s' is no code, option, content format, exit status or "
		    "alert",
		    word);
	for (i = 0; i < found.rows * COLUMNS; i++)
		free(found.cells[i]);
	return status;
}

static const char *const examples[] = {
	"explain 4.04",
	"explain Content-Format",
	"explain format 112",
	"explain exit 28",
	"explain alert 115",
	NULL,
};

const struct command cmd_explain = {
	.name = "explain",
	.group = "Helpers",
	.summary = "tell what a code, option, format or exit status means",
	.details = "A number may be several of these; KIND, which is code, "
		   "option, format, exit, cause (of an exit status) or alert "
		   "(of TLS), says which.",
	.examples = examples,
	.operands = { { .name = "KIND",
			  .optional = true,
			  .complete = COMPLETE_WORDS,
			  .words = kind_names },
	    { .name = "WORD" } },
	.start = start,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the options of every command set. */
#include <string.h>

#include "cli/words/globals.h"

static const enum form forms[] = {
	FORM_HUMAN,
	FORM_JSON,
	FORM_RAW,
	FORM_HEX,
	FORM_NONE,
	FORM_DIAG,
};

const char *const form_names[] = {
	"human",
	"json",
	"raw",
	"hex",
	"none",
	"diag",
	NULL,
};

bool
form_find(const char *name, enum form *form)
{
	size_t i;

	for (i = 0; form_names[i]; i++) {
		if (strcmp(form_names[i], name) != 0)
			continue;
		*form = forms[i];
		return true;
	}
	return false;
}

static int
set_color(const char *when, int *color)
{
	static const char *const names[] = { "never", "auto", "always" };
	int i;

	for (i = 0; i < 3; i++) {
		if (strcmp(when, names[i]) == 0) {
			*color = i - 1;
			return 0;
		}
	}
	return -1;
}

/* Options with a value. 0, or -1 when the value is none. */
static int
apply_value(const char *name, const char *value, struct output_options *options,
    uint64_t *timeout_ms)
{
	int64_t ms;

	if (strcmp(name, "format") == 0)
		return form_find(value, &options->form) ? 0 : -1;
	if (strcmp(name, "color") == 0)
		return set_color(value, &options->color);
	if (strcmp(name, "timeout") == 0) {
		ms = parse_duration(value);
		*timeout_ms = ms > 0 ? (uint64_t)ms : 0;
		return ms > 0 ? 0 : -1;
	}
	if (strcmp(name, "write-out") == 0)
		options->write_out = value;
	if (strcmp(name, "output") != 0)
		return 0;
	options->file = value;
	return *value != '\0' ? 0 : -1;
}

static void
apply_flag(const char *name, struct output_options *options)
{
	if (form_find(name, &options->form)) /* --json, --raw, --hex */
		return;
	if (strcmp(name, "include") == 0)
		options->include = true;
	else if (strcmp(name, "quiet") == 0)
		options->quiet = true;
	else if (strcmp(name, "verbose") == 0)
		options->verbose++;
}

static bool
is_global(const struct option *option)
{
	const struct option *o;

	for (o = global_options; o->name; o++)
		if (o == option)
			return true;
	return false;
}

int
globals_apply(const struct args *args, struct output_options *options,
    uint64_t *timeout_ms, char **problem)
{
	const struct arg_option *given;
	size_t i;

	*problem = NULL;
	for (i = 0; i < args->n_options; i++) {
		given = &args->options[i];
		if (!is_global(given->option))
			continue;
		if (!given->value) {
			apply_flag(given->option->name, options);
			continue;
		}
		if (apply_value(given->option->name, given->value, options,
			timeout_ms) == 0)
			continue;
		*problem = text_format("--%s does not take '%s' (%s)",
		    given->option->name, given->value, given->option->help);
		return -1;
	}
	return 0;
}

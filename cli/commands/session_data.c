/* SPDX-License-Identifier: BSD-2-Clause */
/* session data: application data kept on a session. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

#define KEY_MAX_LENGTH 64

/*
 * The words behind `session data VERB`: n without a name, n + 1 with one. The
 * session, and *first, where the words begin that are no name.
 */
static struct named *
session_of(struct job *job, size_t n, size_t *first, int *status)
{
	*first = job->args.n_operands - n;
	return app_session_for(job,
	    *first > 0 ? args_operand(&job->args, 0) : NULL, status);
}

static bool
key_is_valid(const char *key)
{
	const char *c;

	for (c = key; *c; c++)
		if (*c <= ' ' || *c >= 0x7f || *c == '=')
			return false;
	return c > key && c - key <= KEY_MAX_LENGTH;
}

static struct datum *
find(const struct named *named, const char *key)
{
	struct datum *d;

	DL_FOREACH(named->data, d)
		if (strcmp(d->key, key) == 0)
			return d;
	return NULL;
}

static void
datum_free(struct datum *d)
{
	if (!d)
		return;
	free(d->key);
	free(d->value);
	free(d);
}

static int
no_such_key(struct job *job, const struct named *named, const char *key)
{
	return job_fail(job, STATUS_STATE,
	    "%s has no data '%s'; 'session data list' shows what there is",
	    named->name, key);
}

/* --- set ----------------------------------------------------------------- */

static struct datum *
datum_new(const char *key)
{
	struct datum *d = calloc(1, sizeof *d);

	if (d)
		d->key = strdup(key);
	if (d && d->key)
		return d;
	free(d);
	return NULL;
}

static int
put(struct named *named, const char *key, const char *value)
{
	struct datum *d = find(named, key);
	char *copy = strdup(value);
	bool is_new = d == NULL;

	if (is_new)
		d = datum_new(key);
	if (!d || !copy) {
		free(copy);
		if (is_new)
			datum_free(d);
		return -1;
	}
	free(d->value);
	d->value = copy;
	if (is_new)
		DL_APPEND(named->data, d);
	return 0;
}

static int
start_set(struct job *job)
{
	int status = STATUS_OK;
	const char *key;
	size_t first;
	struct named *named = session_of(job, 2, &first, &status);

	if (!named)
		return status;
	key = args_operand(&job->args, first);
	if (!key_is_valid(key))
		return job_fail(job, STATUS_USAGE,
		    "'%s' is no key: a key is 1 to %d printable characters "
		    "without blanks and '='",
		    key, KEY_MAX_LENGTH);
	if (put(named, key, args_operand(&job->args, first + 1)) < 0)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	return STATUS_OK;
}

/* --- get, unset, list ---------------------------------------------------- */

static int
start_get(struct job *job)
{
	struct view_field field = { .type = FIELD_TEXT };
	int status = STATUS_OK;
	const struct datum *d;
	size_t first;
	struct named *named = session_of(job, 1, &first, &status);

	if (!named)
		return status;
	field.name = args_operand(&job->args, first);
	d = find(named, field.name);
	if (!d)
		return no_such_key(job, named, field.name);
	field.text = d->value;
	output_value(job->out, &field);
	return STATUS_OK;
}

static int
start_unset(struct job *job)
{
	int status = STATUS_OK;
	struct datum *d;
	size_t first;
	struct named *named = session_of(job, 1, &first, &status);

	if (!named)
		return status;
	d = find(named, args_operand(&job->args, first));
	if (!d)
		return no_such_key(job, named, args_operand(&job->args, first));
	DL_DELETE(named->data, d);
	datum_free(d);
	return STATUS_OK;
}

static int
start_list(struct job *job)
{
	static const char *const columns[] = { "key", "value", NULL };
	struct view_table table = { .type = "data", .columns = columns };
	int status = STATUS_OK;
	struct named *named =
	    app_session_for(job, args_operand(&job->args, 0), &status);
	const char **cells;
	struct datum *d;
	size_t n = 0;

	if (!named)
		return status;
	DL_COUNT(named->data, d, n);
	if (n == 0) {
		output_note(job->out, "%s has no data", named->name);
		return STATUS_OK;
	}
	cells = calloc(2 * n, sizeof *cells);
	if (!cells)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	DL_FOREACH(named->data, d) {
		cells[2 * table.rows] = d->key;
		cells[2 * table.rows++ + 1] = d->value;
	}
	table.cells = cells;
	output_table(job->out, &table);
	free(cells);
	return STATUS_OK;
}

/* --- the table ----------------------------------------------------------- */

static const char *const examples[] = {
	"session data set room kitchen",
	"session data set lamp room kitchen",
	"session data get room",
	NULL,
};

const struct command cmd_session_data_set = {
	.name = "session data set",
	.group = "Sessions",
	.summary = "keep a value on a session",
	.details = "With three words the first one is the session's name.",
	.examples = examples,
	.operands = { { .name = "NAME",
			  .optional = true,
			  .complete = COMPLETE_SESSION },
	    { .name = "KEY" }, { .name = "VALUE" } },
	.start = start_set,
	.reach = REACH_SESSION,
};

const struct command cmd_session_data_get = {
	.name = "session data get",
	.group = "Sessions",
	.summary = "print a value kept on a session",
	.details = "With two words the first one is the session's name.",
	.operands = { { .name = "NAME",
			  .optional = true,
			  .complete = COMPLETE_SESSION },
	    { .name = "KEY" } },
	.start = start_get,
	.reach = REACH_SESSION,
};

const struct command cmd_session_data_unset = {
	.name = "session data unset",
	.group = "Sessions",
	.summary = "drop a value kept on a session",
	.details = "With two words the first one is the session's name.",
	.operands = { { .name = "NAME",
			  .optional = true,
			  .complete = COMPLETE_SESSION },
	    { .name = "KEY" } },
	.start = start_unset,
	.reach = REACH_SESSION,
};

const struct command cmd_session_data_list = {
	.name = "session data list",
	.group = "Sessions",
	.summary = "list the values kept on a session",
	.operands = { { .name = "NAME",
	    .optional = true,
	    .complete = COMPLETE_SESSION } },
	.start = start_list,
	.reach = REACH_SESSION,
};

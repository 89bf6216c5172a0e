/* SPDX-License-Identifier: BSD-2-Clause */
/* Completion for shells (__complete), and names of files for the prompt. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/app.h"
#include "cli/words/complete.h"
#include "cli/words/complete_values.h"

static const struct option complete_options[] = {
	{ .name = "line", .arg = "LINE", .help = "the command line" },
	{ .name = "point", .arg = "N", .help = "where the cursor is" },
	{ .name = NULL },
};

static const struct option *const options[] = { complete_options, NULL };

/* Not in the table: no command of a user's. */
static const struct command complete_command = {
	.name = "__complete",
	.options = options,
};

static void
print(const struct completions *out)
{
	size_t i;

	for (i = 0; i < out->n; i++)
		printf("%s\t%s\n", out->items[i].value,
		    out->items[i].description ? out->items[i].description : "");
	if (out->nospace)
		puts(":nospace");
	if (out->files)
		puts(":files");
}

static void
complete(const char *line, size_t point)
{
	struct control control = { .path = getenv("COAP_SHELL_CONTROL") };
	struct completer completer = {
		.control = &control,
		.limit_ms = COMPLETE_SHELL_MS,
	};
	struct completions out;

	if (control.path && *control.path == '\0')
		control.path = NULL;
	coap_startup();
	coap_set_log_level(COAP_LOG_CRIT);
	completer.context = coap_new_context(NULL);
	complete_for(&completer, line, point, &out);
	print(&out);
	completions_free(&out);
	coap_free_context(completer.context);
	coap_cleanup();
}

int
complete_main(int argc, char *const *argv)
{
	struct args args;
	const char *line, *number;
	uint64_t point;
	char *problem;
	int status = STATUS_USAGE;

	if (args_parse(&args, &complete_command, argv, (size_t)argc, &problem) <
	    0) {
		fprintf(stderr, "coap-shell: %s\n",
		    problem ? problem : "out of memory");
		goto out;
	}
	line = args_get(&args, "line");
	number = args_get(&args, "point");
	if (!line || (number && !parse_number(number, SIZE_MAX, &point))) {
		fputs("coap-shell: __complete wants --line LINE --point N\n",
		    stderr);
		goto out;
	}
	if (!number || point > strlen(line))
		point = strlen(line);
	complete(line, point);
	status = fflush(stdout) == 0 ? STATUS_OK : STATUS_OUTPUT;
out:
	free(problem);
	args_free(&args);
	return status;
}

/* --- files --------------------------------------------------------------- */

/* A name in the folder dir (with its slash, or ""). */
static void
add_file(struct candidates *c, const char *dir, const char *name)
{
	char *path = text_format("%s%s", dir, name), *folder = NULL;
	struct stat st;

	if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		folder = text_format("%s/", path);
	if (folder || path)
		candidate(c, folder ? folder : path, NULL);
	else
		c->out->failed = true;
	free(folder);
	free(path);
}

static int
by_value(const void *a, const void *b)
{
	const struct completion *left = a, *right = b;

	return strcmp(left->value, right->value);
}

void
completions_add_files(struct completions *out)
{
	struct candidates c = { .out = out,
		.prefix = out->word,
		.prefix_len = out->file_prefix,
		.typed = out->word + out->file_prefix };
	const char *slash = strrchr(c.typed, '/');
	const char *base = slash ? slash + 1 : c.typed;
	char *dir = strndup(c.typed, (size_t)(base - c.typed));
	const struct dirent *entry;
	DIR *folder;

	if (!dir) {
		out->failed = true;
		return;
	}
	folder = opendir(*dir != '\0' ? dir : ".");
	for (entry = folder ? readdir(folder) : NULL; entry;
	     entry = readdir(folder)) {
		/* Hidden ones, "." and "..", only when asked for. */
		if (entry->d_name[0] != '.' || base[0] == '.')
			add_file(&c, dir, entry->d_name);
	}
	if (folder)
		closedir(folder);
	free(dir);
	if (out->n > 0)
		qsort(out->items, out->n, sizeof(*out->items), by_value);
	out->nospace = out->n == 1 &&
	    out->items[0].value[strlen(out->items[0].value) - 1] == '/';
}

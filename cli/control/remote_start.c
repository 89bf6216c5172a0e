/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client says of a command to its owner: START. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/body/part.h"
#include "cli/command.h"
#include "cli/control/remote_private.h"

/* The words as the table has them, not abbreviated. */
static char **
full_words(const struct job *job, size_t *n)
{
	const char *name = job->command->name;
	const char *asked = app_asked_session(job);
	char **words = calloc(job->n_words + 6, sizeof *words);
	size_t i, len;

	*n = 0;
	while (words && *name != '\0') {
		len = strcspn(name, " ");
		words[(*n)++] = strndup(name, len);
		name += len + (name[len] == ' ');
	}
	/* START tells what is current, which -S before what is about all of
	 * them is not. */
	if (words && asked &&
	    (job->command->reach == REACH_ALL || args_has(&job->args, "all"))) {
		words[(*n)++] = strdup("--session");
		words[(*n)++] = strdup(asked);
	}
	for (i = 0; words && i < job->n_words; i++)
		words[(*n)++] = strdup(job->words[i]);
	return words;
}

static char *
copy(const char *s, bool *failed)
{
	char *copied = s ? strdup(s) : NULL;

	*failed = *failed || (s && !copied);
	return copied;
}

/* What there is of the file of -o, for a command that goes on with it. */
static char *
copy_found(const struct job *job, bool *failed)
{
	struct text text = { .s = NULL };
	struct part part;
	char *s;

	if (!args_has(&job->args, "resume"))
		return NULL;
	/* A line that describes nothing: there are bytes all the same. */
	if (output_body_find(job->out, &part) != 0)
		return errno == ENODATA ? copy("\n", failed) : NULL;
	part_text(&text, &part);
	s = copy(text_string(&text), failed);
	*failed = *failed || !s;
	text_free(&text);
	return s;
}

struct start *
remote_make_start(const struct job *job, const char *session)
{
	const struct front *front = job->front;
	const struct sink *sink = &front->sink;
	struct start *start = calloc(1, sizeof *start);
	const char *current =
	    front->session_name ? front->session_name : front->away;
	const char *about = session ? session : current;
	const char *place = about ? front_place(front, about) : NULL;
	bool failed = false;
	size_t i;

	if (!start)
		return NULL;
	start->words = full_words(job, &start->n_words);
	failed = !start->words;
	for (i = 0; !failed && i < start->n_words; i++)
		failed = !start->words[i];
	start->options = front->defaults;
	start->write_out = copy(front->defaults.write_out, &failed);
	start->file = copy(front->defaults.file, &failed);
	start->found = copy_found(job, &failed);
	start->options.write_out = start->write_out;
	start->options.file = start->file;
	start->timeout_ms = front->timeout_ms;
	start->session = copy(current, &failed);
	start->place_session = copy(place ? about : NULL, &failed);
	start->place_path = copy(place, &failed);
	start->no_input = front->no_input;
	start->background = job->background;
	start->out_is_terminal = sink->out_is_terminal;
	start->err_is_terminal = sink->err_is_terminal;
	start->out_color = sink->out_color;
	start->err_color = sink->err_color;
	start->utf8 = sink->utf8;
	start->width = sink->width;
	if (!failed)
		return start;
	start_free(start);
	return NULL;
}

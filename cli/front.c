/* SPDX-License-Identifier: BSD-2-Clause */
/* Front ends: which session is current, and where they are in it. */
#include "cli/front.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/command.h"
#include "cli/words/vars.h"

void
front_open(struct front *front, struct app *app)
{
	front->app = app;
	DL_APPEND(app->fronts, front);
}

void
front_close(struct front *front)
{
	struct visit *visit;
	struct visit *next;

	vars_free(front);
	DL_FOREACH_SAFE(front->visits, visit, next) {
		free(visit->session);
		free(visit->path);
		free(visit);
	}
	front->visits = NULL;
	free(front->away);
	front->away = NULL;
	if (front->app)
		DL_DELETE(front->app->fronts, front);
	front->app = NULL;
}

/* --- the current session ------------------------------------------------- */

void
front_use(struct front *front, struct named *named)
{
	front->current = named;
	free(front->away);
	front->away = NULL;
}

int
front_use_away(struct front *front, const char *session)
{
	char *copy = strdup(session);

	if (!copy)
		return -1;
	front_use(front, NULL);
	front->away = copy;
	return 0;
}

/* --- visits -------------------------------------------------------------- */

static struct visit *
find_visit(const struct front *front, const char *session)
{
	struct visit *visit;

	DL_FOREACH(front->visits, visit)
		if (strcmp(visit->session, session) == 0)
			return visit;
	return NULL;
}

const char *
front_place(const struct front *front, const char *session)
{
	const struct visit *visit = find_visit(front, session);

	return visit ? visit->path : NULL;
}

int
front_set_place(struct front *front, const char *session, const char *path)
{
	struct visit *visit = find_visit(front, session);
	char *copy = strdup(path);

	if (copy && visit) {
		free(visit->path);
		visit->path = copy;
		return 0;
	}
	visit = copy ? calloc(1, sizeof *visit) : NULL;
	if (visit)
		visit->session = strdup(session);
	if (!visit || !visit->session) {
		free(visit);
		free(copy);
		return -1;
	}
	visit->path = copy;
	DL_APPEND(front->visits, visit);
	return 0;
}

const char *
front_path(const struct front *front, const struct named *named)
{
	const char *path = NULL;

	if (!front->guest)
		return named->path;
	path = front_place(front, named->name);
	return path ? path : named->home;
}

int
front_go(struct front *front, struct named *named, char *path)
{
	int result;

	if (!front->guest) {
		free(named->path);
		named->path = path;
		return 0;
	}
	result = front_set_place(front, named->name, path);
	free(path);
	return result;
}

/* --- what is told ----------------------------------------------------- */

void
front_event(struct front *front, const char *session, const char *event,
    const char *detail)
{
	struct output *out = output_new(&front->sink, &front->defaults);

	if (!out)
		return;
	output_event(out, session, event, detail);
	output_close(out);
}

void
front_interrupted(const struct front *front)
{
	const struct sink *sink = &front->sink;

	/* With a line that is not finished ^C goes, too. */
	if (sink->err_is_terminal && sink->line &&
	    !sink->line(sink->user, "", 0))
		sink->err(sink->user, "\n", 1);
}

void
front_tell(const struct front *front, const char *session, const char *event)
{
	struct front *own = &front->app->own;

	if (front->guest && own->interactive)
		front_event(own, session, event, NULL);
}

int
front_fail(struct front *front, int status, const char *format, ...)
{
	struct output *out = output_new(&front->sink, &front->defaults);
	va_list ap;
	char *text;

	va_start(ap, format);
	text = text_vformat(format, ap);
	va_end(ap);
	if (out) {
		output_error(out, status, text ? text : "out of memory");
		output_close(out);
	}
	free(text);
	return status;
}

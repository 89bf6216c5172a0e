/* SPDX-License-Identifier: BSD-2-Clause */
/* Serving at the control socket, and claiming names. */
#include "cli/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/command.h"
#include "cli/control/server.h"
#include "cli/session/listeners.h"

int
control_folder(struct app *app, bool create, struct folder **out,
    char **problem)
{
	struct control *control = &app->control;
	int status = STATUS_OK;

	*problem = NULL;
	if (!control->folder)
		status = folder_open(create, &control->folder, problem);
	*out = control->folder;
	return status;
}

/* --- names --------------------------------------------------------------- */

/* Whether names are claimed at all. */
static bool
claims(const struct control *control)
{
	return control->name != NULL;
}

int
control_claim(struct app *app, const char *name)
{
	struct control *control = &app->control;
	int err = claims(control)
	    ? folder_claim(control->folder, control->name, name)
	    : 0;

	/* At a prompt it is only not seen by others. */
	return err == -EEXIST || control->agent ? err : 0;
}

void
control_release(struct app *app, const char *name)
{
	struct control *control = &app->control;

	/* A listener and a session may have the same name. */
	if (claims(control) && !app_find(app, name) &&
	    !listener_find(app, name))
		folder_release(control->folder, control->name, name);
	if (control->idle)
		control->idle(app);
}

/* Names of before it served. */
static void
claim_all(struct app *app)
{
	const struct listener *listener;
	const struct named *named;

	DL_FOREACH(app->sessions, named)
		control_claim(app, named->name);
	DL_FOREACH(app->listeners, listener)
		control_claim(app, listener->name);
}

/* --- serving ------------------------------------------------------------- */

static int
cannot_listen(const struct control *control, int err, char **problem)
{
	const char *where =
	    control->path ? control->path : folder_path(control->folder);

	if (err == EADDRINUSE)
		*problem =
		    text_format("%s: another process listens there", where);
	else if (err == EEXIST)
		*problem = text_format("%s: something that is no socket is in "
				       "the way",
		    where);
	else
		*problem = text_format("%s: no control socket can be made "
				       "there: %s",
		    where, strerror(err));
	return err == EADDRINUSE ? STATUS_STATE : STATUS_LOCAL;
}

static void
stop_listening(struct control *control)
{
	if (control->name)
		folder_release_all(control->folder, control->name);
	if (control->name && !control->activated)
		folder_unlink(control->folder, control->name);
	else if (control->path && !control->activated)
		control_unlink(control->path, control->fd);
	close(control->fd);
	free(control->name);
	control->name = NULL;
}

int
control_serve_at(struct app *app, int fd, char **problem)
{
	struct control *control = &app->control;

	*problem = NULL;
	control->fd = fd;
	control->server = server_open(app, fd);
	if (!control->server) {
		stop_listening(control);
		return STATUS_INTERNAL;
	}
	claim_all(app);
	return STATUS_OK;
}

static void
unlock(struct control *control)
{
	if (control->lock > 0)
		close(control->lock);
	control->lock = 0;
}

int
control_serve(struct app *app, char **problem)
{
	struct control *control = &app->control;
	struct folder *folder = NULL;
	char *name = NULL;
	int status, fd;

	*problem = NULL;
	if (!control->path) {
		status = control_folder(app, true, &folder, problem);
		name = control->agent ? strdup(FOLDER_AGENT)
				      : text_format("%ld", (long)getpid());
		if (status != STATUS_OK || !name) {
			free(name);
			return status != STATUS_OK ? status : STATUS_INTERNAL;
		}
	} else if (control->lock == 0) {
		fd = control_lock(control->path);
		if (fd < 0)
			return cannot_listen(control,
			    fd == -EAGAIN ? EADDRINUSE : -fd, problem);
		control->lock = fd;
	}
	fd = control->path ? control_listen(control->path)
			   : folder_listen(folder, name);
	if (fd < 0) {
		free(name);
		unlock(control);
		return cannot_listen(control, -fd, problem);
	}
	control->name = name;
	/* What a process of the same name left when it crashed. */
	if (name)
		folder_release_all(folder, name);
	return control_serve_at(app, fd, problem);
}

void
control_close(struct app *app)
{
	struct control *control = &app->control;
	bool serves = control->server != NULL;

	/* Nobody comes any more before those there are let go. */
	if (serves)
		stop_listening(control);
	server_close(control->server);
	control->server = NULL;
	folder_close(control->folder);
	control->folder = NULL;
	unlock(control);
}

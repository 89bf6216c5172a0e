/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo: the built-in device on loopback, a session to it over every protocol
 * there is, and then the prompt; without a terminal a short tour.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/commands/commands.h"
#include "cli/device.h"
#include "cli/listeners.h"
#include "cli/script.h"

/* Each line is shown and run; a failure ends the tour with its status. */
static const char tour[] = "session list\n"
			   "discover udp:/\n"
			   "get udp:/time\n"
			   "get tcp:/hello?name=CoAP\n"
			   "put udp:/store/lamp --data on\n"
			   "get tcp:/store/lamp\n"
			   "get udp:/separate?ms=50\n"
			   "ping udp\n"
			   "session get stats.rtt-avg udp\n"
			   "session disconnect tcp --reason not-deliverable\n"
			   "session list\n";

struct demo {
	struct script *script;
	char *text;     /* of the first script, read until it ends */
	enum form form; /* the user's own, until the tour is over */
};

static void
free_state(struct job *job)
{
	struct demo *demo = job->state;

	job->app->defaults.form = demo->form;
	free(demo->text);
	free(demo);
}

static void
cancel(struct job *job)
{
	struct demo *demo = job->state;

	if (demo->script)
		script_cancel(demo->script, STATUS_INTERRUPTED);
	demo->script = NULL;
}

/* open URI --name PROTO for each listener: commands like any other. */
static char *
opening_script(struct app *app)
{
	struct listener *listener;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	DL_FOREACH(app->listeners, listener)
		if (listener->device)
			fprintf(f, "open %s --name %s -q\n", listener->uri,
			    coapx_proto_name(
				coapx_endpoint_get_proto(listener->endpoint)));
	/* The device has seen them all, too, when they are shown. */
	fprintf(f, "sleep 20ms\n");
	fclose(f);
	return text;
}

/* Whether there is somebody to give a prompt to. */
static bool
has_terminal(const struct app *app)
{
	return app->interactive ||
	    (app->sink.out_is_terminal && !app->no_input &&
		isatty(STDIN_FILENO));
}

static void
tour_done(struct script *script, int status, void *arg)
{
	struct job *job = arg;
	struct demo *demo = job->state;

	(void)script;
	demo->script = NULL;
	job_end(job, status);
}

static void
run(struct job *job, const char *text, bool trace,
    void (*done)(struct script *, int, void *))
{
	struct demo *demo = job->state;
	struct script_source source = {
		.text = text,
		.name = "demo",
		.xtrace = trace,
	};
	struct script *script;

	script = script_start(job->app, &source, done, job);
	/* NULL: it is over, and the job perhaps gone with it. */
	if (script)
		demo->script = script;
}

/* The form of the tour: for people, who may read it in a log, unless another
 * was asked for. */
static enum form
chosen_form(const struct job *job)
{
	static const char *const options[] = { "json", "raw", "hex", "format" };

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (args_has(&job->args, options[i]))
			return output_form(job->out);
	if (job->app->defaults.form != FORM_AUTO)
		return job->app->defaults.form;
	return FORM_HUMAN;
}

static void
opened(struct script *script, int status, void *arg)
{
	struct job *job = arg;
	struct demo *demo = job->state;
	static const char list[] = "session list\n";

	(void)script;
	demo->script = NULL;
	if (status != STATUS_OK) {
		job_end(job, status);
		return;
	}
	job->app->defaults.form = chosen_form(job);
	if (!has_terminal(job->app)) {
		run(job, tour, true, tour_done);
		return;
	}
	job->app->want_prompt = true;
	output_note(job->out,
	    "a device of our own on loopback, and these sessions to it:");
	run(job, list, false, tour_done);
}

static int
listen_everywhere(struct job *job)
{
	int status = STATUS_OK;
	coap_proto_t p;
	char uri[48];

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++) {
		if (!coapx_proto_is_supported(p))
			continue;
		snprintf(uri, sizeof(uri), "%s://127.0.0.1:0",
		    coapx_proto_scheme(p));
		if (!device_listen(job, uri, &status))
			return status;
	}
	return STATUS_OK;
}

/* Its listeners and the names of its sessions are there once. */
static bool
is_running(const struct app *app)
{
	const struct listener *listener;

	DL_FOREACH(app->listeners, listener)
		if (listener->device)
			return true;
	return false;
}

static int
start(struct job *job)
{
	struct app *app = job->app;
	struct demo *demo;
	int status;

	if (is_running(app))
		return job_fail(job, STATUS_STATE,
		    "the device is there already; 'listen list' shows where");
	demo = calloc(1, sizeof(*demo));
	if (!demo)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	demo->form = app->defaults.form;
	job->state = demo;
	job->free_state = free_state;
	job->cancel = cancel;
	app->keep = true;
	status = listen_everywhere(job);
	if (status != STATUS_OK)
		return status;
	demo->text = opening_script(app);
	if (!demo->text)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	run(job, demo->text, false, opened);
	return JOB_RUNNING;
}

const struct command cmd_demo = {
	.name = "demo",
	.group = "Listening",
	.summary = "a device on loopback, sessions to it, and a prompt",
	.details =
	    "Starts the built-in device on free ports of the loopback "
	    "interface, opens a session to it over every protocol that this "
	    "build speaks, shows them, and gives you a prompt. Without a "
	    "terminal it shows a short tour instead.",
	.start = start,
};

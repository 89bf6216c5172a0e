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
#include "cli/device/device.h"
#include "cli/secrets/demo_key.h"
#include "cli/session/listeners.h"
#include "cli/session/opening.h"
#include "cli/words/script.h"

/* Each line is shown and run; a failure ends the tour with its status. Lines of
 * a protocol that this build lacks are left out. */
static const struct {
	coap_proto_t proto;
	const char *line;
} tour[] = {
	{ COAP_PROTO_UDP, "session list" },
	{ COAP_PROTO_UDP, "discover udp:/" },
	{ COAP_PROTO_UDP, "get udp:/time" },
	{ COAP_PROTO_TCP, "get tcp:/hello?name=CoAP" },
	{ COAP_PROTO_UDP, "put udp:/store/lamp --data on" },
	{ COAP_PROTO_TCP, "get tcp:/store/lamp" },
	{ COAP_PROTO_UDP, "get udp:/separate?ms=50" },
	{ COAP_PROTO_UDP, "ping udp" },
	{ COAP_PROTO_UDP, "session get stats.rtt-avg udp" },
	{ COAP_PROTO_DTLS, "get dtls:/who" },
	{ COAP_PROTO_DTLS, "session get tls.cipher dtls" },
	{ COAP_PROTO_TLS, "get tls:/who" },
	{ COAP_PROTO_WS, "get ws:/who" },
	{ COAP_PROTO_WSS, "get wss:/who" },
	{ COAP_PROTO_TCP, "session disconnect tcp --reason not-deliverable" },
	{ COAP_PROTO_UDP, "session list" },
};

struct demo {
	struct script *script;
	char *text;     /* of the script, read until it ends */
	enum form form; /* the user's own, until the tour is over */
};

static void
free_state(struct job *job)
{
	struct demo *demo = job->state;

	job->front->defaults.form = demo->form;
	free(demo->text);
	free(demo);
}

static void
cancel(struct job *job)
{
	struct demo *demo = job->state;

	if (demo->script)
		script_cancel(demo->script, job->status);
}

/* open URI --name PROTO for each listener: commands like any other. */
static char *
opening_script(struct app *app)
{
	struct listener *listener;
	coap_proto_t proto;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	DL_FOREACH(app->listeners, listener) {
		if (!listener->device)
			continue;
		proto = coapx_endpoint_get_proto(listener->endpoint);
		fprintf(f, "open %s --name %s -q", listener->uri,
		    coapx_proto_name(proto));
		if (proto_is_secure(proto))
			fprintf(f,
			    " --psk-identity " DEMO_IDENTITY
			    " --psk-hex-file '%s'",
			    app->demo_file);
		fputc('\n', f);
	}
	/* The device has seen them all, too, when they are shown. */
	fprintf(f, "sleep 20ms\n");
	fclose(f);
	return text;
}

static char *
tour_script(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < sizeof(tour) / sizeof(tour[0]); i++)
		if (coapx_proto_is_supported(tour[i].proto))
			fprintf(f, "%s\n", tour[i].line);
	fclose(f);
	return text;
}

/* Whether sessions of this process will have their names for others: with two
 * demos those of the first one do. */
static bool
has_names(struct app *app)
{
	struct folder *folder = NULL;
	char *problem = NULL;
	int fd = -1;

	if (app->control.off || app->control.path)
		return false;
	control_folder(app, false, &folder, &problem);
	free(problem);
	if (folder)
		fd = folder_connect_session(folder,
		    coapx_proto_name(COAP_PROTO_UDP));
	if (fd >= 0)
		close(fd);
	return fd < 0 || app->control.server;
}

/* How another terminal gets there, with the key of this one. */
static void
tell_others(struct job *job)
{
	const struct listener *listener;

	if (has_names(job->app))
		output_note(job->out,
		    "from another terminal: coap-shell -S %s get /time",
		    coapx_proto_name(COAP_PROTO_UDP));
	if (!job->app->demo_file)
		return;
	DL_FOREACH(job->app->listeners, listener) {
		if (!listener->device ||
		    coapx_endpoint_get_proto(listener->endpoint) !=
			COAP_PROTO_DTLS)
			continue;
		output_note(job->out,
		    "or with a session of its own: coap-shell get %s/time "
		    "--psk-identity " DEMO_IDENTITY " --psk-hex-file %s",
		    listener->uri, job->app->demo_file);
	}
}

/* Whether there is somebody to give a prompt to. */
static bool
has_terminal(const struct front *front)
{
	return front->interactive ||
	    (front->sink.out_is_terminal && !front->no_input &&
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

	script = script_start(job->front, &source, done, job);
	/* NULL: it is over, and the job perhaps gone with it. */
	if (script)
		demo->script = script;
}

/* The form of the tour: for people, who may read it in a log, unless another
 * was asked for. */
static enum form
chosen_form(const struct job *job)
{
	static const char *const forms[] = { "json", "raw", "hex", "format" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (args_has(&job->args, forms[i]))
			return output_form(job->out);
	if (job->front->defaults.form != FORM_AUTO)
		return job->front->defaults.form;
	return FORM_HUMAN;
}

static void
opened(struct script *script, int status, void *arg)
{
	struct job *job = arg;
	struct demo *demo = job->state;
	static const char list[] = "session list --type client\n";

	(void)script;
	demo->script = NULL;
	if (status != STATUS_OK) {
		job_end(job, status);
		return;
	}
	job->front->defaults.form = chosen_form(job);
	if (!has_terminal(job->front)) {
		free(demo->text);
		demo->text = tour_script();
		run(job, demo->text ? demo->text : "", true, tour_done);
		return;
	}
	job->front->want_prompt = true;
	output_note(job->out,
	    "a device of our own on loopback, and these sessions to it:");
	tell_others(job);
	run(job, list, false, tour_done);
}

static bool
has_security(void)
{
	coap_proto_t p;

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++)
		if (coapx_proto_is_supported(p) && proto_is_secure(p))
			return true;
	return false;
}

static int
listen_everywhere(struct job *job)
{
	int status = has_security() ? demo_key_make(job) : STATUS_OK;
	coap_proto_t p;
	char uri[48];

	if (status != STATUS_OK)
		return status;
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
	demo->form = job->front->defaults.form;
	job->state = demo;
	job->free_state = free_state;
	job->cancel = cancel;
	/* As a command of the tour may. */
	job->lingers = true;
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

static const struct option *const options[] = { device_options, NULL };

const struct command cmd_demo = {
	.name = "demo",
	.group = "Listening",
	.summary = "a device on loopback, sessions to it, and a prompt",
	.details =
	    "Starts the built-in device on free ports of the loopback "
	    "interface, opens a session to it over every protocol that this "
	    "build speaks, shows them, and gives you a prompt. Without a "
	    "terminal it shows a short tour instead. Secured sessions use a "
	    "random key, in a file that is deleted at the end.",
	.options = options,
	.start = start,
};

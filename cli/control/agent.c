/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent's life. */
#include "cli/control/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/command.h"
#include "cli/control/activation.h"
#include "cli/control/folder.h"
#include "cli/control/harden.h"
#include "cli/control/server.h"
#include "cli/control/spawn.h"

/* Another that is just beginning, or ending, is waited for. */
#define TURN_MS 50
#define TURNS   100

struct agent {
	struct job *job;
	struct agent_params params;
	coapx_timer_t *turn;
	coapx_timer_t *idle;
	unsigned turns;
	bool ending; /* somebody said so */
};

/* --- whoever started it -------------------------------------------------- */

static void
report(struct agent *agent, int status, const char *problem)
{
	if (agent->params.ready_fd >= 0)
		agent_tell(agent->params.ready_fd, status, problem);
	agent->params.ready_fd = -1;
}

static int
failed(struct agent *agent, int status, char *problem)
{
	const char *text = problem ? problem : "out of memory";

	report(agent, status, text);
	job_fail(agent->job, status, "%s", text);
	free(problem);
	return status;
}

/* --- whether it is needed ------------------------------------------------ */

static void
look(struct app *app)
{
	struct agent *agent = app->control.agent_state;

	if (agent->ending)
		return;
	if (app->sessions || app->listeners ||
	    server_clients(app->control.server) > 0)
		coapx_timer_stop(agent->idle);
	else
		coapx_timer_set(agent->idle, agent->params.idle_ms);
}

static void
on_change(void *arg)
{
	look(arg);
}

static void
on_end(coapx_timer_t *timer, void *arg)
{
	struct agent *agent = arg;

	(void)timer;
	job_end(agent->job, STATUS_OK);
}

bool
agent_stop(struct app *app)
{
	struct agent *agent = app->control.agent_state;

	if (!agent)
		return false;
	/* Whoever asked for it is answered first. */
	agent->ending = true;
	coapx_timer_set(agent->idle, 0);
	return true;
}

/* --- the beginning ------------------------------------------------------- */

static void
free_state(struct job *job)
{
	struct agent *agent = job->state;

	report(agent, STATUS_STATE, "the agent was ended");
	job->app->control.agent_state = NULL;
	job->app->control.idle = NULL;
	coapx_timer_free(agent->turn);
	coapx_timer_free(agent->idle);
	free(agent);
}

/* At systemd's socket, which is that of the folder. */
static int
serve_activated(struct app *app, int fd, char **problem)
{
	struct control *control = &app->control;

	*problem = NULL;
	if (!control->path) {
		control->name = strdup(FOLDER_AGENT);
		if (!control->name) {
			close(fd);
			return STATUS_INTERNAL;
		}
		/* What another agent left at it when it crashed. */
		folder_release_all(control->folder, control->name);
	}
	return control_serve_at(app, fd, problem);
}

static int
serve(struct agent *agent)
{
	struct app *app = agent->job->app;
	struct control *control = &app->control;
	int fd = activation_socket();
	char *problem = NULL;
	int status;

	control->agent = true;
	control->activated = fd >= 0;
	app->keep = true;
	status = control->activated ? serve_activated(app, fd, &problem)
				    : control_serve(app, &problem);
	if (status != STATUS_OK)
		return failed(agent, status, problem);
	control->agent_state = agent;
	control->idle = look;
	server_watch(control->server, on_change, app);
	look(app);
	report(agent, STATUS_OK, NULL);
	return JOB_RUNNING;
}

/* Whether an agent answers. */
static bool
is_there(struct app *app, struct folder *folder)
{
	int fd = app->control.path ? control_connect(app->control.path)
				   : folder_connect(folder, FOLDER_AGENT);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/* Only one is the agent: who holds the lock. */
static int
take_turn(struct agent *agent)
{
	struct app *app = agent->job->app;
	struct folder *folder = NULL;
	char *problem = NULL;
	int status, lock;

	if (!app->control.path) {
		status = control_folder(app, true, &folder, &problem);
		if (status != STATUS_OK)
			return failed(agent, status, problem);
	}
	lock = app->control.path ? control_lock(app->control.path)
				 : folder_lock_agent(folder);
	if (lock >= 0) {
		app->control.lock = lock;
		return serve(agent);
	}
	if (lock != -EAGAIN)
		return failed(agent, STATUS_LOCAL,
		    text_format("%s: %s",
			folder ? folder_path(folder) : app->control.path,
			strerror(-lock)));
	if (is_there(app, folder)) {
		report(agent, STATUS_OK, NULL);
		output_note(agent->job->out, "an agent is running already");
		return STATUS_OK;
	}
	if (++agent->turns > TURNS)
		return failed(agent, STATUS_STATE,
		    text_format("another agent is there and does not answer; "
				"is it stopped?"));
	coapx_timer_set(agent->turn, TURN_MS);
	return JOB_RUNNING;
}

static void
on_turn(coapx_timer_t *timer, void *arg)
{
	struct agent *agent = arg;
	int status = take_turn(agent);

	(void)timer;
	if (status != JOB_RUNNING)
		job_end(agent->job, status);
}

int
agent_run(struct job *job, const struct agent_params *params)
{
	struct agent *agent = calloc(1, sizeof *agent);

	if (!agent)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	agent->job = job;
	agent->params = *params;
	job->state = agent;
	job->free_state = free_state;
	agent->turn = coapx_timer_new(job->app->context, on_turn, agent);
	agent->idle = coapx_timer_new(job->app->context, on_end, agent);
	if (!agent->turn || !agent->idle)
		return failed(agent, STATUS_INTERNAL, NULL);
	agent_harden();
	return take_turn(agent);
}

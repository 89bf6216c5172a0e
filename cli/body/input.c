/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pipe or a terminal is watched; a regular file, which epoll refuses, is
 * always ready and read by a timer. The file of a guest is read by its client,
 * a chunk after the other.
 */
#include "cli/body/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536

struct input {
	struct job *job;
	const char *name;
	int fd;
	coapx_watch_t *watch;
	coapx_timer_t *timer;
	uint8_t *data;
	size_t len;
	size_t room;
	size_t max;
	bool asked; /* a guest's client was, for a chunk */
	input_done *done;
	void *arg;
};

/* NULL: the files are this process's. */
static const struct guest_ops *
guest_of(const struct input *input)
{
	return input->job->front->guest;
}

void
input_free(struct input *input)
{
	if (!input)
		return;
	if (input->asked)
		guest_of(input)->forget(input->job, input);
	coapx_watch_free(input->watch);
	coapx_timer_free(input->timer);
	if (input->fd > STDIN_FILENO)
		close(input->fd);
	free(input->data);
	free(input);
}

static const char *
shown_name(const char *name)
{
	return strcmp(name, "-") == 0 ? "stdin" : name;
}

static void
finish(struct input *input, int status)
{
	input_done *done = input->done;
	void *arg = input->arg;
	uint8_t *data = NULL;
	size_t len = 0;

	if (status == STATUS_OK) {
		data = input->data;
		len = input->len;
		input->data = NULL;
	}
	input_free(input);
	done(arg, status, data, len);
}

static int
failed(const struct input *input, const char *why)
{
	return job_fail(input->job, STATUS_LOCAL, "%s: %s",
	    shown_name(input->name), why);
}

/* Room for a chunk more. */
static bool
make_room(struct input *input)
{
	size_t room = input->room ? input->room * 2 : CHUNK;
	uint8_t *bigger;

	if (input->room - input->len >= CHUNK / 2)
		return true;
	bigger = realloc(input->data, room);
	if (!bigger)
		return false;
	input->data = bigger;
	input->room = room;
	return true;
}

/* False when it is too much, and the input is gone. */
static bool
fits(struct input *input)
{
	if (input->len <= input->max)
		return true;
	finish(input,
	    job_fail(input->job, STATUS_LOCAL, "%s: more than %zu bytes",
		shown_name(input->name), input->max));
	return false;
}

/* One read; false when it is over and the input is gone. */
static bool
read_some(struct input *input)
{
	ssize_t n;

	if (!make_room(input)) {
		finish(input, failed(input, "out of memory"));
		return false;
	}
	n = read(input->fd, input->data + input->len, input->room - input->len);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0) {
		finish(input,
		    n < 0 ? failed(input, strerror(errno)) : STATUS_OK);
		return false;
	}
	input->len += (size_t)n;
	return fits(input);
}

static void
on_ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	(void)watch;
	(void)fd;
	(void)what;
	read_some(arg);
}

static void
on_timer(coapx_timer_t *timer, void *arg)
{
	if (read_some(arg))
		coapx_timer_set(timer, 0);
}

/* --- a guest's ----------------------------------------------------------- */

static int
ask_client(struct input *input)
{
	input->asked = true;
	if (guest_of(input)->read(input->job, input, input->name, CHUNK / 2) ==
	    0)
		return STATUS_OK;
	return failed(input,
	    strerror(*input->name != '\0' ? ENAMETOOLONG : ENOENT));
}

void
input_feed(struct input *input, const void *data, size_t len)
{
	int status;

	if (!make_room(input) || len > input->room - input->len) {
		finish(input, failed(input, "out of memory"));
		return;
	}
	memcpy(input->data + input->len, data, len);
	input->len += len;
	if (!fits(input))
		return;
	status = ask_client(input);
	if (status != STATUS_OK)
		finish(input, status);
}

void
input_ended(struct input *input, int status)
{
	input->asked = false;
	finish(input, status);
}

/* --- beginning ----------------------------------------------------------- */

static int
open_input(struct input *input)
{
	bool is_stdin = strcmp(input->name, "-") == 0;

	if (is_stdin && input->job->front->interactive)
		return job_fail(input->job, STATUS_USAGE,
		    "@- reads stdin, which the prompt reads itself; @FILE "
		    "works here");
	if (is_stdin && input->job->front->script_on_stdin)
		return job_fail(input->job, STATUS_USAGE,
		    "@- reads stdin, where these commands come from; @FILE "
		    "works, or a script with -f");
	/* A FIFO without a writer would make open() wait. */
	input->fd = is_stdin
	    ? STDIN_FILENO
	    : open(input->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return input->fd < 0 ? failed(input, strerror(errno)) : STATUS_OK;
}

static int
begin(struct input *input)
{
	coap_context_t *context = input->job->app->context;
	int err = 0;

	input->watch = coapx_watch_new(context, input->fd, COAPX_READ, on_ready,
	    input, &err);
	if (input->watch)
		return STATUS_OK;
	if (err == -COAP_E_PERM)
		input->timer = coapx_timer_new(context, on_timer, input);
	if (!input->timer)
		return failed(input,
		    err == -COAP_E_PERM ? "out of memory"
					: coapx_strerror(err));
	coapx_timer_set(input->timer, 0);
	return STATUS_OK;
}

int
input_start(struct job *job, const char *name, size_t max, input_done *done,
    void *arg, struct input **out)
{
	struct input *input = calloc(1, sizeof(*input));
	int status;

	*out = NULL;
	if (!input)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	input->job = job;
	input->name = name;
	input->fd = -1;
	input->max = max;
	input->done = done;
	input->arg = arg;
	if (guest_of(input)) {
		status = ask_client(input);
	} else {
		status = open_input(input);
		if (status == STATUS_OK)
			status = begin(input);
	}
	if (status != STATUS_OK) {
		input_free(input);
		return status;
	}
	*out = input;
	return STATUS_OK;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A pipe or a terminal is watched; a regular file, which epoll refuses, is
 * always ready and read by a timer. The file of a guest is read by its client,
 * a piece after the other.
 */
#include "cli/body/pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pieces {
	struct job *job;
	const char *name;
	const struct pieces_ops *ops;
	void *arg;
	int fd;
	off_t start;     /* where it began, of what is a file */
	uint64_t length; /* UINT64_MAX: not known */
	size_t max;      /* of the piece that is awaited */
	coapx_watch_t *watch;
	coapx_timer_t *timer;
	bool asked; /* a guest's client was */
	bool over;  /* it has said so */
	uint8_t *data;
};

/* NULL: the files are this process's. */
static const struct guest_ops *
guest_of(const struct pieces *pieces)
{
	return pieces->job->front->guest;
}

const char *
pieces_shown(const char *name)
{
	return strcmp(name, "-") == 0 ? "stdin" : name;
}

static int
failed(const struct pieces *pieces, const char *why)
{
	return job_fail(pieces->job, STATUS_LOCAL, "%s: %s",
	    pieces_shown(pieces->name), why);
}

void
pieces_free(struct pieces *pieces)
{
	if (!pieces)
		return;
	if (pieces->asked)
		guest_of(pieces)->forget(pieces->job, pieces);
	coapx_watch_free(pieces->watch);
	coapx_timer_free(pieces->timer);
	if (pieces->fd > STDIN_FILENO)
		close(pieces->fd);
	if (pieces->data)
		explicit_bzero(pieces->data, PIECES_MAX);
	free(pieces->data);
	free(pieces);
}

uint64_t
pieces_length(const struct pieces *pieces)
{
	return pieces->length;
}

/* --- here ----------------------------------------------------------------- */

/* One read; its owner may free it. */
static void
read_some(struct pieces *pieces)
{
	ssize_t n = read(pieces->fd, pieces->data, pieces->max);

	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		if (pieces->timer)
			coapx_timer_set(pieces->timer, 0);
		return;
	}
	/* One that is closed at its other end would call without end. */
	coapx_watch_free(pieces->watch);
	pieces->watch = NULL;
	if (n > 0)
		pieces->ops->piece(pieces->arg, pieces->data, (size_t)n);
	else
		pieces->ops->end(pieces->arg,
		    n < 0 ? failed(pieces, strerror(errno)) : STATUS_OK);
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
	(void)timer;
	read_some(arg);
}

static int
want_here(struct pieces *pieces)
{
	coap_context_t *context = pieces->job->app->context;
	int err = -COAP_E_PERM;

	if (!pieces->timer)
		pieces->watch = coapx_watch_new(context, pieces->fd, COAPX_READ,
		    on_ready, pieces, &err);
	if (pieces->watch)
		return STATUS_OK;
	if (err != -COAP_E_PERM)
		return failed(pieces, coapx_strerror(err));
	if (!pieces->timer)
		pieces->timer = coapx_timer_new(context, on_timer, pieces);
	if (!pieces->timer)
		return failed(pieces, "out of memory");
	coapx_timer_set(pieces->timer, 0);
	return STATUS_OK;
}

/* What has no length (/proc) is read to its end. */
static void
measure(struct pieces *pieces)
{
	struct stat st;

	if (fstat(pieces->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return;
	pieces->start = lseek(pieces->fd, 0, SEEK_CUR);
	if (pieces->start >= 0 && st.st_size > pieces->start)
		pieces->length = (uint64_t)(st.st_size - pieces->start);
}

static int
open_here(struct pieces *pieces)
{
	const struct front *front = pieces->job->front;
	bool is_stdin = strcmp(pieces->name, "-") == 0;

	if (is_stdin && front->interactive)
		return job_fail(pieces->job, STATUS_USAGE,
		    "@- reads stdin, which the prompt reads itself; @FILE "
		    "works here");
	if (is_stdin && front->script_on_stdin)
		return job_fail(pieces->job, STATUS_USAGE,
		    "@- reads stdin, where these commands come from; @FILE "
		    "works, or a script with -f");
	pieces->data = malloc(PIECES_MAX);
	if (!pieces->data)
		return failed(pieces, "out of memory");
	/* A FIFO without a writer would make open() wait. */
	pieces->fd = is_stdin
	    ? STDIN_FILENO
	    : open(pieces->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (pieces->fd < 0)
		return failed(pieces, strerror(errno));
	measure(pieces);
	return STATUS_OK;
}

/* --- a guest's ------------------------------------------------------------ */

static int
want_client(struct pieces *pieces)
{
	pieces->asked = true;
	pieces->over = false;
	if (guest_of(pieces)->read(pieces->job, pieces, pieces->name,
		(uint32_t)pieces->max) == 0)
		return STATUS_OK;
	return failed(pieces,
	    strerror(*pieces->name != '\0' ? ENAMETOOLONG : ENOENT));
}

void
pieces_measured(struct pieces *pieces, uint64_t length)
{
	pieces->length = length;
}

void
pieces_feed(struct pieces *pieces, const void *data, size_t len)
{
	pieces->asked = false;
	pieces->ops->piece(pieces->arg, data, len);
}

void
pieces_ended(struct pieces *pieces, int status)
{
	pieces->asked = false;
	pieces->over = true;
	pieces->ops->end(pieces->arg, status);
}

/* --- both ----------------------------------------------------------------- */

int
pieces_open(struct job *job, const char *name, const struct pieces_ops *ops,
    void *arg, struct pieces **out)
{
	struct pieces *pieces = calloc(1, sizeof(*pieces));
	int status = STATUS_OK;

	*out = NULL;
	if (!pieces)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	*pieces = (struct pieces){ .job = job,
		.name = name,
		.ops = ops,
		.arg = arg,
		.fd = -1,
		.length = UINT64_MAX };
	if (!guest_of(pieces))
		status = open_here(pieces);
	if (status != STATUS_OK) {
		pieces_free(pieces);
		return status;
	}
	*out = pieces;
	return STATUS_OK;
}

int
pieces_want(struct pieces *pieces, size_t max)
{
	pieces->max = max < PIECES_MAX ? max : PIECES_MAX;
	return guest_of(pieces) ? want_client(pieces) : want_here(pieces);
}

bool
pieces_rewind(struct pieces *pieces)
{
	if (pieces->length == UINT64_MAX)
		return false;
	if (!guest_of(pieces))
		return lseek(pieces->fd, pieces->start, SEEK_SET) >= 0;
	/* What was read to its end begins anew by itself. */
	if (!pieces->over)
		guest_of(pieces)->rewind(pieces->job, pieces->name);
	return true;
}

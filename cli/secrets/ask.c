/* SPDX-License-Identifier: BSD-2-Clause */
/* A question on the terminal whose answer is not shown. */
#include "cli/secrets/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/output/output_file.h"

struct ask {
	struct job *job;
	int fd;
	coapx_watch_t *watch;
	struct termios before;
	bool changed; /* the terminal's settings are ours */
	ask_done *done;
	void *arg;
};

/* The terminal as it was, and where the next line begins. */
static void
restore(struct ask *ask)
{
	if (!ask->changed)
		return;
	/* Who typed has seen no line end. */
	write_all(ask->fd, "\n", 1);
	tcsetattr(ask->fd, TCSAFLUSH, &ask->before);
	ask->changed = false;
}

void
ask_free(struct ask *ask)
{
	if (!ask)
		return;
	coapx_watch_free(ask->watch);
	restore(ask);
	if (ask->fd >= 0)
		close(ask->fd);
	free(ask);
}

static void
end(struct ask *ask, int status, struct secret *answer)
{
	ask_done *done = ask->done;
	void *arg = ask->arg;

	ask_free(ask);
	done(arg, status, answer);
}

/* The keys that do nothing are characters of the line: without them its length
 * is returned. */
static size_t
drop_keys(const struct ask *ask, char *line, size_t len)
{
	const cc_t *keys = ask->before.c_cc;
	size_t kept = 0;

	for (size_t i = 0; i < len; i++) {
		cc_t c = (cc_t)line[i];

		if (c == _POSIX_VDISABLE ||
		    (c != keys[VSUSP] && c != keys[VQUIT]))
			line[kept++] = line[i];
	}
	return kept;
}

/* A terminal gives a line as a whole. */
static void
on_line(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct ask *ask = arg;
	struct secret answer = { NULL, 0 };
	char line[1024];
	ssize_t n = read(fd, line, sizeof line);
	bool kept;

	(void)watch;
	(void)what;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	restore(ask);
	if (n <= 0) {
		end(ask,
		    job_fail(ask->job, STATUS_LOCAL,
			"nothing was typed on the terminal"),
		    &answer);
		return;
	}
	kept = secret_set(&answer, line, drop_keys(ask, line, (size_t)n));
	explicit_bzero(line, sizeof line);
	secret_chomp(&answer);
	end(ask,
	    kept ? STATUS_OK
		 : job_fail(ask->job, STATUS_INTERNAL, "out of memory"),
	    &answer);
	secret_free(&answer);
}

/*
 * What is typed is not shown. Keys that would stop or kill this process with
 * the terminal left so do nothing; Ctrl-C is an event of the loop.
 */
static bool
hide(struct ask *ask)
{
	struct termios hidden;

	if (tcgetattr(ask->fd, &ask->before) < 0)
		return false;
	hidden = ask->before;
	hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	hidden.c_lflag |= ICANON | ISIG;
	hidden.c_iflag |= ICRNL;
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	hidden.c_cc[VQUIT] = _POSIX_VDISABLE;
	ask->changed = tcsetattr(ask->fd, TCSAFLUSH, &hidden) == 0;
	return ask->changed;
}

static const char *
why_not(const struct job *job)
{
	if (job->front->no_input || args_has(&job->args, "no-input"))
		return "--no-input is given";
	if (job->background)
		return "this command is in the background";
	return NULL;
}

int
ask_start(struct job *job, const char *question, ask_done *done, void *arg,
    struct ask **out)
{
	const char *why = why_not(job);
	struct ask *ask = why ? NULL : calloc(1, sizeof *ask);

	*out = NULL;
	if (why)
		return job_fail(job, STATUS_LOCAL, "nothing can be asked: %s",
		    why);
	if (!ask)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	ask->job = job;
	ask->done = done;
	ask->arg = arg;
	ask->fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ask->fd < 0 || !hide(ask)) {
		ask_free(ask);
		return job_fail(job, STATUS_LOCAL,
		    "nothing can be asked: there is no terminal");
	}
	ask->watch = coapx_watch_new(job->app->context, ask->fd, COAPX_READ,
	    on_line, ask, NULL);
	if (!ask->watch || write_all(ask->fd, question, strlen(question)) < 0) {
		ask_free(ask);
		return job_fail(job, STATUS_INTERNAL,
		    "the terminal cannot be used");
	}
	*out = ask;
	return STATUS_OK;
}

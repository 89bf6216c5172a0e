/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command of the shell prints. */
#include "cli/secrets/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/app.h"

struct child {
	struct job *job;
	struct child_params params;
	pid_t pid; /* and its group; 0: none that has to be waited for */
	int tty;   /* it has the terminal, for its own questions; -1: not */
	int out;   /* -1: it has ended */
	int pidfd;
	coapx_watch_t *reading;
	coapx_watch_t *waiting;
	coapx_timer_t *limit;
	struct secret output;
};

/* From where it is not ours any more, which would stop this process. */
static void
take_terminal_back(struct child *child)
{
	sigset_t set, before;

	if (child->tty < 0)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	tcsetpgrp(child->tty, getpgrp());
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(child->tty);
	child->tty = -1;
}

/* With all that it has started. */
static void
reap(struct child *child)
{
	int status;

	if (child->pid == 0)
		return;
	kill(-child->pid, SIGKILL);
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	child->pid = 0;
}

static void
stop_reading(struct child *child)
{
	coapx_watch_free(child->reading);
	child->reading = NULL;
	if (child->out >= 0)
		close(child->out);
	child->out = -1;
}

void
child_free(struct child *child)
{
	if (!child)
		return;
	reap(child);
	take_terminal_back(child);
	stop_reading(child);
	coapx_watch_free(child->waiting);
	coapx_timer_free(child->limit);
	if (child->pidfd >= 0)
		close(child->pidfd);
	secret_free(&child->output);
	free(child);
}

static void
end(struct child *child, int status)
{
	struct secret output = child->output;
	child_done *done = child->params.done;
	void *arg = child->params.arg;

	child->output = (struct secret){ NULL, 0 };
	child_free(child);
	done(arg, status, &output);
	secret_free(&output);
}

static void
fail(struct child *child, const char *why)
{
	end(child,
	    job_fail(child->job, STATUS_LOCAL, "%s: the command %s",
		child->params.what, why));
}

/* --- what happens -------------------------------------------------------- */

/* It is over when its output and it have ended, whichever comes first. */
static void
look(struct child *child)
{
	char why[64];
	int status;

	if (child->out >= 0 ||
	    waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	child->pid = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT) {
		end(child, STATUS_INTERRUPTED);
	} else if (WIFSIGNALED(status)) {
		snprintf(why, sizeof why, "was ended by signal %d",
		    WTERMSIG(status));
		fail(child, why);
	} else if (WEXITSTATUS(status) != 0) {
		snprintf(why, sizeof why, "failed with exit status %d",
		    WEXITSTATUS(status));
		fail(child, why);
	} else {
		end(child, STATUS_OK);
	}
}

static void
on_output(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct child *child = arg;
	char chunk[1024];
	ssize_t n = read(fd, chunk, sizeof chunk);
	bool kept = true;

	(void)watch;
	(void)what;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		kept = secret_append(&child->output, chunk, (size_t)n);
	explicit_bzero(chunk, sizeof chunk);
	if (!kept) {
		end(child,
		    job_fail(child->job, STATUS_INTERNAL, "out of memory"));
		return;
	}
	if (child->output.len > child->params.max) {
		fail(child, "prints more than a key can be");
		return;
	}
	if (n > 0)
		return;
	stop_reading(child);
	look(child);
}

static void
on_exit_of(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct child *child = arg;

	(void)watch;
	(void)fd;
	(void)what;
	/* It stays readable, and what was printed is still to be read. */
	coapx_watch_free(child->waiting);
	child->waiting = NULL;
	look(child);
}

static void
on_limit(coapx_timer_t *timer, void *arg)
{
	(void)timer;
	fail(arg, "took too long and was killed");
}

/* --- beginning ----------------------------------------------------------- */

/* The terminal, while it is this process's to give away. */
static int
open_terminal(const struct job *job)
{
	int fd = job->background
	    ? -1
	    : open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd >= 0 && tcgetpgrp(fd) != getpgrp()) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/*
 * The child's part: a group of its own, so that all of it can be ended, signals
 * as a program expects them, since the loop has blocked some, and the shell.
 */
static void __attribute__((noreturn))
become(const char *command, int out, int tty)
{
	static const int usual[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE,
		SIGTSTP };
	int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t set;

	setpgid(0, 0);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (tty >= 0)
		tcsetpgrp(tty, getpid());
	for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
		signal(usual[i], SIG_DFL);
	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	if (empty >= 0 && dup2(empty, STDIN_FILENO) >= 0 &&
	    dup2(out, STDOUT_FILENO) >= 0)
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* 0, or an errno. */
static int
spawn(struct child *child, const char *command, int out)
{
	pid_t pid;

	child->tty = open_terminal(child->job);
	pid = fork();
	if (pid < 0)
		return errno;
	if (pid == 0)
		become(command, out, child->tty);
	/* Whoever comes first; the group must be there to be ended. */
	setpgid(pid, pid);
	child->pid = pid;
	return 0;
}

static bool
watch(struct child *child)
{
	coap_context_t *context = child->job->app->context;

	child->pidfd = pidfd_open(child->pid, 0);
	if (child->pidfd < 0)
		return false;
	child->reading = coapx_watch_new(context, child->out, COAPX_READ,
	    on_output, child, NULL);
	child->waiting = coapx_watch_new(context, child->pidfd, COAPX_READ,
	    on_exit_of, child, NULL);
	child->limit = coapx_timer_new(context, on_limit, child);
	if (!child->reading || !child->waiting || !child->limit)
		return false;
	coapx_timer_set(child->limit, CHILD_LIMIT_MS);
	return true;
}

static int
begin(struct child *child, const char *command)
{
	int pipes[2];
	int err;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return errno;
	child->out = pipes[0];
	err = spawn(child, command, pipes[1]);
	close(pipes[1]);
	if (err != 0)
		return err;
	return watch(child) ? 0 : ENOMEM;
}

int
child_start(struct job *job, const struct child_params *params,
    struct child **out)
{
	struct child *child = calloc(1, sizeof *child);
	int err;

	*out = NULL;
	if (!child)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	child->job = job;
	child->params = *params;
	child->out = child->pidfd = child->tty = -1;
	err = begin(child, params->command);
	if (err != 0) {
		child_free(child);
		return job_fail(job, STATUS_LOCAL, "%s: cannot be run: %s",
		    params->what, strerror(err));
	}
	*out = child;
	return STATUS_OK;
}

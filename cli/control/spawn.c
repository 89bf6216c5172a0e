/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Starting the agent. What comes through the pipe is 'R', or an exit status (1
 * byte) and a sentence, and then its end.
 */
#include "cli/control/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/job.h"

#define SAYS_READY  'R'
#define SAYING_SIZE 1024 /* status, sentence, and a NUL */

struct agent_spawn {
	agent_ready *ready;
	void *arg;
	int fd;
	coapx_watch_t *watch;
	coapx_timer_t *limit;
	size_t len;
	char said[SAYING_SIZE];
};

/* --- what the agent says ------------------------------------------------- */

/* All of it, or as much as is taken. */
static void
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		data += n;
		len -= (size_t)n;
	}
}

/* Without being ended by SIGPIPE when nobody reads. */
static void
write_quietly(int fd, const char *data, size_t len)
{
	const struct timespec now = { 0, 0 };
	sigset_t set, before, pending;
	int had;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigpending(&pending);
	had = sigismember(&pending, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	write_all(fd, data, len);
	if (!had)
		sigtimedwait(&set, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* A connection must not become the standard output. */
static void
let_go(int fd)
{
	int null = -1;

	if (fd <= STDERR_FILENO)
		null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, fd) < 0)
		close(fd);
	if (null >= 0)
		close(null);
}

void
agent_tell(int fd, int status, const char *problem)
{
	char said[SAYING_SIZE] = { SAYS_READY };
	size_t len = 1;

	if (status != STATUS_OK) {
		said[0] = (char)status;
		snprintf(said + 1, sizeof said - 1, "%s",
		    problem ? problem : "out of memory");
		len += strlen(said + 1);
	}
	write_quietly(fd, said, len);
	let_go(fd);
}

/* --- hearing it ---------------------------------------------------------- */

void
agent_spawn_free(struct agent_spawn *spawn)
{
	if (!spawn)
		return;
	coapx_watch_free(spawn->watch);
	coapx_timer_free(spawn->limit);
	close(spawn->fd);
	free(spawn);
}

static void
end(struct agent_spawn *spawn, int status, const char *problem)
{
	agent_ready *ready = spawn->ready;
	void *arg = spawn->arg;

	agent_spawn_free(spawn);
	ready(arg, status, problem);
}

/* All has come, and is no readiness. */
static void
end_failed(struct agent_spawn *spawn)
{
	int status = (unsigned char)spawn->said[0];
	char problem[SAYING_SIZE];

	if (spawn->len < 2 || status == STATUS_OK) {
		end(spawn, STATUS_STATE,
		    "the agent ended before it listened; 'coap-shell agent "
		    "start --foreground' may show why");
		return;
	}
	memcpy(problem, spawn->said + 1, spawn->len - 1);
	problem[spawn->len - 1] = '\0';
	end(spawn, status, problem);
}

static void
on_said(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct agent_spawn *spawn = arg;
	size_t room = sizeof spawn->said - 1 - spawn->len;
	ssize_t n;

	(void)watch;
	(void)what;
	n = read(fd, spawn->said + spawn->len, room);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		spawn->len += (size_t)n;
	if (spawn->len > 0 && spawn->said[0] == SAYS_READY)
		end(spawn, STATUS_OK, NULL);
	else if (n <= 0 || (size_t)n == room)
		end_failed(spawn);
}

static void
on_limit(coapx_timer_t *timer, void *arg)
{
	(void)timer;
	end(arg, STATUS_STATE,
	    "the agent was started, and did not say in time that it listens; "
	    "'coap-shell agent status' may show more");
}

/* --- the agent's process ------------------------------------------------- */

/* Everything that is needed after fork(), where other threads may have held
 * locks: only system calls are made there. */
struct plan {
	const struct agent_program *program;
	char *const *argv;
	char **environment;
	int fd; /* where it says that it is ready */
};

static void __attribute__((noreturn)) fail_plan(int fd)
{
	static const char what[] = "the agent cannot be run: ";
	const char *why = strerrordesc_np(errno);
	const char status = STATUS_INTERNAL;

	write_all(fd, &status, 1);
	write_all(fd, what, sizeof what - 1);
	if (why)
		write_all(fd, why, strlen(why));
	_exit(STATUS_INTERNAL);
}

static void
usual_signals(void)
{
	sigset_t none;
	int i;

	/* Those that cannot be set are as usual. */
	for (i = 1; i <= SIGRTMAX; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Standard streams on /dev/null, the pipe behind them, and nothing else. */
static int
arrange_descriptors(int fd)
{
	int null, i;

	fd = fcntl(fd, F_DUPFD, AGENT_READY_FD + 1);
	null = open("/dev/null", O_RDWR);
	if (fd < 0 || null < 0)
		return -1;
	for (i = 0; i < AGENT_READY_FD; i++)
		if (dup2(null, i) < 0)
			return -1;
	if (dup2(fd, AGENT_READY_FD) < 0)
		return -1;
	closefrom(AGENT_READY_FD + 1);
	return 0;
}

static void __attribute__((noreturn)) become_agent(const struct plan *plan)
{
	if (arrange_descriptors(plan->fd) < 0 || chdir("/") < 0)
		fail_plan(plan->fd);
	usual_signals();
	execve(plan->program->path, plan->argv, plan->environment);
	fail_plan(AGENT_READY_FD);
}

/*
 * The one in between, which leads the new session: when it is gone the agent
 * belongs to nobody who would have to reap it, and can get no terminal.
 */
static void __attribute__((noreturn)) become_leader(const struct plan *plan)
{
	pid_t pid;

	setsid();
	pid = fork();
	if (pid == 0)
		become_agent(plan);
	_exit(pid < 0 ? errno : 0);
}

/* 0 or -errno. No handler of ours runs in a child. */
static int
run(const struct plan *plan)
{
	sigset_t all, before;
	int status = 0;
	int err = 0;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pid = fork();
	if (pid == 0)
		become_leader(plan);
	if (pid < 0)
		err = -errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err != 0)
		return err;
	/* ECHILD: SIGCHLD is ignored, and it reaped itself. */
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno == ECHILD ? 0 : -errno;
	if (!WIFEXITED(status))
		return -EAGAIN;
	return -WEXITSTATUS(status);
}

/* --- starting ------------------------------------------------------------ */

/* What is about a user's commands, or another process. */
static bool
is_kept(const char *variable)
{
	static const char *const others[] = { "COAP_SHELL_", "LISTEN_PID",
		"LISTEN_FDS=", "LISTEN_FDNAMES=", "NOTIFY_SOCKET=" };
	size_t i;

	for (i = 0; i < sizeof others / sizeof others[0]; i++)
		if (strncmp(variable, others[i], strlen(others[i])) == 0)
			return false;
	return true;
}

/* One block; the strings are the environment's. */
static char **
copy_environment(void)
{
	char **out;
	size_t n = 0;
	char **p;

	for (p = environ; p && *p; p++)
		n++;
	out = calloc(n + 1, sizeof *out);
	if (!out)
		return NULL;
	n = 0;
	for (p = environ; p && *p; p++)
		if (is_kept(*p))
			out[n++] = *p;
	return out;
}

static int
run_program(const struct agent_program *program, int fd)
{
	/* execve() changes none of them. */
	const union {
		const char *const *words;
		char *const *argv;
	} its = { .words = program->words };
	struct plan plan = { .program = program, .argv = its.argv, .fd = fd };
	int err;

	plan.environment = copy_environment();
	if (!plan.environment)
		return -ENOMEM;
	err = run(&plan);
	free(plan.environment);
	return err;
}

static int
watch(struct agent_spawn *spawn, coap_context_t *context, uint64_t limit_ms)
{
	if (fcntl(spawn->fd, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	spawn->watch = coapx_watch_new(context, spawn->fd, COAPX_READ, on_said,
	    spawn, NULL);
	spawn->limit = coapx_timer_new(context, on_limit, spawn);
	if (!spawn->watch || !spawn->limit)
		return -ENOMEM;
	coapx_timer_set(spawn->limit, limit_ms);
	return 0;
}

int
agent_spawn_program(coap_context_t *context,
    const struct agent_program *program, agent_ready *ready, void *arg,
    struct agent_spawn **out)
{
	struct agent_spawn *spawn = calloc(1, sizeof *spawn);
	int pipes[2];
	int err;

	*out = NULL;
	if (!spawn)
		return -ENOMEM;
	if (pipe2(pipes, O_CLOEXEC) < 0) {
		err = -errno;
		free(spawn);
		return err;
	}
	spawn->ready = ready;
	spawn->arg = arg;
	spawn->fd = pipes[0];
	err = watch(spawn, context, program->limit_ms);
	if (err == 0)
		err = run_program(program, pipes[1]);
	close(pipes[1]);
	if (err != 0)
		agent_spawn_free(spawn);
	else
		*out = spawn;
	return err;
}

/* malloc()ed; NULL and errno. */
static char *
make_absolute(const char *path)
{
	char *here, *whole;

	if (*path == '/')
		return strdup(path);
	here = getcwd(NULL, 0);
	if (!here)
		return NULL;
	whole = text_format("%s/%s", here, path);
	free(here);
	return whole;
}

int
agent_spawn(coap_context_t *context, const char *control, const char *idle,
    agent_ready *ready, void *arg, struct agent_spawn **out)
{
	char *path = control ? make_absolute(control) : NULL;
	const char *words[] = { "coap-shell", "--control", path, "agent",
		"start", "--foreground", "--ready-fd", "3",
		idle ? "--idle" : NULL, idle, NULL };
	struct agent_program program = {
		/* Also when the file has been replaced meanwhile. */
		.path = "/proc/self/exe",
		.words = words,
		.limit_ms = AGENT_LIMIT_MS,
	};
	int err;

	*out = NULL;
	if (control && !path)
		return errno ? -errno : -ENOMEM;
	if (!control) {
		words[2] = words[0];
		program.words = words + 2;
	}
	err = agent_spawn_program(context, &program, ready, arg, out);
	free(path);
	return err;
}

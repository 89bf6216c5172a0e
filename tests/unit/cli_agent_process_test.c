/* SPDX-License-Identifier: BSD-2-Clause */
/* The agent as a process: starting it, what it keeps to itself, a socket of
 * systemd. Run with arguments, this program is the agent that is started. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/control/activation.h"
#include "cli/control/folder.h"
#include "cli/control/harden.h"
#include "cli/control/spawn.h"
#include "cli/job.h"
#include "net_support.h"

#define NOBODY   65534
#define LONG_MS  600000
#define NOT_TOLD (-1)

struct fixture {
	coap_context_t *context;
	char folder[64];
	char in[96];  /* a FIFO: what the agent waits for */
	char out[96]; /* and one that it writes to */
	int fds;
	int status; /* what was told */
	int times;
	char problem[2048];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	*state = f;
	f->fds = net_open_fds();
	f->status = NOT_TOLD;
	f->context = coap_new_context(NULL);
	strcpy(f->folder, "/tmp/agent-test-XXXXXX");
	if (!f->context || !mkdtemp(f->folder))
		return -1;
	snprintf(f->in, sizeof f->in, "%s/in", f->folder);
	snprintf(f->out, sizeof f->out, "%s/out", f->folder);
	setenv("IN", f->in, 1);
	setenv("OUT", f->out, 1);
	return mkfifo(f->in, 0600) + mkfifo(f->out, 0600);
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	int fds;

	coap_free_context(f->context);
	fds = net_open_fds() - f->fds;
	if (fds != 0)
		print_error("%d descriptors are left\n", fds);
	unlink(f->in);
	unlink(f->out);
	rmdir(f->folder);
	free(f);
	return fds;
}

static void
note(void *arg, int status, const char *problem)
{
	struct fixture *f = arg;

	f->status = status;
	f->times++;
	snprintf(f->problem, sizeof f->problem, "%s", problem ? problem : "");
}

/* A shell as the agent: $IN and $OUT are the FIFOs. */
static struct agent_spawn *
start(struct fixture *f, const char *script, uint64_t limit_ms)
{
	const char *const words[] = { "sh", "-c", script, NULL };
	struct agent_program program = { "/bin/sh", words, limit_ms };
	struct agent_spawn *spawn = NULL;

	assert_int_equal(agent_spawn_program(f->context, &program, note, f,
			     &spawn),
	    0);
	assert_non_null(spawn);
	assert_int_equal(f->times, 0);
	return spawn;
}

static void
await_word(struct fixture *f)
{
	while (f->times == 0)
		coap_io_process(f->context, COAP_IO_WAIT);
	assert_int_equal(f->times, 1);
}

/* Lets an agent go on that reads $IN. */
static void
let_go(struct fixture *f)
{
	int fd = open(f->in, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	close(fd);
}

/* What is written to $OUT until its end. */
static void
read_out(struct fixture *f, char *buf, size_t size)
{
	int fd = open(f->out, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	assert_true(fd >= 0);
	do {
		n = read(fd, buf + len, size - 1 - len);
		assert_true(n >= 0);
		len += (size_t)n;
	} while (n > 0);
	buf[len] = '\0';
	close(fd);
}

static void
assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* --- its word ------------------------------------------------------------ */

static void
ready(void **state)
{
	struct fixture *f = *state;

	/* It is told at once, not when the agent ends. */
	start(f, "printf R >&3; read x <$IN", LONG_MS);
	assert_no_child();
	await_word(f);
	assert_int_equal(f->status, STATUS_OK);
	assert_string_equal(f->problem, "");
	let_go(f);
}

static void
failed(void **state)
{
	struct fixture *f = *state;

	start(f, "printf '\\003no such ' >&3; read x <$IN; printf luck >&3",
	    LONG_MS);
	let_go(f);
	await_word(f);
	assert_int_equal(f->status, STATUS_LOCAL);
	assert_string_equal(f->problem, "no such luck");
}

static void
died(void **state)
{
	static const char *const scripts[] = { "exit 0", "kill -KILL $$",
		"printf '\\000no status' >&3", "printf '\\003' >&3" };
	struct fixture *f = *state;
	size_t i;

	for (i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
		f->times = 0;
		start(f, scripts[i], LONG_MS);
		await_word(f);
		assert_int_equal(f->status, STATUS_STATE);
		assert_non_null(strstr(f->problem, "ended before it listened"));
	}
}

static void
too_long(void **state)
{
	struct fixture *f = *state;

	start(f, "yes | tr -d '\\n' >&3", LONG_MS);
	await_word(f);
	assert_int_equal(f->status, 'y');
	assert_int_equal(strlen(f->problem), 1022);
}

static void
says_nothing(void **state)
{
	struct fixture *f = *state;

	start(f, "read x <$IN", 50);
	await_word(f);
	assert_int_equal(f->status, STATUS_STATE);
	assert_non_null(strstr(f->problem, "did not say in time"));
	let_go(f);
}

static void
cannot_run(void **state)
{
	const char *const words[] = { "x", NULL };
	struct agent_program program = { "/nonexistent/x", words, LONG_MS };
	struct fixture *f = *state;
	struct agent_spawn *spawn;

	assert_int_equal(agent_spawn_program(f->context, &program, note, f,
			     &spawn),
	    0);
	await_word(f);
	assert_int_equal(f->status, STATUS_INTERNAL);
	assert_string_equal(f->problem,
	    "the agent cannot be run: No such file or directory");
}

static void
given_up(void **state)
{
	struct fixture *f = *state;
	char said[64];
	struct agent_spawn *spawn = start(f,
	    "read x <$IN; trap '' PIPE; printf R >&3; echo lives >$OUT",
	    LONG_MS);

	agent_spawn_free(spawn);
	agent_spawn_free(NULL);
	let_go(f);
	read_out(f, said, sizeof said);
	assert_string_equal(said, "lives\n");
	assert_int_equal(f->times, 0);
}

/* Both ends of the pipe, here in one process. */
static void
tells(void **state)
{
	struct fixture *f = *state;
	char said[2048] = "";
	char long_one[2000];
	int pipes[2];
	sigset_t pending;

	(void)f;
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	agent_tell(pipes[1], STATUS_OK, NULL);
	assert_int_equal(read(pipes[0], said, sizeof said), 1);
	assert_int_equal(said[0], 'R');
	assert_int_equal(read(pipes[0], said, sizeof said), 0);
	close(pipes[0]);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	memset(long_one, 'x', sizeof long_one);
	long_one[sizeof long_one - 1] = '\0';
	agent_tell(pipes[1], STATUS_LOCAL, long_one);
	assert_int_equal(read(pipes[0], said, sizeof said), 1023);
	assert_int_equal(said[0], STATUS_LOCAL);
	close(pipes[0]);
	/* Nobody reads: no signal. */
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	close(pipes[0]);
	agent_tell(pipes[1], STATUS_LOCAL, "why");
	sigpending(&pending);
	assert_false(sigismember(&pending, SIGPIPE));
	agent_tell(-1, STATUS_INTERNAL, NULL);
}

/* --- what it is like ----------------------------------------------------- */

static void
assert_line(const char *report, const char *line)
{
	const char *found = strstr(report, line);

	if (!found || (found > report && found[-1] != '\n'))
		fail_msg("no %sin:\n%s", line, report);
}

/* A shell asks about itself with nothing but its own commands, so that what it
 * sees are its own descriptors. Signals 32 and 33 are the C library's own,
 * which no program can reset. */
static const char about[] =
    "exec 9>$OUT; for fd in /proc/self/fd/*; do :; done;"
    "for fd in 0 1 2 3 4 5 6 7 8 10 11 63 200; do"
    "	if [ -e /proc/$$/fd/$fd ]; then"
    "		echo fd $fd $(readlink /proc/$$/fd/$fd) >&9; fi; done;"
    "while read key value; do case $key in"
    "	SigIgn:) echo $key $((0x$value & ~0x180000000)) >&9;;"
    "	SigBlk:|SigCgt:) echo $key $value >&9;; esac;"
    "done </proc/$$/status;"
    "read pid comm state parent group session tty rest </proc/$$/stat;"
    "echo cwd $PWD >&9; echo tty $tty >&9;"
    "[ $session != $pid ] && [ $session = $group ] && echo led >&9;"
    "[ $parent != $CALLER ] && echo adopted >&9;"
    "echo env ${COAP_SHELL_SESSION-none} ${LISTEN_FDS-none} $KEPT >&9;"
    "printf R >&3";

static void
is_a_daemon(void **state)
{
	struct fixture *f = *state;
	char report[4096], pid[16];
	sigset_t block, before;
	int extra;

	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("CALLER", pid, 1);
	setenv("COAP_SHELL_SESSION", "lamp", 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("KEPT", "kept", 1);
	/* A caller that has blocked, ignored and opened a lot. */
	extra = fcntl(STDERR_FILENO, F_DUPFD, 200);
	assert_int_equal(extra, 200);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGUSR1);
	sigprocmask(SIG_BLOCK, &block, &before);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	start(f, about, LONG_MS);
	read_out(f, report, sizeof report);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	close(extra);
	unsetenv("COAP_SHELL_SESSION");
	unsetenv("LISTEN_FDS");
	await_word(f);
	assert_int_equal(f->status, STATUS_OK);
	assert_line(report,
	    "fd 0 /dev/null\nfd 1 /dev/null\nfd 2 /dev/null\n"
	    "fd 3 pipe:");
	assert_null(strstr(strstr(report, "fd 3") + 1, "fd "));
	assert_line(report, "SigBlk: 0000000000000000\n");
	assert_line(report, "SigIgn: 0\n");
	assert_line(report, "cwd /\n");
	assert_line(report, "tty 0\n");
	assert_line(report, "led\n");
	assert_line(report, "adopted\n");
	assert_line(report, "env none none kept\n");
	assert_no_child();
}

/* As in $(coap-shell ...): when the caller has ended, its output has. */
static void
lets_go_of_stdout(void **state)
{
	struct fixture *f = *state;
	char said[64];
	int pipes[2], status;
	pid_t pid;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		start(f, "printf R >&3; read x <$IN; echo lived >$OUT",
		    LONG_MS);
		await_word(f);
		_exit(write(STDOUT_FILENO, "value", 5) == 5 ? f->status : 1);
	}
	close(pipes[1]);
	assert_int_equal(read(pipes[0], said, sizeof said), 5);
	/* This hangs when somebody holds it. */
	assert_int_equal(read(pipes[0], said, sizeof said), 0);
	close(pipes[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	let_go(f);
	read_out(f, said, sizeof said);
	assert_string_equal(said, "lived\n");
}

/* The caller's standard streams are closed, so that the pipe has their
 * numbers; and it ignores what becomes of its children. */
static void
closed_streams(void **state)
{
	struct fixture *f = *state;
	int fd, status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGCHLD, SIG_IGN);
		for (fd = 0; fd < 3; fd++)
			close(fd);
		start(f, "[ -t 0 ] || [ ! -e /proc/$$/fd/2 ] || printf R >&3",
		    LONG_MS);
		await_word(f);
		_exit(f->status);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* --- this program as the agent ------------------------------------------- */

/* Tells its arguments, and where it is. */
static int
be_agent(int argc, char **argv)
{
	char text[900] = "";
	char *here = getcwd(NULL, 0);
	int i;

	for (i = 0; i < argc; i++) {
		strncat(text, argv[i], sizeof text - strlen(text) - 2);
		strcat(text, " ");
	}
	strncat(text, here, sizeof text - strlen(text) - 1);
	free(here);
	agent_tell(AGENT_READY_FD, STATUS_LOCAL, text);
	return 0;
}

static void
arguments(void **state)
{
	static const char rest[] = "agent start --foreground --ready-fd 3 /";
	struct fixture *f = *state;
	struct agent_spawn *spawn;
	char *before = getcwd(NULL, 0);
	char expected[256];

	assert_int_equal(agent_spawn(f->context, NULL, "5m", note, f, &spawn),
	    0);
	await_word(f);
	assert_string_equal(f->problem,
	    "coap-shell agent start --foreground --ready-fd 3 --idle 5m /");
	f->times = 0;
	assert_int_equal(agent_spawn(f->context, "/a b/c", NULL, note, f,
			     &spawn),
	    0);
	await_word(f);
	snprintf(expected, sizeof expected, "coap-shell --control /a b/c %s",
	    rest);
	assert_string_equal(f->problem, expected);
	f->times = 0;
	assert_int_equal(chdir(f->folder), 0);
	assert_int_equal(agent_spawn(f->context, "c", NULL, note, f, &spawn),
	    0);
	assert_int_equal(chdir(before), 0);
	free(before);
	await_word(f);
	snprintf(expected, sizeof expected, "coap-shell --control %s/c %s",
	    f->folder, rest);
	assert_string_equal(f->problem, expected);
}

/* A folder that is gone has no path. */
static void
lost_folder(void **state)
{
	struct fixture *f = *state;
	struct agent_spawn *spawn;
	char *before = getcwd(NULL, 0);
	char path[96];

	snprintf(path, sizeof path, "%s/gone", f->folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chdir(path), 0);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(agent_spawn(f->context, "c", NULL, note, f, &spawn),
	    -ENOENT);
	assert_null(spawn);
	assert_int_equal(chdir(before), 0);
	free(before);
}

/* --- a process that keeps keys ------------------------------------------- */

/* Each expectation has a number, which is the exit status when it fails. */
static int
hardened(void)
{
	struct rlimit core;

	prctl(PR_SET_NAME, "exe", 0, 0, 0);
	umask(0);
	agent_harden();
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 1;
	if (getrlimit(RLIMIT_CORE, &core) < 0 || core.rlim_cur != 0 ||
	    core.rlim_max != 0)
		return 2;
	if (umask(0) != 0077)
		return 3;
	agent_soften();
	return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1 ? 0 : 4;
}

/* /proc/self is root's in a hardened process, and is used all the same. */
static int
hardened_folder(const char *folder)
{
	struct folder *it;
	char *problem;
	int fd, client;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0)
		setenv("XDG_RUNTIME_DIR", "relative", 1);
	agent_harden();
	setenv("TMPDIR", folder, 1);
	if (folder_open(true, &it, &problem) != STATUS_OK)
		return 1;
	fd = folder_listen(it, "agent");
	client = folder_connect(it, "agent");
	if (fd < 0 || client < 0)
		return 2;
	if (folder_claim(it, "agent", "lamp") != 0)
		return 3;
	folder_unlink(it, "agent");
	folder_close(it);
	return 0;
}

static void
assert_child_ok(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
hardening(void **state)
{
	struct fixture *f = *state;
	char made[128], name[160];
	pid_t pid = fork();
	bool other;

	if (pid == 0)
		_exit(hardened());
	assert_child_ok(pid);
	assert_int_equal(chmod(f->folder, 01777), 0);
	unsetenv("XDG_RUNTIME_DIR");
	pid = fork();
	if (pid == 0)
		_exit(hardened_folder(f->folder));
	assert_child_ok(pid);
	snprintf(made, sizeof made, "%s/coap-shell-%u", f->folder,
	    (unsigned)NOBODY);
	other = access(made, F_OK) == 0;
	if (!other)
		snprintf(made, sizeof made, "%s/coap-shell-%u", f->folder,
		    (unsigned)geteuid());
	snprintf(name, sizeof name, "%s/session", made);
	assert_int_equal(rmdir(name), 0);
	snprintf(name, sizeof name, "%s/lock", made);
	assert_int_equal(unlink(name), 0);
	assert_int_equal(rmdir(made), 0);
}

/* --- a socket of systemd ------------------------------------------------- */

struct activation {
	int domain;
	int type;
	bool listening;
	const char *fds;
	const char *pid; /* NULL: its own */
	int expected;
};

static int
try_activation(const struct activation *a)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(a->domain, a->type, 0);
	char pid[16];
	int got;

	if (a->listening && a->domain == AF_UNIX &&
	    bind(fd, (struct sockaddr *)&address, sizeof(sa_family_t)) < 0)
		return 1;
	if (a->listening && listen(fd, 1) < 0)
		return 2;
	/* The second one is what it is. */
	if (dup2(fd, 3) < 0 || dup2(STDERR_FILENO, 4) < 0)
		return 3;
	snprintf(pid, sizeof pid, "%d", (int)getpid());
	setenv("LISTEN_PID", a->pid ? a->pid : pid, 1);
	setenv("LISTEN_FDNAMES", "x", 1);
	if (a->fds)
		setenv("LISTEN_FDS", a->fds, 1);
	got = activation_socket();
	if (got != a->expected)
		return 4;
	if (getenv("LISTEN_PID") || getenv("LISTEN_FDS") ||
	    getenv("LISTEN_FDNAMES"))
		return 5;
	if (got >= 0 && !(fcntl(got, F_GETFL) & O_NONBLOCK))
		return 6;
	if (got >= 0 && fcntl(got, F_GETFD) != FD_CLOEXEC)
		return 7;
	if (a->fds && strcmp(a->fds, "2") == 0 && fcntl(4, F_GETFD) >= 0)
		return 8;
	/* Once only. */
	return activation_socket() == -1 ? 0 : 9;
}

static void
activations(void **state)
{
	static const struct activation cases[] = {
		{ AF_UNIX, SOCK_STREAM, true, "1", NULL, 3 },
		{ AF_UNIX, SOCK_STREAM, true, "2", NULL, 3 },
		{ AF_UNIX, SOCK_STREAM, true, "0", NULL, -1 },
		{ AF_UNIX, SOCK_STREAM, true, "", NULL, -1 },
		{ AF_UNIX, SOCK_STREAM, true, "1x", NULL, -1 },
		{ AF_UNIX, SOCK_STREAM, true, "-1", NULL, -1 },
		{ AF_UNIX, SOCK_STREAM, true, " 1", NULL, -1 },
		{ AF_UNIX, SOCK_STREAM, true, "99999999999999999999", NULL,
		    -1 },
		{ AF_UNIX, SOCK_STREAM, true, NULL, NULL, -1 },
		{ AF_UNIX, SOCK_STREAM, true, "1", "1", -1 },
		{ AF_UNIX, SOCK_STREAM, true, "1", "", -1 },
		{ AF_UNIX, SOCK_STREAM, false, "1", NULL, -1 },
		{ AF_UNIX, SOCK_SEQPACKET, true, "1", NULL, -1 },
		{ AF_UNIX, SOCK_DGRAM, false, "1", NULL, -1 },
		{ AF_INET, SOCK_STREAM, true, "1", NULL, -1 },
	};
	size_t i;
	pid_t pid;
	int status;

	(void)state;
	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		pid = fork();
		if (pid == 0)
			_exit(try_activation(&cases[i]));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("case %zu: %d", i, WEXITSTATUS(status));
	}
}

#define process_test(name) \
	cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		process_test(ready),
		process_test(failed),
		process_test(died),
		process_test(too_long),
		process_test(says_nothing),
		process_test(cannot_run),
		process_test(given_up),
		process_test(tells),
		process_test(is_a_daemon),
		process_test(lets_go_of_stdout),
		process_test(closed_streams),
		process_test(arguments),
		process_test(lost_folder),
		process_test(hardening),
		process_test(activations),
	};

	if (argc > 1)
		return be_agent(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

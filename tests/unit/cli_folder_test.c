/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of control sockets: who finds whom, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/control/folder.h"
#include "cli/job.h"
#include "net_support.h"
#include "skip.h"

#define NOBODY 65534

struct fixture {
	char root[64];    /* XDG_RUNTIME_DIR */
	char path[96];    /* the folder */
	char buf[6][512]; /* for at() */
	unsigned at;
	int fds;
	struct folder *folder; /* closed at the end */
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	*state = f;
	f->fds = net_open_fds();
	strcpy(f->root, "/tmp/folder-test-XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/coap-shell", f->root);
	unsetenv("TMPDIR");
	return setenv("XDG_RUNTIME_DIR", f->root, 1);
}

static void
remove_tree(const char *path)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
}

/* Whatever was done, no descriptor is left. */
static int
teardown(void **state)
{
	struct fixture *f = *state;
	int fds;

	folder_close(f->folder);
	fds = net_open_fds();
	remove_tree(f->root);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("TMPDIR");
	if (fds != f->fds)
		print_error("%d descriptors are left\n", fds - f->fds);
	fds -= f->fds;
	free(f);
	return fds;
}

/* A path in the folder; valid for five calls more. */
static const char *
at(struct fixture *f, const char *name)
{
	char *buf = f->buf[f->at++ % 6];

	snprintf(buf, sizeof f->buf[0], "%s/%s", f->path, name);
	return buf;
}

static void
open_it(struct fixture *f)
{
	char *problem = NULL;

	assert_int_equal(folder_open(true, &f->folder, &problem), STATUS_OK);
	assert_null(problem);
	assert_non_null(f->folder);
}

/* The folder is refused with a sentence that has both in it. */
static void
assert_refused(bool create, const char *one, const char *other)
{
	struct folder *folder = NULL;
	char *problem = NULL;

	assert_int_equal(folder_open(create, &folder, &problem), STATUS_LOCAL);
	assert_null(folder);
	assert_non_null(problem);
	if (!strstr(problem, one) || !strstr(problem, other))
		fail_msg("%s", problem);
	free(problem);
}

static void
assert_not_there(void)
{
	struct folder *folder = NULL;
	char *problem = NULL;

	assert_int_equal(folder_open(false, &folder, &problem), STATUS_OK);
	assert_null(folder);
	assert_null(problem);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

static bool
is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static int
listen_as(struct fixture *f, const char *name)
{
	int fd = folder_listen(f->folder, name);

	assert_true(fd >= 0);
	return fd;
}

static int
bind_to(const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	assert_true(strlen(path) < sizeof address.sun_path);
	strcpy(address.sun_path, path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address),
	    0);
	return fd;
}

/* What a dead process leaves. */
static void
leave_dead(const char *path)
{
	close(bind_to(path, SOCK_STREAM));
}

static void
make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

/* A connection, which is closed. */
static void
assert_lives(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

/* --- opening ------------------------------------------------------------- */

static void
makes_it(void **state)
{
	struct fixture *f = *state;
	mode_t before = umask(0777);
	char *problem = NULL;

	assert_not_there();
	assert_false(is_there(f->path));
	open_it(f);
	umask(before);
	assert_string_equal(folder_path(f->folder), f->path);
	assert_int_equal(mode_of(f->path), 0700);
	assert_int_equal(mode_of(at(f, "session")), 0700);
	folder_close(f->folder);
	assert_int_equal(folder_open(false, &f->folder, &problem), STATUS_OK);
	assert_non_null(f->folder);
	folder_close(NULL);
}

static void
modes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(chmod(f->path, 0710), 0);
	assert_refused(true, f->path, "mode 0710");
	assert_refused(false, "chmod 700", f->path);
	assert_int_equal(chmod(f->path, 0701), 0);
	assert_refused(false, f->path, "mode 0701");
	assert_int_equal(chmod(f->path, 0700), 0);
	assert_int_equal(mkdir(at(f, "session"), 0700), 0);
	assert_int_equal(chmod(at(f, "session"), 0750), 0);
	assert_refused(true, at(f, "session"), "mode 0750");
	assert_refused(false, at(f, "session"), "mode 0750");
}

static void
no_folder(void **state)
{
	struct fixture *f = *state;
	char other[96];

	make_file(f->path);
	assert_refused(true, f->path, "a symbolic link");
	assert_refused(false, f->path, "a symbolic link");
	assert_int_equal(unlink(f->path), 0);
	snprintf(other, sizeof other, "%s/other", f->root);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, f->path), 0);
	assert_refused(true, f->path, "a symbolic link");
	assert_refused(false, f->path, "a symbolic link");
	assert_false(is_there(at(f, "session")));
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(symlink(other, at(f, "session")), 0);
	assert_refused(true, at(f, "session"), "a symbolic link");
	assert_refused(false, at(f, "session"), "a symbolic link");
}

static void
variables(void **state)
{
	struct fixture *f = *state;
	char expected[128];

	setenv("XDG_RUNTIME_DIR", at(f, "none"), 1);
	assert_not_there();
	assert_refused(true, "XDG_RUNTIME_DIR", at(f, "none"));
	/* Relative ones are as good as none. */
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	setenv("TMPDIR", f->root, 1);
	open_it(f);
	snprintf(expected, sizeof expected, "%s/coap-shell-%u", f->root,
	    (unsigned)geteuid());
	assert_string_equal(folder_path(f->folder), expected);
	assert_int_equal(mode_of(expected), 0700);
	setenv("TMPDIR", at(f, "none"), 1);
	unsetenv("XDG_RUNTIME_DIR");
	assert_not_there();
	assert_refused(true, "TMPDIR", at(f, "none"));
	folder_close(f->folder);
	f->folder = NULL;
}

/* Without any variable it is in /tmp. What is there is the user's, and is left
 * alone. */
static void
fallback(void **state)
{
	char expected[64];
	struct folder *folder = NULL;
	char *problem = NULL;
	bool was_there;

	(void)state;
	unsetenv("XDG_RUNTIME_DIR");
	setenv("TMPDIR", "", 1);
	snprintf(expected, sizeof expected, "/tmp/coap-shell-%u",
	    (unsigned)geteuid());
	was_there = is_there(expected);
	assert_int_equal(folder_open(true, &folder, &problem), STATUS_OK);
	assert_string_equal(folder_path(folder), expected);
	folder_close(folder);
	if (was_there)
		return;
	strcat(expected, "/session");
	assert_int_equal(rmdir(expected), 0);
	*strrchr(expected, '/') = '\0';
	assert_int_equal(rmdir(expected), 0);
}

/* --- sockets ------------------------------------------------------------- */

static void
listens(void **state)
{
	struct fixture *f = *state;
	mode_t before = umask(0);
	int fd, other, client;
	pid_t pid;

	open_it(f);
	fd = listen_as(f, "agent");
	umask(0777);
	other = listen_as(f, "17");
	umask(before);
	assert_int_equal(mode_of(at(f, "agent")), 0600);
	assert_int_equal(mode_of(at(f, "17")), 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	client = folder_connect(f->folder, "agent");
	assert_true(client >= 0);
	assert_lives(accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	assert_true(peer_is_ours(client, &pid));
	assert_int_equal(pid, getpid());
	close(client);
	close(fd);
	close(other);
}

static void
finds_nobody(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = { "", ".", "..", ".x", "a/b",
		"../coap-shell/17" };
	size_t i;
	int fd;

	open_it(f);
	fd = listen_as(f, "17");
	assert_int_equal(folder_connect(f->folder, "18"), -ENOENT);
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -ENOENT);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(folder_connect(f->folder, bad[i]), -ENOENT);
		assert_int_equal(folder_connect_session(f->folder, bad[i]),
		    -ENOENT);
		assert_int_equal(folder_listen(f->folder, bad[i]), -EINVAL);
		assert_int_equal(folder_claim(f->folder, "17", bad[i]),
		    -EINVAL);
		assert_int_equal(folder_claim(f->folder, bad[i], "lamp"),
		    -EINVAL);
		folder_release(f->folder, bad[i], "lamp");
		folder_release(f->folder, "17", bad[i]);
	}
	assert_lives(folder_connect(f->folder, "17"));
	close(fd);
}

/* What is no socket of ours is neither used nor replaced. */
static void
something_else(void **state)
{
	struct fixture *f = *state;
	int fd;

	open_it(f);
	fd = listen_as(f, "17");
	make_file(at(f, "file"));
	make_file(at(f, "session/file"));
	assert_int_equal(symlink("17", at(f, "link")), 0);
	assert_int_equal(symlink("../17", at(f, "session/link")), 0);
	assert_int_equal(mkfifo(at(f, "fifo"), 0600), 0);
	assert_int_equal(folder_connect(f->folder, "file"), -EPERM);
	assert_int_equal(folder_connect(f->folder, "link"), -EPERM);
	assert_int_equal(folder_connect(f->folder, "fifo"), -EPERM);
	assert_int_equal(folder_connect(f->folder, "session"), -EPERM);
	assert_int_equal(folder_connect_session(f->folder, "file"), -EPERM);
	assert_int_equal(folder_connect_session(f->folder, "link"), -EPERM);
	assert_int_equal(folder_listen(f->folder, "file"), -EEXIST);
	assert_int_equal(folder_listen(f->folder, "link"), -EEXIST);
	assert_int_equal(folder_listen(f->folder, "fifo"), -EEXIST);
	assert_int_equal(folder_claim(f->folder, "17", "file"), -EPERM);
	assert_int_equal(folder_claim(f->folder, "17", "link"), -EPERM);
	assert_int_equal(folder_claim(f->folder, "file", "lamp"), -EPERM);
	folder_release(f->folder, "17", "link");
	folder_unlink(f->folder, "link");
	assert_true(is_there(at(f, "link")));
	assert_true(is_there(at(f, "session/link")));
	assert_false(is_there(at(f, "session/lamp")));
	close(fd);
}

/* Nothing but sockets is left of all these attempts. */
static void
no_litter(void **state)
{
	struct fixture *f = *state;
	struct dirent *entry;
	DIR *dir;
	int fd;

	open_it(f);
	fd = listen_as(f, "17");
	make_file(at(f, "file"));
	assert_int_equal(folder_listen(f->folder, "17"), -EADDRINUSE);
	assert_int_equal(folder_listen(f->folder, "file"), -EEXIST);
	dir = opendir(f->path);
	for (entry = readdir(dir); entry; entry = readdir(dir))
		if (entry->d_name[0] == '.')
			assert_in_range(strlen(entry->d_name), 1, 2);
	closedir(dir);
	close(fd);
}

static void
stale(void **state)
{
	struct fixture *f = *state;
	int fd, other;

	open_it(f);
	leave_dead(at(f, "agent"));
	assert_int_equal(link(at(f, "agent"), at(f, "session/lamp")), 0);
	assert_int_equal(link(at(f, "agent"), at(f, "session/plug")), 0);
	leave_dead(at(f, "17"));
	assert_int_equal(link(at(f, "17"), at(f, "session/other")), 0);
	/* With it go the names that it had. */
	fd = listen_as(f, "agent");
	assert_false(is_there(at(f, "session/lamp")));
	assert_false(is_there(at(f, "session/plug")));
	assert_true(is_there(at(f, "session/other")));
	assert_lives(folder_connect(f->folder, "agent"));
	assert_int_equal(folder_listen(f->folder, "agent"), -EADDRINUSE);
	assert_lives(folder_connect(f->folder, "agent"));
	assert_int_equal(folder_connect_session(f->folder, "other"),
	    -ECONNREFUSED);
	assert_int_equal(folder_connect_session(f->folder, "other"), -ENOENT);
	assert_int_equal(folder_connect(f->folder, "17"), -ECONNREFUSED);
	assert_false(is_there(at(f, "17")));
	/* Once more, in the same process. */
	close(fd);
	other = listen_as(f, "agent");
	assert_lives(folder_connect(f->folder, "agent"));
	close(other);
	other = bind_to(at(f, "datagrams"), SOCK_DGRAM);
	assert_int_equal(folder_connect(f->folder, "datagrams"), -EPERM);
	close(other);
}

/* Who is stopped, or has too much to do, lives. */
static void
too_busy(void **state)
{
	struct fixture *f = *state;
	int clients[800];
	int fd, own, last, i, n = 0;

	open_it(f);
	fd = listen_as(f, "17");
	own = listen_as(f, "18");
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	last = folder_connect(f->folder, "17");
	while (last >= 0 && n < 800) {
		clients[n++] = last;
		last = folder_connect(f->folder, "17");
	}
	assert_in_range(n, 128, 799);
	assert_int_equal(last, -EAGAIN);
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -EAGAIN);
	assert_int_equal(folder_listen(f->folder, "17"), -EADDRINUSE);
	assert_int_equal(folder_claim(f->folder, "18", "lamp"), -EEXIST);
	assert_true(same_file(at(f, "17"), at(f, "session/lamp")));
	for (i = 0; i < n; i++)
		close(clients[i]);
	close(fd);
	close(own);
}

/* Only what is still its own, also after it was closed. */
static void
unlinks(void **state)
{
	struct fixture *f = *state;
	struct folder *second = NULL;
	char *problem = NULL;
	int fd, other;

	open_it(f);
	assert_int_equal(folder_open(true, &second, &problem), STATUS_OK);
	fd = listen_as(f, "17");
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	folder_unlink(second, "17");
	assert_lives(folder_connect(f->folder, "17"));
	folder_unlink(f->folder, "17");
	assert_false(is_there(at(f, "17")));
	assert_false(is_there(at(f, "session/lamp")));
	close(fd);
	fd = listen_as(f, "17");
	close(fd);
	other = folder_listen(second, "17");
	assert_true(other >= 0);
	folder_unlink(f->folder, "17");
	assert_lives(folder_connect(f->folder, "17"));
	folder_unlink(second, "17");
	assert_false(is_there(at(f, "17")));
	folder_close(second);
	close(other);
}

static void
long_paths(void **state)
{
	struct fixture *f = *state;
	char path[512];
	char name[128];
	int fd, i;

	strcpy(path, f->root);
	for (i = 0; i < 4; i++) {
		strcat(path,
		    "/a-folder-whose-name-is-rather-long-for-a-folder");
		assert_int_equal(mkdir(path, 0700), 0);
	}
	setenv("XDG_RUNTIME_DIR", path, 1);
	memset(name, 'n', sizeof name);
	name[sizeof name - 1] = '\0';
	open_it(f);
	fd = listen_as(f, name);
	assert_int_equal(folder_claim(f->folder, name, "lamp"), 0);
	assert_lives(folder_connect(f->folder, name));
	assert_lives(folder_connect_session(f->folder, "lamp"));
	close(fd);
	strcat(path, "/");
	strcat(path, name);
	fd = control_listen(path);
	assert_true(fd >= 0);
	assert_lives(control_connect(path));
	close(fd);
}

/* --- --control ----------------------------------------------------------- */

static void
control(void **state)
{
	struct fixture *f = *state;
	char path[96], other[96], none[96];
	int fd, second;

	snprintf(path, sizeof path, "%s/control", f->root);
	snprintf(other, sizeof other, "%s/other", f->root);
	snprintf(none, sizeof none, "%s/none/x", f->root);
	assert_int_equal(control_connect(path), -ENOENT);
	leave_dead(path);
	assert_int_equal(control_connect(path), -ECONNREFUSED);
	fd = control_listen(path);
	assert_true(fd >= 0);
	assert_int_equal(mode_of(path), 0600);
	assert_lives(control_connect(path));
	assert_int_equal(control_listen(path), -EADDRINUSE);
	assert_int_equal(control_listen(none), -ENOENT);
	assert_int_equal(control_listen(f->root), -EEXIST);
	assert_int_equal(control_listen("/"), -EISDIR);
	assert_int_equal(control_listen(""), -EISDIR);
	assert_int_equal(control_listen(".."), -EISDIR);
	assert_int_equal(symlink("control", other), 0);
	assert_int_equal(control_connect(other), -EPERM);
	assert_int_equal(control_listen(other), -EEXIST);
	/* Not what another one has put there. */
	assert_int_equal(unlink(path), 0);
	second = control_listen(path);
	assert_true(second >= 0);
	control_unlink(path, fd);
	assert_lives(control_connect(path));
	control_unlink(path, second);
	assert_false(is_there(path));
	control_unlink(other, second);
	assert_true(is_there(other));
	close(fd);
	close(second);
}

static void
relative_control(void **state)
{
	struct fixture *f = *state;
	char *before = getcwd(NULL, 0);
	int fd;

	assert_int_equal(chdir(f->root), 0);
	fd = control_listen("control");
	assert_true(fd >= 0);
	assert_lives(control_connect("control"));
	control_unlink("./control", fd);
	assert_int_equal(control_connect("control"), -ENOENT);
	assert_int_equal(chdir(before), 0);
	free(before);
	close(fd);
}

static void
locks(void **state)
{
	struct fixture *f = *state;
	char path[96], other[96];
	int fd, again;

	open_it(f);
	fd = folder_lock_agent(f->folder);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(folder_lock_agent(f->folder), -EAGAIN);
	assert_int_equal(mode_of(at(f, "agent.lock")) & 077, 0);
	close(fd);
	again = folder_lock_agent(f->folder);
	assert_true(again >= 0);
	close(again);
	snprintf(path, sizeof path, "%s/control", f->root);
	snprintf(other, sizeof other, "%s/control.lock", f->root);
	fd = control_lock(path);
	assert_true(fd >= 0);
	assert_int_equal(control_lock(path), -EAGAIN);
	close(fd);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(symlink(at(f, "agent.lock"), other), 0);
	assert_int_equal(control_lock(path), -EPERM);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(control_lock(path), -EPERM);
}

/* --- names --------------------------------------------------------------- */

static void
claims(void **state)
{
	struct fixture *f = *state;
	int one, two;

	open_it(f);
	one = listen_as(f, "17");
	two = listen_as(f, "agent");
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	assert_int_equal(folder_claim(f->folder, "17", "plug"), 0);
	assert_int_equal(folder_claim(f->folder, "agent", "lamp"), -EEXIST);
	assert_int_equal(folder_claim(f->folder, "19", "x"), -ENOENT);
	assert_true(same_file(at(f, "17"), at(f, "session/lamp")));
	assert_lives(folder_connect_session(f->folder, "lamp"));
	folder_release(f->folder, "agent", "lamp");
	assert_true(same_file(at(f, "17"), at(f, "session/lamp")));
	folder_release(f->folder, "17", "lamp");
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -ENOENT);
	assert_int_equal(folder_claim(f->folder, "agent", "lamp"), 0);
	assert_int_equal(folder_claim(f->folder, "17", "fan"), 0);
	folder_release_all(f->folder, "17");
	assert_false(is_there(at(f, "session/plug")));
	assert_false(is_there(at(f, "session/fan")));
	assert_true(same_file(at(f, "agent"), at(f, "session/lamp")));
	/* A dead one's. */
	close(two);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	assert_true(same_file(at(f, "17"), at(f, "session/lamp")));
	/* Its own socket is no more. */
	assert_int_equal(unlink(at(f, "17")), 0);
	assert_int_equal(folder_claim(f->folder, "17", "fan"), -ENOENT);
	folder_release(f->folder, "17", "lamp");
	assert_false(is_there(at(f, "session/lamp")));
	close(one);
}

/* As systemd leaves it: a socket that it made, and no folder of sessions. */
static void
activated(void **state)
{
	struct fixture *f = *state;
	char *problem = NULL;
	int fd;

	open_it(f);
	fd = listen_as(f, "agent");
	folder_close(f->folder);
	assert_int_equal(rmdir(at(f, "session")), 0);
	assert_int_equal(folder_open(false, &f->folder, &problem), STATUS_OK);
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -ENOENT);
	folder_release_all(f->folder, "agent");
	assert_int_equal(folder_claim(f->folder, "agent", "lamp"), 0);
	assert_int_equal(mode_of(at(f, "session")), 0700);
	assert_lives(folder_connect_session(f->folder, "lamp"));
	folder_release(f->folder, "agent", "lamp");
	assert_false(is_there(at(f, "session/lamp")));
	folder_unlink(f->folder, "agent");
	assert_true(is_there(at(f, "agent")));
	close(fd);
}

static void
assert_names(char **names, const char *const *expected, size_t n)
{
	size_t i;

	assert_non_null(names);
	for (i = 0; i < n; i++) {
		assert_non_null(names[i]);
		assert_string_equal(names[i], expected[i]);
	}
	assert_null(names[n]);
	folder_names_free(names);
}

static void
lists(void **state)
{
	struct fixture *f = *state;
	static const char *const owners[] = { "9", "17", "120", "agent" };
	char name[16];
	char **names;
	int fds[4];
	int i, lock;

	open_it(f);
	assert_names(folder_owners(f->folder), NULL, 0);
	for (i = 0; i < 4; i++)
		fds[i] = listen_as(f, owners[3 - i]);
	lock = folder_lock_agent(f->folder);
	make_file(at(f, "file"));
	leave_dead(at(f, ".hidden"));
	assert_int_equal(folder_claim(f->folder, "9", "lamp"), 0);
	assert_names(folder_owners(f->folder), owners, 4);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "%d", 1000 + i);
		leave_dead(at(f, name));
	}
	names = folder_owners(f->folder);
	assert_non_null(names);
	assert_string_equal(names[3], "1000");
	assert_string_equal(names[202], "1199");
	assert_string_equal(names[203], "agent");
	assert_null(names[204]);
	folder_names_free(names);
	folder_names_free(NULL);
	close(lock);
	for (i = 0; i < 4; i++)
		close(fds[i]);
}

/* The lock is held by one who does not go on: what is dead stays, what lives is
 * found. */
static void
lock_held(void **state)
{
	struct fixture *f = *state;
	int fd, lock;

	open_it(f);
	fd = listen_as(f, "17");
	leave_dead(at(f, "18"));
	assert_int_equal(link(at(f, "18"), at(f, "session/lamp")), 0);
	lock = open(at(f, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), -EBUSY);
	assert_int_equal(folder_listen(f->folder, "18"), -EBUSY);
	assert_int_equal(folder_connect_session(f->folder, "lamp"),
	    -ECONNREFUSED);
	assert_true(same_file(at(f, "18"), at(f, "session/lamp")));
	assert_int_equal(folder_claim(f->folder, "17", "plug"), 0);
	folder_release(f->folder, "17", "plug");
	assert_false(is_there(at(f, "session/plug")));
	close(lock);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	close(fd);
}

/* --- several processes at once ------------------------------------------- */

#define N_RACERS 8
#define N_ROUNDS 200

/* Shared; one more than racers comes to the barrier: who looks at results. */
struct race {
	pthread_barrier_t barrier;
	int results[N_RACERS];
};

static struct race *
race_new(void)
{
	struct race *race = mmap(NULL, sizeof *race, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_t shared;

	assert_true(race != MAP_FAILED);
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	assert_int_equal(pthread_barrier_init(&race->barrier, &shared,
			     N_RACERS + 1),
	    0);
	pthread_barrierattr_destroy(&shared);
	return race;
}

static void
race_free(struct race *race)
{
	pthread_barrier_destroy(&race->barrier);
	munmap(race, sizeof *race);
}

/* Tries once a round, and lets go when results were looked at. The last one
 * only connects in every other round, which takes away what is dead. */
static int
claim_racer(struct race *race, int i)
{
	struct folder *folder = NULL;
	char *problem = NULL;
	char own[16];
	int round, fd;

	snprintf(own, sizeof own, "%d", i);
	if (folder_open(true, &folder, &problem) != STATUS_OK)
		return 1;
	fd = folder_listen(folder, own);
	for (round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&race->barrier);
		if (i == N_RACERS - 1 && round % 2 == 1) {
			race->results[i] = -EEXIST;
			close(folder_connect_session(folder, "lamp"));
		} else {
			race->results[i] = folder_claim(folder, own, "lamp");
		}
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		folder_release(folder, own, "lamp");
		pthread_barrier_wait(&race->barrier);
	}
	folder_unlink(folder, own);
	folder_close(folder);
	return fd < 0 || close(fd) != 0;
}

/* As two agents that start at once. */
static int
listen_racer(struct race *race, int i)
{
	struct folder *folder = NULL;
	char *problem = NULL;
	int round, fd;

	if (folder_open(true, &folder, &problem) != STATUS_OK)
		return 1;
	for (round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&race->barrier);
		fd = folder_listen(folder, "agent");
		race->results[i] = fd < 0 ? fd : 0;
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		folder_unlink(folder, "agent");
		if (fd >= 0)
			close(fd);
		pthread_barrier_wait(&race->barrier);
	}
	folder_close(folder);
	return 0;
}

static void
start_racers(struct race *race, int (*racer)(struct race *, int),
    pid_t pids[N_RACERS])
{
	int i;

	for (i = 0; i < N_RACERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(racer(race, i));
	}
}

static void
end_racers(const pid_t pids[N_RACERS])
{
	int i, status;

	for (i = 0; i < N_RACERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
}

/* Who won; all others were told that the name is taken. A loser may also have
 * met one who holds the lock and does not get the processor. */
static int
winner(const struct race *race, int loss)
{
	int i, who = -1;

	for (i = 0; i < N_RACERS; i++) {
		if (race->results[i] == 0) {
			assert_int_equal(who, -1);
			who = i;
		} else if (race->results[i] != -EBUSY) {
			assert_int_equal(race->results[i], loss);
		}
	}
	assert_in_range(who, 0, N_RACERS - 1);
	return who;
}

static void
claimed_at_once(void **state)
{
	struct fixture *f = *state;
	struct race *race = race_new();
	pid_t pids[N_RACERS];
	char own[16];
	int round;

	open_it(f);
	start_racers(race, claim_racer, pids);
	for (round = 0; round < N_ROUNDS; round++) {
		/* Three of four times somebody died with that name. */
		if (round % 4 != 0)
			leave_dead(at(f, "session/lamp"));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		snprintf(own, sizeof own, "%d", winner(race, -EEXIST));
		assert_true(same_file(at(f, own), at(f, "session/lamp")));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		assert_false(is_there(at(f, "session/lamp")));
	}
	end_racers(pids);
	race_free(race);
}

static void
listened_at_once(void **state)
{
	struct fixture *f = *state;
	struct race *race = race_new();
	pid_t pids[N_RACERS];
	int round;

	open_it(f);
	start_racers(race, listen_racer, pids);
	for (round = 0; round < N_ROUNDS; round++) {
		if (round % 4 != 0)
			leave_dead(at(f, "agent"));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		winner(race, -EADDRINUSE);
		assert_lives(folder_connect(f->folder, "agent"));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		assert_false(is_there(at(f, "agent")));
	}
	end_racers(pids);
	race_free(race);
}

/* One that opens folders while another makes them. */
static int
open_racer(struct race *race, int i)
{
	struct folder *folder = NULL;
	char *problem = NULL;
	int round;

	for (round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&race->barrier);
		race->results[i] = folder_open(i % 2 == 0, &folder, &problem);
		if (race->results[i] != STATUS_OK)
			free(problem);
		folder_close(folder);
		pthread_barrier_wait(&race->barrier);
	}
	return 0;
}

static void
opened_at_once(void **state)
{
	struct fixture *f = *state;
	struct race *race = race_new();
	pid_t pids[N_RACERS];
	int round, i;

	start_racers(race, open_racer, pids);
	for (round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		for (i = 0; i < N_RACERS; i++)
			assert_int_equal(race->results[i], STATUS_OK);
		assert_int_equal(rmdir(at(f, "session")), 0);
		assert_int_equal(rmdir(f->path), 0);
	}
	end_racers(pids);
	race_free(race);
}

/* --- other users --------------------------------------------------------- */

#define skip_unless_root()                                             \
	do {                                                           \
		if (!can_change_user())                                \
			skip_because("only root can be another user"); \
	} while (0)

/* Not in a name space of users where there is but one. */
static bool
can_change_user(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(geteuid() == 0 && seteuid(NOBODY) == 0 ? 0 : 1);
	waitpid(pid, &status, 0);
	return status == 0;
}

/* What is not ours is neither used nor changed. */
static void
of_another_user(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	int fd, other, status;
	pid_t child;

	skip_unless_root();
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(chown(f->path, NOBODY, NOBODY), 0);
	assert_refused(true, f->path, "another user (65534)");
	assert_refused(false, f->path, "another user (65534)");
	assert_int_equal(chown(f->path, 0, 0), 0);
	assert_int_equal(mkdir(at(f, "session"), 0700), 0);
	assert_int_equal(chown(at(f, "session"), NOBODY, NOBODY), 0);
	assert_refused(true, at(f, "session"), "another user (65534)");
	assert_int_equal(chown(at(f, "session"), 0, 0), 0);
	open_it(f);
	fd = listen_as(f, "17");
	other = listen_as(f, "18");
	assert_int_equal(folder_claim(f->folder, "18", "lamp"), 0);
	assert_int_equal(chown(at(f, "18"), NOBODY, NOBODY), 0);
	assert_int_equal(folder_connect(f->folder, "18"), -EPERM);
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -EPERM);
	assert_int_equal(folder_listen(f->folder, "18"), -EEXIST);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), -EPERM);
	assert_int_equal(control_connect(at(f, "18")), -EPERM);
	assert_int_equal(control_listen(at(f, "18")), -EEXIST);
	close(other);
	assert_int_equal(folder_connect(f->folder, "18"), -EPERM);
	assert_int_equal(folder_listen(f->folder, "18"), -EEXIST);
	assert_int_equal(lstat(at(f, "18"), &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	make_file(at(f, "agent.lock"));
	assert_int_equal(chown(at(f, "agent.lock"), NOBODY, NOBODY), 0);
	assert_int_equal(folder_lock_agent(f->folder), -EPERM);
	/* The socket is ours, and somebody else listens at it. */
	child = fork();
	if (child == 0)
		_exit(seteuid(NOBODY) == 0 && listen(fd, 1) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(folder_connect(f->folder, "17"), -EPERM);
	close(fd);
}

/* The variable that su leaves. */
static void
runtime_of_another_user(void **state)
{
	struct fixture *f = *state;

	skip_unless_root();
	assert_int_equal(chown(f->root, NOBODY, NOBODY), 0);
	assert_not_there();
	assert_refused(true, "XDG_RUNTIME_DIR", "another user (65534)");
	assert_false(is_there(f->path));
}

/* The kernel, not the folder, is asked who it is. */
static void
peers(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(sa_family_t);
	pid_t child, pid;
	int fd, i, client, status;

	(void)state;
	skip_unless_root();
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(fd, 2), 0);
	len = sizeof address;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	for (i = 0; i < 2; i++) {
		child = fork();
		if (child == 0) {
			client = socket(AF_UNIX, SOCK_STREAM, 0);
			if (i == 1 && seteuid(NOBODY) < 0)
				_exit(1);
			_exit(connect(client, (struct sockaddr *)&address,
				  len) == 0
				? 0
				: 1);
		}
		client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		assert_true(client >= 0);
		assert_int_equal(peer_is_ours(client, &pid), i == 0);
		assert_int_equal(pid, i == 0 ? child : 0);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		close(client);
	}
	assert_false(peer_is_ours(-1, &pid));
	close(fd);
}

#define folder_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(makes_it),
		folder_test(modes),
		folder_test(no_folder),
		folder_test(variables),
		folder_test(fallback),
		folder_test(listens),
		folder_test(finds_nobody),
		folder_test(something_else),
		folder_test(no_litter),
		folder_test(stale),
		folder_test(too_busy),
		folder_test(unlinks),
		folder_test(long_paths),
		folder_test(control),
		folder_test(relative_control),
		folder_test(locks),
		folder_test(claims),
		folder_test(activated),
		folder_test(lists),
		folder_test(lock_held),
		folder_test(claimed_at_once),
		folder_test(listened_at_once),
		folder_test(opened_at_once),
		folder_test(of_another_user),
		folder_test(runtime_of_another_user),
		folder_test(peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

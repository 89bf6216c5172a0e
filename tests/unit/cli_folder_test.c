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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/job.h"
#include "folder_support.h"

/* --- opening ------------------------------------------------------------- */

static void
makes_it(void **state)
{
	struct fold *f = *state;
	mode_t before = umask(0777);
	char *problem = NULL;

	fold_assert_not_there();
	assert_false(fold_is_there(f->path));
	fold_open_it(f);
	umask(before);
	assert_string_equal(folder_path(f->folder), f->path);
	assert_int_equal(fold_mode_of(f->path), 0700);
	assert_int_equal(fold_mode_of(fold_at(f, "session")), 0700);
	folder_close(f->folder);
	assert_int_equal(folder_open(false, &f->folder, &problem), STATUS_OK);
	assert_non_null(f->folder);
	folder_close(NULL);
}

static void
modes(void **state)
{
	struct fold *f = *state;

	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(chmod(f->path, 0710), 0);
	fold_assert_refused(true, f->path, "mode 0710");
	fold_assert_refused(false, "chmod 700", f->path);
	assert_int_equal(chmod(f->path, 0701), 0);
	fold_assert_refused(false, f->path, "mode 0701");
	assert_int_equal(chmod(f->path, 0700), 0);
	assert_int_equal(mkdir(fold_at(f, "session"), 0700), 0);
	assert_int_equal(chmod(fold_at(f, "session"), 0750), 0);
	fold_assert_refused(true, fold_at(f, "session"), "mode 0750");
	fold_assert_refused(false, fold_at(f, "session"), "mode 0750");
}

static void
no_folder(void **state)
{
	struct fold *f = *state;
	char other[96];

	fold_make_file(f->path);
	fold_assert_refused(true, f->path, "a symbolic link");
	fold_assert_refused(false, f->path, "a symbolic link");
	assert_int_equal(unlink(f->path), 0);
	snprintf(other, sizeof other, "%s/other", f->root);
	assert_int_equal(mkdir(other, 0700), 0);
	assert_int_equal(symlink(other, f->path), 0);
	fold_assert_refused(true, f->path, "a symbolic link");
	fold_assert_refused(false, f->path, "a symbolic link");
	assert_false(fold_is_there(fold_at(f, "session")));
	assert_int_equal(unlink(f->path), 0);
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(symlink(other, fold_at(f, "session")), 0);
	fold_assert_refused(true, fold_at(f, "session"), "a symbolic link");
	fold_assert_refused(false, fold_at(f, "session"), "a symbolic link");
}

static void
variables(void **state)
{
	struct fold *f = *state;
	char expected[128];

	setenv("XDG_RUNTIME_DIR", fold_at(f, "none"), 1);
	fold_assert_not_there();
	fold_assert_refused(true, "XDG_RUNTIME_DIR", fold_at(f, "none"));
	/* Relative ones are as good as none. */
	setenv("XDG_RUNTIME_DIR", "relative", 1);
	setenv("TMPDIR", f->root, 1);
	fold_open_it(f);
	snprintf(expected, sizeof expected, "%s/coap-shell-%u", f->root,
	    (unsigned)geteuid());
	assert_string_equal(folder_path(f->folder), expected);
	assert_int_equal(fold_mode_of(expected), 0700);
	setenv("TMPDIR", fold_at(f, "none"), 1);
	unsetenv("XDG_RUNTIME_DIR");
	fold_assert_not_there();
	fold_assert_refused(true, "TMPDIR", fold_at(f, "none"));
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
	was_there = fold_is_there(expected);
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
	struct fold *f = *state;
	mode_t before = umask(0);
	int fd, other, client;
	pid_t pid;

	fold_open_it(f);
	fd = fold_listen_as(f, "agent");
	umask(0777);
	other = fold_listen_as(f, "17");
	umask(before);
	assert_int_equal(fold_mode_of(fold_at(f, "agent")), 0600);
	assert_int_equal(fold_mode_of(fold_at(f, "17")), 0600);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	client = folder_connect(f->folder, "agent");
	assert_true(client >= 0);
	fold_assert_lives(
	    accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
	assert_true(peer_is_ours(client, &pid));
	assert_int_equal(pid, getpid());
	close(client);
	close(fd);
	close(other);
}

static void
finds_nobody(void **state)
{
	struct fold *f = *state;
	static const char *const bad[] = { "", ".", "..", ".x", "a/b",
		"../coap-shell/17" };
	size_t i;
	int fd;

	fold_open_it(f);
	fd = fold_listen_as(f, "17");
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
	fold_assert_lives(folder_connect(f->folder, "17"));
	close(fd);
}

/* What is no socket of ours is neither used nor replaced. */
static void
something_else(void **state)
{
	struct fold *f = *state;
	int fd;

	fold_open_it(f);
	fd = fold_listen_as(f, "17");
	fold_make_file(fold_at(f, "file"));
	fold_make_file(fold_at(f, "session/file"));
	assert_int_equal(symlink("17", fold_at(f, "link")), 0);
	assert_int_equal(symlink("../17", fold_at(f, "session/link")), 0);
	assert_int_equal(mkfifo(fold_at(f, "fifo"), 0600), 0);
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
	assert_true(fold_is_there(fold_at(f, "link")));
	assert_true(fold_is_there(fold_at(f, "session/link")));
	assert_false(fold_is_there(fold_at(f, "session/lamp")));
	close(fd);
}

/* Nothing but sockets is left of all these attempts. */
static void
no_litter(void **state)
{
	struct fold *f = *state;
	struct dirent *entry;
	DIR *dir;
	int fd;

	fold_open_it(f);
	fd = fold_listen_as(f, "17");
	fold_make_file(fold_at(f, "file"));
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
	struct fold *f = *state;
	int fd, other;

	fold_open_it(f);
	fold_leave_dead(fold_at(f, "agent"));
	assert_int_equal(link(fold_at(f, "agent"), fold_at(f, "session/lamp")),
	    0);
	assert_int_equal(link(fold_at(f, "agent"), fold_at(f, "session/plug")),
	    0);
	fold_leave_dead(fold_at(f, "17"));
	assert_int_equal(link(fold_at(f, "17"), fold_at(f, "session/other")),
	    0);
	/* With it go the names that it had. */
	fd = fold_listen_as(f, "agent");
	assert_false(fold_is_there(fold_at(f, "session/lamp")));
	assert_false(fold_is_there(fold_at(f, "session/plug")));
	assert_true(fold_is_there(fold_at(f, "session/other")));
	fold_assert_lives(folder_connect(f->folder, "agent"));
	assert_int_equal(folder_listen(f->folder, "agent"), -EADDRINUSE);
	fold_assert_lives(folder_connect(f->folder, "agent"));
	assert_int_equal(folder_connect_session(f->folder, "other"),
	    -ECONNREFUSED);
	assert_int_equal(folder_connect_session(f->folder, "other"), -ENOENT);
	assert_int_equal(folder_connect(f->folder, "17"), -ECONNREFUSED);
	assert_false(fold_is_there(fold_at(f, "17")));
	/* Once more, in the same process. */
	close(fd);
	other = fold_listen_as(f, "agent");
	fold_assert_lives(folder_connect(f->folder, "agent"));
	close(other);
	other = fold_bind_to(fold_at(f, "datagrams"), SOCK_DGRAM);
	assert_int_equal(folder_connect(f->folder, "datagrams"), -EPERM);
	close(other);
}

/* Who is stopped, or has too much to do, lives. */
static void
too_busy(void **state)
{
	struct fold *f = *state;
	int clients[800];
	int fd, own, last, i, n = 0;

	fold_open_it(f);
	fd = fold_listen_as(f, "17");
	own = fold_listen_as(f, "18");
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
	assert_true(
	    fold_same_file(fold_at(f, "17"), fold_at(f, "session/lamp")));
	for (i = 0; i < n; i++)
		close(clients[i]);
	close(fd);
	close(own);
}

/* Only what is still its own, also after it was closed. */
static void
unlinks(void **state)
{
	struct fold *f = *state;
	struct folder *second = NULL;
	char *problem = NULL;
	int fd, other;

	fold_open_it(f);
	assert_int_equal(folder_open(true, &second, &problem), STATUS_OK);
	fd = fold_listen_as(f, "17");
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	folder_unlink(second, "17");
	fold_assert_lives(folder_connect(f->folder, "17"));
	folder_unlink(f->folder, "17");
	assert_false(fold_is_there(fold_at(f, "17")));
	assert_false(fold_is_there(fold_at(f, "session/lamp")));
	close(fd);
	fd = fold_listen_as(f, "17");
	close(fd);
	other = folder_listen(second, "17");
	assert_true(other >= 0);
	folder_unlink(f->folder, "17");
	fold_assert_lives(folder_connect(f->folder, "17"));
	folder_unlink(second, "17");
	assert_false(fold_is_there(fold_at(f, "17")));
	folder_close(second);
	close(other);
}

static void
long_paths(void **state)
{
	struct fold *f = *state;
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
	fold_open_it(f);
	fd = fold_listen_as(f, name);
	assert_int_equal(folder_claim(f->folder, name, "lamp"), 0);
	fold_assert_lives(folder_connect(f->folder, name));
	fold_assert_lives(folder_connect_session(f->folder, "lamp"));
	close(fd);
	strcat(path, "/");
	strcat(path, name);
	fd = control_listen(path);
	assert_true(fd >= 0);
	fold_assert_lives(control_connect(path));
	close(fd);
}

/* --- --control ----------------------------------------------------------- */

static void
control(void **state)
{
	struct fold *f = *state;
	char path[96], other[96], none[96];
	int fd, second;

	snprintf(path, sizeof path, "%s/control", f->root);
	snprintf(other, sizeof other, "%s/other", f->root);
	snprintf(none, sizeof none, "%s/none/x", f->root);
	assert_int_equal(control_connect(path), -ENOENT);
	fold_leave_dead(path);
	assert_int_equal(control_connect(path), -ECONNREFUSED);
	fd = control_listen(path);
	assert_true(fd >= 0);
	assert_int_equal(fold_mode_of(path), 0600);
	fold_assert_lives(control_connect(path));
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
	fold_assert_lives(control_connect(path));
	control_unlink(path, second);
	assert_false(fold_is_there(path));
	control_unlink(other, second);
	assert_true(fold_is_there(other));
	close(fd);
	close(second);
}

static void
relative_control(void **state)
{
	struct fold *f = *state;
	char *before = getcwd(NULL, 0);
	int fd;

	assert_int_equal(chdir(f->root), 0);
	fd = control_listen("control");
	assert_true(fd >= 0);
	fold_assert_lives(control_connect("control"));
	control_unlink("./control", fd);
	assert_int_equal(control_connect("control"), -ENOENT);
	assert_int_equal(chdir(before), 0);
	free(before);
	close(fd);
}

static void
locks(void **state)
{
	struct fold *f = *state;
	char path[96], other[96];
	int fd, again;

	fold_open_it(f);
	fd = folder_lock_agent(f->folder);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(folder_lock_agent(f->folder), -EAGAIN);
	assert_int_equal(fold_mode_of(fold_at(f, "agent.lock")) & 077, 0);
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
	assert_int_equal(symlink(fold_at(f, "agent.lock"), other), 0);
	assert_int_equal(control_lock(path), -EPERM);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(control_lock(path), -EPERM);
}

/* --- names --------------------------------------------------------------- */

static void
claims(void **state)
{
	struct fold *f = *state;
	int one, two;

	fold_open_it(f);
	one = fold_listen_as(f, "17");
	two = fold_listen_as(f, "agent");
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	assert_int_equal(folder_claim(f->folder, "17", "plug"), 0);
	assert_int_equal(folder_claim(f->folder, "agent", "lamp"), -EEXIST);
	assert_int_equal(folder_claim(f->folder, "19", "x"), -ENOENT);
	assert_true(
	    fold_same_file(fold_at(f, "17"), fold_at(f, "session/lamp")));
	fold_assert_lives(folder_connect_session(f->folder, "lamp"));
	folder_release(f->folder, "agent", "lamp");
	assert_true(
	    fold_same_file(fold_at(f, "17"), fold_at(f, "session/lamp")));
	folder_release(f->folder, "17", "lamp");
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -ENOENT);
	assert_int_equal(folder_claim(f->folder, "agent", "lamp"), 0);
	assert_int_equal(folder_claim(f->folder, "17", "fan"), 0);
	folder_release_all(f->folder, "17");
	assert_false(fold_is_there(fold_at(f, "session/plug")));
	assert_false(fold_is_there(fold_at(f, "session/fan")));
	assert_true(
	    fold_same_file(fold_at(f, "agent"), fold_at(f, "session/lamp")));
	/* A dead one's. */
	close(two);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	assert_true(
	    fold_same_file(fold_at(f, "17"), fold_at(f, "session/lamp")));
	/* Its own socket is no more. */
	assert_int_equal(unlink(fold_at(f, "17")), 0);
	assert_int_equal(folder_claim(f->folder, "17", "fan"), -ENOENT);
	folder_release(f->folder, "17", "lamp");
	assert_false(fold_is_there(fold_at(f, "session/lamp")));
	close(one);
}

/* As systemd leaves it: a socket that it made, and no folder of sessions. */
static void
activated(void **state)
{
	struct fold *f = *state;
	char *problem = NULL;
	int fd;

	fold_open_it(f);
	fd = fold_listen_as(f, "agent");
	folder_close(f->folder);
	assert_int_equal(rmdir(fold_at(f, "session")), 0);
	assert_int_equal(folder_open(false, &f->folder, &problem), STATUS_OK);
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -ENOENT);
	folder_release_all(f->folder, "agent");
	assert_int_equal(folder_claim(f->folder, "agent", "lamp"), 0);
	assert_int_equal(fold_mode_of(fold_at(f, "session")), 0700);
	fold_assert_lives(folder_connect_session(f->folder, "lamp"));
	folder_release(f->folder, "agent", "lamp");
	assert_false(fold_is_there(fold_at(f, "session/lamp")));
	folder_unlink(f->folder, "agent");
	assert_true(fold_is_there(fold_at(f, "agent")));
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
	struct fold *f = *state;
	static const char *const owners[] = { "9", "17", "120", "agent" };
	char name[16];
	char **names;
	int fds[4];
	int i, lock;

	fold_open_it(f);
	assert_names(folder_owners(f->folder), NULL, 0);
	for (i = 0; i < 4; i++)
		fds[i] = fold_listen_as(f, owners[3 - i]);
	lock = folder_lock_agent(f->folder);
	fold_make_file(fold_at(f, "file"));
	fold_leave_dead(fold_at(f, ".hidden"));
	assert_int_equal(folder_claim(f->folder, "9", "lamp"), 0);
	assert_names(folder_owners(f->folder), owners, 4);
	for (i = 0; i < 200; i++) {
		snprintf(name, sizeof name, "%d", 1000 + i);
		fold_leave_dead(fold_at(f, name));
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
	struct fold *f = *state;
	int fd, lock;

	fold_open_it(f);
	fd = fold_listen_as(f, "17");
	fold_leave_dead(fold_at(f, "18"));
	assert_int_equal(link(fold_at(f, "18"), fold_at(f, "session/lamp")), 0);
	lock = open(fold_at(f, "lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), -EBUSY);
	assert_int_equal(folder_listen(f->folder, "18"), -EBUSY);
	assert_int_equal(folder_connect_session(f->folder, "lamp"),
	    -ECONNREFUSED);
	assert_true(
	    fold_same_file(fold_at(f, "18"), fold_at(f, "session/lamp")));
	assert_int_equal(folder_claim(f->folder, "17", "plug"), 0);
	folder_release(f->folder, "17", "plug");
	assert_false(fold_is_there(fold_at(f, "session/plug")));
	close(lock);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), 0);
	close(fd);
}

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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of control sockets, for tests of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/job.h"
#include "folder_support.h"
#include "net_support.h"

int
fold_setup(void **state)
{
	struct fold *f = calloc(1, sizeof *f);

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
fold_remove_tree(const char *path)
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
int
fold_teardown(void **state)
{
	struct fold *f = *state;
	int fds;

	folder_close(f->folder);
	fds = net_open_fds();
	fold_remove_tree(f->root);
	unsetenv("XDG_RUNTIME_DIR");
	unsetenv("TMPDIR");
	if (fds != f->fds)
		print_error("%d descriptors are left\n", fds - f->fds);
	fds -= f->fds;
	free(f);
	return fds;
}

const char *
fold_at(struct fold *f, const char *name)
{
	char *buf = f->buf[f->at++ % 6];

	snprintf(buf, sizeof f->buf[0], "%s/%s", f->path, name);
	return buf;
}

void
fold_open_it(struct fold *f)
{
	char *problem = NULL;

	assert_int_equal(folder_open(true, &f->folder, &problem), STATUS_OK);
	assert_null(problem);
	assert_non_null(f->folder);
}

void
fold_assert_refused(bool create, const char *one, const char *other)
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

void
fold_assert_not_there(void)
{
	struct folder *folder = NULL;
	char *problem = NULL;

	assert_int_equal(folder_open(false, &folder, &problem), STATUS_OK);
	assert_null(folder);
	assert_null(problem);
}

mode_t
fold_mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

bool
fold_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return lstat(a, &x) == 0 && lstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

bool
fold_is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int
fold_listen_as(struct fold *f, const char *name)
{
	int fd = folder_listen(f->folder, name);

	assert_true(fd >= 0);
	return fd;
}

int
fold_bind_to(const char *path, int type)
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

void
fold_leave_dead(const char *path)
{
	close(fold_bind_to(path, SOCK_STREAM));
}

void
fold_make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
}

void
fold_assert_lives(int fd)
{
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	close(fd);
}

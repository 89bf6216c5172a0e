/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Control sockets: listening, connecting, and taking away those of processes
 * that died.
 *
 * The kernel takes 107 bytes of a path, follows links in it, and tells nobody
 * which file it was. So sockets are reached through descriptors: that of the
 * folder to bind in it, and that of the socket, which was looked at, to
 * connect to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/control/folder_private.h"

/* A burst of scripts waits here until the loop comes round; more are told that
 * nobody answers. */
#define BACKLOG 512
/* ".PID.RANDOM": hidden, so that it is not listed. */
#define ASIDE_SIZE 40

bool
is_same_file(int dir, const char *name, const struct stat *file)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == file->st_dev && st.st_ino == file->st_ino;
}

/* Looks at a socket of that name, O_PATH; -EPERM: not ours, or none. */
static int
look_at_name(int dir, const char *name)
{
	struct stat st;
	int at = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (at < 0)
		return errno == ENOTDIR ? -ENOENT : -errno;
	if (fstat(at, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_uid == geteuid())
		return at;
	close(at);
	return -EPERM;
}

/* --- connecting ---------------------------------------------------------- */

bool
peer_is_ours(int fd, pid_t *pid)
{
	struct ucred peer;
	socklen_t len = sizeof peer;

	*pid = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    len != sizeof peer || peer.uid != geteuid())
		return false;
	*pid = peer.pid;
	return true;
}

/* To a socket that was looked at; it is ours, and so has to be who listens. */
static int
connect_to(int at)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	pid_t pid;
	int err;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d",
	    at);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		err = errno;
	else if (peer_is_ours(fd, &pid))
		return fd;
	else
		err = EPERM;
	close(fd);
	if (err == ENOENT)
		return -ENOSYS; /* no /proc: the socket itself was there */
	return err == EPROTOTYPE ? -EPERM : -err;
}

/* Connects to it: a descriptor, or -errno. */
static int
connect_name(int dir, const char *name)
{
	int at = look_at_name(dir, name);
	int fd;

	if (at < 0)
		return at;
	fd = connect_to(at);
	close(at);
	return fd;
}

/* While the descriptor is open no other file can have its inode, so what has it
 * is what was looked at. */
static int
take_away(struct folder *folder, int dir, const char *name, int at)
{
	struct stat st;
	int fd = connect_to(at);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -EAGAIN)
		return -EADDRINUSE;
	if (fd != -ECONNREFUSED)
		return fd;
	if (fstat(at, &st) < 0)
		return -errno;
	if (!is_same_file(dir, name, &st))
		return 0;
	if (unlinkat(dir, name, 0) < 0 && errno != ENOENT)
		return -errno;
	if (folder && dir == folder->dir)
		claims_drop(folder, &st);
	return 0;
}

/*
 * Takes away a name whose process died, under the folder's lock, or when folder
 * is NULL under one that the caller holds. 0: it is gone; -EADDRINUSE: it lives;
 * or -errno. A further name of a socket is taken away with it.
 */
static int
take_away_dead(struct folder *folder, int dir, const char *name)
{
	int lock = folder ? folder_lock(folder) : -1;
	int at, err;

	if (folder && lock < 0)
		return lock;
	at = look_at_name(dir, name);
	if (at >= 0) {
		err = take_away(folder, dir, name, at);
		close(at);
	} else {
		err = at == -ENOENT ? 0 : at;
	}
	if (lock >= 0)
		close(lock);
	return err;
}

int
clear_name(struct folder *folder, int dir, const char *name)
{
	int fd = connect_name(dir, name);

	if (fd >= 0)
		close(fd);
	if (fd >= 0 || fd == -EAGAIN)
		return -EADDRINUSE;
	if (fd == -ENOENT)
		return 0;
	return fd == -ECONNREFUSED ? take_away_dead(folder, dir, name) : fd;
}

static int
connect_in(struct folder *folder, int dir, const char *name)
{
	int fd = -ECONNREFUSED;
	int i;

	for (i = 0; i < FOLDER_TRIES && fd == -ECONNREFUSED; i++) {
		fd = connect_name(dir, name);
		/* It may be another one's already. */
		if (fd == -ECONNREFUSED &&
		    take_away_dead(folder, dir, name) != -EADDRINUSE)
			break;
	}
	return fd;
}

int
folder_connect(struct folder *folder, const char *name)
{
	if (!folder_name_ok(name))
		return -ENOENT;
	return connect_in(folder, folder->dir, name);
}

int
folder_connect_session(struct folder *folder, const char *session)
{
	int dir = folder_sessions_dir(folder, false);

	if (!folder_name_ok(session))
		return -ENOENT;
	return dir < 0 ? dir : connect_in(folder, dir, session);
}

int
control_connect(const char *path)
{
	return connect_name(AT_FDCWD, path);
}

/* --- listening ----------------------------------------------------------- */

static int
name_aside(char aside[ASIDE_SIZE])
{
	uint64_t random;

	if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
		return -EIO;
	snprintf(aside, ASIDE_SIZE, ".%d.%016llx", (int)getpid(),
	    (unsigned long long)random);
	return 0;
}

/* A socket's file is made with the mode of the socket, less the umask: so it is
 * at no time open to others, and open to us in the end. */
static int
bind_aside(int fd, int dir, const char *aside)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof address.sun_path,
	    "/proc/self/fd/%d/%s", dir, aside);
	if (fchmod(fd, 0600) < 0 ||
	    bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	if (fchmodat(dir, aside, 0600, AT_SYMLINK_NOFOLLOW) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

/* Without replacing anything; not all file systems know how to. */
static int
move(int dir, const char *from, const char *to)
{
	if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(dir, from, dir, to, 0) < 0)
		return -errno;
	unlinkat(dir, from, 0);
	return 0;
}

static int
move_into_place(struct folder *folder, int dir, const char *aside,
    const char *name)
{
	int i, err;

	for (i = 0; i < FOLDER_TRIES; i++) {
		err = move(dir, aside, name);
		if (err != -EEXIST)
			return err;
		err = clear_name(folder, dir, name);
		if (err != 0)
			return err == -EPERM ? -EEXIST : err;
	}
	return -EBUSY;
}

/* *at is the file, O_PATH. */
static int
listen_at(struct folder *folder, int dir, const char *name, int *at)
{
	char aside[ASIDE_SIZE];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err = fd < 0 ? -errno : name_aside(aside);

	*at = -1;
	if (err == 0)
		err = bind_aside(fd, dir, aside);
	if (err == 0) {
		*at = look_at_name(dir, aside);
		err = *at < 0 ? *at : move_into_place(folder, dir, aside, name);
		if (err == 0)
			return fd;
		unlinkat(dir, aside, 0);
	}
	if (*at >= 0)
		close(*at);
	if (fd >= 0)
		close(fd);
	return err;
}

/* --- in the folder ------------------------------------------------------- */

/* Where the pointer to it is, or would be. */
static struct own_socket **
find_own(struct folder *folder, const char *name)
{
	struct own_socket **p;

	for (p = &folder->own; *p; p = &(*p)->next)
		if (strcmp((*p)->name, name) == 0)
			break;
	return p;
}

static void
forget_own(struct folder *folder, const char *name)
{
	struct own_socket **p = find_own(folder, name);
	struct own_socket *own = *p;

	if (!own)
		return;
	*p = own->next;
	close(own->at);
	free(own);
}

int
folder_listen(struct folder *folder, const char *name)
{
	struct own_socket *own;
	size_t size;
	int fd;

	if (!folder_name_ok(name))
		return -EINVAL;
	size = strlen(name) + 1;
	own = malloc(sizeof *own + size);
	if (!own)
		return -ENOMEM;
	memcpy(own->name, name, size);
	fd = listen_at(folder, folder->dir, name, &own->at);
	if (fd < 0) {
		free(own);
		return fd;
	}
	forget_own(folder, name);
	own->next = folder->own;
	folder->own = own;
	/* So that systemd-tmpfiles takes nothing away that is old. */
	flock(folder->dir, LOCK_SH | LOCK_NB);
	return fd;
}

int
own_socket_stat(struct folder *folder, const char *name, struct stat *st)
{
	const struct own_socket *own = *find_own(folder, name);

	if (own ? fstat(own->at, st) < 0
		: fstatat(folder->dir, name, st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISSOCK(st->st_mode) ? 0 : -EPERM;
}

void
folder_unlink(struct folder *folder, const char *name)
{
	const struct own_socket *own = *find_own(folder, name);
	struct stat st;
	int lock;

	if (!own || fstat(own->at, &st) < 0)
		return;
	/* Without it too: nobody replaces what is ours while we live. */
	lock = folder_lock(folder);
	if (is_same_file(folder->dir, name, &st))
		unlinkat(folder->dir, name, 0);
	claims_drop(folder, &st);
	if (lock >= 0)
		close(lock);
	forget_own(folder, name);
}

/* --- at a path ----------------------------------------------------------- */

/* The folder of a path, O_PATH, and *name, its last component; or -errno. */
static int
open_parent(const char *path, const char **name)
{
	const char *slash = strrchr(path, '/');
	char *parent;
	int fd;

	*name = slash ? slash + 1 : path;
	if (is_folder_name(*name))
		return -EISDIR;
	parent = slash ? strndup(path, (size_t)(*name - path)) : strdup(".");
	if (!parent)
		return -ENOMEM;
	fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	free(parent);
	return fd;
}

int
control_listen(const char *path)
{
	const char *name;
	int dir = open_parent(path, &name);
	int fd, at;

	if (dir < 0)
		return dir;
	fd = listen_at(NULL, dir, name, &at);
	if (fd >= 0)
		close(at);
	close(dir);
	return fd;
}

/* Once it has been shut what is ours is dead, and what is not ours and dead may
 * go as well. */
void
control_unlink(const char *path, int fd)
{
	const char *name;
	int dir;

	shutdown(fd, SHUT_RDWR);
	dir = open_parent(path, &name);
	if (dir < 0)
		return;
	take_away_dead(NULL, dir, name);
	close(dir);
}

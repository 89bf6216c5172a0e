/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of control sockets: opening it, its locks, what is in it. */
#include "cli/control/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control/folder_private.h"
#include "cli/job.h"

#define OPEN_FOLDER   (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define LOCK_LIMIT_MS 50
#define LOCK_PAUSE_MS 1000
/* More are not listed. */
#define NAMES_MAX 65536

bool
folder_name_ok(const char *name)
{
	return *name != '\0' && *name != '.' && !strchr(name, '/') &&
	    strlen(name) <= NAME_MAX;
}

bool
is_folder_name(const char *name)
{
	return *name == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0;
}

/* --- where it is --------------------------------------------------------- */

struct place {
	const char *variable; /* NULL: nobody chose it */
	const char *parent;
	char name[32];
};

/* A relative path would be another folder for each process. */
static const char *
absolute_variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value == '/' ? value : NULL;
}

static void
find_place(struct place *place)
{
	place->variable = "XDG_RUNTIME_DIR";
	place->parent = absolute_variable(place->variable);
	snprintf(place->name, sizeof place->name, "coap-shell");
	if (place->parent)
		return;
	snprintf(place->name, sizeof place->name, "coap-shell-%u",
	    (unsigned)geteuid());
	place->variable = "TMPDIR";
	place->parent = absolute_variable(place->variable);
	if (place->parent)
		return;
	place->variable = NULL;
	place->parent = "/tmp";
}

static int
fail_no_parent(const struct place *place, int err, char **problem)
{
	*problem = text_format("%s%s%s: %s; set XDG_RUNTIME_DIR to a folder of "
			       "yours, or log in anew",
	    place->variable ? place->variable : "", place->variable ? ": " : "",
	    place->parent, strerror(err));
	return *problem ? STATUS_LOCAL : STATUS_INTERNAL;
}

/*
 * Where the folder is made: not in that of another user, such as the runtime
 * folder that su leaves in the environment, and whose owner could then not
 * have one of their own.
 */
static int
check_parent(const struct place *place, int fd, char **problem)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail_no_parent(place, errno, problem);
	if (strcmp(place->name, "coap-shell") != 0 || st.st_uid == geteuid() ||
	    st.st_uid == 0)
		return STATUS_OK;
	*problem = text_format("XDG_RUNTIME_DIR: %s belongs to another user "
			       "(%u); unset it, or set it to a folder of yours",
	    place->parent, (unsigned)st.st_uid);
	return *problem ? STATUS_LOCAL : STATUS_INTERNAL;
}

/* --- opening ------------------------------------------------------------- */

/* 0, or a sentence about what is wrong with a folder, path being its. */
static int
check_folder(int fd, const char *path, char **problem)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		*problem = text_format("%s: %s", path, strerror(errno));
	else if (st.st_uid != geteuid())
		*problem = text_format("%s belongs to another user (%u); set "
				       "XDG_RUNTIME_DIR to a folder of yours",
		    path, (unsigned)st.st_uid);
	else if ((st.st_mode & 0077) != 0)
		*problem = text_format("%s is open to other users (mode %04o); "
				       "try: chmod 700 %s",
		    path, (unsigned)st.st_mode & 07777, path);
	else
		return STATUS_OK;
	return *problem ? STATUS_LOCAL : STATUS_INTERNAL;
}

static int
fail_open(const char *path, int err, char **problem)
{
	if (err == ENOTDIR || err == ELOOP)
		*problem = text_format("%s is a file or a symbolic link, where "
				       "a folder has to be; move it away, or "
				       "set XDG_RUNTIME_DIR to another folder",
		    path);
	else
		*problem = text_format("%s: %s", path, strerror(err));
	return *problem ? STATUS_LOCAL : STATUS_INTERNAL;
}

/* Opens the folder of that name, which is made with mode 0700 if it is to be: a
 * descriptor, or -errno. */
static int
open_folder_at(int parent, const char *name, bool make)
{
	int err = make && mkdirat(parent, name, 0700) < 0 ? errno : 0;
	int fd;

	/* Whatever the umask is. */
	if (make && err == 0 &&
	    fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	fd = openat(parent, name, OPEN_FOLDER | O_NOFOLLOW);
	if (fd >= 0)
		return fd;
	/* Why it could not be made, when it is not there. */
	return errno == ENOENT && err != 0 && err != EEXIST ? -err : -errno;
}

static int
open_checked(int parent, const char *name, const char *path, bool make, int *fd,
    char **problem)
{
	int status;

	*fd = open_folder_at(parent, name, make);
	if (*fd == -ENOENT && !make)
		return STATUS_OK;
	if (*fd < 0)
		return fail_open(path, -*fd, problem);
	status = check_folder(*fd, path, problem);
	if (status != STATUS_OK) {
		close(*fd);
		*fd = -1;
	}
	return status;
}

/* Both folders. folder->dir stays negative when there is none. */
static int
open_both(struct folder *folder, const struct place *place, int parent,
    bool create, char **problem)
{
	char *path;
	int status;

	status = open_checked(parent, place->name, folder->path, create,
	    &folder->dir, problem);
	if (status != STATUS_OK || folder->dir < 0)
		return status;
	path = text_format("%s/" FOLDER_SESSIONS, folder->path);
	if (!path)
		return STATUS_INTERNAL;
	status = open_checked(folder->dir, FOLDER_SESSIONS, path, create,
	    &folder->sessions, problem);
	free(path);
	return status;
}

static struct folder *
new_folder(const struct place *place)
{
	struct folder *folder = calloc(1, sizeof *folder);

	if (!folder)
		return NULL;
	folder->dir = folder->sessions = -1;
	folder->path = text_format("%s/%s", place->parent, place->name);
	if (folder->path)
		return folder;
	free(folder);
	return NULL;
}

int
folder_open(bool create, struct folder **out, char **problem)
{
	struct place place;
	struct folder *folder;
	int parent, status;

	*out = NULL;
	*problem = NULL;
	find_place(&place);
	parent = open(place.parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (parent < 0 && !create && (errno == ENOENT || errno == ENOTDIR))
		return STATUS_OK;
	if (parent < 0)
		return fail_no_parent(&place, errno, problem);
	status = create ? check_parent(&place, parent, problem) : STATUS_OK;
	folder = status == STATUS_OK ? new_folder(&place) : NULL;
	if (folder)
		status = open_both(folder, &place, parent, create, problem);
	else if (status == STATUS_OK)
		status = STATUS_INTERNAL;
	close(parent);
	if (status != STATUS_OK || folder->dir < 0)
		folder_close(folder);
	else
		*out = folder;
	return status;
}

void
folder_close(struct folder *folder)
{
	struct own_socket *own;

	if (!folder)
		return;
	while (folder->own) {
		own = folder->own;
		folder->own = own->next;
		close(own->at);
		free(own);
	}
	if (folder->sessions >= 0)
		close(folder->sessions);
	if (folder->dir >= 0)
		close(folder->dir);
	free(folder->path);
	free(folder);
}

const char *
folder_path(const struct folder *folder)
{
	return folder->path;
}

/* Another process may have made it since. */
int
folder_sessions_dir(struct folder *folder, bool make)
{
	struct stat st;
	int fd;

	if (folder->sessions >= 0)
		return folder->sessions;
	fd = open_folder_at(folder->dir, FOLDER_SESSIONS, make);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
	    (st.st_mode & 0077) != 0) {
		close(fd);
		return -EPERM;
	}
	folder->sessions = fd;
	return fd;
}

/* --- locks --------------------------------------------------------------- */

/* A descriptor that holds a lock file's lock until it is closed, or -EAGAIN:
 * another one has it; or -errno. */
static int
lock_file(int dir, const char *name)
{
	struct stat st;
	int fd = openat(dir, name,
	    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
	    0600);
	int err = 0;

	if (fd < 0)
		return errno == ELOOP ? -EPERM : -errno;
	if (fstat(fd, &st) < 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid())
		err = -EPERM;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		err = errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
folder_lock(struct folder *folder)
{
	int fd = lock_file(folder->dir, FOLDER_LOCK);
	int ms;

	if (fd != -EAGAIN || now_ms() < folder->impatient)
		return fd == -EAGAIN ? -EBUSY : fd;
	for (ms = 0; fd == -EAGAIN && ms < LOCK_LIMIT_MS; ms++) {
		poll(NULL, 0, 1);
		fd = lock_file(folder->dir, FOLDER_LOCK);
	}
	if (fd != -EAGAIN)
		return fd;
	folder->impatient = now_ms() + LOCK_PAUSE_MS;
	return -EBUSY;
}

int
folder_lock_agent(struct folder *folder)
{
	return lock_file(folder->dir, FOLDER_AGENT ".lock");
}

int
control_lock(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name;
	int fd;

	/* "/.lock" would be made for nothing. */
	if (is_folder_name(slash ? slash + 1 : path))
		return -EISDIR;
	name = text_format("%s.lock", path);
	if (!name)
		return -ENOMEM;
	fd = lock_file(AT_FDCWD, name);
	free(name);
	return fd;
}

/* --- what is in it ------------------------------------------------------- */

struct names {
	char **list;
	size_t n;
	size_t room;
};

static bool
add_name(struct names *names, const char *name)
{
	size_t room = names->room ? 2 * names->room : 16;
	char **grown;

	/* One more for the NULL behind them. */
	if (names->n + 1 >= names->room) {
		grown = reallocarray(names->list, room, sizeof *grown);
		if (!grown)
			return false;
		names->list = grown;
		names->room = room;
	}
	names->list[names->n] = name ? strdup(name) : NULL;
	if (!name)
		return true;
	if (!names->list[names->n])
		return false;
	names->list[++names->n] = NULL;
	return true;
}

static bool
is_socket_name(int dir, const struct dirent *entry)
{
	struct stat st;

	if (!folder_name_ok(entry->d_name))
		return false;
	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type == DT_SOCK;
	return fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISSOCK(st.st_mode);
}

static bool
read_names(struct names *names, DIR *dir)
{
	const struct dirent *entry;

	errno = 0;
	for (entry = readdir(dir); entry && names->n < NAMES_MAX;
	     entry = readdir(dir)) {
		if (is_socket_name(dirfd(dir), entry) &&
		    !add_name(names, entry->d_name))
			return false;
		errno = 0;
	}
	return errno == 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

char **
folder_list(int dir)
{
	struct names names = { NULL, 0, 0 };
	/* With a position of its own. */
	int fd = openat(dir, ".", OPEN_FOLDER);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	bool ok;

	if (!stream) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	ok = add_name(&names, NULL) && read_names(&names, stream);
	closedir(stream);
	if (!ok) {
		folder_names_free(names.list);
		return NULL;
	}
	qsort(names.list, names.n, sizeof *names.list, compare_names);
	return names.list;
}

char **
folder_owners(struct folder *folder)
{
	return folder_list(folder->dir);
}

void
folder_names_free(char **names)
{
	char **name;

	if (!names)
		return;
	for (name = names; *name; name++)
		free(*name);
	free(names);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the folder share. Descriptors are close-on-exec. */
#ifndef CLI_CONTROL_FOLDER_PRIVATE_H
#define CLI_CONTROL_FOLDER_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "cli/control/folder.h"

#define FOLDER_SESSIONS "session"
#define FOLDER_LOCK     "lock"

/* How often something is tried again that another process changed meanwhile. */
#define FOLDER_TRIES 8

/* A socket that this process listens on. The descriptor holds its inode, which
 * so is not given to another one, even when its name is gone. */
struct own_socket {
	struct own_socket *next;
	int at; /* O_PATH */
	char name[];
};

struct folder {
	int dir;
	int sessions; /* -1: not opened yet */
	struct own_socket *own;
	char *path;
	int64_t impatient; /* ms: until then its lock is not waited for */
};

/* --- folder.c ------------------------------------------------------------ */

/* Whether it is one component of a path, and none that is hidden. */
bool folder_name_ok(const char *name);
/* Whether what is behind the last slash of a path can only be a folder. */
bool is_folder_name(const char *name);
/* The folder of sessions, which stays the folder's, or -errno; -ENOENT: there
 * is none, and make is not set. */
int folder_sessions_dir(struct folder *folder, bool make);
/* Names in a folder that are sockets; as folder_owners(). */
char **folder_list(int dir);
/* The lock under which dead names are taken away; -EBUSY: it was not to be had
 * in a short time. Then it is not waited for again for a while: who holds it
 * may be stopped, and there may be thousands of names to let go of. */
int folder_lock(struct folder *folder);

/* --- sockets.c ----------------------------------------------------------- */

/* Whether the name in dir is that file. */
bool is_same_file(int dir, const char *name, const struct stat *file);

/*
 * Takes away a name whose process died, under the folder's lock, or when folder
 * is NULL under one that the caller holds. 0: it is gone, or was not there;
 * -EADDRINUSE: it lives; or -errno.
 */
int clear_name(struct folder *folder, int dir, const char *name);
/* The file that a process listens on under that name; 0 or -errno. */
int own_socket_stat(struct folder *folder, const char *name, struct stat *st);

/* --- claims.c ------------------------------------------------------------ */

/* Takes away the names of sessions that are that socket. */
void claims_drop(struct folder *folder, const struct stat *owner);

#endif

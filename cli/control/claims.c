/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of sessions: further names of their owner's socket. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cli/control/folder_private.h"

int
folder_claim(struct folder *folder, const char *owner, const char *session)
{
	int dir = folder_sessions_dir(folder, true);
	struct stat own;
	int err, i;

	if (!folder_name_ok(owner) || !folder_name_ok(session))
		return -EINVAL;
	if (dir < 0)
		return dir;
	err = own_socket_stat(folder, owner, &own);
	if (err != 0)
		return err;
	/* Somebody may have taken it away, or put another one there. */
	if (!is_same_file(folder->dir, owner, &own))
		return -ENOENT;
	for (i = 0; i < FOLDER_TRIES; i++) {
		if (linkat(folder->dir, owner, dir, session, 0) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
		if (is_same_file(dir, session, &own))
			return 0;
		err = clear_name(folder, dir, session);
		if (err != 0)
			return err == -EADDRINUSE ? -EEXIST : err;
	}
	return -EBUSY;
}

static void
drop(int dir, const char *session, const struct stat *owner)
{
	if (is_same_file(dir, session, owner))
		unlinkat(dir, session, 0);
}

void
claims_drop(struct folder *folder, const struct stat *owner)
{
	int dir = folder_sessions_dir(folder, false);
	char **names, **name;

	if (dir < 0)
		return;
	names = folder_list(dir);
	for (name = names; name && *name; name++)
		drop(dir, *name, owner);
	folder_names_free(names);
}

/*
 * The lock keeps others from replacing what they take for dead, should the
 * owner have closed its socket already. Without it too: a name that is not let
 * go of could be nobody's until the owner ends.
 */
void
folder_release(struct folder *folder, const char *owner, const char *session)
{
	int dir = folder_sessions_dir(folder, false);
	struct stat own;
	int lock;

	if (dir < 0 || !folder_name_ok(owner) || !folder_name_ok(session) ||
	    own_socket_stat(folder, owner, &own) != 0)
		return;
	lock = folder_lock(folder);
	drop(dir, session, &own);
	if (lock >= 0)
		close(lock);
}

void
folder_release_all(struct folder *folder, const char *owner)
{
	struct stat own;
	int lock;

	if (!folder_name_ok(owner) || own_socket_stat(folder, owner, &own) != 0)
		return;
	lock = folder_lock(folder);
	claims_drop(folder, &own);
	if (lock >= 0)
		close(lock);
}

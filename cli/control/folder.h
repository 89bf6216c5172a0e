/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The folder in which long-lived processes of one user find each other:
 *
 *     agent        the agent's control socket
 *     agent.lock   held by the agent as long as it lives
 *     PID          that of another process that serves (a prompt)
 *     session/NAME a further name (a hard link) of the socket of the process
 *                  that owns the session or listener NAME
 *     lock         held while the name of a dead process is taken away
 *
 * So a name is claimed by link(), which only one can do, and looked up by
 * connect(). Nothing in here blocks (that lock is tried for 50 ms a second at
 * most), and nothing follows a symbolic link: folder and sockets are opened without
 * following one, and then looked at. Names that are empty, hidden or have a
 * slash are not looked up (-ENOENT) and not made (-EINVAL).
 */
#ifndef CLI_CONTROL_FOLDER_H
#define CLI_CONTROL_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FOLDER_AGENT "agent"

struct folder;

/*
 * $XDG_RUNTIME_DIR/coap-shell, else coap-shell-UID in $TMPDIR or /tmp: made
 * (0700) when create is set. 0 and *out, which is NULL when it is not there
 * and create is not set; or an exit status (3: it is not a folder, not ours,
 * or open to others) and *problem, a sentence with advice (malloc()ed, NULL:
 * out of memory). A variable with a relative path counts as not set.
 */
int folder_open(bool create, struct folder **out, char **problem);
void folder_close(struct folder *folder); /* NULL is fine */
/* For sentences. */
const char *folder_path(const struct folder *folder);

/* --- sockets; each returns a descriptor (non-blocking, close-on-exec) or
 * -errno ------------------------------------------------------------------ */

/*
 * Listens under that name: bound aside with mode 0600, listening already when
 * it is moved into its place, where it replaces what a dead process left.
 * -EADDRINUSE: somebody alive listens there; -EEXIST: something else is there
 * and is left alone.
 */
int folder_listen(struct folder *folder, const char *name);
/*
 * Connects to the process of that name, or to the owner of a session. -ENOENT:
 * there is none; -ECONNREFUSED: it died, and its name has been taken away;
 * -EAGAIN: it lives and takes nobody (it is stopped, or has too much to do);
 * -EPERM: what is there is no socket, or it, or who listens there, not ours.
 */
int folder_connect(struct folder *folder, const char *name);
int folder_connect_session(struct folder *folder, const char *session);
/* The same at a path of --control. Its folder is the user's to choose; the
 * socket is 0600 and must be ours. Who listens holds control_lock(); a dead
 * one is not taken away by connecting. */
int control_listen(const char *path);
int control_connect(const char *path);
/* Takes away the name a process listens under, if it is still its own, and all
 * that it claimed with it. Not for a socket that systemd made. */
void folder_unlink(struct folder *folder, const char *name);
/* The same; shuts the socket, which takes nobody from then on. */
void control_unlink(const char *path, int fd);
/* Whether a connected socket's peer is a process of our user; *pid is its
 * number (0 when not known). */
bool peer_is_ours(int fd, pid_t *pid);

/* --- names --------------------------------------------------------------- */

/*
 * Claims a name for the sessions of the process that listens under owner. 0;
 * -EEXIST: another process that lives has it; -EPERM: what is there is not
 * ours, or no socket; -ENOENT: owner's socket has been taken away; else -errno.
 * What a dead process left is replaced, under a lock that is tried for a short
 * time only (-EBUSY). Claimed again it is 0 again.
 */
int folder_claim(struct folder *folder, const char *owner, const char *session);
/* Lets go of it, if it is owner's. */
void folder_release(struct folder *folder, const char *owner,
    const char *session);
/* Lets go of all names of owner. Those of a predecessor that crashed are gone
 * since folder_listen(). */
void folder_release_all(struct folder *folder, const char *owner);

/* Names in order, NULL-terminated, malloc()ed, as are the strings. NULL: out of
 * memory, or the folder cannot be read. Some may be of dead processes. */
char **folder_owners(struct folder *folder);
void folder_names_free(char **names);

/* --- the agent's lock ---------------------------------------------------- */

/* A descriptor that holds it until it is closed, or -EAGAIN: another process
 * has it; or -errno. */
int folder_lock_agent(struct folder *folder);
/* The same for an agent at a path of --control (PATH.lock). */
int control_lock(const char *path);

#endif

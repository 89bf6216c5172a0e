/* SPDX-License-Identifier: BSD-2-Clause */
/* A folder of control sockets, for tests of it. */
#ifndef TESTS_FOLDER_SUPPORT_H
#define TESTS_FOLDER_SUPPORT_H

#include <stdbool.h>
#include <sys/types.h>

#include "cli/control/folder.h"

struct fold {
	char root[64];    /* XDG_RUNTIME_DIR */
	char path[96];    /* the folder */
	char buf[6][512]; /* for fold_at() */
	unsigned at;
	int fds;
	struct folder *folder; /* closed at the end */
};

/* A fixture of cmocka: a folder of its own, which XDG_RUNTIME_DIR is the parent
 * of. */
int fold_setup(void **state);
int fold_teardown(void **state);
/* A path in the folder; valid for five calls more. */
const char *fold_at(struct fold *f, const char *name);
void fold_open_it(struct fold *f);
/* The folder is refused with a sentence that has both in it. */
void fold_assert_refused(bool create, const char *one, const char *other);
void fold_assert_not_there(void);
mode_t fold_mode_of(const char *path);
bool fold_same_file(const char *a, const char *b);
bool fold_is_there(const char *path);
int fold_listen_as(struct fold *f, const char *name);
int fold_bind_to(const char *path, int type);
/* What a dead process leaves. */
void fold_leave_dead(const char *path);
void fold_make_file(const char *path);
/* A connection, which is closed. */
void fold_assert_lives(int fd);

#define folder_test(name) \
	cmocka_unit_test_setup_teardown(name, fold_setup, fold_teardown)

#endif

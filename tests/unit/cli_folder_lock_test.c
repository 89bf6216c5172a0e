/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of control sockets in bad times: its lock is held for long, it
 * cannot be made, a path is none of a socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/control/folder.h"
#include "cli/job.h"
#include "skip.h"

#define NAMES 100

struct place {
	char root[64]; /* XDG_RUNTIME_DIR */
	char path[96]; /* the folder */
};

static int
setup(void **state)
{
	struct place *place = calloc(1, sizeof *place);

	*state = place;
	strcpy(place->root, "/tmp/folder-lock-test-XXXXXX");
	if (!mkdtemp(place->root))
		return -1;
	snprintf(place->path, sizeof place->path, "%s/coap-shell", place->root);
	return setenv("XDG_RUNTIME_DIR", place->root, 1);
}

/* What a test made must be gone, or be one of these. */
static int
teardown(void **state)
{
	static const char *const left[] = { "session", "lock" };
	struct place *place = *state;
	char path[128];
	size_t i;
	int result;

	for (i = 0; i < sizeof left / sizeof left[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", place->path, left[i]);
		remove(path);
	}
	remove(place->path);
	result = remove(place->root);
	free(place);
	return result;
}

/* Who lets go of many names is not held up each time. What waits gives the
 * processor up, which is counted, as time says little on a busy machine. */
static void
held_for_long(void **state)
{
	const struct place *place = *state;
	struct rusage before, after;
	struct folder *folder;
	char *problem, text[128];
	int fd, lock, i;

	assert_int_equal(folder_open(true, &folder, &problem), STATUS_OK);
	fd = folder_listen(folder, "17");
	assert_true(fd >= 0);
	snprintf(text, sizeof text, "%s/lock", place->path);
	lock = open(text, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(lock, LOCK_EX | LOCK_NB), 0);
	getrusage(RUSAGE_SELF, &before);
	for (i = 0; i < NAMES; i++) {
		snprintf(text, sizeof text, "n%d", i);
		assert_int_equal(folder_claim(folder, "17", text), 0);
		folder_release(folder, "17", text);
	}
	getrusage(RUSAGE_SELF, &after);
	/* 50 times for the first name; 5000 for all of them. */
	assert_in_range(after.ru_nvcsw - before.ru_nvcsw, 1, NAMES * 50 / 2);
	close(lock);
	/* Now it is to be had, and nothing is left. */
	folder_unlink(folder, "17");
	close(fd);
	folder_close(folder);
}

/* The reason is that of making it, not that it is missing then. */
static void
cannot_be_made(void **state)
{
	struct folder *folder;
	char *problem;

	(void)state;
	if (mkdir("/sys/coap-shell", 0700) == 0) {
		rmdir("/sys/coap-shell");
		errno = 0;
	}
	if (errno != EPERM && errno != EACCES && errno != EROFS)
		skip_because("folders can be made in /sys, or there is none");
	setenv("XDG_RUNTIME_DIR", "/sys", 1);
	assert_int_equal(folder_open(true, &folder, &problem), STATUS_LOCAL);
	assert_null(folder);
	assert_non_null(problem);
	if (strstr(problem, strerror(ENOENT)))
		fail_msg("%s", problem);
	free(problem);
}

/* No lock is left beside what cannot be a socket. */
static void
no_path_of_a_socket(void **state)
{
	static const char *const ends[] = { "/", "/.", "/.." };
	const struct place *place = *state;
	char path[128];
	size_t i;

	for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(path, sizeof path, "%s%s", place->root, ends[i]);
		assert_int_equal(control_lock(path), -EISDIR);
		strcat(path, ".lock");
		assert_int_equal(access(path, F_OK), -1);
	}
	assert_int_equal(control_lock(""), -EISDIR);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(held_for_long, setup, teardown),
		cmocka_unit_test_setup_teardown(cannot_be_made, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(no_path_of_a_socket, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

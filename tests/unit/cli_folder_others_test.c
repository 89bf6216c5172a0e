/* SPDX-License-Identifier: BSD-2-Clause */
/* The folder of control sockets, with other processes and users in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/job.h"
#include "folder_support.h"
#include "skip.h"

#define NOBODY 65534

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
	struct fold *f = *state;
	struct race *race = race_new();
	pid_t pids[N_RACERS];
	char own[16];
	int round;

	fold_open_it(f);
	start_racers(race, claim_racer, pids);
	for (round = 0; round < N_ROUNDS; round++) {
		/* Three of four times somebody died with that name. */
		if (round % 4 != 0)
			fold_leave_dead(fold_at(f, "session/lamp"));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		snprintf(own, sizeof own, "%d", winner(race, -EEXIST));
		assert_true(fold_same_file(fold_at(f, own),
		    fold_at(f, "session/lamp")));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		assert_false(fold_is_there(fold_at(f, "session/lamp")));
	}
	end_racers(pids);
	race_free(race);
}

static void
listened_at_once(void **state)
{
	struct fold *f = *state;
	struct race *race = race_new();
	pid_t pids[N_RACERS];
	int round;

	fold_open_it(f);
	start_racers(race, listen_racer, pids);
	for (round = 0; round < N_ROUNDS; round++) {
		if (round % 4 != 0)
			fold_leave_dead(fold_at(f, "agent"));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		winner(race, -EADDRINUSE);
		fold_assert_lives(folder_connect(f->folder, "agent"));
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		assert_false(fold_is_there(fold_at(f, "agent")));
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
	struct fold *f = *state;
	struct race *race = race_new();
	pid_t pids[N_RACERS];
	int round, i;

	start_racers(race, open_racer, pids);
	for (round = 0; round < N_ROUNDS; round++) {
		pthread_barrier_wait(&race->barrier);
		pthread_barrier_wait(&race->barrier);
		for (i = 0; i < N_RACERS; i++)
			assert_int_equal(race->results[i], STATUS_OK);
		assert_int_equal(rmdir(fold_at(f, "session")), 0);
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
	struct fold *f = *state;
	struct stat st;
	int fd, other, status;
	pid_t child;

	skip_unless_root();
	assert_int_equal(mkdir(f->path, 0700), 0);
	assert_int_equal(chown(f->path, NOBODY, NOBODY), 0);
	fold_assert_refused(true, f->path, "another user (65534)");
	fold_assert_refused(false, f->path, "another user (65534)");
	assert_int_equal(chown(f->path, 0, 0), 0);
	assert_int_equal(mkdir(fold_at(f, "session"), 0700), 0);
	assert_int_equal(chown(fold_at(f, "session"), NOBODY, NOBODY), 0);
	fold_assert_refused(true, fold_at(f, "session"),
	    "another user (65534)");
	assert_int_equal(chown(fold_at(f, "session"), 0, 0), 0);
	fold_open_it(f);
	fd = fold_listen_as(f, "17");
	other = fold_listen_as(f, "18");
	assert_int_equal(folder_claim(f->folder, "18", "lamp"), 0);
	assert_int_equal(chown(fold_at(f, "18"), NOBODY, NOBODY), 0);
	assert_int_equal(folder_connect(f->folder, "18"), -EPERM);
	assert_int_equal(folder_connect_session(f->folder, "lamp"), -EPERM);
	assert_int_equal(folder_listen(f->folder, "18"), -EEXIST);
	assert_int_equal(folder_claim(f->folder, "17", "lamp"), -EPERM);
	assert_int_equal(control_connect(fold_at(f, "18")), -EPERM);
	assert_int_equal(control_listen(fold_at(f, "18")), -EEXIST);
	close(other);
	assert_int_equal(folder_connect(f->folder, "18"), -EPERM);
	assert_int_equal(folder_listen(f->folder, "18"), -EEXIST);
	assert_int_equal(lstat(fold_at(f, "18"), &st), 0);
	assert_int_equal(st.st_uid, NOBODY);
	fold_make_file(fold_at(f, "agent.lock"));
	assert_int_equal(chown(fold_at(f, "agent.lock"), NOBODY, NOBODY), 0);
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
	struct fold *f = *state;

	skip_unless_root();
	assert_int_equal(chown(f->root, NOBODY, NOBODY), 0);
	fold_assert_not_there();
	fold_assert_refused(true, "XDG_RUNTIME_DIR", "another user (65534)");
	assert_false(fold_is_there(f->path));
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		folder_test(claimed_at_once),
		folder_test(listened_at_once),
		folder_test(opened_at_once),
		folder_test(of_another_user),
		folder_test(runtime_of_another_user),
		folder_test(peers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

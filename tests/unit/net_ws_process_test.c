/* SPDX-License-Identifier: BSD-2-Clause */
/* WebSocket layers and what is the process's: memory, descriptors, signals,
 * children, the environment; and the end in every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <coap3/coap_debug.h>

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"
#include "skip.h"
#include "ws_support.h"

static int
setup(void **state)
{
	static int before[2];

	before[0] = net_open_fds();
	before[1] = (int)mem_outstanding();
	*state = before;
	return 0;
}

static int
teardown(void **state)
{
	const int *before = *state;

	assert_int_equal(net_open_fds(), before[0]);
	assert_int_equal(mem_outstanding(), before[1]);
	assert_null(*ws_shared_slot());
	return 0;
}

/* --- memory --------------------------------------------------------------- */

/* The n-th allocation fails: an error, and nothing is lost or left. */
static void
any_allocation_fails(void **state)
{
	struct ws_end a;
	size_t n;
	int forever, r, failures = 0;

	(void)state;
	for (forever = 0; forever < 2; forever++) {
		for (n = 1; n < 40; n++) {
			mem_fail_at(n, forever);
			r = ws_try_open(&a, false, 100000);
			mem_fail_at(0, 0);
			if (r == 0) {
				ws_end_free(&a);
				break;
			}
			assert_int_equal(r, -COAP_E_NOMEM);
			assert_false(a.below.destroyed);
			failures++;
		}
		assert_true(n > 3 && n < 40);
	}
	assert_true(failures > 6);
}

/* Where sending fails for want of memory nothing has been sent, and it can be
 * tried again. */
static void
sending_can_be_tried_again(void **state)
{
	static char data[20000];
	struct ws_end a, b;
	int i;

	(void)state;
	ws_pair_open(&a, &b);
	for (i = 1; i < 3; i++) {
		mem_fail_at((size_t)i, 0);
		assert_int_equal(layer_send(a.layer, data, sizeof data),
		    -COAP_E_NOMEM);
		mem_fail_at(0, 0);
		assert_int_equal(a.below.out.len, 0);
	}
	assert_int_equal(layer_send(a.layer, data, sizeof data), 0);
	ws_pair_move(&a, &b);
	ws_assert_message(&b, data, sizeof data);
	ws_end_free(&a);
	ws_end_free(&b);
}

/* A message that cannot be kept ends the session. */
static void
receiving_fails(void **state)
{
	static char data[20000];
	const uint8_t *message;
	struct ws_end a, b;
	ssize_t r = -1;
	size_t n;

	(void)state;
	for (n = 1; r < 0; n++) {
		ws_pair_open(&a, &b);
		assert_int_equal(layer_send(a.layer, data, sizeof data), 0);
		ws_pair_move(&a, &b);
		/* The layer below is to need no memory. */
		assert_int_equal(buf_reserve(&b.below.out, 1000), 0);
		mem_fail_at(n, 1);
		r = layer_message(b.layer, &message);
		if (r == -COAP_E_AGAIN)
			r = layer_message(b.layer, &message);
		mem_fail_at(0, 0);
		if (r < 0) {
			assert_int_equal(r, -COAP_E_NOMEM);
			ws_assert_sent_close(&b, 1011);
			ws_assert_says(&b, -COAP_E_NOMEM);
		}
		ws_end_free(&a);
		ws_end_free(&b);
	}
	assert_int_equal(r, sizeof data);
	assert_true(n > 3);
}

#define MANY 64

/* An idle session is small: our part of it and that of the library. */
static void
idle_sessions_are_small(void **state)
{
	struct ws_end clients[MANY], servers[MANY];
	struct mallinfo2 before, after;
	int i;

	(void)state;
	if (getenv("ASAN_OPTIONS") || mallinfo2().uordblks == 0)
		skip_because("the heap cannot be counted here");
	before = mallinfo2();
	for (i = 0; i < MANY; i++) {
		ws_pair_open(&clients[i], &servers[i]);
		assert_int_equal(layer_send(clients[i].layer, "x", 1), 0);
		ws_pair_move(&clients[i], &servers[i]);
		ws_assert_message(&servers[i], "x", 1);
		ws_assert_says(&servers[i], -COAP_E_AGAIN);
		ws_below_free(&clients[i].below);
		ws_below_free(&servers[i].below);
	}
	after = mallinfo2();
	print_message("# %zu bytes of heap for an idle session\n",
	    (after.uordblks - before.uordblks) / (2 * MANY));
	assert_true(after.uordblks - before.uordblks < 2 * MANY * 7 * 1024);
	for (i = 0; i < MANY; i++) {
		ws_end_free(&clients[i]);
		ws_end_free(&servers[i]);
	}
}

/* --- descriptors ---------------------------------------------------------- */

/* So many are free that the n-th thing that wants one gets none. */
static void
any_descriptor_is_missing(void **state)
{
	struct rlimit old, few;
	struct ws_end e;
	int fds[64];
	int server, n, r, i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 64;
	for (server = 0; server < 2; server++) {
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		for (i = 0; i < 64; i++)
			fds[i] = dup(2);
		for (r = -1, n = 0; n < 20 && r < 0; n++) {
			r = ws_try_open(&e, server, 1000);
			if (r < 0)
				assert_int_equal(r, -COAP_E_LIMIT);
			i = 63;
			while (fds[i] < 0)
				i--;
			close(fds[i]);
			fds[i] = -1;
		}
		for (i = 0; i < 64; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		setrlimit(RLIMIT_NOFILE, &old);
		assert_int_equal(r, 0);
		assert_true(n > 3);
		ws_end_free(&e);
	}
}

/* The limit is low when the first session comes, and is raised. */
static void
the_limit_is_raised(void **state)
{
	struct rlimit old, few;
	struct ws_end a, b;
	int fds[100];
	size_t i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = 50;
	setrlimit(RLIMIT_NOFILE, &few);
	ws_server_open(&a);
	setrlimit(RLIMIT_NOFILE, &old);
	for (i = 0; i < 100; i++)
		fds[i] = dup(2);
	ws_server_open(&b);
	ws_frame(&b, true, 0x82, "x", 1);
	ws_assert_message(&b, "x", 1);
	ws_end_free(&b);
	ws_frame(&a, true, 0x82, "x", 1);
	ws_assert_message(&a, "x", 1);
	ws_end_free(&a);
	for (i = 0; i < 100; i++)
		close(fds[i]);
}

/* More than FD_SETSIZE of them, in many shards. */
static void
many_descriptors(void **state)
{
	enum {
		N = 600
	};
	struct rlimit old, more;
	struct ws_end *ends = calloc(2 * N, sizeof *ends);
	int i;

	(void)state;
	assert_non_null(ends);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	more = old;
	more.rlim_cur = 4096;
	if (more.rlim_max != RLIM_INFINITY && more.rlim_max < 4096)
		skip_because("the limit of descriptors is too low");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
	for (i = 0; i < N; i++)
		ws_pair_open(&ends[2 * i], &ends[2 * i + 1]);
	assert_true(net_open_fds() > 4 * N);
	for (i = 0; i < N; i++)
		assert_int_equal(layer_send(ends[2 * i].layer, &i, sizeof i),
		    0);
	for (i = 0; i < N; i++) {
		ws_pair_move(&ends[2 * i], &ends[2 * i + 1]);
		ws_assert_message(&ends[2 * i + 1], &i, sizeof i);
	}
	/* In another order than they came. */
	for (i = 0; i < 2 * N; i += 3)
		ws_end_free(&ends[i]);
	ws_pair_open(&ends[0], &ends[3]);
	assert_int_equal(layer_send(ends[0].layer, "x", 1), 0);
	ws_pair_move(&ends[0], &ends[3]);
	ws_assert_message(&ends[3], "x", 1);
	ws_end_free(&ends[0]);
	ws_end_free(&ends[3]);
	for (i = 0; i < 2 * N; i++)
		if (i % 3 != 0)
			ws_end_free(&ends[i]);
	free(ends);
	setrlimit(RLIMIT_NOFILE, &old);
}

static void
descriptors_are_closed_on_exec(void **state)
{
	struct ws_end a, b;
	bool old[100];
	int fd, flags, n = 0;

	(void)state;
	for (fd = 0; fd < 100; fd++)
		old[fd] = fcntl(fd, F_GETFD) >= 0;
	ws_pair_open(&a, &b);
	for (fd = 0; fd < 100; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (old[fd] || flags < 0)
			continue;
		n++;
		if (!(flags & FD_CLOEXEC))
			fail_msg("descriptor %d", fd);
	}
	assert_true(n >= 4);
	ws_end_free(&a);
	ws_end_free(&b);
}

/* --- the end in every state ----------------------------------------------- */

static void
destroyed_in_any_state(void **state)
{
	struct ws_end a, b;
	char data[4000] = { 0 };
	int step, closed;

	(void)state;
	for (step = 0; step < 16; step++) {
		for (closed = 0; closed < 2; closed++) {
			ws_end_open(&a, false);
			ws_end_open(&b, true);
			if (step > 0)
				layer_connect(a.layer);
			if (step == 1)
				a.below.out.len /= 2;
			ws_pair_move(&a, &b);
			if (step > 0)
				layer_connect(b.layer);
			if (step == 2)
				b.below.out.len /= 2;
			if (step > 1) {
				ws_pair_move(&a, &b);
				layer_connect(a.layer);
			}
			if (step == 3)
				ws_frame(&b, true, 0x02, data, sizeof data);
			if (step == 4)
				ws_frame(&b, true, 0x89, data, 10);
			if (step == 5)
				ws_frame(&b, false, 0x89, data, 10);
			if (step == 6)
				ws_frame(&b, true, 0x88, "", 0);
			if (step == 7 || step == 9)
				b.below.room = 0;
			if (step == 7)
				ws_frame(&b, true, 0x89, data, 10);
			if (step == 8)
				b.below.in.len /= 2;
			if (step > 8 && step < 12)
				layer_send(b.layer, data, sizeof data);
			if (step == 10)
				layer_close(b.layer);
			if (step == 11)
				layer_close(a.layer);
			if (step == 12)
				a.below.send_err = b.below.recv_err =
				    -COAP_E_RESET;
			if (step > 9)
				ws_pair_move(&a, &b);
			if (step > 2) {
				const uint8_t *message;

				layer_message(b.layer, &message);
				layer_message(a.layer, &message);
			}
			if (closed) {
				layer_close(a.layer);
				layer_close(b.layer);
			}
			if (step > 13) {
				ws_pair_move(&a, &b);
				layer_timer(a.layer, ws_now + 10000);
				layer_timer(b.layer, ws_now + 10000);
			}
			ws_end_free(step & 1 ? &a : &b);
			ws_end_free(step & 1 ? &b : &a);
		}
	}
}

/* A layer that shares nothing with others. */
static void
nothing_shared(void **state)
{
	struct layer_ws_params p = {
		.server = true,
		.max_message = 1000,
	};
	struct ws_below b;
	struct layer *l = NULL;

	(void)state;
	ws_below_init(&b);
	assert_int_equal(layer_ws_new(&b.layer, &p, &l), 0);
	assert_int_equal(layer_connect(l), -COAP_E_AGAIN);
	assert_null(*ws_shared_slot());
	layer_free(l);
	ws_below_free(&b);
}

/* --- the process ---------------------------------------------------------- */

static void
on_pipe(int signal_number)
{
	(void)signal_number;
}

static void
sigpipe_stays(void **state)
{
	static void (*const handlers[])(int) = { SIG_DFL, SIG_IGN, on_pipe };
	struct sigaction now;
	struct ws_end e;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		signal(SIGPIPE, handlers[i]);
		ws_end_open(&e, i & 1);
		assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
		assert_true(now.sa_handler == handlers[i]);
		ws_end_free(&e);
		assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
		assert_true(now.sa_handler == handlers[i]);
	}
	signal(SIGPIPE, SIG_DFL);
}

/* And it is never raised: each end goes while the other still writes. */
static void
sigpipe_is_not_raised(void **state)
{
	struct ws_end e;

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	ws_end_open(&e, true);
	ws_below_say(&e.below, "GET / HTTP/1.1\r\n\r\n");
	assert_int_equal(layer_connect(e.layer), -COAP_E_WS_UPGRADE);
	ws_below_say(&e.below, "GET / HTTP/1.1\r\n\r\n");
	assert_int_equal(layer_connect(e.layer), -COAP_E_WS_UPGRADE);
	ws_end_free(&e);
	ws_client_open(&e);
	ws_frame(&e, false, 0x88, "", 0);
	ws_frame(&e, false, 0x89, "late", 4);
	ws_assert_says(&e, 0);
	layer_close(e.layer);
	ws_end_free(&e);
}

/* A child that goes away, or frees what it has, does not disturb the parent. */
static void
child_leaves_the_parent_alone(void **state)
{
	struct ws_end a, b, c;
	int status = -1;
	pid_t pid;

	(void)state;
	ws_pair_open(&a, &b);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int bad = layer_send(a.layer, "child", 5) == 0;

		bad |= ws_try_open(&c, true, 1000) != -COAP_E_STATE;
		layer_close(a.layer);
		layer_free(a.layer);
		layer_free(b.layer);
		bad |= *ws_shared_slot() != NULL;
		bad |= ws_try_open(&c, true, 1000) != 0;
		_exit(bad);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(layer_send(a.layer, "parent", 6), 0);
	ws_pair_move(&a, &b);
	ws_assert_message(&b, "parent", 6);
	assert_int_equal(layer_send(b.layer, "parent", 6), 0);
	ws_pair_move(&a, &b);
	ws_assert_message(&a, "parent", 6);
	ws_end_free(&a);
	ws_end_free(&b);
}

static char logged[4096];

static void
on_log(coap_log_t level, const char *message)
{
	assert_int_equal(level, COAP_LOG_DEBUG);
	strncat(logged, message, sizeof logged - strlen(logged) - 1);
}

/* What the library says goes to our log, and nowhere else. */
static void
library_is_quiet(void **state)
{
	int saved = dup(2);
	int pipes[2];
	char text[100];
	struct ws_end e;
	int level;

	(void)state;
	assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
	dup2(pipes[1], 2);
	coap_set_log_handler(on_log);
	for (level = COAP_LOG_WARN; level <= COAP_LOG_DEBUG; level += 3) {
		logged[0] = '\0';
		coap_set_log_level((coap_log_t)level);
		ws_end_open(&e, true);
		ws_request(&e, "Connection", "Connection: x");
		assert_int_equal(layer_connect(e.layer), -COAP_E_WS_UPGRADE);
		ws_end_free(&e);
		ws_end_open(&e, false);
		layer_connect(e.layer);
		ws_response(&e, "Upgrade", "Upgrade: x");
		assert_int_equal(layer_connect(e.layer), -COAP_E_WS_UPGRADE);
		ws_end_free(&e);
		assert_true((strstr(logged, "WebSocket: ") != NULL) ==
		    (level == COAP_LOG_DEBUG));
	}
	coap_set_log_handler(NULL);
	coap_set_log_level(COAP_LOG_WARN);
	dup2(saved, 2);
	close(saved);
	close(pipes[1]);
	assert_int_equal(read(pipes[0], text, sizeof text), 0);
	close(pipes[0]);
}

/* --- the client's listener ------------------------------------------------ */

/* So many connections of another process come first, at each listen(). */
static int intrusions;
static int intrusions_left; /* listeners that are intruded on */

static void
intrude(int listener)
{
	struct sockaddr_un a;
	socklen_t len = sizeof a;
	int i, fd;

	if (getsockname(listener, (struct sockaddr *)&a, &len) < 0)
		_exit(1);
	for (i = 0; i < intrusions; i++) {
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		if (connect(fd, (struct sockaddr *)&a, len) < 0)
			_exit(i == 0);
	}
	_exit(0);
}

/* In place of the C library's: what is listened to has visitors at once. */
int
listen(int fd, int n) /* NOLINT(readability-inconsistent-declaration*) */
{
	int r = (int)syscall(SYS_listen, fd, n);
	int status = 0;
	pid_t pid;

	if (r < 0 || intrusions_left == 0)
		return r;
	intrusions_left--;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		intrude(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return r;
}

/* Other processes may connect to it: they are not taken for the library. */
static void
intruders(void **state)
{
	struct ws_end e;

	(void)state;
	intrusions = 5;
	intrusions_left = 1;
	ws_client_open(&e);
	ws_end_free(&e);
	assert_int_equal(intrusions_left, 0);
	/* So many that the library is not let in; then it tries another. */
	intrusions = 100;
	intrusions_left = 2;
	ws_client_open(&e);
	ws_end_free(&e);
	assert_int_equal(intrusions_left, 0);
	intrusions_left = 1000;
	assert_int_equal(ws_try_open(&e, false, 1000), -COAP_E_LIMIT);
	assert_true(intrusions_left > 990);
	intrusions_left = 0;
}

/* --- threads -------------------------------------------------------------- */

static void *
work(void *arg)
{
	struct ws_shared *shared = NULL;
	struct layer_ws_params p = {
		.shared = &shared,
		.host = "a",
		.max_message = 1000,
	};
	struct ws_below b;
	struct layer *l;
	int i;
	intptr_t bad = 0;

	(void)arg;
	for (i = 0; i < 50; i++) {
		p.server = i & 1;
		ws_below_init(&b);
		if (layer_ws_new(&b.layer, &p, &l) != 0)
			return (void *)1;
		bad |= layer_connect(l) != -COAP_E_AGAIN;
		layer_free(l);
		ws_below_free(&b);
		bad |= shared != NULL;
	}
	return (void *)bad;
}

/* Contexts of several threads do not meet; SIGPIPE is the process's. */
static void
threads_do_not_meet(void **state)
{
	pthread_t threads[4];
	struct sigaction now;
	void *bad = NULL;
	int i;

	(void)state;
	signal(SIGPIPE, SIG_DFL);
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, work, NULL),
		    0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_allocation_fails),
		cmocka_unit_test(sending_can_be_tried_again),
		cmocka_unit_test(receiving_fails),
		cmocka_unit_test(idle_sessions_are_small),
		cmocka_unit_test(any_descriptor_is_missing),
		cmocka_unit_test(the_limit_is_raised),
		cmocka_unit_test(many_descriptors),
		cmocka_unit_test(descriptors_are_closed_on_exec),
		cmocka_unit_test(destroyed_in_any_state),
		cmocka_unit_test(nothing_shared),
		cmocka_unit_test(sigpipe_stays),
		cmocka_unit_test(sigpipe_is_not_raised),
		cmocka_unit_test(child_leaves_the_parent_alone),
		cmocka_unit_test(library_is_quiet),
		cmocka_unit_test(intruders),
		cmocka_unit_test(threads_do_not_meet),
	};

	if (ws_missing())
		return 0;
	return cmocka_run_group_tests(tests, setup, teardown);
}

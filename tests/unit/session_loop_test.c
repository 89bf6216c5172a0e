/* SPDX-License-Identifier: BSD-2-Clause */
/* The loop: a foreign poll(2), timers and watches of the application, waking
 * from another thread. */
#include "session_support.h"
#include "skip.h"

#include <poll.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static uint64_t
real_clock(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* A foreign loop: it calls the library only when the descriptor says so. */
static void
foreign_loop(const char *until)
{
	struct pollfd p[2] = {
		{ .fd = coap_context_get_coap_fd(w.client), .events = POLLIN },
		{ .fd = coap_context_get_coap_fd(w.server), .events = POLLIN },
	};

	assert_true(p[0].fd >= 0);
	assert_int_equal(coap_context_get_coap_fd(w.client), p[0].fd);
	while (!strstr(w.log, until)) {
		assert_true(poll(p, 2, NET_HUNG_MS) > 0);
		if (p[0].revents)
			coap_io_process(w.client, COAP_IO_NO_WAIT);
		if (p[1].revents)
			coap_io_do_epoll(w.server, NULL, 0);
	}
}

static void
foreign_loop_drives_all(void **state)
{
	coap_address_t silent;
	coap_session_t *s, *t, *u;
	int fd = world_raw(SOCK_DGRAM, &silent);

	(void)state;
	w.client->clock = w.server->clock = real_clock;
	assert_true(coap_context_get_coap_fd(w.client) >= 0);
	s = world_session(UDP);
	foreign_loop("C SESSION_CONNECTED\n"); /* a timer */
	world_send(s, CON, 'a');
	foreign_loop("C 2.05 a");
	t = world_session(TCP);
	world_send(t, CON, 'b');
	foreign_loop("C 2.05 b");
	u = coap_new_client_session(w.client, NULL, &silent, UDP);
	coap_session_set_ack_timeout(u, (coap_fixed_point_t){ 0, 5 });
	coap_session_set_max_retransmit(u, 2);
	world_request(u, CON, 'c', 0, 0, NULL);
	foreign_loop("C result c -18");
	assert_int_equal(world_count("C again c"), 2);
	/* These change a timer from outside of the loop. */
	coap_session_set_ack_timeout(s, (coap_fixed_point_t){ 0, 5 });
	world_request(u, CON, 'd', 30, 0, NULL);
	foreign_loop("C result d -11");
	coap_session_release(u);
	coap_session_release(t);
	coap_session_release(s);
	close(fd);
}

static void
foreign_loop_is_quiet_when_nothing_happens(void **state)
{
	struct pollfd p = { .events = POLLIN };
	coap_session_t *s = world_connected(UDP);

	(void)state;
	p.fd = coap_context_get_coap_fd(w.client);
	coap_io_process(w.client, COAP_IO_NO_WAIT);
	assert_int_equal(poll(&p, 1, 0), 0);
	coapx_wake(w.client);
	assert_int_equal(poll(&p, 1, 0), 1);
	coap_io_process(w.client, COAP_IO_NO_WAIT);
	assert_int_equal(poll(&p, 1, 0), 0);
	coap_session_release(s);
}

static void
time_until_the_next_timer(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coap_tick_t now = w.now_us / 1000;
	unsigned n = 7;

	(void)state;
	assert_int_equal(coap_io_prepare_epoll(w.client, now), 0);
	coapx_session_set_keepalive(s, 10);
	assert_int_equal(coap_io_prepare_epoll(w.client, now), 10000);
	assert_int_equal(coap_io_prepare_io(w.client, NULL, 0, &n, now), 10000);
	assert_int_equal(n, 0);
	assert_int_equal(coap_io_prepare_epoll(w.client, now + 20000), 1);
	assert_int_equal(coap_io_prepare_epoll(NULL, now), 0);
	coap_session_release(s);
}

/* --- threads -------------------------------------------------------------- */

static coap_response_t
count_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	unsigned *n = coap_session_get_app_data(session);

	(void)sent;
	(void)received;
	(void)mid;
	(*n)++;
	return COAP_RESPONSE_OK;
}

/* A whole world in one thread; the result is how much of it worked. */
static void *
thread_main(void *arg)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_context_t *server = coap_new_context(&any);
	coap_context_t *client = coap_new_context(NULL);
	coap_session_t *s;
	coap_pdu_t *pdu;
	unsigned *n = arg;
	unsigned i, j;
	char text[200];

	coap_register_response_handler(client, count_response);
	s = coap_new_client_session(client, NULL,
	    coapx_endpoint_get_address(server->endpoints), UDP);
	coap_session_set_app_data(s, n);
	snprintf(text, sizeof text, "%s", coap_session_str(s));
	for (i = 0; i < 50; i++) {
		pdu = coap_new_pdu(CON, COAP_REQUEST_CODE_GET, s);
		coap_add_token(pdu, 1, (const uint8_t *)"a");
		coap_send(s, pdu);
		for (j = 0; j < 100000 && *n == i; j++) {
			coap_io_process(client, COAP_IO_NO_WAIT);
			coap_io_process(server, COAP_IO_NO_WAIT);
		}
		if (strcmp(coap_session_str(s), text) != 0)
			break;
	}
	coap_session_release(s);
	coap_free_context(client);
	coap_free_context(server);
	return NULL;
}

/* "Contexts are independent; coap_session_str() uses thread-local storage." */
static void
contexts_in_threads(void **state)
{
	pthread_t threads[4];
	unsigned n[4] = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, thread_main,
				     &n[i]),
		    0);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(n[i], 50);
	}
}

/* --- coap_io_process() ---------------------------------------------------- */

static void *
wake_thread(void *arg)
{
	coapx_wake(arg);
	return NULL;
}

static void
wake_from_a_thread(void **state)
{
	pthread_t thread;

	(void)state;
	w.client->clock = real_clock;
	assert_int_equal(pthread_create(&thread, NULL, wake_thread, w.client),
	    0);
	/* Without the wake it would wait for ever. */
	assert_true(coap_io_process(w.client, COAP_IO_WAIT) >= 0);
	pthread_join(thread, NULL);
}

static void
set_flag(coapx_timer_t *timer, void *arg)
{
	(void)timer;
	(*(int *)arg)++;
}

static void
returns_what_it_took(void **state)
{
	coapx_timer_t *timer;
	uint64_t before, took;
	int fired = 0;
	int r;

	(void)state;
	w.client->clock = real_clock;
	assert_int_equal(coap_io_process(w.client, COAP_IO_NO_WAIT), 0);
	before = real_clock(NULL);
	r = coap_io_process(w.client, 30);
	took = (real_clock(NULL) - before) / 1000;
	assert_true(r >= 29 && (uint64_t)r <= took);
	/* A timer ends the wait. */
	timer = coapx_timer_new(w.client, set_flag, &fired);
	coapx_timer_set(timer, 20);
	r = coap_io_process(w.client, 20000);
	assert_true(r >= 19 && r < 20000);
	assert_int_equal(fired, 1);
	coapx_timer_set(timer, 20);
	assert_true(coap_io_process(w.client, COAP_IO_WAIT) >= 19);
	assert_int_equal(fired, 2);
	/* What is due already is done and nothing is waited for. */
	coapx_timer_set(timer, 0);
	assert_true(coap_io_process(w.client, COAP_IO_WAIT) < 20000);
	assert_int_equal(fired, 3);
	coapx_timer_free(timer);
}

static void
with_descriptors_of_the_application(void **state)
{
	fd_set set;
	int fds[2];

	(void)state;
	w.client->clock = real_clock;
	assert_int_equal(pipe(fds), 0);
	FD_ZERO(&set);
	FD_SET(fds[0], &set);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_true(coap_io_process_with_fds(w.client, COAP_IO_WAIT, fds[0] + 1,
			&set, NULL, NULL) >= 0);
	assert_true(FD_ISSET(fds[0], &set));
	assert_true(coap_io_process_with_fds(w.client, COAP_IO_NO_WAIT, 0, NULL,
			NULL, NULL) >= 0);
	close(fds[0]);
	close(fds[1]);
}

static void
hook_free_context(coap_session_t *session, const char *line)
{
	(void)session;
	if (strcmp(line, "SESSION_CONNECTED") == 0) {
		coap_free_context(w.client);
		w.client = NULL;
	}
}

static void
context_freed_inside_each_form(void **state)
{
	int i;

	for (i = 0; i < 3; i++) {
		world_session(UDP);
		w.hook = hook_free_context;
		if (i == 0)
			assert_true(
			    coap_io_process_with_fds(w.client, COAP_IO_NO_WAIT,
				0, NULL, NULL, NULL) >= 0);
		else if (i == 1)
			coap_io_do_io(w.client, 0);
		else
			assert_int_equal(coap_io_process(w.client,
					     COAP_IO_WAIT),
			    0);
		assert_null(w.client);
		world_down(state);
		world_up(state);
	}
}

/* --- timers and watches --------------------------------------------------- */

static void
free_timer(coapx_timer_t *timer, void *arg)
{
	coapx_timer_t **all = arg;
	int i;

	(void)timer;
	for (i = 0; i < 3; i++)
		coapx_timer_free(all[i]);
	all[0] = NULL;
}

static void
timers_freed_in_their_own_call(void **state)
{
	coapx_timer_t *all[3];
	int fired = 0;
	int i;

	(void)state;
	for (i = 0; i < 3; i++) {
		all[i] = coapx_timer_new(w.client, free_timer, all);
		coapx_timer_set(all[i], 5);
	}
	world_advance(10);
	assert_null(all[0]);
	assert_null(w.client->app_timers);
	coapx_timer_free(NULL);
	coapx_timer_set(NULL, 1);
	coapx_timer_stop(NULL);
	assert_null(coapx_timer_new(NULL, free_timer, NULL));
	assert_null(coapx_timer_new(w.client, NULL, NULL));
	all[0] = coapx_timer_new(w.client, set_flag, &fired);
	coapx_timer_set(all[0], 5);
	coapx_timer_stop(all[0]);
	world_advance(10);
	assert_int_equal(fired, 0);
	coapx_timer_set(all[0], UINT64_MAX); /* never, and no overflow */
	world_advance(10);
	assert_int_equal(fired, 0);
	coapx_timer_set(all[0], 100);
	coapx_timer_set(all[0], 5); /* again moves it */
	world_advance(10);
	assert_int_equal(fired, 1);
	/* Left to the context. */
}

static void
set_again(coapx_timer_t *timer, void *arg)
{
	if (++*(int *)arg < 5)
		coapx_timer_set(timer, 10);
}

static void
timer_set_in_its_own_call(void **state)
{
	int n = 0;
	coapx_timer_t *t = coapx_timer_new(w.client, set_again, &n);

	(void)state;
	coapx_timer_set(t, 10);
	world_advance(35);
	assert_int_equal(n, 3);
	world_advance(100);
	assert_int_equal(n, 5);
}

static coapx_watch_t *watches[2];
static int called;

static void
free_watches(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	(void)watch;
	(void)fd;
	assert_int_equal(what, COAPX_READ);
	assert_ptr_equal(arg, watches);
	called++;
	coapx_watch_free(watches[0]);
	coapx_watch_free(watches[1]);
}

static void
watches_freed_in_their_own_call(void **state)
{
	int fds[2][2];
	int i;

	(void)state;
	called = 0;
	for (i = 0; i < 2; i++) {
		assert_int_equal(pipe(fds[i]), 0);
		watches[i] = coapx_watch_new(w.client, fds[i][0], COAPX_READ,
		    free_watches, watches, NULL);
		assert_non_null(watches[i]);
		assert_int_equal(write(fds[i][1], "x", 1), 1);
	}
	world_settle();
	assert_int_equal(called, 1);
	assert_null(w.client->app_watches);
	for (i = 0; i < 4; i++)
		close(fds[i / 2][i % 2]);
}

static void
count_call(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	(void)watch;
	(void)fd;
	called++;
	*(unsigned *)arg = what;
}

static void
watching(void **state)
{
	unsigned what = 0;
	coapx_watch_t *watch;
	int fds[2];
	int err = 0;
	FILE *file = tmpfile();

	(void)state;
	assert_int_equal(pipe(fds), 0);
	called = 0;
	watch = coapx_watch_new(w.client, fds[1], COAPX_WRITE, count_call,
	    &what, &err);
	coap_io_process(w.client, COAP_IO_NO_WAIT);
	assert_int_equal(what, COAPX_WRITE);
	assert_int_equal(called, 1);
	assert_int_equal(coapx_watch_set(watch, 0), 0);
	coap_io_process(w.client, COAP_IO_NO_WAIT);
	assert_int_equal(called, 1);
	assert_int_equal(coapx_watch_set(watch, COAPX_WRITE), 0);
	close(fds[0]); /* an error is told as readable, too */
	coap_io_process(w.client, COAP_IO_NO_WAIT);
	assert_true(what & COAPX_READ);
	coapx_watch_free(watch);
	coapx_watch_free(NULL);
	assert_int_equal(coapx_watch_set(NULL, 0), -COAP_E_INVAL);
	/* "a regular file: *err is -COAP_E_PERM" */
	assert_null(coapx_watch_new(w.client, fileno(file), COAPX_READ,
	    count_call, &what, &err));
	assert_int_equal(err, -COAP_E_PERM);
	assert_null(
	    coapx_watch_new(NULL, 1, COAPX_READ, count_call, &what, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	mem_fail_at(1, 0);
	assert_null(coapx_watch_new(w.client, fds[1], COAPX_READ, count_call,
	    &what, &err));
	assert_int_equal(err, -COAP_E_NOMEM);
	fclose(file);
	close(fds[1]);
}

/* More descriptors than select(2) knows. */
static void
many_descriptors(void **state)
{
	enum {
		N = 1100
	};
	static coap_session_t *s[N];
	struct rlimit limit;
	unsigned i;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < N + 100)
		skip_because("the limit of descriptors is too low");
	limit.rlim_cur = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	w.quiet = true;
	for (i = 0; i < N; i++) {
		s[i] = world_session(UDP);
		world_send(s[i], CON, 'a');
		if (i % 50 == 0)
			world_settle();
	}
	WORLD_UNTIL(w.requests == N);
	world_settle();
	for (i = 0; i < N; i++) {
		assert_int_equal(s[i]->stats.rx, 1);
		coap_session_release(s[i]);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(foreign_loop_drives_all),
		T(foreign_loop_is_quiet_when_nothing_happens),
		T(time_until_the_next_timer),
		T(contexts_in_threads),
		T(wake_from_a_thread),
		T(returns_what_it_took),
		T(with_descriptors_of_the_application),
		T(context_freed_inside_each_form),
		T(timers_freed_in_their_own_call),
		T(timer_set_in_its_own_call),
		T(watches_freed_in_their_own_call),
		T(watching),
		T(many_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

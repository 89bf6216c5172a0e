/* SPDX-License-Identifier: BSD-2-Clause */
/* What a device lists, kept with its session: put, asked for, and forgotten. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "cli/session/known.h"
#include "control_user.h"

/* Seconds that the time of day is ahead. */
static volatile time_t ahead_s;

__attribute__((visibility("default"))) int known_test_gettime(clockid_t id,
    struct timespec *now) __asm__("clock_gettime");

int
known_test_gettime(clockid_t id, struct timespec *now)
{
	long result = syscall(SYS_clock_gettime, id, now);

	if (id == CLOCK_REALTIME)
		now->tv_sec += ahead_s;
	return (int)result;
}

/* A device in this process, and a session to it. */
static int
setup(void **state)
{
	struct control_user *u = calloc(1, sizeof(*u));
	char line[160];

	*state = u;
	ahead_s = 0;
	control_user_open(u);
	u->app.keep = true;
	u->app.control.off = true;
	assert_int_equal(control_user_run(u, "serve coap://127.0.0.1:0"), 0);
	snprintf(line, sizeof(line), "open %s --name lamp",
	    u->app.listeners->uri);
	assert_int_equal(control_user_run(u, line), 0);
	return 0;
}

static int
teardown(void **state)
{
	struct control_user *u = *state;

	control_user_close(u);
	free(u);
	return 0;
}

static struct named *
lamp(const struct control_user *u)
{
	struct named *named =
	    app_find((struct app *)(uintptr_t)&u->app, "lamp");

	assert_non_null(named);
	return named;
}

static void
assert_text(const struct named *named, const char *expected)
{
	size_t len = 1;
	const char *text = known_text(named, &len);

	assert_int_equal(len, expected ? strlen(expected) : 0);
	if (!expected)
		assert_null(text);
	else
		assert_string_equal(text, expected);
}

/* Messages that the session has sent. */
static long
sent(struct control_user *u)
{
	assert_int_equal(control_user_run(u, "session get stats.tx lamp"), 0);
	return strtol(u->out.s, NULL, 10);
}

static void
await(struct control_user *u)
{
	while (known_is_asked(lamp(u)))
		app_step(&u->app, -1);
}

/* --- the tests ------------------------------------------------------------ */

static void
the_newest_is_kept(void **state)
{
	struct named named = { .known = NULL };
	char *long_one = calloc(1, KNOWN_MAX + 1);

	(void)state;
	assert_non_null(long_one);
	assert_text(&named, NULL);
	assert_false(known_is_fresh(&named));
	assert_false(known_is_asked(&named));
	known_put(&named, "</a>", 4);
	assert_text(&named, "</a>");
	known_put(&named, "</b>,</c>", 4);
	assert_text(&named, "</b>");
	/* One that is too long leaves what there is. */
	memset(long_one, 'x', KNOWN_MAX + 1);
	known_put(&named, long_one, KNOWN_MAX + 1);
	assert_text(&named, "</b>");
	known_put(&named, long_one, KNOWN_MAX);
	assert_memory_equal(known_text(&named, &(size_t){ 0 }), long_one,
	    KNOWN_MAX);
	/* A device may list nothing, and that is known then. */
	known_put(&named, NULL, 0);
	assert_text(&named, "");
	assert_true(known_is_fresh(&named));
	known_free(named.known);
	known_free(NULL);
	free(long_one);
}

static void
it_is_fresh_for_a_minute(void **state)
{
	struct named named = { .known = NULL };

	(void)state;
	ahead_s = 0;
	known_put(&named, "</a>", 4);
	assert_true(known_is_fresh(&named));
	ahead_s = KNOWN_MS / 1000 - 30;
	assert_true(known_is_fresh(&named));
	ahead_s = KNOWN_MS / 1000;
	assert_false(known_is_fresh(&named));
	/* What is old is better than nothing. */
	assert_text(&named, "</a>");
	/* The clock was set back. */
	ahead_s = -10;
	assert_false(known_is_fresh(&named));
	ahead_s = 0;
	known_free(named.known);
}

static void
it_is_asked_for_once(void **state)
{
	struct control_user *u = *state;
	long before = sent(u);
	size_t len;

	assert_false(known_is_asked(lamp(u)));
	assert_true(known_ask(lamp(u)));
	assert_true(known_is_asked(lamp(u)));
	assert_true(known_ask(lamp(u)));
	assert_text(lamp(u), NULL);
	await(u);
	assert_true(known_is_fresh(lamp(u)));
	assert_non_null(strstr(known_text(lamp(u), &len), "</hello>"));
	/* As long as it is fresh nobody is asked; afterwards they are. */
	assert_false(known_ask(lamp(u)));
	assert_false(known_is_asked(lamp(u)));
	ahead_s = KNOWN_MS / 1000;
	known_put(lamp(u), "</old>", 6);
	ahead_s = 2 * KNOWN_MS / 1000;
	before = sent(u);
	assert_true(known_ask(lamp(u)));
	assert_text(lamp(u), "</old>");
	await(u);
	assert_non_null(strstr(known_text(lamp(u), &len), "</hello>"));
	assert_true(sent(u) > before);
}

static int
listen_silently(unsigned *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

/* Only a client asks, and only where a session stands. */
static void
not_everybody_is_asked(void **state)
{
	struct control_user *u = *state;
	struct named *named;
	size_t servers = 0;
	unsigned port;
	char line[80];
	int fd;

	assert_int_equal(control_user_run(u, "get lamp:/hello"), 0);
	for (named = u->app.sessions; named; named = named->next) {
		if (coap_session_get_type(named->session) ==
		    COAP_SESSION_TYPE_CLIENT)
			continue;
		servers++;
		assert_false(known_ask(named));
		assert_false(known_is_asked(named));
	}
	/* One that does not stand yet: nobody answers. */
	fd = listen_silently(&port);
	snprintf(line, sizeof(line),
	    "open coap+tcp://127.0.0.1:%u --name silent --wait csm", port);
	assert_int_equal(control_user_run(u, line), 0);
	named = app_find(&u->app, "silent");
	assert_non_null(named);
	assert_false(known_ask(named));
	assert_int_equal(control_user_run(u, "disconnect silent"), 0);
	close(fd);
	assert_true(servers > 0);
}

/* Who closes the session does not wait for its answer. */
static void
a_session_goes_while_it_is_asked(void **state)
{
	struct control_user *u = *state;

	assert_true(known_ask(lamp(u)));
	assert_int_equal(control_user_run(u, "close lamp"), 0);
	assert_null(app_find(&u->app, "lamp"));
}

/* discover keeps what it lists, unless it asked for a part. */
static void
discover_keeps_it(void **state)
{
	struct control_user *u = *state;
	long before;

	assert_int_equal(control_user_run(u, "discover lamp: --rt time"), 0);
	assert_text(lamp(u), NULL);
	assert_int_equal(control_user_run(u, "discover lamp:"), 0);
	assert_true(known_is_fresh(lamp(u)));
	before = sent(u);
	assert_int_equal(control_user_run(u,
			     "discover lamp: --known --rt time"),
	    0);
	assert_non_null(strstr(u->out.s, "/time\t"));
	assert_null(strstr(u->out.s, "/hello"));
	assert_int_equal(sent(u), before);
	assert_int_equal(control_user_run(u, "discover lamp:"), 0);
	assert_true(sent(u) > before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_is_kept),
		cmocka_unit_test(it_is_fresh_for_a_minute),
		cmocka_unit_test_setup_teardown(it_is_asked_for_once, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(not_everybody_is_asked, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    a_session_goes_while_it_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(discover_keeps_it, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

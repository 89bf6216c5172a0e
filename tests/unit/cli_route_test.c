/* SPDX-License-Identifier: BSD-2-Clause */
/* Which process a command is for, by its words and by what is where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control/route.h"
#include "cli/words/script.h"
#include "control_user.h"

#define WORDS 16

/* lamp and door are this test's, as another process; bulb is a child's. */
struct fixture {
	struct control_user user;
	pid_t child;
};

/* What this process has. */
enum where {
	NOTHING,
	AWAY,        /* lamp is current */
	HERE,        /* a session "here", current, and a listener "ear" */
	INTERACTIVE, /* a prompt without sessions */
	OFF,         /* --no-agent */
	PATH,        /* --control of the first process */
	GUEST,       /* for another process */
};

/* --- the other processes ------------------------------------------------- */

static void __attribute__((noreturn)) be_owner(struct folder *folder, int ready)
{
	int fd = folder_listen(folder, "200");
	bool good = fd >= 0 && folder_claim(folder, "200", "bulb") == 0 &&
	    write(ready, "R", 1) == 1;

	if (good)
		pause();
	_exit(1);
}

static int
setup(void **state)
{
	static const char *const names[] = { "lamp", "door", NULL };
	struct fixture *f = calloc(1, sizeof *f);
	int ready[2];
	char byte;

	*state = f;
	control_user_open(&f->user);
	control_user_listen(&f->user, 0, names);
	assert_int_equal(pipe(ready), 0);
	f->child = fork();
	if (f->child == 0)
		be_owner(f->user.folder, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	if (f->child > 0) {
		kill(f->child, SIGKILL);
		waitpid(f->child, NULL, 0);
	}
	control_user_close(&f->user);
	free(f);
	return 0;
}

/* --- one command --------------------------------------------------------- */

static void
run(struct app *app, const char *line)
{
	struct script_source source = { .text = line, .name = "test" };

	assert_int_equal(script_run(&app->own, &source), STATUS_OK);
}

static void
be_at(struct fixture *f, enum where where)
{
	static const struct guest_ops guest = { .read = NULL };
	struct app *app = &f->user.app;
	static char path[96];

	snprintf(path, sizeof path, "%s/coap-shell/100", f->user.root);
	app->keep = true;
	app->control.off = where == OFF;
	app->control.path = where == PATH ? path : NULL;
	app->own.interactive = where == INTERACTIVE;
	app->own.guest = where == GUEST ? &guest : NULL;
	if (where == AWAY)
		assert_int_equal(front_use_away(&app->own, "lamp"), 0);
	else
		front_use(&app->own, NULL);
	if (where == HERE && !app->sessions) {
		run(app, "open coap://127.0.0.1:5683 --name here");
		run(app, "listen coap://127.0.0.1:0 --name ear");
	}
	if (where == HERE)
		front_use(&app->own, app_find(app, "here"));
}

/* As job_start() has it when it asks where to. */
static void
find(struct fixture *f, const char *line, struct route *route)
{
	struct control_user *u = &f->user;
	struct job job = { .app = &u->app, .front = &u->app.own };
	char *copy = strdup(line), *rest = copy, *problem = NULL;
	char *words[WORDS], *name[WORDS], *left[WORDS];
	size_t at[WORDS], n = 0, n_name, n_left = 0, used, next = 0, i;
	const char *word;

	for (word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		words[n++] = (char *)(uintptr_t)word;
	n_name = args_command_words(words, n, at, WORDS);
	for (i = 0; i < n_name; i++)
		name[i] = words[at[i]];
	job.command = command_find(name, n_name, false, &used, &problem);
	if (!job.command)
		fail_msg("%s", problem);
	for (i = 0; i < n; i++)
		if (next < used && at[next] == i)
			next++;
		else
			left[n_left++] = words[i];
	if (args_parse(&job.args, job.command, left, n_left, &problem) < 0)
		fail_msg("%s: %s", line, problem);
	job.out = output_new(&u->app.own.sink, &u->app.own.defaults);
	text_free(&u->err);
	route_find(&job, route);
	output_close(job.out);
	args_free(&job.args);
	free(copy);
}

static pid_t
owner_of(int fd)
{
	struct ucred peer = { .pid = 0 };
	socklen_t len = sizeof peer;

	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len);
	return peer.pid;
}

/* "here", "agent", "fail 9"; else the processes, 1 of this test, 2 of the
 * child, and the session: "1 lamp", "12". */
static void
describe(const struct fixture *f, const struct route *route, char text[64])
{
	size_t i, len = 0;

	switch (route->to) {
	case ROUTE_HERE:
		snprintf(text, 64, "here");
		break;
	case ROUTE_AGENT:
		snprintf(text, 64, "agent");
		break;
	case ROUTE_FAILED:
		snprintf(text, 64, "fail %d", route->status);
		break;
	default:
		for (i = 0; i < route->n; i++)
			text[len++] =
			    owner_of(route->fds[i]) == f->child ? '2' : '1';
		text[len] = '\0';
		if (route->session)
			snprintf(text + len, 64 - len, " %s", route->session);
		break;
	}
}

/* --- the table ----------------------------------------------------------- */

static const struct {
	enum where where;
	const char *line;
	const char *to;
} cases[] = {
	/* a target: NAME:PATH, PATH, a URI, nothing */
	{ NOTHING, "get lamp:/x", "1 lamp" },
	{ NOTHING, "get bulb:/x", "2 bulb" },
	{ NOTHING, "get lamp:", "1 lamp" },
	{ NOTHING, "get nobody:/x", "here" },
	{ NOTHING, "get /x", "here" },
	{ NOTHING, "get x:y:z", "here" },
	{ NOTHING, "get coap://lamp/x", "here" },
	{ NOTHING, "get coaps+tcp://lamp/x", "here" },
	{ NOTHING, "get coap://lamp/x -S lamp", "here" },
	{ NOTHING, "get", "here" },
	{ NOTHING, "get -S lamp", "1 lamp" },
	{ NOTHING, "get -S bulb /x", "2 bulb" },
	{ NOTHING, "get -S lamp bulb:/x", "2 bulb" },
	{ NOTHING, "get -S nobody /x", "here" },
	{ NOTHING, "put lamp:/x -d bulb:/y", "1 lamp" },
	{ NOTHING, "post bulb:/x -d @lamp", "2 bulb" },
	{ NOTHING, "delete door:/x", "1 door" },
	{ NOTHING, "fetch bulb:/x -d bulb", "2 bulb" },
	{ NOTHING, "patch lamp:/x --if-match 01", "1 lamp" },
	{ NOTHING, "ipatch /x -S bulb", "2 bulb" },
	{ NOTHING, "request GET lamp:/x", "1 lamp" },
	{ NOTHING, "request 0.05 coap://lamp/x", "here" },
	{ NOTHING, "ls door:/x", "1 door" },
	{ NOTHING, "ping bulb:", "2 bulb" },
	{ NOTHING, "ping coap://h", "here" },
	{ NOTHING, "discover lamp:/", "1 lamp" },
	{ NOTHING, "discover", "here" },
	{ NOTHING, "cd bulb:/x", "2 bulb" },
	{ NOTHING, "pwd", "here" },
	{ AWAY, "get /x", "1 lamp" },
	{ AWAY, "get", "1 lamp" },
	{ AWAY, "get bulb:/x", "2 bulb" },
	{ AWAY, "get coap://h/x", "here" },
	{ AWAY, "get -S bulb /x", "2 bulb" },
	{ AWAY, "get nobody:/x", "here" },
	{ AWAY, "ping", "1 lamp" },
	{ AWAY, "discover", "1 lamp" },
	{ AWAY, "cd ..", "1 lamp" },
	{ AWAY, "cd", "1 lamp" },
	{ AWAY, "pwd", "1 lamp" },
	{ HERE, "get /x", "here" },
	{ HERE, "get here:/x", "here" },
	{ HERE, "get lamp:/x", "1 lamp" },
	{ HERE, "get -S lamp /x", "1 lamp" },
	{ HERE, "put bulb:/x -d 1", "2 bulb" },
	{ INTERACTIVE, "get lamp:/x", "1 lamp" },
	{ INTERACTIVE, "get /x", "here" },

	/* NAME, which may be left out */
	{ NOTHING, "info lamp", "1 lamp" },
	{ NOTHING, "session info", "here" },
	{ NOTHING, "cert bulb", "2 bulb" },
	{ NOTHING, "session disconnect door", "1 door" },
	{ NOTHING, "session reconnect lamp", "1 lamp" },
	{ NOTHING, "session reference lamp", "1 lamp" },
	{ NOTHING, "session release bulb", "2 bulb" },
	{ NOTHING, "session data list lamp", "1 lamp" },
	{ NOTHING, "session wait lamp", "1 lamp" },
	{ NOTHING, "use bulb", "2 bulb" },
	{ NOTHING, "session rename lamp tulip", "1 lamp" },
	{ AWAY, "info", "1 lamp" },
	{ AWAY, "cert", "1 lamp" },
	{ AWAY, "session disconnect", "1 lamp" },
	{ AWAY, "session reconnect", "1 lamp" },
	{ AWAY, "session reference", "1 lamp" },
	{ AWAY, "session release", "1 lamp" },
	{ AWAY, "session data list", "1 lamp" },
	{ AWAY, "session wait --state established", "1 lamp" },
	{ AWAY, "session rename bulb tulip", "2 bulb" },
	{ HERE, "info", "here" },
	{ HERE, "info here", "here" },
	{ HERE, "use lamp", "1 lamp" },
	{ HERE, "use here", "here" },

	/* several names: of one process, of two, here and there */
	{ NOTHING, "close lamp", "1 lamp" },
	{ NOTHING, "close door lamp", "1 door" },
	{ NOTHING, "close lamp bulb", "fail 9" },
	{ NOTHING, "close nobody lamp", "1 nobody" },
	{ NOTHING, "close", "here" },
	{ AWAY, "close", "1 lamp" },
	{ HERE, "close", "here" },
	{ HERE, "close here lamp", "here" },
	{ HERE, "close lamp here", "here" },
	/* all of this process, whatever is current */
	{ AWAY, "close --all", "here" },
	{ NOTHING, "close --all -S lamp", "here" },
	{ PATH, "close --all", "1" },

	/* NAME in front of, or behind, what has to be there */
	{ NOTHING, "session get state lamp", "1 lamp" },
	{ NOTHING, "session get lamp", "here" },
	{ AWAY, "session get state", "1 lamp" },
	{ NOTHING, "session set-type client bulb", "2 bulb" },
	{ AWAY, "session set-type client", "1 lamp" },
	{ NOTHING, "session set lamp a=1", "1 lamp" },
	{ NOTHING, "session set bulb a=1 b=2", "2 bulb" },
	{ NOTHING, "session set a=1", "here" },
	{ NOTHING, "session set a=1 lamp", "here" },
	{ AWAY, "session set a=1", "1 lamp" },
	{ AWAY, "session set a=1 b=2", "1 lamp" },
	{ HERE, "session set a=1", "here" },
	{ HERE, "session set lamp a=1", "1 lamp" },
	{ NOTHING, "session data set lamp door value", "1 lamp" },
	{ NOTHING, "session data set lamp value", "here" },
	{ AWAY, "session data set bulb value", "1 lamp" },
	{ NOTHING, "session data get bulb key", "2 bulb" },
	{ NOTHING, "session data get bulb", "here" },
	{ AWAY, "session data get bulb", "1 lamp" },
	{ NOTHING, "session data unset lamp key", "1 lamp" },
	{ AWAY, "session data unset key", "1 lamp" },

	/* listeners have names of the same kind */
	{ NOTHING, "session wait --from door", "1 door" },
	{ NOTHING, "session wait --from=bulb", "2 bulb" },
	{ HERE, "session wait --from ear", "here" },
	{ NOTHING, "listen stop door", "1 door" },
	{ HERE, "listen stop ear", "here" },
	{ HERE, "listen stop lamp", "1 lamp" },
	{ NOTHING, "listen stop", "here" },
	{ AWAY, "listen stop", "here" },
	{ AWAY, "listen stop --all", "here" },

	/* observations: of a target, or of whose session is named or current */
	{ NOTHING, "observe lamp:/x", "1 lamp" },
	{ NOTHING, "observe /x -S bulb -n 1", "2 bulb" },
	{ NOTHING, "observe coap://lamp/x", "here" },
	{ NOTHING, "observe lamp:/x door:/y lamp:/z", "1 lamp" },
	{ NOTHING, "observe lamp:/x bulb:/y", "fail 9" },
	{ NOTHING, "observe lamp:/x coap://h/y", "fail 9" },
	{ NOTHING, "observe nobody:/x coap://h/y", "here" },
	{ NOTHING, "observe coap://h/x coap://h/y", "here" },
	{ NOTHING, "observe door:/x /y -S lamp", "1 lamp" },
	{ AWAY, "observe door:/x /y", "1 lamp" },
	{ AWAY, "observe bulb:/x /y", "fail 9" },
	{ AWAY, "observe bulb:/x bulb:/y", "2 bulb" },
	{ HERE, "observe lamp:/x /y", "here" },
	{ AWAY, "observe", "1 lamp" },
	{ AWAY, "observe /x --late", "1 lamp" },
	{ NOTHING, "observe start bulb:/x", "2 bulb" },
	{ AWAY, "observe start /x", "1 lamp" },
	{ HERE, "observe start", "here" },
	{ NOTHING, "observe show 1", "here" },
	{ NOTHING, "observe show 1 -S bulb", "2 bulb" },
	{ AWAY, "observe show", "1 lamp" },
	{ HERE, "observe show 1", "here" },
	{ NOTHING, "observe tail 1 -S lamp", "1 lamp" },
	{ AWAY, "observe tail 1", "1 lamp" },
	{ NOTHING, "observe diff 1 -S bulb", "2 bulb" },
	{ AWAY, "observe diff", "1 lamp" },
	{ NOTHING, "observe stop 1 -S lamp", "1 lamp" },
	{ AWAY, "observe stop 1", "1 lamp" },
	{ NOTHING, "observe tail 1 2 -S bulb", "2 bulb" },
	{ AWAY, "observe tail --all", "here" },
	{ NOTHING, "observe tail --all -S bulb", "2 bulb" },
	{ AWAY, "observe stop --all", "here" },
	{ AWAY, "observe stop --all -S bulb", "2 bulb" },
	{ PATH, "observe stop --all", "1" },
	{ PATH, "observe list", "1" },
	{ NOTHING, "observe list", "12" },
	{ HERE, "observe list", "here" },

	/* what opens */
	{ NOTHING, "open coap://lamp", "here" },
	{ AWAY, "open coap://h --name lamp2", "here" },
	{ NOTHING, "open coap://h --persist 1m", "agent" },
	{ HERE, "open coap://h --persist 1m", "agent" },
	{ OFF, "open coap://h --persist 1m", "here" },
	{ PATH, "open coap://h", "1" },
	{ PATH, "open coap://h --persist 1m", "agent" },
	{ NOTHING, "listen coap://[::1]:0", "here" },
	{ PATH, "listen coap://[::1]:0", "1" },

	/* what is about all */
	{ NOTHING, "session list", "12" },
	{ NOTHING, "listen list", "12" },
	{ AWAY, "session list", "12" },
	{ HERE, "session list", "here" },
	{ HERE, "listen list", "here" },
	{ INTERACTIVE, "session list", "here" },
	{ HERE, "session list --all", "12" },
	{ INTERACTIVE, "session list --all", "12" },
	{ OFF, "session list", "here" },
	{ PATH, "session list", "1" },

	/* the agent, of which there is none; who listens at PATH may be one */
	{ NOTHING, "agent stop", "fail 9" },
	{ HERE, "agent status", "fail 9" },
	{ PATH, "agent status", "1" },
	{ OFF, "agent status", "here" },
	{ NOTHING, "agent start", "here" },

	/* --no-agent; --control, before and among the words; a guest */
	{ OFF, "get lamp:/x", "here" },
	{ NOTHING, "get lamp:/x --no-agent", "here" },
	{ NOTHING, "session list --no-agent", "here" },
	{ PATH, "get /x", "1" },
	{ PATH, "get bulb:/x", "1 bulb" },
	{ PATH, "get coap://h/x", "here" },
	{ PATH, "get nobody:/x", "1 nobody" },
	{ PATH, "get /x --no-agent", "here" },
	{ NOTHING, "get lamp:/x --control /nonexistent/x", "fail 9" },
	{ NOTHING, "get coap://h/x --control /nonexistent/x", "here" },
	{ NOTHING, "agent stop --control /nonexistent/x", "fail 9" },
	{ NOTHING, "session list --control /dev/null", "fail 3" },
	{ GUEST, "get lamp:/x", "here" },
	{ GUEST, "open coap://h --persist 1m", "here" },
	{ GUEST, "session list", "here" },
	{ GUEST, "agent stop", "here" },

	/* always here */
	{ AWAY, "version", "here" },
	{ AWAY, "help get", "here" },
	{ AWAY, "decode 40", "here" },
	{ AWAY, "explain 2.05", "here" },
	{ AWAY, "resolve lamp", "here" },
	{ AWAY, "serve", "here" },
	{ AWAY, "demo", "here" },
	{ PATH, "serve", "here" },
};

#define N_CASES (sizeof cases / sizeof cases[0])

static void
test_cases(void **state)
{
	struct fixture *f = *state;
	unsigned wrong = 0, pass;
	struct route route;
	char to[64];
	size_t i;

	/* Those with sessions here come last. */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < N_CASES; i++) {
			if ((cases[i].where == HERE) != (pass == 1))
				continue;
			be_at(f, cases[i].where);
			find(f, cases[i].line, &route);
			describe(f, &route, to);
			if (strcmp(to, cases[i].to) != 0) {
				print_error("(%d) %s: %s, not %s\n",
				    cases[i].where, cases[i].line, to,
				    cases[i].to);
				wrong++;
			}
			/* A sentence comes with each failure. */
			assert_int_equal(route.to == ROUTE_FAILED,
			    f->user.err.len > 0);
			route_close(&route);
		}
	assert_int_equal(wrong, 0);
}

/* Whether a case begins with that command. */
static bool
is_tried(const struct command *command)
{
	char *words[WORDS], *problem = NULL;
	char *copy, *rest, *word;
	const struct command *found;
	size_t i, n, used;

	for (i = 0; i < N_CASES; i++) {
		copy = strdup(cases[i].line);
		rest = copy;
		n = 0;
		for (word = strsep(&rest, " "); word; word = strsep(&rest, " "))
			words[n++] = word;
		found = command_find(words, n, false, &used, &problem);
		free(copy);
		if (found == command)
			return true;
	}
	return false;
}

/* Whoever adds a command that can go elsewhere adds a case. */
static void
test_all_commands(void **state)
{
	const struct command *const *c;

	(void)state;
	for (c = command_table; *c; c++)
		if ((*c)->reach != REACH_HERE && !is_tried(*c))
			fail_msg("there is no case of '%s'", (*c)->name);
}

/* A process that died is no place to go; its names are free again. */
static void
test_dead(void **state)
{
	struct fixture *f = *state;
	struct route route;
	char to[64];

	kill(f->child, SIGKILL);
	waitpid(f->child, NULL, 0);
	f->child = 0;
	be_at(f, NOTHING);
	find(f, "get bulb:/x", &route);
	describe(f, &route, to);
	assert_string_equal(to, "fail 9");
	assert_non_null(text_string(&f->user.err));
	assert_non_null(strstr(f->user.err.s, "has ended"));
	/* Now nobody has that name. */
	find(f, "get bulb:/x", &route);
	assert_int_equal(route.to, ROUTE_HERE);
	find(f, "session list", &route);
	describe(f, &route, to);
	assert_string_equal(to, "1");
	route_close(&route);
}

static void
test_leads_to(void **state)
{
	struct fixture *f = *state;
	struct job job = { .app = &f->user.app, .front = &f->user.app.own };
	struct route route = { .n = 0 };
	static char lamp[] = "lamp";

	be_at(f, NOTHING);
	assert_true(route_leads_to(&job, &route, "lamp"));
	assert_true(route_leads_to(&job, &route, "bulb"));
	assert_false(route_leads_to(&job, &route, "nobody"));
	be_at(f, PATH);
	assert_true(route_leads_to(&job, &route, "lamp"));
	route.session = lamp;
	assert_false(route_leads_to(&job, &route, "lamp"));
	assert_true(route_leads_to(&job, &route, "bulb"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(test_cases),
		TEST(test_all_commands),
		TEST(test_dead),
		TEST(test_leads_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

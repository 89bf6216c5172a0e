/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Commands by the control socket while each allocation fails in turn: on both
 * sides they have an end, and nothing is left of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control/server.h"
#include "clock_skip.h"
#include "control_owner.h"
#include "control_user.h"
#include "heap_watch.h"

/* Seconds left out until a command hangs. */
#define HANGS 1000
/* Allocations that a command may have. */
#define MOST 20000

static const char keys[] = "\1\0\0\0\2me\3\0\0\0\6secret\x0b\0\0\0\4\0\0\0\0";

/* Until a message is there, or the end: whether it was a message. */
static bool
await(struct control_peer *p)
{
	unsigned i;

	for (i = 0; i < HANGS; i++) {
		if (control_peer_has(p))
			return control_peer_next(p);
		if (p->ended)
			return false;
		control_peer_settle(p->context);
		if (!control_peer_has(p) && !p->ended)
			clock_skipped_s++;
	}
	fail_msg("it hangs");
	return false;
}

/* --- the owner ----------------------------------------------------------- */

static void
send_keys(struct control_peer *p)
{
	struct message m = { .type = MESSAGE_KEYS, .request = 1 };

	m.keys = (struct slice){ (const uint8_t *)keys, sizeof keys - 1 };
	control_peer_send(p, &m);
}

/* How a command ended. */
struct outcome {
	int status;
	size_t out; /* bytes */
	char session[32];
	char path[32];
};

static void
take_exit(const struct message *m, struct outcome *outcome)
{
	outcome->status = (int)m->exit.status;
	snprintf(outcome->session, sizeof outcome->session, "%.*s",
	    (int)m->exit.session.len, (const char *)m->exit.session.data);
	snprintf(outcome->path, sizeof outcome->path, "%.*s",
	    (int)m->exit.path.len, (const char *)m->exit.path.data);
}

/* Answers what the owner asks. The status is -1 when it is an ERROR, or the
 * end. */
static void
converse(struct control_peer *p, struct outcome *outcome)
{
	bool given = false;

	*outcome = (struct outcome){ .status = -1 };

	while (await(p)) {
		switch (p->m.type) {
		case MESSAGE_EXIT:
			take_exit(&p->m, outcome);
			return;
		case MESSAGE_OUTPUT:
			if (p->m.output.stream != STREAM_ERR)
				outcome->out += p->m.output.data.len;
			if (p->m.output.data.len > 0)
				control_peer_number(p, MESSAGE_CREDIT, 1,
				    (uint32_t)p->m.output.data.len);
			break;
		case MESSAGE_READ:
			if (given)
				control_peer_number(p, MESSAGE_INPUT_END, 1, 0);
			else
				control_peer_input(p, 1, "input", 5);
			given = true;
			break;
		case MESSAGE_WANT_KEYS:
			send_keys(p);
			break;
		case MESSAGE_ERROR:
			assert_int_equal(p->m.error.code, ERROR_MEMORY);
			return;
		default:
			assert_int_equal(p->m.type, MESSAGE_HELLO);
			break;
		}
	}
}

/* With the n-th allocation failing; false: there are fewer. */
static bool
serve_once(struct control_owner *o, const char *line, size_t n,
    struct outcome *outcome)
{
	static char lamp[] = "lamp", path[] = "/store";
	struct start more = { .options.color = -1,
		.session = lamp,
		.place_session = lamp,
		.place_path = path };
	struct control_peer *p = control_owner_connect(o, 0);
	bool reached;

	control_peer_hello(p);
	control_peer_start(p, 1, line, &more);
	heap.fail_at = n;
	converse(p, outcome);
	reached = heap.fail_at == 0;
	heap.fail_at = 0;
	control_peer_close(p);
	control_peer_settle(o->app.context);
	assert_int_equal(server_clients(o->app.control.server), 0);
	assert_null(o->app.jobs);
	assert_null(o->app.own.next);
	return reached;
}

/* As it was before. */
static void
restore(struct control_owner *o)
{
	char line[128];
	struct named *sec = app_find(&o->app, "sec");

	if (sec)
		named_close(&o->app, sec);
	if (app_find(&o->app, "lamp"))
		return;
	snprintf(line, sizeof line, "open %s --name lamp", o->udp);
	control_owner_run(o, line);
}

static void
serve_each(struct control_owner *o, const char *line)
{
	/* Times have more or fewer digits. */
	bool varies = strncmp(line, "info", 4) == 0 || strstr(line, "list");
	struct outcome right, outcome;
	size_t n, failed = 0;

	serve_once(o, line, 0, &right);
	if (right.status != STATUS_OK)
		fail_msg("'%s' ended with %d", line, right.status);
	restore(o);
	for (n = 1; serve_once(o, line, n, &outcome); n++) {
		restore(o);
		assert_true(n < MOST);
		if (outcome.status != STATUS_OK) {
			failed++;
			continue;
		}
		/* Nothing is missing when it says so. */
		if (!varies)
			assert_int_equal(outcome.out, right.out);
		assert_string_equal(outcome.session, right.session);
		assert_string_equal(outcome.path, right.path);
	}
	restore(o);
	assert_int_equal(outcome.status, STATUS_OK);
	printf("# %zu of %zu failures end '%.40s'\n", failed, n - 1, line);
	assert_true(failed > 3);
}

static void
test_owner(void **state)
{
	static const char *const lines[] = {
		"pwd",
		"cd lamp:/x",
		"get /hello",
		"post /echo -d @-",
		"info lamp --json",
		"session data get lamp k",
		"session data set lamp l 2",
		"session list",
		"get /hello -v -o file",
	};
	struct control_owner *o = calloc(1, sizeof *o);
	size_t i, len = 300000;
	char *line = malloc(len + 64);
	int n = snprintf(line, 64, "session data set lamp k ");

	(void)state;
	control_owner_open(o);
	memset(line + n, 'v', len);
	line[(size_t)n + len] = '\0';
	control_owner_run(o, line);
	free(line);
	for (i = 0; i < sizeof lines / sizeof lines[0]; i++)
		serve_each(o, lines[i]);
	control_owner_close(o);
	free(o);
}

static void
test_owner_keys(void **state)
{
	struct control_owner *o = calloc(1, sizeof *o);
	char *line;

	(void)state;
	control_owner_open(o);
	o->app.own.told_psk = true;
	control_owner_run(o,
	    "serve coaps://127.0.0.1:0 --psk-identity me --psk secret");
	/* What the library makes of its own failures is tested elsewhere. */
	line = text_format("open %s --psk-identity me --psk-file k --name sec "
			   "--wait none",
	    o->app.listeners->prev->uri);
	serve_each(o, line);
	free(line);
	control_owner_close(o);
	free(o);
}

/* --- the client ---------------------------------------------------------- */

struct play {
	struct control_user *u;
	const char *file;
	char *words[12];
	size_t n_words;
};

static void
on_done(struct job *job, int status, void *arg)
{
	struct control_user *u = arg;

	(void)job;
	u->job = NULL;
	u->done = true;
	u->status = status;
}

/* What the owner says, one after the other; false: nothing more. */
static bool
say(struct play *play, struct control_peer *p, unsigned *turn)
{
	static const uint8_t much[MESSAGE_DATA];
	struct message want = { .type = MESSAGE_WANT_KEYS, .request = 1 };

	switch ((*turn)++) {
	case 0:
		control_peer_hello(p);
		return true;
	case 1:
	case 2:
		if (strcmp(play->words[0], "post") == 0)
			control_user_read(p, play->file, 4);
		return true;
	case 3:
		if (strcmp(play->words[0], "open") == 0)
			control_peer_send(p, &want);
		return true;
	case 4:
		control_user_output(p, STREAM_OUT, much, sizeof much);
		control_user_output(p, STREAM_ERR, "x", 1);
		return true;
	case 5:
		control_user_exit(p, 0, "lamp", "/3");
		return true;
	default:
		return false;
	}
}

/* The owner's part; it does not look at what it gets. */
static void
play_owner(struct play *play)
{
	struct control_user *u = play->u;
	struct control_peer *p = &u->owners[0].peer;
	size_t fail_at = heap.fail_at;
	unsigned i, turn = 0;
	int fd;

	/* What the test needs is not what fails. */
	heap.fail_at = 0;
	fd = accept4(u->owners[0].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		fail_msg("nobody connects");
	control_peer_open(p, u->app.context, fd);
	heap.fail_at = fail_at;
	for (i = 0; i < HANGS && !u->done; i++) {
		if (!say(play, p, &turn))
			clock_skipped_s++;
		control_peer_settle(u->app.context);
	}
	if (!u->done)
		fail_msg("it hangs");
	control_peer_close(p);
}

static bool
ask_once(struct play *play, size_t n)
{
	struct control_user *u = play->u;
	bool reached;
	int fd;

	u->done = false;
	text_free(&u->out);
	text_free(&u->err);
	heap.fail_at = n;
	u->job = job_start(&u->app.own, play->words, play->n_words, on_done, u);
	if (!u->done)
		play_owner(play);
	reached = heap.fail_at == 0;
	heap.fail_at = 0;
	assert_null(u->app.jobs);
	/* What it had connected to, and never talked to. */
	do {
		fd = accept4(u->owners[0].fd, NULL, NULL, SOCK_NONBLOCK);
		if (fd >= 0)
			close(fd);
	} while (fd >= 0);
	return reached;
}

static void
ask_each(struct control_user *u, const char *file, const char *line)
{
	struct play play = { .u = u, .file = file };
	char *copy = strdup(line);
	char *rest = copy;
	size_t n, failed = 0;
	char *word;

	for (word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		play.words[play.n_words++] = word;
	for (n = 1; ask_once(&play, n); n++) {
		assert_true(n < MOST);
		if (u->status != STATUS_OK) {
			failed++;
			continue;
		}
		/* Nothing is missing when it says so. */
		assert_int_equal(u->out.len, MESSAGE_DATA);
		assert_non_null(u->app.own.away);
		assert_non_null(front_place(&u->app.own, "lamp"));
		front_close(&u->app.own);
		front_open(&u->app.own, &u->app);
	}
	if (u->status != STATUS_OK)
		fail_msg("'%s' ended with %d: %s", line, u->status,
		    text_string(&u->err));
	printf("# %zu of %zu failures end '%.40s'\n", failed, n - 1, line);
	assert_true(failed > 3);
	free(copy);
}

static void
test_client(void **state)
{
	static const char *const lamp[] = { "lamp", NULL };
	struct control_user *u = calloc(1, sizeof *u);
	char *file, *key, *line;
	FILE *f;

	(void)state;
	control_user_open(u);
	control_user_listen(u, 0, lamp);
	file = text_format("%s/file", u->root);
	key = text_format("%s/key", u->root);
	f = fopen(file, "w");
	fputs("0123456", f);
	fclose(f);
	f = fopen(key, "w");
	fputs("secret\n", f);
	fclose(f);
	assert_int_equal(chmod(key, 0600), 0);
	ask_each(u, NULL, "info lamp");
	ask_each(u, NULL, "use lamp");
	line = text_format("get lamp:/x -o %s/out", u->root);
	ask_each(u, NULL, line);
	free(line);
	line = text_format("post lamp:/x -d @%s", file);
	ask_each(u, file, line);
	free(line);
	line = text_format("open coaps://h --psk-identity me --psk-file %s "
			   "--control %s/coap-shell/100",
	    key, u->root);
	ask_each(u, NULL, line);
	free(line);
	ask_each(u, NULL, "session list");
	free(file);
	free(key);
	control_user_close(u);
	free(u);
}

/* --- beginning to serve -------------------------------------------------- */

/* What fails leaves nothing in the folder; the same again is good. */
static void
test_serve(void **state)
{
	struct control_user *u = calloc(1, sizeof *u);
	struct app *app = &u->app;
	char *problem = NULL;
	int status = -1;
	char **names;
	size_t n;

	(void)state;
	control_user_open(u);
	app->keep = true;
	for (n = 1; status != STATUS_OK; n++) {
		heap.fail_at = n;
		status = control_serve(app, &problem);
		heap.fail_at = 0;
		free(problem);
		names = folder_owners(u->folder);
		assert_non_null(names);
		assert_int_equal(names[0] != NULL, status == STATUS_OK);
		folder_names_free(names);
		assert_int_equal(app->control.server != NULL,
		    status == STATUS_OK);
		assert_int_equal(app->control.name != NULL,
		    status == STATUS_OK);
	}
	assert_true(n > 3);
	control_close(app);
	names = folder_owners(u->folder);
	assert_null(names[0]);
	folder_names_free(names);
	control_user_close(u);
	free(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_owner_keys),
		cmocka_unit_test(test_client),
		cmocka_unit_test(test_serve),
	};

	if (!heap_watched("anything at all"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

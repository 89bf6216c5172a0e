/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that has commands run by the owners of sessions. */
#include "control_user.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/command.h"

#define WORDS 64

static int
keep_out(void *user, const void *data, size_t len)
{
	struct control_user *u = user;

	if (u->out_fails) {
		errno = ENOSPC;
		return -1;
	}
	text_add_bytes(&u->out, data, len);
	errno = ENOMEM;
	return u->out.failed ? -1 : 0;
}

static int
keep_err(void *user, const void *data, size_t len)
{
	struct control_user *u = user;

	text_add_bytes(&u->err, data, len);
	return 0;
}

void
control_user_open(struct control_user *u)
{
	char *problem = NULL;

	for (size_t i = 0; i < CONTROL_USER_OWNERS; i++) {
		u->owners[i].fd = u->owners[i].peer.fd = -1;
		snprintf(u->owners[i].name, sizeof u->owners[i].name, "%zu",
		    100 + i);
	}
	strcpy(u->root, "/tmp/user-test-XXXXXX");
	assert_non_null(mkdtemp(u->root));
	setenv("XDG_RUNTIME_DIR", u->root, 1);
	assert_int_equal(folder_open(true, &u->folder, &problem), 0);
	u->app.own.sink =
	    (struct sink){ .user = u, .out = keep_out, .err = keep_err };
	assert_int_equal(app_open(&u->app), STATUS_OK);
}

static int
delete_one(const char *path, const struct stat *stat, int type,
    struct FTW *where)
{
	(void)stat;
	(void)type;
	(void)where;
	return remove(path);
}

void
control_user_delete(const char *folder)
{
	assert_int_equal(nftw(folder, delete_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void
control_user_close(struct control_user *u)
{
	for (size_t i = 0; i < CONTROL_USER_OWNERS; i++) {
		control_peer_close(&u->owners[i].peer);
		if (u->owners[i].fd >= 0)
			close(u->owners[i].fd);
	}
	app_close(&u->app);
	folder_close(u->folder);
	control_user_delete(u->root);
	text_free(&u->out);
	text_free(&u->err);
}

void
control_user_listen(struct control_user *u, size_t i, const char *const *names)
{
	u->owners[i].fd = folder_listen(u->folder, u->owners[i].name);
	assert_true(u->owners[i].fd >= 0);
	for (; names && *names; names++)
		assert_int_equal(folder_claim(u->folder, u->owners[i].name,
				     *names),
		    0);
}

struct control_peer *
control_user_accept(struct control_user *u, size_t i)
{
	struct control_peer *p = &u->owners[i].peer;
	int fd =
	    accept4(u->owners[i].fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	/* A claim that is looked at is a connection, too. */
	while (fd >= 0) {
		control_peer_close(p);
		control_peer_open(p, u->app.context, fd);
		control_peer_settle(u->app.context);
		if (!p->ended)
			return p;
		fd = accept4(u->owners[i].fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
	}
	fail_msg("nobody connects");
	return NULL;
}

struct control_peer *
control_user_meet(struct control_user *u, size_t i)
{
	struct control_peer *p = control_user_accept(u, i);

	control_peer_hello(p);
	control_peer_expect(p, MESSAGE_HELLO, 0);
	assert_int_equal(p->m.hello.version, CONTROL_VERSION);
	control_peer_expect(p, MESSAGE_START, 1);
	return p;
}

static void
on_done(struct job *job, int status, void *arg)
{
	struct control_user *u = arg;

	(void)job;
	u->job = NULL;
	u->done = true;
	u->status = status;
}

void
control_user_start(struct control_user *u, const char *line)
{
	char *copy = strdup(line);
	char *words[WORDS];
	char *rest = copy;
	char *word;
	size_t n = 0;

	assert_non_null(copy);
	for (word = strsep(&rest, " "); word && n < WORDS;
	     word = strsep(&rest, " "))
		words[n++] = word;
	text_free(&u->out);
	text_free(&u->err);
	u->done = false;
	u->job = job_start(&u->app.own, words, n, on_done, u);
	free(copy);
}

int
control_user_finish(struct control_user *u)
{
	while (!u->done)
		coap_io_process(u->app.context, COAP_IO_WAIT);
	assert_non_null(text_string(&u->out));
	assert_non_null(text_string(&u->err));
	return u->status;
}

void
control_user_output(struct control_peer *p, enum message_stream stream,
    const void *data, size_t len)
{
	struct message m = { .type = MESSAGE_OUTPUT, .request = 1 };

	m.output.stream = stream;
	m.output.data = (struct slice){ data, len };
	control_peer_send(p, &m);
}

void
control_user_read(struct control_peer *p, const char *name, uint32_t max)
{
	struct message m = { .type = MESSAGE_READ, .request = 1 };

	m.read.name = (struct slice){ (const uint8_t *)name, strlen(name) };
	m.read.max = max;
	control_peer_send(p, &m);
}

void
control_user_exit(struct control_peer *p, uint32_t status, const char *session,
    const char *path)
{
	struct message m = { .type = MESSAGE_EXIT, .request = 1 };

	m.exit.status = status;
	m.exit.session =
	    (struct slice){ (const uint8_t *)session, strlen(session) };
	m.exit.path = (struct slice){ (const uint8_t *)path, strlen(path) };
	control_peer_send(p, &m);
}

int
control_user_run(struct control_user *u, const char *line)
{
	text_free(&u->out);
	text_free(&u->err);
	u->done = false;
	control_user_start(u, line);
	return control_user_finish(u);
}

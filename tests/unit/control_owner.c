/* SPDX-License-Identifier: BSD-2-Clause */
/* A process that serves its sessions. */
#include "control_owner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/control/server.h"
#include "cli/words/script.h"

static int
forget(void *user, const void *data, size_t len)
{
	(void)user;
	(void)data;
	(void)len;
	return 0;
}

static int
say(void *user, const void *data, size_t len)
{
	(void)user;
	fwrite(data, 1, len, stderr);
	return 0;
}

void
control_owner_run(struct control_owner *o, const char *line)
{
	struct script_source source = { .text = line, .name = "test" };

	assert_int_equal(script_run(&o->app.own, &source), STATUS_OK);
}

void
control_owner_open(struct control_owner *o)
{
	char *problem = NULL;
	char line[128];

	for (size_t i = 0; i < CONTROL_OWNER_CLIENTS; i++)
		o->clients[i].fd = -1;
	o->app.own.sink = (struct sink){ .out = forget, .err = say };
	o->app.own.defaults.quiet = true;
	o->app.keep = true;
	assert_int_equal(app_open(&o->app), STATUS_OK);
	control_owner_run(o, "serve coap://127.0.0.1:0 coap+tcp://127.0.0.1:0");
	snprintf(o->udp, sizeof o->udp, "%s", o->app.listeners->uri);
	snprintf(o->tcp, sizeof o->tcp, "%s", o->app.listeners->next->uri);
	snprintf(line, sizeof line, "open %s --name lamp", o->udp);
	control_owner_run(o, line);
	strcpy(o->folder, "/tmp/owner-test-XXXXXX");
	assert_non_null(mkdtemp(o->folder));
	snprintf(o->path, sizeof o->path, "%s/socket", o->folder);
	o->app.control.path = o->path;
	assert_int_equal(control_serve(&o->app, &problem), STATUS_OK);
	assert_null(problem);
}

void
control_owner_close(struct control_owner *o)
{
	char lock[112];

	for (size_t i = 0; i < CONTROL_OWNER_CLIENTS; i++)
		control_peer_close(&o->clients[i]);
	app_close(&o->app);
	text_free(&o->out);
	text_free(&o->err);
	snprintf(lock, sizeof lock, "%s.lock", o->path);
	unlink(lock);
	assert_int_equal(rmdir(o->folder), 0);
}

struct control_peer *
control_owner_connect(struct control_owner *o, size_t i)
{
	control_peer_open(&o->clients[i], o->app.context,
	    control_connect(o->path));
	return &o->clients[i];
}

struct control_peer *
control_owner_attach(struct control_owner *o, size_t i)
{
	struct control_peer *p = control_owner_connect(o, i);

	control_peer_hello(p);
	control_peer_expect(p, MESSAGE_HELLO, 0);
	assert_int_equal(p->m.hello.version, CONTROL_VERSION);
	return p;
}

int
control_owner_follow(struct control_owner *o, struct control_peer *p,
    uint32_t request)
{
	const struct slice *data = &p->m.output.data;
	uint32_t len;

	text_free(&o->out);
	text_free(&o->err);
	while (control_peer_next(p)) {
		assert_int_equal(p->m.request, request);
		if (p->m.type == MESSAGE_EXIT) {
			assert_non_null(text_string(&o->out));
			assert_non_null(text_string(&o->err));
			return (int)p->m.exit.status;
		}
		assert_int_equal(p->m.type, MESSAGE_OUTPUT);
		text_add_bytes(p->m.output.stream == STREAM_ERR ? &o->err
								: &o->out,
		    data->data, data->len);
		len = (uint32_t)data->len;
		if (len > 0)
			control_peer_number(p, MESSAGE_CREDIT, request, len);
	}
	fail_msg("the end, where EXIT was due");
	return -1;
}

int
control_owner_do(struct control_owner *o, struct control_peer *p,
    const char *line)
{
	control_peer_start(p, 99, line, NULL);
	return control_owner_follow(o, p, 99);
}

void
control_owner_is_idle(struct control_owner *o)
{
	control_peer_settle(o->app.context);
	assert_int_equal(server_clients(o->app.control.server), 0);
	assert_null(o->app.jobs);
	assert_ptr_equal(o->app.fronts, &o->app.own);
	assert_null(o->app.own.next);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Accepting clients, and what they say. */
#include "cli/control/server.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include "cli/control/client.h"
#include "cli/control/folder.h"

/* A client that says nothing for so long is none. */
#define HELLO_MS 10000
/* Clients that are let in before others have their turn. */
#define ROUNDS 16
/* How long nobody is let in when there are no descriptors left. */
#define PAUSE_MS 200

struct server {
	struct app *app;
	int fd;
	coapx_watch_t *watch;
	coapx_timer_t *pause;
	struct client *clients;
	size_t n_clients;
	void (*changed)(void *arg);
	void *arg;
};

static void
changed(struct server *server)
{
	if (server->changed)
		server->changed(server->arg);
}

/* --- clients ------------------------------------------------------------- */

static void
client_drop(struct client *client)
{
	struct server *server = client->server;

	DL_DELETE(server->clients, client);
	server->n_clients--;
	requests_end(client);
	coapx_timer_free(client->patience);
	conn_free(client->conn);
	free(client);
	changed(server);
}

/* It is told why, and gone. */
static void
refuse(struct client *client, enum message_error code, const char *text)
{
	conn_error(client->conn, 0, code, text);
	client_drop(client);
}

void
client_settled(struct client *client)
{
	changed(client->server);
}

static void
hello(struct client *client, const struct message *m)
{
	client->greeted = m->hello.version == CONTROL_VERSION;
	coapx_timer_stop(client->patience);
	if (client->greeted)
		return;
	conn_error_version(client->conn);
	client_drop(client);
}

static void
on_patience(coapx_timer_t *timer, void *arg)
{
	struct client *client = arg;

	(void)timer;
	if (!client->greeted)
		refuse(client, ERROR_MALFORMED, "HELLO did not come");
}

static void
on_message(void *user, struct message *m)
{
	struct client *client = user;

	if (m->type == MESSAGE_HELLO && !client->greeted)
		hello(client, m);
	else if (m->type == MESSAGE_ERROR && m->error.code == ERROR_UNKNOWN)
		return; /* what it does not know it does without */
	else if (m->type == MESSAGE_ERROR && m->request == 0)
		client_drop(client);
	else if (!client->greeted || !request_message(client, m))
		refuse(client, ERROR_MALFORMED,
		    "that message is not allowed now");
}

static void
on_unknown(void *user, unsigned type, uint32_t request)
{
	struct client *client = user;

	(void)type;
	if (client->greeted)
		conn_error(client->conn, request, ERROR_UNKNOWN,
		    "a message of that type is not known");
	else
		refuse(client, ERROR_MALFORMED, "HELLO comes first");
}

static void
on_ended(void *user, enum conn_end why)
{
	struct client *client = user;

	switch (why) {
	case CONN_MALFORMED:
		refuse(client, ERROR_MALFORMED, "that is no message");
		break;
	case CONN_MEMORY:
		refuse(client, ERROR_MEMORY, "out of memory");
		break;
	default:
		client_drop(client);
		break;
	}
}

static const struct conn_ops client_ops = { on_message, on_unknown, on_ended };

/* Takes fd over. */
static void
client_add(struct server *server, int fd)
{
	pid_t pid = 0;
	bool ours = peer_is_ours(fd, &pid);
	struct client *client = calloc(1, sizeof *client);
	struct conn *conn = NULL;

	if (!client)
		close(fd);
	else
		conn = conn_new(server->app->context, fd, &client_ops, client);
	if (!conn) {
		free(client);
		return;
	}
	client->server = server;
	client->app = server->app;
	client->conn = conn;
	client->patience =
	    coapx_timer_new(server->app->context, on_patience, client);
	DL_APPEND(server->clients, client);
	server->n_clients++;
	changed(server);
	conn_hello(conn);
	if (!client->patience)
		refuse(client, ERROR_MEMORY, "out of memory");
	else if (!ours)
		refuse(client, ERROR_PEER,
		    "this process belongs to another user");
	else if (server->n_clients > SERVER_CLIENTS)
		refuse(client, ERROR_BUSY, "there are too many clients");
	else
		coapx_timer_set(client->patience, HELLO_MS);
}

/* --- the listening socket ------------------------------------------------ */

static void
on_pause(coapx_timer_t *timer, void *arg)
{
	struct server *server = arg;

	(void)timer;
	coapx_watch_set(server->watch, COAPX_READ);
}

static void
on_ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct server *server = arg;
	int i, peer;

	(void)what;
	for (i = 0; i < ROUNDS; i++) {
		peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (peer >= 0) {
			client_add(server, peer);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
		    errno == ENOMEM) {
			coapx_watch_set(watch, 0);
			coapx_timer_set(server->pause, PAUSE_MS);
		}
		return;
	}
}

struct server *
server_open(struct app *app, int fd)
{
	struct server *server = calloc(1, sizeof *server);

	if (!server)
		return NULL;
	server->app = app;
	server->fd = fd;
	server->pause = coapx_timer_new(app->context, on_pause, server);
	server->watch = coapx_watch_new(app->context, fd, COAPX_READ, on_ready,
	    server, NULL);
	if (server->pause && server->watch)
		return server;
	server_close(server);
	return NULL;
}

void
server_close(struct server *server)
{
	if (!server)
		return;
	server->changed = NULL;
	while (server->clients)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): not in the list */
		client_drop(server->clients);
	coapx_watch_free(server->watch);
	coapx_timer_free(server->pause);
	free(server);
}

size_t
server_clients(const struct server *server)
{
	return server->n_clients;
}

void
server_watch(struct server *server, void (*told)(void *arg), void *arg)
{
	server->changed = told;
	server->arg = arg;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The pair of sockets between us and libwebsockets. A server is given one end;
 * no release of the library takes a socket for a client, so that connects to a
 * name that exists for this moment.
 */
#include <errno.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/ws_lws.h"

/* Foreign processes may connect to a client's listener, too. */
#define LISTEN_BACKLOG 16
#define CONNECT_TRIES  3
/* A name of 255 bytes, a colon and a port; lws cuts a header Host of more than
 * LWS_HOST_MAX short, with the end of its line. */
#define HOST_MAX     261
#define LWS_HOST_MAX 100
#define STAND_IN     "h"
#define HOST_LINE    "\r\nHost: " STAND_IN "\r\n"
#define REQUEST_MAX  1024

void
ws_pair_serve(struct ws_conn *c, short what)
{
	struct lws_pollfd pollfd = {
		.fd = c->lws_fd,
		.events = POLLIN | POLLOUT,
		.revents = what,
	};

	lws_service_fd(c->shard->context, &pollfd);
}

/* Bytes that lws has written: 0 when there are none, or it is gone. */
size_t
ws_pair_read(struct ws_conn *c, void *data, size_t size)
{
	ssize_t n;

	do
		n = recv(c->fd, data, size, 0);
	while (n < 0 && errno == EINTR);
	return n > 0 ? (size_t)n : 0;
}

/* Why there is no socket: where unix sockets are not allowed (seccomp,
 * RestrictAddressFamilies) the kernel says that there is no such family. */
static int
unix_error(int e)
{
	return e == EAFNOSUPPORT ? -COAP_E_PERM : err_from_errno(e);
}

int
ws_pair_server(struct ws_conn *c)
{
	lws_adopt_desc_t desc = {
		.vh = c->shard->vhost,
		.type = LWS_ADOPT_SOCKET | LWS_ADOPT_HTTP,
		.opaque = c,
	};
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) < 0)
		return unix_error(errno);
	c->fd = pair[0];
	c->lws_fd = pair[1];
	desc.fd.sockfd = pair[1];
	/* It owns that descriptor, also when it fails. */
	c->wsi = lws_adopt_descriptor_vhost_via_info(&desc);
	return c->wsi ? 0 : -COAP_E_NOMEM;
}

/* A listener with a name that the kernel chose, in "+@name" for lws. */
static int
listen_abstract(char name[sizeof(struct sockaddr_un)])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t len = sizeof a;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return unix_error(errno);
	if (bind(fd, (struct sockaddr *)&a, sizeof a.sun_family) < 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) < 0 ||
	    listen(fd, LISTEN_BACKLOG) < 0) {
		r = err_from_errno(errno);
		close(fd);
		return r;
	}
	snprintf(name, sizeof a, "+@%.*s",
	    (int)(len - offsetof(struct sockaddr_un, sun_path) - 1),
	    a.sun_path + 1);
	return fd;
}

/* Takes lws's connection; anybody may connect to an abstract name. */
static int
accept_own(int listener)
{
	struct ucred who;
	socklen_t len;
	int fd;

	for (;;) {
		fd =
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return err_from_errno(errno);
		len = sizeof who;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
		    who.pid == getpid())
			return fd;
		close(fd);
	}
}

static int
connect_lws(struct ws_conn *c, const struct ws_conn_params *p)
{
	static const lws_retry_bo_t no_pings;
	char name[sizeof(struct sockaddr_un)];
	struct lws_client_connect_info info = {
		.context = c->shard->context,
		.vhost = c->shard->vhost,
		.address = name,
		.port = 80,
		.path = p->path,
		.host = strlen(p->host) > LWS_HOST_MAX ? STAND_IN : p->host,
		.protocol = WS_SUBPROTOCOL,
		.local_protocol_name = WS_SUBPROTOCOL,
		.ietf_version_or_minus_one = -1,
		.ssl_connection = LCCSCF_HTTP_NO_FOLLOW_REDIRECT,
		.retry_and_idle_policy = &no_pings,
		.opaque_user_data = c,
		.pwsi = &c->wsi,
	};
	int listener = listen_abstract(name);

	if (listener < 0)
		return listener;
	errno = 0;
	if (!lws_client_connect_via_info(&info)) {
		c->wsi = NULL;
		close(listener);
		return errno == EMFILE || errno == ENFILE ? -COAP_E_LIMIT
							  : -COAP_E_NOMEM;
	}
	c->lws_fd = lws_get_socket_fd(c->wsi);
	c->fd = accept_own(listener);
	close(listener);
	return c->fd < 0 ? c->fd : 0;
}

/* lws forgets a session: a hang-up ends it in every state. */
void
ws_pair_close(struct ws_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	if (c->wsi)
		ws_pair_serve(c, POLLHUP);
	if (c->wsi)
		lws_set_opaque_user_data(c->wsi, NULL);
	c->wsi = NULL;
}

static bool
is_host(const char *host)
{
	const char *s;

	if (!host || !host[0] || strlen(host) > HOST_MAX)
		return false;
	for (s = host; *s; s++)
		if (*s <= ' ' || *s > '~')
			return false;
	return true;
}

/* The request that lws wrote without a host gets it. */
static int
insert_host(struct ws_conn *c, const char *host)
{
	char text[REQUEST_MAX];
	size_t n = ws_pair_read(c, text, sizeof text - 1);
	const char *rest;
	int front;

	text[n] = '\0';
	rest = strstr(text, HOST_LINE);
	if (!rest)
		return -COAP_E_STATE;
	rest += strlen("\r\nHost: ");
	front = (int)(rest - text);
	rest += strlen(STAND_IN);
	c->request = coap_malloc_type(COAP_STRING, n + strlen(host) + 1);
	if (!c->request)
		return -COAP_E_NOMEM;
	sprintf(c->request, "%.*s%s%s", front, text, host, rest);
	return 0;
}

int
ws_pair_client(struct ws_conn *c, const struct ws_conn_params *p)
{
	int r = -COAP_E_AGAIN;
	int i;

	if (!is_host(p->host))
		return -COAP_E_INVAL;
	for (i = 0; i < CONNECT_TRIES && r == -COAP_E_AGAIN; i++) {
		ws_pair_close(c);
		c->info = (struct ws_conn_info){ 0 };
		r = connect_lws(c, p);
	}
	c->owed = 1;
	if (r == -COAP_E_AGAIN)
		return -COAP_E_LIMIT;
	if (r == 0 && strlen(p->host) > LWS_HOST_MAX)
		r = insert_host(c, p->host);
	return r;
}

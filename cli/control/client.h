/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of this process, as its server sees it, and the commands it sent. */
#ifndef CLI_CONTROL_CLIENT_H
#define CLI_CONTROL_CLIENT_H

#include "cli/app.h"
#include "cli/control/conn.h"

struct request;
struct server;

struct client {
	struct client *prev;
	struct client *next;
	struct server *server;
	struct app *app;
	struct conn *conn;
	struct request *requests;
	size_t n_requests;
	bool greeted;            /* its HELLO was good */
	coapx_timer_t *patience; /* until then it has to come */
};

/* --- server.c ------------------------------------------------------------ */

/* One of its commands has ended. */
void client_settled(struct client *client);

/* --- request.c ----------------------------------------------------------- */

/* A message about a request, or its beginning. False: it is not allowed now.
 * The client is there afterwards. */
bool request_message(struct client *client, struct message *m);
/* The client is going: its commands are cancelled. */
void requests_end(struct client *client);

#endif

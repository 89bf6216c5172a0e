/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs the commands of other processes: each that comes by a connection becomes
 * a job with a front end of its own, whose output goes back.
 */
#ifndef CLI_CONTROL_SERVER_H
#define CLI_CONTROL_SERVER_H

#include "cli/app.h"

/* More clients are told that there are too many. */
#define SERVER_CLIENTS 256
/* Commands of one client at a time. */
#define SERVER_REQUESTS 64
/* A command that has made so much more than its client took is ended. */
#define SERVER_QUEUE (16U << 20)

struct server;

/* At a listening descriptor, which stays the caller's. NULL: out of memory. */
struct server *server_open(struct app *app, int fd);
/* Ends all connections; their jobs are cancelled. NULL is fine. */
void server_close(struct server *server);
size_t server_clients(const struct server *server);
/* Called from the loop after a client has come or gone, or a command has
 * ended. */
void server_watch(struct server *server, void (*told)(void *arg), void *arg);

#endif

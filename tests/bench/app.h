/* SPDX-License-Identifier: BSD-2-Clause */
/* A client and a server on libcoap's interface; compiled for each library. */
#ifndef BENCH_APP_H
#define BENCH_APP_H

#include <coap3/coap.h>

#include "tests/bench/measure.h"

/* One round of one kind of work. */
struct app {
	struct settings set;
	struct protocol proto;
	coap_proto_t number;
	coap_address_t server;
	pid_t server_pid;
	coap_context_t *context;
	unsigned in_flight;
	unsigned long answers;
	unsigned long number_read; /* the last answer, if it was a number */
	uint32_t token;
	uint64_t end; /* until when an answer is followed by a request; or 0 */
	const char *path;
};

/* The server's; ends the program when the library refuses. */
void app_serve(struct app *app);
/* A client session; ends the program when there is none. */
coap_session_t *app_open(struct app *app);
/* The same, established. */
coap_session_t *app_open_ready(struct app *app);
/* Kinds of work of a client. */
void app_request(struct app *app);
void app_setup(struct app *app);
void app_burst(struct app *app);
void app_memory(struct app *app);
void app_suite(struct app *app);
void app_get_blocks(struct app *app);
void app_put_blocks(struct app *app);
void app_notify(struct app *app);

/* --- what differs between the libraries ----------------------------------- */

/* Whether this one can do it. */
bool library_can(const struct protocol *proto);
/* Before the first run of the loop. */
void library_prepare(coap_session_t *session, const struct protocol *proto);

#endif

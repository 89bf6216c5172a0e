/* SPDX-License-Identifier: BSD-2-Clause */
/* Listeners, and the sessions that come in by them. */
#ifndef CLI_LISTENERS_H
#define CLI_LISTENERS_H

#include "cli/app.h"

struct listen_params {
	const char *uri;  /* host empty or "*" or a name or an address; port 0
	                     is chosen by the kernel */
	const char *name; /* NULL: l1, l2 ... */
	struct keyring *keyring; /* a reference is taken; NULL: none */
};

/* NULL: *status and *problem (malloc()ed). */
struct listener *listener_open(struct app *app,
    const struct listen_params *params, int *status, char **problem);
struct listener *listener_find(struct app *app, const char *name);
void listener_close(struct app *app, struct listener *listener);
void listeners_free(struct app *app);
/* Keeps the list of sessions true: a new server session of a listener gets a
 * name, one that goes is forgotten. */
void listeners_event(struct app *app, coap_session_t *session,
    coap_event_t event);

#endif

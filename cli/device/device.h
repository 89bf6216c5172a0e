/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in device of `demo` and `serve`: resources that show things off,
 * and those of the ETSI CoAP plugtests. */
#ifndef CLI_DEVICE_DEVICE_H
#define CLI_DEVICE_DEVICE_H

#include "cli/app.h"

/* A set of options for commands that call device_listen(). */
extern const struct option device_options[];

/* Adds the resources to the context, once. 0, or -1 when out of memory. */
int device_install(struct app *app);
/* Installs it and listens on a URI for it, with the job's credentials: NULL,
 * the job having been told why (status in *status). */
struct listener *device_listen(struct job *job, const char *uri, int *status);
/* Options of serve that make a proxy of it, and what they ask for: before
 * anything is listened on. An exit status. */
extern const struct option relay_options[];
int relay_start(struct job *job);
/* Whether all requests go to another server, so that there is no device. */
bool relay_is_reverse(const struct app *app);
/* Before the context goes. NULL-safe. */
void relay_free(struct app *app);
/* Before the context goes: takes its resources away, and lets go of what waits.
 * NULL-safe. */
void device_free(struct app *app);

#endif

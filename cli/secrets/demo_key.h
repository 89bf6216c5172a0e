/* SPDX-License-Identifier: BSD-2-Clause */
/* The throw-away key of demo, in a file for other terminals to use. */
#ifndef CLI_DEMO_KEY_H
#define CLI_DEMO_KEY_H

#include "cli/app.h"

#define DEMO_IDENTITY "demo"

/*
 * Makes a random key, in app->demo_file (in hex, for us alone, until
 * app_close()) and as job->keyring. STATUS_OK, or an exit status, the job
 * having been told.
 */
int demo_key_make(struct job *job);
/* Deletes the file, if there is one. */
void demo_key_delete(struct app *app);

#endif

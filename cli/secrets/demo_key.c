/* SPDX-License-Identifier: BSD-2-Clause */
/* The throw-away key of demo. */
#include "cli/secrets/demo_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/output/output_file.h"

#define KEY_SIZE 16

/* The folder of the user's own files that are gone after a restart. */
static const char *
folder(void)
{
	static const char *const names[] = { "XDG_RUNTIME_DIR", "TMPDIR" };
	const char *value;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		value = getenv(names[i]);
		if (value && *value == '/' && access(value, W_OK | X_OK) == 0)
			return value;
	}
	return "/tmp";
}

static int
write_file(struct job *job, const uint8_t key[KEY_SIZE])
{
	struct app *app = job->app;
	char line[2 * KEY_SIZE + 2];
	int fd, written;

	app->demo_file = text_format("%s/coap-shell-demo-XXXXXX", folder());
	if (!app->demo_file)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	fd = mkostemp(app->demo_file, O_CLOEXEC); /* mode 0600 */
	if (fd < 0) {
		job_fail(job, STATUS_LOCAL, "%s: %s", app->demo_file,
		    strerror(errno));
		free(app->demo_file);
		app->demo_file = NULL;
		return STATUS_LOCAL;
	}
	for (size_t i = 0; i < KEY_SIZE; i++)
		snprintf(line + 2 * i, 3, "%02x", key[i]);
	line[2 * KEY_SIZE] = '\n';
	written = write_all(fd, line, 2 * KEY_SIZE + 1);
	explicit_bzero(line, sizeof line);
	close(fd);
	if (written == 0)
		return STATUS_OK;
	return job_fail(job, STATUS_LOCAL, "%s: %s", app->demo_file,
	    strerror(errno));
}

int
demo_key_make(struct job *job)
{
	struct keyring *k = keyring_new(true);
	uint8_t key[KEY_SIZE];
	int status;

	if (!k || !coap_prng(key, sizeof key) ||
	    !secret_set(&k->identity, DEMO_IDENTITY, strlen(DEMO_IDENTITY)) ||
	    !secret_set(&k->hint, DEMO_IDENTITY, strlen(DEMO_IDENTITY)) ||
	    !secret_set(&k->key, key, sizeof key)) {
		keyring_unref(k);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	job->keyring = k;
	status = write_file(job, key);
	explicit_bzero(key, sizeof key);
	return status;
}

void
demo_key_delete(struct app *app)
{
	if (app->demo_file)
		unlink(app->demo_file);
	free(app->demo_file);
	app->demo_file = NULL;
}

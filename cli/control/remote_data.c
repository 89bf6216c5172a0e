/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client has and the owner wants: files and keys. */
#include <stdlib.h>
#include <string.h>

#include "cli/body/pieces.h"
#include "cli/control/remote_private.h"
#include "cli/secrets/keyring.h"

void
remote_send(struct remote *remote, struct message *m)
{
	m->request = REQUEST;
	conn_send(remote->conn, m);
}

int
remote_fail(struct remote *remote, int status, const char *what)
{
	const char *session = remote->route.session;

	if (session)
		return job_fail(remote->job, status,
		    "the process that owns '%s' (pid %ld) %s", session,
		    (long)remote->owner, what);
	return job_fail(remote->job, status,
	    "the process at the control socket (pid %ld) %s",
	    (long)remote->owner, what);
}

/* --- files --------------------------------------------------------------- */

static bool
slice_is(const struct slice *slice, const char *s)
{
	return strlen(s) == slice->len &&
	    memcmp(s, slice->data, slice->len) == 0;
}

/* Whether it is the file of "@FILE" behind an option that takes one. */
static bool
is_named(const struct args *args, const struct slice *name)
{
	const struct arg_option *given;
	size_t i;

	for (i = 0; i < args->n_options; i++) {
		given = &args->options[i];
		if (given->option->complete == COMPLETE_AT_FILE &&
		    given->value && given->value[0] == '@' &&
		    slice_is(name, given->value + 1))
			return true;
	}
	return false;
}

static void
end_input(struct remote *remote, int status)
{
	struct message m = { .type = MESSAGE_INPUT_END };

	m.input_end.status = (uint32_t)status;
	remote_forget_data(remote);
	remote_send(remote, &m);
}

static void
on_piece(void *arg, const uint8_t *data, size_t len)
{
	struct remote *remote = arg;
	struct message m = { .type = MESSAGE_INPUT };

	remote->reading = false;
	m.input = (struct slice){ data, len };
	remote_send(remote, &m);
}

static void
on_end(void *arg, int status)
{
	end_input(arg, status);
}

static const struct pieces_ops piece_ops = { on_piece, on_end };

/* STATUS_OK, or why it cannot be read, which the user has been told. */
static int
open_input(struct remote *remote, const struct slice *name)
{
	struct message m = { .type = MESSAGE_INPUT_LENGTH };
	int status;

	remote_forget_data(remote);
	if (!is_named(&remote->job->args, name))
		return remote_fail(remote, STATUS_LOCAL,
		    "wants a file that the command does not name");
	remote->input_name = strndup((const char *)name->data, name->len);
	if (!remote->input_name)
		return job_fail(remote->job, STATUS_INTERNAL, "out of memory");
	status = pieces_open(remote->job, remote->input_name, &piece_ops,
	    remote, &remote->pieces);
	if (status != STATUS_OK)
		return status;
	m.length = pieces_length(remote->pieces);
	if (m.length != UINT64_MAX)
		remote_send(remote, &m);
	return STATUS_OK;
}

static bool
is_open(const struct remote *remote, const struct slice *name)
{
	return remote->pieces && slice_is(name, remote->input_name);
}

bool
remote_read(struct remote *remote, const struct message *m)
{
	int status = STATUS_OK;

	if (remote->stopping)
		return true;
	if (remote->reading)
		return false;
	if (!is_open(remote, &m->read.name))
		status = open_input(remote, &m->read.name);
	if (status == STATUS_OK)
		status = pieces_want(remote->pieces, m->read.max);
	remote->reading = status == STATUS_OK;
	if (status != STATUS_OK)
		end_input(remote, status);
	return true;
}

/* A file whose length was told, between two READ. */
bool
remote_rewind(struct remote *remote, const struct message *m)
{
	if (remote->stopping)
		return true;
	return !remote->reading && is_open(remote, &m->rewind) &&
	    pieces_rewind(remote->pieces);
}

/* --- keys ---------------------------------------------------------------- */

static void
on_keys(struct job *job, int status)
{
	struct remote *remote = job->state;
	struct message m = { .type = MESSAGE_KEYS_FAILED };
	struct bytes packed = { .data = NULL };

	/* The owner tells what is waited for. */
	job_is_quiet(job, true);
	m.status = (uint32_t)status;
	if (status == STATUS_OK && keyring_pack(job->keyring, &packed)) {
		m.type = MESSAGE_KEYS;
		m.keys = (struct slice){ bytes_front(&packed), packed.len };
	} else if (status == STATUS_OK) {
		m.status =
		    (uint32_t)job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	remote_send(remote, &m);
	bytes_free(&packed);
	keyring_unref(job->keyring);
	job->keyring = NULL;
}

bool
remote_want_keys(struct remote *remote)
{
	int status;

	if (remote->keys_asked)
		return false;
	remote->keys_asked = true;
	if (remote->stopping)
		return true;
	status = keyring_collect(remote->job, on_keys);
	if (status != JOB_RUNNING)
		on_keys(remote->job, status);
	return true;
}

void
remote_forget_data(struct remote *remote)
{
	pieces_free(remote->pieces);
	remote->pieces = NULL;
	free(remote->input_name);
	remote->input_name = NULL;
	remote->reading = false;
}

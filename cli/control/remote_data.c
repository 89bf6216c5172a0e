/* SPDX-License-Identifier: BSD-2-Clause */
/* What a client has and the owner wants: files and keys. */
#include <stdlib.h>
#include <string.h>

#include "cli/body/input.h"
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

/* The next piece, or the end. */
static void
feed(struct remote *remote, size_t max)
{
	size_t left = remote->data_len - remote->data_sent;
	struct message m = { .type = MESSAGE_INPUT };

	if (left == 0) {
		m.type = MESSAGE_INPUT_END;
		m.input_end.status = (uint32_t)remote->data_status;
		remote_forget_data(remote);
	} else {
		m.input.data = remote->data + remote->data_sent;
		m.input.len = left < max ? left : max;
		remote->data_sent += m.input.len;
	}
	remote_send(remote, &m);
}

static void
on_data(void *arg, int status, uint8_t *data, size_t len)
{
	struct remote *remote = arg;

	remote->input = NULL;
	remote->data = data;
	remote->data_len = len;
	remote->data_sent = 0;
	remote->data_status = status;
	feed(remote, remote->input_max);
}

bool
remote_read(struct remote *remote, const struct message *m)
{
	int status;

	if (remote->stopping)
		return true;
	if (remote->input)
		return false;
	if (remote->input_name && slice_is(&m->read.name, remote->input_name)) {
		feed(remote, m->read.max);
		return true;
	}
	remote_forget_data(remote);
	if (!is_named(&remote->job->args, &m->read.name)) {
		remote->data_status = remote_fail(remote, STATUS_LOCAL,
		    "wants a file that the command does not name");
		feed(remote, 0);
		return true;
	}
	remote->input_max = m->read.max;
	remote->input_name =
	    strndup((const char *)m->read.name.data, m->read.name.len);
	status = remote->input_name
	    ? input_start(remote->job, remote->input_name, INPUT_MAX, on_data,
		  remote, &remote->input)
	    : job_fail(remote->job, STATUS_INTERNAL, "out of memory");
	if (status == STATUS_OK)
		return true;
	remote->data_status = status;
	feed(remote, 0);
	return true;
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
	input_free(remote->input);
	remote->input = NULL;
	free(remote->input_name);
	remote->input_name = NULL;
	if (remote->data)
		explicit_bzero(remote->data, remote->data_len);
	free(remote->data);
	remote->data = NULL;
	remote->data_len = remote->data_sent = 0;
	remote->data_status = STATUS_OK;
}

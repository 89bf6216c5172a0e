/* SPDX-License-Identifier: BSD-2-Clause */
/* A command of a client: a job here, and its streams. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/body/pieces.h"
#include "cli/control/client.h"
#include "cli/control/server.h"
#include "cli/secrets/keyring.h"

/* Before each piece of output that waits: stream (1), length (4). */
#define HEAD 5

struct request {
	struct request *prev;
	struct request *next;
	struct client *client;
	uint32_t id;
	struct front front; /* the job's */
	struct start *start;
	struct job *job;       /* NULL once it has ended */
	struct pieces *pieces; /* that waits for what READ asked for */
	uint32_t asked;        /* at most so many bytes; 0: there is no READ */
	bool wants_keys;
	bool starting; /* job_start() is on the stack */
	bool silent;   /* nobody listens any more */
	bool over;     /* the job has ended, with ... */
	int status;
	char *session; /* current at the end */
	char *path;
	unsigned broken; /* streams that the client cannot write, as bits */
	/* Output that waits for credit; of the first piece the bytes that are
	 * left. */
	struct bytes queue;
	unsigned stream;
	size_t left;
	size_t credit;
	coapx_timer_t *overflow; /* ends a job that nobody reads */
	bool overflowed;
	size_t last_words; /* then: bytes that are let through all the same */
};

static struct request *
request_of(struct front *front)
{
	return (struct request *)(void *)((char *)front -
	    offsetof(struct request, front));
}

/* As conn_send(). */
static bool
send_about(struct request *request, struct message *m)
{
	m->request = request->id;
	return request->silent || conn_send(request->client->conn, m);
}

static void
request_free(struct request *request)
{
	struct client *client = request->client;

	DL_DELETE(client->requests, request);
	client->n_requests--;
	front_close(&request->front);
	coapx_timer_free(request->overflow);
	bytes_free(&request->queue);
	start_free(request->start);
	free(request->session);
	free(request->path);
	free(request);
}

/* --- output -------------------------------------------------------------- */

static struct slice
slice_of(const char *s)
{
	return (struct slice){ (const uint8_t *)s, s ? strlen(s) : 0 };
}

/* The next of what is queued; false: there is none, or no credit for it. */
static bool
send_some(struct request *request)
{
	struct message m = { .type = MESSAGE_OUTPUT };
	struct bytes *queue = &request->queue;
	struct bytes_reader head;
	bool broken;
	size_t n;

	if (request->left == 0) {
		if (queue->len == 0)
			return false;
		head = (struct bytes_reader){ bytes_front(queue), HEAD, false };
		request->stream = bytes_u8(&head);
		request->left = bytes_u32(&head);
		bytes_take(queue, HEAD);
	}
	broken = request->broken & 1U << request->stream;
	n = request->left;
	if (!broken) {
		n = n < MESSAGE_DATA ? n : MESSAGE_DATA;
		n = n < request->credit ? n : request->credit;
		if (n == 0 && request->left > 0)
			return false;
		m.output.stream = request->stream;
		m.output.data = (struct slice){ bytes_front(queue), n };
		send_about(request, &m);
		request->credit -= n;
	}
	bytes_take(queue, n);
	request->left -= n;
	return true;
}

static void
send_exit(struct request *request)
{
	struct message m = { .type = MESSAGE_EXIT };

	m.exit.status = (uint32_t)request->status;
	m.exit.session = slice_of(request->session);
	m.exit.path = slice_of(request->path);
	/* The client stays where it was. */
	if (m.exit.path.len > MESSAGE_TEXT)
		m.exit.path.len = 0;
	send_about(request, &m);
}

/* Sends what is queued as far as there is credit; then, after the end, EXIT.
 * The request may be gone. */
static void
pump(struct request *request)
{
	struct client *client = request->client;

	while (send_some(request))
		;
	if (!request->over || request->starting || request->left > 0 ||
	    request->queue.len > 0)
		return;
	send_exit(request);
	request_free(request);
	client_settled(client);
}

/* When there is too much, why it is over is still to be told. */
static bool
has_room(struct request *request, size_t len)
{
	if (!request->overflowed)
		return request->queue.len <= SERVER_QUEUE && len <= UINT32_MAX;
	if (len > request->last_words)
		return false;
	request->last_words -= len;
	return true;
}

static int
sink_write(struct request *request, unsigned stream, const void *data,
    size_t len)
{
	errno = EPIPE; /* of which nobody is told here */
	if (request->broken & (1U << stream))
		return -1;
	/* All of it or nothing. */
	if (!has_room(request, len) ||
	    !bytes_reserve(&request->queue, HEAD + len)) {
		if (!request->overflowed)
			request->last_words = MESSAGE_DATA;
		request->overflowed = true;
		coapx_timer_set(request->overflow, 0);
		errno = ENOBUFS;
		return -1;
	}
	bytes_add_u8(&request->queue, (uint8_t)stream);
	bytes_add_u32(&request->queue, (uint32_t)len);
	bytes_add(&request->queue, data, len);
	pump(request);
	return 0;
}

static int
sink_out(void *user, const void *data, size_t len)
{
	return sink_write(user, STREAM_OUT, data, len);
}

static int
sink_err(void *user, const void *data, size_t len)
{
	return sink_write(user, STREAM_ERR, data, len);
}

static int
sink_file(void *user, const void *data, size_t len)
{
	return sink_write(user, STREAM_FILE, data, len);
}

static int
sink_part(void *user, const void *data, size_t len)
{
	return sink_write(user, STREAM_PART, data, len);
}

static bool
sink_line(void *user, const char *line, size_t len)
{
	sink_write(user, STREAM_LINE, line, len);
	return false;
}

/* More of a body would only lie here. */
static bool
sink_behind(void *user)
{
	const struct request *request = user;

	return request->left > 0 || request->queue.len > 0;
}

static void
on_overflow(coapx_timer_t *timer, void *arg)
{
	struct request *request = arg;

	(void)timer;
	if (request->job)
		job_cancel(request->job, STATUS_OUTPUT);
}

/* --- what only the client has -------------------------------------------- */

static int
guest_read(struct job *job, struct pieces *pieces, const char *name,
    uint32_t max)
{
	struct request *request = request_of(job->front);
	struct message m = { .type = MESSAGE_READ };

	m.read.name = slice_of(name);
	m.read.max = max;
	if (!send_about(request, &m))
		return -1;
	request->pieces = pieces;
	request->asked = max;
	return 0;
}

static void
guest_forget(struct job *job, struct pieces *pieces)
{
	struct request *request = request_of(job->front);

	if (request->pieces == pieces)
		request->pieces = NULL;
}

static void
guest_rewind(struct job *job, const char *name)
{
	struct message m = { .type = MESSAGE_REWIND };

	m.rewind = slice_of(name);
	send_about(request_of(job->front), &m);
}

static int
guest_want_keys(struct job *job)
{
	struct request *request = request_of(job->front);
	struct message m = { .type = MESSAGE_WANT_KEYS };

	request->wants_keys = true;
	send_about(request, &m);
	return 0;
}

static const struct guest_ops guest_ops = {
	guest_read,
	guest_forget,
	guest_rewind,
	guest_want_keys,
};

/* --- the job ------------------------------------------------------------- */

static void
on_done(struct job *job, int status, void *arg)
{
	struct request *request = arg;
	const struct named *current = request->front.current;

	(void)job;
	request->job = NULL;
	request->pieces = NULL;
	request->over = true;
	request->status = status;
	if (request->broken && status == STATUS_OK)
		request->status = STATUS_OUTPUT;
	if (current) {
		request->session = strdup(current->name);
		request->path = strdup(front_path(&request->front, current));
		if (!request->session || !request->path)
			request->status = STATUS_INTERNAL;
	}
	if (!request->starting)
		pump(request);
}

static void
make_front(struct request *request, struct app *app)
{
	const struct start *start = request->start;
	struct front *front = &request->front;

	front->guest = &guest_ops;
	front->sink = (struct sink){
		.user = request,
		.out = sink_out,
		.err = sink_err,
		.line = sink_line,
		.file = sink_file,
		.part = sink_part,
		.behind = sink_behind,
		.found = start->found,
		.out_is_terminal = start->out_is_terminal,
		.err_is_terminal = start->err_is_terminal,
		.out_color = start->out_color,
		.err_color = start->err_color,
		.width = start->width,
		.utf8 = start->utf8,
	};
	front->defaults = start->options;
	front->timeout_ms = start->timeout_ms;
	front->session_name = start->session;
	front->no_input = start->no_input;
	front->background = start->background;
	front_open(front, app);
}

/* What is current for the client is so for its command. */
static int
go_there(struct request *request)
{
	const struct start *start = request->start;
	struct front *front = &request->front;

	front->current = app_find(front->app, start->session);
	if (!start->place_session || !start->place_path)
		return 0;
	return front_set_place(front, start->place_session, start->place_path);
}

static bool
begin(struct client *client, struct message *m)
{
	struct request *request = calloc(1, sizeof *request);

	if (!request) {
		conn_error(client->conn, m->request, ERROR_MEMORY,
		    "out of memory");
		return true;
	}
	request->client = client;
	request->id = m->request;
	request->credit = MESSAGE_WINDOW;
	request->start = m->start;
	m->start = NULL;
	DL_APPEND(client->requests, request);
	client->n_requests++;
	make_front(request, client->app);
	request->overflow =
	    coapx_timer_new(client->app->context, on_overflow, request);
	if (!request->overflow || go_there(request) < 0) {
		conn_error(client->conn, m->request, ERROR_MEMORY,
		    "out of memory");
		request_free(request);
		return true;
	}
	request->starting = true;
	request->job = job_start(&request->front, request->start->words,
	    request->start->n_words, on_done, request);
	request->starting = false;
	if (request->over)
		pump(request);
	return true;
}

/* --- messages ------------------------------------------------------------ */

static bool
on_cancel(struct request *request, const struct message *m)
{
	if (m->status != STATUS_INTERRUPTED && m->status != STATUS_TERMINATED)
		return false;
	if (request->job)
		job_cancel(request->job, (int)m->status);
	return true;
}

/* The same after the client took something; its command goes on. */
static void
pump_on(struct request *request)
{
	struct job *job = request->job;
	bool behind = sink_behind(request);

	pump(request);
	if (job && job->ready && behind && !sink_behind(request))
		job->ready(job);
}

static bool
on_credit(struct request *request, const struct message *m)
{
	if (m->credit > MESSAGE_WINDOW - request->credit)
		return false;
	request->credit += m->credit;
	pump_on(request);
	return true;
}

/* The job may have forgotten what it asked for. */
static bool
on_input(struct request *request, const struct message *m)
{
	struct pieces *pieces = request->pieces;

	if (m->input.len > request->asked)
		return false;
	request->asked = 0;
	request->pieces = NULL;
	if (pieces)
		pieces_feed(pieces, m->input.data, m->input.len);
	return true;
}

static bool
on_input_end(struct request *request, const struct message *m)
{
	struct pieces *pieces = request->pieces;

	if (request->asked == 0)
		return false;
	request->asked = 0;
	request->pieces = NULL;
	if (pieces)
		pieces_ended(pieces, (int)m->input_end.status);
	return true;
}

/* Before the first bytes of a file. */
static bool
on_input_length(struct request *request, const struct message *m)
{
	if (request->asked == 0)
		return false;
	if (request->pieces)
		pieces_measured(request->pieces, m->length);
	return true;
}

static bool
on_keys(struct request *request, const struct message *m)
{
	struct job *job = request->job;
	struct keyring *keyring = NULL;
	int result;

	if (!request->wants_keys)
		return false;
	request->wants_keys = false;
	if (!job)
		return true;
	result =
	    keyring_unpack(keyring_role_of(job->command) == KEYRING_LISTENS,
		m->keys.data, m->keys.len, &keyring);
	if (result == -1)
		return false;
	keyring_unref(job->keyring);
	job->keyring = keyring;
	/* What is waited for counts from here: the user may have typed long. */
	job_is_quiet(job, false);
	job_go_on(job,
	    result == 0 ? STATUS_OK
			: job_fail(job, STATUS_INTERNAL, "out of memory"));
	return true;
}

static bool
on_keys_failed(struct request *request, const struct message *m)
{
	if (!request->wants_keys)
		return false;
	request->wants_keys = false;
	if (request->job)
		job_go_on(request->job, (int)m->status);
	return true;
}

static bool
on_broken(struct request *request, const struct message *m)
{
	request->broken |= 1U << m->stream;
	pump_on(request);
	return true;
}

/* Nobody wants to hear of it any more. It may be gone. */
static void
abandon(struct request *request)
{
	request->silent = true;
	request->broken = ~0U;
	bytes_free(&request->queue);
	request->left = 0;
	if (request->job)
		job_cancel(request->job, STATUS_TERMINATED);
	else
		request_free(request);
}

/* For the client it is over. */
static bool
on_error(struct request *request, const struct message *m)
{
	(void)m;
	abandon(request);
	return true;
}

static const struct {
	enum message_type type;
	bool (*take)(struct request *request, const struct message *m);
} takers[] = {
	{ MESSAGE_ERROR, on_error },
	{ MESSAGE_CANCEL, on_cancel },
	{ MESSAGE_CREDIT, on_credit },
	{ MESSAGE_INPUT, on_input },
	{ MESSAGE_INPUT_END, on_input_end },
	{ MESSAGE_INPUT_LENGTH, on_input_length },
	{ MESSAGE_KEYS, on_keys },
	{ MESSAGE_KEYS_FAILED, on_keys_failed },
	{ MESSAGE_BROKEN, on_broken },
};

static struct request *
find(const struct client *client, uint32_t id)
{
	struct request *request;

	DL_FOREACH(client->requests, request)
		if (request->id == id)
			return request;
	return NULL;
}

bool
request_message(struct client *client, struct message *m)
{
	struct request *request = find(client, m->request);
	size_t i;

	if (m->type == MESSAGE_START) {
		if (request || m->request == 0)
			return false;
		if (client->n_requests < SERVER_REQUESTS)
			return begin(client, m);
		conn_error(client->conn, m->request, ERROR_BUSY,
		    "there are too many commands of this client");
		return true;
	}
	for (i = 0; i < sizeof takers / sizeof takers[0]; i++)
		if (takers[i].type == m->type)
			/* What is said of one that has ended crossed EXIT. */
			return !request || takers[i].take(request, m);
	return false;
}

void
requests_end(struct client *client)
{
	/* One whose job lingers has to be told twice. */
	while (client->requests)
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): not in the list */
		abandon(client->requests);
}

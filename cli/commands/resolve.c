/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * resolve: the addresses of a name, one a line. getaddrinfo() waits, so it
 * does on a thread of its own, which tells the end through a pipe. Whoever of
 * the job and the thread comes last frees what they share.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

struct lookup {
	atomic_int holders;
	int fd; /* the thread's end of the pipe */
	int error;
	int system_error;
	struct addrinfo *result;
	char host[];
};

struct resolving {
	struct lookup *lookup;
	coapx_watch_t *watch;
	int fd;
};

static void
lookup_release(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->holders, 1) > 1)
		return;
	if (lookup->result)
		freeaddrinfo(lookup->result);
	free(lookup);
}

static void *
look_up(void *arg)
{
	static const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
	};
	struct lookup *lookup = arg;
	int fd = lookup->fd;

	lookup->error =
	    getaddrinfo(lookup->host, NULL, &hints, &lookup->result);
	lookup->system_error = errno;
	lookup_release(lookup);
	/* The end of the pipe is the message. */
	close(fd);
	return NULL;
}

static void
free_state(struct job *job)
{
	struct resolving *r = job->state;

	coapx_watch_free(r->watch);
	if (r->fd >= 0)
		close(r->fd);
	if (r->lookup)
		lookup_release(r->lookup);
	free(r);
}

/* --- the answer ---------------------------------------------------------- */

static void
show(struct job *job, const struct addrinfo *list)
{
	struct view_field field = { .name = "address", .type = FIELD_TEXT };
	const struct addrinfo *i;
	char text[NI_MAXHOST];

	/* With a zone, where the address has one. */
	for (i = list; i; i = i->ai_next) {
		if (getnameinfo(i->ai_addr, i->ai_addrlen, text, sizeof text,
			NULL, 0, NI_NUMERICHOST) != 0)
			continue;
		field.text = text;
		output_value(job->out, &field);
	}
}

static void
on_ready(coapx_watch_t *watch, int fd, unsigned what, void *arg)
{
	struct job *job = arg;
	const struct resolving *r = job->state;
	const struct lookup *lookup = r->lookup;
	const char *why;

	(void)watch;
	(void)fd;
	(void)what;
	if (lookup->error == 0) {
		show(job, lookup->result);
		job_end(job, STATUS_OK);
		return;
	}
	why = lookup->error == EAI_SYSTEM ? strerror(lookup->system_error)
					  : gai_strerror(lookup->error);
	job_end(job,
	    job_fail(job, STATUS_RESOLVE, "%s: %s", lookup->host, why));
}

/* --- the question -------------------------------------------------------- */

/* HOST of "HOST", "[V6]" and of a URI. */
static char *
host_of(const char *word)
{
	const char *authority = strstr(word, "://");
	size_t len;

	if (authority)
		word = authority + 3;
	len = strcspn(word, authority ? "/?#" : "");
	if (*word == '[') {
		word++;
		len = strcspn(word, "]");
	} else if (authority) {
		len = strcspn(word, ":/?#");
	}
	return strndup(word, len);
}

static int
begin(struct job *job, struct resolving *r, const char *host)
{
	struct lookup *lookup;
	pthread_attr_t attr;
	pthread_t thread;
	int fds[2];
	int err;

	lookup = calloc(1, sizeof *lookup + strlen(host) + 1);
	if (!lookup || pipe2(fds, O_CLOEXEC) < 0) {
		free(lookup);
		return -1;
	}
	memcpy(lookup->host, host, strlen(host));
	lookup->fd = fds[1];
	atomic_init(&lookup->holders, 2);
	r->fd = fds[0];
	r->lookup = lookup;
	r->watch = coapx_watch_new(job->app->context, r->fd, COAPX_READ,
	    on_ready, job, NULL);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	err = r->watch ? pthread_create(&thread, &attr, look_up, lookup) : -1;
	pthread_attr_destroy(&attr);
	if (err == 0)
		return 0;
	close(fds[1]);
	atomic_init(&lookup->holders, 1);
	return -1;
}

static int
start(struct job *job)
{
	struct resolving *r = calloc(1, sizeof *r);
	char *host = host_of(args_operand(&job->args, 0));
	int err = -1;

	if (r) {
		r->fd = -1;
		job->state = r;
		job->free_state = free_state;
	}
	if (host && *host == '\0') {
		free(host);
		return job_fail(job, STATUS_USAGE, "the host is missing");
	}
	if (r && host)
		err = begin(job, r, host);
	if (err == 0)
		job_waits_for(job, "the addresses of %s", host);
	free(host);
	if (err < 0)
		return job_fail(job, STATUS_INTERNAL,
		    "the look-up cannot begin: %s", strerror(errno));
	return JOB_RUNNING;
}

static const char *const examples[] = { "resolve plant.example", NULL };

const struct command cmd_resolve = {
	.name = "resolve",
	.group = "For the hard days",
	.summary = "print the addresses of a name, one a line",
	.details = "As the system gives them. A URI is taken too: its host is "
		   "what counts.",
	.examples = examples,
	.operands = { { .name = "HOST" } },
	.start = start,
};

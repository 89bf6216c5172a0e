/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * getaddrinfo() on a thread. What both threads touch is struct shared, behind
 * its lock; a query belongs to the loop except while it is `running`.
 */
#include "net/resolver.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/socket.h"

enum query_state {
	QUERY_QUEUED,
	QUERY_RUNNING,
	QUERY_DONE,
};

struct resolver_query {
	struct resolver_query *prev, *next;
	struct shared *shared;
	resolver_done_t done;
	void *user;
	enum query_state state;
	bool cancelled;
	bool told; /* its callback is under way; only the loop looks at it */
	uint16_t port;
	int result; /* of the lookup */
	char host[RESOLVER_MAX_NAME + 1];
	char detail[RESOLVER_DETAIL_SIZE];
	coap_address_t addrs[RESOLVER_MAX_ADDRESSES];
};

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t work;
	resolver_lookup_t lookup;
	struct resolver_query *queued;
	struct resolver_query *running;
	struct resolver_query *done;
	int eventfd; /* the loop's; valid until `stop` */
	bool stop;
	bool abandoned; /* the thread cleans up */
};

struct resolver {
	struct poller *poller;
	struct watch watch;
	struct shared *shared;
	pthread_t thread;
	bool started;
	bool busy; /* a callback may be under way: free later */
	bool closed;
};

/* --- the thread ----------------------------------------------------------- */

/* Copies what a CoAP address can be. */
static int
copy_addresses(const struct addrinfo *list, coap_address_t *addrs)
{
	const struct addrinfo *ai;
	int n = 0;

	for (ai = list; ai && n < RESOLVER_MAX_ADDRESSES; ai = ai->ai_next) {
		if (ai->ai_family != AF_INET && ai->ai_family != AF_INET6)
			continue;
		memset(&addrs[n], 0, sizeof addrs[n]);
		memcpy(&addrs[n].addr, ai->ai_addr, ai->ai_addrlen);
		addrs[n++].size = ai->ai_addrlen;
	}
	return n;
}

static int
lookup_system(const char *host, coap_address_t *addrs,
    char detail[RESOLVER_DETAIL_SIZE])
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM, /* each address once */
	};
	struct addrinfo *list = NULL;
	int e = getaddrinfo(host, NULL, &hints, &list);
	int n;

	if (e != 0) {
		snprintf(detail, RESOLVER_DETAIL_SIZE, "%s", gai_strerror(e));
		return -COAP_E_RESOLVE;
	}
	n = copy_addresses(list, addrs);
	freeaddrinfo(list);
	return n;
}

static void
free_list(struct resolver_query *list)
{
	struct resolver_query *q;

	while (list) {
		q = list;
		DL_DELETE(list, q);
		coap_free_type(COAP_STRING, q);
	}
}

static void
shared_free(struct shared *s)
{
	free_list(s->queued);
	free_list(s->done);
	coap_free_type(COAP_STRING, s->running);
	pthread_cond_destroy(&s->work);
	pthread_mutex_destroy(&s->lock);
	coap_free_type(COAP_CONTEXT, s);
}

/* Waits for a name, with the lock held: NULL when it is over. */
static struct resolver_query *
next_query(struct shared *s)
{
	struct resolver_query *q;

	while (!s->stop && !s->queued)
		pthread_cond_wait(&s->work, &s->lock);
	if (s->stop)
		return NULL;
	q = s->queued;
	DL_DELETE(s->queued, q);
	q->state = QUERY_RUNNING;
	s->running = q;
	return q;
}

static void
put_done(struct shared *s, struct resolver_query *q)
{
	uint64_t one = 1;
	ssize_t n;

	s->running = NULL;
	q->state = QUERY_DONE;
	DL_APPEND(s->done, q);
	n = write(s->eventfd, &one, sizeof one);
	(void)n; /* fails only when it is set already */
}

static void *
thread_main(void *arg)
{
	struct shared *s = arg;
	struct resolver_query *q;
	resolver_lookup_t lookup;
	bool abandoned;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		q = next_query(s);
		if (!q)
			break;
		lookup = s->lookup;
		pthread_mutex_unlock(&s->lock);
		q->result = lookup(q->host, q->addrs, q->detail);
		pthread_mutex_lock(&s->lock);
		if (s->stop)
			break;
		put_done(s, q);
	}
	abandoned = s->abandoned;
	pthread_mutex_unlock(&s->lock);
	if (abandoned)
		shared_free(s);
	return NULL;
}

/* Signals are for the application's own threads. */
static int
start_thread(struct resolver *r)
{
	sigset_t all, before;
	int e;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	e = pthread_create(&r->thread, NULL, thread_main, r->shared);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return e == EAGAIN ? -COAP_E_LIMIT : err_from_errno(e);
}

/* --- the loop ------------------------------------------------------------- */

static void
swap_in(coap_address_t *addrs, size_t from, size_t to)
{
	coap_address_t a = addrs[from];

	memmove(&addrs[to + 1], &addrs[to], (from - to) * sizeof a);
	addrs[to] = a;
}

void
resolver_sort(coap_address_t *addrs, size_t n)
{
	size_t i, j;

	for (i = 1; i < n; i++) {
		j = i;
		while (j < n &&
		    addrs[j].addr.sa.sa_family ==
			addrs[i - 1].addr.sa.sa_family)
			j++;
		if (j == n) /* the other family is used up */
			return;
		swap_in(addrs, j, i);
	}
}

static void
tell(struct resolver_query *q)
{
	size_t n = q->result > 0 ? (size_t)q->result : 0;
	size_t i;

	for (i = 0; i < n; i++)
		coap_address_set_port(&q->addrs[i], q->port);
	resolver_sort(q->addrs, n);
	if (n > 0)
		q->done(q->user, 0, "", q->addrs, n);
	else if (q->result < 0)
		q->done(q->user, -COAP_E_RESOLVE, q->detail, NULL, 0);
	else
		q->done(q->user, -COAP_E_RESOLVE, "the name has no address",
		    NULL, 0);
}

static struct resolver_query *
take_done(struct shared *s)
{
	struct resolver_query *q;

	pthread_mutex_lock(&s->lock);
	q = s->done;
	if (q) {
		DL_DELETE(s->done, q);
		q->told = true;
	}
	pthread_mutex_unlock(&s->lock);
	return q;
}

static void
resolver_ready(struct watch *w, uint32_t events)
{
	struct resolver *r = WATCH_OWNER(w, struct resolver, watch);
	struct resolver_query *q;
	uint64_t count;
	ssize_t n = read(w->fd, &count, sizeof count);

	(void)n;
	(void)events;
	r->busy = true;
	while (!r->closed) {
		q = take_done(r->shared);
		if (!q)
			break;
		if (!q->cancelled)
			tell(q);
		coap_free_type(COAP_STRING, q);
	}
	r->busy = false;
	if (r->closed)
		coap_free_type(COAP_CONTEXT, r);
}

static struct shared *
shared_new(void)
{
	struct shared *s = mem_new(COAP_CONTEXT, 1, sizeof *s);

	if (!s)
		return NULL;
	s->lookup = lookup_system;
	s->eventfd = -1;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->work, NULL);
	return s;
}

int
resolver_open(struct poller *p, struct resolver **out)
{
	struct resolver *r = mem_new(COAP_CONTEXT, 1, sizeof *r);

	if (!r)
		return -COAP_E_NOMEM;
	r->shared = shared_new();
	if (!r->shared) {
		coap_free_type(COAP_CONTEXT, r);
		return -COAP_E_NOMEM;
	}
	r->poller = p;
	r->watch.fd = -1;
	r->watch.ready = resolver_ready;
	*out = r;
	return 0;
}

/* Ends the thread: waits for it only when it has nothing in hand. */
static void
end_thread(struct resolver *r)
{
	struct shared *s = r->shared;
	bool idle;

	pthread_mutex_lock(&s->lock);
	idle = !s->running;
	s->stop = true;
	s->abandoned = !idle;
	pthread_cond_signal(&s->work);
	pthread_mutex_unlock(&s->lock);
	if (!idle) {
		pthread_detach(r->thread);
		return;
	}
	pthread_join(r->thread, NULL);
	shared_free(s);
}

void
resolver_close(struct resolver *r)
{
	int fd;

	if (!r || r->closed)
		return;
	fd = r->watch.fd;
	if (r->started)
		end_thread(r);
	else
		shared_free(r->shared);
	poller_remove(r->poller, &r->watch);
	socket_close(&fd);
	r->closed = true;
	if (!r->busy)
		coap_free_type(COAP_CONTEXT, r);
}

static int
start(struct resolver *r)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int err;

	if (fd < 0)
		return err_from_errno(errno);
	err = poller_add(r->poller, &r->watch, fd, EPOLLIN);
	if (err < 0)
		goto fail;
	r->shared->eventfd = fd;
	err = start_thread(r);
	if (err < 0)
		goto fail;
	r->started = true;
	return 0;

fail:
	poller_remove(r->poller, &r->watch);
	socket_close(&fd);
	return err;
}

int
resolver_start(struct resolver *r, const char *host, uint16_t port,
    resolver_done_t done, void *user, struct resolver_query **out)
{
	size_t len = strlen(host);
	struct resolver_query *q;
	int err;

	if (len == 0 || len > RESOLVER_MAX_NAME)
		return -COAP_E_INVAL;
	q = mem_new(COAP_STRING, 1, sizeof *q);
	if (!q)
		return -COAP_E_NOMEM;
	if (!r->started) {
		err = start(r);
		if (err < 0) {
			coap_free_type(COAP_STRING, q);
			return err;
		}
	}
	memcpy(q->host, host, len);
	q->shared = r->shared;
	q->port = port;
	q->done = done;
	q->user = user;
	*out = q;

	pthread_mutex_lock(&r->shared->lock);
	DL_APPEND(r->shared->queued, q);
	pthread_cond_signal(&r->shared->work);
	pthread_mutex_unlock(&r->shared->lock);
	return 0;
}

void
resolver_cancel(struct resolver_query *q)
{
	struct shared *s;
	bool forget = true;

	if (!q || q->told)
		return;
	s = q->shared;
	pthread_mutex_lock(&s->lock);
	if (q->state == QUERY_QUEUED) {
		DL_DELETE(s->queued, q);
	} else if (q->state == QUERY_DONE) {
		DL_DELETE(s->done, q);
	} else {
		q->cancelled = true; /* the loop frees it when it is done */
		forget = false;
	}
	pthread_mutex_unlock(&s->lock);
	if (forget)
		coap_free_type(COAP_STRING, q);
}

void
resolver_set_lookup(struct resolver *r, resolver_lookup_t lookup)
{
	pthread_mutex_lock(&r->shared->lock);
	r->shared->lookup = lookup;
	pthread_mutex_unlock(&r->shared->lock);
}

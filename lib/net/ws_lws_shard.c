/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Contexts of libwebsockets, each for a few sessions. None has a listening
 * socket, and none of its timers ever runs: it is served by calls alone.
 */
#include <errno.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net/ws_lws.h"
#include "net/ws_lws_event.h"

#define FD_LIMIT       64 /* twice WS_SHARD_MAX, and its event pipe */
#define FD_LIMIT_MORE  3  /* lws adds two to it */
#define RX_SIZE        2048
#define TX_PACKET_SIZE 65536
#define SERVICE_SIZE   4096
/* What lws would wait for something; we do the waiting. */
#define TIMEOUT_S (24 * 60 * 60)

struct ws_shared {
	struct ws_shared **slot;
	struct ws_shard *shards; /* those with room come first */
	pid_t pid;
};

/* libwebsockets has one log for the process. */
static _Atomic(void (*)(const char *line)) log_line;

static void
emit(int level, const char *line)
{
	void (*log)(const char *) = atomic_load(&log_line);

	(void)level;
	if (log)
		log(line);
}

/* One name for client and server: sessions of both kinds live in a context. */
static const struct lws_protocols protocols[] = {
	{
	    .name = WS_SUBPROTOCOL,
	    .callback = ws_lws_event,
	    .rx_buffer_size = RX_SIZE,
	    .tx_packet_size = TX_PACKET_SIZE,
	},
	{ .name = NULL },
};

/* All zero: lws never pings by itself. */
static const lws_retry_bo_t no_pings;

/*
 * lws_create_context() sets SIGPIPE to be ignored, for the whole process.
 * What it was comes back: lws sends with MSG_NOSIGNAL.
 */
static struct lws_context *
create_context(const struct lws_context_creation_info *info)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct lws_context *context;
	struct sigaction pipe;
	int e;

	pthread_mutex_lock(&lock);
	lws_set_log_level(LLL_ERR | LLL_WARN, emit);
	sigaction(SIGPIPE, NULL, &pipe);
	errno = 0;
	context = lws_create_context(info);
	e = errno;
	sigaction(SIGPIPE, &pipe, NULL);
	pthread_mutex_unlock(&lock);
	errno = e;
	return context;
}

/*
 * How many descriptors a context shall have room for. It must be less than the
 * process may have: else lws takes descriptors as indices into its table, and
 * writes beyond it when that limit has been raised.
 */
static unsigned
fd_limit(void)
{
	long all = sysconf(_SC_OPEN_MAX);

	if (all < 0 || all > FD_LIMIT + FD_LIMIT_MORE)
		return FD_LIMIT;
	return all > FD_LIMIT_MORE ? (unsigned)(all - FD_LIMIT_MORE) : 0;
}

static int
open_context(struct ws_shard *shard)
{
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.fd_limit_per_thread = fd_limit(),
		.pt_serv_buf_size = SERVICE_SIZE,
		.timeout_secs = TIMEOUT_S,
		.connect_timeout_secs = TIMEOUT_S,
		.keepalive_timeout = TIMEOUT_S,
		.timeout_secs_ah_idle = TIMEOUT_S,
		.retry_and_idle_policy = &no_pings,
		.http_proxy_address = "", /* nor that of the environment */
	};
	struct lws_vhost *vhost;

	if (info.fd_limit_per_thread == 0)
		return -COAP_E_LIMIT;
	shard->context = create_context(&info);
	if (!shard->context)
		return errno == EMFILE || errno == ENFILE ? -COAP_E_LIMIT
							  : -COAP_E_NOMEM;
	vhost = lws_get_vhost_by_name(shard->context, "default");
	if (!vhost) {
		lws_context_destroy(shard->context);
		return -COAP_E_NOMEM;
	}
	shard->vhost = vhost;
	/* It finishes being created in its first pass. */
	lws_service(shard->context, -1);
	return 0;
}

static int
shard_new(struct ws_shared *shared, struct ws_shard **out)
{
	struct ws_shard *shard = mem_new(COAP_SESSION, 1, sizeof *shard);
	int r;

	if (!shard)
		return -COAP_E_NOMEM;
	shard->shared = shared;
	r = open_context(shard);
	if (r < 0) {
		coap_free_type(COAP_SESSION, shard);
		return r;
	}
	shard->next = shared->shards;
	shared->shards = shard;
	*out = shard;
	return 0;
}

static int
shared_new(struct ws_shared **slot)
{
	struct ws_shared *shared = mem_new(COAP_SESSION, 1, sizeof *shared);

	if (!shared)
		return -COAP_E_NOMEM;
	shared->slot = slot;
	shared->pid = getpid();
	*slot = shared;
	return 0;
}

static void
shared_drop(struct ws_shared *shared)
{
	if (shared->shards)
		return;
	*shared->slot = NULL;
	coap_free_type(COAP_SESSION, shared);
}

static struct ws_shard **
link_to(struct ws_shard *shard)
{
	struct ws_shard **link = &shard->shared->shards;

	while (*link != shard)
		link = &(*link)->next;
	return link;
}

/* Full shards stand behind all others, so the first tells. */
static void
move_to_end(struct ws_shard *shard)
{
	struct ws_shard **link = link_to(shard);

	*link = shard->next;
	while (*link)
		link = &(*link)->next;
	*link = shard;
	shard->next = NULL;
}

static void
move_to_front(struct ws_shard *shard)
{
	*link_to(shard) = shard->next;
	shard->next = shard->shared->shards;
	shard->shared->shards = shard;
}

int
ws_shard_take(struct ws_shared **slot, void (*log)(const char *line),
    struct ws_shard **out)
{
	struct ws_shard *shard;
	int r;

	atomic_store(&log_line, log);
	if (!*slot) {
		r = shared_new(slot);
		if (r < 0)
			return r;
	}
	shard = (*slot)->shards;
	if (shard && ws_shard_foreign(shard))
		return -COAP_E_STATE;
	if (!shard || shard->n == WS_SHARD_MAX) {
		r = shard_new(*slot, &shard);
		if (r < 0) {
			shared_drop(*slot);
			return r;
		}
	}
	shard->n++;
	if (shard->n == WS_SHARD_MAX)
		move_to_end(shard);
	*out = shard;
	return 0;
}

void
ws_shard_give(struct ws_shard *shard)
{
	struct ws_shared *shared = shard->shared;
	struct ws_shard **link;

	if (shard->n-- == WS_SHARD_MAX)
		move_to_front(shard);
	if (shard->n > 0)
		return;
	link = link_to(shard);
	*link = shard->next;
	if (!ws_shard_foreign(shard))
		lws_context_destroy(shard->context);
	coap_free_type(COAP_SESSION, shard);
	shared_drop(shared);
}

bool
ws_shard_foreign(const struct ws_shard *shard)
{
	return shard->shared->pid != getpid();
}

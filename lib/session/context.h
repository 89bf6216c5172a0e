/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A context: the loop, the timers, the tables and the handlers of one thread.
 */
#ifndef SESSION_CONTEXT_H
#define SESSION_CONTEXT_H

#include <stdbool.h>

#include <coap3/coapx.h>

#include "base/timer.h"
#include "exchange/async.h"
#include "exchange/body.h"
#include "exchange/cache.h"
#include "exchange/observers.h"
#include "exchange/resource.h"
#include "net/poller.h"
#include "net/resolver.h"

/* One datagram is read into this; UDP cannot carry more. */
#define CONTEXT_RX_SIZE 65536
/* Bytes of a body that comes in blocks, unless set; and of all of them that
 * requests have, that answers have, and of all answers that are kept. */
#define CONTEXT_BODY_MAX   ((size_t)8 << 20)
#define CONTEXT_BODIES_MAX ((size_t)64 << 20)

struct context_handlers {
	coap_response_handler_t response;
	coap_nack_handler_t nack;
	coap_ping_handler_t ping;
	coap_pong_handler_t pong;
	coap_event_handler_t event;
	void (*event_arg)(coap_session_t *, coap_event_t, void *);
	void *event_arg_data;
	void (*trace)(const coapx_trace_t *, void *);
	void *trace_data;
};

struct context_settings {
	uint32_t csm_max_message_size;
	uint32_t max_token_size;
	uint32_t block_mode;
	uint32_t max_block_size; /* 0: no limit */
	size_t max_body_size;
	unsigned amplification; /* see amplify.h; 0: no limit */
	unsigned csm_timeout_ms;
	unsigned session_timeout; /* seconds; 0: the default */
	unsigned max_idle_sessions;
	unsigned max_handshake_sessions;
	unsigned keepalive;         /* seconds; 0: off */
	unsigned reconnect_seconds; /* 0: off */
	unsigned reconnect_retries; /* 0: without limit */
	unsigned proxy_entries;     /* answers that a proxy keeps; 0: none */
	size_t proxy_bytes;
};

struct coap_context_t {
	struct poller poller;
	struct timers timers;
	struct resolver *resolver; /* NULL until a name is looked up */
	struct resources resources;
	struct cache cache;
	struct context_handlers on;
	struct context_settings set;
	struct body_pool bodies;  /* of requests, that come in block by block */
	struct body_pool answers; /* the same, to requests of ours */
	struct body_pool kept;    /* answers, for who asks for their rest */
	struct observer_pool observing; /* what peers observe */
	struct persist *persist;        /* what of it outlives us; or NULL */
	struct async_pool asyncs;       /* requests that are answered later */
	struct async_pool late;         /* answers to a group's requests */
	struct proxy *proxy;         /* what is forwarded; NULL: nothing yet */
	uint64_t request_tag;        /* the last one */
	struct hash_key echo_key[2]; /* of Echo values, once echo_keyed */
	bool echo_keyed;
	coap_endpoint_t *endpoints;
	coap_session_t *clients; /* client sessions, by constructor or switch */
	coap_session_t *idle; /* server sessions nobody holds, oldest first */
	coap_session_t *half_open;       /* the same, in a handshake */
	coap_session_t *dead;            /* freed when the pass ends */
	coap_endpoint_t *dead_endpoints; /* likewise */
	struct lingering
	    *lingering; /* transports of sessions that are closed */
	unsigned n_lingering;
	coapx_timer_t *app_timers;
	coapx_watch_t *app_watches;
	unsigned n_idle;
	unsigned depth;    /* passes that are under way, one inside the other */
	bool freeing;      /* coap_free_context() has begun */
	bool doomed;       /* free when the outermost pass ends */
	bool fd_given;     /* a foreign loop waits: keep the timerfd armed */
	uint64_t now_us;   /* the reading of this pass, valid while depth > 0 */
	uint64_t left_us;  /* when the last message was handed to a transport */
	coap_tick_t armed; /* what the timerfd is set to */
	/* Microseconds; replaceable, so that a test can drive hours at once. */
	uint64_t (*clock)(void *arg);
	void *clock_arg;
	struct watch timer_watch; /* the timerfd, only for a foreign loop */
	struct watch wake_watch;
	int error; /* of the last constructor that gave nothing */
	char error_detail[512];
	void *app_data;
	/* What was set, and what is made of it for each role; NULL: not yet. */
	struct credentials *credentials;
	struct credentials *client_credentials;
	struct credentials *server_credentials;
	struct credentials *psk_credentials; /* see credentials_share() */
	struct ws_shared *ws_shared;         /* of the WebSocket layers */
	unsigned handshakes; /* server sessions that are in one */
	int keylog;          /* a file, or -1 */
	coap_app_data_free_callback_t app_free;
	uint64_t next_session_id;
	uint8_t *rx; /* CONTEXT_RX_SIZE bytes, made at the first use */
};

/*
 * Every way into the library that can call a handler, or change a timer, is
 * between these two. The outermost leave frees what died on the way; after it
 * the context itself may be gone.
 */
void context_enter(coap_context_t *context);
void context_leave(coap_context_t *context);
/* The time of this pass, or of the clock outside of one. */
coap_tick_t context_now(const coap_context_t *context);
/* The same, as layers ask for it; user is the context. */
coap_tick_t context_layer_now(void *user);
/* The clock itself, for round trips: a pass may see request and response. */
uint64_t context_clock_us(const coap_context_t *context);
uint8_t *context_rx(coap_context_t *context);
struct resolver *context_resolver(coap_context_t *context);
/* Remembers why a constructor failed; returns err. */
int context_fail(coap_context_t *context, int err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Whether anything can be made: an error when it is about to be freed. */
int context_check(coap_context_t *context);

/* loop.c */
/* The timerfd that a foreign loop sees fires when the next timer is due. */
void loop_arm(coap_context_t *context);
int loop_open(coap_context_t *context);
void loop_close(coap_context_t *context);
/* app_loop.c */
void app_free_all(coap_context_t *context);

/* keylog.c: one line; nothing without a file. */
void context_keylog(coap_context_t *context, const char *line);

/* Session timeout in ticks. */
coap_tick_t context_idle_time(const coap_context_t *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A session: one peer over one protocol. The struct is made of parts, each
 * owned by one file; what a session does not use it does not carry.
 *
 * Lifetimes (the numbered rules are in ARCHITECTURE.md):
 * - A session that ends (last reference of a client session gone, idle pool,
 *   context freed) is put on context->dead and freed when the outermost pass
 *   ends, so every function below may use the session it was given until it
 *   returns, whatever a handler did. What may have gone in between is the
 *   transport: after a handler look at session->layer again.
 */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "exchange/hash.h"

#include "base/timer.h"
#include "exchange/async.h"
#include "exchange/request.h"
#include "message/dgram.h"
#include "message/stream.h"
#include "net/layer.h"
#include "net/port.h"
#include "session/connect/proto.h"
#include "session/context.h"

/* Messages that wait for the session to be established, at most. */
#define SESSION_PENDING_MAX 1024
/* coap_session_t.keepalive: as the context has it. */
#define KEEPALIVE_OF_CONTEXT UINT32_MAX

struct session_connect;
struct bodies;
struct qtransfer;

/* Who reported the last error. */
enum error_source {
	ERROR_NONE,
	ERROR_LOCAL,
	ERROR_NETWORK,
	ERROR_PEER,
	ERROR_RESOLVER,
};

struct session_stats {
	uint64_t bytes_tx;
	uint64_t bytes_rx;
	uint32_t tx;
	uint32_t rx;
	uint32_t retransmits;
	uint32_t resets;
	uint32_t timeouts;
	uint32_t duplicates;
	uint32_t rtt_n;
	uint32_t rtt_min_us;
	uint32_t rtt_avg_us; /* the mean, kept up to date */
	uint32_t rtt_max_us;
};

/* What few sessions have; made at the first use. */
struct session_extra {
	struct session_secure *secure; /* DTLS, TLS, WSS */
	coap_tick_t deadline;          /* of climbing; 0: none */
	struct layer *retired; /* left while a call into it was under way */
	coap_address_t mcast;  /* the group of a multicast client session */
	bool has_mcast;
	bool has_hops;
	uint8_t hops; /* of what goes to it */
	unsigned n_late;
	struct mcast_heard *heard; /* what came from its members */
	struct mcast_late *late;   /* our answers to a group's requests */
	struct layer_ws_info *ws;  /* how a WebSocket ended */
	char *ws_host;          /* of a client's upgrade; NULL: its address */
	coap_bin_const_t *said; /* why the peer sent Abort, in its words */
	coapx_request_t *pings; /* that wait for an answer, in order */
	coapx_free_t app_free;
	struct session_reconnect *reconnect;
	/* With keepalive: when the peer was last heard, or asked. */
	coap_tick_t quiet_since;
	/* Since when a stream has taken nothing; 0: not known. */
	coap_tick_t blocked_since;
	coap_tick_t release_end;   /* of the wait after a peer's Release */
	struct bodies *bodies;     /* of a peer's requests, in blocks */
	struct qtransfer *qblocks; /* requests of ours that go by Q-Block */
	struct cache_scope cached; /* its entries in the context's cache */
	struct asyncs asyncs; /* a peer's requests that are answered later */
	uint8_t echo_len;     /* of what the peer gave us; 0: nothing */
	uint8_t echo[ECHO_MAX];
	struct observations *observations; /* of ours */
	struct observer_peer *observing;   /* what the peer observes */
};

/* A message that waits until the session is established. */
struct pending {
	struct pending *next;
	coap_pdu_t *pdu;
};

/* What only a session that came in has: its place in the endpoint's table, by
 * who the peer is; and once it is disconnected, in the list of those that
 * nobody finds any more. */
struct session_peer {
	UT_hash_handle hh;         /* in endpoint->peers */
	struct session_peer *prev; /* in endpoint->gone */
	struct session_peer *next;
	bool gone;
	coap_session_t *session;
	uint8_t key[24];
};

struct coap_session_t {
	coap_context_t *context;
	coap_endpoint_t *endpoint; /* it came in by; NULL: opened by us */
	const struct proto *proto;
	struct layer *layer; /* NULL: no transport (yet, or any more) */
	struct session_connect *connect; /* while a transport is being made */
	union {
		struct dgram dgram;
		struct stream stream;
	} msg;
	struct requests requests;
	struct pending *pending_last;    /* a ring: its next is the first */
	struct session_extra *extra;     /* NULL: nothing of it is needed */
	const struct msg_params *params; /* shared until one is set */
	struct timer timer;              /* the one timer of the session */
	coap_session_t *prev;            /* in clients, idle or dead */
	coap_session_t *next;
	struct session_peer *peer; /* NULL: not in an endpoint's table */
	coap_address_t remote;
	coap_address_t local;
	void *app_data;
	struct session_stats stats;
	uint64_t id;
	uint64_t token; /* the next one */
	coap_tick_t created;
	coap_tick_t active; /* last message in or out */
	uint32_t references;
	int32_t error;
	int32_t ifindex;
	uint32_t mtu;
	uint32_t keepalive; /* seconds, 0: off, or KEEPALIVE_OF_CONTEXT */
	uint16_t n_pending;
	uint8_t type;
	uint8_t state;
	uint8_t error_source;
	uint8_t token_len;  /* 0: as short as the value allows */
	uint8_t reason;     /* of the end that is being told */
	uint8_t owed;       /* enum owed: close events not told yet */
	bool announce : 1;  /* SESSION_CONNECTED is to be told by the timer */
	bool connected : 1; /* it was told */
	bool heard : 1;     /* something came from this address */
	bool proven : 1;    /* it is the peer's: see amplify.h */
	bool ending : 1;    /* teardown has begun */
	bool dead : 1;      /* on context->dead */
	bool is_idle : 1;   /* on context->idle, or ... */
	bool half_open : 1; /* on context->half_open */
	bool in_clients : 1;
	bool own_params : 1;
	/* A new connection is awaited, or under way: see reconnect.h. */
	bool reconnecting : 1;
	bool stay_down : 1; /* the application ended it: no reconnect */
	bool settled : 1;   /* SESSION_CONNECTED or _FAILED was told once */
	uint8_t keepalive_missed : 2; /* pings in a row without an answer */
	bool no_observe_cancel : 1;
	bool csm_received : 1;
	bool blocked : 1;    /* the transport takes no more for now */
	bool tell_sent : 1;  /* a request left, and its handler is to hear */
	bool resumes : 1;    /* a request that waited for its body goes on */
	bool climbing : 1;   /* layers are put on the transport, see climb.c */
	bool climb_due : 1;  /* ... as soon as the loop comes to it */
	bool rung_put : 1;   /* the layer of this rung is on the stack */
	bool in_layer : 1;   /* a call into the stack may call handlers */
	bool stood : 1;      /* the protocol's own connected event was told */
	bool counted : 1;    /* among the context's handshakes */
	uint8_t rung : 2;    /* index in proto->rungs */
	uint8_t q_block : 2; /* whether the peer has it: enum, see qblock.h */
	bool proxied : 1;    /* our proxy may have something for it alone */
};

/* The events of an end, in their order. */
enum owed {
	OWED_PROTOCOL = 1,   /* TCP_CLOSED, ... */
	OWED_SESSION = 2,    /* SESSION_CLOSED or SESSION_FAILED */
	OWED_STOOD = 4,      /* the former says closed, not failed */
	OWED_TLS = 8,        /* DTLS_CLOSED */
	OWED_TLS_ERROR = 16, /* DTLS_ERROR: a handshake came to nothing */
	OWED_WS = 32,        /* WS_CLOSED */
	OWED_LOST = 64,      /* RECONNECT_FAILED */
	OWED_NO_MORE = 128,  /* RECONNECT_NO_MORE */
};

/* What a session weighs is a promise of the design. */
_Static_assert(sizeof(struct coap_session_t) <= 512, "session too large");

/* session.c */
/* NULL when out of memory. */
struct session_extra *session_extra(coap_session_t *session);
coap_session_t *session_new(coap_context_t *context, const struct proto *proto,
    coap_session_type_t type, coap_endpoint_t *endpoint);
/* Tears down (nacks, events) and frees at the end of the pass. */
void session_end(coap_session_t *session, coap_nack_reason_t reason, int err);
void session_destroy(coap_session_t *session); /* frees memory; loop only */
void session_touch(coap_session_t *session);   /* something happened on it */
/* Puts it into the idle pool, or takes it out, by its type and references. */
void session_idle_check(coap_session_t *session);

/* state.c */
void session_set_state(coap_session_t *session, coap_session_state_t state);
void session_event(coap_session_t *session, int event);
/* The transport stands; until limit its layers have time. */
void session_up(coap_session_t *session, struct layer *layer,
    coap_tick_t limit);
/* All layers stand. */
void session_stands(coap_session_t *session);
/* Messages can be exchanged. */
void session_established(coap_session_t *session);
/*
 * The transport goes: every outstanding message ends with reason, events are
 * told, the session stays. orderly: layers say goodbye. Safe in any state.
 */
void session_down(coap_session_t *session, coap_nack_reason_t reason, int err,
    bool orderly);
void session_set_error(coap_session_t *session, int err,
    enum error_source source);
/* The timer is set to whatever is due next. */
void session_arm(coap_session_t *session);
void session_timer(struct timer *t, coap_tick_t now);

/* climb.c: DTLS, TLS and WebSocket on top of a transport */
/* Begins to put the protocol's layers on session->layer. */
void climb_begin(coap_session_t *session, coap_tick_t limit);
/* Goes on: called whenever the layer may have something. */
void climb(coap_session_t *session);
/* What is not going on any more. */
void climb_end(coap_session_t *session);
coap_tick_t climb_next(const coap_session_t *session);
/* Gives up when its time is over. */
void climb_timer(coap_session_t *session, coap_tick_t now);
/* Which of the protocol's layers were connected, as enum owed. */
unsigned climb_owed(const coap_session_t *session);
/* Frees a stack, at once or when the call into it has returned. */
void session_retire_layer(coap_session_t *session, struct layer *layer,
    bool orderly);

/* connect.c */
int connect_to_address(coap_session_t *session, const coap_address_t *local,
    const coap_address_t *remote);
int connect_to_name(coap_session_t *session, const coap_address_t *local,
    const char *host, size_t host_len, uint16_t port, unsigned timeout_ms);
void connect_cancel(coap_session_t *session);
coap_tick_t connect_deadline(const coap_session_t *session);
/* Datagrams: goes on with the next address of the name, if there is one. */
bool connect_next_address(coap_session_t *session);

/* send.c */
int session_send_pdu(coap_session_t *session, coap_pdu_t *pdu,
    struct request **request);
/* The same for what is one message in any case. */
int session_send_message(coap_session_t *session, coap_pdu_t *pdu,
    struct request **request);
/* A token when there is none. */
int session_make_token(coap_session_t *session, coap_pdu_t *pdu);
void session_sent(coap_session_t *session, struct request *q);
void session_flush_pending(coap_session_t *session);
/* Those that wait end; with a reconnect to come, all but requests. */
void session_drop_pending(coap_session_t *session, coap_nack_reason_t reason);
/* Requests that the message layer has not sent yet wait here again. */
void session_unsend(coap_session_t *session);
/* The first of those that can go: of a peer that released the connection
 * nothing is asked. NULL: none. */
coap_pdu_t *session_next_pending(const coap_session_t *session);
/* A message that waits is never sent. */
void session_unqueue(coap_session_t *session, const coap_pdu_t *pdu);

/* receive.c */
/* Reads on where an answer that had to wait had stopped it. */
void session_resume_input(coap_session_t *session);
extern const struct layer_events session_layer_events;
/* Reads what the layers have, as if the transport had become readable. */
void session_read(coap_session_t *session);
void session_messages_init(coap_session_t *session);
void session_messages_free(coap_session_t *session);
/* A datagram came in: pdu is what pdu_decode() made of it, err what it said. The
 * caller arms the timer when it has handed out all that there is. */
void session_datagram_pdu(coap_session_t *session, const coap_pdu_t *pdu,
    int err, const uint8_t *data, size_t len);
/* An ICMP error for a datagram of this session; it goes on. */
void session_icmp(coap_session_t *session, int err);

/* end.c: how requests end */
void session_forget_pdu(coap_session_t *session, const coap_pdu_t *sent);
void request_answered(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
/* The two halves of it: q is the caller's in between. */
void request_take_answered(coap_session_t *session, struct request *q);
void request_deliver(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
/* A group's request: one member has answered, others may; the time for it is
 * over, and it is out of the table. */
void request_answered_by_one(coap_session_t *session, struct request *q,
    const coap_pdu_t *response);
void request_over(coap_session_t *session, struct request *q);
void request_failed(coap_session_t *session, struct request *q,
    coap_nack_reason_t reason, int err);
void request_progress(coap_session_t *session, struct request *q,
    coapx_progress_t progress, unsigned count);
/* Nack of a message that is no request. */
void message_failed(coap_session_t *session, const coap_pdu_t *sent,
    coap_nack_reason_t reason);
/* With a reconnect to come, those that were not sent yet stay. */
void requests_end_all(coap_session_t *session, coap_nack_reason_t reason,
    int err);
/* Those that left for the first time. */
void requests_tell_sent(coap_session_t *session);
/* ICMP: ends the requests that asked for it. */
void requests_icmp(coap_session_t *session, int err);

/* ping.c */
void ping_answered(coap_session_t *session);
/* All pings end; or only the one that was on the wire. */
void ping_failed(coap_session_t *session, coap_nack_reason_t reason, int err);
void ping_lost(coap_session_t *session, coap_nack_reason_t reason, int err);
/* Ends the pings that asked to end on an ICMP error. */
void ping_icmp(coap_session_t *session, int err);
void ping_expire(coap_session_t *session, coap_tick_t now);
coap_tick_t ping_next(const coap_session_t *session);
/* Keepalive: a ping when nothing was heard for its interval. */
void keepalive_start(coap_session_t *session);
void keepalive_heard(coap_session_t *session);
void keepalive_check(coap_session_t *session, coap_tick_t now);
coap_tick_t keepalive_next(const coap_session_t *session);

/* trace.c */
void trace_bytes(coap_session_t *session, coapx_trace_kind_t kind,
    const uint8_t *data, size_t len);
void trace_pdu(coap_session_t *session, coapx_trace_kind_t kind,
    const coap_pdu_t *pdu);
void trace_text(coap_session_t *session, coapx_trace_kind_t kind,
    const char *text);

static inline bool
session_reliable(const coap_session_t *session)
{
	return session->proto->reliable;
}

static inline coapx_request_t *
session_pings(const coap_session_t *session)
{
	return session->extra ? session->extra->pings : NULL;
}

/* Whether it talks to a group. */
static inline bool
session_is_mcast(const coap_session_t *session)
{
	return session->extra && session->extra->has_mcast;
}

/* Whether it takes messages: it has a transport, or will have one. */
static inline bool
session_is_open(const coap_session_t *session)
{
	return session->layer != NULL || session->connect != NULL ||
	    session->reconnecting;
}

#endif

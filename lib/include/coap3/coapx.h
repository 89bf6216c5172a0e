/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libcoap has no name for: opening by URI, requests with their own
 * callbacks, session details, traces, timers and descriptors on the loop.
 *
 * Handles are opaque. A struct that is passed begins with its size (sizeof
 * *it), so that a program built against an older header keeps working: what it
 * does not know counts as 0. A newer one is served as long as it sets nothing
 * that this library does not know; else that is -COAP_E_INVAL.
 * Functions that return int return 0 or the negative of a coapx_error unless
 * they say otherwise. Everything belongs to the thread of its context, except
 * coapx_wake().
 */
#ifndef COAPX_H
#define COAPX_H

#include <coap3/coap.h>
#include <coap3/coapx_errors.h>
#include <coap3/coapx_link.h>
#include <coap3/coapx_registry.h>
#include <coap3/coapx_tls.h>
#include <coap3/coapx_uri.h>

/* The version of this library; libcoap's interface has LIBCOAP_VERSION. */
#define COAPX_VERSION "0.1.0"

COAP_API const char *coapx_version(void);

/* The sentence for an error, positive or negative; never NULL. */
COAP_API const char *coapx_strerror(int err);

/* --- sessions ------------------------------------------------------------ */

typedef struct coapx_open_params_t {
	size_t size;
	const char
	    *uri; /* any of the six schemes; path and query are ignored */
	/* "ADDR", "ADDR%IF", "ADDR:PORT", "[V6%IF]:PORT", ":PORT", or NULL.
	 * ADDR is one of this host; of IPv4, 0.0.0.0%IF is that interface's. */
	const char *bind;
	unsigned connect_timeout_ms; /* name, all addresses and handshakes
	                                together, but not the wait for the
	                                peer's CSM; 0: 30000 */
	void *app_data;
	/* NULL: those of the context, or else what the system trusts. */
	const coapx_credentials_t *credentials;
} coapx_open_params_t;

/*
 * A client session to the authority of a URI. Returns at once, in state NONE
 * while the name is looked up; all addresses are tried (RFC 8305). Events tell
 * how it goes: SESSION_CONNECTED, or SESSION_FAILED and the reason in
 * coapx_session_error(). Requests may be sent right away; they wait. One
 * reference, the caller's. NULL and *err (may be NULL) when it cannot begin.
 */
COAP_API coap_session_t *coapx_session_open(coap_context_t *context,
    const coapx_open_params_t *params, int *err);

typedef struct coapx_listen_params_t {
	size_t size;
	const coap_address_t *address;
	coap_proto_t proto;
	/* NULL: those of the context. */
	const coapx_credentials_t *credentials;
	void *app_data; /* of the endpoint */
} coapx_listen_params_t;

/* As coap_new_endpoint(), with credentials of its own. NULL and *err (may be
 * NULL); the reason in words is in coapx_context_error(). */
COAP_API coap_endpoint_t *coapx_endpoint_open(coap_context_t *context,
    const coapx_listen_params_t *params, int *err);

typedef struct coapx_session_info_t {
	size_t size;
	uint64_t id; /* unique in its context, never used again */
	unsigned references;
	unsigned mtu;
	uint64_t age_ms;
	uint64_t idle_ms;
	/* Messages and bytes, retransmissions and duplicates included. */
	uint64_t tx;
	uint64_t rx;
	uint64_t bytes_tx;
	uint64_t bytes_rx;
	uint64_t retransmits;
	uint64_t resets;   /* RST or Abort received */
	uint64_t timeouts; /* messages that ended unanswered */
	uint64_t duplicates;
	/* Round trips of requests in microseconds; 0 before the first. */
	uint32_t rtt_min_us;
	uint32_t rtt_avg_us;
	uint32_t rtt_max_us;
	uint32_t requests; /* under way */
	uint32_t queued;   /* messages that wait to be sent */
	/* Reliable transports (RFC 8323 section 5.3); 0 elsewhere. */
	uint32_t csm_received;
	uint32_t csm_peer_max_message_size;
	uint32_t csm_peer_block_wise;
	uint32_t csm_peer_max_token;
	uint32_t csm_own_max_message_size;
	/* Whether a new connection is awaited or under way, attempts since the
	 * last success, and the time until the next one begins. */
	uint32_t reconnecting;
	uint32_t reconnect_attempts;
	uint64_t reconnect_in_ms;
	uint32_t observations; /* of ours, that have not ended */
	uint32_t observers;    /* of the peer: what it observes of us */
	/* NON requests that wait for PROBING_RATE (RFC 7252 section 4.7), until
	 * something comes from the peer. */
	uint32_t held;
} coapx_session_info_t;

/* Fills what fits in info->size. -COAP_E_INVAL on NULL. */
COAP_API int coapx_session_get_info(const coap_session_t *session,
    coapx_session_info_t *info);

/*
 * The last error of a session: its code (negative; 0: none) and, in buf, one
 * sentence with what is known: who, and what went wrong.
 */
COAP_API int coapx_session_error(const coap_session_t *session, char *buf,
    size_t size);
/* The last error of a call that gave no session or endpoint. */
COAP_API int coapx_context_error(const coap_context_t *context, char *buf,
    size_t size);

/* The endpoint that a server session came in by; NULL for client sessions. */
COAP_API coap_endpoint_t *coapx_session_get_endpoint(
    const coap_session_t *session);
/* Where it really listens (port 0 resolved); lives as long as the endpoint. */
COAP_API const coap_address_t *coapx_endpoint_get_address(
    const coap_endpoint_t *endpoint);
COAP_API coap_proto_t coapx_endpoint_get_proto(const coap_endpoint_t *endpoint);
COAP_API void coapx_endpoint_set_app_data(coap_endpoint_t *endpoint,
    void *data);
COAP_API void *coapx_endpoint_get_app_data(const coap_endpoint_t *endpoint);

/*
 * Closes in good order: Release (7.04) on reliable transports, then as
 * coap_session_disconnected(), without a reconnect. What the kernel did not
 * take yet is delivered by the loop afterwards, as long as the peer takes it;
 * coap_free_context() cuts that. The caller still releases its reference.
 */
COAP_API void coapx_session_shutdown(coap_session_t *session);

/* Frees the application data when the session goes; replaces
 * coap_session_set_app_data() and returns the previous pointer. */
typedef void (*coapx_free_t)(void *data);
COAP_API void *coapx_session_set_app_data(coap_session_t *session, void *data,
    coapx_free_t free_data);

/* Keepalive of one session in seconds, 0: off; overrides the context's. The
 * only one of a session that came in. -COAP_E_INVAL for NULL. */
COAP_API int coapx_session_set_keepalive(coap_session_t *session,
    unsigned seconds);

/*
 * Reconnect of one session: seconds from a loss to the next attempt (0: off),
 * and attempts in a row (0: no limit); overrides the context's. One that waits
 * waits anew; off, it is given up. 0; -COAP_E_STATE for a session that came
 * in: its peer's way to us is not ours to dial; -COAP_E_NOMEM; -COAP_E_INVAL.
 */
COAP_API int coapx_session_set_reconnect(coap_session_t *session,
    unsigned seconds, unsigned retries);

/*
 * Connects anew, now: closes what stands in good order, and dials again what
 * the session was opened for, also after a shutdown or when it was given up.
 * The loop does it; events tell, beginning with RECONNECT_STARTED. Errors as
 * above.
 */
COAP_API int coapx_session_reconnect(coap_session_t *session);

/* --- requests ------------------------------------------------------------ */

typedef struct coapx_request_t coapx_request_t;

typedef enum {
	COAPX_PROGRESS_SENT = 1, /* on the wire for the first time */
	COAPX_PROGRESS_RETRANSMITTED = 2,
	COAPX_PROGRESS_ACKED = 3, /* an empty ACK: the response comes later */
	COAPX_PROGRESS_ICMP = 4,  /* the network reported an error */
} coapx_progress_t;

/* How far a body has come that takes several messages: bytes. */
typedef struct coapx_transfer_t {
	size_t size;
	uint64_t sent;       /* of ours, that the peer has */
	uint64_t sent_total; /* 0: not known, or none */
	uint64_t received; /* of the answer's, with those before body_offset */
	uint64_t received_total; /* as the peer says (Size2); 0: it does not */
	const uint8_t *etag;     /* of the answer; NULL: none, or not yet */
	size_t etag_length;
} coapx_transfer_t;

/* How a request ended. Pointers live until the handler returns. */
typedef struct coapx_result_t {
	int error;                 /* 0: response is set; else negative */
	coap_nack_reason_t reason; /* when error is not 0 */
	const coap_pdu_t *sent;
	const coap_pdu_t *response;
	uint64_t rtt_us; /* from its first byte sent to the end */
	unsigned retransmits;
	/* How far the bodies came; NULL: there were none in blocks. */
	const coapx_transfer_t *transfer;
} coapx_result_t;

typedef struct coapx_request_params_t {
	size_t size;
	unsigned timeout_ms; /* in all; 0: until the protocol gives up */
	unsigned flags;
	/* Exactly once, never inside coapx_request_send(); the handle dies with
	 * its return. Not called after coapx_request_cancel(). */
	void (*result)(coapx_request_t *request, coap_session_t *session,
	    const coapx_result_t *result, void *arg);
	/* May be NULL. */
	void (*progress)(coapx_request_t *request, coap_session_t *session,
	    coapx_progress_t progress, unsigned count, void *arg);
	void *arg;
	/* Bodies in blocks (RFC 7959); all may be 0. Callbacks may cancel the
	 * request and release the session. */
	/* After each block that was answered, and before result(). */
	void (*transfer)(coapx_request_t *request, coap_session_t *session,
	    const coapx_transfer_t *transfer, void *arg);
	/* Gives the body to send, instead of a payload in the message: puts up
	 * to len bytes from offset on into buf and returns how many, fewer only
	 * at the end; negative ends the request with that error; COAPX_BODY_WAIT:
	 * they are not there yet. The same bytes may be asked for again, the
	 * first inside coapx_request_send(). */
	int (*read_body)(coapx_request_t *request, coap_session_t *session,
	    uint64_t offset, uint8_t *buf, size_t len, void *arg);
	uint64_t body_length; /* COAPX_LENGTH_UNKNOWN: until read_body() ends */
	/* Takes the body of a response that comes in blocks, which then has
	 * none. In order; offset 0 again means that it begins anew. Negative
	 * ends the request with that error; COAPX_BODY_WAIT: they were taken,
	 * and the next block is not to be asked for yet. */
	int (*write_body)(coapx_request_t *request, coap_session_t *session,
	    uint64_t offset, const uint8_t *data, size_t len, void *arg);
	size_t body_max;     /* bytes of an answer; 0: as the context has it */
	unsigned block_size; /* the largest, 16 to 1024; 0: as the context */
	/* Goes on with a body of which the first bytes are there (RFC 7959
	 * section 2.4): a GET with write_body, which is called from here on.
	 * Where the server now has another body than that of the ETag, it
	 * begins anew: offset 0, or a response in one message. The offset is
	 * a multiple of 16; one of the block size costs nothing. */
	uint64_t body_offset;     /* 0: from the beginning */
	const uint8_t *body_etag; /* copied */
	size_t body_etag_length;  /* 1 to 8 */
	/*
	 * A request to a multicast group, which has many answers: called for
	 * each, with error 0; coap_session_get_addr_remote() is who sent it. A
	 * first block is given as it is: the rest is asked for by a session to
	 * its sender (RFC 7959 section 2.8), as is what wants an Echo. When the
	 * time is over, DEFAULT_LEISURE and ACK_TIMEOUT unless timeout_ms says
	 * more or less, result() follows: error 0 without a response, or
	 * -COAP_E_TIMEOUT when nobody answered. NULL: the first answer ends it.
	 */
	void (*response)(coapx_request_t *request, coap_session_t *session,
	    const coapx_result_t *answer, void *arg);
	/* What a member of a group answered, its first block: this GET, to that
	 * member alone, asks for the others, and ends with the whole. Is read
	 * during the call. NULL: there is none. */
	const coap_pdu_t *first_part;
} coapx_request_params_t;

#define COAPX_LENGTH_UNKNOWN UINT64_MAX
/* What read_body() and write_body() say when the other end of the body is slow:
 * nothing is sent, and no time counts, until coapx_request_resume(). Only for
 * requests with COAPX_REQUEST_EACH_BLOCK; others end with -COAP_E_INVAL. */
#define COAPX_BODY_WAIT 0x7FFFFFFF

/* The first ICMP error ends it, with -COAP_E_REFUSED or -COAP_E_UNREACH, when
 * no other address of the name is left to try. */
#define COAPX_REQUEST_END_ON_ICMP 0x1
/* Nobody wants a response: ends with error 0 and a NULL response as soon as
 * it is sent (NON) or acknowledged (CON). */
#define COAPX_REQUEST_NO_RESPONSE 0x2
/* A first block of a response is the response: nothing more is asked for. */
#define COAPX_REQUEST_NO_BLOCKS 0x4

/* timeout_ms begins anew with each block that is answered. */
#define COAPX_REQUEST_EACH_BLOCK 0x40
/* Over datagrams its body, and the answer's of a GET or FETCH, go by Q-Block
 * (RFC 9177) to a peer that has it, as COAP_BLOCK_TRY_Q_BLOCK says for all
 * requests of a context. Neither body may wait (COAPX_BODY_WAIT) then. */
#define COAPX_REQUEST_Q_BLOCK 0x80
/* Without a token no token is made: its own is the empty one, which one request
 * at a time may have. Parts of a body, and what repeats it, have others. */
#define COAPX_REQUEST_EMPTY_TOKEN 0x100
/* For coap_context_set_block_mode(), with COAP_BLOCK_USE_LIBCOAP: a server takes
 * and answers by Q-Block as with COAP_BLOCK_TRY_Q_BLOCK, but what is asked for
 * goes so only with COAPX_REQUEST_Q_BLOCK. */
#define COAPX_BLOCK_SERVE_Q_BLOCK 0x10000

/*
 * Sends a request and tells this handler, not the context's response and nack
 * handlers, how it ended. pdu (from coap_new_pdu()) is consumed in any case; a
 * token is made when it has none. NULL and *err when it cannot begin.
 */
COAP_API coapx_request_t *coapx_request_send(coap_session_t *session,
    coap_pdu_t *pdu, const coapx_request_params_t *params, int *err);
/* A body that a handler answers with, and that is not in memory. */
typedef struct coapx_body_t {
	size_t size;
	uint64_t length; /* COAPX_LENGTH_UNKNOWN: until read() ends */
	/* Puts up to len bytes from offset on into buf and returns how many,
	 * fewer only at the end; negative: it cannot be read (5.00). Any part
	 * may be asked for, also again. */
	int (*read)(uint64_t offset, uint8_t *buf, size_t len, void *arg);
	/* Once, in any case but a NULL read(): it is not needed any more. May
	 * be NULL. */
	void (*release)(void *arg);
	void *arg;
	uint64_t etag; /* 0: none; it should have one, so that no parts of two
	                * bodies are mixed */
	int maxage;    /* negative: no Max-Age */
	uint16_t media_type;
} coapx_body_t;

/* As coap_add_data_large_response(), inside a handler: 1, or 0 and the response
 * says what is wrong. */
COAP_API int coapx_add_body_response(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response, const coapx_body_t *body);
/* The largest body that is taken in blocks, bytes: a larger request is answered
 * by 4.13, a larger response ends with -COAP_E_TOOBIG. 0: 8 MiB. */
COAP_API void coapx_context_set_max_body_size(coap_context_t *context,
    size_t max_body_size);
/*
 * What a proxy (coap_proxy_forward_request()) keeps of answers, to give them
 * again while they are fresh: so many, with so many bytes together, of which one
 * answer takes a fourth at most. What was not used for longest goes first. 1024
 * and 16 MiB unless set; 0 for either: nothing is kept. See coap_proxy(3).
 */
COAP_API void coapx_context_set_proxy_cache(coap_context_t *context,
    unsigned max_entries, size_t max_bytes);
/*
 * For a handler that does something that must not be replayed or delayed (RFC
 * 9175 section 2): whether the request was sent within the last max_age
 * seconds, by a peer that gets what is sent to its address. 1: go on. 0: the
 * response has been made a 4.01 with an Echo, or 5.00 when out of memory, and
 * is all there is to say; a client that knows Echo comes again with it by
 * itself. Nothing is kept for peers that ask.
 */
COAP_API int coapx_echo_check(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response, unsigned max_age);
/*
 * A server's limit for UDP without security, where anybody may write another's
 * address into a request (RFC 7252 section 11.3, RFC 9175 section 2.6): answers
 * longer than factor times the request, and than 64 bytes, and notifications
 * are for clients that have shown by an Echo that they get what is sent to
 * their address. Others get 4.01 with an Echo, or a small block where the
 * request may have changed something. 0, the default: no limit. 3 is what QUIC
 * has (RFC 9000 section 8.1). Answers that are sent with coap_send() are the
 * application's.
 */
COAP_API void coapx_context_set_max_amplification(coap_context_t *context,
    unsigned factor);
/*
 * A body that waits, as COAPX_BODY_WAIT says, goes on: the loop calls read_body()
 * again, or asks for the next block. It counts as well from inside that callback,
 * and before it has returned. What does not wait goes on as it does; NULL does
 * nothing. A peer may have forgotten what it had when the pause was long (RFC
 * 7959 leaves that to it): then the body begins anew, once.
 */
COAP_API void coapx_request_resume(coapx_request_t *request);
/* Gives up without a call to result(); NULL does nothing. */
COAP_API void coapx_request_cancel(coapx_request_t *request);

/*
 * Ping: empty CON or 7.02. timeout_ms as above. result() has error 0 and a
 * NULL response when the Reset or Pong came.
 */
COAP_API coapx_request_t *coapx_ping_send(coap_session_t *session,
    const coapx_request_params_t *params, int *err);

/* An ICMP error for a datagram of ours; the reason is in
 * coapx_session_error(), the exchange goes on. */
#define COAPX_EVENT_ICMP_ERROR ((coap_event_t)0xF001)

/* --- handlers with an argument ------------------------------------------- */

/* Besides coap_register_event_handler(), which keeps its own handler. */
COAP_API void coapx_context_set_event_handler(coap_context_t *context,
    void (*handler)(coap_session_t *session, coap_event_t event, void *arg),
    void *arg);

/* "SESSION_CONNECTED" for COAP_EVENT_SESSION_CONNECTED; "?" when unknown. */
COAP_API const char *coapx_event_name(coap_event_t event);
COAP_API const char *coapx_state_name(coap_session_state_t state);
COAP_API const char *coapx_proto_name(coap_proto_t proto); /* "udp" */
COAP_API const char *coapx_type_name(coap_session_type_t type);
COAP_API const char *coapx_nack_name(coap_nack_reason_t reason);
/* The URI scheme of a protocol, "coap+tcp", and its default port. */
COAP_API const char *coapx_proto_scheme(coap_proto_t proto);
COAP_API uint16_t coapx_proto_port(coap_proto_t proto);
COAP_API coap_proto_t coapx_scheme_proto(coap_uri_scheme_t scheme);
/* Whether this build can do it. */
COAP_API int coapx_proto_is_supported(coap_proto_t proto);

/* --- trace --------------------------------------------------------------- */

typedef enum {
	COAPX_TRACE_TX = 1,    /* pdu and the bytes as sent */
	COAPX_TRACE_RX = 2,    /* pdu (NULL when undecodable) and the bytes */
	COAPX_TRACE_STATE = 3, /* text: the new state */
	COAPX_TRACE_NOTE = 4,  /* text: something worth telling */
} coapx_trace_kind_t;

typedef struct coapx_trace_t {
	size_t size;
	coapx_trace_kind_t kind;
	coap_session_t *session;
	const coap_pdu_t *pdu;
	const uint8_t *data;
	size_t length;
	const char *text;
	unsigned retransmission; /* 0: the first time */
} coapx_trace_t;

/*
 * NULL switches it off. The handler is called wherever something happens, also
 * inside coap_send() and constructors, so it may only look: getters and
 * printing, but no sending, cancelling, disconnecting or releasing.
 */
COAP_API void coapx_context_set_trace(coap_context_t *context,
    void (*handler)(const coapx_trace_t *trace, void *arg), void *arg);

/*
 * A message as text, for people: one line with type, code, message id, token
 * and options; with_data adds the payload. The length it has or would have,
 * as snprintf() does.
 */
COAP_API size_t coapx_pdu_print(const coap_pdu_t *pdu, coap_proto_t proto,
    int with_data, char *buf, size_t size);

/*
 * The bytes of a message as they are sent over a protocol, header included, of
 * which up to size are put into buf. How many there are; 0 when it cannot be
 * sent: an empty message with something in it, or without memory.
 */
COAP_API size_t coapx_pdu_encode(coap_pdu_t *pdu, coap_proto_t proto,
    uint8_t *buf, size_t size);

/* --- the loop ------------------------------------------------------------ */

typedef struct coapx_timer_t coapx_timer_t;

/* One timer of an application on the context's heap; not armed. Timers and
 * watches that are left go with their context, and are not freed afterwards. */
COAP_API coapx_timer_t *coapx_timer_new(coap_context_t *context,
    void (*fire)(coapx_timer_t *timer, void *arg), void *arg);
/* Fires once, delay_ms from now; again moves it. */
COAP_API void coapx_timer_set(coapx_timer_t *timer, uint64_t delay_ms);
COAP_API void coapx_timer_stop(coapx_timer_t *timer);
/* Also inside its own fire(). NULL does nothing. */
COAP_API void coapx_timer_free(coapx_timer_t *timer);

typedef struct coapx_watch_t coapx_watch_t;

#define COAPX_READ  0x1
#define COAPX_WRITE 0x2

/* Calls ready() from coap_io_process() while fd is readable or writable; it
 * stays the caller's. NULL when out of memory or epoll refuses it (a regular
 * file: *err is -COAP_E_PERM). */
COAP_API coapx_watch_t *coapx_watch_new(coap_context_t *context, int fd,
    unsigned what,
    void (*ready)(coapx_watch_t *watch, int fd, unsigned what, void *arg),
    void *arg, int *err);
COAP_API int coapx_watch_set(coapx_watch_t *watch, unsigned what);
COAP_API void coapx_watch_free(coapx_watch_t *watch);

/* Makes coap_io_process() return; the one call that another thread, or a
 * signal handler, may make. */
COAP_API void coapx_wake(coap_context_t *context);

/* Needs what is above. */
#include <coap3/coapx_observe.h>

#endif

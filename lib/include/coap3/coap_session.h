/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions and endpoints. */
#ifndef COAP_SESSION_H
#define COAP_SESSION_H

#include <coap3/coap_address.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_forward_decls.h>
#include <coap3/coap_io.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_str.h>

/* Who began it; see coap_session_get_type(). */
typedef enum coap_session_type_t {
	COAP_SESSION_TYPE_NONE = 0,
	COAP_SESSION_TYPE_CLIENT = 1,
	COAP_SESSION_TYPE_SERVER = 2,
	COAP_SESSION_TYPE_HELLO = 3,
} coap_session_type_t;

/*
 * CONNECTING: the stream's socket (and a WebSocket upgrade); HANDSHAKE: DTLS or
 * TLS; CSM: waiting for the peer's first message (RFC 8323 section 5.3).
 */
typedef enum coap_session_state_t {
	COAP_SESSION_STATE_NONE = 0,
	COAP_SESSION_STATE_CONNECTING = 1,
	COAP_SESSION_STATE_HANDSHAKE = 2,
	COAP_SESSION_STATE_CSM = 3,
	COAP_SESSION_STATE_ESTABLISHED = 4,
} coap_session_state_t;

/* A number in thousandths: 1.5 is { 1, 500 }; fractional_part is 0..999. */
typedef struct {
	uint16_t integer_part;
	uint16_t fractional_part;
} coap_fixed_point_t;

#define COAP_PROTO_NOT_RELIABLE(p) \
	((p) == COAP_PROTO_UDP || (p) == COAP_PROTO_DTLS)
#define COAP_PROTO_RELIABLE(p)                             \
	((p) == COAP_PROTO_TCP || (p) == COAP_PROTO_TLS || \
	    (p) == COAP_PROTO_WS || (p) == COAP_PROTO_WSS)

/* Seconds, and sessions, that 0 stands for; see coap_net.h. */
#define COAP_DEFAULT_SESSION_TIMEOUT        300
#define COAP_DEFAULT_MAX_HANDSHAKE_SESSIONS 100

/* Lifetime, see coap_session(3) */

/*
 * Takes one more reference, so that the session stays valid until it is given
 * back with coap_session_release(). Returns session; NULL for NULL. See
 * coap_session(3).
 */
COAP_API coap_session_t *coap_session_reference(coap_session_t *session);

/*
 * Gives one reference back. A client session without references is closed and
 * freed; a server session then counts as idle and ends by
 * coap_context_set_session_timeout() or coap_context_set_max_idle_sessions().
 * Handlers may release the session that they are given: the memory goes at the
 * end of the pass. NULL: nothing happens. See coap_session(3).
 */
COAP_API void coap_session_release(coap_session_t *session);

/*
 * Ends the connection because of reason. Each message still outstanding gets
 * one nack with that reason, NON included; then one close event follows:
 * SESSION_CLOSED, or SESSION_FAILED when it was never established. Afterwards
 * the state is NONE on every protocol, queues are empty and sending fails. When
 * the session reconnects (coap_context_set_session_reconnect_time()), requests
 * that were not sent yet, and further ones, wait instead. The session stays
 * valid until it is released. With COAP_NACK_ICMP_ISSUE a UDP session only
 * notes that the network reported an error: messages go on. NULL: nothing
 * happens.
 */
COAP_API void coap_session_disconnected(coap_session_t *session,
    coap_nack_reason_t reason);

/* What a session is */

/*
 * Keeps a pointer of the application's with the session. It is never looked at
 * nor freed; a pointer that was there before is forgotten. NULL session:
 * nothing happens.
 */
COAP_API void coap_session_set_app_data(coap_session_t *session, void *data);

/*
 * The pointer given last to coap_session_set_app_data(); NULL when there was
 * none, and for a NULL session.
 */
COAP_API void *coap_session_get_app_data(const coap_session_t *session);

/* Frees what was kept with an object that goes. */
typedef void (*coap_app_data_free_callback_t)(void *data);

/*
 * As coap_session_set_app_data(), and callback (NULL: none) gets the pointer,
 * if it is not NULL, when the session is freed: after its last event, at the
 * end of that pass. The pointer that was there before, whose callback is
 * forgotten; NULL when there was none, for a NULL session and, with nothing
 * changed, when memory is short. A name of later releases.
 */
COAP_API void *coap_session_set_app_data2(coap_session_t *session, void *data,
    coap_app_data_free_callback_t callback);

/*
 * The peer's address. While a response to a multicast request is handled, the
 * address of the server that sent it. Owned by the session, valid as long as it
 * is; the content may change in the loop. NULL for NULL.
 */
COAP_API const coap_address_t *coap_session_get_addr_remote(
    const coap_session_t *session);

/*
 * The group's address of a client session that was made for a multicast
 * address, else NULL; NULL for NULL. Owned by the session.
 */
COAP_API const coap_address_t *coap_session_get_addr_mcast(
    const coap_session_t *session);

/*
 * Our own address. Before a connection is made the address and the port may be
 * zero. On a server's UDP session it is where the last datagram was sent to.
 * Owned by the session, valid as long as it is. NULL for NULL.
 */
COAP_API const coap_address_t *coap_session_get_addr_local(
    const coap_session_t *session);

/* The transport; COAP_PROTO_NONE for NULL. */
COAP_API coap_proto_t coap_session_get_proto(const coap_session_t *session);

/*
 * CLIENT: made by coap_new_client_session() and its likes, or by
 * coap_session_set_type_client(). SERVER: a peer of an endpoint. HELLO: a peer
 * that has not proven its address in the DTLS handshake. NONE for NULL.
 */
COAP_API coap_session_type_t coap_session_get_type(
    const coap_session_t *session);

/*
 * How far the connection is; NONE after it ended, and for NULL. UDP is
 * ESTABLISHED from the start; when it reconnects, as soon as the peer answers.
 */
COAP_API coap_session_state_t coap_session_get_state(
    const coap_session_t *session);

/*
 * The interface that the last message came in on; 0 when none came yet. -1 for
 * NULL.
 */
COAP_API int coap_session_get_ifindex(const coap_session_t *session);

/*
 * The TLS library's own handle of this session, of the type that *tls_lib
 * names, from the begin of the handshake until the connection ends; else NULL.
 * *tls_lib (if not NULL) gets the library of this build for every session that
 * is not NULL, whatever its protocol: COAP_TLS_LIBRARY_NOTLS without one. The
 * handle belongs to the session and must not be freed. NULL session: NULL, and
 * *tls_lib is left alone. See coap_session(3).
 */
COAP_API void *coap_session_get_tls(const coap_session_t *session,
    coap_tls_library_t *tls_lib);

/* The context that the session belongs to; NULL for NULL. */
COAP_API coap_context_t *coap_session_get_context(
    const coap_session_t *session);

/*
 * Turns a server session into a client session (call-home, RFC 8071): the peer
 * connected to us, but we are going to ask. It gets one more reference, to be
 * given back with coap_session_release(), and from then on a client's timers
 * and keepalive. 1, or 0 for NULL and for a session that is not of type SERVER.
 */
COAP_API int coap_session_set_type_client(coap_session_t *session);

/*
 * The largest datagram in bytes. Less than 64 becomes 64. It counts for
 * messages made afterwards. On a stream it is kept and means nothing: there the
 * peer's CSM says how long a message may be. NULL: nothing happens. See
 * coap_session(3).
 */
COAP_API void coap_session_set_mtu(coap_session_t *session, unsigned mtu);

/*
 * How many bytes of token, options and payload fit into one message: what
 * coap_pdu_init() wants as its size. On a stream it is what the peer's CSM
 * allows (RFC 8323 section 5.3.1); until that came, what we allow ourselves
 * stands for it, and the limit is checked when the message goes. It never
 * waits. 0 for NULL.
 */
COAP_API size_t coap_session_max_pdu_size(const coap_session_t *session);

/* Client sessions */

/*
 * A session to server over a transport that is supported. DTLS, TLS and WSS
 * use the credentials of the context, or else trust what this system trusts.
 * local_if: the address to send from, NULL for
 * any; its port, if not 0, is the source port. Both addresses are copied. It
 * never waits: a stream is CONNECTING on return, and events tell how it goes
 * on. The caller holds the only reference and gives it back with
 * coap_session_release(). NULL when ctx or server is NULL, the transport is not
 * supported, a UDP session from the same port to the same server exists, the
 * socket cannot be made or memory is short. See coap_session(3).
 */
COAP_API coap_session_t *coap_new_client_session(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto);

/*
 * Like coap_new_client_session_psk2(), with an identity (text) and a key of
 * key_len bytes, both copied. Older name, kept for programs that use it.
 */
COAP_API coap_session_t *coap_new_client_session_psk(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, const char *identity, const uint8_t *key,
    unsigned key_len);

/*
 * A client session that proves itself with a pre-shared key (RFC 7252 section
 * 9.1.3.1, RFC 4279). All that setup_data shows is copied; the arguments of its
 * callbacks must live as long as the session. NULL also when an identity or key
 * is longer than 128 bytes, or the version is not known; the reason in words is
 * in coapx_context_error(). References as for coap_new_client_session(). See
 * coap_encryption(3).
 */
COAP_API coap_session_t *coap_new_client_session_psk2(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_cpsk_t *setup_data);

/*
 * The identity hint that this session really uses: on a client what the server
 * sent, NULL before that; on a server what it sends, the context's default
 * included. Owned by the session and valid until the value changes or the
 * session ends, so copy it before the loop runs again. NULL when the session
 * does not use a pre-shared key, and for NULL. See coap_session(3).
 */
COAP_API const coap_bin_const_t *coap_session_get_psk_hint(
    const coap_session_t *session);

/*
 * The identity that this session really uses: on a client what it offers, on a
 * server what the client offered. Lifetime and NULL as for
 * coap_session_get_psk_hint().
 */
COAP_API const coap_bin_const_t *coap_session_get_psk_identity(
    const coap_session_t *session);

/*
 * The key that this session really uses, the context's default included.
 * Lifetime and NULL as for coap_session_get_psk_hint().
 */
COAP_API const coap_bin_const_t *coap_session_get_psk_key(
    const coap_session_t *session);

/*
 * A client session with certificates or raw public keys (RFC 7252 section
 * 9.1.3.2 and 9.1.3.3). All that setup_data shows is copied, files are read
 * now. Whom to trust is also what the context was told. With verify_peer_cert
 * the chain is checked, and the name: client_sni, or without it the address;
 * with validate_cn_call_back the name is the application's to judge. NULL also
 * when something cannot be loaded; the reason in words is in
 * coapx_context_error(). References as for coap_new_client_session(). See
 * coap_encryption(3).
 */
COAP_API coap_session_t *coap_new_client_session_pki(coap_context_t *ctx,
    const coap_address_t *local_if, const coap_address_t *server,
    coap_proto_t proto, coap_dtls_pki_t *setup_data);

/* Tokens */

/*
 * Sets what coap_session_new_token() starts from: at most 8 bytes of token are
 * kept. NULL session, or length without token: nothing happens.
 */
COAP_API void coap_session_init_token(coap_session_t *session, size_t length,
    const uint8_t *token);

/*
 * Writes a token that this session has not used yet into token, which has room
 * for 8 bytes, and its length into *length. The first one is the value given to
 * coap_session_init_token(), each later one is the next number. A NULL
 * argument: nothing happens.
 */
COAP_API void coap_session_new_token(coap_session_t *session, size_t *length,
    uint8_t *token);

/*
 * The session as text: "LOCAL <-> REMOTE (ifN) PROTO", with "(ifN)" only when
 * the interface is known. The text is thread-local and valid until the thread's
 * next call. Never NULL; a NULL session has a text of its own.
 */
COAP_API const char *coap_session_str(const coap_session_t *session);

/* Endpoints, see coap_endpoint_server(3) */

/*
 * Listens at listen_addr (copied) with the given transport; port 0 takes a free
 * one. Peers become sessions of type SERVER. The endpoint belongs to the
 * context and goes with it, or earlier with coap_free_endpoint(). DTLS, TLS and
 * WSS use what the context was told by coap_context_set_psk2() or _set_pki().
 * NULL when an argument is NULL, the transport is not supported, it lacks a key
 * or certificate or the socket cannot be bound; the reason in words is in
 * coapx_context_error(). See coap_endpoint_server(3).
 */
COAP_API coap_endpoint_t *coap_new_endpoint(coap_context_t *context,
    const coap_address_t *listen_addr, coap_proto_t proto);

/*
 * The MTU of sessions that this endpoint makes afterwards, in bytes, as
 * coap_session_set_mtu() has it. NULL: nothing happens.
 */
COAP_API void coap_endpoint_set_default_mtu(coap_endpoint_t *endpoint,
    unsigned mtu);

/*
 * Closes the socket and ends the endpoint's sessions. Those that the
 * application holds references of are dead too after the pass, so give them
 * back before. NULL: nothing happens.
 */
COAP_API void coap_free_endpoint(coap_endpoint_t *endpoint);

/*
 * The endpoint that a session came in by, also after
 * coap_session_set_type_client(); NULL for a session that we opened, and for
 * NULL. A name of later releases.
 */
COAP_API coap_endpoint_t *coap_session_get_endpoint(
    const coap_session_t *session);

/*
 * Keeps a pointer of the application's with the endpoint; callback (NULL: none)
 * gets it, if it is not NULL, when the endpoint has been freed. The pointer
 * that was there before; NULL when there was none, and for NULL. A name of
 * later releases.
 */
COAP_API void *coap_endpoint_set_app_data2(coap_endpoint_t *endpoint,
    void *data, coap_app_data_free_callback_t callback);

/* The pointer given last; NULL when there was none, and for NULL. */
COAP_API void *coap_endpoint_get_app_data(const coap_endpoint_t *endpoint);

/*
 * The session with that remote address and interface (see
 * coap_session_get_ifindex()), client sessions first; neither protocol nor
 * local port are compared, so the first of several is found. No reference is
 * taken. NULL when there is none, or an argument is NULL.
 */
COAP_API coap_session_t *coap_session_get_by_peer(const coap_context_t *context,
    const coap_address_t *remote_addr, int ifindex);

/*
 * The endpoint as text: address and transport. Lifetime as for
 * coap_session_str(). Never NULL.
 */
COAP_API const char *coap_endpoint_str(const coap_endpoint_t *endpoint);

/* Transmission parameters, see coap_recovery(3); a setter ignores NULL */

/*
 * ACK_TIMEOUT, seconds (RFC 7252 section 4.8; default 2.0): how long the first
 * transmission of a CON waits, at least, for its ACK. Fractions are accepted,
 * 0.5 is legal; 0 and a fractional part over 999 are not, and are logged as
 * rejected. It counts for messages sent afterwards. See coap_recovery(3).
 */
COAP_API void coap_session_set_ack_timeout(coap_session_t *session,
    coap_fixed_point_t value);

/* ACK_TIMEOUT in seconds; the default for NULL. */
COAP_API coap_fixed_point_t coap_session_get_ack_timeout(
    const coap_session_t *session);

/*
 * ACK_RANDOM_FACTOR (RFC 7252 section 4.8; default 1.5): the first wait is a
 * random time between ACK_TIMEOUT and that many times as long. Less than 1, or
 * a fractional part over 999, is logged as rejected.
 */
COAP_API void coap_session_set_ack_random_factor(coap_session_t *session,
    coap_fixed_point_t value);

/* ACK_RANDOM_FACTOR; the default for NULL. */
COAP_API coap_fixed_point_t coap_session_get_ack_random_factor(
    const coap_session_t *session);

/*
 * MAX_RETRANSMIT (RFC 7252 section 4.8; default 4): how often a CON is sent
 * again before its nack. 0 is logged as rejected.
 */
COAP_API void coap_session_set_max_retransmit(coap_session_t *session,
    uint16_t value);

/* MAX_RETRANSMIT; the default for NULL. */
COAP_API uint16_t coap_session_get_max_retransmit(
    const coap_session_t *session);

/*
 * NSTART (RFC 7252 section 4.7; default 1): how many CON may be outstanding;
 * more wait in the session. 0 is logged as rejected.
 */
COAP_API void coap_session_set_nstart(coap_session_t *session, uint16_t value);

/* NSTART; the default for NULL. */
COAP_API uint16_t coap_session_get_nstart(const coap_session_t *session);

/*
 * DEFAULT_LEISURE, seconds (RFC 7252 section 8.2; default 5.0): over which time
 * a server spreads answers to multicast requests. 0, or a fractional part over
 * 999, is logged as rejected.
 */
COAP_API void coap_session_set_default_leisure(coap_session_t *session,
    coap_fixed_point_t value);

/* DEFAULT_LEISURE in seconds; the default for NULL. */
COAP_API coap_fixed_point_t coap_session_get_default_leisure(
    const coap_session_t *session);

/*
 * PROBING_RATE, bytes a second (RFC 7252 section 4.7; default 1): the average
 * of NON requests that may go to a peer that does not respond, counted over an
 * EXCHANGE_LIFETIME (247 s, and so 247 bytes, by default). Beyond, they wait for
 * their turn, or for any message from the peer; 1024 of them, then coap_send()
 * fails. libcoap keeps the value, and does nothing with it. 0 is logged as
 * rejected.
 */
COAP_API void coap_session_set_probing_rate(coap_session_t *session,
    uint32_t value);

/* PROBING_RATE in bytes a second; the default for NULL. */
COAP_API uint32_t coap_session_get_probing_rate(const coap_session_t *session);

/*
 * MAX_PAYLOADS of Q-Block (RFC 9177 section 7.2; default 10): both peers must
 * have the same. See COAP_BLOCK_TRY_Q_BLOCK.
 */
COAP_API void coap_session_set_max_payloads(coap_session_t *session,
    uint16_t value);

/* MAX_PAYLOADS of Q-Block; the default for NULL. */
COAP_API uint16_t coap_session_get_max_payloads(const coap_session_t *session);

/*
 * NON_MAX_RETRANSMIT of Q-Block (RFC 9177 section 7.2; default 4); see
 * coap_session_set_max_payloads().
 */
COAP_API void coap_session_set_non_max_retransmit(coap_session_t *session,
    uint16_t value);

/* NON_MAX_RETRANSMIT of Q-Block; the default for NULL. */
COAP_API uint16_t coap_session_get_non_max_retransmit(
    const coap_session_t *session);

/*
 * NON_TIMEOUT of Q-Block, seconds (RFC 9177 section 7.2; default 2.0); see
 * coap_session_set_max_payloads().
 */
COAP_API void coap_session_set_non_timeout(coap_session_t *session,
    coap_fixed_point_t value);

/* NON_TIMEOUT of Q-Block in seconds; the default for NULL. */
COAP_API coap_fixed_point_t coap_session_get_non_timeout(
    const coap_session_t *session);

/*
 * NON_RECEIVE_TIMEOUT of Q-Block, seconds (RFC 9177 section 7.2; default 4.0);
 * see coap_session_set_max_payloads().
 */
COAP_API void coap_session_set_non_receive_timeout(coap_session_t *session,
    coap_fixed_point_t value);

/* NON_RECEIVE_TIMEOUT of Q-Block in seconds; the default for NULL. */
COAP_API coap_fixed_point_t coap_session_get_non_receive_timeout(
    const coap_session_t *session);

/*
 * Asks the peer for a sign of life: on datagrams an empty CON, which it answers
 * with RST (RFC 7252 section 4.3), on streams a Ping, 7.02 (RFC 8323 section
 * 5.4). Returns the message ID, which is 0 on a stream, or COAP_INVALID_MID:
 * the session is NULL or not established, or a CON is outstanding. The answer
 * comes to the pong handler. See coap_keepalive(3).
 */
COAP_API coap_mid_t coap_session_send_ping(coap_session_t *session);

/*
 * When the session ends, its observations are not deregistered at the server
 * (RFC 7641 section 3.6). NULL: nothing happens.
 */
COAP_API void coap_session_set_no_observe_cancel(coap_session_t *session);

#endif

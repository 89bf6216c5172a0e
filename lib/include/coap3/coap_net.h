/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts, handlers, sending and the loop. */
#ifndef COAP_NET_H
#define COAP_NET_H

#include <coap3/coap_address.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_event.h>
#include <coap3/coap_forward_decls.h>
#include <coap3/coap_io.h>
#include <coap3/coap_option.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_session.h>
#include <coap3/coap_time.h>
#include <sys/select.h>

/* Values of timeout_ms for coap_io_process(). */
#define COAP_IO_WAIT    0
#define COAP_IO_NO_WAIT ((uint32_t)-1)

/*
 * What a response handler thinks of a response. FAIL: it cannot be used, so a
 * CON or NON one is answered with RST (RFC 7252 section 4.2, 4.3).
 */
typedef enum coap_response_t {
	COAP_RESPONSE_FAIL = 0,
	COAP_RESPONSE_OK = 1,
} coap_response_t;

/*
 * A response. sent is the request, NULL when it is not kept any more; mid is
 * that of received. Both messages belong to the library and are valid until the
 * return.
 */
typedef coap_response_t (*coap_response_handler_t)(coap_session_t *session,
    const coap_pdu_t *sent, const coap_pdu_t *received, const coap_mid_t mid);
/*
 * The one end of a message without a response. sent belongs to the library and
 * is valid until the return; mid is its message ID.
 */
typedef void (*coap_nack_handler_t)(coap_session_t *session,
    const coap_pdu_t *sent, const coap_nack_reason_t reason,
    const coap_mid_t mid);
/* The peer sent a ping; it is answered by the library. */
typedef void (*coap_ping_handler_t)(coap_session_t *session,
    const coap_pdu_t *received, const coap_mid_t mid);
/* The peer answered a ping: Pong, or RST for the empty CON with that mid. */
typedef void (*coap_pong_handler_t)(coap_session_t *session,
    const coap_pdu_t *received, const coap_mid_t mid);

struct epoll_event;

/* Handlers, see coap_handler(3) */

/*
 * Who gets responses; NULL: nobody. One handler a context, the last one given
 * counts. NULL context: nothing happens. See coap_handler(3).
 */
COAP_API void coap_register_response_handler(coap_context_t *context,
    coap_response_handler_t handler);

/* Who gets nacks; otherwise as coap_register_response_handler(). */
COAP_API void coap_register_nack_handler(coap_context_t *context,
    coap_nack_handler_t handler);

/* Who hears of pings; otherwise as coap_register_response_handler(). */
COAP_API void coap_register_ping_handler(coap_context_t *context,
    coap_ping_handler_t handler);

/* Who hears of pongs; otherwise as coap_register_response_handler(). */
COAP_API void coap_register_pong_handler(coap_context_t *context,
    coap_pong_handler_t handler);

/*
 * Declares a critical option that the application handles, so that a request
 * with it is not answered with 4.02 (RFC 7252 section 5.4.1). Options of the
 * core need no declaration. NULL context: nothing happens.
 */
COAP_API void coap_register_option(coap_context_t *ctx, uint16_t type);

/* Contexts, see coap_context(3) */

/*
 * A context: the loop, and what belongs to it. listen_addr, unless NULL, gets a
 * UDP endpoint. A context and all it owns belong to one thread at a time;
 * contexts do not know each other. NULL when memory or descriptors are short or
 * the address cannot be bound. Free it with coap_free_context(). See
 * coap_context(3).
 */
COAP_API coap_context_t *coap_new_context(const coap_address_t *listen_addr);

/* Credentials of a context */

/*
 * Like coap_context_set_psk2(), with a hint (text) and a key of key_len bytes,
 * both copied. Older name, kept for programs that use it.
 */
COAP_API int coap_context_set_psk(coap_context_t *context, const char *hint,
    const uint8_t *key, size_t key_len);

/*
 * The default identity hint and pre-shared key of endpoints. All that
 * setup_data shows is copied; the arguments of its callbacks must live as long
 * as the context. Sessions that there are keep what they had. 1, or 0 for a bad
 * argument, with words in coapx_context_error(). See coap_encryption(3).
 */
COAP_API int coap_context_set_psk2(coap_context_t *context,
    coap_dtls_spsk_t *setup_data);

/*
 * The certificate or raw public key of endpoints and of client sessions without
 * credentials of their own, and how they check their peers. Copied as by
 * coap_context_set_psk2(); files are read now. 1, or 0 for what cannot be
 * loaded, with words in coapx_context_error(). See coap_encryption(3).
 */
COAP_API int coap_context_set_pki(coap_context_t *context,
    const coap_dtls_pki_t *setup_data);

/*
 * Trusted certificates for clients and endpoints, beside what else is set: a
 * PEM file and a folder of them, either may be NULL. 1, or 0 for what cannot be
 * loaded, or two NULLs. See coap_encryption(3).
 */
COAP_API int coap_context_set_pki_root_cas(coap_context_t *context,
    const char *ca_file, const char *ca_dir);

/*
 * Trusts what this system trusts, beside what else is set. 1, or 0. A name of
 * libcoap's later releases.
 */
COAP_API int coap_context_load_pki_trust_store(coap_context_t *context);

/* Settings of a context */

/*
 * After how many seconds without a word from the peer a client session is
 * pinged; 0 (the default): never. Each further interval without a word raises
 * COAP_EVENT_KEEPALIVE_FAILURE; with the third in a row the session is
 * disconnected, reason COAP_NACK_TOO_MANY_RETRIES. What waits for an answer
 * holds no ping back. A session that came in has none unless it is switched to
 * a client, or its own is set (coapx_session_set_keepalive()). NULL: nothing
 * happens. See coap_keepalive(3).
 */
COAP_API void coap_context_set_keepalive(coap_context_t *context,
    unsigned int seconds);

/*
 * How many seconds after a loss the client sessions of a context connect again,
 * as often as it takes; 0 (the default): never. The name is resolved again, the
 * local address stays. See coap_session(3) for what happens to messages, and
 * for the events. Not for a session that came in, which we cannot dial, nor
 * after coapx_session_shutdown(). NULL: nothing happens. A name of later
 * releases.
 */
COAP_API void coap_context_set_session_reconnect_time(coap_context_t *context,
    unsigned int reconnect_time);

/* The same, with at most retry_count attempts in a row; 0: no limit. */
COAP_API void coap_context_set_session_reconnect_time2(coap_context_t *context,
    unsigned int reconnect_time, uint8_t retry_count);

/*
 * For tests: a client with a DTLS connection ID (RFC 9146) changes its port
 * after that many messages. Not supported by this library: always 0, with a
 * warning.
 */
COAP_API int coap_context_set_cid_tuple_change(coap_context_t *context,
    uint8_t every);

/*
 * The longest token to use, bytes: 8 (the default) to 65804 (RFC 8974). Another
 * value is logged as rejected. It counts for sessions made afterwards.
 */
COAP_API void coap_context_set_max_token_size(coap_context_t *context,
    size_t max_token_size);

/*
 * One epoll descriptor for a foreign loop: readable whenever
 * coap_io_process(ctx, COAP_IO_NO_WAIT) has something to do, a timer included.
 * It belongs to the context; do not close it. -1 for NULL. See coap_io(3).
 */
COAP_API int coap_context_get_coap_fd(const coap_context_t *context);

/*
 * How many server sessions without references are kept; a new one beyond that
 * ends one that is in a handshake, else the one idle longest, with
 * COAP_EVENT_SERVER_SESSION_DEL. 0 (the default): no limit. NULL: nothing
 * happens.
 */
COAP_API void coap_context_set_max_idle_sessions(coap_context_t *context,
    unsigned int max_idle_sessions);

/* What was set; 0 for NULL. */
COAP_API unsigned int coap_context_get_max_idle_sessions(
    const coap_context_t *context);

/*
 * After how many idle seconds a server session without references ends. 0 (the
 * default) stands for COAP_DEFAULT_SESSION_TIMEOUT. NULL: nothing happens.
 */
COAP_API void coap_context_set_session_timeout(coap_context_t *context,
    unsigned int session_timeout);

/* What was set, so 0 while the default is used; 0 for NULL. */
COAP_API unsigned int coap_context_get_session_timeout(
    const coap_context_t *context);

/*
 * The older form of coap_context_set_csm_timeout_ms(), in seconds; kept for
 * programs that use it.
 */
COAP_API void coap_context_set_csm_timeout(coap_context_t *context,
    unsigned int csm_timeout);

/* The older form of coap_context_get_csm_timeout_ms(), in whole seconds. */
COAP_API unsigned int coap_context_get_csm_timeout(
    const coap_context_t *context);

/*
 * How many milliseconds a stream waits for the peer's CSM (RFC 8323 section
 * 5.3) before it goes on as if one had come: 10 to 10000, what lies outside is
 * moved to the nearer end; default 1000. NULL: nothing happens.
 */
COAP_API void coap_context_set_csm_timeout_ms(coap_context_t *context,
    unsigned int csm_timeout_ms);

/* The CSM timeout in milliseconds; 0 for NULL. */
COAP_API unsigned int coap_context_get_csm_timeout_ms(
    const coap_context_t *context);

/*
 * The largest message that we say to accept in our CSM (RFC 8323 section
 * 5.3.1), bytes; default 8388864. Less than 1152 is logged as rejected. It
 * counts for sessions made afterwards. NULL: nothing happens.
 */
COAP_API void coap_context_set_csm_max_message_size(coap_context_t *context,
    uint32_t csm_max_message_size);

/* What was set; 0 for NULL. */
COAP_API uint32_t coap_context_get_csm_max_message_size(
    const coap_context_t *context);

/*
 * How many sessions may be in a handshake at once; one more peer ends the one
 * that is at it longest, unless the application holds it, and is ignored when
 * there is none to end.
 * 0 stands for the default, COAP_DEFAULT_MAX_HANDSHAKE_SESSIONS. NULL: nothing
 * happens.
 */
COAP_API void coap_context_set_max_handshake_sessions(coap_context_t *context,
    unsigned int max_handshake_sessions);

/* What was set; 0 for NULL. */
COAP_API unsigned int coap_context_get_max_handshake_sessions(
    const coap_context_t *context);

/* Messages, see coap_pdu_transmit(3) */

/*
 * The next message ID of the session, for coap_pdu_init(); counted up from a
 * random start (RFC 7252 section 4.4). 0 on streams, which have none, and for
 * NULL.
 */
COAP_API uint16_t coap_new_message_id(coap_session_t *session);

/*
 * Ends everything the context owns: endpoints with their sessions, client
 * sessions (one nack for each message outstanding), then resources. Handlers
 * are called on the way and may call anything. From a handler it takes effect
 * at the end of the pass. Pointers to what belonged to the context are dead
 * afterwards, sessions included. NULL: nothing happens.
 */
COAP_API void coap_free_context(coap_context_t *context);

/* The older name of coap_context_set_app_data(). */
COAP_API void coap_set_app_data(coap_context_t *context, void *data);

/* The older name of coap_context_get_app_data(). */
COAP_API void *coap_get_app_data(const coap_context_t *context);

/*
 * A response to request with an error code, its token, those of its options
 * that opts names (NULL: none), and the code's phrase as payload (RFC 7252
 * section 5.5.2). ACK for a CON, else NON. For 4.02 the options that opts names
 * tell the client which ones were not understood. The caller owns it until
 * coap_send(). NULL when request is NULL or memory is short.
 */
COAP_API coap_pdu_t *coap_new_error_response(const coap_pdu_t *request,
    coap_pdu_code_t code, coap_opt_filter_t *opts);

/*
 * Sends what coap_new_error_response() makes. The message ID, or
 * COAP_INVALID_MID.
 */
COAP_API coap_mid_t coap_send_error(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_code_t code, coap_opt_filter_t *opts);

/*
 * Answers request with an empty message of that type, ACK or RST (RFC 7252
 * section 4.2, 4.3). Its message ID, or COAP_INVALID_MID: an argument is NULL,
 * the session has ended, or the transport has no such messages.
 */
COAP_API coap_mid_t coap_send_message_type(coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_type_t type);

/*
 * Acknowledges a CON. For another message nothing is sent and the result is
 * COAP_INVALID_MID; otherwise as coap_send_message_type().
 */
COAP_API coap_mid_t coap_send_ack(coap_session_t *session,
    const coap_pdu_t *request);

/* Rejects a message with RST; otherwise as coap_send_message_type(). */
COAP_API coap_mid_t coap_send_rst(coap_session_t *session,
    const coap_pdu_t *request);

/*
 * Sends pdu, or queues it while the session connects or NSTART is reached; it
 * never waits. pdu is consumed in any case. The message ID (0 on streams), or
 * COAP_INVALID_MID: an argument is NULL, the session has ended, the message is
 * too large, or memory is short. A message that was accepted ends once: with a
 * response, or with one nack, NON included. See coap_pdu_transmit(3).
 */
COAP_API coap_mid_t coap_send(coap_session_t *session, coap_pdu_t *pdu);

/*
 * Sends a request and runs the loop, handlers included, until its response is
 * there: the milliseconds that took, 0 or more, and *response_pdu (may be NULL)
 * is the caller's, to be freed with coap_delete_pdu(). The response and nack
 * handlers do not hear of this request. request_pdu is consumed in any case,
 * and gets a token when it has none. Else *response_pdu is NULL and the result
 *
 *     -1  timeout_ms is 0 or COAP_IO_NO_WAIT
 *     -2  not sent: an argument is NULL, pdu is no request, the session takes
 *         none, memory is short
 *     -3  it ended without a response: Reset, no acknowledgement, the session
 *         was closed (coapx_session_error() has the reason)
 *     -4  the loop failed, or this is a handler: here nothing may wait
 *     -5  no response within timeout_ms; one that comes later is rejected
 *     -6  the session or the context was ended by a handler
 *
 * (-7 is not used: a client without client code.) After -6 the session, or
 * with it the context, may be gone. A name of later releases.
 */
COAP_API int coap_send_recv(coap_session_t *session, coap_pdu_t *request_pdu,
    coap_pdu_t **response_pdu, uint32_t timeout_ms);

/*
 * Calls the context's event handler. 1, or 0 when there is none or an argument
 * is NULL.
 */
COAP_API int coap_handle_event(coap_context_t *context, coap_event_t event,
    coap_session_t *session);

/*
 * 1 when nothing is pending, see coap_io_pending(), so that the program may end
 * without losing it; else 0. 1 for NULL.
 */
COAP_API int coap_can_exit(coap_context_t *context);

/* Multicast */

/*
 * Lets the context's UDP endpoints receive what is sent to a group (RFC 7252
 * section 8): groupname is an address (224.0.1.187, ff02::fd%eth0) or a name,
 * which this waits for; ifname an interface, or NULL: the address's own, else
 * the system's choice. Those count that there are now and that listen on all
 * addresses, or on the group's. 0, also when they were in it; -1 when none is,
 * and coapx_context_error() says why. See coap_mcast(3).
 */
COAP_API int coap_join_mcast_group_intf(coap_context_t *ctx,
    const char *groupname, const char *ifname);

/*
 * The hop limit (TTL) of multicast datagrams that a client session sends, 0 to
 * 255. 1, or 0 when the session is NULL, not a UDP session to a group, or the
 * number is too large.
 */
COAP_API int coap_mcast_set_hops(coap_session_t *session, size_t hops);

/*
 * From now on only resources with COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT, and
 * the library's own /.well-known/core, answer multicast requests.
 */
COAP_API void coap_mcast_per_resource(coap_context_t *context);

/* Data of the application */

/*
 * Keeps a pointer of the application's with the context. It is never looked at
 * nor freed. NULL context: nothing happens.
 */
COAP_API void coap_context_set_app_data(coap_context_t *context, void *data);

/*
 * The same, and callback (NULL: none) gets the pointer, if it is not NULL, when
 * the context has been freed. The pointer that was there before, whose callback
 * is forgotten; NULL when there was none, and for NULL. A name of later
 * releases.
 */
COAP_API void *coap_context_set_app_data2(coap_context_t *context, void *data,
    coap_app_data_free_callback_t callback);

/*
 * The pointer given last to coap_context_set_app_data(); NULL when there was
 * none, and for a NULL context.
 */
COAP_API void *coap_context_get_app_data(const coap_context_t *context);

/* The loop, see coap_io(3) */

/*
 * One pass of the loop: waits until a socket is ready, a timer is due or
 * timeout_ms milliseconds are over, and does what there is to do. COAP_IO_WAIT:
 * without limit; COAP_IO_NO_WAIT: not at all. Returns the milliseconds it took,
 * or -1 when ctx is NULL or waiting failed. Handlers must not call it. See
 * coap_io(3).
 */
COAP_API int coap_io_process(coap_context_t *ctx, uint32_t timeout_ms);

/*
 * As coap_io_process(), and wakes up for the application's own descriptors
 * below nfds too. Each set may be NULL; on return it holds those that are
 * ready, as with select(2). -1 also when a descriptor is too large for
 * select(2).
 */
COAP_API int coap_io_process_with_fds(coap_context_t *ctx, uint32_t timeout_ms,
    int nfds, fd_set *readfds, fd_set *writefds, fd_set *exceptfds);

/*
 * 1 when client sessions of the context have requests or messages that are not
 * finished, so that the loop should go on; else 0. 0 for NULL.
 */
COAP_API int coap_io_pending(coap_context_t *context);

/*
 * For loops that poll sockets themselves. Not supported, because the sockets
 * are not public: *num_sockets (if not NULL) becomes 0. Returns the
 * milliseconds until the next timer is due; 0: none runs, or ctx is NULL. Use
 * coap_context_get_coap_fd().
 */
COAP_API unsigned int coap_io_prepare_io(coap_context_t *ctx,
    coap_socket_t *sockets[], unsigned int max_sockets,
    unsigned int *num_sockets, coap_tick_t now);

/*
 * Does what is ready or due, as coap_io_process(ctx, COAP_IO_NO_WAIT). now is
 * not used.
 */
COAP_API void coap_io_do_io(coap_context_t *ctx, coap_tick_t now);

/*
 * How many milliseconds after now a foreign loop may wait on
 * coap_context_get_coap_fd() before it calls coap_io_do_epoll(); 0: no timer
 * runs, or ctx is NULL. See coap_io(3).
 */
COAP_API unsigned int coap_io_prepare_epoll(coap_context_t *ctx,
    coap_tick_t now);

/*
 * Does what is ready or due. events may be what epoll_wait(2) gave for the
 * descriptor of coap_context_get_coap_fd(), or NULL: it is not looked at.
 */
COAP_API void coap_io_do_epoll(coap_context_t *ctx, struct epoll_event *events,
    size_t nevents);

/* Older names, kept for programs that use them. */
#define coap_run_once(ctx, ms)        coap_io_process(ctx, ms)
#define coap_send_large(session, pdu) coap_send(session, pdu)
#define coap_read(ctx, now)           coap_io_do_io(ctx, now)
#define coap_write(ctx, sockets, max, num, now) \
	coap_io_prepare_io(ctx, sockets, max, num, now)
#define coap_join_mcast_group(ctx, group) \
	coap_join_mcast_group_intf(ctx, group, NULL)

#endif

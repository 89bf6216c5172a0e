/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Transports as a stack of layers: a const table of functions and an instance
 * with `next` (the layer below). A function left NULL passes through.
 *
 * Rules for implementers:
 * 1. connect() is called again and again until it returns 0; it first lets
 *    the layer below finish. -COAP_E_AGAIN: not yet, an event will follow.
 * 2. send() takes all bytes or none. Bytes that the kernel does not take at
 *    once are kept by the lowest layer and flushed when it is writable; when
 *    what is kept exceeds LAYER_BACKLOG_MAX it refuses with -COAP_E_AGAIN,
 *    and writable() follows. So at most LAYER_BACKLOG_MAX and one message are
 *    kept. Datagrams are never kept: -COAP_E_AGAIN at once.
 * 3. recv() gives one datagram, or what a stream has; 0 is the end of a
 *    stream (a datagram layer never returns it); -COAP_E_AGAIN when there is
 *    nothing; -COAP_E_TOOBIG for a datagram that did not fit and is lost.
 * 4. A layer never frees the stack and never calls up except through
 *    layer_events, and only from its watch or timer, never inside
 *    connect/send/recv/close.
 * 5. close() is orderly (a TLS layer would send close_notify), goes on to the
 *    layer below and never waits; destroy() frees the instance and must work
 *    in every state. A stream's close() ends our direction after what is kept
 *    was flushed, and writable() tells when that was; recv() goes on until
 *    the peer ends its own.
 * 6. A layer that has a function of its own calls the layer below itself.
 * 7. A layer above the socket has no watch: the owner hears of the socket's
 *    events and calls the top. What it wants later it says by next() and
 *    pending(), and the owner calls timer() or recv(); and recv() after
 *    writable() too, for it may have kept bytes that were refused.
 */
#ifndef NET_LAYER_H
#define NET_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <coap3/coap_address.h>

#include "base/timer.h"
#include "net/poller.h"

#define LAYER_BACKLOG_MAX ((size_t)1024 * 1024)
/* The longest message that a stream takes in one send(). */
#define LAYER_SEND_MAX ((size_t)64 * 1024 * 1024)

struct layer;

/* What the owner of a stack is told. Any of them may destroy the stack. */
struct layer_events {
	/* There is something to receive, or connect() should be called again. */
	void (*readable)(void *user);
	/* What send() refused can be tried again; also: connect() again. */
	void (*writable)(void *user);
	/* An error that belongs to no call (ICMP on a connected UDP socket): a
	 * negative error; the stack stays usable for datagrams. */
	void (*failed)(void *user, int err);
};

struct layer_ops {
	const char *name;
	bool datagram; /* keeps the borders of messages */
	int (*connect)(struct layer *l);
	ssize_t (*recv)(struct layer *l, void *data, size_t size);
	int (*send)(struct layer *l, const void *data, size_t len);
	void (*close)(struct layer *l);
	void (*destroy)(struct layer *l);
	/* Bytes kept because the kernel did not take them. */
	size_t (*backlog)(const struct layer *l);
	/* False stops reading (back-pressure) until true. */
	void (*want_read)(struct layer *l, bool on);
	/* One whole message of a layer that has such (WebSocket): its length,
	 * and *data, which lives until the next call; else as recv(). */
	ssize_t (*message)(struct layer *l, const uint8_t **data);
	/* Whether recv() or message() has something without the layer below. */
	bool (*pending)(const struct layer *l);
	/* When timer() wants to be called; TIMER_NEVER. After timer() the owner
	 * calls connect(), or recv(), as if the layer were readable. */
	coap_tick_t (*next)(const struct layer *l);
	void (*timer)(struct layer *l, coap_tick_t now);
	/* See layer_orphan(). */
	void (*orphan)(struct layer *l);
	/* See layer_local(). */
	int (*local)(const struct layer *l, coap_address_t *a, int *ifindex);
};

/* The first member of each layer's own struct. */
struct layer {
	const struct layer_ops *ops;
	struct layer *next;
	const struct layer_events *events;
	void *user;
};

/* Calls with pass-through; safe on NULL functions. */
int layer_connect(struct layer *l);
ssize_t layer_recv(struct layer *l, void *data, size_t size);
int layer_send(struct layer *l, const void *data, size_t len);
void layer_close(struct layer *l);
/* Destroys the whole stack from the top down; NULL is fine. */
void layer_free(struct layer *l);
size_t layer_backlog(const struct layer *l);
void layer_want_read(struct layer *l, bool on);
ssize_t layer_message(struct layer *l, const uint8_t **data);
/* These three ask every layer of the stack. */
bool layer_pending(const struct layer *l);
coap_tick_t layer_next(const struct layer *l);
void layer_timer(struct layer *l, coap_tick_t now);
/*
 * After close(): the owner is gone, and somebody else lets the stack flush. A
 * layer that tells its owner things, by callbacks of its own, tells nothing
 * more; what else it was given must outlive it all the same. Told to every
 * layer of the stack.
 */
void layer_orphan(struct layer *l);

/*
 * Client side. The socket is non-blocking and close-on-exec, connected to
 * remote, bound to local when that is given (NULL: any; -COAP_E_INVAL when it
 * is of another family). A link-local remote has its zone in sin6_scope_id.
 * The error is the reason (REFUSED, UNREACH, ADDRINUSE, PERM, SYS...).
 *
 * UDP: ready at once. To a multicast group the socket is not connected, as
 * answers come from anywhere: see layer_group.h.
 * TCP: TCP_NODELAY is set; the layer comes back connecting; when connect()
 * fails the reason is its result, now and later.
 */
struct udp_port;
int layer_udp_client(struct poller *p, const coap_address_t *local,
    const coap_address_t *remote, const struct layer_events *ev, void *user,
    struct layer **out);
int layer_tcp_client(struct poller *p, const coap_address_t *local,
    const coap_address_t *remote, const struct layer_events *ev, void *user,
    struct layer **out);

/*
 * Server side: a peer on a shared UDP socket, or an accepted TCP socket, which
 * the layer owns unless this fails. With UDP recv() always says AGAIN, for the
 * port hands datagrams out, and no event is ever called: what cannot be sent
 * is a lost datagram. local (NULL or any: the kernel's choice) and ifindex
 * choose the source address of what is sent (packet info). The port must
 * outlive its layers.
 */
int layer_udp_server(struct udp_port *port, const coap_address_t *remote,
    const coap_address_t *local, int ifindex, const struct layer_events *ev,
    void *user, struct layer **out);
int layer_tcp_server(struct poller *p, int fd, const struct layer_events *ev,
    void *user, struct layer **out);
/* Server's UDP: what the next recv() gives, once; the bytes are the caller's
 * and must stay until it was called, or until they are taken back (NULL). */
void layer_udp_server_feed(struct layer *l, const void *data, size_t len);
/* Changes the source address of a stack on a UDP port; nothing on others. */
void layer_udp_server_local(struct layer *l, const coap_address_t *local,
    int ifindex);

/*
 * The local address and interface of the stack as the kernel knows them now:
 * the interface of a link-local address, or the one that was given with the
 * UDP server's; 0 otherwise. IPv4-mapped addresses come as IPv4 ones.
 * -COAP_E_STATE before there is a socket.
 */
int layer_local(const struct layer *l, coap_address_t *local, int *ifindex);

#endif

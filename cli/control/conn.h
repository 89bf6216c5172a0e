/* SPDX-License-Identifier: BSD-2-Clause */
/* A connection of the control socket on the loop: messages in and out. */
#ifndef CLI_CONTROL_CONN_H
#define CLI_CONTROL_CONN_H

#include <coap3/coapx.h>

#include "cli/control/message.h"

struct conn;

/* Why a connection is of no use any more. */
enum conn_end {
	CONN_GONE,      /* the peer closed it, or died */
	CONN_MALFORMED, /* it sent what is no message */
	CONN_MEMORY,    /* something could not be received, or sent */
};

/* What the peer has not taken of what was sent; while it is more, nothing is
 * read from it, so that it cannot have more made for it. */
#define CONN_UNSENT (1U << 20)

/* Called from the loop; each may free the connection. */
struct conn_ops {
	/* m is the connection's, and wiped afterwards. */
	void (*message)(void *user, struct message *m);
	/* A message of a type that is not known. */
	void (*unknown)(void *user, unsigned type, uint32_t request);
	/* Once; it is left to be freed. Unless the peer is gone a last message
	 * may be sent. */
	void (*ended)(void *user, enum conn_end why);
};

/* Takes fd over, also when it fails. NULL: out of memory. */
struct conn *conn_new(coap_context_t *context, int fd,
    const struct conn_ops *ops, void *user);
/* Sent at the end of this turn of the loop; what cannot be then is kept. False:
 * it is more than a message may be, and is not sent. Out of memory the
 * connection ends, told by the loop. Nothing is called. */
bool conn_send(struct conn *conn, const struct message *m);
/* HELLO, the first message of both sides. */
void conn_hello(struct conn *conn);
/* ERROR; about request 0 the connection is then the caller's to end. */
void conn_error(struct conn *conn, uint32_t request, enum message_error code,
    const char *text);
/* The same to a peer of another version. */
void conn_error_version(struct conn *conn);
/* Bytes that the peer has not taken. */
size_t conn_unsent(const struct conn *conn);
/* NULL is fine. Tries to deliver what is left, without waiting. */
void conn_free(struct conn *conn);

#endif

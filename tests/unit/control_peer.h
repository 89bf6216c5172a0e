/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The other end of a control socket, on the same loop as what is tested: says
 * whatever a test wants it to, and sees each message.
 */
#ifndef CONTROL_PEER_H
#define CONTROL_PEER_H

#include <coap3/coapx.h>

#include "cli/control/message.h"

struct control_peer {
	coap_context_t *context;
	int fd; /* -1: closed */
	coapx_watch_t *watch;
	uint8_t
	    *in; /* room for all that may come; nothing is allocated later */
	size_t begin;
	size_t end;
	bool ended; /* the other one closed it */
	bool stuck; /* it does not read, and part of a message was sent */
	struct bytes out;
	struct message m; /* the last one */
};

/* Takes fd over. */
void control_peer_open(struct control_peer *p, coap_context_t *context, int fd);
void control_peer_close(struct control_peer *p);
/* It stops reading, or goes on. */
void control_peer_deafen(struct control_peer *p, bool deaf);

/* Each runs the loop until it is in the socket, or the other one is gone. */
void control_peer_raw(struct control_peer *p, const void *data, size_t len);
void control_peer_send(struct control_peer *p, const struct message *m);
void control_peer_hello(struct control_peer *p);
/* A line of words, split at blanks; more: what else START says, or NULL. */
void control_peer_start(struct control_peer *p, uint32_t request,
    const char *line, const struct start *more);
/* One of a number: CANCEL, CREDIT, INPUT_END, KEYS_FAILED, BROKEN. */
void control_peer_number(struct control_peer *p, enum message_type type,
    uint32_t request, uint32_t n);
void control_peer_input(struct control_peer *p, uint32_t request,
    const void *data, size_t len);

/* Runs the loop until the next message is p->m, valid until the loop runs again;
 * false: it was the end. */
bool control_peer_next(struct control_peer *p);
/* Whether one is there already. */
bool control_peer_has(const struct control_peer *p);
/* The next must be of that type and request. */
void control_peer_expect(struct control_peer *p, enum message_type type,
    uint32_t request);
/* ERROR of that code; with request 0 the end must follow. */
void control_peer_expect_error(struct control_peer *p, uint32_t request,
    enum message_error code);
void control_peer_expect_end(struct control_peer *p);
/* Everything that can happen at once happens; nothing comes of it. */
void control_peer_expect_nothing(struct control_peer *p);
/* Passes of the loop until nothing is ready. */
void control_peer_settle(coap_context_t *context);

#endif

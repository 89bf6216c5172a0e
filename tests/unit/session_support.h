/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's and a server's context on loopback, with a clock of the test's
 * own. What their handlers are told is written down as text, one line each,
 * "C" or "S" in front for who was told:
 *
 *     C SESSION_CONNECTED        event
 *     S get a                    request, with its token
 *     C 2.05 a hello             response, token and payload
 *     C nack rst a               coap_nack_reason_t by name, token
 *     C ping | C pong
 *     C sent a | again a 1 | acked a | icmp a    coapx_progress_t
 *     C result a 0 2.05          error and code of a coapx_result_t
 *
 * MSG_RETRANSMITTED is not written down.
 */
#ifndef SESSION_SUPPORT_H
#define SESSION_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <coap3/coapx.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"
#include "session/connect/endpoint.h"
#include "session/context.h"
#include "session/session.h"

#define WORLD_LOG 65536

struct world {
	coap_context_t *client;
	coap_context_t *server;
	coap_endpoint_t *udp; /* of the server */
	coap_endpoint_t *tcp;
	coap_endpoint_t *endpoint[COAP_PROTO_LAST]; /* udp and tcp again */
	coap_address_t udp_address;
	coap_address_t tcp_address;
	uint64_t now_us;
	char log[WORLD_LOG];
	size_t log_len;
	unsigned requests;    /* that the server's handler got */
	unsigned deleted;     /* SERVER_SESSION_DEL */
	coap_session_t *last; /* the server's session of the last event */
	/* Called after the line was written; NULL: nothing more happens. */
	void (*hook)(coap_session_t *session, const char *line);
	/* The handler of /x; NULL answers 2.05 with "hello". */
	void (*serve)(coap_session_t *session, const coap_pdu_t *request,
	    coap_pdu_t *response);
	/* What lies between the two; NULL: nothing. */
	void (*relay)(void);
	coap_response_t verdict;
	bool quiet; /* nothing is written down */
	size_t memory;
	int fds;
};

extern struct world w;

/* cmocka's setup and teardown; the latter fails when something was left. */
int world_up(void **state);
int world_down(void **state);

/*
 * Endpoints for the protocols that are not plain UDP and TCP, as far as this
 * build has them, with a shared key on both sides.
 */
#define WORLD_IDENTITY "lamp"
#define WORLD_KEY      "0123456789abcdef"
#define WORLD_HINT     "house"
void world_all_protocols(void);
/* Every protocol that has an endpoint, one after the other; NONE at the end. */
coap_proto_t world_next_proto(coap_proto_t proto);

/* Both contexts, until nothing happens any more. */
void world_settle(void);
/* The same while the clock goes on, timer by timer. */
void world_advance(uint64_t ms);
/* Until the log has that text; fails the test when it never comes. */
void world_wait(const char *text);
#define WORLD_UNTIL(cond)                                    \
	do {                                                 \
		coap_tick_t hung_ = net_now() + NET_HUNG_MS; \
		while (!(cond) && net_now() < hung_)         \
			world_settle();                      \
		assert_true(cond);                           \
	} while (0)

/* What was written down, without the lines that are about something else:
 * who is 'C', 'S' or 0 for both. Forgets it. */
void world_expect(char who, const char *text);
void world_forget(void);
/* How often the log has that line, or begin of a line. */
unsigned world_count(const char *begin);
void world_write(coap_session_t *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const coap_address_t *world_address(coap_proto_t proto);
coap_session_t *world_session(coap_proto_t proto);
/* A session whose SESSION_CONNECTED was seen, log forgotten. */
coap_session_t *world_connected(coap_proto_t proto);
/* GET /x with a token of one letter. */
coap_pdu_t *world_get(coap_session_t *session, coap_pdu_type_t type,
    char token);
coap_mid_t world_send(coap_session_t *session, coap_pdu_type_t type,
    char token);
coapx_request_t *world_request(coap_session_t *session, coap_pdu_type_t type,
    char token, unsigned timeout_ms, unsigned flags, int *err);

/* A UDP socket of the test's, or a listening one: its address. */
int world_raw(int type, coap_address_t *address);
/* One datagram or some bytes that came; waits for them. */
size_t world_raw_recv(int fd, uint8_t *data, size_t size, coap_address_t *from);
void world_raw_send(int fd, const coap_address_t *to, const void *data,
    size_t len);
/* A TCP connection of the test's to the server, its CSM sent. */
int world_raw_connect(const coap_address_t *to);
int world_raw_accept(int fd);

#endif

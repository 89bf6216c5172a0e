/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multicast groups (RFC 7252 section 8). A client's session to a group: one
 * request, many answers. A server's answers to a group's requests: late, so
 * that not all come at once.
 */
#ifndef SESSION_MCAST_H
#define SESSION_MCAST_H

#include "session/session.h"

/* Messages of members that are remembered while requests are under way, the
 * oldest go first. */
#define MCAST_HEARD_MAX 4096
/* Answers of a server that wait for their time: of a session, of a context, and
 * their bytes. Beyond these a request to a group is not answered. */
#define MCAST_LATE_SESSION_MAX 64
#define MCAST_LATE_MAX         1024
#define MCAST_LATE_BYTES       ((size_t)4 << 20)

/* A message of a member: who sent it, and its id. */
struct mcast_key {
	uint8_t address[16];
	uint32_t zone;
	uint16_t port;
	uint16_t mid;
};

struct mcast_heard {
	UT_hash_handle hh; /* in order of arrival */
	struct mcast_key key;
};

/* An answer that waits for its time. */
struct mcast_late {
	struct mcast_late *prev; /* in order of `due` */
	struct mcast_late *next;
	coap_pdu_t *request;
	coap_pdu_t *response;
	size_t bytes;
	coap_tick_t due;
};

/* mcast.c: client */
/* Makes it a session to a group if remote is one: 0; -COAP_E_MCAST where the
 * protocol has none; -COAP_E_NOMEM. */
int mcast_begin(coap_session_t *session, const coap_address_t *remote);
/* Its transport stands. */
void mcast_stands(coap_session_t *session);
void mcast_free(coap_session_t *session);
/* Whether a message may go there: 0 or -COAP_E_MCAST. */
int mcast_check(const coap_session_t *session, const coap_pdu_t *pdu);
/* How long answers are waited for, unless it is said. */
coap_tick_t mcast_wait(const coap_session_t *session);
/* The peer's address is the group's again. */
void mcast_ask(coap_session_t *session);
/* A datagram is here: the peer's address is that of who sent it. */
void mcast_heard(coap_session_t *session);
/* It could be decoded. */
void mcast_input(coap_session_t *session, const coap_pdu_t *pdu);

/* mcast_server.c */
/* Whether it is for a group and none that a group may be sent. */
bool mcast_unfit(const struct udp_datagram *d, const coap_pdu_t *pdu, int err);
/* Sends the response in a while. */
void mcast_answer_late(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response);
coap_tick_t mcast_late_next(const coap_session_t *session);
void mcast_late_run(coap_session_t *session, coap_tick_t now);
void mcast_late_forget(coap_session_t *session);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* A client without library that observes, and an observable resource of the
 * world's server; on top of session_support.h. */
#ifndef NOTIFY_PEER_H
#define NOTIFY_PEER_H

#include "session_support.h"

#include "wire/pdu.h"

struct opeer {
	int fd;
	coap_proto_t proto;
	bool may_end; /* the server may have gone */
	uint16_t mid; /* the next one */
	coap_pdu_t *last;
	size_t n; /* bytes in `in` */
	uint8_t in[8192];
};

/* The resource /o: GET and FETCH answer "v" and the value, the query and the
 * body of the request, if there are. */
struct oserver {
	coap_resource_t *o; /* NULL: deleted */
	int value;
	unsigned code;  /* 0: the handler answers nothing */
	int format;     /* Content-Format; -1: none */
	size_t large;   /* bytes of a body in blocks instead */
	unsigned calls; /* of the handler */
	unsigned added; /* large bodies given, and got back */
	unsigned released;
	/* At the end of each call; NULL: nothing. */
	void (*hook)(coap_session_t *session, coap_pdu_t *response);
};

extern struct oserver oserver;

int oserver_up(void **state);
int oserver_down(void **state);
/* How many observations the server has. */
unsigned oserver_observers(void);
/* A new value; who is told of it: as coap_resource_notify_observers(). */
int oserver_change(void);

void opeer_open(struct opeer *p, coap_proto_t proto);
void opeer_close(struct opeer *p);
/* A request for /o with a token of one letter; observe: -1 for none. */
void opeer_send(struct opeer *p, coap_pdu_type_t type, coap_pdu_code_t code,
    char token, int observe, const char *query, const char *body);
/* CON GET with Observe 0. */
void opeer_observe(struct opeer *p, char token);
void opeer_send_pdu(struct opeer *p, coap_pdu_t *pdu);
coap_pdu_t *opeer_pdu(struct opeer *p, coap_pdu_type_t type,
    coap_pdu_code_t code, char token, int observe);
/* An empty ACK or RST for the last message. */
void opeer_reply(struct opeer *p, coap_pdu_type_t type);
/* Whether a message has come, which is p->last then. */
bool opeer_take(struct opeer *p);
/* Waits for a message, which is p->last then. */
void opeer_next(struct opeer *p);
/*
 * The same, and asserts what it is: type (TCP on streams), code, token, and "+"
 * or "-" for with or without Observe, payload.
 */
void opeer_expect(struct opeer *p, const char *text);
/* Nothing has come. */
void opeer_silent(struct opeer *p);
/* Opens it, observes /o with token a, and has got the first answer. */
void opeer_observing(struct opeer *p, coap_proto_t proto);
/* The same over UDP, when a CON was acknowledged: a round trip is known. */
void opeer_measured(struct opeer *p);
/* The value of the last message's Observe; whether it has one. */
uint32_t opeer_number(const struct opeer *p);
bool opeer_observed(const struct opeer *p);

#endif

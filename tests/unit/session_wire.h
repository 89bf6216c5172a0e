/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A wire between the client and the server of the world, at which anything can
 * happen: it stops, is cut, is reset, loses datagrams. It carries one
 * connection, or the datagrams of one client after the other.
 */
#ifndef SESSION_WIRE_H
#define SESSION_WIRE_H

#include "session_support.h"

struct wire {
	coap_address_t address; /* for the client */
	bool datagrams;
	bool stopped; /* nothing goes through */
	bool deaf;    /* nothing goes through to the client */
	int front;    /* the client's side: listening, or datagrams */
	int client;   /* the client's connection; -1 */
	int server;   /* our connection, or datagram socket; -1 */
	bool client_ended;
	bool server_ended;
	coap_address_t from; /* of the last datagram of the client */
	unsigned up;         /* datagrams, or pieces, so far */
	unsigned down;
	/* Whether a datagram is lost; NULL: none is. */
	bool (*lose)(bool up, const uint8_t *data, size_t len);
};
extern struct wire wire;

/* Between the client and that endpoint; becomes w.relay. */
void wire_open(coap_proto_t proto);
/* Ends both sides: with a reset, or with the end of the stream. */
void wire_cut(bool reset);
void wire_close(void);
/* A datagram to the server as if it came from the client. */
void wire_inject(const void *data, size_t len);

#endif

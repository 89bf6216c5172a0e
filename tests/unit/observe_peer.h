/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server whose /x is observed as a test wants it, and a client's observation
 * that writes down what it is told:
 *
 *     C notify 7 gap 0 answer first hello   "old" when it came too late
 *     C state registered
 *     C end -11 0.00            error and code of the coapx_result_t
 */
#ifndef OBSERVE_PEER_H
#define OBSERVE_PEER_H

#include "session_support.h"

struct observe_peer {
	/* What /x answers. */
	unsigned code;
	int number;    /* of Observe; -1: none, -2: an empty one */
	int max_age;   /* -1: none */
	bool silent;   /* no answer, an empty ACK at most */
	size_t body;   /* larger than OBSERVE_PEER_BLOCK: in blocks */
	bool broken;   /* further blocks are not found */
	unsigned etag; /* of a body in blocks; 0: none */
	bool changes;  /* it changes as a further block is asked for, once */
	unsigned critical; /* an option that notifications have; 0 */
	/* What it has seen. */
	coap_session_t *session;
	char token;
	int observe; /* value of the last request; -1 */
	unsigned asked;
	unsigned cancelled;
	unsigned blocks; /* further blocks asked for */
	uint8_t type;
	coap_mid_t mid; /* of the last request; of the last notification */
	char payload[64];
	size_t payload_len;
	/* Options of the last request but Observe: "11=x 15=y". */
	char options[128];
	/* Of the client. */
	const char *query; /* one more option of what it begins; NULL */
	uint8_t accept;    /* likewise; 0: none */
	coapx_observation_t *handle;
	coapx_observe_params_t params;
	size_t got; /* bytes of the last notification */
	unsigned ends;
	/* Called in each callback after the line; NULL. */
	void (*hook)(coapx_observation_t *o, const char *what);
};
extern struct observe_peer peer;

#define OBSERVE_PEER_BLOCK 64

/* world_up() and the peer; the peer alone, in a world that is up. */
int observe_peer_up(void **state);
int observe_peer_again(void);
/* GET or FETCH /x with that token. */
coap_pdu_t *observe_peer_request(coap_session_t *session, coap_pdu_code_t code,
    coap_pdu_type_t type, char token, int observe);
/* Begins peer.handle, and awaits "hello" of it. */
void observe_peer_start(coap_session_t *session, char token);
/* The same without waiting; its error. */
int observe_peer_begin(coap_session_t *session, char token);
/* Begins one by coap_send(), and awaits "hello" of it. */
void observe_peer_plain(coap_session_t *session, char token);
/* How many the session has. */
unsigned observe_peer_count(const coap_session_t *session);
/* A notification of the server, as peer says, with its number. */
void observe_peer_notify(coap_pdu_type_t type, int number, const char *text);
/* The same where it may fail. */
bool observe_peer_try(coap_pdu_type_t type, int number, const char *text);
coapx_observation_info_t observe_peer_info(void);

#endif

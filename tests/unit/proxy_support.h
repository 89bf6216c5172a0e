/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world with a proxy, on top of session_support.h: the server is it, and is
 * also the server behind it, by another of its addresses. The handlers of both
 * are the test's.
 */
#ifndef PROXY_SUPPORT_H
#define PROXY_SUPPORT_H

#include "session_support.h"

#include <coap3/coap_proxy.h>

/* What bodies are made of: each is so many bytes of it, from the first. */
#define PX_BODY ((size_t)100000)
extern uint8_t px_body[PX_BODY];

/* What the proxy's handler gives to coap_proxy_forward_request(). */
extern coap_proxy_server_list_t px_list;

/* The key of world_all_protocols(), for a server of that list. */
extern coap_dtls_cpsk_t px_psk;

/* What the client got. */
struct px_got {
	unsigned results;
	int error;
	/* Of the last answer: */
	unsigned code;
	size_t length;
	bool same; /* as px_body begins */
	char text[200];
	int64_t maxage; /* -1: there is none */
	int64_t etag;   /* likewise */
	bool extra;     /* option 65000 */
};
extern struct px_got px_got;

/* For a setup: world_up(), all protocols, whole bodies on both sides, a list
 * without servers, and nothing got yet. */
void px_up(void **state);
/* A client's session, which is established. */
coap_session_t *px_connected(coap_proto_t proto);

void px_add_number(coap_pdu_t *pdu, coap_option_num_t number, uint64_t value);
/* Where the server is, by that protocol. */
void px_origin(coap_proto_t proto, char text[128]);
void px_add_uri(coap_pdu_t *pdu, const char *origin, const char *path);
/* CON, and for nobody yet. */
coap_pdu_t *px_request(coap_session_t *session, coap_pdu_code_t code);
/* The same for what is behind, by that protocol. */
coap_pdu_t *px_request_to(coap_session_t *session, coap_pdu_code_t code,
    coap_proto_t behind, const char *path);
/* The answer comes to px_got. */
void px_send(coap_session_t *session, coap_pdu_t *pdu);
/* Waits for the next answer. */
void px_expect(unsigned code);
/* Whether the body is whole and as px_body begins; text is its begin. */
bool px_read(const coap_pdu_t *response, size_t *length, char text[200]);
/* After mem_fail_at(n, 0), whether the n-th allocation was reached: then no
 * other fails. */
bool px_has_failed(size_t n);

#endif

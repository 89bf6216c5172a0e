/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies of a MiB, up and down, by libcoap's functions and by coapx, through the
 * network of lossy.h. */
#ifndef LOSSY_BODIES_H
#define LOSSY_BODIES_H

#include "lossy.h"

#define LOSSY_BODY ((size_t)1024 * 1024)

/* What came of the last one. */
struct lossy_body {
	unsigned ends;
	int error; /* 0: answered */
	unsigned code;
	size_t got;     /* bytes of the answer's body */
	unsigned puts;  /* bodies that the server's handler got */
	uint64_t moved; /* bytes, as transfer() told */
	unsigned released;
	unsigned restarts; /* it began anew */
	unsigned retransmits;
};
extern struct lossy_body lossy_body;

struct body_row {
	const char *name;
	const struct lossy_rule *rule;
	unsigned rounds;
	uint16_t retransmits; /* 0: the default */
	unsigned block;       /* 0: 1024 */
	coap_pdu_type_t type;
	uint32_t mode; /* COAP_BLOCK_... beside whole bodies by the library */
};

/* For the set-up of a group: what the bodies are made of. */
int lossy_body_fill(void **state);
/* The network, the handlers of both sides, nothing sent. */
void lossy_body_begin(const struct body_row *row, unsigned seed);
/* An upload or a download, until its end; with handlers: of the context. */
void lossy_body_send(coap_session_t *session, coap_pdu_type_t type, bool is_put,
    bool handlers);
/* One from beginning to end: it was whole, and the result is 0, or it was not
 * and that was said once, by this error. */
int lossy_body_play(const struct body_row *row, unsigned seed, bool is_put,
    bool handlers);
/* Both directions and both interfaces, for each seed; how many broke. */
unsigned lossy_bodies_play(const struct body_row *row, unsigned *whole);

#endif

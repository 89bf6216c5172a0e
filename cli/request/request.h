/* SPDX-License-Identifier: BSD-2-Clause */
/* From the words of a request command to a PDU. */
#ifndef CLI_REQUEST_H
#define CLI_REQUEST_H

#include "cli/app.h"

/* Sets for struct command: options of every message that asks for something, of
 * one that is a single request, of those with a payload, and of all that may
 * open a session. */
extern const struct option message_options[];
extern const struct option request_options[];
extern const struct option payload_options[];
extern const struct option bind_options[];
/* Of those that may go through a proxy. */
extern const struct option proxy_options[];

/* What a confirmable request over UDP would take to be given up (RFC 7252
 * section 4.8.2): the limit where the protocol itself has none. */
#define REQUEST_LIMIT_MS 93000

/* What the words ask for, checked before anything is opened or sent. */
struct request_plan {
	unsigned code;
	bool non;
	bool no_response;        /* nobody waits for one */
	bool q_block;            /* bodies by Q-Block, where the peer has it */
	unsigned block_size;     /* 0: as large as it fits */
	coap_optlist_t *options; /* without those of the URI */
	uint8_t *token;
	size_t token_len;
	bool empty_token;
	uint8_t *payload; /* malloc()ed */
	size_t payload_len;
	const char *payload_file; /* has it, "-" is stdin; NULL: none */
};

/* 0, or an exit status, the job having been told. No file is read. */
int plan_make(struct job *job, unsigned code, struct request_plan *plan);
void plan_free(struct request_plan *plan);
/* Whether it can go so, by Q-Block or with an empty token: 0, or an exit status,
 * the job having been told. */
int plan_check_way(struct job *job, const struct request_plan *plan,
    coap_proto_t proto, bool group);
/* Copies of all options, those of the URI first, in the order of the message.
 * False: out of memory; what there is is the caller's all the same. */
bool plan_chain(const struct request_plan *plan, const struct target *target,
    coap_optlist_t **chain);
/* A new PDU for the target, not sent; NULL: the job has been told why (status
 * in *status). */
coap_pdu_t *plan_pdu(struct job *job, const struct request_plan *plan,
    const struct target *target, int *status);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The few messages that the floor knows, as bytes, in the three framings. */
#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stddef.h>

#include "tests/bench/measure.h"

/* No header of a message is longer, WebSocket's frame included. */
#define FRAME_HEADER 32
/* A request, a CSM. */
#define FRAME_SHORT 32

/* A GET of the resource `path`: its length. */
size_t frame_request(uint8_t out[static FRAME_SHORT], const struct protocol *p,
    uint32_t token, char path);
/* The CSM of a stream: its length. */
size_t frame_csm(uint8_t out[static FRAME_SHORT], const struct protocol *p,
    bool client);

/* Where in a server's message things are. */
struct request {
	uint8_t token[4];
	uint16_t mid;
	char path; /* '\0': no request */
};

/* Looks into a whole message of a client; takes a WebSocket's mask off. */
void frame_parse(const struct protocol *p, uint8_t *data, size_t len,
    struct request *request);

/* A response whose body stays: only the header is written for each request. */
struct response {
	uint8_t *bytes; /* FRAME_HEADER and the body */
	size_t body;
};

void response_init(struct response *r, const void *body, size_t len);
/* The message: its beginning in r->bytes and its length. */
const uint8_t *response_for(const struct response *r, const struct protocol *p,
    const struct request *request, size_t *len);

/* The length of the message of a stream that begins at data, 0: not yet
 * known. */
size_t frame_size(const struct protocol *p, const uint8_t *data, size_t len);
/* The code of the message of a server that begins at data. */
unsigned frame_code(const struct protocol *p, const uint8_t *data, size_t len);

#endif

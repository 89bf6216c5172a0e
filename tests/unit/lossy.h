/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A client's and a server's context (session_support.h) with a bad network in
 * between: a relay on real UDP sockets, by seeded rules and on the clock of the
 * test. What happens depends on the seed alone, not on the machine: one thing
 * is done at a time, what was sent is waited for, and the clock jumps to what
 * is due next only when nothing else is left to do. Random bytes of the library
 * come from the seed, too.
 *
 * LOSSY_SEED=7 in the environment plays that seed alone, LOSSY_ROUNDS=200 that
 * many. What fails prints the seed and the rules.
 */
#ifndef LOSSY_H
#define LOSSY_H

#include "session_support.h"

enum lossy_way {
	LOSSY_UP,   /* to the server */
	LOSSY_DOWN, /* to the client */
	LOSSY_WAYS,
};

/* Chances are in percent; 0 in all is a network without faults. */
struct lossy_rule {
	unsigned drop;
	unsigned duplicate; /* the second one has a delay of its own */
	unsigned reorder;   /* held back for up to late_ms more */
	unsigned truncate;  /* to a random length */
	unsigned delay_min_ms;
	unsigned delay_max_ms;
	unsigned late_ms;
};

/* Losses of ten and of thirty percent, and some of everything but truncation:
 * the latest come after the first repetitions. */
extern const struct lossy_rule lossy_ten;
extern const struct lossy_rule lossy_thirty;

struct lossy_count {
	uint64_t seen; /* datagrams that were sent */
	uint64_t dropped;
	uint64_t duplicated;
	uint64_t reordered;
	uint64_t truncated;
	uint64_t delivered;
};

struct lossy_datagram;

struct lossy {
	unsigned seed;
	struct lossy_rule rule[LOSSY_WAYS];
	struct lossy_count count[LOSSY_WAYS];
	/* Before the rules: bytes that it may change, and the new length; 0
	 * drops it. NULL: nothing but the rules. */
	size_t (*edit)(enum lossy_way way, uint8_t *data, size_t len);
	/* Of time, way and bytes of all that was delivered. */
	uint64_t digest;
	unsigned bad_packets; /* COAP_EVENT_BAD_PACKET, of either context */
	/* The relay's own. */
	int fd[LOSSY_WAYS]; /* where datagrams on that way come in */
	coap_address_t address;
	coap_address_t client;
	uint64_t sent[LOSSY_WAYS]; /* as the traces tell */
	uint64_t taken[LOSSY_WAYS];
	struct lossy_datagram *queue; /* by time, then in order of coming */
	uint64_t random;
	uint64_t bytes; /* state of the library's random bytes */
	uint16_t retransmits;
	uint16_t nstart;
	bool playing;
	const char *name;
};

extern struct lossy lossy;

/* The seed of this round, 1 and on; 0 after `rounds` of them. For a loop:
 * for (s = lossy_first(); s; s = lossy_next(s, 8)). */
unsigned lossy_first(void);
unsigned lossy_next(unsigned seed, unsigned rounds);

/* world_up() with the relay, one rule for both ways; `name` is for what is
 * printed. And world_down(), which looks for leaks. */
void lossy_begin(const char *name, unsigned seed,
    const struct lossy_rule *rule);
void lossy_end(void);
/* cmocka's teardown: prints what was being played when a test failed. */
int lossy_teardown(void **state);

/* A client's session through the relay, established. */
coap_session_t *lossy_session(void);
/* Sets what both ends hold as MAX_RETRANSMIT; the server's sessions that come
 * later, too. 0: the default. The idle timeout of the server grows with it. */
void lossy_set_retransmits(coap_session_t *session, uint16_t n);
/* The same for NSTART. */
void lossy_set_nstart(coap_session_t *session, uint16_t n);

/* A resource of the server; a request for one, with a token. */
void lossy_add_resource(const char *path, coap_request_t method,
    coap_method_handler_t handler);
coap_pdu_t *lossy_request(coap_session_t *session, coap_pdu_type_t type,
    coap_pdu_code_t code, const char *path);

/* One thing more: a timer, or a datagram that arrives. False: nothing is left
 * to happen. */
bool lossy_step(void);
/* All that happens in the next ms of the clock, which are over then. */
void lossy_advance(uint64_t ms);
#define LOSSY_UNTIL(cond)                          \
	do {                                       \
		while (!(cond))                    \
			assert_true(lossy_step()); \
	} while (0)

#endif

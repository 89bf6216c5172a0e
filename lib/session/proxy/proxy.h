/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Forwarding: sessions to next hops, and requests of clients that wait there.
 * The rules are in exchange/proxy.h.
 */
#ifndef SESSION_PROXY_H
#define SESSION_PROXY_H

#include <coap3/coap_proxy.h>

#include "exchange/async.h"
#include "exchange/proxy_cache.h"
#include "session/session.h"

/* Sessions to next hops; one more ends the one that is idle for longest. */
#define PROXY_LINKS_MAX 256
/* What a next hop may take for an answer, or for each block of one: about as
 * long as a CON is repeated (RFC 7252 section 4.8.2). */
#define PROXY_TIMEOUT_MS 93000

/* A session to a next hop. */
struct proxy_link {
	struct proxy_link *prev; /* the one that was used last is the first */
	struct proxy_link *next;
	struct proxy *proxy;
	char *origin;    /* a URI without path */
	const void *pki; /* the application's, only compared */
	const void *cpsk;
	uint64_t client; /* whose it is alone, by coap_session_t.id; or 0 */
	coap_session_t *session; /* a reference */
	coapx_timer_t *idle;
	unsigned users;
	unsigned idle_seconds; /* 0: it stays */
	bool orphan;           /* its client is gone */
};

/* Bytes of a sentence that says what went wrong. */
#define PROXY_WHY 200

struct forward;
struct proxy_watch;
struct proxy_watcher;

/* What is observed at next hops, see proxy_observe.h. All zero is nothing. */
struct proxy_watches {
	struct proxy_watch *list;
	unsigned n;
	size_t bytes;                   /* of their states */
	struct proxy_watcher *answered; /* in the handler that runs */
};

struct proxy {
	coap_context_t *context;
	struct proxy_link *links;
	unsigned n_links;
	struct forward *forwards;
	struct proxy_watches watches;
	struct proxy_cache cache;
};

/* proxy_way.c: where a request goes */
struct proxy_way {
	coap_string_t *text; /* what asked points into; or NULL */
	coap_uri_t asked;    /* what the request is for */
	coap_uri_t hop;
	const coap_proxy_server_t *server;
	bool strip;
	bool direct;
	struct proxy_ask *ask; /* proxy_cache.c; or NULL */
};

/* What a client is told instead of an answer; returns 0. */
int proxy_refuse(coap_pdu_t *response, unsigned code, const char *why);
/* 1, or 0 and the response says why not; way->text is the caller's in any
 * case. */
int proxy_find_way(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_proxy_server_list_t *list,
    struct proxy_way *way);
/* Whether the client has proved who he is, or we do that for him: what he gets
 * is for no other (RFC 7252 section 6.2). */
bool proxy_is_secure(const coap_session_t *session,
    const struct proxy_way *way);

/* proxy_link.c */
/* A link that goes that way, with one more user; NULL and *err. */
struct proxy_link *proxy_reach(struct proxy *proxy,
    const coap_session_t *session, const struct proxy_way *way,
    const coap_proxy_server_list_t *list, int *err);
/* One user less. */
void proxy_link_put(struct proxy_link *link);
/* It ends; nobody uses it. */
void proxy_link_close(struct proxy_link *link);

/* proxy.c */
/* Made at the first use; NULL when out of memory. */
struct proxy *proxy_of(coap_context_t *context);
/* What a client is told of an error of ours, or of the way to the next hop. */
unsigned proxy_code_of_error(int err);
/* The options of a request as it goes on; 0 or an error. */
int proxy_add_options(const struct proxy *proxy, const coap_pdu_t *request,
    const struct proxy_way *way, coap_pdu_t *pdu);
/* A copy of what came from a next hop; NULL: it cannot be passed on, and *code
 * and why are what clients are told. */
coap_pdu_t *proxy_keep_answer(const struct proxy *proxy,
    const coap_pdu_t *response, unsigned *code, char why[PROXY_WHY]);
/* The response becomes that answer, of which a reference is kept as long as
 * blocks of it may be asked for. max_age: seconds it is fresh from now; -1: as
 * it says. As coap_proxy_forward_request(). */
int proxy_fill(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_pdu_t *answer, int64_t max_age);
/* The body of an answer, of which the same holds; 1, or 0 and the response says
 * what is wrong. */
int proxy_give_body(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_pdu_t *answer);
/* Lets go of the message that a body is in: coap_release_large_data_t. */
void proxy_release(coap_session_t *session, void *app);
/* The async entry of one of these is gone: the client does not wait any more.
 * Both may be NULL. */
void proxy_forget(struct forward *f, struct proxy_watcher *watcher);
/* The session is over: what was opened for it alone goes. */
void proxy_client_gone(coap_session_t *session);
/* All that waits and all links end. */
void proxy_free(coap_context_t *context);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The cache of a proxy, as forwarding has it; the rules are in
 * exchange/proxy_cache.h. */
#ifndef SESSION_PROXY_CACHE_H
#define SESSION_PROXY_CACHE_H

#include "exchange/proxy_cache.h"
#include "session/proxy/proxy.h"

/*
 * What a request of a client is for the cache: to be given to the others here,
 * and freed with proxy_ask_free(). NULL: nothing, which all of them take. With
 * Observe it is not looked for, but what comes may be kept.
 */
struct proxy_ask *proxy_cache_ask(struct proxy *proxy,
    const coap_session_t *session, const coap_pdu_t *request,
    const struct proxy_way *way, const coap_proxy_server_list_t *list);
/* Whether the response is filled, from what is kept; way->ask is from
 * proxy_cache_ask(). */
bool proxy_cache_answers(struct proxy *proxy, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response,
    const struct proxy_way *way);
/*
 * The answer of hop, or NULL for none, which may be kept; request is the
 * client's. True: what is kept is good again, and goes back instead. *answer is
 * freed, and NULL, then, and also when it cannot be used, which why says.
 */
bool proxy_cache_settle(struct proxy *proxy, const coap_session_t *hop,
    const struct proxy_ask *ask, const coap_pdu_t *request, coap_pdu_t **answer,
    char why[PROXY_WHY]);
/* Then: fills the response. */
void proxy_cache_confirmed(struct proxy *proxy, coap_session_t *session,
    const coap_pdu_t *request, coap_pdu_t *response,
    const struct proxy_ask *ask);
/* Nobody waits for it any more. */
void proxy_cache_failed(struct proxy *proxy, const struct proxy_ask *ask);
/* For who observes: a copy of a notification (copy_pdu()), with its body, to
 * which a reference may be kept. */
void proxy_cache_told(struct proxy *proxy, struct proxy_ask *ask,
    coap_pdu_t *notification);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Observations of a client (RFC 7641) with their own callbacks: registered
 * once, kept alive by the library, ended once.
 */
#ifndef COAPX_OBSERVE_H
#define COAPX_OBSERVE_H

#include <coap3/coapx.h>

typedef struct coapx_observation_t coapx_observation_t;

typedef enum {
	COAPX_OBSERVE_ASKED = 1, /* its first answer is awaited */
	COAPX_OBSERVE_REGISTERED = 2,
	/* Max-Age is over without a notification: what was delivered last is
	 * not fresh any more. It is asked for again 5 to 15 s later (RFC 7641
	 * section 3.3.1). */
	COAPX_OBSERVE_STALE = 3,
	COAPX_OBSERVE_ASKING = 4,     /* asked for again, with the same token */
	COAPX_OBSERVE_LOST = 5,       /* the session is reconnecting; asked for
	                             again once it stands */
	COAPX_OBSERVE_CANCELLING = 6, /* see coapx_observe_stop() */
} coapx_observe_state_t;

/* The answer to a registration, the first one or a later one. */
#define COAPX_NOTIFICATION_ANSWER 0x1
/* Nothing of this observation was delivered before. */
#define COAPX_NOTIFICATION_FIRST 0x2
/* It has a number. Over reliable transports it may have none, and its number
 * says nothing about order (RFC 8323 section 7.1). */
#define COAPX_NOTIFICATION_NUMBERED 0x4
/* It is older than what was delivered before; with COAPX_OBSERVE_ALL alone. */
#define COAPX_NOTIFICATION_REORDERED 0x8

/* Pointers live until the handler returns. */
typedef struct coapx_notification_t {
	size_t size;
	unsigned flags;
	const coap_pdu_t *sent; /* the request that coapx_observe_start() got */
	/* 2.xx with Observe, and the whole body if it came in blocks. */
	const coap_pdu_t *response;
	uint32_t number; /* of its Observe option, 24 bits */
	/* Numbers between the one delivered before and this one. Servers that
	 * count by one have sent so many that did not come, or not yet; others
	 * skip numbers as they like. */
	uint32_t gap;
	uint32_t max_age; /* seconds it is fresh; 60 when it does not say */
	uint64_t rtt_us;  /* of an ANSWER; else 0 */
	unsigned retransmits;
} coapx_notification_t;

typedef struct coapx_observe_params_t {
	size_t size;
	unsigned flags;
	/* For each answer to what this sends (registrations, and the
	 * deregistration); 0: until the protocol gives up. */
	unsigned timeout_ms;
	unsigned block_size; /* as in coapx_request_params_t */
	size_t body_max;     /* bytes of a notification; 0: as the context */
	/*
	 * All four may do anything: stop or drop this observation, release the
	 * session, free the context. None is called inside
	 * coapx_observe_start(). Those that are NULL are not missed.
	 */
	void (*notify)(coapx_observation_t *observation,
	    coap_session_t *session, const coapx_notification_t *notification,
	    void *arg);
	/* Each state but ASKED and CANCELLING, as it is entered; REGISTERED comes
	 * before the notification that it comes by. */
	void (*state)(coapx_observation_t *observation, coap_session_t *session,
	    coapx_observe_state_t state, void *arg);
	/*
	 * Exactly once; the handle dies with its return. Not called after
	 * coapx_observe_drop(). Either error is set, or response is what ended
	 * it: one that is not 2.xx, or without Observe (the server does not
	 * observe this, or not any more; not told to notify()), or the answer
	 * to the deregistration.
	 */
	void (*end)(coapx_observation_t *observation, coap_session_t *session,
	    const coapx_result_t *result, void *arg);
	void *arg;
} coapx_observe_params_t;

/* Also notifications that are older than what was delivered, marked as such;
 * otherwise they are counted and not told. */
#define COAPX_OBSERVE_ALL 0x1
/* STALE is told, but it is not asked for again. */
#define COAPX_OBSERVE_NO_REFRESH 0x2
/* The first block of a notification is delivered as it is. */
#define COAPX_OBSERVE_NO_BLOCKS 0x4
/* As COAPX_REQUEST_END_ON_ICMP, for each request that it sends. */
#define COAPX_OBSERVE_END_ON_ICMP 0x8

/*
 * Begins to observe. pdu, from coap_new_pdu(), is a GET or FETCH and consumed
 * in any case; Observe 0 is put into it, and a token made, where it has none.
 * The body of a FETCH may be one of coap_add_data_large_request(). NULL and
 * *err (may be NULL) when it cannot begin: -COAP_E_INVAL for another method, a
 * group or an Observe option of another value, -COAP_E_EXISTS when its token is
 * in use, -COAP_E_LIMIT, -COAP_E_TOOBIG, -COAP_E_NOMEM, or what the session
 * ended with.
 */
COAP_API coapx_observation_t *coapx_observe_start(coap_session_t *session,
    coap_pdu_t *pdu, const coapx_observe_params_t *params, int *err);

typedef enum {
	/*
	 * Asks the server to stop: the same request with Observe 1 (RFC 7641
	 * section 3.6). State CANCELLING; notify() is not called any more;
	 * end() comes from the loop, with the answer, or with the error if
	 * there is none. Where nothing was sent yet, or the session is lost,
	 * as FORGET.
	 */
	COAPX_OBSERVE_DEREGISTER = 0,
	/* The token is forgotten: the server learns it from the Reset to its
	 * next notification, where there are Resets. end() is called at once,
	 * inside the call, with -COAP_E_CANCELLED. */
	COAPX_OBSERVE_FORGET = 1,
} coapx_observe_stop_t;

/*
 * Ends an observation. 0; -COAP_E_STATE when a DEREGISTER is under way already;
 * -COAP_E_INVAL for NULL, also inside end(); or an error of sending, and the
 * observation goes on. Over reliable transports FORGET, coapx_observe_drop()
 * and an end by an error of ours send what DEREGISTER sends, too, and nobody
 * waits for the answer (RFC 8323 section 7.4).
 */
COAP_API int coapx_observe_stop(coapx_observation_t *observation,
    coapx_observe_stop_t how);

/* Gives it up without a further call; a deregistration that is under way goes
 * on without it. NULL does nothing, nor does it inside end(). */
COAP_API void coapx_observe_drop(coapx_observation_t *observation);

typedef struct coapx_observation_info_t {
	size_t size;
	coap_session_t *session;
	const coap_pdu_t *sent; /* the request, lives as long as the handle */
	coapx_observe_state_t state;
	/* 1 when number is that of the newest notification. */
	uint32_t has_number;
	uint32_t number;
	uint32_t last_code;     /* of the newest one; 0: none came */
	uint32_t max_age;       /* of the newest one, seconds */
	uint64_t age_ms;        /* since the newest one came, or the begin */
	uint64_t notifications; /* that were delivered */
	uint64_t gaps;          /* numbers skipped, all together */
	uint64_t reordered;     /* that came later than a newer one */
	uint64_t registrations; /* that were sent, the first one included */
} coapx_observation_info_t;

/* Fills what fits in info->size. -COAP_E_INVAL on NULL. */
COAP_API int coapx_observation_info(const coapx_observation_t *observation,
    coapx_observation_info_t *info);

/* "registered" for COAPX_OBSERVE_REGISTERED; "?" when unknown. */
COAP_API const char *coapx_observe_state_name(coapx_observe_state_t state);

#endif

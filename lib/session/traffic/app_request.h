/* SPDX-License-Identifier: BSD-2-Clause */
/* A request (or ping) with its own callbacks, as coapx.h gives it. */
#ifndef SESSION_APP_REQUEST_H
#define SESSION_APP_REQUEST_H

#include "session/session.h"

struct coapx_request_t {
	coapx_request_t *next; /* in session->pings */
	coap_session_t *session;
	struct request *request; /* NULL: a ping */
	coapx_request_params_t params;
	coap_tick_t deadline; /* of a ping, or of all of a request; 0: none */
	uint64_t started_us;
	bool sent;      /* a ping that is on the wire */
	bool failing;   /* a ping of those that end together */
	bool ended;     /* result() is being called */
	bool forwarded; /* a proxy's, which takes options that we do not know */
	/* Callbacks that may cancel it are being called, and one has. */
	bool working;
	bool cancelled;
	/* Nothing of it is under way until coapx_request_resume(), which has
	 * been called since a callback was. */
	bool held;
	bool resumed;
};

/* Gives up on a ping without a word. */
void ping_cancel(coap_session_t *session, coapx_request_t *a);
/* Tells the application and frees the handle. */
void app_request_end(coapx_request_t *a, const coapx_result_t *result);

#endif

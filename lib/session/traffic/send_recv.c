/* SPDX-License-Identifier: BSD-2-Clause */
/* coap_send_recv(): the one call that sends and waits for the response. */
#include <coap3/coapx.h>

#include "session/session.h"

/* What coap_net.h gives for each way in which it can fail. */
enum failure {
	FAIL_TIMEOUT_VALUE = -1,
	FAIL_SEND = -2,
	FAIL_NACK = -3,
	FAIL_LOOP = -4,
	FAIL_LATE = -5,
	FAIL_ENDED = -6,
};

struct waiting {
	uint64_t started_us;
	uint64_t took_ms;
	uint32_t timeout_ms;
	coap_pdu_t *response;
	int failure; /* 0: none */
	bool done;
};

static int
failure_of(const struct waiting *w, const coap_session_t *session, int err)
{
	if (err == 0)
		return 0;
	if (session->ending)
		return FAIL_ENDED;
	if (err == -COAP_E_TIMEOUT && w->took_ms >= w->timeout_ms)
		return FAIL_LATE;
	return FAIL_NACK;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct waiting *w = arg;
	uint64_t now = context_clock_us(session->context);

	(void)request;
	w->done = true;
	w->took_ms = (now - w->started_us) / 1000;
	w->failure = failure_of(w, session, result->error);
	/* Nobody else looks at a response after this. */
	if (result->error == 0)
		w->response =
		    pdu_ref((coap_pdu_t *)(uintptr_t)result->response);
}

/* Nothing of session and context is touched once the request is done: a
 * handler may have freed them. */
static void
run(coap_context_t *context, coapx_request_t *request, struct waiting *w)
{
	while (!w->done) {
		if (coap_io_process(context, COAP_IO_WAIT) >= 0 || w->done)
			continue;
		coapx_request_cancel(request);
		w->failure = FAIL_LOOP;
		return;
	}
}

static int
send_and_wait(coap_session_t *session, coap_pdu_t *pdu, struct waiting *w)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.timeout_ms = w->timeout_ms,
		.result = on_result,
		.arg = w,
	};
	coap_context_t *context = session->context;
	coapx_request_t *request;

	w->started_us = context_clock_us(context);
	request = coapx_request_send(session, pdu, &params, NULL);
	if (!request)
		return FAIL_SEND;
	run(context, request, w);
	if (w->failure < 0)
		return w->failure;
	return w->took_ms > INT32_MAX ? INT32_MAX : (int)w->took_ms;
}

static int
refusal(const coap_session_t *session, const coap_pdu_t *pdu,
    uint32_t timeout_ms)
{
	if (!session || !pdu || !COAP_PDU_IS_REQUEST(pdu))
		return FAIL_SEND;
	if (timeout_ms == COAP_IO_WAIT || timeout_ms == COAP_IO_NO_WAIT)
		return FAIL_TIMEOUT_VALUE;
	return session->context->depth > 0 ? FAIL_LOOP : 0;
}

int
coap_send_recv(coap_session_t *session, coap_pdu_t *request_pdu,
    coap_pdu_t **response_pdu, uint32_t timeout_ms)
{
	struct waiting w = { .timeout_ms = timeout_ms };
	int result = refusal(session, request_pdu, timeout_ms);

	if (result == 0)
		result = send_and_wait(session, request_pdu, &w);
	else
		coap_delete_pdu(request_pdu);
	if (response_pdu)
		*response_pdu = w.response;
	else
		coap_delete_pdu(w.response);
	return result;
}

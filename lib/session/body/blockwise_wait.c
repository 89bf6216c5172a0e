/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests whose body waits for the application: see coapx_request_resume(). */
#include "session/body/blockwise.h"

int
blockwise_gone(const coap_session_t *session)
{
	if (session_is_open(session) && !session->ending)
		return 0;
	return session->error < 0 ? session->error : -COAP_E_CLOSED;
}

bool
blockwise_is_held(const struct request *q)
{
	const coapx_request_t *a = q->user;

	return a && a->held;
}

/* One that waits and need not any more goes on in the next turn of the loop. */
static void
schedule(coap_session_t *session, const coapx_request_t *a)
{
	if (!a->held || !a->resumed)
		return;
	session->resumes = true;
	session_arm(session);
}

/* It has no deadline meanwhile: it is not the peer that is slow. */
void
blockwise_hold(coap_session_t *session, struct request *q)
{
	coapx_request_t *a = q->user;

	a->held = true;
	requests_put_back(&session->requests, q, TIMER_NEVER);
	schedule(session, a);
	/* Last, for it may do anything. */
	blockwise_tell(a, q->transfer);
}

int
blockwise_hold_first(coap_session_t *session, struct transfer *t,
    coapx_request_t *a, struct request **out)
{
	int err = blockwise_gone(session);

	if (err == 0)
		err = requests_add(&session->requests, t->origin,
		    context_now(session->context), TIMER_NEVER, out);
	if (err < 0)
		return err;
	t->unsent = true;
	a->held = true;
	schedule(session, a);
	return 0;
}

static void
go_on(coap_session_t *session, struct request *q)
{
	coapx_request_t *a = q->user;

	requests_take(&session->requests, q);
	a->held = a->resumed = false;
	q->transfer->in.wait = false;
	blockwise_ask_on(session, q);
}

void
blockwise_resume(coap_session_t *session)
{
	/* One that is to wait again and was resumed inside its callback comes
	 * in the next pass. */
	size_t left = session->requests.count;
	struct request *q = session->requests.list;

	if (!session->resumes)
		return;
	session->resumes = false;
	/* A handler may end any request: begin again after each. */
	while (q && left > 0) {
		const coapx_request_t *a = q->user;

		if (a && a->held && a->resumed) {
			left--;
			go_on(session, q);
			q = session->requests.list;
		} else {
			q = q->next;
		}
	}
}

void
coapx_request_resume(coapx_request_t *request)
{
	if (!request || request->ended)
		return;
	request->resumed = true;
	schedule(request->session, request);
}

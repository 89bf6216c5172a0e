/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The client: observers, one session each. A session of its own has the
 * resource change by a request, and does so again when each observer has got
 * its notification. These are CON: so both libraries send one for each change,
 * and nothing but the ACK holds back the next.
 */
#include "tests/bench/app.h"

#include <stdlib.h>

static coap_response_t
answered(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	struct app *app = coap_session_get_app_data(session);

	(void)sent;
	(void)mid;
	if (coap_pdu_get_code(received) != COAP_RESPONSE_CODE_CONTENT)
		die("not the answer");
	if (app->in_flight == 0)
		die("more than was asked for");
	app->in_flight--;
	return COAP_RESPONSE_OK;
}

static void
send_get(struct app *app, coap_session_t *session, bool observe)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
	uint32_t token = app->token++;

	if (!pdu || !coap_add_token(pdu, sizeof token, (uint8_t *)&token) ||
	    (observe && !coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL)) ||
	    !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		(const uint8_t *)(observe ? "o" : "t")))
		die("no request");
	if (coap_send(session, pdu) == COAP_INVALID_MID)
		die("coap_send");
}

static void
wait_all(struct app *app, unsigned n)
{
	app->in_flight = n;
	while (app->in_flight > 0)
		coap_io_process(app->context, COAP_IO_WAIT);
}

/* The answer, and a notification each. */
static void
change(struct app *app, coap_session_t *session)
{
	send_get(app, session, false);
	wait_all(app, app->set.observers + 1);
}

void
app_notify(struct app *app)
{
	coap_session_t *session = app_open_ready(app);
	unsigned long n = 0;
	struct meter m;
	uint64_t end;
	unsigned i;

	coap_register_response_handler(app->context, answered);
	for (i = 0; i < app->set.observers; i++) {
		send_get(app, app_open_ready(app), true);
		wait_all(app, 1);
	}
	change(app, session);
	meter_start(&m, app->server_pid);
	end = now_ns() + app->set.ms * 1000000ull;
	for (; now_ns() < end; n += app->set.observers)
		change(app, session);
	meter_print(&m, n);
}

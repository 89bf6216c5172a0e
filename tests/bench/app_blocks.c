/* SPDX-License-Identifier: BSD-2-Clause */
/* The client: bodies in blocks, one after the other. */
#include "tests/bench/app.h"

#include <stdlib.h>
#include <string.h>

static coap_response_t
answered(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	struct app *app = coap_session_get_app_data(session);
	coap_pdu_code_t code = coap_pdu_get_code(received);
	size_t offset = 0;
	size_t total = 0;
	const uint8_t *data;
	size_t len = 0;

	(void)sent;
	(void)mid;
	if (code != COAP_RESPONSE_CODE_CHANGED &&
	    (code != COAP_RESPONSE_CODE_CONTENT ||
		!coap_get_data_large(received, &len, &data, &offset, &total) ||
		len != app->set.blocks))
		die("not the answer");
	app->in_flight--;
	return COAP_RESPONSE_OK;
}

static void
exchange(struct app *app, coap_session_t *session, const uint8_t *body)
{
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON,
	    body ? COAP_REQUEST_CODE_PUT : COAP_REQUEST_CODE_GET, session);
	uint32_t token = app->token++;

	if (!pdu || !coap_add_token(pdu, sizeof token, (uint8_t *)&token) ||
	    !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		(const uint8_t *)"g") ||
	    (body &&
		!coap_add_data_large_request(session, pdu, app->set.blocks,
		    body, NULL, NULL)))
		die("no request");
	if (coap_send(session, pdu) == COAP_INVALID_MID)
		die("coap_send");
	app->in_flight++;
	while (app->in_flight > 0)
		coap_io_process(app->context, COAP_IO_WAIT);
}

/* body: what is sent; NULL: it is asked for. */
static void
run(struct app *app, const uint8_t *body)
{
	coap_session_t *session = app_open_ready(app);
	unsigned long n = 0;
	struct meter m;
	uint64_t end;

	coap_register_response_handler(app->context, answered);
	exchange(app, session, body);
	meter_start(&m, app->server_pid);
	end = now_ns() + app->set.ms * 1000000ull;
	for (; now_ns() < end; n++)
		exchange(app, session, body);
	meter_print(&m, n);
}

void
app_get_blocks(struct app *app)
{
	run(app, NULL);
}

void
app_put_blocks(struct app *app)
{
	uint8_t *body = malloc(app->set.blocks);

	if (!body)
		die("out of memory");
	memset(body, 'x', app->set.blocks);
	run(app, body);
	free(body);
}

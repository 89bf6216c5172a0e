/* SPDX-License-Identifier: BSD-2-Clause */
/* The client: kinds of work. */
#include "tests/bench/app.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/suite.h"

#define MEMORY_FEW  20
#define MEMORY_MANY 220

/* --- sessions ------------------------------------------------------------- */

static coap_session_t *
open_pki(struct app *app)
{
	static char name[] = "localhost";
	coap_dtls_pki_t pki = {
		.version = COAP_DTLS_PKI_SETUP_VERSION,
		.verify_peer_cert = 1,
		.check_common_ca = 1,
		.cert_chain_validation = 1,
		.cert_chain_verify_depth = 2,
		.client_sni = name,
	};
	char ca[4096];

	snprintf(ca, sizeof ca, "%s/ca.pem", app->set.keys);
	pki.pki_key.key_type = COAP_PKI_KEY_PEM;
	pki.pki_key.key.pem.ca_file = ca;
	return coap_new_client_session_pki(app->context, NULL, &app->server,
	    app->number, &pki);
}

static coap_session_t *
open_psk(struct app *app)
{
	static const char identity[] = BENCH_IDENTITY;
	static const char key[] = BENCH_KEY;
	coap_dtls_cpsk_t psk = { .version = COAP_DTLS_CPSK_SETUP_VERSION };

	psk.psk_info.identity.s = (const uint8_t *)identity;
	psk.psk_info.identity.length = sizeof identity - 1;
	psk.psk_info.key.s = (const uint8_t *)key;
	psk.psk_info.key.length = sizeof key - 1;
	return coap_new_client_session_psk2(app->context, NULL, &app->server,
	    app->number, &psk);
}

coap_session_t *
app_open(struct app *app)
{
	coap_session_t *session;

	if (!app->proto.secure)
		session = coap_new_client_session(app->context, NULL,
		    &app->server, app->number);
	else if (app->proto.ecdsa)
		session = open_pki(app);
	else
		session = open_psk(app);
	if (!session)
		die("no session");
	library_prepare(session, &app->proto);
	return session;
}

static void
wait_established(struct app *app, const coap_session_t *session)
{
	coap_session_state_t state = coap_session_get_state(session);

	while (state != COAP_SESSION_STATE_ESTABLISHED) {
		coap_io_process(app->context, 1000);
		state = coap_session_get_state(session);
		if (state == COAP_SESSION_STATE_NONE)
			die("the session failed");
	}
}

coap_session_t *
app_open_ready(struct app *app)
{
	coap_session_t *session = app_open(app);

	coap_session_set_app_data(session, app);
	wait_established(app, session);
	return session;
}

/* --- requests ------------------------------------------------------------- */

static void
send_get(struct app *app, coap_session_t *session, const char *path)
{
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON,
	    (coap_pdu_code_t)COAP_REQUEST_GET, session);
	uint32_t token = app->token++;

	if (!pdu || !coap_add_token(pdu, sizeof token, (uint8_t *)&token) ||
	    !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		(const uint8_t *)path))
		die("no request");
	if (coap_send(session, pdu) == COAP_INVALID_MID)
		die("coap_send");
	app->in_flight++;
}

static coap_response_t
answered(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	struct app *app = coap_session_get_app_data(session);
	const uint8_t *data = NULL;
	char text[32];
	size_t len = 0;

	(void)sent;
	(void)mid;
	if (coap_pdu_get_code(received) != COAP_RESPONSE_CODE_CONTENT ||
	    !coap_get_data(received, &len, &data))
		die("not the answer");
	if (app->set.body > 0 && len != app->set.body)
		die("a body of another length");
	if (len < sizeof text) {
		memcpy(text, data, len);
		text[len] = '\0';
		app->number_read = strtoul(text, NULL, 10);
	}
	app->in_flight--;
	app->answers++;
	if (app->end > 0 && now_ns() < app->end)
		send_get(app, session, app->path);
	return COAP_RESPONSE_OK;
}

static void
nacked(coap_session_t *session, const coap_pdu_t *sent,
    const coap_nack_reason_t reason, const coap_mid_t mid)
{
	(void)session;
	(void)sent;
	(void)reason;
	(void)mid;
	die("a request had no answer");
}

static void
wait_answers(struct app *app)
{
	while (app->in_flight > 0)
		coap_io_process(app->context, COAP_IO_WAIT);
}

/* Opens n more sessions, each with one request. */
static void
hold(struct app *app, coap_session_t **sessions, unsigned n)
{
	unsigned begun = 0;
	unsigned i;

	while (begun < n) {
		for (i = begun; i < n && i < begun + BENCH_BATCH; i++) {
			sessions[i] = app_open(app);
			coap_session_set_app_data(sessions[i], app);
		}
		for (; begun < i; begun++) {
			wait_established(app, sessions[begun]);
			send_get(app, sessions[begun], "r");
		}
		wait_answers(app);
	}
}

static coap_session_t **
sessions_new(struct app *app, unsigned n)
{
	coap_session_t **sessions =
	    calloc((size_t)n + 1, sizeof(coap_session_t *));

	if (!sessions)
		die("out of memory");
	coap_register_response_handler(app->context, answered);
	coap_register_nack_handler(app->context, nacked);
	return sessions;
}

/* Keeps as many requests in flight as the window has, until the end. One by
 * one is how a caller that waits does it; several are sent on as answers come.
 */
static void
run_window(struct app *app, coap_session_t *session, uint64_t end)
{
	app->path = app->set.body > 0 ? "b" : "r";
	if (app->set.window > 1) {
		app->end = end;
		while (app->in_flight < app->set.window)
			send_get(app, session, app->path);
		wait_answers(app);
		app->end = 0;
		return;
	}
	while (now_ns() < end) {
		send_get(app, session, app->path);
		wait_answers(app);
	}
}

void
app_request(struct app *app)
{
	unsigned body = app->set.body;
	coap_session_t **sessions = sessions_new(app, app->set.others + 1);
	struct meter m;
	uint64_t begin;

	app->set.body = 0;
	hold(app, sessions, app->set.others + 1);
	app->set.body = body;
	coap_session_set_nstart(sessions[0], (uint16_t)app->set.window);
	/* What is done once is done before. */
	run_window(app, sessions[0], now_ns() + 5000000);
	app->answers = 0;
	meter_start(&m, app->server_pid);
	begin = now_ns();
	run_window(app, sessions[0], begin + app->set.ms * 1000000ull);
	meter_print(&m, app->answers);
	free(sessions);
}

void
app_memory(struct app *app)
{
	coap_session_t **sessions = sessions_new(app, MEMORY_MANY);
	unsigned long few;

	hold(app, sessions, MEMORY_FEW);
	send_get(app, sessions[0], "m");
	wait_answers(app);
	few = app->number_read;
	hold(app, sessions + MEMORY_FEW, MEMORY_MANY - MEMORY_FEW);
	send_get(app, sessions[0], "m");
	wait_answers(app);
	printf("%lu\n", (app->number_read - few) / (MEMORY_MANY - MEMORY_FEW));
	free(sessions);
}

/* --- setting up ----------------------------------------------------------- */

static void
setup_once(struct app *app)
{
	coap_session_t *session = app_open(app);

	wait_established(app, session);
	coap_session_release(session);
}

void
app_setup(struct app *app)
{
	unsigned long n = 0;
	struct meter m;
	uint64_t end;

	setup_once(app);
	meter_start(&m, app->server_pid);
	end = now_ns() + app->set.ms * 1000000ull;
	for (; now_ns() < end; n++)
		setup_once(app);
	meter_print(&m, n);
}

/* All at once. */
static void
setup_many(struct app *app, coap_session_t **sessions, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		sessions[i] = app_open(app);
	for (i = 0; i < n; i++)
		wait_established(app, sessions[i]);
	for (i = 0; i < n; i++)
		coap_session_release(sessions[i]);
}

void
app_burst(struct app *app)
{
	unsigned n = app->set.others;
	coap_session_t **sessions = sessions_new(app, n);
	unsigned long done = 0;
	struct meter m;
	uint64_t end;

	setup_many(app, sessions, n);
	meter_start(&m, app->server_pid);
	end = now_ns() + app->set.ms * 1000000ull;
	for (; now_ns() < end; done += n)
		setup_many(app, sessions, n);
	meter_print(&m, done);
	free(sessions);
}

void
app_suite(struct app *app)
{
	coap_tls_library_t library = COAP_TLS_LIBRARY_NOTLS;
	coap_session_t *session = app_open(app);
	void *tls;

	wait_established(app, session);
	tls = coap_session_get_tls(session, &library);
	if (tls && library == COAP_TLS_LIBRARY_GNUTLS)
		suite_print(tls);
	else
		puts("-");
	coap_session_release(session);
}

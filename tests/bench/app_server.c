/* SPDX-License-Identifier: BSD-2-Clause */
/* The server: a few bytes, a long body, and how much memory it has. */
#include "tests/bench/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
answer(coap_pdu_t *response, const void *data, size_t len)
{
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (!coap_add_data(response, len, data))
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
}

static void
get_small(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)session;
	(void)request;
	(void)query;
	answer(response, BENCH_PAYLOAD, sizeof BENCH_PAYLOAD - 1);
}

static void
get_body(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const coap_binary_t *body = coap_resource_get_userdata(resource);

	(void)session;
	(void)request;
	(void)query;
	answer(response, body->s, body->length);
}

static void
get_memory(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	char text[32];

	(void)resource;
	(void)session;
	(void)request;
	(void)query;
	snprintf(text, sizeof text, "%lu", heap_bytes());
	answer(response, text, strlen(text));
}

static void
get_blocks(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const coap_binary_t *body = coap_resource_get_userdata(resource);

	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response,
	    query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 0, body->length,
	    body->s, NULL, NULL);
}

static void
put_blocks(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const coap_binary_t *body = coap_resource_get_userdata(resource);
	size_t offset, total;
	const uint8_t *data;
	size_t len = 0;

	(void)session;
	(void)query;
	coap_get_data_large(request, &len, &data, &offset, &total);
	coap_pdu_set_code(response,
	    len == body->length ? COAP_RESPONSE_CODE_CHANGED
				: COAP_RESPONSE_CODE_BAD_REQUEST);
}

/* The resource with observers changes. */
static void
get_trigger(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_resource_notify_observers(coap_resource_get_userdata(resource),
	    NULL);
	get_small(resource, session, request, query, response);
}

static coap_resource_t *
add(struct app *app, const char *path, coap_method_handler_t handler)
{
	coap_resource_t *r = coap_resource_init(coap_make_str_const(path), 0);

	if (!r)
		die("coap_resource_init");
	coap_register_request_handler(r, COAP_REQUEST_GET, handler);
	coap_add_resource(app->context, r);
	return r;
}

/* A name in the folder of keys; never freed. */
static const char *
key_file(const struct app *app, const char *name)
{
	char *path;

	if (!app->set.keys || asprintf(&path, "%s/%s", app->set.keys, name) < 0)
		die("BENCH_KEYS is not set");
	return path;
}

static void
set_keys(struct app *app)
{
	static const char key[] = BENCH_KEY;
	coap_dtls_spsk_t psk = { .version = COAP_DTLS_SPSK_SETUP_VERSION };
	coap_dtls_pki_t pki = { .version = COAP_DTLS_PKI_SETUP_VERSION };
	int ok;

	if (app->proto.ecdsa) {
		pki.pki_key.key_type = COAP_PKI_KEY_PEM;
		pki.pki_key.key.pem.public_cert = key_file(app, "cert.pem");
		pki.pki_key.key.pem.private_key = key_file(app, "key.pem");
		ok = coap_context_set_pki(app->context, &pki);
	} else {
		psk.psk_info.key.s = (const uint8_t *)key;
		psk.psk_info.key.length = sizeof key - 1;
		ok = coap_context_set_psk2(app->context, &psk);
	}
	if (!ok)
		die("the library takes no such credentials");
}

static coap_binary_t *
body_of(size_t length)
{
	coap_binary_t *body = coap_new_binary(length);

	if (!body)
		die("out of memory");
	memset(body->s, 'x', length);
	return body;
}

static void
add_resources(struct app *app)
{
	coap_resource_t *r;
	coap_resource_t *observed;

	add(app, "r", get_small);
	add(app, "m", get_memory);
	r = add(app, "b", get_body);
	coap_resource_set_userdata(r, body_of(app->set.body));
	r = add(app, "g", get_blocks);
	coap_register_request_handler(r, COAP_REQUEST_PUT, put_blocks);
	coap_resource_set_userdata(r, body_of(app->set.blocks));
	observed = add(app, "o", get_small);
	coap_resource_set_get_observable(observed, 1);
	coap_resource_set_mode(observed, COAP_RESOURCE_FLAGS_NOTIFY_CON);
	r = add(app, "t", get_trigger);
	coap_resource_set_userdata(r, observed);
}

void
app_serve(struct app *app)
{
	if (app->proto.secure)
		set_keys(app);
	if (!coap_new_endpoint(app->context, &app->server, app->number))
		die("coap_new_endpoint");
	add_resources(app);
	puts("ready");
	fflush(stdout);
	for (;;)
		coap_io_process(app->context, COAP_IO_WAIT);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server as one for libcoap would be, whose resources are observed:
 *
 *     observe_server PORT
 *
 * on 127.0.0.1, UDP and TCP. GET and FETCH /value say what was put there, with
 * the body of a FETCH behind it; /large says it 1000 times. DELETE /value takes
 * it away.
 */
#include <coap3/coap.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_MAX 16
#define TIMES    1000

static coap_resource_t *large;
static char value[TEXT_MAX + 1] = "first";

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const uint8_t *body = NULL;
	size_t length = 0;
	char text[200];

	(void)resource;
	(void)session;
	(void)query;
	coap_get_data(request, &length, &body);
	memcpy(text, value, sizeof value);
	strncat(text, (const char *)(length > 0 ? body : (const uint8_t *)""),
	    length < 100 ? length : 100);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, strlen(text), (const uint8_t *)text);
}

static void
on_release(coap_session_t *session, void *body)
{
	(void)session;
	free(body);
}

static void
on_get_large(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t length = strlen(value);
	uint8_t *body = malloc(TIMES * TEXT_MAX);

	if (body == NULL)
		return;
	for (size_t i = 0; i < TIMES; i++)
		memcpy(body + i * length, value, length);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response,
	    query, COAP_MEDIATYPE_TEXT_PLAIN, -1, 0, TIMES * length, body,
	    on_release, body);
}

static void
on_put(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const uint8_t *body = NULL;
	size_t length = 0;

	(void)session;
	(void)query;
	coap_get_data(request, &length, &body);
	if (length > TEXT_MAX)
		length = TEXT_MAX;
	if (length > 0)
		memcpy(value, body, length);
	value[length] = '\0';
	coap_resource_notify_observers(resource, NULL);
	coap_resource_notify_observers(large, NULL);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
on_delete(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)request;
	(void)query;
	coap_delete_resource(coap_session_get_context(session), resource);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_DELETED);
}

int
main(int argc, char **argv)
{
	coap_context_t *context = coap_new_context(NULL);
	coap_resource_t *resource;
	coap_address_t address;

	if (argc != 2 || context == NULL)
		return 1;
	coap_context_set_block_mode(context,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	resource = coap_resource_init(coap_make_str_const("value"), 0);
	coap_register_request_handler(resource, COAP_REQUEST_GET, on_get);
	coap_register_request_handler(resource, COAP_REQUEST_FETCH, on_get);
	coap_register_request_handler(resource, COAP_REQUEST_PUT, on_put);
	coap_register_request_handler(resource, COAP_REQUEST_DELETE, on_delete);
	coap_resource_set_get_observable(resource, 1);
	coap_add_resource(context, resource);
	large = coap_resource_init(coap_make_str_const("large"),
	    COAP_RESOURCE_FLAGS_NOTIFY_CON);
	coap_register_request_handler(large, COAP_REQUEST_GET, on_get_large);
	coap_resource_set_get_observable(large, 1);
	coap_add_resource(context, large);
	coap_address_init(&address);
	address.addr.sin.sin_family = AF_INET;
	address.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.size = sizeof(struct sockaddr_in);
	coap_address_set_port(&address, (uint16_t)atoi(argv[1]));
	if (!coap_new_endpoint(context, &address, COAP_PROTO_UDP) ||
	    !coap_new_endpoint(context, &address, COAP_PROTO_TCP))
		return 1;
	for (;;)
		coap_io_process(context, COAP_IO_WAIT);
}

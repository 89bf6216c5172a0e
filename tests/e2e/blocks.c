/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A program as one for libcoap would be, that leaves blocks to the library:
 *
 *     serve HOST PORT             /store keeps what was put there
 *     get HOST PORT PATH [SIZE]   writes the body to stdout
 *     put HOST PORT PATH [SIZE]   reads the body from stdin
 *
 * PORT may be tcp:NUMBER. SIZE is the largest block, bytes. get and put say on
 * stderr which code the response has.
 */
#include <coap3/coap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX 1000000

struct body {
	size_t length;
	uint8_t bytes[BODY_MAX];
};

static struct body store;
static int done;

static void
on_release(coap_session_t *session, void *body)
{
	(void)session;
	free(body);
}

static void
on_put(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t length, offset, total;
	const uint8_t *data;

	(void)resource;
	(void)session;
	(void)query;
	coap_get_data_large(request, &length, &data, &offset, &total);
	store.length = length < BODY_MAX ? length : BODY_MAX;
	if (store.length > 0)
		memcpy(store.bytes, data, store.length);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	struct body *copy = malloc(sizeof *copy);

	if (copy == NULL)
		return;
	memcpy(copy, &store, sizeof store);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data_large_response(resource, session, request, response,
	    query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 0, copy->length,
	    copy->bytes, on_release, copy);
}

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	unsigned code = coap_pdu_get_code(received);
	size_t length, offset, total;
	const uint8_t *data;

	(void)session;
	(void)sent;
	(void)mid;
	if (coap_get_data_large(received, &length, &data, &offset, &total))
		fwrite(data, 1, length, stdout);
	fprintf(stderr, "%u.%02u %zu of %zu\n", code >> 5, code & 31, length,
	    total);
	done = 1;
	return COAP_RESPONSE_OK;
}

static void
on_nack(coap_session_t *session, const coap_pdu_t *sent,
    const coap_nack_reason_t reason, const coap_mid_t mid)
{
	(void)session;
	(void)sent;
	(void)mid;
	fprintf(stderr, "nack %d\n", (int)reason);
	done = 1;
}

static int
serve(coap_context_t *context, const coap_addr_info_t *info)
{
	coap_resource_t *resource =
	    coap_resource_init(coap_make_str_const("store"), 0);

	coap_register_request_handler(resource, COAP_REQUEST_GET, on_get);
	coap_register_request_handler(resource, COAP_REQUEST_PUT, on_put);
	coap_add_resource(context, resource);
	if (!coap_new_endpoint(context, &info->addr, info->proto))
		return 1;
	for (;;)
		coap_io_process(context, COAP_IO_WAIT);
}

static int
ask(coap_context_t *context, const coap_addr_info_t *info, int puts,
    const char *path)
{
	coap_session_t *session =
	    coap_new_client_session(context, NULL, &info->addr, info->proto);
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON,
	    puts ? COAP_REQUEST_CODE_PUT : COAP_REQUEST_CODE_GET, session);
	uint8_t token[8];
	size_t length;

	coap_session_new_token(session, &length, token);
	coap_add_token(pdu, length, token);
	coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path),
	    (const uint8_t *)path);
	if (puts) {
		store.length = fread(store.bytes, 1, BODY_MAX, stdin);
		if (!coap_add_data_large_request(session, pdu, store.length,
			store.bytes, NULL, NULL))
			return 1;
	}
	coap_send(session, pdu);
	while (!done)
		coap_io_process(context, COAP_IO_WAIT);
	coap_session_release(session);
	return 0;
}

int
main(int argc, char **argv)
{
	coap_str_const_t *host = coap_make_str_const(argv[argc > 2 ? 2 : 0]);
	int tcp = argc > 3 && strncmp(argv[3], "tcp:", 4) == 0;
	coap_uri_scheme_t scheme =
	    tcp ? COAP_URI_SCHEME_COAP_TCP : COAP_URI_SCHEME_COAP;
	coap_addr_info_t *info;
	coap_context_t *context;
	int result;

	if (argc < 4)
		return 1;
	info = coap_resolve_address_info(host,
	    (uint16_t)atoi(argv[3] + (tcp ? 4 : 0)), 0, 0, 0, 0, 1 << scheme,
	    COAP_RESOLVE_TYPE_REMOTE);
	context = coap_new_context(NULL);
	if (info == NULL || context == NULL)
		return 1;
	coap_context_set_block_mode(context,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	if (argc > 5)
		coap_context_set_max_block_size(context, (size_t)atoi(argv[5]));
	coap_register_response_handler(context, on_response);
	coap_register_nack_handler(context, on_nack);
	result = argc == 4
	    ? serve(context, info)
	    : ask(context, info, strcmp(argv[1], "put") == 0, argv[4]);
	coap_free_address_info(info);
	coap_free_context(context);
	return result;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A program that GETs a path of a server several times, one request after the
 * other, with coap_send_recv(): HOST PORT PATH COUNT. */
#include <coap3/coap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
get(coap_session_t *session, const char *path)
{
	coap_pdu_t *request, *response;
	const uint8_t *data;
	size_t length;
	int took;

	request =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
	coap_add_option(request, COAP_OPTION_URI_PATH, strlen(path),
	    (const uint8_t *)path);
	took = coap_send_recv(session, request, &response, 5000);
	if (took < 0)
		return took;
	if (coap_get_data(response, &length, &data))
		printf("%.*s\n", (int)length, (const char *)data);
	coap_delete_pdu(response);
	return 0;
}

int
main(int argc, char **argv)
{
	coap_str_const_t *host = coap_make_str_const(argv[argc > 1 ? 1 : 0]);
	coap_addr_info_t *info;
	coap_context_t *context;
	coap_session_t *session;
	int result = 0;
	int i;

	if (argc < 5)
		return 1;
	info = coap_resolve_address_info(host, (uint16_t)atoi(argv[2]), 0, 0, 0,
	    0, 1 << COAP_URI_SCHEME_COAP_TCP, COAP_RESOLVE_TYPE_REMOTE);
	if (info == NULL)
		return 1;
	context = coap_new_context(NULL);
	coap_context_set_session_reconnect_time2(context, 1, 5);
	session =
	    coap_new_client_session(context, NULL, &info->addr, info->proto);
	for (i = 0; i < atoi(argv[4]) && result == 0; i++)
		result = get(session, argv[3]);
	if (result < 0)
		fprintf(stderr, "coap_send_recv: %d\n", result);
	coap_free_address_info(info);
	coap_session_release(session);
	coap_free_context(context);
	return result < 0;
}

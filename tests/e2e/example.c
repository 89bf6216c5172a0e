/* SPDX-License-Identifier: BSD-2-Clause */
/* The example of coap_session(3): a program GETs the URI that it is given. */
#include <coap3/coap.h>
#include <stdio.h>
#include <string.h>

static int status = 1;

static coap_response_t
answered(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	const uint8_t *data;
	size_t length;

	if (coap_get_data(received, &length, &data))
		fwrite(data, 1, length, stdout);
	status = 0;
	return COAP_RESPONSE_OK;
}

int
main(int argc, char **argv)
{
	const char *text = argc > 1 ? argv[1] : "coap://127.0.0.1/time";
	coap_context_t *context;
	coap_optlist_t *options = NULL;
	coap_addr_info_t *info;
	coap_session_t *session;
	coap_pdu_t *pdu;
	coap_uri_t uri;

	if (coap_split_uri((const uint8_t *)text, strlen(text), &uri) < 0)
		return 1;
	info = coap_resolve_address_info(&uri.host, uri.port, uri.port, 0, 0, 0,
	    1 << uri.scheme, COAP_RESOLVE_TYPE_REMOTE);
	if (info == NULL)
		return 1;
	context = coap_new_context(NULL);
	session =
	    coap_new_client_session(context, NULL, &info->addr, info->proto);
	coap_register_response_handler(context, answered);
	coap_uri_into_optlist(&uri, &info->addr, &options, 1);
	pdu = coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);
	coap_add_optlist_pdu(pdu, &options);
	coap_send(session, pdu);
	while (coap_io_pending(context)) /* until it is answered, or failed */
		coap_io_process(context, COAP_IO_WAIT);
	coap_delete_optlist(options);
	coap_free_address_info(info);
	coap_session_release(session);
	coap_free_context(context);
	return status;
}

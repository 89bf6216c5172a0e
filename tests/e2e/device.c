/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device on libcoap that dials in and then answers requests (call-home):
 *
 *   device URI [psk IDENTITY KEY | pki CA CERTIFICATE KEY]
 *
 * The scheme of URI (coap, coaps, coap+tcp, coaps+tcp; the host is an IPv4
 * address) says how. GET /state is answered with "state N", N counting from 1;
 * GET /who with the address that asks. Says on stdout what happens. It is a
 * peer of the tests: link it with any of Debian's libcoap-3 libraries.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coap3/coap.h>

static void
answer(coap_pdu_t *response, const char *text)
{
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, strlen(text), (const uint8_t *)text);
}

static void
get_state(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	static unsigned n;
	char text[32];

	(void)resource;
	(void)session;
	(void)request;
	(void)query;
	snprintf(text, sizeof(text), "state %u", ++n);
	answer(response, text);
	printf("asked for %s\n", text);
}

static void
get_who(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const coap_address_t *addr = coap_session_get_addr_remote(session);
	char text[64], ip[48];

	(void)resource;
	(void)request;
	(void)query;
	inet_ntop(AF_INET, &addr->addr.sin.sin_addr, ip, sizeof(ip));
	snprintf(text, sizeof(text), "%s:%u", ip,
	    ntohs(addr->addr.sin.sin_port));
	answer(response, text);
}

static int
on_event(coap_session_t *session, coap_event_t event)
{
	(void)session;
	if (event == COAP_EVENT_DTLS_CONNECTED)
		printf("secured\n");
	else if (event == COAP_EVENT_SESSION_CONNECTED)
		printf("connected\n");
	else if (event == COAP_EVENT_DTLS_CLOSED ||
	    event == COAP_EVENT_DTLS_ERROR || event == COAP_EVENT_TCP_CLOSED ||
	    event == COAP_EVENT_SESSION_CLOSED ||
	    event == COAP_EVENT_SESSION_FAILED)
		printf("lost 0x%04x\n", event);
	return 0;
}

static void
on_nack(coap_session_t *session, const coap_pdu_t *sent,
    const coap_nack_reason_t reason, const coap_mid_t mid)
{
	(void)session;
	(void)sent;
	(void)mid;
	printf("nack %d\n", reason);
}

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	unsigned code = coap_pdu_get_code(received);

	(void)session;
	(void)sent;
	(void)mid;
	printf("hello answered %u.%02u\n", code >> 5, code & 31);
	return COAP_RESPONSE_OK;
}

static void
add(coap_context_t *ctx, const char *path, coap_method_handler_t handler)
{
	coap_resource_t *r = coap_resource_init(coap_make_str_const(path), 0);

	coap_register_request_handler(r, COAP_REQUEST_GET, handler);
	coap_add_resource(ctx, r);
}

static coap_proto_t
proto_of(coap_uri_scheme_t scheme)
{
	switch (scheme) {
	case COAP_URI_SCHEME_COAPS:
		return COAP_PROTO_DTLS;
	case COAP_URI_SCHEME_COAP_TCP:
		return COAP_PROTO_TCP;
	case COAP_URI_SCHEME_COAPS_TCP:
		return COAP_PROTO_TLS;
	default:
		return COAP_PROTO_UDP;
	}
}

static coap_session_t *
dial(coap_context_t *ctx, const coap_address_t *to, coap_proto_t proto,
    char **words)
{
	static coap_dtls_cpsk_t psk = { .version =
					    COAP_DTLS_CPSK_SETUP_VERSION };
	static coap_dtls_pki_t pki = { .version = COAP_DTLS_PKI_SETUP_VERSION };

	if (words[0] == NULL)
		return coap_new_client_session(ctx, NULL, to, proto);
	if (strcmp(words[0], "psk") == 0) {
		psk.psk_info.identity.s = (const uint8_t *)words[1];
		psk.psk_info.identity.length = strlen(words[1]);
		psk.psk_info.key.s = (const uint8_t *)words[2];
		psk.psk_info.key.length = strlen(words[2]);
		return coap_new_client_session_psk2(ctx, NULL, to, proto, &psk);
	}
	pki.verify_peer_cert = 1;
	pki.check_common_ca = 1;
	pki.cert_chain_validation = 1;
	pki.cert_chain_verify_depth = 2;
	pki.client_sni = (char *)(uintptr_t) "localhost";
	pki.pki_key.key_type = COAP_PKI_KEY_PEM;
	pki.pki_key.key.pem.ca_file = words[1];
	pki.pki_key.key.pem.public_cert = words[2];
	pki.pki_key.key.pem.private_key = words[3];
	return coap_new_client_session_pki(ctx, NULL, to, proto, &pki);
}

/* A NON: whoever is dialled need not have an answer. */
static void
say_hello(coap_session_t *session)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_NON, COAP_REQUEST_CODE_GET, session);

	coap_add_token(pdu, 2, (const uint8_t *)"hi");
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 5, (const uint8_t *)"hello");
	coap_send(session, pdu);
}

int
main(int argc, char **argv)
{
	coap_address_t to;
	coap_uri_t uri;
	coap_context_t *ctx;
	coap_session_t *session;
	char host[64];
	int waited;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || (argc != 2 && argc != 5 && argc != 6))
		return 2;
	coap_startup();
	if (coap_split_uri((const uint8_t *)argv[1], strlen(argv[1]), &uri) < 0)
		return 2;
	snprintf(host, sizeof(host), "%.*s", (int)uri.host.length,
	    (const char *)uri.host.s);
	coap_address_init(&to);
	to.addr.sin.sin_family = AF_INET;
	to.addr.sin.sin_port = htons(uri.port);
	if (inet_pton(AF_INET, host, &to.addr.sin.sin_addr) != 1)
		return 2;
	to.size = sizeof(to.addr.sin);

	ctx = coap_new_context(NULL);
	coap_register_event_handler(ctx, on_event);
	coap_register_nack_handler(ctx, on_nack);
	coap_register_response_handler(ctx, on_response);
	add(ctx, "state", get_state);
	add(ctx, "who", get_who);
	session = dial(ctx, &to, proto_of(uri.scheme), argv + 2);
	if (session == NULL)
		return 1;
	say_hello(session);
	do {
		waited = coap_io_process(ctx, 1000);
	} while (waited >= 0);
	return 1;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A world with a proxy. */
#include "proxy_support.h"

#include "wire/pdu.h"

uint8_t px_body[PX_BODY];
coap_proxy_server_list_t px_list;
struct px_got px_got;
coap_dtls_cpsk_t px_psk = {
	.version = COAP_DTLS_CPSK_SETUP_VERSION,
	.psk_info = {
		{ sizeof WORLD_IDENTITY - 1, (const uint8_t *)WORLD_IDENTITY },
		{ sizeof WORLD_KEY - 1, (const uint8_t *)WORLD_KEY },
	},
};

void
px_up(void **state)
{
	world_up(state);
	world_all_protocols();
	memset(&px_got, 0, sizeof px_got);
	for (size_t i = 0; i < PX_BODY; i++)
		px_body[i] = (uint8_t)('a' + (i * 7 + i / 256) % 26);
	w.quiet = true;
	px_list = (coap_proxy_server_list_t){
		.type = COAP_PROXY_DIRECT_STRIP,
		.idle_timeout_secs = 10,
	};
	coap_context_set_block_mode(w.client,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
}

coap_session_t *
px_connected(coap_proto_t proto)
{
	coap_session_t *session = world_session(proto);

	assert_non_null(session);
	WORLD_UNTIL(
	    coap_session_get_state(session) == COAP_SESSION_STATE_ESTABLISHED);
	return session;
}

/* --- requests ------------------------------------------------------------- */

void
px_add_number(coap_pdu_t *pdu, coap_option_num_t number, uint64_t value)
{
	uint8_t bytes[8];

	assert_true(coap_add_option(pdu, number,
	    coap_encode_var_safe8(bytes, sizeof bytes, value), bytes));
}

void
px_origin(coap_proto_t proto, char text[128])
{
	unsigned char addr[80] = "";

	coap_print_addr(world_address(proto), addr, sizeof addr);
	snprintf(text, 128, "%s://%s", coapx_proto_scheme(proto),
	    (const char *)addr);
}

void
px_add_uri(coap_pdu_t *pdu, const char *origin, const char *path)
{
	char uri[200];

	snprintf(uri, sizeof uri, "%s%s", origin, path);
	assert_true(coap_add_option(pdu, COAP_OPTION_PROXY_URI, strlen(uri),
	    (const uint8_t *)uri));
}

coap_pdu_t *
px_request(coap_session_t *session, coap_pdu_code_t code)
{
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON, code, session);

	assert_non_null(pdu);
	return pdu;
}

coap_pdu_t *
px_request_to(coap_session_t *session, coap_pdu_code_t code,
    coap_proto_t behind, const char *path)
{
	coap_pdu_t *pdu = px_request(session, code);
	char origin[128];

	px_origin(behind, origin);
	px_add_uri(pdu, origin, path);
	return pdu;
}

/* --- answers -------------------------------------------------------------- */

bool
px_read(const coap_pdu_t *response, size_t *length, char text[200])
{
	size_t len = 0, offset, total;
	const uint8_t *data = NULL;

	coap_get_data_large(response, &len, &data, &offset, &total);
	*length = len;
	snprintf(text, 200, "%.*s", (int)(len < 199 ? len : 199),
	    (const char *)data);
	return len == total && len <= PX_BODY &&
	    (len == 0 || memcmp(data, px_body, len) == 0);
}

static void
on_answer(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	const coap_pdu_t *response = result->response;
	coap_opt_iterator_t oi;

	(void)request, (void)session, (void)arg;
	px_got.results++;
	px_got.error = result->error;
	if (!response)
		return;
	px_got.code = coap_pdu_get_code(response);
	px_got.maxage = pdu_option_uint(response, COAP_OPTION_MAXAGE);
	px_got.etag = pdu_option_uint(response, COAP_OPTION_ETAG);
	px_got.extra = coap_check_option(response, 65000, &oi) != NULL;
	px_got.same = px_read(response, &px_got.length, px_got.text);
}

void
px_send(coap_session_t *session, coap_pdu_t *pdu)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_answer,
	};

	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
}

void
px_expect(unsigned code)
{
	unsigned before = px_got.results;

	WORLD_UNTIL(px_got.results > before);
	assert_int_equal(px_got.error, 0);
	assert_int_equal(px_got.code, code);
}

bool
px_has_failed(size_t n)
{
	bool failed = true;
	void *p;

	for (; n > 0 && failed; n--) {
		p = coap_malloc_type(COAP_STRING, 1);
		failed = p != NULL;
		coap_free_type(COAP_STRING, p);
	}
	return failed;
}

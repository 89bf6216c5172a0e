/* SPDX-License-Identifier: BSD-2-Clause */
/* The list of a device's resources: kept, and asked for anew. */
#include "cli/session/known.h"

#include <stdlib.h>
#include <string.h>

#include "cli/app.h"
#include "cli/output/time_text.h"

/* Nobody waits for it any more. */
#define ASK_MS 5000

struct known {
	char *text;
	size_t len;
	int64_t at_ms;
	coapx_request_t *pending;
};

static struct known *
known_of(struct named *named)
{
	if (!named->known)
		named->known = calloc(1, sizeof(*named->known));
	return named->known;
}

void
known_put(struct named *named, const void *text, size_t len)
{
	struct known *known = known_of(named);
	char *copy;

	if (!known || len > KNOWN_MAX)
		return;
	copy = malloc(len + 1);
	if (!copy)
		return;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	free(known->text);
	known->text = copy;
	known->len = len;
	known->at_ms = time_now_ms();
}

const char *
known_text(const struct named *named, size_t *len)
{
	const struct known *known = named->known;

	*len = known && known->text ? known->len : 0;
	return known ? known->text : NULL;
}

bool
known_is_fresh(const struct named *named)
{
	const struct known *known = named->known;
	int64_t age;

	if (!known || !known->text)
		return false;
	age = time_now_ms() - known->at_ms;
	return age >= 0 && age < KNOWN_MS;
}

bool
known_is_asked(const struct named *named)
{
	return named->known && named->known->pending;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct named *named = arg;
	const uint8_t *data = NULL;
	size_t len = 0;

	(void)request;
	(void)session;
	named->known->pending = NULL;
	if (result->error != 0 || !result->response ||
	    coap_pdu_get_code(result->response) != COAP_RESPONSE_CODE_CONTENT)
		return;
	coap_get_data(result->response, &len, &data);
	known_put(named, data, len);
}

static coap_pdu_t *
make(coap_session_t *session)
{
	static const char *const path[] = { ".well-known", "core" };
	coap_pdu_t *pdu =
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, session);

	for (size_t i = 0; pdu && i < 2; i++) {
		if (coap_add_option(pdu, COAP_OPTION_URI_PATH, strlen(path[i]),
			(const uint8_t *)path[i]) > 0)
			continue;
		coap_delete_pdu(pdu);
		pdu = NULL;
	}
	return pdu;
}

bool
known_ask(struct named *named)
{
	coapx_request_params_t params = {
		.size = sizeof(params),
		.timeout_ms = ASK_MS,
		.flags = COAPX_REQUEST_END_ON_ICMP,
		.body_max = KNOWN_MAX,
		.result = on_result,
		.arg = named,
	};
	coap_session_t *session = named->session;
	struct known *known;
	coap_pdu_t *pdu;

	if (known_is_asked(named))
		return true;
	if (known_is_fresh(named) ||
	    coap_session_get_type(session) != COAP_SESSION_TYPE_CLIENT ||
	    coap_session_get_state(session) != COAP_SESSION_STATE_ESTABLISHED)
		return false;
	known = known_of(named);
	pdu = known ? make(session) : NULL;
	if (!pdu)
		return false;
	known->pending = coapx_request_send(session, pdu, &params, NULL);
	return known->pending != NULL;
}

void
known_free(struct known *known)
{
	if (!known)
		return;
	coapx_request_cancel(known->pending);
	free(known->text);
	free(known);
}

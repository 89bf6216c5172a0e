/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's answers, and what it looks at in requests. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/device/resource.h"
#include "cli/output/option_text.h"
#include "cli/words/args.h"

#define UNFORMATTED_MAX 1024

static void
release_body(coap_session_t *session, void *body)
{
	(void)session;
	free(body);
}

/* As the library has it: negative for none. */
static int
max_age_of(const struct answer *answer)
{
	if (answer->max_age == MAX_AGE_NONE)
		return 0;
	return answer->max_age > 0 ? answer->max_age : -1;
}

void
device_answer_to(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct answer *answer)
{
	coap_bin_const_t body = answer->body;
	uint8_t *copy = malloc(body.length + 1);

	if (!copy) {
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_INTERNAL_ERROR);
		return;
	}
	if (body.length > 0)
		memcpy(copy, body.s, body.length);
	coap_pdu_set_code(response, answer->code);
	/* What has no format is bytes, as soon as it has to have one. */
	if (answer->format < 0 && body.length <= UNFORMATTED_MAX) {
		if (body.length > 0)
			coap_add_data(response, body.length, copy);
		free(copy);
		return;
	}
	coap_add_data_large_response(NULL, session, request, response, NULL,
	    answer->format < 0 ? COAP_MEDIATYPE_APPLICATION_OCTET_STREAM
			       : (uint16_t)answer->format,
	    max_age_of(answer), 0, body.length, copy, release_body, copy);
}

void
device_answer(struct call *call, const struct answer *answer)
{
	device_answer_to(call->session, call->request, call->response, answer);
}

void
device_text(struct call *call, const char *text)
{
	device_text_for(call, text, 0);
}

void
device_text_for(struct call *call, const char *text, int max_age)
{
	device_answer(call,
	    &(struct answer){
		.code = COAP_RESPONSE_CODE_CONTENT,
		.format = COAP_MEDIATYPE_TEXT_PLAIN,
		.max_age = max_age,
		.body = { strlen(text), (const uint8_t *)text },
	    });
}

void
device_code(struct call *call, coap_pdu_code_t code)
{
	coap_pdu_set_code(call->response, code);
}

void
device_refuse(struct call *call, coap_pdu_code_t code, const char *why)
{
	coap_pdu_set_code(call->response, code);
	coap_add_data(call->response, strlen(why), (const uint8_t *)why);
}

void
device_refuse_memory(struct call *call)
{
	device_refuse(call, COAP_RESPONSE_CODE_INTERNAL_ERROR,
	    DEVICE_NO_MEMORY);
}

void
device_add_text(struct call *call, coap_option_num_t number, const char *text)
{
	coap_add_option(call->response, number, strlen(text),
	    (const uint8_t *)text);
}

/* --- the request --------------------------------------------------------- */

coap_bin_const_t
device_body(const struct call *call)
{
	coap_bin_const_t body = { 0, NULL };

	coap_get_data(call->request, &body.length, &body.s);
	return body;
}

int
device_accept(const struct call *call)
{
	coap_opt_iterator_t oi;
	coap_opt_t *option =
	    coap_check_option(call->request, COAP_OPTION_ACCEPT, &oi);

	if (!option)
		return -1;
	return (int)coap_decode_var_bytes(coap_opt_value(option),
	    coap_opt_length(option));
}

bool
device_accepts(struct call *call, int format)
{
	int accept = device_accept(call);
	char why[64];

	if (format < 0)
		format = COAP_MEDIATYPE_APPLICATION_OCTET_STREAM;
	if (accept < 0 || accept == format)
		return true;
	snprintf(why, sizeof why, "this is there in format %d alone", format);
	device_refuse(call, COAP_RESPONSE_CODE_NOT_ACCEPTABLE, why);
	return false;
}

/* Where the value of KEY begins in the query, and how long it is; NULL: KEY
 * is not there. */
static const char *
find(const struct call *call, const char *key, size_t *len)
{
	size_t n = strlen(key);
	const char *s = call->query ? (const char *)call->query->s : NULL;
	const char *end = s ? s + call->query->length : NULL;

	while (s && s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		const char *stop = amp ? amp : end;

		if ((size_t)(stop - s) >= n && strncmp(s, key, n) == 0 &&
		    (s + n == stop || s[n] == '=')) {
			s += s + n == stop ? n : n + 1;
			*len = (size_t)(stop - s);
			return s;
		}
		s = amp ? amp + 1 : NULL;
	}
	return NULL;
}

bool
device_query_has(const struct call *call, const char *key)
{
	size_t len;

	return find(call, key, &len) != NULL;
}

/* The query is percent-encoded as in a URI; a value is as it was sent, up to
 * its first NUL. */
static void
decode(char *text)
{
	char hex[3] = { 0 };
	char *to = text;

	while (*text) {
		if (text[0] == '%' && isxdigit((unsigned char)text[1]) &&
		    isxdigit((unsigned char)text[2])) {
			memcpy(hex, text + 1, 2);
			*to++ = (char)strtoul(hex, NULL, 16);
			text += 3;
		} else {
			*to++ = *text++;
		}
	}
	*to = '\0';
}

char *
device_query_value(const struct call *call, const char *key)
{
	size_t len;
	const char *value = find(call, key, &len);
	char *copy = value ? strndup(value, len) : NULL;

	if (copy)
		decode(copy);
	return copy;
}

bool
device_query_number(struct call *call, const char *key, uint64_t max,
    uint64_t *number)
{
	char *text = device_query_value(call, key);
	bool ok = !text || parse_number(text, max, number);
	char why[80];

	free(text);
	if (ok)
		return true;
	snprintf(why, sizeof why, "%s=N wants a number up to %llu", key,
	    (unsigned long long)max);
	device_refuse(call, COAP_RESPONSE_CODE_BAD_REQUEST, why);
	return false;
}

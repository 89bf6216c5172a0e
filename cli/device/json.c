/* SPDX-License-Identifier: BSD-2-Clause */
/* /json: a document for FETCH, PATCH and iPATCH (RFC 8132). */
#include <stdlib.h>
#include <string.h>

#include "cli/device/json_patch.h"
#include "cli/device/resource.h"
#include "cli/output/json_pointer.h"
#include "cli/output/option_text.h"

#define POINTER_MAX 1024
/* libcoap has no names for these. */
#define FORMAT_JSON_PATCH  51
#define FORMAT_MERGE_PATCH 52

static json_t *
read_json(const void *data, size_t len)
{
	return json_loadb(data, len, JSON_DECODE_ANY, NULL);
}

/* The JSON of the request, of a size that is kept; NULL: refused. */
static json_t *
body_of(struct call *call)
{
	coap_bin_const_t body = device_body(call);
	json_t *value;

	if (body.length > JSON_PATCH_MAX_SIZE) {
		device_refuse(call, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
		    "64 KiB at most");
		return NULL;
	}
	value =
	    read_json(body.length > 0 ? (const void *)body.s : "", body.length);
	if (!value)
		device_refuse(call, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "the payload is not JSON");
	return value;
}

static json_t *
document_value(struct call *call)
{
	const struct document *document = call->place->document;
	json_t *value = read_json(document->data, document->len);

	if (!value)
		device_refuse_memory(call);
	return value;
}

/* The place has the value from now on. */
static void
store(struct call *call, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	struct document *document = text
	    ? document_new(COAP_MEDIATYPE_APPLICATION_JSON, text, strlen(text))
	    : NULL;

	free(text);
	if (!document) {
		device_refuse_memory(call);
		return;
	}
	document_set(call->place, document);
	document_changed(call, call->place, COAP_RESPONSE_CODE_CHANGED);
}

static void
refuse_format(struct call *call, const char *why)
{
	device_refuse(call, COAP_RESPONSE_CODE_UNSUPPORTED_CONTENT_FORMAT, why);
}

static void
put_json(struct call *call)
{
	json_t *value;

	if (!document_matches(call, call->place))
		return;
	if (pdu_content_format(call->request) !=
	    COAP_MEDIATYPE_APPLICATION_JSON) {
		refuse_format(call, "PUT takes application/json (50)");
		return;
	}
	value = body_of(call);
	if (!value)
		return;
	if (json_patch_fits(value))
		store(call, value);
	else
		device_refuse(call, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
		    "64 KiB and 32 levels at most");
	json_decref(value);
}

/* --- PATCH, iPATCH ------------------------------------------------------- */

static const coap_pdu_code_t refusals[] = {
	/* RFC 8132 section 3.4 */
	[PATCH_IS_NONE] = COAP_RESPONSE_CODE_UNPROCESSABLE,
	[PATCH_CONFLICTS] = COAP_RESPONSE_CODE_CONFLICT,
	[PATCH_TOO_LARGE] = COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
	[PATCH_NO_MEMORY] = COAP_RESPONSE_CODE_INTERNAL_ERROR,
};

static enum patched
apply(int format, json_t *document, json_t *patch, json_t **result,
    const char **why)
{
	if (format == FORMAT_MERGE_PATCH)
		return json_patch_merge(document, patch, result, why);
	return json_patch_apply(document, patch, result, why);
}

/* Whether the patch, applied to its own result, changes nothing. */
static bool
is_idempotent(int format, json_t *result, json_t *patch)
{
	const char *why;
	json_t *again;
	bool same;

	if (apply(format, result, patch, &again, &why) != PATCHED)
		return false;
	same = json_equal(result, again);
	json_decref(again);
	return same;
}

static void
patch_with(struct call *call, int format, json_t *document, json_t *patch)
{
	bool idempotent =
	    coap_pdu_get_code(call->request) == COAP_REQUEST_CODE_IPATCH;
	const char *why = NULL;
	json_t *result;
	enum patched r = apply(format, document, patch, &result, &why);

	if (r != PATCHED)
		device_refuse(call, refusals[r], why);
	else if (idempotent && !is_idempotent(format, result, patch))
		device_refuse(call, COAP_RESPONSE_CODE_UNPROCESSABLE,
		    "the second time it would do something else; use PATCH");
	else
		store(call, result);
	json_decref(result);
}

static void
patch_json(struct call *call)
{
	int format = pdu_content_format(call->request);
	json_t *document;
	json_t *patch;

	if (!document_matches(call, call->place))
		return;
	if (format != FORMAT_MERGE_PATCH && format != FORMAT_JSON_PATCH) {
		refuse_format(call,
		    "patches are application/merge-patch+json (52) or "
		    "application/json-patch+json (51)");
		return;
	}
	patch = body_of(call);
	if (!patch)
		return;
	document = document_value(call);
	if (document)
		patch_with(call, format, document, patch);
	json_decref(document);
	json_decref(patch);
}

/* --- FETCH --------------------------------------------------------------- */

/* The pointer of the request; false: refused. */
static bool
pointer_of(struct call *call, char pointer[POINTER_MAX])
{
	coap_bin_const_t body = device_body(call);

	if (pdu_content_format(call->request) != COAP_MEDIATYPE_TEXT_PLAIN) {
		refuse_format(call,
		    "FETCH takes a JSON pointer as text/plain (0)");
		return false;
	}
	if (body.length >= POINTER_MAX) {
		device_refuse(call, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
		    "a pointer has 1023 bytes at most");
		return false;
	}
	if (body.length > 0)
		memcpy(pointer, body.s, body.length);
	pointer[body.length] = '\0';
	if (strlen(pointer) == body.length && json_pointer_is_valid(pointer))
		return true;
	device_refuse(call, COAP_RESPONSE_CODE_BAD_REQUEST,
	    "the payload is no JSON pointer, such as /levels/0");
	return false;
}

static void
answer_value(struct call *call, const json_t *value)
{
	char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	if (text)
		device_answer(call,
		    &(struct answer){
			.code = COAP_RESPONSE_CODE_CONTENT,
			.format = COAP_MEDIATYPE_APPLICATION_JSON,
			.body = { strlen(text), (const uint8_t *)text },
		    });
	else
		device_refuse_memory(call);
	free(text);
}

static void
fetch_json(struct call *call)
{
	char pointer[POINTER_MAX];
	const json_t *value;
	json_t *document;

	if (!pointer_of(call, pointer) ||
	    !device_accepts(call, COAP_MEDIATYPE_APPLICATION_JSON))
		return;
	document = document_value(call);
	if (!document)
		return;
	value = json_pointer_get(document, pointer);
	if (value)
		answer_value(call, value);
	else
		device_refuse(call, COAP_RESPONSE_CODE_UNPROCESSABLE,
		    "there is nothing at this pointer");
	json_decref(document);
}

/* --- the table ----------------------------------------------------------- */

const struct device_row device_json[] = {
	{
	    .path = "json",
	    .title = "FETCH a JSON pointer; PATCH and iPATCH with 51 or 52",
	    .ct = "50",
	    .observable = true,
	    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
	    .text = "{\"name\":\"lamp\",\"on\":false,\"levels\":[10,20,30]}",
	    .format = COAP_MEDIATYPE_APPLICATION_JSON,
	    .on[COAP_REQUEST_GET] = document_get,
	    .on[COAP_REQUEST_PUT] = put_json,
	    .on[COAP_REQUEST_DELETE] = document_reset,
	    .on[COAP_REQUEST_FETCH] = fetch_json,
	    .on[COAP_REQUEST_PATCH] = patch_json,
	    .on[COAP_REQUEST_IPATCH] = patch_json,
	},
	{ .path = NULL },
};

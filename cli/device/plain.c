/* SPDX-License-Identifier: BSD-2-Clause */
/* Small resources of the device's own, and /echo. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/device/resource.h"
#include "cli/failure.h"
#include "cli/output/option_text.h"
#include "cli/output/time_text.h"

static void
get_root(struct call *call)
{
	device_text(call,
	    "coap-shell " COAPX_VERSION ", the built-in device\n"
	    "'discover' lists what is here\n");
}

static void
get_time(struct call *call)
{
	char text[DATE_SIZE];

	/* Through a proxy that keeps it, too, it is that of this second. */
	device_text_for(call, date_text(time(NULL), text), 1);
}

static void
get_hello(struct call *call)
{
	char *name = device_query_value(call, "name");
	char *text = NULL;

	if (asprintf(&text, "Hello, %s!", name ? name : "world") >= 0)
		device_text(call, text);
	else
		device_refuse_memory(call);
	free(text);
	free(name);
}

/* Who asks: the session as the device sees it. */
static void
get_who(struct call *call)
{
	char peer[PEER_SIZE];

	device_text_for(call, failure_peer(call->session, peer), MAX_AGE_NONE);
}

/* Any response code, to see what a client makes of it. */
static void
get_code(struct call *call)
{
	char *name = device_query_value(call, "code");
	int code = name ? coapx_code_by_name(name) : -1;

	if (code < 64 || code >= 192)
		device_refuse(call, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "code=C.DD wants a response code, such as 4.04");
	else
		device_code(call, (coap_pdu_code_t)code);
	free(name);
}

/* --- /echo --------------------------------------------------------------- */

#define KEPT_PREFIX "echo/"
#define ID_MAX      32

static const struct device_row kept_row = {
	.title = "An echo that was kept",
	.observable = true,
	.flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
	.on[COAP_REQUEST_GET] = document_get,
	.on[COAP_REQUEST_PUT] = document_put,
	.on[COAP_REQUEST_DELETE] = document_delete,
};

/* The body of the request, padded or cut to len bytes; malloc()ed. */
static uint8_t *
sized_body(const struct call *call, size_t len)
{
	coap_bin_const_t body = device_body(call);
	uint8_t *out = (uint8_t *)large_text(len);

	if (out && body.length > 0)
		memcpy(out, body.s, body.length < len ? body.length : len);
	return out;
}

static bool
is_id(const char *id)
{
	size_t len = id ? strlen(id) : 0;

	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("-_", id[i]))
			return false;
	return len > 0 && len <= ID_MAX;
}

/* A copy at /echo/ID. False: refused. */
static bool
keep(struct call *call, const uint8_t *body, size_t len)
{
	char *id = device_query_value(call, "id");
	char path[sizeof KEPT_PREFIX + ID_MAX];
	struct document *document;
	bool ok = is_id(id);

	if (ok)
		snprintf(path, sizeof path, KEPT_PREFIX "%s", id);
	free(id);
	if (!ok) {
		device_refuse(call, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "keep wants id=X, up to 32 letters, digits, - and _");
		return false;
	}
	document = len > DEVICE_MAX_BODY
	    ? NULL
	    : document_new(pdu_content_format(call->request), body, len);
	if (!document || !device_add(call->device, &kept_row, path, document)) {
		device_refuse_memory(call);
		return false;
	}
	while (device_count(call->device, &kept_row) > DEVICE_MAX_CHILDREN)
		device_remove(device_oldest(call->device, &kept_row));
	return true;
}

static void
give_back(struct call *call, coap_pdu_code_t code)
{
	uint64_t len = device_body(call).length;
	struct answer answer = {
		.code = code,
		.format = pdu_content_format(call->request),
	};
	uint64_t ms = 0;
	uint8_t *body;

	if (!device_query_number(call, "rlen", DEVICE_MAX_BODY, &len) ||
	    !device_query_number(call, "delay", LATER_MAX_MS, &ms))
		return;
	body = sized_body(call, len);
	answer.body = (coap_bin_const_t){ len, body };
	if (!body)
		device_refuse_memory(call);
	else if (!device_query_has(call, "keep") || keep(call, body, len)) {
		if (ms > 0)
			later_answer(call, ms, &answer);
		else
			device_answer(call, &answer);
	}
	free(body);
}

static void
post_echo(struct call *call)
{
	give_back(call, COAP_RESPONSE_CODE_CHANGED);
}

static void
fetch_echo(struct call *call)
{
	give_back(call, COAP_RESPONSE_CODE_CONTENT);
}

static void
get_echo(struct call *call)
{
	device_list(call, &kept_row);
}

/* --- /separate ----------------------------------------------------------- */

#define SEPARATE_MS 500

/* In the plugtests it takes seconds; a test of a client need not. */
static void
get_separate(struct call *call)
{
	static const char text[] = "This came by itself, after the ACK.";
	uint64_t ms = SEPARATE_MS;

	if (device_query_number(call, "ms", LATER_MAX_MS, &ms))
		later_answer(call, ms,
		    &(struct answer){
			.code = COAP_RESPONSE_CODE_CONTENT,
			.format = COAP_MEDIATYPE_TEXT_PLAIN,
			.body = { sizeof text - 1, (const uint8_t *)text },
		    });
}

/* --- the table ----------------------------------------------------------- */

const struct device_row device_plain[] = {
	{
	    .path = "",
	    .title = "What this is",
	    .ct = "0",
	    .on[COAP_REQUEST_GET] = get_root,
	},
	{
	    .path = "time",
	    .title = "The time of day, UTC",
	    .rt = "time",
	    .ct = "0",
	    .observable = true,
	    .tick = 1000,
	    .on[COAP_REQUEST_GET] = get_time,
	},
	{
	    .path = "hello",
	    .title = "A greeting; ?name=X",
	    .ct = "0",
	    .on[COAP_REQUEST_GET] = get_hello,
	},
	{
	    .path = "who",
	    .title = "You, as seen from here",
	    .ct = "0",
	    .on[COAP_REQUEST_GET] = get_who,
	},
	{
	    .path = "echo",
	    .title = "Gives back what is posted; ?rlen=N, ?delay=MS, "
		     "?keep&id=X",
	    .on[COAP_REQUEST_GET] = get_echo,
	    .on[COAP_REQUEST_POST] = post_echo,
	    .on[COAP_REQUEST_FETCH] = fetch_echo,
	},
	{
	    .path = "separate",
	    .title = "Answers late, by itself; ?ms=N",
	    .ct = "0",
	    .on[COAP_REQUEST_GET] = get_separate,
	},
	{
	    .path = "code",
	    .title = "Answers with ?code=C.DD",
	    .on[COAP_REQUEST_GET] = get_code,
	},
	{ .path = NULL },
};

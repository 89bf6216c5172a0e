/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resources of the ETSI CoAP plugtests (the descriptions of CoAP#4): those of
 * TD_COAP_CORE and TD_COAP_LINK. Conditions are in validate.c, TD_COAP_BLOCK in
 * large.c, /separate in plain.c.
 */
#include <string.h>

#include "cli/device/resource.h"
#include "cli/output/option_text.h"
#include "cli/output/text.h"
#include "cli/session/opening.h"

/* --- /test --------------------------------------------------------------- */

static const struct device_row located_row = {
	.title = "Made by POST to /test",
	.on[COAP_REQUEST_GET] = document_get,
	.on[COAP_REQUEST_PUT] = document_put,
	.on[COAP_REQUEST_DELETE] = document_delete,
};

/* TD_COAP_CORE_18 names the location; libcoap's server would count. */
static void
post_test(struct call *call)
{
	static const char *const segments[] = { "location1", "location2",
		"location3" };

	device_create(call, &located_row, "location1/location2/location3");
	if (coap_pdu_get_code(call->response) != COAP_RESPONSE_CODE_CREATED)
		return;
	for (size_t i = 0; i < sizeof segments / sizeof segments[0]; i++)
		device_add_text(call, COAP_OPTION_LOCATION_PATH, segments[i]);
}

/* --- paths and queries --------------------------------------------------- */

/* "/a/b", where the request went. */
static void
get_path(struct call *call)
{
	coap_str_const_t *path =
	    coap_resource_get_uri_path(call->place->resource);
	char text[64];

	snprintf(text, sizeof text, "/%.*s", (int)path->length,
	    (const char *)path->s);
	device_text(call, text);
}

static void
add_query(void *arg, const struct option_view *option)
{
	struct text *text = arg;

	if (option->number != COAP_OPTION_URI_QUERY)
		return;
	text_add_bytes(text, option->value, option->len);
	text_add_char(text, '\n', 1);
}

/* A line for each Uri-Query. */
static void
get_query(struct call *call)
{
	struct text text = { .s = NULL };
	const char *lines;

	pdu_each_option(call->request, add_query, &text);
	lines = text_string(&text);
	if (lines)
		device_text(call, text.len > 0 ? lines : "no query\n");
	else
		device_refuse_memory(call);
	text_free(&text);
}

static void
post_location_query(struct call *call)
{
	device_code(call, COAP_RESPONSE_CODE_CREATED);
	device_add_text(call, COAP_OPTION_LOCATION_QUERY, "first=1");
	device_add_text(call, COAP_OPTION_LOCATION_QUERY, "second=2");
}

/* --- formats ------------------------------------------------------------- */

#define BYTES(s)                                    \
	{                                           \
		sizeof(s) - 1, (const uint8_t *)(s) \
	}

static const struct {
	int format;
	coap_bin_const_t body;
} formats[] = {
	{ COAP_MEDIATYPE_TEXT_PLAIN, BYTES("21.5 Cel") },
	{ COAP_MEDIATYPE_APPLICATION_XML,
	    BYTES("<temperature unit=\"Cel\">21.5</temperature>") },
	{ COAP_MEDIATYPE_APPLICATION_JSON,
	    BYTES("{\"temperature\":21.5,\"unit\":\"Cel\"}") },
	/* {"temperature": 21.5, "unit": "Cel"} */
	{ COAP_MEDIATYPE_APPLICATION_CBOR,
	    BYTES("\xa2\x6btemperature\xf9\x4d\x60\x64unit\x63"
		  "Cel") },
};

static void
get_multi_format(struct call *call)
{
	int accept = device_accept(call);

	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
		if (accept >= 0 && accept != formats[i].format)
			continue;
		device_answer(call,
		    &(struct answer){
			.code = COAP_RESPONSE_CODE_CONTENT,
			.format = formats[i].format,
			.body = formats[i].body,
		    });
		return;
	}
	device_refuse(call, COAP_RESPONSE_CODE_NOT_ACCEPTABLE,
	    "there are 0, 41, 50 and 60");
}

/* --- links --------------------------------------------------------------- */

static void
get_link(struct call *call)
{
	device_text(call,
	    "What is of interest are the attributes of this link; discover "
	    "--rt and --if choose by them");
}

static void
get_subs(struct call *call)
{
	static const char text[] = "</path/sub1>;title=\"1st below /path\","
				   "</path/sub2>;title=\"2nd below /path\","
				   "</path/sub3>;title=\"3rd below /path\"";

	if (device_accepts(call, COAP_MEDIATYPE_APPLICATION_LINK_FORMAT))
		device_answer(call,
		    &(struct answer){
			.code = COAP_RESPONSE_CODE_CONTENT,
			.format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT,
			.body = BYTES(text),
		    });
}

/* --- /secure ------------------------------------------------------------- */

static void
get_secure(struct call *call)
{
	coap_proto_t proto = coap_session_get_proto(call->session);

	if (proto_is_secure(proto))
		device_text(call, "This came over DTLS or TLS.");
	else
		device_refuse(call, COAP_RESPONSE_CODE_UNAUTHORIZED,
		    "only over coaps, coaps+tcp or coaps+ws");
}

/* --- the table ----------------------------------------------------------- */

#define ONLY_GET(handler) .on[COAP_REQUEST_GET] = (handler)

const struct device_row device_plugtest[] = {
	/* DELETE brings the first text back, for the tests that come next. */
	{
	    .path = "test",
	    .title = "GET, PUT, POST, DELETE; the plugtests' own",
	    .rt = "test",
	    .ct = "0",
	    .text = "PUT replaces this, DELETE brings it back",
	    .max_age = 30,
	    .on[COAP_REQUEST_GET] = document_get,
	    .on[COAP_REQUEST_PUT] = document_put,
	    .on[COAP_REQUEST_POST] = post_test,
	    .on[COAP_REQUEST_DELETE] = document_reset,
	},
	{ .path = "seg1", .title = "A path", .ct = "0", ONLY_GET(get_path) },
	{
	    .path = "seg1/seg2",
	    .title = "A longer path",
	    .ct = "0",
	    ONLY_GET(get_path),
	},
	{
	    .path = "seg1/seg2/seg3",
	    .title = "A path of three segments",
	    .ct = "0",
	    ONLY_GET(get_path),
	},
	{
	    .path = "query",
	    .title = "A line for each part of the query",
	    .ct = "0",
	    ONLY_GET(get_query),
	},
	{
	    .path = "location-query",
	    .title = "POST is answered with a Location-Query",
	    .on[COAP_REQUEST_POST] = post_location_query,
	},
	{
	    .path = "multi-format",
	    .title = "Text, XML, JSON or CBOR, by Accept",
	    .ct = "0 41 50 60",
	    ONLY_GET(get_multi_format),
	},
	{
	    .path = "link1",
	    .title = "A link to find",
	    .rt = "Type1 Type2",
	    .interface = "If1",
	    ONLY_GET(get_link),
	},
	{
	    .path = "link2",
	    .title = "Another link to find",
	    .rt = "Type2 Type3",
	    .interface = "If2",
	    ONLY_GET(get_link),
	},
	{
	    .path = "link3",
	    .title = "A third link to find",
	    .rt = "Type1 Type3",
	    .interface = "foo",
	    ONLY_GET(get_link),
	},
	{
	    .path = "path",
	    .title = "Lists what is below it",
	    .ct = "40",
	    ONLY_GET(get_subs),
	},
	{ .path = "path/sub1", .title = "1st below /path", ONLY_GET(get_path) },
	{ .path = "path/sub2", .title = "2nd below /path", ONLY_GET(get_path) },
	{ .path = "path/sub3", .title = "3rd below /path", ONLY_GET(get_path) },
	{
	    .path = "secure",
	    .title = "Only over coaps and its sisters",
	    .ct = "0",
	    ONLY_GET(get_secure),
	},
	{ .path = NULL },
};

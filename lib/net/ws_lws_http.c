/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The handshake: what a server demands of a request beyond what libwebsockets
 * does (RFC 6455 section 4.2, RFC 8323 section 4), its answers to others, and
 * what a client makes of a response.
 */
#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "net/ws_lws.h"

#define VERSION "13"
/* The header Sec-WebSocket-Key: 16 bytes in base64. */
#define KEY_LEN 24
/* The longest header that is looked at. */
#define VALUE_MAX 256

/* --- a server ------------------------------------------------------------- */

#define UPGRADE "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"

static const struct {
	int status;
	const char *reason;
	const char *headers;
	const char *connection;
	const char *text;
} answers[] = {
	[WS_REFUSE_NOT_HTTP] = { 400, "Bad Request", "", "close",
	    "This request cannot be understood. Here is CoAP over WebSocket "
	    "(RFC 8323), at\n" WS_PATH " with the subprotocol " WS_SUBPROTOCOL
	    ".\n" },
	[WS_REFUSE_PATH] = { 404, "Not Found", "", "close",
	    "There is nothing here. CoAP over WebSocket (RFC 8323) is "
	    "at " WS_PATH ".\n" },
	[WS_REFUSE_METHOD] = { 405, "Method Not Allowed", "Allow: GET\r\n",
	    "close",
	    "This is CoAP over WebSocket (RFC 8323): a WebSocket begins with "
	    "GET.\n" },
	[WS_REFUSE_NO_UPGRADE] = { 426, "Upgrade Required", UPGRADE,
	    "Upgrade, close",
	    "This is CoAP over WebSocket (RFC 8323), no web site: open a "
	    "WebSocket\nat " WS_PATH " with the subprotocol " WS_SUBPROTOCOL
	    ".\n" },
	[WS_REFUSE_VERSION] = { 426, "Upgrade Required", UPGRADE,
	    "Upgrade, close",
	    "This is CoAP over WebSocket (RFC 8323), version " VERSION
	    " of WebSocket.\n" },
	[WS_REFUSE_PROTOCOL] = { 400, "Bad Request", "", "close",
	    "This is CoAP over WebSocket (RFC 8323): ask for the subprotocol "
	    "" WS_SUBPROTOCOL ".\n" },
	[WS_REFUSE_KEY] = { 400, "Bad Request", "", "close",
	    "This is CoAP over WebSocket (RFC 8323): a handshake needs HTTP/1.1"
	    ", Host,\nConnection and Sec-WebSocket-Key.\n" },
};

int
ws_http_status(const struct ws_conn *c)
{
	return c->server ? answers[c->refusal].status : 0;
}

size_t
ws_http_answer(const struct ws_conn *c, char *buf, size_t size)
{
	const char *text = answers[c->refusal].text;
	int n;

	n = snprintf(buf, size,
	    "HTTP/1.1 %d %s\r\n%sConnection: %s\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    answers[c->refusal].status, answers[c->refusal].reason,
	    answers[c->refusal].headers, answers[c->refusal].connection,
	    strlen(text), c->head ? "" : text);
	return n > 0 && (size_t)n < size ? (size_t)n : 0;
}

int
ws_http_refuse(struct ws_conn *c, enum ws_refusal why)
{
	c->refusal = (uint8_t)why;
	c->info.http_status = answers[why].status;
	ws_http_note(c, -COAP_E_WS_UPGRADE, answers[why].reason);
	return -1;
}

/* The value of a header, "" when there is none; false when it is too long. */
static bool
header(struct lws *wsi, enum lws_token_indexes token, char value[VALUE_MAX])
{
	value[0] = '\0';
	return lws_hdr_copy(wsi, value, VALUE_MAX, token) >= 0;
}

static bool
header_is(struct lws *wsi, enum lws_token_indexes token, const char *wanted)
{
	char value[VALUE_MAX];

	return header(wsi, token, value) && strcasecmp(value, wanted) == 0;
}

/* Whether a list with commas has the word in it. */
static bool
header_lists(struct lws *wsi, enum lws_token_indexes token, const char *word)
{
	char value[VALUE_MAX];
	char *rest = value;
	char *item;

	if (!header(wsi, token, value))
		return false;
	do {
		item = strsep(&rest, ",");
		item += strspn(item, " \t");
		item[strcspn(item, " \t")] = '\0';
		if (strcasecmp(item, word) == 0)
			return true;
	} while (rest);
	return false;
}

static bool
is_key(struct lws *wsi)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";
	char value[VALUE_MAX];

	return header(wsi, WSI_TOKEN_KEY, value) && strlen(value) == KEY_LEN &&
	    strspn(value, base64) == KEY_LEN - 2 &&
	    strcmp(value + KEY_LEN - 2, "==") == 0;
}

static int
check_place(struct ws_conn *c, struct lws *wsi)
{
	bool get = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;

	c->head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
	if (!header_is(wsi, get ? WSI_TOKEN_GET_URI : WSI_TOKEN_HEAD_URI,
		c->path) &&
	    (get || c->head))
		return ws_http_refuse(c, WS_REFUSE_PATH);
	if (!get && !c->head)
		return ws_http_refuse(c, WS_REFUSE_METHOD);
	return 0;
}

int
ws_http_plain(struct ws_conn *c, struct lws *wsi)
{
	if (check_place(c, wsi) < 0)
		return -1;
	return ws_http_refuse(c, WS_REFUSE_NO_UPGRADE);
}

int
ws_http_request(struct ws_conn *c, struct lws *wsi)
{
	if (check_place(c, wsi) < 0)
		return -1;
	if (c->head)
		return ws_http_refuse(c, WS_REFUSE_METHOD);
	if (!header_is(wsi, WSI_TOKEN_UPGRADE, "websocket"))
		return ws_http_refuse(c, WS_REFUSE_NO_UPGRADE);
	if (!header_is(wsi, WSI_TOKEN_VERSION, VERSION))
		return ws_http_refuse(c, WS_REFUSE_VERSION);
	if (!header_is(wsi, WSI_TOKEN_HTTP, "HTTP/1.1") || !is_key(wsi) ||
	    lws_hdr_total_length(wsi, WSI_TOKEN_HOST) <= 0 ||
	    !header_lists(wsi, WSI_TOKEN_CONNECTION, "upgrade"))
		return ws_http_refuse(c, WS_REFUSE_KEY);
	if (!header_lists(wsi, WSI_TOKEN_PROTOCOL, WS_SUBPROTOCOL))
		return ws_http_refuse(c, WS_REFUSE_PROTOCOL);
	return 0;
}

/* --- a client ------------------------------------------------------------- */

/* Text of a peer's goes into a line of ours. */
static void
make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
			*text = '?';
}

void
ws_http_note(struct ws_conn *c, int err, const char *detail)
{
	if (c->info.err != 0)
		return;
	c->info.err = err;
	snprintf(c->info.detail, sizeof c->info.detail, "%.*s",
	    (int)sizeof c->info.detail - 1, detail);
	make_plain(c->info.detail);
}

/* "404 Not Found", and where a redirection points. */
static void
describe_status(struct lws *wsi, char *text, size_t size)
{
	char status[VALUE_MAX];
	char place[VALUE_MAX];

	if (!header(wsi, WSI_TOKEN_HTTP, status) || !status[0])
		header(wsi, WSI_TOKEN_HTTP1_0, status);
	header(wsi, WSI_TOKEN_HTTP_LOCATION, place);
	snprintf(text, size, "%s%s%s", status, place[0] ? ", see " : "", place);
}

int
ws_http_response(struct ws_conn *c, struct lws *wsi)
{
	unsigned status = lws_http_client_http_response(wsi);
	char text[2 * VALUE_MAX + 8];

	c->info.http_status = status <= 999 ? (int)status : 0;
	if (status != 101) {
		describe_status(wsi, text, sizeof text);
		ws_http_note(c, -COAP_E_WS_UPGRADE, text);
		return -1;
	}
	if (!header_is(wsi, WSI_TOKEN_PROTOCOL, WS_SUBPROTOCOL)) {
		ws_http_note(c, -COAP_E_WS_PROTOCOL,
		    "the subprotocol coap is not agreed to");
		return -1;
	}
	return 0;
}

/* lws's own words, and ours. */
static const struct {
	const char *theirs;
	const char *ours;
	int err;
} failures[] = {
	{ "ACCEPT missing", "Sec-WebSocket-Accept is missing",
	    -COAP_E_WS_UPGRADE },
	{ "Accept hash wrong", "Sec-WebSocket-Accept is wrong",
	    -COAP_E_WS_UPGRADE },
	{ "UPGRADE missing", "the header Upgrade is missing",
	    -COAP_E_WS_UPGRADE },
	{ "Upgrade to something other than websocket",
	    "an upgrade to something else", -COAP_E_WS_UPGRADE },
	{ "UPGRADE malformed", "the header Connection does not say Upgrade",
	    -COAP_E_WS_UPGRADE },
	{ "EXT: unknown ext", "an extension that was not offered",
	    -COAP_E_WS_UPGRADE },
	{ "PROTOCOL malformed", "the subprotocol coap is not agreed to",
	    -COAP_E_WS_PROTOCOL },
	{ "URI missing", "no HTTP status line", -COAP_E_FORMAT },
	{ "problems parsing header", "no valid HTTP header", -COAP_E_FORMAT },
	{ "OOM", "out of memory", -COAP_E_NOMEM },
};

void
ws_http_failed(struct ws_conn *c, struct lws *wsi, const char *text, size_t len)
{
	char words[VALUE_MAX];
	unsigned status = lws_http_client_http_response(wsi);
	size_t i;

	if (c->info.http_status == 0 && status <= 999)
		c->info.http_status = (int)status;
	snprintf(words, sizeof words, "%.*s", (int)len, text ? text : "");
	for (i = 0; i < sizeof failures / sizeof failures[0]; i++)
		if (strstr(words, failures[i].theirs)) {
			ws_http_note(c, failures[i].err, failures[i].ours);
			return;
		}
	ws_http_note(c, -COAP_E_WS_UPGRADE, words);
}

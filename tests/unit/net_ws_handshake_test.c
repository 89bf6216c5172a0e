/* SPDX-License-Identifier: BSD-2-Clause */
/* The upgrade to WebSocket, with peers that do it in other ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/err.h"
#include "net_support.h"
#include "ws_support.h"

static int
setup(void **state)
{
	static int before[2];

	before[0] = net_open_fds();
	before[1] = (int)mem_outstanding();
	*state = before;
	return 0;
}

static int
teardown(void **state)
{
	const int *before = *state;

	assert_int_equal(net_open_fds(), before[0]);
	assert_int_equal(mem_outstanding(), before[1]);
	assert_null(*ws_shared_slot());
	return 0;
}

/* What went out, as text. */
static const char *
sent_text(struct ws_end *e)
{
	assert_int_equal(buf_append_u8(&e->below.out, 0), 0);
	e->below.out.len--;
	return (const char *)e->below.out.data;
}

static void
assert_sent(struct ws_end *e, const char *text)
{
	if (!strstr(sent_text(e), text))
		fail_msg("no \"%s\" in: %s", text, sent_text(e));
}

static void
assert_begins(struct ws_end *e, const char *text)
{
	if (strncmp(sent_text(e), text, strlen(text)) != 0)
		fail_msg("not \"%s\": %s", text, sent_text(e));
}

/* --- a server ------------------------------------------------------------- */

struct request_case {
	const char *begins; /* the line of a good request that is replaced */
	const char *text;
	int status;       /* of the answer; 101: welcome */
	const char *also; /* in the answer; NULL: nothing */
};

static const struct request_case requests[] = {
	{ NULL, NULL, 101, "Sec-WebSocket-Protocol: coap\r\n" },
	{ NULL, NULL, 101,
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" },
	{ "Upgrade", "upgrade: WebSocket", 101, NULL },
	{ "Connection", "Connection: keep-alive, Upgrade", 101, NULL },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: mqtt, coap", 101,
	    "Sec-WebSocket-Protocol: coap\r\n" },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol:coap,x", 101,
	    NULL },
	{ "Host", "Host: [::1]:8080\r\nOrigin: http://a.example", 101, NULL },
	{ "Host", "Host: a\r\nX-Unknown: yes\r\nCookie: a=b; c=d", 101, NULL },
	/* Extensions are not answered. */
	{ "Host",
	    "Host: a\r\nSec-WebSocket-Extensions: permessage-deflate; "
	    "client_max_window_bits",
	    101, NULL },
	{ "GET", "GET /.well-known/coap?a=b HTTP/1.1", 101, NULL },
	/* Places. */
	{ "GET", "GET / HTTP/1.1", 404, "/.well-known/coap" },
	{ "GET", "GET /.well-known/coap/ HTTP/1.1", 404, NULL },
	{ "GET", "GET /.well-known/core HTTP/1.1", 404, NULL },
	{ "GET", "GET /../../etc/passwd HTTP/1.1", 404, NULL },
	/* Subprotocols. */
	{ "Sec-WebSocket-Protocol", NULL, 400, "subprotocol coap" },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: mqtt", 400,
	    "subprotocol coap" },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: coap2, xcoap", 400,
	    NULL },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: ,,", 400, NULL },
	/* Versions. */
	{ "Sec-WebSocket-Version", NULL, 426, "Sec-WebSocket-Version: 13\r\n" },
	{ "Sec-WebSocket-Version", "Sec-WebSocket-Version: 8", 426,
	    "Sec-WebSocket-Version: 13\r\n" },
	{ "Sec-WebSocket-Version", "Sec-WebSocket-Version: 130", 426, NULL },
	/* Keys, and what else has to be there. */
	{ "Sec-WebSocket-Key", NULL, 400, "Sec-WebSocket-Key" },
	{ "Sec-WebSocket-Key", "Sec-WebSocket-Key: abc", 400, NULL },
	{ "Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=a",
	    400, NULL },
	{ "Host", NULL, 400, "Host" },
	{ "Connection", NULL, 400, NULL },
	{ "Connection", "Connection: close", 400, NULL },
	{ "GET", "GET /.well-known/coap HTTP/1.0", 400, "HTTP/1.1" },
	/* Other upgrades; the first two would switch the library. */
	{ "Upgrade", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__", 426,
	    "Upgrade: websocket\r\n" },
	{ "Upgrade", "Upgrade: h2c", 426, NULL },
	{ "Upgrade", NULL, 426, "Connection: Upgrade, close\r\n" },
	/* Methods. */
	{ "GET", "POST /.well-known/coap HTTP/1.1", 405, "Allow: GET\r\n" },
	{ "GET", "PUT /.well-known/coap HTTP/1.1", 405, NULL },
	{ "GET", "CONNECT example.net:80 HTTP/1.1", 405, NULL },
};

/* Those that the library gives up on without asking. */
static const struct request_case unread[] = {
	{ "Upgrade", "Upgrade: TLS/1.0", 400, NULL },
	{ "Upgrade", "Upgrade: x", 400, NULL },
	{ "Upgrade", "Upgrade: websocket2", 400, NULL },
	{ "GET", "BREW /.well-known/coap HTTP/1.1", 400,
	    "cannot be understood" },
	{ "GET", "GET /.well-known/coap HTTP/1.1\r\nGET / HTTP/1.1", 400,
	    NULL },
	{ "GET", "PRI * HTTP/2.0", 400, NULL },
};

static void
check_request(const struct request_case *c, int err, size_t piece)
{
	struct layer_ws_info info;
	struct ws_end e;
	char status[32];
	int r;

	ws_end_open(&e, true);
	e.below.piece = piece;
	ws_request(&e, c->begins, c->text);
	r = layer_connect(e.layer);
	while (r == -COAP_E_AGAIN && e.below.in.len > 0)
		r = layer_connect(e.layer);
	snprintf(status, sizeof status, "HTTP/1.1 %d ", c->status);
	assert_begins(&e, status);
	if (c->also)
		assert_sent(&e, c->also);
	assert_null(strstr(sent_text(&e), "Extensions"));
	if (r != err)
		fail_msg("%s: %d", c->text ? c->text : c->begins, r);
	assert_int_equal(layer_ws_info(e.layer, &info), 0);
	assert_int_equal(info.http_status, c->status);
	if (c->status != 101) {
		assert_sent(&e, "Content-Type: text/plain");
		assert_sent(&e, "close\r\n");
		assert_int_equal(layer_send(e.layer, "x", 1), r);
		assert_int_equal(layer_connect(e.layer), r);
	}
	assert_int_equal(e.below.sends, 1);
	ws_end_free(&e);
}

static void
server_looks_at_requests(void **state)
{
	static const size_t pieces[] = { 0, 1, 7 };
	size_t i, k;

	(void)state;
	for (k = 0; k < 3; k++) {
		for (i = 0; i < sizeof requests / sizeof requests[0]; i++)
			check_request(&requests[i],
			    requests[i].status == 101 ? 0 : -COAP_E_WS_UPGRADE,
			    pieces[k]);
		for (i = 0; i < sizeof unread / sizeof unread[0]; i++)
			check_request(&unread[i], -COAP_E_FORMAT, pieces[k]);
	}
}

/* An answer has as many bytes after its header as it says; HEAD has none. */
static void
answers_have_a_length(void **state)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET /.well-known/coap HTTP/1.1\r\nHost: a\r\n\r\n",
		"HEAD /.well-known/coap HTTP/1.1\r\nHost: a\r\n\r\n",
		"HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n",
	};
	struct ws_end e;
	const char *text;
	const char *p;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		ws_end_open(&e, true);
		ws_below_say(&e.below, texts[i]);
		assert_int_equal(layer_connect(e.layer), -COAP_E_WS_UPGRADE);
		text = sent_text(&e);
		assert_begins(&e, i % 3 ? "HTTP/1.1 426 " : "HTTP/1.1 404 ");
		p = strstr(text, "Content-Length: ");
		assert_non_null(p);
		assert_true(atoi(p + 16) > 40);
		assert_int_equal(strlen(strstr(text, "\r\n\r\n") + 4),
		    i < 2 ? atoi(p + 16) : 0);
		ws_end_free(&e);
	}
}

/* Not HTTP at all, or too much of it. */
static void
server_survives_garbage(void **state)
{
	static const char *const texts[] = {
		"\r\n\r\n",
		"\n\n",
		"hello\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\xfc\x03\x03\r\n\r\n",
		"GET\r\n\r\n",
		"GET \r\n\r\n",
		"GET /%zz HTTP/1.1\r\n\r\n",
		"GET /%00 HTTP/1.1\r\n\r\n",
	};
	struct ws_end e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		ws_end_open(&e, true);
		ws_below_say(&e.below, texts[i]);
		if (layer_connect(e.layer) == -COAP_E_AGAIN) {
			e.below.eof = true;
			assert_int_equal(layer_connect(e.layer),
			    -COAP_E_PEER_CLOSED);
		} else {
			assert_begins(&e, "HTTP/1.1 4");
		}
		ws_end_free(&e);
	}
}

static void
server_bounds_headers(void **state)
{
	struct ws_end e;
	char line[1024];
	int r = -COAP_E_AGAIN;
	int i;

	(void)state;
	memset(line, 'a', sizeof line);
	memcpy(line, "X: ", 3);
	memcpy(line + sizeof line - 3, "\r\n", 3);
	ws_end_open(&e, true);
	ws_below_say(&e.below, "GET /.well-known/coap HTTP/1.1\r\n");
	for (i = 0; i < 100 && r == -COAP_E_AGAIN; i++) {
		ws_below_say(&e.below, line);
		r = layer_connect(e.layer);
	}
	assert_int_equal(r, -COAP_E_FORMAT);
	assert_true(i < 10);
	assert_begins(&e, "HTTP/1.1 400 ");
	ws_end_free(&e);

	/* One that never ends. */
	ws_end_open(&e, true);
	for (r = -COAP_E_AGAIN, i = 0; i < 100 && r == -COAP_E_AGAIN; i++) {
		ws_below_feed(&e.below, line, 1000);
		r = layer_connect(e.layer);
	}
	assert_int_equal(r, -COAP_E_FORMAT);
	ws_end_free(&e);
}

/* Frames right behind the request, in the same bytes. */
static void
frames_behind_the_request(void **state)
{
	struct ws_end e;

	(void)state;
	ws_end_open(&e, true);
	ws_request(&e, NULL, NULL);
	ws_frame(&e, true, 0x82, "ab", 2);
	ws_frame(&e, true, 0x82, "cde", 3);
	assert_int_equal(layer_connect(e.layer), 0);
	assert_true(layer_pending(e.layer));
	ws_assert_message(&e, "ab", 2);
	assert_true(layer_pending(e.layer));
	ws_assert_message(&e, "cde", 3);
	ws_assert_says(&e, -COAP_E_AGAIN);
	assert_false(layer_pending(e.layer));
	ws_end_free(&e);

	/* Also bad ones: the walk begins where the header ends. */
	ws_end_open(&e, true);
	ws_request(&e, NULL, NULL);
	ws_frame(&e, true, 0x82, "ab", 2);
	ws_frame(&e, false, 0x82, "cde", 3);
	assert_int_equal(layer_connect(e.layer), 0);
	ws_assert_message(&e, "ab", 2);
	assert_true(layer_pending(e.layer));
	ws_assert_says(&e, -COAP_E_WS_FRAME);
	ws_end_free(&e);
}

/* --- a client ------------------------------------------------------------- */

static void
client_asks(void **state)
{
	static const char *const lines[] = {
		"\r\nHost: [::1]:8080\r\n",
		"\r\nUpgrade: websocket\r\n",
		"\r\nConnection: Upgrade\r\n",
		"\r\nSec-WebSocket-Protocol: coap\r\n",
		"\r\nSec-WebSocket-Version: 13\r\n",
		"\r\nSec-WebSocket-Key: ",
	};
	struct ws_end e;
	size_t i;

	(void)state;
	ws_end_open(&e, false);
	assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
	assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
	assert_begins(&e, "GET /.well-known/coap HTTP/1.1\r\n");
	for (i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_sent(&e, lines[i]);
	assert_null(strstr(sent_text(&e), "Origin"));
	assert_null(strstr(sent_text(&e), "Extensions"));
	assert_int_equal(e.below.sends, 1);
	ws_end_free(&e);
}

static void
keys_differ(void **state)
{
	struct ws_end a, b;

	(void)state;
	ws_end_open(&a, false);
	ws_end_open(&b, false);
	layer_connect(a.layer);
	layer_connect(b.layer);
	assert_string_not_equal(strstr(sent_text(&a), "Sec-WebSocket-Key"),
	    strstr(sent_text(&b), "Sec-WebSocket-Key"));
	ws_end_free(&a);
	ws_end_free(&b);
}

struct response_case {
	const char *begins;
	const char *text;
	int err;
	int status;
	const char *detail; /* in the words for it; NULL: any */
};

static const struct response_case responses[] = {
	{ NULL, NULL, 0, 101, NULL },
	{ "Upgrade", "Upgrade: WebSocket", 0, 101, NULL },
	{ "Connection", "connection: keep-alive, upgrade", 0, 101, NULL },
	{ "Upgrade", "Upgrade: websocket\r\nServer: x\r\nX-Other: y", 0, 101,
	    NULL },
	/* No. */
	{ "HTTP", "HTTP/1.1 404 Not Found", -COAP_E_WS_UPGRADE, 404,
	    "404 Not Found" },
	{ "HTTP", "HTTP/1.1 401 Unauthorized", -COAP_E_WS_UPGRADE, 401,
	    "401 Unauthorized" },
	{ "HTTP", "HTTP/1.1 500 Oops", -COAP_E_WS_UPGRADE, 500, "500 Oops" },
	{ "HTTP", "HTTP/1.1 200 OK", -COAP_E_WS_UPGRADE, 200, "200 OK" },
	{ "HTTP", "HTTP/1.0 403 Forbidden", -COAP_E_WS_UPGRADE, 403, "403" },
	{ "HTTP", "HTTP/1.1 426 Upgrade Required", -COAP_E_WS_UPGRADE, 426,
	    NULL },
	{ "HTTP", "HTTP/1.1 100 Continue", -COAP_E_WS_UPGRADE, 100, NULL },
	/* Not followed. */
	{ "HTTP", "HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/",
	    -COAP_E_WS_UPGRADE, 301, "301 Moved, see http://127.0.0.1:1/" },
	{ "HTTP", "HTTP/1.1 302 Found\r\nLocation: /elsewhere",
	    -COAP_E_WS_UPGRADE, 302, "see /elsewhere" },
	{ "HTTP", "HTTP/1.1 307 Temporary", -COAP_E_WS_UPGRADE, 307, NULL },
	/* Nearly. */
	{ "Sec-WebSocket-Accept", NULL, -COAP_E_WS_UPGRADE, 101,
	    "Sec-WebSocket-Accept is missing" },
	{ "Sec-WebSocket-Accept",
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
	    -COAP_E_WS_UPGRADE, 101, "Sec-WebSocket-Accept is wrong" },
	{ "Upgrade", NULL, -COAP_E_WS_UPGRADE, 101, "Upgrade is missing" },
	{ "Upgrade", "Upgrade: h2c", -COAP_E_WS_UPGRADE, 101, NULL },
	{ "Connection", NULL, -COAP_E_WS_UPGRADE, 101, "Connection" },
	{ "Connection", "Connection: close", -COAP_E_WS_UPGRADE, 101, NULL },
	{ "Sec-WebSocket-Protocol", NULL, -COAP_E_WS_PROTOCOL, 101, "coap" },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: mqtt",
	    -COAP_E_WS_PROTOCOL, 101, "coap" },
	{ "Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: coap, mqtt",
	    -COAP_E_WS_PROTOCOL, 101, NULL },
	{ "Upgrade",
	    "Upgrade: websocket\r\n"
	    "Sec-WebSocket-Extensions: permessage-deflate",
	    -COAP_E_WS_UPGRADE, 101, "extension" },
	/* No HTTP. */
	{ "HTTP", "SSH-2.0-OpenSSH_9.2", -COAP_E_FORMAT, 0, "no HTTP" },
	{ "HTTP", "HTTP/2 200", -COAP_E_FORMAT, 0, "no HTTP" },
};

static void
check_response(const struct response_case *c, size_t piece)
{
	struct layer_ws_info info;
	struct ws_end e;
	int r;

	ws_end_open(&e, false);
	e.below.piece = piece;
	assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
	ws_response(&e, c->begins, c->text);
	r = layer_connect(e.layer);
	while (r == -COAP_E_AGAIN && e.below.in.len > 0)
		r = layer_connect(e.layer);
	assert_int_equal(layer_ws_info(e.layer, &info), 0);
	if (r != c->err || info.http_status != c->status ||
	    (c->detail && !strstr(info.detail, c->detail)))
		fail_msg("%s: %d, HTTP %d, %s", c->text ? c->text : c->begins,
		    r, info.http_status, info.detail);
	assert_int_equal(e.below.out.len, 0);
	ws_end_free(&e);
}

static void
client_looks_at_responses(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof responses / sizeof responses[0]; i++) {
		check_response(&responses[i], 0);
		check_response(&responses[i], 1);
		check_response(&responses[i], 5);
	}
}

/* No line feed ever comes: a few bytes are enough to see what it is not. */
static void
garbage_without_a_line(void **state)
{
	struct layer_ws_info info;
	struct ws_end e;

	(void)state;
	ws_end_open(&e, false);
	ws_below_say(&e.below, "HTTP");
	assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
	ws_below_say(&e.below, "S?");
	assert_int_equal(layer_connect(e.layer), -COAP_E_FORMAT);
	assert_int_equal(layer_ws_info(e.layer, &info), 0);
	assert_int_equal(info.http_status, 0);
	assert_int_equal(layer_connect(e.layer), -COAP_E_FORMAT);
	ws_end_free(&e);
}

static void
client_bounds_headers(void **state)
{
	struct ws_end e;
	char line[1024];
	int r = -COAP_E_AGAIN;
	int i;

	(void)state;
	memset(line, 'a', sizeof line);
	ws_end_open(&e, false);
	ws_below_say(&e.below, "HTTP/1.1 101 Yes\r\nX: ");
	for (i = 0; i < 100 && r == -COAP_E_AGAIN; i++) {
		ws_below_feed(&e.below, line, sizeof line);
		r = layer_connect(e.layer);
	}
	assert_true(i < 10);
	assert_int_equal(r, -COAP_E_FORMAT);
	ws_end_free(&e);
}

/* What a server says goes into a line of ours. */
static void
words_are_printable(void **state)
{
	struct layer_ws_info info;
	struct ws_end e;

	(void)state;
	ws_end_open(&e, false);
	ws_below_say(&e.below,
	    "HTTP/1.1 404 \x1b[31m\xc3\xa4 and very, very long words that go "
	    "on and on until they are longer than what there is room for\r\n"
	    "\r\n");
	assert_int_equal(layer_connect(e.layer), -COAP_E_WS_UPGRADE);
	assert_int_equal(layer_ws_info(e.layer, &info), 0);
	assert_int_equal(info.http_status, 404);
	assert_int_equal(strncmp(info.detail, "404 ?[31m?? and very", 20), 0);
	assert_int_equal(strlen(info.detail), sizeof info.detail - 1);
	ws_end_free(&e);
}

static void
frames_behind_the_response(void **state)
{
	struct ws_end e;

	(void)state;
	ws_end_open(&e, false);
	assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
	ws_response(&e, NULL, NULL);
	ws_frame(&e, false, 0x82, "abc", 3);
	ws_frame(&e, false, 0x88, "\x03\xe8", 2);
	assert_int_equal(layer_connect(e.layer), 0);
	ws_assert_message(&e, "abc", 3);
	ws_assert_says(&e, 0);
	ws_end_free(&e);
}

static void
hosts_are_checked(void **state)
{
	static const char *const bad[] = { NULL, "", "a b", "a\r\nX: y", "a\tb",
		"\xc3\xa4" };
	struct ws_below below;
	struct layer_ws_params p = { .max_message = 100 };
	struct layer *l = NULL;
	size_t i;

	(void)state;
	ws_below_init(&below);
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		p.host = bad[i];
		assert_int_equal(layer_ws_new(&below.layer, &p, &l),
		    -COAP_E_INVAL);
	}
	assert_null(l);
	assert_false(below.destroyed);
}

/* The longest name that there is (RFC 1035), with a port. */
static void
long_hosts(void **state)
{
	struct ws_below below;
	struct layer_ws_params p = { .max_message = 100 };
	struct ws_end e = { 0 };
	char host[270];
	size_t len;

	(void)state;
	for (len = 85; len <= 256; len += 3) {
		memset(host, 'h', len);
		strcpy(host + len, ":8080");
		p.host = host;
		ws_below_init(&e.below);
		assert_int_equal(layer_ws_new(&e.below.layer, &p, &e.layer), 0);
		assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
		strcat(host, "\r\n");
		assert_sent(&e, host);
		assert_sent(&e, "\r\nSec-WebSocket-Version: 13\r\n\r\n");
		ws_response(&e, NULL, NULL);
		assert_int_equal(layer_connect(e.layer), 0);
		ws_end_free(&e);
	}
	memset(host, 'h', 262);
	host[262] = '\0';
	ws_below_init(&below);
	assert_int_equal(layer_ws_new(&below.layer, &p, &e.layer),
	    -COAP_E_INVAL);
}

/* The environment of a user who goes through a proxy. */
static void
proxies_do_not_matter(void **state)
{
	struct ws_end client, server;

	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("HTTP_PROXY", "http://127.0.0.1:1", 1);
	setenv("socks_proxy", "127.0.0.1:1", 1);
	ws_pair_open(&client, &server);
	ws_end_free(&client);
	ws_end_free(&server);
	unsetenv("http_proxy");
	unsetenv("HTTP_PROXY");
	unsetenv("socks_proxy");
}

/* --- the layer below ------------------------------------------------------ */

static void
below_fails(void **state)
{
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		ws_end_open(&e, server);
		e.below.connect_err = -COAP_E_AGAIN;
		assert_int_equal(layer_connect(e.layer), -COAP_E_AGAIN);
		assert_int_equal(e.below.out.len, 0);
		assert_int_equal(layer_send(e.layer, "x", 1), -COAP_E_AGAIN);
		ws_assert_says(&e, -COAP_E_AGAIN);
		e.below.connect_err = -COAP_E_TLS_ALERT;
		assert_int_equal(layer_connect(e.layer), -COAP_E_TLS_ALERT);
		ws_end_free(&e);

		ws_end_open(&e, server);
		e.below.recv_err = -COAP_E_RESET;
		assert_int_equal(layer_connect(e.layer), -COAP_E_RESET);
		assert_int_equal(layer_connect(e.layer), -COAP_E_RESET);
		ws_end_free(&e);

		ws_end_open(&e, server);
		e.below.eof = true;
		assert_int_equal(layer_connect(e.layer), -COAP_E_PEER_CLOSED);
		ws_end_free(&e);
	}
	ws_end_open(&e, false);
	e.below.send_err = -COAP_E_RESET;
	assert_int_equal(layer_connect(e.layer), -COAP_E_RESET);
	ws_end_free(&e);
}

/* A request that does not go out at once. */
static void
below_is_slow(void **state)
{
	struct ws_end client, server;

	(void)state;
	ws_end_open(&client, false);
	client.below.room = 0;
	assert_int_equal(layer_connect(client.layer), -COAP_E_AGAIN);
	assert_int_equal(client.below.out.len, 0);
	assert_true(layer_backlog(client.layer) > 100);
	client.below.room = 1;
	assert_int_equal(layer_connect(client.layer), -COAP_E_AGAIN);
	assert_int_equal(layer_backlog(client.layer), 7);
	ws_end_open(&server, true);
	ws_pair_move(&client, &server);
	server.below.room = 0;
	assert_int_equal(layer_connect(server.layer), 0);
	assert_int_equal(server.below.out.len, 0);
	server.below.room = 1;
	ws_assert_says(&server, -COAP_E_AGAIN);
	ws_pair_move(&client, &server);
	assert_int_equal(layer_connect(client.layer), 0);
	ws_end_free(&client);
	ws_end_free(&server);
}

static void
closes_while_it_upgrades(void **state)
{
	struct ws_end e;
	int server;

	(void)state;
	for (server = 0; server < 2; server++) {
		ws_end_open(&e, server);
		layer_close(e.layer);
		assert_int_equal(e.below.closes, 1);
		layer_close(e.layer);
		assert_int_equal(e.below.closes, 1);
		assert_int_equal(layer_connect(e.layer), -COAP_E_CLOSED);
		assert_int_equal(layer_next(e.layer), TIMER_NEVER);
		ws_end_free(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_looks_at_requests),
		cmocka_unit_test(answers_have_a_length),
		cmocka_unit_test(server_survives_garbage),
		cmocka_unit_test(server_bounds_headers),
		cmocka_unit_test(frames_behind_the_request),
		cmocka_unit_test(client_asks),
		cmocka_unit_test(keys_differ),
		cmocka_unit_test(client_looks_at_responses),
		cmocka_unit_test(garbage_without_a_line),
		cmocka_unit_test(client_bounds_headers),
		cmocka_unit_test(words_are_printable),
		cmocka_unit_test(frames_behind_the_response),
		cmocka_unit_test(hosts_are_checked),
		cmocka_unit_test(long_hosts),
		cmocka_unit_test(proxies_do_not_matter),
		cmocka_unit_test(below_fails),
		cmocka_unit_test(below_is_slow),
		cmocka_unit_test(closes_while_it_upgrades),
	};

	if (ws_missing())
		return 0;
	return cmocka_run_group_tests(tests, setup, teardown);
}

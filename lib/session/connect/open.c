/* SPDX-License-Identifier: BSD-2-Clause */
/* coapx.h: sessions by URI, requests with callbacks of their own. */
#include "session/connect/open.h"
#include "base/addr.h"
#include "base/alloc.h"
#include "base/sized.h"
#include "net/ws_engine.h"
#include "session/body/blockwise.h"
#include "session/secure/secure.h"
#include "wire/uri.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

/* --- a local address as text --------------------------------------------- */

/* Digits up to the end, 0..65535. */
static bool
parse_port(const char *s, uint16_t *port)
{
	char *end;
	unsigned long n;

	if (*s < '0' || *s > '9')
		return false;
	n = strtoul(s, &end, 10);
	if (*end != '\0' || n > 65535)
		return false;
	*port = (uint16_t)n;
	return true;
}

/* Splits "[V6]:PORT", "V4:PORT", "V6", "V4", ":PORT" in place. */
static bool
split_bind(char *text, char **host, uint16_t *port)
{
	char *colon = strrchr(text, ':');
	char *close;

	*port = 0;
	*host = text;
	if (*text == '[') {
		close = strchr(text, ']');
		if (!close)
			return false;
		*close = '\0';
		*host = text + 1;
		return close[1] == '\0' ||
		    (close[1] == ':' && parse_port(close + 2, port));
	}
	if (colon && strchr(text, ':') == colon) {
		*colon = '\0';
		return parse_port(colon + 1, port);
	}
	return true;
}

/* An empty host is "any", in the family that the socket will have. */
static int
parse_bind(const char *bind, coap_address_t *addr)
{
	char text[128];
	char *host;
	uint16_t port;

	if (snprintf(text, sizeof text, "%s", bind) >= (int)sizeof text ||
	    !split_bind(text, &host, &port))
		return -COAP_E_INVAL;
	if (*host == '\0') {
		coap_address_init(addr);
		addr->addr.sa.sa_family = AF_UNSPEC;
		addr->addr.sin.sin_port = htons(port);
		return 0;
	}
	return addr_parse_own(addr, host, port);
}

/* --- sessions ------------------------------------------------------------ */

/* Credentials of its own, or those of the context. */
static int
open_secure(coap_session_t *session, const coapx_open_params_t *params,
    struct credentials *given, const char *host)
{
	coap_context_t *context = session->context;
	struct credentials *c;
	int err = 0;

	if (!session->proto->secure)
		return 0;
	if (given)
		return secure_client(session, given, host, strcspn(host, "%"));
	c = params->credentials ? credentials_new(false)
				: context_credentials(context, false);
	if (!c)
		return context_fail(context, -COAP_E_NOMEM, "no session");
	if (params->credentials) {
		err = credentials_set_x(c, params->credentials);
		if (err < 0)
			context_fail(context, err, "the credentials");
	}
	if (err == 0)
		err = secure_client(session, c, host, strcspn(host, "%"));
	if (params->credentials)
		credentials_unref(c);
	return err;
}

/* The Host header: the authority of the URI, without a default port. */
static int
open_ws(coap_session_t *session, const coap_uri_t *uri)
{
	char why[512] = "";
	char text[300];
	coap_str_const_t host = { 0, (const uint8_t *)text };
	bool v6 = memchr(uri->host.s, ':', uri->host.length) != NULL;
	int n;

	if (session->proto->framing != FRAMING_WS)
		return 0;
	if (!ws_engine(why, sizeof why))
		return context_fail(session->context, -COAP_E_NO_MODULE, "%s",
		    why);
	n = snprintf(text, sizeof text, "%s%.*s%s", v6 ? "[" : "",
	    (int)uri->host.length, (const char *)uri->host.s, v6 ? "]" : "");
	if (n > 0 && (size_t)n < sizeof text &&
	    uri->port != session->proto->port)
		n += snprintf(text + n, sizeof text - (size_t)n, ":%u",
		    uri->port);
	if (n < 0 || (size_t)n >= sizeof text)
		return context_fail(session->context, -COAP_E_URI, "the host");
	host.length = (size_t)n;
	return coap_ws_set_host_request(session, &host)
	    ? 0
	    : context_fail(session->context, -COAP_E_NOMEM, "no session");
}

int
open_uri_as(coap_context_t *context, const coapx_open_params_t *params,
    struct credentials *credentials, coap_session_t **out)
{
	const struct proto *proto;
	coap_address_t local;
	char host[256];
	coap_uri_t uri;
	int err = 0;
	int n;

	if (coap_split_uri((const uint8_t *)params->uri, strlen(params->uri),
		&uri) < 0 ||
	    uri.host.length == 0)
		return context_fail(context, -COAP_E_URI, "%.80s", params->uri);
	n = uri_host_text(&uri.host, host, sizeof host);
	if (n < 0)
		return context_fail(context, n, "%.80s", params->uri);
	proto = proto_by_scheme(uri.scheme);
	if (!proto_is_supported(proto))
		return context_fail(context, -COAP_E_NOTSUP,
		    "%s:", proto->scheme);
	if (params->bind) {
		err = parse_bind(params->bind, &local);
		if (err < 0)
			return context_fail(context, err, "bind address %.60s",
			    params->bind);
	}
	*out = session_new(context, proto, COAP_SESSION_TYPE_CLIENT, NULL);
	if (!*out)
		return context_fail(context, -COAP_E_NOMEM, "no session");
	(*out)->app_data = params->app_data;
	err = open_secure(*out, params, credentials, host);
	if (err == 0)
		err = open_ws(*out, &uri);
	if (err < 0) {
		session_destroy(*out);
		*out = NULL;
		return err;
	}
	err = connect_to_name(*out, params->bind ? &local : NULL, host,
	    (size_t)n, uri.port, params->connect_timeout_ms);
	if (err < 0) {
		context_fail(context, err, "%.80s", params->uri);
		session_destroy(*out);
		*out = NULL;
	}
	return err;
}

coap_session_t *
coapx_session_open(coap_context_t *context, const coapx_open_params_t *params,
    int *err)
{
	coap_session_t *session = NULL;
	coapx_open_params_t p;
	int e = -COAP_E_INVAL;

	if (context && sized_take(&p, sizeof p, params) && p.uri) {
		context_enter(context);
		e = context_check(context);
		if (e == 0)
			e = open_uri_as(context, &p, NULL, &session);
		context_leave(context);
	}
	if (err)
		*err = e;
	return session;
}

/* --- requests ------------------------------------------------------------ */

static coapx_request_t *
app_request_new(coap_session_t *session, const coapx_request_params_t *params)
{
	coapx_request_t *a = mem_new(COAP_NODE, 1, sizeof *a);

	if (!a)
		return NULL;
	a->session = session;
	a->params = *params;
	a->started_us = context_clock_us(session->context);
	return a;
}

static int
send_request(coap_session_t *session, coap_pdu_t *pdu, coapx_request_t *a)
{
	struct request *q = NULL;
	int err = blockwise_request(session, pdu, a, &q);

	if (err < 0)
		return err;
	if (!q) {
		/* Not a request: nothing would ever end it. */
		return -COAP_E_INVAL;
	}
	q->user = a;
	a->request = q;
	if (a->params.timeout_ms && !a->held) {
		a->deadline =
		    context_now(session->context) + a->params.timeout_ms;
		requests_set_deadline(&session->requests, q, a->deadline);
	}
	/* Its handler hears of it from the loop. */
	if (q->sent_at)
		session->tell_sent = true;
	session_arm(session);
	return 0;
}

coapx_request_t *
coapx_request_send(coap_session_t *session, coap_pdu_t *pdu,
    const coapx_request_params_t *params, int *err)
{
	coapx_request_params_t p;
	coapx_request_t *a = NULL;
	int e = -COAP_E_INVAL;

	if (session && pdu && pdu->code > 0 && pdu->code < 32 &&
	    sized_take(&p, sizeof p, params)) {
		context_enter(session->context);
		pdu->bare = (p.flags & COAPX_REQUEST_EMPTY_TOKEN) != 0;
		a = app_request_new(session, &p);
		e = a ? send_request(session, pdu, a) : -COAP_E_NOMEM;
		if (e < 0) {
			coap_free_type(COAP_NODE, a);
			a = NULL;
		} else {
			a->params.first_part = NULL;
		}
		context_leave(session->context);
	}
	coap_delete_pdu(pdu);
	if (err)
		*err = e;
	return a;
}

void
coapx_request_cancel(coapx_request_t *request)
{
	coap_session_t *session;
	struct request *q;

	if (!request)
		return;
	if (request->ended)
		return;
	if (request->working) {
		request->cancelled = true;
		return;
	}
	session = request->session;
	q = request->request;
	context_enter(session->context);
	request->ended = true;
	if (q) {
		requests_take(&session->requests, q);
		session_forget_pdu(session, q->sent);
		request_free(q);
		coap_free_type(COAP_NODE, request);
	} else {
		ping_cancel(session, request);
	}
	session_arm(session);
	context_leave(session->context);
}

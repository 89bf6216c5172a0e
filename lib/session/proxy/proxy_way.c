/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a proxy sends a request: what it asks for, and the list of servers. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "base/err.h"
#include "session/proxy/proxy.h"
#include "wire/pdu.h"

int
proxy_refuse(coap_pdu_t *response, unsigned code, const char *why)
{
	coap_pdu_set_code(response, (coap_pdu_code_t)code);
	if (pdu_reserve(response, strlen(why) + 1) == 0)
		coap_add_data(response, strlen(why), (const uint8_t *)why);
	return 0;
}

static bool
is_secure(const coap_uri_t *uri)
{
	const struct proto *proto = proto_by_scheme(uri->scheme);

	return proto && proto->secure;
}

bool
proxy_is_secure(const coap_session_t *session, const struct proxy_way *way)
{
	return session->proto->secure || is_secure(&way->asked) ||
	    is_secure(&way->hop);
}

static bool
is_strip(coap_proxy_t type)
{
	return type == COAP_PROXY_REVERSE_STRIP ||
	    type == COAP_PROXY_FORWARD_STRIP || type == COAP_PROXY_DIRECT_STRIP;
}

static bool
asks_for_proxy(const coap_pdu_t *request)
{
	coap_opt_iterator_t oi;

	return coap_check_option(request, COAP_OPTION_PROXY_URI, &oi) ||
	    coap_check_option(request, COAP_OPTION_PROXY_SCHEME, &oi);
}

/* RFC 7252 section 5.7.2: a URI that others may know what to do with. */
static bool
is_foreign(const coap_string_t *uri)
{
	size_t n = 0;

	while (n < uri->length &&
	    (isalnum(uri->s[n]) || (n > 0 && strchr("+-.", uri->s[n]))))
		n++;
	return n > 0 && n < uri->length && uri->s[n] == ':' &&
	    strncasecmp((const char *)uri->s, "coap", 4) != 0;
}

/* The URI that is asked for; without Uri-Host it is where the request came. */
static int
read_asked(const coap_session_t *session, const coap_pdu_t *request,
    struct proxy_way *way)
{
	char host[INET6_ADDRSTRLEN] = "";
	coap_uri_t base = {
		.host.s = (const uint8_t *)host,
		.scheme = session->proto->uri_scheme,
		.port = coap_address_get_port(&session->local),
	};
	int err;

	addr_host(&session->local, host, sizeof host);
	base.host.length = strlen(host);
	err = coapx_uri_from_pdu(request, &base, &way->text);
	if (err < 0)
		return err;
	if (coap_split_proxy_uri(way->text->s, way->text->length,
		&way->asked) == 0)
		return 0;
	return is_foreign(way->text) ? -COAP_E_NOTSUP : -COAP_E_URI;
}

static const coap_proxy_server_t *
choose(const coap_session_t *session, coap_proxy_server_list_t *list)
{
	if (list->entry_count == 0)
		return NULL;
	if (list->track_client_session)
		return &list->entry[session->id % list->entry_count];
	list->next_entry = (list->next_entry + 1) % list->entry_count;
	return &list->entry[(list->next_entry + list->entry_count - 1) %
	    list->entry_count];
}

int
proxy_find_way(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_proxy_server_list_t *list, struct proxy_way *way)
{
	bool asks = asks_for_proxy(request);
	int err = 0;

	session->proxied = true;
	way->direct = list->type == COAP_PROXY_DIRECT ||
	    list->type == COAP_PROXY_DIRECT_STRIP;
	way->strip = is_strip(list->type);
	way->server = choose(session, list);
	if (asks)
		err = read_asked(session, request, way);
	if (err < 0 && err != -COAP_E_NOTSUP)
		return proxy_refuse(response, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "What the proxy is asked for is no URI");
	if (way->direct && !asks)
		return proxy_refuse(response, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "The proxy is not told where to");
	if (!way->direct && !way->server)
		return proxy_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "The proxy has no server");
	way->hop = way->direct ? way->asked : way->server->uri;
	if (!asks)
		way->asked = way->hop;
	if (err < 0 || !coap_verify_proxy_scheme_supported(way->hop.scheme))
		return proxy_refuse(response,
		    COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED,
		    "This proxy does not speak that scheme");
	return 1;
}

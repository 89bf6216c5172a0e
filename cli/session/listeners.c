/* SPDX-License-Identifier: BSD-2-Clause */
/* Listeners, and the sessions that come in by them. */
#include "cli/session/listeners.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/command.h"
#include "cli/session/diagnosis.h"
#include "cli/session/opening.h"
#include "cli/words/names.h"

/* Leaves room for the numbers of sessions behind it. */
#define LISTENER_NAME_MAX 24
/* Names that are tried for a session that came in. */
#define NAME_TRIES 1000

/* --- where to listen ----------------------------------------------------- */

/* "coap://:5683" is "coap://" + "*" + ":5683", which a URI can be. */
static char *
with_host(const char *uri)
{
	const char *authority = strstr(uri, "://");

	if (!authority || strchr(":/", authority[3]) == NULL)
		return strdup(uri);
	authority += 3;
	return text_format("%.*s*%s", (int)(authority - uri), uri, authority);
}

/* One socket for both families where the host has IPv6. */
static void
any_address(coap_address_t *addr, uint16_t port, bool six)
{
	coap_address_init(addr);
	addr->addr.sa.sa_family = six ? AF_INET6 : AF_INET;
	addr->size = six ? sizeof addr->addr.sin6 : sizeof addr->addr.sin;
	coap_address_set_port(addr, port);
}

/* What all attempts to listen have in common. */
struct attempt {
	coap_context_t *context;
	coapx_listen_params_t params;
	int err;
};

static coap_endpoint_t *
try(struct attempt *attempt, const coap_address_t *addr)
{
	coapx_listen_params_t params = attempt->params;

	params.address = addr;
	return coapx_endpoint_open(attempt->context, &params, &attempt->err);
}

static coap_endpoint_t *
open_any(struct attempt *attempt, uint16_t port)
{
	coap_endpoint_t *endpoint;
	coap_address_t addr;

	any_address(&addr, port, true);
	endpoint = try(attempt, &addr);
	if (endpoint || attempt->err == -COAP_E_ADDRINUSE)
		return endpoint;
	any_address(&addr, port, false);
	return try(attempt, &addr);
}

/* The host as getaddrinfo() wants it: the % before a zone is %25 in a URI. */
static void
host_text(const coap_str_const_t *host, char *out, size_t size)
{
	char *zone;

	snprintf(out, size, "%.*s", (int)host->length, (const char *)host->s);
	zone = strstr(out, "%25");
	if (zone && strchr(out, ':'))
		memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
}

/* The first address of the name that can be bound. */
static coap_endpoint_t *
open_host(struct attempt *attempt, const coap_uri_t *uri, bool *resolved)
{
	char text[256];
	coap_str_const_t host = { 0, (const uint8_t *)text };
	coap_endpoint_t *endpoint = NULL;
	coap_addr_info_t *list;
	coap_addr_info_t *info;

	host_text(&uri->host, text, sizeof text);
	host.length = strlen(text);
	list = coap_resolve_address_info(&host, uri->port, uri->port, uri->port,
	    uri->port, 0, 1 << uri->scheme, COAP_RESOLVE_TYPE_LOCAL);
	*resolved = list != NULL;
	for (info = list; info && !endpoint; info = info->next) {
		/* There port 0 is the scheme's default, here a free one. */
		coap_address_set_port(&info->addr, uri->port);
		endpoint = try(attempt, &info->addr);
	}
	coap_free_address_info(list);
	return endpoint;
}

/* --- opening ------------------------------------------------------------- */

static bool
is_at(const struct listener *listener, coap_proto_t proto, uint16_t port)
{
	const coap_endpoint_t *endpoint = listener->endpoint;

	return coapx_endpoint_get_proto(endpoint) == proto &&
	    coap_address_get_port(coapx_endpoint_get_address(endpoint)) == port;
}

static char *
open_problem(struct app *app, const struct attempt *attempt, const char *uri,
    uint16_t port, int *status)
{
	coap_proto_t proto = attempt->params.proto;
	int err = attempt->err;
	struct listener *other;
	struct diagnosis d;
	char why[160] = "";

	*status = STATUS_LOCAL;
	if (err == -COAP_E_PERM)
		return text_format("%s: not permitted; ports below 1024 are "
				   "for root",
		    uri);
	if (err == -COAP_E_UNREACH)
		return text_format("%s: this host has no such address", uri);
	coapx_context_error(app->context, why, sizeof why);
	if (err == -COAP_E_CREDENTIALS || err == -COAP_E_NO_MODULE) {
		diagnose(&(struct facts){ .error = -err, .why = why }, &d);
		*status = d.status;
		return text_format("%s: %s; %s", uri, d.cause, d.advice);
	}
	if (err != -COAP_E_ADDRINUSE) {
		*status = status_of_error(err);
		return text_format("%s: %s", uri, why);
	}
	DL_FOREACH(app->listeners, other)
		if (is_at(other, proto, port))
			return text_format("%s: the address is in use; '%s' "
					   "listens on %s",
			    uri, other->name, other->uri);
	return text_format("%s: the address is in use; choose another port, or "
			   "0 for a free one",
	    uri);
}

static char *
invent_name(struct app *app)
{
	unsigned number = 0;
	char text[16];

	do
		snprintf(text, sizeof text, "l%u", ++number);
	while (listener_find(app, text) || control_claim(app, text) == -EEXIST);
	return strdup(text);
}

/* The URI with the port that it really has. */
static char *
real_uri(const coap_endpoint_t *endpoint)
{
	char addr[ADDR_SIZE];

	return text_format("%s://%s",
	    coapx_proto_scheme(coapx_endpoint_get_proto(endpoint)),
	    addr_text(coapx_endpoint_get_address(endpoint), addr));
}

static struct listener *
add(struct app *app, coap_endpoint_t *endpoint,
    const struct listen_params *params)
{
	const char *name = params->name;
	struct listener *listener = calloc(1, sizeof *listener);

	if (!listener)
		return NULL;
	listener->endpoint = endpoint;
	listener->name = name ? strdup(name) : invent_name(app);
	listener->uri = real_uri(endpoint);
	if (!listener->name || !listener->uri) {
		free(listener->name);
		free(listener->uri);
		free(listener);
		return NULL;
	}
	listener->keyring = keyring_ref(params->keyring);
	coapx_endpoint_set_app_data(endpoint, listener);
	DL_APPEND(app->listeners, listener);
	control_claim(app, listener->name);
	return listener;
}

static char *
check_name(struct app *app, const char *name, int *status)
{
	char *problem = NULL;

	*status = STATUS_USAGE;
	if (!name)
		return NULL;
	if (!name_check(name, &problem))
		return problem;
	if (strlen(name) > LISTENER_NAME_MAX)
		return text_format("'%s' is too long for a listener: %d at "
				   "most",
		    name, LISTENER_NAME_MAX);
	if (!listener_find(app, name))
		return NULL;
	*status = STATUS_STATE;
	return text_format("there is a listener named '%s' already", name);
}

/* uri has a host. */
static coap_endpoint_t *
open_endpoint(struct app *app, const char *text, struct keyring *keyring,
    int *status, char **problem)
{
	struct attempt attempt = { .context = app->context };
	coap_endpoint_t *endpoint;
	bool resolved = true;
	coap_proto_t proto;
	coap_uri_t uri;

	if (coap_split_uri((const uint8_t *)text, strlen(text), &uri) < 0) {
		*status = STATUS_USAGE;
		*problem = uri_problem(text);
		return NULL;
	}
	if (uri.path.length > 0 || uri.query.length > 0) {
		*status = STATUS_USAGE;
		*problem = text_format("%s: to listen takes a scheme, a host "
				       "and a port, and no path or query",
		    text);
		return NULL;
	}
	proto = coapx_scheme_proto(uri.scheme);
	if (!coapx_proto_is_supported(proto)) {
		*status = STATUS_INTERNAL;
		*problem = proto_problem(proto);
		return NULL;
	}
	if (proto_is_secure(proto) && !keyring_proves(keyring)) {
		*status = STATUS_USAGE;
		*problem = credentials_problem(text);
		return NULL;
	}
	attempt.params = (coapx_listen_params_t){
		.size = sizeof attempt.params,
		.proto = proto,
		.credentials =
		    proto_is_secure(proto) ? keyring_library(keyring) : NULL,
	};
	if (uri.host.length == 1 && *uri.host.s == '*')
		endpoint = open_any(&attempt, uri.port);
	else
		endpoint = open_host(&attempt, &uri, &resolved);
	if (endpoint)
		return endpoint;
	*status = STATUS_RESOLVE;
	*problem = resolved
	    ? open_problem(app, &attempt, text, uri.port, status)
	    : text_format("%s: the name does not resolve", text);
	return NULL;
}

struct listener *
listener_open(struct app *app, const struct listen_params *params, int *status,
    char **problem)
{
	struct listener *listener;
	coap_endpoint_t *endpoint;
	char *text;

	*problem = check_name(app, params->name, status);
	if (*problem)
		return NULL;
	*status = STATUS_INTERNAL;
	text = with_host(params->uri);
	if (!text)
		return NULL;
	endpoint = open_endpoint(app, text, params->keyring, status, problem);
	free(text);
	if (!endpoint)
		return NULL;
	listener = add(app, endpoint, params);
	if (!listener)
		coap_free_endpoint(endpoint);
	return listener;
}

struct listener *
listener_find(struct app *app, const char *name)
{
	struct listener *listener;

	DL_FOREACH(app->listeners, listener)
		if (strcmp(listener->name, name) == 0)
			return listener;
	return NULL;
}

void
listener_close(struct app *app, struct listener *listener)
{
	struct named *named;

	/* Its sessions end with it, and are forgotten by their last event. */
	DL_DELETE(app->listeners, listener);
	coapx_endpoint_set_app_data(listener->endpoint, NULL);
	DL_FOREACH(app->sessions, named)
		if (named->from == listener)
			named->from = NULL;
	coap_free_endpoint(listener->endpoint);
	control_release(app, listener->name);
	keyring_unref(listener->keyring);
	free(listener->name);
	free(listener->uri);
	free(listener);
}

void
listeners_free(struct app *app)
{
	while (app->listeners)
		listener_close(app, app->listeners);
}

/* --- sessions that come in ----------------------------------------------- */

/* home1, home2 ...; a name that ends in a digit takes a point: l1.1. */
static void
came_in(struct app *app, struct listener *listener, coap_session_t *session)
{
	size_t len = strlen(listener->name);
	const char *point =
	    isdigit((unsigned char)listener->name[len - 1]) ? "." : "";
	struct named *named = NULL;
	char *problem = NULL;
	char name[48];
	int tries = 0;

	do {
		free(problem);
		snprintf(name, sizeof name, "%s%s%u", listener->name, point,
		    ++listener->accepted);
		named = app_add(app, name, session, false, &problem);
	} while (!named && problem && ++tries < NAME_TRIES);
	free(problem);
	if (named)
		named->from = listener;
}

/* Before anybody hears that it stands. */
static void
stands(struct app *app, const struct listener *listener,
    coap_session_t *session)
{
	struct named *named = app_find_session(app, session);

	if (!named || !listener->to_client ||
	    !coap_session_set_type_client(session))
		return;
	named->owned = true;
}

void
listeners_event(struct app *app, coap_session_t *session, coap_event_t event)
{
	coap_endpoint_t *endpoint = coapx_session_get_endpoint(session);
	struct listener *listener = coapx_endpoint_get_app_data(endpoint);
	struct named *named;

	if (event == COAP_EVENT_SERVER_SESSION_DEL) {
		named = app_find_session(app, session);
		if (named)
			named_forget(app, named);
	} else if (event == COAP_EVENT_SERVER_SESSION_NEW && listener) {
		came_in(app, listener, session);
	} else if (event == COAP_EVENT_SESSION_CONNECTED && listener) {
		stands(app, listener, session);
	}
}

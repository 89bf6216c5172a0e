/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions of a proxy to next hops, that are used again. */
#include <string.h>

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "session/connect/open.h"
#include "session/proxy/proxy.h"
#include "session/secure/credentials.h"

/* What a link is found by, or made from. */
struct hop {
	const char *origin;
	const coap_proxy_server_t *server; /* for its credentials; or NULL */
	uint64_t client;
	unsigned idle_seconds;
};

void
proxy_link_close(struct proxy_link *link)
{
	struct proxy *proxy = link->proxy;

	DL_DELETE(proxy->links, link);
	proxy->n_links--;
	coapx_timer_free(link->idle);
	coapx_session_shutdown(link->session);
	coap_session_release(link->session);
	coap_free_type(COAP_STRING, link->origin);
	coap_free_type(COAP_NODE, link);
}

static void
on_idle(coapx_timer_t *timer, void *arg)
{
	struct proxy_link *link = arg;

	(void)timer;
	if (link->users == 0)
		proxy_link_close(link);
}

/* --- finding -------------------------------------------------------------- */

static bool
is_for(const struct proxy_link *link, const struct hop *hop)
{
	const coap_proxy_server_t *server = hop->server;

	return link->client == hop->client &&
	    link->pki == (server ? server->dtls_pki : NULL) &&
	    link->cpsk == (server ? server->dtls_cpsk : NULL) &&
	    strcmp(link->origin, hop->origin) == 0;
}

/* One whose session has ended is of no use; who waits there hears of it. */
static struct proxy_link *
find(struct proxy *proxy, const struct hop *hop)
{
	struct proxy_link *link = proxy->links;

	while (link) {
		if (is_for(link, hop) && session_is_open(link->session))
			return link;
		if (!is_for(link, hop) || link->users > 0) {
			link = link->next;
		} else {
			/* Who is told of it may end others. */
			proxy_link_close(link);
			link = proxy->links;
		}
	}
	return NULL;
}

/* The one that nobody uses for longest makes room. */
static bool
make_room(struct proxy *proxy)
{
	struct proxy_link *link;

	if (!proxy->links || proxy->n_links < PROXY_LINKS_MAX)
		return true;
	link = proxy->links->prev;
	while (link->users > 0 && link != proxy->links)
		link = link->prev;
	if (link->users > 0)
		return false;
	proxy_link_close(link);
	return true;
}

/* --- making --------------------------------------------------------------- */

/* NULL without an error: those of the context. */
static struct credentials *
credentials_of(const coap_proxy_server_t *server, int *err)
{
	struct credentials *c;

	*err = 0;
	if (!server || (!server->dtls_pki && !server->dtls_cpsk))
		return NULL;
	c = credentials_new(false);
	if (!c)
		*err = -COAP_E_NOMEM;
	if (c && server->dtls_pki)
		*err = credentials_set_pki(c, server->dtls_pki);
	if (*err == 0 && server->dtls_cpsk)
		*err = credentials_set_cpsk(c, server->dtls_cpsk);
	if (*err == 0)
		return c;
	credentials_unref(c);
	return NULL;
}

static int
open_session(struct proxy_link *link, const struct hop *hop)
{
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = hop->origin,
	};
	int err;
	struct credentials *c = credentials_of(hop->server, &err);

	if (err == 0)
		err = open_uri_as(link->proxy->context, &params, c,
		    &link->session);
	credentials_unref(c);
	return err;
}

static struct proxy_link *
link_new(struct proxy *proxy, const struct hop *hop, int *err)
{
	struct proxy_link *link = mem_new(COAP_NODE, 1, sizeof *link);
	size_t len = strlen(hop->origin) + 1;

	*err = -COAP_E_NOMEM;
	if (!link)
		return NULL;
	link->proxy = proxy;
	link->client = hop->client;
	link->idle_seconds = hop->idle_seconds;
	link->pki = hop->server ? hop->server->dtls_pki : NULL;
	link->cpsk = hop->server ? hop->server->dtls_cpsk : NULL;
	link->origin = coap_malloc_type(COAP_STRING, len);
	link->idle = coapx_timer_new(proxy->context, on_idle, link);
	if (link->origin && link->idle) {
		memcpy(link->origin, hop->origin, len);
		*err = open_session(link, hop);
	}
	if (*err == 0)
		return link;
	coapx_timer_free(link->idle);
	coap_free_type(COAP_STRING, link->origin);
	coap_free_type(COAP_NODE, link);
	return NULL;
}

/* One that can be used, with one more user; NULL and *err. */
static struct proxy_link *
link_get(struct proxy *proxy, const struct hop *hop, int *err)
{
	struct proxy_link *link = find(proxy, hop);

	*err = 0;
	if (link) {
		DL_DELETE(proxy->links, link);
	} else if (!make_room(proxy)) {
		*err = -COAP_E_LIMIT;
		return NULL;
	} else {
		link = link_new(proxy, hop, err);
		if (!link)
			return NULL;
		proxy->n_links++;
	}
	DL_PREPEND(proxy->links, link);
	link->users++;
	coapx_timer_stop(link->idle);
	return link;
}

static char *
origin_of(const coap_uri_t *uri)
{
	coap_uri_t bare = *uri;
	coap_string_t *text = NULL;
	char *origin = NULL;

	bare.path = (coap_str_const_t){ 0, NULL };
	bare.query = (coap_str_const_t){ 0, NULL };
	if (coapx_uri_print(&bare, &text) == 0)
		origin = coap_malloc_type(COAP_STRING, text->length + 1);
	if (origin) {
		/* Without the slash of an empty path. */
		memcpy(origin, text->s, text->length);
		origin[text->length > 0 ? text->length - 1 : 0] = '\0';
	}
	coap_delete_string(text);
	return origin;
}

struct proxy_link *
proxy_reach(struct proxy *proxy, const coap_session_t *session,
    const struct proxy_way *way, const coap_proxy_server_list_t *list, int *err)
{
	struct proxy_link *link = NULL;
	char *origin = origin_of(&way->hop);
	struct hop hop = {
		.origin = origin,
		.server = way->server,
		.client = list->track_client_session ? session->id : 0,
		.idle_seconds = list->idle_timeout_secs,
	};

	*err = -COAP_E_NOMEM;
	if (origin)
		link = link_get(proxy, &hop, err);
	coap_free_type(COAP_STRING, origin);
	return link;
}

void
proxy_link_put(struct proxy_link *link)
{
	if (--link->users > 0)
		return;
	if (!session_is_open(link->session) || link->orphan)
		proxy_link_close(link);
	else if (link->idle_seconds > 0)
		coapx_timer_set(link->idle,
		    (uint64_t)link->idle_seconds * COAP_TICKS_PER_SECOND);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* serve as a proxy: for whatever a client names, or for one server. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/device/device.h"
#include "cli/session/opening.h"

#include <coap3/coap_proxy.h>

/* Sessions to next hops that nobody uses end after so many seconds. */
#define IDLE_SECONDS 60
/* Answers that are kept, and bytes of them. */
#define CACHE_ENTRIES 1024
#define CACHE_BYTES   ((size_t)16 << 20)

/* One for a process. */
struct relay {
	struct app *app;
	coap_resource_t *resource;
	coap_proxy_server_list_t list;
	coap_proxy_server_t server; /* of a reverse proxy; points into uri */
	char *uri;
	char **hosts; /* that a forward proxy may ask; none: all */
	size_t n_hosts;
};

const struct option relay_options[] = {
	{ .name = "proxy",
	    .help = "also be a proxy, for whoever asks, to anywhere" },
	{ .name = "proxy-to",
	    .arg = "HOST",
	    .repeat = true,
	    .help = "a proxy to this host alone" },
	{ .name = "reverse",
	    .arg = "URI",
	    .complete = COMPLETE_URI,
	    .help = "be a reverse proxy: pass all requests on to this server" },
	{ .name = "no-cache",
	    .help = "as a proxy, keep no answers: ask the server each time" },
	{ .name = NULL },
};

/* --- requests ------------------------------------------------------------- */

static void
refuse(coap_pdu_t *response, coap_pdu_code_t code, const char *why)
{
	coap_pdu_set_code(response, code);
	coap_add_data(response, strlen(why), (const uint8_t *)why);
}

/* The host that is asked for; an IPv6 address without brackets. */
static bool
is_host(const struct relay *relay, const coap_pdu_t *request)
{
	static const coap_uri_t none = { .scheme = COAP_URI_SCHEME_COAP };
	coap_string_t *text = NULL;
	bool found = false;
	coap_uri_t uri;

	if (coapx_uri_from_pdu(request, &none, &text) < 0)
		return false;
	if (coap_split_proxy_uri(text->s, text->length, &uri) == 0)
		for (size_t i = 0; i < relay->n_hosts && !found; i++)
			found = strlen(relay->hosts[i]) == uri.host.length &&
			    strncasecmp(relay->hosts[i],
				(const char *)uri.host.s, uri.host.length) == 0;
	coap_delete_string(text);
	return found;
}

/* Its listener may be one of the device's, or of others, that are no proxy. */
static bool
came_by_proxy(const coap_session_t *session)
{
	coap_endpoint_t *endpoint = coapx_session_get_endpoint(session);
	const struct listener *listener =
	    endpoint ? coapx_endpoint_get_app_data(endpoint) : NULL;

	return listener && listener->proxy;
}

static void
handle(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	struct relay *relay = ((struct app *)coap_context_get_app_data(
				   coap_session_get_context(session)))
				  ->relay;

	(void)query;
	if (!came_by_proxy(session))
		refuse(response, COAP_RESPONSE_CODE_PROXYING_NOT_SUPPORTED,
		    "This listener is no proxy");
	else if (relay->n_hosts > 0 && !is_host(relay, request))
		refuse(response, COAP_RESPONSE_CODE_FORBIDDEN,
		    "This proxy does not ask that host");
	else
		coap_proxy_forward_request(session, request, response, resource,
		    NULL, &relay->list);
}

/* --- becoming one --------------------------------------------------------- */

static struct relay *
relay_new(struct job *job)
{
	struct relay *relay = calloc(1, sizeof *relay);

	if (!relay)
		return NULL;
	relay->app = job->app;
	relay->list.idle_timeout_secs = IDLE_SECONDS;
	job->app->relay = relay;
	coapx_context_set_proxy_cache(job->app->context,
	    args_has(&job->args, "no-cache") ? 0 : CACHE_ENTRIES, CACHE_BYTES);
	return relay;
}

static int
add(struct job *job, struct relay *relay, coap_resource_t *resource)
{
	if (!resource) {
		relay_free(job->app);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	relay->resource = resource;
	coap_add_resource(job->app->context, resource);
	return STATUS_OK;
}

/* The hosts of --proxy-to. */
static bool
copy_hosts(struct relay *relay, const struct args *args)
{
	const char *host;
	char **hosts;

	for (size_t i = 0;; i++) {
		host = args_nth(args, "proxy-to", i);
		if (!host)
			return true;
		hosts = realloc(relay->hosts, (i + 1) * sizeof *hosts);
		if (!hosts)
			return false;
		relay->hosts = hosts;
		hosts[i] = strdup(host);
		if (!hosts[i])
			return false;
		relay->n_hosts++;
	}
}

/* A host as a URI names it, without anything around it. */
static int
check_hosts(struct job *job)
{
	const char *host;

	for (size_t i = 0;; i++) {
		host = args_nth(&job->args, "proxy-to", i);
		if (!host)
			return STATUS_OK;
		if (*host == '\0' || strchr(host, '/'))
			return job_fail(job, STATUS_USAGE,
			    "--proxy-to wants a host, such as lamp.example or "
			    "192.0.2.7, not '%s'",
			    host);
	}
}

static int
forward(struct job *job)
{
	struct relay *relay;
	int status;

	if (job->app->relay)
		return job_fail(job, STATUS_STATE,
		    "this process is a proxy already");
	status = check_hosts(job);
	if (status != STATUS_OK)
		return status;
	relay = relay_new(job);
	if (!relay || !copy_hosts(relay, &job->args)) {
		relay_free(job->app);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	relay->list.type = COAP_PROXY_DIRECT_STRIP;
	return add(job, relay, coap_resource_proxy_uri_init(handle, 0, NULL));
}

static int
reverse(struct job *job, const char *uri)
{
	int status = STATUS_OK;
	char *origin = origin_of_uri(job, uri, &status);
	struct relay *relay;

	if (!origin)
		return status;
	if (job->app->device || job->app->relay) {
		free(origin);
		return job_fail(job, STATUS_STATE,
		    "this process serves something else already; a reverse "
		    "proxy takes all requests, and needs one of its own");
	}
	relay = relay_new(job);
	if (!relay) {
		free(origin);
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	}
	relay->uri = origin;
	relay->list.type = COAP_PROXY_REVERSE_STRIP;
	relay->list.entry = &relay->server;
	relay->list.entry_count = 1;
	/* It has been taken apart once. */
	coap_split_uri((const uint8_t *)origin, strlen(origin),
	    &relay->server.uri);
	return add(job, relay, coap_resource_reverse_proxy_init(handle, 0));
}

bool
relay_is_reverse(const struct app *app)
{
	return app->relay && app->relay->uri;
}

int
relay_start(struct job *job)
{
	const char *uri = args_get(&job->args, "reverse");
	bool proxy =
	    args_has(&job->args, "proxy") || args_has(&job->args, "proxy-to");

	if (uri && proxy)
		return job_fail(job, STATUS_USAGE,
		    "--reverse passes all requests on, so --proxy has none");
	if (uri)
		return reverse(job, uri);
	if (proxy)
		return forward(job);
	if (args_has(&job->args, "no-cache"))
		return job_fail(job, STATUS_USAGE,
		    "--no-cache is for a proxy: --proxy, --proxy-to or "
		    "--reverse makes one");
	if (relay_is_reverse(job->app))
		return job_fail(job, STATUS_STATE,
		    "this process is a reverse proxy for %s, and serves "
		    "nothing else",
		    job->app->relay->uri);
	return STATUS_OK;
}

void
relay_free(struct app *app)
{
	struct relay *relay = app->relay;

	app->relay = NULL;
	if (!relay)
		return;
	if (relay->resource)
		coap_delete_resource(app->context, relay->resource);
	for (size_t i = 0; i < relay->n_hosts; i++)
		free(relay->hosts[i]);
	free(relay->hosts);
	free(relay->uri);
	free(relay);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Targets: what a command is pointed at, taken apart and opened. */
#include <ctype.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/app.h"
#include "cli/request/path.h"
#include "cli/session/opening.h"
#include "cli/words/names.h"

static int
out_of_memory(struct job *job)
{
	return job_fail(job, STATUS_INTERNAL, "out of memory");
}

/*
 * "device.example/time", where no session is open that has a path: a URI that
 * lacks its scheme, most likely.
 */
static bool
looks_like_host(const struct app *app, const char *operand)
{
	size_t len = strcspn(operand, "/");
	const char *colon = memchr(operand, ':', len);

	if (app->sessions || len == 0 || *operand == '.')
		return false;
	return *operand == '[' || (colon && isdigit((unsigned char)colon[1])) ||
	    (!colon && memchr(operand, '.', len)) ||
	    (len == 9 && strncmp(operand, "localhost", len) == 0);
}

/* --- options ------------------------------------------------------------- */

/* The address that a host is, without asking anybody. */
static bool
host_address(const coap_uri_t *uri, coap_address_t *addr)
{
	static const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST,
		.ai_socktype = SOCK_DGRAM,
	};
	struct addrinfo *info = NULL;
	char host[80];
	bool ok;

	if (uri->host.length >= sizeof host)
		return false;
	memcpy(host, uri->host.s, uri->host.length);
	host[uri->host.length] = '\0';
	/* A zone is of this machine alone; the peer does not hear of it. */
	host[strcspn(host, "%")] = '\0';
	if (getaddrinfo(host, NULL, &hints, &info) != 0)
		return false;
	ok = info->ai_addrlen <= sizeof addr->addr;
	if (ok) {
		coap_address_init(addr);
		memcpy(&addr->addr, info->ai_addr, info->ai_addrlen);
		addr->size = info->ai_addrlen;
		coap_address_set_port(addr, uri->port);
	}
	freeaddrinfo(info);
	return ok;
}

/* Whether the job's command can go through a proxy. */
static bool
takes_proxy(const struct job *job)
{
	const struct option *o;

	for (size_t i = 0; job->command->options && job->command->options[i];
	     i++)
		for (o = job->command->options[i]; o->name; o++)
			if (strcmp(o->name, "proxy") == 0 && o->arg)
				return true;
	return false;
}

/* The URI of the proxy for a URI; NULL: none. What the environment says counts
 * for this process's own words. */
static const char *
proxy_of(const struct job *job)
{
	const char *proxy = args_get(&job->args, "proxy");

	if (!takes_proxy(job))
		return NULL;
	if (!proxy && !job->front->guest)
		proxy = getenv("COAP_PROXY");
	return proxy && *proxy && strcmp(proxy, "none") != 0 ? proxy : NULL;
}

const char *
target_next_hop(const struct job *job, const char *operand)
{
	const char *proxy = looks_like_uri(operand) ? proxy_of(job) : NULL;

	return proxy ? proxy : operand;
}

/* Of what is wrong with it: with the words, or with the environment. */
static int
proxy_status(const struct job *job)
{
	return args_has(&job->args, "proxy") ? STATUS_USAGE : STATUS_LOCAL;
}

/* As origin_of_uri(), for a URI that is no more than an origin. */
static char *
proxy_origin(struct job *job, const char *proxy, int *status)
{
	const char *from =
	    args_has(&job->args, "proxy") ? "--proxy" : "COAP_PROXY";
	char *origin;
	char *problem;
	coap_uri_t uri;

	if (coap_split_uri((const uint8_t *)proxy, strlen(proxy), &uri) == 0 &&
	    (uri.path.length > 0 || uri.query.length > 0)) {
		*status = job_fail(job, proxy_status(job),
		    "%s %s: a proxy is a scheme, a host and a port, and no "
		    "path or query means anything to it",
		    from, proxy);
		return NULL;
	}
	origin = origin_of_text(proxy);
	problem = origin ? NULL : uri_problem(proxy);
	if (problem)
		*status =
		    job_fail(job, proxy_status(job), "%s: %s", from, problem);
	else if (!origin)
		*status = out_of_memory(job);
	free(problem);
	return origin;
}

int
target_proxy(struct job *job, const char *operand, char **origin)
{
	const char *proxy = proxy_of(job);
	int status = STATUS_OK;

	*origin = NULL;
	if (proxy && operand && looks_like_uri(operand))
		*origin = proxy_origin(job, proxy, &status);
	return status;
}

/*
 * Options for a proxy: Proxy-Scheme, and all of the URI in Uri-* (RFC 7252
 * section 5.10.2), so that further options of path and query can join them,
 * which Proxy-Uri would hide. The proxy looks the host up.
 */
static int
proxied_options(const char *text, coap_optlist_t **options)
{
	const char *scheme;
	coap_optlist_t *o;
	coap_uri_t uri;

	if (coap_split_proxy_uri((const uint8_t *)text, strlen(text), &uri) <
		0 ||
	    uri.host.length == 0)
		return -1;
	scheme = coapx_uri_scheme_name(uri.scheme);
	o = coap_new_optlist(COAP_OPTION_PROXY_SCHEME, strlen(scheme),
	    (const uint8_t *)scheme);
	if (!o || !coap_insert_optlist(options, o))
		return -1;
	return coap_uri_into_optlist(&uri, NULL, options, 1) ? 0 : -1;
}

/* Where the request will go: an address that is a name's only by its port. */
static void
destination(const coap_uri_t *uri, coap_address_t *addr)
{
	if (host_address(uri, addr))
		return;
	coap_address_init(addr);
	addr->addr.sa.sa_family = AF_INET;
	coap_address_set_port(addr, uri->port);
}

/* Options of a whole URI. An address in it needs no Uri-Host, and no port is
 * needed (RFC 7252 section 6.4): that is where the request goes anyway. */
static int
uri_options(const char *text, struct target *target)
{
	coap_address_t addr;
	coap_uri_t uri;

	if (coap_split_uri((const uint8_t *)text, strlen(text), &uri) < 0)
		return -1;
	destination(&uri, &addr);
	target->group = coap_is_mcast(&addr);
	return coap_uri_into_optlist(&uri, &addr, &target->options, 1) ? 0 : -1;
}

static int
bad_options(struct job *job, const char *uri)
{
	size_t at = 0;
	const char *why = coapx_uri_problem(uri, strlen(uri));

	coapx_uri_check(uri, strlen(uri), &at);
	if (!why)
		return job_fail(job, STATUS_USAGE,
		    "%s: no request can be made for it", uri);
	return job_fail(job, STATUS_USAGE, "%s: %s (character %zu)", uri, why,
	    at + 1);
}

/* --- URIs ---------------------------------------------------------------- */

static bool
same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether a request to that origin may use a session, but for credentials. */
static bool
is_at(const struct named *named, const char *origin, const char *bind)
{
	return named->shared && same(named->uri, origin) &&
	    same(named->bind, bind) && !session_is_dead(named->session);
}

static struct named *
find_shared(const struct job *job, const char *origin)
{
	struct keyring_id id = keyring_id_of(&job->args);
	const char *bind = args_get(&job->args, "bind");
	struct named *named;

	DL_FOREACH(job->app->sessions, named)
		if (is_at(named, origin, bind) &&
		    keyring_id_equal(named->credentials, id))
			return named;
	return NULL;
}

/* One that is there, with other credentials, may be what was meant. */
static void
tell_of_others(struct job *job, const char *origin)
{
	const char *bind = args_get(&job->args, "bind");
	const struct named *named;

	DL_FOREACH(job->app->sessions, named) {
		if (!is_at(named, origin, bind))
			continue;
		output_note(job->out,
		    "not %s, which was opened with other credentials; "
		    "'%s:/' uses it",
		    named->name, named->name);
		return;
	}
}

/* What is opened by a request is found again by the next, where one follows. */
static int
share(struct job *job, struct target *target, const char *origin,
    const char *bind)
{
	char *uri = strdup(origin);
	char *bound = bind ? strdup(bind) : NULL;
	char *problem = NULL;

	if (uri && (!bind || bound))
		target->named =
		    app_add(job->app, NULL, target->session, true, &problem);
	free(problem);
	if (!target->named) {
		free(uri);
		free(bound);
		return out_of_memory(job);
	}
	target->named->shared = true;
	target->named->uri = uri;
	target->named->bind = bound;
	target->named->credentials = keyring_id_of(&job->args);
	coap_session_reference(target->session);
	return STATUS_OK;
}

static int
target_origin(struct job *job, struct target *target, const char *origin)
{
	const char *bind = args_get(&job->args, "bind");
	int status = STATUS_OK;

	target->named = find_shared(job, origin);
	if (target->named) {
		target->session =
		    coap_session_reference(target->named->session);
		job->session = target->session;
		return STATUS_OK;
	}
	tell_of_others(job, origin);
	target->session = origin_open(job, origin, bind, &status);
	if (!target->session)
		return status;
	target->opened = true;
	return job->app->keep || job->shares ? share(job, target, origin, bind)
					     : STATUS_OK;
}

static int
target_uri(struct job *job, const char *uri, bool open, struct target *target)
{
	int status = STATUS_OK;
	const char *proxy = proxy_of(job);
	char *origin = proxy ? proxy_origin(job, proxy, &status)
			     : origin_of_uri(job, uri, &status);

	if (!origin)
		return status;
	target->uri = strdup(uri);
	target->proxy = proxy ? strdup(origin) : NULL;
	if (!target->uri || (proxy && !target->proxy))
		status = out_of_memory(job);
	else if (proxy ? proxied_options(uri, &target->options) < 0
		       : uri_options(uri, target) < 0)
		status = bad_options(job, uri);
	else if (open)
		status = target_origin(job, target, origin);
	free(origin);
	return status;
}

/* --- paths --------------------------------------------------------------- */

/* The origin that a session was opened by, or what its peer's address is. */
static char *
origin_of_session(const struct named *named)
{
	char addr[ADDR_SIZE];
	char *origin;

	if (named->uri)
		return strdup(named->uri);
	addr_text(coap_session_get_addr_remote(named->session), addr);
	if (asprintf(&origin, "%s://%s",
		coapx_proto_scheme(coap_session_get_proto(named->session)),
		addr) < 0)
		return NULL;
	return origin;
}

static int
target_path(struct job *job, const char *name, const char *path,
    struct target *target)
{
	int status = STATUS_STATE;
	const char *proxy = args_get(&job->args, "proxy");
	struct named *named;
	char *origin;
	char *joined;

	if (takes_proxy(job) && proxy && strcmp(proxy, "none") != 0)
		return job_fail(job, STATUS_USAGE,
		    "--proxy is for a whole URI; '%s' goes by a session that "
		    "is open",
		    *path ? path : "/");
	named = app_session_for(job, name, &status);
	if (!named)
		return status;
	origin = origin_of_session(named);
	joined = path_join(front_path(job->front, named), path);
	if (!origin || !joined ||
	    asprintf(&target->uri, "%s%s", origin, joined) < 0)
		target->uri = NULL;
	free(origin);
	free(joined);
	if (!target->uri)
		return out_of_memory(job);
	if (uri_options(target->uri, target) < 0)
		return bad_options(job, target->uri);
	target->named = named;
	target->session = coap_session_reference(named->session);
	return STATUS_OK;
}

size_t
target_operand(const struct command *command)
{
	size_t i = 0;

	while (i < COMMAND_OPERANDS && command->operands[i].name &&
	    command->operands[i].complete != COMPLETE_TARGET)
		i++;
	return i < COMMAND_OPERANDS && command->operands[i].name
	    ? i
	    : COMMAND_OPERANDS;
}

static bool
operand_is_open(const struct job *job, const char *operand)
{
	char *origin;
	bool found;

	origin = operand ? origin_of_text(target_next_hop(job, operand)) : NULL;
	found = origin && find_shared(job, origin);
	free(origin);
	return found;
}

bool
target_is_open(const struct job *job)
{
	size_t at = target_operand(job->command);
	bool all = at < COMMAND_OPERANDS && at < job->args.n_operands;

	for (size_t i = at; all && i < job->args.n_operands; i++)
		all = operand_is_open(job, args_operand(&job->args, i));
	return all;
}

static int
find(struct job *job, const char *operand, bool open, struct target *target)
{
	char name[NAME_SIZE];
	const char *path;
	int status;

	memset(target, 0, sizeof *target);
	if (operand && looks_like_uri(operand)) {
		status = target_uri(job, operand, open, target);
	} else if (operand && looks_like_host(job->app, operand)) {
		status = job_fail(job, STATUS_STATE,
		    "no session is open; if '%s' is a device, try coap://%s",
		    operand, operand);
	} else if (operand) {
		path = name_of_target(operand, name);
		status = path ? target_path(job, name, path, target)
			      : target_path(job, NULL, operand, target);
	} else {
		status = target_path(job, NULL, "", target);
	}
	if (status != STATUS_OK)
		target_close(job->app, target);
	return status;
}

int
target_open(struct job *job, const char *operand, struct target *target)
{
	return find(job, operand, true, target);
}

int
target_name(struct job *job, const char *operand, struct target *target)
{
	return find(job, operand, false, target);
}

char *
target_shown(const struct target *target)
{
	return target->proxy ? strdup(target->uri) : path_of_uri(target->uri);
}

/* What was opened for this command and came to nothing leaves no name. */
static void
forget_lost(struct app *app, const struct target *target)
{
	struct named *named = app_find_session(app, target->session);

	if (named &&
	    coap_session_get_state(target->session) !=
		COAP_SESSION_STATE_ESTABLISHED)
		named_close(app, named);
}

void
target_close(struct app *app, struct target *target)
{
	if (target->session) {
		if (target->opened && !target->named)
			coapx_session_shutdown(target->session);
		else if (target->opened)
			forget_lost(app, target);
		coap_session_release(target->session);
	}
	coap_delete_optlist(target->options);
	free(target->uri);
	free(target->proxy);
	memset(target, 0, sizeof *target);
}

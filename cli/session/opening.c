/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions by URI: what open and targets share. */
#include "cli/session/opening.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/command.h"
#include "cli/secrets/key_log.h"
#include "cli/session/diagnosis.h"

/* --- URIs ---------------------------------------------------------------- */

static bool
is_scheme(const char *word, size_t len)
{
	const char *scheme;
	coap_proto_t p;

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++) {
		scheme = coapx_proto_scheme(p);
		if (strlen(scheme) == len &&
		    strncasecmp(word, scheme, len) == 0)
			return true;
	}
	return false;
}

bool
looks_like_uri(const char *word)
{
	size_t len = 0;

	if (!isalpha((unsigned char)*word))
		return false;
	while (isalnum((unsigned char)word[len]) ||
	    (word[len] && strchr("+.-", word[len])))
		len++;
	return strncmp(word + len, "://", 3) == 0 ||
	    (word[len] == ':' && is_scheme(word, len));
}

char *
uri_problem(const char *text)
{
	size_t at = 0;
	const char *why = coapx_uri_problem(text, strlen(text));

	coapx_uri_check(text, strlen(text), &at);
	if (!looks_like_uri(text) && *text != '/')
		return text_format("'%s' is no URI: a scheme is missing; try "
				   "coap://%s",
		    text, text);
	return text_format("'%s' is no URI: %s (character %zu)", text,
	    why ? why : "the host is missing", at + 1);
}

char *
proto_problem(coap_proto_t proto)
{
	const char *scheme = coapx_proto_scheme(proto);

	return text_format("this build has no %s, which %s needs; 'version' "
			   "shows what it speaks",
	    strncmp(scheme, "coaps", 5) == 0 ? "TLS" : "WebSocket", scheme);
}

bool
proto_is_secure(coap_proto_t proto)
{
	return strncmp(coapx_proto_scheme(proto), "coaps", 5) == 0;
}

char *
credentials_problem(const char *uri)
{
	return text_format("%s: what it proves itself with is missing; give "
			   "--psk-file or --psk-table, or --cert and --key",
	    uri);
}

/* Tells a problem, which is freed. */
static int
fail_with(struct job *job, int status, char *problem)
{
	status = problem ? job_fail(job, status, "%s", problem)
			 : job_fail(job, STATUS_INTERNAL, "out of memory");
	free(problem);
	return status;
}

/* 0 and *origin, -COAP_E_URI for what is none, or another error. */
static int
make_origin(const char *text, char **origin)
{
	coap_string_t *printed = NULL;
	coap_uri_t uri;
	int err;

	*origin = NULL;
	if (coap_split_uri((const uint8_t *)text, strlen(text), &uri) < 0 ||
	    uri.host.length == 0)
		return -COAP_E_URI;
	uri.path = (coap_str_const_t){ 0, NULL };
	uri.query = (coap_str_const_t){ 0, NULL };
	err = coapx_uri_print(&uri, &printed);
	if (err < 0)
		return err;
	/* Without the slash that an empty path is printed as. */
	*origin = strndup((const char *)printed->s, printed->length - 1);
	coap_delete_string(printed);
	return *origin ? 0 : -COAP_E_NOMEM;
}

char *
origin_of_text(const char *text)
{
	char *origin;

	make_origin(text, &origin);
	return origin;
}

char *
origin_of_uri(struct job *job, const char *text, int *status)
{
	char *origin;
	int err = make_origin(text, &origin);

	if (err == -COAP_E_URI)
		*status = fail_with(job, STATUS_USAGE, uri_problem(text));
	else if (err < 0)
		*status = job_fail(job, status_of_error(err), "%s: %s", text,
		    coapx_strerror(err));
	return origin;
}

char *
path_of_uri(const char *text)
{
	const char *authority = strstr(text, "://");
	const char *path = authority ? authority + 3 : text;

	path += strcspn(path, "/?");
	if (*path != '/')
		return strdup("/");
	return strndup(path, strcspn(path, "?"));
}

/* --- opening ------------------------------------------------------------- */

/* The protocol of an origin, which is a URI without doubt. */
static coap_proto_t
proto_of(const char *origin)
{
	coap_uri_t uri;

	if (coap_split_uri((const uint8_t *)origin, strlen(origin), &uri) < 0)
		return COAP_PROTO_NONE;
	return coapx_scheme_proto(uri.scheme);
}

/* A link-local address or group, which is on every link. */
static bool
lacks_interface(const char *origin)
{
	const char *host = strchr(origin, '[');

	return host && !strchr(host, '%') &&
	    (strncasecmp(host, "[fe80:", 6) == 0 ||
		(strncasecmp(host, "[ff", 3) == 0 && strchr("12", host[4])));
}

/* why: what the library says, which begins with the URI. */
static int
cannot_begin(struct job *job, const char *origin, const char *bind, int err,
    const char *why)
{
	if (err == -COAP_E_NOTSUP)
		return fail_with(job, STATUS_INTERNAL,
		    proto_problem(proto_of(origin)));
	if (bind && strchr(bind, '%') && err == -COAP_E_NOTFOUND)
		return job_fail(job, STATUS_USAGE,
		    "--bind %s: this host has no network interface of the name "
		    "behind the %%",
		    bind);
	if (bind && (err == -COAP_E_INVAL || err == -COAP_E_NOTFOUND))
		return job_fail(job, STATUS_USAGE,
		    "--bind %s: not an address of the form ADDR, ADDR:PORT, "
		    "[V6]:PORT or :PORT",
		    bind);
	if (err == -COAP_E_NOTFOUND)
		return job_fail(job, STATUS_RESOLVE,
		    "%s: this host has no network interface of the name behind "
		    "the %%",
		    origin);
	if (err == -COAP_E_INVAL && lacks_interface(origin))
		return job_fail(job, STATUS_USAGE,
		    "%s: which interface? Name it behind the address, as in "
		    "[%s%%eth0]",
		    origin,
		    strncasecmp(strchr(origin, '[') + 1, "fe", 2) == 0
			? "fe80::1"
			: "ff02::fd");
	if (bind && err == -COAP_E_ADDRINUSE)
		return job_fail(job, STATUS_LOCAL,
		    "--bind %s: the address is in use", bind);
	if (bind && err == -COAP_E_UNREACH)
		return job_fail(job, STATUS_UNREACHABLE,
		    "%s: cannot be reached from %s, or that is no address of "
		    "this host%s",
		    origin, bind,
		    strchr(bind, '%') ? "'s interface (0.0.0.0%IF is any of it)"
				      : "");
	return job_fail(job, status_of_error(err), "%s",
	    *why ? why : coapx_strerror(err));
}

coap_session_t *
origin_open(struct job *job, const char *origin, const char *bind, int *status)
{
	coap_context_t *context = job->app->context;
	/* The job's own limit comes first, and says what it waited for. */
	uint64_t limit = job->timeout_ms ? job->timeout_ms + 1000 : 0;
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = origin,
		.bind = bind,
		.connect_timeout_ms =
		    limit > UINT32_MAX ? UINT32_MAX : (unsigned)limit,
		.credentials = keyring_library(job->keyring),
	};
	coap_session_t *session;
	char why[160];
	int err = 0;

	if (proto_is_secure(proto_of(origin)))
		key_log_warn(job);
	job->opens = true;
	session = coapx_session_open(context, &params, &err);
	job->opens = false;
	job->session = session;
	if (session)
		return session;
	coapx_context_error(context, why, sizeof why);
	*status = cannot_begin(job, origin, bind, err, why);
	return NULL;
}

int
session_failed(struct job *job, const char *what, const coap_session_t *session)
{
	char why[160];
	char remote[ADDR_SIZE];
	int err = coapx_session_error(session, why, sizeof why);
	const char *text = why;
	const char *hint = "";
	struct diagnosis d;

	if (err == 0)
		return job_fail(job, STATUS_UNREACHABLE, "%s: closed", what);
	diagnose_session(session, err, &d);
	if (d.handshake)
		return job_fail(job, d.status, "%s: %s%s%s", what, d.cause,
		    *d.advice ? "; " : "", d.advice);
	/* The address is said once. */
	addr_text(coap_session_get_addr_remote(session), remote);
	if (*remote && strstr(what, remote))
		text = coapx_strerror(err);
	if (err == -COAP_E_REFUSED)
		hint = "; does anything listen there?";
	else if (err == -COAP_E_NO_CSM)
		hint = "; does it speak CoAP?";
	return job_fail(job, status_of_error(err), "%s: %s%s", what, text,
	    hint);
}

/* --- views --------------------------------------------------------------- */

const char *
addr_text(const coap_address_t *addr, char buf[ADDR_SIZE])
{
	unsigned char text[ADDR_SIZE] = "";

	buf[0] = '\0';
	if (addr && addr->addr.sa.sa_family != AF_UNSPEC &&
	    coap_print_addr(addr, text, sizeof text) > 0)
		memcpy(buf, text, sizeof text);
	return buf;
}

bool
session_reconnects(const coap_session_t *session)
{
	coapx_session_info_t info = { .size = sizeof info };

	coapx_session_get_info(session, &info);
	return info.reconnecting != 0;
}

bool
session_is_dead(const coap_session_t *session)
{
	return coap_session_get_state(session) == COAP_SESSION_STATE_NONE &&
	    coapx_session_error(session, NULL, 0) != 0 &&
	    !session_reconnects(session);
}

void
named_view(const struct front *front, const struct named *named,
    struct view_session *view, char *local, char *remote)
{
	const coap_session_t *s = named->session;
	coapx_session_info_t info = { .size = sizeof info };

	coapx_session_get_info(s, &info);
	addr_text(coap_session_get_addr_local(s), local);
	addr_text(coap_session_get_addr_remote(s), remote);
	*view = (struct view_session){
		.name = named->name,
		.current = named == front->current,
		.session = s,
		.proto = coapx_proto_name(coap_session_get_proto(s)),
		.type = coapx_type_name(coap_session_get_type(s)),
		.state = coapx_state_name(coap_session_get_state(s)),
		.local = *local ? local : NULL,
		.remote = *remote ? remote : NULL,
		.age_ms = info.age_ms,
		.rtt_us = info.rtt_avg_us,
		.observations = info.observations + info.observers,
		.security = security_word(s),
	};
}

void
output_named(struct job *job, const struct named *named)
{
	struct view_session view;
	char local[ADDR_SIZE];
	char remote[ADDR_SIZE];

	if (output_form(job->out) != FORM_JSON)
		return;
	named_view(job->front, named, &view, local, remote);
	output_sessions(job->out, &view, 1);
}

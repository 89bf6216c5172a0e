/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in device: one table of resources, one handler each. */
#include "cli/device/device.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/device/later.h"
#include "cli/device/store.h"
#include "cli/failure.h"
#include "cli/listeners.h"
#include "cli/option_text.h"

#define LARGE_DEFAULT   1000
#define LARGE_MAX       4194304
#define UNFORMATTED_MAX 1024

static void
release_body(coap_session_t *session, void *body)
{
	(void)session;
	free(body);
}

void
device_answer(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, coap_pdu_code_t code, int format,
    coap_bin_const_t body)
{
	uint8_t *copy = malloc(body.length + 1);

	if (!copy) {
		device_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "out of memory");
		return;
	}
	if (body.length > 0)
		memcpy(copy, body.s, body.length);
	coap_pdu_set_code(response, code);
	/* What has no format is bytes, as soon as it has to have one. */
	if (format < 0 && body.length <= UNFORMATTED_MAX) {
		if (body.length > 0)
			coap_add_data(response, body.length, copy);
		free(copy);
		return;
	}
	coap_add_data_large_response(NULL, session, request, response, NULL,
	    format < 0 ? COAP_MEDIATYPE_APPLICATION_OCTET_STREAM
		       : (uint16_t)format,
	    -1, 0, body.length, copy, release_body, copy);
}

void
device_refuse(coap_pdu_t *response, coap_pdu_code_t code, const char *why)
{
	coap_pdu_set_code(response, code);
	coap_add_data(response, strlen(why), (const uint8_t *)why);
}

static void
answer_text(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const char *text)
{
	device_answer(session, request, response, COAP_RESPONSE_CODE_CONTENT,
	    COAP_MEDIATYPE_TEXT_PLAIN,
	    (coap_bin_const_t){ strlen(text), (const uint8_t *)text });
}

/* The value of KEY in "a=1&key=value", malloc()ed; NULL: not there. */
static char *
query_value(const coap_string_t *query, const char *key)
{
	size_t n = strlen(key);
	const char *s = query ? (const char *)query->s : NULL;
	const char *end = s ? s + query->length : NULL;

	while (s && s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		const char *stop = amp ? amp : end;

		if ((size_t)(stop - s) > n && strncmp(s, key, n) == 0 &&
		    s[n] == '=')
			return strndup(s + n + 1, (size_t)(stop - s) - n - 1);
		s = amp ? amp + 1 : NULL;
	}
	return NULL;
}

bool
device_query_number(const coap_string_t *query, const char *key, uint64_t max,
    uint64_t *number)
{
	char *text = query_value(query, key);
	bool ok = !text || parse_number(text, max, number);

	free(text);
	return ok;
}

/* --- the resources ------------------------------------------------------- */

static void
get_root(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)query;
	answer_text(session, request, response,
	    "coap-shell " COAPX_VERSION ", the built-in device\n"
	    "'discover' lists what is here\n");
}

static void
get_time(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	time_t now = time(NULL);
	struct tm tm;
	char text[32];

	(void)resource;
	(void)query;
	gmtime_r(&now, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	answer_text(session, request, response, text);
}

static void
get_hello(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	char *name = query_value(query, "name");
	char *text = NULL;

	(void)resource;
	if (asprintf(&text, "Hello, %s!", name ? name : "world") >= 0)
		answer_text(session, request, response, text);
	free(text);
	free(name);
}

/* Who asks: the session as the device sees it. */
static void
get_who(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	char peer[PEER_SIZE];

	(void)resource;
	(void)query;
	answer_text(session, request, response, failure_peer(session, peer));
}

static void
post_echo(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	const uint8_t *data = NULL;
	size_t len = 0;

	(void)resource;
	(void)query;
	coap_get_data(request, &len, &data);
	device_answer(session, request, response, COAP_RESPONSE_CODE_CHANGED,
	    pdu_content_format(request), (coap_bin_const_t){ len, data });
}

static void
get_large(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	uint64_t n = LARGE_DEFAULT;
	uint8_t *body;

	(void)resource;
	if (!device_query_number(query, "size", LARGE_MAX, &n)) {
		device_refuse(response, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "size=N wants a number up to 4194304");
		return;
	}
	body = malloc(n + 1);
	if (!body) {
		device_refuse(response, COAP_RESPONSE_CODE_INTERNAL_ERROR,
		    "out of memory");
		return;
	}
	/* Lines of 64 bytes, so that a missing piece is seen at once. */
	for (size_t i = 0; i < n; i++)
		body[i] = (uint8_t)(i % 64 == 63 ? '\n' : 'A' + i / 64 % 26);
	device_answer(session, request, response, COAP_RESPONSE_CODE_CONTENT,
	    COAP_MEDIATYPE_TEXT_PLAIN, (coap_bin_const_t){ n, body });
	free(body);
}

/* Any response code, to see what a client makes of it. */
static void
get_code(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	char *name = query_value(query, "code");
	int code = name ? coapx_code_by_name(name) : -1;

	(void)resource;
	(void)session;
	(void)request;
	if (code < 64 || code >= 192)
		device_refuse(response, COAP_RESPONSE_CODE_BAD_REQUEST,
		    "code=C.DD wants a response code, such as 4.04");
	else
		coap_pdu_set_code(response, (coap_pdu_code_t)code);
	free(name);
}

/* --- the table ----------------------------------------------------------- */

struct device_resource {
	const char *path;
	const char *title;
	const char *rt;
	const char *ct;
	coap_method_handler_t get;
	coap_method_handler_t post;
	coap_method_handler_t put;
};

static const struct device_resource resources[] = {
	{ "", "What this is", NULL, "0", get_root, NULL, NULL },
	{ "time", "The time of day, UTC", "time", "0", get_time, NULL, NULL },
	{ "hello", "A greeting; ?name=X", NULL, "0", get_hello, NULL, NULL },
	{ "who", "You, as seen from here", NULL, "0", get_who, NULL, NULL },
	{ "echo", "Gives back what is posted", NULL, NULL, NULL, post_echo,
	    NULL },
	{ "large", "A long text; ?size=N", NULL, "0", get_large, NULL, NULL },
	{ "separate", "Answers late, by itself; ?ms=N", NULL, "0",
	    device_get_separate, NULL, NULL },
	{ "code", "Answers with ?code=C.DD", NULL, NULL, get_code, NULL, NULL },
	{ "store", "PUT below this path keeps what you send", NULL, "40",
	    device_get_store, NULL, NULL },
};

static bool
add_attr(coap_resource_t *resource, const char *name, const char *value,
    bool quote)
{
	char text[96];
	int n;

	if (!value)
		return true;
	n = snprintf(text, sizeof text, quote ? "\"%s\"" : "%s", value);
	if (n < 0 || (size_t)n >= sizeof text)
		return false;
	/* The library copies what it is not told to release. */
	return coap_add_attr(resource,
		   &(coap_str_const_t){ strlen(name), (const uint8_t *)name },
		   &(coap_str_const_t){ (size_t)n, (const uint8_t *)text },
		   0) != NULL;
}

static int
install(coap_context_t *context, const struct device_resource *row)
{
	coap_resource_t *r =
	    coap_resource_init(&(coap_str_const_t){ strlen(row->path),
				   (const uint8_t *)row->path },
		0);

	if (!r)
		return -1;
	coap_register_request_handler(r, COAP_REQUEST_GET, row->get);
	coap_register_request_handler(r, COAP_REQUEST_POST, row->post);
	coap_register_request_handler(r, COAP_REQUEST_PUT, row->put);
	if (!add_attr(r, "title", row->title, true) ||
	    !add_attr(r, "rt", row->rt, true) ||
	    !add_attr(r, "ct", row->ct, false)) {
		coap_delete_resource(NULL, r);
		return -1;
	}
	coap_add_resource(context, r);
	return 0;
}

int
device_install(struct app *app)
{
	if (app->device)
		return 0;
	for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++)
		if (install(app->context, &resources[i]) < 0)
			return -1;
	app->device = device_later_new(app);
	if (!app->device)
		return -1;
	return device_store_install(app->context);
}

struct listener *
device_listen(struct job *job, const char *uri, int *status)
{
	struct listener *listener = NULL;
	char *problem = NULL;

	*status = STATUS_INTERNAL;
	if (device_install(job->app) == 0)
		listener = listener_open(job->app,
		    &(struct listen_params){
			.uri = uri,
			.keyring = job->keyring,
		    },
		    status, &problem);
	if (listener)
		listener->device = true;
	else
		job_fail(job, *status, "%s",
		    problem ? problem : "out of memory");
	free(problem);
	return listener;
}

void
device_free(struct app *app)
{
	device_later_free(app->device);
	app->device = NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Contexts: birth, death, passes and settings. */
#include "session/context.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "session/connect/endpoint.h"
#include "session/connect/linger.h"
#include "session/observe/observe_server.h"
#include "session/observe/persist.h"
#include "session/proxy/proxy.h"
#include "session/secure/credentials.h"
#include "session/session.h"

static uint64_t
monotonic_us(void *arg)
{
	struct timespec ts;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
context_clock_us(const coap_context_t *context)
{
	return context->clock(context->clock_arg);
}

coap_tick_t
context_now(const coap_context_t *context)
{
	uint64_t us =
	    context->depth > 0 ? context->now_us : context_clock_us(context);

	return us / 1000;
}

coap_tick_t
context_layer_now(void *user)
{
	return context_now(user);
}

coap_tick_t
context_idle_time(const coap_context_t *context)
{
	unsigned s = context->set.session_timeout;

	if (s == 0)
		s = COAP_DEFAULT_SESSION_TIMEOUT;
	return (coap_tick_t)s * COAP_TICKS_PER_SECOND;
}

uint8_t *
context_rx(coap_context_t *context)
{
	if (!context->rx)
		context->rx = coap_malloc_type(COAP_PACKET, CONTEXT_RX_SIZE);
	return context->rx;
}

struct resolver *
context_resolver(coap_context_t *context)
{
	if (!context->resolver &&
	    resolver_open(&context->poller, &context->resolver) < 0)
		return NULL;
	return context->resolver;
}

int
context_fail(coap_context_t *context, int err, const char *format, ...)
{
	va_list ap;

	context->error = err;
	va_start(ap, format);
	vsnprintf(context->error_detail, sizeof context->error_detail, format,
	    ap);
	va_end(ap);
	coap_log_warn("%s: %s\n", context->error_detail, err_text(err));
	return err;
}

int
coapx_context_error(const coap_context_t *context, char *buf, size_t size)
{
	if (!context)
		return 0;
	if (buf && size > 0)
		snprintf(buf, size, "%s%s%s", context->error_detail,
		    context->error && context->error_detail[0] ? ": " : "",
		    err_text(context->error));
	return context->error;
}

int
context_check(coap_context_t *context)
{
	if (!context->freeing && !context->doomed)
		return 0;
	return context_fail(context, -COAP_E_CLOSED, "the context is ending");
}

/* What ended in this pass. A destructor of application data may end more. */
static void
reap(coap_context_t *context)
{
	coap_endpoint_t *endpoint;
	coap_session_t *session;

	while (context->dead) {
		session = context->dead;
		DL_DELETE(context->dead, session);
		session_destroy(session);
	}
	while (context->dead_endpoints) {
		endpoint = context->dead_endpoints;
		DL_DELETE(context->dead_endpoints, endpoint);
		credentials_unref(endpoint->credentials);
		if (endpoint->app_free && endpoint->app_data)
			endpoint->app_free(endpoint->app_data);
		coap_free_type(COAP_ENDPOINT, endpoint);
	}
}

void
context_enter(coap_context_t *context)
{
	if (context->depth++ > 0)
		return;
	context->now_us = context->clock(context->clock_arg);
	observer_pool_begin(&context->observing);
}

/* Ends every session while handlers still work, then takes the rest down. No
 * pass is under way. */
static void
destroy(coap_context_t *context)
{
	context->freeing = true;
	context_enter(context);
	/* What ends now is to be there at the next start. */
	persist_end(context);
	proxy_free(context);
	while (context->endpoints)
		endpoint_end(context->endpoints);
	while (context->clients)
		session_end(context->clients, COAP_NACK_NOT_DELIVERABLE,
		    -COAP_E_CLOSED);
	reap(context);
	linger_cut_all(context);
	app_free_all(context);
	cache_free(&context->cache);
	resources_free(&context->resources);
	if (context->resolver)
		resolver_close(context->resolver);
	loop_close(context);
	credentials_unref(context->credentials);
	credentials_unref(context->client_credentials);
	credentials_unref(context->server_credentials);
	credentials_unref(context->psk_credentials);
	coapx_context_set_keylog(context, NULL);
	if (context->app_free && context->app_data)
		context->app_free(context->app_data);
	coap_free_type(COAP_PACKET, context->rx);
	coap_free_type(COAP_CONTEXT, context);
}

void
context_leave(coap_context_t *context)
{
	if (context->depth > 1) {
		context->depth--;
		return;
	}
	reap(context);
	context->depth = 0;
	if (context->doomed) {
		context->doomed = false;
		destroy(context);
		return;
	}
	if (context->fd_given)
		loop_arm(context);
}

coap_context_t *
coap_new_context(const coap_address_t *listen_addr)
{
	coap_context_t *context =
	    mem_new(COAP_CONTEXT, 1, sizeof(coap_context_t));

	if (!context)
		return NULL;
	context->clock = monotonic_us;
	context->set.csm_max_message_size = STREAM_DEFAULT_MAX_SIZE;
	context->set.max_body_size = CONTEXT_BODY_MAX;
	context->set.proxy_entries = PROXY_CACHE_ENTRIES;
	context->set.proxy_bytes = PROXY_CACHE_BYTES;
	context->bodies.max = CONTEXT_BODIES_MAX;
	context->answers.max = CONTEXT_BODIES_MAX;
	context->kept.max = CONTEXT_BODIES_MAX;
	context->set.csm_timeout_ms = STREAM_CSM_TIMEOUT_MS;
	context->set.max_token_size = COAP_TOKEN_DEFAULT_MAX;
	context->set.max_handshake_sessions =
	    COAP_DEFAULT_MAX_HANDSHAKE_SESSIONS;
	cache_init(&context->cache, &context->timers);
	context->armed = TIMER_NEVER;
	context->keylog = -1;
	resources_init(&context->resources);
	context->resources.removed = notify_removed;
	if (loop_open(context) < 0) {
		resources_free(&context->resources);
		coap_free_type(COAP_CONTEXT, context);
		return NULL;
	}
	if (listen_addr &&
	    !coap_new_endpoint(context, listen_addr, COAP_PROTO_UDP)) {
		coap_free_context(context);
		return NULL;
	}
	return context;
}

void
coap_free_context(coap_context_t *context)
{
	if (!context || context->freeing)
		return;
	if (context->depth > 0) {
		context->doomed = true;
		/* What else this pass has found is not told any more. */
		poller_drop(&context->poller);
		while (context->timers.due)
			timers_cancel(&context->timers, context->timers.due);
		return;
	}
	destroy(context);
}

/* --- handlers and settings ----------------------------------------------- */

void
coap_register_response_handler(coap_context_t *context,
    coap_response_handler_t handler)
{
	if (context)
		context->on.response = handler;
}

void
coap_register_nack_handler(coap_context_t *context, coap_nack_handler_t handler)
{
	if (context)
		context->on.nack = handler;
}

void
coap_register_ping_handler(coap_context_t *context, coap_ping_handler_t handler)
{
	if (context)
		context->on.ping = handler;
}

void
coap_register_pong_handler(coap_context_t *context, coap_pong_handler_t handler)
{
	if (context)
		context->on.pong = handler;
}

void
coap_register_event_handler(coap_context_t *context, coap_event_handler_t hnd)
{
	if (context)
		context->on.event = hnd;
}

void
coap_set_event_handler(coap_context_t *context, coap_event_handler_t hnd)
{
	coap_register_event_handler(context, hnd);
}

void
coap_clear_event_handler(coap_context_t *context)
{
	coap_register_event_handler(context, NULL);
}

void
coapx_context_set_event_handler(coap_context_t *context,
    void (*handler)(coap_session_t *, coap_event_t, void *), void *arg)
{
	if (!context)
		return;
	context->on.event_arg = handler;
	context->on.event_arg_data = arg;
}

void
coapx_context_set_trace(coap_context_t *context,
    void (*handler)(const coapx_trace_t *, void *), void *arg)
{
	if (!context)
		return;
	context->on.trace = handler;
	context->on.trace_data = arg;
}

void
coap_context_set_app_data(coap_context_t *context, void *data)
{
	coap_context_set_app_data2(context, data, NULL);
}

void *
coap_context_set_app_data2(coap_context_t *context, void *data,
    coap_app_data_free_callback_t callback)
{
	void *old;

	if (!context)
		return NULL;
	old = context->app_data;
	context->app_data = data;
	context->app_free = callback;
	return old;
}

void *
coap_context_get_app_data(const coap_context_t *context)
{
	return context ? context->app_data : NULL;
}

void
coap_set_app_data(coap_context_t *context, void *data)
{
	coap_context_set_app_data(context, data);
}

void *
coap_get_app_data(const coap_context_t *context)
{
	return coap_context_get_app_data(context);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Sessions: birth, references, the idle pool, death. */
#include "session/session.h"

#include <utlist.h>

#include "base/alloc.h"
#include "session/body/blockwise.h"
#include "session/connect/endpoint.h"
#include "session/connect/reconnect.h"
#include "session/group/mcast.h"
#include "session/observe/observe_client.h"
#include "session/observe/observe_server.h"
#include "session/secure/secure.h"
#include "session/traffic/async.h"

/* Random, so that answers cannot be guessed (RFC 7252 section 5.3.1); and never
 * with a zero in front, so that all tokens of a session are equally long. */
static uint64_t
first_token(void)
{
	uint64_t token = 0;

	coap_prng(&token, sizeof token);
	return token | (uint64_t)1 << 63;
}

static void
use_client_list(coap_session_t *session)
{
	DL_APPEND(session->context->clients, session);
	session->in_clients = true;
}

static coap_session_t **
pool_of(coap_session_t *session)
{
	return session->half_open ? &session->context->half_open
				  : &session->context->idle;
}

static void
idle_remove(coap_session_t *session)
{
	if (!session->is_idle)
		return;
	DL_DELETE(*pool_of(session), session);
	session->context->n_idle--;
	session->is_idle = false;
}

/* The pool holds server sessions that nobody references, in order of use. */
void
session_idle_check(coap_session_t *session)
{
	bool idle = session->type == COAP_SESSION_TYPE_SERVER &&
	    session->references == 0 && !session->ending &&
	    !notify_has(session);

	idle_remove(session);
	if (!idle)
		return;
	session->half_open = session->counted;
	DL_APPEND(*pool_of(session), session);
	session->context->n_idle++;
	session->is_idle = true;
}

coap_session_t *
session_new(coap_context_t *context, const struct proto *proto,
    coap_session_type_t type, coap_endpoint_t *endpoint)
{
	coap_session_t *session =
	    mem_new(COAP_SESSION, 1, sizeof(coap_session_t));

	if (!session)
		return NULL;
	session->context = context;
	session->endpoint = endpoint;
	session->proto = proto;
	session->type = (uint8_t)type;
	session->id = ++context->next_session_id;
	session->params = &msg_params_default;
	session->mtu = COAP_DEFAULT_MTU;
	session->keepalive = KEEPALIVE_OF_CONTEXT;
	session->token = first_token();
	session->created = context_now(context);
	session->active = session->created;
	session->timer.fire = session_timer;
	coap_address_init(&session->remote);
	coap_address_init(&session->local);
	requests_init(&session->requests);
	session_messages_init(session);
	if (type == COAP_SESSION_TYPE_CLIENT) {
		session->references = 1;
		use_client_list(session);
	} else {
		session_idle_check(session);
		session_arm(session);
	}
	return session;
}

void
session_touch(coap_session_t *session)
{
	session->active = context_now(session->context);
	if (session->is_idle && session->next)
		session_idle_check(session);
}

struct session_extra *
session_extra(coap_session_t *session)
{
	if (!session->extra)
		session->extra =
		    mem_new(COAP_SESSION, 1, sizeof *session->extra);
	return session->extra;
}

/* Out of every table, so that nothing finds it any more. */
static void
unlink_session(coap_session_t *session)
{
	coap_context_t *context = session->context;

	idle_remove(session);
	if (session->in_clients) {
		DL_DELETE(context->clients, session);
		session->in_clients = false;
	}
	endpoint_forget(session);
	timers_cancel(&context->timers, &session->timer);
}

void
session_end(coap_session_t *session, coap_nack_reason_t reason, int err)
{
	coap_context_t *context = session->context;

	if (session->ending)
		return;
	context_enter(context);
	observe_farewell(session);
	session->ending = true;
	unlink_session(session);
	reconnect_stop(session);
	session_down(session, reason, err, true);
	if (session->endpoint)
		session_event(session, COAP_EVENT_SERVER_SESSION_DEL);
	timers_cancel(&context->timers, &session->timer);
	/* A handler may have taken a reference; it counts for nothing now, but
	 * the session stays in place until the pass ends. */
	session->dead = true;
	DL_APPEND(context->dead, session);
	context_leave(context);
}

/* Only memory goes here: all that talks was done by session_end(). */
void
session_destroy(coap_session_t *session)
{
	unlink_session(session);
	climb_end(session);
	layer_free(session->layer);
	session->layer = NULL;
	connect_cancel(session);
	session_messages_free(session);
	secure_free(session);
	reconnect_free(session);
	if (session->extra && session->extra->app_free && session->app_data)
		session->extra->app_free(session->app_data);
	if (session->extra)
		cache_scope_end(&session->extra->cached);
	if (session->own_params)
		coap_free_type(COAP_SESSION,
		    (void *)(uintptr_t)session->params);
	blockwise_forget(session);
	session_async_forget(session);
	mcast_late_forget(session);
	mcast_free(session);
	observe_free(session);
	notify_forget(session);
	if (session->extra) {
		coap_free_type(COAP_STRING, session->extra->ws_host);
		coap_delete_bin_const(session->extra->said);
		coap_free_type(COAP_SESSION, session->extra->ws);
	}
	coap_free_type(COAP_SESSION, session->extra);
	coap_free_type(COAP_SESSION, session);
}

/* --- references ---------------------------------------------------------- */

/* Who takes and who gives back, for those who look for a lost one. */
#define TRACE_REFERENCE(session, what)                                      \
	coap_log_debug("%s: %s by %p, references: %u\n",                    \
	    coap_session_str(session), (what), __builtin_return_address(0), \
	    (session)->references)

coap_session_t *
coap_session_reference(coap_session_t *session)
{
	if (!session)
		return NULL;
	session->references++;
	TRACE_REFERENCE(session, "referenced");
	if (session->is_idle)
		session_idle_check(session);
	return session;
}

void
coap_session_release(coap_session_t *session)
{
	coap_context_t *context;

	if (!session)
		return;
	if (session->references == 0) {
		coap_log_err("%s: released more often than referenced\n",
		    coap_session_str(session));
		return;
	}
	session->references--;
	TRACE_REFERENCE(session, "released");
	if (session->references > 0 || session->ending)
		return;
	context = session->context;
	context_enter(context);
	if (session->type == COAP_SESSION_TYPE_CLIENT) {
		session_end(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_CLOSED);
	} else {
		session->active = context_now(context);
		session_idle_check(session);
		session_arm(session);
	}
	context_leave(context);
}

/* What a message that is sent afterwards fails with. */
static int
error_of_reason(coap_nack_reason_t reason)
{
	static const int errors[] = {
		[COAP_NACK_TOO_MANY_RETRIES] = -COAP_E_RETRIES,
		[COAP_NACK_RST] = -COAP_E_RST,
		[COAP_NACK_ICMP_ISSUE] = -COAP_E_UNREACH,
		[COAP_NACK_BAD_RESPONSE] = -COAP_E_BAD_RESPONSE,
	};
	size_t i = (size_t)reason;

	if (i >= sizeof errors / sizeof errors[0] || errors[i] == 0)
		return -COAP_E_CLOSED;
	return errors[i];
}

void
coap_session_disconnected(coap_session_t *session, coap_nack_reason_t reason)
{
	coap_context_t *context;

	if (!session || session->ending)
		return;
	context = session->context;
	context_enter(context);
	if (reason == COAP_NACK_ICMP_ISSUE && !session_reliable(session))
		session_icmp(session, -COAP_E_UNREACH);
	else
		session_down(session, reason, error_of_reason(reason), false);
	context_leave(context);
}

void
coapx_session_shutdown(coap_session_t *session)
{
	coap_context_t *context;

	if (!session || session->ending)
		return;
	context = session->context;
	context_enter(context);
	observe_farewell(session);
	reconnect_stop(session);
	session_down(session, COAP_NACK_NOT_DELIVERABLE, -COAP_E_CLOSED, true);
	context_leave(context);
}

int
coap_session_set_type_client(coap_session_t *session)
{
	if (!session)
		return 0;
	if (session->type != COAP_SESSION_TYPE_SERVER || session->ending) {
		session_set_error(session, -COAP_E_STATE, ERROR_LOCAL);
		return 0;
	}
	context_enter(session->context);
	idle_remove(session);
	session->references++;
	session->type = COAP_SESSION_TYPE_CLIENT;
	use_client_list(session);
	keepalive_start(session);
	session_arm(session);
	context_leave(session->context);
	return 1;
}

/* --- constructors -------------------------------------------------------- */

static coap_session_t *
find_duplicate(const coap_context_t *context, const coap_address_t *local,
    const coap_address_t *server, const struct proto *proto)
{
	coap_session_t *s;

	/* Only when the source port is given can two clients collide. */
	if (!local || coap_address_get_port(local) == 0 || proto->reliable)
		return NULL;
	DL_FOREACH(context->clients, s)
		if (s->proto == proto && session_is_open(s) &&
		    coap_address_equals(&s->local, local) &&
		    coap_address_equals(&s->remote, server))
			return s;
	return NULL;
}

static int
begin_client(coap_session_t *session, struct credentials *credentials,
    const coap_address_t *local_if, const coap_address_t *server)
{
	coap_context_t *context = session->context;
	int err = 0;

	if (session->proto->secure) {
		err = secure_client(session, credentials, NULL, 0);
		if (err < 0)
			return err;
	}
	err = connect_to_address(session, local_if, server);
	return err < 0 ? context_fail(context, err, "no session") : 0;
}

coap_session_t *
session_new_client(coap_context_t *context, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto,
    struct credentials *credentials)
{
	const struct proto *row = proto_get(proto);
	coap_session_t *session;

	if (!proto_is_supported(row)) {
		context_fail(context, -COAP_E_NOTSUP, "no session over %s",
		    row->name);
		return NULL;
	}
	if (find_duplicate(context, local_if, server, row)) {
		context_fail(context, -COAP_E_EXISTS,
		    "a session with these addresses");
		return NULL;
	}
	context_enter(context);
	session = session_new(context, row, COAP_SESSION_TYPE_CLIENT, NULL);
	if (!session) {
		context_fail(context, -COAP_E_NOMEM, "no session");
	} else if (begin_client(session, credentials, local_if, server) < 0) {
		session_destroy(session);
		session = NULL;
	}
	context_leave(context);
	return session;
}

coap_session_t *
coap_new_client_session(coap_context_t *context, const coap_address_t *local_if,
    const coap_address_t *server, coap_proto_t proto)
{
	struct credentials *c = NULL;

	if (!context || !server || context_check(context) < 0)
		return NULL;
	if (proto_get(proto)->secure) {
		c = context_credentials(context, false);
		if (!c) {
			context_fail(context, -COAP_E_NOMEM, "no session");
			return NULL;
		}
	}
	return session_new_client(context, local_if, server, proto, c);
}

coap_session_t *
coap_session_get_by_peer(const coap_context_t *context,
    const coap_address_t *remote_addr, int ifindex)
{
	coap_endpoint_t *ep;
	coap_session_t *s;

	if (!context || !remote_addr)
		return NULL;
	DL_FOREACH(context->clients, s)
		if (s->ifindex == ifindex && session_is_open(s) &&
		    coap_address_equals(&s->remote, remote_addr))
			return s;
	DL_FOREACH(context->endpoints, ep) {
		s = endpoint_find(ep, remote_addr);
		if (s && s->ifindex == ifindex)
			return s;
	}
	return NULL;
}

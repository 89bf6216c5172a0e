/* SPDX-License-Identifier: BSD-2-Clause */
/* Closed transports that flush and wait for the peer's end. */
#include "session/connect/linger.h"

#include <utlist.h>

#include "base/alloc.h"
#include "base/err.h"
#include "session/secure/secure.h"

/* What one event reads of what nobody wants any more. */
#define READS_A_PASS 32

struct lingering {
	struct lingering *prev;
	struct lingering *next; /* in context->lingering, the oldest first */
	coap_context_t *context;
	struct layer *layer;
	/* What the stack was made with. */
	struct credentials *credentials;
	struct credentials *named;
	struct timer timer;
	coap_tick_t end;   /* whatever happens */
	coap_tick_t quiet; /* unless the backlog has become less until then */
	size_t backlog;
	bool peer_ended; /* there is nothing more to read */
	bool closed;     /* layer_close() was called */
};

static void
linger_free(struct lingering *g)
{
	coap_context_t *context = g->context;

	DL_DELETE(context->lingering, g);
	context->n_lingering--;
	timers_cancel(&context->timers, &g->timer);
	layer_free(g->layer);
	credentials_unref(g->named);
	credentials_unref(g->credentials);
	coap_free_type(COAP_SESSION, g);
}

/* One read of either kind; the bytes are nobody's. */
static ssize_t
discard(struct lingering *g, uint8_t *rx)
{
	const uint8_t *data;
	ssize_t n = layer_message(g->layer, &data);

	return n == -COAP_E_STATE ? layer_recv(g->layer, rx, CONTEXT_RX_SIZE)
				  : n;
}

/* False when the stream is broken. */
static bool
drain(struct lingering *g)
{
	uint8_t *rx = context_rx(g->context);
	ssize_t n = 1;
	int i;

	if (!rx)
		return false;
	for (i = 0; i < READS_A_PASS && n > 0 && !g->peer_ended; i++)
		n = discard(g, rx);
	g->peer_ended = g->peer_ended || n == 0;
	return n >= 0 || n == -COAP_E_AGAIN;
}

/* A Release that the backlog had no room for goes when it has. */
static void
say_goodbye(struct lingering *g)
{
	/* RFC 8323 section 5.5: no token, no option; the same in a frame of
	 * WebSocket, section 4.3. */
	static const uint8_t release[] = { 0x00, COAP_SIGNALING_CODE_RELEASE };

	if (g->closed ||
	    layer_send(g->layer, release, sizeof release) == -COAP_E_AGAIN)
		return;
	g->closed = true;
	layer_close(g->layer);
}

static void
set_timer(struct lingering *g)
{
	coap_tick_t at = layer_next(g->layer);

	if (g->quiet < at)
		at = g->quiet;
	if (g->end < at)
		at = g->end;
	timers_set(&g->context->timers, &g->timer, at);
}

static void
look_at(struct lingering *g, coap_tick_t now)
{
	size_t backlog;

	if (!drain(g)) {
		linger_free(g);
		return;
	}
	say_goodbye(g);
	backlog = layer_backlog(g->layer);
	if (backlog < g->backlog) {
		g->backlog = backlog;
		g->quiet = now + LINGER_QUIET_MS;
	}
	if ((g->peer_ended && backlog == 0) || g->quiet <= now || g->end <= now)
		linger_free(g);
	else
		set_timer(g);
}

static void
on_event(void *user)
{
	struct lingering *g = user;
	coap_context_t *context = g->context;

	context_enter(context);
	look_at(g, context_now(context));
	context_leave(context);
}

static void
on_failed(void *user, int err)
{
	(void)err;
	on_event(user);
}

static const struct layer_events linger_events = {
	.readable = on_event,
	.writable = on_event,
	.failed = on_failed,
};

static void
on_timer(struct timer *t, coap_tick_t now)
{
	struct lingering *g =
	    (struct lingering *)((char *)t - offsetof(struct lingering, timer));

	layer_timer(g->layer, now);
	look_at(g, now);
}

bool
linger_take(coap_session_t *session, struct layer *layer, bool released)
{
	coap_context_t *context = session->context;
	const struct session_secure *secure = session_secure(session);
	coap_tick_t now = context_now(context);
	struct lingering *g;
	struct layer *l;

	g = context->freeing ? NULL : mem_new(COAP_SESSION, 1, sizeof *g);
	if (released || !g)
		layer_close(layer);
	if (!g)
		return false;
	g->closed = released;
	if (context->n_lingering >= LINGER_MAX)
		linger_free(context->lingering);
	g->context = context;
	g->layer = layer;
	g->timer.fire = on_timer;
	g->quiet = now + LINGER_QUIET_MS;
	g->end = now + LINGER_TOTAL_MS;
	g->backlog = layer_backlog(layer);
	if (secure) {
		g->credentials = credentials_ref(secure->credentials);
		if (secure->named)
			g->named = credentials_ref(secure->named);
	}
	layer_orphan(layer);
	for (l = layer; l; l = l->next) {
		l->events = &linger_events;
		l->user = g;
	}
	DL_APPEND(context->lingering, g);
	context->n_lingering++;
	layer_want_read(layer, true);
	/* What a layer has already is read by the loop. */
	timers_set(&context->timers, &g->timer, now);
	return true;
}

void
linger_cut_all(coap_context_t *context)
{
	while (context->lingering)
		linger_free(context->lingering);
}

bool
linger_is_pending(const coap_context_t *context)
{
	const struct lingering *g;

	DL_FOREACH(context->lingering, g)
		if (layer_backlog(g->layer) > 0)
			return true;
	return false;
}

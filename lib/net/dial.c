/* SPDX-License-Identifier: BSD-2-Clause */
/* Happy eyeballs, RFC 8305 section 5; for datagrams one after the other. */
#include "net/dial.h"

#include <string.h>

#include "base/alloc.h"
#include "base/err.h"

struct attempt {
	struct dial *dial;
	struct layer *layer; /* NULL: over, or not begun */
	coap_address_t remote;
};

struct dial {
	struct dial_params params;
	coap_address_t local; /* size 0: any */
	struct timer timer;   /* the next attempt, or the end */
	struct attempt *winner;
	int err; /* of the attempt that got furthest */
	bool over;
	size_t next; /* the first that was not begun */
	size_t n;
	struct attempt attempts[];
};

/* --- which error counts --------------------------------------------------- */

static int
rank(int err)
{
	switch (err) {
	case 0:
		return 0;
	case -COAP_E_REFUSED:
	case -COAP_E_RESET:
		return 4;
	case -COAP_E_TIMEOUT:
		return 3;
	case -COAP_E_UNREACH:
		return 2;
	default:
		return 1;
	}
}

static void
note_error(struct dial *d, int err)
{
	if (rank(err) > rank(d->err))
		d->err = err;
}

/* --- streams -------------------------------------------------------------- */

static bool
any_under_way(const struct dial *d)
{
	size_t i;

	for (i = 0; i < d->next; i++)
		if (d->attempts[i].layer)
			return true;
	return false;
}

static void
drop_all(struct dial *d)
{
	size_t i;

	timers_cancel(d->params.timers, &d->timer);
	for (i = 0; i < d->next; i++) {
		layer_free(d->attempts[i].layer);
		d->attempts[i].layer = NULL;
	}
}

/* Tells how it ended. The dial may be gone afterwards. */
static void
finish(struct dial *d)
{
	const struct dial_params *p = &d->params;
	struct layer *l = NULL;
	coap_address_t remote;

	if (d->winner) {
		l = d->winner->layer;
		remote = d->winner->remote;
		d->winner->layer = NULL;
		l->events = p->events;
		l->user = p->user;
	}
	d->over = true;
	drop_all(d);
	if (l)
		p->done(p->user, 0, l, &remote);
	else
		p->done(p->user, d->err, NULL, NULL);
}

/* Looks how far an attempt is: true while it is under way. */
static bool
look_at(struct attempt *a)
{
	struct dial *d = a->dial;
	int r = layer_connect(a->layer);

	if (r == -COAP_E_AGAIN)
		return true;
	if (r == 0) {
		if (!d->winner)
			d->winner = a;
		return true;
	}
	note_error(d, r);
	layer_free(a->layer);
	a->layer = NULL;
	return false;
}

static void attempt_event(void *user);
static void attempt_failed(void *user, int err);

static const struct layer_events attempt_events = {
	.readable = attempt_event,
	.writable = attempt_event,
	.failed = attempt_failed,
};

/* A port of a family, whatever the address. */
static void
any_address(coap_address_t *any, sa_family_t family, in_port_t port)
{
	coap_address_init(any);
	any->addr.sa.sa_family = family;
	any->addr.sin.sin_port = port; /* where IPv6 has its own, too */
	any->size =
	    family == AF_INET6 ? sizeof any->addr.sin6 : sizeof any->addr.sin;
}

static int
begin(struct dial *d, struct attempt *a, const struct layer_events *events,
    void *user, struct layer **l)
{
	const coap_address_t *local = d->local.size > 0 ? &d->local : NULL;
	struct poller *poller = d->params.poller;
	coap_address_t any;

	if (local && local->addr.sa.sa_family == AF_UNSPEC) {
		any_address(&any, a->remote.addr.sa.sa_family,
		    local->addr.sin.sin_port);
		local = &any;
	}

	if (local && local->addr.sa.sa_family != a->remote.addr.sa.sa_family)
		return -COAP_E_UNREACH;
	if (d->params.stream)
		return layer_tcp_client(poller, local, &a->remote, events, user,
		    l);
	return layer_udp_client(poller, local, &a->remote, events, user, l);
}

/*
 * Begins the next attempts until one is under way, and sets the timer: for the
 * attempt after it, or for the end at once, since finish() must not run here.
 */
static void
begin_next(struct dial *d)
{
	coap_tick_t now = d->params.now(d->params.user);
	struct attempt *a;
	int r;

	while (d->next < d->n && !d->winner) {
		a = &d->attempts[d->next++];
		r = begin(d, a, &attempt_events, a, &a->layer);
		if (r < 0) {
			a->layer = NULL;
			note_error(d, r);
		} else if (look_at(a)) {
			break;
		}
	}
	if (d->winner || !any_under_way(d))
		timers_set(d->params.timers, &d->timer, now);
	else if (d->next < d->n)
		timers_set(d->params.timers, &d->timer,
		    now + DIAL_ATTEMPT_DELAY_MS);
	else
		timers_cancel(d->params.timers, &d->timer);
}

static void
attempt_event(void *user)
{
	struct attempt *a = user;
	struct dial *d = a->dial;

	if (!look_at(a) && !d->winner)
		begin_next(d);
	else if (d->winner)
		finish(d);
}

static void
attempt_failed(void *user, int err)
{
	(void)err;
	attempt_event(user);
}

static void
timer_fired(struct timer *t, coap_tick_t now)
{
	struct dial *d =
	    (struct dial *)(void *)((char *)t - offsetof(struct dial, timer));

	(void)now;
	if (d->winner || (d->next == d->n && !any_under_way(d)))
		finish(d);
	else
		begin_next(d);
}

/* --- public --------------------------------------------------------------- */

int
dial_next(struct dial *d, struct layer **l, coap_address_t *remote)
{
	struct attempt *a;
	int r;

	while (d->next < d->n) {
		a = &d->attempts[d->next++];
		r = begin(d, a, d->params.events, d->params.user, l);
		if (r == 0) {
			*remote = a->remote;
			return 0;
		}
		note_error(d, r);
	}
	return -COAP_E_NOTFOUND;
}

int
dial_start(const struct dial_params *params, struct dial **out,
    struct layer **l, coap_address_t *remote)
{
	struct dial *d;
	size_t i;
	int err;

	if (params->n == 0)
		return -COAP_E_INVAL;
	d = mem_new(COAP_SESSION, 1,
	    sizeof *d + params->n * sizeof d->attempts[0]);
	if (!d)
		return -COAP_E_NOMEM;
	d->params = *params;
	d->params.addrs = NULL;
	d->params.local = NULL;
	if (params->local)
		d->local = *params->local;
	d->n = params->n;
	for (i = 0; i < d->n; i++) {
		d->attempts[i].dial = d;
		d->attempts[i].remote = params->addrs[i];
	}
	d->timer.fire = timer_fired;

	if (params->stream) {
		begin_next(d);
	} else if (dial_next(d, l, remote) < 0) {
		err = d->err;
		dial_free(d);
		return err;
	}
	*out = d;
	return 0;
}

void
dial_free(struct dial *d)
{
	if (!d)
		return;
	if (!d->over)
		drop_all(d);
	coap_free_type(COAP_SESSION, d);
}

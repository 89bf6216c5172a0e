/* SPDX-License-Identifier: BSD-2-Clause */
/* Calls into a stack of layers: the first layer that has the function. */
#include "net/layer.h"

#include "base/err.h"

int
layer_connect(struct layer *l)
{
	while (l && !l->ops->connect)
		l = l->next;
	return l ? l->ops->connect(l) : 0;
}

ssize_t
layer_recv(struct layer *l, void *data, size_t size)
{
	while (l && !l->ops->recv)
		l = l->next;
	return l ? l->ops->recv(l, data, size) : -COAP_E_STATE;
}

int
layer_send(struct layer *l, const void *data, size_t len)
{
	while (l && !l->ops->send)
		l = l->next;
	return l ? l->ops->send(l, data, len) : -COAP_E_STATE;
}

void
layer_close(struct layer *l)
{
	while (l && !l->ops->close)
		l = l->next;
	if (l)
		l->ops->close(l);
}

void
layer_free(struct layer *l)
{
	struct layer *next;

	for (; l; l = next) {
		next = l->next;
		l->ops->destroy(l);
	}
}

size_t
layer_backlog(const struct layer *l)
{
	while (l && !l->ops->backlog)
		l = l->next;
	return l ? l->ops->backlog(l) : 0;
}

void
layer_want_read(struct layer *l, bool on)
{
	while (l && !l->ops->want_read)
		l = l->next;
	if (l)
		l->ops->want_read(l, on);
}

ssize_t
layer_message(struct layer *l, const uint8_t **data)
{
	while (l && !l->ops->message)
		l = l->next;
	return l ? l->ops->message(l, data) : -COAP_E_STATE;
}

bool
layer_pending(const struct layer *l)
{
	for (; l; l = l->next)
		if (l->ops->pending && l->ops->pending(l))
			return true;
	return false;
}

coap_tick_t
layer_next(const struct layer *l)
{
	coap_tick_t next = TIMER_NEVER;
	coap_tick_t at;

	for (; l; l = l->next) {
		at = l->ops->next ? l->ops->next(l) : TIMER_NEVER;
		if (at < next)
			next = at;
	}
	return next;
}

void
layer_timer(struct layer *l, coap_tick_t now)
{
	for (; l; l = l->next)
		if (l->ops->timer)
			l->ops->timer(l, now);
}

void
layer_orphan(struct layer *l)
{
	for (; l; l = l->next)
		if (l->ops->orphan)
			l->ops->orphan(l);
}

int
layer_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	while (l && !l->ops->local)
		l = l->next;
	return l ? l->ops->local(l, local, ifindex) : -COAP_E_STATE;
}

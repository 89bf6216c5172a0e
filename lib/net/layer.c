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

int
layer_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	while (l && !l->ops->local)
		l = l->next;
	return l ? l->ops->local(l, local, ifindex) : -COAP_E_STATE;
}

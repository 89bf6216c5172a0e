/* SPDX-License-Identifier: BSD-2-Clause */
/* What tests see of a TLS layer, and have it do, that nobody else does. */
#include "tls_peek.h"

#include <string.h>

#include "net/layer_tls_internal.h"

static struct tls *
find(const struct layer *l)
{
	while (l && strcmp(l->ops->name, "tls") != 0 &&
	    strcmp(l->ops->name, "dtls") != 0)
		l = l->next;
	return (struct tls *)(uintptr_t)l;
}

size_t
tls_peek_sends(const struct layer *l)
{
	const struct tls *t = find(l);

	return t ? t->sends : 0;
}

void
tls_peek_abort(struct layer *l, int alert)
{
	struct tls *t = find(l);
	struct tls_frame f;

	tls_enter(t, &f);
	t->backend->close(t->sess, alert);
	tls_leave(t, 0);
	tls_fail(t, -COAP_E_CLOSED);
	layer_close(l);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A stack of layers: what is left NULL passes through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/err.h"
#include "net/layer.h"

static int destroyed[2];

static int
low_connect(struct layer *l)
{
	(void)l;
	return -COAP_E_AGAIN;
}

static ssize_t
low_recv(struct layer *l, void *data, size_t size)
{
	(void)l;
	(void)data;
	return (ssize_t)size;
}

static int
low_send(struct layer *l, const void *data, size_t len)
{
	(void)l;
	(void)data;
	return len > 0 ? -COAP_E_TOOBIG : 0;
}

static void
low_close(struct layer *l)
{
	(*(int *)l->user)++;
}

static void
low_destroy(struct layer *l)
{
	assert_int_equal(destroyed[0], 1); /* from the top down */
	destroyed[1]++;
	l->ops = NULL;
}

static size_t
low_backlog(const struct layer *l)
{
	(void)l;
	return 42;
}

static void
low_want_read(struct layer *l, bool on)
{
	*(int *)l->user += on ? 100 : 10;
}

static void
low_orphan(struct layer *l)
{
	*(int *)l->user += 1000;
}

static int
low_local(const struct layer *l, coap_address_t *local, int *ifindex)
{
	(void)l;
	(void)local;
	*ifindex = 7;
	return 0;
}

static void
top_destroy(struct layer *l)
{
	destroyed[0]++;
	l->ops = NULL;
}

static const struct layer_ops low_ops = {
	.name = "low",
	.connect = low_connect,
	.recv = low_recv,
	.send = low_send,
	.close = low_close,
	.destroy = low_destroy,
	.backlog = low_backlog,
	.want_read = low_want_read,
	.orphan = low_orphan,
	.local = low_local,
};

static const struct layer_ops top_ops = {
	.name = "top",
	.destroy = top_destroy,
};

static void
passes_through(void **state)
{
	int seen = 0;
	int ifindex = 0;
	struct layer low = { .ops = &low_ops, .user = &seen };
	struct layer top = { .ops = &top_ops, .next = &low };

	(void)state;
	assert_int_equal(layer_connect(&top), -COAP_E_AGAIN);
	assert_int_equal(layer_recv(&top, &seen, 5), 5);
	assert_int_equal(layer_send(&top, &seen, 1), -COAP_E_TOOBIG);
	assert_int_equal(layer_send(&top, &seen, 0), 0);
	assert_int_equal(layer_backlog(&top), 42);
	assert_int_equal(layer_local(&top, NULL, &ifindex), 0);
	assert_int_equal(ifindex, 7);
	layer_close(&top);
	assert_int_equal(seen, 1);
	layer_want_read(&top, true);
	layer_want_read(&top, false);
	assert_int_equal(seen, 111);
	layer_orphan(&top);
	assert_int_equal(seen, 1111);
	layer_free(&top);
	assert_int_equal(destroyed[1], 1);
}

static void
nothing_below(void **state)
{
	struct layer top = { .ops = &top_ops };
	coap_address_t a;

	(void)state;
	destroyed[0] = 0;
	assert_int_equal(layer_connect(&top), 0);
	assert_int_equal(layer_recv(&top, &a, 1), -COAP_E_STATE);
	assert_int_equal(layer_send(&top, &a, 1), -COAP_E_STATE);
	assert_int_equal(layer_backlog(&top), 0);
	assert_int_equal(layer_local(&top, &a, NULL), -COAP_E_STATE);
	layer_close(&top);
	layer_want_read(&top, true);
	layer_free(&top);
	assert_int_equal(destroyed[0], 1);
	layer_free(NULL);
	layer_close(NULL);
	assert_int_equal(layer_send(NULL, &a, 1), -COAP_E_STATE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_through),
		cmocka_unit_test(nothing_below),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * "An idle plain session at most 1 KiB; TLS, WebSocket ... parts exist only
 * when used." What sessions of each protocol weigh when they have nothing to
 * do, with all that the libraries below need for them.
 */
#include "session_keys.h"

#include <malloc.h>

#include "net/layer_tls.h"
#include "session/secure/secure.h"

#define N 100

#if defined(__SANITIZE_ADDRESS__)
size_t __sanitizer_get_current_allocated_bytes(void);

static size_t
allocated(void)
{
	return __sanitizer_get_current_allocated_bytes();
}
#else
static size_t
allocated(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}
#endif

/* Bytes of one end; the libraries' own sizes are theirs to change, so what is
 * above us has a generous limit, and is printed. */
static const struct row {
	coap_proto_t proto;
	size_t most;
} rows[] = {
	{ COAP_PROTO_UDP, 1024 },
	{ COAP_PROTO_TCP, 1024 },
	{ COAP_PROTO_DTLS, 14 * 1024 },
	{ COAP_PROTO_TLS, 15 * 1024 },
	{ COAP_PROTO_WS, 6 * 1024 },
	{ COAP_PROTO_WSS, 20 * 1024 },
};

static coap_session_t *s[N];

static void
exchange(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		world_send(s[i], COAP_MESSAGE_CON, 'a');
	for (i = 0; i < n; i++)
		WORLD_UNTIL(s[i]->requests.count == 0);
}

/* N of them, established, after an exchange that everybody has forgotten. */
static void
open_idle(coap_proto_t proto, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		s[i] = world_session(proto);
	exchange(n);
	world_advance(300000);
	assert_int_equal(w.server->n_idle, n);
}

static void
close_all(unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		coap_session_release(s[i]);
	world_advance(1100000);
	WORLD_UNTIL(!w.server->idle);
}

static void
weigh(const struct row *row)
{
	size_t before, each;

	coap_context_set_session_timeout(w.server, 1000);
	/* What is made once. */
	open_idle(row->proto, N);
	close_all(N);
	before = allocated();
	open_idle(row->proto, N);
	each = (allocated() - before) / (2 * N);
	print_message("%s: %zu bytes for each end of a session\n",
	    coapx_proto_name(row->proto), each);
	assert_true(each <= row->most);
	close_all(N);
	/* And it comes back: what stays is not for each session. */
	assert_true(allocated() <= before + 2 * N * 64);
}

static void
idle_sessions(void **state)
{
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!coapx_proto_is_supported(rows[i].proto))
			continue;
		world_down(state);
		world_up(state);
		world_all_protocols();
		w.quiet = true;
		weigh(&rows[i]);
	}
}

/* What is not used is not there. */
static void
parts(void **state)
{
	coap_session_t *u, *t;

	(void)state;
	print_message("struct coap_session_t: %zu, session_extra: %zu, "
		      "session_secure: %zu\n",
	    sizeof(coap_session_t), sizeof(struct session_extra),
	    sizeof(struct session_secure));
	assert_true(sizeof(coap_session_t) <= 512);
	u = world_connected(COAP_PROTO_UDP);
	t = world_connected(COAP_PROTO_TCP);
	world_send(u, COAP_MESSAGE_CON, 'a');
	world_send(t, COAP_MESSAGE_CON, 'b');
	world_wait("C 2.05 b");
	world_settle();
	assert_null(u->extra);
	assert_null(t->extra);
	assert_null(w.last->extra);
	coap_session_release(u);
	coap_session_release(t);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(idle_sessions),
		T(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

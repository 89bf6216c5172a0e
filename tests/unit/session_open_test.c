/* SPDX-License-Identifier: BSD-2-Clause */
/* coapx_session_open(): names, addresses one after the other, binding. "The
 * next address is tried after an ICMP error, a refused or timed-out connect." */
#include "session_support.h"
#include "skip.h"

#include <semaphore.h>
#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON

static coap_session_t *
open_uri(const char *uri, const char *bind, int *err)
{
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = uri,
		.bind = bind,
		.app_data = &params.size,
	};
	coap_session_t *s = coapx_session_open(w.client, &params, err);

	if (s)
		assert_ptr_equal(coap_session_get_app_data(s), &params.size);
	return s;
}

static const char *
uri_of(coap_proto_t proto, const char *host)
{
	static char uri[128];

	snprintf(uri, sizeof uri, "%s://%s:%u/path?query",
	    coapx_proto_scheme(proto), host,
	    coap_address_get_port(world_address(proto)));
	return uri;
}

/* --- look-ups of the test's ----------------------------------------------- */

static int
both_families(const char *host, coap_address_t *addrs,
    char detail[RESOLVER_DETAIL_SIZE])
{
	detail[0] = '\0';
	assert_string_equal(host, "device.example");
	addrs[0] = net_address("::1", 0);
	addrs[1] = net_address("127.0.0.1", 0);
	return 2;
}

static int
nothing(const char *host, coap_address_t *addrs,
    char detail[RESOLVER_DETAIL_SIZE])
{
	(void)host;
	(void)addrs;
	snprintf(detail, RESOLVER_DETAIL_SIZE, "No such host");
	return -COAP_E_RESOLVE;
}

static sem_t go;

static int
slow(const char *host, coap_address_t *addrs, char detail[RESOLVER_DETAIL_SIZE])
{
	(void)host;
	detail[0] = '\0';
	sem_wait(&go);
	addrs[0] = net_address("127.0.0.1", 0);
	return 1;
}

static void
look_up_by(resolver_lookup_t lookup)
{
	struct resolver *r = context_resolver(w.client);

	assert_non_null(r);
	resolver_set_lookup(r, lookup);
}

/* --- tests ---------------------------------------------------------------- */

/* IPv6 first, and the server has IPv4 only. */
static void
next_address(void **state)
{
	static const coap_proto_t protos[] = { COAP_PROTO_UDP, COAP_PROTO_TCP };
	coap_session_t *s;
	int err = 1;
	unsigned i;

	(void)state;
	look_up_by(both_families);
	for (i = 0; i < 2; i++) {
		s = open_uri(uri_of(protos[i], "device.example"), NULL, &err);
		assert_non_null(s);
		assert_int_equal(err, 0);
		assert_int_equal(coap_session_get_state(s),
		    COAP_SESSION_STATE_NONE);
		/* "Requests may be sent right away; they wait." */
		assert_true(world_send(s, CON, 'a') >= 0);
		world_request(s, CON, 'b', 0, COAPX_REQUEST_END_ON_ICMP, NULL);
		world_wait("result b");
		assert_int_equal(world_count("C result b 0 2.05"), 1);
		assert_int_equal(world_count("C 2.05 a"), 1);
		assert_int_equal(world_count("C SESSION_CONNECTED"), 1);
		assert_int_equal(world_count("C ICMP_ERROR"), 0);
		assert_true(coap_address_equals(coap_session_get_addr_remote(s),
		    world_address(protos[i])));
		assert_int_equal(coap_session_get_addr_local(s)
				     ->addr.sa.sa_family,
		    AF_INET);
		assert_null(s->connect);
		world_forget();
		coap_session_release(s);
		assert_int_equal(world_count("C SESSION_CLOSED"), 1);
		world_settle();
		world_forget();
	}
}

/* A NON that the first address did not take is not lost either. */
static void
next_address_for_a_non(void **state)
{
	coap_session_t *s;

	(void)state;
	look_up_by(both_families);
	s = open_uri(uri_of(COAP_PROTO_UDP, "device.example"), NULL, NULL);
	world_send(s, NON, 'a');
	world_wait("C 2.05 a");
	coap_session_release(s);
}

/* All addresses fail: the reason is told, and END_ON_ICMP counts then. */
static void
no_address_is_left(void **state)
{
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	coap_session_t *s;
	char uri[64];

	(void)state;
	look_up_by(both_families);
	snprintf(uri, sizeof uri, "coap://device.example:%u",
	    coap_address_get_port(&nobody));
	s = open_uri(uri, NULL, NULL);
	world_request(s, CON, 'a', 0, COAPX_REQUEST_END_ON_ICMP, NULL);
	world_wait("C result a -9");
	assert_int_equal(world_count("C ICMP_ERROR"), 1);
	coap_session_release(s);
	world_forget();
	nobody = net_refusing(SOCK_STREAM);
	snprintf(uri, sizeof uri, "coap+tcp://device.example:%u",
	    coap_address_get_port(&nobody));
	s = open_uri(uri, NULL, NULL);
	world_send(s, CON, 'a');
	world_wait("C SESSION_FAILED");
	world_expect('C',
	    "C nack not-deliverable a\nC TCP_FAILED\nC SESSION_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_REFUSED);
	coap_session_release(s);
}

static void
name_does_not_resolve(void **state)
{
	coap_session_t *s;
	char text[128];

	(void)state;
	look_up_by(nothing);
	s = open_uri("coap://device.example", NULL, NULL);
	world_send(s, CON, 'a');
	world_request(s, CON, 'b', 0, 0, NULL);
	world_wait("SESSION_FAILED");
	world_expect('C',
	    "C nack not-deliverable a\nC result b -12 0.00\n"
	    "C SESSION_FAILED\n");
	assert_int_equal(coapx_session_error(s, text, sizeof text),
	    -COAP_E_RESOLVE);
	assert_string_equal(text, "the name does not resolve");
	coap_session_release(s);
}

static void
released_while_resolving(void **state)
{
	coap_session_t *s;
	coap_session_t *t;

	(void)state;
	sem_init(&go, 0, 0);
	look_up_by(slow);
	s = open_uri(uri_of(COAP_PROTO_TCP, "device.example"), NULL, NULL);
	t = open_uri(uri_of(COAP_PROTO_TCP, "device.example"), NULL, NULL);
	world_send(s, CON, 'a');
	coap_session_release(s);
	world_expect('C',
	    "C nack not-deliverable a\nC TCP_FAILED\nC SESSION_FAILED\n");
	world_settle();
	sem_post(&go);
	sem_post(&go);
	world_wait("C SESSION_CONNECTED");
	coap_session_release(t);
	world_settle();
}

static void
connect_time_is_for_all(void **state)
{
	coapx_open_params_t params = {
		.size = sizeof params,
		.uri = "coap://device.example",
		.connect_timeout_ms = 500,
	};
	coap_session_t *s;

	(void)state;
	sem_init(&go, 0, 0);
	look_up_by(slow);
	s = coapx_session_open(w.client, &params, NULL);
	world_advance(490);
	world_expect(0, "");
	world_advance(20);
	world_expect(0, "C SESSION_FAILED\n");
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TIMEOUT);
	coap_session_release(s);
	sem_post(&go);
	/* The thread may be busy yet when the context goes. */
}

static void
numeric_addresses(void **state)
{
	coap_session_t *s =
	    open_uri(uri_of(COAP_PROTO_UDP, "127.0.0.1"), NULL, NULL);

	(void)state;
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_ESTABLISHED);
	world_send(s, CON, 'a');
	world_wait("2.05 a");
	assert_null(w.client->resolver);
	coap_session_release(s);
}

static void
bad_uris(void **state)
{
	static const struct {
		const char *uri;
		const char *bind;
		int err;
	} rows[] = {
		{ "", NULL, -COAP_E_URI },
		{ "x", NULL, -COAP_E_URI },
		{ "coap:/x", NULL, -COAP_E_URI },
		{ "coap://", NULL, -COAP_E_URI },
		{ "coap://[::1", NULL, -COAP_E_URI },
		{ "coap://127.0.0.1:99999", NULL, -COAP_E_URI },
		{ "/x", NULL, -COAP_E_URI },
		{ "coap://127.0.0.1", "no address", -COAP_E_INVAL },
		{ "coap://127.0.0.1", "[::1", -COAP_E_INVAL },
		{ "coap://127.0.0.1", "127.0.0.1:x", -COAP_E_INVAL },
		{ "coap://127.0.0.1", "127.0.0.1:70000", -COAP_E_INVAL },
		{ "coap://127.0.0.1", "fe80::1%nosuchif", -COAP_E_NOTFOUND },
		{ "coap://127.0.0.1", "192.0.2.1", -COAP_E_UNREACH },
		{ "coap://127.0.0.1", "::1", -COAP_E_UNREACH },
	};
	unsigned i;
	int err;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		err = 0;
		assert_null(open_uri(rows[i].uri, rows[i].bind, &err));
		if (err != rows[i].err)
			print_error("%s\n", rows[i].uri);
		assert_int_equal(err, rows[i].err);
		assert_int_equal(coapx_context_error(w.client, NULL, 0), err);
	}
	assert_null(w.client->clients);
	world_settle();
	world_expect(0, "");
}

static void
bad_arguments(void **state)
{
	coapx_open_params_t params = { .size = sizeof params };
	int err = 0;

	(void)state;
	assert_null(coapx_session_open(w.client, &params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	params.uri = "coap://127.0.0.1";
	params.size = 1;
	assert_null(coapx_session_open(w.client, &params, &err));
	assert_int_equal(err, -COAP_E_INVAL);
	assert_null(coapx_session_open(w.client, NULL, NULL));
	assert_null(coapx_session_open(NULL, &params, NULL));
}

static void
binding(void **state)
{
	static const char *const binds[] = { "127.0.0.1", "127.0.0.1:%u", ":%u",
		"127.0.0.2:%u" };
	const coap_address_t *local;
	coap_address_t nobody;
	coap_session_t *s;
	char bind[64];
	unsigned i, port;

	(void)state;
	for (i = 0; i < 8; i++) {
		coap_proto_t proto = i < 4 ? COAP_PROTO_UDP : COAP_PROTO_TCP;

		nobody = net_refusing(i < 4 ? SOCK_DGRAM : SOCK_STREAM);
		port = coap_address_get_port(&nobody);
		strcpy(bind, binds[i % 4]);
		if (strstr(bind, "%u"))
			sprintf(strstr(bind, "%u"), "%u", port);
		s = open_uri(uri_of(proto, "127.0.0.1"), bind, NULL);
		assert_non_null(s);
		world_send(s, CON, 'a');
		world_wait("2.05 a");
		local = coap_session_get_addr_local(s);
		if (i % 4 > 0)
			assert_int_equal(coap_address_get_port(local), port);
		assert_int_equal(ntohl(local->addr.sin.sin_addr.s_addr),
		    i % 4 == 3 ? 0x7f000002 : 0x7f000001);
		/* The server's end of the connection closes first, so that
		 * nothing stays of it on the bound port. */
		coap_session_release(s);
		world_settle();
		world_forget();
	}
}

/* ":PORT" is a port of whatever family the peer's address has. */
static void
port_of_any_family(void **state)
{
	coap_address_t any = net_address("::1", 0);
	coap_endpoint_t *ep = coap_new_endpoint(w.server, &any, COAP_PROTO_UDP);
	coap_address_t nobody = net_refusing(SOCK_DGRAM);
	char uri[64], bind[16];
	coap_session_t *s;

	(void)state;
	if (!ep) /* no IPv6 on this machine */
		skip_because("this machine has no IPv6");
	snprintf(uri, sizeof uri, "coap://[::1]:%u",
	    coap_address_get_port(coapx_endpoint_get_address(ep)));
	snprintf(bind, sizeof bind, ":%u", coap_address_get_port(&nobody));
	s = open_uri(uri, bind, NULL);
	assert_non_null(s);
	world_send(s, CON, 'a');
	world_wait("2.05 a");
	assert_int_equal(coap_address_get_port(coap_session_get_addr_local(s)),
	    coap_address_get_port(&nobody));
	coap_session_release(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(next_address),
		T(next_address_for_a_non),
		T(no_address_is_left),
		T(name_does_not_resolve),
		T(released_while_resolving),
		T(connect_time_is_for_all),
		T(numeric_addresses),
		T(bad_uris),
		T(bad_arguments),
		T(binding),
		T(port_of_any_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

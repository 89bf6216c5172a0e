/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Call home: a device connects to us, and its session becomes one that we ask
 * by (coap_session_set_type_client()). The server of the world is "us", the
 * client is the device, which has a resource, too.
 */
#include "session_keys.h"
#include "session_ledger.h"
#include "session_wire.h"
#include "skip.h"

static coap_proto_t proto;
static coap_session_t *device; /* of the client's context */
static coap_session_t *peer;   /* the same, at our side */
static const char *turn_at;    /* the line at which it becomes ours */
static int turned;             /* what set_type_client() said */

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)request;
	(void)query;
	world_write(session, "asked");
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, 6, (const uint8_t *)"device");
}

static void
hook(coap_session_t *session, const char *line)
{
	ledger_line(session, line);
	if (peer || session->context != w.server || strcmp(line, turn_at) != 0)
		return;
	peer = session;
	turned = coap_session_set_type_client(session);
}

/* A device connects; its session becomes ours at that line. */
static void
call_home(void **state, const char *line, const coap_address_t *address)
{
	coap_resource_t *x = coap_resource_init(coap_make_str_const("x"), 0);

	(void)state;
	coap_register_request_handler(x, COAP_REQUEST_GET, on_get);
	coap_add_resource(w.client, x);
	ledger_begin();
	peer = NULL;
	turned = -1;
	turn_at = line;
	w.hook = hook;
	device = session_keys_session_to(proto,
	    address ? address : world_address(proto));
	assert_non_null(device);
	/* Nobody hears of a UDP client before it says something. */
	if (proto == COAP_PROTO_UDP)
		ledger_send(device, 'a');
	WORLD_UNTIL(peer != NULL);
	WORLD_UNTIL(turned != 1 ||
	    coap_session_get_state(peer) == COAP_SESSION_STATE_ESTABLISHED);
	world_settle();
	world_forget();
}

/* Everything a client can do. */
static void
ask_all(void)
{
	int err;

	ledger_send(peer, 'p');
	ledger_request(peer, 'q');
	ledger_request(peer, '0');
	world_advance(10);
	assert_int_equal(world_count("C asked"), 2);
	assert_int_equal(world_count("S 2.05 p device"), 1);
	assert_int_equal(world_count("S result q 0 2.05"), 1);
	assert_int_equal(world_count("S result 0 0 0.00"), 1);
	err = coap_session_send_ping(peer);
	assert_true(err != COAP_INVALID_MID);
	world_advance(10);
	assert_int_equal(world_count("S pong"), 2);
	assert_int_equal(world_count("C ping"), 2);
	/* And the device still asks us. */
	ledger_send(device, 'd');
	world_advance(10);
	assert_int_equal(world_count("S get d"), 1);
	assert_int_equal(world_count("C 2.05 d hello"), 1);
	world_forget();
}

static void
hang_up(void)
{
	coap_session_release(peer);
	world_advance(1000);
	assert_int_equal(world_count("S SESSION_CLOSED"), 1);
	assert_int_equal(world_count("S SERVER_SESSION_DEL"), 1);
	coap_session_release(device);
	world_advance(1000);
	coap_free_context(w.client);
	coap_free_context(w.server);
	w.client = w.server = NULL;
	w.hook = NULL;
	ledger_check(coapx_proto_name(proto));
}

/* The next protocol, in a world of its own. */
static bool
next_world(void **state)
{
	world_down(state);
	world_up(state);
	session_keys_up(false, KEYS_GOOD);
	proto = world_next_proto(proto);
	return proto != COAP_PROTO_NONE;
}

#define EACH_PROTOCOL(state) for (proto = COAP_PROTO_NONE; next_world(state);)

static void
asks_the_device(void **state)
{
	EACH_PROTOCOL(state)
	{
		call_home(state, "SERVER_SESSION_CONNECTED", NULL);
		assert_int_equal(turned, 1);
		assert_int_equal(coap_session_get_type(peer),
		    COAP_SESSION_TYPE_CLIENT);
		assert_non_null(coapx_session_get_endpoint(peer));
		ask_all();
		hang_up();
	}
}

/* In whatever state it is when the decision falls. */
static void
in_any_state(void **state)
{
	static const char *const lines[] = { "SERVER_SESSION_NEW",
		"TCP_CONNECTED", "name", "identity", "DTLS_CONNECTED",
		"WS_CONNECTED", "SESSION_CONNECTED" };
	unsigned made = 0;
	size_t i;

	for (i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		EACH_PROTOCOL(state)
		{
			bool secure = session_keys_secure(proto);
			bool stream = COAP_PROTO_RELIABLE(proto);
			bool web =
			    proto == COAP_PROTO_WS || proto == COAP_PROTO_WSS;

			if ((i == 1 && !stream) ||
			    (i > 1 && i < 5 && !secure) || (i == 5 && !web))
				continue;
			call_home(state, lines[i], NULL);
			if (i == 0 && proto == COAP_PROTO_DTLS) {
				/* Nothing is known of it yet but a cookie. */
				assert_int_equal(turned, 0);
				coap_session_release(device);
				continue;
			}
			assert_int_equal(turned, 1);
			ask_all();
			hang_up();
			made++;
		}
	}
	assert_true(made > 0);
}

static char reason[128];

static void
refuse_hello(coap_session_t *session, const char *line)
{
	if (session->context != w.server || peer ||
	    strcmp(line, "SERVER_SESSION_NEW") != 0)
		return;
	peer = session;
	assert_int_equal(coap_session_get_type(session),
	    COAP_SESSION_TYPE_HELLO);
	turned = coap_session_set_type_client(session);
	assert_int_equal(coapx_session_error(session, reason, sizeof reason),
	    -COAP_E_STATE);
}

/* It goes on as what it was: a server's session in the idle pool. */
static void
hello_is_refused(void **state)
{
	(void)state;
	session_keys_up(false, KEYS_GOOD);
	proto = COAP_PROTO_DTLS;
	if (!w.endpoint[proto])
		skip_because("not in this build: TLS");
	peer = NULL;
	turned = -1;
	w.hook = refuse_hello;
	device = session_keys_session(proto);
	ledger_send(device, 'a');
	world_wait("C 2.05 a hello");
	assert_int_equal(turned, 0);
	assert_non_null(strstr(reason, "not possible in this state"));
	assert_int_equal(coap_session_get_type(peer), COAP_SESSION_TYPE_SERVER);
	assert_int_equal(peer->references, 0);
	assert_int_equal(w.server->n_idle, 1);
	coap_session_release(device);
}

/* Nobody uses it, and yet it stays: longer than a server's session would. */
static void
is_not_idle(void **state)
{
	EACH_PROTOCOL(state)
	{
		call_home(state, "SERVER_SESSION_CONNECTED", NULL);
		assert_int_equal(w.server->n_idle, 0);
		coap_context_set_max_idle_sessions(w.server, 1);
		world_advance(2000000);
		assert_int_equal(w.deleted, 0);
		ask_all();
		hang_up();
	}
}

/* The context's keepalive counts from now on, and the device answers. */
static void
keepalive(void **state)
{
	EACH_PROTOCOL(state)
	{
		coap_context_set_keepalive(w.server, 20);
		call_home(state, "SERVER_SESSION_CONNECTED", NULL);
		world_advance(19000);
		assert_int_equal(world_count("C ping"), 0);
		world_advance(2000);
		assert_int_equal(world_count("C ping"), 1);
		world_advance(100000);
		assert_int_equal(world_count("C ping"), 6);
		assert_int_equal(world_count("S pong"), 6);
		assert_int_equal(world_count("S KEEPALIVE_FAILURE"), 0);
		world_forget();
		ask_all();
		hang_up();
	}
}

/* A device that is gone ends its session, which stays until it is released. */
static void
dead_device(void **state)
{
	EACH_PROTOCOL(state)
	{
		coap_context_set_keepalive(w.server, 20);
		wire_open(proto);
		call_home(state, "SERVER_SESSION_CONNECTED", &wire.address);
		wire.stopped = true;
		ledger_request(peer, 'q');
		world_advance(200000);
		assert_true(world_count("S KEEPALIVE_FAILURE") > 0);
		assert_int_equal(world_count("S SESSION_CLOSED"), 1);
		assert_int_equal(world_count("S SERVER_SESSION_DEL"), 0);
		assert_int_equal(world_count("S result q"), 1);
		assert_int_equal(coap_session_get_state(peer),
		    COAP_SESSION_STATE_NONE);
		assert_int_equal(coapx_session_error(peer, NULL, 0),
		    -COAP_E_TIMEOUT);
		assert_int_equal(world_send(peer, COAP_MESSAGE_CON, 'r'),
		    COAP_INVALID_MID);
		hang_up();
		wire_close();
	}
}

/* Its own hang-up ends the session; nothing is dialled, for we cannot. */
static void
device_hangs_up(void **state)
{
	EACH_PROTOCOL(state)
	{
		coap_context_set_session_reconnect_time(w.server, 1);
		call_home(state, "SERVER_SESSION_CONNECTED", NULL);
		coapx_session_shutdown(device);
		world_advance(100000);
		if (proto == COAP_PROTO_UDP) {
			/* It has no word for it. */
			assert_int_equal(world_count("S SESSION_CLOSED"), 0);
		} else {
			assert_int_equal(world_count("S SESSION_CLOSED"), 1);
			assert_int_equal(coap_session_get_state(peer),
			    COAP_SESSION_STATE_NONE);
		}
		assert_int_equal(world_count("S RECONNECT"), 0);
		assert_int_equal(world_count("S SERVER_SESSION_DEL"), 0);
		hang_up();
	}
}

/* "ends all its sessions, those included that the program has references of" */
static void
endpoint_goes(void **state)
{
	EACH_PROTOCOL(state)
	{
		call_home(state, "SERVER_SESSION_CONNECTED", NULL);
		ledger_send(peer, 'q');
		coap_free_endpoint(w.endpoint[proto]);
		assert_int_equal(world_count("S SESSION_CLOSED"), 1);
		assert_int_equal(world_count("S SERVER_SESSION_DEL"), 1);
		assert_null(w.server->clients);
		coap_session_release(device);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(asks_the_device),
		T(in_any_state),
		T(hello_is_refused),
		T(is_not_idle),
		T(keepalive),
		T(dead_device),
		T(device_hangs_up),
		T(endpoint_goes),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What each function of coap_session(3) says of a session in each state. The
 * sentences are those of the page and of <coap3/coap_session.h>. */
#include "session_support.h"
#include "skip.h"

#include <unistd.h>

#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

/* "Getters with NULL: as the page says (NULL, 0, -1)". */
static void
null_session(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_tls_library_t lib = COAP_TLS_LIBRARY_GNUTLS;
	uint8_t token[8] = { 7 };
	size_t len = 3;
	char text[8] = "x";

	(void)state;
	/* "reference(NULL) returns NULL, release(NULL) does nothing" */
	assert_null(coap_session_reference(NULL));
	coap_session_release(NULL);
	/* "get_app_data(NULL) returns NULL" */
	assert_null(coap_session_get_app_data(NULL));
	coap_session_set_app_data(NULL, &info);
	/* "NULL for NULL" */
	assert_null(coap_session_get_addr_remote(NULL));
	assert_null(coap_session_get_addr_local(NULL));
	assert_null(coap_session_get_addr_mcast(NULL));
	assert_null(coap_session_get_context(NULL));
	assert_null(coap_session_get_psk_hint(NULL));
	assert_null(coap_session_get_psk_identity(NULL));
	assert_null(coap_session_get_psk_key(NULL));
	/* "NULL session: NULL, and *tls_lib is left alone" */
	assert_null(coap_session_get_tls(NULL, &lib));
	assert_int_equal(lib, COAP_TLS_LIBRARY_GNUTLS);
	/* "NONE for NULL" */
	assert_int_equal(coap_session_get_proto(NULL), COAP_PROTO_NONE);
	assert_int_equal(coap_session_get_type(NULL), COAP_SESSION_TYPE_NONE);
	assert_int_equal(coap_session_get_state(NULL), COAP_SESSION_STATE_NONE);
	/* "-1 for NULL" */
	assert_int_equal(coap_session_get_ifindex(NULL), -1);
	/* "0 for NULL" */
	assert_int_equal(coap_session_max_pdu_size(NULL), 0);
	assert_int_equal(coap_session_set_type_client(NULL), 0);
	assert_int_equal(coap_new_message_id(NULL), 0);
	assert_int_equal(coapx_session_error(NULL, text, sizeof text), 0);
	assert_string_equal(text, "");
	/* "nothing happens" */
	coap_session_set_mtu(NULL, 1000);
	coap_session_init_token(NULL, 1, token);
	coap_session_new_token(NULL, &len, token);
	assert_int_equal(len, 3);
	assert_int_equal(token[0], 7);
	coap_session_set_no_observe_cancel(NULL);
	assert_int_equal(coap_session_send_ping(NULL), COAP_INVALID_MID);
	/* "Never NULL; a NULL session has a text of its own" */
	assert_string_equal(coap_session_str(NULL), "Session not defined");
	assert_non_null(coap_endpoint_str(NULL));
	assert_null(coapx_session_get_endpoint(NULL));
	assert_int_equal(coapx_session_get_info(NULL, &info), -COAP_E_INVAL);
	assert_int_equal(coapx_context_error(NULL, NULL, 0), 0);
	assert_null(coap_session_get_by_peer(NULL, &w.udp_address, 0));
	assert_null(coap_session_get_by_peer(w.client, NULL, 0));
	assert_null(
	    coap_new_pdu(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, NULL));
	assert_null(coap_new_client_session(NULL, NULL, &w.udp_address, UDP));
	assert_null(coap_new_client_session(w.client, NULL, NULL, UDP));
	assert_null(coap_new_endpoint(NULL, &w.udp_address, UDP));
	assert_null(coap_new_endpoint(w.client, NULL, UDP));
}

struct row {
	coap_proto_t proto;
	coap_session_type_t type;
	coap_session_state_t state;
	bool local_port; /* it is known */
	size_t max_pdu;
	const char *label;
	const coap_address_t *remote; /* NULL: the other side's port */
	coap_context_t *context;
};

static void
check(coap_session_t *s, const struct row *row)
{
	coap_tls_library_t lib = COAP_TLS_LIBRARY_GNUTLS;
	coapx_session_info_t info = { .size = sizeof info };
	const coap_address_t *a;
	char text[200], remote[80], local[80];
	uint16_t mid = 0;
	int data;

	/* "The transport" */
	assert_int_equal(coap_session_get_proto(s), row->proto);
	/* "CLIENT: made by coap_new_client_session(). SERVER: a peer of an
	 * endpoint." */
	assert_int_equal(coap_session_get_type(s), row->type);
	/* "How far the connection is; NONE after it ended." */
	assert_int_equal(coap_session_get_state(s), row->state);
	/* "The context that the session belongs to" */
	assert_ptr_equal(coap_session_get_context(s), row->context);
	/* "The peer's address", "valid as long as the session" */
	a = coap_session_get_addr_remote(s);
	assert_non_null(a);
	if (row->remote)
		assert_true(coap_address_equals(a, row->remote));
	assert_int_not_equal(coap_address_get_port(a), 0);
	/* "Our own address. Before a connection is made it may be zero." */
	a = coap_session_get_addr_local(s);
	assert_non_null(a);
	if (row->local_port)
		assert_int_not_equal(coap_address_get_port(a), 0);
	/* "of a client session made for a multicast address, else NULL" */
	assert_null(coap_session_get_addr_mcast(s));
	/* "from the begin of the handshake; else NULL", "tls_lib is the
	 * build's library, also then" */
	assert_null(coap_session_get_tls(s, &lib));
	assert_int_equal(lib, coap_get_tls_library_version()->type);
	assert_null(coap_session_get_tls(s, NULL));
	/* "NULL when the session does not use a pre-shared key" */
	assert_null(coap_session_get_psk_hint(s));
	assert_null(coap_session_get_psk_identity(s));
	assert_null(coap_session_get_psk_key(s));
	/* "How many bytes of token, options and payload fit" */
	assert_int_equal(coap_session_max_pdu_size(s), row->max_pdu);
	/* "0 when no message came in yet": loopback is 1 on a UDP server */
	assert_int_equal(coap_session_get_ifindex(s),
	    row->proto == UDP && row->type == COAP_SESSION_TYPE_SERVER);
	/* "The pointer given last; NULL when there was none" */
	assert_null(coap_session_get_app_data(s));
	coap_session_set_app_data(s, &data);
	assert_ptr_equal(coap_session_get_app_data(s), &data);
	coap_session_set_app_data(s, NULL);
	/* "LOCAL <-> REMOTE (ifN) PROTO" */
	coap_print_addr(coap_session_get_addr_remote(s), (uint8_t *)remote,
	    sizeof remote);
	coap_print_addr(coap_session_get_addr_local(s), (uint8_t *)local,
	    sizeof local);
	snprintf(text, sizeof text, "%s <-> %s%s %s", local, remote,
	    coap_session_get_ifindex(s) > 0 ? " (if1)" : "", row->label);
	assert_string_equal(coap_session_str(s), text);
	/* "0 on streams, which have none" */
	if (row->proto == TCP)
		assert_int_equal(coap_new_message_id(s), 0);
	else
		mid = coap_new_message_id(s);
	if (row->proto == UDP)
		assert_int_equal(coap_new_message_id(s), (uint16_t)(mid + 1));
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_not_equal(info.id, 0);
	assert_int_equal(coapx_session_get_endpoint(s) != NULL,
	    row->type == COAP_SESSION_TYPE_SERVER);
}

static void
udp(void **state)
{
	struct row row = { UDP, COAP_SESSION_TYPE_CLIENT,
		COAP_SESSION_STATE_ESTABLISHED, true, 1148, "UDP ",
		&w.udp_address, w.client };
	coap_session_t *s = world_session(UDP);
	coap_session_t *server;

	(void)state;
	check(s, &row);
	world_send(s, COAP_MESSAGE_CON, 'a');
	world_wait("2.05");
	check(s, &row);
	server = coap_session_reference(w.last);
	row.type = COAP_SESSION_TYPE_SERVER;
	row.context = w.server;
	row.remote = coap_session_get_addr_local(s);
	check(server, &row);
	assert_ptr_equal(coapx_session_get_endpoint(server), w.udp);
	assert_true(coap_address_equals(coap_session_get_addr_local(server),
	    &w.udp_address));
	coap_session_disconnected(server, COAP_NACK_RST);
	row.state = COAP_SESSION_STATE_NONE;
	check(server, &row);
	coap_session_release(server);
	coap_session_disconnected(s, COAP_NACK_RST);
	row = (struct row){ UDP, COAP_SESSION_TYPE_CLIENT,
		COAP_SESSION_STATE_NONE, true, 1148, "UDP ", &w.udp_address,
		w.client };
	check(s, &row);
	coap_session_release(s);
}

static void
tcp(void **state)
{
	struct row row = { TCP, COAP_SESSION_TYPE_CLIENT,
		COAP_SESSION_STATE_CONNECTING, false, 8388858, "TCP ",
		&w.tcp_address, w.client };
	coap_session_t *s = world_session(TCP);
	coap_session_t *server;

	(void)state;
	check(s, &row);
	world_wait("C SESSION_CONNECTED");
	row.state = COAP_SESSION_STATE_ESTABLISHED;
	row.local_port = true;
	check(s, &row);
	world_wait("SERVER_SESSION_CONNECTED");
	server = coap_session_reference(w.last);
	row.type = COAP_SESSION_TYPE_SERVER;
	row.context = w.server;
	row.remote = coap_session_get_addr_local(s);
	check(server, &row);
	assert_ptr_equal(coapx_session_get_endpoint(server), w.tcp);
	coap_session_disconnected(server, COAP_NACK_RST);
	row.state = COAP_SESSION_STATE_NONE;
	check(server, &row);
	coap_session_release(server);
	world_wait("C SESSION_CLOSED");
	row = (struct row){ TCP, COAP_SESSION_TYPE_CLIENT,
		COAP_SESSION_STATE_NONE, true, 8388858, "TCP ", &w.tcp_address,
		w.client };
	check(s, &row);
	coap_session_release(s);
}

static void
tcp_waiting_for_the_csm(void **state)
{
	coap_address_t address;
	struct row row = { TCP, COAP_SESSION_TYPE_CLIENT,
		COAP_SESSION_STATE_CSM, true, 8388858, "TCP ", &address,
		w.client };
	coap_session_t *s;
	int fd = world_raw(SOCK_STREAM, &address);
	int peer;

	(void)state;
	s = coap_new_client_session(w.client, NULL, &address, TCP);
	peer = world_raw_accept(fd);
	world_wait("TCP_CONNECTED");
	check(s, &row);
	world_raw_send(peer, NULL, "\x00\xe1", 2);
	world_wait("SESSION_CONNECTED");
	row.state = COAP_SESSION_STATE_ESTABLISHED;
	row.max_pdu = 1152 - 4; /* "what the peer's CSM allows" */
	check(s, &row);
	coap_session_release(s);
	close(peer);
	close(fd);
}

static void
multicast(void **state)
{
	coap_address_t group = net_address("224.0.1.187", 5683);
	coap_session_t *s =
	    coap_new_client_session(w.client, NULL, &group, UDP);

	(void)state;
	if (!s) /* no route on this machine */
		skip_because("this machine has no route to a group");
	assert_true(
	    coap_address_equals(coap_session_get_addr_mcast(s), &group));
	coap_session_release(s);
}

static void
mtu(void **state)
{
	coap_session_t *s = world_session(UDP);

	(void)state;
	coap_session_set_mtu(s, 500);
	assert_int_equal(coap_session_max_pdu_size(s), 496);
	/* "Less than 64 becomes 64." */
	coap_session_set_mtu(s, 10);
	assert_int_equal(coap_session_max_pdu_size(s), 60);
	coap_endpoint_set_default_mtu(w.udp, 300);
	world_send(s, COAP_MESSAGE_CON, 'a');
	world_wait("get a");
	assert_int_equal(coap_session_max_pdu_size(w.last), 296);
	coap_endpoint_set_default_mtu(NULL, 300);
	coap_session_release(s);
}

/* RFC 7252 section 5.3.1: nobody can guess them; RFC 9175 section 4.2: none is
 * used twice. */
static void
tokens_begin_anywhere(void **state)
{
	uint8_t token[2][16][8];
	size_t len;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		coap_session_t *s = world_session(UDP);

		for (size_t n = 0; n < 16; n++) {
			coap_session_new_token(s, &len, token[i][n]);
			assert_int_equal(len, 8);
			if (n > 0)
				assert_memory_not_equal(token[i][n - 1],
				    token[i][n], 8);
		}
		coap_session_release(s);
	}
	/* The upper half of 64 bits is not the same by chance. */
	assert_memory_not_equal(token[0][0], token[1][0], 4);
}

/* "The first one is the value given to coap_session_init_token(), each later
 * one is the next number." */
static void
tokens(void **state)
{
	coap_session_t *s = world_session(UDP);
	uint8_t token[8];
	size_t len;

	(void)state;
	coap_session_init_token(s, 3, (const uint8_t *)"\0\1\xff");
	coap_session_new_token(s, &len, token);
	assert_int_equal(len, 3);
	assert_memory_equal(token, "\0\1\xff", 3);
	coap_session_new_token(s, &len, token);
	assert_memory_equal(token, "\0\2\0", 3);
	/* "at most 8 bytes of token are kept" */
	coap_session_init_token(s, 9, (const uint8_t *)"123456789");
	coap_session_new_token(s, &len, token);
	assert_int_equal(len, 8);
	assert_memory_equal(token, "12345678", 8);
	coap_session_init_token(s, 1, NULL);
	coap_session_release(s);
}

static void
info_of_another_size(void **state)
{
	struct {
		coapx_session_info_t info;
		uint8_t behind;
	} more = { .behind = 7 };
	coap_session_t *s = world_session(UDP);

	(void)state;
	assert_int_equal(coapx_session_get_info(s, &more.info), -COAP_E_INVAL);
	more.info.size = offsetof(coapx_session_info_t, age_ms);
	more.info.age_ms = 99;
	assert_int_equal(coapx_session_get_info(s, &more.info), 0);
	assert_int_equal(more.info.references, 1);
	assert_int_equal(more.info.age_ms, 99);
	more.info.size = sizeof more;
	assert_int_equal(coapx_session_get_info(s, &more.info), 0);
	assert_int_equal(more.behind, 7);
	assert_int_equal(coapx_session_get_info(s, NULL), -COAP_E_INVAL);
	coap_session_release(s);
}

static void
counters(void **state)
{
	coap_session_t *s = world_connected(UDP);
	coapx_session_info_t info = { .size = sizeof info };

	(void)state;
	world_send(s, COAP_MESSAGE_CON, 'a');
	w.now_us += 5000;
	world_wait("2.05");
	w.now_us += 20000000;
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.tx, 1);
	assert_int_equal(info.rx, 1);
	assert_int_equal(info.bytes_tx, 7);
	assert_int_equal(info.bytes_rx, 5 + 1 + 5);
	assert_int_equal(info.rtt_min_us, 5000);
	assert_int_equal(info.rtt_max_us, 5000);
	assert_int_equal(info.rtt_avg_us, 5000);
	assert_int_equal(info.age_ms, 20005);
	assert_int_equal(info.idle_ms, 20000);
	assert_int_equal(info.mtu, COAP_DEFAULT_MTU);
	coap_session_release(s);
}

/* A send that takes 3 ms: the trace is told within it. */
static void
slow_send(const coapx_trace_t *trace, void *arg)
{
	(void)arg;
	if (trace->kind == COAPX_TRACE_TX)
		w.now_us += 3000;
}

/* The answer may be on its way before the call that sends is back. */
static void
round_trip_counts_sending(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_proto_t protos[] = { UDP, TCP };
	coap_session_t *s;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		s = world_connected(protos[i]);
		coapx_context_set_trace(w.client, slow_send, NULL);
		world_send(s, COAP_MESSAGE_CON, (uint8_t)('a' + i));
		world_wait("2.05");
		coapx_context_set_trace(w.client, NULL, NULL);
		assert_int_equal(coapx_session_get_info(s, &info), 0);
		assert_int_equal(info.rtt_min_us, 3000);
		coap_session_release(s);
		w.log_len = 0;
		w.log[0] = '\0';
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(null_session),
		T(udp),
		T(tcp),
		T(tcp_waiting_for_the_csm),
		T(multicast),
		T(mtu),
		T(tokens_begin_anywhere),
		T(tokens),
		T(info_of_another_size),
		T(counters),
		T(round_trip_counts_sending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

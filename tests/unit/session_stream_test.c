/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages over TCP: CSM, large ones, limits, garbage. */
#include "session_support.h"

#include <unistd.h>

#define CON COAP_MESSAGE_CON
#define TCP COAP_PROTO_TCP

/* --- streams -------------------------------------------------------------- */

static void
csm_is_exchanged(void **state)
{
	coapx_session_info_t info = { .size = sizeof info };
	coap_session_t *s;

	(void)state;
	coap_context_set_csm_max_message_size(w.server, 2000);
	coap_context_set_max_token_size(w.server, 20);
	s = world_connected(TCP);
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.csm_received, 1);
	assert_int_equal(info.csm_peer_max_message_size, 2000);
	assert_int_equal(info.csm_peer_max_token, 20);
	assert_int_equal(info.csm_own_max_message_size, 8388864);
	assert_int_equal(coap_session_max_pdu_size(s), 1996);
	assert_int_equal(coapx_session_get_info(w.last, &info), 0);
	assert_int_equal(info.csm_peer_max_message_size, 8388864);
	coap_session_release(s);
}

/* RFC 8323 section 3.3: also who accepted the connection may ask, and is
 * answered by somebody who serves nothing. */
static void
a_client_is_asked(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	assert_true(world_send(w.last, CON, 'a') != COAP_INVALID_MID);
	world_wait("S 4.04 a");
	coap_session_release(s);
}

static uint8_t large[1024 * 1024];

static void
serve_echo(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	const uint8_t *data;
	size_t len;

	(void)session;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (coap_get_data(request, &len, &data))
		assert_int_equal(coap_add_data(response, len, data), 1);
}

static coap_response_t
compare(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	const uint8_t *data;
	size_t len;

	(void)sent;
	(void)mid;
	assert_int_equal(coap_get_data(received, &len, &data), 1);
	assert_int_equal(len, sizeof large);
	assert_memory_equal(data, large, len);
	world_write(session, "same");
	return COAP_RESPONSE_OK;
}

/* 1 MiB there and back, four at once: the transport says "later". */
static void
large_messages(void **state)
{
	coap_session_t *s = world_connected(TCP);
	coap_pdu_t *pdu;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof large; i++)
		large[i] = (uint8_t)(i * 7 + i / 251);
	w.serve = serve_echo;
	coap_register_response_handler(w.client, compare);
	for (i = 0; i < 4; i++) {
		pdu = world_get(s, CON, (char)('a' + i));
		assert_int_equal(coap_add_data(pdu, sizeof large, large), 1);
		assert_true(coap_send(s, pdu) >= 0);
	}
	assert_int_equal(coap_io_pending(w.client), 1);
	assert_int_equal(coap_can_exit(w.client), 0);
	WORLD_UNTIL(world_count("C same") == 4);
	assert_int_equal(coap_io_pending(w.client), 0);
	coap_session_release(s);
}

static void
max_message_size_is_respected(void **state)
{
	coap_session_t *s;
	coap_session_t *early;
	coap_pdu_t *pdu;

	(void)state;
	coap_context_set_csm_max_message_size(w.server, 2000);
	s = world_connected(TCP);
	pdu = world_get(s, CON, 'a');
	assert_int_equal(coap_add_data(pdu, 1993, large), 0);
	assert_int_equal(coap_add_data(pdu, 1992, large), 1);
	assert_true(coap_send(s, pdu) >= 0);
	world_wait("2.05 a");
	/* Made by other means than coap_new_pdu(). */
	pdu = coap_pdu_init(CON, COAP_REQUEST_CODE_GET, 0, 10000);
	coap_add_data(pdu, 5000, large);
	assert_int_equal(coap_send(s, pdu), COAP_INVALID_MID);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_TOOBIG);
	world_forget();
	/* Before the CSM came nobody could know. */
	early = world_session(TCP);
	pdu = world_get(early, CON, 'b');
	assert_int_equal(coap_add_data(pdu, 5000, large), 1);
	assert_true(coap_send(early, pdu) >= 0);
	world_send(early, CON, 'c');
	world_wait("C 2.05 c");
	assert_int_equal(world_count("C nack not-deliverable b"), 1);
	coap_session_release(s);
	coap_session_release(early);
}

static void
message_before_the_csm_waits(void **state)
{
	coap_session_t *s = world_session(TCP);
	coapx_session_info_t info = { .size = sizeof info };

	(void)state;
	assert_int_equal(world_send(s, CON, 'a'), 0);
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.queued, 1);
	assert_int_equal(info.requests, 1);
	world_wait("2.05 a");
	assert_int_equal(coapx_session_get_info(s, &info), 0);
	assert_int_equal(info.queued, 0);
	assert_int_equal(info.requests, 0);
	coap_session_release(s);
}

static void
tiny_limit_of_the_peer(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	s = coap_new_client_session(w.client, NULL, &address, TCP);
	peer = world_raw_accept(fd);
	world_raw_send(peer, NULL, "\x10\xe1\x20", 3); /* 0 bytes */
	world_wait("SESSION_CONNECTED");
	assert_int_equal(coap_session_max_pdu_size(s), 0);
	assert_int_equal(coap_send(s,
			     coap_new_pdu(CON, COAP_REQUEST_CODE_GET, s)),
	    COAP_INVALID_MID);
	coap_session_release(s);
	close(peer);
	close(fd);
}

/* --- garbage -------------------------------------------------------------- */

static void
garbage_on_tcp_gets_an_abort(void **state)
{
	uint8_t data[256];
	size_t n = 0;
	int peer = world_raw_connect(&w.tcp_address);

	(void)state;
	world_wait("SESSION_CONNECTED");
	world_forget();
	world_raw_send(peer, NULL, "\x0f\xff\xff\xff\xff", 5);
	world_wait("SERVER_SESSION_DEL");
	world_expect('S',
	    "S TCP_CLOSED\nS SESSION_CLOSED\nS SERVER_SESSION_DEL\n");
	/* Our CSM, the Abort, the end. */
	for (;;) {
		size_t r =
		    world_raw_recv(peer, data + n, sizeof data - n, NULL);

		if (r == 0)
			break;
		n += r;
	}
	assert_int_equal(data[1], 0xe1);
	assert_true(n > 8);
	assert_int_equal(data[6 + 2], 0xe5);
	close(peer);
}

static void
half_a_message_then_the_end(void **state)
{
	int peer = world_raw_connect(&w.tcp_address);

	(void)state;
	world_wait("SESSION_CONNECTED");
	world_raw_send(peer, NULL, "\x50\x01\xb1", 3);
	world_settle();
	shutdown(peer, SHUT_WR);
	world_wait("SERVER_SESSION_DEL");
	assert_int_equal(w.requests, 0);
	assert_int_equal(world_count("S SESSION_CLOSED"), 1);
	close(peer);
}

static void
stream_cut_anywhere(void **state)
{
	static const uint8_t bytes[] = "\x21\x01"
				       "a\xb1x"
				       "\x21\x01"
				       "b\xb1x";
	int peer = world_raw_connect(&w.tcp_address);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bytes - 1; i++) {
		world_raw_send(peer, NULL, bytes + i, 1);
		world_settle();
	}
	WORLD_UNTIL(w.requests == 2);
	close(peer);
}

/* "No getter, no coap_send(), no constructor waits or runs the loop": what is
 * ready for other sessions stays where it is, and the peer that never answers does not matter. */
static void
nothing_waits_or_runs_the_loop(void **state)
{
	coap_session_t *ready = world_connected(COAP_PROTO_UDP);
	coapx_session_info_t info = { .size = sizeof info };
	struct net_stuck stuck;
	coap_session_t *s;

	(void)state;
	net_stuck_open(&stuck);
	world_send(ready, CON, 'a');
	world_wait("2.05 a");
	world_forget();
	world_send(ready, CON, 'b');
	while (w.requests < 2)
		coap_io_process(w.server, COAP_IO_NO_WAIT);
	world_forget(); /* the answer lies in the client's socket */
	s = coap_new_client_session(w.client, NULL, &stuck.address, TCP);
	world_send(s, CON, 'c');
	world_send(ready, CON, 'd');
	assert_true(coap_session_max_pdu_size(s) > 0);
	coap_session_set_nstart(s, 2);
	coap_session_send_ping(s);
	coap_session_send_ping(ready);
	coap_session_get_tls(s, NULL);
	coapx_session_get_info(s, &info);
	coap_session_str(s);
	coap_session_get_by_peer(w.client, &stuck.address, 0);
	assert_int_equal(coap_session_get_state(s),
	    COAP_SESSION_STATE_CONNECTING);
	world_expect(0, "");
	world_wait("2.05 b");
	coap_session_release(s);
	coap_session_release(ready);
	net_stuck_close(&stuck);
}

/* --- the trace ----------------------------------------------------------- */

static char traced[4096];

static void
on_trace(const coapx_trace_t *trace, void *arg)
{
	static const char *const kinds[] = { "?", "tx", "rx", "state", "note" };
	char line[64];

	assert_ptr_equal(arg, traced);
	assert_int_equal(trace->size, sizeof *trace);
	assert_non_null(trace->session);
	if (trace->pdu)
		snprintf(line, sizeof line, "%s %x", kinds[trace->kind],
		    (unsigned)coap_pdu_get_code(trace->pdu));
	else
		snprintf(line, sizeof line, "%s %s", kinds[trace->kind],
		    trace->text ? trace->text : "?");
	if (strlen(traced) + strlen(line) + 2 < sizeof traced)
		strcat(strcat(traced, line), "\n");
}

static void
trace_of_both_protocols(void **state)
{
	coap_session_t *s;

	(void)state;
	coapx_context_set_trace(w.client, on_trace, traced);
	traced[0] = '\0';
	s = world_session(TCP);
	world_send(s, CON, 'a');
	world_wait("2.05 a");
	coapx_session_shutdown(s);
	coap_session_release(s);
	assert_string_equal(traced,
	    "state connecting\nstate csm\ntx e1\nrx e1\n"
	    "state established\ntx 1\nrx 45\ntx e4\nstate none\n");
	traced[0] = '\0';
	world_forget();
	s = world_session(COAP_PROTO_UDP);
	world_send(s, CON, 'a');
	world_wait("2.05 a");
	coap_session_release(s);
	assert_string_equal(traced,
	    "state established\ntx 1\nrx 45\nstate none\n");
	coapx_context_set_trace(w.client, NULL, NULL);
}

static void
serve_large(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	(void)session;
	(void)request;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_int_equal(coap_add_data(response, sizeof large, large), 1);
}

/* A peer that asks and does not read is asked no further: what is kept for it
 * does not grow with what it asked. All answers come when it reads. */
static void
little_is_kept_for_a_peer_that_does_not_read(void **state)
{
	static const uint8_t csm[] = { 0x40, 0xe1, 0x23, 0x80, 0x00, 0x00 };
	static const uint8_t get[] = { 0x21, 0x01, 'a', 0xb1, 'x' };
	static uint8_t in[65536];
	const size_t want = 60 * sizeof large;
	uint8_t requests[60 * sizeof get];
	size_t got = 0;
	ssize_t n;
	int fd;

	(void)state;
	w.serve = serve_large;
	w.quiet = true;
	fd = world_raw_connect(&w.tcp_address);
	world_raw_send(fd, NULL, csm, sizeof csm);
	for (size_t i = 0; i < 60; i++)
		memcpy(requests + i * sizeof get, get, sizeof get);
	world_raw_send(fd, NULL, requests, sizeof requests);
	WORLD_UNTIL(w.requests > 0);
	world_settle();
	assert_in_range(w.requests, 1, 20);
	assert_in_range(w.last->n_pending, 1, 1);
	while (got < want) {
		n = recv(fd, in, sizeof in, MSG_DONTWAIT);
		if (n > 0)
			got += (size_t)n;
		else
			world_settle();
	}
	assert_int_equal(w.requests, 60);
	assert_int_equal(w.last->n_pending, 0);
	close(fd);
	world_settle();
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(csm_is_exchanged),
		T(a_client_is_asked),
		T(large_messages),
		T(max_message_size_is_respected),
		T(message_before_the_csm_waits),
		T(tiny_limit_of_the_peer),
		T(garbage_on_tcp_gets_an_abort),
		T(half_a_message_then_the_end),
		T(stream_cut_anywhere),
		T(nothing_waits_or_runs_the_loop),
		T(trace_of_both_protocols),
		T(little_is_kept_for_a_peer_that_does_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

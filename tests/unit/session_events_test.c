/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is told of a session, in its order, on each protocol: when all goes
 * well and when something goes wrong; with the reason of the nack, and the
 * error that can be asked for.
 */
#include "session_keys.h"
#include "session_ledger.h"
#include "session_wire.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	UDP = 1 << COAP_PROTO_UDP,
	DTLS = 1 << COAP_PROTO_DTLS,
	TCP = 1 << COAP_PROTO_TCP,
	TLS = 1 << COAP_PROTO_TLS,
	WS = 1 << COAP_PROTO_WS,
	WSS = 1 << COAP_PROTO_WSS,
	SECURE = DTLS | TLS | WSS,
	WEB = WS | WSS,
	STREAMS = TCP | TLS | WEB,
	DATAGRAMS = UDP | DTLS,
	ALL = STREAMS | DATAGRAMS,
};

static coap_proto_t proto;

/* --- what happens --------------------------------------------------------- */

static void
begin(coap_session_t **s, const coap_address_t *address)
{
	*s = session_keys_session_to(proto, address);
	assert_non_null(*s);
	ledger_send(*s, 'a');
	world_advance(100);
}

/* The words without the address, which is another one each time. */
static void
write_error(coap_session_t *s)
{
	char text[256];
	int err = coapx_session_error(s, text, sizeof text);
	const char *words = strstr(text, ": ");

	world_write(s, "error %d%s%s", err, words ? " " : "",
	    words ? words + 2 : "");
}

static void
finish(coap_session_t *s)
{
	world_advance(95000);
	write_error(s);
	coap_session_release(s);
	world_advance(400000);
}

static void
to_server(void)
{
	coap_session_t *s;

	begin(&s, world_address(proto));
	finish(s);
}

static void
to_nobody(void)
{
	coap_address_t nobody =
	    net_refusing(COAP_PROTO_RELIABLE(proto) ? SOCK_STREAM : SOCK_DGRAM);
	coap_session_t *s;

	begin(&s, &nobody);
	finish(s);
}

static void
to_silence(void)
{
	coap_address_t address;
	int fd =
	    world_raw(COAP_PROTO_RELIABLE(proto) ? SOCK_STREAM : SOCK_DGRAM,
		&address);
	coap_session_t *s;

	begin(&s, &address);
	finish(s);
	close(fd);
}

/* One that answers everything with the same bytes. */
static void
to_garbage(void)
{
	static const char garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	coap_address_t address;
	coap_session_t *s;
	int fd = world_raw(SOCK_STREAM, &address);
	int peer;

	begin(&s, &address);
	peer = world_raw_accept(fd);
	world_raw_send(peer, NULL, garbage, strlen(garbage));
	world_advance(100);
	close(peer);
	close(fd);
	finish(s);
}

/* With a request that does not get through before. */
static coap_session_t *
stuck(void)
{
	coap_session_t *s;

	wire_open(proto);
	begin(&s, &wire.address);
	wire.stopped = true;
	ledger_send(s, 'b');
	return s;
}

static void
server_shuts(void)
{
	coap_session_t *s = stuck();

	wire.stopped = false;
	coapx_session_shutdown(w.last);
	finish(s);
	wire_close();
}

static void
server_vanishes(void)
{
	coap_session_t *s = stuck();

	finish(s);
	wire_close();
}

static void
connection_is_reset(void)
{
	coap_session_t *s = stuck();

	wire_cut(true);
	finish(s);
	wire_close();
}

static void
we_disconnect(void)
{
	coap_session_t *s = stuck();

	wire.stopped = false;
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	finish(s);
	wire_close();
}

/* --- what is told --------------------------------------------------------- */

struct line {
	int protos;
	const char *text;
};

#define CLIENT_UP                                                      \
	{ STREAMS, "C TCP_CONNECTED" }, { SECURE, "C hint" },          \
	    { SECURE, "C DTLS_CONNECTED" }, { WEB, "C WS_CONNECTED" }, \
	    { ALL, "C SESSION_CONNECTED" },                            \
	{                                                              \
		ALL, "C 2.05 a hello"                                  \
	}
#define SERVER_UP                                                        \
	{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" }, \
	    { SECURE, "S name" }, { SECURE, "S identity" },              \
	    { SECURE, "S DTLS_CONNECTED" }, { WEB, "S WS_CONNECTED" },   \
	    { ALL, "S SESSION_CONNECTED" },                              \
	    { ALL, "S SERVER_SESSION_CONNECTED" },                       \
	{                                                                \
		ALL, "S get a"                                           \
	}
#define DOWN(who)                                                  \
	{ WEB, who " WS_CLOSED" }, { SECURE, who " DTLS_CLOSED" }, \
	    { STREAMS, who " TCP_CLOSED" },                        \
	{                                                          \
		ALL, who " SESSION_CLOSED"                         \
	}
#define DELETED                             \
	{                                   \
		ALL, "S SERVER_SESSION_DEL" \
	}
/* A handshake that came to nothing, of which both sides hear. */
#define NO_HANDSHAKE(who)                                           \
	{ ALL, who " DTLS_ERROR" }, { STREAMS, who " TCP_CLOSED" }, \
	{                                                           \
		ALL, who " SESSION_FAILED"                          \
	}

#define KEYS_DIFFER "-37 the keys differ"
#define LINES(...)              \
	(const struct line[])   \
	{                       \
		__VA_ARGS__,    \
		{               \
			0, NULL \
		}               \
	}

struct scene {
	const char *name;
	void (*run)(void);
	enum session_keys_fault fault;
	bool pki;
	int protos;
	const struct line *lines;
};

static const struct scene scenes[] = {
	{ "success", to_server, KEYS_GOOD, false, ALL,
	    LINES(CLIENT_UP, { ALL, "C error 0" }, DOWN("C"), SERVER_UP,
		DOWN("S"), DELETED) },
	{ "success with certificates", to_server, KEYS_GOOD, true, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { ALL, "C cn 0 1" },
		{ ALL, "C DTLS_CONNECTED" }, { WEB, "C WS_CONNECTED" },
		{ ALL, "C SESSION_CONNECTED" }, { ALL, "C 2.05 a hello" },
		{ ALL, "C error 0" }, DOWN("C"),
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ ALL, "S pki-name" }, { ALL, "S cn 0 1" },
		{ ALL, "S DTLS_CONNECTED" }, { WEB, "S WS_CONNECTED" },
		{ ALL, "S SESSION_CONNECTED" },
		{ ALL, "S SERVER_SESSION_CONNECTED" }, { ALL, "S get a" },
		DOWN("S"), DELETED) },
	{ "wrong key", to_server, KEYS_WRONG_KEY, false, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { ALL, "C hint" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ DTLS, "C error " KEYS_DIFFER },
		{ STREAMS,
		    "C error " KEYS_DIFFER
		    " (alert 51, decrypt_error, the peer's)" },
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ ALL, "S name" }, { ALL, "S identity" }, NO_HANDSHAKE("S"),
		DELETED) },
	{ "unknown identity", to_server, KEYS_UNKNOWN_IDENTITY, false, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { ALL, "C hint" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ ALL,
		    "C error -36 the identity is not known: \"lamp\" (alert "
		    "115, unknown_psk_identity, the peer's)" },
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ ALL, "S name" }, { ALL, "S identity" }, NO_HANDSHAKE("S"),
		DELETED) },
	{ "a name without a key", to_server, KEYS_NAME_NO_KEY, false, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { ALL, "C hint" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ ALL,
		    "C error -36 the identity is not known: \"lamp\" (alert "
		    "115, unknown_psk_identity, the peer's)" },
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ ALL, "S name" }, NO_HANDSHAKE("S"), DELETED) },
	{ "the client has no key", to_server, KEYS_NO_KEY, false, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { ALL, "C hint" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ ALL,
		    "C error -41 credentials that cannot be used (alert 80, "
		    "internal_error, ours)" },
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ DTLS, "S name" }, NO_HANDSHAKE("S"), DELETED) },
	{ "unknown name", to_server, KEYS_UNKNOWN_NAME, false, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { STREAMS, "C hint" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ ALL,
		    "C error -46 the server does not know this name (alert "
		    "112, unrecognized_name, the peer's)" },
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ ALL, "S name" }, NO_HANDSHAKE("S"), DELETED) },
	{ "not trusted", to_server, KEYS_NOT_TRUSTED, true, SECURE,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { ALL, "C cn 0 1" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ ALL,
		    "C error -38 the peer's certificate is not trusted: the "
		    "application refused it (alert 42, bad_certificate, "
		    "ours)" },
		{ ALL, "S SERVER_SESSION_NEW" }, { STREAMS, "S TCP_CONNECTED" },
		{ ALL, "S pki-name" }, NO_HANDSHAKE("S"), DELETED) },
	{ "refused", to_nobody, KEYS_GOOD, false, STREAMS,
	    LINES({ ALL, "C nack not-deliverable a" }, { ALL, "C TCP_FAILED" },
		{ ALL, "C SESSION_FAILED" },
		{ ALL, "C error -9 connection refused" }) },
	{ "refused by ICMP", to_nobody, KEYS_GOOD, false, DTLS,
	    LINES({ ALL, "C ICMP_ERROR" }, { ALL, "C nack icmp-issue a" },
		NO_HANDSHAKE("C"), { ALL, "C error -9 connection refused" }) },
	/* Each repetition meets it again; the last wait is for nothing. */
	{ "refused by ICMP", to_nobody, KEYS_GOOD, false, UDP,
	    LINES({ ALL, "C SESSION_CONNECTED" }, { ALL, "C ICMP_ERROR" },
		{ ALL, "C ICMP_ERROR" }, { ALL, "C ICMP_ERROR" },
		{ ALL, "C ICMP_ERROR" }, { ALL, "C ICMP_ERROR" },
		{ ALL, "C nack icmp-issue a" },
		{ ALL, "C error -9 connection refused" },
		{ ALL, "C SESSION_CLOSED" }) },
	{ "silence", to_silence, KEYS_GOOD, false, SECURE | WS,
	    LINES({ STREAMS, "C TCP_CONNECTED" }, { TLS | WSS, "C hint" },
		{ SECURE, "C nack tls-failed a" },
		{ WS, "C nack ws-layer-failed a" }, { SECURE, "C DTLS_ERROR" },
		{ STREAMS, "C TCP_CLOSED" }, { ALL, "C SESSION_FAILED" },
		{ ALL, "C error -11 no answer in time" }) },
	{ "silence", to_silence, KEYS_GOOD, false, UDP,
	    LINES({ ALL, "C SESSION_CONNECTED" },
		{ ALL, "C nack too-many-retries a" },
		{ ALL,
		    "C error -18 no acknowledgement after all "
		    "retransmissions" },
		{ ALL, "C SESSION_CLOSED" }) },
	/* Without a CSM it goes on (RFC 8323 section 5.3 leaves it open). */
	{ "silence", to_silence, KEYS_GOOD, false, TCP,
	    LINES({ ALL, "C TCP_CONNECTED" }, { ALL, "C SESSION_CONNECTED" },
		{ ALL, "C error 0" }, { ALL, "C nack not-deliverable a" },
		{ ALL, "C TCP_CLOSED" }, { ALL, "C SESSION_CLOSED" }) },
	{ "garbage", to_garbage, KEYS_GOOD, false, TCP,
	    LINES({ ALL, "C TCP_CONNECTED" },
		{ ALL, "C nack not-deliverable a" }, { ALL, "C TCP_CLOSED" },
		{ ALL, "C SESSION_FAILED" },
		{ ALL, "C error -4 not a valid message" }) },
	{ "garbage", to_garbage, KEYS_GOOD, false, TLS | WSS,
	    LINES({ ALL, "C TCP_CONNECTED" }, { ALL, "C hint" },
		{ ALL, "C nack tls-failed a" }, NO_HANDSHAKE("C"),
		{ ALL,
		    "C error -31 the secure handshake failed (alert 10, "
		    "unexpected_message, ours)" }) },
	{ "upgrade refused", to_garbage, KEYS_GOOD, false, WS,
	    LINES({ ALL, "C TCP_CONNECTED" },
		{ ALL, "C nack ws-layer-failed a" }, { ALL, "C TCP_CLOSED" },
		{ ALL, "C SESSION_FAILED" },
		{ ALL,
		    "C error -42 the WebSocket upgrade was refused: HTTP "
		    "status 400, 400 Bad Request" }) },
	{ "the server shuts down", server_shuts, KEYS_GOOD, false, STREAMS,
	    LINES(CLIENT_UP, { ALL, "C nack rst b" }, DOWN("C"),
		{ ALL, "C error -16 the peer sent Release" }, SERVER_UP,
		DOWN("S"), DELETED) },
	{ "the server shuts down", server_shuts, KEYS_GOOD, false, DTLS,
	    LINES(CLIENT_UP, { ALL, "C nack not-deliverable b" }, DOWN("C"),
		{ ALL, "C error -14 the peer closed the connection" },
		SERVER_UP, DOWN("S"), DELETED) },
	{ "the server vanishes", server_vanishes, KEYS_GOOD, false, DATAGRAMS,
	    LINES(CLIENT_UP, { ALL, "C nack too-many-retries b" },
		{ ALL,
		    "C error -18 no acknowledgement after all "
		    "retransmissions" },
		DOWN("C"), SERVER_UP, DOWN("S"), DELETED) },
	{ "the server vanishes", server_vanishes, KEYS_GOOD, false, STREAMS,
	    LINES(CLIENT_UP, { ALL, "C error 0" },
		{ ALL, "C nack not-deliverable b" }, DOWN("C"), SERVER_UP,
		DOWN("S"), DELETED) },
	{ "reset", connection_is_reset, KEYS_GOOD, false, STREAMS,
	    LINES(CLIENT_UP, { ALL, "C nack not-deliverable b" }, DOWN("C"),
		{ ALL, "C error -13 the peer reset the connection" }, SERVER_UP,
		DOWN("S"), DELETED) },
	{ "we disconnect", we_disconnect, KEYS_GOOD, false, STREAMS,
	    LINES(CLIENT_UP, { ALL, "C nack not-deliverable b" }, DOWN("C"),
		{ ALL, "C error -8 the session is closed" }, SERVER_UP,
		{ ALL, "S get b" }, DOWN("S"), DELETED) },
};

static void
expect(const struct scene *scene, char who)
{
	static char text[4096];
	static struct world kept;
	const struct line *line;
	size_t n = 0;

	text[0] = '\0';
	for (line = scene->lines; line->text; line++)
		if (line->text[0] == who && (line->protos & 1 << proto))
			n += (size_t)snprintf(text + n, sizeof text - n, "%s\n",
			    line->text);
	assert_true(n < sizeof text);
	/* The other side's lines are looked at, too. */
	kept = w;
	world_expect(who, text);
	w = kept;
}

static void
hook(coap_session_t *session, const char *line)
{
	ledger_line(session, line);
}

static void
world_again(void **state, bool pki, enum session_keys_fault fault)
{
	world_down(state);
	world_up(state);
	session_keys_up(pki, fault);
	ledger_begin();
	w.hook = hook;
}

static void
run(void **state, const struct scene *scene)
{
	char what[80];

	snprintf(what, sizeof what, "%s, %s", scene->name,
	    coapx_proto_name(proto));
	print_message("# %s\n", what);
	world_again(state, scene->pki, scene->fault);
	scene->run();
	expect(scene, 'C');
	expect(scene, 'S');
	ledger_check(what);
}

static void
each_in_its_order(void **state)
{
	size_t i;

	world_all_protocols();
	for (i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
		proto = COAP_PROTO_NONE;
		for (proto = world_next_proto(proto); proto != COAP_PROTO_NONE;
		     proto = world_next_proto(proto))
			if (scenes[i].protos & 1 << proto)
				run(state, &scenes[i]);
	}
}

/* --- cut at each place ---------------------------------------------------- */

static void (*carry)(void);
static unsigned cut_after;
static bool with_reset;

static void
carry_and_cut(void)
{
	carry();
	if (wire.up + wire.down >= cut_after)
		wire_cut(with_reset);
}

/* Whose turn it was when it was cut. */
static const char *
reason_of_cut(void)
{
	if (world_count("C DTLS_ERROR"))
		return "C nack tls-failed a";
	if (((1 << proto) & WEB) && !world_count("C WS_CONNECTED"))
		return "C nack ws-layer-failed a";
	return "C nack not-deliverable a";
}

/* False: all had been said before. */
static bool
cut(void **state, unsigned after, bool reset)
{
	coap_session_t *s;
	char what[80];
	bool early;
	int err;

	snprintf(what, sizeof what, "%s, %s after %u pieces",
	    coapx_proto_name(proto), reset ? "reset" : "cut", after);
	world_again(state, false, KEYS_GOOD);
	wire_open(proto);
	carry = w.relay;
	cut_after = after;
	with_reset = reset;
	w.relay = carry_and_cut;
	begin(&s, &wire.address);
	world_advance(60000);
	early = world_count("C 2.05 a") == 0;
	err = coapx_session_error(s, NULL, 0);
	if (err != -COAP_E_PEER_CLOSED && err != -COAP_E_RESET)
		print_error("%s: %s\n", what, coapx_strerror(-err));
	assert_true(err == -COAP_E_PEER_CLOSED || err == -COAP_E_RESET);
	assert_int_equal(world_count("C nack"), early);
	if (early)
		assert_int_equal(world_count(reason_of_cut()), 1);
	assert_int_equal(world_count("C TCP_CLOSED"), 1);
	coap_session_release(s);
	world_advance(400000);
	assert_int_equal(w.server->n_idle, 0);
	ledger_check(what);
	wire_close();
	return early;
}

static void
cut_at_each_place(void **state)
{
	unsigned after;
	int reset;

	world_all_protocols();
	for (proto = COAP_PROTO_UDP; proto < COAP_PROTO_LAST; proto++) {
		if (!((1 << proto) & STREAMS) || !w.endpoint[proto])
			continue;
		for (reset = 0; reset <= 1; reset++) {
			for (after = 1; cut(state, after, reset); after++)
				assert_true(after < 100);
			print_message("%s: %u places\n",
			    coapx_proto_name(proto), after - 1);
			assert_true(after > 2);
		}
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		T(each_in_its_order),
		T(cut_at_each_place),
	};

	return cmocka_run_group_tests(tests, NULL, session_keys_free);
}

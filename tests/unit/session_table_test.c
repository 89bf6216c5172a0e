/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of coap_session(3): six protocols, both roles, each function, in
 * each phase of a session, and what it must give with the sentence that says
 * so. A cell that cannot exist is in the list of impossible ones, with the
 * reason; every cell is in exactly one of the two.
 */
#include "session_support.h"
#include "skip.h"

#include <sys/socket.h>
#include <unistd.h>

enum {
	UDP = 1 << COAP_PROTO_UDP,
	DTLS = 1 << COAP_PROTO_DTLS,
	TCP = 1 << COAP_PROTO_TCP,
	TLS = 1 << COAP_PROTO_TLS,
	WS = 1 << COAP_PROTO_WS,
	WSS = 1 << COAP_PROTO_WSS,
	PLAIN = UDP | TCP | WS,
	SECURE = DTLS | TLS | WSS,
	STREAMS = TCP | TLS | WS | WSS,
	ALL = PLAIN | SECURE,

	CLIENT = 1,
	SERVER = 2,
	BOTH = CLIENT | SERVER,

	BEFORE = 1, /* the constructor, or SERVER_SESSION_NEW */
	DURING = 2, /* on its way to be established */
	ESTABLISHED = 4,
	DISCONNECTED = 8, /* after coap_session_disconnected() */
	ANY = BEFORE | DURING | ESTABLISHED | DISCONNECTED,
};

enum {
	NONE = 0,
	SOME = 1
};

/* --- what is asked: small numbers, so that a table can hold them ---------- */

struct subject {
	coap_session_t *session;
	int proto;
	int role;
	int phase;
	const coap_address_t *peer; /* NULL: not known to the test */
};

static long
same_bytes(const coap_bin_const_t *b, const char *text)
{
	if (!b)
		return NONE;
	assert_int_equal(b->length, strlen(text));
	assert_memory_equal(b->s, text, b->length);
	return SOME;
}

static unsigned
references(const coap_session_t *s)
{
	coapx_session_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_session_get_info(s, &info), 0);
	return info.references;
}

static long
ask_reference(const struct subject *t)
{
	unsigned before = references(t->session);
	long same = coap_session_reference(t->session) == t->session;

	assert_int_equal(references(t->session), before + 1);
	coap_session_release(t->session);
	return same;
}

/* How many references it takes; the session must be there afterwards. */
static long
ask_release(const struct subject *t)
{
	unsigned before;

	coap_session_reference(t->session);
	before = references(t->session);
	coap_session_release(t->session);
	return (long)before - references(t->session);
}

static long
ask_app_data(const struct subject *t)
{
	int data;

	coap_session_set_app_data(t->session, &data);
	return coap_session_get_app_data(t->session) == &data;
}

static long
ask_remote(const struct subject *t)
{
	const coap_address_t *a = coap_session_get_addr_remote(t->session);

	assert_non_null(a);
	if (t->peer)
		assert_true(coap_address_equals(a, t->peer));
	return coap_address_get_port(a) != 0;
}

static long
ask_local(const struct subject *t)
{
	const coap_address_t *a = coap_session_get_addr_local(t->session);

	assert_non_null(a);
	return coap_address_get_port(a) != 0;
}

static long
ask_mcast(const struct subject *t)
{
	return coap_session_get_addr_mcast(t->session) != NULL;
}

static long
ask_context(const struct subject *t)
{
	return coap_session_get_context(t->session) ==
	    (t->role == CLIENT ? w.client : w.server);
}

static long
ask_ifindex(const struct subject *t)
{
	return coap_session_get_ifindex(t->session) >= 0;
}

static long
ask_proto(const struct subject *t)
{
	return 1L << coap_session_get_proto(t->session);
}

static long
ask_type(const struct subject *t)
{
	return coap_session_get_type(t->session);
}

static long
ask_state(const struct subject *t)
{
	return coap_session_get_state(t->session);
}

static long
ask_tls(const struct subject *t)
{
	coap_tls_library_t lib = COAP_TLS_LIBRARY_TINYDTLS;
	void *tls = coap_session_get_tls(t->session, &lib);

	/* "tls_lib is the build's library, also then" */
	assert_int_equal(lib, coap_get_tls_library_version()->type);
	return tls != NULL;
}

static long
ask_hint(const struct subject *t)
{
	return same_bytes(coap_session_get_psk_hint(t->session), WORLD_HINT);
}

static long
ask_identity(const struct subject *t)
{
	return same_bytes(coap_session_get_psk_identity(t->session),
	    WORLD_IDENTITY);
}

static long
ask_key(const struct subject *t)
{
	return same_bytes(coap_session_get_psk_key(t->session), WORLD_KEY);
}

/* Last of all: it changes the session. */
static long
ask_set_type(const struct subject *t)
{
	unsigned before = references(t->session);
	int r = coap_session_set_type_client(t->session);

	assert_int_equal(references(t->session), before + (unsigned)r);
	if (r) {
		assert_int_equal(coap_session_get_type(t->session),
		    COAP_SESSION_TYPE_CLIENT);
		/* Its new reference is the caller's. */
		coap_session_reference(t->session);
		coap_session_release(t->session);
	} else {
		/* "the reason can be asked" */
		assert_int_equal(coapx_session_error(t->session, NULL, 0),
		    -COAP_E_STATE);
	}
	return r;
}

/* --- what must come ------------------------------------------------------- */

struct row {
	long (*ask)(const struct subject *);
	const char *function;
	int protos;
	int roles;
	int phases;
	long expected;
	const char *sentence;
};

#define R(f) ask_##f, #f

static const struct row rows[] = {
	{ R(reference), ALL, BOTH, ANY, SOME,
	    "coap_session_reference() returns the session" },
	{ R(release), ALL, BOTH, ANY, 1,
	    "coap_session_release() gives one reference back" },
	{ R(app_data), ALL, BOTH, ANY, SOME,
	    "coap_session_get_app_data() returns what was set" },
	{ R(remote), ALL, BOTH, ANY, SOME, "the peer's address" },
	{ R(local), STREAMS, CLIENT, BEFORE, NONE,
	    "before a connection is made it may be zero" },
	{ R(local), UDP | DTLS, CLIENT, BEFORE, SOME, "our own address" },
	{ R(local), ALL, CLIENT, DURING | ESTABLISHED | DISCONNECTED, SOME,
	    "our own address" },
	{ R(local), ALL, SERVER, ANY, SOME, "our own address" },
	{ R(mcast), ALL, BOTH, ANY, NONE,
	    "NULL unless it is a client session made for a group" },
	{ R(context), ALL, BOTH, ANY, SOME,
	    "the context that the session belongs to" },
	{ R(ifindex), ALL, BOTH, ANY, SOME,
	    "-1 is for NULL only; 0 when no message came in yet" },
	{ R(proto), UDP, BOTH, ANY, UDP, "the transport" },
	{ R(proto), DTLS, BOTH, ANY, DTLS, "the transport" },
	{ R(proto), TCP, BOTH, ANY, TCP, "the transport" },
	{ R(proto), TLS, BOTH, ANY, TLS, "the transport" },
	{ R(proto), WS, BOTH, ANY, WS, "the transport" },
	{ R(proto), WSS, BOTH, ANY, WSS, "the transport" },

	{ R(type), ALL, CLIENT, ANY, COAP_SESSION_TYPE_CLIENT,
	    "CLIENT: made by a constructor" },
	{ R(type), DTLS, SERVER, BEFORE, COAP_SESSION_TYPE_HELLO,
	    "HELLO: a peer whose ClientHello was not looked at" },
	{ R(type), ALL & ~DTLS, SERVER, BEFORE, COAP_SESSION_TYPE_SERVER,
	    "SERVER: a peer of an endpoint" },
	{ R(type), ALL, SERVER, DURING | ESTABLISHED | DISCONNECTED,
	    COAP_SESSION_TYPE_SERVER, "SERVER: a peer of an endpoint" },

	{ R(state), UDP, CLIENT, BEFORE, COAP_SESSION_STATE_ESTABLISHED,
	    "UDP is established at once" },
	{ R(state), DTLS, CLIENT, BEFORE, COAP_SESSION_STATE_HANDSHAKE,
	    "HANDSHAKE: DTLS or TLS is being set up" },
	{ R(state), STREAMS, CLIENT, BEFORE, COAP_SESSION_STATE_CONNECTING,
	    "CONNECTING: the connection is being made" },
	{ R(state), UDP, SERVER, BEFORE, COAP_SESSION_STATE_ESTABLISHED,
	    "UDP is established at once" },
	{ R(state), DTLS | STREAMS, SERVER, BEFORE, COAP_SESSION_STATE_NONE,
	    "NONE: nothing has begun" },
	{ R(state), SECURE, BOTH, DURING, COAP_SESSION_STATE_HANDSHAKE,
	    "HANDSHAKE: DTLS or TLS is being set up" },
	{ R(state), TCP, BOTH, DURING, COAP_SESSION_STATE_CSM,
	    "CSM: the peer's CSM is awaited" },
	{ R(state), WS, BOTH, DURING, COAP_SESSION_STATE_CONNECTING,
	    "CONNECTING: the connection is being made, the upgrade too" },
	{ R(state), ALL, BOTH, ESTABLISHED, COAP_SESSION_STATE_ESTABLISHED,
	    "ESTABLISHED: messages can be exchanged" },
	{ R(state), ALL, BOTH, DISCONNECTED, COAP_SESSION_STATE_NONE,
	    "state NONE on every protocol" },

	{ R(tls), PLAIN, BOTH, ANY, NONE, "NULL without TLS" },
	{ R(tls), SECURE, BOTH, BEFORE, NONE,
	    "from the handshake's begin to its end; else NULL" },
	{ R(tls), SECURE, BOTH, DURING | ESTABLISHED, SOME,
	    "the library's handle on DTLS, TLS and WSS" },
	{ R(tls), SECURE, BOTH, DISCONNECTED, NONE, "TLS handle NULL" },

	{ R(hint), PLAIN, BOTH, ANY, NONE, "NULL without a pre-shared key" },
	{ R(hint), SECURE, CLIENT, BEFORE | DURING, NONE,
	    "a client's: NULL until the server's hint arrives" },
	{ R(hint), DTLS, CLIENT, ESTABLISHED | DISCONNECTED, SOME,
	    "a client's: that of the server" },
	{ R(hint), TLS | WSS, CLIENT, ESTABLISHED | DISCONNECTED, NONE,
	    "TLS 1.3 has no hints" },
	{ R(hint), SECURE, SERVER, ANY, SOME,
	    "what this session really uses, the context's default included" },

	{ R(identity), PLAIN, BOTH, ANY, NONE,
	    "NULL without a pre-shared key" },
	{ R(identity), SECURE, CLIENT, ANY, SOME, "a client's own" },
	{ R(identity), SECURE, SERVER, BEFORE | DURING, NONE,
	    "a server's: NULL until the client said who it is" },
	{ R(identity), SECURE, SERVER, ESTABLISHED | DISCONNECTED, SOME,
	    "a server's: what the client said it is" },

	{ R(key), PLAIN, BOTH, ANY, NONE, "NULL without a pre-shared key" },
	{ R(key), SECURE, BOTH, ANY, SOME,
	    "what this session really uses, the context's default included" },

	{ R(set_type), ALL, CLIENT, ANY, 0, "HELLO, CLIENT, NULL: 0" },
	{ R(set_type), DTLS, SERVER, BEFORE, 0, "HELLO, CLIENT, NULL: 0" },
	{ R(set_type), ALL & ~DTLS, SERVER, BEFORE, 1,
	    "type SERVER in any state: 1, one more reference" },
	{ R(set_type), ALL, SERVER, DURING | ESTABLISHED | DISCONNECTED, 1,
	    "type SERVER in any state: 1, one more reference" },
};

/* Cells that cannot be. */
static const struct {
	int protos;
	int roles;
	int phases;
	const char *reason;
} impossible[] = {
	{ UDP, BOTH, DURING, "UDP is established at once" },
};

static bool
is_impossible(int proto, int role, int phase)
{
	size_t i;

	for (i = 0; i < sizeof impossible / sizeof impossible[0]; i++)
		if ((impossible[i].protos & proto) &&
		    (impossible[i].roles & role) &&
		    (impossible[i].phases & phase))
			return true;
	return false;
}

static const char *const functions[] = { "reference", "release", "app_data",
	"remote", "local", "mcast", "context", "ifindex", "proto", "type",
	"state", "tls", "hint", "identity", "key", "set_type" };

/* The cells, as one number each: function, protocol, role, phase. */
#define N_FUNCTIONS ((int)(sizeof functions / sizeof functions[0]))
#define N_CELLS     (N_FUNCTIONS * 6 * 2 * 4)

static unsigned
rows_of(const char *function, int proto, int role, int phase)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		n += strcmp(rows[i].function, function) == 0 &&
		    (rows[i].protos & proto) && (rows[i].roles & role) &&
		    (rows[i].phases & phase);
	return n;
}

/* Exactly one row for each cell; what cannot be is asked of nobody. */
static void
table_is_complete(void **state)
{
	int cell, proto, role, phase;
	const char *function;
	unsigned n;

	(void)state;
	for (cell = 0; cell < N_CELLS; cell++) {
		function = functions[cell % N_FUNCTIONS];
		proto = UDP << cell / N_FUNCTIONS % 6;
		role = CLIENT << cell / N_FUNCTIONS / 6 % 2;
		phase = BEFORE << cell / N_FUNCTIONS / 6 / 2;
		if (is_impossible(proto, role, phase))
			continue;
		n = rows_of(function, proto, role, phase);
		if (n != 1)
			print_error("%s, proto %d, role %d, phase %d: "
				    "%u rows\n",
			    function, proto, role, phase, n);
		assert_int_equal(n, 1);
	}
}

/* --- sessions in each phase ----------------------------------------------- */

static struct subject subject;
static unsigned asked;

static void
ask_all(void)
{
	long got;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (!(rows[i].protos & subject.proto) ||
		    !(rows[i].roles & subject.role) ||
		    !(rows[i].phases & subject.phase))
			continue;
		got = rows[i].ask(&subject);
		if (got != rows[i].expected)
			print_error("%s, proto %d, role %d, phase %d: "
				    "%ld, not %ld: \"%s\"\n",
			    rows[i].function, subject.proto, subject.role,
			    subject.phase, got, rows[i].expected,
			    rows[i].sentence);
		assert_int_equal(got, rows[i].expected);
		asked++;
	}
}

static coap_proto_t
proto_of(int bit)
{
	int p;

	for (p = COAP_PROTO_UDP; bit != 1 << p; p++)
		;
	return (coap_proto_t)p;
}

/* A server's session, met in its first event. */
static void
on_new(coap_session_t *session, const char *line)
{
	if (strcmp(line, "SERVER_SESSION_NEW") != 0)
		return;
	w.hook = NULL;
	subject.session = session;
	subject.peer = NULL;
	ask_all();
	/* It was made a client session: that is for the next cell to undo. */
	if (coap_session_get_type(session) == COAP_SESSION_TYPE_CLIENT)
		coap_session_release(session);
}

/* A peer that takes a connection, or datagrams, and says nothing. */
static int silent = -1;
static coap_address_t silent_address;

static coap_session_t *
client_of_silence(coap_proto_t proto)
{
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.psk_info = {
		    { strlen(WORLD_IDENTITY), (const uint8_t *)WORLD_IDENTITY },
		    { strlen(WORLD_KEY), (const uint8_t *)WORLD_KEY },
		},
	};
	bool stream = COAP_PROTO_RELIABLE(proto);

	silent = world_raw(stream ? SOCK_STREAM : SOCK_DGRAM, &silent_address);
	return (1 << proto) & SECURE
	    ? coap_new_client_session_psk2(w.client, NULL, &silent_address,
		  proto, &psk)
	    : coap_new_client_session(w.client, NULL, &silent_address, proto);
}

static void
client_phase(int phase)
{
	coap_proto_t proto = proto_of(subject.proto);
	coap_session_t *s;

	if (phase == DURING) {
		s = client_of_silence(proto);
		subject.peer = &silent_address;
	} else {
		s = world_session(proto);
		subject.peer = world_address(proto);
	}
	assert_non_null(s);
	subject.session = s;
	if (phase == DURING)
		world_settle();
	if (phase == ESTABLISHED || phase == DISCONNECTED)
		world_wait("C SESSION_CONNECTED");
	if (phase == DISCONNECTED)
		coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	ask_all();
	coap_session_release(s);
	if (silent >= 0)
		close(silent);
	silent = -1;
}

/* A server's session that waits for more of its peer. */
static coap_session_t *
server_session_waiting(coap_proto_t proto, coap_session_t **client, int *raw)
{
	int i;

	*client = NULL;
	*raw = -1;
	if (COAP_PROTO_RELIABLE(proto)) {
		/* Nothing is said: not even world_raw_connect()'s CSM. */
		*raw = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(*raw, &world_address(proto)->addr.sa,
				     world_address(proto)->size),
		    0);
		WORLD_UNTIL(w.last != NULL);
		return w.last;
	}
	/* The client stands still once the server has a session. */
	*client = world_session(proto);
	for (i = 0; i < 1000000 && !w.last; i++) {
		coap_io_process(w.client, COAP_IO_NO_WAIT);
		coap_io_process(w.server, COAP_IO_NO_WAIT);
	}
	assert_non_null(w.last);
	return w.last;
}

static void
server_phase(int phase)
{
	coap_proto_t proto = proto_of(subject.proto);
	coap_session_t *client = NULL;
	coap_session_t *s;
	int raw = -1;

	subject.peer = NULL;
	if (phase == BEFORE) {
		w.hook = on_new;
		client = world_session(proto);
		world_send(client, COAP_MESSAGE_CON, 'a');
		WORLD_UNTIL(w.hook == NULL);
		coap_session_release(client);
		return;
	}
	if (phase == DURING) {
		s = server_session_waiting(proto, &client, &raw);
	} else {
		client = world_session(proto);
		world_send(client, COAP_MESSAGE_CON, 'a');
		world_wait("C 2.05 a");
		s = w.last;
	}
	coap_session_reference(s);
	subject.session = s;
	if (phase == DISCONNECTED)
		coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	ask_all();
	coap_session_release(s); /* of set_type_client() */
	coap_session_release(s);
	coap_session_release(client);
	if (raw >= 0)
		close(raw);
}

static void
table_of(int proto)
{
	int role, phase;

	world_all_protocols();
	if (!w.endpoint[proto_of(proto)])
		skip_because("not in this build: %s",
		    coapx_proto_name(proto_of(proto)));
	asked = 0;
	for (role = CLIENT; role <= SERVER; role <<= 1)
		for (phase = BEFORE; phase <= DISCONNECTED; phase <<= 1) {
			if (is_impossible(proto, role, phase))
				continue;
			subject =
			    (struct subject){ NULL, proto, role, phase, NULL };
			w.last = NULL;
			if (role == CLIENT)
				client_phase(phase);
			else
				server_phase(phase);
			world_settle();
			world_forget();
		}
	/* Functions by roles and phases, less the impossible. */
	assert_int_equal(asked,
	    sizeof functions / sizeof functions[0] * (proto == UDP ? 6 : 8));
}

#define TABLE(name, bit)               \
	static void name(void **state) \
	{                              \
		(void)state;           \
		table_of(bit);         \
	}
TABLE(udp, UDP)
TABLE(dtls, DTLS)
TABLE(tcp, TCP)
TABLE(tls, TLS)
TABLE(ws, WS)
TABLE(wss, WSS)

static void
null(void **state)
{
	coap_tls_library_t lib = COAP_TLS_LIBRARY_TINYDTLS;

	(void)state;
	assert_null(coap_session_reference(NULL));
	coap_session_release(NULL);
	coap_session_disconnected(NULL, COAP_NACK_RST);
	assert_int_equal(coap_session_set_type_client(NULL), 0);
	coap_session_set_app_data(NULL, &lib);
	assert_null(coap_session_get_app_data(NULL));
	assert_null(coap_session_get_addr_local(NULL));
	assert_null(coap_session_get_addr_remote(NULL));
	assert_null(coap_session_get_addr_mcast(NULL));
	assert_null(coap_session_get_context(NULL));
	assert_int_equal(coap_session_get_ifindex(NULL), -1);
	assert_int_equal(coap_session_get_proto(NULL), COAP_PROTO_NONE);
	assert_int_equal(coap_session_get_state(NULL), COAP_SESSION_STATE_NONE);
	assert_int_equal(coap_session_get_type(NULL), COAP_SESSION_TYPE_NONE);
	assert_null(coap_session_get_tls(NULL, &lib));
	assert_int_equal(lib, COAP_TLS_LIBRARY_TINYDTLS);
	assert_null(coap_session_get_psk_hint(NULL));
	assert_null(coap_session_get_psk_identity(NULL));
	assert_null(coap_session_get_psk_key(NULL));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, world_up, world_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_complete),
		cmocka_unit_test(null),
		T(udp),
		T(dtls),
		T(tcp),
		T(tls),
		T(ws),
		T(wss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

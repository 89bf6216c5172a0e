/* SPDX-License-Identifier: BSD-2-Clause */
/* "References: as the page says"; the idle pool; "handlers may call anything,
 * release their own session included, also during teardown". */
#include "session_support.h"

#include <unistd.h>

#include <coap3/coap_debug.h>

#define CON COAP_MESSAGE_CON
#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static unsigned
references(const coap_session_t *s)
{
	coapx_session_info_t info = { .size = sizeof info };

	assert_int_equal(coapx_session_get_info(s, &info), 0);
	return info.references;
}

static void
counting(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	assert_int_equal(references(s), 1);
	assert_ptr_equal(coap_session_reference(s), s);
	assert_int_equal(references(s), 2);
	coap_session_release(s);
	assert_int_equal(references(s), 1);
	world_expect(0, "");
	coap_session_release(s);
	world_expect(0, "C SESSION_CLOSED\n");
	assert_null(w.client->clients);
	assert_null(coap_session_reference(NULL));
	coap_session_release(NULL);
	coap_session_disconnected(NULL, COAP_NACK_RST);
	coapx_session_shutdown(NULL);
}

static char logged[4096];

static void
log_line(coap_log_t level, const char *message)
{
	(void)level;
	if (strlen(logged) + strlen(message) < sizeof logged)
		strcat(logged, message);
}

/* "Each reference and release can be traced with its caller." */
static void
tracing(void **state)
{
	coap_session_t *s = world_connected(UDP);

	(void)state;
	logged[0] = '\0';
	coap_set_log_handler(log_line);
	coap_set_log_level(COAP_LOG_DEBUG);
	coap_session_release(coap_session_reference(s));
	coap_set_log_level(COAP_LOG_EMERG);
	coap_set_log_handler(NULL);
	assert_non_null(strstr(logged, "referenced by 0x"));
	assert_non_null(strstr(logged, "references: 2"));
	assert_non_null(strstr(logged, "released by 0x"));
	coap_session_release(s);
}

/* --- the idle pool -------------------------------------------------------- */

/* A session of the server's whose client said something just now. */
static coap_session_t *
visitor(coap_session_t **client)
{
	*client = world_connected(UDP);
	world_send(*client, CON, 'a');
	world_wait("2.05 a");
	world_settle();
	world_forget();
	return w.last;
}

static void
idle_for_300_seconds(void **state)
{
	coap_session_t *c;
	coap_session_t *s = visitor(&c);

	(void)state;
	assert_int_equal(references(s), 0);
	world_advance(290000);
	world_send(c, CON, 'b'); /* begins anew */
	world_wait("2.05 b");
	world_advance(299000);
	assert_int_equal(w.deleted, 0);
	world_advance(1500);
	assert_int_equal(w.deleted, 1);
	coap_session_release(c);
}

static void
referenced_for_ever(void **state)
{
	coap_session_t *c;
	coap_session_t *s = coap_session_reference(visitor(&c));

	(void)state;
	world_advance(10000000);
	assert_int_equal(w.deleted, 0);
	assert_int_equal(w.server->n_idle, 0);
	coap_session_release(s);
	assert_int_equal(w.deleted, 0); /* it has its time from here */
	assert_int_equal(w.server->n_idle, 1);
	world_advance(299000);
	assert_int_equal(w.deleted, 0);
	world_advance(2000);
	assert_int_equal(w.deleted, 1);
	coap_session_release(c);
}

static void
session_timeout_is_settable(void **state)
{
	coap_session_t *c;

	(void)state;
	visitor(&c);
	world_advance(20000);
	coap_context_set_session_timeout(w.server, 30);
	world_advance(9000);
	assert_int_equal(w.deleted, 0);
	world_advance(2000);
	assert_int_equal(w.deleted, 1);
	coap_session_release(c);
}

/* A message of the server's that is under way holds its session. */
static void
busy_is_not_idle(void **state)
{
	coap_session_t *c;
	coap_session_t *s = visitor(&c);

	(void)state;
	coap_context_set_session_timeout(w.server, 1);
	coap_session_release(c);
	coap_session_set_max_retransmit(s, 3);
	coap_session_set_ack_random_factor(s, (coap_fixed_point_t){ 1, 0 });
	world_send(s, CON, 'q');
	world_forget();
	world_advance(20000);
	assert_int_equal(world_count("S SERVER_SESSION_DEL"), 0);
	world_advance(20000);
	assert_int_equal(world_count("S nack icmp-issue q") +
		world_count("S nack too-many-retries q"),
	    1);
	assert_int_equal(w.deleted, 1);
}

static void
max_idle_sessions_takes_the_oldest(void **state)
{
	coap_session_t *c[4];
	coap_session_t *s[4];
	unsigned i;

	(void)state;
	coap_context_set_max_idle_sessions(w.server, 3);
	for (i = 0; i < 3; i++)
		s[i] = visitor(&c[i]);
	world_send(c[0], CON, 'b'); /* so 1 is the oldest */
	world_wait("2.05 b");
	assert_int_equal(w.deleted, 0);
	w.last = NULL;
	world_forget();
	s[3] = visitor(&c[3]);
	assert_int_equal(w.deleted, 1);
	assert_int_equal(w.server->n_idle, 3);
	assert_ptr_equal(w.server->idle, s[2]);
	assert_ptr_equal(w.server->idle->next, s[0]);
	assert_ptr_equal(w.server->idle->next->next, s[3]);
	for (i = 0; i < 4; i++)
		coap_session_release(c[i]);
}

/* Connections without a handshake do not end a session that had one. */
static void
half_open_ones_go_first(void **state)
{
	coap_session_t *c;
	int fd[5];
	unsigned i;

	(void)state;
	world_all_protocols();
	if (!w.endpoint[COAP_PROTO_TLS])
		skip();
	coap_context_set_max_idle_sessions(w.server, 3);
	c = world_connected(COAP_PROTO_TLS);
	for (i = 0; i < 5; i++) {
		/* Less than a record. */
		fd[i] = world_raw_connect(world_address(COAP_PROTO_TLS));
		world_settle();
	}
	assert_int_equal(w.deleted, 3);
	assert_int_equal(w.server->n_idle, 3);
	assert_int_equal(coap_session_get_state(w.server->idle),
	    COAP_SESSION_STATE_ESTABLISHED);
	world_forget();
	world_send(c, CON, 'a');
	world_wait("2.05 a");
	for (i = 0; i < 5; i++)
		close(fd[i]);
	coap_session_release(c);
}

static void
referenced_ones_do_not_count(void **state)
{
	coap_session_t *c[3];
	coap_session_t *s[3];
	unsigned i;

	(void)state;
	coap_context_set_max_idle_sessions(w.server, 1);
	for (i = 0; i < 3; i++)
		s[i] = coap_session_reference(visitor(&c[i]));
	assert_int_equal(w.deleted, 0);
	for (i = 0; i < 3; i++) {
		coap_session_release(s[i]);
		coap_session_release(c[i]);
	}
}

static void
new_and_del_come_in_pairs(void **state)
{
	coap_session_t *c[10];
	unsigned i;

	(void)state;
	for (i = 0; i < 10; i++) {
		c[i] = world_session(i % 2 ? TCP : UDP);
		world_send(c[i], CON, (char)('a' + i));
	}
	WORLD_UNTIL(w.requests == 10);
	world_settle();
	assert_int_equal(world_count("S SERVER_SESSION_NEW"), 10);
	for (i = 0; i < 10; i++)
		coap_session_release(c[i]);
	WORLD_UNTIL(w.deleted == 5);
	coap_free_context(w.server);
	w.server = NULL;
	assert_int_equal(w.deleted, 10);
}

/* --- handlers that end what they were given ------------------------------- */

static char at[32];
static unsigned ended;
static void (*do_end)(coap_session_t *);

static void
end_twice(coap_session_t *s)
{
	coap_set_log_level(COAP_LOG_EMERG);
	while (references(s) > 0)
		coap_session_release(s);
	coap_session_release(s); /* once too often: logged, ignored */
	coap_session_disconnected(s, COAP_NACK_RST);
	coapx_session_shutdown(s);
	coap_session_reference(s); /* counts for nothing any more */
}

static void
hook_end(coap_session_t *session, const char *line)
{
	if (strncmp(line, at, strlen(at)) != 0 || ended++)
		return;
	do_end(session);
	/* Still whole until the pass ends. */
	assert_non_null(coap_session_str(session));
	assert_non_null(coap_session_get_addr_remote(session));
	assert_non_null(coap_session_get_context(session));
	(void)world_send(session, CON, 'y');
	if (do_end == end_twice)
		assert_null(world_request(session, CON, 'z', 1, 0, NULL));
}

static void
end_all_contexts(coap_session_t *s)
{
	coap_context_t *c = coap_session_get_context(s);

	coap_free_context(c);
	coap_free_context(c);
	if (c == w.client)
		w.client = NULL;
	else
		w.server = NULL;
	assert_null(coap_new_client_session(c, NULL, &w.udp_address, UDP));
	assert_null(coap_new_endpoint(c, &w.udp_address, UDP));
}

/* Everything that calls a handler of a client's session. */
static void
scene(coap_proto_t proto)
{
	coap_address_t address;
	coap_session_t *s;
	coap_session_t *t;
	uint8_t data[64];
	int fd = world_raw(SOCK_DGRAM, &address);
	int err;

	s = world_session(proto);
	world_send(s, CON, 'a');
	world_request(s, CON, 'b', 0, 0, &err);
	world_request(s, CON, '0', 0, 0, &err);
	world_advance(10);
	if (!ended) {
		coap_session_send_ping(s);
		if (w.last && w.server)
			coap_session_send_ping(w.last);
		world_advance(10);
	}
	if (!ended) {
		coap_session_disconnected(s, COAP_NACK_RST);
		if (!ended)
			coap_session_release(s);
		world_advance(10);
	}
	if (!ended && w.client) {
		t = coap_new_client_session(w.client, NULL, &address, UDP);
		coap_session_set_max_retransmit(t, 2);
		world_send(t, CON, 'c');
		world_request(t, CON, 'd', 0, 0, &err);
		world_raw_recv(fd, data, sizeof data, NULL);
		world_advance(100000);
		if (!ended) {
			world_request(t, CON, 'e', 0, 0, &err);
			close(fd);
			fd = -1;
			world_advance(100000);
		}
		if (!ended)
			coap_session_release(t);
	}
	if (fd >= 0)
		close(fd);
	if (w.client)
		world_settle();
}

static void
in_every_handler(void **state, void (*end)(coap_session_t *))
{
	static const char *const lines[] = { "SESSION_CONNECTED",
		"TCP_CONNECTED", "2.05", "result b", "result 0", "pong", "ping",
		"get", "SERVER_SESSION_NEW", "SERVER_SESSION_CONNECTED", "sent",
		"again", "icmp", "ICMP_ERROR", "nack", "result d", "result e",
		"SESSION_CLOSED", "TCP_CLOSED", "SERVER_SESSION_DEL" };
	unsigned happened = 0;
	unsigned i;

	do_end = end;
	for (i = 0; i < 2 * sizeof lines / sizeof lines[0]; i++) {
		ended = 0;
		snprintf(at, sizeof at, "%s", lines[i / 2]);
		w.hook = hook_end;
		coap_context_set_session_timeout(w.server, 3);
		scene(i % 2 ? TCP : UDP);
		happened += ended > 0;
		world_down(state);
		world_up(state);
	}
	/* Not all of them on both protocols. */
	assert_true(happened > 30);
}

static void
released_in_every_handler(void **state)
{
	in_every_handler(state, end_twice);
}

static void
context_freed_in_every_handler(void **state)
{
	in_every_handler(state, end_all_contexts);
}

static void
end_endpoints(coap_session_t *s)
{
	(void)s;
	if (w.server)
		while (w.server->endpoints)
			coap_free_endpoint(w.server->endpoints);
}

static void
endpoints_freed_in_every_handler(void **state)
{
	static const char *const lines[] = { "SESSION_CONNECTED",
		"TCP_CONNECTED", "pong", "ping", "get", "SERVER_SESSION_NEW",
		"SERVER_SESSION_CONNECTED", "SESSION_CLOSED", "TCP_CLOSED",
		"SERVER_SESSION_DEL" };
	unsigned i;

	for (i = 0; i < 2 * sizeof lines / sizeof lines[0]; i++) {
		ended = 0;
		do_end = end_endpoints;
		snprintf(at, sizeof at, "%s", lines[i / 2]);
		w.hook = hook_end;
		coap_context_set_session_timeout(w.server, 3);
		scene(i % 2 ? TCP : UDP);
		world_down(state);
		world_up(state);
	}
}

/* --- teardown ------------------------------------------------------------- */

static void
hook_reconnect(coap_session_t *session, const char *line)
{
	coap_context_t *c = coap_session_get_context(session);

	/* What many programs do; it must not keep a context alive. */
	if (c->freeing && (strstr(line, "_CLOSED") || strstr(line, "_FAILED")))
		assert_null(
		    coap_new_client_session(c, NULL, &w.udp_address, UDP));
	coap_session_release(coap_session_reference(session));
}

static void
context_freed_with_sessions_in_each_state(void **state)
{
	struct net_stuck stuck;
	coap_address_t address;
	coap_session_t *held;
	int fd, peer;

	(void)state;
	fd = world_raw(SOCK_STREAM, &address);
	net_stuck_open(&stuck);
	held = coap_session_reference(world_connected(UDP));
	world_send(held, CON, 'a');
	coap_session_disconnected(world_connected(TCP), COAP_NACK_RST);
	world_connected(TCP);
	coap_new_client_session(w.client, NULL, &address, TCP);
	peer = world_raw_accept(fd); /* it waits for the CSM */
	coap_new_client_session(w.client, NULL, &stuck.address, TCP);
	world_session(UDP); /* not announced */
	world_send(world_session(TCP), CON, 'b');
	w.hook = hook_reconnect;
	coap_free_context(w.client);
	w.client = NULL;
	world_settle();
	coap_free_context(w.server);
	w.server = NULL;
	net_stuck_close(&stuck);
	close(peer);
	close(fd);
}

static unsigned freed;

static void
count_free(void *data)
{
	assert_ptr_equal(data, &freed);
	freed++;
}

static void
application_data_is_freed_once(void **state)
{
	coap_session_t *s = world_connected(UDP);
	int other;

	(void)state;
	freed = 0;
	coap_session_set_app_data(s, &other);
	assert_ptr_equal(coapx_session_set_app_data(s, &freed, count_free),
	    &other);
	assert_ptr_equal(coap_session_get_app_data(s), &freed);
	coap_session_release(s);
	assert_int_equal(freed, 1);
	s = world_connected(UDP);
	assert_null(coapx_session_set_app_data(s, &freed, count_free));
	assert_ptr_equal(coapx_session_set_app_data(s, &other, NULL), &freed);
	coap_session_release(s);
	assert_int_equal(freed, 1);
	assert_null(coapx_session_set_app_data(NULL, &other, NULL));
}

/* "The callback gets the pointer when the object is freed; the one before is
 * given back, and its callback forgotten." */
static void
application_data_of_later_releases(void **state)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_context_t *c = coap_new_context(NULL);
	coap_endpoint_t *ep = coap_new_endpoint(c, &any, UDP);
	coap_session_t *s = world_connected(UDP);
	int other;

	(void)state;
	freed = 0;
	assert_null(coap_session_set_app_data2(s, &other, count_free));
	assert_ptr_equal(coap_session_set_app_data2(s, &freed, count_free),
	    &other);
	assert_null(coap_session_set_app_data2(NULL, &other, NULL));
	coap_session_release(s);
	assert_int_equal(freed, 1);

	assert_null(coap_endpoint_set_app_data2(ep, &other, count_free));
	assert_ptr_equal(coap_endpoint_set_app_data2(ep, &freed, count_free),
	    &other);
	assert_ptr_equal(coap_endpoint_get_app_data(ep), &freed);
	assert_null(coap_endpoint_set_app_data2(NULL, &other, NULL));
	assert_null(coap_endpoint_get_app_data(NULL));
	coap_free_endpoint(ep);
	assert_int_equal(freed, 2);
	ep = coap_new_endpoint(c, &any, UDP);
	coap_endpoint_set_app_data2(ep, &freed, count_free);

	assert_null(coap_context_set_app_data2(c, &other, count_free));
	assert_ptr_equal(coap_context_set_app_data2(c, &freed, count_free),
	    &other);
	assert_ptr_equal(coap_context_get_app_data(c), &freed);
	assert_null(coap_context_set_app_data2(NULL, &other, NULL));
	coap_free_context(c);
	assert_int_equal(freed, 4);

	c = coap_new_context(NULL);
	coap_context_set_app_data2(c, &freed, count_free);
	coap_context_set_app_data(c, &other);
	coap_free_context(c);
	assert_int_equal(freed, 4);
}

static void
endpoint_of_a_session(void **state)
{
	coap_session_t *s = world_connected(TCP);

	(void)state;
	assert_null(coap_session_get_endpoint(s));
	assert_ptr_equal(coap_session_get_endpoint(w.last), w.tcp);
	assert_int_equal(coap_session_set_type_client(w.last), 1);
	assert_ptr_equal(coap_session_get_endpoint(w.last), w.tcp);
	assert_null(coap_session_get_endpoint(NULL));
	coap_session_release(w.last);
	coap_session_release(s);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(counting),
		T(tracing),
		T(idle_for_300_seconds),
		T(referenced_for_ever),
		T(session_timeout_is_settable),
		T(busy_is_not_idle),
		T(max_idle_sessions_takes_the_oldest),
		T(half_open_ones_go_first),
		T(referenced_ones_do_not_count),
		T(new_and_del_come_in_pairs),
		T(released_in_every_handler),
		T(context_freed_in_every_handler),
		T(endpoints_freed_in_every_handler),
		T(context_freed_with_sessions_in_each_state),
		T(application_data_is_freed_once),
		T(application_data_of_later_releases),
		T(endpoint_of_a_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

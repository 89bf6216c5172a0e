/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multicast groups on the loopback (RFC 7252 section 8): members are sockets of
 * the test's own, or the world's server.
 */
#include "session_support.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <unistd.h>

#include "message/params.h"
#include "session/group/mcast.h"
#include "skip.h"
#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define UDP COAP_PROTO_UDP

#define GROUP4  "224.0.1.187"
#define GROUP6  "ff02::fd"
#define MEMBERS 3

static struct {
	int listening;       /* hears the group */
	int member[MEMBERS]; /* answer */
	uint16_t port[MEMBERS];
	coap_address_t group;
	coap_address_t asker; /* who sent the last request */
	uint8_t request[200];
	size_t request_len;
	char from[200]; /* the ports of who answered, each with a blank */
	unsigned size;  /* of what the server's handler answers */
} m;

/* --- members of the test's own --------------------------------------------- */

static void
join(int fd, const char *group)
{
	struct ip_mreqn mreq = { .imr_ifindex = (int)if_nametoindex("lo") };

	inet_pton(AF_INET, group, &mreq.imr_multiaddr);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq,
			     sizeof mreq),
	    0);
}

static int
up(void **state)
{
	coap_address_t any = net_address("0.0.0.0", 0);
	coap_address_t own;

	world_up(state);
	memset(&m, 0, sizeof m);
	m.listening = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(m.listening, &any.addr.sa, any.size), 0);
	assert_int_equal(getsockname(m.listening, &any.addr.sa, &any.size), 0);
	join(m.listening, GROUP4);
	m.group = net_address(GROUP4, coap_address_get_port(&any));
	for (int i = 0; i < MEMBERS; i++) {
		m.member[i] = world_raw(SOCK_DGRAM, &own);
		m.port[i] = coap_address_get_port(&own);
	}
	return 0;
}

static int
down(void **state)
{
	close(m.listening);
	for (int i = 0; i < MEMBERS; i++)
		close(m.member[i]);
	return world_down(state);
}

/* A session to that group by the loopback. */
static coap_session_t *
session_to(const coap_address_t *group)
{
	coap_address_t lo = net_address("127.0.0.1", 0);
	coap_session_t *s = coap_new_client_session(w.client, &lo, group, UDP);

	assert_non_null(s);
	world_wait("C SESSION_CONNECTED");
	world_settle();
	world_forget();
	return s;
}

static void
hear(void)
{
	m.request_len =
	    world_raw_recv(m.listening, m.request, sizeof m.request, &m.asker);
	assert_true(m.request_len >= 5);
}

/* A 2.05 with a text, or another code without. */
static void
answer(int member, uint8_t type, uint8_t code, uint16_t mid, char token,
    const char *text)
{
	uint8_t data[64] = { (uint8_t)(0x41 | type << 4), code,
		(uint8_t)(mid >> 8), (uint8_t)mid, (uint8_t)token, 0xff };
	size_t n = strlen(text);

	memcpy(data + 6, text, n);
	world_raw_send(m.member[member], &m.asker, data, n ? 6 + n : 5);
	world_settle();
}

static void
note_sender(coap_session_t *session, const char *line)
{
	size_t len = strlen(m.from);

	if (strncmp(line, "2.", 2) != 0 && strncmp(line, "4.", 2) != 0)
		return;
	for (int i = 0; i < MEMBERS; i++)
		if (coap_address_get_port(
			coap_session_get_addr_remote(session)) == m.port[i])
			snprintf(m.from + len, sizeof m.from - len, "%d ", i);
	assert_true(coap_address_equals(coap_session_get_addr_mcast(session),
	    &m.group));
}

/* --- a client -------------------------------------------------------------- */

static void
each_answer_is_told_with_its_sender(void **state)
{
	coap_session_t *s = session_to(&m.group);

	(void)state;
	w.hook = note_sender;
	assert_int_not_equal(world_send(s, NON, 'a'), -1);
	hear();
	assert_int_equal(m.request[0], 0x51);
	answer(2, NON, 69, 1, 'a', "two");
	answer(0, NON, 69, 2, 'a', "zero");
	answer(1, NON, 132, 3, 'a', "");
	world_expect('C', "C 2.05 a two\nC 2.05 a zero\nC 4.04 a \n");
	assert_string_equal(m.from, "2 0 1 ");
	/* Until the next request it is the last that answered. */
	assert_int_equal(coap_address_get_port(coap_session_get_addr_remote(s)),
	    m.port[1]);
	world_send(s, NON, 'b');
	assert_true(
	    coap_address_equals(coap_session_get_addr_remote(s), &m.group));
	coap_session_release(s);
}

static void
the_same_message_is_told_once(void **state)
{
	coap_session_t *s = session_to(&m.group);
	uint8_t ack[8];

	(void)state;
	world_send(s, NON, 'a');
	hear();
	answer(0, NON, 69, 7, 'a', "x");
	answer(0, NON, 69, 7, 'a', "x");
	/* Equal to the last bit, but another member's. */
	answer(1, NON, 69, 7, 'a', "x");
	answer(0, NON, 69, 7, 'a', "x");
	/* The same member has more to say. */
	answer(0, NON, 69, 8, 'a', "y");
	world_expect('C', "C 2.05 a x\nC 2.05 a x\nC 2.05 a y\n");
	assert_int_equal(s->stats.duplicates, 2);
	/* A CON is acknowledged to who sent it, each time. */
	for (int i = 0; i < 2; i++) {
		answer(2, CON, 69, 9, 'a', "z");
		assert_int_equal(world_raw_recv(m.member[2], ack, sizeof ack,
				     NULL),
		    4);
		assert_memory_equal(ack, "\x60\0\0\x09", 4);
	}
	world_expect('C', "C 2.05 a z\n");
	assert_int_equal(recv(m.listening, ack, sizeof ack, MSG_DONTWAIT), -1);
	/* A member that counts from the same number again for each request. */
	world_advance(7000);
	world_send(s, NON, 'b');
	hear();
	answer(0, NON, 69, 7, 'b', "x");
	world_expect('C', "C 2.05 b x\n");
	coap_session_release(s);
}

/* Of many members the first are forgotten, and there is an end to memory. */
static void
there_is_a_ceiling_to_what_is_remembered(void **state)
{
	coap_session_t *s = session_to(&m.group);

	(void)state;
	w.quiet = true;
	world_send(s, NON, 'a');
	hear();
	for (unsigned i = 0; i < MCAST_HEARD_MAX + 10; i++) {
		uint8_t data[] = { 0x51, 69, (uint8_t)(i >> 8), (uint8_t)i,
			'a' };

		world_raw_send(m.member[0], &m.asker, data, sizeof data);
		if (i % 32 == 0)
			world_settle();
	}
	world_settle();
	assert_int_equal(HASH_COUNT(s->extra->heard), MCAST_HEARD_MAX);
	/* With the next request they are forgotten. */
	world_advance(60000);
	world_send(s, NON, 'b');
	hear();
	answer(0, NON, 69, 7, 'b', "x");
	assert_int_equal(HASH_COUNT(s->extra->heard), 1);
	coap_session_release(s);
}

static void
nothing_is_reset(void **state)
{
	static const uint8_t ping[] = { 0x40, 0, 0, 1 };
	coap_session_t *s = session_to(&m.group);
	uint8_t data[8];

	(void)state;
	world_send(s, NON, 'a');
	hear();
	answer(0, NON, 69, 7, 'z', "not asked for");
	answer(0, CON, 69, 8, 'z', "neither");
	answer(0, CON, 1, 9, 'a', "a request");
	answer(0, 2, 69, 10, 'a', "an ACK");
	/* A Reset of one member is not the end. */
	m.request[0] = 0x70;
	m.request[1] = 0;
	world_raw_send(m.member[0], &m.asker, m.request, 4);
	world_raw_send(m.member[0], &m.asker, ping, sizeof ping);
	world_raw_send(m.member[0], &m.asker, "\xff\xff\xff\xff\xff", 5);
	/* An option that may not be ignored (35, and 9 is none). */
	world_raw_send(m.member[0], &m.asker, "\x51\x45\x00\x20\x61\x91\x00",
	    7);
	world_settle();
	world_expect('C', "C BAD_PACKET\n");
	answer(0, NON, 69, 11, 'a', "good");
	world_expect('C', "C 2.05 a good\n");
	assert_int_equal(recv(m.member[0], data, sizeof data, MSG_DONTWAIT),
	    -1);
	coap_session_release(s);
}

/* Without an answer: one nack. With one: nothing more. */
static void
the_end_of_a_plain_request(void **state)
{
	coap_session_t *s = session_to(&m.group);

	(void)state;
	world_send(s, NON, 'a');
	hear();
	world_advance(6999);
	world_expect('C', "");
	world_advance(1);
	world_expect('C', "C nack too-many-retries a\n");
	world_send(s, NON, 'b');
	hear();
	world_advance(6998);
	answer(0, NON, 69, 1, 'b', "late");
	world_advance(1000);
	world_expect('C', "C 2.05 b late\n");
	answer(1, NON, 69, 1, 'b', "too late");
	assert_int_equal(s->requests.count, 0);
	/* The session's leisure counts. */
	coap_session_set_default_leisure(s, (coap_fixed_point_t){ 1, 0 });
	world_send(s, NON, 'c');
	hear();
	world_advance(3000);
	world_expect('C', "C nack too-many-retries c\n");
	/* And its end: who was answered has had the answer. */
	world_send(s, NON, 'd');
	hear();
	answer(0, NON, 69, 2, 'd', "one");
	coap_session_disconnected(s, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(world_count("C nack"), 0);
	coap_session_release(s);
}

static void
on_answer(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	bool cancel = arg && strcmp(arg, "cancel") == 0;
	bool release = arg && strcmp(arg, "release") == 0;
	size_t len;
	const uint8_t *data;

	assert_int_equal(result->error, 0);
	coap_get_data(result->response, &len, &data);
	world_write(session, "answer %.*s after %u", (int)len, data,
	    (unsigned)(result->rtt_us / 1000));
	if (cancel)
		coapx_request_cancel(request);
	if (release)
		coap_session_release(session);
}

static void
on_end(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	(void)request;
	(void)arg;
	world_write(session, "end %d %s", result->error,
	    result->response ? "with" : "without");
}

static coapx_request_t *
ask(coap_session_t *s, char token, unsigned ms, const char *what, int *err)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.timeout_ms = ms,
		.result = on_end,
		.response = on_answer,
		.arg = (void *)(uintptr_t)what,
	};

	return coapx_request_send(s, world_get(s, NON, token), &params, err);
}

static void
a_handler_of_its_own(void **state)
{
	coap_session_t *s = session_to(&m.group);

	(void)state;
	assert_non_null(ask(s, 'a', 0, NULL, NULL));
	hear();
	world_advance(500);
	answer(0, NON, 69, 1, 'a', "x");
	world_advance(1500);
	answer(1, NON, 69, 1, 'a', "y");
	world_advance(4999);
	world_expect('C', "C answer x after 500\nC answer y after 2000\n");
	world_advance(1);
	world_expect('C', "C end 0 without\n");
	/* A time limit goes before the leisure, also a longer one. */
	ask(s, 'b', 20000, NULL, NULL);
	world_advance(19999);
	world_expect('C', "");
	world_advance(1);
	world_expect('C', "C end -11 without\n");
	ask(s, 'c', 100, NULL, NULL);
	world_advance(100);
	world_expect('C', "C end -11 without\n");
	coap_session_release(s);
}

static void
a_handler_may_end_it(void **state)
{
	coap_session_t *s = session_to(&m.group);

	(void)state;
	ask(s, 'a', 0, "cancel", NULL);
	hear();
	answer(0, NON, 69, 1, 'a', "x");
	answer(1, NON, 69, 1, 'a', "y");
	world_advance(60000);
	world_expect('C', "C answer x after 0\n");
	ask(s, 'b', 0, "release", NULL);
	hear();
	answer(0, NON, 69, 2, 'b', "x");
	answer(1, NON, 69, 2, 'b', "y");
	assert_int_equal(world_count("C answer x"), 1);
	assert_int_equal(world_count("C answer y"), 0);
	assert_int_equal(world_count("C end 0 without"), 1);
}

static void
without_one_the_first_answer_is_the_answer(void **state)
{
	coap_session_t *s = session_to(&m.group);

	(void)state;
	assert_non_null(world_request(s, NON, 'a', 0, 0, NULL));
	hear();
	answer(1, NON, 69, 1, 'a', "x");
	answer(0, NON, 69, 1, 'a', "y");
	world_advance(60000);
	world_expect('C', "C sent a\nC result a 0 2.05\n");
	assert_non_null(
	    world_request(s, NON, 'b', 0, COAPX_REQUEST_NO_RESPONSE, NULL));
	world_settle();
	world_expect('C', "C sent b\nC result b 0 0.00\n");
	coap_session_release(s);
}

/* RFC 7252 sections 8.1 and 8.2.1, RFC 7959 section 2.8, RFC 7641. */
static void
what_a_group_cannot_be_sent(void **state)
{
	coap_session_t *s = session_to(&m.group);
	static uint8_t body[3000];
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_end,
	};
	coap_pdu_t *pdu;
	int err = 0;

	(void)state;
	assert_int_equal(world_send(s, CON, 'a'), -1);
	assert_null(
	    coapx_request_send(s, world_get(s, CON, 'a'), &params, &err));
	assert_int_equal(err, -COAP_E_MCAST);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_MCAST);
	pdu = coap_new_pdu(NON, COAP_REQUEST_CODE_GET, s);
	coap_add_token(pdu, 1, (const uint8_t *)"a");
	coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL);
	assert_int_equal(coap_send(s, pdu), -1);
	pdu = world_get(s, NON, 'a');
	coap_add_option(pdu, COAP_OPTION_ETAG, 1, (const uint8_t *)"e");
	assert_int_equal(coap_send(s, pdu), -1);
	assert_int_equal(coapx_session_error(s, NULL, 0), -COAP_E_MCAST);
	assert_null(coapx_observe_start(s, world_get(s, NON, 'a'),
	    &(coapx_observe_params_t){ .size = sizeof(coapx_observe_params_t) },
	    &err));
	assert_int_equal(err, -COAP_E_MCAST);
	pdu = coap_new_pdu(NON, COAP_REQUEST_CODE_PUT, s);
	assert_int_equal(coap_add_data_large_request(s, pdu, sizeof body, body,
			     NULL, NULL),
	    0);
	coap_delete_pdu(pdu);
	assert_int_equal(coap_session_send_ping(s), -1);
	assert_null(coapx_ping_send(s, &params, &err));
	assert_int_equal(err, -COAP_E_MCAST);
	/* Nor is it kept alive by pings. */
	coapx_session_set_keepalive(s, 1);
	world_advance(60000);
	assert_int_equal(recv(m.listening, body, sizeof body, MSG_DONTWAIT),
	    -1);
	assert_int_equal(s->requests.count, 0);
	coap_session_release(s);
	/* There is no group over a stream. */
	assert_null(
	    coap_new_client_session(w.client, NULL, &m.group, COAP_PROTO_TCP));
	assert_int_equal(coapx_context_error(w.client, NULL, 0), -COAP_E_MCAST);
}

static void
hops(void **state)
{
	coap_session_t *s = session_to(&m.group);
	coap_session_t *other = world_session(UDP);
	struct iovec iov = { m.request, sizeof m.request };
	char control[100];
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control };
	int on = 1;
	int ttl = 0;

	(void)state;
	assert_int_equal(coap_mcast_set_hops(NULL, 1), 0);
	assert_int_equal(coap_mcast_set_hops(other, 1), 0);
	assert_int_equal(coap_mcast_set_hops(s, 256), 0);
	assert_int_equal(coap_mcast_set_hops(s, 17), 1);
	setsockopt(m.listening, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
	/* Also after a new socket. */
	for (int i = 0; i < 2; i++) {
		world_send(s, NON, 'a');
		world_settle();
		msg.msg_controllen = sizeof control;
		assert_true(recvmsg(m.listening, &msg, 0) > 0);
		memcpy(&ttl, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof ttl);
		assert_int_equal(ttl, 17);
		coapx_session_reconnect(s);
		world_advance(1000);
	}
	coap_session_release(other);
	coap_session_release(s);
}

/* --- a server -------------------------------------------------------------- */

static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	static uint8_t body[5000];

	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	memset(body, 'b', sizeof body);
	if (m.size > 0)
		coap_add_data_large_response(NULL, session, request, response,
		    NULL, 0, -1, 0, m.size, body, NULL, NULL);
}

/* The world's server in that group; its port is that of the group. */
static coap_address_t
serve_group(const char *any, const char *group)
{
	coap_address_t address = net_address(any, 0);
	coap_endpoint_t *ep = coap_new_endpoint(w.server, &address, UDP);
	char text[64];

	assert_non_null(ep);
	snprintf(text, sizeof text, "%s%s", group,
	    strchr(group, ':') ? "%lo" : "");
	assert_int_equal(coap_join_mcast_group_intf(w.server, group, "lo"), 0);
	assert_int_equal(coap_join_mcast_group_intf(w.server, group, "lo"), 0);
	return net_address(text,
	    coap_address_get_port(coapx_endpoint_get_address(ep)));
}

/* Whether the group answers a GET within the leisure, and when (ms). */
static long
answered_after(coap_session_t *s, char token)
{
	char line[32];
	long ms = 0;

	snprintf(line, sizeof line, "C 2.05 %c", token);
	world_send(s, NON, token);
	WORLD_UNTIL(w.server->late.entries > 0 || world_count(line) > 0 ||
	    w.requests > 0);
	while (world_count(line) == 0 && ms <= 6000) {
		world_advance(10);
		ms += 10;
	}
	return world_count(line) > 0 ? ms : -1;
}

static void
answers_come_within_the_leisure(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_session_t *s = session_to(&group);
	long first = 0, last = 0;

	(void)state;
	for (int t = 'a'; t <= 'p'; t++) {
		long ms = answered_after(s, (char)t);

		assert_in_range(ms, 0, 5000);
		first = t == 'a' || ms < first ? ms : first;
		last = ms > last ? ms : last;
	}
	/* By chance this fails once in a million years. */
	assert_true(last - first > 500);
	assert_int_equal(w.server->late.entries, 0);
	assert_int_equal(w.server->late.bytes, 0);
	/* From an address of the server's own, not from the group's. */
	assert_false(coap_is_mcast(coap_session_get_addr_remote(s)));
	assert_int_equal(coap_address_get_port(coap_session_get_addr_remote(s)),
	    coap_address_get_port(&group));
	coap_session_release(s);
}

static coap_resource_t *
resource(const char *path)
{
	return coap_get_resource_from_uri_path(w.server,
	    coap_make_str_const(path));
}

static void
or_at_once(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_session_t *s = session_to(&group);

	(void)state;
	resource("x")->flags |= COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_DELAYS;
	assert_int_equal(answered_after(s, 'a'), 0);
	coap_session_release(s);
}

static void
resources_may_choose(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_session_t *s = session_to(&group);
	coap_pdu_t *pdu;

	(void)state;
	coap_mcast_per_resource(NULL);
	coap_mcast_per_resource(w.server);
	world_send(s, NON, 'a');
	world_advance(8000);
	world_expect('C', "C nack too-many-retries a\n");
	assert_int_equal(w.requests, 0);
	/* Unicast is as before. */
	coap_session_t *one = world_session(UDP);
	world_send(one, CON, 'b');
	world_wait("C 2.05 b hello");
	world_forget();
	resource("x")->flags |= COAP_RESOURCE_FLAGS_HAS_MCAST_SUPPORT;
	w.requests = 0;
	assert_true(answered_after(s, 'c') >= 0);
	/* The library's own always answers. */
	pdu = coap_new_pdu(NON, COAP_REQUEST_CODE_GET, s);
	coap_add_token(pdu, 1, (const uint8_t *)"d");
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 11,
	    (const uint8_t *)".well-known");
	coap_add_option(pdu, COAP_OPTION_URI_PATH, 4, (const uint8_t *)"core");
	coap_send(s, pdu);
	world_advance(6000);
	assert_int_equal(world_count("C 2.05 d </x>"), 1);
	coap_session_release(one);
	coap_session_release(s);
}

/* Errors are not told to groups (RFC 7252 section 8.2), and CON, responses and
 * damaged messages are nothing to them. */
static void
groups_hear_no_errors(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_address_t own;
	struct in_addr lo = { htonl(INADDR_LOOPBACK) };
	int fd = world_raw(SOCK_DGRAM, &own);
	uint8_t data[100];

	(void)state;
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo);
	/* CON GET /x, a CON ping, CON and NON of no message, an ACK. */
	world_raw_send(fd, &group, "\x41\x01\0\1t\xb1x", 7);
	world_raw_send(fd, &group, "\x40\0\0\2", 4);
	world_raw_send(fd, &group, "\x4f\x01\0\3", 4);
	world_raw_send(fd, &group, "\x41\x01\0\4t\xff", 6);
	world_raw_send(fd, &group, "\x60\0\0\5", 4);
	world_settle();
	assert_int_equal(w.requests, 0);
	assert_int_equal(world_count("S SERVER_SESSION_NEW"), 0);
	/* 4.04, and 4.02 for option 9. */
	world_raw_send(fd, &group, "\x51\x01\0\6t\xb1y", 7);
	world_raw_send(fd, &group, "\x51\x01\0\7t\x91z\x21x", 9);
	world_advance(10000);
	assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
	/* The same message to the group again is a duplicate. */
	w.requests = 0;
	world_raw_send(fd, &group, "\x51\x01\1\1t\xb1x", 7);
	world_raw_send(fd, &group, "\x51\x01\1\1t\xb1x", 7);
	world_advance(10000);
	assert_int_equal(w.requests, 1);
	assert_int_equal(world_raw_recv(fd, data, sizeof data, NULL), 11);
	assert_int_equal(data[0], 0x51);
	assert_int_equal(recv(fd, data, sizeof data, MSG_DONTWAIT), -1);
	close(fd);
}

static void
what_is_long_begins_with_its_first_block(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_session_t *s = session_to(&group);
	coap_block_t block;

	(void)state;
	w.serve = serve;
	m.size = 5000;
	w.client->on.response = NULL;
	world_send(s, NON, 'a');
	WORLD_UNTIL(w.server->late.entries > 0);
	coap_pdu_t *late = w.last->extra->late->response;

	assert_true(coap_get_block(late, COAP_OPTION_BLOCK2, &block));
	assert_int_equal(block.num, 0);
	assert_int_equal(block.m, 1);
	/* Nothing of it is kept for a peer that may never ask. */
	assert_int_equal(w.server->kept.used, 0);
	coap_session_release(s);
}

/* RFC 9175 section 2.6: many could answer whom nobody has asked. */
static void
a_long_answer_is_for_who_shows_his_address(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_session_t *s = session_to(&group);
	coap_option_t option;

	(void)state;
	coapx_context_set_max_amplification(w.server, 3);
	w.serve = serve;
	m.size = 500;
	w.client->on.response = NULL;
	world_send(s, NON, 'a');
	WORLD_UNTIL(w.server->late.entries > 0);
	coap_pdu_t *late = w.last->extra->late->response;

	assert_int_equal(coap_pdu_get_code(late), 129);
	assert_int_equal(late->type, NON);
	assert_true(pdu_find_option(late, COAP_OPTION_ECHO, &option));
	assert_null(late->data);
	coap_session_release(s);
}

/* RFC 9177 section 4.8. */
static void
q_block2_is_not_for_groups(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	struct in_addr lo = { htonl(INADDR_LOOPBACK) };
	coap_address_t own;
	/* NON GET /x, Q-Block2 0/1; then without. */
	static const uint8_t get[] = { 0x51, 1, 0, 1, 't', 0xb1, 'x', 0xd1, 7,
		0x0e };
	static const uint8_t plain[] = { 0x51, 1, 0, 2, 'u', 0xb1, 'x' };
	int fd = world_raw(SOCK_DGRAM, &own);

	(void)state;
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY |
		COAP_BLOCK_TRY_Q_BLOCK);
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo);
	world_raw_send(fd, &group, get, sizeof get);
	world_raw_send(fd, &group, plain, sizeof plain);
	WORLD_UNTIL(w.server->late.entries > 0);
	assert_int_equal(w.requests, 1);
	assert_int_equal(w.server->late.entries, 1);
	close(fd);
	coap_session_disconnected(w.last, COAP_NACK_NOT_DELIVERABLE);
}

/* Who floods a group is not answered, and does not keep others from it. */
static void
there_is_a_ceiling_to_answers(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	struct in_addr lo = { htonl(INADDR_LOOPBACK) };
	coap_address_t own;
	uint8_t get[] = { 0x51, 1, 0, 0, 't', 0xb1, 'x' };
	int fd = world_raw(SOCK_DGRAM, &own);

	(void)state;
	w.quiet = true;
	setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof lo);
	for (unsigned i = 0; i < 2 * MCAST_LATE_SESSION_MAX; i++) {
		get[3] = (uint8_t)i;
		get[4] = (uint8_t)i;
		world_raw_send(fd, &group, get, sizeof get);
		world_settle();
	}
	assert_int_equal(w.requests, 2 * MCAST_LATE_SESSION_MAX);
	assert_int_equal(w.server->late.entries, MCAST_LATE_SESSION_MAX);
	/* They go with the session. */
	coap_session_disconnected(w.last, COAP_NACK_NOT_DELIVERABLE);
	assert_int_equal(w.server->late.entries, 0);
	assert_int_equal(w.server->late.bytes, 0);
	close(fd);
}

static void
what_cannot_be_joined(void **state)
{
	char why[128];

	(void)state;
	assert_int_equal(coap_join_mcast_group_intf(NULL, GROUP4, "lo"), -1);
	assert_int_equal(coap_join_mcast_group_intf(w.server, NULL, "lo"), -1);
	/* The world's endpoint has an address of its own: nothing for groups
	 * reaches it. */
	assert_int_equal(coap_join_mcast_group_intf(w.server, GROUP4, "lo"),
	    -1);
	assert_int_equal(coapx_context_error(w.server, why, sizeof why),
	    -COAP_E_STATE);
	assert_non_null(strstr(why, "listens on all addresses"));
	serve_group("0.0.0.0", GROUP4);
	assert_int_equal(coap_join_mcast_group_intf(w.server, "127.0.0.1",
			     "lo"),
	    -1);
	assert_int_equal(coapx_context_error(w.server, why, sizeof why),
	    -COAP_E_INVAL);
	assert_int_equal(coap_join_mcast_group_intf(w.server, GROUP4,
			     "nosuchif"),
	    -1);
	assert_int_equal(coapx_context_error(w.server, why, sizeof why),
	    -COAP_E_NOTFOUND);
	/* An IPv4 socket has no IPv6 groups. */
	assert_int_equal(coap_join_mcast_group_intf(w.server, GROUP6, "lo"),
	    -1);
}

/* As in libcoap, a call is for the endpoints that there are: one that comes
 * later joins by another call, which leaves the first as it is. */
static void
what_listens_later_joins_by_a_call_of_its_own(void **state)
{
	coap_address_t any = net_address("0.0.0.0", 0);
	coap_address_t group = serve_group("0.0.0.0", GROUP4);
	coap_session_t *first = session_to(&group);
	coap_endpoint_t *ep = coap_new_endpoint(w.server, &any, UDP);
	coap_session_t *later;

	(void)state;
	assert_non_null(ep);
	resource("x")->flags |= COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_DELAYS;
	group = net_address(GROUP4,
	    coap_address_get_port(coapx_endpoint_get_address(ep)));
	later = session_to(&group);
	world_send(later, NON, 'a');
	assert_int_equal(answered_after(first, 'b'), 0);
	/* The one before would be here. */
	assert_int_equal(w.requests, 1);
	assert_int_equal(coap_join_mcast_group_intf(w.server, GROUP4, "lo"), 0);
	w.requests = 0;
	assert_int_equal(answered_after(later, 'c'), 0);
	w.requests = 0;
	assert_int_equal(answered_after(first, 'd'), 0);
	assert_int_equal(w.requests, 1);
	coap_session_release(first);
	coap_session_release(later);
}

/* One socket for all, also for IPv4. */
static void
ipv6(void **state)
{
	coap_address_t any = net_address("::", 0);
	coap_endpoint_t *ep = coap_new_endpoint(w.server, &any, UDP);
	coap_address_t group;
	coap_session_t *s;
	uint16_t port;

	(void)state;
	if (!ep || if_nametoindex("group0") == 0)
		skip_because("no interface group0 (tests/run makes it)");
	port = coap_address_get_port(coapx_endpoint_get_address(ep));
	/* By the zone, and by name. */
	assert_int_equal(coap_join_mcast_group_intf(w.server, GROUP6 "%group0",
			     NULL),
	    0);
	assert_int_equal(coap_join_mcast_group_intf(w.server, "ff05::fd",
			     "group0"),
	    0);
	assert_int_equal(coap_join_mcast_group_intf(w.server, GROUP4, "lo"), 0);
	group = net_address("ff05::fd%group0", port);
	s = coap_new_client_session(w.client, NULL, &group, UDP);
	assert_non_null(s);
	assert_true(answered_after(s, 'c') >= 0);
	coap_session_release(s);
	world_forget();
	w.requests = 0;
	group = net_address(GROUP6 "%group0", port);
	s = coap_new_client_session(w.client, NULL, &group, UDP);
	assert_non_null(s);
	assert_true(answered_after(s, 'a') >= 0);
	assert_int_equal(coap_session_get_addr_remote(s)->addr.sa.sa_family,
	    AF_INET6);
	assert_true(coap_is_mcast(coap_session_get_addr_mcast(s)));
	assert_int_equal(coap_mcast_set_hops(s, 2), 1);
	coap_session_release(s);
	world_forget();
	group = net_address(GROUP4, port);
	s = session_to(&group);
	w.requests = 0;
	assert_true(answered_after(s, 'b') >= 0);
	coap_session_release(s);
}

/* Whatever allocation fails, on either side, nothing is left (world_down()
 * sees), and the next request is answered. */
static void
without_memory(void **state)
{
	coap_address_t group = serve_group("0.0.0.0", GROUP4);

	(void)state;
	w.quiet = true;
	for (unsigned n = 1; n < 60; n++) {
		coap_address_t lo = net_address("127.0.0.1", 0);
		coapx_request_params_t params = {
			.size = sizeof params,
			.result = on_end,
			.response = on_answer,
		};
		coap_session_t *s;
		coap_pdu_t *pdu;

		mem_fail_at(n, 1);
		s = coap_new_client_session(w.client, &lo, &group, UDP);
		coap_session_release(s);
		mem_fail_at(0, 0);
		s = coap_new_client_session(w.client, &lo, &group, UDP);
		pdu = world_get(s, NON, 'a');
		mem_fail_at(n, 1);
		coap_mcast_set_hops(s, 1);
		coapx_request_send(s, pdu, &params, NULL);
		coap_send(s, coap_new_pdu(NON, COAP_REQUEST_CODE_GET, s));
		world_advance(6000);
		coap_session_release(s);
		world_settle();
		mem_fail_at(0, 0);
		assert_int_equal(w.server->late.entries, 0);
	}
	w.quiet = false;
	coap_session_t *s = session_to(&group);
	assert_true(answered_after(s, 'z') >= 0);
	coap_session_release(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, up, down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_answer_is_told_with_its_sender),
		T(the_same_message_is_told_once),
		T(there_is_a_ceiling_to_what_is_remembered),
		T(nothing_is_reset),
		T(the_end_of_a_plain_request),
		T(a_handler_of_its_own),
		T(a_handler_may_end_it),
		T(without_one_the_first_answer_is_the_answer),
		T(what_a_group_cannot_be_sent),
		T(hops),
		T(answers_come_within_the_leisure),
		T(or_at_once),
		T(resources_may_choose),
		T(groups_hear_no_errors),
		T(what_is_long_begins_with_its_first_block),
		T(a_long_answer_is_for_who_shows_his_address),
		T(what_listens_later_joins_by_a_call_of_its_own),
		T(q_block2_is_not_for_groups),
		T(there_is_a_ceiling_to_answers),
		T(what_cannot_be_joined),
		T(without_memory),
		T(ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

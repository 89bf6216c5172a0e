/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the tests of lib/session. */
#include "session_support.h"

#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/pdu.h"

struct world w;

static uint64_t
world_clock(void *arg)
{
	(void)arg;
	return w.now_us;
}

/* --- what is written down ------------------------------------------------- */

void
world_write(coap_session_t *session, const char *format, ...)
{
	bool client = coap_session_get_context(session) == w.client;
	char line[128];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof line, format, ap);
	va_end(ap);
	if (!w.quiet && w.log_len + strlen(line) + 4 < sizeof w.log)
		w.log_len += (size_t)sprintf(w.log + w.log_len, "%c %s\n",
		    client ? 'C' : 'S', line);
	if (w.hook)
		w.hook(session, line);
}

void
world_forget(void)
{
	w.log_len = 0;
	w.log[0] = '\0';
}

void
world_expect(char who, const char *text)
{
	static char part[WORLD_LOG];
	char *line = w.log;
	char *end;
	size_t n = 0;

	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (who && *line != who)
			continue;
		memcpy(part + n, line, (size_t)(end - line) + 1);
		n += (size_t)(end - line) + 1;
	}
	part[n] = '\0';
	assert_string_equal(part, text);
	world_forget();
}

unsigned
world_count(const char *begin)
{
	const char *line = w.log;
	unsigned n = 0;

	while (line && *line) {
		if (strncmp(line, begin, strlen(begin)) == 0)
			n++;
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return n;
}

static char
letter(const coap_pdu_t *pdu)
{
	coap_bin_const_t token;

	if (!pdu)
		return '0';
	token = coap_pdu_get_token(pdu);
	return token.length == 1 ? (char)token.s[0] : '-';
}

static int
on_event(coap_session_t *session, coap_event_t event)
{
	if (event == COAP_EVENT_SERVER_SESSION_DEL)
		w.deleted++;
	if (coap_session_get_context(session) == w.server)
		w.last = session;
	if (event != COAP_EVENT_MSG_RETRANSMITTED)
		world_write(session, "%s", coapx_event_name(event));
	return 0;
}

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	const uint8_t *data = NULL;
	size_t len = 0;
	unsigned code = coap_pdu_get_code(received);

	assert_non_null(sent);
	assert_int_equal(letter(sent), letter(received));
	assert_int_equal(mid, coap_pdu_get_mid(received));
	coap_get_data(received, &len, &data);
	world_write(session, "%u.%02u %c %.*s", code >> 5, code & 31,
	    letter(received), len > 16 ? 16 : (int)len,
	    data ? (const char *)data : "");
	return w.verdict;
}

static void
on_nack(coap_session_t *session, const coap_pdu_t *sent,
    const coap_nack_reason_t reason, const coap_mid_t mid)
{
	assert_non_null(sent);
	assert_int_equal(mid, coap_pdu_get_mid(sent));
	world_write(session, "nack %s %c", coapx_nack_name(reason),
	    letter(sent));
}

static void
on_ping(coap_session_t *session, const coap_pdu_t *pdu, const coap_mid_t mid)
{
	assert_int_equal(mid, coap_pdu_get_mid(pdu));
	world_write(session, "ping");
}

static void
on_pong(coap_session_t *session, const coap_pdu_t *pdu, const coap_mid_t mid)
{
	assert_int_equal(mid, coap_pdu_get_mid(pdu));
	world_write(session, "pong");
}

static void
on_request(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)resource;
	(void)query;
	w.requests++;
	w.last = session;
	world_write(session, "get %c", letter(request));
	if (w.serve) {
		w.serve(session, request, response);
		return;
	}
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	coap_add_data(response, 5, (const uint8_t *)"hello");
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	unsigned code = result->response
	    ? (unsigned)coap_pdu_get_code(result->response)
	    : 0;

	(void)arg;
	assert_non_null(request);
	/* Of a ping nothing was sent that could be shown. */
	world_write(session, "result %c %d %u.%02u",
	    result->sent ? letter(result->sent) : '0', result->error, code >> 5,
	    code & 31);
}

static void
on_progress(coapx_request_t *request, coap_session_t *session,
    coapx_progress_t progress, unsigned count, void *arg)
{
	static const char *const names[] = { "?", "sent", "again", "acked",
		"icmp" };

	assert_non_null(request);
	if (progress == COAPX_PROGRESS_RETRANSMITTED)
		world_write(session, "again %c %u", *(char *)arg, count);
	else
		world_write(session, "%s %c", names[progress], *(char *)arg);
}

/* --- up and down ---------------------------------------------------------- */

static coap_context_t *
context(void)
{
	coap_context_t *c = coap_new_context(NULL);

	assert_non_null(c);
	c->clock = world_clock;
	coap_register_event_handler(c, on_event);
	coap_register_response_handler(c, on_response);
	coap_register_nack_handler(c, on_nack);
	coap_register_ping_handler(c, on_ping);
	coap_register_pong_handler(c, on_pong);
	return c;
}

int
world_up(void **state)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_resource_t *x;

	(void)state;
	memset(&w, 0, sizeof w);
	coap_set_log_level(COAP_LOG_EMERG);
	w.verdict = COAP_RESPONSE_OK;
	w.now_us = 1000000;
	w.fds = net_open_fds();
	w.memory = mem_outstanding();
	w.client = context();
	w.server = context();
	w.udp = coap_new_endpoint(w.server, &any, COAP_PROTO_UDP);
	w.tcp = coap_new_endpoint(w.server, &any, COAP_PROTO_TCP);
	assert_non_null(w.udp);
	assert_non_null(w.tcp);
	w.endpoint[COAP_PROTO_UDP] = w.udp;
	w.endpoint[COAP_PROTO_TCP] = w.tcp;
	w.udp_address = *coapx_endpoint_get_address(w.udp);
	w.tcp_address = *coapx_endpoint_get_address(w.tcp);
	x = coap_resource_init(coap_make_str_const("x"), 0);
	coap_register_request_handler(x, COAP_REQUEST_GET, on_request);
	coap_register_request_handler(x, COAP_REQUEST_PUT, on_request);
	coap_register_request_handler(x, COAP_REQUEST_FETCH, on_request);
	coap_register_request_handler(x, COAP_REQUEST_IPATCH, on_request);
	coap_add_resource(w.server, x);
	return 0;
}

static coap_bin_const_t
bytes(const char *text)
{
	return (coap_bin_const_t){ strlen(text), (const uint8_t *)text };
}

void
world_all_protocols(void)
{
	coap_address_t any = net_address("127.0.0.1", 0);
	coap_dtls_spsk_t psk = {
		.version = COAP_DTLS_SPSK_SETUP_VERSION,
		.psk_info = { bytes(WORLD_HINT), bytes(WORLD_KEY) },
	};
	coap_proto_t p;

	if (coap_dtls_psk_is_supported())
		assert_int_equal(coap_context_set_psk2(w.server, &psk), 1);
	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++) {
		if (w.endpoint[p] || !coapx_proto_is_supported(p))
			continue;
		w.endpoint[p] = coap_new_endpoint(w.server, &any, p);
		assert_non_null(w.endpoint[p]);
	}
}

coap_proto_t
world_next_proto(coap_proto_t proto)
{
	int p;

	for (p = proto + 1; p < COAP_PROTO_LAST; p++)
		if (w.endpoint[p])
			return (coap_proto_t)p;
	return COAP_PROTO_NONE;
}

int
world_down(void **state)
{
	coap_tick_t hung;

	(void)state;
	mem_fail_at(0, 0);
	w.hook = NULL;
	w.quiet = true;
	coap_free_context(w.client);
	coap_free_context(w.server);
	/* The thread of a look-up that nobody waits for ends a moment later. */
	hung = net_now() + NET_HUNG_MS;
	while (mem_outstanding() != w.memory && net_now() < hung)
		sched_yield();
	assert_int_equal(mem_outstanding(), w.memory);
	assert_int_equal(net_open_fds(), w.fds);
	return 0;
}

/* --- time ----------------------------------------------------------------- */

static void
pass(coap_context_t **c)
{
	/* A handler may free it. */
	if (*c)
		assert_true(coap_io_process(*c, COAP_IO_NO_WAIT) >= 0);
}

void
world_settle(void)
{
	int i;

	for (i = 0; i < 30; i++) {
		pass(&w.client);
		if (w.relay)
			w.relay();
		pass(&w.server);
		if (w.relay)
			w.relay();
	}
}

static coap_tick_t
next_timer(void)
{
	coap_tick_t c = w.client ? timers_next(&w.client->timers) : TIMER_NEVER;
	coap_tick_t s = w.server ? timers_next(&w.server->timers) : TIMER_NEVER;

	return c < s ? c : s;
}

void
world_advance(uint64_t ms)
{
	uint64_t end = w.now_us + ms * 1000;
	unsigned n = 0;

	world_settle();
	while (next_timer() <= end / 1000) {
		assert_true(n++ < 100000);
		if (next_timer() * 1000 > w.now_us)
			w.now_us = next_timer() * 1000;
		world_settle();
	}
	w.now_us = end;
	world_settle();
}

void
world_wait(const char *text)
{
	WORLD_UNTIL(strstr(w.log, text) != NULL);
}

/* --- messages ------------------------------------------------------------- */

const coap_address_t *
world_address(coap_proto_t proto)
{
	return coapx_endpoint_get_address(w.endpoint[proto]);
}

coap_session_t *
world_session(coap_proto_t proto)
{
	coap_dtls_cpsk_t psk = {
		.version = COAP_DTLS_CPSK_SETUP_VERSION,
		.psk_info = { bytes(WORLD_IDENTITY), bytes(WORLD_KEY) },
	};
	coap_session_t *session = proto == COAP_PROTO_DTLS ||
		proto == COAP_PROTO_TLS || proto == COAP_PROTO_WSS
	    ? coap_new_client_session_psk2(w.client, NULL, world_address(proto),
		  proto, &psk)
	    : coap_new_client_session(w.client, NULL, world_address(proto),
		  proto);

	assert_non_null(session);
	return session;
}

coap_session_t *
world_connected(coap_proto_t proto)
{
	coap_session_t *session = world_session(proto);

	world_wait("C SESSION_CONNECTED");
	world_settle();
	world_forget();
	return session;
}

coap_pdu_t *
world_get(coap_session_t *session, coap_pdu_type_t type, char token)
{
	coap_pdu_t *pdu = coap_new_pdu(type, COAP_REQUEST_CODE_GET, session);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, 1, (const uint8_t *)&token));
	assert_true(coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
			(const uint8_t *)"x") > 0);
	return pdu;
}

coap_mid_t
world_send(coap_session_t *session, coap_pdu_type_t type, char token)
{
	return coap_send(session, world_get(session, type, token));
}

coapx_request_t *
world_request(coap_session_t *session, coap_pdu_type_t type, char token,
    unsigned timeout_ms, unsigned flags, int *err)
{
	static char letters[256];
	coapx_request_params_t params = {
		.size = sizeof params,
		.timeout_ms = timeout_ms,
		.flags = flags,
		.result = on_result,
		.progress = on_progress,
		.arg = &letters[(uint8_t)token],
	};

	letters[(uint8_t)token] = token;
	if (token == '0')
		return coapx_ping_send(session, &params, err);
	return coapx_request_send(session, world_get(session, type, token),
	    &params, err);
}

/* --- peers of the test's own ---------------------------------------------- */

int
world_raw(int type, coap_address_t *address)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	*address = net_address("127.0.0.1", 0);
	assert_int_equal(bind(fd, &address->addr.sa, address->size), 0);
	assert_int_equal(getsockname(fd, &address->addr.sa, &address->size), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 8), 0);
	return fd;
}

static void
wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	coap_tick_t hung = net_now() + NET_HUNG_MS;

	while (poll(&p, 1, 0) == 0 && net_now() < hung)
		world_settle();
	assert_int_equal(poll(&p, 1, 0), 1);
}

size_t
world_raw_recv(int fd, uint8_t *data, size_t size, coap_address_t *from)
{
	coap_address_t other;
	ssize_t n;

	if (!from)
		from = &other;
	coap_address_init(from);
	wait_readable(fd);
	n = recvfrom(fd, data, size, 0, &from->addr.sa, &from->size);
	return n > 0 ? (size_t)n : 0;
}

void
world_raw_send(int fd, const coap_address_t *to, const void *data, size_t len)
{
	assert_int_equal(sendto(fd, data, len, MSG_NOSIGNAL,
			     to ? &to->addr.sa : NULL, to ? to->size : 0),
	    len);
}

int
world_raw_connect(const coap_address_t *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, &to->addr.sa, to->size), 0);
	world_raw_send(fd, NULL, "\x00\xe1", 2);
	return fd;
}

int
world_raw_accept(int fd)
{
	int peer;

	wait_readable(fd);
	peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	return peer;
}

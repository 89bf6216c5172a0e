/* SPDX-License-Identifier: BSD-2-Clause */
/* "Times: fractions of a second are accepted; a rejected value is logged as
 * rejected" and the one before it stays. */
#include "session_support.h"

#include <unistd.h>

#include <coap3/coap_debug.h>

#define UDP COAP_PROTO_UDP
#define TCP COAP_PROTO_TCP

static char logged[1024];

static void
log_line(coap_log_t level, const char *message)
{
	(void)level;
	if (strlen(logged) + strlen(message) < sizeof logged)
		strcat(logged, message);
}

static void
expect_log(const char *text)
{
	assert_non_null(strstr(logged, text));
	logged[0] = '\0';
}

static void
log_begin(coap_log_t level)
{
	logged[0] = '\0';
	coap_set_log_handler(log_line);
	coap_set_log_level(level);
}

static void
log_end(void)
{
	coap_set_log_level(COAP_LOG_EMERG);
	coap_set_log_handler(NULL);
}

struct fixed {
	void (*set)(coap_session_t *, coap_fixed_point_t);
	coap_fixed_point_t (*get)(const coap_session_t *);
	coap_fixed_point_t initial;
	coap_fixed_point_t low; /* the smallest that is taken */
	const char *name;
};

#define FIXED(name, seconds, ms, low, low_ms)                     \
	{                                                         \
		coap_session_set_##name, coap_session_get_##name, \
		    { seconds, ms }, { low, low_ms }, #name       \
	}

static const struct fixed fixeds[] = {
	FIXED(ack_timeout, 2, 0, 0, 1),
	FIXED(ack_random_factor, 1, 500, 1, 0),
	FIXED(default_leisure, 5, 0, 0, 1),
	FIXED(non_timeout, 2, 0, 0, 1),
	FIXED(non_receive_timeout, 4, 0, 0, 1),
};

static void
assert_fixed(coap_fixed_point_t a, unsigned seconds, unsigned ms)
{
	assert_int_equal(a.integer_part, seconds);
	assert_int_equal(a.fractional_part, ms);
}

static void
fixed_points(void **state)
{
	coap_session_t *s = world_session(UDP);
	coap_session_t *other = world_session(TCP);
	const struct fixed *f;

	(void)state;
	log_begin(COAP_LOG_WARN);
	for (f = fixeds; f < fixeds + 5; f++) {
		assert_fixed(f->get(s), f->initial.integer_part,
		    f->initial.fractional_part);
		f->set(s, f->low);
		assert_fixed(f->get(s), f->low.integer_part,
		    f->low.fractional_part);
		f->set(s, (coap_fixed_point_t){ 3, 999 });
		f->set(s, (coap_fixed_point_t){ 65535, 999 });
		assert_fixed(f->get(s), 65535, 999);
		f->set(s, (coap_fixed_point_t){ 7, 250 });
		assert_string_equal(logged, "");
		f->set(s, (coap_fixed_point_t){ 0, 0 });
		expect_log(f->name);
		f->set(s, (coap_fixed_point_t){ 3, 1000 });
		expect_log("rejected");
		assert_fixed(f->get(s), 7, 250);
		/* The others, and NULL, have the default. */
		assert_fixed(f->get(other), f->initial.integer_part,
		    f->initial.fractional_part);
		assert_fixed(f->get(NULL), f->initial.integer_part,
		    f->initial.fractional_part);
		f->set(NULL, f->low);
	}
	coap_session_set_ack_random_factor(s, (coap_fixed_point_t){ 0, 999 });
	expect_log("rejected");
	log_end();
	coap_session_release(s);
	coap_session_release(other);
}

struct u16 {
	void (*set)(coap_session_t *, uint16_t);
	uint16_t (*get)(const coap_session_t *);
	uint16_t initial;
	const char *name;
};

#define U16(name, initial)                                                 \
	{                                                                  \
		coap_session_set_##name, coap_session_get_##name, initial, \
		    #name                                                  \
	}

static void
numbers(void **state)
{
	static const struct u16 rows[] = {
		U16(max_retransmit, 4),
		U16(nstart, 1),
		U16(max_payloads, 10),
		U16(non_max_retransmit, 4),
	};
	coap_session_t *s = world_session(UDP);
	const struct u16 *u;

	(void)state;
	log_begin(COAP_LOG_WARN);
	for (u = rows; u < rows + 4; u++) {
		assert_int_equal(u->get(s), u->initial);
		u->set(s, 65535);
		assert_int_equal(u->get(s), 65535);
		u->set(s, 9);
		assert_string_equal(logged, "");
		u->set(s, 0);
		expect_log(u->name);
		assert_int_equal(u->get(s), 9);
		assert_int_equal(u->get(NULL), u->initial);
		u->set(NULL, 3);
	}
	assert_int_equal(coap_session_get_probing_rate(s), 1);
	coap_session_set_probing_rate(s, 4000000000u);
	coap_session_set_probing_rate(s, 0);
	expect_log("rejected");
	assert_int_equal(coap_session_get_probing_rate(s), 4000000000u);
	assert_int_equal(coap_session_get_probing_rate(NULL), 1);
	coap_session_set_probing_rate(NULL, 1);
	log_end();
	coap_session_release(s);
}

static void
a_set_value_is_logged_too(void **state)
{
	coap_session_t *s = world_session(UDP);

	(void)state;
	log_begin(COAP_LOG_DEBUG);
	coap_session_set_nstart(s, 2);
	expect_log("session nstart set");
	log_end();
	coap_session_release(s);
}

static void
no_memory_keeps_the_old_value(void **state)
{
	coap_session_t *s = world_session(UDP);

	(void)state;
	log_begin(COAP_LOG_WARN);
	mem_fail_at(1, 0);
	coap_session_set_nstart(s, 2);
	expect_log("rejected");
	assert_int_equal(coap_session_get_nstart(s), 1);
	coap_session_set_nstart(s, 2);
	assert_int_equal(coap_session_get_nstart(s), 2);
	log_end();
	coap_session_release(s);
}

/* What is set is what the messages do: 0.5 s, then 1 s. */
static void
half_a_second(void **state)
{
	coap_address_t address;
	coap_session_t *s;
	uint8_t data[64];
	int fd = world_raw(SOCK_DGRAM, &address);

	(void)state;
	s = coap_new_client_session(w.client, NULL, &address, UDP);
	coap_session_set_ack_timeout(s, (coap_fixed_point_t){ 0, 500 });
	coap_session_set_ack_random_factor(s, (coap_fixed_point_t){ 1, 0 });
	coap_session_set_max_retransmit(s, 1);
	world_send(s, COAP_MESSAGE_CON, 'a');
	world_raw_recv(fd, data, sizeof data, NULL);
	world_advance(490);
	assert_true(recv(fd, data, sizeof data, MSG_DONTWAIT) < 0);
	world_advance(20);
	world_raw_recv(fd, data, sizeof data, NULL);
	world_advance(970);
	assert_int_equal(world_count("C nack"), 0);
	world_advance(40);
	assert_int_equal(world_count("C nack too-many-retries a"), 1);
	coap_session_release(s);
	close(fd);
}

static void
context_settings(void **state)
{
	coap_context_t *c = w.client;

	(void)state;
	log_begin(COAP_LOG_WARN);
	assert_int_equal(coap_context_get_session_timeout(c), 0);
	coap_context_set_session_timeout(c, 20);
	assert_int_equal(coap_context_get_session_timeout(c), 20);
	assert_int_equal(coap_context_get_max_idle_sessions(c), 0);
	coap_context_set_max_idle_sessions(c, 5);
	assert_int_equal(coap_context_get_max_idle_sessions(c), 5);
	assert_int_equal(coap_context_get_csm_timeout_ms(c), 1000);
	coap_context_set_csm_timeout_ms(c, 5);
	assert_int_equal(coap_context_get_csm_timeout_ms(c), 10);
	coap_context_set_csm_timeout_ms(c, 20000);
	assert_int_equal(coap_context_get_csm_timeout_ms(c), 10000);
	coap_context_set_csm_timeout(c, 3);
	assert_int_equal(coap_context_get_csm_timeout(c), 3);
	assert_int_equal(coap_context_get_csm_timeout_ms(c), 3000);
	coap_context_set_csm_timeout(c, UINT32_MAX);
	assert_int_equal(coap_context_get_csm_timeout(c), 10);
	assert_int_equal(coap_context_get_csm_max_message_size(c), 8388864);
	coap_context_set_csm_max_message_size(c, 1152);
	coap_context_set_csm_max_message_size(c, 1151);
	expect_log("rejected");
	assert_int_equal(coap_context_get_csm_max_message_size(c), 1152);
	coap_context_set_max_token_size(c, 7);
	expect_log("rejected");
	coap_context_set_max_token_size(c, 65805);
	expect_log("rejected");
	coap_context_set_max_token_size(c, 65804);
	assert_string_equal(logged, "");
	assert_int_equal(coap_context_get_max_handshake_sessions(c), 100);
	coap_context_set_max_handshake_sessions(c, 3);
	assert_int_equal(coap_context_get_max_handshake_sessions(c), 3);
	coap_context_set_app_data(c, &c);
	assert_ptr_equal(coap_get_app_data(c), &c);
	log_end();
}

static void
null_context(void **state)
{
	(void)state;
	coap_context_set_session_timeout(NULL, 1);
	coap_context_set_max_idle_sessions(NULL, 1);
	coap_context_set_csm_timeout(NULL, 1);
	coap_context_set_csm_timeout_ms(NULL, 1);
	coap_context_set_csm_max_message_size(NULL, 5000);
	coap_context_set_max_token_size(NULL, 8);
	coap_context_set_max_handshake_sessions(NULL, 1);
	coap_context_set_keepalive(NULL, 1);
	coap_context_set_app_data(NULL, NULL);
	coap_register_event_handler(NULL, NULL);
	coap_register_nack_handler(NULL, NULL);
	coapx_context_set_event_handler(NULL, NULL, NULL);
	coapx_context_set_trace(NULL, NULL, NULL);
	assert_int_equal(coap_context_get_session_timeout(NULL), 0);
	assert_int_equal(coap_context_get_max_idle_sessions(NULL), 0);
	assert_int_equal(coap_context_get_csm_timeout(NULL), 0);
	assert_int_equal(coap_context_get_csm_max_message_size(NULL), 0);
	assert_int_equal(coap_context_get_max_handshake_sessions(NULL), 0);
	assert_null(coap_context_get_app_data(NULL));
	assert_int_equal(coap_context_get_coap_fd(NULL), -1);
	assert_int_equal(coap_io_process(NULL, 0), -1);
	assert_int_equal(coap_io_pending(NULL), 0);
	assert_int_equal(coap_can_exit(NULL), 1);
	coap_free_context(NULL);
	coapx_wake(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, world_up, world_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(fixed_points),
		T(numbers),
		T(a_set_value_is_logged_too),
		T(no_memory_keeps_the_old_value),
		T(half_a_second),
		T(context_settings),
		T(null_context),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

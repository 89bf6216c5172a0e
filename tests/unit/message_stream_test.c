/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages over reliable transports: cutting, CSM, signalling, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/err.h"
#include "message/stream.h"

#define GET     COAP_REQUEST_CODE_GET
#define CONTENT COAP_RESPONSE_CODE_CONTENT

/* A CSM with no option, and one that changes nothing that is tested. */
#define CSM "00e1"

/* What the stream under test does, one line each: "sent HEX", "deliver 2.05
 * TOKEN PAYLOAD-SIZE", "ready", "ready -", "settings", "pinged", "ponged",
 * "released", "ended ERROR CODE". */
static char story[65536];
static struct stream stream;
static int transmit_error;
static void (*hook)(const char *line);
static size_t before;

static void __attribute__((format(printf, 1, 2))) tell(const char *format, ...)
{
	size_t len = strlen(story);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(story + len, sizeof(story) - len, format, args);
	va_end(args);
}

static void
call_hook(const char *what)
{
	if (hook)
		hook(what);
}

static int
on_transmit(void *user, const uint8_t *data, size_t len)
{
	assert_ptr_equal(user, &stream);
	if (transmit_error != 0)
		return transmit_error;
	tell("sent ");
	for (size_t i = 0; i < len && i < 300; i++)
		tell("%02x", data[i]);
	tell("\n");
	call_hook("sent");
	return 0;
}

static void
on_deliver(void *user, const coap_pdu_t *pdu)
{
	(void)user;
	tell("deliver %u.%02u ", pdu->code >> 5, pdu->code & 31);
	for (size_t i = 0; i < pdu->token_len && i < 8; i++)
		tell("%02x", pdu->token[i]);
	tell(" %zu\n", pdu_payload_len(pdu));
	call_hook("deliver");
}

static void
on_ready(void *user, const coap_pdu_t *csm)
{
	(void)user;
	tell(csm ? "ready\n" : "ready -\n");
	call_hook("ready");
}

static void
on_settings(void *user, const coap_pdu_t *csm)
{
	(void)user;
	assert_int_equal(csm->code, COAP_SIGNALING_CODE_CSM);
	tell("settings\n");
	call_hook("settings");
}

static void
on_pinged(void *user, const coap_pdu_t *ping)
{
	(void)user;
	assert_int_equal(ping->code, COAP_SIGNALING_CODE_PING);
	tell("pinged\n");
	call_hook("pinged");
}

static void
on_ponged(void *user, const coap_pdu_t *pong)
{
	(void)user;
	assert_int_equal(pong->code, COAP_SIGNALING_CODE_PONG);
	tell("ponged\n");
	call_hook("ponged");
}

static void
on_released(void *user, const coap_pdu_t *release)
{
	(void)user;
	assert_int_equal(release->code, COAP_SIGNALING_CODE_RELEASE);
	tell("released\n");
	call_hook("released");
}

static void
on_ended(void *user, int err, const coap_pdu_t *pdu)
{
	(void)user;
	tell("ended %d %x\n", -err, pdu ? pdu->code : 0);
	call_hook("ended");
}

static const struct stream_ops ops = {
	.transmit = on_transmit,
	.deliver = on_deliver,
	.ready = on_ready,
	.settings = on_settings,
	.pinged = on_pinged,
	.ponged = on_ponged,
	.released = on_released,
	.ended = on_ended,
};

static void
expect_at(const char *text, const char *file, int line)
{
	_assert_string_equal(story, text, file, line);
	story[0] = '\0';
}
#define expect(text) expect_at(text, __FILE__, __LINE__)

static void
begin(enum framing framing, uint32_t max_size, uint32_t max_token)
{
	stream_free(&stream);
	stream_init(&stream, framing, max_size, max_token, &ops, &stream);
	story[0] = '\0';
}

/* A stream that is past the CSMs. */
static void
begin_ready(enum framing framing)
{
	static const uint8_t csm[] = { 0x00, 0xE1 };

	begin(framing, STREAM_DEFAULT_MAX_SIZE, 8);
	assert_int_equal(stream_start(&stream, 0, STREAM_CSM_TIMEOUT_MS), 0);
	stream_input(&stream, csm, sizeof(csm), 0);
	story[0] = '\0';
}

static int
set_up(void **state)
{
	(void)state;
	before = mem_outstanding();
	transmit_error = 0;
	hook = NULL;
	begin_ready(FRAMING_STREAM);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	mem_fail_at(0, 0);
	stream_free(&stream);
	return mem_outstanding() == before ? 0 : -1;
}

static size_t
from_hex(const char *hex, uint8_t *bytes)
{
	unsigned byte;
	size_t len = 0;
	int used;

	while (sscanf(hex, " %2x%n", &byte, &used) == 1) {
		bytes[len++] = (uint8_t)byte;
		hex += used;
	}
	return len;
}

static void
input(const char *hex)
{
	uint8_t bytes[2048];

	stream_input(&stream, bytes, from_hex(hex, bytes), 0);
}

static coap_pdu_t *
message(unsigned code, size_t token_len, size_t payload_len)
{
	static const uint8_t token[300];
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_CON, code, 0, 100000);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, token_len, token));
	if (payload_len > 0)
		assert_non_null(coap_add_data_after(pdu, payload_len));
	return pdu;
}

static int
send_message(unsigned code, size_t token_len, size_t payload_len)
{
	coap_pdu_t *pdu = message(code, token_len, payload_len);
	int r;

	r = stream_send(&stream, pdu);
	assert_int_equal(pdu->refs, 1);
	coap_delete_pdu(pdu);
	return r;
}

/* Cutting */

/* All forms of the length, tokens, signalling, an empty message. */
static size_t
sample(uint8_t *bytes)
{
	static const size_t payloads[] = { 0, 3, 11, 12, 13, 255, 267, 268,
		300 };
	const uint8_t *data;
	size_t len, total;

	total = from_hex("00e1 04e2 01020304 0000", bytes);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		coap_pdu_t *pdu =
		    message(i % 2 ? GET : CONTENT, i % 9, payloads[i]);

		assert_int_equal(pdu_encode(pdu, FRAMING_STREAM, &data, &len),
		    0);
		memcpy(bytes + total, data, len);
		total += len;
		coap_delete_pdu(pdu);
	}
	return total;
}

static const char sample_story[] = "ready\n"
				   "sent 04e301020304\n"
				   "pinged\n"
				   "deliver 2.05  0\n"
				   "deliver 0.01 00 3\n"
				   "deliver 2.05 0000 11\n"
				   "deliver 0.01 000000 12\n"
				   "deliver 2.05 00000000 13\n"
				   "deliver 0.01 0000000000 255\n"
				   "deliver 2.05 000000000000 267\n"
				   "deliver 0.01 00000000000000 268\n"
				   "deliver 2.05 0000000000000000 300\n";

static void
begin_sample(void)
{
	begin(FRAMING_STREAM, STREAM_DEFAULT_MAX_SIZE, 8);
	assert_int_equal(stream_start(&stream, 0, 0), 0);
	story[0] = '\0';
}

static void
a_cut_at_any_byte_changes_nothing(void **state)
{
	uint8_t bytes[4096], *copy;
	size_t len = sample(bytes);

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		begin_sample();
		/* Of their own, so that a byte too far is seen. */
		copy = malloc(cut + 1);
		memcpy(copy, bytes, cut);
		stream_input(&stream, copy, cut, 0);
		free(copy);
		copy = malloc(len - cut + 1);
		memcpy(copy, bytes + cut, len - cut);
		stream_input(&stream, copy, len - cut, 0);
		free(copy);
		expect(sample_story);
		assert_null(stream.in);
	}
}

static void
pieces_of_any_size_change_nothing(void **state)
{
	uint8_t bytes[4096];
	size_t len = sample(bytes), n;

	(void)state;
	for (size_t piece = 1; piece < 50; piece++) {
		begin_sample();
		for (size_t at = 0; at < len; at += n) {
			n = len - at < piece ? len - at : piece;
			stream_input(&stream, bytes + at, n, 0);
		}
		expect(sample_story);
		assert_null(stream.in);
	}
}

static void
a_long_message_byte_by_byte(void **state)
{
	coap_pdu_t *pdu = message(CONTENT, 8, 70000);
	const uint8_t *data;
	size_t len;

	(void)state;
	assert_int_equal(pdu_encode(pdu, FRAMING_STREAM, &data, &len), 0);
	assert_int_equal(data[0], 0xF8);
	for (size_t i = 0; i < len; i++)
		stream_input(&stream, data + i, 1, 0);
	coap_delete_pdu(pdu);
	expect("deliver 2.05 0000000000000000 70000\n");
	assert_null(stream.in);
}

static void
an_announced_length_takes_no_memory(void **state)
{
	(void)state;
	input("f0 00700000 45 ff"); /* 7 MiB to come */
	assert_in_range(stream.in->cap, 1, 1024);
	expect("");
}

static void
an_idle_stream_takes_no_memory(void **state)
{
	(void)state;
	assert_int_equal(mem_outstanding(), before);
	input("0001 0045 2245 0102ff41");
	expect("deliver 0.01  0\ndeliver 2.05  0\ndeliver 2.05 0102 1\n");
	assert_int_equal(mem_outstanding(), before);
}

static void
websocket_messages_come_whole(void **state)
{
	(void)state;
	begin(FRAMING_WS, 1000, 8);
	stream_start(&stream, 0, 0);
	expect("sent 00e12203e8\n");
	input("00e1");
	input("0245 abcd ff 414243");
	expect("ready\ndeliver 2.05 abcd 3\n");
	assert_int_equal(send_message(GET, 1, 2), 0);
	expect("sent 010100ff0000\n");
	input("1045 ff"); /* a length, which WebSocket has not */
	expect("sent 00e5ff4e6f7420612076616c6964206d657373616765\n"
	       "ended 4 0\n");
}

/* Held back, a stream parks what comes; it goes on where it stopped. */
static void
held_and_resumed(void **state)
{
	(void)state;
	stream_hold(&stream);
	input("0045 2245");
	expect("");
	input("0102ff41 00");
	expect("");
	stream_resume(&stream, 0);
	expect("deliver 2.05  0\ndeliver 2.05 0102 1\n");
	input("45");
	expect("deliver 2.05  0\n");
	/* With nothing parked it is only that. */
	stream_hold(&stream);
	stream_resume(&stream, 0);
	expect("");
	input("0045");
	expect("deliver 2.05  0\n");
}

/* Of messages that come whole none is parked: the owner stops to read. */
static void
websocket_held_and_resumed(void **state)
{
	(void)state;
	begin(FRAMING_WS, 1000, 8);
	stream_start(&stream, 0, 0);
	input(CSM);
	story[0] = '\0';
	stream_hold(&stream);
	stream_resume(&stream, 0);
	expect("");
	input("0045");
	expect("deliver 2.05  0\n");
}

static void
websocket_message_over_the_limit(void **state)
{
	uint8_t bytes[1001] = { 0x00, 0x45 };

	(void)state;
	begin(FRAMING_WS, 1000, 8);
	stream_start(&stream, 0, 0);
	input(CSM);
	story[0] = '\0';
	stream_input(&stream, bytes, sizeof(bytes), 0);
	assert_non_null(strstr(story, "ended 30 0\n"));
}

/* CSM */

static void
our_csm_names_size_and_token(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, STREAM_DEFAULT_MAX_SIZE, 8);
	assert_int_equal(stream_start(&stream, 0, 1000), 0);
	expect("sent 40e123800100\n");
	begin(FRAMING_STREAM, 1152, 65804);
	assert_int_equal(stream_start(&stream, 0, 1000), 0);
	expect("sent 70e12204804301010c\n");
}

static void
a_second_start_sends_another_csm(void **state)
{
	(void)state;
	stream.max_size = 2000;
	assert_int_equal(stream_start(&stream, 5000, 1000), 0);
	expect("sent 30e12207d0\n");
	assert_true(stream_next(&stream) == TIMER_NEVER);
}

static void
a_start_that_fails_can_be_repeated(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	transmit_error = -COAP_E_AGAIN;
	assert_int_equal(stream_start(&stream, 0, 1000), -COAP_E_AGAIN);
	transmit_error = 0;
	assert_int_equal(send_message(GET, 0, 0), -COAP_E_STATE);
	for (size_t n = 1; n <= 1; n++) {
		mem_fail_at(n, 1);
		assert_int_equal(stream_start(&stream, 0, 1000), -COAP_E_NOMEM);
		mem_fail_at(0, 0);
	}
	assert_true(stream_next(&stream) == TIMER_NEVER);
	assert_int_equal(stream_start(&stream, 7, 1000), 0);
	assert_int_equal(stream_next(&stream), 1007);
	expect("sent 30e1220480\n");
}

static void
the_peers_csm_is_read(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 0, 1000);
	assert_int_equal(stream.peer_max_size, 1152);
	assert_int_equal(stream.peer_max_token, 8);
	assert_false(stream.peer_block_wise);
	story[0] = '\0';
	input("80e1 23080000 20 2201 00"); /* 2: 524288, 4, 6: 256 */
	expect("ready\n");
	assert_int_equal(stream.peer_max_size, 524288);
	assert_true(stream.peer_block_wise);
	assert_int_equal(stream.peer_max_token, 256);
	assert_true(stream_next(&stream) == TIMER_NEVER);
}

static void
a_later_csm_changes_what_it_names(void **state)
{
	(void)state;
	input("30e1 220800"); /* 2: 2048 */
	expect("settings\n");
	input("20e1 6110"); /* 6: 16 */
	expect("settings\n");
	input(CSM);
	input("30e1 220800");
	expect("");
	assert_int_equal(stream.peer_max_size, 2048);
	assert_int_equal(stream.peer_max_token, 16);
}

static void
odd_values_of_settings(void **state)
{
	(void)state;
	input("20e1 6107"); /* tokens of at most 7: ignored */
	assert_int_equal(stream.peer_max_token, 8);
	input("40e1 63ffffff");
	assert_int_equal(stream.peer_max_token, 65804);
	input("60e1 25 0100000000"); /* 5 bytes: as unknown */
	assert_int_equal(stream.peer_max_size, 1152);
	input("40e1 210a 010b"); /* twice: the first counts */
	assert_int_equal(stream.peer_max_size, 10);
	input("30e1 22000c"); /* leading zero */
	assert_int_equal(stream.peer_max_size, 12);
	input("10e1 20"); /* 0 */
	assert_int_equal(stream.peer_max_size, 0);
	input("20e1 e0ff"); /* cut: not a message */
	assert_true(stream.ended);
}

static void
unknown_elective_options_are_ignored(void **state)
{
	(void)state;
	input("20e1 8101");   /* CSM: 8 */
	input("20e2 4101");   /* Ping: 4 */
	input("30e1 d10181"); /* CSM: 14 */
	assert_false(stream.ended);
}

static void
unknown_critical_csm_option_is_a_bad_csm(void **state)
{
	static const char text[] =
	    "556e6b6e6f776e20637269746963616c206f7074696f6e";
	char want[200];

	(void)state;
	input("40e1 2104 10 10"); /* 2, 3, 4 */
	(void)snprintf(want, sizeof(want), "sent d00de52103ff%s\nended 20 e1\n",
	    text);
	expect(want);
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 0, 1000);
	story[0] = '\0';
	input("10e1 90"); /* 9, OSCORE: the first message already */
	(void)snprintf(want, sizeof(want), "sent d00de52109ff%s\nended 20 e1\n",
	    text);
	expect(want);
}

static void
unknown_critical_option_elsewhere_aborts(void **state)
{
	static const char *const messages[] = { "10e2 10", "10e3 90", "10e4 30",
		"10ea 30" };

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		begin_ready(FRAMING_STREAM);
		input(messages[i]);
		assert_memory_equal(story, "sent d00be5ff556e6b", 19);
		assert_non_null(strstr(story, "\nended 4 e"));
	}
}

static void
unknown_signalling_code_is_ignored(void **state)
{
	(void)state;
	input("00e0 00e6 02ff0102");
	expect("");
}

static void
first_message_must_be_a_csm(void **state)
{
	static const struct {
		const char *hex;
		int code;
	} messages[] = {
		{ "0001", 0x01 },
		{ "0045", 0x45 },
		{ "00e2", 0xE2 },
		{ "00e3", 0xE3 },
		{ "00e4", 0xE4 },
		{ "00e7", 0xE7 },
		{ "0021", 0x21 },
	};
	char want[200];

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		begin(FRAMING_STREAM, 1152, 8);
		stream_start(&stream, 0, 1000);
		story[0] = '\0';
		input("0000"); /* an empty message is nothing */
		input(messages[i].hex);
		(void)snprintf(want, sizeof(want),
		    "sent d013e5ff412043534d206d75737420626520746865206669"
		    "727374206d657373616765\nended 19 %x\n",
		    (unsigned)messages[i].code);
		expect(want);
	}
}

static void
an_abort_may_come_first(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 0, 1000);
	story[0] = '\0';
	input("30e5 ff6e6f");
	expect("ended 15 e5\n");
}

static void
after_csm_timeout_the_peer_may_go_without(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 100, 1000);
	story[0] = '\0';
	assert_int_equal(stream_next(&stream), 1100);
	stream_timer(&stream, 1099);
	expect("");
	stream_timer(&stream, 1100);
	expect("ready -\n");
	stream_timer(&stream, 5000);
	input("0045");
	expect("deliver 2.05  0\n");
	input("30e1 220800");
	expect("settings\n");
}

static void
csm_timeout_also_ends_with_late_input(void **state)
{
	static const uint8_t response[] = { 0x00, 0x45 };

	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 0, 1000);
	story[0] = '\0';
	stream_input(&stream, response, sizeof(response), 1000);
	expect("ready -\ndeliver 2.05  0\n");
}

static void
csm_timeout_0_waits_for_ever(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 0, 0);
	assert_true(stream_next(&stream) == TIMER_NEVER);
	stream_timer(&stream, TIMER_NEVER - 1);
	assert_false(stream.ready);
}

/* Limits */

static void
peers_max_message_size_holds_for_what_we_send(void **state)
{
	(void)state;
	/* 1 + 2 + 1 of header, 2 of token, marker */
	assert_int_equal(send_message(CONTENT, 2, 1152 - 7), 0);
	assert_int_equal(send_message(CONTENT, 2, 1152 - 6), -COAP_E_TOOBIG);
	input("20e1 210a"); /* 10 */
	assert_int_equal(send_message(CONTENT, 2, 5), 0);
	assert_int_equal(send_message(CONTENT, 2, 6), -COAP_E_TOOBIG);
	story[0] = '\0';
	input("0ae2 0102030405060708090a"); /* an invalid token length: ends */
	assert_true(stream.ended);
}

static void
our_max_message_size_holds_as_soon_as_it_is_seen(void **state)
{
	static const char want[] =
	    "sent d011e5ff4d657373616765206f766572204d61782d4d65737361"
	    "67652d53697a65\nended 30 0\n";
	static const char *const bytes[] = { "e0", "03", "54", "45" };

	(void)state;
	begin(FRAMING_STREAM, 1125, 8);
	stream_start(&stream, 0, 0);
	input(CSM);
	story[0] = '\0';
	/* 4 of header and 0x0354 + 269 = 1121: just fits */
	input("e0 0354 45");
	assert_false(stream.ended);
	expect("");

	begin(FRAMING_STREAM, 1124, 8);
	stream_start(&stream, 0, 0);
	input(CSM);
	story[0] = '\0';
	for (size_t i = 0; i < 4; i++) {
		expect("");
		input(bytes[i]);
	}
	expect(want);
	assert_null(stream.in);
	input("0045");
	expect("");
}

static void
a_length_of_4_gib_ends_it(void **state)
{
	(void)state;
	input("f0 ffffffff 45");
	assert_non_null(strstr(story, "ended 30 0\n"));
}

static void
tokens_over_what_the_peer_takes(void **state)
{
	(void)state;
	assert_int_equal(send_message(GET, 8, 0), 0);
	assert_int_equal(send_message(GET, 9, 0), -COAP_E_TOOBIG);
	/* A response has the token that the peer chose itself. */
	assert_int_equal(send_message(CONTENT, 9, 0), 0);
	input("20e1 6114"); /* 20 */
	assert_int_equal(send_message(GET, 20, 0), 0);
	assert_int_equal(send_message(GET, 21, 0), -COAP_E_TOOBIG);
}

static void
tokens_over_what_we_take(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 14);
	stream_start(&stream, 0, 0);
	input(CSM);
	story[0] = '\0';
	input("0d45 01 0102030405060708090a0b0c0d0e");
	expect("deliver 2.05 0102030405060708 0\n");
	input("0d45 02 0102030405060708090a0b0c0d0e0f");
	assert_non_null(strstr(story, "ended 4 0\n"));
}

static void
malformed_messages_end_it(void **state)
{
	static const char *const messages[] = {
		"0f45",                    /* reserved token length */
		"1045 ff",                 /* marker without payload */
		"1045 f0",                 /* reserved nibble */
		"1045 13",                 /* option longer than the message */
		"0945 010203040506070809", /* token over 8 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		begin_ready(FRAMING_STREAM);
		input(messages[i]);
		expect("sent d007e5ff4e6f7420612076616c6964206d657373616765\n"
		       "ended 4 0\n");
	}
}

/* Messages */

static void
empty_messages_are_ignored_and_may_be_sent(void **state)
{
	(void)state;
	input("0000 0000 0100aa");
	expect("");
	assert_int_equal(send_message(0, 0, 0), 0);
	expect("sent 0000\n");
}

static void
reserved_classes_are_ignored(void **state)
{
	(void)state;
	input("0021 00c1 0045");
	expect("deliver 2.05  0\n");
}

static void
signalling_is_not_for_stream_send(void **state)
{
	(void)state;
	assert_int_equal(send_message(COAP_SIGNALING_CODE_ABORT, 0, 0),
	    -COAP_E_INVAL);
	expect("");
}

static void
a_full_transport_says_again(void **state)
{
	(void)state;
	transmit_error = -COAP_E_AGAIN;
	assert_int_equal(send_message(GET, 0, 0), -COAP_E_AGAIN);
	assert_int_equal(stream_ping(&stream, false), -COAP_E_AGAIN);
	assert_int_equal(stream.pings, 0);
	assert_int_equal(stream_release(&stream), -COAP_E_AGAIN);
	input("02e2 abcd"); /* nothing but the Pong is lost */
	expect("pinged\n");
	transmit_error = 0;
	assert_int_equal(stream_release(&stream), 0);
	expect("sent 00e4\n");
}

/* Signalling */

static void
ping_gets_a_pong_with_its_token(void **state)
{
	(void)state;
	input("00e2");
	input("04e2 01020304");
	expect("sent 00e3\npinged\nsent 04e301020304\npinged\n");
	input("12e2 abcd 20"); /* Custody */
	expect("sent 12e3abcd20\npinged\n");
}

static void
pong_settles_our_ping(void **state)
{
	(void)state;
	assert_int_equal(stream_ping(&stream, false), 0);
	assert_int_equal(stream_ping(&stream, true), 0);
	expect("sent 00e2\nsent 10e220\n");
	assert_int_equal(stream.pings, 2);
	input("00e3 10e320");
	expect("ponged\nponged\n");
	assert_int_equal(stream.pings, 0);
	input("00e3"); /* unasked */
	expect("");
}

static void
pings_have_a_limit(void **state)
{
	(void)state;
	stream.pings = UINT16_MAX;
	assert_int_equal(stream_ping(&stream, false), -COAP_E_LIMIT);
}

static const coap_pdu_t *the_release;

static void
check_release(void *user, const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	on_released(user, pdu);
	opt = coap_check_option(pdu, COAP_SIGNALING_OPTION_ALTERNATIVE_ADDRESS,
	    &oi);
	assert_non_null(opt);
	assert_int_equal(coap_opt_length(opt), 3);
	assert_memory_equal(coap_opt_value(opt), "a:1", 3);
	opt = coap_check_option(pdu, COAP_SIGNALING_OPTION_HOLD_OFF, &oi);
	assert_non_null(opt);
	assert_int_equal(*coap_opt_value(opt), 30);
	the_release = pdu;
}

static void
a_release_is_told_with_its_options(void **state)
{
	struct stream_ops own = ops;

	(void)state;
	own.released = check_release;
	stream.ops = &own;
	the_release = NULL;
	input("0001 60e4 23613a31 211e");
	expect("deliver 0.01  0\nreleased\n");
	assert_non_null(the_release);
	/* Once; its answers still come, its requests are not taken. */
	input("00e4 0001 0045");
	expect("deliver 2.05  0\n");
}

static void
after_a_release_no_requests_are_sent(void **state)
{
	(void)state;
	input("00e4");
	expect("released\n");
	assert_int_equal(send_message(GET, 0, 0), -COAP_E_CLOSED);
	expect("");
	assert_int_equal(send_message(CONTENT, 0, 0), 0);
	expect("sent 0045\n");
	/* It knows. */
	assert_int_equal(stream_release(&stream), 0);
	expect("");
	/* Signalling goes on. */
	input("01e2aa");
	expect("sent 01e3aa\npinged\n");
}

/* No transport, no transmit(): also for the responses that a Release allows. */
static void
nothing_is_sent_behind_the_end_of_a_released_stream(void **state)
{
	(void)state;
	input("00e4");
	expect("released\n");
	stream_stop(&stream);
	assert_int_equal(send_message(CONTENT, 0, 0), -COAP_E_CLOSED);
	expect("");
}

static void
an_abort_ends_a_released_stream(void **state)
{
	(void)state;
	input("00e4 00e5");
	expect("released\nended 15 e5\n");
	assert_int_equal(send_message(CONTENT, 0, 0), -COAP_E_CLOSED);
	expect("");
}

static void
our_release_is_sent_once(void **state)
{
	(void)state;
	assert_int_equal(stream_release(&stream), 0);
	assert_int_equal(stream_release(&stream), 0);
	expect("sent 00e4\n");
	input("0045"); /* answers still come */
	expect("deliver 2.05  0\n");
	assert_int_equal(send_message(CONTENT, 0, 0), 0);
}

static void
abort_ends_it(void **state)
{
	(void)state;
	input("50e5 2102 ff6e6f 0045");
	expect("ended 15 e5\n");
	assert_int_equal(send_message(GET, 0, 0), -COAP_E_CLOSED);
	assert_int_equal(send_message(CONTENT, 0, 0), -COAP_E_CLOSED);
	assert_int_equal(stream_ping(&stream, false), -COAP_E_CLOSED);
	assert_int_equal(stream_release(&stream), -COAP_E_CLOSED);
	assert_int_equal(stream_abort(&stream, NULL, 0), -COAP_E_CLOSED);
	assert_int_equal(stream_start(&stream, 0, 0), -COAP_E_CLOSED);
	assert_true(stream_next(&stream) == TIMER_NEVER);
	expect("");
}

static void
an_abort_with_unknown_critical_options_is_an_abort(void **state)
{
	(void)state;
	input("10e5 10");
	expect("ended 15 e5\n");
}

static void
our_abort_says_why(void **state)
{
	(void)state;
	input("f0"); /* something incomplete */
	assert_int_equal(stream_abort(&stream, "no", 3), 0);
	expect("sent 50e52103ff6e6f\n");
	assert_null(stream.in);
	input("0045");
	expect("");
	begin_ready(FRAMING_STREAM);
	assert_int_equal(stream_abort(&stream, NULL, 0), 0);
	expect("sent 00e5\n");
}

static void
a_long_diagnostic_is_cut_between_characters(void **state)
{
	char text[STREAM_DIAG_MAX + 40];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(stream_abort(&stream, text, 0), 0);
	/* Len 13 + 116, code, marker, 128 bytes */
	assert_memory_equal(story, "sent d074e5ff6161", 17);
	assert_int_equal(strlen(story), 5 + 2 * (3 + 129) + 1);
	begin_ready(FRAMING_STREAM);
	memcpy(text + STREAM_DIAG_MAX - 1, "\xC3\xA9", 2);
	assert_int_equal(stream_abort(&stream, text, 0), 0);
	assert_memory_equal(story, "sent d073e5ff6161", 17);
}

static void
an_abort_before_the_start_sends_nothing(void **state)
{
	(void)state;
	begin(FRAMING_STREAM, 1152, 8);
	assert_int_equal(stream_ping(&stream, false), -COAP_E_STATE);
	assert_int_equal(stream_release(&stream), -COAP_E_STATE);
	assert_int_equal(stream_abort(&stream, "no", 0), -COAP_E_STATE);
	assert_true(stream.ended);
	expect("");
}

/* Operations that come back, and memory */

static void
end_in(const char *what)
{
	if (strcmp(what, "ended") != 0) {
		hook = NULL;
		stream_abort(&stream, NULL, 0);
	}
}

static void
abort_from_each_operation(void **state)
{
	static const char *const inputs[] = { "0045 0001", "30e1220800 0001",
		"00e2 0001", "00e3 0001", "00e4 0001" };
	static const char *const want[] = {
		"deliver 2.05  0\nsent 00e5\n",
		"settings\nsent 00e5\n",
		"sent 00e3\nsent 00e5\npinged\n",
		"ponged\nsent 00e5\n",
		"released\nsent 00e5\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++) {
		begin_ready(FRAMING_STREAM);
		stream.pings = 1;
		hook = end_in;
		input(inputs[i]);
		expect(want[i]);
		assert_true(stream.ended);
	}
	hook = NULL;
	begin(FRAMING_STREAM, 1152, 8);
	stream_start(&stream, 0, 0);
	story[0] = '\0';
	hook = end_in;
	input("00e1 0001");
	expect("ready\nsent 00e5\n");
}

static void
answer(const char *what)
{
	if (strcmp(what, "deliver") == 0)
		assert_int_equal(send_message(CONTENT, 0, 0), 0);
}

static void
send_from_deliver(void **state)
{
	(void)state;
	hook = answer;
	input("0001 0002");
	expect("deliver 0.01  0\nsent 0045\ndeliver 0.02  0\nsent 0045\n");
}

static void
without_memory_it_ends(void **state)
{
	(void)state;
	mem_fail_at(1, 0);
	input("0045 0045");
	mem_fail_at(0, 0);
	assert_non_null(strstr(story, "ended 1 0\n"));
	begin_ready(FRAMING_STREAM);
	mem_fail_at(1, 1);
	input("00");
	input("45");
	mem_fail_at(0, 0);
	expect("ended 1 0\n"); /* not even an Abort could be made */
}

static void
an_idle_stream_is_small(void **state)
{
	(void)state;
	assert_in_range(sizeof(struct stream), 1, 128);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_cut_at_any_byte_changes_nothing),
		TEST(pieces_of_any_size_change_nothing),
		TEST(a_long_message_byte_by_byte),
		TEST(an_announced_length_takes_no_memory),
		TEST(an_idle_stream_takes_no_memory),
		TEST(websocket_messages_come_whole),
		TEST(held_and_resumed),
		TEST(websocket_held_and_resumed),
		TEST(websocket_message_over_the_limit),
		TEST(our_csm_names_size_and_token),
		TEST(a_second_start_sends_another_csm),
		TEST(a_start_that_fails_can_be_repeated),
		TEST(the_peers_csm_is_read),
		TEST(a_later_csm_changes_what_it_names),
		TEST(odd_values_of_settings),
		TEST(unknown_elective_options_are_ignored),
		TEST(unknown_critical_csm_option_is_a_bad_csm),
		TEST(unknown_critical_option_elsewhere_aborts),
		TEST(unknown_signalling_code_is_ignored),
		TEST(first_message_must_be_a_csm),
		TEST(an_abort_may_come_first),
		TEST(after_csm_timeout_the_peer_may_go_without),
		TEST(csm_timeout_also_ends_with_late_input),
		TEST(csm_timeout_0_waits_for_ever),
		TEST(peers_max_message_size_holds_for_what_we_send),
		TEST(our_max_message_size_holds_as_soon_as_it_is_seen),
		TEST(a_length_of_4_gib_ends_it),
		TEST(tokens_over_what_the_peer_takes),
		TEST(tokens_over_what_we_take),
		TEST(malformed_messages_end_it),
		TEST(empty_messages_are_ignored_and_may_be_sent),
		TEST(reserved_classes_are_ignored),
		TEST(signalling_is_not_for_stream_send),
		TEST(a_full_transport_says_again),
		TEST(ping_gets_a_pong_with_its_token),
		TEST(pong_settles_our_ping),
		TEST(pings_have_a_limit),
		TEST(a_release_is_told_with_its_options),
		TEST(after_a_release_no_requests_are_sent),
		TEST(nothing_is_sent_behind_the_end_of_a_released_stream),
		TEST(an_abort_ends_a_released_stream),
		TEST(our_release_is_sent_once),
		TEST(abort_ends_it),
		TEST(an_abort_with_unknown_critical_options_is_an_abort),
		TEST(our_abort_says_why),
		TEST(a_long_diagnostic_is_cut_between_characters),
		TEST(an_abort_before_the_start_sends_nothing),
		TEST(abort_from_each_operation),
		TEST(send_from_deliver),
		TEST(without_memory_it_ends),
		TEST(an_idle_stream_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

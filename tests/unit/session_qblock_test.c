/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Q-Block between a client and a server, on the wire: the figures of RFC 9177
 * section 10, with the blocks lost that are lost there. Each datagram is a line:
 *
 *     > NON PUT a q1 0/1         to the server; token, Q-Block1 num/M
 *     < NON 4.08 j [1 9]         the missing blocks that it lists
 *     > NON GET b q2 1/0 9/0 x   lost
 *
 * Tokens are letters in the order of their first use.
 */
#include "lossy.h"

#include "exchange/qblock.h"
#include "session/body/blockwise.h"
#include "session/body/qblock.h"
#include "wire/pdu.h"

#define CON COAP_MESSAGE_CON
#define NON COAP_MESSAGE_NON
#define GET COAP_REQUEST_CODE_GET
#define PUT COAP_REQUEST_CODE_PUT
#define TRY                                                \
	(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY | \
	    COAP_BLOCK_TRY_Q_BLOCK)

#define BODY ((size_t)1024 * 1024)

static uint8_t up[BODY];
static uint8_t down[BODY];

static struct {
	char log[65536];
	size_t len;
	uint8_t tokens[64][8];
	size_t token_len[64];
	unsigned n_tokens;
	/* Of this way, the n-th datagrams, from 0, that are lost. */
	unsigned lose[LOSSY_WAYS][64];
	unsigned n_lose[LOSSY_WAYS];
	unsigned seen[LOSSY_WAYS];
	/* How it ended. */
	unsigned ends;
	int error;
	unsigned code;
	size_t answer; /* bytes of what the server answers with */
	uint64_t etag;
	size_t got;
	size_t put;
	unsigned puts;
	unsigned gets;
	unsigned released;
	bool size_missing;
	bool tag_missing;
	bool etag_missing;
} it;

/* --- the wire ------------------------------------------------------------- */

static char
letter(coap_bin_const_t token)
{
	unsigned i;

	assert_true(token.length <= 8);
	for (i = 0; i < it.n_tokens; i++)
		if (it.token_len[i] == token.length &&
		    memcmp(it.tokens[i], token.s, token.length) == 0)
			return (char)('a' + i);
	if (i == 64)
		return '*';
	it.token_len[i] = token.length;
	memcpy(it.tokens[i], token.s, token.length);
	it.n_tokens++;
	return (char)('a' + i);
}

static void __attribute__((format(printf, 1, 2))) say(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(it.log + it.len, sizeof it.log - it.len, format, ap);
	va_end(ap);
	it.len += (size_t)n;
	assert_true(it.len < sizeof it.log);
}

static void
say_options(const coap_pdu_t *pdu)
{
	coap_opt_iterator_t oi;
	unsigned before = 0, value;
	coap_opt_t *opt;

	coap_option_iterator_init(pdu, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		const char *name = oi.number == COAP_OPTION_Q_BLOCK1 ? "q1"
		    : oi.number == COAP_OPTION_Q_BLOCK2              ? "q2"
		    : oi.number == COAP_OPTION_BLOCK1                ? "b1"
		    : oi.number == COAP_OPTION_BLOCK2                ? "b2"
								     : NULL;

		if (!name)
			continue;
		value = coap_decode_var_bytes(coap_opt_value(opt),
		    coap_opt_length(opt));
		if (oi.number != before)
			say(" %s", name);
		before = oi.number;
		say(" %u/%u", value >> 4, value >> 3 & 1);
	}
}

static void
say_missing(const coap_pdu_t *pdu)
{
	uint32_t nums[QBLOCK_LIST_MAX];
	int n;

	if (!qblock_is_missing(pdu))
		return;
	n = qblock_missing_read(pdu->data, pdu_payload_len(pdu), nums,
	    QBLOCK_LIST_MAX);
	assert_true(n > 0);
	for (int i = 0; i < n; i++)
		say("%s%u", i ? " " : " [", nums[i]);
	say("]");
}

static bool
lacks(const coap_pdu_t *pdu, coap_option_num_t number)
{
	return !qblock_has(pdu, number);
}

/* RFC 9177 sections 4.3, 4.4 and 4.6. */
static void
look(const coap_pdu_t *pdu)
{
	bool response = !COAP_PDU_IS_REQUEST(pdu);

	if (!response && qblock_has(pdu, COAP_OPTION_Q_BLOCK1)) {
		it.tag_missing |= lacks(pdu, COAP_OPTION_RTAG);
		it.size_missing |= lacks(pdu, COAP_OPTION_SIZE1);
	}
	if (response && qblock_has(pdu, COAP_OPTION_Q_BLOCK2)) {
		it.etag_missing |= lacks(pdu, COAP_OPTION_ETAG);
		it.size_missing |= lacks(pdu, COAP_OPTION_SIZE2);
	}
}

static bool
is_lost(enum lossy_way way)
{
	unsigned n = it.seen[way]++;

	for (unsigned i = 0; i < it.n_lose[way]; i++)
		if (it.lose[way][i] == n)
			return true;
	return false;
}

static size_t
on_datagram(enum lossy_way way, uint8_t *data, size_t len)
{
	static const char *const types[] = { "CON", "NON", "ACK", "RST" };
	static const char *const methods[] = { "", "GET", "POST", "PUT",
		"DELETE", "FETCH" };
	coap_pdu_t *pdu = pdu_new(CON, 0, 0, len);
	bool lost = is_lost(way);

	assert_non_null(pdu);
	assert_int_equal(pdu_decode(pdu, FRAMING_DATAGRAM, 8, data, len), 0);
	say("%c %s", way == LOSSY_UP ? '>' : '<', types[pdu->type]);
	if (pdu->code > 0 && pdu->code < 6)
		say(" %s %c", methods[pdu->code],
		    letter(coap_pdu_get_token(pdu)));
	else if (pdu->code)
		say(" %u.%02u %c", pdu->code >> 5, pdu->code & 31,
		    letter(coap_pdu_get_token(pdu)));
	say_options(pdu);
	say_missing(pdu);
	say(lost ? " x\n" : "\n");
	look(pdu);
	coap_delete_pdu(pdu);
	return lost ? 0 : len;
}

static void
expect(const char *text)
{
	if (strcmp(it.log, text) != 0)
		print_error("--- is\n%s--- should be\n%s", it.log, text);
	assert_string_equal(it.log, text);
	it.len = 0;
	it.log[0] = '\0';
	it.n_tokens = 0;
	assert_false(it.size_missing || it.tag_missing || it.etag_missing);
}

/* --- both ends ------------------------------------------------------------ */

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	it.gets++;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data_large_response(resource, session, request,
	    response, query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1,
	    it.etag, it.answer, down, NULL, NULL));
}

static void
on_put(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	(void)resource;
	(void)session;
	(void)query;
	coap_get_data_large(request, &len, &data, &offset, &total);
	assert_int_equal(offset, 0);
	assert_int_equal(total, len);
	assert_memory_equal(data, up, len);
	it.put = len;
	it.puts++;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
}

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	assert_ptr_equal(app, up);
	it.released++;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	size_t len, offset, total;
	const uint8_t *data;

	(void)request;
	(void)session;
	(void)arg;
	it.ends++;
	it.error = result->error;
	if (!result->response)
		return;
	it.code = coap_pdu_get_code(result->response);
	coap_get_data_large(result->response, &len, &data, &offset, &total);
	if (it.code != COAP_RESPONSE_CODE_CONTENT)
		return;
	assert_int_equal(len, total);
	assert_memory_equal(data, down, len);
	it.got = len;
	assert_false(qblock_has(result->response, COAP_OPTION_Q_BLOCK2));
}

static coap_session_t *
begin(uint32_t client, uint32_t server)
{
	static const struct lossy_rule good = { .delay_min_ms = 1,
		.delay_max_ms = 1 };
	coap_session_t *session;

	memset(&it, 0, sizeof it);
	it.etag = 42;
	lossy_begin("q-block", 1, &good);
	coap_context_set_block_mode(w.client, client);
	coap_context_set_block_mode(w.server, server);
	lossy_add_resource("get", COAP_REQUEST_GET, on_get);
	lossy_add_resource("put", COAP_REQUEST_PUT, on_put);
	session = lossy_session();
	lossy.edit = on_datagram;
	return session;
}

static void
end(coap_session_t *session)
{
	lossy.edit = NULL;
	coap_session_release(session);
	lossy_end();
}

static void
ask(coap_session_t *session, coap_pdu_type_t type, coap_pdu_code_t code,
    size_t length)
{
	coapx_request_params_t params = { .size = sizeof params,
		.result = on_result };
	coap_pdu_t *pdu =
	    lossy_request(session, type, code, code == GET ? "get" : "put");

	it.ends = 0;
	it.error = 0;
	it.code = 0;
	it.seen[LOSSY_UP] = it.seen[LOSSY_DOWN] = 0;
	if (code == GET)
		it.answer = length;
	else
		assert_true(coap_add_data_large_request(session, pdu, length,
		    up, on_release, up));
	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
}

static void
play(coap_session_t *session, coap_pdu_type_t type, coap_pdu_code_t code,
    size_t length)
{
	ask(session, type, code, length);
	LOSSY_UNTIL(it.ends > 0);
	lossy_advance(600000);
	assert_int_equal(it.ends, 1);
	assert_int_equal(it.error, 0);
	if (code == GET)
		assert_int_equal(it.got, length);
	else
		assert_int_equal(it.put, length);
	if (code == PUT)
		assert_int_equal(it.code, COAP_RESPONSE_CODE_CHANGED);
	it.n_lose[LOSSY_UP] = it.n_lose[LOSSY_DOWN] = 0;
}

/* A session whose peer is known to have Q-Block. */
static coap_session_t *
begin_known(uint32_t more)
{
	coap_session_t *session = begin(TRY | more, TRY);

	play(session, CON, GET, 10);
	expect("> CON GET a q2 0/1\n"
	       "< ACK 2.05 a q2 0/0\n");
	return session;
}

static void
lose(enum lossy_way way, unsigned n)
{
	it.lose[way][it.n_lose[way]++] = n;
}

/* --- RFC 9177 section 10.1 ------------------------------------------------ */

static void
figure_q_block1_simple(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	play(session, NON, PUT, 3500);
	expect("> NON PUT a q1 0/1\n"
	       "> NON PUT b q1 1/1\n"
	       "> NON PUT c q1 2/1\n"
	       "> NON PUT d q1 3/0\n"
	       "< NON 2.04 d\n");
	assert_int_equal(it.puts, 1);
	assert_int_equal(it.released, 1);
	end(session);
}

static void
figure_q_block1_max_payloads(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	play(session, NON, PUT, 11 * 1024);
	expect("> NON PUT a q1 0/1\n"
	       "> NON PUT b q1 1/1\n"
	       "> NON PUT c q1 2/1\n"
	       "> NON PUT d q1 3/1\n"
	       "> NON PUT e q1 4/1\n"
	       "> NON PUT f q1 5/1\n"
	       "> NON PUT g q1 6/1\n"
	       "> NON PUT h q1 7/1\n"
	       "> NON PUT i q1 8/1\n"
	       "> NON PUT j q1 9/1\n"
	       "< NON 2.31 j q1 9/1\n"
	       "> NON PUT k q1 10/0\n"
	       "< NON 2.04 k\n");
	end(session);
}

/* 1 and 9 are lost; what is sent next shows it, and is lost in part, too. */
static void
figure_q_block1_recovery(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	lose(LOSSY_UP, 1);
	lose(LOSSY_UP, 9);
	lose(LOSSY_UP, 10);
	play(session, NON, PUT, 12 * 1024);
	expect("> NON PUT a q1 0/1\n"
	       "> NON PUT b q1 1/1 x\n"
	       "> NON PUT c q1 2/1\n"
	       "> NON PUT d q1 3/1\n"
	       "> NON PUT e q1 4/1\n"
	       "> NON PUT f q1 5/1\n"
	       "> NON PUT g q1 6/1\n"
	       "> NON PUT h q1 7/1\n"
	       "> NON PUT i q1 8/1\n"
	       "> NON PUT j q1 9/1 x\n"
	       /* NON_TIMEOUT_RANDOM is over. */
	       "> NON PUT k q1 10/1 x\n"
	       "> NON PUT l q1 11/0\n"
	       "< NON 4.08 l [1 9]\n"
	       "> NON PUT m q1 1/1\n"
	       "> NON PUT n q1 9/1\n"
	       /* NON_RECEIVE_TIMEOUT is over. */
	       "< NON 4.08 n [10]\n"
	       "> NON PUT o q1 10/1\n"
	       "< NON 2.04 o\n");
	end(session);
}

/* A block that is lost, and lost again: the server waits twice as long. */
static void
figure_q_block1_recovery_without_more_to_come(void **state)
{
	coap_session_t *session = begin_known(0);
	uint64_t began = w.now_us;

	(void)state;
	lose(LOSSY_UP, 1);
	lose(LOSSY_UP, 4);
	ask(session, NON, PUT, 3500);
	LOSSY_UNTIL(it.ends > 0);
	expect("> NON PUT a q1 0/1\n"
	       "> NON PUT b q1 1/1 x\n"
	       "> NON PUT c q1 2/1\n"
	       "> NON PUT d q1 3/0\n"
	       "< NON 4.08 d [1]\n"
	       "> NON PUT e q1 1/1 x\n"
	       "< NON 4.08 d [1]\n"
	       "> NON PUT f q1 1/1\n"
	       "< NON 2.04 f\n");
	/* 4 s and 8 s. */
	assert_in_range(w.now_us - began, 12000000, 12500000);
	assert_int_equal(it.code, COAP_RESPONSE_CODE_CHANGED);
	end(session);
}

/* Whoever repeats the last one is answered as before: once it was done. */
static void
a_lost_answer_is_given_again(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	lose(LOSSY_DOWN, 0);
	play(session, NON, PUT, 2000);
	expect("> NON PUT a q1 0/1\n"
	       "> NON PUT b q1 1/0\n"
	       "< NON 2.04 b x\n"
	       "> NON PUT c q1 1/0\n"
	       "< NON 2.04 c\n");
	assert_int_equal(it.puts, 1);
	end(session);
}

/* Nothing of a set has arrived: only the sender can know. */
static void
a_body_that_was_lost_whole(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		lose(LOSSY_UP, i);
	play(session, NON, PUT, 3000);
	expect("> NON PUT a q1 0/1 x\n"
	       "> NON PUT b q1 1/1 x\n"
	       "> NON PUT c q1 2/0 x\n"
	       "> NON PUT d q1 2/0\n"
	       "< NON 4.08 d [0 1]\n"
	       "> NON PUT e q1 0/1\n"
	       "> NON PUT f q1 1/1\n"
	       "< NON 2.04 f\n");
	end(session);
}

/* A Continue that is lost costs the pause, no more. */
static void
a_lost_continue_costs_a_pause(void **state)
{
	coap_session_t *session = begin_known(0);
	uint64_t began;

	(void)state;
	coap_session_set_max_payloads(session, 2);
	/* The server's session has the default: it says nothing so early. */
	began = w.now_us;
	ask(session, NON, PUT, 5000);
	LOSSY_UNTIL(it.ends > 0);
	expect("> NON PUT a q1 0/1\n"
	       "> NON PUT b q1 1/1\n"
	       "> NON PUT c q1 2/1\n"
	       "> NON PUT d q1 3/1\n"
	       "> NON PUT e q1 4/0\n"
	       "< NON 2.04 e\n");
	assert_int_equal(it.error, 0);
	/* Two pauses of 2 to 3 s, the same both. */
	assert_in_range(w.now_us - began, 4000000, 6100000);
	end(session);
}

/* NON_MAX_RETRANSMIT is 4. */
static void
both_ends_give_up(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	/* The server asks for block 1 four times, and the client repeats the
	 * last one until nobody answers. */
	for (unsigned i = 1; i < 64; i++)
		lose(LOSSY_UP, i);
	ask(session, NON, PUT, 2000);
	LOSSY_UNTIL(it.ends > 0);
	lossy_advance(600000);
	assert_int_equal(it.error, -COAP_E_TIMEOUT);
	assert_int_equal(it.ends, 1);
	assert_int_equal(it.puts, 0);
	assert_int_equal(it.released, 1);
	assert_int_equal(w.server->bodies.used, 0);
	end(session);
}

/* --- RFC 9177 section 10.2 ------------------------------------------------ */

static void
figure_q_block2_simple(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	play(session, NON, GET, 3500);
	expect("> NON GET a q2 0/1\n"
	       "< NON 2.05 a q2 0/1\n"
	       "< NON 2.05 a q2 1/1\n"
	       "< NON 2.05 a q2 2/1\n"
	       "< NON 2.05 a q2 3/0\n");
	assert_int_equal(it.gets, 2);
	end(session);
}

static void
figure_q_block2_max_payloads(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	play(session, NON, GET, 11 * 1024);
	expect("> NON GET a q2 0/1\n"
	       "< NON 2.05 a q2 0/1\n"
	       "< NON 2.05 a q2 1/1\n"
	       "< NON 2.05 a q2 2/1\n"
	       "< NON 2.05 a q2 3/1\n"
	       "< NON 2.05 a q2 4/1\n"
	       "< NON 2.05 a q2 5/1\n"
	       "< NON 2.05 a q2 6/1\n"
	       "< NON 2.05 a q2 7/1\n"
	       "< NON 2.05 a q2 8/1\n"
	       "< NON 2.05 a q2 9/1\n"
	       "> NON GET b q2 10/1\n"
	       "< NON 2.05 b q2 10/0\n");
	end(session);
}

static void
figure_q_block2_recovery(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	lose(LOSSY_DOWN, 1);
	lose(LOSSY_DOWN, 9);
	lose(LOSSY_DOWN, 10);
	play(session, NON, GET, 12 * 1024);
	expect("> NON GET a q2 0/1\n"
	       "< NON 2.05 a q2 0/1\n"
	       "< NON 2.05 a q2 1/1 x\n"
	       "< NON 2.05 a q2 2/1\n"
	       "< NON 2.05 a q2 3/1\n"
	       "< NON 2.05 a q2 4/1\n"
	       "< NON 2.05 a q2 5/1\n"
	       "< NON 2.05 a q2 6/1\n"
	       "< NON 2.05 a q2 7/1\n"
	       "< NON 2.05 a q2 8/1\n"
	       "< NON 2.05 a q2 9/1 x\n"
	       "< NON 2.05 a q2 10/1 x\n"
	       "< NON 2.05 a q2 11/0\n"
	       "> NON GET b q2 1/0 9/0\n"
	       "< NON 2.05 b q2 1/1\n"
	       "< NON 2.05 b q2 9/1\n"
	       "> NON GET c q2 10/0\n"
	       "< NON 2.05 c q2 10/1\n");
	assert_int_equal(it.gets, 2);
	end(session);
}

/* The M bit stands for the rest of a set. */
static void
figure_q_block2_recovery_with_m(void **state)
{
	coap_session_t *session = begin_known(COAP_BLOCK_USE_M_Q_BLOCK);

	(void)state;
	lose(LOSSY_DOWN, 1);
	lose(LOSSY_DOWN, 3);
	lose(LOSSY_DOWN, 4);
	lose(LOSSY_DOWN, 5);
	play(session, NON, GET, 5500);
	expect("> NON GET a q2 0/1\n"
	       "< NON 2.05 a q2 0/1\n"
	       "< NON 2.05 a q2 1/1 x\n"
	       "< NON 2.05 a q2 2/1\n"
	       "< NON 2.05 a q2 3/1 x\n"
	       "< NON 2.05 a q2 4/1 x\n"
	       "< NON 2.05 a q2 5/0 x\n"
	       "> NON GET b q2 1/0 3/1\n"
	       "< NON 2.05 b q2 1/1\n"
	       "< NON 2.05 b q2 3/1\n"
	       "< NON 2.05 b q2 4/1\n"
	       "< NON 2.05 b q2 5/0\n");
	end(session);
}

/* The body is another one meanwhile: from the begin again, once. */
static void
a_body_that_changes_is_asked_for_again(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	lose(LOSSY_DOWN, 1);
	ask(session, NON, GET, 2500);
	LOSSY_UNTIL(it.seen[LOSSY_DOWN] == 3);
	blockwise_forget(w.last);
	it.etag = 43;
	LOSSY_UNTIL(it.ends > 0);
	assert_int_equal(it.error, 0);
	assert_int_equal(it.got, 2500);
	expect("> NON GET a q2 0/1\n"
	       "< NON 2.05 a q2 0/1\n"
	       "< NON 2.05 a q2 1/1 x\n"
	       "< NON 2.05 a q2 2/0\n"
	       "> NON GET b q2 1/0\n"
	       "< NON 2.05 b q2 1/1\n"
	       "> NON GET c q2 0/1\n"
	       "< NON 2.05 c q2 0/1\n"
	       "< NON 2.05 c q2 1/1\n"
	       "< NON 2.05 c q2 2/0\n");
	end(session);
}

/* --- RFC 9177 section 10.3 ------------------------------------------------ */

static void
on_fetch(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	on_put(resource, session, request, query, response);
	on_get(resource, session, request, query, response);
}

static void
fetch(coap_session_t *session, coap_pdu_type_t type, size_t there, size_t back)
{
	coapx_request_params_t params = { .size = sizeof params,
		.result = on_result };
	coap_pdu_t *pdu =
	    lossy_request(session, type, COAP_REQUEST_CODE_FETCH, "fetch");

	assert_true(coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT, 1,
			(const uint8_t *)"*") > 0);
	assert_true(coap_add_data_large_request(session, pdu, there, up,
	    on_release, up));
	it.answer = back;
	it.ends = 0;
	it.seen[LOSSY_UP] = it.seen[LOSSY_DOWN] = 0;
	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
	LOSSY_UNTIL(it.ends > 0);
	lossy_advance(600000);
	assert_int_equal(it.ends, 1);
	assert_int_equal(it.error, 0);
	assert_int_equal(it.put, there);
	assert_int_equal(it.puts, 1);
	assert_int_equal(it.got, back);
	assert_int_equal(it.released, 1);
}

static coap_session_t *
begin_fetch(void)
{
	coap_session_t *session = begin_known(0);

	lossy_add_resource("fetch", COAP_REQUEST_FETCH, on_fetch);
	return session;
}

static void
figure_both_simple(void **state)
{
	coap_session_t *session = begin_fetch();

	(void)state;
	fetch(session, NON, 3000, 3500);
	expect("> NON FETCH a q1 0/1\n"
	       "> NON FETCH b q1 1/1\n"
	       "> NON FETCH c q1 2/0\n"
	       "< NON 2.05 c q2 0/1\n"
	       "< NON 2.05 c q2 1/1\n"
	       "< NON 2.05 c q2 2/1\n"
	       "< NON 2.05 c q2 3/0\n");
	end(session);
}

static void
figure_both_max_payloads(void **state)
{
	coap_session_t *session = begin_fetch();

	(void)state;
	fetch(session, NON, 11 * 1024, 11 * 1024);
	expect("> NON FETCH a q1 0/1\n"
	       "> NON FETCH b q1 1/1\n"
	       "> NON FETCH c q1 2/1\n"
	       "> NON FETCH d q1 3/1\n"
	       "> NON FETCH e q1 4/1\n"
	       "> NON FETCH f q1 5/1\n"
	       "> NON FETCH g q1 6/1\n"
	       "> NON FETCH h q1 7/1\n"
	       "> NON FETCH i q1 8/1\n"
	       "> NON FETCH j q1 9/1\n"
	       "< NON 2.31 j q1 9/1\n"
	       "> NON FETCH k q1 10/0\n"
	       "< NON 2.05 k q2 0/1\n"
	       "< NON 2.05 k q2 1/1\n"
	       "< NON 2.05 k q2 2/1\n"
	       "< NON 2.05 k q2 3/1\n"
	       "< NON 2.05 k q2 4/1\n"
	       "< NON 2.05 k q2 5/1\n"
	       "< NON 2.05 k q2 6/1\n"
	       "< NON 2.05 k q2 7/1\n"
	       "< NON 2.05 k q2 8/1\n"
	       "< NON 2.05 k q2 9/1\n"
	       "> NON FETCH l q2 10/1\n"
	       "< NON 2.05 l q2 10/0\n");
	end(session);
}

/* Lost are 1 and 2 of the one, 1 and 3 of the other, and 1 of that again. */
static void
figure_both_recovery(void **state)
{
	coap_session_t *session = begin_fetch();

	(void)state;
	lose(LOSSY_UP, 1);
	lose(LOSSY_UP, 2);
	/* The first one down is 4.08. */
	lose(LOSSY_DOWN, 2);
	lose(LOSSY_DOWN, 4);
	lose(LOSSY_DOWN, 5);
	fetch(session, NON, 3500, 3500);
	expect("> NON FETCH a q1 0/1\n"
	       "> NON FETCH b q1 1/1 x\n"
	       "> NON FETCH c q1 2/1 x\n"
	       "> NON FETCH d q1 3/0\n"
	       "< NON 4.08 d [1 2]\n"
	       "> NON FETCH e q1 1/1\n"
	       "> NON FETCH f q1 2/1\n"
	       "< NON 2.05 f q2 0/1\n"
	       "< NON 2.05 f q2 1/1 x\n"
	       "< NON 2.05 f q2 2/1\n"
	       "< NON 2.05 f q2 3/0 x\n"
	       "> NON FETCH g q2 1/0 3/0\n"
	       "< NON 2.05 g q2 1/1 x\n"
	       "< NON 2.05 g q2 3/0\n"
	       "> NON FETCH h q2 1/0\n"
	       "< NON 2.05 h q2 1/1\n");
	end(session);
}

static void
both_by_confirmable_messages(void **state)
{
	coap_session_t *session = begin_fetch();

	(void)state;
	fetch(session, CON, 2000, 2500);
	expect("> CON FETCH a q1 0/1\n"
	       "< ACK\n"
	       "> CON FETCH b q1 1/0\n"
	       "< ACK 2.05 b q2 0/1\n"
	       "< CON 2.05 b q2 1/1\n"
	       "> ACK\n"
	       "< CON 2.05 b q2 2/0\n"
	       "> ACK\n");
	end(session);
}

/* --- CON ------------------------------------------------------------------ */

/* RFC 9177 section 7.1: NSTART is 1, and neither 2.31 nor 4.08. */
static void
confirmable_bodies(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	play(session, CON, GET, 2500);
	expect("> CON GET a q2 0/1\n"
	       "< ACK 2.05 a q2 0/1\n"
	       "< CON 2.05 a q2 1/1\n"
	       "> ACK\n"
	       "< CON 2.05 a q2 2/0\n"
	       "> ACK\n");
	play(session, CON, PUT, 2500);
	expect("> CON PUT a q1 0/1\n"
	       "< ACK\n"
	       "> CON PUT b q1 1/1\n"
	       "< ACK\n"
	       "> CON PUT c q1 2/0\n"
	       "< ACK 2.04 c\n");
	end(session);
}

/* --- who has it, and who has not ------------------------------------------ */

/* A NON is asked by a CON for the first time. */
static void
the_first_message_is_confirmable(void **state)
{
	coap_session_t *session = begin(TRY, TRY);

	(void)state;
	assert_int_equal(session->q_block, QBLOCK_UNKNOWN);
	play(session, NON, PUT, 2500);
	expect("> CON PUT a q1 0/1\n"
	       "< ACK\n"
	       "> NON PUT b q1 1/1\n"
	       "> NON PUT c q1 2/0\n"
	       "< NON 2.04 c\n");
	assert_int_equal(session->q_block, QBLOCK_YES);
	play(session, NON, GET, 100);
	expect("> NON GET a q2 0/1\n"
	       "< NON 2.05 a q2 0/0\n");
	end(session);
}

/* The rest of what it brings is not. */
static void
the_first_message_brings_one_block(void **state)
{
	coap_session_t *session = begin(TRY, TRY);

	(void)state;
	play(session, NON, GET, 11 * 1024);
	expect("> CON GET a q2 0/0\n"
	       "< ACK 2.05 a q2 0/1\n"
	       "> NON GET b q2 1/1\n"
	       "< NON 2.05 b q2 1/1\n"
	       "< NON 2.05 b q2 2/1\n"
	       "< NON 2.05 b q2 3/1\n"
	       "< NON 2.05 b q2 4/1\n"
	       "< NON 2.05 b q2 5/1\n"
	       "< NON 2.05 b q2 6/1\n"
	       "< NON 2.05 b q2 7/1\n"
	       "< NON 2.05 b q2 8/1\n"
	       "< NON 2.05 b q2 9/1\n"
	       "> NON GET c q2 10/1\n"
	       "< NON 2.05 c q2 10/0\n");
	assert_int_equal(it.gets, 1);
	end(session);
}

/* 4.02: the same request by Block2, and so from then on. */
static void
a_server_without_it(void **state)
{
	coap_session_t *session =
	    begin(TRY, COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);

	(void)state;
	play(session, CON, GET, 1500);
	expect("> CON GET a q2 0/1\n"
	       "< ACK 4.02 a\n"
	       "> CON GET b\n"
	       "< ACK 2.05 b b2 0/1\n"
	       "> CON GET c b2 1/0\n"
	       "< ACK 2.05 c b2 1/0\n");
	assert_int_equal(session->q_block, QBLOCK_NO);
	play(session, CON, PUT, 1500);
	expect("> CON PUT a b1 0/1\n"
	       "< ACK 2.31 a b1 0/1\n"
	       "> CON PUT b b1 1/0\n"
	       "< ACK 2.04 b b1 1/0\n");
	assert_int_equal(it.released, 1);
	end(session);
}

static void
a_server_without_it_and_a_body(void **state)
{
	coap_session_t *session = begin(TRY, 0);

	(void)state;
	coap_context_set_block_mode(w.server,
	    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY);
	play(session, NON, PUT, 1500);
	expect("> CON PUT a q1 0/1\n"
	       "< ACK 4.02 a\n"
	       "> NON PUT b b1 0/1\n"
	       "< NON 2.31 b b1 0/1\n"
	       "> NON PUT c b1 1/0\n"
	       "< NON 2.04 c b1 1/0\n");
	assert_int_equal(it.puts, 1);
	assert_int_equal(it.released, 1);
	end(session);
}

/* Off by default: not a byte is other than before. */
static void
it_is_off_by_default(void **state)
{
	uint32_t off = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY;
	coap_session_t *session = begin(off, TRY);

	(void)state;
	play(session, CON, GET, 1500);
	expect("> CON GET a\n"
	       "< ACK 2.05 a b2 0/1\n"
	       "> CON GET b b2 1/0\n"
	       "< ACK 2.05 b b2 1/0\n");
	end(session);
}

/* --- asked for by a request alone ----------------------------------------- */

#define SERVE                                              \
	(COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY | \
	    COAPX_BLOCK_SERVE_Q_BLOCK)

/* A request with the flags, which take part of the time for each block. */
static void
ask_with(coap_session_t *session, unsigned flags, unsigned timeout_ms)
{
	coapx_request_params_t params = { .size = sizeof params,
		.flags = flags,
		.timeout_ms = timeout_ms,
		.result = on_result };

	it.ends = 0;
	it.error = 0;
	assert_non_null(coapx_request_send(session,
	    lossy_request(session, NON, GET, "get"), &params, NULL));
	LOSSY_UNTIL(it.ends > 0);
}

static void
one_request_asks_for_it(void **state)
{
	const unsigned plain = COAPX_REQUEST_EACH_BLOCK;
	coap_session_t *session = begin(SERVE, SERVE);

	(void)state;
	it.answer = 1500;
	ask_with(session, plain, 0);
	expect("> NON GET a\n"
	       "< NON 2.05 a b2 0/1\n"
	       "> NON GET b b2 1/0\n"
	       "< NON 2.05 b b2 1/0\n");
	ask_with(session, plain | COAPX_REQUEST_Q_BLOCK, 0);
	expect("> CON GET a q2 0/0\n"
	       "< ACK 2.05 a q2 0/1\n"
	       "> NON GET b q2 1/1\n"
	       "< NON 2.05 b q2 1/0\n");
	assert_int_equal(it.got, 1500);
	assert_int_equal(session->q_block, QBLOCK_YES);
	/* It is that request's alone. */
	ask_with(session, plain, 0);
	expect("> NON GET a\n"
	       "< NON 2.05 a b2 0/1\n"
	       "> NON GET b b2 1/0\n"
	       "< NON 2.05 b b2 1/0\n");
	end(session);
}

/* Of two sets a block each is lost: the one is asked for when the second comes,
 * the other 4 s later, so that all takes longer than the time for a block. */
static void
each_block_has_its_time(void **state)
{
	const unsigned q = COAPX_REQUEST_Q_BLOCK;
	coap_session_t *session = begin_known(0);
	int i;

	(void)state;
	it.answer = 15 * 1024;
	for (i = 0; i < 2; i++) {
		lose(LOSSY_DOWN, 2);
		lose(LOSSY_DOWN, 14);
		it.seen[LOSSY_DOWN] = 0;
		ask_with(session, i ? q : q | COAPX_REQUEST_EACH_BLOCK, 5000);
		assert_int_equal(it.error, i ? -COAP_E_TIMEOUT : 0);
		it.n_lose[LOSSY_DOWN] = 0;
		lossy_advance(600000);
	}
	end(session);
}

static int
write_and_wait(coapx_request_t *request, coap_session_t *session,
    uint64_t offset, const uint8_t *data, size_t len, void *arg)
{
	(void)request, (void)session, (void)offset, (void)data, (void)len;
	(void)arg;
	return COAPX_BODY_WAIT;
}

static void
it_does_not_wait(void **state)
{
	coapx_request_params_t params = { .size = sizeof params,
		.flags = COAPX_REQUEST_Q_BLOCK | COAPX_REQUEST_EACH_BLOCK,
		.write_body = write_and_wait,
		.result = on_result };
	coap_session_t *session = begin(SERVE, SERVE);

	(void)state;
	it.answer = 5000;
	assert_non_null(coapx_request_send(session,
	    lossy_request(session, CON, GET, "get"), &params, NULL));
	LOSSY_UNTIL(it.ends > 0);
	assert_int_equal(it.error, -COAP_E_INVAL);
	end(session);
}

/* What a server answers without it although it was asked so. */
static void
notifications_go_by_block2(void **state)
{
	coap_session_t *session = begin_known(0);
	coapx_request_params_t params = { .size = sizeof params,
		.result = on_result };
	coap_pdu_t *pdu = lossy_request(session, CON, GET, "get");

	(void)state;
	it.answer = 1500;
	it.ends = 0;
	assert_true(coap_add_option(pdu, COAP_OPTION_OBSERVE, 0, NULL) > 0);
	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
	LOSSY_UNTIL(it.ends > 0);
	assert_int_equal(it.got, 1500);
	expect("> CON GET a\n"
	       "< ACK 2.05 a b2 0/1\n"
	       "> CON GET b b2 1/0\n"
	       "< ACK 2.05 b b2 1/0\n");
	end(session);
}

/* --- a mebibyte ----------------------------------------------------------- */

static void
a_mebibyte_takes_no_pause(void **state)
{
	coap_session_t *session = begin_known(0);

	(void)state;
	lossy.edit = NULL;
	for (int kind = 0; kind < 4; kind++) {
		uint64_t began = w.now_us;

		ask(session, kind & 1 ? CON : NON, kind & 2 ? PUT : GET, BODY);
		LOSSY_UNTIL(it.ends > 0);
		assert_int_equal(it.error, 0);
		assert_int_equal(kind & 2 ? it.put : it.got, BODY);
		/* 1024 blocks: a set in one round trip, or one block. */
		assert_in_range(w.now_us - began, 0,
		    kind & 1 ? 3000000 : 1000000);
	}
	end(session);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(figure_q_block1_simple,
		    lossy_teardown),
		cmocka_unit_test_teardown(figure_q_block1_max_payloads,
		    lossy_teardown),
		cmocka_unit_test_teardown(figure_q_block1_recovery,
		    lossy_teardown),
		cmocka_unit_test_teardown(
		    figure_q_block1_recovery_without_more_to_come,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_lost_answer_is_given_again,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_body_that_was_lost_whole,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_lost_continue_costs_a_pause,
		    lossy_teardown),
		cmocka_unit_test_teardown(both_ends_give_up, lossy_teardown),
		cmocka_unit_test_teardown(figure_q_block2_simple,
		    lossy_teardown),
		cmocka_unit_test_teardown(figure_q_block2_max_payloads,
		    lossy_teardown),
		cmocka_unit_test_teardown(figure_q_block2_recovery,
		    lossy_teardown),
		cmocka_unit_test_teardown(figure_q_block2_recovery_with_m,
		    lossy_teardown),
		cmocka_unit_test_teardown(
		    a_body_that_changes_is_asked_for_again, lossy_teardown),
		cmocka_unit_test_teardown(figure_both_simple, lossy_teardown),
		cmocka_unit_test_teardown(figure_both_max_payloads,
		    lossy_teardown),
		cmocka_unit_test_teardown(figure_both_recovery, lossy_teardown),
		cmocka_unit_test_teardown(both_by_confirmable_messages,
		    lossy_teardown),
		cmocka_unit_test_teardown(confirmable_bodies, lossy_teardown),
		cmocka_unit_test_teardown(the_first_message_is_confirmable,
		    lossy_teardown),
		cmocka_unit_test_teardown(the_first_message_brings_one_block,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_server_without_it, lossy_teardown),
		cmocka_unit_test_teardown(a_server_without_it_and_a_body,
		    lossy_teardown),
		cmocka_unit_test_teardown(it_is_off_by_default, lossy_teardown),
		cmocka_unit_test_teardown(one_request_asks_for_it,
		    lossy_teardown),
		cmocka_unit_test_teardown(each_block_has_its_time,
		    lossy_teardown),
		cmocka_unit_test_teardown(it_does_not_wait, lossy_teardown),
		cmocka_unit_test_teardown(notifications_go_by_block2,
		    lossy_teardown),
		cmocka_unit_test_teardown(a_mebibyte_takes_no_pause,
		    lossy_teardown),
	};
	size_t i;

	for (i = 0; i < BODY; i++) {
		up[i] = (uint8_t)(i * 7 + i / 256 + i / 65536);
		down[i] = (uint8_t)(i * 11 + i / 256 + i / 65536);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

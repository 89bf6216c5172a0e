/* SPDX-License-Identifier: BSD-2-Clause */
/* Many small exchanges at once through a bad network: each request ends once,
 * with its own answer, and is done once; and what comes damaged is refused. */
#include <stdlib.h>

#include "lossy.h"
#include "wire/pdu.h"

#define ASKS        300
#define COUNT(a)    (sizeof(a) / sizeof(*(a)))
#define LATE_MS     3000 /* of a separate response */
#define LIFETIME_MS 247000

struct ask {
	unsigned ends;
	unsigned handled;
	int error; /* 0: answered */
	unsigned code;
};

/* A request that is answered later. */
struct late {
	struct late *next;
	coap_session_t *session;
	uint8_t token[8];
	size_t token_len;
	unsigned n;
	coap_tick_t due;
};

static struct {
	struct ask asks[ASKS];
	unsigned ended;
	unsigned garbled; /* requests whose payload is no number of ours */
	struct late *late;
	coapx_timer_t *timer;
	bool large;
} it;

/* --- the server ----------------------------------------------------------- */

/* The number that a payload is; ASKS: it is none. */
static unsigned
number_in(const coap_pdu_t *pdu)
{
	const uint8_t *data;
	char text[16] = "";
	char *end;
	size_t len;
	unsigned long n;

	if (!coap_get_data(pdu, &len, &data) || len != 6)
		return ASKS;
	memcpy(text, data, len);
	n = strtoul(text, &end, 10);
	return *end || n >= ASKS ? ASKS : (unsigned)n;
}

static void
put_number(coap_pdu_t *pdu, unsigned n)
{
	char text[16];

	snprintf(text, sizeof text, "%06u", n);
	assert_true(coap_add_data(pdu, 6, (const uint8_t *)text));
}

/* Makes the answer as large as its message may be. */
static void
put_option(coap_pdu_t *response)
{
	static const uint8_t filler[1000];

	assert_true(
	    coap_add_option(response, 65000, sizeof filler, filler) > 0);
}

static void
on_post(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	unsigned n = number_in(request);

	(void)resource;
	(void)session;
	(void)query;
	if (n == ASKS) {
		it.garbled++;
		coap_pdu_set_code(response, COAP_RESPONSE_CODE_BAD_REQUEST);
		return;
	}
	it.asks[n].handled++;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
	if (it.large)
		put_option(response);
	put_number(response, n);
}

static void
answer_late(struct late *late)
{
	coap_pdu_t *pdu = coap_new_pdu(COAP_MESSAGE_CON,
	    COAP_RESPONSE_CODE_CHANGED, late->session);

	assert_non_null(pdu);
	assert_true(coap_add_token(pdu, late->token_len, late->token));
	put_number(pdu, late->n);
	coap_send(late->session, pdu);
	coap_session_release(late->session);
	free(late);
}

static void
on_late(coapx_timer_t *timer, void *arg)
{
	coap_tick_t now = w.now_us / 1000;
	struct late *late;

	(void)arg;
	while (it.late && it.late->due <= now) {
		late = it.late;
		it.late = late->next;
		answer_late(late);
	}
	if (it.late)
		coapx_timer_set(timer, it.late->due - now);
}

/* The answer comes LATE_MS after the request, and after an empty ACK. */
static void
on_slow(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_bin_const_t token = coap_pdu_get_token(request);
	struct late *late = calloc(1, sizeof *late);
	struct late **end = &it.late;

	(void)resource;
	(void)query;
	(void)response;
	assert_non_null(late);
	late->n = number_in(request);
	assert_true(late->n < ASKS && token.length <= sizeof late->token);
	it.asks[late->n].handled++;
	late->session = coap_session_reference(session);
	late->token_len = token.length;
	memcpy(late->token, token.s, token.length);
	late->due = w.now_us / 1000 + LATE_MS;
	while (*end)
		end = &(*end)->next;
	*end = late;
	if (it.late == late)
		coapx_timer_set(it.timer, LATE_MS);
}

/* --- the client ----------------------------------------------------------- */

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	struct ask *ask = arg;
	unsigned n = (unsigned)(ask - it.asks);

	(void)request;
	(void)session;
	ask->ends++;
	it.ended++;
	ask->error = result->error;
	if (result->error)
		return;
	ask->code = coap_pdu_get_code(result->response);
	if (ask->code == COAP_RESPONSE_CODE_CHANGED &&
	    lossy.rule[LOSSY_DOWN].truncate == 0)
		assert_int_equal(number_in(result->response), n);
}

static void
send_ask(coap_session_t *session, coap_pdu_type_t type, const char *path,
    unsigned n)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_result,
		.arg = &it.asks[n],
	};
	coap_pdu_t *pdu =
	    lossy_request(session, type, COAP_REQUEST_CODE_POST, path);

	put_number(pdu, n);
	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
}

/* --- plays ---------------------------------------------------------------- */

struct many_row {
	const char *name;
	const struct lossy_rule *rule;
	const char *path;
	uint16_t nstart;
	uint16_t retransmits; /* 0: the default */
	unsigned rounds;
	int non;    /* every so many is NON; 0: none */
	bool large; /* answers of a kilobyte */
};

static coap_session_t *
begin_many(const struct many_row *row, unsigned seed)
{
	coap_session_t *session;

	memset(&it, 0, sizeof it);
	lossy_begin(row->name, seed, row->rule);
	lossy_add_resource("now", COAP_REQUEST_POST, on_post);
	lossy_add_resource("slow", COAP_REQUEST_POST, on_slow);
	it.large = row->large;
	it.timer = coapx_timer_new(w.server, on_late, NULL);
	assert_non_null(it.timer);
	session = lossy_session();
	lossy_set_nstart(session, row->nstart);
	lossy_set_retransmits(session, row->retransmits);
	return session;
}

static bool
is_non(const struct many_row *row, unsigned n)
{
	return row->non && n % (unsigned)row->non == 0;
}

static void
ask_all(const struct many_row *row, coap_session_t *session)
{
	for (unsigned n = 0; n < ASKS; n++)
		send_ask(session,
		    is_non(row, n) ? COAP_MESSAGE_NON : COAP_MESSAGE_CON,
		    row->path, n);
	LOSSY_UNTIL(it.ended == ASKS);
}

static void
end_many(coap_session_t *session)
{
	/* Nothing comes after the end, and nobody goes on. */
	lossy_advance(600000);
	assert_int_equal(it.ended, ASKS);
	assert_int_equal(coap_io_pending(w.client), 0);
	assert_null(it.late);
	coap_session_release(session);
	lossy_end();
}

/* How many were answered. */
static unsigned
count_answers(const struct many_row *row)
{
	unsigned answered = 0;

	for (unsigned n = 0; n < ASKS; n++) {
		const struct ask *ask = &it.asks[n];

		assert_int_equal(ask->ends, 1);
		assert_true(ask->handled <= 1);
		if (ask->error == 0) {
			assert_int_equal(ask->code, COAP_RESPONSE_CODE_CHANGED);
			assert_int_equal(ask->handled, 1);
			answered++;
		} else if (is_non(row, n)) {
			assert_int_equal(ask->error, -COAP_E_TIMEOUT);
		} else {
			assert_true(ask->error == -COAP_E_RETRIES ||
			    ask->error == -COAP_E_TIMEOUT);
		}
	}
	return answered;
}

static void
each_ends_once_with_its_own_answer(void **state)
{
	static const struct many_row rows[] = {
		{ .name = "many, one at a time",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 1,
		    .rounds = 3,
		    .non = 3 },
		{ .name = "many, four at a time",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 4,
		    .rounds = 3,
		    .non = 3 },
		{ .name = "many at a time",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 64,
		    .rounds = 3,
		    .non = 3 },
		{ .name = "many at a time, large answers",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 64,
		    .rounds = 3,
		    .non = 3,
		    .large = true },
		{ .name = "only NON",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 1,
		    .rounds = 3,
		    .non = 1 },
		{ .name = "separate",
		    .rule = &lossy_thirty,
		    .path = "slow",
		    .nstart = 64,
		    .rounds = 3,
		    .non = 3 },
		{ .name = "separate, ten",
		    .rule = &lossy_ten,
		    .path = "slow",
		    .nstart = 1,
		    .rounds = 3 },
	};
	unsigned answered;

	(void)state;
	for (const struct many_row *row = rows; row < rows + COUNT(rows); row++)
		for (unsigned seed = lossy_first(); seed;
		     seed = lossy_next(seed, row->rounds)) {
			coap_session_t *session = begin_many(row, seed);

			ask_all(row, session);
			answered = count_answers(row);
			assert_true(answered > ASKS / 4);
			assert_true(lossy.count[LOSSY_UP].duplicated > 0);
			end_many(session);
		}
}

static void
patience_gets_every_answer(void **state)
{
	static const struct many_row rows[] = {
		{ .name = "patient, one",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 1,
		    .retransmits = 20,
		    .rounds = 2 },
		{ .name = "patient, many",
		    .rule = &lossy_thirty,
		    .path = "now",
		    .nstart = 32,
		    .retransmits = 20,
		    .rounds = 2 },
		{ .name = "patient, separate",
		    .rule = &lossy_thirty,
		    .path = "slow",
		    .nstart = 32,
		    .retransmits = 20,
		    .rounds = 2 },
	};

	(void)state;
	for (const struct many_row *row = rows; row < rows + COUNT(rows); row++)
		for (unsigned seed = lossy_first(); seed;
		     seed = lossy_next(seed, row->rounds)) {
			coap_session_t *session = begin_many(row, seed);

			ask_all(row, session);
			assert_int_equal(count_answers(row), ASKS);
			end_many(session);
		}
}

/* --- what is cut ---------------------------------------------------------- */

static const struct lossy_rule cutting = {
	.drop = 5,
	.duplicate = 5,
	.reorder = 5,
	.truncate = 30,
	.delay_min_ms = 1,
	.delay_max_ms = 100,
	.late_ms = 5000,
};

/* What is left may mean something else, but everything ends. */
static void
whatever_is_cut_ends_once(void **state)
{
	static const struct many_row rows[] = {
		{ .name = "cut",
		    .rule = &cutting,
		    .path = "now",
		    .nstart = 4,
		    .rounds = 8,
		    .non = 3 },
		{ .name = "cut, many",
		    .rule = &cutting,
		    .path = "now",
		    .nstart = 64,
		    .rounds = 8 },
	};
	unsigned bad = 0;

	(void)state;
	for (const struct many_row *row = rows; row < rows + COUNT(rows); row++)
		for (unsigned seed = lossy_first(); seed;
		     seed = lossy_next(seed, row->rounds)) {
			coap_session_t *session = begin_many(row, seed);

			ask_all(row, session);
			for (unsigned n = 0; n < ASKS; n++)
				assert_int_equal(it.asks[n].ends, 1);
			bad += lossy.bad_packets;
			assert_true(lossy.count[LOSSY_UP].truncated > 0);
			assert_true(lossy.count[LOSSY_DOWN].truncated > 0);
			end_many(session);
		}
	assert_true(bad > 0);
}

static bool
decodes(const uint8_t *data, size_t len)
{
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_RST, 0, 0, len);
	bool ok;

	assert_non_null(pdu);
	ok = pdu_decode(pdu, FRAMING_DATAGRAM, COAP_TOKEN_DEFAULT_MAX, data,
		 len) == 0;
	coap_delete_pdu(pdu);
	return ok;
}

static unsigned edits;
static enum lossy_way edited_way;

/* Every third loses a part of its header. */
static size_t
cut_header(enum lossy_way way, uint8_t *data, size_t len)
{
	size_t n = 1 + edits % 9 / 3;

	(void)way;
	if (len < 4 || ++edits % 3)
		return len;
	memset(data + n, 0, len - n);
	return n;
}

/* Every third on one way ends where it can not. */
static size_t
cut_options(enum lossy_way way, uint8_t *data, size_t len)
{
	size_t n = len;

	if (way != edited_way || len <= 4 || ++edits % 3)
		return len;
	while (n > 4 && decodes(data, n))
		n--;
	return n > 4 ? n : len;
}

/* Every third is of another version: silence (RFC 7252 section 3). */
static size_t
spoil_version(enum lossy_way way, uint8_t *data, size_t len)
{
	(void)way;
	if (++edits % 3 == 0)
		data[0] = (uint8_t)(data[0] ^ 0xC0);
	return len;
}

/* ... or has a token length that there is not. */
static size_t
spoil_token(enum lossy_way way, uint8_t *data, size_t len)
{
	if (way == edited_way && ++edits % 3 == 0)
		data[0] |= 15;
	return len;
}

/* In order, so that the first to arrive, which makes the server's session, is
 * none of those that are spoilt. */
static const struct lossy_rule steady = {
	.delay_min_ms = 20,
	.delay_max_ms = 20,
};

static void
play_edited(const char *name, size_t (*edit)(enum lossy_way, uint8_t *, size_t),
    enum lossy_way way)
{
	const struct many_row row = { .name = name,
		.rule = &steady,
		.path = "now",
		.nstart = 4,
		.retransmits = 20,
		.rounds = 1 };
	coap_session_t *session = begin_many(&row, lossy_first());

	edits = 0;
	edited_way = way;
	lossy.edit = edit;
	ask_all(&row, session);
}

static void
damaged_headers_and_answers_are_repeated(void **state)
{
	static const struct {
		const char *name;
		size_t (*edit)(enum lossy_way, uint8_t *, size_t);
	} rows[] = {
		{ "cut headers", cut_header },
		{ "cut answers", cut_options },
		{ "other versions", spoil_version },
		{ "no token lengths", spoil_token },
	};
	const struct many_row none = { .name = "" };

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		coap_session_t *session;

		play_edited(rows[i].name, rows[i].edit, LOSSY_DOWN);
		assert_int_equal(count_answers(&none), ASKS);
		assert_true(edits > ASKS);
		assert_int_equal(it.garbled, 0);
		/* Cut options are told; of the rest no message can be made. */
		if (rows[i].edit == cut_options)
			assert_true(lossy.bad_packets >= ASKS / 3);
		session = w.client->clients;
		end_many(session);
	}
}

/* A CON that can not be read is rejected with a Reset (RFC 7252 section 4.2):
 * it is over at once. */
static void
damaged_requests_are_reset(void **state)
{
	unsigned reset = 0;

	(void)state;
	play_edited("cut requests", cut_options, LOSSY_UP);
	for (unsigned n = 0; n < ASKS; n++) {
		const struct ask *ask = &it.asks[n];

		assert_int_equal(ask->ends, 1);
		assert_int_equal(ask->handled, ask->error == 0);
		assert_true(ask->error == 0 || ask->error == -COAP_E_RST);
		reset += ask->error != 0;
	}
	assert_int_equal(reset, ASKS / 3);
	assert_int_equal(lossy.bad_packets, reset);
	end_many(w.client->clients);
}

int
main(void)
{
#define PLAYED(test) cmocka_unit_test_teardown(test, lossy_teardown)
	const struct CMUnitTest tests[] = {
		PLAYED(each_ends_once_with_its_own_answer),
		PLAYED(patience_gets_every_answer),
		PLAYED(whatever_is_cut_ends_once),
		PLAYED(damaged_headers_and_answers_are_repeated),
		PLAYED(damaged_requests_are_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

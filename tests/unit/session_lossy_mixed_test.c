/* SPDX-License-Identifier: BSD-2-Clause */
/* Several bodies at once through a bad network, and bodies that change on their
 * way: none has a part of another. */
#include <stdlib.h>

#include "lossy.h"

#define LENGTH   ((size_t)40000)
#define TOGETHER 8 /* what NSTART lets through */
#define SENT     6
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct {
	unsigned ends[SENT];
	unsigned handled[SENT];
	unsigned version; /* of what the server gives */
	unsigned gets;    /* that its handler got */
	unsigned change;  /* a new version after so many */
	unsigned changes; /* at most */
	unsigned broken;
	unsigned anew; /* times that a body began again */
	uint8_t body[LENGTH];
} it;

static uint8_t up[SENT][LENGTH];
static unsigned numbers[SENT] = { 0, 1, 2, 3, 4, 5 };

/* Each byte says of which body it is, but for its place. */
static void
fill(uint8_t *body, unsigned k)
{
	for (size_t i = 0; i < LENGTH; i++)
		body[i] = (uint8_t)(k * 41 + i % 251);
}

static unsigned
check(const uint8_t *body, size_t len)
{
	unsigned k = body[0] / 41;

	assert_int_equal(len, LENGTH);
	for (size_t i = 0; i < LENGTH; i++)
		if (body[i] != (uint8_t)(body[0] + i % 251))
			fail_msg("byte %zu is of another body", i);
	return k;
}

static int
fill_all(void **state)
{
	(void)state;
	for (unsigned k = 0; k < SENT; k++)
		fill(up[k], k);
	return 0;
}

/* --- a body up and the same down ------------------------------------------ */

static void
on_release(coap_session_t *session, void *app)
{
	(void)session;
	free(app);
}

/* Answers with what came. */
static void
on_post(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;
	uint8_t *copy = malloc(LENGTH);

	assert_non_null(copy);
	assert_true(coap_get_data_large(request, &len, &data, &offset, &total));
	it.handled[check(data, len)]++;
	memcpy(copy, data, LENGTH);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
	assert_true(coap_add_data_large_response(resource, session, request,
	    response, query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 0,
	    LENGTH, copy, on_release, copy));
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	unsigned k = *(unsigned *)arg;
	size_t len, offset, total;
	const uint8_t *data;

	(void)request;
	(void)session;
	it.ends[k]++;
	if (result->error) {
		assert_int_equal(result->error, -COAP_E_RETRIES);
		it.broken++;
		return;
	}
	assert_int_equal(it.handled[k], 1);
	assert_int_equal(coap_pdu_get_code(result->response),
	    COAP_RESPONSE_CODE_CHANGED);
	assert_true(coap_get_data_large(result->response, &len, &data, &offset,
	    &total));
	assert_int_equal(check(data, len), k);
}

static unsigned
count(const unsigned *n)
{
	unsigned sum = 0;

	for (unsigned k = 0; k < SENT; k++)
		sum += n[k];
	return sum;
}

static void
begin(const char *name, unsigned seed, const struct lossy_rule *rule)
{
	uint32_t mode = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY;

	memset(&it, 0, sizeof it);
	lossy_begin(name, seed, rule);
	coap_context_set_block_mode(w.client, mode);
	coap_context_set_block_mode(w.server, mode);
}

static void
send_post(coap_session_t *session, unsigned k)
{
	coapx_request_params_t params = {
		.size = sizeof params,
		.result = on_result,
		.arg = &numbers[k],
	};
	coap_pdu_t *pdu = lossy_request(session, COAP_MESSAGE_CON,
	    COAP_REQUEST_CODE_POST, "post");

	assert_true(coap_add_data_large_request(session, pdu, LENGTH, up[k],
	    NULL, NULL));
	assert_non_null(coapx_request_send(session, pdu, &params, NULL));
}

/* To one resource, so that only their tags tell them apart. */
static void
bodies_at_once_are_told_apart(void **state)
{
	static const struct {
		const char *name;
		const struct lossy_rule *rule;
		uint16_t retransmits;
	} rows[] = {
		{ "at once", &lossy_ten, 0 },
		{ "at once 10", &lossy_ten, 8 },
		{ "at once 30", &lossy_thirty, 20 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		for (unsigned seed = lossy_first(); seed;
		     seed = lossy_next(seed, 6)) {
			coap_session_t *session;

			begin(rows[i].name, seed, rows[i].rule);
			lossy_add_resource("post", COAP_REQUEST_POST, on_post);
			session = lossy_session();
			lossy_set_nstart(session, TOGETHER);
			lossy_set_retransmits(session, rows[i].retransmits);
			for (unsigned k = 0; k < SENT; k++)
				send_post(session, k);
			LOSSY_UNTIL(count(it.ends) == SENT);
			lossy_advance(600000);
			for (unsigned k = 0; k < SENT; k++) {
				assert_int_equal(it.ends[k], 1);
				assert_true(it.handled[k] <= 1);
			}
			assert_true(it.broken == 0 || !rows[i].retransmits);
			coap_session_release(session);
			lossy_end();
		}
}

/* --- a body that changes -------------------------------------------------- */

static void
on_get(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	if (++it.gets % it.change == 0 && it.version < it.changes)
		it.version++;
	fill(it.body, it.version);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	assert_true(coap_add_data_large_response(resource, session, request,
	    response, query, COAP_MEDIATYPE_APPLICATION_OCTET_STREAM, -1, 0,
	    LENGTH, it.body, NULL, NULL));
}

static void
on_changed_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	size_t len, offset, total;
	const uint8_t *data;

	(void)request;
	(void)session;
	(void)arg;
	it.ends[0]++;
	if (result->error) {
		assert_int_equal(result->error, -COAP_E_BAD_RESPONSE);
		it.broken++;
		return;
	}
	assert_true(coap_get_data_large(result->response, &len, &data, &offset,
	    &total));
	assert_int_equal(check(data, len), it.version);
}

static void
on_transfer(coapx_request_t *request, coap_session_t *session,
    const coapx_transfer_t *transfer, void *arg)
{
	uint64_t *last = arg;

	(void)request;
	(void)session;
	it.anew += transfer->received < *last;
	*last = transfer->received;
}

/* One that is asked for each block anew has another body in the middle: with
 * one change it begins again, with more it fails. */
static void
no_body_is_of_two(void **state)
{
	static const struct {
		const char *name;
		unsigned change;
		unsigned changes;
		bool broken;
	} rows[] = {
		{ "one change", 17, 1, false },
		{ "late change", 39, 1, false },
		{ "changes on and on", 17, 5, true },
		{ "a change each time", 1, 5, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (unsigned seed = lossy_first(); seed;
		     seed = lossy_next(seed, 6)) {
			uint64_t last = 0;
			coapx_request_params_t params = {
				.size = sizeof params,
				.result = on_changed_result,
				.transfer = on_transfer,
				.arg = &last,
			};
			coap_session_t *session;

			begin(rows[i].name, seed, &lossy_ten);
			coap_context_set_block_mode(w.server,
			    COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY |
				COAP_BLOCK_STLESS_BLOCK2);
			lossy_add_resource("get", COAP_REQUEST_GET, on_get);
			it.change = rows[i].change;
			it.changes = rows[i].changes;
			session = lossy_session();
			lossy_set_retransmits(session, 8);
			assert_non_null(coapx_request_send(session,
			    lossy_request(session, COAP_MESSAGE_CON,
				COAP_REQUEST_CODE_GET, "get"),
			    &params, NULL));
			LOSSY_UNTIL(it.ends[0] > 0);
			lossy_advance(600000);
			assert_int_equal(it.ends[0], 1);
			assert_int_equal(it.broken, rows[i].broken);
			assert_true(it.version > 0);
			/* Once is what a transfer tries. */
			assert_true(it.anew <= 1);
			assert_true(it.anew == 1 || rows[i].change == 1);
			coap_session_release(session);
			lossy_end();
		}
	}
}

int
main(void)
{
#define PLAYED(test) cmocka_unit_test_teardown(test, lossy_teardown)
	const struct CMUnitTest tests[] = {
		PLAYED(bodies_at_once_are_told_apart),
		PLAYED(no_body_is_of_two),
	};

	return cmocka_run_group_tests(tests, fill_all, NULL);
}

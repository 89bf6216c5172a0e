/* SPDX-License-Identifier: BSD-2-Clause */
/* Helpers of the tests of bodies in blocks. */
#include "block_support.h"

#include <sys/socket.h>
#include <unistd.h>

#include "wire/pdu.h"

#define STREAM_MAX 4096

struct block_world block;

static uint8_t up[BLOCK_BODY];
static uint8_t down[BLOCK_BODY];
static struct block_relay *the_relay;

static void
blow(enum block_where where)
{
	coap_session_t *session = block.session;
	coapx_request_t *request = block.request;

	if (block.blow_at == 0 || (int)where != block.blow_where ||
	    --block.blow_at > 0)
		return;
	if (block.blow_what == BLOW_CANCEL) {
		block.request = NULL;
		coapx_request_cancel(request);
	} else if (block.blow_what == BLOW_DISCONNECT) {
		coap_session_disconnected(session, COAP_NACK_NOT_DELIVERABLE);
	} else if (session) {
		block.session = NULL;
		coap_session_release(session);
	}
}

/* --- the server ----------------------------------------------------------- */

static void
on_answer_released(coap_session_t *session, void *app)
{
	assert_non_null(session);
	assert_ptr_equal(app, down);
	block.released++;
}

static void
serve(coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;
	coap_block_b_t part;

	coap_get_data_large(request, &len, &data, &offset, &total);
	assert_true(offset + len <= sizeof up);
	if (len > 0)
		assert_memory_equal(data, up + offset, len);
	block.put = offset + len;
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CONTENT);
	if (coap_get_block_b(session, request, COAP_OPTION_BLOCK1, &part) &&
	    part.m)
		return;
	assert_int_equal(total, block.put);
	block.added++;
	/* It fails only for want of memory, and is released all the same. */
	coap_add_data_large_response(NULL, session, request, response, NULL, 42,
	    -1, 0, block.answer, down, on_answer_released, down);
}

/* --- the client ----------------------------------------------------------- */

void
block_check(const coap_pdu_t *response)
{
	size_t len, offset, total;
	const uint8_t *data;

	coap_get_data_large(response, &len, &data, &offset, &total);
	block.got = offset + len;
	if (coap_pdu_get_code(response) != COAP_RESPONSE_CODE_CONTENT)
		return;
	assert_true(offset + len <= sizeof down);
	if (len > 0)
		assert_memory_equal(data, down + offset, len);
}

static coap_response_t
on_response(coap_session_t *session, const coap_pdu_t *sent,
    const coap_pdu_t *received, const coap_mid_t mid)
{
	unsigned code = coap_pdu_get_code(received);
	coap_bin_const_t a = coap_pdu_get_token(sent);
	coap_bin_const_t b = coap_pdu_get_token(received);

	(void)mid;
	assert_int_equal(a.length, 1);
	assert_int_equal(b.length, 1);
	assert_int_equal(a.s[0], b.s[0]);
	block_check(received);
	world_write(session, "%u.%02u %c", code >> 5, code & 31, a.s[0]);
	return block.refuse ? COAP_RESPONSE_FAIL : COAP_RESPONSE_OK;
}

static void
on_result(coapx_request_t *request, coap_session_t *session,
    const coapx_result_t *result, void *arg)
{
	unsigned code = 0;

	if (request == block.request)
		block.request = NULL;
	if (result->response) {
		code = coap_pdu_get_code(result->response);
		block_check(result->response);
		if (block.keep)
			*block.keep =
			    pdu_ref((coap_pdu_t *)(uintptr_t)result->response);
		assert_int_equal(coap_pdu_get_token(result->response).length,
		    1);
		assert_int_equal(coap_pdu_get_token(result->response).s[0],
		    *(char *)arg);
	}
	assert_int_equal(coap_pdu_get_token(result->sent).s[0], *(char *)arg);
	block.retransmits = result->retransmits;
	block.moved = result->transfer != NULL;
	if (block.moved)
		block.came = *result->transfer;
	world_write(session, "result %c %d %u.%02u", *(char *)arg,
	    result->error, code >> 5, code & 31);
	blow(BLOW_RESULT);
}

static void
on_transfer(coapx_request_t *request, coap_session_t *session,
    const coapx_transfer_t *transfer, void *arg)
{
	(void)request;
	(void)session;
	(void)arg;
	assert_int_equal(transfer->size, sizeof *transfer);
	block.told = *transfer;
	block.told_etag_length = transfer->etag_length;
	if (transfer->etag_length > 0)
		memcpy(block.told_etag, transfer->etag, transfer->etag_length);
	block.blocks++;
	blow(BLOW_TRANSFER);
}

static void
on_progress(coapx_request_t *request, coap_session_t *session,
    coapx_progress_t progress, unsigned count, void *arg)
{
	(void)request;
	(void)session;
	(void)count;
	(void)arg;
	block.left += progress == COAPX_PROGRESS_SENT;
}

/* What waits for the test says so, and how often it did. */
static int
wait_here(coapx_request_t *request)
{
	block.waits++;
	if (block.eager)
		coapx_request_resume(request);
	return COAPX_BODY_WAIT;
}

static int
read_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    uint8_t *buf, size_t len, void *arg)
{
	size_t n = block.length - (size_t)offset;

	(void)session;
	(void)arg;
	assert_true(offset <= block.length);
	if (n > len)
		n = len;
	memcpy(buf, up + offset, n);
	/* Inside coapx_request_send() the test does not know it yet. */
	if (block.request)
		blow(BLOW_READ);
	if (block.wait && block.awaited != offset + 1) {
		block.awaited = (size_t)offset + 1;
		return wait_here(request);
	}
	return (int)n;
}

static int
write_body(coapx_request_t *request, coap_session_t *session, uint64_t offset,
    const uint8_t *data, size_t len, void *arg)
{
	(void)session;
	(void)arg;
	if (offset == 0) {
		block.written = 0;
		block.begun++;
	}
	assert_int_equal(offset, block.written);
	assert_memory_equal(data, down + offset, len);
	block.written += len;
	blow(BLOW_WRITE);
	return block.wait ? wait_here(request) : 0;
}

static void
on_release(coap_session_t *session, void *app)
{
	assert_non_null(session);
	assert_ptr_equal(app, up);
	block.given_back++;
	if (block.request)
		blow(BLOW_RELEASE);
}

static coap_pdu_t *
new_request(coap_session_t *session, coap_pdu_code_t code, char token)
{
	coap_pdu_t *pdu =
	    coap_new_pdu(block.non ? COAP_MESSAGE_NON : COAP_MESSAGE_CON, code,
		session);

	if (!pdu || !coap_add_token(pdu, 1, (const uint8_t *)&token) ||
	    !coap_add_option(pdu, COAP_OPTION_URI_PATH, 1,
		(const uint8_t *)"x")) {
		coap_delete_pdu(pdu);
		return NULL;
	}
	return pdu;
}

static bool
add_body(coap_session_t *session, coap_pdu_t *pdu, size_t length)
{
	block.given++;
	return coap_add_data_large_request(session, pdu, length, up, on_release,
	    up);
}

void
block_request(coap_session_t *session, coap_pdu_code_t code, char token,
    size_t length)
{
	static char letters[256];
	coapx_request_params_t params = {
		.size = sizeof params,
		.timeout_ms = block.timeout_ms,
		.flags = block.flags,
		.result = on_result,
		.progress = on_progress,
		.transfer = on_transfer,
		.write_body = block.stream ? write_body : NULL,
		.read_body = block.stream && length ? read_body : NULL,
		.body_length = block.known ? length : COAPX_LENGTH_UNKNOWN,
		.block_size = block.block_size,
		.body_offset = block.offset,
		.body_etag = block.etag,
		.body_etag_length = block.etag_length,
		.first_part = block.first,
		.arg = &letters[(uint8_t)token],
	};
	coap_pdu_t *pdu = new_request(session, code, token);

	letters[(uint8_t)token] = token;
	block.request = NULL;
	block.left = 0;
	block.begun = 0;
	block.awaited = 0;
	block.waits = 0;
	block.written = block.offset;
	block.length = length;
	if (!pdu)
		return;
	if (!block.stream && length && !add_body(session, pdu, length)) {
		coap_delete_pdu(pdu);
		return;
	}
	block.request = coapx_request_send(session, pdu, &params, NULL);
}

void
block_send(coap_session_t *session, coap_pdu_code_t code, char token,
    size_t length)
{
	coap_pdu_t *pdu = new_request(session, code, token);

	assert_non_null(pdu);
	if (length)
		assert_true(add_body(session, pdu, length));
	assert_int_not_equal(coap_send(session, pdu), COAP_INVALID_MID);
}

int
block_up(void **state)
{
	uint32_t mode = COAP_BLOCK_USE_LIBCOAP | COAP_BLOCK_SINGLE_BODY;

	world_up(state);
	memset(&block, 0, sizeof block);
	for (size_t i = 0; i < BLOCK_BODY; i++) {
		up[i] = (uint8_t)(i * 7 + i / 256);
		down[i] = (uint8_t)(i * 11 + i / 256);
	}
	w.serve = serve;
	coap_context_set_block_mode(w.client, mode);
	coap_context_set_block_mode(w.server, mode);
	coap_register_response_handler(w.client, on_response);
	/* So that streams need blocks, too. */
	coap_context_set_csm_max_message_size(w.client, STREAM_MAX);
	coap_context_set_csm_max_message_size(w.server, STREAM_MAX);
	return 0;
}

int
block_down(void **state)
{
	int r = world_down(state);

	assert_int_equal(block.added, block.released);
	assert_int_equal(block.given, block.given_back);
	return r;
}

/* --- a bad network -------------------------------------------------------- */

static unsigned
chance(struct block_relay *r)
{
	r->seed = r->seed * 1103515245 + 12345;
	return r->seed >> 16 & 127;
}

static void
pass_on(struct block_relay *r, int to, const uint8_t *data, size_t len)
{
	if (to == r->back)
		world_raw_send(to, NULL, data, len);
	else
		world_raw_send(to, &r->client, data, len);
}

static void
maybe_pass_on(struct block_relay *r, int to, const uint8_t *data, size_t len)
{
	int side = to == r->back;
	unsigned c = chance(r);

	if (c < 6)
		return;
	if (c < 12 && r->held_len[side] == 0) {
		memcpy(r->held[side], data, len);
		r->held_len[side] = len;
		return;
	}
	pass_on(r, to, data, len);
	if (c > 115)
		pass_on(r, to, data, len);
	if (r->held_len[side] > 0)
		pass_on(r, to, r->held[side], r->held_len[side]);
	r->held_len[side] = 0;
}

static void
relay(void)
{
	struct block_relay *r = the_relay;
	uint8_t data[1500];
	coap_address_t from;
	ssize_t n;

	for (;;) {
		coap_address_init(&from);
		n = recvfrom(r->front, data, sizeof data, MSG_DONTWAIT,
		    &from.addr.sa, &from.size);
		if (n <= 0)
			break;
		r->client = from;
		maybe_pass_on(r, r->back, data, (size_t)n);
	}
	for (;;) {
		n = recv(r->back, data, sizeof data, MSG_DONTWAIT);
		if (n <= 0)
			break;
		maybe_pass_on(r, r->front, data, (size_t)n);
	}
}

coap_session_t *
block_bad_session(struct block_relay *r, unsigned seed)
{
	const coap_address_t *server = world_address(COAP_PROTO_UDP);
	coap_address_t front, back;
	coap_session_t *session;

	memset(r, 0, sizeof *r);
	r->seed = seed;
	r->front = world_raw(SOCK_DGRAM, &front);
	r->back = world_raw(SOCK_DGRAM, &back);
	assert_int_equal(connect(r->back, &server->addr.sa, server->size), 0);
	the_relay = r;
	w.relay = relay;
	session =
	    coap_new_client_session(w.client, NULL, &front, COAP_PROTO_UDP);
	assert_non_null(session);
	world_settle();
	world_forget();
	return session;
}

void
block_relay_end(struct block_relay *r)
{
	w.relay = NULL;
	close(r->front);
	close(r->back);
}

void
block_raw_answer(int fd, unsigned num, bool more)
{
	uint8_t data[1500];
	uint8_t out[200];
	coap_address_t from;
	size_t n = world_raw_recv(fd, data, sizeof data, &from);
	size_t tkl = data[0] & 15;
	size_t len = 4 + tkl;

	assert_true(n >= len && num < 16);
	memcpy(out, data, len);
	out[0] = (uint8_t)(0x60 | tkl);
	out[1] = 0x45;
	if (block.raw_etag) {
		out[len++] = 0x41;
		out[len++] = 0xAB;
	}
	out[len++] = 0xD1; /* Block2 */
	out[len++] = block.raw_etag ? 23 - 4 - 13 : 23 - 13;
	out[len++] = (uint8_t)(num << 4 | (unsigned)more << 3 | 2);
	out[len++] = 0xFF;
	memcpy(out + len, down + (size_t)num * 64, 64);
	world_raw_send(fd, &from, out, len + 64);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that goes out, part by part. */
#include "exchange/body.h"

#include "base/alloc.h"
#include "base/err.h"
#include "wire/block.h"
#include "wire/pdu.h"

struct body_out *
body_out_new(const uint8_t *data, size_t length,
    coap_release_large_data_t release, coap_session_t *session, void *app)
{
	struct body_out *out = mem_new(COAP_LG_XMIT, 1, sizeof(*out));

	if (out == NULL)
		return NULL;
	out->refs = 1;
	out->data = data;
	out->length = length;
	out->release = release;
	out->session = session;
	out->app = app;
	return out;
}

struct body_out *
body_out_reader(size_t length, body_read_t read, void *arg)
{
	struct body_out *out = mem_new(COAP_LG_XMIT, 1, sizeof(*out));

	if (out == NULL)
		return NULL;
	out->refs = 1;
	out->length = length;
	out->read = read;
	out->arg = arg;
	return out;
}

struct body_out *
body_out_ref(struct body_out *out)
{
	if (out != NULL)
		out->refs++;
	return out;
}

void
body_out_free(struct body_out *out)
{
	coap_release_large_data_t release;
	coap_session_t *session;
	void *app;

	if (out == NULL || --out->refs > 0)
		return;
	release = out->release;
	session = out->session;
	app = out->app;
	coap_free_type(COAP_LG_XMIT, out->scratch);
	coap_free_type(COAP_LG_XMIT, out);
	/* Last, for it may do anything. */
	if (release != NULL)
		release(session, app);
}

/* Bytes that the block can have in this message, and one more to know whether
 * any follow. */
static size_t
read_size(const coap_pdu_t *pdu, const coap_block_b_t *block)
{
	if (!block->bert)
		return ((size_t)1 << (block->szx + 4)) + 1;
	return block_room(pdu, 0) + 1;
}

static int
grow_scratch(struct body_out *out, size_t size)
{
	uint8_t *scratch;

	if (size <= out->scratch_size)
		return 0;
	scratch = coap_realloc_type(COAP_LG_XMIT, out->scratch, size);
	if (scratch == NULL)
		return -COAP_E_NOMEM;
	out->scratch = scratch;
	out->scratch_size = size;
	return 0;
}

/*
 * The bytes from offset on: as many as the block can take and, where there
 * are more, at least one of those. Sets *end to where they end. 0, an error or
 * BODY_WAIT.
 */
static int
look(struct body_out *out, const coap_pdu_t *pdu, const coap_block_b_t *block,
    size_t offset, size_t *end)
{
	size_t size = read_size(pdu, block);
	int n;

	if (out->data != NULL || out->length == 0) {
		*end = out->length;
		return 0;
	}
	if (out->length != BODY_UNKNOWN && size > out->length - offset)
		size = out->length - offset;
	n = grow_scratch(out, size);
	if (n < 0)
		return n;
	n = out->read(out->arg, offset, out->scratch, size);
	if (n < 0 || n == BODY_WAIT)
		return n;
	/* Less than was promised is no body. */
	if ((size_t)n > size ||
	    (out->length != BODY_UNKNOWN && (size_t)n != size))
		return -COAP_E_INVAL;
	*end = offset + (size_t)n;
	return 0;
}

static int
put(struct body_out *out, coap_pdu_t *pdu, size_t offset, size_t len)
{
	const uint8_t *data =
	    out->data != NULL ? out->data + offset : out->scratch;

	if (len == 0)
		return 0;
	return coap_add_data(pdu, len, data) ? 0 : -COAP_E_NOMEM;
}

static int
make_part(struct body_out *out, coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_b_t *block)
{
	uint64_t offset = body_offset(block);
	size_t end = 0;
	int r;

	if (offset > 0 && offset >= out->length)
		return -COAP_E_INVAL;
	r = look(out, pdu, block, (size_t)offset, &end);
	if (r != 0)
		return r;
	/* A body of unknown length may end where a block does. */
	if (offset > 0 && offset == end)
		return -COAP_E_INVAL;
	r = block_write(pdu, number, block, end);
	if (r != 1)
		return r == BLOCK_ERR_NUM ? -COAP_E_INVAL : -COAP_E_TOOBIG;
	return put(out, pdu, (size_t)offset, block->chunk_size);
}

int
body_out_part(struct body_out *out, coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_b_t *block)
{
	size_t max = pdu->max;
	int r;

	/* Room for the option and the marker, too. */
	if (block->bert && max - pdu->used > BODY_PART_MAX + 16)
		pdu->max = pdu->used + BODY_PART_MAX + 16;
	r = make_part(out, pdu, number, block);
	pdu->max = max;
	return r;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A body that comes in, part by part. */
#include "exchange/body.h"

#include "base/err.h"
#include "wire/pdu.h"

#define BERT_UNIT 1024u

void
body_in_init(struct body_in *in, enum body_keep keep, size_t max,
    struct body_pool *pool)
{
	*in = (struct body_in){ .keep = keep, .max = max, .pool = pool };
	buf_init(&in->data, max);
}

static void
give_back(struct body_in *in)
{
	if (in->pool != NULL)
		in->pool->used -= in->counted;
	in->counted = 0;
}

void
body_in_leave_pool(struct body_in *in)
{
	give_back(in);
	in->pool = NULL;
}

void
body_in_restart(struct body_in *in)
{
	give_back(in);
	buf_free(&in->data);
	in->length = 0;
	in->hint = 0;
	in->etag_len = 0;
}

void
body_in_free(struct body_in *in)
{
	give_back(in);
	buf_free(&in->data);
	in->length = 0;
}

/* RFC 7959 section 2.2: all but the last have the size that they name. */
static bool
is_shaped(const coap_block_b_t *block, size_t len)
{
	size_t size = (size_t)1 << (block->szx + 4);

	if (block->bert)
		return !block->m || (len > 0 && len % BERT_UNIT == 0);
	return block->m ? len == size : len <= size;
}

static int
keep_part(struct body_in *in, const uint8_t *data, size_t len)
{
	size_t more = buf_cap_with(&in->data, len) - in->data.cap;
	int r;

	if (in->pool != NULL && more > in->pool->max - in->pool->used)
		return -COAP_E_LIMIT;
	r = buf_append(&in->data, data, len);
	if (r == 0 && in->pool != NULL) {
		in->counted += more;
		in->pool->used += more;
	}
	return r;
}

static int
write_part(struct body_in *in, const uint8_t *data, size_t len)
{
	int r = in->write(in->arg, in->length, data, len);

	in->wait = r == BODY_WAIT;
	return r < 0 ? r : 0;
}

static int
count_part(struct body_in *in, const uint8_t *data, size_t len)
{
	(void)in;
	(void)data;
	(void)len;
	return 0;
}

static int (*const take[])(struct body_in *, const uint8_t *, size_t) = {
	[BODY_KEEP] = keep_part,
	[BODY_WRITE] = write_part,
	[BODY_COUNT] = count_part,
};

int
body_in_part(struct body_in *in, const coap_block_b_t *block,
    const uint8_t *data, size_t len)
{
	uint64_t offset = body_offset(block);
	int r;

	if (!is_shaped(block, len))
		return -COAP_E_FORMAT;
	if (offset < in->length && offset + len == in->length)
		return BODY_REPEATED;
	if (offset != in->length)
		return -COAP_E_STATE;
	if (len > in->max - in->length)
		return -COAP_E_TOOBIG;
	r = take[in->keep](in, data, len);
	if (r == 0)
		in->length += len;
	return r;
}

bool
body_in_same_etag(struct body_in *in, const coap_pdu_t *pdu)
{
	coap_option_t tag;
	size_t len =
	    pdu_find_option(pdu, COAP_OPTION_ETAG, &tag) ? tag.length : 0;

	/* A longer one is none (RFC 7252 section 5.10). */
	if (len > sizeof(in->etag))
		len = 0;
	if (in->length > 0)
		return len == in->etag_len &&
		    (len == 0 || memcmp(in->etag, tag.value, len) == 0);
	in->etag_len = (uint8_t)len;
	if (len > 0)
		memcpy(in->etag, tag.value, len);
	return true;
}

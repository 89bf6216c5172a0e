/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bodies that are sent or received in blocks (RFC 7959, BERT of RFC 8323
 * section 6): where the bytes come from, and where they go to. No message is
 * kept and no time is known here.
 */
#ifndef EXCHANGE_BODY_H
#define EXCHANGE_BODY_H

#include <limits.h>
#include <stdbool.h>

#include <coap3/coap_block.h>

#include "base/buf.h"

/* The length of a body that ends where its reader has no more. */
#define BODY_UNKNOWN SIZE_MAX
/* The largest size exponent, and the one that means BERT. */
#define BODY_SZX_MAX  6
#define BODY_SZX_BERT 7
/* Bytes of a body in one message, however much the peer takes (BERT): what
 * several copies of it may cost. */
#define BODY_PART_MAX ((size_t)256 * 1024)

/* What those who give and take parts say when it is too early for the next. */
#define BODY_WAIT INT_MAX

/* --- out ------------------------------------------------------------------ */

/*
 * Puts up to len bytes from offset on into buf: how many, fewer only at the
 * end, or a negative error, or BODY_WAIT: not yet. The same bytes may be asked
 * for again.
 */
typedef int (*body_read_t)(void *arg, size_t offset, uint8_t *buf, size_t len);

struct body_out {
	const uint8_t *data; /* not ours; NULL: read() gives it */
	size_t length;
	body_read_t read;
	void *arg;
	/* Told once, when the body is not needed any more; NULL: nobody. */
	coap_release_large_data_t release;
	coap_session_t *session;
	void *app;
	uint8_t *scratch; /* what read() gave */
	size_t scratch_size;
	unsigned refs; /* see body_out_ref() */
};

/* NULL when out of memory; release was not called then. */
struct body_out *body_out_new(const uint8_t *data, size_t length,
    coap_release_large_data_t release, coap_session_t *session, void *app);
struct body_out *body_out_reader(size_t length, body_read_t read, void *arg);
/* Counts holders; NULL is allowed. */
struct body_out *body_out_ref(struct body_out *out);
/* Lets one go; the last one calls release(). NULL is allowed. */
void body_out_free(struct body_out *out);
/*
 * Adds the option and the part that block names, its size reduced to what fits
 * (see block_write()); block tells what was added: M, chunk_size. 0;
 * -COAP_E_INVAL when the block begins behind the end; -COAP_E_TOOBIG when not
 * even 16 bytes fit; -COAP_E_NOMEM; an error of read(), or BODY_WAIT. The
 * message then is good for nothing.
 */
int body_out_part(struct body_out *out, coap_pdu_t *pdu,
    coap_option_num_t number, coap_block_b_t *block);

/* --- in ------------------------------------------------------------------- */

/* Takes the next len bytes, which begin at offset; 0 there again means that
 * the body begins anew. Negative ends the transfer; BODY_WAIT: they were taken,
 * and no more is wanted for now. */
typedef int (
    *body_write_t)(void *arg, size_t offset, const uint8_t *data, size_t len);

struct body_entry;

/* Memory that bodies of a context have together, as it was allocated. */
struct body_pool {
	size_t used;
	size_t max;
	/* Bodies of peers that are not whole, the one that was used longest
	 * ago first: it makes room for others (bodies.h). */
	struct body_entry *waiting;
};

enum body_keep {
	BODY_KEEP,  /* in memory, for when it is whole */
	BODY_WRITE, /* write() takes it */
	BODY_COUNT, /* somebody else takes each part */
};

struct body_in {
	enum body_keep keep;
	struct buf data;
	size_t length; /* bytes that have come */
	size_t max;
	size_t hint; /* Size1 or Size2: what the peer announced; 0: nothing */
	struct body_pool *pool; /* NULL: no limit but max */
	size_t counted;         /* bytes of it that are this body's */
	body_write_t write;
	void *arg;
	bool wait; /* write() wants no more for now */
	uint8_t etag_len;
	uint8_t etag[8];
};

void body_in_init(struct body_in *in, enum body_keep keep, size_t max,
    struct body_pool *pool);
void body_in_free(struct body_in *in);
/* Does not count in its pool any more: it may live longer. */
void body_in_leave_pool(struct body_in *in);
/* Forgets what has come; the next part is the first. */
void body_in_restart(struct body_in *in);

/* What body_in_part() gives beside 0 and errors: these bytes were there. */
#define BODY_REPEATED 1

/*
 * The part that came with this block option. 0; BODY_REPEATED for the last one
 * once more; -COAP_E_FORMAT when a part with more to come has not the size
 * that it names, or the last one more; -COAP_E_STATE when it is not the next;
 * -COAP_E_TOOBIG over max; -COAP_E_LIMIT when the pool is empty;
 * -COAP_E_NOMEM; an error of write().
 */
int body_in_part(struct body_in *in, const coap_block_b_t *block,
    const uint8_t *data, size_t len);
/* Whether the ETag of pdu is that of the first part, which this remembers. */
bool body_in_same_etag(struct body_in *in, const coap_pdu_t *pdu);
/* Reads Size1 or Size2, for hint. */
size_t body_size_hint(const coap_pdu_t *pdu, coap_option_num_t number);

/* --- both ----------------------------------------------------------------- */

/* Where the block begins in its body. */
static inline uint64_t
body_offset(const coap_block_b_t *block)
{
	return (uint64_t)block->num << (block->szx + 4);
}

/* The block that begins at offset, which is a multiple of its size. */
coap_block_b_t body_block_at(size_t offset, unsigned szx, bool bert);
/* The size exponent of the largest block of up to size bytes; 0: the largest
 * that there is. */
unsigned body_szx(size_t size);

/*
 * What requests for parts of one body have in common: the method and the
 * options without blocks, Observe and those that are no part of a cache key
 * (RFC 7252 section 5.4.2). Appended to key: 0 or an error of buf_append().
 */
int body_key(struct buf *key, const coap_pdu_t *request);
/* Bytes of a key, at most. */
#define BODY_KEY_MAX 65536

#endif

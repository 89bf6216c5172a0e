/* SPDX-License-Identifier: BSD-2-Clause */
/* Block-wise transfers (RFC 7959, RFC 9177). */
#ifndef COAP_BLOCK_H
#define COAP_BLOCK_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_option.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_resource.h>
#include <coap3/coap_str.h>

/* 1024 bytes; 7 is reserved, or BERT. */
#define COAP_MAX_BLOCK_SZX 6

/* Flags of coap_context_set_block_mode(). */
#define COAP_BLOCK_USE_LIBCOAP        0x01
#define COAP_BLOCK_SINGLE_BODY        0x02
#define COAP_BLOCK_TRY_Q_BLOCK        0x04
#define COAP_BLOCK_USE_M_Q_BLOCK      0x08
#define COAP_BLOCK_NO_PREEMPTIVE_RTAG 0x10
#define COAP_BLOCK_STLESS_FETCH       0x20
#define COAP_BLOCK_STLESS_BLOCK2      0x40
#define COAP_BLOCK_NOT_RANDOM_BLOCK1  0x80

/* Parts of a block option's value: its last byte, more (0 or 8), the size. */
#define COAP_OPT_BLOCK_LAST(opt) \
	(coap_opt_value(opt) + (coap_opt_length(opt) - 1))
#define COAP_OPT_BLOCK_MORE(opt) \
	(coap_opt_length(opt) ? (*COAP_OPT_BLOCK_LAST(opt) & 0x08) : 0)
#define COAP_OPT_BLOCK_SZX(opt) \
	(coap_opt_length(opt) ? (*COAP_OPT_BLOCK_LAST(opt) & 0x07) : 0)

/* Block num, more to come, 2^(szx + 4) bytes each (RFC 7959 section 2.2). */
typedef struct {
	unsigned int num;
	unsigned int m : 1;
	unsigned int szx : 3;
} coap_block_t;

/* The same with BERT (RFC 8323 section 6): szx is 6 then, aszx is 7. */
typedef struct {
	unsigned int num;
	unsigned int m : 1;
	unsigned int szx : 3;
	unsigned int aszx : 3;
	unsigned int defined : 1;
	unsigned int bert : 1;
	uint32_t chunk_size;
} coap_block_b_t;

/* Called once when the library needs a body no longer. */
typedef void (
    *coap_release_large_data_t)(coap_session_t *session, void *app_ptr);

/*
 * The block's number in the value of a block option; 0 for an empty one, for
 * one longer than the 3 bytes of RFC 7959 section 2.2, and for NULL.
 */
COAP_API unsigned int coap_opt_block_num(const coap_opt_t *block_opt);

/*
 * Whether a body of data_len bytes goes on behind block num, when each block
 * holds 2^(szx + 4) bytes (RFC 7959 section 2.2). 1 or 0.
 */
static inline int
coap_more_blocks(size_t data_len, unsigned int num, uint16_t szx)
{
	return (((uint64_t)num + 1) << (szx + 4)) < data_len;
}

/* Options and parts, for programs that do it themselves */

/*
 * Reads the block option of that number (Block1 or Block2) into *block. 1, or 0
 * when it is missing, longer than 3 bytes or of the reserved size 7; *block is
 * zeroed then. NULL arguments: 0. See coap_block(3).
 */
COAP_API int coap_get_block(const coap_pdu_t *pdu, coap_option_num_t number,
    coap_block_t *block);

/*
 * As coap_get_block(), and on a reliable transport the size 7 means BERT (RFC
 * 8323 section 6): szx is 6, aszx 7, bert 1. chunk_size is the size that szx
 * stands for, in bytes; defined is 1.
 */
COAP_API int coap_get_block_b(const coap_session_t *session,
    const coap_pdu_t *pdu, coap_option_num_t number, coap_block_b_t *block);

/*
 * Adds the option for block->num of a body of data_length bytes. If that block
 * does not fit into pdu, the size is reduced and the number changed, so that it
 * begins at the same place; *block tells what was written, m included. The
 * payload comes next, see coap_add_block(): with more options it may not fit.
 * 1, or -1 for a NULL argument or the reserved size, -2 when the block begins
 * behind the body's end, -3 when not even 16 bytes fit; *block is unchanged
 * then.
 */
COAP_API int coap_write_block_opt(coap_block_t *block, coap_option_num_t number,
    coap_pdu_t *pdu, size_t data_length);

/*
 * As coap_write_block_opt(). With block->bert set on a reliable transport as
 * many whole KiB as fit make one BERT block. chunk_size is then how many bytes
 * of the body belong to it.
 */
COAP_API int coap_write_block_b_opt(coap_session_t *session,
    coap_block_b_t *block, coap_option_num_t number, coap_pdu_t *pdu,
    size_t data_length);

/*
 * Adds block block_num of the body of len bytes at data as the payload, with
 * 2^(block_szx + 4) bytes or what is left of it. 1, or 0 when a pointer is
 * NULL, the size is over 6, the block begins behind the end, or it does not
 * fit.
 */
COAP_API int coap_add_block(coap_pdu_t *pdu, size_t len, const uint8_t *data,
    unsigned int block_num, unsigned char block_szx);

/*
 * As coap_add_block(), for what coap_write_block_b_opt() wrote: a BERT block
 * holds as many whole KiB as fit, or all that is left. Sets block->chunk_size
 * to the bytes added.
 */
COAP_API int coap_add_block_b_data(coap_pdu_t *pdu, size_t len,
    const uint8_t *data, coap_block_b_t *block);

/*
 * Puts length bytes that belong at offset into a body. body_data is NULL at
 * first and the former result later; it is consumed. total: the length of the
 * whole body where it is known, else 0; a peer names it, so bound it before.
 * Gaps are zeros. The result is the caller's, to be freed with
 * coap_delete_binary(). NULL when memory is short or a length overflows;
 * body_data is freed then.
 */
COAP_API coap_binary_t *coap_block_build_body(coap_binary_t *body_data,
    size_t length, const uint8_t *data, size_t offset, size_t total);

/*
 * Answers with the part of a body that the request's Block2 asks for, or as
 * much as fits; keeps nothing, so it is called again for each part with the
 * same data, which stays the caller's. Adds ETag (computed from the data),
 * Content-Format, Max-Age (seconds; none if negative), Block2 and Size2 where
 * needed, and the payload; a code still 0.00 becomes 2.05. A Block2 that is not
 * valid or behind the end makes the code 4.00, a response without room 5.00.
 */
COAP_API void coap_add_data_blocked_response(const coap_pdu_t *request,
    coap_pdu_t *response, uint16_t media_type, int maxage, size_t length,
    const uint8_t *data);

/* Bodies of any length */

/*
 * Adds a body of any length to a request. What does not fit into the message,
 * or is larger than coap_context_set_max_block_size(), is sent block by block
 * once the request is sent, whatever the block mode is. data must stay until
 * release_func, unless NULL, is called with the session and app_ptr: once, also
 * on failure; before the return when the body went into the message. 1, or 0:
 * out of memory, a second body, or no session (multicast counts as none) and a
 * body that does not fit.
 */
COAP_API int coap_add_data_large_request(coap_session_t *session,
    coap_pdu_t *pdu, size_t length, const uint8_t *data,
    coap_release_large_data_t release_func, void *app_ptr);

/*
 * Adds a body of any length to a response, with Content-Format, Max-Age
 * (seconds; none if negative) and ETag (0: none, or in blocks one made of the
 * data), or the block of it that the request asks for. The code is to be set
 * before or by the same handler. data and release_func as above; with
 * COAP_BLOCK_USE_LIBCOAP, and without COAP_BLOCK_STLESS_BLOCK2, a body that
 * does not fit is kept to answer requests for its other blocks, until nobody
 * asked for EXCHANGE_LIFETIME, another takes its place, or the session ends;
 * without it the handler is asked again for each block. resource and query are
 * not needed. 1, or 0 with code 5.00 in the response, or 4.00 for a block behind
 * the end.
 */
COAP_API int coap_add_data_large_response(coap_resource_t *resource,
    coap_session_t *session, const coap_pdu_t *request, coap_pdu_t *response,
    const coap_string_t *query, uint16_t media_type, int maxage, uint64_t etag,
    size_t length, const uint8_t *data, coap_release_large_data_t release_func,
    void *app_ptr);

/*
 * What the library does about blocks by itself, for sessions that begin
 * afterwards on streams, at once elsewhere. COAP_BLOCK_USE_LIBCOAP: responses
 * in blocks to coap_send() go on by themselves, and requests in blocks are put
 * together; without it no other flag counts. COAP_BLOCK_SINGLE_BODY: handlers
 * are called once with the whole body, else for each block as it comes; see
 * coap_get_data_large(). COAP_BLOCK_NO_PREEMPTIVE_RTAG: no Request-Tag.
 * COAP_BLOCK_STLESS_BLOCK2: see above. Requests of coapx_request_send() use
 * blocks whatever the mode is.
 *
 * COAP_BLOCK_TRY_Q_BLOCK: over datagrams, bodies go by Q-Block1 and Q-Block2
 * (RFC 9177) to a peer that has them; one that answers the first such request
 * by 4.02 is sent it once more by Block1 and Block2, as all that follow.
 * COAP_BLOCK_USE_M_Q_BLOCK: and missing blocks to the end of a set are asked for
 * by one option. Without Q-Block blocks have to come in order.
 */
COAP_API void coap_context_set_block_mode(coap_context_t *context,
    uint32_t block_mode);

/*
 * The largest block to use, bytes: 16, 32 up to 1024, or 0 for no limit. 1, or
 * 0 for another number.
 */
COAP_API int coap_context_set_max_block_size(coap_context_t *context,
    size_t max_block_size);

#endif

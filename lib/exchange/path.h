/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The path of a resource as a key: the bytes of its segments, joined by "/",
 * without a slash in front; "" is the root. Inside a segment "/" is written
 * %2F and "%" is written %25, so two different lists of segments never have
 * the same key (only one empty segment is the root, as in RFC 7252 section
 * 6.5). Nothing else is encoded.
 */
#ifndef EXCHANGE_PATH_H
#define EXCHANGE_PATH_H

#include <coap3/coap_pdu.h>

#include "base/buf.h"

/* Bytes of a key. Each byte of a message can take three. */
#define PATH_KEY_MAX 65536

/*
 * The path as a program writes it, percent-encoded or not: a % that no two
 * hexadecimal digits follow stands for itself. Appends the key; 0 or an error
 * of buf_append().
 */
int path_key_from_text(struct buf *key, const uint8_t *text, size_t len);
/* From the Uri-Path options; also -COAP_E_URI for "." and "..", which RFC 7252
 * section 5.10.1 forbids. */
int path_key_from_request(struct buf *key, const coap_pdu_t *request);
/* The key as the path of a URI: "/" and everything encoded that has to be. */
int path_put_uri(struct buf *out, const uint8_t *key, size_t len);

#endif

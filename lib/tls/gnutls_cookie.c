/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A server of DTLS asks a client to show that its address is its own before
 * anything is kept of it (RFC 6347 section 4.2.1). GnuTLS makes a cookie of
 * the key and the bytes it is given: the address, the minute and the client's
 * random are ours. The random binds it to one ClientHello, so that whoever has
 * seen a cookie cannot begin anew with it in the client's place.
 */
#include <string.h>

#include "tls/gnutls_private.h"

/* A cookie is good in the slot it was made in, and in the next one. */
#define SLOT_MS 60000
/* Longest address that is told apart. */
#define PEER_MAX 128

/* Of a record, and of the handshake message in it. */
#define RECORD_TYPE     0
#define RECORD_EPOCH    3
#define RECORD_SEQUENCE 10
#define MESSAGE_TYPE    13
#define MESSAGE_NUMBER  18
#define FRAGMENT_OFFSET 19
#define RANDOM          27
#define RANDOM_LEN      32
/* A ClientHello with nothing in it is not shorter. */
#define HELLO_MIN 60

_Static_assert(sizeof(gnutls_dtls_prestate_st) <=
	sizeof(((struct tls_prestate *)0)->bytes),
    "a prestate holds what the library has to keep");

struct peer {
	uint8_t bytes[PEER_MAX + sizeof(uint64_t) + RANDOM_LEN];
	size_t len;
};

/* GnuTLS does not look at what it takes a cookie from. */
static bool
is_hello(struct tls_bytes d)
{
	static const uint8_t zero[3] = { 0 };

	return d.len >= HELLO_MIN && d.data[RECORD_TYPE] == 22 &&
	    memcmp(d.data + RECORD_EPOCH, zero, 2) == 0 &&
	    d.data[MESSAGE_TYPE] == GNUTLS_HANDSHAKE_CLIENT_HELLO &&
	    memcmp(d.data + FRAGMENT_OFFSET, zero, 3) == 0;
}

static void
describe_peer(struct peer *peer, const struct tls_hello *hello, uint64_t slot)
{
	uint8_t *at = peer->bytes;

	memcpy(at, hello->peer.data, hello->peer.len);
	at += hello->peer.len;
	memcpy(at, &slot, sizeof(slot));
	at += sizeof(slot);
	memcpy(at, hello->datagram.data + RANDOM, RANDOM_LEN);
	peer->len = hello->peer.len + sizeof(slot) + RANDOM_LEN;
}

static ssize_t
reply(gnutls_transport_ptr_t user, const void *data, size_t len)
{
	const struct tls_hello *hello = user;

	/* Lost or not: the client will ask again. */
	(void)hello->reply(hello->user, data, len);
	return (ssize_t)len;
}

enum tls_verdict
tlsg_admit(struct tls_ctx *ctx, const struct tls_hello *hello,
    struct tls_prestate *state)
{
	/* The library takes them as its own, and changes neither. */
	void *datagram = (void *)(uintptr_t)hello->datagram.data;
	gnutls_transport_ptr_t user = (void *)(uintptr_t)hello;
	uint64_t slot = hello->now_ms / SLOT_MS;
	gnutls_dtls_prestate_st pre;
	struct peer peer;
	unsigned back;

	if (!ctx->cookie_key.data || hello->peer.len > PEER_MAX ||
	    !is_hello(hello->datagram))
		return TLS_DROP;
	for (back = 0; back <= 1; back++) {
		memset(&pre, 0, sizeof(pre));
		describe_peer(&peer, hello, slot - back);
		if (gnutls_dtls_cookie_verify(&ctx->cookie_key, peer.bytes,
			peer.len, datagram, hello->datagram.len, &pre) < 0)
			continue;
		/* The library adds one for the answer that it thinks was the
		 * only one. */
		pre.hsk_write_seq = hello->datagram.data[MESSAGE_NUMBER] - 1U;
		memset(state, 0, sizeof(*state));
		memcpy(state->bytes, &pre, sizeof(pre));
		return TLS_ADMIT;
	}
	/* With the numbers of the ClientHello, so that a client that comes with
	 * an old cookie does not take the answer for one it has seen. */
	memset(&pre, 0, sizeof(pre));
	pre.record_seq = hello->datagram.data[RECORD_SEQUENCE];
	pre.hsk_write_seq = hello->datagram.data[MESSAGE_NUMBER];
	describe_peer(&peer, hello, slot);
	if (gnutls_dtls_cookie_send(&ctx->cookie_key, peer.bytes, peer.len,
		&pre, user, reply) < 0)
		return TLS_DROP;
	return TLS_REPLIED;
}

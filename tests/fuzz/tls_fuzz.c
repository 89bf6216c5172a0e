/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a peer can send before it has proved anything: the first byte says to
 * whom. The rest is a certificate or a raw public key, or pieces (a length of
 * two bytes, and as many bytes) that come as datagrams or as a stream.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "tls/backend.h"

#define CHECK(x)                 \
	do {                     \
		if (!(x))        \
			abort(); \
	} while (0)

enum target {
	CERTIFICATE,
	PUBLIC_KEY,
	SERVER_DATAGRAM,
	SERVER_STREAM,
	CLIENT_DATAGRAM,
	CLIENT_STREAM,
	TARGETS,
};

static const struct tls_backend *const be = &tls_backend_table;

struct world {
	const uint8_t *data;
	size_t len;
	/* What is left of the piece that is being received. */
	const uint8_t *piece;
	size_t piece_len;
	bool datagram;
	unsigned calls;
};

/* The next piece of the input; false: there is none. */
static bool
next_piece(struct world *w)
{
	size_t n;

	if (w->len < 2)
		return false;
	n = (size_t)w->data[0] << 8 | w->data[1];
	w->data += 2;
	w->len -= 2;
	if (n > w->len)
		n = w->len;
	w->piece = w->data;
	w->piece_len = n;
	w->data += n;
	w->len -= n;
	return true;
}

static ssize_t
on_recv(void *user, void *data, size_t size)
{
	struct world *w = user;
	size_t n;

	CHECK(++w->calls < 100000);
	if (w->piece_len == 0 && !next_piece(w))
		return w->datagram ? -COAP_E_AGAIN : 0;
	n = w->piece_len < size ? w->piece_len : size;
	if (n > 0)
		memcpy(data, w->piece, n);
	w->piece += n;
	w->piece_len -= n;
	if (w->datagram)
		w->piece_len = 0;
	return n == 0 && !w->datagram ? -COAP_E_AGAIN : (ssize_t)n;
}

static bool
on_readable(void *user)
{
	const struct world *w = user;

	return w->len >= 2 || w->piece_len > 0 || !w->datagram;
}

static int
on_send(void *user, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	volatile uint8_t last;

	(void)user;
	CHECK(len > 0);
	last = bytes[len - 1];
	(void)last;
	return 0;
}

static const struct tls_io io = {
	.recv = on_recv,
	.readable = on_readable,
	.send = on_send,
};

static int
on_psk(void *user, struct tls_bytes given, struct tls_psk *psk)
{
	static const uint8_t text[] = "secret";

	(void)user;
	CHECK(given.len <= TLS_PSK_MAX);
	psk->identity.data = psk->key.data = text;
	psk->identity.len = psk->key.len = sizeof(text);
	return 0;
}

static int
on_name(void *user, const char *name, struct tls_ctx **ctx)
{
	(void)user;
	CHECK(*ctx != NULL);
	CHECK(!name || (strlen(name) > 0 && strlen(name) <= TLS_NAME_MAX));
	return 0;
}

static int
on_verify(void *user, const struct tls_peer *peer)
{
	coapx_cert_t cert;
	size_t i;

	(void)user;
	CHECK(peer->n <= TLS_CHAIN_MAX);
	for (i = 0; i < peer->n; i++)
		(void)be->describe(peer->chain[i], peer->rpk, &cert);
	return 0;
}

static void
on_message(void *user, bool sent, unsigned type, const char *name, size_t len)
{
	(void)user;
	(void)sent;
	(void)type;
	(void)len;
	CHECK(name != NULL);
}

static const struct tls_host host = {
	.psk_client = on_psk,
	.psk_server = on_psk,
	.name = on_name,
	.verify = on_verify,
	.message = on_message,
};

/* A client takes certificates, and keys; a server has keys. */
static struct tls_ctx *
context(bool server, bool datagram)
{
	static struct tls_ctx *made[2][2];
	struct tls_conf conf;
	char why[256];

	if (made[server][datagram])
		return made[server][datagram];
	memset(&conf, 0, sizeof(conf));
	conf.server = server;
	conf.datagram = datagram;
	conf.psk = true;
	conf.pki = conf.rpk = !server;
	conf.alpn = datagram ? NULL : "coap";
	CHECK(
	    be->ctx_new(&conf, &made[server][datagram], why, sizeof(why)) == 0);
	return made[server][datagram];
}

static int
on_reply(void *user, const void *data, size_t len)
{
	size_t *longest = user;

	(void)data;
	*longest = len;
	return 0;
}

/* An answer to an address that was not shown is not longer than what came. */
static void
admit(struct tls_ctx *ctx, struct tls_bytes datagram)
{
	static const uint8_t peer[4] = { 192, 0, 2, 1 };
	struct tls_prestate state;
	struct tls_hello hello;
	size_t longest = 0;

	memset(&hello, 0, sizeof(hello));
	hello.datagram = datagram;
	hello.peer.data = peer;
	hello.peer.len = sizeof(peer);
	hello.reply = on_reply;
	hello.user = &longest;
	if (be->admit(ctx, &hello, &state) != TLS_REPLIED)
		CHECK(longest == 0);
	CHECK(longest <= datagram.len);
}

static void
talk(struct world *w, bool server)
{
	struct tls_ctx *ctx = context(server, w->datagram);
	size_t before = mem_outstanding();
	struct tls_sess_params params;
	struct tls_bytes first;
	struct tls_info info;
	struct tls_sess *s;
	uint8_t got[512];
	int ret;

	memset(&params, 0, sizeof(params));
	params.name = server ? NULL : "device.example";
	params.mtu = 1280;
	params.io = &io;
	params.host = &host;
	params.io_user = params.host_user = w;
	if (server && w->datagram) {
		first.data = w->data + (w->len < 2 ? w->len : 2);
		first.len = w->len < 2 ? 0 : w->len - 2;
		admit(ctx, first);
	}
	CHECK(be->sess_new(ctx, &params, &s) == 0);
	ret = be->advance(s, true);
	if (ret == 0)
		(void)be->read(s, got, sizeof(got));
	be->info(s, &info);
	CHECK(info.identity_len <= sizeof(info.identity));
	CHECK((ret == 0) || (ret == -COAP_E_AGAIN) == (info.error[0] == 0));
	be->close(s, 0);
	be->sess_free(s);
	CHECK(mem_outstanding() == before);
}

static void
describe(struct tls_bytes der, bool rpk)
{
	coapx_cert_t cert;
	const char *p;

	if (be->describe(der, rpk, &cert) != 0)
		return;
	CHECK(strlen(cert.sha256) == 64);
	for (p = cert.subject; *p; p++)
		CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
	for (p = cert.san; *p; p++)
		CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w = { .data = data + 1, .len = size - 1 };
	struct tls_bytes rest = { data + 1, size - 1 };
	enum target target;

	if (size == 0)
		return 0;
	target = (enum target)(data[0] % TARGETS);
	w.datagram = target == SERVER_DATAGRAM || target == CLIENT_DATAGRAM;
	switch (target) {
	case CERTIFICATE:
	case PUBLIC_KEY:
		describe(rest, target == PUBLIC_KEY);
		break;
	case SERVER_DATAGRAM:
	case SERVER_STREAM:
		talk(&w, true);
		break;
	default:
		talk(&w, false);
		break;
	}
	return 0;
}

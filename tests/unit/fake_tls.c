/* SPDX-License-Identifier: BSD-2-Clause */
/* A back-end that secures nothing. */
#include "fake_tls.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

#define PARTS     3
#define PART_MAX  300
#define RX_MAX    4096
#define TAG       4
#define HEAD(s)   ((s)->ctx->datagram ? 13U : 5U)
#define NO_KEY    0x5a5a5a5aU
#define TICKET    "fake ticket"
#define ALERT     21
#define HANDSHAKE 22
#define DATA      23

struct text {
	uint8_t data[PART_MAX];
	size_t len;
};

struct tls_ctx {
	bool server;
	bool datagram;
	bool psk;
	bool pki;
	bool trusting;
	enum tls_ask ask;
	struct text hint;
	struct text cert;
	struct text ca;
	struct text alpn;
};

struct record {
	unsigned type;
	bool sealed; /* after the handshake */
	uint64_t seq;
	uint8_t *body;
	size_t len;
};

struct tls_sess {
	struct tls_ctx *ctx;
	struct tls_sess_params p;
	struct text name;
	struct text resume;
	uint32_t cookie; /* a client's, asked for; else 0 */
	unsigned mtu;
	bool begun;
	bool done;
	unsigned sent; /* number of the last flight of ours, 1 to 4 */
	unsigned want; /* and of the one that is awaited */
	unsigned got;  /* its parts, as bits */
	struct text parts[PARTS];
	unsigned timeouts;
	uint32_t key;
	uint64_t tx_seq[2]; /* before the handshake is done, and after */
	uint64_t rx_seq[2]; /* streams; datagrams: the highest */
	uint64_t rx_window; /* of those below it that were here */
	uint8_t rx[RX_MAX];
	size_t rx_len;
	size_t rx_pos;  /* datagrams: what was taken of it */
	uint8_t *plain; /* streams: what read() had no room for */
	size_t plain_len;
	struct text peer_cert;
	struct text identity;
	bool resumed;
	bool goodbye;
	unsigned bad;
	int alert;
	bool alert_sent;
	const char *error;
};

/* --- small things --------------------------------------------------------- */

static uint32_t
mix(uint32_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	size_t i;

	for (i = 0; i < len; i++)
		h = (h ^ p[i]) * 16777619U;
	return h;
}

static void
put(uint8_t *to, uint64_t value, size_t n)
{
	while (n > 0) {
		to[--n] = (uint8_t)value;
		value >>= 8;
	}
}

static uint64_t
get(const uint8_t *from, size_t n)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < n; i++)
		value = value << 8 | from[i];
	return value;
}

static void
set_text(struct text *t, const void *data, size_t len)
{
	t->len = len < PART_MAX ? len : PART_MAX;
	if (t->len > 0)
		memcpy(t->data, data, t->len);
}

static void
set_string(struct text *t, const char *s)
{
	set_text(t, s, s ? strlen(s) : 0);
}

static void
set_source(struct text *t, const struct tls_source *source)
{
	if (source->kind == TLS_SOURCE_MEMORY)
		set_text(t, source->bytes.data, source->bytes.len);
	else
		set_string(t, source->name);
}

static struct tls_bytes
bytes_of(const struct text *t)
{
	return (struct tls_bytes){ t->data, t->len };
}

static bool
same(const struct text *a, const struct text *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* --- contexts ------------------------------------------------------------- */

static int
fake_ctx_new(const struct tls_conf *conf, struct tls_ctx **out, char *why,
    size_t size)
{
	struct tls_ctx *ctx;

	if ((conf->cert.kind != TLS_SOURCE_NONE) !=
	    (conf->key.kind != TLS_SOURCE_NONE)) {
		snprintf(why, size, "a certificate needs its key");
		return -COAP_E_CREDENTIALS;
	}
	ctx = mem_new(COAP_DTLS_CONTEXT, 1, sizeof *ctx);
	if (!ctx)
		return -COAP_E_NOMEM;
	ctx->server = conf->server;
	ctx->datagram = conf->datagram;
	ctx->psk = conf->psk;
	ctx->pki = conf->pki || conf->rpk;
	ctx->ask = conf->ask;
	ctx->trusting = conf->ca_file || conf->ca_dir || conf->system_trust;
	set_text(&ctx->hint, conf->hint.data, conf->hint.len);
	set_source(&ctx->cert, &conf->cert);
	set_source(&ctx->ca, &conf->ca);
	set_string(&ctx->alpn, conf->alpn);
	*out = ctx;
	return 0;
}

static void
fake_ctx_free(struct tls_ctx *ctx)
{
	coap_free_type(COAP_DTLS_CONTEXT, ctx);
}

/* --- records that go out -------------------------------------------------- */

static uint32_t
tag_of(uint32_t key, uint64_t seq, unsigned type, const uint8_t *body,
    size_t len)
{
	uint8_t head[9];

	put(head, seq, 8);
	head[8] = (uint8_t)type;
	return mix(mix(key, head, sizeof head), body, len);
}

static void
crypt(uint32_t key, uint8_t *body, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		body[i] ^= (uint8_t)(key >> 8 * (i % 4));
}

static size_t
put_head(uint8_t *to, bool datagram, unsigned type, uint64_t epoch_seq,
    size_t len)
{
	to[0] = (uint8_t)type;
	put(to + 1, datagram ? 0xfefd : 0x0303, 2);
	if (datagram)
		put(to + 3, epoch_seq, 8);
	put(to + (datagram ? 11 : 3), len, 2);
	return datagram ? 13 : 5;
}

static int
send_record(struct tls_sess *s, unsigned type, const void *data, size_t len)
{
	uint8_t r[13 + FAKE_TLS_DATAGRAM + TAG];
	bool sealed = s->done;
	uint32_t key = sealed ? s->key : 0;
	uint64_t seq = s->tx_seq[sealed]++;
	size_t head = put_head(r, s->ctx->datagram, type,
	    (uint64_t)sealed << 48 | seq, len + TAG);

	if (len > 0)
		memcpy(r + head, data, len);
	put(r + head + len, tag_of(key, seq, type, r + head, len), TAG);
	crypt(key, r + head, len);
	return s->p.io->send(s->p.io_user, r, head + len + TAG);
}

static void
send_alert(struct tls_sess *s, int alert)
{
	uint8_t body[2] = { alert > 0 ? 2 : 1, (uint8_t)alert };

	send_record(s, ALERT, body, sizeof body);
}

/* The session ends; an alert over 0 is sent. */
static int
fail(struct tls_sess *s, int err, int alert, const char *words)
{
	s->error = words;
	if (alert > 0) {
		s->alert = alert;
		s->alert_sent = true;
		send_alert(s, alert);
	}
	return err;
}

/* --- flights -------------------------------------------------------------- */

static const struct {
	unsigned n;
	const char *names[PARTS];
} flights[] = {
	{ 1, { "retry" } },
	{ 3, { "client_hello", "client_alpn", "client_resume" } },
	{ 3, { "server_hello", "server_cert", "server_alpn" } },
	{ 3, { "identity", "client_cert", "client_finished" } },
	{ 2, { "ticket", "server_finished" } },
};

static void
set_number(struct text *t, uint32_t number)
{
	put(t->data, number, 4);
	t->len = 4;
}

static void
finished(const struct tls_sess *s, unsigned flight, struct text *out)
{
	set_number(out, mix(s->key, &flights[flight].n, sizeof(unsigned)));
}

/* What part i of a flight says. */
static void
make_part(struct tls_sess *s, unsigned flight, unsigned i, struct text *out)
{
	out->len = 0;
	switch (flight * PARTS + i) {
	case 1 * PARTS:
		set_number(out, s->cookie);
		memcpy(out->data + 4, s->name.data, s->name.len);
		out->len += s->name.len;
		break;
	case 1 * PARTS + 1:
	case 2 * PARTS + 2:
		*out = s->ctx->alpn;
		break;
	case 1 * PARTS + 2:
		*out = s->resume;
		break;
	case 2 * PARTS:
		*out = s->ctx->hint;
		break;
	case 2 * PARTS + 1:
	case 3 * PARTS + 1:
		*out = s->ctx->cert;
		break;
	case 3 * PARTS:
		*out = s->identity;
		break;
	case 3 * PARTS + 2:
	case 4 * PARTS + 1:
		finished(s, flight, out);
		break;
	case 4 * PARTS:
		set_string(out, s->resumed ? "again" : "new");
		break;
	default:
		break;
	}
}

static void
tell(struct tls_sess *s, bool sent, unsigned flight, unsigned i, size_t len)
{
	if (s->p.host && s->p.host->message)
		s->p.host->message(s->p.host_user, sent, flight,
		    flights[flight].names[i], len);
}

static int
send_flight(struct tls_sess *s, unsigned flight)
{
	uint8_t body[2 + PART_MAX];
	struct text part;
	bool done = s->done;
	int r = 0;
	unsigned i;

	s->sent = flight;
	s->done = false; /* also what is sent again is not sealed */
	for (i = 0; i < flights[flight].n && r == 0; i++) {
		make_part(s, flight, i, &part);
		body[0] = (uint8_t)flight;
		body[1] = (uint8_t)i;
		memcpy(body + 2, part.data, part.len);
		r = send_record(s, HANDSHAKE, body, 2 + part.len);
		tell(s, true, flight, i, part.len);
	}
	s->done = done;
	return r < 0 ? fail(s, -COAP_E_TLS, 0, "sending failed") : 0;
}

static void
await(struct tls_sess *s, unsigned flight)
{
	s->want = flight;
	s->got = 0;
	s->timeouts = 0;
}

/* Whether the peer with that certificate may go on. */
static int
verify(struct tls_sess *s, const struct text *cert)
{
	struct tls_bytes chain = bytes_of(cert);
	struct tls_peer peer = { .chain = &chain, .n = cert->len > 0 };
	int r = 0;

	s->peer_cert = *cert;
	if (peer.n > 0 && !s->ctx->trusting && !same(cert, &s->ctx->ca))
		peer.problems |= COAPX_CERT_UNTRUSTED;
	if (peer.n > 0 && s->name.len > 0 && !s->ctx->server &&
	    !memmem(cert->data, cert->len, s->name.data, s->name.len))
		peer.problems |= COAPX_CERT_NAME;
	if (peer.n == 0)
		peer.problems |= COAPX_CERT_NONE;
	if (s->p.host && s->p.host->verify)
		r = s->p.host->verify(s->p.host_user, &peer);
	return r < 0 ? fail(s, r, FAKE_TLS_BAD_CERT, "not trusted") : 0;
}

static void
set_key(struct tls_sess *s, struct tls_bytes key)
{
	s->key = mix(1, key.data, key.len);
}

static int
got_client_hello(struct tls_sess *s)
{
	char name[PART_MAX];
	const struct text *hello = &s->parts[0];
	size_t len = hello->len > 4 ? hello->len - 4 : 0;
	int r = 0;

	memcpy(name, hello->data + 4, len);
	name[len < PART_MAX ? len : PART_MAX - 1] = '\0';
	set_text(&s->name, name, len);
	if (s->p.host && s->p.host->name)
		r = s->p.host->name(s->p.host_user, len > 0 ? name : NULL,
		    &s->ctx);
	if (r < 0)
		return fail(s, r, FAKE_TLS_NAME, "name refused");
	if (s->ctx->alpn.len > 0 && !same(&s->ctx->alpn, &s->parts[1]))
		return fail(s, -COAP_E_TLS_ALPN, FAKE_TLS_ALPN, "no ALPN");
	s->resumed = s->parts[2].len == sizeof TICKET &&
	    memcmp(s->parts[2].data, TICKET, sizeof TICKET) == 0;
	await(s, 3);
	return send_flight(s, 2);
}

static int
got_server_hello(struct tls_sess *s)
{
	struct tls_psk psk = { 0 };
	int r = 0;

	if (s->ctx->alpn.len > 0 && !same(&s->ctx->alpn, &s->parts[2]))
		return fail(s, -COAP_E_TLS_ALPN, FAKE_TLS_ALPN, "no ALPN");
	if (s->ctx->psk) {
		r = s->p.host->psk_client(s->p.host_user,
		    bytes_of(&s->parts[0]), &psk);
		if (r < 0)
			return fail(s, r, FAKE_TLS_INTERNAL, "no key");
		set_text(&s->identity, psk.identity.data, psk.identity.len);
		set_key(s, psk.key);
	} else {
		r = verify(s, &s->parts[1]);
	}
	if (r < 0)
		return r;
	await(s, 4);
	return send_flight(s, 3);
}

static int
handshake_done(struct tls_sess *s)
{
	static const uint8_t ticket[] = TICKET;

	s->done = true;
	if (s->p.host && s->p.host->keylog)
		s->p.host->keylog(s->p.host_user, "FAKE_SECRET 00 01");
	if (!s->ctx->server && s->p.host && s->p.host->resumable)
		s->p.host->resumable(s->p.host_user,
		    (struct tls_bytes){ ticket, sizeof ticket });
	return 0;
}

/* Datagrams: a Finished that is wrong was never there. */
static int
wrong_key(struct tls_sess *s, unsigned part)
{
	if (!s->ctx->datagram)
		return fail(s, -COAP_E_PSK_KEY, FAKE_TLS_DECRYPT, "wrong key");
	s->bad++;
	s->got &= ~(1U << part);
	return 0;
}

static int
got_client_finished(struct tls_sess *s)
{
	struct tls_psk psk = { 0 };
	struct text expected;
	int r = 0;

	s->identity = s->parts[0];
	if (s->ctx->psk) {
		r = s->p.host->psk_server(s->p.host_user,
		    bytes_of(&s->identity), &psk);
		if (r < 0)
			return fail(s, r, FAKE_TLS_IDENTITY, "unknown");
		set_key(s, psk.key);
	} else if (s->ctx->ask == TLS_ASK_REQUIRED && s->parts[1].len == 0) {
		return fail(s, -COAP_E_NO_PEER_CERT, FAKE_TLS_NEEDS_CERT,
		    "no certificate");
	} else if (s->ctx->ask != TLS_ASK_NOTHING) {
		r = verify(s, &s->parts[1]);
	}
	if (r < 0)
		return r;
	finished(s, 3, &expected);
	if (!same(&expected, &s->parts[2]))
		return wrong_key(s, 2);
	r = send_flight(s, 4);
	return r < 0 ? r : handshake_done(s);
}

static int
got_server_finished(struct tls_sess *s)
{
	struct text expected;

	finished(s, 4, &expected);
	if (!same(&expected, &s->parts[1]))
		return wrong_key(s, 1);
	s->resumed = s->parts[0].len == strlen("again");
	return handshake_done(s);
}

static int (*const complete[])(struct tls_sess *s) = {
	NULL,
	got_client_hello,
	got_server_hello,
	got_client_finished,
	got_server_finished,
};

/* The server wants a cookie: all begins anew. */
static int
got_retry(struct tls_sess *s, const uint8_t *data, size_t len)
{
	if (s->ctx->server || s->want != 2 || len != 4 || s->cookie != 0)
		return 0;
	s->cookie = (uint32_t)get(data, 4);
	s->got = 0;
	return send_flight(s, 1);
}

static int
got_handshake(struct tls_sess *s, const struct record *r)
{
	unsigned flight, part;

	if (r->len < 2 || r->body[0] >= 5 || r->body[1] >= PARTS ||
	    r->len - 2 > PART_MAX)
		return fail(s, -COAP_E_TLS, FAKE_TLS_DECODE, "bad message");
	flight = r->body[0];
	part = r->body[1];
	tell(s, false, flight, part, r->len - 2);
	if (flight == 0)
		return got_retry(s, r->body + 2, r->len - 2);
	/* The peer did not hear the last flight. */
	if (flight + 1 == s->sent && (s->done || flight < s->want) && part == 0)
		return send_flight(s, s->sent);
	if (s->done || flight != s->want || part >= flights[flight].n)
		return 0;
	set_text(&s->parts[part], r->body + 2, r->len - 2);
	s->got |= 1U << part;
	if (s->got != (1U << flights[flight].n) - 1)
		return 0;
	return complete[flight](s);
}

/* --- records that come in ------------------------------------------------- */

/* Until n bytes of the stream are there: 0, -COAP_E_AGAIN or an error. */
static int
need(struct tls_sess *s, size_t n)
{
	ssize_t r;

	while (s->rx_len < n) {
		r = s->p.io->recv(s->p.io_user, s->rx + s->rx_len,
		    n - s->rx_len);
		if (r == -COAP_E_AGAIN)
			return -COAP_E_AGAIN;
		if (r <= 0)
			return fail(s, -COAP_E_TLS, 0, "the stream ended");
		s->rx_len += (size_t)r;
	}
	return 0;
}

/* Checks and opens what is in r. */
static bool
open_record(struct tls_sess *s, struct record *r)
{
	uint32_t key = r->sealed ? s->key : 0;

	if (r->len < TAG)
		return false;
	r->len -= TAG;
	crypt(key, r->body, r->len);
	return get(r->body + r->len, TAG) ==
	    tag_of(key, r->seq, r->type, r->body, r->len);
}

static int
stream_record(struct tls_sess *s, struct record *r)
{
	int err = need(s, 5);

	if (err < 0)
		return err;
	if (s->rx[0] < ALERT || s->rx[0] > DATA || s->rx[1] != 3 ||
	    get(s->rx + 3, 2) > FAKE_TLS_RECORD + TAG)
		return fail(s, -COAP_E_TLS, FAKE_TLS_DECODE, "no record");
	r->type = s->rx[0];
	r->body = s->rx + 5;
	r->len = (size_t)get(s->rx + 3, 2);
	err = need(s, 5 + r->len);
	if (err < 0)
		return err;
	s->rx_len = 0;
	r->sealed = s->done;
	r->seq = s->rx_seq[r->sealed]++;
	if (!open_record(s, r))
		return fail(s, -COAP_E_TLS, FAKE_TLS_BAD_RECORD, "bad record");
	return 0;
}

/* Whether a number was not here before. */
static bool
is_new(struct tls_sess *s, uint64_t seq)
{
	uint64_t *top = &s->rx_seq[1];
	uint64_t ago;

	seq++; /* 0: there was none */
	if (seq > *top) {
		s->rx_window =
		    seq - *top < 64 ? s->rx_window << (seq - *top) : 0;
		s->rx_window |= 1;
		*top = seq;
		return true;
	}
	ago = *top - seq;
	if (ago >= 64 || (s->rx_window >> ago & 1))
		return false;
	s->rx_window |= (uint64_t)1 << ago;
	return true;
}

/* The next record of the datagram at hand; false: there is none. */
static bool
cut_record(struct tls_sess *s, struct record *r)
{
	uint8_t *at = s->rx + s->rx_pos;
	size_t left = s->rx_len - s->rx_pos;

	if (left < 13 || get(at + 11, 2) > left - 13)
		return false;
	r->type = at[0];
	r->sealed = get(at + 3, 2) > 0;
	r->seq = get(at + 5, 6);
	r->body = at + 13;
	r->len = (size_t)get(at + 11, 2);
	s->rx_pos += 13 + r->len;
	return true;
}

static int
datagram_record(struct tls_sess *s, struct record *r)
{
	ssize_t n;

	for (;;) {
		while (cut_record(s, r)) {
			if (r->sealed <= s->done && open_record(s, r) &&
			    (!r->sealed || is_new(s, r->seq)))
				return 0;
			s->bad++;
		}
		s->rx_len = 0;
		s->rx_pos = 0;
		/* As libraries do that look before they read. */
		if (!s->done && !s->p.io->readable(s->p.io_user))
			return -COAP_E_AGAIN;
		n = s->p.io->recv(s->p.io_user, s->rx, sizeof s->rx);
		if (n <= 0)
			return -COAP_E_AGAIN;
		s->rx_len = (size_t)n;
	}
}

static int
got_alert(struct tls_sess *s, const struct record *r)
{
	if (r->len != 2)
		return 0;
	if (r->body[0] == 1 && s->done) {
		s->goodbye = true;
		return 0;
	}
	s->alert = r->body[1];
	return fail(s, -COAP_E_TLS_ALERT, 0, "the peer sent an alert");
}

/* One record, of which only data is left to do: 0 or an error. */
static int
take_record(struct tls_sess *s, struct record *r)
{
	int err =
	    s->ctx->datagram ? datagram_record(s, r) : stream_record(s, r);

	if (err < 0)
		return err;
	if (r->type == HANDSHAKE)
		return got_handshake(s, r);
	if (r->type == ALERT)
		return got_alert(s, r);
	if (!s->done && !s->ctx->datagram)
		return fail(s, -COAP_E_TLS, FAKE_TLS_DECODE, "early data");
	return 0;
}

/* --- the table ------------------------------------------------------------ */

static uint64_t
fake_version(void)
{
	return 0x010203;
}

static const char *
fake_version_text(void)
{
	return "1.2.3";
}

static uint32_t
cookie_of(const struct tls_hello *hello)
{
	return mix(7, hello->peer.data, hello->peer.len) | 1;
}

static enum tls_verdict
fake_admit(struct tls_ctx *ctx, const struct tls_hello *hello,
    struct tls_prestate *state)
{
	const uint8_t *d = hello->datagram.data;
	uint8_t r[13 + 2 + 4 + TAG];
	uint32_t cookie = cookie_of(hello);

	(void)ctx;
	if (hello->datagram.len < 13 + 2 + 4 + TAG || d[0] != HANDSHAKE ||
	    d[1] != 0xfe || d[13] != 1 || d[14] != 0)
		return TLS_DROP;
	if (get(d + 15, 4) == cookie) {
		state->owned = mem_new(COAP_DTLS_SESSION, 1, 1);
		put(state->bytes, cookie, 4);
		return state->owned ? TLS_ADMIT : TLS_DROP;
	}
	put_head(r, true, HANDSHAKE, get(d + 3, 8), 2 + 4 + TAG);
	r[13] = 0;
	r[14] = 0;
	put(r + 15, cookie, 4);
	put(r + 19, tag_of(0, get(d + 5, 6), HANDSHAKE, r + 13, 6), TAG);
	hello->reply(hello->user, r, sizeof r);
	return TLS_REPLIED;
}

static void
fake_unadmit(struct tls_prestate *state)
{
	coap_free_type(COAP_DTLS_SESSION, state->owned);
	state->owned = NULL;
}

static int
fake_sess_new(struct tls_ctx *ctx, const struct tls_sess_params *p,
    struct tls_sess **out)
{
	struct tls_sess *s = mem_new(COAP_DTLS_SESSION, 1, sizeof *s);

	if (!s)
		return -COAP_E_NOMEM;
	s->ctx = ctx;
	s->p = *p;
	s->mtu = p->mtu;
	s->alert = -1;
	s->key = NO_KEY;
	s->want = ctx->server ? 1 : 2;
	if (!ctx->server)
		set_text(&s->name, p->name,
		    p->name ? strnlen(p->name, TLS_NAME_MAX) : 0);
	set_text(&s->resume, p->resume.data, p->resume.len);
	if (p->prestate)
		fake_unadmit(p->prestate);
	*out = s;
	return 0;
}

static void
fake_sess_free(struct tls_sess *s)
{
	coap_free_type(COAP_DTLS_SESSION, s);
}

static int
fake_advance(struct tls_sess *s, bool timer_fired)
{
	struct record r;
	int err = 0;

	if (!s->begun && !s->ctx->server)
		err = send_flight(s, 1);
	s->begun = true;
	if (timer_fired && s->sent > 0 && !s->done) {
		if (++s->timeouts >= FAKE_TLS_TRIES)
			return fail(s, -COAP_E_TIMEOUT, 0, "no answer");
		err = send_flight(s, s->sent);
	}
	while (err == 0 && !s->done)
		err = take_record(s, &r);
	return err;
}

static ssize_t
give(struct tls_sess *s, void *data, size_t size)
{
	size_t n = s->plain_len < size ? s->plain_len : size;

	memcpy(data, s->plain, n);
	s->plain += n;
	s->plain_len -= n;
	return (ssize_t)n;
}

static ssize_t
fake_read(struct tls_sess *s, void *data, size_t size)
{
	struct record r = { 0 };
	int err;

	if (s->plain_len > 0)
		return give(s, data, size);
	while (!s->goodbye) {
		err = take_record(s, &r);
		if (err < 0)
			return err;
		if (r.type != DATA || r.len == 0)
			continue;
		if (s->ctx->datagram && r.len > size)
			return -COAP_E_TOOBIG;
		s->plain = r.body;
		s->plain_len = r.len;
		return give(s, data, size);
	}
	return 0;
}

static unsigned
data_mtu(const struct tls_sess *s)
{
	unsigned n = s->mtu - FAKE_TLS_DATAGRAM_OVERHEAD;

	return n < FAKE_TLS_DATAGRAM ? n : FAKE_TLS_DATAGRAM;
}

static unsigned
fake_data_mtu(struct tls_sess *s)
{
	return s->ctx->datagram ? data_mtu(s) : 0;
}

static int
fake_write(struct tls_sess *s, const void *data, size_t len)
{
	const uint8_t *at = data;
	int err = 0;
	size_t n;

	if (s->ctx->datagram && len > data_mtu(s))
		return -COAP_E_TOOBIG;
	for (; len > 0 && err == 0; at += n, len -= n) {
		n = s->ctx->datagram || len < FAKE_TLS_RECORD ? len
							      : FAKE_TLS_RECORD;
		err = send_record(s, DATA, at, n);
	}
	return err < 0 ? fail(s, -COAP_E_TLS, 0, "sending failed") : 0;
}

/* Like some libraries it counts half a record too. */
static bool
fake_pending(struct tls_sess *s)
{
	return s->plain_len > 0 || s->rx_pos < s->rx_len;
}

static int64_t
fake_timeout(struct tls_sess *s)
{
	int64_t ms = s->p.retransmit_ms > 0 ? s->p.retransmit_ms : 1000;

	if (!s->ctx->datagram || s->done || s->sent == 0)
		return -1;
	return ms << s->timeouts;
}

static int
fake_set_mtu(struct tls_sess *s, unsigned mtu)
{
	if (mtu <= FAKE_TLS_DATAGRAM_OVERHEAD)
		return -COAP_E_INVAL;
	s->mtu = mtu;
	return 0;
}

static void
fake_close(struct tls_sess *s, int alert)
{
	if (alert > 0) {
		s->alert = alert;
		s->alert_sent = true;
	}
	send_alert(s, alert);
}

static void
fake_info(struct tls_sess *s, struct tls_info *info)
{
	bool datagram = s->ctx->datagram;

	*info = (struct tls_info){
		.alert = s->alert,
		.alert_name = s->alert >= 0 ? "fake_alert" : NULL,
		.alert_sent = s->alert_sent,
		.resumed = s->resumed,
		.psk = s->ctx->psk,
		.suspect_key =
		    !s->done && (s->bad > 0 || (s->want == 4 && s->sent == 3)),
		.bad_records = s->bad,
		.overhead = datagram ? FAKE_TLS_DATAGRAM_OVERHEAD
				     : FAKE_TLS_STREAM_OVERHEAD,
		.data_mtu = datagram ? data_mtu(s) : 0,
	};
	if (s->done) {
		snprintf(info->version, sizeof info->version, "%s",
		    datagram ? "DTLS 1.2" : "TLS 1.2");
		snprintf(info->cipher, sizeof info->cipher, "FAKE_WITH_XOR");
	}
	snprintf(info->alpn, sizeof info->alpn, "%.*s", (int)s->ctx->alpn.len,
	    (const char *)s->ctx->alpn.data);
	snprintf(info->error, sizeof info->error, "%s",
	    s->error ? s->error : "");
	if (s->ctx->server && s->identity.len <= TLS_PSK_MAX) {
		memcpy(info->identity, s->identity.data, s->identity.len);
		info->identity_len = s->identity.len;
	}
}

static int
fake_peer_cert(struct tls_sess *s, size_t index, struct tls_bytes *der,
    bool *rpk)
{
	if (index > 0 || s->peer_cert.len == 0)
		return -COAP_E_NOTFOUND;
	*der = bytes_of(&s->peer_cert);
	*rpk = false;
	return 0;
}

static void *
fake_native(struct tls_sess *s)
{
	return s;
}

static int
fake_describe(struct tls_bytes der, bool rpk, coapx_cert_t *cert)
{
	if (!rpk)
		snprintf(cert->subject, sizeof cert->subject, "%.*s",
		    (int)der.len, (const char *)der.data);
	cert->is_rpk = rpk;
	return der.len > 0 ? 0 : -COAP_E_FORMAT;
}

const struct tls_backend fake_tls_backend = {
	.name = "Fake",
	.type = COAP_TLS_LIBRARY_GNUTLS,
	.built_version = 0x010203,
	.version = fake_version,
	.version_text = fake_version_text,
	.caps = TLS_CAP_DTLS12 | TLS_CAP_TLS12 | TLS_CAP_PSK | TLS_CAP_PKI |
	    TLS_CAP_RESUME | TLS_CAP_KEYLOG,
	.ctx_new = fake_ctx_new,
	.ctx_free = fake_ctx_free,
	.admit = fake_admit,
	.unadmit = fake_unadmit,
	.sess_new = fake_sess_new,
	.sess_free = fake_sess_free,
	.advance = fake_advance,
	.read = fake_read,
	.write = fake_write,
	.pending = fake_pending,
	.timeout = fake_timeout,
	.set_mtu = fake_set_mtu,
	.data_mtu = fake_data_mtu,
	.close = fake_close,
	.info = fake_info,
	.peer_cert = fake_peer_cert,
	.native = fake_native,
	.describe = fake_describe,
};

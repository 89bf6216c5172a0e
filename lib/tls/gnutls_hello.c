/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is looked at while handshake messages pass: the name that a client asks
 * for, before the library reads the rest; all of them, for a trace; and the
 * secrets, for a key log.
 */
#include <stdio.h>
#include <string.h>

#include "tls/gnutls_private.h"

/* IANA's numbers of extensions. */
#define EXT_SERVER_NAME 0

/* Longest line of a key log: a label, the random, a secret. */
#define KEYLOG_LINE 512

/* RFC 8446 section 4, RFC 5246 section 7.4; and the library's own numbers. */
static const struct {
	unsigned type;
	const char *name;
} names[] = {
	{ GNUTLS_HANDSHAKE_HELLO_REQUEST, "hello_request" },
	{ GNUTLS_HANDSHAKE_CLIENT_HELLO, "client_hello" },
	{ GNUTLS_HANDSHAKE_SERVER_HELLO, "server_hello" },
	{ GNUTLS_HANDSHAKE_HELLO_VERIFY_REQUEST, "hello_verify_request" },
	{ GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, "new_session_ticket" },
	{ GNUTLS_HANDSHAKE_END_OF_EARLY_DATA, "end_of_early_data" },
	{ GNUTLS_HANDSHAKE_ENCRYPTED_EXTENSIONS, "encrypted_extensions" },
	{ GNUTLS_HANDSHAKE_CERTIFICATE_PKT, "certificate" },
	{ GNUTLS_HANDSHAKE_SERVER_KEY_EXCHANGE, "server_key_exchange" },
	{ GNUTLS_HANDSHAKE_CERTIFICATE_REQUEST, "certificate_request" },
	{ GNUTLS_HANDSHAKE_SERVER_HELLO_DONE, "server_hello_done" },
	{ GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY, "certificate_verify" },
	{ GNUTLS_HANDSHAKE_CLIENT_KEY_EXCHANGE, "client_key_exchange" },
	{ GNUTLS_HANDSHAKE_FINISHED, "finished" },
	{ GNUTLS_HANDSHAKE_CERTIFICATE_STATUS, "certificate_status" },
	{ GNUTLS_HANDSHAKE_KEY_UPDATE, "key_update" },
	{ GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST, "hello_retry_request" },
	{ GNUTLS_HANDSHAKE_CHANGE_CIPHER_SPEC, "change_cipher_spec" },
};

static const char *
message_name(unsigned type)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].type == type)
			return names[i].name;
	return "unknown";
}

/* What a ClientHello says. */
struct hello {
	bool named;
	char name[TLS_NAME_MAX + 1];
};

/* RFC 6066 section 3: a list of types and names; the first host name counts. */
static int
take_extension(void *user, unsigned id, const unsigned char *data, unsigned len)
{
	struct hello *hello = user;
	unsigned n;

	if (id != EXT_SERVER_NAME)
		return 0;
	if (len < 5 || data[2] != 0)
		return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
	n = (unsigned)data[3] << 8 | data[4];
	if (n == 0 || n > TLS_NAME_MAX || n > len - 5 || memchr(data + 5, 0, n))
		return GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER;
	memcpy(hello->name, data + 5, n);
	hello->name[n] = '\0';
	hello->named = true;
	return 0;
}

/*
 * Before the library looks at a ClientHello: its session IDs, its tickets and
 * its suites are to be those of the context that the name belongs to.
 */
static int
choose_ctx(struct tls_sess *s, const gnutls_datum_t *message)
{
	struct tls_ctx *ctx = s->ctx;
	struct hello hello;
	int ret;

	/* A client that is asked for another key share comes twice. */
	if (s->named)
		return 0;
	s->named = true;
	memset(&hello, 0, sizeof(hello));
	ret = gnutls_ext_raw_parse(&hello, take_extension, message,
	    s->datagram ? GNUTLS_EXT_RAW_FLAG_DTLS_CLIENT_HELLO
			: GNUTLS_EXT_RAW_FLAG_TLS_CLIENT_HELLO);
	/* What is malformed the library refuses in its own words. */
	if (ret == GNUTLS_E_RECEIVED_ILLEGAL_PARAMETER)
		return ret;
	if (ret < 0)
		hello.named = false;
	if (!s->host->name)
		return 0;
	ret =
	    s->host->name(s->host_user, hello.named ? hello.name : NULL, &ctx);
	if (ret == -COAP_E_NAME_UNKNOWN)
		return tlsg_refuse(s, ret, GNUTLS_A_UNRECOGNIZED_NAME);
	if (ret != 0)
		return tlsg_refuse(s, ret, GNUTLS_A_INTERNAL_ERROR);
	return ctx != s->ctx ? tlsg_use_ctx(s, ctx) : 0;
}

static int
hook(gnutls_session_t tls, unsigned type, unsigned when, unsigned incoming,
    const gnutls_datum_t *message)
{
	struct tls_sess *s = gnutls_session_get_ptr(tls);

	(void)when;
	if (s->host->message)
		s->host->message(s->host_user, !incoming, type,
		    message_name(type), message->size);
	if (s->server && incoming && type == GNUTLS_HANDSHAKE_CLIENT_HELLO)
		return choose_ctx(s, message);
	return 0;
}

static size_t
put_hex(char *at, const gnutls_datum_t *bytes)
{
	static const char digits[] = "0123456789abcdef";
	unsigned i;

	for (i = 0; i < bytes->size; i++) {
		*at++ = digits[bytes->data[i] >> 4];
		*at++ = digits[bytes->data[i] & 15];
	}
	return (size_t)bytes->size * 2;
}

static int
keylog(gnutls_session_t tls, const char *label, const gnutls_datum_t *secret)
{
	struct tls_sess *s = gnutls_session_get_ptr(tls);
	gnutls_datum_t client, server;
	char line[KEYLOG_LINE];
	size_t len = strlen(label);

	gnutls_session_get_random(tls, &client, &server);
	if (len + 2 + 2 * ((size_t)client.size + secret->size) < sizeof(line)) {
		memcpy(line, label, len);
		line[len++] = ' ';
		len += put_hex(line + len, &client);
		line[len++] = ' ';
		len += put_hex(line + len, secret);
		line[len] = '\0';
		s->host->keylog(s->host_user, line);
		explicit_bzero(line, sizeof(line));
	}
	return s->next_keylog ? s->next_keylog(tls, label, secret) : 0;
}

void
tlsg_watch(struct tls_sess *s)
{
	if (s->server || s->host->message)
		gnutls_handshake_set_hook_function(s->tls,
		    (unsigned)GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_PRE, hook);
	if (s->host->keylog) {
		s->next_keylog = gnutls_session_get_keylog_function(s->tls);
		gnutls_session_set_keylog_function(s->tls, keylog);
	}
}

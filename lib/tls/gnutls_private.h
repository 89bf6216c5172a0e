/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the back-end GnuTLS share. */
#ifndef TLS_GNUTLS_PRIVATE_H
#define TLS_GNUTLS_PRIVATE_H

#include <gnutls/dtls.h>
#include <gnutls/gnutls.h>

#include "tls/backend.h"

/* How long a peer may come back to a session without a whole handshake. */
#define RESUME_SECONDS 3600
/* What a context keeps of its clients' sessions at most. */
#define CACHE_ENTRIES 1024
#define CACHE_BYTES   ((size_t)2 * 1024 * 1024)
/* Longest session ID of TLS 1.2. */
#define CACHE_KEY_MAX 32
/* Longest name of a protocol (ALPN). */
#define ALPN_MAX 15

/* One session that a client may resume; data is of len bytes. */
struct cache_entry {
	uint8_t key[CACHE_KEY_MAX];
	size_t key_len;
	uint8_t *data;
	size_t len;
};

/* A ring: the oldest entry is at first. */
struct cache {
	struct cache_entry *entries; /* CACHE_ENTRIES, at the first store */
	size_t first;
	size_t n;
	size_t bytes;
};

struct tls_ctx {
	bool server;
	bool datagram;
	enum tls_ask ask;
	bool own_cert; /* a certificate or raw public key to show */
	bool any_cert; /* some suite uses certificates */
	gnutls_priority_t priority;
	gnutls_certificate_credentials_t cert;
	gnutls_psk_server_credentials_t psk_server; /* NULL: no such suites */
	gnutls_psk_client_credentials_t psk_client;
	gnutls_datum_t cookie_key; /* servers of DTLS */
	gnutls_datum_t ticket_key; /* servers of TLS */
	char alpn[ALPN_MAX + 1];
	char *pin; /* what a token asks for, or NULL */
	struct cache cache;
};

enum sess_state {
	SESS_NEW, /* nothing was sent or received */
	SESS_HANDSHAKE,
	SESS_DONE,
	SESS_FAILED,
};

struct tls_sess {
	gnutls_session_t tls;
	struct tls_ctx *ctx; /* a server's: that of the name asked for */
	const struct tls_io *io;
	void *io_user;
	const struct tls_host *host;
	void *host_user;
	enum sess_state state;
	bool server;
	bool datagram;
	bool sent;     /* anything */
	bool pushed;   /* anything, since this was cleared */
	bool quiet;    /* the time was over, and nothing was to be sent again */
	bool starved;  /* tls_io had nothing, since this was cleared */
	bool named;    /* tls_host.name() was called */
	bool verified; /* the peer's proof was found good */
	bool psk_used; /* tls_host.psk_...() gave a key */
	bool resumable_given;
	bool goodbye;                /* of ours, was sent */
	unsigned retransmit_ms;      /* until a flight is sent again */
	char name[TLS_NAME_MAX + 1]; /* a client's: of the server, or "" */
	char identity[TLS_PSK_MAX];  /* a server's: of the client */
	size_t identity_len;
	int failed;     /* why, in SESS_FAILED */
	int io_error;   /* of tls_io, 0: none */
	int host_error; /* of a callback that ends the handshake, 0: none */
	int host_alert; /* that goes with it */
	int alert;      /* see tls_info */
	bool alert_sent;
	char error[96];
	gnutls_keylog_func next_keylog; /* of the library, for SSLKEYLOGFILE */
};

/* gnutls_priority.c: what is offered, by what the context has: 0 or error. */
int tlsg_priority(struct tls_ctx *ctx, const struct tls_conf *conf);

/* gnutls_credentials.c: loads what conf says into ctx->cert: 0, or an error
 * and a sentence in why. */
int tlsg_credentials(struct tls_ctx *ctx, const struct tls_conf *conf,
    char *why, size_t size);
/* Frees key material of len bytes and leaves nothing of it. */
void tlsg_wipe(void *data, size_t len);

/* gnutls_psk.c: 0 or an error and a sentence. */
int tlsg_psk(struct tls_ctx *ctx, const struct tls_conf *conf, char *why,
    size_t size);

/* gnutls_cookie.c */
enum tls_verdict tlsg_admit(struct tls_ctx *ctx, const struct tls_hello *hello,
    struct tls_prestate *state);

/* gnutls_session.c: takes credentials and suites of ctx: 0 or a GNUTLS_E. */
int tlsg_use_ctx(struct tls_sess *s, struct tls_ctx *ctx);

/* gnutls_hello.c: watches handshake messages and secrets. */
void tlsg_watch(struct tls_sess *s);

/* gnutls_resume.c */
void tlsg_cache_free(struct cache *cache);
void tlsg_resume_server(struct tls_sess *s);
void tlsg_resume_client(struct tls_sess *s, struct tls_bytes blob);
/* After the handshake, and after each read: what the peer gave, or is given. */
void tlsg_resume_done(struct tls_sess *s);
void tlsg_resume_later(struct tls_sess *s);

/* gnutls_io.c */
void tlsg_io(struct tls_sess *s);
ssize_t tlsg_read(struct tls_sess *s, void *data, size_t size);
int tlsg_write(struct tls_sess *s, const void *data, size_t len);
bool tlsg_pending(struct tls_sess *s);
/* Whether a call that had to wait should be made again, for it did not come to
 * the end of what there is; to be asked after s->starved was cleared before
 * that call. *calls counts them. */
bool tlsg_more(const struct tls_sess *s, unsigned *calls);

/* gnutls_verify.c: the callback of the library; and the same after a
 * handshake: 0, or a GNUTLS_E with s->host_error. */
int tlsg_verify(gnutls_session_t tls);
int tlsg_verify_late(struct tls_sess *s);
int tlsg_peer_cert(struct tls_sess *s, size_t index, struct tls_bytes *der,
    bool *rpk);

/* gnutls_errors.c: the session has failed with a GNUTLS_E: sends the alert
 * and gives the error. */
int tlsg_fail(struct tls_sess *s, int ret);
/* Ends a callback with an error of ours and the alert that goes with it. */
int tlsg_refuse(struct tls_sess *s, int err, int alert);
/* Whether a shared key is what the handshake uses. */
bool tlsg_is_psk(const struct tls_sess *s);
void tlsg_info(struct tls_sess *s, struct tls_info *info);

/* gnutls_describe.c */
int tlsg_describe(struct tls_bytes der, bool rpk, coapx_cert_t *cert);

#endif

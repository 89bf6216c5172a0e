/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam to a TLS library. One const table of functions a library; nothing
 * outside this folder names one. A back-end has no socket, no clock and no
 * thread of its own, and decides nothing: what it may trust, which key counts
 * and where bytes go it asks through callbacks.
 *
 * Contracts
 * 1. No call blocks. Bytes go out through tls_io.send() only, and come in
 *    through tls_io.recv() only; both may be called inside any function that
 *    takes a session, except free() and info().
 * 2. After sess_new(): advance() until it returns 0 once, then read() until it
 *    says -COAP_E_AGAIN, whenever something may have come.
 * 3. timeout() is asked after every call; when it is over advance(s, true).
 *    Before the handshake is done that retransmits a flight; afterwards
 *    timeout() is -1. The limit of the whole handshake is the caller's.
 * 4. DTLS: tls_io.recv() gives one datagram a call, once; tls_io.send() takes
 *    one record a call, and the caller joins those of one flight. A lost last
 *    flight is sent again by read().
 * 5. write() is all or nothing. DTLS: one message is one record,
 *    -COAP_E_TOOBIG over the data MTU. Streams: as many records as it takes.
 * 6. Errors are -COAP_E_... of the list's TLS part; info() tells the alert and
 *    the library's own words afterwards. After an error other than AGAIN and
 *    TOOBIG only info(), native(), peer_cert() and sess_free() may be called;
 *    the alert that belongs to it has been sent.
 * 7. Callbacks may call nothing of the back-end on their session but info(),
 *    native() and peer_cert(); what they return lives until they are called
 *    again, or the function that called them returns.
 * 8. A context offers only what its credentials can do. It must outlive its
 *    sessions.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <coap3/coap_dtls.h>
#include <coap3/coapx_tls.h>

#include "base/err.h"

/* Longest identity, hint and key that are taken, in bytes. */
#define TLS_PSK_MAX 128
/* Longest name (SNI) that is sent or taken. */
#define TLS_NAME_MAX 255
/* Longest chain that is kept of a peer. */
#define TLS_CHAIN_MAX 10

enum tls_cap {
	TLS_CAP_DTLS12 = 0x0001,
	TLS_CAP_TLS12 = 0x0002,
	TLS_CAP_TLS13 = 0x0004,
	TLS_CAP_PSK = 0x0008,
	TLS_CAP_PKI = 0x0010,
	TLS_CAP_RPK = 0x0020,
	TLS_CAP_PKCS11 = 0x0040,
	TLS_CAP_RESUME = 0x0080,
	TLS_CAP_KEYLOG = 0x0100,
	TLS_CAP_CID = 0x0200,
};

/* Bytes that are somebody else's. */
struct tls_bytes {
	const uint8_t *data;
	size_t len;
};

/* Where a certificate or key is. */
enum tls_source_kind {
	TLS_SOURCE_NONE,
	TLS_SOURCE_FILE,   /* name of a file, PEM or DER */
	TLS_SOURCE_MEMORY, /* PEM or DER in bytes */
	TLS_SOURCE_PKCS11, /* name is a URI (RFC 7512) */
};

struct tls_source {
	enum tls_source_kind kind;
	const char *name;
	struct tls_bytes bytes;
};

/* What a server asks of its clients. */
enum tls_ask {
	TLS_ASK_NOTHING,
	TLS_ASK_CERT,     /* a client without one is let in */
	TLS_ASK_REQUIRED, /* and one without is refused */
};

/* What a context is made of; not kept: all is copied or loaded. */
struct tls_conf {
	bool server;
	bool datagram;
	/* tls_host.psk() has keys. */
	bool psk;
	/* A server's, sent when it is not empty (RFC 4279 section 2). */
	struct tls_bytes hint;
	/* Our certificate (a chain) and its key. With rpk: the key, and the
	 * public key unless it can be told from the key (RFC 7250). */
	struct tls_source cert;
	struct tls_source key;
	const char *pin; /* of a token; NULL */
	bool rpk;        /* raw public keys, ours and the peer's */
	/* Certificates of peers can be used (a client: offers such suites). */
	bool pki;
	enum tls_ask ask; /* servers */
	/* Whom to trust: any of them, all NULL or none means nobody. */
	struct tls_source ca;
	const char *ca_file; /* of coap_context_set_pki_root_cas() */
	const char *ca_dir;
	bool system_trust;
	struct tls_source crl;
	/* Offered, NULL: none. A peer that offers others only is refused, one
	 * that offers none is not (RFC 8323 section 8.2). */
	const char *alpn;
};

struct tls_ctx;
struct tls_sess;

/* What a callback gives: an identity (clients only) and a key. */
struct tls_psk {
	struct tls_bytes identity;
	struct tls_bytes key;
};

/* The peer's proof, for a decision. */
struct tls_peer {
	bool rpk;
	const struct tls_bytes *chain; /* DER, the peer's own first */
	size_t n;                      /* 0: it sent none */
	unsigned problems;             /* COAPX_CERT_... that were found */
};

/* From a handshake to its owner; user is tls_sess_params.host_user. */
struct tls_host {
	/*
	 * A client's identity and key for the server's hint (empty: none, and
	 * always so in TLS 1.3): 0, or an error that ends the handshake.
	 */
	int (*psk_client)(void *user, struct tls_bytes hint,
	    struct tls_psk *psk);
	/* A server's key for the client's identity; -COAP_E_PSK_IDENTITY when
	 * it knows none. */
	int (*psk_server)(void *user, struct tls_bytes identity,
	    struct tls_psk *psk);
	/*
	 * A client asks for a name (NULL: none); called once, before any key
	 * is needed. *ctx may be set to another context, whose credentials
	 * then count. 0, or an error that refuses the client.
	 */
	int (*name)(void *user, const char *name, struct tls_ctx **ctx);
	/* Whether to go on with this peer: 0, or the error to end with. */
	int (*verify)(void *user, const struct tls_peer *peer);
	/* What a later handshake can be shortened with; NULL: not wanted. */
	void (*resumable)(void *user, struct tls_bytes data);
	/* A handshake message, for the trace; NULL: not wanted. */
	void (*message)(void *user, bool sent, unsigned type, const char *name,
	    size_t len);
	/* One line of a key log (NSS format) without its newline; NULL: not
	 * wanted. */
	void (*keylog)(void *user, const char *line);
};

/* Where bytes come from and go to; user is tls_sess_params.io_user. */
struct tls_io {
	/* Bytes, or a datagram; -COAP_E_AGAIN; 0: the stream has ended. */
	ssize_t (*recv)(void *user, void *data, size_t size);
	/* Whether recv() would give something now. */
	bool (*readable)(void *user);
	/* Takes all: 0, or an error after which the session has failed. */
	int (*send)(void *user, const void *data, size_t len);
};

/* What admit() found out, for sess_new(). */
struct tls_prestate {
	void *
	    owned; /* a back-end's own; given back by unadmit() or sess_new() */
	uint8_t bytes[64];
};

/* A datagram of a peer that has no session. */
struct tls_hello {
	struct tls_bytes datagram;
	struct tls_bytes peer; /* its address and port, and ours */
	uint64_t now_ms;       /* any clock that does not jump */
	/* Sends a datagram to it. */
	int (*reply)(void *user, const void *data, size_t len);
	void *user;
};

enum tls_verdict {
	TLS_DROP,    /* no ClientHello: say nothing */
	TLS_REPLIED, /* it was asked to show its address; nothing is kept */
	TLS_ADMIT,   /* its cookie is good: sess_new() with the prestate, whose
	                io.recv() then gives the same datagram */
};

struct tls_sess_params {
	/* A client's: the name to ask for and to check; NULL: none. An address
	 * is checked, but not sent (RFC 6066 section 3). */
	const char *name;
	struct tls_bytes resume; /* of tls_host.resumable(), or empty */
	unsigned mtu;            /* DTLS: bytes of a datagram's payload */
	/* DTLS: first wait of a flight; 0: 1000. */
	unsigned retransmit_ms;
	struct tls_prestate *prestate; /* after TLS_ADMIT, else NULL */
	const struct tls_io *io;
	void *io_user;
	const struct tls_host *host;
	void *host_user;
};

struct tls_info {
	char version[16];       /* "DTLS 1.2"; "" before it is known */
	char cipher[64];        /* IANA's name, "TLS_PSK_WITH_AES_128_CCM_8" */
	char alpn[16];          /* "" when none was agreed */
	char error[96];         /* the library's words for the last error */
	int alert;              /* number of the last fatal alert, -1: none */
	const char *alert_name; /* of RFC 8446 section 6, or NULL */
	bool alert_sent;        /* by us, not by the peer */
	bool resumed;
	bool psk; /* the peer proved itself with a shared key */
	/* The handshake stands where a wrong key would leave it: our Finished
	 * is out, or records came that could not be read. */
	bool suspect_key;
	unsigned bad_records;
	unsigned overhead;          /* bytes that a record adds */
	unsigned data_mtu;          /* DTLS: the longest message; else 0 */
	char identity[TLS_PSK_MAX]; /* a server's: what the client said it is */
	size_t identity_len;
};

struct tls_backend {
	const char *name; /* "GnuTLS" */
	coap_tls_library_t type;
	uint64_t built_version; /* as the library numbers itself */
	uint64_t (*version)(void);
	const char *(*version_text)(void);
	uint32_t caps; /* enum tls_cap */

	/* 0 and *out, or an error (-COAP_E_CREDENTIALS, -COAP_E_NOTSUP,
	 * -COAP_E_NOMEM) and a sentence in why. */
	int (*ctx_new)(const struct tls_conf *conf, struct tls_ctx **out,
	    char *why, size_t size);
	void (*ctx_free)(struct tls_ctx *ctx); /* NULL is fine */

	/* Servers of DTLS. Cookies are good for 60 to 120 seconds. */
	enum tls_verdict (*admit)(struct tls_ctx *ctx,
	    const struct tls_hello *hello, struct tls_prestate *state);
	void (*unadmit)(struct tls_prestate *state); /* NULL: nothing to do */

	int (*sess_new)(struct tls_ctx *ctx, const struct tls_sess_params *p,
	    struct tls_sess **out);
	void (*sess_free)(struct tls_sess *s); /* sends nothing; NULL is fine */
	/* 0: done; -COAP_E_AGAIN; else why it failed. */
	int (*advance)(struct tls_sess *s, bool timer_fired);
	/* Bytes, or one message; 0: the peer has said goodbye. */
	ssize_t (*read)(struct tls_sess *s, void *data, size_t size);
	int (*write)(struct tls_sess *s, const void *data, size_t len);
	/* Whether read() has something without tls_io.recv(). */
	bool (*pending)(struct tls_sess *s);
	int64_t (*timeout)(struct tls_sess *s); /* ms, 0: now, -1: none */
	int (*set_mtu)(struct tls_sess *s, unsigned mtu);
	/* What info() has, for every message: the longest one, 0 if streams. */
	unsigned (*data_mtu)(struct tls_sess *s);
	/* Says goodbye (close_notify), or ends with a fatal alert (over 0). */
	void (*close)(struct tls_sess *s, int alert);
	void (*info)(struct tls_sess *s, struct tls_info *info);
	/* The peer's certificate or raw public key, DER: 0 or -COAP_E_NOTFOUND.
	 * Lives as long as the session. */
	int (*peer_cert)(struct tls_sess *s, size_t index,
	    struct tls_bytes *der, bool *rpk);
	void *(*native)(struct tls_sess *s); /* the library's handle */

	/* What a certificate or raw public key says. */
	int (*describe)(struct tls_bytes der, bool rpk, coapx_cert_t *cert);
};

/*
 * The back-end of this build, loaded at its first use; NULL, and a sentence in
 * why (may be NULL), when there is none or it cannot be loaded. One of the
 * files load_*.c and none.c has it.
 */
const struct tls_backend *tls_backend(char *why, size_t size);
/* What it would be, without loading it: NULL when this build has none. */
const char *tls_backend_name(void);
coap_tls_library_t tls_backend_type(void);

#endif

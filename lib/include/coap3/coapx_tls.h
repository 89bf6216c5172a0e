/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be known of a secured session, and credentials in one piece. The
 * structs of coap_dtls.h keep their meaning; this header adds what libcoap has
 * no name for.
 */
#ifndef COAPX_TLS_H
#define COAPX_TLS_H

#include <coap3/coap_dtls.h>
#include <coap3/coap_forward_decls.h>

/* What can be wrong with a peer's certificate; several at once. */
#define COAPX_CERT_NONE        0x0001u /* the peer has sent none */
#define COAPX_CERT_UNTRUSTED   0x0002u /* no trusted issuer */
#define COAPX_CERT_SELF_SIGNED 0x0004u /* and it is its own issuer */
#define COAPX_CERT_NAME        0x0008u /* is for another name */
#define COAPX_CERT_EXPIRED     0x0010u
#define COAPX_CERT_NOT_YET     0x0020u /* valid only from a later time on */
#define COAPX_CERT_REVOKED     0x0040u
#define COAPX_CERT_WEAK        0x0080u /* a hash or key that is too weak */
#define COAPX_CERT_SIGNATURE   0x0100u /* a signature does not match */
#define COAPX_CERT_PURPOSE     0x0200u /* not made for this use */
#define COAPX_CERT_UNKNOWN_KEY 0x0400u /* a raw public key not expected */
#define COAPX_CERT_CALLBACK    0x0800u /* the application said no */
#define COAPX_CERT_OTHER       0x1000u

/* A few words for one of these bits; "" for anything else. */
COAP_API const char *coapx_cert_problem(unsigned bit);

/* How the peer proved who it is. */
typedef enum {
	COAPX_AUTH_NONE = 0,
	COAPX_AUTH_PSK = 1,
	COAPX_AUTH_PKI = 2, /* a certificate */
	COAPX_AUTH_RPK = 3, /* a raw public key */
} coapx_auth_t;

/* A handshake as far as it got; also after it failed or the session ended. */
typedef struct coapx_tls_info_t {
	size_t size;
	char library[32]; /* "GnuTLS 3.7.9" */
	char version[16]; /* "DTLS 1.2"; "" before it is known */
	char cipher[64];  /* "TLS_PSK_WITH_AES_128_CCM_8" */
	char alpn[16];
	coapx_auth_t auth;
	int established;     /* the handshake is done */
	int resumed;         /* from an earlier session */
	int checked;         /* the peer's proof was checked: 0 with INSECURE */
	int trusted;         /* ... and found good */
	unsigned problems;   /* COAPX_CERT_..., also when they were allowed */
	int alert;           /* number of the alert that ended it, or -1 */
	int alert_sent;      /* it was ours */
	char alert_name[32]; /* "unknown_psk_identity" */
	int suspect_key; /* it stands still where a wrong key would leave it */
	char name[256];  /* the name that is asked for and checked, or "" */
	char detail[96]; /* the library's own words for the last error */
} coapx_tls_info_t;

/*
 * 0; -COAP_E_INVAL on NULL; -COAP_E_NOTSUP for a protocol without security;
 * -COAP_E_STATE before a handshake has begun.
 */
COAP_API int coapx_session_get_tls_info(const coap_session_t *session,
    coapx_tls_info_t *info);

/* What a certificate says; times in seconds since 1970, UTC. */
typedef struct coapx_cert_t {
	size_t size;
	char common_name[128]; /* of the subject, "" unless it has one that
	                        * fits; "RPK" for a raw public key */
	char subject[256];     /* RFC 4514; a raw public key has none */
	char issuer[256];
	char san[512];   /* "DNS:a.example, IP:192.0.2.1", cut if longer */
	char sha256[65]; /* of the DER bytes, hexadecimal */
	char key[32];    /* "EC/ECDSA 256 bits" */
	int64_t not_before;
	int64_t not_after;
	int is_rpk;
} coapx_cert_t;

/* The peer's chain, its own certificate at index 0. -COAP_E_NOTFOUND when
 * there is none at that place. */
COAP_API int coapx_session_get_peer_cert(const coap_session_t *session,
    unsigned index, coapx_cert_t *cert);
/* Its DER bytes; they live as long as the session's transport. */
COAP_API int coapx_session_get_peer_der(const coap_session_t *session,
    unsigned index, const uint8_t **der, size_t *len);

/*
 * Credentials of a client session or an endpoint. What is NULL is not used.
 * With none at all a client trusts the system's certificates. Unlike
 * coap_dtls_pki_t alone, a peer is verified, chain and name, unless the flags
 * say otherwise; verify_peer_cert and client_sni need not be set. All is
 * copied, but callbacks and what they give back.
 */
typedef struct coapx_credentials_t {
	size_t size;
	const coap_dtls_cpsk_t *client_psk;
	const coap_dtls_spsk_t *server_psk;
	const coap_dtls_pki_t *pki;
	const char *server_name; /* a client's: instead of the URI's host */
	/* A raw public key (SubjectPublicKeyInfo, DER or PEM) that the peer
	 * must have; NULL: any. */
	const uint8_t *peer_rpk;
	size_t peer_rpk_len;
	unsigned flags;
} coapx_credentials_t;

#define COAPX_TLS_INSECURE     0x1u /* the peer is not verified */
#define COAPX_TLS_SYSTEM_TRUST 0x2u /* beside the CA that is given */
#define COAPX_TLS_NO_NAME      0x4u /* its chain is, its name is not */
/* A client's, for servers that break RFC 8323 section 8.2: over TLS the server
 * need not name the protocol (ALPN) on ports other than 5684 either. */
#define COAPX_TLS_NO_ALPN 0x8u

/* Appends the secrets of each handshake (NSS key log format) to a file, for
 * tools that decrypt captures; NULL ends it. 0 or an error of the file. The
 * environment's SSLKEYLOGFILE does the same without a call. */
COAP_API int coapx_context_set_keylog(coap_context_t *context,
    const char *file);

#endif

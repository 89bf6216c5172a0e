/* SPDX-License-Identifier: BSD-2-Clause */
/* (D)TLS configuration. */
#ifndef COAP_DTLS_H
#define COAP_DTLS_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_str.h>

/* What the version fields below must hold. */
#define COAP_DTLS_PKI_SETUP_VERSION  1
#define COAP_DTLS_CPSK_SETUP_VERSION 1
#define COAP_DTLS_SPSK_SETUP_VERSION 1

/* What a program may count on in any build of libcoap, bytes; here an identity,
 * a key and a hint may have 128 each. */
#define COAP_DTLS_MAX_PSK_IDENTITY 64
#define COAP_DTLS_MAX_PSK          64
#define COAP_DTLS_HINT_LENGTH      128

/* The name that a callback is given for a raw public key. */
#define COAP_DTLS_RPK_CERT_CN "RPK"

typedef struct coap_dtls_pki_t coap_dtls_pki_t;

/* A TLS library; NOTLS when there is none. */
typedef enum coap_tls_library_t {
	COAP_TLS_LIBRARY_NOTLS = 0,
	COAP_TLS_LIBRARY_TINYDTLS = 1,
	COAP_TLS_LIBRARY_OPENSSL = 2,
	COAP_TLS_LIBRARY_GNUTLS = 3,
	COAP_TLS_LIBRARY_MBEDTLS = 4,
	COAP_TLS_LIBRARY_WOLFSSL = 5,
} coap_tls_library_t;

/* See coap_get_tls_library_version(). */
typedef struct coap_tls_version_t {
	uint64_t version;
	coap_tls_library_t type;
	uint64_t built_version;
} coap_tls_version_t;

typedef enum coap_dtls_role_t {
	COAP_DTLS_ROLE_CLIENT = 0,
	COAP_DTLS_ROLE_SERVER = 1,
} coap_dtls_role_t;

/* How a coap_dtls_key_t holds keys; DEFINE: each part in its own way. */
typedef enum coap_pki_key_t {
	COAP_PKI_KEY_PEM = 0,
	COAP_PKI_KEY_ASN1 = 1,
	COAP_PKI_KEY_PEM_BUF = 2,
	COAP_PKI_KEY_PKCS11 = 3,
	COAP_PKI_KEY_DEFINE = 4,
} coap_pki_key_t;

/* How one part of a coap_pki_key_define_t is given; _BUF: in memory. */
typedef enum coap_pki_define_t {
	COAP_PKI_KEY_DEF_PEM = 0,
	COAP_PKI_KEY_DEF_PEM_BUF = 1,
	COAP_PKI_KEY_DEF_RPK_BUF = 2,
	COAP_PKI_KEY_DEF_DER = 3,
	COAP_PKI_KEY_DEF_DER_BUF = 4,
	COAP_PKI_KEY_DEF_PKCS11 = 5,
	COAP_PKI_KEY_DEF_PKCS11_RPK = 6,
	COAP_PKI_KEY_DEF_ENGINE = 7,
} coap_pki_define_t;

/* What a private key in DER is. */
typedef enum coap_asn1_privatekey_type_t {
	COAP_ASN1_PKEY_NONE,
	COAP_ASN1_PKEY_RSA,
	COAP_ASN1_PKEY_RSA2,
	COAP_ASN1_PKEY_DSA,
	COAP_ASN1_PKEY_DSA1,
	COAP_ASN1_PKEY_DSA2,
	COAP_ASN1_PKEY_DSA3,
	COAP_ASN1_PKEY_DSA4,
	COAP_ASN1_PKEY_DH,
	COAP_ASN1_PKEY_DHX,
	COAP_ASN1_PKEY_EC,
	COAP_ASN1_PKEY_HMAC,
	COAP_ASN1_PKEY_CMAC,
	COAP_ASN1_PKEY_TLS1_PRF,
	COAP_ASN1_PKEY_HKDF,
} coap_asn1_privatekey_type_t;

/* A text or bytes, whichever the coap_pki_define_t of the part asks for. */
typedef union {
	const char *s_byte;
	const uint8_t *u_byte;
} coap_const_char_ptr_t;

/*
 * Keys and certificates. A part that is not used is NULL. Everything the
 * pointers show stays the application's; see the functions that take it for how
 * long it must live.
 */

/* Names of PEM files. */
typedef struct coap_pki_key_pem_t {
	const char *ca_file;
	const char *public_cert;
	const char *private_key;
} coap_pki_key_pem_t;

/* PEM in memory. */
typedef struct coap_pki_key_pem_buf_t {
	const uint8_t *ca_cert;
	const uint8_t *public_cert;
	const uint8_t *private_key;
	size_t ca_cert_len;
	size_t public_cert_len;
	size_t private_key_len;
} coap_pki_key_pem_buf_t;

/* DER in memory. */
typedef struct coap_pki_key_asn1_t {
	const uint8_t *ca_cert;
	const uint8_t *public_cert;
	const uint8_t *private_key;
	size_t ca_cert_len;
	size_t public_cert_len;
	size_t private_key_len;
	coap_asn1_privatekey_type_t private_key_type;
} coap_pki_key_asn1_t;

/* PKCS#11 URIs (RFC 7512), and the PIN unless they hold it. */
typedef struct coap_pki_key_pkcs11_t {
	const char *ca;
	const char *public_cert;
	const char *private_key;
	const char *user_pin;
} coap_pki_key_pkcs11_t;

/* Parts of any kind, each with its own coap_pki_define_t. */
typedef struct coap_pki_key_define_t {
	coap_const_char_ptr_t ca;
	coap_const_char_ptr_t public_cert;
	coap_const_char_ptr_t private_key;
	size_t ca_len;
	size_t public_cert_len;
	size_t private_key_len;
	coap_pki_define_t ca_def;
	coap_pki_define_t public_cert_def;
	coap_pki_define_t private_key_def;
	coap_asn1_privatekey_type_t private_key_type;
	const char *user_pin;
} coap_pki_key_define_t;

/* key_type tells which member of the union counts. */
typedef struct coap_dtls_key_t {
	coap_pki_key_t key_type;
	union {
		coap_pki_key_pem_t pem;
		coap_pki_key_pem_buf_t pem_buf;
		coap_pki_key_asn1_t asn1;
		coap_pki_key_pkcs11_t pkcs11;
		coap_pki_key_define_t define;
	} key;
} coap_dtls_key_t;

/* What a client proves itself with. */
typedef struct coap_dtls_cpsk_info_t {
	coap_bin_const_t identity;
	coap_bin_const_t key;
} coap_dtls_cpsk_info_t;

/* What a server proves itself with. */
typedef struct coap_dtls_spsk_info_t {
	coap_bin_const_t hint;
	coap_bin_const_t key;
} coap_dtls_spsk_info_t;

/*
 * Last changes to the TLS library's handle, before the handshake begins:
 * setup_data is as it was given, without its key. 1, or 0 to end the session,
 * with COAP_NACK_TLS_LAYER_FAILED. It is called inside the making of a session
 * and may call nothing of this library.
 */
typedef int (*coap_dtls_security_setup_t)(void *tls_session,
    coap_dtls_pki_t *setup_data);
/*
 * Judges a certificate of the peer: its common name (see coapx_cert_t), its DER
 * bytes, its place in the chain and whether the library found the chain valid.
 * Called for each, the peer's own, 0, last. 1 accepts, 0 rejects the peer.
 */
typedef int (*coap_dtls_cn_callback_t)(const char *cn,
    const uint8_t *asn1_public_cert, size_t asn1_length,
    coap_session_t *session, unsigned int depth, int validated, void *arg);
/*
 * A server's credentials for the name that a client asks for, "" for none. The
 * result is copied, and kept for the next client with that name; NULL rejects
 * the client.
 */
typedef coap_dtls_key_t *(
    *coap_dtls_pki_sni_callback_t)(const char *sni, void *arg);
/*
 * A client's identity and key for the hint of the server; a server's key for
 * the identity of the client; a server's hint and key for the name that the
 * client asks for, "" for none, which are kept for the next client with that
 * name. The result is copied; NULL ends the session.
 */
typedef const coap_dtls_cpsk_info_t *(
    *coap_dtls_ih_callback_t)(coap_str_const_t *hint, coap_session_t *session,
    void *arg);
typedef const coap_bin_const_t *(
    *coap_dtls_id_callback_t)(coap_bin_const_t *identity,
    coap_session_t *session, void *arg);
typedef const coap_dtls_spsk_info_t *(
    *coap_dtls_psk_sni_callback_t)(const char *sni, coap_session_t *session,
    void *arg);

/*
 * Certificates, and how to judge the peer's. Zero the struct first, so that
 * what is not set is off.
 */
struct coap_dtls_pki_t {
	uint8_t version;
	uint8_t verify_peer_cert; /* there must be one, and it be valid */
	uint8_t check_common_ca;  /* the CA of pki_key, and no other */
	uint8_t allow_self_signed;
	uint8_t allow_expired_certs;
	uint8_t cert_chain_validation; /* up to cert_chain_verify_depth */
	uint8_t cert_chain_verify_depth;
	uint8_t check_cert_revocation; /* by lists in the file of the CA */
	uint8_t allow_no_crl;          /* not used: none need be there */
	uint8_t allow_expired_crl;     /* not used: an old one is refused */
	uint8_t allow_bad_md_hash;
	uint8_t allow_short_rsa_length;
	uint8_t is_rpk_not_cert; /* raw public keys (RFC 7250) */
	uint8_t use_cid;         /* connection ID (RFC 9146): not used */
	uint8_t reserved[2];
	coap_dtls_cn_callback_t validate_cn_call_back;
	void *cn_call_back_arg;
	coap_dtls_pki_sni_callback_t validate_sni_call_back;
	void *sni_call_back_arg;
	coap_dtls_security_setup_t additional_tls_setup_call_back;
	char *client_sni; /* the server's name, for a client */
	coap_dtls_key_t pki_key;
};

/* A client's pre-shared key. Zero the struct first. */
typedef struct coap_dtls_cpsk_t {
	uint8_t version;
	uint8_t ec_jpake; /* not supported: refused */
	uint8_t use_cid;  /* not used */
	uint8_t reserved[5];
	coap_dtls_ih_callback_t validate_ih_call_back;
	void *ih_call_back_arg;
	char *client_sni;
	coap_dtls_cpsk_info_t psk_info;
} coap_dtls_cpsk_t;

/* A server's pre-shared keys. Zero the struct first. */
typedef struct coap_dtls_spsk_t {
	uint8_t version;
	uint8_t ec_jpake; /* not supported: refused */
	uint8_t reserved[6];
	coap_dtls_id_callback_t validate_id_call_back;
	void *id_call_back_arg;
	coap_dtls_psk_sni_callback_t validate_sni_call_back;
	void *sni_call_back_arg;
	coap_dtls_spsk_info_t psk_info;
} coap_dtls_spsk_t;

/*
 * Sets OpenSSL's engines up from a configuration text. Not supported by this
 * library: always 0, with a warning.
 */
COAP_API int coap_tls_engine_configure(coap_str_const_t *conf_mem);

/*
 * Undoes coap_tls_engine_configure(). Not supported by this library: always 0,
 * with a warning.
 */
COAP_API int coap_tls_engine_remove(void);

/*
 * Which TLS library is used: its version at work, its kind, and the version it
 * was built with. Without one the kind is COAP_TLS_LIBRARY_NOTLS and the
 * versions are 0. Thread-local, never freed, never NULL. See
 * coap_tls_library(3).
 */
COAP_API coap_tls_version_t *coap_get_tls_library_version(void);

#endif

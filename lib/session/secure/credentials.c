/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials: copies of what applications give, and their end. */
#include "session/secure/credentials.h"

#include <string.h>

#include "base/alloc.h"
#include "base/sized.h"

/* --- copies -------------------------------------------------------------- */

static void
wipe_text(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	coap_free_type(COAP_STRING, *text);
	*text = NULL;
}

void
credentials_wipe(coap_bin_const_t **bytes)
{
	if (*bytes)
		explicit_bzero((void *)(uintptr_t)(*bytes)->s,
		    (*bytes)->length);
	coap_delete_bin_const(*bytes);
	*bytes = NULL;
}

/* NULL stays NULL. */
static int
copy_text(char **out, const char *text)
{
	size_t len;

	wipe_text(out);
	if (!text)
		return 0;
	len = strlen(text) + 1;
	*out = coap_malloc_type(COAP_STRING, len);
	if (!*out)
		return -COAP_E_NOMEM;
	memcpy(*out, text, len);
	return 0;
}

static int
copy_bytes(coap_bin_const_t **out, const uint8_t *data, size_t len)
{
	credentials_wipe(out);
	if (!data)
		return 0;
	*out = coap_new_bin_const(data, len);
	return *out ? 0 : -COAP_E_NOMEM;
}

static void
source_free(struct cred_source *s)
{
	wipe_text(&s->name);
	credentials_wipe(&s->bytes);
	s->kind = TLS_SOURCE_NONE;
}

/* A file or URI; NULL: nothing. */
static int
source_name(struct cred_source *s, enum tls_source_kind kind, const char *name)
{
	source_free(s);
	if (name && strncmp(name, "pkcs11:", 7) == 0)
		kind = TLS_SOURCE_PKCS11;
	if (name)
		s->kind = kind;
	return copy_text(&s->name, name);
}

static int
source_bytes(struct cred_source *s, const uint8_t *data, size_t len)
{
	source_free(s);
	if (data)
		s->kind = TLS_SOURCE_MEMORY;
	return copy_bytes(&s->bytes, data, len);
}

static int
source_copy(struct cred_source *to, const struct cred_source *from)
{
	int err = copy_text(&to->name, from->name);

	if (err == 0 && from->bytes)
		err =
		    copy_bytes(&to->bytes, from->bytes->s, from->bytes->length);
	to->kind = from->kind;
	return err;
}

/* --- birth and death ----------------------------------------------------- */

struct credentials *
credentials_new(bool server)
{
	struct credentials *c = mem_new(COAP_STRING, 1, sizeof *c);

	if (!c)
		return NULL;
	c->refs = 1;
	c->server = server;
	return c;
}

struct credentials *
credentials_ref(struct credentials *c)
{
	c->refs++;
	return c;
}

static void
credentials_free(struct credentials *c)
{
	size_t i;

	for (i = 0; i < COAP_PROTO_LAST; i++)
		if (c->ctx[i])
			c->backend->ctx_free(c->ctx[i]);
	credentials_wipe(&c->identity);
	credentials_wipe(&c->client_key);
	credentials_wipe(&c->hint);
	credentials_wipe(&c->server_key);
	credentials_wipe(&c->peer_rpk);
	wipe_text(&c->psk_name);
	wipe_text(&c->pin);
	wipe_text(&c->pki_name);
	wipe_text(&c->root_file);
	wipe_text(&c->root_dir);
	wipe_text(&c->server_name);
	wipe_text(&c->name);
	source_free(&c->ca);
	source_free(&c->cert);
	source_free(&c->key);
	coap_free_type(COAP_STRING, c);
}

/* One that has neither names nor anything shared. */
static void
unref_simple(struct credentials *c)
{
	if (c && --c->refs == 0)
		credentials_free(c);
}

void
credentials_unref(struct credentials *c)
{
	struct credentials *name;

	if (!c || --c->refs > 0)
		return;
	while (c->names) {
		name = c->names;
		c->names = name->next;
		unref_simple(name);
	}
	unref_simple(c->shared);
	credentials_free(c);
}

/* --- parts --------------------------------------------------------------- */

static bool
is_short(const coap_bin_const_t *bytes)
{
	return bytes->length <= TLS_PSK_MAX && (bytes->s || !bytes->length);
}

int
credentials_set_cpsk(struct credentials *c, const coap_dtls_cpsk_t *psk)
{
	int err;

	if (psk->ec_jpake)
		return -COAP_E_NOTSUP;
	if (psk->version != COAP_DTLS_CPSK_SETUP_VERSION ||
	    !is_short(&psk->psk_info.identity) || !is_short(&psk->psk_info.key))
		return -COAP_E_INVAL;
	err = copy_bytes(&c->identity, psk->psk_info.identity.s,
	    psk->psk_info.identity.length);
	if (err == 0)
		err = copy_bytes(&c->client_key, psk->psk_info.key.s,
		    psk->psk_info.key.length);
	if (err == 0)
		err = copy_text(&c->psk_name, psk->client_sni);
	c->on_hint = psk->validate_ih_call_back;
	c->on_hint_arg = psk->ih_call_back_arg;
	c->has_cpsk = err == 0;
	return err;
}

int
credentials_set_spsk(struct credentials *c, const coap_dtls_spsk_t *psk)
{
	int err;

	if (psk->ec_jpake)
		return -COAP_E_NOTSUP;
	if (psk->version != COAP_DTLS_SPSK_SETUP_VERSION ||
	    !is_short(&psk->psk_info.hint) || !is_short(&psk->psk_info.key))
		return -COAP_E_INVAL;
	err = copy_bytes(&c->hint, psk->psk_info.hint.s,
	    psk->psk_info.hint.length);
	if (err == 0)
		err = copy_bytes(&c->server_key, psk->psk_info.key.s,
		    psk->psk_info.key.length);
	c->on_identity = psk->validate_id_call_back;
	c->on_identity_arg = psk->id_call_back_arg;
	c->on_psk_name = psk->validate_sni_call_back;
	c->on_psk_name_arg = psk->sni_call_back_arg;
	c->has_spsk = err == 0;
	return err;
}

/* One part of a coap_pki_key_define_t. */
static int
set_defined(struct cred_source *s, coap_pki_define_t def,
    coap_const_char_ptr_t value, size_t len)
{
	switch (def) {
	case COAP_PKI_KEY_DEF_PEM:
	case COAP_PKI_KEY_DEF_DER:
		return source_name(s, TLS_SOURCE_FILE, value.s_byte);
	case COAP_PKI_KEY_DEF_PEM_BUF:
	case COAP_PKI_KEY_DEF_RPK_BUF:
	case COAP_PKI_KEY_DEF_DER_BUF:
		return source_bytes(s, value.u_byte, len);
	case COAP_PKI_KEY_DEF_PKCS11:
	case COAP_PKI_KEY_DEF_PKCS11_RPK:
		return source_name(s, TLS_SOURCE_PKCS11, value.s_byte);
	default:
		return value.s_byte ? -COAP_E_NOTSUP : 0;
	}
}

static bool
is_rpk(coap_pki_define_t def)
{
	return def == COAP_PKI_KEY_DEF_RPK_BUF ||
	    def == COAP_PKI_KEY_DEF_PKCS11_RPK;
}

static int
set_define(struct credentials *c, const coap_pki_key_define_t *d)
{
	int err = set_defined(&c->ca, d->ca_def, d->ca, d->ca_len);

	if (err == 0)
		err = set_defined(&c->cert, d->public_cert_def, d->public_cert,
		    d->public_cert_len);
	if (err == 0)
		err = set_defined(&c->key, d->private_key_def, d->private_key,
		    d->private_key_len);
	if (err == 0)
		err = copy_text(&c->pin, d->user_pin);
	if ((d->public_cert.s_byte && is_rpk(d->public_cert_def)) ||
	    (d->private_key.s_byte && is_rpk(d->private_key_def)))
		c->pki.is_rpk_not_cert = 1;
	return err;
}

static int
set_names(struct credentials *c, enum tls_source_kind kind, const char *ca,
    const char *cert, const char *key)
{
	int err = source_name(&c->ca, kind, ca);

	if (err == 0)
		err = source_name(&c->cert, kind, cert);
	/* A file may hold both. */
	if (err == 0)
		err = source_name(&c->key, kind, key ? key : cert);
	return err;
}

/* pem_buf and asn1 have the same members. */
#define SET_BUFFERS(c, k)                                               \
	(source_bytes(&(c)->ca, (k)->ca_cert, (k)->ca_cert_len) == 0 && \
		    source_bytes(&(c)->cert, (k)->public_cert,          \
			(k)->public_cert_len) == 0 &&                   \
		    source_bytes(&(c)->key, (k)->private_key,           \
			(k)->private_key_len) == 0                      \
		? 0                                                     \
		: -COAP_E_NOMEM)

static int
set_key(struct credentials *c, const coap_dtls_key_t *key)
{
	const coap_pki_key_pkcs11_t *token = &key->key.pkcs11;
	const coap_pki_key_pem_t *pem = &key->key.pem;
	int err;

	switch (key->key_type) {
	case COAP_PKI_KEY_PEM:
		return set_names(c, TLS_SOURCE_FILE, pem->ca_file,
		    pem->public_cert, pem->private_key);
	case COAP_PKI_KEY_PEM_BUF:
		return SET_BUFFERS(c, &key->key.pem_buf);
	case COAP_PKI_KEY_ASN1:
		return SET_BUFFERS(c, &key->key.asn1);
	case COAP_PKI_KEY_PKCS11:
		err = set_names(c, TLS_SOURCE_PKCS11, token->ca,
		    token->public_cert, token->private_key);
		return err == 0 ? copy_text(&c->pin, token->user_pin) : err;
	case COAP_PKI_KEY_DEFINE:
		return set_define(c, &key->key.define);
	default:
		return -COAP_E_INVAL;
	}
}

int
credentials_set_pki(struct credentials *c, const coap_dtls_pki_t *pki)
{
	int err;

	if (pki->version != COAP_DTLS_PKI_SETUP_VERSION)
		return -COAP_E_INVAL;
	c->pki = *pki;
	c->pki.client_sni = NULL;
	memset(&c->pki.pki_key, 0, sizeof c->pki.pki_key);
	err = set_key(c, &pki->pki_key);
	if (err == 0)
		err = copy_text(&c->pki_name, pki->client_sni);
	c->has_pki = err == 0;
	return err;
}

int
credentials_set_roots(struct credentials *c, const char *file, const char *dir)
{
	int err = copy_text(&c->root_file, file);

	return err == 0 ? copy_text(&c->root_dir, dir) : err;
}

int
credentials_set_x(struct credentials *c, const coapx_credentials_t *given)
{
	coapx_credentials_t x;
	int err = 0;

	if (!sized_take(&x, sizeof x, given))
		return -COAP_E_INVAL;
	c->strict = true;
	c->flags = x.flags;
	if (x.client_psk && !c->server)
		err = credentials_set_cpsk(c, x.client_psk);
	if (err == 0 && x.server_psk && c->server)
		err = credentials_set_spsk(c, x.server_psk);
	if (err == 0 && x.pki)
		err = credentials_set_pki(c, x.pki);
	if (err == 0)
		err = copy_text(&c->server_name, x.server_name);
	if (err == 0 && x.peer_rpk)
		err = copy_bytes(&c->peer_rpk, x.peer_rpk, x.peer_rpk_len);
	return err;
}

static int
copy_optional(coap_bin_const_t **to, const coap_bin_const_t *from)
{
	return from ? copy_bytes(to, from->s, from->length) : 0;
}

struct credentials *
credentials_copy(const struct credentials *c, bool server)
{
	struct credentials *new = credentials_new(server);
	int err = 0;

	if (!new)
		return NULL;
	*new = *c;
	new->refs = 1;
	new->server = server;
	new->identity = new->client_key = new->hint = new->server_key = NULL;
	new->peer_rpk = NULL;
	new->psk_name = new->pin = new->pki_name = new->root_file = NULL;
	new->root_dir = new->server_name = new->name = NULL;
	memset(&new->ca, 0, sizeof new->ca);
	memset(&new->cert, 0, sizeof new->cert);
	memset(&new->key, 0, sizeof new->key);
	memset(new->ctx, 0, sizeof new->ctx);
	new->shared = NULL;
	new->names = new->next = NULL;

	err |= copy_optional(&new->identity, c->identity);
	err |= copy_optional(&new->client_key, c->client_key);
	err |= copy_optional(&new->hint, c->hint);
	err |= copy_optional(&new->server_key, c->server_key);
	err |= copy_optional(&new->peer_rpk, c->peer_rpk);
	err |= copy_text(&new->psk_name, c->psk_name);
	err |= copy_text(&new->pin, c->pin);
	err |= copy_text(&new->pki_name, c->pki_name);
	err |= copy_text(&new->root_file, c->root_file);
	err |= copy_text(&new->root_dir, c->root_dir);
	err |= copy_text(&new->server_name, c->server_name);
	err |= source_copy(&new->ca, &c->ca);
	err |= source_copy(&new->cert, &c->cert);
	err |= source_copy(&new->key, &c->key);
	if (err == 0)
		return new;
	credentials_unref(new);
	return NULL;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of what can be asked of a session: info, get and completion
 * read it. */
#ifndef CLI_SESSION_FIELDS_H
#define CLI_SESSION_FIELDS_H

#include <stdbool.h>

#include "cli/app.h"
#include "cli/output/output.h"

/* A field as it was read; view.text points into text, or to what lives as long
 * as the session's name does. */
struct field_value {
	struct view_field view;
	bool reveal;               /* secrets as they are */
	const struct front *front; /* who asks; NULL: this process */
	char text[600];
};

struct session_field {
	const char *name;
	const char *help; /* one line */
	/* v->view is FIELD_NULL and has its name already; v->reveal and v->front are set. */
	void (*read)(const struct named *named, struct field_value *v);
};

/* In the order of info; ended by a row without a name. data.KEY, which each
 * session has others of, is not in it. */
extern const struct session_field session_fields[];

/* Also data.KEY. False: there is no such field. A field that does not apply
 * to the session is FIELD_NULL. */
bool field_read(const struct named *named, const struct front *front,
    const char *name, bool reveal, struct field_value *v);
/* The field that a wrong name was meant to be, or NULL. */
const char *field_nearest(const char *name);
/* All fields, each data.KEY included; NULL: out of memory. */
struct field_value *fields_read_all(const struct named *named,
    const struct front *front, bool reveal, size_t *n);
/* Releases n of them; secrets are wiped. */
void fields_free(struct field_value *values, size_t n);

/* --reveal */
extern const struct option reveal_options[];

/* For the rows of the table: what a field is. */
void field_put_text(struct field_value *v, const char *text);
void field_put_bool(struct field_value *v, bool value);

/* Those of keys and certificates (session_security.c). */
void read_tls_library(const struct named *n, struct field_value *v);
void read_tls_version(const struct named *n, struct field_value *v);
void read_tls_cipher(const struct named *n, struct field_value *v);
void read_tls_alpn(const struct named *n, struct field_value *v);
void read_tls_name(const struct named *n, struct field_value *v);
void read_tls_verify(const struct named *n, struct field_value *v);
void read_tls_resumed(const struct named *n, struct field_value *v);
void read_tls_alert(const struct named *n, struct field_value *v);
void read_peer_subject(const struct named *n, struct field_value *v);
void read_peer_issuer(const struct named *n, struct field_value *v);
void read_peer_san(const struct named *n, struct field_value *v);
void read_peer_sha256(const struct named *n, struct field_value *v);
void read_peer_key(const struct named *n, struct field_value *v);
void read_peer_not_before(const struct named *n, struct field_value *v);
void read_peer_not_after(const struct named *n, struct field_value *v);
void read_psk_hint(const struct named *n, struct field_value *v);
void read_psk_identity(const struct named *n, struct field_value *v);
void read_psk_key(const struct named *n, struct field_value *v);

#endif

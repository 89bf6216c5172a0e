/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The credentials that the words of one command give: keys, certificates, whom
 * to believe. One table of options for all commands, read before the command
 * starts, so that it finds them in job->keyring.
 */
#ifndef CLI_KEYRING_H
#define CLI_KEYRING_H

#include <coap3/coapx.h>

#include "cli/secrets/secret.h"
#include "cli/words/args.h"

struct job;

/* Options of all, of those that open sessions, and of those that listen. */
extern const struct option keyring_options[];
extern const struct option keyring_client_options[];
extern const struct option keyring_server_options[];

/* All three for a struct command's sets. */
#define KEYRING_CLIENT keyring_options, keyring_client_options
#define KEYRING_SERVER keyring_options, keyring_server_options

/* Largest files: of one key, of a table, of certificates. */
#define KEYRING_KEY_FILE   4096
#define KEYRING_TABLE_FILE (1U << 20)
#define KEYRING_PEM_FILE   (4U << 20)
/* Identities of a table. */
#define KEYRING_ENTRIES 4096

/* An identity that a listener knows, and its key. */
struct keyring_entry {
	struct secret identity;
	struct secret key;
};

struct keyring {
	unsigned refs;
	bool server;
	struct secret identity;
	struct secret hint;
	struct secret key;
	struct keyring_entry *entries; /* --psk-table */
	size_t n_entries;
	/* PEM or DER, or a pkcs11: URI. */
	struct secret ca;
	struct secret cert;
	struct secret private_key;
	struct secret rpk;
	struct secret peer_rpk; /* DER */
	struct secret pin;
	char *server_name;
	unsigned flags; /* COAPX_TLS_... */
	/* What the library is given; points into the above. */
	coap_dtls_cpsk_t cpsk;
	coap_dtls_spsk_t spsk;
	coap_dtls_pki_t pki;
	coapx_credentials_t library;
	coap_bin_const_t found; /* what a callback gave last */
};

/* Which of the words' credentials are the same: two sessions to one URI are
 * the same session only when theirs are equal. No secret can be told from it
 * but by trying. */
struct keyring_id {
	uint64_t hash[2]; /* 0, 0: none are given */
};

struct keyring *keyring_new(bool server); /* one reference; NULL: no memory */
struct keyring *keyring_ref(struct keyring *k); /* NULL stays NULL */
void keyring_unref(struct keyring *k);          /* the last one wipes it */
/* For the library, which copies it, but asks a listener's keyring for keys: it
 * outlives its endpoint. NULL for NULL. */
const coapx_credentials_t *keyring_library(struct keyring *k);
/* The key of a listener for an identity; NULL: it is not known. */
const struct secret *keyring_find(const struct keyring *k, const uint8_t *id,
    size_t len);
/* Whether a listener has something to prove itself with. */
bool keyring_proves(const struct keyring *k);
/*
 * Lines of IDENTITY:HEXKEY; the last colon counts. Blank lines and those that
 * begin with # are none. False and *problem ("line 3: ..."; malloc()ed, NULL:
 * out of memory).
 */
bool keyring_read_table(struct keyring *k, const struct secret *text,
    char **problem);

/* --- options ------------------------------------------------------------- */

enum keyring_role {
	KEYRING_NONE, /* the command has no such options */
	KEYRING_OPENS,
	KEYRING_LISTENS,
};

enum keyring_role keyring_role_of(const struct command *command);
/* The first of its options that is given, or NULL. */
const char *keyring_first_option(const struct args *args);
struct keyring_id keyring_id_of(const struct args *args);
bool keyring_id_equal(struct keyring_id a, struct keyring_id b);
/* What is missing or does not go together; malloc()ed. NULL: nothing. */
char *keyring_problem(const struct args *args, enum keyring_role role);

/*
 * Reads what the words of a job name into job->keyring, NULL when they name
 * nothing, or a session that is there. STATUS_OK; JOB_RUNNING: the loop goes
 * on, and job_go_on() follows; else an exit status, the job having been told.
 */
int keyring_start(struct job *job);
/*
 * For a command that another process runs and that has asked for its keys:
 * reads what the words name into job->keyring, and tells done() from the loop
 * with STATUS_OK, or an exit status, the job having been told. JOB_RUNNING; or
 * how it ended already (done() is not called then).
 */
int keyring_collect(struct job *job, void (*done)(struct job *job, int status));
/* Stops reading; nobody is told. */
void keyring_stop(struct job *job);

/* The same keyring in another process: its contents as bytes (of the KEYS of
 * coap-shell-control(7)), and back. False: out of memory. 0 and *out; -1:
 * malformed; -2: out of memory. */
struct bytes;
bool keyring_pack(const struct keyring *k, struct bytes *out);
int keyring_unpack(bool server, const uint8_t *data, size_t len,
    struct keyring **out);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* The options that give credentials, and what goes together. */
#include <string.h>

#include "cli/command.h"
#include "cli/secrets/keyring.h"

static const char *const dash[] = { "-", NULL };

const struct option keyring_options[] = {
	{ .name = "psk-identity",
	    .arg = "ID",
	    .help = "identity of the pre-shared key" },
	{ .name = "psk-file",
	    .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "the key is this file, without its last line end" },
	{ .name = "psk-hex-file",
	    .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "the key is in this file, in hex" },
	{ .name = "psk-cmd",
	    .arg = "CMD",
	    .help = "the key is what this command prints" },
	{ .name = "psk",
	    .arg = "-|KEY",
	    .secret = true,
	    .complete = COMPLETE_WORDS,
	    .words = dash,
	    .help = "- asks for the key; others may see a KEY given here" },
	{ .name = "ca",
	    .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "certificates that the peer's may be signed by" },
	{ .name = "cert",
	    .arg = "FILE|URI",
	    .complete = COMPLETE_FILE,
	    .help = "our certificate and its chain, or a pkcs11: URI" },
	{ .name = "key",
	    .arg = "FILE|URI",
	    .complete = COMPLETE_FILE,
	    .help = "its private key, or a pkcs11: URI" },
	{ .name = "rpk",
	    .arg = "FILE|URI",
	    .complete = COMPLETE_FILE,
	    .help = "our private key, used without a certificate" },
	{ .name = "peer-rpk",
	    .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "the public key that the peer must have" },
	{ .name = "pin-file",
	    .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "the PIN of the token is in this file" },
	{ .name = "pin-cmd",
	    .arg = "CMD",
	    .help = "the PIN is what this command prints" },
	{ .name = "insecure", .help = "do not check who the peer is" },
	{ .name = NULL },
};

const struct option keyring_client_options[] = {
	{ .name = "system-ca", .help = "trust the system's certificates, too" },
	{ .name = "sni",
	    .arg = "NAME",
	    .help = "the server's name, instead of the URI's host" },
	{ .name = "no-alpn",
	    .help = "a TLS server need not name coap (ALPN) on ports other "
		    "than 5684" },
	{ .name = NULL },
};

const struct option keyring_server_options[] = {
	{ .name = "psk-hint",
	    .arg = "TEXT",
	    .help = "hint that tells clients which identity to use" },
	{ .name = "psk-table",
	    .arg = "FILE",
	    .complete = COMPLETE_FILE,
	    .help = "identities and keys, lines of IDENTITY:HEXKEY" },
	{ .name = NULL },
};

static const struct option *const sets[] = {
	keyring_options,
	keyring_client_options,
	keyring_server_options,
};

#define N_SETS (sizeof(sets) / sizeof(sets[0]))

static bool
has_set(const struct command *command, const struct option *set)
{
	const struct option *const *s = command->options;

	for (; s && *s; s++)
		if (*s == set)
			return true;
	return false;
}

enum keyring_role
keyring_role_of(const struct command *command)
{
	if (has_set(command, keyring_client_options))
		return KEYRING_OPENS;
	return has_set(command, keyring_server_options) ? KEYRING_LISTENS
							: KEYRING_NONE;
}

/* --- which are given ----------------------------------------------------- */

const char *
keyring_first_option(const struct args *args)
{
	const struct option *o;

	for (size_t i = 0; i < args->n_options; i++)
		for (size_t s = 0; s < N_SETS; s++)
			for (o = sets[s]; o->name; o++)
				if (args->options[i].option == o)
					return o->name;
	return NULL;
}

/* FNV-1a, twice with different beginnings. */
static void
hash(struct keyring_id *id, const char *text)
{
	/* With its NUL, so that "ab" "c" is not "a" "bc". */
	size_t len = strlen(text) + 1;

	for (size_t i = 0; i < len; i++) {
		id->hash[0] = (id->hash[0] ^ (uint8_t)text[i]) * 0x100000001b3;
		id->hash[1] = (id->hash[1] ^ (uint8_t)text[i]) * 0x10000000233;
	}
}

struct keyring_id
keyring_id_of(const struct args *args)
{
	struct keyring_id id = { { 0, 0 } };
	const struct option *o;
	const char *value;

	if (!keyring_first_option(args))
		return id;
	id = (struct keyring_id){ { 0xcbf29ce484222325, 0x84222325cbf29ce4 } };
	for (size_t s = 0; s < N_SETS; s++) {
		for (o = sets[s]; o->name; o++) {
			if (!args_has(args, o->name))
				continue;
			value = args_get(args, o->name);
			hash(&id, o->name);
			hash(&id, value ? value : "");
		}
	}
	return id;
}

bool
keyring_id_equal(struct keyring_id a, struct keyring_id b)
{
	return a.hash[0] == b.hash[0] && a.hash[1] == b.hash[1];
}

/* --- what goes together -------------------------------------------------- */

#define KEY_SOURCES \
	"--psk-file, --psk-hex-file, --psk-cmd or, to type it, --psk -"

static size_t
count(const struct args *args, const char *const *names)
{
	size_t n = 0;

	for (; *names; names++)
		n += args_has(args, *names);
	return n;
}

static char *
key_problem(const struct args *args, enum keyring_role role)
{
	static const char *const sources[] = { "psk-file", "psk-hex-file",
		"psk-cmd", "psk", NULL };
	const char *identity = args_get(args, "psk-identity");
	size_t n = count(args, sources);

	if (n > 1)
		return text_format("give the key once: " KEY_SOURCES);
	if (identity && n == 0)
		return text_format("--psk-identity: its key is missing; "
				   "give " KEY_SOURCES);
	if (identity && *identity == '\0')
		return text_format("--psk-identity is empty");
	if (identity && strlen(identity) > COAP_DTLS_MAX_PSK_IDENTITY)
		return text_format("--psk-identity is longer than %d bytes",
		    COAP_DTLS_MAX_PSK_IDENTITY);
	if (n > 0 && !identity && role == KEYRING_OPENS)
		return text_format("the identity of the key is missing; give "
				   "--psk-identity");
	if (args_has(args, "psk-hint") &&
	    strlen(args_get(args, "psk-hint")) > COAP_DTLS_HINT_LENGTH)
		return text_format("--psk-hint is longer than %d bytes",
		    COAP_DTLS_HINT_LENGTH);
	if (args_has(args, "psk-hint") && n == 0 &&
	    !args_has(args, "psk-table"))
		return text_format("--psk-hint: a key is missing; give "
				   "--psk-table, or " KEY_SOURCES);
	return NULL;
}

static bool
is_token(const char *value)
{
	return value && strncmp(value, "pkcs11:", 7) == 0;
}

static char *
pin_problem(const struct args *args)
{
	static const char *const sources[] = { "pin-file", "pin-cmd", NULL };
	size_t n = count(args, sources);

	if (n > 1)
		return text_format("give the PIN once: --pin-file or "
				   "--pin-cmd");
	if (n == 1 && !is_token(args_get(args, "cert")) &&
	    !is_token(args_get(args, "key")) &&
	    !is_token(args_get(args, "rpk")))
		return text_format("a PIN is for a token; give a pkcs11: URI "
				   "with --key, --cert or --rpk");
	return NULL;
}

char *
keyring_problem(const struct args *args, enum keyring_role role)
{
	const char *sni = args_get(args, "sni");
	const char *cert = args_get(args, "cert");
	char *problem = key_problem(args, role);

	if (problem)
		return problem;
	if (args_has(args, "rpk") && (cert || args_has(args, "key")))
		return text_format("--rpk does without a certificate; give it "
				   "alone, or --cert and --key");
	if (args_has(args, "key") && !cert)
		return text_format("--key: its certificate is missing; give "
				   "--cert");
	if (is_token(cert) && !args_has(args, "key"))
		return text_format("--cert: its key is missing; give --key "
				   "with the token's URI");
	if (role == KEYRING_OPENS && args_has(args, "rpk") &&
	    !args_has(args, "peer-rpk") && !args_has(args, "insecure"))
		return text_format("--rpk: the peer's own key is missing; "
				   "--peer-rpk says which it must be, "
				   "--insecure takes any");
	if (args_has(args, "insecure") &&
	    (args_has(args, "peer-rpk") || args_has(args, "ca")))
		return text_format("--insecure checks nothing, so --ca and "
				   "--peer-rpk mean nothing with it");
	if (sni && (*sni == '\0' || strlen(sni) > 255))
		return text_format("--sni wants a name of 1 to 255 bytes");
	return pin_problem(args);
}

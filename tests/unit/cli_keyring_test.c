/* SPDX-License-Identifier: BSD-2-Clause */
/* Credentials of a command: what goes together, tables, reuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/commands/commands.h"
#include "cli/job.h"
#include "cli/secrets/keyring.h"

#define WORDS_MAX 12

/* The words of a line without quotes, parsed. */
static void
parse(struct args *args, const struct command *command, const char *line)
{
	char *copy = strdup(line);
	char *words[WORDS_MAX];
	char *rest = copy;
	char *problem = NULL;
	char *word;
	size_t n = 0;

	for (word = strsep(&rest, " "); word; word = strsep(&rest, " "))
		words[n++] = word;
	assert_int_equal(args_parse(args, command, words, n, &problem), 0);
	free(copy);
}

/* --- what goes together -------------------------------------------------- */

struct combination {
	const char *line;
	const char *said; /* NULL: it is good */
};

static void
check(const struct command *command, const struct combination *c, size_t n)
{
	enum keyring_role role = keyring_role_of(command);
	struct args args;
	char *problem;

	for (size_t i = 0; i < n; i++) {
		parse(&args, command, c[i].line);
		problem = keyring_problem(&args, role);
		if (!c[i].said) {
			assert_null(problem);
		} else {
			assert_non_null(problem);
			assert_non_null(strstr(problem, c[i].said));
		}
		free(problem);
		args_free(&args);
	}
}

static void
of_clients(void **state)
{
	static const struct combination cases[] = {
		{ "x", NULL },
		{ "x --psk-identity a --psk-file f", NULL },
		{ "x --psk-identity a --psk-hex-file f", NULL },
		{ "x --psk-identity a --psk-cmd c", NULL },
		{ "x --psk-identity a --psk -", NULL },
		{ "x --psk-identity a", "key is missing" },
		{ "x --psk-file f", "give --psk-identity" },
		{ "x --psk k", "give --psk-identity" },
		{ "x --psk-identity a --psk-file f --psk -", "once" },
		{ "x --psk-identity a --psk-cmd c --psk-hex-file f", "once" },
		{ "x --psk-identity= --psk-file f", "is empty" },
		{ "x --psk-file f --psk-identity "
		  "0123456789012345678901234567890123456789"
		  "012345678901234567890123",
		    NULL },
		{ "x --psk-file f --psk-identity "
		  "0123456789012345678901234567890123456789"
		  "0123456789012345678901234",
		    "longer than 64" },
		{ "x --ca f", NULL },
		{ "x --cert f --key f", NULL },
		{ "x --cert f", NULL }, /* the file may hold both */
		{ "x --key f", "give --cert" },
		{ "x --cert pkcs11:a", "give --key" },
		{ "x --cert pkcs11:a --key pkcs11:b", NULL },
		{ "x --cert f --key pkcs11:b --pin-file f", NULL },
		{ "x --cert f --key f --pin-file f", "for a token" },
		{ "x --cert f --key pkcs11:b --pin-file f --pin-cmd c",
		    "once" },
		{ "x --rpk f --peer-rpk f", NULL },
		{ "x --rpk f --insecure", NULL },
		{ "x --rpk f", "--peer-rpk says" },
		{ "x --peer-rpk f", NULL },
		{ "x --rpk f --peer-rpk f --cert f", "without a certificate" },
		{ "x --insecure", NULL },
		{ "x --insecure --ca f", "checks nothing" },
		{ "x --insecure --peer-rpk f", "checks nothing" },
		{ "x --sni h", NULL },
		{ "x --sni=", "1 to 255" },
	};

	(void)state;
	assert_int_equal(keyring_role_of(&cmd_get), KEYRING_OPENS);
	check(&cmd_get, cases, sizeof cases / sizeof cases[0]);
}

static void
of_listeners(void **state)
{
	static const struct combination cases[] = {
		{ "x --psk-file f", NULL },
		{ "x --psk-identity a --psk-file f --psk-hint h", NULL },
		{ "x --psk-identity a", "key is missing" },
		{ "x --psk-table f --psk-hint h", NULL },
		{ "x --psk-table f --psk-file f", NULL },
		{ "x --psk-hint h", "a key is missing" },
		{ "x --rpk f", NULL },
		{ "x --cert f --key f --ca f", NULL },
	};

	(void)state;
	assert_int_equal(keyring_role_of(&cmd_listen), KEYRING_LISTENS);
	assert_int_equal(keyring_role_of(&cmd_serve), KEYRING_LISTENS);
	check(&cmd_listen, cases, sizeof cases / sizeof cases[0]);
}

/* Who opens sessions takes them, who does not, does not. */
static void
commands_that_take_them(void **state)
{
	static const struct command *const open[] = { &cmd_session_open,
		&cmd_get, &cmd_put, &cmd_post, &cmd_delete, &cmd_ping,
		&cmd_discover };

	(void)state;
	for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
		assert_int_equal(keyring_role_of(open[i]), KEYRING_OPENS);
	assert_int_equal(keyring_role_of(&cmd_session_close), KEYRING_NONE);
	assert_int_equal(keyring_role_of(&cmd_demo), KEYRING_NONE);
}

/* --- which session they belong to ---------------------------------------- */

static struct keyring_id
id_of(const char *line)
{
	struct keyring_id id;
	struct args args;

	parse(&args, &cmd_get, line);
	id = keyring_id_of(&args);
	args_free(&args);
	return id;
}

static void
equal_and_unequal(void **state)
{
	static const char *const lines[] = {
		"x",
		"x --psk-identity a --psk-file f",
		"x --psk-identity b --psk-file f",
		"x --psk-identity a --psk-hex-file f",
		"x --psk-identity a --psk-file g",
		"x --psk-identity a --psk f",
		"x --psk-identity a --psk -",
		"x --ca f",
		"x --ca f --system-ca",
		"x --cert f --key f",
		"x --cert f --key f --ca f",
		"x --insecure",
		"x --insecure --sni h",
		"x --sni h",
	};
	size_t n = sizeof lines / sizeof lines[0];

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			assert_true(keyring_id_equal(id_of(lines[i]),
					id_of(lines[k])) == (i == k));
	/* Order and other options do not count. */
	assert_true(keyring_id_equal(id_of("x --psk-file f -v --psk-identity a "
					   "--accept json"),
	    id_of("x --psk-identity a --psk-file f")));
	assert_int_equal(id_of("x -v").hash[0], 0);
}

/* --- tables -------------------------------------------------------------- */

static bool
read_table(struct keyring *k, const char *text, size_t len, char **problem)
{
	struct secret s = { NULL, 0 };
	bool good;

	assert_true(secret_set(&s, text, len));
	good = keyring_read_table(k, &s, problem);
	secret_free(&s);
	return good;
}

static void
good_table(void **state)
{
	static const char text[] = "# comment:00\n\n"
				   "dev1:000102\r\n"
				   "a:b:c:ff\n"
				   "last:aabb";
	struct keyring *k = keyring_new(true);
	const struct secret *key;
	char *problem;

	(void)state;
	assert_non_null(k);
	assert_true(read_table(k, text, sizeof text - 1, &problem));
	assert_int_equal(k->n_entries, 3);
	key = keyring_find(k, (const uint8_t *)"dev1", 4);
	assert_int_equal(key->len, 3);
	assert_memory_equal(key->data, "\0\1\2", 3);
	assert_non_null(keyring_find(k, (const uint8_t *)"a:b:c", 5));
	assert_non_null(keyring_find(k, (const uint8_t *)"last", 4));
	assert_null(keyring_find(k, (const uint8_t *)"dev", 3));
	assert_null(keyring_find(k, (const uint8_t *)"", 0));
	assert_true(keyring_proves(k));
	keyring_unref(k);
}

static void
bad_tables(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} cases[] = {
		{ "", "has no line" },
		{ "# nothing\n", "has no line" },
		{ "a:00\nb\n", "line 2 is not of the form" },
		{ ":00\n", "line 1 is not of the form" },
		{ "a:\n", "line 1 has a key that is not of 1 to 64" },
		{ "a:xyz\n", "line 1 has a key that is not in hex" },
		{ "a:00\n\na:11\n", "line 3 has an identity that was there" },
	};
	char long_key[200] = "a:", *problem;
	struct keyring *k;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		k = keyring_new(true);
		assert_false(read_table(k, cases[i].text, strlen(cases[i].text),
		    &problem));
		assert_non_null(problem);
		if (!strstr(problem, cases[i].said))
			fail_msg("%s", problem);
		assert_null(strstr(problem, "xyz"));
		free(problem);
		keyring_unref(k);
	}
	k = keyring_new(true);
	memset(long_key + 2, 'a', 130);
	assert_false(read_table(k, long_key, 132, &problem));
	assert_non_null(strstr(problem, "1 to 64 bytes"));
	free(problem);
	assert_true(read_table(k, long_key, 130, &problem));
	keyring_unref(k);
}

static void
too_many_identities(void **state)
{
	struct secret s = { NULL, 0 };
	struct keyring *k = keyring_new(true);
	char line[32], *problem;

	(void)state;
	for (unsigned i = 0; i <= KEYRING_ENTRIES; i++) {
		snprintf(line, sizeof line, "%u:00\n", i);
		assert_true(secret_append(&s, line, strlen(line)));
	}
	assert_false(keyring_read_table(k, &s, &problem));
	assert_non_null(strstr(problem, "line 4097 is one more than"));
	free(problem);
	secret_free(&s);
	keyring_unref(k);
}

/* --- for the library ----------------------------------------------------- */

static void
single_keys(void **state)
{
	struct keyring *k = keyring_new(true);
	const coapx_credentials_t *l;
	coap_bin_const_t id = { 3, (const uint8_t *)"abc" };
	const coap_bin_const_t *key;

	(void)state;
	assert_false(keyring_proves(k));
	assert_true(secret_set(&k->key, "k1", 2));
	/* Without an identity everybody is let in. */
	assert_non_null(keyring_find(k, (const uint8_t *)"x", 1));
	assert_true(secret_set(&k->identity, "abc", 3));
	assert_null(keyring_find(k, (const uint8_t *)"x", 1));
	l = keyring_library(k);
	assert_non_null(l->server_psk);
	assert_null(l->client_psk);
	assert_null(l->pki);
	key = l->server_psk->validate_id_call_back(&id, NULL,
	    l->server_psk->id_call_back_arg);
	assert_int_equal(key->length, 2);
	assert_memory_equal(key->s, "k1", 2);
	id.length = 2;
	assert_null(l->server_psk->validate_id_call_back(&id, NULL,
	    l->server_psk->id_call_back_arg));
	keyring_unref(k);
}

static void
clients(void **state)
{
	struct keyring *k = keyring_new(false);
	const coapx_credentials_t *l = keyring_library(k);

	(void)state;
	assert_null(keyring_library(NULL));
	/* Nothing but a flag: the system's certificates. */
	assert_null(l->client_psk);
	assert_non_null(l->pki);
	assert_int_equal(l->pki->verify_peer_cert, 1);
	k->flags = COAPX_TLS_INSECURE;
	l = keyring_library(k);
	assert_int_equal(l->flags, COAPX_TLS_INSECURE);
	assert_int_equal(l->pki->verify_peer_cert, 0);
	k->flags = 0;
	assert_true(secret_set(&k->identity, "id", 2));
	assert_true(secret_set(&k->key, "key", 3));
	l = keyring_library(k);
	assert_non_null(l->client_psk);
	assert_null(l->pki);
	assert_int_equal(l->client_psk->psk_info.key.length, 3);
	assert_true(secret_set(&k->cert, "pkcs11:token=a", 14));
	l = keyring_library(k);
	assert_int_equal(l->pki->pki_key.key.define.public_cert_def,
	    COAP_PKI_KEY_DEF_PKCS11);
	keyring_unref(k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_clients),
		cmocka_unit_test(of_listeners),
		cmocka_unit_test(commands_that_take_them),
		cmocka_unit_test(equal_and_unequal),
		cmocka_unit_test(good_table),
		cmocka_unit_test(bad_tables),
		cmocka_unit_test(too_many_identities),
		cmocka_unit_test(single_keys),
		cmocka_unit_test(clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Secrets: files that have them, words that have them, and their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/job.h"
#include "cli/secrets/secret.h"

struct fixture {
	char folder[64];
	char path[96];
};

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	*state = f;
	strcpy(f->folder, "/tmp/secret-test-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	snprintf(f->path, sizeof f->path, "%s/key", f->folder);
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	unlink(f->path);
	rmdir(f->folder);
	free(f);
	return 0;
}

static void
write_file(const char *path, const char *text, size_t len, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* --- files --------------------------------------------------------------- */

static void
whole_files(void **state)
{
	struct fixture *f = *state;
	struct secret s = { NULL, 0 };
	char *problem = NULL;

	write_file(f->path, "ab\0c\n", 5, 0600);
	assert_int_equal(secret_read(&s, f->path, 5, true, &problem),
	    STATUS_OK);
	assert_null(problem);
	assert_int_equal(s.len, 5);
	assert_memory_equal(s.data, "ab\0c\n", 6);
	write_file(f->path, "", 0, 0400);
	assert_int_equal(secret_read(&s, f->path, 5, true, &problem),
	    STATUS_OK);
	assert_non_null(s.data);
	assert_int_equal(s.len, 0);
	secret_free(&s);
	assert_null(s.data);
}

static void
files_of_everybody(void **state)
{
	static const mode_t modes[] = { 0644, 0640, 0604, 0620, 0601, 0666 };
	struct fixture *f = *state;
	struct secret s = { NULL, 0 };
	char *problem = NULL;

	for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
		write_file(f->path, "key", 3, modes[i]);
		assert_int_equal(secret_read(&s, f->path, 64, true, &problem),
		    STATUS_LOCAL);
		assert_null(s.data);
		assert_non_null(strstr(problem, "others may read this key"));
		assert_non_null(strstr(problem, "chmod 600"));
		assert_non_null(strstr(problem, f->path));
		free(problem);
		/* A certificate may be read by all. */
		assert_int_equal(secret_read(&s, f->path, 64, false, &problem),
		    STATUS_OK);
		secret_free(&s);
	}
}

static void
files_that_cannot_be_read(void **state)
{
	struct fixture *f = *state;
	struct secret s = { NULL, 0 };
	char *problem = NULL;

	assert_int_equal(secret_read(&s, f->path, 64, true, &problem),
	    STATUS_LOCAL);
	assert_non_null(strstr(problem, "No such file"));
	free(problem);
	assert_int_equal(secret_read(&s, f->folder, 64, true, &problem),
	    STATUS_LOCAL);
	assert_non_null(strstr(problem, "is a folder"));
	free(problem);
	write_file(f->path, "12345", 5, 0600);
	assert_int_equal(secret_read(&s, f->path, 4, true, &problem),
	    STATUS_LOCAL);
	assert_non_null(strstr(problem, "more than 4 bytes"));
	assert_null(strstr(problem, "12345"));
	free(problem);
	assert_null(s.data);
}

/* `--psk-file <(cmd)` of a shell. */
static void
pipes(void **state)
{
	struct secret s = { NULL, 0 };
	char *problem = NULL;
	char path[32];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "piped", 5), 5);
	close(fds[1]);
	snprintf(path, sizeof path, "/dev/fd/%d", fds[0]);
	assert_int_equal(secret_read(&s, path, 64, true, &problem), STATUS_OK);
	assert_memory_equal(s.data, "piped", 6);
	secret_free(&s);
	close(fds[0]);
}

/* --- bytes --------------------------------------------------------------- */

static void
line_ends(void **state)
{
	static const char *const cases[][2] = {
		{ "a\n", "a" },
		{ "a\r\n", "a" },
		{ "a\n\n", "a\n" },
		{ "a", "a" },
		{ "a\r", "a\r" },
		{ "\n", "" },
		{ "", "" },
	};
	struct secret s = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(secret_set(&s, cases[i][0], strlen(cases[i][0])));
		secret_chomp(&s);
		assert_string_equal((char *)s.data, cases[i][1]);
		assert_int_equal(s.len, strlen(cases[i][1]));
	}
	secret_free(&s);
}

static void
hexadecimal(void **state)
{
	static const char *const good[] = { "00fF10", "00ff10\n", "00 ff 10",
		" 00:ff:10\r\n", "00\nff\n10" };
	static const char *const bad[] = { "0", "00f", "0x00", "zz", "00-ff",
		"00f f10" };
	struct secret s = { NULL, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(secret_set(&s, good[i], strlen(good[i])));
		assert_true(secret_from_hex(&s));
		assert_int_equal(s.len, 3);
		assert_memory_equal(s.data, "\x00\xff\x10", 3);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_true(secret_set(&s, bad[i], strlen(bad[i])));
		assert_false(secret_from_hex(&s));
	}
	assert_true(secret_set(&s, "00\0ff", 5));
	assert_false(secret_from_hex(&s));
	secret_free(&s);
}

/* --- words --------------------------------------------------------------- */

static void
where_secrets_are(void **state)
{
	static const struct {
		const char *before;
		const char *word;
		size_t at;
	} cases[] = {
		{ "--psk", "key", 0 },
		{ "--psk", "-", SIZE_MAX },
		{ NULL, "--psk=key", 6 },
		{ NULL, "--psk=-", SIZE_MAX },
		{ NULL, "--psk", SIZE_MAX },
		{ "--psk-file", "key", SIZE_MAX },
		{ NULL, "--psk-file=key", SIZE_MAX },
		{ NULL, "key", SIZE_MAX },
		{ "--key", "pkcs11:token=t?pin-value=1234", 25 },
		{ NULL, "--key=pkcs11:token=t?pin-value=1", 31 },
		{ "--key", "pkcs11:token=t", SIZE_MAX },
		{ "get", "/x?pin-value=1", SIZE_MAX },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_true(secret_begin(cases[i].before, cases[i].word) ==
		    cases[i].at);
}

static void
arguments_are_wiped(void **state)
{
	char program[] = "coap-shell", get[] = "get", uri[] = "coaps://h",
	     psk[] = "--psk", key[] = "geheim", joined[] = "--psk=geheim",
	     list[] = "-c", lines[] = "open coaps://h --psk geheim; get /x",
	     plain[] = "get /x";
	char glued[] = "-qcopen coaps://h --psk geheim";
	char *argv[] = { program, get, uri, psk, key, joined, list, lines, list,
		plain, glued, NULL };
	char **args = secret_take_args(11, argv);

	(void)state;
	assert_non_null(args);
	assert_string_equal(args[4], "geheim");
	assert_string_equal(args[5], "--psk=geheim");
	assert_string_equal(args[7], "open coaps://h --psk geheim; get /x");
	assert_string_equal(args[10], "-qcopen coaps://h --psk geheim");
	assert_null(args[11]);
	assert_string_equal(argv[2], "coaps://h");
	assert_string_equal(argv[4], "");
	for (size_t i = 0; i < sizeof key; i++)
		assert_int_equal(key[i], 0);
	assert_string_equal(argv[5], "--psk=");
	assert_null(memmem(joined, sizeof joined, "geheim", 6));
	assert_null(memmem(lines, sizeof lines, "geheim", 6));
	assert_string_equal(argv[9], "get /x");
	assert_null(memmem(glued, sizeof glued, "geheim", 6));
	secret_free_args(11, args);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whole_files, setup, teardown),
		cmocka_unit_test_setup_teardown(files_of_everybody, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(files_that_cannot_be_read,
		    setup, teardown),
		cmocka_unit_test(pipes),
		cmocka_unit_test(line_ends),
		cmocka_unit_test(hexadecimal),
		cmocka_unit_test(where_secrets_are),
		cmocka_unit_test(arguments_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

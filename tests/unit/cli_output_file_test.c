/* SPDX-License-Identifier: BSD-2-Clause */
/* -o: payloads that go to a file, all of them or nothing. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/job.h"
#include "output_support.h"

#define DOT " \xc2\xb7 "

static void
respond(struct memory_sink *m, coap_pdu_t *pdu)
{
	struct view_response v = {
		.session_name = "lamp",
		.response = pdu,
		.uri = "coap://[::1]/t",
		.rtt_us = 23100,
		.ok = COAP_RESPONSE_CLASS(coap_pdu_get_code(pdu)) == 2,
	};

	if (!m->out)
		memory_sink_open(m);
	output_response(m->out, &v);
	coap_delete_pdu(pdu);
}

static coap_pdu_t *
text_message(const char *data, size_t len)
{
	return message_new(COAP_RESPONSE_CODE(205), 0, data, len);
}

static char folder[] = "/tmp/output-test-XXXXXX";
static char path[64];

static void
put_file(const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void
assert_file(const char *expected)
{
	FILE *file = fopen(path, "r");
	char buf[64] = "";

	assert_non_null(file);
	buf[fread(buf, 1, sizeof(buf) - 1, file)] = '\0';
	fclose(file);
	assert_string_equal(buf, expected);
}

static void
assert_folder_has(size_t files)
{
	DIR *dir = opendir(folder);
	size_t n = 0;

	assert_non_null(dir);
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		n += e->d_name[0] != '.';
	closedir(dir);
	assert_int_equal(n, files);
}

static void
payloads_go_to_files(void **state)
{
	static const struct {
		enum form form;
		const char *text;
	} cases[] = {
		{ FORM_HUMAN,
		    "2.05 Content" DOT "text/plain" DOT "2 B" DOT "23 ms\n" },
		{ FORM_RAW, "" },
		{ FORM_HEX, "" },
		{ FORM_NONE, "" },
	};
	struct memory_sink m;
	struct stat st;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		put_file("old");
		chmod(path, 0640);
		memory_sink_init(&m, cases[i].form);
		m.options.file = path;
		memory_sink_open(&m);
		assert_int_equal(output_prepare(m.out), STATUS_OK);
		respond(&m, text_message("h\033", 2));
		assert_file("old");
		assert_wrote(&m, cases[i].text, "");
		assert_file("h\033");
		assert_folder_has(1);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0640);
	}
	unlink(path);
}

static void
failures_leave_the_old_file(void **state)
{
	struct memory_sink m;

	(void)state;
	put_file("old");
	memory_sink_init(&m, FORM_RAW);
	m.options.file = path;
	memory_sink_open(&m);
	assert_int_equal(output_prepare(m.out), STATUS_OK);
	respond(&m, message_new(COAP_RESPONSE_CODE(404), -1, "no", 2));
	assert_wrote(&m, "", "coap-shell: 4.04 Not Found: no\n");
	assert_file("old");
	assert_folder_has(1);
	unlink(path);
}

static void
empty_payloads_make_empty_files(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_RAW);
	m.options.file = path;
	respond(&m, text_message(NULL, 0));
	assert_wrote(&m, "", "");
	assert_file("");
	unlink(path);
}

static void
files_that_cannot_be_made(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_RAW);
	m.options.file = "/nonexistent/file";
	memory_sink_open(&m);
	assert_int_equal(output_prepare(m.out), STATUS_LOCAL);
	assert_wrote(&m, "",
	    "coap-shell: cannot create '/nonexistent/file': No such file or "
	    "directory\n");

	memory_sink_init(&m, FORM_RAW);
	m.options.file = folder;
	respond(&m, text_message("x", 1));
	assert_int_equal(memory_sink_close(&m), -1);
	memory_sink_free(&m);
}

static void
files_that_cannot_be_written(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_init(&m, FORM_RAW);
	m.options.file = "/dev/full";
	respond(&m, text_message("x", 1));
	assert_int_equal(memory_sink_close(&m), -1);
	assert_string_equal(text_string(&m.stderr_text),
	    "coap-shell: cannot write '/dev/full': No space left on device\n");
	memory_sink_free(&m);
}

static void
a_dash_is_stdout(void **state)
{
	struct memory_sink m;

	(void)state;
	memory_sink_terminal(&m, FORM_AUTO);
	m.options.file = "-";
	m.options.quiet = true;
	respond(&m, text_message("\033x", 2));
	assert_wrote(&m, "\033x", "");
}

static int
make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/payload", folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads_go_to_files),
		cmocka_unit_test(failures_leave_the_old_file),
		cmocka_unit_test(empty_payloads_make_empty_files),
		cmocka_unit_test(files_that_cannot_be_made),
		cmocka_unit_test(files_that_cannot_be_written),
		cmocka_unit_test(a_dash_is_stdout),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

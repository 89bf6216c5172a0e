/* SPDX-License-Identifier: BSD-2-Clause */
/* -o: payloads that go to a file, all of them or nothing. */
#include <dirent.h>
#include <errno.h>
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

#include "cli/body/part.h"
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

/* --- bodies that come piece by piece -------------------------------------- */

static const struct part a_part = { .total = 6,
	.etag = { 0xab },
	.etag_len = 1,
	.uri = "coap://h/x" };

static void
open_for_pieces(struct memory_sink *m)
{
	memory_sink_init(m, FORM_RAW);
	m->options.file = path;
	memory_sink_open(m);
	assert_int_equal(output_prepare(m->out), STATUS_OK);
}

/* As a process does that is killed: all stays as it is. */
static void
begin_body(struct memory_sink *m, const char *bytes)
{
	open_for_pieces(m);
	output_body_begin(m->out, 0);
	output_body_piece(m->out, bytes, strlen(bytes));
	output_body_is(m->out, &a_part);
}

static void
a_whole_body_gets_its_place(void **state)
{
	struct memory_sink m;

	(void)state;
	put_file("old");
	begin_body(&m, "abc");
	output_body_piece(m.out, "def", 3);
	assert_file("old");
	assert_folder_has(3);
	output_body_whole(m.out);
	assert_wrote(&m, "", "");
	assert_file("abcdef");
	assert_folder_has(1);
	unlink(path);
}

static void
a_body_that_breaks_stays_and_goes_on(void **state)
{
	struct memory_sink m;
	struct part part;

	(void)state;
	put_file("old");
	begin_body(&m, "abcd");
	assert_wrote(&m, "", "");
	assert_file("old");
	assert_folder_has(3);

	open_for_pieces(&m);
	assert_int_equal(output_body_find(m.out, &part), 0);
	assert_int_equal(part.length, 4);
	assert_int_equal(part.total, 6);
	assert_int_equal(part.etag_len, 1);
	assert_string_equal(part.uri, "coap://h/x");
	/* What is behind it goes. */
	output_body_begin(m.out, 2);
	output_body_piece(m.out, "CDEF", 4);
	output_body_whole(m.out);
	assert_wrote(&m, "", "");
	assert_file("abCDEF");
	assert_folder_has(1);
	unlink(path);
}

static void
a_body_that_begins_anew(void **state)
{
	struct memory_sink m;
	struct part part;

	(void)state;
	begin_body(&m, "abcdefgh");
	assert_wrote(&m, "", "");
	open_for_pieces(&m);
	output_body_begin(m.out, 4);
	output_body_piece(m.out, "x", 1);
	output_body_begin(m.out, 0);
	/* Of which body it is nobody knows for now. */
	assert_int_equal(output_body_find(m.out, &part), -1);
	output_body_piece(m.out, "new", 3);
	output_body_whole(m.out);
	assert_wrote(&m, "", "");
	assert_file("new");
	assert_folder_has(1);
	unlink(path);
}

static void
without_an_etag_nothing_stays(void **state)
{
	struct memory_sink m;

	(void)state;
	open_for_pieces(&m);
	output_body_begin(m.out, 0);
	output_body_piece(m.out, "abc", 3);
	assert_folder_has(1);
	assert_wrote(&m, "", "");
	assert_folder_has(0);
}

/* The second one has a file of its own, and finds nothing to go on with. */
static void
two_at_a_time(void **state)
{
	struct memory_sink first, second;
	struct part part;

	(void)state;
	begin_body(&first, "abc");
	begin_body(&second, "xyz");
	assert_int_equal(output_body_find(second.out, &part), -1);
	assert_int_equal(errno, EBUSY);
	output_body_piece(first.out, "def", 3);
	output_body_whole(second.out);
	assert_wrote(&second, "", "");
	assert_file("xyz");
	output_body_whole(first.out);
	assert_wrote(&first, "", "");
	assert_file("abcdef");
	assert_folder_has(1);
	unlink(path);
}

/* What another put there is not followed, and not written to. */
static void
a_link_is_no_part(void **state)
{
	char part[80], etag[80];
	struct memory_sink m;
	struct part found;

	(void)state;
	snprintf(part, sizeof(part), "%s.part", path);
	snprintf(etag, sizeof(etag), "%s.part.etag", path);
	put_file("precious");
	assert_int_equal(symlink(path, part), 0);
	assert_int_equal(symlink(path, etag), 0);
	open_for_pieces(&m);
	assert_int_equal(output_body_find(m.out, &found), -1);
	output_body_begin(m.out, 0);
	output_body_is(m.out, &a_part);
	output_body_piece(m.out, "abc", 3);
	assert_file("precious");
	assert_wrote(&m, "", "");
	assert_file("precious");
	unlink(part);
	unlink(etag);
	unlink(path);
}

static void
lines_of_another_process(void **state)
{
	static const char *const bad[] = { "begin", "begin x", "begin -1",
		"begin 5" };
	struct memory_sink m;

	(void)state;
	open_for_pieces(&m);
	output_pass_part(m.out, "begin 0", 7);
	output_pass_file(m.out, "abc", 3);
	output_pass_part(m.out, "uri x\netag 01\n", 14);
	output_pass_part(m.out, "whole", 5);
	assert_wrote(&m, "", "");
	assert_file("abc");
	unlink(path);
	for (size_t i = 1; i < sizeof(bad) / sizeof(*bad); i++) {
		open_for_pieces(&m);
		output_pass_part(m.out, bad[i], strlen(bad[i]));
		assert_true(output_failed(m.out));
		assert_int_equal(memory_sink_close(&m), -1);
		memory_sink_free(&m);
		assert_folder_has(0);
	}
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
		cmocka_unit_test(a_whole_body_gets_its_place),
		cmocka_unit_test(a_body_that_breaks_stays_and_goes_on),
		cmocka_unit_test(a_body_that_begins_anew),
		cmocka_unit_test(without_an_etag_nothing_stays),
		cmocka_unit_test(two_at_a_time),
		cmocka_unit_test(a_link_is_no_part),
		cmocka_unit_test(lines_of_another_process),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

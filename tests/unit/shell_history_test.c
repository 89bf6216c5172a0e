/* SPDX-License-Identifier: BSD-2-Clause */
/* What is kept of the lines that were typed, and where. */
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

#include "shell/history.h"

struct place {
	char folder[64];
	char path[128];
};

static int
set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	strcpy(place->folder, "/tmp/shell_history.XXXXXX");
	if (!mkdtemp(place->folder)) {
		free(place);
		return -1;
	}
	snprintf(place->path, sizeof(place->path), "%s/history", place->folder);
	*state = place;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->path);
	rmdir(place->folder);
	free(place);
	return 0;
}

static char *
contents(const struct place *place)
{
	FILE *file = fopen(place->path, "r");
	char *text = NULL;
	size_t size = 0;

	assert_non_null(file);
	if (getdelim(&text, &size, '\0', file) < 0 && text)
		text[0] = '\0';
	fclose(file);
	return text;
}

static void
assert_file(const struct place *place, const char *expected)
{
	char *text = contents(place);

	assert_string_equal(text, expected);
	free(text);
}

static void
write_file(const struct place *place, const char *text)
{
	FILE *file = fopen(place->path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void
what_is_kept(void **state)
{
	(void)state;
	assert_true(history_wants("get /a"));
	assert_true(history_wants("open coaps://h --psk-file k"));
	assert_true(history_wants("open coaps://h --psk -"));
	assert_false(history_wants(""));
	assert_false(history_wants("  \t"));
	assert_false(history_wants(" get /a"));
	assert_false(history_wants("open coaps://h --psk secret"));
	assert_false(history_wants("open coaps://h --psk=secret"));
	assert_false(history_wants("open coaps://h --psk 'se cret'"));
	assert_false(history_wants("open coaps://h \"--psk\" secret"));
	assert_false(history_wants("get /a; open coaps://h --psk secret"));
}

static void
file_is_private_and_appended_to(void **state)
{
	const struct place *place = *state;
	struct past past;
	struct stat st;

	assert_int_equal(history_open(&past, strdup(place->path)), 0);
	assert_int_equal(history_keep(&past, "get /a"), 0);
	assert_int_equal(history_keep(&past, " get /hidden"), 0);
	assert_int_equal(history_keep(&past, "get /b"), 0);
	history_close(&past);
	assert_file(place, "get /a\nget /b\n");
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
two_shells_lose_nothing(void **state)
{
	const struct place *place = *state;
	struct past one, two;

	assert_int_equal(history_open(&one, strdup(place->path)), 0);
	assert_int_equal(history_open(&two, strdup(place->path)), 0);
	history_keep(&one, "get /1");
	history_keep(&two, "get /2");
	history_keep(&one, "get /3");
	history_close(&one);
	history_close(&two);
	assert_file(place, "get /1\nget /2\nget /3\n");
}

static void
lines_and_backslashes_come_back(void **state)
{
	static const char entry[] = "post /a -d 'one\ntwo \\n'";
	const struct place *place = *state;
	struct past past;

	assert_int_equal(history_open(&past, strdup(place->path)), 0);
	history_keep(&past, entry);
	history_close(&past);
	assert_file(place, "post /a -d 'one\\ntwo \\\\n'\n");
	assert_int_equal(history_open(&past, strdup(place->path)), 0);
	assert_string_equal(history_match(&past, "post"), entry);
	history_close(&past);
}

static void
newest_match(void **state)
{
	const struct place *place = *state;
	struct past past;

	write_file(place, "get /a\nget /b\nget /a\n");
	assert_int_equal(history_open(&past, strdup(place->path)), 0);
	assert_string_equal(history_match(&past, "get"), "get /a");
	history_keep(&past, "get /b");
	assert_string_equal(history_match(&past, "get"), "get /b");
	assert_null(history_match(&past, "get /b"));
	assert_null(history_match(&past, "put"));
	history_close(&past);
}

static unsigned
count_entries(struct past *past)
{
	HistEvent event;
	unsigned n = 0;
	int more;

	for (more = history(past->list, &event, H_FIRST); more == 0;
	     more = history(past->list, &event, H_NEXT))
		n++;
	return n;
}

static void
no_duplicates_and_a_limit(void **state)
{
	const struct place *place = *state;
	struct past past;
	FILE *file;
	char *text;
	unsigned i;

	write_file(place, "get /a\nget /b\nget /a\nget /a\n\n");
	assert_int_equal(history_open(&past, strdup(place->path)), 0);
	assert_int_equal(count_entries(&past), 2);
	history_close(&past);

	/* A file that grew too long is written anew, the newest lines. */
	file = fopen(place->path, "w");
	assert_non_null(file);
	for (i = 0; i < 2 * HISTORY_MAX; i++)
		fprintf(file, "get /%u\n", i);
	fclose(file);
	assert_int_equal(history_open(&past, strdup(place->path)), 0);
	assert_int_equal(count_entries(&past), HISTORY_MAX);
	history_keep(&past, "get /last");
	history_close(&past);
	text = contents(place);
	assert_int_equal(strncmp(text, "get /1000\n", 10), 0);
	assert_non_null(strstr(text, "get /1999\nget /last\n"));
	free(text);
}

static void
folders_are_made(void **state)
{
	const struct place *place = *state;
	char below[128], path[192];
	struct past past;
	struct stat st;

	snprintf(below, sizeof(below), "%s/coap-shell", place->folder);
	snprintf(path, sizeof(path), "%s/history", below);
	assert_int_equal(history_open(&past, strdup(path)), 0);
	assert_int_equal(history_keep(&past, "get /a"), 0);
	history_close(&past);
	assert_int_equal(stat(below, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	unlink(path);
	rmdir(below);
}

static void
no_file_is_no_failure(void **state)
{
	struct past past;

	(void)state;
	assert_int_equal(history_open(&past, NULL), 0);
	assert_int_equal(history_keep(&past, "get /a"), 0);
	assert_string_equal(history_match(&past, "g"), "get /a");
	history_close(&past);
	assert_int_equal(history_open(&past, strdup("/proc/nope/h")), 0);
	assert_int_not_equal(history_keep(&past, "get /a"), 0);
	history_close(&past);
}

static void
where_it_is(void **state)
{
	char *path;

	(void)state;
	setenv("HOME", "/home/u", 1);
	unsetenv("XDG_STATE_HOME");
	unsetenv("COAP_SHELL_HISTORY");
	path = history_path();
	assert_string_equal(path, "/home/u/.local/state/coap-shell/history");
	free(path);
	setenv("XDG_STATE_HOME", "/s", 1);
	path = history_path();
	assert_string_equal(path, "/s/coap-shell/history");
	free(path);
	setenv("COAP_SHELL_HISTORY", "/h", 1);
	path = history_path();
	assert_string_equal(path, "/h");
	free(path);
	setenv("COAP_SHELL_HISTORY", "", 1);
	assert_null(history_path());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_kept),
		cmocka_unit_test_setup_teardown(file_is_private_and_appended_to,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_shells_lose_nothing, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(lines_and_backslashes_come_back,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(newest_match, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(no_duplicates_and_a_limit,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(folders_are_made, set_up,
		    tear_down),
		cmocka_unit_test(no_file_is_no_failure),
		cmocka_unit_test(where_it_is),
	};

	return cmocka_run_group_tests_name("shell_history", tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The command table, and finding a command in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/command.h"
#include "cli/job.h"
#include "cli/output/status.h"

#define WORDS_MAX 6

static const struct command *
find(const char *line, bool prefix, size_t *used, char **problem)
{
	char copy[100], *words[WORDS_MAX], *save = NULL, *word;
	size_t n = 0;

	strcpy(copy, line);
	word = strtok_r(copy, " ", &save);
	for (; word; word = strtok_r(NULL, " ", &save)) {
		assert_true(n < WORDS_MAX);
		words[n++] = word;
	}
	return command_find(words, n, prefix, used, problem);
}

static void
assert_found(const char *line, bool prefix, const char *name, size_t used)
{
	const struct command *command;
	char *problem;
	size_t n;

	command = find(line, prefix, &n, &problem);
	assert_non_null(command);
	assert_null(problem);
	assert_string_equal(command->name, name);
	assert_int_equal(n, used);
}

static void
assert_not_found(const char *line, bool prefix, const char *expected)
{
	char *problem;
	size_t used;

	assert_null(find(line, prefix, &used, &problem));
	assert_non_null(problem);
	assert_string_equal(problem, expected);
	free(problem);
}

static void
test_names_and_aliases(void **state)
{
	(void)state;
	assert_found("get", false, "get", 1);
	assert_found("get /a b", false, "get", 1);
	assert_found("session list x", false, "session list", 2);
	assert_found("session data set k v", false, "session data set", 3);
	assert_found("open coap://h", false, "session open", 1);
	assert_found("connect coap://h", false, "session open", 1);
	assert_found("quit", false, "exit", 1);
}

/* A keyword after a noun wins; anything else is the noun's operand. */
static void
test_longest_name(void **state)
{
	(void)state;
	assert_found("listen list", false, "listen list", 2);
	assert_found("listen ./list", false, "listen", 1);
	assert_found("listen coap://h", false, "listen", 1);
}

static void
test_no_prefix_in_scripts(void **state)
{
	(void)state;
	assert_not_found("sessio list", false,
	    "unknown command 'sessio'; did you mean 'session'?");
	assert_not_found("session li", false,
	    "unknown command 'session li'; did you mean 'session list'?");
}

static void
test_prefix(void **state)
{
	(void)state;
	assert_found("sess li", true, "session list", 2);
	assert_found("sess d g k", true, "session data get", 3);
	assert_found("discov", true, "discover", 1);
	assert_found("get", true, "get", 1);
	assert_not_found("d", true,
	    "'d' is ambiguous: disconnect, delete, discover, demo, decode");
}

static void
test_suggestions(void **state)
{
	(void)state;
	assert_not_found("gte", false,
	    "unknown command 'gte'; did you mean 'get'?");
	assert_not_found("ech x", false,
	    "unknown command 'ech'; did you mean 'echo'?");
	assert_not_found("frobnicate", false,
	    "unknown command 'frobnicate'; 'help' lists them");
	assert_not_found("coap://h/t", true,
	    "'coap://h/t' is no command; 'open coap://h/t' opens a session, "
	    "'get coap://h/t' reads a resource");
	assert_not_found("session frobnicate", false,
	    "unknown command 'session frobnicate'; 'help session' lists them");
	assert_not_found("session data", false,
	    "'session data' wants another word: set, get, unset, list");
	assert_not_found("session data delete k", false,
	    "unknown command 'session data delete'; 'help session data' lists "
	    "them");
	assert_not_found("", false, "no command; 'help' lists them");
}

static void
assert_nearest(const char *word, const char *candidate, bool near)
{
	struct nearest nearest;

	nearest_begin(&nearest, word);
	nearest_try(&nearest, candidate);
	if (near)
		assert_string_equal(nearest.best, candidate);
	else
		assert_null(nearest.best);
}

static void
test_nearest(void **state)
{
	(void)state;
	assert_nearest("gte", "get", true);
	assert_nearest("gt", "get", true);
	assert_nearest("g", "get", false);
	assert_nearest("got", "get", true);
	assert_nearest("discvoer", "discover", true);
	assert_nearest("dsicvoer", "discover", true);
	assert_nearest("x", "y", false);
	assert_nearest("", "a", false);
	assert_nearest("this-word-is-longer-than-any-name-is",
	    "this-word-is-longer-than-any-name-are", false);
}

static bool
is_sorted_by_group(const char *const *seen, size_t n, const char *group)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(seen[i], group) == 0)
			return i + 1 == n;
	return true;
}

/* What help, completion and dispatch rely on. */
static void
test_table(void **state)
{
	const struct command *const *c;
	const char *groups[20];
	const char *const *alias;
	size_t used, n = 0;
	char *problem;

	(void)state;
	for (c = command_table; *c; c++) {
		assert_ptr_equal(find((*c)->name, false, &used, &problem), *c);
		for (alias = (*c)->aliases; alias && *alias; alias++)
			assert_ptr_equal(find(*alias, false, &used, &problem),
			    *c);
		assert_non_null((*c)->group);
		assert_non_null((*c)->summary);
		assert_non_null((*c)->start);
		assert_true(is_sorted_by_group(groups, n, (*c)->group));
		if (n == 0 || strcmp(groups[n - 1], (*c)->group) != 0)
			groups[n++] = (*c)->group;
	}
}

/* A letter means one thing everywhere. */
static void
test_options_do_not_clash(void **state)
{
	const struct command *const *c;
	const struct option *const *sets;
	const struct option *o, *g;

	(void)state;
	for (c = command_table; *c; c++) {
		for (sets = (*c)->options; sets && *sets; sets++) {
			for (o = *sets; o->name; o++) {
				assert_non_null(o->help);
				for (g = global_options; g->name; g++) {
					assert_string_not_equal(o->name,
					    g->name);
					assert_true(o->letter == 0 ||
					    o->letter != g->letter);
				}
			}
		}
	}
}

static void
test_statuses(void **state)
{
	(void)state;
	assert_int_equal(status_of_code(0x45), STATUS_OK);
	assert_int_equal(status_of_code(0x84), STATUS_CLIENT_ERROR);
	assert_int_equal(status_of_code(0xa0), STATUS_SERVER_ERROR);
	assert_int_equal(status_of_code(0xe1), STATUS_RESET);
	assert_int_equal(status_of_error(0), STATUS_OK);
	assert_int_equal(status_of_error(-COAP_E_REFUSED), STATUS_UNREACHABLE);
	assert_int_equal(status_of_error(COAP_E_RESOLVE), STATUS_RESOLVE);
	assert_int_equal(status_of_error(-COAP_E_RETRIES), STATUS_TIMEOUT);
	assert_int_equal(status_of_error(-COAP_E_URI), STATUS_USAGE);
	assert_int_equal(status_of_error(-1000), STATUS_INTERNAL);
	assert_int_equal(status_of_error(INT32_MIN), STATUS_INTERNAL);
	assert_string_equal(status_find(28)->meaning, "timeout");
	assert_null(status_find(99));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_aliases),
		cmocka_unit_test(test_longest_name),
		cmocka_unit_test(test_no_prefix_in_scripts),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_suggestions),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_options_do_not_clash),
		cmocka_unit_test(test_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

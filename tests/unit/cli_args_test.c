/* SPDX-License-Identifier: BSD-2-Clause */
/* Options and operands, and the values that users type. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/words/args.h"

static const struct option own[] = {
	{ .letter = 'n', .name = "count", .arg = "N" },
	{ .letter = 'O', .name = "option", .arg = "X", .repeat = true },
	{ .letter = 'a', .name = "all" },
	{ .name = "no-response", .arg = "LIST", .arg_optional = true },
	{ .name = NULL },
};
static const struct option *const options[] = { own, NULL };

static const struct command one = {
	.name = "one",
	.options = options,
	.operands = { { .name = "TARGET" },
	    { .name = "MORE", .optional = true } },
};
static const struct command many = {
	.name = "many",
	.options = options,
	.operands = { { .name = "WORD", .optional = true, .repeat = true } },
};
static const struct command named = {
	.name = "named",
	.operands = { { .name = "NAME", .optional = true }, { .name = "KEY" },
	    { .name = "VALUE" } },
};
static const struct command none = { .name = "none" };

#define WORDS_MAX 10

/* Splits the line at blanks. */
static size_t
split(char *line, char **words)
{
	size_t n = 0;
	char *save = NULL, *word = strtok_r(line, " ", &save);

	for (; word; word = strtok_r(NULL, " ", &save)) {
		assert_true(n < WORDS_MAX);
		words[n++] = word;
	}
	return n;
}

static int
parse(struct args *args, const struct command *command, const char *line,
    char **problem)
{
	char copy[200], *words[WORDS_MAX];

	assert_true(strlen(line) < sizeof(copy));
	strcpy(copy, line);
	return args_parse(args, command, words, split(copy, words), problem);
}

static void
parse_good(struct args *args, const struct command *command, const char *line)
{
	char *problem;

	assert_int_equal(parse(args, command, line, &problem), 0);
	assert_null(problem);
}

static void
assert_problem(const struct command *command, const char *line,
    const char *expected)
{
	struct args args;
	char *problem;

	assert_int_equal(parse(&args, command, line, &problem), -1);
	assert_string_equal(problem, expected);
	free(problem);
	args_free(&args);
}

static void
test_options_anywhere(void **state)
{
	struct args args;

	(void)state;
	parse_good(&args, &one, "-n 3 /a --all -j b");
	assert_int_equal(args.n_operands, 2);
	assert_string_equal(args_operand(&args, 0), "/a");
	assert_string_equal(args_operand(&args, 1), "b");
	assert_null(args_operand(&args, 2));
	assert_string_equal(args_get(&args, "count"), "3");
	assert_true(args_has(&args, "all"));
	assert_true(args_has(&args, "json"));
	assert_false(args_has(&args, "quiet"));
	assert_null(args_get(&args, "quiet"));
	args_free(&args);
}

static void
test_forms_of_values(void **state)
{
	struct args args;

	(void)state;
	parse_good(&args, &many,
	    "-n1 --count=2 --count 3 -an4 --no-response --no-response=2,4");
	assert_string_equal(args_nth(&args, "count", 0), "1");
	assert_string_equal(args_nth(&args, "count", 1), "2");
	assert_string_equal(args_nth(&args, "count", 2), "3");
	assert_string_equal(args_nth(&args, "count", 3), "4");
	assert_null(args_nth(&args, "count", 4));
	assert_string_equal(args_get(&args, "count"), "4");
	assert_null(args_nth(&args, "no-response", 0));
	assert_string_equal(args_nth(&args, "no-response", 1), "2,4");
	assert_int_equal(args_count(&args, "no-response"), 2);
	args_free(&args);

	parse_good(&args, &many, "--option -a -O= --option=x=y");
	assert_string_equal(args_nth(&args, "option", 0), "-a");
	assert_string_equal(args_nth(&args, "option", 1), "=");
	assert_string_equal(args_nth(&args, "option", 2), "x=y");
	assert_false(args_has(&args, "all"));
	args_free(&args);
}

static void
test_end_of_options(void **state)
{
	struct args args;

	(void)state;
	parse_good(&args, &many, "- -a -- -a -- --nope");
	assert_int_equal(args_count(&args, "all"), 1);
	assert_int_equal(args.n_operands, 4);
	assert_string_equal(args_operand(&args, 0), "-");
	assert_string_equal(args_operand(&args, 1), "-a");
	assert_string_equal(args_operand(&args, 2), "--");
	args_free(&args);
}

static void
test_joined_letters(void **state)
{
	struct args args;

	(void)state;
	parse_good(&args, &many, "-vvav -qv");
	assert_int_equal(args_count(&args, "verbose"), 4);
	assert_true(args_has(&args, "quiet"));
	args_free(&args);
}

static void
test_problems_of_options(void **state)
{
	(void)state;
	assert_problem(&one, "--jsn x",
	    "unknown option '--jsn'; did you mean '--json'?");
	assert_problem(&one, "--cuont=3 x",
	    "unknown option '--cuont'; did you mean '--count'?");
	assert_problem(&one, "--frobnicate x",
	    "unknown option '--frobnicate'; 'help one' lists them");
	assert_problem(&one, "-Z x",
	    "unknown option '-Z'; 'help one' lists them");
	assert_problem(&one, "-aZ x",
	    "unknown option '-Z'; 'help one' lists them");
	assert_problem(&one, "x --count", "option '--count' needs N");
	assert_problem(&one, "x -an", "option '-n' needs N");
	assert_problem(&one, "x --all=3", "option '--all' takes no value");
	assert_problem(&one, "x --json=", "option '--json' takes no value");
	/* Before the command only. */
	assert_problem(&one, "x -c y",
	    "unknown option '-c'; 'help one' lists them");
}

static void
test_number_of_operands(void **state)
{
	struct args args;

	(void)state;
	assert_problem(&one, "",
	    "TARGET is missing; usage: one [OPTION] TARGET [MORE]");
	assert_problem(&one, "a b c d",
	    "'c' is one word too many; usage: one [OPTION] TARGET [MORE]");
	assert_problem(&none, "a", "'a' is one word too many; usage: none");
	assert_problem(&named, "a",
	    "VALUE is missing; usage: named [NAME] KEY VALUE");
	parse_good(&args, &named, "a b");
	args_free(&args);
	parse_good(&args, &one, "-h");
	args_free(&args);
	parse_good(&args, &many, "a b c d e f");
	args_free(&args);
}

static void
test_leading(void **state)
{
	struct args args;
	char line[] = "-j -c list --session x get -n 3", *words[WORDS_MAX];
	char *problem;
	size_t used, n = split(line, words);

	(void)state;
	assert_int_equal(args_parse_leading(&args, words, n, &used, &problem),
	    0);
	assert_int_equal(used, 5);
	assert_string_equal(args_get(&args, "command"), "list");
	assert_string_equal(args_get(&args, "session"), "x");
	assert_int_equal(args.n_operands, 0);
	args_free(&args);

	words[0] = line;
	strcpy(line, "--nope");
	assert_int_equal(args_parse_leading(&args, words, 1, &used, &problem),
	    -1);
	assert_string_equal(problem,
	    "unknown option '--nope'; 'help' lists them");
	free(problem);
	args_free(&args);
}

static void
test_command_words(void **state)
{
	char line[] = "-S x session --format=raw list -jT 5 a -n b";
	char *words[WORDS_MAX];
	size_t at[4], n;

	(void)state;
	n = split(line, words);
	assert_int_equal(args_command_words(words, n, at, 4), 3);
	assert_int_equal(at[0], 2);
	assert_int_equal(at[1], 4);
	assert_int_equal(at[2], 7);
	assert_int_equal(args_command_words(words, n, at, 1), 1);
	assert_int_equal(args_command_words(words, 1, at, 4), 0);
}

static void
test_durations(void **state)
{
	static const struct {
		const char *s;
		int64_t ms;
	} cases[] = {
		{ "500ms", 500 },
		{ "5s", 5000 },
		{ "2m", 120000 },
		{ "2min", 120000 },
		{ "1h", 3600000 },
		{ "1d", 86400000 },
		{ "1.5", 1500 },
		{ "0", 0 },
		{ "0.0015s", 1 },
		{ "0.25m", 15000 },
		{ "", -1 },
		{ "s", -1 },
		{ ".5", -1 },
		{ "1.", -1 },
		{ "-1", -1 },
		{ "1 s", -1 },
		{ "5x", -1 },
		{ "1e3", -1 },
		{ "50d", -1 },
		{ "4294967295d", -1 },
		{ "99999999999999999999", -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(parse_duration(cases[i].s), cases[i].ms);
}

static void
test_numbers(void **state)
{
	uint64_t n = 7;

	(void)state;
	assert_true(parse_number("0", 0, &n));
	assert_int_equal(n, 0);
	assert_true(parse_number("65535", 65535, &n));
	assert_int_equal(n, 65535);
	assert_true(parse_number("18446744073709551615", UINT64_MAX, &n));
	assert_true(n == UINT64_MAX);
	assert_false(parse_number("18446744073709551616", UINT64_MAX, &n));
	assert_false(parse_number("65536", 65535, &n));
	assert_false(parse_number("9", 8, &n));
	assert_false(parse_number("", 10, &n));
	assert_false(parse_number("+1", 10, &n));
	assert_false(parse_number(" 1", 10, &n));
	assert_false(parse_number("0x1", 10, &n));
}

static void
test_hex(void **state)
{
	uint8_t *bytes;
	size_t len;

	(void)state;
	assert_true(parse_hex("00fF:a0 12", &bytes, &len));
	assert_int_equal(len, 4);
	assert_memory_equal(bytes, "\x00\xff\xa0\x12", 4);
	free(bytes);
	assert_true(parse_hex("", &bytes, &len));
	assert_int_equal(len, 0);
	free(bytes);
	assert_false(parse_hex("0", &bytes, &len));
	assert_false(parse_hex("0 0", &bytes, &len));
	assert_false(parse_hex("0g", &bytes, &len));
	assert_false(parse_hex(" 00", &bytes, &len));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_anywhere),
		cmocka_unit_test(test_forms_of_values),
		cmocka_unit_test(test_end_of_options),
		cmocka_unit_test(test_joined_letters),
		cmocka_unit_test(test_problems_of_options),
		cmocka_unit_test(test_number_of_operands),
		cmocka_unit_test(test_leading),
		cmocka_unit_test(test_command_words),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Lines of commands: words, operators, quotes, variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/words/lexer.h"

static const char *
lookup(void *arg, const char *name)
{
	(void)arg;
	if (strcmp(name, "?") == 0)
		return "4";
	if (strcmp(name, "1") == 0)
		return "one";
	if (strcmp(name, "10") == 0)
		return "ten";
	if (strcmp(name, "who") == 0)
		return "a b";
	return NULL;
}

/* The tokens as text: words in brackets, operators as they are, line ends as
 * '/'. */
static void
show(const char *line, char *out, size_t size)
{
	static const char signs[] = "?;/&|>";
	struct lex lex;
	char *word, *problem;
	size_t i, len = 0;

	assert_int_equal(lex_text(&lex, line, strlen(line)), 0);
	out[0] = '\0';
	for (i = 0; i < lex.n; i++) {
		assert_true(lex.tokens[i].begin < lex.tokens[i].end);
		assert_true(lex.tokens[i].end <= strlen(line));
		if (lex.tokens[i].kind != LEX_WORD) {
			len += (size_t)snprintf(out + len, size - len, "%c",
			    signs[lex.tokens[i].kind]);
			continue;
		}
		word = lex_word(line, &lex.tokens[i], lookup, NULL, &problem);
		assert_non_null(word);
		len += (size_t)snprintf(out + len, size - len, "[%s]", word);
		free(word);
	}
	lex_free(&lex);
}

static void
assert_tokens(const char *line, const char *expected)
{
	char out[500];

	show(line, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void
test_words(void **state)
{
	(void)state;
	assert_tokens("", "");
	assert_tokens("  \t\r ", "");
	assert_tokens("get /time", "[get][/time]");
	assert_tokens(" get\t/time \r", "[get][/time]");
	assert_tokens("a\nb", "[a]/[b]");
}

static void
test_quotes(void **state)
{
	(void)state;
	assert_tokens("'a b' c", "[a b][c]");
	assert_tokens("\"a 'b\" c", "[a 'b][c]");
	assert_tokens("'a\"b'", "[a\"b]");
	assert_tokens("a' 'b\" \"c", "[a b c]");
	assert_tokens("''", "[]");
	assert_tokens("a\\ b", "[a b]");
	assert_tokens("\\a\\\\", "[a\\]");
	assert_tokens("\"\\a\\\"\\\\\\$\"", "[\\a\"\\$]");
	assert_tokens("'\\'", "[\\]");
	assert_tokens("'a\nb'", "[a\nb]");
}

static void
test_operators_are_words(void **state)
{
	(void)state;
	assert_tokens("a ; b", "[a];[b]");
	assert_tokens("a & b | c > d", "[a]&[b]|[c]>[d]");
	assert_tokens("get /a;b?c&d", "[get][/a;b?c&d]");
	assert_tokens("a|b c>d >e &f", "[a|b][c>d][>e][&f]");
	assert_tokens("a \\; ';' \"&\" \\| '>'", "[a][;][;][&][|][>]");
}

/* The shells' habit: a semicolon right behind a word, before a blank. */
static void
test_semicolon_ends_a_word(void **state)
{
	(void)state;
	assert_tokens("get /a; get /b;", "[get][/a];[get][/b];");
	assert_tokens("get /a;;", "[get][/a;];");
	assert_tokens("get '/a;' b", "[get][/a;][b]");
	assert_tokens("get /a\\; b", "[get][/a;][b]");
}

static void
test_comments(void **state)
{
	(void)state;
	assert_tokens("#!/usr/bin/env coap-shell", "");
	assert_tokens("get /a # b ; c", "[get][/a]");
	assert_tokens("get /a#b #c", "[get][/a#b][#c]");
	assert_tokens("a # b\n#c\nd", "[a]//[d]");
	assert_tokens("a '#' b", "[a][#][b]");
}

static void
test_line_goes_on(void **state)
{
	(void)state;
	assert_tokens("a \\\n b", "[a][b]");
	assert_tokens("a\\\nb", "[ab]");
	assert_tokens("\"a\\\nb\"", "[ab]");
}

static void
test_variables(void **state)
{
	(void)state;
	assert_tokens("$who", "[a b]");
	assert_tokens("x$who/y ${who}y", "[xa b/y][a by]");
	assert_tokens("\"$who\" '$who' \\$who", "[a b][$who][$who]");
	assert_tokens("$? $1 $10 ${10}", "[4][one][one0][ten]");
	assert_tokens("a$ $ $- ${ ${who", "[a$][$][$-][${][${who]");
}

static void
test_unset_variable(void **state)
{
	static const char line[] = "get $nobody";
	struct lex lex;
	char *problem;

	(void)state;
	assert_int_equal(lex_text(&lex, line, strlen(line)), 0);
	assert_null(lex_word(line, &lex.tokens[1], lookup, NULL, &problem));
	assert_string_equal(problem,
	    "$nobody is not set; a dollar sign by itself is \\$");
	free(problem);
	lex_free(&lex);
}

static void
test_without_lookup(void **state)
{
	struct lex lex;
	char *problem, *word;

	(void)state;
	assert_int_equal(lex_text(&lex, "$who", 4), 0);
	word = lex_word("$who", &lex.tokens[0], NULL, NULL, &problem);
	assert_string_equal(word, "$who");
	free(word);
	lex_free(&lex);
}

static void
test_what_is_open(void **state)
{
	static const struct {
		const char *line;
		enum lex_quote open;
	} cases[] = {
		{ "get", LEX_PLAIN },
		{ "get 'a", LEX_SINGLE },
		{ "get 'a\"", LEX_SINGLE },
		{ "get \"a", LEX_DOUBLE },
		{ "get \"a\\", LEX_DOUBLE },
		{ "get \"a'", LEX_DOUBLE },
		{ "get a\\", LEX_ESCAPE },
		{ "get \\", LEX_ESCAPE },
		{ "get 'a' \"b\"", LEX_PLAIN },
		{ "get a\\\\", LEX_PLAIN },
	};
	struct lex lex;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(lex_text(&lex, cases[i].line,
				     strlen(cases[i].line)),
		    0);
		assert_int_equal(lex.open, cases[i].open);
		lex_free(&lex);
	}
}

static void
test_offsets(void **state)
{
	static const char line[] = "get  'a b'; #c";
	struct lex lex;

	(void)state;
	assert_int_equal(lex_text(&lex, line, strlen(line)), 0);
	assert_int_equal(lex.n, 4);
	assert_int_equal(lex.tokens[1].begin, 5);
	assert_int_equal(lex.tokens[1].end, 10);
	assert_int_equal(lex.tokens[2].kind, LEX_THEN);
	assert_int_equal(lex.tokens[2].begin, 10);
	assert_int_equal(lex.comment, strlen(line));
	lex_free(&lex);

	assert_int_equal(lex_text(&lex, "a # b", 5), 0);
	assert_int_equal(lex.comment, 2);
	lex_free(&lex);
}

/* Whatever is quoted comes back. */
static void
test_quoting(void **state)
{
	static const char *const words[] = {
		"a",
		"",
		"a b",
		"'",
		"\"",
		"\\",
		"$who",
		";",
		"a;",
		"a;b",
		"&",
		"|",
		">",
		"#",
		"#a",
		"a#b",
		"a\nb",
		"'\n",
		"gr\303\266\303\237e \342\202\254",
	};
	static const enum lex_quote quotes[] = { LEX_PLAIN, LEX_SINGLE,
		LEX_DOUBLE };
	static const char *const openings[] = { "", "'", "\"" };
	char line[100], expected[100];
	char *quoted;
	size_t i, q;

	(void)state;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		for (q = 0; q < 3; q++) {
			quoted = lex_quote(words[i], quotes[q], 1);
			assert_non_null(quoted);
			snprintf(line, sizeof(line), "%s%s", openings[q],
			    quoted);
			snprintf(expected, sizeof(expected), "[%s]", words[i]);
			assert_tokens(line, expected);
			free(quoted);
		}
	}
}

static void
test_quoting_unclosed(void **state)
{
	char *quoted = lex_quote("a b", LEX_DOUBLE, 0);

	(void)state;
	assert_string_equal(quoted, "a b");
	free(quoted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_quotes),
		cmocka_unit_test(test_operators_are_words),
		cmocka_unit_test(test_semicolon_ends_a_word),
		cmocka_unit_test(test_comments),
		cmocka_unit_test(test_line_goes_on),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_unset_variable),
		cmocka_unit_test(test_without_lookup),
		cmocka_unit_test(test_what_is_open),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_quoting_unclosed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

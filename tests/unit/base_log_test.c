/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: levels, handler, form of a line, one write a line. */
#include <errno.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <coap3/coap_debug.h>
#include <coap3/libcoap.h>

#include "base/log.h"

static char taken[LOG_LINE_MAX];
static int n_taken;
static coap_log_t taken_level;

static void
take(coap_log_t level, const char *message)
{
	assert_true(strlen(message) < sizeof(taken));
	snprintf(taken, sizeof(taken), "%s", message);
	taken_level = level;
	n_taken++;
	errno = EDOM;
}

static int
setup(void **state)
{
	(void)state;
	n_taken = 0;
	coap_set_log_handler(take);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	coap_set_log_handler(NULL);
	coap_set_log_level(COAP_LOG_WARN);
	coap_dtls_set_log_level(COAP_LOG_EMERG);
	return 0;
}

static void
test_level(void **state)
{
	int evaluated = 0;

	(void)state;
	assert_int_equal(coap_get_log_level(), COAP_LOG_WARN);
	coap_log_info("%d", ++evaluated);
	assert_int_equal(evaluated, 0);
	assert_int_equal(n_taken, 0);
	coap_log_impl(COAP_LOG_INFO, "not wanted");
	assert_int_equal(n_taken, 0);
	coap_log_warn("%d\n", ++evaluated);
	assert_int_equal(n_taken, 1);
	assert_int_equal(taken_level, COAP_LOG_WARN);
	assert_string_equal(taken, "1\n");
	coap_log_emerg("e");
	coap_log_alert("a");
	coap_log_crit("c");
	coap_log_err("r");
	assert_int_equal(n_taken, 5);
	coap_log_notice("n");
	coap_log_debug("d");
	coap_log_oscore("o");
	assert_int_equal(n_taken, 5);
	coap_set_log_level(COAP_LOG_OSCORE);
	coap_log_oscore("o");
	assert_int_equal(n_taken, 6);
	coap_set_log_level((coap_log_t)77);
	assert_int_equal(coap_get_log_level(), COAP_LOG_OSCORE);
	coap_set_log_level(COAP_LOG_EMERG);
	coap_log_alert("a");
	assert_int_equal(n_taken, 6);
}

static void
test_tls_level(void **state)
{
	const coap_log_t warn = COAP_LOG_DTLS_BASE + COAP_LOG_WARN;

	(void)state;
	assert_int_equal(coap_dtls_get_log_level(), COAP_LOG_EMERG);
	assert_false(log_wanted(warn));
	coap_log_impl(warn, "x");
	assert_int_equal(n_taken, 0);
	coap_dtls_set_log_level(COAP_LOG_WARN);
	assert_int_equal(coap_dtls_get_log_level(), COAP_LOG_WARN);
	coap_log_impl(warn, "x");
	assert_int_equal(n_taken, 1);
	assert_int_equal(taken_level, warn);
	assert_false(log_wanted(COAP_LOG_DTLS_BASE + COAP_LOG_INFO));
	coap_dtls_set_log_level(COAP_LOG_OSCORE);
	assert_int_equal(coap_dtls_get_log_level(), COAP_LOG_DEBUG);
}

static void
test_desc(void **state)
{
	static const char *const labels[] = {
		"EMRG",
		"ALRT",
		"CRIT",
		"ERR ",
		"WARN",
		"NOTE",
		"INFO",
		"DEBG",
		"OSC ",
		"Emrg",
		"Alrt",
		"Crit",
		"Err ",
		"Warn",
		"Note",
		"Info",
		"Debg",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		assert_string_equal(coap_log_level_desc((coap_log_t)i),
		    labels[i]);
	assert_string_equal(coap_log_level_desc((coap_log_t)i), "????");
	assert_string_equal(coap_log_level_desc((coap_log_t)-1), "????");
}

static void
test_text(void **state)
{
	(void)state;
	errno = ENOENT;
	coap_log_warn("a\n");
	assert_int_equal(errno, ENOENT);
	assert_string_equal(taken, "a\n");
	coap_log_warn("a");
	assert_string_equal(taken, "a\n");
	coap_log_warn("%s", "");
	assert_string_equal(taken, "\n");
	coap_log_warn("\n\n");
	assert_string_equal(taken, "?\n");
	coap_log_warn("%s", "a\033[2Jb\tc\r\nd\x7f\xc3\xa4");
	assert_string_equal(taken, "a?[2Jb\tc??d?\xc3\xa4\n");
}

static void
test_long_text(void **state)
{
	static char text[2 * LOG_LINE_MAX];
	const size_t most = LOG_LINE_MAX - 2; /* newline and NUL */

	(void)state;
	memset(text, 'x', most);
	coap_log_warn("%s", text);
	assert_int_equal(strlen(taken), most + 1);
	assert_string_equal(taken + most - 3, "xxx\n");
	memset(text, 'x', sizeof(text) - 1);
	coap_log_warn("%s", text);
	assert_int_equal(strlen(taken), most + 1);
	assert_string_equal(taken + most - 4, "x...\n");
}

/* Logs to a socket in place of out, where each write is a datagram. */
static size_t
captured(FILE *out, coap_log_t level, const char *text, char *line, size_t size)
{
	int pair[2], saved;
	ssize_t n, more;

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	fflush(out);
	saved = dup(fileno(out));
	dup2(pair[1], fileno(out));
	coap_log_impl(level, "%s", text);
	n = recv(pair[0], line, size - 1, MSG_DONTWAIT);
	more = recv(pair[0], line + size - 1, 1, MSG_DONTWAIT);
	dup2(saved, fileno(out));
	close(saved);
	close(pair[0]);
	close(pair[1]);
	assert_true(more < 0);
	line[n < 0 ? 0 : n] = 0;
	return n < 0 ? 0 : (size_t)n;
}

static void
assert_matches(const char *line, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	assert_int_equal(regexec(&re, line, 0, NULL, 0), 0);
	regfree(&re);
}

#define STAMP                                                            \
	"^(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-3][0-9] " \
	"[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3} "

static void
test_output(void **state)
{
	static char text[6000], line[LOG_LINE_MAX + 100];

	(void)state;
	coap_set_log_handler(NULL);
	assert_true(captured(stdout, COAP_LOG_WARN, "a b", line, 100) > 0);
	assert_matches(line, STAMP "WARN a b\n$");
	assert_true(captured(stdout, COAP_LOG_ERR, "a b\n", line, 100) > 0);
	assert_matches(line, STAMP "ERR  a b\n$");
	assert_true(captured(stderr, COAP_LOG_CRIT, "c", line, 100) > 0);
	assert_matches(line, STAMP "CRIT c\n$");
	assert_int_equal(captured(stdout, COAP_LOG_CRIT, "", line, 100), 0);
	assert_int_equal(captured(stdout, COAP_LOG_INFO, "x", line, 100), 0);

	coap_dtls_set_log_level(COAP_LOG_WARN);
	assert_true(captured(stderr, COAP_LOG_DTLS_BASE, "c", line, 100) > 0);
	assert_matches(line, STAMP "Emrg c\n$");
	assert_true(captured(stdout, COAP_LOG_DTLS_BASE + COAP_LOG_WARN, "c",
			line, 100) > 0);
	assert_matches(line, STAMP "Warn c\n$");

	/* More than stdio would write at a time. */
	memset(text, 'y', sizeof(text) - 1);
	assert_int_equal(captured(stdout, COAP_LOG_WARN, text, line,
			     sizeof(line)),
	    strlen("Jan 01 00:00:00.000 WARN ") + strlen(text) + 1);
}

static void
test_pdu_choices(void **state)
{
	(void)state;
	assert_true(log_pdu_to_stdio());
	assert_true(log_pdu_data());
	coap_set_show_pdu_output(0);
	coap_enable_pdu_data_output(0);
	assert_false(log_pdu_to_stdio());
	assert_false(log_pdu_data());
	coap_set_show_pdu_output(2);
	coap_enable_pdu_data_output(1);
	assert_true(log_pdu_to_stdio());
	assert_true(log_pdu_data());
}

static void
test_startup(void **state)
{
	(void)state;
	coap_cleanup();
	coap_startup();
	coap_startup();
	coap_log_warn("still there");
	assert_int_equal(n_taken, 1);
	coap_cleanup();
	coap_cleanup();
	coap_startup();
	coap_log_warn("still there");
	assert_int_equal(n_taken, 2);
}

static void
test_package(void **state)
{
	(void)state;
	assert_string_equal(coap_package_name(), "coap-session");
	assert_string_equal(coap_package_version(), "4.3.5");
	assert_matches(coap_package_build(), "^[0-9]+\\.[0-9]+\\.[0-9]+$");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_level),
		TEST(test_tls_level),
		TEST(test_desc),
		TEST(test_text),
		TEST(test_long_text),
		TEST(test_output),
		TEST(test_pdu_choices),
		TEST(test_startup),
		TEST(test_package),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

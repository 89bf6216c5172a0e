/* SPDX-License-Identifier: BSD-2-Clause */
/* The line on a terminal that is not finished, and what is written above it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/output/output.h"
#include "cli/output/terminal.h"

static int
terminal_put(struct sink *sink, const char *s)
{
	return sink->err(sink->user, s, strlen(s));
}

static bool
terminal_line(struct sink *sink, const char *s)
{
	return sink->line(sink->user, s, strlen(s));
}

/* Runs write() in a process whose stderr is a terminal of so many columns, and
 * stdout as well if out is set; what was written there is in buf. */
static void
on_a_terminal(unsigned short columns, bool out, int (*write)(struct sink *sink),
    char *buf, size_t size)
{
	struct winsize window = { .ws_row = 24, .ws_col = columns };
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, status;
	struct terminal terminal;
	struct termios raw;
	struct sink sink;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_true(
	    master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0 && tcgetattr(slave, &raw) == 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &window), 0);
	pid = fork();
	if (pid == 0) {
		dup2(slave, STDERR_FILENO);
		dup2(out ? slave : open("/dev/null", O_WRONLY), STDOUT_FILENO);
		sink_stdio(&sink, &terminal);
		_exit(write(&sink));
	}
	close(slave);
	/* At the end of the last writer it is EIO. */
	while (len < size - 1) {
		n = read(master, buf + len, size - 1 - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(master);
}

/* Blanks over so many columns, and what ^C has taken of the next two. */
#define BLANKS_2 "  "
#define BLANKS_6 "      "

static int
text_and_line(struct sink *sink)
{
	int wrong = terminal_line(sink, "50 %");

	terminal_put(sink, "told\n");
	wrong += !terminal_line(sink, "9 %");
	wrong += !terminal_line(sink, "");
	wrong += terminal_line(sink, "");
	terminal_put(sink, "after\n");
	return wrong;
}

static void
test_is_below_what_is_told(void **state)
{
	char buf[512];

	(void)state;
	on_a_terminal(80, true, text_and_line, buf, sizeof(buf));
	assert_string_equal(buf,
	    "\r50 %"
	    "\r" BLANKS_6 "\r"
	    "told\n"
	    "\r50 %"
	    /* What was longer is overwritten. */
	    "\r9 % "
	    "\r" BLANKS_6 "\r"
	    "after\n");
}

static int
out_and_line(struct sink *sink)
{
	terminal_line(sink, "50 %");
	sink->out(sink->user, "half ", 5);
	sink->out(sink->user, "a line", 6);
	terminal_line(sink, "60 %");
	return 0;
}

static void
test_half_a_line_is_ended(void **state)
{
	char buf[512];

	(void)state;
	on_a_terminal(80, true, out_and_line, buf, sizeof(buf));
	assert_string_equal(buf,
	    "\r50 %"
	    "\r" BLANKS_6 "\rhalf a line\n"
	    "\r60 %");
	/* What goes elsewhere is nothing to it. */
	on_a_terminal(80, false, out_and_line, buf, sizeof(buf));
	assert_string_equal(buf, "\r50 %\r60 %");
}

static int
long_line(struct sink *sink)
{
	terminal_line(sink, "0123456789\033\t456789");
	return !terminal_line(sink, "");
}

static void
test_fits_into_the_row(void **state)
{
	char buf[512];

	(void)state;
	on_a_terminal(10, true, long_line, buf, sizeof(buf));
	assert_string_equal(buf, "\r0123456\r" BLANKS_6 BLANKS_2 " \r");
	on_a_terminal(16, true, long_line, buf, sizeof(buf));
	assert_string_equal(buf,
	    "\r0123456789??4\r" BLANKS_6 BLANKS_6 BLANKS_2 " \r");
}

static void
test_midline(void **state)
{
	static const struct {
		const char *text;
		bool midline;
	} rows[] = {
		{ "a", true },
		{ "a\n", false },
		{ "a\n\033[0m", false },
		{ "a\033[0;1m", true },
		{ "\n12m", true },
		{ "m", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(ends_midline(rows[i].text,
				     strlen(rows[i].text)),
		    rows[i].midline);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_below_what_is_told),
		cmocka_unit_test(test_half_a_line_is_ended),
		cmocka_unit_test(test_fits_into_the_row),
		cmocka_unit_test(test_midline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

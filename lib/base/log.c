/* SPDX-License-Identifier: BSD-2-Clause */
/* The log: the one thing that the whole process shares. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CUT      "..."
#define TIME_MAX 40 /* of "Mon DD HH:MM:SS.mmm LEVL " */

static atomic_uint log_level = COAP_LOG_WARN;
static atomic_uint tls_log_level = COAP_LOG_EMERG;
static _Atomic(coap_log_handler_t) log_handler;
static atomic_bool pdu_to_stdio = true;
static atomic_bool pdu_data = true;

static const char *const labels[] = {
	[COAP_LOG_EMERG] = "EMRG",
	[COAP_LOG_ALERT] = "ALRT",
	[COAP_LOG_CRIT] = "CRIT",
	[COAP_LOG_ERR] = "ERR ",
	[COAP_LOG_WARN] = "WARN",
	[COAP_LOG_NOTICE] = "NOTE",
	[COAP_LOG_INFO] = "INFO",
	[COAP_LOG_DEBUG] = "DEBG",
	[COAP_LOG_OSCORE] = "OSC ",
	[COAP_LOG_DTLS_BASE + COAP_LOG_EMERG] = "Emrg",
	[COAP_LOG_DTLS_BASE + COAP_LOG_ALERT] = "Alrt",
	[COAP_LOG_DTLS_BASE + COAP_LOG_CRIT] = "Crit",
	[COAP_LOG_DTLS_BASE + COAP_LOG_ERR] = "Err ",
	[COAP_LOG_DTLS_BASE + COAP_LOG_WARN] = "Warn",
	[COAP_LOG_DTLS_BASE + COAP_LOG_NOTICE] = "Note",
	[COAP_LOG_DTLS_BASE + COAP_LOG_INFO] = "Info",
	[COAP_LOG_DTLS_BASE + COAP_LOG_DEBUG] = "Debg",
};

/* Not strftime(3)'s: those depend on the locale. */
static const char *const months[] = {
	"Jan",
	"Feb",
	"Mar",
	"Apr",
	"May",
	"Jun",
	"Jul",
	"Aug",
	"Sep",
	"Oct",
	"Nov",
	"Dec",
};

coap_log_t
coap_get_log_level(void)
{
	return atomic_load_explicit(&log_level, memory_order_relaxed);
}

void
coap_set_log_level(coap_log_t level)
{
	unsigned int n = level;

	atomic_store(&log_level, n > COAP_LOG_OSCORE ? COAP_LOG_OSCORE : n);
}

coap_log_t
coap_dtls_get_log_level(void)
{
	return atomic_load_explicit(&tls_log_level, memory_order_relaxed);
}

void
coap_dtls_set_log_level(coap_log_t level)
{
	unsigned int n = level;

	atomic_store(&tls_log_level, n > COAP_LOG_DEBUG ? COAP_LOG_DEBUG : n);
}

const char *
coap_log_level_desc(coap_log_t level)
{
	unsigned int n = level;

	return n < sizeof(labels) / sizeof(labels[0]) ? labels[n] : "????";
}

void
coap_set_log_handler(coap_log_handler_t handler)
{
	atomic_store(&log_handler, handler);
}

void
coap_set_show_pdu_output(int use_fprintf)
{
	atomic_store(&pdu_to_stdio, use_fprintf != 0);
}

void
coap_enable_pdu_data_output(int enable_data)
{
	atomic_store(&pdu_data, enable_data != 0);
}

bool
log_pdu_to_stdio(void)
{
	return atomic_load(&pdu_to_stdio);
}

bool
log_pdu_data(void)
{
	return atomic_load(&pdu_data);
}

bool
log_wanted(coap_log_t level)
{
	unsigned int n = level;

	if (n < COAP_LOG_DTLS_BASE)
		return n <= coap_get_log_level();
	return n - COAP_LOG_DTLS_BASE <= coap_dtls_get_log_level();
}

/* Writes "Mon DD HH:MM:SS.mmm LEVL " and returns its length. */
static size_t
put_prefix(char *line, coap_log_t level)
{
	struct timespec now;
	struct tm tm;
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	n = snprintf(line, TIME_MAX, "%s %02d %02d:%02d:%02d.%03ld %s ",
	    months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    now.tv_nsec / 1000000, coap_log_level_desc(level));
	return (size_t)n;
}

/* Makes n bytes, with room for two more, one line; returns its length. */
static size_t
make_line(char *text, size_t n)
{
	unsigned char c;
	size_t i;

	if (n > 0 && text[n - 1] == '\n')
		n--;
	for (i = 0; i < n; i++) {
		c = (unsigned char)text[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			text[i] = '?';
	}
	text[n] = '\n';
	text[n + 1] = 0;
	return n + 1;
}

/* Formats into LOG_LINE_MAX bytes at text; returns the length of the line. */
static size_t __attribute__((format(printf, 2, 0)))
put_message(char *text, const char *format, va_list ap)
{
	size_t room = LOG_LINE_MAX - 1;
	size_t len;
	int n;

	n = vsnprintf(text, room, format, ap);
	len = n < 0 ? 0 : (size_t)n;
	if (len >= room) {
		len = room - 1;
		memcpy(text + len - strlen(CUT), CUT, strlen(CUT));
	}
	return make_line(text, len);
}

/* After what is buffered, by one write(2), so that lines never mix. */
static void
write_line(FILE *out, const char *line, size_t len)
{
	ssize_t n;

	flockfile(out);
	fflush(out);
	do
		n = write(fileno(out), line, len);
	while (n < 0 && errno == EINTR);
	funlockfile(out);
}

void
coap_log_impl(coap_log_t level, const char *format, ...)
{
	char line[TIME_MAX + LOG_LINE_MAX];
	coap_log_handler_t handler;
	unsigned int severity = level;
	size_t len = 0;
	int saved = errno;
	FILE *out;
	va_list ap;

	if (!log_wanted(level))
		return;
	handler = atomic_load(&log_handler);
	if (!handler)
		len = put_prefix(line, level);
	va_start(ap, format);
	len += put_message(line + len, format, ap);
	va_end(ap);

	if (handler) {
		handler(level, line);
	} else {
		if (severity >= COAP_LOG_DTLS_BASE)
			severity -= COAP_LOG_DTLS_BASE;
		out = severity <= COAP_LOG_CRIT ? stderr : stdout;
		write_line(out, line, len);
	}
	errno = saved;
}

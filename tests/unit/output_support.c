/* SPDX-License-Identifier: BSD-2-Clause */
/* An output that writes to memory, and messages to show. */
#include "output_support.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* 2026-08-14T09:12:03.418Z */
#define NOW_MS 1786698723418

static int
memory_out(void *user, const void *data, size_t len)
{
	struct memory_sink *m = user;

	m->writes++;
	if (m->fail_after > 0 && m->writes > m->fail_after) {
		errno = ENOSPC;
		return -1;
	}
	text_add_bytes(&m->stdout_text, data, len);
	return 0;
}

static int
memory_err(void *user, const void *data, size_t len)
{
	struct memory_sink *m = user;

	text_add_bytes(&m->stderr_text, data, len);
	return 0;
}

static int64_t
memory_now(void *user)
{
	(void)user;
	return NOW_MS;
}

void
memory_sink_init(struct memory_sink *m, enum form form)
{
	memset(m, 0, sizeof(*m));
	m->sink.user = m;
	m->sink.out = memory_out;
	m->sink.err = memory_err;
	m->sink.now_ms = memory_now;
	m->sink.utf8 = true;
	m->options.form = form;
	m->options.color = -1;
}

void
memory_sink_terminal(struct memory_sink *m, enum form form)
{
	memory_sink_init(m, form);
	m->sink.out_is_terminal = true;
	m->sink.err_is_terminal = true;
}

struct output *
memory_sink_open(struct memory_sink *m)
{
	m->out = output_new(&m->sink, &m->options);
	assert_non_null(m->out);
	return m->out;
}

int
memory_sink_close(struct memory_sink *m)
{
	struct output *out = m->out;

	m->out = NULL;
	return output_close(out);
}

void
memory_sink_free(struct memory_sink *m)
{
	memory_sink_close(m);
	text_free(&m->stdout_text);
	text_free(&m->stderr_text);
}

void
assert_wrote(struct memory_sink *m, const char *stdout_text,
    const char *stderr_text)
{
	if (m->out)
		assert_int_equal(memory_sink_close(m), 0);
	assert_string_equal(text_string(&m->stdout_text), stdout_text);
	assert_int_equal(m->stdout_text.len, strlen(stdout_text));
	assert_string_equal(text_string(&m->stderr_text), stderr_text);
	memory_sink_free(m);
}

void
assert_wrote_bytes(struct memory_sink *m, const void *data, size_t len)
{
	if (m->out)
		assert_int_equal(memory_sink_close(m), 0);
	assert_int_equal(m->stdout_text.len, len);
	if (len > 0)
		assert_memory_equal(m->stdout_text.s, data, len);
	assert_int_equal(m->stderr_text.len, 0);
	memory_sink_free(m);
}

coap_pdu_t *
message_new(unsigned code, int format, const void *data, size_t len)
{
	coap_pdu_t *pdu = coap_pdu_init(COAP_MESSAGE_ACK, (coap_pdu_code_t)code,
	    4711, len + 64);
	uint8_t buf[4];

	assert_non_null(pdu);
	assert_int_equal(coap_add_token(pdu, 2, (const uint8_t *)"\xa1\xb2"),
	    1);
	if (format >= 0)
		coap_add_option(pdu, COAP_OPTION_CONTENT_FORMAT,
		    coap_encode_var_safe(buf, sizeof(buf), (unsigned)format),
		    buf);
	if (len > 0)
		assert_int_equal(coap_add_data(pdu, len, data), 1);
	return pdu;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* What -v, -vv and -vvv tell on stderr, in every form. */
#include "cli/output/output_form.h"

#include <string.h>

/* Of one message; what is longer is cut by coapx_pdu_print(). */
#define LINE_SIZE 4096
/* More of a reason is not told. */
#define REASON_MAX 256

enum verbosity {
	VERBOSE_PROGRESS = 1,
	VERBOSE_MESSAGES = 2,
	VERBOSE_BYTES = 3,
};

static void
begin_line(struct text *text, char mark, const char *session, bool ascii)
{
	text_add_char(text, mark, 1);
	text_add_char(text, ' ', 1);
	if (!session)
		return;
	add_line(text, session, ascii);
	text_add(text, ": ");
}

/* Why a peer aborts is told nowhere else. */
static void
add_reason(struct text *text, const coap_pdu_t *pdu, bool ascii)
{
	const uint8_t *data = NULL;
	size_t len = 0;

	coap_get_data(pdu, &len, &data);
	if (len == 0)
		return;
	text_add(text, " \"");
	payload_escape(text, data, len < REASON_MAX ? len : REASON_MAX,
	    ESCAPE_LINE, ascii);
	text_add(text, len < REASON_MAX ? "\"" : "...\"");
}

static void
add_message(struct text *text, const coapx_trace_t *trace, bool ascii)
{
	coap_proto_t proto = COAP_PROTO_UDP;
	char line[LINE_SIZE];

	if (!trace->pdu) {
		text_addf(text,
		    trace->length == 1 ? "%zu byte that is no valid message"
				       : "%zu bytes that are no valid message",
		    trace->length);
		return;
	}
	if (trace->session)
		proto = coap_session_get_proto(trace->session);
	line[0] = '\0';
	coapx_pdu_print(trace->pdu, proto, 0, line, sizeof(line));
	add_line(text, line, ascii);
	if (coap_pdu_get_code(trace->pdu) == COAP_SIGNALING_CODE_ABORT)
		add_reason(text, trace->pdu, ascii);
}

static void
trace_message(struct output *out, const char *session,
    const coapx_trace_t *trace)
{
	char arrow = trace->kind == COAPX_TRACE_TX ? '>' : '<';
	char margin[] = { arrow, ' ', ' ', '\0' };
	struct text text = { .s = NULL };

	begin_line(&text, arrow, session, out->ascii_err);
	add_message(&text, trace, out->ascii_err);
	if (trace->retransmission > 0)
		text_addf(&text, " (retransmission %u)", trace->retransmission);
	text_add_char(&text, '\n', 1);
	if (out->options.verbose >= VERBOSE_BYTES && trace->data)
		payload_dump(&text, margin, trace->data, trace->length);
	put_stderr(out, &text);
}

static void
trace_progress(struct output *out, const char *session,
    const coapx_trace_t *trace)
{
	struct text text = { .s = NULL };

	begin_line(&text, '*', session, out->ascii_err);
	if (trace->text)
		add_line(&text, trace->text, out->ascii_err);
	else
		text_addf(&text, "retransmission %u", trace->retransmission);
	text_add_char(&text, '\n', 1);
	put_stderr(out, &text);
}

void
output_trace(struct output *out, const char *session_name,
    const coapx_trace_t *trace)
{
	bool message =
	    trace->kind == COAPX_TRACE_TX || trace->kind == COAPX_TRACE_RX;

	if (message && out->options.verbose >= VERBOSE_MESSAGES)
		trace_message(out, session_name, trace);
	else if (out->options.verbose >= VERBOSE_PROGRESS &&
	    (trace->text || trace->retransmission > 0))
		trace_progress(out, session_name, trace);
}

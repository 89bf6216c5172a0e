/* SPDX-License-Identifier: BSD-2-Clause */
/* The trace hook: off, it costs one comparison. */
#include "session/session.h"

#include "base/buf.h"
#include "wire/pdu.h"

static void
emit(coap_session_t *session, coapx_trace_t *trace)
{
	coap_context_t *context = session->context;

	trace->size = sizeof *trace;
	trace->session = session;
	context->on.trace(trace, context->on.trace_data);
}

void
trace_text(coap_session_t *session, coapx_trace_kind_t kind, const char *text)
{
	coapx_trace_t trace = { .kind = kind, .text = text };

	if (session->context->on.trace)
		emit(session, &trace);
}

void
trace_pdu(coap_session_t *session, coapx_trace_kind_t kind,
    const coap_pdu_t *pdu)
{
	coapx_trace_t trace = { .kind = kind, .pdu = pdu };

	if (session->context->on.trace)
		emit(session, &trace);
}

void
trace_bytes(coap_session_t *session, coapx_trace_kind_t kind,
    const uint8_t *data, size_t len)
{
	coapx_trace_t trace = { .kind = kind, .data = data, .length = len };
	coap_pdu_t *pdu = pdu_new(COAP_MESSAGE_RST, 0, 0, len);

	if (pdu &&
	    pdu_decode(pdu, session->proto->framing, COAP_TOKEN_EXT_MAX, data,
		len) == 0)
		trace.pdu = pdu;
	emit(session, &trace);
	coap_delete_pdu(pdu);
}

size_t
coapx_pdu_print(const coap_pdu_t *pdu, coap_proto_t proto, int with_data,
    char *buf, size_t size)
{
	struct buf text;
	size_t len;

	if (!pdu)
		return 0;
	buf_init(&text, PDU_MAX_SIZE);
	pdu_print(pdu, proto_get(proto)->framing, with_data != 0, &text);
	len = text.len;
	if (buf && size > 0) {
		size_t n = len < size ? len : size - 1;

		if (n > 0)
			memcpy(buf, text.data, n);
		buf[n] = '\0';
	}
	buf_free(&text);
	return len;
}

size_t
coapx_pdu_encode(coap_pdu_t *pdu, coap_proto_t proto, uint8_t *buf, size_t size)
{
	const uint8_t *bytes;
	size_t len;

	if (!pdu ||
	    pdu_encode(pdu, proto_get(proto)->framing, &bytes, &len) < 0)
		return 0;
	if (buf && size > 0)
		memcpy(buf, bytes, len < size ? len : size);
	return len;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* A response as one line of JSON. */
#include "cli/output/option_text.h"
#include "cli/output/output_json.h"
#include "cli/output/sha256.h"

void
json_add_session(struct json_line *line, const struct view_response *v)
{
	json_t *session = json_line_object(line, line->object, "session");
	char buf[PEER_TEXT_SIZE];

	json_line_add(line, session, "name", json_text(v->session_name));
	if (!v->session)
		return;
	json_line_add(line, session, "proto",
	    json_text(coapx_proto_name(coap_session_get_proto(v->session))));
	json_line_add(line, session, "remote",
	    json_text(peer_text(v->session, buf)));
	if (v->insecure)
		json_line_add(line, session, "insecure", json_true());
}

static bool
has_message_id(const struct view_response *v)
{
	coap_proto_t proto = COAP_PROTO_UDP;

	if (v->session)
		proto = coap_session_get_proto(v->session);
	return proto == COAP_PROTO_UDP || proto == COAP_PROTO_DTLS;
}

static void
add_request(struct json_line *line, const struct view_response *v)
{
	json_t *request = json_line_object(line, line->object, "request");
	const coapx_code_info_t *info;
	char buf[CODE_TEXT_SIZE];
	coap_bin_const_t token;
	unsigned code;

	if (v->request) {
		code = coap_pdu_get_code(v->request);
		info = coapx_code_by_number(code);
		json_line_add(line, request, "method",
		    json_text(info ? info->name : code_text(code, buf)));
	}
	json_line_add(line, request, "uri", json_text(v->uri));
	if (!v->request)
		return;
	token = coap_pdu_get_token(v->request);
	if (has_message_id(v))
		json_line_add(line, request, "mid",
		    json_integer(coap_pdu_get_mid(v->request)));
	json_line_add(line, request, "token",
	    json_hex(token.s, token.length, SIZE_MAX));
}

struct option_array {
	struct json_line *line;
	json_t *array;
};

static json_t *
option_value(const struct option_view *option)
{
	const coapx_option_info_t *info = option->info;

	if (option_is_uint(option) && option_uint(option) <= INT64_MAX)
		return json_integer((json_int_t)option_uint(option));
	if (info && info->format == COAPX_OPTION_EMPTY && option->len == 0)
		return json_null();
	if (info && info->format == COAPX_OPTION_STRING &&
	    payload_is_utf8(option->value, option->len))
		return json_bytes(option->value, option->len);
	return json_hex(option->value, option->len, SIZE_MAX);
}

static void
add_option(void *arg, const struct option_view *view)
{
	struct option_array *options = arg;
	struct json_line *line = options->line;
	json_t *option = json_object();
	struct text meaning = { .s = NULL };

	json_line_append(line, options->array, option);
	json_line_add(line, option, "num", json_integer(view->number));
	json_line_add(line, option, "name",
	    json_text(view->info ? view->info->name : NULL));
	json_line_add(line, option, "value", option_value(view));
	if (option_meaning(&meaning, view))
		json_line_add(line, option, "text",
		    json_text(text_string(&meaning)));
	text_free(&meaning);
}

/* What the payload means, or why that cannot be said. */
static void
add_decoded(struct json_line *line, json_t *payload, const struct output *out,
    int format, const uint8_t *data, size_t len)
{
	struct decode_in in = decode_in(out, format, data, len);
	struct text why = { .s = NULL };
	json_t *decoded = NULL;

	switch (decode_json(&in, &decoded, &why)) {
	case DECODED:
		json_line_add(line, payload, "decoded", decoded);
		break;
	case DECODED_WRONG:
		json_line_add(line, payload, "decode_error",
		    json_text(text_string(&why)));
		break;
	case DECODED_NOT:
		break;
	}
	line->failed = line->failed || why.failed;
	text_free(&why);
}

void
json_add_options(struct json_line *line, const coap_pdu_t *pdu)
{
	struct option_array options = { .line = line, .array = json_array() };

	json_line_add(line, line->object, "options", options.array);
	pdu_each_option(pdu, add_option, &options);
}

/* What stands for a payload that is not shown. */
static void
add_hash(struct json_line *line, json_t *payload, const uint8_t *data,
    size_t len)
{
	char text[SHA256_TEXT_SIZE];
	struct sha256 sha;

	sha256_begin(&sha);
	sha256_add(&sha, data, len);
	json_line_add(line, payload, "sha256",
	    json_text(sha256_end(&sha, text)));
}

void
json_add_payload(struct json_line *line, struct output *out, int format,
    const struct json_body *body)
{
	size_t total = body->total, len = body->len;
	const uint8_t *data = body->data;
	json_t *payload = json_line_object(line, line->object, "payload");
	struct text base64 = { .s = NULL };

	json_line_add(line, payload, "length", json_integer((json_int_t)total));
	if (output_to_file(out))
		json_line_add(line, payload, "file",
		    json_text(out->options.file));
	if (body->sha256 && (total > PAYLOAD_SHOWN_MAX || len != total))
		json_line_add(line, payload, "sha256", json_text(body->sha256));
	else if (total > PAYLOAD_SHOWN_MAX && len == total && data)
		add_hash(line, payload, data, len);
	if (total > PAYLOAD_SHOWN_MAX || len != total)
		return;
	payload_base64(&base64, data, len);
	json_line_add(line, payload, "base64",
	    json_bytes(base64.s, base64.len));
	line->failed = line->failed || base64.failed;
	text_free(&base64);
	if (payload_is_utf8(data, len))
		json_line_add(line, payload, "text", json_bytes(data, len));
	if (len > 0)
		add_decoded(line, payload, out, format, data, len);
}

static void
add_response(struct json_line *line, struct output *out,
    const struct view_response *v)
{
	const coapx_code_info_t *info;
	unsigned code = coap_pdu_get_code(v->response);
	char buf[CODE_TEXT_SIZE];
	struct json_body body = { .total = body_length(v),
		.sha256 = v->sha256 };

	body.data = body_bytes(v, &body.len);
	info = coapx_code_by_number(code);
	json_line_add(line, line->object, "code",
	    json_text(code_text(code, buf)));
	json_line_add(line, line->object, "code_name",
	    json_text(info ? info->name : NULL));
	json_line_add(line, line->object, "ok", json_boolean(v->ok));
	json_line_add(line, line->object, "rtt_ms", json_ms(v->rtt_us));
	json_line_add(line, line->object, "retransmits",
	    json_integer(v->retransmits));
	json_add_options(line, v->response);
	json_add_payload(line, out, pdu_content_format(v->response), &body);
	if (output_to_file(out) && !response_is_error(v))
		put_body(out, v);
}

void
json_response(struct output *out, const struct view_response *v)
{
	struct json_line line;

	json_begin(&line, out, "response");
	json_add_session(&line, v);
	if (v->from)
		json_line_add(&line, line.object, "from", json_text(v->from));
	add_request(&line, v);
	if (v->response) {
		add_response(&line, out, v);
	} else {
		json_line_add(&line, line.object, "code", json_null());
		json_line_add(&line, line.object, "ok", json_boolean(v->ok));
	}
	json_end(&line, out, false);
}

void
json_payload(struct output *out, int format, const void *data, size_t len)
{
	struct json_body body = { len, data, len, NULL };
	struct text name = { .s = NULL };
	struct json_line line;

	json_begin(&line, out, "payload");
	content_format_text(&name, (unsigned)format, true);
	json_line_add(&line, line.object, "content_format",
	    json_text(text_string(&name)));
	json_add_payload(&line, out, format, &body);
	text_free(&name);
	json_end(&line, out, true);
}

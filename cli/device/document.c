/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies that the device keeps: ETag, conditions, GET, PUT and DELETE. */
#include <stdlib.h>
#include <string.h>

#include "cli/device/resource.h"
#include "cli/output/option_text.h"

struct document *
document_new(int format, const void *data, size_t len)
{
	struct document *document = malloc(sizeof *document + len);

	if (!document)
		return NULL;
	document->format = format;
	document->len = len;
	if (len > 0)
		memcpy(document->data, data, len);
	return document;
}

int
document_first(const struct device_row *row, struct document **document)
{
	char *large = row->fill > 0 ? large_text(row->fill) : NULL;
	const char *text = row->fill > 0 ? large : row->text;

	*document = NULL;
	if (row->fill == 0 && !row->text)
		return 0;
	if (text)
		*document = document_new(row->format, text,
		    row->fill > 0 ? row->fill : strlen(text));
	free(large);
	return *document ? 0 : -1;
}

struct document *
document_of(struct call *call)
{
	coap_bin_const_t body = device_body(call);
	struct document *document;

	if (body.length > DEVICE_MAX_BODY) {
		device_refuse(call, COAP_RESPONSE_CODE_REQUEST_TOO_LARGE,
		    "1 MiB at most is kept");
		return NULL;
	}
	document = document_new(pdu_content_format(call->request), body.s,
	    body.length);
	if (!document)
		device_refuse_memory(call);
	return document;
}

void
document_set(struct place *place, struct document *document)
{
	free(place->document);
	place->document = document;
	if (place->row->observable)
		coap_resource_notify_observers(place->resource, NULL);
}

/* --- ETags --------------------------------------------------------------- */

#define ETAG_SIZE 4

/* FNV-1a over the format and the bytes. */
static void
make_etag(const struct document *document, uint8_t etag[ETAG_SIZE])
{
	uint32_t h = (2166136261U ^ (uint32_t)document->format) * 16777619U;

	for (size_t i = 0; i < document->len; i++)
		h = (h ^ document->data[i]) * 16777619U;
	for (int i = 0; i < ETAG_SIZE; i++)
		etag[i] = (uint8_t)(h >> 8 * i);
}

enum match {
	MATCH_NOT_ASKED,
	MATCH_NO,
	MATCH_YES,
};

/* Whether an option of that number has the document's ETag, or is empty (RFC
 * 7252 section 5.10.8). document NULL: there is none yet. */
static enum match
match_etag(const coap_pdu_t *request, coap_option_num_t number,
    const struct document *document)
{
	enum match match = MATCH_NOT_ASKED;
	uint8_t etag[ETAG_SIZE];
	coap_opt_iterator_t oi;
	const coap_opt_t *option;
	uint32_t len;

	if (document)
		make_etag(document, etag);
	if (!coap_option_iterator_init(request, &oi, COAP_OPT_ALL))
		return match;
	for (option = coap_option_next(&oi); option && match != MATCH_YES;
	     option = coap_option_next(&oi)) {
		if (oi.number != number)
			continue;
		len = coap_opt_length(option);
		match = MATCH_NO;
		if (document &&
		    (len == 0 ||
			(len == ETAG_SIZE &&
			    memcmp(coap_opt_value(option), etag, len) == 0)))
			match = MATCH_YES;
	}
	return match;
}

bool
document_matches(struct call *call, const struct place *place)
{
	const struct document *document = place ? place->document : NULL;

	if (match_etag(call->request, COAP_OPTION_IF_MATCH, document) !=
	    MATCH_NO)
		return true;
	device_refuse(call, COAP_RESPONSE_CODE_PRECONDITION_FAILED,
	    document ? "it has another ETag by now" : "there is no such item");
	return false;
}

void
document_changed(struct call *call, const struct place *place,
    coap_pdu_code_t code)
{
	uint8_t etag[ETAG_SIZE];

	make_etag(place->document, etag);
	device_code(call, code);
	coap_add_option(call->response, COAP_OPTION_ETAG, ETAG_SIZE, etag);
}

/* --- methods ------------------------------------------------------------- */

void
document_get(struct call *call)
{
	const struct document *document = call->place->document;
	uint8_t etag[ETAG_SIZE];

	if (!device_accepts(call, document->format))
		return;
	make_etag(document, etag);
	coap_add_option(call->response, COAP_OPTION_ETAG, ETAG_SIZE, etag);
	if (match_etag(call->request, COAP_OPTION_ETAG, document) == MATCH_YES)
		device_code(call, COAP_RESPONSE_CODE_VALID);
	else
		device_answer(call,
		    &(struct answer){
			.code = COAP_RESPONSE_CODE_CONTENT,
			.format = document->format,
			.max_age = call->place->row->max_age,
			.body = { document->len, document->data },
		    });
}

void
document_put(struct call *call)
{
	struct document *document;

	if (!document_matches(call, call->place))
		return;
	document = document_of(call);
	if (!document)
		return;
	document_set(call->place, document);
	document_changed(call, call->place, COAP_RESPONSE_CODE_CHANGED);
}

void
document_delete(struct call *call)
{
	if (!document_matches(call, call->place))
		return;
	device_remove(call->place);
	device_code(call, COAP_RESPONSE_CODE_DELETED);
}

void
document_reset(struct call *call)
{
	struct document *document;

	if (!document_matches(call, call->place))
		return;
	if (document_first(call->place->row, &document) < 0) {
		device_refuse_memory(call);
		return;
	}
	document_set(call->place, document);
	device_code(call, COAP_RESPONSE_CODE_DELETED);
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A datagram as a request to a small server: the response can be sent, a
 * resource that a handler makes is found again, and the description that
 * passes the same bytes as a query is link-format.
 */
#include <stdlib.h>

#include <coap3/coap_block.h>
#include <coap3/coap_debug.h>
#include <coap3/coap_uri.h>
#include <coap3/coapx_link.h>

#include "exchange/resource.h"
#include "wire/pdu.h"

#define RESPONSE_MAX 1152
#define WINDOW       7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct resources table;
static coap_resource_t *made;
static unsigned reached;

static void
require(bool ok)
{
	if (!ok)
		abort();
}

static void
on_any(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)session;
	if (resource == made)
		reached++;
	coap_add_data_blocked_response(request, response, 0, -1,
	    query != NULL ? query->length : 0,
	    query != NULL ? query->s : (const uint8_t *)"");
}

static void
on_delete(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	(void)session;
	(void)request;
	(void)query;
	resources_remove(&table, resource);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_DELETED);
}

/* Everything is observed; what its resource takes with it. */

static struct observer_pool pool;
static struct observer_peer *peer;

static void
begin(void *turn, coap_resource_t *resource, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	(void)turn;
	(void)resource;
	(void)request;
	coap_add_option(response, COAP_OPTION_OBSERVE, 1,
	    (const uint8_t *)"\1");
}

static void
end(void *turn, coap_resource_t *resource, const coap_pdu_t *request,
    coap_pdu_t *response)
{
	size_t payload = pdu_payload_len(response);
	coap_opt_iterator_t oi;
	struct observer *o;

	(void)turn;
	pdu_remove_option(response, COAP_OPTION_OBSERVE);
	require(coap_check_option(response, COAP_OPTION_OBSERVE, &oi) == NULL);
	require(pdu_payload_len(response) == payload);
	if (!resource->in_table)
		return;
	require(observer_add(peer, resource, request, 1, &o) == 0);
	require(observers_owe(&resource->observers, o->query) > 0);
	require(o->owes);
}

static void
removed(coap_resource_t *resource)
{
	while (resource->observers.list != NULL)
		observer_remove(resource->observers.list);
}

static const struct dispatch_observe observe = { begin, end };

/* PUT to what is not there makes it. */
static void
on_unknown(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	coap_string_t *path = coap_get_uri_path(request);
	coap_str_const_t copy;

	(void)resource;
	(void)session;
	(void)query;
	require(path != NULL);
	copy = (coap_str_const_t){ path->length, path->s };
	made = coap_resource_init(&copy, 0);
	require(made != NULL);
	coap_register_request_handler(made, COAP_REQUEST_PUT, on_any);
	require(resources_add(&table, made) == 0);
	coap_delete_string(path);
	coap_pdu_set_code(response, COAP_RESPONSE_CODE_CREATED);
}

static coap_resource_t *
add(const char *path, int flags)
{
	coap_resource_t *resource;
	int method;

	resource = coap_resource_init(coap_make_str_const(path), flags);
	require(resource != NULL);
	for (method = 1; method <= RESOURCE_METHODS; method++)
		coap_register_request_handler(resource, (coap_request_t)method,
		    method == COAP_REQUEST_DELETE ? on_delete : on_any);
	require(resources_add(&table, resource) == 0);
	return resource;
}

static void
make_table(void)
{
	coap_resource_t *resource;

	resources_init(&table);
	made = NULL;
	reached = 0;
	add("", 0);
	resource = add("a", COAP_RESOURCE_FLAGS_LIB_DIS_MCAST_SUPPRESS_4_XX);
	coap_add_attr(resource, coap_make_str_const("rt"),
	    coap_make_str_const("\"x y\""), 0);
	coap_add_attr(resource, coap_make_str_const("title"),
	    coap_make_str_const("a \"title\""), 0);
	add("a/b%2Fc", 0);
	resource = coap_resource_unknown_init(on_unknown);
	require(resource != NULL && resources_add(&table, resource) == 0);
}

static enum dispatch_result
send_to(const coap_pdu_t *request, bool multicast)
{
	const struct dispatch env = {
		.multicast = multicast,
		.observe = &observe,
	};
	coap_bin_const_t token = coap_pdu_get_token(request);
	enum dispatch_result result;
	coap_bin_const_t got;
	coap_pdu_t *response;
	const uint8_t *out;
	size_t len;

	response = pdu_new(COAP_MESSAGE_ACK, 0, 1, RESPONSE_MAX);
	require(response != NULL);
	require(coap_add_token(response, token.length, token.s) == 1);
	result = dispatch_request(&table, NULL, &env, request, response);
	got = coap_pdu_get_token(response);
	require(coap_string_equal(&got, &token));
	if (result == DISPATCH_RESPOND) {
		require(coap_pdu_get_code(response) >= 64);
		require(
		    pdu_encode(response, FRAMING_DATAGRAM, &out, &len) == 0);
	}
	coap_delete_pdu(response);
	return result;
}

static void
try_request(const uint8_t *data, size_t size)
{
	coap_opt_iterator_t oi;
	coap_pdu_t *request;

	request = pdu_new(COAP_MESSAGE_CON, 0, 0, RESPONSE_MAX);
	require(request != NULL);
	if (pdu_decode(request, FRAMING_DATAGRAM, 8, data, size) < 0)
		goto out;
	if (!COAP_PDU_IS_REQUEST(request))
		goto out;
	send_to(request, false);
	send_to(request, true);
	/* The second goes to what the first made. */
	require(made == NULL || reached > 0 ||
	    coap_check_option(request, COAP_OPTION_IF_NONE_MATCH, &oi));
out:
	coap_delete_pdu(request);
}

static void
read_links(const uint8_t *text, size_t len)
{
	coapx_link_reader_t reader;
	coapx_link_text_t target;
	int r = 1;

	coapx_link_reader_init(&reader, (const char *)text, len);
	while (r > 0)
		r = coapx_link_next(&reader, &target);
	require(r == 0);
}

static void
try_query(const char *query, size_t size)
{
	coap_print_status_t status;
	uint8_t part[WINDOW];
	struct buf text;
	size_t at, len;

	buf_init(&text, (size_t)1 << 20);
	require(resources_print(&table, query, size, &text) == 0);
	read_links(text.data, text.len);
	for (at = 0;; at += COAP_PRINT_OUTPUT_LENGTH(status)) {
		len = sizeof(part);
		status =
		    resources_print_part(&table, query, size, part, &len, at);
		require(!(status & COAP_PRINT_STATUS_ERROR));
		require(len == text.len);
		len = COAP_PRINT_OUTPUT_LENGTH(status);
		require(len == 0 || memcmp(part, text.data + at, len) == 0);
		require((at + len < text.len) ==
		    !!(status & COAP_PRINT_STATUS_TRUNC));
		if (len == 0)
			break;
	}
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	coap_set_log_level(COAP_LOG_EMERG);
	make_table();
	table.removed = removed;
	memset(&pool, 0, sizeof(pool));
	peer = observer_peer_new(&pool, NULL);
	require(peer != NULL);
	try_request(data, size);
	try_query((const char *)data, size);
	resources_free(&table);
	require(pool.n == 0 && pool.bytes == 0 && pool.n_owing == 0);
	observer_peer_free(peer);
	return 0;
}

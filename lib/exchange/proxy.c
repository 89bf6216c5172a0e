/* SPDX-License-Identifier: BSD-2-Clause */
/* What a proxy does with options, as a table. */
#include "exchange/proxy.h"

#include <string.h>
#include <strings.h>

#include <coap3/coap_encode.h>
#include <coap3/coap_net.h>

#include "base/addr.h"
#include "base/err.h"
#include "wire/block.h"
#include "wire/pdu.h"
#include "wire/uri.h"

/* An option that may not be forwarded unless it is understood (RFC 7252
 * section 5.4.6). */
#define IS_UNSAFE(number) (((number)&2) != 0)

#define HOST_SIZE 256

/* --- the table ------------------------------------------------------------ */

/*
 * What is not here passes when it is safe, and is refused when not. Blocks are
 * put together and cut here, so each hop has its own; each observes by itself,
 * and what No-Response says is the server's part to heed. What no response is
 * defined to have is not known in one (RFC 7252 section 5.4).
 */
static const struct row {
	uint16_t number;
	uint8_t request;
	uint8_t response;
} rows[] = {
	{ COAP_OPTION_URI_HOST, PROXY_NAME, PROXY_REFUSE },
	{ COAP_OPTION_OBSERVE, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_URI_PORT, PROXY_NAME, PROXY_REFUSE },
	{ COAP_OPTION_URI_PATH, PROXY_NAME, PROXY_REFUSE },
	{ COAP_OPTION_MAXAGE, PROXY_PASS, PROXY_PASS },
	{ COAP_OPTION_URI_QUERY, PROXY_NAME, PROXY_REFUSE },
	{ COAP_OPTION_HOP_LIMIT, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_BLOCK2, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_BLOCK1, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_SIZE2, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_PROXY_URI, PROXY_NAME, PROXY_REFUSE },
	{ COAP_OPTION_PROXY_SCHEME, PROXY_NAME, PROXY_REFUSE },
	{ COAP_OPTION_SIZE1, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_NORESPONSE, PROXY_HOP, PROXY_HOP },
	{ COAP_OPTION_RTAG, PROXY_HOP, PROXY_HOP },
};

static const struct row *
find_row(unsigned number)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number == number)
			return &rows[i];
	}
	return NULL;
}

static enum proxy_fate
fate_of_others(const struct resources *r, unsigned number)
{
	if (IS_UNSAFE(number) && !resources_knows_option(r, (uint16_t)number))
		return PROXY_REFUSE;
	return PROXY_PASS;
}

enum proxy_fate
proxy_request_option(const struct resources *r, unsigned number)
{
	const struct row *row = find_row(number);

	return row ? (enum proxy_fate)row->request : fate_of_others(r, number);
}

enum proxy_fate
proxy_response_option(const struct resources *r, unsigned number)
{
	const struct row *row = find_row(number);

	return row ? (enum proxy_fate)row->response : fate_of_others(r, number);
}

/* --- whose a request is --------------------------------------------------- */

static coap_opt_t *
find_option(const coap_pdu_t *pdu, coap_option_num_t number)
{
	coap_opt_iterator_t oi;

	return coap_check_option(pdu, number, &oi);
}

/* An address may be written in several ways. */
static bool
is_same_host(const char *a, const char *b)
{
	coap_address_t left;
	coap_address_t right;

	if (strcasecmp(a, b) == 0)
		return true;
	return addr_parse(&left, a, 0) == 0 && addr_parse(&right, b, 0) == 0 &&
	    coap_address_equals(&left, &right);
}

static bool
is_one_of(const coap_resource_t *proxy, const char *host)
{
	size_t i;

	for (i = 0; i < proxy->n_hosts; i++) {
		if (is_same_host(proxy->hosts[i], host))
			return true;
	}
	return false;
}

/* Proxy-Uri in its parts; *uri points into the request. */
static bool
proxy_uri_of(const coap_pdu_t *request, coap_uri_t *uri)
{
	const coap_opt_t *opt = find_option(request, COAP_OPTION_PROXY_URI);

	return opt &&
	    coap_split_proxy_uri(coap_opt_value(opt), coap_opt_length(opt),
		uri) == 0;
}

/* As a person writes it: an IPv6 address without brackets. */
static bool
host_of(const coap_pdu_t *request, char host[HOST_SIZE])
{
	const coap_opt_t *opt;
	coap_uri_t uri;
	size_t len;

	if (proxy_uri_of(request, &uri))
		return uri_host_text(&uri.host, host, HOST_SIZE) >= 0;
	opt = find_option(request, COAP_OPTION_URI_HOST);
	len = opt ? coap_opt_length(opt) : 0;
	if (find_option(request, COAP_OPTION_PROXY_URI) || len == 0 ||
	    len >= HOST_SIZE)
		return false;
	memcpy(host, coap_opt_value(opt), len);
	host[len] = '\0';
	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		memmove(host, host + 1, len - 1);
	}
	return true;
}

enum proxy_place
proxy_place_of(const struct resources *r, const coap_pdu_t *request)
{
	char host[HOST_SIZE];

	if (!find_option(request, COAP_OPTION_PROXY_URI) &&
	    !find_option(request, COAP_OPTION_PROXY_SCHEME))
		return r->unknown && r->unknown->reverse ? PROXY_FORWARD
							 : PROXY_HERE;
	if (r->proxy == NULL)
		return PROXY_NONE;
	return host_of(request, host) && is_one_of(r->proxy, host)
	    ? PROXY_OWN
	    : PROXY_FORWARD;
}

/* --- options on their way ------------------------------------------------- */

static bool
add(coap_optlist_t **chain, unsigned number, size_t len, const uint8_t *value)
{
	coap_optlist_t *o = coap_new_optlist((uint16_t)number, len, value);

	return o && coap_insert_optlist(chain, o);
}

/* Where the message goes: what is there anyway need not be said. */
static void
address_of(const coap_uri_t *hop, coap_address_t *addr)
{
	char host[HOST_SIZE];

	if (uri_host_text(&hop->host, host, sizeof host) >= 0) {
		host[strcspn(host, "%")] = '\0';
		if (addr_parse(addr, host, hop->port) == 0)
			return;
	}
	coap_address_init(addr);
	addr->addr.sa.sa_family = AF_INET;
	coap_address_set_port(addr, hop->port);
}

static int
add_name(const coap_uri_t *asked, const coap_uri_t *hop, bool whole,
    coap_optlist_t **chain)
{
	coap_uri_t uri = *asked;
	coap_address_t addr;

	if (!whole) {
		uri.path = (coap_str_const_t){ 0, NULL };
		uri.query = (coap_str_const_t){ 0, NULL };
	}
	if (hop)
		address_of(hop, &addr);
	return coap_uri_into_optlist(&uri, hop ? &addr : NULL, chain, 1)
	    ? 0
	    : -COAP_E_URI;
}

static bool
is_path(unsigned number)
{
	return number == COAP_OPTION_URI_PATH ||
	    number == COAP_OPTION_URI_QUERY;
}

int
proxy_request_options(const struct resources *r, const coap_pdu_t *request,
    const coap_uri_t *asked, const coap_uri_t *hop, unsigned hop_limit,
    coap_optlist_t **chain)
{
	/* Proxy-Uri says it all (RFC 7252 section 5.10.2). */
	bool whole = find_option(request, COAP_OPTION_PROXY_URI) != NULL;
	uint8_t limit = (uint8_t)hop_limit;
	coap_opt_iterator_t oi;
	enum proxy_fate fate;
	coap_opt_t *opt;

	coap_option_iterator_init(request, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		fate = proxy_request_option(r, oi.number);
		if (fate == PROXY_NAME &&
		    (!asked || (!whole && is_path(oi.number))))
			fate = PROXY_PASS;
		if (fate == PROXY_PASS &&
		    !add(chain, oi.number, coap_opt_length(opt),
			coap_opt_value(opt)))
			return -COAP_E_NOMEM;
	}
	if (hop_limit > 0 && !add(chain, COAP_OPTION_HOP_LIMIT, 1, &limit))
		return -COAP_E_NOMEM;
	return asked ? add_name(asked, hop, whole, chain) : 0;
}

unsigned
proxy_hop_limit(const coap_pdu_t *request)
{
	const coap_opt_t *opt = find_option(request, COAP_OPTION_HOP_LIMIT);

	if (!opt)
		return COAP_DEFAULT_HOP_LIMIT;
	if (coap_opt_length(opt) != 1 || coap_opt_value(opt)[0] == 0)
		return 0;
	return coap_opt_value(opt)[0] - 1U;
}

bool
proxy_is_named(const coap_pdu_t *answer, const char *name)
{
	size_t left = pdu_payload_len(answer);
	size_t len = strlen(name);
	const uint8_t *at = answer->data;
	const uint8_t *space;
	size_t n;

	while (left > 0) {
		space = memchr(at, ' ', left);
		n = space ? (size_t)(space - at) : left;
		if (n == len && memcmp(at, name, len) == 0)
			return true;
		if (!space)
			return false;
		at += n + 1;
		left -= n + 1;
	}
	return false;
}

unsigned
proxy_bad_response(const struct resources *r, const coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	coap_option_iterator_init(response, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (proxy_response_option(r, oi.number) == PROXY_REFUSE)
			return oi.number;
	}
	return 0;
}

bool
proxy_response_options(const struct resources *r, const coap_pdu_t *answer,
    coap_pdu_t *response)
{
	coap_opt_iterator_t oi;
	coap_opt_t *opt;

	coap_option_iterator_init(answer, &oi, COAP_OPT_ALL);
	for (opt = coap_option_next(&oi); opt; opt = coap_option_next(&oi)) {
		if (proxy_response_option(r, oi.number) == PROXY_PASS &&
		    !coap_add_option(response, oi.number, coap_opt_length(opt),
			coap_opt_value(opt)))
			return false;
	}
	return true;
}

/* --- a request for ourselves ---------------------------------------------- */

static bool
add_local_name(coap_pdu_t *pdu, const coap_uri_t *uri)
{
	coap_optlist_t *chain = NULL;
	coap_optlist_t *o;
	bool ok = coap_uri_into_optlist(uri, NULL, &chain, 1) != 0;

	for (o = chain; ok && o; o = o->next)
		ok = coap_add_option(pdu, o->number, o->length, o->data) != 0;
	coap_delete_optlist(chain);
	return ok;
}

static void
drop_name(coap_opt_filter_t *drop, bool whole)
{
	coap_option_filter_clear(drop);
	coap_option_filter_set(drop, COAP_OPTION_PROXY_URI);
	coap_option_filter_set(drop, COAP_OPTION_PROXY_SCHEME);
	if (!whole)
		return;
	coap_option_filter_set(drop, COAP_OPTION_URI_HOST);
	coap_option_filter_set(drop, COAP_OPTION_URI_PORT);
	coap_option_filter_set(drop, COAP_OPTION_URI_PATH);
	coap_option_filter_set(drop, COAP_OPTION_URI_QUERY);
}

int
proxy_localize(const coap_pdu_t *request, coap_pdu_t **out)
{
	size_t len = pdu_payload_len(request);
	coap_opt_filter_t drop;
	coap_pdu_t *pdu;
	coap_uri_t uri;
	bool whole = proxy_uri_of(request, &uri);

	*out = NULL;
	if (!whole && find_option(request, COAP_OPTION_PROXY_URI))
		return -COAP_E_URI;
	drop_name(&drop, whole);
	pdu = pdu_duplicate(request, request->mid, PDU_MAX_SIZE,
	    request->token_len, request->token, &drop);
	if (!pdu)
		return -COAP_E_NOMEM;
	pdu->body = request->body;
	if ((!whole || add_local_name(pdu, &uri)) &&
	    (len == 0 || coap_add_data(pdu, len, request->data))) {
		*out = pdu;
		return 0;
	}
	coap_delete_pdu(pdu);
	return whole ? -COAP_E_URI : -COAP_E_NOMEM;
}

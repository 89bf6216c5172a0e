/* SPDX-License-Identifier: BSD-2-Clause */
/* coap_resolve_address_info(): the one look-up that waits, as documented. */
#include <netdb.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/alloc.h"
#include "session/connect/proto.h"

#include <coap3/coapx.h>

struct scheme_port {
	coap_uri_scheme_t scheme;
	uint16_t port;
};

static int
append(coap_addr_info_t ***tail, const struct addrinfo *ai,
    const struct scheme_port *sp)
{
	coap_addr_info_t *info;

	if (ai->ai_addrlen > sizeof info->addr.addr)
		return 0;
	info = mem_new(COAP_NODE, 1, sizeof *info);
	if (!info)
		return -COAP_E_NOMEM;
	info->scheme = sp->scheme;
	info->proto = proto_by_scheme(sp->scheme)->proto;
	coap_address_init(&info->addr);
	memcpy(&info->addr.addr, ai->ai_addr, ai->ai_addrlen);
	info->addr.size = ai->ai_addrlen;
	coap_address_set_port(&info->addr,
	    sp->port ? sp->port : proto_by_scheme(sp->scheme)->port);
	**tail = info;
	*tail = &info->next;
	return 0;
}

static struct addrinfo *
look_up(const coap_str_const_t *address, int flags)
{
	struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_DGRAM,
		.ai_flags = flags,
	};
	struct addrinfo *res = NULL;
	char name[256] = "";
	int err;

	if (address && address->length >= sizeof name)
		return NULL;
	if (address && address->length > 0)
		memcpy(name, address->s, address->length);
	err = getaddrinfo(name[0] ? name : NULL, "0", &hints, &res);
	if (err != 0) {
		coap_log_warn("%s: %s\n", name, gai_strerror(err));
		return NULL;
	}
	return res;
}

coap_addr_info_t *
/* NOLINTNEXTLINE(readability-function-size): the signature is libcoap's */
coap_resolve_address_info(const coap_str_const_t *address, uint16_t port,
    uint16_t secure_port, uint16_t ws_port, uint16_t ws_secure_port,
    int ai_hints_flags, int scheme_hint_bits, coap_resolve_type_t type)
{
	const struct scheme_port schemes[] = {
		{ COAP_URI_SCHEME_COAP, port },
		{ COAP_URI_SCHEME_COAPS, secure_port },
		{ COAP_URI_SCHEME_COAP_TCP, port },
		{ COAP_URI_SCHEME_COAPS_TCP, secure_port },
		{ COAP_URI_SCHEME_COAP_WS, ws_port },
		{ COAP_URI_SCHEME_COAPS_WS, ws_secure_port },
	};
	coap_addr_info_t *list = NULL;
	coap_addr_info_t **tail = &list;
	struct addrinfo *res;
	struct addrinfo *ai;
	int err = 0;

	if (type == COAP_RESOLVE_TYPE_LOCAL)
		ai_hints_flags |= AI_PASSIVE;
	res = look_up(address, ai_hints_flags);
	for (ai = res; ai && err == 0; ai = ai->ai_next)
		for (size_t i = 0;
		     i < sizeof schemes / sizeof schemes[0] && err == 0; i++)
			if (scheme_hint_bits & (1 << schemes[i].scheme))
				err = append(&tail, ai, &schemes[i]);
	if (res)
		freeaddrinfo(res);
	if (err < 0) {
		coap_free_address_info(list);
		list = NULL;
	}
	return list;
}

void
coap_free_address_info(coap_addr_info_t *info_list)
{
	coap_addr_info_t *next;

	for (; info_list; info_list = next) {
		next = info_list->next;
		coap_free_type(COAP_NODE, info_list);
	}
}

/* What this build can speak: no secure scheme without a TLS library. */
uint32_t
coap_get_available_scheme_hint_bits(int have_pki_psk, int ws_check,
    coap_proto_t use_unix_proto)
{
	uint32_t bits = 0;
	coap_proto_t p;

	for (p = COAP_PROTO_UDP; p < COAP_PROTO_LAST; p++) {
		const struct proto *row = proto_get(p);
		bool ws = row->framing == FRAMING_WS;

		if (!proto_is_supported(row) ||
		    (row->secure && !have_pki_psk) || (ws && !ws_check))
			continue;
		if (use_unix_proto != COAP_PROTO_NONE && use_unix_proto != p)
			continue;
		bits |= 1u << row->uri_scheme;
	}
	return bits;
}

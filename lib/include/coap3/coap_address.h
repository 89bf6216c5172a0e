/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses of peers and interfaces: coap_address(3). */
#ifndef COAP_ADDRESS_H
#define COAP_ADDRESS_H

#include <coap3/coap_forward_decls.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_uri.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define COAP_UNIX_PATH_MAX (sizeof(struct sockaddr_in6) - sizeof(sa_family_t))

struct coap_sockaddr_un {
	sa_family_t sun_family;
	char sun_path[COAP_UNIX_PATH_MAX];
};

/* A plain value: no function keeps a pointer to one. */
struct coap_address_t {
	socklen_t size; /* of the member of addr that is in use */
	union {
		struct sockaddr sa;
		struct sockaddr_in sin;
		struct sockaddr_in6 sin6;
		struct coap_sockaddr_un cun;
	} addr;
};

typedef struct coap_addr_tuple_t {
	coap_address_t remote;
	coap_address_t local;
} coap_addr_tuple_t;

typedef enum {
	COAP_RESOLVE_TYPE_LOCAL = 0,
	COAP_RESOLVE_TYPE_REMOTE = 1,
} coap_resolve_type_t;

/* One address that a name resolved to, and what to speak there. */
typedef struct coap_addr_info_t {
	struct coap_addr_info_t *next;
	coap_uri_scheme_t scheme;
	coap_proto_t proto;
	coap_address_t addr;
} coap_addr_info_t;

/* The port in host byte order; 0 for NULL and what has no port. */
static inline uint16_t
coap_address_get_port(const coap_address_t *addr)
{
	if (addr && addr->addr.sa.sa_family == AF_INET)
		return ntohs(addr->addr.sin.sin_port);
	if (addr && addr->addr.sa.sa_family == AF_INET6)
		return ntohs(addr->addr.sin6.sin6_port);
	return 0;
}

/* Sets the port, given in host byte order, where the family has ports. */
static inline void
coap_address_set_port(coap_address_t *addr, uint16_t port)
{
	if (addr && addr->addr.sa.sa_family == AF_INET)
		addr->addr.sin.sin_port = htons(port);
	else if (addr && addr->addr.sa.sa_family == AF_INET6)
		addr->addr.sin6.sin6_port = htons(port);
}

/*
 * 1 if a and b have the same family, address, port and, with IPv6, zone; else
 * 0. size and IPv6 flow labels do not count. An IPv4 address and its
 * IPv4-mapped IPv6 form (RFC 4291 section 2.5.5.2) are not equal.
 */
COAP_API int coap_address_equals(const coap_address_t *a,
    const coap_address_t *b);

/*
 * The schemes that this build can speak, as bits (1 << COAP_URI_SCHEME_...)
 * for coap_resolve_address_info(). have_pki_psk: 1 if there are credentials,
 * 0 if not, -1 if that does not matter; ws_check: 0 leaves WebSocket out;
 * use_unix_proto: the protocol of a Unix socket, else COAP_PROTO_NONE.
 */
COAP_API uint32_t coap_get_available_scheme_hint_bits(int have_pki_psk,
    int ws_check, coap_proto_t use_unix_proto);

/*
 * Resolves address, a name or numeric address, and waits for the answer. The
 * result has an entry for each address and each scheme in scheme_hint_bits,
 * with the port of the scheme's group; a port of 0 is the scheme's default.
 * ai_hints_flags goes to getaddrinfo(3); type LOCAL allows an address of NULL
 * or no length for "any". The caller owns the list; NULL when nothing was
 * found or there is no memory.
 */
/* clang-format off */
COAP_API coap_addr_info_t *coap_resolve_address_info(
    const coap_str_const_t *address, uint16_t port, uint16_t secure_port,
    uint16_t ws_port, uint16_t ws_secure_port, int ai_hints_flags,
    int scheme_hint_bits, coap_resolve_type_t type);
/* clang-format on */

/* Releases what coap_resolve_address_info() gave; NULL is allowed. */
COAP_API void coap_free_address_info(coap_addr_info_t *info_list);

/* Makes *addr empty: all zero (family AF_UNSPEC), size that of the union. */
COAP_API void coap_address_init(coap_address_t *addr);

/* Always 0, addr untouched: Unix domain sockets are not supported. */
COAP_API int coap_address_set_unix_domain(coap_address_t *addr,
    const uint8_t *host, size_t host_len);

/* Copies src, an address of any family, to dst. */
static inline void
coap_address_copy(coap_address_t *dst, const coap_address_t *src)
{
	*dst = *src;
}

/* 1 if a is the wildcard 0.0.0.0 or ::, whatever its port; else 0. */
static inline int
coap_address_isany(const coap_address_t *a)
{
	if (a && a->addr.sa.sa_family == AF_INET)
		return a->addr.sin.sin_addr.s_addr == htonl(INADDR_ANY);
	if (a && a->addr.sa.sa_family == AF_INET6)
		return IN6_IS_ADDR_UNSPECIFIED(&a->addr.sin6.sin6_addr) != 0;
	return 0;
}

/* 1 if a is a multicast address, also an IPv4-mapped one; else 0. */
COAP_API int coap_is_mcast(const coap_address_t *a);

/*
 * 1 if a is 255.255.255.255 or the broadcast address of an IPv4 network that
 * this host has an interface in (also IPv4-mapped); else 0. Asks the system
 * each time, so keep the answer.
 */
COAP_API int coap_is_bcast(const coap_address_t *a);

/* Always 0: Unix domain sockets are not supported. */
COAP_API int coap_is_af_unix(const coap_address_t *a);

#endif

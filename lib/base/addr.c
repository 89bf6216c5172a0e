/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses as values and as text. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <coap3/coap_debug.h>

#include "base/err.h"

/* What makes an address the one it is. */
struct addr_key {
	const void *bytes;
	size_t len;
	uint32_t zone;
	uint16_t port;
	sa_family_t family;
};

static struct addr_key
key_of(const coap_address_t *a)
{
	struct addr_key k = {
		.family = a->addr.sa.sa_family,
		.port = coap_address_get_port(a),
	};

	if (k.family == AF_INET) {
		k.bytes = &a->addr.sin.sin_addr;
		k.len = sizeof(a->addr.sin.sin_addr);
	} else if (k.family == AF_INET6) {
		k.bytes = &a->addr.sin6.sin6_addr;
		k.len = sizeof(a->addr.sin6.sin6_addr);
		k.zone = a->addr.sin6.sin6_scope_id;
	} else {
		k.bytes = &a->addr;
		k.len = sizeof(a->addr);
	}
	return k;
}

int
coap_address_equals(const coap_address_t *a, const coap_address_t *b)
{
	struct addr_key x, y;

	if (!a || !b)
		return 0;
	x = key_of(a);
	y = key_of(b);
	return x.family == y.family && x.port == y.port && x.zone == y.zone &&
	    memcmp(x.bytes, y.bytes, x.len) == 0;
}

void
coap_address_init(coap_address_t *addr)
{
	memset(addr, 0, sizeof(*addr));
	addr->size = sizeof(addr->addr);
}

int
coap_address_set_unix_domain(coap_address_t *addr, const uint8_t *host,
    size_t host_len)
{
	(void)addr;
	(void)host;
	(void)host_len;
	return 0;
}

int
coap_is_af_unix(const coap_address_t *a)
{
	(void)a;
	return 0;
}

/* The IPv4 address in host byte order, of an IPv4-mapped one too. */
static bool
ipv4_of(const coap_address_t *a, uint32_t *ip)
{
	uint32_t word;

	if (a && a->addr.sa.sa_family == AF_INET) {
		word = a->addr.sin.sin_addr.s_addr;
	} else if (a && a->addr.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&a->addr.sin6.sin6_addr)) {
		memcpy(&word, &a->addr.sin6.sin6_addr.s6_addr[12],
		    sizeof(word));
	} else {
		return false;
	}
	*ip = ntohl(word);
	return true;
}

int
coap_is_mcast(const coap_address_t *a)
{
	uint32_t ip;

	if (ipv4_of(a, &ip))
		return IN_MULTICAST(ip);
	return a && a->addr.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_MULTICAST(&a->addr.sin6.sin6_addr);
}

static bool
broadcasts_to(const struct ifaddrs *i, uint32_t ip)
{
	struct sockaddr_in sin;

	if (!(i->ifa_flags & IFF_BROADCAST) || !i->ifa_addr ||
	    !i->ifa_broadaddr || i->ifa_addr->sa_family != AF_INET)
		return false;
	memcpy(&sin, i->ifa_broadaddr, sizeof(sin));
	return ntohl(sin.sin_addr.s_addr) == ip;
}

int
coap_is_bcast(const coap_address_t *a)
{
	struct ifaddrs *list, *i;
	bool found = false;
	uint32_t ip;

	if (!ipv4_of(a, &ip))
		return 0;
	if (ip == INADDR_BROADCAST)
		return 1;
	if (ip == INADDR_ANY || getifaddrs(&list) < 0)
		return 0;
	for (i = list; i && !found; i = i->ifa_next)
		found = broadcasts_to(i, ip);
	freeifaddrs(list);
	return found;
}

void
addr_unmap(coap_address_t *addr)
{
	uint16_t port = coap_address_get_port(addr);
	uint32_t ip;

	if (addr->addr.sa.sa_family != AF_INET6 || !ipv4_of(addr, &ip))
		return;
	coap_address_init(addr);
	addr->size = sizeof(addr->addr.sin);
	addr->addr.sin.sin_family = AF_INET;
	addr->addr.sin.sin_addr.s_addr = htonl(ip);
	coap_address_set_port(addr, port);
}

/* A zone is the name of an interface or its number. */
static int
parse_zone(const char *text, uint32_t *zone)
{
	unsigned long n;

	if (!*text)
		return -COAP_E_INVAL;
	*zone = if_nametoindex(text);
	if (*zone != 0)
		return 0;
	if (strspn(text, "0123456789") != strlen(text))
		return -COAP_E_NOTFOUND;
	n = strtoul(text, NULL, 10);
	if (n == 0 || n > INT32_MAX)
		return -COAP_E_NOTFOUND;
	*zone = (uint32_t)n;
	return 0;
}

static int
parse_ipv6(struct sockaddr_in6 *sin6, const char *host)
{
	char digits[INET6_ADDRSTRLEN];
	size_t n = strcspn(host, "%");

	if (n >= sizeof(digits))
		return -COAP_E_INVAL;
	memcpy(digits, host, n);
	digits[n] = 0;
	if (inet_pton(AF_INET6, digits, &sin6->sin6_addr) != 1)
		return -COAP_E_INVAL;
	sin6->sin6_family = AF_INET6;
	return host[n] ? parse_zone(host + n + 1, &sin6->sin6_scope_id) : 0;
}

int
addr_parse(coap_address_t *addr, const char *host, uint16_t port)
{
	coap_address_t a;
	int r;

	coap_address_init(&a);
	if (inet_pton(AF_INET, host, &a.addr.sin.sin_addr) == 1) {
		a.size = sizeof(a.addr.sin);
		a.addr.sin.sin_family = AF_INET;
	} else {
		a.size = sizeof(a.addr.sin6);
		r = parse_ipv6(&a.addr.sin6, host);
		if (r < 0)
			return r;
	}
	coap_address_set_port(&a, port);
	*addr = a;
	return 0;
}

/* Whether it is an address of IPv4 of that interface, and the one wanted, if
 * it is not any. */
static bool
is_own(const struct ifaddrs *i, uint32_t zone, const struct in_addr *wanted)
{
	struct sockaddr_in sin;

	if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET ||
	    if_nametoindex(i->ifa_name) != zone)
		return false;
	memcpy(&sin, i->ifa_addr, sizeof(sin));
	return wanted->s_addr == htonl(INADDR_ANY) ||
	    wanted->s_addr == sin.sin_addr.s_addr;
}

static int
find_own(struct in_addr *ip, uint32_t zone)
{
	struct ifaddrs *list, *i;
	struct sockaddr_in sin;
	int r = -COAP_E_UNREACH;

	if (getifaddrs(&list) < 0)
		return r;
	for (i = list; i && r < 0; i = i->ifa_next) {
		if (!is_own(i, zone, ip))
			continue;
		memcpy(&sin, i->ifa_addr, sizeof(sin));
		*ip = sin.sin_addr;
		r = 0;
	}
	freeifaddrs(list);
	return r;
}

int
addr_parse_own(coap_address_t *addr, const char *host, uint16_t port)
{
	size_t n = strcspn(host, "%");
	char digits[INET_ADDRSTRLEN];
	coap_address_t a;
	uint32_t zone;
	int r;

	if (host[n] == '\0' || n >= sizeof(digits))
		return addr_parse(addr, host, port);
	memcpy(digits, host, n);
	digits[n] = '\0';
	if (addr_parse(&a, digits, port) < 0 || a.addr.sa.sa_family != AF_INET)
		return addr_parse(addr, host, port);
	r = parse_zone(host + n + 1, &zone);
	if (r == 0)
		r = find_own(&a.addr.sin.sin_addr, zone);
	if (r == 0)
		*addr = a;
	return r;
}

/* The address alone; false without one. */
static bool
ip_text(const coap_address_t *a, char text[static INET6_ADDRSTRLEN])
{
	const void *ip = NULL;

	if (a && a->addr.sa.sa_family == AF_INET)
		ip = &a->addr.sin.sin_addr;
	else if (a && a->addr.sa.sa_family == AF_INET6)
		ip = &a->addr.sin6.sin6_addr;
	return ip &&
	    inet_ntop(a->addr.sa.sa_family, ip, text, INET6_ADDRSTRLEN);
}

/* "%eth0", "%7" for an interface that is gone, or "". */
static void
zone_text(uint32_t zone, char text[static IF_NAMESIZE + 1])
{
	text[0] = 0;
	if (zone == 0)
		return;
	text[0] = '%';
	if (!if_indextoname(zone, text + 1))
		snprintf(text + 1, IF_NAMESIZE, "%u", (unsigned int)zone);
}

size_t
addr_format(const coap_address_t *addr, char *buf, size_t size)
{
	char ip[INET6_ADDRSTRLEN], zone[IF_NAMESIZE + 1];
	int n;

	if (!buf || size == 0)
		return 0;
	if (!ip_text(addr, ip)) {
		n = snprintf(buf, size, "(no address)");
	} else if (addr->addr.sa.sa_family == AF_INET) {
		n = snprintf(buf, size, "%s:%u", ip,
		    coap_address_get_port(addr));
	} else {
		zone_text(addr->addr.sin6.sin6_scope_id, zone);
		n = snprintf(buf, size, "[%s%s]:%u", ip, zone,
		    coap_address_get_port(addr));
	}
	if (n < 0 || (size_t)n >= size) {
		buf[0] = 0;
		return 0;
	}
	return (size_t)n;
}

size_t
coap_print_addr(const coap_address_t *address, unsigned char *buffer,
    size_t size)
{
	return addr_format(address, (char *)buffer, size);
}

const char *
coap_print_ip_addr(const coap_address_t *address, char *buffer, size_t size)
{
	char ip[INET6_ADDRSTRLEN];

	if (!buffer || size == 0)
		return NULL;
	buffer[0] = 0;
	if (ip_text(address, ip) && strlen(ip) < size)
		memcpy(buffer, ip, strlen(ip) + 1);
	return buffer;
}

bool
addr_host(const coap_address_t *addr, char *buf, size_t size)
{
	const void *bytes = addr->addr.sa.sa_family == AF_INET6
	    ? (const void *)&addr->addr.sin6.sin6_addr
	    : (const void *)&addr->addr.sin.sin_addr;

	return inet_ntop(addr->addr.sa.sa_family, bytes, buf,
		   (socklen_t)size) != NULL;
}

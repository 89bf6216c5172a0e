/* SPDX-License-Identifier: BSD-2-Clause */
/* IP addresses as values and as text. */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <coap3/coap_address.h>

/* "[", address with its NUL, "%", zone, "]:", port: enough for all. */
#define ADDR_TEXT_SIZE (1 + INET6_ADDRSTRLEN + IF_NAMESIZE + 2 + 5)

/*
 * Reads a numeric address without brackets: "192.0.2.1", "2001:db8::1",
 * "fe80::1%eth0", "fe80::1%2". 0; -COAP_E_INVAL when host is none (but a name);
 * -COAP_E_NOTFOUND when this host has no such zone. *addr is as before then.
 */
int addr_parse(coap_address_t *addr, const char *host, uint16_t port);
/*
 * The same for an address of this host's own, where IPv4 may have a zone, too:
 * "192.0.2.1%eth0" has to be one of that interface, "0.0.0.0%eth0" is its first
 * one. -COAP_E_UNREACH: the interface has it not.
 */
int addr_parse_own(coap_address_t *addr, const char *host, uint16_t port);
/*
 * Writes what coap_print_addr() promises: the length, or 0 and "" when size
 * (ADDR_TEXT_SIZE is enough) is too small.
 */
size_t addr_format(const coap_address_t *addr, char *buf, size_t size);
/* The address alone, without port and zone, as a certificate has it: false
 * when there is none, or size (INET6_ADDRSTRLEN is enough) is too small. */
bool addr_host(const coap_address_t *addr, char *buf, size_t size);
/* Turns an IPv4-mapped IPv6 address (::ffff:192.0.2.1) into the IPv4 one. */
void addr_unmap(coap_address_t *addr);

#endif

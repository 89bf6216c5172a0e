/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses as values and as text. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <coap3/coap_debug.h>

#include "base/addr.h"
#include "base/err.h"
#include "skip.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static coap_address_t
addr(const char *host, uint16_t port)
{
	coap_address_t a;

	assert_int_equal(addr_parse(&a, host, port), 0);
	return a;
}

static void
assert_text(const coap_address_t *a, const char *text)
{
	char buf[ADDR_TEXT_SIZE];

	assert_int_equal(addr_format(a, buf, sizeof(buf)), strlen(text));
	assert_string_equal(buf, text);
}

static void
test_init(void **state)
{
	static const uint8_t zero[sizeof(((coap_address_t *)0)->addr)];
	coap_address_t a;

	(void)state;
	memset(&a, 1, sizeof(a));
	coap_address_init(&a);
	assert_int_equal(a.size, sizeof(a.addr));
	assert_memory_equal(&a.addr, zero, sizeof(zero));
	assert_int_equal(a.addr.sa.sa_family, AF_UNSPEC);
	coap_address_set_port(&a, 5);
	assert_int_equal(coap_address_get_port(&a), 0);
	assert_memory_equal(&a.addr, zero, sizeof(zero));
	assert_text(&a, "(no address)");
	assert_text(NULL, "(no address)");
}

static void
test_parse(void **state)
{
	static const struct {
		const char *host;
		const char *text;
		size_t size;
	} good[] = {
		{ "192.0.2.1", "192.0.2.1:5683", sizeof(struct sockaddr_in) },
		{ "0.0.0.0", "0.0.0.0:5683", sizeof(struct sockaddr_in) },
		{ "::", "[::]:5683", sizeof(struct sockaddr_in6) },
		{ "2001:DB8:0:0::1", "[2001:db8::1]:5683",
		    sizeof(struct sockaddr_in6) },
		{ "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:5683",
		    sizeof(struct sockaddr_in6) },
	};
	coap_address_t a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(good); i++) {
		a = addr(good[i].host, 5683);
		assert_int_equal(a.size, good[i].size);
		assert_int_equal(coap_address_get_port(&a), 5683);
		assert_text(&a, good[i].text);
	}
}

static void
test_parse_bad(void **state)
{
	static const char *const bad[] = {
		"",
		"localhost",
		"1.2.3",
		"1.2.3.256",
		"1.2.3.4 ",
		"1.2.3.4:5",
		"1.2.3.4%lo",
		"[::1]",
		"::1::",
		":",
		"%lo",
		"fe80::1%",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999",
		"11111111111111111111111111111111111111111111111111111::1",
	};
	coap_address_t a, before;
	size_t i;

	(void)state;
	memset(&a, 7, sizeof(a));
	before = a;
	for (i = 0; i < COUNT(bad); i++) {
		assert_int_equal(addr_parse(&a, bad[i], 1), -COAP_E_INVAL);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static void
test_zone(void **state)
{
	static const char *const bad[] = {
		"fe80::1%no-such-zone",
		"fe80::1%0",
		"fe80::1%99999999999999999999999",
		"fe80::1%2147483648",
		"fe80::1%-1",
		"fe80::1%a-name-that-no-interface-could-ever-have",
	};
	char text[64];
	coap_address_t a, b;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(addr_parse(&a, bad[i], 1), -COAP_E_NOTFOUND);

	a = addr("fe80::1%1234567", 1);
	assert_int_equal(a.addr.sin6.sin6_scope_id, 1234567);
	assert_text(&a, "[fe80::1%1234567]:1");
	if (if_nametoindex("lo") == 0)
		skip_because("this machine has no interface lo");
	a = addr("fe80::1%lo", 5683);
	assert_int_equal(a.addr.sin6.sin6_scope_id, if_nametoindex("lo"));
	assert_text(&a, "[fe80::1%lo]:5683");
	snprintf(text, sizeof(text), "fe80::1%%%u", if_nametoindex("lo"));
	b = addr(text, 5683);
	assert_true(coap_address_equals(&a, &b));
	assert_string_equal(coap_print_ip_addr(&a, text, sizeof(text)),
	    "fe80::1");
}

static void
test_ports(void **state)
{
	coap_address_t a = addr("192.0.2.1", 1), b = addr("::1", 2);

	(void)state;
	assert_int_equal(a.addr.sin.sin_port, htons(1));
	coap_address_set_port(&a, 65535);
	coap_address_set_port(&b, 0x1234);
	coap_address_set_port(NULL, 1);
	assert_int_equal(coap_address_get_port(&a), 65535);
	assert_int_equal(coap_address_get_port(&b), 0x1234);
	assert_int_equal(b.addr.sin6.sin6_port, htons(0x1234));
	assert_int_equal(coap_address_get_port(NULL), 0);
}

/* All different from each other, and equal to a copy. */
static void
test_equals(void **state)
{
	coap_address_t a[] = {
		addr("192.0.2.1", 1),
		addr("192.0.2.1", 2),
		addr("192.0.2.2", 1),
		addr("::ffff:192.0.2.1", 1),
		addr("fe80::1", 1),
		addr("fe80::1%1", 1),
		addr("fe80::1%2", 1),
		addr("fe80::2%1", 1),
		addr("::", 1),
		addr("0.0.0.0", 1),
	};
	coap_address_t copy, none;
	size_t i, j;

	(void)state;
	for (i = 0; i < COUNT(a); i++) {
		memset(&copy, 0xaa, sizeof(copy));
		coap_address_copy(&copy, &a[i]);
		copy.size = sizeof(copy.addr);
		for (j = 0; j < COUNT(a); j++)
			assert_int_equal(coap_address_equals(&copy, &a[j]),
			    i == j);
	}
	copy = a[4];
	copy.addr.sin6.sin6_flowinfo = 77;
	assert_true(coap_address_equals(&copy, &a[4]));
	coap_address_init(&none);
	coap_address_init(&copy);
	assert_true(coap_address_equals(&none, &copy));
	assert_false(coap_address_equals(&none, &a[0]));
	assert_false(coap_address_equals(NULL, &a[0]));
	assert_false(coap_address_equals(&a[0], NULL));
}

static void
test_unmap(void **state)
{
	coap_address_t a = addr("::ffff:192.0.2.1", 99), b;
	coap_address_t v4 = addr("192.0.2.1", 99), v6 = addr("::1", 99);

	(void)state;
	addr_unmap(&a);
	assert_int_equal(a.size, sizeof(struct sockaddr_in));
	assert_true(coap_address_equals(&a, &v4));
	b = v4;
	addr_unmap(&b);
	assert_true(coap_address_equals(&b, &v4));
	b = v6;
	addr_unmap(&b);
	assert_true(coap_address_equals(&b, &v6));
	coap_address_init(&b);
	addr_unmap(&b);
	assert_int_equal(b.addr.sa.sa_family, AF_UNSPEC);
}

static void
test_kinds(void **state)
{
	static const struct {
		const char *host;
		int any, mcast, bcast;
	} rows[] = {
		{ "0.0.0.0", 1, 0, 0 },
		{ "::", 1, 0, 0 },
		{ "127.0.0.1", 0, 0, 0 },
		{ "::1", 0, 0, 0 },
		{ "223.255.255.254", 0, 0, 0 },
		{ "224.0.1.187", 0, 1, 0 },
		{ "239.255.255.255", 0, 1, 0 },
		{ "240.0.0.1", 0, 0, 0 },
		{ "255.255.255.255", 0, 0, 1 },
		{ "ff02::fd", 0, 1, 0 },
		{ "fe80::1", 0, 0, 0 },
		{ "::ffff:224.0.1.187", 0, 1, 0 },
		{ "::ffff:255.255.255.255", 0, 0, 1 },
	};
	coap_address_t a;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(rows); i++) {
		a = addr(rows[i].host, 5683);
		assert_int_equal(coap_address_isany(&a), rows[i].any);
		assert_int_equal(coap_is_mcast(&a), rows[i].mcast);
		assert_int_equal(coap_is_bcast(&a), rows[i].bcast);
		assert_int_equal(coap_is_af_unix(&a), 0);
	}
	coap_address_init(&a);
	assert_int_equal(coap_address_isany(&a), 0);
	assert_int_equal(coap_is_mcast(&a), 0);
	assert_int_equal(coap_is_bcast(&a), 0);
	assert_int_equal(coap_address_isany(NULL), 0);
	assert_int_equal(coap_is_mcast(NULL), 0);
	assert_int_equal(coap_is_bcast(NULL), 0);
	assert_int_equal(coap_is_af_unix(NULL), 0);
}

/* The networks that this host is in. */
static void
test_local_bcast(void **state)
{
	struct ifaddrs *list, *i;
	coap_address_t a;

	(void)state;
	assert_int_equal(getifaddrs(&list), 0);
	for (i = list; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		coap_address_init(&a);
		memcpy(&a.addr, i->ifa_addr, sizeof(a.addr.sin));
		assert_int_equal(coap_is_bcast(&a), 0);
		if (!(i->ifa_flags & IFF_BROADCAST) || !i->ifa_broadaddr)
			continue;
		memcpy(&a.addr, i->ifa_broadaddr, sizeof(a.addr.sin));
		if (!coap_address_isany(&a))
			assert_int_equal(coap_is_bcast(&a), 1);
	}
	freeifaddrs(list);
}

static void
test_unix(void **state)
{
	coap_address_t a = addr("192.0.2.1", 1), before = a;
	const uint8_t path[] = "/tmp/x";

	(void)state;
	assert_int_equal(coap_address_set_unix_domain(&a, path, 6), 0);
	assert_memory_equal(&a, &before, sizeof(a));
}

static void
test_small_buffers(void **state)
{
	const char *text = "[2001:db8::1]:5683", *ip = "2001:db8::1";
	coap_address_t a = addr("2001:db8::1", 5683);
	unsigned char buf[32];
	size_t size;

	(void)state;
	for (size = 0; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		if (size > strlen(text)) {
			assert_int_equal(coap_print_addr(&a, buf, size),
			    strlen(text));
			assert_string_equal(buf, text);
		} else {
			assert_int_equal(coap_print_addr(&a, buf, size), 0);
			assert_int_equal(buf[0], size ? 0 : 'x');
		}
		assert_int_equal(buf[size], 'x');
	}
	for (size = 1; size < sizeof(buf); size++) {
		memset(buf, 'x', sizeof(buf));
		assert_ptr_equal(coap_print_ip_addr(&a, (char *)buf, size),
		    buf);
		assert_string_equal(buf, size > strlen(ip) ? ip : "");
		assert_int_equal(buf[size], 'x');
	}
	assert_null(coap_print_ip_addr(&a, (char *)buf, 0));
	assert_null(coap_print_ip_addr(&a, NULL, 5));
	assert_int_equal(coap_print_addr(&a, NULL, 5), 0);
	coap_address_init(&a);
	assert_string_equal(coap_print_ip_addr(&a, (char *)buf, sizeof(buf)),
	    "");
}

static void
test_longest(void **state)
{
	coap_address_t a =
	    addr("1111:2222:3333:4444:5555:6666:123.123.123.123%2147483647",
		65535);
	coap_address_t b = addr("::ffff:255.255.255.255%2147483647", 65535);

	(void)state;
	assert_text(&a,
	    "[1111:2222:3333:4444:5555:6666:7b7b:7b7b%2147483647]:65535");
	assert_text(&b, "[::ffff:255.255.255.255%2147483647]:65535");
}

/* An address of this host: of IPv4, too, an interface may stand behind it. */
static void
own_addresses(void **state)
{
	static const struct {
		const char *host;
		int result;
		const char *text;
	} rows[] = {
		{ "127.0.0.1", 0, "127.0.0.1:7" },
		{ "127.0.0.1%lo", 0, "127.0.0.1:7" },
		{ "0.0.0.0%lo", 0, "127.0.0.1:7" },
		{ "fe80::1%lo", 0, "[fe80::1%lo]:7" },
		{ "192.0.2.1%lo", -COAP_E_UNREACH, NULL },
		{ "127.0.0.1%no-such-if", -COAP_E_NOTFOUND, NULL },
		{ "127.0.0.1%", -COAP_E_INVAL, NULL },
		{ "%lo", -COAP_E_INVAL, NULL },
		{ "name%lo", -COAP_E_INVAL, NULL },
		{ "111111111111111111%lo", -COAP_E_INVAL, NULL },
	};
	coap_address_t a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_int_equal(addr_parse_own(&a, rows[i].host, 7),
		    rows[i].result);
		if (rows[i].text)
			assert_text(&a, rows[i].text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_addresses),
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_bad),
		cmocka_unit_test(test_zone),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_equals),
		cmocka_unit_test(test_unmap),
		cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_local_bcast),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_small_buffers),
		cmocka_unit_test(test_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

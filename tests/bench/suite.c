/* SPDX-License-Identifier: BSD-2-Clause */
/* The cipher suite of a session as text. */
#include "tests/bench/suite.h"

#include <stdio.h>

#include "tests/bench/measure.h"

#define COMMON  "NONE:+SIGN-ALL:+CTYPE-X509:+COMP-NULL:"
#define DEFAULT "NORMAL:+ECDHE-PSK:+PSK:+AES-128-CCM-8"

static const char *
or_else(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

void
suite_print(gnutls_session_t session)
{
	gnutls_protocol_t version = gnutls_protocol_get_version(session);
	gnutls_group_t group = gnutls_group_get(session);
	const char *group_name = group ? gnutls_group_get_name(group) : NULL;

	if (!gnutls_protocol_get_name(version)) {
		puts("-");
		return;
	}
	printf("+VERS-%s:+%s:+%s:+%s:+GROUP-%s\n",
	    gnutls_protocol_get_name(version),
	    or_else(gnutls_kx_get_name(gnutls_kx_get(session)), "ALL"),
	    gnutls_cipher_get_name(gnutls_cipher_get(session)),
	    gnutls_mac_get_name(gnutls_mac_get(session)),
	    or_else(group_name, "ALL"));
}

gnutls_priority_t
suite_priority(const char *suite)
{
	gnutls_priority_t priority = NULL;
	char text[512];

	snprintf(text, sizeof text, "%s%s", suite ? COMMON : "",
	    or_else(suite, DEFAULT));
	if (gnutls_priority_init2(&priority, text, NULL, 0) < 0)
		die("the cipher suite is not known");
	return priority;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* Modules that are not there, or are something else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/module.h"
#include "skip.h"

static void
test_missing(void **state)
{
	const void *table = NULL;
	char why[256] = "";

	(void)state;
	assert_int_equal(module_open("coapx-no-such", MODULE_ABI("test"),
			     &table, why, sizeof(why)),
	    -COAP_E_NO_MODULE);
	assert_null(table);
	assert_non_null(strstr(why, "coapx-no-such.so"));
}

static void
test_no_file(void **state)
{
	const void *table = NULL;
	char why[256] = "";

	(void)state;
	assert_int_equal(module_open_file("/dev/null/x.so", MODULE_ABI("test"),
			     &table, why, sizeof(why)),
	    -COAP_E_NO_MODULE);
	assert_null(table);
	assert_non_null(strstr(why, "cannot open the module"));
}

/* A library that is no module of ours. */
static void
test_foreign(void **state)
{
	const void *table = NULL;
	char why[256] = "";

	(void)state;
	assert_int_equal(module_open_file("libcmocka.so.0", MODULE_ABI("test"),
			     &table, why, sizeof(why)),
	    -COAP_E_NO_MODULE);
	assert_null(table);
	assert_string_equal(why,
	    "libcmocka.so.0 is no module, not coap-session " COAPX_VERSION
	    " test");
}

/* A module of this build, where it has any, asked for as itself and as one of
 * another version. */
static void
test_versions(void **state)
{
	const char *o = getenv("O");
	const void *table = NULL;
	char path[512], why[512] = "";

	(void)state;
	snprintf(path, sizeof(path), "%s/lib/coap-session/coapx-tls-gnutls.so",
	    o ? o : "build");
	if (access(path, R_OK) != 0)
		skip_because("there is no module, all is linked in");
	assert_int_equal(module_open_file(path, "coap-session 0.0.0 tls",
			     &table, why, sizeof(why)),
	    -COAP_E_NO_MODULE);
	assert_null(table);
	assert_non_null(strstr(why,
	    "is a module of coap-session " COAPX_VERSION
	    " tls, not coap-session 0.0.0 tls"));
	assert_int_equal(module_open_file(path, MODULE_ABI("tls"), &table, why,
			     sizeof(why)),
	    0);
	assert_non_null(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

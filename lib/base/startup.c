/* SPDX-License-Identifier: BSD-2-Clause */
/* Start and end of the library, and what it is called. */
#include <coap3/coap.h>
#include <coap3/coapx.h>

void
coap_startup(void)
{
}

void
coap_cleanup(void)
{
}

const char *
coap_package_name(void)
{
	return LIBCOAP_PACKAGE_NAME;
}

const char *
coap_package_version(void)
{
	return LIBCOAP_PACKAGE_VERSION;
}

const char *
coap_package_build(void)
{
	return COAPX_VERSION;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conditions, as in the plugtests (TD_COAP_CORE_21 to 23): /validate, and
 * /create1 to 3, which are not there until they are made. Californium resets
 * these by itself after a 2.03 or 4.12; the descriptions of the tests demand
 * that nothing changes then, so here a DELETE does it.
 */
#include <string.h>

#include "cli/device/resource.h"

/* If-None-Match of one that is there fails before it gets here. */
static const struct device_row created_row = {
	.title = "Made by PUT, until it is deleted",
	.on[COAP_REQUEST_GET] = document_get,
	.on[COAP_REQUEST_PUT] = document_put,
	.on[COAP_REQUEST_DELETE] = document_delete,
};

bool
validate_can_create(const char *path)
{
	static const char *const paths[] = { "create1", "create2", "create3" };

	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

void
validate_create(struct call *call, const char *path)
{
	if (document_matches(call, NULL))
		device_create(call, &created_row, path);
}

const struct device_row device_validate[] = {
	{
	    .path = "validate",
	    .title = "Has an ETag; If-Match; DELETE resets it",
	    .ct = "0",
	    .text = "as it was at first",
	    .on[COAP_REQUEST_GET] = document_get,
	    .on[COAP_REQUEST_PUT] = document_put,
	    .on[COAP_REQUEST_DELETE] = document_reset,
	},
	{ .path = NULL },
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* The device's store: PUT makes and replaces, GET, DELETE, and a list. */
#include <string.h>

#include "cli/device/resource.h"

#define STORE_PREFIX    "store/"
#define STORE_MAX_ITEMS 64

static const struct device_row item_row = {
	.observable = true,
	.flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
	.on[COAP_REQUEST_GET] = document_get,
	.on[COAP_REQUEST_PUT] = document_put,
	.on[COAP_REQUEST_DELETE] = document_delete,
};

static void
put_new(struct call *call, const char *path)
{
	size_t prefix = strlen(STORE_PREFIX);

	if (strncmp(path, STORE_PREFIX, prefix) != 0 || path[prefix] == '\0')
		device_refuse(call, COAP_RESPONSE_CODE_NOT_FOUND,
		    "only paths below /store can be made");
	else if (!document_matches(call, NULL))
		return;
	else if (device_count(call->device, &item_row) >= STORE_MAX_ITEMS)
		device_refuse(call, COAP_RESPONSE_CODE_FORBIDDEN,
		    "the store is full (64 items); delete one");
	else
		device_create(call, &item_row, path);
}

void
store_put_unknown(struct call *call)
{
	coap_string_t *path = coap_get_uri_path(call->request);
	const char *text = path ? (const char *)path->s : NULL;

	if (!text)
		device_refuse(call, COAP_RESPONSE_CODE_BAD_REQUEST, "no path");
	else if (validate_can_create(text))
		validate_create(call, text);
	else
		put_new(call, text);
	coap_delete_string(path);
}

static void
get_store(struct call *call)
{
	device_list(call, &item_row);
}

const struct device_row device_store[] = {
	{
	    .path = "store",
	    .title = "PUT below this path keeps what you send",
	    .ct = "40",
	    .on[COAP_REQUEST_GET] = get_store,
	},
	{ .path = NULL },
};

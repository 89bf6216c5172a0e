/* SPDX-License-Identifier: BSD-2-Clause */
/* The resources of a context. */
#include <coap3/coap_debug.h>
#include <coap3/coap_net.h>
#include <coap3/coap_resource.h>

#include "base/err.h"
#include "session/context.h"

void
coap_add_resource(coap_context_t *context, coap_resource_t *resource)
{
	int r;

	if (context == NULL || resource == NULL)
		return;
	r = resources_add(&context->resources, resource);
	if (r == 0)
		resource->context = context;
	else
		coap_log_warn("the resource \"%.*s\" is not added: %s\n",
		    (int)resource->uri_path->length,
		    (const char *)resource->uri_path->s, err_text(r));
}

int
coap_delete_resource(coap_context_t *context, coap_resource_t *resource)
{
	if (resource == NULL || resource->dead)
		return 0;
	if (resource->in_table)
		return resources_remove(&resource->context->resources,
		    resource);
	if (context != NULL)
		resource->release = context->resources.release_userdata;
	resource_free(resource);
	return 1;
}

coap_resource_t *
coap_get_resource_from_uri_path(coap_context_t *context,
    coap_str_const_t *uri_path)
{
	if (context == NULL || uri_path == NULL)
		return NULL;
	return resources_find(&context->resources, uri_path->s,
	    uri_path->length);
}

void
coap_resource_release_userdata_handler(coap_context_t *context,
    coap_resource_release_userdata_handler_t callback)
{
	if (context != NULL)
		context->resources.release_userdata = callback;
}

void
coap_register_option(coap_context_t *ctx, uint16_t type)
{
	int r;

	if (ctx == NULL)
		return;
	r = resources_register_option(&ctx->resources, type);
	if (r < 0)
		coap_log_warn("option %u is not registered: %s\n", type,
		    err_text(r));
}

coap_print_status_t
coap_print_wellknown(coap_context_t *context, unsigned char *buf,
    size_t *buflen, size_t offset, const coap_string_t *query_filter)
{
	if (context == NULL || buflen == NULL || (buf == NULL && *buflen > 0))
		return COAP_PRINT_STATUS_ERROR;
	return resources_print_part(&context->resources,
	    query_filter != NULL ? (const char *)query_filter->s : "",
	    query_filter != NULL ? query_filter->length : 0, buf, buflen,
	    offset);
}

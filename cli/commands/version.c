/* SPDX-License-Identifier: BSD-2-Clause */
/* version: of the program, and what this build can do. */
#include <stdio.h>
#include <string.h>

#include "cli/app.h"
#include "cli/commands/commands.h"

/* "udp tcp": the protocols of this build. */
static void
list_protocols(char *buf, size_t size)
{
	static const coap_proto_t all[] = {
		COAP_PROTO_UDP,
		COAP_PROTO_DTLS,
		COAP_PROTO_TCP,
		COAP_PROTO_TLS,
		COAP_PROTO_WS,
		COAP_PROTO_WSS,
	};
	size_t i, len = 0;

	buf[0] = '\0';
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!coapx_proto_is_supported(all[i]) || len >= size)
			continue;
		len += (size_t)snprintf(buf + len, size - len, "%s%s",
		    len > 0 ? " " : "", coapx_proto_name(all[i]));
	}
}

static int
start(struct job *job)
{
	char text[128], protocols[64];
	struct view_field fields[] = {
		{ .name = "version",
		    .type = FIELD_TEXT,
		    .text = coapx_version() },
		{ .name = "api",
		    .type = FIELD_TEXT,
		    .text = coap_package_version() },
		{ .name = "protocols", .type = FIELD_TEXT, .text = protocols },
	};

	list_protocols(protocols, sizeof(protocols));
	if (output_form(job->out) == FORM_JSON) {
		output_fields(job->out, "coap-shell", fields,
		    sizeof(fields) / sizeof(fields[0]));
		return STATUS_OK;
	}
	snprintf(text, sizeof(text), "coap-shell %s (%s)\n", coapx_version(),
	    protocols);
	output_text(job->out, "version", text);
	return STATUS_OK;
}

const struct command cmd_version = {
	.name = "version",
	.group = "Helpers",
	.summary = "print the version and the protocols of this build",
	.start = start,
};

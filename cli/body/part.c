/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of a part, as it lies beside the bytes and goes to other
 * processes. */
#include "cli/body/part.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output/payload.h"
#include "cli/words/args.h"

void
part_text(struct text *text, const struct part *part)
{
	text_addf(text, "uri %s\netag ", part->uri);
	payload_hex(text, part->etag, part->etag_len);
	text_add(text, "\n");
	if (part->total > 0)
		text_addf(text, "total %" PRIu64 "\n", part->total);
	if (part->length > 0)
		text_addf(text, "length %" PRIu64 "\n", part->length);
}

static bool
take_etag(const char *value, struct part *part)
{
	uint8_t *bytes = NULL;
	size_t len = 0;
	bool ok = parse_hex(value, &bytes, &len) && len > 0 &&
	    len <= sizeof(part->etag);

	if (ok) {
		memcpy(part->etag, bytes, len);
		part->etag_len = len;
	}
	free(bytes);
	return ok;
}

static bool
take_uri(const char *value, struct part *part)
{
	size_t len = strlen(value);

	if (len >= sizeof(part->uri))
		return false;
	memcpy(part->uri, value, len + 1);
	return true;
}

static bool
take_total(const char *value, struct part *part)
{
	return parse_number(value, INT64_MAX, &part->total);
}

static bool
take_length(const char *value, struct part *part)
{
	return parse_number(value, INT64_MAX, &part->length);
}

static const struct {
	const char *name; /* with the blank */
	bool (*take)(const char *value, struct part *part);
} lines[] = {
	{ "uri ", take_uri },
	{ "etag ", take_etag },
	{ "total ", take_total },
	{ "length ", take_length },
};

static bool
take_line(const char *line, struct part *part)
{
	size_t len;

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		len = strlen(lines[i].name);
		if (strncmp(line, lines[i].name, len) == 0)
			return lines[i].take(line + len, part);
	}
	return true;
}

bool
part_parse(const char *s, struct part *part)
{
	char line[PART_TEXT];
	const char *end;
	size_t len;

	memset(part, 0, sizeof(*part));
	for (; *s != '\0'; s = *end == '\n' ? end + 1 : end) {
		end = strchrnul(s, '\n');
		len = (size_t)(end - s);
		if (len >= sizeof(line))
			return false;
		memcpy(line, s, len);
		line[len] = '\0';
		if (!take_line(line, part))
			return false;
	}
	return part->etag_len > 0 && part->uri[0] != '\0';
}

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Diagnostic notation that anybody types: an error has a place and a reason;
 * what was taken is CBOR, prints, and parses to the same bytes again.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/decode/cbor.h"
#include "cli/decode/diag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(int condition)
{
	if (!condition)
		abort();
}

static void
again(const struct text *bytes, enum diag_form form)
{
	struct text shown = { .s = NULL };
	struct text twice = { .s = NULL };
	struct diag_error error;

	diag_print(&shown, (const uint8_t *)bytes->s, bytes->len, form, false);
	need(diag_parse(&twice, shown.s, shown.len, true, &error) == 0);
	need(twice.len == bytes->len);
	need(twice.len == 0 || memcmp(twice.s, bytes->s, twice.len) == 0);
	text_free(&shown);
	text_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text bytes = { .s = NULL };
	struct cbor_error malformed;
	struct diag_error error;

	memset(&error, 0, sizeof(error));
	if (diag_parse(&bytes, (const char *)data, size, true, &error) != 0) {
		need(error.at <= size && error.why[0] != '\0');
		text_free(&bytes);
		return 0;
	}
	need(cbor_check((const uint8_t *)bytes.s, bytes.len, true,
	    CBOR_DEPTH_MAX, &malformed));
	again(&bytes, DIAG_LINE);
	again(&bytes, DIAG_LINES);
	text_free(&bytes);
	return 0;
}

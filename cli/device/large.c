/* SPDX-License-Identifier: BSD-2-Clause */
/* Bodies that take several blocks, as in the plugtests (TD_COAP_BLOCK). A
 * request need not name its Content-Format, which Californium wants. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cli/device/resource.h"
#include "cli/output/option_text.h"

#define LARGE_SIZE  1280
#define LARGE_MAX   4194304
#define SEPARATE_MS 500

char *
large_text(size_t n)
{
	char *text = malloc(n + 1);

	if (!text)
		return NULL;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(i % 64 == 63 ? '\n' : 'A' + i / 64 % 26);
	text[n] = '\0';
	return text;
}

/* As the request wants it; malloc()ed. False: refused. */
static bool
make(struct call *call, struct answer *answer)
{
	uint64_t n = LARGE_SIZE;
	char *text;

	if (!device_accepts(call, COAP_MEDIATYPE_TEXT_PLAIN) ||
	    !device_query_number(call, "size", LARGE_MAX, &n))
		return false;
	text = large_text(n);
	if (!text) {
		device_refuse_memory(call);
		return false;
	}
	*answer = (struct answer){
		.code = COAP_RESPONSE_CODE_CONTENT,
		.format = COAP_MEDIATYPE_TEXT_PLAIN,
		.body = { n, (const uint8_t *)text },
	};
	return true;
}

static void
get_large(struct call *call)
{
	struct answer answer;

	if (!make(call, &answer))
		return;
	device_answer(call, &answer);
	free((void *)(uintptr_t)answer.body.s);
}

static void
get_large_separate(struct call *call)
{
	uint64_t ms = SEPARATE_MS;
	struct answer answer;

	if (!device_query_number(call, "ms", LATER_MAX_MS, &ms) ||
	    !make(call, &answer))
		return;
	later_answer(call, ms, &answer);
	free((void *)(uintptr_t)answer.body.s);
}

/* --- /large-create ------------------------------------------------------- */

#define CREATE_PATH "large-create"

static const struct device_row child_row = {
	.title = "Made by POST to /large-create",
	.on[COAP_REQUEST_GET] = document_get,
	.on[COAP_REQUEST_DELETE] = document_delete,
};

/* Clients of tests seldom tidy up: the oldest one makes room. */
static void
post_large_create(struct call *call)
{
	char segment[16];
	char path[sizeof CREATE_PATH + sizeof segment];
	unsigned before = device_count(call->device, &child_row);

	snprintf(segment, sizeof segment, "%u", call->device->created + 1);
	snprintf(path, sizeof path, CREATE_PATH "/%s", segment);
	device_create(call, &child_row, path);
	if (device_count(call->device, &child_row) == before)
		return;
	call->device->created++;
	device_add_text(call, COAP_OPTION_LOCATION_PATH, CREATE_PATH);
	device_add_text(call, COAP_OPTION_LOCATION_PATH, segment);
	if (before == DEVICE_MAX_CHILDREN)
		device_remove(device_oldest(call->device, &child_row));
}

static void
get_large_create(struct call *call)
{
	device_list(call, &child_row);
}

/* --- /large-post --------------------------------------------------------- */

/* What was posted, in capitals. */
static void
post_large_post(struct call *call)
{
	coap_bin_const_t body = device_body(call);
	struct answer answer = {
		.code = COAP_RESPONSE_CODE_CHANGED,
		.format = COAP_MEDIATYPE_TEXT_PLAIN,
	};
	uint8_t *upper;

	if (!device_accepts(call, COAP_MEDIATYPE_TEXT_PLAIN))
		return;
	upper = malloc(body.length + 1);
	if (!upper) {
		device_refuse_memory(call);
		return;
	}
	for (size_t i = 0; i < body.length; i++)
		upper[i] =
		    body.s[i] < 0x80 ? (uint8_t)toupper(body.s[i]) : body.s[i];
	answer.body = (coap_bin_const_t){ body.length, upper };
	device_answer(call, &answer);
	free(upper);
}

static void
get_large_post(struct call *call)
{
	device_text(call, "POST a text here; it comes back in capitals");
}

/* --- the table ----------------------------------------------------------- */

const struct device_row device_large[] = {
	{
	    .path = "large",
	    .title = "A long text; ?size=N",
	    .rt = "block",
	    .ct = "0",
	    .sz = LARGE_SIZE,
	    .on[COAP_REQUEST_GET] = get_large,
	},
	{
	    .path = "large-separate",
	    .title = "The same, late and by itself; ?ms=N",
	    .rt = "block",
	    .ct = "0",
	    .sz = LARGE_SIZE,
	    .on[COAP_REQUEST_GET] = get_large_separate,
	},
	{
	    .path = "large-update",
	    .title = "A long text that PUT replaces; DELETE resets it",
	    .rt = "block",
	    .sz = LARGE_SIZE,
	    .fill = LARGE_SIZE,
	    .on[COAP_REQUEST_GET] = document_get,
	    .on[COAP_REQUEST_PUT] = document_put,
	    .on[COAP_REQUEST_DELETE] = document_reset,
	},
	{
	    .path = CREATE_PATH,
	    .title = "POST makes a resource below it",
	    .rt = "block",
	    .ct = "40",
	    .on[COAP_REQUEST_GET] = get_large_create,
	    .on[COAP_REQUEST_POST] = post_large_create,
	},
	{
	    .path = "large-post",
	    .title = "Gives what is posted back in capitals",
	    .rt = "block",
	    .ct = "0",
	    .on[COAP_REQUEST_GET] = get_large_post,
	    .on[COAP_REQUEST_POST] = post_large_post,
	},
	{ .path = NULL },
};

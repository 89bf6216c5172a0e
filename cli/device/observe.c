/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be observed (RFC 7641), as in the plugtests (TD_COAP_OBS): the time
 * of day in several ways. A place's timer runs from the first request that
 * observes it until a tick finds nobody.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#include "cli/device/resource.h"
#include "cli/output/option_text.h"

/* --- ticks --------------------------------------------------------------- */

static uint64_t
period(const struct place *place)
{
	return place->row->tick == TICK_DEVICE ? place->device->interval_ms
					       : place->row->tick;
}

static void
on_tick(coapx_timer_t *timer, void *arg)
{
	struct place *place = arg;

	place->ticks++;
	place->ticking =
	    coap_resource_notify_observers(place->resource, NULL) > 0;
	if (place->ticking)
		coapx_timer_set(timer, period(place));
}

/* Whether the request asks to be told of changes. */
static bool
observes(const struct call *call)
{
	coap_opt_iterator_t oi;
	coap_opt_t *option =
	    coap_check_option(call->request, COAP_OPTION_OBSERVE, &oi);

	return option &&
	    coap_decode_var_bytes(coap_opt_value(option),
		coap_opt_length(option)) == COAP_OBSERVE_ESTABLISH;
}

void
observe_called(struct call *call)
{
	struct place *place = call->place;

	if (place->row->tick == 0 || place->ticking || !observes(call))
		return;
	if (!place->timer)
		place->timer = coapx_timer_new(place->device->app->context,
		    on_tick, place);
	if (!place->timer)
		return;
	place->ticking = true;
	coapx_timer_set(place->timer, period(place));
}

/* --- the time ------------------------------------------------------------ */

#define TIME_SIZE 16

static void
now_text(char text[TIME_SIZE])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(text, TIME_SIZE, "%H:%M:%S", &tm);
}

static void
answer_time(struct call *call, const char *text)
{
	if (device_accepts(call, COAP_MEDIATYPE_TEXT_PLAIN))
		device_answer(call,
		    &(struct answer){
			.code = COAP_RESPONSE_CODE_CONTENT,
			.format = COAP_MEDIATYPE_TEXT_PLAIN,
			.max_age = (int)((period(call->place) + 999) / 1000),
			.body = { strlen(text), (const uint8_t *)text },
		    });
}

/* --- /obs, /obs-non ------------------------------------------------------ */

/* What was put, until it is deleted: a format that changes ends observations
 * with 4.06 (TD_COAP_OBS_08), which the library sees to. */
static void
get_obs(struct call *call)
{
	char text[TIME_SIZE];

	if (call->place->document) {
		document_get(call);
	} else {
		now_text(text);
		answer_time(call, text);
	}
}

/* The resource begins anew: to observers of the old one it is gone (4.04, RFC
 * 7641 section 4.2, TD_COAP_OBS_07). */
static bool
begin_anew(struct place *place)
{
	return device_add(place->device, place->row, place->row->path, NULL) !=
	    NULL;
}

static void
delete_obs(struct call *call)
{
	if (begin_anew(call->place))
		device_code(call, COAP_RESPONSE_CODE_DELETED);
	else
		device_refuse_memory(call);
}

/* --- /obs-large, /obs-pumping -------------------------------------------- */

#define LARGE_SIZE 162

/* The time, and lines behind it up to a size. */
static void
answer_padded(struct call *call, size_t size)
{
	char text[TIME_SIZE];
	char *padded = large_text(size);
	size_t len;

	if (!padded) {
		device_refuse_memory(call);
		return;
	}
	now_text(text);
	len = strlen(text);
	memcpy(padded, text, len);
	if (len < size)
		padded[len] = '\n';
	answer_time(call, padded);
	free(padded);
}

static void
get_obs_large(struct call *call)
{
	answer_padded(call, LARGE_SIZE);
}

/* One, two or three blocks of 64 bytes, by turns. */
static void
get_obs_pumping(struct call *call)
{
	static const size_t sizes[] = { 8, 84, 164 };

	answer_padded(call,
	    sizes[call->place->ticks % (sizeof sizes / sizeof sizes[0])]);
}

/* --- /obs-reset ---------------------------------------------------------- */

/* Californium's word; it ends observations without one, unless ?notfound. */
static void
post_obs_reset(struct call *call)
{
	static const char word[] = "sesame";
	coap_bin_const_t body = device_body(call);
	const struct device_row *row;
	struct place *place;

	if (body.length != sizeof word - 1 ||
	    memcmp(body.s, word, body.length) != 0) {
		device_refuse(call, COAP_RESPONSE_CODE_FORBIDDEN,
		    "the word for it is sesame");
		return;
	}
	device_code(call, COAP_RESPONSE_CODE_CHANGED);
	for (row = device_observe; row->path; row++) {
		place = row->tick > 0 ? device_oldest(call->device, row) : NULL;
		if (place && !begin_anew(place)) {
			device_refuse_memory(call);
			return;
		}
	}
}

/* --- the table ----------------------------------------------------------- */

const struct device_row device_observe[] = {
	{
	    .path = "obs",
	    .title = "The time, again and again, as CON",
	    .rt = "observe",
	    .ct = "0",
	    .observable = true,
	    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
	    .tick = TICK_DEVICE,
	    .on[COAP_REQUEST_GET] = get_obs,
	    .on[COAP_REQUEST_PUT] = document_put,
	    .on[COAP_REQUEST_DELETE] = delete_obs,
	},
	{
	    .path = "obs-non",
	    .title = "The same as NON",
	    .rt = "observe",
	    .ct = "0",
	    .observable = true,
	    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
	    .tick = TICK_DEVICE,
	    .on[COAP_REQUEST_GET] = get_obs,
	    .on[COAP_REQUEST_PUT] = document_put,
	    .on[COAP_REQUEST_DELETE] = delete_obs,
	},
	{
	    .path = "obs-large",
	    .title = "The same with 162 bytes, as CON",
	    .rt = "observe",
	    .ct = "0",
	    .observable = true,
	    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
	    .tick = TICK_DEVICE,
	    .on[COAP_REQUEST_GET] = get_obs_large,
	},
	{
	    .path = "obs-pumping",
	    .title = "The same with 8, 84 or 164 bytes, as CON",
	    .rt = "observe",
	    .ct = "0",
	    .observable = true,
	    .flags = COAP_RESOURCE_FLAGS_NOTIFY_CON,
	    .tick = TICK_DEVICE,
	    .on[COAP_REQUEST_GET] = get_obs_pumping,
	},
	{
	    .path = "obs-pumping-non",
	    .title = "The same as NON",
	    .rt = "observe",
	    .ct = "0",
	    .observable = true,
	    .flags = COAP_RESOURCE_FLAGS_NOTIFY_NON,
	    .tick = TICK_DEVICE,
	    .on[COAP_REQUEST_GET] = get_obs_pumping,
	},
	{
	    .path = "obs-reset",
	    .title = "POST sesame ends all observations of these",
	    .on[COAP_REQUEST_POST] = post_obs_reset,
	},
	{ .path = NULL },
};

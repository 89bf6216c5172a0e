/* SPDX-License-Identifier: BSD-2-Clause */
/* The built-in device: its resources, from rows to handlers. */
#include "cli/device/device.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/device/resource.h"
#include "cli/failure.h"
#include "cli/session/listeners.h"

/* Of notifications: the default, and its limits. */
#define INTERVAL_MS     5000
#define INTERVAL_MIN_MS 10
#define INTERVAL_MAX_MS 86400000

static const struct device_row *const tables[] = {
	device_plain,
	device_store,
	device_json,
	device_large,
	device_plugtest,
	device_validate,
	device_observe,
};

const struct option device_options[] = {
	{ .name = "notify-interval",
	    .arg = "DUR",
	    .help = "how often /obs and its like change (5s)" },
	{ .name = NULL },
};

/* PUT to what is not there. */
static const struct device_row unknown_row = {
	.on[COAP_REQUEST_PUT] = store_put_unknown,
};

/* --- calls --------------------------------------------------------------- */

static void
handle(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
	struct place *place = coap_resource_get_userdata(resource);
	struct call call = {
		.device = place->device,
		.place = place,
		.session = session,
		.request = request,
		.query = query,
		.response = response,
	};

	observe_called(&call);
	place->row->on[coap_pdu_get_code(request)](&call);
}

/* The library releases what its resources carry. */
static void
release_place(void *user_data)
{
	struct place *place = user_data;

	if (!place)
		return;
	DL_DELETE(place->device->places, place);
	coapx_timer_free(place->timer);
	free(place->document);
	free(place);
}

/* --- places -------------------------------------------------------------- */

static bool
add_attr(coap_resource_t *resource, const char *name, const char *value,
    bool quote)
{
	char text[96];
	int n;

	if (!value)
		return true;
	n = snprintf(text, sizeof text, quote ? "\"%s\"" : "%s", value);
	if (n < 0 || (size_t)n >= sizeof text)
		return false;
	/* The library copies what it is not told to release. */
	return coap_add_attr(resource,
		   &(coap_str_const_t){ strlen(name), (const uint8_t *)name },
		   &(coap_str_const_t){ (size_t)n, (const uint8_t *)text },
		   0) != NULL;
}

static bool
add_attrs(coap_resource_t *resource, const struct device_row *row)
{
	char sz[16];

	snprintf(sz, sizeof sz, "%u", row->sz);
	return add_attr(resource, "title", row->title, true) &&
	    add_attr(resource, "rt", row->rt, true) &&
	    add_attr(resource, "if", row->interface, true) &&
	    add_attr(resource, "ct", row->ct,
		row->ct && strchr(row->ct, ' ')) &&
	    add_attr(resource, "sz", row->sz > 0 ? sz : NULL, false);
}

static coap_resource_t *
make_resource(const struct device_row *row, const char *path)
{
	if (!path)
		return coap_resource_unknown_init(handle);
	return coap_resource_init(&(coap_str_const_t){ strlen(path),
				      (const uint8_t *)path },
	    row->flags);
}

/* path NULL: the unknown resource. */
static struct place *
add(struct device *device, const struct device_row *row, const char *path,
    struct document *document)
{
	struct place *place = calloc(1, sizeof *place);
	coap_resource_t *r = place ? make_resource(row, path) : NULL;

	if (!r || !add_attrs(r, row)) {
		coap_delete_resource(NULL, r);
		free(place);
		free(document);
		return NULL;
	}
	for (int method = 1; method < DEVICE_METHODS; method++)
		if (row->on[method])
			coap_register_request_handler(r, (coap_request_t)method,
			    handle);
	coap_resource_set_get_observable(r, row->observable);
	place->device = device;
	place->row = row;
	place->resource = r;
	place->document = document;
	DL_APPEND(device->places, place);
	coap_resource_set_userdata(r, place);
	coap_add_resource(device->app->context, r);
	return place;
}

struct place *
device_add(struct device *device, const struct device_row *row,
    const char *path, struct document *document)
{
	return add(device, row, path, document);
}

void
device_remove(struct place *place)
{
	coap_delete_resource(place->device->app->context, place->resource);
}

void
device_create(struct call *call, const struct device_row *row, const char *path)
{
	struct document *document = document_of(call);
	struct place *place;

	if (!document)
		return;
	place = device_add(call->device, row, path, document);
	if (place)
		document_changed(call, place, COAP_RESPONSE_CODE_CREATED);
	else
		device_refuse_memory(call);
}

unsigned
device_count(const struct device *device, const struct device_row *row)
{
	const struct place *place;
	unsigned n = 0;

	DL_FOREACH(device->places, place)
		n += place->row == row;
	return n;
}

struct place *
device_oldest(const struct device *device, const struct device_row *row)
{
	struct place *place;

	DL_FOREACH(device->places, place)
		if (place->row == row)
			return place;
	return NULL;
}

void
device_list(struct call *call, const struct device_row *row)
{
	const struct place *place;
	coap_str_const_t *path;
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	if (!device_accepts(call, COAP_MEDIATYPE_APPLICATION_LINK_FORMAT))
		return;
	f = open_memstream(&text, &size);
	if (!f) {
		device_refuse_memory(call);
		return;
	}
	DL_FOREACH(call->device->places, place) {
		if (place->row != row)
			continue;
		path = coap_resource_get_uri_path(place->resource);
		fprintf(f, "%s</%.*s>", ftell(f) > 0 ? "," : "",
		    (int)path->length, (const char *)path->s);
		if (place->document)
			fprintf(f, ";sz=%zu", place->document->len);
	}
	if (fclose(f) != 0)
		size = 0;
	device_answer(call,
	    &(struct answer){
		.code = COAP_RESPONSE_CODE_CONTENT,
		.format = COAP_MEDIATYPE_APPLICATION_LINK_FORMAT,
		.body = { size, (const uint8_t *)text },
	    });
	free(text);
}

/* --- the device ---------------------------------------------------------- */

static int
install_row(struct device *device, const struct device_row *row)
{
	struct document *document;

	if (document_first(row, &document) < 0)
		return -1;
	return add(device, row, row->path, document) ? 0 : -1;
}

static int
install(struct device *device)
{
	const struct device_row *row;

	coap_resource_release_userdata_handler(device->app->context,
	    release_place);
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
		for (row = tables[i]; row->path; row++)
			if (install_row(device, row) < 0)
				return -1;
	device->later = later_new(device->app);
	return device->later && add(device, &unknown_row, NULL, NULL) ? 0 : -1;
}

int
device_install(struct app *app)
{
	struct device *device;

	if (app->device)
		return 0;
	device = calloc(1, sizeof *device);
	if (!device)
		return -1;
	device->app = app;
	device->interval_ms = INTERVAL_MS;
	app->device = device;
	if (install(device) == 0)
		return 0;
	device_free(app);
	return -1;
}

void
device_free(struct app *app)
{
	struct device *device = app->device;

	app->device = NULL;
	if (!device)
		return;
	later_free(device->later);
	/* Each place goes with its resource. */
	while (device->places)
		device_remove(device->places);
	free(device);
}

/* The device, and what the job's options say of it; an exit status. */
static int
install_for(struct job *job)
{
	const char *text = args_get(&job->args, "notify-interval");
	int64_t ms = text ? parse_duration(text) : 0;

	if (text && (ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS))
		return job_fail(job, STATUS_USAGE,
		    "--notify-interval wants 10ms to 24h, such as 500ms or 5s, "
		    "not '%s'",
		    text);
	if (device_install(job->app) < 0)
		return job_fail(job, STATUS_INTERNAL, "out of memory");
	if (text)
		((struct device *)job->app->device)->interval_ms = (uint64_t)ms;
	return STATUS_OK;
}

struct listener *
device_listen(struct job *job, const char *uri, int *status)
{
	struct listener *listener;
	char *problem = NULL;

	*status = relay_is_reverse(job->app) ? STATUS_OK : install_for(job);
	if (*status != STATUS_OK)
		return NULL;
	listener = listener_open(job->app,
	    &(struct listen_params){
		.uri = uri,
		.keyring = job->keyring,
	    },
	    status, &problem);
	if (listener) {
		listener->device = !relay_is_reverse(job->app);
		listener->proxy = args_has(&job->args, "reverse") ||
		    args_has(&job->args, "proxy") ||
		    args_has(&job->args, "proxy-to");
	} else {
		job_fail(job, *status, "%s",
		    problem ? problem : "out of memory");
	}
	free(problem);
	return listener;
}

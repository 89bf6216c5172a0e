/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files of the device share. Its resources are rows of tables, one
 * table a kind, one file a table; a row has a handler for each method.
 */
#ifndef CLI_DEVICE_RESOURCE_H
#define CLI_DEVICE_RESOURCE_H

#include <limits.h>
#include <stdbool.h>

#include <coap3/coapx.h>

#include "cli/app.h"

/* Of one body that somebody sends; of those that one resource lists. */
#define DEVICE_MAX_BODY     ((size_t)1024 * 1024)
#define DEVICE_MAX_CHILDREN 16
/* What is made of memory is told with this. */
#define DEVICE_NO_MEMORY "out of memory"

struct device;
struct document;
struct later;
struct place;

/* One request, as handlers get it. */
struct call {
	struct device *device;
	struct place *place; /* where it goes; the memory goes with
	                        device_remove() */
	coap_session_t *session;
	const coap_pdu_t *request;
	const coap_string_t *query; /* NULL: none */
	coap_pdu_t *response;
};

typedef void device_handler(struct call *call);

/* As often as the options of serve and demo say. */
#define TICK_DEVICE UINT_MAX

#define DEVICE_METHODS (COAP_REQUEST_IPATCH + 1)

/* A resource, or what all of those have in common that clients make. */
struct device_row {
	const char *path;  /* NULL ends a table */
	const char *title; /* attributes of its link; NULL: none */
	const char *rt;
	const char *interface; /* "if" */
	const char *ct;        /* "0", or "0 41" */
	unsigned sz;           /* 0: none */
	bool observable;
	unsigned tick; /* ms between notifications, while somebody observes; 0:
	                  only changes are told */
	int flags;     /* COAP_RESOURCE_FLAGS_... */
	/* The document it begins with: a text of this format, or so many bytes
	 * of large_text(). */
	const char *text;
	int format;
	size_t fill;
	int max_age; /* of that document, seconds; 0: none is said */
	device_handler
	    *on[DEVICE_METHODS]; /* by COAP_REQUEST_...; NULL: 4.05 */
};

/* A resource that is there: what its user data is. */
struct place {
	struct place *prev;
	struct place *next;
	struct device *device;
	const struct device_row *row;
	coap_resource_t *resource;
	struct document *document; /* NULL: it has none */
	coapx_timer_t *timer;      /* of its ticks; NULL: never yet */
	bool ticking;
	unsigned ticks;
};

/* The state of all resources, one for a process. */
struct device {
	struct app *app;
	struct place *places;
	struct later *later;
	uint64_t interval_ms; /* of notifications */
	unsigned created;     /* children of /large-create so far */
};

/* The tables; their end is a row without path. */
extern const struct device_row device_plain[];
extern const struct device_row device_plugtest[];
extern const struct device_row device_validate[];
extern const struct device_row device_large[];
extern const struct device_row device_json[];
extern const struct device_row device_store[];
extern const struct device_row device_observe[];

/* --- device.c ------------------------------------------------------------ */

/* A new resource with a row's methods at a path (without slash in front), a
 * document (may be NULL) being its; another one there goes. NULL: out of
 * memory, and the document is freed. */
struct place *device_add(struct device *device, const struct device_row *row,
    const char *path, struct document *document);
/* The resource goes, and its place; observers are told. */
void device_remove(struct place *place);
/* How many there are of a row. */
unsigned device_count(const struct device *device,
    const struct device_row *row);
/* The one that has been there for longest; NULL: none. */
struct place *device_oldest(const struct device *device,
    const struct device_row *row);
/* Answers with those of a row, as link-format (RFC 6690). */
void device_list(struct call *call, const struct device_row *row);

/* An answer that nobody is to keep. */
#define MAX_AGE_NONE (-1)

/* --- answer.c ------------------------------------------------------------ */

struct answer {
	coap_pdu_code_t code;
	int format;  /* -1: none */
	int max_age; /* seconds; 0: none is said; MAX_AGE_NONE: 0 is */
	coap_bin_const_t body;
};

/* A response, in blocks when it is long or the request wants it so; the body
 * is copied. request NULL: to one that is not there any more; it has to fit. */
void device_answer_to(coap_session_t *session, const coap_pdu_t *request,
    coap_pdu_t *response, const struct answer *answer);
void device_answer(struct call *call, const struct answer *answer);
/* 2.05 and text/plain, with Max-Age as an answer has it. */
void device_text(struct call *call, const char *text);
void device_text_for(struct call *call, const char *text, int max_age);
void device_code(struct call *call, coap_pdu_code_t code);
/* The code, and why, for people (RFC 7252 section 5.5.2). */
void device_refuse(struct call *call, coap_pdu_code_t code, const char *why);
void device_refuse_memory(struct call *call);
/* Adds an option of text to the response. */
void device_add_text(struct call *call, coap_option_num_t number,
    const char *text);

/* The body of the request; {0, NULL} without. */
coap_bin_const_t device_body(const struct call *call);
/* The Accept of the request, or -1. */
int device_accept(const struct call *call);
/* Refuses with 4.06 what the request does not accept. False: it did. */
bool device_accepts(struct call *call, int format);

/* Whether KEY, or KEY=VALUE, is in "a=1&key=value". */
bool device_query_has(const struct call *call, const char *key);
/* The value, malloc()ed; NULL: not there, or out of memory. */
char *device_query_value(const struct call *call, const char *key);
/* The number of KEY, or the default that *number holds. False when it is none
 * or over max: the request was refused then. */
bool device_query_number(struct call *call, const char *key, uint64_t max,
    uint64_t *number);

/* --- document.c ---------------------------------------------------------- */

/* A body that is kept, with its format (-1: none). */
struct document {
	int format;
	size_t len;
	uint8_t data[];
};

/* NULL: out of memory. */
struct document *document_new(int format, const void *data, size_t len);
/* What a row begins with. 0, *document being NULL if that is nothing; -1: out
 * of memory. */
int document_first(const struct device_row *row, struct document **document);
/* The body of the request as one; NULL: refused, by size or for memory. */
struct document *document_of(struct call *call);
/* The place's; the former one is freed, observers get the new one. */
void document_set(struct place *place, struct document *document);
/* The place may be one to be made: place NULL. False, and refused with 4.12:
 * the request's If-Match does not hold (RFC 7252 section 5.10.8.1). */
bool document_matches(struct call *call, const struct place *place);
/* Answers a change of a place, which it tells the new ETag of. */
void document_changed(struct call *call, const struct place *place,
    coap_pdu_code_t code);
/* 2.05 with ETag and Accept heeded, or 2.03. */
void document_get(struct call *call);
/* Replaces it: 2.04, or 4.12, 4.13. */
void document_put(struct call *call);
/* Removes the place: 2.02, or 4.12. */
void document_delete(struct call *call);
/* The same, but what the row begins with comes back. */
void document_reset(struct call *call);

/* --- later.c ------------------------------------------------------------- */

#define LATER_MAX_MS 60000

/* NULL: out of memory. */
struct later *later_new(struct app *app);
void later_free(struct later *later);
/* An empty ACK now, and in ms the answer, in a message of its own. */
void later_answer(struct call *call, uint64_t ms, const struct answer *answer);

/* --- observe.c ----------------------------------------------------------- */

/* After a request or a notification: begins to tick for who observes. */
void observe_called(struct call *call);

/* --- others -------------------------------------------------------------- */

/* A resource that a request makes, with its body: 2.01, or refused. path:
 * where, without slash in front. */
void device_create(struct call *call, const struct device_row *row,
    const char *path);
/* n bytes of lines of 64, so that a missing piece is seen at once; malloc()ed,
 * NULL: out of memory. */
char *large_text(size_t n);
/* PUT to where nothing is. */
void store_put_unknown(struct call *call);
/* Whether a PUT to the path makes what validate.c has: /create1 and so on. */
bool validate_can_create(const char *path);
void validate_create(struct call *call, const char *path);

#endif

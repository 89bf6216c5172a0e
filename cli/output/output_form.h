/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the forms share. A form is one row of functions; output.c calls them
 * and knows nothing else about it. To add a form: write the row, and name it
 * in the table in output.c and in `enum form`.
 *
 * A function of a form builds text and gives it away with one put_*() call, so
 * that lines of several jobs do not mix. It looks at no stream itself.
 */
#ifndef CLI_OUTPUT_FORM_H
#define CLI_OUTPUT_FORM_H

#include "cli/decode/decoders.h"
#include "cli/output/output.h"
#include "cli/output/output_file.h"
#include "cli/output/payload.h"
#include "cli/output/text.h"

/* When notices for people are said. */
enum notes {
	NOTES_ALWAYS,
	NOTES_VERBOSE, /* with -v */
	NOTES_NEVER,
};

struct form_ops {
	enum notes notes;
	/* v->response may be NULL: none was wanted. */
	void (*response)(struct output *out, const struct view_response *v);
	void (*sessions)(struct output *out, const struct view_session *v,
	    size_t n);
	void (*fields)(struct output *out, const char *title,
	    const struct view_field *fields, size_t n);
	void (*value)(struct output *out, const struct view_field *field);
	void (*links)(struct output *out, const struct view_link *links,
	    size_t n);
	void (*ping)(struct output *out, const struct view_ping *v);
	void (*ping_summary)(struct output *out,
	    const struct view_ping_summary *v);
	void (*notification)(struct output *out,
	    const struct view_notification *v);
	void (*observe_summary)(struct output *out,
	    const struct view_observe_summary *v);
	void (*table)(struct output *out, const struct view_table *v);
	void (*payload)(struct output *out, int format, const void *data,
	    size_t len);
	void (*text)(struct output *out, const char *type, const char *text);
	void (*event)(struct output *out, const char *session,
	    const char *event, const char *detail);
	void (*error)(struct output *out, int status, const char *message);
};

extern const struct form_ops form_human;
extern const struct form_ops form_raw;
extern const struct form_ops form_json;
extern const struct form_ops form_hex;
extern const struct form_ops form_none;
extern const struct form_ops form_diag;

struct output {
	struct sink sink;
	struct output_options options;
	enum form form;
	const struct form_ops *ops;
	bool color;     /* on stdout */
	bool color_err; /* on stderr */
	bool ascii;     /* nothing else may go to stdout */
	bool ascii_err;
	bool failed; /* something could not be written */
	struct output_file file;
};

/* --- giving text away; each of them empties it --------------------------- */

void put_stdout(struct output *out, struct text *text);
/* A result that is no payload: to the file of -o, else to stdout. */
void put_result(struct output *out, struct text *text);
/* Nothing can be done when stderr cannot be written. */
void put_stderr(struct output *out, struct text *text);
/* Exact bytes: to the file of -o, else to stdout. */
void put_payload(struct output *out, const void *data, size_t len);
/* The same of a response, if it did not go there already. */
void put_body(struct output *out, const struct view_response *v);

/* --- parts that several forms have --------------------------------------- */

/* What decoders are to know of a payload and where it goes. */
struct decode_in decode_in(const struct output *out, int format,
    const void *data, size_t len);
/* A payload for people: decoded, else as text when it is some or is meant to
 * be, else in hexadecimal. why: empty, or what is wrong with it. */
void add_payload(struct output *out, struct text *text, int format,
    const void *data, size_t len, struct text *why);
/* The same without a decoder. */
void add_plain_payload(struct output *out, struct text *text, int format,
    const void *data, size_t len);
/* Says why a payload was not decoded, if it was not, and empties why. */
void put_undecoded(struct output *out, int format, struct text *why);
/* One line, escaped; NULL is nothing. */
void add_line(struct text *text, const char *s, bool ascii);

enum style {
	STYLE_HEAD,
	STYLE_NAME,
	STYLE_DIM,
	STYLE_GOOD,
	STYLE_BAD,
	STYLE_STRANGE,
	STYLE_CURRENT,
};

void style_begin(struct text *text, bool color, enum style style);
void style_end(struct text *text, bool color);

/* Whether a response is told as a failure: what was not wanted (v->ok), unless
 * it is 2.xx. */
bool response_is_error(const struct view_response *v);
/* "4.04 Not Found: <diagnostic>" on stderr; without one, the registry's
 * hint. */
void put_diagnostic(struct output *out, const struct view_response *v,
    const char *prefix);
/* -i without the code: the options, one a line, then an empty line. */
void add_options(struct text *text, const coap_pdu_t *pdu, bool ascii);
/* How long the body is, of which there may be no bytes. */
size_t body_length(const struct view_response *v);
/* Its bytes, if there are any. */
const uint8_t *body_bytes(const struct view_response *v, size_t *len);
/* The address of the peer; "" when it is not known. */
#define PEER_TEXT_SIZE 80
const char *peer_text(const coap_session_t *session,
    char buf[static PEER_TEXT_SIZE]);
/* ct=0 (text/plain)  title="A lamp"  obs; escaped. */
void add_link_attrs(struct text *text, const struct view_link *link,
    bool ascii);
/* A line each, with columns. */
void add_links(struct text *text, const struct view_link *links, size_t n,
    bool ascii, bool color);
/* A number without a needless fraction: "41", "23.1". */
void add_number(struct text *text, double number);
/* As programs read it: 1234.567 us as milliseconds, "1.235". */
void add_ms(struct text *text, uint64_t us);

/* "coap-shell: MESSAGE". */
void put_error_line(struct output *out, const char *message);
void put_event_line(struct output *out, const char *session, const char *event,
    const char *detail);

/* A session's cells, from the view or from the session itself. */
struct session_cells {
	const char *proto;
	const char *type;
	const char *state;
	const char *local;
	const char *remote;
	char peer[PEER_TEXT_SIZE];
};
void session_cells(struct session_cells *cells, const struct view_session *v);

/* What hex, none and diag have of raw. */
void raw_sessions(struct output *out, const struct view_session *v, size_t n);
void raw_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n);
void raw_value(struct output *out, const struct view_field *field);
void raw_links(struct output *out, const struct view_link *links, size_t n);
void raw_ping(struct output *out, const struct view_ping *v);
void raw_ping_summary(struct output *out, const struct view_ping_summary *v);
void raw_table(struct output *out, const struct view_table *v);
void raw_payload(struct output *out, int format, const void *data, size_t len);
void raw_text(struct output *out, const char *type, const char *s);
void raw_event(struct output *out, const char *session, const char *event,
    const char *detail);
void raw_error(struct output *out, int status, const char *message);
void raw_observe_summary(struct output *out,
    const struct view_observe_summary *v);
/* The notifications of each form (output_notification.c). */
void human_notification(struct output *out, const struct view_notification *v);
void raw_notification(struct output *out, const struct view_notification *v);
void hex_notification(struct output *out, const struct view_notification *v);
void diag_notification(struct output *out, const struct view_notification *v);
void none_notification(struct output *out, const struct view_notification *v);
void human_observe_summary(struct output *out,
    const struct view_observe_summary *v);
/* How large a payload is, for people. */
void add_length(struct text *text, size_t len);
/* -i: code and options. */
void raw_include(struct output *out, const struct view_response *v);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Views and forms. A job fills a plain view and hands it to its output; the
 * form (human, raw, json, hex, none, diag) is chosen once. Everything is said by
 * views, so no command can forget a form.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <coap3/coapx.h>

enum form {
	FORM_AUTO, /* human on a terminal, else raw */
	FORM_HUMAN,
	FORM_RAW,
	FORM_JSON,
	FORM_HEX,
	FORM_NONE,
	FORM_DIAG,
};

/* Where an output goes. The prompt and the control socket give their own
 * functions; the default writes to stdout and stderr. */
struct sink {
	void *user;
	/* 0, or -1 when it cannot be written (EPIPE, ENOSPC). */
	int (*out)(void *user, const void *data, size_t len);
	int (*err)(void *user, const void *data, size_t len);
	/* The last line of stderr's terminal, which is not finished: it stays
	 * below what is written until another one takes its place, or none
	 * (len 0). Whether there was one on the screen. NULL: there can be
	 * none. */
	bool (*line)(void *user, const char *line, size_t len);
	/* What goes to the file of -o, where another process writes it, also
	 * when it is nothing; NULL: it is written here. */
	int (*file)(void *user, const void *data, size_t len);
	/* With that: what output_body_...() does there, as one of its lines. */
	int (*part)(void *user, const void *data, size_t len);
	/* And whether more of it would have to wait for that process; the job's
	 * ready() says when it need not any more. May be NULL. */
	bool (*behind)(void *user);
	/* And what there is of it for --resume, see part_text(); or NULL. */
	const char *found;
	bool out_is_terminal;
	bool err_is_terminal;
	bool out_color; /* where --color does not say */
	bool err_color;
	unsigned width;     /* columns; 0: unknown */
	unsigned err_width; /* of stderr, where width is not known */
	bool utf8;
	/* Milliseconds since 1970, for times in results; NULL: the clock. */
	int64_t (*now_ms)(void *user);
};

/* Whether colours are wanted, by the environment and what is a terminal. */
void sink_colors(struct sink *sink);

struct output_options {
	enum form form;
	int color;    /* -1 never, 0 auto (NO_COLOR, CLICOLOR_FORCE, TERM), 1 */
	bool include; /* -i: code and options before the payload */
	const char *write_out; /* -w FMT, or NULL */
	const char *file;      /* -o: the payload goes there, or NULL */
	bool quiet;
	unsigned verbose;
};

struct output;
struct part;

/* Both are copied; the strings of options are read until output_close(). NULL:
 * out of memory. */
struct output *output_new(const struct sink *sink,
    const struct output_options *options);
/* Opens the file of -o, so that a command fails before it did anything: 0, or
 * an exit status (3), and why has been said. Else the first output does it. */
int output_prepare(struct output *out);
/* Flushes, and puts the file of -o in its place. 0, or -1 when something could
 * not be written (exit 23). NULL is nothing. */
int output_close(struct output *out);
/* Bytes that another process made for stdout, stderr or the file of -o. */
void output_pass_out(struct output *out, const void *data, size_t len);
void output_pass_err(struct output *out, const void *data, size_t len);
void output_pass_file(struct output *out, const void *data, size_t len);
void output_pass_part(struct output *out, const void *data, size_t len);
void output_pass_line(struct output *out, const void *data, size_t len);

/* A body that comes piece by piece, for the file of -o: where it begins, or
 * begins anew, at 0 or where the part that was found ends; which one it is;
 * its bytes; that all of it is there. Without the last it does not come to its
 * place, but is found the next time. */
void output_body_begin(struct output *out, uint64_t offset);
void output_body_is(struct output *out, const struct part *part);
void output_body_piece(struct output *out, const void *data, size_t len);
void output_body_whole(struct output *out);
/* Whether whoever takes the file of -o has enough for now: another process, or
 * what reads a pipe, whose descriptor is *fd; else -1. */
bool output_body_waits(const struct output *out, int *fd);
/* What there is already. 0, or -1 with errno: ENOENT, ENODATA when nothing says
 * of what it is, EBUSY when another one writes it. */
int output_body_find(const struct output *out, struct part *part);
/* To read it, locked until it is closed; -1: not in this process. */
int output_body_open(const struct output *out);
/* Whether payloads go to a file. */
bool output_to_file(const struct output *out);
/* The file of -o; NULL: none. */
const char *output_file_name(const struct output *out);
/* Whether something could not be written, as output_close() will say. */
bool output_failed(const struct output *out);
enum form output_form(const struct output *out);
bool output_quiet(const struct output *out);
unsigned output_verbose(const struct output *out);

/* --- views --------------------------------------------------------------- */

struct view_session {
	const char *name;
	bool current;
	const coap_session_t *session; /* NULL once it is gone */
	const char *proto;             /* as long as it is gone too */
	const char *type;
	const char *state;
	const char *local;
	const char *remote;
	uint64_t age_ms;
	uint32_t rtt_us; /* 0: not known */
	unsigned observations;
	/* psk, pki, rpk, anonymous, insecure; NULL: not secured, or not yet. */
	const char *security;
	const char *owner; /* which process has it; NULL: not asked for */
};

struct view_response {
	const char *session_name; /* NULL: a session of this command alone */
	const coap_session_t *session;
	const coap_pdu_t *request;
	const coap_pdu_t *response;
	const char *uri; /* of the request */
	uint64_t rtt_us;
	unsigned retransmits;
	bool ok;          /* 2.xx, or as --expect wanted */
	bool insecure;    /* who answered was not checked */
	const char *from; /* of a group's member: its address; else NULL */
	/* What a failure of one of several is of, for people; or NULL. */
	const char *label;
	/* The body went to the file of -o as it came, and the response has
	 * none; and a copy, if it is not too long; NULL: there is none. */
	bool streamed;
	const uint8_t *copy;
	size_t copy_len;
	const char *sha256; /* of such a body, in hex; NULL: not known */
	/* For -w: what it stands for; NULL: an answer. */
	const struct view_notification *notification;
};

/* One field of `info`, or the bare value of `session get`. */
struct view_field {
	const char *name;
	enum {
		FIELD_NULL,
		FIELD_TEXT,
		FIELD_NUMBER,
		FIELD_BOOL,
		FIELD_MS
	} type;
	const char *text;
	double number;
};

/* A link of a discovery. */
struct view_link {
	const char *target;
	struct view_link_attr {
		const char *name;
		const char *value; /* NULL: none */
	} * attrs;
	size_t n_attrs;
	const char *from; /* of a group's member: its address; else NULL */
	bool malformed;   /* it is not as RFC 6690 has it, or what ends it */
};

struct view_ping {
	const char *peer;
	unsigned sequence;
	uint64_t rtt_us;
	int error; /* 0: answered */
};

struct view_ping_summary {
	const char *peer;
	unsigned sent;
	unsigned answered;
	uint64_t min_us, avg_us, max_us;
};

/* What a resource that is observed has told. */
struct view_notification {
	const char *session_name; /* NULL: a session of this command alone */
	const coap_session_t *session;
	bool insecure; /* who told it was not checked */
	const char *uri;
	/* What people are shown in front, where several are observed. */
	const char *label;
	bool several;  /* the label is in front in every form */
	unsigned item; /* of observe start; 0: none */
	/* NULL: of the message only what follows was kept. */
	const coap_pdu_t *response;
	unsigned code;
	int format;
	const uint8_t *data;
	size_t len;
	int64_t at_ms;  /* when it came, since 1970 */
	uint64_t count; /* which one it is, from 1 */
	bool numbered;  /* number is that of its Observe option */
	bool reordered; /* it is older than the one before */
	uint32_t number;
	uint32_t gap; /* numbers skipped */
	uint32_t max_age;
	/* What changed, as observe_diff.h has it; NULL: it is shown whole. */
	const struct json_t *changes;
};

struct view_observe_summary {
	const char *uri;
	uint64_t notifications;
	uint64_t unchanged; /* that were not shown, as --changes-only wants */
	uint64_t gaps;
	uint64_t reordered;
	uint64_t registrations; /* after the first one */
	uint64_t duration_ms;
};

/* Any table that has no view of its own (help, listeners, data). */
struct view_table {
	const char *type;           /* for JSON: "listener" */
	const char *const *columns; /* keys, NULL-terminated */
	const char *const *cells;   /* rows * columns, NULL: empty */
	size_t rows;
};

/* raw: the payload bytes; a diagnostic of 4.xx and 5.xx goes to stderr. */
void output_response(struct output *out, const struct view_response *v);
void output_sessions(struct output *out, const struct view_session *v,
    size_t n);
/* info: title for people, all fields. */
void output_fields(struct output *out, const char *title,
    const struct view_field *fields, size_t n);
/* The bare value and a newline. */
void output_value(struct output *out, const struct view_field *field);
void output_links(struct output *out, const struct view_link *links, size_t n);
/* By path, what is below a path right behind it. */
void output_sort_links(struct view_link *links, size_t n);
/* Sorts them; a tree for people, and in raw and hex too; JSON: as above. */
void output_link_tree(struct output *out, struct view_link *links, size_t n);
void output_ping(struct output *out, const struct view_ping *v);
void output_ping_summary(struct output *out, const struct view_ping_summary *v);
void output_table(struct output *out, const struct view_table *v);
/* raw: text ends with a newline, other payloads are a line of hexadecimal. */
void output_notification(struct output *out, const struct view_notification *v);
/* For people on stderr. */
void output_observe_summary(struct output *out,
    const struct view_observe_summary *v);
/* A payload without its message, by its format. */
void output_payload(struct output *out, int format, const void *data,
    size_t len);
/* Text that is the result itself (help, version): stdout in every form but
 * none; JSON: {"v":1,"type":TYPE,"text":...}. */
void output_text(struct output *out, const char *type, const char *text);
/* A notice for people: stderr, not with -q, nothing in raw pipes unless -v;
 * JSON: nothing. "opened lamp (udp, 127.0.0.1:5683)". */
void output_note(struct output *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* An event that happened by itself (a state change, a new server session). */
void output_event(struct output *out, const char *session, const char *event,
    const char *detail);
/* "coap-shell: what: why; what to try": stderr; JSON: an error object on
 * stdout. */
void output_error(struct output *out, int status, const char *message);
/* -v: progress; -vv: messages; -vvv: bytes. */
void output_trace(struct output *out, const char *session_name,
    const coapx_trace_t *trace);

#endif

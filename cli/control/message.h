/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The messages of the control socket, bytes <-> structs; no I/O. What they mean
 * and who may send them is in coap-shell-control(7), which changes with this
 * file. Numbers are big-endian:
 *
 *     length (4)   of all that follows
 *     type (1)
 *     request (4)  chosen by the client; 0: about the connection
 *     body
 *
 * A number in a body has 4 bytes, unless something else is said. A string is its
 * length (4) and its bytes; one that is text has no NUL.
 */
#ifndef CLI_CONTROL_MESSAGE_H
#define CLI_CONTROL_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/control/bytes.h"
#include "cli/output/output.h"

#define CONTROL_VERSION 1

/* Limits; more is malformed. */
#define MESSAGE_MAX   (32U << 20) /* bytes behind the length */
#define MESSAGE_WORDS 65536       /* words of a command */
#define MESSAGE_DATA  65536       /* bytes of a piece of a stream */
#define MESSAGE_TEXT  65536       /* bytes of a text outside of START */
/* What an owner may send of a request's streams before the client has said
 * that it is written. */
#define MESSAGE_WINDOW (256U << 10)

enum message_type {
	/* both; their layouts are the same in all versions */
	MESSAGE_HELLO = 1,
	MESSAGE_ERROR = 2,
	/* a client's */
	MESSAGE_START = 16,
	MESSAGE_CANCEL,
	MESSAGE_CREDIT,
	MESSAGE_INPUT,
	MESSAGE_INPUT_END,
	MESSAGE_KEYS,
	MESSAGE_KEYS_FAILED,
	MESSAGE_BROKEN,
	MESSAGE_INPUT_LENGTH,
	/* an owner's */
	MESSAGE_OUTPUT = 128,
	MESSAGE_READ,
	MESSAGE_WANT_KEYS,
	MESSAGE_EXIT,
	MESSAGE_REWIND,
};

enum message_stream {
	STREAM_OUT = 1,
	STREAM_ERR = 2,
	STREAM_FILE = 3, /* that of -o */
	STREAM_PART = 4, /* what becomes of that file */
	STREAM_LINE = 5, /* the last line of stderr's terminal, anew */
};

/* Why a request, or the connection (request 0), is over. */
enum message_error {
	ERROR_VERSION = 1,
	ERROR_PEER,      /* another user */
	ERROR_BUSY,      /* too many clients, or requests */
	ERROR_MALFORMED, /* no message, or none that is allowed now */
	ERROR_UNKNOWN,   /* a type that is not known; nothing is over */
	ERROR_MEMORY,
};

/* A command. Strings are C strings, malloc()ed; NULL: none. */
struct start {
	char **words;   /* as typed, variables replaced */
	size_t n_words; /* 1 at least; decoded, NULL is behind the last one */
	/* What stands before the command and in the environment. */
	struct output_options options;
	/* What options points to once it is decoded. Only these are encoded. */
	char *write_out;
	char *file;
	char *found; /* what there is of it, for --resume (cli/body/part.h) */
	uint64_t timeout_ms;
	char *session; /* -S, or the client's current session */
	/* Where the client is in a session, once it said so by cd. */
	char *place_session;
	char *place_path;
	bool no_input;
	bool background; /* another command reads the client's terminal */
	/* The client's streams. */
	bool out_is_terminal;
	bool err_is_terminal;
	bool out_color; /* when options do not say */
	bool err_color;
	bool utf8;
	unsigned width;
};

/* Bytes inside the message; valid as long as it is. */
struct slice {
	const uint8_t *data;
	size_t len;
};

struct message {
	enum message_type type;
	uint32_t request;
	union {
		struct {
			uint32_t version;
			struct slice software; /* "coap-shell 0.1.0" */
		} hello;
		struct {
			uint32_t code; /* enum message_error, or a newer one */
			struct slice text;
		} error;
		struct start *start; /* decoded: the message's own */
		uint32_t status;     /* CANCEL, KEYS_FAILED: exit status,
		                        not 0 */
		uint32_t credit;     /* bytes that were written, not 0 */
		struct slice input;  /* answer to READ, not empty */
		struct {
			uint32_t status; /* 0: the end; else exit status, and
			                    the client has told why */
		} input_end;
		struct slice keys; /* keyring_pack() */
		uint32_t stream;   /* BROKEN: cannot be written */
		uint64_t length;   /* INPUT_LENGTH: of a file */
		struct {
			uint32_t stream;
			struct slice data; /* may be empty: -o of an
			                      empty payload is a file */
		} output;
		struct {
			struct slice name; /* "-": stdin */
			uint32_t max;      /* at most so many bytes now;
			                      1 to MESSAGE_DATA */
		} read;
		struct slice rewind; /* the name, as in READ */
		struct {
			uint32_t status;
			struct slice session; /* current now; empty: none */
			struct slice path;    /* where the client is in it */
		} exit;
	};
};

/*
 * How long the message at the beginning of data is, its length included; 0: not
 * to be seen yet; -1: too short to be one, or longer than one of its type may
 * be. Five bytes are enough to tell.
 */
int64_t message_length(const uint8_t *data, size_t len);
/*
 * data is one message, as long as message_length() says. 0; 1: a type that is
 * not known, of which only type and request are given; -1: malformed; -2: out
 * of memory. message_free() after 0.
 */
int message_decode(const uint8_t *data, size_t len, struct message *m);
void message_free(struct message *m);
/* Appends it. 0; -1: it could not be decoded, being too long or malformed; -2:
 * out of memory. Then nothing was appended. */
int message_encode(struct bytes *out, const struct message *m);
/* Wipes its strings, among which keys may be. NULL is fine. */
void start_free(struct start *start);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* An output that writes to memory, and messages to show. */
#ifndef OUTPUT_SUPPORT_H
#define OUTPUT_SUPPORT_H

#include "cli/output/output.h"
#include "cli/output/text.h"

/* What an output wrote. */
struct memory_sink {
	struct sink sink;
	struct output_options options;
	struct output *out;
	struct text stdout_text;
	struct text stderr_text;
	unsigned fail_after; /* writes to stdout that succeed; 0: all */
	unsigned writes;
};

/* A pipe with UTF-8, no color, and a clock that stands still. */
void memory_sink_init(struct memory_sink *m, enum form form);
/* A terminal on both streams. */
void memory_sink_terminal(struct memory_sink *m, enum form form);
/* Opens the output with what m says by then. */
struct output *memory_sink_open(struct memory_sink *m);
/* What output_close() said. */
int memory_sink_close(struct memory_sink *m);
void memory_sink_free(struct memory_sink *m);
/* Both checks close the output first if it is open still, and must see all
 * that was written. */
void assert_wrote(struct memory_sink *m, const char *stdout_text,
    const char *stderr_text);
void assert_wrote_bytes(struct memory_sink *m, const void *data, size_t len);

/* A message with token a1b2; format -1: no Content-Format. */
coap_pdu_t *message_new(unsigned code, int format, const void *data,
    size_t len);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of the form json share. */
#ifndef CLI_OUTPUT_JSON_H
#define CLI_OUTPUT_JSON_H

#include "cli/output/json_line.h"
#include "cli/output/output_form.h"

/* {"v":1,"type":TYPE,"ts":NOW} */
void json_begin(struct json_line *line, const struct output *out,
    const char *type);
/* Gives the line away. A response is told on stdout also when its payload has
 * a file; other results go to the file. */
void json_end(struct json_line *line, struct output *out, bool to_file);
/* Milliseconds, with a fraction when there is one. */
json_t *json_ms(uint64_t us);

void json_response(struct output *out, const struct view_response *v);
void json_notification(struct output *out, const struct view_notification *v);
void json_observe_summary(struct output *out,
    const struct view_observe_summary *v);
/* Members of a line that has a response in it: v->response is looked at for
 * options alone. */
void json_add_session(struct json_line *line, const struct view_response *v);
void json_add_options(struct json_line *line, const coap_pdu_t *pdu);
/* A payload of total bytes; data has len of them, all or none. */
struct json_body {
	size_t total;
	const uint8_t *data;
	size_t len;
	const char *sha256; /* of one that is not there; NULL: not known */
};
void json_add_payload(struct json_line *line, struct output *out, int format,
    const struct json_body *body);
void json_payload(struct output *out, int format, const void *data, size_t len);

#endif

/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers that the device gives later, by a message of their own. */
#ifndef CLI_DEVICE_LATER_H
#define CLI_DEVICE_LATER_H

#include "cli/app.h"

struct device_later;

struct device_later *device_later_new(struct app *app);
void device_later_free(struct device_later *later);

/* GET /separate: an empty ACK now, the response after ?ms=N (500). */
void device_get_separate(coap_resource_t *resource, coap_session_t *session,
    const coap_pdu_t *request, const coap_string_t *query,
    coap_pdu_t *response);

#endif

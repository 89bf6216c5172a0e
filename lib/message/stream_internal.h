/* SPDX-License-Identifier: BSD-2-Clause */
/* What stream.c (bytes and messages) and csm.c (signalling) share. */
#ifndef MESSAGE_STREAM_INTERNAL_H
#define MESSAGE_STREAM_INTERNAL_H

#include "message/stream.h"

/* stream.c */

/* One message, whatever it is, if it can be sent at all. */
int message_send(struct stream *s, coap_pdu_t *pdu);
/* Tells the owner, unless the stream has ended already. */
void stream_end(struct stream *s, int err, const coap_pdu_t *pdu);

/* csm.c */

int csm_send(struct stream *s);
/* A message with a code of class 7. */
void signal_input(struct stream *s, const coap_pdu_t *pdu);

#endif

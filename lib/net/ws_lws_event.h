/* SPDX-License-Identifier: BSD-2-Clause */
/* What libwebsockets calls; for files that include its header. */
#ifndef NET_WS_LWS_EVENT_H
#define NET_WS_LWS_EVENT_H

#include <libwebsockets.h>

int ws_lws_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
    void *in, size_t len);

#endif

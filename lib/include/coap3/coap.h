/* SPDX-License-Identifier: BSD-2-Clause */
/* All of libcoap's public interface, as this library gives it. */
#ifndef COAP_COAP_H
#define COAP_COAP_H

#define LIBCOAP_PACKAGE_NAME    "coap-session"
#define LIBCOAP_PACKAGE_VERSION "4.3.5"
/* The release of libcoap whose interface this is: 4.3.5. */
#define LIBCOAP_VERSION 4003005UL

#include <coap3/coap_address.h>
#include <coap3/coap_async.h>
#include <coap3/coap_block.h>
#include <coap3/coap_cache.h>
#include <coap3/coap_debug.h>
#include <coap3/coap_dtls.h>
#include <coap3/coap_encode.h>
#include <coap3/coap_event.h>
#include <coap3/coap_io.h>
#include <coap3/coap_mem.h>
#include <coap3/coap_net.h>
#include <coap3/coap_option.h>
#include <coap3/coap_oscore.h>
#include <coap3/coap_pdu.h>
#include <coap3/coap_prng.h>
#include <coap3/coap_proxy.h>
#include <coap3/coap_resource.h>
#include <coap3/coap_session.h>
#include <coap3/coap_str.h>
#include <coap3/coap_subscribe.h>
#include <coap3/coap_supported.h>
#include <coap3/coap_time.h>
#include <coap3/coap_uri.h>
#include <coap3/coap_ws.h>
#include <coap3/libcoap.h>

#endif

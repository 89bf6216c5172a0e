/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registries of CoAP as tables: codes, options, content formats. The types
 * are public (coapx.h includes coapx_registry.h), so is every look-up.
 */
#ifndef WIRE_REGISTRY_H
#define WIRE_REGISTRY_H

#include <coap3/coapx_registry.h>

#endif

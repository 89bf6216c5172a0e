/* SPDX-License-Identifier: BSD-2-Clause */
/* What the module exports. */
#include "base/module.h"
#include "net/ws_engine.h"

const struct module coapx_module = {
	.abi = MODULE_ABI("ws"),
	.table = &ws_engine_table,
};

/* SPDX-License-Identifier: BSD-2-Clause */
/* What the module exports. */
#include "base/module.h"
#include "tls/backend.h"

const struct module coapx_module = {
	.abi = MODULE_ABI("tls"),
	.table = &tls_backend_table,
};

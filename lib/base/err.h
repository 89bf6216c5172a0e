/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors: 0 or -COAP_E_..., with one text each. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <coap3/coapx_errors.h>

/* The text for an error, negative or positive; "" for 0; never NULL. */
const char *err_text(int err);
/* The error that an errno value stands for, negative. */
int err_from_errno(int e);

#endif

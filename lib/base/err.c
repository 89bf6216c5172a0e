/* SPDX-License-Identifier: BSD-2-Clause */
/* Errors: their texts, and which one an errno value stands for. */
#include "base/err.h"

#include <errno.h>
#include <stddef.h>

static const char *const texts[] = { "",
#define ERR_TEXT(name, number, text) [(number)] = (text),
	COAPX_ERRORS(ERR_TEXT)
#undef ERR_TEXT
};

static const struct {
	int e;
	int err;
} from_errno[] = {
	{ ENOMEM, COAP_E_NOMEM },
	{ ENOBUFS, COAP_E_NOMEM },
	{ EINVAL, COAP_E_INVAL },
	{ EAFNOSUPPORT, COAP_E_NOTSUP },
	{ EPROTONOSUPPORT, COAP_E_NOTSUP },
	{ EOPNOTSUPP, COAP_E_NOTSUP },
	{ ENOSYS, COAP_E_NOTSUP },
	{ EMSGSIZE, COAP_E_TOOBIG },
	{ EAGAIN, COAP_E_AGAIN },
	{ EINPROGRESS, COAP_E_AGAIN },
	{ EALREADY, COAP_E_AGAIN },
	{ EINTR, COAP_E_AGAIN },
	{ ENOTCONN, COAP_E_CLOSED },
	{ ECONNREFUSED, COAP_E_REFUSED },
	{ ENETUNREACH, COAP_E_UNREACH },
	{ EHOSTUNREACH, COAP_E_UNREACH },
	{ ENETDOWN, COAP_E_UNREACH },
	{ EHOSTDOWN, COAP_E_UNREACH },
	{ EADDRNOTAVAIL, COAP_E_UNREACH },
	{ ETIMEDOUT, COAP_E_TIMEOUT },
	{ ECONNRESET, COAP_E_RESET },
	{ ECONNABORTED, COAP_E_RESET },
	{ EPIPE, COAP_E_PEER_CLOSED },
	{ EADDRINUSE, COAP_E_ADDRINUSE },
	{ EACCES, COAP_E_PERM },
	{ EPERM, COAP_E_PERM },
	{ ECANCELED, COAP_E_CANCELLED },
	{ ENOENT, COAP_E_NOTFOUND },
	{ ENODEV, COAP_E_NOTFOUND },
	{ ENXIO, COAP_E_NOTFOUND },
	{ EEXIST, COAP_E_EXISTS },
	{ EMFILE, COAP_E_LIMIT },
	{ ENFILE, COAP_E_LIMIT },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *
err_text(int err)
{
	size_t n = err < 0 ? 0U - (unsigned int)err : (unsigned int)err;

	if (n >= COUNT(texts) || !texts[n])
		return "unknown error";
	return texts[n];
}

int
err_from_errno(int e)
{
	size_t i;

	if (e == 0)
		return 0;
	for (i = 0; i < COUNT(from_errno); i++)
		if (from_errno[i].e == e)
			return -from_errno[i].err;
	return -COAP_E_SYS;
}

/* SPDX-License-Identifier: BSD-2-Clause */
/* The secrets of handshakes, for tools that decrypt captures. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <coap3/coapx.h>

#include "base/err.h"
#include "session/context.h"

int
coapx_context_set_keylog(coap_context_t *context, const char *file)
{
	int fd = -1;

	if (!context)
		return -COAP_E_INVAL;
	if (file) {
		fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
		    S_IRUSR | S_IWUSR);
		if (fd < 0)
			return err_from_errno(errno);
	}
	if (context->keylog >= 0)
		close(context->keylog);
	context->keylog = fd;
	return 0;
}

void
context_keylog(coap_context_t *context, const char *line)
{
	char newline[] = "\n";
	struct iovec parts[2];
	ssize_t n;

	if (context->keylog < 0)
		return;
	parts[0].iov_base = (void *)(uintptr_t)line;
	parts[0].iov_len = strlen(line);
	parts[1].iov_base = newline;
	parts[1].iov_len = 1;
	n = writev(context->keylog, parts, 2);
	if (n < 0)
		coap_log_warn("the key log cannot be written: %s\n",
		    strerror(errno));
}

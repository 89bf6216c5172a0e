/* SPDX-License-Identifier: BSD-2-Clause */
/* SSLKEYLOGFILE, which the TLS library looks at by itself. */
#include "cli/secrets/key_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"

void
key_log_warn(struct job *job)
{
	/* As the TLS library reads it. */
	const char *file = secure_getenv("SSLKEYLOGFILE");
	struct front *front = job->front;
	char *text;
	int fd;

	if (!file || !*file || front->told_key_log)
		return;
	front->told_key_log = true;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	if (front->defaults.quiet || args_has(&job->args, "quiet"))
		return;
	text = text_format("coap-shell: warning: SSLKEYLOGFILE is set: who can "
			   "read %s can decrypt these sessions\n",
	    file);
	if (text)
		front->sink.err(front->sink.user, text, strlen(text));
	free(text);
}

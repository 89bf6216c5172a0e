/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading certificates and keys; nothing of them is left in freed memory. */
#include "tls/gnutls_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"

/* A file of all the certificates that a system trusts has a third of a
 * MiB. */
#define SOURCE_MAX   ((size_t)8 * 1024 * 1024)
#define SOURCE_FIRST ((size_t)8 * 1024)

void
tlsg_wipe(void *data, size_t len)
{
	if (data)
		explicit_bzero(data, len);
	coap_free_type(COAP_STRING, data);
}

void
source_free(struct source_data *data)
{
	tlsg_wipe(data->data, data->cap);
	data->data = NULL;
}

gnutls_datum_t
source_datum(const struct source_data *data)
{
	gnutls_datum_t datum = { data->data, (unsigned)data->len };

	return datum;
}

gnutls_x509_crt_fmt_t
source_format(const struct source_data *data)
{
	return data->pem ? GNUTLS_X509_FMT_PEM : GNUTLS_X509_FMT_DER;
}

/* Twice the room, and the old one wiped. */
static int
grow(struct source_data *d)
{
	size_t cap = d->cap > 0 ? d->cap * 2 : SOURCE_FIRST;
	uint8_t *data;

	if (cap > SOURCE_MAX)
		return -COAP_E_TOOBIG;
	data = coap_malloc_type(COAP_STRING, cap);
	if (!data)
		return -COAP_E_NOMEM;
	if (d->len > 0)
		memcpy(data, d->data, d->len);
	tlsg_wipe(d->data, d->cap);
	d->data = data;
	d->cap = cap;
	return 0;
}

static int
read_all(int fd, struct source_data *d)
{
	ssize_t n = 1;
	int ret;

	while (n != 0) {
		if (d->len == d->cap) {
			ret = grow(d);
			if (ret != 0)
				return ret;
		}
		n = read(fd, d->data + d->len, d->cap - d->len);
		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		if (n > 0)
			d->len += (size_t)n;
	}
	return 0;
}

/* What is said of a file that could not be read. */
static const char *
reason(int err)
{
	static const struct {
		int err;
		const char *text;
	} rows[] = {
		{ COAP_E_NOTFOUND, "no such file" },
		{ COAP_E_PERM, "not permitted to read it" },
		{ COAP_E_TOOBIG, "too large" },
		{ COAP_E_NOMEM, "out of memory" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].err == -err)
			return rows[i].text;
	return "cannot be read";
}

static int
read_file(const char *name, struct source_data *d)
{
	int fd, ret;

	fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_from_errno(errno);
	ret = read_all(fd, d);
	close(fd);
	return ret;
}

static int
copy_bytes(struct tls_bytes bytes, struct source_data *d)
{
	d->data = coap_malloc_type(COAP_STRING, bytes.len);
	if (!d->data)
		return -COAP_E_NOMEM;
	d->cap = d->len = bytes.len;
	if (bytes.len > 0)
		memcpy(d->data, bytes.data, bytes.len);
	return 0;
}

int
source_read(const struct tls_source *src, const char *what,
    struct source_data *out, char *why, size_t size)
{
	static const char begin[] = "-----BEGIN";
	int ret;

	memset(out, 0, sizeof(*out));
	out->label = what;
	if (src->kind == TLS_SOURCE_MEMORY && src->bytes.len > SOURCE_MAX)
		ret = -COAP_E_TOOBIG;
	else if (src->kind == TLS_SOURCE_MEMORY)
		ret = copy_bytes(src->bytes, out);
	else {
		out->label = src->name;
		ret = read_file(src->name, out);
	}
	if (ret != 0) {
		snprintf(why, size, "%s: %s", out->label, reason(ret));
		return ret == -COAP_E_NOMEM ? ret : -COAP_E_CREDENTIALS;
	}
	out->pem = out->len > 0 &&
	    memmem(out->data, out->len, begin, sizeof(begin) - 1) != NULL;
	return 0;
}

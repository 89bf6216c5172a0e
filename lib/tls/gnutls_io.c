/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes between the library and the owner of a session. */
#include <errno.h>
#include <string.h>

#include "tls/gnutls_private.h"

/* Alerts and the like that a peer may send between two pieces of data. */
#define NOISE_MAX 32
/* Records that it may come back for without an end. */
#define CALLS_MAX 1024

/* Of a record of DTLS 1.2 (RFC 6347 section 4.1). */
#define RECORD_HEADER 13
#define RECORD_MAX    (DATA_MAX + 2048)
/* The longest plaintext. */
#define DATA_MAX 16384

/*
 * The bytes of a datagram that are whole records, as far as can be seen from
 * outside. GnuTLS would take what is missing of a record from the next
 * datagram, and be out of step from then on.
 */
static ssize_t
whole_records(const uint8_t *data, ssize_t len)
{
	ssize_t at = 0, n;

	while (len - at >= RECORD_HEADER) {
		n = (ssize_t)data[at + 11] << 8 | data[at + 12];
		if (data[at] < 20 || data[at] > 23 || data[at + 1] != 254 ||
		    n == 0 || n > RECORD_MAX || n > len - at - RECORD_HEADER)
			break;
		at += RECORD_HEADER + n;
	}
	return at;
}

static ssize_t
pull(gnutls_transport_ptr_t user, void *data, size_t size)
{
	struct tls_sess *s = user;
	ssize_t n;

	n = s->io->recv(s->io_user, data, size);
	s->starved = n == -COAP_E_AGAIN;
	if (n > 0 && s->datagram)
		n = whole_records(data, n);
	/* An empty datagram is no end. */
	if (n > 0 || (n == 0 && !s->datagram))
		return n;
	if (n == 0)
		n = -COAP_E_AGAIN;
	if (n != -COAP_E_AGAIN)
		s->io_error = (int)n;
	gnutls_transport_set_errno(s->tls, n == -COAP_E_AGAIN ? EAGAIN : EIO);
	return -1;
}

/* The library never waits here. */
static int
pull_ready(gnutls_transport_ptr_t user, unsigned ms)
{
	struct tls_sess *s = user;

	(void)ms;
	s->starved = !s->io->readable(s->io_user);
	return s->starved ? 0 : 1;
}

static ssize_t
push(gnutls_transport_ptr_t user, const void *data, size_t len)
{
	struct tls_sess *s = user;
	int ret;

	s->sent = s->pushed = true;
	ret = s->io->send(s->io_user, data, len);
	if (ret == 0)
		return (ssize_t)len;
	s->io_error = ret;
	gnutls_transport_set_errno(s->tls, EIO);
	return -1;
}

void
tlsg_io(struct tls_sess *s)
{
	gnutls_transport_set_ptr(s->tls, s);
	gnutls_transport_set_pull_function(s->tls, pull);
	gnutls_transport_set_pull_timeout_function(s->tls, pull_ready);
	gnutls_transport_set_push_function(s->tls, push);
}

bool
tlsg_more(const struct tls_sess *s, unsigned *calls)
{
	/* It comes back for each record that it does not want, though a
	 * datagram may hold others: those of a flight that is sent again, of
	 * which only the last one makes it answer. */
	return !s->starved && ++*calls < CALLS_MAX;
}

/*
 * One message, whole. gnutls_record_recv_packet() would do, but it leaks what
 * it does not expect.
 */
static ssize_t
read_datagram(struct tls_sess *s, void *data, size_t size)
{
	uint8_t all[DATA_MAX];
	ssize_t n;

	if (size >= sizeof(all))
		return gnutls_record_recv(s->tls, data, size);
	n = gnutls_record_recv(s->tls, all, sizeof(all));
	if (n > (ssize_t)size)
		return GNUTLS_E_LARGE_PACKET;
	if (n > 0)
		memcpy(data, all, (size_t)n);
	return n;
}

/* What the library says between pieces of data: whether to go on reading. */
static bool
is_noise(struct tls_sess *s, ssize_t ret)
{
	if (ret == GNUTLS_E_REHANDSHAKE) {
		/* RFC 7925 section 17: no renegotiation. */
		(void)gnutls_alert_send(s->tls, GNUTLS_AL_WARNING,
		    GNUTLS_A_NO_RENEGOTIATION);
		return true;
	}
	return ret == GNUTLS_E_INTERRUPTED ||
	    ret == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

ssize_t
tlsg_read(struct tls_sess *s, void *data, size_t size)
{
	unsigned noise = 0;
	unsigned calls = 0;
	ssize_t n;

	if (s->state != SESS_DONE)
		return s->state == SESS_FAILED ? s->failed : -COAP_E_STATE;
	for (;;) {
		s->starved = false;
		n = s->datagram ? read_datagram(s, data, size)
				: gnutls_record_recv(s->tls, data, size);
		tlsg_resume_later(s);
		if (n >= 0)
			return n;
		if (n == GNUTLS_E_LARGE_PACKET)
			return -COAP_E_TOOBIG;
		if (is_noise(s, n) && noise < NOISE_MAX)
			noise++;
		else if (n != GNUTLS_E_AGAIN)
			return tlsg_fail(s, (int)n);
		else if (!tlsg_more(s, &calls))
			return -COAP_E_AGAIN;
	}
}

int
tlsg_write(struct tls_sess *s, const void *data, size_t len)
{
	const uint8_t *at = data;
	size_t left = len;
	ssize_t n;

	if (s->state != SESS_DONE)
		return s->state == SESS_FAILED ? s->failed : -COAP_E_STATE;
	if (s->datagram && len > gnutls_dtls_get_data_mtu(s->tls))
		return -COAP_E_TOOBIG;
	while (left > 0) {
		n = gnutls_record_send(s->tls, at, left);
		if (n == GNUTLS_E_LARGE_PACKET)
			return -COAP_E_TOOBIG;
		if (n < 0 && n != GNUTLS_E_INTERRUPTED)
			return tlsg_fail(s, (int)n);
		if (n > 0) {
			at += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

bool
tlsg_pending(struct tls_sess *s)
{
	/* During a handshake it would count what cannot be read yet. */
	return s->state == SESS_DONE && gnutls_record_check_pending(s->tls) > 0;
}

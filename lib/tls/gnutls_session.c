/* SPDX-License-Identifier: BSD-2-Clause */
/* A session from its birth through the handshake to its end. */
#include <arpa/inet.h>
#include <string.h>

#include "base/alloc.h"
#include "tls/gnutls_private.h"
#include "tls/gnutls_session.h"

#define RETRANSMIT_MS 1000
/* The limit of a handshake is the owner's; the library wants one. */
#define TOTAL_MS (24U * 3600 * 1000)
/* A chain of certificates, and more. */
#define MESSAGE_MAX 65536
/* Smaller datagrams would hold nothing of a message. */
#define MTU_MIN 128
/* Alerts and the like that a peer may send in a handshake. */
#define NOISE_MAX 32

int
tlsg_use_ctx(struct tls_sess *s, struct tls_ctx *ctx)
{
	gnutls_datum_t alpn = { (void *)ctx->alpn,
		(unsigned)strlen(ctx->alpn) };
	int ret;

	gnutls_credentials_clear(s->tls);
	ret = gnutls_priority_set(s->tls, ctx->priority);
	if (ret >= 0 && ctx->any_cert)
		ret = gnutls_credentials_set(s->tls, GNUTLS_CRD_CERTIFICATE,
		    ctx->cert);
	if (ret >= 0 && ctx->psk_server)
		ret = gnutls_credentials_set(s->tls, GNUTLS_CRD_PSK,
		    ctx->psk_server);
	if (ret >= 0 && ctx->psk_client)
		ret = gnutls_credentials_set(s->tls, GNUTLS_CRD_PSK,
		    ctx->psk_client);
	/* It refuses a peer that offers others only. One that offers none is
	 * let in: RFC 8323 section 8.2 allows that. */
	if (ret >= 0 && alpn.size > 0)
		ret = gnutls_alpn_set_protocols(s->tls, &alpn, 1,
		    GNUTLS_ALPN_MANDATORY);
	if (ret >= 0 && ctx->ticket_key.data)
		ret = gnutls_session_ticket_enable_server(s->tls,
		    &ctx->ticket_key);
	if (ret < 0)
		return ret;
	/* Whether none is enough verify() says. */
	gnutls_certificate_server_set_request(s->tls,
	    ctx->ask == TLS_ASK_NOTHING ? GNUTLS_CERT_IGNORE
					: GNUTLS_CERT_REQUEST);
	s->ctx = ctx;
	return 0;
}

static unsigned
init_flags(const struct tls_ctx *ctx)
{
	unsigned flags =
	    GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_ENABLE_RAWPK;

	flags |= ctx->server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET |
		GNUTLS_NO_TICKETS_TLS12
			     : GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT;
	if (ctx->datagram)
		flags |= GNUTLS_DATAGRAM | GNUTLS_NO_TICKETS;
	return flags;
}

static bool
is_address(const char *name)
{
	struct in6_addr v6;
	struct in_addr v4;

	return strchr(name, '%') || inet_pton(AF_INET, name, &v4) == 1 ||
	    inet_pton(AF_INET6, name, &v6) == 1;
}

static int
init_client(struct tls_sess *s, const struct tls_sess_params *p)
{
	size_t len = p->name ? strlen(p->name) : 0;

	if (len > TLS_NAME_MAX)
		return -COAP_E_INVAL;
	if (len > 0 && p->name[len - 1] == '.')
		len--;
	/* "." is no name, and without one the peer's would not be checked. */
	if (len == 0 && p->name && p->name[0] != '\0')
		return -COAP_E_INVAL;
	if (len > 0)
		memcpy(s->name, p->name, len);
	if (len > 0 && !is_address(s->name) &&
	    gnutls_server_name_set(s->tls, GNUTLS_NAME_DNS, s->name, len) < 0)
		return -COAP_E_INVAL;
	tlsg_resume_client(s, p->resume);
	return 0;
}

static void
init_datagram(struct tls_sess *s, const struct tls_sess_params *p)
{
	gnutls_dtls_prestate_st pre;

	s->retransmit_ms =
	    p->retransmit_ms > 0 ? p->retransmit_ms : RETRANSMIT_MS;
	gnutls_dtls_set_timeouts(s->tls, s->retransmit_ms, TOTAL_MS);
	if (p->mtu > 0)
		gnutls_dtls_set_mtu(s->tls,
		    p->mtu < MTU_MIN ? MTU_MIN : p->mtu);
	if (p->prestate) {
		memcpy(&pre, p->prestate->bytes, sizeof(pre));
		gnutls_dtls_prestate_set(s->tls, &pre);
	}
}

int
tlsg_sess_new(struct tls_ctx *ctx, const struct tls_sess_params *p,
    struct tls_sess **out)
{
	struct tls_sess *s;
	int ret;

	s = mem_new(COAP_DTLS_SESSION, 1, sizeof(*s));
	if (!s)
		return -COAP_E_NOMEM;
	s->io = p->io;
	s->io_user = p->io_user;
	s->host = p->host;
	s->host_user = p->host_user;
	s->server = ctx->server;
	s->datagram = ctx->datagram;
	s->alert = -1;
	if (gnutls_init(&s->tls, init_flags(ctx)) < 0) {
		coap_free_type(COAP_DTLS_SESSION, s);
		return -COAP_E_NOMEM;
	}
	gnutls_session_set_ptr(s->tls, s);
	gnutls_handshake_set_max_packet_length(s->tls, MESSAGE_MAX);
	gnutls_handshake_set_timeout(s->tls, 0);
	gnutls_certificate_send_x509_rdn_sequence(s->tls, 1);
	gnutls_session_set_verify_function(s->tls, tlsg_verify);
	tlsg_io(s);
	tlsg_watch(s);
	ret = tlsg_use_ctx(s, ctx) < 0 ? -COAP_E_NOMEM : 0;
	if (ret == 0 && s->server)
		tlsg_resume_server(s);
	if (ret == 0 && !s->server)
		ret = init_client(s, p);
	if (ret != 0) {
		tlsg_sess_free(s);
		return ret;
	}
	if (s->datagram)
		init_datagram(s, p);
	*out = s;
	return 0;
}

void
tlsg_sess_free(struct tls_sess *s)
{
	if (!s)
		return;
	gnutls_deinit(s->tls);
	coap_free_type(COAP_DTLS_SESSION, s);
}

static int
finish(struct tls_sess *s)
{
	int ret;

	ret = tlsg_verify_late(s);
	if (ret < 0)
		return tlsg_fail(s, ret);
	s->state = SESS_DONE;
	tlsg_resume_done(s);
	return 0;
}

/* The library keeps the time of a flight itself. */
int
tlsg_advance(struct tls_sess *s, bool timer_fired)
{
	unsigned noise = 0;
	unsigned calls = 0;
	int ret;

	s->pushed = s->quiet = false;
	if (s->state == SESS_FAILED)
		return s->failed;
	if (s->state == SESS_DONE)
		return 0;
	s->state = SESS_HANDSHAKE;
	for (;;) {
		s->starved = false;
		ret = gnutls_handshake(s->tls);
		if (ret == 0)
			return finish(s);
		if ((ret == GNUTLS_E_INTERRUPTED ||
			ret == GNUTLS_E_WARNING_ALERT_RECEIVED ||
			ret == GNUTLS_E_GOT_APPLICATION_DATA) &&
		    noise < NOISE_MAX)
			noise++;
		else if (ret != GNUTLS_E_AGAIN)
			return tlsg_fail(s, ret);
		else if (!tlsg_more(s, &calls))
			break;
	}
	s->quiet = timer_fired && !s->pushed;
	return -COAP_E_AGAIN;
}

/* The library says 0 again and again where the peer has taken our last flight
 * and the next one is the peer's. */
int64_t
tlsg_timeout(struct tls_sess *s)
{
	unsigned ms;

	if (!s->datagram)
		return -1;
	if (s->state != SESS_HANDSHAKE || !s->sent)
		return s->state == SESS_NEW ? 0 : -1;
	ms = gnutls_dtls_get_timeout(s->tls);
	return ms == 0 && s->quiet ? s->retransmit_ms : ms;
}

int
tlsg_set_mtu(struct tls_sess *s, unsigned mtu)
{
	if (!s->datagram || mtu < MTU_MIN)
		return -COAP_E_INVAL;
	gnutls_dtls_set_mtu(s->tls, mtu);
	return 0;
}

unsigned
tlsg_data_mtu(struct tls_sess *s)
{
	return s->datagram ? gnutls_dtls_get_data_mtu(s->tls) : 0;
}

void
tlsg_close(struct tls_sess *s, int alert)
{
	if (s->state == SESS_NEW || s->state == SESS_FAILED || s->goodbye)
		return;
	s->goodbye = true;
	(void)gnutls_alert_send(s->tls,
	    alert > 0 ? GNUTLS_AL_FATAL : GNUTLS_AL_WARNING,
	    alert > 0 ? (gnutls_alert_description_t)alert
		      : GNUTLS_A_CLOSE_NOTIFY);
	if (alert > 0) {
		s->alert = alert;
		s->alert_sent = true;
		s->failed = -COAP_E_CLOSED;
		s->state = SESS_FAILED;
	}
}

void *
tlsg_native(struct tls_sess *s)
{
	return s->tls;
}

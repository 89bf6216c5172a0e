/* SPDX-License-Identifier: BSD-2-Clause */
/* The one table of what can be asked of a session. */
#include "cli/session/session_fields.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "cli/command.h"
#include "cli/session/opening.h"
#include "cli/session/session_tunables.h"

#define DATA_PREFIX "data."

/* --- kinds of values ----------------------------------------------------- */

const struct option reveal_options[] = {
	{ .name = "reveal", .help = "show keys as they are, in hex" },
	{ .name = NULL },
};

void
field_put_text(struct field_value *v, const char *text)
{
	if (!text || *text == '\0')
		return;
	v->view.type = FIELD_TEXT;
	v->view.text = text;
}

void
field_put_bool(struct field_value *v, bool value)
{
	v->view.type = FIELD_BOOL;
	v->view.number = value;
}

static void
put_number(struct field_value *v, double number)
{
	v->view.type = FIELD_NUMBER;
	v->view.number = number;
}

static void
put_ms(struct field_value *v, double ms)
{
	v->view.type = FIELD_MS;
	v->view.number = ms;
}

static void
put_address(struct field_value *v, const coap_address_t *addr)
{
	field_put_text(v, addr_text(addr, v->text));
}

static coapx_session_info_t
info_of(const struct named *named)
{
	coapx_session_info_t info = { .size = sizeof info };

	coapx_session_get_info(named->session, &info);
	return info;
}

static bool
is_stream(const struct named *named)
{
	return COAP_PROTO_RELIABLE(coap_session_get_proto(named->session));
}

/* A counter of coapx_session_info_t. */
#define COUNTER(id, member)                                                 \
	static void read_##id(const struct named *n, struct field_value *v) \
	{                                                                   \
		put_number(v, (double)info_of(n).member);                   \
	}

/* Nothing before the first round trip. */
#define ROUND_TRIP(id, member)                                              \
	static void read_##id(const struct named *n, struct field_value *v) \
	{                                                                   \
		if (info_of(n).member > 0)                                  \
			put_ms(v, info_of(n).member / 1000.0);              \
	}

/* Only streams have a CSM; what the peer says is known once it came. */
#define CSM(id, member)                                                     \
	static void read_##id(const struct named *n, struct field_value *v) \
	{                                                                   \
		if (is_stream(n))                                           \
			put_number(v, (double)info_of(n).member);           \
	}

#define PEER_CSM(id, member)                                                \
	static void read_##id(const struct named *n, struct field_value *v) \
	{                                                                   \
		if (is_stream(n) && info_of(n).csm_received)                \
			put_number(v, (double)info_of(n).member);           \
	}

/* A setting of session_tunables.c. */
#define TUNABLE(id, key)                                                    \
	static void read_##id(const struct named *n, struct field_value *v) \
	{                                                                   \
		put_tunable(n, v, key);                                     \
	}

static void
put_tunable(const struct named *named, struct field_value *v, const char *key)
{
	const struct tunable *t = tunable_find(key, strlen(key));

	put_number(v, tunable_number(t, t->get(named)));
}

/* --- who and where ------------------------------------------------------- */

COUNTER(id, id)
COUNTER(refs, references)

static void
read_name(const struct named *n, struct field_value *v)
{
	field_put_text(v, n->name);
}

static void
read_type(const struct named *n, struct field_value *v)
{
	field_put_text(v, coapx_type_name(coap_session_get_type(n->session)));
}

static void
read_proto(const struct named *n, struct field_value *v)
{
	field_put_text(v, coapx_proto_name(coap_session_get_proto(n->session)));
}

static void
read_state(const struct named *n, struct field_value *v)
{
	field_put_text(v, coapx_state_name(coap_session_get_state(n->session)));
}

static void
read_error(const struct named *n, struct field_value *v)
{
	coapx_session_error(n->session, v->text, sizeof v->text);
	field_put_text(v, v->text);
}

static void
read_uri(const struct named *n, struct field_value *v)
{
	field_put_text(v, n->uri);
}

static void
read_path(const struct named *n, struct field_value *v)
{
	field_put_text(v, v->front ? front_path(v->front, n) : n->path);
}

static void
read_local(const struct named *n, struct field_value *v)
{
	put_address(v, coap_session_get_addr_local(n->session));
}

static void
read_remote(const struct named *n, struct field_value *v)
{
	put_address(v, coap_session_get_addr_remote(n->session));
}

static void
read_mcast(const struct named *n, struct field_value *v)
{
	put_address(v, coap_session_get_addr_mcast(n->session));
}

static void
read_ifindex(const struct named *n, struct field_value *v)
{
	int ifindex = coap_session_get_ifindex(n->session);

	if (ifindex > 0)
		put_number(v, ifindex);
}

/* A process has one. Its address would say nothing, but where the memory is. */
static void
read_context(const struct named *n, struct field_value *v)
{
	(void)n;
	put_number(v, 1);
}

static void
read_listener(const struct named *n, struct field_value *v)
{
	if (n->from)
		field_put_text(v, n->from->name);
}

static void
read_max_pdu_size(const struct named *n, struct field_value *v)
{
	put_number(v, (double)coap_session_max_pdu_size(n->session));
}

static void
read_age(const struct named *n, struct field_value *v)
{
	put_ms(v, (double)info_of(n).age_ms);
}

static void
read_idle(const struct named *n, struct field_value *v)
{
	put_ms(v, (double)info_of(n).idle_ms);
}

/* --- parameters and counters --------------------------------------------- */

TUNABLE(mtu, "mtu")
TUNABLE(keepalive, "keepalive")
TUNABLE(reconnect, "reconnect")
TUNABLE(ack_timeout, "ack-timeout")
TUNABLE(ack_random_factor, "ack-random-factor")
TUNABLE(max_retransmit, "max-retransmit")
TUNABLE(nstart, "nstart")
TUNABLE(default_leisure, "default-leisure")
TUNABLE(probing_rate, "probing-rate")

COUNTER(tx, tx)
COUNTER(rx, rx)
COUNTER(bytes_tx, bytes_tx)
COUNTER(bytes_rx, bytes_rx)
COUNTER(retransmits, retransmits)
COUNTER(rst, resets)
COUNTER(timeouts, timeouts)
COUNTER(duplicates, duplicates)
COUNTER(requests, requests)
COUNTER(observations, observations)
COUNTER(observers, observers)
COUNTER(queued, queued)
ROUND_TRIP(rtt_min, rtt_min_us)
ROUND_TRIP(rtt_avg, rtt_avg_us)
ROUND_TRIP(rtt_max, rtt_max_us)

static void
read_csm_received(const struct named *n, struct field_value *v)
{
	if (!is_stream(n))
		return;
	field_put_bool(v, info_of(n).csm_received != 0);
}

static void
read_csm_block_wise(const struct named *n, struct field_value *v)
{
	if (!is_stream(n) || !info_of(n).csm_received)
		return;
	field_put_bool(v, info_of(n).csm_peer_block_wise != 0);
}

PEER_CSM(csm_peer_size, csm_peer_max_message_size)
PEER_CSM(csm_peer_token, csm_peer_max_token)
CSM(csm_own_size, csm_own_max_message_size)

/* --- the table ----------------------------------------------------------- */

const struct session_field session_fields[] = {
	{ "id", "number of the session in this process", read_id },
	{ "name", "name of the session", read_name },
	{ "type", "client, server or hello", read_type },
	{ "proto", "udp, tcp ...", read_proto },
	{ "state", "none, connecting, handshake, csm or established",
	    read_state },
	{ "error", "why it failed, or was lost", read_error },
	{ "uri", "scheme and authority it was opened by", read_uri },
	{ "path", "current path", read_path },
	{ "listener", "listener it came in by", read_listener },
	{ "addr.local", "own address and port", read_local },
	{ "addr.remote", "address and port of the peer", read_remote },
	{ "addr.mcast", "group that it talks to", read_mcast },
	{ "ifindex", "interface of the last message", read_ifindex },
	{ "context", "context that it belongs to", read_context },
	{ "refs", "references held", read_refs },
	{ "mtu", "bytes of the largest datagram", read_mtu },
	{ "max-pdu-size", "bytes for token, options and payload",
	    read_max_pdu_size },
	{ "age", "ms since it was made", read_age },
	{ "idle", "ms since the last message", read_idle },
	{ "keepalive", "seconds of silence before a ping; 0: never",
	    read_keepalive },
	{ "reconnect", "seconds from a loss to the next attempt; 0: off",
	    read_reconnect },
	{ "csm.received", "whether the peer's CSM came", read_csm_received },
	{ "csm.peer-max-message-size", "Max-Message-Size of the peer",
	    read_csm_peer_size },
	{ "csm.peer-block-wise", "whether the peer does block-wise transfer",
	    read_csm_block_wise },
	{ "csm.peer-max-token", "longest token that the peer takes",
	    read_csm_peer_token },
	{ "csm.own-max-message-size", "Max-Message-Size that was sent",
	    read_csm_own_size },
	{ "tx.ack-timeout", "ACK_TIMEOUT, seconds", read_ack_timeout },
	{ "tx.ack-random-factor", "ACK_RANDOM_FACTOR", read_ack_random_factor },
	{ "tx.max-retransmit", "MAX_RETRANSMIT", read_max_retransmit },
	{ "tx.nstart", "NSTART", read_nstart },
	{ "tx.default-leisure", "DEFAULT_LEISURE, seconds",
	    read_default_leisure },
	{ "tx.probing-rate", "PROBING_RATE, bytes a second",
	    read_probing_rate },
	{ "stats.tx", "messages sent", read_tx },
	{ "stats.rx", "messages received", read_rx },
	{ "stats.bytes-tx", "bytes sent", read_bytes_tx },
	{ "stats.bytes-rx", "bytes received", read_bytes_rx },
	{ "stats.retransmits", "messages sent again", read_retransmits },
	{ "stats.duplicates", "messages received again", read_duplicates },
	{ "stats.rst", "Reset and Abort received", read_rst },
	{ "stats.timeouts", "messages never answered", read_timeouts },
	{ "observations", "resources that tell us when they change",
	    read_observations },
	{ "observers", "resources of ours that the peer observes",
	    read_observers },
	{ "stats.requests", "requests under way", read_requests },
	{ "stats.queued", "messages that wait to be sent", read_queued },
	{ "stats.rtt-min", "fastest round trip, ms", read_rtt_min },
	{ "stats.rtt-avg", "mean round trip, ms", read_rtt_avg },
	{ "stats.rtt-max", "slowest round trip, ms", read_rtt_max },
	{ "psk.hint", "hint for the identity", read_psk_hint },
	{ "psk.identity", "identity of the client", read_psk_identity },
	{ "psk.key", "length of the key; --reveal shows it", read_psk_key },
	{ "tls.library", "TLS library of this build", read_tls_library },
	{ "tls.version", "DTLS 1.2, TLS 1.2 or TLS 1.3", read_tls_version },
	{ "tls.cipher", "cipher suite", read_tls_cipher },
	{ "tls.alpn", "protocol that was agreed on", read_tls_alpn },
	{ "tls.name", "name that is asked for and checked", read_tls_name },
	{ "tls.verify", "whether the peer is trusted, and why",
	    read_tls_verify },
	{ "tls.resumed", "whether an earlier handshake was taken up",
	    read_tls_resumed },
	{ "tls.alert", "alert that ended it", read_tls_alert },
	{ "tls.peer.subject", "whom the peer's certificate is for",
	    read_peer_subject },
	{ "tls.peer.issuer", "who signed it", read_peer_issuer },
	{ "tls.peer.san", "names and addresses in it", read_peer_san },
	{ "tls.peer.sha256", "its fingerprint", read_peer_sha256 },
	{ "tls.peer.key", "kind and size of its key", read_peer_key },
	{ "tls.peer.not-before", "when it begins to be valid",
	    read_peer_not_before },
	{ "tls.peer.not-after", "when it expires", read_peer_not_after },
	{ .name = NULL },
};

/* --- looking up ---------------------------------------------------------- */

static const struct datum *
datum_find(const struct named *named, const char *key)
{
	const struct datum *d;

	DL_FOREACH(named->data, d)
		if (strcmp(d->key, key) == 0)
			return d;
	return NULL;
}

bool
field_read(const struct named *named, const struct front *front,
    const char *name, bool reveal, struct field_value *v)
{
	const struct session_field *f;
	const struct datum *d;
	size_t prefix = strlen(DATA_PREFIX);

	v->view = (struct view_field){ .name = name, .type = FIELD_NULL };
	v->reveal = reveal;
	v->front = front;
	if (strncmp(name, DATA_PREFIX, prefix) == 0 && name[prefix]) {
		d = datum_find(named, name + prefix);
		if (d) {
			v->view.type = FIELD_TEXT;
			v->view.text = d->value;
		}
		return true;
	}
	for (f = session_fields; f->name; f++) {
		if (strcmp(f->name, name) != 0)
			continue;
		f->read(named, v);
		return true;
	}
	return false;
}

const char *
field_nearest(const char *name)
{
	const struct session_field *f;
	struct nearest nearest;

	nearest_begin(&nearest, name);
	for (f = session_fields; f->name; f++)
		nearest_try(&nearest, f->name);
	return nearest.best;
}

struct field_value *
fields_read_all(const struct named *named, const struct front *front,
    bool reveal, size_t *n)
{
	const struct session_field *f;
	const struct datum *d;
	struct field_value *values;
	size_t count = 1; /* never none */

	for (f = session_fields; f->name; f++)
		count++;
	DL_FOREACH(named->data, d)
		count++;
	values = calloc(count, sizeof *values);
	if (!values)
		return NULL;
	*n = 0;
	for (f = session_fields; f->name; f++)
		field_read(named, front, f->name, reveal, &values[(*n)++]);
	DL_FOREACH(named->data, d) {
		struct field_value *v = &values[(*n)++];

		snprintf(v->text, sizeof v->text, DATA_PREFIX "%s", d->key);
		v->view = (struct view_field){
			.name = v->text,
			.type = FIELD_TEXT,
			.text = d->value,
		};
	}
	return values;
}

void
fields_free(struct field_value *values, size_t n)
{
	if (values)
		explicit_bzero(values, n * sizeof *values);
	free(values);
}

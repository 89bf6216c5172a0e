/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A back-end that secures nothing, for tests of what calls one. It is made
 * like DTLS and TLS: records with numbers and a check, flights of several
 * records, cookies, alerts, timers.
 *
 *     client                                     server
 *     hello(name) alpn resume            ->
 *                                        <-      hello(hint) cert alpn
 *     identity cert finished(key)        ->
 *                                        <-      ticket finished(key)
 *
 * Over datagrams records that do not check are dropped, and so a wrong key
 * shows as a handshake that stands still; over streams they end it. Timers:
 * retransmit_ms, doubled each time, and after FAKE_TLS_TRIES it is over.
 *
 * A certificate is any text. It is for a name that is in the text, and trusted
 * when it is the text of the CA; with ca_file, ca_dir or system_trust it is
 * trusted too. A source's file is not read: its name is the text.
 */
#ifndef FAKE_TLS_H
#define FAKE_TLS_H

#include "tls/tls.h"

/* What a record adds, and the most that it takes on a stream, where a message
 * is as many records as it needs, and as a datagram. */
#define FAKE_TLS_DATAGRAM_OVERHEAD 17
#define FAKE_TLS_STREAM_OVERHEAD   9
#define FAKE_TLS_RECORD            1024
#define FAKE_TLS_DATAGRAM          3000
#define FAKE_TLS_TRIES             6
/* Alerts of RFC 8446 section 6 that it sends. */
#define FAKE_TLS_BAD_RECORD 20
#define FAKE_TLS_BAD_CERT   42
#define FAKE_TLS_DECODE     50
#define FAKE_TLS_DECRYPT    51
#define FAKE_TLS_INTERNAL   80
#define FAKE_TLS_NAME       112
#define FAKE_TLS_IDENTITY   115
#define FAKE_TLS_NEEDS_CERT 116
#define FAKE_TLS_ALPN       120

extern const struct tls_backend fake_tls_backend;

#endif

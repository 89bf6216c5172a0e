#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# The other side of secure sessions and of WebSockets: `load peers` after
# `load helper`. What start_... functions start is ended by stop_peers.

peers=${BATS_TEST_DIRNAME}

# ---- libcoap ----------------------------------------------------------------

# Debian's server with the TLS library $1, gnutls or openssl; "$@" are its
# credentials. Sets port, for DTLS and TLS; the plain one is the port before.
start_coaps_server() {
	local library=$1
	shift
	start_on 'udp:PORT tcp:PORT udp:NEXT tcp:NEXT' "coap-server-${library}" \
		"coap-server-${library}" -A 127.0.0.1 -p PORT -v 7 "$@" \
		|| return 1
	port=$((port + 1))
}

# The same on the default ports, at an address of this process's own, which it
# sets: RFC 8323 section 8.2 has TLS without ALPN, as libcoap does it, only
# there.
start_coaps_server_5684() {
	local library=$1
	shift
	address=127.$((BASHPID / 250 % 150 + 100)).$((BASHPID % 250))
	address+=.$((RANDOM % 250 + 1))
	start_peer "coap-server-${library}" "coap-server-${library}" \
		-A "${address}" -p 5683 -v 7 "$@"
	wait_until dead_or_listening "${peer_pid}" "${address}" 5684
	alive "${peer_pid}"
}

# Is the process $1 dead, or does somebody listen on TCP at the address $2?
dead_or_listening() {
	alive "$1" || return 0
	(: <>"/dev/tcp/$2/$3") 2>/dev/null
}

# Debian's client with the TLS library $1. It ends with 0 whatever comes.
coaps_client() {
	local library=$1
	shift
	"coap-client-${library}" -B 10 "$@"
}

# Compile the device that dials in, with the libcoap of the TLS library $1, or,
# with "ours", with our own library.
build_device() {
	local libraries=("-lcoap-3-$1")
	[[ $1 != ours ]] || libraries=(-I "${peers}/../../lib/include"
		${SAN:+"-fsanitize=${SAN}"} "${O}/lib/libcoap-session.a" -pthread)
	# shellcheck disable=SC2086 # several words, or none
	${CC:-cc} -Wall -Werror -o "${BATS_FILE_TMPDIR}/device-$1" \
		"${peers}/device.c" "${libraries[@]}" \
		${STATIC_LIBS--lgnutls -lwebsockets}
}

# ---- OpenSSL ----------------------------------------------------------------

# What a socket of the kind $1, datagram or stream, is called.
protocol_of() {
	case $1 in
		datagram) printf 'udp\n' ;;
		*) printf 'tcp\n' ;;
	esac
}

# openssl s_server with a CoAP device behind it that answers each GET with
# "over openssl s_server". $1 is datagram or stream, "$@" are further options.
start_openssl() {
	local kind=$1 version=()
	shift
	[[ ${kind} == stream || $* == *-dtls* ]] || version=(-dtls1_2)
	start_on "$(protocol_of "${kind}"):PORT" openssl \
		/usr/bin/python3 -IS "${peers}/coap_stdio.py" serve "${kind}" \
		openssl s_server -quiet -accept 127.0.0.1:PORT \
		"${version[@]}" "$@"
}

# GET the path $2 by openssl s_client: its report, then "2.05 payload".
openssl_get() {
	local kind=$1 path=$2
	shift 2
	/usr/bin/python3 -IS "${peers}/coap_stdio.py" get "${kind}" "${path}" \
		openssl s_client "$@"
}

# Only a handshake by openssl s_client, "$@" are its options.
openssl_shake() {
	timeout 20 openssl s_client "$@" </dev/null 2>&1
}

# ---- GnuTLS -----------------------------------------------------------------

# gnutls-serv, which echoes. $1 is datagram or stream.
start_gnutls() {
	local kind=$1 udp=()
	shift
	[[ ${kind} == stream ]] || udp=(--udp)
	start_on "$(protocol_of "${kind}"):PORT" gnutls-serv \
		gnutls-serv --echo --port PORT "${udp[@]}" "$@"
}

# Only a handshake by gnutls-cli to the port $1; "$@" are its options.
gnutls_shake() {
	local to=$1
	shift
	timeout 20 gnutls-cli --port "${to}" "$@" localhost </dev/null 2>&1
}

# ---- WebSocket --------------------------------------------------------------

# A WebSocket server in the mode $1 of ws_peer.py; "$@" are its options.
start_ws() {
	local mode=$1
	shift
	start_on tcp:PORT ws /usr/bin/python3 "${peers}/ws_peer.py" serve "$@" \
		PORT "${mode}"
}

# A WebSocket client; "$@" are its options, URI and steps.
ws_open() {
	/usr/bin/python3 "${peers}/ws_peer.py" open "$@"
}

# ---- aiocoap ----------------------------------------------------------------

# Find aiocoap, or skip the test and say why it is not there.
need_aiocoap() {
	local folder
	if ! folder=$("${peers}/fetch-aiocoap" 2>"${BATS_TEST_TMPDIR}/why"); then
		skip "aiocoap: $(tail -n 1 "${BATS_TEST_TMPDIR}/why")"
	fi
	[[ -z ${folder} ]] || export PYTHONPATH=${folder}
}

# aiocoap as a server: $1 is ws, tcpserver or tlsserver, the rest its options.
# Sets port to the one that counts.
start_aiocoap() {
	local transport=$1
	shift
	start_on "tcp:$([[ $* == *--cert* ]] && echo NEXT || echo PORT)" \
		aiocoap /usr/bin/python3 "${peers}/aiocoap_peer.py" serve "$@" \
		"${transport}" PORT || return 1
	[[ $* != *--cert* ]] || port=$((port + 1))
	wait_line "${peer_log}" '^ready$'
}

aiocoap_get() {
	/usr/bin/python3 "${peers}/aiocoap_peer.py" get "$@"
}

# ---- node-coap --------------------------------------------------------------

# Find node-coap, or skip the test and say why it is not there.
need_node_coap() {
	local folder
	if ! folder=$("${peers}/fetch-node-coap" 2>"${BATS_TEST_TMPDIR}/why"); then
		skip "node-coap: $(tail -n 1 "${BATS_TEST_TMPDIR}/why")"
	fi
	export NODE_PATH=${folder}
}

# node-coap as a server, on UDP. Sets port.
start_node() {
	start_on udp:PORT node node "${peers}/node_peer.js" serve PORT || return 1
	wait_line "${peer_log}" '^ready$'
}

# A request of node-coap; "$@" are the words of node_peer.js.
node_ask() {
	timeout 60 node "${peers}/node_peer.js" "$@"
}

# ---- what answers wrong, or not at all --------------------------------------

# See odd_peer.py for the modes.
start_odd() {
	local mode=$1
	shift
	start_server "odd-${mode}" /usr/bin/python3 -IS "${peers}/odd_peer.py" \
		"${mode}" PORT "$@" || return 1
	wait_line "${peer_log}" '^ready$'
}

# Send messages one by one, and print what comes; "$@" are the steps of
# raw_peer.py.
raw() {
	timeout 60 /usr/bin/python3 -BES "${peers}/raw_peer.py" "$@"
}

# ---- a token ----------------------------------------------------------------

# A PKCS#11 token in software, with the pair $1 of the PKI as its only one.
# Sets token, the URI of both halves.
make_token() {
	local module
	module=$(echo /usr/lib/softhsm/libsofthsm2.so \
		/usr/lib/*/softhsm/libsofthsm2.so | tr ' ' '\n' \
		| while read -r file; do
			[[ ! -e ${file} ]] || echo "${file}"
		done | head -n 1)
	export SOFTHSM2_CONF=${BATS_TEST_TMPDIR}/softhsm2.conf
	mkdir -p "${BATS_TEST_TMPDIR}/tokens"
	printf 'directories.tokendir = %s\nlog.level = ERROR\n' \
		"${BATS_TEST_TMPDIR}/tokens" >"${SOFTHSM2_CONF}"
	softhsm2-util --init-token --free --label tests --pin 1234 --so-pin 4321
	GNUTLS_PIN=1234 p11tool --provider "${module}" --login --batch \
		--write --load-privkey "${pki}/$1.key" --label "$1" \
		--id 01 pkcs11:token=tests
	GNUTLS_SO_PIN=4321 GNUTLS_PIN=1234 p11tool --provider "${module}" \
		--login --batch --write --load-certificate "${pki}/$1.pem" \
		--label "$1" --id 01 pkcs11:token=tests
	token="pkcs11:token=tests;object=$1"
}

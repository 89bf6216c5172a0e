#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# CoAP over WebSocket (RFC 8323 section 4) with other implementations, both
# ways: a plain WebSocket that is fed bytes, and aiocoap, also over TCP and TLS.

load helper
load pki
load peers

setup_file() {
	make_pki || return 1
	start_on 'tcp:PORT tcp:NEXT' serve "${COAP_SHELL}" serve \
		--ca "${pki}/ca.pem" --cert "${pki}/server.pem" \
		--key "${pki}/server.key" coap+ws://127.0.0.1:PORT \
		coaps+ws://127.0.0.1:NEXT || return 1
	export ws=ws://127.0.0.1:${port} wss=wss://localhost:$((port + 1))
}

teardown_file() {
	stop_peers
}

setup() {
	with_ca=(--ca "${pki}/ca.pem")
	with_cert=("${with_ca[@]}" --cert "${pki}/client.pem"
		--key "${pki}/client.key")
	server_cert=(--cert "${pki}/server.pem" --key "${pki}/server.key")
}

teardown() {
	stop_peers
}

our_time='[0-9-]{10}T[0-9:]{8}Z'

# What ws_peer.py and aiocoap_peer.py print for $1 bytes of the letter $2.
long_payload() {
	printf '2.05 %d %s' "$1" \
		"$(head -c "$1" /dev/zero | tr '\0' "$2" | sha256sum | cut -d ' ' -f 1)"
}

# ---- our client -------------------------------------------------------------

@test 'GET over WebSocket: path, subprotocol and Host are those of the RFC' {
	start_ws good
	run_apart cs -T 10s get "coap+ws://localhost:${port}/time"
	assert_equal "${stderr}" ''
	assert_success
	assert_output 'a time over WebSocket'
	wait_line "${peer_log}" '^closed'
	run cat "${peer_log}"
	assert_line 'upgrade /.well-known/coap coap'
	assert_line "open /.well-known/coap coap localhost:${port}"
	assert_line --regexp '^message 7\.01'
	assert_line 'request 0.01 /time'
	assert_line 'closed 1000'
}

@test 'GET over secure WebSocket, certificates of both sides' {
	start_ws good "${server_cert[@]}" "${with_ca[@]}"
	run_apart cs -T 10s -c "
		open coaps+ws://localhost:${port} --name s ${with_cert[*]@Q}
		session get tls.version
		session get tls.cipher
		get /time"
	assert_equal "${stderr}" ''
	assert_success
	assert_line --index 0 'TLS 1.3'
	assert_line --index 1 --regexp '^TLS_'
	assert_line --index 2 'a time over WebSocket'
	# Each sees the same suite.
	run grep -c "^tls TLSv1.3 ${lines[1]}\$" "${peer_log}"
	assert_output 1
}

@test 'a 4.04, a Ping, bytes there and back, a message of 100,000 bytes' {
	start_ws good
	uri=coap+ws://127.0.0.1:${port}
	run_apart cs -T 10s get "${uri}/nope"
	assert_equal "${status}" 4
	run_apart cs -T 10s ping "${uri}"
	assert_success
	run_apart cs -T 10s post "${uri}/echo" --data-hex 00ff0d0a -o \
		"${BATS_TEST_TMPDIR}/bytes"
	assert_success
	assert_equal "$(xxd -p "${BATS_TEST_TMPDIR}/bytes")" 00ff0d0a
	run_apart cs -T 10s get "${uri}/large?size=100000" -o \
		"${BATS_TEST_TMPDIR}/large"
	assert_success
	assert_equal "$(tr -d x <"${BATS_TEST_TMPDIR}/large")" ''
	assert_equal "$(stat -c %s "${BATS_TEST_TMPDIR}/large")" 100000
}

@test 'a response in many frames is one message' {
	start_ws good
	run_apart cs -T 10s get "coap+ws://127.0.0.1:${port}/pieces"
	assert_equal "${stderr}" ''
	assert_output 'in pieces'
}

# ---- our device -------------------------------------------------------------

@test 'a WebSocket client: CSM, GET, Ping, its own ping, pieces, goodbye' {
	run ws_open "${ws}" get time pieces 'hello?name=WS' ping ws-ping \
		get nope get who
	assert_success
	assert_line --index 0 'open coap'
	assert_line --index 1 --regexp '^7\.01'
	assert_line --index 2 --regexp "^2\\.05 ${our_time}\$"
	assert_line --index 3 '2.05 Hello, WS!'
	assert_line --index 4 --regexp '^7\.03'
	assert_line --index 5 pong
	assert_line --index 6 --regexp '^4\.04'
	assert_line --index 7 --regexp '^2\.05 .* over ws$'
	assert_line --index 8 'closed 1000'
}

@test 'a secure WebSocket client, its certificate demanded' {
	run ws_open "${with_cert[@]}" "${wss}" get time get who
	assert_success
	assert_line --index 0 --regexp '^tls TLSv1\.3 TLS_'
	assert_line --regexp "^2\\.05 ${our_time}\$"
	assert_line --regexp '^2\.05 .* over wss$'
	# What is seen of the refusal, an alert or the end, is a matter of time.
	run ws_open "${with_ca[@]}" "${wss}" get time
	assert_output --regexp '(refused|lost) '
	refute_output --partial '2.05'
}

@test 'a large message to a WebSocket client' {
	run ws_open "${ws}" get 'large?size=100000'
	assert_success
	assert_line --regexp '^2\.05 100000 [0-9a-f]{64}$'
}

@test 'an upgrade without the subprotocol, and one of another path' {
	run ws_open --subprotocol '' "${ws}" get time
	assert_output --regexp '^refused 4[0-9][0-9]$'
	run ws_open --subprotocol mqtt "${ws}" get time
	assert_output --regexp '^refused 4[0-9][0-9]$'
	run ws_open --path / "${ws}" get time
	assert_output 'refused 404'
}

@test 'a client that breaks the rules is told, and let go' {
	run ws_open "${ws}" text wait
	assert_line --index 2 'closed 1003'
	# A request before the CSM (RFC 8323 section 5.3).
	run ws_open "${ws}" no-csm time wait
	assert_line --regexp '^(7\.05.*|closed 1[0-9]+)$'
	refute_line --partial '2.05'
	# A token longer than there are bytes.
	run ws_open "${ws}" frame 08010203 wait
	assert_line --regexp '^(7\.05.*|closed 1[0-9]+)$'
	# Those who keep the rules are served as before.
	run ws_open "${ws}" get time
	assert_line --regexp "^2\\.05 ${our_time}\$"
}

# ---- aiocoap ----------------------------------------------------------------

@test 'aiocoap serves us over WebSocket, plain and secure' {
	need_aiocoap
	start_aiocoap ws
	run_apart cs -T 10s get "coap+ws://127.0.0.1:${port}/time"
	assert_equal "${stderr}" ''
	assert_output 'a time of aiocoap'
	start_aiocoap ws "${server_cert[@]}"
	run_apart cs -T 10s get "coaps+ws://localhost:${port}/time" \
		"${with_ca[@]}"
	assert_equal "${stderr}" ''
	assert_output 'a time of aiocoap'
}

@test 'aiocoap serves us over TCP and TLS' {
	need_aiocoap
	start_aiocoap tcpserver
	run_apart cs -T 10s get "coap+tcp://127.0.0.1:${port}/time"
	assert_equal "${stderr}" ''
	assert_output 'a time of aiocoap'
	start_aiocoap tlsserver "${server_cert[@]}"
	run_apart cs -T 10s get "coaps+tcp://localhost:${port}/time" \
		"${with_ca[@]}"
	assert_equal "${stderr}" ''
	assert_output 'a time of aiocoap'
}

@test 'we serve aiocoap over WebSocket' {
	need_aiocoap
	run aiocoap_get "coap+${ws}/time" "coap+${ws}/who"
	assert_success
	assert_line --index 0 --regexp "^2\\.05 ${our_time}\$"
	assert_line --index 1 --regexp ' over ws$'
}

@test 'we serve aiocoap over secure WebSocket, TCP and TLS' {
	need_aiocoap
	start_on 'tcp:PORT tcp:NEXT' serve "${COAP_SHELL}" serve \
		"${server_cert[@]}" coaps+ws://127.0.0.1:PORT \
		coaps+tcp://127.0.0.1:NEXT
	run aiocoap_get "${with_ca[@]}" "coaps+ws://localhost:${port}/who" \
		"coaps+tcp://localhost:$((port + 1))/who"
	assert_success
	assert_line --index 0 --regexp '^2\.05 .* over wss$'
	assert_line --index 1 --regexp '^2\.05 .* over tls$'
	start_server serve "${COAP_SHELL}" serve coap+tcp://127.0.0.1:PORT \
		coap://127.0.0.1:PORT
	run aiocoap_get "coap+tcp://127.0.0.1:${port}/who"
	assert_line --index 0 --regexp '^2\.05 .* over tcp$'
}

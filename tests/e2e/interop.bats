#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Secure sessions and WebSockets with other implementations, both ways: our
# client with their servers, their clients with our device. Each test looks at
# the payload, at what was negotiated, and at the exit status.

load helper
load pki
load peers

# The suites of RFC 7252, in IANA's words and in OpenSSL's.
psk_suite=TLS_PSK_WITH_AES_128_CCM_8
ecdsa_suite=TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8
psk_openssl=PSK-AES128-CCM8
ecdsa_openssl=ECDHE-ECDSA-AES128-CCM8

setup_file() {
	make_pki || return 1
	start_serve_with psk --psk-hex-file "${pki}/psk.hex" --psk-hint lamps
	export psk_port=${port}
	start_serve_with pki --ca "${pki}/ca.pem" \
		--cert "${pki}/server.pem" --key "${pki}/server.key"
	export pki_port=${port}
}

teardown_file() {
	stop_peers
}

setup() {
	with_psk=(--psk-identity dev1 --psk-hex-file "${pki}/psk.hex")
	with_cert=(--ca "${pki}/ca.pem" --cert "${pki}/client.pem"
		--key "${pki}/client.key")
	with_ca=(--ca "${pki}/ca.pem")
	# The same for the tools of OpenSSL.
	openssl_psk=(-psk "$(<"${pki}/psk.hex")")
	openssl_cert=(-CAfile "${pki}/ca.pem" -cert "${pki}/client.pem"
		-key "${pki}/client.key")
	openssl_server_cert=(-cert "${pki}/server.pem"
		-key "${pki}/server.key")
}

teardown() {
	stop_peers
}

# Our device with the credentials "$@", on DTLS, TLS and secure WebSocket.
start_serve_with() {
	local name=$1
	shift
	start_on 'udp:PORT tcp:PORT tcp:NEXT' "serve-${name}" \
		"${COAP_SHELL}" serve "$@" coaps://127.0.0.1:PORT \
		coaps+tcp://127.0.0.1:PORT coaps+ws://127.0.0.1:NEXT
}

# Open the URI $1 with the credentials "$@", and get /time: prints the version,
# the suite and the application protocol, each in a line of its own, then the
# payload.
ask() {
	local uri=$1
	shift
	run_apart cs -T 10s -c "
		open ${uri} --name s ${*@Q}
		session get tls.version
		session get tls.cipher
		session get tls.alpn
		get /time"
}

# That worked: version $1 and suite $2, and a payload that matches $3.
assert_secure() {
	assert_equal "${stderr}" ''
	assert_equal "${status}" 0
	[[ ${lines[0]} =~ ^$1$ ]] || fail "version: ${lines[0]}"
	[[ ${lines[1]} =~ ^$2$ ]] || fail "suite: ${lines[1]}"
	[[ ${lines[-1]} =~ ^$3$ ]] || fail "payload: ${lines[-1]}"
}

# libcoap agrees on coap with OpenSSL and certificates; else its server, in this
# version, leaves ALPN out, which is taken for coap on port 5684 alone.
assert_alpn() {
	local expected=none
	[[ $1 != openssl ]] || expected=coap
	assert_equal "${lines[2]}" "${expected}"
}

# That did not work for want of it.
assert_no_alpn() {
	assert_equal "${status}" 35
	[[ ${stderr} == *'does not name the protocol coap (ALPN)'*--no-alpn*5684* ]]
}

# What /time says: of libcoap, and of our own device.
libcoap_time='[A-Z][a-z][a-z] [0-9]{2} [0-9:]{8}'
our_time='[0-9-]{10}T[0-9:]{8}Z'

# ---- our client, libcoap's server -------------------------------------------

@test 'PSK with a hint, DTLS and TLS, to libcoap on GnuTLS and on OpenSSL' {
	local library
	for library in gnutls openssl; do
		start_coaps_server "${library}" -k "${psk_key}" -h lamps
		ask "coaps://127.0.0.1:${port}" "${with_psk[@]}"
		assert_secure 'DTLS 1.2' "${psk_suite}" "${libcoap_time}"
		run grep -c "psk_identity: 'dev1'" "${peer_log}"
		assert_output 1
		start_coaps_server_5684 "${library}" -k "${psk_key}" -h lamps
		ask "coaps+tcp://${address}" "${with_psk[@]}"
		assert_secure 'TLS 1\.[23]' 'TLS_.*' "${libcoap_time}"
		assert_alpn none
	done
}

@test 'TLS without ALPN is for port 5684 alone' {
	start_coaps_server gnutls -k "${psk_key}"
	ask "coaps+tcp://127.0.0.1:${port}" "${with_psk[@]}"
	assert_no_alpn
	start_openssl stream -nocert "${openssl_psk[@]}" -psk_identity dev1
	ask "coaps+tcp://127.0.0.1:${port}" "${with_psk[@]}"
	assert_no_alpn
	start_coaps_server openssl -c "${pki}/server+key.pem"
	ask "coaps+tcp://localhost:${port}" "${with_ca[@]}"
	assert_secure 'TLS 1\.[23]' 'TLS_.*' "${libcoap_time}"
	assert_alpn openssl
}

@test '--no-alpn takes a server without ALPN on any port, and says so' {
	start_coaps_server gnutls -k "${psk_key}"
	ask "coaps+tcp://127.0.0.1:${port}" "${with_psk[@]}" --no-alpn
	assert_secure 'TLS 1\.[23]' 'TLS_.*' "${libcoap_time}"
	assert_alpn none
	run_apart cs get -v "coaps+tcp://127.0.0.1:${port}/time" \
		"${with_psk[@]}" --no-alpn
	assert_success
	[[ ${stderr} == *'names no protocol (ALPN): taken for coap'* ]]
	# It is offered all the same, and who agrees on it is no other.
	start_coaps_server openssl -c "${pki}/server+key.pem"
	ask "coaps+tcp://localhost:${port}" "${with_ca[@]}" --no-alpn
	assert_secure 'TLS 1\.[23]' 'TLS_.*' "${libcoap_time}"
	assert_alpn openssl
	# Another protocol is refused as ever.
	start_openssl stream -nocert "${openssl_psk[@]}" -psk_identity dev1 \
		-alpn h2
	ask "coaps+tcp://127.0.0.1:${port}" "${with_psk[@]}" --no-alpn
	assert_equal "${status}" 35
	[[ ${stderr} == *ALPN* ]]
}

@test 'the hint that a server sent can be seen' {
	start_coaps_server openssl -k "${psk_key}" -h lamps
	run_apart cs -T 10s -c "open coaps://127.0.0.1:${port} ${with_psk[*]@Q}
		session get psk.hint
		session get psk.identity
		session get psk.key"
	assert_success
	assert_equal "${output}" $'lamps\ndev1\n<16 bytes>'
}

@test 'certificates of both sides, DTLS and TLS, to libcoap' {
	local library
	for library in gnutls openssl; do
		start_coaps_server "${library}" -c "${pki}/server+key.pem" \
			-C "${pki}/ca.pem"
		ask "coaps://localhost:${port}" "${with_cert[@]}"
		assert_secure 'DTLS 1.2' 'TLS_ECDHE_ECDSA_WITH_.*' \
			"${libcoap_time}"
		run grep -c "CN 'client' presented" "${peer_log}"
		assert_output 1
		start_coaps_server_5684 "${library}" \
			-c "${pki}/server+key.pem" -C "${pki}/ca.pem"
		ask "coaps+tcp://${address}" "${with_cert[@]}" --sni localhost
		assert_secure 'TLS 1.3' 'TLS_.*' "${libcoap_time}"
		assert_alpn "${library}"
	done
}

@test 'raw public keys, DTLS and TLS, to libcoap' {
	start_coaps_server_5684 gnutls -M "${pki}/rpk.key"
	for scheme in coaps coaps+tcp; do
		ask "${scheme}://${address}" --rpk "${pki}/rpk2.key" \
			--peer-rpk "${pki}/rpk.pub"
		assert_secure 'D?TLS 1\.[23]' 'TLS_.*' "${libcoap_time}"
	done
}

@test 'a key on a PKCS#11 token' {
	make_token client
	printf '1234\n' >"${BATS_TEST_TMPDIR}/pin"
	chmod 600 "${BATS_TEST_TMPDIR}/pin"
	start_coaps_server gnutls -c "${pki}/server+key.pem" -C "${pki}/ca.pem"
	ask "coaps://localhost:${port}" --ca "${pki}/ca.pem" \
		--cert "${token};type=cert" --key "${token};type=private" \
		--pin-file "${BATS_TEST_TMPDIR}/pin"
	assert_secure 'DTLS 1.2' 'TLS_ECDHE_ECDSA_WITH_.*' "${libcoap_time}"
	run grep -c "CN 'client' presented" "${peer_log}"
	assert_output 1
}

# ---- our client, openssl s_server -------------------------------------------

@test 'PSK with CCM_8 to openssl s_server, with and without a cookie' {
	local cookie
	for cookie in '' -listen; do
		start_openssl datagram -nocert "${openssl_psk[@]}" \
			-psk_hint lamps -cipher "${psk_openssl}" ${cookie}
		ask "coaps://127.0.0.1:${port}" "${with_psk[@]}"
		assert_secure 'DTLS 1.2' "${psk_suite}" 'over openssl s_server'
	done
}

@test 'ECDHE_ECDSA with CCM_8 to openssl s_server, certificates of both' {
	start_openssl datagram "${openssl_server_cert[@]}" -listen \
		-CAfile "${pki}/ca.pem" -Verify 2 -cipher "${ecdsa_openssl}"
	ask "coaps://localhost:${port}" "${with_cert[@]}"
	assert_secure 'DTLS 1.2' "${ecdsa_suite}" 'over openssl s_server'
}

@test 'TLS 1.2 and 1.3 with ALPN to openssl s_server' {
	local version
	for version in 2 3; do
		start_openssl stream "${openssl_server_cert[@]}" -alpn coap \
			"-tls1_${version}"
		ask "coaps+tcp://localhost:${port}" "${with_ca[@]}"
		assert_secure "TLS 1\\.${version}" 'TLS_.*' \
			'over openssl s_server'
		assert_equal "${lines[2]}" coap
		start_openssl stream -nocert "${openssl_psk[@]}" -alpn coap \
			"-tls1_${version}" -psk_identity dev1
		ask "coaps+tcp://127.0.0.1:${port}" "${with_psk[@]}"
		assert_secure "TLS 1\\.${version}" 'TLS_.*' \
			'over openssl s_server'
	done
}

@test 'an RSA certificate, and one that a CA between has signed' {
	local name
	for name in rsa chain; do
		start_openssl datagram -cert "${pki}/${name}.pem" \
			-key "${pki}/${name}.key" \
			-cert_chain "${pki}/${name}.pem"
		ask "coaps://localhost:${port}" "${with_ca[@]}"
		assert_secure 'DTLS 1.2' 'TLS_ECDHE_.*' 'over openssl s_server'
	done
}

@test 'an address in the certificate, and a name that --sni gives' {
	start_openssl datagram "${openssl_server_cert[@]}"
	ask "coaps://127.0.0.1:${port}" "${with_ca[@]}"
	assert_secure 'DTLS 1.2' 'TLS_ECDHE_.*' 'over openssl s_server'
	ask "coaps://127.0.0.1:${port}" "${with_ca[@]}" --sni device.example
	assert_secure 'DTLS 1.2' 'TLS_ECDHE_.*' 'over openssl s_server'
}

@test 'a session that reconnects takes up its handshake, DTLS and TLS' {
	local kind scheme
	for kind in 'datagram -dtls1_2' 'stream -tls1_2' 'stream -tls1_3'; do
		scheme=coaps
		[[ ${kind} == datagram* ]] || scheme+=+tcp
		# shellcheck disable=SC2086 # two words
		start_openssl ${kind} "${openssl_server_cert[@]}" -alpn coap
		run_apart cs -T 10s -c "
			open ${scheme}://localhost:${port} ${with_ca[*]@Q}
			session get tls.resumed
			get /time --quiet --output /dev/null
			session reconnect
			session get tls.resumed
			get /time"
		assert_success
		assert_output $'false\ntrue\nover openssl s_server'
	done
}

@test 'over IPv6, its address in the certificate' {
	[[ -s /proc/net/if_inet6 ]] || skip 'this machine has no IPv6'
	start_coaps_server openssl -A ::1 -c "${pki}/server+key.pem"
	ask "coaps://[::1]:${port}" "${with_ca[@]}"
	assert_secure 'DTLS 1.2' 'TLS_ECDHE_.*' "${libcoap_time}"
}

@test 'what is told of the peer is what is in its certificate' {
	local digest
	digest=$(openssl x509 -in "${pki}/server.pem" -noout -fingerprint \
		-sha256 | sed 's/.*=//' | tr -d : | tr A-F a-f)
	start_openssl datagram "${openssl_server_cert[@]}"
	run_apart cs -T 10s -c "open coaps://localhost:${port} ${with_ca[*]@Q}
		session get tls.peer.subject
		session get tls.peer.issuer
		session get tls.peer.sha256
		session get tls.peer.san"
	assert_success
	assert_line --index 0 CN=server
	assert_line --index 1 CN=ca
	assert_line --index 2 "${digest}"
	assert_line --index 3 --regexp 'DNS:device\.example.*127\.0\.0\.1'
}

@test 'the key log has the secrets that openssl s_server has, DTLS and TLS' {
	local log=${BATS_TEST_TMPDIR}/keys
	start_openssl datagram "${openssl_server_cert[@]}" -keylogfile "${log}.1"
	SSLKEYLOGFILE=${log}.2 run_apart cs -T 10s get \
		"coaps://localhost:${port}/time" "${with_ca[@]}"
	assert_output 'over openssl s_server'
	run grep -c '^CLIENT_RANDOM [0-9A-Fa-f]{64} [0-9A-Fa-f]{96}$' -E "${log}.2"
	assert_output 1
	run diff -i <(grep '^CLIENT_RANDOM' "${log}.1") \
		<(grep '^CLIENT_RANDOM' "${log}.2")
	assert_success
	rm "${log}".*
	start_openssl stream "${openssl_server_cert[@]}" -alpn coap \
		-keylogfile "${log}.1"
	SSLKEYLOGFILE=${log}.2 run_apart cs -T 10s get \
		"coaps+tcp://localhost:${port}/time" "${with_ca[@]}"
	assert_output 'over openssl s_server'
	run diff -i <(grep '_TRAFFIC_SECRET_0' "${log}.1" | sort) \
		<(grep '_TRAFFIC_SECRET_0' "${log}.2" | sort)
	assert_success
}

# ---- libcoap's client, our device -------------------------------------------

@test 'PSK, DTLS and TLS, from libcoap on GnuTLS and on OpenSSL' {
	local library scheme
	for library in gnutls openssl; do
		for scheme in coaps coaps+tcp; do
			run coaps_client "${library}" -u dev1 -k "${psk_key}" \
				"${scheme}://127.0.0.1:${psk_port}/time"
			assert_output --regexp "^${our_time}\$"
			run coaps_client "${library}" -u dev1 -k "${psk_key}" \
				"${scheme}://127.0.0.1:${psk_port}/who"
			[[ ${scheme} == coaps ]] \
				&& assert_output --partial ' over dtls' \
				|| assert_output --partial ' over tls'
		done
	done
}

@test 'certificates of both sides, DTLS and TLS, from libcoap' {
	local library scheme
	for library in gnutls openssl; do
		for scheme in coaps coaps+tcp; do
			run coaps_client "${library}" -C "${pki}/ca.pem" \
				-c "${pki}/client+key.pem" \
				"${scheme}://127.0.0.1:${pki_port}/time"
			assert_line --regexp "^${our_time}\$"
		done
	done
}

@test 'raw public keys, DTLS and TLS, from libcoap' {
	start_serve_with rpk --rpk "${pki}/rpk.key" --peer-rpk "${pki}/rpk2.pub"
	for scheme in coaps coaps+tcp; do
		run coaps_client gnutls -M "${pki}/rpk2.key" \
			"${scheme}://127.0.0.1:${port}/time"
		assert_line --regexp "^${our_time}\$"
		# Another key is not let in.
		run coaps_client gnutls -B 3 -M "${pki}/rpk.key" \
			"${scheme}://127.0.0.1:${port}/time"
		refute_output --regexp "${our_time}"
	done
}

# ---- openssl s_client and gnutls-cli, our device ----------------------------

@test 'PSK with CCM_8 from openssl s_client, which sees the hint' {
	run openssl_get datagram time -connect "127.0.0.1:${psk_port}" \
		-dtls1_2 "${openssl_psk[@]}" -psk_identity dev1 \
		-cipher "${psk_openssl}"
	assert_success
	assert_line --regexp "^2\\.05 ${our_time}\$"
	assert_line --partial "Cipher is ${psk_openssl}"
	assert_line --regexp '^ *PSK identity hint: lamps$'
}

@test 'ECDHE_ECDSA with CCM_8 from openssl s_client, which checks our name' {
	run openssl_get datagram time -connect "127.0.0.1:${pki_port}" \
		-dtls1_2 "${openssl_cert[@]}" -cipher "${ecdsa_openssl}" \
		-verify_return_error -verify_hostname device.example
	assert_success
	assert_line --regexp "^2\\.05 ${our_time}\$"
	assert_line --partial "Cipher is ${ecdsa_openssl}"
	assert_line 'Verified peername: device.example'
}

@test 'TLS 1.2 and 1.3 with ALPN from openssl s_client' {
	local version
	for version in 2 3; do
		run openssl_get stream time -connect "127.0.0.1:${pki_port}" \
			"-tls1_${version}" -alpn coap "${openssl_cert[@]}"
		assert_success
		assert_line --regexp "^2\\.05 ${our_time}\$"
		assert_line --partial "TLSv1.${version}, Cipher is "
		assert_line 'ALPN protocol: coap'
		run openssl_get stream time -connect "127.0.0.1:${psk_port}" \
			"-tls1_${version}" -alpn coap "${openssl_psk[@]}" \
			-psk_identity dev1
		assert_success
		assert_line --regexp "^2\\.05 ${our_time}\$"
		assert_line 'ALPN protocol: coap'
	done
}

@test 'a session that openssl s_client resumes, DTLS and TLS' {
	local saved=${BATS_TEST_TMPDIR}/session
	run openssl_shake -connect "127.0.0.1:${pki_port}" -dtls1_2 \
		"${openssl_cert[@]}" -sess_out "${saved}"
	assert_line --regexp '^New, '
	run openssl_get datagram time -connect "127.0.0.1:${pki_port}" \
		-dtls1_2 "${openssl_cert[@]}" -sess_in "${saved}"
	assert_line --regexp '^Reused, '
	assert_line --regexp "^2\\.05 ${our_time}\$"
	rm "${saved}"
	# A ticket of TLS 1.3 comes after the handshake, with the first bytes.
	run openssl_get stream time -connect "127.0.0.1:${pki_port}" \
		-alpn coap "${openssl_cert[@]}" -sess_out "${saved}"
	assert_line --regexp '^New, TLSv1.3'
	run openssl_get stream time -connect "127.0.0.1:${pki_port}" \
		-alpn coap "${openssl_cert[@]}" -sess_in "${saved}"
	assert_line --regexp '^Reused, TLSv1.3'
	assert_line --regexp "^2\\.05 ${our_time}\$"
}

@test 'gnutls-cli: a handshake by certificate and by PSK, DTLS and TLS' {
	run gnutls_shake "${pki_port}" --x509cafile "${pki}/ca.pem" \
		--x509certfile "${pki}/client.pem" \
		--x509keyfile "${pki}/client.key" --alpn coap
	assert_line --partial 'Handshake was completed'
	assert_line --partial 'Application protocol: coap'
	run gnutls_shake "${pki_port}" --udp --x509cafile "${pki}/ca.pem" \
		--x509certfile "${pki}/client.pem" \
		--x509keyfile "${pki}/client.key"
	assert_line --partial 'Handshake was completed'
	run gnutls_shake "${psk_port}" --udp --pskusername dev1 \
		--pskkey "$(<"${pki}/psk.hex")" \
		--priority NORMAL:-KX-ALL:+PSK:+AES-128-CCM-8
	assert_line --partial 'Handshake was completed'
	assert_line --partial 'PSK hint'
}

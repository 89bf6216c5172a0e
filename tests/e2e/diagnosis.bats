#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What is said when a secure session or a WebSocket does not come about. Each
# failure is provoked by a peer of somebody else; looked at are the exit status
# and the words that name the cause.

load helper
load pki
load peers

setup_file() {
	make_pki
}

setup() {
	with_psk=(--psk-identity dev1 --psk-hex-file "${pki}/psk.hex")
	with_wrong=(--psk-identity dev1 --psk-hex-file "${pki}/wrong.hex")
	with_ca=(--ca "${pki}/ca.pem")
	with_cert=("${with_ca[@]}" --cert "${pki}/client.pem"
		--key "${pki}/client.key")
	openssl_psk=(-psk "$(<"${pki}/psk.hex")")
	openssl_cert=(-cert "${pki}/server.pem" -key "${pki}/server.key")
}

teardown() {
	stop_peers
}

# Exit status $1, nothing on stdout, and one line on stderr that has each of
# the patterns "$2"...
assert_told() {
	local pattern
	assert_equal "${output}" ''
	[[ ${status} == "$1" ]] || fail "status ${status}, not $1: ${stderr}"
	assert_equal "${#stderr_lines[@]}" 1
	for pattern in "${@:2}"; do
		grep -qiE -- "${pattern}" <<<"${stderr}" \
			|| fail "no '${pattern}' in: ${stderr}"
	done
}

# A GET over DTLS, TLS or what else the scheme $1 is, to the port; "$@" are the
# credentials.
ask() {
	run_apart cs -T "${limit:-10s}" get "$1://${host:-127.0.0.1}:${port}/time" \
		"${@:2}"
}

# The same, whoever answers; there are no credentials without security.
ask_anybody() {
	case $1 in
		coaps*) ask "$1" --insecure ;;
		*) ask "$1" ;;
	esac
}

# Run "$@" and what it makes of ask; it may not last until the limit.
soon() {
	local begin=${SECONDS}
	"$@"
	((SECONDS - begin < 8)) || fail "it lasted $((SECONDS - begin)) s"
}

# s_server with the certificate $1 of the PKI, over DTLS or, with "stream"
# for $2, TLS.
start_cert() {
	start_openssl "${2:-datagram}" -cert "${pki}/$1.pem" \
		-key "${pki}/$1.key" -alpn coap "${@:3}"
}

# Nobody listens at the port.
start_nobody() {
	port=$(free_port)
}

# ---- shared keys ------------------------------------------------------------

@test 'a wrong key over TLS' {
	local version
	for version in 2 3; do
		start_openssl stream -nocert "${openssl_psk[@]}" -alpn coap \
			"-tls1_${version}" -psk_identity dev1
		soon ask coaps+tcp "${with_wrong[@]}"
		assert_told 35 key
	done
	printf 'dev1:%s\n' "$(<"${pki}/psk.hex")" >"${BATS_TEST_TMPDIR}/table"
	start_gnutls stream --pskpasswd "${BATS_TEST_TMPDIR}/table" \
		--priority NORMAL:+PSK
	soon ask coaps+tcp "${with_wrong[@]}"
	assert_told 35 key
}

@test 'a wrong key over DTLS: no alert comes, the key is suspected' {
	local library
	for library in gnutls openssl; do
		start_coaps_server "${library}" -k "${psk_key}"
		limit=2s ask coaps "${with_wrong[@]}"
		assert_told 35 key dev1
	done
}

@test 'an identity that the server does not know: its alert, and the identity' {
	local too_long
	# A key that s_server cannot hold is one that it does not have.
	printf -v too_long 'ab%.0s' {1..600}
	start_openssl datagram -nocert -psk "${too_long}"
	soon ask coaps "${with_psk[@]}"
	assert_told 35 115 'unknown.psk.identity' dev1
	start_openssl stream -nocert -psk "${too_long}" -tls1_2 -alpn coap
	soon ask coaps+tcp "${with_psk[@]}"
	assert_told 35 115 'unknown.psk.identity' dev1
}

@test 'a server that knows shared keys alone, and one that knows none' {
	start_openssl datagram -nocert "${openssl_psk[@]}"
	soon ask coaps "${with_ca[@]}"
	assert_told 35 'suite|handshake.failure'
	start_openssl datagram "${openssl_cert[@]}"
	soon ask coaps "${with_psk[@]}"
	assert_told 35 'suite|handshake.failure'
}

# ---- certificates -----------------------------------------------------------

@test 'a server that wants a certificate of ours' {
	start_cert server datagram -CAfile "${pki}/ca.pem" -Verify 2
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 35 '--cert'
	start_cert server stream -CAfile "${pki}/ca.pem" -Verify 2 -tls1_2
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 35 '--cert'
	# In TLS 1.3 this comes after our handshake is done.
	start_cert server stream -CAfile "${pki}/ca.pem" -Verify 2 -tls1_3
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 35 '--cert'
	start_coaps_server gnutls -c "${pki}/server+key.pem" -C "${pki}/ca.pem"
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 35 '--cert'
}

@test 'a server that does not trust our certificate' {
	start_cert server datagram -CAfile "${pki}/ca.pem" -Verify 2 \
		-verify_return_error
	host=localhost soon ask coaps "${with_ca[@]}" \
		--cert "${pki}/intruder.pem" --key "${pki}/intruder.key"
	assert_told 35 'unknown.ca|bad.certificate' 'certificate'
}

@test 'an issuer that we do not trust, DTLS and TLS' {
	start_cert stranger
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 60 'issuer|trust'
	start_cert stranger stream
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 60 'issuer|trust'
	# Nor does the system know the CA of the tests.
	start_cert server
	host=localhost soon ask coaps
	assert_told 60 'issuer|trust' '--ca'
}

@test 'a certificate that signed itself' {
	start_cert self
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 60 'signed (by )?itself|self.signed'
}

@test 'a certificate for another name: both names are told' {
	start_cert elsewhere
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 60 name localhost elsewhere.example
	start_cert server
	host=localhost soon ask coaps "${with_ca[@]}" --sni other.example
	assert_told 60 name other.example device.example
}

@test 'a certificate that is expired, and one that is not valid yet' {
	start_cert expired
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 60 expired
	start_cert future
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 60 'not (valid )?yet|only from'
	start_cert expired stream
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 60 expired
}

@test 'a certificate that was revoked' {
	# The list stands behind the CA, in its file.
	start_cert revoked
	host=localhost soon ask coaps --ca "${pki}/ca+crl.pem"
	assert_told 60 revoked
	# One that was not is let through by the same list.
	start_cert server
	host=localhost soon ask coaps --ca "${pki}/ca+crl.pem"
	assert_success
}

@test 'a raw public key that is not the one we expect' {
	start_coaps_server gnutls -M "${pki}/rpk.key"
	soon ask coaps --rpk "${pki}/rpk2.key" --peer-rpk "${pki}/rpk2.pub"
	assert_told 60 'raw public key' '--peer-rpk'
}

@test '--insecure takes any of them, and says so' {
	local name
	for name in self expired elsewhere stranger; do
		start_cert "${name}"
		host=localhost soon ask coaps --insecure
		assert_success
		assert_output 'over openssl s_server'
	done
	run_apart cs -T 10s -c "open coaps://localhost:${port} --insecure
		session get tls.verify"
	assert_success
	assert_output --partial insecure
}

# ---- what was not agreed on -------------------------------------------------

@test 'no suite in common' {
	start_cert server datagram -cipher ECDHE-ECDSA-AES256-SHA384
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 35 'suite|handshake.failure'
	start_cert server stream -tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 35 'suite|handshake.failure'
}

@test 'no version in common: DTLS 1.0, TLS 1.1' {
	start_cert rsa datagram -dtls1 -cipher DEFAULT:@SECLEVEL=0
	host=localhost soon ask coaps "${with_ca[@]}"
	assert_told 35 version
	start_cert rsa stream -tls1_1 -cipher DEFAULT:@SECLEVEL=0
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 35 version
}

@test 'another application protocol' {
	start_openssl stream "${openssl_cert[@]}" -alpn http/1.1
	host=localhost soon ask coaps+tcp "${with_ca[@]}"
	assert_told 35 'no.application.protocol' 120 ALPN
}

@test 'a server that does not know the name we ask for' {
	start_openssl stream "${openssl_cert[@]}" -alpn coap \
		-servername device.example -servername_fatal \
		-cert2 "${pki}/server.pem" -key2 "${pki}/server.key"
	host=localhost soon ask coaps+tcp "${with_ca[@]}" --sni other.example
	assert_told 35 name other.example
}

@test 'any other alert is told by its number and name' {
	# illegal_parameter, fatal, in a record of TLS 1.2.
	start_odd say 1503030002022f
	soon ask coaps+tcp "${with_psk[@]}"
	assert_told 35 47 illegal.parameter
}

# ---- what is no peer of ours ------------------------------------------------

@test 'a port where nobody listens' {
	local scheme
	start_nobody
	for scheme in coaps coaps+tcp coap+ws coaps+ws; do
		soon ask_anybody "${scheme}"
		assert_told 7 'nothing listens' "${port}"
	done
}

@test 'a port that is filtered: no answer, and what was waited for' {
	local scheme
	start_odd filtered
	for scheme in coaps+tcp coap+ws coaps+ws; do
		limit=1s ask_anybody "${scheme}"
		assert_told 28 'no connection' firewall "${port}"
	done
	limit=1s ask coaps --insecure
	assert_told 28 'ClientHello|handshake|no answer' "${port}"
}

@test 'a port that takes the connection and says nothing' {
	local scheme
	start_odd silent
	for scheme in coaps+tcp coap+ws coaps+ws; do
		limit=1s ask_anybody "${scheme}"
		assert_told 28 "${port}"
	done
}

@test 'a port that closes the connection' {
	local scheme
	start_odd close
	for scheme in coaps+tcp coaps+ws; do
		soon ask_anybody "${scheme}"
		assert_told 35 'closed|reset' TLS
	done
	soon ask coap+ws
	assert_told 7 'closed|reset'
}

@test 'plain CoAP where DTLS should be, and over TCP where TLS should be' {
	start_coap_server
	limit=2s ask coaps "${with_psk[@]}"
	assert_told 28 'no answer|ClientHello|handshake' "${port}"
	soon ask coaps+tcp "${with_psk[@]}"
	[[ ${status} == 35 || ${status} == 7 ]] || fail "${status}: ${stderr}"
	assert_told "${status}" 'TLS'
}

@test 'TLS where plain CoAP over TCP should be' {
	start_coaps_server gnutls -k "${psk_key}"
	soon ask coap+tcp
	[[ ${status} == 7 || ${status} == 8 ]] || fail "${status}: ${stderr}"
	assert_told "${status}" 'TLS|CoAP'
}

@test 'a web server where TLS should be, and where a WebSocket should be' {
	start_odd http
	soon ask coaps+tcp --insecure
	assert_told 35 'TLS'
	soon ask coap+ws
	assert_told 7 'WebSocket' 200
	soon ask coap+tcp
	[[ ${status} == 7 || ${status} == 8 ]] || fail "${status}: ${stderr}"
}

# ---- WebSocket --------------------------------------------------------------

@test 'an upgrade that is refused: the status of HTTP' {
	local code
	for code in 404 403 500; do
		start_ws "${code}"
		soon ask coap+ws
		assert_told 7 'WebSocket|upgrade' "${code}"
	done
	start_ws 404 --cert "${pki}/server.pem" --key "${pki}/server.key"
	host=localhost soon ask coaps+ws "${with_ca[@]}"
	assert_told 7 'WebSocket|upgrade' 404
}

@test 'a WebSocket server that does not speak coap' {
	start_ws no-subprotocol
	soon ask coap+ws
	assert_told 8 'subprotocol'
}

@test 'a WebSocket server that sends no CSM, that sends text, that closes' {
	# As over TCP, that alone is only said.
	start_ws no-csm
	soon ask coap+ws -vv
	assert_success
	[[ ${stderr} == *'no CSM from the peer'* ]] || fail "${stderr}"
	start_ws text
	soon ask coap+ws
	assert_told 8
	start_ws close
	soon ask coap+ws
	assert_told 7 closed
}

@test 'trust counts for a secure WebSocket too' {
	start_ws good --cert "${pki}/self.pem" --key "${pki}/self.key"
	host=localhost soon ask coaps+ws "${with_ca[@]}"
	assert_told 60 'signed (by )?itself|self.signed'
	start_ws good --cert "${pki}/expired.pem" --key "${pki}/expired.key"
	host=localhost soon ask coaps+ws "${with_ca[@]}"
	assert_told 60 expired
	start_ws good --cert "${pki}/server.pem" --key "${pki}/server.key" \
		--ca "${pki}/ca.pem"
	# Python closes without an alert.
	host=localhost soon ask coaps+ws "${with_ca[@]}"
	assert_told 7 'closed|reset'
}

# ---- local files ------------------------------------------------------------

@test 'credentials that cannot be used: 3, and nothing is sent' {
	local open=${BATS_TEST_TMPDIR}/open.key
	start_odd silent
	soon ask coaps --ca "${pki}/nope.pem"
	assert_told 3 nope.pem 'no such file'
	soon ask coaps --ca "${pki}/psk.hex"
	assert_told 3 psk.hex
	soon ask coaps --cert "${pki}/client.pem" --key "${pki}/nope.key"
	assert_told 3 nope.key
	soon ask coaps --cert "${pki}/client.pem" --key "${pki}/server.key"
	assert_told 3 key
	soon ask coaps --psk-identity dev1 --psk-hex-file "${pki}/nope"
	assert_told 3 nope
	soon ask coaps --psk-identity dev1 --psk-hex-file "${pki}/ca.pem"
	assert_told 3 'hex'
	cp "${pki}/client.key" "${open}"
	chmod 644 "${open}"
	soon ask coaps --cert "${pki}/client.pem" --key "${open}"
	assert_told 3 open.key 'others|permission|mode'
	soon ask coaps --psk-identity dev1 --psk-file "${open}"
	assert_told 3 open.key 'others|permission|mode'
	run cat "${peer_log}"
	assert_output ready
}

# ---- what our own device says -----------------------------------------------

# openssl s_client fails, and its words are those of our alert, $1.
assert_alert() {
	local alert=$1
	shift
	run openssl_shake -ign_eof -connect "127.0.0.1:${port}" "$@"
	assert_line --regexp "SSL alert number ${alert}\$"
}

@test 'our device tells by its alert why it refuses' {
	start_on 'udp:PORT tcp:PORT' serve "${COAP_SHELL}" serve \
		--ca "${pki}/ca.pem" --cert "${pki}/server.pem" \
		--key "${pki}/server.key" coaps://127.0.0.1:PORT \
		coaps+tcp://127.0.0.1:PORT
	# No certificate: certificate_required in TLS 1.3.
	assert_alert 116 -tls1_3 -alpn coap
	assert_alert '(40|42|116)' -tls1_2 -alpn coap
	# unknown_ca, or bad_certificate
	run openssl_shake -ign_eof -connect "127.0.0.1:${port}" -alpn coap \
		-cert "${pki}/intruder.pem" -key "${pki}/intruder.key"
	assert_line --regexp 'SSL alert number (42|48)'
	# protocol_version
	assert_alert 70 -tls1_1 -cipher DEFAULT:@SECLEVEL=0
	assert_alert 70 -dtls1 -cipher DEFAULT:@SECLEVEL=0
	# no_application_protocol
	assert_alert 120 -alpn http/1.1
}

@test 'our device tells an unknown identity' {
	start_on 'udp:PORT tcp:PORT' serve "${COAP_SHELL}" serve \
		--psk-identity dev2 --psk-hex-file "${pki}/psk.hex" \
		coaps://127.0.0.1:PORT coaps+tcp://127.0.0.1:PORT
	assert_alert 115 -dtls1_2 "${openssl_psk[@]}" -psk_identity dev1
	assert_alert 115 -tls1_2 -alpn coap "${openssl_psk[@]}" \
		-psk_identity dev1
	soon ask coaps "${with_psk[@]}"
	assert_told 35 115 dev1
}

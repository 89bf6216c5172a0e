#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Call-home: a device opens the session, we ask over it. The device is a
# program on Debian's libcoap, the same program on our library, or our own one.

load helper
load pki
load peers

setup_file() {
	make_pki || return 1
	build_device gnutls && build_device openssl && build_device ours
}

setup() {
	with_psk=(--psk-identity dev1 --psk-hex-file "${pki}/psk.hex")
	with_cert=(--ca "${pki}/ca.pem" --cert "${pki}/server.pem"
		--key "${pki}/server.key")
	as_psk=(psk dev1 "${psk_key}")
	as_cert=(pki "${pki}/ca.pem" "${pki}/client.pem" "${pki}/client.key")
}

teardown() {
	stop_peers
}

# Listen at the URI $1 of the port, with the options "$@", as a process in the
# background, which does the commands on its standard input.
start_home() {
	local uri=$1 name
	shift
	home=${BATS_TEST_TMPDIR}/commands
	rm -f "${home}"
	cat >"${home}"
	start_on "$([[ ${uri} == coap?(s):* ]] && echo udp || echo tcp):PORT" \
		home "${COAP_SHELL}" -T 10s -c \
		"listen ${uri}:PORT --name home ${*@Q}; source ${home}"
	home_log=${peer_log} home_pid=${peer_pid}
}

# Wait until the listener ends; its exit status is to be 0.
assert_home() {
	status=0
	wait "${home_pid}" || status=$?
	output=$(<"${home_log}")
	[[ ${status} == 0 ]] || fail "status ${status}: ${output}"
}

# The device of the library $1 dials the URI $2 at the port.
dial() {
	local library=$1 uri=$2
	shift 2
	start_peer "device-${library}" \
		"${BATS_FILE_TMPDIR}/device-${library}" "${uri}:${port}" "$@"
}

# What is done at home once a device has called.
asking='session wait --from home --state established
	session get type
	session set-type client
	session get type
	get /state --expect 2.05
	get /state --expect 2.05'

# ---- libcoap ----------------------------------------------------------------

@test 'a device on libcoap calls home over UDP and TCP' {
	local scheme library
	for scheme in coap coap+tcp; do
		for library in gnutls ours; do
			start_home "${scheme}://127.0.0.1" <<<"${asking}"
			dial "${library}" "${scheme}://127.0.0.1"
			assert_home
			assert_output $'server\nclient\nstate 1state 2'
		done
	done
}

@test 'a device on libcoap calls home over DTLS and TLS, by a shared key' {
	local scheme library
	for scheme in coaps coaps+tcp; do
		for library in gnutls openssl ours; do
			start_home "${scheme}://127.0.0.1" "${with_psk[@]}" \
				<<<"${asking}"
			dial "${library}" "${scheme}://127.0.0.1" "${as_psk[@]}"
			assert_home
			assert_output $'server\nclient\nstate 1state 2'
		done
	done
}

@test 'a device on libcoap calls home over DTLS and TLS, by certificates' {
	local scheme library
	for scheme in coaps coaps+tcp; do
		for library in gnutls openssl ours; do
			start_home "${scheme}://127.0.0.1" "${with_cert[@]}" \
				<<<"${asking}; session get tls.peer.subject"
			dial "${library}" "${scheme}://127.0.0.1" "${as_cert[@]}"
			assert_home
			assert_output $'server\nclient\nstate 1state 2CN=client'
		done
	done
}

@test 'listen --type client does the switch by itself' {
	start_home coaps://127.0.0.1 --type client "${with_psk[@]}" <<-'EOF'
		session wait --from home --state established
		session get type
		session get psk.identity
		get /state --expect 2.05
	EOF
	dial gnutls coaps://127.0.0.1 "${as_psk[@]}"
	assert_home
	assert_output $'client\ndev1\nstate 1'
}

@test 'two devices at once, each asked over its own session' {
	start_home coaps://127.0.0.1 --type client "${with_psk[@]}" <<-'EOF'
		session wait --from home --state established
		session wait --from home --state established
		get home1:/state --expect 2.05
		get home2:/state --expect 2.05
		get home1:/state --expect 2.05
	EOF
	dial gnutls coaps://127.0.0.1 "${as_psk[@]}"
	dial openssl coaps://127.0.0.1 "${as_psk[@]}"
	assert_home
	assert_output 'state 1state 1state 2'
}

@test 'a device with the wrong key does not get in' {
	start_home coaps://127.0.0.1 "${with_psk[@]}" <<-'EOF'
		session wait --from home --state established -T 2s
	EOF
	dial gnutls coaps://127.0.0.1 psk dev1 "${psk_wrong}"
	status=0
	wait "${home_pid}" || status=$?
	assert_equal "${status}" 28
}

# ---- our own ----------------------------------------------------------------

@test 'a device of ours calls home over each protocol' {
	local scheme credentials
	for scheme in coap coaps coap+tcp coaps+tcp coap+ws coaps+ws; do
		credentials=()
		[[ ${scheme} != coaps* ]] || credentials=("${with_psk[@]}")
		start_home "${scheme}://127.0.0.1" "${credentials[@]}" <<-'EOF'
			session wait --from home --state established
			session set-type client
			get /hello --expect 2.05
		EOF
		# Its own resources are those of the device that it serves.
		start_peer ours "${COAP_SHELL}" -c \
			"serve coap://127.0.0.1:0
			open ${scheme}://127.0.0.1:${port} ${credentials[*]@Q}
			ping
			sleep 60"
		assert_home
		assert_output 'Hello, world!'
		stop_peers
	done
}

#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# What a command does not use it does not load: libraries of TLS, of WebSocket
# and of line editing are opened at their first use.
# shellcheck disable=SC2030,SC2031 # each test sets its variables anew

load helper

# For grep -E: GnuTLS and OpenSSL, libwebsockets, libedit, each with what they
# bring.
heavy='/lib(gnutls|nettle|ssl|crypto|websockets|uv|edit|tinfo|bsd)\.so'

setup() {
	[[ ${MODULES:-dynamic} == dynamic && -z ${SAN:-} ]] \
		|| skip 'a static build has the libraries linked in'
	export XDG_STATE_HOME=${BATS_TEST_TMPDIR}/state EDITRC=/dev/null
	export LD_DEBUG_OUTPUT=${BATS_TEST_TMPDIR}/ld
}

teardown() {
	term_stop
	stop_peers
}

# Run coap-shell with "$@", and put the libraries it loaded into ${loaded}.
run_traced() {
	rm -f "${LD_DEBUG_OUTPUT}".*
	LD_DEBUG=files run_apart cs "$@"
	read_loaded
}

read_loaded() {
	loaded=$(sed -n 's/.*calling init: //p' "${LD_DEBUG_OUTPUT}".*)
	# So that an empty list is not taken for a good one.
	grep -q '/libc\.so' <<<"${loaded}" || fail "no libc in: ${loaded}"
}

assert_loaded() {
	grep -qE "$1" <<<"${loaded}" || fail "no $1 in: ${loaded}"
}

assert_thin() {
	run ! grep -E "${heavy}" <<<"${loaded}"
}

@test 'a command alone loads none of them' {
	run_traced version
	assert_success
	assert_thin
	run_traced explain 4.04
	assert_success
	assert_thin
}

@test 'nor does a request over UDP or TCP, or a script' {
	unset LD_DEBUG_OUTPUT
	start_serve
	export LD_DEBUG_OUTPUT=${BATS_TEST_TMPDIR}/ld
	run_traced get "coap://127.0.0.1:${port}/time"
	assert_success
	assert_thin
	run_traced get "coap+tcp://127.0.0.1:${port}/time"
	assert_success
	assert_thin
	run_traced -c "open coap://127.0.0.1:${port}; get /time --json"
	assert_success
	assert_thin
}

@test 'nor does one through an agent that has a session over DTLS' {
	[[ ${TLS:-gnutls} == gnutls ]] || skip 'this build has no TLS'
	local agent cert=${BATS_TEST_TMPDIR}/cert.pem key=${BATS_TEST_TMPDIR}/key.pem
	unset LD_DEBUG_OUTPUT
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "${key}" -out "${cert}" -subj /CN=thin -days 30 \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	start_on udp:PORT serve "${COAP_SHELL}" serve --cert "${cert}" \
		--key "${key}" coaps://127.0.0.1:PORT
	cs open "coaps://127.0.0.1:${port}" --name lamp --persist 5m --ca "${cert}"
	agent=$(cs agent status --json | jq -re .fields.pid)
	printf '%d\n' "${agent}" >>"${BATS_TEST_TMPDIR}/peers"
	grep -q /libgnutls "/proc/${agent}/maps"
	export LD_DEBUG_OUTPUT=${BATS_TEST_TMPDIR}/ld
	run_traced -S lamp get /time
	assert_success
	assert_output --regexp '^[0-9]'
	assert_thin
	run_traced get lamp:/time --json
	assert_success
	assert_thin
}

@test 'what is used is loaded' {
	if [[ ${TLS:-gnutls} == gnutls ]]; then
		run_traced get -T 10ms coaps://127.0.0.1:9/ --insecure
		assert_loaded /libgnutls
	fi
	if [[ ${WS:-lws} == lws ]]; then
		start_serve
		run_traced get -T 10s "coap+ws://127.0.0.1:${port}/"
		assert_loaded /libwebsockets
	fi
}

@test 'a prompt loads libedit' {
	term_start env LD_DEBUG=files "${COAP_SHELL}"
	term_wait '^coap-shell> '
	read_loaded
	assert_loaded /libedit
	term_line exit
	run term_status
	assert_output 0
}

@test 'without libedit a prompt says what to install: 1' {
	local broken=${BATS_TEST_TMPDIR}/broken
	mkdir "${broken}"
	: >"${broken}/libedit.so.2"
	term_start env LD_LIBRARY_PATH="${broken}" "${COAP_SHELL}"
	run term_status
	assert_output 1
	term_wait 'a prompt needs libedit: .*; install the package libedit2'
	LD_LIBRARY_PATH=${broken} run_apart cs version
	assert_success
	run_apart bash -c 'echo version | LD_LIBRARY_PATH=$1 "${COAP_SHELL}"' \
		bash "${broken}"
	assert_success
}

@test 'another library of that name is told from it: 1' {
	local other=${BATS_TEST_TMPDIR}/other
	mkdir "${other}"
	"${CC:-cc}" -shared -o "${other}/libedit.so.2" -x c - <<<'int unused;'
	term_start env LD_LIBRARY_PATH="${other}" "${COAP_SHELL}"
	run term_status
	assert_output 1
	term_wait 'a prompt needs libedit: .*undefined symbol: el_'
}
